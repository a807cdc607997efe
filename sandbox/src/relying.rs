//! Two demo services, in the manner of SMURT@B and SI-DEP: real OpenID Connect clients that ask a decision point.
//!
//! A person starts a login (`state`, `nonce` and PKCE, kept on the server), comes back with a code, and the service redeems
//! it, verifies the ID token and fetches UserInfo with the `openidconnect` library. Then it asks `vigie serve`, and nothing
//! but an explicit "permit" lets the person in: no decision point, no answer, a strange answer all end outside.
//!
//! A session of a service lies within the provider's: it ends with it, whoever closes it, and never outlives its limits. What a
//! person does in the service keeps both alive, because the service refreshes its tokens (`session`).
//!
//! What it does not do: these services hold no patient data and no rules of their own.

pub(crate) mod decision_point;
pub(crate) mod oidc;
pub(crate) mod service;
pub(crate) mod session;
pub(crate) mod view;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::Cookie;
use minijinja::value::Serde;
use minijinja::{Value, context};

use crate::app::{App, Failure};
use crate::clients::{Client, RedirectRule};
use crate::names::{ALL_HOSTS, Sites};
use crate::params::Params;
use crate::random::{NoRandomness, make_opaque};
use crate::web::{self, found, see_other};
pub(crate) use service::Service;
use session::{Ended, Keys, Look, RpSession, Tables};
use view::DecisionView;

/// What the demo services remember and reach.
pub(crate) struct RelyingParties {
    secrets: HashMap<Service, String>,
    http: oidc::BoundedHttp,
    decision_point: Option<PathBuf>,
    tables: Tables,
}

impl std::fmt::Debug for RelyingParties {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RelyingParties(redacted)")
    }
}

/// The services cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// No secrets could be made.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// No HTTP client could be made.
    #[error("no HTTP client could be made")]
    Http,
}

impl RelyingParties {
    /// Makes both services. `ca_pem` is trusted, and nothing else, for the sandbox's own names.
    pub(crate) fn make(
        listen: SocketAddr,
        ca_pem: Option<&str>,
        decision_point: Option<PathBuf>,
    ) -> Result<Self, SetUpError> {
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(15));
        for host in ALL_HOSTS {
            builder = builder.resolve(host, listen);
        }
        let mut trusted = Vec::new();
        if let Some(pem) = ca_pem {
            trusted.push(reqwest::Certificate::from_pem(pem.as_bytes()).map_err(|_| SetUpError::Http)?);
        }
        let http = builder.tls_certs_only(trusted).build().map_err(|_| SetUpError::Http)?;
        Ok(Self {
            secrets: HashMap::from([(Service::Smurtab, make_opaque()?), (Service::Sidep, make_opaque()?)]),
            http: oidc::BoundedHttp(http),
            decision_point,
            tables: Tables::default(),
        })
    }

    /// The registrations of both services at the provider.
    #[must_use]
    pub(crate) fn clients(&self, sites: &Sites) -> Vec<Client> {
        [Service::Smurtab, Service::Sidep]
            .into_iter()
            .map(|service| {
                Client::new(
                    service.client_id(),
                    self.secret(service),
                    service.name(),
                    RedirectRule::Exact(vec![service.callback(sites)]),
                    RedirectRule::Exact(vec![service.home(sites)]),
                )
            })
            .collect()
    }

    /// The client for requests to services and to the sandbox itself.
    #[must_use]
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http.0
    }

    fn secret(&self, service: Service) -> &str {
        self.secrets.get(&service).map(String::as_str).unwrap_or_default()
    }
}

/// Every path of the two services.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/rp/{service}/", get(home))
        .route("/rp/{service}/login", get(login))
        .route("/rp/{service}/callback", get(callback))
        .route("/rp/{service}/decision", get(decision))
        .route("/rp/{service}/logout", post(logout))
}

fn no_such_service(app: &App) -> Result<Response, Failure> {
    web::error_page(
        &app.pages,
        StatusCode::NOT_FOUND,
        "Service inconnu",
        "Le bac à sable ne connaît que les services smurtab et sidep.",
        "Ouvrez /rp/smurtab/ ou /rp/sidep/.",
        "SBX-SERVICE",
    )
}

async fn home(State(app): State<Arc<App>>, Path(service): Path<String>) -> Result<Response, Failure> {
    let Some(service) = Service::parse(&service) else {
        return no_such_service(&app);
    };
    app.pages.render("service_home.html", StatusCode::OK, context! { key => service.key(), name => service.name() })
}

/// Starts a login. Without `?session=reuse` the person is always asked again, whatever session the provider holds.
async fn login(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path(service): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let Some(service) = Service::parse(&service) else {
        return no_such_service(&app);
    };
    let params = Params::parse(query.unwrap_or_default().as_bytes()).ok();
    let reuse = params.as_ref().and_then(|params| params.value("session")) == Some("reuse");
    let again = if reuse { oidc::Again::AsNeeded } else { oidc::Again::Always };
    match oidc::start(&app, service, again).await {
        Err(error) => show(&app, jar, service, DecisionView::failed(&error), Keys::default(), None),
        Ok((location, pending)) => {
            let cookie = make_opaque()?;
            if !app.relying.tables.keep_pending(&cookie, pending, app.store.clock().now_ms()) {
                return Err(Failure::Full);
            }
            let jar = jar.add(web::cookie(service.pending_cookie(), cookie, &service.cookie_path(), &app.sites));
            Ok((jar, found(&location)).into_response())
        }
    }
}

/// The person comes back from the provider.
async fn callback(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path(service): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let Some(service) = Service::parse(&service) else {
        return no_such_service(&app);
    };
    let now_ms = app.store.clock().now_ms();
    let pending =
        jar.get(service.pending_cookie()).and_then(|cookie| app.relying.tables.take_pending(cookie.value(), now_ms));
    let jar = jar.remove(Cookie::build(service.pending_cookie()).path(service.cookie_path()));
    let result = oidc::finish(&app, service, pending, query.unwrap_or_default().as_bytes()).await;
    match result {
        Err(error) => show(&app, jar, service, DecisionView::failed(&error), Keys::default(), None),
        Ok(login) => {
            let mut keys = Keys { refresh_token: login.refresh_token.clone(), ..Keys::default() };
            let since_ms = login.authenticated_ms;
            let view = match decision_point::ask(&app, service, &login).await {
                Ok(answer) => {
                    keys.handle = Some(answer.handle.clone());
                    DecisionView::decided(&login, answer)
                }
                Err(error) => DecisionView::undecided(&login, &error),
            };
            keys.id_token = Some(login.id_token);
            show(&app, jar, service, view, keys, since_ms)
        }
    }
}

/// Keeps the outcome under a fresh cookie and shows it under its own address, so that a reload repeats nothing.
fn show(
    app: &App,
    jar: CookieJar,
    service: Service,
    view: DecisionView,
    keys: Keys,
    since_ms: Option<u64>,
) -> Result<Response, Failure> {
    tracing::info!(service = service.key(), decision = view.decision(), reason = view.reason(), "decision shown");
    let cookie = make_opaque()?;
    let now_ms = app.store.clock().now_ms();
    let session = RpSession { view, keys, since_ms: since_ms.unwrap_or(now_ms), used_ms: now_ms, checked_ms: now_ms };
    if !app.relying.tables.keep_session(&cookie, session, now_ms) {
        return Err(Failure::Full);
    }
    let jar = jar.add(web::cookie(service.session_cookie(), cookie, &service.cookie_path(), &app.sites));
    Ok((jar, found(&format!("/rp/{}/decision", service.key()))).into_response())
}

async fn decision(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path(service): Path<String>,
) -> Result<Response, Failure> {
    let Some(service) = Service::parse(&service) else {
        return no_such_service(&app);
    };
    let Some(view) = (match jar.get(service.session_cookie()) {
        Some(cookie) => current(&app, service, cookie.value()).await,
        None => None,
    }) else {
        return Ok(found(&format!("/rp/{}/", service.key())));
    };
    let (jar, csrf) = web::csrf(jar, &app.sites)?;
    let page = app.pages.render(
        "service_decision.html",
        StatusCode::OK,
        context! { key => service.key(), name => service.name(), csrf, view => Value::from(Serde(view)) },
    )?;
    Ok((jar, page).into_response())
}

/// What the session of this cookie shows now; `None` when there is none.
async fn current(app: &App, service: Service, cookie: &str) -> Option<DecisionView> {
    let tables = &app.relying.tables;
    let ended = match tables.look(cookie, app.store.clock().now_ms()) {
        Look::Nobody => return None,
        Look::Ended(ended) => ended,
        Look::Live { view, refresh: None } => return Some(*view),
        Look::Live { view, refresh: Some(token) } => match oidc::refresh(app, service, token).await {
            Ok(newer) => {
                tables.renew(cookie, newer, app.store.clock().now_ms());
                return Some(*view);
            }
            Err(oidc::RefreshError::Refused) => Ended::Closed,
            // A provider that does not answer for a while throws nobody out.
            Err(oidc::RefreshError::Unreachable) => return Some(*view),
        },
    };
    tracing::info!(service = service.key(), code = ended.code(), "session ended");
    // No logout at the provider: that is for people who ask for it, not for clocks (psc-facts §1.9).
    if let Some(handle) = tables.take_session(cookie).and_then(|session| session.keys.handle) {
        decision_point::revoke(app, service, &handle).await;
    }
    Some(DecisionView::ended(ended))
}

/// Leaves the service and the provider, as the provider asks when a person clicks "disconnect" (psc-facts §1.9).
async fn logout(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Path(service): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let Some(service) = Service::parse(&service) else {
        return no_such_service(&app);
    };
    if !Params::parse(&body).is_ok_and(|params| web::csrf_holds(&jar, &params)) {
        return web::bad_form(&app.pages);
    }
    let session = jar.get(service.session_cookie()).and_then(|cookie| app.relying.tables.take_session(cookie.value()));
    let jar = jar.remove(Cookie::build(service.session_cookie()).path(service.cookie_path()));
    let keys = session.map(|session| session.keys).unwrap_or_default();
    if let Some(handle) = keys.handle {
        decision_point::revoke(&app, service, &handle).await;
    }
    if let Some(id_token) = keys.id_token {
        // From server to server: a form may not lead to another host (form-action), and no token stands in an address.
        oidc::end_session(&app, &id_token).await;
    }
    Ok((jar, see_other(&format!("/rp/{}/", service.key()))).into_response())
}
