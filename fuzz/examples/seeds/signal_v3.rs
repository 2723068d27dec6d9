//! Scripts of `differential_signal_v3` that lead where profile section 12 has a rule.

use tigress_fuzz::differential_signal_v3::{
    Content, Edit, Form, Jump, Made, Point, Previous, SCRIPT, Script, Side, Step, Told, Version,
};
use tigress_fuzz::encode::Encode;

use Side::{Alice, Bob};

/// A message that tells the truth in the usual form.
const TRUE: Told = Told {
    jump: Jump::By(0),
    previous: Previous::True,
    version: Version::Usual,
    form: Form::Usual,
    content: Content::Text(5),
};

/// A first message of somebody else than Alice.
const FIRST: Made = Made {
    one_time: Some(1),
    signed: 1,
    identity: Point::Own(3),
    ephemeral: Point::Own(1),
    ratchet: Point::Own(2),
    registration_id: 7,
    form: Form::Usual,
    told: TRUE,
};

fn both(from: Side, to: Side) -> Vec<Step> {
    vec![Step::Send(from, 3), Step::DeliverNext(to)]
}

/// A session that has been answered.
fn talk() -> Vec<Step> {
    let opened = vec![Step::Open(Some(1), None)];
    [opened, both(Alice, Bob), both(Bob, Alice), both(Alice, Bob)].concat()
}

/// What Bob says in a session that has been answered, and the truth after it.
fn told(told: Told) -> Vec<Step> {
    let said = vec![Step::Tell(Bob, told), Step::DeliverNext(Alice)];
    [talk(), said, both(Bob, Alice), both(Alice, Bob)].concat()
}

/// What a stranger makes, and the same once more.
fn made(made: Made) -> Vec<Step> {
    vec![
        Step::Make(made),
        Step::DeliverNext(Bob),
        Step::Deliver(Bob, 0),
    ]
}

/// Inputs by name.
pub(crate) fn scripts() -> Vec<(String, Vec<u8>)> {
    let late = vec![
        Step::Open(Some(1), None),
        Step::Send(Alice, 1),
        Step::Send(Alice, 2),
        Step::Send(Alice, 3),
        Step::Deliver(Bob, 2),
        Step::Send(Bob, 4),
        Step::DeliverNext(Alice),
        Step::Send(Alice, 5),
        Step::Deliver(Bob, 3),
        Step::Deliver(Bob, 0),
        Step::Deliver(Bob, 1),
        Step::Deliver(Bob, 1),
    ];
    // The last of a chain comes late, and is beyond what its successor says.
    let last_late = [
        talk(),
        vec![
            Step::Send(Alice, 1),
            Step::Send(Alice, 2),
            Step::Deliver(Bob, 2),
        ],
        both(Bob, Alice),
        vec![
            Step::Send(Alice, 4),
            Step::Deliver(Bob, 4),
            Step::Deliver(Bob, 3),
        ],
    ]
    .concat();
    let mut chains = vec![Step::Open(None, None), Step::Send(Alice, 1)];
    for number in 1..=6 {
        chains.extend([Step::Send(Alice, 2), Step::Deliver(Bob, number)]);
        chains.extend(both(Bob, Alice));
    }
    chains.extend([
        Step::Send(Alice, 3),
        Step::Deliver(Bob, 7),
        Step::Deliver(Bob, 0),
    ]);
    let damage = |edit| {
        let damaged = vec![
            Step::Send(Bob, 9),
            Step::Damage(Alice, 1, edit),
            Step::Deliver(Alice, 1),
        ];
        [talk(), damaged, both(Alice, Bob)].concat()
    };
    let mut scripts: Vec<(String, Vec<Step>)> = [
        ("conversation", talk()),
        ("late", late),
        ("last-late", last_late),
        ("six-chains", chains),
        (
            "wrong-signature",
            [vec![Step::Open(Some(1), Some((3, 1)))], talk()].concat(),
        ),
        (
            "restarts",
            [
                talk(),
                vec![Step::Restart(Alice), Step::Restart(Bob)],
                both(Bob, Alice),
                both(Alice, Bob),
            ]
            .concat(),
        ),
        (
            "second-session",
            [
                talk(),
                vec![Step::Send(Bob, 2), Step::Open(None, None)],
                both(Alice, Bob),
                vec![Step::DeliverNext(Alice)],
                both(Bob, Alice),
                both(Alice, Bob),
            ]
            .concat(),
        ),
        (
            "forgotten",
            [
                vec![Step::Open(None, None)],
                both(Alice, Bob),
                vec![Step::Forget(Bob), Step::Deliver(Bob, 0)],
                both(Alice, Bob),
            ]
            .concat(),
        ),
        (
            "id-0",
            [
                vec![Step::Open(Some(0), None)],
                both(Alice, Bob),
                both(Bob, Alice),
            ]
            .concat(),
        ),
        ("damaged-mac", damage(Edit::Turn(65_535, 1))),
        ("damaged-version", damage(Edit::Turn(0, 0x10))),
        ("damaged-key", damage(Edit::Turn(9, 1))),
        ("damaged-counter", damage(Edit::Turn(37, 1))),
        ("longer", damage(Edit::Insert(40, 7))),
        ("cut", damage(Edit::Cut(50))),
    ]
    .map(|(name, steps)| (name.to_owned(), steps))
    .into();
    for (name, jump) in [
        ("by-9", Jump::By(9)),
        ("theirs", Jump::Theirs),
        ("beyond-theirs", Jump::BeyondTheirs),
        ("beyond-ours", Jump::BeyondOurs),
        ("last", Jump::Last),
    ] {
        scripts.push((format!("jump-{name}"), told(Told { jump, ..TRUE })));
    }
    for (name, previous) in [
        ("none", Previous::None),
        ("more", Previous::More(9)),
        ("all", Previous::All),
    ] {
        scripts.push((format!("previous-{name}"), told(Told { previous, ..TRUE })));
    }
    for (name, version) in [
        ("34", Version::CarriedOver),
        ("3f", Version::Other(0x3f)),
        ("23", Version::Other(0x23)),
        ("43", Version::Other(0x43)),
    ] {
        scripts.push((format!("version-{name}"), told(Told { version, ..TRUE })));
    }
    for (name, content) in [
        ("empty", Content::Text(0)),
        ("block", Content::Text(16)),
        ("unpadded", Content::Blocks(2)),
        ("nothing", Content::Blocks(0)),
        ("ragged", Content::Ragged(7)),
    ] {
        scripts.push((format!("content-{name}"), told(Told { content, ..TRUE })));
    }
    for (name, form) in [
        ("reversed", Form::Reversed),
        ("unknown", Form::Unknown),
        ("left-out", Form::LeftOut),
        ("long", Form::Long),
        ("high", Form::High),
        ("twice", Form::Twice),
    ] {
        scripts.push((format!("form-{name}"), told(Told { form, ..TRUE })));
        scripts.push((format!("first-form-{name}"), made(Made { form, ..FIRST })));
    }
    for (name, first) in [
        ("usual", FIRST),
        (
            "without",
            Made {
                one_time: None,
                ..FIRST
            },
        ),
        (
            "id-0",
            Made {
                one_time: Some(0),
                ..FIRST
            },
        ),
        (
            "unknown-one-time",
            Made {
                one_time: Some(5),
                ..FIRST
            },
        ),
        ("unknown-signed", Made { signed: 2, ..FIRST }),
        (
            "identity-high-bit",
            Made {
                identity: Point::HighBit(3),
                ..FIRST
            },
        ),
        (
            "base-high-bit",
            Made {
                ephemeral: Point::HighBit(1),
                ..FIRST
            },
        ),
        (
            "ratchet-high-bit",
            Made {
                ratchet: Point::HighBit(2),
                ..FIRST
            },
        ),
        (
            "identity-small",
            Made {
                identity: Point::Small(0),
                ..FIRST
            },
        ),
        (
            "base-small",
            Made {
                ephemeral: Point::Small(3),
                ..FIRST
            },
        ),
        (
            "ratchet-small",
            Made {
                ratchet: Point::Small(5),
                ..FIRST
            },
        ),
        (
            "registration",
            Made {
                registration_id: u32::MAX,
                ..FIRST
            },
        ),
        (
            "far",
            Made {
                told: Told {
                    jump: Jump::Theirs,
                    ..TRUE
                },
                ..FIRST
            },
        ),
    ] {
        scripts.push((format!("first-{name}"), made(first)));
    }
    let encode = |(name, steps): (String, Vec<Step>)| {
        let input = [vec![SCRIPT], Script { steps }.encoded()].concat();
        (format!("script-{name}"), input)
    };
    scripts.into_iter().map(encode).collect()
}
