//! The conformance harness: what is asked of an implementation, and whether it does it.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`catalogue`] | the requirements, read off the profile |
//! | [`operation`] | what can be asked of a subject: methods, parameters, results |
//! | [`subject`] | whoever is asked; the reference engine is one |
//! | [`vector`] | test vectors: families, files, their schemas |
//! | [`generate`] | how the vectors of this repository are made |
//! | [`selection`] | which of them are run |
//! | [`run`] | asks one vector, compares |
//! | [`verdict`] | runs many, counts, judges |

pub mod catalogue;
pub mod generate;
pub mod operation;
pub mod run;
pub mod scenario;
mod seed;
pub mod selection;
pub mod subject;
pub mod vector;
pub mod verdict;

/// The version of the profile that this build tests.
pub const PROFILE_VERSION: u32 = 1;
