//! Family `fingerprint`.

use super::actor::user_id;
use super::public_key::encoded;
use super::{Builder, seed};
use tigress_signal::conformance::operation::AddressFields;
use tigress_signal::conformance::operation::fingerprint::{Compute, Input, PartyFields};
use tigress_signal::error_code::ErrorCode::{InvalidKey, Malformed};
use tigress_signal::primitives::{KeyPair, PrivateKey};

fn party(user: &str, device_id: u32, key: &str) -> PartyFields {
    let key = KeyPair::from(PrivateKey::from(seed::bytes(&format!("fingerprint/{key}"))));
    PartyFields {
        address: AddressFields {
            user_id: user_id(user),
            device_id,
        },
        identity_key: key.public().encode().into(),
    }
}

pub(super) fn generate(b: &mut Builder) {
    b.old_note(
        "Comparison",
        "AUTH_BYPASS",
        "Two people compare this number to know that nobody stands between them. Where the two sides compute different ones, they learn not to compare.",
        &["https://signal.org/docs/specifications/x3dh/#authentication"],
    );
    b.old_note(
        "Order",
        "INTEROPERABILITY",
        "The devices go in by the byte order of their addresses, whoever computes.",
        &[],
    );
    b.old_note(
        "WrongInput",
        "MISSING_STEP",
        "An address or key that no device can have.",
        &[],
    );

    let alice = party("alice", 1, "alice");
    let bob = party("bob", 1, "bob");
    // A number with a group that begins with 0: 5 digits all the same.
    let leading_zero = (0..10_000)
        .map(|n| party("carol", 1, &format!("carol {n}")))
        .find(|carol| {
            let output = <Compute as tigress_signal::conformance::operation::Operation>::run(
                &mut tigress_signal::conformance::operation::Reference::default(),
                Input {
                    own: alice.clone(),
                    peer: carol.clone(),
                },
            );
            output.is_ok_and(|output| output.fingerprint.contains(" 00"))
        })
        .expect("one in a few");
    for (comment, flag, own, peer) in [
        ("one side", "Comparison", &alice, &bob),
        ("the other side: the same number", "Order", &bob, &alice),
        (
            "a group that begins with zeros: whoever drops them prints fewer digits",
            "Comparison",
            &alice,
            &leading_zero,
        ),
        (
            "two devices of one user, 2 and 10: as text, 10 would come first",
            "Order",
            &party("alice", 2, "alice 2"),
            &party("alice", 10, "alice 10"),
        ),
        (
            "the same two, from the other side",
            "Order",
            &party("alice", 10, "alice 10"),
            &party("alice", 2, "alice 2"),
        ),
        (
            "DeviceIDs 127 and 1",
            "Order",
            &party("alice", 127, "alice"),
            &party("bob", 1, "bob"),
        ),
        (
            "one user and device with the other's key: the number covers who has which key",
            "Comparison",
            &party("alice", 1, "bob"),
            &party("bob", 1, "alice"),
        ),
        (
            "the same addresses with another key: another number",
            "Comparison",
            &alice,
            &party("bob", 1, "mallory"),
        ),
    ] {
        b.old_computed::<Compute>(
            (comment, &[flag], &["X3DH-16"]),
            Input {
                own: own.clone(),
                peer: peer.clone(),
            },
        );
    }
    for (comment, error, id, peer) in [
        (
            "DeviceID 0",
            Malformed,
            "ID-03",
            PartyFields {
                address: AddressFields {
                    device_id: 0,
                    ..bob.address.clone()
                },
                ..bob.clone()
            },
        ),
        (
            "an upper-case UserID: it would hash the same, but is not its one form",
            Malformed,
            "ID-01",
            PartyFields {
                address: AddressFields {
                    user_id: bob.address.user_id.to_uppercase(),
                    ..bob.address.clone()
                },
                ..bob.clone()
            },
        ),
        (
            "a key of small order",
            InvalidKey,
            "KEY-04",
            PartyFields {
                identity_key: encoded(&[0; 32]),
                ..bob.clone()
            },
        ),
    ] {
        b.old_invalid::<Compute>(
            (comment, &["WrongInput"], &["X3DH-16", id]),
            error,
            Input {
                own: alice.clone(),
                peer,
            },
        );
    }
}
