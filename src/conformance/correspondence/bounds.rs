//! Bounds under which a few letters are enough to reach every rule.

use crate::intermediary;
use crate::sesame::Limits;
use crate::suite::{self, Ratchet, Tigress1};

/// What each device is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// Of its sessions, sends and prekeys.
    pub limits: Limits,
    /// How many one-time prekeys it draws.
    pub one_time_pre_keys: u8,
}

impl Bounds {
    /// For how many seconds after it was published a one-time prekey is handed out (MBX-03).
    pub const HANDED_OUT: u64 = intermediary::Limits::PROFILE.one_time_pre_key_lifetime;

    /// Those of the profile, but for the length of a plaintext: 64 bytes.
    #[must_use]
    pub fn profile() -> Self {
        Bounds {
            limits: Limits {
                session: Some(suite::Limits {
                    max_plaintext: 64,
                    ..*Tigress1.limits()
                }),
                ..Limits::PROFILE
            },
            one_time_pre_keys: 1,
        }
    }

    /// Those of a session.
    #[must_use]
    pub fn session(&self) -> suite::Limits {
        self.limits.session.unwrap_or(*Tigress1.limits())
    }

    /// So many inactive sessions with one device (SES-04).
    #[must_use]
    pub fn inactive(mut self, most: usize) -> Self {
        self.limits.max_inactive_sessions = most;
        self
    }

    /// So many keys skipped by one letter and kept in a session (DR-11, DR-12).
    #[must_use]
    pub fn skipped(self, by_one: u32, kept: usize) -> Self {
        self.with_session(|session| {
            session.max_skip = by_one;
            session.max_stored = kept;
        })
    }

    /// So many chains remembered (DR-16).
    #[must_use]
    pub fn chains(self, most: usize) -> Self {
        self.with_session(|session| session.receiving_chains = most)
    }

    /// So many openings without a one-time prekey (X3DH-14).
    #[must_use]
    pub fn openings(mut self, most: usize) -> Self {
        self.limits.pre_keys.max_openings = most;
        self
    }

    /// So many rounds of a send (SES-14).
    #[must_use]
    pub fn rounds(mut self, most: u8) -> Self {
        self.limits.max_rounds = most;
        self
    }

    /// So many one-time prekeys.
    #[must_use]
    pub fn one_time_pre_keys(mut self, count: u8) -> Self {
        self.one_time_pre_keys = count;
        self
    }

    fn with_session(mut self, change: impl FnOnce(&mut suite::Limits)) -> Self {
        let mut session = self.session();
        change(&mut session);
        self.limits.session = Some(session);
        self
    }
}
