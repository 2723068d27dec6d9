//! Evidence: a run of the tests with all that an auditor needs to look at it later, as a folder of files and a list of their digests.
//!
//! The list shows that nothing was changed by accident. That nobody changed it on purpose only a signature of the list shows, which others make
//! (docs/evidence.md).

mod agreement;
mod bundle;
mod contents;
mod manifest;
mod verification;

pub use bundle::Bundle;
pub use contents::{Pages, TRACE, Versions, fill};
pub use manifest::{LONGEST_NAME, MOST_FILES, Manifest};
pub use verification::{MOST_BYTES, Verification, verify};
