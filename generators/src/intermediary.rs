//! Family `intermediary`: conversations of `scripts/intermediary/`, played here and recorded.
//!
//! A step is `WHO` asks `WHAT`, then `->` and the answer, unless it is `done`:
//!
//! ```text
//! ben registers [with the token of ryan] [made 60 seconds ago]    ben removes ryan
//! ben publishes signed prekey 8 [made 60 seconds ahead] [for ryan]    ben publishes one-time prekeys 4 to 6 [for ryan]
//! ben publishes an access key ["b"] [until 60 seconds] [for ryan]    ben withdraws the access key ["b"] [for ryan]
//! ben counts [for ryan] -> 3                          ben acknowledges 1, 2 [for ryan]
//! ben fetches ryan -> prekeys 1 to 3                  ben fetches ryan -> [signed prekey 8,] no prekey
//! ben fetches ryan without a key -> no prekey         ben sends MESSAGE to stale ryan -> stale-registration
//! ben sends MESSAGE to ryan [as prekey] [for 60 seconds] [by key "b"] [by the key of watch]
//! ben reads [at most 2] [for ryan] -> 1 MESSAGE from ben [as prekey] [until 60], 2 MESSAGE from eve
//! ```
//!
//! Who sends or fetches does so by the recipient's access key without a label, unless another is named.
//! A message is `<one>`: 48 bytes made of that word; or `"text"`, `0xff`, `1,000 * 0xff`, `opening "text"`: a real one.
//! Behind what is asked may stand `9 times`, and what is changed: `but limit = 0`, `but request.id is missing`.
//! Requests with the same `[a]` before them have the same request id; that of `["1"]` is 1.
//!
//! Else: `at 60 seconds` after the beginning, `tick`, `restart`, `erased "the message" <one>`,
//! `ryan has 12 one-time prekeys` to register with, `eve has no token`, `eve has token 32 * 0x07`. `among ben, open ryan,
//! watch` registers each of them, the watch with the token of its user's phone; who is `open` publishes an access key.
//! `each 1 to 9: STEP` makes a step again and again, with the number for each `#` in it; `numbered` is said of an access
//! key that is another one each of the many times that it is published.

mod client;
mod play;

use super::prelude::*;
use super::script::{Play, Script, scripts};
use play::Relay;

const SCRIPTS: &[Script] = scripts! {
    "intermediary":
    "registrations.txt" "prekeys.txt" "submissions.txt" "access_keys.txt" "mailboxes.txt" "repetitions.txt" "privacy.txt" "forms.txt" "anew.txt"
};

pub(super) fn generate(b: &mut Builder) {
    b.header("Requests to an intermediary, as they stand on the wire, and its answers (profile section 7).");
    b.header("Play the steps on an intermediary that knows nobody.");
    notes! { b;
        Normal BASIC [signal("x3dh/#server-trust")] "Requests as honest clients make them."
            => "Whoever answers otherwise works with no wallet.";
        TokenHandling CONFIDENTIALITY [cwe(312)] "How tokens and access keys are kept; a bug keeps them readable."
            => "A thief of the store has every mailbox.";
        Authorisation AUTH_BYPASS [cwe(639)]
            "A request without a token, with an unknown one or with another device's; a bug goes by the address alone."
            => "A stranger reads mailboxes, replaces keys or joins a user's devices.";
        UncheckedKey MISSING_STEP [signal("x3dh/#signatures")]
            "A key that must not be used, or a signature that does not verify, is published; a bug stores it."
            => "It is handed on: to clients that do not check it, or whose sends then fail one and all.";
        OneTimePreKeyReuse CONFIDENTIALITY [signal("x3dh/#protocol-replay")]
            "A bug hands a one-time prekey out a second time."
            => "The second sender's message is refused, and a replay of the first cannot be told from a new session.";
        Statement MISSING_STEP [signal("x3dh/#server-trust")]
            "A device's statement is not signed, says something else, or is a day off; a bug stores it."
            => "It is handed on to senders, who refuse it one and all; or a wallet with a wrong clock never learns of it.";
        Admission AUTH_BYPASS [cwe(799)]
            "Who writes to a device, and has no access key of it; a bug takes what he writes."
            => "Strangers fill a mailbox, and nobody else can write to it.";
        Drain DENIAL_OF_SERVICE [signal("x3dh/#server-trust")] "Somebody takes bundle after bundle; a bug lets them."
            => "A device is left without one-time prekeys.";
        DeviceList MISSING_STEP [signal("sesame/#sending-messages")]
            "A submission is for one device; a bug takes one for a user, or tells which devices a user has."
            => "An intermediary that adds a device of its own is believed, and reads what was meant for others.";
        StaleRegistration MISSING_STEP [signal("sesame/#sending-messages")]
            "A message is encrypted for a former installation of a device; a bug stores it."
            => "What nobody can read is delivered, and the sender never learns of it.";
        PartlyStored MISSING_STEP [cwe(460)] "A refused request changes nothing at all; a bug stores a part of it."
            => "What the client then sends again is delivered twice.";
        Order MISSING_STEP [signal("sesame/#server")]
            "Messages arrive as they were accepted, numbered for their mailbox alone; a bug sorts or counts otherwise."
            => "A wallet reads an answer before its question, and its ratchet skips keys.";
        LostMessage MISSING_STEP [signal("sesame/#server")]
            "A bug drops a message before its owner has acknowledged it."
            => "What a client read and crashed on is lost.";
        Acknowledgement MISSING_STEP [signal("sesame/#server")]
            "An acknowledgement erases the messages that it names, once, and no later one; a bug erases more or less."
            => "Messages are lost unread, or come again and stay for a thief of the store.";
        Expiry CONFIDENTIALITY [cwe(459)]
            "A message's lifetime is over, or nearly; a bug keeps it too long or drops it too early."
            => "It is there for a thief of the store, or lost.";
        Limit DENIAL_OF_SERVICE [cwe(770)] "A limit of section 7, on both sides of it; a bug has none, or another."
            => "A stranger says how much is stored; or what a wallet may ask for is refused.";
        Repetition MISSING_STEP [rfc("9110#name-idempotent-methods")]
            "A client that got no answer makes its request again; a bug carries it out again, or refuses it."
            => "A second prekey is spent, a message delivered twice, or the client left without its answer.";
        Removal CONFIDENTIALITY [cwe(459)]
            "A device is removed, or another takes its place; a bug leaves something of it."
            => "Whoever comes next can read it.";
        Spoofing AUTH_BYPASS [cwe(290)]
            "Who a message is from is what the token says; a bug takes a client's word for it."
            => "A client writes in another's name.";
        LooksInside CONFIDENTIALITY ["https://datatracker.ietf.org/doc/draft-ietf-tigress-requirements/"]
            "The intermediary carries bytes; a bug parses them, or wants to be told what they are."
            => "It can treat transfers by their type, and an owner learns of another's traffic.";
        UnknownTarget MISSING_STEP [signal("sesame/#sending-messages")]
            "A user or device that is not registered; a bug accepts a message for it." => "The message is lost.";
        Form PARSER_BUG [rfc("9413"), cwe(436)]
            "What is no request by the table of section 7; a bug reads it leniently."
            => "It is carried out, where another reader would do something else.";
        Restart MISSING_STEP [signal("sesame/#server")]
            "The intermediary starts again from what it stored; a bug answers before it stores, or stores too little."
            => "What it answered for no longer holds: messages are lost, prekeys handed out twice.";
    }
    for script in SCRIPTS {
        script.each(|case| {
            let mut played = Relay::new(&case.comment);
            played.lines(&case.steps)?;
            b.conversation(case.about(), played.recorded());
            Ok(())
        });
    }
}
