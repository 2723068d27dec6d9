//! Wallets under a hostile network and a hostile intermediary, against a small model.
//!
//! Steps of scenarios in any order: offers, answers, loss, repetition, damage, restarts, clocks that are wrong; and lies. What must
//! hold, whatever happens, is said by `conformance::scenario::Rehearsal`; the model here knows which steps make sense.
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
/// What is lied about.
const LIED_ABOUT: [&str; 6] = [
    "bundle request",
    "submission",
    "reading",
    "acknowledgement",
    "count",
    "publication",
];
const NAMES: [&str; 3] = ["the car", "the van", "the room"];
/// What a dishonest intermediary answers.
const LIES: [&str; 13] = [
    "done",
    "no messages",
    "another kind of answer",
    "not-found",
    "stale-registration",
    "mailbox-full",
    "rate-limited",
    "forbidden",
    "unauthorized",
    "too-large",
    "malformed",
    "conflicting-request",
    "stale-statement",
];

// Making their keys takes longer than most of what follows: everybody joins once.
thread_local! {
    static HONEST: Rehearsal = Rehearsal::new("properties").expect("everybody joins");
    static LYING: Rehearsal = Rehearsal::new("lies").expect("everybody joins");
}

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

fn device() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&DEVICES[..])
}

fn receiver() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&RECEIVERS[..])
}

fn sender() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&SENDERS[..])
}

fn request() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&REQUESTS[..])
}

/// Moves, each as likely as its number says.
type Moves = Vec<(u32, BoxedStrategy<String>)>;

impl Model {
    /// What the network does.
    fn faults() -> Moves {
        let fault =
            (device(), request(), 0..5_usize).prop_map(|(device, request, what)| match what {
                0 => format!("the next {request} of {device} is lost"),
                1 => format!("the next {request} of {device} arrives twice"),
                2 => format!("the next {request} of {device} is held back"),
                3 => format!("the next 3 {request}s of {device} are lost"),
                _ => format!("the answer to the next {request} of {device} is lost"),
            });
        let damage =
            device().prop_map(|device| format!("the next submission of {device} is damaged"));
        vec![(4, fault.boxed()), (1, damage.boxed())]
    }

    /// What happens to devices, and to time.
    fn troubles() -> Moves {
        let of_device = device().prop_flat_map(|device| {
            prop::sample::select(vec![
                format!("{device} goes offline"),
                format!("{device} comes online"),
                format!("{device} restarts"),
                format!("the intermediary withholds the messages of {device}"),
                format!("the intermediary replays the last message to {device}"),
            ])
        });
        let of_all = prop::sample::select(vec![
            "everybody restarts".to_owned(),
            "the intermediary withholds nothing any more".to_owned(),
            "the intermediary reverses its answers".to_owned(),
            "1 minute passes".to_owned(),
            "7 hours pass".to_owned(),
            "25 hours pass".to_owned(),
        ]);
        let clock = (device(), any::<bool>()).prop_map(|(device, ahead)| {
            let where_to = if ahead { "ahead" } else { "behind" };
            format!("{device}'s clock is 1 day {where_to}")
        });
        vec![
            (3, of_device.boxed()),
            (2, of_all.boxed()),
            (1, clock.boxed()),
        ]
    }

    /// What a dishonest intermediary answers, makes and delivers.
    fn lies() -> Moves {
        let lie = prop::sample::select(&LIES[..]);
        let request = prop::sample::select(&LIED_ABOUT[..]);
        let answer = (device(), request, lie, 0..4_usize).prop_map(|(device, request, lie, how)| {
            match how {
                0 => format!("the intermediary answers every {request} of {device} with \"{lie}\""),
                1 => format!(
                    "the intermediary carries out the next {request} of {device}, and answers with \"{lie}\""
                ),
                _ => format!("the intermediary answers the next {request} of {device} with \"{lie}\""),
            }
        });
        let keys = device().prop_map(|device| {
            format!("the intermediary answers the next bundle request of {device} with \"keys of its own\"")
        });
        let bundle = (device(), any::<bool>()).prop_map(|(device, whole)| {
            let what = if whole { "bundle" } else { "keys" };
            format!("the intermediary answers the next bundle request with the {what} of {device}")
        });
        let forged = (sender(), receiver(), any::<bool>()).prop_map(|(one, other, back)| {
            let (from, to) = if back { (other, one) } else { (one, other) };
            format!("the intermediary forges a first message from {from} to {to}")
        });
        let twisted = device().prop_map(|device| {
            format!(
                "the intermediary replays the last message to {device} with another base key of the same secret"
            )
        });
        let again = device().prop_map(|device| {
            format!("the intermediary hands out the last one-time prekey of {device} again")
        });
        let old = (device(), device()).prop_map(|(_, of)| {
            format!("the intermediary answers the next bundle request with a bundle as it was at \"{of}\"")
        });
        let strangers =
            device().prop_map(|device| format!("3 strangers offer a hotel key to {device}"));
        let honest = Just("the intermediary is honest again".to_owned());
        vec![
            (6, answer.boxed()),
            (2, keys.boxed()),
            (1, bundle.boxed()),
            (2, forged.boxed()),
            (1, twisted.boxed()),
            (1, again.boxed()),
            (1, old.boxed()),
            (1, strangers.boxed()),
            (2, honest.boxed()),
        ]
    }

    /// What users want.
    fn wishes(&self) -> Moves {
        let mut moves: Moves = Vec::new();
        let open: Vec<&str> = NAMES
            .into_iter()
            .filter(|name| !self.offered.contains(name))
            .collect();
        if !open.is_empty() {
            let offer =
                (sender(), prop::sample::select(open), receiver()).prop_map(|(from, name, to)| {
                    let what = match name {
                        "the room" => "hotel key",
                        _ => "car key",
                    };
                    format!("{from} offers a {what} called \"{name}\" to {to}")
                });
            moves.push((4, offer.boxed()));
        }
        if !self.offered.is_empty() {
            let known: Vec<&str> = self.offered.iter().copied().collect();
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
            let cancel = (sender(), name())
                .prop_map(|(device, name)| format!("{device} cancels \"{name}\""));
            moves.push((1, cancel.boxed()));
        }
        if self.held_back {
            let arrives = Just("what was held back arrives in reverse".to_owned());
            moves.push((2, arrives.boxed()));
        }
        moves
    }

    fn next(mut self, Move(step): &Move) -> Model {
        self.held_back |= step.ends_with("is held back");
        self.held_back &= step != "what was held back arrives in reverse";
        let offered = NAMES
            .into_iter()
            .find(|name| step.contains(&format!(" called \"{name}\"")));
        self.offered.extend(offered);
        self
    }
}

fn one_of(moves: impl IntoIterator<Item = Moves>) -> BoxedStrategy<Move> {
    let moves: Moves = moves.into_iter().flatten().collect();
    prop::strategy::Union::new_weighted(moves)
        .prop_map(Move)
        .boxed()
}

/// The intermediary is honest.
struct Honest;

impl ReferenceStateMachine for Honest {
    type State = Model;
    type Transition = Move;

    fn init_state() -> BoxedStrategy<Model> {
        Just(Model::default()).boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Move> {
        one_of([Model::faults(), Model::troubles(), model.wishes()])
    }

    fn apply(model: Model, step: &Move) -> Model {
        model.next(step)
    }
}

/// It answers what it likes.
struct Lying;

impl ReferenceStateMachine for Lying {
    type State = Model;
    type Transition = Move;

    fn init_state() -> BoxedStrategy<Model> {
        Just(Model::default()).boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Move> {
        one_of([
            Model::faults(),
            Model::troubles(),
            model.wishes(),
            Model::lies(),
        ])
    }

    fn apply(model: Model, step: &Move) -> Model {
        model.next(step)
    }
}

struct Wallets;

impl StateMachineTest for Wallets {
    type SystemUnderTest = Rehearsal;
    type Reference = Honest;

    fn init_test(_: &Model) -> Rehearsal {
        HONEST.with(Rehearsal::clone)
    }

    fn apply(wallets: Rehearsal, _: &Model, step: Move) -> Rehearsal {
        played(wallets, step)
    }

    fn teardown(mut wallets: Rehearsal, _: Model) {
        if let Err(failure) = wallets.end() {
            panic!("{failure}\n{wallets}");
        }
    }
}

struct WalletsAmongLies;

impl StateMachineTest for WalletsAmongLies {
    type SystemUnderTest = Rehearsal;
    type Reference = Lying;

    fn init_test(_: &Model) -> Rehearsal {
        LYING.with(Rehearsal::clone)
    }

    fn apply(wallets: Rehearsal, _: &Model, step: Move) -> Rehearsal {
        played(wallets, step)
    }

    fn teardown(mut wallets: Rehearsal, _: Model) {
        if let Err(failure) = wallets.end_of_lies() {
            panic!("{failure}\n{wallets}");
        }
    }
}

fn played(mut wallets: Rehearsal, Move(step): Move) -> Rehearsal {
    if let Err(failure) = wallets.play(&step) {
        panic!("{failure}\n{wallets}");
    }
    wallets
}

prop_state_machine! {
    // 64, or a quarter of PROPTEST_CASES.
    #![proptest_config(Config { cases: Config::default().cases / 4, ..Config::default() })]

    #[test]
    fn wallets_keep_their_properties(sequential 1..40 => Wallets);
}

prop_state_machine! {
    #![proptest_config(Config { cases: Config::default().cases / 4, ..Config::default() })]

    #[test]
    fn no_lie_gets_a_key_or_stops_a_wallet(sequential 1..40 => WalletsAmongLies);
}
