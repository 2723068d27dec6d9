//! Wallets and an intermediary, from end to end: both flows, and several devices.
//!
//! `tests/wallet_properties.rs` holds them to what must always be so, under a hostile network.

use crate::common;

use common::{Seeded, device_of};
use std::hash::{DefaultHasher, Hash, Hasher};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::identifier::{Address, DeviceId, Recipient, TransferId};
use tigress_signal::intermediary::{Answer, Intermediary, MemoryStore, Request};
use tigress_signal::sesame::Device;
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::{Offer, Offered, StateName, Vertical};
use tigress_signal::wallet::{Effect, Limits, Report, Wallet, WalletError, WalletEvent};
use tigress_signal::{agreement, sesame, transfer};

/// Everybody.
struct World {
    now: Timestamp,
    limits: Limits,
    intermediary: Intermediary<MemoryStore>,
    intermediary_randomness: Seeded,
    wallets: Vec<Wallet>,
    randomness: Vec<Seeded>,
    reports: Vec<(usize, Report)>,
}

impl World {
    /// Users by the number of their devices; every device is registered.
    fn new(users: &[u32]) -> Self {
        Self::with_limits(users, Limits::PROFILE)
    }

    /// The same, with wallets that are held to other limits than the profile's.
    fn with_limits(users: &[u32], limits: Limits) -> Self {
        let mut world = World {
            now: Timestamp(1_000_000),
            limits,
            intermediary: Intermediary::new(&Tigress1, MemoryStore::default()),
            intermediary_randomness: Seeded(99),
            wallets: Vec::new(),
            randomness: Vec::new(),
            reports: Vec::new(),
        };
        for (user, devices) in users.iter().enumerate() {
            let mut sponsor = None;
            for device in 1..=*devices {
                let number = world.wallets.len();
                let (first, _) = device_of(&Tigress1, 1000 + user as u64);
                let (_, keys) = device_of(&Tigress1, 2000 + number as u64);
                let address = Address {
                    user_id: first.user_id,
                    device_id: DeviceId::try_from(device).expect("from 1 to 127"),
                };
                let device = Device::new(&Tigress1, address, keys.keys().clone());
                world.wallets.push(Wallet::new(device).with_limits(limits));
                world.randomness.push(Seeded(number as u64));
                world.event(number, WalletEvent::Tick).expect("time passes");
                world
                    .event(
                        number,
                        WalletEvent::Register {
                            sponsor: sponsor.clone(),
                        },
                    )
                    .expect("it joins");
                sponsor = world.wallets[number].token().cloned();
                assert!(sponsor.is_some(), "{:?}", world.reports);
            }
        }
        world
    }

    fn address(&self, who: usize) -> Address {
        self.wallets[who].device().address()
    }

    fn state(&self, who: usize, id: &TransferId) -> Option<StateName> {
        self.wallets[who].transfers().state(id)
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
            }
        }
        Ok(states)
    }

    fn request(&mut self, who: usize, request: &Request) -> Vec<StateName> {
        let answer = self.handled(request);
        let request = request.id.clone();
        self.event(who, WalletEvent::Answer { request, answer })
            .expect("it was asked for")
    }

    fn handled(&mut self, request: &Request) -> Result<Answer, ErrorCode> {
        self.intermediary
            .handle(request, self.now, &mut self.intermediary_randomness)
            .map_err(|error| error.code().expect("the randomness never ends"))
    }

    /// Everybody reads for as long as something waits.
    fn settle(&mut self) -> Vec<StateName> {
        let mut states = Vec::new();
        for _ in 0..100 {
            let waiting = (0..self.wallets.len()).find(|who| {
                let mailbox = self
                    .intermediary
                    .store()
                    .mailbox_length(&self.address(*who), self.now);
                mailbox > 0
            });
            let Some(who) = waiting else { return states };
            states.extend(
                self.event(who, WalletEvent::Collect)
                    .expect("it is registered"),
            );
        }
        panic!("it does not come to rest");
    }

    fn offer(&mut self, who: usize, to: Recipient, what: Offered) -> TransferId {
        let known: Vec<TransferId> = self.wallets[who]
            .transfers()
            .states()
            .map(|(id, _)| *id)
            .collect();
        let lifetime = None;
        self.event(who, WalletEvent::Offer(Offer { to, what, lifetime }))
            .expect("an offer");
        let new = self.wallets[who].transfers().states().map(|(id, _)| *id);
        new.into_iter()
            .find(|id| !known.contains(id))
            .expect("a transfer")
    }
}

fn hash(wallet: &Wallet) -> u64 {
    let mut hasher = DefaultHasher::new();
    wallet.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn a_hotel_key_goes_from_phone_to_phone() {
    let mut world = World::new(&[1, 1]);
    let to = Recipient::Device(world.address(1));
    let id = world.offer(
        0,
        to,
        Offered::AuthorizationToken(b"room 12".to_vec().into()),
    );
    world.settle();
    assert_eq!(world.state(1, &id), Some(StateName::Invited));
    world.event(1, WalletEvent::Accept(id)).expect("invited");
    world.settle();
    assert_eq!(world.state(0, &id), Some(StateName::Completed));
    assert_eq!(world.state(1, &id), Some(StateName::Provisioned));
    assert_eq!(world.reports, []);
}

#[test]
fn the_first_of_two_devices_wins_a_car_key() {
    let mut world = World::new(&[1, 2]);
    let to = Recipient::User(world.address(1).user_id);
    let id = world.offer(0, to, Offered::CarKey);
    world.settle();
    for device in [2, 1] {
        world
            .event(device, WalletEvent::Accept(id))
            .expect("invited");
    }
    world.settle();
    assert_eq!(world.state(0, &id), Some(StateName::Completed));
    assert_eq!(world.state(2, &id), Some(StateName::Provisioned));
    assert_eq!(world.state(1, &id), Some(StateName::Cancelled));
    assert_eq!(world.reports, []);
}

#[test]
fn a_device_added_during_a_transfer_gets_what_comes_after() {
    let mut world = World::new(&[1, 1]);
    let user = Recipient::User(world.address(1).user_id);
    let first = world.offer(0, user, Offered::CarKey);
    world.settle();
    let sponsor = world.wallets[1].token().cloned();
    let (_, keys) = device_of(&Tigress1, 3000);
    let address = Address {
        user_id: world.address(1).user_id,
        device_id: DeviceId::try_from(2).expect("from 1 to 127"),
    };
    let watch = Wallet::new(Device::new(&Tigress1, address, keys.keys().clone()));
    world.wallets.push(watch);
    world.randomness.push(Seeded(7));
    world.event(2, WalletEvent::Tick).expect("time passes");
    world
        .event(2, WalletEvent::Register { sponsor })
        .expect("it joins");
    let second = world.offer(0, user, Offered::CarKey);
    world.settle();
    assert_eq!(world.state(2, &first), None);
    assert_eq!(world.state(2, &second), Some(StateName::Invited));
}

#[test]
fn an_invitation_of_another_key_stops_everything() {
    let mut world = World::new(&[1, 1, 1]);
    let link = |world: &World, who: usize| {
        let host = "keys.example".parse().expect("a host");
        world.wallets[who]
            .invitation(host, Vertical::Car)
            .to_string()
    };
    // The link is Ryan's but for the fingerprint, which is somebody else's.
    let ryan = link(&world, 1);
    let other = link(&world, 2);
    let forged = format!(
        "{}#{}",
        ryan.split('#').next().expect("a link"),
        other.split('#').nth(1).expect("a fingerprint")
    );
    world
        .event(0, WalletEvent::TakeInvitation(forged))
        .expect("a link");
    let to = Recipient::Device(world.address(1));
    world.offer(0, to, Offered::CarKey);
    let code = ErrorCode::UntrustedIdentity;
    assert_eq!(world.reports, [(0, Report::Unsent { to, code })]);
    assert!(world.settle().is_empty(), "nothing was sent");
    // The true link: the key is pinned, and the offer arrives.
    world
        .event(0, WalletEvent::TakeInvitation(ryan))
        .expect("a link");
    let id = world.offer(0, to, Offered::CarKey);
    world.settle();
    assert_eq!(world.state(1, &id), Some(StateName::Invited));
}

#[test]
fn a_link_that_is_none_is_refused() {
    let mut world = World::new(&[1]);
    let error = world.event(
        0,
        WalletEvent::TakeInvitation("https://example.org/".to_owned()),
    );
    assert_eq!(
        error.expect_err("no invitation").code(),
        Some(ErrorCode::Malformed)
    );
}

#[test]
fn prekeys_are_replaced_in_time() {
    let mut world = World::new(&[1, 1]);
    let first = world.wallets[0]
        .device()
        .bundle(None)
        .expect("a bundle")
        .signed_pre_key
        .id;
    world.now = Timestamp(world.now.0 + 8 * 24 * 3600);
    world.event(0, WalletEvent::Tick).expect("time passes");
    let second = world.wallets[0]
        .device()
        .bundle(None)
        .expect("a bundle")
        .signed_pre_key
        .id;
    assert_ne!(first, second);
    let to = Recipient::Device(world.address(0));
    let id = world.offer(1, to, Offered::CarKey);
    world.settle();
    assert_eq!(world.state(0, &id), Some(StateName::Invited));
    assert_eq!(world.reports, []);
}

#[test]
fn a_step_on_a_copy_leaves_the_original_as_it_was() {
    let mut world = World::new(&[1, 1]);
    let to = Recipient::Device(world.address(1));
    let id = world.offer(0, to, Offered::CarKey);
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
    let mut world = World::with_limits(&[1, 1], limits);
    let address = world.address(0);
    let signed = |world: &World| {
        let bundle = world.wallets[0].device().bundle(None);
        bundle.expect("a bundle").signed_pre_key.id
    };
    let first = signed(&world);
    let to = Recipient::Device(world.address(1));
    let id = world.offer(0, to, Offered::CarKey);
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
        let published = world.intermediary.store().one_time_pre_keys(&address);
        assert_eq!(published, keys, "after {seconds} s");
        assert_eq!(signed(&world) != first, replaced, "after {seconds} s");
    }
}
