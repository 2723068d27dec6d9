//! Ways to get the profile wrong, and what of the vectors and scenarios catches them (feature `flaws`).
//!
//! The flaw is the subject's alone, as it is an implementation's: whoever plays with it and judges it has none.

use super::case::{Case, Cases};
use super::operation::Reference;
use super::run::{Cause, Outcome, Terms, ask};
use super::subject::{Description, Failure, Subject};
use super::suspects::{Asked, Suspect, suspects};
use super::symptoms::{self, Key, broken_by, gallery};
use super::vector::Family;
use super::verdict::at_stake;
use crate::flaw;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A plausible wrong form of the reference engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Flaw {
    /// Its name: the requirement, and where it is more than a check left out, a word for it.
    pub name: &'static str,
    /// What is wrong.
    pub what: &'static str,
}

impl Flaw {
    /// The requirement that it breaks.
    #[must_use]
    pub fn requirement(&self) -> &'static str {
        broken_by(self.name)
    }

    /// Whether it breaks that requirement: its own, or one that states the same rule ([`STATED_TWICE`]).
    #[must_use]
    pub fn is_of(&self, requirement: &str) -> bool {
        let own = self.requirement();
        let mut twice = STATED_TWICE.iter();
        own == requirement
            || twice.any(|(pair, _)| pair.contains(&own) && pair.contains(&requirement))
    }
}

/// Two requirements that the profile has for one rule, each with where it says so: whoever breaks one breaks the other.
pub const STATED_TWICE: &[([&str; 2], &str)] = &[
    (
        ["SIG-02", "SIG-03"],
        "SIG-03 says that it follows from SIG-02",
    ),
    (
        ["X3DH-15", "SES-12"],
        "SES-12 says that a changed key is refused where one is pinned, and cites X3DH-15",
    ),
    (
        ["PAY-11", "PRIV-03"],
        "PRIV-03 says how long a message is, and cites PAY-11",
    ),
    (
        ["PAY-12", "XFER-13"],
        "both say which attestation gives `attestation-invalid`",
    ),
];

/// The engine with a flaw.
struct Flawed {
    flaw: &'static str,
    engine: Reference,
}

impl Subject for Flawed {
    fn describe(&self) -> Description {
        self.engine.describe()
    }

    fn reset(&mut self, suite: &str) -> Result<(), Failure> {
        flaw::with(self.flaw, || self.engine.reset(suite))
    }

    fn call(&mut self, method: &str, params: Value) -> Result<Value, Failure> {
        flaw::with(self.flaw, || self.engine.call(method, params))
    }
}

/// A flaw's run ends once so many cases have caught it.
pub const ENOUGH: usize = 2;

/// How a subject is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// As `tigress test` asks whoever is tested.
    Plain,
    /// With `--strict-errors` and `--restart-everywhere`.
    Strict,
}

impl Mode {
    const ALL: [Mode; 2] = [Mode::Plain, Mode::Strict];

    fn terms(self) -> Terms {
        match self {
            Mode::Plain => Terms::default(),
            Mode::Strict => Terms::REFERENCE,
        }
    }
}

/// A case that a flaw fails.
#[derive(Clone, Debug, Serialize)]
pub struct Catch {
    /// Its name.
    pub case: String,
    /// How it was asked.
    pub mode: Mode,
    /// What kind of failure it is; none where the engine panics.
    pub cause: Option<Cause>,
    /// The requirement that speaks of it before those of the case, where one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<&'static str>,
}

/// Which flaws each case comes to, as far as it is known: an engine with another one passes it as the engine without any does, and is
/// not asked.
///
/// It needs no run of its own: a flawed engine that did not come to its flaw ran as one without.
#[derive(Default)]
struct Reached(Mutex<HashMap<(String, Mode), Names>>);

/// Names of flaws.
type Names = Arc<BTreeSet<&'static str>>;

impl Reached {
    /// How an engine with the flaw fails a case; none where it does not.
    fn fails(&self, flaw: Flaw, case: &Case, mode: Mode) -> Option<Failed> {
        let place = (case.name(), mode);
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reached = known().get(&place).cloned();
        if let Some(reached) = reached {
            return reached
                .contains(flaw.name)
                .then(|| fails(flaw, case, mode))?;
        }
        let (failed, reached) = flaw::reaching(|| fails(flaw, case, mode));
        if !reached.contains(flaw.name) {
            known().insert(place, Arc::new(reached));
        }
        failed
    }
}

/// What caught a flaw.
#[derive(Clone, Debug, Serialize)]
pub struct Caught {
    /// The flaw.
    #[serde(flatten)]
    pub flaw: Flaw,
    /// The vectors that failed and the scenarios that did not succeed: [`ENOUGH`], or all there are.
    pub by: Vec<Catch>,
    /// What the verdict names, the first first; none where the run was not a whole one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named: Option<Vec<Suspect>>,
    /// What it would name if the flaw were not in the dictionary of faults.
    #[serde(skip)]
    pub named_if_new: Option<Vec<Suspect>>,
}

impl Caught {
    /// Whether the verdict names the flaw's own requirement first, or one that states its rule too; none where the run was not a
    /// whole one.
    #[must_use]
    pub fn names_it_first(&self) -> Option<bool> {
        Some(self.is_first_of(self.named.as_ref()?))
    }

    /// Whether it would if the flaw were not in the dictionary of faults: as with the mistake of a stranger.
    #[must_use]
    pub fn would_name_it_first(&self) -> Option<bool> {
        Some(self.is_first_of(self.named_if_new.as_ref()?))
    }

    fn is_first_of(&self, named: &[Suspect]) -> bool {
        let first = named.first();
        first.is_some_and(|first| self.flaw.is_of(&first.requirement))
    }
}

/// So many of `flaws`, in their order; which ones, the seed says. All of them where there are no more.
///
/// Each is as likely to be taken as any other.
#[must_use]
pub fn sample(mut flaws: Vec<Flaw>, count: usize, seed: u64) -> Vec<Flaw> {
    let mut ranks: Vec<([u8; 32], &'static str)> = flaws
        .iter()
        .map(|flaw| {
            let mut hash = Sha256::new();
            hash.update(seed.to_le_bytes());
            hash.update(flaw.name);
            (hash.finalize().into(), flaw.name)
        })
        .collect();
    ranks.sort_unstable();
    ranks.truncate(count);
    flaws.retain(|flaw| ranks.iter().any(|(_, name)| *name == flaw.name));
    flaws
}

/// Each of `flaws` with what catches it, in their order; `jobs` threads share the work. Where it is a `whole` run, every case is
/// asked, as `tigress test` does it, and what the verdict names is looked at.
#[must_use]
pub fn hunt(
    flaws: &[Flaw],
    cases: &Cases,
    jobs: usize,
    whole: bool,
    told: &(dyn Fn(&Caught) + Sync),
) -> Vec<Caught> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    let reached = &Reached::default();
    // A flaw may well make the engine panic: it is caught, and that is all that is said of it.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(flaw) = flaws.get(index) else { return };
                    flaw::forget();
                    let caught = if whole {
                        in_a_whole_run(*flaw, cases, reached)
                    } else {
                        until_enough(*flaw, cases, reached)
                    };
                    told(&caught);
                    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                    found.push((index, caught));
                }
            });
        }
    });
    panic::set_hook(hook);
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, caught)| caught).collect()
}

/// Runs `run` with the flaw of that name on, in this thread alone, whoever it is that runs.
pub fn under<T>(flaw: &'static str, run: impl FnOnce() -> T) -> T {
    flaw::forget();
    flaw::with(flaw, run)
}

/// Whether that case fails the engine with the flaw, in whichever mode.
#[must_use]
pub fn catches(case: &Case, flaw: Flaw) -> bool {
    flaw::forget();
    let mut modes = Mode::ALL.into_iter();
    modes.any(|mode| fails(flaw, case, mode).is_some())
}

fn until_enough(flaw: Flaw, cases: &Cases, reached: &Reached) -> Caught {
    // Those that carry the requirement come first: where they catch it, the run is short.
    let id = flaw.requirement();
    let carries = |case: &Case| case.requirements().iter().any(|carried| carried == id);
    let mut by: Vec<Catch> = Vec::new();
    for own in [true, false] {
        for mode in Mode::ALL {
            for case in cases.iter().filter(|case| carries(case) == own) {
                let name = case.name();
                if by.len() == ENOUGH || by.iter().any(|catch| catch.case == name) {
                    continue;
                }
                if let Some(failed) = reached.fails(flaw, &case, mode) {
                    by.push(Catch {
                        case: name,
                        mode,
                        cause: failed.cause,
                        clause: failed.clause,
                    });
                }
            }
        }
    }
    Caught {
        flaw,
        by,
        named: None,
        named_if_new: None,
    }
}

/// Every case is asked; in the strict mode where none fails in the plain one.
fn in_a_whole_run(flaw: Flaw, cases: &Cases, reached: &Reached) -> Caught {
    let caught = in_a_run(flaw, cases, reached, Mode::Plain);
    if caught.by.is_empty() {
        in_a_run(flaw, cases, reached, Mode::Strict)
    } else {
        caught
    }
}

fn in_a_run(flaw: Flaw, cases: &Cases, reached: &Reached, mode: Mode) -> Caught {
    let mut by = Vec::new();
    let mut asked = Vec::new();
    for case in cases.iter() {
        let failed = reached.fails(flaw, &case, mode);
        let clause = failed.and_then(|failed| failed.clause);
        let named = at_stake(&case, clause).map(|requirement| requirement.id);
        let why = failed.and_then(|failed| failed.cause);
        let has_failed = failed.is_some();
        let key = Key::of_case(&case);
        asked.push(Asked::new(key, named, has_failed, why, &case.group(), true));
        by.extend(failed.map(|failed| Catch {
            case: case.name(),
            mode,
            cause: failed.cause,
            clause: failed.clause,
        }));
    }
    Caught {
        flaw,
        by,
        named: Some(suspects(&asked, None)),
        named_if_new: Some(suspects(&asked, Some(flaw.name))),
    }
}

/// The dictionary of faults ([`symptoms`]) after whole runs of `caught`: their rows are made anew, the others stay, and those of flaws
/// that are no more go.
#[must_use]
pub fn dictionary(caught: &[Caught], cases: &Cases) -> String {
    let keys: HashMap<String, (usize, Key)> = cases
        .iter()
        .map(|case| {
            (
                case.name(),
                (Family::place(&case.group()), Key::of_case(&case)),
            )
        })
        .collect();
    let mut lines = String::new();
    for flaw in all() {
        let new = caught.iter().find(|caught| caught.flaw == flaw);
        let failed: BTreeSet<Key> = if let Some(new) = new {
            let failed = new.by.iter().filter_map(|catch| keys.get(&catch.case));
            let lowest = failed.clone().map(|(place, _)| *place).min();
            let failed = failed.filter(|(place, _)| Some(*place) == lowest);
            failed.map(|(_, key)| *key).collect()
        } else {
            let former = symptoms::all().iter().find(|row| row.flaw == flaw.name);
            former.map(|row| row.cases.clone()).unwrap_or_default()
        };
        if !failed.is_empty() {
            let failed: Vec<String> = failed.into_iter().map(Key::to_hex).collect();
            lines += &[flaw.name, ": ", &failed.join(" "), "\n"].concat();
        }
    }
    lines
}

/// How a flaw fails a case.
#[derive(Clone, Copy, Default)]
struct Failed {
    /// By which kind of failure; by none where the engine panics.
    cause: Option<Cause>,
    /// The requirement that speaks of it before those of the case.
    clause: Option<&'static str>,
}

/// How an engine with the flaw fails a case; none where it does not.
fn fails(flaw: Flaw, case: &Case, mode: Mode) -> Option<Failed> {
    let mut flawed = Flawed {
        flaw: flaw.name,
        engine: Reference::default(),
    };
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| ask(&mut flawed, case, mode.terms())));
    match outcome {
        Ok(Outcome::Failed(mismatch)) => Some(Failed {
            cause: Some(mismatch.cause),
            clause: mismatch.clause,
        }),
        Ok(Outcome::Passed | Outcome::Skipped(_)) => None,
        Err(_) => Some(Failed::default()),
    }
}

/// Every flaw, in the order of the profile.
pub fn all() -> impl Iterator<Item = Flaw> {
    gallery().map(|(name, what)| Flaw { name, what })
}

/// Requirements that have no flaw, each with the reason.
pub fn without() -> impl Iterator<Item = (&'static str, &'static str)> {
    WITHOUT.iter().copied()
}

const WITHOUT: &[(&str, &str)] = &[
    (
        "ID-02",
        "who makes a wallet chooses its UserID; the engine is given it",
    ),
    (
        "X3DH-06",
        "memory that was not erased cannot be seen from outside",
    ),
    (
        "SES-16",
        "it allows something, and the engine does not make use of it",
    ),
    ("INV-07", "it states two limits, which no engine can lift"),
    (
        "SES-17",
        "who restores a device hands it its state; the engine sees no backup",
    ),
    (
        "MBX-05",
        "the requests of section 7 have no field for a user or for several devices",
    ),
    (
        "PRIV-01",
        "the requests of section 7 have no field for more; what their fields say is MBX-14, PRIV-02 and PRIV-03",
    ),
];
