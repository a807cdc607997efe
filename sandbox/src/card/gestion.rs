//! Requests to the card on the desk, without a browser (CIBA, `channel=CARD`).
//!
//! On a real desk the program that manages the card receives them (CPS Gestion 1.3.7 on Windows, psc-facts §1.10). What it shows is
//! not published; here it names the service, shows the two digits that the service shows too, and asks for the code of the card.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use minijinja::{Value, context};
use serde::Deserialize;
use serde_json::json;

use super::{CardTrouble, Typed, trouble_at, try_code};
use crate::app::{App, Failure};
use crate::params::Params;
use crate::push::{Ending, PushState};
use crate::web::{self, error_page, see_other};

/// What the holder of the card answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    code: Option<String>,
    #[serde(default)]
    refuse: bool,
}

/// How an answer was taken.
enum Outcome {
    Approved,
    Refused,
    Again(String),
    Trouble(CardTrouble),
    Over,
    Unknown,
}

fn take(app: &App, person: &str, id: &str, answer: &Answer) -> Outcome {
    app.store.with(|state, now_ms| {
        match state.desk_request(person, id).map(|request| request.state(now_ms)) {
            None => return Outcome::Unknown,
            Some(PushState::Waiting { .. }) => {}
            Some(_) => return Outcome::Over,
        }
        if answer.refuse {
            if let Some(request) = state.desk_request(person, id) {
                request.end(Ending::NotMe, now_ms);
            }
            return Outcome::Refused;
        }
        if let Some(trouble) = trouble_at(state.desk()) {
            return Outcome::Trouble(trouble);
        }
        match try_code(state, person, answer.code.as_deref().unwrap_or_default()) {
            Typed::Again(alert) => Outcome::Again(alert),
            Typed::Blocked => {
                if let Some(request) = state.desk_request(person, id) {
                    request.end(Ending::WrongPin, now_ms);
                }
                Outcome::Trouble(CardTrouble::Blocked)
            }
            Typed::Right => {
                if let Some(request) = state.desk_request(person, id) {
                    // The holder compares the digits by eye; the code of the card is the consent.
                    request.enter_pin(true, now_ms);
                    request.choose(request.shown(), now_ms);
                }
                tracing::info!("card request approved");
                Outcome::Approved
            }
        }
    })
}

fn unknown(app: &App) -> Result<Response, Failure> {
    error_page(
        &app.pages,
        StatusCode::NOT_FOUND,
        "Carte inconnue",
        "Personne n'a de carte avec cet identifiant dans le bac à sable.",
        "Choisissez une carte sur la page /card.",
        "SBX-CARD-HOLDER",
    )
}

/// `GET /card/{person}`: the requests that wait for this card.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path(person): Path<String>,
) -> Result<Response, Failure> {
    show(&app, jar, &person, None)
}

fn show(app: &App, jar: CookieJar, person: &str, alert: Option<String>) -> Result<Response, Failure> {
    let tries = app.store.with(|state, _| state.card_tries(person));
    let (Some(tries), Some(holder)) = (tries, app.persons.find(person)) else {
        return unknown(app);
    };
    let (jar, csrf) = web::csrf(jar, &app.sites)?;
    let status = if alert.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let waiting = app.store.with(|state, now_ms| state.desk_requests(person, now_ms));
    let requests: Vec<Value> = waiting
        .iter()
        .map(|push| context! { id => push.id(), service => push.service(), number => push.shown().digits() })
        .collect();
    let values = context! { id => person, name => holder.display_name(), tries, requests, csrf, alert };
    Ok((jar, app.pages.render("gestion.html", status, values)?).into_response())
}

/// `GET /card/{person}/etat`: how many requests wait, for the page to notice a new one.
pub(super) async fn state(State(app): State<Arc<App>>, Path(person): Path<String>) -> Response {
    let waiting = app.store.with(|state, now_ms| state.desk_requests(&person, now_ms).len());
    ([(axum::http::header::CACHE_CONTROL, "no-store")], Json(json!({"etat": waiting}))).into_response()
}

/// `POST /card/{person}/demandes/{request}`.
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path((person, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Failure> {
    let params = match Params::parse(&body) {
        Ok(params) if web::csrf_holds(&jar, &params) => params,
        _ => return web::bad_form(&app.pages),
    };
    let answer = Answer { code: params.value("code").map(str::to_owned), refuse: params.value("refuse").is_some() };
    match take(&app, &person, &id, &answer) {
        Outcome::Again(alert) => show(&app, jar, &person, Some(alert)),
        Outcome::Trouble(trouble) => super::refused(&app, trouble, None, Some(format!("/card/{person}"))),
        Outcome::Approved | Outcome::Refused | Outcome::Over | Outcome::Unknown => {
            Ok(see_other(&format!("/card/{person}")))
        }
    }
}

/// `GET /api/card/{person}/requests`.
pub(super) async fn list(State(app): State<Arc<App>>, Path(person): Path<String>) -> Json<Vec<serde_json::Value>> {
    let waiting = app.store.with(|state, now_ms| state.desk_requests(&person, now_ms));
    let described = |push: &crate::push::Push| {
        json!({"id": push.id(), "service": push.service(), "number": push.shown().digits(),
            "expires_at": push.expires_ms() / 1000})
    };
    Json(waiting.iter().map(described).collect())
}

/// `POST /api/card/{person}/requests/{id}` with `{"code":"…"}` or `{"refuse":true}`. Only JSON is read.
pub(super) async fn answer_by_script(
    State(app): State<Arc<App>>,
    Path((person, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let refused = |status, code: &str, message: &str, help: &str| {
        (status, Json(json!({"code": code, "message": message, "help": help}))).into_response()
    };
    let read = if web::is_json(&headers) { serde_json::from_slice::<Answer>(&body).ok() } else { None };
    let Some(answer) = read else {
        let help = r#"send JSON: {"code":"1234"} or {"refuse":true}"#;
        return refused(StatusCode::BAD_REQUEST, "SBX-CARD-BODY", "this is not an answer to a request", help);
    };
    match take(&app, &person, &id, &answer) {
        Outcome::Approved => Json(json!({"state": "approved"})).into_response(),
        Outcome::Refused => Json(json!({"state": "refused"})).into_response(),
        Outcome::Again(_) => {
            let help = "type the four digits of the card; after three wrong ones it blocks";
            refused(StatusCode::FORBIDDEN, "SBX-CARD-CODE", "the code of the card is wrong", help)
        }
        Outcome::Trouble(trouble) => {
            let help = "look at GET /api/card and change it with POST";
            refused(StatusCode::FORBIDDEN, trouble.code(), &trouble.to_string(), help)
        }
        Outcome::Over => {
            let help = "the service has to ask again";
            refused(StatusCode::CONFLICT, "SBX-PHONE-ANSWERED", "this request is answered or over", help)
        }
        Outcome::Unknown => {
            let help = "list the requests of this card first";
            refused(StatusCode::NOT_FOUND, "SBX-PHONE-REQUEST", "there is no such request for this card", help)
        }
    }
}
