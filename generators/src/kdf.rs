//! Family `kdf`.

use super::prelude::*;
use super::public_key::first_byte;
use tigress_signal::conformance::operation::kdf::{
    ChainStep, ChainStepInput, MessageKey, MessageKeyInput, RootStep, RootStepInput,
};
use tigress_signal::conformance::operation::x3dh::{SharedSecret, SharedSecretInput};
use tigress_signal::ratchet::ChainKey;

fn key(label: &str) -> Hex {
    seed::bytes::<32>(&format!("kdf/{label}")).into()
}

fn fill(byte: u8) -> Hex {
    [byte; 32].into()
}

pub(super) fn generate(b: &mut Builder) {
    b.header("The key derivations alone: bytes in, bytes out, neither message nor session. A good place to begin.");
    notes! { b;
        Label INTEROPERABILITY [signal("doubleratchet/#recommended-cryptographic-algorithms")]
            "Salt, info, prefix or order of the inputs differ."
            => "One byte changed in any of them gives other keys, and no message can be read.";
        EdgeCase EDGE_CASE [rfc("5869#section-2.2")]
            "Keys of all zero or all one bits: refused by no KDF, and mistaken for `absent` by some code."
            => "One key in 2^256, or the one that a test happens to use, is taken for none.";
        Counter CONFIDENTIALITY [signal("doubleratchet/")] "The end of a chain."
            => "Whoever lets its counter wrap to 0 sends two messages under the same counter, and peers drop the second.";
    }

    let secret = |[dh1, dh2, dh3]: [Hex; 3], dh4| {
        computed::<SharedSecret>(SharedSecretInput { dh1, dh2, dh3, dh4 })
    };
    let in_order = || ["dh1", "dh2", "dh3"].map(key);
    cases! { b, [Label: X3DH-04 X3DH-03];
        four_outputs [Label: X3DH-03 X3DH-04]: "with a one-time prekey: four outputs" => secret(in_order(), Some(key("dh4")));
        /// without a one-time prekey: three outputs, and nothing in place of the fourth
        three_outputs => secret(in_order(), None);
        /// DH1 and DH2 exchanged: another secret, told apart from a wrong order
        dh1_and_dh2_exchanged => secret(["dh2", "dh1", "dh3"].map(key), None);
        /// a fourth output of all one bits
        fourth_output_of_ones [EdgeCase Label: X3DH-03 X3DH-04] => secret(in_order(), Some(fill(0xff)));
        /// all outputs alike and like the 0xFF prefix
        outputs_like_the_prefix [EdgeCase Label:] => secret([0xff; 3].map(fill), None);
    }

    let root = |root_key, dh| computed::<RootStep>(RootStepInput { root_key, dh });
    cases! { b, [Label: DR-03];
        root_step: "a root step" => root(key("root"), key("dh"));
        other_root_key: "another root key" => root(key("root 2"), key("dh"));
        /// root key and output exchanged: whoever takes the output for the salt gets this for the first vector
        root_key_and_output_exchanged => root(key("dh"), key("root"));
        root_key_of_zeros [EdgeCase:]: "a root key of all zero bits" => root(fill(0), key("dh"));
        root_key_of_ones [EdgeCase:]: "a root key of all one bits" => root(fill(0xff), key("dh"));
        output_of_one_bit [EdgeCase:]: "an output with only its lowest bit set"
            => root(key("root"), first_byte(1).into());
    }

    let chain = |chain_key, counter| ChainStepInput { chain_key, counter };
    let step = |chain_key, counter| computed::<ChainStep>(chain(chain_key, counter));
    let mut further = ChainKey::at(seed::bytes("kdf/chain"), 0);
    let mut next = || {
        (_, further) = further.step().expect("far from the end");
        step(further.expose().into(), further.counter())
    };
    cases! { b, [Label: DR-04 DR-08];
        first_step: "the first step of a chain" => step(key("chain"), 0);
        counter_is_no_input: "the key does not depend on the counter" => step(key("chain"), 7);
        chain_key_of_zeros [EdgeCase:]: "a chain key of all zero bits" => step(fill(0), 0);
        chain_key_of_ones [EdgeCase:]: "a chain key of all one bits" => step(fill(0xff), 0);
        counter_leaves_16_bits [Counter:]: "the counter leaves 16 bits" => step(key("chain"), 0xffff);
        /// the counter leaves 31 bits: a signed counter overflows
        counter_leaves_31_bits [Counter:] => step(key("chain"), 0x7fff_ffff);
        last_counter [Counter:]: "the last counter that a message may bear" => step(key("chain"), u32::MAX - 1);
        second_step: "the first vector's chain, 1 further" => next();
        third_step: "the first vector's chain, 2 further" => next();
        fourth_step: "the first vector's chain, 3 further" => next();
        /// the counter has reached 2^32 - 1: whoever steps on wraps to 0
        counter_exhausted [Counter: DR-18] => refused::<ChainStep>(CounterExhausted, chain(key("chain"), u32::MAX));
    }

    let expand = |message_key| computed::<MessageKey>(MessageKeyInput { message_key });
    if is_strict() {
        cases! { b, [Label: DR-05];
            key_then_nonce: "the key first, then the nonce" => expand(key("message"));
        }
    } else {
        cases! { b, [Label: V3-09];
            keys_then_iv: "the AES key first, then the MAC key, then the IV" => expand(key("message"));
        }
    }
    cases! { b, [Label: DR-05];
        other_message_key: "another message key" => expand(key("message 2"));
        message_key_of_zeros [EdgeCase:]: "a message key of all zero bits" => expand(fill(0));
        message_key_of_ones [EdgeCase:]: "a message key of all one bits" => expand(fill(0xff));
    }
}
