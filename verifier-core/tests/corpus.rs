//! Replays the kept fuzz corpus: what a fuzzer once found interesting is run here on every build, without a fuzzer.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test reads its corpus and fails by panicking"
)]

#[path = "../../tests/fuzz/src/targets.rs"]
mod targets;

#[path = "../../tests/fuzz/src/surfaces.rs"]
mod surfaces;

use std::fs;
use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(directory).unwrap() {
        run(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "the corpus of {target} is empty");
}

#[test]
fn json() {
    replay("json", targets::json);
}

#[test]
fn jws() {
    replay("jws", targets::jws);
}

#[test]
fn jwks() {
    replay("jwks", targets::jwks);
}

#[test]
fn claims() {
    replay("claims", targets::claims);
}

#[test]
fn userinfo() {
    replay("userinfo", targets::userinfo);
}

#[test]
fn introspection() {
    replay("introspection", targets::introspection);
}

#[test]
fn verify() {
    replay("verify", targets::verify);
}

#[test]
fn report() {
    replay("report", targets::report);
}

#[test]
fn ids() {
    replay("ids", surfaces::ids);
}

#[test]
fn addresses() {
    replay("addresses", surfaces::addresses);
}

#[test]
fn page() {
    replay("page", surfaces::page);
}

#[test]
fn states() {
    replay("states", surfaces::states);
}
