//! Whoever is tested: answers calls.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// The version of the adapter protocol.
pub const PROTOCOL_VERSION: u32 = 1;

/// What a subject says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The version of the adapter protocol: 1.
    pub protocol: u32,
    /// The suites that it speaks.
    pub suites: Vec<String>,
    /// What it can be.
    pub roles: Vec<Role>,
    /// Where its randomness comes from.
    pub randomness: RandomnessSource,
}

/// What a subject can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Functions without state.
    Primitives,
    /// A device with its sessions; the transfers of a device.
    Device,
    /// A wallet in scenarios.
    Wallet,
    /// The intermediary between wallets.
    Intermediary,
}

/// What a subject is as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// A wallet: primitives, devices, and the wallet that scenarios are played with.
    Wallet,
    /// The intermediary between wallets.
    Intermediary,
}

impl Role {
    /// Every one.
    pub const ALL: [Role; 4] = [
        Role::Primitives,
        Role::Device,
        Role::Wallet,
        Role::Intermediary,
    ];

    /// The party that it is a part of.
    #[must_use]
    pub fn party(self) -> Party {
        match self {
            Role::Primitives | Role::Device | Role::Wallet => Party::Wallet,
            Role::Intermediary => Party::Intermediary,
        }
    }

    /// As the adapter protocol writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Primitives => "primitives",
            Role::Device => "device",
            Role::Wallet => "wallet",
            Role::Intermediary => "intermediary",
        }
    }
}

impl Description {
    /// Whether it claims to be that party: whoever claims one role of a party is measured by all of them.
    #[must_use]
    pub fn claims(&self, party: Party) -> bool {
        self.roles.iter().any(|role| role.party() == party)
    }

    /// As which of the two it conforms, behind a verb. Whoever claims to be both needs no word for it.
    #[must_use]
    pub fn as_what(&self) -> &'static str {
        match [Party::Wallet, Party::Intermediary].map(|party| self.claims(party)) {
            [true, false] => " as a wallet",
            [false, true] => " as an intermediary",
            _ => "",
        }
    }
}

/// Where a subject's randomness comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RandomnessSource {
    /// It is handed in: outputs are compared byte for byte.
    #[default]
    Injected,
    /// It draws its own.
    Own,
}

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The subject refuses, as a conforming implementation may have to.
    Rejected {
        /// The profile's code, or the implementation's own.
        error: String,
        /// What it says of it.
        message: String,
    },
    /// The subject does not offer the method.
    NotImplemented,
    /// No answer that could be judged, and why.
    Broken(String),
    /// No answer within the time that it has, and what is known of it.
    TimedOut(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Rejected { error, message } => write!(f, "refused with `{error}`: {message}"),
            Failure::NotImplemented => f.write_str("not implemented"),
            Failure::Broken(why) | Failure::TimedOut(why) => f.write_str(why),
        }
    }
}

/// Why a subject was not asked, where that hangs on more than the method: it answers [`Failure::NotImplemented`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Nobody could be asked that over the wire to it, and what is not asked changes nothing.
    Sight(String),
    /// It, or whoever tests it, offers no means for it.
    Means(String),
}

/// An implementation under test.
pub trait Subject: Send {
    /// Who it is.
    fn describe(&self) -> Description;

    /// Whether it is the reference engine in this process, which plays every device of a scenario anyway.
    fn is_reference(&self) -> bool {
        false
    }

    /// Forgets every machine, and speaks that suite from now on.
    ///
    /// # Errors
    /// [`Failure::NotImplemented`] where it does not speak it.
    fn reset(&mut self, suite: &str) -> Result<(), Failure>;

    /// Asks for one operation. `method` and `params` are those of the operations.
    ///
    /// # Errors
    /// Why there is no result.
    fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure>;

    /// Says what a later call of the case at hand will ask: who asks in values of its own learns what belongs together.
    fn foresee(&mut self, _method: &str, _params: &Value) {}

    /// Stops it and starts it again, where it keeps its state itself; none where it is saved and restored.
    fn restart(&mut self) -> Option<Result<(), Failure>> {
        None
    }

    /// Why it was not asked last, where its failure does not say.
    fn lack(&self) -> Option<&Lack> {
        None
    }

    /// Says that the case at hand is over: what comes unasked from now on is not that case's.
    ///
    /// # Errors
    /// What it did beyond answering, such as answering twice: the case at hand fails by it.
    fn settle(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    /// What it wrote to its standard error since this was last asked: the first 32 KiB of it.
    fn said(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// What it did that no case can be charged with: it came too late for its own.
    fn faults(&self) -> &[String] {
        &[]
    }
}
