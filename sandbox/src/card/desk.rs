//! The desk: switches for reader, card and components, the check of them, and the state of every card. Pages and an API.
//!
//! There is one desk, as there is one outbox: every browser that meets the sandbox sits at it.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Deserialize;
use serde_json::json;

use super::trouble_at;
use crate::app::{App, Failure};
use crate::params::Params;
use crate::store::{CardLevel, Component, Desk, Reader, Slot};
use crate::web;

/// A change: members that are left out stay as they are.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Change {
    reset: bool,
    reader: Option<Reader>,
    card: Option<Slot>,
    cryptolib: Option<Component>,
    galss: Option<Component>,
    acr: Option<CardLevel>,
    unblock: Option<String>,
}

impl Change {
    /// `false` when there is no such card to unblock.
    fn apply(self, app: &App) -> bool {
        app.store.with(|state, _| {
            if self.unblock.is_some_and(|person| !state.unblock_card(&person)) {
                return false;
            }
            let before = if self.reset { Desk::default() } else { state.desk() };
            state.set_desk(Desk {
                reader: self.reader.unwrap_or(before.reader),
                card: self.card.unwrap_or(before.card),
                cryptolib: self.cryptolib.unwrap_or(before.cryptolib),
                galss: self.galss.unwrap_or(before.galss),
                acr: self.acr.unwrap_or(before.acr),
            });
            true
        })
    }
}

/// Every person with a card, and how many tries it has.
fn cards(app: &App) -> Vec<(&crate::persons::Person, u8)> {
    app.persons
        .iter()
        .filter_map(|person| Some((person, app.store.with(|state, _| state.card_tries(person.id()))?)))
        .collect()
}

fn described(app: &App) -> serde_json::Value {
    let mut answer = json!(app.store.with(|state, _| state.desk()));
    let cards: Vec<serde_json::Value> = cards(app)
        .into_iter()
        .map(|(person, tries)| {
            let kind = person.record().card.map(|card| card.as_str());
            json!({"person": person.id(), "kind": kind, "tries_left": tries, "blocked": tries == 0})
        })
        .collect();
    if let serde_json::Value::Object(members) = &mut answer {
        members.insert("cards".into(), cards.into());
    }
    answer
}

/// `GET /api/card`.
pub(super) async fn read(State(app): State<Arc<App>>) -> Json<serde_json::Value> {
    Json(described(&app))
}

/// `POST /api/card` with any of the members. Only JSON is read, so that no page of another site can post here.
pub(super) async fn change(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let change = if web::is_json(&headers) { serde_json::from_slice::<Change>(&body).ok() } else { None };
    if change.is_some_and(|change| change.apply(&app)) {
        return Json(described(&app)).into_response();
    }
    let body = json!({"code": "SBX-CARD-BODY", "message": "this is not a change of the desk",
        "help": "send JSON with any of reader, card, cryptolib, galss, acr, unblock (a national identifier with a card), reset"});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// `GET /card`.
pub(super) async fn page(State(app): State<Arc<App>>, jar: CookieJar) -> Result<Response, Failure> {
    let (jar, csrf) = web::csrf(jar, &app.sites)?;
    let cards: Vec<Value> = cards(&app)
        .into_iter()
        .map(|(person, tries)| {
            let kind = person.record().card.map(|card| card.as_str()).unwrap_or_default();
            context! { id => person.id(), name => person.display_name(), kind, tries }
        })
        .collect();
    let desk = Value::from(Serde(app.store.with(|state, _| state.desk())));
    let test = app.sites.certified.as_ref().map(|sites| format!("{}/testssl", sites.ssl_test));
    let page = app.pages.render("desk.html", StatusCode::OK, context! { csrf, desk, cards, test })?;
    Ok((jar, page).into_response())
}

/// `POST /card`: the switches.
pub(super) async fn submit(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    let params = match Params::parse(&body) {
        Ok(params) if web::csrf_holds(&jar, &params) => params,
        _ => return web::bad_form(&app.pages),
    };
    let members: serde_json::Map<String, serde_json::Value> = ["reader", "card", "cryptolib", "galss", "acr"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), params.value(name)?.into())))
        .collect();
    if serde_json::from_value::<Change>(members.into()).is_ok_and(|change| change.apply(&app)) {
        return Ok(web::see_other("/card"));
    }
    web::bad_form(&app.pages)
}

/// `POST /card/debloquer`: what the support does with the unblocking code.
pub(super) async fn unblock(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    let params = match Params::parse(&body) {
        Ok(params) if web::csrf_holds(&jar, &params) => params,
        _ => return web::bad_form(&app.pages),
    };
    let person = params.value("carte").map(str::to_owned);
    if person.is_some() && (Change { unblock: person, ..Change::default() }).apply(&app) {
        return Ok(web::see_other("/card"));
    }
    web::bad_form(&app.pages)
}

/// `GET /card/diagnostic`: what the diagnostic of ATSAM looks at, one after the other.
pub(super) async fn diagnostic(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    let desk = app.store.with(|state, _| state.desk());
    let whole = Desk { acr: desk.acr, ..Desk::default() };
    // Each row is judged with everything before it in order: nobody can see a card through a missing reader.
    let rows: Vec<Value> = [
        ("Cryptolib CPS", "dialogue avec la carte", Desk { cryptolib: desk.cryptolib, ..whole }),
        ("GALSS", "dialogue avec le lecteur", Desk { galss: desk.galss, ..whole }),
        ("Lecteur de carte", "relié à l'ordinateur", Desk { reader: desk.reader, ..whole }),
        ("Carte", "insérée, de cet environnement", Desk { card: desk.card, ..whole }),
    ]
    .into_iter()
    .scan(true, |reached, (name, role, partial)| {
        let trouble = trouble_at(partial);
        let seen = *reached;
        *reached &= trouble.is_none();
        let (_, message, help) = trouble.map(super::CardTrouble::in_french).unwrap_or_default();
        let code = trouble.map(super::CardTrouble::code);
        let outcome = if !seen {
            "skipped"
        } else if trouble.is_none() {
            "good"
        } else {
            "bad"
        };
        Some(context! { name, role, outcome, message, help, code })
    })
    .collect();
    let good = trouble_at(desk).is_none();
    let test = app.sites.certified.as_ref().map(|sites| format!("{}/testssl", sites.ssl_test));
    app.pages.render("diagnostic.html", StatusCode::OK, context! { rows, good, test })
}
