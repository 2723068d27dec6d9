//! The target `http_request`: see the table in docs/fuzzing.md.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tigress_fuzz::run(tigress_fuzz::http_request::run, data));
