//! The primitives that the library asks its application for: `RustCrypto`'s, which the engine computes with too.

use crate::bindings::{
    SG_CIPHER_AES_CBC_PKCS5, signal_buffer, signal_buffer_create, signal_crypto_provider,
};
use crate::error::Error;
use crate::store::Store;
use aes::{Aes256Dec, Aes256Enc};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};
use std::ffi::{c_int, c_void};

/// A context of HMAC; none once its code was told.
type Keyed = Option<Hmac<Sha256>>;

/// The provider, whose randomness is that of the device with that store.
pub(crate) fn provider(store: *mut Store) -> signal_crypto_provider {
    signal_crypto_provider {
        random_func: random,
        hmac_sha256_init_func: hmac_init,
        hmac_sha256_update_func: hmac_update,
        hmac_sha256_final_func: hmac_final,
        hmac_sha256_cleanup_func: hmac_cleanup,
        sha512_digest_init_func: sha512_init,
        sha512_digest_update_func: sha512_update,
        sha512_digest_final_func: sha512_final,
        sha512_digest_cleanup_func: sha512_cleanup,
        encrypt_func: encrypt,
        decrypt_func: decrypt,
        user_data: store.cast(),
    }
}

/// Bytes that the library hands in.
///
/// # Safety
/// `data` is null, or points to `length` bytes that nobody changes meanwhile.
pub(crate) unsafe fn bytes<'a>(data: *const u8, length: usize) -> &'a [u8] {
    if data.is_null() {
        return &[];
    }
    // SAFETY: as the caller says.
    unsafe { std::slice::from_raw_parts(data, length) }
}

/// Puts a buffer of those bytes where the library wants it.
///
/// # Safety
/// `output` may be written to.
pub(crate) unsafe fn hand_over(output: *mut *mut signal_buffer, bytes: &[u8]) -> c_int {
    // SAFETY: the bytes are a slice, which the library copies; `output` as the caller says.
    unsafe {
        let buffer = signal_buffer_create(bytes.as_ptr(), bytes.len());
        if buffer.is_null() {
            return Error::NO_MEMORY.0;
        }
        *output = buffer;
    }
    0
}

extern "C" fn random(data: *mut u8, length: usize, user_data: *mut c_void) -> c_int {
    // SAFETY: the library wants `length` bytes at `data`, and gives back the store that it was given, which no other
    // reference is to while it runs.
    unsafe {
        let out = std::slice::from_raw_parts_mut(data, length);
        (*user_data.cast::<Store>()).draw(out);
    }
    0
}

extern "C" fn hmac_init(
    context: *mut *mut c_void,
    key: *const u8,
    length: usize,
    _: *mut c_void,
) -> c_int {
    // SAFETY: the key's bytes are the library's for the time of the call.
    let key = unsafe { bytes(key, length) };
    let Ok(mac) = Hmac::new_from_slice(key) else {
        return Error::INVALID_ARGUMENT.0;
    };
    let mac: Keyed = Some(mac);
    // SAFETY: the library wants a context there, and gives it to `hmac_cleanup` in the end.
    unsafe { *context = Box::into_raw(Box::new(mac)).cast() };
    0
}

extern "C" fn hmac_update(
    context: *mut c_void,
    data: *const u8,
    length: usize,
    _: *mut c_void,
) -> c_int {
    // SAFETY: the context is of `hmac_init`, and the data's bytes are the library's.
    unsafe {
        match &mut *context.cast::<Keyed>() {
            Some(mac) => mac.update(bytes(data, length)),
            None => return Error::INVALID_ARGUMENT.0,
        }
    }
    0
}

extern "C" fn hmac_final(
    context: *mut c_void,
    output: *mut *mut signal_buffer,
    _: *mut c_void,
) -> c_int {
    // SAFETY: the context is of `hmac_init`, and the library wants a buffer there.
    unsafe {
        match (*context.cast::<Keyed>()).take() {
            Some(mac) => hand_over(output, &mac.finalize().into_bytes()),
            None => Error::INVALID_ARGUMENT.0,
        }
    }
}

extern "C" fn hmac_cleanup(context: *mut c_void, _: *mut c_void) {
    if !context.is_null() {
        // SAFETY: the context is of `hmac_init`, and the library has done with it.
        drop(unsafe { Box::from_raw(context.cast::<Keyed>()) });
    }
}

extern "C" fn sha512_init(context: *mut *mut c_void, _: *mut c_void) -> c_int {
    // SAFETY: the library wants a context there, and gives it to `sha512_cleanup` in the end.
    unsafe { *context = Box::into_raw(Box::new(Sha512::new())).cast() };
    0
}

extern "C" fn sha512_update(
    context: *mut c_void,
    data: *const u8,
    length: usize,
    _: *mut c_void,
) -> c_int {
    // SAFETY: the context is of `sha512_init`, and the data's bytes are the library's.
    unsafe { Digest::update(&mut *context.cast::<Sha512>(), bytes(data, length)) };
    0
}

/// Makes the context ready for the next digest, too.
extern "C" fn sha512_final(
    context: *mut c_void,
    output: *mut *mut signal_buffer,
    _: *mut c_void,
) -> c_int {
    // SAFETY: the context is of `sha512_init`, and the library wants a buffer there.
    unsafe {
        let digest = (*context.cast::<Sha512>()).finalize_reset();
        hand_over(output, &digest)
    }
}

extern "C" fn sha512_cleanup(context: *mut c_void, _: *mut c_void) {
    if !context.is_null() {
        // SAFETY: the context is of `sha512_init`, and the library has done with it.
        drop(unsafe { Box::from_raw(context.cast::<Sha512>()) });
    }
}

/// The key and the IV of AES-256-CBC; none of another cipher.
///
/// # Safety
/// Each pointer is to as many bytes as its length says.
unsafe fn key_and_iv<'a>(
    cipher: c_int,
    key: (*const u8, usize),
    iv: (*const u8, usize),
) -> Option<(&'a [u8; 32], &'a [u8; 16])> {
    // SAFETY: as the caller says.
    let (key, iv) = unsafe { (bytes(key.0, key.1), bytes(iv.0, iv.1)) };
    let is_cbc = cipher == SG_CIPHER_AES_CBC_PKCS5;
    is_cbc.then(|| Some((key.try_into().ok()?, iv.try_into().ok()?)))?
}

extern "C" fn encrypt(
    output: *mut *mut signal_buffer,
    cipher: c_int,
    key: *const u8,
    key_length: usize,
    iv: *const u8,
    iv_length: usize,
    input: *const u8,
    length: usize,
    _: *mut c_void,
) -> c_int {
    // SAFETY: the lengths are the library's, and it wants a buffer at `output`.
    unsafe {
        let Some((key, iv)) = key_and_iv(cipher, (key, key_length), (iv, iv_length)) else {
            return Error::INVALID_ARGUMENT.0;
        };
        let cipher = cbc::Encryptor::<Aes256Enc>::new(key.into(), iv.into());
        let mut buffer = vec![0; length + iv.len()];
        match cipher.encrypt_padded_b2b::<Pkcs7>(bytes(input, length), &mut buffer) {
            Ok(ciphertext) => hand_over(output, ciphertext),
            Err(_) => Error::UNKNOWN.0,
        }
    }
}

extern "C" fn decrypt(
    output: *mut *mut signal_buffer,
    cipher: c_int,
    key: *const u8,
    key_length: usize,
    iv: *const u8,
    iv_length: usize,
    input: *const u8,
    length: usize,
    _: *mut c_void,
) -> c_int {
    // SAFETY: the lengths are the library's, and it wants a buffer at `output`.
    unsafe {
        let Some((key, iv)) = key_and_iv(cipher, (key, key_length), (iv, iv_length)) else {
            return Error::INVALID_ARGUMENT.0;
        };
        let cipher = cbc::Decryptor::<Aes256Dec>::new(key.into(), iv.into());
        let mut buffer = bytes(input, length).to_vec();
        match cipher.decrypt_padded::<Pkcs7>(&mut buffer) {
            Ok(plaintext) => hand_over(output, plaintext),
            Err(_) => Error::UNKNOWN.0,
        }
    }
}
