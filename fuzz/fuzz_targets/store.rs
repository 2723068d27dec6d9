//! The target `store`: see the table in docs/fuzzing.md.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: tigress_fuzz::store::Script| tigress_fuzz::run(
    tigress_fuzz::store::run,
    input
));
