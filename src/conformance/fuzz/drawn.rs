//! What was drawn, whatever it is.

use super::script::Script;
use super::sketch::Sketch;

/// What was drawn.
#[derive(Clone, Debug)]
pub enum Drawn {
    /// Questions that are a vector once they have answers.
    Questions(Sketch),
    /// Steps of a scenario.
    Script(Script),
}

impl Drawn {
    /// How many steps it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Drawn::Questions(sketch) => sketch.len(),
            Drawn::Script(script) => script.len(),
        }
    }

    /// Whether nothing happens in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
