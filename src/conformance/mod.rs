//! The conformance harness: what is asked of an implementation, and whether it does it.
//!
//! The modules, lowest first; a lower one never imports a higher one.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`printable`], `json`, [`redaction`] | what comes from outside: how it is shown, how it is read; command lines without their secrets |
//! | `file_error`, [`files`], [`hint`], `schema_error`, [`seed`] | what is wrong with a file; the files of others; "did you mean"; what a broken schema says; bytes that look random |
//! | `leak`, `secrets` | whether bytes show a secret; the secrets of a case |
//! | `dice` | chance that is the same again |
//! | [`suites`] | suites by their names |
//! | [`small`] | small bounds, for models |
//! | [`restarts`] | when whoever is asked is restarted |
//! | [`stopwatch`] | how long something takes |
//! | [`clients`] | clients of the intermediary that are no wallets, and what it owes them |
//! | [`interrupt`] | whether a run ends before its end |
//! | [`program`] | this build: its version, profile and commit |
//! | [`catalogue`] | the requirements, read off the profile |
//! | [`threats`] | who can attack a transfer, read off docs/threats.md |
//! | [`subject`] | whoever is asked |
//! | [`operation`] | what can be asked: methods, parameters, results; the reference engine as a subject |
//! | [`sessions`] | the sessions of a subject, under a wallet of the reference engine |
//! | [`adapter`] | somebody else's implementation, behind the adapter protocol |
//! | [`vector`] | test vectors: families, files, their schemas |
//! | [`correspondence`] | devices that write letters to each other, each step of theirs judged |
//! | [`scenario`] | scripts in English that run |
//! | [`case`] | a vector or a scenario, and all of them |
//! | [`matrix`] | for each requirement the places where it holds, with a case in each |
//! | [`selection`], [`known_failures`] | which of them are run, and which are known to fail |
//! | [`dossier`] | scenarios played for an auditor, with what they are about and what came of them |
//! | [`run`] | puts one of them to a subject, and says how it went |
//! | [`served`] | an intermediary that is somebody's server, as a subject; what it owes where many ask at once |
//! | [`method`] | the adapter protocol's methods, with an example each |
//! | [`symptoms`] | what each flaw of the gallery fails: a dictionary of faults |
//! | [`suspects`] | which requirement a run speaks of first |
//! | [`provenance`] | when, by what and how a result was made |
//! | [`result`] | what comes of a run |
//! | `tally` | what its cases come to: counts, requirements, the verdict |
//! | [`merge`] | the results of a run's parts as one |
//! | [`comparison`] | what has changed between two results |
//! | [`verdict`] | runs many, counts, judges |
//! | [`interop`] | implementations that speak with each other, in scripted conversations |
//! | [`fuzz`] | what is drawn and put to an implementation, with the reference engine as judge |
//! | [`transitions`] | which rows of the transfer's table they reach |
//! | [`doctor`] | what there is of what parts of the project need |
//! | `flaws` | what catches a wrong engine (feature `flaws`) |

pub mod adapter;
pub mod case;
pub mod catalogue;
pub mod clients;
pub mod comparison;
pub mod correspondence;
mod dice;
pub mod doctor;
pub mod dossier;
pub mod evidence;
mod file_error;
pub mod files;
#[cfg(feature = "flaws")]
pub mod flaws;
pub mod fuzz;
pub mod hint;
pub mod interop;
pub mod interrupt;
mod json;
pub mod known_failures;
mod leak;
pub mod matrix;
pub mod merge;
pub mod method;
pub mod operation;
pub mod printable;
pub mod program;
pub mod provenance;
pub mod redaction;
pub mod restarts;
pub mod result;
pub mod run;
pub mod scenario;
mod schema_error;
mod secrets;
pub mod seed;
pub mod selection;
pub mod served;
pub mod sessions;
pub mod small;
pub mod statement;
pub mod stopwatch;
pub mod subject;
pub mod suites;
pub mod suspects;
pub mod symptoms;
mod tally;
pub mod threats;
pub mod transitions;
pub mod vector;
pub mod verdict;

pub use file_error::FileError;

/// The version of the profile that this build tests.
pub const PROFILE_VERSION: u32 = 2;
