//! Switches that change the provider's behaviour while it runs: `/faults` in a browser, `/api/faults` for scripts.
//!
//! What exists today: how the login page is reached, how long a push lives, which level and means the tokens name, and a
//! clock that can be moved forward. The rest of the list in DESIGN §8 is not there yet.

use std::sync::{Arc, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::{App, Failure};
use crate::params::Params;
use crate::web;

/// How an authorization request reaches the login page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AuthorizeBy {
    /// The login page is the answer.
    Direct,
    /// The answer sends the browser to the login page.
    Redirect,
}

/// The switches.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Faults {
    /// How the login page is reached.
    pub authorize: AuthorizeBy,
    /// Life of a push. 120 s by default; 60 s was published in 2022 (psc-facts §10).
    pub push_seconds: u64,
    /// Level that tokens name.
    pub acr: String,
    /// Means that tokens name.
    pub auth_mode: String,
    /// Whether the operator of every mailbox blocks our mail.
    pub mail_blocked: bool,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            authorize: AuthorizeBy::Direct,
            push_seconds: 120,
            acr: "eidas1".to_owned(),
            auth_mode: "MOBILE".to_owned(),
            mail_blocked: false,
        }
    }
}

/// A change: members that are left out stay as they are.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    authorize: Option<AuthorizeBy>,
    push_seconds: Option<u64>,
    acr: Option<String>,
    auth_mode: Option<String>,
    mail_blocked: Option<bool>,
    advance_s: Option<u64>,
}

/// Longest step of the clock: three days, beyond the life of a mailed activation code.
const MAX_ADVANCE_S: u64 = 3 * 24 * 60 * 60;

impl Change {
    fn check(&self) -> Result<(), &'static str> {
        if self.acr.as_deref().is_some_and(|acr| !["eidas1", "eidas2", "eidas3"].contains(&acr)) {
            return Err("acr must be eidas1, eidas2 or eidas3");
        }
        if self
            .auth_mode
            .as_deref()
            .is_some_and(|mode| !["MOBILE", "CARD", "IDENTITY_BROKER", "WEBAUTHN"].contains(&mode))
        {
            return Err("auth_mode must be MOBILE, CARD, IDENTITY_BROKER or WEBAUTHN");
        }
        if self.push_seconds.is_some_and(|seconds| !(1..=600).contains(&seconds)) {
            return Err("push_seconds must be between 1 and 600");
        }
        if self.advance_s.is_some_and(|seconds| seconds > MAX_ADVANCE_S) {
            return Err("advance_s must be at most three days");
        }
        Ok(())
    }

    fn apply(self, app: &App) -> Faults {
        if let Some(seconds) = self.advance_s {
            app.store.clock().advance(seconds);
        }
        let mut faults = app.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.authorize = self.authorize.unwrap_or(faults.authorize);
        faults.push_seconds = self.push_seconds.unwrap_or(faults.push_seconds);
        faults.mail_blocked = self.mail_blocked.unwrap_or(faults.mail_blocked);
        if let Some(acr) = self.acr {
            faults.acr = acr;
        }
        if let Some(mode) = self.auth_mode {
            faults.auth_mode = mode;
        }
        faults.clone()
    }
}

/// `GET /api/faults`.
pub(crate) async fn read(State(app): State<Arc<App>>) -> Json<Faults> {
    Json(app.faults())
}

/// `POST /api/faults` with any of the members.
pub(crate) async fn change(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let refused = |message: String| {
        let body = json!({"code": "SBX-FAULTS", "message": message,
            "help": "send JSON with any of authorize, push_seconds, acr, auth_mode, mail_blocked, advance_s"});
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    };
    match serde_json::from_slice::<Change>(&body) {
        Err(error) => refused(format!("the change cannot be read: {error}")),
        Ok(change) => match change.check() {
            Err(message) => refused(message.to_owned()),
            Ok(()) => Json(change.apply(&app)).into_response(),
        },
    }
}

/// `GET /faults`.
pub(crate) async fn page(State(app): State<Arc<App>>, jar: CookieJar) -> Result<Response, Failure> {
    let (jar, csrf) = web::csrf(jar, &app.sites)?;
    let page = app.pages.render(
        "faults.html",
        StatusCode::OK,
        context! { csrf, faults => Value::from(Serde(app.faults())) },
    )?;
    Ok((jar, page).into_response())
}

/// `POST /faults`: one form per switch.
pub(crate) async fn submit(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    let Ok(params) = Params::parse(&body) else {
        return web::bad_form(&app.pages);
    };
    if !web::csrf_holds(&jar, &params) {
        return web::bad_form(&app.pages);
    }
    let change = Change {
        authorize: match params.value("authorize") {
            Some("direct") => Some(AuthorizeBy::Direct),
            Some("redirect") => Some(AuthorizeBy::Redirect),
            _ => None,
        },
        push_seconds: params.value("push_seconds").and_then(|text| text.parse().ok()),
        acr: params.value("acr").map(str::to_owned),
        auth_mode: params.value("auth_mode").map(str::to_owned),
        mail_blocked: params.value("mail_blocked").map(|text| text == "true"),
        advance_s: params.value("advance_s").and_then(|text| text.parse().ok()),
    };
    if change.check().is_err() {
        return web::bad_form(&app.pages);
    }
    change.apply(&app);
    Ok(web::see_other("/faults"))
}
