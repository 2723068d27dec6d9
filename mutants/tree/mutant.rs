//! Asks the engine under a mutation. The mutation is the subject's alone: whoever plays with it and judges it has none.
//!
//! `mutant trace` asks every case, and writes which mutations it comes by. `mutant` reads lines, a mutation and the numbers of the
//! cases to ask, and writes the number of each case before it is asked, and at the end `caught` or `survived`.

use std::io::{self, BufRead, Write};
use std::panic::{self, AssertUnwindSafe};
use std::time::Instant;
use tigress_signal::conformance::case::{Case, Cases};
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::run::{Outcome, Terms, ask};
use tigress_signal::conformance::subject::{Description, Failure, Subject};
use tigress_signal::mutation;

struct Mutant {
    id: Option<u32>,
    engine: Reference,
}

impl Mutant {
    fn with<T>(&mut self, run: impl FnOnce(&mut Reference) -> T) -> T {
        match self.id {
            Some(id) => mutation::with(id, || run(&mut self.engine)),
            None => mutation::traced(|| run(&mut self.engine)),
        }
    }
}

impl Subject for Mutant {
    fn describe(&self) -> Description {
        self.engine.describe()
    }

    fn reset(&mut self, suite: &str) -> Result<(), Failure> {
        self.with(|engine| engine.reset(suite))
    }

    fn call(
        &mut self,
        method: &str,
        params: serde_json::Value,
    ) -> Result<serde_json::Value, Failure> {
        self.with(|engine| engine.call(method, params))
    }
}

/// How the case goes; none where the engine panics.
fn asked(id: Option<u32>, case: &Case) -> Option<Outcome> {
    let engine = mutation::with(0, Reference::default);
    let mut mutant = Mutant { id, engine };
    let ask = || mutation::with(0, || ask(&mut mutant, case, Terms::REFERENCE));
    panic::catch_unwind(AssertUnwindSafe(ask)).ok()
}

/// Whether the mutation is noticed: whoever does not pass what is asked without one does not conform any more.
fn fails(id: Option<u32>, case: &Case) -> bool {
    !matches!(asked(id, case), Some(Outcome::Passed))
}

fn main() -> io::Result<()> {
    let cases = Cases::load(None, None);
    let cases: Vec<Case> = cases.iter().collect();
    let mut out = io::stdout().lock();
    if std::env::args().nth(1).as_deref() == Some("trace") {
        for case in &cases {
            let began = Instant::now();
            let outcome = asked(None, case);
            let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            let mut reached = mutation::reached();
            // What is not asked anyway tells nothing of a mutation.
            let skipped = matches!(outcome, Some(Outcome::Skipped(_)));
            if skipped {
                reached.clear();
            }
            let line = serde_json::json!({
                "case": case.name(),
                "microseconds": micros,
                "failed": !skipped && outcome != Some(Outcome::Passed),
                "reached": reached,
            });
            writeln!(out, "{line}")?;
        }
        return Ok(());
    }
    panic::set_hook(Box::new(|_| {}));
    // What is made once for the whole process is made before any mutation is on.
    for case in cases.iter().take(1) {
        fails(Some(0), case);
    }
    for line in io::stdin().lock().lines() {
        let line = line?;
        let mut numbers = line
            .split(' ')
            .filter_map(|number| number.parse::<u32>().ok());
        let id = numbers.next();
        let mut said = "survived";
        for number in numbers {
            writeln!(out, "{number}")?;
            out.flush()?;
            if fails(id, &cases[number as usize]) {
                said = "caught";
                break;
            }
        }
        writeln!(out, "{said}")?;
        out.flush()?;
    }
    Ok(())
}
