//! The reference engine beside a server whose clock nobody can move: it tells what hangs on time.

use super::translation::{Expiries, Translation};
use crate::error_code::ErrorCode;
use crate::intermediary::{Answer, Intermediary, MemoryStore, Request};
use crate::suite::SuiteRef;
use crate::timestamp::Timestamp;
use serde_json::{Value, json};

/// So many seconds the server's time may be off, or pass while a case is asked.
pub(super) const MARGIN: u64 = 300;

type Machine = Intermediary<MemoryStore>;
type Said = Result<Answer, Option<ErrorCode>>;

/// Three of the reference engine's intermediaries: one is asked what the case asks, at the case's times; two are asked what the
/// server is asked, and time stands still for them, [`MARGIN`] before and after the server's.
#[derive(Clone, Debug)]
pub(super) struct Beside {
    case: Machine,
    early: (Machine, Timestamp),
    late: (Machine, Timestamp),
}

impl Beside {
    /// They know nobody; the server's time is `now`.
    pub(super) fn new(suite: SuiteRef, now: Timestamp) -> Self {
        let machine = Intermediary::new(suite, MemoryStore::default());
        Beside {
            case: machine.clone(),
            early: (machine.clone(), Timestamp(now.0.saturating_sub(MARGIN))),
            late: (machine, now.after(MARGIN)),
        }
    }

    /// The server's time at the earliest: times that are counted from it are not too far ahead for the server.
    pub(super) fn earliest(&self) -> Timestamp {
        self.early.1
    }

    /// They are asked what the case asks at its time, and the server: when what is read expires, as the case has it and there; none
    /// where what must be answered hangs on the time.
    pub(super) fn ask(
        &mut self,
        asked: &Value,
        now: Timestamp,
        there: &Value,
        translation: &Translation,
    ) -> Option<Expiries> {
        let said = handle(&mut self.case, asked, now);
        let (early, from) = &mut self.early;
        let early = handle(early, there, *from);
        let (late, to) = &mut self.late;
        let late = handle(late, there, *to);
        let expiries = match (&said, &early, &late) {
            (
                Ok(Answer::Envelopes { envelopes }),
                Ok(Answer::Envelopes { envelopes: early }),
                Ok(Answer::Envelopes { envelopes: late }),
            ) if envelopes.len() == early.len() && envelopes.len() == late.len() => {
                let beside = early.iter().zip(late);
                let expiries = envelopes
                    .iter()
                    .zip(beside)
                    .map(|(case, (early, late))| (case.expires.0, early.expires.0, late.expires.0));
                expiries.collect()
            }
            _ => Expiries::new(),
        };
        let is_same = |other: Said| match (&said, other) {
            (Ok(said), Ok(other)) => {
                let back = translation.back(json!(other), &expiries);
                json!(said) == back
            }
            (Err(said), Err(other)) => *said == other,
            _ => false,
        };
        (is_same(early) && is_same(late)).then_some(expiries)
    }
}

fn handle(machine: &mut Machine, request: &Value, now: Timestamp) -> Said {
    let request = Request::from_json(request.to_string().as_bytes());
    let answer = request.and_then(|request| machine.handle(&request, now));
    answer.map_err(|error| error.code())
}
