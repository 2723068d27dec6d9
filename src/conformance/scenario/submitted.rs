//! What a submission holds, for whoever looks at its message.

use crate::identifier::Address;
use crate::intermediary::Submission;
use crate::wire::MessageKind;

/// Its message with the device that it is for.
pub(super) fn submitted(submission: &Submission) -> (Address, MessageKind, &[u8]) {
    let message = submission.message.0.0.as_slice();
    (submission.recipient, submission.kind, message)
}
