//! Who does more than a network does by itself: the place where `hostile` and `thief` come in.

use super::action::Action;
use super::bounds::{Deal, Who};
use super::property;
use super::world::{Scratch, State, World};
use crate::model::Property;
use std::fmt::Debug;
use std::hash::Hash;

/// What somebody can do in the world beside what wallets, the intermediary and the network do by themselves.
///
/// It adds a part to each state, deeds to the actions, and says what each deed is in a scenario. What it can use of the world is
/// [`World::handle`], [`World::happen`], [`World::facts`] and the numbers of requests and answers ([`World::answers`]).
pub trait Adversary: Sync + Sized {
    /// Its part of a state.
    type Extra: Copy + Eq + Hash + Debug + Send + Sync;
    /// What it does.
    type Deed: Copy + PartialEq + Debug + Send + Sync;

    /// Its part of the state in which everything begins.
    fn beginning(&self) -> Self::Extra;

    /// Everything that it can do there, each with the state after it.
    fn deeds(
        &self,
        world: &World<Self>,
        scratch: &mut Scratch,
        from: &State<Self::Extra>,
        found: &mut Vec<(Action<Self::Deed>, State<Self::Extra>)>,
    );

    /// A deed, as lines of a scenario.
    fn sentences(
        &self,
        world: &World<Self>,
        from: &State<Self::Extra>,
        deed: Self::Deed,
    ) -> Vec<String>;

    /// What it leaves of its part once everybody is fair again, so that states that differ in nothing else end alike.
    fn rest(&self, extra: Self::Extra) -> Self::Extra;

    /// The place in [`PROPERTIES`](super::property::PROPERTIES) of what does not hold there, beside what the world looks at.
    fn broken(
        &self,
        world: &World<Self>,
        scratch: &mut Scratch,
        state: &State<Self::Extra>,
    ) -> Option<usize>;

    /// What a request is answered with in place of the truth, as long as the world is as it is there; then nothing is carried out.
    fn answers(&self, _: &World<Self>, _: &State<Self::Extra>, _request: u32) -> Option<u32> {
        None
    }

    /// A step of the world itself was taken, and led to `next`: what an adversary notes of it.
    fn watch(
        &self,
        _: &World<Self>,
        _: &mut Scratch,
        _from: &State<Self::Extra>,
        _: Action<Self::Deed>,
        _next: &mut State<Self::Extra>,
    ) {
    }

    /// Whether a device may go on waiting at the end, for somebody who is in trouble as long as the world lasts.
    fn excuses(&self, _: &World<Self>, _: &mut Scratch, _: &State<Self::Extra>, _who: Who) -> bool {
        false
    }

    /// Whether a deal may come to another end than its users want, by what was done.
    fn may_fail(&self, _: Self::Extra, _: &Deal) -> bool {
        false
    }

    /// Whether what a step breaks is a limit that is stated, and no fault of the device.
    fn pardons(&self, _: &World<Self>, _: Self::Extra, _broken: u8) -> bool {
        false
    }

    /// What must hold: [`PROPERTIES`](property::PROPERTIES), and what more there is behind them.
    fn properties(&self) -> &'static [Property] {
        property::PROPERTIES
    }

    /// What must be possible: those of [`Bounds::goals`](super::Bounds::goals), and its own behind them; nothing where it has none.
    fn goals(&self) -> Option<&'static [Property]> {
        None
    }

    /// Which of its own goals a state reaches, a bit each from the first of them; [`World::reach_own`] is for what a step reaches.
    fn reached(&self, _: &World<Self>, _: &mut Scratch, _: &State<Self::Extra>) -> u64 {
        0
    }

    /// What a scenario says before anything happens.
    fn given(&self, _: &World<Self>) -> Vec<String> {
        Vec::new()
    }

    /// The lines that show what is broken at the end of a path, where it is none of [`PROPERTIES`](property::PROPERTIES).
    fn then(&self, _: &World<Self>, _end: &State<Self::Extra>, _broken: usize) -> Vec<String> {
        Vec::new()
    }

    /// Whether nobody lies and nothing is forged: then no message of a device is refused but where wishes cross.
    fn is_honest(&self) -> bool {
        false
    }
}

/// Nobody: the network loses, repeats and delays, and that is all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Adversary for Nobody {
    type Extra = ();
    type Deed = ();

    fn beginning(&self) -> Self::Extra {}

    fn deeds(&self, _: &World<Self>, _: &mut Scratch, _: &State, _: &mut Vec<(Action, State)>) {}

    fn sentences(&self, _: &World<Self>, _: &State, (): ()) -> Vec<String> {
        Vec::new()
    }

    fn rest(&self, (): ()) -> Self::Extra {}

    fn broken(&self, _: &World<Self>, _: &mut Scratch, _: &State) -> Option<usize> {
        None
    }

    fn is_honest(&self) -> bool {
        true
    }
}
