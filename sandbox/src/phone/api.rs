//! The phone for scripts. This contract stays: see the README chapter of the sandbox.
//!
//! `GET  /api/phone/{national id}/requests` → `[{"id", "service", "candidates": ["12","47","90"], "expires_at": unix seconds}]`
//! `POST /api/phone/{national id}/requests/{id}` with `{"pin":"1234","number":"47"}` or `{"refuse":true}` → `200 {"state"}`,
//! or 4xx `{"code","message","help"}`.
//!
//! An e-CPS that was activated with a key is approved with `"signature"` only (`device_key`); the list carries the `"nonce"`. The
//! phones that persons have at the start, and those that a script activates without a key, need none.
//!
//! `GET  /api/phone/{national id}/block` → `{"blocked_until": unix seconds or null}`; `POST` it with `{"blocked": true}` or
//! `false`. A refusal may carry `"block": true` as well.
//!
//! The list shows the candidates before the PIN, unlike the page: a script has nothing to hide from.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::device_key::Approval;
use crate::push::{Ending, PairedNumber, PinAnswer, PushState};
use crate::web;

/// Why the phone did not do what a script asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AnswerError {
    /// No such person.
    #[error("no person of the sandbox has this national identifier")]
    UnknownPerson,
    /// No such request.
    #[error("this phone has no such request")]
    UnknownRequest,
    /// Not the expected JSON.
    #[error("the body is not an answer")]
    Body,
    /// Wrong PIN.
    #[error("the PIN is wrong; {tries_left} tries are left")]
    WrongPin {
        /// Tries that are left.
        tries_left: u8,
    },
    /// Wrong number: the request is over.
    #[error("another number stands on the page; the login is refused")]
    WrongNumber,
    /// The request was over before.
    #[error("the request is over")]
    Over(Ending),
    /// The request was approved before.
    #[error("the request has been approved already")]
    Answered,
    /// The phone has a key and did not sign.
    #[error("the phone that this e-CPS was activated on signs its approvals; there is no good signature")]
    Unsigned,
    /// The e-CPS lives on another phone.
    #[error("the e-CPS is active on another phone")]
    OtherPhone,
}

impl AnswerError {
    fn status(self) -> StatusCode {
        match self {
            Self::UnknownPerson | Self::UnknownRequest => StatusCode::NOT_FOUND,
            Self::Body => StatusCode::BAD_REQUEST,
            Self::WrongPin { .. } | Self::WrongNumber | Self::OtherPhone | Self::Unsigned => StatusCode::FORBIDDEN,
            Self::Over(_) | Self::Answered => StatusCode::GONE,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::UnknownPerson => "SBX-PHONE-UNKNOWN",
            Self::UnknownRequest => "SBX-PHONE-REQUEST",
            Self::Body => "SBX-PHONE-BODY",
            Self::Answered => "SBX-PHONE-ANSWERED",
            Self::WrongPin { .. } => Ending::WrongPin.words().code,
            Self::WrongNumber => Ending::WrongNumber.words().code,
            Self::Over(ending) => ending.words().code,
            Self::OtherPhone => "SBX-PHONE-OTHER",
            Self::Unsigned => "SBX-PHONE-KEY",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::UnknownPerson => "open /phone to see the persons of the sandbox",
            Self::UnknownRequest => "list the requests of this phone first",
            Self::Body => r#"send {"pin":"1234","number":"47"} or {"refuse":true} as application/json"#,
            Self::WrongPin { .. } => "the persons of the sandbox have the PIN 1234 unless their file says otherwise",
            Self::Unsigned => {
                "approve on the phone's page, or sign `vigie-approve:v1`, the id, the number and the nonce, one a line"
            }
            Self::OtherPhone => "answer on the phone that was activated, or leave `device` out",
            Self::WrongNumber | Self::Over(_) | Self::Answered => "start a new login",
        }
    }
}

impl IntoResponse for AnswerError {
    fn into_response(self) -> Response {
        let body = json!({"code": self.code(), "message": self.to_string(), "help": self.help()});
        (self.status(), Json(body)).into_response()
    }
}

/// `GET /api/phone/{person}/requests`.
pub(crate) async fn list(State(app): State<Arc<App>>, Path(person): Path<String>) -> Response {
    let Some(person) = app.persons.find(&person) else {
        return AnswerError::UnknownPerson.into_response();
    };
    let waiting: Vec<Value> = app
        .store
        .with(|state, now_ms| state.waiting_for(person.id(), now_ms))
        .iter()
        .map(|push| {
            json!({
                "id": push.id(),
                "nonce": push.nonce(),
                "service": push.service(),
                "candidates": push.candidates().map(PairedNumber::digits),
                "expires_at": push.expires_ms() / 1000,
            })
        })
        .collect();
    Json(waiting).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    #[serde(default)]
    pin: Option<String>,
    #[serde(default)]
    number: Option<String>,
    #[serde(default)]
    refuse: bool,
    /// With `refuse`: no further request for a while.
    #[serde(default)]
    block: bool,
    /// For a phone with a key: base64url of the ECDSA signature (`r || s`).
    #[serde(default)]
    signature: Option<String>,
    /// Which phone answers; left out, the one that holds the e-CPS.
    #[serde(default)]
    device: Option<u64>,
}

/// `POST /api/phone/{person}/requests/{request}`. Only JSON is read, so that no page of another site can post here.
pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    Path((person, request)): Path<(String, String)>,
    headers: axum::http::HeaderMap,
    body: Bytes,
) -> Response {
    match decide(&app, &person, &request, if web::is_json(&headers) { &body } else { b"" }) {
        Ok(state) => Json(json!({"state": state})).into_response(),
        Err(error) => error.into_response(),
    }
}

fn decide(app: &App, person: &str, request: &str, body: &[u8]) -> Result<&'static str, AnswerError> {
    let person = app.persons.find(person).ok_or(AnswerError::UnknownPerson)?;
    let answer: Answer = serde_json::from_slice(body).map_err(|_| AnswerError::Body)?;
    app.store.with(|state, now_ms| {
        if answer.device.is_some() && !state.lives_on(person.id(), answer.device) {
            return Err(AnswerError::OtherPhone);
        }
        let push = state.push_of(person.id(), request).ok_or(AnswerError::UnknownRequest)?;
        match push.state(now_ms) {
            PushState::Ended(ending) => return Err(AnswerError::Over(ending)),
            PushState::Approved { .. } => return Err(AnswerError::Answered),
            PushState::Waiting { .. } => {}
        }
        if answer.refuse {
            push.end(Ending::NotMe, now_ms);
            if answer.block {
                state.block_pushes(person.id(), now_ms);
            }
            return Ok("refused");
        }
        let (Some(pin), Some(number)) = (&answer.pin, answer.number.as_deref().and_then(PairedNumber::parse)) else {
            return Err(AnswerError::Body);
        };
        let (digits, nonce) = (number.digits(), push.nonce().to_owned());
        let approval = Approval { request, number: &digits, nonce: &nonce };
        // Before the PIN: a phone that cannot approve must not be a place to try PINs either.
        if !state.may_approve(person.id(), approval, answer.signature.as_deref()) {
            return Err(AnswerError::Unsigned);
        }
        let right = state.try_pin(person.id(), pin);
        let push = state.push_of(person.id(), request).ok_or(AnswerError::UnknownRequest)?;
        match push.enter_pin(right, now_ms) {
            PinAnswer::Wrong { tries_left } => return Err(AnswerError::WrongPin { tries_left }),
            PinAnswer::Over(ending) => return Err(AnswerError::Over(ending)),
            PinAnswer::AlreadyApproved => return Err(AnswerError::Answered),
            PinAnswer::Right => {}
        }
        match push.choose(number, now_ms) {
            PushState::Approved { .. } => Ok("approved"),
            PushState::Ended(_) | PushState::Waiting { .. } => Err(AnswerError::WrongNumber),
        }
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    blocked: bool,
}

fn block_state(app: &App, person: &str) -> Response {
    let until_ms = app.store.with(|state, now_ms| state.blocked_until(person, now_ms));
    Json(json!({"blocked_until": until_ms.map(|until_ms| until_ms / 1000)})).into_response()
}

/// `GET /api/phone/{person}/block`.
pub(crate) async fn blocked(State(app): State<Arc<App>>, Path(person): Path<String>) -> Response {
    match app.persons.find(&person) {
        Some(person) => block_state(&app, person.id()),
        None => AnswerError::UnknownPerson.into_response(),
    }
}

/// `POST /api/phone/{person}/block`. Only JSON is read, as above.
pub(crate) async fn block(
    State(app): State<Arc<App>>,
    Path(person): Path<String>,
    headers: axum::http::HeaderMap,
    body: Bytes,
) -> Response {
    let Some(person) = app.persons.find(&person) else {
        return AnswerError::UnknownPerson.into_response();
    };
    let wish =
        Some(&body).filter(|_| web::is_json(&headers)).and_then(|body| serde_json::from_slice::<Block>(body).ok());
    match wish {
        None => AnswerError::Body.into_response(),
        Some(Block { blocked }) => {
            app.store.with(|state, now_ms| match blocked {
                true => state.block_pushes(person.id(), now_ms),
                false => state.unblock_pushes(person.id()),
            });
            block_state(&app, person.id())
        }
    }
}
