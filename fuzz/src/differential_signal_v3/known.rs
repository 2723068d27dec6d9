//! Where libsignal-protocol-c does otherwise than the engine, and the profile or a finding says that it may. Each has its id, and
//! tells as narrowly as it can what it is about: a difference that none of them knows is found.

use libsignal_protocol_c::{Error, Kind};
use tigress_signal::primitives::PublicKey;
use tigress_signal::sesame::{self, Device, SavedDevice};
use tigress_signal::suite::{self, Ratchet, SignalV3};
use tigress_signal::wire::{PreKeyMessage, RatchetMessage};

/// How far libsignal-protocol-c follows a chain for a message.
pub(super) const THEIR_MAX_SKIP: u32 = 2_000;
/// How far a receiver does at most (V3-13).
pub(super) const MAX_SKIP: u32 = 25_000;

/// The id of what lets the two read a message differently; `ours` is the engine's code, `theirs` the library's status, each none
/// where it reads it.
pub(super) fn in_the_parser(
    kind: Kind,
    data: &[u8],
    ours: Option<&str>,
    theirs: Option<Error>,
) -> Option<&'static str> {
    let message = inner(kind, data);
    let leaves_open =
        leaves_open(data, kind) || message.is_some_and(|it| leaves_open(it, Kind::Ratchet));
    match (ours, theirs) {
        // A receiver may refuse these, and may skip them.
        (Some("malformed"), None) if leaves_open => Some("V3-16"),
        // Version 2, which the library knew once: it refuses it after it has read it.
        (Some("unsupported-version"), None)
            if of_version_2(data) || message.is_some_and(of_version_2) =>
        {
            Some("V3-01")
        }
        // No block at all: the library finds it in the session, where it refuses it too.
        (Some("malformed"), None) if is_empty(kind, data) => Some("V3-10"),
        // Few receivers have a bound.
        (Some("too-large"), None) => Some("V3-17"),
        _ => None,
    }
}

/// A message that one device read and the other refused.
pub(super) struct Difference<'a> {
    /// Which message.
    pub(super) kind: Kind,
    /// Its bytes.
    pub(super) data: &'a [u8],
    /// The engine's code, none where it read it.
    pub(super) ours: Option<&'a str>,
    /// The library's status, none where it read it.
    pub(super) theirs: Option<Error>,
    /// What the engine says of it where it follows a chain no further than that.
    pub(super) held: &'a dyn Fn(u32) -> Option<&'a str>,
}

/// The id of what lets them differ.
pub(super) fn in_a_session(difference: &Difference<'_>) -> Option<&'static str> {
    let Difference {
        kind,
        data,
        ours,
        theirs,
        held,
    } = *difference;
    match (ours, theirs) {
        // 25,000 keys ahead, and 2,000.
        (None, Some(_))
            if held(THEIR_MAX_SKIP) == Some("too-many-skipped") && held(MAX_SKIP).is_none() =>
        {
            Some("V3-13")
        }
        // Keys of small order are used: a receiver should not.
        (Some("invalid-key"), None) if has_key_of_small_order(kind, data) => {
            Some("libsignal-protocol-c-3")
        }
        // An opening whose session is gone: a receiver should know it again, where no one-time prekey does.
        (Some("duplicate-message"), None) if kind == Kind::PreKey => Some("X3DH-14"),
        _ => in_the_parser(kind, data, ours, theirs),
    }
}

/// The device where it follows a chain no further than that.
pub(super) fn held(device: &SavedDevice, max_skip: u32) -> Device {
    let limits = sesame::Limits {
        session: Some(suite::Limits {
            max_skip,
            ..*SignalV3.limits()
        }),
        ..sesame::Limits::PROFILE
    };
    let restored = device.clone().restore(&[&SignalV3], &limits);
    restored.expect("as it was saved")
}

/// Whether a message has a ciphertext of no bytes.
fn is_empty(kind: Kind, data: &[u8]) -> bool {
    let message = inner(kind, data).unwrap_or(data);
    let fields = fields(Kind::Ratchet, message);
    let last = fields.iter().rev().find(|(tag, _, _)| *tag == 4 << 3 | 2);
    last.is_some_and(|(_, _, ciphertext)| ciphertext.is_empty())
}

fn of_version_2(message: &[u8]) -> bool {
    message.first().is_some_and(|version| version >> 4 == 2)
}

fn has_key_of_small_order(kind: Kind, data: &[u8]) -> bool {
    let small = |key: &PublicKey| key.check_order().is_err();
    match kind {
        Kind::Ratchet => RatchetMessage::decode(&SignalV3, data)
            .is_ok_and(|message| small(&message.header.ratchet_key)),
        Kind::PreKey => PreKeyMessage::decode(&SignalV3, data).is_ok_and(|message| {
            let inner = &message.message.header.ratchet_key;
            [inner, &message.base_key, &message.identity_key]
                .into_iter()
                .any(small)
        }),
    }
}

/// A varint, and how many bytes it has: of more than ten there is none.
fn varint(bytes: &[u8]) -> Option<(u128, usize)> {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        value |= u128::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
    }
    None
}

/// The fields of a message: tag, number or length, and bytes where it has some. It ends where it cannot be read.
fn fields(kind: Kind, data: &[u8]) -> Vec<(u128, u128, &[u8])> {
    let end = match kind {
        Kind::Ratchet => data.len().saturating_sub(8),
        Kind::PreKey => data.len(),
    };
    let mut left = data.get(1..end).unwrap_or_default();
    let mut fields = Vec::new();
    while let Some((tag, length)) = varint(left) {
        left = &left[length..];
        let (number, content) = match tag & 7 {
            0 | 2 => match varint(left) {
                Some((number, length)) => {
                    left = &left[length..];
                    (number, if tag & 7 == 2 { number } else { 0 })
                }
                None => (0, 0),
            },
            1 => (0, 8),
            5 => (0, 4),
            // A group, which ends what can be read.
            _ => (0, u128::MAX),
        };
        let content = usize::try_from(content)
            .ok()
            .and_then(|length| left.split_at_checked(length));
        let (content, rest) = content.unwrap_or((left, &[]));
        fields.push((tag, number, content));
        left = rest;
    }
    fields
}

/// Whether a message has what a receiver may refuse, and may skip (V3-16): groups, field number 0, tags of more than 32 bits,
/// varints of more than 64.
fn leaves_open(data: &[u8], kind: Kind) -> bool {
    fields(kind, data).iter().any(|(tag, number, _)| {
        matches!(tag & 7, 3 | 4) || tag >> 3 == 0 || tag >> 32 != 0 || number >> 64 != 0
    })
}

/// The ratchet message in a prekey message: the last of its kind.
fn inner(kind: Kind, data: &[u8]) -> Option<&[u8]> {
    if kind == Kind::Ratchet {
        return None;
    }
    let fields = fields(kind, data);
    let found = fields.iter().rev().find(|(tag, _, _)| *tag == 4 << 3 | 2);
    found.map(|(_, _, content)| *content)
}
