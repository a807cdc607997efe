//! End-to-end stories: the real programs, started as they ship, and a real browser with the packaged extension.
//!
//! [`stage`] starts the sandbox and the host, [`sandbox`] the sandbox alone, [`browser`] a throw-away Chromium, [`hand`] is what a
//! person does and reads there, [`popup`] stands for the person's clicks in the extension, and each story tells one thing that
//! happens to people. The same code serves the demo, which prints the [`timeline`], and the tests. [`pages`] serves pages that
//! the sandbox must not, [`cdp`] sees what WebDriver does not. Nothing here knows the inside of a program: it reads what they
//! print and show.
//!
//! The build comes first: `cargo xtask build`.

pub mod artefacts;
pub mod browser;
pub mod card;
pub mod cdp;
mod devtools;
mod etc;
pub mod firefox;
pub mod first_login;
pub mod hand;
pub mod latency;
pub mod pages;
pub mod popup;
mod proxy;
pub mod sandbox;
mod service;
pub mod stage;
pub mod timeline;
mod until;
