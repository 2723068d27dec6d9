//! A session (Double Ratchet 3.2 to 3.5): the state of one device towards one other.
//!
//! A begins: with B's bundle it draws a ratchet key, makes its first DH ratchet step with B's signed prekey,
//! and can send at once (DR-01). B has nothing to send with: it is [`Responding`], and its only step is to
//! decrypt A's first message (DR-02). That step yields a [`Session`], whose receiving chain is A's and whose
//! sending chain is new. From then on the two ends are alike: a message in a chain that is known moves that
//! chain on, a message with a new ratchet key makes a DH ratchet step, and every session can encrypt.
//!
//! In suites that have a second ratchet, it takes a step of its own with each message (Triple Ratchet).

#[cfg(feature = "flaws")]
use super::receiving_chain::tenfold;
use super::receiving_chain::{
    Advance, Closing, Found, ReceivingChain, ReceivingChains, check_skip,
};
use super::{ChainKey, RatchetError, RootKey, SavedSession};
use crate::agreement::{Bundle, Initiation, KemMessage, SharedSecret};
use crate::identifier::RegistrationId;
use crate::primitives::{KeyPair, PublicKey, Randomness, Secret, SecretBytes};
use crate::requirement::{flawed, require};
use crate::suite::{Header, Limits, MessageKey, Parties, Party, Role, Sealing, SuiteRef};
use crate::wire::{KemFields, Message, MessageKind, PreKeyMessage, RatchetMessage};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The sending half: DHs, CKs with Ns, PN.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SendingChain {
    pub(super) ratchet_key: KeyPair,
    pub(super) chain_key: ChainKey,
    pub(super) previous_counter: u32,
}

/// What A repeats in every prekey message (X3DH-07).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "the names of the wire format")]
pub(super) struct Opening {
    pub(super) pre_key_id: Option<u32>,
    pub(super) signed_pre_key_id: u32,
    pub(super) registration_id: RegistrationId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) kem: Option<KemMessage>,
}

/// How far a session has come. Each state holds what it needs and no more.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum State {
    /// A, until it has decrypted a message from B: it sends prekey messages (X3DH-07, DR-01).
    Initiated {
        sending: SendingChain,
        opening: Opening,
    },
    /// Both, once they have received: every message is a ratchet message.
    Established { sending: SendingChain },
}

impl State {
    pub(super) fn sending(&self) -> &SendingChain {
        match self {
            State::Initiated { sending, .. } | State::Established { sending } => sending,
        }
    }

    /// As if there were no former chain.
    #[cfg(feature = "flaws")]
    pub(super) fn without_previous_counter(mut self) -> Self {
        let (State::Initiated { sending, .. } | State::Established { sending }) = &mut self;
        sending.previous_counter = 0;
        self
    }

    /// As if the peer had answered.
    #[cfg(feature = "flaws")]
    pub(super) fn established(self) -> Self {
        let (State::Initiated { sending, .. } | State::Established { sending }) = self;
        State::Established { sending }
    }

    /// As it was before the last message was sent.
    #[cfg(feature = "flaws")]
    pub(super) fn one_message_back(mut self) -> Self {
        let (State::Initiated { sending, .. } | State::Established { sending }) = &mut self;
        if let Some(before) = crate::flaw::before(sending.chain_key.expose()) {
            let counter = sending.chain_key.counter() - 1;
            sending.chain_key = ChainKey::at(before, counter);
        }
        self
    }
}

/// What is settled when a session is opened, and never changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Terms {
    pub(super) suite: SuiteRef,
    pub(super) role: Role,
    pub(super) parties: Parties,
    pub(super) base_key: PublicKey,
    /// The bounds that it is held to: those of its suite, unless others are handed in.
    pub(super) limits: Limits,
}

/// A Double Ratchet session. Every step is all or nothing (DR-15).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    pub(super) terms: Terms,
    pub(super) root_key: RootKey,
    pub(super) state: State,
    pub(super) receiving: ReceivingChains,
    /// The state of the second ratchet, in suites that have one.
    pub(super) second: Option<SecretBytes>,
}

/// B's side before A's first message has decrypted: RK is SK, DHs its signed prekey (DR-02).
///
/// It is never stored: where the message does not decrypt, nothing is left of it (X3DH-11).
#[derive(Debug)]
pub struct Responding {
    terms: Terms,
    root_key: RootKey,
    ratchet_key: KeyPair,
    second: Option<SecretBytes>,
}

/// Where a DH ratchet step starts from (DR-09).
struct Turn<'a> {
    terms: &'a Terms,
    root_key: &'a RootKey,
    /// DHs, and how many messages its chain has sent.
    ratchet_key: &'a KeyPair,
    sent: u32,
    receiving: &'a ReceivingChains,
    second: Option<&'a SecretBytes>,
}

/// A message that is authentic: what it says, and the state of the second ratchet after it.
struct Opened {
    plaintext: Zeroizing<Vec<u8>>,
    second: Option<SecretBytes>,
}

/// A DH ratchet step, worked out for a message that is authentic, but not yet kept.
struct Turned {
    root_key: RootKey,
    sending: SendingChain,
    chain: ReceivingChain,
    closing: Option<Closing>,
}

/// The first half of a DH ratchet step.
struct ReceivingStep {
    root_key: RootKey,
    chain: ReceivingChain,
    closing: Option<Closing>,
}

impl Terms {
    /// What is refused before any key is computed (DR-22, DR-21). `own` is the receiver's ratchet key.
    fn check(&self, own: &PublicKey, message: &RatchetMessage<'_>) -> Result<(), RatchetError> {
        let limit = self.limits.max_plaintext;
        let longest = self.suite.ciphertext_length(limit);
        require!(
            "DR-22",
            flawed!(
                "DR-22 on receipt",
                message.ciphertext.len() <= longest,
                true
            ),
            RatchetError::PlaintextTooLong {
                length: limit + (message.ciphertext.len() - longest),
                limit,
            }
        );
        require!(
            "DR-21",
            message.header.ratchet_key != *own,
            RatchetError::OwnRatchetKey
        );
        Ok(())
    }

    /// Decrypts a message of the peer, with the next step of the second ratchet.
    fn open(
        &self,
        second: Option<&SecretBytes>,
        key: &MessageKey,
        message: &RatchetMessage<'_>,
    ) -> Result<Opened, RatchetError> {
        let suite = self.suite;
        let (second, second_key) = match (second, suite.second_ratchet()) {
            (Some(state), Some(ratchet)) => {
                let step = ratchet.receive(state, message.extension);
                let step = step.map_err(RatchetError::Undecryptable)?;
                (Some(step.state), step.key)
            }
            _ => (None, None),
        };
        let sealing = Sealing {
            key,
            second_key: second_key.as_ref(),
            associated_data: &suite.associated_data(&self.parties, self.role.other()),
            header: &message.header,
            extension: message.extension,
        };
        let plaintext = suite
            .open(&sealing, message.bytes, message.ciphertext)
            .map_err(RatchetError::Undecryptable)?;
        Ok(Opened { plaintext, second })
    }

    /// The state of a new session's second ratchet.
    fn second_ratchet(&self, key: Option<&Secret<32>>) -> Option<SecretBytes> {
        let ratchet = self.suite.second_ratchet()?;
        Some(ratchet.start(self.role, key?))
    }
}

impl Turn<'_> {
    /// The step with the message that starts a new chain: a receiving step, then, once the message is
    /// authentic, a sending step, so that a message that is refused draws nothing (RND-02). Nothing after
    /// it can fail.
    fn take(
        &self,
        message: &RatchetMessage<'_>,
        randomness: &mut dyn Randomness,
    ) -> Result<(Turned, Opened), RatchetError> {
        let (step, opened) = match self.receiving_step(message) {
            Ok(step) => step,
            Err(error) => {
                flawed!("RND-02 refused", (), _ = KeyPair::random(randomness));
                return Err(error);
            }
        };
        let their_ratchet_key = &message.header.ratchet_key;
        let (root_key, sending) =
            self.sending_step(&step.root_key, their_ratchet_key, randomness)?;
        let turned = Turned {
            root_key,
            sending,
            chain: step.chain,
            closing: step.closing,
        };
        Ok((turned, opened))
    }

    /// The new receiving chain, followed to the message (DR-09).
    fn receiving_step(
        &self,
        message: &RatchetMessage<'_>,
    ) -> Result<(ReceivingStep, Opened), RatchetError> {
        let suite = self.terms.suite;
        let limits = &self.terms.limits;
        let header = &message.header;
        flawed!("DR-11 together", (), {
            let ending = self.receiving.0.front().map_or(0, ReceivingChain::reached);
            let of_former = header.previous_counter.saturating_sub(ending);
            check_skip(0, header.counter.saturating_add(of_former), limits)?;
        });
        #[cfg(feature = "flaws")]
        let limits = &if crate::flaw::is_on("DR-11 new chain") {
            tenfold(limits)
        } else {
            *limits
        };
        // Both bounds before any key is computed (DR-11).
        check_skip(0, header.counter, limits)?;
        self.receiving
            .check_closing(header.previous_counter, limits)?;
        let dh = self
            .ratchet_key
            .private()
            .diffie_hellman(&header.ratchet_key)?;
        let (root_key, chain_key) = self.root_key.step(suite, &dh);
        let advance = Advance::new(&chain_key, header.counter, limits)?;
        let opened = self
            .terms
            .open(self.second, &advance.message_key, message)?;
        // The former chain's keys are worked out for an authentic message alone.
        let closing = self.receiving.closing(header.previous_counter, limits)?;
        let mut chain = ReceivingChain::open(header.ratchet_key, chain_key);
        chain.apply(advance);
        let step = ReceivingStep {
            root_key,
            chain,
            closing,
        };
        Ok((step, opened))
    }

    /// A fresh key pair and its sending chain (DR-09, DR-20).
    fn sending_step(
        &self,
        root_key: &RootKey,
        their_ratchet_key: &PublicKey,
        randomness: &mut dyn Randomness,
    ) -> Result<(RootKey, SendingChain), RatchetError> {
        let suite = self.terms.suite;
        let fresh = KeyPair::random(randomness)?;
        let ratchet_key = flawed!("DR-20 reused", fresh, self.ratchet_key.clone());
        let ratchet_key = flawed!("DR-20 nothing sent", ratchet_key, {
            if self.sent == 0 {
                self.ratchet_key.clone()
            } else {
                ratchet_key
            }
        });
        let dh = ratchet_key.private().diffie_hellman(their_ratchet_key)?;
        let (root_key, chain_key) = root_key.step(suite, &dh);
        let chain_key = flawed!(
            "DR-08 goes on",
            chain_key,
            ChainKey::at(*chain_key.expose(), self.sent)
        );
        let sending = SendingChain {
            ratchet_key,
            chain_key,
            previous_counter: suite.previous_counter(self.sent),
        };
        Ok((root_key, sending))
    }
}

impl Responding {
    /// B's side from SK and the signed prekey that A used (DR-02).
    #[must_use]
    pub fn new(
        suite: SuiteRef,
        parties: Parties,
        base_key: PublicKey,
        signed_pre_key: KeyPair,
        secret: SharedSecret,
    ) -> Self {
        let terms = Terms {
            suite,
            role: Role::Responder,
            parties,
            base_key,
            limits: *suite.limits(),
        };
        Responding {
            second: terms.second_ratchet(secret.second.as_ref()),
            terms,
            root_key: secret.root.into(),
            ratchet_key: signed_pre_key,
        }
    }

    /// The same, held to other bounds than those of its suite.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.terms.limits = limits;
        self
    }

    /// Decrypts A's first message, a DH ratchet step (`RatchetDecrypt`). Draws the ratchet key: 32 bytes.
    ///
    /// # Errors
    /// Those of [`Session::decrypt`] but for `duplicate-message`. What there was of a session is erased.
    pub fn decrypt(
        self,
        message: &RatchetMessage<'_>,
        randomness: &mut dyn Randomness,
    ) -> Result<(Session, Zeroizing<Vec<u8>>), RatchetError> {
        self.terms.check(self.ratchet_key.public(), message)?;
        let mut receiving = ReceivingChains::default();
        let turn = Turn {
            terms: &self.terms,
            root_key: &self.root_key,
            ratchet_key: &self.ratchet_key,
            sent: 0,
            receiving: &receiving,
            second: self.second.as_ref(),
        };
        let (turned, opened) = turn.take(message, randomness)?;
        let limits = &self.terms.limits;
        receiving.push(turned.chain, turned.closing, limits);
        receiving.drop_oldest(limits);
        let session = Session {
            terms: self.terms,
            root_key: turned.root_key,
            state: State::Established {
                sending: turned.sending,
            },
            receiving,
            second: opened.second,
        };
        Ok((session, opened.plaintext))
    }
}

impl Responding {
    /// What A's first message says. Nothing is drawn, and no session is made of it.
    ///
    /// # Errors
    /// Those of [`Responding::decrypt`].
    pub fn peek(&self, message: &RatchetMessage<'_>) -> Result<Zeroizing<Vec<u8>>, RatchetError> {
        self.terms.check(self.ratchet_key.public(), message)?;
        let turn = Turn {
            terms: &self.terms,
            root_key: &self.root_key,
            ratchet_key: &self.ratchet_key,
            sent: 0,
            receiving: &ReceivingChains::default(),
            second: self.second.as_ref(),
        };
        Ok(turn.receiving_step(message)?.1.plaintext)
    }
}

impl Session {
    /// A's session from a verified bundle and what was agreed on with it (DR-01). Draws the ratchet key: 32 bytes (RND-01).
    ///
    /// # Errors
    /// `invalid-key` (KEY-04).
    pub fn initiate(
        suite: SuiteRef,
        own: Party,
        registration_id: RegistrationId,
        bundle: &Bundle,
        initiation: Initiation,
        randomness: &mut dyn Randomness,
    ) -> Result<Self, RatchetError> {
        let Initiation {
            secret,
            base_key,
            kem,
        } = initiation;
        let their_ratchet_key = bundle.signed_pre_key.key;
        let ratchet_key = KeyPair::random(randomness)?;
        let their_key = flawed!(
            "DR-01 identity key",
            their_ratchet_key,
            bundle.party.identity_key
        );
        let dh = ratchet_key.private().diffie_hellman(&their_key)?;
        let (root_key, chain_key) = RootKey::from(secret.root).step(suite, &dh);
        let terms = Terms {
            suite,
            role: Role::Initiator,
            parties: Parties {
                initiator: own,
                responder: bundle.party,
            },
            base_key,
            limits: *suite.limits(),
        };
        Ok(Session {
            second: terms.second_ratchet(secret.second.as_ref()),
            terms,
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
                    kem,
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

    /// The same, held to other bounds than those of its suite.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.terms.limits = limits;
        self
    }

    /// Its two devices.
    #[must_use]
    pub fn parties(&self) -> &Parties {
        &self.terms.parties
    }

    /// The peer: identity key and address.
    #[must_use]
    pub fn peer(&self) -> &Party {
        self.terms.parties.get(self.terms.role.other())
    }

    /// This device itself: identity key and address.
    #[must_use]
    pub fn own(&self) -> &Party {
        self.terms.parties.get(self.terms.role)
    }

    /// The initiator's ephemeral public key: with the initiator's identity key it names the session
    /// (X3DH-13).
    #[must_use]
    pub fn base_key(&self) -> &PublicKey {
        &self.terms.base_key
    }

    /// The suite that the session speaks.
    #[must_use]
    pub fn suite(&self) -> SuiteRef {
        self.terms.suite
    }

    /// How many skipped keys are stored (DR-12).
    #[must_use]
    pub fn stored_keys(&self) -> usize {
        self.receiving.stored()
    }

    /// Whether this device opened it, with a bundle.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.terms.role == Role::Initiator
    }

    /// Whether it has read a message: the peer holds its keys.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        matches!(self.state, State::Established { .. })
    }

    /// RK.
    #[cfg(feature = "flaws")]
    pub(crate) fn root_key(&self) -> &RootKey {
        &self.root_key
    }

    /// DHs: the public half of the key that it sends with.
    #[cfg(feature = "conformance")]
    pub(crate) fn ratchet_key(&self) -> &PublicKey {
        self.state.sending().ratchet_key.public()
    }

    /// `DHr`: the peer's last ratchet key, where a message was read.
    #[cfg(feature = "conformance")]
    pub(crate) fn their_ratchet_key(&self) -> Option<&PublicKey> {
        self.receiving.current()
    }

    /// Whether a prekey message with these keys belongs to this session (X3DH-13).
    #[must_use]
    pub fn matches(&self, identity_key: &PublicKey, base_key: &PublicKey) -> bool {
        self.terms.parties.initiator.identity_key == *identity_key
            && self.terms.base_key == *base_key
    }

    /// Encrypts `plaintext`, of at most 65,536 bytes in `tigress-1` (`RatchetEncrypt`).
    ///
    /// Randomness is drawn in suites with a second ratchet; `tigress-1` draws none.
    ///
    /// # Errors
    /// `too-large` (DR-22), `counter-exhausted` (DR-18). The session is as it was.
    pub fn encrypt(
        &mut self,
        plaintext: &[u8],
        randomness: &mut dyn Randomness,
    ) -> Result<Message, RatchetError> {
        let Terms {
            suite,
            role,
            parties,
            base_key,
            limits,
        } = &self.terms;
        let suite = *suite;
        let limit = limits.max_plaintext;
        require!(
            "DR-22",
            plaintext.len() <= limit,
            RatchetError::PlaintextTooLong {
                length: plaintext.len(),
                limit,
            }
        );
        let (sending, opening) = match &mut self.state {
            State::Initiated { sending, opening } => (sending, Some(&*opening)),
            State::Established { sending } => (sending, None),
        };
        let (message_key, next) = sending.chain_key.step()?;
        let (mut extension, mut second_key) = (Vec::new(), None);
        if let Some(state) = &self.second
            && let Some(ratchet) = suite.second_ratchet()
        {
            let (step, carried) = ratchet.send(state, randomness)?;
            (extension, second_key) = (carried, step.key);
            self.second = Some(step.state);
        }
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
        let sealing = Sealing {
            key: &message_key,
            second_key: second_key.as_ref(),
            associated_data: &suite.associated_data(parties, *role),
            header: &header,
            extension: &extension,
        };
        let ciphertext_length = suite.ciphertext_length(plaintext.len());
        let mut bytes =
            RatchetMessage::encode_head(suite, &header, ciphertext_length, extension.len());
        let head_length = bytes.len();
        let after = RatchetMessage::encode_extension(suite, &extension);
        suite.seal(&sealing, plaintext, &after, &mut bytes);
        let message = match opening {
            None => Message {
                kind: MessageKind::Ratchet,
                bytes,
            },
            Some(opening) => {
                let message = PreKeyMessage {
                    pre_key_id: opening.pre_key_id,
                    base_key: *base_key,
                    identity_key: parties.initiator.identity_key,
                    message: RatchetMessage {
                        bytes: &bytes,
                        header,
                        extension: &extension,
                        ciphertext: &bytes[head_length..head_length + ciphertext_length],
                    },
                    registration_id: opening.registration_id.into(),
                    signed_pre_key_id: opening.signed_pre_key_id,
                    kem: opening.kem.as_ref().map(|kem| KemFields {
                        pre_key_id: kem.pre_key_id.into(),
                        ciphertext: &kem.ciphertext,
                    }),
                };
                Message {
                    kind: MessageKind::PreKey,
                    bytes: message.encode(suite),
                }
            }
        };
        flawed!("DR-19 key reused", sending.chain_key = next, ());
        flawed!(
            "X3DH-07 first alone",
            (),
            self.state = self.state.clone().established()
        );
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
        let message = RatchetMessage::decode(self.terms.suite, message)?;
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
        let limits = &self.terms.limits;
        let header = &message.header;
        self.terms
            .check(self.state.sending().ratchet_key.public(), message)?;
        // Until a message has been opened, the session is only read.
        let opened = match self.receiving.position(&header.ratchet_key) {
            Some(chain) => {
                let second = self.second.as_ref();
                let opened = match self.receiving.0[chain].find(header.counter, limits)? {
                    Found::Stored(key) => {
                        let opened = self.terms.open(second, key, message);
                        let skipped = &mut self.receiving.0[chain].skipped;
                        flawed!("DR-13 tried", (), drop(skipped.remove(&header.counter)));
                        let opened = opened?;
                        flawed!(
                            "DR-13 earlier ones",
                            (),
                            skipped.retain(|counter, _| *counter > header.counter)
                        );
                        flawed!(
                            "DR-13 not erased",
                            drop(skipped.remove(&header.counter)),
                            ()
                        );
                        opened
                    }
                    Found::Ahead(advance) => {
                        let opened = self.terms.open(second, &advance.message_key, message);
                        flawed!("DR-15 goes on", (), {
                            if opened.is_err() {
                                self.receiving.0[chain].apply(advance);
                                return Ok(opened?.plaintext);
                            }
                        });
                        let opened = opened?;
                        self.receiving.0[chain].apply(advance);
                        opened
                    }
                };
                // B answered in a chain that was there from the start: X3DH-07 is met all the same.
                if let State::Initiated { sending, .. } = &self.state {
                    self.state = State::Established {
                        sending: sending.clone(),
                    };
                }
                opened
            }
            None => self.ratchet(message, randomness)?,
        };
        self.receiving.drop_oldest(&self.terms.limits);
        if opened.second.is_some() {
            self.second = opened.second;
        }
        Ok(opened.plaintext)
    }

    /// A DH ratchet step with the message that starts a new chain (DR-09).
    fn ratchet(
        &mut self,
        message: &RatchetMessage<'_>,
        randomness: &mut dyn Randomness,
    ) -> Result<Opened, RatchetError> {
        let sending = self.state.sending();
        let turn = Turn {
            terms: &self.terms,
            root_key: &self.root_key,
            ratchet_key: &sending.ratchet_key,
            sent: sending.chain_key.counter(),
            receiving: &self.receiving,
            second: self.second.as_ref(),
        };
        let (turned, opened) = match turn.take(message, randomness) {
            Ok(taken) => taken,
            Err(error) => {
                // A ratchet step on a header that nobody has authenticated.
                flawed!("DR-15 kept", (), {
                    let private = sending.ratchet_key.private();
                    if let Ok(dh) = private.diffie_hellman(&message.header.ratchet_key) {
                        self.root_key = self.root_key.step(self.terms.suite, &dh).0;
                    }
                });
                return Err(error);
            }
        };
        self.receiving
            .push(turned.chain, turned.closing, &self.terms.limits);
        self.root_key = turned.root_key;
        let sending = turned.sending;
        // X3DH-07: prekey messages end with the first answer.
        self.state = match &self.state {
            #[cfg(feature = "flaws")]
            State::Initiated { opening, .. } if crate::flaw::is_on("X3DH-07 for ever") => {
                State::Initiated {
                    sending,
                    opening: opening.clone(),
                }
            }
            _ => State::Established { sending },
        };
        Ok(opened)
    }

    /// The session in its documented, versioned form.
    #[must_use]
    pub fn save(&self) -> SavedSession {
        SavedSession::from(self)
    }
}
