//! What a device knows of one other device (Sesame 3.2; SES-01).

use super::held_session::{HeldSession, Incoming};
use super::{Limits, SesameError};
use crate::identifier::RegistrationId;
use crate::primitives::{PublicKey, Randomness};
use crate::ratchet::Session;
use crate::requirement::flawed;
use crate::timestamp::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A session with its time: that at which it was opened, then that at which it last read a message
/// (SES-13). Copies share the session until one of them takes a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct TimedSession {
    pub(super) session: Arc<HeldSession>,
    pub(super) time: Timestamp,
    /// Whether provisioning information goes into it, and into no other: the one that this device opened last (SES-19).
    pub(super) provisioning: bool,
}

impl TimedSession {
    fn is_fresh(&self, now: Timestamp, limits: &Limits) -> bool {
        let max_send = flawed!("SES-13 sent for ever", limits.max_send, u64::MAX);
        now.seconds_since(self.time) < max_send
    }

    /// Decrypts; a session that is shared is copied, and the copy kept where it could.
    pub(super) fn decrypt(
        &mut self,
        incoming: &Incoming<'_>,
        randomness: &mut dyn Randomness,
    ) -> Result<Zeroizing<Vec<u8>>, SesameError> {
        if let Some(session) = Arc::get_mut(&mut self.session) {
            return session.decrypt(incoming, randomness);
        }
        let mut session = HeldSession::clone(&self.session);
        let plaintext = session.decrypt(incoming, randomness)?;
        self.session = Arc::new(session);
        Ok(plaintext)
    }
}

/// Another device: its identity key, its registration id, and the sessions with it (SES-01).
///
/// It can be without sessions: after they were dropped (SES-10) or erased (SES-13) the identity key is
/// still known, so that a change of it is still seen (SES-12).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeviceRecord {
    pub(super) identity_key: PublicKey,
    pub(super) registration_id: RegistrationId,
    /// Whether a statement of the device named it (KEY-09), and not a prekey message alone.
    pub(super) confirmed: bool,
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
            confirmed: false,
            stale_since: None,
            sessions: VecDeque::new(),
        }
    }

    /// The device's identity key, from its last bundle or prekey message.
    #[must_use]
    pub fn identity_key(&self) -> &PublicKey {
        &self.identity_key
    }

    /// The device's registration id, from its last statement; where there was none, from the last prekey message that
    /// opened a session, which nobody has authenticated.
    #[must_use]
    pub fn registration_id(&self) -> RegistrationId {
        self.registration_id
    }

    /// When an intermediary said that the device is gone, where it did (SES-09).
    #[must_use]
    pub fn stale_since(&self) -> Option<Timestamp> {
        self.stale_since
    }

    /// The active session, where the engine keeps it.
    #[must_use]
    pub fn active(&self) -> Option<&Session> {
        self.sessions.front().and_then(|held| held.session.engine())
    }

    /// The inactive sessions that the engine keeps, in the order in which they are tried (SES-05).
    pub fn inactive(&self) -> impl Iterator<Item = &Session> {
        let inactive = self.sessions.iter().skip(1);
        inactive.filter_map(|held| held.session.engine())
    }

    /// What names each session, whoever keeps it: the active one first, then the inactive ones in order. None for one that a
    /// library has opened, and not encrypted in yet.
    pub fn base_keys(&self) -> impl Iterator<Item = Option<&PublicKey>> {
        self.sessions.iter().map(|held| held.session.base_key())
    }

    /// Whether the active session may be sent in: the record is not stale (SES-11), and the session was
    /// opened or read a message less than MAXSEND ago (SES-13).
    pub(super) fn may_send(&self, now: Timestamp, limits: &Limits) -> bool {
        let fresh = |held: &TimedSession| held.is_fresh(now, limits);
        flawed!("SES-11 sent to", self.stale_since.is_none(), true)
            && self.sessions.front().is_some_and(fresh)
    }

    /// The place of the session that provisioning information goes into, where it may be sent in: the one that this
    /// device opened last, with a verified bundle (SES-19). Never one that the peer opened: whoever stole a signed
    /// prekey of this device can open that in the peer's name.
    pub(super) fn provisioning(&self, now: Timestamp, limits: &Limits) -> Option<usize> {
        let is_it = |held: &TimedSession| flawed!("SES-19 active", held.provisioning, true);
        let current = flawed!("SES-11 provisioned", self.stale_since.is_none(), true);
        let index = self.sessions.iter().position(is_it).filter(|_| current)?;
        let fresh = self.sessions[index].is_fresh(now, limits);
        flawed!("SES-19 for ever", fresh, true).then_some(index)
    }

    /// Whether the peer has answered in the session that provisioning information goes into. Until it has, a session that
    /// it opens is what two devices do that open sessions at once (SES-08).
    pub(super) fn is_answered(&self, now: Timestamp, limits: &Limits) -> bool {
        let index = self.provisioning(now, limits);
        index.is_some_and(|index| self.sessions[index].session.is_answered())
    }

    /// No session has the place of SES-19: the next provisioning information opens one.
    pub(super) fn is_for_none(&mut self) {
        for held in &mut self.sessions {
            held.provisioning = false;
        }
    }

    /// How many inactive sessions count (SES-04): the one of SES-19 does not, so that whoever opens many sessions
    /// pushes it out of no list.
    pub(super) fn counted(&self) -> usize {
        let inactive = self.sessions.iter().skip(1);
        inactive
            .filter(|held| flawed!("SES-04 own one", !held.provisioning, true))
            .count()
    }

    /// A new session becomes the active one (SES-03), and one that this device opened takes the place of SES-19; the
    /// tail of the inactive list is dropped (SES-04).
    pub(super) fn activate(&mut self, session: Arc<HeldSession>, now: Timestamp, limits: &Limits) {
        flawed!("SES-03 in its place", (), drop(self.sessions.pop_front()));
        let first = flawed!("SES-03 behind", 0, self.sessions.len().min(1));
        let first = flawed!("SES-08 own kept", first, self.behind_own(&session));
        let provisioning = session.is_own();
        let provisioning = flawed!(
            "SES-19 first one",
            provisioning,
            provisioning && !self.sessions.iter().any(|held| held.provisioning)
        );
        let provisioning = flawed!("SES-19 any opening", provisioning, true);
        if provisioning {
            self.is_for_none();
        }
        let added = TimedSession {
            session,
            time: now,
            provisioning,
        };
        self.sessions.insert(first, added);
        self.drop_tail(limits);
    }

    /// The tail of the inactive list is dropped (SES-04): after a new session, and where the one of SES-19, which did not
    /// count, becomes the active one in the place of one that then does, or is for provisioning information no longer.
    pub(super) fn drop_tail(&mut self, limits: &Limits) {
        let inactive = flawed!("SES-04 unbounded", limits.max_inactive_sessions, 1000);
        let most = flawed!("SES-04 one", inactive, 1);
        while self.counted() > most {
            let is_dropped =
                |held: &TimedSession| !flawed!("SES-19 pushed out", held.provisioning, false);
            let head = flawed!("SES-04 head", false, true).then_some(1);
            match head.or(self.sessions.iter().rposition(is_dropped)) {
                Some(last) => drop(self.sessions.remove(last)),
                None => break,
            }
        }
    }

    /// Where a session of the peer's stands for a device that keeps to the one that it opened itself.
    #[cfg(feature = "flaws")]
    fn behind_own(&self, session: &HeldSession) -> usize {
        let active = self.sessions.front();
        usize::from(!session.is_own() && active.is_some_and(|held| held.session.is_own()))
    }

    /// A session that read a message becomes the active one (SES-06), and is as good as new (SES-13).
    pub(super) fn promote(&mut self, index: usize, now: Timestamp, limits: &Limits) {
        let promoted = flawed!("SES-06 never promoted", true, index == 0);
        if !promoted {
            return;
        }
        flawed!("SES-06 swapped", (), {
            self.sessions.swap(0, index);
            self.sessions[0].time = now;
            return;
        });
        if let Some(mut held) = self.sessions.remove(index) {
            flawed!("SES-13 opening alone", held.time = now, ());
            self.sessions.push_front(held);
            flawed!("SES-04 after reading", self.drop_tail(limits), ());
        }
    }

    /// Whether a session is past MAXRECV (SES-13).
    pub(super) fn has_expired_sessions(&self, now: Timestamp, limits: &Limits) -> bool {
        // The last is the oldest.
        let oldest = self.sessions.back();
        oldest.is_some_and(|held| !is_kept(held, now, limits))
    }

    /// Erases the sessions that are past MAXRECV (SES-13).
    pub(super) fn expire_sessions(&mut self, now: Timestamp, limits: &Limits) {
        self.sessions.retain(|held| is_kept(held, now, limits));
    }
}

fn is_kept(held: &TimedSession, now: Timestamp, limits: &Limits) -> bool {
    now.seconds_since(held.time) < flawed!("SES-13 never erased", limits.max_recv, u64::MAX)
}
