//! The prekey message (profile section 5).

use super::{RatchetMessage, WireError, bytes_of, check_frame, key_of, uint32_of};
use crate::primitives::PublicKey;
use crate::requirement::flawed;
use crate::suite::Suite;
use crate::suite::protobuf;

/// How many fields a prekey message has at most; which they are says [`Wire`](crate::suite::Wire).
const FIELDS: usize = 8;

/// What a prekey message says of the KEM (PQXDH 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KemFields<'a> {
    /// The KEM prekey that A used.
    pub pre_key_id: u32,
    /// CT.
    pub ciphertext: &'a [u8],
}

/// A prekey message as parsed, borrowed from its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreKeyMessage<'a> {
    /// The one-time prekey that A used, if the bundle had one (X3DH-12).
    pub pre_key_id: Option<u32>,
    /// EK, A's ephemeral key.
    pub base_key: PublicKey,
    /// IK of A.
    pub identity_key: PublicKey,
    /// The ratchet message inside.
    pub message: RatchetMessage<'a>,
    /// A's registration id.
    pub registration_id: u32,
    /// The signed prekey that A used.
    pub signed_pre_key_id: u32,
    /// What A encapsulated, in suites that have a KEM.
    pub kem: Option<KemFields<'a>>,
}

impl<'a> PreKeyMessage<'a> {
    /// Reads a prekey message and the ratchet message inside.
    ///
    /// # Errors
    /// Those of [`RatchetMessage::decode`], for either of the two.
    pub fn decode(suite: &dyn Suite, bytes: &'a [u8]) -> Result<Self, WireError> {
        let schema = suite.pre_key_message();
        check_frame(suite, bytes, schema.max_length)?;
        let mut values = [None; FIELDS];
        let read = &mut values[..schema.fields.len()];
        suite.read_fields(schema.fields, bytes, 1, bytes.len(), read)?;
        let [
            pre_key_id,
            base_key,
            identity_key,
            message,
            registration_id,
            signed_pre_key_id,
            kem_pre_key_id,
            kem_ciphertext,
        ] = values;
        Ok(PreKeyMessage {
            pre_key_id: pre_key_id.map(|id| uint32_of(Some(id))),
            base_key: key_of(suite, "base_key", base_key)?,
            identity_key: key_of(suite, "identity_key", identity_key)?,
            message: flawed!(
                "WIRE-03 inside",
                RatchetMessage::decode(suite, bytes_of(message)),
                crate::flaw::with("WIRE-03", || RatchetMessage::decode(
                    suite,
                    bytes_of(message)
                ))
            )
            .map_err(|error| WireError::Inner(Box::new(error)))?,
            registration_id: uint32_of(registration_id),
            signed_pre_key_id: uint32_of(signed_pre_key_id),
            kem: kem_ciphertext.map(|ciphertext| KemFields {
                pre_key_id: uint32_of(kem_pre_key_id),
                ciphertext: bytes_of(Some(ciphertext)),
            }),
        })
    }

    /// Encodes the message (WIRE-11).
    #[must_use]
    pub fn encode(&self, suite: &dyn Suite) -> Vec<u8> {
        let schema = suite.pre_key_message().fields;
        let [
            pre_key_id,
            base_key,
            identity_key,
            message,
            registration_id,
            signed_pre_key_id,
            kem_fields @ ..,
        ] = schema
        else {
            unreachable!("a prekey message has these six fields")
        };
        // Version byte, six tags, three lengths, two keys, three ids of at most five bytes.
        let head = 1 + 6 + 2 + 5 + 2 * PublicKey::LENGTH + 3 * 5;
        // Two tags, an id and a length of at most five bytes.
        let kem = self.kem.map_or(0, |kem| 2 + 2 * 5 + kem.ciphertext.len());
        let mut out = Vec::with_capacity(head + self.message.bytes.len() + kem);
        out.push(suite.version());
        if let Some(id) = self.pre_key_id {
            protobuf::write_uint32(&mut out, pre_key_id.number, id);
        }
        protobuf::write_bytes(&mut out, base_key.number, &self.base_key.encode());
        protobuf::write_bytes(&mut out, identity_key.number, &self.identity_key.encode());
        protobuf::write_bytes(&mut out, message.number, self.message.bytes);
        if flawed!("V3-15 zero left out", true, self.registration_id != 0) {
            protobuf::write_uint32(&mut out, registration_id.number, self.registration_id);
        }
        protobuf::write_uint32(&mut out, signed_pre_key_id.number, self.signed_pre_key_id);
        if let (Some(kem), [id, ciphertext]) = (self.kem, kem_fields) {
            protobuf::write_uint32(&mut out, id.number, kem.pre_key_id);
            protobuf::write_bytes(&mut out, ciphertext.number, kem.ciphertext);
        }
        out
    }
}
