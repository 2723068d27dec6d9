//! How the test vectors of `tigress-signal` are made: from fixed seeds, so that making them again gives the same
//! bytes.
//!
//! Each file of this crate is a family. Its `cases!`, or the scripts that it plays, say what a vector is called, what
//! it is about, what it asks and what must come of it; where the answer is more than the profile's text says, the
//! engine computes it here and `adapters/python-check` computes it again with libraries that share no code with the
//! engine.

#![allow(clippy::too_many_lines, reason = "a family is one list of cases")]

mod actor;
mod builder;
#[macro_use]
mod cases;
mod crafted;
mod fingerprint;
mod intermediary;
mod invitation;
mod kdf;
mod links;
mod making;
mod message_encryption;
mod numbers;
mod pair;
mod payload;
mod prelude;
mod proto;
mod public_key;
mod ratchet_session;
pub mod record;
pub mod recorded;
mod said;
mod script;
mod sesame;
mod signal_v3;
mod transfer;
mod uuids;
mod wire;
mod wire_deployed;
mod wire_prekey;
mod wire_ratchet;
mod x25519_cases;
mod x3dh_initiate;
mod x3dh_respond;
mod xeddsa;

use builder::Builder;
pub use numbers::Numbers;
use serde::Serialize;
use tigress_signal::conformance::seed;
use tigress_signal::conformance::vector::{BuiltIn, Family, schema};
use tigress_signal::suite::{self, Tigress1};

/// A file of the vectors' folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedFile {
    /// Its path below that folder.
    pub path: String,
    /// Its content.
    pub content: String,
}

/// Who makes the tests of a family.
const GENERATORS: &[(&str, Generator)] = &[
    ("public_key", public_key::generate),
    ("xeddsa", xeddsa::generate),
    ("x3dh_initiate", x3dh_initiate::generate),
    ("x3dh_respond", x3dh_respond::generate),
    ("fingerprint", fingerprint::generate),
    ("kdf", kdf::generate),
    ("message_encryption", message_encryption::generate),
    ("ratchet_session", ratchet_session::generate),
    ("wire_ratchet", wire_ratchet::generate),
    ("wire_prekey", wire_prekey::generate),
    ("intermediary", intermediary::generate),
    ("invitation", invitation::generate),
    ("payload", payload::generate),
    ("sesame", sesame::generate),
    ("transfer_sender", transfer::sender),
    ("transfer_receiver", transfer::receiver),
];

/// Makes a vector file and its schema; `numbers` tells which numbers its tests have already.
///
/// # Panics
/// Where a generator and the engine disagree: a bug of one of them, which no input can bring about.
#[must_use]
pub fn generate(file: &'static BuiltIn, numbers: Numbers) -> [GeneratedFile; 2] {
    let family = Family::find(file.family).expect("a family of the table");
    let mut generators = GENERATORS.iter();
    let (_, generate) = generators
        .find(|(name, _)| *name == file.family)
        .expect("a family that is made");
    let mut builder = Builder::new(file);
    let suite = file.suite.and_then(suite::by_name);
    making::of(suite.unwrap_or(&Tigress1), || generate(&mut builder));
    [
        GeneratedFile {
            path: file.path(),
            content: pretty(&builder.file(numbers)),
        },
        GeneratedFile {
            path: file.schema_path(),
            content: pretty(&schema(family)),
        },
    ]
}

/// Makes the tests of one family.
type Generator = fn(&mut Builder);

/// JSON as it is checked in: two spaces, a line feed at the end.
fn pretty(value: &impl Serialize) -> String {
    let mut text =
        serde_json::to_string_pretty(value).expect("JSON has no other keys than strings");
    text.push('\n');
    text
}
