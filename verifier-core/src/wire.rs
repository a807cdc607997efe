//! Reading JSON that an adversary may have written.
//!
//! [`json`] refuses what different parsers read differently (duplicate members) and what costs more than it is worth
//! (depth, width, size). It holds no knowledge of tokens or of PSC.

pub mod json;
