//! The pages: templates embedded in the program, one file per kind of page, rendered with escaping on.
//!
//! Templates contain no logic beyond choosing and repeating; what they may show is decided by the caller. No page uses
//! anything from outside, and the policy header says so.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Environment, UndefinedBehavior, Value};

use crate::app::Failure;

/// Content security policy of every page: own style, own script, own forms, no frame around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

macro_rules! embedded {
    ($folder:literal: $($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../", $folder, "/", $name)))),*]
    };
}

const TEMPLATES: [(&str, &str); 38] = embedded!("templates":
    "layout_psc.html", "layout_phone.html", "layout_service.html",
    "portal.html", "identifier.html", "card.html", "delegation.html", "security_key.html", "tabs.html",
    "number.html", "error.html", "signed_out.html",
    "phone_choose.html", "phone_idle.html", "phone_pin.html", "phone_numbers.html", "phone_result.html",
    "phone_activation_home.html", "phone_activation_terms.html", "phone_activation_choice.html",
    "phone_activation_ask.html", "phone_activation_contacts.html", "phone_activation_sent.html",
    "phone_activation_scan.html", "phone_activation_link.html", "phone_activation_sms.html",
    "phone_activation_code.html", "phone_activation_pin.html", "phone_activation_done.html",
    "phone_activation_refused.html", "order.html", "outbox_message.html",
    "service_home.html", "service_decision.html",
    "index.html", "faults.html", "outbox.html", "lookalike_comment.html",
);

const ASSETS: [(&str, &str); 6] =
    embedded!("assets": "psc.css", "phone.css", "service.css", "wait.js", "phone.js", "tabs.js");

/// The loaded templates.
pub(crate) struct Pages {
    environment: Environment<'static>,
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Pages")
    }
}

/// A template that comes with the program is not well formed.
#[derive(Debug, thiserror::Error)]
#[error("the template {name} is not well formed: {cause}")]
pub struct LoadPagesError {
    name: &'static str,
    cause: minijinja::Error,
}

impl Pages {
    /// Loads the embedded templates.
    pub(crate) fn built_in() -> Result<Self, LoadPagesError> {
        let mut environment = Environment::new();
        // A value that a template expects and does not get is a mistake of ours and must not pass as an empty text.
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, text) in TEMPLATES {
            environment.add_template(name, text).map_err(|cause| LoadPagesError { name, cause })?;
        }
        Ok(Self { environment })
    }

    /// Renders a page.
    pub(crate) fn render(&self, name: &str, status: StatusCode, values: Value) -> Result<Response, Failure> {
        let html = self
            .environment
            .get_template(name)
            .and_then(|template| template.render(values))
            .inspect_err(
                |error| tracing::error!(template = name, kind = ?error.kind(), line = ?error.line(), "page not made"),
            )
            .map_err(|_| Failure::Page)?;
        let mut response = (status, Html(html)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }
}

/// A style sheet or script that comes with the program.
#[must_use]
pub(crate) fn asset(name: &str) -> Option<Response> {
    let (name, text) = ASSETS.into_iter().find(|(known, _)| *known == name)?;
    let kind = if name.ends_with(".css") { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" };
    Some(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_well_formed() {
        Pages::built_in().unwrap();
    }

    #[test]
    fn pages_need_nothing_from_outside() {
        for (name, text) in TEMPLATES.into_iter().chain(ASSETS) {
            for foreign in ["https://", "http://", "style=\"", "onclick", "<script>", "<style"] {
                assert!(!text.contains(foreign), "{name} contains {foreign}");
            }
        }
    }
}
