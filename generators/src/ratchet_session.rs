//! Family `ratchet_session`.

use super::actor::{Actor, Talk, erased, erased_private_key};
use super::public_key::{encoded, small_order};
use super::{Builder, seed};
use tigress_signal::error_code::ErrorCode::{
    CounterExhausted, DecryptFailed, DuplicateMessage, InvalidKey, Malformed, NoSession, TooLarge,
    TooManySkipped, UnsupportedVersion,
};
use tigress_signal::primitives::{KeyPair, PrivateKey, PublicKey};
use tigress_signal::ratchet::ChainKey;
use tigress_signal::suite::{Header, Tigress1};
use tigress_signal::wire::{Message, MessageKind, RatchetMessage};

const DOUBLE_RATCHET: &str = "https://signal.org/docs/specifications/doubleratchet/";

/// Where the parts of an established session stand in its saved form.
const ROOT_KEY: &str = "/rootKey";
const SENDING_KEY: &str = "/state/established/sending/chainKey/key";
const SENDING_RATCHET_KEY: &str = "/state/established/sending/ratchetKey";
const RECEIVING_KEY: &str = "/receivingChains/0/progress/open/key";

/// The ratchet message with another header or ciphertext.
fn with(message: &Message, change: &dyn Fn(&mut Header, &mut Vec<u8>)) -> Message {
    let parsed = RatchetMessage::decode(&Tigress1, &message.bytes).expect("a ratchet message");
    let mut header = parsed.header;
    let mut ciphertext = parsed.ciphertext.to_vec();
    change(&mut header, &mut ciphertext);
    Message {
        kind: MessageKind::Ratchet,
        bytes: RatchetMessage::encode(&Tigress1, &header, &ciphertext),
    }
}

fn other_key() -> PublicKey {
    *KeyPair::from(PrivateKey::from(seed::bytes("ratchet_session/other"))).public()
}

/// Bob under test, once both sides have sent: every message is a ratchet message.
fn answered(t: &mut Talk) -> Actor {
    let mut alice = Actor::new("alice");
    alice.open(&t.me.bundle(Some(1)), "answered");
    let hello = alice.encrypt(t.me.address, b"hello");
    t.decrypt(alice.address, &hello, b"hello");
    let answer = t.encrypt(alice.address, b"hello yourself");
    alice.decrypt(t.me.address, &answer, "answered");
    alice
}

/// A turn: the device under test answers, so that the peer's next message starts a new chain.
fn turn(t: &mut Talk, alice: &mut Actor) {
    let answer = t.encrypt(alice.address, b"go on");
    alice.decrypt(t.me.address, &answer, "turn");
}

/// `count` messages of Alice, `m0`, `m1` and so on.
fn messages(t: &Talk, alice: &mut Actor, count: usize) -> Vec<Message> {
    (0..count)
        .map(|n| alice.encrypt(t.me.address, format!("m{n}").as_bytes()))
        .collect()
}

/// Delivers message `n` of [`messages`].
fn deliver(t: &mut Talk, alice: &Actor, messages: &[Message], n: usize) {
    t.decrypt(alice.address, &messages[n], format!("m{n}").as_bytes());
}

type Play = fn(&mut Talk);

pub(super) fn generate(b: &mut Builder) {
    b.old_note(
        "Normal",
        "BASIC",
        "A conversation as honest devices have it.",
        &[DOUBLE_RATCHET],
    );
    b.old_note(
        "Restart",
        "CONFIDENTIALITY",
        "The device is saved and restored. Whoever restores an older state, or part of it, uses a message key twice or loses messages.",
        &[],
    );
    b.old_note(
        "OutOfOrder",
        "INTEROPERABILITY",
        "Messages arrive late or never. Whoever loses their keys loses them.",
        &["https://signal.org/docs/specifications/doubleratchet/#out-of-order-messages"],
    );
    b.old_note(
        "Bound",
        "DENIAL_OF_SERVICE",
        "At or over a bound on skipped keys. Whoever has no bound computes and stores what a stranger asks for; whoever has a lower one loses messages.",
        &["https://signal.org/docs/specifications/doubleratchet/#deletion-of-skipped-message-keys"],
    );
    b.old_note(
        "Replay",
        "AUTH_BYPASS",
        "A message is delivered again. Whoever accepts it carries out its command twice.",
        &[],
    );
    b.old_note(
        "Expiry",
        "CONFIDENTIALITY",
        "Skipped keys after further ratchet steps. Kept for ever they open old messages to whoever takes the device; erased at once they lose late ones.",
        &["https://signal.org/docs/specifications/doubleratchet/#deletion-of-skipped-message-keys"],
    );
    b.old_note(
        "ModifiedHeader",
        "AUTH_BYPASS",
        "A header that its sender did not write. Whoever acts on it before the tag is verified lets a stranger break the session.",
        &[DOUBLE_RATCHET],
    );
    b.old_note(
        "ModifiedCiphertext",
        "AUTH_BYPASS",
        "A ciphertext that its sender did not write. Afterwards the true message must still decrypt: whoever uses its key up loses it.",
        &[DOUBLE_RATCHET],
    );
    b.old_note(
        "InvalidKey",
        "CONFIDENTIALITY",
        "A ratchet key that must not be used.",
        &[],
    );
    b.old_note(
        "Counter",
        "CONFIDENTIALITY",
        "The end of a chain. Whoever wraps its counter repeats it.",
        &[],
    );
    b.old_note(
        "Erasure",
        "CONFIDENTIALITY",
        "A key that is no longer needed. Whoever keeps it gives up forward secrecy: who takes the device reads what was read before.",
        &["https://signal.org/docs/specifications/doubleratchet/#secure-deletion"],
    );
    b.old_note(
        "Size",
        "DENIAL_OF_SERVICE",
        "At or over the greatest plaintext.",
        &[],
    );
    b.old_note(
        "WrongKind",
        "MISSING_STEP",
        "A message under the wrong kind, or from nobody known.",
        &[],
    );

    for (role, cases) in [
        ("initiator", initiator()),
        ("either side", conversations()),
        ("order", out_of_order()),
        ("bounds", bounds()),
        ("expiry", replay_and_expiry()),
        ("damage", damage()),
        ("ends", ends()),
        ("erasure", erasure()),
    ] {
        for (comment, flag, ids, play) in cases {
            let me = Actor::new(if role == "initiator" { "alice" } else { "bob" });
            let mut talk = Talk::new(me, comment);
            play(&mut talk);
            b.old_conversation((comment, &[flag], ids), talk.recorded());
        }
    }
}

type Case = (&'static str, &'static str, &'static [&'static str], Play);

/// The device under test opens the session.
fn initiator() -> Vec<Case> {
    vec![
        (
            "the first message is a prekey message",
            "Normal",
            &["X3DH-07", "X3DH-12", "DR-01", "DR-08"],
            |t| {
                let bob = Actor::new("bob");
                t.process_bundle(&bob.bundle(None));
                t.encrypt(bob.address, b"first");
            },
        ),
        (
            "prekey messages until the peer has answered, with the same prekey fields; ratchet messages from then on",
            "Normal",
            &["X3DH-07", "DR-08"],
            |t| {
                let mut bob = Actor::new("bob");
                t.process_bundle(&bob.bundle(Some(1)));
                let first = t.encrypt(bob.address, b"first");
                t.encrypt(bob.address, b"second");
                bob.decrypt(t.me.address, &first, "prekey until");
                let answer = bob.encrypt(t.me.address, b"answer");
                t.encrypt(bob.address, b"third, before the answer came");
                t.decrypt(bob.address, &answer, b"answer");
                t.encrypt(bob.address, b"fourth");
            },
        ),
        (
            "the answer starts a chain whose previous counter is 3, the length of the first",
            "Normal",
            &["DR-08", "DR-09", "DR-20"],
            |t| {
                let mut bob = Actor::new("bob");
                t.process_bundle(&bob.bundle(Some(1)));
                for n in 0..3 {
                    let message = t.encrypt(bob.address, &[n]);
                    bob.decrypt(t.me.address, &message, "previous counter");
                }
                let answer = bob.encrypt(t.me.address, b"answer");
                t.decrypt(bob.address, &answer, b"answer");
                t.encrypt(bob.address, b"in the second chain");
                t.encrypt(bob.address, b"and on");
            },
        ),
        (
            "twelve turns: every chain has a ratchet key of its own",
            "Normal",
            &["DR-03", "DR-09", "DR-20", "RND-01"],
            |t| {
                let mut bob = Actor::new("bob");
                t.process_bundle(&bob.bundle(Some(1)));
                for n in 0..6 {
                    let message = t.encrypt(bob.address, &[n]);
                    bob.decrypt(t.me.address, &message, &format!("twelve {n}"));
                    let answer = bob.encrypt(t.me.address, &[n, n]);
                    t.decrypt(bob.address, &answer, &[n, n]);
                }
            },
        ),
        (
            "restarted before every step",
            "Restart",
            &["DR-08", "X3DH-07"],
            |t| {
                let mut bob = Actor::new("bob");
                t.process_bundle(&bob.bundle(Some(1)));
                for n in 0..3 {
                    t.restart();
                    let message = t.encrypt(bob.address, &[n]);
                    bob.decrypt(t.me.address, &message, &format!("restart {n}"));
                    t.restart();
                    let answer = bob.encrypt(t.me.address, &[n, n]);
                    t.decrypt(bob.address, &answer, &[n, n]);
                }
            },
        ),
        (
            "the peer's second answer arrives before its first",
            "OutOfOrder",
            &["DR-09", "DR-10"],
            |t| {
                let mut bob = Actor::new("bob");
                t.process_bundle(&bob.bundle(Some(1)));
                let first = t.encrypt(bob.address, b"first");
                bob.decrypt(t.me.address, &first, "answers");
                let one = bob.encrypt(t.me.address, b"one");
                let two = bob.encrypt(t.me.address, b"two");
                t.decrypt(bob.address, &two, b"two");
                t.decrypt(bob.address, &one, b"one");
            },
        ),
        (
            "a forged answer does not end the prekey messages, and draws nothing",
            "ModifiedCiphertext",
            &["X3DH-07", "DR-15", "RND-02"],
            |t| {
                let mut bob = Actor::new("bob");
                t.process_bundle(&bob.bundle(Some(1)));
                let first = t.encrypt(bob.address, b"first");
                bob.decrypt(t.me.address, &first, "forged answer");
                let answer = bob.encrypt(t.me.address, b"answer");
                t.refuse(
                    bob.address,
                    &with(&answer, &|_, c| c[0] ^= 1),
                    DecryptFailed,
                );
                t.encrypt(bob.address, b"still a prekey message");
                t.decrypt(bob.address, &answer, b"answer");
            },
        ),
        (
            "an answer with the peer's signed prekey as ratchet key: there is no such chain",
            "ModifiedHeader",
            &["DR-15", "DR-01"],
            |t| {
                let mut bob = Actor::new("bob");
                let bundle = bob.bundle(Some(1));
                t.process_bundle(&bundle);
                let first = t.encrypt(bob.address, b"first");
                bob.decrypt(t.me.address, &first, "signed prekey");
                let answer = bob.encrypt(t.me.address, b"answer");
                let forged = with(&answer, &|header, _| {
                    let bundle = Actor::new("bob").bundle(Some(1));
                    header.ratchet_key = PublicKey::decode(&bundle.signed_pre_key).expect("a key");
                });
                t.refuse(bob.address, &forged, DecryptFailed);
                t.decrypt(bob.address, &answer, b"answer");
            },
        ),
        (
            "the ephemeral key, the Diffie-Hellman outputs and SK are gone once the session is open",
            "Erasure",
            &["X3DH-06"],
            |t| {
                let bob = Actor::new("bob");
                let bundle = bob.bundle(Some(1));
                t.process_bundle(&bundle);
                t.erased(agreement_secrets(t, &bob));
            },
        ),
    ]
}

/// What X3DH computed on its way, made again from the step's randomness.
fn agreement_secrets(
    t: &Talk,
    bob: &Actor,
) -> Vec<tigress_signal::conformance::vector::conversation::Erased> {
    let bundle = bob.bundle(Some(1));
    let recorded = serde_json::to_value(t.first_step()).expect("a step");
    let randomness = recorded["randomness"].as_str().expect("hex");
    let drawn = tigress_signal::hex::decode(randomness).expect("hex");
    let ephemeral = PrivateKey::from(<[u8; 32]>::try_from(&drawn[..32]).expect("32 bytes"));
    let identity = t.me.device.keys().identity().private();
    let key = |bytes: &[u8]| PublicKey::decode(bytes).expect("a key");
    let (ik, spk) = (key(&bundle.identity_key), key(&bundle.signed_pre_key));
    let opk = key(bundle.one_time_pre_key.as_deref().expect("it has one"));
    let dh =
        |private: &PrivateKey, public: &PublicKey| private.diffie_hellman(public).expect("a key");
    let outputs = [
        dh(identity, &spk),
        dh(&ephemeral, &ik),
        dh(&ephemeral, &spk),
        dh(&ephemeral, &opk),
    ];
    let mut secrets = erased_private_key("the ephemeral private key", ephemeral.expose());
    for (n, output) in outputs.iter().enumerate() {
        secrets.push(erased(&format!("DH{}", n + 1), output.expose()));
    }
    let [dh1, dh2, dh3, dh4] = outputs;
    let secret =
        tigress_signal::agreement::x3dh::shared_secret(&Tigress1, dh1, dh2, dh3, Some(dh4));
    secrets.push(erased("SK", secret.root.expose()));
    secrets
}

/// Plain conversations with the responder under test.
fn conversations() -> Vec<Case> {
    vec![
        (
            "twelve turns of the responder",
            "Normal",
            &["DR-02", "DR-03", "DR-09", "DR-20"],
            |t| {
                let mut alice = answered(t);
                for n in 0..6 {
                    let message = alice.encrypt(t.me.address, &[n]);
                    t.decrypt(alice.address, &message, &[n]);
                    turn(t, &mut alice);
                }
            },
        ),
        (
            "chains of one, two, three and four messages: each says how long the one before was",
            "Normal",
            &["DR-08"],
            |t| {
                let mut alice = answered(t);
                for length in 1..=4 {
                    let sent = messages(t, &mut alice, length);
                    for n in 0..length {
                        deliver(t, &alice, &sent, n);
                    }
                    for _ in 1..length {
                        t.encrypt(alice.address, b"one more");
                    }
                    turn(t, &mut alice);
                }
            },
        ),
        (
            "a chain in which nothing was sent does not exist: the previous counter is that of the last one that does",
            "Normal",
            &["DR-08", "DR-09"],
            |t| {
                let mut alice = answered(t);
                let one = alice.encrypt(t.me.address, b"one");
                t.decrypt(alice.address, &one, b"one");
                let two = alice.encrypt(t.me.address, b"two");
                t.decrypt(alice.address, &two, b"two");
                t.encrypt(alice.address, b"answer");
                t.encrypt(alice.address, b"second answer");
            },
        ),
        (
            "the responder restarted before every step",
            "Restart",
            &["DR-08", "DR-10"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 4);
                for n in [2, 0, 3, 1] {
                    t.restart();
                    deliver(t, &alice, &sent, n);
                }
                t.restart();
                t.encrypt(alice.address, b"one");
                t.restart();
                t.encrypt(alice.address, b"two");
            },
        ),
        ("an empty plaintext", "Size", &["DR-22"], |t| {
            let mut alice = answered(t);
            let message = alice.encrypt(t.me.address, b"");
            t.decrypt(alice.address, &message, b"");
            t.encrypt(alice.address, b"");
        }),
        (
            "plaintexts of 65,536 bytes, both ways",
            "Size",
            &["DR-22", "WIRE-08"],
            |t| {
                let mut alice = answered(t);
                let largest = vec![0x2a; 65_536];
                let message = alice.encrypt(t.me.address, &largest);
                t.decrypt(alice.address, &message, &largest);
                t.encrypt(alice.address, &largest);
            },
        ),
        (
            "a plaintext of 65,537 bytes is refused, and no message key is used up",
            "Size",
            &["DR-22", "DR-15"],
            |t| {
                let alice = answered(t);
                t.refuse_encrypt(alice.address, &vec![0x2a; 65_537], TooLarge);
                t.encrypt(alice.address, b"the next counter");
            },
        ),
        (
            "sessions with two peers do not touch each other",
            "Normal",
            &["DR-15", "X3DH-05"],
            |t| {
                let mut alice = answered(t);
                let mut carol = Actor::new("carol");
                carol.open(&t.me.bundle(Some(2)), "two peers");
                let hello = carol.encrypt(t.me.address, b"hello from Carol");
                t.decrypt(carol.address, &hello, b"hello from Carol");
                let message = alice.encrypt(t.me.address, b"for Bob alone");
                t.refuse(carol.address, &message, DecryptFailed);
                t.decrypt(alice.address, &message, b"for Bob alone");
                t.encrypt(carol.address, b"to Carol");
                t.encrypt(alice.address, b"to Alice");
            },
        ),
        (
            "a prekey message that arrives after the session is well under way",
            "OutOfOrder",
            &["X3DH-13", "DR-10"],
            |t| {
                let mut alice = Actor::new("alice");
                alice.open(&t.me.bundle(Some(1)), "late prekey");
                let first = alice.encrypt(t.me.address, b"first");
                let second = alice.encrypt(t.me.address, b"second");
                t.decrypt(alice.address, &first, b"first");
                turn(t, &mut alice);
                let third = alice.encrypt(t.me.address, b"third");
                t.decrypt(alice.address, &third, b"third");
                t.decrypt(alice.address, &second, b"second");
            },
        ),
        (
            "a ratchet message from a device without a session",
            "WrongKind",
            &["X3DH-13", "DR-15"],
            |t| {
                let alice = answered(t);
                let mallory = Actor::new("mallory");
                let message = t.encrypt(alice.address, b"to Alice");
                t.refuse(mallory.address, &message, NoSession);
            },
        ),
        (
            "encrypting to a device without a session",
            "WrongKind",
            &["X3DH-07"],
            |t| {
                t.refuse_encrypt(Actor::new("mallory").address, b"to nobody", NoSession);
            },
        ),
        (
            "a ratchet message delivered as a prekey message",
            "WrongKind",
            &["WIRE-02", "WIRE-09"],
            |t| {
                let mut alice = answered(t);
                let message = alice.encrypt(t.me.address, b"as a ratchet message");
                let wrong = Message {
                    kind: MessageKind::PreKey,
                    ..message.clone()
                };
                t.refuse(alice.address, &wrong, Malformed);
                t.decrypt(alice.address, &message, b"as a ratchet message");
            },
        ),
        (
            "a prekey message delivered as a ratchet message",
            "WrongKind",
            &["WIRE-02", "WIRE-09"],
            |t| {
                let mut alice = Actor::new("alice");
                alice.open(&t.me.bundle(Some(1)), "as ratchet");
                let first = alice.encrypt(t.me.address, b"first");
                let second = alice.encrypt(t.me.address, b"second");
                t.decrypt(alice.address, &first, b"first");
                t.refuse(
                    alice.address,
                    &Message {
                        kind: MessageKind::Ratchet,
                        ..second.clone()
                    },
                    Malformed,
                );
                t.decrypt(alice.address, &second, b"second");
            },
        ),
    ]
}

fn out_of_order() -> Vec<Case> {
    vec![
        ("five messages in reverse", "OutOfOrder", &["DR-10"], |t| {
            let mut alice = answered(t);
            let sent = messages(t, &mut alice, 5);
            for n in (0..5).rev() {
                deliver(t, &alice, &sent, n);
            }
        }),
        (
            "ten messages, the even ones first",
            "OutOfOrder",
            &["DR-10"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 10);
                for n in [0, 2, 4, 6, 8, 1, 3, 5, 7, 9] {
                    deliver(t, &alice, &sent, n);
                }
            },
        ),
        (
            "a message lost for good stops nothing",
            "OutOfOrder",
            &["DR-10"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 4);
                for n in [0, 2, 3] {
                    deliver(t, &alice, &sent, n);
                }
                turn(t, &mut alice);
                let next = messages(t, &mut alice, 2);
                deliver(t, &alice, &next, 0);
                deliver(t, &alice, &next, 1);
            },
        ),
        (
            "the last messages of a chain arrive after the next chain has begun: the previous counter says that they exist",
            "OutOfOrder",
            &["DR-09", "DR-10"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 3);
                deliver(t, &alice, &sent, 0);
                turn(t, &mut alice);
                let next = messages(t, &mut alice, 1);
                deliver(t, &alice, &next, 0);
                deliver(t, &alice, &sent, 2);
                deliver(t, &alice, &sent, 1);
            },
        ),
        (
            "a new chain's third message is its first to arrive",
            "OutOfOrder",
            &["DR-09", "DR-10"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                deliver(t, &alice, &sent, 0);
                turn(t, &mut alice);
                let next = messages(t, &mut alice, 3);
                deliver(t, &alice, &next, 2);
                deliver(t, &alice, &next, 0);
                deliver(t, &alice, &next, 1);
            },
        ),
        (
            "late messages of two former chains",
            "OutOfOrder",
            &["DR-09", "DR-10"],
            |t| {
                let mut alice = answered(t);
                let one = messages(t, &mut alice, 3);
                deliver(t, &alice, &one, 1);
                turn(t, &mut alice);
                let two = messages(t, &mut alice, 3);
                deliver(t, &alice, &two, 0);
                turn(t, &mut alice);
                let three = messages(t, &mut alice, 1);
                deliver(t, &alice, &three, 0);
                deliver(t, &alice, &two, 2);
                deliver(t, &alice, &one, 0);
                deliver(t, &alice, &one, 2);
                deliver(t, &alice, &two, 1);
            },
        ),
        (
            "a late message, the device restarted in between",
            "Restart",
            &["DR-10"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 2);
                deliver(t, &alice, &sent, 1);
                turn(t, &mut alice);
                t.restart();
                let next = messages(t, &mut alice, 1);
                deliver(t, &alice, &next, 0);
                t.restart();
                deliver(t, &alice, &sent, 0);
            },
        ),
        (
            "a late message makes no ratchet step: the sending chain goes on",
            "OutOfOrder",
            &["DR-09", "DR-10", "DR-20"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 2);
                deliver(t, &alice, &sent, 0);
                turn(t, &mut alice);
                let next = messages(t, &mut alice, 1);
                deliver(t, &alice, &next, 0);
                t.encrypt(alice.address, b"counter 0");
                deliver(t, &alice, &sent, 1);
                t.encrypt(alice.address, b"counter 1");
            },
        ),
    ]
}

fn bounds() -> Vec<Case> {
    vec![
        (
            "a gap of 1,000: the greatest",
            "Bound",
            &["DR-11", "DR-10"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1001);
                deliver(t, &alice, &sent, 1000);
                deliver(t, &alice, &sent, 0);
                deliver(t, &alice, &sent, 999);
            },
        ),
        (
            "a gap of 1,001 is refused, and the messages before it can still be read",
            "Bound",
            &["DR-11", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1002);
                t.refuse(alice.address, &sent[1001], TooManySkipped);
                deliver(t, &alice, &sent, 0);
                deliver(t, &alice, &sent, 1001);
            },
        ),
        (
            "a gap is counted from the last message read, not from the chain's beginning",
            "Bound",
            &["DR-11"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1501);
                deliver(t, &alice, &sent, 600);
                deliver(t, &alice, &sent, 1500);
                deliver(t, &alice, &sent, 0);
                deliver(t, &alice, &sent, 1499);
            },
        ),
        (
            "a gap of 1,000 at the beginning of a new chain",
            "Bound",
            &["DR-11", "DR-09"],
            |t| {
                let mut alice = answered(t);
                let first = messages(t, &mut alice, 1);
                deliver(t, &alice, &first, 0);
                turn(t, &mut alice);
                let sent = messages(t, &mut alice, 1001);
                deliver(t, &alice, &sent, 1000);
                deliver(t, &alice, &sent, 500);
            },
        ),
        (
            "a gap of 1,001 at the beginning of a new chain: no ratchet step is made",
            "Bound",
            &["DR-11", "DR-15", "RND-02"],
            |t| {
                let mut alice = answered(t);
                let first = messages(t, &mut alice, 1);
                deliver(t, &alice, &first, 0);
                turn(t, &mut alice);
                let sent = messages(t, &mut alice, 1002);
                t.refuse(alice.address, &sent[1001], TooManySkipped);
                deliver(t, &alice, &sent, 1);
                deliver(t, &alice, &sent, 1001);
            },
        ),
        (
            "a gap of 1,000 at the end of the former chain",
            "Bound",
            &["DR-11", "DR-09"],
            |t| {
                let mut alice = answered(t);
                let first = messages(t, &mut alice, 1001);
                deliver(t, &alice, &first, 0);
                turn(t, &mut alice);
                let next = messages(t, &mut alice, 1);
                deliver(t, &alice, &next, 0);
                deliver(t, &alice, &first, 1000);
                deliver(t, &alice, &first, 1);
            },
        ),
        (
            "a gap of 1,001 at the end of the former chain: the whole message is refused",
            "Bound",
            &["DR-11", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let first = messages(t, &mut alice, 1002);
                deliver(t, &alice, &first, 0);
                turn(t, &mut alice);
                let next = messages(t, &mut alice, 1);
                t.refuse(alice.address, &next[0], TooManySkipped);
                deliver(t, &alice, &first, 1);
                deliver(t, &alice, &next, 0);
            },
        ),
        (
            "a gap of 1,000 in each of two chains by one message",
            "Bound",
            &["DR-11", "DR-12"],
            |t| {
                let mut alice = answered(t);
                let first = messages(t, &mut alice, 1001);
                deliver(t, &alice, &first, 0);
                turn(t, &mut alice);
                let next = messages(t, &mut alice, 1001);
                deliver(t, &alice, &next, 1000);
                deliver(t, &alice, &first, 1);
                deliver(t, &alice, &first, 1000);
                deliver(t, &alice, &next, 0);
                deliver(t, &alice, &next, 999);
            },
        ),
        (
            "the counter claims 2^32 - 2: refused before any key is computed",
            "Bound",
            &["DR-11", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                let forged = with(&sent[0], &|header, _| header.counter = u32::MAX - 1);
                t.refuse(alice.address, &forged, TooManySkipped);
                deliver(t, &alice, &sent, 0);
            },
        ),
        (
            "a new chain claims a previous counter of 2^32 - 1",
            "Bound",
            &["DR-11", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let first = messages(t, &mut alice, 1);
                deliver(t, &alice, &first, 0);
                turn(t, &mut alice);
                let sent = messages(t, &mut alice, 1);
                let forged = with(&sent[0], &|header, _| header.previous_counter = u32::MAX);
                t.refuse(alice.address, &forged, TooManySkipped);
                deliver(t, &alice, &sent, 0);
            },
        ),
        (
            "2,000 stored keys: all of them still open their messages",
            "Bound",
            &["DR-12"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 2002);
                deliver(t, &alice, &sent, 1000);
                deliver(t, &alice, &sent, 2001);
                for n in [0, 1, 999, 1001, 2000] {
                    deliver(t, &alice, &sent, n);
                }
            },
        ),
        (
            "2,001 stored keys: the oldest is dropped, and it alone",
            "Bound",
            &["DR-12", "DR-14"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 2004);
                deliver(t, &alice, &sent, 1000);
                deliver(t, &alice, &sent, 2001);
                deliver(t, &alice, &sent, 2003);
                t.refuse(alice.address, &sent[0], DuplicateMessage);
                deliver(t, &alice, &sent, 1);
                deliver(t, &alice, &sent, 2002);
            },
        ),
        (
            "over the bound in a newer chain: the keys of the older one go first",
            "Bound",
            &["DR-12", "DR-14"],
            |t| {
                let mut alice = answered(t);
                let first = messages(t, &mut alice, 1001);
                deliver(t, &alice, &first, 1000);
                turn(t, &mut alice);
                let next = messages(t, &mut alice, 1503);
                deliver(t, &alice, &next, 1000);
                deliver(t, &alice, &next, 1501);
                t.refuse(alice.address, &first[499], DuplicateMessage);
                deliver(t, &alice, &first, 500);
                deliver(t, &alice, &next, 0);
            },
        ),
        (
            "a key that was used makes room: the bound counts what is stored",
            "Bound",
            &["DR-12", "DR-13"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 2004);
                deliver(t, &alice, &sent, 1000);
                deliver(t, &alice, &sent, 2001);
                deliver(t, &alice, &sent, 5);
                deliver(t, &alice, &sent, 2003);
                deliver(t, &alice, &sent, 0);
            },
        ),
    ]
}

fn replay_and_expiry() -> Vec<Case> {
    vec![
        ("the same message twice", "Replay", &["DR-14"], |t| {
            let mut alice = answered(t);
            let sent = messages(t, &mut alice, 2);
            deliver(t, &alice, &sent, 0);
            t.refuse(alice.address, &sent[0], DuplicateMessage);
            deliver(t, &alice, &sent, 1);
            t.refuse(alice.address, &sent[0], DuplicateMessage);
        }),
        (
            "a late message twice: its stored key is gone",
            "Replay",
            &["DR-13", "DR-14"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 3);
                deliver(t, &alice, &sent, 2);
                deliver(t, &alice, &sent, 0);
                t.refuse(alice.address, &sent[0], DuplicateMessage);
                deliver(t, &alice, &sent, 1);
            },
        ),
        (
            "the same message again after a restart",
            "Replay",
            &["DR-14"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 2);
                deliver(t, &alice, &sent, 1);
                t.restart();
                t.refuse(alice.address, &sent[1], DuplicateMessage);
                deliver(t, &alice, &sent, 0);
                t.restart();
                t.refuse(alice.address, &sent[0], DuplicateMessage);
            },
        ),
        (
            "a message of the former chain again",
            "Replay",
            &["DR-14"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 2);
                deliver(t, &alice, &sent, 0);
                deliver(t, &alice, &sent, 1);
                turn(t, &mut alice);
                let next = messages(t, &mut alice, 1);
                deliver(t, &alice, &next, 0);
                t.refuse(alice.address, &sent[1], DuplicateMessage);
                t.refuse(alice.address, &sent[0], DuplicateMessage);
            },
        ),
        (
            "the message that made the ratchet step again",
            "Replay",
            &["DR-14", "DR-09"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                deliver(t, &alice, &sent, 0);
                t.refuse(alice.address, &sent[0], DuplicateMessage);
                t.encrypt(alice.address, b"the chain goes on");
            },
        ),
        (
            "a message of a chain that is forgotten",
            "Replay",
            &["DR-14", "DR-16"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                deliver(t, &alice, &sent, 0);
                for _ in 0..5 {
                    turn(t, &mut alice);
                    let next = messages(t, &mut alice, 1);
                    deliver(t, &alice, &next, 0);
                }
                t.refuse(alice.address, &sent[0], DecryptFailed);
            },
        ),
        (
            "a message beyond the end that its chain was given",
            "ModifiedHeader",
            &["DR-09", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                deliver(t, &alice, &sent, 0);
                turn(t, &mut alice);
                let next = messages(t, &mut alice, 1);
                deliver(t, &alice, &next, 0);
                let forged = with(&sent[0], &|header, _| header.counter = 1);
                t.refuse(alice.address, &forged, DecryptFailed);
                let highest = with(&sent[0], &|header, _| header.counter = u32::MAX);
                t.refuse(alice.address, &highest, DecryptFailed);
            },
        ),
        (
            "a new chain says that the former one was shorter than what was read of it: nothing is forgotten of what was read",
            "Replay",
            &["DR-09", "DR-14"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 4);
                deliver(t, &alice, &sent, 3);
                alice.set_counters(t.me.address, Some(2), None);
                turn(t, &mut alice);
                let next = messages(t, &mut alice, 1);
                deliver(t, &alice, &next, 0);
                t.refuse(alice.address, &sent[3], DuplicateMessage);
                deliver(t, &alice, &sent[..], 2);
                deliver(t, &alice, &sent[..], 0);
            },
        ),
        (
            "a late message after 4 further ratchet steps",
            "Expiry",
            &["DR-16", "DR-10"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 2);
                deliver(t, &alice, &sent, 1);
                for _ in 0..4 {
                    turn(t, &mut alice);
                    let next = messages(t, &mut alice, 1);
                    deliver(t, &alice, &next, 0);
                }
                deliver(t, &alice, &sent, 0);
            },
        ),
        (
            "a late message after 5 further ratchet steps: its key is erased",
            "Expiry",
            &["DR-16"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 2);
                deliver(t, &alice, &sent, 1);
                let kept = t.secret("the skipped key", "/receivingChains/0/skipped/0");
                for _ in 0..5 {
                    turn(t, &mut alice);
                    let next = messages(t, &mut alice, 1);
                    deliver(t, &alice, &next, 0);
                }
                t.refuse(alice.address, &sent[0], DecryptFailed);
                t.erased(vec![kept]);
            },
        ),
        (
            "messages without ratchet steps do not age skipped keys",
            "Expiry",
            &["DR-16"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 12);
                for n in 1..12 {
                    deliver(t, &alice, &sent, n);
                }
                deliver(t, &alice, &sent, 0);
            },
        ),
    ]
}

fn damage() -> Vec<Case> {
    vec![
        (
            "another counter, further on: no key is skipped",
            "ModifiedHeader",
            &["DR-07", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 2);
                deliver(t, &alice, &sent, 0);
                t.refuse(
                    alice.address,
                    &with(&sent[1], &|header, _| header.counter = 9),
                    DecryptFailed,
                );
                deliver(t, &alice, &sent, 1);
            },
        ),
        (
            "the counter of a message not yet read",
            "ModifiedHeader",
            &["DR-07", "DR-15", "DR-13"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 3);
                deliver(t, &alice, &sent, 2);
                t.refuse(
                    alice.address,
                    &with(&sent[1], &|header, _| header.counter = 0),
                    DecryptFailed,
                );
                deliver(t, &alice, &sent, 0);
                deliver(t, &alice, &sent, 1);
            },
        ),
        (
            "another previous counter in a known chain, where it has no use but is bound",
            "ModifiedHeader",
            &["DR-07", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 2);
                deliver(t, &alice, &sent, 0);
                t.refuse(
                    alice.address,
                    &with(&sent[1], &|header, _| header.previous_counter += 1),
                    DecryptFailed,
                );
                deliver(t, &alice, &sent, 1);
            },
        ),
        (
            "another previous counter in a new chain: no key of the former chain is stored",
            "ModifiedHeader",
            &["DR-07", "DR-09", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                deliver(t, &alice, &sent, 0);
                turn(t, &mut alice);
                let next = messages(t, &mut alice, 1);
                t.refuse(
                    alice.address,
                    &with(&next[0], &|header, _| header.previous_counter += 7),
                    DecryptFailed,
                );
                t.refuse(
                    alice.address,
                    &with(&next[0], &|header, _| header.previous_counter = 0),
                    DecryptFailed,
                );
                deliver(t, &alice, &next, 0);
            },
        ),
        (
            "a ratchet key of nobody: whoever keeps the step made for it loses the session",
            "ModifiedHeader",
            &["DR-09", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                t.refuse(
                    alice.address,
                    &with(&sent[0], &|header, _| header.ratchet_key = other_key()),
                    DecryptFailed,
                );
                deliver(t, &alice, &sent, 0);
                t.encrypt(alice.address, b"go on");
            },
        ),
        (
            "a hundred ratchet keys of nobody age nothing",
            "ModifiedHeader",
            &["DR-15", "DR-16"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 2);
                deliver(t, &alice, &sent, 1);
                for n in 0..100 {
                    let forged = with(&sent[0], &|header, _| {
                        let key = KeyPair::from(PrivateKey::from(seed::bytes(&format!(
                            "ratchet_session/nobody {n}"
                        ))));
                        header.ratchet_key = *key.public();
                    });
                    t.refuse(alice.address, &forged, DecryptFailed);
                }
                deliver(t, &alice, &sent, 0);
            },
        ),
        (
            "the ratchet key of the former chain on a message of the current one",
            "ModifiedHeader",
            &["DR-07", "DR-14"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                deliver(t, &alice, &sent, 0);
                turn(t, &mut alice);
                let next = messages(t, &mut alice, 2);
                deliver(t, &alice, &next, 0);
                let former = RatchetMessage::decode(&Tigress1, &sent[0].bytes)
                    .expect("a message")
                    .header
                    .ratchet_key
                    .encode();
                let forged = with(&next[1], &|header, _| header.counter = 0);
                t.refuse(alice.address, &forged, DuplicateMessage);
                let mut forged = next[1].clone();
                let at = forged
                    .bytes
                    .iter()
                    .position(|byte| *byte == 0x05)
                    .expect("the key's type byte");
                forged.bytes[at..at + 33].copy_from_slice(&former);
                t.refuse(alice.address, &forged, DecryptFailed);
                deliver(t, &alice, &next, 1);
            },
        ),
        (
            "the device's own message comes back: its ratchet key is the device's own",
            "InvalidKey",
            &["DR-21"],
            |t| {
                let alice = answered(t);
                let mine = t.encrypt(alice.address, b"mine");
                t.refuse(alice.address, &mine, InvalidKey);
                t.encrypt(alice.address, b"the next");
            },
        ),
        (
            "the device's own current ratchet key on the peer's ciphertext",
            "InvalidKey",
            &["DR-21", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let mine = t.encrypt(alice.address, b"mine");
                let own = RatchetMessage::decode(&Tigress1, &mine.bytes)
                    .expect("a message")
                    .header
                    .ratchet_key
                    .encode();
                let sent = messages(t, &mut alice, 1);
                let mut forged = sent[0].clone();
                let at = forged
                    .bytes
                    .iter()
                    .position(|byte| *byte == 0x05)
                    .expect("the key's type byte");
                forged.bytes[at..at + 33].copy_from_slice(&own);
                t.refuse(alice.address, &forged, InvalidKey);
                deliver(t, &alice, &sent, 0);
            },
        ),
        (
            "a first message whose ratchet key is the receiver's signed prekey, its own first ratchet key",
            "InvalidKey",
            &["DR-21", "DR-02", "X3DH-11"],
            |t| {
                let mut alice = Actor::new("alice");
                let bundle = t.me.bundle(Some(1));
                alice.open(&bundle, "own signed prekey");
                let first = alice.encrypt(t.me.address, b"first");
                let mut forged = first.clone();
                let parsed = tigress_signal::wire::PreKeyMessage::decode(&Tigress1, &first.bytes)
                    .expect("a message");
                let key = parsed.message.header.ratchet_key.encode();
                let at = forged
                    .bytes
                    .windows(33)
                    .position(|window| window == key)
                    .expect("the ratchet key");
                forged.bytes[at..at + 33].copy_from_slice(&bundle.signed_pre_key);
                t.refuse(alice.address, &forged, InvalidKey);
                t.decrypt(alice.address, &first, b"first");
            },
        ),
        (
            "a ratchet key of small order",
            "InvalidKey",
            &["KEY-04", "WIRE-06", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                let mut forged = sent[0].clone();
                let at = forged
                    .bytes
                    .iter()
                    .position(|byte| *byte == 0x05)
                    .expect("the key's type byte");
                forged.bytes[at..at + 33].copy_from_slice(&encoded(&small_order()[2].1));
                t.refuse(alice.address, &forged, InvalidKey);
                deliver(t, &alice, &sent, 0);
            },
        ),
        (
            "another version byte, as of a downgrade",
            "ModifiedHeader",
            &["WIRE-01", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                let mut forged = sent[0].clone();
                forged.bytes[0] = 0x33;
                t.refuse(alice.address, &forged, UnsupportedVersion);
                deliver(t, &alice, &sent, 0);
            },
        ),
        (
            "every byte of tag and ciphertext changed in turn",
            "ModifiedCiphertext",
            &["DR-06", "DR-15", "DR-17"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                let length = RatchetMessage::decode(&Tigress1, &sent[0].bytes)
                    .expect("a message")
                    .ciphertext
                    .len();
                for at in 0..length {
                    t.refuse(
                        alice.address,
                        &with(&sent[0], &|_, c| c[at] ^= 1 << (at % 8)),
                        DecryptFailed,
                    );
                }
                deliver(t, &alice, &sent, 0);
            },
        ),
        (
            "a damaged message that makes a ratchet step: chains, root key and ratchet key stay",
            "ModifiedCiphertext",
            &["DR-09", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                deliver(t, &alice, &sent, 0);
                turn(t, &mut alice);
                let next = messages(t, &mut alice, 1);
                t.refuse(
                    alice.address,
                    &with(&next[0], &|_, c| c[0] ^= 1),
                    DecryptFailed,
                );
                t.encrypt(alice.address, b"in the same sending chain");
                deliver(t, &alice, &next, 0);
            },
        ),
        (
            "a damaged message further on: the keys before it are not stored",
            "ModifiedCiphertext",
            &["DR-10", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 6);
                t.refuse(
                    alice.address,
                    &with(&sent[5], &|_, c| c[0] ^= 1),
                    DecryptFailed,
                );
                for n in 0..6 {
                    deliver(t, &alice, &sent, n);
                }
            },
        ),
        (
            "a damaged late message: its stored key stays for the true one",
            "ModifiedCiphertext",
            &["DR-13", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 2);
                deliver(t, &alice, &sent, 1);
                t.refuse(
                    alice.address,
                    &with(&sent[0], &|_, c| c[0] ^= 1),
                    DecryptFailed,
                );
                deliver(t, &alice, &sent, 0);
            },
        ),
        (
            "the ciphertexts of two messages exchanged",
            "ModifiedCiphertext",
            &["DR-06", "DR-07"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 2);
                let parsed = RatchetMessage::decode(&Tigress1, &sent[1].bytes).expect("a message");
                let mut forged = sent[0].clone();
                let end = forged.bytes.len() - parsed.ciphertext.len();
                forged.bytes.truncate(end);
                forged.bytes.extend_from_slice(parsed.ciphertext);
                t.refuse(alice.address, &forged, DecryptFailed);
                deliver(t, &alice, &sent, 0);
                deliver(t, &alice, &sent, 1);
            },
        ),
        (
            "the ciphertext without its last byte",
            "ModifiedCiphertext",
            &["DR-06", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                t.refuse(
                    alice.address,
                    &with(&sent[0], &|_, c| c.truncate(c.len() - 1)),
                    DecryptFailed,
                );
                t.refuse(
                    alice.address,
                    &with(&sent[0], &|_, c| c.push(0)),
                    DecryptFailed,
                );
                deliver(t, &alice, &sent, 0);
            },
        ),
        (
            "a ciphertext that would hold 65,537 bytes is refused before any key is computed",
            "Size",
            &["DR-22", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                t.refuse(
                    alice.address,
                    &with(&sent[0], &|_, c| c.resize(65_536 + 17, 0)),
                    TooLarge,
                );
                deliver(t, &alice, &sent, 0);
            },
        ),
        (
            "bytes that are no message",
            "ModifiedHeader",
            &["WIRE-05", "WIRE-10", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let noise = |bytes: &[u8]| Message {
                    kind: MessageKind::Ratchet,
                    bytes: bytes.to_vec(),
                };
                t.refuse(alice.address, &noise(b""), Malformed);
                t.refuse(alice.address, &noise(&[0x11]), Malformed);
                t.refuse(
                    alice.address,
                    &noise(&seed::vec("ratchet_session/noise", 100)),
                    UnsupportedVersion,
                );
                let sent = messages(t, &mut alice, 1);
                deliver(t, &alice, &sent, 0);
            },
        ),
    ]
}

fn ends() -> Vec<Case> {
    vec![
        (
            "the last counter that may be sent, and none after it",
            "Counter",
            &["DR-18", "DR-15"],
            |t| {
                let alice = answered(t);
                t.set_counters(alice.address, Some(u32::MAX - 1), None);
                t.encrypt(alice.address, b"the last");
                t.refuse_encrypt(alice.address, b"one too many", CounterExhausted);
                t.refuse_encrypt(alice.address, b"and again", CounterExhausted);
            },
        ),
        (
            "an exhausted chain still receives, and a ratchet step gives a new chain",
            "Counter",
            &["DR-18", "DR-08", "DR-09"],
            |t| {
                let mut alice = answered(t);
                t.set_counters(alice.address, Some(u32::MAX), None);
                t.refuse_encrypt(alice.address, b"one too many", CounterExhausted);
                let sent = messages(t, &mut alice, 1);
                deliver(t, &alice, &sent, 0);
                t.encrypt(alice.address, b"counter 0, previous counter 2^32 - 1");
            },
        ),
        (
            "a restart does not bring an exhausted chain back",
            "Counter",
            &["DR-18"],
            |t| {
                let alice = answered(t);
                t.set_counters(alice.address, Some(u32::MAX), None);
                t.restart();
                t.refuse_encrypt(alice.address, b"one too many", CounterExhausted);
            },
        ),
        (
            "the last counter that may be received",
            "Counter",
            &["DR-18", "DR-08"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                deliver(t, &alice, &sent, 0);
                alice.set_counters(t.me.address, Some(u32::MAX - 2), None);
                t.set_counters(alice.address, None, Some(u32::MAX - 2));
                let last = messages(t, &mut alice, 2);
                deliver(t, &alice, &last, 1);
                deliver(t, &alice, &last, 0);
                t.refuse(alice.address, &last[1], DuplicateMessage);
            },
        ),
        (
            "a message that claims counter 2^32 - 1: no sender may write it",
            "Counter",
            &["DR-18", "DR-15"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                deliver(t, &alice, &sent, 0);
                alice.set_counters(t.me.address, Some(u32::MAX - 1), None);
                t.set_counters(alice.address, None, Some(u32::MAX - 1));
                let last = messages(t, &mut alice, 1);
                t.refuse(
                    alice.address,
                    &with(&last[0], &|header, _| header.counter = u32::MAX),
                    CounterExhausted,
                );
                deliver(t, &alice, &last, 0);
                t.refuse(
                    alice.address,
                    &with(&last[0], &|header, _| header.counter = u32::MAX),
                    CounterExhausted,
                );
            },
        ),
    ]
}

/// The message key that a chain key gives next.
fn message_key(chain_key: &[u8]) -> Vec<u8> {
    let chain_key = ChainKey::at(chain_key.try_into().expect("32 bytes"), 0);
    let (message_key, _) = chain_key.step().expect("far from the end");
    message_key.expose().to_vec()
}

fn erasure() -> Vec<Case> {
    vec![
        (
            "sending: the used chain key and the message key are gone",
            "Erasure",
            &["DR-19"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                deliver(t, &alice, &sent, 0);
                let used = t.secret("the used chain key", SENDING_KEY);
                let key = erased("the message key", &message_key(&used.bytes));
                t.encrypt(alice.address, b"one");
                t.erased(vec![used, key]);
            },
        ),
        (
            "receiving: the used chain key and the message key are gone",
            "Erasure",
            &["DR-19"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 2);
                deliver(t, &alice, &sent, 0);
                let used = t.secret("the used chain key", RECEIVING_KEY);
                let key = erased("the message key", &message_key(&used.bytes));
                deliver(t, &alice, &sent, 1);
                t.erased(vec![used, key]);
            },
        ),
        (
            "a ratchet step: the old root key, the old ratchet key and the chain keys of the former chains are gone",
            "Erasure",
            &["DR-19", "DR-20"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                deliver(t, &alice, &sent, 0);
                turn(t, &mut alice);
                let mut old = vec![
                    t.secret("the old root key", ROOT_KEY),
                    t.secret("the old sending chain key", SENDING_KEY),
                    t.secret("the old receiving chain key", RECEIVING_KEY),
                ];
                let ratchet_key = t.secret("the old ratchet private key", SENDING_RATCHET_KEY);
                old.extend(erased_private_key(&ratchet_key.name, &ratchet_key.bytes));
                let next = messages(t, &mut alice, 1);
                deliver(t, &alice, &next, 0);
                t.erased(old);
            },
        ),
        (
            "a late message: its stored key is gone once it was used",
            "Erasure",
            &["DR-13", "DR-19"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 2);
                deliver(t, &alice, &sent, 1);
                let stored = t.secret("the stored key", "/receivingChains/0/skipped/0");
                deliver(t, &alice, &sent, 0);
                t.erased(vec![stored]);
            },
        ),
        (
            "over the bound: the dropped key is gone",
            "Erasure",
            &["DR-12", "DR-19"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 2004);
                deliver(t, &alice, &sent, 1000);
                let stored = t.secret("the dropped key", "/receivingChains/0/skipped/0");
                deliver(t, &alice, &sent, 2001);
                deliver(t, &alice, &sent, 2003);
                t.erased(vec![stored]);
            },
        ),
        (
            "a refused message leaves no key behind",
            "Erasure",
            &["DR-15", "DR-19"],
            |t| {
                let mut alice = answered(t);
                let sent = messages(t, &mut alice, 1);
                deliver(t, &alice, &sent, 0);
                let chain = t.secret("the receiving chain key", RECEIVING_KEY);
                let more = messages(t, &mut alice, 1);
                t.refuse(
                    alice.address,
                    &with(&more[0], &|_, c| c[0] ^= 1),
                    DecryptFailed,
                );
                t.erased(vec![erased(
                    "the message key of the refused message",
                    &message_key(&chain.bytes),
                )]);
            },
        ),
    ]
}
