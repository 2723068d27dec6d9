//! What computes the primitives.
//!
//! The functions here are those of the standards, bare. What the profile refuses beyond them (KEY-03, KEY-04) is decided
//! above, once for every backend. Which backend that is, a feature decides when the engine is compiled: a call costs no
//! look-up. The others stand beside it, so that a test can hold one against the other.
//!
//! | backend | feature | what it is |
//! | --- | --- | --- |
//! | [`RustCrypto`] | always there, and the default | the crates of dalek and `RustCrypto` |
//! | `AwsLc` | `aws-lc` | AWS-LC, in C and assembly, for those who want speed |
//! | `toy` | `toy` | toys, for fuzzing: beside the chosen one, and switched on by whoever wants them |
//!
//! XEdDSA is of no backend: AWS-LC signs with no given Z (SIG-01), and knows no Montgomery key that signs. Nor is Ed25519:
//! AWS-LC accepts keys of small order, which PAY-12 refuses. Nor is SHA-512, of which a signature takes a
//! hundredth of its time. HMAC is computed by [`Hmac`] whichever is chosen.

#[cfg(feature = "aws-lc")]
mod aws_lc;
mod rust_crypto;
#[cfg(feature = "toy")]
pub mod toy;

#[cfg(feature = "aws-lc")]
pub use aws_lc::AwsLc;
pub use rust_crypto::RustCrypto;

use zeroize::Zeroizing;

#[cfg(not(feature = "aws-lc"))]
type Real = RustCrypto;
#[cfg(feature = "aws-lc")]
type Real = AwsLc;

/// The backend that the engine runs on.
#[cfg(not(feature = "toy"))]
pub type Chosen = Real;
/// The backend that the engine runs on.
#[cfg(feature = "toy")]
pub type Chosen = toy::Switch<Real>;

/// The backend of HMAC, whichever is chosen: what is hashed here is short, and AWS-LC takes half a microsecond to set up
/// a key, longer than sha2 takes for the whole of it.
#[cfg(not(feature = "toy"))]
pub type Hmac = RustCrypto;
/// The backend of HMAC, whichever is chosen.
#[cfg(feature = "toy")]
pub type Hmac = toy::Switch<RustCrypto>;

/// What computes the primitives.
pub trait Backend {
    /// Its name.
    const NAME: &'static str;

    /// A key of HMAC-SHA-256, hashed once for all the messages under it. It erases itself.
    type HmacKey: Clone + Send + Sync;

    /// X25519 (RFC 7748 section 5): any 32 bytes are a u-coordinate, and the scalar is clamped. All zero where u is
    /// that of a point of small order.
    fn x25519(scalar: &[u8; 32], u: &[u8; 32], out: &mut [u8; 32]);

    /// X25519 of the base point.
    fn x25519_base(scalar: &[u8; 32]) -> [u8; 32];

    /// A key of any length (RFC 2104).
    fn hmac_key(key: &[u8]) -> Self::HmacKey;

    /// HMAC-SHA-256 of the concatenated parts (RFC 2104, FIPS 198-1).
    fn hmac_sha256(key: &Self::HmacKey, message: &[&[u8]], out: &mut [u8; 32]);

    /// The same, of the key's last message: a key that is used up saves a copy of it, and the erasing of that.
    fn hmac_sha256_last(key: Self::HmacKey, message: &[&[u8]], out: &mut [u8; 32]) {
        Self::hmac_sha256(&key, message, out);
    }

    /// Encrypts `buffer` in place and returns its tag (NIST SP 800-38D). At most 2^36 - 32 bytes.
    fn aes256_gcm_seal(
        key: &[u8; 32],
        nonce: &[u8; 12],
        associated_data: &[u8],
        buffer: &mut [u8],
    ) -> [u8; 16];

    /// The plaintext; none where the tag does not match.
    fn aes256_gcm_open(
        key: &[u8; 32],
        nonce: &[u8; 12],
        associated_data: &[u8],
        ciphertext: &[u8],
        tag: &[u8; 16],
    ) -> Option<Zeroizing<Vec<u8>>>;

    /// Pads by PKCS#7, encrypts in CBC mode, and appends the ciphertext to `out`.
    fn aes256_cbc_encrypt(key: &[u8; 32], iv: &[u8; 16], plaintext: &[u8], out: &mut Vec<u8>);

    /// The plaintext; none where the ciphertext is no whole number of blocks, or its padding is none.
    fn aes256_cbc_decrypt(
        key: &[u8; 32],
        iv: &[u8; 16],
        ciphertext: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>>;
}
