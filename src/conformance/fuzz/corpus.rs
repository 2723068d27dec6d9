//! What the vectors and scenarios inside the program ask: what is drawn begins with it.

use super::change;
use super::sketch::{Asked, Sketch};
use super::text;
use crate::conformance::case::{Case, Cases};
use crate::conformance::dice::Dice;
use crate::conformance::scenario::Scenario;
use crate::conformance::vector::{Body, Expectation, Vector};
use crate::suite::SuiteRef;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// So many values of a field are kept, and so many characters of each.
const MOST_VALUES: usize = 400;
const LONGEST_VALUE: usize = 6_000;
/// A conversation with more steps, or more characters of JSON, comes to a bound, and takes as long as a hundred others.
const MOST_STEPS: usize = 40;
const MOST_TEXT: usize = 100_000;
/// One with more than these is left to the vectors.
const MOST_LONG_STEPS: usize = 150;
const MOST_LONG_TEXT: usize = 400_000;
/// The family whose devices are begun with, and the last number of a vector that has one of them.
const LOADS: &str = "ratchet_session";
const LAST_LOAD: u32 = 40;
/// A scenario with more steps is left to the scenarios.
const MOST_SCENARIO_STEPS: usize = 60;

/// Questions of one suite, and of none.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    pub(super) calls: Vec<Sketch>,
    /// Places in `calls`, by method.
    pub(super) by_method: Vec<Vec<usize>>,
    pub(super) conversations: Vec<Sketch>,
    /// Places in `conversations`, by family.
    pub(super) by_family: Vec<Vec<usize>>,
    /// Conversations that come to a bound.
    pub(super) long: Vec<Sketch>,
    pub(super) scenarios: Vec<Scenario>,
    /// Devices to begin with, of vectors whose numbers stay: what is drawn of them is the same when other vectors are added.
    pub(super) loads: Vec<Value>,
    values: Values,
    /// The same of what stands in payloads' JSON.
    said: Values,
}

/// Values by the names of their fields, each once.
#[derive(Clone, Debug, Default)]
struct Values {
    by_field: BTreeMap<String, Vec<Value>>,
    known: BTreeSet<(String, String)>,
}

impl Values {
    /// Keeps one more, where there is room.
    fn note(&mut self, field: &str, value: &Value) {
        let values = self.by_field.entry(field.to_owned()).or_default();
        if values.len() == MOST_VALUES {
            return;
        }
        let text = value.to_string();
        if text.len() <= LONGEST_VALUE && self.known.insert((field.to_owned(), text)) {
            values.push(value.clone());
        }
    }

    fn of(&self, field: &str) -> &[Value] {
        self.by_field.get(field).map_or(&[], Vec::as_slice)
    }
}

impl Corpus {
    /// Those of `cases` that are of the suite, or of none.
    ///
    /// What a conforming implementation may do either way is left out: nobody could judge what is drawn from it.
    #[must_use]
    pub fn of(cases: &Cases, suite: SuiteRef) -> Self {
        let mut corpus = Corpus::default();
        let mut methods: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut families: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let is_of = |case: &Case| case.suite().is_none_or(|own| own == suite.name());
        for case in cases.iter().filter(is_of) {
            match case {
                Case::Scenario(scenario, _) => {
                    if scenario.steps.len() <= MOST_SCENARIO_STEPS {
                        corpus.scenarios.push(scenario.clone());
                    }
                }
                Case::Vector(vector) if vector.result == Expectation::Acceptable => {}
                Case::Vector(vector) => {
                    let sketch = Sketch::from(vector);
                    corpus.note_values(&sketch);
                    corpus.note_load(vector);
                    match &sketch.asked {
                        Asked::Call(question) => {
                            let place = corpus.calls.len();
                            methods.entry(question.method).or_default().push(place);
                            corpus.calls.push(sketch);
                        }
                        Asked::Machine { .. } if is_within(&sketch, MOST_STEPS, MOST_TEXT) => {
                            let place = corpus.conversations.len();
                            let of_family = families.entry(sketch.family.clone()).or_default();
                            of_family.push(place);
                            corpus.conversations.push(sketch);
                        }
                        Asked::Machine { .. }
                            if is_within(&sketch, MOST_LONG_STEPS, MOST_LONG_TEXT) =>
                        {
                            corpus.long.push(sketch);
                        }
                        Asked::Machine { .. } => {}
                    }
                }
            }
        }
        corpus.by_method = methods.into_values().collect();
        corpus.by_family = families.into_values().collect();
        corpus
    }

    /// What the vectors have in fields of that name.
    pub(super) fn values(&self, field: &str) -> &[Value] {
        self.values.of(field)
    }

    /// What payloads have under that name.
    pub(super) fn said(&self, name: &str) -> &[Value] {
        self.said.of(name)
    }

    /// Of one vector: every family as likely as any other every second time, so that those with short ones have their turn.
    pub(super) fn conversation(&self, dice: &mut Dice) -> Option<&Sketch> {
        if dice.one_in(2) {
            let of_family = dice.pick(&self.by_family)?;
            return self.conversations.get(*dice.pick(of_family)?);
        }
        dice.pick(&self.conversations)
    }

    fn note_load(&mut self, vector: &Vector) {
        if vector.family == LOADS
            && vector.tc_id <= LAST_LOAD
            && let Body::Conversation(conversation) = &vector.body
            && !self.loads.contains(&conversation.load)
        {
            self.loads.push(conversation.load.clone());
        }
    }

    fn note_values(&mut self, sketch: &Sketch) {
        for params in sketch.params() {
            change::scalars(params, &mut |field, value| {
                self.values.note(field, value);
                let payload = value.as_str().and_then(text::payload);
                if let Some(payload) = payload {
                    change::scalars(&payload, &mut |name, value| self.said.note(name, value));
                }
            });
        }
    }
}

fn is_within(sketch: &Sketch, steps: usize, text: usize) -> bool {
    let texts = sketch.params().map(|params| params.to_string().len());
    sketch.len() <= steps && texts.sum::<usize>() <= text
}
