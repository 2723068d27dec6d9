//! Parameters and results: bytes are lower-case hex, and a field that is null is as one that is absent.

use serde_json::Value;
use wacore_libsignal::protocol::{IdentityKey, PrivateKey, ProtocolAddress, PublicKey};

use crate::outcome::{Failure, Outcome};

/// Whether a field is there.
pub fn has(fields: &Value, name: &str) -> bool {
    !fields[name].is_null()
}

/// A string.
pub fn text<'a>(fields: &'a Value, name: &'static str) -> Outcome<&'a str> {
    fields[name].as_str().ok_or(Failure::BadParameter(name))
}

/// A number of 32 bits.
pub fn number(fields: &Value, name: &'static str) -> Outcome<u32> {
    let number = fields[name].as_u64().ok_or(Failure::BadParameter(name))?;
    number.try_into().map_err(|_| Failure::BadParameter(name))
}

/// A number of 64 bits.
pub fn long(fields: &Value, name: &'static str) -> Outcome<u64> {
    fields[name].as_u64().ok_or(Failure::BadParameter(name))
}

/// A list.
pub fn items<'a>(fields: &'a Value, name: &'static str) -> Outcome<&'a [Value]> {
    let items = fields[name].as_array().ok_or(Failure::BadParameter(name))?;
    Ok(items)
}

/// Bytes.
pub fn bytes(fields: &Value, name: &'static str) -> Outcome<Vec<u8>> {
    from_hex(text(fields, name)?).ok_or(Failure::BadParameter(name))
}

/// An address.
pub fn address(fields: &Value) -> Outcome<ProtocolAddress> {
    Ok(ProtocolAddress::new(text(fields, "userId")?, number(fields, "deviceId")?.into()))
}

/// The address in the field `peer`.
pub fn peer(params: &Value) -> Outcome<ProtocolAddress> {
    address(&params["peer"])
}

/// A public key, decoded by the library.
pub fn public_key(fields: &Value, name: &'static str) -> Outcome<PublicKey> {
    Ok(PublicKey::deserialize(&bytes(fields, name)?)?)
}

/// An identity key, decoded by the library.
pub fn identity_key(fields: &Value, name: &'static str) -> Outcome<IdentityKey> {
    Ok(IdentityKey::decode(&bytes(fields, name)?)?)
}

/// A private key, which the library clamps.
pub fn private_key(fields: &Value, name: &'static str) -> Outcome<PrivateKey> {
    Ok(PrivateKey::deserialize(&bytes(fields, name)?)?)
}

/// Bytes as hex.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes.as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Hex as bytes.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |value: u8| char::from(value).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks_exact(2);
    let whole = pairs.remainder().is_empty();
    let bytes = pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect();
    bytes.filter(|_: &Vec<u8>| whole)
}
