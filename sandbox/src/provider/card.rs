//! Login by card: the tab "Carte CPS" leads to the host that asks for the certificate, and back with a proof.
//!
//! Both ways are links and not forms: the policy of the login pages lets forms lead to their own host only. The proof stands in an
//! address once and is used up by it; without the cookie of the browser that started the login it is worth nothing.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use axum_extra::extract::CookieJar;

use super::mire::{self, Proved};
use crate::app::{App, Failure};
use crate::card::{self, CardTrouble};
use crate::random::make_handle;
use crate::store::Stage;
use crate::web::found;

/// The means that tokens name after a card login.
pub(crate) const CARD: &str = "CARD";

/// Where the tab's button leads; nowhere without TLS.
#[must_use]
pub(crate) fn action(app: &App, login: &str) -> Option<String> {
    app.sites.certified.as_ref().map(|_| format!("/auth/mire/{login}/carte"))
}

/// `GET /auth/mire/{login}/carte`: off to the host that asks for the card.
pub(crate) async fn start(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let Some(login) = mire::find(&app, &jar, &id).map(|found_login| found_login.login) else {
        return mire::not_yours(&app);
    };
    if login.stage != Stage::Choosing {
        return Ok(found(&format!("/auth/mire/{id}")));
    }
    let Some(sites) = &app.sites.certified else {
        return card::refused(&app, CardTrouble::NoTls, None, Some(format!("/auth/mire/{id}")));
    };
    let window = make_handle()?;
    if !app.store.with(|state, now_ms| state.open_sign_in(&window, &id, now_ms)) {
        return Err(Failure::Full);
    }
    Ok(found(&format!("{}/carte/{window}", sites.card)))
}

/// `GET /auth/mire/{login}/carte/{proof}`: the card was presented and its code typed.
pub(crate) async fn back(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path((id, proof)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let login = mire::find(&app, &jar, &id).map(|found_login| found_login.login);
    let Some(login) = login.filter(|login| login.stage == Stage::Choosing) else {
        return mire::not_yours(&app);
    };
    let Some((person, at_ms)) = app.store.with(|state, _| state.redeem_card(&id, &proof)) else {
        return mire::not_yours(&app);
    };
    let level = app.store.with(|state, _| state.desk().acr);
    let proved = Proved { person, at_ms, acr: level.as_str().to_owned(), auth_mode: CARD.to_owned() };
    mire::complete(&app, jar, login, proved)
}
