//! What wallets say to each other about a transfer (profile section 8), and the invitation that comes
//! before it (section 7).

pub mod payload;

pub use crate::identifier::TransferId;
pub use payload::{Content, MessageType, Payload, PayloadError, Provisioning, Unknown};
