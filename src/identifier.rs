//! Identifiers (profile section 1): who a device is, and what its keys are called.
//!
//! The types hold what any suite admits: names beside UUIDs, every `uint32`. Which of it a suite admits
//! is said by its [`Identifiers`]. Where text or a number is read without a suite (`FromStr`, `TryFrom<u32>`),
//! section 1 holds.

use crate::error_code::ErrorCode;
use crate::primitives::{Randomness, RandomnessError};
use crate::requirement::{flawed, require};
use crate::short_bytes::ShortBytes;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use uuid::Uuid;

/// A string or number that is no identifier of the profile. Its code is `malformed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// ID-01.
    #[error("a UserID is a version 4 UUID in its lower-case 36-character form (ID-01)")]
    UserId,
    /// XFER-02.
    #[error("a transfer id is a version 4 UUID in its lower-case 36-character form (XFER-02)")]
    TransferId,
    /// A name of a suite that has names.
    #[error("a user's name is 1 to 64 bytes of UTF-8 without control characters")]
    Name,
    /// Text that should be a DeviceID.
    #[error("a DeviceID is an integer (ID-03)")]
    DeviceId,
    /// An integer outside its range (ID-03, ID-04, ID-06).
    #[error("a {what} is an integer from {least} to {most} ({id})")]
    OutOfRange {
        /// What it should be.
        what: &'static str,
        /// The lowest.
        least: u32,
        /// The highest.
        most: u32,
        /// The requirement.
        id: &'static str,
    },
}

impl IdentifierError {
    /// The profile's code for this error.
    #[must_use]
    pub fn code(self) -> ErrorCode {
        ErrorCode::Malformed
    }
}

/// A version 4 UUID in its lower-case 36-character form, which `uuid` is read off.
fn is_canonical(uuid: &Uuid, text: &str) -> bool {
    let written = uuid.hyphenated().to_string();
    flawed!("ID-01 version", uuid.get_version_num() == 4, true)
        && flawed!(
            "ID-01 variant",
            uuid.get_variant() == uuid::Variant::RFC4122,
            true
        )
        && flawed!(
            "ID-01 upper case",
            written == text,
            written.eq_ignore_ascii_case(text)
        )
}

fn random_uuid(randomness: &mut dyn Randomness) -> Result<Uuid, RandomnessError> {
    let mut bytes = [0; 16];
    randomness.fill(&mut bytes)?;
    Ok(flawed!(
        "XFER-02 sixteen bytes",
        uuid::Builder::from_random_bytes(bytes).into_uuid(),
        Uuid::from_bytes(bytes)
    ))
}

/// How an identifier is written as text: in JSON a string, in debug output after its type's name.
macro_rules! written {
    ($name:ident) => {
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

/// A user: a random UUID, unlinked to anything else about the person (ID-01, ID-02); in suites that have
/// names, a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId(User);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum User {
    Uuid(Uuid),
    Name(ShortBytes<{ UserId::MAX_NAME }>),
}

impl UserId {
    /// The most bytes of a name.
    pub const MAX_NAME: usize = 64;

    /// Draws one: 16 bytes of randomness (RND-01).
    pub fn random(randomness: &mut dyn Randomness) -> Result<Self, RandomnessError> {
        random_uuid(randomness).map(|uuid| UserId(User::Uuid(uuid)))
    }

    /// Reads a name: 1 to [`UserId::MAX_NAME`] bytes of UTF-8 without control characters. What reads as
    /// a UUID of ID-01 is that UUID.
    ///
    /// # Errors
    /// `malformed`.
    pub fn named(text: &str) -> Result<Self, IdentifierError> {
        if let Ok(uuid) = text.parse() {
            return Ok(uuid);
        }
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(IdentifierError::Name);
        }
        ShortBytes::concat(&[text.as_bytes()])
            .map(|name| UserId(User::Name(name)))
            .ok_or(IdentifierError::Name)
    }

    /// Whether it is a name, and no UUID.
    #[must_use]
    pub fn is_name(&self) -> bool {
        matches!(self.0, User::Name(_))
    }

    /// The UUID's 16 bytes, or the name's UTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            User::Uuid(uuid) => uuid.as_bytes(),
            User::Name(name) => name.as_bytes(),
        }
    }
}

impl FromStr for UserId {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let text = flawed!(
            "ID-01 line feed",
            text,
            text.strip_suffix('\n').unwrap_or(text)
        );
        let uuid = Uuid::try_parse(text).map_err(|_| IdentifierError::UserId)?;
        require!("ID-01", is_canonical(&uuid, text), IdentifierError::UserId);
        Ok(UserId(User::Uuid(uuid)))
    }
}

impl TryFrom<String> for UserId {
    type Error = IdentifierError;

    fn try_from(text: String) -> Result<Self, IdentifierError> {
        UserId::named(&text)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            User::Uuid(uuid) => uuid.hyphenated().fmt(f),
            User::Name(name) => f.write_str(std::str::from_utf8(name.as_bytes()).unwrap_or("?")),
        }
    }
}

written!(UserId);

/// A transfer: a random UUID chosen by its sender (XFER-02).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TransferId(Uuid);

impl TransferId {
    /// Draws one: 16 bytes of randomness (RND-01).
    pub fn random(randomness: &mut dyn Randomness) -> Result<Self, RandomnessError> {
        random_uuid(randomness).map(TransferId)
    }

    /// The UUID's 16 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl FromStr for TransferId {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let text = flawed!(
            "XFER-02 line feed",
            text,
            text.strip_suffix('\n').unwrap_or(text)
        );
        let uuid = Uuid::try_parse(text).map_err(|_| IdentifierError::TransferId)?;
        require!(
            "XFER-02",
            is_canonical(&uuid, text),
            IdentifierError::TransferId
        );
        Ok(TransferId(uuid))
    }
}

impl TryFrom<String> for TransferId {
    type Error = IdentifierError;

    fn try_from(text: String) -> Result<Self, IdentifierError> {
        text.parse()
    }
}

impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

written!(TransferId);

/// An integer identifier.
macro_rules! integer_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $id:literal, $field:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u32);

        impl $name {
            /// The integer.
            #[must_use]
            pub fn get(self) -> u32 {
                self.0
            }

            /// Holds an integer to the range of a suite.
            ///
            /// # Errors
            /// `malformed`.
            pub fn within(
                value: u32,
                range: &RangeInclusive<u32>,
            ) -> Result<Self, IdentifierError> {
                require!(
                    $id,
                    range.contains(&value),
                    IdentifierError::OutOfRange {
                        what: $what,
                        least: *range.start(),
                        most: *range.end(),
                        id: $id,
                    }
                );
                Ok($name(value))
            }
        }

        impl TryFrom<u32> for $name {
            type Error = IdentifierError;

            fn try_from(value: u32) -> Result<Self, IdentifierError> {
                $name::within(value, &Identifiers::SECTION_1.$field)
            }
        }

        impl From<$name> for u32 {
            fn from(id: $name) -> u32 {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

integer_id!(
    /// One device of a user (ID-03).
    DeviceId, "DeviceID", "ID-03", device_id
);
integer_id!(
    /// Tells one installation of a device from the next (ID-04).
    RegistrationId, "registration id", "ID-04", registration_id
);
integer_id!(
    /// A prekey of a device, unique within its kind (ID-06).
    PreKeyId, "prekey id", "ID-06", pre_key_id
);

impl DeviceId {
    /// The lowest id that a device can have in any suite.
    pub const FIRST: DeviceId = DeviceId(0);
}

impl PreKeyId {
    /// The first id that a device gives (ID-06), in every suite.
    pub const FIRST: PreKeyId = PreKeyId(1);

    /// The id that a device gives after this one: none after 2^24 - 1 (ID-06).
    #[must_use]
    pub fn next(self) -> Option<PreKeyId> {
        PreKeyId::try_from(self.0.saturating_add(1)).ok()
    }
}

impl RegistrationId {
    /// Draws a registration id: 2 bytes, big-endian, masked to 14 bits, drawn again while outside
    /// 1 to 16380 (ID-04, RND-01).
    pub fn random(randomness: &mut dyn Randomness) -> Result<Self, RandomnessError> {
        let range = &Identifiers::SECTION_1.registration_id;
        Self::random_within(std::iter::once(range), randomness)
    }

    /// The same, drawn again while outside one of these ranges, each of which has some of the 14 bits.
    pub(crate) fn random_within<'a>(
        ranges: impl Iterator<Item = &'a RangeInclusive<u32>>,
        randomness: &mut dyn Randomness,
    ) -> Result<Self, RandomnessError> {
        let ranges: Vec<_> = ranges.collect();
        loop {
            let mut bytes = [0; 2];
            randomness.fill(&mut bytes)?;
            let drawn = flawed!(
                "RND-01 little-endian",
                u16::from_be_bytes(bytes),
                u16::from_le_bytes(bytes)
            );
            let masked = u32::from(drawn & 0x3fff);
            if ranges.iter().all(|range| range.contains(&masked)) {
                return Ok(RegistrationId(masked));
            }
            flawed!(
                "RND-01 not again",
                (),
                return Ok(RegistrationId(masked % 16380 + 1))
            );
        }
    }
}

/// Which identifiers a suite admits. Whatever else is read gives `malformed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifiers {
    /// Whether a user may be a name, beside UUIDs.
    pub names: bool,
    /// What a DeviceID may be.
    pub device_id: RangeInclusive<u32>,
    /// What a registration id may be.
    pub registration_id: RangeInclusive<u32>,
    /// What the id of a prekey of any kind may be.
    pub pre_key_id: RangeInclusive<u32>,
}

impl Identifiers {
    /// Those of section 1 (ID-01, ID-03, ID-04, ID-06).
    pub const SECTION_1: Identifiers = Identifiers {
        names: false,
        device_id: 1..=127,
        registration_id: 1..=16380,
        pre_key_id: 1..=0x00ff_ffff,
    };

    /// Reads a user.
    ///
    /// # Errors
    /// `malformed`.
    pub fn user_id(&self, text: &str) -> Result<UserId, IdentifierError> {
        if self.names {
            UserId::named(text)
        } else {
            text.parse()
        }
    }

    /// Holds a user that was read without a suite to what this one admits.
    ///
    /// # Errors
    /// `malformed`.
    pub fn check_user(&self, user_id: &UserId) -> Result<(), IdentifierError> {
        require!(
            "ID-01",
            self.names || !user_id.is_name(),
            IdentifierError::UserId
        );
        Ok(())
    }

    /// Holds an address that was read without a suite to what this one admits.
    ///
    /// # Errors
    /// `malformed`.
    pub fn check(&self, address: &Address) -> Result<(), IdentifierError> {
        self.check_user(&address.user_id)?;
        DeviceId::within(address.device_id.get(), &self.device_id).map(drop)
    }
}

/// A device of a user (ID-05).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Address {
    /// The user.
    pub user_id: UserId,
    /// The user's device.
    pub device_id: DeviceId,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.user_id, self.device_id)
    }
}

/// A schema for each identifier, as it is written in JSON.
macro_rules! schemas {
    ($($name:ident: $schema:tt)+) => {
        $(#[cfg(feature = "schemas")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        })+
    };
}

schemas! {
    UserId: {
        "type": "string",
        "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        "description": "A version 4 UUID in its lower-case form (ID-01)."
    }
    TransferId: {
        "type": "string",
        "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        "description": "A version 4 UUID in its lower-case form (XFER-02)."
    }
    DeviceId: { "type": "integer", "minimum": 1, "maximum": 127, "description": "ID-03." }
    RegistrationId: { "type": "integer", "minimum": 1, "maximum": 16380, "description": "ID-04." }
    PreKeyId: { "type": "integer", "minimum": 1, "maximum": 16_777_215, "description": "ID-06." }
}

/// Whom a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Recipient {
    /// All devices of a user.
    User(UserId),
    /// One device.
    Device(Address),
}

impl From<Address> for Recipient {
    fn from(address: Address) -> Self {
        Recipient::Device(address)
    }
}

impl Recipient {
    /// The user.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        match self {
            Self::User(user) => *user,
            Self::Device(address) => address.user_id,
        }
    }

    /// That device of the user.
    #[must_use]
    pub fn device(&self, device_id: DeviceId) -> Address {
        Address {
            user_id: self.user_id(),
            device_id,
        }
    }

    /// Whether that device is meant.
    #[must_use]
    pub fn includes(&self, address: &Address) -> bool {
        match self {
            Self::User(user) => address.user_id == *user,
            Self::Device(device) => address == device,
        }
    }
}
