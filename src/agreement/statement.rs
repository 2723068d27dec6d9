//! What a device says of itself, under a signature of its identity key (KEY-09 to KEY-11).
//!
//! KEY-07's signature covers a signed prekey and nothing else: without a statement, whoever hands out a bundle could
//! give it another registration id, an old prekey for a new one, or fewer suites than the device speaks.

use super::{AgreementError, Limits};
use crate::identifier::{Address, PreKeyId, RegistrationId};
use crate::primitives::{PublicKey, Signature};
use crate::requirement::{always_require, flawed};
use crate::suite::{Keys, SuiteRef, Tigress1};
use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// The suites that a device speaks, by name, the preferred one first (X3DH-01).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct SuiteNames(Vec<String>);

impl SuiteNames {
    /// The most suites that a statement names.
    pub const MAX: usize = 16;
    /// The most characters of a suite's name.
    pub const MAX_NAME: usize = 32;

    /// The names of these suites.
    #[must_use]
    pub fn of(suites: &[SuiteRef]) -> Self {
        SuiteNames(suites.iter().map(|suite| suite.name().to_owned()).collect())
    }

    /// The names, the preferred one first.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether a suite is among them.
    #[must_use]
    pub fn include(&self, suite: SuiteRef) -> bool {
        self.iter().any(|name| name == suite.name())
    }
}

impl TryFrom<Vec<String>> for SuiteNames {
    type Error = AgreementError;

    /// Holds names from outside to X3DH-01: `malformed`.
    fn try_from(names: Vec<String>) -> Result<Self, AgreementError> {
        let longest = flawed!(
            "X3DH-01 31 characters",
            flawed!("X3DH-01 33 characters", Self::MAX_NAME, 33),
            31
        );
        let shortest = flawed!("X3DH-01 empty name", 1, 0);
        let is_visible = |b: u8| {
            b.is_ascii_graphic()
                || flawed!("X3DH-01 space", false, b == b' ')
                || flawed!("X3DH-01 Unicode", false, !b.is_ascii())
        };
        let is_name = |name: &String| {
            let name = flawed!(
                "X3DH-01 line feed",
                name,
                name.strip_suffix('\n').unwrap_or(name)
            );
            (shortest..=longest).contains(&name.len()) && name.bytes().all(is_visible)
        };
        let stands_twice = |(index, name): (usize, &String)| {
            let mut former = names[..index].iter();
            former.any(|other| {
                flawed!(
                    "X3DH-01 case",
                    other == name,
                    other.eq_ignore_ascii_case(name)
                )
            })
        };
        let most = flawed!("X3DH-01 many suites", Self::MAX, usize::MAX);
        let most = flawed!(
            "X3DH-01 15 suites",
            flawed!("X3DH-01 17 suites", most, 17),
            15
        );
        let least = flawed!("X3DH-01 no suite", 1, 0);
        always_require!(
            "X3DH-01",
            (least..=most).contains(&names.len())
                && flawed!("X3DH-01 names", names.iter().all(is_name), true)
                && !flawed!(
                    "X3DH-01 twice",
                    names.iter().enumerate().any(stands_twice),
                    false
                ),
            AgreementError::Suites
        );
        Ok(SuiteNames(names))
    }
}

impl From<SuiteNames> for Vec<String> {
    fn from(names: SuiteNames) -> Self {
        names.0
    }
}

/// A statement, beside the address, the registration id and the signed prekey that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    /// When the signed prekey was made.
    pub created: Timestamp,
    /// The suites that the device speaks.
    pub suites: SuiteNames,
    /// The identity key's signature: 64 bytes.
    pub signature: Signature,
}

/// When a signed prekey was made, and what was said of it then.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Dated {
    /// The statement about it (KEY-09).
    Stated(Statement),
    /// Nothing: the device speaks no suite with statements (V3-04).
    #[serde(rename_all = "camelCase")]
    Unstated {
        /// When it was made.
        created: Timestamp,
    },
}

impl Dated {
    /// When it was made.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        match self {
            Dated::Stated(Statement { created, .. }) | Dated::Unstated { created } => *created,
        }
    }

    /// What was said.
    #[must_use]
    pub fn statement(&self) -> Option<&Statement> {
        match self {
            Dated::Stated(statement) => Some(statement),
            Dated::Unstated { .. } => None,
        }
    }
}

impl From<Statement> for Dated {
    fn from(statement: Statement) -> Self {
        Dated::Stated(statement)
    }
}

/// What a statement's signature covers (KEY-09): label, 17-byte address, registration id, the signed prekey's id
/// and its 33 bytes, 8 bytes of time, then of each suite one byte of length and its name. Integers are big-endian.
#[must_use]
pub fn stated(
    address: &Address,
    registration_id: RegistrationId,
    (id, key): (PreKeyId, &PublicKey),
    created: Timestamp,
    suites: &SuiteNames,
) -> Vec<u8> {
    let label: &[u8] = flawed!(
        "KEY-09 label",
        b"TigressSignal/1 Statement",
        b"TigressSignal Statement"
    );
    let mut covered = label.to_vec();
    // The form of section 1, whichever suites the device speaks.
    flawed!(
        "KEY-09 address",
        covered.extend_from_slice(Tigress1.encode_address(address).as_bytes()),
        ()
    );
    flawed!(
        "KEY-09 registration id",
        covered.extend_from_slice(&flawed!(
            "KEY-09 little-endian",
            registration_id.get().to_be_bytes(),
            registration_id.get().to_le_bytes()
        )),
        ()
    );
    flawed!(
        "KEY-09 prekey id",
        covered.extend_from_slice(&id.get().to_be_bytes()),
        ()
    );
    flawed!(
        "KEY-09 prekey",
        covered.extend_from_slice(&key.encode()),
        ()
    );
    let created = flawed!(
        "KEY-09 low 32 bits",
        created.0,
        created.0 & u64::from(u32::MAX)
    );
    flawed!(
        "KEY-09 created",
        covered.extend_from_slice(&created.to_be_bytes()),
        ()
    );
    for name in suites.iter() {
        let [.., length] = name.len().to_be_bytes();
        flawed!(
            "KEY-09 suites",
            {
                flawed!("KEY-09 lengths", covered.push(length), ());
                covered.extend_from_slice(name.as_bytes());
            },
            ()
        );
    }
    covered
}

impl Statement {
    /// Holds the statement's time to a clock: at most `max_age` seconds old, at most `max_ahead` ahead.
    ///
    /// # Errors
    /// `stale-statement`.
    pub fn check_time(
        &self,
        now: Timestamp,
        max_age: u64,
        max_ahead: u64,
    ) -> Result<(), AgreementError> {
        let max_age = flawed!("KEY-10 age", max_age, u64::MAX);
        let max_ahead = flawed!("KEY-10 ahead", max_ahead, u64::MAX);
        let max_ahead = flawed!("KEY-10 difference", max_ahead, max_age);
        always_require!(
            "KEY-10",
            now.seconds_since(self.created) <= max_age
                && self.created.seconds_since(now) <= max_ahead,
            AgreementError::StaleStatement(self.created)
        );
        Ok(())
    }

    /// Holds the statement's time to the clock of a device that would open a session by it (KEY-10).
    ///
    /// # Errors
    /// `stale-statement`.
    pub fn check(&self, now: Timestamp, limits: &Limits) -> Result<(), AgreementError> {
        self.check_time(now, limits.statement_age, limits.statement_ahead)
    }
}
