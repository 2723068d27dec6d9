//! Family `x3dh_initiate`.

mod places;

use super::actor::{Actor, stated};
use super::builder::{About, step_of};
use super::prelude::*;
use super::public_key::{encoded, near_prime, small_order, with_top_bit};
use super::signal_v3;
use super::uuids::FORMS;
use super::x25519_cases;
use super::xeddsa::plus_order;
use tigress_signal::agreement::BundleFields;
use tigress_signal::conformance::operation::AddressFields;
use tigress_signal::conformance::operation::device::{
    EncryptInput, EncryptOutput, ProcessBundleInput, ProcessBundleOutput,
};
use tigress_signal::conformance::operation::x3dh::{Initiate, InitiateInput, InitiateOutput};
use tigress_signal::conformance::operation::{Operation, Reference};
use tigress_signal::conformance::vector::conversation::device::{Fields, Step};
use tigress_signal::conformance::vector::{Expectation, Test};
use tigress_signal::primitives::{Secret, xeddsa};
use tigress_signal::timestamp::{DAY, Timestamp};
use tigress_signal::wire::MessageKind;

/// The notes that both X3DH families share.
pub(super) fn notes(b: &mut Builder) {
    notes! { b;
        Normal BASIC [signal("x3dh/")] "An agreement as honest implementations make it."
            => "Whoever computes another secret talks to nobody.";
        NoOneTimePreKey EDGE_CASE [signal("x3dh/"), signal("x3dh/#protocol-replay")]
            "An agreement without a one-time prekey: three Diffie-Hellmans, no id in the message; a bug takes another."
            => "Nobody can be reached whose one-time prekeys are spent, or a one-time prekey is left out unseen.";
        PinnedIdentity AUTH_BYPASS [signal("x3dh/#authentication")]
            "Another identity key is pinned to the address; a bug goes on with the one that is presented."
            => "The device talks to whoever put itself in the peer's place.";
        InvalidKey CONFIDENTIALITY [rfc("7748#section-6.1")]
            "A key that must not be used: of small order, not reduced, or in another encoding; a bug takes it."
            => "A server or peer forces a Diffie-Hellman output, or gives one key two names.";
    }
}

pub(super) fn alice() -> Actor {
    Actor::new("alice")
}

pub(super) fn bob() -> Actor {
    Actor::new("bob")
}

pub(super) fn mallory() -> Actor {
    Actor::new("mallory")
}

fn input(from: &Actor, bundle: BundleFields, label: &str, plaintext: &[u8]) -> InitiateInput {
    InitiateInput {
        address: from.address.into(),
        registration_id: from.loaded.registration_id,
        identity_private_key: from.loaded.identity_private_key.clone(),
        bundle,
        pinned_identity_key: None,
        now: Timestamp(0),
        randomness: seed::bytes::<64>(&format!("x3dh_initiate/{label}")).into(),
        plaintext: plaintext.into(),
    }
}

/// Opens a session by that bundle, and encrypts that first message.
fn opens(from: &Actor, bundle: BundleFields, label: &str, plaintext: &[u8]) -> impl Case + use<> {
    computed::<Initiate>(input(from, bundle, label, plaintext))
}

/// Alice may refuse Bob's bundle once that was changed in it; where she does not, the engine computes her answer.
fn may_open(label: &str, change: impl FnOnce(&mut BundleFields)) -> impl Case {
    let bundle = but(bob().bundle(Some(1)), change);
    let input = input(&alice(), bundle, label, b"hello");
    let output = Initiate::run(&mut Reference::speaking(suite()), input.clone());
    acceptable::<Initiate>(input, output.expect("a bundle that opens a session"))
}

/// Alice, to whom that actor's identity key is pinned as Bob's.
fn pinned(key: &Actor) -> InitiateInput {
    let key = key.identity_key().encode().into();
    let input = input(&alice(), bob().bundle(Some(1)), "pinned", b"hello Bob");
    but(input, |f| f.pinned_identity_key = Some(key))
}

/// Alice refuses Bob's bundle once that was changed in it.
fn refuses(error: ErrorCode, change: impl FnOnce(&mut BundleFields)) -> impl Case {
    let bundle = but(bob().bundle(Some(1)), change);
    let input = input(&alice(), bundle, "refused", b"must not be sent");
    refused::<Initiate>(error, input)
}

/// The same for what no bundle may say; Bob has signed a statement of it, so that nothing else is wrong with it.
fn malformed(change: impl FnOnce(&mut BundleFields)) -> impl Case {
    refuses(Malformed, |f| {
        change(f);
        bob().state(f);
    })
}

/// Bob's bundle with other prekeys, with good signatures of Bob's.
pub(super) fn bundle_with(change: impl FnOnce(&mut BundleFields)) -> BundleFields {
    but(bob().bundle(Some(1)), |f| {
        change(f);
        f.signed_pre_key_signature = sign(&bob(), &f.signed_pre_key);
        bob().state(f);
    })
}

/// A session with that bundle, and "hello Bob".
pub(super) fn asked(from: &Actor, bundle: BundleFields, label: &str) -> InitiateInput {
    input(from, bundle, label, b"hello Bob")
}

fn sign(signer: &Actor, message: &[u8]) -> Hex {
    let z = Secret::new(seed::bytes("x3dh_initiate/z"));
    let key = signer.device.keys().identity();
    suite().sign(key, message, &z).as_bytes().into()
}

/// Another signed prekey, with good signatures of Bob's.
fn signed_pre_key(key: impl Into<Hex>) -> impl Case {
    let key = key.into();
    refuses(InvalidKey, |f| {
        f.signed_pre_key_signature = sign(&bob(), &key);
        f.signed_pre_key = key;
        bob().state(f);
    })
}

/// Bob's bundle with that statement, signed by Bob.
fn says(change: impl FnOnce(&mut BundleFields)) -> BundleFields {
    let bob = bob();
    but(bob.bundle(Some(1)), |f| {
        change(f);
        bob.state(f);
    })
}

/// Alice opens a session by it at that time, in seconds after 2027-01-15.
fn at(now: u64, label: &str, bundle: BundleFields) -> InitiateInput {
    let input = input(&alice(), bundle, label, b"hello Bob");
    but(input, |f| f.now = Timestamp(START + now))
}

/// Bob's bundle of the time that [`at`] counts from.
fn dated() -> BundleFields {
    bob().restate(bob().bundle(Some(1)), START)
}

const START: u64 = 1_800_000_000;

/// The names of a bundle's suites.
fn suites(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The names that a bundle has, to change them.
fn named(bundle: &mut BundleFields) -> &mut Vec<String> {
    bundle.suites.as_mut().expect("it names suites")
}

/// The bytes of a statement's signature, to change them.
pub(super) fn statement_of(bundle: &mut BundleFields) -> &mut Vec<u8> {
    let signature = bundle.statement_signature.as_mut();
    &mut signature.expect("it has a statement").0
}

/// So many suites, `tigress-1` the last of them.
fn many_suites(count: usize) -> Vec<String> {
    let others = (1..count).map(|n| format!("suite-{n}"));
    others.chain(["tigress-1".to_owned()]).collect()
}

/// Bob's bundle with other bytes for its signature.
fn signature(change: impl FnOnce(&mut Vec<u8>)) -> impl Case {
    refuses(InvalidSignature, |f| {
        change(&mut f.signed_pre_key_signature.0);
    })
}

/// Bob's bundle with its statement signed by that actor over these bytes.
fn statement(signer: &Actor, message: impl FnOnce(&BundleFields) -> Vec<u8>) -> impl Case {
    refuses(InvalidSignature, |f| {
        f.statement_signature = Some(sign(signer, &message(f)));
    })
}

/// Bob's bundle with its signed prekey signed by that actor over these bytes of it.
fn signed(signer: &Actor, message: impl FnOnce(&BundleFields) -> Vec<u8>) -> impl Case {
    refuses(InvalidSignature, |f| {
        f.signed_pre_key_signature = sign(signer, &message(f));
    })
}

fn one_time(bundle: &BundleFields) -> Hex {
    bundle.one_time_pre_key.clone().expect("it has one")
}

pub(super) fn generate(b: &mut Builder) {
    b.header("The initiator of X3DH: it checks a bundle, agrees on a secret, and encrypts a first message. Its");
    b.header("`randomness` is the ephemeral key, 32 bytes, then the ratchet key, 32 bytes (RND-01). Where the bundle");
    b.header("must be refused nothing is sent.");
    notes(b);
    notes! { b;
        Identifier MISSING_STEP [cwe(1284), rfc("9562#section-4")]
            "A UserID, DeviceID, registration id or prekey id that no device can have; a bug cuts, mends or keeps it."
            => "One device has several names, or the session is another device's.";
        Coincidence EDGE_CASE [eprint("2019/347")]
            "Two keys that are made apart are one, and the profile says nothing of it: a device goes on, or refuses."
            => "A device talks to itself, or SK comes of fewer keys; devices that go on must compute the same.";
        SignatureNotVerified AUTH_BYPASS [signal("x3dh/#signatures")]
            "The signed prekey's signature does not verify; a bug goes on."
            => "A server puts its own prekey in, and forward secrecy is lost.";
        Malleability SIGNATURE_MALLEABILITY [rfc("8032#section-8.4"), cve("2024-45193")]
            "The signature is a second form of a valid one; a bug accepts it."
            => "One bundle has two forms, and whoever tells bundles apart by their bytes takes it for another.";
        StatementNotVerified AUTH_BYPASS [signal("x3dh/#signatures"), cwe(345)]
            "The statement's signature does not verify, or covers something else; a bug goes on."
            => "A server gives the device another registration id, an old prekey or a weaker suite.";
        StatementTime CONFIDENTIALITY [signal("x3dh/#key-compromise"), cwe(613)]
            "The statement is at or beyond its bounds in time; a bug has none, or looks only one way."
            => "A server hands out a prekey whose private key was stolen long ago.";
        Statement INTEROPERABILITY [signal("x3dh/#publishing-keys")]
            "A bundle with a statement for a device without; a bug asks for one, or reads it."
            => "The device speaks with nobody, or a statement that nobody verifies decides something.";
        Suites AUTH_BYPASS [cwe(757)] "The list of suites; a bug does not hold it to its form, or does not look at it."
            => "One list has two forms, or a session is opened in a suite that the device does not speak.";
    }

    let (alice, bob, mallory) = (&alice(), &bob(), &mallory());
    cases! { b, [Normal: ID-05 ID-01 ID-03 X3DH-01 X3DH-03 X3DH-04 X3DH-05 X3DH-07 DR-01];
        with_one_time_prekey: "with a one-time prekey" => opens(alice, bob.bundle(Some(1)), "opk", b"hello Bob");
        /// another one-time prekey and other randomness
        another_one_time_prekey => opens(alice, bob.bundle(Some(4)), "opk 2", b"hello again");
        empty_first_message: "an empty first message" => opens(alice, bob.bundle(Some(1)), "empty", b"");
        /// a first message of 256 bytes
        first_message_of_256_bytes => opens(alice, bob.bundle(Some(2)), "256", &[0x5a; 256]);
        /// roles exchanged: initiator's key and address stand first in AD
        roles_exchanged => opens(bob, alice.bundle(Some(1)), "roles", b"hello Alice");
        /// from a second device of the same user
        from_second_device => opens(&Actor::on_device("alice", 2), bob.bundle(Some(1)), "device 2", b"from my watch");
        /// to device 127
        to_device_127 [: ID-03 ID-05 X3DH-01 X3DH-03 X3DH-04 X3DH-05 X3DH-07 DR-01] => opens(alice, Actor::on_device("bob", 127).bundle(Some(1)), "device 127", b"to your watch");
        /// to another device of one's own
        to_own_device => opens(alice, Actor::on_device("alice", 2).bundle(Some(3)), "own device", b"to myself");
    }
    cases! { b, [NoOneTimePreKey: X3DH-03 X3DH-04 X3DH-12];
        /// without a one-time prekey: SK comes of three Diffie-Hellmans
        without_one_time_prekey => opens(alice, bob.bundle(None), "no opk", b"hello");
        /// the same from another initiator
        without_one_time_prekey_from_another => opens(mallory, bob.bundle(None), "no opk 2", b"hello");
    }
    cases! { b, [PinnedIdentity: X3DH-15];
        pinned_identity: "the bundle's identity key is the pinned one" => computed::<Initiate>(pinned(bob));
        /// another identity key is pinned, the signature is good
        another_identity_pinned => refused::<Initiate>(UntrustedIdentity, pinned(mallory));
    }
    cases! { b, [Coincidence: X3DH-01 X3DH-03];
        /// the one-time prekey is the signed prekey again: DH3 and DH4 are one; it may be refused
        one_time_prekey_is_signed_prekey
            => may_open("one prekey", |f| { f.one_time_pre_key = Some(f.signed_pre_key.clone()); });
        /// Bob's identity key is the initiator's own, under his address; it may be refused
        identity_key_is_own => may_open("own key", |f| {
            f.identity_key = alice.identity_key().encode().into();
            f.signed_pre_key_signature = sign(alice, &f.signed_pre_key);
            alice.state(f);
        });
    }
    if is_strict() {
        statements(b);
    }
    cases! { b, [SignatureNotVerified: X3DH-02 KEY-07 SIG-05];
        r_flipped: "a bit of R flipped" => signature(|bytes| bytes[0] ^= 1);
        s_flipped: "a bit of s flipped" => signature(|bytes| bytes[40] ^= 1);
        signature_of_zeros: "a signature of zero bytes" => signature(|bytes| bytes.fill(0));
        signed_by_another: "signed by somebody else" => signed(mallory, |f| f.signed_pre_key.to_vec());
        /// signed over the prekey's 32 bytes in place of its encoding
        signed_without_type_byte => signed(bob, |f| f.signed_pre_key[1..].to_vec());
        signed_over_one_time_prekey: "signed over the one-time prekey" => signed(bob, |f| one_time(f).to_vec());
        signed_with_id: "signed over the prekey with its id" => signed(bob, |f| [&f.signed_pre_key[..], &[7]].concat());
        signed_prekey_of_another: "somebody else's signed prekey with Bob's signature" =>
            refuses(InvalidSignature, |f| f.signed_pre_key = mallory.bundle(None).signed_pre_key);
        /// somebody else's identity key with Bob's signed prekey
        identity_key_of_another => refuses(InvalidSignature, |f| f.identity_key = mallory.bundle(None).identity_key);
        /// the one-time prekey and the signed prekey exchanged
        prekeys_exchanged => refuses(InvalidSignature, |f| {
            let one_time = one_time(f); f.one_time_pre_key = Some(std::mem::replace(&mut f.signed_pre_key, one_time));
        });
    }
    if is_strict() {
        cases! { b, [Malleability: X3DH-02 SIG-04];
            bit_255_of_s [: X3DH-02 SIG-03]: "bit 255 of s set" => signature(|bytes| bytes[63] |= 0x80);
            s_plus_q [: X3DH-02 SIG-02]: "s + q in place of s"
                => signature(|bytes| { let s = plus_order(&bytes[32..], 1); bytes[32..].copy_from_slice(&s); });
        }
    }
    cases! { b, [Malleability: X3DH-02 SIG-04];
        signature_of_63_bytes: "a signature of 63 bytes" => signature(|bytes| bytes.truncate(63));
        signature_of_65_bytes: "a signature of 65 bytes" => signature(|bytes| bytes.push(0));
        no_signature [Malleability SignatureNotVerified:]: "no signature" => signature(Vec::clear);
    }
    x25519_cases::note(b);
    x25519_cases::initiates(b);
    if is_strict() {
        strict(b);
        places::generate(b);
    } else {
        deployed(b);
        by_device(b);
    }
}

/// The same asked of a device, since no deployed library tells SK: a session is opened by the bundle, and the first message
/// written; or the bundle is refused, and there is no session.
fn by_device(b: &mut Builder) {
    for test in b.tests("X3dhInitiate") {
        let test: Test<InitiateInput, InitiateOutput> =
            serde_json::from_value(test).expect("a test of this family");
        let Test { input, result, .. } = test;
        // What no library's interface can be handed: a key and its id apart, an id or a name out of its range.
        let is_form = test.error == Some(Malformed);
        if is_form || input.pinned_identity_key.is_some() {
            continue;
        }
        let device = but(Actor::new(&input.address.user_id).loaded, |it| {
            it.address = input.address.clone();
            it.registration_id = input.registration_id;
            it.identity_private_key = input.identity_private_key.clone();
        });
        let peer = AddressFields {
            user_id: input.bundle.user_id.clone(),
            device_id: input.bundle.device_id,
        };
        let opens = ProcessBundleInput {
            bundle: input.bundle,
            randomness: input.randomness,
        };
        let writes = EncryptInput {
            peer,
            plaintext: input.plaintext,
        };
        let (opened, written) = match (test.error, test.expected) {
            (Some(error), _) => (Err(error), Err(NoSession)),
            (None, Some(output)) => {
                let (kind, message) = (MessageKind::PreKey, output.message);
                let written = EncryptOutput { kind, message };
                (Ok(ProcessBundleOutput::default()), Ok(written))
            }
            (None, None) => unreachable!("a test has an answer or an error"),
        };
        let steps = vec![
            Step::ProcessBundle(step_of(opens, opened)),
            Step::Encrypt(step_of(writes, written)),
        ];
        let flags: Vec<&str> = test.flags.iter().map(String::as_str).collect();
        let requirements: Vec<&str> = test.requirements.iter().map(String::as_str).collect();
        let about = About {
            name: format!("device_{}", test.name).into(),
            comment: &test.comment,
            flags: &flags,
            requirements: &requirements,
        };
        let script = Fields { device, steps };
        match result {
            Expectation::Acceptable => b.acceptable_conversation(about, script),
            _ => b.conversation(about, script),
        }
    }
}

/// What signal-v3 takes beside, and what it refuses for other reasons.
fn deployed(b: &mut Builder) {
    let bob = &bob();
    let signature_with = |change: fn(&mut Vec<u8>)| {
        may_open("signature", move |f| {
            change(&mut f.signed_pre_key_signature.0);
        })
    };
    let plus_q = |bytes: &mut Vec<u8>| {
        let (s, sign) = (
            but(bytes[32..].to_vec(), |s| s[31] &= 0x7f),
            bytes[63] & 0x80,
        );
        bytes[32..].copy_from_slice(&plus_order(&s, 1));
        bytes[63] |= sign;
    };
    cases! { b, [Malleability: X3DH-02 V3-06];
        sign_bit_of_s: "the sign bit of A in s flipped" => signature(|bytes| bytes[63] ^= 0x80);
        bit_254_of_s: "bit 254 of s set" => signature(|bytes| bytes[63] |= 0x40);
        bit_253_of_s: "bit 253 of s set" => signature(|bytes| bytes[63] |= 0x20);
        /// s + q in place of s: all deployed verifiers but oldmemo's take it
        s_plus_q => signature_with(plus_q);
        /// signed as XEdDSA has it, with the sign bit 0: the deployed verifiers read that too
        signed_as_xeddsa_has_it => {
            let bundle = but(bob.bundle(Some(1)), |f| {
                let z = Secret::new(seed::bytes("x3dh_initiate/z"));
                let signature = xeddsa::sign(bob.device.keys().identity(), &f.signed_pre_key, &z);
                f.signed_pre_key_signature = signature.as_bytes().into();
            });
            opens(&alice(), bundle, "strict signature", b"hello Bob")
        };
    }
    let signed = |key: Hex| {
        move |f: &mut BundleFields| {
            f.signed_pre_key_signature = sign(&self::bob(), &key);
            f.signed_pre_key = key;
        }
    };
    let one_time = |key: Hex| move |f: &mut BundleFields| f.one_time_pre_key = Some(key);
    let u: [u8; 32] = bob.identity_key().u().to_owned();
    let top_bit = |key: Hex| but(key, |key| key.0[32] |= 0x80);
    let own = bob.bundle(Some(1));
    let own_one_time = own.one_time_pre_key.clone().expect("it has one");
    cases! { b, [InvalidKey: X3DH-01 V3-03];
        /// SPK_B with bit 255 set, signed so: used and sent on as it stands, as all deployed libraries do
        signed_prekey_bit_255 => {
            let bundle = but(bob.bundle(Some(1)), signed(top_bit(own.signed_pre_key.clone())));
            opens(&alice(), bundle, "spk bit 255", b"hello Bob")
        };
        /// OPK_B with bit 255 set
        one_time_prekey_bit_255 => {
            let bundle = but(bob.bundle(Some(1)), one_time(top_bit(own_one_time.clone())));
            opens(&alice(), bundle, "opk bit 255", b"hello Bob")
        };
        identity_key_of_32_bytes [: KEY-02 X3DH-01]: "IK_B of 32 bytes"
            => refuses(InvalidKey, |f| f.identity_key = u.into());
        /// SPK_B with type byte 0x06, its signature good
        signed_prekey_of_another_type [: KEY-02 X3DH-01] => refuses(InvalidKey,
            signed(but(own.signed_pre_key.clone(), |key| key.0[0] = 0x06)));
        one_time_prekey_empty [InvalidKey NoOneTimePreKey: KEY-02 X3DH-01]: "OPK_B empty: it is left out or whole"
            => refuses(InvalidKey, one_time(Hex(vec![])));
    }
    let zero_dh = |label: &str, change: &dyn Fn(&mut BundleFields)| {
        let bundle = but(bob.bundle(Some(1)), change);
        may_force(input(&alice(), bundle, label, b"hello"))
    };
    cases! { b, [InvalidKey: V3-03];
        /// OPK_B is u = 1: DH4 is all zero. Most deployed libraries go on, and so may others; newer ones refuse
        one_time_prekey_one => zero_dh("opk 1", &|f| f.one_time_pre_key = Some(encoded(&small_order()[1])));
        /// SPK_B of order 8, its signature good: DH1 and DH3 are all zero, and so is the first step's
        signed_prekey_of_order_8 => zero_dh("spk order 8", &|f| signed(encoded(&small_order()[2]))(f));
    }
    cases! { b, [Identifier: X3DH-01 V3-02];
        /// a signed prekey of id 0, a one-time prekey of id 0, registration id 0 and DeviceID 0
        ids_of_0 => opens(&alice(), but(bob.bundle(Some(1)), |f| {
            f.signed_pre_key_id = 0; f.one_time_pre_key_id = Some(0); f.registration_id = 0; f.device_id = 0;
        }), "ids 0", b"hello");
        /// the highest ids
        highest_ids => opens(&alice(), but(bob.bundle(Some(1)), |f| {
            let highest = (1 << 24) - 1;
            f.signed_pre_key_id = highest; f.one_time_pre_key_id = Some(highest); f.registration_id = 16_383;
            f.device_id = 0x7fff_ffff;
        }), "highest ids", b"hello");
        /// a name of 64 bytes, not all of them ASCII
        name_of_64_bytes => opens(&alice(), but(bob.bundle(Some(1)), |f| f.user_id = "ü".repeat(32)), "name", b"hello");
        name_of_1_byte: "a name of one byte" => opens(&alice(), but(bob.bundle(Some(1)), |f| f.user_id = "b".into()), "short name", b"hello");
        /// a UserID of ID-01 is a name too
        name_is_uuid => opens(&alice(), but(bob.bundle(Some(1)),
            |f| f.user_id = "6ba7b810-9dad-41d1-80b4-00c04fd430c8".into()), "uuid", b"hello");
        /// a one-time prekey without its id
        one_time_prekey_without_id [Identifier NoOneTimePreKey: X3DH-01] => malformed(|f| f.one_time_pre_key_id = None);
        /// a one-time prekey's id without the key
        one_time_prekey_id_without_key [Identifier NoOneTimePreKey: X3DH-01]
            => malformed(|f| f.one_time_pre_key = None);
    }
    cases! { b, [Identifier: V3-02];
        empty_name: "a user without a name" => malformed(|f| f.user_id.clear());
        name_with_line_feed: "a name with a line feed" => malformed(|f| f.user_id.push('\n'));
        name_of_65_bytes: "a name of 65 bytes" => malformed(|f| f.user_id = "x".repeat(65));
        device_id_2_to_31: "DeviceID 2^31" => malformed(|f| f.device_id = 1 << 31);
        signed_prekey_id_2_to_24: "signed prekey id 2^24" => malformed(|f| f.signed_pre_key_id = 1 << 24);
    }
    let statement = |f: &mut BundleFields| {
        f.created = Some(Timestamp(0));
        f.suites = Some(suites(&["tigress-1"]));
        f.statement_signature = Some([7; 64].into());
    };
    cases! { b, [Statement: V3-04];
        /// a statement is there, and nobody looks at it
        statement_not_looked_at => opens(&alice(), but(bob.bundle(Some(1)), statement), "statement", b"hello");
    }
}

/// A call that must be refused where a Diffie-Hellman of zero is looked at; who does not, answers as computed without that
/// check.
fn may_force(input: InitiateInput) -> impl Case {
    move |b, about| {
        let output = signal_v3::forced(&input);
        acceptable::<Initiate>(input, output)(b, about);
    }
}

/// What tigress-1 refuses of keys, signatures and identifiers.
fn strict(b: &mut Builder) {
    let bob = &bob();
    let u: [u8; 32] = bob.identity_key().u().to_owned();
    let identity = |key: Hex| refuses(InvalidKey, |f| f.identity_key = key);
    let one_time = |key: Hex| refuses(InvalidKey, |f| f.one_time_pre_key = Some(key));
    cases! { b, [InvalidKey: KEY-04 X3DH-01];
        /// IK_B with bit 255 set: the same point, another key
        identity_key_bit_255 [: KEY-03 X3DH-01] => identity(encoded(&with_top_bit(u)));
        identity_key_of_32_bytes [: KEY-02 X3DH-01]: "IK_B of 32 bytes" => identity(u.into());
        identity_key_zero: "IK_B is u = 0" => identity(encoded(&[0; 32]));
        /// SPK_B of order 8, its signature good: DH1 and DH3 are all zero
        signed_prekey_of_order_8 => signed_pre_key(encoded(&small_order()[2]));
        /// SPK_B with u = 2^255 - 10, its signature good
        signed_prekey_not_reduced [: KEY-03 X3DH-01] => signed_pre_key(encoded(&near_prime(9)));
        /// SPK_B with type byte 0x06, its signature good
        signed_prekey_of_another_type [: KEY-02 X3DH-01] => signed_pre_key(
            but(bob.bundle(None).signed_pre_key, |key| key.0[0] = 0x06));
        /// OPK_B of order 8, the other point
        one_time_prekey_of_order_8 => one_time(encoded(&small_order()[3]));
        one_time_prekey_zero: "OPK_B is u = 0" => one_time(encoded(&small_order()[0]));
        signed_prekey_p_minus_1: "SPK_B is u = 2^255 - 20, its signature good" => signed_pre_key(encoded(&small_order()[4]));
        /// OPK_B is u = 1: whoever checks signed keys alone sends with a known DH4
        one_time_prekey_one => one_time(encoded(&small_order()[1]));
        /// OPK_B with u = 2^255 - 19
        one_time_prekey_not_reduced [: KEY-03 X3DH-01] => one_time(encoded(&near_prime(0)));
        /// OPK_B empty: it is left out or whole
        one_time_prekey_empty [InvalidKey NoOneTimePreKey: KEY-02 X3DH-01] => one_time(Hex(vec![]));
    }
    cases! { b, [Identifier: ID-01 X3DH-01];
        user_id_in_capitals: "an upper-case UserID" => malformed(|f| f.user_id = f.user_id.to_uppercase());
        user_id_without_hyphens: "a UserID without hyphens" => malformed(|f| f.user_id = f.user_id.replace('-', ""));
        user_id_in_braces: "a UserID in braces" => malformed(|f| f.user_id = format!("{{{}}}", f.user_id));
        user_id_of_version_1: "a UUID of version 1" => malformed(|f| f.user_id.replace_range(14..15, "1"));
        user_id_of_another_variant: "a UUID of another variant" => malformed(|f| f.user_id.replace_range(19..20, "c"));
        user_id_is_email_address: "an e-mail address as UserID" => malformed(|f| f.user_id = "bob@example.com".into());
        device_id_0 [: ID-03 X3DH-01]: "DeviceID 0" => malformed(|f| f.device_id = 0);
        device_id_128 [: ID-03 X3DH-01]: "DeviceID 128" => malformed(|f| f.device_id = 128);
        device_id_257 [: ID-03 X3DH-01]: "DeviceID 257: cut to a byte it reads 1" => malformed(|f| f.device_id = 257);
        registration_id_0 [: ID-04 X3DH-01]: "registration id 0" => malformed(|f| f.registration_id = 0);
        registration_id_16381 [: ID-04 X3DH-01]: "registration id 16,381" => malformed(|f| f.registration_id = 16_381);
        signed_prekey_id_0 [: ID-06 X3DH-01]: "signed prekey id 0" => malformed(|f| f.signed_pre_key_id = 0);
        /// signed prekey id 2^24
        signed_prekey_id_2_24 [: ID-06 X3DH-01] => malformed(|f| f.signed_pre_key_id = 1 << 24);
        /// one-time prekey id 0
        one_time_prekey_id_0 [: ID-06 X3DH-01] => malformed(|f| f.one_time_pre_key_id = Some(0));
        /// a one-time prekey without its id
        one_time_prekey_without_id [Identifier NoOneTimePreKey: X3DH-01] => malformed(|f| f.one_time_pre_key_id = None);
        /// a one-time prekey's id without the key
        one_time_prekey_id_without_key [Identifier NoOneTimePreKey: X3DH-01] =>
            malformed(|f| f.one_time_pre_key = None);
        /// the same where the id is the highest
        highest_one_time_prekey_id_without_key [Identifier NoOneTimePreKey: X3DH-01 ID-06] => malformed(|f| {
            f.one_time_pre_key = None; f.one_time_pre_key_id = Some((1 << 24) - 1);
        });
    }
    for (name, comment, form) in FORMS {
        cases! { b, [Identifier: ID-01 X3DH-01];
            "user_id_{name}": "a UserID: {comment}" => malformed(|f| f.user_id = form(&f.user_id));
        }
    }
}

/// KEY-09 to KEY-11.
fn statements(b: &mut Builder) {
    let (bob, mallory) = (&bob(), &mallory());
    let unsigned = |change: fn(&mut BundleFields)| refuses(InvalidSignature, change);
    cases! { b, [StatementNotVerified: KEY-09 KEY-10];
        /// another registration id than the statement's
        another_registration_id => unsigned(|f| f.registration_id = f.registration_id % 16_380 + 1);
        /// another device of the user than the statement's, with the same keys
        statement_of_another_device => unsigned(|f| f.device_id = 2);
        /// another user than the statement's, with the same keys
        statement_of_another_user => refuses(InvalidSignature, |f| f.user_id = mallory.bundle(None).user_id);
        /// another id of the signed prekey than the statement's
        another_signed_prekey_id => unsigned(|f| f.signed_pre_key_id += 1);
        /// a former signed prekey, well signed, under the statement of the present one
        former_signed_prekey => refuses(InvalidSignature, |f| {
            f.signed_pre_key = mallory.bundle(None).signed_pre_key;
            f.signed_pre_key_signature = sign(bob, &f.signed_pre_key);
        });
        /// another time than the statement's
        another_time => unsigned(|f| f.created = Some(Timestamp(1)));
        suite_added: "a suite added to the statement's" => unsigned(|f| named(f).push("signal-v3".to_owned()));
        suite_taken_away: "a suite taken away from the statement's" => refuses(InvalidSignature, |f| {
            *f = says(|f| f.suites = Some(suites(&["signal-v4", "tigress-1"]))); named(f).remove(0);
        });
        suites_exchanged: "the statement's suites in another order" => refuses(InvalidSignature, |f| {
            *f = says(|f| f.suites = Some(suites(&["tigress-1", "signal-v4"]))); named(f).reverse();
        });
        /// two suites whose names are cut at another place
        suites_cut_elsewhere => refuses(InvalidSignature, |f| {
            *f = says(|f| f.suites = Some(suites(&["tigress-1", "ab", "c"]))); f.suites = Some(suites(&["tigress-1", "a", "bc"]));
        });
        statement_r_flipped: "a bit of R of the statement's signature flipped" => unsigned(|f| statement_of(f)[0] ^= 1);
        statement_s_flipped: "a bit of s of the statement's signature flipped" => unsigned(|f| statement_of(f)[40] ^= 1);
        statement_of_63_bytes [: KEY-09 KEY-10 SIG-04]: "a statement's signature of 63 bytes"
            => unsigned(|f| statement_of(f).truncate(63));
        statement_not_signed: "no signature of the statement" => unsigned(|f| statement_of(f).clear());
        /// KEY-07's signature in place of the statement's
        prekey_signature_as_statement => unsigned(|f| f.statement_signature = Some(f.signed_pre_key_signature.clone()));
        statement_signed_by_another: "a statement that somebody else has signed" => statement(mallory, stated);
        /// signed without the label: whatever else the key signs could pass for a statement
        statement_without_label => statement(bob, |f| stated(f)[25..].to_vec());
        /// signed over the address's text in place of its 17 bytes
        statement_over_address_text => statement(bob, |f| {
            let (said, id) = (stated(f), format!("{}/{}", f.user_id, f.device_id));
            [&said[..25], id.as_bytes(), &said[42..]].concat()
        });
        /// signed over little-endian integers
        statement_little_endian => statement(bob, |f| {
            let mut said = stated(f);
            said[42..46].reverse(); said[46..50].reverse(); said[83..91].reverse(); said
        });
        /// signed over the names alone, without their lengths
        statement_without_lengths => statement(bob, |f| {
            let mut said = stated(f); said.remove(91); said
        });
        /// both signatures do not verify
        both_signatures_wrong [StatementNotVerified SignatureNotVerified: X3DH-02 KEY-10] => unsigned(|f| {
            f.signed_pre_key_signature.0[0] ^= 1; statement_of(f)[0] ^= 1;
        });
    }
    let opens = |now, label, bundle| computed::<Initiate>(at(now, label, bundle));
    let stale = |now, bundle| refused::<Initiate>(StaleStatement, at(now, "stale", bundle));
    let ahead = |by| bob.restate(dated(), START + by);
    cases! { b, [StatementTime: KEY-10];
        statement_39_days_old: "a statement of 39 days ago" => opens(39 * DAY, "39 days", dated());
        statement_1_day_ahead: "a statement a day ahead" => opens(0, "1 day ahead", ahead(DAY));
        statement_40_days_old: "a statement of 40 days ago" => opens(40 * DAY, "40 days", dated());
        statement_over_40_days_old: "a statement of 40 days and a second ago" => stale(40 * DAY + 1, dated());
        statement_2_days_ahead: "a statement two days ahead" => opens(0, "2 days ahead", ahead(2 * DAY));
        /// a statement two days and a second ahead
        statement_over_2_days_ahead => stale(0, ahead(2 * DAY + 1));
        /// a statement of the last second that there is: whoever adds a day to it overflows
        statement_of_the_last_second => stale(0, ahead((1 << 53) - 1 - START));
        /// a stale statement whose signature does not verify: the signature counts first
        stale_and_not_verified [StatementTime StatementNotVerified:] => refused::<Initiate>(InvalidSignature,
            at(41 * DAY, "stale", but(dated(), |f| statement_of(f)[0] ^= 1)));
        /// a stale statement of another identity key than the pinned one: its time counts first
        stale_and_another_identity_pinned [StatementTime PinnedIdentity: KEY-10 X3DH-15] => {
            let key = mallory.identity_key().encode().into();
            refused::<Initiate>(StaleStatement, but(at(41 * DAY, "stale", dated()),
                |f| f.pinned_identity_key = Some(key)))
        };
    }
    let naming = |names: Vec<String>| says(|f| f.suites = Some(names));
    let opens = |label, names| self::opens(&alice(), naming(names), label, b"hello Bob");
    let form = |names| {
        let input = input(&alice(), naming(names), "refused", b"must not be sent");
        refused::<Initiate>(Malformed, input)
    };
    let long = |length| suites(&["tigress-1", &"x".repeat(length)]);
    cases! { b, [Suites: X3DH-01 KEY-09];
        suite_beside_others [: KEY-11]: "the suite is the last of three"
            => opens("three suites", suites(&["signal-v4", "signal-v3", "tigress-1"]));
        sixteen_suites: "16 suites" => opens("16 suites", many_suites(16));
        sixteen_suites_the_suite_first: "16 suites, and the suite is the first"
            => opens("first of 16", but(many_suites(16), |names| names.rotate_right(1)));
        seventeen_suites: "17 suites" => form(many_suites(17));
        no_suites: "no suite" => form(Vec::new());
        suite_of_32_characters: "a suite's name of 32 characters" => opens("32 characters", long(32));
        suite_of_33_characters: "a suite's name of 33 characters" => form(long(33));
        /// a suite's name of 33 characters before the suite
        suite_of_33_characters_first => form(suites(&[&"x".repeat(33), "tigress-1"]));
        suite_without_name: "a suite's name that is empty" => form(long(0));
        suite_twice: "a suite that stands twice" => form(suites(&["tigress-1", "x", "x"]));
        suite_itself_twice: "the suite itself twice, and another between" => form(suites(&["tigress-1", "x", "tigress-1"]));
        suite_with_space: "a suite's name with a space" => form(suites(&["tigress-1", "a b"]));
        suite_of_a_space: "a suite's name that is a space" => form(suites(&[" ", "tigress-1"]));
        suite_with_delete: "a suite's name with the control character 127" => form(suites(&["tigress-1", "a\u{7f}"]));
        suite_with_line_feed: "a suite's name with a line feed behind it: the $ of a regular expression lets it through"
            => form(suites(&["tigress-1", "x\n"]));
        suite_with_line_feed_alone: "the suite itself with a line feed behind it" => form(suites(&["tigress-1\n"]));
        suite_behind_line_feed: "a line of a suite's name that has two" => form(suites(&["tigress-1", "x\ny"]));
        suite_with_nul: "a suite's name with a zero byte" => form(suites(&["tigress-1", "x\0"]));
        suite_with_tab: "a suite's name with a tab" => form(suites(&["tigress-1", "a\tb"]));
        suite_of_digits_outside_ascii: "a suite's name with a digit outside ASCII"
            => form(suites(&["tigress-1", "suite-\u{0664}"]));
        suite_of_32_characters_and_more_bytes: "a suite's name of 32 characters and 33 bytes"
            => form(suites(&["tigress-1", &format!("{}û", "x".repeat(31))]));
        suite_not_ascii: "a suite's name that is not ASCII" => form(suites(&["tigress-1", "sûite"]));
        suite_of_all_characters: "names of the first and the last visible character"
            => opens("visible", suites(&["tigress-1", "!", "~"]));
        suites_in_two_cases: "two names that differ in upper and lower case alone"
            => opens("two cases", suites(&["tigress-1", "x", "X"]));
        /// no suite in common
        no_suite_in_common [: KEY-11] => refused::<Initiate>(UnsupportedVersion,
            input(&alice(), naming(suites(&["signal-v4", "tigress-2"])), "refused", b"must not be sent"));
        /// the suite under a name in capitals is another one
        suite_in_capitals [: KEY-11] => refused::<Initiate>(UnsupportedVersion,
            input(&alice(), naming(suites(&["TIGRESS-1"])), "refused", b"must not be sent"));
        /// no suite in common, and a signed prekey that must not be used: no key is read
        no_suite_in_common_and_no_key [: KEY-11] => refuses(UnsupportedVersion, |f| {
            f.signed_pre_key = encoded(&[0; 32]);
            *named(f) = suites(&["tigress-2"]);
            bob.state(f);
        });
        /// no suite in common, and a signature that does not verify
        no_suite_in_common_and_not_signed [: KEY-11] => refuses(UnsupportedVersion, |f| {
            *named(f) = suites(&["tigress-2"]); f.signed_pre_key_signature.0[0] ^= 1;
        });
    }
    let missing = |change: fn(&mut BundleFields)| refuses(Malformed, change);
    cases! { b, [StatementNotVerified: X3DH-01 KEY-09];
        statement_without_signature: "a statement without its signature" => missing(|f| f.statement_signature = None);
        statement_without_time: "a statement without its time" => missing(|f| f.created = None);
        statement_without_suites: "a statement without its suites" => missing(|f| f.suites = None);
        /// no statement at all, as a device has it that makes none
        bundle_without_statement => missing(|f| {
            f.statement_signature = None; f.created = None; f.suites = None;
        });
    }
}
