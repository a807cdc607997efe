//! How every refusal of this program reads: a stable code, one sentence, and what the reader does next.
//!
//! Each operation has its own error enum; [`Explain`] is what they share, so that the command line and the HTTP answers print
//! them alike. No message carries an identifier, a token or a secret: that is each enum's own duty, this module only prints.

use std::fmt;

/// The reader's side of an error.
pub trait Explain: fmt::Debug + fmt::Display {
    /// Stable across releases, upper-case, with the area as prefix (`CFG-`, `POL-`, `HTTP-`).
    fn code(&self) -> &'static str;
    /// The next action, a full sentence.
    fn help(&self) -> String;
}

/// Prints one refusal as one line: `CODE: what happened; what to do next`.
pub struct Sentence<'a>(pub &'a dyn Explain);

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. {}", self.0.code(), self.0, self.0.help())
    }
}
