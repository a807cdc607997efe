//! What Vigie knows about Pro Santé Connect: identifiers, pages, number match, tokens, practices, evidence.

#![forbid(unsafe_code)]

pub mod activation;
pub mod guidance;
pub mod ids;
pub mod login;
pub mod page;
pub mod code;
pub mod decision;
pub mod evidence;
pub mod limits;
pub mod report;
#[cfg(feature = "token")]
pub mod token;
pub mod wire;
