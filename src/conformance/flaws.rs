//! Ways to get the profile wrong, and what of the vectors and scenarios catches them (feature `flaws`).

use super::case::{Case, Cases};
use super::operation::Reference;
use super::run::{Outcome, Terms, ask};
use crate::flaw;
use sha2::{Digest, Sha256};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// A plausible wrong form of the reference engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Its name: the requirement, and where it is more than a check left out, a word for it.
    pub name: &'static str,
    /// What is wrong.
    pub what: &'static str,
}

impl Flaw {
    /// The requirement that it breaks.
    #[must_use]
    pub fn requirement(&self) -> &'static str {
        self.name.split(' ').next().unwrap_or_default()
    }
}

/// A flaw's run ends once so many cases have caught it.
pub const ENOUGH: usize = 2;

/// What caught a flaw.
#[derive(Clone, Debug)]
pub struct Caught {
    /// The flaw.
    pub flaw: Flaw,
    /// The vectors that failed and the scenarios that did not come off: [`ENOUGH`], or all there are.
    pub by: Vec<String>,
}

/// So many of `flaws`, in their order; which ones, the seed says. All of them where there are no more.
///
/// Each is as likely to be taken as any other.
#[must_use]
pub fn sample(mut flaws: Vec<Flaw>, count: usize, seed: u64) -> Vec<Flaw> {
    let mut ranks: Vec<([u8; 32], &'static str)> = flaws
        .iter()
        .map(|flaw| {
            let mut hash = Sha256::new();
            hash.update(seed.to_le_bytes());
            hash.update(flaw.name);
            (hash.finalize().into(), flaw.name)
        })
        .collect();
    ranks.sort_unstable();
    ranks.truncate(count);
    flaws.retain(|flaw| ranks.iter().any(|(_, name)| *name == flaw.name));
    flaws
}

/// Each of `flaws` with what catches it, in their order; `jobs` threads share the work.
#[must_use]
pub fn hunt(
    flaws: &[Flaw],
    cases: &Cases,
    jobs: usize,
    told: &(dyn Fn(&Caught) + Sync),
) -> Vec<Caught> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    // A flaw may well make the engine panic: it is caught, and that is all that is said of it.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(flaw) = flaws.get(index) else { return };
                    let caught = flaw::with(flaw.name, || with_flaw(*flaw, cases));
                    told(&caught);
                    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                    found.push((index, caught));
                }
            });
        }
    });
    panic::set_hook(hook);
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, caught)| caught).collect()
}

/// Runs `run` with the flaw of that name on, in this thread alone.
pub fn under<T>(flaw: &'static str, run: impl FnOnce() -> T) -> T {
    flaw::with(flaw, run)
}

fn with_flaw(flaw: Flaw, cases: &Cases) -> Caught {
    // Those that carry the requirement come first: where they catch it, the run is short.
    let id = flaw.requirement();
    let carries = |case: &Case| case.requirements().iter().any(|carried| carried == id);
    let others = cases.iter().filter(|case| !carries(case));
    let by = cases
        .carrying(id)
        .chain(others)
        .filter(catches)
        .take(ENOUGH)
        .map(|case| case.name())
        .collect();
    Caught { flaw, by }
}

/// Whether the engine, as it is in this thread, fails a case.
fn catches(case: &Case) -> bool {
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
        ask(&mut Reference::default(), case, Terms::REFERENCE)
    }));
    !matches!(outcome, Ok(Outcome::Passed))
}

/// Every flaw, in the order of the profile.
pub fn all() -> impl Iterator<Item = Flaw> {
    FLAWS.iter().map(|(name, what)| Flaw { name, what })
}

/// Requirements that have no flaw, each with the reason.
pub fn without() -> impl Iterator<Item = (&'static str, &'static str)> {
    WITHOUT.iter().copied()
}

const WITHOUT: &[(&str, &str)] = &[
    (
        "ID-02",
        "who makes a wallet chooses its UserID; the engine is given it",
    ),
    (
        "KEY-11",
        "vectors ask a device in one suite; tests/second_suite.rs and tests/signal_v3.rs show it with two",
    ),
    (
        "X3DH-06",
        "memory that was not erased cannot be seen from outside",
    ),
    (
        "SES-16",
        "it allows something, and the engine does not make use of it",
    ),
    (
        "PAY-01",
        "longer JSON has no padded length that PAY-11 allows; what is no JSON object no reader takes for one",
    ),
    ("INV-07", "it states two limits, which no engine can lift"),
    (
        "SES-17",
        "who restores a device hands it its state; the engine sees no backup",
    ),
    (
        "MBX-05",
        "the requests of section 7 have no field for a user or for several devices",
    ),
    (
        "PRIV-01",
        "the requests of section 7 have no field for more; what their fields say is MBX-14, PRIV-02 and PRIV-03",
    ),
];

const FLAWS: &[(&str, &str)] = &[
    ("ID-01", "the check is left out"),
    ("ID-03", "the check is left out"),
    ("ID-04", "the check is left out"),
    ("ID-05 device first", "an address begins with its DeviceID"),
    ("ID-06", "the check is left out"),
    (
        "KEY-01 big-endian",
        "a public key is written in big-endian order",
    ),
    ("KEY-02", "the check is left out"),
    ("KEY-03", "the check is left out"),
    ("KEY-04", "the check is left out"),
    (
        "KEY-05 not clamped",
        "the private key is not clamped before it signs",
    ),
    ("KEY-06 shared", "all devices have one identity key"),
    (
        "KEY-07 bare key",
        "the signature covers the key without its type byte",
    ),
    (
        "KEY-08 erased at once",
        "a replaced signed prekey is erased at once",
    ),
    (
        "KEY-08 never erased",
        "a replaced signed prekey is kept for ever",
    ),
    (
        "KEY-08 never replaced",
        "the signed prekey is never replaced",
    ),
    (
        "KEY-08 overwrites",
        "the signed prekey after the last id gets id 1, whichever are held",
    ),
    ("KEY-09 address", "the statement does not cover the address"),
    ("KEY-09 created", "the statement does not cover its time"),
    (
        "KEY-09 hint",
        "a prekey message's registration id counts more than a statement's",
    ),
    (
        "KEY-09 registration id",
        "the statement does not cover the registration id",
    ),
    ("KEY-09 suites", "the statement does not cover the suites"),
    ("KEY-10", "the check is left out"),
    ("KEY-10 age", "a statement of any age is taken"),
    ("KEY-10 ahead", "a statement of any time to come is taken"),
    (
        "KEY-10 last tick",
        "a wallet judges by the time of its last tick",
    ),
    (
        "KEY-12 never erased",
        "one-time prekeys that nobody uses are kept for ever",
    ),
    (
        "KEY-12 too early",
        "one-time prekeys are erased after 45 days",
    ),
    (
        "SIG-01 negated",
        "the signature subtracts where it should add",
    ),
    ("SIG-02 reduced", "s is reduced, not refused"),
    ("SIG-03 masked", "the top bit of s is masked, not refused"),
    ("SIG-04 longer", "a signature of more than 64 bytes is cut"),
    ("SIG-05", "the check is left out"),
    ("X3DH-01 half", "half a one-time prekey counts as none"),
    ("X3DH-01 many suites", "any number of suites is taken"),
    ("X3DH-01 names", "any text is taken for a suite's name"),
    ("X3DH-01 no suite", "a bundle without suites is taken"),
    ("X3DH-01 twice", "a suite may stand twice"),
    ("X3DH-02", "the check is left out"),
    ("X3DH-03 order", "DH1 and DH2 change places"),
    (
        "X3DH-03 without DH4",
        "the one-time prekey takes no part in SK",
    ),
    ("X3DH-04 label", "another label for SK"),
    ("X3DH-04 prefix", "the prefix of 0xFF is left out"),
    ("X3DH-05 addresses", "AD has no addresses"),
    (
        "X3DH-05 swapped",
        "AD has the two parties in the other order",
    ),
    (
        "X3DH-07 for ever",
        "prekey messages go on after the first answer",
    ),
    (
        "X3DH-08 current one",
        "the current signed prekey stands in for an unknown one",
    ),
    ("X3DH-09", "the check is left out"),
    (
        "X3DH-10 early",
        "the one-time prekey is erased before the first message decrypts",
    ),
    ("X3DH-10 kept", "the one-time prekey is kept after its use"),
    (
        "X3DH-11 remembered",
        "a prekey message that does not decrypt is remembered as one that did",
    ),
    (
        "X3DH-12 zero",
        "a prekey message without a one-time prekey names number 0",
    ),
    ("X3DH-13", "the check is left out"),
    (
        "X3DH-13 run again",
        "X3DH runs again for a session that is there",
    ),
    ("X3DH-14", "the check is left out"),
    (
        "X3DH-14 not remembered",
        "a prekey message opens its session a second time",
    ),
    (
        "X3DH-14 unbounded",
        "any number of openings is taken of one peer",
    ),
    ("X3DH-15", "the check is left out"),
    (
        "X3DH-15 name lost",
        "a pin that nobody names takes the name away",
    ),
    (
        "X3DH-15 pin replaced",
        "another key takes the place of the pinned one",
    ),
    (
        "X3DH-16 own first",
        "the device's own key comes first, whatever the addresses",
    ),
    (
        "X3DH-16 without address",
        "the number covers the keys alone",
    ),
    (
        "X3DH-16 zeros",
        "groups of the fingerprint are written without leading zeros",
    ),
    (
        "DR-01 identity key",
        "the first ratchet step is made with the identity key",
    ),
    (
        "DR-02 identity key",
        "the responder's first ratchet key is its identity key",
    ),
    ("DR-03 label", "another label for the root step"),
    (
        "DR-04 constants",
        "the two constants of the chain step change places",
    ),
    ("DR-05 label", "another label for message keys"),
    (
        "DR-06 before the tag",
        "plaintext is released before its tag was looked at",
    ),
    (
        "DR-07 little-endian",
        "the previous counter stands in little-endian order",
    ),
    (
        "DR-07 version",
        "the associated data lacks the version byte",
    ),
    (
        "DR-08 previous counter",
        "the previous counter is one too low",
    ),
    (
        "DR-09 not stored",
        "keys of the chain that ends are not stored",
    ),
    ("DR-10 not stored", "skipped keys are not stored"),
    ("DR-11 tenfold", "ten times as many keys may be skipped"),
    ("DR-12 unbounded", "any number of skipped keys is stored"),
    ("DR-13 not erased", "a stored key is kept after its use"),
    ("DR-14", "the check is left out"),
    (
        "DR-15 kept",
        "a ratchet step on a header that was not authenticated is kept",
    ),
    (
        "DR-16 never erased",
        "keys of former chains are kept for ever",
    ),
    (
        "DR-16 too early",
        "keys of former chains are erased after one step",
    ),
    ("DR-17", "the check is left out"),
    ("DR-18", "the check is left out"),
    (
        "DR-19 key reused",
        "the sending chain stands still: message keys are used again",
    ),
    (
        "DR-20 reused",
        "the ratchet key pair is used again for the next chain",
    ),
    ("DR-21", "the check is left out"),
    ("DR-22", "the check is left out"),
    ("WIRE-01", "the check is left out"),
    ("WIRE-02", "the check is left out"),
    ("WIRE-03", "the check is left out"),
    ("WIRE-04", "the check is left out"),
    ("WIRE-05", "the check is left out"),
    (
        "WIRE-06 unchecked",
        "keys in a message are taken as they are",
    ),
    ("WIRE-07", "the check is left out"),
    ("WIRE-08", "the check is left out"),
    ("WIRE-09", "the check is left out"),
    (
        "WIRE-10 believed",
        "the parser believes a length, and crashes past the end",
    ),
    (
        "WIRE-11 zero left out",
        "a counter of 0 is left out, as Protocol Buffers 3 do",
    ),
    ("SES-01 by user", "one device of a user is remembered"),
    ("SES-02", "the check is left out"),
    (
        "SES-03 behind",
        "a new session is put behind the active one",
    ),
    ("SES-04 one", "one inactive session is kept"),
    ("SES-04 unbounded", "a thousand inactive sessions are kept"),
    ("SES-05 active alone", "the active session alone is tried"),
    (
        "SES-06 never promoted",
        "an inactive session that decrypts stays inactive",
    ),
    (
        "SES-07 last error",
        "the error is that of the session tried last",
    ),
    (
        "SES-07 record kept",
        "the registration id of a message that did not decrypt is kept",
    ),
    (
        "SES-08 own kept",
        "a device keeps sending in the session that it opened itself",
    ),
    ("SES-09 not stale", "a device that is gone is not marked"),
    (
        "SES-10 dropped",
        "an answer that a registration id is out of date drops the sessions",
    ),
    (
        "SES-10 not taken",
        "the registration id of the statement is not taken",
    ),
    (
        "SES-11 another key",
        "a message with another identity key makes a stale record current",
    ),
    (
        "SES-11 listed",
        "a stale device is still among those a user has",
    ),
    ("SES-11 never erased", "a stale record is kept for ever"),
    (
        "SES-11 pinned",
        "what is pinned goes stale by an answer that nobody has authenticated",
    ),
    (
        "SES-11 provisioned",
        "provisioning information goes to a stale device in its session",
    ),
    (
        "SES-11 sent to",
        "a stale device is still sent to in its session",
    ),
    (
        "SES-12 not reported",
        "a changed identity key is not reported",
    ),
    (
        "SES-12 sessions kept",
        "the sessions of the former identity key are kept",
    ),
    ("SES-13 never erased", "old sessions are never erased"),
    (
        "SES-13 sent for ever",
        "a session that nobody answers is sent in for ever",
    ),
    ("SES-14 ten rounds", "a send gives up after ten rounds"),
    ("SES-15", "the check is left out"),
    (
        "SES-15 grows",
        "a message for one device goes to others that the intermediary names",
    ),
    ("SES-18", "the check is left out"),
    (
        "SES-19 active",
        "provisioning information goes into the active session, whoever opened it",
    ),
    (
        "SES-19 not told",
        "a session beside the own one is not told of",
    ),
    (
        "SES-19 pushed out",
        "sessions that others open push out the own one",
    ),
    ("MBX-01", "the check is left out"),
    (
        "MBX-01 former kept",
        "what was registered at an address before is kept",
    ),
    ("MBX-02", "the check is left out"),
    ("MBX-03", "the check is left out"),
    (
        "MBX-03 handed out again",
        "a one-time prekey is handed out again and again",
    ),
    (
        "MBX-03 without end",
        "a one-time prekey is handed out however long ago it was published",
    ),
    (
        "MBX-04 always twenty",
        "twenty one-time prekeys are said to be left",
    ),
    ("MBX-06", "the check is left out"),
    ("MBX-07 same number", "every message has the same number"),
    ("MBX-08", "the check is left out"),
    ("MBX-09", "the check is left out"),
    ("MBX-09 kept", "an acknowledged message stays"),
    ("MBX-10", "the check is left out"),
    (
        "MBX-10 default lifetime",
        "the lifetime asked for is not heeded",
    ),
    ("MBX-11", "the check is left out"),
    (
        "MBX-11 none kept free",
        "a full mailbox takes nothing, whoever asks",
    ),
    ("MBX-12", "the check is left out"),
    ("MBX-13", "the check is left out"),
    (
        "MBX-13 carried out twice",
        "a repeated request is carried out again",
    ),
    (
        "MBX-13 registration forgotten",
        "the answer to a registration is remembered for a day, as any other",
    ),
    (
        "MBX-14 in clear",
        "the plaintext is sent as it is, with a tag",
    ),
    ("MBX-15 kept", "a removed device stays"),
    (
        "MBX-16 accepted",
        "a message for a device that is not there is accepted",
    ),
    (
        "MBX-17 for everybody",
        "a bundle has a one-time prekey whoever asks",
    ),
    (
        "MBX-17 without end",
        "one access key gets one-time prekeys without end",
    ),
    ("MBX-18 mailbox lost", "the mailboxes are not saved"),
    (
        "MBX-19 recipient's",
        "the sender of an envelope is not the device of the token",
    ),
    ("MBX-20", "the check is left out"),
    (
        "MBX-20 counted anew",
        "an access key that is published again has another ten one-time prekeys",
    ),
    ("MBX-21 kept", "a withdrawn access key still admits"),
    ("MBX-21 without end", "an access key never expires"),
    ("MBX-22", "the check is left out"),
    ("MBX-23", "the check is left out"),
    ("MBX-24 age", "the check is left out"),
    ("MBX-24 ahead", "the check is left out"),
    (
        "INV-01 alphabet",
        "the fragment is in base64, not base64url",
    ),
    (
        "INV-01 bare key",
        "the fingerprint covers the key without its type byte",
    ),
    (
        "INV-02 fragment",
        "the fragment is part of what is asked of HOST",
    ),
    ("INV-03", "the check is left out"),
    (
        "INV-03 not pinned",
        "the key of an invitation is not pinned",
    ),
    ("INV-04", "the check is left out"),
    ("INV-05", "the checks are left out"),
    (
        "INV-05 a second late",
        "an invitation is taken in the second that it expires in",
    ),
    (
        "INV-05 any lifetime",
        "an invitation that lives for ever is taken",
    ),
    ("INV-05 default", "an invitation lives 30 days"),
    (
        "INV-05 no grace",
        "an offer that was on its way when its invitation expired is refused",
    ),
    (
        "INV-05 not counted",
        "an invitation serves any number of transfers",
    ),
    (
        "INV-06 one key",
        "the key of the MAC is the access key, which the intermediary is told",
    ),
    ("INV-08", "the check is left out"),
    (
        "INV-08 any opening",
        "a stranger's opening message is let in whatever it says",
    ),
    (
        "INV-09 unpublished",
        "an offer leaves before the access key for its answers is published",
    ),
    ("WAL-01 not out", "what was submitted does not count as out"),
    (
        "WAL-02 any answer",
        "an answer of another type or of another device counts as the one asked for",
    ),
    (
        "WAL-03 old key",
        "what waits is asked again under the access key of a former link",
    ),
    (
        "WAL-03 one queue",
        "a message that waits delays those to everybody else",
    ),
    (
        "WAL-03 told again",
        "the user is told at every attempt that a message waits",
    ),
    (
        "WAL-04 twice",
        "an answer that is asked for again while it waits is sent twice",
    ),
    (
        "WAL-05 meanwhile",
        "messages are read while an acknowledgement is under way",
    ),
    (
        "WAL-06 any key",
        "a transfer outlives the key that it was with",
    ),
    (
        "XFER-01",
        "a message is judged as if its time had not run out",
    ),
    ("XFER-02", "the check is left out"),
    (
        "XFER-03 made",
        "a message about an unknown transfer makes one",
    ),
    (
        "XFER-04 any device",
        "an offer is good for every device of the user",
    ),
    ("XFER-06", "the check is left out"),
    ("XFER-07", "the check is left out"),
    (
        "XFER-08 stays open",
        "an offer stays open once a key was signed: another key is signed too",
    ),
    (
        "XFER-09 without consent",
        "a token is provisioned without the user's consent",
    ),
    ("XFER-10", "the check is left out"),
    (
        "XFER-10 a second late",
        "a transfer lives a second too long",
    ),
    ("XFER-10 accepted", "what has expired can be accepted"),
    ("XFER-10 default", "the default lifetime is a day"),
    (
        "XFER-10 for ever",
        "the receiver waits as long as the sender says",
    ),
    ("XFER-11 goes on", "a transfer that the user ended goes on"),
    (
        "XFER-12 not reported",
        "a credential that is out after the end is not reported",
    ),
    ("XFER-13", "the check is left out"),
    (
        "XFER-14 still leaves",
        "what its user has cancelled still leaves",
    ),
    ("XFER-14 kept", "what a transfer held is kept when it ends"),
    (
        "XFER-15 key reused",
        "the saved state is one message behind: after a restart a message key is used again",
    ),
    (
        "XFER-15 not asked again",
        "a request without an answer is forgotten at a restart",
    ),
    (
        "XFER-16 default lifetime",
        "messages wait two days, however long the offer lives",
    ),
    (
        "XFER-16 long",
        "provisioning information waits as long as any other message",
    ),
    (
        "XFER-17 always cancels",
        "a cancel is sent about what nobody has heard of",
    ),
    (
        "XFER-17 not remembered",
        "what was handed over is not remembered",
    ),
    (
        "XFER-17 not told",
        "nobody is told that a credential may be out",
    ),
    (
        "XFER-17 tells always",
        "the user is told that a credential may be out where it is not",
    ),
    ("XFER-18", "the check is left out"),
    (
        "XFER-18 a month",
        "a token that was offered is known for 30 days",
    ),
    ("XFER-19 never", "what has ended is never forgotten"),
    ("XFER-20", "the check is left out"),
    ("XFER-20 ended ones", "what has ended does not count"),
    (
        "PAY-02 default",
        "a format that is missing counts as a car key's",
    ),
    ("PAY-03 dropped", "unknown keys are dropped"),
    ("PAY-04", "the check is left out"),
    ("PAY-05", "the check is left out"),
    ("PAY-06", "the check is left out"),
    (
        "PAY-07 reason",
        "a format that is not supported is declined with another reason",
    ),
    ("PAY-08", "the check is left out"),
    ("PAY-09", "the check is left out"),
    ("PAY-10 any form", "any form of RFC 3339 is taken"),
    ("PAY-11", "the check is left out"),
    ("PAY-11 any block", "any multiple of 256 bytes is taken"),
    (
        "PAY-11 each by itself",
        "a message is as short as it can be, however long its offer was",
    ),
    (
        "PAY-11 shortest alone",
        "a plaintext that could be shorter is refused",
    ),
    (
        "PAY-11 without invitation",
        "an offer is padded as if it got no invitation",
    ),
    ("PAY-12 longer", "a longer key creation request is cut"),
    (
        "PAY-12 unverified",
        "the signature of a key signing request is not verified",
    ),
    ("PAY-13", "the check is left out"),
    ("PAY-14", "the check is left out"),
    (
        "PAY-14 every place",
        "the MAC's characters are taken out wherever they stand",
    ),
    ("PAY-14 no keys", "the MAC covers no identity keys"),
    (
        "PAY-14 parties alone",
        "the MAC does not cover what is offered",
    ),
    (
        "PAY-14 parties turned",
        "the MAC covers the receiver before the sender",
    ),
    ("PAY-15", "the checks are left out"),
    ("PAY-15 null", "`null` counts as nothing"),
    (
        "PRIV-02 fixed prekey",
        "one-time prekeys are the same in every wallet",
    ),
    ("PRIV-03 small blocks", "payloads are padded to 16 bytes"),
    ("PRIV-04 in an error", "an error shows what was decrypted"),
    ("PRIV-04 in debug output", "debug output shows keys"),
    (
        "RND-01 order",
        "a registration id is drawn before the identity key, and thrown away",
    ),
    (
        "RND-02 refused",
        "a message that is refused draws randomness",
    ),
    ("V3-01 newer", "messages are of version byte 0x34"),
    ("V3-01 one byte", "no other version byte than 0x33 is read"),
    ("V3-02 ids from 1", "a prekey of id 0 is refused"),
    (
        "V3-03",
        "a key of small order is found out once something was drawn",
    ),
    ("V3-04 asked for", "statements are made and asked for"),
    (
        "V3-05 sign bit left out",
        "the sign bit is not put into the signature",
    ),
    ("V3-06", "a signature is not compared with R"),
    (
        "V3-06 sign bit ignored",
        "the sign of A is taken for 0, whatever the signature says",
    ),
    ("V3-07 label", "X3DH has the label of the root step"),
    ("V3-08 label", "the root step has the label of X3DH"),
    ("V3-09 label", "message keys have another label"),
    ("V3-09 order", "the MAC key stands before the AES key"),
    ("V3-10", "the MAC is not compared"),
    ("V3-10 four bytes", "four bytes of the MAC are compared"),
    (
        "V3-10 initiator first",
        "the MAC covers the initiator's key first, whoever sends",
    ),
    (
        "V3-11 count",
        "the previous counter is the number of messages",
    ),
    (
        "V3-12 closed",
        "a former chain ends where the previous counter says",
    ),
    (
        "V3-13 tenfold",
        "250,000 keys may be skipped, ten times as many as allowed",
    ),
    ("V3-14 drawn again", "a registration id of 0 is drawn again"),
    (
        "V3-15 zero left out",
        "a registration id of 0 is not written",
    ),
    ("V3-16", "the checks of fields are left out"),
    ("V3-16 first counts", "of repeated fields the first counts"),
    (
        "V3-16 unknown refused",
        "a message with an unknown field is refused",
    ),
    (
        "V3-17 prekey unbounded",
        "a prekey message may have any size",
    ),
    (
        "V3-17 ratchet unbounded",
        "a ratchet message may have any size",
    ),
];
