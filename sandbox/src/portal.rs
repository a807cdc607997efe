//! The account portal: who I am, my e-CPS, my sessions, and the activation of the e-CPS with the card.
//!
//! The portal is a service like any other: its button leads to the login page, and it redeems a code. An activation needs a login
//! by card; then terms, a QR code that lives 90 seconds, and the code that the phone shows. Everything the person sees on the
//! desktop is here, the phone's side is `phone::activation`, the rules are the core's.
//!
//! Not published, and ours: every address but `/login-page`, and the looks of the pages between the guide's pictures.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use axum_extra::extract::CookieJar;
use minijinja::{Value, context};
use qrcode::QrCode;
use qrcode::render::svg;
use serde_json::json;

use crate::app::{App, Failure};
use crate::clients::{Client, RedirectRule};
use crate::encoding::same;
use crate::names::Sites;
use crate::params::Params;
use crate::phone::activation::{in_french, make_ticket};
use crate::provider::authorize::with_query;
use crate::provider::card::CARD;
use crate::random::{NoRandomness, make_opaque};
use crate::store::{Desktop, Standing, Visit};
use crate::web::{self, error_page, found, see_other};

const CLIENT: &str = "vigie-portal";
const VISIT_COOKIE: &str = "vigie_portail";
const STATE_COOKIE: &str = "vigie_portail_retour";
const PATH: &str = "/portail";
const ACTIVATION: &str = "/portail/activation";

/// Every path of the portal.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/login-page", get(landing))
        .route("/portail/entrer", get(enter))
        .route("/portail/retour", get(come_back))
        .route(PATH, get(account))
        .route(ACTIVATION, get(activation).post(start))
        .route("/portail/activation/etat", get(state))
        .route("/portail/activation/qr.svg", get(qr))
        .route("/portail/activation/code", post(code))
        .route("/portail/sessions", post(close_sessions))
        .route("/portail/quitter", post(leave))
}

/// The portal as a registered service.
pub(crate) fn client(sites: &Sites) -> Result<Client, NoRandomness> {
    let exact = |path: &str| RedirectRule::Exact(vec![format!("{}{path}", sites.wallet)]);
    Ok(Client::new(
        CLIENT,
        &make_opaque()?,
        "Portail Pro Santé Connect",
        exact("/portail/retour"),
        exact("/login-page"),
    ))
}

/// `GET {wallet}/login-page`.
async fn landing(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    app.pages.render("portal.html", StatusCode::OK, context! { action => "/portail/entrer" })
}

/// `GET …/entrer`: to the login page; with `?carte` in any case, even if a session by e-CPS is open.
async fn enter(State(app): State<Arc<App>>, jar: CookieJar, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let state = make_opaque()?;
    let mut request = vec![
        ("client_id", CLIENT.to_owned()),
        ("redirect_uri", format!("{}/portail/retour", app.sites.wallet)),
        ("response_type", "code".to_owned()),
        ("scope", "openid scope_all".to_owned()),
        ("acr_values", "eidas1".to_owned()),
        ("state", state.clone()),
    ];
    if query.as_deref() == Some("carte") {
        request.push(("prompt", "login".to_owned()));
    }
    let location = with_query(&format!("{}/auth", app.sites.wallet), &request);
    Ok((jar.add(web::cookie(STATE_COOKIE, state, PATH, &app.sites)), found(&location)).into_response())
}

/// `GET …/retour`: the login page answers.
async fn come_back(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let refused = |app: &App| {
        error_page(
            &app.pages,
            StatusCode::FORBIDDEN,
            "Connexion au portail interrompue",
            "La connexion n'a pas abouti, ou elle a commencé dans un autre navigateur.",
            "Retournez à l'accueil du portail, puis recommencez.",
            "SBX-PORTAL",
        )
    };
    let Ok(params) = Params::parse(query.unwrap_or_default().as_bytes()) else {
        return refused(&app);
    };
    let mine = match (jar.get(STATE_COOKIE), params.value("state")) {
        (Some(kept), Some(state)) => same(kept.value(), state),
        _ => false,
    };
    let uri = format!("{}/portail/retour", app.sites.wallet);
    let code = params.value("code").filter(|_| mine).unwrap_or_default();
    let granted = app.store.with(|state, now_ms| state.redeem_code(code, CLIENT, Some(&uri), None, now_ms));
    let Ok(grant) = granted else {
        return refused(&app);
    };
    let cookie = make_opaque()?;
    let visit = Visit {
        sid: grant.session.sid,
        person: grant.session.person,
        auth_mode: grant.session.auth_mode,
        csrf: make_opaque()?,
        ticket: None,
    };
    if !app.store.with(|state, _| state.open_visit(&cookie, visit)) {
        return Err(Failure::Full);
    }
    tracing::info!("portal entered");
    Ok((jar.add(web::cookie(VISIT_COOKIE, cookie, PATH, &app.sites)), found(PATH)).into_response())
}

fn visit(app: &App, jar: &CookieJar) -> Option<Visit> {
    let cookie = jar.get(VISIT_COOKIE)?;
    app.store.with(|state, now_ms| state.visit(cookie.value(), now_ms).cloned())
}

/// The form of a visit, if it was made by one of its pages.
fn form(app: &App, jar: &CookieJar, body: &[u8]) -> Option<(Visit, Params)> {
    let visit = visit(app, jar)?;
    let params = Params::parse(body).ok()?;
    let holds = params.value("jeton").is_some_and(|token| same(&visit.csrf, token));
    holds.then_some((visit, params))
}

/// `GET /portail`: the account.
async fn account(State(app): State<Arc<App>>, jar: CookieJar) -> Result<Response, Failure> {
    match visit(&app, &jar) {
        None => Ok(found("/login-page")),
        Some(visit) => show_account(&app, &visit, None),
    }
}

fn show_account(app: &App, visit: &Visit, alert: Option<(&str, &str)>) -> Result<Response, Failure> {
    let standing = app.store.with(|state, _| state.standing(&visit.person));
    let name = app.persons.find(&visit.person).map(crate::persons::Person::display_name).unwrap_or_default();
    let status = if alert.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    app.pages.render(
        "account.html",
        status,
        context! {
            name, csrf => visit.csrf.as_str(), by_card => visit.auth_mode == CARD,
            ecps => match standing { Standing::None => "none", Standing::Active => "active", Standing::Blocked => "blocked" },
            alert => alert.map(|(message, code)| context! { message, code }),
        },
    )
}

/// `POST /portail/activation`: the terms are accepted; a QR code is drawn. Every earlier one of this person is dead from now on.
async fn start(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    let Some((visit, params)) = form(&app, &jar, &body) else {
        return web::bad_form(&app.pages);
    };
    if visit.auth_mode != CARD {
        let message = "L'activation sur le portail demande une connexion par carte. Connectez-vous avec votre carte.";
        return show_account(&app, &visit, Some((message, "SBX-PORTAL-CARD")));
    }
    if params.value("cgu") != Some("oui") {
        let message = "Pour commencer l'activation, acceptez les conditions d'utilisation.";
        return show_account(&app, &visit, Some((message, "SBX-PORTAL-TERMS")));
    }
    let ticket = make_ticket()?;
    let issued = app.store.with(|state, now_ms| {
        state.request_by_card(&visit.person, ticket.clone(), now_ms)?;
        if let Some(visit) = jar.get(VISIT_COOKIE).and_then(|cookie| state.visit(cookie.value(), now_ms)) {
            visit.ticket = Some(ticket);
        }
        Ok(())
    });
    match issued {
        Ok(()) => {
            tracing::info!("activation by card requested");
            Ok(see_other(ACTIVATION))
        }
        Err(error) => show_account(&app, &visit, Some((in_french(error).1, error.code()))),
    }
}

/// Where the activation of this visit stands.
fn progress(app: &App, visit: &Visit) -> Option<Desktop> {
    let ticket = visit.ticket.as_ref()?;
    app.store.with(|state, now_ms| state.desktop(&visit.person, ticket, now_ms)).ok()
}

/// The word for the page and its script.
fn word(desktop: Desktop) -> &'static str {
    match desktop {
        Desktop::Qr { .. } => "qr",
        Desktop::QrExpired => "expired",
        Desktop::AwaitingCode => "code",
        Desktop::ChoosingPin => "pin",
        Desktop::Active => "active",
        Desktop::Superseded => "superseded",
        Desktop::Ended => "ended",
    }
}

/// `GET /portail/activation`.
async fn activation(State(app): State<Arc<App>>, jar: CookieJar) -> Result<Response, Failure> {
    let Some(visit) = visit(&app, &jar) else {
        return Ok(found("/login-page"));
    };
    match progress(&app, &visit) {
        None => Ok(found(PATH)),
        Some(desktop) => show_activation(&app, &visit, desktop, None),
    }
}

fn show_activation(
    app: &App,
    visit: &Visit,
    desktop: Desktop,
    alert: Option<(&str, &str)>,
) -> Result<Response, Failure> {
    let status = if alert.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let alert: Option<Value> = alert.map(|(message, code)| context! { message, code });
    let common = context! { state => word(desktop), csrf => visit.csrf.as_str(), alert };
    match desktop {
        Desktop::Qr { .. } | Desktop::QrExpired | Desktop::Superseded | Desktop::Ended => {
            let remaining_s = if let Desktop::Qr { remaining_s } = desktop { remaining_s } else { 0 };
            let ticket = visit.ticket.as_ref().filter(|_| remaining_s > 0).map(|ticket| ticket.to_text());
            let image = format!("{ACTIVATION}/qr.svg");
            app.pages.render("activation_qr.html", status, context! { ticket, image, remaining_s, ..common })
        }
        Desktop::AwaitingCode | Desktop::ChoosingPin | Desktop::Active => {
            let action = format!("{ACTIVATION}/code");
            app.pages.render("activation_code.html", status, context! { action, ..common })
        }
    }
}

/// `GET …/etat`: what the page asks for every second.
async fn state(State(app): State<Arc<App>>, jar: CookieJar) -> Response {
    let desktop = visit(&app, &jar).and_then(|visit| progress(&app, &visit));
    let seconds = if let Some(Desktop::Qr { remaining_s }) = desktop { remaining_s } else { 0 };
    let body = json!({"etat": desktop.map_or("none", word), "secondes": seconds});
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// `GET …/qr.svg`: while it can be scanned.
async fn qr(State(app): State<Arc<App>>, jar: CookieJar) -> Response {
    let visit = visit(&app, &jar);
    let shown = visit.as_ref().filter(|visit| matches!(progress(&app, visit), Some(Desktop::Qr { .. })));
    let code = shown.and_then(|visit| QrCode::new(visit.ticket.as_ref()?.to_text().as_bytes()).ok());
    match code {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(code) => {
            let image = code.render::<svg::Color<'_>>().min_dimensions(280, 280).build();
            ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "no-store")], image).into_response()
        }
    }
}

/// `POST …/code`: what the phone shows was typed.
async fn code(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    let Some((visit, params)) = form(&app, &jar, &body) else {
        return web::bad_form(&app.pages);
    };
    let Some(ticket) = &visit.ticket else {
        return Ok(see_other(PATH));
    };
    let typed = params.value("code").unwrap_or_default();
    let outcome = app.store.with(|state, now_ms| state.type_on_desktop(&visit.person, ticket, typed, now_ms));
    match (outcome, progress(&app, &visit)) {
        (Err(error), Some(desktop)) => {
            tracing::info!(code = error.code(), "activation step refused");
            show_activation(&app, &visit, desktop, Some((in_french(error).1, error.code())))
        }
        _ => Ok(see_other(ACTIVATION)),
    }
}

/// `POST /portail/sessions`: every session of the person is closed, on every computer.
async fn close_sessions(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    let Some((visit, _)) = form(&app, &jar, &body) else {
        return web::bad_form(&app.pages);
    };
    let closed = app.store.with(|state, _| state.close_sessions_of(&visit.person));
    tracing::info!(closed, "sessions closed");
    app.pages.render("signed_out.html", StatusCode::OK, context! {})
}

/// `POST /portail/quitter`: this session is closed.
async fn leave(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    let Some((visit, _)) = form(&app, &jar, &body) else {
        return web::bad_form(&app.pages);
    };
    app.store.with(|state, _| state.close_session(&visit.sid));
    app.pages.render("signed_out.html", StatusCode::OK, context! {})
}
