//! Client authentication by certificate, and access tokens bound to it (RFC 8705).
//!
//! Services call a host of their own for it (`mtls_endpoint_aliases`, §5), because a browser that comes to the other hosts must not
//! be asked for a certificate; in the published discovery document the aliases are the plain addresses. A service is known by the
//! certificate that the sandbox issued to it (§2.1), or by the digest of an own one (§2.2).
//!
//! Behind the listener a certificate travels in the `Client-Cert` field of RFC 9440; what a client writes there itself is removed.

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};

use super::back_channel::OAuthError;
use crate::app::App;
use crate::card::Issued;
use crate::clients::Client;
use crate::encoding::{base64, base64url, from_base64, sha256};
use crate::faults::Confirmation;
use crate::tls::{Door, Peer};

/// RFC 9440 §2.1.
const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");

/// Hands the certificate of the connection to the endpoints, and nothing that merely claims to be one.
pub(crate) async fn terminate(mut request: Request, next: Next) -> Response {
    request.headers_mut().remove(CLIENT_CERT);
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map(|ConnectInfo(peer)| peer.clone());
    let presented = peer.filter(|peer| peer.door == Door::Service).and_then(|peer| peer.certificate);
    if let Some(value) =
        presented.and_then(|certificate| HeaderValue::from_str(&format!(":{}:", base64(&certificate))).ok())
    {
        request.headers_mut().insert(CLIENT_CERT, value);
    }
    next.run(request).await
}

fn presented(headers: &HeaderMap) -> Option<CertificateDer<'static>> {
    let text = headers.get(CLIENT_CERT)?.to_str().ok()?;
    from_base64(text.strip_prefix(':')?.strip_suffix(':')?).map(CertificateDer::from)
}

/// Whether a certificate was presented at all.
#[must_use]
pub(crate) fn is_presented(headers: &HeaderMap) -> bool {
    presented(headers).is_some()
}

/// The service that holds the presented certificate, if it is `client_id` (RFC 8705 §2).
pub(crate) fn authenticated<'a>(app: &'a App, headers: &HeaderMap, client_id: &str) -> Result<&'a Client, OAuthError> {
    let refused = || OAuthError::invalid_client("the certificate is not registered for this client_id");
    let certificate = presented(headers).ok_or_else(refused)?;
    let client = app.clients.find(client_id).ok_or_else(refused)?;
    let issued = matches!(
        app.certified.as_ref().and_then(|certified| certified.owner(&certificate)),
        Some(Issued::Service { client: owner }) if owner == client.id()
    );
    if issued || client.has_certificate(&sha256(&certificate)) { Ok(client) } else { Err(refused()) }
}

/// The digest that tokens are bound to: of the certificate that the service just authenticated with (RFC 8705 §3).
#[must_use]
pub(crate) fn binding(headers: &HeaderMap) -> Option<Vec<u8>> {
    presented(headers).map(|certificate| sha256(&certificate))
}

/// The `cnf` member of a bound token. The second form is the one that the operator has published: base64 of the digest in
/// hexadecimal digits instead of base64url of its bytes (psc-facts §1.11).
#[must_use]
pub(crate) fn confirmation(digest: &[u8], form: Confirmation) -> Option<Value> {
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    match form {
        Confirmation::Rfc8705 => Some(json!({"x5t#S256": base64url(digest)})),
        Confirmation::AnsHex => Some(json!({"x5t#S256": base64(hex.as_bytes())})),
        Confirmation::None => None,
    }
}

/// Whether a bound token comes from the holder of its certificate (RFC 8705 §3).
pub(crate) fn check_binding(headers: &HeaderMap, bound_to: Option<&[u8]>) -> Result<(), OAuthError> {
    match bound_to {
        Some(digest) if binding(headers).as_deref() != Some(digest) => {
            Err(OAuthError::invalid_token("the access token is bound to a certificate that was not presented"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_form_is_base64_of_hexadecimal_digits() {
        let digest: Vec<u8> = (0..32).map(|place: u8| place.wrapping_mul(8)).collect();
        let form = |form| confirmation(&digest, form).map(|value| value["x5t#S256"].as_str().unwrap().to_owned());
        assert_eq!(form(Confirmation::Rfc8705).unwrap().len(), 43);
        let published = form(Confirmation::AnsHex).unwrap();
        assert_eq!(published.len(), 88, "as long as the published sample");
        assert!(from_base64(&published).unwrap().starts_with(b"0008101820"));
        assert_eq!(form(Confirmation::None), None);
    }
}
