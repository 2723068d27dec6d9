//! Whoever is tested: answers calls.

use crate::hex::Hex;
use crate::intermediary::{Intermediary, MemoryStore};
use crate::sesame::{self, Device};
use crate::suite::{self, SuiteRef, Tigress1};
use crate::transfer::Transfers;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a subject says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
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

/// An implementation under test.
pub trait Subject {
    /// Who it is.
    fn describe(&self) -> Description;

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
    pub(super) devices: BTreeMap<String, Device>,
    pub(super) intermediaries: BTreeMap<String, Intermediary<MemoryStore>>,
    pub(super) transfers: BTreeMap<String, Transfers>,
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
            sends: BTreeMap::new(),
        }
    }
}

impl Subject for Reference {
    fn describe(&self) -> Description {
        Description {
            name: "tigress reference engine".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    fn reset(&mut self, suite: &str) -> Result<(), Failure> {
        self.suite = suite::by_name(suite).ok_or(Failure::NotImplemented)?;
        self.devices.clear();
        self.intermediaries.clear();
        self.transfers.clear();
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
