//! The transfer as a state machine: the table of profile section 9.
//!
//! [`TABLE`] is that table, row by row, and [`decide`] reads it: which row an event takes, or why none. Whoever
//! carries the event out brings [`Facts`], and what the row's state and message are made of.

use super::MessageType;
use crate::error_code::ErrorCode;
use crate::requirement::{flawed, require, required};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write as _};

macro_rules! states {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// A state by its name in the table: `S:` for the sender's side, `R:` for the receiver's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
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
    /// Whether it is one of the sender's side.
    #[must_use]
    pub fn is_of_sender(self) -> bool {
        self.as_str().starts_with("S:")
    }

    /// Whether no row leads from it to another.
    #[must_use]
    pub fn is_final(self) -> bool {
        !TABLE.iter().any(|row| {
            row.from.iter().any(|from| from.state == self)
                && row.steps.iter().any(|step| step.to != self)
        })
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
    /// What was offered or signed is handed to the network.
    Out,
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
        EventName::Out,
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

    /// Whether a transfer begins with it.
    #[must_use]
    pub fn begins(self) -> bool {
        matches!(self, Offer | Message(M::ProvisioningInformation))
    }
}

/// What of a transfer its sender has handed to the network (XFER-17). What was handed over counts as arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Out {
    /// Nothing.
    #[default]
    Nothing,
    /// The offer, by which the receiver cannot provision yet.
    Offer,
    /// What lets the receiver provision: the offer of a token, or the key import request.
    Credential,
}

/// What rows ask of an event beyond its name. A fact about another event than the one at hand says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is one fact, and has its name wherever it is stated"
)]
pub struct Facts {
    /// The transfer's time has run out (XFER-10).
    pub past_expiry: bool,
    /// The message is from another device than the one that the transfer is with (XFER-06).
    pub stranger: bool,
    /// The key signing request is the one that was signed (XFER-07).
    pub same_request: bool,
    /// The attestation of the key import request holds (XFER-13).
    pub attestation_valid: bool,
    /// The offer's format is supported (PAY-07).
    pub format_supported: bool,
    /// What of the transfer is out (XFER-17).
    pub out: Out,
}

/// What a row asks beyond its state and its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing.
    Always,
    /// The key signing request is the one that was signed: another one is refused (XFER-07).
    SameRequest,
    /// The attestation of the key import request holds (XFER-13).
    AttestationValid,
    /// It does not.
    AttestationInvalid,
    /// The offer's format is supported (PAY-07).
    FormatSupported,
    /// It is not.
    FormatNotSupported,
    /// The transfer's time has run out (XFER-10).
    PastExpiry,
}

impl Guard {
    /// Whether the row is the one for an event of which that is known. Where the request is another one, it is
    /// the row all the same, and refuses.
    fn chooses(self, facts: Facts) -> bool {
        match self {
            Guard::Always | Guard::SameRequest => true,
            Guard::AttestationValid => facts.attestation_valid,
            Guard::AttestationInvalid => !facts.attestation_valid,
            Guard::FormatSupported => facts.format_supported,
            Guard::FormatNotSupported => !facts.format_supported,
            Guard::PastExpiry => facts.past_expiry,
        }
    }

    /// The reason that a decline or cancel of the row gives.
    fn reason(self) -> &'static str {
        match self {
            Guard::AttestationInvalid => "attestation-invalid",
            Guard::FormatNotSupported => {
                flawed!("PAY-07 reason", "unsupported-format", "user")
            }
            _ => "user",
        }
    }
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

/// What a row sends or tells, where so much of the transfer is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfOut<T> {
    /// What.
    pub what: T,
    /// The least that is out.
    pub least: Out,
}

impl<T: Copy> IfOut<T> {
    /// What is sent or told where that is out.
    fn with(self, out: Out) -> Option<T> {
        (out >= self.least).then_some(self.what)
    }

    /// The same as docs/profile.md writes it.
    fn cell(self, what: &str) -> String {
        match self.least {
            Out::Nothing => what.to_owned(),
            Out::Offer => format!("{what}, if the offer is out"),
            Out::Credential => format!("{what}, if the credential is out"),
        }
    }
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
    pub sends: Option<IfOut<MessageType>>,
    /// What the user is told.
    pub reports: Option<IfOut<ErrorCode>>,
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "a cell of the table has something or nothing"
)]
const fn always<T>(what: T) -> Option<IfOut<T>> {
    let least = Out::Nothing;
    Some(IfOut { what, least })
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "a cell of the table has something or nothing"
)]
const fn if_offer<T>(what: T) -> Option<IfOut<T>> {
    let least = Out::Offer;
    Some(IfOut { what, least })
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "a cell of the table has something or nothing"
)]
const fn if_credential<T>(what: T) -> Option<IfOut<T>> {
    let least = Out::Credential;
    Some(IfOut { what, least })
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
        [$($from:expr),*], $($event:expr => $to:ident),+; $guard:ident, $sends:expr, $reports:expr;
    )+) => {
        /// The table of profile section 9.
        pub const TABLE: &[Row] = &[$(Row {
            from: &[$($from),*],
            steps: &[$(Step { event: $event, to: StateName::$to }),+],
            guard: Guard::$guard,
            sends: $sends,
            reports: $reports,
        }),+];
    };
}

use ErrorCode::{AttestationInvalid, CredentialMayBeOut, ProvisionedAfterEnd};
use EventName::{Accept, Cancel, Decline, Message, Offer, Tick};
use MessageType as M;
use StateName::{Invited, OfferCancelled, OfferExpired, Offered, Requested, Signed};

table! {
    [], Offer => Offered; Always, always(M::ProvisioningInformation), None;
    [at(Offered)], EventName::Out => Offered; Always, None, None;
    [stateful(Offered)], Message(M::KeySigningRequest) => Signed; Always, always(M::KeyImportRequest), None;
    [at(Signed)], EventName::Out => Signed; Always, None, None;
    [at(Signed)], Message(M::KeySigningRequest) => Signed; SameRequest, always(M::KeyImportRequest), None;
    [stateless(Offered), at(Signed)], Message(M::Provisioned) => Completed; Always, None, None;
    [at(Offered), at(Signed)], Cancel => OfferCancelled; Always, if_offer(M::Cancel), if_credential(CredentialMayBeOut);
    [at(Offered), at(Signed)], Message(M::Decline) => OfferDeclined, Message(M::Cancel) => OfferCancelled; Always, None, if_credential(CredentialMayBeOut);
    [at(Offered), at(Signed)], Tick => OfferExpired; PastExpiry, None, if_credential(CredentialMayBeOut);
    [at(OfferCancelled)], Message(M::Provisioned) => OfferCancelled; Always, None, always(ProvisionedAfterEnd);
    [at(OfferExpired)], Message(M::Provisioned) => OfferExpired; Always, None, always(ProvisionedAfterEnd);
    [], Message(M::ProvisioningInformation) => Invited; FormatSupported, None, None;
    [], Message(M::ProvisioningInformation) => Declined; FormatNotSupported, always(M::Decline), None;
    [stateless(Invited)], Accept => Provisioned; Always, always(M::Provisioned), None;
    [stateful(Invited)], Accept => Requested; Always, always(M::KeySigningRequest), None;
    [at(Requested)], Message(M::KeyImportRequest) => Provisioned; AttestationValid, always(M::Provisioned), None;
    [at(Requested)], Message(M::KeyImportRequest) => Failed; AttestationInvalid, always(M::Cancel), always(AttestationInvalid);
    [at(Invited)], Decline => Declined; Always, always(M::Decline), None;
    [at(Invited), at(Requested)], Cancel => Cancelled; Always, always(M::Cancel), None;
    [at(Invited), at(Requested)], Message(M::Cancel) => Cancelled; Always, None, None;
    [at(Invited), at(Requested)], Tick => Expired; PastExpiry, None, None;
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
    /// The reason that it gives, where it is a decline or a cancel.
    pub reason: &'static str,
    /// What the user is told.
    pub reports: Option<ErrorCode>,
}

/// Why no row takes an event: the first fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Only an offer begins a transfer (XFER-03).
    Unknown,
    /// An offer begins nothing else (XFER-02).
    Duplicate,
    /// The sender is not bound to the transfer (XFER-06).
    NotBound,
    /// No row has the pair (XFER-01).
    NoRow {
        /// The state, past expiry the one after it.
        state: Option<StateName>,
    },
    /// Another key signing request was signed (XFER-07).
    Conflicting,
}

/// The row that an event takes. From its expiry on a transfer is judged as if a tick had come first (XFER-10).
///
/// # Errors
/// The first fault, in the order of [`Refusal`].
#[allow(
    clippy::match_same_arms,
    reason = "events that differ only where a flaw is on"
)]
pub fn decide(
    from: Option<(StateName, Flow)>,
    event: EventName,
    facts: Facts,
) -> Result<Transition, Refusal> {
    let from = if event.begins() {
        let is_new = flawed!(
            "XFER-02 once ended",
            from.is_none(),
            from.is_none_or(|(state, _)| state.is_final())
        );
        require!("XFER-02", is_new, Refusal::Duplicate);
        None
    } else {
        let (stored, flow) = required!("XFER-03", from, Refusal::Unknown);
        let judged = || find(Some((stored, flow)), Tick, facts).map_or(stored, |tick| tick.to);
        let state = match event {
            Tick => stored,
            Cancel => flawed!("XFER-10 cancelled late", judged(), stored),
            EventName::Out => flawed!("XFER-10 out late", judged(), stored),
            Accept => flawed!("XFER-10 accepted", judged(), stored),
            Message(_) => flawed!("XFER-01", judged(), stored),
            _ => judged(),
        };
        Some((state, flow))
    };
    let found = find(from, event, facts);
    flawed!("XFER-06 order", (), {
        if from.is_some() && found.is_none() {
            let state = from.map(|(state, _)| state);
            return Err(Refusal::NoRow { state });
        }
    });
    let guard = found.map(|found| TABLE[found.row - 1].guard);
    require!("XFER-06", !facts.stranger, Refusal::NotBound);
    let state = from.map(|(state, _)| state);
    let found = required!("XFER-01", found, Refusal::NoRow { state });
    require!(
        "XFER-07",
        guard != Some(Guard::SameRequest) || flawed!("XFER-07 once", facts.same_request, false),
        Refusal::Conflicting
    );
    Ok(found)
}

/// The row whose guard chooses it, if there is one.
fn find(from: Option<(StateName, Flow)>, event: EventName, facts: Facts) -> Option<Transition> {
    rows(from, event)
        .find(|(_, row, _)| row.guard.chooses(facts))
        .map(|(index, row, step)| Transition {
            row: index + 1,
            to: step.to,
            sends: row.sends.and_then(|sends| {
                sends.with(flawed!(
                    "XFER-17 always cancels",
                    facts.out,
                    Out::Credential
                ))
            }),
            reason: row.guard.reason(),
            reports: told(row, facts.out),
        })
}

/// What the user is told by a row, where that is out.
fn told(row: &Row, out: Out) -> Option<ErrorCode> {
    let out = flawed!("XFER-17 tells always", out, Out::Credential);
    let out = flawed!(
        "XFER-17 once offered",
        out,
        match out {
            Out::Offer => Out::Credential,
            out => out,
        }
    );
    let told = row.reports.and_then(|reports| reports.with(out));
    let told = flawed!(
        "XFER-12 not reported",
        told,
        told.filter(|code| *code != ProvisionedAfterEnd)
    );
    flawed!(
        "XFER-17 not told",
        told,
        told.filter(|code| *code != CredentialMayBeOut)
    )
}

/// The rows for a state and an event, whatever their guards: each with its index, and the step that it makes.
pub fn rows(
    from: Option<(StateName, Flow)>,
    event: EventName,
) -> impl Iterator<Item = (usize, &'static Row, &'static Step)> {
    TABLE.iter().enumerate().filter_map(move |(index, row)| {
        let step = row.steps.iter().find(|step| step.event == event)?;
        row.leads_out_of(from).then_some((index, row, step))
    })
}

impl Row {
    fn leads_out_of(&self, from: Option<(StateName, Flow)>) -> bool {
        match from {
            None => self.from.is_empty(),
            Some((state, flow)) => self
                .from
                .iter()
                .any(|from| from.state == state && from.flow.is_none_or(|only| only == flow)),
        }
    }

    /// The cells of the row as docs/profile.md writes them: from, event, to, sends, reports.
    #[must_use]
    pub fn cells(&self) -> [String; 5] {
        let events: Vec<_> = self
            .steps
            .iter()
            .map(|step| step.event.to_string())
            .collect();
        let events = events.join(" / ");
        let to: Vec<_> = self.steps.iter().map(|step| step.to.as_str()).collect();
        let sends = self.sends.map_or("-".to_owned(), |sends| {
            sends.cell(MessageType::as_str(sends.what))
        });
        let (event, sends) = match self.guard {
            Guard::Always => (events, sends),
            Guard::SameRequest => (
                format!("the same {events} again"),
                format!("the same {sends} again"),
            ),
            Guard::AttestationValid => (format!("{events}, attestation valid"), sends),
            Guard::AttestationInvalid => (format!("{events}, attestation invalid"), sends),
            Guard::FormatSupported => (format!("{events}, format supported"), sends),
            Guard::FormatNotSupported => (format!("{events}, format not supported"), sends),
            Guard::PastExpiry => (format!("{events} past expiry"), sends),
        };
        let reports = self.reports.map_or("-".to_owned(), |told| {
            told.cell(&format!("`{}`", told.what))
        });
        [self.states_cell(), event, to.join(" / "), sends, reports]
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
                None => from.state.to_string(),
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
            EventName::Out => "out",
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
        let [_, event, _, sends, _] = row.cells();
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
                    None => "",
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
            .split("| --- | --- | --- | --- | --- |\n")
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

    /// All there can be.
    fn all_facts() -> impl Iterator<Item = Facts> {
        let outs = [Out::Nothing, Out::Offer, Out::Credential];
        outs.into_iter().flat_map(|out| {
            (0..32_u8).map(move |bits| Facts {
                past_expiry: bits & 1 != 0,
                stranger: bits & 2 != 0,
                same_request: bits & 4 != 0,
                attestation_valid: bits & 8 != 0,
                format_supported: bits & 16 != 0,
                out,
            })
        })
    }

    #[test]
    fn every_state_event_and_fact_chooses_one_row_at_most() {
        let mut froms = vec![None];
        for state in StateName::ALL {
            froms.extend([Flow::Stateless, Flow::Stateful].map(|flow| Some((*state, flow))));
        }
        let mut reached = std::collections::BTreeSet::new();
        for from in froms {
            for event in EventName::ALL {
                for facts in all_facts() {
                    let chosen: Vec<_> = rows(from, *event)
                        .filter(|(_, row, _)| row.guard.chooses(facts))
                        .map(|(index, ..)| index + 1)
                        .collect();
                    assert!(
                        chosen.len() <= 1,
                        "{from:?}, {event}, {facts:?}: {chosen:?}"
                    );
                    let decided = decide(from, *event, facts);
                    if let Ok(taken) = decided {
                        assert!(!facts.stranger, "{from:?}, {event}");
                        reached.insert(taken.row);
                    }
                }
            }
        }
        assert_eq!(reached.len(), TABLE.len(), "each row is somebody's outcome");
    }

    #[test]
    fn every_end_but_completion_is_told_where_the_credential_is_out() {
        let ends = TABLE.iter().filter(|row| {
            let moves = |step: &Step| row.from.iter().any(|from| from.state != step.to);
            let ended = |step: &Step| step.to.is_final() && step.to != StateName::Completed;
            row.steps
                .iter()
                .any(|step| step.to.as_str().starts_with("S:") && ended(step) && moves(step))
        });
        let mut count = 0;
        for row in ends {
            assert_eq!(row.reports, if_credential(CredentialMayBeOut), "{row:?}");
            count += 1;
        }
        assert_eq!(count, 3);
    }

    #[test]
    fn what_is_over_is_judged_as_over() {
        let late = Facts {
            past_expiry: true,
            ..Facts::default()
        };
        for state in StateName::ALL {
            for flow in [Flow::Stateless, Flow::Stateful] {
                let after = decide(Some((*state, flow)), Tick, late).map_or(*state, |tick| tick.to);
                for event in EventName::ALL.iter().filter(|event| **event != Tick) {
                    assert_eq!(
                        decide(Some((*state, flow)), *event, late),
                        decide(Some((after, flow)), *event, Facts::default()),
                        "{state}, {event}"
                    );
                }
            }
        }
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
