//! The prekey message (profile section 5).

use super::{RatchetMessage, WireError, bytes_of, check_frame, key_of, uint32_of};
use crate::primitives::PublicKey;
use crate::suite::Suite;
use crate::suite::protobuf::{self, Field, Kind, Value};

const PRE_KEY_ID: u32 = 1;
const BASE_KEY: u32 = 2;
const IDENTITY_KEY: u32 = 3;
const MESSAGE: u32 = 4;
const REGISTRATION_ID: u32 = 5;
const SIGNED_PRE_KEY_ID: u32 = 6;

const FIELDS: &[Field] = &[
    Field {
        number: PRE_KEY_ID,
        kind: Kind::Uint32(1..=0x00ff_ffff),
        required: false,
    },
    Field {
        number: BASE_KEY,
        kind: Kind::Bytes,
        required: true,
    },
    Field {
        number: IDENTITY_KEY,
        kind: Kind::Bytes,
        required: true,
    },
    Field {
        number: MESSAGE,
        kind: Kind::Bytes,
        required: true,
    },
    Field {
        number: REGISTRATION_ID,
        kind: Kind::Uint32(1..=16380),
        required: true,
    },
    Field {
        number: SIGNED_PRE_KEY_ID,
        kind: Kind::Uint32(1..=0x00ff_ffff),
        required: true,
    },
];

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
}

impl<'a> PreKeyMessage<'a> {
    /// Reads a prekey message and the ratchet message inside.
    ///
    /// # Errors
    /// Those of [`RatchetMessage::decode`], for either of the two.
    pub fn decode(suite: &dyn Suite, bytes: &'a [u8]) -> Result<Self, WireError> {
        check_frame(suite, bytes, suite.limits().max_prekey_message)?;
        let mut values: [Option<Value<'a>>; FIELDS.len()] = [None; FIELDS.len()];
        suite.read_fields(FIELDS, bytes, 1, bytes.len(), &mut values)?;
        let [
            pre_key_id,
            base_key,
            identity_key,
            message,
            registration_id,
            signed_pre_key_id,
        ] = values;
        Ok(PreKeyMessage {
            pre_key_id: pre_key_id.map(|id| uint32_of(Some(id))),
            base_key: key_of("base_key", base_key)?,
            identity_key: key_of("identity_key", identity_key)?,
            message: RatchetMessage::decode(suite, bytes_of(message))
                .map_err(|error| WireError::Inner(Box::new(error)))?,
            registration_id: uint32_of(registration_id),
            signed_pre_key_id: uint32_of(signed_pre_key_id),
        })
    }

    /// Encodes the message (WIRE-11).
    #[must_use]
    pub fn encode(&self, suite: &dyn Suite) -> Vec<u8> {
        // Version byte, six tags, three lengths, two keys, three ids of at most five bytes.
        let head = 1 + 6 + 2 + 5 + 2 * PublicKey::LENGTH + 3 * 5;
        let mut out = Vec::with_capacity(head + self.message.bytes.len());
        out.push(suite.version());
        if let Some(id) = self.pre_key_id {
            protobuf::write_uint32(&mut out, PRE_KEY_ID, id);
        }
        protobuf::write_bytes(&mut out, BASE_KEY, &self.base_key.encode());
        protobuf::write_bytes(&mut out, IDENTITY_KEY, &self.identity_key.encode());
        protobuf::write_bytes(&mut out, MESSAGE, self.message.bytes);
        protobuf::write_uint32(&mut out, REGISTRATION_ID, self.registration_id);
        protobuf::write_uint32(&mut out, SIGNED_PRE_KEY_ID, self.signed_pre_key_id);
        out
    }
}
