//! Secret bytes: erased when dropped, compared in constant time, never printed.

use super::{Randomness, RandomnessError};
use crate::hex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::hash::{Hash, Hasher};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// `N` secret bytes.
///
/// They are erased when dropped (DR-19), compared in constant time, and never printed (PRIV-04). In a
/// saved state they stand as `{"secret": "…hex…"}`, so that whoever reads it sees what must stay secret.
///
/// They have a place of their own in memory, from their first to their last moment: whatever holds a secret can be moved,
/// by a call, a growing list or a tree that is balanced, and leaves no copy behind that nobody erases.
#[derive(Clone)]
pub struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Zeroize for Secret<N> {
    fn zeroize(&mut self) {
        // A slice is erased at once, an array byte by byte.
        self.0.as_mut_slice().zeroize();
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl<const N: usize> ZeroizeOnDrop for Secret<N> {}

impl<const N: usize> Secret<N> {
    /// Takes the bytes over. The caller erases its own copy, if it has one.
    #[must_use]
    pub fn new(mut bytes: [u8; N]) -> Self {
        let secret = Secret::copy_of(&bytes);
        bytes.as_mut_slice().zeroize();
        secret
    }

    /// A copy of bytes that somebody else erases.
    #[must_use]
    pub fn copy_of(bytes: &[u8; N]) -> Self {
        Secret::filled(|secret| secret.copy_from_slice(bytes))
    }

    /// Draws `N` bytes of randomness.
    pub fn random(randomness: &mut dyn Randomness) -> Result<Self, RandomnessError> {
        let mut drawn = Ok(());
        let secret = Secret::filled(|bytes| drawn = randomness.fill(bytes));
        drawn.map(|()| secret)
    }

    /// Lets `fill` write the bytes in place, so that no other copy is made.
    pub(crate) fn filled(fill: impl FnOnce(&mut [u8; N])) -> Self {
        let mut secret = Secret(Box::new([0; N]));
        fill(&mut secret.0);
        secret
    }

    /// Lets `fill` write other bytes in the place of these.
    pub(crate) fn refill(&mut self, fill: impl FnOnce(&mut [u8; N])) {
        fill(&mut self.0);
    }

    /// The bytes, for a primitive to use.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// The first `A` bytes and the `B` that follow, which are all.
    pub(crate) fn expose_split<const A: usize, const B: usize>(&self) -> (&[u8; A], &[u8; B]) {
        const { assert!(A + B == N) };
        match (self.0.first_chunk(), self.0.last_chunk()) {
            (Some(first), Some(last)) => (first, last),
            _ => unreachable!("A + B is N"),
        }
    }
}

impl<const N: usize> From<[u8; N]> for Secret<N> {
    fn from(bytes: [u8; N]) -> Self {
        Secret::new(bytes)
    }
}

impl<const N: usize> PartialEq for Secret<N> {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl<const N: usize> Eq for Secret<N> {}

/// Over the bytes, so that states with secrets can be told apart; a hash that leaves the process would tell of
/// them.
impl<const N: usize> Hash for Secret<N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// The form of a secret in a saved state.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Marked<T> {
    secret: T,
}

/// Bytes as the text of a marked secret.
struct Text<'a>(&'a [u8]);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serialize(self.0, serializer)
    }
}

impl<const N: usize> Serialize for Secret<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let secret = Text(self.expose());
        Marked { secret }.serialize(serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Secret<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = SecretBytes::deserialize(deserializer)?;
        match bytes.expose().try_into() {
            Ok(bytes) => Ok(Secret::copy_of(bytes)),
            Err(_) => Err(serde::de::Error::custom(format_args!(
                "this secret has {N} bytes"
            ))),
        }
    }
}

/// Secret bytes of any number, with the same manners as [`Secret`].
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// The bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        SecretBytes(bytes)
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl Eq for SecretBytes {}

/// As that of [`Secret`].
impl Hash for SecretBytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl Serialize for SecretBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let secret = Text(self.expose());
        Marked { secret }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SecretBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// Read from the text of a marked secret.
        struct Read(SecretBytes);
        impl<'de> Deserialize<'de> for Read {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                hex::deserialize(deserializer, "a secret", |bytes| {
                    Ok::<_, std::convert::Infallible>(Read(SecretBytes(bytes.to_vec())))
                })
            }
        }
        Marked::<Read>::deserialize(deserializer).map(|marked| marked.secret.0)
    }
}

/// Declares a secret key type of 32 bytes with a meaning of its own.
macro_rules! secret_key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub(crate) $crate::primitives::Secret<32>);

        impl From<[u8; 32]> for $name {
            fn from(bytes: [u8; 32]) -> Self {
                $name($crate::primitives::Secret::new(bytes))
            }
        }

        impl $name {
            /// The 32 bytes, for a primitive or a test vector.
            #[must_use]
            pub fn expose(&self) -> &[u8; 32] {
                self.0.expose()
            }
        }
    };
}
pub(crate) use secret_key;

#[cfg(test)]
mod tests {
    use super::{Secret, SecretBytes};

    #[test]
    fn a_secret_prints_nothing_and_survives_saving() {
        let secret = Secret::new([0xab; 4]);
        assert_eq!(format!("{secret:?}"), "[secret]");
        let saved = serde_json::to_string(&secret).expect("serialises");
        assert_eq!(saved, r#"{"secret":"abababab"}"#);
        let restored: Secret<4> = serde_json::from_str(&saved).expect("restores");
        assert_eq!(restored, secret);
        assert!(serde_json::from_str::<Secret<5>>(&saved).is_err());
    }

    #[test]
    fn secret_bytes_are_saved_like_a_secret() {
        let secret = SecretBytes::from(vec![0xab; 4]);
        assert_eq!(format!("{secret:?}"), "[secret]");
        let saved = serde_json::to_string(&secret).expect("serialises");
        assert_eq!(saved, r#"{"secret":"abababab"}"#);
        let restored: SecretBytes = serde_json::from_str(&saved).expect("restores");
        assert_eq!(restored, secret);
        assert_ne!(restored, SecretBytes::from(vec![0xab; 5]));
    }

    #[test]
    fn secrets_erase_themselves() {
        fn erased_on_drop<T: zeroize::ZeroizeOnDrop>() {}
        erased_on_drop::<Secret<32>>();
        erased_on_drop::<SecretBytes>();
        let mut secret = Secret::new([7; 32]);
        zeroize::Zeroize::zeroize(&mut secret);
        assert_eq!(secret, Secret::new([0; 32]));
    }
}
