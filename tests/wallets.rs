//! Wallets and an intermediary, from end to end: both flows, several devices, and a network that loses
//! requests and answers while everybody is restarted again and again.

mod common;

use common::{Seeded, device_of};
use proptest::prelude::*;
use std::collections::VecDeque;
use tigress_signal::error_code::ErrorCode;
use tigress_signal::identifier::{Address, DeviceId, Recipient, TransferId};
use tigress_signal::intermediary::{Answer, Intermediary, MemoryStore, Request, Store};
use tigress_signal::sesame::Device;
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::{Offer, Offered, StateName, Vertical};
use tigress_signal::wallet::{Effect, Event, Report, SavedWallet, Wallet, WalletError};

/// What the network does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Arrives,
    RequestLost,
    AnswerLost,
    Repeated,
}

/// Everybody.
struct World {
    now: Timestamp,
    intermediary: Intermediary<MemoryStore>,
    intermediary_randomness: Seeded,
    wallets: Vec<Wallet>,
    randomness: Vec<Seeded>,
    reports: Vec<(usize, Report)>,
    fates: VecDeque<Fate>,
    restarts: bool,
}

impl World {
    /// Users by the number of their devices; every device is registered.
    fn new(users: &[u32]) -> Self {
        let mut world = World {
            now: Timestamp(1_000_000),
            intermediary: Intermediary::new(&Tigress1, MemoryStore::default()),
            intermediary_randomness: Seeded(99),
            wallets: Vec::new(),
            randomness: Vec::new(),
            reports: Vec::new(),
            fates: VecDeque::new(),
            restarts: false,
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
                world.wallets.push(Wallet::new(device));
                world.randomness.push(Seeded(number as u64));
                world.event(number, Event::Tick).expect("time passes");
                world
                    .event(
                        number,
                        Event::Register {
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

    /// An event, and everything that comes of it. A refused event changes nothing; a restart neither.
    fn event(&mut self, who: usize, event: Event) -> Result<Vec<StateName>, WalletError> {
        let before = self.wallets[who].save().to_json();
        let result = self.wallets[who].step(event, self.now, &mut self.randomness[who]);
        if result.is_err() {
            assert_eq!(before, self.wallets[who].save().to_json());
        }
        let effects = result?;
        if self.restarts {
            let json = self.wallets[who].save().to_json();
            let saved = SavedWallet::from_json(&json).expect("what was saved can be read");
            self.wallets[who] = Wallet::try_from(saved).expect("what was saved can be restored");
            assert_eq!(json, self.wallets[who].save().to_json());
        }
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
        let fate = self.fates.pop_front().unwrap_or(Fate::Arrives);
        if fate == Fate::RequestLost {
            return Vec::new();
        }
        let first = self.handled(request);
        let answer = if fate == Fate::Repeated {
            self.handled(request)
        } else {
            first
        };
        if fate == Fate::AnswerLost {
            return Vec::new();
        }
        let request = request.id.clone();
        self.event(who, Event::Answer { request, answer })
            .unwrap_or_else(|error| {
                // An answer that came before: the request was repeated.
                assert_eq!(error, WalletError::UnknownRequest);
                Vec::new()
            })
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
                mailbox.expect("memory does not fail") > 0
            });
            let Some(who) = waiting else { return states };
            states.extend(self.event(who, Event::Collect).expect("it is registered"));
            if !self.fates.is_empty() {
                return states;
            }
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
        self.event(who, Event::Offer(Offer { to, what, lifetime }))
            .expect("an offer");
        let new = self.wallets[who].transfers().states().map(|(id, _)| *id);
        new.into_iter()
            .find(|id| !known.contains(id))
            .expect("a transfer")
    }
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
    world.event(1, Event::Accept(id)).expect("invited");
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
        world.event(device, Event::Accept(id)).expect("invited");
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
    world.event(2, Event::Tick).expect("time passes");
    world
        .event(2, Event::Register { sponsor })
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
        .event(0, Event::TakeInvitation(forged))
        .expect("a link");
    let to = Recipient::Device(world.address(1));
    world.offer(0, to, Offered::CarKey);
    let code = ErrorCode::UntrustedIdentity;
    assert_eq!(world.reports, [(0, Report::Unsent { to, code })]);
    assert!(world.settle().is_empty(), "nothing was sent");
    // The true link: the key is pinned, and the offer arrives.
    world.event(0, Event::TakeInvitation(ryan)).expect("a link");
    let id = world.offer(0, to, Offered::CarKey);
    world.settle();
    assert_eq!(world.state(1, &id), Some(StateName::Invited));
}

#[test]
fn a_link_that_is_none_is_refused() {
    let mut world = World::new(&[1]);
    let error = world.event(0, Event::TakeInvitation("https://example.org/".to_owned()));
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
    world.event(0, Event::Tick).expect("time passes");
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

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Arrives),
        1 => Just(Fate::RequestLost),
        1 => Just(Fate::AnswerLost),
        1 => Just(Fate::Repeated),
    ]
}

/// What the users do, and how the network is meanwhile.
#[derive(Clone, Copy, Debug)]
enum Act {
    Accept(usize),
    Decline(usize),
    Cancel(usize),
    Collect(usize),
    Tick(usize),
    Wait(u32),
}

fn act() -> impl Strategy<Value = Act> {
    let who = 0..3_usize;
    prop_oneof![
        2 => who.clone().prop_map(Act::Accept),
        1 => who.clone().prop_map(Act::Decline),
        1 => who.clone().prop_map(Act::Cancel),
        4 => who.clone().prop_map(Act::Collect),
        2 => who.prop_map(Act::Tick),
        1 => (0..30_000_u32).prop_map(Act::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// One sender, two devices of the receiver; everybody is restarted after every step. Whatever the
    /// network loses, at most one device is provisioned, only after its user's consent and before the
    /// expiry; and once the network is fair again, an accepted transfer ends.
    #[test]
    fn a_transfer_survives_losses_and_restarts(
        acts in prop::collection::vec((act(), prop::collection::vec(fate(), 0..6)), 1..25),
        stateful in any::<bool>(),
    ) {
        let mut world = World::new(&[1, 2]);
        world.restarts = true;
        let receiver = world.address(1);
        let id = if stateful {
            world.offer(0, Recipient::User(receiver.user_id), Offered::CarKey)
        } else {
            world.offer(0, Recipient::Device(receiver), Offered::AuthorizationToken(vec![1; 8].into()))
        };
        let expires = world.now.0 + 2 * 24 * 3600;
        let mut accepted = [false; 3];
        for (act, fates) in acts {
            world.fates = fates.into();
            let before = world.now.0;
            match act {
                Act::Accept(who) => {
                    let was = world.state(who, &id);
                    if world.event(who, Event::Accept(id)).is_ok() {
                        prop_assert_eq!(was, Some(StateName::Invited));
                        prop_assert!(before < expires);
                        accepted[who] = true;
                    }
                }
                Act::Decline(who) => drop(world.event(who, Event::Decline(id))),
                Act::Cancel(who) => drop(world.event(who, Event::Cancel(id))),
                Act::Collect(who) => drop(world.event(who, Event::Collect).expect("registered")),
                Act::Tick(who) => drop(world.event(who, Event::Tick).expect("time passes")),
                Act::Wait(seconds) => world.now = Timestamp(world.now.0 + u64::from(seconds)),
            }
            let provisioned: Vec<usize> =
                (0..3).filter(|who| world.state(*who, &id) == Some(StateName::Provisioned)).collect();
            prop_assert!(provisioned.len() <= 1, "{:?} are provisioned", provisioned);
            for who in provisioned {
                prop_assert!(accepted[who], "provisioned without consent");
            }
        }
        // From now on everything arrives.
        world.fates.clear();
        for _ in 0..4 {
            for who in 0..3 {
                world.event(who, Event::Tick).expect("time passes");
            }
            world.settle();
        }
        for (who, wallet) in world.wallets.iter().enumerate() {
            prop_assert!(!wallet.is_sending(), "{} still sends", who);
        }
        let states: Vec<_> = (0..3).map(|who| world.state(who, &id)).collect();
        let sender = states[0].expect("it offered");
        let holds = (1..3).any(|who| states[who] == Some(StateName::Provisioned));
        if holds {
            let known = [StateName::Completed, StateName::OfferCancelled, StateName::OfferExpired, StateName::OfferDeclined];
            prop_assert!(known.contains(&sender), "provisioned, and the sender is in {}", sender);
        }
        if (1..3).any(|who| states[who] == Some(StateName::Requested)) {
            // Whoever still asks was not heard: the sender had ended it, and says so no more.
            prop_assert!(sender.is_final() || sender == StateName::Signed, "{:?}", states);
        }
    }
}
