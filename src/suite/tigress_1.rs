//! Suite `tigress-1`, the reference suite: X3DH, strict XEdDSA, AES-256-GCM, a canonical wire.

use super::protobuf::{self, Field, Value};
use super::{
    AssociatedData, FormerChain, Header, Limits, MessageKey, Parties, Role, Scope, Start, Suite,
    SuiteError,
};
use crate::primitives::aes256_gcm::{self, TAG_LENGTH};
use crate::primitives::{
    KeyPair, PrimitiveError, PublicKey, Secret, Signature, hkdf::hkdf_sha256, xeddsa,
};
use crate::requirement::{flawed, require};
use zeroize::Zeroizing;

const LIMITS: Limits = Limits {
    max_skip: 1000,
    max_stored: 2000,
    stored_scope: Scope::Session,
    receiving_chains: 5,
    former_chain: FormerChain::Closed,
    max_plaintext: 65_536,
    max_ratchet_message: 66_000,
    max_prekey_message: 66_200,
};

/// Length of version byte, ratchet key and two counters, which follow AD (DR-07).
const HEADER_LENGTH: usize = 1 + PublicKey::LENGTH + 4 + 4;

/// Suite `tigress-1`.
#[derive(Clone, Copy, Debug)]
pub struct Tigress1;

impl Tigress1 {
    /// AD, version byte, Encode(ratchet key), previous counter, counter (DR-07).
    fn with_associated_data<T>(
        self,
        associated_data: &AssociatedData,
        header: &Header,
        run: impl FnOnce(&[u8]) -> T,
    ) -> T {
        const COUNTERS: usize = 1 + PublicKey::LENGTH;
        let mut head = [self.version(); HEADER_LENGTH];
        head[1..COUNTERS].copy_from_slice(&header.ratchet_key.encode());
        head[COUNTERS..COUNTERS + 4].copy_from_slice(&flawed!(
            "DR-07 little-endian",
            header.previous_counter.to_be_bytes(),
            header.previous_counter.to_le_bytes()
        ));
        head[COUNTERS + 4..].copy_from_slice(&header.counter.to_be_bytes());
        let head = &head[flawed!("DR-07 version", 0, 1)..];
        let associated_data = associated_data.as_bytes();
        let length = associated_data.len() + head.len();
        let mut bytes = [0; AssociatedData::MAX_LENGTH + HEADER_LENGTH];
        bytes[..associated_data.len()].copy_from_slice(associated_data);
        bytes[associated_data.len()..length].copy_from_slice(head);
        run(&bytes[..length])
    }
}

/// 32-byte AES key and 12-byte nonce (DR-05).
fn expand(key: &MessageKey) -> Secret<44> {
    let info: &[u8] = flawed!(
        "DR-05 label",
        b"TigressSignal/1 MessageKeys",
        b"TigressSignal/1 MessageKey"
    );
    hkdf_sha256(None, &[key.expose()], info)
}

impl Suite for Tigress1 {
    fn name(&self) -> &'static str {
        "tigress-1"
    }

    fn limits(&self) -> &'static Limits {
        &LIMITS
    }

    fn x3dh_info(&self) -> &'static [u8] {
        flawed!(
            "X3DH-04 label",
            b"TigressSignal/1 X3DH",
            b"TigressSignal X3DH"
        )
    }

    fn start(&self) -> Start {
        Start::RootKey
    }

    fn associated_data(&self, parties: &Parties, _sender: Role) -> AssociatedData {
        let Parties {
            initiator: a,
            responder: b,
        } = parties;
        let (a, b) = flawed!("X3DH-05 swapped", (a, b), (b, a));
        let addresses = [a.address.encode(), b.address.encode()];
        let addresses = flawed!("X3DH-05 addresses", addresses.as_flattened(), &[]);
        let keys = [a.identity_key.encode(), b.identity_key.encode()];
        match AssociatedData::concat(&[keys.as_flattened(), addresses]) {
            Some(associated_data) => associated_data,
            None => unreachable!("33 + 33 + 17 + 17 = 100 bytes (X3DH-05)"),
        }
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

    fn expand_message_key(&self, key: &MessageKey) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(expand(key).expose().to_vec())
    }

    fn version(&self) -> u8 {
        0x11
    }

    fn accepts_version(&self, version: u8) -> bool {
        version == self.version()
    }

    fn trailer_length(&self) -> usize {
        0
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

    fn ciphertext_length(&self, plaintext: usize) -> usize {
        plaintext + TAG_LENGTH
    }

    fn min_ciphertext_length(&self) -> usize {
        TAG_LENGTH
    }

    fn seal(
        &self,
        key: &MessageKey,
        associated_data: &AssociatedData,
        header: &Header,
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) {
        let expanded = expand(key);
        let (aes_key, nonce) = expanded.expose_split();
        let start = out.len();
        out.reserve_exact(self.ciphertext_length(plaintext.len()));
        out.extend_from_slice(plaintext);
        let tag = self.with_associated_data(associated_data, header, |associated_data| {
            aes256_gcm::seal(aes_key, nonce, associated_data, &mut out[start..])
        });
        flawed!(
            "MBX-14 in clear",
            (),
            out[start..].copy_from_slice(plaintext)
        );
        out.extend_from_slice(&tag);
    }

    fn open(
        &self,
        key: &MessageKey,
        associated_data: &AssociatedData,
        header: &Header,
        _message: &[u8],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SuiteError> {
        let split = ciphertext.split_last_chunk::<TAG_LENGTH>();
        require!("WIRE-07", split.is_some(), PrimitiveError::Tag);
        let Some((body, tag)) = split else {
            return Err(PrimitiveError::Tag.into());
        };
        let expanded = expand(key);
        let (aes_key, nonce) = expanded.expose_split();
        let opened = self.with_associated_data(associated_data, header, |associated_data| {
            aes256_gcm::open(aes_key, nonce, associated_data, body, tag)
        });
        Ok(opened?)
    }
}
