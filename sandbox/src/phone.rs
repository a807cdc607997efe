//! The simulated phone: the e-CPS as a page for people, and as an HTTP API for scripts.
//!
//! Whoever opens `/phone/{national identifier}` holds that person's phone. That is the point of a simulator, and one more
//! reason why the sandbox must never be trusted. Paths with an identifier are not logged.

pub(crate) mod activation;
pub(crate) mod api;
mod device;
mod order;
mod scan;

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum_extra::extract::CookieJar;
use minijinja::{Value, context};
use serde_json::json;

use crate::app::{App, Failure};
use crate::device_key::{Approval, DeviceKey};
use crate::endings::Words;
use crate::params::Params;
use crate::persons::Person;
use crate::push::{Ending, PairedNumber, PinAnswer, Push, PushState};
use crate::store::Standing;
use crate::web::{self, error_page, found, see_other};

/// Every path of the phone.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/phone", get(choose))
        .route("/phone/", get(choose))
        .merge(activation::routes())
        .route("/api/qr", post(scan::read).layer(DefaultBodyLimit::max(scan::MAX_BYTES)))
        .route("/ordre", get(order::form).post(order::submit))
        .route("/phone/{person}", get(home))
        .route("/phone/{person}/supprimer", post(delete))
        .route("/phone/{person}/bloquer", post(block))
        .route("/phone/{person}/etat", get(state))
        .route("/phone/{person}/demandes/{request}", get(request))
        .route("/phone/{person}/demandes/{request}/pin", post(enter_pin))
        .route("/phone/{person}/demandes/{request}/reponse", post(answer))
        .route("/api/phone/{person}/block", get(api::blocked).post(api::block))
        .route("/api/phone/{person}/requests", get(api::list))
        .route("/api/phone/{person}/requests/{request}", post(api::answer))
}

/// `GET /phone`: whose phone is it?
async fn choose(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    let persons: Vec<Value> = app
        .persons
        .iter()
        .map(|person| {
            let standing = app.store.with(|state, _| state.standing(person.id()));
            let (id, name, note) = (person.id(), person.display_name(), person.note());
            context! { id, name, note, active => standing != Standing::None }
        })
        .collect();
    app.pages.render("phone_choose.html", StatusCode::OK, context! { persons })
}

/// Why a browser does not hold a person's phone.
enum NotHolder {
    /// No such person.
    Unknown,
    /// The e-CPS lives on another phone.
    OtherPhone,
}

fn holder<'a>(app: &'a App, jar: &CookieJar, person: &str) -> Result<&'a Person, NotHolder> {
    let person = app.persons.find(person).ok_or(NotHolder::Unknown)?;
    let here = app.store.with(|state, _| state.lives_on(person.id(), device::known(jar)));
    if here { Ok(person) } else { Err(NotHolder::OtherPhone) }
}

fn not_held(app: &App, reason: NotHolder) -> Result<Response, Failure> {
    let (status, title, message, help, code) = match reason {
        NotHolder::Unknown => (
            StatusCode::NOT_FOUND,
            "Téléphone inconnu",
            "Personne n'a cet identifiant dans l'annuaire du bac à sable.",
            "Choisissez une personne sur la page du téléphone.",
            "SBX-PHONE-UNKNOWN",
        ),
        NotHolder::OtherPhone => (
            StatusCode::FORBIDDEN,
            "e-CPS active sur un autre téléphone",
            "Cette e-CPS n'est active que sur le téléphone qui l'a activée.",
            "Utilisez ce téléphone-là, ou activez à nouveau la e-CPS sur celui-ci.",
            "SBX-PHONE-OTHER",
        ),
    };
    error_page(&app.pages, status, title, message, help, code)
}

/// `GET /phone/{person}`: the app as it opens.
async fn home(State(app): State<Arc<App>>, jar: CookieJar, Path(person): Path<String>) -> Result<Response, Failure> {
    let person = match holder(&app, &jar, &person) {
        Ok(person) => person,
        Err(reason) => return not_held(&app, reason),
    };
    let (waiting, standing, minutes_blocked) = app.store.with(|state, now_ms| {
        let until_ms = state.blocked_until(person.id(), now_ms);
        let minutes = until_ms.map(|until_ms| until_ms.saturating_sub(now_ms).div_ceil(60_000));
        (state.waiting_for(person.id(), now_ms), state.standing(person.id()), minutes)
    });
    if let [only] = waiting.as_slice() {
        return Ok(found(&format!("/phone/{}/demandes/{}", person.id(), only.id())));
    }
    let (jar, csrf) = web::csrf(jar, &app.sites)?;
    let requests: Vec<Value> =
        waiting.iter().map(|push| context! { id => push.id(), service => push.service() }).collect();
    let page = app.pages.render(
        "phone_idle.html",
        StatusCode::OK,
        context! {
            id => person.id(), name => person.display_name(), requests, csrf, minutes_blocked,
            active => standing == Standing::Active, blocked => standing == Standing::Blocked,
        },
    )?;
    Ok((jar, page).into_response())
}

/// `POST /phone/{person}/supprimer`: the e-CPS is deleted from this phone.
async fn delete(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path(person): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let person = match holder(&app, &jar, &person) {
        Ok(person) => person,
        Err(reason) => return not_held(&app, reason),
    };
    if !Params::parse(&body).is_ok_and(|params| web::csrf_holds(&jar, &params)) {
        return web::bad_form(&app.pages);
    }
    // Deleting what is not there changes nothing.
    let _ = app.store.with(|state, now_ms| state.delete_ecps(person.id(), now_ms));
    Ok(see_other(&format!("/phone/{}", person.id())))
}

/// `POST /phone/{person}/bloquer`: no requests for a while, or, with `fin`, requests again.
async fn block(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path(person): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let person = match holder(&app, &jar, &person) {
        Ok(person) => person,
        Err(reason) => return not_held(&app, reason),
    };
    let params = match Params::parse(&body) {
        Ok(params) if web::csrf_holds(&jar, &params) => params,
        _ => return web::bad_form(&app.pages),
    };
    app.store.with(|state, now_ms| match params.value("fin") {
        Some(_) => state.unblock_pushes(person.id()),
        None => state.block_pushes(person.id(), now_ms),
    });
    Ok(see_other(&format!("/phone/{}", person.id())))
}

/// `GET /phone/{person}/etat`: the requests that wait, for the page to show a new one in place.
async fn state(State(app): State<Arc<App>>, jar: CookieJar, Path(person): Path<String>) -> Response {
    let waiting = match holder(&app, &jar, &person) {
        Ok(person) => app.store.with(|state, now_ms| state.waiting_for(person.id(), now_ms)),
        Err(_) => Vec::new(),
    };
    let waiting: Vec<serde_json::Value> =
        waiting.iter().map(|push| json!({"id": push.id(), "service": push.service()})).collect();
    ([(axum::http::header::CACHE_CONTROL, "no-store")], Json(json!({"demandes": waiting}))).into_response()
}

/// `GET /phone/{person}/demandes/{request}`: PIN, then numbers, then the result.
async fn request(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path((person, request)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let person = match holder(&app, &jar, &person) {
        Ok(person) => person,
        Err(reason) => return not_held(&app, reason),
    };
    let Some((push, state)) = lookup(&app, person, &request) else {
        return Ok(found(&format!("/phone/{}", person.id())));
    };
    show(&app, jar, person, &push, state, None)
}

fn lookup(app: &App, person: &Person, request: &str) -> Option<(Push, PushState)> {
    app.store.with(|state, now_ms| state.push_of(person.id(), request).map(|push| (push.clone(), push.state(now_ms))))
}

fn show(
    app: &App,
    jar: CookieJar,
    person: &Person,
    push: &Push,
    state: PushState,
    alert: Option<String>,
) -> Result<Response, Failure> {
    let (jar, csrf) = web::csrf(jar, &app.sites)?;
    let path = format!("/phone/{}/demandes/{}", person.id(), push.id());
    let alerted = alert.is_some();
    let values = context! {
        id => person.id(), name => person.display_name(), service => push.service(), csrf, path, alert,
    };
    let status = if alerted { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = match state {
        PushState::Waiting { .. } if push.is_unlocked() => {
            let numbers: Vec<String> = push.candidates().into_iter().map(PairedNumber::digits).collect();
            let key = app.store.with(|state, _| state.device_key(person.id()).map(DeviceKey::name));
            let (request, nonce) = (push.id(), push.nonce());
            app.pages.render("phone_numbers.html", status, context! { numbers, key, request, nonce, ..values })?
        }
        PushState::Waiting { .. } => app.pages.render("phone_pin.html", status, values)?,
        PushState::Approved { .. } => {
            let title = format!("Vous êtes à présent authentifié sur {}", push.service());
            let message = "Vous pouvez reprendre sur votre ordinateur.";
            app.pages.render(
                "phone_result.html",
                StatusCode::OK,
                context! { title, message, good => true, may_block => false, ..values },
            )?
        }
        PushState::Ended(ending) => {
            let Words { phone_title: title, phone_message: message, .. } = ending.words();
            let may_block = ending == Ending::NotMe;
            app.pages.render(
                "phone_result.html",
                StatusCode::OK,
                context! { title, message, good => false, may_block, ..values },
            )?
        }
    };
    Ok((jar, page).into_response())
}

/// `POST …/pin`.
async fn enter_pin(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path((person, request)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Failure> {
    let person = match holder(&app, &jar, &person) {
        Ok(person) => person,
        Err(reason) => return not_held(&app, reason),
    };
    let params = match Params::parse(&body) {
        Ok(params) if web::csrf_holds(&jar, &params) => params,
        _ => return web::bad_form(&app.pages),
    };
    let typed = params.value("pin").unwrap_or_default();
    let entered = app.store.with(|state, now_ms| {
        let waits = matches!(state.push_of(person.id(), &request)?.state(now_ms), PushState::Waiting { .. });
        // A PIN that no request waits for is not tried.
        let right = waits && state.try_pin(person.id(), typed);
        let push = state.push_of(person.id(), &request)?;
        Some((push.enter_pin(right, now_ms), push.clone(), push.state(now_ms)))
    });
    match entered {
        None => Ok(see_other(&format!("/phone/{}", person.id()))),
        Some((PinAnswer::Wrong { tries_left }, push, state)) => {
            let plural = if tries_left > 1 { "s" } else { "" };
            let alert = format!("Code PIN erroné. Il vous reste {tries_left} essai{plural}.");
            show(&app, jar, person, &push, state, Some(alert))
        }
        Some((PinAnswer::Right | PinAnswer::AlreadyApproved | PinAnswer::Over(_), _, _)) => {
            Ok(see_other(&format!("/phone/{}/demandes/{request}", person.id())))
        }
    }
}

/// `POST …/reponse`: one of the numbers, or "it was not me".
async fn answer(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path((person, request)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Failure> {
    let person = match holder(&app, &jar, &person) {
        Ok(person) => person,
        Err(reason) => return not_held(&app, reason),
    };
    let params = match Params::parse(&body) {
        Ok(params) if web::csrf_holds(&jar, &params) => params,
        _ => return web::bad_form(&app.pages),
    };
    // A script of the page that signs cannot press a button of the form: it repeats the number in a field of its own.
    let number = ["number", "choisi"].into_iter().find_map(|name| params.value(name).and_then(PairedNumber::parse));
    let unsigned = app.store.with(|state, now_ms| {
        let push = state.push_of(person.id(), &request)?.clone();
        if params.value("refuse").is_some() {
            // A refusal needs no signature: it opens nothing.
            state.push_of(person.id(), &request)?.end(Ending::NotMe, now_ms);
            return None;
        }
        let (number, digits) = number.map(|number| (number, number.digits()))?;
        let approval = Approval { request: push.id(), number: &digits, nonce: push.nonce() };
        if !state.may_approve(person.id(), approval, params.value("signature")) {
            return Some((push.clone(), push.state(now_ms)));
        }
        state.push_of(person.id(), &request)?.choose(number, now_ms);
        None
    });
    if let Some((push, state)) = unsigned {
        tracing::info!(code = "SBX-PHONE-KEY", "approval without the signature of the phone");
        let alert = "La réponse n'est pas signée par la clé de ce téléphone. Elle n'a pas été prise en compte.";
        return show(&app, jar, person, &push, state, Some(alert.to_owned()));
    }
    Ok(see_other(&format!("/phone/{}/demandes/{request}", person.id())))
}
