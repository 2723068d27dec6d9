//! Clients of the intermediary that are no wallets.

use super::{StepFailure, World};
use crate::conformance::clients::{Errand, LIMITS, Ledger, Rule, errand, errands};
use crate::conformance::scenario::transcript::{Answered, Line};
use crate::error_code::ErrorCode;
use crate::intermediary::{Answer, Envelope};
use crate::wallet::Report;
use std::sync::Arc;

/// The clients.
#[derive(Clone, Debug)]
pub(super) struct Clients {
    errands: Vec<Errand>,
    ledger: Ledger,
    /// What they have read.
    read: Vec<Envelope>,
}

impl World<'_> {
    /// Clients are there, and nobody else. The intermediary is held to their bounds.
    pub(in super::super) fn admit_clients(&mut self) -> Result<(), StepFailure> {
        if !self.people.names().is_empty() {
            return Err(StepFailure::script("somebody has a device already"));
        }
        let errands = errands(self.suite);
        self.clients = Some(Clients {
            errands: errands.ok_or_else(|| StepFailure::script("they have no keys"))?,
            ledger: Ledger::default(),
            read: Vec::new(),
        });
        self.intermediary.limit(LIMITS)?;
        Ok(())
    }

    /// A request of a client arrives, and is answered; or the intermediary stops before it answers.
    pub(in super::super) fn ask(&mut self, words: &str, stops: bool) -> Result<(), StepFailure> {
        let Some(clients) = &mut self.clients else {
            return Err(StepFailure::script("there are no such clients"));
        };
        let places = clients.errands.iter().position(|it| it.words == words);
        let place = places.ok_or_else(|| StepFailure::script("nobody asks that"))?;
        let asked = &clients.errands[place];
        let device = errand::NAMES[asked.by].to_owned();
        self.lines.push(Line::Request {
            device: device.clone(),
            fate: None,
            request: Arc::new(asked.request.clone()),
        });
        let (answer, changed, is_one) =
            self.intermediary.handle_watched(&asked.request, self.now)?;
        self.lines.push(Line::Answer {
            device: device.clone(),
            fate: None,
            answer: Arc::new(match &answer {
                Ok(answer) => Answered::Answer(answer.clone()),
                Err(code) => Answered::Refused { code: *code },
            }),
        });
        // It reads as a wallet does: once.
        if let Ok(Answer::Envelopes { envelopes }) = &answer {
            for envelope in envelopes {
                if clients.read.contains(envelope) {
                    let (from, code) = (envelope.sender, ErrorCode::DuplicateMessage);
                    self.lines.push(Line::Report {
                        device: device.clone(),
                        report: Report::Refused { from, code },
                    });
                } else {
                    clients.read.push(envelope.clone());
                }
            }
        }
        let ledger = &mut clients.ledger;
        let broken = ledger.judge(&clients.errands, place, self.now, &answer, changed);
        let broken = broken.or((!is_one).then_some(Rule::Transaction));
        if let Some(rule) = broken {
            let got = match &answer {
                Ok(answer) => format!("{answer:?}"),
                Err(code) => format!("`{code}`"),
            };
            let change = if changed { ", and a change" } else { "" };
            return Err(StepFailure::differs(
                rule.words().0.trim_end_matches('.'),
                format!("{got}{change}"),
            ));
        }
        if stops {
            self.intermediary.restart()
        } else {
            Ok(())
        }
    }
}
