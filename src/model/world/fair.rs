//! What must come of every state, once everybody is fair.

use super::action::{Action, Event};
use super::adversary::Adversary;
use super::property::Promise;
use super::world::{NONE, Scratch, State, World};

/// So many steps at most lead from a state to its end.
const PATIENCE: usize = 2_000;

/// States that are known to end well. It forgets: what is not known is followed once more.
#[derive(Default)]
pub(super) struct Known {
    states: Vec<Option<Key>>,
}

/// What matters of a state for how it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    actors: [u32; super::bounds::DEVICES],
    post: u32,
    clock: u8,
}

impl Known {
    const PLACES: usize = 1 << 18;

    /// Whether the state is known; it is from now on.
    fn insert(&mut self, key: Key) -> bool {
        if self.states.is_empty() {
            self.states.resize(Self::PLACES, None);
        }
        let place = super::keeper::hash(key) >> 32;
        let place = usize::try_from(place).unwrap_or_default() % Self::PLACES;
        self.states[place].replace(key) == Some(key)
    }
}

/// What happens before a model begins: every device joins, and links are given away and taken.
pub(super) fn prelude<A: Adversary>(
    world: &World<A>,
    mut state: State<A::Extra>,
) -> State<A::Extra> {
    let mut scratch = Scratch::default();
    let scratch = &mut scratch;
    for who in world.setting.bounds.everybody() {
        state = world.after(scratch, &state, who, Event::Join);
        state = settled(world, scratch, state);
    }
    for (taker, maker) in world.setting.bounds.links {
        state = world.after(scratch, &state, *maker, Event::Invite);
        state = settled(world, scratch, state);
        let link = world.facts(scratch, state.actors[usize::from(*maker)]).link;
        if link != NONE {
            state = world.after(scratch, &state, *taker, Event::Take(link));
            state = settled(world, scratch, state);
        }
    }
    state
}

fn settled<A: Adversary>(
    world: &World<A>,
    scratch: &mut Scratch,
    mut state: State<A::Extra>,
) -> State<A::Extra> {
    for _ in 0..PATIENCE {
        match step(world, scratch, &state) {
            Some(next) => state = next,
            None => break,
        }
    }
    state
}

/// The next step of the fair schedule while the clock stands still; nothing where the world is at rest.
fn step<A: Adversary>(
    world: &World<A>,
    scratch: &mut Scratch,
    state: &State<A::Extra>,
) -> Option<State<A::Extra>> {
    for who in world.setting.bounds.everybody() {
        let facts = world.facts(scratch, state.actors[usize::from(who)]);
        for place in 0..facts.waiting_count {
            let next = world.act(scratch, state, Action::Exchange(who, place));
            if let Some(next) = next
                && next != *state
            {
                return Some(next);
            }
        }
        if let Some(next) = world.act(scratch, state, Action::Read(who))
            && next != *state
        {
            return Some(next);
        }
    }
    None
}

/// What a state breaks, once everybody is fair.
pub(super) fn broken<A: Adversary>(
    world: &World<A>,
    scratch: &mut Scratch,
    state: &State<A::Extra>,
) -> Option<Promise> {
    let mut state = State {
        lost: 0,
        copied: 0,
        delayed: 0,
        extra: world.adversary.rest(state.extra),
        ..*state
    };
    for action in [Action::ReleaseCopy, Action::ReleaseAnswer] {
        let is_there = match action {
            Action::ReleaseCopy => state.copy != NONE,
            _ => state.late != (NONE, NONE),
        };
        if is_there {
            state = world.act(scratch, &state, action)?;
        }
    }
    let bounds = &world.setting.bounds;
    for _ in 0..PATIENCE {
        if state.broken != 0 {
            return Promise::at(usize::from(state.broken) - 1);
        }
        let key = Key {
            actors: state.actors,
            post: state.post,
            clock: state.clock,
        };
        if scratch.ends.insert(key) {
            return None;
        }
        state = match step(world, scratch, &state) {
            Some(next) => next,
            None if bounds.has_next(state.clock) => {
                let mut next = world.act(scratch, &state, Action::Clock)?;
                for who in bounds.everybody() {
                    next = world.after(scratch, &next, who, Event::Tick);
                }
                next
            }
            None => return at_rest(world, scratch, &state),
        };
    }
    Some(Promise::Ends)
}

/// What does not hold of a state in which nothing is left to be done.
fn at_rest<A: Adversary>(
    world: &World<A>,
    scratch: &mut Scratch,
    state: &State<A::Extra>,
) -> Option<Promise> {
    for who in world.setting.bounds.everybody() {
        let facts = world.facts(scratch, state.actors[usize::from(who)]);
        if facts.waiting_count > 0 || facts.is_sending {
            return Some(Promise::Ends);
        }
    }
    None
}
