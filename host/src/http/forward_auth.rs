//! For a reverse proxy that asks before it passes a request on: nginx `auth_request`, Traefik `forwardAuth`, Caddy `forward_auth`.
//!
//! `/forward-auth/{audience}`, or `/forward-auth` where the caller names the audience. The proxy is the caller and proves it from its own
//! configuration; the person's login is in the cookie or header that the audience names. 204 lets the request pass, 401 asks for a login
//! (RFC 9470 says how good a one), 403 refuses, and anything else means that nobody could decide, which every proxy treats as no.
//!
//! What is asked: action `read` for methods that change nothing (RFC 9110, section 9.2.1) and `write` for all others, resource of type
//! `path`. The path is the client's spelling, neither decoded nor tidied, so a rule about parts of it is only as good as the
//! application's own reading; the query is left out, since it may hold anything. What is told is in [`headers`].
//!
//! <https://nginx.org/en/docs/http/ngx_http_auth_request_module.html>, <https://doc.traefik.io/traefik/middlewares/http/forwardauth/>,
//! <https://caddyserver.com/docs/caddyfile/directives/forward_auth>.

mod headers;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, json};

use super::auth::Caller;
use super::decide::{self, Answer, Behind, Case, Endpoint, Entity, Question, STEP_UP, Standing};
use super::refusal::Refusal;
use crate::config::{ForwardAuth, LoginPlace, ProxyKind};
use crate::service::Service;

/// `/forward-auth`: the audience is the caller's.
///
/// # Errors
/// Nobody could decide.
pub async fn by_caller(
    State(service): State<Arc<Service>>,
    caller: Result<Caller, Refusal>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    ask(&service, caller.map_err(|_| Refusal::ProxyCaller)?, &headers).await
}

/// `/forward-auth/{audience}`: the audience is named, and must be the caller's.
///
/// # Errors
/// Nobody could decide.
pub async fn by_name(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    caller: Result<Caller, Refusal>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    // 403 and not 401: no person can mend the proxy's configuration by logging in.
    let caller = caller.map_err(|_| Refusal::ProxyCaller)?;
    if caller.audience(&service)?.config.id != name {
        return Err(Refusal::ProxyCaller);
    }
    ask(&service, caller, &headers).await
}

async fn ask(service: &Arc<Service>, caller: Caller, headers: &HeaderMap) -> Result<Response, Refusal> {
    let audience = caller.audience(service)?;
    let setting = audience.config.forward_auth.as_ref().ok_or(Refusal::NoForwardAuth)?;
    let asked = Asked::read(setting.proxy, headers)?;
    let handle = handle(&setting.login, headers);
    let case =
        Case { caller, endpoint: Endpoint::ForwardAuth, behind: Behind::Handle(handle), question: asked.question() };
    let (answer, standing) = decide::ask(service, case).await?;
    // A permit on the condition of a better login is no permit yet: the proxy cannot carry out a condition, only send the person there.
    match standing {
        Standing::Login(login) if answer.decision && answer.context.obligations.is_empty() => {
            allow(setting, &answer, &headers::about(&setting.disclose, &login)?)
        }
        _ => Ok(refuse(&answer)),
    }
}

/// What the proxy says that the client wants.
struct Asked {
    method: String,
    path: String,
}

impl Asked {
    fn read(proxy: ProxyKind, headers: &HeaderMap) -> Result<Self, Refusal> {
        let (method, uri) = match proxy {
            ProxyKind::Nginx => ("X-Original-Method", "X-Original-URI"),
            ProxyKind::Traefik | ProxyKind::Caddy => ("X-Forwarded-Method", "X-Forwarded-Uri"),
        };
        let only = |name: &'static str| {
            let mut values = headers.get_all(name).iter();
            let (Some(value), None) = (values.next(), values.next()) else { return Err(Refusal::ProxyHeader(name)) };
            Ok(value.as_bytes())
        };
        let (word, target) = (only(method)?, only(uri)?);
        if word.is_empty() || !word.iter().all(u8::is_ascii_alphabetic) {
            return Err(Refusal::ProxyHeader(method));
        }
        let path = target.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
        if !path.starts_with(b"/") {
            return Err(Refusal::ProxyHeader(uri));
        }
        Ok(Self { method: String::from_utf8_lossy(word).into_owned(), path: path_text(path) })
    }

    /// The question of a proxy is always about the person of the login.
    fn question(self) -> Question {
        let action = match self.method.as_str() {
            "GET" | "HEAD" | "OPTIONS" | "TRACE" => "read",
            _ => "write",
        };
        let properties = Map::from_iter([("method".to_owned(), self.method.into())]);
        Question {
            subject: None,
            action: action.into(),
            action_properties: Some(properties),
            resource: Entity { kind: "path".into(), id: self.path, properties: None },
            context: Map::new(),
            supported: vec![STEP_UP.into()],
        }
    }
}

/// A path as text. Proxies hand on what a client wrote as it is, and some clients write letters as raw bytes; these are percent-encoded, as
/// the client should have (RFC 3986, section 2.1), and everything else stays.
fn path_text(path: &[u8]) -> String {
    path.iter().fold(String::with_capacity(path.len()), |mut text, byte| {
        match byte {
            b'!'..=b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
        text
    })
}

/// The login's handle. Two different ones are none: which of them the application would take is not known here.
fn handle(place: &LoginPlace, headers: &HeaderMap) -> Option<String> {
    // Bytes, because a cookie of somebody else's beside it may hold anything, and must not make this one unreadable.
    let found: Vec<&[u8]> = match place {
        LoginPlace::Header(name) => headers.get_all(name).iter().map(HeaderValue::as_bytes).collect(),
        LoginPlace::Cookie(wanted) => headers
            .get_all(header::COOKIE)
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
            .filter_map(|pair| pair.trim_ascii().strip_prefix(wanted.as_bytes())?.strip_prefix(b"="))
            .collect(),
    };
    let first = found.first()?;
    if first.is_empty() {
        return None;
    }
    // The empty text is no handle, and is answered as an unknown one.
    let one = std::str::from_utf8(first).ok().filter(|_| found.iter().all(|one| one == first));
    Some(one.unwrap_or_default().to_owned())
}

const DECISION_ID: HeaderName = HeaderName::from_static("x-vigie-decision-id");
const REASON: HeaderName = HeaderName::from_static("x-vigie-reason");

/// 204 with what the application may know. A header that is disclosed and has no value is sent empty, so that what a client wrote
/// under its name does not survive in a proxy that only replaces.
fn allow(setting: &ForwardAuth, answer: &Answer, about: &[(HeaderName, HeaderValue)]) -> Result<Response, Refusal> {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    debug_assert_eq!(about.len(), setting.disclose.len(), "each word of the configuration is one header");
    for (name, value) in about {
        headers.insert(name, value.clone());
    }
    mark(&mut response, answer);
    Ok(response)
}

fn refuse(answer: &Answer) -> Response {
    let context = &answer.context;
    let step_up = context.obligations.iter().find(|one| one.kind == STEP_UP);
    let status = if step_up.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
    let body = json!({
        "decision_id": context.decision_id, "reason_code": context.reason_code, "reason_user": context.reason_user,
    });
    let mut response = (status, Json(body)).into_response();
    if let Some(step_up) = step_up {
        let value = headers::challenge(&context.reason_code, &step_up.properties);
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    mark(&mut response, answer);
    response
}

/// Which decision this was and why; a permission is not to be kept by anybody.
fn mark(response: &mut Response, answer: &Answer) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, text) in [(DECISION_ID, &answer.context.decision_id), (REASON, &answer.context.reason_code)] {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(lines: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn only_the_proxys_own_headers_are_read() {
        let both = map(&[
            ("x-original-method", "GET"),
            ("x-original-uri", "/a"),
            ("x-forwarded-method", "DELETE"),
            ("x-forwarded-uri", "/b?c=d"),
        ]);
        let read = |proxy| Asked::read(proxy, &both).map(|asked| (asked.method, asked.path)).unwrap();
        assert_eq!(read(ProxyKind::Nginx), ("GET".to_owned(), "/a".to_owned()));
        assert_eq!(read(ProxyKind::Traefik), ("DELETE".to_owned(), "/b".to_owned()));
        assert_eq!(read(ProxyKind::Caddy), ("DELETE".to_owned(), "/b".to_owned()));
        let path = |path: &str| {
            let lines = map(&[("x-original-method", "GET"), ("x-original-uri", path)]);
            Asked::read(ProxyKind::Nginx, &lines).unwrap().path
        };
        assert_eq!(path("/dossier/é t?ö"), "/dossier/%C3%A9%20t", "a proxy hands on what the client wrote");
        assert_eq!(path("/dossier/%c3%a9/../~a!*"), "/dossier/%c3%a9/../~a!*", "what is text already stays as it is");
        for lines in [
            &[("x-original-method", "GET")][..],
            &[("x-original-uri", "/a")],
            &[("x-original-method", "GET"), ("x-original-method", "POST"), ("x-original-uri", "/a")],
            &[("x-original-method", "GET"), ("x-original-uri", "a")],
            &[("x-original-method", "G T"), ("x-original-uri", "/a")],
            &[("x-original-method", "GÉT"), ("x-original-uri", "/a")],
        ] {
            assert!(Asked::read(ProxyKind::Nginx, &map(lines)).is_err(), "{lines:?}");
        }
    }

    #[test]
    fn a_login_is_in_one_place_once() {
        let cookie = LoginPlace::Cookie("session".into());
        let header = LoginPlace::Header(HeaderName::from_static("x-login"));
        for (place, lines, expected) in [
            (&cookie, &[("cookie", "a=1; session=h; b=2")][..], Some("h")),
            (&cookie, &[("cookie", "session=h"), ("cookie", "session=h")], Some("h")),
            (&cookie, &[("cookie", "session=h; session=other")], Some("")),
            (&cookie, &[("cookie", "xsession=h; session2=h")], None),
            (&cookie, &[("cookie", "session=")], None),
            (&cookie, &[("cookie", "name=Zoé; session=h; other=ü")], Some("h")),
            (&cookie, &[("cookie", "name=Zoé"), ("cookie", "session=h")], Some("h")),
            (&cookie, &[("cookie", "session=é")], Some("é")),
            (&cookie, &[("cookie", "session=h; session=é")], Some("")),
            (&cookie, &[("x-login", "h")], None),
            (&header, &[("x-login", "h")], Some("h")),
            (&header, &[("x-login", "h"), ("x-login", "i")], Some("")),
            (&header, &[("cookie", "x-login=h")], None),
        ] {
            assert_eq!(handle(place, &map(lines)).as_deref(), expected, "{lines:?}");
        }
    }
}
