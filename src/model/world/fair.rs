//! What must come of every state, once everybody is fair.

use super::action::{Action, Event};
use super::adversary::Adversary;
use super::property::{self, Promise};
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
    extra: u64,
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
        let next = round(world, scratch, &state);
        if next == state {
            break;
        }
        state = next;
    }
    state
}

/// A round of the fair schedule while the clock stands still: of each device every request that waits arrives once, and it reads what
/// waits for it. Where nothing changes the world is at rest.
fn round<A: Adversary>(
    world: &World<A>,
    scratch: &mut Scratch,
    state: &State<A::Extra>,
) -> State<A::Extra> {
    let mut state = *state;
    for who in world.setting.bounds.everybody() {
        let begun = world.facts(scratch, state.actors[usize::from(who)]);
        for request in begun.waiting() {
            // It may have been given up by now.
            let facts = world.facts(scratch, state.actors[usize::from(who)]);
            if !facts.waiting().contains(request) {
                continue;
            }
            let (next, answer) = world.carried_out(scratch, &state, *request);
            state = world.after(scratch, &next, who, Event::Answer(*request, answer));
        }
        state = world
            .act(scratch, &state, Action::Read(who))
            .unwrap_or(state);
    }
    state
}

/// What a state breaks, once everybody is fair.
pub(super) fn broken<A: Adversary>(
    world: &World<A>,
    scratch: &mut Scratch,
    state: &State<A::Extra>,
) -> Option<usize> {
    follow(world, scratch, state, true).0
}

/// The state of the fair schedule in which something is broken, or the last.
pub(super) fn followed<A: Adversary>(
    world: &World<A>,
    scratch: &mut Scratch,
    state: &State<A::Extra>,
) -> State<A::Extra> {
    follow(world, scratch, state, false).1
}

/// Follows the fair schedule until something is broken, all is over, or the state is known to end well where that is enough.
fn follow<A: Adversary>(
    world: &World<A>,
    scratch: &mut Scratch,
    from: &State<A::Extra>,
    known_is_enough: bool,
) -> (Option<usize>, State<A::Extra>) {
    let mut state = State {
        lost: 0,
        copied: 0,
        delayed: 0,
        extra: world.adversary.rest(from.extra),
        ..*from
    };
    for action in [Action::ReleaseCopy, Action::ReleaseAnswer] {
        let is_there = match action {
            Action::ReleaseCopy => state.copy != NONE,
            _ => state.late != (NONE, NONE),
        };
        let next = is_there.then(|| world.act(scratch, &state, action));
        state = next.flatten().unwrap_or(state);
    }
    for _ in 0..PATIENCE {
        if state.broken != 0 {
            return (Some(usize::from(state.broken) - 1), state);
        }
        let key = Key {
            actors: state.actors,
            post: state.post,
            clock: state.clock,
            extra: super::keeper::hash(state.extra),
        };
        if known_is_enough && scratch.ends.insert(key) {
            return (None, state);
        }
        let next = round(world, scratch, &state);
        if next != state {
            state = next;
            continue;
        }
        let broken = property::broken(world, scratch, &state);
        let broken = broken.or_else(|| property::broken_at_rest(world, scratch, &state));
        if broken.is_some() {
            return (broken.map(Promise::place), state);
        }
        if state.clock == world.setting.bounds.last() {
            let broken = property::broken_in_the_end(world, scratch, &state);
            return (broken.map(Promise::place), state);
        }
        state = world.act(scratch, &state, Action::Clock).unwrap_or(state);
        for who in world.setting.bounds.everybody() {
            state = world.after(scratch, &state, who, Event::Tick);
        }
    }
    (Some(Promise::Ends.place()), state)
}
