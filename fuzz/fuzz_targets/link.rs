//! The target `link`: see the table in docs/fuzzing.md.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tigress_fuzz::run(tigress_fuzz::outside::link, data));
