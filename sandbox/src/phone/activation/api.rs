//! Activation for scripts: `POST /api/activation/{national id}` with one step as JSON.
//!
//! Steps: `contacts`, `request`, `scan` (`device`, `qr`), `sms` (`device`), `code` (`device`, `code`), `pin` (`device`, `pin`;
//! sent twice, the second time with the phone's public `key` if it has one), `delete` (`device`?), `order` (`mail`?, `phone`?). A device is any number that the script chooses; the QR text and the
//! code stand in the outbox API. Answers: `200` with `{"state"}` and more, or 4xx `{"code","message","help"}`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{make_code, make_phone_code, make_ticket, operator};
use crate::app::{App, Failure};
use crate::device_key::DeviceKey;
use crate::store::{ActivationError, Progress};
use crate::web;

#[derive(Deserialize)]
#[serde(tag = "step", rename_all = "lowercase", deny_unknown_fields)]
enum Step {
    Contacts,
    Request,
    Scan { device: u64, qr: String },
    Sms { device: u64 },
    Code { device: u64, code: String },
    Pin { device: u64, pin: String, key: Option<String> },
    Delete { device: Option<u64> },
    Order { mail: Option<String>, phone: Option<String> },
}

/// `POST /api/activation/{person}`. Only JSON is read, so that no page of another site can post here.
pub(in crate::phone) async fn step(
    State(app): State<Arc<App>>,
    Path(person): Path<String>,
    headers: axum::http::HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let parsed = if web::is_json(&headers) { serde_json::from_slice::<Step>(&body).ok() } else { None };
    let ticket = make_ticket()?;
    let outcome = match parsed {
        None => Err(ActivationError::Body),
        Some(step) => match app.persons.find(&person) {
            None => Err(ActivationError::UnknownPerson),
            Some(person) => run(&app, person.id(), step, ticket),
        },
    };
    Ok(match outcome {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => {
            let status = match error {
                ActivationError::UnknownPerson => StatusCode::NOT_FOUND,
                ActivationError::Body
                | ActivationError::Form(_)
                | ActivationError::Contact(_)
                | ActivationError::Key => StatusCode::BAD_REQUEST,
                ActivationError::TooOften => StatusCode::TOO_MANY_REQUESTS,
                ActivationError::Draw(_) => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::FORBIDDEN,
            };
            let body = json!({"code": error.code(), "message": error.to_string(), "help": error.help()});
            (status, Json(body)).into_response()
        }
    })
}

fn run(
    app: &App,
    person: &str,
    step: Step,
    ticket: verifier_core::activation::TicketToken,
) -> Result<Value, ActivationError> {
    let blocks = operator(app);
    match step {
        Step::Contacts => {
            let masked = app.store.with(|state, now_ms| state.masked_contacts(person, now_ms))?;
            Ok(json!({"state": "eligible", "mail": masked.mail, "phone": masked.phone}))
        }
        Step::Request => {
            let masked = app.store.with(|state, now_ms| {
                state.request_activation(person, ticket, blocks, app.pushes_per_minute, now_ms)
            })?;
            Ok(json!({"state": "requested", "mail": masked.mail}))
        }
        Step::Scan { device, qr } => {
            let code = make_phone_code()?;
            app.store.with(|state, now_ms| {
                state.scan(device, &qr, code, now_ms)?;
                Ok(match state.progress(device) {
                    // A QR code of the portal: this is what stands on the phone's screen.
                    Progress::ShowingCode { code } => json!({"state": "showing_code", "code": code}),
                    _ => json!({"state": "scanned"}),
                })
            })
        }
        Step::Sms { device } => {
            let code = make_code()?;
            app.store.with(|state, now_ms| state.ask_sms(device, code, now_ms))?;
            Ok(json!({"state": "awaiting_sms"}))
        }
        Step::Code { device, code } => {
            app.store.with(|state, now_ms| state.type_sms(device, &code, now_ms))?;
            Ok(json!({"state": "choosing_pin"}))
        }
        Step::Pin { device, pin, key } => app.store.with(|state, now_ms| {
            let key = key.as_deref().map(DeviceKey::parse).transpose().map_err(|_| ActivationError::Key)?;
            let active = state.type_pin(device, &pin, key, now_ms)?.is_some();
            let confirming = state.progress(device) == Progress::ConfirmingPin;
            Ok(json!({"state": if active { "active" } else if confirming { "confirming_pin" } else { "choosing_pin" }}))
        }),
        Step::Delete { device } => app.store.with(|state, now_ms| {
            if device.is_some() && !state.lives_on(person, device) {
                return Err(ActivationError::OtherPhone);
            }
            state.delete_ecps(person, now_ms)?;
            Ok(json!({"state": "deleted"}))
        }),
        Step::Order { mail, phone } => {
            let recorded_ms = app
                .store
                .with(|state, now_ms| state.correct_contacts(person, mail.as_deref(), phone.as_deref(), now_ms))?;
            Ok(json!({"state": "received", "recorded_at": recorded_ms / 1000}))
        }
    }
}
