#![no_main]

libfuzzer_sys::fuzz_target!(
    |input: tigress_fuzz::session_script::Script| tigress_fuzz::run(
        tigress_fuzz::session_script::run,
        input
    )
);
