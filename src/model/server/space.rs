//! The intermediary and its ledger as a space.

use super::bounds::Bounds;
use crate::conformance::clients::{BEGINNING, Errand, LIMITS, Ledger, Rule, errands, transaction};
use crate::error_code::ErrorCode;
use crate::intermediary::{Answer, Body, Intermediary, MemoryStore, SavedIntermediary};
use crate::model::interned::Interned;
use crate::model::remembered::{Local, Remembered};
use crate::model::{Property, Space};
use crate::suite;
use crate::timestamp::Timestamp;
use std::sync::atomic::{AtomicU64, Ordering};

/// What must hold: the rules of the ledger, in their order.
pub const PROPERTIES: &[Property] = &{
    let mut properties = [Property {
        name: "",
        requirements: &[],
    }; Rule::ALL.len()];
    let mut place = 0;
    while place < properties.len() {
        let (name, requirements) = Rule::ALL[place].words();
        properties[place] = Property { name, requirements };
        place += 1;
    }
    properties
};

/// What must be possible.
#[derive(Clone, Copy)]
enum Goal {
    WithKey,
    WithoutKey,
    TwoWait,
    Full,
    Again,
    InPlace,
    Removed,
}

/// What must be possible, in the order of `Goal`.
pub const GOALS: &[Property] = &[
    Property {
        name: "A bundle is handed out with a one-time prekey.",
        requirements: &["MBX-03"],
    },
    Property {
        name: "A bundle is handed out without one, to whom the device admits.",
        requirements: &["MBX-04", "MBX-17"],
    },
    Property {
        name: "Two messages are read at once.",
        requirements: &["MBX-07"],
    },
    Property {
        name: "A mailbox is full.",
        requirements: &["MBX-11", "MBX-23"],
    },
    Property {
        name: "A bundle is asked for again, and the same one is handed out.",
        requirements: &["MBX-13"],
    },
    Property {
        name: "A device takes the place of a former one.",
        requirements: &["MBX-01"],
    },
    Property {
        name: "A device is removed.",
        requirements: &["MBX-15"],
    },
];

/// The intermediary with what it owes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Machine {
    intermediary: Intermediary<MemoryStore>,
    ledger: Ledger,
}

/// Where everything is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    machine: u32,
    /// The place of a moment.
    clock: u8,
    /// The place of the rule that the last step broke, and one; 0 where it broke none.
    broken: u8,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A request arrives, by its place.
    Ask(u8),
    /// The clock moves on to its next moment.
    Clock,
}

/// A step of the machine: from where, when, which request.
type Key = (u32, u8, u8);
/// The machine after it, and what is broken, as [`State::broken`].
type Step = (u32, u8);

/// The intermediary and its clients.
pub struct Server {
    bounds: Bounds,
    errands: Vec<Errand>,
    /// The places of those of this rung.
    asked: Vec<u8>,
    machines: Interned<Machine>,
    steps: Remembered<Key, Step>,
    reached: AtomicU64,
}

impl Server {
    /// Within these bounds.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        let errands = errands(suite::ALL[0]).unwrap_or_default();
        let is_asked =
            |errand: &Errand| errand.never.is_some() || bounds.errands.contains(&errand.words);
        let asked = (0..).zip(&errands).filter(|(_, errand)| is_asked(errand));
        Server {
            bounds,
            asked: asked.map(|(place, _)| place).collect(),
            errands,
            machines: Interned::default(),
            steps: Remembered::default(),
            reached: AtomicU64::new(0),
        }
    }

    fn now(&self, clock: u8) -> Timestamp {
        BEGINNING.after(self.bounds.moments[usize::from(clock)])
    }

    /// A request arrives.
    fn ask(&self, number: u32, clock: u8, place: u8) -> Step {
        let before = self.machines.get(number);
        let errand = &self.errands[usize::from(place)];
        let now = self.now(clock);
        let mut intermediary = before.intermediary.clone();
        let answer = intermediary.handle(&errand.request, now);
        let answer = answer.map_err(|error| error.code().unwrap_or(ErrorCode::RateLimited));
        let changed = intermediary != before.intermediary;
        // Most are of this kind, and a copy of the ledger would be for nothing.
        if errand.never.is_some() && answer.is_err() && !changed {
            return (number, 0);
        }
        let mut after = Machine {
            intermediary,
            ledger: before.ledger.clone(),
        };
        let place = usize::from(place);
        let mut rule = after
            .ledger
            .judge(&self.errands, place, now, &answer, changed);
        if changed {
            rule = rule.or_else(|| self.outlasts(&before, &after, place, now).err());
        }
        self.reach(errand, &answer, changed);
        let broken = rule.map_or(0, |rule| rule as u8 + 1);
        let mut same = before.ledger.clone();
        same.forget(now);
        if !changed && after.ledger == same {
            return (number, broken);
        }
        (self.machines.intern(after), broken)
    }

    /// Whether it may stop before, during and after a step.
    fn outlasts(
        &self,
        before: &Machine,
        after: &Machine,
        place: usize,
        now: Timestamp,
    ) -> Result<(), Rule> {
        let text = after.intermediary.save().to_json();
        let saved = SavedIntermediary::from_json(&text).and_then(|saved| saved.restore(LIMITS));
        if saved.ok().as_ref() != Some(&after.intermediary) {
            return Err(Rule::Restart);
        }
        let (suite, store) = (suite::ALL[0], before.intermediary.store());
        let request = &self.errands[place].request;
        if !transaction::is_one(suite, LIMITS, store, request, now) {
            return Err(Rule::Transaction);
        }
        let store = after.intermediary.store();
        let mut devices = self
            .errands
            .iter()
            .map(|errand| errand.request.body.target());
        let is_bound = devices.all(|device| {
            store.mailbox_length(device, now) <= LIMITS.mailbox_in_all()
                && store.one_time_pre_keys(device, now) <= LIMITS.one_time_pre_keys
        });
        if is_bound { Ok(()) } else { Err(Rule::Bounds) }
    }

    fn reach(&self, errand: &Errand, answer: &Result<Answer, ErrorCode>, changed: bool) {
        let goal = match (&errand.request.body, answer) {
            (Body::FetchBundle { .. }, Ok(Answer::Bundle { .. })) if !changed => Goal::Again,
            (Body::FetchBundle { access_key, .. }, Ok(Answer::Bundle { bundle })) => {
                match (access_key, bundle.one_time_pre_key_id) {
                    (Some(_), Some(_)) => Goal::WithKey,
                    (Some(_), None) => Goal::WithoutKey,
                    _ => return,
                }
            }
            (Body::Read { .. }, Ok(Answer::Envelopes { envelopes })) if envelopes.len() > 1 => {
                Goal::TwoWait
            }
            (_, Err(ErrorCode::MailboxFull)) => Goal::Full,
            (Body::Register(_), Ok(_)) if changed && errand.authority.is_some() => Goal::InPlace,
            (Body::Remove { .. }, Ok(_)) if changed => Goal::Removed,
            _ => return,
        };
        self.reached.fetch_or(1 << goal as u64, Ordering::Relaxed);
    }
}

impl Space for Server {
    type State = State;
    type Action = Action;
    type Scratch = Local<Key, Step>;

    fn scratch(&self) -> Self::Scratch {
        Local::default()
    }

    fn beginning(&self) -> State {
        let store = MemoryStore::default();
        let machine = Machine {
            intermediary: Intermediary::with_limits(suite::ALL[0], store, LIMITS),
            ledger: Ledger::default(),
        };
        State {
            machine: self.machines.intern(machine),
            clock: 0,
            broken: 0,
        }
    }

    fn steps(&self, _: &mut Self::Scratch, from: &State, found: &mut Vec<(Action, State)>) {
        let State { machine, clock, .. } = *from;
        for place in &self.asked {
            // Each comes once while the space is gone through, and again only where a path is looked for.
            let key = (machine, clock, *place);
            let (machine, broken) = self.steps.shared(key, || self.ask(machine, clock, *place));
            let next = State {
                machine,
                clock,
                broken,
            };
            if next != *from {
                found.push((Action::Ask(*place), next));
            }
        }
        if usize::from(clock) + 1 < self.bounds.moments.len() {
            let clock = clock + 1;
            found.push((Action::Clock, State { clock, ..*from }));
        }
    }

    fn broken(&self, _: &mut Self::Scratch, state: &State) -> Option<usize> {
        usize::from(state.broken).checked_sub(1)
    }

    fn reached(&self, _: &mut Self::Scratch, _: &State) -> u64 {
        self.reached.load(Ordering::Relaxed)
    }

    fn properties(&self) -> &'static [Property] {
        PROPERTIES
    }

    fn goals(&self) -> &'static [Property] {
        GOALS
    }

    fn script(&self, path: &[Action], broken: Option<usize>) -> Vec<String> {
        let mut lines = vec!["Given three clients that are no wallets".to_owned()];
        let mut clock = 0;
        for action in path {
            lines.push(match action {
                Action::Ask(place) => {
                    let words = self.errands[usize::from(*place)].words;
                    format!("When the request \"{words}\" arrives")
                }
                Action::Clock => {
                    let moments = &self.bounds.moments[clock..];
                    clock += 1;
                    let seconds = moments[1] - moments[0];
                    format!("When the clock moves on by {seconds} seconds")
                }
            });
        }
        // Every other rule is looked at where a request arrives.
        if broken == Some(Rule::Restart as usize) {
            lines.push("Then a restart of the intermediary changes nothing".to_owned());
        }
        lines
    }

    fn machines(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("intermediary states", self.machines.len() as u64),
            ("intermediary steps", self.steps.len() as u64),
        ]
    }
}
