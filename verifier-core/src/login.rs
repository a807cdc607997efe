//! A login on the person's side: the two digits to be picked on the phone, and how long they hold.
//!
//! Pro Santé Connect shows a number of two digits on the desktop; the phone offers three and the person picks the same
//! one before a deadline. [`MatchNumber`] is such a number, [`NumberMatch`] the state of one login.
//!
//! Not here: no clock (every step takes `now`), no storage, and no claim that comparing numbers resists a relay: it
//! does not.

mod number;
mod state;

pub use number::{MatchNumber, ParseMatchNumberError};
pub use state::{Effect, Event, NumberMatch};
