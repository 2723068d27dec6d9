//! Four wallets, their intermediary and a hostile network: steps of scenarios in any order.

use crate::prepared;
use arbitrary::Arbitrary;
use std::fmt;
use tigress_signal::conformance::scenario::Rehearsal;

/// Longer scripts are cut.
const STEPS: usize = 24;

/// A sender's device.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Device {
    /// The sender's phone.
    BensPhone,
    /// The sender's watch.
    BensWatch,
    /// The receiver's phone.
    RyansPhone,
    /// The receiver's watch.
    RyansWatch,
}

/// A request to the intermediary.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Request {
    /// For a bundle.
    Bundle,
    /// With messages.
    Submission,
    /// For what waits.
    Reading,
    /// That it was read.
    Acknowledgement,
}

/// What the network does to it.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Fate {
    /// It is lost.
    Lost,
    /// It arrives twice.
    Twice,
    /// It waits.
    HeldBack,
    /// Its answer is lost.
    AnswerLost,
}

/// A credential.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Name {
    /// A car key.
    TheCar,
    /// A car key.
    TheVan,
    /// A hotel key.
    TheRoom,
}

/// A step.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Step {
    /// The network.
    Network(Device, Request, Fate),
    /// A message is damaged.
    Damaged(Device),
    /// The device goes offline.
    Offline(Device),
    /// And comes back.
    Online(Device),
    /// It restarts.
    Restart(Device),
    /// Its messages are withheld.
    Withheld(Device),
    /// Its last message is replayed.
    Replayed(Device),
    /// Everybody restarts.
    AllRestart,
    /// The intermediary withholds nothing.
    WithholdsNothing,
    /// It reverses its answers.
    Reverses,
    /// What was held back arrives.
    Arrives,
    /// A minute passes.
    Minute,
    /// Seven hours pass.
    Hours,
    /// A day and an hour pass.
    Day,
    /// An offer.
    Offers(bool, Name, bool),
    /// The user accepts.
    Accepts(bool, Name),
    /// The user declines.
    Declines(bool, Name),
    /// The user cancels.
    Cancels(Device, Name),
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Device::BensPhone => "Ben's phone",
            Device::BensWatch => "Ben's watch",
            Device::RyansPhone => "Ryan's phone",
            Device::RyansWatch => "Ryan's watch",
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Name::TheCar => "\"the car\"",
            Name::TheVan => "\"the van\"",
            Name::TheRoom => "\"the room\"",
        })
    }
}

/// As the scenario says it.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ryans = |watch: bool| {
            if watch {
                "Ryan's watch"
            } else {
                "Ryan's phone"
            }
        };
        match *self {
            Step::Network(device, request, fate) => {
                let request = match request {
                    Request::Bundle => "bundle request",
                    Request::Submission => "submission",
                    Request::Reading => "reading",
                    Request::Acknowledgement => "acknowledgement",
                };
                match fate {
                    Fate::Lost => write!(f, "the next {request} of {device} is lost"),
                    Fate::Twice => write!(f, "the next {request} of {device} arrives twice"),
                    Fate::HeldBack => write!(f, "the next {request} of {device} is held back"),
                    Fate::AnswerLost => {
                        write!(f, "the answer to the next {request} of {device} is lost")
                    }
                }
            }
            Step::Damaged(device) => write!(f, "the next submission of {device} is damaged"),
            Step::Offline(device) => write!(f, "{device} goes offline"),
            Step::Online(device) => write!(f, "{device} comes online"),
            Step::Restart(device) => write!(f, "{device} restarts"),
            Step::Withheld(device) => {
                write!(f, "the intermediary withholds the messages of {device}")
            }
            Step::Replayed(device) => {
                write!(f, "the intermediary replays the last message to {device}")
            }
            Step::AllRestart => f.write_str("everybody restarts"),
            Step::WithholdsNothing => f.write_str("the intermediary withholds nothing any more"),
            Step::Reverses => f.write_str("the intermediary reverses its answers"),
            Step::Arrives => f.write_str("what was held back arrives in reverse"),
            Step::Minute => f.write_str("1 minute passes"),
            Step::Hours => f.write_str("7 hours pass"),
            Step::Day => f.write_str("25 hours pass"),
            Step::Offers(watch, name, to) => {
                let from = if watch { "Ben's watch" } else { "Ben's phone" };
                let what = match name {
                    Name::TheRoom => "hotel key",
                    Name::TheCar | Name::TheVan => "car key",
                };
                let to = ryans(to);
                write!(f, "{from} offers a {what} called {name} to {to}")
            }
            Step::Accepts(watch, name) => write!(f, "{} accepts {name}", ryans(watch)),
            Step::Declines(watch, name) => write!(f, "{} declines {name}", ryans(watch)),
            Step::Cancels(device, name) => write!(f, "{device} cancels {name}"),
        }
    }
}

/// A script. Printed, it is a scenario.
#[derive(Arbitrary)]
pub struct Script {
    /// Its steps.
    pub steps: Vec<Step>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Feature: Found by fuzzing\n  What went wrong.\n\n  @XFER-01\n  Scenario: It goes wrong"
        )?;
        writeln!(
            f,
            "    * Ben has a phone and a watch\n    * Ryan has a phone and a watch"
        )?;
        for step in self.steps.iter().take(STEPS) {
            writeln!(f, "    * {step}")?;
        }
        Ok(())
    }
}

/// The properties of every scenario, consent, expiry, and that all ends well once the network is fair.
pub fn run(script: Script) {
    let _ = play(script);
}

/// As [`run`]: the wallets, and everything that happened.
///
/// # Panics
/// Where something does not hold.
#[must_use]
pub fn play(script: Script) -> Rehearsal {
    let everybody = prepared!(Rehearsal, Rehearsal::new("fuzz").expect("everybody joins"));
    let mut wallets = everybody.with(Rehearsal::clone);
    for step in script.steps.into_iter().take(STEPS) {
        if let Err(failure) = wallets.play(&step.to_string()) {
            panic!("{failure}\n{wallets}");
        }
    }
    if let Err(failure) = wallets.end() {
        panic!("{failure}\n{wallets}");
    }
    wallets
}
