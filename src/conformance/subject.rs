//! Whoever is tested: answers calls.

use super::adapter::PROTOCOL_VERSION;
use super::operation::wallet;
use crate::hex::Hex;
use crate::intermediary::{Intermediary, MemoryStore};
use crate::sesame::{self, Device};
use crate::suite::{self, SuiteRef, Tigress1};
use crate::transfer::Transfers;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// What a subject says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The version of the adapter protocol: 1.
    pub protocol: u32,
    /// The suites that it speaks.
    pub suites: Vec<String>,
    /// What it can be.
    pub roles: Vec<Role>,
    /// Where its randomness comes from.
    pub randomness: RandomnessSource,
}

/// What a subject can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Functions without state.
    Primitives,
    /// A device with its sessions; the transfers of a device; an intermediary.
    Device,
    /// A wallet in scenarios.
    Wallet,
}

/// Where a subject's randomness comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RandomnessSource {
    /// It is handed in: outputs are compared byte for byte.
    #[default]
    Injected,
    /// It draws its own.
    Own,
}

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The subject refuses, as a conforming implementation may have to.
    Rejected {
        /// The profile's code, or the implementation's own.
        error: String,
        /// What it says of it.
        message: String,
    },
    /// The subject does not offer the method.
    NotImplemented,
    /// No answer that could be judged, and why.
    Broken(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Rejected { error, message } => write!(f, "refused with `{error}`: {message}"),
            Failure::NotImplemented => f.write_str("not implemented"),
            Failure::Broken(why) => f.write_str(why),
        }
    }
}

/// An implementation under test.
pub trait Subject: Send {
    /// Who it is.
    fn describe(&self) -> Description;

    /// Whether it is the reference engine in this process, which plays every device of a scenario anyway.
    fn is_reference(&self) -> bool {
        false
    }

    /// Forgets every machine, and speaks that suite from now on.
    ///
    /// # Errors
    /// [`Failure::NotImplemented`] where it does not speak it.
    fn reset(&mut self, suite: &str) -> Result<(), Failure>;

    /// Asks for one operation. `method` and `params` are those of [`super::operation`].
    ///
    /// # Errors
    /// Why there is no result.
    fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure>;
}

/// The reference engine, in this process.
#[derive(Debug)]
pub struct Reference {
    pub(super) suite: SuiteRef,
    /// The devices that were made or restored, by handle.
    pub devices: BTreeMap<String, Device>,
    pub(super) intermediaries: BTreeMap<String, Intermediary<MemoryStore>>,
    pub(super) transfers: BTreeMap<String, Transfers>,
    pub(super) wallets: BTreeMap<String, wallet::Held>,
    /// The send under way of each device, by the device's handle.
    pub(super) sends: BTreeMap<String, sesame::Send>,
}

impl Default for Reference {
    /// Without machines, speaking `tigress-1`.
    fn default() -> Self {
        Reference {
            suite: &Tigress1,
            devices: BTreeMap::new(),
            intermediaries: BTreeMap::new(),
            transfers: BTreeMap::new(),
            wallets: BTreeMap::new(),
            sends: BTreeMap::new(),
        }
    }
}

impl Subject for Reference {
    fn describe(&self) -> Description {
        Description {
            name: "tigress reference engine".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: PROTOCOL_VERSION,
            suites: suite::ALL
                .iter()
                .map(|suite| suite.name().to_owned())
                .collect(),
            roles: vec![Role::Primitives, Role::Device, Role::Wallet],
            randomness: RandomnessSource::Injected,
        }
    }

    fn is_reference(&self) -> bool {
        true
    }

    fn reset(&mut self, suite: &str) -> Result<(), Failure> {
        self.suite = suite::by_name(suite).ok_or(Failure::NotImplemented)?;
        self.devices.clear();
        self.intermediaries.clear();
        self.transfers.clear();
        self.wallets.clear();
        self.sends.clear();
        Ok(())
    }

    fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        super::operation::dispatch(self, method, params)
    }
}

/// Whether `state` holds `secret`: as raw bytes, in hex, or in base64 from its first byte on.
#[must_use]
pub fn holds(state: &[u8], secret: &Hex) -> bool {
    let base64 = data_encoding::BASE64_NOPAD.encode(secret);
    // The last digit of unaligned base64 also carries bits of what follows.
    let base64 = &base64[..base64.len() - usize::from(!secret.len().is_multiple_of(3))];
    let hex = secret.to_string();
    [
        &secret[..],
        hex.as_bytes(),
        hex.to_ascii_uppercase().as_bytes(),
        base64.as_bytes(),
    ]
    .iter()
    .any(|needle| contains(state, needle))
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    !needle.is_empty()
        && haystack
            .windows(needle.len())
            .any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_each_form_that_a_state_might_write_it_in() {
        let secret = Hex(vec![0xde, 0xad, 0xbe, 0xef]);
        for state in [
            &b"..\xde\xad\xbe\xef.."[..],
            b"{\"k\":\"deadbeef\"}",
            b"DEADBEEF",
            b"k=3q2+7w==",
        ] {
            assert!(holds(state, &secret));
        }
        assert!(!holds(b"\xde\xad\xbe", &secret));
    }
}
