//! The values of a case in a living server: each has one there that nobody else has, and the other way back.

use crate::conformance::seed;
use crate::hex;
use crate::identifier::UserId;
use crate::primitives::{KeyPair, PrivateKey, PublicKey};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::str::FromStr;

/// So many digits of hex have 32 bytes.
const DIGITS: usize = 64;
/// Of a secret that is cut short so many digits at least say which one it was.
const LEAST: usize = 16;

/// A secret of the case, of which the hash is known at least.
#[derive(Clone, Debug)]
struct Known {
    /// The secret itself, once it was seen.
    original: Option<[u8; 32]>,
    /// What the server knows in its place.
    fresh: [u8; 32],
}

/// Which value of the case is which there.
///
/// Users, tokens, access keys and identity keys are drawn anew; all that is made of them follows. What is no value of its kind
/// stays as it is, or stays wrong in the same way: in upper case, a byte short, with one bit flipped.
#[derive(Clone, Debug)]
pub(super) struct Names {
    seed: String,
    users: BTreeMap<UserId, UserId>,
    users_back: BTreeMap<String, String>,
    /// By their hashes in the case.
    secrets: BTreeMap<[u8; 32], Known>,
    identities: BTreeMap<PublicKey, KeyPair>,
    identities_back: BTreeMap<String, String>,
}

impl Names {
    /// Nothing has a name yet. What is drawn is drawn from `seed`.
    pub(super) fn new(seed: String) -> Self {
        Names {
            seed,
            users: BTreeMap::new(),
            users_back: BTreeMap::new(),
            secrets: BTreeMap::new(),
            identities: BTreeMap::new(),
            identities_back: BTreeMap::new(),
        }
    }

    /// `N` bytes of that label.
    pub(super) fn bytes<const N: usize>(&self, label: &str) -> [u8; N] {
        seed::bytes(&format!("{}/{label}", self.seed))
    }

    /// The user there.
    pub(super) fn user(&mut self, user: UserId) -> UserId {
        if let Some(fresh) = self.users.get(&user) {
            return *fresh;
        }
        let mut bytes: [u8; 16] = self.bytes(&format!("user/{user}"));
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let digits = hex::encode(&bytes);
        let (a, b) = digits.split_at(8);
        let text = format!("{a}-{}-{}-{}-{}", &b[..4], &b[4..8], &b[8..12], &b[12..]);
        let fresh = UserId::from_str(&text).unwrap_or(user);
        self.users.insert(user, fresh);
        self.users_back.insert(text, user.to_string());
        fresh
    }

    /// What stands for a user, whatever it is.
    pub(super) fn user_text(&mut self, text: &str) -> String {
        in_form(text, |lower| {
            let user = UserId::from_str(lower).ok()?;
            Some(self.user(user).to_string())
        })
    }

    /// The user of the case that has this name there.
    pub(super) fn user_back(&self, text: &str) -> Option<&str> {
        self.users_back.get(text).map(String::as_str)
    }

    /// The key pair there of an identity key of the case.
    pub(super) fn identity(&mut self, key: &PublicKey) -> KeyPair {
        if let Some(pair) = self.identities.get(key) {
            return pair.clone();
        }
        let case = hex::encode(&key.encode());
        let bytes: [u8; 32] = self.bytes(&format!("identity/{case}"));
        let pair = KeyPair::from(PrivateKey::from(bytes));
        let fresh = hex::encode(&pair.public().encode());
        self.identities_back.insert(fresh, case);
        self.identities.insert(*key, pair.clone());
        pair
    }

    /// What stands for an identity key, whatever it is.
    pub(super) fn identity_text(&mut self, text: &str) -> String {
        in_form(text, |lower| {
            let key = PublicKey::decode(&hex::decode(lower)?).ok()?;
            Some(hex::encode(&self.identity(&key).public().encode()))
        })
    }

    /// The identity key of the case that is this one there.
    pub(super) fn identity_back(&self, text: &str) -> Option<&str> {
        self.identities_back.get(text).map(String::as_str)
    }

    /// What stands for a token or an access key, whatever it is.
    pub(super) fn secret_text(&mut self, text: &str) -> String {
        self.in_digits(text, Names::secret)
    }

    /// What stands for the hash of one.
    pub(super) fn hash_text(&mut self, text: &str) -> String {
        self.in_digits(text, Names::hash)
    }

    /// The token there whose hash is `text` in the case.
    pub(super) fn token_of_hash(&self, text: &str) -> Option<String> {
        let hash = <[u8; 32]>::try_from(hex::decode(text)?).ok()?;
        let known = self.secrets.get(&hash)?;
        Some(hex::encode(&known.fresh))
    }

    fn in_digits(
        &mut self,
        text: &str,
        translate: impl FnOnce(&mut Self, [u8; 32]) -> [u8; 32],
    ) -> String {
        in_form(text, |lower| {
            if lower.len() < DIGITS {
                return self.part_of_secret(lower);
            }
            let (digits, rest) = lower.split_at_checked(DIGITS)?;
            let bytes = <[u8; 32]>::try_from(hex::decode(digits)?).ok()?;
            Some(hex::encode(&translate(self, bytes)) + rest)
        })
    }

    /// The same part of the secret there, where it is the beginning or the end of one.
    fn part_of_secret(&self, part: &str) -> Option<String> {
        if part.len() < LEAST {
            return None;
        }
        self.secrets.iter().find_map(|(hash, known)| {
            let fresh_hash = <[u8; 32]>::from(Sha256::digest(known.fresh));
            let pairs = [
                (known.original.as_ref(), &known.fresh),
                (Some(hash), &fresh_hash),
            ];
            pairs.iter().find_map(|(original, fresh)| {
                let (original, fresh) = (hex::encode(&(*original)?[..]), hex::encode(&fresh[..]));
                let (at_end, length) = (original.ends_with(part), part.len());
                let fresh = if at_end {
                    fresh.get(DIGITS - length..)
                } else {
                    fresh.get(..length)
                };
                (at_end || original.starts_with(part)).then_some(fresh?.to_owned())
            })
        })
    }

    fn secret(&mut self, value: [u8; 32]) -> [u8; 32] {
        // Whoever takes the hash for the secret must be found out there too.
        if let Some(known) = self.secrets.get(&value) {
            return Sha256::digest(known.fresh).into();
        }
        // What nobody draws stays what it is.
        if value.iter().all(|byte| *byte == value[0]) {
            return value;
        }
        let hash = Sha256::digest(value).into();
        if let Some(known) = self.secrets.get_mut(&hash) {
            known.original = Some(value);
            return known.fresh;
        }
        for bit in 0..256 {
            let near = with_bit_flipped(value, bit);
            if let Some(known) = self
                .secrets
                .get_mut(&<[u8; 32]>::from(Sha256::digest(near)))
            {
                known.original = Some(near);
                return with_bit_flipped(known.fresh, bit);
            }
        }
        self.draw(hash, Some(value))
    }

    fn hash(&mut self, value: [u8; 32]) -> [u8; 32] {
        if let Some(known) = self.secrets.get(&value) {
            return Sha256::digest(known.fresh).into();
        }
        let mut known = self.secrets.values();
        if let Some(known) = known.find(|known| known.original == Some(value)) {
            return known.fresh;
        }
        let fresh = self.draw(value, None);
        Sha256::digest(fresh).into()
    }

    fn draw(&mut self, hash: [u8; 32], original: Option<[u8; 32]>) -> [u8; 32] {
        let fresh = self.bytes(&format!("secret/{}", hex::encode(&hash)));
        self.secrets.insert(hash, Known { original, fresh });
        fresh
    }
}

fn with_bit_flipped(mut bytes: [u8; 32], bit: usize) -> [u8; 32] {
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

/// What `translate` makes of a text in lower case: in upper case again, where it was in upper case. What it makes nothing of stays
/// as it is.
fn in_form(text: &str, translate: impl FnOnce(&str) -> Option<String>) -> String {
    let lower = text.to_ascii_lowercase();
    let Some(translated) = translate(&lower) else {
        return text.to_owned();
    };
    if lower == text {
        translated
    } else {
        translated.to_ascii_uppercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha(bytes: &[u8]) -> String {
        hex::encode(&Sha256::digest(bytes))
    }

    #[test]
    fn a_secret_and_its_hash_belong_together_whichever_comes_first() {
        let secret: [u8; 32] = seed::bytes("a token");
        let (text, hash) = (hex::encode(&secret), sha(&secret));
        let mut first = Names::new("a".to_owned());
        let there = first.secret_text(&text);
        let mut then = Names::new("a".to_owned());
        let hash_there = then.hash_text(&hash);
        assert_ne!(there, text);
        assert_eq!(hash_there, sha(&hex::decode(&there).expect("hex")));
        assert_eq!(first.hash_text(&hash), hash_there);
        assert_eq!(then.secret_text(&text), there);
        assert_eq!(then.token_of_hash(&hash), Some(there.clone()));
        // The hash in the secret's place, and the secret in the hash's.
        assert_eq!(then.secret_text(&hash), hash_there);
        assert_eq!(then.hash_text(&text), there);
        assert_ne!(Names::new("b".to_owned()).secret_text(&text), there);
    }

    #[test]
    fn what_is_wrong_stays_wrong_in_the_same_way() {
        let mut names = Names::new("a".to_owned());
        let secret: [u8; 32] = seed::bytes("a token");
        let text = hex::encode(&secret);
        // The flipped one comes before the secret was ever seen.
        names.hash_text(&sha(&secret));
        let flipped = names.secret_text(&hex::encode(&with_bit_flipped(secret, 255)));
        let there = names.secret_text(&text);
        let bytes = <[u8; 32]>::try_from(hex::decode(&there).expect("hex")).expect("32 bytes");
        assert_eq!(flipped, hex::encode(&with_bit_flipped(bytes, 255)));
        assert_eq!(names.secret_text(&text[2..]), there[2..]);
        assert_eq!(names.secret_text(&text[..62]), there[..62]);
        assert_eq!(
            names.secret_text(&format!("{text}00")),
            format!("{there}00")
        );
        let upper = text.to_ascii_uppercase();
        assert_eq!(names.secret_text(&upper), there.to_ascii_uppercase());
        for none in ["", "zz", "07", &"07".repeat(32), &"zz".repeat(32), "é"] {
            assert_eq!(names.secret_text(none), none);
        }
    }

    #[test]
    fn users_and_identity_keys_come_back() {
        let mut names = Names::new("a".to_owned());
        let user = "f81d4fae-7dec-41d0-8765-00a0c91e6bf6";
        let there = names.user_text(user);
        assert_ne!(there, user);
        assert_eq!(UserId::from_str(&there).expect("a user").to_string(), there);
        assert_eq!(names.user_back(&there), Some(user));
        assert_eq!(
            names.user_text(&user.to_ascii_uppercase()),
            there.to_ascii_uppercase()
        );
        assert_eq!(names.user_text("nobody"), "nobody");
        let pair = KeyPair::from(PrivateKey::from(seed::bytes::<32>("a key")));
        let key = hex::encode(&pair.public().encode());
        let there = names.identity_text(&key);
        assert_ne!(there, key);
        assert_eq!(names.identity_back(&there), Some(key.as_str()));
        let small = format!("0501{}", "00".repeat(31));
        assert_eq!(names.identity_text(&small), small);
    }
}
