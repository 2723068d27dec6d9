//! The targets whose input is bytes as they come from outside.

use crate::common::Seeded;
use crate::naive_wire;
use prost::Message as _;
use serde_json::Value;
use std::sync::OnceLock;
use tigress_signal::agreement::{Bundle, BundleFields, Fingerprint};
use tigress_signal::conformance::adapter::protocol::Answer;
use tigress_signal::conformance::case::{Case, Cases};
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::run;
use tigress_signal::conformance::scenario::{self, Script};
use tigress_signal::conformance::subject::{Description, Failure, RandomnessSource, Role, Subject};
use tigress_signal::conformance::vector::{BuiltIn, VectorFile};
use tigress_signal::identifier::{Address, DeviceId, UserId};
use tigress_signal::intermediary::{Intermediary, MemoryStore, SavedIntermediary};
use tigress_signal::primitives::{KeyPair, NoRandomness, PrivateKey, Secret};
use tigress_signal::sesame::{Device, SavedDevice, SavedSend, Send};
use tigress_signal::suite::{Party, Tigress1};
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::{
    OfferParties, Payload, SavedTransfers, TransferEvent, Transfers, offer_mac_holds,
};
use tigress_signal::wallet::{SavedWallet, Wallet, WalletEvent};
use tigress_signal::wire::{PreKeyMessage, RatchetMessage, WireError};

/// WIRE-11 for ratchet messages.
pub fn wire_ratchet(data: &[u8]) {
    if let Ok(message) = RatchetMessage::decode(&Tigress1, data) {
        let again = RatchetMessage::encode(&Tigress1, &message.header, message.ciphertext);
        assert!(again == data, "encoded again it is {again:02x?}");
    }
}

/// WIRE-11 for prekey messages.
pub fn wire_prekey(data: &[u8]) {
    if let Ok(message) = PreKeyMessage::decode(&Tigress1, data) {
        let again = message.encode(&Tigress1);
        assert!(again == data, "encoded again it is {again:02x?}");
    }
}

/// A bundle that is accepted is written as it was read, and verifies again.
pub fn bundle(data: &[u8]) {
    let Ok(fields) = serde_json::from_slice::<BundleFields>(data) else {
        return;
    };
    if let Ok(bundle) = Bundle::verify(&Tigress1, &fields, true) {
        assert_eq!(BundleFields::from(&bundle), fields);
    }
}

/// What a payload says as JSON, whoever reads it: without padding, and without what nobody has to keep or may write otherwise.
fn said(plaintext: &[u8]) -> Value {
    let length = plaintext.iter().rposition(|byte| *byte == 0x80);
    let text = &plaintext[..length.unwrap_or(plaintext.len())];
    let mut said: Value = serde_json::from_slice(text).expect("what was accepted is JSON");
    let is_offer = said["tigress"]["type"] == "provisioningInformation";
    if let Some(tigress) = said["tigress"].as_object_mut() {
        // Unknown keys go, and the MAC is of the text.
        tigress.retain(|key, _| match key.as_str() {
            "version" | "type" | "transfer" => true,
            "expires" | "invitation" | "accessKey" => is_offer,
            _ => false,
        });
    }
    said
}

/// A payload that is accepted is written so that it reads the same, and says the same to who knows nothing of payloads (PAY-03, PAY-10).
/// Text that is not padded is padded first.
pub fn payload(data: &[u8]) {
    let mut padded = data.to_vec();
    padded.push(0x80);
    let sizes = [1 << 10, 1 << 12, 1 << 14, 1 << 16];
    let size = sizes.into_iter().find(|size| padded.len() <= *size);
    padded.resize(size.unwrap_or(padded.len()), 0);
    for plaintext in [data, &padded] {
        let Ok(payload) = Payload::decode(plaintext) else {
            continue;
        };
        // What has unknown keys can be too long once it is written canonically.
        let (key, parties) = offered_by();
        let write = || match payload.invitation {
            None => payload.encode(plaintext.len()),
            Some(_) => payload.encode_offer(&key, &parties, plaintext.len()),
        };
        if let Ok(written) = write() {
            assert_eq!(Payload::decode(&written).as_ref(), Ok(&payload));
            assert_eq!(said(&written), said(plaintext));
            assert!(write().is_ok_and(|again| again == written));
            assert!(written.len() >= plaintext.len());
            let holds = offer_mac_holds(&written, &key, &parties).is_ok();
            assert_eq!(holds, payload.invitation.is_some());
        }
        // Whatever it says, it ends in an answer.
        let _ = offer_mac_holds(plaintext, &key, &parties);
    }
}

/// Somebody who holds an invitation, and whose it is.
fn offered_by() -> (Secret<32>, OfferParties) {
    let party = |seed: u8| Party {
        identity_key: *KeyPair::from(PrivateKey::from([seed; 32])).public(),
        address: Address {
            user_id: UserId::random(&mut Seeded(seed.into())).expect("never ends"),
            device_id: DeviceId::FIRST,
        },
    };
    let (sender, receiver) = (party(1), party(2));
    let fingerprint = Fingerprint::of(&receiver.identity_key);
    let parties = OfferParties::new(&Tigress1, &sender, &receiver.address, &fingerprint);
    (Secret::new([3; 32]), parties)
}

/// Vectors from outside: each is refused, or run. The first byte picks the file that it is called after.
pub fn vector_file(data: &[u8]) {
    let Some((&file, text)) = data.split_first() else {
        return;
    };
    let file = &BuiltIn::ALL[usize::from(file) % BuiltIn::ALL.len()];
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    for vector in VectorFile::load(&file.path(), text).into_iter().flatten() {
        run::run(&mut Reference::default(), &vector, run::Terms::STRICT);
    }
}

/// A script from outside: it is refused, or run.
pub fn scenario_script(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(script) = Script::parse("fuzz.feature", text) else {
        return;
    };
    let steps: usize = script.scenarios.iter().map(|one| one.steps.len()).sum();
    if steps <= 24 {
        for one in &script.scenarios {
            let _ = scenario::run(one, one.suite_or(None), "1");
        }
    }
}

/// A subject that answers with given lines, one after the other.
struct Canned<'a>(std::slice::Split<'a, u8, fn(&u8) -> bool>);

impl Subject for Canned<'_> {
    fn describe(&self) -> Description {
        Description {
            suites: vec!["tigress-1".to_owned()],
            roles: vec![Role::Primitives, Role::Device, Role::Wallet],
            randomness: RandomnessSource::Own,
            ..Description::default()
        }
    }

    fn reset(&mut self, _suite: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn call(&mut self, _method: &str, _params: Value) -> Result<Value, Failure> {
        let line = self.0.next().ok_or(Failure::NotImplemented)?;
        let answer = Answer::read(line).map_err(Failure::Broken)?;
        Result::from(answer.outcome)
    }
}

/// What an adapter's lines are answers to.
pub const ASKED_OF_ADAPTERS: [&str; 5] = [
    "tigress-1/xeddsa/sign_prekey",
    "tigress-1/x3dh_initiate/with_one_time_prekey",
    "tigress-1/x3dh_respond/device_with_three_one_time_prekeys",
    "tigress-1/ratchet_session/restarts_initiator",
    "scenarios/hotel_key/hotel_key.feature:11",
];

/// Lines of an adapter, to a vector with one call, to a conversation, and in the part of a wallet. The first byte
/// picks which.
pub fn adapter_answer(data: &[u8]) {
    static ASKED: OnceLock<Vec<Case<'static>>> = OnceLock::new();
    let asked = ASKED.get_or_init(|| {
        let cases: &'static Cases = Box::leak(Box::new(Cases::load(None, None)));
        let find = |name: &str| cases.iter().find(|case| case.is_called(name));
        ASKED_OF_ADAPTERS
            .iter()
            .map(|name| find(name).expect(name))
            .collect()
    });
    let Some((&which, lines)) = data.split_first() else {
        return;
    };
    let mut canned = Canned(lines.split(|byte| *byte == b'\n'));
    run::ask(
        &mut canned,
        &asked[usize::from(which) % asked.len()],
        run::Terms::STRICT,
    );
}

/// States from disk: each is refused, or written again as it was read, and goes on. The first byte picks which.
pub fn saved_state(data: &[u8]) {
    let Some((&which, text)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let later = Timestamp(40 * 86_400);
    match which % 5 {
        0 => {
            let Ok(saved) = SavedDevice::from_json(text) else {
                return;
            };
            let Ok(mut device) = Device::try_from(saved.clone()) else {
                return;
            };
            assert_eq!(device.save(), saved);
            let peers: Vec<_> = device.records().map(|(peer, _)| *peer).collect();
            for peer in peers.iter().take(3) {
                let _ = device.encrypt(peer, b"goes on", &mut NoRandomness);
            }
            let _ = device.tick(later, &mut Seeded(1));
        }
        1 => {
            let saved = serde_json::from_str::<SavedSend>(text);
            if let Ok(Ok(send)) = saved.map(Send::try_from) {
                let _ = send.step();
                serde_json::to_string(&send.save()).expect("it is written");
            }
        }
        2 => {
            let Ok(saved) = SavedTransfers::from_json(text) else {
                return;
            };
            if let Ok(mut transfers) = Transfers::try_from(saved.clone()) {
                assert_eq!(transfers.save(), saved);
                let _ = transfers.step(TransferEvent::Tick, later, &mut Seeded(1));
            }
        }
        3 => {
            let saved = SavedWallet::from_json(text);
            if let Ok(Ok(mut wallet)) = saved.map(Wallet::try_from) {
                let _ = wallet.save().to_json();
                let _ = wallet.step(WalletEvent::Tick, later, &mut Seeded(1));
                let _ = wallet.step(WalletEvent::Collect, later, &mut Seeded(2));
            }
        }
        _ => {
            let Ok(saved) = SavedIntermediary::from_json(text) else {
                return;
            };
            if let Ok(mut intermediary) = Intermediary::<MemoryStore>::try_from(saved) {
                let _ = intermediary.tick(later);
                let _ = intermediary.save().to_json();
            }
        }
    }
}

/// The ratchet message as prost reads it, with the field numbers of profile section 5.
#[derive(Clone, PartialEq, prost::Message)]
struct ProstRatchetMessage {
    #[prost(bytes = "vec", optional, tag = "1")]
    ratchet_key: Option<Vec<u8>>,
    #[prost(uint32, optional, tag = "2")]
    counter: Option<u32>,
    #[prost(uint32, optional, tag = "3")]
    previous_counter: Option<u32>,
    #[prost(bytes = "vec", optional, tag = "4")]
    ciphertext: Option<Vec<u8>>,
}

/// The prekey message as prost reads it.
#[derive(Clone, PartialEq, prost::Message)]
struct ProstPreKeyMessage {
    #[prost(uint32, optional, tag = "1")]
    pre_key_id: Option<u32>,
    #[prost(bytes = "vec", optional, tag = "2")]
    base_key: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "3")]
    identity_key: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "4")]
    message: Option<Vec<u8>>,
    #[prost(uint32, optional, tag = "5")]
    registration_id: Option<u32>,
    #[prost(uint32, optional, tag = "6")]
    signed_pre_key_id: Option<u32>,
}

/// Whatever the strict parser accepts, prost reads with the same fields, and writes as the same bytes; what it refuses, a second strict
/// reader refuses with the same code.
pub fn differential_wire(data: &[u8]) {
    let code = |error: WireError| error.code().as_str();
    let ours = RatchetMessage::decode(&Tigress1, data).map(drop);
    assert_eq!(ours.map_err(code), naive_wire::ratchet_message(data));
    let ours = PreKeyMessage::decode(&Tigress1, data).map(drop);
    assert_eq!(ours.map_err(code), naive_wire::pre_key_message(data));
    if let Ok(message) = RatchetMessage::decode(&Tigress1, data) {
        let expected = ProstRatchetMessage {
            ratchet_key: Some(message.header.ratchet_key.encode().to_vec()),
            counter: Some(message.header.counter),
            previous_counter: Some(message.header.previous_counter),
            ciphertext: Some(message.ciphertext.to_vec()),
        };
        assert_eq!(
            ProstRatchetMessage::decode(&data[1..]),
            Ok(expected.clone())
        );
        assert_eq!(expected.encode_to_vec(), data[1..]);
    }
    if let Ok(message) = PreKeyMessage::decode(&Tigress1, data) {
        let expected = ProstPreKeyMessage {
            pre_key_id: message.pre_key_id,
            base_key: Some(message.base_key.encode().to_vec()),
            identity_key: Some(message.identity_key.encode().to_vec()),
            message: Some(message.message.bytes.to_vec()),
            registration_id: Some(message.registration_id),
            signed_pre_key_id: Some(message.signed_pre_key_id),
        };
        assert_eq!(ProstPreKeyMessage::decode(&data[1..]), Ok(expected.clone()));
        assert_eq!(expected.encode_to_vec(), data[1..]);
    }
}
