//! The floor of `signal-v3`: as that of `tigress-1`, the primitive calls that nobody who follows profile section 12 can leave out.

use aes::{Aes256Dec, Aes256Enc};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use curve25519_dalek::MontgomeryPoint;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::sync::LazyLock;

type HmacSha256 = Hmac<Sha256>;

static ZERO_SALT: LazyLock<HmacSha256> = LazyLock::new(|| keyed(&[0; 32]));

/// What is under the MAC beside the ciphertext: two identity keys, the version byte, the header's fields (V3-10).
const AUTHENTICATED: [u8; 109] = [0; 109];

/// A block of AES.
const BLOCK: usize = 16;

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

/// The next chain key alone, where the message key is not kept: one HMAC.
pub(crate) fn chain_pass(chain_key: &[u8; 32]) -> [u8; 32] {
    finish(keyed(chain_key), &[2])
}

/// From a message key: AES key, MAC key and IV (V3-09).
fn expanded(message_key: &[u8; 32]) -> [u8; 80] {
    let prk = finish(ZERO_SALT.clone(), message_key);
    let mut out = [0; 80];
    Hkdf::<Sha256>::from_prk(&prk)
        .expect("of 32 bytes")
        .expand(b"WhisperMessageKeys", &mut out)
        .expect("a short output");
    out
}

/// A chain: what it has sealed, or has yet to open.
pub(crate) struct Chain {
    pub(crate) chain_key: [u8; 32],
}

impl Chain {
    fn step(&mut self) -> [u8; 80] {
        let (message_key, next) = chain_step(&self.chain_key);
        self.chain_key = next;
        expanded(&message_key)
    }

    fn mac(keys: &[u8; 80], ciphertext: &[u8]) -> [u8; 8] {
        let mut mac = keyed(&keys[32..64]);
        mac.update(&AUTHENTICATED);
        let whole = finish(mac, ciphertext);
        whole[..8].try_into().expect("of 32 bytes")
    }

    /// A symmetric step: two HMACs, one HKDF, AES-CBC over what lies in `buffer` before room for a block of padding, one HMAC.
    pub(crate) fn seal(&mut self, buffer: &mut [u8]) -> [u8; 8] {
        let keys = self.step();
        let cipher = cbc::Encryptor::<Aes256Enc>::new_from_slices(&keys[..32], &keys[64..]);
        let length = buffer.len() - BLOCK;
        let ciphertext = cipher
            .expect("their lengths")
            .encrypt_padded::<Pkcs7>(buffer, length)
            .expect("room for the padding");
        Self::mac(&keys, ciphertext)
    }

    /// The same for a message that the other end has sealed.
    pub(crate) fn open(&mut self, buffer: &mut [u8], mac: [u8; 8]) {
        let keys = self.step();
        assert_eq!(Self::mac(&keys, buffer), mac, "an authentic message");
        let cipher = cbc::Decryptor::<Aes256Dec>::new_from_slices(&keys[..32], &keys[64..]);
        cipher
            .expect("their lengths")
            .decrypt_padded::<Pkcs7>(buffer)
            .expect("a padded message");
    }
}

/// `KDF_RK`: one HKDF.
fn root_step(root_key: &[u8; 32], dh: &[u8; 32]) -> [u8; 64] {
    let mut out = [0; 64];
    Hkdf::<Sha256>::new(Some(root_key), dh)
        .expand(b"WhisperRatchet", &mut out)
        .expect("a short output");
    out
}

fn x25519(private: &[u8; 32], public: &[u8; 32]) -> [u8; 32] {
    MontgomeryPoint(*public).mul_clamped(*private).to_bytes()
}

/// The public key of a new key pair.
pub(crate) fn generate(private: &[u8; 32]) -> [u8; 32] {
    MontgomeryPoint::mul_base_clamped(*private).to_bytes()
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

/// A message that claims to be `counter` ahead, of which at most `stored` keys would be kept: the chain's steps, a message key,
/// and the MAC that does not match. Whether it does.
pub(crate) fn refuse(counter: usize, stored: usize) -> bool {
    let mut chain_key = std::hint::black_box([1; 32]);
    let kept = counter.min(stored);
    for _ in kept..counter {
        chain_key = chain_pass(&chain_key);
    }
    for _ in 0..kept {
        let (message_key, next) = chain_step(&chain_key);
        std::hint::black_box(message_key);
        chain_key = next;
    }
    Chain { chain_key }.step()[0] == 0
}
