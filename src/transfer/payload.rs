//! The payload: what the ratchet encrypts (profile section 8).

use super::json::object;
use super::{InvitationError, InvitationId, TransferId, expires, json, padding};
use crate::agreement::Fingerprint;
use crate::error_code::ErrorCode;
use crate::identifier::Address;
use crate::primitives::hmac::hmac_sha256;
use crate::primitives::{Secret, SecretBytes};
use crate::requirement::{always_require, flawed, require, required};
use crate::suite::{Party, Suite};
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
pub const MAX_JSON: usize = padding::MAX_TEXT;
/// The most bytes of a plaintext: the JSON and its padding (PAY-11).
pub const MAX_PLAINTEXT: usize = MAX_JSON + 1;
/// The most bytes of a reason, in UTF-8 (PAY-08).
pub const MAX_REASON: usize = 256;

/// `tigress.version` (PAY-06).
const VERSION: u64 = 1;

/// What the MAC of an offer begins with (PAY-14).
const OFFER: &[u8] = b"TigressSignal/1 Offer";
/// How much an invitation, an access key and a MAC add to an offer, in bytes. The padding counts it in an offer without
/// them, too: its size does not tell, and is known before they are (PAY-11).
const INVITED: usize = r#","invitation":"","accessKey":"","mac":"""#.len() + 24 + 44 + 44;

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
    /// The invitation by which it is offered: in an offer alone, with an access key, and written with a MAC alone
    /// (PAY-14, PAY-15).
    pub invitation: Option<InvitationId>,
    /// What opens the sender's mailbox for the answers: with an invitation alone (PAY-15).
    pub access_key: Option<Secret<32>>,
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
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
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
    /// Whether its content lets the receiver provision: an offer or a key import request. Provisioning information in
    /// that sense goes only to a key that is named (SES-18).
    #[must_use]
    pub fn lets_provision(self) -> bool {
        matches!(self, Self::ProvisioningInformation | Self::KeyImportRequest)
    }

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
        "the plaintext is not padded with 0x80 and zeros to 1,024, 4,096, 16,384 or 65,536 bytes: {0} (PAY-11)"
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
        "type, format, invitation and unknown keys would be read otherwise than they were given (PAY-03, PAY-08, PAY-13)"
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
            invitation: None,
            access_key: None,
            unknown: Unknown::default(),
        }
    }

    /// The payload's type.
    #[must_use]
    pub fn message_type(&self) -> MessageType {
        self.content.message_type()
    }

    /// Reads a padded plaintext (PAY-01 to PAY-11, PAY-15). Whether its MAC holds is not looked at
    /// ([`offer_mac_holds`]).
    ///
    /// # Errors
    /// `invalid-payload`.
    pub fn decode(plaintext: &[u8]) -> Result<Self, PayloadError> {
        let json = padding::remove(plaintext)?;
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
            take(&mut top, "content", object).or(flawed!(
                "PAY-02 no content",
                None,
                Some(Map::new())
            )),
            wanted("content", "an object (PAY-02)")
        );
        let mut tigress = required!(
            "PAY-02",
            take(&mut top, "tigress", object),
            wanted("tigress", "an object (PAY-02)")
        );
        require!(
            "PAY-06",
            take(&mut tigress, "version", version) == Some(VERSION),
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
            format == CAR_KEY
                || !flawed!(
                    "PAY-08 any format",
                    message_type.is_of_car_keys_alone(),
                    false
                ),
            PayloadError::Format
        );
        let is_offer = message_type == MessageType::ProvisioningInformation;
        let Invited {
            invitation,
            access_key,
        } = if is_offer {
            Invited::read(&mut tigress)?
        } else {
            Invited::default()
        };
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
            invitation,
            access_key,
            unknown: Unknown::kept(top, content),
        })
    }

    /// Writes the payload (PAY-13) and pads it to `at_least` so many bytes (PAY-11): those of its transfer's offer; 0
    /// for an offer. More than [`MAX_PLAINTEXT`] are as many.
    ///
    /// # Errors
    /// `invalid-payload` where a receiver would refuse it or read another payload than this one: also for an offer by
    /// an invitation, which needs its MAC.
    pub fn encode(&self, at_least: usize) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
        self.pad(self.write(None)?, at_least)
    }

    /// Writes an offer by an invitation with its MAC (PAY-13, PAY-14), and pads it as [`Payload::encode`] does.
    /// `mac_key` is [`Invitation::offer_key`](super::Invitation::offer_key).
    ///
    /// # Errors
    /// `invalid-payload` as there, and where it names no invitation.
    pub fn encode_offer(
        &self,
        mac_key: &Secret<32>,
        parties: &OfferParties,
        at_least: usize,
    ) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
        let covered = self.write(Some(""))?;
        let mac = parties.mac(mac_key, &[&covered]);
        let mac = Zeroizing::new(BASE64.encode(mac.expose()));
        self.pad(self.write(Some(&mac))?, at_least)
    }

    /// The JSON.
    fn write(&self, mac: Option<&str>) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
        let mut json = Zeroizing::new(Vec::with_capacity(MAX_PLAINTEXT));
        let mut written = Written::from(self);
        written.tigress.mac = mac;
        serde_json::to_writer(&mut *json, &written).map_err(|_| PayloadError::Ambiguous)?;
        let json = flawed!("PAY-13 slashes", json, escaped(&json, |c| c == '/'));
        let json = flawed!(
            "PAY-13 ASCII alone",
            json,
            escaped(&json, |c| !c.is_ascii())
        );
        Ok(flawed!(
            "PAY-13 DEL",
            json,
            escaped(&json, |c| c == '\u{7f}')
        ))
    }

    /// Pads the JSON that was written of the payload.
    fn pad(
        &self,
        json: Zeroizing<Vec<u8>>,
        at_least: usize,
    ) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
        let mut plaintext = json;
        let length = plaintext.len();
        let missing = self.missing();
        let missing = flawed!(
            "PAY-11 151",
            flawed!(
                "PAY-11 153",
                missing,
                if missing == 0 { 0 } else { missing + 1 }
            ),
            missing.saturating_sub(1)
        );
        let counted = length + flawed!("PAY-11 without invitation", missing, 0);
        let size = required!(
            "PAY-01",
            padding::size(
                length.max(flawed!("PAY-11 no room", counted.min(MAX_JSON), counted)),
                at_least.min(MAX_PLAINTEXT)
            ),
            PayloadError::TooLong { length }
        );
        padding::add(&mut plaintext, size);
        let read = flawed!("PAY-13", Payload::decode(&plaintext)?, self.clone());
        always_require!("PAY-13", read == *self, PayloadError::Ambiguous);
        Ok(plaintext)
    }

    /// How much longer it would be by an invitation, in bytes; 0 where none can be added.
    fn missing(&self) -> usize {
        let is_offer = self.message_type() == MessageType::ProvisioningInformation;
        if is_offer && self.invitation.is_none() {
            INVITED
        } else {
            0
        }
    }
}

/// What an offer says of how it may be made and answered (PAY-15).
#[derive(Default)]
struct Invited {
    invitation: Option<InvitationId>,
    access_key: Option<Secret<32>>,
}

impl Invited {
    fn read(tigress: &mut Map<String, Value>) -> Result<Self, PayloadError> {
        let invitation = bytes::<16>(tigress, "invitation", "tigress.invitation")?;
        let access_key = bytes::<32>(tigress, "accessKey", "tigress.accessKey")?;
        let mac = bytes::<32>(tigress, "mac", "tigress.mac")?;
        let both = invitation.is_some() == access_key.is_some();
        let with_mac = invitation.is_some() == mac.is_some();
        require!(
            "PAY-15",
            flawed!("PAY-15 no access key", both, true) && flawed!("PAY-15 no MAC", with_mac, true),
            wanted(
                "tigress.invitation, accessKey or mac",
                "there with both others, or not at all (PAY-15)"
            )
        );
        Ok(Invited {
            invitation: invitation.map(|id| InvitationId::from(*id.expose())),
            access_key,
        })
    }
}

/// The base64 of `N` bytes, where the object has it.
fn bytes<const N: usize>(
    tigress: &mut Map<String, Value>,
    name: &str,
    path: &'static str,
) -> Result<Option<Secret<N>>, PayloadError> {
    let value = tigress.shift_remove(name);
    let value = flawed!("PAY-15 null", value, value.filter(|value| !value.is_null()));
    let Some(value) = value else {
        return Ok(None);
    };
    let wrong = wanted(path, "the base64 of its bytes, so many as it has (PAY-15)");
    let text = required!("PAY-15", text(value).map(Zeroizing::new), wrong);
    let bytes = from_base64(&text, path)?;
    let bytes = required!("PAY-15", bytes.expose().try_into().ok(), wrong);
    Ok(Some(Secret::copy_of(bytes)))
}

impl Unknown {
    /// What is left of the top level and of `content` once all that is known was taken out.
    fn kept(top: Map<String, Value>, content: Map<String, Value>) -> Self {
        let content = flawed!("PAY-03 of content", content, Map::new());
        flawed!(
            "PAY-03 dropped",
            Unknown { top, content },
            Unknown::default()
        )
    }
}

/// Who makes an offer to whom, as its MAC covers it (PAY-14).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferParties(Vec<u8>);

impl OfferParties {
    /// The sender's address and identity key, then the receiver's address and the fingerprint of its identity key: of
    /// that the sender knows no more when it writes the offer.
    #[must_use]
    pub fn new(
        suite: &dyn Suite,
        sender: &Party,
        receiver: &Address,
        receiver_fingerprint: &Fingerprint,
    ) -> Self {
        let sender_address = suite.encode_address(&sender.address);
        let receiver_address = flawed!(
            "PAY-14 sender's number",
            suite.encode_address(receiver),
            suite.encode_address(&Address {
                device_id: sender.address.device_id,
                ..*receiver
            })
        );
        let (first, second) = flawed!(
            "PAY-14 parties turned",
            (sender_address, receiver_address),
            (receiver_address, sender_address)
        );
        let mut covered = first.as_bytes().to_vec();
        flawed!(
            "PAY-14 no keys",
            covered.extend_from_slice(&sender.identity_key.encode()),
            ()
        );
        flawed!(
            "PAY-14 receiver",
            covered.extend_from_slice(second.as_bytes()),
            ()
        );
        flawed!(
            "PAY-14 no keys",
            covered.extend_from_slice(receiver_fingerprint.as_bytes()),
            ()
        );
        OfferParties(covered)
    }

    /// The MAC of an offer between them whose text, without the MAC itself, has these parts.
    fn mac(&self, mac_key: &Secret<32>, text: &[&[u8]]) -> Secret<32> {
        let text = flawed!("PAY-14 parties alone", text, &[]);
        let covered = [&[OFFER, &self.0], text].concat().concat();
        hmac_sha256(mac_key.expose(), &Zeroizing::new(covered))
    }
}

/// Whether an offer was made by whoever holds the invitation, from and to those devices (PAY-14). It is one that
/// [`Payload::decode`] has read, with [`Payload::invitation`]; `mac_key` is that invitation's
/// [`Invitation::offer_key`](super::Invitation::offer_key).
///
/// # Errors
/// `invalid-invitation`.
pub fn offer_mac_holds(
    plaintext: &[u8],
    mac_key: &Secret<32>,
    parties: &OfferParties,
) -> Result<(), InvitationError> {
    require!(
        "PAY-14",
        mac_holds(plaintext, mac_key, parties) == Some(true),
        InvitationError::Mac
    );
    Ok(())
}

fn mac_holds(plaintext: &[u8], mac_key: &Secret<32>, parties: &OfferParties) -> Option<bool> {
    let json = padding::remove(plaintext).ok()?;
    let mut top = json::read_object(json).ok()?;
    let mut tigress = take(&mut top, "tigress", object)?;
    let mac = take(&mut tigress, "mac", text)?;
    let theirs: [u8; 32] = BASE64.decode(mac.as_bytes()).ok()?.try_into().ok()?;
    // As it stands in the text: were it there twice, what it covers would be anybody's guess.
    let mac = mac.as_bytes();
    let mut places = json.windows(mac.len()).enumerate();
    let mut place = || places.find(|(_, window)| *window == mac).map(|(at, _)| at);
    let at = place()?;
    let behind = &json[at + mac.len()..];
    flawed!("PAY-14 every place", (), {
        if let Some(second) = place() {
            let (between, behind) = (&json[at + mac.len()..second], &json[second + mac.len()..]);
            let text = [&json[..at], between, behind];
            return Some(parties.mac(mac_key, &text) == Secret::new(theirs));
        }
    });
    if place().is_some() {
        return None;
    }
    flawed!("PAY-14 written anew", (), {
        let payload = Payload::decode(plaintext).ok()?;
        let text = payload.write(Some("")).ok()?;
        return Some(parties.mac(mac_key, &[&text]) == Secret::new(theirs));
    });
    Some(parties.mac(mac_key, &[&json[..at], behind]) == Secret::new(theirs))
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

/// An object whose names stand in that order, at every level.
#[cfg(feature = "flaws")]
fn in_order<K: Ord>(object: Map<String, Value>, order: fn(&str) -> K) -> Map<String, Value> {
    fn inner<K: Ord>(value: Value, order: fn(&str) -> K) -> Value {
        match value {
            Value::Object(object) => Value::Object(in_order(object, order)),
            Value::Array(values) => values.into_iter().map(|it| inner(it, order)).collect(),
            other => other,
        }
    }
    let mut names: Vec<(String, Value)> = object.into_iter().collect();
    names.sort_by_key(|(name, _)| order(name));
    let names = names.into_iter();
    names
        .map(|(name, value)| (name, inner(value, order)))
        .collect()
}

/// As JavaScript and Java sort.
#[cfg(feature = "flaws")]
fn utf16(name: &str) -> Vec<u16> {
    name.encode_utf16().collect()
}

/// As an object of JavaScript has its names: those that are numbers first, by their value.
#[cfg(feature = "flaws")]
fn numbers_first(name: &str) -> (bool, Option<u32>, String) {
    let number = name.parse().ok();
    let number = number.filter(|number: &u32| number.to_string() == name);
    (number.is_none(), number, name.to_owned())
}

/// JSON in which these characters, which stand in strings alone, are escaped though they need not be.
#[cfg(feature = "flaws")]
fn escaped(json: &[u8], is_meant: impl Fn(char) -> bool) -> Zeroizing<Vec<u8>> {
    use std::fmt::Write as _;
    let mut text = String::new();
    for c in String::from_utf8_lossy(json).chars() {
        match c {
            '/' if is_meant(c) => text.push_str("\\/"),
            c if is_meant(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
            c => text.push(c),
        }
    }
    Zeroizing::new(text.into_bytes())
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

#[allow(
    clippy::needless_pass_by_value,
    reason = "it is taken out of its object"
)]
fn version(value: Value) -> Option<u64> {
    flawed!("PAY-06 1.0", (), {
        if value.as_f64() == Some(1.0) {
            return Some(VERSION);
        }
    });
    flawed!("PAY-06 as text", (), {
        if value.as_str() == Some("1") {
            return Some(VERSION);
        }
    });
    flawed!("PAY-06 newer ones", (), {
        if value.as_u64().is_some_and(|version| version > VERSION) {
            return Some(VERSION);
        }
    });
    value.as_u64()
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
    from_base64(&text, name)
}

/// The bytes of a text in base64, which is called that.
fn from_base64(text: &str, path: &'static str) -> Result<SecretBytes, PayloadError> {
    let bytes = SecretBytes::from(BASE64.decode(text.as_bytes()).unwrap_or_default());
    flawed!("PAY-09 unpadded", (), {
        if let Ok(bytes) = data_encoding::BASE64_NOPAD.decode(text.as_bytes()) {
            return Ok(bytes.into());
        }
    });
    flawed!("PAY-09 URL alphabet", (), {
        if let Ok(bytes) = data_encoding::BASE64URL.decode(text.as_bytes()) {
            return Ok(bytes.into());
        }
    });
    flawed!("PAY-09 white space", (), {
        let dense: String = text.split_ascii_whitespace().collect();
        if let Ok(bytes) = BASE64.decode(dense.as_bytes()) {
            return Ok(bytes.into());
        }
    });
    flawed!("PAY-09 left over", (), {
        let mut lenient = BASE64.specification();
        lenient.check_trailing_bits = false;
        if let Ok(lenient) = lenient.encoding()
            && let Ok(bytes) = lenient.decode(text.as_bytes())
        {
            return Ok(bytes.into());
        }
    });
    flawed!("PAY-09 some byte", (), {
        if text.is_empty() {
            return Err(wanted(path, "the base64 of some byte"));
        }
    });
    // The decoder also takes several padded texts after one another.
    require!(
        "PAY-09",
        *Zeroizing::new(BASE64.encode(bytes.expose())) == *text,
        wanted(path, "padded base64 of RFC 4648 section 4 (PAY-09)")
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
        flawed!("PAY-08 characters", reason.len(), reason.chars().count())
            <= flawed!("PAY-08 255", flawed!("PAY-08 257", MAX_REASON, 257), 255),
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
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<Base64<'a>>,
    #[serde(rename = "accessKey", skip_serializing_if = "Option::is_none")]
    access_key: Option<Base64<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<&'a str>,
}

struct Base64<'a>(&'a [u8]);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Zeroizing::new(BASE64.encode(self.0)).serialize(serializer)
    }
}

/// An object whose names stand in the order of their bytes, at every level.
#[derive(Default, Serialize)]
#[serde(transparent)]
struct Sorted(Map<String, Value>);

impl From<&Map<String, Value>> for Sorted {
    fn from(object: &Map<String, Value>) -> Self {
        let mut object = object.clone();
        flawed!("PAY-13 as they came", (), return Sorted(object));
        object.sort_keys();
        flawed!(
            "PAY-13 inner names",
            object.values_mut().for_each(Value::sort_all_objects),
            ()
        );
        let object = flawed!("PAY-13 UTF-16", object, in_order(object, utf16));
        Sorted(flawed!(
            "PAY-13 numbers first",
            object,
            in_order(object, numbers_first)
        ))
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
                expires = at.rfc3339();
                match provisioning {
                    Provisioning::KeyCreationRequest(bytes) => {
                        content.key_creation_request = Some(Base64(bytes.expose()));
                    }
                    Provisioning::AuthorizationToken(bytes) => {
                        content.authorization_token = Some(Base64(bytes.expose()));
                    }
                    Provisioning::Unsupported => {}
                }
            }
            Content::KeySigningRequest(bytes) => {
                content.key_signing_request = Some(Base64(bytes.expose()));
            }
            Content::KeyImportRequest(bytes) => {
                content.key_import_request = Some(Base64(bytes.expose()));
            }
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
                invitation: payload.invitation.as_ref().map(|id| Base64(id.as_bytes())),
                access_key: payload.access_key.as_ref().map(|key| Base64(key.expose())),
                mac: None,
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
