//! Who does more than a network does by itself: the place where `hostile` and `thief` come in.

use super::action::Action;
use super::world::{Scratch, State, World};
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
