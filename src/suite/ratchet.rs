//! The Double Ratchet's choices, and the ratchet beside it of the Triple Ratchet (profile section 4).

use super::{Role, SuiteError};
use crate::primitives::{PublicKey, Randomness, RandomnessError, Secret, SecretBytes};
use std::fmt;

/// The header of a ratchet message (Double Ratchet 3.4, HEADER).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// The sender's current ratchet key.
    pub ratchet_key: PublicKey,
    /// PN: how long the sender's previous chain was (DR-08).
    pub previous_counter: u32,
    /// N: the message's place in its chain, from 0 (DR-08).
    pub counter: u32,
}

/// What a bound on stored message keys is counted over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All chains of a session together.
    Session,
    /// Each receiving chain alone.
    Chain,
}

/// What becomes of a receiving chain when the peer starts the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FormerChain {
    /// The keys up to the header's previous counter are stored, and its chain key is erased (DR-09).
    Closed,
    /// It keeps its chain key; the previous counter is not used.
    KeptOpen,
}

/// The bounds of a session. They are data: a session can be run with smaller ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The most keys that one message may store in one chain (`MAX_SKIP`, DR-11).
    pub max_skip: u32,
    /// The most keys stored; the oldest are dropped first (DR-12).
    pub max_stored: usize,
    /// What `max_stored` is counted over.
    pub stored_scope: Scope,
    /// The most receiving chains remembered, the current one included: the keys of the one that falls
    /// off are erased (DR-16).
    pub receiving_chains: usize,
    /// What becomes of a chain when the next one starts.
    pub former_chain: FormerChain,
    /// The longest plaintext in bytes (DR-22).
    pub max_plaintext: usize,
}

/// Labels, bounds and steps.
pub trait Ratchet {
    /// The bounds of a session.
    fn limits(&self) -> &'static Limits;

    /// HKDF's info for a root step (DR-03).
    fn root_info(&self) -> &'static [u8];

    /// What a header says of a former chain in which `sent` messages were sent (DR-08).
    fn previous_counter(&self, sent: u32) -> u32;

    /// The ratchet that runs beside the Double Ratchet, where there is one.
    fn second_ratchet(&self) -> Option<&'static dyn SecondRatchet> {
        None
    }
}

/// A ratchet beside the Double Ratchet: what it sends travels in the message's header extension, and its key
/// is mixed into that of the message (Triple Ratchet; Double Ratchet 7).
///
/// Its state is bytes that the suite alone understands: the session keeps, saves and compares them. A step is
/// kept once the whole message has succeeded.
pub trait SecondRatchet: fmt::Debug + Sync {
    /// The state of a new session, from the last 32 bytes that the agreement yields.
    fn start(&self, role: Role, key: &Secret<32>) -> SecretBytes;

    /// The step of a message to send, and the header extension that carries it.
    fn send(
        &self,
        state: &SecretBytes,
        randomness: &mut dyn Randomness,
    ) -> Result<(SecondStep, Vec<u8>), RandomnessError>;

    /// The step of a message received with that header extension.
    ///
    /// # Errors
    /// Where no peer can have sent it.
    fn receive(&self, state: &SecretBytes, extension: &[u8]) -> Result<SecondStep, SuiteError>;
}

/// One step of a second ratchet.
#[derive(Clone, Debug)]
pub struct SecondStep {
    /// The state after it.
    pub state: SecretBytes,
    /// What is mixed into the message's key, if the ratchet has come to it.
    pub key: Option<Secret<32>>,
}
