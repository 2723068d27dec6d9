//! The target `differential_ratchet_on_toys`: see the table in docs/fuzzing.md.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: tigress_fuzz::differential_ratchet::Script| {
    tigress_fuzz::run_on_toys(tigress_fuzz::differential_ratchet::run, input);
});
