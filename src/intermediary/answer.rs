//! What the intermediary answers (profile section 7, "Requests and answers").

use super::envelope::Envelope;
use crate::agreement::BundleFields;
use serde::{Deserialize, Serialize};

/// An answer that carries something, or says that the request was carried out. A refusal is an error.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum Answer {
    /// It was carried out.
    Done,
    /// How many one-time prekeys are left (MBX-04).
    OneTimePreKeys {
        /// So many.
        left: u32,
    },
    /// A bundle (MBX-03, MBX-04).
    Bundle {
        /// The bundle.
        bundle: BundleFields,
    },
    /// The oldest messages of the mailbox, the oldest first (MBX-07).
    Envelopes {
        /// The messages.
        envelopes: Vec<Envelope>,
    },
}
