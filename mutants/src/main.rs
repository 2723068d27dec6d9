//! Every mutation of the engine in one build: each stands behind a switch in a copy of the tree, and is held against the vectors and
//! scenarios that come by it.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `listed` | the mutations, as cargo-mutants lists them |
//! | `text` | a text with changes within each other |
//! | `splice` | the switches of a file |
//! | `check` | whose fault it is that something does not compile |
//! | `tree` | the copy of the tree |
//! | `trial` | a mutation against its cases |
//! | `table` | figures, and survivors that were looked at |

mod check;
mod listed;
mod splice;
mod table;
mod text;
mod tree;
mod trial;

use listed::{Mutation, room};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use table::{Fate, Reviewed, table};
use tree::Tree;
use trial::{End, Reach, Trial, plan};

/// How a mutation ended, as it is kept.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    /// In which state of engine and cases.
    of: u64,
    mutation: String,
    end: End,
    by: Option<String>,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(list) = arguments.next() else {
        eprintln!("mutants: which list?");
        return ExitCode::from(2);
    };
    let rooms: Vec<String> = arguments.collect();
    match run(Path::new(&list), &rooms) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("mutants: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether every survivor of these rooms was looked at, and everything that was looked at survives. All rooms where none is named.
fn run(list: &Path, rooms: &[String]) -> Result<bool, String> {
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let mutations = listed::read(&read(list)?)?;
    let reviewed = Reviewed::read(&read(Path::new("mutants/survivors.txt"))?)?;
    let here = std::env::current_dir().map_err(|error| error.to_string())?;
    let tree = Tree {
        root: &here,
        state: here.join("target/mutants"),
    };
    if let Some(unknown) = rooms
        .iter()
        .find(|room| mutations.iter().all(|it| it.room() != *room))
    {
        return Err(format!("there is no room `{unknown}`"));
    }
    let (sorted, of) = tree.make(&mutations)?;
    let program = tree.program();
    let reach = reach(&tree, &program, of)?;
    let is_asked = |room: &str| rooms.is_empty() || rooms.iter().any(|asked| asked == room);
    let numbered = (1..).zip(&mutations);
    let asked: Vec<(u32, &Mutation)> = numbered
        .filter(|(id, it)| is_asked(it.room()) && !sorted.left_out.contains(id))
        .collect();
    let switched = asked
        .iter()
        .copied()
        .filter(|(id, _)| !sorted.refused.contains_key(id) && !sorted.not_built.contains_key(id));
    let switched: Vec<_> = switched.collect();
    let ends = ends(&tree, &program, of, &reach, &switched, &reviewed)?;
    let fates = asked.iter().map(|(id, mutation)| {
        let fate = match ends.get(&mutation.key) {
            Some(end) => Fate::Tried(*end),
            None if sorted.refused.contains_key(id) => Fate::DoesNotCompile,
            None => Fate::NotBuilt,
        };
        (*mutation, fate)
    });
    let fates: Vec<(&Mutation, Fate)> = fates.collect();
    print!("\n{}", table(&fates, &reviewed));
    Ok(told(&fates, &reviewed, is_asked))
}

/// Names the survivors that nobody has looked at, and what somebody has looked at and survives no longer. Whether there are
/// none of either.
fn told(fates: &[(&Mutation, Fate)], reviewed: &Reviewed, is_asked: impl Fn(&str) -> bool) -> bool {
    let (mut survivors, mut new, mut stale) = (0, 0, 0);
    for (mutation, fate) in fates {
        let is_reviewed = reviewed.0.contains_key(&mutation.key);
        match fate {
            Fate::Tried(end) if end.is_survivor() => {
                survivors += 1;
                if !is_reviewed {
                    new += 1;
                    let line = mutation.span.start.line;
                    let reached = match end {
                        End::NotReached => ", no case comes by it",
                        _ => "",
                    };
                    println!("survived: {} (line {line}{reached})", mutation.key);
                }
            }
            _ if is_reviewed => {
                stale += 1;
                println!("no longer survives: {}", mutation.key);
            }
            _ => {}
        }
    }
    let is_listed = |key: &str| fates.iter().any(|(mutation, _)| mutation.key == key);
    for key in reviewed
        .0
        .keys()
        .filter(|key| is_asked(room(key)) && !is_listed(key))
    {
        stale += 1;
        println!("there is no such mutation: {key}");
    }
    let tried = fates
        .iter()
        .filter(|(_, fate)| matches!(fate, Fate::Tried(_)))
        .count();
    println!(
        "{tried} of {} mutations tried; {survivors} survive, {new} of them unreviewed; {stale} reviewed ones do not",
        fates.len()
    );
    new + stale == 0
}

/// Which case comes by which mutations.
fn reach(tree: &Tree, program: &Path, of: u64) -> Result<Vec<Reach>, String> {
    let file = tree.state.join(format!("reach.{of:x}.jsonl"));
    if !file.is_file() {
        println!("every case, without a mutation");
        let new = tree.state.join("reach.new");
        let out = File::create(&new).map_err(|error| error.to_string())?;
        let status = Command::new(program)
            .arg("trace")
            .stdout(Stdio::from(out))
            .status();
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("mutant trace: {status}")),
            Err(error) => return Err(format!("mutant trace: {error}")),
        }
        fs::rename(new, &file).map_err(|error| error.to_string())?;
    }
    let lines = BufReader::new(File::open(&file).map_err(|error| error.to_string())?).lines();
    let mut all = Vec::new();
    for line in lines {
        let line = line.map_err(|error| error.to_string())?;
        let reach: Reach = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        if reach.failed {
            return Err(format!("{} fails without a mutation", reach.case));
        }
        all.push(reach);
    }
    Ok(all)
}

/// How each of them ends: what is known of this state is not tried again.
fn ends(
    tree: &Tree,
    program: &Path,
    of: u64,
    reach: &[Reach],
    mutations: &[(u32, &Mutation)],
    reviewed: &Reviewed,
) -> Result<BTreeMap<String, End>, String> {
    let file = tree.state.join("outcomes.jsonl");
    let before = fs::read_to_string(&file).unwrap_or_default();
    let before = before
        .lines()
        .filter_map(|line| serde_json::from_str::<Kept>(line).ok());
    let before: HashMap<String, Kept> = before.map(|kept| (kept.mutation.clone(), kept)).collect();
    let keys: HashMap<u32, &str> = mutations
        .iter()
        .map(|(id, it)| (*id, it.key.as_str()))
        .collect();
    let plan = plan(reach, |id| before.get(*keys.get(&id)?)?.by.clone());
    let known = before.values().filter(|kept| kept.of == of);
    let known = known.map(|kept| (kept.mutation.clone(), kept.end));
    let known: BTreeMap<String, End> = known.collect();
    let left = mutations
        .iter()
        .filter(|(_, it)| !known.contains_key(&it.key));
    let mut left: Vec<_> = left.collect();
    // Whatever is done by an interruption is a sample of all rooms.
    left.sort_by_cached_key(|(_, it)| {
        let mut hasher = DefaultHasher::new();
        it.key.hash(&mut hasher);
        hasher.finish()
    });
    let cases = |id: &u32| plan.get(id).map_or(&[][..], Vec::as_slice);
    let halves = |id: &u32| cases(id).split_at(quick(reach, cases(id)));
    // What is caught is caught soon, mostly; only then everything else is asked of who is left, and of reviewed survivors last.
    let firsts = left
        .iter()
        .map(|(id, it)| (*id, *it, halves(id).0, halves(id).1.is_empty()));
    let rests = left.iter().map(|(id, it)| (*id, *it, halves(id).1, true));
    let mut rests: Vec<_> = rests.filter(|part| !part.2.is_empty()).collect();
    rests.sort_by_key(|(_, it, cases, _)| {
        let times = cases.iter().map(|&at| reach[at].microseconds);
        (reviewed.0.contains_key(&it.key), times.sum::<u64>())
    });
    let parts: Vec<_> = firsts.chain(rests).collect();
    let out = File::options().create(true).append(true).open(&file);
    let found = Mutex::new((known, out.map_err(|error| error.to_string())?));
    let found = || found.lock().unwrap_or_else(PoisonError::into_inner);
    let next = AtomicUsize::new(0);
    let work = || -> Result<(), String> {
        let mut trial = Trial::new(program, reach);
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((id, mutation, cases, is_last)) = parts.get(at).copied() else {
                return Ok(());
            };
            if at % 100 == 99 {
                println!("{} of {}", at + 1, parts.len());
            }
            if found().0.contains_key(&mutation.key) {
                continue;
            }
            let (end, by) = trial.run(id, cases).map_err(|error| error.to_string())?;
            if end.is_survivor() && !is_last {
                continue;
            }
            let mutation = mutation.key.clone();
            let kept = Kept {
                of,
                mutation,
                end,
                by,
            };
            let line = serde_json::to_string(&kept).unwrap_or_default();
            let mut found = found();
            writeln!(found.1, "{line}").map_err(|error| error.to_string())?;
            found.0.insert(kept.mutation, end);
        }
    };
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            worker
                .join()
                .unwrap_or_else(|_| Err("a worker panicked".to_owned()))
        })
    })?;
    let ends = found().0.clone();
    Ok(ends)
}

/// So many of the cases take a second and a half together.
fn quick(reach: &[Reach], cases: &[usize]) -> usize {
    let mut left: u64 = 1_500_000;
    let times = cases.iter().map(|&at| reach[at].microseconds);
    let fit = times.take_while(|&time| {
        left = left.saturating_sub(time);
        left > 0
    });
    fit.count()
}
