//! The world of a scenario: devices, the intermediary, the network between them, and somebody who would
//! like to read along.

use super::transcript::{Answered, Cause, Fate, Line};
use super::view::View;
use crate::agreement::{BundleFields, PreKeyStore};
use crate::conformance::operation::wallet;
use crate::conformance::operation::{Done, On, Operation, Saved};
use crate::conformance::seed::{Recorder, Stream};
use crate::conformance::subject::{Failure, Subject};
use crate::hex::Hex;
use crate::identifier::{Address, DeviceId, Recipient, TransferId, UserId};
use crate::intermediary::{
    Answer, Body, Envelope, Intermediary, Limits, MemoryStore, Request, RequestId, Token,
};
use crate::primitives::PublicKey;
use crate::sesame::Device;
use crate::suite::Tigress1;
use crate::timestamp::Timestamp;
use crate::transfer::{Fingerprint, Invitation, Offer, Offered, StateName, Vertical};
use crate::wallet::{Effect, Report, SavedWallet, Wallet, WalletEvent};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;

/// When every scenario begins: 2026-01-01T00:00:00Z.
const BEGINNING: Timestamp = Timestamp(1_767_225_600);

/// After so many requests without rest, something goes round in circles.
const PATIENCE: usize = 10_000;

/// Why a step did not come off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepFailure {
    /// What the script says cannot be done: a fault of the script.
    Script(String),
    /// What the script asks for cannot be seen of a subject under test.
    NotObservable(String),
    /// The subject does not offer a method that its part needs.
    NotImplemented(String),
    /// What the script expects is not so.
    Expectation {
        /// What it expects.
        expected: String,
        /// What is so.
        got: String,
    },
}

impl StepFailure {
    pub(super) fn script(reason: impl Into<String>) -> Self {
        StepFailure::Script(reason.into())
    }
}

impl fmt::Display for StepFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StepFailure::Script(reason)
            | StepFailure::NotObservable(reason)
            | StepFailure::NotImplemented(reason) => f.write_str(reason),
            StepFailure::Expectation { expected, got } => {
                write!(f, "expected {expected}, got {got}")
            }
        }
    }
}

/// Who plays a device.
enum Player {
    /// The reference engine.
    Reference {
        wallet: Box<Wallet>,
        randomness: Stream,
    },
    /// The subject under test, which knows the wallet by the device's name.
    Subject,
}

/// A device of a user: what can be seen of it from outside, whoever plays it.
pub(super) struct Participant {
    player: Player,
    address: Address,
    /// What the intermediary gave it.
    token: Option<Token>,
    /// As it registered.
    identity_key: Option<PublicKey>,
    states: BTreeMap<TransferId, StateName>,
    /// How often it was made: each time from another seed.
    made: u32,
    pub(super) online: bool,
    /// By how many seconds its clock is ahead of the true time.
    skew: i64,
    /// Requests that have not left yet.
    outbox: VecDeque<Request>,
    /// What its user was told, and has not been asked for.
    pub(super) told: Vec<String>,
}

/// What the network does with the next request of that kind from that device.
#[derive(Clone, Debug)]
struct Rule {
    device: String,
    request: &'static str,
    of_answer: bool,
    fate: Fate,
}

/// Something that waits.
#[derive(Clone, Debug)]
struct HeldBack {
    device: String,
    request: Request,
}

/// A subject in the part of one device.
pub struct Tested<'a> {
    /// The subject.
    pub subject: &'a mut dyn Subject,
    /// The device that it plays, by the script's name for it.
    pub plays: &'a str,
    /// Whether its error codes must be the profile's.
    pub strict: bool,
}

/// Everybody.
pub(super) struct World<'a> {
    seed: String,
    /// The subject under test and the device that it plays, if there is one.
    subject: Option<Tested<'a>>,
    pub(super) now: Timestamp,
    users: BTreeMap<String, UserId>,
    pub(super) devices: BTreeMap<String, Participant>,
    pub(super) intermediary: Intermediary<MemoryStore>,
    intermediary_randomness: Recorder,
    rules: Vec<Rule>,
    held_back: Vec<HeldBack>,
    /// Devices from which the intermediary withholds their messages.
    pub(super) withheld: Vec<String>,
    /// Every envelope that anybody read, the newest last.
    pub(super) seen: Vec<Envelope>,
    /// Envelopes that the intermediary puts into the next reading of their owner.
    pub(super) injected: Vec<Envelope>,
    /// Whether the intermediary hands out the mailbox in reverse.
    pub(super) reversed: bool,
    /// Bundles are answered with that device's instead.
    pub(super) swapped: Option<String>,
    /// The last one-time prekey that was handed out of each device.
    handed_out: BTreeMap<Address, (u32, Hex)>,
    /// The next bundle of these devices has the one-time prekey that was handed out last.
    pub(super) handed_out_again: Vec<Address>,
    /// What Mallory has copied, by the device.
    pub(super) stolen: BTreeMap<String, Device>,
    /// The transfers, by what the script calls them.
    transfers: BTreeMap<String, TransferId>,
    /// What the last wish of a user was refused with, and whether it must be that.
    pub(super) refused: Option<(String, bool)>,
    pub(super) lines: Vec<Line>,
}

/// What the script calls a request.
fn kind(body: &Body) -> &'static str {
    match body {
        Body::Register(_) => "registration",
        Body::PublishSignedPreKey { .. } | Body::PublishOneTimePreKeys { .. } => "publication",
        Body::CountOneTimePreKeys { .. } => "count",
        Body::FetchBundle { .. } => "bundle request",
        Body::Submit(_) => "submission",
        Body::Read { .. } => "reading",
        Body::Acknowledge { .. } => "acknowledgement",
        Body::Remove { .. } => "removal",
    }
}

const REQUESTS: &[&str] = &[
    "registration",
    "publication",
    "bundle request",
    "submission",
    "reading",
    "acknowledgement",
];

impl<'a> World<'a> {
    pub(super) fn new(seed: &str, subject: Option<Tested<'a>>) -> Self {
        World {
            seed: seed.to_owned(),
            subject,
            now: BEGINNING,
            users: BTreeMap::new(),
            devices: BTreeMap::new(),
            intermediary: Intermediary::new(&Tigress1, MemoryStore::default()),
            intermediary_randomness: Recorder::new(&format!("{seed}/intermediary")),
            rules: Vec::new(),
            held_back: Vec::new(),
            withheld: Vec::new(),
            seen: Vec::new(),
            injected: Vec::new(),
            reversed: false,
            swapped: None,
            handed_out: BTreeMap::new(),
            handed_out_again: Vec::new(),
            stolen: BTreeMap::new(),
            transfers: BTreeMap::new(),
            refused: None,
            lines: vec![Line::Time { now: BEGINNING }],
        }
    }

    pub(super) fn device(&self, name: &str) -> Result<&Participant, StepFailure> {
        self.devices
            .get(name)
            .ok_or_else(|| StepFailure::script(format!("`{name}` is not there")))
    }

    pub(super) fn device_mut(&mut self, name: &str) -> Result<&mut Participant, StepFailure> {
        self.devices
            .get_mut(name)
            .ok_or_else(|| StepFailure::script(format!("`{name}` is not there")))
    }

    pub(super) fn address(&self, name: &str) -> Result<Address, StepFailure> {
        Ok(self.device(name)?.address)
    }

    pub(super) fn user(&self, name: &str) -> Result<UserId, StepFailure> {
        self.users
            .get(name)
            .copied()
            .ok_or_else(|| StepFailure::script(format!("`{name}` has no device")))
    }

    pub(super) fn transfer(&self, name: &str) -> Result<TransferId, StepFailure> {
        self.transfers
            .get(name)
            .copied()
            .ok_or_else(|| StepFailure::script(format!("nobody has offered `{name}`")))
    }

    pub(super) fn state(&self, device: &str, name: &str) -> Result<Option<StateName>, StepFailure> {
        let id = self.transfer(name)?;
        Ok(self.device(device)?.states.get(&id).copied())
    }

    /// The wallet of a device that the reference engine plays: no other can be looked into.
    pub(super) fn reference(&self, name: &str) -> Result<&Wallet, StepFailure> {
        match &self.device(name)?.player {
            Player::Reference { wallet, .. } => Ok(wallet),
            Player::Subject => Err(StepFailure::NotObservable(format!(
                "{name} is played by the subject, which cannot be looked into"
            ))),
        }
    }

    /// Whether the subject plays the device.
    pub(super) fn is_tested(&self, name: &str) -> bool {
        self.tested(name).is_some()
    }

    /// Whether error codes of a device must be the profile's.
    fn is_strict(&self, name: &str) -> bool {
        self.tested(name).is_none_or(|tested| tested.strict)
    }

    fn tested(&self, name: &str) -> Option<&Tested<'a>> {
        self.subject.as_ref().filter(|tested| tested.plays == name)
    }

    /// Asks the subject.
    fn ask<O: Operation>(&mut self, input: O::Input) -> Result<O::Output, StepFailure> {
        match self.try_ask::<O>(input)? {
            Ok(output) => Ok(output),
            Err(code) => Err(StepFailure::Expectation {
                expected: format!("{} is carried out", O::METHOD),
                got: format!("refused with `{code}`"),
            }),
        }
    }

    /// Asks the subject for what it may refuse.
    fn try_ask<O: Operation>(
        &mut self,
        input: O::Input,
    ) -> Result<Result<O::Output, String>, StepFailure> {
        let Some(tested) = &mut self.subject else {
            return Err(StepFailure::script("there is no subject"));
        };
        let broken = |why: String| StepFailure::Expectation {
            expected: format!("an answer to {}", O::METHOD),
            got: why,
        };
        let params = serde_json::to_value(input).map_err(|error| broken(error.to_string()))?;
        match tested.subject.call(O::METHOD, params) {
            Ok(value) => match serde_json::from_value(value) {
                Ok(output) => Ok(Ok(output)),
                Err(error) => Err(broken(format!("a result that cannot be read: {error}"))),
            },
            Err(Failure::Rejected { error, .. }) => Ok(Err(error)),
            Err(Failure::NotImplemented) => Err(StepFailure::NotImplemented(format!(
                "{} is not implemented",
                O::METHOD
            ))),
            Err(Failure::Broken(why)) => Err(broken(why)),
        }
    }

    /// A wallet with new keys, made by whoever plays the device.
    fn player(
        &mut self,
        name: &str,
        address: Address,
        now: Timestamp,
        made: u32,
    ) -> Result<Player, StepFailure> {
        let seed = format!("{}/{name}/{made}", self.seed);
        if self.tested(name).is_some() {
            self.ask::<wallet::Create>(On {
                handle: name.to_owned(),
                input: wallet::CreateInput {
                    address: address.into(),
                    now,
                    seed,
                },
            })?;
            return Ok(Player::Subject);
        }
        let mut randomness = Stream::new(&seed);
        let keys = PreKeyStore::random(&Tigress1, now, &mut randomness)
            .map_err(|error| StepFailure::script(error.to_string()))?;
        let wallet = Box::new(Wallet::new(Device::new(&Tigress1, address, keys)));
        Ok(Player::Reference { wallet, randomness })
    }

    /// The device's saved state, by whoever plays it.
    pub(super) fn save(&mut self, name: &str) -> Result<Vec<u8>, StepFailure> {
        match &self.device(name)?.player {
            Player::Reference { wallet, .. } => Ok(wallet.save().to_json().into_bytes()),
            Player::Subject => {
                let handle = name.to_owned();
                let input = Done {};
                let saved = self.ask::<wallet::Save>(On { handle, input })?;
                Ok(saved.state.0)
            }
        }
    }

    /// A device is made and joins the intermediary, a user's further ones with the token of the first.
    pub(super) fn add(&mut self, user: &str, kind: &str) -> Result<(), StepFailure> {
        let name = format!("{user}'s {kind}");
        if self.devices.contains_key(&name) {
            return Err(StepFailure::script(format!("{user} has a {kind} already")));
        }
        let user_id = match self.users.get(user) {
            Some(user_id) => *user_id,
            None => UserId::random(&mut Stream::new(&format!("{}/{user}", self.seed)))
                .map_err(|error| StepFailure::script(error.to_string()))?,
        };
        let siblings: Vec<(DeviceId, Option<Token>)> = self
            .devices
            .values()
            .map(|device| (device.address, device.token.clone()))
            .filter(|(address, _)| address.user_id == user_id)
            .map(|(address, token)| (address.device_id, token))
            .collect();
        let number = siblings
            .iter()
            .map(|(id, _)| u32::from(*id))
            .max()
            .unwrap_or(0)
            + 1;
        let device_id =
            DeviceId::try_from(number).map_err(|error| StepFailure::script(error.to_string()))?;
        let address = Address { user_id, device_id };
        let player = self.player(&name, address, self.now, 1)?;
        self.users.insert(user.to_owned(), user_id);
        self.devices.insert(
            name.clone(),
            Participant {
                player,
                address,
                token: None,
                identity_key: None,
                states: BTreeMap::new(),
                made: 1,
                online: true,
                skew: 0,
                outbox: VecDeque::new(),
                told: Vec::new(),
            },
        );
        self.lines.push(Line::Device {
            device: name.clone(),
            what: "is there".to_owned(),
            address: Some(address),
        });
        let sponsor = siblings.into_iter().find_map(|(_, token)| token);
        self.event(&name, WalletEvent::Register { sponsor })?;
        self.settle()
    }

    /// A device is erased and set up again at its address: other keys, another registration id (ID-04).
    pub(super) fn reset(&mut self, name: &str) -> Result<(), StepFailure> {
        let now = self.clock(name)?;
        let (address, made) = (self.address(name)?, self.device(name)?.made + 1);
        let player = self.player(name, address, now, made)?;
        let participant = self.device_mut(name)?;
        let sponsor = participant.token.take();
        participant.player = player;
        participant.made = made;
        participant.identity_key = None;
        participant.states.clear();
        participant.outbox.clear();
        self.lines.push(Line::Device {
            device: name.to_owned(),
            what: "is set up anew".to_owned(),
            address: None,
        });
        self.event(name, WalletEvent::Register { sponsor })?;
        self.settle()
    }

    /// Strangers fetch so many bundles of a device, each of them as many as one may.
    pub(super) fn drain(&mut self, name: &str, bundles: u64) -> Result<(), StepFailure> {
        let address = self.address(name)?;
        let label = format!("{}/strangers of {name}/{}", self.seed, self.lines.len());
        let mut randomness = Recorder::new(&label);
        let failed = |error: &dyn fmt::Display| StepFailure::script(error.to_string());
        let mut left = bundles;
        while left > 0 {
            let user_id = UserId::random(&mut randomness).map_err(|error| failed(&error))?;
            let device_id = DeviceId::try_from(1).map_err(|error| failed(&error))?;
            let own = Address { user_id, device_id };
            let keys = PreKeyStore::random(&Tigress1, self.now, &mut randomness)
                .map_err(|error| failed(&error))?;
            let mut stranger = Wallet::new(Device::new(&Tigress1, own, keys));
            let mut effects = stranger
                .step(
                    WalletEvent::Register { sponsor: None },
                    self.now,
                    &mut randomness,
                )
                .map_err(|error| failed(&error))?;
            let Some(Effect::Request(joining)) = effects.pop() else {
                return Err(StepFailure::script("a stranger cannot join"));
            };
            let joined =
                self.intermediary
                    .handle(&joining, self.now, &mut self.intermediary_randomness);
            let Ok(Answer::Registered { token }) = joined else {
                return Err(StepFailure::script("a stranger cannot join"));
            };
            for _ in 0..left.min(Limits::PROFILE.bundles as u64) {
                let request = Request {
                    id: RequestId::random(&mut randomness).map_err(|error| failed(&error))?,
                    token: Some(token.clone()),
                    body: Body::FetchBundle { address },
                };
                self.intermediary
                    .handle(&request, self.now, &mut self.intermediary_randomness)
                    .map_err(|error| failed(&error))?;
                left -= 1;
            }
        }
        Ok(())
    }

    /// How many one-time prekeys of a device the intermediary still has.
    pub(super) fn one_time_pre_keys(&self, name: &str) -> Result<usize, StepFailure> {
        let address = self.address(name)?;
        Ok(self.intermediary.store().one_time_pre_keys(&address))
    }

    /// A device leaves the intermediary and is gone.
    pub(super) fn remove(&mut self, name: &str) -> Result<(), StepFailure> {
        self.event(name, WalletEvent::Remove)?;
        self.settle()?;
        self.devices.remove(name);
        self.lines.push(Line::Device {
            device: name.to_owned(),
            what: "is gone".to_owned(),
            address: None,
        });
        Ok(())
    }

    /// What time a device takes it to be.
    fn clock(&self, name: &str) -> Result<Timestamp, StepFailure> {
        let skew = self.device(name)?.skew;
        Ok(Timestamp(self.now.0.saturating_add_signed(skew)))
    }

    /// From now on a device's clock is so many seconds ahead of the true time.
    pub(super) fn set_clock(&mut self, name: &str, ahead: i64) -> Result<(), StepFailure> {
        self.device_mut(name)?.skew = ahead;
        let words = if ahead < 0 { "behind" } else { "ahead" };
        self.lines.push(Line::Device {
            device: name.to_owned(),
            what: format!("has its clock {} seconds {words}", ahead.unsigned_abs()),
            address: None,
        });
        self.event(name, WalletEvent::Tick)?;
        self.settle()
    }

    /// An event at a device; a refusal is remembered for the step that expects it.
    pub(super) fn event(&mut self, name: &str, event: WalletEvent) -> Result<(), StepFailure> {
        let now = self.clock(name)?;
        let by = match &event {
            WalletEvent::Offer(_)
            | WalletEvent::Accept(_)
            | WalletEvent::Decline(_)
            | WalletEvent::Cancel(_)
            | WalletEvent::TakeInvitation(_) => Cause::User,
            WalletEvent::Tick => Cause::Time,
            _ => Cause::Message,
        };
        let result = match self.device_mut(name)? {
            Participant {
                player: Player::Reference { wallet, randomness },
                ..
            } => {
                let before = wallet.clone();
                let result = wallet.step(event, now, randomness);
                if result.is_err() && before.save().to_json() != wallet.save().to_json() {
                    return Err(changed(name));
                }
                result.map_err(|error| match error.code() {
                    Some(code) => Ok(code.to_string()),
                    None => Err(StepFailure::script(error.to_string())),
                })
            }
            _ => self.subject_event(name, event, now, by)?.map_err(Ok),
        };
        match result {
            Ok(effects) => {
                if by == Cause::User {
                    self.refused = None;
                }
                self.effects(name, by, effects)
            }
            Err(error) => {
                let code = error?;
                if by == Cause::User {
                    self.refused = Some((code.clone(), self.is_strict(name)));
                }
                self.lines.push(Line::Refused {
                    device: name.to_owned(),
                    code,
                });
                Ok(())
            }
        }
    }

    /// An event at the device that the subject plays: its effects, or what it refuses with.
    fn subject_event(
        &mut self,
        name: &str,
        event: WalletEvent,
        now: Timestamp,
        by: Cause,
    ) -> Result<Result<Vec<Effect>, String>, StepFailure> {
        let before = match (by, self.save(name)) {
            (Cause::User, Ok(saved)) => Some(saved),
            (_, Err(failure @ StepFailure::Expectation { .. })) => return Err(failure),
            _ => None,
        };
        let input = wallet::StepWalletInput {
            now,
            event: event.into(),
        };
        let answer = self.try_ask::<wallet::StepWallet>(On {
            handle: name.to_owned(),
            input,
        })?;
        match answer {
            Ok(output) => Ok(Ok(output.effects)),
            Err(code) => {
                if let Some(before) = before
                    && before != self.save(name)?
                {
                    return Err(changed(name));
                }
                Ok(Err(code))
            }
        }
    }

    fn effects(&mut self, name: &str, by: Cause, effects: Vec<Effect>) -> Result<(), StepFailure> {
        for effect in effects {
            match effect {
                Effect::Request(request) => {
                    let outbox = &mut self.device_mut(name)?.outbox;
                    // What has not left yet need not leave twice.
                    if !outbox.contains(&request) {
                        outbox.push_back(request);
                    }
                }
                Effect::Changed {
                    transfer,
                    before,
                    after,
                } => {
                    self.device_mut(name)?.states.insert(transfer, after);
                    self.lines.push(Line::State {
                        device: name.to_owned(),
                        transfer,
                        by,
                        before,
                        after,
                    });
                }
                Effect::Report(report) => {
                    let told = Self::told(&report);
                    self.device_mut(name)?.told.push(told);
                    self.lines.push(Line::Report {
                        device: name.to_owned(),
                        report,
                    });
                }
            }
        }
        Ok(())
    }

    /// What a user is told, as scripts have it.
    fn told(report: &Report) -> String {
        match report {
            Report::Refused { code, .. }
            | Report::Unsent { code, .. }
            | Report::Rejected { code }
            | Report::Transfer { code, .. } => code.to_string(),
            Report::IdentityChanged { .. } => "identity-changed".to_owned(),
        }
    }

    /// The network and the intermediary at work, until nobody has anything left to do.
    pub(super) fn settle(&mut self) -> Result<(), StepFailure> {
        for _ in 0..PATIENCE {
            let sender = self
                .devices
                .iter()
                .find(|(_, device)| device.online && !device.outbox.is_empty())
                .map(|(name, _)| name.clone());
            if let Some(name) = sender {
                if let Some(request) = self.device_mut(&name)?.outbox.pop_front() {
                    self.send(&name, request)?;
                }
                continue;
            }
            match self.mail() {
                Some(name) => self.event(&name, WalletEvent::Collect)?,
                None => return Ok(()),
            }
            // A collection that asks for nothing waits for an answer that was lost.
            let nothing = self.devices.values().all(|device| device.outbox.is_empty());
            if nothing {
                return Ok(());
            }
        }
        Err(StepFailure::script("it does not come to rest"))
    }

    /// A device that is online and for which messages wait.
    fn mail(&self) -> Option<String> {
        for (name, participant) in &self.devices {
            let address = participant.address;
            let store = self.intermediary.store();
            let waiting = store.mailbox_length(&address, self.now);
            let injected = self
                .injected
                .iter()
                .any(|envelope| envelope.recipient == address);
            let ready =
                participant.online && participant.token.is_some() && !self.withheld.contains(name);
            if ready && (waiting > 0 || injected) {
                return Some(name.clone());
            }
        }
        None
    }

    /// What the network does with something on its way.
    fn fate(&mut self, name: &str, body: &Body, of_answer: bool) -> Option<Fate> {
        let index = self.rules.iter().position(|rule| {
            rule.device == name && rule.request == kind(body) && rule.of_answer == of_answer
        })?;
        Some(self.rules.remove(index).fate)
    }

    pub(super) fn rule(
        &mut self,
        device: &str,
        request: &str,
        of_answer: bool,
        fate: Fate,
    ) -> Result<(), StepFailure> {
        let request = REQUESTS
            .iter()
            .find(|known| **known == request)
            .ok_or_else(|| StepFailure::script(format!("`{request}` is no request")))?;
        self.device(device)?;
        self.rules.push(Rule {
            device: device.to_owned(),
            request,
            of_answer,
            fate,
        });
        Ok(())
    }

    /// From now on the network does nothing to anything.
    pub(super) fn be_fair(&mut self) {
        self.rules.clear();
        self.reversed = false;
    }

    /// What a script wants done to something that never came.
    pub(super) fn unused_rule(&self) -> Option<String> {
        let rule = self.rules.first()?;
        let answer = if rule.of_answer { "answer to the " } else { "" };
        Some(format!(
            "the next {answer}{} of {} never came, and should have been {}",
            rule.request, rule.device, rule.fate
        ))
    }

    /// A request leaves a device.
    fn send(&mut self, name: &str, mut request: Request) -> Result<(), StepFailure> {
        let fate = self.fate(name, &request.body, false);
        if fate == Some(Fate::Damaged) {
            let message = match &mut request.body {
                Body::Submit(submission) => submission.messages.first_mut(),
                _ => None,
            };
            damage(&mut message.ok_or_else(intact)?.message.0);
        }
        self.lines.push(Line::Request {
            device: name.to_owned(),
            fate,
            request: Box::new(request.clone()),
        });
        match fate {
            Some(Fate::Lost) => Ok(()),
            Some(Fate::HeldBack) => {
                self.held_back.push(HeldBack {
                    device: name.to_owned(),
                    request,
                });
                Ok(())
            }
            Some(Fate::Repeated) => {
                self.arrive(name, &request)?;
                self.arrive(name, &request)
            }
            _ => self.arrive(name, &request),
        }
    }

    /// What was held back arrives, in order or in reverse.
    pub(super) fn release(&mut self, reverse: bool) -> Result<(), StepFailure> {
        let mut held = std::mem::take(&mut self.held_back);
        if held.is_empty() {
            return Err(StepFailure::script("nothing is held back"));
        }
        if reverse {
            held.reverse();
        }
        for HeldBack { device, request } in held {
            self.lines.push(Line::Request {
                device: device.clone(),
                fate: None,
                request: Box::new(request.clone()),
            });
            self.arrive(&device, &request)?;
        }
        self.settle()
    }

    /// A request arrives at the intermediary, and its answer leaves for the device.
    fn arrive(&mut self, name: &str, request: &Request) -> Result<(), StepFailure> {
        let handled =
            self.intermediary
                .handle(request, self.now, &mut self.intermediary_randomness);
        let (answer, replaced) = match handled {
            Ok(answer) => {
                let (answer, replaced) = self.tampered(name, answer)?;
                (Ok(answer), replaced)
            }
            Err(error) => {
                let code = error
                    .code()
                    .ok_or_else(|| StepFailure::script(error.to_string()))?;
                (Err(code), false)
            }
        };
        let mut answer = answer;
        let mut fate = self.fate(name, &request.body, true);
        if fate == Some(Fate::Damaged) {
            let bytes = match &mut answer {
                Ok(Answer::Envelopes { envelopes }) => {
                    envelopes.first_mut().map(|first| &mut first.message.0)
                }
                Ok(Answer::Bundle { bundle }) => Some(&mut bundle.signed_pre_key_signature),
                _ => None,
            };
            damage(bytes.ok_or_else(intact)?);
        }
        if replaced {
            fate.get_or_insert(Fate::Replaced);
        }
        if let Ok(Answer::Envelopes { envelopes }) = &answer {
            self.seen.extend(envelopes.iter().cloned());
        }
        self.lines.push(Line::Answer {
            device: name.to_owned(),
            fate,
            answer: Box::new(match &answer {
                Ok(answer) => Answered::Answer(answer.clone()),
                Err(code) => Answered::Refused { code: *code },
            }),
        });
        if fate == Some(Fate::Lost) || !self.devices.contains_key(name) {
            return Ok(());
        }
        match (&request.body, &answer) {
            (Body::Register(registration), Ok(Answer::Registered { token })) => {
                let participant = self.device_mut(name)?;
                participant.token = Some(token.clone());
                participant.identity_key = PublicKey::decode(&registration.identity_key).ok();
            }
            (Body::Remove { .. }, Ok(Answer::Done)) => self.device_mut(name)?.token = None,
            _ => {}
        }
        let event = |answer| WalletEvent::Answer {
            request: request.id.clone(),
            answer,
        };
        if fate == Some(Fate::Repeated) {
            self.event(name, event(answer.clone()))?;
        }
        self.event(name, event(answer))
    }

    /// What a dishonest intermediary makes of an answer.
    fn tampered(&mut self, name: &str, answer: Answer) -> Result<(Answer, bool), StepFailure> {
        match answer {
            Answer::Bundle { bundle } => match self.swapped.take() {
                Some(other) => {
                    let other = self.reference(&other)?.device().bundle(None);
                    let other = other.ok_or_else(|| StepFailure::script("it has no bundle"))?;
                    let mut swapped = BundleFields::from(&other);
                    swapped.user_id = bundle.user_id;
                    swapped.device_id = bundle.device_id;
                    swapped.registration_id = bundle.registration_id;
                    Ok((Answer::Bundle { bundle: swapped }, true))
                }
                None => Ok(self.with_former_one_time_pre_key(bundle)),
            },
            Answer::Envelopes { mut envelopes } => {
                let address = self.address(name)?;
                let (mine, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.injected)
                    .into_iter()
                    .partition(|envelope| envelope.recipient == address);
                self.injected = others;
                let mut replaced = !mine.is_empty();
                envelopes.extend(mine);
                if self.reversed && envelopes.len() > 1 {
                    envelopes.reverse();
                    replaced = true;
                }
                Ok((Answer::Envelopes { envelopes }, replaced))
            }
            other => Ok((other, false)),
        }
    }

    /// A bundle as it is, or with the one-time prekey that the last one had.
    fn with_former_one_time_pre_key(&mut self, mut bundle: BundleFields) -> (Answer, bool) {
        let address = DeviceId::try_from(bundle.device_id)
            .ok()
            .zip(bundle.user_id.parse().ok())
            .map(|(device_id, user_id)| Address { user_id, device_id });
        let Some(address) = address else {
            return (Answer::Bundle { bundle }, false);
        };
        let again = self.handed_out_again.iter().position(|of| *of == address);
        let former = self.handed_out.get(&address).cloned();
        if let (Some(index), Some((id, key))) = (again, former) {
            self.handed_out_again.remove(index);
            bundle.one_time_pre_key_id = Some(id);
            bundle.one_time_pre_key = Some(key);
            return (Answer::Bundle { bundle }, true);
        }
        let handed_out = bundle
            .one_time_pre_key_id
            .zip(bundle.one_time_pre_key.clone());
        self.handed_out.extend(handed_out.map(|key| (address, key)));
        (Answer::Bundle { bundle }, false)
    }

    /// Time passes for everybody who is there.
    pub(super) fn wait(&mut self, seconds: u64) -> Result<(), StepFailure> {
        self.now = Timestamp(self.now.0.saturating_add(seconds));
        self.lines.push(Line::Time { now: self.now });
        let names: Vec<String> = self.devices.keys().cloned().collect();
        for name in names {
            self.event(&name, WalletEvent::Tick)?;
        }
        self.settle()
    }

    /// A device is stopped and started again from its saved state.
    pub(super) fn restart(&mut self, name: &str) -> Result<(), StepFailure> {
        let saved = self.save(name)?;
        match &mut self.device_mut(name)?.player {
            Player::Reference { wallet, .. } => {
                let json = String::from_utf8_lossy(&saved);
                **wallet = SavedWallet::from_json(&json)
                    .and_then(Wallet::try_from)
                    .map_err(|error| StepFailure::script(error.to_string()))?;
            }
            Player::Subject => {
                let (handle, state) = (name.to_owned(), Hex(saved));
                let input = Saved { state };
                self.ask::<wallet::Restore>(On { handle, input })?;
            }
        }
        self.lines.push(Line::Device {
            device: name.to_owned(),
            what: "is restarted".to_owned(),
            address: None,
        });
        Ok(())
    }

    /// The intermediary is stopped and started again from its saved state.
    pub(super) fn restart_intermediary(&mut self) -> Result<(), StepFailure> {
        let json = self.intermediary.save().to_json();
        self.intermediary = crate::intermediary::SavedIntermediary::from_json(&json)
            .and_then(Intermediary::try_from)
            .map_err(|error| StepFailure::script(error.to_string()))?;
        Ok(())
    }

    /// A user offers something, which the script calls by a name.
    pub(super) fn offer(
        &mut self,
        device: &str,
        name: &str,
        to: Recipient,
        what: Offered,
        lifetime: Option<u64>,
    ) -> Result<(), StepFailure> {
        let before = self.lines.len();
        let offer = Offer { to, what, lifetime };
        self.event(device, WalletEvent::Offer(offer))?;
        let new = self.lines[before..].iter().find_map(|line| match line {
            Line::State {
                transfer,
                before: None,
                ..
            } => Some(*transfer),
            _ => None,
        });
        if let Some(id) = new {
            self.transfers.insert(name.to_owned(), id);
        }
        self.settle()
    }

    /// What the intermediary has learned so far.
    pub(super) fn view(&self) -> View {
        View::from_events(&self.lines)
    }

    /// A link of a device, as its user gives it to somebody.
    pub(super) fn invitation(&self, name: &str) -> Result<String, StepFailure> {
        let host = "keys.example"
            .parse()
            .map_err(|_| StepFailure::script("no host"))?;
        let participant = self.device(name)?;
        let key = participant
            .identity_key
            .ok_or_else(|| StepFailure::script(format!("{name} has not joined")))?;
        let invitation = Invitation {
            host,
            address: participant.address,
            vertical: Vertical::Car,
            fingerprint: Fingerprint::of(&key),
        };
        Ok(invitation.to_string())
    }
}

fn changed(name: &str) -> StepFailure {
    StepFailure::Expectation {
        expected: "a refused step changes nothing".to_owned(),
        got: format!("another state of {name}"),
    }
}

/// One byte is changed, the tenth from the end: in a message a part of the tag, in a signature of s.
fn damage(bytes: &mut Hex) {
    if let Some(byte) = bytes.0.iter_mut().rev().nth(9) {
        *byte ^= 1;
    }
}

fn intact() -> StepFailure {
    StepFailure::script("nothing in it can be damaged")
}
