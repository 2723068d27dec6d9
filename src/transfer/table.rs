//! The transfer as a state machine: the table of profile section 9.
//!
//! [`TABLE`] is that table, row by row. Every pair of state and event that no row has is refused (XFER-01).

use super::MessageType;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write as _};

macro_rules! states {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// A state by its name in the table: `S:` for the sender's side, `R:` for the receiver's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "conformance", derive(schemars::JsonSchema))]
        pub enum StateName {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)+
        }

        impl StateName {
            /// Every state.
            pub const ALL: &'static [StateName] = &[$(StateName::$variant),+];

            /// The name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(StateName::$variant => $name,)+
                }
            }
        }
    };
}

states! {
    /// The sender has offered.
    Offered = "S:Offered",
    /// The sender has signed the receiver's key.
    Signed = "S:Signed",
    /// The sender knows that the receiver holds the credential.
    Completed = "S:Completed",
    /// The receiver did not want it.
    OfferDeclined = "S:Declined",
    /// Either side ended it, as the sender knows it.
    OfferCancelled = "S:Cancelled",
    /// Its time ran out, as the sender knows it.
    OfferExpired = "S:Expired",
    /// The receiver has been offered a credential.
    Invited = "R:Invited",
    /// The receiver has asked for its key to be signed.
    Requested = "R:Requested",
    /// The receiver holds the credential.
    Provisioned = "R:Provisioned",
    /// The receiver did not want it.
    Declined = "R:Declined",
    /// Either side ended it, as the receiver knows it.
    Cancelled = "R:Cancelled",
    /// Its time ran out, as the receiver knows it.
    Expired = "R:Expired",
    /// The owner's attestation did not hold.
    Failed = "R:Failed",
}

impl StateName {
    /// Whether no row leads out of it.
    #[must_use]
    pub fn is_final(self) -> bool {
        !TABLE
            .iter()
            .any(|row| row.from.iter().any(|from| from.state == self))
    }
}

impl fmt::Display for StateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the receiver can provision with what the offer holds, or needs its key signed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Flow {
    /// It can: an authorization token.
    Stateless,
    /// It needs it: a car key.
    Stateful,
}

/// An event of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventName {
    /// The user offers.
    Offer,
    /// The user accepts.
    Accept,
    /// The user declines.
    Decline,
    /// The user cancels.
    Cancel,
    /// Time passes.
    Tick,
    /// A message of the other side.
    Message(MessageType),
}

impl EventName {
    /// Every event.
    pub const ALL: &'static [EventName] = &[
        EventName::Offer,
        EventName::Accept,
        EventName::Decline,
        EventName::Cancel,
        EventName::Tick,
        EventName::Message(MessageType::ProvisioningInformation),
        EventName::Message(MessageType::KeySigningRequest),
        EventName::Message(MessageType::KeyImportRequest),
        EventName::Message(MessageType::Provisioned),
        EventName::Message(MessageType::Decline),
        EventName::Message(MessageType::Cancel),
    ];
}

/// What a row asks beyond its state and its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing.
    None,
    /// The key signing request is the one that was signed.
    SameRequest,
    /// The attestation of the key import request holds (XFER-13).
    AttestationValid,
    /// It does not.
    AttestationInvalid,
    /// The transfer's time has run out (XFER-10).
    PastExpiry,
}

/// A state that a row leads out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct From {
    /// The state.
    pub state: StateName,
    /// The flow, where the row holds for one of them.
    pub flow: Option<Flow>,
}

/// An event of a row, with the state that it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The event.
    pub event: EventName,
    /// The state after it.
    pub to: StateName,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The states that it leads out of; none for a transfer that begins.
    pub from: &'static [From],
    /// Its events.
    pub steps: &'static [Step],
    /// What it asks beyond them.
    pub guard: Guard,
    /// What is sent.
    pub sends: Option<MessageType>,
}

const fn at(state: StateName) -> From {
    From { state, flow: None }
}

const fn stateless(state: StateName) -> From {
    From {
        state,
        flow: Some(Flow::Stateless),
    }
}

const fn stateful(state: StateName) -> From {
    From {
        state,
        flow: Some(Flow::Stateful),
    }
}

macro_rules! table {
    ($(
        [$($from:expr),*], $($event:expr => $to:ident),+; $guard:ident, $sends:expr;
    )+) => {
        /// The table of profile section 9.
        pub const TABLE: &[Row] = &[$(Row {
            from: &[$($from),*],
            steps: &[$(Step { event: $event, to: StateName::$to }),+],
            guard: Guard::$guard,
            sends: $sends,
        }),+];
    };
}

use EventName::{Accept, Cancel, Decline, Message, Offer, Tick};
use MessageType as M;
use StateName::{Invited, Offered, Requested, Signed};

table! {
    [], Offer => Offered; None, Some(M::ProvisioningInformation);
    [stateful(Offered)], Message(M::KeySigningRequest) => Signed; None, Some(M::KeyImportRequest);
    [at(Signed)], Message(M::KeySigningRequest) => Signed; SameRequest, Some(M::KeyImportRequest);
    [stateless(Offered), at(Signed)], Message(M::Provisioned) => Completed; None, Option::None;
    [at(Offered), at(Signed)], Cancel => OfferCancelled; None, Some(M::Cancel);
    [at(Offered), at(Signed)], Message(M::Decline) => OfferDeclined, Message(M::Cancel) => OfferCancelled; None, Option::None;
    [at(Offered), at(Signed)], Tick => OfferExpired; PastExpiry, Option::None;
    [], Message(M::ProvisioningInformation) => Invited; None, Option::None;
    [stateless(Invited)], Accept => Provisioned; None, Some(M::Provisioned);
    [stateful(Invited)], Accept => Requested; None, Some(M::KeySigningRequest);
    [at(Requested)], Message(M::KeyImportRequest) => Provisioned; AttestationValid, Some(M::Provisioned);
    [at(Requested)], Message(M::KeyImportRequest) => Failed; AttestationInvalid, Some(M::Cancel);
    [at(Invited)], Decline => Declined; None, Some(M::Decline);
    [at(Invited), at(Requested)], Cancel => Cancelled; None, Some(M::Cancel);
    [at(Invited), at(Requested)], Message(M::Cancel) => Cancelled; None, Option::None;
    [at(Invited), at(Requested)], Tick => Expired; PastExpiry, Option::None;
}

/// What the table says of a state and an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The number of its row, from 1.
    pub row: usize,
    /// The state after it.
    pub to: StateName,
    /// What is sent.
    pub sends: Option<MessageType>,
}

/// The one row for that state, flow and event whose guard `holds`, if there is one.
pub fn find(
    from: Option<(StateName, Flow)>,
    event: EventName,
    holds: impl Fn(Guard) -> bool,
) -> Option<Transition> {
    TABLE.iter().zip(1..).find_map(|(row, number)| {
        let step = row.steps.iter().find(|step| step.event == event)?;
        (row.leads_out_of(from) && (row.guard == Guard::None || holds(row.guard))).then_some(
            Transition {
                row: number,
                to: step.to,
                sends: row.sends,
            },
        )
    })
}

/// The index of the row for a state and an event, whatever its guard; where `to` is given, of the one that leads there.
#[must_use]
pub fn row(
    from: Option<(StateName, Flow)>,
    event: EventName,
    to: Option<StateName>,
) -> Option<usize> {
    TABLE.iter().position(|row| {
        row.leads_out_of(from)
            && row
                .steps
                .iter()
                .any(|step| step.event == event && to.is_none_or(|to| step.to == to))
    })
}

impl Row {
    fn leads_out_of(&self, from: Option<(StateName, Flow)>) -> bool {
        match from {
            Option::None => self.from.is_empty(),
            Some((state, flow)) => self
                .from
                .iter()
                .any(|from| from.state == state && from.flow.is_none_or(|only| only == flow)),
        }
    }

    /// The cells of the row as docs/profile.md writes them: from, event, to, sends.
    #[must_use]
    pub fn cells(&self) -> [String; 4] {
        let again = if self.guard == Guard::SameRequest {
            " again"
        } else {
            ""
        };
        let the_same = if self.guard == Guard::SameRequest {
            "the same "
        } else {
            ""
        };
        let events: Vec<_> = self
            .steps
            .iter()
            .map(|step| step.event.to_string())
            .collect();
        let to: Vec<_> = self.steps.iter().map(|step| step.to.as_str()).collect();
        let guard = match self.guard {
            Guard::AttestationValid => ", attestation valid",
            Guard::AttestationInvalid => ", attestation invalid",
            Guard::PastExpiry => " past expiry",
            Guard::None | Guard::SameRequest => "",
        };
        [
            self.states_cell(),
            format!("{the_same}{}{guard}{again}", events.join(" / ")),
            to.join(" / "),
            self.sends.map_or_else(
                || "-".to_owned(),
                |sends| format!("{the_same}{}{again}", sends.as_str()),
            ),
        ]
    }

    fn states_cell(&self) -> String {
        if self.from.is_empty() {
            return "(none)".to_owned();
        }
        let flows = self.from.iter().any(|from| from.flow.is_some());
        let states: Vec<_> = self
            .from
            .iter()
            .map(|from| match from.flow {
                Option::None => from.state.to_string(),
                Some(Flow::Stateless) => format!("{}, stateless", from.state),
                Some(Flow::Stateful) => format!("{}, stateful", from.state),
            })
            .collect();
        states.join(if flows { "; " } else { ", " })
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Offer => "offer",
            Accept => "accept",
            Decline => "decline",
            Cancel => "cancel (local)",
            Tick => "tick",
            Message(M::Cancel) => "cancel (remote)",
            Message(message) => message.as_str(),
        })
    }
}

/// The state diagram of the sender's side (`S:`) or of the receiver's (`R:`), as Mermaid.
#[must_use]
pub fn mermaid(side: &str) -> String {
    let mut out = "stateDiagram-v2\n".to_owned();
    for row in TABLE {
        let [_, event, _, sends] = row.cells();
        for step in row
            .steps
            .iter()
            .filter(|step| step.to.as_str().starts_with(side))
        {
            // Where a row has two events, each arrow bears its own.
            let event = if row.steps.len() == 1 {
                event.clone()
            } else {
                step.event.to_string()
            };
            let sends = if sends == "-" {
                String::new()
            } else {
                format!(" / {sends}")
            };
            let to = &step.to.as_str()[2..];
            if row.from.is_empty() {
                let _ = writeln!(out, "    [*] --> {to} : {event}{sends}");
            }
            for from in row.from {
                let flow = match from.flow {
                    Option::None => "",
                    Some(Flow::Stateless) => " (stateless)",
                    Some(Flow::Stateful) => " (stateful)",
                };
                let from = &from.state.as_str()[2..];
                let _ = writeln!(out, "    {from} --> {to} : {event}{flow}{sends}");
            }
        }
    }
    for state in StateName::ALL {
        if state.as_str().starts_with(side) && state.is_final() {
            let _ = writeln!(out, "    {} --> [*]", &state.as_str()[2..]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_one_of_the_profile() {
        let profile = include_str!("../../docs/profile.md");
        let section = profile.split("## 9.").nth(1).expect("section 9");
        let table = section
            .split("| --- | --- | --- | --- |\n")
            .nth(1)
            .expect("its table");
        let rows: Vec<Vec<&str>> = table
            .lines()
            .map_while(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
            .map(|row| row.split(" | ").collect())
            .collect();
        let ours: Vec<_> = TABLE.iter().map(Row::cells).collect();
        assert_eq!(rows, ours);
    }

    #[test]
    fn every_pair_of_state_and_event_has_one_outcome() {
        let guards = [
            Guard::SameRequest,
            Guard::AttestationValid,
            Guard::AttestationInvalid,
            Guard::PastExpiry,
        ];
        let mut froms = vec![Option::None];
        for state in StateName::ALL {
            froms.extend([Flow::Stateless, Flow::Stateful].map(|flow| Some((*state, flow))));
        }
        let mut reached = std::collections::BTreeSet::new();
        for from in froms {
            for event in EventName::ALL {
                let mut outcomes = std::collections::BTreeSet::new();
                for guard in guards {
                    // How many rows fit: of the two for an attestation one, of all others at most one.
                    let fitting = TABLE.iter().filter(|row| {
                        row.leads_out_of(from)
                            && row.steps.iter().any(|step| step.event == *event)
                            && (row.guard == Guard::None || row.guard == guard)
                    });
                    let count = fitting.count();
                    assert!(count <= 1, "{from:?}, {event}: {count} rows");
                    let found = find(from, *event, |asked| asked == guard);
                    assert_eq!(found.is_some(), count == 1);
                    reached.extend(found.map(|found| found.row));
                    outcomes.extend(found.map(|found| found.to));
                }
                // `row` finds what some guard leads to, and nothing else.
                assert_eq!(
                    row(from, *event, Option::None).is_some(),
                    !outcomes.is_empty()
                );
                for to in StateName::ALL {
                    let leads = row(from, *event, Some(*to)).is_some();
                    assert_eq!(leads, outcomes.contains(to), "{from:?}, {event}, {to}");
                }
            }
        }
        assert_eq!(reached.len(), TABLE.len(), "each row is somebody's outcome");
    }

    #[test]
    fn the_page_shows_the_diagrams_of_the_table() {
        let page = include_str!("../../docs/transfer.md");
        for side in ["S:", "R:"] {
            let diagram = format!("```mermaid\n{}```", mermaid(side));
            assert!(page.contains(&diagram), "docs/transfer.md lacks\n{diagram}");
        }
    }

    #[test]
    fn the_sides_do_not_mix() {
        for row in TABLE {
            for step in row.steps {
                for from in row.from {
                    assert_eq!(from.state.as_str()[..2], step.to.as_str()[..2]);
                }
            }
        }
    }
}
