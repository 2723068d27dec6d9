//! Ways to get the profile wrong, and what of the vectors and scenarios catches them (feature `flaws`).

use super::case::{Case, Cases};
use super::run::Outcome;
use super::subject::Reference;
use super::verdict;
use crate::flaw;
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

/// What caught a flaw.
#[derive(Clone, Debug)]
pub struct Caught {
    /// The flaw.
    pub flaw: Flaw,
    /// The vectors that failed.
    pub vectors: Vec<String>,
    /// The scenarios that did not come off.
    pub scenarios: Vec<String>,
}

impl Caught {
    /// By how many it was caught.
    #[must_use]
    pub fn count(&self) -> usize {
        self.vectors.len() + self.scenarios.len()
    }
}

/// Every flaw with what catches it, in the order of [`all`]; `jobs` threads share the work.
#[must_use]
pub fn hunt(cases: &Cases, jobs: usize, told: &(dyn Fn(&Caught) + Sync)) -> Vec<Caught> {
    let flaws: Vec<Flaw> = all().collect();
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

fn with_flaw(flaw: Flaw, cases: &Cases) -> Caught {
    let mut caught = Caught {
        flaw,
        vectors: Vec::new(),
        scenarios: Vec::new(),
    };
    for case in cases.iter() {
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
            verdict::ask(&mut Reference::default(), &case, true)
        }));
        if matches!(outcome, Ok(Some(Outcome::Passed) | None)) {
            continue;
        }
        match case {
            Case::Vector(_) => caught.vectors.push(case.name()),
            Case::Scenario(..) => caught.scenarios.push(case.name()),
        }
    }
    caught
}

/// Every flaw, in the order of the profile.
pub fn all() -> impl Iterator<Item = Flaw> {
    FLAWS.iter().map(|(name, what)| Flaw { name, what })
}

const FLAWS: &[(&str, &str)] = &[
    ("ID-06", "the check is left out"),
    ("KEY-02", "the check is left out"),
    ("KEY-03", "the check is left out"),
    ("KEY-04", "the check is left out"),
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
        "SIG-01 negated",
        "the signature subtracts where it should add",
    ),
    ("SIG-02 reduced", "s is reduced, not refused"),
    ("SIG-03 masked", "the top bit of s is masked, not refused"),
    ("SIG-04 longer", "a signature of more than 64 bytes is cut"),
    ("SIG-05", "the check is left out"),
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
        "X3DH-13 run again",
        "X3DH runs again for a session that is there",
    ),
    ("X3DH-14", "the check is left out"),
    (
        "X3DH-14 not remembered",
        "a prekey message opens its session a second time",
    ),
    ("X3DH-15", "the check is left out"),
    ("DR-03 label", "another label for the root step"),
    (
        "DR-04 constants",
        "the two constants of the chain step change places",
    ),
    ("DR-05 label", "another label for message keys"),
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
    ("WIRE-07", "the check is left out"),
    ("WIRE-08", "the check is left out"),
    ("WIRE-09", "the check is left out"),
    ("SES-02", "the check is left out"),
    ("SES-04 one", "one inactive session is kept"),
    ("SES-04 unbounded", "a thousand inactive sessions are kept"),
    ("SES-05 active alone", "the active session alone is tried"),
    (
        "SES-06 never promoted",
        "an inactive session that decrypts stays inactive",
    ),
    ("SES-09 not stale", "a device that is gone is not marked"),
    (
        "SES-10 kept",
        "the sessions that go with an old registration id are kept",
    ),
    (
        "SES-11 listed",
        "a stale device is still among those a user has",
    ),
    ("SES-11 never erased", "a stale record is kept for ever"),
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
        "MBX-04 always twenty",
        "twenty one-time prekeys are said to be left",
    ),
    ("MBX-05", "the check is left out"),
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
    ("MBX-12", "the check is left out"),
    ("MBX-13", "the check is left out"),
    (
        "MBX-13 carried out twice",
        "a repeated request is carried out again",
    ),
    ("MBX-15 kept", "a removed device stays"),
    ("MBX-16", "the check is left out"),
    ("MBX-17", "the check is left out"),
    (
        "MBX-19 recipient's",
        "the sender of an envelope is not the device of the token",
    ),
    ("INV-03", "the check is left out"),
    (
        "INV-03 any key",
        "a key that does not match the fingerprint is taken",
    ),
    (
        "INV-03 not pinned",
        "the key of an invitation is not pinned",
    ),
    ("INV-04", "the check is left out"),
    ("PAY-01", "the check is left out"),
    ("PAY-04", "the check is left out"),
    ("PAY-05", "the check is left out"),
    ("PAY-06", "the check is left out"),
    (
        "PAY-07 reason",
        "a format that is not supported is declined with another reason",
    ),
    ("PAY-08", "the check is left out"),
    ("PAY-09", "the check is left out"),
    ("PAY-11", "the check is left out"),
    ("PAY-12 longer", "a longer key creation request is cut"),
    (
        "PAY-12 unverified",
        "the signature of a key signing request is not verified",
    ),
    ("PAY-13", "the check is left out"),
    ("XFER-01", "the check is left out"),
    ("XFER-02", "the check is left out"),
    ("XFER-04", "the check is left out"),
    (
        "XFER-05 not told",
        "a second device is not told that it came too late",
    ),
    ("XFER-06", "the check is left out"),
    ("XFER-07", "the check is left out"),
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
    ("XFER-11 goes on", "a transfer that the user ended goes on"),
    (
        "XFER-12 not reported",
        "a credential that is out after the end is not reported",
    ),
    ("XFER-13", "the check is left out"),
    (
        "XFER-16 default lifetime",
        "messages wait two days, however long the offer lives",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::catalogue::Catalogue;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    fn sources(folder: &Path, found: &mut String) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("conformance") {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("requirement.rs")
            {
                found.push_str(&fs::read_to_string(path).expect("a source"));
            }
        }
    }

    /// The names that stand in the engine are those of the list.
    #[test]
    fn every_flaw_has_its_place_in_the_engine() {
        let mut text = String::new();
        sources(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut text,
        );
        let pattern = r#"(?:\brequire!\(|flawed!\(|is_on\()\s*"([^"]+)""#;
        let pattern = regex::Regex::new(pattern).expect("an expression");
        let named: BTreeSet<&str> = pattern
            .captures_iter(&text)
            .filter_map(|found| Some(found.get(1)?.as_str()))
            .collect();
        let listed: BTreeSet<&str> = all().map(|flaw| flaw.name).collect();
        assert_eq!(named, listed);
        for flaw in all() {
            assert!(
                Catalogue::get().find(flaw.requirement()).is_some(),
                "{flaw:?}"
            );
        }
    }
}
