//! The provider: what Pro Santé Connect does between a service and a person.
//!
//! `request` reads an authorization request, `pushed` takes one in advance, `authorize` answers it, `mire` is what the person
//! sees, `token` and `account` are what services call from their servers, `ciba` a login without a browser, `card` one with a plastic
//! card, `mtls` services that show a certificate, `logout` the end, `discovery` tells where all of it is.

pub(crate) mod account;
pub(crate) mod authorize;
pub(crate) mod back_channel;
pub(crate) mod card;
pub(crate) mod ciba;
pub(crate) mod confirm;
pub(crate) mod discovery;
pub(crate) mod logout;
pub(crate) mod mire;
pub(crate) mod mtls;
pub(crate) mod pushed;
pub(crate) mod request;
pub(crate) mod token;

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{get, post};

use crate::app::App;
use crate::faults;
use crate::names::REALM;

/// Every path of the provider.
pub(crate) fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    let realm = |path: &str| format!("{REALM}/{path}");
    let connect = |path: &str| format!("{REALM}/protocol/openid-connect/{path}");
    Router::new()
        .route("/auth", get(authorize::by_get).post(authorize::by_post))
        .route("/auth/", get(authorize::by_get).post(authorize::by_post))
        .route("/donnees-et-droits", get(mire::data_and_rights))
        .route("/sondage", get(mire::survey))
        .route("/auth/mire/{login}", get(mire::page))
        .route("/auth/mire/{login}/ecps", post(mire::submit))
        .route("/auth/mire/{login}/attente", get(mire::waiting))
        .route("/auth/mire/{login}/etat", get(mire::state))
        .route("/auth/mire/{login}/quitter", post(mire::quit))
        .route("/auth/mire/{login}/recommencer", post(mire::retry))
        .route("/auth/mire/{login}/suite", get(mire::finish))
        .route("/auth/mire/{login}/confirmation", get(confirm::page).post(confirm::submit))
        .route("/auth/mire/{login}/retour", get(mire::give_up))
        .route("/auth/mire/{login}/carte", get(card::start))
        .route("/auth/mire/{login}/carte/{proof}", get(card::back))
        .route(&realm(".well-known/wallet-openid-configuration"), get(discovery::wallet))
        .route(&realm(".well-known/openid-configuration"), get(discovery::plain))
        .route(&connect("auth"), get(authorize::forward))
        .route(&connect("certs"), get(discovery::jwks))
        .route(&connect("token"), post(token::exchange))
        .route(&connect("ext/ciba/auth"), post(ciba::authenticate))
        .route(&connect("ext/par/request"), post(pushed::push))
        .route(&connect("userinfo"), get(account::user_info).post(account::user_info))
        .route(&connect("token/introspect"), post(account::introspect))
        .route(&connect("revoke"), post(account::revoke))
        .route(&connect("logout"), get(logout::by_get).post(logout::by_post))
        .layer(middleware::from_fn(back_channel::speak_oauth))
        .layer(middleware::from_fn_with_state(Arc::clone(app), faults::trouble))
}
