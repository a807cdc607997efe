//! Web pages: which host is genuinely Pro Santé Connect, which only looks like it, and what a page of the genuine host
//! is showing.
//!
//! - [`assess`] judges an address, parsed by the edge, against an exact table of hosts and a ladder of look-alike rules.
//! - [`recognise`] reads a [`PageObservation`], the facts that a content script reports, with versioned rules over labels,
//!   roles and texts. Real markup ids are not public, so no rule rests on one.
//!
//! What this module does not do: it parses no HTML, never sees a field's value, and its silence proves nothing. A page on an
//! unlisted host may be fraudulent in a way that no rule here knows.

mod confusables;
mod distance;
mod lookalike;
mod number;
pub mod observation;
pub mod origin;
mod punycode;
mod recognise;
pub mod rules;
mod skeleton;
mod text;

pub use observation::PageObservation;
pub use origin::{Assessment, Environment, Flavour, UrlFacts, Verdict, assess};
pub use recognise::{Recognition, RecognizedPage, recognise, rules_version};
