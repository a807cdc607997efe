//! What the person sees: the login page with its four tabs, the waiting page with the number, and how it ends.
//!
//! Every step belongs to one login, which belongs to one browser (cookie); forms also carry the login's token. The waiting
//! page asks for its state in place and then moves on; the code is made only when the browser itself comes for it, so that
//! it never stands in an answer that a script reads.
//!
//! Wording follows the guides as far as they show it. Identifiers and names of the real form fields are not public; ours
//! are deliberately meaningless.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use minijinja::context;
use serde_json::json;

use super::authorize::{self, BROWSER_COOKIE, COOKIE_PATH, SESSION_COOKIE};
use super::card;
use super::confirm;
use crate::app::{App, Failure};
use crate::encoding::{fingerprint, same};
use crate::endings::Words;
use crate::identifier::{self, Refusal};
use crate::params::Params;
use crate::push::{Ending, Push, PushState};
use crate::random::{make_handle, make_opaque, make_uuid};
use crate::store::{Login, PushLimit, Session, Stage};
use crate::web::{self, error_page, found, see_other};

/// `GET {wallet}/donnees-et-droits` and `/sondage`: where the links of the guides lead. Nothing of the real pages is copied.
pub(crate) async fn data_and_rights(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    app.pages.render("data_and_rights.html", StatusCode::OK, context! {})
}

/// See [`data_and_rights`].
pub(crate) async fn survey(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    app.pages.render("survey.html", StatusCode::OK, context! {})
}

/// A login of this browser with where its push stands.
pub(super) struct Found {
    /// The login.
    pub(super) login: Login,
    push: Option<(Push, PushState)>,
}

/// The login of this identifier, if this browser started it.
pub(super) fn find(app: &App, jar: &CookieJar, id: &str) -> Option<Found> {
    let browser = fingerprint(jar.get(BROWSER_COOKIE)?.value());
    app.store.with(|state, now_ms| {
        let login = state.login(id, &browser, now_ms)?.clone();
        let push = match &login.stage {
            Stage::Waiting(push) => state.push(push).map(|push| (push.clone(), push.state(now_ms))),
            Stage::Choosing | Stage::Confirming | Stage::Confirmed | Stage::Answered => None,
        };
        Some(Found { login, push })
    })
}

/// The login is over, or belongs to another browser.
pub(super) fn not_yours(app: &App) -> Result<Response, Failure> {
    error_page(
        &app.pages,
        StatusCode::NOT_FOUND,
        "Page expirée",
        "Cette page de connexion est terminée, ou elle a été ouverte dans un autre navigateur.",
        "Retournez sur le site du service, puis recommencez la connexion.",
        "SBX-LOGIN-GONE",
    )
}

/// `GET /auth/mire/{login}`: the login page on one of its tabs.
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let Some(found_login) = find(&app, &jar, &id) else {
        return not_yours(&app);
    };
    match found_login.login.stage {
        Stage::Choosing => {}
        Stage::Waiting(_) => return Ok(found(&format!("/auth/mire/{id}/attente"))),
        Stage::Confirming | Stage::Confirmed => return Ok(found(&format!("/auth/mire/{id}/suite"))),
        Stage::Answered => return not_yours(&app),
    }
    let tab = Params::parse(query.unwrap_or_default().as_bytes())
        .ok()
        .and_then(|params| params.value("onglet").map(str::to_owned))
        .unwrap_or_default();
    render_tab(&app, &found_login.login, Some(tab.as_str()).filter(|tab| !tab.is_empty()))
}

/// The login page on a tab; without one, on the tab that leads where the service wants.
pub(crate) fn render_tab(app: &App, login: &Login, tab: Option<&str>) -> Result<Response, Failure> {
    let request = &login.request;
    let first = || match request.delegated {
        true => "delegation",
        // The e-CPS does not reach the level that was asked for; the card may.
        false if !authorize::reaches(&app.faults().acr, request.level) => "carte",
        false => "ecps",
    };
    let template = match tab.unwrap_or_else(first) {
        "carte" => {
            let action = card::action(app, &login.id);
            return app.pages.render("card.html", StatusCode::OK, context! { login => login.id.as_str(), action });
        }
        "delegation" => "delegation.html",
        "cle" => "security_key.html",
        _ => return render_identifier(app, login, None),
    };
    app.pages.render(template, StatusCode::OK, context! { login => login.id.as_str() })
}

/// What the person typed and why it was refused.
pub(crate) struct Retype<'a> {
    typed: &'a str,
    refusal: Refusal,
}

/// The first tab: the identifier form.
pub(crate) fn render_identifier(app: &App, login: &Login, retype: Option<Retype<'_>>) -> Result<Response, Failure> {
    let remembered = app.store.with(|state, _| state.remembered(&login.browser).map(str::to_owned));
    let status = if retype.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let alert = retype.as_ref().map(|retype| {
        context! { title => retype.refusal.title(), message => retype.refusal.message(), code => retype.refusal.code() }
    });
    let typed = retype.map(|retype| retype.typed.to_owned());
    let value = typed.or_else(|| login.request.login_hint.clone()).or_else(|| remembered.clone()).unwrap_or_default();
    app.pages.render(
        "identifier.html",
        status,
        context! {
            login => login.id.as_str(), csrf => login.csrf.as_str(), value, alert, remember => remembered.is_some(),
            action => format!("/auth/mire/{}/ecps", login.id), lookalike => false,
        },
    )
}

/// `POST /auth/mire/{login}/ecps`: the identifier is sent, and with it a push.
pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let Some(found_login) = find(&app, &jar, &id) else {
        return not_yours(&app);
    };
    let login = found_login.login;
    let params = match Params::parse(&body) {
        Ok(params) if params.value("jeton").is_some_and(|token| same(&login.csrf, token)) => params,
        _ => return web::bad_form(&app.pages),
    };
    match login.stage {
        Stage::Choosing => {}
        Stage::Waiting(_) => return Ok(see_other(&format!("/auth/mire/{id}/attente"))),
        Stage::Confirming | Stage::Confirmed => return Ok(see_other(&format!("/auth/mire/{id}/suite"))),
        Stage::Answered => return not_yours(&app),
    }
    let typed = params.value("saisie").unwrap_or_default();
    let standing = |person: &str| app.store.with(|state, _| state.standing(person));
    let person = match identifier::find(&app.persons, typed, standing) {
        Ok(person) => person,
        Err(refusal) => {
            tracing::info!(code = refusal.code(), "identifier refused");
            if app.store.with(|state, now_ms| state.count_attempt(&login.browser, now_ms)).is_err() {
                return error_page(
                    &app.pages,
                    StatusCode::TOO_MANY_REQUESTS,
                    "Trop d'essais",
                    "Trop d'identifiants incorrects ont été saisis en une minute dans ce navigateur.",
                    "Attendez une minute, puis recommencez avec votre propre identifiant : le 8, puis les 11 chiffres du RPPS.",
                    "SBX-ID-LIMIT",
                );
            }
            return render_identifier(&app, &login, Some(Retype { typed, refusal }));
        }
    };
    let service = service_name(&app, &login).unwrap_or_default();
    let push_id = make_handle()?;
    let life_ms = app.faults().push_seconds.saturating_mul(1000);
    let remember = params.value("memoriser").is_some();
    let now_ms = app.store.clock().now_ms();
    let push = Push::new(push_id.clone(), person.id().to_owned(), service, now_ms.saturating_add(life_ms))?;
    let sent = app.store.with(|state, now_ms| {
        // Looked up again under the lock: a double click must not send two pushes.
        match state.login(&id, &login.browser, now_ms).map(|login| login.stage.clone()) {
            Some(Stage::Choosing) => {}
            _ => return Ok(()),
        }
        state.send_push(push, app.pushes_per_minute, now_ms)?;
        state.remember(&login.browser, remember.then_some(person.id()));
        if let Some(login) = state.login(&id, &login.browser, now_ms) {
            login.stage = Stage::Waiting(push_id);
        }
        Ok(())
    });
    match sent {
        Ok(()) => {
            tracing::info!("push sent");
            Ok(see_other(&format!("/auth/mire/{id}/attente")))
        }
        Err(PushLimit::Full) => Err(Failure::Full),
        Err(PushLimit::Blocked) => {
            let message =
                "Cette personne a bloqué les demandes de connexion pour un moment. Aucune demande n'a été envoyée.";
            let help = "Débloquez les demandes dans l'application e-CPS, puis recommencez.";
            not_sent(&app, &login, StatusCode::FORBIDDEN, "Demandes bloquées", message, help, "SBX-PUSH-BLOCKED")
        }
        Err(PushLimit::TooOften) => {
            let message =
                "Ce téléphone a reçu trop de demandes en une minute. Aucune nouvelle demande n'a été envoyée.";
            let help = "Attendez une minute, puis recommencez. Si vous n'êtes pas à l'origine de ces demandes, ne les acceptez pas.";
            not_sent(&app, &login, StatusCode::TOO_MANY_REQUESTS, "Trop de demandes", message, help, "SBX-PUSH-LIMIT")
        }
    }
}

/// The phone was not asked; the person may try again or go back.
fn not_sent(
    app: &App,
    login: &Login,
    status: StatusCode,
    title: &str,
    message: &str,
    help: &str,
    code: &str,
) -> Result<Response, Failure> {
    let retry =
        Some(context! { action => format!("/auth/mire/{}/recommencer", login.id), csrf => login.csrf.as_str() });
    let back = Some(format!("/auth/mire/{}/retour", login.id));
    let service = service_name(app, login);
    app.pages.render("error.html", status, context! { title, message, help, code, retry, back, service })
}

/// `GET /auth/mire/{login}/attente`: the number and the countdown.
pub(crate) async fn waiting(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let Some(found_login) = find(&app, &jar, &id) else {
        return not_yours(&app);
    };
    let Some((push, PushState::Waiting { remaining_s })) = found_login.push else {
        return Ok(found(&format!("/auth/mire/{id}/suite")));
    };
    app.pages.render(
        "number.html",
        StatusCode::OK,
        context! {
            login => id, csrf => found_login.login.csrf, number => push.shown().digits(), remaining_s,
            service => push.service(), lookalike => false,
        },
    )
}

/// `GET /auth/mire/{login}/etat`: what the waiting page asks for every second.
pub(crate) async fn state(State(app): State<Arc<App>>, jar: CookieJar, Path(id): Path<String>) -> Response {
    let body = match find(&app, &jar, &id).and_then(|found_login| found_login.push) {
        Some((_, PushState::Waiting { remaining_s })) => json!({"attente": true, "secondes": remaining_s}),
        _ => json!({"attente": false, "secondes": 0}),
    };
    ([(axum::http::header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// `POST /auth/mire/{login}/quitter`: the person quits; the phone can no longer answer.
pub(crate) async fn quit(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let Some(found_login) = find(&app, &jar, &id) else {
        return not_yours(&app);
    };
    if !form_holds(&found_login.login, &body) {
        return web::bad_form(&app.pages);
    }
    if let Stage::Waiting(push) = &found_login.login.stage {
        app.store.with(|state, now_ms| state.cancel_push(push, now_ms));
    }
    Ok(see_other(&format!("/auth/mire/{id}/suite")))
}

/// `POST /auth/mire/{login}/recommencer`: back to the form after the countdown ran out.
pub(crate) async fn retry(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let Some(found_login) = find(&app, &jar, &id) else {
        return not_yours(&app);
    };
    if !form_holds(&found_login.login, &body) {
        return web::bad_form(&app.pages);
    }
    if matches!(found_login.push, Some((_, PushState::Ended(Ending::Expired)))) {
        app.store.with(|state, now_ms| {
            if let Some(login) = state.login(&id, &found_login.login.browser, now_ms) {
                login.stage = Stage::Choosing;
            }
        });
    }
    Ok(see_other(&format!("/auth/mire/{id}")))
}

/// Whether a form carries the token of its login.
pub(super) fn form_holds(login: &Login, body: &[u8]) -> bool {
    Params::parse(body).is_ok_and(|params| params.value("jeton").is_some_and(|token| same(&login.csrf, token)))
}

/// `GET /auth/mire/{login}/suite`: the phone has answered, or never will.
pub(crate) async fn finish(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let Some(found_login) = find(&app, &jar, &id) else {
        return not_yours(&app);
    };
    match found_login.login.stage {
        Stage::Confirming => return Ok(found(&format!("/auth/mire/{id}/confirmation"))),
        Stage::Confirmed => return confirm::finish(&app, &jar, found_login.login),
        Stage::Choosing | Stage::Waiting(_) | Stage::Answered => {}
    }
    match found_login.push {
        Some((_, PushState::Waiting { .. })) => Ok(found(&format!("/auth/mire/{id}/attente"))),
        Some((push, PushState::Approved { at_ms })) => {
            let faults = app.faults();
            let person = push.person().to_owned();
            let proved = Proved { person, at_ms, acr: faults.acr, auth_mode: faults.auth_mode };
            complete(&app, jar, found_login.login, proved)
        }
        Some((_, PushState::Ended(ending))) => show_ending(&app, &found_login.login, ending),
        None if found_login.login.stage == Stage::Choosing => Ok(found(&format!("/auth/mire/{id}"))),
        None => not_yours(&app),
    }
}

/// Who proved to be whom, when and how. No `Debug`: it names a person.
pub(crate) struct Proved {
    /// National identifier.
    pub person: String,
    /// When, in milliseconds since the epoch.
    pub at_ms: u64,
    /// Level reached.
    pub acr: String,
    /// Means used.
    pub auth_mode: String,
}

/// Opens the session and sends the browser back to the service with a code. A login is completed once.
pub(crate) fn complete(app: &App, jar: CookieJar, login: Login, proved: Proved) -> Result<Response, Failure> {
    let confirms = confirm::is_due(app, &login.request);
    let next = if confirms { Stage::Confirming } else { Stage::Answered };
    let first = app.store.with(|state, now_ms| match state.login(&login.id, &login.browser, now_ms) {
        Some(login) if matches!(login.stage, Stage::Choosing | Stage::Waiting(_)) => {
            login.stage = next;
            true
        }
        _ => false,
    });
    if !first {
        return not_yours(app);
    }
    let session = Session {
        sid: make_uuid()?,
        person: proved.person,
        authenticated_ms: proved.at_ms,
        used_ms: proved.at_ms,
        acr: proved.acr,
        auth_mode: proved.auth_mode,
    };
    let cookie = make_opaque()?;
    if !app.store.with(|state, _| state.open_session(&cookie, session.clone())) {
        return Err(Failure::Full);
    }
    tracing::info!("login approved");
    let answer = if confirms {
        found(&format!("/auth/mire/{}/confirmation", login.id))
    } else {
        authorize::answer_code(app, login.request, session)?
    };
    Ok((jar.add(web::cookie(SESSION_COOKIE, cookie, COOKIE_PATH, &app.sites)), answer).into_response())
}

fn show_ending(app: &App, login: &Login, ending: Ending) -> Result<Response, Failure> {
    let Words { title, message, help, code, .. } = ending.words();
    let service = service_name(app, login);
    let retry = (ending == Ending::Expired)
        .then(|| context! { action => format!("/auth/mire/{}/recommencer", login.id), csrf => login.csrf.as_str() });
    let back = Some(format!("/auth/mire/{}/retour", login.id));
    app.pages.render("error.html", StatusCode::OK, context! { title, message, help, code, retry, back, service })
}

/// What the service of a login calls itself.
pub(super) fn service_name(app: &App, login: &Login) -> Option<String> {
    app.clients.find(&login.request.client_id).map(|client| client.name().to_owned())
}

/// `GET /auth/mire/{login}/retour`: back to the service, without a login.
pub(crate) async fn give_up(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let Some(found_login) = find(&app, &jar, &id) else {
        return not_yours(&app);
    };
    let login = found_login.login;
    let reason = match found_login.push {
        // An approved login is not thrown away by a link.
        Some((_, PushState::Approved { .. })) => return Ok(found(&format!("/auth/mire/{id}/suite"))),
        Some((_, PushState::Ended(ending))) => ending.words().for_service,
        Some((_, PushState::Waiting { .. })) | None => Ending::Quit.words().for_service,
    };
    app.store.with(|state, now_ms| {
        if let Stage::Waiting(push) = &login.stage {
            state.cancel_push(push, now_ms);
        }
        if let Some(login) = state.login(&id, &login.browser, now_ms) {
            login.stage = Stage::Answered;
        }
    });
    if login.stage == Stage::Answered {
        return not_yours(&app);
    }
    authorize::answer_error(&app, &login.request.reply_to, "access_denied", reason)
}
