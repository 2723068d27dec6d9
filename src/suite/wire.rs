//! How the two messages are written and read (profile section 5).

use super::SuiteError;
use super::protobuf::{Field, Value};

/// A message type. [`Wire`] says what its fields are for, by their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The fields, in the order in which they are written.
    pub fields: &'static [Field],
    /// The longest message in bytes, version byte and trailer included (WIRE-08).
    pub max_length: usize,
}

/// Version, fields, trailer, and the rules of the parser.
pub trait Wire {
    /// The version byte of a message written by this suite (WIRE-01).
    fn version(&self) -> u8;

    /// Whether a version byte can be read.
    fn accepts_version(&self, version: u8) -> bool;

    /// The ratchet message: ratchet key, counter, previous counter, ciphertext; then the header extension,
    /// in suites that have one.
    fn ratchet_message(&self) -> &'static Schema;

    /// The prekey message: one-time prekey id, base key, identity key, ratchet message, registration id, signed
    /// prekey id; then KEM prekey id and KEM ciphertext, in suites that have a KEM. An integer that is not
    /// required and missing is 0; but a one-time prekey id that is missing names none (X3DH-12).
    fn pre_key_message(&self) -> &'static Schema;

    /// Bytes that follow the protobuf message in a ratchet message.
    fn trailer_length(&self) -> usize {
        0
    }

    /// Reads the fields of `message[start..end]` by the rules of the suite (WIRE-02 to WIRE-05, WIRE-09).
    ///
    /// `values` has one place for each field of `schema`; what it holds after an error is of no meaning.
    ///
    /// # Errors
    /// `malformed` or `non-canonical`.
    fn read_fields<'a>(
        &self,
        schema: &[Field],
        message: &'a [u8],
        start: usize,
        end: usize,
        values: &mut [Option<Value<'a>>],
    ) -> Result<(), SuiteError>;
}
