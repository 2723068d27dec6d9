//! A device with its sessions once more, on the naive X3DH and the naive Double Ratchet: what a conversation says is held against it.
//!
//! It is a page of profile sections 3, 4 and 6, without what time does, sends, and which fault is told of several: where such a step
//! comes, it has no opinion any more.

use crate::naive::{self, Key, State};
use crate::naive_wire::{self, PreKeyMessage};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tigress_signal::conformance::seed;
use tigress_signal::conformance::vector::Call;
use tigress_signal::conformance::vector::conversation::{Action, Conversation};
use tigress_signal::hex;
use tigress_signal::primitives::{KeyPair, PublicKey, ScriptedRandomness};

/// The longest plaintext (DR-22).
const LONGEST: usize = 65_536;

/// An address, as JSON writes it.
type Address = String;

/// What is sent along until the peer has answered.
#[derive(Clone)]
struct Opening {
    pre_key_id: Option<u32>,
    signed_pre_key_id: u32,
}

/// A session.
#[derive(Clone)]
struct Session {
    base_key: PublicKey,
    state: State,
    /// At its initiator, until something was read in it.
    opening: Option<Opening>,
}

/// What is known of a peer.
#[derive(Clone)]
struct Record {
    identity_key: PublicKey,
    /// The active one first.
    sessions: Vec<Session>,
}

/// A device of `tigress-1`.
pub struct NaiveDevice {
    address: Value,
    identity: KeyPair,
    registration_id: u32,
    signed: BTreeMap<u32, KeyPair>,
    one_time: BTreeMap<u32, KeyPair>,
    pins: BTreeMap<Address, PublicKey>,
    records: BTreeMap<Address, Record>,
    /// Openings without a one-time prekey: signed prekey, identity key, base key (X3DH-14).
    openings: BTreeSet<(u32, Vec<u8>, Vec<u8>)>,
}

/// Holds a conversation against a naive device: how many of its steps were judged.
///
/// # Errors
/// The first step, from 1, that is other than the naive device has it.
pub fn judge(conversation: &Conversation) -> Result<usize, String> {
    let mut device = NaiveDevice::load(&conversation.load).ok_or("no device")?;
    let mut judged = 0;
    for (action, number) in conversation.steps.iter().zip(1..) {
        let Action::Call(call) = action else { continue };
        match device.step(call) {
            None => return Ok(judged),
            Some(Ok(())) => judged += 1,
            Some(Err(why)) => return Err(format!("step {number}, {}: {why}", call.method)),
        }
    }
    Ok(judged)
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    hex::decode(value.as_str()?)
}

fn key_pair(value: &Value) -> Option<KeyPair> {
    Some(naive::key_pair(bytes(value)?.try_into().ok()?))
}

fn public_key(value: &Value) -> Option<PublicKey> {
    PublicKey::decode(&bytes(value)?).ok()
}

fn id(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

/// An address in the associated data: the UserID's 16 bytes and the DeviceID's one (X3DH-05).
fn encoded(address: &Value) -> Option<Vec<u8>> {
    let digits = address["userId"].as_str()?.replace('-', "");
    let mut out = hex::decode(&digits)?;
    out.push(u8::try_from(address["deviceId"].as_u64()?).ok()?);
    Some(out)
}

/// AD (X3DH-05).
fn associated_data(
    initiator: (&PublicKey, &Value),
    responder: (&PublicKey, &Value),
) -> Option<Vec<u8>> {
    let mut out = initiator.0.encode().to_vec();
    out.extend(responder.0.encode());
    out.extend(encoded(initiator.1)?);
    out.extend(encoded(responder.1)?);
    Some(out)
}

impl NaiveDevice {
    fn load(load: &Value) -> Option<Self> {
        let keys = |name: &str| -> Option<BTreeMap<u32, KeyPair>> {
            let keys = load[name].as_array()?.iter();
            keys.map(|key| Some((id(&key["id"])?, key_pair(&key["privateKey"])?)))
                .collect()
        };
        Some(NaiveDevice {
            address: load["address"].clone(),
            identity: key_pair(&load["identityPrivateKey"])?,
            registration_id: id(&load["registrationId"])?,
            signed: keys("signedPreKeys")?,
            one_time: keys("oneTimePreKeys")?,
            pins: BTreeMap::new(),
            records: BTreeMap::new(),
            openings: BTreeSet::new(),
        })
    }

    /// A step, held against what is expected of it; none where there is no opinion.
    fn step(&mut self, call: &Call) -> Option<Result<(), String>> {
        let params = &call.params;
        let peer = params.get("peer").map(Value::to_string).unwrap_or_default();
        let is_accepted = call.error.is_none();
        let expected = call.expected.as_ref().unwrap_or(&Value::Null);
        let said = match call.method {
            "device.keys" => {
                let ids = |keys: &BTreeMap<u32, KeyPair>| keys.keys().copied().collect::<Vec<_>>();
                let own = (ids(&self.signed), ids(&self.one_time));
                let listed = |name: &str| -> Vec<u32> {
                    let listed = expected[name].as_array().into_iter().flatten();
                    listed.filter_map(id).collect()
                };
                let theirs = (listed("signedPreKeyIds"), listed("oneTimePreKeyIds"));
                return Some(same(&own, &theirs));
            }
            "device.records" => return Some(self.records_are(expected)),
            "device.pin" => {
                let key = public_key(&params["identityKey"])?;
                match self.pins.get(&peer) {
                    Some(pinned) if *pinned != key => Err("another key is pinned"),
                    _ => {
                        self.pins.insert(peer.clone(), key);
                        if self
                            .records
                            .get(&peer)
                            .is_some_and(|it| it.identity_key != key)
                        {
                            return None;
                        }
                        Ok(Value::Null)
                    }
                }
            }
            "device.unpin" => {
                self.pins.remove(&peer);
                self.records.remove(&peer);
                Ok(Value::Null)
            }
            "device.drop_sessions" => {
                if let Some(record) = self.records.get_mut(&peer) {
                    record.sessions.clear();
                }
                Ok(Value::Null)
            }
            "device.set_counters" => {
                let session = self.records.get_mut(&peer)?.sessions.first_mut()?;
                session
                    .state
                    .set_counters(id(&params["sending"]), id(&params["receiving"]));
                Ok(Value::Null)
            }
            "device.process_bundle" if is_accepted => self.process_bundle(params),
            // A bundle's signatures and times are looked at by others.
            "device.bundle"
            | "device.open_anew"
            | "device.read_opening"
            | "device.process_bundle" => return Some(Ok(())),
            "device.encrypt" => self.encrypt(&peer, &bytes(&params["plaintext"])?),
            "device.decrypt" => self.decrypt(&peer, params),
            _ => return None,
        };
        Some(match (said, is_accepted) {
            (Ok(said), true) => {
                let fields = said.as_object().into_iter().flatten();
                let mut differing = fields.filter(|(name, value)| expected[*name] != **value);
                match differing.next() {
                    None => Ok(()),
                    Some((name, value)) => same(value, &expected[name]),
                }
            }
            (Err(_), false) => Ok(()),
            (Ok(_), false) => Err(format!(
                "accepted, and the engine refuses: {:?}",
                call.error
            )),
            (Err(why), true) => Err(format!("refused, {why}, and the engine accepts")),
        })
    }

    fn records_are(&self, expected: &Value) -> Result<(), String> {
        let mut own: Vec<(String, Vec<u8>, Vec<Vec<u8>>)> = self
            .records
            .iter()
            .map(|(peer, record)| {
                let sessions = record.sessions.iter();
                let keys = sessions.map(|it| it.base_key.encode().to_vec()).collect();
                (peer.clone(), record.identity_key.encode().to_vec(), keys)
            })
            .collect();
        let records = expected["records"].as_array().into_iter().flatten();
        let mut theirs: Vec<_> = records
            .map(|record| {
                let inactive = record["inactive"].as_array().into_iter().flatten();
                let keys = std::iter::once(&record["active"]).chain(inactive);
                let keys: Vec<_> = keys.filter_map(bytes).collect();
                let identity_key = bytes(&record["identityKey"]).unwrap_or_default();
                (record["peer"].to_string(), identity_key, keys)
            })
            .collect();
        theirs.sort();
        own.sort();
        same(&own, &theirs)
    }

    /// A record for a peer that comes with that key: a new one where it is another (SES-12).
    fn record(&mut self, peer: &str, identity_key: PublicKey) -> &mut Record {
        let fresh = || Record {
            identity_key,
            sessions: Vec::new(),
        };
        let record = self.records.entry(peer.to_owned()).or_insert_with(fresh);
        if record.identity_key != identity_key {
            *record = fresh();
        }
        record
    }

    fn process_bundle(&mut self, params: &Value) -> Result<Value, &'static str> {
        let bundle = &params["bundle"];
        let mut read = || {
            let identity = public_key(&bundle["identityKey"])?;
            let signed = public_key(&bundle["signedPreKey"])?;
            let one_time = public_key(&bundle["oneTimePreKey"]);
            let randomness = bytes(&params["randomness"])?;
            let (ephemeral, ratchet) = randomness.split_at_checked(32)?;
            let ephemeral = naive::key_pair(ephemeral.try_into().ok()?);
            let ratchet: Key = ratchet.try_into().ok()?;
            let sk = naive::sk_of_initiator(
                &self.identity,
                &ephemeral,
                &identity,
                &signed,
                one_time.as_ref(),
            )?;
            let peer = serde_json::json!({
                "userId": bundle["userId"],
                "deviceId": bundle["deviceId"],
            });
            let ad = associated_data((self.identity.public(), &self.address), (&identity, &peer))?;
            let state = State::alice(sk, signed, ratchet, ad)?;
            let opening = Opening {
                pre_key_id: id(&bundle["oneTimePreKeyId"]),
                signed_pre_key_id: id(&bundle["signedPreKeyId"])?,
            };
            let session = Session {
                base_key: *ephemeral.public(),
                state,
                opening: Some(opening),
            };
            self.record(&peer.to_string(), identity)
                .sessions
                .insert(0, session);
            Some(Value::Null)
        };
        read().ok_or("a key that must not be used")
    }

    fn encrypt(&mut self, peer: &str, plaintext: &[u8]) -> Result<Value, &'static str> {
        let (own, registration_id) = (*self.identity.public(), self.registration_id);
        let record = self.records.get_mut(peer).ok_or("no record")?;
        let session = record.sessions.first_mut().ok_or("no session")?;
        if plaintext.len() > LONGEST {
            return Err("too long");
        }
        if session.state.counters().0 == u32::MAX {
            return Err("no counter left");
        }
        let message = session.state.encrypt(plaintext).ok_or("no chain")?;
        let inner = message.write();
        let (kind, written) = match &session.opening {
            None => ("ratchet", inner),
            Some(opening) => (
                "prekey",
                naive::write_pre_key_message(
                    opening.pre_key_id,
                    &session.base_key,
                    &own,
                    &inner,
                    registration_id,
                    opening.signed_pre_key_id,
                ),
            ),
        };
        Ok(serde_json::json!({ "kind": kind, "message": hex::encode(&written) }))
    }

    fn decrypt(&mut self, peer: &str, params: &Value) -> Result<Value, &'static str> {
        let message = bytes(&params["message"]).ok_or("no hex")?;
        // What it would draw may be missing where the engine does not draw: then it is wrong in what it says, and told so.
        let mut drawn = bytes(&params["randomness"]).unwrap_or_default();
        drawn.extend(seed::vec("naive", 32));
        let plaintext = if params["kind"] == "prekey" {
            let opening = naive_wire::read_pre_key_message(&message)?;
            self.decrypt_pre_key(peer, params, &opening, &drawn)?
        } else {
            let message = naive_wire::read_ratchet_message(&message)?;
            let record = self.records.get_mut(peer).ok_or("no record")?;
            let read = |session: &mut Session| {
                let mut randomness = ScriptedRandomness::new(&drawn);
                session.state.decrypt(&message, &mut randomness).ok()
            };
            let mut sessions = record.sessions.iter_mut().enumerate();
            let found = sessions.find_map(|(at, session)| Some((at, read(session)?)));
            let (at, plaintext) = found.ok_or("no session reads it")?;
            let mut session = record.sessions.remove(at);
            session.opening = None;
            record.sessions.insert(0, session);
            plaintext
        };
        Ok(serde_json::json!({ "plaintext": hex::encode(&plaintext) }))
    }

    fn decrypt_pre_key(
        &mut self,
        peer: &str,
        params: &Value,
        opening: &PreKeyMessage,
        drawn: &[u8],
    ) -> Result<Vec<u8>, &'static str> {
        let mut randomness = ScriptedRandomness::new(drawn);
        let mut pinned = self.pins.get(peer).into_iter();
        if pinned.any(|key| *key != opening.identity_key) {
            return Err("another key is pinned");
        }
        let record = self.records.get_mut(peer);
        if let Some(record) = record.filter(|it| it.identity_key == opening.identity_key) {
            let mut sessions = record.sessions.iter();
            if let Some(at) = sessions.position(|it| it.base_key == opening.base_key) {
                let session = &mut record.sessions[at];
                let plaintext = session.state.decrypt(&opening.message, &mut randomness)?;
                let session = record.sessions.remove(at);
                record.sessions.insert(0, session);
                return Ok(plaintext);
            }
        }
        let signed = self
            .signed
            .get(&opening.signed_pre_key_id)
            .ok_or("no such signed prekey")?;
        let one_time = match opening.pre_key_id {
            Some(id) => Some(self.one_time.get(&id).ok_or("no such one-time prekey")?),
            None => None,
        };
        let known = (
            opening.signed_pre_key_id,
            opening.identity_key.encode().to_vec(),
            opening.base_key.encode().to_vec(),
        );
        if one_time.is_none() && self.openings.contains(&known) {
            return Err("opened before");
        }
        let sk = naive::sk_of_responder(
            &self.identity,
            signed,
            one_time,
            &opening.identity_key,
            &opening.base_key,
        )
        .ok_or("a key that must not be used")?;
        let ad = associated_data(
            (&opening.identity_key, &params["peer"]),
            (self.identity.public(), &self.address),
        )
        .ok_or("no address")?;
        let mut state = State::bob(sk, signed.clone(), ad);
        let plaintext = state.decrypt(&opening.message, &mut randomness)?;
        match opening.pre_key_id {
            Some(id) => {
                self.one_time.remove(&id);
            }
            None => {
                self.openings.insert(known);
            }
        }
        let session = Session {
            base_key: opening.base_key,
            state,
            opening: None,
        };
        self.record(peer, opening.identity_key)
            .sessions
            .insert(0, session);
        Ok(plaintext)
    }
}

fn same<T: PartialEq + std::fmt::Debug>(own: &T, theirs: &T) -> Result<(), String> {
    if own == theirs {
        return Ok(());
    }
    Err(format!("{own:?}\nand the engine {theirs:?}"))
}
