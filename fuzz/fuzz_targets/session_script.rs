//! The target `session_script`: see the table in docs/fuzzing.md.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |input: tigress_fuzz::session_script::Script| tigress_fuzz::run(
        tigress_fuzz::session_script::run,
        input
    )
);
