//! The Protocol Buffers encoding, as far as the two messages of profile section 5 need it.

use super::SuiteError;
use crate::requirement::{flawed, require};
use std::ops::RangeInclusive;

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Wire type 2.
    Bytes,
    /// Wire type 0, held to this range (ID-04, ID-06).
    Uint32(RangeInclusive<u32>),
}

impl Kind {
    fn wire_type(&self) -> u32 {
        match self {
            Kind::Uint32(_) => VARINT,
            Kind::Bytes => LENGTH_DELIMITED,
        }
    }
}

/// One field of a message type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The field number, from 1.
    pub number: u32,
    /// What it holds.
    pub kind: Kind,
    /// Whether a message without it is malformed (WIRE-02).
    pub required: bool,
}

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A `uint32`.
    Uint32(u32),
    /// A `bytes`, borrowed from the message.
    Bytes(&'a [u8]),
}

const VARINT: u32 = 0;
const FIXED_64: u32 = 1;
const LENGTH_DELIMITED: u32 = 2;
const START_GROUP: u32 = 3;
const END_GROUP: u32 = 4;
const FIXED_32: u32 = 5;

/// The most bytes of a varint (WIRE-04).
const MAX_VARINT: usize = 10;

/// Reads wire primitives off a byte string, and knows how far it is.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A varint as read: its value, and whether it is the shortest encoding of that value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Varint {
    /// The value, of at most 64 bits.
    pub value: u64,
    /// No shorter encoding exists.
    pub shortest: bool,
}

impl<'a> Reader<'a> {
    /// Starts at `at`; ends at the end of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Reader { bytes, at }
    }

    /// Offset of the next byte.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Whether every byte has been read.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Reads a varint of at most 10 bytes and 64 bits (WIRE-04).
    ///
    /// # Errors
    /// `malformed`.
    #[inline]
    pub fn varint(&mut self) -> Result<Varint, SuiteError> {
        // Tags, lengths of keys and most counters are of one byte.
        if let Some(&byte @ ..0x80) = self.bytes.get(self.at) {
            self.at += 1;
            return Ok(Varint {
                value: byte.into(),
                shortest: true,
            });
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<Varint, SuiteError> {
        let start = self.at;
        let mut value: u64 = 0;
        for (index, &byte) in self
            .bytes
            .get(start..)
            .unwrap_or_default()
            .iter()
            .take(MAX_VARINT)
            .enumerate()
        {
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            require!(
                "WIRE-04",
                index < MAX_VARINT - 1 || bits <= 1,
                malformed(start, "a varint of more than 64 bits (WIRE-04)")
            );
            value |= bits << (7 * index);
            if byte & 0x80 == 0 {
                self.at = start + index + 1;
                return Ok(Varint {
                    value,
                    shortest: index == 0
                        || byte != 0
                        || flawed!("WIRE-03 long zero", false, value == 0),
                });
            }
        }
        require!(
            "WIRE-04",
            self.bytes.len() < start + MAX_VARINT,
            malformed(start, "a varint longer than 10 bytes (WIRE-04)")
        );
        Err(malformed(start, "a varint runs past the end (WIRE-05)"))
    }

    /// Takes the next `length` bytes.
    ///
    /// # Errors
    /// `malformed` where there are fewer (WIRE-05).
    pub fn take(&mut self, length: u64) -> Result<&'a [u8], SuiteError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        flawed!(
            "WIRE-10 believed",
            (),
            _ = rest[..usize::try_from(length).unwrap_or(usize::MAX)]
        );
        let taken = usize::try_from(length)
            .ok()
            .and_then(|length| rest.get(..length));
        require!(
            "WIRE-05",
            taken.is_some(),
            malformed(self.at, "a length runs past the end (WIRE-05)")
        );
        let taken = taken.unwrap_or_default();
        self.at += taken.len();
        Ok(taken)
    }
}

fn malformed(at: usize, why: &'static str) -> SuiteError {
    SuiteError::Malformed { at, why }
}

fn non_canonical(at: usize, why: &'static str) -> SuiteError {
    SuiteError::NonCanonical { at, why }
}

/// Reads `message[start..end]` as the one canonical encoding of `schema` (WIRE-02 to WIRE-05, WIRE-09).
///
/// A field that cannot be read is `malformed`; one that can, but should not stand there or not so, is
/// `non-canonical`. The first fault in byte order is reported, a missing field last.
///
/// # Errors
/// As said above.
pub fn read_canonical<'a>(
    schema: &[Field],
    message: &'a [u8],
    start: usize,
    end: usize,
    values: &mut [Option<Value<'a>>],
) -> Result<(), SuiteError> {
    values.fill(None);
    let body = message.get(..end).unwrap_or(message);
    let mut reader = Reader::new(body, start);
    let mut last_number = 0;
    while !reader.is_at_end() {
        let at = reader.at();
        let tag = reader.varint()?;
        let key = u32::try_from(tag.value)
            .map_err(|_| malformed(at, "a field tag of more than 32 bits (WIRE-04)"))?;
        let (number, wire_type) = (key >> 3, key & 7);
        require!(
            "WIRE-03",
            number != 0,
            malformed(at, "field number 0 (WIRE-03)")
        );
        let Some(index) = schema.iter().position(|field| field.number == number) else {
            skip_unknown(&mut reader, at, wire_type)?;
            flawed!("WIRE-03 unknown skipped", (), continue);
            return Err(non_canonical(at, "an unknown field (WIRE-03)"));
        };
        let kind = &schema[index].kind;
        require!(
            "WIRE-09",
            wire_type == kind.wire_type(),
            malformed(at, "a field of another wire type (WIRE-09)")
        );
        let varint = reader.varint()?;
        let value = match kind {
            Kind::Uint32(_) => {
                let bits = flawed!("WIRE-04 low 32 bits", u64::MAX, u64::from(u32::MAX));
                let value = u32::try_from(varint.value & bits);
                require!(
                    "WIRE-04",
                    value.is_ok(),
                    malformed(at, "a uint32 above 2^32 - 1 (WIRE-04)")
                );
                Value::Uint32(value.unwrap_or_default())
            }
            Kind::Bytes => Value::Bytes(reader.take(varint.value)?),
        };
        require!(
            "WIRE-03",
            flawed!("WIRE-03 long tag", tag.shortest, true)
                && (varint.shortest || is_lenient(kind)),
            non_canonical(at, "a varint that is not the shortest (WIRE-03)")
        );
        // Rising order leaves no room for a repetition.
        require!(
            "WIRE-03",
            number > last_number
                || flawed!("WIRE-03 any order", false, values[index].is_none())
                || flawed!("WIRE-03 repeated", false, number == last_number),
            non_canonical(at, "a field repeated or out of order (WIRE-02, WIRE-03)")
        );
        last_number = number;
        values[index] = Some(value);
    }
    for (field, value) in schema.iter().zip(values.iter()) {
        require!(
            "WIRE-02",
            value.is_some() || !field.required || may_be_missing(field),
            malformed(end, "a required field is missing (WIRE-02)")
        );
        if let (Kind::Uint32(range), Some(Value::Uint32(value))) = (&field.kind, value) {
            require!(
                "ID-06",
                range.contains(value),
                malformed(start, "an id out of its range (ID-04, ID-06)")
            );
        }
    }
    Ok(())
}

/// Whether a counter of 0 need not be there.
fn may_be_missing(field: &Field) -> bool {
    let may = flawed!("WIRE-02 counters", false, true);
    may && matches!(&field.kind, Kind::Uint32(range) if range.contains(&0))
}

/// Whether a varint of such a field need not be the shortest.
fn is_lenient(kind: &Kind) -> bool {
    match kind {
        Kind::Bytes => flawed!("WIRE-03 long length", false, true),
        Kind::Uint32(_) => flawed!("WIRE-03 long value", false, true),
    }
}

/// Reads `message[start..end]` as parsers of Protocol Buffers do: fields in any order, the last of repeated ones counts,
/// unknown ones are skipped, a varint may be longer than it need be, and of one that is too great for its field the low 32
/// bits count (V3-16). A group is not read.
///
/// # Errors
/// `malformed`.
pub fn read_lenient<'a>(
    schema: &[Field],
    message: &'a [u8],
    start: usize,
    end: usize,
    values: &mut [Option<Value<'a>>],
) -> Result<(), SuiteError> {
    values.fill(None);
    let body = message.get(..end).unwrap_or(message);
    let mut reader = Reader::new(body, start);
    while !reader.is_at_end() {
        let at = reader.at();
        let key = u32::try_from(reader.varint()?.value)
            .map_err(|_| malformed(at, "a field tag of more than 32 bits (V3-16)"))?;
        let (number, wire_type) = (key >> 3, key & 7);
        require!(
            "V3-16",
            number != 0,
            malformed(at, "field number 0 (V3-16)")
        );
        let Some(index) = schema.iter().position(|field| field.number == number) else {
            let skipped = flawed!(
                "V3-16 unknown refused",
                skip_unknown(&mut reader, at, wire_type),
                Err(malformed(at, "an unknown field"))
            );
            skipped.map_err(|_| malformed(at, "a field that cannot be skipped (V3-16)"))?;
            continue;
        };
        let kind = &schema[index].kind;
        require!(
            "V3-16",
            wire_type == kind.wire_type(),
            malformed(at, "a field of another wire type (V3-16)")
        );
        let value = reader.varint()?.value;
        let value = match kind {
            #[allow(clippy::cast_possible_truncation, reason = "the low 32 bits are meant")]
            Kind::Uint32(_) => Value::Uint32(value as u32),
            Kind::Bytes => Value::Bytes(reader.take(value)?),
        };
        let first = flawed!("V3-16 first counts", None, values[index]);
        values[index] = first.or(Some(value));
    }
    for (field, value) in schema.iter().zip(values.iter()) {
        require!(
            "V3-16",
            value.is_some() || !field.required,
            malformed(end, "a required field is missing (V3-16)")
        );
    }
    Ok(())
}

/// Reads over a field that the schema does not know, to tell one that can be read from one that cannot.
fn skip_unknown(reader: &mut Reader<'_>, at: usize, wire_type: u32) -> Result<(), SuiteError> {
    match wire_type {
        VARINT => reader.varint().map(|_| ()),
        FIXED_64 => reader.take(8).map(|_| ()),
        LENGTH_DELIMITED => {
            let length = reader.varint()?.value;
            reader.take(length).map(|_| ())
        }
        START_GROUP | END_GROUP => Err(non_canonical(at, "a group (WIRE-03)")),
        FIXED_32 => reader.take(4).map(|_| ()),
        _ => Err(malformed(at, "a wire type that does not exist (WIRE-09)")),
    }
}

/// Appends a varint in its shortest form.
pub fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        #[allow(clippy::cast_possible_truncation)] // the low seven bits are meant
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    #[allow(clippy::cast_possible_truncation)] // below 0x80
    out.push(value as u8);
}

/// Appends a `uint32` field.
pub fn write_uint32(out: &mut Vec<u8>, number: u32, value: u32) {
    write_varint(out, u64::from(number << 3 | VARINT));
    write_varint(out, value.into());
}

/// Appends the tag and length of a `bytes` field, whose content the caller appends.
pub fn write_bytes_head(out: &mut Vec<u8>, number: u32, length: usize) {
    write_varint(out, u64::from(number << 3 | LENGTH_DELIMITED));
    write_varint(out, length as u64);
}

/// Appends a `bytes` field.
pub fn write_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    write_bytes_head(out, number, bytes.len());
    out.extend_from_slice(bytes);
}
