//! A device under test and its peer, and how the peer's messages are forged.

use super::actor::{Actor, SIGNED_PRE_KEY_ID, Talk, talk};
use super::cases::{Case, but};
use tigress_signal::conformance::vector::conversation::Erased;
use tigress_signal::error_code::ErrorCode;
use tigress_signal::primitives::PublicKey;
use tigress_signal::suite::{Header, Tigress1};
use tigress_signal::wire::{Message, MessageKind, PreKeyMessage, RatchetMessage};

/// A peer's message, and what it says.
#[derive(Clone)]
pub(super) struct Said {
    pub(super) message: Message,
    pub(super) text: Vec<u8>,
}

impl Said {
    pub(super) fn header(&self) -> Header {
        let Message { kind, bytes } = &self.message;
        match kind {
            MessageKind::Ratchet => RatchetMessage::decode(&Tigress1, bytes).map(|m| m.header),
            MessageKind::PreKey => {
                PreKeyMessage::decode(&Tigress1, bytes).map(|m| m.message.header)
            }
        }
        .expect("a good message")
    }

    pub(super) fn ciphertext(&self) -> Vec<u8> {
        let parsed = RatchetMessage::decode(&Tigress1, &self.message.bytes);
        parsed.expect("a ratchet message").ciphertext.to_vec()
    }

    /// The ratchet message with another header or ciphertext.
    pub(super) fn forged(&self, change: impl FnOnce(&mut Header, &mut Vec<u8>)) -> Said {
        let (mut header, mut ciphertext) = (self.header(), self.ciphertext());
        change(&mut header, &mut ciphertext);
        self.with_bytes(&RatchetMessage::encode(&Tigress1, &header, &ciphertext))
    }

    /// The ratchet message with another counter.
    pub(super) fn counter(&self, counter: u32) -> Said {
        self.forged(|header, _| header.counter = counter)
    }

    /// The ratchet message with another previous counter.
    pub(super) fn previous(&self, counter: u32) -> Said {
        self.forged(|header, _| header.previous_counter = counter)
    }

    /// The ratchet message with another ciphertext.
    pub(super) fn sealed(&self, change: impl FnOnce(&mut Vec<u8>)) -> Said {
        self.forged(|_, ciphertext| change(ciphertext))
    }

    /// The ratchet message with a bit of its ciphertext flipped.
    pub(super) fn damaged(&self) -> Said {
        self.sealed(|ciphertext| ciphertext[0] ^= 1)
    }

    /// The prekey message with other fields, the ratchet message inside left alone.
    pub(super) fn fields(&self, change: impl FnOnce(&mut PreKeyMessage<'_>)) -> Said {
        let parsed = PreKeyMessage::decode(&Tigress1, &self.message.bytes);
        let mut parsed = parsed.expect("a prekey message");
        change(&mut parsed);
        self.with_bytes(&parsed.encode(&Tigress1))
    }

    /// The prekey message with the last bit of the ratchet message inside flipped.
    pub(super) fn flipped(&self) -> Said {
        let parsed = PreKeyMessage::decode(&Tigress1, &self.message.bytes);
        let mut parsed = parsed.expect("a prekey message");
        let mut inner = parsed.message.bytes.to_vec();
        *inner.last_mut().expect("a message has bytes") ^= 1;
        parsed.message.bytes = &inner;
        self.with_bytes(&parsed.encode(&Tigress1))
    }

    /// The message with another encoding of its ratchet key, which may be none of a key.
    pub(super) fn ratchet_key(&self, key: &[u8]) -> Said {
        let own = self.header().ratchet_key.encode();
        let mut windows = self.message.bytes.windows(33);
        let at = windows.position(|window| window == own);
        let at = at.expect("the ratchet key");
        self.bytes(|bytes| bytes[at..at + 33].copy_from_slice(key))
    }

    /// The message with its bytes changed.
    pub(super) fn bytes(&self, change: impl FnOnce(&mut Vec<u8>)) -> Said {
        self.with_bytes(&but(self.message.bytes.clone(), change))
    }

    fn with_bytes(&self, bytes: &[u8]) -> Said {
        but(self.clone(), |said| said.message.bytes = bytes.to_vec())
    }

    pub(super) fn kind(&self, kind: MessageKind) -> Said {
        let mut said = self.clone();
        said.message.kind = kind;
        said
    }
}

/// The device under test and its peer, whose messages are named by the batch in which they were sent and by their
/// place in it, both from 0. What a verb does not name is of the last batch.
pub(super) struct Pair<'a> {
    pub(super) talk: &'a mut Talk,
    pub(super) peer: Actor,
    sent: Vec<Vec<Said>>,
}

impl<'a> Pair<'a> {
    pub(super) fn new(talk: &'a mut Talk, peer: Actor) -> Self {
        let sent = Vec::new();
        Pair { talk, peer, sent }
    }

    /// The device encrypts.
    pub(super) fn encrypt(&mut self, text: impl AsRef<[u8]>) -> Message {
        self.talk.encrypt(self.peer.address, text.as_ref())
    }

    /// The device encrypts, and nobody reads it.
    pub(super) fn writes(&mut self, text: impl AsRef<[u8]>) -> &mut Self {
        self.encrypt(text);
        self
    }

    /// The device must not encrypt.
    pub(super) fn writes_not(&mut self, text: impl AsRef<[u8]>, error: ErrorCode) -> &mut Self {
        let peer = self.peer.address;
        self.talk.refuse_encrypt(peer, text.as_ref(), error);
        self
    }

    /// The peer decrypts.
    pub(super) fn heard(&mut self, message: &Message, label: &str) -> &mut Self {
        self.peer.decrypt(self.talk.me.address, message, label);
        self
    }

    /// The device encrypts, and the peer decrypts: its next message starts a new chain.
    pub(super) fn tells(&mut self, text: impl AsRef<[u8]>, label: &str) -> &mut Self {
        let message = self.encrypt(text);
        self.heard(&message, label)
    }

    /// The device tells the peer to go on.
    pub(super) fn turns(&mut self) -> &mut Self {
        self.tells("go on", "turn")
    }

    /// The peer sends these texts.
    fn batch(&mut self, texts: impl IntoIterator<Item = Vec<u8>>) -> &mut Self {
        let to = self.talk.me.address;
        let said = |text: Vec<u8>| Said {
            message: self.peer.encrypt(to, &text),
            text,
        };
        self.sent.push(texts.into_iter().map(said).collect());
        self
    }

    /// The peer sends that text.
    pub(super) fn says(&mut self, text: impl AsRef<[u8]>) -> &mut Self {
        self.batch([text.as_ref().to_vec()])
    }

    /// The peer sends so many messages.
    pub(super) fn sends(&mut self, count: usize) -> &mut Self {
        self.batch((0..count).map(|n| format!("m{n}").into_bytes()))
    }

    /// The device answers, and the peer sends so many messages in its next chain.
    pub(super) fn next_chain(&mut self, count: usize) -> &mut Self {
        self.turns().sends(count)
    }

    /// So many further ratchet steps of the peer, each with a message that is read.
    pub(super) fn steps(&mut self, count: usize) -> &mut Self {
        for _ in 0..count {
            self.next_chain(1).reads([0]);
        }
        self
    }

    /// That message of that batch.
    pub(super) fn said(&self, batch: usize, n: usize) -> Said {
        self.sent[batch][n].clone()
    }

    fn last(&self) -> usize {
        self.sent.len() - 1
    }

    /// The device must decrypt these, in that order.
    pub(super) fn reads(&mut self, order: impl IntoIterator<Item = usize>) -> &mut Self {
        self.late(self.last(), order)
    }

    /// The device must decrypt these of that batch.
    pub(super) fn late(
        &mut self,
        batch: usize,
        order: impl IntoIterator<Item = usize>,
    ) -> &mut Self {
        for n in order {
            let Said { message, text } = &self.sent[batch][n];
            self.talk.decrypt(self.peer.address, message, text);
        }
        self
    }

    /// The device must refuse that message.
    pub(super) fn refuse(&mut self, said: &Said, error: ErrorCode) -> &mut Self {
        self.talk.refuse(self.peer.address, &said.message, error);
        self
    }

    /// The device must refuse this one.
    pub(super) fn refuses(&mut self, n: usize, error: ErrorCode) -> &mut Self {
        self.refuses_late(self.last(), n, error)
    }

    /// The device must refuse this one of that batch.
    pub(super) fn refuses_late(&mut self, batch: usize, n: usize, error: ErrorCode) -> &mut Self {
        let said = self.said(batch, n);
        self.refuse(&said, error)
    }

    /// The device must refuse what is made of this one.
    pub(super) fn forged(
        &mut self,
        n: usize,
        change: impl FnOnce(&Said) -> Said,
        error: ErrorCode,
    ) -> &mut Self {
        let forged = change(&self.said(self.last(), n));
        self.refuse(&forged, error)
    }

    pub(super) fn restart(&mut self) -> &mut Self {
        self.talk.restart();
        self
    }

    /// The device forgets its sessions with the peer.
    pub(super) fn drops_sessions(&mut self) -> &mut Self {
        self.talk.drop_sessions(self.peer.address);
        self
    }

    /// The device is told the time.
    pub(super) fn ticks(&mut self, now: u64) -> &mut Self {
        self.talk.tick(now);
        self
    }

    /// The device holds its signed prekey and these one-time prekeys.
    pub(super) fn holds(&mut self, one_time: &[u32]) -> &mut Self {
        self.talk.keys(&[SIGNED_PRE_KEY_ID], one_time);
        self
    }

    /// That identity key is pinned to the peer.
    pub(super) fn pins(&mut self, key: PublicKey) -> &mut Self {
        self.talk.pin(self.peer.address, key);
        self
    }

    /// Sets the device's counters.
    pub(super) fn counters(&mut self, sending: Option<u32>, receiving: Option<u32>) -> &mut Self {
        let peer = self.peer.address;
        self.talk.set_counters(peer, sending, receiving);
        self
    }

    /// Sets the counter that the peer sends next.
    pub(super) fn peer_counter(&mut self, sending: u32) -> &mut Self {
        let me = self.talk.me.address;
        self.peer.set_counters(me, Some(sending), None);
        self
    }

    /// A secret of the device's session, as it now stands.
    pub(super) fn secret(&self, name: &str, pointer: &str) -> Erased {
        self.talk.secret(name, pointer)
    }

    /// The device holds none of these any more.
    pub(super) fn erased(&mut self, secrets: impl Into<Vec<Erased>>) {
        self.talk.erased(secrets.into());
    }
}

/// Bob under test, and Alice, who has opened a session, by that one-time prekey, and sent nothing yet.
pub(super) fn opened(
    one_time: Option<u32>,
    label: &str,
    play: impl FnOnce(&mut Pair<'_>),
) -> impl Case {
    let (me, mut peer) = (Actor::new("bob"), Actor::new("alice"));
    peer.open(&me.bundle(one_time), label);
    talk(me, move |talk| play(&mut Pair::new(talk, peer)))
}
