//! Family `kdf`.

use super::cases::{computed, refused};
use super::{Builder, seed};
use tigress_signal::conformance::operation::kdf::{
    ChainStep, ChainStepInput, MessageKey, MessageKeyInput, RootStep, RootStepInput,
};
use tigress_signal::conformance::operation::x3dh::{SharedSecret, SharedSecretInput};
use tigress_signal::error_code::ErrorCode::CounterExhausted;
use tigress_signal::hex::Hex;
use tigress_signal::ratchet::ChainKey;

const DOUBLE_RATCHET: &str = "https://signal.org/docs/specifications/doubleratchet/";
const ALGORITHMS: &str =
    "https://signal.org/docs/specifications/doubleratchet/#recommended-cryptographic-algorithms";

fn notes(b: &mut Builder) {
    b.header("The key derivations alone: bytes in, bytes out, neither message nor session. A good place to begin.");
    b.note(
        "Label",
        "INTEROPERABILITY",
        "Salt, info, prefix or order of the inputs differ.",
        "One byte changed in any of them gives other keys, and no message can be read.",
        &[ALGORITHMS],
    );
    b.note(
        "EdgeCase",
        "EDGE_CASE",
        "Keys of all zero or all one bits: refused by no KDF, and mistaken for `absent` by some code.",
        "One key in 2^256, or the one that a test happens to use, is taken for none.",
        &["https://www.rfc-editor.org/rfc/rfc5869#section-2.2"],
    );
    b.note(
        "Counter",
        "CONFIDENTIALITY",
        "The end of a chain.",
        "Whoever lets its counter wrap to 0 sends two messages under the same counter, and peers drop the second.",
        &[DOUBLE_RATCHET],
    );
}

fn key(label: &str) -> Hex {
    seed::bytes::<32>(&format!("kdf/{label}")).into()
}

fn fill(byte: u8) -> Hex {
    [byte; 32].into()
}

pub(super) fn generate(b: &mut Builder) {
    notes(b);

    let secret = |[dh1, dh2, dh3]: [Hex; 3], dh4| {
        computed::<SharedSecret>(SharedSecretInput { dh1, dh2, dh3, dh4 })
    };
    let in_order = || ["dh1", "dh2", "dh3"].map(key);
    cases! { b, [Label: X3DH-04 X3DH-03];
        /// with a one-time prekey: four outputs
        four_outputs => secret(in_order(), Some(key("dh4")));
        /// without a one-time prekey: three outputs, and nothing in place of the fourth
        three_outputs => secret(in_order(), None);
        /// DH1 and DH2 exchanged: another secret, told apart from a wrong order
        dh1_and_dh2_exchanged => secret(["dh2", "dh1", "dh3"].map(key), None);
        /// a fourth output of all one bits
        fourth_output_of_ones [EdgeCase Label: X3DH-04 X3DH-03] => secret(in_order(), Some(fill(0xff)));
        /// all outputs alike and like the 0xFF prefix
        outputs_like_the_prefix [EdgeCase Label: X3DH-04 X3DH-03] => secret([0xff; 3].map(fill), None);
    }

    let root = |root_key, dh| computed::<RootStep>(RootStepInput { root_key, dh });
    let mut lowest_bit = [0; 32];
    lowest_bit[0] = 1;
    cases! { b, [Label: DR-03];
        /// a root step
        root_step => root(key("root"), key("dh"));
        /// another root key
        other_root_key => root(key("root 2"), key("dh"));
        /// root key and output exchanged: whoever takes the output for the salt gets this for the first vector
        root_key_and_output_exchanged => root(key("dh"), key("root"));
        /// a root key of all zero bits
        root_key_of_zeros [EdgeCase: DR-03] => root(fill(0), key("dh"));
        /// a root key of all one bits
        root_key_of_ones [EdgeCase: DR-03] => root(fill(0xff), key("dh"));
        /// an output with only its lowest bit set
        output_of_one_bit [EdgeCase: DR-03] => root(key("root"), lowest_bit.into());
    }

    let chain = |chain_key, counter| ChainStepInput { chain_key, counter };
    let step = |chain_key, counter| computed::<ChainStep>(chain(chain_key, counter));
    let mut further = ChainKey::at(seed::bytes("kdf/chain"), 0);
    let mut next = || {
        (_, further) = further.step().expect("far from the end");
        step(further.expose().into(), further.counter())
    };
    cases! { b, [Label: DR-04 DR-08];
        /// the first step of a chain
        first_step => step(key("chain"), 0);
        /// the key does not depend on the counter
        counter_is_no_input => step(key("chain"), 7);
        /// a chain key of all zero bits
        chain_key_of_zeros [EdgeCase: DR-04 DR-08] => step(fill(0), 0);
        /// a chain key of all one bits
        chain_key_of_ones [EdgeCase: DR-04 DR-08] => step(fill(0xff), 0);
        /// the counter leaves 16 bits
        counter_leaves_16_bits [Counter: DR-04 DR-08] => step(key("chain"), 0xffff);
        /// the counter leaves 31 bits: a signed counter overflows
        counter_leaves_31_bits [Counter: DR-04 DR-08] => step(key("chain"), 0x7fff_ffff);
        /// the last counter that a message may bear
        last_counter [Counter: DR-04 DR-08] => step(key("chain"), u32::MAX - 1);
        /// the first vector's chain, 1 further
        second_step => next();
        /// the first vector's chain, 2 further
        third_step => next();
        /// the first vector's chain, 3 further
        fourth_step => next();
        /// the counter has reached 2^32 - 1: whoever steps on wraps to 0
        counter_exhausted [Counter: DR-18] => refused::<ChainStep>(CounterExhausted, chain(key("chain"), u32::MAX));
    }

    let expand = |message_key| computed::<MessageKey>(MessageKeyInput { message_key });
    cases! { b, [Label: DR-05];
        /// the key first, then the nonce
        key_then_nonce => expand(key("message"));
        /// another message key
        other_message_key => expand(key("message 2"));
        /// a message key of all zero bits
        message_key_of_zeros [EdgeCase: DR-05] => expand(fill(0));
        /// a message key of all one bits
        message_key_of_ones [EdgeCase: DR-05] => expand(fill(0xff));
    }
}
