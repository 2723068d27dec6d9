//! Messages that are still to be sent: a queue for each device, so that nobody's trouble is another's.

use crate::identifier::{Address, TransferId};
use crate::primitives::SecretBytes;
use crate::requirement::flawed;
use crate::sesame::{Purpose, Send};
use crate::timestamp::Timestamp;
use crate::transfer::MessageType;
use imbl::{OrdMap, Vector};
use std::sync::Arc;

/// A message that is still to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Outbound {
    pub(super) transfer: TransferId,
    pub(super) message_type: MessageType,
    /// The payload, for as long as it is not on its way.
    pub(super) plaintext: SecretBytes,
    /// From then on nobody needs it.
    pub(super) until: Timestamp,
    /// How far it is; nothing while others go first.
    pub(super) send: Option<Send>,
    /// Whether the user knows that it waits (WAL-03): once for the message, whatever was asked for it.
    pub(super) told: bool,
}

impl Outbound {
    /// What its plaintext is, as far as it matters to whom it may go (SES-18).
    pub(super) fn purpose(&self) -> Purpose {
        if self.message_type.lets_provision() {
            Purpose::Provisioning
        } else {
            Purpose::Other
        }
    }
}

/// All of them. The first to each device is on its way, or waits to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Outbox(OrdMap<Address, Vector<Arc<Outbound>>>);

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Address, &Outbound)> {
        let queues = self.0.iter();
        queues.flat_map(|(address, queue)| queue.iter().map(move |message| (address, &**message)))
    }

    /// The devices that something waits for.
    pub(super) fn recipients(&self) -> Vec<Address> {
        self.0.keys().copied().collect()
    }

    pub(super) fn first(&self, to: &Address) -> Option<&Outbound> {
        self.0.get(to)?.front().map(|message| &**message)
    }

    pub(super) fn first_mut(&mut self, to: &Address) -> Option<&mut Outbound> {
        self.0.get_mut(to)?.front_mut().map(Arc::make_mut)
    }

    /// A message waits behind those to the same device. One of the same type about the same transfer that is here
    /// already says the same: whoever asks again and again has one answer waiting.
    pub(super) fn push(&mut self, to: Address, message: Outbound) {
        let queue = self.0.entry(to).or_default();
        let same = |waiting: &Arc<Outbound>| {
            waiting.transfer == message.transfer
                && flawed!(
                    "WAL-04 one of all",
                    waiting.message_type == message.message_type,
                    true
                )
        };
        if flawed!("WAL-04 twice", !queue.iter().any(same), true) {
            queue.push_back(Arc::new(message));
        }
    }

    /// The first message to that device is no longer here.
    pub(super) fn pop(&mut self, to: &Address) -> Option<Outbound> {
        let queue = self.0.get_mut(to)?;
        let first = queue.pop_front();
        if queue.is_empty() {
            self.0.remove(to);
        }
        first.map(Arc::unwrap_or_clone)
    }

    /// Erases the messages of which that is so. The devices whose first message was one of them: what was asked for
    /// it is no longer awaited.
    pub(super) fn erase(&mut self, is: impl Fn(&Address, &Outbound) -> bool) -> Vec<Address> {
        let mut interrupted = Vec::new();
        for to in self.recipients() {
            if self.first(&to).is_some_and(|first| is(&to, first)) {
                interrupted.push(to);
            }
            if let Some(queue) = self.0.get_mut(&to) {
                if queue.iter().any(|message| is(&to, message)) {
                    queue.retain(|message| !is(&to, message));
                }
                if queue.is_empty() {
                    self.0.remove(&to);
                }
            }
        }
        interrupted
    }
}

impl FromIterator<(Address, Outbound)> for Outbox {
    fn from_iter<I: IntoIterator<Item = (Address, Outbound)>>(messages: I) -> Self {
        let mut outbox = Outbox::default();
        for (to, message) in messages {
            outbox.0.entry(to).or_default().push_back(Arc::new(message));
        }
        outbox
    }
}
