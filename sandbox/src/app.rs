//! What every handler sees, and how a handler fails.

use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::card::Certified;
use crate::clients::Clients;
use crate::faults::Faults;
use crate::keys::{KeyError, Keys};
use crate::names::Sites;
use crate::pages::Pages;
use crate::persons::Persons;
use crate::random::NoRandomness;
use crate::relying::RelyingParties;
use crate::store::Store;

/// The running sandbox.
#[derive(Debug)]
pub(crate) struct App {
    /// Links.
    pub sites: Sites,
    /// Memory.
    pub store: Store,
    /// Directory.
    pub persons: Persons,
    /// Registered services.
    pub clients: Clients,
    /// Keys of this run.
    pub keys: Keys,
    /// Templates.
    pub pages: Pages,
    /// Demo services.
    pub relying: RelyingParties,
    /// Pushes that one person may get within a minute.
    pub pushes_per_minute: usize,
    /// Cards and certificates of services; none without TLS.
    pub certified: Option<Certified>,
    /// Switches that may be changed while it runs.
    pub faults: Mutex<Faults>,
}

impl App {
    /// The switches as they stand now.
    pub(crate) fn faults(&self) -> Faults {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The sandbox itself could not do its work. Never caused by what was sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// No signature.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A table is full.
    #[error("the sandbox holds too many open logins")]
    Full,
    /// A template does not fit its values.
    #[error("a page could not be made")]
    Page,
}

impl Failure {
    /// Stable code.
    #[must_use]
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Randomness(_) => "SBX-NO-RANDOMNESS",
            Self::Key(_) => "SBX-KEY",
            Self::Full => "SBX-FULL",
            Self::Page => "SBX-PAGE",
        }
    }

    /// What to do next.
    #[must_use]
    pub(crate) fn help(&self) -> &'static str {
        match self {
            Self::Full => "wait half an hour or restart the sandbox; it forgets everything",
            _ => "restart the sandbox; if it happens again, report it with the lines on its standard error",
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        tracing::error!(code = self.code(), "{self}");
        let body = json!({
            // `temporarily_unavailable` is the word of RFC 6749 for this case.
            "error": "temporarily_unavailable", "error_description": self.to_string(),
            "code": self.code(), "message": self.to_string(), "help": self.help(),
        });
        (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
    }
}
