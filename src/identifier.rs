//! Identifiers (profile section 1): who a device is, and what its keys are called.

use crate::error_code::ErrorCode;
use crate::primitives::{Randomness, RandomnessError};
use crate::requirement::{flawed, require};
use serde::{Deserialize, Serialize};
use std::fmt;
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
    /// ID-03.
    #[error("a DeviceID is an integer from 1 to 127 (ID-03)")]
    DeviceId,
    /// ID-04.
    #[error("a registration id is an integer from 1 to 16380 (ID-04)")]
    RegistrationId,
    /// ID-06.
    #[error("a prekey id is an integer from 1 to 16777215 (ID-06)")]
    PreKeyId,
}

impl IdentifierError {
    /// The profile's code for this error.
    #[must_use]
    pub fn code(self) -> ErrorCode {
        ErrorCode::Malformed
    }
}

/// A random UUID (version 4) with a meaning of its own.
macro_rules! random_uuid {
    ($(#[$doc:meta])* $name:ident, $id:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// Draws one: 16 bytes of randomness (RND-01).
            pub fn random(randomness: &mut dyn Randomness) -> Result<Self, RandomnessError> {
                let mut bytes = [0; 16];
                randomness.fill(&mut bytes)?;
                Ok($name(uuid::Builder::from_random_bytes(bytes).into_uuid()))
            }

            /// The UUID's 16 bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl FromStr for $name {
            type Err = IdentifierError;

            fn from_str(text: &str) -> Result<Self, IdentifierError> {
                let uuid = Uuid::try_parse(text).map_err(|_| IdentifierError::$name)?;
                require!(
                    $id,
                    uuid.get_version_num() == 4
                        && uuid.get_variant() == uuid::Variant::RFC4122
                        && uuid.hyphenated().to_string() == text,
                    IdentifierError::$name
                );
                Ok($name(uuid))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdentifierError;

            fn try_from(text: String) -> Result<Self, IdentifierError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

random_uuid!(
    /// A user: a random UUID, unlinked to anything else about the person (ID-01, ID-02).
    UserId, "ID-01"
);
random_uuid!(
    /// A transfer: a random UUID chosen by its sender (XFER-02).
    TransferId, "XFER-02"
);

/// An integer identifier held to a range.
macro_rules! ranged_id {
    ($(#[$doc:meta])* $name:ident($inner:ty), $id:literal, $range:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "u32", into = "u32")]
        pub struct $name($inner);

        impl $name {
            /// The integer.
            #[must_use]
            pub fn get(self) -> $inner {
                self.0
            }
        }

        impl TryFrom<u32> for $name {
            type Error = IdentifierError;

            fn try_from(value: u32) -> Result<Self, IdentifierError> {
                require!($id, $range.contains(&value), IdentifierError::$name);
                <$inner>::try_from(value).map($name).map_err(|_| IdentifierError::$name)
            }
        }

        impl From<$name> for u32 {
            fn from(id: $name) -> u32 {
                id.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

ranged_id!(
    /// One device of a user: 1 to 127 (ID-03).
    DeviceId(u8), "ID-03", 1..=127
);
ranged_id!(
    /// Tells one installation of a device from the next: 1 to 16380 (ID-04).
    RegistrationId(u16), "ID-04", 1..=16380
);
ranged_id!(
    /// A prekey of a device, unique within its kind: 1 to 2^24 - 1 (ID-06).
    PreKeyId(u32), "ID-06", 1..=0x00ff_ffff
);

impl DeviceId {
    /// The lowest id.
    pub const FIRST: DeviceId = DeviceId(1);
}

impl PreKeyId {
    /// The lowest id.
    pub const FIRST: PreKeyId = PreKeyId(1);
}

impl RegistrationId {
    /// Draws a registration id: 2 bytes, big-endian, masked to 14 bits, drawn again while outside
    /// 1 to 16380 (ID-04, RND-01).
    pub fn random(randomness: &mut dyn Randomness) -> Result<Self, RandomnessError> {
        loop {
            let mut bytes = [0; 2];
            randomness.fill(&mut bytes)?;
            let masked = u32::from(u16::from_be_bytes(bytes) & 0x3fff);
            if let Ok(id) = RegistrationId::try_from(masked) {
                return Ok(id);
            }
        }
    }
}

/// A device of a user (ID-05).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "conformance", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Address {
    /// The user.
    pub user_id: UserId,
    /// The user's device.
    pub device_id: DeviceId,
}

impl Address {
    /// Length of [`Address::encode`]'s output in bytes.
    pub const LENGTH: usize = 17;

    /// The UUID's 16 bytes, then the DeviceID as one byte (ID-05).
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[..16].copy_from_slice(self.user_id.as_bytes());
        bytes[16] = self.device_id.get();
        flawed!("ID-05 device first", (), bytes.rotate_right(1));
        bytes
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.user_id, self.device_id)
    }
}

/// A schema for each identifier, as it is written in JSON.
macro_rules! schemas {
    ($($name:ident: $schema:tt)+) => {
        $(#[cfg(feature = "conformance")]
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
#[cfg_attr(feature = "conformance", derive(schemars::JsonSchema))]
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
