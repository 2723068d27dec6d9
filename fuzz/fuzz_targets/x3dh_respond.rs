//! The target `x3dh_respond`: see the table in docs/fuzzing.md.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |input: tigress_fuzz::x3dh_respond::Messages| tigress_fuzz::run(
        tigress_fuzz::x3dh_respond::run,
        input
    )
);
