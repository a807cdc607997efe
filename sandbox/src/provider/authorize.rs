//! The authorization endpoint: refuse, answer from a live session, or open a login page.
//!
//! OpenID Connect Core 3.1.2; RFC 9207 for `iss` in the answer.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use url::Url;

use super::mire;
use super::request::{AuthorizationRequest, Prompt, RefuseRequest};
use crate::app::{App, Failure};
use crate::encoding::fingerprint;
use crate::faults::AuthorizeBy;
use crate::params::Params;
use crate::random::{make_handle, make_opaque};
use crate::store::{Login, Session, Stage};
use crate::web::{self, found};

/// Cookie that binds a login to the browser that started it.
pub(crate) const BROWSER_COOKIE: &str = "vigie_psc_browser";
/// Cookie of the session at the provider.
pub(crate) const SESSION_COOKIE: &str = "vigie_psc_session";
/// Where both cookies are sent.
pub(crate) const COOKIE_PATH: &str = "/auth";

/// `GET {wallet}/auth`.
pub(crate) async fn by_get(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    authorize(&app, jar, query.unwrap_or_default().as_bytes())
}

/// `POST {wallet}/auth`, which OpenID Connect Core 3.1.2.1 asks for as well.
pub(crate) async fn by_post(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    authorize(&app, jar, &body)
}

/// The authorization endpoint of the plain discovery document hands over to the login host.
pub(crate) async fn forward(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    found(&format!("{}/auth?{}", app.sites.wallet, query.unwrap_or_default()))
}

fn authorize(app: &App, jar: CookieJar, query: &[u8]) -> Result<Response, Failure> {
    let params = match Params::parse(query) {
        Ok(params) => params,
        Err(error) => return show_refusal(app, "invalid_request", &error.to_string()),
    };
    let (request, client) = match AuthorizationRequest::parse(&params, &app.clients) {
        Ok(parsed) => parsed,
        Err(RefuseRequest::Show { error, description }) => return show_refusal(app, error, &description),
        Err(RefuseRequest::SendBack { redirect_uri, state, error, description }) => {
            return Ok(found(&answer_error(app, &redirect_uri, state.as_deref(), error, &description)));
        }
    };
    tracing::info!(client = client.id(), "authorization request");

    if let Some(session) = live_session(app, &jar, &request) {
        return Ok(found(&answer_code(app, request, session)?));
    }
    if request.prompt == Prompt::None {
        let location =
            answer_error(app, &request.redirect_uri, request.state.as_deref(), "login_required", "no live session");
        return Ok(found(&location));
    }

    let (jar, browser) = match jar.get(BROWSER_COOKIE).map(|cookie| cookie.value().to_owned()) {
        Some(known) => (jar, known),
        None => {
            let value = make_opaque()?;
            let cookie = web::cookie(BROWSER_COOKIE, value.clone(), COOKIE_PATH, &app.sites);
            (jar.add(cookie), value)
        }
    };
    let login = Login {
        id: make_handle()?,
        browser: fingerprint(&browser),
        csrf: make_opaque()?,
        request,
        stage: Stage::Choosing,
        created_ms: app.store.clock().now_ms(),
    };
    if !app.store.with(|state, _| state.open_login(login.clone())) {
        return Err(Failure::Full);
    }
    let page = match app.faults().authorize {
        AuthorizeBy::Direct => mire::render_identifier(app, &login, None)?,
        AuthorizeBy::Redirect => found(&format!("{}/auth/mire/{}", app.sites.wallet, login.id)),
    };
    Ok((jar, page).into_response())
}

fn live_session(app: &App, jar: &CookieJar, request: &AuthorizationRequest) -> Option<Session> {
    if request.prompt == Prompt::Login {
        return None;
    }
    let cookie = jar.get(SESSION_COOKIE)?;
    let (session, now_ms) = app.store.with(|state, now_ms| (state.session(cookie.value(), now_ms), now_ms));
    let session = session?;
    let age_s = now_ms.saturating_sub(session.authenticated_ms) / 1000;
    match request.max_age {
        Some(oldest) if age_s > oldest => None,
        _ => Some(session),
    }
}

/// Makes a code and the address that carries it back to the service.
pub(crate) fn answer_code(app: &App, request: AuthorizationRequest, session: Session) -> Result<String, Failure> {
    let code = make_opaque()?;
    let mut pairs = vec![("session_state", session.sid.clone()), ("code", code.clone()), ("iss", app.sites.issuer())];
    if let Some(state) = &request.state {
        pairs.insert(0, ("state", state.clone()));
    }
    let location = with_query(&request.redirect_uri, &pairs);
    if !app.store.with(|state, now_ms| state.issue_code(&code, request, session, now_ms)) {
        return Err(Failure::Full);
    }
    Ok(location)
}

/// The address that carries an error back to the service.
pub(crate) fn answer_error(
    app: &App,
    redirect_uri: &str,
    state: Option<&str>,
    error: &str,
    description: &str,
) -> String {
    let mut pairs =
        vec![("error", error.to_owned()), ("error_description", description.to_owned()), ("iss", app.sites.issuer())];
    if let Some(state) = state {
        pairs.push(("state", state.to_owned()));
    }
    with_query(redirect_uri, &pairs)
}

/// Adds parameters to a URI that was checked before; what it had stays (RFC 6749 §3.1.2).
pub(crate) fn with_query(uri: &str, pairs: &[(&str, String)]) -> String {
    match Url::parse(uri) {
        Ok(mut url) => {
            url.query_pairs_mut().extend_pairs(pairs.iter().map(|(name, value)| (name, value.as_str())));
            url.into()
        }
        Err(_) => uri.to_owned(),
    }
}

fn show_refusal(app: &App, error: &str, description: &str) -> Result<Response, Failure> {
    web::error_page(
        &app.pages,
        StatusCode::BAD_REQUEST,
        "Demande de connexion refusée",
        "Le service qui vous envoie ici n'est pas reconnu, ou sa demande est incomplète. Aucune demande n'a été envoyée à un téléphone.",
        &format!("Pour l'intégrateur : {description}."),
        error,
    )
}
