//! Sample policy for a smurtab-like relying party; its rules are examples.
