//! Which relying party is calling. The bearer secret is the only thing that says so.
//!
//! The presented secret is compared with every audience's, in constant time and without stopping early.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::refusal::Refusal;
use crate::config::Secret;
use crate::service::{Audience, Service};

/// An authenticated caller: the audience's place in the configuration.
#[derive(Debug, Clone, Copy)]
pub struct Caller(usize);

impl Caller {
    /// The audience that called.
    ///
    /// # Errors
    /// None in practice; kept as a refusal rather than a panic.
    pub fn audience(self, service: &Service) -> Result<&Audience, Refusal> {
        service.audiences.get(self.0).ok_or(Refusal::Caller)
    }
}

impl FromRequestParts<Arc<Service>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, Refusal> {
        let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
        let (Some(header), None) = (headers.next(), headers.next()) else { return Err(Refusal::Caller) };
        let text = header.to_str().map_err(|_| Refusal::Caller)?;
        let (scheme, secret) = text.split_once(' ').ok_or(Refusal::Caller)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::Caller);
        }
        let presented = Secret::parse(secret.trim()).map_err(|_| Refusal::Caller)?;
        let known = service.audiences.iter().enumerate().fold(None, |found, (index, audience)| {
            if audience.config.caller_secret.same_as(&presented) { Some(index) } else { found }
        });
        known.map(Self).ok_or(Refusal::Caller)
    }
}
