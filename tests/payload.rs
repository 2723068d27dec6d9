//! The payload and the invitation: properties of what is read and written.

use crate::built_in::vectors;
use crate::common;

use common::{Exhausted, Seeded};
use proptest::prelude::*;
use serde_json::{Map, Value};
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::subject::{Failure, Subject};
use tigress_signal::conformance::vector::Body;
use tigress_signal::error_code::ErrorCode;
use tigress_signal::identifier::{Address, DeviceId, UserId};
use tigress_signal::primitives::ed25519::SigningKey;
use tigress_signal::primitives::{KeyPair, PrivateKey, Secret, SecretBytes};
use tigress_signal::suite::{Party, Tigress1};
use tigress_signal::timestamp::Timestamp;
use tigress_signal::transfer::payload::{AUTHORIZATION_TOKEN, CAR_KEY, MAX_REASON};
use tigress_signal::transfer::{
    CarKeyError, Content, Fingerprint, Invitation, InvitationError, InvitationId, Limits,
    OfferParties, Payload, Provisioning, TransferId, Unknown, Vertical, car_key, offer_mac_holds,
};

fn transfers() -> impl Strategy<Value = TransferId> {
    any::<u64>().prop_map(|seed| TransferId::random(&mut Seeded(seed)).expect("never ends"))
}

fn opaque() -> impl Strategy<Value = SecretBytes> {
    prop::collection::vec(any::<u8>(), 0..300).prop_map(SecretBytes::from)
}

/// A reason of at most 256 bytes, most often of few characters.
fn reasons() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\"\\\\\u{0}-\u{20}\u{80}\u{1f511}]{0,64}",
        Just("r".repeat(MAX_REASON)),
    ]
    .prop_filter("at most 256 bytes", |reason| reason.len() <= MAX_REASON)
}

/// An offer, and the format that it stands under.
fn offered() -> impl Strategy<Value = (String, Content)> {
    let offers = prop_oneof![
        opaque().prop_map(|bytes| (CAR_KEY.to_owned(), Provisioning::KeyCreationRequest(bytes))),
        opaque().prop_map(|bytes| (
            AUTHORIZATION_TOKEN.to_owned(),
            Provisioning::AuthorizationToken(bytes)
        )),
        any::<String>().prop_map(|format| (format, Provisioning::Unsupported)),
    ];
    (offers, 0..=253_402_300_799_u64).prop_map(|((format, provisioning), expires)| {
        let expires = Timestamp(expires);
        (
            format,
            Content::ProvisioningInformation {
                provisioning,
                expires,
            },
        )
    })
}

/// What a payload says, and the formats that it may stand under.
fn contents() -> impl Strategy<Value = (String, Content)> {
    let any_format = || {
        prop_oneof![
            Just(CAR_KEY.to_owned()),
            Just(AUTHORIZATION_TOKEN.to_owned()),
            any::<String>(),
        ]
    };
    let car_key = |content: fn(SecretBytes) -> Content| {
        opaque().prop_map(move |bytes| (CAR_KEY.to_owned(), content(bytes)))
    };
    prop_oneof![
        offered(),
        car_key(Content::KeySigningRequest),
        car_key(Content::KeyImportRequest),
        any_format().prop_map(|format| (format, Content::Provisioned)),
        (any_format(), reasons())
            .prop_map(|(format, reason)| (format, Content::Decline { reason })),
        (any_format(), reasons()).prop_map(|(format, reason)| (format, Content::Cancel { reason })),
    ]
}

/// Any JSON value, at most 14 deep.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(13, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|object| object.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

fn objects() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::hash_map(any::<String>(), values(), 0..4).prop_map(|object| {
        let known = ["format", "content", "tigress", "reason"];
        let unknown = object
            .into_iter()
            .filter(|(name, _)| !known.contains(&name.as_str()));
        unknown.collect()
    })
}

fn payloads() -> impl Strategy<Value = Payload> {
    (transfers(), contents(), objects(), objects()).prop_map(
        |(transfer, (format, content), top, in_content)| Payload {
            unknown: Unknown {
                top,
                content: in_content,
            },
            ..Payload::new(transfer, &format, content)
        },
    )
}

proptest! {
    #[test]
    fn every_payload_is_written_padded_and_read_again(payload in payloads(), at_least in 0..=65_536_usize) {
        let plaintext = payload.encode(at_least).expect("nothing in it is refused");
        prop_assert!([1024, 4096, 16_384, 65_536].contains(&plaintext.len()));
        prop_assert!(plaintext.len() >= at_least);
        let read = Payload::decode(&plaintext).expect("what is written is accepted");
        prop_assert_eq!(&read, &payload);
        prop_assert_eq!(read.encode(at_least).expect("as before"), plaintext);
    }

    /// However the payload's keys were put together, they are written in one order.
    #[test]
    fn equal_payloads_are_equal_bytes(payload in payloads()) {
        let mut turned = payload.clone();
        turned.unknown.top = payload.unknown.top.clone().into_iter().rev().collect();
        turned.unknown.content = payload.unknown.content.clone().into_iter().rev().collect();
        prop_assert_eq!(payload.encode(0), turned.encode(0));
    }

    #[test]
    fn no_bytes_crash_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..1200)) {
        let _ = Payload::decode(&bytes);
    }

    /// A right plaintext with a few bytes changed: mostly refused, and what is accepted means what it says.
    #[test]
    fn whatever_is_accepted_is_written_again_as_the_same_payload(
        payload in payloads(),
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(&b"\"\\{}[]:, 019.eE-+uabnt\x00\x80\xff"[..])),
            0..3,
        ),
    ) {
        let mut plaintext = payload.encode(0).expect("nothing in it is refused");
        for (at, byte) in changes {
            let at = at.index(plaintext.len());
            plaintext[at] = byte;
        }
        if let Ok(read) = Payload::decode(&plaintext) {
            let again = read.encode(0).expect("what is accepted can be written");
            prop_assert_eq!(Payload::decode(&again), Ok(read));
        }
    }

    /// PRIV-04.
    #[test]
    fn debug_output_and_errors_show_nothing_of_what_is_said(noise in "[a-z]{12}") {
        let transfer = TransferId::random(&mut Seeded(1)).expect("never ends");
        let mut payload = Payload::new(transfer, &noise, Content::Cancel { reason: noise.clone() });
        payload.unknown.top.insert(noise.clone(), noise.clone().into());
        let shown = format!("{payload:?} {:?}", payload.unknown);
        prop_assert!(!shown.contains(&noise));
        let plaintext = payload.encode(0).expect("nothing in it is refused");
        for at in 0..plaintext.len() {
            let mut broken = plaintext.clone();
            broken[at] ^= 0x15;
            if let Err(error) = Payload::decode(&broken) {
                let shown = format!("{error} {error:?}");
                prop_assert!(!shown.contains(&noise));
            }
        }
    }

    #[test]
    fn every_invitation_is_read_as_it_was_written(
        host in "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\\.[a-z]([a-z0-9-]{0,20}[a-z0-9])?){1,3}(:[1-9][0-9]{0,3})?",
        seed in any::<u64>(), device in 1..=127_u32, key in any::<[u8; 32]>(),
        id in any::<[u8; 16]>(), secret in any::<[u8; 16]>(), expires in 0..=253_402_300_799_u64,
        vertical in prop::sample::select(&[Vertical::GeneralAccess, Vertical::Home, Vertical::Car][..]),
    ) {
        prop_assume!(!host.ends_with(":443"));
        let key = *KeyPair::from(PrivateKey::from(key)).public();
        let invitation = Invitation {
            host: host.parse().expect("a host"),
            address: Address {
                user_id: UserId::random(&mut Seeded(seed)).expect("never ends"),
                device_id: DeviceId::try_from(device).expect("from 1 to 127"),
            },
            vertical,
            fingerprint: Fingerprint::of(&key),
            id: InvitationId::from(id),
            secret: Secret::new(secret),
            expires: Timestamp(expires),
        };
        let link = invitation.to_string();
        prop_assert_eq!(link.parse(), Ok(invitation.clone()));
        prop_assert_eq!(invitation.check(&key), Ok(()));
        // INV-02.
        let request = invitation.request_url();
        prop_assert_eq!(Some(request.as_str()), link.split('#').next());
    }

    /// INV-04: a link has one form, but for a vertical that is not written.
    #[test]
    fn a_changed_link_is_refused_or_another_invitation(
        at in any::<prop::sample::Index>(),
        with in prop_oneof![Just(String::new()), ".{1,2}", "[/?#&=%:@ .A-Za-z0-9-]{1,2}"],
        cut in 0..2_usize,
    ) {
        let good = "https://relay.example/v1/i/4d1b6c0e-6a0c-4c8e-9b5e-3a1f0c2d4e5f/1?v=c#n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCggAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHwAAAABqnuwA";
        let at = at.index(good.len());
        let changed = format!("{}{with}{}", &good[..at], &good[(at + cut).min(good.len())..]);
        if let Ok(invitation) = changed.parse::<Invitation>() {
            let written = invitation.to_string();
            prop_assert!(written == changed || written.replace("?v=a", "") == changed);
        }
    }

    #[test]
    fn a_car_key_is_attested_for_one_transfer_and_one_key(
        seeds in any::<[u64; 4]>(), at in 0..96_usize, bit in 0..8_u32,
    ) {
        let [owner, receiver, stranger] =
            [0, 1, 2].map(|n| SigningKey::random(&mut Seeded(seeds[n])).expect("never ends"));
        let transfer = TransferId::random(&mut Seeded(seeds[3])).expect("never ends");
        let other = TransferId::random(&mut Seeded(!seeds[3])).expect("never ends");
        let owner_key = car_key::check_creation_request(car_key::creation_request(&owner).expose())
            .expect("a key");
        let request = car_key::signing_request(&transfer, &receiver);
        let key = car_key::check_signing_request(&transfer, request.expose()).expect("its own");
        prop_assert_eq!(key, receiver.verifying_key());
        let import = car_key::import_request(&transfer, &owner, &key);
        let check = |transfer, owner, key, request: &[u8]| {
            car_key::check_import_request(transfer, owner, key, request).map_err(CarKeyError::code)
        };
        prop_assert_eq!(check(&transfer, &owner_key, &key, import.expose()), Ok(()));
        let refused = Err(ErrorCode::AttestationInvalid);
        let strange = stranger.verifying_key();
        prop_assert_eq!(check(&other, &owner_key, &key, import.expose()), refused);
        prop_assert_eq!(check(&transfer, &owner_key, &strange, import.expose()), refused);
        prop_assert_eq!(check(&transfer, &strange, &key, import.expose()), refused);
        prop_assert!(car_key::check_signing_request(&other, request.expose()).is_err());
        for good in [&request, &import] {
            let mut bad = good.expose().to_vec();
            bad[at] ^= 1 << bit;
            prop_assert!(car_key::check_signing_request(&transfer, &bad).is_err());
            prop_assert_eq!(check(&transfer, &owner_key, &key, &bad), refused);
        }
    }
}

proptest! {
    /// PAY-14, PAY-15: the MAC holds for what was written, from and to whom it was, and for nothing else.
    #[test]
    fn an_offers_mac_holds_for_all_of_it(
        (transfer, (format, content), unknown) in (transfers(), offered(), objects()),
        seeds in any::<[u8; 4]>(), at in any::<prop::sample::Index>(), bit in 0..8_u32,
        key in any::<[u8; 32]>(), access_key in any::<[u8; 32]>(),
    ) {
        let mut payload = Payload::new(transfer, &format, content);
        payload.unknown.top = unknown;
        let party = |seed: u8| Party {
            identity_key: *KeyPair::from(PrivateKey::from([seed; 32])).public(),
            address: Address {
                user_id: UserId::random(&mut Seeded(seed.into())).expect("never ends"),
                device_id: DeviceId::try_from(1 + u32::from(seed) % 127).expect("from 1 to 127"),
            },
        };
        let [ben, ryan, thief, _] = seeds.map(party);
        let between = |sender: &Party, receiver: &Party| {
            let fingerprint = Fingerprint::of(&receiver.identity_key);
            OfferParties::new(&Tigress1, sender, &receiver.address, &fingerprint)
        };
        let offer = Payload {
            invitation: Some(InvitationId::from([seeds[3]; 16])),
            access_key: Some(Secret::new(access_key)),
            ..payload.clone()
        };
        let (key, other) = (Secret::new(key), Secret::new(key.map(|byte| !byte)));
        let plaintext = offer.encode_offer(&key, &between(&ben, &ryan), 0).expect("it can be written");
        prop_assert_eq!(Payload::decode(&plaintext), Ok(offer.clone()));
        prop_assert!(offer.encode(0).is_err(), "without its MAC nobody reads it");
        prop_assert_eq!(
            payload.encode(0).map(|plain| plain.len()).ok(), Some(plaintext.len()),
            "its length does not tell whether there is an invitation",
        );
        let holds = |plaintext: &[u8], key, sender: &Party, receiver: &Party| {
            offer_mac_holds(plaintext, key, &between(sender, receiver))
        };
        prop_assert_eq!(holds(&plaintext, &key, &ben, &ryan), Ok(()));
        let refused = |checked: Result<(), _>| checked.is_err();
        prop_assert!(refused(holds(&plaintext, &other, &ben, &ryan)));
        if thief != ben && thief != ryan && ben != ryan {
            for (sender, receiver) in [(&thief, &ryan), (&ben, &thief), (&ryan, &ben)] {
                prop_assert!(refused(holds(&plaintext, &key, sender, receiver)));
            }
        }
        let mut changed = plaintext.clone();
        changed[at.index(plaintext.len())] ^= 1 << bit;
        prop_assert!(refused(holds(&changed, &key, &ben, &ryan)));
    }
}

/// INV-05.
#[test]
fn an_invitation_lives_as_long_as_it_says() {
    const DAY: u64 = 86_400;
    let (limits, now) = (Limits::PROFILE, Timestamp(1_000_000_000));
    let expiry = |lifetime| Invitation::expiry(now, lifetime, &limits);
    assert_eq!(expiry(None), Ok(Timestamp(now.0 + 7 * DAY)));
    for lifetime in [1, 30 * DAY] {
        assert_eq!(expiry(Some(lifetime)), Ok(Timestamp(now.0 + lifetime)));
    }
    for lifetime in [0, 30 * DAY + 1, u64::MAX] {
        let code = expiry(Some(lifetime)).map_err(InvitationError::code);
        assert_eq!(code, Err(ErrorCode::InvalidState));
    }
    let link = "https://relay.example/v1/i/4d1b6c0e-6a0c-4c8e-9b5e-3a1f0c2d4e5f/1?v=c#n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCggAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHwAAAABqnuwA";
    let invitation: Invitation = link.parse().expect("a link");
    let end = invitation.expires.0;
    let taken = |now| invitation.check_time(Timestamp(now), &limits).is_ok();
    let honoured = |now| invitation.is_honoured(Timestamp(now), &limits);
    assert_eq!(
        [end - 32 * DAY - 1, end - 32 * DAY, end - 1, end].map(taken),
        [false, true, true, false]
    );
    assert_eq!(
        [0, end, end + 31 * DAY - 1, end + 31 * DAY].map(honoured),
        [true, true, true, false]
    );
    // What its secret is for, and that it is not shown.
    assert_ne!(invitation.access_key(), invitation.offer_key());
    let shown = format!("{invitation:?}");
    assert!(
        shown.contains("[secret]") && !shown.contains("16, 17"),
        "{shown}"
    );
}

#[test]
fn a_transfer_id_and_a_car_key_need_randomness() {
    assert!(TransferId::random(&mut Exhausted).is_err());
    assert!(SigningKey::random(&mut Exhausted).is_err());
}

/// A vector that is refused for another reason than the one it names would test nothing.
#[test]
fn every_refused_vector_is_refused_for_the_reason_that_it_names() {
    let mut refused = 0;
    let mut others = Vec::new();
    for vector in vectors() {
        let Body::Call(call) = &vector.body else {
            continue;
        };
        if !["payload", "invitation"].contains(&vector.family.as_str()) || call.error.is_none() {
            continue;
        }
        let answer = Reference::default().call(call.method, call.params.clone());
        let Err(Failure::Rejected { message, .. }) = answer else {
            panic!("{}: {answer:?}", vector.name());
        };
        let named = |id: &String| message.contains(id.as_str());
        if !vector.requirements.iter().any(named) {
            others.push(format!("{}: {}: {message}", vector.name(), vector.comment));
        }
        refused += 1;
    }
    assert!(others.is_empty(), "{others:#?}");
    assert!(refused > 250, "{refused}");
}
