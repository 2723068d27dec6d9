//! The crates of dalek and `RustCrypto`.

use super::Backend;
use crate::primitives::aes256_cbc::ciphertext_length;
use aes::{Aes256Dec, Aes256Enc};
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use curve25519_dalek::MontgomeryPoint;
use hmac::digest::FixedOutput;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// curve25519-dalek, hmac with sha2, aes-gcm, cbc with aes.
#[derive(Clone, Copy, Debug)]
pub struct RustCrypto;

impl Backend for RustCrypto {
    const NAME: &'static str = "RustCrypto";

    type HmacKey = Hmac<Sha256>;

    fn x25519(scalar: &[u8; 32], u: &[u8; 32], out: &mut [u8; 32]) {
        let point = Zeroizing::new(MontgomeryPoint(*u).mul_clamped(*scalar));
        out.copy_from_slice(point.as_bytes());
    }

    fn x25519_base(scalar: &[u8; 32]) -> [u8; 32] {
        MontgomeryPoint::mul_base_clamped(*scalar).to_bytes()
    }

    fn hmac_key(key: &[u8]) -> Self::HmacKey {
        match Hmac::new_from_slice(key) {
            Ok(mac) => mac,
            Err(_) => unreachable!("HMAC takes a key of any length"),
        }
    }

    fn hmac_sha256(key: &Self::HmacKey, message: &[&[u8]], out: &mut [u8; 32]) {
        Self::hmac_sha256_last(key.clone(), message, out);
    }

    fn hmac_sha256_last(mut key: Self::HmacKey, message: &[&[u8]], out: &mut [u8; 32]) {
        for part in message {
            key.update(part);
        }
        key.finalize_into(out.into());
    }

    fn aes256_gcm_seal(
        key: &[u8; 32],
        nonce: &[u8; 12],
        associated_data: &[u8],
        buffer: &mut [u8],
    ) -> [u8; 16] {
        let cipher = Aes256Gcm::new(key.into());
        match cipher.encrypt_inout_detached(&Nonce::from(*nonce), associated_data, buffer.into()) {
            Ok(tag) => tag.into(),
            Err(_) => unreachable!("the plaintext is far below GCM's bound"),
        }
    }

    fn aes256_gcm_open(
        key: &[u8; 32],
        nonce: &[u8; 12],
        associated_data: &[u8],
        ciphertext: &[u8],
        tag: &[u8; 16],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let cipher = Aes256Gcm::new(key.into());
        let opened = cipher.decrypt_inout_detached(
            &Nonce::from(*nonce),
            associated_data,
            buffer.as_mut_slice().into(),
            &Tag::from(*tag),
        );
        opened.is_ok().then_some(buffer)
    }

    fn aes256_cbc_encrypt(key: &[u8; 32], iv: &[u8; 16], plaintext: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + ciphertext_length(plaintext.len()), 0);
        let cipher = cbc::Encryptor::<Aes256Enc>::new(key.into(), iv.into());
        if cipher
            .encrypt_padded_b2b::<Pkcs7>(plaintext, &mut out[start..])
            .is_err()
        {
            unreachable!("there is room for the padding");
        }
    }

    fn aes256_cbc_decrypt(
        key: &[u8; 32],
        iv: &[u8; 16],
        ciphertext: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let cipher = cbc::Decryptor::<Aes256Dec>::new(key.into(), iv.into());
        let length = cipher.decrypt_padded::<Pkcs7>(&mut buffer).ok()?.len();
        buffer.truncate(length);
        Some(buffer)
    }
}
