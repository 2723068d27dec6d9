//! The conformance harness: what is asked of an implementation, and whether it does it.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`catalogue`] | the requirements, read off the profile |
//! | [`operation`] | what can be asked of a subject: methods, parameters, results |
//! | [`subject`] | whoever is asked; the reference engine is one |
//! | [`adapter`] | somebody else's implementation, behind the adapter protocol |
//! | [`vector`] | test vectors: families, files, their schemas |
//! //! | [`scenario`] | scripts in English that run |
//! | [`case`] | a vector or a scenario, and all of them |
//! | [`selection`] | which of them are run |
//! | [`run`] | asks one vector, compares |
//! | [`transitions`] | which rows of the transfer's table they reach |
//! | [`verdict`] | runs many, counts, judges |

pub mod adapter;
pub mod case;
pub mod catalogue;
mod file_error;
#[cfg(feature = "flaws")]
pub mod flaws;
mod folder;
pub mod known_failures;
pub mod operation;
mod own_randomness;
pub mod run;
pub mod scenario;
pub mod seed;
pub mod selection;
pub mod subject;
pub mod transitions;
pub mod vector;
pub mod verdict;

pub use file_error::FileError;

/// The version of the profile that this build tests.
pub const PROFILE_VERSION: u32 = 1;
