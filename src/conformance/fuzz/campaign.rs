//! Much that is drawn, put to a subject until the time is over, or until a list is.

use super::case::{Asking, Ready, Said, shrink};
use super::corpus::Corpus;
use super::draw::{Area, Name, draw};
use super::drawn::Drawn;
use crate::conformance::interrupt::Interrupt;
use crate::conformance::restarts::Restarts;
use crate::conformance::run::{Cause, Difference, Mismatch};
use crate::conformance::subject::{Description, Subject};
use crate::conformance::vector::VectorFile;
use crate::suite::SuiteRef;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The version of the result's form.
const VERSION: u32 = 1;
/// Of so many draws one is asked with a restart before every step.
const ONE_IN_RESTARTED: u64 = 4;
/// So many of each are drawn in turn. A call takes a third of a millisecond, a conversation fifteen times as long, a device or a
/// scenario seventy times, and what comes to a bound three hundred times: none but calls, which need little, has much less time
/// than another.
const TURNS: [(Area, usize); 5] = [
    (Area::Calls, 64),
    (Area::Conversations, 28),
    (Area::Devices, 4),
    (Area::Bounds, 1),
    (Area::Wallets, 4),
];
/// After so many without an answer in time, one after the other, it ends.
const MOST_TIME_OUTS: u32 = 5;

/// How long it goes on.
#[derive(Clone, Debug)]
pub enum Until {
    /// Until so much time is over.
    Over(Duration),
    /// Until all of these were asked.
    Asked(Vec<Name>),
}

/// What is to be drawn, and how it is asked.
#[derive(Debug)]
pub struct Plan<'a> {
    /// What it is drawn from.
    pub corpus: &'a Corpus,
    /// The suite.
    pub suite: SuiteRef,
    /// What all is drawn from.
    pub seed: &'a str,
    /// What is drawn, where no list says so.
    pub areas: &'a [Area],
    /// Whether error codes must be the profile's.
    pub strict: bool,
    /// How long it goes on.
    pub until: Until,
    /// It ends once so many differences were found that are not alike.
    pub most_findings: usize,
    /// It ends when this is raised.
    pub interrupt: &'a Interrupt,
}

/// A difference.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Which draw it was found by: `SEED/AREA/NUMBER`.
    pub name: String,
    /// The area.
    pub area: Area,
    /// The clauses that it may be of, the likeliest first.
    pub requirements: Vec<String>,
    /// What was asked: a method, or the words of a scenario's step.
    pub method: String,
    /// Which step of what is left, from 1; of a scenario its line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// What kind of difference it is.
    pub cause: Cause,
    /// What is other than expected.
    pub differences: Vec<Difference>,
    /// Whether it shows only with a restart before every step (`--restart-everywhere`).
    pub restarted: bool,
    /// How many steps were drawn.
    pub drawn_steps: usize,
    /// After how many seconds it was found.
    pub after: f64,
    /// How many draws went wrong alike.
    pub times: u32,
    /// The vector file that runs it alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector: Option<VectorFile>,
    /// Or the script that does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
}

/// How many of an area were drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Asked, and judged.
    pub asked: u64,
    /// Not judged: a method is not implemented, a role not claimed, or the subject draws its own randomness.
    pub skipped: u64,
    /// Nothing that can be asked came of them.
    pub empty: u64,
}

/// Why it ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// A signal.
    Interrupted,
    /// As many differences as were asked for.
    Findings,
    /// Too many without an answer in time.
    TimeOuts,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FuzzResult {
    /// The version of this form.
    pub fuzz: u32,
    /// Who was asked.
    pub subject: Description,
    /// The suite.
    pub suite: String,
    /// What all was drawn from.
    pub seed: String,
    /// How many seconds it took.
    pub seconds: f64,
    /// How many were drawn, by area.
    pub drawn: BTreeMap<Area, Counts>,
    /// The differences, each of another kind, as they were found.
    pub findings: Vec<Finding>,
    /// Why it ended before its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ending>,
    /// What the subject did that no draw can be charged with.
    pub faults: Vec<String>,
}

/// What is common to all who draw.
struct Shared {
    drawn: BTreeMap<Area, Counts>,
    findings: Vec<Finding>,
    /// Differences by their kind.
    known: BTreeMap<String, usize>,
    time_outs: u32,
    ended: Option<Ending>,
}

/// Runs it. Where there are several subjects, which are the same one several times, they share the work. `told` hears how long
/// it has taken, how many were drawn and how many differences found.
pub fn run(
    subjects: &mut [Box<dyn Subject>],
    plan: &Plan,
    told: &(dyn Fn(Duration, u64, usize) + Sync),
) -> FuzzResult {
    let started = Instant::now();
    let next = AtomicU64::new(0);
    let shared = Mutex::new(Shared {
        drawn: BTreeMap::new(),
        findings: Vec::new(),
        known: BTreeMap::new(),
        time_outs: 0,
        ended: None,
    });
    let description = subjects
        .first()
        .map(|subject| subject.describe())
        .unwrap_or_default();
    thread::scope(|scope| {
        for subject in subjects.iter_mut() {
            scope.spawn(|| {
                let worker = Worker {
                    plan,
                    started,
                    next: &next,
                    shared: &shared,
                    told,
                };
                worker.work(subject.as_mut());
            });
        }
    });
    let shared = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    let faults = subjects.iter().flat_map(|subject| subject.faults());
    FuzzResult {
        fuzz: VERSION,
        subject: description,
        suite: plan.suite.name().to_owned(),
        seed: plan.seed.to_owned(),
        seconds: started.elapsed().as_secs_f64(),
        drawn: shared.drawn,
        findings: shared.findings,
        ended: shared.ended,
        faults: faults.cloned().collect(),
    }
}

struct Worker<'a> {
    plan: &'a Plan<'a>,
    started: Instant,
    next: &'a AtomicU64,
    shared: &'a Mutex<Shared>,
    told: &'a (dyn Fn(Duration, u64, usize) + Sync),
}

impl Worker<'_> {
    fn work(&self, subject: &mut dyn Subject) {
        while let Some(name) = self.next() {
            let Some((drawn, ready)) = self.draw(&name) else {
                self.count(name.area, |counts| counts.empty += 1);
                continue;
            };
            let asking = self.asking(&name);
            match ready.put(subject, asking) {
                // What a signal has ended has not failed.
                _ if self.plan.interrupt.is_raised() => break,
                Said::Same => self.count(name.area, |counts| counts.asked += 1),
                Said::Skipped => self.count(name.area, |counts| counts.skipped += 1),
                Said::Differs(mismatch) => {
                    self.count(name.area, |counts| counts.asked += 1);
                    if self.is_new(name.area, &mismatch) {
                        self.find(&name, drawn, ready, *mismatch, subject);
                    }
                }
            }
        }
    }

    /// The next one; none where it is over.
    fn next(&self) -> Option<Name> {
        let mut shared = self.shared();
        if self.plan.interrupt.is_raised() {
            shared.ended = Some(Ending::Interrupted);
        } else if shared.findings.len() >= self.plan.most_findings {
            shared.ended = Some(Ending::Findings);
        } else if shared.time_outs >= MOST_TIME_OUTS {
            shared.ended = Some(Ending::TimeOuts);
        }
        if shared.ended.is_some() {
            return None;
        }
        drop(shared);
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        match &self.plan.until {
            Until::Asked(names) => names.get(usize::try_from(number).ok()?).cloned(),
            Until::Over(time) if self.started.elapsed() >= *time => None,
            Until::Over(_) => Some(Name {
                seed: self.plan.seed.to_owned(),
                area: turn(self.plan.areas, number)?,
                number,
            }),
        }
    }

    fn draw(&self, name: &Name) -> Option<(Drawn, Ready)> {
        let drawn = draw(self.plan.corpus, self.plan.suite, name)?;
        let ready = drawn.settle(name, self.plan.suite)?;
        Some((drawn, ready))
    }

    fn asking(&self, name: &Name) -> Asking {
        Asking {
            suite: self.plan.suite,
            strict: self.plan.strict,
            restarts: if name.number.is_multiple_of(ONE_IN_RESTARTED) {
                Restarts::Everywhere
            } else {
                Restarts::AsWritten
            },
        }
    }

    /// Whether nothing like it was found before. It counts from now on.
    fn is_new(&self, area: Area, mismatch: &Mismatch) -> bool {
        let mut shared = self.shared();
        if mismatch.cause == Cause::TimedOut {
            shared.time_outs += 1;
        } else {
            shared.time_outs = 0;
        }
        let key = kind(area, mismatch);
        if let Some(&index) = shared.known.get(&key) {
            // Another is making it small just now where it is not there yet.
            if let Some(finding) = shared.findings.get_mut(index) {
                finding.times += 1;
            }
            return false;
        }
        shared.known.insert(key, usize::MAX);
        true
    }

    fn find(
        &self,
        name: &Name,
        drawn: Drawn,
        ready: Ready,
        mismatch: Mismatch,
        subject: &mut dyn Subject,
    ) {
        let after = self.started.elapsed().as_secs_f64();
        let key = kind(name.area, &mismatch);
        let drawn_steps = drawn.len();
        let asking = self.asking(name);
        let plainly = Asking {
            restarts: Restarts::AsWritten,
            ..asking
        };
        // Where it shows without restarts too, it is told without.
        let asking = match ready.put(subject, plainly) {
            Said::Differs(_) => plainly,
            _ => asking,
        };
        let interrupt = self.plan.interrupt;
        let (ready, mismatch) = shrink(drawn, ready, mismatch, name, subject, asking, interrupt);
        let requirements = ready.requirements(&mismatch);
        let (vector, scenario) = ready.file(name, &requirements);
        let mut shared = self.shared();
        let index = shared.findings.len();
        shared.known.insert(key, index);
        shared.findings.push(Finding {
            name: name.to_string(),
            area: name.area,
            requirements,
            method: mismatch.method,
            step: mismatch.step,
            cause: mismatch.cause,
            differences: mismatch.differences,
            restarted: asking.restarts == Restarts::Everywhere,
            drawn_steps,
            after,
            times: 1,
            vector,
            scenario,
        });
    }

    fn count(&self, area: Area, add: impl FnOnce(&mut Counts)) {
        let mut shared = self.shared();
        add(shared.drawn.entry(area).or_default());
        let drawn = self.next.load(Ordering::Relaxed);
        (self.told)(self.started.elapsed(), drawn, shared.findings.len());
    }

    fn shared(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose turn it is, of the areas that are drawn; none where none is.
fn turn(areas: &[Area], number: u64) -> Option<Area> {
    let turns = TURNS.iter().filter(|(area, _)| areas.contains(area));
    let turns: Vec<Area> = turns
        .flat_map(|(area, times)| std::iter::repeat_n(*area, *times))
        .collect();
    let place = number.checked_rem(turns.len() as u64)?;
    turns.get(usize::try_from(place).ok()?).copied()
}

/// What makes a difference another one: what was asked, how it went wrong, and in which field, or what was expected of it.
fn kind(area: Area, mismatch: &Mismatch) -> String {
    let first = mismatch.differences.first();
    let field = first.and_then(|difference| difference.field.clone());
    let what = match (field, mismatch.cause) {
        (Some(field), _) => field,
        (None, Cause::Code | Cause::Accepted) => {
            first.map_or_else(String::new, |difference| difference.expected.clone())
        }
        _ => String::new(),
    };
    let what = what.split('[').next().unwrap_or_default();
    // The steps of a scenario are as many as there are scripts.
    let method = match area {
        Area::Wallets => "",
        _ => &mismatch.method,
    };
    format!("{method} {} {what}", mismatch.cause.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_area_has_its_turn_and_no_other_has() {
        let of = |areas: &[Area]| -> Vec<Area> {
            let mut seen: Vec<_> = (0..100).filter_map(|number| turn(areas, number)).collect();
            seen.sort_unstable();
            seen.dedup();
            seen
        };
        assert_eq!(of(Area::ALL), Area::ALL);
        assert_eq!(of(&[Area::Devices]), [Area::Devices]);
        assert_eq!(of(&[]), []);
    }
}
