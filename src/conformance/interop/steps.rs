//! What each step of a conversation does.

use super::stage::{Bundle, Order, Stage, Stop};
use super::vocabulary::{Brings, Call, Definition};

macro_rules! steps {
    ($($keyword:ident $expression:literal $help:literal brings $brings:ident |$stage:ident, $call:ident| $body:expr;)+) => {
        /// Every step.
        pub(super) const DEFINITIONS: &[Definition] = &[$(Definition {
            keyword: stringify!($keyword),
            expression: $expression,
            help: $help,
            brings: Brings::$brings,
            run: {
                fn run($stage: &mut Stage<'_>, $call: &Call) -> Result<(), Stop> {
                    $body
                }
                run
            },
        }),+];
    };
}

steps! {
    Given "{party} has a device with {keys} one-time prekey(s)"
        "`device.create`: it draws its keys."
        brings Device |stage, call| stage.create(call.party(), call.number());
    Given "{party} has a device whose one-time prekey has the id {id}"
        "`device.load`: its keys are given, and its signed prekey has the same id."
        brings Device |stage, call| stage.load(call.party(), call.number());
    When "{party} takes {party}'s bundle with a one-time prekey"
        "`device.bundle` of the one, with the next prekey that nobody was given, and `device.process_bundle` of the other: a session is opened."
        brings Nothing |stage, call| stage.take_bundle(call.party(), Bundle::WithOneTime);
    When "{party} takes {party}'s bundle without a one-time prekey"
        "The same, where none are left."
        brings Nothing |stage, call| stage.take_bundle(call.party(), Bundle::Without);
    When "{party} takes {party}'s last bundle again"
        "A server hands out the same bundle twice."
        brings Nothing |stage, call| stage.take_bundle(call.party(), Bundle::LastAgain);
    Then "{party} refuses {party}'s bundle with {defect} signature"
        "The signature of the signed prekey does not hold: a bit of it is changed, it is another key's, or it has no bytes."
        brings Nothing |stage, call| stage.refuse_bundle(call.party(), call.defect());
    When "{party} sends {letter}"
        "`device.encrypt`. The letter is on its way until the other party reads it."
        brings Letter |stage, call| stage.send(call.party(), call.letter(), 1);
    When "{party} sends {letter} of {size} byte(s)"
        "The same, with a plaintext of that length."
        brings Letter |stage, call| stage.send_bytes(call.party(), call.letter(), call.number());
    When "{party} sends {many} letters called {letter}"
        "So many, one after the other."
        brings Letter |stage, call| stage.send(call.party(), call.letter(), call.number());
    Then "{party} reads {letter}"
        "`device.decrypt`: the plaintext is that of the sender."
        brings Nothing |stage, call| stage.read(call.party(), call.letter(), call.order());
    Then "{party} reads every {letter} {order}"
        "All letters of that name."
        brings Nothing |stage, call| stage.read(call.party(), call.letter(), call.order());
    Then "{party} reads the first and the last {letter}"
        "Of the letters of that name; the others are lost."
        brings Nothing |stage, call| stage.read(call.party(), call.letter(), Order::Ends);
    Then "{party} refuses {letter}"
        "`device.decrypt` ends in an error, whatever its name."
        brings Nothing |stage, call| stage.refuse(call.party(), call.letter(), None);
    Then "{party} refuses {letter} with its {part} damaged"
        "A bit of that part is changed on the way."
        brings Nothing |stage, call| stage.refuse(call.party(), call.letter(), Some(call.damage()));
    When "{party} restarts"
        "`device.save`, `reset`, `device.restore`."
        brings Nothing |stage, call| stage.restart(call.party());
    When "{party} drops the sessions with {party}"
        "`device.drop_sessions`."
        brings Nothing |stage, call| stage.drop_sessions(call.party());
    When "{party} and {party} take {many} turn(s)"
        "In each of them the first party sends a letter, which the second reads and answers, and the first reads the answer."
        brings Nothing |stage, call| stage.turns(call.party(), call.number());
    When "{party} and {party} exchange {many} letters each way in random order"
        "In rounds of ten each way. What was sent in a round is read in any order; one letter in four waits for the next round."
        brings Nothing |stage, call| stage.exchange(call.number());
}
