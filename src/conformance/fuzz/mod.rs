//! Questions that nobody has written down: drawn by a seed, answered by the reference engine, and put to an implementation.
//!
//! What is drawn becomes a vector or a scenario, so that what differs runs alone, like any other.
//!
//! The modules, lowest first; a lower one never imports a higher one.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`sketch`] | questions before they have answers |
//! | `settle` | the reference engine's answers to them: a vector |
//! | [`form`] | the vector as its file has it |
//! | [`corpus`] | what the vectors and scenarios inside the program ask |
//! | `message`, `text`, `change` | changes of one thing: in a message, in a text, in any parameters |
//! | `renew` | steps asked again, with other ids |
//! | [`script`] | scenarios with other steps |
//! | `drawn` | what was drawn, whatever it is |
//! | [`draw`] | how something is drawn: an area each |
//! | `case` | what was drawn, put to a subject, and made smaller |
//! | [`campaign`] | much of it, until the time is over |
//! | [`seeds`] | lists of what was drawn before |

pub mod campaign;
mod case;
mod change;
pub mod corpus;
pub mod draw;
mod drawn;
pub mod form;
mod message;
mod renew;
pub mod script;
pub mod seeds;
mod settle;
pub mod sketch;
mod text;

pub use drawn::Drawn;
pub use settle::Settled;
