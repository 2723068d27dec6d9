//! The error codes of profile section 11, by which every rejection is told.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)+) => {
        /// A stable error code of the profile (section 11).
        ///
        /// An implementation under test may name its errors otherwise; the code counts only where
        /// strict errors are asked for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
        #[serde(rename_all = "kebab-case")]
        pub enum ErrorCode {
            $($(#[$doc])* $variant,)+
        }

        impl ErrorCode {
            /// Every code, in the profile's order.
            pub const ALL: &[ErrorCode] = &[$(ErrorCode::$variant,)+];

            /// The code as it is written: lower case, with hyphens.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(ErrorCode::$variant => $code,)+
                }
            }
        }
    };
}

error_codes! {
    /// The bytes cannot be read.
    Malformed = "malformed",
    /// The bytes can be read, but are not the one valid encoding.
    NonCanonical = "non-canonical",
    /// A version byte that the suite does not speak.
    UnsupportedVersion = "unsupported-version",
    /// Longer than the profile allows.
    TooLarge = "too-large",
    /// A public key that must not be used.
    InvalidKey = "invalid-key",
    /// A signature that does not verify.
    InvalidSignature = "invalid-signature",
    /// A statement that is too old, or of a time to come.
    StaleStatement = "stale-statement",
    /// An identity key other than the pinned one.
    UntrustedIdentity = "untrusted-identity",
    /// A signed prekey id that the device does not hold.
    UnknownSignedPrekey = "unknown-signed-prekey",
    /// A one-time prekey id that the device does not hold, or no longer.
    UnknownOneTimePrekey = "unknown-one-time-prekey",
    /// No key opens the message.
    DecryptFailed = "decrypt-failed",
    /// The message was read before.
    DuplicateMessage = "duplicate-message",
    /// The message skips more keys than one message may.
    TooManySkipped = "too-many-skipped",
    /// The chain has no counter left.
    CounterExhausted = "counter-exhausted",
    /// There is no session with that device.
    NoSession = "no-session",
    /// A send gave up.
    RetryLimit = "retry-limit",
    /// The request carries no valid token.
    Unauthorized = "unauthorized",
    /// The token does not allow the request.
    Forbidden = "forbidden",
    /// No such user or device.
    NotFound = "not-found",
    /// The devices listed are not the user's.
    DeviceMismatch = "device-mismatch",
    /// The registration id is not the device's current one.
    StaleRegistration = "stale-registration",
    /// The mailbox is full.
    MailboxFull = "mailbox-full",
    /// Too many requests.
    RateLimited = "rate-limited",
    /// An invitation whose time is over, or an offer that its holder did not make.
    InvalidInvitation = "invalid-invitation",
    /// A payload that breaks section 8.
    InvalidPayload = "invalid-payload",
    /// A credential format that the receiver does not support.
    UnsupportedFormat = "unsupported-format",
    /// An offer with a transfer id already known.
    DuplicateTransfer = "duplicate-transfer",
    /// A message for a transfer that nobody knows.
    UnknownTransfer = "unknown-transfer",
    /// A message from an address that is not bound to the transfer.
    NotBound = "not-bound",
    /// A token that was offered before, to somebody who may still have it.
    AlreadyOffered = "already-offered",
    /// A remote event that the state does not allow.
    UnexpectedMessage = "unexpected-message",
    /// A local event that the state does not allow.
    InvalidState = "invalid-state",
    /// A second key signing request with other content.
    ConflictingRequest = "conflicting-request",
    /// An attestation that does not verify.
    AttestationInvalid = "attestation-invalid",
    /// The receiver provisioned after the sender's transfer had ended.
    ProvisionedAfterEnd = "provisioned-after-end",
    /// A transfer ended, and the receiver may have what lets it provision.
    CredentialMayBeOut = "credential-may-be-out",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorCode;

    #[test]
    fn the_profile_lists_exactly_these_codes() {
        let profile = include_str!("../docs/profile.md");
        let start = profile.find("Error codes, stable").expect("section 11");
        let end = profile[start..]
            .find("An implementation under test")
            .expect("its end");
        let listed: Vec<&str> = profile[start..start + end]
            .split('`')
            .skip(1)
            .step_by(2)
            .collect();
        let ours: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(listed, ours);
    }

    #[test]
    fn serde_writes_a_code_as_the_profile_does() {
        for code in ErrorCode::ALL {
            let json = serde_json::to_value(code).expect("a code is a string");
            assert_eq!(json, code.as_str());
        }
    }
}
