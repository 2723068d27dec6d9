//! What the intermediary does with a request, and what must hold of it.

use super::adversary::Adversary;
use super::bounds::DEVICES;
use super::post::Post;
use super::property::Promise;
use super::world::{Handled, NONE, World};
use crate::intermediary::{Answer, Body, Request, Store, Transaction};
use crate::timestamp::Timestamp;
use rustc_hash::FxBuildHasher;
use std::hash::{BuildHasher, Hash};

/// A hash of something, in a journal.
pub(super) fn hash(of: impl Hash) -> u64 {
    FxBuildHasher.hash_one(of)
}

/// What a reading of each device would be answered with, by number; [`NONE`] where no message waits.
pub(super) fn mail<A: Adversary>(world: &World<A>, post: &Post, now: Timestamp) -> [u32; DEVICES] {
    let bounds = &world.setting.bounds;
    std::array::from_fn(|who| {
        let Some(address) = world.setting.addresses.get(who) else {
            return NONE;
        };
        if who >= bounds.devices.len() {
            return NONE;
        }
        let limit = usize::try_from(bounds.limits.read).unwrap_or(usize::MAX);
        // What a reading is answered with comes of the store alone.
        let mut store = post.intermediary.store().clone();
        let read = store
            .begin(now)
            .and_then(|mut handling| handling.envelopes(address, limit));
        let Some(envelopes) = read.ok().filter(|envelopes| !envelopes.is_empty()) else {
            return NONE;
        };
        world.answers.intern(Ok(Answer::Envelopes { envelopes }))
    })
}

/// A request is carried out, and looked at.
pub(super) fn handle<A: Adversary>(
    world: &World<A>,
    (number, before): (u32, &Post),
    request: &Request,
    now: Timestamp,
) -> Handled {
    let mut after = before.clone();
    let answered = after.handle(request, now);
    let mut broken = None;
    let mut must = |promise, holds: bool| {
        if !holds && broken.is_none() {
            broken = Some(promise);
        }
    };
    if answered.is_err() {
        must(Promise::Refusal, after == *before);
    }
    if let (Body::FetchBundle { address, .. }, Ok(Answer::Bundle { bundle })) =
        (&request.body, &answered)
        && let Some(key) = &bundle.one_time_pre_key
    {
        let (key, id) = (hash((address, key)), hash(&request.id));
        let first = *after.handed_out.entry(key).or_insert(id);
        must(Promise::OneTimePreKey, first == id);
    }
    if after != *before {
        let restarted = after.restarted(&world.setting.bounds);
        must(
            Promise::Restart,
            restarted.is_some_and(|restarted| restarted == after.intermediary),
        );
        let mut again = after.clone();
        let repeated = again.handle(request, now);
        must(
            Promise::Repetition,
            repeated == answered && again.intermediary == after.intermediary,
        );
    }
    Handled {
        post: if after == *before {
            number
        } else {
            world.posts.intern(after)
        },
        answer: world.answers.intern(answered),
        broken: broken.map_or(0, Promise::mark),
    }
}
