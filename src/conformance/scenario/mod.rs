//! Scenarios: scripts in English that run, and what is kept of a run.
//!
//! The modules, lowest first; a lower one never imports a higher one.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`limits`] | how large scripts and transcripts may be |
//! | [`transcript`] | a run as JSON Lines |
//! | [`outline`] | what of a transcript is the same whatever was drawn |
//! | [`view`] | what the intermediary learned, from a transcript |
//! | [`property`] | what must never happen, whatever a script says |
//! | `step_failure` | why a step did not succeed |
//! | `submitted` | what a submission holds |
//! | `world` | devices, the intermediary, and the network between them |
//! | `parameter` | what stands between braces in the words of a step |
//! | `call` | a step, and what a script gives it |
//! | `checks`, `mallory` | what a step looks at |
//! | `steps` | every step: its words and what it does |
//! | [`vocabulary`] | the step that a text asks for |
//! | [`diagram`] | a transcript as a sequence diagram |
//! | [`knowledge`] | what the intermediary learned, for people and for programs |
//! | [`playback`] | a transcript, made ready to be stepped through |
//! | [`feature`] | the part of Gherkin that scripts are written in |
//! | `scope` | whom and what a step may speak of |
//! | [`script`] | scripts, held to the vocabulary before anything runs |
//! | [`library`] | the scripts inside the program, and those of a folder |
//! | `stage` | scenarios under way |
//! | [`rehearsal`] | wallets led through steps in any order |

mod call;
mod checks;
pub mod diagram;
pub mod feature;
mod keywords;
pub mod knowledge;
pub mod library;
pub mod limits;
pub(crate) mod mallory;
pub mod outline;
mod parameter;
pub mod playback;
pub mod property;
pub mod rehearsal;
mod scope;
pub mod script;
mod stage;
mod step_failure;
mod steps;
mod submitted;
pub mod transcript;
pub mod view;
pub mod vocabulary;
mod world;

pub use rehearsal::Rehearsal;
pub use script::{Scenario, Script, Step};
pub use stage::{Failure, Run, SEED, Stage, header, replay, run, run_with};
pub use step_failure::StepFailure;
pub use world::{Cast, Tested};
pub(crate) use world::{forgery, lies, payloads};
