//! Conversations with the transfers of one device: the other devices are absent, their payloads stand in
//! the vector.

use super::{Machine, conversation};
use crate::conformance::operation::{Operation, transfers};

/// The transfers of a device.
pub const TRANSFERS: Machine = Machine {
    load: transfers::Create::METHOD,
    save: transfers::Save::METHOD,
    restore: transfers::Restore::METHOD,
};

conversation! {
    "TransferConversation", TRANSFERS;
    /// The transfers under test: none yet.
    transfers: transfers::CreateInput;
    /// Something happens.
    Event = transfers::StepTransfers: transfers::StepTransfersInput => transfers::StepTransfersOutput,
}
