//! AWS-LC (feature `aws-lc`).

use super::Backend;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey, X25519};
use aws_lc_rs::cipher::{
    AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

/// AWS-LC, in C and assembly.
#[derive(Clone, Copy, Debug)]
pub struct AwsLc;

/// AWS-LC makes a key pair of it: each use of a private key costs a multiplication of the base point too.
fn private_key(scalar: &[u8; 32]) -> PrivateKey {
    match PrivateKey::from_private_key(&X25519, scalar) {
        Ok(key) => key,
        Err(_) => unreachable!("any 32 bytes are a private key (RFC 7748 section 5)"),
    }
}

fn cipher(key: &[u8; 32]) -> LessSafeKey {
    match UnboundKey::new(&AES_256_GCM, key) {
        Ok(key) => LessSafeKey::new(key),
        Err(_) => unreachable!("a key of 32 bytes"),
    }
}

impl Backend for AwsLc {
    const NAME: &'static str = "AWS-LC";

    type HmacKey = hmac::Key;

    fn x25519(scalar: &[u8; 32], u: &[u8; 32], out: &mut [u8; 32]) {
        let their = UnparsedPublicKey::new(&X25519, u);
        let agreed = agreement::agree(&private_key(scalar), their, (), |secret| {
            out.copy_from_slice(secret);
            Ok(())
        });
        // The one refusal is an output of zero, and it is the caller's business.
        if agreed.is_err() {
            out.fill(0);
        }
    }

    fn x25519_base(scalar: &[u8; 32]) -> [u8; 32] {
        let public = private_key(scalar).compute_public_key();
        match public.as_ref().map(|key| key.as_ref().try_into()) {
            Ok(Ok(u)) => u,
            _ => unreachable!("a private key has a public key of 32 bytes"),
        }
    }

    fn hmac_key(key: &[u8]) -> Self::HmacKey {
        hmac::Key::new(hmac::HMAC_SHA256, key)
    }

    fn hmac_sha256(key: &Self::HmacKey, message: &[&[u8]], out: &mut [u8; 32]) {
        // In one piece, since what the call for several pieces returns is not erased.
        let joined;
        let message = match message {
            [message] => *message,
            parts => {
                joined = Zeroizing::new(parts.concat());
                joined.as_slice()
            }
        };
        if hmac::sign_to_buffer(key, message, out).is_err() {
            unreachable!("HMAC-SHA-256 has 32 bytes");
        }
    }

    fn aes256_gcm_seal(
        key: &[u8; 32],
        nonce: &[u8; 12],
        associated_data: &[u8],
        buffer: &mut [u8],
    ) -> [u8; 16] {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let sealed =
            cipher(key).seal_in_place_separate_tag(nonce, Aad::from(associated_data), buffer);
        match sealed.as_ref().map(|tag| tag.as_ref().try_into()) {
            Ok(Ok(tag)) => tag,
            _ => unreachable!("the plaintext is far below GCM's bound, and its tag has 16 bytes"),
        }
    }

    fn aes256_gcm_open(
        key: &[u8; 32],
        nonce: &[u8; 12],
        associated_data: &[u8],
        ciphertext: &[u8],
        tag: &[u8; 16],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let mut plaintext = Zeroizing::new(vec![0; ciphertext.len()]);
        cipher(key)
            .open_separate_gather(
                nonce,
                Aad::from(associated_data),
                ciphertext,
                tag,
                &mut plaintext,
            )
            .ok()?;
        Some(plaintext)
    }

    fn aes256_cbc_encrypt(key: &[u8; 32], iv: &[u8; 16], plaintext: &[u8], out: &mut Vec<u8>) {
        let encrypted = UnboundCipherKey::new(&AES_256, key).and_then(|key| {
            let mut in_out = Zeroizing::new(plaintext.to_vec());
            let iv = EncryptionContext::Iv128(FixedLength::from(iv));
            PaddedBlockEncryptingKey::cbc_pkcs7(key)?.less_safe_encrypt(&mut *in_out, iv)?;
            out.extend_from_slice(&in_out);
            Ok(())
        });
        if encrypted.is_err() {
            unreachable!("a key of 32 bytes, and room for the padding");
        }
    }

    fn aes256_cbc_decrypt(
        key: &[u8; 32],
        iv: &[u8; 16],
        ciphertext: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let key = UnboundCipherKey::new(&AES_256, key).ok()?;
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).ok()?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let iv = DecryptionContext::Iv128(FixedLength::from(iv));
        let length = key.decrypt(&mut buffer, iv).ok()?.len();
        buffer.truncate(length);
        Some(buffer)
    }
}
