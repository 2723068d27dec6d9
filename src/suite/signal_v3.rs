//! Suite `signal-v3`: what deployed Signal libraries of the X3DH era put on the wire (profile section 12).

use super::protobuf::{self, Field, Kind, Value};
use super::{
    Agreement, AssociatedData, Cipher, EncodedAddress, FormerChain, Keys, Limits, MessageKey,
    Parties, Ratchet, Role, Schema, Scope, Sealing, Suite, SuiteError, Tigress1, Wire, Yield,
};
use crate::identifier::{Address, Identifiers};
use crate::primitives::aes256_cbc::{self, BLOCK_LENGTH};
use crate::primitives::hmac::HmacKey;
use crate::primitives::{KeyPair, PrimitiveError, PublicKey, Secret, Signature, hkdf, xeddsa};
use crate::requirement::{flawed, require};
use crate::short_bytes::ShortBytes;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const LIMITS: Limits = Limits {
    max_skip: 25_000,
    max_stored: 2000,
    stored_scope: Scope::Chain,
    receiving_chains: 5,
    former_chain: FormerChain::KeptOpen,
    max_plaintext: 65_536,
};

const IDENTIFIERS: Identifiers = Identifiers {
    names: true,
    device_id: 0..=0x7fff_ffff,
    // Whatever a message says: nobody has authenticated it. 14 bits of it are drawn.
    registration_id: 0..=u32::MAX,
    pre_key_id: 0..=0x00ff_ffff,
};

const RATCHET_MESSAGE: Schema = Schema {
    fields: &[
        bytes(1),
        uint32(2, true),
        // Older libraries leave out a zero.
        uint32(3, false),
        bytes(4),
    ],
    // The longest that this suite writes has 65,612 bytes; the rest is for fields that it does not know.
    max_length: 65 * 1024,
};

const PRE_KEY_MESSAGE: Schema = Schema {
    fields: &[
        uint32(1, false),
        bytes(2),
        bytes(3),
        bytes(4),
        uint32(5, false),
        uint32(6, true),
    ],
    max_length: 66 * 1024,
};

const fn bytes(number: u32) -> Field {
    Field {
        number,
        kind: Kind::Bytes,
        required: true,
    }
}

const fn uint32(number: u32, required: bool) -> Field {
    Field {
        number,
        kind: Kind::Uint32(0..=u32::MAX),
        required,
    }
}

/// Length of the MAC that ends a ratchet message (V3-10).
const MAC_LENGTH: usize = 8;
/// Length of the AES key, and of the MAC key after it (V3-09).
const KEY_LENGTH: usize = 32;

/// Suite `signal-v3`.
#[derive(Clone, Copy, Debug)]
pub struct SignalV3;

/// What a message key expands to: it erases itself (V3-09).
struct Expanded(Zeroizing<[u8; 2 * KEY_LENGTH + BLOCK_LENGTH]>);

impl Expanded {
    fn of(key: &MessageKey) -> Self {
        let info: &[u8] = flawed!("V3-09 label", b"WhisperMessageKeys", b"WhisperMessageKey");
        let mut expanded = Zeroizing::new([0; 2 * KEY_LENGTH + BLOCK_LENGTH]);
        hkdf::expand(None, &[key.expose()], info, expanded.as_mut_slice());
        flawed!(
            "V3-09 order",
            (),
            expanded[..2 * KEY_LENGTH].rotate_left(KEY_LENGTH)
        );
        Expanded(expanded)
    }

    fn aes_key(&self) -> &[u8; KEY_LENGTH] {
        match self.0.first_chunk() {
            Some(key) => key,
            None => unreachable!("32 of 80 bytes"),
        }
    }

    fn mac_key(&self) -> &[u8] {
        &self.0[KEY_LENGTH..2 * KEY_LENGTH]
    }

    fn iv(&self) -> &[u8; BLOCK_LENGTH] {
        match self.0.last_chunk() {
            Some(iv) => iv,
            None => unreachable!("16 of 80 bytes"),
        }
    }

    /// The first 8 bytes of HMAC-SHA-256 over AD and the message as it stands before them (V3-10).
    fn mac(&self, sealing: &Sealing<'_>, message: &[u8]) -> [u8; MAC_LENGTH] {
        let associated_data = sealing.associated_data.as_bytes();
        let mut whole = Zeroizing::new([0; 32]);
        HmacKey::new(self.mac_key()).last_into(&[associated_data, message], &mut whole);
        match whole.first_chunk() {
            Some(mac) => *mac,
            None => unreachable!("8 of 32 bytes"),
        }
    }
}

impl Suite for SignalV3 {
    fn name(&self) -> &'static str {
        "signal-v3"
    }

    /// Below `tigress-1`: its MAC is shorter, and neither addresses nor statements are in it.
    fn rank(&self) -> u8 {
        0x03
    }
}

impl Keys for SignalV3 {
    fn identifiers(&self) -> &'static Identifiers {
        flawed!(
            "V3-02 ids from 1",
            &IDENTIFIERS,
            &Identifiers {
                pre_key_id: 1..=0x00ff_ffff,
                ..IDENTIFIERS
            }
        )
    }

    /// That of section 1 where there is one (ID-05); else the UUID's 16 bytes or the name's UTF-8, then the DeviceID as four
    /// bytes. It stands in no message.
    fn encode_address(&self, address: &Address) -> EncodedAddress {
        if Tigress1.identifiers().check(address).is_ok() {
            return Tigress1.encode_address(address);
        }
        let user = address.user_id.as_bytes();
        let device_id = address.device_id.get().to_be_bytes();
        match ShortBytes::concat(&[user, &device_id]) {
            Some(encoded) => encoded,
            None => unreachable!("a user has at most 64 bytes"),
        }
    }

    fn has_statements(&self) -> bool {
        flawed!("V3-04 asked for", false, true)
    }

    /// Whatever u is: what a point of small order does, its first Diffie-Hellman shows (V3-03).
    fn read_public_key(&self, bytes: &[u8]) -> Result<PublicKey, PrimitiveError> {
        PublicKey::decode_unreduced(bytes)
    }

    fn sign(&self, key: &KeyPair, message: &[u8], z: &Secret<64>) -> Signature {
        xeddsa::sign_with_sign_bit(key, message, z)
    }

    fn verify(
        &self,
        key: &PublicKey,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), PrimitiveError> {
        xeddsa::verify_with_sign_bit(key, message, signature)
    }
}

impl Agreement for SignalV3 {
    fn x3dh_info(&self) -> &'static [u8] {
        flawed!("V3-07 label", b"WhisperText", b"WhisperRatchet")
    }

    fn yields(&self) -> Yield {
        Yield::RootKeyAndChainKey
    }

    /// The sender's identity key, then the receiver's (V3-10).
    fn associated_data(&self, parties: &Parties, sender: Role) -> AssociatedData {
        let sender = flawed!("V3-10 initiator first", sender, Role::Initiator);
        let key = |role| parties.get(role).identity_key.encode();
        match ShortBytes::concat(&[&key(sender), &key(sender.other())]) {
            Some(associated_data) => associated_data,
            None => unreachable!("two keys"),
        }
    }
}

impl Ratchet for SignalV3 {
    fn limits(&self) -> &'static Limits {
        let limits = flawed!(
            "V3-12 closed",
            &LIMITS,
            &Limits {
                former_chain: FormerChain::Closed,
                ..LIMITS
            }
        );
        let limits = flawed!(
            "V3-13 25,001",
            limits,
            &Limits {
                max_skip: 25_001,
                ..LIMITS
            }
        );
        let limits = flawed!(
            "V3-13 four chains",
            limits,
            &Limits {
                receiving_chains: 4,
                ..LIMITS
            }
        );
        let limits = flawed!(
            "V3-13 six chains",
            limits,
            &Limits {
                receiving_chains: 6,
                ..LIMITS
            }
        );
        flawed!(
            "V3-13 tenfold",
            limits,
            &Limits {
                max_skip: 250_000,
                ..LIMITS
            }
        )
    }

    fn root_info(&self) -> &'static [u8] {
        flawed!("V3-08 label", b"WhisperRatchet", b"WhisperText")
    }

    fn previous_counter(&self, sent: u32) -> u32 {
        flawed!("V3-11 count", sent.saturating_sub(1), sent)
    }
}

impl Cipher for SignalV3 {
    fn expand_message_key(&self, key: &MessageKey) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(Expanded::of(key).0.to_vec())
    }

    fn ciphertext_length(&self, plaintext: usize) -> usize {
        aes256_cbc::ciphertext_length(plaintext)
    }

    fn min_ciphertext_length(&self) -> usize {
        BLOCK_LENGTH
    }

    fn seal(&self, sealing: &Sealing<'_>, plaintext: &[u8], after: &[u8], out: &mut Vec<u8>) {
        let keys = Expanded::of(sealing.key);
        aes256_cbc::encrypt(keys.aes_key(), keys.iv(), plaintext, out);
        out.extend_from_slice(after);
        let mac = keys.mac(sealing, out);
        out.extend_from_slice(&mac);
    }

    /// The MAC comes first, compared in constant time; what is wrong after it has one error.
    fn open(
        &self,
        sealing: &Sealing<'_>,
        message: &[u8],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SuiteError> {
        let Some((body, mac)) = message.split_last_chunk::<MAC_LENGTH>() else {
            return Err(PrimitiveError::Tag.into());
        };
        let keys = Expanded::of(sealing.key);
        let expected = keys.mac(sealing, body);
        let compared = flawed!("V3-10 four bytes", MAC_LENGTH, 4);
        require!(
            "V3-10",
            bool::from(mac[..compared].ct_eq(&expected[..compared])),
            PrimitiveError::Tag
        );
        Ok(aes256_cbc::decrypt(keys.aes_key(), keys.iv(), ciphertext)?)
    }
}

impl Wire for SignalV3 {
    fn version(&self) -> u8 {
        flawed!("V3-01 newer", 0x33, 0x34)
    }

    /// By the high nibble: the low one is the sender's newest version, and 0x34 is on the wire (V3-01).
    fn accepts_version(&self, version: u8) -> bool {
        flawed!(
            "V3-01 one byte",
            version >> 4 == 3,
            version == self.version()
        )
    }

    fn ratchet_message(&self) -> &'static Schema {
        flawed!(
            "V3-17 ratchet unbounded",
            &RATCHET_MESSAGE,
            &Schema {
                max_length: usize::MAX,
                ..RATCHET_MESSAGE
            }
        )
    }

    fn pre_key_message(&self) -> &'static Schema {
        flawed!(
            "V3-17 prekey unbounded",
            &PRE_KEY_MESSAGE,
            &Schema {
                max_length: usize::MAX,
                ..PRE_KEY_MESSAGE
            }
        )
    }

    fn trailer_length(&self) -> usize {
        MAC_LENGTH
    }

    fn read_fields<'a>(
        &self,
        schema: &[Field],
        message: &'a [u8],
        start: usize,
        end: usize,
        values: &mut [Option<Value<'a>>],
    ) -> Result<(), SuiteError> {
        protobuf::read_lenient(schema, message, start, end, values)
    }
}
