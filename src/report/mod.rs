//! Results as people and programs read them. Knows nothing of any protocol.

pub mod json;
pub mod pretty;
