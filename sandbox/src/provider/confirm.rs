//! The page that asks the person to confirm who enters which service, before the service gets its answer.
//!
//! Wording and buttons follow a screenshot (psc-facts §5.2). When the real provider shows the page is not published; here it
//! is shown for `prompt=consent` (OpenID Connect Core 3.1.2.1) and, with the switch `confirm`, at every login. It comes after
//! the person proved who they are, by whatever means, or found a live session.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::CookieJar;
use minijinja::context;

use super::authorize::{self, SESSION_COOKIE};
use super::mire::{find, form_holds, not_yours, service_name};
use super::request::{AuthorizationRequest, Consent};
use crate::app::{App, Failure};
use crate::faults::ConfirmWhen;
use crate::params::Params;
use crate::store::{Login, Session, Stage};
use crate::web::{self, found};

/// Whether the person confirms before this request is answered.
#[must_use]
pub(super) fn is_due(app: &App, request: &AuthorizationRequest) -> bool {
    request.consent == Consent::Asked || app.faults().confirm == ConfirmWhen::Always
}

fn session(app: &App, jar: &CookieJar) -> Option<Session> {
    let cookie = jar.get(SESSION_COOKIE)?;
    app.store.with(|state, now_ms| state.session(cookie.value(), now_ms))
}

fn set_stage(app: &App, login: &Login, stage: Stage) {
    app.store.with(|state, now_ms| {
        if let Some(login) = state.login(&login.id, &login.browser, now_ms) {
            login.stage = stage;
        }
    });
}

/// `GET /auth/mire/{login}/confirmation`.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let Some(login) = find(&app, &jar, &id).map(|found_login| found_login.login) else {
        return not_yours(&app);
    };
    if login.stage != Stage::Confirming {
        return Ok(found(&format!("/auth/mire/{id}/suite")));
    }
    // A session that ended meanwhile leaves nobody to confirm.
    let Some(session) = session(&app, &jar) else {
        return not_yours(&app);
    };
    let name = app.persons.find(&session.person).map(crate::persons::Person::display_name).unwrap_or_default();
    app.pages.render(
        "confirm.html",
        StatusCode::OK,
        context! {
            action => format!("/auth/mire/{id}/confirmation"), csrf => login.csrf.as_str(), name,
            service => service_name(&app, &login), account => session.person,
        },
    )
}

/// `POST /auth/mire/{login}/confirmation`: confirmed or rejected.
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let Some(login) = find(&app, &jar, &id).map(|found_login| found_login.login) else {
        return not_yours(&app);
    };
    if !form_holds(&login, &body) {
        return web::bad_form(&app.pages);
    }
    let Some(session) = session(&app, &jar).filter(|_| login.stage == Stage::Confirming) else {
        return not_yours(&app);
    };
    let service = service_name(&app, &login);
    let confirmed = Params::parse(&body).is_ok_and(|params| params.value("choix") == Some("confirmer"));
    if confirmed {
        set_stage(&app, &login, Stage::Confirmed);
        // A form may not lead to another host (form-action), so a page of ours goes on to the service.
        let next = format!("/auth/mire/{id}/suite");
        return app.pages.render("continue.html", StatusCode::OK, context! { next, service });
    }
    // "It is not my account": the session goes with it, and another person may log in.
    app.store.with(|state, _| state.close_session(&session.sid));
    set_stage(&app, &login, Stage::Choosing);
    let retry = Some(context! { action => format!("/auth/mire/{id}/recommencer"), csrf => login.csrf.as_str() });
    let back = Some(format!("/auth/mire/{id}/retour"));
    app.pages.render(
        "error.html",
        StatusCode::OK,
        context! {
            title => "Accès rejeté", message => "Vous n'avez pas confirmé cet accès. La session est fermée.",
            help => "Recommencez avec votre compte, ou revenez au service.", code => "SBX-REJECTED", retry, back, service,
        },
    )
}

/// The confirmed request is answered from the session of this browser.
pub(super) fn finish(app: &App, jar: &CookieJar, login: Login) -> Result<Response, Failure> {
    let Some(session) = session(app, jar) else {
        return not_yours(app);
    };
    set_stage(app, &login, Stage::Answered);
    authorize::answer_code(app, login.request, session)
}
