//! `tigress model`.

use super::{CliError, Ended};
use anstream::stream::IsTerminal;
use clap::Args;
use indicatif::ProgressBar;
use owo_colors::OwoColorize;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tigress_signal::model::{
    Counterexample, End, Limit, Limits, MODELS, Model, Outcome, Progress, Property, model, script,
    script::Played,
};

/// Explore everything that can happen between the engine's machines within bounds (docs/model.md): each model's small bounds, or the whole
/// ladder of one.
///
/// Exit status: 0 where every property holds and every goal is reached; 1 where a property does not hold, or the whole ladder was climbed
/// and a goal not reached; 2 where no bound was completed.
#[derive(Args)]
pub(super) struct Explore {
    /// The model; where none is named, the small bounds of all.
    name: Option<String>,
    /// List the models with their bounds, and explore nothing.
    #[arg(long)]
    list: bool,
    /// Only this rung of a model's ladder of bounds, which counts from 1.
    #[arg(long, value_name = "N")]
    rung: Option<NonZeroUsize>,
    /// The whole ladder of every model.
    #[arg(long, conflicts_with_all = ["name", "rung"])]
    all: bool,
    /// Go so many steps from the beginning and no further.
    #[arg(long, value_name = "N")]
    depth: Option<u32>,
    /// At most so many seconds for each rung: 60 where a ladder is climbed (with --flaws, for each flaw: 120).
    #[arg(long, value_name = "N", value_parser = seconds)]
    seconds: Option<f64>,
    /// At most so many states for each rung.
    #[arg(long, value_name = "N")]
    states: Option<u64>,
    /// At most so much memory, in GiB.
    #[arg(long, value_name = "GIB", default_value = "16", value_parser = gibibytes)]
    memory: u64,
    /// Share the work among so many threads.
    #[arg(long, value_name = "N", default_value = "2")]
    threads: NonZeroUsize,
    /// Write the scenario of a counterexample into this file too.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Write the transcript of that scenario into this file: `tigress diagram` draws it.
    #[arg(long, value_name = "FILE")]
    transcript: Option<PathBuf>,
    /// Write the results into this page, in place of its table.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    #[cfg(feature = "flaws")]
    #[command(flatten)]
    flaws: flaws::Arguments,
}

/// Seconds for each rung of a ladder.
const CLIMB: f64 = 60.0;

/// A number of seconds above 0.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if f64::is_finite(seconds) && seconds > 0.0 => Ok(seconds),
        _ => Err("not a number of seconds above 0, such as 10 or 0.5".to_owned()),
    }
}

/// So many bytes.
fn gibibytes(text: &str) -> Result<u64, String> {
    const MOST: f64 = (1 << 20) as f64;
    match text.parse::<f64>() {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within its bounds"
        )]
        Ok(gibibytes) if gibibytes > 0.0 && gibibytes <= MOST => {
            Ok((gibibytes * f64::from(1 << 30)) as u64)
        }
        _ => Err("not a number of GiB above 0, such as 4 or 0.5".to_owned()),
    }
}

/// What came of one model.
struct Climbed {
    model: &'static dyn Model,
    /// By rung: those that were explored, in their order.
    rungs: Vec<(usize, Outcome)>,
}

impl Climbed {
    /// Whether every rung of the ladder was explored to its end.
    fn is_whole(&self) -> bool {
        let complete = |(_, outcome): &&(usize, Outcome)| outcome.end == End::Complete;
        self.rungs.iter().filter(complete).count() == self.model.bounds().len()
    }

    /// Goals that no rung reached.
    fn unreached(&self) -> Vec<usize> {
        let goals = 0..self.model.goals().len();
        let reached = |goal: &usize| {
            let mut rungs = self.rungs.iter();
            rungs.any(|(_, outcome)| !outcome.unreached.contains(goal))
        };
        goals.filter(|goal| !reached(goal)).collect()
    }

    fn ended(&self) -> Ended {
        let ends = || self.rungs.iter().map(|(_, outcome)| &outcome.end);
        if ends().any(|end| matches!(end, End::Broken(_))) {
            Ended::Badly
        } else if !ends().any(|end| *end == End::Complete) {
            Ended::Incomplete
        } else if self.is_whole() && !self.unreached().is_empty() {
            Ended::Badly
        } else {
            Ended::Well
        }
    }
}

impl Explore {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<Ended, CliError> {
        #[cfg(feature = "flaws")]
        if self.flaws.asked() {
            return self.hunt(out);
        }
        let models: Vec<&'static dyn Model> = match &self.name {
            Some(name) => vec![found(name)?],
            None => MODELS.to_vec(),
        };
        if self.list {
            models.iter().try_for_each(|model| list(out, *model))?;
            return Ok(Ended::Well);
        }
        let mut all = Vec::new();
        for model in models {
            all.push(self.climb(out, model)?);
        }
        if let Some(page) = &self.page {
            rewrite(page, PAGE, &table(&all))?;
        }
        writeln!(out, "{}", totals(&all))?;
        let ended: Vec<Ended> = all.iter().map(Climbed::ended).collect();
        Ok(if ended.contains(&Ended::Badly) {
            Ended::Badly
        } else if ended.contains(&Ended::Incomplete) {
            Ended::Incomplete
        } else {
            Ended::Well
        })
    }

    /// Whether whole ladders are climbed.
    fn climbs(&self) -> bool {
        self.rung.is_none() && (self.all || self.name.is_some())
    }

    fn limits(&self) -> Limits {
        Limits {
            depth: self.depth,
            seconds: self.seconds.or(self.climbs().then_some(CLIMB)),
            states: self.states,
            memory: self.memory,
            threads: self.threads.get(),
        }
    }

    /// Explores a model's rungs one after the other, until a property is broken: what one does not complete another may, since none
    /// holds all that the one before it does.
    fn climb(&self, out: &mut dyn Write, model: &'static dyn Model) -> Result<Climbed, CliError> {
        let bounds = model.bounds();
        let rungs = match self.rung {
            Some(rung) if rung.get() > bounds.len() => {
                let (name, count) = (model.name(), bounds.len());
                return Err(CliError::Usage(format!("{name} has {count} rungs")));
            }
            Some(rung) => rung.get() - 1..rung.get(),
            None if self.climbs() => 0..bounds.len(),
            None => 0..model.quick().min(bounds.len()),
        };
        writeln!(out, "{}: {}", model.name().bold(), model.about())?;
        let mut climbed = Climbed {
            model,
            rungs: Vec::new(),
        };
        for rung in rungs {
            writeln!(out, "  {}. {}", rung + 1, bounds[rung])?;
            out.flush()?;
            let mut screen = Screen::new(model, rung);
            let outcome =
                model.explore(rung, &self.limits(), &mut |progress| screen.show(progress));
            screen.bar.finish_and_clear();
            writeln!(out, "     {}", said(&outcome))?;
            let is_broken = matches!(outcome.end, End::Broken(_));
            if let End::Broken(counterexample) = &outcome.end {
                self.show(out, model, counterexample)?;
            }
            if let (End::Stopped(limit), []) = (&outcome.end, &climbed.rungs[..]) {
                let (name, reason) = (model.name(), reason(*limit));
                writeln!(
                    anstream::stderr(),
                    "error: no bound of {name} was completed: {reason}"
                )?;
            }
            climbed.rungs.push((rung, outcome));
            if is_broken {
                break;
            }
        }
        conclude(out, &climbed)?;
        Ok(climbed)
    }

    /// A counterexample as a scenario, and whether it fails as it should.
    fn show(
        &self,
        out: &mut dyn Write,
        model: &dyn Model,
        counterexample: &Counterexample,
    ) -> Result<(), CliError> {
        let text = script::feature(counterexample, model.name());
        writeln!(out, "\n{text}")?;
        let played = script::play(&text);
        match &played {
            Played::Fails(_) => writeln!(out, "The scenario runs, and fails as the model says.")?,
            Played::Panics => writeln!(out, "The scenario runs, and the engine panics.")?,
            Played::ComesOff(_) => writeln!(
                out,
                "The scenario succeeds: what the model says cannot be told in steps, or the model is wrong."
            )?,
            Played::CannotBePlayed(reason) => {
                writeln!(out, "The scenario cannot be played: {reason}")?;
            }
        }
        if let (Some(file), Some(run)) = (&self.transcript, played.run()) {
            fs::write(file, run.transcript.to_lines()).map_err(|error| fault(file, &error))?;
        }
        if let Some(file) = &self.scenario {
            fs::write(file, text).map_err(|error| fault(file, &error))?;
        }
        Ok(())
    }
}

fn found(name: &str) -> Result<&'static dyn Model, CliError> {
    model(name).ok_or_else(|| {
        CliError::Unknown(
            format!("no model is called `{name}`"),
            Vec::new(),
            "`tigress model --list` lists what there is",
        )
    })
}

/// A model, its bounds, its properties and goals.
fn list(out: &mut dyn Write, model: &dyn Model) -> io::Result<()> {
    writeln!(out, "{}: {}", model.name().bold(), model.about())?;
    for (number, bounds) in (1..).zip(model.bounds()) {
        writeln!(out, "  {number}. {bounds}")?;
    }
    section(out, "must hold", model.properties())?;
    section(out, "must be possible", model.goals())?;
    writeln!(out, "  left out")?;
    for reduction in model.reductions() {
        writeln!(out, "    {reduction}")?;
    }
    writeln!(out)
}

fn section(out: &mut dyn Write, title: &str, properties: &[Property]) -> io::Result<()> {
    writeln!(out, "  {title}")?;
    for property in properties {
        writeln!(out, "    {}", with_ids(property))?;
    }
    Ok(())
}

/// "One token has one holder. (XFER-18)"
fn with_ids(property: &Property) -> String {
    match property.requirements {
        [] => property.name.to_owned(),
        ids => format!("{} ({})", property.name, ids.join(", ")),
    }
}

/// What came of one rung, in a line.
fn said(outcome: &Outcome) -> String {
    let mut text = match &outcome.end {
        End::Complete => "complete".green().to_string(),
        End::Stopped(limit) => format!("{}: {}", "not completed".yellow(), reason(*limit)),
        End::Broken(counterexample) => {
            format!("{}: {}", "broken".red(), with_ids(&counterexample.property))
        }
    };
    let _ = write!(
        text,
        ": {} states, {} steps, depth {}; {}, {} states a second, {:.0} bytes a state",
        number(outcome.states),
        number(outcome.transitions),
        outcome.depth,
        time(outcome.seconds),
        rate(outcome.states, outcome.seconds),
        outcome.bytes_a_state,
    );
    for (what, count) in &outcome.machines {
        let _ = write!(text, "; {} {what}", number(*count));
    }
    text
}

fn reason(limit: Limit) -> &'static str {
    match limit {
        Limit::Depth => "it goes on below that depth",
        Limit::Seconds => "the time was over",
        Limit::States => "there are more states",
        Limit::Memory => "the memory was used up",
    }
}

/// What is proven of a model, and what not.
fn conclude(out: &mut dyn Write, climbed: &Climbed) -> io::Result<()> {
    let Climbed { model, rungs } = climbed;
    let bounds = model.bounds();
    let complete = |(_, outcome): &&(usize, Outcome)| outcome.end == End::Complete;
    match rungs.iter().rev().find(complete) {
        Some((rung, _)) => writeln!(out, "  proven within: {}", bounds[*rung])?,
        None => writeln!(out, "  proven: {}", "nothing".yellow())?,
    }
    let next = rungs
        .iter()
        .find(|(_, outcome)| outcome.end != End::Complete);
    let next = next.map(|(rung, _)| *rung);
    let next = next.or_else(|| rungs.last().map(|(rung, _)| rung + 1));
    match next.and_then(|rung| bounds.get(rung)) {
        Some(next) => writeln!(out, "  not completed: {next}")?,
        None => writeln!(out, "  that is the largest bound it has")?,
    }
    section(out, "holds in each state", model.properties())?;
    let unreached = climbed.unreached();
    writeln!(out, "  was reached")?;
    for (place, goal) in model.goals().iter().enumerate() {
        let mark = if unreached.contains(&place) {
            "not reached: ".red().to_string()
        } else {
            String::new()
        };
        writeln!(out, "    {mark}{}", with_ids(goal))?;
    }
    writeln!(out, "  left out")?;
    for reduction in model.reductions() {
        writeln!(out, "    {reduction}")?;
    }
    writeln!(out)
}

/// What came of all models, in a line.
fn totals(all: &[Climbed]) -> String {
    let rungs = || all.iter().flat_map(|climbed| &climbed.rungs);
    let complete = rungs().filter(|(_, outcome)| outcome.end == End::Complete);
    let broken = rungs().filter(|(_, outcome)| matches!(outcome.end, End::Broken(_)));
    let states = rungs().map(|(_, outcome)| outcome.states).sum();
    format!(
        "{} models: {} bounds completed, {} broken, {} states",
        all.len(),
        complete.count(),
        broken.count(),
        number(states)
    )
}

/// A line on standard error, and only where that is a terminal.
struct Screen {
    bar: ProgressBar,
    title: String,
}

impl Screen {
    fn new(model: &dyn Model, rung: usize) -> Self {
        let bar = if io::stderr().is_terminal() {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            bar,
            title: format!("{} {}", model.name(), rung + 1),
        }
    }

    fn show(&mut self, progress: &Progress) {
        self.bar.set_message(format!(
            "{}: {} states, {} waiting, depth {}, {} states a second, {} MiB, {}",
            self.title,
            number(progress.states),
            number(progress.waiting),
            progress.depth,
            rate(progress.states, progress.seconds),
            number(progress.bytes >> 20),
            time(progress.seconds),
        ));
    }
}

/// 12,345,678.
fn number(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// So many a second.
fn rate(count: u64, seconds: f64) -> String {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a figure that is shown"
    )]
    let rate = (count as f64 / seconds.max(1e-3)) as u64;
    number(rate)
}

fn time(seconds: f64) -> String {
    if seconds < 120.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{:.0} min", seconds / 60.0)
    }
}

fn fault(file: &Path, error: &io::Error) -> CliError {
    CliError::Usage(format!("{}: {error}", file.display()))
}

/// The command that a part of a page is made by.
const PAGE: &str = "tigress model --all --page";

/// Puts `text` in the place of what stands in the page between `<!-- made by `COMMAND` -->` and `<!-- end -->`.
fn rewrite(page: &Path, command: &str, text: &str) -> Result<(), CliError> {
    let old = fs::read_to_string(page).map_err(|error| fault(page, &error))?;
    let begin = format!("<!-- made by `{command}` -->\n");
    let parts = old
        .split_once(&begin)
        .and_then(|(before, rest)| Some((before, rest.split_once("<!-- end -->")?.1)));
    let Some((before, after)) = parts else {
        let what = "has no place for it";
        return Err(CliError::Usage(format!(
            "{}: {what}: {begin}",
            page.display()
        )));
    };
    let new = format!("{before}{begin}\n{text}\n<!-- end -->{after}");
    fs::write(page, new).map_err(|error| fault(page, &error))
}

/// What is proven and what not, as Markdown.
fn table(all: &[Climbed]) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    line(
        "| model | bounds | | states | steps | depth | seconds | states a second | bytes a state |"
            .to_owned(),
    );
    line("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |".to_owned());
    for Climbed { model, rungs } in all {
        for (rung, bounds) in model.bounds().iter().enumerate() {
            let name = format!("{} {}", model.name(), rung + 1);
            let Some((_, outcome)) = rungs.iter().find(|(number, _)| *number == rung) else {
                line(format!("| {name} | {bounds} | not tried | | | | | | |"));
                continue;
            };
            let how = match &outcome.end {
                End::Complete => "proven".to_owned(),
                End::Stopped(limit) => format!("not completed: {}", reason(*limit)),
                End::Broken(counterexample) => format!("broken: {}", counterexample.property.name),
            };
            line(format!(
                "| {name} | {bounds} | {how} | {} | {} | {} | {:.1} | {} | {:.0} |",
                number(outcome.states),
                number(outcome.transitions),
                outcome.depth,
                outcome.seconds,
                rate(outcome.states, outcome.seconds),
                outcome.bytes_a_state,
            ));
        }
    }
    line(format!("\n{}.", totals(all)));
    for climbed in all {
        let model = climbed.model;
        line(format!(
            "\n### {}\n\n{}\n\nHolds in each state:\n",
            model.name(),
            model.about()
        ));
        for property in model.properties() {
            line(format!("* {}", with_ids(property)));
        }
        line("\nIs reached:\n".to_owned());
        let unreached = climbed.unreached();
        for (place, goal) in model.goals().iter().enumerate() {
            let mark = if unreached.contains(&place) {
                "not within these bounds: "
            } else {
                ""
            };
            line(format!("* {mark}{}", with_ids(goal)));
        }
        line("\nLeft out:\n".to_owned());
        for reduction in model.reductions() {
            line(format!("* {reduction}"));
        }
    }
    text
}

/// `tigress model --flaws`, in builds with feature `flaws`.
#[cfg(feature = "flaws")]
mod flaws {
    use super::{CliError, Ended, Explore, number, rewrite, time, with_ids};
    use clap::Args;
    use owo_colors::OwoColorize;
    use std::fmt::Write as _;
    use std::io::Write;
    use std::panic;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Mutex, PoisonError, mpsc};
    use std::thread;
    use tigress_signal::conformance::flaws::{Flaw, all};
    use tigress_signal::model::flaws::{GROUPS, How, Hunted, attacks, hunt, is_above_the_wire};
    use tigress_signal::model::{Limits, MODELS, Model};

    /// The command that a part of a page is made by.
    const PAGE: &str = "tigress model --flaws --page";

    /// Where no other time is named.
    const SECONDS: f64 = 120.0;

    #[derive(Args)]
    pub(super) struct Arguments {
        /// Switch on the flaws above the wire one by one, and show which model finds each, or whether the named one does; the threads share the flaws.
        #[arg(long)]
        flaws: bool,
        /// Only this flaw (`SES-03 behind`), wherever it is, or those of this requirement (`SES-03`); may be repeated.
        #[arg(long, value_name = "NAME", requires = "flaws")]
        only: Vec<String>,
        /// Only the first rungs of each model.
        #[arg(long, value_name = "N", requires = "flaws")]
        rungs: Option<usize>,
        /// Show the scenarios too.
        #[arg(long, requires = "flaws")]
        verbose: bool,
    }

    impl Arguments {
        pub(super) fn asked(&self) -> bool {
            self.flaws
        }
    }

    impl Explore {
        pub(super) fn hunt(&self, out: &mut dyn Write) -> Result<Ended, CliError> {
            let arguments = &self.flaws;
            let is_an_attack = |flaw: &Flaw| attacks().any(|(_, name)| name == flaw.name);
            let is_named = |flaw: &Flaw| {
                let mut names = arguments.only.iter();
                names.any(|name| name == flaw.name || name == flaw.requirement())
            };
            let chosen = |flaw: &Flaw| {
                if arguments.only.is_empty() {
                    is_above_the_wire(flaw) || is_an_attack(flaw)
                } else {
                    is_named(flaw)
                }
            };
            let flaws: Vec<Flaw> = all().filter(chosen).collect();
            if flaws.is_empty() {
                return Err(CliError::Usage("no flaw is called that".to_owned()));
            }
            let limits = Limits {
                threads: 1,
                seconds: Some(self.seconds.unwrap_or(SECONDS)),
                ..self.limits()
            };
            let models = match &self.name {
                Some(name) => vec![super::found(name)?],
                None => MODELS.to_vec(),
            };
            let rungs = models.iter().map(|model| model.bounds().len()).max();
            let rungs = arguments.rungs.or(rungs).unwrap_or_default();
            let hunted = self.hunt_all(&models, &flaws, &limits, rungs, &mut |hunted| {
                show(out, hunted, arguments.verbose)
            })?;
            if let Some(page) = &self.page {
                rewrite(page, PAGE, &table(&hunted))?;
            }
            writeln!(out)?;
            of_attacks(&hunted).try_for_each(|line| writeln!(out, "{line}"))?;
            writeln!(out, "{}", totals(&hunted))?;
            let all_found = hunted.iter().all(|hunted| hunted.how.is_found());
            Ok(if all_found { Ended::Well } else { Ended::Badly })
        }

        /// Each flaw with what the models make of it, in their order; `told` is told in the order in which they end.
        fn hunt_all(
            &self,
            models: &[&dyn Model],
            flaws: &[Flaw],
            limits: &Limits,
            rungs: usize,
            told: &mut dyn FnMut(&Hunted) -> std::io::Result<()>,
        ) -> Result<Vec<Hunted>, CliError> {
            let next = AtomicUsize::new(0);
            let found = Mutex::new(Vec::new());
            // A flaw may well make the engine panic: that is caught, and told of in a line.
            let hook = panic::take_hook();
            panic::set_hook(Box::new(|_| {}));
            let written = thread::scope(|scope| {
                let (ended, ends) = mpsc::channel();
                for _ in 0..self.threads.get().min(flaws.len()) {
                    let (ended, next, found) = (ended.clone(), &next, &found);
                    scope.spawn(move || {
                        loop {
                            let index = next.fetch_add(1, Ordering::Relaxed);
                            let Some(flaw) = flaws.get(index) else { return };
                            let hunted = hunt(models, *flaw, limits, rungs);
                            let _ = ended.send(hunted.clone());
                            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                            found.push((index, hunted));
                        }
                    });
                }
                drop(ended);
                ends.iter().try_for_each(|hunted| told(&hunted))
            });
            panic::set_hook(hook);
            written?;
            let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
            found.sort_by_key(|(index, _)| *index);
            Ok(found.into_iter().map(|(_, hunted)| hunted).collect())
        }
    }

    fn show(out: &mut dyn Write, hunted: &Hunted, verbose: bool) -> std::io::Result<()> {
        let Hunted { flaw, how, .. } = hunted;
        writeln!(out, "{}: {}", flaw.name.bold(), flaw.what)?;
        let text = if how.is_found() {
            said(hunted).green().to_string()
        } else {
            said(hunted).red().to_string()
        };
        writeln!(out, "    {text}")?;
        if let (How::Broken { scenario, .. }, true) = (how, verbose) {
            writeln!(out, "\n{scenario}")?;
        }
        out.flush()
    }

    /// What told of it, and when.
    fn said(hunted: &Hunted) -> String {
        let by = hunted.by.map_or_else(String::new, |(model, rung)| {
            format!("{model} {}: ", rung + 1)
        });
        let what = match &hunted.how {
            How::Broken {
                property,
                is_confirmed,
                ..
            } => {
                let confirmed = if *is_confirmed {
                    "the scenario fails with it and succeeds without"
                } else {
                    "the scenario does not tell"
                };
                format!("{}; {confirmed}", with_ids(property))
            }
            How::Panicked(said) => format!("the engine panics: {said}"),
            How::OutOfReach(goal) => format!("out of reach: {}", with_ids(goal)),
            How::Disturbed(before, now) => format!(
                "only figures are others: {} states, not {}; {} steps, not {}",
                number(now.states),
                number(before.states),
                number(now.transitions),
                number(before.transitions),
            ),
            How::NotFound => "not found".to_owned(),
        };
        let when = format!("{}, {} states", time(hunted.seconds), number(hunted.states));
        format!("{by}{what}; {when}")
    }

    fn totals(all: &[Hunted]) -> String {
        let count = |is: &dyn Fn(&How) -> bool| all.iter().filter(|hunted| is(&hunted.how)).count();
        let found = count(&How::is_found);
        let with_scenario = count(&|how| how.is_found() && matches!(how, How::Broken { .. }));
        let untold = count(&|how| !how.is_found() && matches!(how, How::Broken { .. }));
        let disturbed = count(&|how| matches!(how, How::Disturbed(..)));
        format!(
            "{} flaws ({} and those that bring an attack back): {found} found ({} in a hundred), {with_scenario} of them with a scenario that tells; {untold} break a property and no scenario tells, {disturbed} only disturb a figure, {} are not found",
            all.len(),
            GROUPS.join(", "),
            100 * found / all.len().max(1),
            count(&|how| matches!(how, How::NotFound)),
        )
    }

    /// What is found of the attacks of docs/threats.md, a line each.
    fn of_attacks(all: &[Hunted]) -> impl Iterator<Item = String> {
        attacks().filter_map(|(number, name)| {
            let hunted = all.iter().find(|hunted| hunted.flaw.name == name)?;
            Some(format!("attack {number}, `{name}`: {}", said(hunted)))
        })
    }

    /// What the models find, as Markdown.
    fn table(all: &[Hunted]) -> String {
        let mut text = "| flaw | what is wrong | found | seconds | states |\n| --- | --- | --- | ---: | ---: |\n".to_owned();
        for hunted in all {
            let Hunted { flaw, how, by, .. } = hunted;
            let by = by.map_or_else(String::new, |(model, rung)| {
                format!("{model} {}: ", rung + 1)
            });
            let what = match how {
                How::Broken {
                    property,
                    is_confirmed,
                    ..
                } => {
                    let unconfirmed = if *is_confirmed {
                        ""
                    } else {
                        " (no scenario tells)"
                    };
                    format!("{}{unconfirmed}", property.name)
                }
                How::Panicked(_) => "the engine panics".to_owned(),
                How::OutOfReach(goal) => format!("out of reach: {}", goal.name),
                How::Disturbed(..) => "only figures are others".to_owned(),
                How::NotFound => "no".to_owned(),
            };
            let (name, wrong) = (flaw.name, flaw.what);
            let (seconds, states) = (hunted.seconds, number(hunted.states));
            let _ = writeln!(
                text,
                "| `{name}` | {wrong} | {by}{what} | {seconds:.1} | {states} |"
            );
        }
        let _ = writeln!(
            text,
            "\n{}.\n\nThe attacks of [threats.md](threats.md):\n",
            totals(all)
        );
        for line in of_attacks(all) {
            let _ = writeln!(text, "* {line}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{number, rewrite};

    #[test]
    fn large_numbers_have_commas() {
        let shown = [0, 999, 1000, 1_234_567].map(number);
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_part_of_a_page_is_made_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let page = folder.path().join("a.md");
        let text = "# A\n\n<!-- made by `x` -->\nold\n<!-- end -->\n\nrest\n";
        std::fs::write(&page, text).expect("written");
        rewrite(&page, "x", "new").expect("rewritten");
        let new = std::fs::read_to_string(&page).expect("read");
        assert_eq!(
            new,
            "# A\n\n<!-- made by `x` -->\n\nnew\n<!-- end -->\n\nrest\n"
        );
        assert!(rewrite(&page, "y", "new").is_err());
    }
}
