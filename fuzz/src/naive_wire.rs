//! Section 5 of the profile once more: what a strict reader says of bytes, slowly, and with nothing shared with the library but keys.

use crate::naive::Message;
use tigress_signal::primitives::PublicKey;

/// An error code of section 11.
pub type Code = &'static str;

const MALFORMED: Code = "malformed";
const NON_CANONICAL: Code = "non-canonical";

/// A field of a message: whether it must be there, and the numbers that it may be; bytes where there are none.
struct Known {
    number: u64,
    required: bool,
    range: Option<(u64, u64)>,
}

const fn number(number: u64, required: bool, least: u64, most: u64) -> Known {
    Known {
        number,
        required,
        range: Some((least, most)),
    }
}

const fn bytes(number: u64) -> Known {
    Known {
        number,
        required: true,
        range: None,
    }
}

const MOST: u64 = u32::MAX as u64;
const RATCHET: &[Known] = &[
    bytes(1),
    number(2, true, 0, MOST),
    number(3, true, 0, MOST),
    bytes(4),
];
const PRE_KEY: &[Known] = &[
    number(1, false, 1, (1 << 24) - 1),
    bytes(2),
    bytes(3),
    bytes(4),
    number(5, true, 1, 16_380),
    number(6, true, 1, (1 << 24) - 1),
];

/// What stands in a field.
enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Takes a varint: its number, and whether none shorter says the same (WIRE-04).
fn varint(rest: &mut &[u8]) -> Result<(u64, bool), Code> {
    let last = rest.iter().position(|byte| *byte < 0x80);
    let last = last.filter(|last| *last < 10).ok_or(MALFORMED)?;
    let (taken, left) = rest.split_at(last + 1);
    *rest = left;
    let value = taken
        .iter()
        .rev()
        .fold(0_u128, |value, byte| value << 7 | u128::from(byte & 0x7f));
    let value = u64::try_from(value).map_err(|_| MALFORMED)?;
    Ok((value, last == 0 || taken[last] != 0))
}

/// Takes so many bytes (WIRE-05).
fn take<'a>(rest: &mut &'a [u8], length: u64) -> Result<&'a [u8], Code> {
    let length = usize::try_from(length).map_err(|_| MALFORMED)?;
    let (taken, left) = rest.split_at_checked(length).ok_or(MALFORMED)?;
    *rest = left;
    Ok(taken)
}

/// The fields of a message, each by its place among those that are known.
fn fields<'a>(known: &[Known], bytes: &'a [u8]) -> Result<Vec<Option<Content<'a>>>, Code> {
    let mut found: Vec<Option<Content<'a>>> = known.iter().map(|_| None).collect();
    let mut rest = bytes;
    let mut highest = 0;
    while !rest.is_empty() {
        let (tag, tag_is_shortest) = varint(&mut rest)?;
        let (field, wire_type) = (tag >> 3, tag & 7);
        let place = known.iter().position(|known| known.number == field);
        let own_type = place.map(|place| if known[place].range.is_some() { 0 } else { 2 });
        let is_readable = tag <= MOST && field != 0 && wire_type < 6;
        if !is_readable || own_type.is_some_and(|own| own != wire_type) {
            return Err(MALFORMED);
        }
        let (content, is_shortest) = match wire_type {
            0 => {
                let (value, is_shortest) = varint(&mut rest)?;
                (Content::Number(value), is_shortest)
            }
            1 => (Content::Bytes(take(&mut rest, 8)?), true),
            2 => {
                let (length, is_shortest) = varint(&mut rest)?;
                (Content::Bytes(take(&mut rest, length)?), is_shortest)
            }
            5 => (Content::Bytes(take(&mut rest, 4)?), true),
            _ => return Err(NON_CANONICAL),
        };
        let Some(place) = place else {
            return Err(NON_CANONICAL);
        };
        if matches!(content, Content::Number(value) if value > MOST) {
            return Err(MALFORMED);
        }
        if !tag_is_shortest || !is_shortest || field <= highest {
            return Err(NON_CANONICAL);
        }
        highest = field;
        found[place] = Some(content);
    }
    for (known, content) in known.iter().zip(&found) {
        let holds = match (content, known.range) {
            (None, _) => !known.required,
            (Some(Content::Number(value)), Some((least, most))) => (least..=most).contains(value),
            _ => true,
        };
        if !holds {
            return Err(MALFORMED);
        }
    }
    Ok(found)
}

/// The body of a message of at most so many bytes.
fn body(message: &[u8], longest: usize) -> Result<&[u8], Code> {
    match message.split_first() {
        None => Err(MALFORMED),
        Some(_) if message.len() > longest => Err("too-large"),
        Some((0x11, body)) => Ok(body),
        Some(_) => Err("unsupported-version"),
    }
}

fn content<'a>(found: &[Option<Content<'a>>], place: usize) -> &'a [u8] {
    match found[place] {
        Some(Content::Bytes(bytes)) => bytes,
        _ => &[],
    }
}

fn key(bytes: &[u8]) -> Result<(), Code> {
    PublicKey::decode(bytes).map_or(Err("invalid-key"), |_| Ok(()))
}

fn number_in(found: &[Option<Content>], place: usize) -> Option<u32> {
    match found[place] {
        Some(Content::Number(value)) => u32::try_from(value).ok(),
        _ => None,
    }
}

/// A ratchet message.
///
/// # Errors
/// The code of the first fault.
pub fn read_ratchet_message(message: &[u8]) -> Result<Message, Code> {
    ratchet_message(message)?;
    let found = fields(RATCHET, body(message, 65_604)?)?;
    let dh = PublicKey::decode(content(&found, 0)).map_err(|_| "invalid-key")?;
    let (n, pn) = (number_in(&found, 1), number_in(&found, 2));
    Ok(Message {
        dh,
        n: n.ok_or(MALFORMED)?,
        pn: pn.ok_or(MALFORMED)?,
        ciphertext: content(&found, 3).to_vec(),
    })
}

/// What a prekey message says.
pub struct PreKeyMessage {
    /// The id of the one-time prekey, where there is one.
    pub pre_key_id: Option<u32>,
    /// EK of the initiator.
    pub base_key: PublicKey,
    /// IK of the initiator.
    pub identity_key: PublicKey,
    /// The ratchet message in it.
    pub message: Message,
    /// The id of the signed prekey.
    pub signed_pre_key_id: u32,
}

/// A prekey message.
///
/// # Errors
/// The code of the first fault.
pub fn read_pre_key_message(message: &[u8]) -> Result<PreKeyMessage, Code> {
    pre_key_message(message)?;
    let found = fields(PRE_KEY, body(message, 65_692)?)?;
    let key = |place| PublicKey::decode(content(&found, place)).map_err(|_| "invalid-key");
    Ok(PreKeyMessage {
        pre_key_id: number_in(&found, 0),
        base_key: key(1)?,
        identity_key: key(2)?,
        message: read_ratchet_message(content(&found, 3))?,
        signed_pre_key_id: number_in(&found, 5).ok_or(MALFORMED)?,
    })
}

/// What is wrong with a ratchet message, if something is.
///
/// # Errors
/// The code of the first fault.
pub fn ratchet_message(message: &[u8]) -> Result<(), Code> {
    let found = fields(RATCHET, body(message, 65_604)?)?;
    if content(&found, 3).len() < 16 {
        return Err(MALFORMED);
    }
    key(content(&found, 0))
}

/// What is wrong with a prekey message, if something is.
///
/// # Errors
/// The code of the first fault.
pub fn pre_key_message(message: &[u8]) -> Result<(), Code> {
    let found = fields(PRE_KEY, body(message, 65_692)?)?;
    key(content(&found, 1))?;
    key(content(&found, 2))?;
    ratchet_message(content(&found, 3))
}
