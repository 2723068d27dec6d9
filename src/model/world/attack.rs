//! What no attack may come to: judged on a wallet by itself, once for each that is found.

use super::actor::{Actor, Draws};
use super::bounds::{BEGINNING, DEVICES, Who};
use super::property;
use crate::agreement::BundleFields;
use crate::conformance::scenario::{forgery, mallory};
use crate::identifier::Address;
use crate::intermediary::{Body, Envelope, Request, Submission};
use crate::model::Property;
use crate::primitives::PublicKey;
use crate::ratchet::Session;
use crate::sesame::{Device, DeviceRecord};
use crate::suite;
use crate::timestamp::{DAY, Timestamp};
use crate::wallet::Wallet;
use crate::wire::{MessageKind, PreKeyMessage, RatchetMessage};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

/// From its arrival on, an offer lives so long at most, in seconds (XFER-10).
const LIFETIME: u64 = 30 * DAY;
/// A statement is taken for so long at most, in seconds (KEY-10).
const STATEMENT_AGE: u64 = 40 * DAY;

/// What an attack has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attack {
    /// Something is encrypted to a key that the intermediary has drawn.
    Overheard,
    /// Another key speaks for a device.
    Impostor,
    /// A credential is offered to a key that nobody named.
    Unnamed,
    /// An answer has cost a session.
    SessionLost,
    /// A wallet waits for an answer to nothing.
    Wedged,
    /// A stranger has put something into a mailbox.
    Intruded,
    /// A stranger was given a one-time prekey.
    Drained,
    /// One link has served two senders.
    LinkShared,
    /// A key goes into a session that its sender has not opened.
    ForeignSession,
    /// An offer is kept for longer than any may.
    Overdue,
    /// A bundle was taken that is too old.
    StaleBundle,
    /// A message was read a second time.
    ReadAgain,
    /// A thief reads on after the healing.
    ReadAfterHealing,
    /// A thief reads what was read before the theft.
    ReadBefore,
    /// A copy has got a key after the healing.
    KeyForCopy,
    /// A copy has opened a session, and nobody is told.
    CopyUntold,
}

impl Attack {
    /// All of them, in the order of [`PROPERTIES`].
    pub const ALL: [Attack; 16] = [
        Attack::Overheard,
        Attack::Impostor,
        Attack::Unnamed,
        Attack::SessionLost,
        Attack::Wedged,
        Attack::Intruded,
        Attack::Drained,
        Attack::LinkShared,
        Attack::ForeignSession,
        Attack::Overdue,
        Attack::StaleBundle,
        Attack::ReadAgain,
        Attack::ReadAfterHealing,
        Attack::ReadBefore,
        Attack::KeyForCopy,
        Attack::CopyUntold,
    ];

    /// Its place in [`all`].
    #[must_use]
    pub fn index(self) -> usize {
        property::PROPERTIES.len() + self as usize
    }

    /// As a state has it: its place and one.
    #[must_use]
    pub fn mark(self) -> u8 {
        u8::try_from(self.index() + 1).unwrap_or(u8::MAX)
    }

    /// The attack at that place.
    #[must_use]
    pub fn at(index: usize) -> Option<Attack> {
        let place = index.checked_sub(property::PROPERTIES.len())?;
        Attack::ALL.get(place).copied()
    }
}

/// What the world holds itself to, and what holds against every attack.
#[must_use]
pub fn all() -> &'static [Property] {
    static ALL: LazyLock<Vec<Property>> =
        LazyLock::new(|| [property::PROPERTIES, PROPERTIES].concat());
    &ALL
}

/// What holds against every attack.
pub const PROPERTIES: &[Property] = &[
    Property {
        name: "Nothing is encrypted to a key that the intermediary has drawn.",
        requirements: &["X3DH-15", "SES-18", "INV-03"],
    },
    Property {
        name: "Only a device's own key speaks for it.",
        requirements: &["X3DH-15", "SES-12", "INV-08"],
    },
    Property {
        name: "A credential is offered to keys alone that a link or a comparison named.",
        requirements: &["SES-18", "INV-08"],
    },
    Property {
        name: "No answer of the intermediary costs a session.",
        requirements: &["SES-10", "SES-11"],
    },
    Property {
        name: "Whatever a wallet still has to send, it asks for, whoever else is in trouble.",
        requirements: &["WAL-02", "WAL-03"],
    },
    Property {
        name: "Nobody without an access key puts anything into a mailbox.",
        requirements: &["MBX-22"],
    },
    Property {
        name: "Nobody without an access key is given a one-time prekey.",
        requirements: &["MBX-17"],
    },
    Property {
        name: "A link serves one sender.",
        requirements: &["INV-05", "INV-08"],
    },
    Property {
        name: "What lets a receiver provision goes into a session that its sender has opened.",
        requirements: &["SES-19"],
    },
    Property {
        name: "No offer is kept for more than thirty days.",
        requirements: &["XFER-10"],
    },
    Property {
        name: "A bundle of more than forty days opens no session.",
        requirements: &["KEY-10"],
    },
    Property {
        name: "What is handed out again is refused.",
        requirements: &["DR-14", "X3DH-13", "X3DH-14"],
    },
    Property {
        name: "Once the session has healed, its thief reads nothing.",
        requirements: &["DR-09", "DR-20", "SES-10", "SES-11"],
    },
    Property {
        name: "A thief reads nothing that was read before the theft.",
        requirements: &["DR-13", "DR-19", "X3DH-10"],
    },
    Property {
        name: "Once the session has healed, a copy is given no key.",
        requirements: &["SES-19"],
    },
    Property {
        name: "Whoever opens a session beside the one that answers is told of.",
        requirements: &["SES-19"],
    },
];

/// The true keys of the devices, and those that the intermediary has drawn for itself.
pub struct Keys {
    /// By device.
    identities: Vec<PublicKey>,
    /// The bundle of each device as it was in the beginning.
    former: Vec<BundleFields>,
    /// A device of the intermediary's own at the address of each.
    ghosts: Vec<Device>,
}

impl Keys {
    /// Those of these devices, as they are in the beginning.
    ///
    /// # Panics
    /// Where one of them has no signed prekey.
    #[must_use]
    pub fn of(actors: &[&Actor]) -> Self {
        let suite = suite::ALL[0];
        let device = |actor: &&Actor| actor.wallet.device().clone();
        let devices: Vec<Device> = actors.iter().map(device).collect();
        let mut draws = Draws::new("the intermediary", 0);
        let ghosts = devices.iter().map(|device| {
            forgery::ghost(suite, device.address(), BEGINNING, &mut draws)
                .expect("its randomness never ends")
        });
        let bundle = |device: &Device| forgery::bundle(device).expect("a signed prekey");
        Keys {
            identities: devices
                .iter()
                .map(|device| *device.keys().identity().public())
                .collect(),
            former: devices.iter().map(bundle).collect(),
            ghosts: ghosts.collect(),
        }
    }

    /// A bundle with keys of the intermediary's own, at that device's address.
    ///
    /// # Panics
    /// Never: ghosts have signed prekeys.
    #[must_use]
    pub fn own_bundle(&self, of: Who) -> BundleFields {
        forgery::bundle(&self.ghosts[usize::from(of)]).expect("a signed prekey")
    }

    /// The bundle of that device as it was in the beginning, without a one-time prekey.
    #[must_use]
    pub fn former_bundle(&self, of: Who) -> BundleFields {
        self.former[usize::from(of)].clone()
    }

    /// A first message to that device in the name of another one, under keys of the intermediary's own.
    #[must_use]
    pub fn forged(&self, from: Who, to: &Device, now: Timestamp) -> Option<Envelope> {
        let mut ghost = self.ghosts[usize::from(from)].clone();
        let mut draws = Draws::new("the intermediary forges", 0);
        let message = forgery::first_message(&mut ghost, to, b"nothing", &mut draws).ok()?;
        Some(forgery::envelope(
            ghost.address(),
            to.address(),
            message,
            now,
        ))
    }

    /// Whether the intermediary opens what `from` submits.
    fn opens(&self, from: Address, submission: &Submission) -> bool {
        let mut ghosts = self.ghosts.iter();
        let ghost = ghosts.find(|ghost| ghost.address() == submission.recipient);
        ghost.is_some_and(|ghost| {
            let mut draws = Draws::new("the intermediary reads", 0);
            let message = &submission.message.0;
            let read = ghost
                .clone()
                .decrypt(&from, submission.kind, message, &mut draws);
            read.is_ok()
        })
    }

    /// What an attack has come to on that device, whose clock says `now` and whose requests wait.
    #[must_use]
    pub fn judge(
        &self,
        addresses: &[Address; DEVICES],
        actor: &Actor,
        waiting: &[Arc<Request>],
        now: Timestamp,
    ) -> Option<Attack> {
        let wallet = &actor.wallet;
        let device = wallet.device();
        let submissions = || {
            waiting.iter().filter_map(|request| match &request.body {
                Body::Submit(submission) => Some(submission),
                _ => None,
            })
        };
        let is_overheard = |it: &Submission| self.opens(device.address(), it);
        if submissions().any(is_overheard) {
            return Some(Attack::Overheard);
        }
        let is_impostor = |(address, record): (&Address, &DeviceRecord)| {
            let known = self.identities.iter().zip(addresses);
            let mut known = known.filter(|(_, known)| *known == address);
            known.any(|(key, _)| key != record.identity_key())
        };
        if device.records().any(is_impostor) {
            return Some(Attack::Impostor);
        }
        let mut under_way = wallet.transfers().under_way();
        let is_unnamed = |peer: &Address| !device.pinned(peer).is_some_and(|pin| pin.named);
        if under_way.any(|(state, peer, _)| !is_received(state) && is_unnamed(&peer)) {
            return Some(Attack::Unnamed);
        }
        if provisions_in_foreign_session(wallet) {
            return Some(Attack::ForeignSession);
        }
        if !wallet.unasked().is_empty() {
            return Some(Attack::Wedged);
        }
        let received = || {
            let under_way = wallet.transfers().under_way();
            under_way.filter(|(state, ..)| is_received(*state))
        };
        let last = now.after(LIFETIME);
        if received().any(|(_, _, expires)| expires > last) {
            return Some(Attack::Overdue);
        }
        let senders: BTreeSet<Address> = received().map(|(_, peer, _)| peer).collect();
        (actor.journal.links.len() <= 1 && senders.len() > 1).then_some(Attack::LinkShared)
    }
}

/// Whether something that lets its receiver provision is on its way in a session that this device has not opened.
#[must_use]
pub fn provisions_in_foreign_session(wallet: &Wallet) -> bool {
    wallet.waiting().any(|request| match &request.body {
        Body::Submit(it) if wallet.sends_provisioning(&it.recipient) => {
            session_of(wallet.device(), it).is_some_and(|session| !session.is_own())
        }
        _ => false,
    })
}

/// Whether a bundle of the beginning is too old then.
#[must_use]
pub fn is_stale(now: Timestamp) -> bool {
    now.seconds_since(BEGINNING) > STATEMENT_AGE
}

fn is_received(state: crate::transfer::StateName) -> bool {
    state.as_str().starts_with("R:")
}

/// All sessions of a record.
pub fn sessions(record: &DeviceRecord) -> impl Iterator<Item = &Session> {
    record.active().into_iter().chain(record.inactive())
}

/// The session that a device's message was encrypted in, where it still sends in that chain.
#[must_use]
pub fn session_of<'a>(device: &'a Device, submission: &Submission) -> Option<&'a Session> {
    let suite = suite::ALL[0];
    let message = submission.message.0.0.as_slice();
    let ratchet_key = match submission.kind {
        MessageKind::Ratchet => RatchetMessage::decode(suite, message).ok()?.header,
        MessageKind::PreKey => PreKeyMessage::decode(suite, message).ok()?.message.header,
    }
    .ratchet_key;
    let record = device.record(&submission.recipient)?;
    sessions(record).find(|session| *session.ratchet_key() == ratchet_key)
}

/// The ratchet keys of a device's own in all of its sessions.
fn ratchet_keys(device: &Device) -> impl Iterator<Item = PublicKey> {
    let sessions = device.records().flat_map(|(_, record)| sessions(record));
    sessions.map(|session| *session.ratchet_key())
}

/// Whether a device has lost a session that it had, or takes a device for gone that is under a pin.
#[must_use]
pub fn has_lost(before: &Device, after: &Device) -> bool {
    before.records().any(|(address, record)| {
        let Some(now) = after.record(address) else {
            return true;
        };
        let is_kept =
            |former: &Session| sessions(now).any(|session| session.base_key() == former.base_key());
        !sessions(record).all(is_kept) || now.stale_since() > record.stale_since()
    })
}

/// What a thief has of a device.
pub struct Loot {
    /// With the sessions that were copied, and with the keys alone.
    thieves: [Device; 2],
    /// The ratchet keys that it has the private halves of.
    ratchet_keys: Vec<PublicKey>,
}

impl Loot {
    /// All that the device has saved.
    #[must_use]
    pub fn of(device: &Device) -> Option<Self> {
        let signed = device.bundle(None)?.signed_pre_key.key;
        Some(Loot {
            ratchet_keys: ratchet_keys(device).chain([signed]).collect(),
            thieves: [device.clone(), mallory::keys_alone(device).ok()?],
        })
    }

    /// The same, with the ratchet keys of an earlier state.
    #[must_use]
    pub fn and(mut self, earlier: &Device) -> Self {
        self.ratchet_keys.extend(ratchet_keys(earlier));
        self
    }

    /// The device's address.
    #[must_use]
    pub fn address(&self) -> Address {
        self.thieves[0].address()
    }

    /// Whether it opens a message.
    #[must_use]
    pub fn opens(&self, message: &Envelope) -> bool {
        mallory::opens(&self.thieves, message)
    }

    /// Whether what `peer` sends now is encrypted to a ratchet key that was drawn after the theft, when the peer was `met`: to none of the
    /// device's own, and to none that the peer knew then; to one of the `victim` where a copy of it draws others. Who `offers` opens a
    /// session of its own first.
    #[must_use]
    pub fn is_worthless_to(
        &self,
        peer: &Device,
        met: &Device,
        victim: Option<&Device>,
        offers: bool,
    ) -> bool {
        let keys_of = |device: &Device| -> Vec<PublicKey> {
            let record = device.record(&self.address());
            let sessions = record.into_iter().flat_map(sessions);
            sessions
                .filter_map(Session::their_ratchet_key)
                .copied()
                .collect()
        };
        let former = keys_of(met);
        let of_victim = |key: &PublicKey| {
            victim.is_none_or(|victim| ratchet_keys(victim).any(|own| own == *key))
        };
        let is_new = |session: &Session| {
            let key = session.their_ratchet_key();
            key.is_some_and(|key| {
                !self.ratchet_keys.contains(key) && !former.contains(key) && of_victim(key)
            })
        };
        // It may send in any of them.
        let own = || peer.record(&self.address()).into_iter().flat_map(sessions);
        own().next().is_some() && own().all(is_new) && (!offers || own().any(Session::is_own))
    }
}
