//! Family `fingerprint`.

use super::actor::address;
use super::prelude::*;
use super::public_key::{encoded, key_pair};
use super::uuids::FORMS;
use tigress_signal::conformance::operation::Operation;
use tigress_signal::conformance::operation::Reference;
use tigress_signal::conformance::operation::fingerprint::{Compute, Input, PartyFields};

fn party(user: &str, device_id: u32, key: &str) -> PartyFields {
    let key = key_pair(&format!("fingerprint/{key}"));
    PartyFields {
        address: address(user, device_id),
        identity_key: key.public().encode().into(),
    }
}

fn between(own: &PartyFields, peer: &PartyFields) -> Input {
    let (own, peer) = (own.clone(), peer.clone());
    Input { own, peer }
}

fn shows(own: &PartyFields, peer: &PartyFields) -> impl Case + use<> {
    computed::<Compute>(between(own, peer))
}

pub(super) fn generate(b: &mut Builder) {
    b.header("The number by which two people compare identity keys: the same on both sides, whoever computes it.");
    notes! { b;
        Comparison AUTH_BYPASS [signal("x3dh/#authentication")]
            "Two people compare this number to know that nobody stands between them."
            => "Where the two sides compute different ones, they learn not to compare.";
        Order INTEROPERABILITY [signal("x3dh/#authentication")]
            "The devices go in by the byte order of their addresses, whoever computes."
            => "In another order the two sides show different numbers.";
        WrongInput MISSING_STEP [signal("x3dh/#authentication")] "An address or key that no device can have."
            => "A number is shown, and compared, for what nobody can prove to hold.";
    }
    let alice = &party("alice", 1, "alice");
    let bob = &party("bob", 1, "bob");
    let second = &party("alice", 2, "alice 2");
    let tenth = &party("alice", 10, "alice 10");
    // A number with a group that begins with 0: 5 digits all the same.
    let leading_zero = (0..10_000)
        .map(|n| party("carol", 1, &format!("carol {n}")))
        .find(|carol| {
            let output = Compute::run(&mut Reference::default(), between(alice, carol));
            output.is_ok_and(|output| output.fingerprint.contains(" 00"))
        })
        .expect("one in a few");
    cases! { b, [Comparison: X3DH-16];
        one_side [: X3DH-16 ID-01]: "one side" => shows(alice, bob);
        other_side [Order Comparison:]: "the other side: the same number" => shows(bob, alice);
        /// a group that begins with zeros: whoever drops them prints fewer digits
        group_with_leading_zeros => shows(alice, &leading_zero);
        /// two devices of one user, 2 and 10: as text, 10 would come first
        devices_2_and_10 [Order:] => shows(second, tenth);
        devices_10_and_2 [Order:]: "the same two, from the other side" => shows(tenth, second);
        /// DeviceIDs 127 and 1
        devices_127_and_1 [Order: ID-03 X3DH-16] => shows(&party("alice", 127, "alice"), &party("bob", 1, "bob"));
        /// one user and device with the other's key: the number covers who has which key
        keys_exchanged => shows(&party("alice", 1, "bob"), &party("bob", 1, "alice"));
        other_key: "the same addresses with another key: another number" => shows(alice, &party("bob", 1, "mallory"));
    }

    let refuses = |error, change: fn(&mut PartyFields)| {
        refused::<Compute>(error, between(alice, &but(bob.clone(), change)))
    };
    cases! { b;
        device_128 [WrongInput: ID-03 X3DH-16]: "DeviceID 128" => refuses(Malformed, |peer| peer.address.device_id = 128);
        device_0 [WrongInput: ID-03 X3DH-16]: "DeviceID 0" => refuses(Malformed, |peer| peer.address.device_id = 0);
        /// an upper-case UserID: it would hash the same, but is not its one form
        upper_case_user_id [WrongInput: ID-01 X3DH-16]
            => refuses(Malformed, |peer| peer.address.user_id.make_ascii_uppercase());
        key_of_small_order [WrongInput: KEY-04 X3DH-16]: "a key of small order"
            => refuses(InvalidKey, |peer| peer.identity_key = encoded(&[0; 32]));
    }
    for (name, comment, form) in FORMS {
        let peer = but(bob.clone(), |peer| {
            peer.address.user_id = form(&peer.address.user_id);
        });
        cases! { b, [WrongInput: ID-01 X3DH-16];
            "user_id_{name}": "a UserID: {comment}" => refused::<Compute>(Malformed, between(alice, &peer));
        }
    }
}
