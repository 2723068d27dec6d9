//! The payload: what the ratchet encrypts (profile section 8).

use super::json::object;
use super::{TransferId, expires, json, padding};
use crate::error_code::ErrorCode;
use crate::primitives::SecretBytes;
use crate::requirement::{flawed, require, required};
use crate::timestamp::Timestamp;
use data_encoding::BASE64;
use serde::de::IntoDeserializer;
use serde::de::value::StringDeserializer;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use std::fmt;
use zeroize::Zeroizing;

/// The stateful format: a car key.
pub const CAR_KEY: &str = "digitalwallet.carkey.ccc";
/// The stateless format: a token that its issuer understands.
pub const AUTHORIZATION_TOKEN: &str = "digitalwallet.generic.authorizationToken";

/// The most bytes of JSON (PAY-01).
pub const MAX_JSON: usize = 65_279;
/// The most bytes of a plaintext: the JSON and its padding (PAY-11).
pub const MAX_PLAINTEXT: usize = 65_280;
/// The most bytes of a reason, in UTF-8 (PAY-08).
pub const MAX_REASON: usize = 256;

/// `tigress.version` (PAY-06).
const VERSION: u64 = 1;

/// Provisioning Information with the key `tigress` (PAY-02): one message of a transfer.
///
/// Debug output names the transfer and the type alone (PRIV-04).
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    /// The transfer that it is about.
    pub transfer: TransferId,
    /// The credential's format: [`CAR_KEY`], [`AUTHORIZATION_TOKEN`] or one that is not supported.
    pub format: String,
    /// What it says.
    pub content: Content,
    /// Keys that this version does not know (PAY-03).
    pub unknown: Unknown,
}

/// What a payload says, by its type (PAY-06, PAY-08).
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// The sender offers a credential.
    ProvisioningInformation {
        /// The credential, by its format.
        provisioning: Provisioning,
        /// From then on nothing is signed or provisioned (PAY-10, XFER-10).
        expires: Timestamp,
    },
    /// The receiver asks for its key to be signed: opaque bytes. Under [`CAR_KEY`] alone.
    KeySigningRequest(SecretBytes),
    /// The sender signs it: opaque bytes. Under [`CAR_KEY`] alone.
    KeyImportRequest(SecretBytes),
    /// The receiver holds the credential.
    Provisioned,
    /// The receiver does not want it.
    Decline {
        /// Why, in at most [`MAX_REASON`] bytes.
        reason: String,
    },
    /// Either side ends the transfer.
    Cancel {
        /// Why, in at most [`MAX_REASON`] bytes.
        reason: String,
    },
}

/// What is offered, by its format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provisioning {
    /// [`CAR_KEY`]: opaque bytes.
    KeyCreationRequest(SecretBytes),
    /// [`AUTHORIZATION_TOKEN`]: opaque bytes.
    AuthorizationToken(SecretBytes),
    /// Any other format (PAY-07); its content stands in [`Unknown::content`].
    Unsupported,
}

/// The type of a payload, `tigress.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "conformance", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum MessageType {
    /// The sender offers a credential.
    ProvisioningInformation,
    /// The receiver asks for its key to be signed.
    KeySigningRequest,
    /// The sender signs it.
    KeyImportRequest,
    /// The receiver holds the credential.
    Provisioned,
    /// The receiver does not want it.
    Decline,
    /// Either side ends the transfer.
    Cancel,
}

impl MessageType {
    /// The type as `tigress.type` has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProvisioningInformation => "provisioningInformation",
            Self::KeySigningRequest => "keySigningRequest",
            Self::KeyImportRequest => "keyImportRequest",
            Self::Provisioned => "provisioned",
            Self::Decline => "decline",
            Self::Cancel => "cancel",
        }
    }
}

impl MessageType {
    /// Whether the type stands under [`CAR_KEY`] and no other format (PAY-08).
    fn is_of_car_keys_alone(self) -> bool {
        matches!(self, Self::KeySigningRequest | Self::KeyImportRequest)
    }
}

/// Keys that are kept and ignored (PAY-03), by where they stand.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Unknown {
    /// At the top level.
    pub top: Map<String, Value>,
    /// In `content`.
    pub content: Map<String, Value>,
}

/// A payload that breaks section 8. Its code is `invalid-payload`; no part of the plaintext is shown (PRIV-04).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// PAY-11.
    #[error(
        "the plaintext is not padded with 0x80 and zeros to a multiple of 256 bytes: {0} (PAY-11)"
    )]
    Padding(&'static str),
    /// PAY-01.
    #[error("{length} bytes of JSON, where {MAX_JSON} are allowed (PAY-01)")]
    TooLong {
        /// The JSON's length in bytes.
        length: usize,
    },
    /// PAY-01.
    #[error("the text is not UTF-8 from byte {at} on (PAY-01)")]
    Utf8 {
        /// Offset of the first byte that is wrong.
        at: usize,
    },
    /// PAY-01.
    #[error("not one JSON value: line {line}, column {column} (PAY-01)")]
    Json {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// PAY-01.
    #[error("the top-level value is not an object (PAY-01)")]
    NotAnObject,
    /// PAY-04.
    #[error("a name stands twice in one object (PAY-04)")]
    DuplicateName,
    /// PAY-05.
    #[error("arrays and objects stand more than 16 deep in each other (PAY-05)")]
    TooDeep,
    /// A value that is missing or wrong.
    #[error("`{path}` is missing or is not {wanted}")]
    Field {
        /// Its name.
        path: &'static str,
        /// What must stand there, and which requirement asks for it.
        wanted: &'static str,
    },
    /// PAY-08.
    #[error("the type does not go with the format (PAY-08)")]
    Format,
    /// A payload put together so that nobody could read it as it is.
    #[error(
        "type, format and unknown keys would be read otherwise than they were given (PAY-03, PAY-08)"
    )]
    Ambiguous,
}

impl PayloadError {
    /// The profile's code for this error.
    #[must_use]
    pub fn code(self) -> ErrorCode {
        ErrorCode::InvalidPayload
    }
}

/// Takes a value out of an object and reads it; none where it is missing or wrong.
fn take<T>(
    object: &mut Map<String, Value>,
    name: &str,
    read: impl FnOnce(Value) -> Option<T>,
) -> Option<T> {
    object.shift_remove(name).and_then(read)
}

fn wanted(path: &'static str, wanted: &'static str) -> PayloadError {
    PayloadError::Field { path, wanted }
}

impl Payload {
    /// A payload without unknown keys.
    #[must_use]
    pub fn new(transfer: TransferId, format: &str, content: Content) -> Self {
        Payload {
            transfer,
            format: format.to_owned(),
            content,
            unknown: Unknown::default(),
        }
    }

    /// The payload's type.
    #[must_use]
    pub fn message_type(&self) -> MessageType {
        self.content.message_type()
    }

    /// Reads a padded plaintext (PAY-01 to PAY-11).
    ///
    /// # Errors
    /// `invalid-payload`.
    pub fn decode(plaintext: &[u8]) -> Result<Self, PayloadError> {
        let json = padding::remove(plaintext)?;
        require!(
            "PAY-01",
            json.len() <= MAX_JSON,
            PayloadError::TooLong { length: json.len() }
        );
        let read = flawed!(
            "PRIV-04 in an error",
            json::read_object(json),
            json::read_object(json).map_err(|_| shown(json))
        );
        let mut top = read?;
        let format = required!(
            "PAY-02",
            take(&mut top, "format", text).or(flawed!(
                "PAY-02 default",
                None,
                Some(CAR_KEY.to_owned())
            )),
            wanted("format", "a string (PAY-02)")
        );
        let mut content = required!(
            "PAY-02",
            take(&mut top, "content", object),
            wanted("content", "an object (PAY-02)")
        );
        let mut tigress = required!(
            "PAY-02",
            take(&mut top, "tigress", object),
            wanted("tigress", "an object (PAY-02)")
        );
        require!(
            "PAY-06",
            take(&mut tigress, "version", |value| value.as_u64()) == Some(VERSION),
            wanted("tigress.version", "the integer 1 (PAY-06)")
        );
        let transfer = required!(
            "PAY-02",
            take(&mut tigress, "transfer", text).and_then(|text| text.parse().ok()),
            wanted("tigress.transfer", "a transfer id (PAY-02, XFER-02)")
        );
        let message_type = required!(
            "PAY-06",
            take(&mut tigress, "type", message_type),
            wanted("tigress.type", "one of the six types (PAY-06)")
        );
        require!(
            "PAY-08",
            format == CAR_KEY || !message_type.is_of_car_keys_alone(),
            PayloadError::Format
        );
        let said = match message_type {
            MessageType::ProvisioningInformation => Content::ProvisioningInformation {
                provisioning: Provisioning::read(&format, &mut content)?,
                expires: required!(
                    "PAY-10",
                    take(&mut tigress, "expires", text).and_then(|text| expires::read(&text)),
                    wanted(
                        "tigress.expires",
                        "a date from 1970 to 9999 written YYYY-MM-DDThh:mm:ssZ (PAY-10)"
                    )
                ),
            },
            MessageType::KeySigningRequest => {
                Content::KeySigningRequest(opaque(&mut content, "keySigningRequest")?)
            }
            MessageType::KeyImportRequest => {
                Content::KeyImportRequest(opaque(&mut content, "keyImportRequest")?)
            }
            MessageType::Provisioned => Content::Provisioned,
            MessageType::Decline => Content::Decline {
                reason: reason(&mut content)?,
            },
            MessageType::Cancel => Content::Cancel {
                reason: reason(&mut content)?,
            },
        };
        Ok(Payload {
            transfer,
            format,
            content: said,
            unknown: flawed!(
                "PAY-03 dropped",
                Unknown { top, content },
                Unknown::default()
            ),
        })
    }

    /// Writes the payload (PAY-13) and pads it (PAY-11).
    ///
    /// # Errors
    /// `invalid-payload` where a receiver would refuse it or read another payload than this one.
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
        let mut plaintext = Zeroizing::new(Vec::with_capacity(MAX_PLAINTEXT));
        serde_json::to_writer(&mut *plaintext, &Written::from(self))
            .map_err(|_| PayloadError::Ambiguous)?;
        padding::add(&mut plaintext);
        require!(
            "PAY-13",
            Payload::decode(&plaintext)? == *self,
            PayloadError::Ambiguous
        );
        Ok(plaintext)
    }
}

impl Content {
    /// The type of a payload that says this.
    #[must_use]
    pub fn message_type(&self) -> MessageType {
        match self {
            Content::ProvisioningInformation { .. } => MessageType::ProvisioningInformation,
            Content::KeySigningRequest(_) => MessageType::KeySigningRequest,
            Content::KeyImportRequest(_) => MessageType::KeyImportRequest,
            Content::Provisioned => MessageType::Provisioned,
            Content::Decline { .. } => MessageType::Decline,
            Content::Cancel { .. } => MessageType::Cancel,
        }
    }
}

impl Provisioning {
    fn read(format: &str, content: &mut Map<String, Value>) -> Result<Self, PayloadError> {
        Ok(match format {
            CAR_KEY => Provisioning::KeyCreationRequest(opaque(content, "keyCreationRequest")?),
            AUTHORIZATION_TOKEN => {
                Provisioning::AuthorizationToken(opaque(content, "authorizationToken")?)
            }
            _ => Provisioning::Unsupported,
        })
    }
}

/// An error that shows what was decrypted.
#[cfg(feature = "flaws")]
fn shown(json: &[u8]) -> PayloadError {
    let text = String::from_utf8_lossy(json).into_owned();
    wanted("payload", Box::leak(text.into_boxed_str()))
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn message_type(value: Value) -> Option<MessageType> {
    let text: StringDeserializer<serde::de::value::Error> = text(value)?.into_deserializer();
    MessageType::deserialize(text).ok()
}

/// Takes the base64 of opaque bytes out of `content`; it may be that of no byte (PAY-09).
fn opaque(
    content: &mut Map<String, Value>,
    name: &'static str,
) -> Result<SecretBytes, PayloadError> {
    let text = required!(
        "PAY-08",
        take(content, name, text).map(Zeroizing::new),
        wanted(name, "a string in `content` (PAY-08)")
    );
    let bytes = SecretBytes::from(BASE64.decode(text.as_bytes()).unwrap_or_default());
    // The decoder also takes several padded texts after one another.
    require!(
        "PAY-09",
        *Zeroizing::new(BASE64.encode(bytes.expose())) == *text,
        wanted(name, "padded base64 of RFC 4648 section 4 (PAY-09)")
    );
    Ok(bytes)
}

fn reason(content: &mut Map<String, Value>) -> Result<String, PayloadError> {
    let reason = required!(
        "PAY-08",
        take(content, "reason", text),
        wanted("reason", "a string in `content` (PAY-08)")
    );
    require!(
        "PAY-08",
        reason.len() <= MAX_REASON,
        wanted("reason", "a string of at most 256 bytes (PAY-08)")
    );
    Ok(reason)
}

/// A payload as it is written: names in this order, what is not there left out (PAY-13).
#[derive(Serialize)]
struct Written<'a> {
    format: &'a str,
    content: WrittenContent<'a>,
    tigress: WrittenTigress<'a>,
    #[serde(flatten)]
    unknown: Sorted,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenContent<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key_creation_request: Option<Base64<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_token: Option<Base64<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_signing_request: Option<Base64<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_import_request: Option<Base64<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(flatten)]
    unknown: Sorted,
}

#[derive(Serialize)]
struct WrittenTigress<'a> {
    version: u64,
    transfer: &'a TransferId,
    r#type: MessageType,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

struct Base64<'a>(&'a SecretBytes);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Zeroizing::new(BASE64.encode(self.0.expose())).serialize(serializer)
    }
}

/// An object whose names stand in the order of their bytes, at every level.
#[derive(Default, Serialize)]
#[serde(transparent)]
struct Sorted(Map<String, Value>);

impl From<&Map<String, Value>> for Sorted {
    fn from(object: &Map<String, Value>) -> Self {
        let mut object = object.clone();
        object.sort_keys();
        object.values_mut().for_each(Value::sort_all_objects);
        Sorted(object)
    }
}

impl<'a> From<&'a Payload> for Written<'a> {
    fn from(payload: &'a Payload) -> Self {
        let mut content = WrittenContent {
            unknown: Sorted::from(&payload.unknown.content),
            ..WrittenContent::default()
        };
        let mut expires = None;
        match &payload.content {
            Content::ProvisioningInformation {
                provisioning,
                expires: at,
            } => {
                expires = expires::write(*at);
                match provisioning {
                    Provisioning::KeyCreationRequest(bytes) => {
                        content.key_creation_request = Some(Base64(bytes));
                    }
                    Provisioning::AuthorizationToken(bytes) => {
                        content.authorization_token = Some(Base64(bytes));
                    }
                    Provisioning::Unsupported => {}
                }
            }
            Content::KeySigningRequest(bytes) => content.key_signing_request = Some(Base64(bytes)),
            Content::KeyImportRequest(bytes) => content.key_import_request = Some(Base64(bytes)),
            Content::Provisioned => {}
            Content::Decline { reason } | Content::Cancel { reason } => {
                content.reason = Some(reason);
            }
        }
        Written {
            format: &payload.format,
            content,
            tigress: WrittenTigress {
                version: VERSION,
                transfer: &payload.transfer,
                r#type: payload.message_type(),
                expires,
            },
            unknown: Sorted::from(&payload.unknown.top),
        }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({}, {:?})", self.transfer, self.content)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message_type().fmt(f)
    }
}

impl fmt::Debug for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Unknown({} at the top level, {} in content)",
            self.top.len(),
            self.content.len()
        )
    }
}
