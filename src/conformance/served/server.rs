//! Somebody's server, asked as a subject: the cases of the harness, in values that nobody else there has.

use super::beside::Beside;
use super::shift::Shift;
use super::translation::{Expiries, Translation};
use super::wire::{Reply, Wire, WireError};
use crate::conformance::operation::intermediary::{
    Create, NUMBER, Request, RequestInput, Requests, RequestsInput, Restore, Save, Tick, TickInput,
};
use crate::conformance::operation::{Done, On, Operation};
use crate::conformance::subject::{
    Description, Failure, Lack, PROTOCOL_VERSION, RandomnessSource, Role, Subject,
};
use crate::suite::{SuiteRef, Tigress1};
use crate::timestamp::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The suite in which a server verifies signatures.
const SUITE: SuiteRef = &Tigress1;

/// A server under test.
///
/// What a case asks at its own times is asked at the server's. Where the server's clock can be moved it is, always forward;
/// where it cannot, time stands still, and what would be answered otherwise then is not asked.
pub struct Server {
    wire: Box<dyn Wire>,
    name: String,
    seed: String,
    /// So many cases were begun.
    cases: u64,
    translation: Translation,
    /// The case has asked something.
    is_begun: bool,
    /// The server's time, as far as it was moved.
    at: Timestamp,
    /// Where its clock cannot be moved.
    beside: Option<Beside>,
    /// The devices of the case that are there, with the tokens of all registrations that may have made them.
    devices: BTreeMap<String, Registered>,
    lack: Option<Lack>,
}

/// A device that is there.
struct Registered {
    address: Value,
    tokens: Vec<String>,
}

impl Server {
    /// The server at the other end of a wire, which is called `name`. What is drawn is drawn from `seed`, and should never be drawn
    /// again on the same server.
    #[must_use]
    pub fn new(wire: Box<dyn Wire>, name: &str, seed: &str) -> Self {
        Server {
            wire,
            name: name.to_owned(),
            seed: seed.to_owned(),
            cases: 0,
            translation: Translation::new(String::new()),
            is_begun: false,
            at: Timestamp(0),
            beside: None,
            devices: BTreeMap::new(),
            lack: None,
        }
    }

    /// A new case: none of its values was ever used.
    fn begin(&mut self) {
        self.clean();
        self.cases += 1;
        self.translation = Translation::new(format!("{}/{}", self.seed, self.cases));
        self.is_begun = false;
    }

    /// What the case has left on the server is removed, as far as the server lets it.
    fn clean(&mut self) {
        let devices = std::mem::take(&mut self.devices);
        for (number, device) in devices.into_values().enumerate() {
            for token in device.tokens.iter().rev() {
                let body = json!({ "type": "remove", "address": device.address });
                let request =
                    json!({ "id": format!("clean-{number}"), "token": token, "body": body });
                match self.wire.ask(&request) {
                    Ok(Reply::Answer(_)) => break,
                    Ok(Reply::Refused { .. }) => {}
                    Err(_) => return,
                }
            }
        }
    }

    /// Time has come to `now` in the case.
    fn time(&mut self, now: Timestamp) -> Result<(), Failure> {
        if !self.is_begun {
            let there = self.wire.clock().map_err(|error| self.failure(error))?;
            self.is_begun = true;
            self.at = there;
            self.beside = None;
            if !self.wire.has_test_clock() {
                let beside = self.beside.insert(Beside::new(SUITE, there));
                self.translation.shift = Shift::between(now, beside.earliest());
                return Ok(());
            }
            self.translation.shift = Shift::between(now, there);
        }
        if self.beside.is_some() {
            return Ok(());
        }
        let there = Timestamp(self.translation.shift.there(now.0));
        if there < self.at {
            let reason = "time goes back in it, and a server's clock goes forward";
            return Err(self.cannot(reason.to_owned()));
        }
        if there > self.at {
            self.wire
                .advance(there)
                .map_err(|error| self.failure(error))?;
            self.at = there;
        }
        Ok(())
    }

    fn lacks(&mut self, reason: &str) -> Failure {
        self.lack = Some(Lack::Means(reason.to_owned()));
        Failure::NotImplemented
    }

    fn cannot(&mut self, reason: String) -> Failure {
        self.lack = Some(Lack::Sight(reason));
        Failure::NotImplemented
    }

    fn failure(&mut self, error: WireError) -> Failure {
        match error {
            WireError::Unsendable(reason) => self.cannot(reason),
            WireError::Lacking(reason) => self.lacks(&reason),
            WireError::Broken(reason) => Failure::Broken(reason),
            WireError::TimedOut(reason) => Failure::TimedOut(reason),
        }
    }

    /// The request as the server gets it, and when what it reads expires.
    fn translate(&mut self, request: &Value, now: Timestamp) -> Result<(Value, Expiries), Failure> {
        let there = self.translation.request(request);
        let Some(beside) = &mut self.beside else {
            return Ok((there, Expiries::new()));
        };
        match beside.ask(request, now, &there, &self.translation) {
            Some(expiries) => Ok((there, expiries)),
            None => Err(self.lacks("it needs a server whose clock can be moved")),
        }
    }

    /// The answer as the case has it.
    fn reply(
        &mut self,
        request: &Value,
        there: &Value,
        reply: Result<Reply, WireError>,
        expiries: &Expiries,
    ) -> Result<Value, Failure> {
        match reply.map_err(|error| self.failure(error))? {
            Reply::Answer(answer) => {
                self.note(request, there);
                let answer = self.translation.back(answer, expiries);
                Ok(json!({ "answer": answer }))
            }
            Reply::Refused { code, message } => Err(Failure::Rejected {
                error: code,
                message: with_secrets_back(message, request, there),
            }),
        }
    }

    /// Which devices are there once a request was carried out.
    fn note(&mut self, request: &Value, there: &Value) {
        let (asked, body) = (&request["body"], &there["body"]);
        let place = body["address"].to_string();
        match body["type"].as_str() {
            Some("register") => {
                let hash = asked["tokenHash"].as_str().unwrap_or_default();
                let names = &self.translation.names;
                let device = self.devices.entry(place).or_insert_with(|| Registered {
                    address: body["address"].clone(),
                    tokens: Vec::new(),
                });
                device.tokens.extend(names.token_of_hash(hash));
            }
            Some("remove") => {
                self.devices.remove(&place);
            }
            _ => {}
        }
    }

    fn request(&mut self, RequestInput { request, now }: RequestInput) -> Result<Value, Failure> {
        self.time(now)?;
        let (there, expiries) = self.translate(&request, now)?;
        let reply = self.wire.ask(&there);
        self.reply(&request, &there, reply, &expiries)
    }

    /// What each of them is answered; where one is answered otherwise than the first, that.
    fn requests(&mut self, input: &RequestsInput) -> Result<Value, Failure> {
        self.time(input.now)?;
        let template = input.request.to_string();
        let mut asked = Vec::new();
        for number in 1..=input.times {
            let numbered = template.replace(NUMBER, &format!("{number:08x}"));
            let request: Value = serde_json::from_str(&numbered)
                .map_err(|error| Failure::Broken(error.to_string()))?;
            let (there, expiries) = self.translate(&request, input.now)?;
            asked.push((request, there, expiries));
        }
        // A message that has its number in it must come in its place.
        let message = &input.request["body"]["message"];
        let in_order = message.as_str().is_some_and(|it| it.contains(NUMBER));
        let there = asked.iter().map(|(_, there, _)| there);
        let replies = if in_order {
            there.map(|there| self.wire.ask(there)).collect()
        } else {
            let there: Vec<Value> = there.cloned().collect();
            self.wire.ask_all(&there)
        };
        let mut first = None;
        for ((request, there, expiries), reply) in asked.iter().zip(replies) {
            let answer = self.reply(request, there, reply, expiries)?;
            if *first.get_or_insert_with(|| answer.clone()) != answer {
                return Ok(answer);
            }
        }
        first.ok_or_else(|| Failure::Broken("no request at all".to_owned()))
    }
}

/// A message that shows what is secret shows it to who asked, too.
fn with_secrets_back(message: String, request: &Value, there: &Value) -> String {
    let places = ["/token", "/body/accessKey"];
    places.iter().fold(message, |message, place| {
        let text = |value: &Value| value.pointer(place)?.as_str().map(str::to_owned);
        match text(request).zip(text(there)) {
            Some((case, there)) if !there.is_empty() => message.replace(&there, &case),
            _ => message,
        }
    })
}

fn input<T: DeserializeOwned>(params: Value) -> Result<T, Failure> {
    let read: Result<On<T>, _> = serde_json::from_value(params);
    read.map(|on| on.input)
        .map_err(|error| Failure::Broken(error.to_string()))
}

impl Subject for Server {
    fn describe(&self) -> Description {
        Description {
            name: self.name.clone(),
            version: String::new(),
            protocol: PROTOCOL_VERSION,
            suites: vec![SUITE.name().to_owned()],
            roles: vec![Role::Intermediary],
            randomness: RandomnessSource::Injected,
        }
    }

    fn reset(&mut self, suite: &str) -> Result<(), Failure> {
        if suite != SUITE.name() {
            return Err(Failure::NotImplemented);
        }
        self.begin();
        Ok(())
    }

    fn foresee(&mut self, _method: &str, params: &Value) {
        if let Some(request) = params.get("request") {
            self.translation.foresee(request);
        }
    }

    fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        self.lack = None;
        if method == Create::METHOD {
            self.is_begun = false;
            Ok(json!(Done {}))
        } else if method == Request::METHOD {
            self.request(input(params)?)
        } else if method == Requests::METHOD {
            self.requests(&input(params)?)
        } else if method == Tick::METHOD {
            let TickInput { now } = input(params)?;
            self.time(now)?;
            Ok(json!(Done {}))
        } else {
            if method == Save::METHOD || method == Restore::METHOD {
                let reason = "what the server keeps cannot be seen";
                self.lack = Some(Lack::Sight(reason.to_owned()));
            }
            Err(Failure::NotImplemented)
        }
    }

    fn restart(&mut self) -> Option<Result<(), Failure>> {
        self.lack = None;
        let mut restarted = self.wire.restart();
        // A clock for tests may have forgotten how far it was.
        if restarted.is_ok() && self.is_begun && self.beside.is_none() {
            restarted = self.wire.advance(self.at);
        }
        Some(restarted.map_err(|error| self.failure(error)))
    }

    fn lack(&self) -> Option<&Lack> {
        self.lack.as_ref()
    }

    fn settle(&mut self) -> Result<(), Failure> {
        self.clean();
        Ok(())
    }
}
