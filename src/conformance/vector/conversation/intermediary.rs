//! Conversations with an intermediary: its clients are absent, their requests stand in the vector.

use super::{Machine, conversation};
use crate::conformance::operation::{Done, Operation, intermediary};

/// An intermediary.
pub const INTERMEDIARY: Machine = Machine {
    load: intermediary::Create::METHOD,
    save: intermediary::Save::METHOD,
    restore: intermediary::Restore::METHOD,
};

conversation! {
    "IntermediaryConversation", INTERMEDIARY;
    /// The intermediary under test: it knows nobody yet.
    intermediary: Done;
    /// A request is made.
    Request = intermediary::Request: intermediary::RequestInput => intermediary::RequestOutput,
    /// The same request is made many times, under ids of its own.
    Requests = intermediary::Requests: intermediary::RequestsInput => intermediary::RequestOutput,
    /// Time passes.
    Tick = intermediary::Tick: intermediary::TickInput => Done,
}
