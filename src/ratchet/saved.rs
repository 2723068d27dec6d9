//! A session at rest: its documented, versioned form (`docs/saved-state.md`).

use super::receiving_chain::{Progress, ReceivingChains};
use super::session::{State, Terms};
use super::{RootKey, Session};
use crate::primitives::PublicKey;
use crate::requirement::flawed;
use crate::suite::{self, FormerChain, Limits, Parties, Role, Scope};
use serde::{Deserialize, Serialize};

/// The version of the form that this build writes and reads.
pub const SAVED_SESSION_VERSION: u32 = 1;

/// A session as it is saved. Secrets are marked as such: `{"secret": "…hex…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedSession {
    version: u32,
    suite: String,
    role: Role,
    parties: Parties,
    base_key: PublicKey,
    root_key: RootKey,
    state: State,
    /// The newest first.
    receiving_chains: ReceivingChains,
}

/// A saved session that no session of this build could have written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedSessionError {
    /// Another version.
    #[error("saved session version {0}; this build reads version {SAVED_SESSION_VERSION}")]
    Version(u32),
    /// Another suite.
    #[error("saved session of suite `{0}`, which this build does not speak")]
    Suite(String),
    /// The receiving chains break a bound of the suite.
    #[error("receivingChains: {0}")]
    ReceivingChains(&'static str),
}

impl From<&Session> for SavedSession {
    fn from(session: &Session) -> Self {
        SavedSession {
            version: SAVED_SESSION_VERSION,
            suite: session.terms.suite.name().to_owned(),
            role: session.terms.role,
            parties: session.terms.parties,
            base_key: session.terms.base_key,
            root_key: session.root_key.clone(),
            state: flawed!(
                "XFER-15 key reused",
                session.state.clone(),
                session.state.clone().one_message_back()
            ),
            receiving_chains: session.receiving.clone(),
        }
    }
}

impl TryFrom<SavedSession> for Session {
    type Error = SavedSessionError;

    fn try_from(saved: SavedSession) -> Result<Self, SavedSessionError> {
        if saved.version != SAVED_SESSION_VERSION {
            return Err(SavedSessionError::Version(saved.version));
        }
        let suite = suite::by_name(&saved.suite).ok_or(SavedSessionError::Suite(saved.suite))?;
        check(&saved.receiving_chains, suite.limits())
            .map_err(SavedSessionError::ReceivingChains)?;
        Ok(Session {
            terms: Terms {
                suite,
                role: saved.role,
                parties: saved.parties,
                base_key: saved.base_key,
            },
            root_key: saved.root_key,
            state: saved.state,
            receiving: saved.receiving_chains,
        })
    }
}

/// Holds restored chains to what a session keeps true of its own.
fn check(chains: &ReceivingChains, limits: &Limits) -> Result<(), &'static str> {
    let ReceivingChains(chains) = chains;
    if chains.len() > limits.receiving_chains {
        return Err("more chains than the suite remembers (DR-16)");
    }
    let mut total = 0;
    for (index, chain) in chains.iter().enumerate() {
        if chains
            .iter()
            .skip(index + 1)
            .any(|other| other.ratchet_key == chain.ratchet_key)
        {
            return Err("two chains with one ratchet key");
        }
        let former = index > 0;
        if former
            && limits.former_chain == FormerChain::Closed
            && matches!(chain.progress, Progress::Open(_))
        {
            return Err("a former chain that is still open (DR-09)");
        }
        if chain
            .skipped
            .last_key_value()
            .is_some_and(|(counter, _)| *counter >= chain.reached())
        {
            return Err("a stored key at or beyond its chain's counter");
        }
        total = match limits.stored_scope {
            Scope::Session => total + chain.skipped.len(),
            Scope::Chain => chain.skipped.len(),
        };
        if total > limits.max_stored {
            return Err("more stored keys than allowed (DR-12)");
        }
    }
    Ok(())
}
