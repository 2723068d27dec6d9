//! What a step comes to where it does not succeed.

use wacore_libsignal::protocol::{CurveError, SignalProtocolError};

/// Why there is no result.
#[derive(Debug)]
pub enum Failure {
    /// The parameter of this name is missing or of another form: the harness is at fault.
    BadParameter(&'static str),
    /// The library refuses.
    Refused(SignalProtocolError),
    /// The library says no where it has no error.
    SignatureInvalid,
}

/// The result of a step, or why there is none.
pub type Outcome<T> = Result<T, Failure>;

impl From<SignalProtocolError> for Failure {
    fn from(error: SignalProtocolError) -> Self {
        Self::Refused(error)
    }
}

impl From<CurveError> for Failure {
    fn from(error: CurveError) -> Self {
        Self::Refused(error.into())
    }
}

/// The name of an error's variant, with which what it prints for debugging begins.
pub fn name(error: &SignalProtocolError) -> String {
    let shown = format!("{error:?}");
    shown.chars().take_while(char::is_ascii_alphanumeric).collect()
}
