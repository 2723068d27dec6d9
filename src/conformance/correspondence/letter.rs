//! A letter, and what somebody can do to one on its way.

use super::SUITE;
use crate::identifier::{Address, DeviceId};
use crate::primitives::PublicKey;
use crate::suite::Header;
use crate::wire::{Message, MessageKind, PreKeyMessage, RatchetMessage};

/// A letter on its way, with what its writer knows of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Letter {
    /// Who wrote it.
    pub from: Address,
    /// The device that it is for.
    pub to: Address,
    /// Which of its writer's letters it is, from 1.
    pub number: u8,
    /// Its writer's identity key.
    pub(super) from_key: PublicKey,
    /// The identity key that it was encrypted to.
    pub(super) to_key: PublicKey,
    /// The base key of the session that it was written in.
    pub(super) session: PublicKey,
    pub(super) message: Message,
}

impl Letter {
    /// What it says: nothing that somebody else says, or that is said twice.
    pub(super) fn text(from: &Address, number: u8) -> Vec<u8> {
        let mut text = from.user_id.as_bytes().to_vec();
        text.extend(from.device_id.get().to_be_bytes());
        text.push(number);
        text
    }
}

/// The header of a message, of either kind.
pub(super) fn header(message: &Message) -> Option<Header> {
    let bytes = &message.bytes;
    match message.kind {
        MessageKind::Ratchet => Some(RatchetMessage::decode(SUITE, bytes).ok()?.header),
        MessageKind::PreKey => Some(PreKeyMessage::decode(SUITE, bytes).ok()?.message.header),
    }
}

/// The message with a damaged tag, which names another registration id where it names one.
pub(super) fn damaged(message: &Message) -> Option<Message> {
    rewritten(message, |header, ciphertext| {
        if let Some(last) = ciphertext.last_mut() {
            *last ^= 1;
        }
        header.counter
    })
}

/// The message under the next counter.
pub(super) fn misnumbered(message: &Message) -> Option<Message> {
    rewritten(message, |header, _| header.counter.saturating_add(1))
}

impl Letter {
    /// The same with another registration id in it, which nobody has authenticated: a prekey message alone has one.
    #[must_use]
    pub fn misled(&self) -> Option<Letter> {
        let message = PreKeyMessage::decode(SUITE, &self.message.bytes);
        let message = message
            .ok()
            .filter(|_| self.message.kind == MessageKind::PreKey)?;
        let bytes = PreKeyMessage {
            registration_id: other_registration(message.registration_id),
            ..message
        }
        .encode(SUITE);
        let kind = MessageKind::PreKey;
        Some(Letter {
            message: Message { kind, bytes },
            ..self.clone()
        })
    }
}

fn other_registration(id: u32) -> u32 {
    id % 16_380 + 1
}

fn rewritten(
    message: &Message,
    change: impl FnOnce(&Header, &mut Vec<u8>) -> u32,
) -> Option<Message> {
    let pre_key = match message.kind {
        MessageKind::PreKey => Some(PreKeyMessage::decode(SUITE, &message.bytes).ok()?),
        MessageKind::Ratchet => None,
    };
    let inner = match &pre_key {
        Some(pre_key) => pre_key.message,
        None => RatchetMessage::decode(SUITE, &message.bytes).ok()?,
    };
    let mut ciphertext = inner.ciphertext.to_vec();
    let counter = change(&inner.header, &mut ciphertext);
    let header = Header {
        counter,
        ..inner.header
    };
    let bytes = RatchetMessage::encode(SUITE, &header, &ciphertext);
    let bytes = match pre_key {
        None => bytes,
        Some(pre_key) => PreKeyMessage {
            message: RatchetMessage::decode(SUITE, &bytes).ok()?,
            registration_id: other_registration(pre_key.registration_id),
            ..pre_key
        }
        .encode(SUITE),
    };
    Some(Message {
        kind: message.kind,
        bytes,
    })
}

/// Another device of the same user, whether it is there or not.
pub(super) fn sibling(address: &Address) -> Address {
    let other = if address.device_id.get() == 1 { 2 } else { 1 };
    Address {
        device_id: DeviceId::try_from(other).unwrap_or(address.device_id),
        ..*address
    }
}
