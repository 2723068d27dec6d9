//! Secrets that no error shows, and no standard error (PRIV-04).

use super::leak::any_reading;
use super::seed::Stream;
use crate::hex;
use crate::primitives::Randomness;
use rustc_hash::FxHashSet;
use serde_json::Value;

/// Parameters and results that are secret, wherever they stand in what is asked and answered.
const NAMES: &[&str] = &[
    "authorizationToken",
    "chainKey",
    "dh",
    "dh1",
    "dh2",
    "dh3",
    "dh4",
    "identityPrivateKey",
    "messageKey",
    "nextChainKey",
    "nextRootKey",
    "oneTimePreKeyPrivateKey",
    "ownerPrivateKey",
    "plaintext",
    "privateKey",
    "randomness",
    "rootKey",
    "sharedSecret",
    "signedPreKeyPrivateKey",
    "tokenKey",
];

/// So many bytes of a key in a row are no accident in a text. They are fewer than a key's 32, so that a private key is known
/// again where it was clamped: its first byte and its last one are others then.
const OF_A_KEY: usize = 24;
/// So many bytes of a plaintext: more than a UUID has, which an error may name.
const OF_A_PLAINTEXT: usize = 48;
/// What is shorter than that counts as a whole, where it has so many bytes.
const LEAST: usize = 16;
/// So many bytes of a secret are watched, from its beginning.
const MOST_OF_ONE: usize = 16 * 1024;
/// So many bytes of secrets are watched in all; those that come later are not.
const MOST: usize = 256 * 1024;
/// So many bytes begin a part that is looked for: no more than any part has.
const START: usize = 8;
/// What stands in a text encoded is looked at so many encodings deep: hex in JSON in hex.
const DEPTH: u32 = 2;

/// The secrets of a case: what was handed in, and what was answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Secrets {
    /// Each with its name, and how many bytes of it in a row are telling.
    held: Vec<(&'static str, usize, Vec<u8>)>,
    size: usize,
}

/// What a saved state of the reference engine marks as secret, in hex.
pub(super) fn marked(saved: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    let mut left = vec![saved];
    while let Some(value) = left.pop() {
        found.extend(value.get("secret").and_then(Value::as_str));
        left.extend(value.as_array().into_iter().flatten());
        let fields = value.as_object().into_iter();
        left.extend(fields.flat_map(|fields| fields.values()));
    }
    found
}

impl Secrets {
    /// Watches all secrets that stand in a question or an answer.
    pub(super) fn note(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let known = NAMES.iter().find(|known| *known == name);
                    match (known, value) {
                        (Some(name), Value::String(text)) => {
                            self.add(name, hex::decode(text).unwrap_or_default());
                        }
                        _ => self.note(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.note(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Watches what is drawn first from the stream of a seed.
    pub(super) fn note_stream(&mut self, seed: &str) {
        let mut drawn = vec![0; MOST_OF_ONE];
        // A stream never ends.
        if Stream::new(seed).fill(&mut drawn).is_ok() {
            self.add("seed", drawn);
        }
    }

    /// Watches what a saved state of the reference engine marks as secret: what a subject in its place has as well.
    pub(super) fn note_saved(&mut self, state: &[u8]) {
        let Ok(saved) = serde_json::from_slice::<Value>(state) else {
            return;
        };
        for secret in marked(&saved) {
            self.add(
                "a secret of the state",
                hex::decode(secret).unwrap_or_default(),
            );
        }
    }

    fn add(&mut self, name: &'static str, mut bytes: Vec<u8>) {
        if name == "plaintext" {
            // Padding says nothing (PAY-11): zeros, and 0x80 before them.
            while bytes.pop_if(|byte| *byte == 0).is_some() {}
            bytes.pop_if(|byte| *byte == 0x80);
        }
        bytes.truncate(MOST_OF_ONE);
        let telling = if name == "plaintext" {
            OF_A_PLAINTEXT
        } else {
            OF_A_KEY
        };
        let is_new = || !self.held.iter().any(|(_, _, held)| *held == bytes);
        if bytes.len() >= LEAST && self.size + bytes.len() <= MOST && is_new() {
            self.size += bytes.len();
            self.held.push((name, telling.min(bytes.len()), bytes));
        }
    }

    /// The secret that a text shows: as it is, in hex, in base64, as a list of numbers or behind escapes.
    pub(super) fn shown_in(&self, text: &[u8]) -> Option<&'static str> {
        if text.len() < LEAST || self.held.is_empty() {
            return None;
        }
        let mut shown = None;
        any_reading(text, LEAST, DEPTH, &mut |bytes| {
            // A text is short, and secrets may be long: where a part of one could begin in it, by its first bytes.
            let starts: FxHashSet<&[u8]> = bytes.windows(START).collect();
            let holds = |part: &[u8]| {
                starts.contains(&part[..START])
                    && tells(part)
                    && bytes.windows(part.len()).any(|window| window == part)
            };
            let mut held = self.held.iter();
            let found = held.find(|(_, length, secret)| secret.windows(*length).any(holds));
            shown = found.map(|(name, ..)| *name);
            shown.is_some()
        });
        shown
    }
}

/// Whether a text may show a key: bytes stand in it in hex, in base64, as a list of numbers or behind escapes, as many as are telling,
/// which are no UUID.
pub(super) fn is_suspect(text: &[u8]) -> bool {
    let text = without_uuids(text);
    let own = text.as_ptr();
    any_reading(&text, OF_A_KEY, DEPTH, &mut |bytes| {
        (bytes.as_ptr() != own || std::str::from_utf8(bytes).is_err()) && tells(bytes)
    })
}

/// The text without the UUIDs in it.
fn without_uuids(text: &[u8]) -> Vec<u8> {
    const LENGTH: usize = 36;
    let is_uuid = |part: &[u8]| {
        part.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    };
    let mut rest = text;
    let mut left = Vec::with_capacity(text.len());
    while let Some((byte, behind)) = rest.split_first() {
        match rest.get(..LENGTH) {
            Some(part) if is_uuid(part) => {
                left.push(b' ');
                rest = &rest[LENGTH..];
            }
            _ => {
                left.push(*byte);
                rest = behind;
            }
        }
    }
    left
}

/// Whether bytes are not a few that are repeated, as padding is.
fn tells(part: &[u8]) -> bool {
    let mut different = [false; 256];
    for byte in part {
        different[usize::from(*byte)] = true;
    }
    different.iter().filter(|it| **it).count() > 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::seed;
    use serde_json::json;

    fn watching(value: &Value) -> Secrets {
        let mut secrets = Secrets::default();
        secrets.note(value);
        secrets
    }

    #[test]
    fn a_key_is_seen_wherever_it_was_asked_and_however_it_is_printed() {
        let mut key = seed::bytes::<32>("a key");
        let text = hex::encode(&key);
        let asked = json!({ "signedPreKeys": [{ "id": 1, "privateKey": text }], "peer": "x" });
        let secrets = watching(&asked);
        // As X25519 clamps it.
        key[0] &= 0xf8;
        key[31] = key[31] & 0x7f | 0x40;
        let pairs = |between: &str| {
            let pairs = key.iter().map(|byte| format!("{byte:02x}"));
            pairs.collect::<Vec<_>>().join(between)
        };
        for shown in [
            key.to_vec(),
            format!("key {text}!").into_bytes(),
            text.to_uppercase().into_bytes(),
            format!("<Buffer {}>", pairs(" ")).into_bytes(),
            pairs(":").into_bytes(),
            format!("Uint8Array(32) [\n  {key:?}").into_bytes(),
            data_encoding::BASE64.encode(&key).into_bytes(),
            format!("b'{}'", key.escape_ascii()).into_bytes(),
        ] {
            let said = String::from_utf8_lossy(&shown);
            assert_eq!(secrets.shown_in(&shown), Some("privateKey"), "{said}");
        }
        // A part of a key is no key, nor is another one.
        assert_eq!(secrets.shown_in(&text.as_bytes()[..40]), None);
        let other = hex::encode(&seed::bytes::<32>("another key"));
        assert_eq!(secrets.shown_in(other.as_bytes()), None);
    }

    #[test]
    fn what_a_saved_state_marks_is_seen_and_a_text_that_shows_bytes_is_suspect() {
        let key = hex::encode(&seed::bytes::<32>("a root key"));
        let mut secrets = Secrets::default();
        secrets.note_saved(
            json!({ "sessions": [{ "rootKey": { "secret": key } }] })
                .to_string()
                .as_bytes(),
        );
        assert!(secrets.shown_in(format!("root {key}").as_bytes()).is_some());
        assert!(is_suspect(format!("root {key}").as_bytes()));
        assert!(is_suspect(&seed::bytes::<32>("raw")));
        for harmless in [
            "no transfer 11111111-1111-4111-8111-2123456789ab is known (XFER-03)",
            "the counter 4294967295 of the message is one that no sender can have sent, since a chain ends there",
            "",
        ] {
            assert!(!is_suspect(harmless.as_bytes()), "{harmless}");
        }
    }

    #[test]
    fn what_is_drawn_is_seen_in_any_part() {
        let drawn = seed::bytes::<64>("drawn");
        let secrets = watching(&json!({ "randomness": hex::encode(&drawn) }));
        assert_eq!(secrets.shown_in(&drawn[34..60]), Some("randomness"));
        let mut secrets = Secrets::default();
        secrets.note_stream("of a wallet");
        let mut drawn = [0; 100];
        Stream::new("of a wallet")
            .fill(&mut drawn)
            .expect("it never ends");
        assert_eq!(secrets.shown_in(&drawn[50..82]), Some("seed"));
    }

    #[test]
    fn a_plaintext_is_seen_and_an_id_in_it_may_be_named() {
        let id = "11111111-1111-4111-8111-2123456789ab";
        let text =
            format!("{{\"type\":\"offer\",\"transfer\":\"{id}\",\"token\":\"a hotel key\"}}");
        let secrets = watching(&json!({ "plaintext": hex::encode(text.as_bytes()) }));
        let named = format!("no transfer {id} is known");
        assert_eq!(secrets.shown_in(named.as_bytes()), None);
        let said = format!("cannot read {text}");
        assert_eq!(secrets.shown_in(said.as_bytes()), Some("plaintext"));
        // A short one counts as a whole, padding does not count.
        let secrets = watching(
            &json!({ "plaintext": hex::encode(b"meet me at eight\x80\0\0"), "privateKey": "00".repeat(32) }),
        );
        assert_eq!(
            secrets.shown_in(b"read: meet me at eight."),
            Some("plaintext")
        );
        assert_eq!(secrets.shown_in(b"read: meet me at nine. "), None);
        assert_eq!(secrets.shown_in(&[b'0'; 100]), None);
    }
}
