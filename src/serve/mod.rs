//! The intermediary behind HTTP: what [`crate::intermediary`] decides, for wallets that are somewhere else.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`binding`] | how a request of profile section 7 stands in an HTTP request: the one table of routes |
//! | [`problem`] | refusals as problem documents (RFC 9457) |
//! | [`client`] | asks an intermediary over HTTP: ours, or anybody's |
//! | [`clock`] | the time by which everything expires |
//! | [`store`] | where everything is kept: memory, SQLite, PostgreSQL |
//! | [`worker`] | the one thread that has the machine: requests in groups, each group one durable commit |
//! | [`arrivals`] | who waits for the next message of a mailbox |
//! | [`admission`] | which strangers may register |
//! | [`metrics`] | what happened how often, in Prometheus' form |
//! | [`faults`] | lies, losses and damages by rule, for those who test wallets |
//! | [`journal`] | what was asked and answered, for the same |
//! | `http` | parts of a request, and whole answers |
//! | [`admin`] | what the operator alone may ask |
//! | [`router`] | HTTP in, HTTP out |
//! | [`openapi`] | the same for programs: an OpenAPI document |
//! | [`tls`] | certificates |
//! | [`server`] | connections: how many, how slow, and their end |
//!
//! Each floor keeps to its business: the machine knows no HTTP, the router no protocol.

pub mod admin;
pub mod admission;
pub mod arrivals;
pub mod binding;
pub mod client;
pub mod clock;
pub mod faults;
mod http;
pub mod journal;
pub mod metrics;
pub mod openapi;
pub mod problem;
pub mod router;
pub mod server;
pub mod store;
pub mod tls;
pub mod worker;

pub use binding::{Binding, BindingError, Sent};
pub use client::{Client, ClientError, Reply};
pub use clock::Clock;
pub use server::{Server, ServerError, Settings};
