//! Which session is used, and what a session does, where its device is pinned or stale or has come with another identity key, and where the
//! session is not the active one.

use super::super::actor::{Conversation, SAME_IDENTITY};
use super::super::prelude::*;
use super::Asks::{Bundles, GivingUp, Refused, Statements, Submission};
use super::Peer::{Again, Bob};
use super::{
    BOB, DAY, Stage, bundle, bundled, gone, in_session, known, missing, no_bundle, one_gone,
    outdated, play, renumbered, renumbered_bundle, stale, to,
};

pub(super) fn generate(b: &mut Builder) {
    lists(b);
    openings(b);
    inactive(b);
    sends(b);
}

impl Stage {
    /// The intermediary says that Bob's only device is gone.
    fn says_gone(&mut self) -> &mut Self {
        self.submits_to_all(Submission(&[1]))
            .answer(gone(&[1]), GivingUp(NotFound))
    }
}

/// SES-03 to SES-07.
fn lists(b: &mut Builder) {
    cases! { b, [Order: SES-03 SES-05 SES-06 SES-07];
        /// three sessions with a device whose key is named: damaged messages change none, and whichever reads is the active one
        sessions_of_pinned_device => play(|t| t.trusts(BOB).many(BOB, 3).knows_of(BOB, (0..3).rev()).refuses_damaged(0)
            .knows_of(BOB, (0..3).rev()).reads(0).knows_of(BOB, [0, 2, 1]).restart().refuses_damaged(1).reads(1)
            .knows_of(BOB, [1, 0, 2]));
        /// the same with a device that is gone: it stays so, and is not sent to
        three_sessions_of_stale_device [Order Stale: SES-05 SES-06 SES-07 SES-11] => play(|t| t.many(BOB, 3).says_gone()
            .refuses_damaged(0).knows([stale(BOB, (0..3).rev())]).reads(0).knows([stale(BOB, [0, 2, 1])]).restart()
            .refuses_damaged(1).reads(1).knows([stale(BOB, [1, 0, 2])]).writes_not(BOB, "to nobody", NoSession));
        /// a device that is gone opens two sessions more than there is room for: the tail goes, and that alone
        tail_of_stale_device [Bound Stale: SES-04 SES-11] => play(|t| t.many(BOB, 41).says_gone().opened_by(BOB).opened_by(BOB)
            .knows([stale(BOB, [42, 41].into_iter().chain((1..41).rev()))]).refuses(0, DecryptFailed).restart().reads(1));
        /// a session of another identity key is the only one, and the next of that key the active one
        sessions_of_another_identity [Identity Order: SES-03 SES-12 SES-01] => in_session(|t| t.session(BOB)
            .opening(Again, None, "of another", "I am new").reads_changed(0).knows_of(Again, [2])
            .opening(Again, None, "of another, again", "and newer").reads(1).knows_of(Again, [3, 2]).restart()
            .writes(Again, "in the newer one"));
        /// an opening message that is damaged leaves the active session active
        refused_opening_leaves_active_session [StateChanged Order: SES-03 SES-07 X3DH-11] => in_session(|t| t.session(BOB)
            .opening(BOB, None, "leaves the active", "hello").refuses_damaged(0).knows_of(BOB, [1, 0])
            .writes(BOB, "in the second session"));
        /// a message that is damaged makes no inactive session active, and takes nothing from it
        damaged_message_of_inactive_session [StateChanged Order: SES-06 SES-07 DR-15 X3DH-13] => play(|t| t
            .opening(BOB, None, "inactive damaged", "one").says(BOB, "two").says(BOB, "three").reads(0).session(BOB)
            .refuses_damaged(1).refuses_damaged(2).knows_of(BOB, [1, 0]).restart().reads(2).knows_of(BOB, [0, 1]).reads(1));
        /// an opening beside the own session that is damaged is told to nobody, and the true one is
        refused_opening_beside [StateChanged Healing: SES-19 SES-07] => in_session(|t| {
            t.trusts(BOB).opening(BOB, None, "beside damaged", "hello again").refuses_damaged(0).knows_of(BOB, [0]).restart()
                .provisioned_in(0);
            let said = t.said.pop().expect("something was said");
            t.talk.decrypt_beside(&said, SAME_IDENTITY, true);
            t.knows_of(BOB, [1, 0])
        });
    }
}

/// X3DH-07 to X3DH-15 of devices that are pinned or stale.
fn openings(b: &mut Builder) {
    cases! { b;
        /// openings of a device whose key is named, with and without a one-time prekey: each is used by what decrypts, once
        openings_of_pinned_device [Normal StateChanged: X3DH-10 X3DH-12 X3DH-13] => play(|t| t.trusts(BOB)
            .opening(BOB, Some(1), "pinned, by a prekey", "one").says(BOB, "two").refuses_damaged(0).holds(&[1, 2, 3, 4]).reads(0)
            .holds(&[2, 3, 4]).reads(1).opening(BOB, None, "pinned, by none", "three").says(BOB, "four").reads(2)
            .refuses(1, DuplicateMessage).reads(3).knows_of(BOB, [1, 0]).holds(&[2, 3, 4]));
        /// the same of a device that is gone
        openings_of_stale_device [Stale StateChanged: X3DH-08 X3DH-10 X3DH-12 X3DH-13] => one_gone(|t| {
            t.opening(BOB, Some(3), "stale, by a prekey", "one").says(BOB, "two");
            let unknown = t.said[0].fields(|m| m.signed_pre_key_id = 99);
            t.talk.decrypt(&unknown, Err(UnknownSignedPrekey));
            t.refuses_damaged(0).holds(&[1, 2, 3, 4]).reads(0).holds(&[1, 2, 4]).reads(1)
                .opening(BOB, None, "stale, by none", "three").reads(2).refuses(1, DuplicateMessage)
                .knows([stale(BOB, [2, 1, 0]), known(Bob(2), [0])])
        });
        /// a further opening without a one-time prekey, of a device with a session
        opening_of_known_device [Normal: X3DH-12 X3DH-10] => in_session(|t| t.opened_beside_by(BOB).holds(&[1, 2, 3, 4]).knows_of(BOB, [1, 0]).restart().writes(BOB, "in the second session"));
        /// a device is gone when its key is named: another key is refused, in a message, in a bundle and in a send, and the
        /// record stays stale until the right bundle comes
        stale_device_and_another_identity_pinned [Stale Identity Provisioning: X3DH-15 SES-18 SES-19 SES-11] => in_session(|t| t
            .says_gone().trusts(BOB).bundle(Again, Err(UntrustedIdentity)).opening(Again, None, "stale and pinned", "I am new")
            .refuses(0, UntrustedIdentity).provisions(Bundles(&[1])).answer(bundle(Again), Refused(UntrustedIdentity)).restart()
            .knows([stale(BOB, [0])]).answer(bundle(BOB), Submission(&[1])).heard(BOB, "credential").accepted()
            .knows_of(BOB, [1, 0]));
        /// the peer's second answer comes first, and its first one when another chain has begun: ratchet messages all along
        late_first_answer [Order: X3DH-07 DR-10] => play(|t| t.opens(BOB, "one").heard(BOB, "late answer").says(BOB, "first answer")
            .says(BOB, "second answer").reads(1).tells(BOB, "two", "late answer").hears(BOB, "third answer").reads(0)
            .writes(BOB, "three"));
    }
}

/// Section 4 in a session that is not the active one.
fn inactive(b: &mut Builder) {
    cases! { b, [Order: DR-09 DR-20 DR-08 SES-06];
        /// a message that begins a chain in an inactive session: it draws, becomes the active one, and sends in a chain of its own
        step_in_inactive_session => in_session(|t| t.tells(BOB, "one", "inactive step").says(BOB, "two").session(BOB).reads(0)
            .knows_of(BOB, [0, 1]).tells(BOB, "three", "inactive step").tells(BOB, "four", "inactive step").hears(BOB, "five"));
        /// a session that becomes active again sends on where it was
        counters_of_inactive_session [Order Restart: DR-08 SES-06] => in_session(|t| t.says(BOB, "late").writes(BOB, "one")
            .writes(BOB, "two").session(BOB).writes(BOB, "in the second session").reads(0).knows_of(BOB, [0, 1]).restart()
            .writes(BOB, "three"));
        /// what is not encrypted counts for nothing
        refused_encryption_does_not_count [StateChanged Expiry: DR-08 SES-13] => in_session(|t| t.writes(BOB, "one")
            .ticks(30 * DAY).writes_not(BOB, "too late", NoSession).hears(BOB, "I was away").writes(BOB, "two"));
        /// a damaged message that would begin a chain draws nothing: the key drawn for the true one is the next one
        damaged_step_draws_nothing [StateChanged: DR-20 DR-09 RND-02] => in_session(|t| t.tells(BOB, "one", "damaged step")
            .says(BOB, "two").refuses_damaged(0).reads(0).tells(BOB, "three", "damaged step").hears(BOB, "four"));
        /// late messages of an inactive session, by stored keys: each once, whichever session is active
        late_twice_in_inactive_session [Order StateChanged: DR-13 DR-14 DR-10 X3DH-13] => play(|t| t
            .opening(BOB, None, "late twice", "one").says(BOB, "two").says(BOB, "three").reads(2).session(BOB).reads(1)
            .knows_of(BOB, [0, 1]).session(BOB).refuses(1, DuplicateMessage).knows_of(BOB, [2, 0, 1]).restart().reads(0)
            .refuses(0, DuplicateMessage).knows_of(BOB, [0, 2, 1]));
    }
}

/// SES-10, SES-14, SES-15.
fn sends(b: &mut Builder) {
    cases! { b, [Rounds RegistrationId: SES-10 SES-14];
        /// the first message to a device is called outdated: its statement names another registration id, and the same bytes go again
        outdated_first_message => play(|t| t.sends(to(BOB), "first", Bundles(&[1])).answer(bundle(BOB), Submission(&[1]))
            .outdated_and_stated(renumbered_bundle(BOB)).accepted().knows([renumbered(known(BOB, [0]))]));
        /// five times, and the send gives up
        first_message_refused_five_times => play(|t| t.sends(to(BOB), "first", Bundles(&[1])).answer(bundle(BOB), Submission(&[1]))
            .each(1..5, |t, _| t.answer(outdated(&[1]), Statements(&[1])).answer(bundled(BOB.actor().bundle(None)), Submission(&[1]))
                .unchanged(BOB))
            .answer(outdated(&[1]), GivingUp(RetryLimit)).knows_of(BOB, [0]));
        /// a send to the other device of a user goes to no device that is gone, whatever is called missing; one to the user asks
        /// for its bundle
        sends_beside_stale_device [WrongDevice Stale: SES-15 SES-11] => one_gone(|t| t.sends(to(Bob(2)), "to one", Submission(&[2]))
            .answer(missing(&[1]), Submission(&[2])).unchanged(Bob(2)).accepted().submits_to_all(Submission(&[2]))
            .answer(missing(&[1, 3]), Bundles(&[1, 3])).answer(bundle(Bob(3)), Bundles(&[1]))
            .answer(no_bundle(BOB), Submission(&[2, 3])).accepted()
            .knows([stale(BOB, [0]), known(Bob(2), [0]), known(Bob(3), [0])]));
    }
}
