//! Family `sesame`.

use super::Builder;
use super::actor::{Actor, Asks, SIGNED_PRE_KEY_ID, Talk};
use tigress_signal::agreement::BundleFields;
use tigress_signal::conformance::operation::sesame::{EventFields, RecordFields};
use tigress_signal::error_code::ErrorCode::{
    DecryptFailed, DuplicateMessage, InvalidSignature, InvalidState, NoSession, NotFound,
    RetryLimit, TooLarge, UnexpectedMessage, UnknownOneTimePrekey, UntrustedIdentity,
};
use tigress_signal::hex::Hex;
use tigress_signal::identifier::Recipient;
use tigress_signal::suite::Tigress1;
use tigress_signal::timestamp::DAY;
use tigress_signal::wire::{Message, MessageKind, PreKeyMessage};

const SESAME: &str = "https://signal.org/docs/specifications/sesame/";

type Case = (
    &'static str,
    &'static str,
    &'static [&'static str],
    fn(&mut Talk),
);

/// What is known of `peer`: the prekey message of each session, the active one first.
fn known(peer: &Actor, sessions: &[&Message]) -> RecordFields {
    let mut base_keys = sessions.iter().map(|message| {
        let message = PreKeyMessage::decode(&Tigress1, &message.bytes).expect("a prekey message");
        Hex::from(message.base_key.encode())
    });
    RecordFields {
        peer: peer.address_fields(),
        identity_key: peer.identity_key().encode().into(),
        registration_id: peer.loaded.registration_id,
        stale: false,
        active: base_keys.next(),
        inactive: base_keys.collect(),
    }
}

fn stale(record: RecordFields) -> RecordFields {
    RecordFields {
        stale: true,
        ..record
    }
}

/// Bob's devices 1, 2 and so on.
fn bob(device_id: u32) -> Actor {
    Actor::on_device("bob", device_id)
}

/// Every device of Bob.
fn to_bob() -> Recipient {
    Recipient::User(bob(1).address.user_id)
}

fn bundle(of: &Actor) -> EventFields {
    EventFields::Bundle(Box::new(of.bundle(Some(1))))
}

fn no_bundle(of: &Actor) -> EventFields {
    EventFields::NoBundle(of.address_fields())
}

fn mismatch(missing: &[u32], extra: &[u32]) -> EventFields {
    EventFields::DeviceMismatch {
        missing: missing.to_vec(),
        extra: extra.to_vec(),
    }
}

fn outdated(devices: &[u32]) -> EventFields {
    EventFields::StaleRegistration(devices.to_vec())
}

/// The device under test opens a session with `peer`, which answers: both send ratchet messages from then
/// on. The prekey message names the session.
fn session(t: &mut Talk, peer: &mut Actor) -> Message {
    t.process_bundle(&peer.bundle(None));
    let opening = t.encrypt(peer.address, b"opening");
    peer.decrypt(t.me.address, &opening, "session");
    let answer = peer.encrypt(t.me.address, b"answer");
    t.decrypt(peer.address, &answer, b"answer");
    opening
}

/// `peer` opens a session with the device under test.
fn opened_by(t: &mut Talk, peer: &mut Actor) -> Message {
    peer.open(&t.me.bundle(None), "opened by");
    let opening = peer.encrypt(t.me.address, b"hello");
    t.decrypt(peer.address, &opening, b"hello");
    opening
}

/// The device under test has opened `count` sessions with `peer`, and read nothing yet. Their openings, and
/// an answer in each.
fn many(t: &mut Talk, peer: &mut Actor, count: usize) -> Vec<(Message, Message)> {
    (0..count)
        .map(|_| {
            t.process_bundle(&peer.bundle(None));
            let opening = t.encrypt(peer.address, b"opening");
            peer.decrypt(t.me.address, &opening, "many");
            let answer = peer.encrypt(t.me.address, b"answer");
            (opening, answer)
        })
        .collect()
}

fn openings(sessions: &[(Message, Message)]) -> Vec<&Message> {
    sessions.iter().rev().map(|(opening, _)| opening).collect()
}

/// The message with its last bit flipped.
fn damaged(message: &Message) -> Message {
    let mut damaged = message.clone();
    let at = match message.kind {
        // The tag stands before the two ids at the end.
        MessageKind::PreKey => damaged.bytes.len() - 6,
        MessageKind::Ratchet => damaged.bytes.len() - 1,
    };
    damaged.bytes[at] ^= 1;
    damaged
}

/// The same device, known by another registration id: nothing in a bundle signs it.
fn renumbered(mut bundle: BundleFields) -> BundleFields {
    bundle.registration_id = bundle.registration_id % 16_380 + 1;
    bundle
}

pub(super) fn generate(b: &mut Builder) {
    for (flag, bug_type, description) in [
        (
            "Normal",
            "BASIC",
            "What a device knows of others, and how it sends to them, when all is well.",
        ),
        (
            "Order",
            "INTEROPERABILITY",
            "Which session is the active one. Whoever keeps another order sends in sessions that the peer has given up.",
        ),
        (
            "Bound",
            "DENIAL_OF_SERVICE",
            "At or over the bound on inactive sessions. Whoever has none stores what a stranger opens; whoever has a lower one loses messages.",
        ),
        (
            "StateChanged",
            "DENIAL_OF_SERVICE",
            "A message that does not decrypt. Whoever keeps a change that it made lets a stranger replace sessions and identity keys.",
        ),
        (
            "Simultaneous",
            "INTEROPERABILITY",
            "Both sides open a session at once. Whoever insists on its own loses messages, or never agrees with the peer on a session.",
        ),
        (
            "Rounds",
            "INTEROPERABILITY",
            "A submission is refused. Whoever counts or repeats wrongly never ends, gives up too early, or uses up keys and prekeys.",
        ),
        (
            "Restart",
            "CONFIDENTIALITY",
            "The device is saved and restored in the middle. Whoever loses the send or its sessions' times sends twice, or in sessions that have ended.",
        ),
        (
            "WrongDevice",
            "CONFIDENTIALITY",
            "The intermediary, or a caller, names a device that the message is not for. Whoever follows gives the credential to somebody else.",
        ),
        (
            "UnexpectedAnswer",
            "MISSING_STEP",
            "An answer to nothing that was asked. Whoever takes it loses its place in the send.",
        ),
        (
            "Stale",
            "CONFIDENTIALITY",
            "A device that is gone. Whoever still sends to it gives its thief the message; whoever forgets it at once loses late messages; whoever never forgets it keeps its keys.",
        ),
        (
            "Identity",
            "AUTH_BYPASS",
            "A device comes with another identity key. Whoever does not tell its user, or goes on in the former sessions, hides a stranger in the middle.",
        ),
        (
            "Expiry",
            "CONFIDENTIALITY",
            "A session in which the peer has long been silent. Whoever sends on in it gives up healing after a theft of keys, or sends what nobody can read.",
        ),
    ] {
        b.old_note(flag, bug_type, description, &[SESAME]);
    }
    for cases in [
        records(),
        simultaneous(),
        sends(),
        rounds(),
        wrong_answers(),
        stale_records(),
        identities(),
        expiry(),
    ] {
        for (comment, flag, ids, play) in cases {
            let mut talk = Talk::reporting(Actor::new("alice"), comment);
            play(&mut talk);
            b.old_conversation((comment, &[flag], ids), talk.recorded());
        }
    }
}

/// SES-01 to SES-07.
fn records() -> Vec<Case> {
    vec![
        (
            "two devices of one user and one of another: three records",
            "Normal",
            &["SES-01"],
            |t| {
                let (mut one, mut two, mut carol) = (bob(1), bob(2), Actor::new("carol"));
                let first = session(t, &mut one);
                let second = opened_by(t, &mut two);
                let third = session(t, &mut carol);
                t.records(vec![
                    known(&one, &[&first]),
                    known(&two, &[&second]),
                    known(&carol, &[&third]),
                ]);
                t.restart();
                t.encrypt(two.address, b"in the session of the second device");
            },
        ),
        (
            "a session opened with a second bundle becomes the active one, the former one the head of the inactive list",
            "Order",
            &["SES-02", "SES-03"],
            |t| {
                let mut bob = bob(1);
                let one = session(t, &mut bob);
                let two = session(t, &mut bob);
                t.process_bundle(&bob.bundle(None));
                let three = t.encrypt(bob.address, b"in the third session");
                t.records(vec![known(&bob, &[&three, &two, &one])]);
            },
        ),
        (
            "a session that the peer opens becomes the active one: the answer goes there",
            "Order",
            &["SES-02", "SES-03"],
            |t| {
                let mut bob = bob(1);
                let one = session(t, &mut bob);
                let two = opened_by(t, &mut bob);
                t.records(vec![known(&bob, &[&two, &one])]);
                let answer = t.encrypt(bob.address, b"in the second session");
                bob.decrypt(t.me.address, &answer, "peer opens");
            },
        ),
        (
            "the last of three sessions decrypts and becomes the active one; the others keep their order",
            "Order",
            &["SES-05", "SES-06"],
            |t| {
                let mut bob = bob(1);
                let sessions = many(t, &mut bob, 3);
                let [(one, answer), (two, _), (three, _)] = &sessions[..] else {
                    unreachable!("three sessions")
                };
                t.decrypt(bob.address, answer, b"answer");
                t.records(vec![known(&bob, &[one, three, two])]);
                t.encrypt(bob.address, b"in the first session");
            },
        ),
        (
            "the one in the middle decrypts: it goes to the front, and the active one to the head of the list",
            "Order",
            &["SES-05", "SES-06"],
            |t| {
                let mut bob = bob(1);
                let sessions = many(t, &mut bob, 3);
                let [(one, _), (two, answer), (three, _)] = &sessions[..] else {
                    unreachable!("three sessions")
                };
                t.decrypt(bob.address, answer, b"answer");
                t.records(vec![known(&bob, &[two, three, one])]);
                t.restart();
                t.records(vec![known(&bob, &[two, three, one])]);
                t.encrypt(bob.address, b"in the second session");
            },
        ),
        (
            "the active session decrypts: the order stays",
            "Order",
            &["SES-05"],
            |t| {
                let mut bob = bob(1);
                let sessions = many(t, &mut bob, 2);
                t.decrypt(bob.address, &sessions[1].1, b"answer");
                t.records(vec![known(&bob, &openings(&sessions))]);
            },
        ),
        (
            "forty-one sessions: the tail of the list still decrypts, goes to the front, and pushes none out",
            "Bound",
            &["SES-04", "SES-05", "SES-06"],
            |t| {
                let mut bob = bob(1);
                let sessions = many(t, &mut bob, 41);
                t.decrypt(bob.address, &sessions[0].1, b"answer");
                let mut order = openings(&sessions);
                order.rotate_right(1);
                t.records(vec![known(&bob, &order)]);
            },
        ),
        (
            "the forty-second session drops the tail of the list, and that alone",
            "Bound",
            &["SES-03", "SES-04", "SES-07"],
            |t| {
                let mut bob = bob(1);
                let sessions = many(t, &mut bob, 42);
                t.records(vec![known(&bob, &openings(&sessions)[..41])]);
                t.refuse(bob.address, &sessions[0].1, DecryptFailed);
                t.decrypt(bob.address, &sessions[1].1, b"answer");
            },
        ),
        (
            "a prekey message goes to its own session, though another is active: no prekey is used for it",
            "Order",
            &["SES-05", "SES-06", "X3DH-13"],
            |t| {
                let mut bob = bob(1);
                bob.open(&t.me.bundle(Some(1)), "matching");
                let one = bob.encrypt(t.me.address, b"one");
                let late = bob.encrypt(t.me.address, b"late");
                t.decrypt(bob.address, &one, b"one");
                let two = session(t, &mut bob);
                t.records(vec![known(&bob, &[&two, &one])]);
                t.decrypt(bob.address, &late, b"late");
                t.records(vec![known(&bob, &[&one, &two])]);
                t.keys(&[SIGNED_PRE_KEY_ID], &[2, 3, 4]);
            },
        ),
        (
            "a damaged ratchet message is tried in every session and changes none",
            "StateChanged",
            &["SES-05", "SES-07"],
            |t| {
                let mut bob = bob(1);
                let sessions = many(t, &mut bob, 3);
                t.refuse(bob.address, &damaged(&sessions[0].1), DecryptFailed);
                t.records(vec![known(&bob, &openings(&sessions))]);
                t.decrypt(bob.address, &sessions[0].1, b"answer");
            },
        ),
        (
            "a damaged prekey message of a stored session opens no other one",
            "StateChanged",
            &["SES-05", "SES-07"],
            |t| {
                let mut bob = bob(1);
                bob.open(&t.me.bundle(None), "damaged matching");
                let one = bob.encrypt(t.me.address, b"one");
                let next = bob.encrypt(t.me.address, b"next");
                t.decrypt(bob.address, &one, b"one");
                let two = session(t, &mut bob);
                t.refuse(bob.address, &damaged(&next), DecryptFailed);
                t.records(vec![known(&bob, &[&two, &one])]);
            },
        ),
        (
            "a damaged opening message from an unknown device leaves no record",
            "StateChanged",
            &["SES-07", "X3DH-11"],
            |t| {
                let mut bob = bob(1);
                bob.open(&t.me.bundle(Some(1)), "no record");
                let opening = bob.encrypt(t.me.address, b"hello");
                t.refuse(bob.address, &damaged(&opening), DecryptFailed);
                t.records(vec![]);
                t.decrypt(bob.address, &opening, b"hello");
                t.records(vec![known(&bob, &[&opening])]);
            },
        ),
        (
            "a damaged opening message with another identity key does not replace the record",
            "StateChanged",
            &["SES-07", "SES-12"],
            |t| {
                let (mut bob, mut again) = (bob(1), Actor::set_up_again("bob"));
                let one = session(t, &mut bob);
                again.open(&t.me.bundle(None), "damaged change");
                let opening = again.encrypt(t.me.address, b"hello");
                t.refuse(bob.address, &damaged(&opening), DecryptFailed);
                t.records(vec![known(&bob, &[&one])]);
                let message = bob.encrypt(t.me.address, b"still here");
                t.decrypt(bob.address, &message, b"still here");
            },
        ),
        (
            "an opening message for an unknown one-time prekey leaves the record as it is",
            "StateChanged",
            &["SES-07", "X3DH-09"],
            |t| {
                let mut bob = bob(1);
                let one = session(t, &mut bob);
                let mut carol = Actor::new("carol");
                let taken = t.me.bundle(Some(1));
                carol.open(&taken, "takes it");
                let hello = carol.encrypt(t.me.address, b"hello");
                t.decrypt(carol.address, &hello, b"hello");
                bob.open(&taken, "too late");
                let opening = bob.encrypt(t.me.address, b"hello");
                t.refuse(bob.address, &opening, UnknownOneTimePrekey);
                t.records(vec![known(&bob, &[&one]), known(&carol, &[&hello])]);
            },
        ),
        (
            "a ratchet message where the record has no session left: the record stays, with its identity key",
            "StateChanged",
            &["SES-07"],
            |t| {
                let mut bob = bob(1);
                session(t, &mut bob);
                let message = bob.encrypt(t.me.address, b"late");
                t.drop_sessions(bob.address);
                t.refuse(bob.address, &message, NoSession);
                t.records(vec![known(&bob, &[])]);
            },
        ),
        (
            "a ratchet message from an unknown device leaves no record",
            "StateChanged",
            &["SES-07"],
            |t| {
                let (mut one, two) = (bob(1), bob(2));
                let opening = session(t, &mut one);
                let message = one.encrypt(t.me.address, b"from the first device");
                t.refuse(two.address, &message, NoSession);
                t.records(vec![known(&one, &[&opening])]);
            },
        ),
        (
            "a message read before, in the active session: its error is the one that counts",
            "StateChanged",
            &["SES-07", "DR-14"],
            |t| {
                let mut bob = bob(1);
                let sessions = many(t, &mut bob, 2);
                t.decrypt(bob.address, &sessions[1].1, b"answer");
                t.refuse(bob.address, &sessions[1].1, DuplicateMessage);
                t.records(vec![known(&bob, &openings(&sessions))]);
            },
        ),
        (
            "a message read before, in an inactive session: the active one, tried first, cannot decrypt it",
            "StateChanged",
            &["SES-07"],
            |t| {
                let mut bob = bob(1);
                let one = session(t, &mut bob);
                let message = bob.encrypt(t.me.address, b"once");
                t.decrypt(bob.address, &message, b"once");
                t.process_bundle(&bob.bundle(None));
                let two = t.encrypt(bob.address, b"in the second session");
                t.refuse(bob.address, &message, DecryptFailed);
                t.records(vec![known(&bob, &[&two, &one])]);
            },
        ),
    ]
}

/// SES-08, as far as one device shows it.
fn simultaneous() -> Vec<Case> {
    vec![
        (
            "the peer's opening message arrives after the own one has left: the answer goes into the peer's session",
            "Simultaneous",
            &["SES-03", "SES-08"],
            |t| {
                let mut bob = bob(1);
                t.process_bundle(&bob.bundle(None));
                let own = t.encrypt(bob.address, b"at once");
                let theirs = opened_by(t, &mut bob);
                t.records(vec![known(&bob, &[&theirs, &own])]);
                let answer = t.encrypt(bob.address, b"answer");
                bob.decrypt(t.me.address, &answer, "simultaneous");
            },
        ),
        (
            "the peer answers in the own session first: both go on there",
            "Simultaneous",
            &["SES-06", "SES-08"],
            |t| {
                let mut bob = bob(1);
                t.process_bundle(&bob.bundle(None));
                let own = t.encrypt(bob.address, b"at once");
                let theirs = opened_by(t, &mut bob);
                bob.decrypt(t.me.address, &own, "answers");
                let answer = bob.encrypt(t.me.address, b"in your session");
                t.decrypt(bob.address, &answer, b"in your session");
                t.records(vec![known(&bob, &[&own, &theirs])]);
                let last = t.encrypt(bob.address, b"in mine");
                bob.decrypt(t.me.address, &last, "both go on");
            },
        ),
        (
            "three messages each way cross: every one is read, though each is in the session that the other side has left",
            "Simultaneous",
            &["SES-05", "SES-08"],
            |t| {
                let mut bob = bob(1);
                t.process_bundle(&bob.bundle(None));
                bob.open(&t.me.bundle(None), "crossing");
                let own: Vec<_> = (0..3).map(|n| t.encrypt(bob.address, &[n])).collect();
                let theirs: Vec<_> = (0..3).map(|n| bob.encrypt(t.me.address, &[n])).collect();
                for n in 0..3 {
                    t.decrypt(bob.address, &theirs[n], &[u8::try_from(n).expect("0 to 2")]);
                    bob.decrypt(t.me.address, &own[n], "crossing");
                }
                t.records(vec![known(&bob, &[&theirs[0], &own[0]])]);
            },
        ),
        (
            "the next two messages cross again: each side changes over, and nothing is lost",
            "Simultaneous",
            &["SES-06", "SES-08"],
            |t| {
                let mut bob = bob(1);
                t.process_bundle(&bob.bundle(None));
                let own = t.encrypt(bob.address, b"at once");
                let theirs = opened_by(t, &mut bob);
                bob.decrypt(t.me.address, &own, "crossing again");
                let answer = t.encrypt(bob.address, b"in yours");
                let crossing = bob.encrypt(t.me.address, b"in yours");
                t.decrypt(bob.address, &crossing, b"in yours");
                bob.decrypt(t.me.address, &answer, "crossing again");
                t.records(vec![known(&bob, &[&own, &theirs])]);
                let last = t.encrypt(bob.address, b"in mine");
                bob.decrypt(t.me.address, &last, "the last word");
                let agreed = bob.encrypt(t.me.address, b"agreed");
                t.decrypt(bob.address, &agreed, b"agreed");
                t.records(vec![known(&bob, &[&own, &theirs])]);
            },
        ),
    ]
}

/// Sends that go well: SES-02, SES-09, SES-10, SES-15.
fn sends() -> Vec<Case> {
    vec![
        (
            "to a user of whom no device is known: an empty submission asks for the list, then a session is opened with each",
            "Normal",
            &["SES-02", "SES-09"],
            |t| {
                t.send(to_bob(), b"to all", Asks::Submission(&[]));
                t.answer(mismatch(&[2, 1], &[]), Asks::Bundles(&[1, 2]));
                t.answer(bundle(&bob(2)), Asks::Bundles(&[1]));
                let sent = t.answer(bundle(&bob(1)), Asks::Submission(&[1, 2]));
                t.answer(EventFields::Accepted, Asks::Nothing);
                t.records(vec![
                    known(&bob(1), &[&sent[0]]),
                    known(&bob(2), &[&sent[1]]),
                ]);
            },
        ),
        (
            "to a device with a session: one submission, in the active session",
            "Normal",
            &["SES-02"],
            |t| {
                let mut bob = bob(1);
                let one = session(t, &mut bob);
                let two = session(t, &mut bob);
                let sent = t.send(to_bob(), b"at once", Asks::Submission(&[1]));
                bob.decrypt(t.me.address, &sent[0], "at once");
                t.answer(EventFields::Accepted, Asks::Nothing);
                t.records(vec![known(&bob, &[&two, &one])]);
            },
        ),
        (
            "to one device without a session: its bundle, then the message",
            "Normal",
            &["SES-02", "SES-15"],
            |t| {
                let two = bob(2);
                let to = Recipient::Device(two.address);
                t.send(to, b"to the second device", Asks::Bundles(&[2]));
                let sent = t.answer(bundle(&two), Asks::Submission(&[2]));
                t.answer(EventFields::Accepted, Asks::Nothing);
                t.records(vec![known(&two, &[&sent[0]])]);
            },
        ),
        (
            "to one device: another device of the user, with a session, gets nothing",
            "WrongDevice",
            &["SES-15"],
            |t| {
                let (mut one, mut two) = (bob(1), bob(2));
                session(t, &mut one);
                session(t, &mut two);
                let to = Recipient::Device(two.address);
                let sent = t.send(to, b"to the second device", Asks::Submission(&[2]));
                two.decrypt(t.me.address, &sent[0], "the second device");
                t.answer(EventFields::Accepted, Asks::Nothing);
                t.encrypt(one.address, b"its counter has not moved");
            },
        ),
        (
            "known devices of other users get nothing",
            "WrongDevice",
            &["SES-15"],
            |t| {
                let (mut bob, mut carol) = (bob(1), Actor::new("carol"));
                session(t, &mut carol);
                session(t, &mut bob);
                t.send(to_bob(), b"to Bob", Asks::Submission(&[1]));
                t.encrypt(carol.address, b"her counter has not moved");
            },
        ),
        (
            "of two known devices one is without a session: its bundle is fetched before the first round",
            "Normal",
            &["SES-02"],
            |t| {
                let (mut one, mut two) = (bob(1), bob(2));
                session(t, &mut one);
                session(t, &mut two);
                t.drop_sessions(one.address);
                t.send(to_bob(), b"to both", Asks::Bundles(&[1]));
                t.answer(bundle(&one), Asks::Submission(&[1, 2]));
                t.answer(EventFields::Accepted, Asks::Nothing);
            },
        ),
        (
            "a device is missing: a session is opened with it, and the message for the other one goes again unchanged",
            "Rounds",
            &["SES-09", "SES-14"],
            |t| {
                let (mut one, two) = (bob(1), bob(2));
                session(t, &mut one);
                let first = t.send(to_bob(), b"to all", Asks::Submission(&[1]));
                t.answer(mismatch(&[2], &[]), Asks::Bundles(&[2]));
                let second = t.answer(bundle(&two), Asks::Submission(&[1, 2]));
                assert_eq!(first[0], second[0], "SES-14");
                t.answer(EventFields::Accepted, Asks::Nothing);
                t.encrypt(one.address, b"the next counter");
            },
        ),
        (
            "a device is gone: its record is stale, and the message for the other one goes again unchanged",
            "Rounds",
            &["SES-09", "SES-14"],
            |t| {
                let (mut one, mut two) = (bob(1), bob(2));
                let first = session(t, &mut one);
                let second = session(t, &mut two);
                let sent = t.send(to_bob(), b"to all", Asks::Submission(&[1, 2]));
                let again = t.answer(mismatch(&[], &[1]), Asks::Submission(&[2]));
                assert_eq!(sent[1], again[0], "SES-14");
                t.answer(EventFields::Accepted, Asks::Nothing);
                t.records(vec![stale(known(&one, &[&first])), known(&two, &[&second])]);
            },
        ),
        (
            "one device is gone and another is missing, in one answer",
            "Rounds",
            &["SES-09"],
            |t| {
                let mut one = bob(1);
                let first = session(t, &mut one);
                t.send(to_bob(), b"to all", Asks::Submission(&[1]));
                t.answer(mismatch(&[2], &[1]), Asks::Bundles(&[2]));
                let sent = t.answer(bundle(&bob(2)), Asks::Submission(&[2]));
                t.answer(EventFields::Accepted, Asks::Nothing);
                t.records(vec![
                    stale(known(&one, &[&first])),
                    known(&bob(2), &[&sent[0]]),
                ]);
            },
        ),
        (
            "a missing device has opened a session by itself in the meantime: the message goes there, and no bundle is fetched",
            "Rounds",
            &["SES-02", "SES-09"],
            |t| {
                let (mut one, mut two) = (bob(1), bob(2));
                session(t, &mut one);
                t.send(to_bob(), b"to all", Asks::Submission(&[1]));
                opened_by(t, &mut two);
                let sent = t.answer(mismatch(&[2], &[]), Asks::Submission(&[1, 2]));
                two.decrypt(t.me.address, &sent[1], "in its session");
            },
        ),
        (
            "a registration id is out of date: that device's sessions are dropped, a new one is opened, the other message stays",
            "Rounds",
            &["SES-10", "SES-14"],
            |t| {
                let (mut one, mut two) = (bob(1), bob(2));
                session(t, &mut one);
                session(t, &mut one);
                let second = session(t, &mut two);
                let late = one.encrypt(t.me.address, b"late");
                let sent = t.send(to_bob(), b"to all", Asks::Submission(&[1, 2]));
                t.answer(outdated(&[1]), Asks::Bundles(&[1]));
                t.records(vec![known(&one, &[]), known(&two, &[&second])]);
                let new = renumbered(one.bundle(None));
                let registration_id = new.registration_id;
                let again = t.answer(
                    EventFields::Bundle(Box::new(new)),
                    Asks::Submission(&[1, 2]),
                );
                assert_eq!(sent[1], again[1], "SES-14");
                t.answer(EventFields::Accepted, Asks::Nothing);
                let record = RecordFields {
                    registration_id,
                    ..known(&one, &[&again[0]])
                };
                t.records(vec![record, known(&two, &[&second])]);
                t.refuse(one.address, &late, DecryptFailed);
            },
        ),
        (
            "the device with the outdated registration id has opened a session by itself in the meantime: that one is kept and used",
            "Rounds",
            &["SES-10"],
            |t| {
                let (mut one, mut again) = (bob(1), Actor::set_up_again("bob"));
                session(t, &mut one);
                t.send(to_bob(), b"to all", Asks::Submission(&[1]));
                again.open(&t.me.bundle(None), "came back");
                let opening = again.encrypt(t.me.address, b"I am new");
                t.decrypt_changed(again.address, &opening, b"I am new", true);
                let sent = t.answer(outdated(&[1]), Asks::Submission(&[1]));
                again.decrypt(t.me.address, &sent[0], "in its session");
                t.records(vec![known(&again, &[&opening])]);
            },
        ),
    ]
}

/// SES-14: rounds, their number, and restarts between them.
fn rounds() -> Vec<Case> {
    vec![
        (
            "refused five times: the send gives up, and fetches no further bundle",
            "Rounds",
            &["SES-14"],
            |t| {
                let mut one = bob(1);
                session(t, &mut one);
                t.send(to_bob(), b"to all", Asks::Submission(&[1]));
                for id in 2..6 {
                    let devices: Vec<u32> = (1..=id).collect();
                    t.answer(mismatch(&[id], &[]), Asks::Bundles(&[id]));
                    t.answer(bundle(&bob(id)), Asks::Submission(&devices));
                }
                t.answer(mismatch(&[6], &[]), Asks::GivingUp(RetryLimit));
            },
        ),
        ("accepted in the fifth round", "Rounds", &["SES-14"], |t| {
            let mut one = bob(1);
            session(t, &mut one);
            t.send(to_bob(), b"to all", Asks::Submission(&[1]));
            for id in 2..6 {
                let devices: Vec<u32> = (1..=id).collect();
                t.answer(mismatch(&[id], &[]), Asks::Bundles(&[id]));
                t.answer(bundle(&bob(id)), Asks::Submission(&devices));
            }
            t.answer(EventFields::Accepted, Asks::Nothing);
        }),
        (
            "the last refusal still makes a record stale",
            "Rounds",
            &["SES-09", "SES-14"],
            |t| {
                let (mut one, mut two) = (bob(1), bob(2));
                let first = session(t, &mut one);
                let second = session(t, &mut two);
                t.send(to_bob(), b"to all", Asks::Submission(&[1, 2]));
                for _ in 1..5 {
                    t.answer(mismatch(&[], &[]), Asks::Submission(&[1, 2]));
                }
                t.answer(mismatch(&[], &[2]), Asks::GivingUp(RetryLimit));
                t.records(vec![known(&one, &[&first]), stale(known(&two, &[&second]))]);
            },
        ),
        (
            "the last refusal calls a device missing that has opened a session by itself: no message is made for it any more",
            "Rounds",
            &["SES-14"],
            |t| {
                let (mut one, mut two) = (bob(1), bob(2));
                session(t, &mut one);
                t.send(to_bob(), b"to all", Asks::Submission(&[1]));
                for _ in 1..5 {
                    t.answer(mismatch(&[], &[]), Asks::Submission(&[1]));
                }
                opened_by(t, &mut two);
                t.answer(mismatch(&[2], &[]), Asks::GivingUp(RetryLimit));
                t.encrypt(two.address, b"the first counter");
            },
        ),
        (
            "outdated again and again: each round opens one session with that device, and the other message never changes",
            "Rounds",
            &["SES-10", "SES-14"],
            |t| {
                let (mut one, mut two) = (bob(1), bob(2));
                session(t, &mut one);
                session(t, &mut two);
                let sent = t.send(to_bob(), b"to all", Asks::Submission(&[1, 2]));
                for _ in 1..5 {
                    t.answer(outdated(&[1]), Asks::Bundles(&[1]));
                    let again = t.answer(bundle(&one), Asks::Submission(&[1, 2]));
                    assert_eq!(sent[1], again[1], "SES-14");
                }
                t.answer(outdated(&[1]), Asks::GivingUp(RetryLimit));
            },
        ),
        (
            "restarted before every answer: the send goes on, and a restart is no round",
            "Restart",
            &["SES-14", "XFER-15"],
            |t| {
                let mut one = bob(1);
                session(t, &mut one);
                t.send(to_bob(), b"to all", Asks::Submission(&[1]));
                for id in 2..6 {
                    let devices: Vec<u32> = (1..=id).collect();
                    t.restart();
                    t.answer(mismatch(&[id], &[]), Asks::Bundles(&[id]));
                    t.restart();
                    t.answer(bundle(&bob(id)), Asks::Submission(&devices));
                }
                t.restart();
                t.answer(EventFields::Accepted, Asks::Nothing);
                t.restart();
                t.encrypt(one.address, b"the next counter");
            },
        ),
        (
            "a device whose bundle is not found is gone: its record is stale, and the others get their messages",
            "Rounds",
            &["SES-09"],
            |t| {
                let (mut one, mut two) = (bob(1), bob(2));
                session(t, &mut one);
                let second = session(t, &mut two);
                t.drop_sessions(one.address);
                t.send(to_bob(), b"to all", Asks::Bundles(&[1]));
                t.answer(no_bundle(&one), Asks::Submission(&[2]));
                t.answer(EventFields::Accepted, Asks::Nothing);
                t.records(vec![stale(known(&one, &[])), known(&two, &[&second])]);
            },
        ),
        (
            "the only device is gone: there is nobody to send to",
            "Rounds",
            &["SES-09"],
            |t| {
                let mut one = bob(1);
                let first = session(t, &mut one);
                t.send(to_bob(), b"to all", Asks::Submission(&[1]));
                t.answer(mismatch(&[], &[1]), Asks::GivingUp(NotFound));
                t.records(vec![stale(known(&one, &[&first]))]);
            },
        ),
        (
            "the bundle of the one device that it is for is not found",
            "Rounds",
            &["SES-09"],
            |t| {
                let to = Recipient::Device(bob(1).address);
                t.send(to, b"to one", Asks::Bundles(&[1]));
                t.answer(no_bundle(&bob(1)), Asks::GivingUp(NotFound));
                t.records(vec![]);
            },
        ),
        (
            "a submission for nobody that is accepted has reached nobody",
            "Rounds",
            &["SES-09"],
            |t| {
                t.send(to_bob(), b"to all", Asks::Submission(&[]));
                t.answer(EventFields::Accepted, Asks::GivingUp(NotFound));
            },
        ),
    ]
}

/// Answers and recipients that must not be followed.
fn wrong_answers() -> Vec<Case> {
    vec![
        (
            "a send to the own user: the own other devices get no transfer message",
            "WrongDevice",
            &["SES-15"],
            |t| {
                let own = Actor::on_device("alice", 2);
                session(t, &mut Actor::on_device("alice", 2));
                let user = Recipient::User(own.address.user_id);
                t.refuse_send(user, b"to myself", InvalidState);
                let device = Recipient::Device(own.address);
                t.refuse_send(device, b"to myself", InvalidState);
            },
        ),
        (
            "a message for one device: one that the intermediary calls missing does not get it too",
            "WrongDevice",
            &["SES-15"],
            |t| {
                let (mut one, mut two) = (bob(1), bob(2));
                session(t, &mut one);
                session(t, &mut two);
                let to = Recipient::Device(one.address);
                let sent = t.send(to, b"to one", Asks::Submission(&[1]));
                let again = t.answer(mismatch(&[2, 3], &[]), Asks::Submission(&[1]));
                assert_eq!(sent, again, "SES-14");
            },
        ),
        (
            "a device that was in the submission is called missing: its message stays as it is",
            "Rounds",
            &["SES-09", "SES-14"],
            |t| {
                let mut one = bob(1);
                let first = session(t, &mut one);
                let sent = t.send(to_bob(), b"to all", Asks::Submission(&[1]));
                let again = t.answer(mismatch(&[1], &[]), Asks::Submission(&[1]));
                assert_eq!(sent, again, "SES-14");
                t.records(vec![known(&one, &[&first])]);
            },
        ),
        (
            "a device that was not in the submission is called gone: its record stays",
            "WrongDevice",
            &["SES-09"],
            |t| {
                let (mut one, mut two) = (bob(1), bob(2));
                let first = session(t, &mut one);
                let second = session(t, &mut two);
                let to = Recipient::Device(one.address);
                t.send(to, b"to one", Asks::Submission(&[1]));
                t.answer(mismatch(&[], &[2]), Asks::Submission(&[1]));
                t.records(vec![known(&one, &[&first]), known(&two, &[&second])]);
            },
        ),
        (
            "a device that was not in the submission is called outdated: its sessions stay",
            "WrongDevice",
            &["SES-10"],
            |t| {
                let (mut one, mut two) = (bob(1), bob(2));
                let first = session(t, &mut one);
                let second = session(t, &mut two);
                let to = Recipient::Device(one.address);
                t.send(to, b"to one", Asks::Submission(&[1]));
                t.answer(outdated(&[2]), Asks::Submission(&[1]));
                t.records(vec![known(&one, &[&first]), known(&two, &[&second])]);
            },
        ),
        (
            "the bundle of another device of the user than the one asked for",
            "WrongDevice",
            &["SES-02", "SES-15"],
            |t| {
                let to = Recipient::Device(bob(1).address);
                t.send(to, b"to one", Asks::Bundles(&[1]));
                t.refuse_answer(bundle(&bob(2)), UnexpectedMessage);
                t.records(vec![]);
                t.answer(bundle(&bob(1)), Asks::Submission(&[1]));
            },
        ),
        (
            "another user's bundle, with the DeviceID asked for",
            "WrongDevice",
            &["SES-02", "SES-15"],
            |t| {
                let to = Recipient::Device(bob(1).address);
                t.send(to, b"to one", Asks::Bundles(&[1]));
                t.refuse_answer(bundle(&Actor::new("mallory")), UnexpectedMessage);
                t.refuse_answer(no_bundle(&Actor::new("mallory")), UnexpectedMessage);
                t.records(vec![]);
            },
        ),
        (
            "a bundle twice: the second was not asked for, and opens nothing",
            "UnexpectedAnswer",
            &["SES-02"],
            |t| {
                t.send(to_bob(), b"to all", Asks::Submission(&[]));
                t.answer(mismatch(&[1, 2], &[]), Asks::Bundles(&[1, 2]));
                t.answer(bundle(&bob(1)), Asks::Bundles(&[2]));
                t.refuse_answer(bundle(&bob(1)), UnexpectedMessage);
                t.answer(bundle(&bob(2)), Asks::Submission(&[1, 2]));
            },
        ),
        (
            "an answer to a submission while bundles are awaited",
            "UnexpectedAnswer",
            &["SES-14"],
            |t| {
                let mut two = bob(2);
                session(t, &mut two);
                t.send(to_bob(), b"to all", Asks::Submission(&[2]));
                t.answer(mismatch(&[1], &[]), Asks::Bundles(&[1]));
                t.refuse_answer(EventFields::Accepted, UnexpectedMessage);
                t.refuse_answer(mismatch(&[], &[2]), UnexpectedMessage);
                t.refuse_answer(outdated(&[2]), UnexpectedMessage);
                t.answer(bundle(&bob(1)), Asks::Submission(&[1, 2]));
            },
        ),
        (
            "answers after the end: what was accepted is not submitted again",
            "UnexpectedAnswer",
            &["SES-14"],
            |t| {
                let mut one = bob(1);
                let first = session(t, &mut one);
                t.send(to_bob(), b"to all", Asks::Submission(&[1]));
                t.answer(EventFields::Accepted, Asks::Nothing);
                t.refuse_answer(EventFields::Accepted, UnexpectedMessage);
                t.refuse_answer(mismatch(&[2], &[1]), UnexpectedMessage);
                t.refuse_answer(outdated(&[1]), UnexpectedMessage);
                t.refuse_answer(bundle(&one), UnexpectedMessage);
                t.records(vec![known(&one, &[&first])]);
            },
        ),
        (
            "a bundle with a spoiled signature opens nothing; the true one still does",
            "StateChanged",
            &["SES-02", "X3DH-02"],
            |t| {
                let to = Recipient::Device(bob(1).address);
                t.send(to, b"to one", Asks::Bundles(&[1]));
                let mut spoiled = bob(1).bundle(None);
                spoiled.signed_pre_key_signature.0[7] ^= 1;
                t.refuse_answer(EventFields::Bundle(Box::new(spoiled)), InvalidSignature);
                t.records(vec![]);
                t.answer(bundle(&bob(1)), Asks::Submission(&[1]));
            },
        ),
        (
            "a plaintext of 65,537 bytes is refused before any bundle is fetched",
            "StateChanged",
            &["SES-02", "DR-22"],
            |t| {
                t.refuse_send(to_bob(), &vec![0x2a; 65_537], TooLarge);
            },
        ),
    ]
}

/// The device under test knows that Bob's first device is gone; his second one is there.
fn gone(t: &mut Talk) -> (Actor, Actor, Message, Message) {
    let (mut one, mut two) = (bob(1), bob(2));
    let first = session(t, &mut one);
    let second = session(t, &mut two);
    t.send(to_bob(), b"to all", Asks::Submission(&[1, 2]));
    t.answer(mismatch(&[], &[1]), Asks::Submission(&[2]));
    t.answer(EventFields::Accepted, Asks::Nothing);
    (one, two, first, second)
}

/// SES-11.
fn stale_records() -> Vec<Case> {
    vec![
        ("a stale record is not sent to", "Stale", &["SES-11"], |t| {
            let (one, ..) = gone(t);
            t.refuse_encrypt(one.address, b"to nobody", NoSession);
            t.send(to_bob(), b"once more", Asks::Submission(&[2]));
        }),
        (
            "a late message of a stale device is read; its record stays stale and is not sent to",
            "Stale",
            &["SES-11"],
            |t| {
                let (mut one, two, first, second) = gone(t);
                let late = one.encrypt(t.me.address, b"late");
                t.decrypt(one.address, &late, b"late");
                t.records(vec![stale(known(&one, &[&first])), known(&two, &[&second])]);
                t.refuse_encrypt(one.address, b"to nobody", NoSession);
                t.send(to_bob(), b"once more", Asks::Submission(&[2]));
            },
        ),
        (
            "one second before MAXLATENCY a late message of a stale device is still read, restarted or not",
            "Stale",
            &["SES-11"],
            |t| {
                let (mut one, ..) = gone(t);
                let late = one.encrypt(t.me.address, b"late");
                t.tick(30 * DAY - 1);
                t.restart();
                t.decrypt(one.address, &late, b"late");
            },
        ),
        (
            "at MAXLATENCY a stale record is erased, its sessions with it, whatever it read in between",
            "Stale",
            &["SES-11"],
            |t| {
                let (mut one, mut two, _, second) = gone(t);
                let late = one.encrypt(t.me.address, b"late");
                let later = one.encrypt(t.me.address, b"later");
                t.tick(29 * DAY);
                t.decrypt(one.address, &late, b"late");
                let message = two.encrypt(t.me.address, b"I am here");
                t.decrypt(two.address, &message, b"I am here");
                t.tick(30 * DAY);
                t.records(vec![known(&two, &[&second])]);
                t.refuse(one.address, &later, NoSession);
            },
        ),
        (
            "the keys of a stale record are erased at MAXLATENCY",
            "Stale",
            &["SES-11"],
            |t| {
                let mut one = bob(1);
                let first = session(t, &mut one);
                t.tick(DAY);
                t.send(to_bob(), b"to all", Asks::Submission(&[1]));
                t.answer(mismatch(&[], &[1]), Asks::GivingUp(NotFound));
                let secrets = vec![
                    t.secret("the old root key", "/rootKey"),
                    t.secret(
                        "the old sending chain key",
                        "/state/established/sending/chainKey/key",
                    ),
                ];
                t.tick(31 * DAY - 1);
                t.records(vec![stale(known(&one, &[&first]))]);
                t.tick(31 * DAY);
                t.records(vec![]);
                t.erased(secrets);
            },
        ),
        (
            "a stale device is there again: a new session is opened, and the former one is the head of the list",
            "Stale",
            &["SES-03", "SES-09", "SES-11"],
            |t| {
                let (one, two, first, second) = gone(t);
                t.send(to_bob(), b"once more", Asks::Submission(&[2]));
                t.answer(mismatch(&[1], &[]), Asks::Bundles(&[1]));
                let sent = t.answer(bundle(&one), Asks::Submission(&[1, 2]));
                t.answer(EventFields::Accepted, Asks::Nothing);
                t.records(vec![
                    known(&one, &[&sent[0], &first]),
                    known(&two, &[&second]),
                ]);
                t.tick(29 * DAY);
                t.tick(30 * DAY);
                t.records(vec![
                    known(&one, &[&sent[0], &first]),
                    known(&two, &[&second]),
                ]);
            },
        ),
        (
            "a message for one device whose record is stale: its bundle says whether it is there",
            "Stale",
            &["SES-02", "SES-11"],
            |t| {
                let (one, _, first, second) = gone(t);
                let to = Recipient::Device(one.address);
                t.send(to, b"are you there", Asks::Bundles(&[1]));
                t.answer(no_bundle(&one), Asks::GivingUp(NotFound));
                t.records(vec![
                    stale(known(&one, &[&first])),
                    known(&bob(2), &[&second]),
                ]);
            },
        ),
    ]
}

/// SES-12.
fn identities() -> Vec<Case> {
    vec![
        (
            "an opening message with another identity key replaces the record, drops its sessions, and is reported",
            "Identity",
            &["SES-12"],
            |t| {
                let (mut bob, mut again) = (bob(1), Actor::set_up_again("bob"));
                session(t, &mut bob);
                session(t, &mut bob);
                let late = bob.encrypt(t.me.address, b"late");
                again.open(&t.me.bundle(None), "another identity");
                let opening = again.encrypt(t.me.address, b"I am new");
                t.decrypt_changed(again.address, &opening, b"I am new", true);
                t.records(vec![known(&again, &[&opening])]);
                t.refuse(bob.address, &late, DecryptFailed);
                let next = again.encrypt(t.me.address, b"not new any more");
                t.decrypt(again.address, &next, b"not new any more");
            },
        ),
        (
            "a bundle with another identity key replaces the record, drops its sessions, and is reported",
            "Identity",
            &["SES-12"],
            |t| {
                let (mut bob, again) = (bob(1), Actor::set_up_again("bob"));
                session(t, &mut bob);
                let late = bob.encrypt(t.me.address, b"late");
                t.process_changed_bundle(&again.bundle(None), true);
                let opening = t.encrypt(again.address, b"who are you");
                t.records(vec![known(&again, &[&opening])]);
                t.refuse(bob.address, &late, DecryptFailed);
            },
        ),
        (
            "a bundle in the course of a send brings another identity key: it is reported there",
            "Identity",
            &["SES-10", "SES-12"],
            |t| {
                let (mut bob, again) = (bob(1), Actor::set_up_again("bob"));
                session(t, &mut bob);
                t.send(to_bob(), b"to all", Asks::Submission(&[1]));
                t.answer(outdated(&[1]), Asks::Bundles(&[1]));
                let sent = t.answer_changed(bundle(&again), Asks::Submission(&[1]), true);
                t.answer(EventFields::Accepted, Asks::Nothing);
                t.records(vec![known(&again, &[&sent[0]])]);
            },
        ),
        (
            "with a pinned identity key another one is refused, in a message as in a bundle, and the session goes on",
            "Identity",
            &["SES-12", "X3DH-15"],
            |t| {
                let (mut bob, mut again) = (bob(1), Actor::set_up_again("bob"));
                let one = session(t, &mut bob);
                t.pin(bob.address, bob.identity_key());
                again.open(&t.me.bundle(None), "pinned");
                let opening = again.encrypt(t.me.address, b"I am new");
                t.refuse(again.address, &opening, UntrustedIdentity);
                t.refuse_bundle(&again.bundle(None), UntrustedIdentity);
                t.records(vec![known(&bob, &[&one])]);
                let message = bob.encrypt(t.me.address, b"still here");
                t.decrypt(bob.address, &message, b"still here");
            },
        ),
        (
            "with a pinned identity key a send refuses the bundle of another one, and nothing is sent",
            "Identity",
            &["SES-12", "X3DH-15"],
            |t| {
                let (bob, again) = (bob(1), Actor::set_up_again("bob"));
                t.pin(bob.address, bob.identity_key());
                t.send(
                    Recipient::Device(bob.address),
                    b"to Bob",
                    Asks::Bundles(&[1]),
                );
                t.refuse_answer(bundle(&again), UntrustedIdentity);
                t.records(vec![]);
                t.answer(bundle(&bob), Asks::Submission(&[1]));
            },
        ),
        (
            "another key is pinned than the session's: the session neither sends nor reads, and a send fetches a bundle",
            "Identity",
            &["SES-12", "X3DH-15"],
            |t| {
                let (mut bob, again) = (bob(1), Actor::set_up_again("bob"));
                session(t, &mut bob);
                let message = bob.encrypt(t.me.address, b"from the stranger");
                t.pin(again.address, again.identity_key());
                t.refuse_encrypt(bob.address, b"to the stranger", UntrustedIdentity);
                t.refuse(bob.address, &message, UntrustedIdentity);
                t.send(to_bob(), b"to Bob", Asks::Bundles(&[1]));
                let sent = t.answer_changed(bundle(&again), Asks::Submission(&[1]), true);
                t.records(vec![known(&again, &[&sent[0]])]);
            },
        ),
        (
            "another registration id with the same identity key is no change of identity: the sessions stay",
            "Identity",
            &["SES-01", "SES-12"],
            |t| {
                let mut bob = bob(1);
                let one = session(t, &mut bob);
                let new = renumbered(bob.bundle(None));
                t.process_bundle(&new);
                let two = t.encrypt(bob.address, b"in the second session");
                t.records(vec![RecordFields {
                    registration_id: new.registration_id,
                    ..known(&bob, &[&two, &one])
                }]);
            },
        ),
        (
            "a device whose sessions were dropped is still known: another identity key is reported",
            "Identity",
            &["SES-10", "SES-12"],
            |t| {
                let (mut bob, mut again) = (bob(1), Actor::set_up_again("bob"));
                session(t, &mut bob);
                t.drop_sessions(bob.address);
                t.restart();
                again.open(&t.me.bundle(None), "dropped");
                let opening = again.encrypt(t.me.address, b"I am new");
                t.decrypt_changed(again.address, &opening, b"I am new", true);
            },
        ),
    ]
}

/// SES-13.
fn expiry() -> Vec<Case> {
    vec![
        (
            "a session without an answer is sent in until one second before MAXSEND, restarted or not",
            "Expiry",
            &["SES-13"],
            |t| {
                let bob = bob(1);
                t.process_bundle(&bob.bundle(None));
                t.tick(30 * DAY - 1);
                t.restart();
                t.encrypt(bob.address, b"the last moment");
                t.tick(30 * DAY);
                t.refuse_encrypt(bob.address, b"too late", NoSession);
            },
        ),
        (
            "sending does not refresh a session",
            "Expiry",
            &["SES-13"],
            |t| {
                let mut bob = bob(1);
                session(t, &mut bob);
                for day in [10, 20, 29] {
                    t.tick(day * DAY);
                    t.encrypt(bob.address, b"are you there");
                }
                t.tick(30 * DAY);
                t.refuse_encrypt(bob.address, b"are you there", NoSession);
            },
        ),
        (
            "reading refreshes a session: MAXSEND counts from the last message read",
            "Expiry",
            &["SES-13"],
            |t| {
                let mut bob = bob(1);
                session(t, &mut bob);
                t.tick(20 * DAY);
                let message = bob.encrypt(t.me.address, b"I am here");
                t.decrypt(bob.address, &message, b"I am here");
                t.tick(50 * DAY - 1);
                t.encrypt(bob.address, b"good");
                t.tick(50 * DAY);
                t.refuse_encrypt(bob.address, b"too late", NoSession);
            },
        ),
        (
            "past MAXSEND a session still reads, and is sent in again from then on",
            "Expiry",
            &["SES-13"],
            |t| {
                let mut bob = bob(1);
                let one = session(t, &mut bob);
                t.tick(60 * DAY);
                t.refuse_encrypt(bob.address, b"too late", NoSession);
                let message = bob.encrypt(t.me.address, b"I was away");
                t.decrypt(bob.address, &message, b"I was away");
                t.encrypt(bob.address, b"welcome back");
                t.records(vec![known(&bob, &[&one])]);
            },
        ),
        (
            "a send past MAXSEND opens a new session",
            "Expiry",
            &["SES-02", "SES-13"],
            |t| {
                let mut bob = bob(1);
                let one = session(t, &mut bob);
                t.tick(30 * DAY);
                t.send(to_bob(), b"to all", Asks::Bundles(&[1]));
                let sent = t.answer(bundle(&bob), Asks::Submission(&[1]));
                t.answer(EventFields::Accepted, Asks::Nothing);
                t.records(vec![known(&bob, &[&sent[0], &one])]);
            },
        ),
        (
            "a refused message does not refresh a session",
            "Expiry",
            &["SES-07", "SES-13"],
            |t| {
                let mut bob = bob(1);
                session(t, &mut bob);
                t.tick(20 * DAY);
                let message = bob.encrypt(t.me.address, b"I am here");
                t.refuse(bob.address, &damaged(&message), DecryptFailed);
                t.tick(30 * DAY);
                t.refuse_encrypt(bob.address, b"too late", NoSession);
            },
        ),
        (
            "one second before MAXRECV a session still reads",
            "Expiry",
            &["SES-13"],
            |t| {
                let mut bob = bob(1);
                let one = session(t, &mut bob);
                let message = bob.encrypt(t.me.address, b"after a quarter");
                t.tick(90 * DAY - 1);
                t.decrypt(bob.address, &message, b"after a quarter");
                t.tick(90 * DAY);
                t.records(vec![known(&bob, &[&one])]);
            },
        ),
        (
            "at MAXRECV a session is erased, its keys with it; the device's identity key is still known",
            "Expiry",
            &["SES-12", "SES-13"],
            |t| {
                let (mut bob, again) = (bob(1), Actor::set_up_again("bob"));
                session(t, &mut bob);
                let message = bob.encrypt(t.me.address, b"too late");
                let secrets = vec![
                    t.secret("the old root key", "/rootKey"),
                    t.secret(
                        "the old receiving chain key",
                        "/receivingChains/0/progress/open/key",
                    ),
                ];
                t.tick(90 * DAY);
                t.erased(secrets);
                t.records(vec![known(&bob, &[])]);
                t.refuse(bob.address, &message, NoSession);
                t.process_changed_bundle(&again.bundle(None), true);
            },
        ),
        (
            "each session has a time of its own: the inactive one is erased, the active one stays",
            "Expiry",
            &["SES-13"],
            |t| {
                let mut bob = bob(1);
                session(t, &mut bob);
                let late = bob.encrypt(t.me.address, b"in the first session");
                t.tick(DAY);
                let two = session(t, &mut bob);
                t.tick(90 * DAY);
                t.records(vec![known(&bob, &[&two])]);
                t.refuse(bob.address, &late, DecryptFailed);
            },
        ),
    ]
}
