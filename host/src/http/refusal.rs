//! A call that is refused: status, stable code, one sentence, next action.
//!
//! AuthZEN keeps 4xx and 5xx for the call, never for the decision. Texts here never repeat what the caller sent.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Evidence;
use crate::engine::limits::Failure;
use crate::log::WriteLogError;
use crate::problem::Explain;
use crate::provider::ProviderError;
use crate::service::gate::Busy;
use crate::store::{CreateLoginError, StoreError};

/// Why a call is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No such path.
    #[error("there is nothing at this path")]
    NotFound,
    /// The path exists, the method does not.
    #[error("this path does not take this method")]
    Method,
    /// Nothing by which an audience knows its caller.
    #[error("the caller is not known")]
    Caller,
    /// A reverse proxy that is not the audience's caller. It is told in another way than by 401, which would send a person to log in.
    #[error("the proxy is not known as a caller of this audience")]
    ProxyCaller,
    /// A reverse proxy asks for an audience that has none.
    #[error("this audience has no table [audience.forward_auth]")]
    NoForwardAuth,
    /// A reverse proxy does not say what its client wants.
    #[error("the proxy did not send the header {0} once, or not as it should be")]
    ProxyHeader(&'static str),
    /// A value about the person that no header should carry.
    #[error("an attribute of the login is too long for a header")]
    HeaderValue,
    /// A login where there are none.
    #[error("this audience's subjects are asserted by its caller, and it takes no login")]
    Asserted,
    /// Another content type than the path takes.
    #[error("the body is not declared as {0}")]
    ContentType(&'static str),
    /// Larger than `limits.request_bytes`.
    #[error("the body has more than {0} bytes")]
    TooLarge(usize),
    /// It did not arrive in time.
    #[error("the body did not arrive in time")]
    Slow,
    /// Not JSON, or not the members that are asked for.
    #[error("the body is not as asked: {0}")]
    Body(String),
    /// More questions in one call than are taken.
    #[error("the batch has {found} evaluations, more than {most}")]
    TooMany {
        /// In the call.
        found: usize,
        /// Taken.
        most: usize,
    },
    /// UserInfo is to be fetched but there is nothing to fetch it with.
    #[error("this audience fetches UserInfo and the body has no access_token")]
    AccessTokenMissing,
    /// UserInfo is to be relayed but is not there.
    #[error("this audience relays UserInfo and the body has no userinfo")]
    UserinfoMissing,
    /// UserInfo is there but this audience does not relay it.
    #[error("this audience does not relay UserInfo but the body has one")]
    UserinfoUnexpected,
    /// The verifier refuses the login.
    #[error("{message}")]
    Login {
        /// From the verifier.
        code: String,
        /// From the verifier.
        message: String,
        /// From the verifier.
        help: String,
        /// What was checked before.
        evidence: Vec<Evidence>,
    },
    /// A one-shot was consumed before.
    #[error("this ID token was used before")]
    Replayed,
    /// Whether a one-shot was consumed before cannot be known.
    #[error("the clock of this host went back, so it cannot be known whether this ID token was used before")]
    Clock,
    /// As many logins and one-shots as `state.entries` allows.
    #[error("this host holds as many logins as it may")]
    StateFull,
    /// Not the id of a login.
    #[error("the member id is not the id of a login")]
    ListId,
    /// Not the text of a handle.
    #[error("the member login is not a login handle")]
    Handle,
    /// The provider is not there or does not do its part.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The verifier component failed.
    #[error("the verifier did not answer: {0}")]
    Verifier(Failure),
    /// No place in the pool.
    #[error("all instances are in use")]
    Busy,
    /// An operator's call that changed nothing.
    #[error("{0}")]
    Policies(Box<dyn Explain + Send + Sync>),
    /// State or log cannot be written.
    #[error("the host cannot keep its records")]
    Records,
}

#[derive(Serialize)]
struct Wire<'a> {
    code: &'a str,
    message: String,
    help: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'a [Evidence]>,
}

impl Refusal {
    /// Stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::NotFound => "HTTP-NOT-FOUND",
            Self::Method => "HTTP-METHOD",
            Self::Caller => "HTTP-CALLER",
            Self::ProxyCaller => "HTTP-PROXY-CALLER",
            Self::NoForwardAuth => "HTTP-FORWARD-AUTH",
            Self::ProxyHeader(_) => "HTTP-PROXY-HEADER",
            Self::HeaderValue => "HTTP-HEADER-VALUE",
            Self::Asserted => "HTTP-ASSERTED",
            Self::ContentType(_) => "HTTP-CONTENT-TYPE",
            Self::TooLarge(_) => "HTTP-TOO-LARGE",
            Self::Slow => "HTTP-SLOW",
            Self::Body(_) => "HTTP-BODY",
            Self::TooMany { .. } => "HTTP-BATCH",
            Self::AccessTokenMissing => "HTTP-ACCESS-TOKEN-MISSING",
            Self::UserinfoMissing => "HTTP-USERINFO-MISSING",
            Self::UserinfoUnexpected => "HTTP-USERINFO-UNEXPECTED",
            Self::Login { code, .. } => code,
            Self::Replayed => "HTTP-REPLAYED",
            Self::Clock => "HTTP-CLOCK",
            Self::StateFull => "HTTP-STATE-FULL",
            Self::ListId => "HTTP-LOGIN-ID",
            Self::Handle => "HTTP-HANDLE",
            Self::Provider(error) => error.code(),
            Self::Verifier(_) => "HTTP-VERIFIER",
            Self::Policies(error) => error.code(),
            Self::Busy => "HTTP-BUSY",
            Self::Records => "HTTP-RECORDS",
        }
    }

    /// The status of an answer that is this refusal.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Caller => StatusCode::UNAUTHORIZED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::ProxyCaller | Self::NoForwardAuth | Self::HeaderValue => StatusCode::FORBIDDEN,
            Self::ContentType(_)
            | Self::ProxyHeader(_)
            | Self::Asserted
            | Self::Body(_)
            | Self::TooMany { .. }
            | Self::AccessTokenMissing
            | Self::UserinfoMissing
            | Self::UserinfoUnexpected
            | Self::ListId
            | Self::Handle => StatusCode::BAD_REQUEST,
            Self::Login { .. } | Self::Provider(ProviderError::AccessTokenRefused) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Replayed | Self::Policies(_) => StatusCode::CONFLICT,
            Self::Provider(_) => StatusCode::BAD_GATEWAY,
            Self::Verifier(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Busy | Self::Records | Self::Clock | Self::StateFull => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn help(&self) -> String {
        match self {
            Self::NotFound => "GET /openapi.json lists what there is.".into(),
            Self::Method => "GET /openapi.json says which methods each path takes.".into(),
            Self::Caller => {
                "Send the audience's secret as `Authorization: Bearer …`, or show its certificate, or both, as it is configured.".into()
            }
            Self::ProxyCaller => {
                "Have the proxy send the audience's secret from its own configuration, as docs/host.md shows.".into()
            }
            Self::NoForwardAuth => "Add the table, or ask for another audience.".into(),
            Self::ProxyHeader(_) => "Set it in the proxy's configuration, as docs/host.md shows, and check forward_auth.proxy.".into(),
            Self::HeaderValue => "Disclose less, or tell the operator of this host.".into(),
            Self::Asserted => "Leave the login out, or ask for an audience whose subjects are verified.".into(),
            Self::ContentType(wanted) => format!("Send `Content-Type: {wanted}`."),
            Self::TooLarge(_) => "Send less, or raise limits.request_bytes.".into(),
            Self::Slow => "Send the whole body at once.".into(),
            Self::Body(_) => "Compare the body with the interface description at /openapi.json.".into(),
            Self::TooMany { .. } => "Divide the batch; a decision does not depend on what else is asked.".into(),
            Self::AccessTokenMissing => "Send the access token that came with the ID token.".into(),
            Self::UserinfoMissing => "Send the UserInfo answer as the object `userinfo`.".into(),
            Self::UserinfoUnexpected => "Leave it out, or set userinfo = \"relay\" for this audience.".into(),
            Self::Login { help, .. } => help.clone(),
            Self::Replayed => "Start a new login; a token makes one handle.".into(),
            Self::Clock => {
                "Start a new login; if that is refused too, tell the operator of this host to set its clock right."
                    .into()
            }
            Self::StateFull => {
                "Revoke logins that have ended, wait until some expire, or tell the operator to raise state.entries."
                    .into()
            }
            Self::ListId => "Send the member `id` of an entry of GET /v1/logins, unchanged.".into(),
            Self::Handle => "Send the member `login` of the answer to POST /v1/logins, unchanged.".into(),
            Self::Provider(error) => error.help(),
            Self::Verifier(_) => "Tell the operator of this host; its log names the component.".into(),
            Self::Policies(error) => error.help(),
            Self::Busy => "Try again in a moment.".into(),
            Self::Records => "Tell the operator of this host to look at its disk.".into(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        let evidence = if let Self::Login { evidence, .. } = &self { Some(evidence.as_slice()) } else { None };
        let body = Json(Wire { code: self.code(), message: self.to_string(), help: self.help(), evidence });
        let mut response = (status, body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"vigie\""));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<Busy> for Refusal {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}

impl From<StoreError> for Refusal {
    fn from(_: StoreError) -> Self {
        Self::Records
    }
}

impl From<CreateLoginError> for Refusal {
    fn from(error: CreateLoginError) -> Self {
        match error {
            CreateLoginError::Replayed => Self::Replayed,
            CreateLoginError::ClockWentBack => Self::Clock,
            CreateLoginError::Full => Self::StateFull,
            CreateLoginError::Store(error) => error.into(),
        }
    }
}

impl From<WriteLogError> for Refusal {
    fn from(_: WriteLogError) -> Self {
        Self::Records
    }
}
