//! Which mutation is on. This file is in the copy of the tree that `mutants/run` makes, and nowhere else.

use std::cell::{Cell, RefCell};

/// None is on; mutations count from 1.
const NONE: u32 = 0;
/// None is on, and what is asked is written down.
const TRACED: u32 = u32::MAX;
/// Nobody has said yet in this thread: the environment does.
const UNSAID: u32 = u32::MAX - 1;

thread_local! {
    static ON: Cell<u32> = const { Cell::new(UNSAID) };
    static REACHED: RefCell<Vec<bool>> = const { RefCell::new(Vec::new()) };
}

/// Whether the mutation is on in this thread: everywhere the one of `TIGRESS_MUTATION`, unless [`with`] says otherwise.
pub fn on(id: u32) -> bool {
    let now = ON.get();
    now == id || (now >= UNSAID && first(id, now))
}

#[cold]
#[inline(never)]
fn first(id: u32, now: u32) -> bool {
    if now == UNSAID {
        let said = std::env::var("TIGRESS_MUTATION");
        ON.set(said.ok().and_then(|id| id.parse().ok()).unwrap_or(NONE));
        return on(id);
    }
    REACHED.with_borrow_mut(|reached| {
        let at = id as usize;
        if reached.len() <= at {
            reached.resize(at + 1, false);
        }
        reached[at] = true;
    });
    false
}

/// Runs `run` with that mutation on, in this thread alone; with none where it is 0.
pub fn with<T>(id: u32, run: impl FnOnce() -> T) -> T {
    struct Before(u32);
    impl Drop for Before {
        fn drop(&mut self) {
            ON.set(self.0);
        }
    }
    let _before = Before(ON.replace(id));
    run()
}

/// Runs `run` with none on, and adds to what is [`reached`].
pub fn traced<T>(run: impl FnOnce() -> T) -> T {
    with(TRACED, run)
}

/// The mutations that [`traced`] has come by in this thread since this was last asked.
pub fn reached() -> Vec<u32> {
    let reached = REACHED.take();
    let ids = reached.iter().enumerate().filter(|(_, is)| **is);
    ids.map(|(id, _)| u32::try_from(id).unwrap_or_default())
        .collect()
}

/// One of two iterators.
pub enum Either<A, B> {
    /// The one.
    Left(A),
    /// The other.
    Right(B),
}

impl<A: Iterator, B: Iterator<Item = A::Item>> Iterator for Either<A, B> {
    type Item = A::Item;

    fn next(&mut self) -> Option<A::Item> {
        match self {
            Either::Left(it) => it.next(),
            Either::Right(it) => it.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Either::Left(it) => it.size_hint(),
            Either::Right(it) => it.size_hint(),
        }
    }
}
