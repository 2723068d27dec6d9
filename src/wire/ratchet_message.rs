//! The ratchet message (profile section 5).

use super::{WireError, bytes_of, check_frame, key_of, uint32_of};
use crate::requirement::{flawed, require};
use crate::suite::protobuf;
use crate::suite::{Header, Suite};

/// How many fields a ratchet message has at most; which they are says [`Wire`](crate::suite::Wire).
const FIELDS: usize = 5;

/// A ratchet message as parsed, borrowed from its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RatchetMessage<'a> {
    /// The whole message, version byte and trailer included.
    pub bytes: &'a [u8],
    /// The header.
    pub header: Header,
    /// The header's extension; empty in suites that have none.
    pub extension: &'a [u8],
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
        let schema = suite.ratchet_message();
        check_frame(suite, bytes, schema.max_length)?;
        let end = bytes.len().saturating_sub(suite.trailer_length());
        let mut values = [None; FIELDS];
        let read = &mut values[..schema.fields.len()];
        suite.read_fields(schema.fields, bytes, 1, end, read)?;
        let [
            ratchet_key,
            counter,
            previous_counter,
            ciphertext,
            extension,
        ] = values;
        let ciphertext = bytes_of(ciphertext);
        require!(
            "WIRE-07",
            ciphertext.len()
                >= flawed!(
                    "WIRE-07 15 bytes",
                    flawed!(
                        "WIRE-07 17 bytes",
                        suite.min_ciphertext_length(),
                        suite.min_ciphertext_length() + 1
                    ),
                    suite.min_ciphertext_length() - 1
                ),
            WireError::ShortCiphertext
        );
        Ok(RatchetMessage {
            bytes,
            header: Header {
                ratchet_key: key_of(suite, "ratchet_key", ratchet_key)?,
                previous_counter: uint32_of(previous_counter),
                counter: uint32_of(counter),
            },
            extension: bytes_of(extension),
            ciphertext,
        })
    }

    /// Encodes everything before the ciphertext's content, of `ciphertext_length` bytes, with room for the
    /// rest: the content, which [`Cipher::seal`](crate::suite::Cipher::seal) appends, a header extension of
    /// `extension_length` bytes, the trailer.
    #[must_use]
    pub fn encode_head(
        suite: &dyn Suite,
        header: &Header,
        ciphertext_length: usize,
        extension_length: usize,
    ) -> Vec<u8> {
        let [ratchet_key, counter, previous_counter, ciphertext, ..] =
            suite.ratchet_message().fields
        else {
            unreachable!("a ratchet message has these four fields")
        };
        // Version byte, four tags, two lengths, the key, two counters of at most five bytes.
        let head = 1 + 4 + 1 + 5 + header.ratchet_key.encode().len() + 2 * 5;
        // Tag and length.
        let tail = match extension_length {
            0 => suite.trailer_length(),
            length => 1 + 5 + length + suite.trailer_length(),
        };
        let mut out = Vec::with_capacity(head + ciphertext_length + tail);
        out.push(suite.version());
        protobuf::write_bytes(&mut out, ratchet_key.number, &header.ratchet_key.encode());
        for (number, value) in [
            (counter.number, header.counter),
            (previous_counter.number, header.previous_counter),
        ] {
            if flawed!("WIRE-11 zero left out", true, value != 0) {
                protobuf::write_uint32(&mut out, number, value);
            }
        }
        protobuf::write_bytes_head(&mut out, ciphertext.number, ciphertext_length);
        out
    }

    /// What stands between the ciphertext and the trailer: the header extension, where there is one.
    #[must_use]
    pub fn encode_extension(suite: &dyn Suite, extension: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        if let ([_, _, _, _, field], false) = (suite.ratchet_message().fields, extension.is_empty())
        {
            protobuf::write_bytes(&mut out, field.number, extension);
        }
        out
    }

    /// Encodes a message from its fields, without extension and trailer (WIRE-11).
    #[must_use]
    pub fn encode(suite: &dyn Suite, header: &Header, ciphertext: &[u8]) -> Vec<u8> {
        let mut out = Self::encode_head(suite, header, ciphertext.len(), 0);
        out.extend_from_slice(ciphertext);
        out
    }
}
