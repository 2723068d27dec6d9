//! Transfers at rest: their documented, versioned form (`docs/saved-state.md`).

use super::token_key::{LastOffer, TokenDigest};
use super::transfers::Transfer;
use super::{TokenKey, TransferId, Transfers};
use crate::requirement::flawed;
use crate::saved::json_text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The version of the form that this build writes and reads.
pub const SAVED_TRANSFERS_VERSION: u32 = 2;

/// Transfers as they are saved. Secrets are marked as such: `{"secret": "…hex…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedTransfers {
    version: u32,
    transfers: BTreeMap<TransferId, Transfer>,
    offered: BTreeMap<TokenDigest, LastOffer>,
    token_key: TokenKey,
}

/// Saved transfers that no device of this build could have written.
#[derive(Debug, thiserror::Error)]
pub enum SavedTransfersError {
    /// Not the JSON of saved transfers.
    #[error("not saved transfers: {0}")]
    Json(#[from] serde_json::Error),
    /// Another version.
    #[error("saved transfers version {0}; this build reads version {SAVED_TRANSFERS_VERSION}")]
    Version(u32),
    /// A state that holds more than its name.
    #[error("transfer {0}: a state that has not ended is saved as one that has (XFER-14)")]
    Ended(TransferId),
}

json_text!(SavedTransfers, SavedTransfersError, SAVED_TRANSFERS_VERSION);

impl From<&Transfers> for SavedTransfers {
    fn from(transfers: &Transfers) -> Self {
        SavedTransfers {
            version: SAVED_TRANSFERS_VERSION,
            transfers: transfers
                .by_id
                .iter()
                .map(|(id, transfer)| (*id, Transfer::clone(transfer)))
                .map(|(id, transfer)| {
                    let transfer = flawed!("XFER-15 out", transfer, transfer.not_out());
                    (
                        id,
                        flawed!("XFER-15 offer's length", transfer, transfer.of_no_size()),
                    )
                })
                .filter(|(_, transfer)| {
                    let all = flawed!("XFER-15 ended ones", true, false);
                    all || transfer.ended_at().is_none()
                })
                .collect(),
            offered: transfers
                .offered
                .iter()
                .take(flawed!("XFER-15 tokens", usize::MAX, 0))
                .map(|(token, last)| (*token, *last))
                .collect(),
            token_key: transfers.token_key.clone(),
        }
    }
}

impl TryFrom<SavedTransfers> for Transfers {
    type Error = SavedTransfersError;

    fn try_from(saved: SavedTransfers) -> Result<Self, SavedTransfersError> {
        if saved.version != SAVED_TRANSFERS_VERSION {
            return Err(SavedTransfersError::Version(saved.version));
        }
        let mislabelled = saved.transfers.iter().find(
            |(_, transfer)| matches!(transfer, Transfer::Ended { state, .. } if !state.is_final()),
        );
        if let Some((id, _)) = mislabelled {
            return Err(SavedTransfersError::Ended(*id));
        }
        let mut transfers = Transfers::new(saved.token_key);
        transfers.offered = saved.offered.into_iter().collect();
        for (id, transfer) in saved.transfers {
            transfers.put(id, Arc::new(transfer));
        }
        Ok(transfers)
    }
}
