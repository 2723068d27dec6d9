//! The rules of section 4 in each place where they hold: in the open chain, in a new one and in a former one, in a session's first message, at
//! either of its sides, and over a restart. Whatever must be refused is encrypted as it should be.

use super::super::actor::{Conversation, SIGNED_PRE_KEY_ID};
use super::super::crafted::Opening;
use super::super::pair::{Pair, opened, pair};
use super::super::prelude::*;
use super::super::public_key::key_pair;
use super::super::said::Said;
use super::super::x3dh_initiate::{alice as new_alice, bob as new_bob};
use super::{alice, bob, read_one};
use tigress_signal::primitives::PublicKey;
use tigress_signal::timestamp::DAY;

/// The counter that no message may have.
const END: u32 = u32::MAX;
/// The greatest plaintext.
const LARGEST: usize = 65_536;

fn key(label: &str) -> PublicKey {
    *key_pair(&format!("ratchet_session/places/{label}")).public()
}

/// A first message to Bob, with that ratchet key.
fn first(ratchet_key: PublicKey) -> Opening {
    Opening {
        identity_key: new_alice().identity_key(),
        base_key: key("base"),
        ratchet_key,
        one_time: Some(2),
    }
}

/// Bob's own signed prekey, with which he answers a first message.
fn signed_prekey() -> PublicKey {
    let bundle = new_bob().bundle(None);
    PublicKey::decode(&bundle.signed_pre_key).expect("a key")
}

pub(super) fn generate(b: &mut Builder) {
    plaintexts(b);
    if is_strict() {
        counters(b);
        gaps(b);
        stored_keys(b);
        ends(b);
        own_keys(b);
        sizes(b);
    }
}

fn plaintexts(b: &mut Builder) {
    cases! { b, [Size: DR-06 DR-22];
        /// plaintexts of every length about a block, both ways
        plaintexts_about_blocks => bob(|c| c.each([1, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 127, 128, 129, 255, 256, 257],
            |c, length| { let text = seed::vec("places/blocks", length); c.says(&text).reads([0]).writes(&text) }));
    }
}

fn counters(b: &mut Builder) {
    // Each counter below is the last of its width, or the first.
    let widths = [
        127,
        128,
        16_383,
        16_384,
        (1 << 21) - 1,
        1 << 21,
        (1 << 28) - 1,
        1 << 28,
        (1 << 31) - 1,
        1 << 31,
    ];
    cases! { b, [Counter: DR-08 WIRE-04];
        /// counters and previous counters of every width, written and read
        counters_of_every_width => read_one(|c| c.each(widths, |c, n| c.peer_counter(n).receiving(n).sends(1).reads([0])
            .turns().sending(n).peer_receiving(n).turns().writes("and one more").sends(1).reads([0]).writes("in the next chain")));
        /// a chain in which nothing was written had no message, and the previous counter says so, restarted or not
        previous_counter_of_silent_chains [Normal Restart: DR-08 DR-20] => read_one(|c| {
            c.writes("one").writes("two");
            for label in ["three", "four"] {
                let said = c.in_chain(&c.chain_of(key(label)), [0, 1], label.as_bytes());
                c.read(&said).restart();
            }
            c.writes("after silence")
        });
        /// the same, restarted in between
        counters_of_every_width_restarted [Counter Restart:] => read_one(|c| c.each(widths, |c, n| c.peer_counter(n)
            .receiving(n).restart().sends(2).reads([1]).restart().reads([0]).sending(n).restart().writes("one")));
    }
}

/// DR-11: at most 1,000 keys.
fn gaps(b: &mut Builder) {
    cases! { b, [Bound: DR-11 DR-15 RND-02];
        /// a gap of 1,001 in the chain that is open, restarted or not; one of 1,000 is read
        gap_of_1001_in_open_chain => read_one(|c| c.sends(1002).refuses(1001, TooManySkipped).restart()
            .refuses(1001, TooManySkipped).reads([1000, 1001, 0]));
        /// a gap of 1,001 in a session's first message: the one-time prekey stays, and one of 1,000 is read
        gap_of_1001_in_first_message [: DR-11 X3DH-11 RND-02] => opened(Some(2), "gap of 1,001 first", |c| c.sends(1002)
            .refuses(1001, TooManySkipped).holds(&[1, 2, 3, 4]).reads([1000, 1001, 0]).holds(&[1, 3, 4]));
        /// the same where it is read before it is accepted
        gap_of_1001_read_first [: DR-11 RND-02] => opened(Some(2), "gap of 1,001 peek", |c| c.sends(1002)
            .peeks_not(1001, Said::clone, TooManySkipped).peeks(1000).reads([1000]));
        /// a gap of 1,001 in the peer's first answer
        gap_of_1001_in_first_answer => alice(Some(1), |c| c.tells("first", "gap of 1,001 answer").sends(1002)
            .refuses(1001, TooManySkipped).writes("still a prekey message").reads([1000, 1001, 0]));
        /// a gap of 1,001 in a session that is not the active one: one of 1,000 is read there
        gap_of_1001_in_inactive_session [: DR-11 SES-05] => read_one(|c| c.sends(1002).peer_opens("beside").says("hello")
            .reads([0]).refuses_late(1, 1001, TooManySkipped).restart().late(1, [1000, 1001, 0]));
        /// the gap of a chain's end counts from what was read of it, skipped keys or not
        gap_of_former_chain_from_last_read => read_one(|c| c.sends(1502).reads([500]).next_chain(1)
            .refuses(0, TooManySkipped).late(1, [501]).reads([0]).late(1, [0, 1501]));
        /// one message too far in each chain at once: neither is begun
        gap_of_1001_in_both_chains => read_one(|c| c.sends(1001).next_chain(1002).refuses(1001, TooManySkipped)
            .refuses(1000, TooManySkipped).late(1, [0]).reads([1000]).late(1, [1, 1000]).reads([0]));
    }
}

/// DR-10, DR-12, DR-14, DR-16.
fn stored_keys(b: &mut Builder) {
    cases! { b, [Bound Restart: DR-12];
        /// 2,001 keys of three chains, restarted: the oldest of the oldest chain is dropped, and it alone
        stored_keys_of_three_chains => bob(|c| c.sends(801).reads([800]).next_chain(801).reads([800]).next_chain(402)
            .reads([401]).restart().refuses_late(0, 0, DuplicateMessage).late(0, [1]).late(1, [0]).reads([0]).late(0, [799]));
        /// 2,000 keys of three chains: none is dropped
        stored_keys_2000_of_three_chains => bob(|c| c.sends(801).reads([800]).next_chain(801).reads([800]).next_chain(401)
            .restart().reads([400]).restart().late(0, [0, 1]).late(1, [0]).reads([0]));
        /// the keys that a session's first message skips count, and are the oldest
        keys_skipped_by_first_message [Bound: DR-12 DR-16] => opened(Some(2), "skipped by first", |c| c.sends(1001).reads([1000])
            .next_chain(1001).reads([1000]).next_chain(2).reads([1]).refuses_late(0, 0, DuplicateMessage).late(0, [1, 999])
            .late(1, [0]).reads([0]));
        /// what is refused drops no key: 2,000 are stored before and after
        refused_message_drops_no_key [Bound ModifiedCiphertext: DR-12 DR-15] => bob(|c| c.sends(1001).reads([1000]).next_chain(1007)
            .reads([1000]).forged(1006, Said::damaged, DecryptFailed).late(0, [0]).reads([0]));
        /// what is dropped in a session is not dropped in another
        bound_is_of_each_session [Bound:] => bob(|c| c.sends(1001).reads([1000]).next_chain(1001).reads([1000])
            .peer_opens("another").sends(1001).reads([1000]).late(0, [0]).late(1, [0]).reads([0]));
    }
    cases! { b, [OutOfOrder Restart: DR-10 DR-16];
        /// late messages of three former chains and of the open one, restarted
        late_from_four_chains_restarted => bob(|c| c.sends(3).reads([2]).next_chain(3).reads([1]).next_chain(3).reads([2])
            .next_chain(3).reads([2]).restart().late(0, [1]).late(1, [0, 2]).late(2, [0]).reads([0]).restart().late(0, [0])
            .late(2, [1]).reads([1]));
        /// keys that the first message skips: each serves once, restarted or not
        late_behind_first_message [: DR-10 DR-13] => opened(Some(2), "late behind first", |c| c.sends(4).reads([3]).restart().reads([0])
            .refuses(0, DuplicateMessage).steps(1).late(0, [2]).restart().refuses_late(0, 2, DuplicateMessage).late(0, [1])
            .refuses_late(0, 1, DuplicateMessage));
        /// late messages of a session that is not the active one, restarted
        late_in_inactive_session [: DR-10 DR-13 SES-05] => bob(|c| c.sends(3).reads([2]).next_chain(3).reads([2]).peer_opens("beside").says("hello")
            .reads([0]).restart().late(0, [0]).late(1, [1]).restart().late(0, [1]).late(1, [0]));
    }
    cases! { b, [Expiry: DR-16];
        /// a late message after 4 further steps, restarted behind each
        late_after_4_steps_restarted [Expiry Restart: DR-16 DR-10] => bob(|c| c.sends(2).reads([1])
            .each(0..4, |c, _| c.steps(1).restart()).late(0, [0]));
        /// after 5 steps, restarted behind each, it is gone; that of the next chain is not
        late_after_5_steps_restarted [Expiry Restart:] => bob(|c| c.sends(2).reads([1]).next_chain(2).reads([1])
            .each(0..4, |c, _| c.steps(1).restart()).refuses_late(0, 0, DecryptFailed).late(1, [0]));
        /// keys that the first message skips age like others
        first_message_skips_and_5_steps => opened(Some(2), "skips and steps", |c| c.sends(3).reads([2]).steps(4).late(0, [1]).steps(1)
            .refuses_late(0, 0, DecryptFailed));
        /// steps in another session age nothing here
        steps_in_another_session => bob(|c| c.sends(2).reads([1]).peer_opens("another").says("hello").reads([0]).steps(5)
            .late(0, [0]));
        /// no clock erases them: 89 days later a skipped key still opens its message
        skipped_key_after_89_days => bob(|c| c.sends(2).reads([1]).ticks(89 * DAY).restart().reads([0]));
        /// the same for the open chain and the one before, 31 days later and looked at day by day
        skipped_keys_of_two_chains_after_31_days => bob(|c| c.sends(3).reads([2]).next_chain(2).reads([1])
            .each(1..32, |c, day| c.ticks(day * DAY)).reads([0]).late(0, [1, 0]));
    }
    cases! { b, [Replay: DR-14];
        /// each message again: of the open chain, of a former one, by a stored key, and of a session that is not the active one
        each_message_again [Replay Restart:] => bob(|c| c.sends(3).reads([0, 2, 1]).next_chain(3).reads([2, 0]).restart()
            .each([0, 1, 2], |c, n| c.refuses_late(0, n, DuplicateMessage)).each([2, 0], |c, n| c.refuses(n, DuplicateMessage))
            .reads([1]).refuses(1, DuplicateMessage));
        /// a message that was read is known again after 4 further steps, with nothing stored of its chain
        read_before_4_steps [Replay Expiry: DR-14 DR-16] => read_one(|c| c.steps(4).restart().refuses_late(0, 0, DuplicateMessage));
    }
}

/// DR-18: no message has the last counter.
fn ends(b: &mut Builder) {
    cases! { b, [Counter: DR-18 DR-15];
        /// a message of counter 2^32 - 1, encrypted as it should be, where the chain stands there
        last_counter_encrypted => read_one(|c| {
            c.receiving(END);
            let said = c.in_chain(&c.open_chain(), [END, 0], b"one too many");
            c.refuse(&said, CounterExhausted).restart().refuse(&said, CounterExhausted).next_chain(1).reads([0])
        });
        /// the last counter is claimed in a new chain: the gap is too great, and that counts first
        last_counter_claimed_in_new_chain [: DR-11 DR-18] => read_one(|c| c.next_chain(1)
            .forged(0, |m| m.counter(END), TooManySkipped).restart().reads([0]));
        /// the same a message further on, and a thousand; a gap that is too great counts first
        last_counter_ahead => read_one(|c| {
            let ahead = |c: &mut Pair, by: u32, error| {
                c.receiving(END - by);
                let said = c.in_chain(&c.open_chain(), [END, 0], b"one too many");
                c.refuse(&said, error);
            };
            ahead(c, 1001, TooManySkipped); ahead(c, 1000, CounterExhausted); ahead(c, 1, CounterExhausted);
            let last = c.in_chain(&c.open_chain(), [END - 1, 0], b"the last");
            c.read(&last).refuse(&last, DuplicateMessage)
        });
        /// a chain of 2^32 - 1 messages has ended: the keys up to its last one are stored
        chain_that_ended_there [Counter OutOfOrder: DR-18 DR-09] => read_one(|c| {
            c.receiving(END - 3);
            let late = c.in_chain(&c.open_chain(), [END - 1, 0], b"the last of the former chain");
            let next = c.in_chain(&c.chain_of(key("behind the end")), [0, END], b"in the next");
            c.read(&next).restart().read(&late).refuse(&late, DuplicateMessage)
        });
        /// a message with the last counter in a session that is not the active one, encrypted as it should be
        last_counter_in_inactive_session [: DR-18 SES-07] => read_one(|c| {
            c.receiving(END);
            let said = c.in_chain(&c.open_chain(), [END, 0], b"one too many");
            c.peer_opens("beside").says("hello").reads([0]).refuse(&said, TooManySkipped).restart().refuse(&said, TooManySkipped)
        });
        /// the last counter as initiator, while every message is a prekey message
        last_counter_of_initiator => alice(Some(1), |c| c.sending(END - 1).writes("the last")
            .writes_not("one too many, and for nobody else", CounterExhausted).restart().writes_not("and again, for nobody else", CounterExhausted));
    }
}

/// DR-20, DR-21.
fn own_keys(b: &mut Builder) {
    cases! { b, [InvalidKey ModifiedHeader: DR-21 DR-15];
        /// the device's own ratchet key, under which it could decrypt, restarted or not
        own_ratchet_key_encrypted => read_one(|c| {
            let own = c.own_ratchet_key().public_key();
            let said = c.in_chain(&c.chain_of(own), [0, 1], b"as if from myself");
            c.refuse(&said, InvalidKey).restart().refuse(&said, InvalidKey).next_chain(1).reads([0]).refuse(&said, DecryptFailed)
        });
        /// the same before the peer's first answer
        own_ratchet_key_as_initiator [: DR-21 DR-01] => alice(Some(1), |c| {
            let own = c.own_ratchet_key().public_key();
            let said = c.in_chain(&c.chain_of(own), [0, 0], b"as if from myself");
            c.tells("first", "own key as initiator").refuse(&said, InvalidKey).says("answer").reads([0])
        });
        /// a first message under the receiver's signed prekey, its own ratchet key until it answers
        own_signed_prekey_encrypted [: DR-21 DR-02 X3DH-11] => pair(new_bob(), new_alice(), |c| {
            let (loaded, sender) = (c.talk.me.loaded.clone(), c.peer.address);
            let own = first(signed_prekey()).says(&loaded, sender, b"as if from yourself");
            let good = first(key("first")).says(&loaded, sender, b"hello");
            c.refuse(&own, InvalidKey).holds(&[1, 2, 3, 4]).restart().refuse(&own, InvalidKey).read(&good)
        });
        /// a first message under the receiver's signed prekey, read before it is accepted
        own_signed_prekey_read_first [: DR-21 DR-02 X3DH-11] => pair(new_bob(), new_alice(), |c| {
            let said = first(signed_prekey()).says(&c.talk.me.loaded, c.peer.address, b"as if from yourself");
            c.batch_of(vec![said]).peeks_not(0, Said::clone, InvalidKey).holds(&[1, 2, 3, 4])
        });
        /// a former ratchet key of the device's is no current one: a chain begins with it as with any key
        former_own_ratchet_key [Normal: DR-21 DR-09] => read_one(|c| {
            let former = c.own_ratchet_key().public_key();
            c.next_chain(1).reads([0]);
            let said = c.in_chain(&c.chain_of(former), [0, 1], b"with your former key");
            c.read(&said)
        });
        /// the device's own opening message comes back, as if from the peer: it is of a session that is there
        own_opening_comes_back [InvalidKey Replay: DR-21 X3DH-13] => alice(None, |c| {
            let mine = c.encrypt("mine");
            let back = Said::by(&c.peer, mine);
            c.refuse(&back, InvalidKey).restart().refuse(&back, InvalidKey).writes("the next")
        });
    }
    cases! { b, [Normal: DR-08 DR-20 DR-09];
        /// a session that becomes active again goes on in its own chain, at its own counters; a step in it is one of it alone
        counters_of_two_sessions [Normal Restart: DR-08 DR-20 SES-06] => read_one(|c| {
            c.writes("counter 0").writes("counter 1").sends(2).peer_opens("beside").says("hello").reads([0]).writes("in the other")
                .late(1, [0]).writes("counter 2").restart().turns().peer_opens("third").says("hello").reads([0]).writes("in the third")
                .late(1, [1]).writes("counter 4")
        });
        /// a step in a session that is not the active one: it draws a ratchet key, and is sent in from then on
        step_in_inactive_session [: DR-09 SES-05 SES-06] => read_one(|c| c.next_chain(2).peer_opens("beside").says("hello").reads([0])
            .restart().late(1, [1]).writes("in the new chain").late(1, [0]));
    }
    cases! { b, [Normal: DR-20 DR-09];
        /// two steps of the peer one after the other, and nothing written between: each draws a ratchet key
        two_steps_without_a_word => read_one(|c| {
            for (label, previous) in [("one", 1), ("two", 1)] {
                let said = c.in_chain(&c.chain_of(key(label)), [0, previous], label.as_bytes());
                c.read(&said);
            }
            c.writes("counter 0").writes("counter 1")
        });
    }
}

/// DR-22.
fn sizes(b: &mut Builder) {
    let too_long = vec![0x2a; LARGEST + 1];
    let around =
        |c: &Pair, text: &[u8]| first(key("large")).says(&c.talk.me.loaded, c.peer.address, text);
    cases! { b, [Size: DR-22 DR-15];
        /// a ciphertext that holds 65,537 bytes, encrypted as it should be, is refused before any key is computed
        ciphertext_too_large => read_one(|c| {
            let said = c.in_chain(&c.open_chain(), [1, 1], &too_long);
            c.refuse(&said, TooLarge).sends(1).reads([0])
        });
        /// 65,537 bytes in a new chain, encrypted as they should be
        too_large_in_new_chain => read_one(|c| {
            let said = c.in_chain(&c.chain_of(key("too large")), [0, 1], &too_long);
            c.refuse(&said, TooLarge).next_chain(1).reads([0])
        });
        /// 65,537 bytes in place of a late message of a former chain: its stored key stays
        too_large_in_former_chain [Size OutOfOrder: DR-22 DR-13] => read_one(|c| {
            let chain = c.open_chain();
            let said = c.in_chain(&chain, [1, 1], &too_long);
            c.sends(2).reads([1]).steps(1).refuse(&said, TooLarge).late(1, [0])
        });
        /// 65,537 bytes in a session that is not the active one
        too_large_in_inactive_session [: DR-22 SES-05] => read_one(|c| {
            let said = c.in_chain(&c.open_chain(), [1, 1], &too_long);
            c.peer_opens("beside").says("hello").reads([0]).refuse(&said, TooLarge)
        });
        /// 65,536 bytes in the chain that is open
        largest_in_open_chain => read_one(|c| {
            let said = c.in_chain(&c.open_chain(), [1, 1], &too_long[1..]);
            c.read(&said).refuse(&said, DuplicateMessage)
        });
        /// 65,537 bytes in a session's first message
        too_large_in_first_message [: DR-22 X3DH-11] => pair(new_bob(), new_alice(), |c| {
            let said = around(c, &too_long);
            c.refuse(&said, TooLarge).holds_all(&[SIGNED_PRE_KEY_ID], &[1, 2, 3, 4])
        });
        /// 65,536 bytes in a session's first message: as many as there may be
        largest_in_first_message [: DR-22 WIRE-08] => pair(new_bob(), new_alice(), |c| {
            let said = around(c, &too_long[1..]);
            c.read(&said).holds(&[1, 3, 4])
        });
    }
}
