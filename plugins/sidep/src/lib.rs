//! Sample policy for a sidep-like relying party; its rules are examples.
