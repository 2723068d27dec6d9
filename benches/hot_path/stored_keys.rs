//! A session with few or many skipped keys: what it costs must not depend on how many.

use crate::ENGINE;
use crate::rows::{Rows, Timed, rounds};
use crate::sessions::{Numbers, Pair, decrypt_all};
use criterion::Criterion;
use tigress_signal::ratchet::Session;

/// 2,000 are the most (DR-12).
const MANY: usize = 2000;
const FEW: usize = 10;
/// How many messages a round takes, so that ten stored keys suffice.
const ROUND: usize = 10;

/// Measures what `prepare` makes of a session with many keys, and with few.
fn many_and_few<'a>(
    criterion: &mut Criterion,
    group: &'static str,
    prepare: impl Fn(usize) -> Timed<'a>,
) {
    Rows::new(group)
        .row(ENGINE, MANY, prepare(MANY))
        .row(ENGINE, FEW, prepare(FEW))
        .measure(criterion);
}

/// Messages of a round, read by a copy of `session`.
fn read<'a>(session: Session, messages: Vec<Vec<u8>>) -> Timed<'a> {
    rounds(
        ROUND,
        move |count| (session.clone(), count),
        move |(session, count)| decrypt_all(session, &mut Numbers::new(), &messages[..*count]),
    )
}

/// A message in order, of a session that has keys stored.
pub(crate) fn in_order(criterion: &mut Criterion) {
    many_and_few(criterion, "stored_in_order", |stored| {
        let mut pair = Pair::new();
        pair.with_stored(stored);
        let messages = pair.messages(ROUND, b"");
        read(pair.b, messages)
    });
}

/// A message whose key is stored.
pub(crate) fn find(criterion: &mut Criterion) {
    many_and_few(criterion, "stored_find", |stored| {
        let mut pair = Pair::new();
        let late = pair.with_stored(stored);
        // From all over the store.
        let messages = (0..ROUND)
            .map(|index| late[index * (stored / ROUND)].clone())
            .collect();
        read(pair.b, messages)
    });
}

/// A message that skips one, where the store is full, and the oldest key is dropped for it (DR-12).
pub(crate) fn drop_oldest(criterion: &mut Criterion) {
    many_and_few(criterion, "stored_drop_oldest", |stored| {
        let mut pair = Pair::new();
        pair.with_stored(stored);
        let messages = pair.messages(2 * ROUND, b"");
        read(pair.b, messages.into_iter().skip(1).step_by(2).collect())
    });
}

/// A DH ratchet step with which the chain that holds the keys falls off (DR-16).
pub(crate) fn expire(criterion: &mut Criterion) {
    many_and_few(criterion, "stored_expire", |stored| {
        let mut pair = Pair::new();
        pair.with_stored(stored);
        // Five chains are remembered: four more, and the next one pushes that of the keys out.
        for _ in 0..4 {
            pair.answer();
            pair.turn();
        }
        pair.answer();
        let message = pair.messages(1, b"");
        assert_eq!(pair.b.stored_keys(), stored);
        let b = pair.b;
        rounds(
            1,
            move |_| b.clone(),
            move |b| decrypt_all(b, &mut Numbers::new(), &message),
        )
    });
}
