//! The exact table of genuine hosts, and the verdict on an address.
//!
//! A host is genuine when it *equals* a host of the table, over https, on the default port, without userinfo. There is no
//! suffix rule that grants anything: a name under `.esante.gouv.fr` that the table lacks is [`Verdict::Family`], which is
//! neutral and fills nothing.
//!
//! Sources: the operator's connector and three independent integrations for the four current hosts; the names
//! `*.bas.esw.esante.gouv.fr` are retired (one no longer resolves) and deliberately absent.

use super::lookalike;

/// Which table of hosts a build accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// The two production hosts.
    Store,
    /// Also the national sandbox (BAS) and the local sandbox.
    Dev,
}

/// Where a genuine host belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Environment {
    /// The service that clinicians use.
    Production,
    /// The operator's sandbox, *bac à sable*.
    Bas,
    /// The sandbox of this project, on this machine.
    Local,
}

impl Environment {
    /// A stable lower-case name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Bas => "bas",
            Self::Local => "local",
        }
    }
}

/// An address as the edge parsed it (the browser's `URL`, the `url` crate).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UrlFacts<'a> {
    /// `https`, `http`, … in lower case, without the colon.
    pub scheme: &'a str,
    /// The host in lower case, in its ASCII form (`xn--…`). Unicode is accepted and judged the same way.
    pub host: &'a str,
    /// The port when it is not the default one of the scheme.
    pub port: Option<u16>,
    /// Whether something stood before an `@`.
    pub has_userinfo: bool,
}

/// How close an address is to Pro Santé Connect, from genuine to unrelated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// A host of the table, over https, default port.
    Exact(Environment),
    /// Another host of the operator or one that the guides name: neutral, nothing is filled or shown.
    Family,
    /// Made to be taken for Pro Santé Connect: red.
    Spoof,
    /// Close enough to be checked by a person: amber.
    Suspect,
    /// Nothing to say. Silence is not proof of safety.
    Unknown,
    /// Not an address that a login could have: no host, or a scheme other than http and https.
    Invalid,
}

impl Verdict {
    /// A stable lower-case name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact(_) => "exact",
            Self::Family => "family",
            Self::Spoof => "spoof",
            Self::Suspect => "suspect",
            Self::Unknown => "unknown",
            Self::Invalid => "invalid",
        }
    }

    /// The environment of a genuine host.
    #[must_use]
    pub fn environment(self) -> Option<Environment> {
        match self {
            Self::Exact(environment) => Some(environment),
            _ => None,
        }
    }
}

/// A verdict and the rule that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assessment {
    /// The verdict.
    pub verdict: Verdict,
    /// The stable code of the rule, see `code::TABLE`.
    pub code: &'static str,
}

/// A host of the exact table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GenuineHost {
    /// The host name, lower case, no trailing dot.
    pub host: &'static str,
    /// Where it belongs.
    pub environment: Environment,
}

/// Every host that any flavour calls genuine.
pub const GENUINE: &[GenuineHost] = &[
    GenuineHost { host: "wallet.esw.esante.gouv.fr", environment: Environment::Production },
    GenuineHost { host: "auth.esw.esante.gouv.fr", environment: Environment::Production },
    GenuineHost { host: "wallet.bas.psc.esante.gouv.fr", environment: Environment::Bas },
    GenuineHost { host: "auth.bas.psc.esante.gouv.fr", environment: Environment::Bas },
    GenuineHost { host: "wallet.psc.localhost", environment: Environment::Local },
    GenuineHost { host: "auth.psc.localhost", environment: Environment::Local },
];

/// The hosts that a flavour calls genuine.
pub fn genuine_hosts(flavour: Flavour) -> impl Iterator<Item = &'static GenuineHost> {
    GENUINE.iter().filter(move |row| match flavour {
        Flavour::Store => row.environment == Environment::Production,
        Flavour::Dev => true,
    })
}

/// Judges an address. Total: every input has a verdict and a code.
#[must_use]
pub fn assess(facts: &UrlFacts<'_>, flavour: Flavour) -> Assessment {
    if facts.host.len() > MAX_HOST {
        return Assessment { verdict: Verdict::Invalid, code: "URL-HOST" };
    }
    if !matches!(facts.scheme, "https" | "http") {
        return Assessment { verdict: Verdict::Invalid, code: "URL-SCHEME" };
    }
    // DNS does not tell capitals apart (RFC 4343); an edge that forgot to lower them must not turn a page into a forgery.
    let host = facts.host.to_ascii_lowercase();
    if !is_host(&host) {
        return Assessment { verdict: Verdict::Invalid, code: "URL-HOST" };
    }
    match GENUINE.iter().find(|row| row.host == host) {
        Some(row) => assess_genuine_host(facts, row, flavour),
        None => lookalike::assess(facts, &host),
    }
}

/// Labels that are not empty and hold no character that ends a host in a URL. A dot may stand at the end.
fn is_host(host: &str) -> bool {
    let ends_host = |c: char| {
        c.is_whitespace()
            || c.is_ascii_control()
            || matches!(c, '/' | '\\' | '@' | '?' | '#' | '%' | '<' | '>' | '^' | '|')
    };
    !host.contains(ends_host) && host.strip_suffix('.').unwrap_or(host).split('.').all(|label| !label.is_empty())
}

/// RFC 1035 section 2.3.4 allows 253 visible characters; Unicode hosts are measured in bytes all the same.
const MAX_HOST: usize = 253;

/// The host is right; the rest of the address must be right as well. Nobody of the operator serves a genuine name over http,
/// on another port or behind a user name, so such an address is amber: an attacker in the network, or a link that hides
/// something. The local sandbox is on this machine and may use any port.
fn assess_genuine_host(facts: &UrlFacts<'_>, row: &GenuineHost, flavour: Flavour) -> Assessment {
    let local = row.environment == Environment::Local;
    let (verdict, code) = if !genuine_hosts(flavour).any(|listed| listed == row) {
        (Verdict::Family, "URL-OTHER-FLAVOUR")
    } else if facts.has_userinfo {
        (Verdict::Suspect, "URL-USERINFO")
    } else if facts.scheme != "https" && !local {
        (Verdict::Suspect, "URL-HTTP")
    } else if !matches!(facts.port, None | Some(443)) && !local {
        (Verdict::Suspect, "URL-PORT")
    } else {
        (Verdict::Exact(row.environment), "URL-EXACT")
    };
    Assessment { verdict, code }
}
