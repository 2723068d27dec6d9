//! A peer's message, and how it is forged.

use super::actor::Actor;
use super::cases::but;
use super::making::suite;
use tigress_signal::identifier::Address;
use tigress_signal::suite::Header;
use tigress_signal::wire::{Message, MessageKind, PreKeyMessage, RatchetMessage};

/// A peer's message, and what it says.
#[derive(Clone)]
pub(super) struct Said {
    pub(super) from: Address,
    pub(super) message: Message,
    pub(super) text: Vec<u8>,
}

impl Said {
    /// Any message, as if that peer had sent it.
    pub(super) fn by(peer: &Actor, message: Message) -> Self {
        let (from, text) = (peer.address, Vec::new());
        Said {
            from,
            message,
            text,
        }
    }

    /// The message as if that peer had sent it.
    pub(super) fn of(&self, peer: &Actor) -> Self {
        Said::by(peer, self.message.clone())
    }

    pub(super) fn header(&self) -> Header {
        let Message { kind, bytes } = &self.message;
        match kind {
            MessageKind::Ratchet => RatchetMessage::decode(suite(), bytes).map(|m| m.header),
            MessageKind::PreKey => PreKeyMessage::decode(suite(), bytes).map(|m| m.message.header),
        }
        .expect("a good message")
    }

    pub(super) fn ciphertext(&self) -> Vec<u8> {
        let parsed = RatchetMessage::decode(suite(), &self.message.bytes);
        parsed.expect("a ratchet message").ciphertext.to_vec()
    }

    /// The ratchet message with another header or ciphertext.
    pub(super) fn forged(&self, change: impl FnOnce(&mut Header, &mut Vec<u8>)) -> Said {
        let (mut header, mut ciphertext) = (self.header(), self.ciphertext());
        change(&mut header, &mut ciphertext);
        let bytes = &self.message.bytes;
        let trailer = &bytes[bytes.len() - suite().trailer_length()..];
        let mut forged = RatchetMessage::encode(suite(), &header, &ciphertext);
        forged.extend_from_slice(trailer);
        self.with_bytes(&forged)
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
        let parsed = PreKeyMessage::decode(suite(), &self.message.bytes);
        let mut parsed = parsed.expect("a prekey message");
        change(&mut parsed);
        self.with_bytes(&parsed.encode(suite()))
    }

    /// The message with the last bit of the ratchet message flipped, which a prekey message holds inside.
    pub(super) fn flipped(&self) -> Said {
        let flip = |bytes: &mut Vec<u8>| *bytes.last_mut().expect("a message has bytes") ^= 1;
        if self.message.kind == MessageKind::Ratchet {
            return self.bytes(flip);
        }
        let parsed = PreKeyMessage::decode(suite(), &self.message.bytes);
        let mut parsed = parsed.expect("a prekey message");
        let inner = but(parsed.message.bytes.to_vec(), flip);
        parsed.message.bytes = &inner;
        self.with_bytes(&parsed.encode(suite()))
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
        but(self.clone(), |said| said.message.kind = kind)
    }
}
