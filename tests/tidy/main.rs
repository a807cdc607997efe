//! The rules of the repository, as tests: who may depend on whom, what the extension may ask for, what no file may hold,
//! and that the documents tell the truth. They read files and `cargo metadata`; they run nothing of the product.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod codes;
mod dependencies;
mod documents;
mod extension;
mod files;
mod packages;
mod tree;
