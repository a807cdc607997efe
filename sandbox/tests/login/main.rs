//! The sandbox from outside: a browser and a phone, both played over HTTP, on loopback, with a clock that the test moves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on should say where"
)]

mod activation;
mod apache;
mod card;
mod certified_client;
mod ciba;
mod code_flow;
mod confirmation;
mod discovery;
mod documentation;
mod endings;
mod escaping;
mod faults;
mod forms;
mod lifetimes;
mod load;
mod logout;
mod malformed;
mod mtls;
mod phone_page;
mod portal;
mod program;
mod program_world;
mod refused_requests;
mod requests;
mod secrecy;
mod services;
mod sessions;
mod world;
