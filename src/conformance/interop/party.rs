//! Who speaks in a conversation.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One of the two devices of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Party {
    /// Who opens the conversation: the initiator.
    Ben,
    /// Whom Ben writes to: the responder.
    Ryan,
}

impl Party {
    /// Both, the initiator first.
    pub const BOTH: [Party; 2] = [Party::Ben, Party::Ryan];

    /// The party that scripts call so.
    #[must_use]
    pub fn called(name: &str) -> Option<Party> {
        Party::BOTH.into_iter().find(|party| party.name() == name)
    }

    /// As scripts call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Party::Ben => "Ben",
            Party::Ryan => "Ryan",
        }
    }

    /// What it is in the matrix.
    #[must_use]
    pub fn role(self) -> &'static str {
        match self {
            Party::Ben => "initiator",
            Party::Ryan => "responder",
        }
    }

    /// The one that it speaks with.
    #[must_use]
    pub fn other(self) -> Party {
        match self {
            Party::Ben => Party::Ryan,
            Party::Ryan => Party::Ben,
        }
    }

    pub(super) fn index(self) -> usize {
        match self {
            Party::Ben => 0,
            Party::Ryan => 1,
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
