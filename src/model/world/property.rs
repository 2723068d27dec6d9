//! What must hold in the world of wallets, and what must be possible.
//!
//! What a step must hold is looked at when it is computed ([`judge`](super::judge), [`keeper`](super::keeper)); what a state must hold,
//! here; what must come of it, in [`fair`](super::fair).

use super::actor::{Facts, state_of};
use super::adversary::Adversary;
use super::bounds::What;
use super::journal::Told;
use super::world::{Scratch, State, World};
use crate::model::Property;
use crate::transfer::StateName;

macro_rules! promises {
    ($($(#[$doc:meta])* $variant:ident: $name:literal, [$($id:literal),*];)+) => {
        /// A property, by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Promise {
            $($(#[$doc])* $variant,)+
        }

        /// Every property, in the order of [`Promise`].
        pub const PROPERTIES: &[Property] = &[$(Property { name: $name, requirements: &[$($id),*] }),+];

        const PROMISES: &[Promise] = &[$(Promise::$variant),+];
    };
}

promises! {
    /// The saved state is the whole state.
    Restart: "A restart changes nothing.", ["WAL-01", "XFER-15", "MBX-18"];
    /// All or nothing.
    Refusal: "What is refused changes nothing, and draws nothing.", ["RND-02"];
    /// The table of section 9.
    Table: "Transfers go from state to state as the table has it.", ["XFER-01"];
    /// A user said yes.
    Consent: "Nothing is requested or provisioned without its user's consent.", ["XFER-09"];
    /// Time has not run out.
    Expiry: "Nothing goes on from its expiry on, and nothing expires before.", ["XFER-10"];
    /// Keys are used once.
    MessageKey: "A message key encrypts one message.", ["DR-19", "XFER-15"];
    /// Messages are opened once.
    OpenedOnce: "A message that comes a second time is refused.", ["DR-14", "X3DH-13", "X3DH-14"];
    /// What is over stays here.
    EndedLeaves: "Nothing of an ended transfer leaves, but its end.", ["XFER-14"];
    /// What is over is erased.
    EndedRemains: "Nothing of an ended transfer remains.", ["XFER-14", "XFER-19"];
    /// Users know where their credentials may be.
    Told: "Whoever offered is told where a transfer ends and its credential may be out.", ["XFER-17"];
    /// They are told nothing else.
    ToldInVain: "Nobody is told that a credential may be out that never left.", ["XFER-17"];
    /// They hear of the others.
    ToldAfterEnd: "Whoever offered is told what was provisioned after the end.", ["XFER-12"];
    /// Nobody is suspected.
    Suspicion: "No message of an honest device is refused, but where wishes cross.", ["XFER-01", "DR-10", "X3DH-12"];
    /// One device holds it.
    OneHolder: "A transfer and a token have one holder.", ["XFER-08", "XFER-18"];
    /// Both sides see the same.
    Agreement: "At rest both sides see the same of a transfer.", ["XFER-16"];
    /// Everything ends.
    Ends: "On a fair network every transfer ends, and nothing waits for ever.", ["XFER-16", "WAL-03"];
    /// What both want comes about.
    Completes: "What is accepted in time is provisioned, on a fair network.", ["XFER-16"];
    /// A one-time prekey is one.
    OneTimePreKey: "A one-time prekey is handed out once.", ["MBX-03"];
    /// Repetition is harmless.
    Repetition: "A repeated request changes nothing, and is answered as before.", ["MBX-13"];
    /// What is accepted is kept.
    Kept: "What is accepted is kept until it is acknowledged or its time is over.", ["MBX-07", "MBX-09", "MBX-10", "MBX-16"];
}

impl Promise {
    /// Its place in [`PROPERTIES`].
    #[must_use]
    pub fn place(self) -> usize {
        self as usize
    }

    /// The property at that place.
    #[must_use]
    pub fn at(place: usize) -> Option<Promise> {
        PROMISES.get(place).copied()
    }

    /// As a state has it: its place and one.
    #[must_use]
    pub fn mark(self) -> u8 {
        u8::try_from(self as usize + 1).unwrap_or(u8::MAX)
    }
}

macro_rules! goals {
    ($($(#[$doc:meta])* $variant:ident: $name:literal, [$($id:literal),*];)+) => {
        /// A goal, by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Goal {
            $($(#[$doc])* $variant,)+
        }

        /// Every goal, in the order of [`Goal`].
        pub const GOALS: &[Property] = &[$(Property { name: $name, requirements: &[$($id),*] }),+];
    };
}

goals! {
    /// The good end.
    Completed: "A transfer is completed, and its sender knows.", ["XFER-01"];
    /// Too late.
    AfterEnd: "A credential is provisioned after its sender's transfer has ended, and the sender is told.", ["XFER-12"];
    /// A crossing.
    Crossed: "A message crosses a wish, and is refused.", ["XFER-01"];
}

impl Goal {
    /// As a bit.
    #[must_use]
    pub fn bit(self) -> u64 {
        1 << self as u64
    }
}

/// What a state breaks by itself.
pub(super) fn broken<A: Adversary>(
    world: &World<A>,
    scratch: &mut Scratch,
    state: &State<A::Extra>,
) -> Option<Promise> {
    let bounds = &world.setting.bounds;
    let facts: [Option<Facts>; super::bounds::DEVICES] = std::array::from_fn(|who| {
        let actor = state.actors[who];
        (who < bounds.devices.len()).then(|| world.facts(scratch, actor))
    });
    for facts in facts.iter().flatten() {
        if facts.broken != 0 {
            return Promise::at(usize::from(facts.broken) - 1);
        }
    }
    for (place, deal) in bounds.deals.iter().enumerate() {
        let (Some(from), Some(to)) = (facts[usize::from(deal.from)], facts[usize::from(deal.to)])
        else {
            continue;
        };
        let (sender, receiver) = (from.deals[place], to.deals[place]);
        let holds = receiver.state == super::actor::code(Some(StateName::Provisioned));
        if holds && receiver.accepted >= sender.over {
            return Some(Promise::Expiry);
        }
        let ended = state_of(sender.state).is_some_and(|state| {
            matches!(
                state,
                StateName::OfferCancelled | StateName::OfferDeclined | StateName::OfferExpired
            )
        });
        if holds && ended && sender.told & (Told::MAY_BE_OUT | Told::AFTER_END) == 0 {
            return Some(Promise::Told);
        }
        // A token that is offered once more, by a user who does not insist.
        if let What::TokenOf {
            deal: first,
            insists: false,
        } = deal.what
        {
            let other = &bounds.deals[usize::from(first)];
            let other = facts[usize::from(other.to)].map(|facts| facts.deals[usize::from(first)]);
            let held = other.is_some_and(|other| other.state == receiver.state);
            if holds && held {
                return Some(Promise::OneHolder);
            }
        }
    }
    None
}

/// Which goals a state reaches by itself.
pub(super) fn reached<A: Adversary>(
    _world: &World<A>,
    _scratch: &mut Scratch,
    _state: &State<A::Extra>,
) -> u64 {
    0
}
