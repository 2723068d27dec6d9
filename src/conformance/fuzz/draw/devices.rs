//! What happens between a device and its peers, drawn step by step.

use super::places::Place;
use super::world::{Mail, World};
use crate::conformance::dice::Dice;
use crate::conformance::fuzz::change;
use crate::conformance::fuzz::corpus::Corpus;
use crate::conformance::fuzz::message;
use crate::conformance::fuzz::sketch::{Sketch, Step};
use crate::conformance::operation::{Operation, device, sesame, wire};
use crate::hex::{self, Hex};
use crate::suite::SuiteRef;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Plaintexts about as long as a block, two, sixteen, and as there may be.
const LENGTHS: [usize; 14] = [
    0, 1, 15, 16, 17, 31, 32, 33, 255, 256, 257, 1023, 1024, 1025,
];
const LONGEST: [usize; 3] = [65_535, 65_536, 65_537];
/// Counters at the ends of one byte, two, three, four, and of all.
const ONE_BYTE: [u32; 3] = [126, 127, 128];
const TWO_BYTES: [u32; 3] = [16_382, 16_383, 16_384];
const MORE_BYTES: [u32; 4] = [2_097_151, 2_097_152, 268_435_455, 268_435_456];
const LAST: [u32; 3] = [u32::MAX - 2, u32::MAX - 1, u32::MAX];
/// So many messages are left out where many are.
const WIDE: [usize; 4] = [999, 1000, 1001, 1002];
/// So many sessions are opened where many are: about as many as are kept, and as one identity key may open.
const CROWDS: [usize; 4] = [40, 41, 42, 101];

/// A conversation, and what it passes through.
pub(super) fn draw(
    corpus: &Corpus,
    suite: SuiteRef,
    dice: &mut Dice,
) -> Option<(Sketch, BTreeSet<Place>)> {
    let load = dice.pick(&corpus.loads)?.clone();
    let length = 6 + dice.below(20);
    // Without values of other vectors: these come and go.
    let nothing = Corpus::default();
    let mut drawing = Drawing {
        corpus: &nothing,
        world: World::new(dice, suite, &load)?,
        places: BTreeSet::new(),
    };
    for _ in 0..length {
        // What cannot be done is not done.
        let _ = drawing.step();
    }
    drawing.world.device(sesame::Records::METHOD, json!({}));
    drawing.world.device(device::Keys::METHOD, json!({}));
    let Drawing { world, places, .. } = drawing;
    Some((world.sketch(suite, load), places))
}

struct Drawing<'a> {
    corpus: &'a Corpus,
    world: World<'a>,
    places: BTreeSet<Place>,
}

impl Drawing<'_> {
    fn step(&mut self) -> Option<()> {
        // Few peers: most of what matters happens with one.
        let peer = match self.world.dice.below(6) {
            0 => 1,
            1 => 2,
            _ => 0,
        };
        match self.world.dice.below(40) {
            0..=2 => self.device_opens(peer),
            3..=5 => self.peer_opens(peer),
            6..=13 => self.peer_writes(peer),
            14..=17 => self.device_writes(peer),
            18..=26 => self.delivers(),
            27..=29 => self.delivers_to_peer(),
            30 | 31 => {
                self.places.insert(Place::Restarted);
                self.world.steps.push(Step::Restart);
                Some(())
            }
            32 => self.gap(peer),
            33 => self.counters(peer),
            34 => self.pins(peer),
            35 => {
                self.time_passes();
                Some(())
            }
            36 => self.lies(peer),
            37 => self.sends(peer),
            38 => self.seldom(peer),
            _ => self.looks(),
        }
    }

    fn device_opens(&mut self, peer: usize) -> Option<()> {
        let with_one_time = self.world.dice.one_in(2);
        let mut bundle = self.world.bundle_of(peer, with_one_time)?;
        if self.world.dice.one_in(6) {
            self.places.insert(Place::BadBundle);
            change::one(self.world.dice, self.corpus, &mut bundle);
        }
        let randomness = self.world.randomness();
        let params = json!({ "bundle": bundle, "randomness": randomness });
        self.world.device(device::ProcessBundle::METHOD, params)?;
        self.opened(if with_one_time {
            Place::OpensWithOneTime
        } else {
            Place::OpensWithout
        });
        self.device_writes(peer)
    }

    fn peer_opens(&mut self, peer: usize) -> Option<()> {
        let keys = self
            .world
            .known_of_device(device::Keys::METHOD, json!({}))?;
        let ids = keys["oneTimePreKeyIds"].as_array()?.clone();
        let with_one_time = self.world.dice.one_in(2) && !ids.is_empty();
        let id = self.world.dice.pick(&ids).filter(|_| with_one_time);
        let params = json!({ "oneTimePreKeyId": id });
        let made = if self.world.dice.one_in(4) {
            self.world.device(device::Bundle::METHOD, params)?
        } else {
            self.world.known_of_device(device::Bundle::METHOD, params)?
        };
        self.world.bundles.push(made["bundle"].clone());
        // Now and then one that was handed out before.
        let bundle = if self.world.dice.one_in(4) {
            self.world.dice.pick(&self.world.bundles)?.clone()
        } else {
            made["bundle"].clone()
        };
        let randomness = self.world.randomness();
        let params = json!({ "bundle": bundle, "randomness": randomness });
        self.world
            .peer(peer, device::ProcessBundle::METHOD, params)?;
        self.opened(if bundle.get("oneTimePreKeyId").is_some() {
            Place::OpenedWithOneTime
        } else {
            Place::OpenedWithout
        });
        self.peer_writes(peer)
    }

    fn opened(&mut self, place: Place) {
        self.places.insert(place);
        let has = |one, other| self.places.contains(&one) || self.places.contains(&other);
        if has(Place::OpensWithOneTime, Place::OpensWithout)
            && has(Place::OpenedWithOneTime, Place::OpenedWithout)
        {
            self.places.insert(Place::AtOnce);
        }
    }

    fn length(&mut self) -> usize {
        if self.world.dice.one_in(40) {
            self.places.insert(Place::Longest);
            return LONGEST[self.world.dice.below(LONGEST.len())];
        }
        let length = LENGTHS[self.world.dice.below(LENGTHS.len())];
        if length > 1 {
            self.places.insert(Place::BlockEnd);
        }
        length
    }

    fn peer_writes(&mut self, peer: usize) -> Option<()> {
        for _ in 0..=self.world.dice.below(3) {
            let length = self.length();
            let mail = self.world.writes(peer, length)?;
            self.world.to_device.push(mail);
        }
        if self.world.dice.one_in(2) {
            return self.delivers();
        }
        Some(())
    }

    fn device_writes(&mut self, peer: usize) -> Option<()> {
        let length = self.length();
        let plaintext = self.world.plaintext(length);
        let params = json!({ "peer": World::address(peer), "plaintext": plaintext });
        let made = self.world.device(device::Encrypt::METHOD, params)?;
        self.world.to_peers.push(Mail {
            peer,
            kind: made["kind"].clone(),
            message: made["message"].as_str()?.to_owned(),
            arrived: false,
        });
        if self.world.dice.one_in(2) {
            return self.delivers_to_peer();
        }
        Some(())
    }

    fn delivers_to_peer(&mut self) -> Option<()> {
        let waiting = self.world.to_peers.iter_mut().find(|mail| !mail.arrived)?;
        waiting.arrived = true;
        let mail = waiting.clone();
        let randomness = self.world.randomness();
        let params = json!({
            "peer": self.world.own(),
            "kind": mail.kind,
            "message": mail.message,
            "randomness": randomness,
        });
        self.world
            .peer(mail.peer, device::Decrypt::METHOD, params)?;
        self.places.insert(Place::NewChain);
        // An answer, mostly: a conversation is one.
        if self.world.dice.one_in(3) {
            return Some(());
        }
        self.peer_writes(mail.peer)
    }

    /// A message arrives: the next one mostly, or a later one, or one that was there before.
    fn delivers(&mut self) -> Option<()> {
        let mails = &self.world.to_device;
        let waiting: Vec<usize> = (0..mails.len()).filter(|&at| !mails[at].arrived).collect();
        let former: Vec<usize> = (0..mails.len()).filter(|&at| mails[at].arrived).collect();
        let at = match self.world.dice.below(10) {
            0 if !former.is_empty() => {
                self.places.insert(Place::Replayed);
                *self.world.dice.pick(&former)?
            }
            1..=3 => {
                if waiting.len() > 1 {
                    self.places.insert(Place::Late);
                }
                *self.world.dice.pick(&waiting)?
            }
            _ => *waiting.first()?,
        };
        self.hands_over(at)
    }

    /// That message arrives, as it is mostly.
    fn hands_over(&mut self, at: usize) -> Option<()> {
        let mail = self.world.to_device[at].clone();
        let (mut peer, mut kind) = (World::address(mail.peer), mail.kind);
        let mut message = mail.message;
        match self.world.dice.below(14) {
            3 | 4 if kind == "prekey" => {
                self.places.insert(Place::Lie);
                message = self.readdressed(&message)?;
            }
            0 | 1 => {
                self.places.insert(Place::Damaged);
                message = self.damaged(&message)?;
            }
            2 if self.world.dice.one_in(3) => {
                self.places.insert(Place::Misread);
                if self.world.dice.one_in(2) {
                    let other = self.world.dice.below(World::peers());
                    peer = World::address(other);
                } else {
                    kind = match kind.as_str() {
                        Some("prekey") => "ratchet".into(),
                        _ => "prekey".into(),
                    };
                }
            }
            _ => self.world.to_device[at].arrived = true,
        }
        if kind == "prekey" && self.world.dice.one_in(12) {
            let params = json!({ "peer": peer, "message": message });
            self.world.device(device::ReadOpening::METHOD, params);
        }
        let randomness = self.world.randomness();
        let params =
            json!({ "peer": peer, "kind": kind, "message": message, "randomness": randomness });
        self.world.device(device::Decrypt::METHOD, params)?;
        Some(())
    }

    /// A prekey message that says something else around the message in it, in good form: nobody has authenticated that.
    fn readdressed(&mut self, message: &str) -> Option<String> {
        let params = json!({ "message": message });
        let mut fields = self
            .world
            .known_of_nobody(wire::DecodePreKey::METHOD, params)?;
        let field = *self.world.dice.pick(&[
            "registrationId",
            "registrationId",
            "preKeyId",
            "signedPreKeyId",
            "identityKey",
            "baseKey",
        ])?;
        let is_key = field.ends_with("Key");
        let value = if is_key {
            let peer = self.world.dice.below(World::peers());
            self.world.bundle_of(peer, false)?["identityKey"].clone()
        } else if field == "preKeyId" && self.world.dice.one_in(2) {
            Value::Null
        } else {
            (1 + self.world.dice.below(8)).into()
        };
        fields[field] = value;
        let made = self
            .world
            .known_of_nobody(wire::EncodePreKey::METHOD, fields)?;
        Some(made["message"].as_str()?.to_owned())
    }

    /// Many sessions of one peer, all of them opened without a one-time prekey.
    fn crowd(&mut self, peer: usize) -> Option<()> {
        let made = self
            .world
            .known_of_device(device::Bundle::METHOD, json!({}))?;
        for _ in 0..CROWDS[self.world.dice.below(CROWDS.len())] {
            let randomness = self.world.randomness();
            let params = json!({ "bundle": made["bundle"], "randomness": randomness });
            self.world
                .peer(peer, device::ProcessBundle::METHOD, params)?;
            let mail = self.world.writes(peer, 1)?;
            self.world.to_device.push(mail);
            let _ = self.hands_over(self.world.to_device.len() - 1);
        }
        self.places.insert(Place::OpenedWithout);
        self.looks()
    }

    fn damaged(&mut self, message: &str) -> Option<String> {
        let mut raw = hex::decode(message)?;
        match message::change(self.world.dice, &raw) {
            Some(changed) if !self.world.dice.one_in(4) => raw = changed,
            _ => change::bytes(self.world.dice, &mut raw),
        }
        Some(Hex(raw).to_string())
    }

    /// Messages that never come.
    fn gap(&mut self, peer: usize) -> Option<()> {
        let left_out = if self.world.dice.one_in(12) {
            self.places.insert(Place::WideGap);
            WIDE[self.world.dice.below(WIDE.len())]
        } else {
            1 + self.world.dice.below(6)
        };
        self.places.insert(Place::Gap);
        let rounds = 1 + self.world.dice.below(3);
        for _ in 0..rounds {
            let first = self.world.writes(peer, 0)?;
            for _ in 1..left_out {
                self.world.writes(peer, 0)?;
            }
            // The first of them comes late, or never.
            let mail = self.world.writes(peer, 1)?;
            self.world.to_device.push(mail);
            let _ = self.hands_over(self.world.to_device.len() - 1);
            self.world.to_device.push(first);
        }
        self.delivers()
    }

    /// Counters far ahead, on both sides or on one.
    fn counters(&mut self, peer: usize) -> Option<()> {
        let (place, choices): (_, &[u32]) = match self.world.dice.below(4) {
            0 => (Some(Place::OneByte), &ONE_BYTE),
            1 => (Some(Place::TwoBytes), &TWO_BYTES),
            2 => (None, &MORE_BYTES),
            _ => (Some(Place::LastCounter), &LAST),
        };
        let counter = *self.world.dice.pick(choices)?;
        let (ours, theirs) = if self.world.dice.one_in(2) {
            ("sending", "receiving")
        } else {
            ("receiving", "sending")
        };
        let params = json!({ "peer": World::address(peer), ours: counter });
        self.world.device(device::SetCounters::METHOD, params)?;
        self.places.extend(place);
        let params = json!({ "peer": self.world.own(), theirs: counter });
        self.world.peer(peer, device::SetCounters::METHOD, params)?;
        if ours == "sending" {
            self.device_writes(peer)
        } else {
            self.peer_writes(peer)
        }
    }

    fn pins(&mut self, peer: usize) -> Option<()> {
        let address = World::address(peer);
        if self.world.dice.one_in(4) {
            self.places.insert(Place::Unpinned);
            let params = json!({ "peer": address });
            return self.world.device(device::Unpin::METHOD, params).map(|_| ());
        }
        // Its own key mostly, now and then another's.
        let whose = if self.world.dice.one_in(5) {
            (peer + 1) % World::peers()
        } else {
            peer
        };
        let key = self.world.bundle_of(whose, false)?["identityKey"].clone();
        let named = self.world.dice.one_in(2);
        self.places.insert(Place::Pinned);
        let params = json!({ "peer": address, "identityKey": key, "named": named });
        self.world.device(device::Pin::METHOD, params).map(|_| ())
    }

    fn time_passes(&mut self) {
        self.places.insert(Place::Time);
        self.world.now += change::time(self.world.dice);
        let (now, randomness) = (self.world.now, self.world.randomness());
        let params = json!({ "now": now, "randomness": randomness });
        self.world.device(device::Tick::METHOD, params.clone());
        for peer in 0..World::peers() {
            self.world.peer(peer, device::Tick::METHOD, params.clone());
        }
    }

    /// A header that says what is not so, under a key that fits, or that does not.
    fn lies(&mut self, peer: usize) -> Option<()> {
        self.places.insert(Place::Lie);
        let field = *self
            .world
            .dice
            .pick(&["/sending/previousCounter", "/sending/chainKey/counter"])?;
        let value =
            *self
                .world
                .dice
                .pick(&[0, 1, 2, 5, 999, 1000, 1001, 1002, u32::MAX - 1, u32::MAX])?;
        self.world.lies(peer, field, value)?;
        self.peer_writes(peer)
    }

    /// A send, and what the intermediary may answer to it.
    fn sends(&mut self, peer: usize) -> Option<()> {
        self.places.insert(Place::Sends);
        let address = World::address(peer);
        let recipient = if self.world.dice.one_in(2) {
            json!({ "user": address["userId"] })
        } else {
            json!({ "device": address })
        };
        let length = self.length();
        let plaintext = self.world.plaintext(length);
        let mut params = json!({ "recipient": recipient, "plaintext": plaintext });
        if self.world.dice.one_in(3) {
            params["provisioning"] = true.into();
        }
        let mut answer = self.world.device(sesame::Send::METHOD, params)?;
        for _ in 0..7 {
            let event = self.intermediary_answers(&answer["step"])?;
            if self.world.dice.one_in(12) {
                self.places.insert(Place::Restarted);
                self.world.steps.push(Step::Restart);
            }
            let randomness = self.world.randomness();
            let params = json!({ "event": event, "randomness": randomness });
            answer = self.world.device(sesame::ContinueSend::METHOD, params)?;
        }
        Some(())
    }

    fn intermediary_answers(&mut self, step: &Value) -> Option<Value> {
        let (what, of) = step.as_object()?.iter().next()?;
        match what.as_str() {
            "fetchBundles" | "fetchStatements" => {
                let devices = of.as_array()?;
                let device = devices.first()?;
                if self.world.dice.one_in(8) {
                    return Some(json!({ "noBundle": device }));
                }
                let with_one_time = what == "fetchBundles" && self.world.dice.one_in(2);
                let peer = World::peer_at(device)?;
                let bundle = self.world.bundle_of(peer, with_one_time)?;
                Some(json!({ "bundle": bundle }))
            }
            "submit" => {
                let messages = of.as_array()?.clone();
                let ids: Vec<Value> = messages.iter().map(|it| it["deviceId"].clone()).collect();
                Some(match self.world.dice.below(5) {
                    0 => json!({ "staleRegistration": ids }),
                    1 => json!({ "deviceMismatch": { "missing": [1], "extra": ids } }),
                    2 => json!({ "deviceMismatch": { "missing": [1, 2], "extra": [] } }),
                    _ => json!("accepted"),
                })
            }
            _ => None,
        }
    }

    fn seldom(&mut self, peer: usize) -> Option<()> {
        let params = json!({ "peer": World::address(peer) });
        match self.world.dice.below(4) {
            3 if self.world.dice.one_in(5) => self.crowd(peer),
            0 => {
                self.places.insert(Place::Dropped);
                self.world
                    .device(device::DropSessions::METHOD, params)
                    .map(|_| ())
            }
            1 => self
                .world
                .device(device::OpenAnew::METHOD, params)
                .map(|_| ()),
            _ => {
                self.places.insert(Place::OtherIdentity);
                self.world.renew(peer)?;
                self.peer_opens(peer)
            }
        }
    }

    fn looks(&mut self) -> Option<()> {
        let method = if self.world.dice.one_in(2) {
            sesame::Records::METHOD
        } else {
            device::Keys::METHOD
        };
        self.world.device(method, json!({})).map(|_| ())
    }
}
