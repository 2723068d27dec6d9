//! The floor: the primitive calls that nobody who follows the profile can leave out, and nothing else: no message, no
//! allocation, no check, no erasing beyond what the primitives' crates do themselves.
//!
//! What can be computed once and for all is: the HMAC state of HKDF's salt of zeros, and that of a chain key, which two
//! HMACs share.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use curve25519_dalek::MontgomeryPoint;
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::sync::LazyLock;

type HmacSha256 = Hmac<Sha256>;

static ZERO_SALT: LazyLock<HmacSha256> = LazyLock::new(|| keyed(&[0; 32]));

fn keyed(key: &[u8]) -> HmacSha256 {
    KeyInit::new_from_slice(key).expect("of any length")
}

fn finish(mut mac: HmacSha256, message: &[u8]) -> [u8; 32] {
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// `KDF_CK`: two HMACs under one key. Message key, next chain key.
pub(crate) fn chain_step(chain_key: &[u8; 32]) -> ([u8; 32], [u8; 32]) {
    let mac = keyed(chain_key);
    (finish(mac.clone(), &[1]), finish(mac, &[2]))
}

/// HKDF with a salt of 32 zero bytes.
fn expand_under_zeros<const N: usize>(ikm: &[&[u8]], info: &[u8]) -> [u8; N] {
    let mut mac = ZERO_SALT.clone();
    for part in ikm {
        mac.update(part);
    }
    let prk = mac.finalize().into_bytes();
    let mut out = [0; N];
    Hkdf::<Sha256>::from_prk(&prk)
        .expect("of 32 bytes")
        .expand(info, &mut out)
        .expect("a short output");
    out
}

fn cipher(message_key: &[u8; 32]) -> (Aes256Gcm, Nonce<aes_gcm::aead::consts::U12>) {
    let expanded: [u8; 44] = expand_under_zeros(&[message_key], b"TigressSignal/1 MessageKeys");
    let (key, nonce) = expanded.split_at(32);
    let cipher = Aes256Gcm::new_from_slice(key).expect("of 32 bytes");
    let nonce: [u8; 12] = nonce.try_into().expect("of 12 bytes");
    (cipher, nonce.into())
}

/// What is authenticated beside the plaintext: AD and header (DR-07).
const ASSOCIATED_DATA: [u8; 142] = [0; 142];

/// A sending chain and the buffer of its messages.
pub(crate) struct Sender {
    pub(crate) chain_key: [u8; 32],
}

impl Sender {
    /// A symmetric step: two HMACs, one HKDF, one AES-GCM over `buffer`, in place.
    pub(crate) fn seal(&mut self, buffer: &mut [u8]) -> Tag {
        let (message_key, next) = chain_step(&self.chain_key);
        self.chain_key = next;
        let (cipher, nonce) = cipher(&message_key);
        cipher
            .encrypt_inout_detached(&nonce, &ASSOCIATED_DATA, buffer.into())
            .expect("a short message")
    }

    /// The same for the message that the other end has sealed.
    pub(crate) fn open(&mut self, buffer: &mut [u8], tag: &Tag) {
        let (message_key, next) = chain_step(&self.chain_key);
        self.chain_key = next;
        let (cipher, nonce) = cipher(&message_key);
        cipher
            .decrypt_inout_detached(&nonce, &ASSOCIATED_DATA, buffer.into(), tag)
            .expect("an authentic message");
    }
}

/// X25519.
pub(crate) fn x25519(private: &[u8; 32], public: &[u8; 32]) -> [u8; 32] {
    MontgomeryPoint(*public).mul_clamped(*private).to_bytes()
}

/// The public key of a new key pair.
pub(crate) fn generate(private: &[u8; 32]) -> [u8; 32] {
    MontgomeryPoint::mul_base_clamped(*private).to_bytes()
}

/// `KDF_RK`: one HKDF.
pub(crate) fn root_step(root_key: &[u8; 32], dh: &[u8; 32]) -> [u8; 64] {
    let mut out = [0; 64];
    Hkdf::<Sha256>::new(Some(root_key), dh)
        .expand(b"TigressSignal/1 Ratchet", &mut out)
        .expect("a short output");
    out
}

/// A DH ratchet step: two X25519 and two HKDFs. The new key's public half is needed, and computed, with the next message that is sent.
pub(crate) fn dh_step(
    root_key: &[u8; 32],
    own: &[u8; 32],
    their: &[u8; 32],
    fresh: &[u8; 32],
) -> [u8; 64] {
    let receiving = root_step(root_key, &x25519(own, their));
    let root_key = receiving[..32].try_into().expect("of 32 bytes");
    root_step(&root_key, &x25519(fresh, their))
}

/// X3DH on one side: four X25519 and one HKDF; `private` stands for each of its private keys.
pub(crate) fn x3dh(private: &[u8; 32], public: &[u8; 32]) -> [u8; 32] {
    let dh: [[u8; 32]; 4] = std::array::from_fn(|_| x25519(std::hint::black_box(private), public));
    expand_under_zeros(&[&[0xff; 32], dh.as_flattened()], b"TigressSignal/1 X3DH")
}
