//! The role `primitives`: what the library has functions for.

use serde_json::{Value, json};
use wacore_libsignal::protocol::{PreKeySignalMessage, SignalMessage};

use crate::fields;
use crate::outcome::{Failure, Outcome};
use crate::randomness::Script;

/// `public_key.decode`.
pub fn public_key_decode(params: &Value) -> Outcome<Value> {
    Ok(json!({ "u": fields::hex(fields::public_key(params, "publicKey")?.public_key_bytes()) }))
}

/// `public_key.derive`.
pub fn public_key_derive(params: &Value) -> Outcome<Value> {
    let key = fields::private_key(params, "privateKey")?.public_key()?;
    Ok(json!({ "publicKey": fields::hex(key.serialize()) }))
}

/// `xeddsa.sign`.
pub fn xeddsa_sign(params: &Value, random: &mut Script) -> Outcome<Value> {
    let key = fields::private_key(params, "privateKey")?;
    let signature = key.calculate_signature(&fields::bytes(params, "message")?, random)?;
    Ok(json!({ "signature": fields::hex(signature) }))
}

/// `xeddsa.verify`.
pub fn xeddsa_verify(params: &Value) -> Outcome<Value> {
    let (message, signature) = (fields::bytes(params, "message")?, fields::bytes(params, "signature")?);
    let verifies = fields::public_key(params, "publicKey")?.verify_signature(&message, &signature);
    verifies.then(|| json!({})).ok_or(Failure::SignatureInvalid)
}

/// `wire.decode_prekey`.
pub fn wire_decode_prekey(params: &Value) -> Outcome<Value> {
    let message = PreKeySignalMessage::try_from(fields::bytes(params, "message")?.as_slice())?;
    Ok(json!({
        "preKeyId": message.pre_key_id().map(u32::from),
        "baseKey": fields::hex(message.base_key().serialize()),
        "identityKey": fields::hex(message.identity_key().serialize()),
        "ratchetMessage": fields::hex(message.message().serialized()),
        "registrationId": message.registration_id(),
        "signedPreKeyId": u32::from(message.signed_pre_key_id()),
    }))
}

/// `wire.encode_prekey`.
pub fn wire_encode_prekey(params: &Value) -> Outcome<Value> {
    let pre_key = fields::has(params, "preKeyId").then(|| fields::number(params, "preKeyId")).transpose()?;
    let inner = SignalMessage::try_from(fields::bytes(params, "ratchetMessage")?.as_slice())?;
    let message = PreKeySignalMessage::new(
        inner.message_version(),
        fields::number(params, "registrationId")?,
        pre_key.map(Into::into),
        fields::number(params, "signedPreKeyId")?.into(),
        fields::public_key(params, "baseKey")?,
        fields::identity_key(params, "identityKey")?,
        inner,
    )?;
    Ok(json!({ "message": fields::hex(message.serialized()) }))
}
