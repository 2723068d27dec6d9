//! What a device knows of one other device (Sesame 3.2; SES-01).

use crate::identifier::RegistrationId;
use crate::primitives::PublicKey;
use crate::ratchet::Session;
use crate::requirement::flawed;
use crate::timestamp::{DAY, Timestamp};
use std::collections::VecDeque;

/// The most inactive sessions kept with one device (SES-04).
pub const MAX_INACTIVE_SESSIONS: usize = 40;

/// MAXSEND: a session in which nothing was read for this long, in seconds, is not sent in (SES-13).
pub const MAX_SEND: u64 = 30 * DAY;

/// MAXRECV: a session in which nothing was read for this long, in seconds, is erased (SES-13).
pub const MAX_RECV: u64 = 90 * DAY;

/// A session with its time: that at which it was opened, then that at which it last read a message
/// (SES-13).
#[derive(Clone, Debug)]
pub(super) struct TimedSession {
    pub(super) session: Session,
    pub(super) time: Timestamp,
}

/// Another device: its identity key, its registration id, and the sessions with it (SES-01).
///
/// It can be without sessions: after they were dropped (SES-10) or erased (SES-13) the identity key is
/// still known, so that a change of it is still seen (SES-12).
#[derive(Clone, Debug)]
pub struct DeviceRecord {
    pub(super) identity_key: PublicKey,
    pub(super) registration_id: RegistrationId,
    pub(super) stale_since: Option<Timestamp>,
    /// The active one first, then the inactive ones in order. Each new session and each one that reads
    /// comes to the front, so that their times fall.
    pub(super) sessions: VecDeque<TimedSession>,
}

impl DeviceRecord {
    pub(super) fn new(identity_key: PublicKey, registration_id: RegistrationId) -> Self {
        DeviceRecord {
            identity_key,
            registration_id,
            stale_since: None,
            sessions: VecDeque::new(),
        }
    }

    /// The device's identity key, from its last bundle or prekey message.
    #[must_use]
    pub fn identity_key(&self) -> &PublicKey {
        &self.identity_key
    }

    /// The device's registration id, from its last bundle or from the last prekey message that opened a
    /// session.
    #[must_use]
    pub fn registration_id(&self) -> RegistrationId {
        self.registration_id
    }

    /// When an intermediary said that the device is gone, where it did (SES-09).
    #[must_use]
    pub fn stale_since(&self) -> Option<Timestamp> {
        self.stale_since
    }

    /// The active session.
    #[must_use]
    pub fn active(&self) -> Option<&Session> {
        self.sessions.front().map(|held| &held.session)
    }

    /// The inactive sessions, in the order in which they are tried (SES-05).
    pub fn inactive(&self) -> impl Iterator<Item = &Session> {
        self.sessions.iter().skip(1).map(|held| &held.session)
    }

    /// The active session, where it may be sent in: the record is not stale (SES-11), and the session was
    /// opened or read a message less than MAXSEND ago (SES-13).
    pub(super) fn sendable(&self, now: Timestamp) -> Option<&Session> {
        self.active().filter(|_| self.may_send(now))
    }

    /// As [`DeviceRecord::sendable`], to send in it.
    pub(super) fn sendable_mut(&mut self, now: Timestamp) -> Option<&mut Session> {
        let may_send = self.may_send(now);
        let held = self.sessions.front_mut();
        held.filter(|_| may_send).map(|held| &mut held.session)
    }

    fn may_send(&self, now: Timestamp) -> bool {
        let max_send = flawed!("SES-13 sent for ever", MAX_SEND, u64::MAX);
        let fresh = |held: &TimedSession| now.seconds_since(held.time) < max_send;
        flawed!("SES-11 sent to", self.stale_since.is_none(), true)
            && self.sessions.front().is_some_and(fresh)
    }

    /// A new session becomes the active one (SES-03); the tail of the inactive list is dropped (SES-04).
    pub(super) fn activate(&mut self, session: Session, now: Timestamp) {
        let first = flawed!("SES-03 behind", 0, self.sessions.len().min(1));
        let first = flawed!("SES-08 own kept", first, self.behind_own(&session));
        self.sessions
            .insert(first, TimedSession { session, time: now });
        let inactive = flawed!("SES-04 unbounded", MAX_INACTIVE_SESSIONS, 1000);
        self.sessions
            .truncate(1 + flawed!("SES-04 one", inactive, 1));
    }

    /// Where a session of the peer's stands for a device that keeps to the one that it opened itself.
    #[cfg(feature = "flaws")]
    fn behind_own(&self, session: &Session) -> usize {
        let own =
            |session: &Session| session.matches(&session.own().identity_key, session.base_key());
        usize::from(!own(session) && self.active().is_some_and(own))
    }

    /// A session that read a message becomes the active one (SES-06), and is as good as new (SES-13).
    pub(super) fn promote(&mut self, index: usize, now: Timestamp) {
        let promoted = flawed!("SES-06 never promoted", true, index == 0);
        if !promoted {
            return;
        }
        if let Some(held) = self.sessions.remove(index) {
            self.activate(held.session, now);
        }
    }

    /// Erases the sessions that are past MAXRECV (SES-13).
    pub(super) fn expire_sessions(&mut self, now: Timestamp) {
        self.sessions.retain(|held| {
            now.seconds_since(held.time) < flawed!("SES-13 never erased", MAX_RECV, u64::MAX)
        });
    }
}
