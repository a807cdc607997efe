//! `vigie-sandbox`: Pro Santé Connect and the e-CPS on one laptop.
//!
//! A provider that behaves like the real one (discovery, authorize, login pages, tokens, UserInfo), a simulated phone with a
//! page and an API, software cards with a reader to put them in, activation by mail and SMS or by card, logins without a browser
//! (CIBA), two demo services that are real OpenID Connect clients, and an imitation login page to warn about.
//! Everything in memory, nothing from outside, test persons only.
//!
//! It must never be trusted: its keys are made anew on every start and anybody who reaches it can be anybody.
//!
//! What it does not do yet stands in its README, under that title.
//!
//! Facts about the real provider come from published sources; where they are silent the code says "not published".

mod app;
mod card;
mod clients;
mod clock;
mod device_key;
mod encoding;
mod endings;
mod faults;
mod identifier;
mod keys;
mod lookalike;
mod names;
mod outbox;
mod pages;
mod params;
mod people;
mod persons;
mod phone;
mod portal;
mod provider;
mod push;
mod random;
mod relying;
mod serve;
mod store;
mod templates;
mod tls;
mod web;

pub use card::CARD_PASSWORD;
pub use clock::{Clock, SystemClock};
pub use names::HostNames;
pub use serve::{Options, Ready, RelyingPartyLinks, Sandbox, StartError};
pub use templates::list as list_templates;
pub use templates::set::{TemplateSet, Templates};
