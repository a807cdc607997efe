//! What people live through with the extension in Firefox, one story for each feature, in a headless Firefox with the package
//! as it is handed out. The popup is the real one, under the real button, and the badge is read where a person reads it.
//!
//! Pictures stay in `target/stories/firefox-<story>-<nn>-<what>.png`. Time passes by moving the sandbox's clock, never by waiting.
#![allow(clippy::panic, reason = "a test fails by panicking")]

mod card_and_outage;
mod desk;
mod endings;
mod event_page;
mod keyboard;
mod login;
mod login_pages;
mod lookalike;
mod managed;
mod out_of_reach;
mod refusals;
mod restart;
mod support;
mod unasked;
