//! Messages that somebody seals who says what he likes: by the specifications, with nothing of the library above its primitives.

use super::{Content, Form, Jump, Made, Point, Previous, Told, Version};
use crate::differential_signal_v3::known::{MAX_SKIP, THEIR_MAX_SKIP};
use tigress_signal::primitives::hkdf::hkdf_sha256;
use tigress_signal::primitives::hmac::hmac_sha256;
use tigress_signal::primitives::{KeyPair, PrivateKey, aes256_cbc};

pub(super) type Key = [u8; 32];
/// 0x05 and 32 bytes.
pub(super) type Encoded = [u8; 33];

/// Private keys by their owner and number.
pub(super) fn private(first: u8, number: u8) -> Key {
    [first + number; 32]
}

/// The first of Alice's keys, and of those that other people make messages with.
pub(super) const ALICE: u8 = 10;
/// The first of Bob's: identity, signed prekey.
pub(super) const BOB: u8 = 20;
/// The first of Bob's one-time prekeys.
pub(super) const ONE_TIME: u8 = 30;
/// How many one-time prekeys Bob has, from id 0.
pub(super) const ONE_TIME_PRE_KEYS: u8 = 5;
/// The first of the ephemeral and ratchet keys of messages that are made.
const FRESH: u8 = 100;

pub(super) fn pair(key: Key) -> KeyPair {
    PrivateKey::from(key).into()
}

pub(super) fn public(key: Key) -> Encoded {
    pair(key).public().encode()
}

/// Points of small order (RFC 7748), with those that are not reduced.
fn small_order(number: u8) -> Encoded {
    let mut key = [0; 33];
    key[0] = 5;
    match number % 6 {
        0 => {}
        1 => key[1] = 1,
        // p - 1, p, p + 1, and 0 with bit 255 set.
        other @ 2..=4 => {
            key[1..].fill(0xff);
            key[1] = 0xec + (other - 2);
            key[32] = 0x7f;
        }
        _ => key[32] = 0x80,
    }
    key
}

impl Point {
    /// As it is encoded; `first` is the first of its owner's keys.
    pub(super) fn encode(self, first: u8) -> Encoded {
        match self {
            Point::Own(number) => public(private(first, number % 8)),
            Point::HighBit(number) => {
                let mut key = public(private(first, number % 8));
                key[32] |= 0x80;
                key
            }
            Point::Small(number) => small_order(number),
        }
    }

    /// Its Diffie-Hellman output with a key of Bob's, as its maker computes it.
    fn agree(self, first: u8, their: Key) -> Key {
        match self {
            Point::Own(number) | Point::HighBit(number) => {
                let own = pair(private(first, number % 8));
                let agreed = own.private().diffie_hellman(pair(their).public());
                *agreed.expect("no key is of small order").expose()
            }
            Point::Small(_) => [0; 32],
        }
    }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// A field: its number, and what it holds.
#[derive(Clone)]
enum Field {
    Number(u32),
    Bytes(Vec<u8>),
}

impl Field {
    fn write(&self, out: &mut Vec<u8>, number: u64, form: Form) {
        match self {
            Field::Number(value) => {
                varint(out, number << 3);
                match form {
                    Form::Long => {
                        for shift in 0..9 {
                            let part = u64::from(*value).checked_shr(7 * shift).unwrap_or(0);
                            out.push(part.to_le_bytes()[0] | 0x80);
                        }
                        out.push(0);
                    }
                    Form::High => varint(out, u64::from(*value) | 1 << 32),
                    _ => varint(out, (*value).into()),
                }
            }
            Field::Bytes(bytes) => {
                varint(out, number << 3 | 2);
                varint(out, bytes.len() as u64);
                out.extend(bytes);
            }
        }
    }

    /// Another one of the same kind.
    fn other(&self) -> Field {
        match self {
            Field::Number(value) => Field::Number(value ^ 1),
            Field::Bytes(bytes) => Field::Bytes([bytes.as_slice(), b"!"].concat()),
        }
    }
}

/// The fields of a message after its version byte; `optional` is the number of the one that may be left out.
fn write(fields: &[(u64, Field)], optional: u64, form: Form) -> Vec<u8> {
    let mut fields = fields.to_vec();
    let mut out = Vec::new();
    match form {
        Form::Reversed => fields.reverse(),
        Form::LeftOut => fields.retain(|(number, _)| *number != optional),
        Form::Twice => {
            for (number, field) in &fields {
                field.other().write(&mut out, *number, form);
            }
        }
        // A number, bytes, and the two of a fixed width.
        Form::Unknown => {
            out.extend([9 << 3, 0x96, 1, 10 << 3 | 2, 3, 8, 7, 6, 11 << 3 | 1]);
            out.extend([0xff; 8]);
            out.extend([12 << 3 | 5, 1, 2, 3, 4]);
        }
        Form::Usual | Form::Long | Form::High => {}
    }
    for (number, field) in &fields {
        field.write(&mut out, *number, form);
    }
    out
}

/// Where a chain is, and with whose keys.
#[derive(Clone, Copy)]
pub(super) struct Chain {
    pub(super) key: Key,
    pub(super) counter: u32,
    pub(super) previous_counter: u32,
    pub(super) ratchet_key: Encoded,
    pub(super) sender: Encoded,
    pub(super) receiver: Encoded,
}

impl Version {
    fn byte(self) -> u8 {
        match self {
            Version::Usual => 0x33,
            Version::CarriedOver => 0x34,
            Version::Other(byte) => byte,
        }
    }
}

/// A ratchet message of the chain that says what it is told to, under a MAC that fits.
pub(super) fn ratchet_message(mut chain: Chain, told: Told) -> Vec<u8> {
    let ahead = match told.jump {
        Jump::By(by) => u32::from(by % 16),
        Jump::Theirs => THEIR_MAX_SKIP,
        Jump::BeyondTheirs => THEIR_MAX_SKIP + 1,
        Jump::BeyondOurs => MAX_SKIP + 1,
        Jump::Last => u32::MAX - chain.counter,
    };
    // What nobody follows a chain to needs no key.
    if ahead <= MAX_SKIP + 1 {
        for _ in 0..ahead {
            chain.key = *hmac_sha256(&chain.key, &[2]).expose();
        }
    }
    let message_key = *hmac_sha256(&chain.key, &[1]).expose();
    let keys = hkdf_sha256::<80>(Some(&[0; 32]), &[&message_key], b"WhisperMessageKeys");
    let (aes_key, rest) = keys.expose().split_first_chunk().expect("80 bytes");
    let (mac_key, iv) = rest.split_first_chunk::<32>().expect("48 bytes");
    let iv = iv.try_into().expect("16 bytes");
    let mut ciphertext = Vec::new();
    match told.content {
        Content::Text(length) => {
            aes256_cbc::encrypt(aes_key, iv, &vec![b't'; length.into()], &mut ciphertext);
        }
        Content::Blocks(count) => ciphertext = vec![count; 16 * usize::from(count % 5)],
        Content::Ragged(length) => ciphertext = vec![7; (length | 1).into()],
    }
    let previous = match told.previous {
        Previous::True => chain.previous_counter,
        Previous::None => 0,
        Previous::More(more) => chain.previous_counter + u32::from(more),
        Previous::All => u32::MAX,
    };
    let fields = [
        (1, Field::Bytes(chain.ratchet_key.to_vec())),
        (2, Field::Number(chain.counter + ahead)),
        (3, Field::Number(previous)),
        (4, Field::Bytes(ciphertext)),
    ];
    let mut message = vec![told.version.byte()];
    message.extend(write(&fields, 3, told.form));
    let authenticated = [&chain.sender[..], &chain.receiver, &message].concat();
    message.extend(&hmac_sha256(mac_key, &authenticated).expose()[..8]);
    message
}

/// A prekey message, of which only what is in it is authentic.
pub(super) struct Outer {
    pub(super) one_time: Option<u32>,
    pub(super) base_key: Encoded,
    pub(super) identity: Encoded,
    pub(super) registration_id: u32,
    pub(super) signed: u32,
}

/// A prekey message around a ratchet message.
pub(super) fn pre_key_message(outer: &Outer, inner: Vec<u8>, form: Form) -> Vec<u8> {
    let mut fields = vec![
        (2, Field::Bytes(outer.base_key.to_vec())),
        (3, Field::Bytes(outer.identity.to_vec())),
        (4, Field::Bytes(inner)),
        (5, Field::Number(outer.registration_id)),
        (6, Field::Number(outer.signed)),
    ];
    if let Some(id) = outer.one_time {
        fields.insert(0, (1, Field::Number(id)));
    }
    let mut message = vec![0x33];
    message.extend(write(&fields, 5, form));
    message
}

/// The first message that somebody makes of private keys.
pub(super) fn first_message(made: &Made) -> Vec<u8> {
    let (identity, signed) = (private(BOB, 0), private(BOB, 1));
    let one_time = made.one_time.map(|id| id % (ONE_TIME_PRE_KEYS + 1));
    let mut ikm = vec![0xff; 32];
    ikm.extend(made.identity.agree(ALICE, signed));
    ikm.extend(made.ephemeral.agree(FRESH, identity));
    ikm.extend(made.ephemeral.agree(FRESH, signed));
    if let Some(id) = one_time {
        ikm.extend(made.ephemeral.agree(FRESH, private(ONE_TIME, id)));
    }
    let secret = hkdf_sha256::<64>(Some(&[0; 32]), &[&ikm], b"WhisperText");
    let agreed = made.ratchet.agree(FRESH, signed);
    let root_key = &secret.expose()[..32];
    let stepped = hkdf_sha256::<64>(Some(root_key), &[&agreed], b"WhisperRatchet");
    let chain = Chain {
        key: stepped.expose()[32..].try_into().expect("32 of 64 bytes"),
        counter: 0,
        previous_counter: 0,
        ratchet_key: made.ratchet.encode(FRESH),
        sender: made.identity.encode(ALICE),
        receiver: public(identity),
    };
    let outer = Outer {
        one_time: one_time.map(u32::from),
        base_key: made.ephemeral.encode(FRESH),
        identity: chain.sender,
        registration_id: made.registration_id,
        signed: u32::from(made.signed % 3),
    };
    pre_key_message(&outer, ratchet_message(chain, made.told), made.form)
}
