//! X3DH on both sides, and the opening of a session as a device does it.

use crate::rows::{Rows, repeated, rounds};
use crate::sessions::{
    Numbers, SUITE, Strangers, first_message, olm_accounts, olm_bytes, olm_open,
};
use crate::{ENGINE, FLOOR, VODOZEMAC, floor};
use criterion::Criterion;
use tigress_signal::agreement::{BundleFields, Limits, x3dh};
use tigress_signal::primitives::{KeyPair, NoRandomness};
use tigress_signal::sesame;
use tigress_signal::wire::PreKeyMessage;
use vodozemac::olm::{Account, OlmMessage, SessionConfig};

/// A's side of X3DH: an ephemeral key pair, four Diffie-Hellmans, one HKDF.
pub(crate) fn initiate(criterion: &mut Criterion) {
    let mut numbers = Numbers::new();
    let Strangers {
        a,
        b,
        one_time_pre_key,
    } = Strangers::new(&mut numbers);
    let bundle = b.bundle(Some(one_time_pre_key)).expect("it has keys");
    let private = numbers.bytes();
    let public = floor::generate(&private);
    let engine = repeated(|| {
        let ephemeral = KeyPair::random(&mut numbers).expect("a key pair");
        x3dh::initiate(
            SUITE,
            a.keys().identity(),
            ephemeral,
            &bundle,
            &mut NoRandomness,
        )
        .expect("good keys")
    });
    let mut others = Numbers::new();
    let floor = repeated(|| {
        let ephemeral = floor::generate(&others.bytes());
        (ephemeral, floor::x3dh(&private, &public))
    });
    Rows::new("x3dh_initiate")
        .row(ENGINE, None, engine)
        .row(FLOOR, None, floor)
        .measure(criterion);
}

/// B's side of X3DH: four Diffie-Hellmans, one HKDF.
pub(crate) fn respond(criterion: &mut Criterion) {
    let mut numbers = Numbers::new();
    let [identity, signed, one_time, their, base] =
        std::array::from_fn(|_| KeyPair::random(&mut numbers).expect("a key pair"));
    let engine = repeated(|| {
        let (their, base) = (their.public(), base.public());
        x3dh::respond(
            SUITE,
            &identity,
            &signed,
            Some(&one_time),
            None,
            their,
            base,
        )
        .expect("good keys")
    });
    let private = numbers.bytes();
    let public = floor::generate(&private);
    let floor = repeated(|| floor::x3dh(&private, &public));
    Rows::new("x3dh_respond")
        .row(ENGINE, None, engine)
        .row(FLOOR, None, floor)
        .measure(criterion);
}

/// From a bundle to the first message: signature, X3DH, first DH ratchet step, encryption.
pub(crate) fn open(criterion: &mut Criterion) {
    let mut numbers = Numbers::new();
    let Strangers {
        a,
        b,
        one_time_pre_key,
    } = Strangers::new(&mut numbers);
    let bundle: BundleFields = (&b.bundle(Some(one_time_pre_key)).expect("it has keys")).into();
    let engine = rounds(
        1,
        |_| a.clone(),
        |a| {
            a.process_bundle(&bundle, &mut numbers)
                .expect("a good bundle");
            a.encrypt(&b.address(), b"", &mut NoRandomness)
                .expect("a message")
        },
    );
    let (account, other) = olm_accounts();
    let vodozemac = repeated(|| {
        let mut session = olm_open(&account, &other);
        olm_bytes(&session.encrypt(b"").expect("a message"))
    });
    Rows::new("session_open")
        .row(ENGINE, None, engine)
        .row(VODOZEMAC, None, vodozemac)
        .measure(criterion);
}

/// From the bytes of the first message to its plaintext: X3DH, two DH ratchet steps, decryption.
pub(crate) fn accept(criterion: &mut Criterion) {
    let mut numbers = Numbers::new();
    let (strangers, message) = first_message(&mut numbers);
    let (own, sender) = (strangers.b.address(), strangers.a.address());
    let engine = rounds(
        1,
        |_| strangers.b.keys().clone(),
        |keys| {
            let message = PreKeyMessage::decode(SUITE, &message.bytes).expect("it reads");
            sesame::accept(
                SUITE,
                (&Limits::PROFILE, SUITE.limits()),
                keys,
                own,
                sender,
                &message,
                &mut numbers,
            )
            .expect("it opens")
        },
    );
    let (account, other) = olm_accounts();
    let mut first = olm_open(&account, &other);
    let (kind, bytes) = olm_bytes(&first.encrypt(b"").expect("a message"));
    let vodozemac = rounds(
        1,
        |_| Account::from_pickle(other.pickle()),
        |other| {
            let message = OlmMessage::from_parts(kind, &bytes).expect("it reads");
            let OlmMessage::PreKey(message) = message else {
                unreachable!("a session begins with a prekey message")
            };
            let config = SessionConfig::version_1();
            other
                .create_inbound_session(config, account.curve25519_key(), &message)
                .expect("it opens")
        },
    );
    Rows::new("session_accept")
        .row(ENGINE, None, engine)
        .row(VODOZEMAC, None, vodozemac)
        .measure(criterion);
}
