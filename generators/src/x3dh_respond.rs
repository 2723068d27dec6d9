//! Family `x3dh_respond`.

mod places;

use super::actor::{Actor, Conversation, SIGNED_PRE_KEY_ID, address, erased_private_key};
use super::pair::{opened, pair};
use super::prelude::*;
use super::said::Said;
use super::x3dh_initiate::{alice, bob, mallory, notes};
use super::x25519_cases;
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::montgomery::MontgomeryPoint;
use tigress_signal::conformance::operation::On;
use tigress_signal::conformance::operation::device::{Create, CreateInput, LoadInput};
use tigress_signal::conformance::operation::x3dh::{Respond, RespondInput};
use tigress_signal::primitives::PublicKey;
use tigress_signal::timestamp::{DAY, Timestamp};
use tigress_signal::wire::PreKeyMessage;

/// Opens a session with Bob, and sends a first message.
fn first(from: &mut Actor, one_time: Option<u32>, label: &str, text: &[u8]) -> Said {
    let bob = bob();
    from.open(&bob.bundle(one_time), label);
    from.says(&bob, text)
}

/// Bob, who holds that one-time prekey, and the message.
fn input(from: &Actor, said: &Said, one_time: Option<u32>, label: &str) -> RespondInput {
    let input = asked(&bob().loaded, said, one_time, label);
    but(input, |f| f.sender = from.address.into())
}

/// A device of these keys, which holds that one-time prekey, and the message.
pub(super) fn asked(
    to: &LoadInput,
    said: &Said,
    one_time: Option<u32>,
    label: &str,
) -> RespondInput {
    let key = |id: u32| &to.one_time_pre_keys[id as usize - 1].private_key;
    RespondInput {
        address: to.address.clone(),
        identity_private_key: to.identity_private_key.clone(),
        signed_pre_key_id: SIGNED_PRE_KEY_ID,
        signed_pre_key_private_key: to.signed_pre_keys[0].private_key.clone(),
        one_time_pre_key_id: one_time,
        one_time_pre_key_private_key: one_time.map(|id| key(id).clone()),
        sender: said.from.into(),
        pinned_identity_key: None,
        message: Hex(said.message.bytes.clone()),
        randomness: seed::bytes::<32>(&format!("x3dh_respond/{label}")).into(),
    }
}

/// The key with a point of small order added to it: another key, whose Diffie-Hellman outputs are all the same.
pub(super) fn with_torsion(key: &PublicKey, n: usize) -> PublicKey {
    let point = MontgomeryPoint(*key.u()).to_edwards(0);
    let sum = point.expect("a public key") + EIGHT_TORSION[n];
    let key = PublicKey::decode(&[&[5][..], &sum.to_montgomery().0].concat());
    key.expect("it is of large order")
}

/// The prekey message with a point of small order added to its base key.
fn twisted(said: &Said, n: usize) -> Said {
    said.fields(|m| m.base_key = with_torsion(&m.base_key, n))
}

/// Bob answers a first message; the comment makes its randomness its own.
fn responds(mut from: Actor, one_time: Option<u32>, text: &[u8]) -> impl Case {
    move |b, about| {
        let said = first(&mut from, one_time, about.comment, text);
        let input = input(&from, &said, one_time, about.comment);
        computed::<Respond>(input)(b, about);
    }
}

/// Device 1 of Dora is created at time 0 without one-time prekeys, but for what is changed; the comment makes its
/// randomness its own.
fn creates(registration_id: &[u8], change: impl FnOnce(&mut CreateInput)) -> impl Case {
    let input = CreateInput {
        address: address("dora", 1),
        one_time_pre_keys: 0,
        now: Timestamp(0),
        randomness: Hex(Vec::new()),
    };
    let mut input = but(input, change);
    move |b, about| {
        // Identity key, registration id, signed prekey, its signature, the statement's, one-time prekeys.
        let statement = if suite().has_statements() { 64 } else { 0 };
        let length = 32 + 64 + statement + 32 * usize::from(input.one_time_pre_keys);
        let rest = seed::vec(&format!("{}/rest", about.comment), length);
        let identity_key = seed::bytes::<32>(about.comment);
        input.randomness = Hex([&identity_key, registration_id, &rest].concat());
        let handle = "device".to_owned();
        if is_strict() {
            computed::<Create>(On { handle, input })(b, about);
        } else {
            // Some deployed signers negate their scalar, as XEdDSA has it.
            one_of_several::<Create>(On { handle, input })(b, about);
        }
    }
}

pub(super) fn generate(b: &mut Builder) {
    b.header("The responder of X3DH: single calls, how a device's keys are made, and conversations of one device. Its");
    b.header("peers are absent; what they sent stands here as bytes. What is refused leaves the device as it was: its");
    b.header("one-time prekeys above all, which a stranger must not be able to spend.");
    notes(b);
    notes! { b;
        UnknownPreKey MISSING_STEP [signal("x3dh/#receiving-the-initial-message")]
            "A prekey id that the device does not hold, or no longer; a bug goes on without it."
            => "The device computes with another key or with none: a weaker agreement than its sender made.";
        PreKeyLifetime CONFIDENTIALITY [signal("x3dh/#key-compromise")]
            "When prekeys are made, kept and erased; a bug keeps them too long, or erases them too early."
            => "Kept too long they cost forward secrecy, erased too early they lose messages.";
        Bound DENIAL_OF_SERVICE [signal("x3dh/#protocol-replay"), cwe(770)]
            "At or over the bound on what is remembered; a bug has none, or makes room by forgetting."
            => "A stranger fills the memory, or replays what was forgotten.";
        Restart CONFIDENTIALITY [signal("x3dh/#key-compromise"), signal("x3dh/#protocol-replay")]
            "The device is saved and restored; a bug loses when a prekey was made or replaced, or what was opened."
            => "Prekeys live too long or go too early, or what was read once is read again.";
        Replay AUTH_BYPASS [signal("x3dh/#protocol-replay")] "A prekey message is delivered again; a bug accepts it."
            => "A transfer is carried out twice.";
        StateChanged DENIAL_OF_SERVICE [signal("x3dh/#receiving-the-initial-message")]
            "A refused message must change nothing; a bug spends a one-time prekey on it, or remembers it."
            => "A stranger locks the real sender out.";
        WrongSender AUTH_BYPASS [signal("x3dh/#identity-binding")]
            "The message is delivered under another address or identity key, or was made by other keys; a bug reads it."
            => "A message is passed off as another's.";
    }

    cases! { b, [Normal: X3DH-03 X3DH-04 X3DH-05 DR-02 DR-09];
        with_one_time_prekey: "with a one-time prekey" => responds(alice(), Some(1), b"hello Bob");
        /// with another one-time prekey, from another initiator
        another_one_time_prekey => responds(Actor::new("carol"), Some(3), b"hello");
        empty_first_message: "an empty first message" => responds(alice(), Some(2), b"");
        from_device_127 [: ID-03 X3DH-03 X3DH-04 X3DH-05 DR-02 DR-09]: "from device 127" => responds(Actor::on_device("alice", 127), Some(1), b"from my watch");
        /// without a one-time prekey: three Diffie-Hellmans
        without_one_time_prekey [NoOneTimePreKey: X3DH-03 X3DH-04 X3DH-12] => responds(alice(), None, b"hello");
    }
    x25519_cases::note(b);
    x25519_cases::responds(b);
    refusals(b);
    if is_strict() {
        created(b);
        places::generate(b);
    } else {
        created_by_deployed(b);
    }
    conversations(b);
}

fn created_by_deployed(b: &mut Builder) {
    cases! { b, [PreKeyLifetime: KEY-05 KEY-06 KEY-07 V3-02 V3-04 V3-05 X3DH-01 V3-14];
        device_with_three_one_time_prekeys: "a device with three one-time prekeys"
            => creates(&[0x12, 0x34], |f| { f.one_time_pre_keys = 3; f.now = Timestamp(1_800_000_000); });
        /// a device without one-time prekeys
        device_without_one_time_prekeys => creates(&[0x00, 0x01], |f| f.address.device_id = 2);
        /// registration id 0 is drawn once
        registration_id_0 => creates(&[0x00, 0x00], |f| f.one_time_pre_keys = 1);
        /// the two bytes of the registration id are masked to 14 bits
        registration_id_masked => creates(&[0xff, 0xff], |_| {});
        /// another identity key, whose Edwards point has the other sign
        device_of_another_sign => creates(&[0x01, 0x02], |f| { f.one_time_pre_keys = 1; f.address.device_id = 0; });
    }
}

fn created(b: &mut Builder) {
    cases! { b, [PreKeyLifetime: KEY-05 KEY-06 KEY-07 ID-04 X3DH-01 RND-01];
        device_with_three_one_time_prekeys: "a device with three one-time prekeys"
            => creates(&[0x12, 0x34], |f| { f.one_time_pre_keys = 3; f.now = Timestamp(1_800_000_000); });
        /// a device without one-time prekeys
        device_without_one_time_prekeys => creates(&[0x00, 0x01], |f| f.address.device_id = 2);
        /// device 127, the highest registration id
        device_127 [: ID-03 ID-04 KEY-05 KEY-06 KEY-07 X3DH-01 RND-01] => creates(&[0x3f, 0xfc], |f| {
            f.address.device_id = 127; f.one_time_pre_keys = 1; f.now = Timestamp(1_800_000_000);
        });
        /// the two bytes of the registration id are masked to 14 bits
        registration_id_masked [: ID-04 RND-01] => creates(&[0xff, 0xfc], |_| {});
        /// a registration id of 0 and one of 16,381 are drawn again
        registration_id_drawn_again [: ID-04 RND-01] => creates(&[0x00, 0x00, 0x3f, 0xfd, 0x00, 0x2a], |_| {});
    }
}

fn refusals(b: &mut Builder) {
    let mut alice = alice();
    let message = &first(&mut alice, Some(1), "respond", b"hello Bob");
    let without = &first(&mut alice, None, "respond without", b"hello Bob");
    let pinned = |key: &Actor, said: &Said, label| {
        let key = Some(key.identity_key().encode().into());
        let input = input(&alice, said, Some(1), label);
        but(input, |f| f.pinned_identity_key = key)
    };
    let to_another =
        |said: &Said| refused::<Respond>(UntrustedIdentity, pinned(&mallory(), said, "refused"));
    let refuses = |error: ErrorCode, said: &Said| {
        refused::<Respond>(error, input(&alice, said, Some(1), "refused"))
    };
    // Another prekey message: none of those keys agree.
    let forged =
        |change: fn(&mut PreKeyMessage<'_>)| refuses(DecryptFailed, &message.fields(change));
    // The message, delivered otherwise.
    let delivered = |change: &dyn Fn(&mut RespondInput)| {
        let input = input(&alice, message, Some(1), "refused");
        refused::<Respond>(DecryptFailed, but(input, change))
    };
    cases! { b, [PinnedIdentity: X3DH-15];
        pinned_identity: "the sender's identity key is the pinned one" => computed::<Respond>(pinned(&alice, message, "pinned"));
        /// another identity key is pinned
        another_identity_pinned => to_another(message);
        /// another identity key is pinned, and there is no such signed prekey: whoever is not trusted does not learn which there are
        untrusted_and_unknown_signed_prekey => to_another(&message.fields(|m| m.signed_pre_key_id = 8));
        /// the same with a one-time prekey
        untrusted_and_unknown_one_time_prekey => to_another(&message.fields(|m| m.pre_key_id = Some(9)));
    }
    cases! { b, [UnknownPreKey: X3DH-09];
        /// a signed prekey id that was never given out
        unknown_signed_prekey [: X3DH-08] => refuses(UnknownSignedPrekey, &message.fields(|m| m.signed_pre_key_id = 8));
        /// the one-time prekey's id in place of the signed prekey's: the kinds have ids of their own
        one_time_prekey_id_as_signed [: X3DH-08 ID-06] =>
            refuses(UnknownSignedPrekey, &message.fields(|m| m.signed_pre_key_id = 1));
        /// a one-time prekey id that was never given out
        unknown_one_time_prekey => refuses(UnknownOneTimePrekey, &message.fields(|m| m.pre_key_id = Some(9)));
        /// the device holds no one-time prekey: whoever leaves DH4 out falls back to three
        no_one_time_prekey_held => refused::<Respond>(UnknownOneTimePrekey, input(&alice, message, None, "refused"));
    }
    cases! { b, [WrongSender: X3DH-03];
        /// the id of the one-time prekey struck out: a weaker agreement than the sender made
        one_time_prekey_struck_out [WrongSender NoOneTimePreKey: X3DH-12 X3DH-03] => forged(|m| m.pre_key_id = None);
        one_time_prekey_put_in [WrongSender NoOneTimePreKey: X3DH-12 X3DH-03]: "a one-time prekey id put in" =>
            refuses(DecryptFailed, &without.fields(|m| m.pre_key_id = Some(1)));
        /// another identity key in the message
        another_identity_key [: X3DH-03 X3DH-05] => forged(|m| m.identity_key = mallory().identity_key());
        another_base_key: "another base key" => forged(|m| m.base_key = mallory().identity_key());
        /// base key and identity key exchanged
        base_and_identity_key_exchanged => forged(|m| std::mem::swap(&mut m.base_key, &mut m.identity_key));
    }
    if is_strict() {
        misdelivered(b, &delivered);
    } else {
        let delivered = |change: &dyn Fn(&mut RespondInput)| {
            computed::<Respond>(but(input(&alice, message, Some(1), "delivered"), change))
        };
        cases! { b, [WrongSender: V3-10];
            /// delivered as another user's: nothing in the format tells
            delivered_as_another_users => delivered(&|f| f.sender = mallory().address.into());
            /// delivered to another device of the receiver with the same keys
            delivered_to_another_device => delivered(&|f| f.address.device_id = 2);
        }
    }
    cases! { b, [StateChanged: X3DH-11];
        last_bit_flipped: "its last bit flipped" => refuses(DecryptFailed, &message.flipped());
    }
}

/// Changes what is asked.
type Change<'a> = &'a dyn Fn(&mut RespondInput);

fn misdelivered<C: Case>(b: &mut Builder, delivered: &dyn Fn(Change<'_>) -> C) {
    cases! { b, [WrongSender: X3DH-05];
        /// delivered as another user's: the address is bound by AD
        delivered_as_another_users => delivered(&|f| f.sender = mallory().address.into());
        /// delivered as another device's of the same user
        delivered_as_another_devices => delivered(&|f| f.sender.device_id = 2);
        /// delivered to another device of the receiver
        delivered_to_another_device => delivered(&|f| f.address.device_id = 2);
    }
}

fn conversations(b: &mut Builder) {
    let carol = |one_time| {
        let mut carol = Actor::new("carol");
        first(&mut carol, one_time, "two of two", b"from Carol")
    };
    cases! { b, [StateChanged: X3DH-10 X3DH-11];
        /// the one-time prekey is held until the first message decrypts, and gone then
        one_time_prekey_gone [PreKeyLifetime: X3DH-10] => opened(Some(2), "erase", |c| {
            let key = c.talk.me.loaded.one_time_pre_keys[1].private_key.clone();
            c.remember(erased_private_key("the one-time prekey's private key", &key));
            c.says("first").holds(&[1, 2, 3, 4]).reads([0]).holds(&[1, 3, 4]).erased()
        });
        /// a message that does not decrypt leaves the one-time prekey usable: the real one decrypts afterwards
        one_time_prekey_stays_usable => opened(Some(2), "usable", |c| c.says("first")
            .forged(0, Said::flipped, DecryptFailed).holds(&[1, 2, 3, 4]).reads([0]));
        /// a message that does not decrypt is not remembered: its base key may still open the session
        refused_message_not_remembered [StateChanged Replay: X3DH-11 X3DH-14] => opened(None, "not remembered", |c| c
            .says("first").each(0..2, |c, _| c.forged(0, Said::flipped, DecryptFailed)).reads([0]));
        /// an unknown one-time prekey changes nothing
        unknown_one_time_prekey_changes_nothing [UnknownPreKey StateChanged: X3DH-09 DR-15]
            => opened(Some(2), "unknown opk", |c| c.says("first")
                .forged(0, |m| m.fields(|m| m.pre_key_id = Some(9)), UnknownOneTimePrekey)
                .holds(&[1, 2, 3, 4]).reads([0]));
        /// an unknown signed prekey changes nothing
        unknown_signed_prekey_changes_nothing [UnknownPreKey StateChanged: X3DH-08 DR-15]
            => opened(Some(2), "unknown spk", |c| c.says("first")
                .forged(0, |m| m.fields(|m| m.signed_pre_key_id = 8), UnknownSignedPrekey)
                .holds(&[1, 2, 3, 4]).reads([0]));
        /// neither prekey is known: the signed prekey counts first, restarted or not
        both_prekeys_unknown [UnknownPreKey StateChanged: X3DH-08 X3DH-09] => opened(Some(2), "both unknown", |c| {
            let neither = |m: &Said| m.fields(|m| { m.signed_pre_key_id = 8; m.pre_key_id = Some(9); });
            c.says("first").forged(0, neither, UnknownSignedPrekey).restart().forged(0, neither, UnknownSignedPrekey)
                .holds(&[1, 2, 3, 4]).reads([0])
        });
        /// two initiators with one one-time prekey: the second is refused
        one_time_prekey_of_two [UnknownPreKey: X3DH-09 X3DH-10] => opened(Some(2), "one of two", |c| c
                .says("from Alice").reads([0]).refuse(&carol(Some(2)), UnknownOneTimePrekey));
        /// two initiators without one-time prekeys: both are accepted
        two_without_one_time_prekeys [NoOneTimePreKey: X3DH-12] => opened(None, "one of two", |c| c.says("from Alice")
            .reads([0]).read(&carol(None)).holds(&[1, 2, 3, 4]));
        /// further prekey messages go to the session: X3DH is not run again, though the one-time prekey is gone
        further_prekey_messages [Normal: X3DH-07 X3DH-13] => opened(Some(2), "further", |c| c
            .each(["first", "second", "third"], |c, text| c.says(text).reads([0])).holds(&[1, 3, 4]));
        /// the second prekey message arrives first
        second_prekey_message_first [Normal: X3DH-13 DR-10] => opened(Some(2), "second first", |c| c.says("first")
            .says("second").reads([0]).late(0, [0]).holds(&[1, 3, 4]));
    }
    if is_strict() {
        remembered(b);
    }
    cases! { b, [Replay: X3DH-14];
        /// a prekey message delivered twice
        prekey_message_twice [: X3DH-13 DR-14] => opened(Some(2), "twice", |c| c.says("first").reads([0])
            .refuses(0, DuplicateMessage).restart().refuses(0, DuplicateMessage));
        /// a prekey message delivered again after its session is gone: so is its one-time prekey
        prekey_message_after_session [: X3DH-09] => opened(Some(2), "gone", |c| c.says("first").reads([0])
            .drops_sessions(&alice()).refuses(0, UnknownOneTimePrekey));
        /// the same initiator opens a second session: another base key is no replay
        second_session_of_initiator [Normal: X3DH-13] => opened(None, "one", |c| c.says("first").reads([0])
            .peer_opens("two").says("in a new session").reads([0]));
        /// a point of small order added to the identity key: AD is another one
        torsion_in_identity_key [WrongSender: X3DH-05] => opened(None, "torsion in identity", |c| c
            .says("first").forged(0, |m| m.fields(|m| m.identity_key = with_torsion(&m.identity_key, 1)), DecryptFailed)
            .reads([0]));
    }
    openings(b);
    lifetimes(b);
    pinned(b);
}

/// Openings without one-time prekey are remembered. Deployed libraries do not: signal-v3 asks for nothing that its vectors could
/// call wrong.
fn remembered(b: &mut Builder) {
    let carol = |one_time| {
        let mut carol = Actor::new("carol");
        first(&mut carol, one_time, "two of two", b"from Carol")
    };
    cases! { b, [Replay: X3DH-14];
        /// a prekey message without a one-time prekey, delivered again after its session is gone: nothing but the memory of
        /// openings helps
        prekey_message_after_session_without_opk [Replay NoOneTimePreKey:] => opened(None, "gone without", |c| c
            .says("first").reads([0]).drops_sessions(&alice())
            .refuses(0, DuplicateMessage).restart().refuses(0, DuplicateMessage));
        /// a second message of a session that is gone would open it again
        second_message_after_session => opened(None, "second of gone", |c| c.says("first").says("second").late(0, [0])
            .drops_sessions(&alice()).refuses(0, DuplicateMessage));
        /// the same with a bit flipped: it is known before anything is decrypted
        damaged_message_after_session => opened(None, "damaged gone", |c| c.says("first").reads([0])
            .drops_sessions(&alice()).forged(0, Said::flipped, DuplicateMessage));
        /// the same with an id put in: an unknown one-time prekey counts first
        unknown_one_time_prekey_in_replay [Replay UnknownPreKey: X3DH-09 X3DH-14] => opened(None, "id put in", |c| c
            .says("first").reads([0]).drops_sessions(&alice())
            .forged(0, |m| m.fields(|m| m.pre_key_id = Some(9)), UnknownOneTimePrekey));
        /// a point of small order added to the base key changes no Diffie-Hellman: the message is the same one
        torsion_beside_session => opened(None, "torsion beside", |c| c.says("first").reads([0])
            .each(1..8, |c, n| c.forged(0, |m| twisted(m, n), DuplicateMessage)).says("still here").reads([0]));
        /// the same once its session is gone, restarted or not
        torsion_after_session => opened(None, "torsion after", |c| c.says("first").reads([0]).drops_sessions(&alice())
            .each(1..8, |c, n| c.forged(0, |m| twisted(m, n), DuplicateMessage)).restart()
            .each(1..8, |c, n| c.forged(0, |m| twisted(m, n), DuplicateMessage)));
        /// the same where the twisted message comes first: the true one is then the replay
        torsion_before_the_true_message => opened(None, "torsion before", |c| {
            let said = c.says("first").said(0, 0);
            c.read(&twisted(&said, 3)).refuses(0, DuplicateMessage).forged(0, |m| twisted(m, 5), DuplicateMessage)
        });
        /// the same with a one-time prekey, which is gone
        torsion_with_one_time_prekey [: X3DH-09] => opened(Some(2), "torsion opk", |c| c.says("first").reads([0])
            .forged(0, |m| twisted(m, 1), UnknownOneTimePrekey));
        /// 100 openings of one peer at one signed prekey; the 101st is refused, also after a restart, and one by a
        /// one-time prekey is not
        openings_100_and_101 [Bound:] => pair(bob(), alice(), |c| c
            .each(0..100, |c, n| c.peer_opens(&format!("{n}")).says("hello").reads([0])).peer_opens("101")
            .says("one too many").refuses(0, RateLimited).restart().refuses(0, RateLimited)
            .peer_opens_by(1, "by a one-time prekey").says("hello").reads([0]).holds(&[2, 3, 4]));
        /// what is refused, and what was opened by a one-time prekey, does not count among the 100
        what_does_not_count [Bound:] => pair(bob(), alice(), |c| c.peer_opens_by(1, "by a one-time prekey").says("one")
            .reads([0]).peer_opens("damaged").says("two").forged(0, Said::flipped, DecryptFailed)
            .each(0..100, |c, n| c.peer_opens(&format!("{n}")).says("hello").reads([0])));
        /// at the bound of one peer another peer is still read, and the first one at the next signed prekey
        bound_is_of_peer_and_signed_prekey [Bound:] => pair(bob(), alice(), |c| c
            .each(0..100, |c, n| c.peer_opens(&format!("{n}")).says("hello").reads([0]))
            .read(&carol(None)).ticks(7 * DAY).peer_opens("at the next").says("hello").reads([0]));
        /// what another peer has opened before takes nothing of the 100
        openings_of_another_before [Bound:] => pair(bob(), alice(), |c| c.read(&carol(None))
            .each(0..100, |c, n| c.peer_opens(&format!("{n}")).says("hello").reads([0]))
            .peer_opens("101").says("one too many").refuses(0, RateLimited));
        /// a replay at the bound is told as a replay
        replay_at_the_bound [Bound Replay:] => pair(bob(), alice(), |c| c
            .each(0..100, |c, n| c.peer_opens(&format!("{n}")).says("hello").reads([0])).drops_sessions(&alice())
            .refuses(0, DuplicateMessage).refuses_late(0, 0, DuplicateMessage).refuses_late(45, 0, DuplicateMessage));
        /// the same over a restart, and where its session is still there
        replay_at_the_bound_restarted [Bound Replay Restart:] => pair(bob(), alice(), |c| c
            .each(0..100, |c, n| c.peer_opens(&format!("{n}")).says("hello").reads([0])).restart().refuses_late(99, 0, DuplicateMessage)
            .drops_sessions(&alice()).restart().refuses_late(99, 0, DuplicateMessage));
        /// openings are remembered for as long as the signed prekey is held, over its replacement
        base_keys_remembered [Replay PreKeyLifetime: X3DH-14 KEY-08] => opened(None, "over replacement", |c| c
            .says("first").reads([0]).drops_sessions(&alice()).ticks(7 * DAY).ticks(36 * DAY)
            .refuses(0, DuplicateMessage));
    }
}

fn lifetimes(b: &mut Builder) {
    let last = (1 << 24) - 1;
    cases! { b, [PreKeyLifetime: KEY-08];
        /// the id after the last one is the lowest that no signed prekey held has: nothing is overwritten
        ids_after_the_last [: KEY-08 ID-06] => {
            let with = |ids| Actor::with_signed_pre_keys("bob", ids);
            pair(with(&[2, last]), alice(), |c| c.ticks(7 * DAY).holds_all(&[1, 2, last], &[1, 2, 3, 4])
                .ticks(14 * DAY).holds_all(&[1, 2, 3, last], &[1, 2, 3, 4]))
        };
        /// so that a message to a replaced signed prekey with a low id is still read
        low_id_still_answers [: KEY-08 ID-06] => {
            let (old, now) = (Actor::with_signed_pre_keys("bob", &[1]), Actor::with_signed_pre_keys("bob", &[1, last]));
            pair(now, but(alice(), |alice| alice.open(&old.bundle(None), "low id")), |c| c.says("late")
                .ticks(7 * DAY).holds_all(&[1, 2, last], &[1, 2, 3, 4]).reads([0]))
        };
        /// one-time prekeys are kept for 90 days after they were drawn, and erased then
        one_time_prekeys_erased [: KEY-12] => opened(Some(2), "too late", |c| {
            let key = c.talk.me.loaded.one_time_pre_keys[1].private_key.clone();
            c.remember(erased_private_key("the one-time prekey's private key", &key));
            c.ticks(90 * DAY - 1).holds_all(&[7, 8], &[1, 2, 3, 4]).ticks(90 * DAY).holds_all(&[7, 8], &[]).erased()
        });
        /// one second before they go, a message by one of them is read, restarted or not
        one_time_prekey_before_its_end [: KEY-12] => opened(Some(2), "late", |c| c.says("late").ticks(90 * DAY - 1)
            .restart().reads([0]));
        /// a message by a one-time prekey that is erased
        one_time_prekey_after_its_end [UnknownPreKey: KEY-12 X3DH-09] => opened(Some(2), "late", |c| c.says("too late")
            .ticks(90 * DAY).refuses(0, UnknownOneTimePrekey));
        signed_prekey_replaced [: KEY-08 KEY-07]: "the signed prekey is replaced when it is 7 days old"
            => pair(bob(), alice(), |c| c.ticks(7 * DAY).holds_all(&[7, 8], &[1, 2, 3, 4]).publishes(Some(1)));
        replaced_signed_prekey_answers: "a replaced signed prekey still answers for 30 days"
            => opened(Some(2), "late", |c| c.says("late").ticks(7 * DAY).ticks(37 * DAY - 1).reads([0]));
        /// a signed prekey replaced 30 days ago is erased
        replaced_signed_prekey_erased [PreKeyLifetime UnknownPreKey: KEY-08 X3DH-08] => opened(Some(2), "too late", |c| {
            let key = c.talk.me.loaded.signed_pre_keys[0].private_key.clone();
            c.remember(erased_private_key("the signed prekey's private key", &key));
            c.says("too late").ticks(7 * DAY).ticks(37 * DAY).refuses(0, UnknownSignedPrekey).erased()
        });
    }
}

fn pinned(b: &mut Builder) {
    let key = mallory().identity_key();
    cases! { b, [PinnedIdentity: X3DH-15];
        /// another identity key is pinned to the sender
        another_identity_pinned_to_sender => opened(Some(2), "pinned other", |c| c.says("first").pins(&alice(), key)
            .refuses(0, UntrustedIdentity).holds(&[1, 2, 3, 4]));
        /// the pinned identity key holds for bundles too, and over a restart
        pin_holds_for_bundles => pair(bob(), alice(), |c| {
            c.pins(&alice(), key).restart().talk.process_bundle(&alice().bundle(Some(1)), Err(UntrustedIdentity)); c
        });
        /// another key is refused where one is pinned, and the first one stays
        second_pin_refused => opened(Some(2), "second pin", |c| c.says("first")
            .pins(&alice(), alice().identity_key()).pins_as(&alice(), key, true, Some(UntrustedIdentity))
            .pins_as(&alice(), key, false, Some(UntrustedIdentity)).restart()
            .pins_as(&alice(), alice().identity_key(), false, None).reads([0]));
        /// a pin that the user drops takes record and sessions with it, and another key may be pinned
        pin_dropped [: X3DH-15 SES-01] => opened(Some(2), "unpin", |c| c.says("first").says("second")
            .pins(&alice(), alice().identity_key()).late(0, [0]).unpins(&alice()).restart()
            .refuses(0, UnknownOneTimePrekey).pins(&alice(), key).refuses(0, UntrustedIdentity));
        /// an established session does not outrank the pin
        pin_outranks_session => opened(Some(2), "pin later", |c| c.says("first").says("second").late(0, [0])
            .pins(&alice(), key).refuses(0, UntrustedIdentity));
    }
}

/// What an opening message says, read before anybody decides to accept it.
fn openings(b: &mut Builder) {
    cases! { b, [Normal StateChanged: X3DH-11 RND-02];
        /// an opening message is read, and nothing changes: the one-time prekey is there, and it opens a session then
        opening_read_first => opened(Some(2), "read first", |c| c.says("who are you").peeks(0).peeks(0)
            .holds(&[1, 2, 3, 4]).reads([0]).holds(&[1, 3, 4]));
        /// without a one-time prekey nothing is remembered
        opening_read_without_one_time_prekey [: X3DH-14 RND-02] => opened(None, "read without", |c| c
            .says("who are you").peeks(0).restart().peeks(0).reads([0]));
        /// the second message of a session that was never opened
        second_message_read_first [: DR-10 RND-02] => opened(None, "read second", |c| c.says("one").says("two").peeks(0)
            .reads([0]).late(0, [0]));
        /// it does not decrypt
        damaged_opening_read [StateChanged: X3DH-11] => opened(Some(2), "read damaged", |c| c.says("first")
            .peeks_not(0, Said::flipped, DecryptFailed).holds(&[1, 2, 3, 4]).reads([0]));
        /// it opened a session before
        replay_read [Replay: X3DH-14] => opened(None, "read replay", |c| c.says("first").reads([0])
            .drops_sessions(&alice()).peeks_not(0, Said::clone, DuplicateMessage)
            .peeks_not(0, |m| twisted(m, 2), DuplicateMessage));
        /// it is of a session that is there, and opens none
        message_of_session_read [Replay: X3DH-13] => opened(Some(2), "read matching", |c| c.says("first").says("second")
            .late(0, [0]).peeks_not(0, Said::clone, DuplicateMessage).reads([0]));
        /// another identity key is pinned to its sender
        opening_of_another_identity_read [PinnedIdentity: X3DH-15] => opened(Some(2), "read pinned", |c| c.says("first")
            .pins(&alice(), mallory().identity_key()).peeks_not(0, Said::clone, UntrustedIdentity));
        /// another identity key is pinned, and nobody named it; the opening has no one-time prekey
        opening_of_unnamed_identity_read [PinnedIdentity Restart: X3DH-15] => opened(None, "read unnamed", |c| c.says("first")
            .pins_as(&alice(), mallory().identity_key(), false, None).restart()
            .peeks_not(0, Said::clone, UntrustedIdentity));
        /// its one-time prekey is unknown
        opening_by_unknown_prekey_read [UnknownPreKey: X3DH-09] => opened(Some(2), "read unknown", |c| c.says("first")
            .peeks_not(0, |m| m.fields(|m| m.pre_key_id = Some(9)), UnknownOneTimePrekey));
    }
}
