//! People, their devices, and what each of them has seen and been told.

use super::participant::Participant;
use super::players::{Cast, Players};
use crate::agreement::BundleFields;
use crate::agreement::fingerprint::fingerprint;
use crate::conformance::scenario::step_failure::StepFailure;
use crate::conformance::scenario::transcript::{Cause, Line};
use crate::conformance::seed::Stream;
use crate::hex::Hex;
use crate::identifier::{Address, DeviceId, TransferId, UserId};
use crate::intermediary::{Answer, Body, Digest, Request, RequestId, Token};
use crate::primitives::{PublicKey, Secret};
use crate::sesame::Device;
use crate::suite::{Party, SuiteRef};
use crate::timestamp::Timestamp;
use crate::transfer::{Host, Invitation, Limits, Offer, StateName, Vertical};
use crate::wallet::{self, Wallet, WalletEvent};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a device refused its user.
#[derive(Clone, Debug)]
pub(in super::super) struct Refusal {
    /// The profile's code, or a subject's own.
    pub(in super::super) code: String,
    /// Whether it must be the profile's.
    pub(in super::super) strict: bool,
}

/// What a device was at some moment.
#[derive(Clone, Debug)]
pub(in super::super) struct Moment {
    pub(in super::super) device: String,
    pub(in super::super) state: Hex,
    states: BTreeMap<TransferId, StateName>,
    /// As it was published, where it was.
    pub(in super::super) bundle: Option<BundleFields>,
}

/// Everybody but the intermediary.
#[derive(Clone)]
pub(in super::super) struct People<'a> {
    suite: SuiteRef,
    seed: String,
    players: Players<'a>,
    users: BTreeMap<String, UserId>,
    devices: BTreeMap<String, Participant>,
    /// The transfers, by what the script calls them.
    transfers: BTreeMap<String, TransferId>,
    /// What devices were, by what the script calls the moments.
    moments: BTreeMap<String, Arc<Moment>>,
    /// What the last wish of a user was refused with.
    pub(in super::super) refused: Option<Refusal>,
}

impl<'a> People<'a> {
    /// Nobody yet. All their randomness is made from `seed`.
    pub(super) fn new(suite: SuiteRef, seed: &str, cast: Cast<'a>) -> Self {
        People {
            suite,
            seed: seed.to_owned(),
            players: Players::new(suite, cast),
            users: BTreeMap::new(),
            devices: BTreeMap::new(),
            transfers: BTreeMap::new(),
            moments: BTreeMap::new(),
            refused: None,
        }
    }

    fn device(&self, name: &str) -> Result<&Participant, StepFailure> {
        self.devices
            .get(name)
            .ok_or_else(|| StepFailure::script(format!("`{name}` is not there")))
    }

    fn device_mut(&mut self, name: &str) -> Result<&mut Participant, StepFailure> {
        self.devices
            .get_mut(name)
            .ok_or_else(|| StepFailure::script(format!("`{name}` is not there")))
    }

    /// The devices that are there, by name.
    pub(in super::super) fn names(&self) -> Vec<String> {
        self.devices.keys().cloned().collect()
    }

    pub(in super::super) fn address(&self, device: &str) -> Result<Address, StepFailure> {
        Ok(self.device(device)?.address)
    }

    pub(in super::super) fn transfer(&self, name: &str) -> Result<TransferId, StepFailure> {
        self.transfers
            .get(name)
            .copied()
            .ok_or_else(|| StepFailure::script(format!("nobody has offered `{name}`")))
    }

    /// The state that a transfer has on a device, where it is known there.
    pub(in super::super) fn state(
        &self,
        device: &str,
        transfer: &str,
    ) -> Result<Option<StateName>, StepFailure> {
        let id = self.transfer(transfer)?;
        Ok(self.device(device)?.states.get(&id).copied())
    }

    /// How many transfers have that state on a device.
    pub(in super::super) fn count(
        &self,
        device: &str,
        state: StateName,
    ) -> Result<usize, StepFailure> {
        let states = self.device(device)?.states.values();
        Ok(states.filter(|it| **it == state).count())
    }

    /// Whether that device may have error names of its own.
    pub(in super::super) fn has_own_error_names(&self, device: &str) -> bool {
        self.players.has_own_error_names(device)
    }

    /// The wallet of a device, which the reference engine plays.
    pub(in super::super) fn wallet(&self, device: &str) -> Result<&Wallet, StepFailure> {
        self.device(device)?;
        self.players.wallet(device)
    }

    /// Wallets that are made from now on are held to these limits.
    pub(super) fn limit(&mut self, limits: &wallet::Limits) -> Result<(), StepFailure> {
        if self.devices.is_empty() {
            return self.players.limit(limits);
        }
        Err(StepFailure::script("somebody has a device already"))
    }

    /// The requests of a device that wait for an answer, the oldest first: of a subject those that it has made since it last had one.
    pub(in super::super) fn waiting(&self, name: &str) -> Result<Vec<Request>, StepFailure> {
        let device = self.device(name)?;
        Ok(if self.is_tested(name) {
            device.outbox.iter().cloned().collect()
        } else {
            self.wallet(name)?.waiting().collect()
        })
    }

    /// What waits for an answer is what leaves the device next.
    pub(super) fn send_waiting(&mut self, name: &str) -> Result<(), StepFailure> {
        let waiting = self.waiting(name)?;
        self.device_mut(name)?.outbox = waiting.into();
        Ok(())
    }

    /// A device has left the intermediary: nothing that it asked waits any more (WAL-02).
    pub(super) fn forget_requests(&mut self, name: &str) {
        if let Some(device) = self.devices.get_mut(name) {
            device.outbox.clear();
        }
    }

    /// A request of a device was answered, and need not leave it any more.
    pub(super) fn forget_request(&mut self, name: &str, id: &RequestId) {
        if let Some(device) = self.devices.get_mut(name) {
            device.outbox.retain(|request| request.id != *id);
        }
    }

    /// Whether a request of that id is about to leave a device.
    pub(super) fn asks(&self, name: &str, id: &RequestId) -> bool {
        let device = self.devices.get(name);
        device.is_some_and(|device| device.outbox.iter().any(|request| request.id == *id))
    }

    /// Whether the subject would play a device of that name.
    pub(super) fn plays(&self, device: &str) -> bool {
        self.players.tested(device).is_some()
    }

    /// Whether the subject plays the device.
    pub(in super::super) fn is_tested(&self, device: &str) -> bool {
        self.players.tested(device).is_some()
    }

    /// A device's saved state.
    pub(in super::super) fn save(&mut self, device: &str) -> Result<Hex, StepFailure> {
        self.device(device)?;
        self.players.save(device)
    }

    /// What a device has told its user, and what the script has not looked at.
    pub(in super::super) fn told(&mut self, device: &str) -> Result<&mut Vec<String>, StepFailure> {
        Ok(&mut self.device_mut(device)?.told)
    }

    /// A device that has told its user something that the script has not looked at.
    pub(in super::super) fn unheard(&self) -> Option<(&String, &[String])> {
        let mut devices = self.devices.iter();
        devices
            .find(|(_, device)| !device.told.is_empty())
            .map(|(name, device)| (name, device.told.as_slice()))
    }

    /// A device that is there, and joins the intermediary at the next event: a user's further ones with the token
    /// of the first.
    pub(super) fn add(
        &mut self,
        user: &str,
        kind: &str,
        now: Timestamp,
        lines: &mut Vec<Line>,
    ) -> Result<(), StepFailure> {
        let name = format!("{user}'s {kind}");
        if self.devices.contains_key(&name) {
            return Err(StepFailure::script(format!("{user} has a {kind} already")));
        }
        let user_id = match self.users.get(user) {
            Some(user_id) => *user_id,
            None => UserId::random(&mut Stream::new(&format!("{}/{user}", self.seed)))
                .map_err(StepFailure::script)?,
        };
        let siblings = || {
            let devices = self.devices.iter();
            devices.filter(|(_, device)| device.address.user_id == user_id)
        };
        let numbers = siblings().map(|(_, device)| u32::from(device.address.device_id));
        let number = numbers.max().unwrap_or(0) + 1;
        let sponsor = siblings().find(|(_, device)| device.has_joined);
        let sponsor = sponsor.map(|(name, _)| name.clone());
        let device_id = DeviceId::try_from(number).map_err(StepFailure::script)?;
        let address = Address { user_id, device_id };
        let seed = self.seed_of(&name, 1);
        self.players.create(&name, address, now, seed)?;
        self.users.insert(user.to_owned(), user_id);
        self.devices.insert(name.clone(), Participant::new(address));
        lines.push(Line::Device {
            device: name.clone(),
            what: "is there".to_owned(),
            address: Some(address),
        });
        let sponsor = match sponsor {
            Some(sponsor) => self.token(&sponsor, now, lines)?,
            None => None,
        };
        self.event(&name, WalletEvent::Register { sponsor }, now, lines)
    }

    /// What authorises a device that has joined, as its requests show: one that has made none yet looks into its mailbox.
    fn token(
        &mut self,
        name: &str,
        now: Timestamp,
        lines: &mut Vec<Line>,
    ) -> Result<Option<Token>, StepFailure> {
        let device = self.device(name)?;
        if !device.has_joined {
            return Ok(None);
        }
        if device.token.is_none() {
            self.event(name, WalletEvent::Collect, now, lines)?;
        }
        Ok(self.device(name)?.token.clone())
    }

    /// A device is erased and set up again: with other keys, another registration id and another UserID (ID-04).
    pub(super) fn reset(
        &mut self,
        name: &str,
        now: Timestamp,
        lines: &mut Vec<Line>,
    ) -> Result<(), StepFailure> {
        let device = self.device(name)?;
        let (made, own_now) = (device.made + 1, device.clock(now));
        let seed = self.seed_of(name, made);
        let user_id = UserId::random(&mut Stream::new(&format!("{seed}/user")))
            .map_err(StepFailure::script)?;
        let device_id = DeviceId::try_from(1).map_err(StepFailure::script)?;
        let address = Address { user_id, device_id };
        self.players.create(name, address, own_now, seed)?;
        self.device_mut(name)?.reset(address);
        lines.push(Line::Device {
            device: name.to_owned(),
            what: "is set up anew".to_owned(),
            address: Some(address),
        });
        self.event(name, WalletEvent::Register { sponsor: None }, now, lines)
    }

    /// What a device is now, for the script to come back to, and what it has published.
    pub(super) fn remember(
        &mut self,
        name: &str,
        moment: &str,
        bundle: Option<BundleFields>,
    ) -> Result<(), StepFailure> {
        let state = self.save(name)?;
        let what = Moment {
            device: name.to_owned(),
            state,
            states: self.device(name)?.states.clone(),
            bundle,
        };
        self.moments.insert(moment.to_owned(), Arc::new(what));
        Ok(())
    }

    /// What a device was at that moment.
    pub(in super::super) fn moment(&self, moment: &str) -> Result<&Moment, StepFailure> {
        self.moments
            .get(moment)
            .map(Arc::as_ref)
            .ok_or_else(|| StepFailure::script(format!("nothing was saved as `{moment}`")))
    }

    /// A device becomes what it was: an older state takes the place of its own, and nothing is drawn anew.
    pub(super) fn roll_back(
        &mut self,
        name: &str,
        moment: &str,
        lines: &mut Vec<Line>,
    ) -> Result<(), StepFailure> {
        let Moment {
            device,
            state,
            states,
            ..
        } = self.moment(moment)?.clone();
        if device != name {
            let reason = format!("`{moment}` is a state of {device}, and not of {name}");
            return Err(StepFailure::Script(reason));
        }
        self.players.restore(name, state)?;
        let device = self.device_mut(name)?;
        device.states = states;
        device.outbox.clear();
        happened(lines, name, "is rolled back");
        Ok(())
    }

    /// A thief has a copy of a device, with its keys, its token and its address; it draws randomness of its own.
    pub(super) fn copy(
        &mut self,
        user: &str,
        of: &str,
        now: Timestamp,
        lines: &mut Vec<Line>,
    ) -> Result<(), StepFailure> {
        let name = format!("{user}'s copy");
        if self.devices.contains_key(&name) {
            return Err(StepFailure::script(format!("{user} has a copy already")));
        }
        if self.players.tested(&name).is_some() {
            return Err(StepFailure::NotObservable(format!(
                "{name} is played by the subject, and what it holds is a saved state of the reference engine"
            )));
        }
        let state = self.wallet(of)?.save().to_json();
        let original = self.device(of)?;
        let address = original.address;
        let copy = Participant {
            token: original.token.clone(),
            has_joined: original.has_joined,
            identity_key: original.identity_key,
            states: original.states.clone(),
            skew: original.skew,
            online: false,
            ..Participant::new(address)
        };
        let seed = self.seed_of(&name, 1);
        self.players.create(&name, address, now, seed)?;
        self.players.restore(&name, state.into())?;
        self.devices.insert(name.clone(), copy);
        happened(lines, &name, &format!("is a copy of {of}"));
        Ok(())
    }

    /// What the wallet of a device is made from that is made for the `made`th time.
    fn seed_of(&self, device: &str, made: u32) -> String {
        format!("{}/{device}/{made}", self.seed)
    }

    /// A device is gone.
    pub(super) fn remove(&mut self, name: &str, lines: &mut Vec<Line>) {
        self.devices.remove(name);
        happened(lines, name, "is gone");
    }

    /// A device is stopped and started again from its saved state.
    pub(super) fn restart(&mut self, name: &str, lines: &mut Vec<Line>) -> Result<(), StepFailure> {
        self.device(name)?;
        self.players.restart(name)?;
        happened(lines, name, "is restarted");
        Ok(())
    }

    /// Whether a device is what it was once it is stopped and started again.
    pub(in super::super) fn outlasts_a_restart(&mut self, name: &str) -> Result<bool, StepFailure> {
        self.device(name)?;
        self.players.outlasts_a_restart(name)
    }

    /// From now on a device's clock is so many seconds ahead of the true time.
    pub(super) fn set_clock(
        &mut self,
        name: &str,
        ahead: i64,
        lines: &mut Vec<Line>,
    ) -> Result<(), StepFailure> {
        self.device_mut(name)?.skew = ahead;
        let words = if ahead < 0 { "behind" } else { "ahead" };
        let what = format!("has its clock {} seconds {words}", ahead.unsigned_abs());
        happened(lines, name, &what);
        Ok(())
    }

    /// What time a device takes it to be.
    pub(super) fn clock(&self, name: &str, now: Timestamp) -> Result<Timestamp, StepFailure> {
        Ok(self.device(name)?.clock(now))
    }

    pub(super) fn set_online(&mut self, name: &str, online: bool) -> Result<(), StepFailure> {
        self.device_mut(name)?.online = online;
        Ok(())
    }

    /// An event at a device, by its own clock; a refusal is remembered for the step that expects it.
    pub(super) fn event(
        &mut self,
        name: &str,
        event: WalletEvent,
        now: Timestamp,
        lines: &mut Vec<Line>,
    ) -> Result<(), StepFailure> {
        let now = self.device(name)?.clock(now);
        let by = cause(&event);
        let is_wish = by == Cause::User;
        match self.players.event(name, event, now, is_wish)? {
            Ok(effects) => {
                if is_wish {
                    self.refused = None;
                }
                let device = self.device_mut(name)?;
                for effect in effects {
                    device.check(&effect)?;
                    lines.extend(device.effect(name, by, effect));
                }
            }
            Err(code) => {
                if is_wish {
                    let tested = self.players.tested(name);
                    let strict = tested.is_none_or(|tested| tested.strict);
                    let code = code.clone();
                    self.refused = Some(Refusal { code, strict });
                }
                let device = name.to_owned();
                lines.push(Line::Refused { device, code });
            }
        }
        Ok(())
    }

    /// A user offers something, which the script calls by a name.
    pub(super) fn offer(
        &mut self,
        device: &str,
        name: &str,
        offer: Offer,
        now: Timestamp,
        lines: &mut Vec<Line>,
    ) -> Result<(), StepFailure> {
        let before = lines.len();
        self.event(device, WalletEvent::Offer(offer), now, lines)?;
        let new = lines[before..].iter().find_map(|line| match line {
            Line::State {
                transfer,
                before: None,
                ..
            } => Some(*transfer),
            _ => None,
        });
        if let Some(new) = new {
            self.transfers.insert(name.to_owned(), new);
        }
        Ok(())
    }

    /// The next request that leaves a device.
    pub(super) fn next_request(&mut self) -> Option<(String, Request)> {
        let mut online = self.devices.iter_mut().filter(|(_, device)| device.online);
        online.find_map(|(name, device)| Some((name.clone(), device.outbox.pop_front()?)))
    }

    /// Whether the device is there and online.
    pub(in super::super) fn is_online(&self, name: &str) -> bool {
        self.devices.get(name).is_some_and(|device| device.online)
    }

    /// Whether no device waits for an answer, or has something to say once it may.
    pub(super) fn are_answered(&self) -> bool {
        let mut names = self.devices.keys();
        names.all(|name| {
            let sends = self.wallet(name).is_ok_and(Wallet::is_sending);
            !sends && self.waiting(name).is_ok_and(|waiting| waiting.is_empty())
        })
    }

    /// Whether no device has anything to send, offline ones included.
    pub(super) fn are_silent(&self) -> bool {
        self.devices.values().all(|device| device.outbox.is_empty())
    }

    /// The devices that would read what waits for them.
    pub(super) fn readers(&self) -> impl Iterator<Item = (&String, Address)> {
        self.devices
            .iter()
            .filter(|(_, device)| device.online && device.has_joined)
            .map(|(name, device)| (name, device.address))
    }

    /// An answer of the intermediary comes to a device; nothing where the device is gone.
    pub(super) fn see_answer<E>(&mut self, name: &str, request: &Body, answer: &Result<Answer, E>) {
        if let Some(device) = self.devices.get_mut(name) {
            device.see_answer(request, answer);
        }
    }

    pub(super) fn is_there(&self, name: &str) -> bool {
        self.devices.contains_key(name)
    }

    /// A device makes a link, which its user gets once it is published.
    pub(super) fn make_invitation(
        &mut self,
        name: &str,
        lifetime: Option<u64>,
        now: Timestamp,
        lines: &mut Vec<Line>,
    ) -> Result<(), StepFailure> {
        self.device_mut(name)?.link = None;
        let event = WalletEvent::Invite {
            host: host()?,
            vertical: Vertical::Car,
            lifetime,
        };
        self.event(name, event, now, lines)
    }

    /// The link that a device's user got.
    pub(super) fn take_made_link(&mut self, name: &str) -> Result<Option<String>, StepFailure> {
        Ok(self.device_mut(name)?.link.take())
    }

    /// The hash of the access key of the link that a device made last, where its publication has no answer yet.
    pub(super) fn publishing(&self, name: &str) -> Result<Option<Digest>, StepFailure> {
        let outbox = self.device(name)?.outbox.iter().rev();
        let mut hashes = outbox.filter_map(|request| match &request.body {
            Body::PublishAccessKey { hash, .. } => Some(*hash),
            _ => None,
        });
        Ok(hashes.next())
    }

    /// A link of a device that it did not make: whoever made it up has its public identity key from a bundle.
    pub(super) fn made_up_link(&self, name: &str, now: Timestamp) -> Result<String, StepFailure> {
        let lifetime = Limits::PROFILE.invitation_default_lifetime;
        let invitation = Invitation::draw(
            host()?,
            self.device(name)?.address,
            Vertical::Car,
            &self.identity_key(name)?,
            now.after(lifetime),
            &mut Stream::new(&format!("{}/made up/{name}", self.seed)),
        );
        Ok(invitation.map_err(StepFailure::script)?.to_string())
    }

    /// The access key that opens a device's mailbox to answers of a peer whose link it took.
    pub(super) fn answers(&self, name: &str, peer: Address) -> Result<Secret<32>, StepFailure> {
        #[derive(Deserialize)]
        struct Saved {
            taken: Vec<Taken>,
        }
        #[derive(Deserialize)]
        struct Taken {
            address: Address,
            answers: Secret<32>,
        }
        let saved = self.wallet(name)?.save().to_json();
        let saved: Saved = serde_json::from_str(&saved).map_err(StepFailure::script)?;
        let taken = saved.taken.into_iter().find(|taken| taken.address == peer);
        taken
            .map(|taken| taken.answers)
            .ok_or_else(|| StepFailure::script(format!("{name} has taken no such link")))
    }

    /// The identity key that a device has registered with.
    pub(super) fn identity_key(&self, name: &str) -> Result<PublicKey, StepFailure> {
        self.device(name)?
            .identity_key
            .ok_or_else(|| StepFailure::script(format!("{name} has not joined")))
    }

    /// The number that a device shows for itself and a peer (X3DH-16): none where it knows nothing of it. What a subject shows
    /// cannot be seen: it is what anybody computes who knows both devices.
    pub(in super::super) fn fingerprint(
        &self,
        name: &str,
        peer: &str,
    ) -> Result<Option<String>, StepFailure> {
        if self.is_tested(name) {
            let (one, other) = (self.party(name)?, self.party(peer)?);
            return Ok(Some(fingerprint(self.suite, &one, &other)));
        }
        let peer = self.device(peer)?.address;
        Ok(self.wallet(name)?.device().fingerprint(&peer))
    }

    /// A device as it has registered.
    pub(super) fn party(&self, name: &str) -> Result<Party, StepFailure> {
        Ok(Party {
            identity_key: self.identity_key(name)?,
            address: self.address(name)?,
        })
    }

    /// What waits at a device for its way out and satisfies `is`: it leaves by another way.
    pub(super) fn take_requests(
        &mut self,
        name: &str,
        is: impl Fn(&Body) -> bool,
    ) -> Result<Vec<Request>, StepFailure> {
        let outbox = &mut self.device_mut(name)?.outbox;
        let (taken, left) = std::mem::take(outbox)
            .into_iter()
            .partition(|request| is(&request.body));
        *outbox = left;
        Ok(taken.into())
    }

    /// A device's engine takes the place of the one in its wallet: what was sent with it outside the wallet is not sent again.
    pub(super) fn replace_device(
        &mut self,
        name: &str,
        device: &Device,
    ) -> Result<(), StepFailure> {
        let state = self.wallet(name)?.save().to_json();
        let mut state: serde_json::Value =
            serde_json::from_str(&state).map_err(StepFailure::script)?;
        state["device"] = serde_json::to_value(device.save()).map_err(StepFailure::script)?;
        self.players.restore(name, state.to_string().into())
    }

    /// The script calls a transfer by a name, whoever knows of it.
    pub(super) fn call(&mut self, name: &str, transfer: TransferId) {
        self.transfers.insert(name.to_owned(), transfer);
    }
}

/// Where every device's intermediary is.
fn host() -> Result<Host, StepFailure> {
    "keys.example"
        .parse()
        .map_err(|_| StepFailure::script("no host"))
}

/// What caused whatever an event changes.
fn cause(event: &WalletEvent) -> Cause {
    match event {
        WalletEvent::Offer(_)
        | WalletEvent::Accept(_)
        | WalletEvent::Decline(_)
        | WalletEvent::Cancel(_)
        | WalletEvent::Invite { .. }
        | WalletEvent::WithdrawInvitation(_)
        | WalletEvent::TakeInvitation(_)
        | WalletEvent::CompareFingerprints { .. }
        | WalletEvent::DropPin(_) => Cause::User,
        WalletEvent::Tick => Cause::Time,
        _ => Cause::Message,
    }
}

/// A device was started, stopped or changed.
fn happened(lines: &mut Vec<Line>, device: &str, what: &str) {
    lines.push(Line::Device {
        device: device.to_owned(),
        what: what.to_owned(),
        address: None,
    });
}
