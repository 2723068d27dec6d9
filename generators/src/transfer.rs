//! Families `transfer_sender` and `transfer_receiver`: conversations of the folders of `scripts/` that are called so,
//! played here and recorded. Either side's half of the table of profile section 9 is tested.
//!
//! A case says which transfers there are, then one event after the other, and behind `->` what comes of it: the state
//! after it, what is sent and what the user is told; or the error that refuses it, which leaves the state as it was.
//!
//! ```text
//! car key "label"                 token for 60 seconds
//! user offers to phone -> S:Offered, offer to phone               user accepts -> invalid-state
//! user offers to phone again -> S:Offered, offer to phone         out -> S:Offered
//! user declines -> R:Declined, decline to owner                   user cancels -> S:Cancelled, cancel to friend
//! request from phone -> S:Signed, import to phone
//! provisioned from phone -> S:Cancelled, reports provisioned-after-end
//! tick -> S:Expired               tick -> nothing                 tick -> [1] S:Expired, [2] S:Expired
//! ```
//!
//! What is drawn for a transfer is made of its label, else of the comment. From `[2]` on, the second transfer is meant.
//!
//! The messages are `offer`, `request`, `import`, `provisioned`, `decline "reason"` and `cancel "reason"`; where no
//! reason is stated it is `user`. Before a message may stand whose it is: `another transfer's`, `another owner's`,
//! `another device's`; behind it what it holds instead: `holding nothing`, `holding import`, `holding 31 * 0x07`; what
//! is changed in that: `with byte 40 flipped`, `without its last byte`, `followed by 0x00`,
//! `with another owner's signature`; its format: `under "format"`; its length, where that is not its offer's:
//! `padded to 4,096`; and what is wrong with all of it: `cut short`, `badly padded`. There is also an `empty message`, and `every message from stranger -> not-bound` is each but the
//! offer.
//!
//! `S:Expired may be out` says that the user is told `credential-may-be-out`. `token of "label"` is the token of that
//! label, `token of 3,000 bytes` a long one.
//!
//! `998 tokens are offered for 60 seconds` is one step for as many offers of tokens that are spoken of no more.
//!
//! Else: `at 60 seconds` after the beginning, `99 offers that expire`, `forgotten` where the transfer is, `restart`, `erased token, owner's key`, and `once signed` for the steps of
//! `car_key_in_signed` or `token_in_signed` in `states.txt`.

mod deal;
mod play;

use super::builder::About;
use super::prelude::*;
use super::script::{self, Case, Play, Script, ScriptError, scripts};
use play::Transfers;

const SENDER: &[Script] = scripts! {
    "transfer_sender":
    "offers.txt" "tokens.txt" "requests.txt" "ends.txt" "devices.txt" "expiry.txt" "storage.txt" "states.txt" "payloads.txt"
};

const RECEIVER: &[Script] = scripts! {
    "transfer_receiver":
    "offers.txt" "bounds.txt" "acceptance.txt" "answers.txt" "ends.txt" "devices.txt" "expiry.txt" "storage.txt" "states.txt"
};

pub(super) fn sender(b: &mut Builder) {
    generate(b, SENDER, " from phone");
}

pub(super) fn receiver(b: &mut Builder) {
    generate(b, RECEIVER, " from owner");
}

fn generate(b: &mut Builder, scripts: &[Script], from_peer: &str) {
    notes(b);
    let of_states = |script: &&Script| script.path.ends_with("/states.txt");
    let states = scripts.iter().find(of_states).expect("the states");
    let states = script::cases(states.text).unwrap_or_default();
    for script in scripts {
        if of_states(&script) {
            script.each(|case| refusals(b, &states, case, from_peer));
        } else {
            script.each(|case| {
                let mut played = Transfers::new(&states, &case.comment, &case.comment);
                played.lines(&case.steps)?;
                b.conversation(case.about(), played.recorded());
                Ok(())
            });
        }
    }
}

/// Each thing that can happen to a transfer: in a vector's name, in a script, and in profile section 9.
const EVENTS: [(&str, &str, &str); 10] = [
    ("own_out", "out", "out"),
    ("own_accept", "user accepts", "accept"),
    ("own_decline", "user declines", "decline (local)"),
    ("own_cancel", "user cancels", "cancel (local)"),
    ("offer", "offer", "provisioningInformation"),
    ("request", "request", "keySigningRequest"),
    ("import", "import", "keyImportRequest"),
    ("provisioned", "provisioned", "provisioned"),
    ("decline", "decline", "decline (remote)"),
    ("cancel", "cancel", "cancel (remote)"),
];

/// XFER-01: each pair of a state and an event that the table has no row for, a vector each.
fn refusals(
    b: &mut Builder,
    states: &[Case<'_>],
    case: &Case<'_>,
    from_peer: &str,
) -> Result<(), ScriptError> {
    let ((_, heading), steps) = case.steps.split_first().expect("a case has steps");
    let (what, rows) = heading.split_once(" but ").unwrap_or((heading, ""));
    let rows: Vec<&str> = rows.split(", ").collect();
    let label = case.comment.replacen(" in ", ", refused in ", 1);
    for (name, event, term) in EVENTS {
        if rows.contains(&event) {
            continue;
        }
        let own = event.starts_with("user") || event == "out";
        let (flags, requirements, error): (&[&str], &[&str], _) = match event {
            "offer" => (
                &["RefusedPair", "Duplicate"],
                &["XFER-02"],
                "duplicate-transfer",
            ),
            "user cancels" => (&case.flags, &["XFER-01", "XFER-11"], "invalid-state"),
            "out" => (&case.flags, &["XFER-01", "XFER-17"], "invalid-state"),
            _ if own => (&case.flags, &case.requirements, "invalid-state"),
            _ => (&case.flags, &case.requirements, "unexpected-message"),
        };
        let from = if own { "" } else { from_peer };
        let comment = format!("{}: {term}", case.comment);
        let mut played = Transfers::new(states, &comment, &label);
        played.lines(&[(case.line, what.to_owned())])?;
        played.lines(steps)?;
        played.lines(&[(case.line, format!("{event}{from} -> {error}"))])?;
        let about = About {
            name: format!("{}_{name}", case.name).into(),
            comment: &comment,
            flags,
            requirements,
        };
        b.conversation(about, played.recorded());
    }
    Ok(())
}

const TIGRESS: &str = "https://datatracker.ietf.org/doc/draft-ietf-tigress-requirements/";

/// The flags of both families.
fn notes(b: &mut Builder) {
    b.header("Make transfers that know nothing, and let the steps happen to them in order (profile section 9).");
    b.header("A step's outcome says which transfer moves from where to where, what is sent, and what the user is told.");
    notes! { b;
        Normal BASIC [TIGRESS] "A transfer as it should go." => "Whoever does otherwise transfers nothing.";
        RefusedPair MISSING_STEP [cwe(841)] "An event that the table has no row for; a bug carries it out."
            => "A wallet is led to sign, to provision or to end a transfer out of turn.";
        Expired EDGE_CASE [cwe(613)] "An event at or after the expiry; a bug acts on it, or ends what is still in time."
            => "Somebody who was too late gets a credential, or who was in time does not.";
        WrongDevice AUTH_BYPASS [cwe(639)]
            "A message from a device that is not bound to the transfer; a bug follows it."
            => "A stranger takes the credential or ends the transfer.";
        SecondDevice CONFIDENTIALITY [TIGRESS] "A further device of the receiver asks; a bug signs for both."
            => "Two keys are given out for one.";
        Request AUTH_BYPASS [rfc("4211#section-4")]
            "A key signing request that does not hold, or is not the one that was signed; a bug signs it."
            => "Somebody has a key who has not shown that it is theirs.";
        Attestation AUTH_BYPASS [cwe(347)]
            "A key import request that the owner did not make for this transfer and this key; a bug provisions it."
            => "The intermediary is trusted with the car.";
        AfterEnd MISSING_STEP [cwe(841)]
            "The receiver has provisioned, and the sender thought that it was over; a bug drops the message."
            => "The credential is never revoked.";
        Lifetime EDGE_CASE [cwe(190)] "A lifetime at its bounds; a bug has others, or lets the sum overflow."
            => "An offer ends at once, or never.";
        Out CONFIDENTIALITY [TIGRESS]
            "An end before or after what lets the receiver provision was handed over; a bug tells the owner too late."
            => "A credential is out, and its owner thinks that the transfer is over.";
        OneToken CONFIDENTIALITY [TIGRESS] "A token that was offered before; a bug offers it to a second receiver."
            => "Two people hold one credential.";
        Flood DENIAL_OF_SERVICE [cwe(770)] "One sender offers and offers; a bug keeps it all."
            => "Whoever holds one link fills the wallet.";
        Forgotten CONFIDENTIALITY [cwe(459)] "A transfer that ended long ago; a bug knows of it for ever, or not long enough."
            => "A wallet grows with all that it ever did, or takes a late message for something new.";
        Restart MISSING_STEP [TIGRESS] "Saved and restored in the middle; a bug loses the state."
            => "A wallet signs twice, or not at all.";
        Erased CONFIDENTIALITY [cwe(459)] "What a transfer that has ended leaves behind; a bug keeps it."
            => "A later thief has it.";
        Duplicate MISSING_STEP [cwe(694)] "A transfer id that is known already; a bug takes it as new."
            => "The transfer that has it is lost, or another credential takes its place.";
        Payload MISSING_STEP [cwe(460)] "A message that cannot be read; a bug lets it change something."
            => "A transfer is lost, or one is left behind.";
        UnsupportedFormat INTEROPERABILITY [TIGRESS] "An offer that the receiver cannot use; a bug drops it."
            => "The sender waits until it expires.";
    }
}
