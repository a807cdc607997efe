//! The Order, simulated: where a professional has mail address and mobile phone corrected. The directory learns of it about
//! 72 hours later (SI-DEP guide); the clock on `/faults` can be moved.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use minijinja::context;

use crate::app::{App, Failure};
use crate::identifier;
use crate::params::Params;
use crate::web;

fn page(
    app: &App,
    jar: CookieJar,
    status: StatusCode,
    alert: Option<&str>,
    received: bool,
) -> Result<Response, Failure> {
    let (jar, csrf) = web::csrf(jar, &app.sites)?;
    let page = app.pages.render("order.html", status, context! { csrf, alert, received })?;
    Ok((jar, page).into_response())
}

/// `GET /ordre`.
pub(super) async fn form(State(app): State<Arc<App>>, jar: CookieJar) -> Result<Response, Failure> {
    page(&app, jar, StatusCode::OK, None, false)
}

/// `POST /ordre`.
pub(super) async fn submit(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    let params = match Params::parse(&body) {
        Ok(params) if web::csrf_holds(&jar, &params) => params,
        _ => return web::bad_form(&app.pages),
    };
    let wrong = |jar, message: &str| page(&app, jar, StatusCode::UNPROCESSABLE_ENTITY, Some(message), false);
    let person = match identifier::read(&app.persons, params.value("saisie").unwrap_or_default()) {
        Ok(person) => person,
        Err(refusal) => return wrong(jar, refusal.message()),
    };
    let (mail, phone) = (params.value("courriel"), params.value("mobile"));
    match app.store.with(|state, now_ms| state.correct_contacts(person.id(), mail, phone, now_ms)) {
        Ok(_) => page(&app, jar, StatusCode::OK, None, true),
        Err(_) => {
            wrong(jar, "Donnez une adresse de courriel complète, un numéro de mobile français (06 ou 07), ou les deux.")
        }
    }
}
