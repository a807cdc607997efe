//! The extension's WebAssembly with one door more: the line contract of the core, so that the shared vectors can be put to what
//! compiler, wasm-bindgen and wasm-opt made of it.
//!
//! `cargo xtask test browser` builds it as the shipped module is built and runs `tests/parity.mjs` on it. It is never packaged:
//! the shipped module has no such export, and no token verification either.

use vigie_extension as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// Answers one line of `id`, `url` or `page`.
#[wasm_bindgen]
pub fn answer(operation: &str, line: &str) -> String {
    verifier_core::report::answer_without_tokens(operation, line)
}
