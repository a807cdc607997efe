//! The backchannel authentication endpoint: a login without a browser, in poll mode.
//!
//! OpenID Connect CIBA Core 1.0 section 7, with what PSC adds (psc-facts §1.10): `binding_message` is two digits that the
//! service draws and shows, `channel` says phone or card, `login_hint` is the national identifier.
//!
//! With `channel=CARD` the card on the desk is asked instead of the phone (`card::gestion`).
//!
//! Not offered, and refused by name: signed requests, `login_hint_token`, `id_token_hint`, ping and push.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::back_channel::{OAuthError, authenticated, never_stored};
use super::request::{SCOPES, level_asked};
use crate::app::{App, Failure};
use crate::clients::{Client, Decoupled};
use crate::identifier;
use crate::params::Params;
use crate::push::{Candidates, PairedNumber, Push};
use crate::random::{make_handle, make_opaque};
use crate::store::{Backchannel, Channel, INTERVAL_S, PushLimit};

/// The grant type of the token request.
pub(crate) const GRANT: &str = "urn:openid:params:grant-type:ciba";

/// A valid request.
struct Request {
    person: String,
    scope: String,
    number: PairedNumber,
    channel: Channel,
}

/// `POST …/protocol/openid-connect/ext/ciba/auth`.
pub(crate) async fn authenticate(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let read = authenticated(&app, &headers, &body)
        .and_then(|(client, params)| parse(&app, client, &params).map(|request| (client, request)));
    let (client, request) = match read {
        Ok(read) => read,
        Err(error) => return error.into_response(),
    };
    match open(&app, client, request) {
        Err(failure) => failure.into_response(),
        Ok(Err(error)) => error.into_response(),
        Ok(Ok(answer)) => {
            let mut response = Json(answer).into_response();
            never_stored(response.headers_mut());
            response
        }
    }
}

fn parse(app: &App, client: &Client, params: &Params) -> Result<Request, OAuthError> {
    let bad = |text: &str| OAuthError::bad_request("invalid_request", text);
    if client.may_decouple() == Decoupled::Refused {
        return Err(OAuthError::not_allowed());
    }
    for name in ["request", "login_hint_token", "id_token_hint", "user_code", "client_notification_token"] {
        if params.value(name).is_some() {
            return Err(bad(&format!("{name} is not offered by the sandbox")));
        }
    }
    let scope = params.value("scope").ok_or_else(|| bad("missing parameter : scope"))?;
    let scopes: Vec<&str> = scope.split(' ').filter(|name| !name.is_empty()).collect();
    let complete = ["openid", "scope_all"].iter().all(|name| scopes.contains(name));
    if !complete || scopes.iter().any(|name| !SCOPES.contains(name)) {
        return Err(OAuthError::bad_request("invalid_scope", "scope must be openid scope_all"));
    }
    level_asked(params.value("acr_values"), app.faults().acr_values).map_err(bad)?;
    let channel = match params.value("channel") {
        Some("MOBILE") => Channel::Mobile,
        Some("CARD") => Channel::Card,
        Some(_) => return Err(bad("channel must be MOBILE or CARD")),
        None => return Err(bad("channel is missing")),
    };
    let number = match params.value("binding_message") {
        None => return Err(OAuthError::bad_request("invalid_binding_message", "binding_message is missing")),
        Some(text) => PairedNumber::parse(text)
            .ok_or_else(|| OAuthError::bad_request("invalid_binding_message", "binding_message must be two digits"))?,
    };
    let hint = params.value("login_hint").ok_or_else(|| bad("missing parameter : login_hint"))?;
    let standing = |person: &str| app.store.with(|state, _| state.standing(person));
    let found = match channel {
        Channel::Mobile => identifier::find(&app.persons, hint, standing),
        Channel::Card => identifier::read(&app.persons, hint),
    };
    // CIBA Core §13 would say `unknown_user_id`; this is what the server software of the provider says (psc-facts §1.10).
    let person = found.map_err(|refusal| {
        tracing::info!(code = refusal.code(), "identifier refused");
        bad("invalid_user")
    })?;
    if channel == Channel::Card && app.store.with(|state, _| state.card_tries(person.id())).is_none() {
        return Err(bad("invalid_user"));
    }
    Ok(Request { person: person.id().to_owned(), scope: scopes.join(" "), number, channel })
}

fn open(app: &App, client: &Client, request: Request) -> Result<Result<Value, OAuthError>, Failure> {
    let (id, push_id) = (make_opaque()?, make_handle()?);
    let life_s = app.faults().push_seconds;
    let expires_ms = app.store.clock().now_ms().saturating_add(life_s.saturating_mul(1000));
    let candidates = Candidates::make_around(request.number)?;
    let push = Push::with(push_id.clone(), request.person.clone(), client.name().to_owned(), expires_ms, candidates)?;
    let opened = app.store.with(|state, now_ms| {
        match request.channel {
            Channel::Mobile => state.send_push(push, app.pushes_per_minute, now_ms)?,
            Channel::Card => state.ask_desk(push, app.pushes_per_minute, now_ms)?,
        }
        let request = Backchannel {
            client_id: client.id().to_owned(),
            person: request.person,
            push: push_id,
            channel: request.channel,
            scope: request.scope,
            polled_ms: None,
            interval_ms: INTERVAL_S * 1000,
            expires_ms,
            redeemed: false,
        };
        if state.open_backchannel(&id, request) { Ok(()) } else { Err(PushLimit::Full) }
    });
    match opened {
        Ok(()) => {
            tracing::info!(client = client.id(), "push sent");
            Ok(Ok(json!({"auth_req_id": id, "expires_in": life_s, "interval": INTERVAL_S})))
        }
        Err(PushLimit::Full) => Err(Failure::Full),
        // CIBA has no word of its own for a person who was asked too often or wants no requests; the OP denies.
        Err(error @ (PushLimit::TooOften | PushLimit::Blocked)) => Ok(Err(OAuthError::denied(error.to_string()))),
    }
}
