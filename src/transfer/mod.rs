//! What wallets say to each other about a transfer (profile section 8), and the invitation that comes
//! before it (section 7).

pub mod car_key;
mod expires;
pub mod invitation;
mod json;
mod limits;
mod padding;
pub mod payload;
mod saved;
pub mod table;
mod token_key;
mod transfers;

pub use crate::identifier::TransferId;
pub use car_key::CarKeyError;
pub use invitation::{Fingerprint, Host, Invitation, InvitationError, InvitationId, Vertical};
pub use limits::Limits;
pub use payload::{
    Content, MessageType, OfferParties, Payload, PayloadError, Provisioning, Unknown,
    offer_mac_holds,
};
pub use saved::{SAVED_TRANSFERS_VERSION, SavedTransfers, SavedTransfersError};
pub use table::{Flow, StateName};
pub use token_key::TokenKey;
pub use transfers::{
    Credential, Offer, Offered, Outcome, Outgoing, Summary, TransferError, TransferEvent, Transfers,
};
