//! The rules of sections 2, 3 and 6 in each place where they hold: for devices that are known, pinned, named or stale, at their bounds, and over
//! restarts.

use super::super::actor::{Conversation, OTHER_IDENTITY, SAME_IDENTITY};
use super::super::prelude::*;
use super::super::public_key::encoded;
use super::super::said::Said;
use super::Asks::{Bundles, GivingUp, Refused, Statements, Submission};
use super::Peer::{Again, Bob, Carol, Mallory, Thief};
use super::{
    Asks, BOB, DAY, Stage, beside, bundle, bundled, fresh, gone, in_session, in_sessions, known,
    missing, no_bundle, one_gone, outdated, play, renumbered, renumbered_bundle, stale,
    statement_of, to, to_bob,
};
use tigress_signal::agreement::BundleFields;
use tigress_signal::timestamp::Timestamp;

pub(super) fn generate(b: &mut Builder) {
    bounds(b);
    clock(b);
    bundles(b);
    records(b);
    tails(b);
    registration_ids(b);
    stale_records(b);
    times(b);
    rounds(b);
    own_sessions(b);
}

/// Bundles of Bob's first device that are refused at that time, which is 41 days or more.
fn wrong(now: u64) -> Vec<(ErrorCode, BundleFields)> {
    let bob = BOB.actor();
    let good = || fresh(BOB, Some(1), now);
    let changed = |change: fn(&mut BundleFields)| but(good(), change);
    let stated = |change: fn(&mut BundleFields)| bob.restate(changed(change), now);
    vec![
        (Malformed, stated(|f| f.registration_id = 16_381)),
        (Malformed, stated(|f| f.signed_pre_key_id = 1 << 24)),
        (Malformed, changed(|f| f.one_time_pre_key_id = None)),
        (
            Malformed,
            stated(|f| f.suites = Some(vec!["tigress-1".into(), "tigress-1".into()])),
        ),
        (
            UnsupportedVersion,
            stated(|f| f.suites = Some(vec!["signal-v4".into()])),
        ),
        (
            InvalidKey,
            changed(|f| f.one_time_pre_key = Some(encoded(&[0; 32]))),
        ),
        (
            InvalidSignature,
            changed(|f| f.signed_pre_key_signature.0[7] ^= 1),
        ),
        (
            InvalidSignature,
            changed(|f| f.signed_pre_key = Mallory.actor().bundle(None).signed_pre_key),
        ),
        (InvalidSignature, changed(|f| statement_of(f)[7] ^= 1)),
        (
            InvalidSignature,
            changed(|f| f.registration_id = f.registration_id % 16_380 + 1),
        ),
        (
            InvalidSignature,
            changed(|f| f.created = f.created.map(|created| Timestamp(created.0 - 1))),
        ),
        (StaleStatement, bob.restate(good(), now - 40 * DAY - 1)),
        (StaleStatement, bob.restate(good(), now + 2 * DAY + 1)),
        // What is wrong in two ways is told by the first check: suites, then signatures, then the time.
        (
            InvalidSignature,
            but(bob.restate(good(), now - 40 * DAY - 1), |f| {
                statement_of(f)[7] ^= 1;
            }),
        ),
        (
            InvalidSignature,
            but(bob.restate(good(), now + 2 * DAY + 1), |f| {
                f.signed_pre_key_signature.0[7] ^= 1;
            }),
        ),
        (
            UnsupportedVersion,
            stated(|f| {
                f.suites = Some(vec!["signal-v4".into()]);
                f.signed_pre_key_signature.0[7] ^= 1;
            }),
        ),
        (
            UnsupportedVersion,
            stated(|f| {
                f.suites = Some(vec!["signal-v4".into()]);
                f.signed_pre_key = encoded(&[0; 32]);
            }),
        ),
        (Malformed, changed(|f| f.statement_signature = None)),
        (Malformed, changed(|f| f.created = None)),
        (Malformed, changed(|f| f.suites = None)),
    ]
}

impl Stage {
    /// Each of them is refused.
    fn refuses_wrong_bundles(&mut self) -> &mut Self {
        for (error, bundle) in wrong(self.now()) {
            self.talk.process_bundle(&bundle, Err(error));
        }
        self
    }

    /// Each is refused as an answer to what a send has asked for.
    fn refuses_wrong_answers(&mut self) -> &mut Self {
        for (error, bundle) in wrong(self.now()) {
            self.answer(bundled(bundle), Refused(error));
        }
        self
    }

    /// The bundle of Bob's first device, with a statement of that time.
    fn dated(&mut self, created: u64, expected: Result<bool, ErrorCode>) -> &mut Self {
        let bob = BOB.actor();
        let bundle = bob.restate(bob.bundle(None), created);
        self.talk.process_bundle(&bundle, expected);
        self
    }
}

/// X3DH-01, X3DH-02, KEY-10, KEY-11: of devices that are no strangers.
fn bundles(b: &mut Builder) {
    cases! { b, [StateChanged: X3DH-02 KEY-10 X3DH-01 KEY-11 RND-02 SES-01];
        /// wrong bundles of a device with a session: the session, the registration id and the record stay
        wrong_bundles_of_known_device => in_session(|t| t.ticks(41 * DAY).hears(BOB, "here").refuses_wrong_bundles()
            .knows_of(BOB, [0]).restart().refuses_wrong_bundles().knows_of(BOB, [0]).writes(BOB, "in the session that is there")
            .opens(BOB, "in a new one").knows_of(BOB, [1, 0]));
        /// the same of a device whose key the user named
        wrong_bundles_of_named_device [StateChanged Identity: X3DH-02 KEY-10 X3DH-01 KEY-11 X3DH-15 RND-02] => in_session(|t| t.trusts(BOB)
            .ticks(41 * DAY).hears(BOB, "here").refuses_wrong_bundles().knows_of(BOB, [0]).opens(BOB, "in a new one").restart()
            .refuses_wrong_bundles().knows_of(BOB, [1, 0]).provisioned_in(1));
        /// the same of a device whose key is pinned, and of which nothing else is known
        wrong_bundles_of_pinned_stranger [StateChanged Identity: X3DH-02 KEY-10 X3DH-01 KEY-11 X3DH-15] => play(|t| t.vouched(BOB)
            .ticks(41 * DAY).refuses_wrong_bundles().knows([]).restart().refuses_wrong_bundles().opens(BOB, "hello")
            .knows_of(BOB, [0]));
        /// the same of a device that is gone: none of them makes its record current
        wrong_bundles_of_stale_device [StateChanged Stale: X3DH-02 KEY-10 X3DH-01 KEY-11 SES-11 SES-01] => in_session(|t| t.ticks(25 * DAY)
            .hears(BOB, "here").ticks(45 * DAY).submits_to_all(Submission(&[1])).answer(gone(&[1]), GivingUp(NotFound))
            .refuses_wrong_bundles().knows([stale(BOB, [0])]).restart().writes_not(BOB, "to nobody", NoSession)
            .opens(BOB, "in a new one").knows_of(BOB, [1, 0]));
        /// the same of a device whose sessions were dropped
        wrong_bundles_after_drop => in_session(|t| t.drops_sessions(&BOB.actor()).ticks(41 * DAY).refuses_wrong_bundles()
            .knows_of(BOB, []).writes_not(BOB, "to nobody", NoSession));
        /// wrong bundles in the course of a send to a named device: the right one still opens a session
        wrong_bundles_during_send [StateChanged Provisioning: X3DH-02 KEY-10 X3DH-01 KEY-11 SES-18 RND-02] => play(|t| t.trusts(BOB).ticks(41 * DAY)
            .provisions(Bundles(&[1])).refuses_wrong_answers().restart().refuses_wrong_answers().knows([])
            .answer(bundled(fresh(BOB, Some(1), 41 * DAY)), Submission(&[1])).heard(BOB, "credential").accepted());
        /// wrong statements in the course of a send: the message and the registration id stay
        wrong_statements_during_send [StateChanged RegistrationId: KEY-10 SES-10 X3DH-02 X3DH-01 KEY-11] => in_session(|t| t.ticks(41 * DAY)
            .hears(BOB, "here").submits_to_all(Submission(&[1])).answer(outdated(&[1]), Statements(&[1])).refuses_wrong_answers()
            .knows_of(BOB, [0]).restart().answer(bundled(fresh(BOB, None, 41 * DAY)), Submission(&[1])).unchanged(BOB).accepted());
    }
}

/// X3DH-01, KEY-11: what a bundle may say at its bounds, to a device.
fn bounds(b: &mut Builder) {
    let names = |count: usize, length: usize| -> Vec<String> {
        let others = (1..count).map(|n| format!("{n:x<length$}"));
        others.chain(["tigress-1".to_owned()]).collect()
    };
    let stated = |names: Vec<String>| {
        BOB.actor()
            .restate(but(BOB.actor().bundle(None), |f| f.suites = Some(names)), 0)
    };
    cases! { b, [Normal: X3DH-01 KEY-11];
        /// 16 suites of 32 characters, this one the last; 17, and one of 33, are refused
        sixteen_suites_of_32_characters => play(|t| {
            t.talk.process_bundle(&stated(names(17, 32)), Err(Malformed));
            t.talk.process_bundle(&stated(names(2, 33)), Err(Malformed));
            t.talk.process_bundle(&stated(names(16, 32)), SAME_IDENTITY);
            t.writes(BOB, "hello")
        });
        /// names that differ in upper and lower case alone are two
        suites_in_two_cases => play(|t| {
            let names = ["TIGRESS-1", "x", "X", "tigress-1"].map(str::to_owned);
            t.talk.process_bundle(&stated(names.to_vec()), SAME_IDENTITY);
            t.writes(BOB, "hello")
        });
    }
}

/// KEY-10: a device's own clock.
fn clock(b: &mut Builder) {
    cases! { b, [Expiry: KEY-10];
        /// statements at their bounds by the device's time, restarted or not: 40 days old, and 2 days ahead
        statement_bounds_of_device => play(|t| t.ticks(45 * DAY).dated(5 * DAY - 1, Err(StaleStatement)).dated(5 * DAY, SAME_IDENTITY)
            .restart().dated(47 * DAY + 1, Err(StaleStatement)).dated(47 * DAY, SAME_IDENTITY).writes(BOB, "hello"));
        /// the same of a device whose key is pinned, and of one that is known
        statement_bounds_of_pinned_device [Expiry Identity:] => in_session(|t| t.ticks(20 * DAY).hears(BOB, "here").ticks(45 * DAY)
            .dated(5 * DAY - 1, Err(StaleStatement)).dated(47 * DAY + 1, Err(StaleStatement)).trusts(BOB)
            .dated(5 * DAY - 1, Err(StaleStatement)).dated(47 * DAY + 1, Err(StaleStatement)).restart().dated(5 * DAY, SAME_IDENTITY)
            .dated(47 * DAY, SAME_IDENTITY).writes(BOB, "hello"));
        /// the clock goes back: the last point handed in counts, restarted or not
        statement_when_clock_goes_back => play(|t| t.ticks(45 * DAY).ticks(3 * DAY).dated(5 * DAY - 1, Err(StaleStatement)).restart()
            .dated(5 * DAY - 1, Err(StaleStatement)).ticks(0).dated(47 * DAY, SAME_IDENTITY).writes(BOB, "hello"));
        /// sessions live by the same time: none is younger because the clock went back
        session_when_clock_goes_back [: KEY-10 SES-13] => in_session(|t| t.ticks(20 * DAY).ticks(DAY).hears(BOB, "here").restart()
            .ticks(2 * DAY).ticks(50 * DAY - 1).writes(BOB, "still").ticks(30 * DAY).ticks(50 * DAY).writes_not(BOB, "too late", NoSession)
            .ticks(110 * DAY - 1).knows_of(BOB, [0]).ticks(110 * DAY).knows_of(BOB, []));
        /// nor is a stale record
        stale_record_when_clock_goes_back [Stale: KEY-10 SES-11] => in_session(|t| t.ticks(5 * DAY).ticks(0)
            .submits_to_all(Submission(&[1])).answer(gone(&[1]), GivingUp(NotFound)).ticks(35 * DAY - 1).knows([stale(BOB, [0])])
            .ticks(DAY).restart().ticks(35 * DAY).knows([]));
    }
}

fn records(b: &mut Builder) {
    let devices = [1, 2, 10, 126, 127];
    cases! { b, [Normal: SES-01 ID-05];
        /// five devices of a user and one of another: records stand, and messages go, by the number of a DeviceID and not by its text
        records_by_number => play(|t| t.opened_by(Bob(127)).opened_by(Bob(10)).opened_by(Carol).opened_by(Bob(2)).opened_by(Bob(126))
            .opened_by(BOB).knows([known(BOB, [0]), known(Bob(2), [0]), known(Bob(10), [0]), known(Bob(126), [0]), known(Bob(127), [0]),
                known(Carol, [0])]).restart().submits_to_all(Submission(&devices)).heard(Bob(127), "to all").heard(Bob(10), "to all"));
        /// devices 127 and 1 are missing: their bundles are fetched by rising DeviceID
        device_127_missing [Rounds: ID-03 SES-09] => play(|t| t.submits_to_all(Submission(&[])).answer(missing(&[127, 10, 1]), Bundles(&[1, 10, 127]))
            .answer(bundle(Bob(127)), Bundles(&[1, 10])).restart().answer(bundle(BOB), Bundles(&[10]))
            .answer(bundle(Bob(10)), Submission(&[1, 10, 127])).heard(Bob(127), "to all").accepted());
        /// a record of each kind over a restart: with sessions, with none, stale, and of another identity key than at first
        records_of_each_kind [Normal Restart: SES-01 XFER-15] => in_sessions(|t| t.session(Carol).session(Mallory).drops_sessions(&Mallory.actor())
            .submits_to_all(Submission(&[1, 2])).answer(gone(&[2]), Submission(&[1])).accepted().bundle(Again, OTHER_IDENTITY)
            .writes(Again, "who are you").restart()
            .knows([known(Again, [1]), stale(Bob(2), [0]), known(Carol, [0]), known(Mallory, [])]));
    }
}

/// SES-04.
fn tails(b: &mut Builder) {
    let beside_own = |t: &mut Stage, sessions: usize| {
        for _ in 0..sessions {
            t.opened_beside_by(Thief);
        }
    };
    cases! { b, [Bound: SES-04 SES-19];
        /// the own session in the middle of the list does not count: 40 others stay
        own_session_within_the_list => in_session(|t| {
            t.trusts(BOB); beside_own(t, 21); t.hears(BOB, "in the own one"); beside_own(t, 22);
            t.knows_of(BOB, (22..44).rev().chain([0]).chain((3..22).rev())).restart().provisioned_in(0)
        });
        /// a message read in it makes the session that was active one too many: the tail goes
        own_session_read_in => in_session(|t| {
            t.trusts(BOB); beside_own(t, 42); t.hears(BOB, "in the own one");
            t.knows_of(BOB, [0].into_iter().chain((3..43).rev())).restart().knows_of(BOB, [0].into_iter().chain((3..43).rev()))
        });
        /// the same where each half of them came before a restart, and an own session is given up after it
        own_session_read_in_over_restarts => in_session(|t| {
            t.trusts(BOB).says(BOB, "late"); beside_own(t, 21); t.restart(); beside_own(t, 21); t.restart().hears(BOB, "in the own one")
                .knows_of(BOB, [0].into_iter().chain((3..43).rev())).restart()
                .opens_anew(&BOB.actor()).knows_of(BOB, [0].into_iter().chain((3..43).rev())).restart().provisions(Bundles(&[1]))
        });
        /// a message read in another session, or an own one that is opened: the own one in the middle counts in neither case
        own_session_within_the_list_read_beside => in_session(|t| {
            t.trusts(BOB); beside_own(t, 20); t.hears(BOB, "in the own one"); beside_own(t, 21);
            t.hears(Thief, "in the last").restart().knows_of(BOB, (21..42).rev().chain([0]).chain((1..21).rev())).provisioned_in(0)
        });
        /// given up it counts, and is the tail
        own_session_given_up => in_session(|t| {
            t.trusts(BOB).says(BOB, "late"); beside_own(t, 42);
            t.opens_anew(&BOB.actor()).knows_of(BOB, (2..43).rev()).restart().refuses(0, DecryptFailed).provisions(Bundles(&[1]))
        });
        /// so it does where another own one is opened
        own_session_replaced => in_session(|t| {
            t.trusts(BOB).says(BOB, "late"); beside_own(t, 41);
            t.opens(BOB, "another own one").knows_of(BOB, [42].into_iter().chain((2..42).rev())).restart().refuses(0, DecryptFailed)
                .provisioned_in(42)
        });
        /// sessions of one device push out none of another's
        tail_is_of_each_device => in_session(|t| {
            t.session(Bob(2)).many(Carol, 41);
            t.knows([known(BOB, [0]), known(Bob(2), [0]), known(Carol, (0..41).rev())])
        });
        /// what fell off the tail is a session no more, restarted or not
        forty_second_session_restarted [Bound Restart: SES-04 SES-07] => play(|t| t.many(BOB, 42).restart().refuses(0, DecryptFailed)
            .reads(1).knows_of(BOB, [1].into_iter().chain((2..42).rev())));
    }
}

/// SES-10.
fn registration_ids(b: &mut Builder) {
    let wrong_hint =
        |said: &Said| said.fields(|m| m.registration_id = m.registration_id % 16_380 + 1);
    cases! { b, [RegistrationId Restart: SES-10];
        /// a statement named it; after a restart an opening names another: the statement's stays
        hint_after_restart => in_session(|t| {
            let said = wrong_hint(&t.restart().opening(BOB, Some(1), "hint after restart", "hello").said[0]);
            t.talk.decrypt_beside(&said, SAME_IDENTITY, true);
            t.knows_of(BOB, [1, 0]).restart().knows_of(BOB, [1, 0])
        });
        /// the same after its sessions were dropped
        hint_after_drop => in_session(|t| {
            let said = wrong_hint(&t.drops_sessions(&BOB.actor()).restart().opening(BOB, Some(1), "hint after drop", "hello").said[0]);
            t.talk.decrypt(&said, SAME_IDENTITY);
            t.knows_of(BOB, [1])
        });
        /// a statement that answered an outdated registration id is one too
        hint_after_statement => play(|t| {
            let said = wrong_hint(&t.opened_by(BOB).sends(to(BOB), "answer", Submission(&[1]))
                .outdated_and_stated(renumbered_bundle(BOB)).accepted().restart().opening(BOB, Some(1), "hint after all", "hello").said[0]);
            t.talk.decrypt(&said, SAME_IDENTITY);
            t.knows([renumbered(known(BOB, [1, 0]))])
        });
        /// of another identity key no statement has named any: the hint counts again
        hint_of_another_identity [RegistrationId Identity: SES-10 SES-12] => in_session(|t| {
            let said = wrong_hint(&t.opening(Again, Some(1), "hint of another", "I am new").said[0]);
            t.talk.decrypt(&said, OTHER_IDENTITY);
            t.knows([renumbered(known(Again, [1]))]).restart().knows([renumbered(known(Again, [1]))])
        });
        /// the hint of a message in a session that is there is none
        hint_of_session_message [RegistrationId: SES-10 X3DH-13] => play(|t| {
            t.opening(BOB, Some(1), "one", "one").says(BOB, "two").reads(0);
            let said = wrong_hint(&t.said[1]);
            t.talk.decrypt(&said, SAME_IDENTITY);
            t.knows_of(BOB, [0])
        });
        /// nor does one of another session, which is not the active one, over a restart
        hint_of_inactive_session [RegistrationId Restart: SES-10 X3DH-13] => play(|t| {
            t.opening(BOB, Some(1), "one", "one").says(BOB, "two").reads(0).opening(BOB, None, "beside", "three").reads(2);
            let said = wrong_hint(&t.said[1]);
            t.restart();
            t.talk.decrypt(&said, SAME_IDENTITY);
            t.knows_of(BOB, [0, 1])
        });
        /// a refused opening hints at nothing
        hint_of_refused_opening [RegistrationId StateChanged: SES-07 SES-10] => play(|t| {
            t.opened_by(BOB);
            let said = wrong_hint(&t.opening(BOB, Some(1), "refused hint", "hello").said[0]).flipped();
            t.talk.decrypt(&said, Err(DecryptFailed));
            t.knows_of(BOB, [0])
        });
    }
}

/// SES-11.
fn stale_records(b: &mut Builder) {
    cases! { b, [Stale: SES-11];
        /// said to be gone again: MAXLATENCY counts from the first answer, restarted or not
        gone_again => one_gone(|t| t.ticks(20 * DAY).sends(to(BOB), "are you there", Bundles(&[1]))
            .answer(no_bundle(BOB), GivingUp(NotFound)).restart().ticks(30 * DAY - 1).knows([stale(BOB, [0]), known(Bob(2), [0])])
            .ticks(30 * DAY).knows_of(Bob(2), [0]));
        /// a bundle makes it current: gone after that, its 30 days begin then
        gone_again_beside_another => one_gone(|t| t.ticks(20 * DAY).bundle(BOB, SAME_IDENTITY).submits_to_all(Submission(&[1, 2]))
            .answer(gone(&[1]), Submission(&[2])).accepted().ticks(50 * DAY - 1).knows([stale(BOB, [1, 0]), known(Bob(2), [0])])
            .ticks(50 * DAY).knows_of(Bob(2), [0]));
        /// each of two further answers leaves its time as it was
        gone_again_and_again => one_gone(|t| t.ticks(10 * DAY).sends(to(BOB), "one", Bundles(&[1]))
            .answer(no_bundle(BOB), GivingUp(NotFound)).ticks(20 * DAY).sends(to(BOB), "two", Bundles(&[1])).restart()
            .answer(no_bundle(BOB), GivingUp(NotFound)).ticks(30 * DAY - 1).knows([stale(BOB, [0]), known(Bob(2), [0])])
            .ticks(30 * DAY).knows_of(Bob(2), [0]));
        /// two devices that are gone go at one point in time
        two_stale_records_at_once => in_sessions(|t| t.session(Carol).submits_to_all(Submission(&[1, 2])).answer(gone(&[1, 2]), GivingUp(NotFound))
            .knows([stale(BOB, [0]), stale(Bob(2), [0]), known(Carol, [0])]).ticks(30 * DAY).knows_of(Carol, [0]));
        /// a stale device opens a session: it is read, the record stays stale, and goes at its time with the new session
        stale_device_opens_a_session [Stale Restart: SES-11 SES-03 X3DH-12 X3DH-13 SES-02] => one_gone(|t| t.opened_by(BOB).knows([stale(BOB, [1, 0]), known(Bob(2), [0])])
            .writes_not(BOB, "to nobody", NoSession).restart().writes_not(BOB, "to nobody", NoSession)
            .sends(to_bob(), "once more", Submission(&[2])).accepted().ticks(29 * DAY).hears(BOB, "still").ticks(30 * DAY)
            .knows_of(Bob(2), [0]));
        /// another identity key comes by a message: the record is as stale as before, and goes at its time, restarted or not
        stale_record_of_another_identity_goes [Stale Identity Restart: SES-12 SES-11] => one_gone(|t| t.ticks(10 * DAY)
            .opening(Again, Some(1), "stale and other", "I am new").reads_changed(0).restart().writes_not(Again, "to a stranger", NoSession)
            .ticks(30 * DAY - 1).knows([stale(Again, [1]), known(Bob(2), [0])]).ticks(30 * DAY).knows_of(Bob(2), [0]));
        /// a bundle makes it current, and what is gone anew is stale from then on
        gone_after_it_came_back => one_gone(|t| t.ticks(10 * DAY).opens(BOB, "here again").ticks(20 * DAY)
            .submits_to_all(Submission(&[1, 2])).answer(gone(&[1]), Submission(&[2])).accepted().ticks(50 * DAY - 1)
            .knows([stale(BOB, [1, 0]), known(Bob(2), [0])]).ticks(50 * DAY).knows_of(Bob(2), [0]));
        /// a bundle of another identity key makes it current too
        bundle_of_another_identity_makes_current [Stale Identity: SES-11 SES-12] => one_gone(|t| t.bundle(Again, OTHER_IDENTITY)
            .writes(Again, "who are you").ticks(31 * DAY - 1).knows([known(Again, [1]), known(Bob(2), [0])]));
        /// a damaged message of a stale device changes nothing
        damaged_message_of_stale_device [Stale StateChanged: SES-11 SES-07 SES-05] => one_gone(|t| t.says(BOB, "late").refuses_damaged(0)
            .restart().reads(0).knows([stale(BOB, [0]), known(Bob(2), [0])]));
        /// an opening without one-time prekey is remembered when the record of its sender has gone
        opening_of_erased_record [Stale StateChanged: X3DH-14 SES-11] => play(|t| t.opening(BOB, None, "of erased", "hello").reads(0)
            .ticks(DAY).submits_to_all(Submission(&[1])).answer(gone(&[1]), GivingUp(NotFound)).ticks(31 * DAY).knows([])
            .refuses(0, DuplicateMessage).restart().refuses(0, DuplicateMessage));
        /// a stale record whose key is pinned: the bundle of another key makes nothing current
        bundle_of_another_key_for_pinned_stale [Stale Identity: X3DH-15 SES-11] => one_gone(|t| t.trusts(BOB)
            .bundle(Again, Err(UntrustedIdentity)).knows([stale(BOB, [0]), known(Bob(2), [0])]).restart().opens(BOB, "it is you")
            .knows([known(BOB, [1, 0]), known(Bob(2), [0])]));
        /// a stale record goes with the pin, as any does, and a pin that is dropped elsewhere leaves it
        pin_of_stale_device_dropped [Stale Identity: X3DH-15 SES-11] => one_gone(|t| t.trusts(BOB).trusts(Bob(2)).unpins(&Bob(2).actor())
            .knows([stale(BOB, [0])]).unpins(&BOB.actor()).restart().knows([]).opened_by(BOB).knows_of(BOB, [1]));
        /// late messages of a stale device go into the session that they are of, whichever is active
        sessions_of_stale_device [Stale Order: SES-05 SES-06 SES-11] => one_gone(|t| t.says(BOB, "in the first").opened_by(BOB)
            .reads(0).knows([stale(BOB, [0, 1]), known(Bob(2), [0])]).hears(BOB, "in the second")
            .knows([stale(BOB, [1, 0]), known(Bob(2), [0])]));
        /// the rules of an opening hold for a stale device as for any
        wrong_opening_of_stale_device [Stale StateChanged: X3DH-08 X3DH-09 X3DH-10 X3DH-11 SES-11] => one_gone(|t| {
            t.opening(BOB, Some(3), "wrong of stale", "hello");
            let unknown = t.said[0].fields(|m| m.pre_key_id = Some(9));
            t.talk.decrypt(&unknown, Err(UnknownOneTimePrekey));
            let unknown = t.said[0].fields(|m| m.signed_pre_key_id = 8);
            t.talk.decrypt(&unknown, Err(UnknownSignedPrekey));
            t.refuses_damaged(0).holds(&[1, 2, 3, 4]).knows([stale(BOB, [0]), known(Bob(2), [0])]).reads(0).holds(&[1, 2, 4])
        });
    }
}

/// SES-13.
fn times(b: &mut Builder) {
    cases! { b, [Expiry: SES-13];
        /// a session that the peer opened is sent in for MAXSEND from its first message, restarted or not
        peers_session_before_maxsend [Expiry Restart:] => play(|t| t.ticks(3 * DAY).opened_by(BOB).restart().ticks(33 * DAY - 1)
            .writes(BOB, "the last moment").restart().ticks(33 * DAY).writes_not(BOB, "too late", NoSession));
        /// and goes at MAXRECV
        peers_session_at_maxrecv [Expiry Restart:] => play(|t| t.ticks(3 * DAY).opened_by(BOB).says(BOB, "late").ticks(93 * DAY - 1)
            .restart().knows_of(BOB, [0]).ticks(93 * DAY).knows_of(BOB, []).refuses(0, DuplicateMessage));
        /// three sessions of one device, and those of another, go at one point in time; the records stay
        all_sessions_at_maxrecv => play(|t| t.many(BOB, 3).session(Carol).ticks(90 * DAY - 1).knows([known(BOB, [2, 1, 0]), known(Carol, [0])])
            .restart().ticks(90 * DAY).knows([known(BOB, []), known(Carol, [])]));
        /// reading in an inactive session refreshes that one alone
        inactive_session_refreshed [Expiry Restart:] => in_session(|t| t.says(BOB, "in the first").ticks(20 * DAY).session(BOB)
            .ticks(25 * DAY).reads(0).restart().ticks(55 * DAY - 1).writes(BOB, "in the first").ticks(55 * DAY)
            .writes_not(BOB, "too late", NoSession).ticks(110 * DAY).knows_of(BOB, [0]).ticks(115 * DAY - 1).knows_of(BOB, [0])
            .ticks(115 * DAY).knows_of(BOB, []));
        /// the active one is too old: a send opens another, and none goes into one that is younger but inactive
        active_session_alone_is_sent_in [Expiry Order: SES-02 SES-13] => play(|t| t.many(BOB, 2).ticks(29 * DAY).writes(BOB, "in the second")
            .ticks(30 * DAY).submits_to_all(Bundles(&[1])).answer(bundle(BOB), Submission(&[1])).accepted().knows_of(BOB, [2, 1, 0]));
    }
}

/// SES-14.
fn rounds(b: &mut Builder) {
    cases! { b, [Rounds Restart: SES-14];
        /// refused five times, restarted before each answer: the send gives up
        refused_five_times_restarted => in_session(|t| t.four_more_devices(Stage::restart).restart()
            .answer(missing(&[6]), GivingUp(RetryLimit)));
        /// outdated five times, restarted before each answer and each statement
        outdated_five_times_restarted [Rounds Restart RegistrationId: SES-14 SES-10] => in_session(|t| t.submits_to_all(Submission(&[1]))
            .each(1..5, |t, _| t.restart().answer(outdated(&[1]), Statements(&[1])).restart().answer(bundle(BOB), Submission(&[1])).unchanged(BOB))
            .restart().answer(outdated(&[1]), GivingUp(RetryLimit)).knows_of(BOB, [0]));
        /// the rounds of one send are not those of the next
        rounds_of_two_sends [Rounds:] => in_session(|t| t.four_more_devices(|t| t).accepted().sends(to(BOB), "another", Submission(&[1]))
            .each(1..5, |t, _| t.answer(outdated(&[1]), Statements(&[1])).answer(bundle(BOB), Submission(&[1]))).accepted());
        /// bundles that were refused, and answers to nothing, are no rounds
        refusals_are_no_rounds [Rounds UnexpectedAnswer: SES-14] => in_session(|t| t.submits_to_all(Submission(&[1]))
            .each(2..6, |t, id| {
                let spoiled = but(Bob(id).actor().bundle(None), |f| f.signed_pre_key_signature.0[7] ^= 1);
                t.answer(missing(&[id]), Bundles(&[id])).answer(bundled(spoiled), Refused(InvalidSignature)).unexpected(bundle(BOB));
                let devices: Vec<u32> = (1..=id).collect();
                t.answer(bundle(Bob(id)), Submission(&devices))
            }).accepted());
    }
}

/// SES-19.
fn own_sessions(b: &mut Builder) {
    cases! { b, [Healing: SES-19];
        /// a session beside the own one, both over a restart: it is told
        session_beside_after_restart [Healing Restart:] => in_session(|t| t.trusts(BOB).restart().opened_beside_by(BOB).restart()
            .knows_of(BOB, [1, 0]).provisioned_in(0));
        /// each further session beside is told anew; a further message in one is not
        each_session_beside_is_told => beside(|t| t.hears(BOB, "once more").opened_beside_by(Thief).hears(Thief, "me too")
            .knows_of(BOB, [2, 1, 0]));
        /// once it was given up, no session is beside it
        nothing_beside_what_was_given_up [Healing Restart:] => in_session(|t| t.trusts(BOB).opens_anew(&BOB.actor()).restart()
            .opened_by(BOB).provisions(Bundles(&[1])));
        /// nor where it was dropped
        nothing_beside_what_was_dropped => in_session(|t| t.trusts(BOB).drops_sessions(&BOB.actor()).opened_by(BOB)
            .provisions(Bundles(&[1])).answer(bundle(BOB), Submission(&[1])).heard(BOB, "credential"));
        /// the own session that was answered long ago and read in lately is told of; one that was not answered is not
        own_session_not_answered [Healing Simultaneous: SES-19 X3DH-07] => play(|t| t.trusts(BOB).opens(BOB, "one").heard(BOB, "one").opened_by(BOB)
            .restart().hears(BOB, "two").provisioned_in(0));
        /// given up, and opened anew where it is active: the next one is another
        opened_anew_twice [Healing Restart:] => in_session(|t| t.trusts(BOB).opens_anew(&BOB.actor()).opens_anew(&BOB.actor()).restart()
            .provisions(Bundles(&[1])).answer(bundle(BOB), Submission(&[1])).heard(BOB, "anew").accepted().restart().provisioned_in(1));
        /// other messages do not open one: the session that is active is sent in, though the own one was given up
        other_messages_after_giving_up [Healing Order: SES-19 SES-02] => in_session(|t| t.trusts(BOB).opens_anew(&BOB.actor())
            .writes(BOB, "in the session that is there").sends(to(BOB), "there too", Submission(&[1])).knows_of(BOB, [0]));
        /// the named device's pin is dropped and made anew: record and sessions are gone
        pin_dropped_and_made_anew [Provisioning Identity: X3DH-15 SES-18] => in_session(|t| t.trusts(BOB).unpins(&BOB.actor()).knows([])
            .trusts(BOB).restart().provisions(Bundles(&[1])).answer(bundle(BOB), Submission(&[1])).heard(BOB, "credential"));
    }
    cases! { b, [Provisioning: SES-18 X3DH-15];
        /// one of two devices of a user is named, the other is not
        one_of_two_named => in_sessions(|t| t.trusts(BOB).vouched_for(Bob(2)).restart().provisions(Submission(&[1])).heard(BOB, "credential").accepted()
            .provisions_to(Bob(2), Refused(UntrustedIdentity)));
        /// named keys stay named over restart, dropped sessions and time
        named_key_stays_named [Provisioning Restart:] => in_session(|t| t.trusts(BOB).vouched(BOB).restart().drops_sessions(&BOB.actor())
            .ticks(100 * DAY).restart().provisions(Bundles(&[1])).answer(bundled(fresh(BOB, Some(1), 100 * DAY)), Submission(&[1])));
    }
}

impl Stage {
    /// The identity key of that device is pinned, and its user did not name it.
    fn vouched_for(&mut self, peer: super::Peer) -> &mut Self {
        let peer = peer.actor();
        self.pins_as(&peer, peer.identity_key(), false, None)
    }

    fn provisions_to(&mut self, peer: super::Peer, asks: Asks<'_>) -> &mut Self {
        self.sends_as(to(peer), "a credential", super::Purpose::Provisioning, asks)
    }
}
