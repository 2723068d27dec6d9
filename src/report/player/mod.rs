//! The player: a page to step through a run.

use super::page;
use crate::conformance::scenario::playback::Playback;
use minijinja::Value;
use minijinja::value::Serde;

/// The page. It grows with the transcript, and not faster.
#[must_use]
pub fn page(playback: &Playback) -> String {
    page::render(include_str!("player.html"), Value::from(Serde(playback)))
}
