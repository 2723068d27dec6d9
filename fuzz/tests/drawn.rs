//! The list of drawn conversations: each is what it was, and a second device, written naively from the profile, says the same.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use tigress_fuzz::drawn::{conversation, corpus, listed, pairs};
use tigress_fuzz::naive_device;
use tigress_signal::conformance::fuzz::draw::{Place, places};
use tigress_signal::conformance::fuzz::seeds::digest;
use tigress_signal::suite::Tigress1;

/// Of so many the tests look at one; all are looked at where `TIGRESS_DRAWN=all` says so.
const ONE_IN: usize = 12;

fn looks_at_all() -> bool {
    std::env::var("TIGRESS_DRAWN").is_ok_and(|what| what == "all")
}

/// Looks at some of the list, on all cores.
fn each(look: impl Fn(usize) + Sync) {
    let step = if looks_at_all() { 1 } else { ONE_IN };
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(step, Ordering::Relaxed);
                    if index >= listed().len() {
                        return;
                    }
                    look(index);
                }
            });
        }
    });
}

#[test]
fn each_is_what_it_was() {
    let listed = listed();
    each(|index| {
        let it = &listed[index];
        let now = digest(corpus(), &Tigress1, &it.name);
        assert!(now.is_some(), "{}", it.name);
        if it.digest.is_some() {
            assert_eq!(now, it.digest, "{}: see fuzz/examples/drawn.rs", it.name);
        }
    });
}

#[test]
fn a_naive_device_says_the_same() {
    let listed = listed();
    let judged = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    each(|index| {
        let name = &listed[index].name;
        let conversation = conversation(name).expect("it is a conversation");
        match naive_device::judge(&conversation) {
            Ok(steps) => {
                judged.fetch_add(steps, Ordering::Relaxed);
            }
            Err(why) => wrong
                .lock()
                .expect("no panic")
                .push(format!("{name}: {why}")),
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let judged = judged.into_inner();
    assert!(judged > 50, "{judged} steps");
}

/// Only where all are looked at.
#[test]
fn nearly_each_two_places_come_together() {
    if !looks_at_all() {
        return;
    }
    let listed = listed();
    let names = listed.iter().map(|it| &it.name);
    let covered: BTreeSet<_> = names
        .flat_map(|name| pairs(&places(corpus(), &Tigress1, name)))
        .collect();
    let all = pairs(&Place::ALL.iter().copied().collect());
    let missing: Vec<_> = all.difference(&covered).collect();
    assert!(missing.len() * 10 < all.len(), "{missing:?}");
}
