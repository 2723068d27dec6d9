//! Family `sesame`.

use super::Builder;
use super::actor::Asks::{Bundles, GivingUp, Nothing, Refused, Submission};
use super::actor::{Actor, Asks, SIGNED_PRE_KEY_ID, Talk, talk};
use super::cases::{Case, but};
use super::said::Said;
use tigress_signal::agreement::BundleFields;
use tigress_signal::conformance::operation::sesame::EventFields::{self, Accepted};
use tigress_signal::conformance::operation::sesame::RecordFields;
use tigress_signal::error_code::ErrorCode::{
    DecryptFailed, DuplicateMessage, InvalidSignature, InvalidState, NoSession, NotFound,
    RetryLimit, TooLarge, UnexpectedMessage, UnknownOneTimePrekey, UntrustedIdentity,
};
use tigress_signal::identifier::Recipient;
use tigress_signal::timestamp::DAY;
use tigress_signal::wire::Message;

pub(super) fn generate(b: &mut Builder) {
    notes(b);
    records(b);
    simultaneous(b);
    sends(b);
    rounds(b);
    wrong_answers(b);
    stale_records(b);
    identities(b);
    expiry(b);
}

const DEVICE_STATE: &str = "https://signal.org/docs/specifications/sesame/#device-state";
const SENDING: &str = "https://signal.org/docs/specifications/sesame/#sending-messages";
const RECEIVING: &str = "https://signal.org/docs/specifications/sesame/#receiving-messages";
const EXPIRATION: &str = "https://signal.org/docs/specifications/sesame/#session-expiration";

fn notes(b: &mut Builder) {
    b.header("What a device keeps of other users' devices, and how it sends to all of them: the Sesame algorithm.");
    b.header("Load the device and play the steps; sessions are told by their base keys, the active one first.");
    notes! { b;
        Normal BASIC [DEVICE_STATE, SENDING]
            "What a device knows of others, and how it sends to them, when all is well."
            => "Whoever does otherwise reaches no device, or not all.";
        Order INTEROPERABILITY [DEVICE_STATE]
            "Which session is the active one; a bug keeps another order."
            => "Messages go into sessions that the peer has given up.";
        Bound DENIAL_OF_SERVICE [DEVICE_STATE, "https://cwe.mitre.org/data/definitions/770.html"]
            "At or over the bound on inactive sessions; a bug has none, or a lower one."
            => "Without one a stranger's sessions are all stored; with a lower one messages are lost.";
        StateChanged DENIAL_OF_SERVICE [RECEIVING, "https://cwe.mitre.org/data/definitions/460.html"]
            "A message, bundle or plaintext is refused; a bug keeps a change that it made."
            => "A stranger replaces sessions and identity keys.";
        Simultaneous INTEROPERABILITY [DEVICE_STATE, RECEIVING]
            "Both sides open a session at once; a bug insists on its own."
            => "Messages are lost, or the two never agree on a session.";
        Rounds INTEROPERABILITY [SENDING]
            "A submission is refused; a bug counts or repeats wrongly."
            => "The send never ends, gives up too early, or uses up keys and prekeys.";
        Restart CONFIDENTIALITY [SENDING, EXPIRATION]
            "The device is saved and restored in the middle; a bug loses the send or its sessions' times."
            => "It sends twice, or in sessions that have ended.";
        WrongDevice CONFIDENTIALITY [SENDING]
            "The intermediary, or a caller, names a device that the message is not for; a bug follows."
            => "Somebody else gets the credential.";
        UnexpectedAnswer MISSING_STEP [SENDING, "https://cwe.mitre.org/data/definitions/841.html"]
            "An answer to nothing that was asked; a bug takes it."
            => "The send loses its place: a session is opened twice, or what was accepted is sent again.";
        Stale CONFIDENTIALITY [DEVICE_STATE, SENDING]
            "A device is gone; a bug still sends to it, forgets it at once, or never forgets it."
            => "Its thief gets the message; or late messages are lost; or its keys are kept.";
        Identity AUTH_BYPASS ["https://signal.org/docs/specifications/sesame/#authentication"]
            "A device comes with another identity key; a bug does not tell its user, or goes on in the former sessions."
            => "A stranger in the middle is hidden.";
        Expiry CONFIDENTIALITY [EXPIRATION]
            "The peer has long been silent in a session; a bug sends on in it, or erases it too early."
            => "There is no healing after a theft of keys, nobody can read what is sent, or messages are lost.";
    }
}

/// A conversation of Alice's device, which is under test.
fn play(play: impl FnOnce(&mut Talk)) -> impl Case {
    talk(Actor::new("alice"), play)
}

/// With Bob's first device.
fn with_bob(with: impl FnOnce(&mut Talk, &mut Actor)) -> impl Case {
    play(|t| with(t, &mut bob(1)))
}

/// With Bob's first device, in a session.
fn in_session(with: impl FnOnce(&mut Talk, &mut Actor)) -> impl Case {
    with_bob(|t, bob| {
        t.session(bob);
        with(t, bob);
    })
}

/// With Bob's first two devices.
fn with_devices(with: impl FnOnce(&mut Talk, &mut Actor, &mut Actor)) -> impl Case {
    play(|t| with(t, &mut bob(1), &mut bob(2)))
}

/// With Bob's first two devices, in a session with each.
fn in_sessions(with: impl FnOnce(&mut Talk, &mut Actor, &mut Actor)) -> impl Case {
    with_devices(|t, one, two| {
        t.session(one);
        t.session(two);
        with(t, one, two);
    })
}

/// With Bob's first device, in a session, and with what it is after it was set up again: another identity key.
fn with_another(with: impl FnOnce(&mut Talk, &mut Actor, &mut Actor)) -> impl Case {
    in_session(|t, bob| with(t, bob, &mut Actor::set_up_again("bob")))
}

impl Talk {
    /// The device opens a session with that peer, which answers: both send ratchet messages from then on.
    fn session(&mut self, peer: &mut Actor) {
        let opening = self.opens(peer, b"opening");
        peer.decrypt(&self.me, &opening, "session");
        self.hears(peer, b"answer");
    }

    /// The device opens a session with that peer; its first message.
    fn opens(&mut self, peer: &Actor, text: &[u8]) -> Message {
        self.process_bundle(&peer.bundle(None));
        self.encrypt(peer, text)
    }

    /// The device opens so many sessions with that peer, and reads nothing yet: an answer in each.
    fn many(&mut self, peer: &mut Actor, sessions: usize) -> Vec<Said> {
        let mut open = || {
            let opening = self.opens(peer, b"opening");
            peer.decrypt(&self.me, &opening, "many");
            peer.says(&self.me, b"answer")
        };
        (0..sessions).map(|_| open()).collect()
    }

    /// That peer opens a session with the device.
    fn opened_by(&mut self, peer: &mut Actor) {
        peer.open(&self.me.bundle(None), "opened by");
        self.hears(peer, b"hello");
    }

    /// The peer writes, and the device reads.
    fn hears(&mut self, peer: &mut Actor, text: &[u8]) {
        let said = peer.says(&self.me, text);
        self.reads(&said);
    }

    /// The device writes, and the peer reads.
    fn tells(&mut self, peer: &mut Actor, text: &[u8], label: &str) {
        let message = self.encrypt(peer, text);
        peer.decrypt(&self.me, &message, label);
    }

    /// The device knows exactly this of others.
    fn knows<const N: usize>(&mut self, all: [Known<'_>; N]) {
        let records = all.map(|known| {
            let mut base_keys = known.sessions.iter().map(|n| self.base_key(known.peer, *n));
            RecordFields {
                peer: known.peer.address_fields(),
                identity_key: known.peer.identity_key().encode().into(),
                registration_id: known.registration_id,
                stale: known.stale,
                active: base_keys.next(),
                inactive: base_keys.collect(),
            }
        });
        self.records(records.into());
    }

    /// It knows of nobody but that peer.
    fn knows_of(&mut self, peer: &Actor, sessions: impl IntoIterator<Item = usize>) {
        self.knows([known(peer, sessions)]);
    }

    /// A send to every device of Bob.
    fn submits_to_all(&mut self, asks: Asks<'_>) -> Vec<Message> {
        self.send(to_bob(), b"to all", asks)
    }

    /// The intermediary accepts the submission.
    fn accepted(&mut self) {
        self.answer(Accepted, Nothing);
    }

    /// An answer to nothing that was asked.
    fn unexpected(&mut self, event: EventFields) {
        self.answer(event, Refused(UnexpectedMessage));
    }
}

/// What is known of a peer: which sessions, the active one first. They are counted from 0 by their first messages.
struct Known<'a> {
    peer: &'a Actor,
    sessions: Vec<usize>,
    registration_id: u32,
    stale: bool,
}

fn known(peer: &Actor, sessions: impl IntoIterator<Item = usize>) -> Known<'_> {
    Known {
        peer,
        sessions: sessions.into_iter().collect(),
        registration_id: peer.loaded.registration_id,
        stale: false,
    }
}

fn stale(peer: &Actor, sessions: impl IntoIterator<Item = usize>) -> Known<'_> {
    but(known(peer, sessions), |known| known.stale = true)
}

/// The same device, known by another registration id: nothing in a bundle signs it.
fn renumbered(known: Known<'_>) -> Known<'_> {
    but(known, |known| {
        known.registration_id = known.registration_id % 16_380 + 1;
    })
}

/// Its bundle then.
fn renumbered_bundle(of: &Actor) -> BundleFields {
    but(of.bundle(None), |f| {
        f.registration_id = renumbered(known(of, [])).registration_id;
    })
}

/// Bob's devices 1, 2 and so on.
fn bob(device_id: u32) -> Actor {
    Actor::on_device("bob", device_id)
}

/// Every device of Bob.
fn to_bob() -> Recipient {
    Recipient::User(bob(1).address.user_id)
}

/// That device alone.
fn to(device: &Actor) -> Recipient {
    Recipient::Device(device.address)
}

fn bundle(of: &Actor) -> EventFields {
    bundled(of.bundle(Some(1)))
}

fn no_bundle(of: &Actor) -> EventFields {
    EventFields::NoBundle(of.address_fields())
}

fn bundled(bundle: BundleFields) -> EventFields {
    EventFields::Bundle(Box::new(bundle))
}

fn missing(devices: &[u32]) -> EventFields {
    mismatch(devices, &[])
}

fn gone(devices: &[u32]) -> EventFields {
    mismatch(&[], devices)
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

/// SES-01 to SES-07.
fn records(b: &mut Builder) {
    cases! { b;
        /// two devices of one user and one of another: three records
        three_records [Normal: SES-01] => play(|t| {
            let (mut one, mut two, mut carol) = (bob(1), bob(2), Actor::new("carol")); t.session(&mut one);
            t.opened_by(&mut two); t.session(&mut carol);
            t.knows([known(&one, [0]), known(&two, [0]), known(&carol, [0])]); t.restart();
            t.encrypt(&two, b"in the session of the second device");
        });
        /// a session opened with a second bundle becomes the active one, the former one the head of the inactive list
        second_bundle_becomes_active [Order: SES-02 SES-03] => in_session(|t, bob| {
            t.session(bob); t.opens(bob, b"in the third session"); t.knows_of(bob, [2, 1, 0]);
        });
        /// a session that the peer opens becomes the active one: the answer goes there
        peers_session_becomes_active [Order: SES-02 SES-03] => in_session(|t, bob| {
            t.opened_by(bob); t.knows_of(bob, [1, 0]); t.tells(bob, b"in the second session", "peer opens");
        });
        /// the last of three sessions decrypts and becomes the active one; the others keep their order
        last_of_three_becomes_active [Order: SES-05 SES-06] => with_bob(|t, bob| {
            let answers = t.many(bob, 3); t.reads(&answers[0]); t.knows_of(bob, [0, 2, 1]);
            t.encrypt(bob, b"in the first session");
        });
        /// the one in the middle decrypts: it goes to the front, and the active one to the head of the list
        middle_one_becomes_active [Order Restart: SES-05 SES-06] => with_bob(|t, bob| {
            let answers = t.many(bob, 3); t.reads(&answers[1]); t.knows_of(bob, [1, 2, 0]); t.restart();
            t.knows_of(bob, [1, 2, 0]); t.encrypt(bob, b"in the second session");
        });
        /// the active session decrypts: the order stays
        active_one_stays_active [Order: SES-05] => with_bob(|t, bob| {
            let answers = t.many(bob, 2); t.reads(&answers[1]); t.knows_of(bob, (0..2).rev());
        });
        /// forty-one sessions: the tail of the list still decrypts, goes to the front, and pushes none out
        forty_one_sessions [Bound: SES-04 SES-05 SES-06] => with_bob(|t, bob| {
            let answers = t.many(bob, 41); t.reads(&answers[0]);
            t.knows_of(bob, std::iter::once(0).chain((1..41).rev()));
        });
        /// the forty-second session drops the tail of the list, and that alone
        forty_second_session [Bound: SES-03 SES-04 SES-07] => with_bob(|t, bob| {
            let answers = t.many(bob, 42); t.knows_of(bob, (1..42).rev()); t.refuses(&answers[0], DecryptFailed);
            t.reads(&answers[1]);
        });
        /// a prekey message goes to its own session, though another is active: no prekey is used for it
        prekey_message_of_inactive_session [Order: SES-05 SES-06 X3DH-13] => with_bob(|t, bob| {
            bob.open(&t.me.bundle(Some(1)), "matching"); let one = bob.says(&t.me, b"one");
            let late = bob.says(&t.me, b"late"); t.reads(&one); t.session(bob); t.knows_of(bob, [1, 0]); t.reads(&late);
            t.knows_of(bob, [0, 1]); t.keys(&[SIGNED_PRE_KEY_ID], &[2, 3, 4]);
        });
        /// a damaged ratchet message is tried in every session and changes none
        damaged_ratchet_message [StateChanged: SES-05 SES-07] => with_bob(|t, bob| {
            let answers = t.many(bob, 3); t.refuses(&answers[0].flipped(), DecryptFailed);
            t.knows_of(bob, (0..3).rev()); t.reads(&answers[0]);
        });
        /// a damaged prekey message of a stored session opens no other one
        damaged_prekey_message [StateChanged: SES-05 SES-07] => with_bob(|t, bob| {
            bob.open(&t.me.bundle(None), "damaged matching"); let one = bob.says(&t.me, b"one");
            let next = bob.says(&t.me, b"next"); t.reads(&one); t.session(bob);
            t.refuses(&next.flipped(), DecryptFailed); t.knows_of(bob, [1, 0]);
        });
        /// a damaged opening message from an unknown device leaves no record
        damaged_opening_from_unknown_device [StateChanged: SES-07 X3DH-11] => with_bob(|t, bob| {
            bob.open(&t.me.bundle(Some(1)), "no record"); let opening = bob.says(&t.me, b"hello");
            t.refuses(&opening.flipped(), DecryptFailed); t.knows([]); t.reads(&opening); t.knows_of(bob, [0]);
        });
        /// a damaged opening message with another identity key does not replace the record
        damaged_opening_with_another_identity [StateChanged Identity: SES-07 SES-12] => with_another(|t, bob, again| {
            again.open(&t.me.bundle(None), "damaged change"); let opening = again.says(&t.me, b"hello");
            t.refuses(&opening.flipped(), DecryptFailed); t.knows_of(bob, [0]); t.hears(bob, b"still here");
        });
        /// an opening message for an unknown one-time prekey leaves the record as it is
        opening_for_used_one_time_prekey [StateChanged: SES-07 X3DH-09] => in_session(|t, bob| {
            let mut carol = Actor::new("carol"); let taken = t.me.bundle(Some(1)); carol.open(&taken, "takes it");
            let hello = carol.says(&t.me, b"hello"); t.reads(&hello); bob.open(&taken, "too late");
            let opening = bob.says(&t.me, b"hello"); t.refuses(&opening, UnknownOneTimePrekey);
            t.knows([known(bob, [0]), known(&carol, [0])]);
        });
        /// a ratchet message where the record has no session left: the record stays, with its identity key
        ratchet_message_without_session [StateChanged: SES-07] => in_session(|t, bob| {
            let message = bob.says(&t.me, b"late"); t.drop_sessions(bob); t.refuses(&message, NoSession);
            t.knows_of(bob, []);
        });
        /// a ratchet message from an unknown device leaves no record
        ratchet_message_from_unknown_device [StateChanged: SES-07] => with_devices(|t, one, two| {
            t.session(one); let message = one.says(&t.me, b"from the first device");
            t.refuses(&message.of(two), NoSession); t.knows_of(one, [0]);
        });
        /// a message read before, in the active session: its error is the one that counts
        read_before_in_active_session [StateChanged: SES-07 DR-14] => with_bob(|t, bob| {
            let answers = t.many(bob, 2); t.reads(&answers[1]); t.refuses(&answers[1], DuplicateMessage);
            t.knows_of(bob, (0..2).rev());
        });
        /// a message read before, in an inactive session: the active one, tried first, cannot decrypt it
        read_before_in_inactive_session [StateChanged: SES-07] => in_session(|t, bob| {
            let message = bob.says(&t.me, b"once"); t.reads(&message); t.opens(bob, b"in the second session");
            t.refuses(&message, DecryptFailed); t.knows_of(bob, [1, 0]);
        });
    }
}

/// SES-08, as far as one device shows it.
fn simultaneous(b: &mut Builder) {
    cases! { b;
        /// the peer's opening message arrives after the own one has left: the answer goes into the peer's session
        peer_opens_at_once [Simultaneous Order: SES-03 SES-08] => with_bob(|t, bob| {
            t.opens(bob, b"at once"); t.opened_by(bob); t.knows_of(bob, [1, 0]);
            t.tells(bob, b"answer", "simultaneous");
        });
        /// the peer answers in the own session first: both go on there
        peer_answers_in_own_session [Simultaneous: SES-06 SES-08] => with_bob(|t, bob| {
            let own = t.opens(bob, b"at once"); t.opened_by(bob); bob.decrypt(&t.me, &own, "answers");
            t.hears(bob, b"in your session"); t.knows_of(bob, [0, 1]); t.tells(bob, b"in mine", "both go on");
        });
        /// three messages each way cross: every one is read, though each is in the session that the other side has
        /// left
        three_messages_cross [Simultaneous: SES-05 SES-08] => with_bob(|t, bob| {
            t.process_bundle(&bob.bundle(None)); bob.open(&t.me.bundle(None), "crossing");
            let own: Vec<_> = (0..3).map(|n| t.encrypt(bob, &[n])).collect();
            let theirs: Vec<_> = (0..3).map(|n| bob.says(&t.me, &[n])).collect();
            for n in 0..3 {
                t.reads(&theirs[n]);
                bob.decrypt(&t.me, &own[n], "crossing");
            }
            t.knows_of(bob, [1, 0]);
        });
        /// the next two messages cross again: each side changes over, and nothing is lost
        next_messages_cross_again [Simultaneous: SES-06 SES-08] => with_bob(|t, bob| {
            let own = t.opens(bob, b"at once"); t.opened_by(bob); bob.decrypt(&t.me, &own, "crossing again");
            let answer = t.encrypt(bob, b"in yours"); let crossing = bob.says(&t.me, b"in yours"); t.reads(&crossing);
            bob.decrypt(&t.me, &answer, "crossing again"); t.knows_of(bob, [0, 1]);
            t.tells(bob, b"in mine", "the last word"); t.hears(bob, b"agreed"); t.knows_of(bob, [0, 1]);
        });
    }
}

/// Sends that go well: SES-02, SES-09, SES-10, SES-15.
fn sends(b: &mut Builder) {
    cases! { b;
        /// to a user of whom no device is known: an empty submission asks for the list, then a session is opened with
        /// each
        to_unknown_user [Normal: SES-02 SES-09] => play(|t| {
            t.submits_to_all(Submission(&[])); t.answer(missing(&[2, 1]), Bundles(&[1, 2]));
            t.answer(bundle(&bob(2)), Bundles(&[1])); t.answer(bundle(&bob(1)), Submission(&[1, 2])); t.accepted();
            t.knows([known(&bob(1), [0]), known(&bob(2), [0])]);
        });
        /// to a device with a session: one submission, in the active session
        to_device_with_session [Normal Order: SES-02] => in_session(|t, bob| {
            t.session(bob); let sent = t.send(to_bob(), b"at once", Submission(&[1]));
            bob.decrypt(&t.me, &sent[0], "at once"); t.accepted(); t.knows_of(bob, [1, 0]);
        });
        /// to one device without a session: its bundle, then the message
        to_device_without_session [Normal: SES-02 SES-15] => play(|t| {
            let two = bob(2); t.send(to(&two), b"to the second device", Bundles(&[2]));
            t.answer(bundle(&two), Submission(&[2])); t.accepted(); t.knows_of(&two, [0]);
        });
        /// to one device: another device of the user, with a session, gets nothing
        only_the_named_device [WrongDevice: SES-15] => in_sessions(|t, one, two| {
            let sent = t.send(to(two), b"to the second device", Submission(&[2]));
            two.decrypt(&t.me, &sent[0], "the second device"); t.accepted();
            t.encrypt(one, b"its counter has not moved");
        });
        /// known devices of other users get nothing
        only_the_named_user [WrongDevice: SES-15] => play(|t| {
            let (mut bob, mut carol) = (bob(1), Actor::new("carol")); t.session(&mut carol); t.session(&mut bob);
            t.send(to_bob(), b"to Bob", Submission(&[1])); t.encrypt(&carol, b"her counter has not moved");
        });
        /// of two known devices one is without a session: its bundle is fetched before the first round
        one_of_two_without_session [Normal: SES-02] => in_sessions(|t, one, _| {
            t.drop_sessions(one); t.send(to_bob(), b"to both", Bundles(&[1]));
            t.answer(bundle(one), Submission(&[1, 2])); t.accepted();
        });
        /// a device is missing: a session is opened with it, and the message for the other one goes again unchanged
        one_device_missing [Rounds: SES-09 SES-14] => with_devices(|t, one, two| {
            t.session(one); let first = t.submits_to_all(Submission(&[1])); t.answer(missing(&[2]), Bundles(&[2]));
            let second = t.answer(bundle(two), Submission(&[1, 2])); assert_eq!(first[0], second[0], "SES-14");
            t.accepted(); t.encrypt(one, b"the next counter");
        });
        /// a device is gone: its record is stale, and the message for the other one goes again unchanged
        one_device_gone [Rounds Stale: SES-09 SES-14] => in_sessions(|t, one, two| {
            let sent = t.submits_to_all(Submission(&[1, 2])); let again = t.answer(gone(&[1]), Submission(&[2]));
            assert_eq!(sent[1], again[0], "SES-14"); t.accepted(); t.knows([stale(one, [0]), known(two, [0])]);
        });
        /// one device is gone and another is missing, in one answer
        one_gone_and_one_missing [Rounds Stale: SES-09] => in_session(|t, one| {
            t.submits_to_all(Submission(&[1])); t.answer(mismatch(&[2], &[1]), Bundles(&[2]));
            t.answer(bundle(&bob(2)), Submission(&[2])); t.accepted(); t.knows([stale(one, [0]), known(&bob(2), [0])]);
        });
        /// a missing device has opened a session by itself in the meantime: the message goes there, and no bundle is
        /// fetched
        missing_device_came_by_itself [Rounds Simultaneous: SES-02 SES-09] => with_devices(|t, one, two| {
            t.session(one); t.submits_to_all(Submission(&[1])); t.opened_by(two);
            let sent = t.answer(missing(&[2]), Submission(&[1, 2])); two.decrypt(&t.me, &sent[1], "in its session");
        });
        /// a registration id is out of date: that device's sessions are dropped, a new one is opened, the other
        /// message stays
        outdated_registration [Rounds: SES-10 SES-14] => with_devices(|t, one, two| {
            t.session(one); t.session(one); t.session(two); let late = one.says(&t.me, b"late");
            let sent = t.submits_to_all(Submission(&[1, 2])); t.answer(outdated(&[1]), Bundles(&[1]));
            t.knows([known(one, []), known(two, [0])]);
            let again = t.answer(bundled(renumbered_bundle(one)), Submission(&[1, 2]));
            assert_eq!(sent[1], again[1], "SES-14"); t.accepted();
            t.knows([renumbered(known(one, [2])), known(two, [0])]); t.refuses(&late, DecryptFailed);
        });
        /// the device with the outdated registration id has opened a session by itself in the meantime: that one is
        /// kept and used
        outdated_device_came_by_itself [Rounds Simultaneous Identity: SES-10] => with_another(|t, _, again| {
            t.submits_to_all(Submission(&[1])); again.open(&t.me.bundle(None), "came back");
            let opening = again.says(&t.me, b"I am new"); t.reads_changed(&opening);
            let sent = t.answer(outdated(&[1]), Submission(&[1])); again.decrypt(&t.me, &sent[0], "in its session");
            t.knows_of(again, [1]);
        });
    }
}

/// Four rounds, in each of which a further device of Bob's is missing; before each answer this.
fn four_more_devices(t: &mut Talk, before: fn(&mut Talk)) {
    for id in 2..6 {
        before(t);
        t.answer(missing(&[id]), Bundles(&[id]));
        before(t);
        let devices: Vec<u32> = (1..=id).collect();
        t.answer(bundle(&bob(id)), Submission(&devices));
    }
}

/// SES-14: rounds, their number, and restarts between them.
fn rounds(b: &mut Builder) {
    cases! { b;
        /// refused five times: the send gives up, and fetches no further bundle
        refused_five_times [Rounds: SES-14] => in_session(|t, _| {
            t.submits_to_all(Submission(&[1])); four_more_devices(t, |_| ());
            t.answer(missing(&[6]), GivingUp(RetryLimit));
        });
        accepted_in_fifth_round [Rounds: SES-14]: "accepted in the fifth round"
            => in_session(|t, _| { t.submits_to_all(Submission(&[1])); four_more_devices(t, |_| ()); t.accepted(); });
        /// the last refusal still makes a record stale
        last_refusal_makes_stale [Rounds Stale: SES-09 SES-14] => in_sessions(|t, one, two| {
            t.submits_to_all(Submission(&[1, 2]));
            for _ in 1..5 { t.answer(missing(&[]), Submission(&[1, 2])); }
            t.answer(gone(&[2]), GivingUp(RetryLimit)); t.knows([known(one, [0]), stale(two, [0])]);
        });
        /// the last refusal calls a device missing that has opened a session by itself: no message is made for it any
        /// more
        last_refusal_makes_no_message [Rounds: SES-14] => with_devices(|t, one, two| {
            t.session(one); t.submits_to_all(Submission(&[1]));
            for _ in 1..5 { t.answer(missing(&[]), Submission(&[1])); }
            t.opened_by(two); t.answer(missing(&[2]), GivingUp(RetryLimit)); t.encrypt(two, b"the first counter");
        });
        /// outdated again and again: each round opens one session with that device, and the other message never
        /// changes
        outdated_again_and_again [Rounds: SES-10 SES-14] => in_sessions(|t, one, _| {
            let sent = t.submits_to_all(Submission(&[1, 2]));
            for _ in 1..5 {
                t.answer(outdated(&[1]), Bundles(&[1]));
                let again = t.answer(bundle(one), Submission(&[1, 2])); assert_eq!(sent[1], again[1], "SES-14");
            }
            t.answer(outdated(&[1]), GivingUp(RetryLimit));
        });
        /// restarted before every answer: the send goes on, and a restart is no round
        restart_before_every_answer [Restart Rounds: SES-14 XFER-15] => in_session(|t, one| {
            t.submits_to_all(Submission(&[1])); four_more_devices(t, Talk::restart); t.restart(); t.accepted();
            t.restart(); t.encrypt(one, b"the next counter");
        });
        /// a device whose bundle is not found is gone: its record is stale, and the others get their messages
        bundle_not_found [Rounds Stale: SES-09] => in_sessions(|t, one, two| {
            t.drop_sessions(one); t.submits_to_all(Bundles(&[1])); t.answer(no_bundle(one), Submission(&[2]));
            t.accepted(); t.knows([stale(one, []), known(two, [0])]);
        });
        /// the only device is gone: there is nobody to send to
        only_device_gone [Rounds Stale: SES-09] => in_session(|t, one| {
            t.submits_to_all(Submission(&[1])); t.answer(gone(&[1]), GivingUp(NotFound)); t.knows([stale(one, [0])]);
        });
        /// the bundle of the one device that it is for is not found
        bundle_of_named_device_not_found [Rounds: SES-09] => play(|t| {
            t.send(to(&bob(1)), b"to one", Bundles(&[1])); t.answer(no_bundle(&bob(1)), GivingUp(NotFound));
            t.knows([]);
        });
        empty_submission_accepted [Rounds: SES-09]: "a submission for nobody that is accepted has reached nobody"
            => play(|t| { t.submits_to_all(Submission(&[])); t.answer(Accepted, GivingUp(NotFound)); });
    }
}

/// Answers and recipients that must not be followed.
fn wrong_answers(b: &mut Builder) {
    cases! { b;
        /// a send to the own user: the own other devices get no transfer message
        to_own_user [WrongDevice: SES-15] => play(|t| {
            let own = Actor::on_device("alice", 2); t.session(&mut Actor::on_device("alice", 2));
            let user = Recipient::User(own.address.user_id); t.send(user, b"to myself", Refused(InvalidState));
            let device = to(&own); t.send(device, b"to myself", Refused(InvalidState));
        });
        /// a message for one device: one that the intermediary calls missing does not get it too
        named_device_and_missing_ones [WrongDevice: SES-15] => in_sessions(|t, one, _| {
            let sent = t.send(to(one), b"to one", Submission(&[1]));
            let again = t.answer(missing(&[2, 3]), Submission(&[1])); assert_eq!(sent, again, "SES-14");
        });
        /// a device that was in the submission is called missing: its message stays as it is
        submitted_device_called_missing [Rounds: SES-09 SES-14] => in_session(|t, one| {
            let sent = t.submits_to_all(Submission(&[1])); let again = t.answer(missing(&[1]), Submission(&[1]));
            assert_eq!(sent, again, "SES-14"); t.knows_of(one, [0]);
        });
        /// a device that was not in the submission is called gone: its record stays
        device_not_submitted_called_gone [WrongDevice Stale: SES-09] => in_sessions(|t, one, two| {
            t.send(to(one), b"to one", Submission(&[1])); t.answer(gone(&[2]), Submission(&[1]));
            t.knows([known(one, [0]), known(two, [0])]);
        });
        /// a device that was not in the submission is called outdated: its sessions stay
        device_not_submitted_called_outdated [WrongDevice: SES-10] => in_sessions(|t, one, two| {
            t.send(to(one), b"to one", Submission(&[1])); t.answer(outdated(&[2]), Submission(&[1]));
            t.knows([known(one, [0]), known(two, [0])]);
        });
        /// the bundle of another device of the user than the one asked for
        bundle_of_another_device [WrongDevice UnexpectedAnswer: SES-02 SES-15] => play(|t| {
            t.send(to(&bob(1)), b"to one", Bundles(&[1])); t.unexpected(bundle(&bob(2))); t.knows([]);
            t.answer(bundle(&bob(1)), Submission(&[1]));
        });
        /// another user's bundle, with the DeviceID asked for
        bundle_of_another_user [WrongDevice UnexpectedAnswer: SES-02 SES-15] => play(|t| {
            t.send(to(&bob(1)), b"to one", Bundles(&[1])); t.unexpected(bundle(&Actor::new("mallory")));
            t.unexpected(no_bundle(&Actor::new("mallory"))); t.knows([]);
        });
        /// a bundle twice: the second was not asked for, and opens nothing
        bundle_twice [UnexpectedAnswer: SES-02] => play(|t| {
            t.submits_to_all(Submission(&[])); t.answer(missing(&[1, 2]), Bundles(&[1, 2]));
            t.answer(bundle(&bob(1)), Bundles(&[2])); t.unexpected(bundle(&bob(1)));
            t.answer(bundle(&bob(2)), Submission(&[1, 2]));
        });
        /// an answer to a submission while bundles are awaited
        answer_while_bundles_are_awaited [UnexpectedAnswer: SES-14] => play(|t| {
            let mut two = bob(2); t.session(&mut two); t.submits_to_all(Submission(&[2]));
            t.answer(missing(&[1]), Bundles(&[1])); t.unexpected(Accepted); t.unexpected(gone(&[2]));
            t.unexpected(outdated(&[2])); t.answer(bundle(&bob(1)), Submission(&[1, 2]));
        });
        /// answers after the end: what was accepted is not submitted again
        answers_after_the_end [UnexpectedAnswer: SES-14] => in_session(|t, one| {
            t.submits_to_all(Submission(&[1])); t.accepted(); t.unexpected(Accepted);
            t.unexpected(mismatch(&[2], &[1])); t.unexpected(outdated(&[1])); t.unexpected(bundle(one));
            t.knows_of(one, [0]);
        });
        /// a bundle with a spoiled signature opens nothing; the true one still does
        bundle_with_spoiled_signature [StateChanged: SES-02 X3DH-02] => play(|t| {
            t.send(to(&bob(1)), b"to one", Bundles(&[1])); let mut spoiled = bob(1).bundle(None);
            spoiled.signed_pre_key_signature.0[7] ^= 1; t.answer(bundled(spoiled), Refused(InvalidSignature));
            t.knows([]); t.answer(bundle(&bob(1)), Submission(&[1]));
        });
        /// a plaintext of 65,537 bytes is refused before any bundle is fetched
        plaintext_too_large [StateChanged: SES-02 DR-22]
            => play(|t| { t.send(to_bob(), &vec![0x2a; 65_537], Refused(TooLarge)); });
    }
}

/// With Bob's first two devices, when it is known that the first one is gone.
fn one_gone(with: impl FnOnce(&mut Talk, &mut Actor, &mut Actor)) -> impl Case {
    in_sessions(|t, one, two| {
        t.submits_to_all(Submission(&[1, 2]));
        t.answer(gone(&[1]), Submission(&[2]));
        t.accepted();
        with(t, one, two);
    })
}

/// SES-11.
fn stale_records(b: &mut Builder) {
    cases! { b;
        /// a stale record is not sent to
        stale_record_is_not_sent_to [Stale: SES-11] => one_gone(|t, one, _| {
            t.refuse_encrypt(one, b"to nobody", NoSession); t.send(to_bob(), b"once more", Submission(&[2]));
        });
        /// a late message of a stale device is read; its record stays stale and is not sent to
        late_message_of_stale_device [Stale: SES-11] => one_gone(|t, one, two| {
            t.hears(one, b"late"); t.knows([stale(one, [0]), known(two, [0])]);
            t.refuse_encrypt(one, b"to nobody", NoSession); t.send(to_bob(), b"once more", Submission(&[2]));
        });
        /// one second before MAXLATENCY a late message of a stale device is still read, restarted or not
        stale_record_before_maxlatency [Stale Restart: SES-11] => one_gone(|t, one, _| {
            let late = one.says(&t.me, b"late"); t.tick(30 * DAY - 1); t.restart(); t.reads(&late);
        });
        /// at MAXLATENCY a stale record is erased, its sessions with it, whatever it read in between
        stale_record_at_maxlatency [Stale: SES-11] => one_gone(|t, one, two| {
            let late = one.says(&t.me, b"late"); let later = one.says(&t.me, b"later"); t.tick(29 * DAY);
            t.reads(&late); t.hears(two, b"I am here"); t.tick(30 * DAY); t.knows_of(two, [0]);
            t.refuses(&later, NoSession);
        });
        /// the keys of a stale record are erased at MAXLATENCY
        keys_of_stale_record_erased [Stale: SES-11] => in_session(|t, one| {
            t.tick(DAY); t.submits_to_all(Submission(&[1])); t.answer(gone(&[1]), GivingUp(NotFound));
            let root = t.secret("the old root key", "/rootKey");
            let chain = t.secret("the old sending chain key", "/state/established/sending/chainKey/key");
            t.tick(31 * DAY - 1); t.knows([stale(one, [0])]); t.tick(31 * DAY); t.knows([]);
            t.erased(vec![root, chain]);
        });
        /// a stale device is there again: a new session is opened, and the former one is the head of the list
        stale_device_is_there_again [Stale Order: SES-03 SES-09 SES-11] => one_gone(|t, one, two| {
            t.send(to_bob(), b"once more", Submission(&[2])); t.answer(missing(&[1]), Bundles(&[1]));
            t.answer(bundle(one), Submission(&[1, 2])); t.accepted(); t.knows([known(one, [1, 0]), known(two, [0])]);
            t.tick(29 * DAY); t.tick(30 * DAY); t.knows([known(one, [1, 0]), known(two, [0])]);
        });
        /// a message for one device whose record is stale: its bundle says whether it is there
        bundle_of_stale_device_not_found [Stale: SES-02 SES-11] => one_gone(|t, one, _| {
            t.send(to(one), b"are you there", Bundles(&[1])); t.answer(no_bundle(one), GivingUp(NotFound));
            t.knows([stale(one, [0]), known(&bob(2), [0])]);
        });
    }
}

/// SES-12.
fn identities(b: &mut Builder) {
    cases! { b;
        /// an opening message with another identity key replaces the record, drops its sessions, and is reported
        opening_with_another_identity [Identity: SES-12] => with_another(|t, bob, again| {
            t.session(bob); let late = bob.says(&t.me, b"late"); again.open(&t.me.bundle(None), "another identity");
            let opening = again.says(&t.me, b"I am new"); t.reads_changed(&opening); t.knows_of(again, [2]);
            t.refuses(&late, DecryptFailed); t.hears(again, b"not new any more");
        });
        /// a bundle with another identity key replaces the record, drops its sessions, and is reported
        bundle_with_another_identity [Identity: SES-12] => with_another(|t, bob, again| {
            let late = bob.says(&t.me, b"late"); t.process_changed_bundle(&again.bundle(None));
            t.encrypt(again, b"who are you"); t.knows_of(again, [1]); t.refuses(&late, DecryptFailed);
        });
        /// a bundle in the course of a send brings another identity key: it is reported there
        another_identity_during_send [Identity: SES-10 SES-12] => with_another(|t, _, again| {
            t.submits_to_all(Submission(&[1])); t.answer(outdated(&[1]), Bundles(&[1]));
            t.answer_changed(bundle(again), Submission(&[1])); t.accepted(); t.knows_of(again, [1]);
        });
        /// with a pinned identity key another one is refused, in a message as in a bundle, and the session goes on
        pinned_identity [Identity StateChanged: SES-12 X3DH-15] => with_another(|t, bob, again| {
            t.pin(bob, bob.identity_key()); again.open(&t.me.bundle(None), "pinned");
            let opening = again.says(&t.me, b"I am new"); t.refuses(&opening, UntrustedIdentity);
            t.refuse_bundle(&again.bundle(None), UntrustedIdentity); t.knows_of(bob, [0]); t.hears(bob, b"still here");
        });
        /// with a pinned identity key a send refuses the bundle of another one, and nothing is sent
        pinned_identity_during_send [Identity StateChanged: SES-12 X3DH-15] => with_bob(|t, bob| {
            let again = &Actor::set_up_again("bob"); t.pin(bob, bob.identity_key());
            t.send(to(bob), b"to Bob", Bundles(&[1])); t.answer(bundle(again), Refused(UntrustedIdentity)); t.knows([]);
            t.answer(bundle(bob), Submission(&[1]));
        });
        /// another key is pinned than the session's: the session neither sends nor reads, and a send fetches a bundle
        another_identity_pinned_later [Identity: SES-12 X3DH-15] => with_another(|t, bob, again| {
            let message = bob.says(&t.me, b"from the stranger"); t.pin(again, again.identity_key());
            t.refuse_encrypt(bob, b"to the stranger", UntrustedIdentity); t.refuses(&message, UntrustedIdentity);
            t.send(to_bob(), b"to Bob", Bundles(&[1])); t.answer_changed(bundle(again), Submission(&[1]));
            t.knows_of(again, [1]);
        });
        /// another registration id with the same identity key is no change of identity: the sessions stay
        another_registration_same_identity [Identity: SES-01 SES-12] => in_session(|t, bob| {
            t.process_bundle(&renumbered_bundle(bob)); t.encrypt(bob, b"in the second session");
            t.knows([renumbered(known(bob, [1, 0]))]);
        });
        /// a device whose sessions were dropped is still known: another identity key is reported
        another_identity_after_drop [Identity Restart: SES-10 SES-12] => with_another(|t, bob, again| {
            t.drop_sessions(bob); t.restart(); again.open(&t.me.bundle(None), "dropped");
            let opening = again.says(&t.me, b"I am new"); t.reads_changed(&opening);
        });
    }
}

/// SES-13.
fn expiry(b: &mut Builder) {
    cases! { b;
        /// a session without an answer is sent in until one second before MAXSEND, restarted or not
        silent_session_before_maxsend [Expiry Restart: SES-13] => play(|t| {
            let bob = bob(1); t.process_bundle(&bob.bundle(None)); t.tick(30 * DAY - 1); t.restart();
            t.encrypt(&bob, b"the last moment"); t.tick(30 * DAY); t.refuse_encrypt(&bob, b"too late", NoSession);
        });
        /// sending does not refresh a session
        sending_does_not_refresh [Expiry: SES-13] => in_session(|t, bob| {
            for day in [10, 20, 29] { t.tick(day * DAY); t.encrypt(bob, b"are you there"); }
            t.tick(30 * DAY); t.refuse_encrypt(bob, b"are you there", NoSession);
        });
        /// reading refreshes a session: MAXSEND counts from the last message read
        reading_refreshes [Expiry: SES-13] => in_session(|t, bob| {
            t.tick(20 * DAY); t.hears(bob, b"I am here"); t.tick(50 * DAY - 1); t.encrypt(bob, b"good");
            t.tick(50 * DAY); t.refuse_encrypt(bob, b"too late", NoSession);
        });
        /// past MAXSEND a session still reads, and is sent in again from then on
        past_maxsend_still_reads [Expiry: SES-13] => in_session(|t, bob| {
            t.tick(60 * DAY); t.refuse_encrypt(bob, b"too late", NoSession); t.hears(bob, b"I was away");
            t.encrypt(bob, b"welcome back"); t.knows_of(bob, [0]);
        });
        /// a send past MAXSEND opens a new session
        send_past_maxsend [Expiry: SES-02 SES-13] => in_session(|t, bob| {
            t.tick(30 * DAY); t.submits_to_all(Bundles(&[1])); t.answer(bundle(bob), Submission(&[1])); t.accepted();
            t.knows_of(bob, [1, 0]);
        });
        /// a refused message does not refresh a session
        refused_message_does_not_refresh [Expiry StateChanged: SES-07 SES-13] => in_session(|t, bob| {
            t.tick(20 * DAY); let message = bob.says(&t.me, b"I am here"); t.refuses(&message.flipped(), DecryptFailed);
            t.tick(30 * DAY); t.refuse_encrypt(bob, b"too late", NoSession);
        });
        /// one second before MAXRECV a session still reads
        session_before_maxrecv [Expiry: SES-13] => in_session(|t, bob| {
            let message = bob.says(&t.me, b"after a quarter"); t.tick(90 * DAY - 1); t.reads(&message);
            t.tick(90 * DAY); t.knows_of(bob, [0]);
        });
        /// at MAXRECV a session is erased, its keys with it; the device's identity key is still known
        session_erased_at_maxrecv [Expiry Identity: SES-12 SES-13] => with_another(|t, bob, again| {
            let message = bob.says(&t.me, b"too late"); let root = t.secret("the old root key", "/rootKey");
            let chain = t.secret("the old receiving chain key", "/receivingChains/0/progress/open/key");
            t.tick(90 * DAY); t.erased(vec![root, chain]); t.knows_of(bob, []); t.refuses(&message, NoSession);
            t.process_changed_bundle(&again.bundle(None));
        });
        /// each session has a time of its own: the inactive one is erased, the active one stays
        each_session_has_its_own_time [Expiry: SES-13] => in_session(|t, bob| {
            let late = bob.says(&t.me, b"in the first session"); t.tick(DAY); t.session(bob); t.tick(90 * DAY);
            t.knows_of(bob, [1]); t.refuses(&late, DecryptFailed);
        });
    }
}
