//! An intermediary that is somebody's server, and serves others at the same time.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`wire`] | what carries a request there, and its answer back |
//! | `names`, `signatures`, `shift` | the values, the signatures and the times of a case, and those that stand for them there |
//! | `translation` | requests on their way there, answers on their way back |
//! | `beside` | the reference engine beside it: what hangs on time |
//! | [`server`] | the server as a subject |
//! | `http` | a server over HTTP (feature `serve`) |
//! | [`races`] | what must hold where many ask at once |

mod beside;
#[cfg(feature = "serve")]
pub mod http;
mod names;
pub mod races;
pub mod server;
mod shift;
mod signatures;
mod translation;
pub mod wire;

#[cfg(feature = "serve")]
pub use http::Http;
pub use server::Server;
pub use wire::{Reply, Wire, WireError};
