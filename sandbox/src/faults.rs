//! Switches that change the provider's behaviour while it runs: `/faults` in a browser, `/api/faults` for scripts.
//!
//! Most switches make the provider wrong on purpose, so that a service can be watched refusing it: tokens signed with an unknown
//! key or with the client's own secret, a claim twice, a skewed clock, UserInfo with parts missing, an outage. Switches act from
//! the moment they are set; `reset` puts all of them back (the clock and the keys stay as they are).

use std::sync::{Arc, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::{App, Failure};
use crate::clock::Pace;
use crate::pages::Pages;
use crate::params::Params;
use crate::provider::request::LevelsAsked;
use crate::templates::set::TemplateSet;
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

/// The form of `sub`. PSC is said to move to the bare UUID (psc-facts §2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SubForm {
    /// `f:<uuid>:<national identifier>`.
    Historic,
    /// A UUID that says nothing.
    Uuid,
}

/// When the confirmation page is shown. When the real one shows it is not published (psc-facts §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ConfirmWhen {
    /// When the service asks for it with `prompt=consent`.
    Asked,
    /// At every login.
    Always,
}

/// What UserInfo leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UserInfoParts {
    /// Nothing.
    Full,
    /// Every activity: exercises stand there with an empty list.
    NoActivities,
    /// `SubjectRefPro`.
    NoPractices,
    /// `SubjectNameID` and `otherIds`.
    NoIdentifiers,
    /// Everything but `sub`.
    OnlySub,
}

/// How tokens are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Signing {
    /// RS256 with the published key.
    Normal,
    /// RS256 with the published key, under a key identifier that is not published.
    UnknownKid,
    /// HS256 with the client's secret.
    Hs256,
}

/// Whether the ID token states `acr` twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DuplicateClaim {
    /// Once.
    None,
    /// Twice, the same value.
    Same,
    /// Twice, with a higher level first.
    Other,
}

/// How an access token names the certificate that it is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Confirmation {
    /// As RFC 8705 §3.1 says.
    Rfc8705,
    /// As in a published sample: base64 of the digest in hexadecimal digits (psc-facts §1.11).
    AnsHex,
    /// Not at all, as in every token of PSC's own that was seen.
    None,
}

/// A new signing key, now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rotation {
    /// The old one stays published.
    KeepOld,
    /// The old one is gone: tokens of before can no longer be verified.
    DropOld,
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
    /// Whether the provider answers 503 to everything.
    pub outage: bool,
    /// How long the provider waits before each answer.
    pub slow_ms: u64,
    /// How far the clock of the token service is off, in seconds.
    pub clock_skew_s: i64,
    /// What UserInfo leaves out.
    pub userinfo: UserInfoParts,
    /// Whether the ID token states `acr` twice.
    pub duplicate_claim: DuplicateClaim,
    /// How tokens are signed.
    pub signing: Signing,
    /// The form of `sub`.
    pub sub: SubForm,
    /// Which `acr_values` are taken.
    pub acr_values: LevelsAsked,
    /// Which login pages are served.
    pub templates: TemplateSet,
    /// When a person is asked to confirm who enters which service.
    pub confirm: ConfirmWhen,
    /// The form of `cnf`.
    pub cnf: Confirmation,
}

impl Faults {
    /// Everything as it should be, with these login pages.
    #[must_use]
    pub(crate) fn new(templates: TemplateSet) -> Self {
        Self {
            authorize: AuthorizeBy::Direct,
            push_seconds: 120,
            acr: "eidas1".to_owned(),
            auth_mode: "MOBILE".to_owned(),
            mail_blocked: false,
            outage: false,
            slow_ms: 0,
            clock_skew_s: 0,
            userinfo: UserInfoParts::Full,
            duplicate_claim: DuplicateClaim::None,
            signing: Signing::Normal,
            sub: SubForm::Historic,
            acr_values: LevelsAsked::Eidas1,
            templates,
            confirm: ConfirmWhen::Asked,
            cnf: Confirmation::Rfc8705,
        }
    }
}

/// A change: members that are left out stay as they are.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Change {
    reset: bool,
    authorize: Option<AuthorizeBy>,
    push_seconds: Option<u64>,
    acr: Option<String>,
    auth_mode: Option<String>,
    mail_blocked: Option<bool>,
    outage: Option<bool>,
    slow_ms: Option<u64>,
    clock_skew_s: Option<i64>,
    userinfo: Option<UserInfoParts>,
    duplicate_claim: Option<DuplicateClaim>,
    signing: Option<Signing>,
    sub: Option<SubForm>,
    acr_values: Option<LevelsAsked>,
    templates: Option<TemplateSet>,
    confirm: Option<ConfirmWhen>,
    cnf: Option<Confirmation>,
    clock: Option<Pace>,
    advance_s: Option<u64>,
    rotate_keys: Option<Rotation>,
}

/// Longest step of the clock: three days, beyond the life of a mailed activation code.
const MAX_ADVANCE_S: u64 = 3 * 24 * 60 * 60;
/// Longest wait: beyond the patience of any HTTP client's default.
const MAX_SLOW_MS: u64 = 60_000;
/// Largest skew: an hour, the classic mistake of summer time.
const MAX_SKEW_S: i64 = 3600;

impl Change {
    fn check(&self, pages: &Pages) -> Result<(), &'static str> {
        if self.templates.is_some_and(|set| !pages.has(set)) {
            return Err("templates can be own only after a start with --templates DIR");
        }
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
        if self.slow_ms.is_some_and(|wait| wait > MAX_SLOW_MS) {
            return Err("slow_ms must be at most 60000");
        }
        if self.clock_skew_s.is_some_and(|skew| !(-MAX_SKEW_S..=MAX_SKEW_S).contains(&skew)) {
            return Err("clock_skew_s must be between -3600 and 3600");
        }
        Ok(())
    }

    fn apply(self, app: &App) -> Result<Faults, Failure> {
        if let Some(rotation) = self.rotate_keys {
            app.keys.rotate(rotation)?;
        }
        if let Some(pace) = self.clock {
            app.store.clock().pace(pace);
        }
        if let Some(seconds) = self.advance_s {
            app.store.clock().advance(seconds);
        }
        let mut faults = app.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let before = if self.reset { Faults::new(app.pages.first()) } else { faults.clone() };
        *faults = Faults {
            authorize: self.authorize.unwrap_or(before.authorize),
            push_seconds: self.push_seconds.unwrap_or(before.push_seconds),
            acr: self.acr.unwrap_or(before.acr),
            auth_mode: self.auth_mode.unwrap_or(before.auth_mode),
            mail_blocked: self.mail_blocked.unwrap_or(before.mail_blocked),
            outage: self.outage.unwrap_or(before.outage),
            slow_ms: self.slow_ms.unwrap_or(before.slow_ms),
            clock_skew_s: self.clock_skew_s.unwrap_or(before.clock_skew_s),
            userinfo: self.userinfo.unwrap_or(before.userinfo),
            duplicate_claim: self.duplicate_claim.unwrap_or(before.duplicate_claim),
            signing: self.signing.unwrap_or(before.signing),
            sub: self.sub.unwrap_or(before.sub),
            acr_values: self.acr_values.unwrap_or(before.acr_values),
            templates: self.templates.unwrap_or(before.templates),
            confirm: self.confirm.unwrap_or(before.confirm),
            cnf: self.cnf.unwrap_or(before.cnf),
        };
        app.pages.select(faults.templates);
        Ok(faults.clone())
    }
}

/// What stands between the provider and its callers: the wait and the outage.
pub(crate) async fn trouble(
    State(app): State<Arc<App>>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let faults = app.faults();
    if faults.slow_ms > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(faults.slow_ms)).await;
    }
    if !faults.outage {
        return next.run(request).await;
    }
    let from_a_service = request.uri().path().starts_with(crate::names::REALM);
    if from_a_service {
        let body =
            json!({"error": "temporarily_unavailable", "error_description": "an outage was asked for on /faults"});
        return (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response();
    }
    web::error_page(
        &app.pages,
        StatusCode::SERVICE_UNAVAILABLE,
        "Service indisponible",
        "Pro Santé Connect est momentanément indisponible (panne demandée dans le bac à sable).",
        "Réessayez plus tard, ou utilisez l'autre moyen de connexion du service.",
        "SBX-OUTAGE",
    )
    .into_response()
}

/// `GET /api/faults`.
pub(crate) async fn read(State(app): State<Arc<App>>) -> Json<Faults> {
    Json(app.faults())
}

/// `POST /api/faults` with any of the members. Only JSON is read, so that no page of another site can post here.
pub(crate) async fn change(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let refused = |message: String| {
        let body = json!({"code": "SBX-FAULTS", "message": message,
            "help": "send application/json with any of the switches that GET answers, or clock, advance_s, rotate_keys, reset"});
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    };
    if !web::is_json(&headers) {
        return refused("the change is not declared as JSON".to_owned());
    }
    match serde_json::from_slice::<Change>(&body) {
        Err(error) => refused(format!("the change cannot be read: {error}")),
        Ok(change) => match change.check(&app.pages) {
            Err(message) => refused(message.to_owned()),
            Ok(()) => {
                change.apply(&app).map_or_else(IntoResponse::into_response, |faults| Json(faults).into_response())
            }
        },
    }
}

/// `GET /faults`.
pub(crate) async fn page(State(app): State<Arc<App>>, jar: CookieJar) -> Result<Response, Failure> {
    let (jar, csrf) = web::csrf(jar, &app.sites)?;
    let page = app.pages.render(
        "faults.html",
        StatusCode::OK,
        context! {
            csrf, faults => Value::from(Serde(app.faults())), own_pages => app.pages.has(TemplateSet::Own),
        },
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
    let Some(change) = read_form(&params).filter(|change| change.check(&app.pages).is_ok()) else {
        return web::bad_form(&app.pages);
    };
    change.apply(&app)?;
    Ok(web::see_other("/faults"))
}

/// The form as the JSON that scripts send.
fn read_form(params: &Params) -> Option<Change> {
    let mut members = serde_json::Map::new();
    for name in ["push_seconds", "slow_ms", "clock_skew_s", "advance_s"] {
        if let Some(text) = params.value(name) {
            members.insert(name.to_owned(), text.parse::<i64>().ok()?.into());
        }
    }
    for name in ["mail_blocked", "outage", "reset"] {
        if let Some(text) = params.value(name) {
            members.insert(name.to_owned(), (text == "true").into());
        }
    }
    for name in [
        "authorize",
        "acr",
        "auth_mode",
        "userinfo",
        "duplicate_claim",
        "signing",
        "sub",
        "acr_values",
        "templates",
        "confirm",
        "cnf",
        "clock",
        "rotate_keys",
    ] {
        if let Some(text) = params.value(name) {
            members.insert(name.to_owned(), text.into());
        }
    }
    serde_json::from_value(members.into()).ok()
}
