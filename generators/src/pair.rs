//! A device under test and its peer, and how the peer's messages are forged.

use super::actor::{Actor, SIGNED_PRE_KEY_ID, Talk, talk};
use super::cases::Case;
use tigress_signal::conformance::vector::conversation::Erased;
use tigress_signal::error_code::ErrorCode;
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
        let mut bytes = self.message.bytes.clone();
        let own = self.header().ratchet_key.encode();
        let at = bytes.windows(33).position(|window| window == own);
        let at = at.expect("the ratchet key");
        bytes[at..at + 33].copy_from_slice(key);
        self.with_bytes(&bytes)
    }

    pub(super) fn with_bytes(&self, bytes: &[u8]) -> Said {
        let mut said = self.clone();
        said.message.bytes = bytes.to_vec();
        said
    }

    pub(super) fn with_kind(&self, kind: MessageKind) -> Said {
        let mut said = self.clone();
        said.message.kind = kind;
        said
    }
}

/// The device under test and its peer.
pub(super) struct Pair<'a> {
    pub(super) talk: &'a mut Talk,
    pub(super) peer: Actor,
}

impl Pair<'_> {
    /// The device encrypts.
    pub(super) fn encrypt(&mut self, text: impl AsRef<[u8]>) -> Message {
        self.talk.encrypt(self.peer.address, text.as_ref())
    }

    /// The device must not encrypt.
    pub(super) fn refuse_encrypt(&mut self, text: impl AsRef<[u8]>, error: ErrorCode) {
        self.talk
            .refuse_encrypt(self.peer.address, text.as_ref(), error);
    }

    /// The peer decrypts.
    pub(super) fn hears(&mut self, message: &Message, label: &str) {
        self.peer.decrypt(self.talk.me.address, message, label);
    }

    /// The device encrypts, and the peer decrypts: its next message starts a new chain.
    pub(super) fn tell(&mut self, text: impl AsRef<[u8]>, label: &str) {
        let message = self.encrypt(text);
        self.hears(&message, label);
    }

    /// The peer encrypts.
    pub(super) fn peer(&mut self, text: impl AsRef<[u8]>) -> Said {
        let text = text.as_ref().to_vec();
        let message = self.peer.encrypt(self.talk.me.address, &text);
        Said { message, text }
    }

    /// The peer encrypts so many messages.
    pub(super) fn sends(&mut self, count: usize) -> Vec<Said> {
        (0..count).map(|n| self.peer(format!("m{n}"))).collect()
    }

    /// The device must decrypt.
    pub(super) fn decrypt(&mut self, said: &Said) {
        self.talk
            .decrypt(self.peer.address, &said.message, &said.text);
    }

    /// The device must decrypt these, in that order.
    pub(super) fn reads(&mut self, sent: &[Said], order: impl IntoIterator<Item = usize>) {
        for n in order {
            self.decrypt(&sent[n]);
        }
    }

    /// The device must refuse.
    pub(super) fn refuse(&mut self, said: &Said, error: ErrorCode) {
        self.talk.refuse(self.peer.address, &said.message, error);
    }

    /// The peer sends a message, and the device decrypts it.
    pub(super) fn read_one(&mut self) -> Said {
        let sent = self.sends(1);
        self.decrypt(&sent[0]);
        sent[0].clone()
    }

    /// The device answers, and the peer sends so many messages in its next chain.
    pub(super) fn next_chain(&mut self, count: usize) -> Vec<Said> {
        self.tell("go on", "turn");
        self.sends(count)
    }

    /// So many further ratchet steps of the peer.
    pub(super) fn steps(&mut self, count: usize) {
        for _ in 0..count {
            let next = self.next_chain(1);
            self.decrypt(&next[0]);
        }
    }

    pub(super) fn restart(&mut self) {
        self.talk.restart();
    }

    /// The device holds its signed prekey and these one-time prekeys.
    pub(super) fn holds(&mut self, one_time: &[u32]) {
        self.talk.keys(&[SIGNED_PRE_KEY_ID], one_time);
    }

    /// Sets the device's counters.
    pub(super) fn counters(&mut self, sending: Option<u32>, receiving: Option<u32>) {
        self.talk
            .set_counters(self.peer.address, sending, receiving);
    }

    /// Sets the counter that the peer sends next.
    pub(super) fn peer_counter(&mut self, sending: u32) {
        self.peer
            .set_counters(self.talk.me.address, Some(sending), None);
    }

    pub(super) fn secret(&self, name: &str, pointer: &str) -> Erased {
        self.talk.secret(name, pointer)
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
    talk(me, move |talk| play(&mut Pair { talk, peer }))
}
