//! Lines for the decision log.
//!
//! The host caps their number and length. They are for the person who operates the policy: codes and comparisons, never an
//! identifier, a name or the text of a request.

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// For the author of the policy.
    Debug,
    /// For the operator.
    Info,
    /// Somebody should look.
    Warn,
}

/// Writes one line. In a native test it goes to standard error, which `cargo test` shows when the test fails.
pub fn emit(severity: Severity, message: &str) {
    #[cfg(target_arch = "wasm32")]
    crate::component::emit(severity, message);
    #[cfg(not(target_arch = "wasm32"))]
    eprintln!("{severity:?}: {message}");
}
