//! Which rows of the transfer's table, and which refused pairs of a state and an event, the vectors and the
//! scenarios reach (XFER-01).

use super::case::{Case, Cases};
use super::operation::Operation;
use super::operation::transfers::{
    StepTransfers, StepTransfersInput, StepTransfersOutput, TransferEventFields,
};
use super::scenario;
use super::scenario::transcript::{Cause, Line};
use super::vector::Body;
use super::vector::conversation::Action;
use crate::conformance::operation::transfers::CredentialFields;
use crate::transfer::table::{
    EventName, Facts, Flow, Out, Refusal, Row, StateName, TABLE, decide, rows,
};
use crate::transfer::{Content, Payload, Provisioning};
use std::collections::{BTreeMap, BTreeSet};

/// A state, none before a transfer begins, its flow, and an event.
type Pair = (Option<(StateName, Flow)>, EventName);

/// A pair that no row allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The state, none before a transfer begins, and the flow.
    pub from: Option<(StateName, Flow)>,
    /// The event.
    pub event: EventName,
    /// How many vectors reach it.
    pub vectors: usize,
}

/// What was reached.
#[derive(Clone, Debug)]
pub struct Transitions {
    /// By row of the table, in its order: how many vectors and how many scenarios reach it.
    pub rows: Vec<(usize, usize)>,
    /// Every refused pair.
    pub refused: Vec<Refused>,
}

/// What one vector or scenario reaches.
#[derive(Default)]
struct Reached {
    rows: BTreeSet<usize>,
    pairs: BTreeSet<Pair>,
}

impl Transitions {
    /// Counts; the scenarios are run for it.
    #[must_use]
    pub fn of(cases: &Cases) -> Self {
        let mut rows = vec![(0, 0); TABLE.len()];
        let mut pairs: BTreeMap<Pair, usize> = BTreeMap::new();
        for case in cases.iter() {
            let (reached, is_vector) = match case {
                Case::Vector(vector) => match &vector.body {
                    Body::Conversation(conversation) => (of_vector(&conversation.steps), true),
                    Body::Call(_) => continue,
                },
                Case::Scenario(scenario, _) => (
                    of_scenario(
                        &scenario::run(scenario, scenario.suite_or(None), scenario::SEED)
                            .transcript
                            .events,
                    ),
                    false,
                ),
            };
            for row in reached.rows {
                let (vectors, scenarios) = &mut rows[row];
                *(if is_vector { vectors } else { scenarios }) += 1;
            }
            for pair in reached.pairs {
                *pairs.entry(pair).or_default() += 1;
            }
        }
        let refused = refusable()
            .map(|(from, event)| Refused {
                from,
                event,
                vectors: pairs.get(&(from, event)).copied().unwrap_or_default(),
            })
            .collect();
        Transitions { rows, refused }
    }
}

/// Every pair that the table refuses to whom the transfer is with. An offer has an id of its own, and time is
/// never refused.
fn refusable() -> impl Iterator<Item = Pair> {
    let states = StateName::ALL.iter().flat_map(|state| {
        let stateful_only = matches!(
            state,
            StateName::Signed | StateName::Requested | StateName::Failed
        );
        [Flow::Stateful, Flow::Stateless]
            .into_iter()
            .filter(move |flow| *flow == Flow::Stateful || !stateful_only)
            .map(|flow| Some((*state, flow)))
    });
    std::iter::once(None).chain(states).flat_map(|from| {
        EventName::ALL
            .iter()
            .filter(move |event| {
                let decided = decide(from, **event, Facts::default());
                !matches!(event, EventName::Offer | EventName::Tick)
                    && !matches!(decided, Ok(_) | Err(Refusal::Conflicting))
            })
            .map(move |event| (from, *event))
    })
}

fn of_vector(steps: &[Action]) -> Reached {
    let mut reached = Reached::default();
    let mut states: BTreeMap<String, (StateName, Flow)> = BTreeMap::new();
    for action in steps {
        let Action::Call(call) = action else { continue };
        let input = match serde_json::from_value::<StepTransfersInput>(call.params.clone()) {
            Ok(input) if call.method == StepTransfers::METHOD => input,
            _ => continue,
        };
        let Some((name, id, flow)) = about(&input.event) else {
            continue;
        };
        let outcomes = call
            .expected
            .clone()
            .and_then(|expected| serde_json::from_value::<StepTransfersOutput>(expected).ok())
            .map(|output| output.outcomes)
            .unwrap_or_default();
        for outcome in &outcomes {
            let from = states.get(&outcome.transfer).copied();
            let sends = outcome
                .sends
                .as_ref()
                .and_then(|sent| Payload::decode(&sent.plaintext).ok())
                .map(|payload| payload.message_type());
            // What a row sends if something is out, it may as well not send.
            let is_sent = |row: &Row| match row.sends {
                Some(sent) => {
                    sends == Some(sent.what) || sends.is_none() && sent.least > Out::Nothing
                }
                None => sends.is_none(),
            };
            let row =
                rows(from, name).find(|(_, row, step)| step.to == outcome.after && is_sent(row));
            reached.rows.extend(row.map(|(index, ..)| index));
            let flow = from.map(|(_, flow)| flow).or(flow);
            states.extend(flow.map(|flow| (outcome.transfer.clone(), (outcome.after, flow))));
        }
        if let (Some(_), Some(id)) = (call.error, id) {
            reached.pairs.insert((states.get(&id).copied(), name));
        }
    }
    reached
}

/// The event by its name in the table, the transfer that it is about, and the flow that it begins.
fn about(event: &TransferEventFields) -> Option<(EventName, Option<String>, Option<Flow>)> {
    let known = |name, transfer: &String| Some((name, Some(transfer.clone()), None));
    match event {
        TransferEventFields::Offer(offer) => {
            let flow = match offer.credential {
                CredentialFields::CarKey => Flow::Stateful,
                CredentialFields::AuthorizationToken(_) => Flow::Stateless,
            };
            Some((EventName::Offer, None, Some(flow)))
        }
        TransferEventFields::Out(fields) => known(EventName::Out, &fields.transfer),
        TransferEventFields::Accept(fields) => known(EventName::Accept, &fields.transfer),
        TransferEventFields::Decline(fields) => known(EventName::Decline, &fields.transfer),
        TransferEventFields::Cancel(fields) => known(EventName::Cancel, &fields.transfer),
        TransferEventFields::Tick => Some((EventName::Tick, None, None)),
        TransferEventFields::Message(message) => {
            let payload = Payload::decode(&message.plaintext).ok()?;
            let flow = match payload.content {
                Content::ProvisioningInformation {
                    provisioning: Provisioning::AuthorizationToken(_),
                    ..
                } => Some(Flow::Stateless),
                Content::ProvisioningInformation { .. } => Some(Flow::Stateful),
                _ => None,
            };
            let name = EventName::Message(payload.message_type());
            Some((name, Some(payload.transfer.to_string()), flow))
        }
    }
}

fn of_scenario(lines: &[Line]) -> Reached {
    let mut reached = Reached::default();
    for line in lines {
        let Line::State {
            by, before, after, ..
        } = line
        else {
            continue;
        };
        // Where both flows have a row, they have the same one.
        let from = |flow| before.map(|state| (state, flow));
        let reaching = EventName::ALL
            .iter()
            .filter(|event| Cause::of(**event) == *by)
            .flat_map(|event| {
                [Flow::Stateful, Flow::Stateless]
                    .into_iter()
                    .flat_map(move |flow| rows(from(flow), *event))
            })
            .filter(|(_, _, step)| step.to == *after)
            .map(|(index, ..)| index);
        reached.rows.extend(reaching);
    }
    reached
}
