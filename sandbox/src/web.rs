//! Small things that every page handler needs: redirects, cookies, the token that protects forms.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use minijinja::context;

use crate::app::Failure;
use crate::encoding::{fingerprint, same};
use crate::names::Sites;
use crate::pages::Pages;
use crate::params::Params;
use crate::random::make_opaque;

/// Cookie behind the forms that belong to no login: phone, switches, services.
const FORM_COOKIE: &str = "vigie_form";

/// `302 Found`, as the provider answers a GET.
pub(crate) fn found(location: &str) -> Response {
    redirect(StatusCode::FOUND, location)
}

/// `303 See Other`, after a form.
pub(crate) fn see_other(location: &str) -> Response {
    redirect(StatusCode::SEE_OTHER, location)
}

fn redirect(status: StatusCode, location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(value) => {
            (status, [(header::LOCATION, value), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))])
                .into_response()
        }
        // Not reached: every location is made by us or was checked as a URI. A plain refusal beats a wrong redirect.
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// A cookie that scripts cannot read and that other sites do not get with their requests.
#[must_use]
pub(crate) fn cookie(name: &'static str, value: String, path: &str, sites: &Sites) -> Cookie<'static> {
    Cookie::build((name, value))
        .path(path.to_owned())
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(sites.secure)
        .build()
}

/// The token for a form outside a login. It derives from a cookie of the browser (double submit).
pub(crate) fn csrf(jar: CookieJar, sites: &Sites) -> Result<(CookieJar, String), Failure> {
    if let Some(present) = jar.get(FORM_COOKIE) {
        let token = derive_csrf(present.value());
        return Ok((jar, token));
    }
    let value = make_opaque()?;
    let token = derive_csrf(&value);
    Ok((jar.add(cookie(FORM_COOKIE, value, "/", sites)), token))
}

/// Whether a form carries the token of its browser.
#[must_use]
pub(crate) fn csrf_holds(jar: &CookieJar, params: &Params) -> bool {
    match (jar.get(FORM_COOKIE), params.value("csrf")) {
        (Some(cookie), Some(token)) => same(&derive_csrf(cookie.value()), token),
        _ => false,
    }
}

fn derive_csrf(cookie: &str) -> String {
    fingerprint(&format!("form:{cookie}"))
}

/// Whether the body is declared to be JSON. Forms of other sites cannot declare that.
#[must_use]
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.split(';').next().unwrap_or_default().trim() == "application/json")
}

/// The page for a form that was not made by one of our pages, or not in this browser.
pub(crate) fn bad_form(pages: &Pages) -> Result<Response, Failure> {
    error_page(
        pages,
        StatusCode::FORBIDDEN,
        "Formulaire refusé",
        "Ce formulaire ne vient pas d'une page ouverte dans ce navigateur, ou il est incomplet.",
        "Revenez à la page précédente, actualisez-la, puis recommencez.",
        "SBX-FORM",
    )
}

/// A page that says what is wrong and what to do next, without a way on.
pub(crate) fn error_page(
    pages: &Pages,
    status: StatusCode,
    title: &str,
    message: &str,
    help: &str,
    code: &str,
) -> Result<Response, Failure> {
    let none: Option<&str> = None;
    pages.render(
        "error.html",
        status,
        context! { title, message, help, code, retry => none, back => none, service => none },
    )
}
