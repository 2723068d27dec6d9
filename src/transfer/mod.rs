//! What wallets say to each other about a transfer (profile section 8), and the invitation that comes
//! before it (section 7).

pub mod car_key;
mod expires;
pub mod invitation;
mod json;
mod padding;
pub mod payload;

pub use crate::identifier::TransferId;
pub use car_key::CarKeyError;
pub use invitation::{Fingerprint, Host, Invitation, InvitationError, Vertical};
pub use payload::{Content, MessageType, Payload, PayloadError, Provisioning, Unknown};
