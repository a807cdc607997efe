//! An address that the browser parsed, and the verdict on it.
//!
//! The browser's own `URL` is the parser, so that what is judged is what the browser would visit. Not here: no verdict of
//! our own, [`verifier_core::page::assess`] gives it.

use verifier_core::page::{Assessment, Flavour, UrlFacts, Verdict, assess};

/// The parts of an address that are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Without the colon.
    pub scheme: String,
    /// Lower case, ASCII form.
    pub host: String,
    /// Only when it is not the default one of the scheme.
    pub port: Option<u16>,
    /// Whether something stood before an `@`.
    pub has_userinfo: bool,
    /// From the first slash, without query and fragment.
    pub path: String,
}

impl Address {
    /// Reads an origin as the browser writes it (`https://host` or `https://host:port`); nothing for an opaque one.
    #[must_use]
    pub fn from_origin(origin: &str) -> Option<Self> {
        let (scheme, rest) = origin.split_once("://")?;
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port.parse().ok()?)),
            _ => (rest, None),
        };
        let odd = |c: char| c == '/' || c == '@' || c == '?' || c == '#' || c == '\\' || c.is_whitespace();
        if scheme.is_empty() || host.is_empty() || host.contains(odd) {
            return None;
        }
        Some(Self { scheme: scheme.to_owned(), host: host.to_owned(), port, has_userinfo: false, path: String::new() })
    }

    /// The verdict of the core.
    #[must_use]
    pub fn assess(&self, flavour: Flavour) -> Assessment {
        let facts =
            UrlFacts { scheme: &self.scheme, host: &self.host, port: self.port, has_userinfo: self.has_userinfo };
        assess(&facts, flavour)
    }

    /// Whether the core calls it genuine.
    #[must_use]
    pub fn is_genuine(&self, flavour: Flavour) -> bool {
        matches!(self.assess(flavour).verdict, Verdict::Exact(_))
    }
}

/// Parses with the browser's `URL`.
#[must_use]
pub fn parse(text: &str) -> Option<(Address, web_sys::UrlSearchParams)> {
    let url = web_sys::Url::new(text).ok()?;
    let port = url.port();
    let address = Address {
        scheme: url.protocol().trim_end_matches(':').to_owned(),
        host: url.hostname(),
        port: if port.is_empty() { None } else { port.parse().ok() },
        has_userinfo: !url.username().is_empty() || !url.password().is_empty(),
        path: url.pathname(),
    };
    Some((address, url.search_params()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        let check = |origin: &str, expect: Option<(&str, &str, Option<u16>)>| {
            let read = Address::from_origin(origin);
            assert_eq!(read.as_ref().map(|a| (a.scheme.as_str(), a.host.as_str(), a.port)), expect, "{origin}");
        };
        check("https://wallet.esw.esante.gouv.fr", Some(("https", "wallet.esw.esante.gouv.fr", None)));
        check("https://localhost:8443", Some(("https", "localhost", Some(8443))));
        check("https://[::1]:8443", Some(("https", "[::1]", Some(8443))));
        check("https://[::1]", Some(("https", "[::1]", None)));
        for opaque in [
            "null",
            "",
            "https://",
            "://x",
            "https://a@b",
            "https://a/b",
            "https://a:b",
            "https://a:99999",
            "https://a b",
        ] {
            check(opaque, None);
        }
    }

    #[test]
    fn only_the_exact_origin_is_genuine() {
        let check = |origin: &str, flavour: Flavour, expect: bool| {
            let genuine = Address::from_origin(origin).is_some_and(|address| address.is_genuine(flavour));
            assert_eq!(genuine, expect, "{origin}");
        };
        check("https://wallet.esw.esante.gouv.fr", Flavour::Store, true);
        check("https://auth.esw.esante.gouv.fr", Flavour::Store, true);
        check("http://wallet.esw.esante.gouv.fr", Flavour::Store, false);
        check("https://wallet.esw.esante.gouv.fr:8443", Flavour::Store, false);
        check("https://wallet.esw.esante.gouv.fr.", Flavour::Store, false);
        check("https://wallet.esw.esante.gouv.fr.vigie-lookalike.test", Flavour::Dev, false);
        check("https://wallet.bas.psc.esante.gouv.fr", Flavour::Store, false);
        check("https://wallet.bas.psc.esante.gouv.fr", Flavour::Dev, true);
        check("https://wallet.psc.localhost", Flavour::Store, false);
        check("null", Flavour::Dev, false);
    }
}
