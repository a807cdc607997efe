//! What stands behind the subject of a question: a live login, the caller's word, or nothing.
//!
//! The person is the one of the login; what a caller writes as `subject.id` is only compared with it. In an audience whose subjects are
//! asserted there is no login, and no way for one to come in.

use std::sync::Arc;
use std::time::Instant;

use serde::{Serialize, Serializer};

use super::super::outcome;
use super::super::refusal::Refusal;
use crate::engine::Patience;
use crate::engine::policy::types;
use crate::metrics::Stage;
use crate::service::{Audience, Service};
use crate::store::{FoundLogin, Handle, StoreError};

/// What there is to find it by.
pub(in crate::http) enum Behind {
    /// What the caller presents, if anything.
    Handle(Option<String>),
    /// It was found before.
    Found(Standing),
}

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
    /// Finds the login of a handle, if there is one; where subjects are asserted there is none, and none may be named. Blocking when
    /// there is all patience; else nothing is found where the state file would have to be waited for.
    ///
    /// # Errors
    /// The state file failed, or a login was named where none is ever looked at.
    pub(in crate::http) fn find(
        service: &Service,
        audience: &Audience,
        handle: Option<&str>,
        patience: Patience,
    ) -> Result<Option<Self>, Refusal> {
        match (&audience.config.login, handle) {
            (None, None) => return Ok(Some(Self::Asserted)),
            (None, Some(_)) => return Err(Refusal::Asserted),
            (Some(_), _) => {}
        }
        let nothing = |why| Ok(Some(Self::Nothing(why)));
        let Some(text) = handle else { return nothing(NoLogin::Missing) };
        let Ok(handle) = Handle::parse(text) else { return nothing(NoLogin::Unknown) };
        let begun = Instant::now();
        let (now, id) = (service.now(), &audience.config.id);
        let found = match patience {
            Patience::Full => service.store.login(now, id, &handle)?,
            Patience::Brief => match service.store.login_at_once(now, id, &handle)? {
                Some(found) => found,
                None => return Ok(None),
            },
        };
        service.metrics.stage(Stage::Store, begun.elapsed());
        let bytes = match found {
            FoundLogin::Live(bytes) => bytes,
            FoundLogin::Expired => return nothing(NoLogin::Expired),
            FoundLogin::Unknown => return nothing(NoLogin::Unknown),
        };
        let login: types::Login = postcard::from_bytes(&bytes).map_err(|_| StoreError)?;
        Ok(Some(Self::Login(Arc::new(login))))
    }
}

/// The evidence of an answer, written straight from the login.
pub(in crate::http) struct Shown(Standing);

/// As [`super::super::Evidence`], borrowed.
#[derive(Serialize)]
struct Line<'a> {
    check: &'a str,
    outcome: &'static str,
    detail: Option<&'a str>,
}

impl From<Standing> for Shown {
    fn from(standing: Standing) -> Self {
        Self(standing)
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Standing::Login(login) => serializer.collect_seq(login.evidence.iter().map(|one| Line {
                check: &one.check,
                outcome: outcome(one.outcome),
                detail: one.detail.as_deref(),
            })),
            Standing::Asserted => serializer.collect_seq([Line {
                check: "subject",
                outcome: "noted",
                detail: Some("asserted by the caller, no login was verified"),
            }]),
            Standing::Nothing(_) => serializer.collect_seq([(); 0]),
        }
    }
}
