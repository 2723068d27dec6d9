//! Family `intermediary`: conversations of `scripts/intermediary/`, played here and recorded.
//!
//! A step is `WHO` asks `WHAT`, then `->` and the answer, unless it is `done` or a registration's token:
//!
//! ```text
//! ben registers [with the token of ryan]              ben removes ryan
//! ben publishes signed prekey 8 [for ryan]            ben publishes one-time prekeys 4 to 6 [for ryan]
//! ben counts [for ryan] -> 3                          ben acknowledges 1, 2 [for ryan]
//! ben fetches ryan -> prekey 1 to 3                   ben fetches ryan -> [signed prekey 8,] no prekey
//! ben sends MESSAGE to ryan [as prekey] [for 60 seconds]
//! ben sends device ryan MESSAGE for watch -> device-mismatch missing 1 extra 2
//! ben sends all of ryan MESSAGE for ryan, MESSAGE for stale watch -> stale-registration 2
//! ben reads [at most 2] [for ryan] -> 1 MESSAGE from ben [as prekey] [until 60], 2 MESSAGE from eve
//! ```
//!
//! A message is `<one>`: 48 bytes made of that word; or `"text"`, `0xff`, `1,000 * 0xff`, `opening "text"`.
//! Behind what is asked may stand `9 times`, and what is changed: `but limit = 0`, `but request.id is missing`. Requests
//! with the same `[a]` before them have the same request id; that of `["1"]` is 1.
//!
//! Else: `at 60 seconds` after the beginning, `tick`, `restart`, `erased "the message" <one>`,
//! `ryan has 12 one-time prekeys` to register with, `eve has no token`, `eve has token 32 * 0x07`. The heading may
//! say which devices are registered at the beginning: `among ben, ryan, watch`.

use super::actor::Actor;
use super::script::{self, Result, Words};
use super::{Builder, seed};
use crate::builder::About;
use serde_json::Value;
use std::collections::btree_map::{BTreeMap, Entry};
use tigress_signal::agreement::BundleFields;
use tigress_signal::conformance::operation::Done;
use tigress_signal::conformance::operation::intermediary::{
    RequestInput, RequestOutput, RequestsInput, TickInput,
};
use tigress_signal::conformance::vector::conversation::intermediary::{Fields, Step};
use tigress_signal::conformance::vector::conversation::{Erased, ErasedFields, StepOf};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::hex::{self, Hex};
use tigress_signal::identifier::{Address, DeviceId, PreKeyId, Recipient};
use tigress_signal::intermediary::{
    Answer, Body, Envelope, EnvelopeId, Intermediary, MemoryStore, PublishedOneTimePreKey,
    Registration, Request, RequestId, Submission, SubmittedMessage, Token,
};
use tigress_signal::primitives::{KeyPair, PrivateKey, ScriptedRandomness, Secret, xeddsa};
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;
use tigress_signal::wire::MessageKind::{self, PreKey, Ratchet};

macro_rules! scripts {
    ($($file:literal)*) => {
        &[$(($file, include_str!(concat!("../scripts/intermediary/", $file)))),*]
    };
}

/// Name and text of each script, in the order of the vectors.
const SCRIPTS: &[(&str, &str)] = scripts! {
    "registrations.txt" "prekeys.txt" "submissions.txt" "mailboxes.txt" "repetitions.txt" "privacy.txt" "forms.txt"
};

/// Who acts: name, user, device, how many one-time prekeys it registers, and what its keys are made of.
const CAST: &[Cast] = &[
    ("ben", "ben", 1, 2, "ben"),
    ("ryan", "ryan", 1, 3, "ryan"),
    ("watch", "ryan", 2, 1, "ryan"),
    ("ryan_3", "ryan", 3, 0, "ryan"),
    ("ryan_9", "ryan", 9, 0, "ryan"),
    ("eve", "eve", 1, 0, "eve"),
    ("nobody", "nobody", 1, 0, "nobody"),
    // The same addresses after their state was erased, or in other hands: other keys.
    ("ryan_anew", "ryan", 1, 1, "ryan, anew"),
    ("ryan_again", "ryan", 1, 1, "ryan, again"),
    ("watch_anew", "ryan", 2, 1, "watch, anew"),
    ("thief", "ryan", 1, 1, "thief"),
];

type Cast = (&'static str, &'static str, u32, u64, &'static str);

/// Sections that several bugs are about.
const X3DH_SERVER: &str = "https://signal.org/docs/specifications/x3dh/#server-trust";
const SESAME_SENDING: &str = "https://signal.org/docs/specifications/sesame/#sending-messages";

/// When every conversation begins.
const START: u64 = 1_700_000_000;
/// How long a message is kept where nothing else is asked for.
const TWO_DAYS: u64 = 172_800;

pub(super) fn generate(b: &mut Builder) {
    notes(b);
    for (file, script) in SCRIPTS {
        let at = |(line, what): script::ScriptError| -> ! {
            panic!("generators/scripts/intermediary/{file}:{line}: {what}")
        };
        for case in script::cases(script).unwrap_or_else(|error| at(error)) {
            let mut play = Play::new(&case.comment);
            let mut beginning = Words(case.beginning);
            play.begin(&mut beginning)
                .unwrap_or_else(|what| at((case.line, what)));
            for (line, steps) in case.steps {
                play.steps(Words(steps))
                    .unwrap_or_else(|what| at((line, what)));
            }
            let about = About {
                name: case.name.into(),
                comment: &case.comment,
                flags: &case.flags,
                requirements: &case.requirements,
            };
            let fields = Fields {
                intermediary: Done {},
                steps: play.steps,
            };
            b.conversation(about, fields);
        }
    }
}

fn notes(b: &mut Builder) {
    b.header("Requests to an intermediary and its answers (profile section 7); its clients' requests stand here as JSON.");
    b.header("Play the steps in order on an intermediary that knows nobody; the randomness given is a registration's token.");
    notes! { b;
        Normal BASIC [X3DH_SERVER]
            "Requests as honest clients make them." => "Whoever answers otherwise works with no wallet.";
        TokenHandling CONFIDENTIALITY ["https://cwe.mitre.org/data/definitions/312.html"]
            "How the token is made and kept; a bug keeps it readable."
            => "A thief of the store has every mailbox.";
        Authorisation AUTH_BYPASS ["https://cwe.mitre.org/data/definitions/639.html"]
            "A request without a token, with an unknown one or with that of another device; a bug goes by the address that the request names."
            => "A stranger reads mailboxes, replaces keys or joins a user's devices.";
        UncheckedKey MISSING_STEP ["https://signal.org/docs/specifications/x3dh/#signatures", "https://cwe.mitre.org/data/definitions/347.html"]
            "A key that must not be used, or a signature that does not verify, is published; a bug stores it."
            => "It is handed on: to clients that do not check it, or whose sends then fail one and all.";
        OneTimePreKeyReuse CONFIDENTIALITY ["https://signal.org/docs/specifications/x3dh/#protocol-replay"]
            "A bug hands a one-time prekey out a second time."
            => "The second sender's message is refused, and a replay of the first cannot be told from a new session.";
        Drain DENIAL_OF_SERVICE [X3DH_SERVER]
            "Somebody takes bundle after bundle; a bug lets them." => "A device is left without one-time prekeys.";
        DeviceList MISSING_STEP [SESAME_SENDING]
            "A submission to a user does not list exactly the user's devices; a bug stores it."
            => "A device is left out, or one that is gone is written to, and the sender never learns of it.";
        StaleRegistration MISSING_STEP [SESAME_SENDING]
            "A message is encrypted for a former installation of a device; a bug stores it."
            => "What nobody can read is delivered, and the sender never learns of it.";
        PartlyStored MISSING_STEP ["https://cwe.mitre.org/data/definitions/460.html"]
            "A refused request changes nothing at all; a bug stores a part of it."
            => "What the client then sends again is delivered twice.";
        Order MISSING_STEP ["https://signal.org/docs/specifications/sesame/#server"]
            "Messages arrive in the order in which they were accepted, numbered for their mailbox alone; a bug sorts or counts otherwise."
            => "A wallet reads an answer before its question, and its ratchet skips keys.";
        LostMessage MISSING_STEP ["https://signal.org/docs/specifications/sesame/#server"]
            "A bug drops a message before its owner has acknowledged it."
            => "What a client read and crashed on is lost.";
        Acknowledgement MISSING_STEP ["https://signal.org/docs/specifications/sesame/#server"]
            "An acknowledgement erases the messages that it names, once, and no later one; a bug erases more or less."
            => "Messages are lost unread, or come again and stay for a thief of the store.";
        Expiry CONFIDENTIALITY ["https://cwe.mitre.org/data/definitions/459.html"]
            "A message's lifetime is over, or nearly; a bug keeps it too long or drops it too early."
            => "It is there for a thief of the store, or lost.";
        Limit DENIAL_OF_SERVICE ["https://cwe.mitre.org/data/definitions/770.html"]
            "A limit of section 7, on both sides of it; a bug has none, or another."
            => "A stranger says how much is stored; or what a wallet may ask for is refused.";
        Repetition MISSING_STEP ["https://www.rfc-editor.org/rfc/rfc9110#name-idempotent-methods"]
            "A client that got no answer makes its request again; a bug carries it out again, or refuses it."
            => "A second prekey is spent, a message delivered twice, or the client left without its answer.";
        Removal CONFIDENTIALITY ["https://cwe.mitre.org/data/definitions/459.html"]
            "A device is removed, or another takes its place; a bug leaves something of it."
            => "Whoever comes next can read it.";
        Spoofing AUTH_BYPASS ["https://cwe.mitre.org/data/definitions/290.html"]
            "Who a message is from is what the token says; a bug takes a client's word for it."
            => "A client writes in another's name.";
        LooksInside CONFIDENTIALITY ["https://datatracker.ietf.org/doc/draft-ietf-tigress-requirements/"]
            "The intermediary carries bytes; a bug parses them, or wants to be told what they are."
            => "It can treat transfers by their type, and an owner learns of another's traffic.";
        UnknownTarget MISSING_STEP [SESAME_SENDING]
            "A user or device that is not registered; a bug accepts a message for it." => "The message is lost.";
        Form PARSER_BUG ["https://www.rfc-editor.org/rfc/rfc9413#name-active-protocol-maintenance", "https://cwe.mitre.org/data/definitions/436.html"]
            "What is no request by the table of section 7; a bug reads it leniently."
            => "It is carried out, where another reader would do something else.";
        Restart MISSING_STEP ["https://cwe.mitre.org/data/definitions/672.html"]
            "The intermediary is started again from what it stored; a bug answers before it stores, or stores too little."
            => "What it answered for no longer holds: messages are lost, prekeys handed out twice.";
    }
}

/// A device as its intermediary's client: what it registers, and its token once it has one.
#[derive(Clone)]
struct Client {
    name: &'static str,
    address: Address,
    registration: Registration,
    identity: KeyPair,
    keys: &'static str,
    token: Option<Token>,
}

fn key_pair(label: &str) -> KeyPair {
    KeyPair::from(PrivateKey::from(seed::bytes(label)))
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

fn small(number: u64) -> Result<u32> {
    u32::try_from(number).map_err(text)
}

fn pre_key_id(raw: u64) -> Result<PreKeyId> {
    PreKeyId::try_from(small(raw)?).map_err(text)
}

impl Client {
    fn new(&(name, user, device, one_time_pre_keys, keys): &Cast) -> Result<Self> {
        let actor = Actor::on_device(keys, device);
        let address = Actor::on_device(user, device).address;
        let bundle = actor.bundle(None);
        let private = &actor.loaded.identity_private_key[..];
        let private: [u8; 32] = private.try_into().map_err(text)?;
        let mut client = Client {
            name,
            address,
            registration: Registration {
                address,
                registration_id: bundle.registration_id.try_into().map_err(text)?,
                identity_key: bundle.identity_key,
                signed_pre_key_id: bundle.signed_pre_key_id.try_into().map_err(text)?,
                signed_pre_key: bundle.signed_pre_key,
                signed_pre_key_signature: bundle.signed_pre_key_signature,
                one_time_pre_keys: Vec::new(),
            },
            identity: KeyPair::from(PrivateKey::from(private)),
            keys,
            token: None,
        };
        let ids: Vec<u64> = (1..=one_time_pre_keys).collect();
        client.registration.one_time_pre_keys = client.one_time_pre_keys(&ids)?;
        Ok(client)
    }

    fn one_time_pre_keys(&self, ids: &[u64]) -> Result<Vec<PublishedOneTimePreKey>> {
        let one = |raw: &u64| {
            let key = key_pair(&format!("intermediary/{}/{raw}", self.keys));
            Ok(PublishedOneTimePreKey {
                id: pre_key_id(*raw)?,
                key: key.public().encode().into(),
            })
        };
        ids.iter().map(one).collect()
    }

    /// The publication of a further signed prekey.
    fn signed_pre_key(&self, raw: u64) -> Result<Body> {
        let label = format!("intermediary/{}/signed prekey {raw}", self.address);
        let key = key_pair(&label).public().encode();
        let z = Secret::new(seed::bytes(&format!("{label}/z")));
        let signature = xeddsa::sign(&self.identity, &key, &z);
        Ok(Body::PublishSignedPreKey {
            address: self.address,
            id: pre_key_id(raw)?,
            key: key.into(),
            signature: signature.as_bytes().into(),
        })
    }

    /// Its bundle with that signed prekey, where it is not the registered one, and that one-time prekey.
    fn bundle(&self, signed: Option<u64>, one_time: Option<u64>) -> Result<Answer> {
        let own = &self.registration;
        let mut bundle = BundleFields {
            user_id: self.address.user_id.to_string(),
            device_id: self.address.device_id.into(),
            registration_id: own.registration_id.into(),
            identity_key: own.identity_key.clone(),
            signed_pre_key_id: own.signed_pre_key_id.into(),
            signed_pre_key: own.signed_pre_key.clone(),
            signed_pre_key_signature: own.signed_pre_key_signature.clone(),
            one_time_pre_key_id: None,
            one_time_pre_key: None,
        };
        if let Some(raw) = signed {
            let published = self.signed_pre_key(raw)?;
            let Body::PublishSignedPreKey {
                id, key, signature, ..
            } = published
            else {
                return Err("no signed prekey".to_owned());
            };
            bundle.signed_pre_key_id = id.into();
            (bundle.signed_pre_key, bundle.signed_pre_key_signature) = (key, signature);
        }
        if let Some(raw) = one_time {
            for PublishedOneTimePreKey { id, key } in self.one_time_pre_keys(&[raw])? {
                bundle.one_time_pre_key_id = Some(id.into());
                bundle.one_time_pre_key = Some(key);
            }
        }
        Ok(Answer::Bundle { bundle })
    }

    /// What a script can name of it: `ben.token`, `ben.8.signature` of its signed prekey 8, all that it registers.
    fn view(&self) -> Result<Value> {
        let mut view = serde_json::to_value(&self.registration).map_err(text)?;
        view["token"] = serde_json::to_value(&self.token).map_err(text)?;
        view["8"] = serde_json::to_value(self.signed_pre_key(8)?).map_err(text)?;
        Ok(view)
    }
}

/// A conversation that is played here and recorded.
struct Play<'a> {
    label: &'a str,
    machine: Intermediary<MemoryStore>,
    clients: BTreeMap<&'static str, Client>,
    /// The request ids that have a name.
    ids: BTreeMap<&'a str, RequestId>,
    now: u64,
    steps: Vec<Step>,
}

impl<'a> Play<'a> {
    fn new(label: &'a str) -> Self {
        Play {
            label,
            machine: Intermediary::new(&Tigress1, MemoryStore::default()),
            clients: BTreeMap::new(),
            ids: BTreeMap::new(),
            now: START,
            steps: Vec::new(),
        }
    }

    /// What a step is called here: no two requests of a conversation have the same id unless they must.
    fn name(&self) -> String {
        format!("intermediary/{}, step {}", self.label, self.steps.len() + 1)
    }

    /// The client that is named next.
    fn client(&mut self, w: &mut Words<'a>) -> Result<&mut Client> {
        let Some(cast) = CAST.iter().find(|(name, ..)| w.eat(name)) else {
            return w.expected("a name");
        };
        match self.clients.entry(cast.0) {
            Entry::Occupied(there) => Ok(there.into_mut()),
            Entry::Vacant(absent) => Ok(absent.insert(Client::new(cast)?)),
        }
    }

    /// Registers whom the heading names; a further device with the token of its user's first.
    fn begin(&mut self, w: &mut Words<'a>) -> Result<()> {
        if !w.eat("among") {
            return if w.at_end() {
                Ok(())
            } else {
                w.expected("`among`")
            };
        }
        loop {
            let asker = self.client(w)?.clone();
            let first = self.clients.values().find(|other| {
                other.address.user_id == asker.address.user_id && other.token.is_some()
            });
            let token = first.and_then(|first| first.token.clone());
            let body = Body::Register(asker.registration.clone());
            self.request(None, (&asker, &asker), token, &body, &mut Words(""))?;
            if !w.eat(",") {
                return if w.at_end() {
                    Ok(())
                } else {
                    w.expected("`,`")
                };
            }
        }
    }

    /// Plays a line.
    fn steps(&mut self, mut w: Words<'a>) -> Result<()> {
        loop {
            self.step(&mut w)?;
            if !w.eat(";") {
                return if w.at_end() {
                    Ok(())
                } else {
                    w.expected("`;`")
                };
            }
        }
    }

    fn step(&mut self, w: &mut Words<'a>) -> Result<()> {
        if w.eat("restart") {
            self.steps.push(Step::Restart(Done {}));
        } else if w.eat("at") {
            self.now = START + seconds(w)?;
        } else if w.eat("tick") {
            let now = Timestamp(self.now);
            self.machine.tick(now).map_err(text)?;
            self.steps.push(Step::Tick(StepOf {
                input: TickInput { now },
                expected: Some(Done {}),
                error: None,
            }));
        } else if w.eat("erased") {
            let name = w.json()?;
            let bytes = Hex(self.bytes(w)?);
            if self.machine.save().to_json().contains(&bytes.to_string()) {
                return Err(format!("{name} is not erased"));
            }
            let secrets = vec![Erased { name, bytes }];
            self.steps.push(Step::Erased(ErasedFields { secrets }));
        } else {
            let tag = if w.eat("[") {
                Some(w.until(']')?)
            } else {
                None
            };
            let asker = self.client(w)?;
            if w.eat("has no token") {
                asker.token = None;
            } else if w.eat("has token") {
                let token: [u8; 32] = bytes(w)?.try_into().map_err(|_| "a token has 32 bytes")?;
                asker.token = Some(Token::from(token));
            } else if w.eat("has") {
                let ids: Vec<u64> = (1..=w.number()?).collect();
                w.need("one-time prekeys")?;
                asker.registration.one_time_pre_keys = asker.one_time_pre_keys(&ids)?;
            } else {
                let asker = asker.clone();
                return self.asks(tag, &asker, w);
            }
        }
        Ok(())
    }

    /// Bytes by value, by name, or of a request id.
    fn bytes(&mut self, w: &mut Words<'a>) -> Result<Vec<u8>> {
        if w.eat("opening") {
            let plaintext: String = w.json()?;
            let (mut ben, ryan) = (Actor::new("ben"), Actor::new("ryan"));
            ben.open(&ryan.bundle(Some(1)), "intermediary");
            return Ok(ben.encrypt(ryan.address, plaintext.as_bytes()).bytes);
        }
        if w.eat("[") {
            let id = self
                .ids
                .get(w.until(']')?)
                .ok_or("no request of that name")?;
            return Ok(id.as_str().into());
        }
        if w.0.starts_with(|c: char| c.is_ascii_lowercase()) {
            let value = self.named(w)?;
            return hex::decode(value.as_str().unwrap_or("-"))
                .ok_or_else(|| format!("{value} is no hex"));
        }
        bytes(w)
    }

    /// What stands at a path of a client's: `ben.identityKey`.
    fn named(&mut self, w: &mut Words<'a>) -> Result<Value> {
        let view = self.client(w)?.view()?;
        let path = w.word();
        let value = view.pointer(&path.replace('.', "/")).cloned();
        value.ok_or_else(|| format!("no `{path}` in {view}"))
    }

    /// A message for a device.
    fn message(
        &mut self,
        kind: MessageKind,
        bytes: &[u8],
        w: &mut Words<'a>,
    ) -> Result<SubmittedMessage> {
        let stale = w.eat("stale");
        let to = self.client(w)?;
        let mut registration_id = to.registration.registration_id;
        if stale {
            let other = u32::from(registration_id) ^ 1;
            registration_id = other.max(2).try_into().map_err(text)?;
        }
        Ok(SubmittedMessage {
            device_id: to.address.device_id,
            registration_id,
            kind,
            message: bytes.into(),
        })
    }

    fn submission(&mut self, w: &mut Words<'a>) -> Result<(Client, Body)> {
        let (all, device) = (w.eat("all of"), w.eat("device"));
        let (of, messages, lifetime);
        if all || device {
            of = self.client(w)?.clone();
            let mut list = Vec::new();
            while !w.at_end() && !w.0.starts_with("->") {
                let bytes = self.bytes(w)?;
                w.need("for")?;
                list.push(self.message(if all { PreKey } else { Ratchet }, &bytes, w)?);
                w.eat(",");
            }
            (messages, lifetime) = (list, None);
        } else {
            let bytes = self.bytes(w)?;
            w.need("to")?;
            of = self
                .client(&mut Words(w.0.trim_start_matches("stale ")))?
                .clone();
            let mut message = self.message(Ratchet, &bytes, w)?;
            message.kind = kind(w);
            messages = vec![message];
            lifetime = if w.eat("for") {
                Some(seconds(w)?)
            } else {
                None
            };
        }
        let recipient = if all {
            Recipient::User(of.address.user_id)
        } else {
            Recipient::Device(of.address)
        };
        Ok((
            of,
            Body::Submit(Submission {
                recipient,
                messages,
                lifetime,
            }),
        ))
    }

    /// What is asked, and of whom.
    fn body(&mut self, asker: &Client, w: &mut Words<'a>) -> Result<(Client, Body)> {
        if w.eat("sends") {
            return self.submission(w);
        }
        if w.eat("fetches") {
            let of = self.client(w)?.clone();
            let address = of.address;
            return Ok((of, Body::FetchBundle { address }));
        }
        if w.eat("removes") {
            let of = self.client(w)?.clone();
            let address = of.address;
            return Ok((of, Body::Remove { address }));
        }
        let mut body = if w.eat("registers") {
            Body::Register(asker.registration.clone())
        } else if w.eat("publishes signed prekey") {
            let id = w.number()?;
            let of = if w.eat("for") {
                self.client(w)?.clone()
            } else {
                asker.clone()
            };
            return Ok((of.clone(), of.signed_pre_key(id)?));
        } else if w.eat("publishes one-time prekeys") {
            let one_time_pre_keys = asker.one_time_pre_keys(&w.numbers()?)?;
            Body::PublishOneTimePreKeys {
                address: asker.address,
                one_time_pre_keys,
            }
        } else if w.eat("counts") {
            Body::CountOneTimePreKeys {
                address: asker.address,
            }
        } else if w.eat("reads") {
            let limit = if w.eat("at most") {
                small(w.number()?)?
            } else {
                100
            };
            Body::Read {
                address: asker.address,
                limit,
            }
        } else if w.eat("acknowledges") {
            let ids = w.numbers()?.into_iter().map(EnvelopeId).collect();
            Body::Acknowledge {
                address: asker.address,
                ids,
            }
        } else {
            return w.expected("what is asked");
        };
        if !w.eat("for") {
            return Ok((asker.clone(), body));
        }
        let of = self.client(w)?.clone();
        match &mut body {
            Body::PublishOneTimePreKeys { address, .. }
            | Body::CountOneTimePreKeys { address }
            | Body::Read { address, .. }
            | Body::Acknowledge { address, .. } => *address = of.address,
            _ => return Err("nobody registers for another".to_owned()),
        }
        Ok((of, body))
    }

    fn asks(&mut self, tag: Option<&'a str>, asker: &Client, w: &mut Words<'a>) -> Result<()> {
        let (of, body) = self.body(asker, w)?;
        let token = if w.eat("with the token of") {
            self.client(w)?.token.clone()
        } else if matches!(body, Body::Register(_)) {
            None
        } else {
            asker.token.clone()
        };
        self.request(tag, (asker, &of), token, &body, w)
    }

    fn id(&mut self, tag: Option<&'a str>, body: &Body) -> Result<RequestId> {
        if let Some(id) = tag.and_then(|tag| self.ids.get(tag)) {
            return Ok(id.clone());
        }
        let id = match (tag, body) {
            (Some(tag), _) if tag.starts_with('"') => tag.trim_matches('"').to_owned(),
            (_, Body::Register(_)) => hex::encode(&seed::bytes::<16>(&self.name())),
            _ => format!("request-{}", self.steps.len() + 1),
        };
        let id = RequestId::try_from(id).map_err(text)?;
        self.ids.extend(tag.map(|tag| (tag, id.clone())));
        Ok(id)
    }

    /// Makes the request, once for each answer that is stated, and holds the answer against it.
    fn request(
        &mut self,
        tag: Option<&'a str>,
        (asker, of): (&Client, &Client),
        token: Option<Token>,
        body: &Body,
        w: &mut Words<'a>,
    ) -> Result<()> {
        let repeated = tag.is_some_and(|tag| self.ids.contains_key(tag));
        let times = if w.is_number() {
            Some(small(w.number()?)?)
        } else {
            None
        };
        if times.is_some() {
            w.need("times")?;
        }
        let (id, body_of) = (self.id(tag, body)?, body.clone());
        let mut request = serde_json::to_value(Request {
            id,
            token,
            body: body_of,
        })
        .map_err(text)?;
        while w.eat("but") {
            self.change(&mut request, w)?;
        }
        let drawn = Token::from(seed::bytes(&format!("{}/token", self.name())));
        let former = asker.token.clone().filter(|_| repeated);
        let registered = former.unwrap_or(drawn);
        for expected in self.answers(of, body, registered, w)? {
            let randomness = match &expected {
                // What a refused step is given, and must not draw.
                Err(_) => seed::bytes::<32>(&self.name()).into(),
                Ok(Answer::Registered { token }) if !repeated => token.expose().into(),
                Ok(_) => Hex::default(),
            };
            self.held(&request, times, &expected, randomness)?;
            if let (Ok(Answer::Registered { token }), Some(asker)) =
                (expected, self.clients.get_mut(asker.name))
            {
                asker.token = Some(token);
            }
            request["id"] = self.id(None, body)?.as_str().into();
        }
        Ok(())
    }

    /// Makes a request, or many with ids of their own, and records it.
    fn held(
        &mut self,
        request: &Value,
        times: Option<u32>,
        expected: &Result<Answer, ErrorCode>,
        randomness: Hex,
    ) -> Result<()> {
        let now = Timestamp(self.now);
        for time in 1..=times.unwrap_or(1) {
            let mut request = request.clone();
            if times.is_some() {
                let id = request["id"].as_str().unwrap_or_default();
                request["id"] = format!("{id}-{time}").into();
            }
            let mut script = ScriptedRandomness::new(&randomness);
            let got = Request::from_json(request.to_string().as_bytes())
                .and_then(|request| self.machine.handle(&request, now, &mut script));
            let got = got.map_err(|error| error.code());
            if got != expected.clone().map_err(Some) {
                return Err(format!("{request} is answered {got:?}"));
            }
        }
        let (request, error) = (request.clone(), expected.as_ref().err().copied());
        let expected = expected.as_ref().ok().map(|answer| RequestOutput {
            answer: answer.clone(),
        });
        self.steps.push(match times {
            None => Step::Request(StepOf {
                input: RequestInput {
                    request,
                    now,
                    randomness,
                },
                expected,
                error,
            }),
            Some(times) => Step::Requests(StepOf {
                input: RequestsInput {
                    request,
                    times,
                    now,
                },
                expected,
                error,
            }),
        });
        Ok(())
    }

    /// What is stated behind the arrow.
    fn answers(
        &mut self,
        of: &Client,
        body: &Body,
        token: Token,
        w: &mut Words<'a>,
    ) -> Result<Vec<Result<Answer, ErrorCode>>> {
        let stated = w.eat("->");
        let ids = |ids: Vec<u64>| -> Result<Vec<DeviceId>> {
            let ids = ids.into_iter();
            ids.map(|raw| DeviceId::try_from(small(raw)?).map_err(text))
                .collect()
        };
        let answer = match body {
            Body::Register(_) if !stated => Answer::Registered { token },
            Body::Submit(_) if stated && w.eat("stale-registration") => Answer::StaleRegistration {
                devices: ids(w.numbers()?)?,
            },
            Body::Submit(_) if stated && w.eat("device-mismatch") => {
                let missing = if w.eat("missing") {
                    ids(w.numbers()?)?
                } else {
                    Vec::new()
                };
                let extra = if w.eat("extra") {
                    ids(w.numbers()?)?
                } else {
                    Vec::new()
                };
                Answer::DeviceMismatch { missing, extra }
            }
            Body::CountOneTimePreKeys { .. } if stated && w.is_number() => Answer::OneTimePreKeys {
                left: small(w.number()?)?,
            },
            Body::Read { .. } if stated && (w.is_number() || w.eat("nothing")) => {
                Answer::Envelopes {
                    envelopes: self.envelopes(of, w)?,
                }
            }
            Body::FetchBundle { .. } | Body::CountOneTimePreKeys { .. } | Body::Read { .. }
                if !stated =>
            {
                return w.expected("`->`");
            }
            _ if !stated => Answer::Done,
            _ => {
                if let Some(code) = ErrorCode::ALL.iter().find(|code| w.eat(code.as_str())) {
                    return Ok(vec![Err(*code)]);
                }
                let signed = if w.eat("signed prekey") {
                    Some(w.number()?)
                } else {
                    None
                };
                w.eat(",");
                if w.eat("no prekey") {
                    return Ok(vec![Ok(of.bundle(signed, None)?)]);
                }
                w.need("prekey")?;
                let ids = w.numbers()?.into_iter();
                return ids.map(|id| Ok(Ok(of.bundle(signed, Some(id))?))).collect();
            }
        };
        Ok(vec![Ok(answer)])
    }

    fn envelopes(&mut self, of: &Client, w: &mut Words<'a>) -> Result<Vec<Envelope>> {
        let mut envelopes = Vec::new();
        while w.is_number() {
            let id = EnvelopeId(w.number()?);
            let message = self.bytes(w)?.as_slice().into();
            w.need("from")?;
            let (sender, recipient) = (self.client(w)?.address, of.address);
            let kind = kind(w);
            let expires = if w.eat("until") {
                w.number()?
            } else {
                TWO_DAYS
            };
            let expires = Timestamp(START + expires);
            envelopes.push(Envelope {
                id,
                sender,
                recipient,
                kind,
                message,
                expires,
            });
            w.eat(",");
        }
        Ok(envelopes)
    }

    /// Changes a request as it stands on the wire.
    fn change(&mut self, request: &mut Value, w: &mut Words<'a>) -> Result<()> {
        let path = w.word();
        let pointer = match path.strip_prefix("request.") {
            Some(path) => format!("/{path}"),
            None => format!("/body/{}", path.replace('.', "/")),
        };
        let old = request
            .pointer(&pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let (parent, field) = pointer.rsplit_once('/').unwrap_or_default();
        let parent = request.pointer_mut(parent).and_then(Value::as_object_mut);
        let parent = parent.ok_or_else(|| format!("no object holds `{path}`"))?;
        let new = if w.eat("is missing") {
            parent.shift_remove(field);
            return Ok(());
        } else if w.eat("=") {
            self.value(w)?
        } else if w.eat("in upper case") {
            old.to_uppercase().into()
        } else if w.eat("without its first byte") {
            old.chars().skip(2).collect::<String>().into()
        } else if w.eat("without its last byte") {
            old[..old.len().saturating_sub(2)].into()
        } else if w.eat("followed by") {
            (old + &w.json::<String>()?).into()
        } else {
            w.need("with byte")?;
            let at = usize::try_from(w.number()?).map_err(text)?;
            w.need("flipped")?;
            let mut bytes = hex::decode(&old).ok_or("no hex")?;
            *bytes.get_mut(at).ok_or("no such byte")? ^= 1;
            hex::encode(&bytes).into()
        };
        parent.insert(field.to_owned(), new);
        Ok(())
    }

    /// In JSON, or by name.
    fn value(&mut self, w: &mut Words<'a>) -> Result<Value> {
        let key = |label: &str| key_pair(&format!("intermediary/{label}")).public().encode();
        if w.eat("small_order") {
            Ok(format!("0501{}", "00".repeat(31)).into())
        } else if w.eat("not_reduced") {
            Ok(format!("05ee{}7f", "ff".repeat(30)).into())
        } else if w.eat("other_type") {
            Ok(format!("04{}", hex::encode(&key("other type")[1..])).into())
        } else if w.eat("untyped") {
            Ok(hex::encode(&key("short")[1..]).into())
        } else if w.eat("unsigned") {
            Ok(hex::encode(&key("not signed")).into())
        } else if CAST.iter().any(|(name, ..)| Words(w.0).eat(name)) {
            self.named(w)
        } else {
            w.json()
        }
    }
}

fn seconds(w: &mut Words<'_>) -> Result<u64> {
    let seconds = w.number()?;
    if w.eat("second") {
        Ok(seconds)
    } else {
        w.need("seconds").map(|()| seconds)
    }
}

/// A message's kind: a ratchet message where nothing is said.
fn kind(w: &mut Words<'_>) -> MessageKind {
    if w.eat("as prekey") { PreKey } else { Ratchet }
}

/// Bytes by value.
fn bytes(w: &mut Words<'_>) -> Result<Vec<u8>> {
    if w.eat("<") {
        let label = format!("intermediary/message/{}", w.until('>')?);
        return Ok(seed::vec(&label, 48));
    }
    if w.0.starts_with('"') {
        return w.json().map(String::into_bytes);
    }
    let times = if w.is_number() { w.number()? } else { 1 };
    w.eat("*");
    let Some(bytes) = Words(w.0).word().strip_prefix("0x").and_then(hex::decode) else {
        return w.expected("bytes");
    };
    w.word();
    Ok(bytes.repeat(usize::try_from(times).map_err(text)?))
}
