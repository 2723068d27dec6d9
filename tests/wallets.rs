//! Wallets and an intermediary, from end to end: both flows, links, queues, and answers that lie.
//!
//! `tests/wallet_properties.rs` holds them to what must always be so, under a hostile network.

use crate::common;

use common::{Seeded, device_of};
use std::hash::{DefaultHasher, Hash, Hasher};
use tigress_signal::agreement::fingerprint::fingerprint;
use tigress_signal::error_code::ErrorCode;
use tigress_signal::identifier::{Address, TransferId};
use tigress_signal::intermediary::{Answer, Body, Intermediary, MemoryStore, Request};
use tigress_signal::suite::{Party, Tigress1};
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::{Offer, Offered, StateName, Vertical};
use tigress_signal::wallet::{Effect, Limits, Report, Wallet, WalletError, WalletEvent};
use tigress_signal::{agreement, sesame, transfer};

/// Everybody.
struct World {
    now: Timestamp,
    limits: Limits,
    intermediary: Intermediary<MemoryStore>,
    wallets: Vec<Wallet>,
    randomness: Vec<Seeded>,
    reports: Vec<(usize, Report)>,
    /// The link that a wallet's user was given last.
    links: Vec<Option<String>>,
    /// What the intermediary answers in the place of carrying a request out.
    lie: fn(&Request) -> Option<Result<Answer, ErrorCode>>,
}

impl World {
    /// So many wallets, each of a user of its own; every device is registered.
    fn new(wallets: usize) -> Self {
        Self::with_limits(wallets, &Limits::PROFILE)
    }

    /// The same, with wallets that are held to other limits than the profile's.
    fn with_limits(wallets: usize, limits: &Limits) -> Self {
        let mut world = World {
            now: Timestamp(1_000_000),
            limits: *limits,
            intermediary: Intermediary::new(&Tigress1, MemoryStore::default()),
            wallets: Vec::new(),
            randomness: Vec::new(),
            reports: Vec::new(),
            links: vec![None; wallets],
            lie: |_| None,
        };
        for number in 0..wallets {
            let (_, device) = device_of(&Tigress1, 1000 + number as u64);
            world.wallets.push(Wallet::new(device).with_limits(*limits));
            world.randomness.push(Seeded(number as u64));
            world.event(number, WalletEvent::Tick).expect("time passes");
            world
                .event(number, WalletEvent::Register { sponsor: None })
                .expect("it joins");
            assert!(
                world.wallets[number].token().is_some(),
                "{:?}",
                world.reports
            );
        }
        world
    }

    fn address(&self, who: usize) -> Address {
        self.wallets[who].device().address()
    }

    fn state(&self, who: usize, id: &TransferId) -> Option<StateName> {
        self.wallets[who].transfers().state(id)
    }

    fn waiting(&self, who: usize) -> usize {
        let store = self.intermediary.store();
        store.mailbox_length(&self.address(who), self.now)
    }

    /// An event, and everything that comes of it. A refused event changes nothing, and the wallet that is restored
    /// is the one that was saved.
    fn event(&mut self, who: usize, event: WalletEvent) -> Result<Vec<StateName>, WalletError> {
        let wallet = &mut self.wallets[who];
        let before = wallet.clone();
        let result = wallet.step(event, self.now, &mut self.randomness[who]);
        if result.is_err() {
            assert_eq!(before, *wallet);
        }
        let restored = Wallet::try_from(wallet.save()).expect("a wallet was saved");
        let restored = restored.with_limits(self.limits);
        assert_eq!(restored, *wallet);
        assert_eq!(hash(&restored), hash(wallet));
        let effects = result?;
        let mut states = Vec::new();
        for effect in effects {
            match effect {
                Effect::Request(request) => states.extend(self.request(who, &request)),
                Effect::Changed { after, .. } => states.push(after),
                Effect::Report(report) => self.reports.push((who, report)),
                Effect::Invitation { link } => self.links[who] = Some(link),
            }
        }
        Ok(states)
    }

    fn request(&mut self, who: usize, request: &Request) -> Vec<StateName> {
        let answer = (self.lie)(request).unwrap_or_else(|| self.handled(request));
        let request = request.id.clone();
        match self.event(who, WalletEvent::Answer { request, answer }) {
            // What was given up meanwhile waits for no answer.
            Err(WalletError::UnknownRequest) => Vec::new(),
            result => result.expect("what others say never fails"),
        }
    }

    fn handled(&mut self, request: &Request) -> Result<Answer, ErrorCode> {
        self.intermediary
            .handle(request, self.now)
            .map_err(|error| error.code().expect("a store in memory never fails"))
    }

    /// Everybody reads for as long as something waits.
    fn settle(&mut self) -> Vec<StateName> {
        let mut states = Vec::new();
        for _ in 0..1_000 {
            let waiting = (0..self.wallets.len()).find(|who| self.waiting(*who) > 0);
            let Some(who) = waiting else { return states };
            states.extend(
                self.event(who, WalletEvent::Collect)
                    .expect("it is registered"),
            );
        }
        panic!("it does not come to rest");
    }

    /// A link of that wallet.
    fn link(&mut self, who: usize) -> String {
        let invite = WalletEvent::Invite {
            host: "keys.example".parse().expect("a host"),
            vertical: Vertical::Car,
            lifetime: None,
        };
        self.event(who, invite).expect("it may invite");
        self.links[who].take().expect("its access key is published")
    }

    /// `who` takes a link of `of`.
    fn meet(&mut self, who: usize, of: usize) {
        let link = self.link(of);
        self.event(who, WalletEvent::TakeInvitation(link))
            .expect("a link");
    }

    fn try_offer(
        &mut self,
        who: usize,
        to: usize,
        what: Offered,
    ) -> Result<TransferId, WalletError> {
        let known: Vec<TransferId> = self.wallets[who]
            .transfers()
            .states()
            .map(|(id, _)| *id)
            .collect();
        let offer = Offer {
            to: self.address(to),
            what,
            lifetime: None,
            again: false,
        };
        self.event(who, WalletEvent::Offer(offer))?;
        let mut new = self.wallets[who].transfers().states().map(|(id, _)| *id);
        Ok(new.find(|id| !known.contains(id)).expect("a transfer"))
    }

    fn offer(&mut self, who: usize, to: usize, what: Offered) -> TransferId {
        self.try_offer(who, to, what).expect("an offer")
    }
}

fn hotel_key(text: &str) -> Offered {
    Offered::AuthorizationToken(text.as_bytes().to_vec().into())
}

fn hash(wallet: &Wallet) -> u64 {
    let mut hasher = DefaultHasher::new();
    wallet.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn a_hotel_key_goes_from_phone_to_phone() {
    let mut world = World::new(2);
    world.meet(0, 1);
    let id = world.offer(0, 1, hotel_key("room 12"));
    world.settle();
    assert_eq!(world.state(1, &id), Some(StateName::Invited));
    world.event(1, WalletEvent::Accept(id)).expect("invited");
    world.settle();
    assert_eq!(world.state(0, &id), Some(StateName::Completed));
    assert_eq!(world.state(1, &id), Some(StateName::Provisioned));
    assert_eq!(world.reports, []);
}

#[test]
fn a_car_key_goes_from_phone_to_phone() {
    let mut world = World::new(2);
    world.meet(0, 1);
    let id = world.offer(0, 1, Offered::CarKey);
    world.settle();
    world.event(1, WalletEvent::Accept(id)).expect("invited");
    world.settle();
    assert_eq!(world.state(0, &id), Some(StateName::Completed));
    assert_eq!(world.state(1, &id), Some(StateName::Provisioned));
    assert_eq!(world.reports, []);
}

#[test]
fn nothing_is_offered_without_a_link() {
    let mut world = World::new(2);
    let refused = world.try_offer(0, 1, Offered::CarKey);
    let code = refused.expect_err("nobody says whose key it is").code();
    assert_eq!(code, Some(ErrorCode::UntrustedIdentity));
    assert_eq!(world.waiting(1), 0);
}

#[test]
fn an_invitation_of_another_key_stops_everything() {
    let mut world = World::new(3);
    // The link is Ryan's but for what stands behind `#`, which is somebody else's.
    let (ryan, other) = (world.link(1), world.link(2));
    let forged = format!(
        "{}#{}",
        ryan.split('#').next().expect("a link"),
        other.split('#').nth(1).expect("a fragment")
    );
    world
        .event(0, WalletEvent::TakeInvitation(forged))
        .expect("a link");
    world.offer(0, 1, Offered::CarKey);
    let (to, code) = (world.address(1), ErrorCode::UntrustedIdentity);
    assert_eq!(world.reports, [(0, Report::Unsent { to, code })]);
    assert!(world.settle().is_empty(), "nothing was sent");
    // The true link contradicts the pin, until the user drops it.
    let taken = world.event(0, WalletEvent::TakeInvitation(ryan.clone()));
    assert_eq!(taken.expect_err("pinned").code(), Some(code));
    world.event(0, WalletEvent::DropPin(to)).expect("a pin");
    world
        .event(0, WalletEvent::TakeInvitation(ryan))
        .expect("a link");
    let id = world.offer(0, 1, Offered::CarKey);
    world.settle();
    assert_eq!(world.state(1, &id), Some(StateName::Invited));
}

#[test]
fn a_link_that_is_none_is_refused() {
    let mut world = World::new(1);
    let link = "https://example.org/".to_owned();
    let error = world.event(0, WalletEvent::TakeInvitation(link));
    assert_eq!(
        error.expect_err("no invitation").code(),
        Some(ErrorCode::Malformed)
    );
}

#[test]
fn an_invitation_serves_ten_transfers_of_its_first_sender() {
    let mut world = World::new(3);
    let link = world.link(2);
    for sender in [0, 1] {
        world
            .event(sender, WalletEvent::TakeInvitation(link.clone()))
            .expect("a link");
    }
    for number in 0..10 {
        let id = world.offer(0, 2, hotel_key(&format!("room {number}")));
        world.settle();
        assert_eq!(world.state(2, &id), Some(StateName::Invited), "{number}");
        world.event(2, WalletEvent::Decline(id)).expect("invited");
        world.settle();
    }
    let used_up = world.try_offer(0, 2, hotel_key("room 10"));
    assert_eq!(
        used_up.expect_err("ten were made").code(),
        Some(ErrorCode::InvalidInvitation)
    );
    world.reports.clear();
    // Somebody else who has the link comes too late, and nothing is kept of it.
    let before = world.wallets[2].clone();
    let late = world.offer(1, 2, hotel_key("room 11"));
    world.settle();
    assert_eq!(world.state(2, &late), None);
    let (from, code) = (world.address(1), ErrorCode::InvalidInvitation);
    assert_eq!(world.reports, [(2, Report::Refused { from, code })]);
    assert_eq!(world.wallets[2].device(), before.device());
}

#[test]
fn a_stranger_is_told_nothing_and_leaves_nothing() {
    let mut world = World::new(2);
    world.meet(0, 1);
    // The receiver no longer honours the link, whose access key still opens its mailbox.
    let id = world.offer(0, 1, Offered::CarKey);
    let mut deaf = world.wallets[1].clone();
    std::mem::swap(&mut world.wallets[1], &mut deaf);
    world.now = Timestamp(world.now.0 + 40 * 24 * 3600);
    world.event(1, WalletEvent::Tick).expect("time passes");
    let keys = world.wallets[1].device().keys().clone();
    world.settle();
    assert_eq!(world.state(1, &id), None);
    assert_eq!(*world.wallets[1].device().keys(), keys);
    assert_eq!(world.wallets[1].device().records().count(), 0);
}

#[test]
fn a_key_is_named_by_the_number_that_the_other_side_shows() {
    let mut world = World::new(2);
    world.meet(0, 1);
    world.offer(0, 1, Offered::CarKey);
    world.settle();
    // Ryan knows Ben's key by the offer's MAC alone.
    let refused = world.try_offer(1, 0, Offered::CarKey);
    let untrusted = Some(ErrorCode::UntrustedIdentity);
    assert_eq!(refused.expect_err("no name").code(), untrusted);
    let party = |who: usize| Party {
        identity_key: *world.wallets[who].device().keys().identity().public(),
        address: world.address(who),
    };
    let right = fingerprint(&Tigress1, &party(0), &party(1));
    let device = world.address(0);
    let shows = |number: String| WalletEvent::CompareFingerprints { device, number };
    let refused = world.event(1, shows(right.replacen(&right[..1], "x", 1)));
    assert_eq!(refused.expect_err("another number").code(), untrusted);
    let refused = world.try_offer(1, 0, Offered::CarKey);
    assert_eq!(refused.expect_err("still no name").code(), untrusted);
    world.event(1, shows(right)).expect("the same number");
    let id = world.offer(1, 0, Offered::CarKey);
    world.settle();
    assert_eq!(world.state(0, &id), Some(StateName::Invited));
}

#[test]
fn a_full_mailbox_delays_nobody_else() {
    let mut world = World::new(3);
    world.meet(0, 1);
    world.meet(0, 2);
    world.lie = |request| match &request.body {
        Body::Submit(_) => Some(Err(ErrorCode::MailboxFull)),
        _ => None,
    };
    let stuck = world.offer(0, 1, hotel_key("room 1"));
    world.lie = |_| None;
    let other = world.offer(0, 2, hotel_key("room 2"));
    world.settle();
    assert_eq!(world.state(1, &stuck), None);
    assert_eq!(world.state(2, &other), Some(StateName::Invited));
    let (to, code) = (world.address(1), ErrorCode::MailboxFull);
    assert_eq!(world.reports, [(0, Report::Delayed { to, code })]);
    // It is told once, asked again with time, and arrives.
    world.event(0, WalletEvent::Tick).expect("time passes");
    world.settle();
    assert_eq!(world.state(1, &stuck), Some(StateName::Invited));
    assert_eq!(world.reports.len(), 1);
}

#[test]
fn a_wrong_answer_is_asked_again_and_then_given_up() {
    let mut world = World::new(2);
    world.meet(0, 1);
    world.lie = |request| match request.body {
        Body::FetchBundle { .. } => Some(Ok(Answer::OneTimePreKeys { left: 7 })),
        _ => None,
    };
    let id = world.offer(0, 1, Offered::CarKey);
    let (to, code) = (world.address(1), ErrorCode::UnexpectedMessage);
    assert_eq!(world.reports, [(0, Report::Unsent { to, code })]);
    assert_eq!(world.state(0, &id), Some(StateName::Offered));
    assert!(!world.wallets[0].is_sending());
    world.lie = |_| None;
    let id = world.offer(0, 1, Offered::CarKey);
    world.settle();
    assert_eq!(world.state(1, &id), Some(StateName::Invited));
}

#[test]
fn prekeys_are_replaced_in_time() {
    let mut world = World::new(2);
    let signed = |world: &World| {
        let bundle = world.wallets[0].device().bundle(None);
        bundle.expect("a bundle").signed_pre_key.id
    };
    let first = signed(&world);
    world.now = Timestamp(world.now.0 + 8 * 24 * 3600);
    for who in [0, 1] {
        world.event(who, WalletEvent::Tick).expect("time passes");
    }
    assert_ne!(first, signed(&world));
    world.meet(1, 0);
    let id = world.offer(1, 0, Offered::CarKey);
    world.settle();
    assert_eq!(world.state(0, &id), Some(StateName::Invited));
    assert_eq!(world.reports, []);
}

#[test]
fn a_step_on_a_copy_leaves_the_original_as_it_was() {
    let mut world = World::new(2);
    world.meet(0, 1);
    let id = world.offer(0, 1, Offered::CarKey);
    let (original, saved) = (world.wallets[0].clone(), world.wallets[0].save().to_json());
    world.event(0, WalletEvent::Cancel(id)).expect("it is open");
    assert_eq!(original.save().to_json(), saved);
    assert_ne!(original, world.wallets[0]);
    assert_ne!(hash(&original), hash(&world.wallets[0]));
}

#[test]
fn a_wallet_keeps_to_the_limits_that_it_is_given() {
    let limits = Limits {
        device: sesame::Limits {
            pre_keys: agreement::Limits {
                signed_pre_key_lifetime: 5,
                ..agreement::Limits::PROFILE
            },
            ..sesame::Limits::PROFILE
        },
        transfers: transfer::Limits {
            default_lifetime: 3,
            ..transfer::Limits::PROFILE
        },
        few_one_time_pre_keys: 8,
        more_one_time_pre_keys: 3,
        count_interval: 4,
        ..Limits::PROFILE
    };
    let mut world = World::with_limits(2, &limits);
    let address = world.address(0);
    let signed = |world: &World| {
        let bundle = world.wallets[0].device().bundle(None);
        bundle.expect("a bundle").signed_pre_key.id
    };
    let first = signed(&world);
    world.meet(0, 1);
    let id = world.offer(0, 1, Offered::CarKey);
    for (seconds, state, keys, replaced) in [
        (2, StateName::Offered, 6, false),
        (3, StateName::OfferExpired, 6, false),
        (5, StateName::OfferExpired, 6, true),
        (6, StateName::OfferExpired, 9, true),
        (10, StateName::OfferExpired, 9, true),
    ] {
        world.now = Timestamp(1_000_000 + seconds);
        world.event(0, WalletEvent::Tick).expect("time passes");
        assert_eq!(world.state(0, &id), Some(state), "after {seconds} s");
        let published = world
            .intermediary
            .store()
            .one_time_pre_keys(&address, world.now);
        assert_eq!(published, keys, "after {seconds} s");
        assert_eq!(signed(&world) != first, replaced, "after {seconds} s");
    }
}
