//! The search: every state of a space that can be reached, nearest first.
//!
//! Level by level: all states one step from those of the last level, then the next. A round of it has two halves, so that no lock is
//! waited for. First each thread goes on from states of the level and sorts what it finds by shard; then each shard takes in what was
//! found for it, and what is new is judged. All states are kept whole: two are the same where they are equal, never where their hashes
//! are. Who led to a state is not kept: a path is found again, backwards, a level at a time.

use super::{Counterexample, End, Limit, Limits, Outcome, Progress, Property, Space};
#[cfg(feature = "flaws")]
use crate::flaw;
use crate::system;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rustc_hash::FxBuildHasher;
use std::hash::{BuildHasher, Hash};
use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

/// Parts of the set of states: so many that the table of one is found in a core's cache while it takes in what was found for it.
const SHARDS: usize = 1024;

/// So many states at once are gone on from before a thread looks at the clock.
const CHUNK: usize = 64;

/// A thread's part of a round ends when it has found so many states, new or not: 20 MB with states of 32 bytes.
const ROUND: usize = 1 << 19;

/// Or after so long.
const ROUND_TIME: Duration = Duration::from_millis(100);

/// What stands for a property where the engine itself gave up.
const NO_PANIC: Property = Property {
    name: "No step panics.",
    requirements: &[],
};

/// Goes through `space` within `limits`; `progress` is told after each round: about ten times in a second.
///
/// A step that panics is a counterexample whose path ends before it.
pub fn explore<S: Space>(
    space: &S,
    limits: &Limits,
    progress: &mut dyn FnMut(&Progress),
) -> Outcome {
    let mut search = Search::new(space, limits);
    let end = search.run(progress);
    let reached = search
        .workers
        .iter()
        .fold(0, |all, worker| all | worker.reached);
    let Progress {
        states,
        transitions,
        bytes,
        ..
    } = search.progress();
    #[expect(clippy::cast_precision_loss, reason = "a figure that is shown")]
    let bytes_a_state = bytes as f64 / states as f64;
    Outcome {
        states,
        transitions,
        depth: search.depth,
        seconds: search.began.elapsed().as_secs_f64(),
        bytes_a_state,
        end,
        unreached: (0..space.goals().len())
            .filter(|goal| reached >> goal & 1 == 0)
            .collect(),
        machines: space.machines(),
    }
}

/// A part of the set of states: those whose hash says so.
struct Shard<T> {
    /// In the order in which they were found, so level by level.
    states: Vec<T>,
    /// Places in `states`, by hash.
    places: HashTable<u32>,
    /// Where each level begins in `states`.
    levels: Vec<usize>,
}

impl<T: Copy + Eq + Hash> Shard<T> {
    /// Takes in a state, unless it is there.
    fn insert(&mut self, hash: u64, state: &T) {
        let Self { states, places, .. } = self;
        let is_it = |place: &u32| states[*place as usize] == *state;
        let its_hash = |place: &u32| hash_of(&states[*place as usize]);
        if let Entry::Vacant(entry) = places.entry(hash, is_it, its_hash) {
            entry.insert(u32::try_from(states.len()).expect("a shard has 2^32 states"));
            // A quarter more at a time: twice as much would be half of it unused.
            if states.len() == states.capacity() {
                states.reserve_exact(16 + states.len() / 4);
            }
            states.push(*state);
        }
    }

    /// Where the states of a level stand.
    fn level(&self, level: usize) -> Range<usize> {
        self.levels[level]
            ..self
                .levels
                .get(level + 1)
                .copied()
                .unwrap_or(self.states.len())
    }

    fn bytes(&self) -> usize {
        self.states.capacity() * size_of::<T>() + self.places.allocation_size()
    }
}

/// Every bit of it depends on every bit of the state.
fn hash_of<T: Hash>(state: &T) -> u64 {
    let hash = FxBuildHasher.hash_one(state);
    let hash = (hash ^ hash >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ hash >> 29
}

/// Which shard has the state with that hash: bits that the table inside does not begin with.
fn shard_of(hash: u64) -> usize {
    (hash >> 40) as usize % SHARDS
}

/// What a thread keeps.
struct Worker<S: Space> {
    scratch: S::Scratch,
    found: Vec<(S::Action, S::State)>,
    transitions: u64,
    /// Goals that a state reached which this thread judged.
    reached: u64,
    fault: Option<Fault<S::State>>,
    /// The step that a path is made of next, and where it begins.
    step: Option<(S::Action, S::State)>,
}

/// A state with something wrong.
#[derive(Clone, Copy)]
struct Fault<T> {
    state: T,
    /// How many steps from the beginning.
    depth: usize,
    /// Which property; none where the step panicked that came next.
    property: Option<usize>,
}

/// What a thread found for each shard in this round, with the hash of each.
type Sent<T> = Vec<Vec<(u64, T)>>;

/// So many states of a level, in one shard.
type Chunk = (usize, Range<usize>);

struct Search<'s, S: Space> {
    space: &'s S,
    limits: &'s Limits,
    began: Instant,
    /// Read by all threads in the first half of a round; each written by one in the second.
    shards: Vec<RwLock<Shard<S::State>>>,
    workers: Vec<Worker<S>>,
    /// By worker.
    sent: Vec<Sent<S::State>>,
    /// All states so many steps from the beginning are known.
    depth: u32,
    /// So many states have been gone on from, or are being so.
    gone_on_from: usize,
}

impl<'s, S: Space> Search<'s, S> {
    fn new(space: &'s S, limits: &'s Limits) -> Self {
        let threads = limits.threads.max(1);
        let worker = || Worker {
            scratch: space.scratch(),
            found: Vec::new(),
            transitions: 0,
            reached: 0,
            fault: None,
            step: None,
        };
        let shard = || {
            RwLock::new(Shard {
                states: Vec::new(),
                places: HashTable::new(),
                levels: vec![0],
            })
        };
        Self {
            space,
            limits,
            began: Instant::now(),
            shards: (0..SHARDS).map(|_| shard()).collect(),
            workers: (0..threads).map(|_| worker()).collect(),
            sent: vec![vec![Vec::new(); SHARDS]; threads],
            depth: 0,
            gone_on_from: 0,
        }
    }

    fn run(&mut self, progress: &mut dyn FnMut(&Progress)) -> End {
        let beginning = self.space.beginning();
        let hash = hash_of(&beginning);
        self.sent[0][shard_of(hash)].push((hash, beginning));
        self.take_in(0);
        if let Some(end) = self.broken() {
            return end;
        }
        loop {
            let level = self.depth as usize;
            let chunks = self.chunks(level);
            if self.limits.depth == Some(self.depth) {
                return End::Stopped(Limit::Depth);
            }
            for shard in &mut self.shards {
                let shard = shard.get_mut().unwrap_or_else(PoisonError::into_inner);
                shard.levels.push(shard.states.len());
            }
            let next = AtomicUsize::new(0);
            while next.load(Ordering::Relaxed) < chunks.len() {
                if let Some(limit) = self.limit() {
                    return End::Stopped(limit);
                }
                self.go_on_from(&chunks, &next);
                self.take_in(level + 1);
                progress(&self.progress());
                if let Some(end) = self.broken() {
                    return end;
                }
            }
            if self.chunks(level + 1).is_empty() {
                return End::Complete;
            }
            self.depth += 1;
        }
    }

    /// The states of a level.
    fn chunks(&self, level: usize) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        for (number, shard) in self.shards.iter().enumerate() {
            let level = read(shard).level(level);
            let starts = level.clone().step_by(CHUNK);
            chunks.extend(starts.map(|start| (number, start..level.end.min(start + CHUNK))));
        }
        chunks
    }

    /// The first half of a round: goes on from some of `chunks`, from `next` on, and sorts what is found into `sent`.
    fn go_on_from(&mut self, chunks: &[Chunk], next: &AtomicUsize) {
        let from = next.load(Ordering::Relaxed);
        let (space, shards, depth) = (self.space, &self.shards, self.depth as usize);
        // Each state that is found is a new one at most.
        let room = self.limits.states.map_or(ROUND, |states| {
            let room = usize::try_from(states).unwrap_or(usize::MAX) - self.states();
            ROUND.min(room.div_ceil(self.workers.len()))
        });
        let until = (Instant::now() + ROUND_TIME).min(self.deadline());
        // Where there is little to do, a thread costs more than it does.
        let threads = self.workers.len().min(1 + (chunks.len() - from) / 16);
        let workers = self.workers[..threads].iter_mut().zip(&mut self.sent);
        each(workers, |(worker, sent)| {
            let mut count = 0;
            while count < room && (count == 0 || Instant::now() < until) {
                let Some((shard, places)) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) else {
                    break;
                };
                let shard = read(&shards[*shard]);
                for state in &shard.states[places.clone()] {
                    worker.found.clear();
                    let (scratch, found) = (&mut worker.scratch, &mut worker.found);
                    if unless_panics(|| space.steps(scratch, state, found)).is_none() {
                        worker.fault = Some(Fault {
                            state: *state,
                            depth,
                            property: None,
                        });
                        return;
                    }
                    count += worker.found.len();
                    for (_, state) in &worker.found {
                        let hash = hash_of(state);
                        sent[shard_of(hash)].push((hash, *state));
                    }
                }
            }
            worker.transitions += count as u64;
        });
        let to = next.load(Ordering::Relaxed).min(chunks.len());
        self.gone_on_from += chunks[from..to]
            .iter()
            .map(|(_, places)| places.len())
            .sum::<usize>();
    }

    /// The second half of a round: takes what was sent in, so many steps from the beginning, and judges what is new.
    fn take_in(&mut self, depth: usize) {
        let (space, shards, sent) = (self.space, &self.shards, &self.sent);
        let count: usize = sent.iter().flatten().map(Vec::len).sum();
        let next = AtomicUsize::new(0);
        let is_over = AtomicBool::new(self.workers.iter().any(|worker| worker.fault.is_some()));
        let deadline = self.deadline();
        let threads = self.workers.len().min(1 + count / 4096);
        each(self.workers[..threads].iter_mut(), |worker| {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= SHARDS || is_over.load(Ordering::Relaxed) {
                    return;
                }
                if sent.iter().all(|sent| sent[number].is_empty()) {
                    continue;
                }
                let mut shard = shards[number]
                    .write()
                    .unwrap_or_else(PoisonError::into_inner);
                let known = shard.states.len();
                for (hash, state) in sent.iter().flat_map(|sent| &sent[number]) {
                    shard.insert(*hash, state);
                }
                for state in &shard.states[known..] {
                    let judged = unless_panics(|| {
                        worker.reached |= space.reached(&mut worker.scratch, state);
                        space.broken(&mut worker.scratch, state)
                    });
                    let property = match judged {
                        Some(None) => continue,
                        Some(property) => property,
                        None => None,
                    };
                    worker.fault = Some(Fault {
                        state: *state,
                        depth,
                        property,
                    });
                    is_over.store(true, Ordering::Relaxed);
                    return;
                }
                if Instant::now() > deadline {
                    is_over.store(true, Ordering::Relaxed);
                }
            }
        });
        self.sent.iter_mut().flatten().for_each(Vec::clear);
    }

    /// How it ends, where a fault was found.
    fn broken(&mut self) -> Option<End> {
        let fault = self.workers.iter().find_map(|worker| worker.fault)?;
        let path = self.path_to(&fault);
        Some(End::Broken(Counterexample {
            property: fault
                .property
                .map_or(NO_PANIC, |property| self.space.properties()[property]),
            steps: self.space.script(&path, fault.property),
        }))
    }

    /// What leads there: a shortest path.
    fn path_to(&mut self, fault: &Fault<S::State>) -> Vec<S::Action> {
        let (space, shards) = (self.space, &self.shards);
        let mut target = fault.state;
        let mut path = Vec::new();
        // What panicked may have left it half written.
        for worker in &mut self.workers {
            worker.scratch = space.scratch();
        }
        for level in (0..fault.depth).rev() {
            let chunks = self.chunks(level);
            let next = AtomicUsize::new(0);
            each(self.workers.iter_mut(), |worker| {
                while let Some((shard, places)) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let shard = read(&shards[*shard]);
                    for state in &shard.states[places.clone()] {
                        worker.found.clear();
                        space.steps(&mut worker.scratch, state, &mut worker.found);
                        let step = worker.found.iter().find(|(_, to)| *to == target);
                        if let Some((action, _)) = step {
                            worker.step = Some((*action, *state));
                            next.store(chunks.len(), Ordering::Relaxed);
                            return;
                        }
                    }
                }
            });
            let steps = self
                .workers
                .iter_mut()
                .filter_map(|worker| worker.step.take());
            let (action, from) = steps.last().expect("a step led there");
            path.push(action);
            target = from;
        }
        path.reverse();
        path
    }

    fn deadline(&self) -> Instant {
        /// For ever.
        const YEAR: f64 = 365.0 * 86400.0;
        let seconds = self.limits.seconds.unwrap_or(YEAR).clamp(0.0, YEAR);
        self.began + Duration::from_secs_f64(seconds)
    }

    /// The limit that is reached.
    fn limit(&self) -> Option<Limit> {
        let Progress { states, bytes, .. } = self.progress();
        if Instant::now() >= self.deadline() {
            Some(Limit::Seconds)
        } else if self.limits.states.is_some_and(|limit| states >= limit) {
            Some(Limit::States)
        } else if bytes.max(system::memory()) >= self.limits.memory {
            Some(Limit::Memory)
        } else {
            None
        }
    }

    /// How many states are known.
    fn states(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| read(shard).states.len())
            .sum()
    }

    fn progress(&self) -> Progress {
        let bytes: usize = self.shards.iter().map(|shard| read(shard).bytes()).sum();
        let states = self.states();
        Progress {
            states: states as u64,
            transitions: self.workers.iter().map(|worker| worker.transitions).sum(),
            depth: self.depth,
            waiting: (states - self.gone_on_from) as u64,
            seconds: self.began.elapsed().as_secs_f64(),
            bytes: bytes as u64,
        }
    }
}

fn read<T>(shard: &RwLock<Shard<T>>) -> impl std::ops::Deref<Target = Shard<T>> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `work` on each, a thread each; on one alone, in this thread.
fn each<W: Send>(mut workers: impl ExactSizeIterator<Item = W>, work: impl Fn(W) + Sync) {
    if workers.len() == 1 {
        return workers.by_ref().for_each(work);
    }
    #[cfg(feature = "flaws")]
    let flaw = flaw::on();
    thread::scope(|scope| {
        for worker in workers {
            let work = &work;
            scope.spawn(move || {
                // A flaw is on in one thread alone, unless it is carried on.
                #[cfg(feature = "flaws")]
                flaw::with(flaw, || work(worker));
                #[cfg(not(feature = "flaws"))]
                work(worker);
            });
        }
    });
}

/// What `run` gives back, none where it panics.
fn unless_panics<T>(run: impl FnOnce() -> T) -> Option<T> {
    panic::catch_unwind(AssertUnwindSafe(run)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Jugs of three and of five litres, and a tap: how are four litres measured?
    struct Jugs {
        goals: &'static [Property],
        may_hold_four: bool,
    }

    const PROPERTIES: &[Property] = &[Property {
        name: "No jug holds four litres.",
        requirements: &["SES-08"],
    }];
    const GOALS: &[Property] = &[
        Property {
            name: "Both are full.",
            requirements: &[],
        },
        Property {
            name: "Both hold two litres.",
            requirements: &[],
        },
    ];

    const SIZES: [u8; 2] = [3, 5];

    impl Space for Jugs {
        type State = [u8; 2];
        type Action = &'static str;
        type Scratch = ();

        fn scratch(&self) {}

        fn beginning(&self) -> [u8; 2] {
            [0, 0]
        }

        fn steps(&self, (): &mut (), from: &[u8; 2], found: &mut Vec<(&'static str, [u8; 2])>) {
            let [small, large] = *from;
            let poured = small.min(SIZES[1] - large);
            let back = large.min(SIZES[0] - small);
            found.extend([
                ("fill the small one", [SIZES[0], large]),
                ("fill the large one", [small, SIZES[1]]),
                ("empty the small one", [0, large]),
                ("empty the large one", [small, 0]),
                ("pour into the large one", [small - poured, large + poured]),
                ("pour into the small one", [small + back, large - back]),
            ]);
        }

        fn broken(&self, (): &mut (), state: &[u8; 2]) -> Option<usize> {
            (!self.may_hold_four && state.contains(&4)).then_some(0)
        }

        fn reached(&self, (): &mut (), state: &[u8; 2]) -> u64 {
            u64::from(*state == SIZES) | u64::from(*state == [2, 2]) << 1
        }

        fn properties(&self) -> &'static [Property] {
            PROPERTIES
        }

        fn goals(&self) -> &'static [Property] {
            self.goals
        }

        fn script(&self, path: &[&'static str], broken: Option<usize>) -> Vec<String> {
            let then = broken.map(|property| format!("Then {property} is broken"));
            let path = path.iter().map(|action| format!("When we {action}"));
            path.chain(then).collect()
        }
    }

    /// A grid: a step adds one to one of the coordinates, up to `size`.
    struct Grid {
        size: u16,
        trap: Option<[u16; 3]>,
        panics: bool,
    }

    impl Space for Grid {
        type State = [u16; 3];
        type Action = u8;
        type Scratch = ();

        fn scratch(&self) {}

        fn beginning(&self) -> [u16; 3] {
            [0; 3]
        }

        fn steps(&self, (): &mut (), from: &[u16; 3], found: &mut Vec<(u8, [u16; 3])>) {
            assert!(!self.panics || self.trap != Some(*from), "the trap");
            for (axis, at) in (0..).zip(from) {
                if *at < self.size {
                    let mut to = *from;
                    to[usize::from(axis)] += 1;
                    found.push((axis, to));
                }
            }
        }

        fn broken(&self, (): &mut (), state: &[u16; 3]) -> Option<usize> {
            (!self.panics && self.trap == Some(*state)).then_some(0)
        }

        fn reached(&self, (): &mut (), _: &[u16; 3]) -> u64 {
            0
        }

        fn properties(&self) -> &'static [Property] {
            PROPERTIES
        }

        fn goals(&self) -> &'static [Property] {
            &[]
        }

        fn script(&self, path: &[u8], _: Option<usize>) -> Vec<String> {
            path.iter().map(ToString::to_string).collect()
        }
    }

    const JUGS: Jugs = Jugs {
        goals: GOALS,
        may_hold_four: true,
    };

    const GRID: Grid = Grid {
        size: 39,
        trap: None,
        panics: false,
    };

    fn explored<S: Space>(space: &S, limits: &Limits) -> Outcome {
        explore(space, limits, &mut |_| {})
    }

    #[test]
    fn all_of_a_small_space_is_found() {
        let outcome = explored(&JUGS, &Limits::default());
        assert_eq!(outcome.end, End::Complete);
        assert_eq!(
            (outcome.states, outcome.transitions, outcome.depth),
            (16, 16 * 6, 7)
        );
        assert_eq!(outcome.unreached, [1], "no way leads to two litres in both");
    }

    #[test]
    fn a_counterexample_is_a_shortest_one() {
        let space = Jugs {
            may_hold_four: false,
            ..JUGS
        };
        let outcome = explored(&space, &Limits::default());
        let End::Broken(counterexample) = outcome.end else {
            panic!("{:?}", outcome.end);
        };
        assert_eq!(counterexample.property, PROPERTIES[0]);
        let steps = [
            "When we fill the large one",
            "When we pour into the small one",
            "When we empty the small one",
            "When we pour into the small one",
            "When we fill the large one",
            "When we pour into the small one",
            "Then 0 is broken",
        ];
        assert_eq!(counterexample.steps, steps);
    }

    #[test]
    fn any_number_of_threads_finds_the_same() {
        for threads in [1, 2, 3] {
            let limits = Limits {
                threads,
                ..Limits::default()
            };
            let mut told = 0;
            let outcome = explore(&GRID, &limits, &mut |progress| told = progress.states);
            assert_eq!(outcome.end, End::Complete);
            let found = (outcome.states, outcome.transitions, outcome.depth);
            assert_eq!(found, (64_000, 3 * 39 * 1600, 3 * 39));
            assert_eq!(told, 64_000);
        }
    }

    #[test]
    fn a_path_is_found_again_by_any_number_of_threads() {
        for (threads, panics) in [(1, false), (2, false), (1, true), (2, true)] {
            let space = Grid {
                trap: Some([20, 30, 10]),
                panics,
                ..GRID
            };
            let limits = Limits {
                threads,
                ..Limits::default()
            };
            let outcome = explored(&space, &limits);
            let End::Broken(Counterexample { property, steps }) = outcome.end else {
                panic!("{:?}", outcome.end);
            };
            assert_eq!(property, if panics { NO_PANIC } else { PROPERTIES[0] });
            let count = |axis| steps.iter().filter(|step| *step == axis).count();
            assert_eq!([count("0"), count("1"), count("2")], [20, 30, 10]);
        }
    }

    #[test]
    fn limits_are_kept() {
        let large = Grid { size: 2000, ..GRID };
        for threads in [1, 2] {
            let limits = Limits {
                threads,
                ..Limits::default()
            };
            let depth = Limits {
                depth: Some(3),
                ..limits
            };
            let outcome = explored(&large, &depth);
            assert_eq!(outcome.end, End::Stopped(Limit::Depth));
            assert_eq!((outcome.states, outcome.depth), (1 + 3 + 6 + 10, 3));

            let states = Limits {
                states: Some(50_000),
                ..limits
            };
            let outcome = explored(&large, &states);
            assert_eq!(outcome.end, End::Stopped(Limit::States));
            assert!(
                (50_000..51_000).contains(&outcome.states),
                "{}",
                outcome.states
            );

            let seconds = Limits {
                seconds: Some(0.25),
                ..limits
            };
            let outcome = explored(&large, &seconds);
            assert_eq!(outcome.end, End::Stopped(Limit::Seconds));
            assert!(
                (0.25..5.0).contains(&outcome.seconds),
                "{}",
                outcome.seconds
            );

            let memory = Limits {
                memory: 1 << 20,
                ..limits
            };
            assert_eq!(explored(&large, &memory).end, End::Stopped(Limit::Memory));
        }
        // Nothing is said of states further away, unless it was seen that there are none.
        let whole = Limits {
            depth: Some(8),
            ..Limits::default()
        };
        assert_eq!(explored(&JUGS, &whole).end, End::Complete);
        let one_less = Limits {
            depth: Some(7),
            ..Limits::default()
        };
        assert_eq!(explored(&JUGS, &one_less).end, End::Stopped(Limit::Depth));
    }
}
