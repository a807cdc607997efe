//! The host's stories: what it refuses, what it contains, and a login from token to decision.
//!
//! Components are the shipped ones, from `target/components` or where `VIGIE_COMPONENTS` says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    reason = "a failed expectation is how a test reports"
)]

mod support {
    pub mod components;
    pub mod guests;
    pub mod host;
    pub mod keys;
    pub mod program;
    pub mod provider;
    pub mod schema;
}

mod bad_calls;
mod bad_configuration;
mod batch;
mod behind_proxies;
mod certification;
mod clocks_and_keys;
mod compiled_code;
mod component_gate;
mod crash;
mod decision_log;
mod disk_full;
mod encrypted;
mod forward_auth;
mod hostile_guests;
mod inspect;
mod interface_description;
mod login;
mod login_list;
mod login_terms;
mod one_core_three_skins;
mod outbound_proxy;
mod policy_bundle;
mod policy_cel;
mod policy_changes;
mod policy_command;
mod policy_in_a_component;
mod policy_replay;
mod policy_sources;
mod questions;
mod samples;
mod serving;
mod settings;
mod stopping;
mod unhealthy_policies;
