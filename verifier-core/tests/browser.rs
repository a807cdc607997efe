//! The shared vectors in a browser: the same files, the same reports, the same bytes.
//!
//! `wasm-pack test --mode no-install --headless --chrome --chromedriver /usr/bin/chromedriver verifier-core`
#![cfg(target_arch = "wasm32")]
#![allow(clippy::panic, reason = "a failing test panics")]

mod shared;

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn check(wanted: &str) {
    let file = shared::FILES.iter().find(|(name, _)| *name == wanted).map(|(_, file)| file);
    let Some(file) = file else { panic!("{wanted} is listed in tests/shared/mod.rs") };
    if let Err(failures) = shared::check(file) {
        panic!("{}", failures.join("\n"));
    }
}

// One test a file, so that the browser reports each by name.
#[wasm_bindgen_test]
fn tokens() {
    check("token");
}

#[wasm_bindgen_test]
fn token_signatures() {
    check("token-signatures");
}

#[wasm_bindgen_test]
fn logins() {
    check("login");
}

#[wasm_bindgen_test]
fn userinfo() {
    check("userinfo");
}

#[wasm_bindgen_test]
fn identifiers() {
    check("id");
}

#[wasm_bindgen_test]
fn addresses() {
    check("url");
}

#[wasm_bindgen_test]
fn pages() {
    check("page");
}

#[wasm_bindgen_test]
fn every_file_was_run() {
    assert_eq!(shared::FILES.len(), 7, "add a test for the new file above");
}
