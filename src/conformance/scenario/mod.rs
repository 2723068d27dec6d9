//! Scenarios: scripts in English that run, and what is kept of a run.

pub mod diagram;
pub mod transcript;
