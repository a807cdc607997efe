//! See `addresses` in `src/surfaces.rs`.
#![no_main]

#[path = "../src/surfaces.rs"]
#[allow(dead_code, reason = "each binary runs one of the targets")]
mod surfaces;

libfuzzer_sys::fuzz_target!(|input: &[u8]| surfaces::addresses(input));
