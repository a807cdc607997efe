//! Authorization requests that a service left at the provider before it sends the browser (RFC 9126).

use super::{MAX_ENTRIES, State};
use crate::encoding::fingerprint;
use crate::provider::request::AuthorizationRequest;

/// Life of a pushed request. Not published; the default of the underlying server software.
pub(crate) const PUSHED_S: u64 = 60;

/// One of them. No `Debug`: it may carry the service's `state`.
pub(super) struct Pushed {
    request: AuthorizationRequest,
    pub(super) expires_ms: u64,
}

impl State {
    /// Keeps a request; `false` when the table is full.
    #[must_use]
    pub(crate) fn keep_pushed(&mut self, request_uri: &str, request: AuthorizationRequest, now_ms: u64) -> bool {
        if self.pushed.len() >= MAX_ENTRIES {
            return false;
        }
        let expires_ms = now_ms.saturating_add(PUSHED_S * 1000);
        self.pushed.insert(fingerprint(request_uri), Pushed { request, expires_ms });
        true
    }

    /// The request behind a reference, once, and only for the client that left it.
    pub(crate) fn take_pushed(
        &mut self,
        request_uri: &str,
        client_id: Option<&str>,
        now_ms: u64,
    ) -> Option<AuthorizationRequest> {
        let key = fingerprint(request_uri);
        self.pushed.get(&key).filter(|pushed| client_id == Some(pushed.request.client_id.as_str()))?;
        self.pushed.remove(&key).filter(|pushed| now_ms < pushed.expires_ms).map(|pushed| pushed.request)
    }
}
