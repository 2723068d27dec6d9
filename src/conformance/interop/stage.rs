//! A conversation under way: two subjects, and the runner between them, which hands over bundles and letters.
//!
//! The runner judges what comes back, and knows of no library what it does otherwise: what is expected stands in the script.

use super::party::Party;
use super::transcript::{Answer, Asked, Failure, Line, MOST_BYTES, MOST_LINES, Outcome, Refusal};
use super::vocabulary::Call;
use crate::agreement::PreKeyStore;
use crate::conformance::dice::Dice;
use crate::conformance::operation::{Operation, answer, device};
use crate::conformance::run::Cause;
use crate::conformance::scenario::transcript::StepText;
use crate::conformance::seed::{self, Recorder};
use crate::conformance::subject::{RandomnessSource, Subject};
use crate::hex::Hex;
use crate::identifier::{Address, DeviceId, UserId};
use crate::primitives::{KeyPair, PrivateKey, Secret};
use crate::suite::SuiteRef;
use crate::timestamp::Timestamp;
use crate::wire::{MessageKind, PreKeyMessage, RatchetMessage};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

/// The time that all devices of a conversation have, in seconds since 1970: nothing in one depends on it.
const NOW: u64 = 1_700_000_000;
/// The name that a machine has with its subject.
const HANDLE: &str = "device";
/// So many letters each party sends in a round of an exchange.
const ROUND: usize = 10;
/// The bytes of a ratchet key pair's private key, and of a base key and a ratchet key.
const STEP_DRAWS: usize = 32;
const BUNDLE_DRAWS: usize = 64;

/// Which bundle a party takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bundle {
    WithOneTime,
    Without,
    LastAgain,
}

/// Which part of a letter is damaged: a bit of it is changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Damage {
    /// The last byte: that of the MAC or tag.
    #[default]
    Mac,
    Ciphertext,
    RatchetKey,
}

impl Damage {
    pub(super) fn called(name: &str) -> Option<Self> {
        match name {
            "MAC" => Some(Damage::Mac),
            "ciphertext" => Some(Damage::Ciphertext),
            "ratchet key" => Some(Damage::RatchetKey),
            _ => None,
        }
    }
}

/// What is wrong with the signature of a signed prekey.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SignatureDefect {
    /// A bit is changed.
    #[default]
    Damaged,
    /// It holds, over the same key, by another identity key.
    Foreign,
    /// No byte.
    Empty,
}

impl SignatureDefect {
    pub(super) fn called(name: &str) -> Option<Self> {
        match name {
            "a damaged" => Some(SignatureDefect::Damaged),
            "a foreign" => Some(SignatureDefect::Foreign),
            "an empty" => Some(SignatureDefect::Empty),
            _ => None,
        }
    }
}

/// In which order letters of one name are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    #[default]
    AsSent,
    Random,
    LastFirst,
    /// The first and the last alone.
    Ends,
}

impl Order {
    pub(super) fn called(name: &str) -> Option<Self> {
        match name {
            "in order" => Some(Order::AsSent),
            "in random order" => Some(Order::Random),
            "the last first" => Some(Order::LastFirst),
            _ => None,
        }
    }
}

/// Why a conversation ends early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// A step did not succeed; its place in the script comes later.
    Failed(Box<Failure>),
    /// A party does not offer what a step needs, and why.
    Skipped(Party, String),
}

/// A letter on its way.
#[derive(Clone, Debug)]
struct Letter {
    from: Party,
    kind: MessageKind,
    message: Vec<u8>,
    plaintext: Vec<u8>,
}

/// One of the two devices.
struct Side<'a> {
    subject: &'a mut dyn Subject,
    /// Whether what it draws is its own: then its state is written down where it has drawn.
    is_own: bool,
    /// The one-time prekeys that nobody was given yet.
    one_time: VecDeque<u32>,
    /// The bundle that it was last given of the other party.
    bundle: Option<Value>,
    /// The ratchet keys of letters that it has read: another one makes it draw.
    ratchet_keys: BTreeSet<Vec<u8>>,
    /// In a replay, what it answered when the conversation was recorded.
    recorded: Option<VecDeque<Asked>>,
}

/// A conversation under way.
pub(super) struct Stage<'a> {
    suite: SuiteRef,
    /// What the randomness is made from that is handed in.
    label: String,
    sides: [Side<'a>; 2],
    letters: BTreeMap<String, Vec<Letter>>,
    dice: Dice,
    draws: u32,
    pub(super) lines: Vec<Line>,
    /// The bytes of what was asked and answered so far.
    bytes: usize,
    /// When it must be over.
    deadline: Option<Instant>,
    /// Answers of the side that is replayed that are other than recorded: the question, what was recorded, what it is now.
    pub(super) differences: Vec<(String, String, String)>,
    /// How many answers of that side were compared.
    pub(super) compared: usize,
}

impl<'a> Stage<'a> {
    /// Nothing was asked yet. All randomness is made from `label`.
    pub(super) fn new(
        suite: SuiteRef,
        label: String,
        [ben, ryan]: [&'a mut dyn Subject; 2],
        deadline: Option<Instant>,
    ) -> Self {
        let side = |subject: &'a mut dyn Subject| Side {
            is_own: subject.describe().randomness == RandomnessSource::Own,
            subject,
            one_time: VecDeque::new(),
            bundle: None,
            ratchet_keys: BTreeSet::new(),
            recorded: None,
        };
        Stage {
            suite,
            dice: Dice::new(&label),
            label,
            sides: [side(ben), side(ryan)],
            letters: BTreeMap::new(),
            draws: 0,
            lines: Vec::new(),
            bytes: 0,
            deadline,
            differences: Vec::new(),
            compared: 0,
        }
    }

    /// That party is held against what it answered before, and goes on from the states that it had then.
    pub(super) fn follow(&mut self, party: Party, recorded: VecDeque<Asked>) {
        self.side(party).recorded = Some(recorded);
    }

    /// Plays the steps to their end.
    pub(super) fn whole(&mut self, steps: &[(StepText, Call)]) -> Outcome {
        for party in Party::BOTH {
            let suite = self.suite.name();
            if let Err(failure) = self.side(party).subject.reset(suite) {
                let first = steps.first().map(|(step, _)| step.clone());
                let answer = Answer::of("reset", Err(failure));
                let expected = format!("it speaks {suite}");
                let stop = stopped(party, "reset", &expected, &answer);
                return outcome(first.unwrap_or_default(), stop);
            }
        }
        for (step, call) in steps {
            self.lines.push(Line::Step(step.clone()));
            if let Err(stop) = (call.definition.run)(self, call) {
                return outcome(step.clone(), stop);
            }
        }
        Outcome::Passed {}
    }

    /// Tells both subjects that the conversation is over. What one did beyond answering is a failure of the last step.
    pub(super) fn settle(&mut self, outcome: &mut Outcome) {
        for party in Party::BOTH {
            let Err(failure) = self.side(party).subject.settle() else {
                continue;
            };
            if *outcome == (Outcome::Passed {}) {
                let last = self.lines.iter().rev().find_map(|line| match line {
                    Line::Step(step) => Some(step.clone()),
                    Line::Asked(_) => None,
                });
                let answer = Answer::of("reset", Err(failure));
                let stop = stopped(party, "reset", "it answers what it is asked, once", &answer);
                *outcome = self::outcome(last.unwrap_or_default(), stop);
            }
        }
    }

    fn side(&mut self, party: Party) -> &mut Side<'a> {
        &mut self.sides[party.index()]
    }

    /// So many bytes that look random, of this conversation alone.
    fn draw(&mut self, party: Party, length: usize) -> Vec<u8> {
        self.draws += 1;
        seed::vec(&format!("{}/{party}/{}", self.label, self.draws), length)
    }

    /// Asks, and writes down what was answered. A refusal is an answer; where there is none, the conversation ends.
    /// `draws` says whether a subject with its own randomness draws some.
    fn ask(
        &mut self,
        party: Party,
        method: &str,
        mut params: Value,
        expected: &str,
        draws: bool,
    ) -> Result<Result<Value, Refusal>, Stop> {
        let late = self.deadline.is_some_and(|end| Instant::now() >= end);
        let much = self.bytes > MOST_BYTES || self.lines.len() >= MOST_LINES;
        if late || much {
            let why = if late {
                "the conversation takes longer than it may (--bound)"
            } else {
                "the answers of the conversation have more bytes than 16 MiB"
            };
            let cause = if late {
                Cause::TimedOut
            } else {
                Cause::NoAnswer
            };
            let failure = failure(party, method, cause, expected, why.to_owned());
            return Err(Stop::Failed(Box::new(failure)));
        }
        params["handle"] = HANDLE.into();
        let side = self.side(party);
        let answer = Answer::of(method, side.subject.call(method, params.clone()));
        let recorded = side.recorded.as_mut().and_then(VecDeque::pop_front);
        let state = match (&answer, &side.recorded) {
            (Answer::Result(_), None) if draws && side.is_own => {
                let saved = side
                    .subject
                    .call("device.save", json!({ "handle": HANDLE }));
                saved
                    .ok()
                    .and_then(|saved| serde_json::from_value(saved["state"].clone()).ok())
            }
            _ => None,
        };
        if let Some(recorded) = recorded {
            self.compare(party, recorded, &answer)?;
        }
        let asked = Asked {
            party,
            method: method.to_owned(),
            params,
            answer: answer.clone(),
            state,
        };
        self.bytes += size(&asked.params) + asked.state.as_ref().map_or(0, |state| state.len());
        self.bytes += match &asked.answer {
            Answer::Result(value) => size(value),
            other => other.words().len(),
        };
        self.lines.push(Line::Asked(asked));
        match answer {
            Answer::Result(value) => Ok(Ok(value)),
            Answer::Refused(refusal) => Ok(Err(refusal)),
            other => Err(stopped(party, method, expected, &other)),
        }
    }

    /// Holds an answer against the recorded one, and goes on from the recorded state, where there is one.
    fn compare(&mut self, party: Party, recorded: Asked, now: &Answer) -> Result<(), Stop> {
        self.compared += 1;
        // Who draws anew answers otherwise where it has drawn, and is right.
        let drew = recorded.state.is_some();
        let same = match (&recorded.answer, now) {
            (Answer::Result(_), Answer::Result(_))
                if drew && recorded.method != "device.decrypt" =>
            {
                true
            }
            (Answer::Result(then), Answer::Result(now)) => then == now,
            (Answer::Refused(then), Answer::Refused(now)) => then.error == now.error,
            (then, now) => then == now,
        };
        if !same {
            let then = recorded.answer.words();
            self.differences
                .push((recorded.method.clone(), then, now.words()));
        }
        if let (Some(state), Answer::Result(_)) = (recorded.state, now) {
            let params = json!({ "handle": HANDLE, "state": state });
            if let Err(failure) = self.side(party).subject.call("device.restore", params) {
                let expected = "it goes on from the state that was recorded of it, since it draws its own randomness";
                let answer = Answer::of("device.restore", Err(failure));
                return Err(stopped(party, "device.restore", expected, &answer));
            }
        }
        Ok(())
    }

    /// Asks for what must be carried out.
    fn must<O: Operation>(
        &mut self,
        party: Party,
        params: Value,
        expected: &str,
        draws: bool,
    ) -> Result<O::Output, Stop> {
        match self.ask(party, O::METHOD, params, expected, draws)? {
            Ok(value) => answer::read::<O>(&value).map_err(|faults| {
                let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
                let got = faults.join("; ");
                let expected = "an answer as docs/adapter_schema.json says";
                Stop::Failed(Box::new(failure(
                    party,
                    O::METHOD,
                    Cause::Answer,
                    expected,
                    got,
                )))
            }),
            Err(refusal) => Err(stopped(
                party,
                O::METHOD,
                expected,
                &Answer::Refused(refusal),
            )),
        }
    }

    /// Asks for what must be refused.
    fn must_refuse(
        &mut self,
        party: Party,
        method: &str,
        params: Value,
        expected: &str,
    ) -> Result<(), Stop> {
        match self.ask(party, method, params, expected, false)? {
            Ok(value) => Err(stopped(party, method, expected, &Answer::Result(value))),
            Err(_) => Ok(()),
        }
    }

    pub(super) fn create(&mut self, party: Party, one_time: u32) -> Result<(), Stop> {
        let randomness = self.draws_of_a_device(party, one_time);
        let params = json!({
            "address": address(party),
            "oneTimePreKeys": one_time,
            "now": NOW,
            "randomness": randomness,
        });
        let made = self.must::<device::Create>(party, params, "a device", true)?;
        let first = made.bundle.one_time_pre_key_id;
        let ids = first
            .into_iter()
            .flat_map(|first| first..first.saturating_add(one_time));
        self.side(party).one_time = ids.collect();
        Ok(())
    }

    /// What a new device draws: as much as the engine's would.
    fn draws_of_a_device(&mut self, party: Party, one_time: u32) -> Hex {
        self.draws += 1;
        let mut draws = Recorder::new(&format!("{}/{party}/{}", self.label, self.draws));
        let address = engine_address(party);
        let count = usize::try_from(one_time).unwrap_or_default();
        let keys = PreKeyStore::random(&[self.suite], &address, Timestamp(NOW), &mut draws);
        // The recorder never runs out.
        if let Ok(mut keys) = keys {
            let _ = keys.add_one_time_pre_keys(count, Timestamp(NOW), &mut draws);
        }
        Hex(draws.take())
    }

    pub(super) fn load(&mut self, party: Party, id: u32) -> Result<(), Stop> {
        let [identity, signed, one_time] = [(); 3].map(|()| self.private_key(party));
        let key_pair = |private: [u8; 32]| KeyPair::from(PrivateKey::from(private));
        let encoded = key_pair(signed).public().encode();
        let mut z = [0; 64];
        z.copy_from_slice(&self.draw(party, 64));
        let signature = self
            .suite
            .sign(&key_pair(identity), &encoded, &Secret::new(z));
        let params = json!({
            "address": address(party),
            "registrationId": 4_711,
            "identityPrivateKey": Hex(identity.to_vec()),
            "signedPreKeys": [{
                "id": id,
                "privateKey": Hex(signed.to_vec()),
                "signature": Hex(signature.as_bytes().to_vec()),
                "created": NOW,
            }],
            "oneTimePreKeys": [{ "id": id, "privateKey": Hex(one_time.to_vec()), "drawn": NOW }],
        });
        self.must::<device::Load>(party, params, "a device with these keys", false)?;
        self.side(party).one_time = [id].into();
        Ok(())
    }

    fn private_key(&mut self, party: Party) -> [u8; 32] {
        let mut key = [0; 32];
        key.copy_from_slice(&self.draw(party, 32));
        // As RFC 7748 section 5 has it: not every library does so to a key that it is given.
        key[0] &= 0b1111_1000;
        key[31] = key[31] & 0b0111_1111 | 0b0100_0000;
        key
    }

    /// A bundle of the other party.
    fn bundle(&mut self, party: Party, which: Bundle) -> Result<Value, Stop> {
        if let (Bundle::LastAgain, Some(bundle)) = (which, &self.side(party).bundle) {
            return Ok(bundle.clone());
        }
        let other = party.other();
        let id = match which {
            Bundle::WithOneTime => self.side(other).one_time.pop_front(),
            _ => None,
        };
        let expected = match which {
            Bundle::WithOneTime => "a bundle with a one-time prekey",
            _ => "a bundle",
        };
        let params = match id {
            Some(id) => json!({ "oneTimePreKeyId": id }),
            None => json!({}),
        };
        let bundle = self
            .must::<device::Bundle>(other, params, expected, false)?
            .bundle;
        let has_one = bundle.one_time_pre_key.is_some();
        let Ok(bundle) = serde_json::to_value(bundle) else {
            unreachable!("a bundle was read from JSON")
        };
        if has_one != (which == Bundle::WithOneTime) {
            let expected = match which {
                Bundle::WithOneTime => expected,
                _ => "a bundle without a one-time prekey",
            };
            let got = bundle.to_string();
            let failure = failure(other, device::Bundle::METHOD, Cause::Answer, expected, got);
            return Err(Stop::Failed(Box::new(failure)));
        }
        Ok(bundle)
    }

    pub(super) fn take_bundle(&mut self, party: Party, which: Bundle) -> Result<(), Stop> {
        let bundle = self.bundle(party, which)?;
        self.side(party).bundle = Some(bundle.clone());
        let randomness = Hex(self.draw(party, BUNDLE_DRAWS));
        let params = json!({ "bundle": bundle, "randomness": randomness });
        self.must::<device::ProcessBundle>(party, params, "a session", true)?;
        Ok(())
    }

    pub(super) fn refuse_bundle(
        &mut self,
        party: Party,
        defect: SignatureDefect,
    ) -> Result<(), Stop> {
        let mut bundle = self.bundle(party, Bundle::Without)?;
        let signature = match defect {
            SignatureDefect::Empty => String::new(),
            SignatureDefect::Damaged => {
                let written = bundle["signedPreKeySignature"].as_str().unwrap_or_default();
                let mut bytes = crate::hex::decode(written).unwrap_or_default();
                if let Some(first) = bytes.first_mut() {
                    *first ^= 1;
                }
                crate::hex::encode(&bytes)
            }
            SignatureDefect::Foreign => {
                let key = KeyPair::from(PrivateKey::from(self.private_key(party)));
                let signed = bundle["signedPreKey"].as_str().unwrap_or_default();
                let signed = crate::hex::decode(signed).unwrap_or_default();
                let mut z = [0; 64];
                z.copy_from_slice(&self.draw(party, 64));
                let signature = self.suite.sign(&key, &signed, &Secret::new(z));
                crate::hex::encode(signature.as_bytes())
            }
        };
        bundle["signedPreKeySignature"] = signature.into();
        let randomness = Hex(self.draw(party, BUNDLE_DRAWS));
        let params = json!({ "bundle": bundle, "randomness": randomness });
        let expected = "a refusal: the signature of the signed prekey does not hold";
        self.must_refuse(party, device::ProcessBundle::METHOD, params, expected)
    }

    pub(super) fn send(&mut self, party: Party, name: &str, many: usize) -> Result<(), Stop> {
        let mut letters = Vec::new();
        for number in 1..=many {
            let plaintext = format!("{name} {number} of {many}, from {party}");
            letters.push(self.encrypt(party, plaintext.into_bytes())?);
        }
        self.letters.insert(name.to_owned(), letters);
        Ok(())
    }

    pub(super) fn send_bytes(&mut self, party: Party, name: &str, size: usize) -> Result<(), Stop> {
        let plaintext = self.draw(party, size);
        let letter = self.encrypt(party, plaintext)?;
        self.letters.insert(name.to_owned(), vec![letter]);
        Ok(())
    }

    fn encrypt(&mut self, party: Party, plaintext: Vec<u8>) -> Result<Letter, Stop> {
        let params = json!({
            "peer": address(party.other()),
            "plaintext": Hex(plaintext.clone()),
        });
        let made = self.must::<device::Encrypt>(party, params, "a message", false)?;
        Ok(Letter {
            from: party,
            kind: made.kind,
            message: made.message.0,
            plaintext,
        })
    }

    /// The letters of a name that the other party has sent.
    fn letters(&self, party: Party, name: &str) -> Vec<Letter> {
        let letters = self.letters.get(name).into_iter().flatten();
        letters
            .filter(|letter| letter.from != party)
            .cloned()
            .collect()
    }

    pub(super) fn read(&mut self, party: Party, name: &str, order: Order) -> Result<(), Stop> {
        let mut letters = self.letters(party, name);
        match order {
            Order::Random => self.dice.shuffle(&mut letters),
            Order::LastFirst => letters.reverse(),
            Order::Ends if letters.len() > 2 => {
                letters.drain(1..letters.len() - 1);
            }
            Order::AsSent | Order::Ends => {}
        }
        letters
            .iter()
            .try_for_each(|letter| self.decrypt(party, letter))
    }

    fn decrypt(&mut self, party: Party, letter: &Letter) -> Result<(), Stop> {
        let key = ratchet_key(self.suite, letter);
        let is_new = !self.side(party).ratchet_keys.contains(&key);
        let draws = if is_new { STEP_DRAWS } else { 0 };
        let params = self.reading(party, letter.kind, &letter.message, draws);
        let said = String::from_utf8(letter.plaintext.clone());
        let expected = match said {
            Ok(said) if said.len() < 100 && !said.is_empty() => format!("the plaintext \"{said}\""),
            _ => format!("the plaintext of {} bytes", letter.plaintext.len()),
        };
        let read = self.must::<device::Decrypt>(party, params, &expected, is_new)?;
        if read.plaintext.0 != letter.plaintext {
            let got = format!("another plaintext: {}", read.plaintext);
            let failure = failure(
                party,
                device::Decrypt::METHOD,
                Cause::Answer,
                &expected,
                got,
            );
            return Err(Stop::Failed(Box::new(failure)));
        }
        self.side(party).ratchet_keys.insert(key);
        Ok(())
    }

    fn reading(&mut self, party: Party, kind: MessageKind, message: &[u8], draws: usize) -> Value {
        json!({
            "peer": address(party.other()),
            "kind": kind,
            "message": Hex(message.to_vec()),
            "randomness": Hex(self.draw(party, draws)),
        })
    }

    pub(super) fn refuse(
        &mut self,
        party: Party,
        name: &str,
        damage: Option<Damage>,
    ) -> Result<(), Stop> {
        for letter in self.letters(party, name) {
            let mut message = letter.message.clone();
            let expected = match damage {
                None => "a refusal: it was read before, or its keys are gone",
                Some(damage) => {
                    let at = place(self.suite, &letter, damage);
                    if let Some(byte) = message.get_mut(at) {
                        *byte ^= 1;
                    }
                    "a refusal: a bit of the message was changed on its way"
                }
            };
            let params = self.reading(party, letter.kind, &message, STEP_DRAWS);
            self.must_refuse(party, device::Decrypt::METHOD, params, expected)?;
        }
        Ok(())
    }

    pub(super) fn restart(&mut self, party: Party) -> Result<(), Stop> {
        let saved = self.must::<device::Save>(party, json!({}), "a state", false)?;
        let suite = self.suite.name();
        if let Err(failure) = self.side(party).subject.reset(suite) {
            let answer = Answer::of("reset", Err(failure));
            return Err(stopped(party, "reset", "it forgets its state", &answer));
        }
        let params = json!({ "state": saved.state });
        self.must::<device::Restore>(party, params, "the device of that state", false)?;
        Ok(())
    }

    pub(super) fn drop_sessions(&mut self, party: Party) -> Result<(), Stop> {
        let params = json!({ "peer": address(party.other()) });
        self.must::<device::DropSessions>(party, params, "no sessions any more", false)?;
        Ok(())
    }

    pub(super) fn turns(&mut self, first: Party, many: usize) -> Result<(), Stop> {
        for turn in 1..=many {
            for party in [first, first.other()] {
                let plaintext = format!("turn {turn} of {party}");
                let letter = self.encrypt(party, plaintext.into_bytes())?;
                self.decrypt(party.other(), &letter)?;
            }
        }
        Ok(())
    }

    /// A letter waits for one round at most: what comes later is of a chain that a receiver may have forgotten.
    pub(super) fn exchange(&mut self, each: usize) -> Result<(), Stop> {
        let mut sent = 0;
        let mut waiting: Vec<Letter> = Vec::new();
        while sent < each || !waiting.is_empty() {
            let mut due = std::mem::take(&mut waiting);
            let more = ROUND.min(each - sent);
            let mut writers: Vec<Party> = Party::BOTH
                .into_iter()
                .flat_map(|party| vec![party; more])
                .collect();
            self.dice.shuffle(&mut writers);
            for party in writers {
                let number = sent + 1;
                let plaintext = format!("of round {number}, from {party}").into_bytes();
                let letter = self.encrypt(party, plaintext)?;
                let is_late = sent + more < each && self.dice.one_in(4);
                if is_late { &mut waiting } else { &mut due }.push(letter);
            }
            sent += more;
            self.dice.shuffle(&mut due);
            for letter in due {
                self.decrypt(letter.from.other(), &letter)?;
            }
        }
        Ok(())
    }
}

/// Why the conversation ends where an answer is none that a step could be judged by.
fn stopped(party: Party, method: &str, expected: &str, answer: &Answer) -> Stop {
    let (cause, error) = match answer {
        Answer::NotImplemented(method) => {
            return Stop::Skipped(party, format!("`{method}` is not implemented"));
        }
        Answer::Result(_) => (Cause::Accepted, None),
        Answer::Refused(refusal) => (Cause::Refused, Some(refusal.error.clone())),
        Answer::Broken(_) => (Cause::NoAnswer, None),
        Answer::TimedOut(_) => (Cause::TimedOut, None),
    };
    Stop::Failed(Box::new(Failure {
        error,
        ..failure(party, method, cause, expected, answer.words())
    }))
}

fn outcome(step: StepText, why: Stop) -> Outcome {
    match why {
        Stop::Failed(failure) => Outcome::Failed(Failure {
            line: step.line,
            text: step.text,
            ..*failure
        }),
        Stop::Skipped(party, reason) => Outcome::Skipped { party, reason },
    }
}

/// A failure of a step whose place in the script is not known here.
fn failure(party: Party, asked: &str, cause: Cause, expected: &str, mut got: String) -> Failure {
    /// Longer answers are cut after so many bytes.
    const MOST: usize = 4_096;
    let end = got.floor_char_boundary(MOST);
    if end < got.len() {
        got = format!("{}… ({} bytes)", &got[..end], got.len());
    }
    Failure {
        line: 0,
        text: String::new(),
        party,
        asked: asked.to_owned(),
        cause,
        expected: expected.to_owned(),
        got,
        error: None,
    }
}

/// About as many bytes as a value has as JSON.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| size(item) + 1).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| name.len() + size(value) + 4)
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 5,
    }
}

/// The address of a party: its UserID is a UUID, which every suite takes.
fn engine_address(party: Party) -> Address {
    let mut draws = Recorder::new(&format!("interop/{party}"));
    let Ok(user_id) = UserId::random(&mut draws) else {
        unreachable!("the recorder never runs out")
    };
    let Ok(device_id) = DeviceId::try_from(1) else {
        unreachable!("1 is a device id of every suite")
    };
    Address { user_id, device_id }
}

fn address(party: Party) -> Value {
    let Address { user_id, .. } = engine_address(party);
    json!({ "userId": user_id.to_string(), "deviceId": 1 })
}

/// The ratchet message of a letter: the letter itself, or what is inside of it.
fn inner(suite: SuiteRef, letter: &Letter) -> Option<RatchetMessage<'_>> {
    match letter.kind {
        MessageKind::Ratchet => RatchetMessage::decode(suite, &letter.message).ok(),
        MessageKind::PreKey => {
            let message = PreKeyMessage::decode(suite, &letter.message);
            message.map(|it| it.message).ok()
        }
    }
}

/// The ratchet key in a letter, by which its chain is known; the letter itself where it cannot be read.
fn ratchet_key(suite: SuiteRef, letter: &Letter) -> Vec<u8> {
    match inner(suite, letter) {
        Some(message) => message.header.ratchet_key.encode().to_vec(),
        None => letter.message.clone(),
    }
}

/// The place of a byte of that part in a letter; its last byte where it cannot be read.
fn place(suite: SuiteRef, letter: &Letter, part: Damage) -> usize {
    let last = letter.message.len().saturating_sub(1);
    let at = |bytes: &[u8], of: &[u8]| bytes.windows(of.len()).position(|it| it == of);
    let found = inner(suite, letter).and_then(|message| {
        let start = at(&letter.message, message.bytes)?;
        let key = message.header.ratchet_key.encode();
        Some(
            start
                + match part {
                    Damage::Mac => message.bytes.len().checked_sub(1)?,
                    Damage::Ciphertext if message.ciphertext.is_empty() => return None,
                    Damage::Ciphertext => at(message.bytes, message.ciphertext)?,
                    // A byte in its middle, so that it is another point and no other kind of key.
                    Damage::RatchetKey => at(message.bytes, &key)? + key.len() / 2,
                },
        )
    });
    found.unwrap_or(last)
}
