//! Suite `signal-v3` beside `tigress-1`: what a device makes of bundles and signatures where it speaks one of them, or both
//! (profile section 12).

use crate::common;

use common::{Exhausted, Seeded, bundle, device_at, device_of};
use tigress_signal::agreement::{BundleFields, PreKeyStore};
use tigress_signal::error_code::ErrorCode;
use tigress_signal::identifier::{Address, DeviceId, UserId};
use tigress_signal::primitives::{KeyPair, PrimitiveError, Secret, aes256_cbc, xeddsa};
use tigress_signal::ratchet::Session;
use tigress_signal::sesame::{Device, Limits, SavedDevice};
use tigress_signal::suite::{self, SignalV3, SuiteRef, Tigress1};
use tigress_signal::timestamp::Timestamp;

/// A device at an address that both suites admit.
fn speaking(suites: &[SuiteRef], seed: u64) -> Device {
    let mut randomness = Seeded(seed);
    let address = Address {
        user_id: UserId::random(&mut randomness).expect("never ends"),
        device_id: DeviceId::try_from(1).expect("from 1 to 127"),
    };
    let keys = PreKeyStore::random(suites, &address, Timestamp(0), &mut randomness);
    let device = Device::new(suites[0], address, keys.expect("never ends"));
    let further = suites[1..].iter();
    further.fold(device, |device, suite| device.and_speaks(*suite))
}

/// A message each way, three times; both devices are saved and restored after each.
fn converse(one: &mut Device, other: &mut Device) {
    let mut randomness = Seeded(77);
    for n in 0..6 {
        let (from, to) = if n % 2 == 0 {
            (&mut *one, &mut *other)
        } else {
            (&mut *other, &mut *one)
        };
        let message = from.encrypt(&to.address(), &[n], &mut randomness);
        let message = message.expect("a session");
        let read = to.decrypt(
            &from.address(),
            message.kind,
            &message.bytes,
            &mut randomness,
        );
        assert_eq!(*read.expect("a good message").plaintext, [n]);
        for device in [from, to] {
            let saved = SavedDevice::from_json(&device.save().to_json()).expect("just saved");
            let restored = saved.restore(suite::ALL, &Limits::PROFILE);
            assert_eq!(restored.expect("just saved"), *device);
        }
    }
}

fn suite_of(device: &Device, peer: &Device) -> &'static str {
    let session = device.session(&peer.address());
    session.expect("a session").suite().name()
}

fn opens(device: &mut Device, bundle: &BundleFields) -> Result<bool, Option<ErrorCode>> {
    let opened = device.process_bundle(bundle, &mut Seeded(5));
    opened.map_err(|error| error.code())
}

#[test]
fn a_device_without_statements_makes_none_and_looks_at_none() {
    let (_, mut alice) = device_of(&SignalV3, 1);
    let (_, mut bob) = device_of(&SignalV3, 2);
    let mut published = bundle(&bob);
    assert_eq!(
        (
            published.created,
            &published.suites,
            &published.statement_signature
        ),
        (None, &None, &None)
    );
    let json = serde_json::to_value(&published).expect("JSON");
    for absent in ["created", "suites", "statementSignature"] {
        assert_eq!(json.get(absent), None, "{absent}");
    }
    published.created = Some(Timestamp(1));
    published.suites = Some(vec!["rot13".to_owned()]);
    published.statement_signature = Some(vec![0; 3].as_slice().into());
    assert_eq!(opens(&mut alice, &published), Ok(false));
    converse(&mut alice, &mut bob);
}

#[test]
fn to_leave_a_statement_out_chooses_no_suite() {
    let bob = speaking(&[&Tigress1, &SignalV3], 1);
    let published = bundle(&bob);
    let named = published.suites.clone().expect("a statement");
    assert_eq!(named, ["tigress-1", "signal-v3"]);
    let without: [fn(&mut BundleFields); 3] = [
        |it| it.created = None,
        |it| it.suites = None,
        |it| it.statement_signature = None,
    ];
    for suites in [
        &[&Tigress1 as SuiteRef, &SignalV3][..],
        &[&SignalV3, &Tigress1],
        &[&Tigress1],
    ] {
        let mut both = speaking(suites, 2);
        for change in without {
            let mut stripped = published.clone();
            change(&mut stripped);
            let before = both.clone();
            let refused = both.process_bundle(&stripped, &mut Exhausted);
            let code = refused
                .expect_err("a part of the statement is missing")
                .code();
            assert_eq!(code, Some(ErrorCode::Malformed));
            assert_eq!(both, before);
        }
        // Nor does a bundle of a device that makes none.
        let (_, stranger) = device_of(&SignalV3, 9);
        let refused = both.process_bundle(&bundle(&stranger), &mut Exhausted);
        assert_eq!(
            refused.expect_err("no statement").code(),
            Some(ErrorCode::Malformed)
        );
    }
}

#[test]
fn devices_that_speak_both_speak_with_each_of_the_others() {
    let mut both = speaking(&[&SignalV3, &Tigress1], 1);
    let mut one = speaking(&[&Tigress1], 2);
    let mut other = speaking(&[&SignalV3], 3);
    let published = bundle(&both);
    // The signature is one that both suites verify.
    for device in [&mut one, &mut other] {
        assert_eq!(opens(device, &published), Ok(false));
        converse(device, &mut both);
    }
    assert_eq!(suite_of(&one, &both), "tigress-1");
    assert_eq!(suite_of(&other, &both), "signal-v3");
    let mut alike = speaking(&[&Tigress1, &SignalV3], 4);
    assert_eq!(opens(&mut alike, &published), Ok(false));
    converse(&mut alike, &mut both);
    // The better one, whichever either prefers (KEY-11).
    assert_eq!(suite_of(&alike, &both), "tigress-1");
}

#[test]
fn a_device_that_comes_to_speak_a_suite_with_statements_makes_one() {
    let mut device = speaking(&[&SignalV3], 1);
    let before = bundle(&device);
    device = device.and_speaks(&Tigress1);
    device
        .tick(Timestamp(1), &mut Seeded(8))
        .expect("never ends");
    let after = bundle(&device);
    assert_eq!(after.signed_pre_key_id, before.signed_pre_key_id + 1);
    assert_eq!(
        after.suites,
        Some(vec!["signal-v3".to_owned(), "tigress-1".to_owned()])
    );
    let mut strict = speaking(&[&Tigress1], 2);
    assert_eq!(opens(&mut strict, &after), Ok(false));
}

#[test]
fn names_and_ids_from_0_are_addresses() {
    let named = |name: &str, seed| {
        let address = Address {
            user_id: UserId::named(name).expect("a name"),
            device_id: DeviceId::FIRST,
        };
        device_at(&SignalV3, address, &mut Seeded(seed))
    };
    let (mut ben, mut rhea) = (named("ben@example.org", 1), named("Rhéa", 2));
    assert_eq!(opens(&mut ben, &bundle(&rhea)), Ok(false));
    converse(&mut ben, &mut rhea);
    assert_eq!(
        ben.fingerprint(&rhea.address()),
        rhea.fingerprint(&ben.address())
    );
}

#[test]
fn what_either_way_of_signing_makes_the_deployed_way_verifies() {
    let (mut signs, mut lenient_alone) = ([0, 0], 0);
    for seed in 0..20 {
        let mut randomness = Seeded(seed);
        let key = KeyPair::random(&mut randomness).expect("never ends");
        let z = Secret::random(&mut randomness).expect("never ends");
        let strict = xeddsa::sign(&key, b"message", &z);
        let deployed = xeddsa::sign_with_sign_bit(&key, b"message", &z);
        let sign = usize::from(deployed.as_bytes()[63] >> 7);
        signs[sign] += 1;
        for signature in [&strict, &deployed] {
            let verified = xeddsa::verify_with_sign_bit(key.public(), b"message", signature);
            assert_eq!(verified, Ok(()));
        }
        let verified = xeddsa::verify(key.public(), b"message", &deployed);
        lenient_alone += usize::from(verified == Err(PrimitiveError::Signature));
        let other = xeddsa::verify_with_sign_bit(key.public(), b"massage", &deployed);
        assert_eq!(other, Err(PrimitiveError::Signature));
    }
    assert!(signs[0] > 0 && signs[1] > 0);
    assert_eq!(lenient_alone, signs[1]);
}

#[test]
fn padding_is_whole_or_refused() {
    let (key, iv) = ([1; 32], [2; 16]);
    for length in 0..50 {
        let text = vec![7; length];
        let mut sealed = vec![9];
        aes256_cbc::encrypt(&key, &iv, &text, &mut sealed);
        assert_eq!(sealed.len(), 1 + aes256_cbc::ciphertext_length(length));
        let opened = aes256_cbc::decrypt(&key, &iv, &sealed[1..]);
        assert_eq!(*opened.expect("a padding"), text);
        for cut in [0, 1, 15] {
            let opened = aes256_cbc::decrypt(&key, &iv, &sealed[1..=cut]);
            assert_eq!(opened, Err(PrimitiveError::Tag), "{cut} bytes");
        }
    }
}

/// More keys than a chain may store (V3-13): the first of them are gone at once, and the last message keys of the chain are right.
#[test]
fn of_a_message_far_ahead_the_last_2000_keys_are_stored() {
    let (a, mut alice) = device_of(&SignalV3, 1);
    let (b, mut bob) = device_of(&SignalV3, 2);
    let mut randomness = Seeded(3);
    opens(&mut alice, &bundle(&bob)).expect("a good bundle");
    let mut sent: Vec<_> = (0..=2_500_u32)
        .map(|n| {
            let message = alice.encrypt(&b, &n.to_be_bytes(), &mut randomness);
            message.expect("a session")
        })
        .collect();
    let mut reads = |n: u32| {
        let message = sent.remove(n as usize);
        let read = bob.decrypt(&a, message.kind, &message.bytes, &mut randomness);
        sent.insert(n as usize, message);
        let read = read.map_err(|error| error.code())?;
        assert_eq!(*read.plaintext, n.to_be_bytes());
        Ok::<_, Option<ErrorCode>>(bob.session(&a).map(Session::stored_keys))
    };
    assert_eq!(reads(0), Ok(Some(0)));
    assert_eq!(reads(2_500), Ok(Some(2_000)), "of 2,499 keys");
    let duplicate = Err(Some(ErrorCode::DuplicateMessage));
    assert_eq!([reads(1), reads(499)], [duplicate, duplicate]);
    assert_eq!(reads(500), Ok(Some(1_999)));
    assert_eq!(reads(2_499), Ok(Some(1_998)));
}
