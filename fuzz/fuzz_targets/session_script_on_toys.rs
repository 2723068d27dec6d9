//! The target `session_script_on_toys`: see the table in docs/fuzzing.md.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: tigress_fuzz::session_script::Script| {
    tigress_fuzz::run_on_toys(tigress_fuzz::session_script::run, input);
});
