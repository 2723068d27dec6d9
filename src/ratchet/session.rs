//! A session (Double Ratchet 3.2 to 3.5): the state of one device towards one other.

use super::receiving_chain::{
    Advance, Closing, Found, ReceivingChain, ReceivingChains, check_skip,
};
use super::{ChainKey, RatchetError, RootKey, SavedSession};
use crate::agreement::{Bundle, PreKeyStore, SharedSecret};
use crate::identifier::{Address, RegistrationId};
use crate::primitives::{KeyPair, PublicKey, Randomness};
use crate::requirement::{flawed, require};
use crate::suite::{Header, MessageKey, Parties, Party, Role, SuiteRef};
use crate::wire::{Message, MessageKind, PreKeyMessage, RatchetMessage};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The sending half: DHs, CKs with Ns, PN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SendingChain {
    pub(super) ratchet_key: KeyPair,
    pub(super) chain_key: ChainKey,
    pub(super) previous_counter: u32,
}

/// What A repeats in every prekey message (X3DH-07).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the names of the wire format")]
pub(super) struct Opening {
    pub(super) pre_key_id: Option<u32>,
    pub(super) signed_pre_key_id: u32,
    pub(super) registration_id: RegistrationId,
}

/// How far a session has come. Each state holds what it needs and no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum State {
    /// A, until it has decrypted a message from B: it sends prekey messages (X3DH-07, DR-01).
    Initiated {
        sending: SendingChain,
        opening: Opening,
    },
    /// B, until A's first message has decrypted: its ratchet key is its signed prekey (DR-02).
    Responding { ratchet_key: KeyPair },
    /// Both, once they have received: every message is a ratchet message.
    Established { sending: SendingChain },
}

impl State {
    /// DHs.
    fn ratchet_key(&self) -> &KeyPair {
        match self {
            State::Initiated { sending, .. } | State::Established { sending } => {
                &sending.ratchet_key
            }
            State::Responding { ratchet_key } => ratchet_key,
        }
    }

    /// As it was before the last message was sent.
    #[cfg(feature = "flaws")]
    pub(super) fn one_message_back(mut self) -> Self {
        if let State::Initiated { sending, .. } | State::Established { sending } = &mut self
            && let Some(before) = crate::flaw::before(sending.chain_key.expose())
        {
            let counter = sending.chain_key.counter() - 1;
            sending.chain_key = ChainKey::at(before, counter);
        }
        self
    }

    /// How many messages the current sending chain has sent.
    fn sent(&self) -> u32 {
        match self {
            State::Initiated { sending, .. } | State::Established { sending } => {
                sending.chain_key.counter()
            }
            State::Responding { .. } => 0,
        }
    }
}

/// A Double Ratchet session. Every step is all or nothing (DR-15).
#[derive(Clone, Debug)]
pub struct Session {
    pub(super) suite: SuiteRef,
    pub(super) role: Role,
    pub(super) parties: Parties,
    pub(super) base_key: PublicKey,
    pub(super) root_key: RootKey,
    pub(super) state: State,
    pub(super) receiving: ReceivingChains,
}

/// The first half of a DH ratchet step, worked out but not yet kept (DR-09).
struct ReceivingStep {
    root_key: RootKey,
    chain: ReceivingChain,
    closing: Option<Closing>,
}

impl Session {
    /// A's session from a verified bundle and SK (DR-01). Draws the ratchet key: 32 bytes (RND-01).
    ///
    /// # Errors
    /// `invalid-key` (KEY-04).
    pub fn initiate(
        suite: SuiteRef,
        own: Party,
        registration_id: RegistrationId,
        bundle: &Bundle,
        base_key: PublicKey,
        secret: SharedSecret,
        randomness: &mut dyn Randomness,
    ) -> Result<Self, RatchetError> {
        let their_ratchet_key = bundle.signed_pre_key.key;
        let ratchet_key = KeyPair::random(randomness)?;
        let their_key = flawed!(
            "DR-01 identity key",
            their_ratchet_key,
            bundle.party.identity_key
        );
        let dh = ratchet_key.private().diffie_hellman(&their_key)?;
        let (root_key, chain_key) = RootKey::from(secret.root).step(suite, &dh);
        Ok(Session {
            suite,
            role: Role::Initiator,
            parties: Parties {
                initiator: own,
                responder: bundle.party,
            },
            base_key,
            root_key,
            state: State::Initiated {
                sending: SendingChain {
                    ratchet_key,
                    chain_key,
                    previous_counter: 0,
                },
                opening: Opening {
                    pre_key_id: flawed!(
                        "X3DH-12 zero",
                        bundle.one_time_pre_key.map(|key| key.id.get()),
                        Some(bundle.one_time_pre_key.map_or(0, |key| key.id.get()))
                    ),
                    signed_pre_key_id: bundle.signed_pre_key.id.get(),
                    registration_id,
                },
            },
            receiving: ReceivingChains(
                secret
                    .chain
                    .map(|chain| ReceivingChain::open(their_ratchet_key, chain.into()))
                    .into_iter()
                    .collect(),
            ),
        })
    }

    /// B's session before A's first message has decrypted (DR-02).
    fn responding(
        suite: SuiteRef,
        parties: Parties,
        base_key: PublicKey,
        signed_pre_key: KeyPair,
        secret: SharedSecret,
    ) -> Self {
        Session {
            suite,
            role: Role::Responder,
            parties,
            base_key,
            root_key: secret.root.into(),
            state: State::Responding {
                ratchet_key: signed_pre_key,
            },
            receiving: ReceivingChains::default(),
        }
    }

    /// The peer: identity key and address.
    #[must_use]
    pub fn peer(&self) -> &Party {
        self.parties.get(self.role.other())
    }

    /// This device itself: identity key and address.
    #[must_use]
    pub fn own(&self) -> &Party {
        self.parties.get(self.role)
    }

    /// The initiator's ephemeral public key: with the initiator's identity key it names the session
    /// (X3DH-13).
    #[must_use]
    pub fn base_key(&self) -> &PublicKey {
        &self.base_key
    }

    /// The suite that the session speaks.
    #[must_use]
    pub fn suite(&self) -> SuiteRef {
        self.suite
    }

    /// How many skipped keys are stored (DR-12).
    #[must_use]
    pub fn stored_keys(&self) -> usize {
        self.receiving.stored()
    }

    /// Whether a prekey message with these keys belongs to this session (X3DH-13).
    #[must_use]
    pub fn matches(&self, identity_key: &PublicKey, base_key: &PublicKey) -> bool {
        self.parties.initiator.identity_key == *identity_key && self.base_key == *base_key
    }

    /// Encrypts `plaintext`, of at most 65,536 bytes (`RatchetEncrypt`).
    ///
    /// # Errors
    /// `too-large` (DR-22), `counter-exhausted` (DR-18). The session is as it was.
    pub fn encrypt(&mut self, plaintext: &[u8]) -> Result<Message, RatchetError> {
        let limit = self.suite.limits().max_plaintext;
        require!(
            "DR-22",
            plaintext.len() <= limit,
            RatchetError::PlaintextTooLong {
                length: plaintext.len(),
                limit,
            }
        );
        let (sending, opening) = match &mut self.state {
            State::Initiated { sending, opening } => (sending, Some(*opening)),
            State::Established { sending } => (sending, None),
            State::Responding { .. } => return Err(RatchetError::NoSendingChain),
        };
        let (message_key, next) = sending.chain_key.step()?;
        flawed!(
            "XFER-15 key reused",
            (),
            crate::flaw::stepped(sending.chain_key.expose(), next.expose())
        );
        let header = Header {
            ratchet_key: *sending.ratchet_key.public(),
            previous_counter: sending.previous_counter,
            counter: sending.chain_key.counter(),
        };
        let suite = self.suite;
        let ciphertext_length = suite.ciphertext_length(plaintext.len());
        let mut bytes = RatchetMessage::encode_head(suite, &header, ciphertext_length);
        let head_length = bytes.len();
        let associated_data = suite.associated_data(&self.parties, self.role);
        suite.seal(
            &message_key,
            &associated_data,
            &header,
            plaintext,
            &mut bytes,
        );
        let message = match opening {
            None => Message {
                kind: MessageKind::Ratchet,
                bytes,
            },
            Some(opening) => {
                let message = PreKeyMessage {
                    pre_key_id: opening.pre_key_id,
                    base_key: self.base_key,
                    identity_key: self.parties.initiator.identity_key,
                    message: RatchetMessage {
                        bytes: &bytes,
                        header,
                        ciphertext: &bytes[head_length..head_length + ciphertext_length],
                    },
                    registration_id: opening.registration_id.into(),
                    signed_pre_key_id: opening.signed_pre_key_id,
                };
                Message {
                    kind: MessageKind::PreKey,
                    bytes: message.encode(suite),
                }
            }
        };
        flawed!("DR-19 key reused", sending.chain_key = next, ());
        Ok(message)
    }

    /// Decrypts a ratchet message (`RatchetDecrypt`).
    ///
    /// Randomness is drawn, 32 bytes, by a message that makes a DH ratchet step and has decrypted (RND-02).
    ///
    /// # Errors
    /// Those of [`RatchetMessage::decode`], and in this order: `too-large` (DR-22), `invalid-key` (DR-21,
    /// KEY-04), `duplicate-message` (DR-14), `too-many-skipped` (DR-11), `counter-exhausted` (DR-18),
    /// `decrypt-failed`. The session is as it was (DR-15).
    pub fn decrypt(
        &mut self,
        message: &[u8],
        randomness: &mut dyn Randomness,
    ) -> Result<Zeroizing<Vec<u8>>, RatchetError> {
        let message = RatchetMessage::decode(self.suite, message)?;
        self.decrypt_message(&message, randomness)
    }

    /// As [`Session::decrypt`], for a message already parsed.
    ///
    /// # Errors
    /// As there.
    pub fn decrypt_message(
        &mut self,
        message: &RatchetMessage<'_>,
        randomness: &mut dyn Randomness,
    ) -> Result<Zeroizing<Vec<u8>>, RatchetError> {
        let limits = self.suite.limits();
        let header = &message.header;
        let longest = self.suite.ciphertext_length(limits.max_plaintext);
        require!(
            "DR-22",
            message.ciphertext.len() <= longest,
            RatchetError::PlaintextTooLong {
                length: limits.max_plaintext + (message.ciphertext.len() - longest),
                limit: limits.max_plaintext,
            }
        );
        require!(
            "DR-21",
            header.ratchet_key != *self.state.ratchet_key().public(),
            RatchetError::OwnRatchetKey
        );
        // Until a message has been opened, the session is only read.
        let plaintext = match self.receiving.position(&header.ratchet_key) {
            Some(chain) => {
                let plaintext = match self.receiving.0[chain].find(header.counter, limits)? {
                    Found::Stored(key) => {
                        let plaintext = self.open(key, message)?;
                        let skipped = &mut self.receiving.0[chain].skipped;
                        flawed!(
                            "DR-13 not erased",
                            drop(skipped.remove(&header.counter)),
                            ()
                        );
                        plaintext
                    }
                    Found::Ahead(advance) => {
                        let plaintext = self.open(&advance.message_key, message)?;
                        self.receiving.0[chain].apply(advance);
                        plaintext
                    }
                };
                // B answered in a chain that was there from the start: X3DH-07 is met all the same.
                if let State::Initiated { sending, .. } = &self.state {
                    self.state = State::Established {
                        sending: sending.clone(),
                    };
                }
                plaintext
            }
            None => self.ratchet(message, randomness)?,
        };
        self.receiving.drop_oldest(limits);
        Ok(plaintext)
    }

    /// A DH ratchet step with the message that starts a new chain (DR-09).
    fn ratchet(
        &mut self,
        message: &RatchetMessage<'_>,
        randomness: &mut dyn Randomness,
    ) -> Result<Zeroizing<Vec<u8>>, RatchetError> {
        let their_ratchet_key = &message.header.ratchet_key;
        let (step, plaintext) = match self.receiving_step(message) {
            Ok(step) => step,
            Err(error) => {
                // A ratchet step on a header that nobody has authenticated.
                flawed!("DR-15 kept", (), {
                    if let Ok(dh) = self
                        .state
                        .ratchet_key()
                        .private()
                        .diffie_hellman(their_ratchet_key)
                    {
                        self.root_key = self.root_key.step(self.suite, &dh).0;
                    }
                });
                flawed!("RND-02 refused", (), _ = KeyPair::random(randomness));
                return Err(error);
            }
        };
        // The sending step comes once the message is authentic, so that a message that is refused draws
        // nothing. Nothing after it can fail.
        let (root_key, sending) =
            self.sending_step(&step.root_key, their_ratchet_key, randomness)?;
        self.receiving
            .push(step.chain, step.closing, self.suite.limits());
        self.root_key = root_key;
        // X3DH-07: prekey messages end with the first answer.
        self.state = match &self.state {
            #[cfg(feature = "flaws")]
            State::Initiated { opening, .. } if crate::flaw::is_on("X3DH-07 for ever") => {
                State::Initiated {
                    sending,
                    opening: *opening,
                }
            }
            _ => State::Established { sending },
        };
        Ok(plaintext)
    }

    /// The first half of a DH ratchet step: the new receiving chain, followed to the message (DR-09).
    fn receiving_step(
        &self,
        message: &RatchetMessage<'_>,
    ) -> Result<(ReceivingStep, Zeroizing<Vec<u8>>), RatchetError> {
        let limits = self.suite.limits();
        let header = &message.header;
        // Both bounds before any key is computed (DR-11).
        check_skip(0, header.counter, limits)?;
        self.receiving
            .check_closing(header.previous_counter, limits)?;
        let dh = self
            .state
            .ratchet_key()
            .private()
            .diffie_hellman(&header.ratchet_key)?;
        let (root_key, chain_key) = self.root_key.step(self.suite, &dh);
        let advance = Advance::new(&chain_key, header.counter, limits)?;
        let plaintext = self.open(&advance.message_key, message)?;
        // The former chain's keys are worked out for an authentic message alone.
        let closing = self.receiving.closing(header.previous_counter, limits)?;
        let mut chain = ReceivingChain::open(header.ratchet_key, chain_key);
        chain.apply(advance);
        let step = ReceivingStep {
            root_key,
            chain,
            closing,
        };
        Ok((step, plaintext))
    }

    /// The second half: a fresh key pair and its sending chain (DR-09, DR-20).
    fn sending_step(
        &self,
        root_key: &RootKey,
        their_ratchet_key: &PublicKey,
        randomness: &mut dyn Randomness,
    ) -> Result<(RootKey, SendingChain), RatchetError> {
        let fresh = KeyPair::random(randomness)?;
        let ratchet_key = flawed!("DR-20 reused", fresh, self.state.ratchet_key().clone());
        let dh = ratchet_key.private().diffie_hellman(their_ratchet_key)?;
        let (root_key, chain_key) = root_key.step(self.suite, &dh);
        let sending = SendingChain {
            ratchet_key,
            chain_key,
            previous_counter: self.suite.previous_counter(self.state.sent()),
        };
        Ok((root_key, sending))
    }

    fn open(
        &self,
        key: &MessageKey,
        message: &RatchetMessage<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, RatchetError> {
        let suite = self.suite;
        let associated_data = suite.associated_data(&self.parties, self.role.other());
        suite
            .open(
                key,
                &associated_data,
                &message.header,
                message.bytes,
                message.ciphertext,
            )
            .map_err(RatchetError::Undecryptable)
    }

    /// The session in its documented, versioned form.
    #[must_use]
    pub fn save(&self) -> SavedSession {
        SavedSession::from(self)
    }
}

/// Opens B's session with A's first message: one step on B's keys and the new session.
///
/// `own` and `sender` are the addresses of B and A.
///
/// # Errors
/// Those of [`PreKeyStore::respond`] and [`Session::decrypt`]. Nothing is stored, and the one-time prekey
/// stays usable (X3DH-11).
pub fn accept(
    suite: SuiteRef,
    keys: &mut PreKeyStore,
    own: Address,
    sender: Address,
    message: &PreKeyMessage<'_>,
    randomness: &mut dyn Randomness,
) -> Result<(Session, Zeroizing<Vec<u8>>), RatchetError> {
    let responding = keys.respond(suite, message)?;
    let parties = Parties {
        initiator: Party {
            identity_key: message.identity_key,
            address: sender,
        },
        responder: Party {
            identity_key: *keys.identity().public(),
            address: own,
        },
    };
    let mut session = Session::responding(
        suite,
        parties,
        message.base_key,
        flawed!(
            "DR-02 identity key",
            responding.signed_pre_key.clone(),
            keys.identity().clone()
        ),
        responding.secret.clone(),
    );
    flawed!("X3DH-10 early", (), keys.accept(&responding));
    flawed!("X3DH-11 remembered", (), keys.remember(&responding));
    let plaintext = session.decrypt_message(&message.message, randomness)?;
    keys.accept(&responding);
    Ok((session, plaintext))
}
