//! The invitation: the link that ties a person to an identity key, and lets its holder make offers (INV-01 to INV-08).
//!
//! `https://HOST/v1/i/UserID/DeviceID?v=VERTICAL#FRAGMENT`. A link has one form, so it is read letter by
//! letter: a general URL parser mends what INV-04 refuses.

use super::Limits;
pub use crate::agreement::Fingerprint;
use crate::error_code::ErrorCode;
use crate::hex;
use crate::identifier::{Address, DeviceId, IdentifierError};
use crate::primitives::hkdf::hkdf_sha256;
use crate::primitives::{PublicKey, Randomness, RandomnessError, Secret};
use crate::requirement::{flawed, require, required};
use crate::timestamp::Timestamp;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

const SCHEME: &str = "https://";
const PATH: &str = "v1/i/";
const QUERY: &str = "v=";

/// The port that `https` means where none stands.
const DEFAULT_PORT: u16 = 443;
/// The longest DNS name, without the dot of the root (RFC 1035 2.3.4).
const MAX_NAME: usize = 253;
/// The longest label of a DNS name.
const MAX_LABEL: usize = 63;

/// Bytes of a fragment: the fingerprint, the id, the secret and the expiry. They are 96 characters, none left over.
const FRAGMENT: usize = 32 + 16 + 16 + 8;
/// The last second that an invitation can expire in: that of the year 9999.
const LAST: Timestamp = Timestamp(253_402_300_799);

/// A link that is no invitation, one whose time is over, or a key or an offer that does not belong to it.
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
    #[error("the fragment is 72 bytes in base64url without padding, 96 characters (INV-04)")]
    Fragment,
    /// INV-04.
    #[error("an invitation expires in the year 9999 at the latest (INV-01, INV-04)")]
    Expiry,
    /// INV-03.
    #[error("the identity key is not the one that the invitation names (INV-03)")]
    UntrustedIdentity,
    /// INV-05.
    #[error("an invitation lives 1 to {0} seconds (INV-05)")]
    Lifetime(u64),
    /// INV-05.
    #[error("the invitation's time is over (INV-05)")]
    Over,
    /// INV-05.
    #[error("the invitation lives longer than one may (INV-05)")]
    TooFarAhead,
    /// PAY-14.
    #[error("the offer's MAC does not hold (PAY-14)")]
    Mac,
}

impl InvitationError {
    /// The profile's code for this error.
    #[must_use]
    pub fn code(self) -> ErrorCode {
        match self {
            Self::UntrustedIdentity => ErrorCode::UntrustedIdentity,
            Self::Lifetime(_) => ErrorCode::InvalidState,
            Self::Over | Self::TooFarAhead | Self::Mac => ErrorCode::InvalidInvitation,
            _ => ErrorCode::Malformed,
        }
    }
}

/// An invitation to a device (INV-01). As text it is the link, its secret included; debug output hides that.
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
    /// What tells this invitation from the device's others.
    pub id: InvitationId,
    /// What its holder knows, and HOST does not.
    pub secret: Secret<16>,
    /// From then on nobody takes it (INV-05).
    pub expires: Timestamp,
}

/// Whether somebody may take an invitation that expires then, and offer by it, now (INV-05).
pub(crate) fn check_time(
    expires: Timestamp,
    now: Timestamp,
    limits: &Limits,
) -> Result<(), InvitationError> {
    require!(
        "INV-05",
        flawed!("INV-05 a second late", now < expires, now <= expires),
        InvitationError::Over
    );
    require!(
        "INV-05",
        flawed!(
            "INV-05 any lifetime",
            expires.seconds_since(now) <= limits.invitation_ahead,
            true
        ),
        InvitationError::TooFarAhead
    );
    Ok(())
}

impl Invitation {
    /// The invitation to a device that expires then: id and secret are drawn, 16 bytes each (RND-01).
    pub fn draw(
        host: Host,
        address: Address,
        vertical: Vertical,
        identity_key: &PublicKey,
        expires: Timestamp,
        randomness: &mut dyn Randomness,
    ) -> Result<Self, RandomnessError> {
        Ok(Invitation {
            host,
            address,
            vertical,
            fingerprint: Fingerprint::of(identity_key),
            id: InvitationId::random(randomness)?,
            secret: Secret::random(randomness)?,
            expires,
        })
    }

    /// When an invitation expires that is made now, and lives so many seconds, or as long as one does (INV-05).
    ///
    /// # Errors
    /// `invalid-state` for a lifetime that no invitation has.
    pub fn expiry(
        now: Timestamp,
        lifetime: Option<u64>,
        limits: &Limits,
    ) -> Result<Timestamp, InvitationError> {
        let most = limits.invitation_lifetime;
        let lifetime = lifetime.unwrap_or(flawed!(
            "INV-05 default",
            limits.invitation_default_lifetime,
            most
        ));
        let expires = now.after(lifetime);
        require!(
            "INV-05",
            (flawed!("INV-05 lifetime of zero", 1, 0)..=most).contains(&lifetime)
                && flawed!("INV-05 year 10000", expires <= LAST, true),
            InvitationError::Lifetime(most)
        );
        Ok(expires)
    }

    /// Whether somebody may take it, and offer by it, now (INV-05).
    ///
    /// # Errors
    /// `invalid-invitation`.
    pub fn check_time(&self, now: Timestamp, limits: &Limits) -> Result<(), InvitationError> {
        check_time(self.expires, now, limits)
    }

    /// Whether the device that made it still honours it: it keeps it for offers that were on their way (INV-05).
    #[must_use]
    pub fn is_honoured(&self, now: Timestamp, limits: &Limits) -> bool {
        now.seconds_since(self.expires) < flawed!("INV-05 no grace", limits.invitation_grace, 1)
    }

    /// The access key that the device publishes the hash of, and its holder submits with (INV-06).
    #[must_use]
    pub fn access_key(&self) -> Secret<32> {
        access_key(&self.secret)
    }

    /// The key of the MAC of its holder's offers (INV-06).
    #[must_use]
    pub fn offer_key(&self) -> Secret<32> {
        offer_key(&self.secret)
    }

    /// What may be asked of HOST: the link without its fragment (INV-02).
    #[must_use]
    pub fn request_url(&self) -> String {
        let url = self.without_fragment();
        flawed!("INV-02 fragment", url, self.to_string())
    }

    fn without_fragment(&self) -> String {
        flawed!("INV-01 default left out", (), {
            if self.vertical == Vertical::default() {
                return format!("{SCHEME}{}/{PATH}{}", self.host, self.address);
            }
        });
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

/// The access key of an invitation with that secret (INV-06).
#[must_use]
pub fn access_key(secret: &Secret<16>) -> Secret<32> {
    derived(secret, b"TigressSignal/1 Access")
}

/// The key of the MAC of offers by an invitation with that secret (INV-06).
#[must_use]
pub fn offer_key(secret: &Secret<16>) -> Secret<32> {
    let label: &[u8] = flawed!(
        "INV-06 one key",
        b"TigressSignal/1 Offer",
        b"TigressSignal/1 Access"
    );
    derived(secret, label)
}

fn derived(secret: &Secret<16>, label: &[u8]) -> Secret<32> {
    hkdf_sha256(None, &[secret.expose()], label)
}

impl fmt::Display for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fragment = Zeroizing::new([0; FRAGMENT]);
        let expires = flawed!(
            "INV-01 little-endian",
            self.expires.0.to_be_bytes(),
            self.expires.0.to_le_bytes()
        );
        let (id, secret) = (self.id.as_bytes(), self.secret.expose());
        let (id, secret) = flawed!("INV-01 secret first", (id, secret), (secret, id));
        let parts: [&[u8]; 4] = [self.fingerprint.as_bytes(), id, secret, &expires];
        let mut rest = &mut fragment[..];
        for part in parts {
            let (here, behind) = rest.split_at_mut(part.len());
            here.copy_from_slice(part);
            rest = behind;
        }
        let alphabet = flawed!(
            "INV-01 alphabet",
            BASE64URL_NOPAD,
            data_encoding::BASE64_NOPAD
        );
        let fragment = Zeroizing::new(alphabet.encode(&*fragment));
        write!(f, "{}#{}", self.without_fragment(), *fragment)
    }
}

/// A link behind its scheme.
fn without_scheme(link: &str) -> Option<&str> {
    flawed!("INV-04 scheme in upper case", (), {
        let (scheme, rest) = link.split_at_checked(SCHEME.len())?;
        return scheme.eq_ignore_ascii_case(SCHEME).then_some(rest);
    });
    link.strip_prefix(SCHEME)
}

impl FromStr for Invitation {
    type Err = InvitationError;

    /// Reads a link: `malformed` for anything but the one form (INV-04).
    fn from_str(link: &str) -> Result<Self, InvitationError> {
        let link = flawed!("INV-04 trimmed", link, link.trim());
        let rest = required!("INV-04", without_scheme(link), InvitationError::Scheme);
        let (rest, fragment) = required!("INV-04", rest.split_once('#'), InvitationError::Fragment);
        let fragment = flawed!("INV-04 padding", fragment, fragment.trim_end_matches('='));
        let (host, rest) = required!("INV-04", rest.split_once('/'), InvitationError::Path);
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let path = flawed!("INV-04 slash", path, path.strip_suffix('/').unwrap_or(path));
        let query = flawed!(
            "INV-04 empty query",
            query,
            query.filter(|query| !query.is_empty())
        );
        let query = flawed!(
            "INV-04 further keys",
            query,
            query.map(|query| { query.split_once('&').map_or(query, |(first, _)| first) })
        );
        let ids = path.strip_prefix(PATH).and_then(|ids| ids.split_once('/'));
        let (user_id, device_id) = required!("INV-04", ids, InvitationError::Path);
        let device_id = required!(
            "ID-03",
            canonical_integer(device_id),
            IdentifierError::DeviceId
        );
        let (host, address, vertical) = (
            flawed!(
                "INV-04 host in upper case",
                host.parse()?,
                host.to_lowercase().parse()?
            ),
            Address {
                user_id: user_id.parse()?,
                device_id: DeviceId::try_from(device_id)?,
            },
            query.map_or(Ok(Vertical::default()), Vertical::from_query)?,
        );
        // The decoder refuses trailing bits that are not zero, of which 96 characters have none.
        let fragment = Zeroizing::new(
            BASE64URL_NOPAD
                .decode(fragment.as_bytes())
                .unwrap_or_default(),
        );
        let parts = required!("INV-04", parts(&fragment), InvitationError::Fragment);
        let (fingerprint, id, secret, expires) = parts;
        require!(
            "INV-04",
            flawed!("INV-04 later", expires <= LAST, true),
            InvitationError::Expiry
        );
        Ok(Invitation {
            host,
            address,
            vertical,
            fingerprint: (*fingerprint).into(),
            id: InvitationId(*id),
            secret: Secret::copy_of(secret),
            expires,
        })
    }
}

/// Fingerprint, id, secret and expiry.
type Fragment<'a> = (&'a [u8; 32], &'a [u8; 16], &'a [u8; 16], Timestamp);

/// The parts of a fragment, where there is as much as they need, and no more.
fn parts(fragment: &[u8]) -> Option<Fragment<'_>> {
    let (fingerprint, rest) = fragment.split_first_chunk()?;
    let (id, rest) = rest.split_first_chunk()?;
    let (secret, expires) = rest.split_first_chunk()?;
    let expires = flawed!("INV-04 longer fragment", expires, expires.get(..8)?);
    let expires = u64::from_be_bytes(expires.try_into().ok()?);
    Some((fingerprint, id, secret, Timestamp(expires)))
}

/// What tells an invitation from its device's others: 16 random bytes (INV-01).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvitationId([u8; 16]);

impl InvitationId {
    /// Draws one: 16 bytes of randomness (RND-01).
    pub fn random(randomness: &mut dyn Randomness) -> Result<Self, RandomnessError> {
        let mut bytes = [0; 16];
        randomness.fill(&mut bytes)?;
        Ok(InvitationId(bytes))
    }

    /// The 16 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for InvitationId {
    fn from(bytes: [u8; 16]) -> Self {
        InvitationId(bytes)
    }
}

/// As hex.
impl fmt::Display for InvitationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for InvitationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InvitationId({self})")
    }
}

impl Serialize for InvitationId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for InvitationId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hex::deserialize(deserializer, "the id of an invitation", |bytes| {
            bytes.try_into().map(InvitationId)
        })
    }
}

/// An integer in decimal digits without a sign or leading zeros.
fn canonical_integer(text: &str) -> Option<u32> {
    let integer: u32 = text.parse().ok()?;
    let canonical = integer.to_string() == text;
    flawed!("INV-04 leading zeros", canonical, true).then_some(integer)
}

/// What kind of credential an invitation is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
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
            is_dns_name(name)
                && port.is_none_or(is_other_port)
                && flawed!("INV-04 with its port", true, text.len() <= MAX_NAME),
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
    let longest = flawed!("INV-04 labels of 64", MAX_LABEL, 64);
    let longest = flawed!("INV-04 labels of 62", longest, 62);
    let is_inner = |byte: u8| {
        matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')
            || flawed!("INV-04 underscores", false, byte == b'_')
    };
    let has_outer = |label: &str| label.starts_with('-') || label.ends_with('-');
    let is_label = |label: &str| {
        (1..=longest).contains(&label.len())
            && label.bytes().all(is_inner)
            && !flawed!("INV-04 outer hyphens", has_outer(label), false)
    };
    let name = flawed!("INV-04 root", name, name.strip_suffix('.').unwrap_or(name));
    let last = name.rsplit('.').next().unwrap_or_default();
    let begins = last.starts_with(|first: char| first.is_ascii_lowercase());
    name.len() <= flawed!("INV-04 254 characters", MAX_NAME, MAX_NAME + 1)
        && name.split('.').all(is_label)
        && flawed!("INV-04 numeric name", begins, true)
}

fn is_other_port(port: &str) -> bool {
    canonical_integer(port)
        .and_then(|port| u16::try_from(port).ok())
        .is_some_and(|port| {
            flawed!("INV-04 port 0", port != 0, true)
                && flawed!("INV-04 port 443", port != DEFAULT_PORT, true)
        })
}
