//! Which flaws of the engine the models find by themselves (feature `flaws`).

use super::figures::Figures;
use super::script::{self, Played};
use super::{Counterexample, End, Limits, Model, Outcome, Property};
use crate::conformance::flaws::{Flaw, under};
use crate::conformance::threats::Threats;
use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::time::Instant;

/// The groups of requirements above the wire. What is below, the vectors hold byte for byte, and no lossy network shows it: an engine
/// that is wrong there is wrong with itself alike.
pub const GROUPS: &[&str] = &[
    "KEY", "X3DH", "DR", "RND", "SES", "INV", "XFER", "MBX", "WAL", "PRIV",
];

/// Whether the flaw is one above the wire.
#[must_use]
pub fn is_above_the_wire(flaw: &Flaw) -> bool {
    GROUPS.iter().any(|group| {
        flaw.name
            .strip_prefix(group)
            .is_some_and(|rest| rest.starts_with('-'))
    })
}

/// The attacks of docs/threats.md, by number, each with a flaw that brings it back.
pub fn attacks() -> impl Iterator<Item = (u32, &'static str)> {
    let attacks = Threats::get().attacks.iter();
    attacks.map(|attack| (attack.number, attack.flaw))
}

/// What the models make of a flaw.
#[derive(Clone, Debug)]
pub struct Hunted {
    /// The flaw.
    pub flaw: Flaw,
    /// What tells.
    pub how: How,
    /// The model that told, and its rung.
    pub by: Option<(&'static str, usize)>,
    /// Seconds until then, of all models that were explored before too.
    pub seconds: f64,
    /// States until then, likewise.
    pub states: u64,
}

/// What tells of a flaw.
#[derive(Clone, Debug)]
pub enum How {
    /// A property is broken.
    Broken {
        /// Which.
        property: Property,
        /// The scenario that shows it.
        scenario: String,
        /// It fails with the flaw on, and succeeds with it off.
        is_confirmed: bool,
    },
    /// The engine panics, and says this, so that the exploring does not even begin.
    Panicked(String),
    /// What must be possible is not.
    OutOfReach(Property),
    /// Nothing but a figure that is checked in: these, and those that were found.
    Disturbed(Figures, Figures),
    /// Nothing.
    NotFound,
}

impl How {
    /// Whether it shows what is wrong, and not only that something is. A broken property whose scenario does not tell may be broken
    /// without the flaw.
    #[must_use]
    pub fn is_found(&self) -> bool {
        match self {
            How::Broken { is_confirmed, .. } => *is_confirmed,
            How::Panicked(_) | How::OutOfReach(_) => true,
            How::Disturbed(..) | How::NotFound => false,
        }
    }
}

/// Shares of the whole time that one rung gets: first a little of each, then more of those that it was too little for.
const SHARES: [f64; 3] = [60.0, 15.0, 4.0];

/// Goes through the models with the flaw on until one finds it: the smallest rungs first, and those first whose model promises
/// something for its requirement.
///
/// `limits.seconds` is for all of them together; rungs below `rungs` are tried.
///
/// The caller has seen to it that panics are not shown.
#[must_use]
pub fn hunt(models: &[&dyn Model], flaw: Flaw, limits: &Limits, rungs: usize) -> Hunted {
    let began = Instant::now();
    let mut hunted = Hunted {
        flaw,
        how: How::NotFound,
        by: None,
        seconds: 0.0,
        states: 0,
    };
    let rungs = (0..rungs).flat_map(|rung| models.iter().map(move |model| (*model, rung)));
    let mut left: Vec<_> = rungs
        .filter(|(model, rung)| *rung < model.bounds().len())
        .collect();
    left.sort_by_key(|(model, _)| !promises(*model, flaw.requirement()));
    let shares: &[f64] = if limits.seconds.is_some() {
        &SHARES
    } else {
        &SHARES[..1]
    };
    for share in shares {
        let mut more = Vec::new();
        for (model, rung) in left {
            let slice = |all: f64| (all - began.elapsed().as_secs_f64()).min(all / share);
            let seconds = limits.seconds.map(slice);
            if hunted.how.is_found() || seconds.is_some_and(|seconds| seconds <= 0.0) {
                break;
            }
            let limits = Limits { seconds, ..*limits };
            let outcome = under(flaw.name, || explored(model, rung, &limits));
            let how = match &outcome {
                Ok(outcome) => {
                    hunted.states += outcome.states;
                    if matches!(outcome.end, End::Stopped(_)) {
                        more.push((model, rung));
                    }
                    told(flaw, model, rung, outcome)
                }
                Err(message) => Some(How::Panicked(message.clone())),
            };
            // The first that tells something stays until one tells more.
            if let Some(how) = how
                && (how.is_found() || matches!(hunted.how, How::NotFound))
            {
                hunted.how = how;
                hunted.by = Some((model.name(), rung));
            }
        }
        left = more;
    }
    hunted.seconds = began.elapsed().as_secs_f64();
    hunted
}

/// Whether one of the model's properties stands for that requirement.
fn promises(model: &dyn Model, requirement: &str) -> bool {
    let mut properties = model.properties().iter();
    properties.any(|property| property.requirements.contains(&requirement))
}

/// Explores a rung; where the engine panics, what it said.
fn explored(model: &dyn Model, rung: usize, limits: &Limits) -> Result<Outcome, String> {
    panic::catch_unwind(AssertUnwindSafe(|| {
        model.explore(rung, limits, &mut |_| {})
    }))
    .map_err(|said| words(&*said))
}

/// What a panic said.
fn words(said: &(dyn Any + Send)) -> String {
    let text = said.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| said.downcast_ref::<&str>().copied());
    text.unwrap_or_default().to_owned()
}

/// What an outcome tells of the flaw.
fn told(flaw: Flaw, model: &dyn Model, rung: usize, outcome: &Outcome) -> Option<How> {
    if let End::Broken(counterexample) = &outcome.end {
        return Some(broken(flaw, model, counterexample));
    }
    let (now, before) = (
        Figures::of(outcome)?,
        Figures::checked_in(model.name(), rung)?,
    );
    let mut lost = now.unreached.iter();
    if let Some(goal) = lost.find(|goal| !before.unreached.contains(goal)) {
        return Some(How::OutOfReach(model.goals()[*goal]));
    }
    (now != before).then_some(How::Disturbed(before, now))
}

/// The scenario of a counterexample, run with the flaw on and off.
fn broken(flaw: Flaw, model: &dyn Model, counterexample: &Counterexample) -> How {
    let scenario = script::feature(counterexample, model.name());
    let fails = under(flaw.name, || script::confirm(&scenario));
    How::Broken {
        property: counterexample.property,
        is_confirmed: fails && matches!(script::play(&scenario), Played::ComesOff(_)),
        scenario,
    }
}
