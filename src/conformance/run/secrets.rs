//! Secrets that no error shows (PRIV-04).

use crate::conformance::leak::holds;
use crate::hex::Hex;
use serde_json::Value;

/// Parameters that no error shows.
const SECRETS: &[&str] = &[
    "chainKey",
    "dh",
    "dh1",
    "dh2",
    "dh3",
    "dh4",
    "identityPrivateKey",
    "messageKey",
    "oneTimePreKeyPrivateKey",
    "ownerPrivateKey",
    "plaintext",
    "privateKey",
    "randomness",
    "rootKey",
    "signedPreKeyPrivateKey",
];

/// So many bytes of a secret, or a shorter one as a whole, are no accident in an error's text.
const TELLING: usize = 32;
const LEAST: usize = 16;

/// The parameter that a text shows.
pub(super) fn secret_in<'a>(params: &'a Value, text: &str) -> Option<&'a str> {
    let fields = params.as_object()?.iter();
    let secrets = fields.filter(|(name, _)| SECRETS.contains(&name.as_str()));
    secrets
        .filter(|(_, value)| {
            let bytes = serde_json::from_value::<Hex>((*value).clone());
            bytes.is_ok_and(|Hex(bytes)| {
                let mut parts = bytes.chunks(TELLING);
                parts.any(|part| {
                    let padding = part.iter().all(|byte| *byte == part[0]);
                    part.len() >= LEAST && !padding && holds(text.as_bytes(), &part.into())
                })
            })
        })
        .map(|(name, _)| name.as_str())
        .next()
}
