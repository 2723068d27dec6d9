//! An intermediary of many devices.

use crate::turns::repeated;
use crate::{Numbers, Sized};
use tigress_signal::agreement::{BundleFields, PreKeyStore};
use tigress_signal::identifier::{Address, DeviceId, UserId};
use tigress_signal::intermediary::{
    AccessKey, Answer, Body, EnvelopeId, Intermediary, Limits, MemoryStore, Registration, Request,
    RequestId, Submission, Token,
};
use tigress_signal::sesame::Device;
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;
use tigress_signal::wire::MessageKind;

/// Which each device has published.
const ACCESS_KEY: [u8; 32] = [7; 32];

/// An intermediary, and devices that ask it for something one after the other.
struct Traffic {
    intermediary: Intermediary<MemoryStore>,
    devices: Vec<(Address, Token)>,
    bundle: BundleFields,
    numbers: Numbers,
    round: usize,
}

impl Traffic {
    fn new(devices: usize) -> Self {
        let mut numbers = Numbers::default();
        let keys = PreKeyStore::random(&Tigress1, Timestamp::default(), &mut numbers);
        let device_id = DeviceId::try_from(1).expect("in range");
        let mut address = || Address {
            user_id: UserId::random(&mut numbers).expect("an id"),
            device_id,
        };
        let addresses: Vec<_> = (0..devices).map(|_| address()).collect();
        let device = Device::new(&Tigress1, addresses[0], keys.expect("keys"));
        let bundle = BundleFields::from(&device.bundle(None).expect("it has keys"));
        let limits = Limits {
            access_key_lifetime: u64::MAX,
            ..Limits::PROFILE
        };
        let mut traffic = Traffic {
            intermediary: Intermediary::with_limits(&Tigress1, MemoryStore::default(), limits),
            devices: Vec::new(),
            bundle,
            numbers,
            round: 0,
        };
        for address in addresses {
            let token = Token::random(&mut traffic.numbers).expect("a token");
            let body = Body::Register(traffic.registration(address, &token));
            traffic.ask(None, body);
            let body = Body::PublishAccessKey {
                address,
                hash: AccessKey::from(ACCESS_KEY).digest(),
                expires: Timestamp(u64::MAX),
            };
            traffic.ask(Some(token.clone()), body);
            traffic.devices.push((address, token));
        }
        traffic
    }

    /// All of them have the same keys: nobody looks for that.
    fn registration(&self, address: Address, token: &Token) -> Registration {
        let bundle = &self.bundle;
        Registration {
            address,
            token_hash: token.digest(),
            registration_id: bundle.registration_id.try_into().expect("in range"),
            identity_key: bundle.identity_key.clone(),
            signed_pre_key_id: bundle.signed_pre_key_id.try_into().expect("in range"),
            signed_pre_key: bundle.signed_pre_key.clone(),
            signed_pre_key_signature: bundle.signed_pre_key_signature.clone(),
            one_time_pre_keys: Vec::new(),
        }
    }

    fn ask(&mut self, token: Option<Token>, body: Body) -> Answer {
        let id = RequestId::random(&mut self.numbers).expect("an id");
        let request = Request { id, token, body };
        // So much time passes between rounds that as many answers expire as are remembered.
        let now = Timestamp(100 * self.round as u64);
        self.intermediary
            .handle(&request, now)
            .expect("it is carried out")
    }

    /// How many requests a round makes.
    const ROUND: usize = 4;

    /// A device takes another's bundle and writes to it; the other reads, and acknowledges.
    fn round(&mut self) {
        self.round += 1;
        // From all over the place.
        let [from, to] = [0, 1].map(|n| (self.round * 7_919 + n) % self.devices.len());
        let (_, sender) = self.devices[from].clone();
        let (address, owner) = self.devices[to].clone();
        let fetch = Body::FetchBundle {
            address,
            access_key: Some(ACCESS_KEY.into()),
        };
        self.ask(Some(sender.clone()), fetch);
        let submission = Submission {
            recipient: address,
            access_key: ACCESS_KEY.into(),
            registration_id: self.bundle.registration_id.try_into().expect("in range"),
            kind: MessageKind::Ratchet,
            message: [7; 300].as_slice().into(),
            lifetime: None,
        };
        self.ask(Some(sender), Body::Submit(submission));
        let read = Body::Read {
            address,
            limit: 100,
        };
        let Answer::Envelopes { envelopes } = self.ask(Some(owner.clone()), read) else {
            panic!("no envelopes")
        };
        let ids: Vec<EnvelopeId> = envelopes.iter().map(|envelope| envelope.id).collect();
        assert_eq!(ids.len(), 1);
        self.ask(Some(owner), Body::Acknowledge { address, ids });
    }
}

/// A request, where so many devices are registered.
pub(crate) fn request(devices: usize) -> Sized {
    let mut traffic = Traffic::new(devices);
    // Until as many answers expire as come.
    for _ in 0..1_000 {
        traffic.round();
    }
    Sized {
        items: Traffic::ROUND,
        timed: repeated(move || traffic.round()),
    }
}
