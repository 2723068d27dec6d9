//! The two devices of a session, A and B.

use crate::identifier::Address;
use crate::primitives::PublicKey;
use serde::{Deserialize, Serialize};

/// One of the two devices of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Party {
    /// The device's identity key IK.
    pub identity_key: PublicKey,
    /// The device's address.
    pub address: Address,
}

/// The two devices of a session: A opened it with B's bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parties {
    /// A.
    pub initiator: Party,
    /// B.
    pub responder: Party,
}

impl Parties {
    /// The party in that role.
    #[must_use]
    pub fn get(&self, role: Role) -> &Party {
        match role {
            Role::Initiator => &self.initiator,
            Role::Responder => &self.responder,
        }
    }
}

/// Which of the two parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// A, who opened the session with B's bundle.
    Initiator,
    /// B, whose prekeys were used.
    Responder,
}

impl Role {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Role {
        match self {
            Role::Initiator => Role::Responder,
            Role::Responder => Role::Initiator,
        }
    }
}
