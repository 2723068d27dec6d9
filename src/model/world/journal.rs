//! What is remembered of a wallet's past that the wallet itself does not keep.

use super::bounds::DEALS;
use crate::identifier::TransferId;
use crate::timestamp::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Facts about an actor's past. It makes two machine states one state less often: what is here must be worth it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Journal {
    /// What each message key has encrypted: by whom it was for, the ratchet key and the counter, a hash of the message.
    pub keys: BTreeMap<u64, u64>,
    /// The messages that were opened, by a hash each.
    pub opened: BTreeSet<u64>,
    /// Of each deal.
    pub deals: [DealNotes; DEALS],
    /// The links that its user was given to give away.
    pub links: Vec<String>,
    /// The last link that its user has taken.
    pub taken: Option<String>,
    /// So many links its user has asked for.
    pub links_wanted: u8,
}

/// What is remembered of a deal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DealNotes {
    /// Its transfer, once the device knows of it.
    pub transfer: Option<TransferId>,
    /// Until when the sender's user has offered it.
    pub over: Option<Timestamp>,
    /// When its user has accepted.
    pub accepted: Option<Timestamp>,
    /// Whether what lets the receiver provision has left.
    pub out: bool,
    /// What its user was told: [`Told`].
    pub told: u8,
    /// How long the messages of its transfer are, once there was one.
    pub size: u32,
}

/// What a user was told about a transfer, a bit each.
#[derive(Clone, Copy, Debug)]
pub struct Told;

impl Told {
    /// `credential-may-be-out`.
    pub const MAY_BE_OUT: u8 = 1;
    /// `provisioned-after-end`.
    pub const AFTER_END: u8 = 2;
    /// `attestation-invalid`.
    pub const ATTESTATION: u8 = 4;
    /// That a message of it was not sent.
    pub const UNSENT: u8 = 8;
    /// Any of them a second time.
    pub const TWICE: u8 = 128;
}
