//! An intermediary that lies, loses and damages by rule, so that a real wallet can be put through what scenarios do to ours.
//!
//! The rules are a file (`docs/serve.md`). Each has its own count of the requests that it is for; which of them it strikes is a matter of
//! that count and the file's seed alone, so the same requests in the same order meet the same faults.

use super::http::json;
use super::journal::{Fate, Journal};
use super::problem::Problem;
use super::worker::Worker;
use crate::error_code::ErrorCode;
use crate::intermediary::request::Body;
use crate::intermediary::{Answer, Digest, IntermediaryError, Request, RequestId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The longest delay, in seconds.
pub const LONGEST_DELAY: u64 = 60;
/// The most rules.
const RULES: usize = 100;
/// The most submissions that are held back at once.
const HELD: usize = 100;

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rules {
    /// What `oneIn` draws from.
    #[serde(default)]
    pub seed: u64,
    /// The rules: of those that strike a request the first one counts. At most 100.
    pub rules: Vec<Rule>,
}

/// What is done to which requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// The type of the request; of every type where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// Which of them by their number, from 1; otherwise all that `oneIn` draws.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<Vec<u64>>,
    /// One in so many, drawn by the seed; all of them where neither stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_in: Option<u64>,
    /// What is done.
    #[serde(rename = "do")]
    pub fault: Fault,
}

/// What is done to a request or its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// It never arrives, and the connection closes without an answer.
    LoseRequest,
    /// It is carried out, and the connection closes without an answer.
    LoseAnswer,
    /// It is carried out, and answered so many seconds later: 1 to 60.
    Delay(u64),
    /// A submission is put into the mailbox twice; any other request is carried out twice, and the second answer counts.
    Repeat,
    /// A submission is answered at once, and put into the mailbox after so many further submissions: 1 to 100.
    HoldBack(u64),
    /// The messages of an answer come in the reverse order.
    Reverse,
    /// One bit of a submitted message, of each message that is read, or of the identity key of a bundle is another.
    Damage,
    /// It is refused with that code, and not carried out.
    Refuse(ErrorCode),
    /// It is answered with that, and not carried out.
    Answer(Value),
}

impl Rules {
    /// Reads the file.
    ///
    /// # Errors
    /// What is wrong with it: no JSON of it, too many rules, a type of request or a number that there is not.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        let rules: Rules = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if rules.rules.len() > RULES {
            return Err(format!("at most {RULES} rules"));
        }
        for (rule, number) in rules.rules.iter().zip(1..) {
            let wrong = |what: &str| Err(format!("rule {number}: {what}"));
            let known = |name: &String| {
                super::binding::ROUTES
                    .iter()
                    .any(|route| route.name == *name)
            };
            if !rule.on.as_ref().is_none_or(known) {
                return wrong("`on` is the type of a request, as `submit`");
            }
            if rule.one_in == Some(0) || rule.nth.iter().flatten().any(|nth| *nth == 0) {
                return wrong("numbers count from 1");
            }
            match rule.fault {
                Fault::Delay(seconds) if !(1..=LONGEST_DELAY).contains(&seconds) => {
                    return wrong("a delay is 1 to 60 seconds");
                }
                Fault::HoldBack(further) if !(1..=HELD as u64).contains(&further) => {
                    return wrong("1 to 100 further submissions");
                }
                _ => {}
            }
        }
        Ok(rules)
    }
}

impl Rule {
    fn is_for(&self, request: &Request) -> bool {
        self.on.as_ref().is_none_or(|on| on == request.body.name())
    }

    /// Whether it strikes the request of that number among those that it is for.
    fn strikes(&self, seed: u64, place: usize, number: u64) -> bool {
        let drawn = |one_in: u64| {
            let drawn = Digest::of(format!("{seed}/{place}/{number}").as_bytes());
            let mut first = [0; 8];
            first.copy_from_slice(&drawn.as_bytes()[..8]);
            u64::from_be_bytes(first) % one_in == 0
        };
        self.nth.as_ref().is_none_or(|nth| nth.contains(&number)) && self.one_in.is_none_or(drawn)
    }
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Struck {
    /// An answer, true or not, as JSON.
    Answer(String),
    /// A refusal.
    Refused(Problem),
    /// The connection closes.
    Silence,
}

/// The rules at work.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Rules,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many requests each rule was for.
    counts: Vec<u64>,
    /// Submissions that wait for so many further ones.
    held: VecDeque<(u64, Request)>,
}

impl Faults {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        let counts = vec![0; rules.rules.len()];
        let state = State {
            counts,
            held: VecDeque::new(),
        };
        Faults {
            rules,
            state: Mutex::new(state),
        }
    }

    /// The first rule that strikes.
    fn striking(&self, request: &Request) -> Option<Fault> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut first = None;
        for (place, rule) in self.rules.rules.iter().enumerate() {
            if !rule.is_for(request) {
                continue;
            }
            state.counts[place] += 1;
            if first.is_none() && rule.strikes(self.rules.seed, place, state.counts[place]) {
                first = Some(rule.fault.clone());
            }
        }
        first
    }

    /// The submissions whose time has come with this one.
    fn due(&self) -> Vec<Request> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for (further, _) in &mut state.held {
            *further -= 1;
        }
        let (due, held) = std::mem::take(&mut state.held)
            .into_iter()
            .partition::<VecDeque<_>, _>(|(further, _)| *further == 0);
        state.held = held;
        due.into_iter().map(|(_, request)| request).collect()
    }

    /// Keeps a submission back; whether there was room.
    fn hold(&self, further: u64, request: Request) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let room = state.held.len() < HELD;
        if room {
            state.held.push_back((further, request));
        }
        room
    }

    /// Asks the machine, or does not, as the rules have it. What happens is written into the journal.
    pub async fn ask(
        &self,
        worker: &Worker,
        request: Request,
        journal: Option<&Journal>,
    ) -> Struck {
        let note = |request: &Request, fate| {
            if let Some(journal) = journal {
                journal.request(request, fate);
            }
        };
        let is_submission = matches!(request.body, Body::Submit(_));
        // Before this one may be held back itself.
        let due = if is_submission {
            self.due()
        } else {
            Vec::new()
        };
        let struck = match self.striking(&request) {
            Some(Fault::HoldBack(further)) if is_submission => {
                note(&request, Some(Fate::HeldBack));
                if self.hold(further, request) {
                    truth(Ok(Answer::Done))
                } else {
                    Struck::Silence
                }
            }
            None | Some(Fault::HoldBack(_)) => {
                note(&request, None);
                truth(worker.ask(request).await)
            }
            Some(Fault::LoseRequest) => {
                note(&request, Some(Fate::Lost));
                Struck::Silence
            }
            Some(Fault::LoseAnswer) => {
                note(&request, None);
                let answer = worker.ask(request.clone()).await;
                if let Some(journal) = journal {
                    journal.answer(&request, &truth(answer), Some(Fate::Lost));
                }
                Struck::Silence
            }
            Some(Fault::Delay(seconds)) => {
                note(&request, Some(Fate::Late));
                let answer = worker.ask(request).await;
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                truth(answer)
            }
            Some(Fault::Repeat) => {
                note(&request, Some(Fate::Repeated));
                let answer = worker.ask(request.clone()).await;
                let again = again(request);
                let second = worker.ask(again).await;
                truth(if is_submission { answer } else { second })
            }
            Some(Fault::Reverse) => {
                note(&request, None);
                let mut answer = worker.ask(request).await;
                if let Ok(Answer::Envelopes { envelopes }) = &mut answer {
                    envelopes.reverse();
                }
                truth(answer)
            }
            Some(Fault::Damage) => {
                let mut request = request;
                if let Body::Submit(submission) = &mut request.body {
                    damage(&mut submission.message.0.0);
                }
                note(&request, Some(Fate::Damaged));
                let mut answer = worker.ask(request).await;
                match &mut answer {
                    Ok(Answer::Envelopes { envelopes }) => {
                        for envelope in envelopes {
                            damage(&mut envelope.message.0.0);
                        }
                    }
                    Ok(Answer::Bundle { bundle }) => damage(&mut bundle.identity_key.0),
                    _ => {}
                }
                truth(answer)
            }
            Some(Fault::Refuse(code)) => {
                note(&request, Some(Fate::Replaced));
                Struck::Refused(Problem::refusal(code, &"by a rule of --faults"))
            }
            Some(Fault::Answer(answer)) => {
                note(&request, Some(Fate::Replaced));
                Struck::Answer(answer.to_string())
            }
        };
        for late in due {
            note(&late, None);
            // Whoever submitted it was answered before.
            let _ = worker.ask(late).await;
        }
        struck
    }
}

/// What the machine says.
#[must_use]
pub fn truth(answer: Result<Answer, IntermediaryError>) -> Struck {
    match answer {
        Ok(answer) => Struck::Answer(json(&answer)),
        Err(error) => Struck::Refused(Problem::from(&error)),
    }
}

/// The same under another request id, so that it is carried out once more.
fn again(request: Request) -> Request {
    let mut id = request.id.as_str().to_owned();
    id.truncate(RequestId::MAX_LENGTH - 1);
    id.push('+');
    match RequestId::try_from(id) {
        Ok(id) => Request { id, ..request },
        Err(_) => request,
    }
}

/// Another bit in the middle.
fn damage(bytes: &mut [u8]) {
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 0x80;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_is_wrong_with_it() {
        let read = |json: &str| Rules::from_json(json.as_bytes());
        for good in [
            r#"{"rules":[]}"#,
            r#"{"seed":7,"rules":[{"on":"submit","nth":[1,3],"do":"loseAnswer"},{"oneIn":2,"do":{"delay":60}},{"do":{"refuse":"mailbox-full"}},{"do":{"answer":{"type":"done"}}},{"do":{"holdBack":1}}]}"#,
        ] {
            read(good).expect("rules");
        }
        for wrong in [
            "",
            "{}",
            r#"{"rules":[{"on":"other","do":"reverse"}]}"#,
            r#"{"rules":[{"oneIn":0,"do":"reverse"}]}"#,
            r#"{"rules":[{"nth":[0],"do":"reverse"}]}"#,
            r#"{"rules":[{"do":{"delay":61}}]}"#,
            r#"{"rules":[{"do":{"delay":0}}]}"#,
            r#"{"rules":[{"do":{"holdBack":101}}]}"#,
            r#"{"rules":[{"do":"other"}]}"#,
            r#"{"rules":[{"do":"reverse","more":1}]}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_rule_strikes_by_number_and_by_seed() {
        let rule = |nth: Option<Vec<u64>>, one_in| Rule {
            on: None,
            nth,
            one_in,
            fault: Fault::Reverse,
        };
        let struck =
            |rule: &Rule, seed| (1..=1_000).filter(|it| rule.strikes(seed, 0, *it)).count();
        assert_eq!(struck(&rule(None, None), 1), 1_000);
        assert_eq!(struck(&rule(Some(vec![2, 5]), None), 1), 2);
        let drawn = rule(None, Some(4));
        assert!((200..300).contains(&struck(&drawn, 1)));
        let which = |seed| {
            (1..=100)
                .filter(|it| drawn.strikes(seed, 0, *it))
                .collect::<Vec<u64>>()
        };
        assert_ne!(which(1), which(2));
        assert_eq!(which(1), which(1));
    }
}
