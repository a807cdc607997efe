//! The policy host of Vigie: verifies a Pro Santé Connect login in a sandboxed core, asks the relying party's own sandboxed
//! policies whether it is good enough, and answers over HTTP.
//!
//! ```text
//! request ─ limits ─► verifier component ─► one-shots consumed ─► policies, a fresh instance each ─► decision, log, answer
//! ```
//!
//! [`config`] and [`cli`] are the operator's side, [`authoring`] that of people who write policies, [`http`] the relying party's, [`engine`] everything that runs in wasmtime,
//! [`provider`] the only way out to the network, [`store`] the only thing that lasts, [`log`] what is written down, [`metrics`]
//! what is counted, [`policies`] which components are asked at this moment, [`service`] all of it assembled.

// One small module may: `engine::precompiled`, which says why it is sound.
#![deny(unsafe_code)]

pub mod authoring;
pub mod cli;
pub mod code;
pub mod components;
pub mod config;
pub mod digest;
pub mod engine;
mod group;
pub mod http;
pub mod log;
pub mod metrics;
pub mod policies;
pub mod problem;
pub mod provider;
pub mod service;
pub mod store;

/// The allocator of the program: answering a question takes some hundreds of small pieces of memory, from several threads.
pub use mimalloc::MiMalloc as Allocator;
