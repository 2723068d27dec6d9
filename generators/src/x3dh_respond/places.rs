//! The rules of sections 2 and 3 in each place where they hold: from strangers, known and pinned devices, in and behind sessions, and over time
//! and restarts.

use super::super::actor::{Actor, Conversation, address, erased, erased_private_key};
use super::super::crafted::{Opening, private_key};
use super::super::pair::{Pair, opened, pair};
use super::super::prelude::*;
use super::super::public_key::{encoded, first_byte, key_pair, near_prime};
use super::super::said::Said;
use super::{alice, asked, bob, creates, mallory, with_torsion};
use tigress_signal::agreement::x3dh::shared_secret;
use tigress_signal::conformance::operation::On;
use tigress_signal::conformance::operation::device::{Create, CreateInput};
use tigress_signal::conformance::operation::x3dh::Respond;
use tigress_signal::conformance::vector::conversation::Erased;
use tigress_signal::primitives::PublicKey;
use tigress_signal::timestamp::{DAY, Timestamp};

/// The lowest and the highest of the low registration ids, in a prekey message's bytes.
const HIGHEST_REGISTRATION_ID: u32 = 16_380;

pub(super) fn generate(b: &mut Builder) {
    keys(b);
    created(b);
    sessions(b);
    erasures(b);
    replays(b);
    known_senders(b);
    pins(b);
    signed_prekeys(b);
    clock(b);
}

fn public(label: &str) -> PublicKey {
    *key_pair(&format!("x3dh_respond/places/{label}")).public()
}

/// A first message to Bob, none of whose keys anybody need hold, as it is changed.
fn opening(change: impl FnOnce(&mut Opening)) -> Opening {
    let opening = Opening {
        identity_key: alice().identity_key(),
        base_key: public("base"),
        ratchet_key: public("ratchet"),
        one_time: Some(1),
    };
    but(opening, change)
}

/// The prekey message with another identity key, the ratchet message inside left alone.
fn under_mallory(said: &Said) -> Said {
    said.fields(|m| m.identity_key = mallory().identity_key())
}

/// Bob reads it.
fn reads(change: impl FnOnce(&mut Opening)) -> impl Case {
    let (opening, to) = (opening(change), bob().loaded);
    let said = opening.says(&to, alice().address, b"hello Bob");
    computed::<Respond>(asked(&to, &said, opening.one_time, "places"))
}

fn keys(b: &mut Builder) {
    let at = |u: [u8; 32]| PublicKey::decode(&encoded(&u)).expect("a key");
    let twist = at(first_byte(2));
    let highest = at(near_prime(-2));
    cases! { b, [EdgeCaseKeys: KEY-04 X3DH-03];
        /// IK_A on the twist, where no honest key is: nothing is verified by it, and nothing refuses it
        identity_key_on_the_twist => reads(|m| m.identity_key = twist);
        base_key_on_the_twist: "EK_A on the twist" => reads(|m| m.base_key = twist);
        ratchet_key_on_the_twist [: KEY-04 DR-02]: "the first ratchet key on the twist" => reads(|m| m.ratchet_key = twist);
        /// IK_A with a point of small order in it, which its sender says is its key: AD holds it as it is
        identity_key_of_mixed_order [: KEY-04 X3DH-05] => reads(|m| m.identity_key = with_torsion(&m.identity_key, 1));
        base_key_of_mixed_order: "EK_A with a point of small order in it" => reads(|m| m.base_key = with_torsion(&m.base_key, 3));
        ratchet_key_of_mixed_order [: KEY-04 DR-02]: "the first ratchet key with a point of small order in it"
            => reads(|m| m.ratchet_key = with_torsion(&m.ratchet_key, 5));
        identity_key_highest [: KEY-03 KEY-04 X3DH-03]: "IK_A with u = 2^255 - 21, the highest there is"
            => reads(|m| m.identity_key = highest);
        base_key_highest [: KEY-03 KEY-04 X3DH-03]: "EK_A with u = 2^255 - 21" => reads(|m| m.base_key = highest);
        ratchet_key_highest [: KEY-03 KEY-04 DR-02]: "the first ratchet key with u = 2^255 - 21"
            => reads(|m| m.ratchet_key = highest);
    }
}

/// Device 1 of Dora is not created once that is changed.
fn creates_not(change: impl FnOnce(&mut CreateInput)) -> impl Case {
    let input = CreateInput {
        address: address("dora", 1),
        one_time_pre_keys: 0,
        now: Timestamp(0),
        randomness: seed::bytes::<194>("x3dh_respond/places/not made").into(),
    };
    let handle = "device".to_owned();
    refused::<Create>(
        Malformed,
        On {
            handle,
            input: but(input, change),
        },
    )
}

fn created(b: &mut Builder) {
    cases! { b, [PreKeyLifetime: KEY-09 KEY-06];
        /// a device made at second 2^31: signed integers of 32 bits overflow
        device_of_2038 => creates(&[0x00, 0x02], |f| f.now = Timestamp(1 << 31));
        /// a device made at second 2^32 + 5: integers of 32 bits overflow
        device_of_2106 => creates(&[0x00, 0x03], |f| f.now = Timestamp((1 << 32) + 5));
        device_126 [: ID-03 KEY-06]: "device 126" => creates(&[0x00, 0x04], |f| f.address.device_id = 126);
        device_1 [: ID-03 KEY-06]: "device 1" => creates(&[0x00, 0x05], |f| f.address.device_id = 1);
        device_128_is_not_made [: ID-03 KEY-06]: "device 128 is not made" => creates_not(|f| f.address.device_id = 128);
        device_0_is_not_made [: ID-03 KEY-06]: "device 0 is not made" => creates_not(|f| f.address.device_id = 0);
        lowest_registration_id [: ID-04 RND-01]: "the lowest registration id" => creates(&[0x00, 0x01], |_| {});
        highest_registration_id [: ID-04 RND-01]: "the highest registration id" => creates(&[0x3f, 0xfc], |_| {});
        registration_id_of_two_bytes [: ID-04 RND-01]: "a registration id is drawn big-endian, and its highest bits are cut"
            => creates(&[0xc1, 0x00], |f| f.address.device_id = 126);
        /// registration ids 0 by their low bits, 16,382 and 16,383 are drawn again
        three_registration_ids_drawn_again [: ID-04 RND-01]
            => creates(&[0x40, 0x00, 0x3f, 0xfe, 0xff, 0xff, 0x3f, 0xfb], |_| {});
    }
}

/// X3DH-13.
fn sessions(b: &mut Builder) {
    let other_ids = |said: &Said| {
        said.fields(|m| {
            m.signed_pre_key_id = 8;
            m.pre_key_id = Some(9);
            m.registration_id = m.registration_id % HIGHEST_REGISTRATION_ID + 1;
        })
    };
    cases! { b, [WrongSender: X3DH-13];
        /// the base key of a session that is there, under another identity key: it is none of that session, restarted or not
        known_base_key_under_another_identity => opened(None, "base key of another", |c| c.says("first").reads([0]).says("second")
            .forged(0, under_mallory, DecryptFailed).restart().forged(0, under_mallory, DecryptFailed).reads([0]));
        /// the same where the session was opened by a one-time prekey
        used_base_key_under_another_identity [: X3DH-13 X3DH-09] => opened(Some(2), "opk of another", |c| c.says("first")
            .reads([0]).says("second").forged(0, under_mallory, UnknownOneTimePrekey).reads([0]));
        /// a message that is encrypted under another identity key and the base key of a session that is there: it opens a session of its own
        known_base_key_opens_another_session [: X3DH-13 SES-12] => opened(None, "base key again", |c| {
            let said = c.says("first").said(0, 0);
            c.read(&said);
            let base_key = base_key(&said);
            let other = opening(|m| (m.identity_key, m.base_key, m.one_time) = (mallory().identity_key(), base_key, None));
            let other = other.says(&c.talk.me.loaded, c.peer.address, b"I am another");
            c.read_changed(&other).refuse(&other, DuplicateMessage)
        });
        /// in a session that is there, ids and registration id are not looked at, restarted or not
        ids_of_session_messages [Normal: X3DH-13] => opened(Some(2), "other ids", |c| c.says("first").says("second").says("third")
            .late(0, [0]).reads_as(1, other_ids).restart().reads_as(2, other_ids).holds(&[1, 3, 4]));
        /// nor whether the signed prekey is still held
        session_outlives_signed_prekey [Normal PreKeyLifetime: X3DH-13 KEY-08] => opened(None, "outlives", |c| c.says("first")
            .says("second").says("third").late(0, [0]).ticks(7 * DAY).ticks(37 * DAY).late(1, [0]).restart().late(2, [0]));
        /// the same where the session is not the active one
        message_of_inactive_session [Normal: X3DH-13 SES-05 DR-14] => opened(None, "inactive", |c| c.says("first").says("second")
            .says("third").late(0, [0]).peer_opens("beside").says("beside").reads([0]).restart().late(2, [0]).late(1, [0])
            .refuses_late(1, 0, DuplicateMessage));
    }
}

fn base_key(said: &Said) -> PublicKey {
    let parsed = super::PreKeyMessage::decode(suite(), &said.message.bytes);
    parsed.expect("a prekey message").base_key
}

/// What X3DH computes on Bob's side for that first message, by his one-time prekey 2.
fn agreement_secrets(said: &Said) -> Vec<Erased> {
    let loaded = bob().loaded;
    let message =
        super::PreKeyMessage::decode(suite(), &said.message.bytes).expect("a prekey message");
    let [identity, signed, one_time] = [
        &loaded.identity_private_key,
        &loaded.signed_pre_keys[0].private_key,
        &loaded.one_time_pre_keys[1].private_key,
    ]
    .map(|key| private_key(key));
    let outputs = [
        signed.diffie_hellman(&message.identity_key),
        identity.diffie_hellman(&message.base_key),
        signed.diffie_hellman(&message.base_key),
        one_time.diffie_hellman(&message.base_key),
    ]
    .map(|output| output.expect("a key"));
    let named = (1..)
        .zip(&outputs)
        .map(|(n, output)| erased(&format!("DH{n}"), output.expose()));
    let mut secrets: Vec<Erased> = named.collect();
    let [dh1, dh2, dh3, dh4] = outputs;
    let secret = shared_secret(suite(), dh1, dh2, dh3, Some(dh4));
    secrets.push(erased("SK", secret.root.expose()));
    secrets
}

/// X3DH-06 on the responder's side.
fn erasures(b: &mut Builder) {
    cases! { b, [StateChanged PreKeyLifetime: X3DH-06 X3DH-11];
        /// the Diffie-Hellman outputs and SK are gone once the first message was read
        agreement_secrets_erased => opened(Some(2), "erased", |c| {
            let said = c.says("first").said(0, 0);
            c.remember(agreement_secrets(&said)).reads([0]).erased()
        });
        /// nor are they kept where it does not decrypt
        agreement_secrets_of_refused_message => opened(Some(2), "erased refused", |c| {
            let said = c.says("first").said(0, 0);
            c.remember(agreement_secrets(&said)).forged(0, Said::flipped, DecryptFailed).erased()
        });
        /// nor where it is read before it is accepted
        agreement_secrets_of_read_opening => opened(Some(2), "erased peek", |c| {
            let said = c.says("first").said(0, 0);
            c.remember(agreement_secrets(&said)).peeks(0).erased()
        });
    }
}

/// X3DH-14, over whatever else is forgotten.
fn replays(b: &mut Builder) {
    let anew = || {
        but(Actor::set_up_again("alice"), |it| {
            it.open(&bob().bundle(None), "set up again");
        })
    };
    cases! { b, [Replay: X3DH-14];
        /// its session has fallen off the tail of the list
        replay_behind_the_tail => opened(None, "behind the tail", |c| c.says("first").reads([0])
            .each(0..41, |c, n| c.peer_opens(&format!("{n}")).says("hello").reads([0])).refuses_late(0, 0, DuplicateMessage)
            .restart().refuses_late(0, 0, DuplicateMessage));
        /// its session went with the pin
        replay_after_unpin => opened(None, "after unpin", |c| c.says("first").pins(&alice(), alice().identity_key()).reads([0])
            .unpins(&alice()).refuses(0, DuplicateMessage).restart().refuses(0, DuplicateMessage));
        /// its session went with a pin that nobody named, over a restart
        replay_after_unnamed_unpin => opened(None, "after unnamed unpin", |c| c.says("first").reads([0])
            .pins_as(&alice(), alice().identity_key(), false, None).restart().unpins(&alice()).restart().refuses(0, DuplicateMessage));
        /// its session went when another identity key came
        replay_after_another_identity => opened(None, "after another", |c| {
            let hello = anew().says(&c.talk.me, b"I am new");
            c.says("first").reads([0]).read_changed(&hello).refuses(0, DuplicateMessage).restart().refuses(0, DuplicateMessage)
                .refuse(&hello, DuplicateMessage)
        });
        /// delivered under another address of its sender
        replay_under_another_address => opened(None, "other address", |c| {
            let other = Actor::on_device("alice", 2);
            c.says("first").reads([0]).forged(0, |m| m.of(&other), DuplicateMessage)
        });
        /// under a pin, named or not
        replay_of_pinned_device [Replay PinnedIdentity:] => opened(None, "of a pinned one", |c| c.says("first")
            .pins(&alice(), alice().identity_key()).reads([0]).drops_sessions(&alice()).refuses(0, DuplicateMessage)
            .forged(0, Said::flipped, DuplicateMessage));
        /// to a signed prekey that is replaced meanwhile, restarted each time
        replay_over_replacement [Replay PreKeyLifetime: X3DH-14 KEY-08] => opened(None, "replaced", |c| c.says("first").reads([0])
            .drops_sessions(&alice()).restart().ticks(7 * DAY).restart().ticks(14 * DAY).restart().ticks(37 * DAY - 1)
            .restart().refuses(0, DuplicateMessage).ticks(37 * DAY).refuses(0, UnknownSignedPrekey));
        /// to a signed prekey that was replaced before the opening came
        replay_of_late_opening [Replay PreKeyLifetime: X3DH-14 KEY-08] => opened(None, "late", |c| c.says("first").ticks(7 * DAY)
            .reads([0]).drops_sessions(&alice()).refuses(0, DuplicateMessage).ticks(37 * DAY - 1).refuses(0, DuplicateMessage));
        /// the same, restarted before and after it came
        replay_of_late_opening_restarted [Replay PreKeyLifetime: X3DH-14 KEY-08] => opened(None, "late restarted", |c| c.says("first")
            .ticks(7 * DAY).restart().reads([0]).drops_sessions(&alice()).restart().refuses(0, DuplicateMessage).ticks(14 * DAY)
            .restart().refuses(0, DuplicateMessage));
    }
    cases! { b, [NoOneTimePreKey: X3DH-12 X3DH-14];
        /// openings without a one-time prekey of a known device, and of one whose key is pinned, restarted or not
        openings_without_of_known_and_pinned => opened(None, "without, known", |c| c.says("one").reads([0]).peer_opens("two").says("two")
            .reads([0]).pins(&alice(), alice().identity_key()).restart().peer_opens("three").says("three").reads([0])
            .refuses_late(0, 0, DuplicateMessage).holds(&[1, 2, 3, 4]));
    }
    cases! { b, [Bound: X3DH-14];
        /// the 100 are those of a signed prekey: one that comes late, at the one before, is none of them
        late_opening_beside_a_hundred [PreKeyLifetime: KEY-08] => opened(None, "late beside 100", |c| c.says("late").ticks(7 * DAY)
            .reads([0]).each(0..100, |c, n| c.peer_opens(&format!("{n}")).says("hello").reads([0])).peer_opens("101")
            .says("one too many").refuses(0, RateLimited));
        /// the 100 are those of an identity key, whichever of its devices opens: the 101st comes from another address
        openings_of_two_addresses => pair(bob(), alice(), |c| {
            let mut other = Actor::with_keys_of_first("alice", 2);
            let mut from_other = |c: &mut Pair, label: &str| {
                other.open(&c.talk.me.bundle(None), label);
                other.says(&c.talk.me, b"from another address")
            };
            let first = from_other(c, "first of another");
            let last = from_other(c, "last of another");
            c.each(0..99, |c, n| c.peer_opens(&format!("{n}")).says("hello").reads([0])).read(&first).restart()
                .refuse(&last, RateLimited).peer_opens("101").says("one too many").refuses(0, RateLimited)
                .refuse(&first, DuplicateMessage)
        });
    }
}

/// X3DH-08 to X3DH-11, of devices that are known or pinned.
fn known_senders(b: &mut Builder) {
    let unknown_signed = |said: &Said| said.fields(|m| m.signed_pre_key_id = 8);
    let unknown_one_time = |said: &Said| said.fields(|m| m.pre_key_id = Some(9));
    let no_good = |c: &mut Pair| {
        c.forged(0, unknown_signed, UnknownSignedPrekey)
            .forged(0, unknown_one_time, UnknownOneTimePrekey)
            .forged(0, Said::flipped, DecryptFailed)
            .forged(
                0,
                |m| m.fields(|m| m.base_key = public("other")),
                DecryptFailed,
            );
    };
    cases! { b, [UnknownPreKey StateChanged: X3DH-08 X3DH-09 X3DH-10 X3DH-11 RND-02];
        /// a second opening of a device with a session: what is wrong with it changes nothing, and the true one is read
        wrong_openings_of_known_device => opened(Some(2), "known", |c| {
            c.says("first").reads([0]).peer_opens_by(3, "known again").says("second");
            no_good(c);
            c.holds(&[1, 3, 4]).restart();
            no_good(c);
            c.reads([0]).holds(&[1, 4])
        });
        /// the same of a device whose key is pinned, with and without a session
        wrong_openings_of_pinned_device [UnknownPreKey PinnedIdentity:] => opened(Some(2), "pinned", |c| {
            c.pins(&alice(), alice().identity_key()).says("first");
            no_good(c);
            c.holds(&[1, 2, 3, 4]).reads([0]).peer_opens_by(3, "pinned again").says("second");
            no_good(c);
            c.holds(&[1, 3, 4]).reads([0]).holds(&[1, 4]).refuses_late(0, 0, DuplicateMessage)
        });
        /// a message that names a one-time prekey and was made without, to a device that holds none any more
        one_time_prekey_put_in_where_none_is_held [UnknownPreKey NoOneTimePreKey: X3DH-09 X3DH-12] => pair(bob(), alice(), |c| c
            .ticks(90 * DAY).holds_all(&[7, 8], &[]).peer_opens("none held").says("first").forged(0, unknown_one_time, UnknownOneTimePrekey)
            .peeks_not(0, unknown_one_time, UnknownOneTimePrekey).reads([0]));
        /// the same where it holds others
        one_time_prekey_put_in_where_others_are_held [UnknownPreKey NoOneTimePreKey: X3DH-09 X3DH-12] => opened(None, "others held",
            |c| c.says("first").forged(0, unknown_one_time, UnknownOneTimePrekey).restart()
                .forged(0, |m| m.fields(|m| m.pre_key_id = Some(3)), DecryptFailed).holds(&[1, 2, 3, 4]).reads([0]));
        /// the same of one that was known, and whose sessions were dropped
        wrong_openings_after_drop => opened(Some(2), "dropped", |c| {
            c.says("first").reads([0]).drops_sessions(&alice()).peer_opens_by(3, "dropped again").says("second");
            no_good(c);
            c.reads([0]).holds(&[1, 4])
        });
    }
}

/// X3DH-15.
fn pins(b: &mut Builder) {
    let second = || Actor::on_device("alice", 2);
    cases! { b, [PinnedIdentity: X3DH-15];
        /// two devices of a user are pinned, each its own key: neither may come with the other's, and dropping one pin leaves the other
        two_pinned_devices_of_one_user => opened(Some(2), "two pinned", |c| {
            let (one, other) = (alice(), second());
            let mut two = second();
            two.open(&c.talk.me.bundle(Some(3)), "second of two");
            let hello = two.says(&c.talk.me, b"from the second");
            let late = two.says(&c.talk.me, b"from the second once more");
            c.pins(&one, one.identity_key()).pins(&other, other.identity_key()).says("first").says("late")
                .refuse(&hello.of(&one), UntrustedIdentity).forged_late(0, 0, |m| m.of(&other), UntrustedIdentity).late(0, [0])
                .read(&hello).unpins(&one).restart().read(&late).pins_as(&other, one.identity_key(), true, Some(UntrustedIdentity))
                .forged_late(1, 0, |m| m.of(&other), UntrustedIdentity)
        });
        /// a pin outlives sessions, one-time prekeys and restarts
        pin_outlives_all => opened(None, "outlives all", |c| c.says("first").says("second").pins(&alice(), alice().identity_key())
            .late(0, [0]).drops_sessions(&alice()).restart().ticks(100 * DAY).restart()
            .forged(0, under_mallory, UntrustedIdentity)
            .refuses(0, DuplicateMessage));
        /// a pin counts before an unknown prekey and before a session that is there
        pin_counts_first [: X3DH-15 X3DH-08] => opened(None, "counts first", |c| c.says("first").pins(&alice(), mallory().identity_key())
            .forged(0, |m| m.fields(|m| m.signed_pre_key_id = 8), UntrustedIdentity)
            .forged(0, |m| m.fields(|m| m.pre_key_id = Some(9)), UntrustedIdentity)
            .forged(0, Said::flipped, UntrustedIdentity));
        /// the pin of one user's device says nothing of another's with the same DeviceID
        pin_is_of_one_address => opened(None, "of one address", |c| {
            let carol = Actor::new("carol");
            c.pins(&carol, carol.identity_key()).says("first").reads([0]).forged(0, |m| m.of(&carol), UntrustedIdentity)
        });
    }
}

/// A device's time does not go back (KEY-10).
fn clock(b: &mut Builder) {
    cases! { b, [PreKeyLifetime: KEY-10 KEY-08];
        /// a point before the last one is read as the last one: the signed prekey is none of an earlier time, and lives its 7 days
        clock_goes_back => pair(bob(), alice(), |c| c.ticks(20 * DAY).holds_all(&[7, 8], &[1, 2, 3, 4]).ticks(3 * DAY)
            .publishes(None).ticks(27 * DAY - 1).holds_all(&[7, 8], &[1, 2, 3, 4]).ticks(DAY).restart().ticks(2 * DAY)
            .ticks(27 * DAY).holds_all(&[7, 8, 9], &[1, 2, 3, 4]).publishes(Some(2)));
        /// nor does it after a restart: what was replaced stays so for its 30 days, and a one-time prekey dies at its time
        clock_goes_back_at_restart => opened(None, "late by the clock", |c| c.says("late").ticks(7 * DAY).restart().ticks(0)
            .ticks(37 * DAY - 1).restart().ticks(0).reads([0]).ticks(37 * DAY).restart().ticks(0)
            .holds_all(&[8, 9], &[1, 2, 3, 4]).ticks(90 * DAY).restart().ticks(7 * DAY).holds_all(&[9, 10], &[]));
    }
}

/// KEY-08, KEY-12, ID-06 at their seconds.
fn signed_prekeys(b: &mut Builder) {
    let last = (1 << 24) - 1;
    cases! { b, [PreKeyLifetime: KEY-08];
        /// a second before it is 7 days old it stays
        signed_prekey_before_7_days => pair(bob(), alice(), |c| c.ticks(7 * DAY - 1).holds(&[1, 2, 3, 4]).publishes(None).restart()
            .ticks(7 * DAY).holds_all(&[7, 8], &[1, 2, 3, 4]));
        /// week after week: each is replaced in its turn, and goes 30 days after that, restarted each time
        signed_prekeys_of_many_weeks [PreKeyLifetime Restart:] => pair(bob(), alice(), |c| c
            .each([7, 14, 21, 28, 35], |c, day| c.ticks(day * DAY).restart())
            .holds_all(&[7, 8, 9, 10, 11, 12], &[1, 2, 3, 4]).ticks(37 * DAY - 1).holds_all(&[7, 8, 9, 10, 11, 12], &[1, 2, 3, 4])
            .ticks(37 * DAY).holds_all(&[8, 9, 10, 11, 12], &[1, 2, 3, 4]).restart().ticks(44 * DAY - 1)
            .holds_all(&[8, 9, 10, 11, 12, 13], &[1, 2, 3, 4]).ticks(44 * DAY).holds_all(&[9, 10, 11, 12, 13], &[1, 2, 3, 4]));
        /// four that were replaced go at one point in time
        four_signed_prekeys_erased_at_once => pair(bob(), alice(), |c| c.each([7, 14, 21, 28], |c, day| c.ticks(day * DAY))
            .ticks(100 * DAY).holds_all(&[11, 12], &[]).restart().ticks(130 * DAY).holds_all(&[12, 13], &[]));
        /// three go at one point in time, over restarts
        three_signed_prekeys_erased_at_once => pair(bob(), alice(), |c| c.ticks(7 * DAY).ticks(14 * DAY).restart().ticks(21 * DAY)
            .restart().ticks(60 * DAY).holds_all(&[10, 11], &[1, 2, 3, 4]));
        /// it is replaced late, and kept for 30 days from then
        signed_prekey_replaced_late => opened(None, "replaced late", |c| c.says("late").says("later").ticks(60 * DAY).restart()
            .ticks(90 * DAY - 1).late(0, [0]).drops_sessions(&alice()).ticks(90 * DAY).refuses_late(1, 0, UnknownSignedPrekey));
        /// messages to the current, to the former and to the one before, restarted
        three_signed_prekeys_answer [PreKeyLifetime Restart: KEY-08 X3DH-08] => opened(None, "first of three", |c| {
            let mut carol = Actor::new("carol");
            c.says("to the first").ticks(7 * DAY);
            carol.open(&c.talk.me.bundle(None), "second of three");
            let second = carol.says(&c.talk.me, b"to the second");
            c.ticks(14 * DAY).restart().reads([0]).read(&second).peer_opens("third of three").says("to the third").restart().reads([0])
        });
        /// the private key of one that was replaced is erased, restarted in between
        replaced_signed_prekey_erased_restarted [PreKeyLifetime Restart:] => pair(bob(), alice(), |c| {
            let key = c.talk.me.loaded.signed_pre_keys[0].private_key.clone();
            c.remember(erased_private_key("the signed prekey's private key", &key));
            c.ticks(7 * DAY).restart().ticks(36 * DAY).restart().ticks(37 * DAY).erased()
        });
        /// statements that the device makes after second 2^31 and after second 2^32
        statements_of_2038_and_2106 [: KEY-09 KEY-08] => pair(bob(), alice(), |c| c.ticks(1 << 31).publishes(None)
            .ticks((1 << 32) - 1).publishes(None).ticks((1 << 32) + 8 * DAY).restart().publishes(None));
        /// after the last id the lowest that is free, restarted each time
        ids_after_the_last_restarted [PreKeyLifetime Restart: ID-06 KEY-08] => pair(
            Actor::with_signed_pre_keys("bob", &[1, 3, last]), alice(), |c| c.restart().ticks(7 * DAY).restart()
                .holds_all(&[1, 2, 3, last], &[1, 2, 3, 4]).publishes(None).ticks(14 * DAY).holds_all(&[1, 2, 3, 4, last], &[1, 2, 3, 4]));
        /// the id before the last one: the last one follows, and nothing above it
        id_before_the_last [: ID-06 KEY-08] => pair(Actor::with_signed_pre_keys("bob", &[last - 1]), alice(), |c| c.ticks(7 * DAY)
            .holds_all(&[last - 1, last], &[1, 2, 3, 4]).publishes(None).restart().ticks(14 * DAY)
            .holds_all(&[1, last - 1, last], &[1, 2, 3, 4]));
    }
    cases! { b, [StateChanged: ID-04];
        /// registration id 0 in a first message: nobody authenticates it, and no device has it
        registration_id_0_in_first_message => opened(Some(2), "registration 0", |c| c.says("first")
            .forged(0, |m| m.fields(|m| m.registration_id = 0), Malformed).holds(&[1, 2, 3, 4]).reads([0]));
    }
    cases! { b, [PreKeyLifetime Restart: KEY-12];
        /// each one-time prekey lives for 90 days of its own
        one_time_prekeys_of_four_days => pair(Actor::with_one_time_pre_keys_each("bob", 10 * DAY), alice(), |c| c.ticks(40 * DAY)
            .holds_all(&[7, 8], &[1, 2, 3, 4]).ticks(100 * DAY - 1).restart().holds_all(&[8, 9], &[1, 2, 3, 4]).ticks(100 * DAY)
            .holds_all(&[8, 9], &[2, 3, 4]).ticks(119 * DAY).restart().holds_all(&[8, 9, 10], &[3, 4]).ticks(130 * DAY - 1)
            .holds_all(&[9, 10, 11], &[4]).ticks(130 * DAY).holds_all(&[9, 10, 11], &[]));
        /// one-time prekeys over restarts: a second before their 90 days they are there
        one_time_prekeys_restarted => opened(Some(2), "opk restarted", |c| c.says("late").restart().ticks(60 * DAY).restart()
            .ticks(90 * DAY - 1).holds_all(&[7, 8, 9], &[1, 2, 3, 4]).restart().ticks(90 * DAY).restart().holds_all(&[8, 9], &[])
            .refuses(0, UnknownSignedPrekey));
    }
}
