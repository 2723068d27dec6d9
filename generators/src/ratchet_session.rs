//! Family `ratchet_session`.

use super::actor::{Actor, Talk, erased, erased_private_key, talk};
use super::cases::Case;
use super::pair::{Pair, opened};
use super::public_key::{encoded, small_order};
use super::{Builder, seed};
use tigress_signal::agreement::x3dh::shared_secret;
use tigress_signal::conformance::vector::conversation::Erased;
use tigress_signal::error_code::ErrorCode::{
    CounterExhausted, DecryptFailed, DuplicateMessage, InvalidKey, Malformed, NoSession, TooLarge,
    TooManySkipped, UnsupportedVersion,
};
use tigress_signal::primitives::{KeyPair, PrivateKey, PublicKey, Randomness};
use tigress_signal::ratchet::ChainKey;
use tigress_signal::suite::Tigress1;
use tigress_signal::wire::{Message, MessageKind, RatchetMessage};

/// Where the parts of an established session stand in its saved form.
const ROOT_KEY: &str = "/rootKey";
const SENDING_KEY: &str = "/state/established/sending/chainKey/key";
const SENDING_RATCHET_KEY: &str = "/state/established/sending/ratchetKey";
const RECEIVING_KEY: &str = "/receivingChains/0/progress/open/key";
const FIRST_SKIPPED_KEY: &str = "/receivingChains/0/skipped/0";

/// Alice under test opens a session with Bob.
fn alice(one_time: Option<u32>, play: impl FnOnce(&mut Pair<'_>)) -> impl Case {
    let (me, peer) = (Actor::new("alice"), Actor::new("bob"));
    talk(me, move |talk| {
        talk.process_bundle(&peer.bundle(one_time));
        play(&mut Pair { talk, peer });
    })
}

/// Bob under test, and Alice, once both have sent: every message is a ratchet message.
fn bob(play: impl FnOnce(&mut Pair<'_>)) -> impl Case {
    opened(Some(1), "answered", |c| {
        let hello = c.peer("hello");
        c.decrypt(&hello);
        c.tell("hello yourself", "answered");
        play(c);
    })
}

/// A ratchet key that is nobody's.
fn nobody(label: &str) -> [u8; 33] {
    let private = PrivateKey::from(seed::bytes(&format!("ratchet_session/{label}")));
    KeyPair::from(private).public().encode()
}

pub(super) fn generate(b: &mut Builder) {
    b.header("Each test is a conversation of one device: play its steps in order. Its peers are absent; what they");
    b.header("sent stands here as bytes. What a step draws is its `randomness`, all of it. After a step that must be");
    b.header("refused the device is as it was (DR-15); what a step `erased` names is not in what it would save.");
    notes(b);
    initiator(b);
    conversations(b);
    out_of_order(b);
    bounds(b);
    replay_and_expiry(b);
    damage(b);
    ends(b);
    erasure(b);
}

/// The device under test opens the session.
fn initiator(b: &mut Builder) {
    cases! { b, [Normal: X3DH-07 DR-08];
        /// the first message is a prekey message
        first_is_prekey_message [: X3DH-07 X3DH-12 DR-01 DR-08] => alice(None, |c| { c.encrypt("first"); });
        /// prekey messages until the peer has answered, with the same prekey fields; ratchet messages from then on
        prekey_messages_until_answer => alice(Some(1), |c| {
            let first = c.encrypt("first"); c.encrypt("second"); c.hears(&first, "prekey until");
            let answer = c.peer("answer"); c.encrypt("third, before the answer came");
            c.decrypt(&answer); c.encrypt("fourth");
        });
        /// the answer starts a chain whose previous counter is 3, the length of the first
        previous_counter_of_second_chain [: DR-08 DR-09 DR-20] => alice(Some(1), |c| {
            for n in 0..3 { c.tell([n], "previous counter"); }
            let answer = c.peer("answer"); c.decrypt(&answer);
            c.encrypt("in the second chain"); c.encrypt("and on");
        });
        /// twelve turns: every chain has a ratchet key of its own
        twelve_turns_initiator [: DR-03 DR-09 DR-20 RND-01] => alice(Some(1), |c| for n in 0..6 {
            c.tell([n], &format!("twelve {n}")); let answer = c.peer([n, n]); c.decrypt(&answer);
        });
        /// restarted before every step
        restarts_initiator [Restart: DR-08 X3DH-07] => alice(Some(1), |c| for n in 0..3 {
            c.restart(); c.tell([n], &format!("restart {n}"));
            c.restart(); let answer = c.peer([n, n]); c.decrypt(&answer);
        });
        /// the peer's second answer arrives before its first
        second_answer_first [OutOfOrder: DR-09 DR-10] => alice(Some(1), |c| {
            c.tell("first", "answers");
            let (one, two) = (c.peer("one"), c.peer("two")); c.decrypt(&two); c.decrypt(&one);
        });
        /// a forged answer does not end the prekey messages, and draws nothing
        forged_answer [ModifiedCiphertext: X3DH-07 DR-15 RND-02] => alice(Some(1), |c| {
            c.tell("first", "forged answer"); let answer = c.peer("answer");
            c.refuse(&answer.damaged(), DecryptFailed); c.encrypt("still a prekey message"); c.decrypt(&answer);
        });
        /// an answer with the peer's signed prekey as ratchet key: there is no such chain
        answer_under_signed_prekey [ModifiedHeader: DR-15 DR-01] => alice(Some(1), |c| {
            c.tell("first", "signed prekey"); let answer = c.peer("answer");
            let forged = answer.ratchet_key(&c.peer.bundle(None).signed_pre_key);
            c.refuse(&forged, DecryptFailed); c.decrypt(&answer);
        });
        /// the ephemeral key, the Diffie-Hellman outputs and SK are gone once the session is open
        agreement_secrets_erased [Erasure: X3DH-06] => talk(Actor::new("alice"), |t| {
            let bundle = Actor::new("bob").bundle(Some(1));
            let secrets = agreement_secrets(t); t.process_bundle(&bundle); t.erased(secrets);
        });
    }
}

/// What X3DH with Bob computes on its way in the next step.
fn agreement_secrets(t: &Talk) -> Vec<Erased> {
    let mut drawn = [0; 32];
    let filled = t.randomness().fill(&mut drawn);
    filled.expect("a recorder never ends");
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
    let mut secrets = erased_private_key("the ephemeral private key", &drawn);
    for (n, output) in outputs.iter().enumerate() {
        secrets.push(erased(&format!("DH{}", n + 1), output.expose()));
    }
    let [dh1, dh2, dh3, dh4] = outputs;
    let secret = shared_secret(&Tigress1, dh1, dh2, dh3, Some(dh4));
    secrets.push(erased("SK", secret.root.expose()));
    secrets
}

/// Plain conversations with the responder under test.
fn conversations(b: &mut Builder) {
    cases! { b, [Normal: DR-08];
        /// twelve turns of the responder
        twelve_turns_responder [: DR-02 DR-03 DR-09 DR-20] => bob(|c| for n in 0..6 {
            let said = c.peer([n]); c.decrypt(&said); c.tell("go on", "turn");
        });
        /// chains of one, two, three and four messages: each says how long the one before was
        chains_of_one_to_four => bob(|c| for length in 1..=4 {
            let sent = c.sends(length); c.reads(&sent, 0..length);
            for _ in 1..length { c.encrypt("one more"); }
            c.tell("go on", "turn");
        });
        /// a chain in which nothing was sent does not exist: the previous counter is that of the last one that does
        chain_without_messages [: DR-08 DR-09] => bob(|c| {
            let one = c.peer("one"); c.decrypt(&one); let two = c.peer("two"); c.decrypt(&two);
            c.encrypt("answer"); c.encrypt("second answer");
        });
        /// the responder restarted before every step
        restarts_responder [Restart OutOfOrder: DR-08 DR-10] => bob(|c| {
            let sent = c.sends(4);
            for n in [2, 0, 3, 1] { c.restart(); c.decrypt(&sent[n]); }
            c.restart(); c.encrypt("one"); c.restart(); c.encrypt("two");
        });
        /// an empty plaintext
        empty_plaintext [Size: DR-22] => bob(|c| { let said = c.peer(""); c.decrypt(&said); c.encrypt(""); });
        /// plaintexts of 65,536 bytes, both ways
        largest_plaintext [Size: DR-22 WIRE-08] => bob(|c| {
            let largest = vec![0x2a; 65_536]; let said = c.peer(&largest); c.decrypt(&said); c.encrypt(largest);
        });
        /// a plaintext of 65,537 bytes is refused, and no message key is used up
        plaintext_too_large [Size: DR-22 DR-15] => bob(|c| {
            c.refuse_encrypt(vec![0x2a; 65_537], TooLarge); c.encrypt("the next counter");
        });
        /// sessions with two peers do not touch each other
        two_peers [Normal WrongKind: DR-15 X3DH-05] => bob(|c| {
            let mut carol = Actor::new("carol");
            carol.open(&c.talk.me.bundle(Some(2)), "two peers");
            let hello = carol.encrypt(c.talk.me.address, b"hello from Carol");
            c.talk.decrypt(carol.address, &hello, b"hello from Carol");
            let said = c.peer("for Bob alone");
            c.talk.refuse(carol.address, &said.message, DecryptFailed); c.decrypt(&said);
            c.talk.encrypt(carol.address, b"to Carol"); c.encrypt("to Alice");
        });
        /// a prekey message that arrives after the session is well under way
        late_prekey_message [OutOfOrder: X3DH-13 DR-10] => opened(Some(1), "late prekey", |c| {
            let (first, second) = (c.peer("first"), c.peer("second")); c.decrypt(&first); c.tell("go on", "turn");
            let third = c.peer("third"); c.decrypt(&third); c.decrypt(&second);
        });
        /// a ratchet message from a device without a session
        ratchet_message_without_session [WrongKind: X3DH-13 DR-15] => bob(|c| {
            let message = c.encrypt("to Alice");
            c.talk.refuse(Actor::new("mallory").address, &message, NoSession);
        });
        /// encrypting to a device without a session
        encrypt_without_session [WrongKind: X3DH-07] => talk(Actor::new("bob"), |t| {
            t.refuse_encrypt(Actor::new("mallory").address, b"to nobody", NoSession);
        });
        /// a ratchet message delivered as a prekey message
        ratchet_message_as_prekey [WrongKind: WIRE-02 WIRE-09] => bob(|c| {
            let said = c.peer("as a ratchet message");
            c.refuse(&said.with_kind(MessageKind::PreKey), Malformed); c.decrypt(&said);
        });
        /// a prekey message delivered as a ratchet message
        prekey_message_as_ratchet [WrongKind: WIRE-02 WIRE-09] => opened(Some(1), "as ratchet", |c| {
            let (first, second) = (c.peer("first"), c.peer("second")); c.decrypt(&first);
            c.refuse(&second.with_kind(MessageKind::Ratchet), Malformed); c.decrypt(&second);
        });
    }
}

fn out_of_order(b: &mut Builder) {
    cases! { b, [OutOfOrder: DR-10];
        /// five messages in reverse
        five_in_reverse => bob(|c| { let sent = c.sends(5); c.reads(&sent, (0..5).rev()); });
        /// ten messages, the even ones first
        even_ones_first => bob(|c| { let sent = c.sends(10); c.reads(&sent, [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]); });
        /// a message lost for good stops nothing
        lost_for_good => bob(|c| {
            let sent = c.sends(4); c.reads(&sent, [0, 2, 3]);
            let next = c.next_chain(2); c.reads(&next, [0, 1]);
        });
        /// the last messages of a chain arrive after the next chain has begun: the previous counter says that they exist
        late_end_of_chain [: DR-09 DR-10] => bob(|c| {
            let sent = c.sends(3); c.decrypt(&sent[0]);
            let next = c.next_chain(1); c.decrypt(&next[0]); c.reads(&sent, [2, 1]);
        });
        /// a new chain's third message is its first to arrive
        third_of_new_chain_first [: DR-09 DR-10] => bob(|c| {
            c.read_one(); let next = c.next_chain(3); c.reads(&next, [2, 0, 1]);
        });
        /// late messages of two former chains
        late_from_two_chains [: DR-09 DR-10] => bob(|c| {
            let one = c.sends(3); c.decrypt(&one[1]);
            let two = c.next_chain(3); c.decrypt(&two[0]);
            c.steps(1); c.decrypt(&two[2]); c.reads(&one, [0, 2]); c.decrypt(&two[1]);
        });
        /// a late message, the device restarted in between
        late_after_restart [OutOfOrder Restart: DR-10] => bob(|c| {
            let sent = c.sends(2); c.decrypt(&sent[1]); c.tell("go on", "turn"); c.restart();
            c.read_one(); c.restart(); c.decrypt(&sent[0]);
        });
        /// a late message makes no ratchet step: the sending chain goes on
        late_makes_no_step [: DR-09 DR-10 DR-20] => bob(|c| {
            let sent = c.sends(2); c.decrypt(&sent[0]); c.steps(1);
            c.encrypt("counter 0"); c.decrypt(&sent[1]); c.encrypt("counter 1");
        });
    }
}

fn bounds(b: &mut Builder) {
    cases! { b, [Bound OutOfOrder: DR-11 DR-09];
        /// a gap of 1,000: the greatest
        gap_of_1000 [: DR-11 DR-10] => bob(|c| { let sent = c.sends(1001); c.reads(&sent, [1000, 0, 999]); });
        /// a gap of 1,001 is refused, and the messages before it can still be read
        gap_of_1001 [Bound: DR-11 DR-15] => bob(|c| {
            let sent = c.sends(1002); c.refuse(&sent[1001], TooManySkipped); c.reads(&sent, [0, 1001]);
        });
        /// a gap is counted from the last message read, not from the chain's beginning
        gap_from_last_read [: DR-11] => bob(|c| { let sent = c.sends(1501); c.reads(&sent, [600, 1500, 0, 1499]); });
        /// a gap of 1,000 at the beginning of a new chain
        gap_of_1000_in_new_chain => bob(|c| {
            c.read_one(); let next = c.next_chain(1001); c.reads(&next, [1000, 500]);
        });
        /// a gap of 1,001 at the beginning of a new chain: no ratchet step is made
        gap_of_1001_in_new_chain [Bound: DR-11 DR-15 RND-02] => bob(|c| {
            c.read_one(); let next = c.next_chain(1002);
            c.refuse(&next[1001], TooManySkipped); c.reads(&next, [1, 1001]);
        });
        /// a gap of 1,000 at the end of the former chain
        gap_of_1000_in_former_chain => bob(|c| {
            let first = c.sends(1001); c.decrypt(&first[0]); c.steps(1); c.reads(&first, [1000, 1]);
        });
        /// a gap of 1,001 at the end of the former chain: the whole message is refused
        gap_of_1001_in_former_chain [Bound: DR-11 DR-15] => bob(|c| {
            let first = c.sends(1002); c.decrypt(&first[0]); let next = c.next_chain(1);
            c.refuse(&next[0], TooManySkipped); c.decrypt(&first[1]); c.decrypt(&next[0]);
        });
        /// a gap of 1,000 in each of two chains by one message
        gap_of_1000_in_both_chains [: DR-11 DR-12] => bob(|c| {
            let first = c.sends(1001); c.decrypt(&first[0]); let next = c.next_chain(1001);
            c.decrypt(&next[1000]); c.reads(&first, [1, 1000]); c.reads(&next, [0, 999]);
        });
        /// the counter claims 2^32 - 2: refused before any key is computed
        claimed_counter [Bound ModifiedHeader: DR-11 DR-15] => bob(|c| {
            let sent = c.sends(1); c.refuse(&sent[0].counter(u32::MAX - 1), TooManySkipped); c.decrypt(&sent[0]);
        });
        /// a new chain claims a previous counter of 2^32 - 1
        claimed_previous_counter [Bound ModifiedHeader: DR-11 DR-15] => bob(|c| {
            c.read_one(); let next = c.next_chain(1);
            c.refuse(&next[0].previous(u32::MAX), TooManySkipped); c.decrypt(&next[0]);
        });
        /// 2,000 stored keys: all of them still open their messages
        stored_keys_2000 [: DR-12] => bob(|c| {
            let sent = c.sends(2002); c.reads(&sent, [1000, 2001, 0, 1, 999, 1001, 2000]);
        });
        /// 2,001 stored keys: the oldest is dropped, and it alone
        stored_keys_2001 [: DR-12 DR-14] => bob(|c| {
            let sent = c.sends(2004); c.reads(&sent, [1000, 2001, 2003]);
            c.refuse(&sent[0], DuplicateMessage); c.reads(&sent, [1, 2002]);
        });
        /// over the bound in a newer chain: the keys of the older one go first
        stored_keys_of_older_chain_go_first [: DR-12 DR-14] => bob(|c| {
            let first = c.sends(1001); c.decrypt(&first[1000]);
            let next = c.next_chain(1503); c.reads(&next, [1000, 1501]);
            c.refuse(&first[499], DuplicateMessage); c.decrypt(&first[500]); c.decrypt(&next[0]);
        });
        /// a key that was used makes room: the bound counts what is stored
        used_key_makes_room [: DR-12 DR-13] => bob(|c| {
            let sent = c.sends(2004); c.reads(&sent, [1000, 2001, 5, 2003, 0]);
        });
    }
}

fn replay_and_expiry(b: &mut Builder) {
    cases! { b, [Replay: DR-14];
        /// the same message twice
        message_twice => bob(|c| {
            let sent = c.sends(2); c.decrypt(&sent[0]); c.refuse(&sent[0], DuplicateMessage);
            c.decrypt(&sent[1]); c.refuse(&sent[0], DuplicateMessage);
        });
        /// a late message twice: its stored key is gone
        late_message_twice [Replay OutOfOrder: DR-13 DR-14] => bob(|c| {
            let sent = c.sends(3); c.reads(&sent, [2, 0]); c.refuse(&sent[0], DuplicateMessage); c.decrypt(&sent[1]);
        });
        /// the same message again after a restart
        message_again_after_restart [Replay Restart:] => bob(|c| {
            let sent = c.sends(2);
            for n in [1, 0] { c.decrypt(&sent[n]); c.restart(); c.refuse(&sent[n], DuplicateMessage); }
        });
        /// a message of the former chain again
        message_of_former_chain_again => bob(|c| {
            let sent = c.sends(2); c.reads(&sent, [0, 1]); c.steps(1);
            c.refuse(&sent[1], DuplicateMessage); c.refuse(&sent[0], DuplicateMessage);
        });
        /// the message that made the ratchet step again
        ratchet_step_again [: DR-14 DR-09] => bob(|c| {
            let said = c.read_one(); c.refuse(&said, DuplicateMessage); c.encrypt("the chain goes on");
        });
        /// a message of a chain that is forgotten
        message_of_forgotten_chain [Replay Expiry: DR-14 DR-16] => bob(|c| {
            let said = c.read_one(); c.steps(5); c.refuse(&said, DecryptFailed);
        });
        /// a message beyond the end that its chain was given
        beyond_end_of_chain [ModifiedHeader Counter: DR-09 DR-15] => bob(|c| {
            let said = c.read_one(); c.steps(1);
            c.refuse(&said.counter(1), DecryptFailed); c.refuse(&said.counter(u32::MAX), DecryptFailed);
        });
        /// a new chain says that the former one was shorter than what was read of it: nothing is forgotten of what was read
        former_chain_said_shorter [: DR-09 DR-14] => bob(|c| {
            let sent = c.sends(4); c.decrypt(&sent[3]); c.peer_counter(2); c.steps(1);
            c.refuse(&sent[3], DuplicateMessage); c.reads(&sent, [2, 0]);
        });
        /// a late message after 4 further ratchet steps
        late_after_4_steps [Expiry OutOfOrder: DR-16 DR-10] => bob(|c| {
            let sent = c.sends(2); c.decrypt(&sent[1]); c.steps(4); c.decrypt(&sent[0]);
        });
        /// a late message after 5 further ratchet steps: its key is erased
        late_after_5_steps [Expiry Erasure: DR-16] => bob(|c| {
            let sent = c.sends(2); c.decrypt(&sent[1]); let kept = c.secret("the skipped key", FIRST_SKIPPED_KEY);
            c.steps(5); c.refuse(&sent[0], DecryptFailed); c.talk.erased(vec![kept]);
        });
        /// messages without ratchet steps do not age skipped keys
        no_steps_no_ageing [Expiry OutOfOrder: DR-16] => bob(|c| {
            let sent = c.sends(12); c.reads(&sent, (1..12).chain([0]));
        });
    }
}

fn damage(b: &mut Builder) {
    cases! { b, [ModifiedHeader: DR-07 DR-15];
        /// another counter, further on: no key is skipped
        counter_further_on => bob(|c| {
            let sent = c.sends(2); c.decrypt(&sent[0]);
            c.refuse(&sent[1].counter(9), DecryptFailed); c.decrypt(&sent[1]);
        });
        /// the counter of a message not yet read
        counter_of_unread_message [: DR-07 DR-15 DR-13] => bob(|c| {
            let sent = c.sends(3); c.decrypt(&sent[2]);
            c.refuse(&sent[1].counter(0), DecryptFailed); c.reads(&sent, [0, 1]);
        });
        /// another previous counter in a known chain, where it has no use but is bound
        previous_counter_in_known_chain => bob(|c| {
            let sent = c.sends(2); c.decrypt(&sent[0]);
            c.refuse(&sent[1].forged(|header, _| header.previous_counter += 1), DecryptFailed); c.decrypt(&sent[1]);
        });
        /// another previous counter in a new chain: no key of the former chain is stored
        previous_counter_in_new_chain [: DR-07 DR-09 DR-15] => bob(|c| {
            c.read_one(); let next = c.next_chain(1);
            c.refuse(&next[0].forged(|header, _| header.previous_counter += 7), DecryptFailed);
            c.refuse(&next[0].previous(0), DecryptFailed); c.decrypt(&next[0]);
        });
        /// a ratchet key of nobody: whoever keeps the step made for it loses the session
        nobodys_ratchet_key [: DR-09 DR-15] => bob(|c| {
            let sent = c.sends(1); c.refuse(&sent[0].ratchet_key(&nobody("other")), DecryptFailed);
            c.decrypt(&sent[0]); c.encrypt("go on");
        });
        /// a hundred ratchet keys of nobody age nothing
        hundred_ratchet_keys [ModifiedHeader Expiry: DR-15 DR-16] => bob(|c| {
            let sent = c.sends(2); c.decrypt(&sent[1]);
            for n in 0..100 { c.refuse(&sent[0].ratchet_key(&nobody(&format!("nobody {n}"))), DecryptFailed); }
            c.decrypt(&sent[0]);
        });
        /// the ratchet key of the former chain on a message of the current one
        ratchet_key_of_former_chain [: DR-07 DR-14] => bob(|c| {
            let former = c.read_one().header().ratchet_key.encode();
            let next = c.next_chain(2); c.decrypt(&next[0]);
            c.refuse(&next[1].counter(0), DuplicateMessage);
            c.refuse(&next[1].ratchet_key(&former), DecryptFailed); c.decrypt(&next[1]);
        });
        /// the device's own message comes back: its ratchet key is the device's own
        own_message_comes_back [InvalidKey Replay: DR-21] => bob(|c| {
            let mine = c.encrypt("mine"); c.talk.refuse(c.peer.address, &mine, InvalidKey); c.encrypt("the next");
        });
        /// the device's own current ratchet key on the peer's ciphertext
        own_ratchet_key [InvalidKey ModifiedHeader: DR-21 DR-15] => bob(|c| {
            let mine = c.encrypt("mine").bytes;
            let own = RatchetMessage::decode(&Tigress1, &mine).expect("a message").header.ratchet_key.encode();
            let sent = c.sends(1); c.refuse(&sent[0].ratchet_key(&own), InvalidKey); c.decrypt(&sent[0]);
        });
        /// a first message whose ratchet key is the receiver's signed prekey, its own first ratchet key
        own_signed_prekey [InvalidKey ModifiedHeader: DR-21 DR-02 X3DH-11] => opened(Some(1), "own signed prekey", |c| {
            let (first, own) = (c.peer("first"), c.talk.me.bundle(None).signed_pre_key);
            c.refuse(&first.ratchet_key(&own), InvalidKey); c.decrypt(&first);
        });
        /// a ratchet key of small order
        small_order_ratchet_key [InvalidKey ModifiedHeader: KEY-04 WIRE-06 DR-15] => bob(|c| {
            let sent = c.sends(1); c.refuse(&sent[0].ratchet_key(&encoded(&small_order()[2].1)), InvalidKey);
            c.decrypt(&sent[0]);
        });
        /// another version byte, as of a downgrade
        version_byte [: WIRE-01 DR-15] => bob(|c| {
            let sent = c.sends(1); let mut bytes = sent[0].message.bytes.clone(); bytes[0] = 0x33;
            c.refuse(&sent[0].with_bytes(&bytes), UnsupportedVersion); c.decrypt(&sent[0]);
        });
    }
    cases! { b, [ModifiedCiphertext: DR-06 DR-15];
        /// every byte of tag and ciphertext changed in turn
        every_byte_changed [: DR-06 DR-15 DR-17] => bob(|c| {
            let sent = c.sends(1);
            for at in 0..sent[0].ciphertext().len() {
                c.refuse(&sent[0].sealed(|ciphertext| ciphertext[at] ^= 1 << (at % 8)), DecryptFailed);
            }
            c.decrypt(&sent[0]);
        });
        /// a damaged message that makes a ratchet step: chains, root key and ratchet key stay
        damaged_ratchet_step [: DR-09 DR-15] => bob(|c| {
            c.read_one(); let next = c.next_chain(1);
            c.refuse(&next[0].damaged(), DecryptFailed); c.encrypt("in the same sending chain"); c.decrypt(&next[0]);
        });
        /// a damaged message further on: the keys before it are not stored
        damaged_further_on [ModifiedCiphertext OutOfOrder: DR-10 DR-15] => bob(|c| {
            let sent = c.sends(6); c.refuse(&sent[5].damaged(), DecryptFailed); c.reads(&sent, 0..6);
        });
        /// a damaged late message: its stored key stays for the true one
        damaged_late_message [ModifiedCiphertext OutOfOrder: DR-13 DR-15] => bob(|c| {
            let sent = c.sends(2); c.decrypt(&sent[1]);
            c.refuse(&sent[0].damaged(), DecryptFailed); c.decrypt(&sent[0]);
        });
        /// the ciphertexts of two messages exchanged
        ciphertexts_exchanged [: DR-06 DR-07] => bob(|c| {
            let sent = c.sends(2); let other = sent[1].ciphertext();
            c.refuse(&sent[0].sealed(|ciphertext| *ciphertext = other), DecryptFailed); c.reads(&sent, [0, 1]);
        });
        /// the ciphertext without its last byte
        ciphertext_cut => bob(|c| {
            let sent = c.sends(1);
            c.refuse(&sent[0].sealed(|ciphertext| ciphertext.truncate(ciphertext.len() - 1)), DecryptFailed);
            c.refuse(&sent[0].sealed(|ciphertext| ciphertext.push(0)), DecryptFailed); c.decrypt(&sent[0]);
        });
        /// a ciphertext that would hold 65,537 bytes is refused before any key is computed
        ciphertext_too_large [Size ModifiedCiphertext: DR-22 DR-15] => bob(|c| {
            let sent = c.sends(1);
            c.refuse(&sent[0].sealed(|ciphertext| ciphertext.resize(65_536 + 17, 0)), TooLarge); c.decrypt(&sent[0]);
        });
        /// bytes that are no message
        no_message [ModifiedHeader: WIRE-05 WIRE-10 DR-15] => bob(|c| {
            let (nothing, noise) = (Vec::new(), seed::vec("ratchet_session/noise", 100));
            for (bytes, error) in [(nothing, Malformed), (vec![0x11], Malformed), (noise, UnsupportedVersion)] {
                let kind = MessageKind::Ratchet;
                c.talk.refuse(c.peer.address, &Message { kind, bytes }, error);
            }
            c.read_one();
        });
    }
}

fn ends(b: &mut Builder) {
    cases! { b, [Counter: DR-18];
        /// the last counter that may be sent, and none after it
        last_counter_sent [: DR-18 DR-15] => bob(|c| {
            c.counters(Some(u32::MAX - 1), None); c.encrypt("the last");
            c.refuse_encrypt("one too many", CounterExhausted); c.refuse_encrypt("and again", CounterExhausted);
        });
        /// an exhausted chain still receives, and a ratchet step gives a new chain
        exhausted_chain_receives [: DR-18 DR-08 DR-09] => bob(|c| {
            c.counters(Some(u32::MAX), None); c.refuse_encrypt("one too many", CounterExhausted);
            c.read_one(); c.encrypt("counter 0, previous counter 2^32 - 1");
        });
        /// a restart does not bring an exhausted chain back
        exhausted_chain_restarted [Counter Restart:] => bob(|c| {
            c.counters(Some(u32::MAX), None); c.restart(); c.refuse_encrypt("one too many", CounterExhausted);
        });
        /// the last counter that may be received
        last_counter_received [: DR-18 DR-08] => bob(|c| {
            c.read_one(); c.peer_counter(u32::MAX - 2); c.counters(None, Some(u32::MAX - 2));
            let last = c.sends(2); c.reads(&last, [1, 0]); c.refuse(&last[1], DuplicateMessage);
        });
        /// a message that claims counter 2^32 - 1: no sender may write it
        counter_that_nobody_may_write [Counter ModifiedHeader: DR-18 DR-15] => bob(|c| {
            c.read_one(); c.peer_counter(u32::MAX - 1); c.counters(None, Some(u32::MAX - 1));
            let last = c.sends(1); let forged = last[0].counter(u32::MAX);
            c.refuse(&forged, CounterExhausted); c.decrypt(&last[0]); c.refuse(&forged, CounterExhausted);
        });
    }
}

/// The message key that a chain key gives next.
fn message_key(name: &str, chain_key: &Erased) -> Erased {
    let chain_key = chain_key.bytes.0.as_slice();
    let chain = ChainKey::at(chain_key.try_into().expect("32 bytes"), 0);
    let (message_key, _) = chain.step().expect("far from the end");
    erased(name, message_key.expose())
}

fn erasure(b: &mut Builder) {
    cases! { b, [Erasure: DR-19];
        /// sending: the used chain key and the message key are gone
        sent_keys_erased => bob(|c| {
            c.read_one(); let used = c.secret("the used chain key", SENDING_KEY);
            let key = message_key("the message key", &used); c.encrypt("one"); c.talk.erased(vec![used, key]);
        });
        /// receiving: the used chain key and the message key are gone
        received_keys_erased => bob(|c| {
            let sent = c.sends(2); c.decrypt(&sent[0]); let used = c.secret("the used chain key", RECEIVING_KEY);
            let key = message_key("the message key", &used); c.decrypt(&sent[1]); c.talk.erased(vec![used, key]);
        });
        /// a ratchet step: the old root key, the old ratchet key and the chain keys of the former chains are gone
        ratchet_step_erases [: DR-19 DR-20] => bob(|c| {
            c.read_one(); c.tell("go on", "turn");
            let mut old = vec![
                c.secret("the old root key", ROOT_KEY),
                c.secret("the old sending chain key", SENDING_KEY),
                c.secret("the old receiving chain key", RECEIVING_KEY),
            ];
            let key = c.secret("the old ratchet private key", SENDING_RATCHET_KEY);
            old.extend(erased_private_key(&key.name, &key.bytes)); c.read_one(); c.talk.erased(old);
        });
        /// a late message: its stored key is gone once it was used
        used_skipped_key_erased [Erasure OutOfOrder: DR-13 DR-19] => bob(|c| {
            let sent = c.sends(2); c.decrypt(&sent[1]); let stored = c.secret("the stored key", FIRST_SKIPPED_KEY);
            c.decrypt(&sent[0]); c.talk.erased(vec![stored]);
        });
        /// over the bound: the dropped key is gone
        dropped_skipped_key_erased [Erasure Bound: DR-12 DR-19] => bob(|c| {
            let sent = c.sends(2004); c.decrypt(&sent[1000]);
            let stored = c.secret("the dropped key", FIRST_SKIPPED_KEY);
            c.reads(&sent, [2001, 2003]); c.talk.erased(vec![stored]);
        });
        /// a refused message leaves no key behind
        refused_message_leaves_no_key [Erasure ModifiedCiphertext: DR-15 DR-19] => bob(|c| {
            c.read_one(); let chain = c.secret("the receiving chain key", RECEIVING_KEY); let more = c.sends(1);
            c.refuse(&more[0].damaged(), DecryptFailed);
            c.talk.erased(vec![message_key("the message key of the refused message", &chain)]);
        });
    }
}

fn notes(b: &mut Builder) {
    const SPECIFICATION: &str = "https://signal.org/docs/specifications/doubleratchet/";
    const DECRYPTING: &str =
        "https://signal.org/docs/specifications/doubleratchet/#decrypting-messages";
    const ORDER: &str =
        "https://signal.org/docs/specifications/doubleratchet/#out-of-order-messages";
    const SKIPPED: &str =
        "https://signal.org/docs/specifications/doubleratchet/#deletion-of-skipped-message-keys";
    const DELETION: &str = "https://signal.org/docs/specifications/doubleratchet/#secure-deletion";
    notes! { b;
        Normal BASIC [SPECIFICATION] "A conversation as honest devices have it."
            => "Whoever computes another key or counter talks to nobody.";
        Restart CONFIDENTIALITY [SPECIFICATION, "https://cwe.mitre.org/data/definitions/323.html"]
            "The device is saved and restored; a bug restores an older state, or part of it."
            => "A message key is used twice, which gives both plaintexts away, or messages are lost.";
        OutOfOrder INTEROPERABILITY [ORDER]
            "Messages arrive late or never; a bug loses their keys, or stops where one is missing."
            => "Messages are lost: the late one, or all that follow it.";
        Bound DENIAL_OF_SERVICE [SKIPPED, "https://cwe.mitre.org/data/definitions/770.html"]
            "At or over a bound on skipped keys; a bug has none, a lower one, or drops other keys than the oldest."
            => "Without a bound a stranger says how much is computed and stored; with a lower one messages are lost.";
        Replay AUTH_BYPASS ["https://cwe.mitre.org/data/definitions/294.html"]
            "A message is delivered again; a bug accepts it." => "Its command is carried out twice.";
        Expiry CONFIDENTIALITY [SKIPPED]
            "Skipped keys after further ratchet steps; a bug keeps them for ever, or erases them at once."
            => "Kept for ever they open old messages to whoever takes the device; erased at once they lose late ones.";
        ModifiedHeader AUTH_BYPASS [DECRYPTING, "https://cwe.mitre.org/data/definitions/345.html"]
            "A header that its sender did not write; a bug acts on it before the tag is verified."
            => "A stranger breaks the session, or moves messages within and between chains.";
        ModifiedCiphertext AUTH_BYPASS [DECRYPTING, "https://www.rfc-editor.org/rfc/rfc5116#section-2.2"]
            "A ciphertext that its sender did not write; a bug accepts it, or uses the true message's key up."
            => "A stranger writes in the sender's name, or makes the true message unreadable.";
        InvalidKey CONFIDENTIALITY ["https://www.rfc-editor.org/rfc/rfc7748#section-6.1"]
            "A ratchet key that must not be used: of small order, or the receiver's own; a bug takes it."
            => "A Diffie-Hellman output is known to others, or the device's own messages are read as the peer's.";
        Counter CONFIDENTIALITY ["https://cwe.mitre.org/data/definitions/190.html"]
            "The end of a chain; a bug wraps its counter."
            => "A counter is used again, and peers drop the second message under it.";
        Erasure CONFIDENTIALITY [DELETION] "A key that is no longer needed; a bug keeps it."
            => "Forward secrecy is gone: who takes the device reads what was read before.";
        Size DENIAL_OF_SERVICE ["https://cwe.mitre.org/data/definitions/770.html"]
            "At or over the greatest plaintext; a bug has another bound or none."
            => "Without a bound a stranger says how much memory a message takes; with a lower one messages are lost.";
        WrongKind MISSING_STEP ["https://signal.org/docs/specifications/x3dh/#receiving-the-initial-message"]
            "A message under the wrong kind, or under another name than its sender's; a bug guesses what was meant."
            => "What the envelope says and what is read are two things, and each reader believes another one.";
    }
}
