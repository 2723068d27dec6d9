//! Devices and what they ask.

use serde_json::Value;
use tigress_signal::agreement::{Bundle, PreKeyStore};
use tigress_signal::identifier::{Address, DeviceId, UserId};
use tigress_signal::intermediary::store::{Change, DeviceRecord, Transaction};
use tigress_signal::intermediary::{
    AccessKey, Answer, Body, Digest, EnvelopeId, Intermediary, MessageBytes, Registration, Request,
    RequestId, Submission, Token,
};
use tigress_signal::primitives::{Randomness, RandomnessError};
use tigress_signal::serve::Clock;
use tigress_signal::serve::store::GroupStore;
use tigress_signal::sesame::Device;
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::{DAY, Timestamp};
use tigress_signal::wire::MessageKind;

/// When everything happens: 2026-01-01T00:00:00Z.
const NOW: Timestamp = Timestamp(1_767_225_600);
/// Access keys of a device. With 40 of them its mailbox takes 1,160 messages (MBX-11).
const ACCESS_KEYS: usize = 40;
/// Messages that a device is sent: 29 by each access key.
const MESSAGES: usize = ACCESS_KEYS * 29;
/// Devices of each client.
const DEVICES: usize = 8;
/// The length of a message, in bytes: a padded offer.
const LENGTH: usize = 1_024;

/// Randomness that never ends (`SplitMix64`).
struct Seeded(u64);

impl Randomness for Seeded {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomnessError> {
        for byte in out {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (z ^ (z >> 31)).to_le_bytes()[0];
        }
        Ok(())
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Submit,
    Read,
    Fetch,
}

impl Kind {
    /// Those that are measured; what is submitted is read after it.
    pub(crate) const ALL: [Kind; 3] = [Kind::Submit, Kind::Read, Kind::Fetch];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Submit => "submissions",
            Kind::Read => "readings",
            Kind::Fetch => "bundles",
        }
    }
}

/// A device of a client.
struct Asker {
    address: Address,
    token: Token,
    bundle: Bundle,
    access_keys: Vec<AccessKey>,
}

/// All clients.
pub(crate) struct Population {
    clients: Vec<Vec<Asker>>,
}

impl Population {
    pub(crate) fn new(clients: usize) -> Self {
        let mut randomness = Seeded(7);
        let mut asker = || {
            let address = Address {
                user_id: UserId::random(&mut randomness).expect("never ends"),
                device_id: DeviceId::try_from(1).expect("from 1 to 127"),
            };
            let keys = PreKeyStore::random(&[&Tigress1], &address, NOW, &mut randomness);
            let device = Device::new(&Tigress1, address, keys.expect("never ends"));
            let mut secret = || {
                let mut bytes = [0; 32];
                randomness.fill(&mut bytes).expect("never ends");
                bytes
            };
            Asker {
                address,
                token: Token::from(secret()),
                access_keys: (0..ACCESS_KEYS)
                    .map(|_| AccessKey::from(secret()))
                    .collect(),
                bundle: device.bundle(None).expect("a bundle"),
            }
        };
        let clients = (0..clients).map(|_| (0..DEVICES).map(|_| asker()).collect());
        Population {
            clients: clients.collect(),
        }
    }

    pub(crate) fn clients(&self) -> usize {
        self.clients.len()
    }

    /// The time of all this.
    pub(crate) fn clock() -> Clock {
        Clock::standing_at(NOW)
    }

    /// Every device registers, and publishes its access keys, among so many others.
    pub(crate) fn settle<S: GroupStore>(&self, machine: &mut Intermediary<S>, others: usize) {
        self.others(machine, others);
        let mut number = 0_u64;
        let mut id = || {
            number += 1;
            RequestId::try_from(format!("settle-{number}")).expect("an id")
        };
        for asker in self.clients.iter().flatten() {
            machine.store_mut().begin_group(NOW).expect("a group");
            let registration = Registration::of(&asker.bundle, asker.token.digest());
            let register = Request {
                id: id(),
                token: None,
                body: Body::Register(registration),
            };
            machine.handle(&register, NOW).expect("it is registered");
            for access_key in &asker.access_keys {
                let publish = Request {
                    id: id(),
                    token: Some(asker.token.clone()),
                    body: Body::PublishAccessKey {
                        address: asker.address,
                        hash: access_key.digest(),
                        expires: NOW.after(7 * DAY),
                    },
                };
                machine.handle(&publish, NOW).expect("it is published");
            }
            machine.store_mut().end_group().expect("it is kept");
        }
    }

    /// So many devices that ask nothing, each with the keys of the first one: only its address and its token tell it apart.
    fn others<S: GroupStore>(&self, machine: &mut Intermediary<S>, others: usize) {
        let bundle = &self.clients[0][0].bundle;
        let mut randomness = Seeded(11);
        let store = machine.store_mut();
        let mut left = others;
        while left > 0 {
            let now = left.min(1_000);
            left -= now;
            store.begin_group(NOW).expect("a group");
            let changes = (0..now).map(|_| {
                let address = Address {
                    user_id: UserId::random(&mut randomness).expect("never ends"),
                    device_id: DeviceId::try_from(1).expect("from 1 to 127"),
                };
                let record = DeviceRecord {
                    token: Digest::of(address.to_string().as_bytes()),
                    identity_key: bundle.party.identity_key,
                    registration_id: bundle.registration_id,
                    signed_pre_key: bundle.signed_pre_key,
                    statement: None,
                    last_one_time_pre_key_id: None,
                    next_envelope_id: EnvelopeId::FIRST,
                };
                Change::PutDevice(address, record)
            });
            let changes = changes.collect();
            let transaction = store.begin(NOW).expect("a transaction");
            transaction.commit(changes).expect("it is kept");
            store.end_group().expect("it is kept");
        }
    }

    /// The request of that number of a client; of submissions there are so many that no mailbox is ever full.
    pub(crate) fn request(
        &self,
        client: usize,
        kind: Kind,
        number: usize,
        by: &str,
    ) -> Option<Request> {
        let devices = &self.clients[client];
        let asker = &devices[number % DEVICES];
        let round = number / DEVICES;
        let address = asker.address;
        let body = match kind {
            Kind::Submit if round >= MESSAGES => return None,
            Kind::Submit => Body::Submit(Submission {
                recipient: address,
                access_key: asker.access_keys[round % ACCESS_KEYS].clone(),
                registration_id: asker.bundle.registration_id,
                kind: MessageKind::Ratchet,
                message: MessageBytes::from(&[0xa5; LENGTH][..]),
                lifetime: None,
            }),
            Kind::Read => Body::Read { address, limit: 10 },
            Kind::Fetch => Body::FetchBundle {
                address,
                access_key: Some(asker.access_keys[0].clone()),
            },
        };
        Some(Request {
            id: RequestId::try_from(format!("{by}-{client}-{number}")).expect("an id"),
            token: Some(asker.token.clone()),
            body,
        })
    }

    /// Every mailbox is emptied.
    pub(crate) fn clear<S: GroupStore>(&self, machine: &mut Intermediary<S>) {
        for asker in self.clients.iter().flatten() {
            machine.store_mut().begin_group(NOW).expect("a group");
            loop {
                let ask = |body| Request {
                    id: RequestId::try_from("clear".to_owned()).expect("an id"),
                    token: Some(asker.token.clone()),
                    body,
                };
                let address = asker.address;
                let read = machine.handle(
                    &ask(Body::Read {
                        address,
                        limit: 100,
                    }),
                    NOW,
                );
                let Ok(Answer::Envelopes { envelopes }) = read else {
                    panic!("it is read");
                };
                if envelopes.is_empty() {
                    break;
                }
                let ids = envelopes.iter().map(|envelope| envelope.id).collect();
                let acknowledged = machine.handle(&ask(Body::Acknowledge { address, ids }), NOW);
                acknowledged.expect("it is acknowledged");
            }
            machine.store_mut().end_group().expect("it is kept");
        }
    }

    /// The request as JSON.
    pub(crate) fn json(request: &Request) -> Value {
        serde_json::to_value(request).expect("JSON")
    }

    /// The time of all this.
    pub(crate) const NOW: Timestamp = NOW;
}
