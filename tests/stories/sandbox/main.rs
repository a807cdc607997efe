//! What people live through with Pro Santé Connect and the e-CPS, played on the sandbox in headless Chromium.
//!
//! One story per file, told with pages and clicks; pictures stay in `target/stories/<story>-<nn>-<what>.png`. Time passes by
//! moving the sandbox's clock, never by waiting.
#![allow(clippy::panic, reason = "a test fails by panicking")]

mod activation_by_card;
mod activation_by_contacts;
mod app;
mod blocked_mail;
mod card_lock;
mod card_qr_expiry;
mod confirmation;
mod contacts_missing;
mod login_by_card;
mod mail_qr_expiry;
mod not_me;
mod qr_scan;
mod second_device;
mod ssl_test_failure;
mod supersede;
mod support;
mod template_sets;
mod wrong_number;
