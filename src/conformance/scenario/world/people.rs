//! People, their devices, and what each of them has seen and been told.

use super::participant::Participant;
use super::players::{Players, Tested};
use crate::conformance::scenario::step_failure::StepFailure;
use crate::conformance::scenario::transcript::{Cause, Line};
use crate::conformance::seed::Stream;
use crate::hex::Hex;
use crate::identifier::{Address, DeviceId, TransferId, UserId};
use crate::intermediary::{Answer, Body, Request, Token};
use crate::primitives::Secret;
use crate::suite::SuiteRef;
use crate::timestamp::Timestamp;
use crate::transfer::{Fingerprint, Invitation, InvitationId, Offer, StateName, Vertical};
use crate::wallet::{Wallet, WalletEvent};
use std::collections::BTreeMap;

/// What a device refused its user.
#[derive(Clone, Debug)]
pub(in super::super) struct Refusal {
    /// The profile's code, or a subject's own.
    pub(in super::super) code: String,
    /// Whether it must be the profile's.
    pub(in super::super) strict: bool,
}

/// Everybody but the intermediary.
pub(in super::super) struct People<'a> {
    seed: String,
    players: Players<'a>,
    users: BTreeMap<String, UserId>,
    devices: BTreeMap<String, Participant>,
    /// The transfers, by what the script calls them.
    transfers: BTreeMap<String, TransferId>,
    /// What the last wish of a user was refused with.
    pub(in super::super) refused: Option<Refusal>,
}

impl<'a> People<'a> {
    /// Nobody yet. All their randomness is made from `seed`.
    pub(super) fn new(suite: SuiteRef, seed: &str, tested: Option<Tested<'a>>) -> Self {
        People {
            seed: seed.to_owned(),
            players: Players::new(suite, tested),
            users: BTreeMap::new(),
            devices: BTreeMap::new(),
            transfers: BTreeMap::new(),
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

    pub(in super::super) fn user(&self, name: &str) -> Result<UserId, StepFailure> {
        self.users
            .get(name)
            .copied()
            .ok_or_else(|| StepFailure::script(format!("`{name}` has no device")))
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

    /// The wallet of a device, which the reference engine plays.
    pub(in super::super) fn wallet(&self, device: &str) -> Result<&Wallet, StepFailure> {
        self.device(device)?;
        self.players.wallet(device)
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
        let sponsor = siblings().find_map(|(name, _)| self.token(name));
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
        self.event(&name, WalletEvent::Register { sponsor }, now, lines)
    }

    /// What authorises a device that has joined, where that can be seen.
    fn token(&self, name: &str) -> Option<Token> {
        let device = self.devices.get(name).filter(|device| device.has_joined)?;
        let wallet = self.players.wallet(name).ok();
        let token = wallet.and_then(|wallet| wallet.token().cloned());
        token.or_else(|| device.token.clone())
    }

    /// A device is erased and set up again at its address: other keys, another registration id (ID-04).
    pub(super) fn reset(
        &mut self,
        name: &str,
        now: Timestamp,
        lines: &mut Vec<Line>,
    ) -> Result<(), StepFailure> {
        let device = self.device(name)?;
        let (address, own_now) = (device.address, device.clock(now));
        let seed = self.seed_of(name, device.made + 1);
        let sponsor = self.token(name);
        self.players.create(name, address, own_now, seed)?;
        self.device_mut(name)?.reset();
        happened(lines, name, "is set up anew");
        self.event(name, WalletEvent::Register { sponsor }, now, lines)
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

    /// A link of a device, as its user gives it to somebody.
    pub(in super::super) fn invitation(&self, name: &str) -> Result<String, StepFailure> {
        let host = "keys.example"
            .parse()
            .map_err(|_| StepFailure::script("no host"))?;
        let device = self.device(name)?;
        let key = device
            .identity_key
            .ok_or_else(|| StepFailure::script(format!("{name} has not joined")))?;
        let invitation = Invitation {
            host,
            address: device.address,
            vertical: Vertical::Car,
            fingerprint: Fingerprint::of(&key),
            id: InvitationId::from([0; 16]),
            secret: Secret::new([0; 16]),
            expires: Timestamp(253_402_300_799),
        };
        Ok(invitation.to_string())
    }
}

/// What caused whatever an event changes.
fn cause(event: &WalletEvent) -> Cause {
    match event {
        WalletEvent::Offer(_)
        | WalletEvent::Accept(_)
        | WalletEvent::Decline(_)
        | WalletEvent::Cancel(_)
        | WalletEvent::TakeInvitation(_) => Cause::User,
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
