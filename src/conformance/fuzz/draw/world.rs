//! A device and its peers, all played by the reference engine: what the device is asked is written down, what its peers do is not.

use crate::conformance::dice::Dice;
use crate::conformance::fuzz::settle::{NoAnswer, SUBJECT, ask};
use crate::conformance::fuzz::sketch::{Asked, Question, Sketch, Step};
use crate::conformance::operation::{Operation, Reference, device};
use crate::conformance::seed;
use crate::conformance::vector::conversation::device::DEVICE;
use crate::hex::{self, Hex};
use crate::suite::SuiteRef;
use serde_json::{Value, json};

/// The peers' users: the first is the device's own, in a suite in which that can be.
const PEERS: [(&str, u32); 3] = [
    ("22222222-2222-4222-8222-222222222222", 1),
    ("22222222-2222-4222-8222-222222222222", 2),
    ("33333333-3333-4333-8333-333333333333", 127),
];
/// One-time prekeys of a peer.
const ONE_TIME: u32 = 3;

/// A message on its way.
#[derive(Clone)]
pub(super) struct Mail {
    /// Which peer sent it, or is to have it.
    pub(super) peer: usize,
    pub(super) kind: Value,
    pub(super) message: String,
    /// Whether it has been handed over.
    pub(super) arrived: bool,
}

/// The device, its peers, and what is between them.
pub(super) struct World<'a> {
    pub(super) dice: &'a mut Dice,
    reference: Reference,
    own: Value,
    pub(super) now: u64,
    /// What the device was asked.
    pub(super) steps: Vec<Step>,
    /// Bundles of the device, the newest last.
    pub(super) bundles: Vec<Value>,
    pub(super) to_device: Vec<Mail>,
    pub(super) to_peers: Vec<Mail>,
    /// How much was drawn so far, so that nothing is drawn twice.
    drawn: usize,
    label: String,
}

impl<'a> World<'a> {
    /// A device of these keys and its peers; none where it cannot be made.
    pub(super) fn new(dice: &'a mut Dice, suite: SuiteRef, load: &Value) -> Option<Self> {
        let created = load["signedPreKeys"].as_array()?.iter();
        let now = created.filter_map(|key| key["created"].as_u64()).max();
        let label = format!("{:016x}{:016x}", dice.below(1 << 31), dice.below(1 << 31));
        let mut world = World {
            dice,
            reference: Reference::speaking(suite),
            own: load["address"].clone(),
            now: now.unwrap_or_default(),
            steps: Vec::new(),
            bundles: Vec::new(),
            to_device: Vec::new(),
            to_peers: Vec::new(),
            drawn: 0,
            label,
        };
        world.of(SUBJECT, device::Load::METHOD, load.clone())?;
        for peer in 0..PEERS.len() {
            world.renew(peer)?;
        }
        Some(world)
    }

    /// What the device was asked, which began with that load.
    pub(super) fn sketch(self, suite: SuiteRef, load: Value) -> Sketch {
        Sketch {
            family: "ratchet_session".to_owned(),
            suite: Some(suite.name().to_owned()),
            requirements: Vec::new(),
            codes: true,
            asked: Asked::Machine {
                machine: &DEVICE,
                load,
                steps: self.steps,
            },
        }
    }

    /// How many peers there are.
    pub(super) fn peers() -> usize {
        PEERS.len()
    }

    /// A peer's address.
    pub(super) fn address(peer: usize) -> Value {
        let (user, device) = PEERS[peer % PEERS.len()];
        json!({ "userId": user, "deviceId": device })
    }

    /// The peer with that address.
    pub(super) fn peer_at(address: &Value) -> Option<usize> {
        (0..PEERS.len()).find(|&peer| Self::address(peer) == *address)
    }

    /// The device's own address.
    pub(super) fn own(&self) -> Value {
        self.own.clone()
    }

    /// Bytes that were not drawn before.
    pub(super) fn randomness(&mut self) -> Hex {
        self.drawn += 1;
        let label = format!("{}/{}", self.label, self.drawn);
        Hex(seed::vec(&label, 32))
    }

    /// A plaintext of so many bytes.
    pub(super) fn plaintext(&mut self, length: usize) -> Hex {
        self.drawn += 1;
        let mut text = format!("{} {}", self.label, self.drawn).into_bytes();
        text.resize(length, b'.');
        Hex(text)
    }

    fn of(&mut self, handle: &str, method: &'static str, params: Value) -> Option<Value> {
        let mut question = Question::new(method, params);
        ask(&mut self.reference, &mut question, Some(handle), self.drawn).ok()
    }

    /// Asks the device; what can be asked is a step. Its answer, where it does not refuse.
    pub(super) fn device(&mut self, method: &'static str, params: Value) -> Option<Value> {
        let mut question = Question::new(method, params);
        let answer = ask(
            &mut self.reference,
            &mut question,
            Some(SUBJECT),
            self.drawn,
        );
        if !matches!(answer, Err(NoAnswer::NoQuestion)) {
            self.steps.push(Step::Ask(question));
        }
        answer.ok()
    }

    /// What the device would answer, who is not asked.
    pub(super) fn known_of_device(&mut self, method: &'static str, params: Value) -> Option<Value> {
        self.of(SUBJECT, method, params)
    }

    /// What a function gives, which belongs to nobody.
    pub(super) fn known_of_nobody(&mut self, method: &'static str, params: Value) -> Option<Value> {
        let mut question = Question::new(method, params);
        ask(&mut self.reference, &mut question, None, 0).ok()
    }

    /// Asks a peer.
    pub(super) fn peer(
        &mut self,
        peer: usize,
        method: &'static str,
        params: Value,
    ) -> Option<Value> {
        self.of(&format!("peer {peer}"), method, params)
    }

    /// A peer with new keys at its address, which knows nobody.
    pub(super) fn renew(&mut self, peer: usize) -> Option<()> {
        let randomness = self.randomness();
        let params = json!({
            "address": Self::address(peer),
            "oneTimePreKeys": ONE_TIME,
            "now": self.now,
            "randomness": randomness,
        });
        self.peer(peer, device::Create::METHOD, params).map(|_| ())
    }

    /// A peer's bundle as the intermediary would hand it out.
    pub(super) fn bundle_of(&mut self, peer: usize, with_one_time: bool) -> Option<Value> {
        let keys = self.peer(peer, device::Keys::METHOD, json!({}))?;
        let ids = keys["oneTimePreKeyIds"].as_array()?.clone();
        let id = self.dice.pick(&ids).filter(|_| with_one_time);
        let params = json!({ "oneTimePreKeyId": id });
        let made = self.peer(peer, device::Bundle::METHOD, params)?;
        Some(made["bundle"].clone())
    }

    /// A peer writes to the device; whether it could.
    pub(super) fn writes(&mut self, peer: usize, length: usize) -> Option<Mail> {
        let plaintext = self.plaintext(length);
        let params = json!({ "peer": self.own, "plaintext": plaintext });
        let made = self.peer(peer, device::Encrypt::METHOD, params)?;
        Some(Mail {
            peer,
            kind: made["kind"].clone(),
            message: made["message"].as_str()?.to_owned(),
            arrived: false,
        })
    }

    /// Changes what a peer's active session with the device says of itself, and not its keys: it lies from now on.
    pub(super) fn lies(&mut self, peer: usize, field: &str, value: u32) -> Option<()> {
        let saved = self.peer(peer, device::Save::METHOD, json!({}))?;
        let bytes = hex::decode(saved["state"].as_str()?)?;
        let mut state: Value = std::str::from_utf8(&bytes).ok()?.parse().ok()?;
        let own = self.own();
        let records = state.pointer_mut("/device/records")?.as_array_mut()?;
        let record = records.iter_mut().find(|it| it["address"] == own)?;
        let session = record.pointer_mut("/sessions/0/session/state")?;
        let state_of_it = session.as_object_mut()?.values_mut().next()?;
        *state_of_it.pointer_mut(field)? = value.into();
        let saved = Hex(state.to_string().into_bytes());
        self.peer(peer, device::Restore::METHOD, json!({ "state": saved }))
            .map(|_| ())
    }
}
