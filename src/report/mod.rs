//! Results as people and programs read them. Knows nothing of any protocol.

pub mod comparison;
pub mod diagram;
pub mod fuzz;
mod harmless;
pub mod html;
pub mod interop;
pub mod json;
pub mod junit;
mod marks;
mod page;
pub mod player;
pub mod pretty;
pub mod sarif;
mod sides;
