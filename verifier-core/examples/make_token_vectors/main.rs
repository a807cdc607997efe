//! Writes `tests/vectors/{token,token-signatures,login,userinfo}.json`: signed tokens, the public keys, and what the core must answer.
//!
//! Run with `cargo run --release -p verifier-core --example make_token_vectors`. Each case states its verdict by hand; the rest of the report is
//! taken from the core's answer, and a run stops when the two disagree. The private keys live for the run only, so a
//! changed vector means new tokens throughout.
#![recursion_limit = "256"]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a development tool that stops at the first surprise"
)]

#[cfg(not(target_arch = "wasm32"))]
mod keys;
#[cfg(not(target_arch = "wasm32"))]
mod login;
#[cfg(not(target_arch = "wasm32"))]
mod signatures;
#[cfg(not(target_arch = "wasm32"))]
mod token;
#[cfg(not(target_arch = "wasm32"))]
mod userinfo;
#[cfg(not(target_arch = "wasm32"))]
mod write;

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    let keys = keys::Keys::make();
    write::file("token", "OIDC Core 1.0, RFC 7515 to 7519, RFC 8725, published PSC token shapes", token::cases(&keys));
    write::file("token-signatures", "RFC 7518, RFC 8017, FIPS 186-5, SEC 1", signatures::cases(&keys));
    write::file("login", "OIDC Core 1.0, RFC 8705, published PSC shapes", login::cases(&keys));
    write::file("userinfo", "OIDC Core 1.0 5.3, published PSC UserInfo shapes", userinfo::cases());
}

/// Browsers have no files to write.
#[cfg(target_arch = "wasm32")]
fn main() {}
