//! Family `kdf`.

use super::{Builder, seed};
use tigress_signal::conformance::operation::kdf::{
    ChainStep, ChainStepInput, MessageKey, MessageKeyInput, RootStep, RootStepInput,
};
use tigress_signal::conformance::operation::x3dh::{SharedSecret, SharedSecretInput};
use tigress_signal::error_code::ErrorCode::CounterExhausted;
use tigress_signal::hex::Hex;
use tigress_signal::ratchet::ChainKey;

pub(super) fn generate(b: &mut Builder) {
    b.old_note(
        "Label",
        "INTEROPERABILITY",
        "Salt, info, prefix or order of the inputs. One byte changed in any of them gives other keys, and no message can be read.",
        &["https://signal.org/docs/specifications/doubleratchet/#recommended-cryptographic-algorithms"],
    );
    b.old_note(
        "EdgeCase",
        "EDGE_CASE",
        "Keys of all zero or all one bits: refused by no KDF, and mistaken for `absent` by some code.",
        &[],
    );
    b.old_note(
        "Counter",
        "CONFIDENTIALITY",
        "The end of a chain. Whoever lets its counter wrap to 0 sends two messages under the same counter, and peers drop the second.",
        &[],
    );

    let key = |label: &str| Hex(seed::bytes::<32>(&format!("kdf/{label}")).to_vec());
    let fill = |byte: u8| Hex(vec![byte; 32]);

    for (comment, flag, input) in [
        (
            "with a one-time prekey: four outputs",
            "Label",
            SharedSecretInput {
                dh1: key("dh1"),
                dh2: key("dh2"),
                dh3: key("dh3"),
                dh4: Some(key("dh4")),
            },
        ),
        (
            "without a one-time prekey: three outputs, and nothing in place of the fourth",
            "Label",
            SharedSecretInput {
                dh1: key("dh1"),
                dh2: key("dh2"),
                dh3: key("dh3"),
                dh4: None,
            },
        ),
        (
            "DH1 and DH2 exchanged: another secret, told apart from a wrong order",
            "Label",
            SharedSecretInput {
                dh1: key("dh2"),
                dh2: key("dh1"),
                dh3: key("dh3"),
                dh4: None,
            },
        ),
        (
            "a fourth output of all one bits",
            "EdgeCase",
            SharedSecretInput {
                dh1: key("dh1"),
                dh2: key("dh2"),
                dh3: key("dh3"),
                dh4: Some(fill(0xff)),
            },
        ),
        (
            "all outputs alike and like the 0xFF prefix",
            "EdgeCase",
            SharedSecretInput {
                dh1: fill(0xff),
                dh2: fill(0xff),
                dh3: fill(0xff),
                dh4: None,
            },
        ),
    ] {
        b.old_computed::<SharedSecret>((comment, &[flag], &["X3DH-04", "X3DH-03"]), input);
    }

    for (comment, flag, root_key, dh) in [
        ("a root step", "Label", key("root"), key("dh")),
        ("another root key", "Label", key("root 2"), key("dh")),
        (
            "root key and output exchanged: whoever takes the output for the salt gets this for the first vector",
            "Label",
            key("dh"),
            key("root"),
        ),
        (
            "a root key of all zero bits",
            "EdgeCase",
            fill(0),
            key("dh"),
        ),
        (
            "a root key of all one bits",
            "EdgeCase",
            fill(0xff),
            key("dh"),
        ),
        (
            "an output with only its lowest bit set",
            "EdgeCase",
            key("root"),
            {
                let mut dh = vec![0; 32];
                dh[0] = 1;
                Hex(dh)
            },
        ),
    ] {
        b.old_computed::<RootStep>(
            (comment, &[flag], &["DR-03"]),
            RootStepInput { root_key, dh },
        );
    }

    for (comment, flag, chain_key, counter) in [
        ("the first step of a chain", "Label", key("chain"), 0),
        (
            "the key does not depend on the counter",
            "Label",
            key("chain"),
            7,
        ),
        ("a chain key of all zero bits", "EdgeCase", fill(0), 0),
        ("a chain key of all one bits", "EdgeCase", fill(0xff), 0),
        (
            "the counter leaves 16 bits",
            "Counter",
            key("chain"),
            0xffff,
        ),
        (
            "the counter leaves 31 bits: a signed counter overflows",
            "Counter",
            key("chain"),
            0x7fff_ffff,
        ),
        (
            "the last counter that a message may bear",
            "Counter",
            key("chain"),
            u32::MAX - 1,
        ),
    ] {
        b.old_computed::<ChainStep>(
            (comment, &[flag], &["DR-04", "DR-08"]),
            ChainStepInput { chain_key, counter },
        );
    }
    let mut chain = ChainKey::at(seed::bytes("kdf/chain"), 0);
    for counter in 1..=3 {
        (_, chain) = chain.step().expect("far from the end");
        b.old_computed::<ChainStep>(
            (
                &format!("the first vector's chain, {counter} further"),
                &["Label"],
                &["DR-04", "DR-08"],
            ),
            ChainStepInput {
                chain_key: chain.expose().into(),
                counter,
            },
        );
    }
    b.old_invalid::<ChainStep>(
        (
            "the counter has reached 2^32 - 1: whoever steps on wraps to 0",
            &["Counter"],
            &["DR-18"],
        ),
        CounterExhausted,
        ChainStepInput {
            chain_key: key("chain"),
            counter: u32::MAX,
        },
    );

    for (comment, flag, message_key) in [
        ("the key first, then the nonce", "Label", key("message")),
        ("another message key", "Label", key("message 2")),
        ("a message key of all zero bits", "EdgeCase", fill(0)),
        ("a message key of all one bits", "EdgeCase", fill(0xff)),
    ] {
        b.old_computed::<MessageKey>(
            (comment, &[flag], &["DR-05"]),
            MessageKeyInput { message_key },
        );
    }
}
