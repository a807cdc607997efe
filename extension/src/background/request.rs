//! The authorization request that brings a person to Pro Santé Connect: which service asks, and since when.
//!
//! Seen by observing navigation requests to the genuine hosts, so also behind a redirect. Kept: the client id and the host to
//! which the person will be sent back. Not kept: the address itself, `state`, `nonce` or anything else in it.
//!
//! A request may say who asks in its body (POST), in a reference (RFC 9126) or in an object (RFC 9101). The body of a request
//! is not read here, so that such a login belongs to nobody known; least of all to the service of the login before.
//!
//! Endpoints: <https://{wallet}/auth> with and without a final slash, and Keycloak's own path (psc-facts 1.2).

use verifier_core::page::Flavour;

use crate::address::{self, Address};
use crate::tab::Request;
use crate::tab::words::Trouble;

/// A step of a navigation, as the browser describes it.
#[derive(Debug)]
pub struct RequestDetails {
    /// The tab that navigates.
    pub tab_id: i32,
    /// Zero for the top frame.
    pub frame_id: i32,
    /// Where to.
    pub url: String,
    /// The HTTP status, once there is one.
    pub status: Option<u16>,
    /// The browser's name for what went wrong, if something did.
    pub error: Option<String>,
}

impl RequestDetails {
    /// What became of a navigation that has ended; `None` while it has not.
    #[must_use]
    pub fn ending(&self) -> Option<Option<Trouble>> {
        match (&self.error, self.status) {
            (Some(error), _) => Some(Trouble::of_error(error)),
            (None, Some(status)) => Some(Trouble::of_status(status)),
            (None, None) => None,
        }
    }
}

/// Longest client id that is shown; those that are published have fewer than 40 characters.
const CLIENT_ID_BYTES: usize = 80;

/// Keycloak's authorization endpoint in the PSC realm.
const KEYCLOAK_PATH: &str = "/auth/realms/esante-wallet/protocol/openid-connect/auth";

/// Who asks for a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A service that the address names.
    By(Request),
    /// Somebody whom the address does not name.
    Unnamed,
}

impl Asked {
    /// What is known of the request.
    #[must_use]
    pub fn request(self) -> Option<Request> {
        match self {
            Self::By(request) => Some(request),
            Self::Unnamed => None,
        }
    }
}

/// Who asks by this navigation; `None` when it begins no login.
#[must_use]
pub fn read(details: &RequestDetails, flavour: Flavour, now_ms: u64) -> Option<Asked> {
    let (address, query) = address::parse(&details.url).filter(|_| details.frame_id == 0)?;
    let redirect = query.get("redirect_uri").and_then(|uri| address::parse(&uri)).map(|(redirect, _)| redirect);
    describe(&address, query.get("client_id"), redirect, flavour, now_ms)
}

fn describe(
    address: &Address,
    client_id: Option<String>,
    redirect: Option<Address>,
    flavour: Flavour,
    now_ms: u64,
) -> Option<Asked> {
    let endpoint = address.path.trim_end_matches('/') == "/auth" || address.path == KEYCLOAK_PATH;
    // The wallet may pass a request on to Keycloak under its own name: the service is the one outside, known by now or not.
    let passed_on = redirect.as_ref().is_some_and(|redirect| redirect.is_genuine(flavour));
    if !endpoint || passed_on || !address.is_genuine(flavour) {
        return None;
    }
    Some(match (client_id, redirect) {
        (Some(client_id), Some(redirect)) if is_printable(&client_id) && !redirect.host.is_empty() => {
            Asked::By(Request { service: redirect.host, client_id, since_ms: now_ms })
        }
        _ => Asked::Unnamed,
    })
}

fn is_printable(client_id: &str) -> bool {
    (1..=CLIENT_ID_BYTES).contains(&client_id.len()) && client_id.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: &str, path: &str) -> Address {
        Address { scheme: "https".into(), host: host.into(), port: None, has_userinfo: false, path: path.into() }
    }

    const WALLET: &str = "wallet.esw.esante.gouv.fr";

    fn asked(host: &str, path: &str, client_id: Option<&str>, back: Option<&str>) -> Option<Asked> {
        let redirect = back.map(|host| address(host, "/back"));
        describe(&address(host, path), client_id.map(str::to_owned), redirect, Flavour::Store, 5)
    }

    #[test]
    fn which_navigation_is_a_request() {
        let check = |host: &str, path: &str, expect: bool| {
            let seen = asked(host, path, Some("smurtab"), Some("smurtab.example"));
            let request = Request { service: "smurtab.example".into(), client_id: "smurtab".into(), since_ms: 5 };
            assert_eq!(seen, expect.then_some(Asked::By(request)), "{host}{path}");
        };
        check(WALLET, "/auth", true);
        check(WALLET, "/auth/", true);
        check("auth.esw.esante.gouv.fr", KEYCLOAK_PATH, true);
        check(WALLET, "/login-page", false);
        check(WALLET, "/auth/mire/1", false);
        check("wallet.esw.esante.gouv.fr.vigie-lookalike.test", "/auth", false);
    }

    #[test]
    fn a_request_that_does_not_say_who_asks_is_nobodys() {
        let check = |client_id: Option<&str>, back: Option<&str>, expect: Option<Asked>| {
            assert_eq!(asked(WALLET, "/auth", client_id, back), expect, "{client_id:?} {back:?}");
        };
        // By POST; pushed or as an object, with the client beside it.
        check(None, None, Some(Asked::Unnamed));
        check(Some("smurtab"), None, Some(Asked::Unnamed));
        check(None, Some("smurtab.example"), Some(Asked::Unnamed));
        for odd in ["", "two words", &"x".repeat(81)] {
            check(Some(odd), Some("smurtab.example"), Some(Asked::Unnamed));
        }
        check(Some("smurtab"), Some(""), Some(Asked::Unnamed));
        // Passed on by the wallet: whoever asked before asks still.
        check(Some("wallet"), Some(WALLET), None);
        assert_eq!(asked("wallet.esw.esante.gouv.fr.vigie-lookalike.test", "/auth", None, None), None);
        assert_eq!(asked(WALLET, "/login-page", None, None), None);
    }
}
