//! What carries a request to an intermediary, and its answer back.

use crate::timestamp::Timestamp;
use serde_json::Value;
use std::fmt;

/// What an intermediary answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// An answer, as the profile writes it.
    Answer(Value),
    /// A refusal.
    Refused {
        /// The profile's code, or the server's own.
        code: String,
        /// What it says of it.
        message: String,
    },
}

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireError {
    /// The wire has no place for what stands in the request: an intermediary is never asked that over it.
    Unsendable(String),
    /// The wire has no means for it: a clock that can be moved, a restart.
    Lacking(String),
    /// Nothing came that could be judged.
    Broken(String),
    /// Nothing came in time.
    TimedOut(String),
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WireError::Unsendable(why)
            | WireError::Lacking(why)
            | WireError::Broken(why)
            | WireError::TimedOut(why) => f.write_str(why),
        }
    }
}

/// A connection to an intermediary.
pub trait Wire: Send {
    /// Carries a request, as it stands in profile section 7, right or wrong.
    ///
    /// # Errors
    /// Where no reply comes of it.
    fn ask(&mut self, request: &Value) -> Result<Reply, WireError>;

    /// Carries many requests, whose order does not matter: the replies stand in theirs.
    fn ask_all(&mut self, requests: &[Value]) -> Vec<Result<Reply, WireError>> {
        requests.iter().map(|request| self.ask(request)).collect()
    }

    /// The intermediary's time; where its clock cannot be moved, it may be off by a minute.
    ///
    /// # Errors
    /// Where it does not say.
    fn clock(&mut self) -> Result<Timestamp, WireError>;

    /// Whether its clock can be moved, and stands still otherwise.
    fn has_test_clock(&self) -> bool {
        false
    }

    /// Its clock is moved forward.
    ///
    /// # Errors
    /// [`WireError::Lacking`] where it cannot be.
    fn advance(&mut self, _to: Timestamp) -> Result<(), WireError> {
        Err(WireError::Lacking(
            "the server's clock cannot be moved".to_owned(),
        ))
    }

    /// It is stopped and started again.
    ///
    /// # Errors
    /// [`WireError::Lacking`] where nobody says how.
    fn restart(&mut self) -> Result<(), WireError> {
        Err(WireError::Lacking(
            "nobody says how the server is restarted".to_owned(),
        ))
    }

    /// Another connection to the same intermediary.
    ///
    /// # Errors
    /// Where there is none.
    fn another(&self) -> Result<Box<dyn Wire>, WireError>;
}
