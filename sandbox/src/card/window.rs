//! The window that asks for the code of the card, on the host that asks the browser for its certificate.
//!
//! On a real desk the components of the card open this window, outside every web page. A software card has no code of its own, so
//! the sandbox asks here, and the page says so: nobody should learn to type the code of a card into a page.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use minijinja::context;

use super::{CardTrouble, Typed, presented, refused, try_code};
use crate::app::{App, Failure};
use crate::params::Params;
use crate::random::make_opaque;
use crate::tls::Peer;
use crate::web::{self, error_page};

fn gone(app: &App) -> Result<Response, Failure> {
    error_page(
        &app.pages,
        StatusCode::NOT_FOUND,
        "Fenêtre fermée",
        "Cette demande de carte est terminée, ou elle est restée ouverte plus de cinq minutes.",
        "Retournez sur le site du service, puis choisissez à nouveau l'onglet « Carte CPS ».",
        "SBX-CARD-WINDOW",
    )
}

/// Where the login page of this login is.
fn back(app: &App, login: &str) -> Option<String> {
    Some(format!("{}/auth/mire/{login}?onglet=carte", app.sites.wallet))
}

/// `GET {card host}/carte/{window}`: the certificate is there; the code is asked for.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    jar: CookieJar,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let Some(login) = app.store.with(|state, now_ms| state.sign_in(&id, now_ms).map(str::to_owned)) else {
        return gone(&app);
    };
    match presented(&app, &peer) {
        Err(trouble) => refused(&app, trouble, Some(format!("/carte/{id}")), back(&app, &login)),
        Ok(person) => ask(&app, jar, &person, &format!("/carte/{id}"), back(&app, &login), None),
    }
}

/// The window itself.
pub(super) fn ask(
    app: &App,
    jar: CookieJar,
    person: &str,
    action: &str,
    back: Option<String>,
    alert: Option<String>,
) -> Result<Response, Failure> {
    let (jar, csrf) = web::csrf(jar, &app.sites)?;
    let status = if alert.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let name = app.persons.find(person).map(crate::persons::Person::display_name).unwrap_or_default();
    let tries = app.store.with(|state, _| state.card_tries(person)).unwrap_or(0);
    let page = app.pages.render("card_code.html", status, context! { action, csrf, name, tries, back, alert })?;
    Ok((jar, page).into_response())
}

/// `POST {card host}/carte/{window}`: the code.
pub(super) async fn submit(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    jar: CookieJar,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let params = match Params::parse(&body) {
        Ok(params) if web::csrf_holds(&jar, &params) => params,
        _ => return web::bad_form(&app.pages),
    };
    let Some(login) = app.store.with(|state, now_ms| state.sign_in(&id, now_ms).map(str::to_owned)) else {
        return gone(&app);
    };
    let person = match presented(&app, &peer) {
        Ok(person) => person,
        Err(trouble) => return refused(&app, trouble, Some(format!("/carte/{id}")), back(&app, &login)),
    };
    let proof = make_opaque()?;
    let typed = app.store.with(|state, now_ms| {
        let typed = try_code(state, &person, params.value("code").unwrap_or_default());
        if matches!(typed, Typed::Right) {
            state.prove_card(&id, &person, &proof, now_ms);
        }
        typed
    });
    match typed {
        Typed::Again(alert) => ask(&app, jar, &person, &format!("/carte/{id}"), back(&app, &login), Some(alert)),
        Typed::Blocked => refused(&app, CardTrouble::Blocked, Some(format!("/carte/{id}")), back(&app, &login)),
        // Not a redirect: the policy of the page lets its forms lead to this host only, redirects included.
        Typed::Right => {
            tracing::info!("card recognised");
            let next = format!("{}/auth/mire/{login}/carte/{proof}", app.sites.wallet);
            app.pages.render("card_done.html", StatusCode::OK, context! { next })
        }
    }
}
