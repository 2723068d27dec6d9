//! The target `wallet_script_on_toys`: see the table in docs/fuzzing.md.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |input: tigress_fuzz::wallet_script::Script| tigress_fuzz::run_on_toys(
        tigress_fuzz::wallet_script::run,
        input
    )
);
