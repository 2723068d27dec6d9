//! What a device knows of another by profile sections 4 and 6, told from the headers of letters and without a key.
//!
//! It is what the engine is held to: a page of the specifications again, in which no secret stands.

use crate::error_code::ErrorCode;
use crate::primitives::PublicKey;
use crate::sesame::{Limits, Purpose};
use crate::suite::{self, Header};
use crate::timestamp::Timestamp;
use std::collections::{BTreeSet, VecDeque};

/// A chain of the peer, as far as it was followed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Chain {
    ratchet_key: PublicKey,
    /// The counter after the last letter that was read or skipped.
    reached: u32,
    /// Whether the peer has begun another one.
    closed: bool,
    /// Letters that can still be read.
    skipped: BTreeSet<u32>,
}

/// The chain that is written in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct SendingChain {
    /// Known once something was written.
    pub(super) ratchet_key: Option<PublicKey>,
    pub(super) sent: u32,
    pub(super) previous: u32,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Held {
    pub(super) base_key: PublicKey,
    /// Whether this device opened it.
    pub(super) own: bool,
    /// When it was opened or last read in (SES-13).
    time: Timestamp,
    /// Whether this device has read in it.
    pub(super) answered: bool,
    /// The signed prekey and one-time prekey of the bundle that it was opened with.
    pub(super) opened_with: Option<(u32, Option<u32>)>,
    pub(super) sending: SendingChain,
    /// The newest first.
    chains: VecDeque<Chain>,
    forgotten: BTreeSet<PublicKey>,
}

/// How a letter is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// With a key that was kept, of the current chain or of a former one.
    Kept { former: bool },
    /// Further down its chain, so many letters left out.
    Ahead { skipped: u32 },
    /// As the first of a new chain, so many letters left out.
    NewChain { skipped: u32 },
}

/// What reading a letter had dropped.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dropped {
    pub(super) keys: bool,
    pub(super) chain: bool,
}

impl Held {
    /// A session that this device opens.
    pub(super) fn own(
        base_key: PublicKey,
        now: Timestamp,
        opened_with: (u32, Option<u32>),
    ) -> Self {
        Held {
            base_key,
            own: true,
            time: now,
            answered: false,
            opened_with: Some(opened_with),
            sending: SendingChain::default(),
            chains: VecDeque::new(),
            forgotten: BTreeSet::new(),
        }
    }

    /// A session that the peer opened, before its first letter.
    pub(super) fn of_peer(base_key: PublicKey, now: Timestamp) -> Self {
        Held {
            own: false,
            answered: true,
            opened_with: None,
            ..Held::own(base_key, now, (0, None))
        }
    }

    /// How a letter with that header is read, if it is of this session (section 4, order of checks).
    pub(super) fn way(&self, header: &Header, limits: &suite::Limits) -> Result<Way, ErrorCode> {
        let Header {
            ratchet_key,
            previous_counter,
            counter,
        } = *header;
        if self.sending.ratchet_key == Some(ratchet_key) {
            return Err(ErrorCode::InvalidKey);
        }
        let within = |skipped: u32| {
            if skipped > limits.max_skip {
                return Err(ErrorCode::TooManySkipped);
            }
            Ok(skipped)
        };
        let known = |chain: &Chain| chain.ratchet_key == ratchet_key;
        if let Some(index) = self.chains.iter().position(known) {
            let chain = &self.chains[index];
            if chain.skipped.contains(&counter) {
                return Ok(Way::Kept { former: index > 0 });
            }
            if counter < chain.reached {
                return Err(ErrorCode::DuplicateMessage);
            }
            if chain.closed {
                return Err(ErrorCode::DecryptFailed);
            }
            let skipped = within(counter - chain.reached)?;
            return Ok(Way::Ahead { skipped });
        }
        let skipped = within(counter)?;
        if let Some(current) = self.chains.front() {
            within(previous_counter.saturating_sub(current.reached))?;
        }
        if self.forgotten.contains(&ratchet_key) {
            return Err(ErrorCode::DecryptFailed);
        }
        Ok(Way::NewChain { skipped })
    }

    /// The letter is read in that way.
    pub(super) fn read(
        &mut self,
        header: &Header,
        way: Way,
        limits: &suite::Limits,
        now: Timestamp,
    ) -> Dropped {
        let mut dropped = Dropped::default();
        let Header {
            ratchet_key,
            previous_counter,
            counter,
        } = *header;
        if let Way::NewChain { .. } = way {
            if let Some(former) = self.chains.front_mut()
                && !former.closed
            {
                former.skipped.extend(former.reached..previous_counter);
                former.reached = former.reached.max(previous_counter);
                former.closed = true;
            }
            self.chains.push_front(Chain {
                ratchet_key,
                reached: 0,
                closed: false,
                skipped: BTreeSet::new(),
            });
            while self.chains.len() > limits.receiving_chains {
                dropped.chain = true;
                self.forgotten
                    .extend(self.chains.pop_back().map(|chain| chain.ratchet_key));
            }
            self.sending = SendingChain {
                ratchet_key: None,
                sent: 0,
                previous: self.sending.sent,
            };
        }
        let known = |chain: &&mut Chain| chain.ratchet_key == ratchet_key;
        if let Some(chain) = self.chains.iter_mut().find(known)
            && !chain.skipped.remove(&counter)
        {
            chain.skipped.extend(chain.reached..counter);
            chain.reached = counter.saturating_add(1);
        }
        self.answered = true;
        self.time = now;
        while self.stored() > limits.max_stored {
            dropped.keys = true;
            let oldest = self.chains.iter_mut().rev();
            let mut oldest = oldest.filter(|chain| !chain.skipped.is_empty());
            if let Some(chain) = oldest.next() {
                chain.skipped.pop_first();
            }
        }
        dropped
    }

    /// How many keys of letters that have not come are kept.
    pub(super) fn stored(&self) -> usize {
        self.chains.iter().map(|chain| chain.skipped.len()).sum()
    }

    fn is_fresh(&self, now: Timestamp, limits: &Limits) -> bool {
        now.seconds_since(self.time) < limits.max_send
    }
}

/// What is known of another device (SES-01).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Known {
    pub(super) identity_key: PublicKey,
    pub(super) registration_id: u32,
    /// Whether a statement named it.
    confirmed: bool,
    pub(super) stale_since: Option<Timestamp>,
    /// The active one first.
    pub(super) sessions: Vec<Held>,
    /// The one that provisioning information goes into (SES-19).
    provisioning: Option<PublicKey>,
}

impl Known {
    pub(super) fn new(identity_key: PublicKey, registration_id: u32) -> Self {
        Known {
            identity_key,
            registration_id,
            confirmed: false,
            stale_since: None,
            sessions: Vec::new(),
            provisioning: None,
        }
    }

    /// The device comes with an identity key and a registration id, which no statement has named; whether the key is another
    /// (SES-12).
    pub(super) fn comes_with(&mut self, identity_key: PublicKey, registration_id: u32) -> bool {
        let changed = self.identity_key != identity_key;
        if changed {
            *self = Known {
                stale_since: self.stale_since,
                ..Known::new(identity_key, registration_id)
            };
        }
        if !self.confirmed {
            self.registration_id = registration_id;
        }
        changed
    }

    /// A statement of the device was verified (SES-10, SES-11).
    pub(super) fn confirm(&mut self, registration_id: u32) {
        self.registration_id = registration_id;
        self.confirmed = true;
        self.stale_since = None;
    }

    /// A new session (SES-03, SES-04, SES-19); whether another one was dropped for it.
    pub(super) fn open(&mut self, session: Held, limits: &Limits) -> bool {
        if session.own {
            self.provisioning = Some(session.base_key);
        }
        self.sessions.insert(0, session);
        self.drop_tail(limits)
    }

    /// The tail of the inactive sessions, without the own one, is dropped (SES-04); whether any was.
    fn drop_tail(&mut self, limits: &Limits) -> bool {
        let own = self.provisioning;
        let counts = |held: &Held| own != Some(held.base_key);
        let mut dropped = false;
        loop {
            let inactive = self.sessions.iter().skip(1);
            let inactive = inactive.filter(|held| counts(held)).count();
            match self.sessions.iter().rposition(counts) {
                Some(last) if inactive > limits.max_inactive_sessions => {
                    self.sessions.remove(last);
                    dropped = true;
                }
                _ => return dropped,
            }
        }
    }

    /// Where a letter goes: the place of the session, where there is one that may be sent in (SES-02, SES-11, SES-13, SES-19).
    pub(super) fn sendable(
        &self,
        purpose: Purpose,
        now: Timestamp,
        limits: &Limits,
    ) -> Option<usize> {
        if self.stale_since.is_some() {
            return None;
        }
        let index = match purpose {
            Purpose::Other => 0,
            Purpose::Provisioning => {
                let own = self.provisioning?;
                let is_own = |held: &Held| held.base_key == own;
                self.sessions.iter().position(is_own)?
            }
        };
        self.sessions
            .get(index)?
            .is_fresh(now, limits)
            .then_some(index)
    }

    /// Whether the peer has answered in the session that provisioning information goes into (SES-19).
    pub(super) fn is_answered(&self, now: Timestamp, limits: &Limits) -> bool {
        let index = self.sendable(Purpose::Provisioning, now, limits);
        index.is_some_and(|index| self.sessions[index].answered)
    }

    /// A session was read in (SES-06); whether another one was dropped for it, since it did not count before and the one in whose
    /// place it is does.
    pub(super) fn promote(&mut self, index: usize, limits: &Limits) -> bool {
        let session = self.sessions.remove(index);
        self.sessions.insert(0, session);
        self.drop_tail(limits)
    }

    /// The next provisioning information opens a session (SES-19); whether one that counts now was dropped.
    pub(super) fn open_anew(&mut self, limits: &Limits) -> bool {
        self.provisioning = None;
        self.drop_tail(limits)
    }

    /// Old sessions are erased (SES-13); whether any was.
    pub(super) fn expire(&mut self, now: Timestamp, limits: &Limits) -> bool {
        let before = self.sessions.len();
        self.sessions
            .retain(|held| now.seconds_since(held.time) < limits.max_recv);
        if let Some(own) = self.provisioning
            && !self.sessions.iter().any(|held| held.base_key == own)
        {
            self.provisioning = None;
        }
        self.sessions.len() < before
    }

    /// The session of that name.
    pub(super) fn session_mut(&mut self, base_key: &PublicKey) -> Option<&mut Held> {
        let mut sessions = self.sessions.iter_mut();
        sessions.find(|held| held.base_key == *base_key)
    }
}
