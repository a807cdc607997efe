//! The authorization request that brings a person to Pro Santé Connect: which service asks, and since when.
//!
//! Seen by observing navigation requests to the genuine hosts, so also behind a redirect. Kept: the client id and the host to
//! which the person will be sent back. Not kept: the address itself, `state`, `nonce` or anything else in it.
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

/// The request, when this navigation is one.
#[must_use]
pub fn read(details: &RequestDetails, flavour: Flavour, now_ms: u64) -> Option<Request> {
    if details.frame_id != 0 {
        return None;
    }
    let (address, query) = address::parse(&details.url)?;
    let (redirect, _) = address::parse(&query.get("redirect_uri")?)?;
    describe(&address, &query.get("client_id")?, &redirect, flavour, now_ms)
}

fn describe(address: &Address, client_id: &str, redirect: &Address, flavour: Flavour, now_ms: u64) -> Option<Request> {
    let endpoint = address.path.trim_end_matches('/') == "/auth" || address.path == KEYCLOAK_PATH;
    let printable = !client_id.is_empty()
        && client_id.len() <= CLIENT_ID_BYTES
        && client_id.bytes().all(|byte| byte.is_ascii_graphic());
    // The wallet may pass a request on to Keycloak under its own name: the service is the one outside.
    if !endpoint
        || !printable
        || !address.is_genuine(flavour)
        || redirect.host.is_empty()
        || redirect.is_genuine(flavour)
    {
        return None;
    }
    Some(Request { service: redirect.host.clone(), client_id: client_id.to_owned(), since_ms: now_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: &str, path: &str) -> Address {
        Address { scheme: "https".into(), host: host.into(), port: None, has_userinfo: false, path: path.into() }
    }

    fn check(host: &str, path: &str, client_id: &str, expect: bool) {
        let seen = describe(&address(host, path), client_id, &address("smurtab.example", "/back"), Flavour::Store, 5);
        assert_eq!(seen.is_some(), expect, "{host}{path} {client_id}");
        if let Some(seen) = seen {
            assert_eq!(
                (seen.service.as_str(), seen.client_id.as_str(), seen.since_ms),
                ("smurtab.example", client_id, 5)
            );
        }
    }

    #[test]
    fn which_navigation_is_a_request() {
        let wallet = "wallet.esw.esante.gouv.fr";
        check(wallet, "/auth", "smurtab", true);
        check(wallet, "/auth/", "smurtab", true);
        check("auth.esw.esante.gouv.fr", KEYCLOAK_PATH, "smurtab", true);
        check(wallet, "/login-page", "smurtab", false);
        check(wallet, "/auth", "", false);
        check(wallet, "/auth", "two words", false);
        check(wallet, "/auth", &"x".repeat(81), false);
        check("wallet.esw.esante.gouv.fr.vigie-lookalike.test", "/auth", "smurtab", false);
    }
}
