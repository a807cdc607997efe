//! The authorization endpoint: refuse, answer from a live session, or open a login page.
//!
//! OpenID Connect Core 3.1.2; RFC 9207 for `iss` in the answer; RFC 9126 for requests that were pushed before.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use minijinja::value::Serde;
use minijinja::{Value, context};
use url::Url;

use super::request::{AuthorizationRequest, LEVELS, Prompt, RefuseRequest, ReplyTo, ResponseMode, Rules};
use super::{confirm, mire, pushed};
use crate::app::{App, Failure};
use crate::clients::Client;
use crate::encoding::fingerprint;
use crate::faults::AuthorizeBy;
use crate::pages::Leading;
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
    let (request, client) = match read(app, &params) {
        Ok(parsed) => parsed,
        Err(RefuseRequest::Show { error, description }) => return show_refusal(app, error, &description),
        Err(RefuseRequest::SendBack { to, error, description }) => return answer_error(app, &to, error, &description),
    };
    tracing::info!(client = client.id(), "authorization request");

    let session = live_session(app, &jar, &request);
    // Nobody may be asked with `prompt=none`, and that request cannot ask for it either.
    let confirms = session.is_some() && request.prompt != Prompt::None && confirm::is_due(app, &request);
    if let Some(session) = session.filter(|_| !confirms) {
        return answer_code(app, request, session);
    }
    if request.prompt == Prompt::None {
        return answer_error(app, &request.reply_to, "login_required", "no live session of that person and level");
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
        stage: if confirms { Stage::Confirming } else { Stage::Choosing },
        created_ms: app.store.clock().now_ms(),
    };
    if !app.store.with(|state, _| state.open_login(login.clone())) {
        return Err(Failure::Full);
    }
    let page = match app.faults().authorize {
        _ if confirms => found(&format!("{}/auth/mire/{}/confirmation", app.sites.wallet, login.id)),
        AuthorizeBy::Direct => mire::render_tab(app, &login, None)?,
        AuthorizeBy::Redirect => found(&format!("{}/auth/mire/{}", app.sites.wallet, login.id)),
    };
    Ok((jar, page).into_response())
}

/// The request in the parameters, or the one that they refer to (RFC 9126 §4).
fn read<'a>(app: &'a App, params: &Params) -> Result<(AuthorizationRequest, &'a Client), RefuseRequest> {
    let issuer = app.sites.issuer();
    let rules = Rules { issuer: &issuer, now_s: app.store.clock().now_ms() / 1000, levels: app.faults().acr_values };
    let Some(reference) = params.value("request_uri").filter(|uri| uri.starts_with(pushed::PREFIX)) else {
        return AuthorizationRequest::parse(params, &app.clients, rules);
    };
    let show = |error, description: &str| RefuseRequest::Show { error, description: description.to_owned() };
    if params.is_repeated("request_uri") || params.is_repeated("client_id") {
        return Err(show("invalid_request", "a parameter is given more than once"));
    }
    let request =
        app.store.with(|state, now_ms| state.take_pushed(reference, params.value("client_id"), now_ms)).ok_or_else(
            || show("invalid_request_uri", "request_uri is unknown, too old, used before, or another client's"),
        )?;
    let client = app.clients.find(&request.client_id);
    client
        .map(|client| (request, client))
        .ok_or_else(|| show("unauthorized_client", "this client_id is not registered"))
}

fn live_session(app: &App, jar: &CookieJar, request: &AuthorizationRequest) -> Option<Session> {
    // OpenID Connect Core 3.1.2.1: no age at all is the same as asking again.
    if request.prompt == Prompt::Login || request.max_age == Some(0) {
        return None;
    }
    let cookie = jar.get(SESSION_COOKIE)?;
    let (session, hinted, now_ms) = app.store.with(|state, now_ms| {
        let hinted = request
            .id_token_hint
            .as_deref()
            .map(|hint| state.hinted(hint).map(|grant| grant.session.person.clone()).unwrap_or_default());
        (state.session(cookie.value(), now_ms), hinted, now_ms)
    });
    let session = session?;
    let age_s = now_ms.saturating_sub(session.authenticated_ms) / 1000;
    let fresh = request.max_age.is_none_or(|oldest| age_s <= oldest);
    let same_person = hinted.is_none_or(|person| person == session.person);
    (fresh && same_person && reaches(&session.acr, request.level)).then_some(session)
}

/// Whether a level is at least as high as another.
pub(crate) fn reaches(level: &str, asked: &str) -> bool {
    let rank = |name: &str| LEVELS.into_iter().position(|level| level == name);
    rank(level) >= rank(asked)
}

/// Makes a code and sends it back to the service.
pub(crate) fn answer_code(app: &App, request: AuthorizationRequest, session: Session) -> Result<Response, Failure> {
    let code = make_opaque()?;
    let pairs = vec![("session_state", session.sid.clone()), ("code", code.clone())];
    let answer = reply(app, &request.reply_to, pairs)?;
    if !app.store.with(|state, now_ms| state.issue_code(&code, request, session, now_ms)) {
        return Err(Failure::Full);
    }
    Ok(answer)
}

/// Sends an error back to the service.
pub(crate) fn answer_error(app: &App, to: &ReplyTo, error: &str, description: &str) -> Result<Response, Failure> {
    reply(app, to, vec![("error", error.to_owned()), ("error_description", description.to_owned())])
}

/// The answer in the way that the service asked for, with `state` first and `iss` last (RFC 9207).
fn reply(app: &App, to: &ReplyTo, pairs: Vec<(&str, String)>) -> Result<Response, Failure> {
    let state = to.state.iter().map(|state| ("state", state.clone()));
    let pairs: Vec<(&str, String)> = state.chain(pairs).chain([("iss", app.sites.issuer())]).collect();
    match to.mode {
        ResponseMode::Query => Ok(found(&with_query(&to.redirect_uri, &pairs))),
        ResponseMode::Fragment => {
            let fragment = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            Ok(found(&format!("{}#{fragment}", to.redirect_uri)))
        }
        ResponseMode::FormPost => app.pages.render_leading_to(
            "form_post.html",
            Leading::Form(&to.redirect_uri),
            context! { action => to.redirect_uri.as_str(), pairs => Value::from(Serde(pairs)) },
        ),
    }
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
