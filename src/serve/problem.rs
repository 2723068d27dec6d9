//! Refusals as problem documents (RFC 9457).

use crate::error_code::ErrorCode;
use crate::intermediary::IntermediaryError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The media type of a problem document.
pub const PROBLEM: &str = "application/problem+json";
/// What the type of each refusal begins with: its code follows.
pub const ERRORS: &str = "/errors/";

/// Why a request was not carried out. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// `/errors/` and the code of profile section 11; `about:blank` for what is no matter of the profile.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the status says.
    pub title: String,
    /// The status, again.
    pub status: u16,
    /// What is wrong and how to go on, for people.
    pub detail: String,
}

impl Problem {
    /// A refusal by the profile.
    #[must_use]
    pub fn refusal(code: ErrorCode, detail: &impl ToString) -> Self {
        let (status, title) = status(code);
        Problem {
            kind: format!("{ERRORS}{code}"),
            title: title.to_owned(),
            status,
            detail: detail.to_string(),
        }
    }

    /// Something that the profile knows nothing of.
    #[must_use]
    pub fn other(status: u16, title: &str, detail: &str) -> Self {
        Problem {
            kind: "about:blank".to_owned(),
            title: title.to_owned(),
            status,
            detail: detail.to_owned(),
        }
    }

    /// The code at the end of its type, whoever's server it comes from.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        let last = self.kind.rsplit(['/', ':', '#']).next()?;
        let code = ErrorCode::ALL.iter().find(|code| code.as_str() == last);
        code.copied()
    }
}

impl From<&IntermediaryError> for Problem {
    fn from(error: &IntermediaryError) -> Self {
        match error.code() {
            Some(code) => Problem::refusal(code, error),
            // What failed is for the operator's log.
            None => Problem::other(
                503,
                "Service Unavailable",
                "nothing was changed; try again later",
            ),
        }
    }
}

/// The status of a refusal, and its words.
#[must_use]
pub fn status(code: ErrorCode) -> (u16, &'static str) {
    match code {
        ErrorCode::Unauthorized => (401, "Unauthorized"),
        ErrorCode::Forbidden => (403, "Forbidden"),
        ErrorCode::NotFound => (404, "Not Found"),
        ErrorCode::ConflictingRequest | ErrorCode::StaleRegistration => (409, "Conflict"),
        ErrorCode::TooLarge => (413, "Content Too Large"),
        ErrorCode::InvalidKey | ErrorCode::InvalidSignature | ErrorCode::StaleStatement => {
            (422, "Unprocessable Content")
        }
        // Neither is a failure of the server: the sender comes again later.
        ErrorCode::MailboxFull | ErrorCode::RateLimited => (429, "Too Many Requests"),
        _ => (400, "Bad Request"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_back_from_its_type() {
        for code in ErrorCode::ALL {
            let problem = Problem::refusal(*code, &"");
            assert_eq!(problem.code(), Some(*code));
            assert!((400..500).contains(&problem.status));
            let elsewhere = Problem {
                kind: format!("urn:example:{code}"),
                ..problem
            };
            assert_eq!(elsewhere.code(), Some(*code));
        }
        assert_eq!(Problem::other(404, "Not Found", "").code(), None);
    }
}
