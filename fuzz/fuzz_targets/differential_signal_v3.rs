//! The target `differential_signal_v3`: see the table in docs/fuzzing.md.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tigress_fuzz::run(
    tigress_fuzz::differential_signal_v3::run,
    data
));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    tigress_fuzz::differential_signal_v3::fuzz(data, size, max_size, seed)
});
