//! Questions before they have answers.

use crate::conformance::vector::conversation::{Action, Machine};
use crate::conformance::vector::{Body, Call, Vector};
use serde_json::Value;

/// A question: a method and its parameters, without the handle of the machine that it is put to.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The method.
    pub method: &'static str,
    /// The parameters.
    pub params: Value,
    /// Whether the vector that it is of refuses it.
    pub refused: bool,
}

impl Question {
    /// A question of no vector.
    pub(super) fn new(method: &'static str, params: Value) -> Self {
        Question {
            method,
            params,
            refused: false,
        }
    }
}

impl From<&Call> for Question {
    fn from(call: &Call) -> Self {
        Question {
            method: call.method,
            params: call.params.clone(),
            refused: call.error.is_some(),
        }
    }
}

/// A step of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// It is asked something.
    Ask(Question),
    /// It is saved and restored.
    Restart,
}

/// What is asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// One thing.
    Call(Question),
    /// A machine, one thing after the other.
    Machine {
        /// Of what kind.
        machine: &'static Machine,
        /// What it is made of.
        load: Value,
        /// What happens to it.
        steps: Vec<Step>,
    },
}

/// What was drawn, before anybody has answered it.
#[derive(Clone, Debug)]
pub struct Sketch {
    /// The family that it could be a vector of.
    pub family: String,
    /// The suite; none where the family is no suite's.
    pub suite: Option<String>,
    /// The requirements of what it was made from, where that is one vector.
    pub requirements: Vec<String>,
    /// What is asked.
    pub asked: Asked,
    /// Whether it can be told with which code a refusal is: of two faults in one question the profile does not everywhere say
    /// which is told.
    pub codes: bool,
}

impl From<&Vector> for Sketch {
    /// The questions of a vector: what is asked a thousand times is left out, and what its saved state must not hold, for that
    /// hangs on what happened before.
    fn from(vector: &Vector) -> Self {
        let step = |action: &Action| match action {
            Action::Call(call) => Some(Step::Ask(call.into())),
            Action::Restart => Some(Step::Restart),
            Action::Repeat(..) | Action::Erased(_) => None,
        };
        Sketch {
            family: vector.family.clone(),
            suite: vector.suite.clone(),
            requirements: vector.requirements.clone(),
            codes: true,
            asked: match &vector.body {
                Body::Call(call) => Asked::Call(call.into()),
                Body::Conversation(conversation) => Asked::Machine {
                    machine: conversation.machine,
                    load: conversation.load.clone(),
                    steps: conversation.steps.iter().filter_map(step).collect(),
                },
            },
        }
    }
}

impl Sketch {
    /// The same with fewer steps, the coarsest first: without its first half, its second half, and so on down to one step.
    pub(super) fn smaller(&self) -> Vec<Sketch> {
        let Asked::Machine { steps, .. } = &self.asked else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let mut size = steps.len().div_ceil(2);
        while size > 0 {
            // From the end: what comes last hangs on most, and nothing on it.
            for end in (1..=steps.len()).rev().step_by(size) {
                let without = end.saturating_sub(size)..end;
                let kept = |(index, step): (usize, &Step)| {
                    (!without.contains(&index)).then(|| step.clone())
                };
                let fewer = steps.iter().enumerate().filter_map(kept).collect();
                found.push(self.with_steps(fewer));
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
        found
    }

    fn with_steps(&self, fewer: Vec<Step>) -> Sketch {
        let mut sketch = self.clone();
        if let Asked::Machine { steps, .. } = &mut sketch.asked {
            *steps = fewer;
        }
        sketch
    }

    /// The parameters of all questions, and what a machine is made of.
    pub(super) fn params(&self) -> impl Iterator<Item = &Value> {
        let (first, steps): (&Value, &[Step]) = match &self.asked {
            Asked::Call(question) => (&question.params, &[]),
            Asked::Machine { load, steps, .. } => (load, steps),
        };
        let of_steps = steps.iter().filter_map(|step| match step {
            Step::Ask(question) => Some(&question.params),
            Step::Restart => None,
        });
        std::iter::once(first).chain(of_steps)
    }

    /// How many steps it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.asked {
            Asked::Call(_) => 1,
            Asked::Machine { steps, .. } => steps.len(),
        }
    }

    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
