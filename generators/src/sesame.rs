//! Family `sesame`.

mod places;
mod sessions;

use super::actor::Asks::{Bundles, GivingUp, Nothing, Refused, Statements, Submission};
use super::actor::{
    Actor, Asks, Conversation, OTHER_IDENTITY, SAME_IDENTITY, Sent, Talk, converse,
};
use super::prelude::*;
use super::said::Said;
use super::x3dh_initiate::statement_of;
use Peer::{Again, Bob, Carol, Mallory, Own, Thief};
use std::collections::BTreeMap;
use tigress_signal::agreement::BundleFields;
use tigress_signal::conformance::operation::sesame::EventFields::{self, Accepted};
use tigress_signal::conformance::operation::sesame::RecordFields;
use tigress_signal::identifier::Recipient;
use tigress_signal::sesame::Purpose;
use tigress_signal::timestamp::DAY;

pub(super) fn generate(b: &mut Builder) {
    b.header("What a device keeps of other users' devices, and how it sends to all of them: the Sesame algorithm.");
    b.header("Load the device and play the steps; sessions are told by their base keys, the active one first.");
    notes! { b;
        Normal BASIC [signal("sesame/#device-state"), signal("sesame/#sending-messages")]
            "What a device knows of others, and how it sends to them, when all is well."
            => "Whoever does otherwise reaches no device, or not all.";
        Order INTEROPERABILITY [signal("sesame/#device-state")]
            "Which session is the active one; a bug keeps another order."
            => "Messages go into sessions that the peer has given up.";
        Bound DENIAL_OF_SERVICE [signal("sesame/#device-state"), cwe(770)]
            "At or over the bound on inactive sessions; a bug has none, or a lower one."
            => "Without one a stranger's sessions are all stored; with a lower one messages are lost.";
        StateChanged DENIAL_OF_SERVICE [signal("sesame/#receiving-messages"), cwe(460)]
            "A message, bundle or plaintext is refused; a bug keeps a change that it made."
            => "A stranger replaces sessions and identity keys.";
        Simultaneous INTEROPERABILITY [signal("sesame/#device-state"), signal("sesame/#receiving-messages")]
            "Both sides open a session at once; a bug insists on its own."
            => "Messages are lost, or the two never agree on a session.";
        Rounds INTEROPERABILITY [signal("sesame/#sending-messages")]
            "A submission is refused; a bug counts or repeats wrongly."
            => "The send never ends, gives up too early, or uses up keys and prekeys.";
        Restart CONFIDENTIALITY [signal("sesame/#sending-messages"), signal("sesame/#session-expiration")]
            "The device is saved and restored in the middle; a bug loses the send or its sessions' times."
            => "It sends twice, or in sessions that have ended.";
        WrongDevice CONFIDENTIALITY [signal("sesame/#sending-messages")]
            "The intermediary, or a caller, names a device that the message is not for; a bug follows."
            => "Somebody else gets the credential.";
        UnexpectedAnswer MISSING_STEP [signal("sesame/#sending-messages"), cwe(841)]
            "An answer to nothing that was asked; a bug takes it."
            => "The send loses its place: a session is opened twice, or what was accepted is sent again.";
        Stale CONFIDENTIALITY [signal("sesame/#device-state"), signal("sesame/#sending-messages")]
            "A device is gone; a bug still sends to it, forgets it at once, or never forgets it."
            => "Its thief gets the message; or late messages are lost; or its keys are kept.";
        Identity AUTH_BYPASS [signal("sesame/#authentication")]
            "A device comes with another identity key; a bug does not tell its user, or goes on in the former sessions."
            => "A stranger in the middle is hidden.";
        Expiry CONFIDENTIALITY [signal("sesame/#session-expiration")]
            "The peer has long been silent in a session; a bug sends on in it, or erases it too early."
            => "There is no healing after a theft of keys, nobody can read what is sent, or messages are lost.";
        Provisioning AUTH_BYPASS [signal("sesame/#authentication"), cwe(862)]
            "Provisioning information, for a key that the user did not name; a bug sends it."
            => "A server or a stranger gets the credential.";
        Healing CONFIDENTIALITY [signal("sesame/#device-state"), signal("doubleratchet/#recovery-from-compromise")]
            "The session that the device opened itself, and others beside it; a bug lets provisioning information leave it."
            => "Whoever copied the peer's state, or stole a prekey, opens a session and reads the next credential.";
        RegistrationId AUTH_BYPASS [signal("sesame/#sending-messages"), cwe(345)]
            "A registration id that no statement named, or that is out of date; a bug believes it, or drops sessions for it."
            => "A server undoes the healing of a session, or keeps messages from their device.";
    }
    records(b);
    sends(b);
    wrong_answers(b);
    stale_records(b);
    identities(b);
    expiry(b);
    provisioning(b);
    healing(b);
    registration_ids(b);
    places::generate(b);
    sessions::generate(b);
}

/// A device that Alice's talks with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Peer {
    /// Bob's devices 1, 2 and so on.
    Bob(u32),
    /// Bob's first device after it was set up again: another identity key.
    Again,
    /// Bob's first device once more, under another hand: its keys, and no session.
    Thief,
    Carol,
    Mallory,
    /// Alice's own second device.
    Own,
}

/// Bob's first device.
const BOB: Peer = Bob(1);

impl Peer {
    fn actor(self) -> Actor {
        match self {
            Bob(device_id) => Actor::on_device("bob", device_id),
            Again => Actor::set_up_again("bob"),
            Thief => Bob(1).actor(),
            Carol => Actor::new("carol"),
            Mallory => Actor::new("mallory"),
            Own => Actor::on_device("alice", 2),
        }
    }
}

/// Alice's device, which is under test, and those that it talks with. What they say is counted from 0.
struct Stage {
    talk: Talk,
    peers: BTreeMap<Peer, Actor>,
    said: Vec<Said>,
    /// What the device wrote, for whom.
    written: Vec<Sent>,
}

/// A conversation of Alice's device.
fn play(play: impl FnOnce(&mut Stage) -> &mut Stage) -> impl Case {
    play_of(Actor::new("alice"), play)
}

/// A conversation of that device.
fn play_of(me: Actor, play: impl FnOnce(&mut Stage) -> &mut Stage) -> impl Case {
    let stage = |talk| Stage {
        talk,
        peers: BTreeMap::new(),
        said: Vec::new(),
        written: Vec::new(),
    };
    converse(me, stage, play)
}

/// In a session with Bob's first device.
fn in_session(then: impl FnOnce(&mut Stage) -> &mut Stage) -> impl Case {
    play(|t| then(t.session(BOB)))
}

/// In a session with each of Bob's first two devices.
fn in_sessions(then: impl FnOnce(&mut Stage) -> &mut Stage) -> impl Case {
    play(|t| then(t.session(BOB).session(Bob(2))))
}

impl Conversation for Stage {
    fn talk(&mut self) -> &mut Talk {
        &mut self.talk
    }
}

impl Stage {
    /// The conversation, and that peer in it.
    fn with(&mut self, peer: Peer) -> (&mut Talk, &mut Actor) {
        let actor = self.peers.entry(peer).or_insert_with(|| peer.actor());
        (&mut self.talk, actor)
    }

    /// The device opens a session with that peer, which answers: both send ratchet messages from then on.
    fn session(&mut self, peer: Peer) -> &mut Self {
        self.opens(peer, "opening")
            .heard(peer, "session")
            .hears(peer, "answer")
    }

    /// The device opens a session with that peer, and writes to it.
    fn opens(&mut self, peer: Peer, text: &str) -> &mut Self {
        self.bundle(peer, SAME_IDENTITY).writes(peer, text)
    }

    /// The device is given the peer's bundle.
    fn bundle(&mut self, peer: Peer, expected: Result<bool, ErrorCode>) -> &mut Self {
        let bundle = fresh(peer, None, self.now());
        self.talk.process_bundle(&bundle, expected);
        self
    }

    /// The device's time, in seconds.
    fn now(&self) -> u64 {
        self.talk.me.device.now().0
    }

    /// The device opens so many sessions with that peer, and reads nothing yet: an answer in each.
    fn many(&mut self, peer: Peer, sessions: usize) -> &mut Self {
        for _ in 0..sessions {
            self.opens(peer, "opening")
                .heard(peer, "many")
                .says(peer, "answer");
        }
        self
    }

    /// That peer opens a session with the device, by that one-time prekey, and says something in it.
    fn opening(&mut self, peer: Peer, one_time: Option<u32>, label: &str, text: &str) -> &mut Self {
        let (talk, actor) = self.with(peer);
        actor.open(&talk.me.bundle(one_time), label);
        self.says(peer, text)
    }

    /// That peer opens a session with the first device of that name, whose keys the device has, and says something in it.
    fn misaddressed(&mut self, peer: Peer) -> &mut Self {
        let first = Actor::new("alice");
        let (_, actor) = self.with(peer);
        actor.open(&first.bundle(None), "misaddressed");
        let said = actor.says(&first, b"for the first device");
        self.said.push(said);
        self
    }

    /// That peer opens a session with the device, which reads its first message.
    fn opened_by(&mut self, peer: Peer) -> &mut Self {
        self.opening(peer, None, "opened by", "hello").reads_last()
    }

    fn says(&mut self, peer: Peer, text: &str) -> &mut Self {
        let (talk, actor) = self.with(peer);
        let said = actor.says(&talk.me, text.as_bytes());
        self.said.push(said);
        self
    }

    /// The device must decrypt what was said last, and it does not count.
    fn reads_last(&mut self) -> &mut Self {
        let said = self.said.pop().expect("something was said");
        self.talk.decrypt(&said, SAME_IDENTITY);
        self
    }

    /// The device must decrypt this one.
    fn reads(&mut self, n: usize) -> &mut Self {
        self.talk.decrypt(&self.said[n], SAME_IDENTITY);
        self
    }

    /// That peer opens a session beside the own one; the device reads its first message.
    fn opened_beside_by(&mut self, peer: Peer) -> &mut Self {
        self.opening(peer, None, "opened beside", "hello again");
        let said = self.said.pop().expect("something was said");
        self.talk.decrypt_beside(&said, SAME_IDENTITY, true);
        self
    }

    /// The same, of a peer that is known by another identity key.
    fn reads_changed(&mut self, n: usize) -> &mut Self {
        self.talk.decrypt(&self.said[n], OTHER_IDENTITY);
        self
    }

    fn refuses(&mut self, n: usize, error: ErrorCode) -> &mut Self {
        self.talk.decrypt(&self.said[n], Err(error));
        self
    }

    /// The device must refuse this one with a bit flipped.
    fn refuses_damaged(&mut self, n: usize) -> &mut Self {
        self.talk
            .decrypt(&self.said[n].flipped(), Err(DecryptFailed));
        self
    }

    /// The peer writes, and the device reads.
    fn hears(&mut self, peer: Peer, text: &str) -> &mut Self {
        self.says(peer, text).reads_last()
    }

    fn writes(&mut self, peer: Peer, text: &str) -> &mut Self {
        let (talk, actor) = self.with(peer);
        let written = (actor.address, talk.encrypt(actor, text.as_bytes()));
        self.written.push(written);
        self
    }

    fn writes_not(&mut self, peer: Peer, text: &str, error: ErrorCode) -> &mut Self {
        let (talk, actor) = self.with(peer);
        let got = talk.try_encrypt(actor, text.as_bytes(), Some(error));
        got.expect_err("it is refused");
        self
    }

    /// The peer reads the last message for it that it has not read.
    fn heard(&mut self, peer: Peer, label: &str) -> &mut Self {
        let address = peer.actor().address;
        let last = self.written.iter().rposition(|(to, _)| *to == address);
        let (_, message) = self.written.remove(last.expect("a message"));
        let (talk, actor) = self.with(peer);
        actor.decrypt(&talk.me, &message, label);
        self
    }

    /// The device writes, and the peer reads.
    fn tells(&mut self, peer: Peer, text: &str, label: &str) -> &mut Self {
        self.writes(peer, text).heard(peer, label)
    }

    /// The device knows exactly this of others.
    fn knows<const N: usize>(&mut self, all: [Known; N]) -> &mut Self {
        let records = all.map(|known| {
            let peer = known.peer.actor();
            let mut base_keys = known.sessions.iter().map(|n| self.talk.base_key(&peer, *n));
            RecordFields {
                peer: peer.address.into(),
                identity_key: peer.identity_key().encode().into(),
                registration_id: known.registration_id,
                stale: known.stale,
                active: base_keys.next(),
                inactive: base_keys.collect(),
            }
        });
        self.talk.records(records.into());
        self
    }

    /// It knows of nobody but that peer.
    fn knows_of(&mut self, peer: Peer, sessions: impl IntoIterator<Item = usize>) -> &mut Self {
        self.knows([known(peer, sessions)])
    }

    /// The peer's identity key is pinned to its address.
    fn trusts(&mut self, peer: Peer) -> &mut Self {
        let peer = peer.actor();
        self.pins(&peer, peer.identity_key())
    }

    fn sends(&mut self, to: Recipient, text: &str, asks: Asks<'_>) -> &mut Self {
        self.sends_as(to, text, Purpose::Other, asks)
    }

    fn sends_as(
        &mut self,
        to: Recipient,
        text: &str,
        purpose: Purpose,
        asks: Asks<'_>,
    ) -> &mut Self {
        let sent = self.talk.send(to, text.as_bytes(), purpose, asks);
        self.written.extend(sent);
        self
    }

    /// A send of provisioning information to Bob's first device.
    fn provisions(&mut self, asks: Asks<'_>) -> &mut Self {
        self.sends_as(to(BOB), "a credential", Purpose::Provisioning, asks)
    }

    /// Bob's first device must read the credential in that session, which is counted as [`Stage::knows`] does.
    fn provisioned_in(&mut self, session: usize) -> &mut Self {
        let (talk, actor) = self.with(BOB);
        let base_key = talk.base_key(actor, session);
        let me = talk.me.address;
        self.provisions(Submission(&[1])).heard(BOB, "credential");
        let (_, actor) = self.with(BOB);
        let active = actor.device.session(&me).expect("a session");
        assert_eq!(Hex::from(active.base_key().encode()), base_key);
        self.accepted()
    }

    /// That identity key is pinned to Bob's first device; its user did not name it.
    fn vouched(&mut self, peer: Peer) -> &mut Self {
        let peer = peer.actor();
        self.pins_as(&peer, peer.identity_key(), false, None)
    }

    /// A send to every device of Bob.
    fn submits_to_all(&mut self, asks: Asks<'_>) -> &mut Self {
        self.sends(to_bob(), "to all", asks)
    }

    /// The intermediary answers.
    fn answer(&mut self, event: EventFields, asks: Asks<'_>) -> &mut Self {
        let sent = self.talk.answer(event, asks, SAME_IDENTITY);
        self.written.extend(sent);
        self
    }

    /// The same, with a bundle whose device is known by another identity key.
    fn answer_changed(&mut self, event: EventFields, asks: Asks<'_>) -> &mut Self {
        let sent = self.talk.answer(event, asks, OTHER_IDENTITY);
        self.written.extend(sent);
        self
    }

    /// The intermediary accepts the submission.
    fn accepted(&mut self) -> &mut Self {
        self.answer(Accepted, Nothing)
    }

    /// An answer to nothing that was asked.
    fn unexpected(&mut self, event: EventFields) -> &mut Self {
        self.answer(event, Refused(UnexpectedMessage))
    }

    /// The intermediary calls the registration id of Bob's first device outdated, and gives its statement.
    fn outdated_and_stated(&mut self, bundle: BundleFields) -> &mut Self {
        self.answer(outdated(&[1]), Statements(&[1]))
            .answer(bundled(bundle), Submission(&[1]))
            .unchanged(BOB)
    }

    /// Four rounds, in each of which a further device of Bob's is missing; before each answer this.
    fn four_more_devices(&mut self, before: fn(&mut Self) -> &mut Self) -> &mut Self {
        self.submits_to_all(Submission(&[1])).each(2..6, |t, id| {
            before(t).answer(missing(&[id]), Bundles(&[id]));
            let devices: Vec<u32> = (1..=id).collect();
            before(t).answer(bundle(Bob(id)), Submission(&devices))
        })
    }

    /// The last two messages for that peer are one, sent twice.
    fn unchanged(&mut self, peer: Peer) -> &mut Self {
        let address = peer.actor().address;
        let mut for_it = self.written.iter().rev().filter(|(to, _)| *to == address);
        assert_eq!(for_it.next(), for_it.next(), "SES-14");
        self
    }
}

/// What is known of a peer: which sessions, the active one first. They are counted from 0 by their first messages.
struct Known {
    peer: Peer,
    sessions: Vec<usize>,
    registration_id: u32,
    stale: bool,
}

fn known(peer: Peer, sessions: impl IntoIterator<Item = usize>) -> Known {
    Known {
        peer,
        sessions: sessions.into_iter().collect(),
        registration_id: peer.actor().loaded.registration_id,
        stale: false,
    }
}

fn stale(peer: Peer, sessions: impl IntoIterator<Item = usize>) -> Known {
    but(known(peer, sessions), |known| known.stale = true)
}

/// The same device, known by another registration id.
fn renumbered(known: Known) -> Known {
    but(known, |known| {
        known.registration_id = known.registration_id % 16_380 + 1;
    })
}

/// Every device of Bob.
fn to_bob() -> Recipient {
    Recipient::User(BOB.actor().address.user_id)
}

/// That device alone.
fn to(device: Peer) -> Recipient {
    Recipient::Device(device.actor().address)
}

fn bundle(of: Peer) -> EventFields {
    bundled(of.actor().bundle(Some(1)))
}

/// Its bundle with that one-time prekey, and where the one that it was made with is too old by now a fresh statement.
fn fresh(of: Peer, one_time: Option<u32>, now: u64) -> BundleFields {
    let bundle = of.actor().bundle(one_time);
    if now <= 40 * DAY {
        return bundle;
    }
    of.actor().restate(bundle, now)
}

/// Its bundle with a statement of another registration id.
fn renumbered_bundle(of: Peer) -> BundleFields {
    let bundle = but(of.actor().bundle(None), |f| {
        f.registration_id = renumbered(known(of, [])).registration_id;
    });
    of.actor().restate(bundle, 0)
}

fn no_bundle(of: Peer) -> EventFields {
    EventFields::NoBundle(of.actor().address.into())
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
        three_records [Normal: SES-01] => in_session(|t| t.opened_by(Bob(2)).session(Carol)
            .knows([known(BOB, [0]), known(Bob(2), [0]), known(Carol, [0])]).restart()
            .writes(Bob(2), "in the session of the second device"));
        /// the device under test is number 127: whoever takes it for number 1 agrees with nobody
        own_device_127 [Normal: SES-01 ID-05] => play_of(Actor::on_device("alice", 127), |t| t.session(BOB)
            .opened_by(Carol).knows([known(BOB, [0]), known(Carol, [0])]).restart()
            .writes(BOB, "in a session of its own").writes(Carol, "in a session of the peer's"));
        /// a message for the device of another number: its number is in what the tag covers
        message_for_another_number [WrongDevice: SES-07 ID-05] => play_of(Actor::with_keys_of_first("alice", 127), |t| t
            .misaddressed(BOB).refuses(0, DecryptFailed).opened_by(BOB).knows_of(BOB, [0]));
        /// a session opened with a second bundle becomes the active one, the former one the head of the inactive list
        second_bundle_becomes_active [Order: SES-02 SES-03] => in_session(|t| t.session(BOB)
            .opens(BOB, "in the third session").knows_of(BOB, [2, 1, 0]));
        /// a session that the peer opens becomes the active one: the answer goes there
        peers_session_becomes_active [Order: SES-02 SES-03] => in_session(|t| t.opened_beside_by(BOB).knows_of(BOB, [1, 0])
            .tells(BOB, "in the second session", "peer opens"));
        /// the last of three sessions decrypts and becomes the active one; the others keep their order
        last_of_three_becomes_active [Order: SES-05 SES-06] => play(|t| t.many(BOB, 3).reads(0).knows_of(BOB, [0, 2, 1])
            .writes(BOB, "in the first session"));
        /// the one in the middle decrypts: it goes to the front, and the active one to the head of the list
        middle_one_becomes_active [Order Restart: SES-05 SES-06] => play(|t| t.many(BOB, 3).reads(1)
            .knows_of(BOB, [1, 2, 0]).restart().knows_of(BOB, [1, 2, 0]).writes(BOB, "in the second session"));
        /// the active session decrypts: the order stays
        active_one_stays_active [Order: SES-05] => play(|t| t.many(BOB, 2).reads(1).knows_of(BOB, (0..2).rev()));
        /// forty-one sessions: the tail of the list still decrypts, goes to the front, and pushes none out
        forty_one_sessions [Bound: SES-04 SES-05 SES-06] => play(|t| t.many(BOB, 41).reads(0)
            .knows_of(BOB, [0].into_iter().chain((1..41).rev())));
        /// the forty-second session drops the tail of the list, and that alone
        forty_second_session [Bound: SES-03 SES-04 SES-07] => play(|t| t.many(BOB, 42).knows_of(BOB, (1..42).rev())
            .refuses(0, DecryptFailed).reads(1));
        /// a prekey message goes to its own session, though another is active: no prekey is used for it
        prekey_message_of_inactive_session [Order: SES-06 SES-05 X3DH-13] => play(|t| t
            .opening(BOB, Some(1), "matching", "one").says(BOB, "late").reads(0).session(BOB).knows_of(BOB, [1, 0])
            .reads(1).knows_of(BOB, [0, 1]).holds(&[2, 3, 4]));
        /// a damaged ratchet message is tried in every session and changes none
        damaged_ratchet_message [StateChanged: SES-05 SES-07 DR-15] => play(|t| t.many(BOB, 3).refuses_damaged(0)
            .knows_of(BOB, (0..3).rev()).reads(0));
        /// a damaged prekey message of a stored session opens no other one
        damaged_prekey_message [StateChanged: SES-05 SES-07] => play(|t| t.opening(BOB, None, "damaged matching", "one")
            .says(BOB, "next").reads(0).session(BOB).refuses_damaged(1).knows_of(BOB, [1, 0]));
        /// a damaged opening message from an unknown device leaves no record
        damaged_opening_from_unknown_device [StateChanged: SES-07 X3DH-11] => play(|t| t
            .opening(BOB, Some(1), "no record", "hello").refuses_damaged(0).knows([]).reads(0).knows_of(BOB, [0]));
        /// a damaged opening message with another identity key does not replace the record
        damaged_opening_with_another_identity [StateChanged Identity: SES-07 SES-12] => in_session(|t| t
            .opening(Again, None, "damaged change", "hello").refuses_damaged(0).knows_of(BOB, [0])
            .hears(BOB, "still here"));
        /// an opening message for an unknown one-time prekey leaves the record as it is
        opening_for_used_one_time_prekey [StateChanged: SES-07 X3DH-09] => in_session(|t| t
            .opening(Carol, Some(1), "takes it", "hello").opening(BOB, Some(1), "too late", "hello").reads(0)
            .refuses(1, UnknownOneTimePrekey).knows([known(BOB, [0]), known(Carol, [0])]));
        /// a ratchet message where the record has no session left: the record stays, with its identity key
        ratchet_message_without_session [StateChanged: SES-07] => in_session(|t| t.says(BOB, "late")
            .drops_sessions(&BOB.actor()).refuses(0, NoSession).knows_of(BOB, []));
        /// a ratchet message from an unknown device leaves no record
        ratchet_message_from_unknown_device [StateChanged: SES-07] => in_session(|t| {
            let message = t.says(BOB, "from the first device").said[0].of(&Bob(2).actor());
            t.talk.decrypt(&message, Err(NoSession)); t.knows_of(BOB, [0])
        });
        /// a message read before, in the active session: its error is the one that counts
        read_before_in_active_session [StateChanged: SES-07 DR-14] => play(|t| t.many(BOB, 2).reads(1)
            .refuses(1, DuplicateMessage).knows_of(BOB, (0..2).rev()));
        /// a message read before, in an inactive session: the active one, tried first, cannot decrypt it
        read_before_in_inactive_session [StateChanged: SES-07] => in_session(|t| t.says(BOB, "once").reads(0)
            .opens(BOB, "in the second session").refuses(0, DecryptFailed).knows_of(BOB, [1, 0]));
        // SES-08, as far as one device shows it.
        /// the peer's opening message arrives after the own one has left: the answer goes into the peer's session
        peer_opens_at_once [Simultaneous Order: SES-03 SES-08] => play(|t| t.opens(BOB, "at once").opened_by(BOB)
            .knows_of(BOB, [1, 0]).tells(BOB, "answer", "simultaneous"));
        /// the peer answers in the own session first: both go on there
        peer_answers_in_own_session [Simultaneous: SES-06 SES-08] => play(|t| t.opens(BOB, "at once").opened_by(BOB)
            .heard(BOB, "answers").hears(BOB, "in your session").knows_of(BOB, [0, 1])
            .tells(BOB, "in mine", "both go on"));
        /// three messages each way cross: every one is read, though each is in the session that the other side has
        /// left
        three_messages_cross [Simultaneous: SES-05 SES-08] => play(|t| t.bundle(BOB, SAME_IDENTITY)
            .each(["\0", "\u{1}", "\u{2}"], |t, text| t.writes(BOB, text)).opening(BOB, None, "crossing", "\0")
            .says(BOB, "\u{1}").says(BOB, "\u{2}").each(0..3, |t, n| t.reads(n).heard(BOB, "crossing"))
            .knows_of(BOB, [1, 0]));
        /// the next two messages cross again: each side changes over, and nothing is lost
        next_messages_cross_again [Simultaneous: SES-06 SES-08] => play(|t| t.opens(BOB, "at once").opened_by(BOB)
            .heard(BOB, "crossing again").writes(BOB, "in yours").says(BOB, "in yours").reads(0)
            .heard(BOB, "crossing again").knows_of(BOB, [0, 1]).tells(BOB, "in mine", "the last word")
            .hears(BOB, "agreed").knows_of(BOB, [0, 1]));
    }
}

/// Sends that go well: SES-02, SES-09, SES-10, SES-15.
fn sends(b: &mut Builder) {
    cases! { b;
        /// to a user of whom no device is known: an empty submission asks for the list, then a session is opened with
        /// each
        to_unknown_user [Normal: SES-02 SES-09] => play(|t| t.submits_to_all(Submission(&[]))
            .answer(missing(&[2, 1]), Bundles(&[1, 2])).answer(bundle(Bob(2)), Bundles(&[1]))
            .answer(bundle(BOB), Submission(&[1, 2])).accepted().knows([known(BOB, [0]), known(Bob(2), [0])]));
        /// to a device with a session: one submission, in the active session
        to_device_with_session [Normal Order: SES-02] => in_session(|t| t.session(BOB)
            .sends(to_bob(), "at once", Submission(&[1])).heard(BOB, "at once").accepted().knows_of(BOB, [1, 0]));
        /// to one device without a session: its bundle, then the message
        to_device_without_session [Normal: SES-02 SES-15] => play(|t| t
            .sends(to(Bob(2)), "to the second device", Bundles(&[2])).answer(bundle(Bob(2)), Submission(&[2]))
            .accepted().knows_of(Bob(2), [0]));
        /// to one device: another device of the user, with a session, gets nothing
        only_the_named_device [WrongDevice: SES-15] => in_sessions(|t| t
            .sends(to(Bob(2)), "to the second device", Submission(&[2])).heard(Bob(2), "the second device").accepted()
            .writes(BOB, "its counter has not moved"));
        /// known devices of other users get nothing
        only_the_named_user [WrongDevice: SES-15] => play(|t| t.session(Carol).session(BOB)
            .sends(to_bob(), "to Bob", Submission(&[1])).writes(Carol, "her counter has not moved"));
        /// of two known devices one is without a session: its bundle is fetched before the first round
        one_of_two_without_session [Normal: SES-02] => in_sessions(|t| t.drops_sessions(&BOB.actor())
            .sends(to_bob(), "to both", Bundles(&[1])).answer(bundle(BOB), Submission(&[1, 2])).accepted());
        /// a device is missing: a session is opened with it, and the message for the other one goes again unchanged
        one_device_missing [Rounds: SES-09 SES-14] => in_session(|t| t.submits_to_all(Submission(&[1]))
            .answer(missing(&[2]), Bundles(&[2])).answer(bundle(Bob(2)), Submission(&[1, 2])).unchanged(BOB).accepted()
            .writes(BOB, "the next counter"));
        /// a device is gone: its record is stale, and the message for the other one goes again unchanged
        one_device_gone [Rounds Stale: SES-09 SES-14] => in_sessions(|t| t.submits_to_all(Submission(&[1, 2]))
            .answer(gone(&[1]), Submission(&[2])).unchanged(Bob(2)).accepted()
            .knows([stale(BOB, [0]), known(Bob(2), [0])]));
        /// one device is gone and another is missing, in one answer
        one_gone_and_one_missing [Rounds Stale: SES-09] => in_session(|t| t.submits_to_all(Submission(&[1]))
            .answer(mismatch(&[2], &[1]), Bundles(&[2])).answer(bundle(Bob(2)), Submission(&[2])).accepted()
            .knows([stale(BOB, [0]), known(Bob(2), [0])]));
        /// a missing device has opened a session by itself in the meantime: the message goes there, and no bundle is
        /// fetched
        missing_device_came_by_itself [Rounds Simultaneous: SES-02 SES-09] => in_session(|t| t
            .submits_to_all(Submission(&[1])).opened_by(Bob(2)).answer(missing(&[2]), Submission(&[1, 2]))
            .heard(Bob(2), "in its session"));
        /// a registration id is out of date: its statement names it anew, the sessions stay, and so do the messages
        outdated_registration [Rounds RegistrationId: SES-10 SES-14] => in_session(|t| t.session(BOB).session(Bob(2))
            .says(BOB, "late").submits_to_all(Submission(&[1, 2])).answer(outdated(&[1]), Statements(&[1]))
            .knows([known(BOB, [1, 0]), known(Bob(2), [0])])
            .answer(bundled(renumbered_bundle(BOB)), Submission(&[1, 2])).unchanged(BOB).unchanged(Bob(2)).accepted()
            .knows([renumbered(known(BOB, [1, 0])), known(Bob(2), [0])]).reads(0));
        /// the device with the outdated registration id was set up again, and has opened a session by itself in the
        /// meantime: it cannot read what was encrypted to its former key, and gets it in a new session
        outdated_device_came_by_itself [Rounds Simultaneous Identity: SES-10] => in_session(|t| t
            .submits_to_all(Submission(&[1])).opening(Again, None, "came back", "I am new").reads_changed(0)
            .answer(outdated(&[1]), Statements(&[1])).answer(bundle(Again), Submission(&[1]))
            .heard(Again, "in a new session").knows_of(Again, [2, 1]));
        // SES-14: rounds, their number, and restarts between them.
        /// refused five times: the send gives up, and fetches no further bundle
        refused_five_times [Rounds: SES-14] => in_session(|t| t.four_more_devices(|t| t)
            .answer(missing(&[6]), GivingUp(RetryLimit)));
        accepted_in_fifth_round [Rounds: SES-14]: "accepted in the fifth round"
            => in_session(|t| t.four_more_devices(|t| t).accepted());
        /// the last refusal still makes a record stale
        last_refusal_makes_stale [Rounds Stale: SES-09 SES-14] => in_sessions(|t| t
            .submits_to_all(Submission(&[1, 2])).each(1..5, |t, _| t.answer(missing(&[]), Submission(&[1, 2])))
            .answer(gone(&[2]), GivingUp(RetryLimit)).knows([known(BOB, [0]), stale(Bob(2), [0])]));
        /// the same of the other device, over a restart: it is sent to no more
        last_refusal_makes_stale_over_restart [Rounds Stale Restart: SES-09 SES-14] => in_sessions(|t| t
            .submits_to_all(Submission(&[1, 2])).each(1..5, |t, _| t.answer(missing(&[]), Submission(&[1, 2])))
            .restart().answer(gone(&[1]), GivingUp(RetryLimit)).knows([stale(BOB, [0]), known(Bob(2), [0])])
            .writes_not(BOB, "to nobody", NoSession));
        /// the last refusal calls a device missing that has opened a session by itself: no message is made for it any
        /// more
        last_refusal_makes_no_message [Rounds: SES-14] => in_session(|t| t
            .submits_to_all(Submission(&[1])).each(1..5, |t, _| t.answer(missing(&[]), Submission(&[1])))
            .opened_by(Bob(2)).answer(missing(&[2]), GivingUp(RetryLimit)).writes(Bob(2), "the first counter"));
        /// outdated again and again: no session is opened or dropped, and no message ever changes
        outdated_again_and_again [Rounds RegistrationId: SES-10 SES-14] => in_sessions(|t| t
            .submits_to_all(Submission(&[1, 2])).each(1..5, |t, _| t.answer(outdated(&[1]), Statements(&[1]))
                .answer(bundle(BOB), Submission(&[1, 2])).unchanged(BOB).unchanged(Bob(2)))
            .answer(outdated(&[1]), GivingUp(RetryLimit)).knows([known(BOB, [0]), known(Bob(2), [0])]));
        /// restarted before every answer: the send goes on, and a restart is no round
        restart_before_every_answer [Restart Rounds: SES-14 XFER-15] => in_session(|t| t
            .four_more_devices(Stage::restart).restart().accepted().restart().writes(BOB, "the next counter"));
        /// a device whose bundle is not found is gone: its record is stale, and the others get their messages
        bundle_not_found [Rounds Stale: SES-09] => in_sessions(|t| t.drops_sessions(&BOB.actor())
            .submits_to_all(Bundles(&[1])).answer(no_bundle(BOB), Submission(&[2])).accepted()
            .knows([stale(BOB, []), known(Bob(2), [0])]));
        /// the only device is gone: there is nobody to send to
        only_device_gone [Rounds Stale: SES-09] => in_session(|t| t.submits_to_all(Submission(&[1]))
            .answer(gone(&[1]), GivingUp(NotFound)).knows([stale(BOB, [0])]));
        /// the only known device is gone before anything was submitted: a submission for nobody asks which devices there
        /// are, and the one that is missing gets the message
        only_device_without_bundle [Rounds Stale: SES-09 SES-14] => in_session(|t| t.drops_sessions(&BOB.actor())
            .submits_to_all(Bundles(&[1])).answer(no_bundle(BOB), Submission(&[])).knows([stale(BOB, [])])
            .answer(missing(&[2]), Bundles(&[2])).answer(bundle(Bob(2)), Submission(&[2])).accepted()
            .knows([stale(BOB, []), known(Bob(2), [0])]));
        /// the same of two devices, over a restart: it is asked once, and where the device that was missing is gone, too, nobody is
        /// left
        all_devices_without_bundle [Rounds Stale Restart: SES-09] => in_sessions(|t| t.drops_sessions(&BOB.actor())
            .drops_sessions(&Bob(2).actor()).submits_to_all(Bundles(&[1, 2])).answer(no_bundle(BOB), Bundles(&[2]))
            .answer(no_bundle(Bob(2)), Submission(&[])).restart().answer(missing(&[3]), Bundles(&[3]))
            .answer(no_bundle(Bob(3)), GivingUp(NotFound)));
        /// the bundle of the one device that it is for is not found
        bundle_of_named_device_not_found [Rounds: SES-09] => play(|t| t.sends(to(BOB), "to one", Bundles(&[1]))
            .answer(no_bundle(BOB), GivingUp(NotFound)).knows([]));
        empty_submission_accepted [Rounds: SES-09]: "a submission for nobody that is accepted has reached nobody"
            => play(|t| t.submits_to_all(Submission(&[])).answer(Accepted, GivingUp(NotFound)));
        /// the same once all of the user's devices are gone, and after a restart
        empty_submission_to_stale_devices_accepted [Rounds Stale: SES-09 SES-11] => one_gone(|t| t.submits_to_all(Submission(&[2]))
            .answer(gone(&[2]), GivingUp(NotFound)).restart().submits_to_all(Submission(&[])).answer(Accepted, GivingUp(NotFound)));
    }
}

/// Answers and recipients that must not be followed.
fn wrong_answers(b: &mut Builder) {
    cases! { b;
        /// a send to the own user: the own other devices get no transfer message
        to_own_user [WrongDevice: SES-15] => play(|t| {
            let user = Recipient::User(Own.actor().address.user_id);
            t.session(Own).sends(user, "to myself", Refused(InvalidState))
                .sends(to(Own), "to myself", Refused(InvalidState))
        });
        /// the same to an own device whose key the user named, and after a restart
        to_named_own_device [WrongDevice Provisioning: SES-15 SES-18] => play(|t| t.session(Own).trusts(Own).restart()
            .sends(to(Own), "to myself", Refused(InvalidState)).knows_of(Own, [0]));
        /// a message for one device: one that the intermediary calls missing does not get it too
        named_device_and_missing_ones [WrongDevice: SES-15] => in_sessions(|t| t
            .sends(to(BOB), "to one", Submission(&[1])).answer(missing(&[2, 3]), Submission(&[1])).unchanged(BOB));
        /// a device that was in the submission is called missing: its message stays as it is
        submitted_device_called_missing [Rounds: SES-09 SES-14] => in_session(|t| t.submits_to_all(Submission(&[1]))
            .answer(missing(&[1]), Submission(&[1])).unchanged(BOB).knows_of(BOB, [0]));
        /// a device that was not in the submission is called gone: its record stays
        device_not_submitted_called_gone [WrongDevice Stale: SES-09] => in_sessions(|t| t
            .sends(to(BOB), "to one", Submission(&[1])).answer(gone(&[2]), Submission(&[1]))
            .knows([known(BOB, [0]), known(Bob(2), [0])]));
        /// a device that was not in the submission is called outdated: its sessions stay
        device_not_submitted_called_outdated [WrongDevice: SES-10] => in_sessions(|t| t
            .sends(to(BOB), "to one", Submission(&[1])).answer(outdated(&[2]), Submission(&[1]))
            .knows([known(BOB, [0]), known(Bob(2), [0])]));
        /// the bundle of another device of the user than the one asked for
        bundle_of_another_device [WrongDevice UnexpectedAnswer: SES-02 SES-15] => play(|t| t
            .sends(to(BOB), "to one", Bundles(&[1])).unexpected(bundle(Bob(2))).knows([])
            .answer(bundle(BOB), Submission(&[1])));
        /// another user's bundle, with the DeviceID asked for
        bundle_of_another_user [WrongDevice UnexpectedAnswer: SES-02 SES-15] => play(|t| t
            .sends(to(BOB), "to one", Bundles(&[1])).unexpected(bundle(Mallory)).unexpected(no_bundle(Mallory))
            .knows([]));
        /// another user's bundle, restarted before and after it: that of the device itself is taken
        bundle_of_another_user_restarted [WrongDevice UnexpectedAnswer: SES-02] => play(|t| t
            .sends(to(BOB), "to one", Bundles(&[1])).restart().unexpected(bundle(Mallory)).knows([]).restart()
            .answer(bundle(BOB), Submission(&[1])).knows_of(BOB, [0]));
        /// the same with spoiled signatures, and with ids that no suite admits: what was not asked for is not looked at
        spoiled_bundle_of_another_device [WrongDevice UnexpectedAnswer: SES-02] => play(|t| {
            let spoiled = but(Bob(2).actor().bundle(None), |f| f.signed_pre_key_signature.0[7] ^= 1);
            let nobody = but(BOB.actor().bundle(None), |f| f.device_id = 0);
            t.sends(to(BOB), "to one", Bundles(&[1])).unexpected(bundled(spoiled)).unexpected(bundled(nobody)).knows([])
                .answer(bundle(BOB), Submission(&[1]))
        });
        /// a bundle twice: the second was not asked for, and opens nothing
        bundle_twice [UnexpectedAnswer: SES-02] => play(|t| t.submits_to_all(Submission(&[]))
            .answer(missing(&[1, 2]), Bundles(&[1, 2])).answer(bundle(BOB), Bundles(&[2])).unexpected(bundle(BOB))
            .answer(bundle(Bob(2)), Submission(&[1, 2])));
        /// an answer to a submission while bundles are awaited
        answer_while_bundles_are_awaited [UnexpectedAnswer: SES-14] => play(|t| t.session(Bob(2))
            .submits_to_all(Submission(&[2])).answer(missing(&[1]), Bundles(&[1])).unexpected(Accepted)
            .unexpected(gone(&[2])).unexpected(outdated(&[2])).answer(bundle(BOB), Submission(&[1, 2])));
        /// answers after the end: what was accepted is not submitted again
        answers_after_the_end [UnexpectedAnswer: SES-14] => in_session(|t| t.submits_to_all(Submission(&[1])).accepted()
            .unexpected(Accepted).unexpected(mismatch(&[2], &[1])).unexpected(outdated(&[1])).unexpected(bundle(BOB))
            .knows_of(BOB, [0]));
        /// a bundle with a spoiled signature opens nothing; the true one still does
        bundle_with_spoiled_signature [StateChanged: SES-02 X3DH-02] => play(|t| {
            let spoiled = but(BOB.actor().bundle(None), |f| f.signed_pre_key_signature.0[7] ^= 1);
            t.sends(to(BOB), "to one", Bundles(&[1])).answer(bundled(spoiled), Refused(InvalidSignature)).knows([])
                .answer(bundle(BOB), Submission(&[1]))
        });
        /// a plaintext of 65,537 bytes is refused before any bundle is fetched
        plaintext_too_large [StateChanged: SES-02 DR-22]
            => play(|t| t.sends(to_bob(), &"*".repeat(65_537), Refused(TooLarge)));
    }
}

/// With Bob's first two devices, when it is known that the first one is gone.
fn one_gone(then: impl FnOnce(&mut Stage) -> &mut Stage) -> impl Case {
    in_sessions(|t| {
        t.submits_to_all(Submission(&[1, 2]));
        then(t.answer(gone(&[1]), Submission(&[2])).accepted())
    })
}

/// SES-11.
fn stale_records(b: &mut Builder) {
    cases! { b;
        /// a stale record is not sent to
        stale_record_is_not_sent_to [Stale: SES-11] => one_gone(|t| t.writes_not(BOB, "to nobody", NoSession)
            .sends(to_bob(), "once more", Submission(&[2])));
        /// a late message of a stale device is read; its record stays stale and is not sent to
        late_message_of_stale_device [Stale: SES-11] => one_gone(|t| t.hears(BOB, "late")
            .knows([stale(BOB, [0]), known(Bob(2), [0])]).writes_not(BOB, "to nobody", NoSession)
            .sends(to_bob(), "once more", Submission(&[2])));
        /// one second before MAXLATENCY a late message of a stale device is still read, restarted or not
        stale_record_before_maxlatency [Stale Restart: SES-11] => one_gone(|t| t.says(BOB, "late").ticks(30 * DAY - 1)
            .restart().reads(0));
        /// at MAXLATENCY a stale record is erased, its sessions with it, whatever it read in between
        stale_record_at_maxlatency [Stale: SES-11] => one_gone(|t| t.says(BOB, "late").says(BOB, "later")
            .ticks(29 * DAY).reads(0).hears(Bob(2), "I am here").ticks(30 * DAY).knows_of(Bob(2), [0])
            .refuses(1, NoSession));
        /// the keys of a stale record are erased at MAXLATENCY
        keys_of_stale_record_erased [Stale: SES-11] => in_session(|t| t.ticks(DAY).submits_to_all(Submission(&[1]))
            .answer(gone(&[1]), GivingUp(NotFound)).secret("the old root key", "/rootKey")
            .secret("the old sending chain key", "/state/established/sending/chainKey/key").ticks(31 * DAY - 1)
            .knows([stale(BOB, [0])]).ticks(31 * DAY).knows([]).erased());
        /// a stale device is there again: a new session is opened, and the former one is the head of the list
        stale_device_is_there_again [Stale Order: SES-03 SES-09 SES-11] => one_gone(|t| t
            .sends(to_bob(), "once more", Submission(&[2])).answer(missing(&[1]), Bundles(&[1]))
            .answer(bundle(BOB), Submission(&[1, 2])).accepted().knows([known(BOB, [1, 0]), known(Bob(2), [0])])
            .ticks(29 * DAY).ticks(30 * DAY).knows([known(BOB, [1, 0]), known(Bob(2), [0])]));
        /// a message for one device whose record is stale: its bundle says whether it is there
        bundle_of_stale_device_not_found [Stale: SES-02 SES-11] => one_gone(|t| t
            .sends(to(BOB), "are you there", Bundles(&[1])).answer(no_bundle(BOB), GivingUp(NotFound))
            .knows([stale(BOB, [0]), known(Bob(2), [0])]));
    }
}

/// SES-12.
fn identities(b: &mut Builder) {
    cases! { b;
        /// an opening message with another identity key replaces the record, drops its sessions, and is reported
        opening_with_another_identity [Identity: SES-12] => in_session(|t| t.session(BOB).says(BOB, "late")
            .opening(Again, None, "another identity", "I am new").reads_changed(1).knows_of(Again, [2])
            .refuses(0, DecryptFailed).hears(Again, "not new any more"));
        /// a bundle with another identity key replaces the record, drops its sessions, and is reported
        bundle_with_another_identity [Identity: SES-12] => in_session(|t| t.says(BOB, "late")
            .bundle(Again, OTHER_IDENTITY).writes(Again, "who are you").knows_of(Again, [1]).refuses(0, DecryptFailed));
        /// a bundle in the course of a send brings another identity key: it is reported there
        another_identity_during_send [Identity: SES-10 SES-12] => in_session(|t| t.submits_to_all(Submission(&[1]))
            .answer(outdated(&[1]), Statements(&[1])).answer_changed(bundle(Again), Submission(&[1])).accepted()
            .knows_of(Again, [1]));
        /// a statement of another identity key than the pinned one: no session is opened, and none is dropped
        pinned_identity_and_statement [Identity RegistrationId: SES-10 X3DH-15] => in_session(|t| t.trusts(BOB)
            .submits_to_all(Submission(&[1])).answer(outdated(&[1]), Statements(&[1]))
            .answer(bundle(Again), Refused(UntrustedIdentity)).knows_of(BOB, [0]).hears(BOB, "still here"));
        /// another key is pinned in the course of a send: the statement of the former one repeats nothing
        another_identity_pinned_before_statement [Identity RegistrationId: SES-10 X3DH-15] => in_session(|t| t
            .submits_to_all(Submission(&[1])).answer(outdated(&[1]), Statements(&[1])).trusts(Again)
            .answer(bundle(BOB), Refused(UntrustedIdentity)).answer_changed(bundle(Again), Submission(&[1])).accepted());
        /// another key that nobody named is pinned in the course of a send, and after a restart the statement of the former one comes
        another_unnamed_identity_pinned_before_statement [Identity RegistrationId Restart: SES-10 X3DH-15] => in_session(|t| t
            .submits_to_all(Submission(&[1])).answer(outdated(&[1]), Statements(&[1]))
            .pins_as(&BOB.actor(), Again.actor().identity_key(), false, None).restart()
            .answer(bundle(BOB), Refused(UntrustedIdentity)).answer_changed(bundle(Again), Submission(&[1])).accepted());
        /// a stale record that another identity key replaces stays stale: a message makes nothing current
        stale_record_and_another_identity [Stale Identity: SES-11 SES-12] => one_gone(|t| t
            .opening(Again, None, "stale and another", "I am new").reads_changed(0)
            .knows([stale(Again, [1]), known(Bob(2), [0])]).writes_not(Again, "to a stranger", NoSession)
            .sends(to_bob(), "once more", Submission(&[2])));
        /// with a pinned identity key another one is refused, in a message as in a bundle, and the session goes on
        pinned_identity [Identity StateChanged: X3DH-15 SES-12] => in_session(|t| t.trusts(BOB)
            .opening(Again, None, "pinned", "I am new").refuses(0, UntrustedIdentity)
            .bundle(Again, Err(UntrustedIdentity)).knows_of(BOB, [0]).hears(BOB, "still here"));
        /// with a pinned identity key a send refuses the bundle of another one, and nothing is sent
        pinned_identity_during_send [Identity StateChanged: X3DH-15 SES-12] => play(|t| t.trusts(BOB)
            .sends(to(BOB), "to Bob", Bundles(&[1])).answer(bundle(Again), Refused(UntrustedIdentity)).knows([])
            .answer(bundle(BOB), Submission(&[1])));
        /// another key is pinned than the session's: the session neither sends nor reads, and a send fetches a bundle
        another_identity_pinned_later [Identity: SES-12 X3DH-15] => in_session(|t| t.says(BOB, "from the stranger")
            .trusts(Again).writes_not(BOB, "to the stranger", UntrustedIdentity).refuses(0, UntrustedIdentity)
            .sends(to_bob(), "to Bob", Bundles(&[1])).answer_changed(bundle(Again), Submission(&[1]))
            .knows_of(Again, [1]));
        /// the same of a key that nobody named, and after a restart
        another_unnamed_identity_pinned_later [Identity Restart: SES-12 X3DH-15] => in_session(|t| t
            .says(BOB, "from the stranger").pins_as(&BOB.actor(), Again.actor().identity_key(), false, None).restart()
            .refuses(0, UntrustedIdentity).writes_not(BOB, "to the stranger", UntrustedIdentity));
        /// another registration id with the same identity key is no change of identity: the sessions stay
        another_registration_same_identity [Identity: SES-01 SES-12] => in_session(|t| {
            t.talk.process_bundle(&renumbered_bundle(BOB), SAME_IDENTITY);
            t.writes(BOB, "in the second session").knows([renumbered(known(BOB, [1, 0]))])
        });
        /// a device whose sessions were dropped is still known: another identity key is reported
        another_identity_after_drop [Identity Restart: SES-12] => in_session(|t| t.drops_sessions(&BOB.actor())
            .restart().opening(Again, None, "dropped", "I am new").reads_changed(0));
    }
}

/// SES-13.
fn expiry(b: &mut Builder) {
    cases! { b;
        /// a session without an answer is sent in until one second before MAXSEND, restarted or not
        silent_session_before_maxsend [Expiry Restart: SES-13] => play(|t| t.bundle(BOB, SAME_IDENTITY)
            .ticks(30 * DAY - 1).restart().writes(BOB, "the last moment").ticks(30 * DAY)
            .writes_not(BOB, "too late", NoSession));
        /// sending does not refresh a session
        sending_does_not_refresh [Expiry: SES-13] => in_session(|t| t
            .each([10, 20, 29], |t, day| t.ticks(day * DAY).writes(BOB, "are you there"))
            .ticks(30 * DAY).writes_not(BOB, "are you there", NoSession));
        /// reading refreshes a session: MAXSEND counts from the last message read
        reading_refreshes [Expiry: SES-13] => in_session(|t| t.ticks(20 * DAY).hears(BOB, "I am here")
            .ticks(50 * DAY - 1).writes(BOB, "good").ticks(50 * DAY).writes_not(BOB, "too late", NoSession));
        /// past MAXSEND a session still reads, and is sent in again from then on
        past_maxsend_still_reads [Expiry: SES-13] => in_session(|t| t.ticks(60 * DAY)
            .writes_not(BOB, "too late", NoSession).hears(BOB, "I was away").writes(BOB, "welcome back")
            .knows_of(BOB, [0]));
        /// a send past MAXSEND opens a new session
        send_past_maxsend [Expiry: SES-02 SES-13] => in_session(|t| t.ticks(30 * DAY).submits_to_all(Bundles(&[1]))
            .answer(bundle(BOB), Submission(&[1])).accepted().knows_of(BOB, [1, 0]));
        /// a refused message does not refresh a session
        refused_message_does_not_refresh [Expiry StateChanged: SES-07 SES-13] => in_session(|t| t.ticks(20 * DAY)
            .says(BOB, "I am here").refuses_damaged(0).ticks(30 * DAY).writes_not(BOB, "too late", NoSession));
        /// one second before MAXRECV a session still reads
        session_before_maxrecv [Expiry: SES-13] => in_session(|t| t.says(BOB, "after a quarter").ticks(90 * DAY - 1)
            .reads(0).ticks(90 * DAY).knows_of(BOB, [0]));
        /// at MAXRECV a session is erased, its keys with it; the device's identity key is still known
        session_erased_at_maxrecv [Expiry Identity: SES-12 SES-13] => in_session(|t| t.says(BOB, "too late")
            .secret("the old root key", "/rootKey")
            .secret("the old receiving chain key", "/receivingChains/0/progress/open/key").ticks(90 * DAY).erased()
            .knows_of(BOB, []).refuses(0, NoSession).bundle(Again, OTHER_IDENTITY));
        /// each session has a time of its own: the inactive one is erased, the active one stays
        each_session_has_its_own_time [Expiry: SES-13] => in_session(|t| t.says(BOB, "in the first session").ticks(DAY)
            .session(BOB).ticks(90 * DAY).knows_of(BOB, [1]).refuses(0, DecryptFailed));
    }
}

/// SES-18.
fn provisioning(b: &mut Builder) {
    let user = to_bob();
    cases! { b, [Provisioning: SES-18];
        /// to a device whose identity key the user named: its bundle, then the message
        to_named_key => play(|t| t.trusts(BOB).provisions(Bundles(&[1])).answer(bundle(BOB), Submission(&[1]))
            .heard(BOB, "credential").accepted());
        /// to a device that no key is pinned to, with and without a session
        to_key_that_is_not_pinned => play(|t| t.provisions(Refused(UntrustedIdentity)).session(BOB)
            .provisions(Refused(UntrustedIdentity)).sends(to(BOB), "nothing of value", Submission(&[1])));
        /// to a key that an offer's MAC vouched for, and that the user did not name
        to_key_that_is_not_named => in_session(|t| t.vouched(BOB).provisions(Refused(UntrustedIdentity))
            .restart().provisions(Refused(UntrustedIdentity)).sends(to(BOB), "nothing of value", Submission(&[1])));
        /// such a key is named later, and stays so
        key_named_later [Provisioning: X3DH-15 SES-18] => in_session(|t| t.vouched(BOB).trusts(BOB).vouched(BOB).restart().provisions(Submission(&[1])));
        /// to a user: provisioning information goes to one device
        to_user [Provisioning WrongDevice: SES-18 SES-15] => in_sessions(|t| t.trusts(BOB)
            .sends_as(user, "a credential", Purpose::Provisioning, Refused(InvalidState)));
        /// a bundle of another key than the named one, then the right one
        bundle_of_another_key [Provisioning Identity: SES-18 X3DH-15] => play(|t| t.trusts(BOB).provisions(Bundles(&[1]))
            .answer(bundle(Again), Refused(UntrustedIdentity)).knows([]).answer(bundle(BOB), Submission(&[1])));
        /// a message of another key than the named one opens no session that it could go into
        opening_of_another_key [Provisioning Identity: SES-18 X3DH-15] => play(|t| t.trusts(BOB)
            .opening(Again, Some(1), "ghost", "garbage").refuses(0, UntrustedIdentity).holds(&[1, 2, 3, 4])
            .provisions(Bundles(&[1])));
        /// the session of another key than the one that is named later: a bundle is fetched
        session_of_another_key [Provisioning Identity: SES-18 SES-12] => play(|t| t.session(Again).trusts(BOB)
            .provisions(Bundles(&[1])).answer_changed(bundle(BOB), Submission(&[1])).heard(BOB, "credential"));
        /// the pin is dropped while the bundle is awaited: nothing is encrypted
        pin_dropped_before_bundle [Provisioning Restart: SES-18] => play(|t| t.trusts(BOB).provisions(Bundles(&[1]))
            .unpins(&BOB.actor()).restart().answer(bundle(BOB), Refused(UntrustedIdentity)).knows([]));
        /// the key is pinned again while the bundle is awaited, and nobody names it: nothing is encrypted
        unnamed_before_bundle [Provisioning Restart: SES-18] => play(|t| t.trusts(BOB).provisions(Bundles(&[1])).unpins(&BOB.actor())
            .pins_as(&BOB.actor(), BOB.actor().identity_key(), false, None).restart().answer(bundle(BOB), Refused(UntrustedIdentity))
            .knows([]));
        /// the pin is dropped while the submission is under way: it is not repeated, but its acceptance is taken
        pin_dropped_before_repetition [Provisioning Rounds: SES-18 SES-10] => in_session(|t| t.trusts(BOB)
            .provisions(Submission(&[1])).unpins(&BOB.actor()).answer(outdated(&[1]), Refused(UntrustedIdentity))
            .accepted());
        /// the same where the key is pinned again, and nobody names it
        unnamed_before_repetition [Provisioning Rounds Restart: SES-18 SES-10] => in_session(|t| t.trusts(BOB)
            .provisions(Submission(&[1])).unpins(&BOB.actor())
            .pins_as(&BOB.actor(), BOB.actor().identity_key(), false, None).restart()
            .answer(outdated(&[1]), Refused(UntrustedIdentity)).accepted());
        /// outdated again and again: the same bytes, and the named key's statement each time
        statement_of_named_key [Provisioning RegistrationId: SES-18 SES-10] => in_session(|t| t.trusts(BOB)
            .provisions(Submission(&[1])).outdated_and_stated(renumbered_bundle(BOB))
            .answer(outdated(&[1]), Statements(&[1])).answer(bundle(Again), Refused(UntrustedIdentity))
            .restart().answer(bundle(BOB), Submission(&[1])).unchanged(BOB).accepted().knows_of(BOB, [0]));
    }
}

/// In a session that the device opened with Bob's first one, whose key is named; Bob opens another beside it.
fn beside(then: impl FnOnce(&mut Stage) -> &mut Stage) -> impl Case {
    in_session(|t| then(t.trusts(BOB).opened_beside_by(BOB)))
}

/// SES-19.
fn healing(b: &mut Builder) {
    cases! { b, [Healing: SES-19];
            /// the peer opens a session beside the own one: it is told, and provisioning information stays in the own one
            session_beside => beside(|t| t.knows_of(BOB, [1, 0]).provisioned_in(0).restart().provisioned_in(0));
            /// anything else goes into the session beside, which is the active one
            other_messages_go_beside [Healing Order: SES-19 SES-02] => beside(|t| t
                .sends(to(BOB), "nothing of value", Submission(&[1])).heard(BOB, "beside").accepted().knows_of(BOB, [1, 0])
                .provisioned_in(0));
            /// answers in the session beside do not win it the place
            session_beside_answers => beside(|t| t.tells(BOB, "one", "beside").hears(BOB, "two").tells(BOB, "three", "beside")
                .hears(BOB, "four").knows_of(BOB, [1, 0]).provisioned_in(0));
            /// one second before MAXSEND it is still the own one; at MAXSEND none that is there, and a bundle is fetched
            session_beside_at_maxsend [Healing Expiry: SES-19 SES-13] => in_session(|t| t.trusts(BOB).ticks(20 * DAY)
                .opened_beside_by(BOB).ticks(30 * DAY - 1).provisions(Submission(&[1])).ticks(30 * DAY)
                .tells(BOB, "one", "beside").hears(BOB, "two").provisions(Bundles(&[1]))
                .answer(bundle(BOB), Submission(&[1])).heard(BOB, "credential").knows_of(BOB, [2, 1, 0]));
            /// what is read in the own session keeps it for another MAXSEND
            own_session_goes_on [Healing Expiry: SES-19 SES-13] => in_session(|t| t.trusts(BOB).ticks(29 * DAY)
                .hears(BOB, "still here").ticks(59 * DAY - 1).provisions(Submission(&[1])));
            /// a copy of the peer opens a session, answers in it, and waits, restarted or not: it never gets the place
    clone_waits [Healing Restart: SES-19] => in_session(|t| t.trusts(BOB).opened_beside_by(Thief)
                .tells(Thief, "one", "beside").hears(Thief, "two").restart().ticks(29 * DAY).hears(Thief, "three")
                .ticks(58 * DAY).tells(Thief, "four", "beside").hears(Thief, "five").restart().provisions(Bundles(&[1])));
            /// forty-two sessions opened beside it push the own one out of no list
            many_sessions_beside [Healing Bound: SES-19 SES-04] => in_session(|t| t.trusts(BOB)
                .each(0..42, |t, _| t.opened_beside_by(Thief)).knows_of(BOB, (2..43).rev().chain([0])).restart()
                .provisioned_in(0));
            /// a session that the peer opened is not sent in: a bundle is fetched
            opened_by_the_peer => play(|t| t.trusts(BOB).opened_by(BOB).provisions(Bundles(&[1]))
                .answer(bundle(BOB), Submission(&[1])).accepted().knows_of(BOB, [1, 0]).provisioned_in(1));
            /// nor once it has answered in it
            opened_by_the_peer_and_answered => play(|t| t.trusts(BOB).opened_by(BOB).tells(BOB, "who are you", "first")
                .hears(BOB, "it is me").provisions(Bundles(&[1])));
            /// an own session that is not answered yet is sent in, though the peer has opened another
            own_session_beside_the_peers [Healing Simultaneous: SES-19 SES-08] => play(|t| t.trusts(BOB).opens(BOB, "at once")
                .heard(BOB, "at once").opened_by(BOB).knows_of(BOB, [1, 0]).provisioned_in(0));
            /// of two own sessions the one that was opened last, whichever is active
            own_session_opened_last => play(|t| t.trusts(BOB).opens(BOB, "one").heard(BOB, "one").says(BOB, "to one")
                .opens(BOB, "two").heard(BOB, "two").reads(0).knows_of(BOB, [0, 1]).provisioned_in(1));
            /// an older own session is not sent in any more, be it fresh or not
            older_own_session [Healing Expiry: SES-19 SES-13] => in_session(|t| t.trusts(BOB).says(BOB, "to one").ticks(DAY)
                .bundle(BOB, SAME_IDENTITY).ticks(30 * DAY).reads(0).provisions(Submission(&[1])).ticks(31 * DAY)
                .provisions(Bundles(&[1])));
            /// beside an own session that is not sent in any more a session of the peer's is none beside it
            session_after_maxsend [Healing Expiry: SES-19 SES-13] => in_session(|t| t.trusts(BOB).ticks(30 * DAY)
                .opened_by(BOB).provisions(Bundles(&[1])));
            /// whoever knows that the own session is lost or copied has the next one opened anew
            opened_anew => beside(|t| t.opens_anew(&BOB.actor()).restart().provisions(Bundles(&[1]))
                .answer(bundle(BOB), Submission(&[1])).heard(BOB, "anew").accepted().knows_of(BOB, [2, 1, 0])
                .provisioned_in(2));
        }
    cases! { b, [Stale Healing: SES-11 SES-09];
        /// under a pin nothing goes stale: an intermediary that calls the device gone ends the send alone
        pinned_device_called_gone => in_session(|t| t.trusts(BOB).provisions(Submission(&[1]))
            .answer(gone(&[1]), GivingUp(NotFound)).knows_of(BOB, [0]).ticks(29 * DAY).restart().provisioned_in(0));
        /// the same where the user did not name the key
        vouched_device_called_gone => in_session(|t| t.vouched(BOB).submits_to_all(Submission(&[1]))
            .answer(gone(&[1]), GivingUp(NotFound)).knows_of(BOB, [0]).writes(BOB, "in the session that is there"));
        /// the same where its bundle is not found
        pinned_bundle_not_found => in_session(|t| t.trusts(BOB).drops_sessions(&BOB.actor()).provisions(Bundles(&[1]))
            .answer(no_bundle(BOB), GivingUp(NotFound)).knows_of(BOB, []));
        /// a record that is stale when its key is pinned stays so until a bundle comes
        pinned_when_stale => in_session(|t| t.submits_to_all(Submission(&[1])).answer(gone(&[1]), GivingUp(NotFound))
            .trusts(BOB).knows([stale(BOB, [0])]).provisions(Bundles(&[1])).answer(bundle(BOB), Submission(&[1]))
            .accepted().knows_of(BOB, [1, 0]));
    }
}

/// What names a registration id: SES-10.
fn registration_ids(b: &mut Builder) {
    let wrong = |said: &Said| said.fields(|m| m.registration_id = m.registration_id % 16_380 + 1);
    cases! { b, [RegistrationId: SES-10 KEY-09];
        /// a prekey message names a registration id that is none: it is tried, and the statement names the right one
        wrong_hint => play(|t| {
            let said = wrong(&t.opening(BOB, Some(1), "wrong hint", "hello").said[0]);
            t.talk.decrypt(&said, SAME_IDENTITY);
            t.knows([renumbered(known(BOB, [0]))]).sends(to(BOB), "answer", Submission(&[1]))
                .outdated_and_stated(BOB.actor().bundle(None)).heard(BOB, "answer").accepted().knows_of(BOB, [0])
        });
        /// a later prekey message names another one than the statement: the statement's stays
        hint_against_statement => in_session(|t| {
            let said = wrong(&t.opening(BOB, Some(1), "hint", "hello").said[0]);
            t.talk.decrypt_beside(&said, SAME_IDENTITY, true);
            t.knows_of(BOB, [1, 0])
        });
        /// a later prekey message names another one than the first: the last hint counts
        hint_against_hint => play(|t| {
            let said = wrong(&t.opening(BOB, Some(1), "hint", "hello").said[0]);
            t.talk.decrypt(&said, SAME_IDENTITY);
            t.opened_by(BOB).knows_of(BOB, [1, 0])
        });
        /// the statement is not found: the device is gone
        statement_not_found [RegistrationId Stale: SES-10 SES-09] => in_sessions(|t| t
            .submits_to_all(Submission(&[1, 2])).answer(outdated(&[1]), Statements(&[1]))
            .answer(no_bundle(BOB), Submission(&[2])).unchanged(Bob(2)).accepted()
            .knows([stale(BOB, [0]), known(Bob(2), [0])]));
        /// a statement that does not verify, or is of another device, is not taken; the true one still is
        wrong_statement [RegistrationId UnexpectedAnswer: SES-10 KEY-10] => in_session(|t| {
            let spoiled = but(renumbered_bundle(BOB), |f| statement_of(f)[7] ^= 1);
            t.submits_to_all(Submission(&[1])).answer(outdated(&[1]), Statements(&[1]))
                .answer(bundled(spoiled), Refused(InvalidSignature)).unexpected(bundle(Bob(2))).unexpected(Accepted)
                .restart().answer(bundle(BOB), Submission(&[1])).unchanged(BOB).accepted()
        });
        /// a stale statement is not taken
        stale_statement [RegistrationId Expiry: SES-10 KEY-10] => in_session(|t| t.ticks(15 * DAY).hears(BOB, "here")
            .ticks(40 * DAY + 1).submits_to_all(Submission(&[1])).answer(outdated(&[1]), Statements(&[1]))
            .answer(bundle(BOB), Refused(StaleStatement))
            .answer(bundled(fresh(BOB, None, 41 * DAY)), Submission(&[1])).unchanged(BOB));
    }
}
