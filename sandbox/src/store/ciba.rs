//! Logins without a browser (CIBA, poll mode): what a service may learn when it asks again.
//!
//! OpenID Connect Client-Initiated Backchannel Authentication Core 1.0, sections 7.3, 10.1 and 11.

use super::{MAX_ENTRIES, State};
use crate::encoding::fingerprint;
use crate::push::{Ending, PushState};

/// Seconds between two polls. Observed (psc-facts §1.10).
pub(crate) const INTERVAL_S: u64 = 1;

/// What is added to the pause of a service that asks too often (CIBA Core §11).
const SLOW_DOWN_MS: u64 = 5_000;

/// How long an answered or dead request is remembered, to say what became of it.
const KEPT_MS: u64 = 10 * 60 * 1000;

/// What a service asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    /// The phone.
    Mobile,
    /// The card on the desk.
    Card,
}

/// One request. No `Debug`: it names a person.
pub(crate) struct Backchannel {
    /// The service that asked.
    pub client_id: String,
    /// National identifier of the person asked.
    pub person: String,
    /// The request on the phone, or on the desk.
    pub push: String,
    /// Which of the two.
    pub channel: Channel,
    /// Granted scope.
    pub scope: String,
    /// When the service last asked.
    pub polled_ms: Option<u64>,
    /// Pause that the service keeps between two polls.
    pub interval_ms: u64,
    /// End of life.
    pub expires_ms: u64,
    /// Whether tokens were handed out.
    pub redeemed: bool,
}

impl Backchannel {
    pub(super) fn is_forgotten(&self, now_ms: u64) -> bool {
        now_ms >= self.expires_ms.saturating_add(KEPT_MS)
    }
}

/// What a poll learns when there are no tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PollError {
    /// Never issued, to another service, or used up.
    #[error("auth_req_id is unknown, was issued to another client, or was used before")]
    Unknown,
    /// The phone has not answered. The sentence is the published one.
    #[error("The authorization request is still pending as the end-user hasn't yet been authenticated.")]
    Pending,
    /// The service asks too often; its pause is five seconds longer from now on.
    #[error("asked again too soon; wait five seconds longer between two requests")]
    TooSoon,
    /// The time is over.
    #[error("the request expired")]
    Expired,
    /// The person said no, or failed.
    #[error("the request was refused on the phone")]
    Denied,
}

impl PollError {
    /// The word of the standard (CIBA Core §11).
    #[must_use]
    pub(crate) fn error(self) -> &'static str {
        match self {
            Self::Unknown => "invalid_grant",
            Self::Pending => "authorization_pending",
            Self::TooSoon => "slow_down",
            Self::Expired => "expired_token",
            Self::Denied => "access_denied",
        }
    }
}

/// An approved request: who, when, with what scope.
pub(crate) struct Approved {
    /// National identifier.
    pub person: String,
    /// Granted scope.
    pub scope: String,
    /// When phone or desk answered.
    pub at_ms: u64,
    /// Which of them did.
    pub channel: Channel,
}

impl State {
    /// Keeps a request; `false` when the table is full.
    #[must_use]
    pub(crate) fn open_backchannel(&mut self, auth_req_id: &str, request: Backchannel) -> bool {
        if self.backchannel.len() >= MAX_ENTRIES {
            return false;
        }
        self.backchannel.insert(fingerprint(auth_req_id), request);
        true
    }

    /// The service asks. An approved request answers once.
    pub(crate) fn poll(&mut self, auth_req_id: &str, client_id: &str, now_ms: u64) -> Result<Approved, PollError> {
        let request = self
            .backchannel
            .get_mut(&fingerprint(auth_req_id))
            .filter(|request| request.client_id == client_id && !request.redeemed)
            .ok_or(PollError::Unknown)?;
        let too_soon = request.polled_ms.is_some_and(|last| now_ms < last.saturating_add(request.interval_ms));
        request.polled_ms = Some(now_ms);
        if too_soon {
            request.interval_ms = request.interval_ms.saturating_add(SLOW_DOWN_MS);
            return Err(PollError::TooSoon);
        }
        if now_ms >= request.expires_ms {
            return Err(PollError::Expired);
        }
        // A request of the phone is kept longer than this one, so its absence means the end.
        let asked = match request.channel {
            Channel::Mobile => self.pushes.get(&request.push),
            Channel::Card => self.card.request(&request.push),
        };
        match asked.map(|push| push.state(now_ms)) {
            Some(PushState::Waiting { .. }) => Err(PollError::Pending),
            Some(PushState::Approved { at_ms }) => {
                request.redeemed = true;
                let (person, scope, channel) = (request.person.clone(), request.scope.clone(), request.channel);
                Ok(Approved { person, scope, at_ms, channel })
            }
            Some(PushState::Ended(Ending::Expired)) | None => Err(PollError::Expired),
            Some(PushState::Ended(_)) => Err(PollError::Denied),
        }
    }
}
