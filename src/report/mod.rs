//! Results as people and programs read them. Knows nothing of any protocol.

pub mod comparison;
pub mod diagram;
pub mod evidence;
pub mod fuzz;
mod harmless;
pub mod html;
pub mod interop;
pub mod json;
pub mod junit;
pub mod knowledge;
mod marks;
mod page;
pub mod player;
pub mod pretty;
pub mod sarif;
pub mod scenarios;
mod sides;
pub mod statement;
