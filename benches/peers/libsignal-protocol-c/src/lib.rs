//! Devices of libsignal-protocol-c, as its applications have them: the library with stores in memory and a provider of primitives.
//!
//! # Why there is `unsafe` here
//!
//! The library is in C, and called in the process that measures it or compares with it: a process of its own, as under
//! adapters/, costs more than what is measured, and a fuzz target makes thousands of calls a second. All of it is in this
//! crate: what it offers is safe, and nothing that ships depends on it. It links with what the distribution installed, and
//! holds nothing of the library but the declarations of the functions that it calls, as its headers state them.
//!
//! # What is provided to the library
//!
//! It leaves primitives but for its curve to its application: here they are the crates that the engine computes with, so
//! that what is compared is the libraries. An application's trust is its own: each identity key is trusted here.

#![cfg_attr(not(installed), forbid(unsafe_code))]

#[cfg(not(installed))]
mod absent;
#[cfg(installed)]
mod bindings;
#[cfg(installed)]
mod device;
mod error;
#[cfg(installed)]
mod provider;
#[cfg(installed)]
mod store;

#[cfg(not(installed))]
pub use absent::{Device, parse};
#[cfg(installed)]
pub use device::{Device, parse};
pub use error::Error;

/// The library's version, as pkg-config told when this was built; none where it was not installed.
pub const VERSION: Option<&str> = option_env!("LIBSIGNAL_PROTOCOL_C");

/// How to come by it where it is not installed.
pub const INSTALL: &str = "apt-get install libsignal-protocol-c-dev pkg-config";

/// Which of the two messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A prekey message.
    PreKey,
    /// A ratchet message.
    Ratchet,
}

/// The private keys of a device. They are clamped (RFC 7748 section 5) as the library clamps those it draws.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The identity key.
    pub identity: [u8; 32],
    /// The registration id.
    pub registration_id: u32,
    /// The signed prekey: id, key and the identity key's signature of its public key.
    pub signed_pre_key: (u32, [u8; 32], [u8; 64]),
    /// One-time prekeys by id.
    pub one_time_pre_keys: Vec<(u32, [u8; 32])>,
}

/// A device by its user's name and its number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The user's name.
    pub name: Vec<u8>,
    /// The device's number.
    pub device_id: i32,
}

/// A prekey bundle; public keys are encoded, 0x05 and 32 bytes.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// The registration id.
    pub registration_id: u32,
    /// The identity key.
    pub identity_key: [u8; 33],
    /// The signed prekey: id, key and signature.
    pub signed_pre_key: (u32, [u8; 33], [u8; 64]),
    /// A one-time prekey, if there is one.
    pub one_time_pre_key: Option<(u32, [u8; 33])>,
}

/// What the library reads of a message. Public keys are encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// Of a ratchet message. The library tells neither the previous counter nor the MAC.
    Ratchet {
        /// The sender's ratchet key.
        ratchet_key: Vec<u8>,
        /// N.
        counter: u32,
        /// The ciphertext.
        ciphertext: Vec<u8>,
    },
    /// Of a prekey message.
    PreKey {
        /// The id of the one-time prekey.
        pre_key_id: Option<u32>,
        /// The ephemeral key.
        base_key: Vec<u8>,
        /// The sender's identity key.
        identity_key: Vec<u8>,
        /// The ratchet message in it, whole.
        message: Vec<u8>,
        /// The sender's registration id.
        registration_id: u32,
        /// The id of the signed prekey.
        signed_pre_key_id: u32,
    },
}
