//! A letter comes to a device: what must come of it, and whether it does.

use super::SUITE;
use super::breach::{Breach, Fault, hold};
use super::correspondent::{Correspondent, said};
use super::deed::{Deed, Deeds};
use super::known::{Held, Known, Way};
use super::letter::{self, Letter, sibling};
use crate::error_code::ErrorCode;
use crate::identifier::Address;
use crate::primitives::PublicKey;
use crate::sesame::Decrypted;
use crate::suite::Header;
use crate::wire::{Message, MessageKind, PreKeyMessage, RatchetMessage, WireError};

/// What must come of a letter.
#[derive(Clone, Copy, Debug)]
enum Due {
    /// It is read in that session, by its place.
    In {
        index: usize,
        way: Way,
        header: Header,
    },
    /// It opens a session.
    Opens(Opening),
}

#[derive(Clone, Copy, Debug)]
struct Opening {
    identity_key: PublicKey,
    base_key: PublicKey,
    registration_id: u32,
    signed: u32,
    one_time: Option<u32>,
    header: Header,
}

/// Bytes of a ratchet key (RND-01).
const RATCHET_KEY: u64 = 32;

fn code(error: &WireError) -> ErrorCode {
    error.code()
}

impl Correspondent {
    /// A letter comes: it is read or refused, as it must be.
    ///
    /// # Errors
    /// What the device does not keep.
    pub fn read(&mut self, letter: &Letter) -> Result<Deeds, Fault> {
        let mut deeds = Deeds::default();
        let Message { kind, bytes } = &letter.message;
        let (own, from) = (self.address(), letter.from);
        let genuine = letter.to == own && letter.to_key == *self.identity_key();
        let session = genuine.then_some(&letter.session);
        let due = self.due(&from, &letter.message, session);
        if due.is_ok() {
            self.withstands(letter)?;
        }
        self.looks(&from, &letter.message, due.as_ref().map_err(|code| *code))?;
        let before = self.device.clone();
        let (read, drawn) =
            self.step(|device, randomness| device.decrypt(&from, *kind, bytes, randomness));
        let once = (from, letter.from_key, letter.number);
        match (due, read) {
            (Ok(due), Ok(decrypted)) => {
                let text = Letter::text(&from, letter.number);
                hold(
                    *decrypted.plaintext == text,
                    Breach::Authentic,
                    "it does not say what was written",
                )?;
                hold(
                    self.journal.read.insert(once),
                    Breach::Once,
                    "a letter was read a second time",
                )?;
                self.has_read_it(&from, due, &decrypted, drawn, &mut deeds)?;
            }
            (Err(_), Ok(_)) if self.journal.read.contains(&once) => {
                return Err(Fault::new(Breach::Once, "a letter was read a second time"));
            }
            (Err(code), Ok(_)) => {
                let what = format!("it was read, where {code} was due");
                return Err(Fault::new(Breach::Gone, what));
            }
            (Ok(_), Err(error)) => {
                let what = format!("it was refused with {}", said(&error));
                return Err(Fault::new(Breach::Arrives, what));
            }
            (Err(code), Err(error)) => {
                if error.code() != Some(code) {
                    let what =
                        format!("it was refused with {}, where {code} was due", said(&error));
                    return Err(Fault::new(Breach::Reasons, what));
                }
                hold(
                    drawn == 0 && self.device == before,
                    Breach::Refusals,
                    "it was refused, and left something",
                )?;
                refused(code, letter.message.kind, &mut deeds);
            }
        }
        self.check()?;
        Ok(deeds)
    }

    /// What must come of a message that comes as one of `from`: of a genuine one, `session` is the base key of the session that it
    /// was written in.
    fn due(
        &self,
        from: &Address,
        message: &Message,
        session: Option<&PublicKey>,
    ) -> Result<Due, ErrorCode> {
        match message.kind {
            MessageKind::PreKey => self.due_of_opening(from, &message.bytes, session),
            MessageKind::Ratchet => self.due_of_ratchet(from, &message.bytes, session),
        }
    }

    fn due_of_ratchet(
        &self,
        from: &Address,
        bytes: &[u8],
        session: Option<&PublicKey>,
    ) -> Result<Due, ErrorCode> {
        let known = self.journal.known.get(from).ok_or(ErrorCode::NoSession)?;
        self.journal.trusts(from, &known.identity_key)?;
        if known.sessions.is_empty() {
            return Err(ErrorCode::NoSession);
        }
        let message = RatchetMessage::decode(SUITE, bytes).map_err(|error| code(&error))?;
        let header = message.header;
        let limits = self.bounds.session();
        let mut first = None;
        for (index, held) in known.sessions.iter().enumerate() {
            match held.way(&header, &limits) {
                Ok(way) if session == Some(&held.base_key) => {
                    return Ok(Due::In { index, way, header });
                }
                Ok(_) => first.get_or_insert(ErrorCode::DecryptFailed),
                Err(code) => first.get_or_insert(code),
            };
        }
        Err(first.unwrap_or(ErrorCode::NoSession))
    }

    fn due_of_opening(
        &self,
        from: &Address,
        bytes: &[u8],
        session: Option<&PublicKey>,
    ) -> Result<Due, ErrorCode> {
        let message = PreKeyMessage::decode(SUITE, bytes).map_err(|error| code(&error))?;
        self.journal.trusts(from, &message.identity_key)?;
        let header = message.message.header;
        let limits = self.bounds.session();
        if let Some((index, held)) = self.matching(from, &message) {
            let way = held.way(&header, &limits)?;
            return match session {
                Some(_) => Ok(Due::In { index, way, header }),
                None => Err(ErrorCode::DecryptFailed),
            };
        }
        let signed = message.signed_pre_key_id;
        let held = self.journal.signed.get(&signed);
        let held = held.ok_or(ErrorCode::UnknownSignedPrekey)?;
        match message.pre_key_id {
            Some(id) if !self.journal.one_time.get(&id).is_some_and(|key| key.held) => {
                return Err(ErrorCode::UnknownOneTimePrekey);
            }
            None => {
                if let Some(openings) = held.openings.get(&message.identity_key) {
                    if openings.contains(&message.base_key) {
                        return Err(ErrorCode::DuplicateMessage);
                    }
                    if openings.len() >= self.bounds.limits.pre_keys.max_openings {
                        return Err(ErrorCode::RateLimited);
                    }
                }
            }
            Some(_) => {}
        }
        let fresh = Held::of_peer(message.base_key, self.now());
        fresh.way(&header, &limits)?;
        if session.is_none() {
            return Err(ErrorCode::DecryptFailed);
        }
        Ok(Due::Opens(Opening {
            identity_key: message.identity_key,
            base_key: message.base_key,
            registration_id: message.registration_id,
            signed,
            one_time: message.pre_key_id,
            header,
        }))
    }

    /// The session that a prekey message belongs to (X3DH-13).
    fn matching(&self, from: &Address, message: &PreKeyMessage) -> Option<(usize, &Held)> {
        let known = self.journal.known.get(from)?;
        let initiator = |held: &Held| {
            if held.own {
                *self.identity_key()
            } else {
                known.identity_key
            }
        };
        let mut sessions = known.sessions.iter().enumerate();
        sessions.find(|(_, held)| {
            held.base_key == message.base_key && initiator(held) == message.identity_key
        })
    }

    /// The letter was read: the journal follows, and what the device said of it is right.
    fn has_read_it(
        &mut self,
        from: &Address,
        due: Due,
        decrypted: &Decrypted,
        drawn: u64,
        deeds: &mut Deeds,
    ) -> Result<(), Fault> {
        let now = self.now();
        let limits = self.bounds.limits;
        let session_limits = self.bounds.session();
        let turns = !matches!(
            due,
            Due::In {
                way: Way::Kept { .. } | Way::Ahead { .. },
                ..
            }
        );
        let due_draws = if turns { RATCHET_KEY } else { 0 };
        hold(
            drawn == due_draws,
            Breach::Draws,
            "a letter was read, and too much or too little drawn",
        )?;
        let (mut changed, mut beside) = (false, false);
        let journal = &mut self.journal;
        match due {
            Due::In { index, way, header } => {
                if let Some(known) = journal.known.get_mut(from) {
                    let held = &mut known.sessions[index];
                    deeds.add_if(held.own && !held.answered, Deed::Answered);
                    let dropped = held.read(&header, way, &session_limits, now);
                    deeds.add_if(dropped.keys, Deed::KeysDropped);
                    deeds.add_if(dropped.chain, Deed::ChainForgotten);
                    deeds.add_if(index > 0, Deed::Promoted);
                    let dropped = known.promote(index, &limits);
                    deeds.add_if(dropped, Deed::TailDropped);
                    journal.dropped |= dropped;
                }
                match way {
                    Way::Kept { former: false } => deeds.add(Deed::Late),
                    Way::Kept { former: true } => deeds.add(Deed::LateOfFormer),
                    Way::Ahead { skipped: 0 } => deeds.add(Deed::InOrder),
                    Way::NewChain { skipped: 0 } => deeds.add(Deed::Turns),
                    Way::Ahead { .. } | Way::NewChain { .. } => deeds.add(Deed::Skips),
                }
            }
            Due::Opens(opening) => {
                match opening
                    .one_time
                    .and_then(|id| journal.one_time.get_mut(&id))
                {
                    Some(one_time) => one_time.held = false,
                    None => {
                        if let Some(signed) = journal.signed.get_mut(&opening.signed) {
                            let openings = signed.openings.entry(opening.identity_key);
                            openings.or_default().insert(opening.base_key);
                        }
                    }
                }
                let replaced = journal.signed.get(&opening.signed);
                let replaced = replaced.is_some_and(|signed| signed.replaced.is_some());
                deeds.add_if(replaced, Deed::ReplacedServes);
                let mut session = Held::of_peer(opening.base_key, now);
                if let Ok(way) = session.way(&opening.header, &session_limits) {
                    session.read(&opening.header, way, &session_limits, now);
                }
                let fresh = || Known::new(opening.identity_key, opening.registration_id);
                let known = journal.known.entry(*from).or_insert_with(fresh);
                beside = known.is_answered(now, &limits);
                let own = known
                    .sessions
                    .first()
                    .is_some_and(|held| held.own && !held.answered);
                deeds.add_if(own, Deed::AtOnce);
                changed = known.comes_with(opening.identity_key, opening.registration_id);
                beside &= !changed;
                let dropped = known.open(session, &limits);
                deeds.add_if(dropped, Deed::TailDropped);
                deeds.add_if(changed, Deed::Changed);
                deeds.add_if(beside, Deed::Beside);
                journal.dropped |= dropped || changed;
            }
        }
        hold(
            decrypted.identity_changed == changed,
            Breach::Told,
            "the user is not told of another identity key, or for nothing",
        )?;
        hold(
            decrypted.beside == beside,
            Breach::Told,
            "the user is not told of a further session, or for nothing",
        )
    }

    /// What was changed on its way, or comes from somebody else, is refused and leaves nothing.
    fn withstands(&self, letter: &Letter) -> Result<(), Fault> {
        let message = &letter.message;
        self.refuses_message(&letter.from, letter::damaged(message), "a damaged letter")?;
        if message.kind == MessageKind::Ratchet {
            let misnumbered = letter::misnumbered(message);
            self.refuses_message(&letter.from, misnumbered, "a letter under another counter")?;
        }
        let other = sibling(&letter.from);
        self.refuses_message(
            &other,
            Some(message.clone()),
            "a letter in the name of another device",
        )
    }

    /// A message that nobody wrote so is refused as it must be.
    pub(super) fn refuses_message(
        &self,
        from: &Address,
        message: Option<Message>,
        what: &str,
    ) -> Result<(), Fault> {
        let Some(message) = message else {
            return Ok(());
        };
        let code = self.due(from, &message, None).err();
        let Message { kind, bytes } = &message;
        // One that shares nothing: where a session is shared, a copy of it takes the step.
        let limits = &self.bounds.limits;
        let alone = self.device.save().restore(self.device.suites(), limits);
        let alone =
            alone.map_err(|_| Fault::new(Breach::Restarts, "what was saved is not what it is"))?;
        self.refuses_as(
            alone,
            |device, randomness| device.decrypt(from, *kind, bytes, randomness),
            code,
            Breach::Authentic,
            what,
        )
    }

    /// Whoever looks at an opening sees what it says (X3DH-13).
    fn looks(
        &self,
        from: &Address,
        message: &Message,
        due: Result<&Due, ErrorCode>,
    ) -> Result<(), Fault> {
        if message.kind != MessageKind::PreKey {
            return Ok(());
        }
        let Ok(decoded) = PreKeyMessage::decode(SUITE, &message.bytes) else {
            return Ok(());
        };
        let trusted = self.journal.trusts(from, &decoded.identity_key).is_ok();
        let due = match due {
            _ if trusted && self.matching(from, &decoded).is_some() => {
                Err(ErrorCode::DuplicateMessage)
            }
            Ok(_) => Ok(()),
            Err(code) => Err(code),
        };
        let seen = self.device.read_opening(from, &message.bytes);
        let seen = seen.map(drop).map_err(|error| error.code());
        hold(
            seen == due.map_err(Some),
            Breach::Looks,
            "looking at an opening comes to something else",
        )
    }
}

/// A refusal that was due.
fn refused(code: ErrorCode, kind: MessageKind, deeds: &mut Deeds) {
    match (code, kind) {
        (ErrorCode::DuplicateMessage, MessageKind::PreKey) => deeds.add(Deed::Replayed),
        (ErrorCode::DuplicateMessage, MessageKind::Ratchet) => deeds.add(Deed::Duplicate),
        (ErrorCode::RateLimited, _) => deeds.add(Deed::TooManyOpenings),
        (ErrorCode::UnknownOneTimePrekey, _) => deeds.add(Deed::OneTimeGone),
        (ErrorCode::UnknownSignedPrekey, _) => deeds.add(Deed::SignedGone),
        (ErrorCode::TooManySkipped, _) => deeds.add(Deed::TooManySkipped),
        (ErrorCode::NoSession, _) => deeds.add(Deed::NoSession),
        (ErrorCode::UntrustedIdentity, _) => deeds.add(Deed::Untrusted),
        _ => {}
    }
}
