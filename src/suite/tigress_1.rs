//! Suite `tigress-1`, the reference suite: X3DH, strict XEdDSA, AES-256-GCM, a canonical wire.

use super::protobuf::{self, Field, Kind, Value};
use super::{
    Agreement, AssociatedData, Cipher, EncodedAddress, FormerChain, Keys, Limits, MessageKey,
    Parties, Ratchet, Role, Schema, Scope, Sealing, Suite, SuiteError, Wire, Yield,
};
use crate::identifier::{Address, Identifiers};
use crate::primitives::aes256_gcm::{self, TAG_LENGTH};
use crate::primitives::{KeyPair, PrimitiveError, PublicKey, Secret, Signature, hkdf, xeddsa};
use crate::requirement::{flawed, require};
use crate::short_bytes::ShortBytes;
use std::ops::RangeInclusive;
use zeroize::Zeroizing;

const LIMITS: Limits = Limits {
    max_skip: 1000,
    max_stored: 2000,
    stored_scope: Scope::Session,
    receiving_chains: 5,
    former_chain: FormerChain::Closed,
    max_plaintext: 65_536,
};

const IDENTIFIERS: Identifiers = Identifiers::SECTION_1;

const RATCHET_MESSAGE: Schema = Schema {
    fields: &[
        bytes(1),
        uint32(2, 0..=u32::MAX),
        uint32(3, 0..=u32::MAX),
        bytes(4),
    ],
    // The longest that a valid message has: version, key, two counters of 5 bytes, 65,536 bytes and their tag.
    max_length: 65_604,
};

const PRE_KEY_MESSAGE: Schema = Schema {
    fields: &[
        // X3DH-12
        Field {
            required: false,
            ..uint32(1, IDENTIFIERS.pre_key_id)
        },
        bytes(2),
        bytes(3),
        bytes(4),
        uint32(5, IDENTIFIERS.registration_id),
        uint32(6, IDENTIFIERS.pre_key_id),
    ],
    // Such a ratchet message, two keys, and the highest ids.
    max_length: 65_692,
};

const fn bytes(number: u32) -> Field {
    Field {
        number,
        kind: Kind::Bytes,
        required: true,
    }
}

const fn uint32(number: u32, range: RangeInclusive<u32>) -> Field {
    Field {
        number,
        kind: Kind::Uint32(range),
        required: true,
    }
}

/// Length of version byte, ratchet key and two counters, which follow AD (DR-07).
const HEADER_LENGTH: usize = 1 + PublicKey::LENGTH + 4 + 4;

/// Suite `tigress-1`.
#[derive(Clone, Copy, Debug)]
pub struct Tigress1;

impl Tigress1 {
    /// AD, version byte, Encode(ratchet key), previous counter, counter (DR-07).
    fn with_associated_data<T>(self, sealing: &Sealing<'_>, run: impl FnOnce(&[u8]) -> T) -> T {
        const COUNTERS: usize = 1 + PublicKey::LENGTH;
        let mut head = [self.version(); HEADER_LENGTH];
        head[1..COUNTERS].copy_from_slice(&sealing.header.ratchet_key.encode());
        head[COUNTERS..COUNTERS + 4].copy_from_slice(&flawed!(
            "DR-07 little-endian",
            sealing.header.previous_counter.to_be_bytes(),
            sealing.header.previous_counter.to_le_bytes()
        ));
        head[COUNTERS + 4..].copy_from_slice(&sealing.header.counter.to_be_bytes());
        flawed!("DR-07 ratchet key", (), head[1..COUNTERS].fill(0));
        flawed!(
            "DR-07 previous counter",
            (),
            head[COUNTERS..COUNTERS + 4].fill(0)
        );
        flawed!("DR-07 counter", (), head[COUNTERS + 4..].fill(0));
        let head = &head[flawed!("DR-07 version", 0, 1)..];
        let associated_data = sealing.associated_data.as_bytes();
        let length = associated_data.len() + head.len();
        let mut bytes = [0; AssociatedData::CAPACITY + HEADER_LENGTH];
        bytes[..associated_data.len()].copy_from_slice(associated_data);
        bytes[associated_data.len()..length].copy_from_slice(head);
        run(&bytes[..length])
    }
}

/// Length of the AES key (DR-05).
const KEY_LENGTH: usize = 32;
/// Length of the nonce (DR-05).
const NONCE_LENGTH: usize = 12;

/// 32-byte AES key and 12-byte nonce (DR-05). They never leave this frame, where they are erased.
fn with_expanded<T>(
    key: &MessageKey,
    run: impl FnOnce(&[u8; KEY_LENGTH], &[u8; NONCE_LENGTH]) -> T,
) -> T {
    let info: &[u8] = flawed!(
        "DR-05 label",
        b"TigressSignal/1 MessageKeys",
        b"TigressSignal/1 MessageKey"
    );
    let mut expanded = Zeroizing::new([0; KEY_LENGTH + NONCE_LENGTH]);
    hkdf::expand(None, &[key.expose()], info, expanded.as_mut_slice());
    flawed!("DR-05 nonce first", (), expanded.rotate_left(NONCE_LENGTH));
    match (expanded.first_chunk(), expanded.last_chunk()) {
        (Some(aes_key), Some(nonce)) => run(aes_key, nonce),
        _ => unreachable!("both are shorter than the whole"),
    }
}

/// The two parts of an encoded address: the UUID's 16 bytes, then the DeviceID as one byte (ID-05).
///
/// This suite reads nothing from an address with a name and sends nothing to one; its UTF-8 would stand here.
fn address_parts<'a>(address: &'a Address, device_id: &'a [u8; 1]) -> [&'a [u8]; 2] {
    let user = address.user_id.as_bytes();
    flawed!("ID-05 device first", [user, device_id], [device_id, user])
}

fn device_byte(address: &Address) -> [u8; 1] {
    let [.., device_id] = address.device_id.get().to_be_bytes();
    [device_id]
}

impl Suite for Tigress1 {
    fn name(&self) -> &'static str {
        "tigress-1"
    }
}

impl Keys for Tigress1 {
    fn identifiers(&self) -> &'static Identifiers {
        let admitted = &IDENTIFIERS;
        let admitted = flawed!(
            "ID-03 126",
            admitted,
            &Identifiers {
                device_id: 1..=126,
                ..IDENTIFIERS
            }
        );
        let admitted = flawed!(
            "ID-03 128",
            admitted,
            &Identifiers {
                device_id: 1..=128,
                ..IDENTIFIERS
            }
        );
        let admitted = flawed!(
            "ID-03 zero",
            admitted,
            &Identifiers {
                device_id: 0..=127,
                ..IDENTIFIERS
            }
        );
        let admitted = flawed!(
            "ID-04 16379",
            admitted,
            &Identifiers {
                registration_id: 1..=16379,
                ..IDENTIFIERS
            }
        );
        let admitted = flawed!(
            "ID-04 14 bits",
            admitted,
            &Identifiers {
                registration_id: 1..=0x3fff,
                ..IDENTIFIERS
            }
        );
        let admitted = flawed!(
            "ID-04 zero",
            admitted,
            &Identifiers {
                registration_id: 0..=16380,
                ..IDENTIFIERS
            }
        );
        let admitted = flawed!(
            "ID-06 last one",
            admitted,
            &Identifiers {
                pre_key_id: 1..=0x00ff_fffe,
                ..IDENTIFIERS
            }
        );
        let admitted = flawed!(
            "ID-06 25 bits",
            admitted,
            &Identifiers {
                pre_key_id: 1..=0x01ff_ffff,
                ..IDENTIFIERS
            }
        );
        flawed!(
            "ID-06 zero",
            admitted,
            &Identifiers {
                pre_key_id: 0..=0x00ff_ffff,
                ..IDENTIFIERS
            }
        )
    }

    fn encode_address(&self, address: &Address) -> EncodedAddress {
        let device_id = device_byte(address);
        flawed!("ID-05 four bytes", (), {
            let (user, device) = (address.user_id, address.device_id.get().to_be_bytes());
            if let Some(encoded) = ShortBytes::concat(&[user.as_bytes(), &device]) {
                return encoded;
            }
        });
        match ShortBytes::concat(&address_parts(address, &device_id)) {
            Some(encoded) => encoded,
            None => unreachable!("a user has at most 64 bytes"),
        }
    }

    fn read_public_key(&self, bytes: &[u8]) -> Result<PublicKey, PrimitiveError> {
        PublicKey::decode(bytes)
    }

    fn sign(&self, key: &KeyPair, message: &[u8], z: &Secret<64>) -> Signature {
        xeddsa::sign(key, message, z)
    }

    fn verify(
        &self,
        key: &PublicKey,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), PrimitiveError> {
        xeddsa::verify(key, message, signature)
    }
}

impl Agreement for Tigress1 {
    fn x3dh_info(&self) -> &'static [u8] {
        flawed!(
            "X3DH-04 label",
            b"TigressSignal/1 X3DH",
            b"TigressSignal X3DH"
        )
    }

    fn yields(&self) -> Yield {
        Yield::RootKey
    }

    #[cfg_attr(
        not(feature = "flaws"),
        allow(unused_variables, reason = "AD is the same whoever sends")
    )]
    fn associated_data(&self, parties: &Parties, sender: Role) -> AssociatedData {
        let Parties {
            initiator: a,
            responder: b,
        } = parties;
        let (a, b) = flawed!("X3DH-05 swapped", (a, b), (b, a));
        let (a, b) = flawed!(
            "X3DH-05 sender first",
            (a, b),
            match sender {
                Role::Initiator => (a, b),
                Role::Responder => (b, a),
            }
        );
        let keys = [a.identity_key.encode(), b.identity_key.encode()];
        let devices = [device_byte(&a.address), device_byte(&b.address)];
        let [a_first, a_last] = address_parts(&a.address, &devices[0]);
        let [b_first, b_last] = address_parts(&b.address, &devices[1]);
        let addresses = [a_first, a_last, b_first, b_last];
        let [a_first, a_last, b_first, b_last] =
            flawed!("X3DH-05 addresses", addresses, <[&[u8]; 4]>::default());
        let parts = [keys.as_flattened(), a_first, a_last, b_first, b_last];
        match ShortBytes::concat(&parts) {
            Some(associated_data) => associated_data,
            None => unreachable!("two keys and two addresses"),
        }
    }
}

impl Ratchet for Tigress1 {
    fn limits(&self) -> &'static Limits {
        let limits = &LIMITS;
        let limits = flawed!(
            "DR-11 999",
            limits,
            &Limits {
                max_skip: 999,
                ..LIMITS
            }
        );
        let limits = flawed!(
            "DR-11 1,001",
            limits,
            &Limits {
                max_skip: 1001,
                ..LIMITS
            }
        );
        let limits = flawed!(
            "DR-12 1,999",
            limits,
            &Limits {
                max_stored: 1999,
                ..LIMITS
            }
        );
        let limits = flawed!(
            "DR-12 2,001",
            limits,
            &Limits {
                max_stored: 2001,
                ..LIMITS
            }
        );
        let limits = flawed!(
            "DR-12 each chain",
            limits,
            &Limits {
                stored_scope: Scope::Chain,
                ..LIMITS
            }
        );
        let limits = flawed!(
            "DR-16 four steps",
            limits,
            &Limits {
                receiving_chains: 4,
                ..LIMITS
            }
        );
        let limits = flawed!(
            "DR-16 six steps",
            limits,
            &Limits {
                receiving_chains: 6,
                ..LIMITS
            }
        );
        let limits = flawed!(
            "DR-22 65,535",
            limits,
            &Limits {
                max_plaintext: 65_535,
                ..LIMITS
            }
        );
        flawed!(
            "DR-22 65,537",
            limits,
            &Limits {
                max_plaintext: 65_537,
                ..LIMITS
            }
        )
    }

    fn root_info(&self) -> &'static [u8] {
        flawed!(
            "DR-03 label",
            b"TigressSignal/1 Ratchet",
            b"TigressSignal Ratchet"
        )
    }

    fn previous_counter(&self, sent: u32) -> u32 {
        flawed!("DR-08 previous counter", sent, sent.saturating_sub(1))
    }
}

impl Cipher for Tigress1 {
    fn expand_message_key(&self, key: &MessageKey) -> Zeroizing<Vec<u8>> {
        with_expanded(key, |aes_key, nonce| {
            Zeroizing::new([aes_key.as_slice(), nonce].concat())
        })
    }

    fn ciphertext_length(&self, plaintext: usize) -> usize {
        plaintext + TAG_LENGTH
    }

    fn min_ciphertext_length(&self) -> usize {
        TAG_LENGTH
    }

    fn seal(&self, sealing: &Sealing<'_>, plaintext: &[u8], after: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        out.reserve_exact(self.ciphertext_length(plaintext.len()) + after.len());
        out.extend_from_slice(plaintext);
        let tag = self.with_associated_data(sealing, |associated_data| {
            with_expanded(sealing.key, |aes_key, nonce| {
                aes256_gcm::seal(aes_key, nonce, associated_data, &mut out[start..])
            })
        });
        flawed!(
            "MBX-14 in clear",
            (),
            out[start..].copy_from_slice(plaintext)
        );
        out.extend_from_slice(&tag);
        out.extend_from_slice(after);
    }

    fn open(
        &self,
        sealing: &Sealing<'_>,
        _message: &[u8],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SuiteError> {
        let split = ciphertext.split_last_chunk::<TAG_LENGTH>();
        require!("WIRE-07", split.is_some(), PrimitiveError::Tag);
        let Some((body, tag)) = split else {
            return Err(PrimitiveError::Tag.into());
        };
        let opened = self.with_associated_data(sealing, |associated_data| {
            with_expanded(sealing.key, |aes_key, nonce| {
                aes256_gcm::open(aes_key, nonce, associated_data, body, tag)
            })
        });
        Ok(opened?)
    }
}

impl Wire for Tigress1 {
    fn version(&self) -> u8 {
        0x11
    }

    fn accepts_version(&self, version: u8) -> bool {
        flawed!(
            "WIRE-01 high nibble",
            version == self.version(),
            version >> 4 == 1
        )
    }

    fn ratchet_message(&self) -> &'static Schema {
        flawed!(
            "WIRE-08 byte less",
            &RATCHET_MESSAGE,
            &Schema {
                max_length: 65_603,
                ..RATCHET_MESSAGE
            }
        )
    }

    fn pre_key_message(&self) -> &'static Schema {
        flawed!(
            "WIRE-08 prekey message a byte less",
            &PRE_KEY_MESSAGE,
            &Schema {
                max_length: 65_691,
                ..PRE_KEY_MESSAGE
            }
        )
    }

    fn read_fields<'a>(
        &self,
        schema: &[Field],
        message: &'a [u8],
        start: usize,
        end: usize,
        values: &mut [Option<Value<'a>>],
    ) -> Result<(), SuiteError> {
        protobuf::read_canonical(schema, message, start, end, values)
    }
}
