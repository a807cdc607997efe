//! Which relying party is calling: by bearer secret, by basic credentials with its id, or by the certificate of its TLS connection.
//!
//! An audience is found by the digest of what is presented and then compared in constant time. What an audience does not ask for is not
//! looked at: a proxy may hand on the `Authorization` of its own client.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::refusal::Refusal;
use super::server::Connection;
use crate::config::{Presented, Secret};
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
        let (id, secret) = presented(parts);
        let certificate = parts.extensions.get::<Connection>().and_then(|about| about.certificate);
        let presented = Presented { secret, certificate };
        let is_of = |place: &usize| {
            service.audiences.get(*place).is_some_and(|audience| {
                let named = id.as_deref().is_none_or(|id| id == audience.config.id);
                audience.config.callers.admit(&presented) && named
            })
        };
        let known = service.callers.candidates(&presented).filter(is_of).max();
        // The configuration lets an open audience stand alone only, so that no wrong secret leads to it.
        known.or_else(|| service.callers.open()).map(Self).ok_or(Refusal::Caller)
    }
}

/// The secret that a request carries and, with basic credentials (RFC 7617), the audience that it is said to be of. Nothing, where it
/// carries anything else.
fn presented(parts: &Parts) -> (Option<String>, Option<Secret>) {
    let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
    let (Some(header), None) = (headers.next(), headers.next()) else { return (None, None) };
    let Some((scheme, value)) = header.to_str().ok().and_then(|text| text.split_once(' ')) else { return (None, None) };
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return (None, Secret::parse(value).ok());
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let pair = STANDARD.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some((id, secret)) = pair.as_deref().and_then(|pair| pair.split_once(':')) {
            return (Some(id.to_owned()), Secret::parse(secret).ok());
        }
    }
    (None, None)
}

/// The secret of a request that carries exactly one, as bearer.
pub(super) fn bearer(parts: &Parts) -> Option<Secret> {
    match presented(parts) {
        (None, secret) => secret,
        (Some(_), _) => None,
    }
}

/// Who may read about this host: a program on this machine, or a caller that is known. A proxy on this machine that hands on requests
/// from elsewhere must not hand on these paths.
#[derive(Debug, Clone, Copy)]
pub struct Operator;

impl FromRequestParts<Arc<Service>> for Operator {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, Refusal> {
        if parts.extensions.get::<Connection>().is_some_and(|about| about.peer.ip().is_loopback()) {
            return Ok(Self);
        }
        Caller::from_request_parts(parts, service).await.map(|_| Self)
    }
}
