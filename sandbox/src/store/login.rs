//! One login in one browser, from the authorization request to the answer that is sent back.

use super::{LOGIN_MS, MAX_ENTRIES, State};
use crate::provider::request::AuthorizationRequest;

/// Where a login stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The login page is open.
    Choosing,
    /// A push was sent; its identifier.
    Waiting(String),
    /// The browser has a session; the person is asked to confirm who enters which service.
    Confirming,
    /// The person confirmed; the answer can be made.
    Confirmed,
    /// The answer has been sent to the service. Nothing can follow.
    Answered,
}

/// One login. Bound to the browser that started it and to a token that its forms carry.
#[derive(Clone)]
pub(crate) struct Login {
    /// Identifier in URLs; useless without the cookie.
    pub id: String,
    /// Digest of the browser's cookie.
    pub browser: String,
    /// Value that every form of this login carries.
    pub csrf: String,
    /// What the service asked for.
    pub request: AuthorizationRequest,
    /// Where it stands.
    pub stage: Stage,
    /// Start, in milliseconds since the epoch.
    pub created_ms: u64,
}

impl Login {
    pub(super) fn is_over(&self, now_ms: u64) -> bool {
        now_ms >= self.created_ms.saturating_add(LOGIN_MS)
    }
}

impl State {
    /// Keeps a new login; `false` when the table is full.
    #[must_use]
    pub(crate) fn open_login(&mut self, login: Login) -> bool {
        if self.logins.len() >= MAX_ENTRIES {
            return false;
        }
        self.logins.insert(login.id.clone(), login);
        true
    }

    /// A login by its identifier, if it belongs to this browser and is not too old.
    pub(crate) fn login(&mut self, id: &str, browser: &str, now_ms: u64) -> Option<&mut Login> {
        self.logins.get_mut(id).filter(|login| crate::encoding::same(&login.browser, browser) && !login.is_over(now_ms))
    }
}
