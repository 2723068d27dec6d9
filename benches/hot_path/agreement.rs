//! X3DH on both sides, and the opening of a session as a device does it.

use crate::rounds::rounds;
use crate::sessions::{
    Numbers, SUITE, Strangers, first_message, olm_accounts, olm_bytes, olm_open,
};
use crate::{ENGINE, FLOOR, VODOZEMAC, floor};
use criterion::Criterion;
use tigress_signal::agreement::{BundleFields, x3dh};
use tigress_signal::primitives::KeyPair;
use tigress_signal::ratchet;
use tigress_signal::wire::PreKeyMessage;
use vodozemac::olm::{Account, OlmMessage, SessionConfig};

/// A's side of X3DH: an ephemeral key pair, four Diffie-Hellmans, one HKDF.
pub(crate) fn initiate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("x3dh_initiate");
    let mut numbers = Numbers::new();
    let Strangers {
        a,
        b,
        one_time_pre_key,
    } = Strangers::new(&mut numbers);
    let bundle = b.bundle(Some(one_time_pre_key)).expect("it has keys");
    group.bench_function(ENGINE, |bencher| {
        bencher.iter(|| {
            let ephemeral = KeyPair::random(&mut numbers).expect("a key pair");
            x3dh::initiate(SUITE, a.keys().identity(), ephemeral, &bundle).expect("good keys")
        });
    });
    let private = numbers.bytes();
    let public = floor::generate(&private);
    group.bench_function(FLOOR, |bencher| {
        bencher.iter(|| {
            (
                floor::generate(&numbers.bytes()),
                floor::x3dh(&private, &public),
            )
        });
    });
}

/// B's side of X3DH: four Diffie-Hellmans, one HKDF.
pub(crate) fn respond(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("x3dh_respond");
    let mut numbers = Numbers::new();
    let [identity, signed, one_time, their, base] =
        std::array::from_fn(|_| KeyPair::random(&mut numbers).expect("a key pair"));
    group.bench_function(ENGINE, |bencher| {
        bencher.iter(|| {
            x3dh::respond(
                SUITE,
                &identity,
                &signed,
                Some(&one_time),
                their.public(),
                base.public(),
            )
            .expect("good keys")
        });
    });
    let private = numbers.bytes();
    let public = floor::generate(&private);
    group.bench_function(FLOOR, |bencher| {
        bencher.iter(|| floor::x3dh(&private, &public));
    });
}

/// From a bundle to the first message: signature, X3DH, first DH ratchet step, encryption.
pub(crate) fn open(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("session_open");
    let mut numbers = Numbers::new();
    let Strangers {
        a,
        b,
        one_time_pre_key,
    } = Strangers::new(&mut numbers);
    let bundle: BundleFields = (&b.bundle(Some(one_time_pre_key)).expect("it has keys")).into();
    group.bench_function(ENGINE, |bencher| {
        rounds(
            bencher,
            1,
            |_| a.clone(),
            |a| {
                a.process_bundle(&bundle, &mut numbers)
                    .expect("a good bundle");
                a.encrypt(&b.address(), b"").expect("a message")
            },
        );
    });
    let (account, other) = olm_accounts();
    group.bench_function(VODOZEMAC, |bencher| {
        bencher.iter(|| {
            let mut session = olm_open(&account, &other);
            olm_bytes(&session.encrypt(b"").expect("a message"))
        });
    });
}

/// From the bytes of the first message to its plaintext: X3DH, two DH ratchet steps, decryption.
pub(crate) fn accept(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("session_accept");
    let mut numbers = Numbers::new();
    let (strangers, message) = first_message(&mut numbers);
    group.bench_function(ENGINE, |bencher| {
        rounds(
            bencher,
            1,
            |_| strangers.b.keys().clone(),
            |keys| {
                let message = PreKeyMessage::decode(SUITE, &message.bytes).expect("it reads");
                ratchet::accept(
                    SUITE,
                    keys,
                    strangers.b.address(),
                    strangers.a.address(),
                    &message,
                    &mut numbers,
                )
                .expect("it opens")
            },
        );
    });
    let (account, other) = olm_accounts();
    let (kind, bytes) = olm_bytes(&olm_open(&account, &other).encrypt(b"").expect("a message"));
    group.bench_function(VODOZEMAC, |bencher| {
        rounds(
            bencher,
            1,
            |_| Account::from_pickle(other.pickle()),
            |other| {
                let message = OlmMessage::from_parts(kind, &bytes).expect("it reads");
                let OlmMessage::PreKey(message) = message else {
                    unreachable!("a session begins with a prekey message")
                };
                other
                    .create_inbound_session(
                        SessionConfig::version_1(),
                        account.curve25519_key(),
                        &message,
                    )
                    .expect("it opens")
            },
        );
    });
}
