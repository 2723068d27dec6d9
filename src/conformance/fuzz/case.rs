//! What was drawn, whatever it is: put to a subject, and made smaller while it still goes wrong.

use super::draw::Name;
use super::drawn::Drawn;
use super::form;
use super::script;
use super::settle::Settled;
use super::sketch::Sketch;
use crate::conformance::case::Case;
use crate::conformance::interrupt::Interrupt;
use crate::conformance::method::Method;
use crate::conformance::restarts::Restarts;
use crate::conformance::run::{Cause, Mismatch, Outcome, Terms, ask};
use crate::conformance::subject::Subject;
use crate::conformance::vector::conversation::Action;
use crate::conformance::vector::{Body, Vector, VectorFile};
use crate::suite::SuiteRef;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// So long, and so many times, what goes wrong is made smaller.
const SHRINKS: Duration = Duration::from_secs(15);
const MOST_TRIES: usize = 400;

/// The same with what the reference engine makes of it.
#[derive(Clone, Debug)]
pub(super) enum Ready {
    /// With whether the codes of refusals can be told.
    Vector(Box<Settled>, bool),
    Scenario(Box<script::Settled>),
}

/// How it went.
pub(super) enum Said {
    /// As it must.
    Same,
    /// Otherwise.
    Differs(Box<Mismatch>),
    /// Nobody can tell.
    Skipped,
}

/// On what terms a subject is asked.
#[derive(Clone, Copy)]
pub(super) struct Asking {
    pub(super) suite: SuiteRef,
    pub(super) strict: bool,
    pub(super) restarts: Restarts,
}

impl Drawn {
    pub(super) fn settle(&self, name: &Name, suite: SuiteRef) -> Option<Ready> {
        match self {
            Drawn::Questions(sketch) => {
                let test = snake_case(name);
                let comment = format!("drawn: {name}");
                let settled = sketch.settle(&test, &comment)?;
                Some(Ready::Vector(Box::new(settled), sketch.codes))
            }
            Drawn::Script(script) => {
                let settled = script.settle(suite)?;
                Some(Ready::Scenario(Box::new(settled)))
            }
        }
    }

    fn smaller(&self) -> Vec<Drawn> {
        match self {
            Drawn::Questions(sketch) => {
                let smaller = sketch.smaller().into_iter();
                smaller.map(Drawn::Questions).collect()
            }
            Drawn::Script(script) => script.smaller().into_iter().map(Drawn::Script).collect(),
        }
    }
}

fn snake_case(name: &Name) -> String {
    let word = |c: char| {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            c
        } else {
            '_'
        }
    };
    let words: String = format!("drawn_{name}").chars().map(word).collect();
    let words = words.split('_').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

impl Ready {
    pub(super) fn put(&self, subject: &mut dyn Subject, asking: Asking) -> Said {
        match self {
            Ready::Vector(settled, codes) => {
                let terms = Terms {
                    suite: Some(asking.suite),
                    strict: asking.strict && *codes,
                    restarts: asking.restarts,
                };
                match ask(subject, &Case::Vector(&settled.vector), terms) {
                    Outcome::Passed => Said::Same,
                    Outcome::Failed(mismatch) => Said::Differs(Box::new(mismatch)),
                    Outcome::Skipped(_) => Said::Skipped,
                }
            }
            Ready::Scenario(settled) => {
                let found = settled.put(subject, asking.suite, asking.strict, asking.restarts);
                let late = subject.settle().is_err();
                match found {
                    Some(mismatch) => Said::Differs(Box::new(mismatch)),
                    None if late => Said::Skipped,
                    None => Said::Same,
                }
            }
        }
    }

    /// The clauses that a difference is of, the likeliest first: those that the reference engine names where it refuses, what
    /// a restart, a secret or a changed state breaks, or what the question is about.
    pub(super) fn requirements(&self, mismatch: &Mismatch) -> Vec<String> {
        let mut found: Vec<String> = match (mismatch.clause, mismatch.cause) {
            (Some(clause), _) => vec![clause.to_owned()],
            (None, Cause::State) if mismatch.method.starts_with("device.") => {
                vec!["DR-15".to_owned()]
            }
            _ => Vec::new(),
        };
        match self {
            Ready::Vector(settled, _) => {
                let index = mismatch.step.map_or(0, |step| step.saturating_sub(1));
                let refused = settled.clauses.get(index).cloned().unwrap_or_default();
                found.extend(refused);
                found.extend(settled.vector.requirements.iter().cloned());
                let about = ABOUT.get(mismatch.method.as_str());
                if found.is_empty() {
                    found.extend(about.into_iter().flatten().cloned());
                }
                if found.is_empty() {
                    found.push("XFER-15".to_owned());
                }
            }
            Ready::Scenario(settled) => found.extend(settled.requirements().iter().cloned()),
        }
        let mut known = BTreeSet::new();
        found.retain(|id| known.insert(id.clone()));
        found
    }

    /// The file that runs it alone.
    pub(super) fn file(
        &self,
        name: &Name,
        requirements: &[String],
    ) -> (Option<VectorFile>, Option<String>) {
        match self {
            Ready::Vector(settled, _) => {
                let vector = Vector {
                    requirements: requirements.to_vec(),
                    ..settled.vector.clone()
                };
                (form::file(&vector), None)
            }
            Ready::Scenario(settled) => (None, Some(settled.text(&name.to_string()))),
        }
    }

    /// Without the steps behind the one that goes wrong, and without what could not be done.
    fn cut(&self, drawn: &Drawn, mismatch: &Mismatch) -> Option<Drawn> {
        match (self, drawn) {
            (Ready::Vector(settled, codes), Drawn::Questions(sketch)) => {
                let mut vector = settled.vector.clone();
                if let Body::Conversation(conversation) = &mut vector.body
                    && let Some(step) = mismatch.step
                {
                    conversation.steps.truncate(step);
                    let is_call = |it: &Action| matches!(it, Action::Call(_));
                    if !conversation.steps.iter().any(is_call) {
                        return None;
                    }
                }
                Some(Drawn::Questions(Sketch {
                    requirements: sketch.requirements.clone(),
                    codes: *codes,
                    ..Sketch::from(&vector)
                }))
            }
            (Ready::Scenario(settled), _) => Some(Drawn::Script(settled.script().clone())),
            _ => None,
        }
    }
}

/// Which clauses a method is about, as its description says.
static ABOUT: LazyLock<BTreeMap<&'static str, Vec<String>>> = LazyLock::new(|| {
    let named = |method: Method| (method.name, super::settle::named(&method.about));
    Method::all().into_iter().map(named).collect()
});

/// Whether two differences are of one kind.
pub(super) fn are_alike(one: &Mismatch, other: &Mismatch) -> bool {
    let is_of_scenario = one.transcript.is_some() || other.transcript.is_some();
    one.cause == other.cause && (is_of_scenario || one.method == other.method)
}

/// What goes wrong, as small as it is found within the time.
pub(super) fn shrink(
    drawn: Drawn,
    ready: Ready,
    mismatch: Mismatch,
    name: &Name,
    subject: &mut dyn Subject,
    asking: Asking,
    interrupt: &Interrupt,
) -> (Ready, Mismatch) {
    let started = Instant::now();
    let mut tries = 0;
    let mut smallest = (drawn, ready, mismatch);
    // What takes long to go wrong is not made smaller for hours.
    let mut fails = |drawn: &Drawn, like: &Mismatch, subject: &mut dyn Subject| {
        tries += 1;
        if tries > MOST_TRIES || started.elapsed() > SHRINKS || interrupt.is_raised() {
            return Err(());
        }
        let Some(ready) = drawn.settle(name, asking.suite) else {
            return Ok(None);
        };
        Ok(match ready.put(subject, asking) {
            Said::Differs(mismatch) if are_alike(&mismatch, like) => Some((ready, *mismatch)),
            _ => None,
        })
    };
    'smaller: loop {
        let (drawn, ready, mismatch) = &smallest;
        let first = ready
            .cut(drawn, mismatch)
            .filter(|it| it.len() < drawn.len());
        let candidates = first.into_iter().chain(drawn.smaller());
        for candidate in candidates {
            match fails(&candidate, mismatch, subject) {
                Err(()) => break 'smaller,
                Ok(Some((ready, mismatch))) => {
                    smallest = (candidate, ready, mismatch);
                    continue 'smaller;
                }
                Ok(None) => {}
            }
        }
        break;
    }
    let (_, ready, mismatch) = smallest;
    (ready, mismatch)
}
