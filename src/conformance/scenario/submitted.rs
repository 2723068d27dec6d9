//! What a submission holds, for whoever looks at each of its messages.

use crate::identifier::Address;
use crate::intermediary::Submission;
use crate::wire::MessageKind;

/// Each message with the device that it is for.
pub(super) fn submitted(
    submission: &Submission,
) -> impl Iterator<Item = (Address, MessageKind, &[u8])> {
    submission.messages.iter().map(|sent| {
        let to = submission.recipient.device(sent.device_id);
        (to, sent.kind, sent.message.0.0.as_slice())
    })
}
