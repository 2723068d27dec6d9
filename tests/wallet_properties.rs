//! Wallets under a hostile network, against a small model.
//!
//! Steps of scenarios in any order: offers, answers, loss, repetition, damage, restarts, theft of time. What must hold,
//! whatever happens, is said by `conformance::scenario::Rehearsal`; the model here knows which steps make sense.
//! A failure prints the steps: as they stand they are a scenario.

use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use std::collections::BTreeSet;
use std::fmt;
use tigress_signal::conformance::scenario::Rehearsal;

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

/// The model: what was offered, and whether something is held back.
#[derive(Clone, Debug, Default)]
struct Model {
    offered: BTreeSet<&'static str>,
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
            .filter(|name| !model.offered.contains(name))
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
            let offer = (
                prop::sample::select(&SENDERS[..]),
                prop::sample::select(open),
                receiver(),
            )
                .prop_map(|(from, name, to)| {
                    let what = match name {
                        "the room" => "hotel key",
                        _ => "car key",
                    };
                    format!("{from} offers a {what} called \"{name}\" to {to}")
                });
            moves.push((4, offer.boxed()));
        }
        if !model.offered.is_empty() {
            let known: Vec<&str> = model.offered.iter().copied().collect();
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
        model.held_back |= step.ends_with("is held back");
        model.held_back &= step != "what was held back arrives in reverse";
        let offered = NAMES
            .into_iter()
            .find(|name| step.contains(&format!(" called \"{name}\"")));
        model.offered.extend(offered);
        model
    }
}

struct Wallets;

impl StateMachineTest for Wallets {
    type SystemUnderTest = Rehearsal;
    type Reference = Model;

    fn init_test(_: &Model) -> Rehearsal {
        Rehearsal::new("properties").expect("everybody joins")
    }

    fn apply(mut wallets: Rehearsal, _: &Model, Move(step): Move) -> Rehearsal {
        if let Err(failure) = wallets.play(&step) {
            panic!("{failure}\n{wallets}");
        }
        wallets
    }

    fn teardown(mut wallets: Rehearsal, _: Model) {
        if let Err(failure) = wallets.end() {
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
