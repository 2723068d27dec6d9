//! Family `ratchet_session`.

mod places;

use super::actor::{Actor, Conversation, SAME_IDENTITY, Talk, erased, erased_private_key};
use super::pair::{Pair, opened, pair};
use super::prelude::*;
use super::public_key::{encoded, key_pair, small_order};
use super::recorded;
use super::said::Said;
use super::signal_v3::{Keys, ratchet_message};
use super::x25519_cases;
use tigress_signal::agreement::x3dh::shared_secret;
use tigress_signal::conformance::vector::conversation::Erased;
use tigress_signal::primitives::{PrivateKey, PublicKey, Randomness};
use tigress_signal::ratchet::ChainKey;
use tigress_signal::suite::Header;
use tigress_signal::wire::{Message, MessageKind, RatchetMessage};

/// Where the parts of an established session stand in its saved form.
const ROOT_KEY: &str = "/rootKey";
const SENDING_KEY: &str = "/state/established/sending/chainKey/key";
const SENDING_RATCHET_KEY: &str = "/state/established/sending/ratchetKey";
const RECEIVING_KEY: &str = "/receivingChains/0/progress/open/key";
const FIRST_SKIPPED_KEY: &str = "/receivingChains/0/skipped/0";

/// Alice under test opens a session with Bob.
fn alice(one_time: Option<u32>, play: impl FnOnce(&mut Pair) -> &mut Pair) -> impl Case {
    pair(Actor::new("alice"), Actor::new("bob"), move |c| {
        play(c.opens(one_time))
    })
}

/// Bob under test, and Alice, once both have sent: every message is a ratchet message.
pub(super) fn bob(play: impl FnOnce(&mut Pair) -> &mut Pair) -> impl Case {
    opened(Some(1), "answered", |c| {
        c.says("hello").reads([0]);
        play(c.tells("hello yourself", "answered").anew())
    })
}

/// The same, once a message of Alice's current chain was read.
fn read_one(play: impl FnOnce(&mut Pair) -> &mut Pair) -> impl Case {
    bob(|c| play(c.sends(1).reads([0])))
}

/// A ratchet key that is nobody's.
fn nobody(label: &str) -> [u8; 33] {
    let pair = key_pair(&format!("ratchet_session/{label}"));
    pair.public().encode()
}

pub(super) fn generate(b: &mut Builder) {
    b.header("Each test is a conversation of one device: play its steps in order. Its peers are absent; what they");
    b.header("sent stands here as bytes. What a step draws is its `randomness`, all of it. After a step that must be");
    b.header("refused the device is as it was (DR-15); what a step `erased` names is not in what it would save.");
    notes! { b;
        Normal BASIC [signal("doubleratchet/")] "A conversation as honest devices have it."
            => "Whoever computes another key or counter talks to nobody.";
        Restart CONFIDENTIALITY [signal("doubleratchet/"), cwe(323)]
            "The device is saved and restored; a bug restores an older state, or part of it."
            => "A message key is used twice, which gives both plaintexts away, or messages are lost.";
        OutOfOrder INTEROPERABILITY [signal("doubleratchet/#out-of-order-messages")]
            "Messages arrive late or never; a bug loses their keys, or stops where one is missing."
            => "Messages are lost: the late one, or all that follow it.";
        Bound DENIAL_OF_SERVICE [signal("doubleratchet/#deletion-of-skipped-message-keys"), cwe(770)]
            "At or over a bound on skipped keys; a bug has none, a lower one, or drops other keys than the oldest."
            => "Without a bound a stranger says how much is computed and stored; with a lower one messages are lost.";
        Replay AUTH_BYPASS [cwe(294)] "A message is delivered again; a bug accepts it."
            => "Its command is carried out twice.";
        Expiry CONFIDENTIALITY [signal("doubleratchet/#deletion-of-skipped-message-keys")]
            "Skipped keys after further ratchet steps; a bug keeps them for ever, or erases them at once."
            => "Kept for ever they open old messages to whoever takes the device; erased at once they lose late ones.";
        ModifiedHeader AUTH_BYPASS [signal("doubleratchet/#decrypting-messages"), cwe(345)]
            "A header that its sender did not write; a bug acts on it before the tag is verified."
            => "A stranger breaks the session, or moves messages within and between chains.";
        ModifiedCiphertext AUTH_BYPASS [signal("doubleratchet/#decrypting-messages"), rfc("5116#section-2.2")]
            "A ciphertext that its sender did not write; a bug accepts it, or uses the true message's key up."
            => "A stranger writes in the sender's name, or makes the true message unreadable.";
        InvalidKey CONFIDENTIALITY [rfc("7748#section-6.1")]
            "A ratchet key that must not be used: of small order, or the receiver's own; a bug takes it."
            => "A Diffie-Hellman output is known to others, or the device's own messages are read as the peer's.";
        Counter CONFIDENTIALITY [cwe(190)] "The end of a chain; a bug wraps its counter."
            => "A counter is used again, and peers drop the second message under it.";
        Erasure CONFIDENTIALITY [signal("doubleratchet/#secure-deletion")]
            "A key that is no longer needed; a bug keeps it."
            => "Forward secrecy is gone: who takes the device reads what was read before.";
        Size DENIAL_OF_SERVICE [cwe(770)] "At or over the greatest plaintext; a bug has another bound or none."
            => "Without a bound a stranger says how much memory a message takes; with a lower one messages are lost.";
        Version INTEROPERABILITY [signal("doubleratchet/#integration-with-x3dh")]
            "A version byte whose low nibble is another one; a bug looks at the whole byte, or puts its own into the MAC."
            => "Devices of a newer library, or with a session that was carried over, are not read.";
        Recorded INTEROPERABILITY [signal("doubleratchet/")]
            "What a library in use said with these keys and this randomness."
            => "Whoever reads or writes otherwise does not speak with its users.";
        WrongKind MISSING_STEP [signal("x3dh/#receiving-the-initial-message")]
            "A message under the wrong kind, or under another name than its sender's; a bug guesses what was meant."
            => "What the envelope says and what is read are two things, and each reader believes another one.";
    }
    initiator(b);
    conversations(b);
    out_of_order(b);
    replay_and_expiry(b);
    damage(b);
    ends(b);
    erasure(b);
    places::generate(b);
    x25519_cases::note(b);
    x25519_cases::steps(b);
    if !is_strict() {
        recorded::conversations(b);
    }
}

/// The device under test opens the session.
fn initiator(b: &mut Builder) {
    cases! { b, [Normal: X3DH-07 DR-08];
        /// the first message is a prekey message
        first_is_prekey_message [: X3DH-07 X3DH-12 DR-01 DR-08] => alice(None, |c| c.writes("first"));
        /// prekey messages until the peer has answered, with the same prekey fields; ratchet messages from then on
        prekey_messages_until_answer => alice(Some(1), |c| {
            let first = c.encrypt("first"); c.writes("second").heard(&first, "prekey until");
            c.says("answer").writes("third, before the answer came").reads([0]).writes("fourth")
        });
        /// the answer starts a chain whose previous counter is 3, the length of the first
        previous_counter_of_second_chain [: DR-08 DR-09 DR-20] => alice(Some(1), |c| c
            .each(0..3, |c, n| c.tells([n], "previous counter"))
            .says("answer").reads([0]).writes("in the second chain").writes("and on"));
        /// twelve turns: every chain has a ratchet key of its own
        twelve_turns_initiator [: DR-03 DR-09 DR-20 RND-01] => alice(Some(1), |c| c.each(0..6, |c, n| {
            c.tells([n], &format!("twelve {n}")).says([n, n]).reads([0])
        }));
        /// restarted before every step
        restarts_initiator [Restart: DR-08 X3DH-07] => alice(Some(1), |c| c.each(0..3, |c, n| {
            c.restart().tells([n], &format!("restart {n}")).restart().says([n, n]).reads([0])
        }));
        second_answer_first [OutOfOrder: DR-09 DR-10 X3DH-07]: "the peer's second answer arrives before its first"
            => alice(Some(1), |c| c.tells("first", "answers").says("one").says("two").reads([0]).writes("no prekey message")
                .late(0, [0]).writes("nor this one"));
        /// a forged answer does not end the prekey messages, and draws nothing
        forged_answer [ModifiedCiphertext: X3DH-07 DR-15 RND-02] => alice(Some(1), |c| c.tells("first", "forged answer")
            .says("answer").forged(0, Said::damaged, DecryptFailed).writes("still a prekey message").reads([0]));
        /// an answer with the peer's signed prekey as ratchet key: there is no such chain
        answer_under_signed_prekey [ModifiedHeader: DR-15 DR-01] => alice(Some(1), |c| {
            let key = c.peer.bundle(None).signed_pre_key;
            c.tells("first", "signed prekey").says("answer")
                .forged(0, |m| m.ratchet_key(&key), DecryptFailed).reads([0])
        });
        /// the ephemeral key, the Diffie-Hellman outputs and SK are gone once the session is open
        agreement_secrets_erased [Erasure: X3DH-06] => pair(Actor::new("alice"), Actor::new("bob"), |c| c
            .remember(agreement_secrets(&c.talk)).opens(Some(1)).erased());
    }
}

/// What X3DH with Bob computes on its way in the next step.
fn agreement_secrets(t: &Talk) -> Vec<Erased> {
    let mut drawn = [0; 32];
    t.randomness()
        .fill(&mut drawn)
        .expect("a recorder never ends");
    let ephemeral = PrivateKey::from(drawn);
    let identity = t.me.device.keys().identity().private();
    let bundle = Actor::new("bob").bundle(Some(1));
    let one_time = bundle.one_time_pre_key.expect("it has one");
    let dh = |private: &PrivateKey, public: &[u8]| {
        let public = PublicKey::decode(public).expect("a key");
        private.diffie_hellman(&public).expect("a key")
    };
    let outputs = [
        dh(identity, &bundle.signed_pre_key),
        dh(&ephemeral, &bundle.identity_key),
        dh(&ephemeral, &bundle.signed_pre_key),
        dh(&ephemeral, &one_time),
    ];
    let mut secrets: Vec<Erased> = erased_private_key("the ephemeral private key", &drawn).into();
    for (n, output) in (1..).zip(&outputs) {
        secrets.push(erased(&format!("DH{n}"), output.expose()));
    }
    let [dh1, dh2, dh3, dh4] = outputs;
    let secret = shared_secret(suite(), dh1, dh2, dh3, Some(dh4));
    secrets.push(erased("SK", secret.root.expose()));
    secrets
}

/// Plain conversations with the responder under test.
fn conversations(b: &mut Builder) {
    cases! { b, [Normal: DR-08];
        /// twelve turns of the responder
        twelve_turns_responder [: DR-02 DR-03 DR-09 DR-20]
            => bob(|c| c.each(0..6, |c, n| c.says([n]).reads([0]).turns()));
        /// chains of one, two, three and four messages: each says how long the one before was
        chains_of_one_to_four => bob(|c| c.each(1..=4, |c, length| {
            c.sends(length).reads(0..length).each(1..length, |c, _| c.writes("one more")).turns()
        }));
        /// a chain in which nothing was sent does not exist: the previous counter is that of the last one that does
        chain_without_messages [: DR-08 DR-09]
            => bob(|c| c.says("one").reads([0]).says("two").reads([0]).writes("answer").writes("second answer"));
        /// the responder restarted before every step
        restarts_responder [Restart OutOfOrder: DR-08 DR-10] => bob(|c| c.sends(4)
            .each([2, 0, 3, 1], |c, n| c.restart().reads([n])).restart().writes("one").restart().writes("two"));
        empty_plaintext [Size: DR-22]: "an empty plaintext" => bob(|c| c.says("").reads([0]).writes(""));
        largest_plaintext [Size: DR-22 WIRE-08]: "plaintexts of 65,536 bytes, both ways"
            => bob(|c| { let largest = vec![0x2a; 65_536]; c.says(&largest).reads([0]).writes(&largest) });
        /// sessions with two peers do not touch each other
        two_peers [Normal WrongKind: DR-15 X3DH-05] => bob(|c| {
            let mut carol = Actor::new("carol"); carol.open(&c.talk.me.bundle(Some(2)), "two peers");
            let hello = carol.says(&c.talk.me, b"hello from Carol");
            c.read(&hello).says("for Bob alone").forged(0, |m| m.of(&carol), DecryptFailed).reads([0]);
            c.talk.encrypt(&carol, b"to Carol"); c.writes("to Alice")
        });
        /// a prekey message that arrives after the session is well under way
        late_prekey_message [OutOfOrder: X3DH-13 DR-10] => opened(Some(1), "late prekey", |c| c.says("first")
            .says("second").late(0, [0]).turns().says("third").reads([0]).late(1, [0]));
        /// a ratchet message from a device without a session
        ratchet_message_without_session [WrongKind: X3DH-13 DR-15] => bob(|c| {
            let message = c.encrypt("to Alice"); c.refuse(&Said::by(&Actor::new("mallory"), message), NoSession)
        });
        encrypt_without_session [WrongKind: X3DH-07]: "encrypting to a device without a session"
            => pair(Actor::new("bob"), Actor::new("mallory"), |c| c.writes_not("to nobody", NoSession));
        /// a ratchet message delivered as a prekey message
        ratchet_message_as_prekey [WrongKind: WIRE-02 WIRE-09] => bob(|c| c.says("as a ratchet message")
            .forged(0, |m| m.kind(MessageKind::PreKey), Malformed).reads([0]));
        /// a prekey message delivered as a ratchet message
        prekey_message_as_ratchet [WrongKind: WIRE-02 WIRE-09] => opened(Some(1), "as ratchet", |c| c.says("first")
            .says("second").late(0, [0]).forged(0, |m| m.kind(MessageKind::Ratchet), Malformed).reads([0]));
    }
}

fn out_of_order(b: &mut Builder) {
    if is_strict() {
        cases! { b, [Size: DR-22 DR-15 DR-08];
            plaintext_too_large: "a plaintext of 65,537 bytes is refused, and no message key is used up"
                => bob(|c| c.writes_not(vec![0x2a; 65_537], TooLarge).writes("the next counter"));
        }
    }
    cases! { b, [OutOfOrder: DR-10];
        five_in_reverse: "five messages in reverse" => bob(|c| c.sends(5).reads((0..5).rev()));
        /// ten messages, the even ones first
        even_ones_first => bob(|c| c.sends(10).reads([0, 2, 4, 6, 8, 1, 3, 5, 7, 9]));
        /// a message lost for good stops nothing
        lost_for_good => bob(|c| c.sends(4).reads([0, 2, 3]).next_chain(2).reads([0, 1]));
        /// the last messages of a chain arrive after the next chain has begun: the previous counter says that they exist
        late_end_of_chain [: DR-09 DR-10] => bob(|c| c.sends(3).reads([0]).steps(1).late(0, [2, 1]));
        /// a new chain's third message is its first to arrive
        third_of_new_chain_first [: DR-09 DR-10] => read_one(|c| c.next_chain(3).reads([2, 0, 1]));
        /// late messages of two former chains
        late_from_two_chains [: DR-09 DR-10] => bob(|c| c.sends(3).reads([1]).next_chain(3).reads([0]).steps(1)
            .late(1, [2]).late(0, [0, 2]).late(1, [1]));
        late_after_restart [OutOfOrder Restart:]: "a late message, the device restarted in between"
            => bob(|c| c.sends(2).reads([1]).turns().restart().sends(1).reads([0]).restart().late(0, [0]));
        late_makes_no_step [: DR-09 DR-10 DR-20]: "a late message makes no ratchet step: the sending chain goes on"
            => bob(|c| c.sends(2).reads([0]).steps(1).writes("counter 0").late(0, [1]).writes("counter 1"));
    }
    if is_strict() {
        bounds(b);
    } else {
        deployed_bounds(b);
    }
    cases! { b, [Bound OutOfOrder: DR-11 DR-09];
        /// the counter claims 2^32 - 2: refused before any key is computed
        claimed_counter [Bound ModifiedHeader: DR-11 DR-15]
            => bob(|c| c.sends(1).forged(0, |m| m.counter(u32::MAX - 1), TooManySkipped).reads([0]));
        /// 2,000 stored keys: all of them still open their messages
        stored_keys_2000 [: DR-12] => bob(|c| c.sends(2002).reads([1000, 2001, 0, 1, 999, 1001, 2000]));
        stored_keys_2001 [: DR-12 DR-14]: "2,001 stored keys: the oldest is dropped, and it alone"
            => bob(|c| c.sends(2004).reads([1000, 2001, 2003]).refuses(0, DuplicateMessage).reads([1, 2002]));
        /// a key that was used makes room: the bound counts what is stored
        used_key_makes_room [: DR-12 DR-13] => bob(|c| c.sends(2004).reads([1000, 2001, 5, 2003, 0]));
    }
}

/// How far chains may be ahead in signal-v3, and that former chains stay open.
fn deployed_bounds(b: &mut Builder) {
    cases! { b, [Bound OutOfOrder: V3-13];
        /// a gap of 1,000: all deployed receivers take it
        gap_of_1000 [: V3-13 DR-10] => bob(|c| c.sends(1001).reads([1000, 0, 999]));
        /// a gap of 25,000, the greatest that may be taken
        gap_of_25000 [: V3-13 DR-10] => bob(|c| c.sends(25_001).reads([25_000]).may_refuse());
        /// a gap of 1,000 at the beginning of a new chain
        gap_of_1000_in_new_chain => read_one(|c| c.next_chain(1001).reads([1000, 500]));
        /// a gap of 1,000 at the end of the former chain
        gap_of_1000_in_former_chain [: V3-12 V3-13] => bob(|c| c.sends(1001).reads([0]).steps(1).late(0, [1000, 1]));
        gap_of_1000_in_both_chains [: V3-12 V3-13]: "a gap of 1,000 in each of two chains"
            => bob(|c| c.sends(1001).reads([0]).next_chain(1001).reads([1000]).late(0, [1, 1000]).reads([0, 999]));
        /// the bound on stored keys is each chain's own
        stored_keys_of_two_chains => bob(|c| c.sends(2001).reads([2000]).next_chain(1501).reads([1500])
            .late(0, [0, 1999]).reads([0]));
        /// the counter claims 25,001 keys more than the chain has come to
        claimed_25001 [Bound ModifiedHeader: V3-13 DR-15] => bob(|c| c.sends(1)
            .forged(0, |m| m.counter(25_001), TooManySkipped).reads([0]));
        /// the same in a new chain: no ratchet step is made
        claimed_25001_in_new_chain [Bound ModifiedHeader: V3-13 DR-15 RND-02] => read_one(|c| c.next_chain(1)
            .forged(0, |m| m.counter(25_001), TooManySkipped).reads([0]));
        /// a forged message whose counter is 5,000 ahead, which the bound allows: 5,000 keys are computed, and none is kept
        forged_5000_ahead [Bound ModifiedHeader: V3-13 V3-10 DR-15] => bob(|c| c.sends(1)
            .forged(0, |m| m.counter(5_000), DecryptFailed).reads([0]));
    }
    cases! { b, [OutOfOrder ModifiedHeader: V3-12];
        /// a message of a former chain beyond what its previous counter said: the chain is open, and the MAC is right
        beyond_previous_counter => bob(|c| c.sends(3).reads([0]).peer_counter(1).steps(1)
            .late(0, [2, 1]).may_refuse());
        /// a previous counter as one library writes it, one too high
        previous_counter_counts => bob(|c| c.sends(2).reads([0]).next_chain_with(|header| header.previous_counter = 2)
            .reads([0]).late(0, [1]));
        /// a previous counter of 2^32 - 1 is nothing to look at
        previous_counter_highest [Bound ModifiedHeader:] => read_one(|c| c
            .next_chain_with(|header| header.previous_counter = u32::MAX).reads([0]).may_refuse());
    }
    cases! { b, [Version: V3-01];
        /// messages of version byte 0x34, with the MAC over it
        version_34 => bob(|c| c.sends_with(|bytes| bytes[0] = 0x34).reads([0]).writes("in 0x33 all the same"));
        /// a message made for 0x33 whose version byte was changed to 0x34: the MAC covers it
        version_changed_to_34 [Version ModifiedHeader: V3-01 V3-10] => bob(|c| c.sends(1)
            .forged(0, |m| m.bytes(|bytes| bytes[0] = 0x34), DecryptFailed).reads([0]));
    }
    cases! { b, [Normal: V3-07];
        /// an answer in the chain of the signed prekey, which the agreement begins
        answer_in_the_first_chain => alice(Some(1), |c| c.tells("first", "first chain").answered_in_first_chain(3)
            .reads([0]).writes("no longer a prekey message").reads([2, 1]).may_refuse());
    }
}

/// How far chains may be ahead in tigress-1.
fn bounds(b: &mut Builder) {
    cases! { b, [Bound OutOfOrder: DR-11 DR-09];
        /// a gap of 1,000: the greatest
        gap_of_1000 [: DR-11 DR-10] => bob(|c| c.sends(1001).reads([1000, 0, 999]));
        /// a gap of 1,001 is refused, and the messages before it can still be read
        gap_of_1001 [Bound: DR-11 DR-15] => bob(|c| c.sends(1002).refuses(1001, TooManySkipped).reads([0, 1001]));
        /// a gap is counted from the last message read, not from the chain's beginning
        gap_from_last_read [: DR-11] => bob(|c| c.sends(1501).reads([600, 1500, 0, 1499]));
        /// a gap of 1,000 at the beginning of a new chain
        gap_of_1000_in_new_chain => read_one(|c| c.next_chain(1001).reads([1000, 500]));
        /// a gap of 1,001 at the beginning of a new chain: no ratchet step is made
        gap_of_1001_in_new_chain [Bound: DR-11 DR-15 RND-02]
            => read_one(|c| c.next_chain(1002).refuses(1001, TooManySkipped).reads([1, 1001]));
        /// a gap of 1,000 at the end of the former chain
        gap_of_1000_in_former_chain => bob(|c| c.sends(1001).reads([0]).steps(1).late(0, [1000, 1]));
        /// a gap of 1,001 at the end of the former chain: the whole message is refused
        gap_of_1001_in_former_chain [Bound: DR-11 DR-15]
            => bob(|c| c.sends(1002).reads([0]).next_chain(1).refuses(0, TooManySkipped).late(0, [1]).reads([0]));
        gap_of_1000_in_both_chains [: DR-12 DR-11]: "a gap of 1,000 in each of two chains by one message"
            => bob(|c| c.sends(1001).reads([0]).next_chain(1001).reads([1000]).late(0, [1, 1000]).reads([0, 999]));
        /// a new chain claims a previous counter of 2^32 - 1
        claimed_previous_counter [Bound ModifiedHeader: DR-11 DR-15] => read_one(|c| c.next_chain(1)
            .forged(0, |m| m.previous(u32::MAX), TooManySkipped).reads([0]));
        /// over the bound in a newer chain: the keys of the older one go first
        stored_keys_of_older_chain_go_first [: DR-12 DR-14] => bob(|c| c.sends(1001).reads([1000]).next_chain(1503)
            .reads([1000, 1501]).refuses_late(0, 499, DuplicateMessage).late(0, [500]).reads([0]));
    }
}

fn replay_and_expiry(b: &mut Builder) {
    cases! { b, [Replay: DR-14];
        message_twice: "the same message twice"
            => bob(|c| c.sends(2).reads([0]).refuses(0, DuplicateMessage).reads([1]).refuses(0, DuplicateMessage));
        late_message_twice [Replay OutOfOrder: DR-13 DR-14]: "a late message twice: its stored key is gone"
            => bob(|c| c.sends(3).reads([2, 0]).refuses(0, DuplicateMessage).reads([1]));
        /// the same message again after a restart
        message_again_after_restart [Replay Restart:] => bob(|c| c.sends(2)
            .each([1, 0], |c, n| c.reads([n]).restart().refuses(n, DuplicateMessage)));
        /// a message of the former chain again
        message_of_former_chain_again => bob(|c| c.sends(2).reads([0, 1]).steps(1)
            .each([1, 0], |c, n| c.refuses_late(0, n, DuplicateMessage)));
        ratchet_step_again [: DR-14 DR-09]: "the message that made the ratchet step again"
            => read_one(|c| c.refuses(0, DuplicateMessage).writes("the chain goes on"));
        message_of_forgotten_chain [Replay Expiry: DR-14 DR-16]: "a message of a chain that is forgotten"
            => read_one(|c| c.steps(5).refuses_late(0, 0, DecryptFailed));
        /// a new chain says that the former one was shorter than what was read of it: nothing is forgotten of what was read
        former_chain_said_shorter [: DR-09 DR-14] => bob(|c| c.sends(4).reads([3]).peer_counter(2).steps(1)
            .refuses_late(0, 3, DuplicateMessage).late(0, [2, 0]));
        late_after_4_steps [Expiry OutOfOrder: DR-16 DR-10]: "a late message after 4 further ratchet steps"
            => bob(|c| c.sends(2).reads([1]).steps(4).late(0, [0]));
        /// the same of a chain that is not the first, over a restart
        late_after_4_steps_of_a_later_chain [Expiry OutOfOrder: DR-16 DR-10] => read_one(|c| c.next_chain(3).reads([2]).steps(4)
            .restart().late(1, [0, 1]));
        /// a late message after 5 further ratchet steps: its key is erased
        late_after_5_steps [Expiry Erasure: DR-16] => bob(|c| c.sends(2).reads([1])
            .secret("the skipped key", FIRST_SKIPPED_KEY).steps(5).refuses_late(0, 0, DecryptFailed).erased());
        /// messages without ratchet steps do not age skipped keys
        no_steps_no_ageing [Expiry OutOfOrder: DR-16] => bob(|c| c.sends(12).reads((1..12).chain([0])));
    }
}

fn damage(b: &mut Builder) {
    let small_order = encoded(&small_order()[2]);
    // Of another suite than the one under test; a suite's own message of another length fails where its suite looks first.
    let (version, other) = if is_strict() {
        (0x11, 0x33)
    } else {
        (0x33, 0x44)
    };
    let cut = if is_strict() {
        DecryptFailed
    } else {
        Malformed
    };
    if is_strict() {
        cases! { b, [ModifiedHeader: DR-07 DR-15];
            /// a message beyond the end that its chain was given
            beyond_end_of_chain [ModifiedHeader Counter: DR-09 DR-15] => read_one(|c| c.steps(1)
                .each([1, u32::MAX], |c, counter| c.refuse(&c.said(0, 0).counter(counter), DecryptFailed)));
            /// another previous counter in a new chain: no key of the former chain is stored
            previous_counter_in_new_chain [: DR-07 DR-09 DR-15] => read_one(|c| c.next_chain(1)
                .forged(0, |m| m.previous(m.header().previous_counter + 7), DecryptFailed)
                .forged(0, |m| m.previous(0), DecryptFailed).reads([0]));
        }
    } else {
        cases! { b, [Size ModifiedCiphertext: DR-22 DR-15];
            /// a ciphertext that would hold 65,537 bytes is refused before any key is computed
            ciphertext_too_large => bob(|c| c.sends(1)
                .forged(0, |m| m.sealed(|bytes| bytes.resize(65_536 + 17, 0)), TooLarge).reads([0]));
        }
    }
    cases! { b, [ModifiedHeader: DR-07 DR-15];
        /// another counter, further on: no key is skipped
        counter_further_on => bob(|c| c.sends(2).reads([0]).forged(1, |m| m.counter(9), DecryptFailed).reads([1]));
        counter_of_unread_message [: DR-07 DR-15 DR-13]: "the counter of a message not yet read"
            => bob(|c| c.sends(3).reads([2]).forged(1, |m| m.counter(0), DecryptFailed).reads([0, 1]));
        /// another previous counter in a known chain, where it has no use but is bound
        previous_counter_in_known_chain => bob(|c| c.sends(2).reads([0])
            .forged(1, |m| m.previous(m.header().previous_counter + 1), DecryptFailed).reads([1]));
        /// a ratchet key of nobody: whoever keeps the step made for it loses the session
        nobodys_ratchet_key [: DR-09 DR-15] => bob(|c| c.sends(1)
            .forged(0, |m| m.ratchet_key(&nobody("other")), DecryptFailed).reads([0]).writes("go on"));
        /// a hundred ratchet keys of nobody age nothing
        hundred_ratchet_keys [ModifiedHeader Expiry: DR-15 DR-16] => bob(|c| {
            let forged = |n| move |m: &Said| m.ratchet_key(&nobody(&format!("nobody {n}")));
            c.sends(2).reads([1]).each(0..100, |c, n| c.forged(0, forged(n), DecryptFailed)).reads([0])
        });
        /// the ratchet key of the former chain on a message of the current one
        ratchet_key_of_former_chain [: DR-07 DR-14] => bob(|c| {
            let former = c.sends(1).reads([0]).said(0, 0).header().ratchet_key.encode();
            c.next_chain(2).reads([0]).forged(1, |m| m.counter(0), DuplicateMessage)
                .forged(1, |m| m.ratchet_key(&former), DecryptFailed).reads([1])
        });
        /// the device's own message comes back: its ratchet key is the device's own
        own_message_comes_back [InvalidKey Replay: DR-21] => bob(|c| {
            let mine = c.encrypt("mine"); c.refuse(&Said::by(&c.peer, mine), InvalidKey).writes("the next")
        });
        /// the device's own current ratchet key on the peer's ciphertext
        own_ratchet_key [InvalidKey ModifiedHeader: DR-21 DR-15] => bob(|c| {
            let mine = c.encrypt("mine").bytes;
            let own = RatchetMessage::decode(suite(), &mine).expect("a message").header.ratchet_key.encode();
            c.sends(1).forged(0, |m| m.ratchet_key(&own), InvalidKey).reads([0])
        });
        /// a first message whose ratchet key is the receiver's signed prekey, its own first ratchet key
        own_signed_prekey [InvalidKey ModifiedHeader: DR-21 DR-02 X3DH-11] => opened(Some(1), "own signed prekey", |c| {
            let own = c.talk.me.bundle(None).signed_pre_key;
            c.says("first").forged(0, |m| m.ratchet_key(&own), InvalidKey).reads([0])
        });
        small_order_ratchet_key [InvalidKey ModifiedHeader: KEY-04 WIRE-06 DR-15]: "a ratchet key of small order"
            => bob(|c| c.sends(1).forged(0, |m| m.ratchet_key(&small_order), InvalidKey).reads([0]));
        version_byte [: WIRE-01 DR-15]: "another version byte, as of a downgrade"
            => bob(|c| c.sends(1).forged(0, |m| m.bytes(|bytes| bytes[0] = other), UnsupportedVersion).reads([0]));
    }
    cases! { b, [ModifiedCiphertext: DR-06 DR-15];
        /// every byte of tag and ciphertext changed in turn
        every_byte_changed [: DR-06 DR-15 DR-17] => bob(|c| {
            let length = c.sends(1).said(0, 0).ciphertext().len();
            let forged = |at: usize| move |m: &Said| m.sealed(|bytes| bytes[at] ^= 1 << (at % 8));
            c.each(0..length, |c, at| c.forged(0, forged(at), DecryptFailed)).reads([0])
        });
        /// a damaged message that makes a ratchet step: chains, root key and ratchet key stay
        damaged_ratchet_step [: DR-09 DR-15 DR-20] => read_one(|c| c.next_chain(1)
            .forged(0, Said::damaged, DecryptFailed).writes("in the same sending chain").reads([0]));
        /// a damaged message further on: the keys before it are not stored
        damaged_further_on [ModifiedCiphertext OutOfOrder: DR-10 DR-15]
            => bob(|c| c.sends(6).forged(5, Said::damaged, DecryptFailed).reads(0..6));
        /// a damaged late message: its stored key stays for the true one
        damaged_late_message [ModifiedCiphertext OutOfOrder: DR-13 DR-15]
            => bob(|c| c.sends(2).reads([1]).forged(0, Said::damaged, DecryptFailed).reads([0]));
        /// the ciphertexts of two messages exchanged
        ciphertexts_exchanged [: DR-06 DR-07] => bob(|c| {
            let other = c.sends(2).said(0, 1).ciphertext();
            c.forged(0, |m| m.sealed(|bytes| *bytes = other), DecryptFailed).reads([0, 1])
        });
        /// the ciphertext without its last byte
        ciphertext_cut => bob(|c| c.sends(1)
            .forged(0, |m| m.sealed(|bytes| bytes.truncate(bytes.len() - 1)), cut)
            .forged(0, |m| m.sealed(|bytes| bytes.push(0)), DecryptFailed).reads([0]));
        /// bytes that are no message
        no_message [ModifiedHeader: WIRE-05 WIRE-10 DR-15] => bob(|c| {
            let (kind, noise) = (MessageKind::Ratchet, seed::vec("ratchet_session/noise", 100));
            for (bytes, error) in [(vec![], Malformed), (vec![version], Malformed), (noise, UnsupportedVersion)] {
                c.refuse(&Said::by(&c.peer, Message { kind, bytes }), error);
            }
            c.sends(1).reads([0])
        });
    }
}

fn ends(b: &mut Builder) {
    const LAST: u32 = u32::MAX;
    cases! { b, [Counter: DR-18];
        /// the last counter that may be sent, and none after it
        last_counter_sent [: DR-18 DR-15] => bob(|c| c.sending(LAST - 1).writes("the last")
            .writes_not("one too many, and for nobody else", CounterExhausted).writes_not("and again, for nobody else", CounterExhausted));
        /// an exhausted chain still receives, and a ratchet step gives a new chain
        exhausted_chain_receives [: DR-18 DR-08 DR-09] => bob(|c| c.sending(LAST)
            .writes_not("one too many, and for nobody else", CounterExhausted).sends(1).reads([0])
            .writes("counter 0, previous counter 2^32 - 1"));
        exhausted_chain_restarted [Counter Restart:]: "a restart does not bring an exhausted chain back"
            => bob(|c| c.sending(LAST).restart().writes_not("one too many, and for nobody else", CounterExhausted));
        /// the last counter that may be received
        last_counter_received [: DR-18 DR-08] => read_one(|c| c.peer_counter(LAST - 2)
            .receiving(LAST - 2).sends(2).reads([1, 0]).refuses(1, DuplicateMessage));
        /// a message that claims counter 2^32 - 1: no sender may write it
        counter_that_nobody_may_write [Counter ModifiedHeader: DR-18 DR-15] => read_one(|c| c.peer_counter(LAST - 1)
            .receiving(LAST - 1).sends(1).forged(0, |m| m.counter(LAST), CounterExhausted).reads([0])
            .forged(0, |m| m.counter(LAST), CounterExhausted));
    }
}

impl Pair {
    /// The device answers, and the peer's next chain begins with a message that has another header, and a MAC over it.
    fn next_chain_with(&mut self, change: impl FnOnce(&mut Header)) -> &mut Self {
        self.turns()
            .crafted(|ratchet_key, counter, previous_counter| {
                let mut header = Header {
                    ratchet_key,
                    previous_counter,
                    counter,
                };
                change(&mut header);
                let key = header.ratchet_key.encode();
                move |content: &[u8]| {
                    ratchet_message(&key, header.counter, header.previous_counter, content).build()
                }
            })
    }

    /// The peer's next message is changed before its MAC is made.
    fn sends_with(&mut self, change: impl FnOnce(&mut Vec<u8>)) -> &mut Self {
        self.crafted(|ratchet_key, counter, previous_counter| {
            move |content: &[u8]| {
                let key = ratchet_key.encode();
                but(
                    ratchet_message(&key, counter, previous_counter, content).build(),
                    change,
                )
            }
        })
    }

    /// The peer's next message, put together by hand: the bytes that its MAC is made over come from outside.
    fn crafted<M: FnOnce(&[u8]) -> Vec<u8>>(
        &mut self,
        message: impl FnOnce(PublicKey, u32, u32) -> M,
    ) -> &mut Self {
        let sending = self.peer.saved(&self.talk.me, "/state/established/sending");
        let chain = (&sending["chainKey"]["key"], &sending["chainKey"]["counter"]);
        let key = chain.0["secret"].as_str().and_then(hex::decode);
        let key: [u8; 32] = key
            .and_then(|key| key.try_into().ok())
            .expect("a chain key");
        let number = |value: &serde_json::Value| value.as_u64().and_then(|n| u32::try_from(n).ok());
        let counter = number(chain.1).expect("a counter");
        let previous_counter = number(&sending["previousCounter"]).expect("a counter");
        let (message_key, _) = ChainKey::at(key, counter).step().expect("far from the end");
        // The peer's own state goes on with a message that is not delivered.
        let said = self.peer.says(&self.talk.me, b"crafted");
        let keys = Keys::of(message_key.expose());
        let ratchet_key = said.header().ratchet_key;
        let unsealed = message(ratchet_key, counter, previous_counter)(&keys.encrypt(b"crafted"));
        let sealed = keys.with_mac(&self.identities(), &unsealed);
        self.batch_of(vec![said.bytes(|bytes| *bytes = sealed)])
    }

    /// The identity keys of a message's sender and receiver, where the peer sends it.
    fn identities(&self) -> Vec<u8> {
        [&self.peer, &self.talk.me]
            .map(|it| it.identity_key().encode())
            .concat()
    }

    /// The peer answers in the chain of its signed prekey, so many times.
    fn answered_in_first_chain(&mut self, count: u32) -> &mut Self {
        let chains = self.talk.me.saved(&self.peer, "/receivingChains");
        let chains = chains.as_array().expect("chains");
        let first = chains.last().expect("that of the signed prekey");
        let open = &first["progress"]["open"]["key"]["secret"];
        let key = hex::decode(open.as_str().expect("a key")).expect("hex");
        let ratchet_key = hex::decode(first["ratchetKey"].as_str().expect("a key")).expect("hex");
        let mut chain = ChainKey::at(key.try_into().expect("32 bytes"), 0);
        let mut said = Vec::new();
        for n in 0..count {
            let (message_key, next) = chain.step().expect("far from the end");
            chain = next;
            let keys = Keys::of(message_key.expose());
            let text = format!("answer {n}").into_bytes();
            let unsealed = ratchet_message(&ratchet_key, n, 0, &keys.encrypt(&text)).build();
            let bytes = keys.with_mac(&self.identities(), &unsealed);
            let kind = MessageKind::Ratchet;
            said.push(but(Said::by(&self.peer, Message { kind, bytes }), |it| {
                it.text = text;
            }));
        }
        self.batch_of(said)
    }

    /// The device under test opens the session.
    fn opens(&mut self, one_time: Option<u32>) -> &mut Self {
        let bundle = self.peer.bundle(one_time);
        self.talk.process_bundle(&bundle, SAME_IDENTITY);
        self
    }

    /// The message key that the chain key there gives next is to be erased.
    fn message_key(&mut self, name: &str, chain_key: &str) -> &mut Self {
        let chain_key = self.talk.secret("the chain key", chain_key).bytes.0;
        let chain = ChainKey::at(chain_key.try_into().expect("32 bytes"), 0);
        let (message_key, _) = chain.step().expect("far from the end");
        self.remember([erased(name, message_key.expose())])
    }
}

fn erasure(b: &mut Builder) {
    cases! { b, [Erasure: DR-19];
        /// sending: the used chain key and the message key are gone
        sent_keys_erased => read_one(|c| c.secret("the used chain key", SENDING_KEY)
            .message_key("the message key", SENDING_KEY).writes("one").erased());
        /// receiving: the used chain key and the message key are gone
        received_keys_erased => bob(|c| c.sends(2).reads([0]).secret("the used chain key", RECEIVING_KEY)
            .message_key("the message key", RECEIVING_KEY).reads([1]).erased());
    }
    if is_strict() {
        cases! { b, [Erasure: DR-19];
            ratchet_step_erases [: DR-19 DR-20]:
                "a ratchet step: the old root key, the old ratchet key and the chain keys of the former chains are gone"
                => bob(|c| {
                    c.sends(1).reads([0]).turns().secret("the old root key", ROOT_KEY)
                        .secret("the old sending chain key", SENDING_KEY)
                        .secret("the old receiving chain key", RECEIVING_KEY);
                    let key = c.talk.secret("the old ratchet private key", SENDING_RATCHET_KEY);
                    c.remember(erased_private_key(&key.name, &key.bytes)).sends(1).reads([0]).erased()
                });
        }
    } else {
        cases! { b, [Erasure: DR-19];
            ratchet_step_erases [: DR-19 DR-20]:
                "a ratchet step: the old root key, the old ratchet key and the old sending chain key are gone"
                => bob(|c| {
                    c.sends(1).reads([0]).turns().secret("the old root key", ROOT_KEY)
                        .secret("the old sending chain key", SENDING_KEY);
                    let key = c.talk.secret("the old ratchet private key", SENDING_RATCHET_KEY);
                    c.remember(erased_private_key(&key.name, &key.bytes)).sends(1).reads([0]).erased()
                });
        }
    }
    cases! { b, [Erasure: DR-19];
        /// a late message: its stored key is gone once it was used
        used_skipped_key_erased [Erasure OutOfOrder: DR-13 DR-19] => bob(|c| c.sends(2).reads([1])
            .secret("the stored key", FIRST_SKIPPED_KEY).reads([0]).erased());
        /// over the bound: the dropped key is gone
        dropped_skipped_key_erased [Erasure Bound: DR-12 DR-19] => bob(|c| c.sends(2004).reads([1000])
            .secret("the dropped key", FIRST_SKIPPED_KEY).reads([2001, 2003]).erased());
        /// a refused message leaves no key behind
        refused_message_leaves_no_key [Erasure ModifiedCiphertext: DR-15 DR-19] => read_one(|c| c
            .message_key("the message key of the refused message", RECEIVING_KEY)
            .sends(1).forged(0, Said::damaged, DecryptFailed).erased());
    }
}
