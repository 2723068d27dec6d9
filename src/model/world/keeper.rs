//! What the intermediary does with a request, and what must hold of it.

use super::adversary::Adversary;
use super::bounds::{Bounds, DEVICES};
use super::post::{Answered, Post};
use super::property::Promise;
use super::world::{Handled, NONE, World};
use crate::error_code::ErrorCode;
use crate::identifier::{Address, PreKeyId};
use crate::intermediary::{
    AccessKey, Answer, Body, Digest, Envelope, MemoryStore, Request, Store, Submission, Transaction,
};
use crate::timestamp::{DAY, Timestamp};
use rustc_hash::FxBuildHasher;
use std::hash::{BuildHasher, Hash};

/// How long a message is kept whose submission does not say, in seconds (MBX-10).
const KEPT: u64 = 2 * DAY;
/// How long a one-time prekey is handed out, in seconds (MBX-03).
const HANDED_OUT: u64 = 60 * DAY;

/// A hash of something, in a journal.
pub(super) fn hash(of: impl Hash) -> u64 {
    FxBuildHasher.hash_one(of)
}

/// What a reading of each device would be answered with, by number; [`NONE`] where no message waits.
pub(super) fn mail<A: Adversary>(world: &World<A>, post: &Post, now: Timestamp) -> [u32; DEVICES] {
    let bounds = &world.setting.bounds;
    std::array::from_fn(|who| {
        if who >= bounds.devices.len() {
            return NONE;
        }
        // What a reading is answered with comes of the store alone.
        let limit = usize::try_from(bounds.limits.read).unwrap_or(usize::MAX);
        let mut seen = Held::of(post, now);
        let envelopes = seen.envelopes(&world.setting.addresses[who], limit);
        if envelopes.is_empty() {
            return NONE;
        }
        world.answers.intern(Ok(Answer::Envelopes { envelopes }))
    })
}

/// What a store holds at some time, looked into.
struct Held {
    store: MemoryStore,
    now: Timestamp,
}

impl Held {
    fn of(post: &Post, now: Timestamp) -> Self {
        let store = post.intermediary.store().clone();
        Held { store, now }
    }

    fn look<T: Default>(
        &mut self,
        look: impl FnOnce(
            &mut <MemoryStore as Store>::Transaction<'_>,
        ) -> Result<T, crate::intermediary::StoreError>,
    ) -> T {
        // A store in memory does not fail.
        let looked = self.store.begin(self.now).and_then(|mut it| look(&mut it));
        looked.unwrap_or_default()
    }

    fn envelopes(&mut self, of: &Address, limit: usize) -> Vec<Envelope> {
        self.look(|store| store.envelopes(of, limit))
    }

    fn length_of(&mut self, of: &Address, access_key: &Digest) -> usize {
        self.look(|store| store.mailbox_length_of(of, access_key))
    }

    fn is_there(&mut self, device: &Address) -> bool {
        self.look(|store| store.device(device)).is_some()
    }
}

/// A request is carried out, and looked at.
pub(super) fn handle<A: Adversary>(
    world: &World<A>,
    (number, before): (u32, &Post),
    request: &Request,
    now: Timestamp,
) -> Handled {
    let bounds = &world.setting.bounds;
    let mut after = before.clone();
    let answered = after.handle(request, now);
    let id = hash(request.id.as_str());
    let mut keeper = Keeper {
        bounds,
        now,
        before: Held::of(before, now),
        post: &mut after,
        broken: None,
        repeated: before.done.contains(&id),
        changed: false,
    };
    keeper.changed = keeper.post.intermediary != before.intermediary;
    match &answered {
        Err(code) => {
            keeper.must(Promise::Refusal, *keeper.post == *before);
            keeper.refused(request, *code);
        }
        Ok(answer) => keeper.carried_out(request, id, answer),
    }
    let broken = keeper.broken;
    let mut handled = Handled {
        post: number,
        answer: world.answers.intern(answered.clone()),
        broken: broken.map_or(0, Promise::mark),
    };
    if after == *before {
        return handled;
    }
    let broken = broken.or_else(|| outlasts(bounds, &after, request, &answered, now));
    handled.broken = broken.map_or(0, Promise::mark);
    handled.post = world.posts.intern(after);
    handled
}

/// What does not hold of a restart, and of the same request once more.
fn outlasts(
    bounds: &Bounds,
    after: &Post,
    request: &Request,
    answered: &Answered,
    now: Timestamp,
) -> Option<Promise> {
    let restarted = after.restarted(bounds);
    if restarted.is_none_or(|restarted| restarted != after.intermediary) {
        return Some(Promise::Restart);
    }
    let mut again = after.clone();
    // Whoever has left is not known any more.
    let leaves = matches!(request.body, Body::Remove { .. });
    let repeated = again.handle(request, now);
    let same = repeated == *answered && again.intermediary == after.intermediary;
    (!same && !leaves).then_some(Promise::Repetition)
}

/// Looks at what the intermediary does.
struct Keeper<'a> {
    bounds: &'a Bounds,
    now: Timestamp,
    /// What it held before.
    before: Held,
    post: &'a mut Post,
    broken: Option<Promise>,
    /// Whether the request has been carried out before.
    repeated: bool,
    /// Whether it changed something.
    changed: bool,
}

impl Keeper<'_> {
    fn must(&mut self, promise: Promise, holds: bool) {
        if !holds {
            self.broken.get_or_insert(promise);
        }
    }

    fn after(&self) -> Held {
        Held::of(self.post, self.now)
    }

    /// Whether that access key of a device admits, by what was published and withdrawn.
    fn admits(&self, device: &Address, access_key: &AccessKey) -> bool {
        let end = self
            .post
            .access_keys
            .get(&hash((device, access_key.digest())));
        end.is_some_and(|end| self.now < *end)
    }

    fn refused(&mut self, request: &Request, code: ErrorCode) {
        let Body::Submit(submission) = &request.body else {
            return;
        };
        let to = &submission.recipient;
        let (admits, there) = (
            self.admits(to, &submission.access_key),
            self.before.is_there(to),
        );
        let access_key = submission.access_key.digest();
        let of_access_key = self.before.length_of(to, &access_key);
        match code {
            ErrorCode::Forbidden => self.must(Promise::Admitted, !admits),
            ErrorCode::NotFound => self.must(Promise::Kept, !there),
            ErrorCode::MailboxFull => {
                let first = of_access_key < self.bounds.post_limits.always_taken;
                self.must(Promise::Mailbox, !first);
            }
            _ => {}
        }
    }

    fn carried_out(&mut self, request: &Request, id: u64, answer: &Answer) {
        if self.changed {
            self.post.done.insert(id);
        }
        match (&request.body, answer) {
            (Body::Submit(submission), _) => self.submitted(request, submission),
            (
                Body::FetchBundle {
                    address,
                    access_key,
                },
                Answer::Bundle { bundle },
            ) => {
                if let Some(key) = &bundle.one_time_pre_key {
                    self.handed_out(address, access_key.as_ref(), id, hash(&key.0));
                }
            }
            (Body::CountOneTimePreKeys { address }, Answer::OneTimePreKeys { left }) => {
                let held = self.before.look(|store| store.one_time_pre_keys(address));
                self.must(Promise::Counted, u32::try_from(held) == Ok(*left));
            }
            (Body::Acknowledge { address, ids }, _) => {
                let left = self.after().envelopes(address, usize::MAX);
                let gone = left.iter().all(|envelope| !ids.contains(&envelope.id));
                self.must(Promise::Erased, gone);
            }
            (Body::Read { address, limit }, Answer::Envelopes { envelopes }) => {
                let limit = usize::try_from(*limit).unwrap_or(usize::MAX);
                let held = self.before.envelopes(address, limit);
                self.must(Promise::Kept, held == *envelopes);
            }
            (
                Body::PublishAccessKey {
                    address,
                    hash: digest,
                    expires,
                },
                _,
            ) if self.changed => {
                self.post
                    .access_keys
                    .insert(hash((address, digest)), *expires);
            }
            (
                Body::WithdrawAccessKey {
                    address,
                    hash: digest,
                },
                _,
            ) => {
                if !self.repeated {
                    self.post.access_keys.remove(&hash((address, digest)));
                    let held = self.after().look(|store| store.access_key(address, digest));
                    self.must(Promise::Erased, held.is_none());
                }
            }
            (Body::Remove { address }, _) if !self.repeated => {
                let there = self.after().is_there(address);
                self.must(Promise::Erased, !there);
            }
            (Body::Register(registration), _) if self.changed => {
                self.stated(registration.created);
                let (address, now) = (registration.address, self.now);
                let keys = registration.one_time_pre_keys.iter().map(|key| &key.key);
                let keys = keys.chain([&registration.identity_key, &registration.signed_pre_key]);
                let keys: Vec<_> = keys.map(|key| hash(&key.0)).collect();
                self.published(address, now, &keys);
            }
            (
                Body::PublishSignedPreKey {
                    address,
                    key,
                    created,
                    ..
                },
                _,
            ) if self.changed => {
                self.stated(*created);
                self.published(*address, self.now, &[hash(&key.0)]);
            }
            (
                Body::PublishOneTimePreKeys {
                    address,
                    one_time_pre_keys,
                },
                _,
            ) if self.changed => {
                let keys = one_time_pre_keys.iter().map(|key| hash(&key.key.0));
                let keys: Vec<_> = keys.collect();
                self.published(*address, self.now, &keys);
                let ids: Vec<PreKeyId> = one_time_pre_keys.iter().map(|key| key.id).collect();
                self.must(Promise::Distinct, ids.is_sorted_by(|one, next| one < next));
            }
            _ => {}
        }
    }

    /// A statement is not too old, and not of a time to come (MBX-24).
    fn stated(&mut self, created: Option<Timestamp>) {
        let created = created.unwrap_or_default();
        let fresh =
            self.now.seconds_since(created) <= 9 * DAY && created.seconds_since(self.now) <= DAY;
        self.must(Promise::Registered, fresh);
    }

    /// Keys that nobody has published before.
    fn published(&mut self, of: Address, now: Timestamp, keys: &[u64]) {
        // What is repeated when nobody remembers it is published again.
        if self.repeated {
            return;
        }
        for key in keys {
            let former = self.post.keys.insert(*key, (of, now));
            self.must(Promise::Distinct, former.is_none());
        }
    }

    fn handed_out(&mut self, of: &Address, access_key: Option<&AccessKey>, id: u64, key: u64) {
        let first = *self.post.handed_out.entry(key).or_insert(id);
        self.must(Promise::OneTimePreKey, first == id);
        if self.repeated || !self.changed {
            return;
        }
        let admits = access_key.is_some_and(|access_key| self.admits(of, access_key));
        self.must(Promise::OneTimePreKey, admits);
        let published = self.post.keys.get(&key).map(|(_, at)| *at);
        let young = published.is_some_and(|at| self.now.seconds_since(at) < HANDED_OUT);
        self.must(Promise::OneTimePreKey, young);
        if let Some(access_key) = access_key {
            let by = hash((of, access_key.digest()));
            let count = self.post.handed_by.entry(by).or_default();
            *count += 1;
            let holds = *count <= self.bounds.post_limits.one_time_pre_keys_of_access_key;
            self.must(Promise::OneTimePreKey, holds);
        }
    }

    fn submitted(&mut self, request: &Request, submission: &Submission) {
        let to = &submission.recipient;
        let (held, kept) = (
            self.before.envelopes(to, usize::MAX),
            self.after().envelopes(to, usize::MAX),
        );
        if self.repeated && !self.changed {
            return;
        }
        let admits = self.admits(to, &submission.access_key);
        self.must(Promise::Admitted, admits);
        let token = request
            .token
            .as_ref()
            .map(crate::intermediary::token::Token::digest);
        let sender = token.and_then(|token| self.before.look(|store| store.owner(&token)));
        let lifetime = submission.lifetime.unwrap_or(KEPT);
        let expires = self.now.after(lifetime);
        let is_it = kept.last().is_some_and(|last| {
            Some(last.sender) == sender
                && last.recipient == *to
                && last.kind == submission.kind
                && last.message == submission.message
                && last.expires == expires
                && held.iter().all(|envelope| envelope.id < last.id)
        });
        self.must(Promise::Kept, is_it && kept.len() == held.len() + 1);
        let limits = self.bounds.post_limits;
        let of_access_key = self.after().length_of(to, &submission.access_key.digest());
        let beyond = self
            .after()
            .look(|store| store.mailbox_length_beyond(to, limits.always_taken));
        self.must(
            Promise::Mailbox,
            of_access_key <= limits.mailbox_of_access_key && beyond <= limits.mailbox,
        );
    }
}
