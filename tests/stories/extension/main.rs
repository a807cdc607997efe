//! What the extension does for a person at a desk, in headless Chromium with the packaged extension (flavour `dev`).
//!
//! One story per file; pictures stay in `target/stories/<story>-<nn>-<what>.png`. The toolbar's bubble is out of a driver's
//! reach: the same popup stands in a tab and speaks of the login page that was heard of last. Keys are out of reach too: the
//! command is given to the worker as the browser gives it.
#![allow(clippy::panic, reason = "a test fails by panicking")]

mod activation_guide;
#[path = "../sandbox/app.rs"]
mod app;
mod asked_otherwise;
mod card_and_outage;
mod guide_shows_all;
mod life_of_a_number;
mod managed_desk;
mod not_started_by_you;
mod nothing_leaks;
mod people_at_a_desk;
mod popup_for_everyone;
mod read_by_everyone;
mod refusals;
mod steps;
#[path = "../sandbox/support.rs"]
#[expect(dead_code, reason = "shared with the stories of the sandbox, which use all of it")]
mod support;
mod watch;
