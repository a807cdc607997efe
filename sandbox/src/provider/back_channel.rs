//! Who is calling: client authentication at the endpoints that services call from their servers, and how they are refused.
//!
//! RFC 6749 §2.3.1 and §5.2. Basic and form parameters are offered; both at once is an error, as the standard asks.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::mtls;
use crate::app::App;
use crate::clients::Client;
use crate::encoding::from_base64;
use crate::names::REALM;
use crate::params::Params;

/// An OAuth error answer.
#[derive(Debug)]
pub(crate) struct OAuthError {
    status: StatusCode,
    error: &'static str,
    description: String,
    challenge: Option<&'static str>,
}

impl OAuthError {
    /// `400` with an error of RFC 6749 §5.2.
    pub(crate) fn bad_request(error: &'static str, description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, description: description.into(), challenge: None }
    }

    /// `403 access_denied` (CIBA Core §13).
    pub(crate) fn denied(description: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, error: "access_denied", description: description.into(), challenge: None }
    }

    /// `401 invalid_grant`: known, but not for CIBA. In the words of the server software of the provider (psc-facts §1.10).
    pub(crate) fn not_allowed() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_grant",
            description: "Client not allowed OIDC CIBA Grant".to_owned(),
            challenge: None,
        }
    }

    /// `503 temporarily_unavailable`: nothing that was sent is at fault.
    pub(crate) fn unavailable(description: &str) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            error: "temporarily_unavailable",
            description: description.to_owned(),
            challenge: None,
        }
    }

    /// `401 invalid_client`.
    pub(crate) fn invalid_client(description: &str) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_client",
            description: description.to_owned(),
            challenge: Some(r#"Basic realm="esante-wallet""#),
        }
    }

    /// `401` without an error in the challenge: nobody said who they are (RFC 6750 §3.1).
    fn no_token() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_request",
            description: "send the access token as Authorization: Bearer".to_owned(),
            challenge: Some(r#"Bearer realm="esante-wallet""#),
        }
    }

    /// `401 invalid_token` (RFC 6750 §3.1).
    pub(crate) fn invalid_token(description: &str) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_token",
            description: description.to_owned(),
            challenge: Some(r#"Bearer realm="esante-wallet", error="invalid_token""#),
        }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        tracing::info!(error = self.error, "request refused: {}", self.description);
        let mut response =
            (self.status, Json(json!({"error": self.error, "error_description": self.description}))).into_response();
        never_stored(response.headers_mut());
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

/// Refusals that come from the HTTP layer, in the words of the standards: a service reads JSON, whatever was wrong.
pub(crate) async fn speak_oauth(request: Request, next: Next) -> Response {
    let for_a_service = request.uri().path().starts_with(REALM);
    let answer = next.run(request).await;
    let description = match answer.status() {
        StatusCode::METHOD_NOT_ALLOWED => "this endpoint does not take this method",
        StatusCode::PAYLOAD_TOO_LARGE => "the request is longer than any that is expected here",
        _ => return answer,
    };
    if !for_a_service {
        return answer;
    }
    let mut refusal =
        (answer.status(), Json(json!({"error": "invalid_request", "error_description": description}))).into_response();
    never_stored(refusal.headers_mut());
    if let Some(methods) = answer.headers().get(header::ALLOW) {
        refusal.headers_mut().insert(header::ALLOW, methods.clone());
    }
    refusal
}

/// Token answers must not be kept by anybody (RFC 6749 §5.1).
pub(crate) fn never_stored(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Reads the form of a back-channel request and proves who sent it: by secret, or by certificate.
pub(crate) fn authenticated<'a>(
    app: &'a App,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(&'a Client, Params), OAuthError> {
    if !is_form(headers) {
        return Err(OAuthError::bad_request("invalid_request", "send application/x-www-form-urlencoded"));
    }
    let params = Params::parse(body).map_err(|error| OAuthError::bad_request("invalid_request", error.to_string()))?;
    if params.repeated().is_some() {
        return Err(OAuthError::bad_request("invalid_request", "a parameter is given more than once"));
    }
    let basic = basic_credentials(headers)?;
    let (id, secret) = match (basic, params.value("client_id"), params.value("client_secret")) {
        (Some(_), _, Some(_)) => {
            return Err(OAuthError::bad_request("invalid_request", "the client authenticates in two ways at once"));
        }
        (Some((id, _)), Some(other), None) if id != other => {
            return Err(OAuthError::bad_request("invalid_request", "client_id differs from the authenticated client"));
        }
        (Some(pair), _, None) => pair,
        (None, Some(id), Some(secret)) => (id.to_owned(), secret.to_owned()),
        (None, Some(id), None) if mtls::is_presented(headers) => {
            return mtls::authenticated(app, headers, id).map(|client| (client, params));
        }
        (None, _, _) => return Err(OAuthError::invalid_client("the client did not authenticate")),
    };
    match app.clients.find(&id) {
        Some(client) if client.has_secret(&secret) => Ok((client, params)),
        _ => Err(OAuthError::invalid_client("client_id or client_secret is wrong")),
    }
}

fn basic_credentials(headers: &HeaderMap) -> Result<Option<(String, String)>, OAuthError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let malformed = || OAuthError::invalid_client("the Authorization header is not HTTP Basic");
    let text = value.to_str().map_err(|_| malformed())?;
    let (scheme, encoded) = text.split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let decoded = from_base64(encoded.trim()).and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(malformed)?;
    let (id, secret) = decoded.split_once(':').ok_or_else(malformed)?;
    // RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
    Ok(Some((form_decoded(id), form_decoded(secret))))
}

fn form_decoded(text: &str) -> String {
    // A lone value without `=` parses as a name.
    url::form_urlencoded::parse(text.replace('&', "%26").replace('=', "%3D").as_bytes())
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

/// The bearer token of a request: in the header, or in a form (RFC 6750 §2.1 and §2.2), not in both.
pub(crate) fn bearer(headers: &HeaderMap, body: &[u8]) -> Result<String, OAuthError> {
    let in_form = if is_form(headers) {
        let params =
            Params::parse(body).map_err(|error| OAuthError::bad_request("invalid_request", error.to_string()))?;
        if params.is_repeated("access_token") {
            return Err(OAuthError::bad_request("invalid_request", "access_token is given more than once"));
        }
        params.value("access_token").map(str::to_owned)
    } else {
        None
    };
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return in_form.ok_or_else(OAuthError::no_token);
    };
    if in_form.is_some() {
        return Err(OAuthError::bad_request("invalid_request", "the access token is sent in two ways at once"));
    }
    match value.to_str().unwrap_or_default().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
            Ok(token.trim().to_owned())
        }
        _ => Err(OAuthError::no_token()),
    }
}
