//! Requests without an answer. Each is repeated as it is until it is answered (MBX-13).

use crate::error_code::ErrorCode;
use crate::identifier::Address;
use crate::intermediary::{Answer, Body, Digest, RequestId, Token};
use crate::requirement::flawed;
use imbl::Vector;
use std::sync::Arc;

/// A request that has no answer yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Waiting {
    pub(super) id: RequestId,
    /// Whose token it bears, where not the wallet's own.
    pub(super) sponsor: Option<Token>,
    pub(super) body: Body,
    /// How often something was answered that is no answer to it.
    pub(super) wrong: u8,
}

impl Waiting {
    /// The device that a message is for, where the request is a part of sending one.
    pub(super) fn recipient(&self) -> Option<Address> {
        match &self.body {
            Body::FetchBundle { address, .. } => Some(*address),
            Body::Submit(submission) => Some(submission.recipient),
            _ => None,
        }
    }

    /// Whether a refusal leaves it waiting, to be asked again later: what is full or busy may have room by then, and an
    /// access key may come to be known.
    pub(super) fn may_wait(&self, code: ErrorCode) -> bool {
        match code {
            ErrorCode::RateLimited => flawed!("WAL-03 busy", true, false),
            ErrorCode::MailboxFull => flawed!("WAL-03 full", true, false),
            ErrorCode::Forbidden => {
                let submits = matches!(self.body, Body::Submit(_));
                let submits = flawed!("WAL-03 all forbidden", submits, true);
                flawed!("WAL-03 forbidden", submits, false)
            }
            _ => false,
        }
    }

    /// The same request, to which nothing wrong was answered yet.
    pub(super) fn again(&self) -> Self {
        Waiting {
            wrong: 0,
            ..self.clone()
        }
    }

    /// Whether this is what the request can be answered with.
    pub(super) fn is_answered_by(&self, answer: &Answer) -> bool {
        belongs(&self.body, answer)
    }
}

/// Whether that is what the request can be answered with: its type, and the device that was asked for. Another answer says
/// nothing, and whoever gives it must not gain by it.
pub(crate) fn belongs(asked: &Body, answer: &Answer) -> bool {
    match (asked, answer) {
        (Body::FetchBundle { address, .. }, Answer::Bundle { bundle }) => {
            flawed!("WAL-02 another's bundle", bundle.is_of(address), true)
        }
        (Body::Read { address, limit }, Answer::Envelopes { envelopes }) => {
            let mut envelopes = envelopes.iter();
            flawed!(
                "WAL-02 more",
                envelopes.len() as u64 <= u64::from(*limit),
                true
            ) && envelopes.all(|envelope| {
                flawed!(
                    "WAL-02 another's mail",
                    envelope.recipient == *address,
                    true
                )
            })
        }
        (
            Body::Register(_)
            | Body::PublishSignedPreKey { .. }
            | Body::PublishOneTimePreKeys { .. }
            | Body::PublishAccessKey { .. }
            | Body::WithdrawAccessKey { .. }
            | Body::Submit(_)
            | Body::Acknowledge { .. }
            | Body::Remove { .. },
            Answer::Done,
        )
        | (Body::CountOneTimePreKeys { .. }, Answer::OneTimePreKeys { .. }) => true,
        _ => false,
    }
}

/// All of them, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Requests(Vector<Arc<Waiting>>);

impl Requests {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.0.iter().map(|waiting| &**waiting)
    }

    pub(super) fn push(&mut self, waiting: Waiting) {
        self.0.push_back(Arc::new(waiting));
    }

    /// The request of that id, which no longer waits.
    pub(super) fn take(&mut self, id: &RequestId) -> Option<Waiting> {
        let index = self.0.iter().position(|waiting| waiting.id == *id)?;
        Some(Arc::unwrap_or_clone(self.0.remove(index)))
    }

    /// No answer is awaited any more.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// No answer is awaited any more for a message to that device.
    pub(super) fn forget(&mut self, recipient: &Address) {
        self.0
            .retain(|waiting| waiting.recipient() != Some(*recipient));
    }

    /// An access key is not published any more.
    pub(super) fn forget_publication(&mut self, of: &Digest) {
        self.0.retain(
            |waiting| !matches!(&waiting.body, Body::PublishAccessKey { hash, .. } if hash == of),
        );
    }

    /// A newer signed prekey is published in place of one that nobody has taken yet (WAL-02).
    pub(super) fn forget_signed_pre_key(&mut self) {
        self.0
            .retain(|waiting| !matches!(&waiting.body, Body::PublishSignedPreKey { .. }));
    }

    pub(super) fn any(&self, is: impl Fn(&Body) -> bool) -> bool {
        self.iter().any(|waiting| is(&waiting.body))
    }

    /// Whether the device has asked to join, and does not yet know whether it has.
    pub(super) fn is_joining(&self) -> bool {
        self.any(|body| matches!(body, Body::Register(_)))
    }
}

impl FromIterator<Waiting> for Requests {
    fn from_iter<I: IntoIterator<Item = Waiting>>(requests: I) -> Self {
        Requests(requests.into_iter().map(Arc::new).collect())
    }
}
