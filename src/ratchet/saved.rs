//! A session at rest: its documented, versioned form (`docs/saved-state.md`).

use super::receiving_chain::{Progress, ReceivingChains};
use super::session::{State, Terms};
use super::{RootKey, Session};
use crate::primitives::{PublicKey, SecretBytes};
use crate::requirement::flawed;
use crate::suite::{self, FormerChain, Limits, Parties, Role, Scope, SuiteRef};
use serde::{Deserialize, Serialize};

/// The version of the form that this build writes and reads.
pub const SAVED_SESSION_VERSION: u32 = 2;

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
    /// In suites that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    second_ratchet: Option<SecretBytes>,
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
    /// A key or address that the suite does not admit.
    #[error("a key or address that the suite does not admit")]
    Parties,
    /// A second ratchet where the suite has none, or none where it has one.
    #[error("secondRatchet: as the suite has one or not")]
    SecondRatchet,
    /// The receiving chains break a bound of the suite.
    #[error("receivingChains: {0}")]
    ReceivingChains(&'static str),
}

impl From<&Session> for SavedSession {
    fn from(session: &Session) -> Self {
        let state = session.state.clone();
        let state = flawed!("XFER-15 key reused", state, state.one_message_back());
        let state = flawed!(
            "XFER-15 previous counter",
            state,
            state.without_previous_counter()
        );
        let state = flawed!("XFER-15 prekey messages", state, state.established());
        let terms = &session.terms;
        SavedSession {
            version: SAVED_SESSION_VERSION,
            suite: terms.suite.name().to_owned(),
            role: terms.role,
            parties: terms.parties,
            base_key: flawed!(
                "XFER-15 base key",
                terms.base_key,
                terms.parties.initiator.identity_key
            ),
            root_key: session.root_key.clone(),
            state,
            #[cfg(not(feature = "flaws"))]
            receiving_chains: session.receiving.clone(),
            #[cfg(feature = "flaws")]
            receiving_chains: session.receiving.clone().written_down(),
            second_ratchet: session.second.clone(),
        }
    }
}

impl SavedSession {
    /// The session, of one of `suites`, held to `limits`, where there are none to those of its suite.
    ///
    /// # Errors
    /// Where it is of another suite, or breaks what a session keeps true of its own.
    pub fn restore(
        self,
        suites: &[SuiteRef],
        limits: Option<&Limits>,
    ) -> Result<Session, SavedSessionError> {
        if self.version != SAVED_SESSION_VERSION {
            return Err(SavedSessionError::Version(self.version));
        }
        let suite = suite::find(suites, &self.suite).ok_or(SavedSessionError::Suite(self.suite))?;
        let limits = *limits.unwrap_or(suite.limits());
        check(&self.receiving_chains, &limits).map_err(SavedSessionError::ReceivingChains)?;
        if suite.second_ratchet().is_some() != self.second_ratchet.is_some() {
            return Err(SavedSessionError::SecondRatchet);
        }
        for party in [self.parties.initiator, self.parties.responder] {
            let address = suite.identifiers().check(&party.address);
            let key = suite.read_public_key(&party.identity_key.encode());
            if address.is_err() || key.is_err() {
                return Err(SavedSessionError::Parties);
            }
        }
        Ok(Session {
            terms: Terms {
                suite,
                role: self.role,
                parties: self.parties,
                base_key: self.base_key,
                limits,
            },
            root_key: self.root_key,
            state: self.state,
            receiving: self.receiving_chains,
            second: self.second_ratchet,
        })
    }
}

impl TryFrom<SavedSession> for Session {
    type Error = SavedSessionError;

    fn try_from(saved: SavedSession) -> Result<Self, SavedSessionError> {
        saved.restore(suite::ALL, None)
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
