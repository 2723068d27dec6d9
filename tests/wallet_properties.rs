//! Wallets under a hostile network, against a small model.
//!
//! A sender with two devices and a receiver with two, and steps of scenarios in any order: offers, answers, loss,
//! repetition, damage, restarts, theft of time. What must hold, whatever happens:
//!
//! * no plaintext reaches the intermediary (PRIV-01);
//! * no message is accepted twice (DR-14, X3DH-13, X3DH-14);
//! * no one-time prekey is handed out twice (MBX-03);
//! * at most one device is provisioned with a transfer (XFER-08);
//! * nothing is provisioned without its user's consent (XFER-09), nor from the expiry on (XFER-10), nor after a
//!   cancel, a decline or the expiry was known there (XFER-01, XFER-11);
//! * a refused step changes nothing;
//! * once the network is fair again, everything that was sent arrives, and every accepted transfer ends (XFER-16).
//!
//! The first four, the table of the transfer and the refused steps are what every scenario is held to
//! (`conformance::scenario::property`); the model here adds consent, time and the end. A failure prints the
//! steps: as they stand they are a scenario.

use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use tigress_signal::conformance::scenario::{Stage, Step, StepFailure};
use tigress_signal::transfer::StateName;

const DEVICES: [&str; 4] = ["Ben's phone", "Ben's watch", "Ryan's phone", "Ryan's watch"];
const SENDERS: [&str; 2] = ["Ben's phone", "Ben's watch"];
const RECEIVERS: [&str; 2] = ["Ryan's phone", "Ryan's watch"];
const REQUESTS: [&str; 4] = ["bundle request", "submission", "reading", "acknowledgement"];
const NAMES: [&str; 3] = ["the car", "the van", "the room"];

/// A step of a scenario.
#[derive(Clone, Debug)]
struct Move(String);

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the model knows of a transfer.
#[derive(Clone, Debug)]
struct Deal {
    expires: u64,
    /// The devices whose user said yes.
    consents: BTreeSet<String>,
}

/// The model: what time it is, what was offered, and who consented.
#[derive(Clone, Debug, Default)]
struct Model {
    now: u64,
    deals: BTreeMap<&'static str, Deal>,
    held_back: bool,
}

impl ReferenceStateMachine for Model {
    type State = Model;
    type Transition = Move;

    fn init_state() -> BoxedStrategy<Model> {
        Just(Model::default()).boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Move> {
        let device = || prop::sample::select(&DEVICES[..]);
        let receiver = || prop::sample::select(&RECEIVERS[..]);
        let request = || prop::sample::select(&REQUESTS[..]);
        let open: Vec<&str> = NAMES
            .into_iter()
            .filter(|name| !model.deals.contains_key(name))
            .collect();
        let mut moves = vec![
            (
                4,
                (device(), request(), 0..4_usize)
                    .prop_map(|(device, request, what)| match what {
                        0 => format!("the next {request} of {device} is lost"),
                        1 => format!("the next {request} of {device} arrives twice"),
                        2 => format!("the next {request} of {device} is held back"),
                        _ => format!("the answer to the next {request} of {device} is lost"),
                    })
                    .boxed(),
            ),
            (
                1,
                device()
                    .prop_map(|device| format!("the next submission of {device} is damaged"))
                    .boxed(),
            ),
            (
                3,
                device()
                    .prop_flat_map(|device| {
                        prop::sample::select(vec![
                            format!("{device} goes offline"),
                            format!("{device} comes online"),
                            format!("{device} restarts"),
                            format!("the intermediary withholds the messages of {device}"),
                            format!("the intermediary replays the last message to {device}"),
                        ])
                    })
                    .boxed(),
            ),
            (
                2,
                prop::sample::select(vec![
                    "everybody restarts".to_owned(),
                    "the intermediary withholds nothing any more".to_owned(),
                    "the intermediary reverses its answers".to_owned(),
                    "1 minute passes".to_owned(),
                    "7 hours pass".to_owned(),
                    "25 hours pass".to_owned(),
                ])
                .boxed(),
            ),
        ];
        if model.held_back {
            moves.push((
                2,
                Just("what was held back arrives in reverse".to_owned()).boxed(),
            ));
        }
        if !open.is_empty() {
            let to = prop::sample::select(vec!["Ryan", "Ryan's phone", "Ryan's watch"]);
            let offer = (
                prop::sample::select(&SENDERS[..]),
                prop::sample::select(open),
                to,
            )
                .prop_map(|(from, name, to)| {
                    let (what, to) = match (name, to) {
                        ("the room", "Ryan") => ("hotel key", "Ryan's phone"),
                        ("the room", to) => ("hotel key", to),
                        (_, to) => ("car key", to),
                    };
                    format!("{from} offers a {what} called \"{name}\" to {to}")
                });
            moves.push((4, offer.boxed()));
        }
        if !model.deals.is_empty() {
            let known: Vec<&str> = model.deals.keys().copied().collect();
            let name = || prop::sample::select(known.clone());
            let answer = (receiver(), name(), 0..6_usize).prop_map(|(device, name, what)| {
                let does = match what {
                    0 => "cancels",
                    1 => "declines",
                    _ => "accepts",
                };
                format!("{device} {does} \"{name}\"")
            });
            moves.push((6, answer.boxed()));
            let cancel = (prop::sample::select(&SENDERS[..]), name())
                .prop_map(|(device, name)| format!("{device} cancels \"{name}\""));
            moves.push((1, cancel.boxed()));
        }
        prop::strategy::Union::new_weighted(moves)
            .prop_map(Move)
            .boxed()
    }

    fn apply(mut model: Model, Move(step): &Move) -> Model {
        let hours = |hours: u64| hours * 3600;
        match step.as_str() {
            "1 minute passes" => model.now += 60,
            "7 hours pass" => model.now += hours(7),
            "25 hours pass" => model.now += hours(25),
            "what was held back arrives in reverse" => model.held_back = false,
            _ => {}
        }
        model.held_back |= step.ends_with("is held back");
        let name = NAMES
            .into_iter()
            .find(|name| step.contains(&format!("\"{name}\"")));
        if let Some(name) = name {
            if step.contains(" offers a ") {
                let expires = model.now + hours(48);
                let consents = BTreeSet::new();
                model.deals.insert(name, Deal { expires, consents });
            } else if let Some((device, _)) = step.split_once(" accepts ")
                && let Some(deal) = model.deals.get_mut(name)
                && model.now < deal.expires
            {
                deal.consents.insert(device.to_owned());
            }
        }
        model
    }
}

/// The wallets, and the steps that they were led through.
struct Wallets {
    stage: Stage<'static>,
    steps: Vec<String>,
    /// Who held which transfer's credential after the last step.
    holders: BTreeSet<(&'static str, &'static str)>,
}

impl Wallets {
    fn play(&mut self, step: &str) {
        self.steps.push(step.to_owned());
        let step = Step::parse(self.steps.len(), step).expect("a step of the vocabulary");
        match self.stage.play(&step) {
            // What cannot be done is not done: nothing was there to be replayed or to arrive.
            Ok(()) | Err(StepFailure::Script(_)) => {}
            Err(failure) => panic!("{failure}\n{self}"),
        }
    }

    fn state(&self, device: &str, name: &str) -> Option<StateName> {
        self.stage.state(device, name).ok().flatten()
    }
}

impl fmt::Display for Wallets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Feature: A property\n  Found by tests/wallet_properties.rs.\n\n  @XFER-01"
        )?;
        writeln!(f, "  Scenario: It is broken")?;
        for step in &self.steps {
            writeln!(f, "    * {step}")?;
        }
        Ok(())
    }
}

impl StateMachineTest for Wallets {
    type SystemUnderTest = Wallets;
    type Reference = Model;

    fn init_test(_: &Model) -> Wallets {
        let mut wallets = Wallets {
            stage: Stage::new("properties"),
            steps: Vec::new(),
            holders: BTreeSet::new(),
        };
        wallets.play("Ben has a phone and a watch");
        wallets.play("Ryan has a phone and a watch");
        wallets
    }

    fn apply(mut wallets: Wallets, model: &Model, Move(step): Move) -> Wallets {
        wallets.play(&step);
        for (name, deal) in &model.deals {
            for device in DEVICES {
                let state = wallets.state(device, name);
                let consented = deal.consents.contains(device);
                let acts = matches!(state, Some(StateName::Requested | StateName::Provisioned));
                assert!(
                    consented || !acts,
                    "{device} acts without consent\n{wallets}"
                );
                if state == Some(StateName::Provisioned) && wallets.holders.insert((name, device)) {
                    assert!(
                        model.now < deal.expires,
                        "{device} provisions too late\n{wallets}"
                    );
                }
            }
        }
        wallets
    }

    /// The network is fair: everything arrives, and every accepted transfer ends.
    fn teardown(mut wallets: Wallets, model: Model) {
        wallets.play("the network does nothing more to anything");
        wallets.play("the intermediary withholds nothing any more");
        for device in DEVICES {
            wallets.play(&format!("{device} comes online"));
        }
        for _ in 0..3 {
            wallets.play("what was held back arrives");
            wallets.play("1 minute passes");
        }
        for device in DEVICES {
            wallets.play(&format!("0 messages wait for {device}"));
        }
        wallets.play("49 hours pass");
        wallets.play("1 minute passes");
        for name in model.deals.keys() {
            for device in DEVICES {
                let state = wallets.state(device, name);
                assert!(
                    state.is_none_or(StateName::is_final),
                    "{name} has not ended on {device}: {state:?}\n{wallets}"
                );
            }
        }
        if let Err(failure) = wallets.stage.properties() {
            panic!("{failure}\n{wallets}");
        }
    }
}

prop_state_machine! {
    // 64, or a quarter of PROPTEST_CASES.
    #![proptest_config(Config { cases: Config::default().cases / 4, ..Config::default() })]

    #[test]
    fn wallets_keep_their_properties(sequential 1..40 => Wallets);
}
