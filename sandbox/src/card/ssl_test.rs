//! The SSL test: does this browser reach a site that asks for the card? The last step of the diagnostic in the SI-DEP guide, with
//! its two screens.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::CookieJar;
use minijinja::context;

use super::window::ask;
use super::{CardTrouble, Typed, presented, try_code};
use crate::app::{App, Failure};
use crate::params::Params;
use crate::tls::{Door, Peer};
use crate::web;

/// `GET {test host}/testssl`: the certificate is chosen, the code asked for.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    jar: CookieJar,
) -> Result<Response, Failure> {
    // Opened under another name: the test stands under its own.
    if let (Some(sites), true) = (&app.sites.certified, peer.door != Door::Card) {
        return Ok(web::found(&format!("{}/testssl", sites.ssl_test)));
    }
    match presented(&app, &peer) {
        Ok(person) => ask(&app, jar, &person, "/testssl", None, None),
        Err(trouble) => failed(&app, trouble),
    }
}

/// `POST {test host}/testssl`: the code.
pub(super) async fn submit(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    jar: CookieJar,
    body: Bytes,
) -> Result<Response, Failure> {
    let params = match Params::parse(&body) {
        Ok(params) if web::csrf_holds(&jar, &params) => params,
        _ => return web::bad_form(&app.pages),
    };
    let person = match presented(&app, &peer) {
        Ok(person) => person,
        Err(trouble) => return failed(&app, trouble),
    };
    let typed = params.value("code").unwrap_or_default();
    match app.store.with(|state, _| try_code(state, &person, typed)) {
        Typed::Again(alert) => ask(&app, jar, &person, "/testssl", None, Some(alert)),
        Typed::Blocked => failed(&app, CardTrouble::Blocked),
        Typed::Right => {
            let none: Option<&str> = None;
            let name = app.persons.find(&person).map(crate::persons::Person::display_name).unwrap_or_default();
            let values = context! { success => true, name, title => none, message => none, help => none, code => none };
            app.pages.render("ssl_test.html", StatusCode::OK, values)
        }
    }
}

fn failed(app: &App, trouble: CardTrouble) -> Result<Response, Failure> {
    tracing::info!(code = trouble.code(), "SSL test failed");
    let (title, message, help) = trouble.in_french();
    let values = context! { success => false, name => "", title, message, help, code => trouble.code() };
    app.pages.render("ssl_test.html", StatusCode::OK, values)
}
