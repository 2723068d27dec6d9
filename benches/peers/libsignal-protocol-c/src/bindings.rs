//! The library's functions that are called here, and what they take, as its headers state them.

#![allow(non_camel_case_types, reason = "the header's names")]

use std::ffi::{c_char, c_int, c_void};

/// Types that are known by their pointers alone.
macro_rules! opaque {
    ($($name:ident)*) => {$(
        #[repr(C)]
        pub(crate) struct $name {
            _opaque: [u8; 0],
        }
    )*};
}

opaque! {
    signal_context signal_protocol_store_context signal_buffer signal_type_base ec_public_key ec_private_key ec_key_pair
    session_pre_key session_signed_pre_key session_pre_key_bundle session_builder session_cipher ciphertext_message
    signal_message pre_key_signal_message
}

#[repr(C)]
pub(crate) struct signal_protocol_address {
    pub(crate) name: *const c_char,
    pub(crate) name_len: usize,
    pub(crate) device_id: i32,
}

#[repr(C)]
pub(crate) struct signal_crypto_provider {
    pub(crate) random_func: extern "C" fn(*mut u8, usize, *mut c_void) -> c_int,
    pub(crate) hmac_sha256_init_func:
        extern "C" fn(*mut *mut c_void, *const u8, usize, *mut c_void) -> c_int,
    pub(crate) hmac_sha256_update_func:
        extern "C" fn(*mut c_void, *const u8, usize, *mut c_void) -> c_int,
    pub(crate) hmac_sha256_final_func:
        extern "C" fn(*mut c_void, *mut *mut signal_buffer, *mut c_void) -> c_int,
    pub(crate) hmac_sha256_cleanup_func: extern "C" fn(*mut c_void, *mut c_void),
    pub(crate) sha512_digest_init_func: extern "C" fn(*mut *mut c_void, *mut c_void) -> c_int,
    pub(crate) sha512_digest_update_func:
        extern "C" fn(*mut c_void, *const u8, usize, *mut c_void) -> c_int,
    pub(crate) sha512_digest_final_func:
        extern "C" fn(*mut c_void, *mut *mut signal_buffer, *mut c_void) -> c_int,
    pub(crate) sha512_digest_cleanup_func: extern "C" fn(*mut c_void, *mut c_void),
    pub(crate) encrypt_func: Cipher,
    pub(crate) decrypt_func: Cipher,
    pub(crate) user_data: *mut c_void,
}

pub(crate) type Cipher = extern "C" fn(
    output: *mut *mut signal_buffer,
    cipher: c_int,
    key: *const u8,
    key_len: usize,
    iv: *const u8,
    iv_len: usize,
    input: *const u8,
    input_len: usize,
    user_data: *mut c_void,
) -> c_int;

type Address = *const signal_protocol_address;
/// A callback that nobody calls.
pub(crate) type Unused = Option<extern "C" fn()>;

#[repr(C)]
pub(crate) struct signal_protocol_session_store {
    pub(crate) load_session_func: extern "C" fn(
        *mut *mut signal_buffer,
        *mut *mut signal_buffer,
        Address,
        *mut c_void,
    ) -> c_int,
    pub(crate) get_sub_device_sessions_func: Unused,
    pub(crate) store_session_func:
        extern "C" fn(Address, *mut u8, usize, *mut u8, usize, *mut c_void) -> c_int,
    pub(crate) contains_session_func: extern "C" fn(Address, *mut c_void) -> c_int,
    pub(crate) delete_session_func: extern "C" fn(Address, *mut c_void) -> c_int,
    pub(crate) delete_all_sessions_func: Unused,
    pub(crate) destroy_func: Unused,
    pub(crate) user_data: *mut c_void,
}

/// Of prekeys of either kind: both have the same functions.
#[repr(C)]
pub(crate) struct pre_key_store {
    pub(crate) load: extern "C" fn(*mut *mut signal_buffer, u32, *mut c_void) -> c_int,
    pub(crate) store: extern "C" fn(u32, *mut u8, usize, *mut c_void) -> c_int,
    pub(crate) contains: extern "C" fn(u32, *mut c_void) -> c_int,
    pub(crate) remove: extern "C" fn(u32, *mut c_void) -> c_int,
    pub(crate) destroy_func: Unused,
    pub(crate) user_data: *mut c_void,
}

#[repr(C)]
pub(crate) struct signal_protocol_identity_key_store {
    pub(crate) get_identity_key_pair:
        extern "C" fn(*mut *mut signal_buffer, *mut *mut signal_buffer, *mut c_void) -> c_int,
    pub(crate) get_local_registration_id: extern "C" fn(*mut c_void, *mut u32) -> c_int,
    pub(crate) save_identity: extern "C" fn(Address, *mut u8, usize, *mut c_void) -> c_int,
    pub(crate) is_trusted_identity: extern "C" fn(Address, *mut u8, usize, *mut c_void) -> c_int,
    pub(crate) destroy_func: Unused,
    pub(crate) user_data: *mut c_void,
}

/// What `ciphertext_message_get_type` says of a prekey message.
pub(crate) const CIPHERTEXT_PREKEY_TYPE: c_int = 3;
/// AES-256-CBC with PKCS#7, the one mode of messages of version 3.
pub(crate) const SG_CIPHER_AES_CBC_PKCS5: c_int = 2;

unsafe extern "C" {
    pub(crate) fn signal_context_create(
        context: *mut *mut signal_context,
        user_data: *mut c_void,
    ) -> c_int;
    pub(crate) fn signal_context_set_crypto_provider(
        context: *mut signal_context,
        provider: *const signal_crypto_provider,
    ) -> c_int;
    pub(crate) fn signal_context_destroy(context: *mut signal_context);

    pub(crate) fn signal_protocol_store_context_create(
        context: *mut *mut signal_protocol_store_context,
        global_context: *mut signal_context,
    ) -> c_int;
    pub(crate) fn signal_protocol_store_context_set_session_store(
        context: *mut signal_protocol_store_context,
        store: *const signal_protocol_session_store,
    ) -> c_int;
    pub(crate) fn signal_protocol_store_context_set_pre_key_store(
        context: *mut signal_protocol_store_context,
        store: *const pre_key_store,
    ) -> c_int;
    pub(crate) fn signal_protocol_store_context_set_signed_pre_key_store(
        context: *mut signal_protocol_store_context,
        store: *const pre_key_store,
    ) -> c_int;
    pub(crate) fn signal_protocol_store_context_set_identity_key_store(
        context: *mut signal_protocol_store_context,
        store: *const signal_protocol_identity_key_store,
    ) -> c_int;
    pub(crate) fn signal_protocol_store_context_destroy(
        context: *mut signal_protocol_store_context,
    );

    pub(crate) fn signal_buffer_create(data: *const u8, len: usize) -> *mut signal_buffer;
    pub(crate) fn signal_buffer_const_data(buffer: *const signal_buffer) -> *const u8;
    pub(crate) fn signal_buffer_len(buffer: *const signal_buffer) -> usize;
    pub(crate) fn signal_buffer_bzero_free(buffer: *mut signal_buffer);
    pub(crate) fn signal_type_unref(instance: *mut signal_type_base);

    pub(crate) fn curve_decode_point(
        key: *mut *mut ec_public_key,
        data: *const u8,
        len: usize,
        context: *mut signal_context,
    ) -> c_int;
    pub(crate) fn curve_decode_private_point(
        key: *mut *mut ec_private_key,
        data: *const u8,
        len: usize,
        context: *mut signal_context,
    ) -> c_int;
    pub(crate) fn curve_generate_public_key(
        public_key: *mut *mut ec_public_key,
        private_key: *const ec_private_key,
    ) -> c_int;
    pub(crate) fn ec_public_key_serialize(
        buffer: *mut *mut signal_buffer,
        key: *const ec_public_key,
    ) -> c_int;
    pub(crate) fn ec_key_pair_create(
        pair: *mut *mut ec_key_pair,
        public_key: *mut ec_public_key,
        private_key: *mut ec_private_key,
    ) -> c_int;

    pub(crate) fn session_pre_key_create(
        key: *mut *mut session_pre_key,
        id: u32,
        pair: *mut ec_key_pair,
    ) -> c_int;
    pub(crate) fn session_pre_key_serialize(
        buffer: *mut *mut signal_buffer,
        key: *const session_pre_key,
    ) -> c_int;
    pub(crate) fn session_signed_pre_key_create(
        key: *mut *mut session_signed_pre_key,
        id: u32,
        timestamp: u64,
        pair: *mut ec_key_pair,
        signature: *const u8,
        signature_len: usize,
    ) -> c_int;
    pub(crate) fn session_signed_pre_key_serialize(
        buffer: *mut *mut signal_buffer,
        key: *const session_signed_pre_key,
    ) -> c_int;
    pub(crate) fn session_pre_key_bundle_create(
        bundle: *mut *mut session_pre_key_bundle,
        registration_id: u32,
        device_id: c_int,
        pre_key_id: u32,
        pre_key: *mut ec_public_key,
        signed_pre_key_id: u32,
        signed_pre_key: *mut ec_public_key,
        signature: *const u8,
        signature_len: usize,
        identity_key: *mut ec_public_key,
    ) -> c_int;

    pub(crate) fn session_builder_create(
        builder: *mut *mut session_builder,
        store: *mut signal_protocol_store_context,
        remote_address: Address,
        context: *mut signal_context,
    ) -> c_int;
    pub(crate) fn session_builder_process_pre_key_bundle(
        builder: *mut session_builder,
        bundle: *mut session_pre_key_bundle,
    ) -> c_int;
    pub(crate) fn session_builder_free(builder: *mut session_builder);

    pub(crate) fn session_cipher_create(
        cipher: *mut *mut session_cipher,
        store: *mut signal_protocol_store_context,
        remote_address: Address,
        context: *mut signal_context,
    ) -> c_int;
    pub(crate) fn session_cipher_encrypt(
        cipher: *mut session_cipher,
        plaintext: *const u8,
        plaintext_len: usize,
        message: *mut *mut ciphertext_message,
    ) -> c_int;
    pub(crate) fn session_cipher_decrypt_pre_key_signal_message(
        cipher: *mut session_cipher,
        message: *mut pre_key_signal_message,
        decrypt_context: *mut c_void,
        plaintext: *mut *mut signal_buffer,
    ) -> c_int;
    pub(crate) fn session_cipher_decrypt_signal_message(
        cipher: *mut session_cipher,
        message: *mut signal_message,
        decrypt_context: *mut c_void,
        plaintext: *mut *mut signal_buffer,
    ) -> c_int;
    pub(crate) fn session_cipher_free(cipher: *mut session_cipher);

    pub(crate) fn ciphertext_message_get_type(message: *const ciphertext_message) -> c_int;
    pub(crate) fn ciphertext_message_get_serialized(
        message: *const ciphertext_message,
    ) -> *mut signal_buffer;
    pub(crate) fn signal_message_deserialize(
        message: *mut *mut signal_message,
        data: *const u8,
        len: usize,
        context: *mut signal_context,
    ) -> c_int;
    pub(crate) fn signal_message_get_sender_ratchet_key(
        message: *const signal_message,
    ) -> *mut ec_public_key;
    pub(crate) fn signal_message_get_counter(message: *const signal_message) -> u32;
    pub(crate) fn signal_message_get_body(message: *const signal_message) -> *mut signal_buffer;
    pub(crate) fn pre_key_signal_message_deserialize(
        message: *mut *mut pre_key_signal_message,
        data: *const u8,
        len: usize,
        context: *mut signal_context,
    ) -> c_int;
    pub(crate) fn pre_key_signal_message_get_identity_key(
        message: *const pre_key_signal_message,
    ) -> *mut ec_public_key;
    pub(crate) fn pre_key_signal_message_get_registration_id(
        message: *const pre_key_signal_message,
    ) -> u32;
    pub(crate) fn pre_key_signal_message_has_pre_key_id(
        message: *const pre_key_signal_message,
    ) -> c_int;
    pub(crate) fn pre_key_signal_message_get_pre_key_id(
        message: *const pre_key_signal_message,
    ) -> u32;
    pub(crate) fn pre_key_signal_message_get_signed_pre_key_id(
        message: *const pre_key_signal_message,
    ) -> u32;
    pub(crate) fn pre_key_signal_message_get_base_key(
        message: *const pre_key_signal_message,
    ) -> *mut ec_public_key;
    pub(crate) fn pre_key_signal_message_get_signal_message(
        message: *const pre_key_signal_message,
    ) -> *mut signal_message;
}
