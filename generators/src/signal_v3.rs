//! What `signal-v3` has of its own: which requirements stand for those of sections 1 to 5, and messages put together by hand from
//! the text of profile section 12.

use super::prelude::*;
use super::proto::{Proto, bytes, uint};
use tigress_signal::conformance::operation::x3dh::{InitiateInput, InitiateOutput};
use tigress_signal::primitives::aes256_cbc;
use tigress_signal::primitives::hkdf::{expand, hkdf_sha256};
use tigress_signal::primitives::hmac::hmac_sha256;
use tigress_signal::primitives::{KeyPair, PrivateKey, PublicKey, Secret};

/// The requirement of section 12 that holds in place of this one, where it does not hold as written.
pub(super) fn instead_of(id: &str) -> &str {
    match id {
        "WIRE-01" => "V3-01",
        "ID-01" | "ID-03" | "ID-04" => "V3-02",
        "KEY-03" | "KEY-04" | "WIRE-06" => "V3-03",
        "KEY-09" | "KEY-10" | "KEY-11" => "V3-04",
        "SIG-01" => "V3-05",
        "SIG-02" | "SIG-03" | "SIG-04" => "V3-06",
        "X3DH-04" => "V3-07",
        "DR-03" => "V3-08",
        "DR-05" => "V3-09",
        "DR-06" | "DR-07" | "X3DH-05" => "V3-10",
        "DR-08" => "V3-11",
        "DR-11" | "DR-12" | "DR-16" => "V3-13",
        "RND-01" => "V3-14",
        "WIRE-02" | "WIRE-03" | "WIRE-04" => "V3-16",
        "WIRE-08" => "V3-17",
        _ => id,
    }
}

/// What a message key yields (V3-09): AES key, MAC key, IV.
pub(super) struct Keys(pub(super) [u8; 80]);

impl Keys {
    pub(super) fn of(message_key: &[u8]) -> Self {
        let mut all = [0; 80];
        expand(None, &[message_key], b"WhisperMessageKeys", &mut all);
        Keys(all)
    }

    /// AES-256-CBC with PKCS#7 padding.
    pub(super) fn encrypt(&self, plaintext: &[u8]) -> Vec<u8> {
        let (key, iv) = (self.0.first_chunk(), self.0.last_chunk());
        let mut out = Vec::new();
        let (key, iv) = (key.expect("32 bytes"), iv.expect("16 bytes"));
        aes256_cbc::encrypt(key, iv, plaintext, &mut out);
        out
    }

    /// The ciphertext of whole blocks whose padding is in them already, or is none.
    pub(super) fn encrypt_padded(&self, blocks: &[u8]) -> Vec<u8> {
        let mut out = self.encrypt(blocks);
        out.truncate(blocks.len());
        out
    }

    /// The message with its MAC, for these associated data.
    pub(super) fn with_mac(&self, associated_data: &[u8], message: &[u8]) -> Vec<u8> {
        let covered = [associated_data, message].concat();
        let mac = hmac_sha256(&self.0[32..64], &covered);
        [message, &mac.expose()[..8]].concat()
    }
}

/// A ratchet message before its MAC.
pub(super) fn ratchet_message(
    ratchet_key: &[u8],
    counter: u32,
    previous_counter: u32,
    ciphertext: &[u8],
) -> Proto {
    Proto {
        version: 0x33,
        fields: vec![
            bytes(1, ratchet_key),
            uint(2, counter.into()),
            uint(3, previous_counter.into()),
            bytes(4, ciphertext),
        ],
    }
}

/// X25519 without a look at what comes out.
fn dh(private: &PrivateKey, public: &[u8]) -> [u8; 32] {
    let public = PublicKey::decode_unreduced(public).expect("a key");
    let output = private.diffie_hellman(&public);
    output.map_or([0; 32], |output| *output.expose())
}

/// The initiator's answer to a bundle, computed from the text, whatever a Diffie-Hellman gives.
pub(super) fn forced(input: &InitiateInput) -> InitiateOutput {
    let private = |bytes: &[u8]| {
        let bytes: [u8; 32] = bytes.try_into().expect("32 bytes");
        KeyPair::from(PrivateKey::from(bytes))
    };
    let identity = private(&input.identity_private_key);
    let (base, ratchet) = input.randomness.split_at(32);
    let (base, ratchet) = (private(base), private(ratchet));
    let bundle = &input.bundle;
    let mut ikm = vec![
        [0xff; 32],
        dh(identity.private(), &bundle.signed_pre_key),
        dh(base.private(), &bundle.identity_key),
        dh(base.private(), &bundle.signed_pre_key),
    ];
    ikm.extend(
        bundle
            .one_time_pre_key
            .iter()
            .map(|key| dh(base.private(), key)),
    );
    let agreed: Secret<64> = hkdf_sha256(None, &[ikm.as_flattened()], b"WhisperText");
    let root = &agreed.expose()[..32];
    let step: Secret<64> = hkdf_sha256(
        Some(root),
        &[&dh(ratchet.private(), &bundle.signed_pre_key)],
        b"WhisperRatchet",
    );
    let message_key = hmac_sha256(&step.expose()[32..], &[1]);
    let keys = Keys::of(message_key.expose());
    let own = identity.public().encode();
    let associated_data = [&own[..], &bundle.identity_key].concat();
    let message = ratchet_message(
        &ratchet.public().encode(),
        0,
        0,
        &keys.encrypt(&input.plaintext),
    );
    let inner = keys.with_mac(&associated_data, &message.build());
    let one_time = bundle.one_time_pre_key_id.map(|id| uint(1, id.into()));
    let rest = [
        bytes(2, &base.public().encode()),
        bytes(3, &own),
        bytes(4, &inner),
        uint(5, input.registration_id.into()),
        uint(6, bundle.signed_pre_key_id.into()),
    ];
    let whole = Proto {
        version: 0x33,
        fields: one_time.into_iter().chain(rest).collect(),
    };
    InitiateOutput {
        shared_secret: root.into(),
        associated_data: Hex(associated_data),
        message: Hex(whole.build()),
    }
}
