//! Wallets led through steps in any order, and what must hold whatever the steps are.

use super::script::Step;
use super::stage::Stage;
use super::step_failure::StepFailure;
use super::transcript::Line;
use crate::identifier::TransferId;
use crate::suite;
use crate::transfer::StateName;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

const DEVICES: [&str; 4] = ["Ben's phone", "Ben's watch", "Ryan's phone", "Ryan's watch"];
/// How long an offer lives that does not say (XFER-10), in seconds.
const LIFETIME: u64 = 48 * 3600;
/// By so many seconds two clocks differ at most: each may be a day off.
const SKEW: u64 = 2 * 24 * 3600;
/// So many bytes a wallet's saved state grows by at most, in a rehearsal.
const GROWTH: u64 = 256 * 1024;

/// What is known of a transfer.
#[derive(Clone, Debug)]
struct Deal {
    /// None where nothing was offered yet under its name.
    transfer: Option<TransferId>,
    expires: u64,
    /// The devices whose user said yes.
    consents: BTreeSet<String>,
}

/// Two people with a phone and a watch each, led through steps of scenarios, and held to:
///
/// * what every scenario is held to: no plaintext reaches the intermediary (PRIV-01), no message is accepted twice
///   (DR-14, X3DH-13, X3DH-14), no one-time prekey is handed out twice (MBX-03), one device is provisioned with a
///   transfer at most (XFER-08), every state comes of a row of the table, a refused step changes nothing;
/// * nothing is requested or provisioned without its user's consent (XFER-09), nor provisioned from the expiry on
///   (XFER-10);
/// * nothing is encrypted to a key that the intermediary has drawn for somebody else (SES-18);
/// * once the network is fair again, everything that was sent arrives, and every transfer ends (XFER-16); where the
///   intermediary lied, whoever takes a new link is served (MBX-13), and no wallet has grown beyond its bounds.
///
/// As text it is a scenario, ready to be run again. A copy of it goes on by itself.
#[derive(Clone)]
pub struct Rehearsal {
    stage: Stage<'static>,
    steps: Vec<String>,
    now: u64,
    /// By how many seconds clocks differ at most.
    skew: u64,
    deals: BTreeMap<String, Deal>,
    /// Who was seen to hold which transfer's credential.
    holders: BTreeSet<(String, &'static str)>,
}

impl Rehearsal {
    /// Everybody is there, speaking the reference suite. All randomness is made from `seed`.
    ///
    /// # Errors
    /// Where not even that succeeds.
    pub fn new(seed: &str) -> Result<Self, StepFailure> {
        let mut rehearsal = Rehearsal {
            stage: Stage::new(suite::ALL[0], seed),
            steps: Vec::new(),
            now: 0,
            skew: 0,
            deals: BTreeMap::new(),
            holders: BTreeSet::new(),
        };
        rehearsal.must("Ben has a phone and a watch")?;
        rehearsal.must("Ryan has a phone and a watch")?;
        for device in DEVICES {
            rehearsal.must(&format!("the state of {device} is saved as \"{device}\""))?;
        }
        Ok(rehearsal)
    }

    /// Plays a step. What cannot be done is not done: nothing was there to be replayed, say.
    ///
    /// # Errors
    /// What does not hold after it.
    pub fn play(&mut self, text: &str) -> Result<(), StepFailure> {
        match self.must(text) {
            Err(StepFailure::Script(_)) => {}
            done => done?,
        }
        self.note(text);
        self.check()
    }

    fn must(&mut self, text: &str) -> Result<(), StepFailure> {
        self.steps.push(text.to_owned());
        let step = read(self.steps.len(), text).map_err(StepFailure::Script)?;
        self.stage.play(&step)
    }

    /// What the step means for time, offers and consent.
    fn note(&mut self, step: &str) {
        self.now += seconds_passing(step).unwrap_or_default();
        if step.contains("'s clock is ") {
            self.skew = SKEW;
        }
        let Some(name) = step.split('"').nth(1) else {
            return;
        };
        if step.contains(" offers a ") {
            let transfer = self.stage.transfer(name);
            if self.deals.get(name).map(|deal| deal.transfer) != Some(transfer) {
                // A name that is used again is the later offer's.
                let deal = Deal {
                    transfer,
                    expires: self.now + LIFETIME,
                    consents: BTreeSet::new(),
                };
                self.holders.retain(|(of, _)| of != name);
                self.deals.insert(name.to_owned(), deal);
            }
        } else if let Some((device, _)) = step.split_once(" accepts ")
            && let Some(deal) = self.deals.get_mut(name)
            && self.now < deal.expires + self.skew
        {
            deal.consents.insert(device.to_owned());
        }
    }

    fn state(&self, device: &str, name: &str) -> Option<StateName> {
        self.stage.state(device, name).ok().flatten()
    }

    fn check(&mut self) -> Result<(), StepFailure> {
        let broken = |expected: &str, got: String| Err(StepFailure::differs(expected, got));
        for (name, deal) in &self.deals {
            for device in DEVICES {
                let state = self.state(device, name);
                let acts = matches!(state, Some(StateName::Requested | StateName::Provisioned));
                if acts && !deal.consents.contains(device) {
                    let got = format!("{device} acts on \"{name}\"");
                    return broken("nothing without consent (XFER-09)", got);
                }
                if state == Some(StateName::Provisioned)
                    && self.holders.insert((name.clone(), device))
                    && self.now >= deal.expires + self.skew
                {
                    let got = format!("{device} provisions \"{name}\"");
                    return broken("nothing from the expiry on (XFER-10)", got);
                }
            }
        }
        Ok(())
    }

    /// Nothing is done to anything any more, and what waited arrives.
    fn be_fair(&mut self) -> Result<(), StepFailure> {
        self.play("the network does nothing more to anything")?;
        self.play("the intermediary withholds nothing any more")?;
        for device in DEVICES {
            if !self.stage.is_online(device) {
                self.play(&format!("{device} comes online"))?;
            }
        }
        for _ in 0..3 {
            self.play("what was held back arrives")?;
            self.play("1 minute passes")?;
            if self.stage.is_at_rest() {
                break;
            }
        }
        Ok(())
    }

    /// So much time passes that no offer lives any longer, whatever the clocks say.
    fn outlive(&mut self) -> Result<(), StepFailure> {
        let days = (LIFETIME + self.skew).div_ceil(24 * 3600);
        self.play(&format!("{days} days pass"))?;
        self.play("1 minute passes")?;
        for name in self.deals.keys() {
            for device in DEVICES {
                let state = self.state(device, name);
                if state.is_some_and(|state| !state.is_final()) {
                    return Err(StepFailure::Expectation {
                        expected: format!("\"{name}\" has ended on {device} (XFER-16)"),
                        got: format!("{state:?}"),
                    });
                }
            }
        }
        Ok(())
    }

    /// What happened so far.
    #[must_use]
    pub fn events(&self) -> &[Line] {
        self.stage.events()
    }

    /// The network is fair: everything arrives, and every transfer ends.
    ///
    /// # Errors
    /// What does not hold then, or did not hold on the way.
    pub fn end(&mut self) -> Result<(), StepFailure> {
        self.be_fair()?;
        for device in DEVICES {
            self.play(&format!("0 messages wait for {device}"))?;
        }
        self.outlive()?;
        self.stage.properties()
    }

    /// The intermediary is honest again: every transfer ends, and whoever is given a new link transfers as if nothing had been.
    ///
    /// # Errors
    /// What does not hold then, or did not hold on the way.
    pub fn end_of_lies(&mut self) -> Result<(), StepFailure> {
        self.be_fair()?;
        self.outlive()?;
        // Two clocks that are a day off each leave nothing of an offer that lives two days.
        for device in DEVICES {
            self.play(&format!("{device}'s clock is 0 seconds ahead"))?;
        }
        for from in DEVICES {
            for to in DEVICES.into_iter().filter(|to| to[..3] != from[..3]) {
                let (link, name) = (format!("{from} to {to}"), format!("{from} for {to}"));
                for step in [
                    format!("{to} makes an invitation called \"{link}\""),
                    format!("{from} takes the invitation \"{link}\""),
                    format!("{from} offers a hotel key called \"{name}\" to {to}"),
                    format!("{to} accepts \"{name}\""),
                    // What waits at the full, or did not know an access key, is asked again with time (WAL-03).
                    "1 minute passes".to_owned(),
                    format!("{to} holds \"{name}\""),
                    format!("{from} is in \"S:Completed\" with \"{name}\""),
                ] {
                    self.must(&step)?;
                }
            }
        }
        for device in DEVICES {
            self.must(&format!(
                "the saved state of {device} has grown by at most {GROWTH} bytes since \"{device}\""
            ))?;
        }
        self.stage.properties()
    }
}

/// How much time a step lets pass, where it does.
fn seconds_passing(step: &str) -> Option<u64> {
    let (number, unit) = step.split_once(' ')?;
    let seconds = match unit {
        "minute passes" => 60,
        "hours pass" => 3600,
        "days pass" => 24 * 3600,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(seconds)
}

/// The step of these words. The same few steps come again and again, and finding one among all is a good part of what it takes to
/// play it.
fn read(line: usize, text: &str) -> Result<Step, String> {
    /// So many are remembered.
    const MOST: usize = 1_000;
    thread_local! {
        static READ: RefCell<HashMap<String, Step>> = RefCell::default();
    }
    READ.with_borrow_mut(|read| {
        if let Some(step) = read.get(text) {
            return Ok(Step {
                line,
                ..step.clone()
            });
        }
        let step = Step::parse(line, text)?;
        if read.len() < MOST {
            read.insert(text.to_owned(), step.clone());
        }
        Ok(step)
    })
}

impl fmt::Display for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Feature: A property")?;
        writeln!(f, "  Found by steps in any order.\n\n  @XFER-01")?;
        writeln!(f, "  Scenario: It is broken")?;
        for step in &self.steps {
            writeln!(f, "    * {step}")?;
        }
        Ok(())
    }
}
