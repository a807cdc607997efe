//! What stands behind the subject of a question: a live login, the caller's word, or nothing.
//!
//! The person is the one of the login; what a caller writes as `subject.id` is only compared with it. In an audience whose subjects are
//! asserted there is no login, and no way for one to come in.

use std::sync::Arc;
use std::time::Instant;

use super::super::Evidence;
use super::super::refusal::Refusal;
use super::Entity;
use crate::engine::policy::types;
use crate::metrics::Stage;
use crate::service::{Audience, Service};
use crate::store::{FoundLogin, Handle, StoreError};

/// What stands behind a subject.
#[derive(Clone)]
pub(in crate::http) enum Standing {
    /// A login of this audience that is live.
    Login(Arc<types::Login>),
    /// The authenticated caller vouches for it.
    Asserted,
    /// Nothing does.
    Nothing(NoLogin),
}

/// A question without a live login of its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum NoLogin {
    Missing,
    Unknown,
    Expired,
    SubjectMismatch,
}

impl NoLogin {
    pub(in crate::http) fn code(self) -> &'static str {
        match self {
            Self::Missing => "HTTP-LOGIN-MISSING",
            Self::Unknown => "HTTP-LOGIN-UNKNOWN",
            Self::Expired => "HTTP-LOGIN-EXPIRED",
            Self::SubjectMismatch => "HTTP-SUBJECT-MISMATCH",
        }
    }
}

impl Standing {
    /// Finds the login of a handle, if there is one; where subjects are asserted there is none, and none may be named. Blocking.
    ///
    /// # Errors
    /// The state file failed, or a login was named where none is ever looked at.
    pub(in crate::http) fn find(service: &Service, audience: &Audience, handle: Option<&str>) -> Result<Self, Refusal> {
        match (&audience.config.login, handle) {
            (None, None) => return Ok(Self::Asserted),
            (None, Some(_)) => return Err(Refusal::Asserted),
            (Some(_), _) => {}
        }
        let Some(text) = handle else { return Ok(Self::Nothing(NoLogin::Missing)) };
        let Ok(handle) = Handle::parse(text) else { return Ok(Self::Nothing(NoLogin::Unknown)) };
        let begun = Instant::now();
        let found = service.store.login(service.now(), &audience.config.id, &handle);
        service.metrics.stage(Stage::Store, begun.elapsed());
        let text = match found? {
            FoundLogin::Live(text) => text,
            FoundLogin::Expired => return Ok(Self::Nothing(NoLogin::Expired)),
            FoundLogin::Unknown => return Ok(Self::Nothing(NoLogin::Unknown)),
        };
        let login: types::Login = serde_json::from_str(&text).map_err(|_| StoreError)?;
        Ok(Self::Login(Arc::new(login)))
    }
}

/// True when the subject of a question is the person of the login, named by the provider's `sub` or by the national id.
pub(super) fn is_subject(login: &types::Login, subject: &Entity) -> bool {
    let identity = &login.identity;
    let by_national_id = identity.national_id.as_ref().is_some_and(|national_id| *national_id == subject.id);
    subject.kind == "user" && (subject.id == identity.subject || by_national_id)
}

/// The evidence of an asserted subject: that there is none.
pub(super) fn asserted() -> Evidence {
    Evidence {
        check: "subject".into(),
        outcome: "noted",
        detail: Some("asserted by the caller, no login was verified".into()),
    }
}
