//! What Vigie knows about Pro Santé Connect: identifiers, pages, number match, tokens, practices, evidence.

pub mod ids;
pub mod login;
pub mod page;
