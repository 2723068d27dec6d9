//! The ratchet message (profile section 5).

use super::{WireError, bytes_of, check_frame, key_of, uint32_of};
use crate::requirement::{flawed, require};
use crate::suite::protobuf::{self, Field, Kind};
use crate::suite::{Header, Suite};

const RATCHET_KEY: u32 = 1;
const COUNTER: u32 = 2;
const PREVIOUS_COUNTER: u32 = 3;
const CIPHERTEXT: u32 = 4;

const FIELDS: &[Field] = &[
    Field {
        number: RATCHET_KEY,
        kind: Kind::Bytes,
        required: true,
    },
    Field {
        number: COUNTER,
        kind: Kind::Uint32(0..=u32::MAX),
        required: true,
    },
    Field {
        number: PREVIOUS_COUNTER,
        kind: Kind::Uint32(0..=u32::MAX),
        required: true,
    },
    Field {
        number: CIPHERTEXT,
        kind: Kind::Bytes,
        required: true,
    },
];

/// A ratchet message as parsed, borrowed from its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RatchetMessage<'a> {
    /// The whole message, version byte and trailer included.
    pub bytes: &'a [u8],
    /// The header.
    pub header: Header,
    /// The ciphertext field, its tag included: at least as long as the suite's shortest (WIRE-07).
    pub ciphertext: &'a [u8],
}

impl<'a> RatchetMessage<'a> {
    /// Reads a ratchet message.
    ///
    /// # Errors
    /// `too-large` (WIRE-08), `unsupported-version` (WIRE-01), `malformed`, `non-canonical` (WIRE-02 to
    /// WIRE-05, WIRE-07, WIRE-09), `invalid-key` (WIRE-06).
    pub fn decode(suite: &dyn Suite, bytes: &'a [u8]) -> Result<Self, WireError> {
        check_frame(suite, bytes, suite.limits().max_ratchet_message)?;
        let end = bytes.len().saturating_sub(suite.trailer_length());
        let mut values = [None; FIELDS.len()];
        suite.read_fields(FIELDS, bytes, 1, end, &mut values)?;
        let [ratchet_key, counter, previous_counter, ciphertext] = values;
        let ciphertext = bytes_of(ciphertext);
        require!(
            "WIRE-07",
            ciphertext.len() >= suite.min_ciphertext_length(),
            WireError::ShortCiphertext
        );
        Ok(RatchetMessage {
            bytes,
            header: Header {
                ratchet_key: key_of("ratchet_key", ratchet_key)?,
                previous_counter: uint32_of(previous_counter),
                counter: uint32_of(counter),
            },
            ciphertext,
        })
    }

    /// Encodes everything before the ciphertext's content, of `ciphertext_length` bytes, with room for the
    /// rest: what [`Suite::seal`] appends to.
    #[must_use]
    pub fn encode_head(suite: &dyn Suite, header: &Header, ciphertext_length: usize) -> Vec<u8> {
        // Version byte, four tags, two lengths, the key, two counters of at most five bytes.
        let head = 1 + 4 + 1 + 5 + header.ratchet_key.encode().len() + 2 * 5;
        let mut out = Vec::with_capacity(head + ciphertext_length + suite.trailer_length());
        out.push(suite.version());
        protobuf::write_bytes(&mut out, RATCHET_KEY, &header.ratchet_key.encode());
        for (number, value) in [
            (COUNTER, header.counter),
            (PREVIOUS_COUNTER, header.previous_counter),
        ] {
            if flawed!("WIRE-11 zero left out", true, value != 0) {
                protobuf::write_uint32(&mut out, number, value);
            }
        }
        protobuf::write_bytes_head(&mut out, CIPHERTEXT, ciphertext_length);
        out
    }

    /// Encodes a message from its fields, without a trailer (WIRE-11).
    #[must_use]
    pub fn encode(suite: &dyn Suite, header: &Header, ciphertext: &[u8]) -> Vec<u8> {
        let mut out = Self::encode_head(suite, header, ciphertext.len());
        out.extend_from_slice(ciphertext);
        out
    }
}
