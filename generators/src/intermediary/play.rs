//! Plays the steps of a script on an intermediary, and records them.

use super::client::{CAST, Client, START, numbered_hash, public};
use crate::actor::Actor;
use crate::builder::step_of;
use crate::script::{Play, Result, Words};
use serde_json::{Value, json};
use std::collections::btree_map::{BTreeMap, Entry};
use tigress_signal::conformance::operation::Done;
use tigress_signal::conformance::operation::intermediary::{
    NUMBER, RequestInput, RequestOutput, RequestsInput, TickInput,
};
use tigress_signal::conformance::seed;
use tigress_signal::conformance::vector::conversation::intermediary::{Fields, Step};
use tigress_signal::conformance::vector::conversation::{Erased, ErasedFields};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::hex::{self, Hex};
use tigress_signal::intermediary::{Answer, Intermediary, MemoryStore, Request};
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;

/// How long a message is kept where nothing else is asked for.
const TWO_DAYS: u64 = 172_800;

/// How far ahead an access key may expire.
const LONGEST: u64 = 63 * 86_400;

/// A conversation with an intermediary, which is played here and recorded.
pub(super) struct Relay<'a> {
    label: &'a str,
    machine: Intermediary<MemoryStore>,
    clients: BTreeMap<&'static str, Client>,
    /// The request ids that have a name.
    ids: BTreeMap<String, String>,
    now: u64,
    steps: Vec<Step>,
}

/// What a script says of a request.
struct Wanted<'w> {
    tag: Option<&'w str>,
    asker: Client,
    /// Whose bundle, mailbox or prekeys.
    of: Client,
    token: Value,
    body: Value,
}

impl Play for Relay<'_> {
    fn step(&mut self, w: &mut Words<'_>) -> Result<()> {
        if w.eat("restart") {
            self.steps.push(Step::Restart(Done {}));
        } else if w.eat("among") {
            w.list("nobody", |w| {
                let open = w.eat("open");
                let name = self.client(w)?.name;
                match name {
                    "watch" => self.line("watch registers with the token of ryan")?,
                    name => self.line(&format!("{name} registers"))?,
                }
                if open {
                    self.line(&format!("{name} publishes an access key"))?;
                }
                Ok(())
            })?;
        } else if w.eat("each") {
            let numbers = w.numbers()?;
            w.need(":")?;
            let end = w.0.find(';').unwrap_or(w.0.len());
            let (step, rest) = w.0.split_at(end);
            w.0 = rest;
            for number in numbers {
                self.line(step.replace('#', &number.to_string()).trim_end())?;
            }
        } else if w.eat("at") {
            self.now = START + w.seconds()?;
        } else if w.eat("tick") {
            let now = Timestamp(self.now);
            self.machine.tick(now).map_err(|error| error.to_string())?;
            let step = step_of(TickInput { now }, Ok(Done {}));
            self.steps.push(Step::Tick(step));
        } else if w.eat("erased") {
            let (name, bytes) = (w.json()?, Hex(self.bytes(w)?));
            if self.machine.save().to_json().contains(&bytes.to_string()) {
                return Err(format!("{name} is not erased"));
            }
            let secrets = vec![Erased { name, bytes }];
            self.steps.push(Step::Erased(ErasedFields { secrets }));
        } else {
            let tag = w.after("[", |w| w.until(']'))?;
            let asker = self.client(w)?;
            if w.eat("has no token") {
                asker.token = Value::Null;
            } else if w.eat("has token") {
                asker.token = hex::encode(&bytes(w)?).into();
            } else if w.eat("has") {
                asker.registers_with(w.number()?);
                if !w.noun("one-time prekey") {
                    return w.expected("`one-time prekeys`");
                }
            } else {
                let asker = asker.clone();
                let wanted = self.wanted(tag, asker, w)?;
                self.request(&wanted, w)?;
            }
        }
        Ok(())
    }
}

impl<'a> Relay<'a> {
    pub(super) fn new(label: &'a str) -> Self {
        Relay {
            label,
            machine: Intermediary::new(&Tigress1, MemoryStore::default()),
            clients: BTreeMap::new(),
            ids: BTreeMap::new(),
            now: START,
            steps: Vec::new(),
        }
    }

    pub(super) fn recorded(self) -> Fields {
        Fields {
            intermediary: Done {},
            steps: self.steps,
        }
    }

    /// What a step is called here: no two requests of a conversation have the same id unless they must.
    fn name(&self) -> String {
        format!("intermediary/{}, step {}", self.label, self.steps.len() + 1)
    }

    /// The client that is named next.
    fn client(&mut self, w: &mut Words<'_>) -> Result<&mut Client> {
        let Some(role) = CAST.iter().find(|(name, ..)| w.eat(name)) else {
            return w.expected("a name");
        };
        Ok(match self.clients.entry(role.0) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(absent) => absent.insert(Client::new(role)),
        })
    }

    /// Bytes by value, by name, or of a request id.
    fn bytes(&mut self, w: &mut Words<'_>) -> Result<Vec<u8>> {
        if let Some(plaintext) = w.after("opening", Words::json::<String>)? {
            let (mut ben, ryan) = (Actor::new("ben"), Actor::new("ryan"));
            ben.open(&ryan.bundle(Some(1)), "intermediary");
            return Ok(ben.says(&ryan, plaintext.as_bytes()).message.bytes);
        }
        if let Some(tag) = w.after("[", |w| w.until(']'))? {
            let id = self.ids.get(tag).ok_or("no request of that name")?;
            return Ok(id.as_bytes().into());
        }
        if !w.0.starts_with(|c: char| c.is_ascii_lowercase()) {
            return bytes(w);
        }
        let value = self.named(w)?;
        let bytes = value.as_str().and_then(hex::decode);
        bytes.ok_or_else(|| format!("{value} is no hex"))
    }

    /// What stands at a path of a client's: `ben.identityKey`.
    fn named(&mut self, w: &mut Words<'_>) -> Result<Value> {
        let view = self.client(w)?.view();
        let path = w.word();
        let value = view.pointer(&path.replace('.', "/")).cloned();
        value.ok_or_else(|| format!("no `{path}` in {view}"))
    }

    /// A message for one device, with another registration id where it is `stale`.
    fn submission(&mut self, w: &mut Words<'_>) -> Result<(Client, Value)> {
        let bytes = self.bytes(w)?;
        w.need("to")?;
        let stale = w.eat("stale");
        let to = self.client(w)?.clone();
        let id = to.registration["registrationId"]
            .as_u64()
            .unwrap_or_default();
        let kind = if w.eat("as prekey") {
            "prekey"
        } else {
            "ratchet"
        };
        let lifetime = w.after("for", Words::seconds)?;
        let access_key = self.access_key(&to, w)?;
        let mut body = json!({
            "type": "submit",
            "recipient": to.address,
            "accessKey": access_key,
            "registrationId": if stale { (id ^ 1).max(2) } else { id },
            "kind": kind,
            "message": hex::encode(&bytes),
        });
        if let Some(lifetime) = lifetime {
            body["lifetime"] = lifetime.into();
        }
        Ok((to, body))
    }

    /// The access key by which something is asked of a device: its own, or the one that is named.
    fn access_key(&mut self, of: &Client, w: &mut Words<'_>) -> Result<String> {
        let key = if let Some(label) = w.after("by key", Words::json::<String>)? {
            of.access_key(&label)
        } else if w.eat("by the key of") {
            self.client(w)?.access_key("")
        } else {
            of.access_key("")
        };
        Ok(hex::encode(&key))
    }

    /// When a signed prekey was made: where nothing is said, at the beginning.
    fn made(&self, w: &mut Words<'_>) -> Result<u64> {
        let Some(seconds) = w.after("made", Words::seconds)? else {
            return Ok(START);
        };
        if w.eat("ahead") {
            Ok(self.now + seconds)
        } else {
            w.need("ago")?;
            Ok(self.now - seconds)
        }
    }

    /// What is asked, with whose token.
    fn wanted<'w>(
        &mut self,
        tag: Option<&'w str>,
        asker: Client,
        w: &mut Words<'w>,
    ) -> Result<Wanted<'w>> {
        let mut token = asker.token.clone();
        let (of, body) = if w.eat("sends") {
            self.submission(w)?
        } else if w.eat("registers") {
            let of = w.after("with the token of", |w| Ok(self.client(w)?.token.clone()))?;
            token = of.unwrap_or_default();
            let made = self.made(w)?;
            let asker = self.clients.get_mut(asker.name).ok_or("nobody")?;
            asker.made_at(made);
            (asker.clone(), asker.registration.clone())
        } else if w.eat("publishes signed prekey") {
            let id = w.number()?;
            let made = self.made(w)?;
            let of = self.for_whom(&asker, w)?;
            (of.clone(), of.signed_pre_key(id, made))
        } else if w.eat("publishes an access key") {
            let hash = if w.eat("numbered") {
                numbered_hash()
            } else {
                let label = w.0.starts_with('"').then(|| w.json::<String>());
                asker.access_key_hash(&label.transpose()?.unwrap_or_default())
            };
            let expires = w
                .after("until", Words::seconds)?
                .unwrap_or(self.now - START + LONGEST);
            let of = self.for_whom(&asker, w)?;
            let body = json!({
                "type": "publishAccessKey", "address": of.address, "hash": hash, "expires": START + expires,
            });
            (of, body)
        } else if w.eat("withdraws the access key") {
            let label = w.0.starts_with('"').then(|| w.json::<String>());
            let hash = asker.access_key_hash(&label.transpose()?.unwrap_or_default());
            let of = self.for_whom(&asker, w)?;
            let body = json!({"type": "withdrawAccessKey", "address": of.address, "hash": hash});
            (of, body)
        } else if w.eat("fetches") {
            let of = self.client(w)?.clone();
            let mut body = json!({"type": "fetchBundle", "address": of.address});
            if !w.eat("without a key") {
                body["accessKey"] = self.access_key(&of, w)?.into();
            }
            (of, body)
        } else {
            let mut body = if w.eat("removes") {
                json!({"type": "remove", "address": self.client(&mut w.clone())?.address})
            } else if w.noun("publishes one-time prekey") {
                let keys = asker.one_time_pre_keys(w.numbers()?);
                json!({"type": "publishOneTimePreKeys", "address": null, "oneTimePreKeys": keys})
            } else if w.eat("counts") {
                json!({"type": "countOneTimePreKeys", "address": null})
            } else if w.eat("reads") {
                let limit = w.after("at most", Words::number)?.unwrap_or(100);
                json!({"type": "read", "address": null, "limit": limit})
            } else if w.eat("acknowledges") {
                json!({"type": "acknowledge", "address": null, "ids": w.numbers()?})
            } else {
                return w.expected("what is asked");
            };
            let of = match body["address"] {
                Value::Null => self.for_whom(&asker, w)?,
                _ => self.client(w)?.clone(),
            };
            body["address"] = json!(of.address);
            (of, body)
        };
        Ok(Wanted {
            tag,
            asker,
            of,
            token,
            body,
        })
    }

    /// The asker itself, or another one `for` which it asks.
    fn for_whom(&mut self, asker: &Client, w: &mut Words<'_>) -> Result<Client> {
        let other = w.after("for", |w| self.client(w).cloned())?;
        Ok(other.unwrap_or_else(|| asker.clone()))
    }

    fn id(&mut self, tag: Option<&str>, register: bool) -> String {
        let fresh = match tag.and_then(|tag| tag.strip_prefix('"')) {
            Some(id) => id.trim_end_matches('"').to_owned(),
            None if register => hex::encode(&seed::bytes::<16>(&self.name())),
            None => format!("request-{}", self.steps.len() + 1),
        };
        match tag {
            Some(tag) => self.ids.entry(tag.into()).or_insert(fresh).clone(),
            None => fresh,
        }
    }

    /// Makes the request, once for each answer that is stated, and holds the answer against it.
    fn request(&mut self, wanted: &Wanted<'_>, w: &mut Words<'_>) -> Result<()> {
        let register = wanted.body["type"] == "register";
        let times = w.is_number().then(|| w.number()).transpose()?;
        if times.is_some() {
            w.need("times")?;
        }
        let id = self.id(wanted.tag, register);
        let id = if times.is_some() {
            format!("{id}-{NUMBER}")
        } else {
            id
        };
        let mut request = json!({"id": id});
        if !wanted.token.is_null() {
            request["token"] = wanted.token.clone();
        }
        request["body"] = wanted.body.clone();
        while w.eat("but") {
            self.change(&mut request, w)?;
        }
        for expected in self.answers(wanted, w)? {
            if register
                && expected.is_ok()
                && let Some(asker) = self.clients.get_mut(wanted.asker.name)
            {
                asker.token = asker.drawn_token();
            }
            self.record(request.clone(), times, expected)?;
            request["id"] = self.id(None, register).into();
        }
        Ok(())
    }

    /// Makes a request, or many with ids of their own, and records it.
    fn record(
        &mut self,
        request: Value,
        times: Option<u64>,
        expected: Result<Answer, ErrorCode>,
    ) -> Result<()> {
        let now = Timestamp(self.now);
        for time in 1..=times.unwrap_or(1) {
            let request = request.to_string().replace(NUMBER, &format!("{time:08x}"));
            let got = Request::from_json(request.as_bytes())
                .and_then(|request| self.machine.handle(&request, now));
            let got = got.map_err(|error| error.code());
            if got != expected.clone().map_err(Some) {
                return Err(format!("{request} is answered {got:?}"));
            }
        }
        let answer = expected.map(|answer| RequestOutput { answer });
        self.steps.push(if let Some(times) = times {
            let times = u32::try_from(times).map_err(|error| error.to_string())?;
            let input = RequestsInput {
                request,
                times,
                now,
            };
            Step::Requests(step_of(input, answer))
        } else {
            let input = RequestInput { request, now };
            Step::Request(step_of(input, answer))
        });
        Ok(())
    }

    /// What is stated behind the arrow; where there is none, `done`.
    fn answers(
        &mut self,
        wanted: &Wanted<'_>,
        w: &mut Words<'_>,
    ) -> Result<Vec<Result<Answer, ErrorCode>>> {
        let kind = wanted.body["type"].as_str().unwrap_or_default();
        let answers = if !w.eat("->") {
            vec![match kind {
                "fetchBundle" | "countOneTimePreKeys" | "read" => return w.expected("`->`"),
                _ => json!({"type": "done"}),
            }]
        } else if let Some(code) = ErrorCode::ALL.iter().find(|code| w.eat(code.as_str())) {
            return Ok(vec![Err(*code)]);
        } else if kind == "countOneTimePreKeys" {
            vec![json!({"type": "oneTimePreKeys", "left": w.number()?})]
        } else if kind == "read" {
            vec![json!({"type": "envelopes", "envelopes": self.envelopes(&wanted.of, w)?})]
        } else {
            let signed = w.after("signed prekey", Words::number)?;
            w.eat(",");
            if w.eat("no prekey") {
                vec![wanted.of.bundle(signed, None)]
            } else if !w.noun("prekey") {
                return w.expected("an answer");
            } else {
                let ids = w.numbers()?.into_iter();
                ids.map(|id| wanted.of.bundle(signed, Some(id))).collect()
            }
        };
        let typed = |answer| serde_json::from_value(answer).map_err(|error| error.to_string());
        answers
            .into_iter()
            .map(|answer| typed(answer).map(Ok))
            .collect()
    }

    fn envelopes(&mut self, of: &Client, w: &mut Words<'_>) -> Result<Vec<Value>> {
        w.list("nothing", |w| {
            let (id, message) = (w.number()?, self.bytes(w)?);
            w.need("from")?;
            Ok(json!({
                "id": id,
                "sender": self.client(w)?.address,
                "recipient": of.address,
                "kind": if w.eat("as prekey") { "prekey" } else { "ratchet" },
                "message": hex::encode(&message),
                "expires": START + w.after("until", Words::number)?.unwrap_or(TWO_DAYS),
            }))
        })
    }

    /// Changes a request as it stands on the wire.
    fn change(&mut self, request: &mut Value, w: &mut Words<'_>) -> Result<()> {
        let path = w.word();
        let pointer = match path.strip_prefix("request.") {
            Some(field) => format!("/{field}"),
            None => format!("/body/{}", path.replace('.', "/")),
        };
        let old = request.pointer(&pointer).and_then(Value::as_str);
        let old = old.unwrap_or_default().to_owned();
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
        } else if let Some(more) = w.after("followed by", Words::json::<String>)? {
            (old + &more).into()
        } else {
            let mut bytes = hex::decode(&old).ok_or("no hex")?;
            if !w.change(&mut bytes)? {
                return w.expected("what is changed");
            }
            hex::encode(&bytes).into()
        };
        parent.insert(field.to_owned(), new);
        Ok(())
    }

    /// In JSON, or by name.
    fn value(&mut self, w: &mut Words<'_>) -> Result<Value> {
        Ok(if w.eat("small_order") {
            format!("0501{}", "00".repeat(31)).into()
        } else if w.eat("not_reduced") {
            format!("05ee{}7f", "ff".repeat(30)).into()
        } else if w.eat("other_type") {
            format!("04{}", &public("other type")[2..]).into()
        } else if w.eat("untyped") {
            public("short")[2..].into()
        } else if w.eat("unsigned") {
            public("not signed").into()
        } else if CAST.iter().any(|(name, ..)| w.clone().eat(name)) {
            self.named(w)?
        } else {
            w.json()?
        })
    }
}

/// Bytes by value.
fn bytes(w: &mut Words<'_>) -> Result<Vec<u8>> {
    match w.after("<", |w| w.until('>'))? {
        Some(label) => Ok(seed::vec(&format!("intermediary/message/{label}"), 48)),
        None => w.bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Play, Relay};

    #[test]
    fn a_line_that_is_none_or_is_not_so_is_refused() {
        for line_and_why in [
            "bob registers => expected a name, not `bob registers`",
            "ben sings => expected what is asked, not `sings`",
            "ben registers; ben counts => `->` is missing at the end",
            "ben registers ben => expected the end, not `ben`",
            "at noon => expected a number, not `noon`",
            "ben sends 0xf to eve => expected bytes, not `0xf to eve`",
            "ben registers; ben counts -> 3 => is answered Ok(OneTimePreKeys { left: 2 })",
            "ben counts -> 2 => is answered Err(Some(Unauthorized))",
            "ben registers but oneTimePreKeys.9.id = 1 => no object holds `oneTimePreKeys.9.id`",
        ] {
            let (line, why) = line_and_why.split_once(" => ").expect("a line and why");
            let error = Relay::new("a line").line(line).expect_err(line);
            assert!(error.ends_with(why), "{line}: {error}");
        }
    }
}
