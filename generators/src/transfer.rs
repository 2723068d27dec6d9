//! Families `transfer_sender` and `transfer_receiver`: conversations of the folders of `scripts/` that are called so,
//! played here and recorded. Either side's half of the table of profile section 9 is tested.
//!
//! A case says which transfers there are, then one event after the other, and behind `->` what comes of it: the state
//! after it, what is sent and what the user is told; or the error that refuses it, which leaves the state as it was.
//!
//! ```text
//! car key "label"                 token for 60 seconds
//! user offers to phone -> S:Offered, offer to phone               user accepts -> invalid-state
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
//! `with another owner's signature`; its format: `under "format"`; and what is wrong with all of it: `cut short`,
//! `badly padded`. There is also an `empty message`, and `every message from stranger -> not-bound` is each but the
//! offer.
//!
//! Else: `at 60 seconds` after the beginning, `restart`, `erased token, owner's key`, and `once signed` for the steps of
//! `car_key_in_signed` or `token_in_signed` in `states.txt`.

mod deal;
mod play;

use super::Builder;
use super::builder::About;
use super::script::{self, Case, Script, ScriptError, Words, scripts};
use play::Play;

const SENDER: &[Script] = scripts! {
    "transfer_sender":
    "offers.txt" "requests.txt" "ends.txt" "devices.txt" "expiry.txt" "storage.txt" "states.txt" "payloads.txt"
};

const RECEIVER: &[Script] = scripts! {
    "transfer_receiver":
    "offers.txt" "acceptance.txt" "answers.txt" "ends.txt" "devices.txt" "expiry.txt" "storage.txt" "states.txt"
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
                let mut play = Play::new(&states, &case.comment, &case.comment);
                play.case(case, case.beginning)?;
                b.conversation(case.about(), play.recorded());
                Ok(())
            });
        }
    }
}

/// Each thing that can happen to a transfer: in a vector's name, in a script, and in profile section 9.
const EVENTS: [(&str, &str, &str); 9] = [
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
    let (what, rows) = case
        .beginning
        .split_once(" but ")
        .unwrap_or((case.beginning, ""));
    let rows: Vec<&str> = rows.split(", ").collect();
    let label = case.comment.replacen(" in ", ", refused in ", 1);
    for (name, event, term) in EVENTS {
        if rows.contains(&event) {
            continue;
        }
        let own = event.starts_with("user");
        let (flags, requirements, error): (&[&str], &[&str], _) = match event {
            "offer" => (
                &["RefusedPair", "Duplicate"],
                &["XFER-02"],
                "duplicate-transfer",
            ),
            "user cancels" => (&case.flags, &["XFER-01", "XFER-11"], "invalid-state"),
            _ if own => (&case.flags, &case.requirements, "invalid-state"),
            _ => (&case.flags, &case.requirements, "unexpected-message"),
        };
        let from = if own { "" } else { from_peer };
        let comment = format!("{}: {term}", case.comment);
        let mut play = Play::new(states, &comment, &label);
        play.case(case, what)?;
        let refused = play.line(Words(&format!("{event}{from} -> {error}")));
        refused.map_err(|what| (case.line, what))?;
        let about = About {
            name: format!("{}_{name}", case.name).into(),
            comment: &comment,
            flags,
            requirements,
        };
        b.conversation(about, play.recorded());
    }
    Ok(())
}

const TIGRESS: &str = "https://datatracker.ietf.org/doc/draft-ietf-tigress-requirements/";
const TRANSITIONS: &str = "https://cwe.mitre.org/data/definitions/841.html";

/// The flags of both families.
fn notes(b: &mut Builder) {
    b.header("Make transfers that know nothing, and let the steps happen to them in order (profile section 9).");
    b.header("A step's outcome says which transfer moves from where to where, what is sent, and what the user is told.");
    notes! { b;
        Normal BASIC [TIGRESS]
            "A transfer as it should go." => "Whoever does otherwise transfers nothing.";
        RefusedPair MISSING_STEP [TRANSITIONS]
            "An event that the table has no row for; a bug carries it out."
            => "A wallet is led to sign, to provision or to end a transfer out of turn.";
        Expired EDGE_CASE ["https://cwe.mitre.org/data/definitions/613.html"]
            "An event at or after the expiry; a bug acts on it, or ends what is still in time."
            => "Somebody who was too late gets a credential, or who was in time does not.";
        WrongDevice AUTH_BYPASS ["https://cwe.mitre.org/data/definitions/639.html"]
            "A message from a device that is not bound to the transfer; a bug follows it."
            => "A stranger takes the credential or ends the transfer.";
        SecondDevice CONFIDENTIALITY [TIGRESS]
            "A further device of the receiver asks; a bug signs for both." => "Two keys are given out for one.";
        Request AUTH_BYPASS ["https://www.rfc-editor.org/rfc/rfc4211#section-4"]
            "A key signing request that does not hold, or is not the one that was signed; a bug signs it."
            => "Somebody has a key who has not shown that it is theirs.";
        Attestation AUTH_BYPASS ["https://cwe.mitre.org/data/definitions/347.html"]
            "A key import request that the owner did not make for this transfer and this key; a bug provisions it."
            => "The intermediary is trusted with the car.";
        AfterEnd MISSING_STEP [TRANSITIONS]
            "The receiver has provisioned, and the sender thought that it was over; a bug drops the message."
            => "The credential is never revoked.";
        Lifetime EDGE_CASE ["https://cwe.mitre.org/data/definitions/190.html"]
            "A lifetime at its bounds; a bug has others, or lets the sum overflow."
            => "An offer ends at once, or never.";
        Restart MISSING_STEP [TIGRESS]
            "Saved and restored in the middle; a bug loses the state." => "A wallet signs twice, or not at all.";
        Erased CONFIDENTIALITY ["https://cwe.mitre.org/data/definitions/459.html"]
            "What a transfer that has ended leaves behind; a bug keeps it." => "A later thief has it.";
        Duplicate MISSING_STEP ["https://cwe.mitre.org/data/definitions/694.html"]
            "A transfer id that is known already; a bug takes it as new."
            => "The transfer that has it is lost, or another credential takes its place.";
        Payload MISSING_STEP ["https://cwe.mitre.org/data/definitions/460.html"]
            "A message that cannot be read; a bug lets it change something."
            => "A transfer is lost, or one is left behind.";
        UnsupportedFormat INTEROPERABILITY [TIGRESS]
            "An offer that the receiver cannot use; a bug drops it." => "The sender waits until it expires.";
    }
}
