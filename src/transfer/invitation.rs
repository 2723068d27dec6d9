//! The invitation: the link that ties a person to an identity key (INV-01 to INV-04).
//!
//! `https://HOST/v1/i/UserID/DeviceID?v=VERTICAL#FINGERPRINT`. A link has one form, so it is read letter by
//! letter: a general URL parser mends what INV-04 refuses.

pub use crate::agreement::Fingerprint;
use crate::error_code::ErrorCode;
use crate::identifier::{Address, DeviceId, IdentifierError};
use crate::primitives::PublicKey;
use crate::requirement::{flawed, require, required};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

const SCHEME: &str = "https://";
const PATH: &str = "v1/i/";
const QUERY: &str = "v=";

/// The port that `https` means where none stands.
const DEFAULT_PORT: u16 = 443;
/// The longest DNS name, without the dot of the root (RFC 1035 2.3.4).
const MAX_NAME: usize = 253;
/// The longest label of a DNS name.
const MAX_LABEL: usize = 63;

/// A link that is no invitation, or a key that is not the one it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    /// INV-04.
    #[error("an invitation begins with `https://` (INV-04)")]
    Scheme,
    /// INV-04.
    #[error("HOST is a DNS name in lower case, with a port where it is not 443 (INV-04)")]
    Host,
    /// INV-04.
    #[error("after HOST stands `/v1/i/UserID/DeviceID` and nothing else (INV-04)")]
    Path,
    /// INV-04, ID-01, ID-03.
    #[error("{0} (INV-04)")]
    Address(#[from] IdentifierError),
    /// INV-04.
    #[error("the query is `v=a`, `v=h` or `v=c`, or there is none and no `?` (INV-04)")]
    Query,
    /// INV-04.
    #[error("the fragment is 32 bytes in base64url without padding, 43 characters (INV-04)")]
    Fingerprint,
    /// INV-03.
    #[error("the identity key is not the one that the invitation names (INV-03)")]
    UntrustedIdentity,
}

impl InvitationError {
    /// The profile's code for this error.
    #[must_use]
    pub fn code(self) -> ErrorCode {
        match self {
            Self::UntrustedIdentity => ErrorCode::UntrustedIdentity,
            _ => ErrorCode::Malformed,
        }
    }
}

/// An invitation to a device (INV-01). As text it is the link.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Invitation {
    /// The intermediary of the device.
    pub host: Host,
    /// The device.
    pub address: Address,
    /// What kind of credential is meant.
    pub vertical: Vertical,
    /// Of the device's identity key.
    pub fingerprint: Fingerprint,
}

impl Invitation {
    /// What may be asked of HOST: the link without its fragment (INV-02).
    #[must_use]
    pub fn request_url(&self) -> String {
        let url = self.without_fragment();
        flawed!("INV-02 fragment", url, self.to_string())
    }

    fn without_fragment(&self) -> String {
        format!(
            "{SCHEME}{}/{PATH}{}?{QUERY}{}",
            self.host,
            self.address,
            self.vertical.letter()
        )
    }

    /// Whether `key` is the identity key that the invitation names (INV-03).
    ///
    /// # Errors
    /// `untrusted-identity`.
    pub fn check(&self, key: &PublicKey) -> Result<(), InvitationError> {
        require!(
            "INV-03",
            self.fingerprint == Fingerprint::of(key),
            InvitationError::UntrustedIdentity
        );
        Ok(())
    }
}

impl fmt::Display for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.without_fragment(), self.fingerprint)
    }
}

impl FromStr for Invitation {
    type Err = InvitationError;

    /// Reads a link: `malformed` for anything but the one form (INV-04).
    fn from_str(link: &str) -> Result<Self, InvitationError> {
        let rest = required!("INV-04", link.strip_prefix(SCHEME), InvitationError::Scheme);
        let (rest, fingerprint) =
            required!("INV-04", rest.split_once('#'), InvitationError::Fingerprint);
        let (host, rest) = required!("INV-04", rest.split_once('/'), InvitationError::Path);
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let ids = path.strip_prefix(PATH).and_then(|ids| ids.split_once('/'));
        let (user_id, device_id) = required!("INV-04", ids, InvitationError::Path);
        let device_id = required!(
            "ID-03",
            canonical_integer(device_id),
            IdentifierError::DeviceId
        );
        Ok(Invitation {
            host: host.parse()?,
            address: Address {
                user_id: user_id.parse()?,
                device_id: DeviceId::try_from(device_id)?,
            },
            vertical: query.map_or(Ok(Vertical::default()), Vertical::from_query)?,
            fingerprint: fingerprint
                .parse()
                .map_err(|_| InvitationError::Fingerprint)?,
        })
    }
}

/// An integer in decimal digits without a sign or leading zeros.
fn canonical_integer(text: &str) -> Option<u32> {
    let integer: u32 = text.parse().ok()?;
    (integer.to_string() == text).then_some(integer)
}

/// What kind of credential an invitation is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "conformance", derive(schemars::JsonSchema))]
pub enum Vertical {
    /// `a`: general access, also where the link says nothing.
    #[default]
    #[serde(rename = "a")]
    GeneralAccess,
    /// `h`.
    #[serde(rename = "h")]
    Home,
    /// `c`.
    #[serde(rename = "c")]
    Car,
}

impl Vertical {
    const ALL: [Vertical; 3] = [Vertical::GeneralAccess, Vertical::Home, Vertical::Car];

    /// The letter of the link.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Vertical::GeneralAccess => "a",
            Vertical::Home => "h",
            Vertical::Car => "c",
        }
    }

    fn from_query(query: &str) -> Result<Self, InvitationError> {
        let vertical = Vertical::ALL
            .into_iter()
            .find(|vertical| query.strip_prefix(QUERY) == Some(vertical.letter()));
        Ok(required!("INV-04", vertical, InvitationError::Query))
    }
}

/// The intermediary's DNS name in lower case, with its port where that is not 443 (INV-01).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Host(String);

impl FromStr for Host {
    type Err = InvitationError;

    fn from_str(text: &str) -> Result<Self, InvitationError> {
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        };
        require!(
            "INV-04",
            is_dns_name(name) && port.is_none_or(is_other_port),
            InvitationError::Host
        );
        Ok(Host(text.to_owned()))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Labels of lower-case letters, digits and inner hyphens; the last begins with a letter, so that no reader
/// can take the name for an IP address.
fn is_dns_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && label
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= MAX_NAME
        && name.split('.').all(is_label)
        && name
            .rsplit('.')
            .next()
            .is_some_and(|last| last.starts_with(|first: char| first.is_ascii_lowercase()))
}

fn is_other_port(port: &str) -> bool {
    canonical_integer(port)
        .and_then(|port| u16::try_from(port).ok())
        .is_some_and(|port| port != 0 && port != DEFAULT_PORT)
}
