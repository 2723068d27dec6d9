//! The target `session_decrypt`: see the table in docs/fuzzing.md.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |input: tigress_fuzz::session_decrypt::Damage| tigress_fuzz::run(
        tigress_fuzz::session_decrypt::run,
        input
    )
);
