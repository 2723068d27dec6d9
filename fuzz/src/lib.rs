//! The bodies of the fuzz targets: what must hold for any input. A body that panics has found something.
//!
//! | target | input | what must hold |
//! | --- | --- | --- |
//! | `wire_ratchet`, `wire_prekey`, `bundle` | bytes | what is accepted re-encodes to the same bytes |
//! | `payload` | bytes | what is accepted says the same once it is written |
//! | `link`, `request`, `transcript` | bytes | what is accepted says the same once it is written |
//! | [`http_request`] | bytes | a server answers each request, or closes; a refusal changes nothing |
//! | `statement` | two statements | their signatures cover the same where they say the same, and only there |
//! | `vector_file`, `scenario_script`, `adapter_answer`, `saved_state` | bytes | nothing crashes |
//! | [`session_decrypt`] | damage to messages | nothing is accepted but what was sent; a refusal changes nothing |
//! | [`session_script`] | a script of two devices | what arrives is what was sent, once |
//! | [`wallet_script`] | a script of four wallets | the properties of every scenario |
//! | [`store`] | requests to two intermediaries, in groups | memory and SQLite answer the same and keep the same |
//! | [`x3dh_respond`] | prekey messages | the rules of X3DH for the responder |
//! | `differential_wire` | bytes | prost reads what the strict parser reads, and a second strict reader refuses the same with the same code |
//! | [`differential_ratchet`] | a script of two sessions | a second, naive Double Ratchet does the same, with the same codes |
//! | [`differential_signal_v3`] | messages, and a script of two devices, of `signal-v3` | libsignal-protocol-c does the same, where it is installed |
//!
//! Three of the scripts stand here twice: on the real primitives, and on toys that take a thousandth of the time
//! (`primitives::backend::toy`).
//!
//! The same bodies run over all seeds and regressions in `cargo test`.

#![forbid(unsafe_code)]

pub mod differential_ratchet;
pub mod differential_signal_v3;
pub mod drawn;
pub mod encode;
pub mod http_request;
pub mod mutate;
pub mod naive;
pub mod naive_device;
pub mod naive_wire;
pub mod outside;
pub mod session_decrypt;
pub mod session_script;
pub mod store;
pub mod targets;
pub mod wallet_script;
pub mod x3dh_respond;

#[path = "../../tests/common/mod.rs"]
mod common;

use arbitrary::{Arbitrary, Unstructured};
use std::path::Path;

/// Runs a body, with feature `flaws` under the flaw that `TIGRESS_FLAW` names.
pub fn run<T>(body: impl FnOnce(T), input: T) {
    #[cfg(feature = "flaws")]
    {
        static FLAW: std::sync::LazyLock<Option<&'static str>> = std::sync::LazyLock::new(|| {
            let name = std::env::var("TIGRESS_FLAW").ok()?;
            let flaw = tigress_signal::conformance::flaws::all().find(|flaw| flaw.name == name);
            Some(
                flaw.unwrap_or_else(|| panic!("no flaw is called `{name}`"))
                    .name,
            )
        });
        if let Some(flaw) = *FLAW {
            return tigress_signal::conformance::flaws::under(flaw, || body(input));
        }
    }
    body(input);
}

/// Runs a body as [`run`] does, with toys in place of the primitives.
pub fn run_on_toys<T>(body: impl FnOnce(T), input: T) {
    on_toys(|| run(body, input));
}

/// Runs something with toys in place of the primitives; without feature `toy` on the real ones.
fn on_toys(run: impl FnOnce()) {
    #[cfg(feature = "toy")]
    tigress_signal::primitives::backend::toy::under(run);
    #[cfg(not(feature = "toy"))]
    run();
}

/// Whether toys are in place of the primitives.
fn is_on_toys() -> bool {
    #[cfg(feature = "toy")]
    let on = tigress_signal::primitives::backend::toy::is_on();
    #[cfg(not(feature = "toy"))]
    let on = false;
    on
}

/// What a body begins with, made once in each thread for the real primitives and once for toys, which know no key of the others.
macro_rules! prepared {
    ($type:ty, $make:expr) => {{
        thread_local! {
            static REAL: $type = $make;
            static TOY: $type = $make;
        }
        if $crate::is_on_toys() { &TOY } else { &REAL }
    }};
}
pub(crate) use prepared;

/// The folder `fuzz`, from whichever of its two manifests this is built.
#[must_use]
pub fn folder() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .ancestors()
        .find(|folder| folder.join("fuzz_targets").is_dir())
        .unwrap_or(manifest)
}

/// A target by name, on the bytes that libFuzzer would give it.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("wire_ratchet", targets::wire_ratchet),
    ("wire_prekey", targets::wire_prekey),
    ("bundle", targets::bundle),
    ("payload", targets::payload),
    ("link", outside::link),
    ("statement", outside::statement),
    ("request", outside::request),
    ("http_request", http_request::run),
    ("transcript", outside::transcript),
    ("vector_file", targets::vector_file),
    ("scenario_script", targets::scenario_script),
    ("adapter_answer", targets::adapter_answer),
    ("saved_state", targets::saved_state),
    ("session_decrypt", |data| {
        structured(data, session_decrypt::run);
    }),
    ("session_script", |data| {
        structured(data, session_script::run);
    }),
    ("session_script_on_toys", |data| {
        on_toys(|| structured(data, session_script::run));
    }),
    ("wallet_script", |data| {
        structured(data, wallet_script::run);
    }),
    ("wallet_script_on_toys", |data| {
        on_toys(|| structured(data, wallet_script::run));
    }),
    ("store", |data| {
        structured(data, store::run);
    }),
    ("x3dh_respond", |data| {
        structured(data, x3dh_respond::run);
    }),
    ("differential_wire", targets::differential_wire),
    ("differential_ratchet", |data| {
        structured(data, differential_ratchet::run);
    }),
    ("differential_ratchet_on_toys", |data| {
        on_toys(|| structured(data, differential_ratchet::run));
    }),
    ("differential_signal_v3", differential_signal_v3::run),
];

/// The input that libFuzzer makes of bytes.
fn structured<'a, T: Arbitrary<'a>>(data: &'a [u8], body: impl FnOnce(T)) {
    if let Ok(input) = T::arbitrary_take_rest(Unstructured::new(data)) {
        body(input);
    }
}
