//! Reading an authorization request.
//!
//! Order matters: until client and redirect URI are proved, an error may only be shown to the person; afterwards it goes
//! back to the service (RFC 6749 §4.1.2.1, OpenID Connect Core 3.1.2.6). PSC's own rules come on top: `scope_all` and
//! `acr_values` are mandatory (psc-facts §1.5).
//!
//! Not offered, and said so with the error that the standards name: `request`, `request_uri`, `registration`, other
//! response types and modes, PKCE `plain`.

use crate::clients::{Client, Clients};
use crate::encoding::from_base64url;
use crate::params::Params;

/// Scopes that the provider knows, from its discovery document.
pub(crate) const SCOPES: [&str; 20] = [
    "openid",
    "microprofile-jwt",
    "rpps",
    "referentiel",
    "web-origins",
    "basic",
    "identity",
    "acr",
    "offline_access",
    "eidas1",
    "profile",
    "roles",
    "email",
    "scope_all",
    "phone",
    "interop",
    "scope_1",
    "address",
    "scope_2",
    "eidas2",
];

/// Levels that may be asked for.
pub(crate) const LEVELS: [&str; 3] = ["eidas1", "eidas2", "eidas3"];

/// Longest `state` or `nonce` that is carried along. Not published; real ones have less than 200 characters.
const MAX_CARRIED: usize = 1024;

/// Whether the person must, may or must not be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// A live session is enough.
    AsNeeded,
    /// Ask in any case.
    Login,
    /// Never ask.
    None,
}

/// A valid request. It names a registered client and one of that client's redirect URIs.
#[derive(Clone)]
pub(crate) struct AuthorizationRequest {
    /// The service.
    pub client_id: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// Granted scope, as asked.
    pub scope: String,
    /// Returned unchanged.
    pub state: Option<String>,
    /// Put into the ID token.
    pub nonce: Option<String>,
    /// PKCE S256 challenge.
    pub code_challenge: Option<String>,
    /// Whether to ask the person again.
    pub prompt: Prompt,
    /// Oldest acceptable authentication, in seconds.
    pub max_age: Option<u64>,
}

/// A request that is not answered with a login page. No `Debug`: it may carry the service's `state`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum RefuseRequest {
    /// Shown to the person, because the service is not proved.
    Show {
        /// OAuth error.
        error: &'static str,
        /// What is wrong, for the integrator who reads the page.
        description: String,
    },
    /// Sent back to the service.
    SendBack {
        /// Proved redirect URI.
        redirect_uri: String,
        /// Returned unchanged.
        state: Option<String>,
        /// OAuth error.
        error: &'static str,
        /// What is wrong.
        description: String,
    },
}

impl AuthorizationRequest {
    /// Reads and checks a request; on success also returns the client.
    pub(crate) fn parse<'c>(params: &Params, clients: &'c Clients) -> Result<(Self, &'c Client), RefuseRequest> {
        let show = |error, description: &str| RefuseRequest::Show { error, description: description.to_owned() };
        for name in ["client_id", "redirect_uri"] {
            if params.is_repeated(name) {
                return Err(show("invalid_request", &format!("{name} is given more than once")));
            }
        }
        let client_id = params.value("client_id").ok_or_else(|| show("invalid_request", "client_id is missing"))?;
        let client = clients
            .find(client_id)
            .ok_or_else(|| show("unauthorized_client", "this client_id is not registered in the sandbox"))?;
        let redirect_uri =
            params.value("redirect_uri").ok_or_else(|| show("invalid_request", "redirect_uri is missing"))?;
        if !client.may_redirect_to(redirect_uri) {
            return Err(show("invalid_request", "redirect_uri is not registered for this client_id"));
        }

        // From here on the service is proved and gets its own errors back.
        let state = if params.is_repeated("state") { None } else { params.value("state").map(str::to_owned) };
        let back = |error: &'static str, description: &str| RefuseRequest::SendBack {
            redirect_uri: redirect_uri.to_owned(),
            state: state.clone().filter(|state| state.len() <= MAX_CARRIED),
            error,
            description: description.to_owned(),
        };
        if let Some(name) = params.repeated() {
            // RFC 6749 §3.1. The name is not repeated: it may be anything.
            let known = ["state", "scope", "response_type", "nonce", "acr_values", "code_challenge"].contains(&name);
            let text = if known {
                format!("{name} is given more than once")
            } else {
                "a parameter is given more than once".into()
            };
            return Err(back("invalid_request", &text));
        }
        for (name, error) in [
            ("request", "request_not_supported"),
            ("request_uri", "request_uri_not_supported"),
            ("registration", "registration_not_supported"),
        ] {
            if params.value(name).is_some() {
                return Err(back(error, &format!("{name} is not offered by the sandbox")));
            }
        }
        match params.value("response_type") {
            Some("code") => {}
            Some(_) => return Err(back("unsupported_response_type", "only response_type=code is offered")),
            None => return Err(back("invalid_request", "response_type is missing")),
        }
        if !matches!(params.value("response_mode"), None | Some("query")) {
            return Err(back("invalid_request", "only response_mode=query is offered"));
        }
        let scope = params.value("scope").unwrap_or_default();
        let scopes: Vec<&str> = scope.split(' ').filter(|name| !name.is_empty()).collect();
        if let Some(missing) = ["openid", "scope_all"].into_iter().find(|name| !scopes.contains(name)) {
            return Err(back("invalid_scope", &format!("scope must contain {missing}")));
        }
        if scopes.iter().any(|name| !SCOPES.contains(name)) {
            return Err(back("invalid_scope", "scope names something that the provider does not know"));
        }
        let levels: Vec<&str> =
            params.value("acr_values").unwrap_or_default().split(' ').filter(|level| !level.is_empty()).collect();
        if levels.is_empty() {
            return Err(back("invalid_request", "acr_values is missing; ask for acr_values=eidas1"));
        }
        if levels.iter().any(|level| !LEVELS.contains(level)) {
            return Err(back("invalid_request", "acr_values must be eidas1, eidas2 or eidas3"));
        }
        let nonce = params.value("nonce").map(str::to_owned);
        for (name, value) in [("state", &state), ("nonce", &nonce)] {
            if value.as_ref().is_some_and(|value| value.len() > MAX_CARRIED) {
                return Err(back("invalid_request", &format!("{name} is longer than {MAX_CARRIED} characters")));
            }
        }
        let code_challenge = match (params.value("code_challenge"), params.value("code_challenge_method")) {
            (None, None) => None,
            // RFC 7636 §4.2: base64url of a SHA-256 digest, 43 characters.
            (Some(challenge), Some("S256")) if from_base64url(challenge).is_some_and(|digest| digest.len() == 32) => {
                Some(challenge.to_owned())
            }
            (Some(_), Some("S256")) => {
                return Err(back("invalid_request", "code_challenge is not a SHA-256 digest in base64url"));
            }
            (Some(_), _) => return Err(back("invalid_request", "only code_challenge_method=S256 is accepted")),
            (None, Some(_)) => return Err(back("invalid_request", "code_challenge is missing")),
        };
        let prompts: Vec<&str> =
            params.value("prompt").unwrap_or_default().split(' ').filter(|prompt| !prompt.is_empty()).collect();
        if prompts.iter().any(|prompt| !["none", "login", "consent", "select_account"].contains(prompt)) {
            return Err(back("invalid_request", "prompt has an unknown value"));
        }
        let prompt = match (prompts.contains(&"none"), prompts.len()) {
            (true, 1) => Prompt::None,
            (true, _) => return Err(back("invalid_request", "prompt=none stands alone")),
            (false, _) if prompts.contains(&"login") || prompts.contains(&"select_account") => Prompt::Login,
            (false, _) => Prompt::AsNeeded,
        };
        let max_age = match params.value("max_age").map(str::parse::<u64>) {
            None => None,
            Some(Ok(seconds)) => Some(seconds),
            Some(Err(_)) => return Err(back("invalid_request", "max_age is not a number of seconds")),
        };
        let request = Self {
            client_id: client_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            scope: scopes.join(" "),
            state,
            nonce,
            code_challenge,
            prompt,
            max_age,
        };
        Ok((request, client))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::RedirectRule;

    const BASE: &str = "client_id=c&redirect_uri=http://127.0.0.1/cb&response_type=code&scope=openid+scope_all&acr_values=eidas1&state=s";

    fn parse(query: &str) -> Result<AuthorizationRequest, RefuseRequest> {
        let clients =
            Clients::new(vec![Client::new("c", "x", "C", RedirectRule::AnyLoopback, RedirectRule::AnyLoopback)]);
        let params = Params::parse(query.as_bytes()).unwrap();
        AuthorizationRequest::parse(&params, &clients).map(|(request, _)| request)
    }

    /// `expected` is `show:<error>`, `back:<error>` or `ok`.
    fn check(query: &str, expected: &str) {
        let found = match parse(query) {
            Ok(_) => "ok".to_owned(),
            Err(RefuseRequest::Show { error, .. }) => format!("show:{error}"),
            Err(RefuseRequest::SendBack { error, .. }) => format!("back:{error}"),
        };
        assert_eq!(found, expected, "{query}");
    }

    #[test]
    fn refusals_take_the_right_way() {
        check(BASE, "ok");
        check("", "show:invalid_request");
        check("client_id=other&redirect_uri=http://127.0.0.1/cb", "show:unauthorized_client");
        check("client_id=c", "show:invalid_request");
        check("client_id=c&redirect_uri=https://example.org/cb", "show:invalid_request");
        check(&format!("{BASE}&client_id=c"), "show:invalid_request");
        check(&format!("{BASE}&scope=openid"), "back:invalid_request");
        check(&format!("{BASE}&state=t"), "back:invalid_request");
        check(&format!("{BASE}&request=x"), "back:request_not_supported");
        check(&format!("{BASE}&request_uri=x"), "back:request_uri_not_supported");
        check(&format!("{BASE}&response_mode=form_post"), "back:invalid_request");
        check(&BASE.replace("=code", "=token"), "back:unsupported_response_type");
        check(&BASE.replace("response_type=code&", ""), "back:invalid_request");
        check(&BASE.replace("+scope_all", ""), "back:invalid_scope");
        check(&BASE.replace("openid+", ""), "back:invalid_scope");
        check(&BASE.replace("scope_all", "scope_all+other"), "back:invalid_scope");
        check(&BASE.replace("eidas1", "eidas9"), "back:invalid_request");
        check(&BASE.replace("eidas1", ""), "back:invalid_request");
        check(&BASE.replace("eidas1", "eidas2"), "ok");
        check(&BASE.replace("eidas1", "eidas3+eidas2"), "ok");
        check(&format!("{BASE}&code_challenge=abc&code_challenge_method=S256"), "back:invalid_request");
        check(&format!("{BASE}&code_challenge=abc&code_challenge_method=plain"), "back:invalid_request");
        check(&format!("{BASE}&code_challenge=abc"), "back:invalid_request");
        check(&format!("{BASE}&code_challenge_method=S256"), "back:invalid_request");
        check(
            &format!("{BASE}&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"),
            "ok",
        );
        check(&format!("{BASE}&prompt=none"), "ok");
        check(&format!("{BASE}&prompt=none+login"), "back:invalid_request");
        check(&format!("{BASE}&prompt=dance"), "back:invalid_request");
        check(&format!("{BASE}&max_age=soon"), "back:invalid_request");
        check(&format!("{BASE}&max_age=60"), "ok");
        check(&format!("{BASE}&nonce={}", "n".repeat(1025)), "back:invalid_request");
    }

    #[test]
    fn a_long_state_is_not_sent_back() {
        match parse(&BASE.replace("state=s", &format!("state={}", "s".repeat(1025)))) {
            Err(RefuseRequest::SendBack { state: None, .. }) => {}
            _ => panic!("a long state came back"),
        }
    }
}
