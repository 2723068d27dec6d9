//! A session as a device holds it: the engine's own, or one that a library keeps.

use super::accept::{accept, responding};
use super::session_library::{Library, Opening, OwnKeys};
use super::{LibraryError, SesameError};
use crate::agreement::{self, Bundle, PreKeyStore};
use crate::identifier::Address;
use crate::primitives::{PublicKey, Randomness, SecretBytes};
use crate::ratchet::{RatchetError, Session};
use crate::requirement::require;
use crate::suite::{self, Parties, Party, Role, SuiteRef};
use crate::wire::{Message, MessageKind, PreKeyMessage, RatchetMessage};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A session, whoever keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(
    clippy::large_enum_variant,
    reason = "it is shared behind an Arc, and nearly always the engine's own"
)]
pub(super) enum HeldSession {
    /// The engine's own.
    Engine(Session),
    /// A library's.
    Library(Box<LibrarySession>),
}

/// A session that a library keeps, and what the device knows of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct LibrarySession {
    library: Library,
    /// As the library wrote it down.
    state: SecretBytes,
    suite: SuiteRef,
    role: Role,
    parties: Parties,
    /// What names the session (X3DH-13): of an own one the library's first message tells it.
    base_key: Option<PublicKey>,
    /// Whether it has read a message.
    answered: bool,
}

/// A message for a session, as it came and as it was parsed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Incoming<'a> {
    pub(super) kind: MessageKind,
    pub(super) bytes: &'a [u8],
    /// Of a prekey message the one inside.
    pub(super) message: &'a RatchetMessage<'a>,
}

/// How a session is opened.
pub(super) struct Terms<'a> {
    pub(super) suite: SuiteRef,
    pub(super) limits: (&'a agreement::Limits, &'a suite::Limits),
    /// The library that keeps it; none where the engine does.
    pub(super) library: Option<&'a Library>,
}

impl Terms<'_> {
    /// B's session with A's first message (X3DH-08 to X3DH-11). The prekeys are judged here, whoever keeps the session:
    /// which of them there are, and what was opened with them before.
    ///
    /// # Errors
    /// Those of [`accept()`], or the library's. Nothing is stored, and the one-time prekey stays usable.
    pub(super) fn accept(
        &self,
        keys: &mut PreKeyStore,
        own: Address,
        opening: &Opening<'_>,
        randomness: &mut dyn Randomness,
    ) -> Result<(HeldSession, Zeroizing<Vec<u8>>), SesameError> {
        let Opening { peer, message, .. } = *opening;
        let Some(library) = self.library else {
            let opened = accept(
                self.suite,
                self.limits,
                keys,
                own,
                peer,
                message,
                randomness,
            );
            return opened.map(|(session, said)| (HeldSession::Engine(session), said));
        };
        let response = keys.respond(self.suite, self.limits.0, message)?;
        let parties = Parties {
            initiator: Party {
                identity_key: message.identity_key,
                address: peer,
            },
            responder: Party {
                identity_key: *keys.identity().public(),
                address: own,
            },
        };
        let address = own;
        let own = OwnKeys { address, keys };
        let (state, said) = library.0.accept(&own, opening, randomness)?;
        keys.accept(&response);
        let session = LibrarySession {
            library: library.clone(),
            state,
            suite: self.suite,
            role: Role::Responder,
            parties,
            base_key: Some(message.base_key),
            answered: true,
        };
        Ok((HeldSession::Library(Box::new(session)), said))
    }

    /// What A's first message says; nothing is drawn or kept.
    ///
    /// # Errors
    /// As [`Terms::accept`].
    pub(super) fn peek(
        &self,
        keys: &PreKeyStore,
        own: Address,
        opening: &Opening<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, SesameError> {
        let Opening { peer, message, .. } = *opening;
        let (_, responding) = responding(self.suite, self.limits, keys, own, peer, message)?;
        match self.library {
            None => Ok(responding.peek(&message.message)?),
            Some(library) => {
                let own = OwnKeys { address: own, keys };
                Ok(library.0.peek(&own, opening)?)
            }
        }
    }
}

impl HeldSession {
    /// A's session with a verified bundle, which a library keeps.
    pub(super) fn open_by(
        library: &Library,
        suite: SuiteRef,
        own: &OwnKeys<'_>,
        bundle: &Bundle,
        randomness: &mut dyn Randomness,
    ) -> Result<Self, SesameError> {
        let state = library.0.open(own, bundle, randomness)?;
        Ok(HeldSession::Library(Box::new(LibrarySession {
            library: library.clone(),
            state,
            suite,
            role: Role::Initiator,
            parties: Parties {
                initiator: Party {
                    identity_key: *own.keys.identity().public(),
                    address: own.address,
                },
                responder: bundle.party,
            },
            base_key: None,
            answered: false,
        })))
    }

    /// The engine's own session; none of a library's.
    pub(super) fn engine(&self) -> Option<&Session> {
        match self {
            HeldSession::Engine(session) => Some(session),
            HeldSession::Library(_) => None,
        }
    }

    pub(super) fn suite(&self) -> SuiteRef {
        match self {
            HeldSession::Engine(session) => session.suite(),
            HeldSession::Library(session) => session.suite,
        }
    }

    /// The device itself.
    pub(super) fn own(&self) -> &Party {
        match self {
            HeldSession::Engine(session) => session.own(),
            HeldSession::Library(session) => session.parties.get(session.role),
        }
    }

    pub(super) fn peer(&self) -> &Party {
        match self {
            HeldSession::Engine(session) => session.peer(),
            HeldSession::Library(session) => session.parties.get(session.role.other()),
        }
    }

    /// What names it; none where a library opened it and has not encrypted in it yet.
    pub(super) fn base_key(&self) -> Option<&PublicKey> {
        match self {
            HeldSession::Engine(session) => Some(session.base_key()),
            HeldSession::Library(session) => session.base_key.as_ref(),
        }
    }

    /// Whether this device opened it, with a bundle.
    pub(super) fn is_own(&self) -> bool {
        match self {
            HeldSession::Engine(session) => session.is_own(),
            HeldSession::Library(session) => session.role == Role::Initiator,
        }
    }

    /// Whether it has read a message: the peer holds its keys.
    pub(super) fn is_answered(&self) -> bool {
        match self {
            HeldSession::Engine(session) => session.is_answered(),
            HeldSession::Library(session) => session.answered,
        }
    }

    /// Whether a prekey message with these keys belongs to it (X3DH-13).
    pub(super) fn matches(&self, identity_key: &PublicKey, base_key: &PublicKey) -> bool {
        match self {
            HeldSession::Engine(session) => session.matches(identity_key, base_key),
            HeldSession::Library(session) => {
                session.parties.initiator.identity_key == *identity_key
                    && session.base_key.as_ref() == Some(base_key)
            }
        }
    }

    /// Encrypts; a refused step leaves the session as it was.
    pub(super) fn encrypt(
        &mut self,
        plaintext: &[u8],
        randomness: &mut dyn Randomness,
    ) -> Result<Message, SesameError> {
        match self {
            HeldSession::Engine(session) => Ok(session.encrypt(plaintext, randomness)?),
            HeldSession::Library(session) => session.encrypt(plaintext),
        }
    }

    /// Decrypts; a refused step leaves the session as it was.
    pub(super) fn decrypt(
        &mut self,
        incoming: &Incoming<'_>,
        randomness: &mut dyn Randomness,
    ) -> Result<Zeroizing<Vec<u8>>, SesameError> {
        match self {
            HeldSession::Engine(session) => {
                Ok(session.decrypt_message(incoming.message, randomness)?)
            }
            HeldSession::Library(session) => session.decrypt(incoming, randomness),
        }
    }
}

impl LibrarySession {
    /// The library's message is held to the wire: what nobody could read is no message.
    fn encrypt(&mut self, plaintext: &[u8]) -> Result<Message, SesameError> {
        let limit = self.suite.limits().max_plaintext;
        require!(
            "DR-22",
            plaintext.len() <= limit,
            RatchetError::PlaintextTooLong {
                length: plaintext.len(),
                limit,
            }
        );
        let peer = self.parties.get(self.role.other()).address;
        let (state, message) = self.library.0.encrypt(&self.state, &peer, plaintext)?;
        let unreadable = |error| {
            LibraryError::Failed(format!("{}: its message: {error}", self.library.0.name()))
        };
        let base_key = match message.kind {
            MessageKind::PreKey => {
                let opening = PreKeyMessage::decode(self.suite, &message.bytes);
                Some(opening.map_err(unreadable)?.base_key)
            }
            MessageKind::Ratchet => {
                RatchetMessage::decode(self.suite, &message.bytes).map_err(unreadable)?;
                None
            }
        };
        self.base_key = self.base_key.or(base_key);
        self.state = state;
        Ok(message)
    }

    fn decrypt(
        &mut self,
        incoming: &Incoming<'_>,
        randomness: &mut dyn Randomness,
    ) -> Result<Zeroizing<Vec<u8>>, SesameError> {
        let peer = self.parties.get(self.role.other()).address;
        let message = (incoming.kind, incoming.bytes);
        let (state, said) = self
            .library
            .0
            .decrypt(&self.state, &peer, message, randomness)?;
        self.state = state;
        self.answered = true;
        Ok(said)
    }
}

/// A session that a library keeps, at rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SavedLibrarySession {
    library: String,
    suite: String,
    role: Role,
    parties: Parties,
    base_key: Option<PublicKey>,
    answered: bool,
    state: SecretBytes,
}

impl From<&LibrarySession> for SavedLibrarySession {
    fn from(session: &LibrarySession) -> Self {
        SavedLibrarySession {
            library: session.library.0.name().to_owned(),
            suite: session.suite.name().to_owned(),
            role: session.role,
            parties: session.parties,
            base_key: session.base_key,
            answered: session.answered,
            state: session.state.clone(),
        }
    }
}

impl SavedLibrarySession {
    /// The session, of one of `suites`, which goes on with that library. What is in it the library is to say.
    ///
    /// # Errors
    /// What it is of, where that is not there: a suite, or a library.
    pub(super) fn restore(
        self,
        suites: &[SuiteRef],
        library: Option<&Library>,
    ) -> Result<HeldSession, String> {
        let suite = suite::find(suites, &self.suite);
        let suite = suite.ok_or_else(|| format!("the suite `{}`", self.suite))?;
        let library = library.filter(|library| library.0.name() == self.library);
        let library = library.ok_or_else(|| format!("the sessions of {}", self.library))?;
        Ok(HeldSession::Library(Box::new(LibrarySession {
            library: library.clone(),
            state: self.state,
            suite,
            role: self.role,
            parties: self.parties,
            base_key: self.base_key,
            answered: self.answered,
        })))
    }
}
