//! What is remembered of a wallet's past that the wallet itself does not keep.

use super::bounds::{DEALS, DEVICES, Who};
use crate::identifier::{PreKeyId, TransferId};
use crate::timestamp::Timestamp;
use crate::transfer::MessageType;
use std::collections::{BTreeMap, BTreeSet};

/// Facts about an actor's past. What is here makes two machine states one state less often: it must be worth it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Journal {
    /// What each message key has encrypted: by whom it was for, the ratchet key and the counter, a hash of the message.
    pub keys: BTreeMap<u64, u64>,
    /// The messages that were read, by a hash each.
    pub opened: BTreeSet<u64>,
    /// Of each deal.
    pub deals: [DealNotes; DEALS],
    /// Of each other device.
    pub peers: [PeerNotes; DEVICES],
    /// The links that its user was given to give away, each with the time.
    pub links: Vec<(String, Timestamp)>,
    /// How many links its user has taken.
    pub links_taken: u8,
    /// So many links its user has asked for.
    pub links_wanted: u8,
    /// A message that its user knows to wait: for whom, and what it is.
    pub delayed: Option<(Who, TransferId, MessageType)>,
    /// Its signed prekeys, each with when another took its place.
    pub signed_pre_keys: BTreeMap<PreKeyId, Option<Timestamp>>,
    /// Its one-time prekeys that no session was opened with, each with when it was drawn.
    pub one_time_pre_keys: BTreeMap<PreKeyId, Timestamp>,
}

/// What is remembered of a deal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DealNotes {
    /// Its transfer, once the device knows of it.
    pub transfer: Option<TransferId>,
    /// While it is open: when the device last looked at the clock.
    pub looked: Option<Timestamp>,
    /// When its sender's user offered it, and until when.
    pub offered: Option<(Timestamp, Timestamp)>,
    /// When its user accepted, or it was provisioned or completed last.
    pub acted: Option<Timestamp>,
    /// Whether its user has accepted.
    pub consented: bool,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// When the receiver first heard of it.
    pub heard: Option<Timestamp>,
    /// Whether a message of it was given up.
    pub given_up: bool,
    /// Whether its offer has left.
    pub offer_left: bool,
    /// Whether what lets the receiver provision has left.
    pub out: bool,
    /// What its user was told: [`Told`].
    pub told: u8,
    /// How long the shortest message of it was that left, in bytes of ciphertext; 0 before the first.
    pub size: u32,
}

/// What is remembered of another device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PeerNotes {
    /// The last link of it that the user has taken.
    pub taken: Option<String>,
    /// How many offers were made by that.
    pub offers: u32,
    /// Whether the users have compared their numbers.
    pub compared: bool,
    /// The base key of the last message to it that opens a session, by a hash; 0 where none has left.
    pub base_key: u64,
    /// Whether something was read since that base key left for the first time.
    pub answered: bool,
    /// The ratchet key of the last message to it, by a hash.
    pub ratchet_key: u64,
    /// The ratchet key of the last message of it that was read, by a hash.
    pub read: u64,
    /// Whether a new ratchet key of it was read since the last message to it.
    pub must_turn: bool,
    /// When a session with it was opened or read in last.
    pub fresh: Option<Timestamp>,
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
}
