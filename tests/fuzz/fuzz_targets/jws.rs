//! See `jws` in `src/targets.rs`.
#![no_main]

#[path = "../src/targets.rs"]
#[allow(dead_code, reason = "each binary runs one of the targets")]
mod targets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::jws(input));
