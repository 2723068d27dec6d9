//! The adapter protocol (`docs/adapter.md`): JSON-RPC 2.0, one object a line, over the standard input and output
//! of a child process.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`protocol`] | requests and answers |
//! | `leader` | a child process that ends with all that it starts |
//! | `stderr` | what it writes to standard error |
//! | [`trace`] | what is said, written down |
//! | [`process`] | an adapter as a subject: started, asked, started again where it fails |
//! | [`mod@serve`] | a subject as an adapter: what `tigress adapter` does |
//! | [`skeleton`] | adapters to begin with |

pub(super) mod leader;
pub mod process;
pub mod protocol;
pub mod serve;
pub mod skeleton;
mod stderr;
pub mod trace;

pub use process::{Process, Setup, StartError};
pub use serve::serve;
pub use trace::Trace;
