//! What a bundle may say at each bound, and keys that are no honest device's.

use super::super::prelude::*;
use super::super::public_key::{encoded, first_byte, near_prime};
use super::super::x3dh_respond::with_torsion;
use super::super::xeddsa::mixed_order_signer;
use super::{Actor, alice, asked, bob, bundle_with, dated, input, says, suites};
use tigress_signal::agreement::BundleFields;
use tigress_signal::conformance::operation::x3dh::{Initiate, InitiateInput};
use tigress_signal::primitives::PublicKey;
use tigress_signal::timestamp::Timestamp;

/// A session is opened by Bob's bundle, with good signatures of what was changed in it.
fn opens(label: &str, change: impl FnOnce(&mut BundleFields)) -> impl Case {
    computed::<Initiate>(asked(&alice(), bundle_with(change), label))
}

/// A session is opened at the second at which the statement was made.
fn made_at(created: u64, label: &str) -> impl Case + use<> {
    let bundle = bob().restate(dated(), created);
    let asked = asked(&alice(), bundle, label);
    computed::<Initiate>(but(asked, |f| f.now = Timestamp(created)))
}

/// The statement covers another time than the bundle says.
fn covers_another_time(created: u64, covered: u64) -> InitiateInput {
    let bundle = but(bob().restate(dated(), covered), |f| {
        f.created = Some(Timestamp(created));
    });
    let input = input(&alice(), bundle, "refused", b"must not be sent");
    but(input, |f| f.now = Timestamp(created))
}

pub(super) fn generate(b: &mut Builder) {
    identifiers(b);
    times(b);
    keys(b);
}

fn identifiers(b: &mut Builder) {
    let highest = (1 << 24) - 1;
    let to = |device: &Actor, label| {
        computed::<Initiate>(asked(&alice(), device.bundle(Some(1)), label))
    };
    cases! { b, [Identifier: ID-04 X3DH-01];
        registration_id_1: "registration id 1" => opens("registration 1", |f| f.registration_id = 1);
        registration_id_16380: "registration id 16,380, the highest" => opens("registration 16380", |f| f.registration_id = 16_380);
        /// registration id 16,384: of more than 14 bits
        registration_id_16384 => super::malformed(|f| f.registration_id = 16_384);
        /// the initiator's own registration id is the lowest, and the highest
        own_registration_id_1 => computed::<Initiate>(but(asked(&alice(), bob().bundle(Some(1)), "own 1"), |f| f.registration_id = 1));
        own_registration_id_16380 : "the initiator's own registration id is the highest" => computed::<Initiate>(
            but(asked(&alice(), bob().bundle(Some(1)), "own 16380"), |f| f.registration_id = 16_380));
    }
    cases! { b, [Identifier: ID-06 X3DH-01];
        signed_prekey_id_1: "signed prekey id 1" => opens("signed 1", |f| f.signed_pre_key_id = 1);
        signed_prekey_id_2_24_less_1: "signed prekey id 2^24 - 1, the highest" => opens("signed highest", |f| f.signed_pre_key_id = highest);
        one_time_prekey_id_127: "one-time prekey id 127" => opens("one-time 127", |f| f.one_time_pre_key_id = Some(127));
        one_time_prekey_id_2_24_less_1: "one-time prekey id 2^24 - 1, the highest"
            => opens("one-time highest", |f| f.one_time_pre_key_id = Some(highest));
        /// one-time prekey id 2^24
        one_time_prekey_id_2_24 => super::malformed(|f| f.one_time_pre_key_id = Some(1 << 24));
        signed_prekey_id_2_32_less_1: "signed prekey id 2^32 - 1" => super::malformed(|f| f.signed_pre_key_id = u32::MAX);
    }
    cases! { b, [Identifier: ID-03 X3DH-01];
        device_126: "DeviceID 126" => to(&Actor::on_device("bob", 126), "device 126");
        from_device_127: "from device 127" => computed::<Initiate>(
            asked(&Actor::on_device("alice", 127), bob().bundle(Some(1)), "from device 127"));
        device_id_255: "DeviceID 255" => super::malformed(|f| f.device_id = 255);
        device_id_256: "DeviceID 256: cut to a byte it reads 0" => super::malformed(|f| f.device_id = 256);
        device_id_2_32_less_1: "DeviceID 2^32 - 1: a signed integer reads -1" => super::malformed(|f| f.device_id = u32::MAX);
    }
}

fn times(b: &mut Builder) {
    const BITS_31: u64 = 1 << 31;
    const BITS_32: u64 = 1 << 32;
    cases! { b, [StatementTime: KEY-09 KEY-10];
        statement_of_2038: "a statement of 2^31 - 1 seconds after 1970" => made_at(BITS_31 - 1, "2038 less 1");
        /// a statement a second later: signed integers of 32 bits overflow
        statement_after_2038 => made_at(BITS_31, "2038");
        statement_of_2106: "a statement of 2^32 - 1 seconds after 1970" => made_at(BITS_32 - 1, "2106 less 1");
        /// a statement a second later: integers of 32 bits overflow
        statement_after_2106 => made_at(BITS_32, "2106");
        /// a statement of the second 2^32 + 2^31 + 5
        statement_after_2174 => made_at(BITS_32 + BITS_31 + 5, "2174");
        /// a statement of the first second that there is
        statement_of_1970 => made_at(0, "1970");
        /// a statement over the low 32 bits of its time
        statement_over_32_bits => refused::<Initiate>(InvalidSignature, covers_another_time(BITS_32 + 7, 7));
        /// a statement over the next even number: as doubles the two differ, and as singles not
        statement_a_second_off => refused::<Initiate>(InvalidSignature, covers_another_time(BITS_31 + 1, BITS_31));
    }
    cases! { b, [Suites: KEY-11 X3DH-01];
        /// the suite alone
        suite_alone => opens("suite alone", |f| f.suites = Some(suites(&["tigress-1"])));
        /// a suite that begins as this one, and this one behind it
        suite_behind_a_longer_name => opens("longer name", |f| f.suites = Some(suites(&["tigress-11", "tigress-1"])));
        /// a suite that begins as this one
        longer_name_alone => refused::<Initiate>(UnsupportedVersion, input(&alice(),
            says(|f| f.suites = Some(suites(&["tigress-10", "xtigress-1"]))), "refused", b"must not be sent"));
    }
}

fn keys(b: &mut Builder) {
    let twist = || encoded(&first_byte(2));
    let mixed = |key: &Hex| -> Hex {
        let key = PublicKey::decode(key).expect("a key");
        with_torsion(&key, 1).encode().into()
    };
    let own = bob().bundle(Some(1));
    let one_time = own.one_time_pre_key.clone().expect("it has one");
    cases! { b, [EdgeCaseKeys: KEY-04 X3DH-03];
        /// SPK_B on the twist, where no honest key is; its signature is good, and nothing refuses it
        signed_prekey_on_the_twist => opens("spk on twist", |f| f.signed_pre_key = twist());
        one_time_prekey_on_the_twist: "OPK_B on the twist" => opens("opk on twist", |f| f.one_time_pre_key = Some(twist()));
        /// SPK_B with a point of small order in it: its Diffie-Hellmans are those without
        signed_prekey_of_mixed_order => opens("spk mixed", |f| f.signed_pre_key = mixed(&own.signed_pre_key));
        one_time_prekey_of_mixed_order: "OPK_B with a point of small order in it"
            => opens("opk mixed", |f| f.one_time_pre_key = Some(mixed(&one_time)));
        signed_prekey_highest [: KEY-03 KEY-04 X3DH-03]: "SPK_B with u = 2^255 - 21, the highest there is"
            => opens("spk highest", |f| f.signed_pre_key = encoded(&near_prime(-2)));
        one_time_prekey_highest [: KEY-03 KEY-04 X3DH-03]: "OPK_B with u = 2^255 - 21"
            => opens("opk highest", |f| f.one_time_pre_key = Some(encoded(&near_prime(-2))));
        /// IK_B on the twist: it has no Edwards point, and nothing verifies by it
        identity_key_on_the_twist [EdgeCaseKeys SignatureNotVerified: SIG-04 X3DH-02]
            => super::refuses(InvalidSignature, |f| f.identity_key = twist());
        /// IK_B with a point of small order in it, and two signatures that verify all the same
        identity_key_of_mixed_order [: SIG-05 X3DH-02] => {
            let signer = mixed_order_signer("x3dh_initiate/mixed");
            let bundle = but(own.clone(), |f| {
                f.identity_key = signer.public_key.encode().into();
                f.signed_pre_key_signature = signer.verifying(&f.signed_pre_key).into();
                f.statement_signature = Some(signer.verifying(&super::stated(f)).into());
            });
            one_of_several::<Initiate>(asked(&alice(), bundle, "ik mixed"))
        };
        /// the same with a signature that only a verifier which multiplies by the cofactor takes
        identity_key_of_mixed_order_by_cofactor [EdgeCaseKeys SignatureNotVerified: SIG-05 X3DH-02] => {
            let signer = mixed_order_signer("x3dh_initiate/mixed");
            let bundle = but(own.clone(), |f| {
                f.identity_key = signer.public_key.encode().into();
                f.signed_pre_key_signature = signer.by_cofactor(&f.signed_pre_key).into();
                f.statement_signature = Some(signer.verifying(&super::stated(f)).into());
            });
            refused::<Initiate>(InvalidSignature, asked(&alice(), bundle, "refused"))
        };
    }
}
