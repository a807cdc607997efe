//! The pages: templates embedded in the program, one file per kind of page, rendered with escaping on.
//!
//! Templates contain no logic beyond choosing and repeating; what they may show is decided by the caller. No page uses
//! anything from outside, and the policy header says so.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Environment, UndefinedBehavior, Value};

use crate::app::Failure;
use crate::templates::{self, Files, KINDS, ReadTemplatesError};

/// Content security policy of every page: own style, own script, own forms, no frame around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Where a page may lead outside the sandbox.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Leading<'a> {
    /// Its form is posted to a service.
    Form(&'a str),
    /// Its form is posted to the sandbox, which may answer with a redirect to a service.
    FormThen(&'a str),
    /// It shows pages of services in frames.
    Frames(&'a [String]),
}

macro_rules! embedded {
    ($folder:literal: $($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../", $folder, "/", $name)))),*]
    };
}

const TEMPLATES: [(&str, &str); 41] = embedded!("templates":
    "layout_psc.html", "layout_phone.html", "layout_service.html",
    "portal.html", "identifier.html", "card.html", "delegation.html", "security_key.html", "tabs.html",
    "number.html", "error.html", "signed_out.html", "form_post.html", "front_channel.html", "sign_out.html",
    "phone_choose.html", "phone_idle.html", "phone_pin.html", "phone_numbers.html", "phone_result.html",
    "phone_activation_home.html", "phone_activation_terms.html", "phone_activation_choice.html",
    "phone_activation_ask.html", "phone_activation_contacts.html", "phone_activation_sent.html",
    "phone_activation_scan.html", "phone_activation_link.html", "phone_activation_sms.html",
    "phone_activation_code.html", "phone_activation_pin.html", "phone_activation_done.html",
    "phone_activation_refused.html", "order.html", "outbox_message.html",
    "service_home.html", "service_decision.html",
    "index.html", "faults.html", "outbox.html", "lookalike_comment.html",
);

const ASSETS: [(&str, &str); 7] =
    embedded!("assets": "psc.css", "phone.css", "service.css", "wait.js", "phone.js", "tabs.js", "leave.js");

/// The loaded templates.
pub(crate) struct Pages {
    environment: Environment<'static>,
    /// Style sheets and scripts of own templates.
    own_assets: Vec<(String, String)>,
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
        Ok(Self { environment, own_assets: Vec::new() })
    }

    /// Puts own pages in the place of built-in ones, each checked and tried.
    pub(crate) fn with(mut self, files: Files) -> Result<Self, ReadTemplatesError> {
        let (pages, assets): (Vec<_>, Vec<_>) = files.0.into_iter().partition(|(name, _)| name.ends_with(".html"));
        self.own_assets = assets;
        for (name, text) in pages {
            self.environment
                .add_template_owned(name.clone(), text)
                .map_err(|error| ReadTemplatesError::form(&name, &error))?;
            let template =
                self.environment.get_template(&name).map_err(|error| ReadTemplatesError::form(&name, &error))?;
            if let Some(kind) = KINDS.iter().find(|kind| kind.file == name) {
                templates::check(kind, &template)?;
            }
        }
        Ok(self)
    }

    /// Renders a page that leads to a service: its policy allows those places and nothing more.
    pub(crate) fn render_leading_to(
        &self,
        name: &str,
        places: Leading<'_>,
        values: Value,
    ) -> Result<Response, Failure> {
        let mut response = self.render(name, StatusCode::OK, values)?;
        let origin = |uri: &str| url::Url::parse(uri).map(|url| url.origin().ascii_serialization());
        let policy = match places {
            Leading::Form(uri) => {
                POLICY.replace("form-action 'self'", &format!("form-action {}", origin(uri).unwrap_or_default()))
            }
            Leading::FormThen(uri) => {
                POLICY.replace("form-action 'self'", &format!("form-action 'self' {}", origin(uri).unwrap_or_default()))
            }
            Leading::Frames(uris) => {
                let origins: Vec<String> = uris.iter().filter_map(|uri| origin(uri).ok()).collect();
                format!("{POLICY}; frame-src {}", origins.join(" "))
            }
        };
        let policy = HeaderValue::try_from(policy).map_err(|_| Failure::Page)?;
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        Ok(response)
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

impl Pages {
    /// A style sheet or script: an own one, or one that comes with the program.
    #[must_use]
    pub(crate) fn asset(&self, name: &str) -> Option<Response> {
        let own = self.own_assets.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone());
        let built_in = || ASSETS.into_iter().find(|(known, _)| *known == name).map(|(_, text)| text.to_owned());
        let text = own.or_else(built_in)?;
        let kind = if name.ends_with(".css") { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" };
        Some(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_well_formed() {
        Pages::built_in().unwrap();
    }

    #[test]
    fn built_in_pages_keep_to_the_table() {
        let built_in = |name: &str| TEMPLATES.into_iter().find(|(known, _)| *known == name).unwrap().1.to_owned();
        let own = Files(KINDS.iter().map(|kind| (kind.file.to_owned(), built_in(kind.file))).collect());
        // The pages with tabs draw them through an include, whose placeholders the check does not see but the trial does.
        Pages::built_in().unwrap().with(own).unwrap();
    }

    #[test]
    fn own_pages_are_refused_by_name() {
        let refused = |name: &str, text: &str, says: &str| {
            let files = Files(vec![(name.to_owned(), text.to_owned())]);
            let message = Pages::built_in().unwrap().with(files).unwrap_err().to_string();
            assert!(message.contains(name) && message.contains(says), "{message}");
            assert_eq!(message.lines().count(), 1, "{message}");
        };
        refused("number.html", "{{ number }}{{ csrf }}", "{{ login }}");
        refused("identifier.html", "{{ action }}{{ csrf }}{{ pin }}", "{{ pin }}");
        refused("portal.html", "<p>\n{{ oops", "line 2");
        refused("signed_out.html", "{% extends \"none.html\" %}", "line 1");
        refused("error.html", "{{ message }}{{ help }}{{ retry.action }}", "line 1");
        Pages::built_in().unwrap().with(Files(vec![("portal.html".into(), "<p>Bonjour</p>".into())])).unwrap();
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
