//! Messages as bytes: who reads them, and as what.

use super::known;
use libsignal_protocol_c::{Kind, Parsed};
use tigress_signal::suite::SignalV3;
use tigress_signal::wire::{PreKeyMessage, RatchetMessage, WireError};

/// What ours reads of a ratchet message.
fn ratchet(data: &[u8]) -> Result<Parsed, WireError> {
    let message = RatchetMessage::decode(&SignalV3, data)?;
    Ok(Parsed::Ratchet {
        ratchet_key: message.header.ratchet_key.encode().to_vec(),
        counter: message.header.counter,
        ciphertext: message.ciphertext.to_vec(),
    })
}

/// What ours reads of a prekey message.
fn pre_key(data: &[u8]) -> Result<Parsed, WireError> {
    let message = PreKeyMessage::decode(&SignalV3, data)?;
    Ok(Parsed::PreKey {
        pre_key_id: message.pre_key_id,
        base_key: message.base_key.encode().to_vec(),
        identity_key: message.identity_key.encode().to_vec(),
        message: message.message.bytes.to_vec(),
        registration_id: message.registration_id,
        signed_pre_key_id: message.signed_pre_key_id,
    })
}

/// Both read the same, or both refuse.
fn compare(kind: Kind, data: &[u8], ours: &Result<Parsed, WireError>) {
    let theirs = libsignal_protocol_c::parse(kind, data);
    match (ours, &theirs) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "read as different messages"),
        (Err(_), Err(_)) => {}
        _ => {
            let code = ours.as_ref().err().map(|error| error.code().as_str());
            assert!(
                known::in_the_parser(kind, data, code, theirs.as_ref().err().copied()).is_some(),
                "ours: {ours:02x?}\ntheirs: {theirs:02x?}\nof {data:02x?}"
            );
        }
    }
}

/// A ratchet message.
pub(super) fn ratchet_message(data: &[u8]) {
    compare(Kind::Ratchet, data, &ratchet(data));
}

/// A prekey message, and what is in it.
pub(super) fn pre_key_message(data: &[u8]) {
    compare(Kind::PreKey, data, &pre_key(data));
}
