//! The edge cases of X25519 that Wycheproof has, as keys of sessions: where a multiplication's intermediate results, its output, or a key itself is
//! one that arithmetic is got wrong for.
//!
//! A case has both keys of a Diffie-Hellman. The private one is the device's, which vectors hand in or let it draw; the public one is its
//! peer's. Half of these public keys are points of the twist, which no private key yields: section 2 refuses none of them.

use super::crafted::Opening;
use super::pair::Pair;
use super::prelude::*;
use super::public_key::key_pair;
use super::x3dh_initiate::{alice, bob};
use super::{ratchet_session, x3dh_initiate, x3dh_respond};
use std::collections::BTreeSet;
use tigress_signal::conformance::operation::device::LoadInput;
use tigress_signal::conformance::operation::x3dh::{Initiate, Respond};
use tigress_signal::primitives::PublicKey;
use wycheproof::xdh::{TestFlag, TestName, TestSet};

/// A test of Wycheproof's `x25519_test`.
struct EdgeCase {
    /// Its number there.
    number: usize,
    private: [u8; 32],
    public: PublicKey,
    flags: Vec<TestFlag>,
}

impl EdgeCase {
    /// Whether it is about what happens inside of a multiplication, as most of them are.
    fn is_of_multiplication(&self) -> bool {
        self.flags.contains(&TestFlag::EdgeCaseMultiplication)
    }

    /// Whether it is about the shared secret, as a whole or in its parts.
    fn is_of_shared_secret(&self) -> bool {
        self.flags.contains(&TestFlag::EdgeCaseShared)
    }
}

/// Those whose public key the suite reads, and whose output is not zero.
fn edge_cases() -> Vec<EdgeCase> {
    let set = TestSet::load(TestName::X25519).expect("a test set");
    let tests = set.test_groups.into_iter().flat_map(|group| group.tests);
    let usable = tests.filter(|test| !test.flags.contains(&TestFlag::ZeroSharedSecret));
    let read = usable.filter_map(|test| {
        let public = suite().read_public_key(&[&[5], &test.public_key[..]].concat());
        Some(EdgeCase {
            number: test.tc_id,
            private: test.private_key[..].try_into().ok()?,
            public: public.ok()?,
            flags: test.flags,
        })
    });
    read.collect()
}

/// Their numbers, as a comment names them.
fn numbers<'a>(cases: impl IntoIterator<Item = &'a EdgeCase>) -> String {
    let numbers: Vec<String> = cases
        .into_iter()
        .map(|case| case.number.to_string())
        .collect();
    numbers.join(", ")
}

/// The note of all these vectors.
pub(super) fn note(b: &mut Builder) {
    notes! { b;
        EdgeCaseKeys INTEROPERABILITY ["https://github.com/C2SP/wycheproof/blob/main/doc/xdh.md", rfc("7748#section-5")]
            "Keys for which arithmetic goes wrong: carries at the end of a limb, outputs near 0 and p, points of the twist."
            => "Whoever computes another output, or refuses the key, loses a session; wrong carries have given private keys away.";
    }
}

/// So many conversations share the cases among them.
const CONVERSATIONS: usize = 24;

/// Ratchet steps by all of them.
pub(super) fn steps(b: &mut Builder) {
    let all = edge_cases();
    for n in 0..CONVERSATIONS {
        let cases: Vec<&EdgeCase> = all.iter().skip(n).step_by(CONVERSATIONS).collect();
        let distinct: BTreeSet<PublicKey> = cases.iter().map(|case| case.public).collect();
        assert_eq!(distinct.len(), cases.len(), "a chain has a key of its own");
        let numbers = numbers(cases.iter().copied());
        cases! { b, [EdgeCaseKeys: KEY-05 KEY-04 DR-09];
            "x25519_steps_{n}": "ratchet steps by the keys of Wycheproof's x25519 tests {numbers}"
                => ratchet_session::bob(|c| c.steps_by(&cases));
        }
    }
}

impl Pair {
    /// A ratchet step for each case: the device's ratchet key is its private key, and the peer's next one its public key.
    fn steps_by(&mut self, cases: &[&EdgeCase]) -> &mut Self {
        let counters = [0, u32::from(is_strict())];
        let mut theirs = *key_pair("x25519_cases/first").public();
        for case in cases {
            let said = self.in_chain(&self.chain_of(theirs), counters, b"step");
            self.talk.decrypt_drawing(&said, &case.private);
            theirs = case.public;
        }
        let said = self.in_chain(&self.chain_of(theirs), counters, b"last step");
        self.read(&said);
        // What a library writes behind chains in which it was silent is another matter.
        if is_strict() {
            self.writes("answer")
        } else {
            self
        }
    }
}

/// A Diffie-Hellman of X3DH, or that of the first ratchet step.
#[derive(Clone, Copy)]
enum Place {
    Dh1,
    Dh2,
    Dh3,
    Dh4,
    Step,
}

use Place::{Dh1, Dh2, Dh3, Dh4, Step};

impl Place {
    fn name(self) -> &'static str {
        match self {
            Dh1 => "DH1",
            Dh2 => "DH2",
            Dh3 => "DH3",
            Dh4 => "DH4",
            Step => "the first step",
        }
    }
}

/// Cases and where they stand, as a comment names them; and as a name does.
fn called(placed: &[(Place, &EdgeCase)]) -> (String, String) {
    let comment = placed
        .iter()
        .map(|(place, case)| format!("{} ({})", case.number, place.name()));
    let name = placed.iter().map(|(_, case)| case.number.to_string());
    let [comment, name] = [
        comment.collect::<Vec<_>>().join(" and "),
        name.collect::<Vec<_>>().join("_"),
    ];
    (comment, name)
}

/// The cases in rows of so many, by the places that each takes: of a row that is not full those that are there.
fn placed<'a>(cases: &[&'a EdgeCase], rows: &[&[Place]]) -> Vec<Vec<(Place, &'a EdgeCase)>> {
    let mut left = cases.iter();
    let mut all = Vec::new();
    for row in rows.iter().cycle() {
        let row: Vec<_> = row.iter().copied().zip(left.by_ref().copied()).collect();
        if row.is_empty() {
            return all;
        }
        all.push(row);
    }
    all
}

/// The responder of X3DH, with all cases but those of a multiplication.
pub(super) fn responds(b: &mut Builder) {
    let all = edge_cases();
    let cases: Vec<&EdgeCase> = all
        .iter()
        .filter(|case| !case.is_of_multiplication())
        .collect();
    for row in placed(&cases, &[&[Dh1, Dh2], &[Dh3], &[Dh4, Step]]) {
        let (comment, name) = called(&row);
        cases! { b, [EdgeCaseKeys: KEY-05 KEY-04 X3DH-03];
            "x25519_{name}": "keys of Wycheproof's x25519 tests {comment}" => responds_with(&row, &name);
        }
    }
}

fn responds_with(row: &[(Place, &EdgeCase)], label: &str) -> impl Case {
    let key = |what: &str| *key_pair(&format!("x25519_cases/{label}/{what}")).public();
    let mut opening = Opening {
        identity_key: alice().identity_key(),
        base_key: key("base"),
        ratchet_key: key("ratchet"),
        one_time: None,
    };
    let mut to: LoadInput = bob().loaded;
    for (place, case) in row {
        let signed = &mut to.signed_pre_keys[0].private_key;
        match place {
            Dh1 => (*signed, opening.identity_key) = (case.private.into(), case.public),
            Dh2 => (to.identity_private_key, opening.base_key) = (case.private.into(), case.public),
            Dh3 => (*signed, opening.base_key) = (case.private.into(), case.public),
            Dh4 => {
                opening.one_time = Some(1);
                opening.base_key = case.public;
                to.one_time_pre_keys[0].private_key = case.private.into();
            }
            Step => (*signed, opening.ratchet_key) = (case.private.into(), case.public),
        }
    }
    let said = opening.says(&to, alice().address, b"hello Bob");
    computed::<Respond>(x3dh_respond::asked(&to, &said, opening.one_time, label))
}

/// The initiator of X3DH, with those of a shared secret, of a private key, and some of a public key.
pub(super) fn initiates(b: &mut Builder) {
    let all = edge_cases();
    let of_keys = all.iter().filter(|case| !case.is_of_multiplication());
    let some = of_keys
        .enumerate()
        .filter(|(n, case)| case.is_of_shared_secret() || (is_strict() && n % 3 == 0));
    let cases: Vec<&EdgeCase> = some.map(|(_, case)| case).collect();
    for row in placed(&cases, &[&[Dh1, Dh4], &[Dh3], &[Step]]) {
        let (comment, name) = called(&row);
        cases! { b, [EdgeCaseKeys: KEY-05 KEY-04 X3DH-03];
            "x25519_{name}": "keys of Wycheproof's x25519 tests {comment}" => initiates_with(&row, &name);
        }
    }
}

fn initiates_with(row: &[(Place, &EdgeCase)], label: &str) -> impl Case {
    let bundle = x3dh_initiate::bundle_with(|bundle| {
        for (place, case) in row {
            let key = case.public.encode().into();
            if matches!(place, Dh4) {
                bundle.one_time_pre_key = Some(key);
            } else {
                bundle.signed_pre_key = key;
            }
        }
    });
    let mut asked = x3dh_initiate::asked(&alice(), bundle, label);
    for (place, case) in row {
        let drawn = &mut asked.randomness.0;
        match place {
            Dh1 => asked.identity_private_key = case.private.into(),
            Step => drawn[32..].copy_from_slice(&case.private),
            Dh2 | Dh3 | Dh4 => drawn[..32].copy_from_slice(&case.private),
        }
    }
    computed::<Initiate>(asked)
}
