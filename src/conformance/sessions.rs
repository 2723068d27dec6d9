//! Sessions that a subject makes and keeps, through its role `device`: what a wallet of the reference engine then speaks through
//! is somebody else's library.
//!
//! Each session is a device of the subject's with that session alone, so that the wallet says which one is sent in, as profile
//! section 6 asks (SES-19). A call puts that device back from its saved state, or makes it from the wallet's keys, takes one
//! step, and saves it: the state is kept where the step succeeded.

use super::operation::{AddressFields, Done, On, Operation, Saved, answer, device};
use super::subject::{Failure, RandomnessSource, Role, Subject};
use crate::agreement::{Bundle, BundleFields};
use crate::error_code::ErrorCode;
use crate::hex::Hex;
use crate::identifier::{Address, PreKeyId};
use crate::primitives::{KeyPair, Randomness, SecretBytes};
use crate::sesame::{LibraryError, Opening, OwnKeys, SessionLibrary};
use crate::suite::SuiteRef;
use crate::wire::{Message, MessageKind};
use serde_json::Value;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The handle of the one device that a subject has at a time.
const HANDLE: &str = "session";
/// What `device.process_bundle` draws: the ephemeral key and the ratchet key, in bytes.
const BUNDLE_DRAWS: usize = 64;
/// What a DH ratchet step draws, in bytes.
const STEP_DRAWS: usize = 32;
/// A saved session has so many bytes at most: 1 MiB.
const MOST_STATE: usize = 1 << 20;

/// The sessions of a subject.
pub struct SubjectSessions {
    name: String,
    suite: SuiteRef,
    draws_its_own: bool,
    talk: Mutex<Talk>,
}

/// What was said to the subject, and what it has said of it.
struct Talk {
    subject: Box<dyn Subject>,
    suite: SuiteRef,
    /// Whether it was reset since it failed last.
    is_ready: bool,
    /// What was asked last.
    asked: &'static str,
    /// The last step that did not succeed.
    last: Option<Refused>,
    /// When the case at hand has taken too long.
    deadline: Option<Instant>,
}

/// A step that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The method.
    pub method: &'static str,
    /// What came of it.
    pub failure: Failure,
}

impl fmt::Debug for SubjectSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubjectSessions({})", self.name)
    }
}

impl SubjectSessions {
    /// The sessions of that subject, in a suite.
    ///
    /// # Errors
    /// Why it can keep none: it is no device, or does not speak the suite; or the suite has statements, which no session of
    /// a library knows.
    pub fn new(subject: Box<dyn Subject>, suite: SuiteRef) -> Result<Self, String> {
        let description = subject.describe();
        if suite.has_statements() {
            return Err(format!(
                "{} has statements, which no library keeps",
                suite.name()
            ));
        }
        if !description.roles.contains(&Role::Device) {
            return Err("it does not claim the role `device`".to_owned());
        }
        if !description.suites.iter().any(|it| it == suite.name()) {
            return Err(format!("it does not speak {}", suite.name()));
        }
        Ok(SubjectSessions {
            name: format!("{} {}", description.name, description.version),
            suite,
            draws_its_own: description.randomness == RandomnessSource::Own,
            talk: Mutex::new(Talk {
                subject,
                suite,
                is_ready: false,
                asked: "reset",
                last: None,
                deadline: None,
            }),
        })
    }

    /// The suite that the sessions speak.
    #[must_use]
    pub fn suite(&self) -> SuiteRef {
        self.suite
    }

    /// A case begins, which may take so long: nothing is asked after that.
    pub fn begin(&self, bound: Duration) {
        let mut talk = self.talk();
        talk.is_ready = false;
        talk.last = None;
        talk.deadline = Instant::now().checked_add(bound);
    }

    /// The case at hand is over: the last step in it that did not succeed.
    ///
    /// # Errors
    /// What the subject did beyond answering: the case fails by it.
    pub fn end(&self) -> Result<Option<Refused>, Failure> {
        let mut talk = self.talk();
        talk.subject.settle()?;
        Ok(talk.last.take())
    }

    /// What the subject did that no case can be charged with.
    pub fn faults(&self) -> Vec<String> {
        self.talk().subject.faults().to_vec()
    }

    /// Nobody panics while holding it; and if so, what was said is still there.
    fn talk(&self) -> MutexGuard<'_, Talk> {
        self.talk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Some calls, which are one step.
    fn step<T>(
        &self,
        calls: impl FnOnce(&mut Talk) -> Result<T, Failure>,
    ) -> Result<T, LibraryError> {
        let mut talk = self.talk();
        let done = calls(&mut talk);
        done.map_err(|failure| {
            let refused = Refused {
                method: talk.asked,
                failure,
            };
            talk.last = Some(refused.clone());
            self.said(refused)
        })
    }

    /// What a device makes of it.
    fn said(&self, Refused { method, failure }: Refused) -> LibraryError {
        match failure {
            Failure::Rejected { error, message } => LibraryError::Refused {
                code: code_of(&error, method),
                error,
                message,
            },
            Failure::NotImplemented => {
                LibraryError::Failed(format!("{}: `{method}` is not implemented", self.name))
            }
            Failure::Broken(why) | Failure::TimedOut(why) => {
                LibraryError::Failed(format!("{}: `{method}`: {why}", self.name))
            }
        }
    }

    /// A step that may draw: it is tried with bytes that are nobody's, and made with drawn ones where it succeeded, so that
    /// what is refused draws nothing (RND-02). Whoever asks for exactly what it draws, as the reference engine does, says so
    /// where that is nothing, and is asked with nothing.
    fn drawing<T>(
        &self,
        talk: &mut Talk,
        randomness: &mut dyn Randomness,
        mut step: impl FnMut(&mut Talk, &[u8]) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.draws_its_own {
            return step(talk, &[]);
        }
        match step(talk, &[0; STEP_DRAWS]) {
            Ok(_) => {
                let drawn = drawn(STEP_DRAWS, randomness)?;
                step(talk, &drawn)
            }
            Err(Failure::Broken(_)) => step(talk, &[]),
            Err(failure) => Err(failure),
        }
    }

    /// The ids of the prekeys that a first message names.
    fn pre_keys(&self, opening: &Opening<'_>) -> (Option<PreKeyId>, Option<PreKeyId>) {
        let admitted = &self.suite.identifiers().pre_key_id;
        let id = |id: u32| PreKeyId::within(id, admitted).ok();
        let message = opening.message;
        (
            id(message.signed_pre_key_id),
            message.pre_key_id.and_then(id),
        )
    }

    fn decrypted(
        talk: &mut Talk,
        peer: Address,
        (kind, message): (MessageKind, &[u8]),
        randomness: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let read = talk.ask::<device::Decrypt, _>(device::DecryptInput {
            peer: peer.into(),
            kind,
            message: message.into(),
            randomness: randomness.into(),
        })?;
        Ok(Zeroizing::new(read.plaintext.0))
    }
}

impl SessionLibrary for SubjectSessions {
    fn name(&self) -> &str {
        &self.name
    }

    fn draws_its_own(&self) -> bool {
        self.draws_its_own
    }

    fn open(
        &self,
        own: &OwnKeys<'_>,
        bundle: &Bundle,
        randomness: &mut dyn Randomness,
    ) -> Result<SecretBytes, LibraryError> {
        self.step(|talk| {
            talk.load(own, (None, None))?;
            let drawn = if self.draws_its_own {
                Zeroizing::default()
            } else {
                drawn(BUNDLE_DRAWS, randomness)?
            };
            talk.ask::<device::ProcessBundle, _>(device::ProcessBundleInput {
                bundle: BundleFields::from(bundle),
                randomness: drawn.as_slice().into(),
            })?;
            talk.save()
        })
    }

    fn accept(
        &self,
        own: &OwnKeys<'_>,
        opening: &Opening<'_>,
        randomness: &mut dyn Randomness,
    ) -> Result<(SecretBytes, Zeroizing<Vec<u8>>), LibraryError> {
        self.step(|talk| {
            let said = self.drawing(talk, randomness, |talk, drawn| {
                talk.load(own, self.pre_keys(opening))?;
                Self::decrypted(
                    talk,
                    opening.peer,
                    (MessageKind::PreKey, opening.bytes),
                    drawn,
                )
            })?;
            Ok((talk.save()?, said))
        })
    }

    fn peek(
        &self,
        own: &OwnKeys<'_>,
        opening: &Opening<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, LibraryError> {
        // The first message makes a DH ratchet step; the key that it would draw is kept by nobody.
        let draws = if self.draws_its_own { 0 } else { STEP_DRAWS };
        self.step(|talk| {
            talk.load(own, self.pre_keys(opening))?;
            let message = (MessageKind::PreKey, opening.bytes);
            Self::decrypted(talk, opening.peer, message, &[0; STEP_DRAWS][..draws])
        })
    }

    fn encrypt(
        &self,
        session: &SecretBytes,
        peer: &Address,
        plaintext: &[u8],
    ) -> Result<(SecretBytes, Message), LibraryError> {
        self.step(|talk| {
            talk.restore(session)?;
            let made = talk.ask::<device::Encrypt, _>(device::EncryptInput {
                peer: (*peer).into(),
                plaintext: plaintext.into(),
            })?;
            let message = Message {
                kind: made.kind,
                bytes: made.message.0,
            };
            Ok((talk.save()?, message))
        })
    }

    fn decrypt(
        &self,
        session: &SecretBytes,
        peer: &Address,
        message: (MessageKind, &[u8]),
        randomness: &mut dyn Randomness,
    ) -> Result<(SecretBytes, Zeroizing<Vec<u8>>), LibraryError> {
        self.step(|talk| {
            let said = self.drawing(talk, randomness, |talk, drawn| {
                talk.restore(session)?;
                Self::decrypted(talk, *peer, message, drawn)
            })?;
            Ok((talk.save()?, said))
        })
    }
}

impl Talk {
    /// Asks for one operation of the device. What failed otherwise than by a refusal is reset first.
    fn ask<O, I>(&mut self, input: I) -> Result<O::Output, Failure>
    where
        O: Operation<Input = On<I>>,
    {
        self.asked = O::METHOD;
        if self
            .deadline
            .is_some_and(|deadline| Instant::now() > deadline)
        {
            return Err(Failure::TimedOut("the case took too long".to_owned()));
        }
        if !self.is_ready {
            self.subject.reset(self.suite.name())?;
            self.is_ready = true;
        }
        let handle = HANDLE.to_owned();
        let asked = answer::ask::<O>(&mut *self.subject, On { handle, input });
        self.is_ready = !matches!(asked, Err(Failure::Broken(_) | Failure::TimedOut(_)));
        asked
    }

    /// A device with these keys and no session: with the prekeys of those ids, as far as they are there; where none is named
    /// with the current signed prekey.
    fn load(
        &mut self,
        own: &OwnKeys<'_>,
        (signed, one_time): (Option<PreKeyId>, Option<PreKeyId>),
    ) -> Result<(), Failure> {
        let OwnKeys { address, keys } = *own;
        let signed = keys.signed_pre_key(signed).into_iter();
        let signed = signed.map(
            |(id, pair, signature, created)| device::SignedPreKeyFields {
                id: id.into(),
                private_key: private_key(pair),
                signature: signature.as_bytes().into(),
                created,
                statement_signature: None,
            },
        );
        let one_time = one_time.and_then(|id| Some((id, keys.one_time_pre_key(id)?)));
        let one_time = one_time.into_iter();
        let one_time = one_time.map(|(id, (pair, drawn))| device::OneTimePreKeyFields {
            id: id.into(),
            private_key: private_key(pair),
            drawn,
        });
        let Done {} = self.ask::<device::Load, _>(device::LoadInput {
            address: AddressFields::from(address),
            registration_id: keys.registration_id().into(),
            identity_private_key: private_key(keys.identity()),
            signed_pre_keys: signed.collect(),
            one_time_pre_keys: one_time.collect(),
        })?;
        Ok(())
    }

    fn restore(&mut self, state: &SecretBytes) -> Result<(), Failure> {
        let state = state.expose().into();
        let Done {} = self.ask::<device::Restore, _>(Saved { state })?;
        Ok(())
    }

    fn save(&mut self) -> Result<SecretBytes, Failure> {
        let Saved { state } = self.ask::<device::Save, _>(Done {})?;
        if state.len() > MOST_STATE {
            let length = state.len();
            return Err(Failure::Broken(format!(
                "a saved state of {length} bytes; a session's has {MOST_STATE} at most"
            )));
        }
        Ok(state.0.into())
    }
}

/// A private key as RFC 7748 section 5 has it: not every library does so to one that it is given.
fn private_key(pair: &KeyPair) -> Hex {
    let mut bytes = *pair.private().expose();
    bytes[0] &= 0b1111_1000;
    bytes[31] = bytes[31] & 0b0111_1111 | 0b0100_0000;
    bytes.into()
}

fn drawn(length: usize, randomness: &mut dyn Randomness) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(vec![0; length]);
    // A key at a time, as the engine draws them.
    for key in bytes.chunks_mut(STEP_DRAWS) {
        let drawn = randomness.fill(key);
        drawn.map_err(|error| Failure::Broken(error.to_string()))?;
    }
    Ok(bytes)
}

/// The profile's code for a refusal: the library's own name, where it is one; else what such a step is refused with.
fn code_of(error: &str, method: &str) -> ErrorCode {
    let own = serde_json::from_value(Value::from(error));
    own.unwrap_or(match method {
        device::Decrypt::METHOD => ErrorCode::DecryptFailed,
        device::ProcessBundle::METHOD => ErrorCode::InvalidKey,
        _ => ErrorCode::NoSession,
    })
}
