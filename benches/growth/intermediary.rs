//! An intermediary of many devices.

use crate::turns::repeated;
use crate::{Numbers, Sized};
use tigress_signal::agreement::PreKeyStore;
use tigress_signal::identifier::{Address, DeviceId, RegistrationId, UserId};
use tigress_signal::intermediary::{
    AccessKey, Answer, Body, EnvelopeId, Intermediary, Limits, MemoryStore, Registration, Request,
    RequestId, Submission, Token,
};
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::Timestamp;
use tigress_signal::wire::MessageKind;

/// Which each device has published.
const ACCESS_KEY: [u8; 32] = [7; 32];

/// An intermediary, and devices that ask it for something one after the other.
struct Traffic {
    intermediary: Intermediary<MemoryStore>,
    devices: Vec<(Address, RegistrationId, Token)>,
    numbers: Numbers,
    round: usize,
}

impl Traffic {
    fn new(devices: usize) -> Self {
        let mut numbers = Numbers::default();
        let device_id = DeviceId::try_from(1).expect("in range");
        let mut address = || Address {
            user_id: UserId::random(&mut numbers).expect("an id"),
            device_id,
        };
        let addresses: Vec<_> = (0..devices).map(|_| address()).collect();
        let limits = Limits {
            access_key_lifetime: u64::MAX,
            ..Limits::PROFILE
        };
        let mut traffic = Traffic {
            intermediary: Intermediary::with_limits(&Tigress1, MemoryStore::default(), limits),
            devices: Vec::new(),
            numbers,
            round: 0,
        };
        for address in addresses {
            let token = Token::random(&mut traffic.numbers).expect("a token");
            let registration = traffic.registration(address, &token);
            let id = registration.registration_id;
            traffic.ask(None, Body::Register(registration));
            let body = Body::PublishAccessKey {
                address,
                hash: AccessKey::from(ACCESS_KEY).digest(),
                expires: Timestamp(u64::MAX),
            };
            traffic.ask(Some(token.clone()), body);
            traffic.devices.push((address, id, token));
        }
        traffic
    }

    fn registration(&mut self, address: Address, token: &Token) -> Registration {
        let numbers = &mut self.numbers;
        let keys = PreKeyStore::random(&[&Tigress1], &address, Timestamp::default(), numbers);
        let bundle = keys.expect("keys").bundle(address, None);
        Registration::of(&bundle.expect("it has keys"), token.digest())
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
        let (_, _, sender) = self.devices[from].clone();
        let (address, registration_id, owner) = self.devices[to].clone();
        let fetch = Body::FetchBundle {
            address,
            access_key: Some(ACCESS_KEY.into()),
        };
        self.ask(Some(sender.clone()), fetch);
        let submission = Submission {
            recipient: address,
            access_key: ACCESS_KEY.into(),
            registration_id,
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
