//! The adapter protocol (`docs/adapter.md`): JSON-RPC 2.0, one object a line, over the standard input and output
//! of a child process.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`protocol`] | requests and answers |
//! | [`process`] | an adapter as a subject: started, asked, started again where it fails |
//! | [`mod@serve`] | a subject as an adapter: what `tigress adapter` does |
//! | [`skeleton`] | adapters to begin with |

pub mod process;
pub mod protocol;
pub mod serve;
pub mod skeleton;

pub use process::{Process, StartError};
pub use serve::serve;
