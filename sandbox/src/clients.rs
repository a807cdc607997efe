//! The services registered at the provider, and where they may send a browser back to.
//!
//! Redirect URIs are compared as exact strings (RFC 9700 §2.1), except for clients registered for *any loopback address*,
//! which is what a developer needs: scheme http or https, host 127.0.0.1, \[::1\] or localhost, any port, any path.

use url::{Host, Url};

use crate::encoding::same;

/// Where a client may be sent back to.
#[derive(Debug, Clone)]
pub(crate) enum RedirectRule {
    /// Only these strings.
    Exact(Vec<String>),
    /// Any URI on the loopback interface, without fragment.
    AnyLoopback,
}

/// One registered service.
#[derive(Clone)]
pub(crate) struct Client {
    id: String,
    secret: String,
    /// The name that the phone shows.
    name: String,
    redirects: RedirectRule,
    /// Where the browser may go after a logout.
    post_logout: RedirectRule,
    /// Whether it may ask a phone without a browser (CIBA).
    decoupled: Decoupled,
    /// SHA-256 of an own certificate that stands for the secret.
    certificate: Option<Vec<u8>>,
    /// How it learns that a session is over.
    told: Told,
}

/// Where a service wants to be told that a session is over. PSC announces both ways; nobody has seen it use them (psc-facts §1.9).
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    /// A logout token is posted there (OpenID Connect Back-Channel Logout 1.0).
    pub back_channel: Option<String>,
    /// The browser opens it in a frame (OpenID Connect Front-Channel Logout 1.0).
    pub front_channel: Option<String>,
}

/// Whether a service may start a login without a browser. PSC switches CIBA on per service (psc-facts §1.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decoupled {
    /// It may.
    Allowed,
    /// It may not.
    Refused,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Client")
            .field("id", &self.id)
            .field("redirects", &self.redirects)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Registers a service.
    #[must_use]
    pub(crate) fn new(id: &str, secret: &str, name: &str, redirects: RedirectRule, post_logout: RedirectRule) -> Self {
        Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
            name: name.to_owned(),
            redirects,
            post_logout,
            decoupled: Decoupled::Refused,
            told: Told::default(),
            certificate: None,
        }
    }

    /// The same service, told about closed sessions.
    #[must_use]
    pub(crate) fn told(self, told: Told) -> Self {
        Self { told, ..self }
    }

    /// Where it is told about closed sessions.
    #[must_use]
    pub(crate) fn tells(&self) -> &Told {
        &self.told
    }

    /// The same service, allowed to use CIBA or not.
    #[must_use]
    pub(crate) fn decoupled(self, decoupled: Decoupled) -> Self {
        Self { decoupled, ..self }
    }

    /// The same service, with an own certificate, by its SHA-256.
    #[must_use]
    pub(crate) fn with_certificate(self, digest: Option<Vec<u8>>) -> Self {
        Self { certificate: digest, ..self }
    }

    /// Whether this is the digest of its own certificate.
    #[must_use]
    pub(crate) fn has_certificate(&self, digest: &[u8]) -> bool {
        self.certificate.as_deref() == Some(digest)
    }

    /// Whether it may use CIBA.
    #[must_use]
    pub(crate) fn may_decouple(&self) -> Decoupled {
        self.decoupled
    }

    /// `client_id`.
    #[must_use]
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The name that the person reads on the phone.
    #[must_use]
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Compares the presented secret, in constant time.
    #[must_use]
    pub(crate) fn has_secret(&self, presented: &str) -> bool {
        same(&self.secret, presented)
    }

    /// The secret itself, for a token that is wrongly signed with it.
    #[must_use]
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// Whether a browser may be sent to `uri` with an answer.
    #[must_use]
    pub(crate) fn may_redirect_to(&self, uri: &str) -> bool {
        self.redirects.allows(uri)
    }

    /// Whether a browser may be sent to `uri` after a logout.
    #[must_use]
    pub(crate) fn may_leave_to(&self, uri: &str) -> bool {
        self.post_logout.allows(uri)
    }
}

impl RedirectRule {
    fn allows(&self, uri: &str) -> bool {
        match self {
            Self::Exact(list) => list.iter().any(|known| known == uri),
            Self::AnyLoopback => Url::parse(uri).is_ok_and(|url| {
                let loopback = match url.host() {
                    Some(Host::Ipv4(address)) => address.is_loopback(),
                    Some(Host::Ipv6(address)) => address.is_loopback(),
                    Some(Host::Domain(name)) => name == "localhost",
                    None => false,
                };
                loopback
                    && matches!(url.scheme(), "http" | "https")
                    && url.fragment().is_none()
                    && url.username().is_empty()
                    && url.password().is_none()
            }),
        }
    }
}

/// All registered services.
#[derive(Debug, Clone)]
pub(crate) struct Clients(Vec<Client>);

impl Clients {
    /// Registers these services.
    #[must_use]
    pub(crate) fn new(clients: Vec<Client>) -> Self {
        Self(clients)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Client> {
        self.0.iter()
    }

    /// The service with this `client_id`.
    #[must_use]
    pub(crate) fn find(&self, id: &str) -> Option<&Client> {
        self.0.iter().find(|client| client.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_means_loopback() {
        let check = |uri: &str, allowed: bool| assert_eq!(RedirectRule::AnyLoopback.allows(uri), allowed, "{uri}");
        check("http://127.0.0.1:8080/cb", true);
        check("https://localhost/cb?x=1", true);
        check("http://[::1]:9/cb", true);
        check("http://127.0.0.1.example.org/cb", false);
        check("http://localhost.example.org/cb", false);
        check("http://127.0.0.1@example.org/cb", false);
        check("http://user@127.0.0.1/cb", false);
        check("http://127.0.0.1/cb#frag", false);
        check("javascript:alert(1)", false);
        check("custom:127.0.0.1", false);
        check("//127.0.0.1/cb", false);
        check("", false);
    }

    #[test]
    fn exact_means_exact() {
        let rule = RedirectRule::Exact(vec!["https://smurtab.psc.localhost/cb".into()]);
        assert!(rule.allows("https://smurtab.psc.localhost/cb"));
        assert!(!rule.allows("https://smurtab.psc.localhost/cb/"));
        assert!(!rule.allows("https://SMURTAB.psc.localhost/cb"));
    }
}
