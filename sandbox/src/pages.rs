//! The pages: templates embedded in the program, one file per kind of page, rendered with escaping on.
//!
//! Templates contain no logic beyond choosing and repeating; what they may show is decided by the caller. No page uses
//! anything from outside, and the policy header says so.

use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use minijinja::{Environment, UndefinedBehavior, Value};

use crate::app::Failure;
use crate::templates::set::TemplateSet;
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

const TEMPLATES: &[(&str, &str)] = &embedded!("templates":
    "layout_psc.html", "layout_phone.html", "layout_service.html",
    "portal.html", "identifier.html", "card.html", "delegation.html", "security_key.html", "tabs.html",
    "number.html", "confirm.html", "continue.html", "error.html", "signed_out.html",
    "data_and_rights.html", "survey.html", "form_post.html", "front_channel.html", "sign_out.html",
    "phone_choose.html", "phone_idle.html", "phone_pin.html", "phone_numbers.html", "phone_result.html",
    "phone_activation_home.html", "phone_activation_terms.html", "phone_activation_choice.html",
    "phone_activation_ask.html", "phone_activation_contacts.html", "phone_activation_sent.html",
    "phone_activation_scan.html", "phone_activation_link.html", "phone_activation_sms.html",
    "phone_activation_code.html", "phone_activation_pin.html", "phone_activation_done.html",
    "phone_activation_refused.html", "phone_activation_show.html", "order.html", "outbox_message.html",
    "account.html", "activation_qr.html", "activation_code.html",
    "card_code.html", "card_done.html", "card_trouble.html", "ssl_test.html", "desk.html", "diagnostic.html", "gestion.html",
    "service_home.html", "service_decision.html",
    "index.html", "faults.html", "outbox.html", "lookalike_comment.html",
);

const ASSETS: &[(&str, &str)] = &embedded!("assets":
    "psc.css", "phone.css", "service.css", "wait.js", "phone.js", "phone-key.js", "phone-scan.js", "tabs.js", "leave.js",
    "follow.js",
    "spa.js", "guide.css", "awkward.css", "awkward.js",
);

/// The loaded templates: every set of login pages, and which one is served.
pub(crate) struct Pages {
    sets: Vec<(TemplateSet, Environment<'static>)>,
    first: TemplateSet,
    current: Mutex<TemplateSet>,
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
    name: String,
    cause: minijinja::Error,
}

fn environment(set: TemplateSet) -> Result<Environment<'static>, LoadPagesError> {
    let mut environment = Environment::new();
    // A value that a template expects and does not get is a mistake of ours and must not pass as an empty text.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let kinds = TEMPLATES.iter().filter(|(name, _)| KINDS.iter().any(|kind| kind.file == *name));
    let replaced = kinds.map(|(name, text)| (format!("forms/{name}"), *text));
    let plain = TEMPLATES.iter().chain(set.pages()).map(|(name, text)| ((*name).to_owned(), *text));
    for (name, text) in replaced.chain(plain) {
        environment.add_template_owned(name.clone(), text).map_err(|cause| LoadPagesError { name, cause })?;
    }
    Ok(environment)
}

impl Pages {
    /// Loads the embedded templates; `first` is served until another set is asked for.
    pub(crate) fn built_in(first: TemplateSet) -> Result<Self, LoadPagesError> {
        let mut sets = Vec::new();
        for set in TemplateSet::BUILT_IN {
            sets.push((set, environment(set)?));
        }
        Ok(Self { sets, first, current: Mutex::new(first), own_assets: Vec::new() })
    }

    /// One more set, served from the start: own pages in the place of the plain ones, each checked and tried.
    pub(crate) fn with(mut self, files: Files) -> Result<Self, ReadTemplatesError> {
        let (pages, assets): (Vec<_>, Vec<_>) = files.0.into_iter().partition(|(name, _)| name.ends_with(".html"));
        let mut environment = self.environment(TemplateSet::Forms).cloned().unwrap_or_default();
        for (name, text) in pages {
            environment
                .add_template_owned(name.clone(), text)
                .map_err(|error| ReadTemplatesError::form(&name, &error))?;
            let template = environment.get_template(&name).map_err(|error| ReadTemplatesError::form(&name, &error))?;
            if let Some(kind) = KINDS.iter().find(|kind| kind.file == name) {
                templates::check(kind, &template)?;
            }
        }
        self.sets.push((TemplateSet::Own, environment));
        self.own_assets = assets;
        self.first = TemplateSet::Own;
        self.select(TemplateSet::Own);
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

    fn environment(&self, set: TemplateSet) -> Option<&Environment<'static>> {
        self.sets.iter().find(|(known, _)| *known == set).map(|(_, environment)| environment)
    }

    /// The set that was served when the sandbox started.
    #[must_use]
    pub(crate) fn first(&self) -> TemplateSet {
        self.first
    }

    /// Whether this set can be served.
    #[must_use]
    pub(crate) fn has(&self, set: TemplateSet) -> bool {
        self.environment(set).is_some()
    }

    /// From now on pages come from this set.
    pub(crate) fn select(&self, set: TemplateSet) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = set;
    }

    fn current(&self) -> TemplateSet {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Renders a page.
    pub(crate) fn render(&self, name: &str, status: StatusCode, values: Value) -> Result<Response, Failure> {
        let html = self
            .environment(self.current())
            .ok_or(Failure::Page)?
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
        let own = self.own_assets.iter().filter(|_| self.current() == TemplateSet::Own);
        let own = own.into_iter().find(|(known, _)| known == name).map(|(_, text)| text.clone());
        let built_in = || ASSETS.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
        let text = own.or_else(built_in)?;
        let kind = if name.ends_with(".css") { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" };
        Some(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built_in() -> Pages {
        Pages::built_in(TemplateSet::Forms).unwrap()
    }

    #[test]
    fn built_in_pages_keep_to_the_table() {
        let text = |name: &str| TEMPLATES.iter().find(|(known, _)| *known == name).unwrap().1.to_owned();
        let own = Files(KINDS.iter().map(|kind| (kind.file.to_owned(), text(kind.file))).collect());
        // The pages with tabs draw them through an include, whose placeholders the check does not see but the trial does.
        built_in().with(own).unwrap();
    }

    #[test]
    fn every_set_draws_every_kind_of_page() {
        let pages = built_in();
        for set in TemplateSet::BUILT_IN {
            for kind in KINDS {
                let template = pages.environment(set).unwrap().get_template(kind.file).unwrap();
                templates::try_out(kind, &template).unwrap_or_else(|error| panic!("{}: {error}", set.word()));
            }
            for (name, text) in set.pages() {
                if let Some(kind) = KINDS.iter().find(|kind| kind.file == *name)
                    && !text.contains("super()")
                {
                    let template = pages.environment(set).unwrap().get_template(name).unwrap();
                    templates::check(kind, &template).unwrap_or_else(|error| panic!("{}: {error}", set.word()));
                }
            }
        }
    }

    #[test]
    fn own_pages_are_refused_by_name() {
        let refused = |name: &str, text: &str, says: &str| {
            let files = Files(vec![(name.to_owned(), text.to_owned())]);
            let message = built_in().with(files).unwrap_err().to_string();
            assert!(message.contains(name) && message.contains(says), "{message}");
            assert_eq!(message.lines().count(), 1, "{message}");
        };
        refused("number.html", "{{ number }}{{ csrf }}", "{{ login }}");
        refused("identifier.html", "{{ action }}{{ csrf }}{{ pin }}", "{{ pin }}");
        refused("portal.html", "<p>\n{{ oops", "line 2");
        refused("signed_out.html", "{% extends \"none.html\" %}", "line 1");
        refused("error.html", "{{ message }}{{ help }}{{ retry.action }}", "line 1");
        built_in().with(Files(vec![("portal.html".into(), "<p>Bonjour</p>".into())])).unwrap();
    }

    #[test]
    fn pages_need_nothing_from_outside() {
        let sets = TemplateSet::BUILT_IN.into_iter().flat_map(TemplateSet::pages);
        for (name, text) in TEMPLATES.iter().chain(ASSETS).chain(sets) {
            for foreign in ["https://", "http://", "style=\"", "onclick", "<script>", "<style"] {
                assert!(!text.contains(foreign), "{name} contains {foreign}");
            }
        }
    }
}
