//! The end of a session: asked for by a service, or by the person, and told to the services that took part in it.
//!
//! OpenID Connect RP-Initiated Logout 1.0 as observed (psc-facts §1.9); Back-Channel Logout 1.0 and Front-Channel Logout 1.0,
//! which PSC announces, for services that registered an address for it. Without `id_token_hint` nobody can tell whose session
//! is meant, so the person is asked.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde_json::json;

use super::authorize::{SESSION_COOKIE, with_query};
use crate::app::{App, Failure};
use crate::clients::Client;
use crate::faults::Signing;
use crate::pages::Leading;
use crate::params::Params;
use crate::random::make_uuid;
use crate::store::{Session, TOKEN_S};
use crate::web::{self, found};

/// `GET …/logout`.
pub(crate) async fn by_get(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    logout(&app, jar, query.unwrap_or_default().as_bytes())
}

/// `POST …/logout`.
pub(crate) async fn by_post(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    logout(&app, jar, &body)
}

/// Which session is to be closed.
enum Whose {
    /// The one that a service names by an ID token.
    Named(Session),
    /// The one of this browser, if there is any.
    Browser(Option<Session>),
}

fn logout(app: &App, jar: CookieJar, query: &[u8]) -> Result<Response, Failure> {
    let params = match Params::parse(query) {
        Ok(params) if params.repeated().is_none() => params,
        Ok(_) => return refused(app, "a parameter is given more than once"),
        Err(error) => return refused(app, &error.to_string()),
    };
    let (whose, client_id) = match params.value("id_token_hint") {
        Some(hint) => match app.store.with(|state, _| state.hinted(hint).cloned()) {
            None => {
                return refused(app, "id_token_hint was not issued by this provider, or more than four hours ago");
            }
            Some(grant) if params.value("client_id").is_some_and(|client| client != grant.client_id) => {
                return refused(app, "client_id is not the one that id_token_hint was issued to");
            }
            Some(grant) => (Whose::Named(grant.session), Some(grant.client_id)),
        },
        None => {
            let session = jar
                .get(SESSION_COOKIE)
                .and_then(|cookie| app.store.with(|state, now_ms| state.session(cookie.value(), now_ms)));
            (Whose::Browser(session), params.value("client_id").map(str::to_owned))
        }
    };
    let client = client_id.as_deref().and_then(|id| app.clients.find(id));
    let leave_to = match params.value("post_logout_redirect_uri") {
        None => None,
        Some(uri) if client.is_some_and(|client| client.may_leave_to(uri)) => Some(uri),
        Some(_) if client.is_none() => {
            return refused(app, "post_logout_redirect_uri needs id_token_hint or client_id");
        }
        Some(_) => return refused(app, "post_logout_redirect_uri is not registered for this client"),
    };
    let next = leave_to.map(|uri| match params.value("state") {
        // A URI without parameters must not gain a bare question mark.
        None => uri.to_owned(),
        Some(state) => with_query(uri, &[("state", state.to_owned())]),
    });
    match whose {
        Whose::Named(session) => close(app, &session, next),
        Whose::Browser(Some(_)) if !web::csrf_holds(&jar, &params) => ask(app, jar, &params),
        Whose::Browser(Some(session)) => close(app, &session, next),
        Whose::Browser(None) => leave(app, &[], next),
    }
}

fn refused(app: &App, description: &str) -> Result<Response, Failure> {
    web::error_page(
        &app.pages,
        StatusCode::BAD_REQUEST,
        "Déconnexion impossible",
        "La demande de déconnexion est incomplète. Votre session reste ouverte.",
        &format!("Pour l'intégrateur : {description}."),
        "invalid_request",
    )
}

/// Asks the person, since any page could have sent the browser here.
fn ask(app: &App, jar: CookieJar, params: &Params) -> Result<Response, Failure> {
    let (jar, csrf) = web::csrf(jar, &app.sites)?;
    let carried = ["client_id", "post_logout_redirect_uri", "state"];
    let pairs: Vec<(&str, &str)> =
        carried.iter().filter_map(|name| params.value(name).map(|value| (*name, value))).collect();
    let action = app.sites.realm("protocol/openid-connect/logout");
    // The form may be answered by a redirect to the service, which a browser holds against the policy of the page.
    let places = params.value("post_logout_redirect_uri").map_or(action.as_str(), |uri| uri);
    let page = app.pages.render_leading_to(
        "sign_out.html",
        Leading::FormThen(places),
        context! { action => action.as_str(), csrf, pairs => Value::from(Serde(pairs)) },
    )?;
    Ok((jar, page).into_response())
}

fn close(app: &App, session: &Session, next: Option<String>) -> Result<Response, Failure> {
    let within: Vec<&Client> = app
        .store
        .with(|state, _| state.clients_of(&session.sid))
        .iter()
        .filter_map(|id| app.clients.find(id))
        .collect();
    app.store.with(|state, _| state.close_session(&session.sid));
    tracing::info!(services = within.len(), "session closed");
    for client in &within {
        if let Some(uri) = &client.tells().back_channel {
            tell(app, client, session, uri.clone())?;
        }
    }
    let frames: Vec<String> = within
        .iter()
        .filter_map(|client| client.tells().front_channel.as_deref())
        .map(|uri| with_query(uri, &[("iss", app.sites.issuer()), ("sid", session.sid.clone())]))
        .collect();
    leave(app, &frames, next)
}

/// Posts a logout token to a service (Back-Channel Logout 1.0 §2.4 and §2.5), without making the person wait for it.
fn tell(app: &App, client: &Client, session: &Session, uri: String) -> Result<(), Failure> {
    let now_s = app.store.clock().now_ms() / 1000;
    let faults = app.faults();
    let sub = app.persons.find(&session.person).map(|person| person.sub(faults.sub));
    let claims = json!({
        "iss": app.sites.issuer(),
        "aud": client.id(),
        "iat": now_s,
        "exp": now_s + TOKEN_S,
        "jti": make_uuid()?,
        "sub": sub,
        "sid": session.sid,
        "typ": "Logout",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    });
    let token = app.keys.sign(&claims.to_string(), Signing::Normal, client.secret())?;
    let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", &token).finish();
    let sent =
        app.relying.http().post(uri).header("content-type", "application/x-www-form-urlencoded").body(form).send();
    let client = client.id().to_owned();
    tokio::spawn(async move {
        if !sent.await.is_ok_and(|answer| answer.status().is_success()) {
            tracing::warn!(client, "the service could not be told that the session is closed");
        }
    });
    Ok(())
}

fn leave(app: &App, frames: &[String], next: Option<String>) -> Result<Response, Failure> {
    match next {
        _ if !frames.is_empty() => app.pages.render_leading_to(
            "front_channel.html",
            Leading::Frames(frames),
            context! { frames => frames.to_vec(), next },
        ),
        Some(uri) => Ok(found(&uri)),
        None => app.pages.render("signed_out.html", StatusCode::OK, context! {}),
    }
}
