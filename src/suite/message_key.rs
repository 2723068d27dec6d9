//! Message keys (Double Ratchet 3.1, DR-04): one for each message, erased once used.

use crate::primitives::secret::secret_key;

secret_key!(
    /// The key of one message: 32 bytes. How a message is encrypted under it is the suite's choice.
    MessageKey
);
