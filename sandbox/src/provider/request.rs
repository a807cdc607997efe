//! Reading an authorization request.
//!
//! Order matters: until client and redirect URI are proved, an error may only be shown to the person; afterwards it goes
//! back to the service (RFC 6749 §4.1.2.1, OpenID Connect Core 3.1.2.6). PSC's own rules come on top: `scope_all` and
//! `acr_values` are mandatory (psc-facts §1.5).
//!
//! Not offered, and said so with the error that the standards name: a `request_uri` that was not pushed here before,
//! `registration`, other response types and modes.

pub(crate) mod object;

use serde::{Deserialize, Serialize};

use crate::clients::{Client, Clients};
use crate::encoding::{fingerprint, from_base64url, same};
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

/// Levels that exist, lowest first.
pub(crate) const LEVELS: [&str; 3] = ["eidas1", "eidas2", "eidas3"];

/// Longest `state` or `nonce` that is carried along. Not published; real ones have less than 200 characters.
const MAX_CARRIED: usize = 1024;

/// Longest `login_hint` that is put into the field: more than any national identifier.
const MAX_HINT: usize = 40;

/// Which `acr_values` are taken. PSC takes eidas1 and nothing else (psc-facts §1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LevelsAsked {
    /// As today.
    Eidas1,
    /// As it could be once more levels may be asked for.
    Any,
}

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

/// How the answer travels back (OAuth 2.0 Multiple Response Type Encoding Practices; OAuth 2.0 Form Post Response Mode).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseMode {
    /// In the query of the redirect URI.
    Query,
    /// In its fragment.
    Fragment,
    /// In a form that the browser posts there.
    FormPost,
}

/// Where an answer goes. The redirect URI is a proved one.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ReplyTo {
    /// One of the client's own.
    pub redirect_uri: String,
    /// How.
    pub mode: ResponseMode,
    /// Returned unchanged.
    pub state: Option<String>,
}

/// PKCE (RFC 7636 §4.2).
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// base64url of the verifier's SHA-256.
    S256(String),
    /// The verifier itself. Published as supported, and of little use.
    Plain(String),
}

impl Challenge {
    /// Whether this is the verifier that the challenge was made from.
    #[must_use]
    pub(crate) fn is_met_by(&self, verifier: &str) -> bool {
        match self {
            Self::S256(challenge) => same(challenge, &fingerprint(verifier)),
            Self::Plain(challenge) => same(challenge, verifier),
        }
    }
}

/// What a request is read against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    /// The audience of a request object.
    pub issuer: &'a str,
    /// The time that a request object must be valid at.
    pub now_s: u64,
    /// Levels that may be asked for.
    pub levels: LevelsAsked,
}

/// Whether the service wants the person to confirm (`prompt=consent`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    /// It did not say so.
    NotAsked,
    /// It did.
    Asked,
}

/// A valid request. It names a registered client and one of that client's redirect URIs.
#[derive(Clone)]
pub(crate) struct AuthorizationRequest {
    /// The service.
    pub client_id: String,
    /// Where the answer goes.
    pub reply_to: ReplyTo,
    /// Granted scope, as asked.
    pub scope: String,
    /// Put into the ID token.
    pub nonce: Option<String>,
    /// PKCE challenge.
    pub challenge: Option<Challenge>,
    /// Whether to ask the person again.
    pub prompt: Prompt,
    /// Whether the person confirms before the service gets its answer.
    pub consent: Consent,
    /// Oldest acceptable authentication, in seconds.
    pub max_age: Option<u64>,
    /// The lowest level that was asked for.
    pub level: &'static str,
    /// What the field of the login page starts with.
    pub login_hint: Option<String>,
    /// An earlier ID token: only the person that it names will do.
    pub id_token_hint: Option<String>,
    /// Whether the service wants the person to come in through another identity provider (`kc_idp_hint`).
    pub delegated: bool,
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
        /// Where to.
        to: ReplyTo,
        /// OAuth error.
        error: &'static str,
        /// What is wrong.
        description: String,
    },
}

impl RefuseRequest {
    /// OAuth error and what is wrong, whoever reads it.
    pub(crate) fn into_words(self) -> (&'static str, String) {
        match self {
            Self::Show { error, description } | Self::SendBack { error, description, .. } => (error, description),
        }
    }
}

impl AuthorizationRequest {
    /// Reads and checks a request; on success also returns the client.
    pub(crate) fn parse<'c>(
        params: &Params,
        clients: &'c Clients,
        rules: Rules<'_>,
    ) -> Result<(Self, &'c Client), RefuseRequest> {
        let show = |error, description: &str| RefuseRequest::Show { error, description: description.to_owned() };
        for name in ["client_id", "redirect_uri", "request"] {
            if params.is_repeated(name) {
                return Err(show("invalid_request", &format!("{name} is given more than once")));
            }
        }
        let client_id = params.value("client_id").ok_or_else(|| show("invalid_request", "client_id is missing"))?;
        let client = clients
            .find(client_id)
            .ok_or_else(|| show("unauthorized_client", "this client_id is not registered in the sandbox"))?;
        let whole = match params.value("request") {
            None => Ok(None),
            Some(object) => object::read(object, params, client, rules).map(Some),
        };
        let (params, wrong_object) = match &whole {
            Ok(Some(whole)) => (whole, None),
            Ok(None) => (params, None),
            Err(error) => (params, Some(error.to_string())),
        };
        let redirect_uri =
            params.value("redirect_uri").ok_or_else(|| show("invalid_request", "redirect_uri is missing"))?;
        if !client.may_redirect_to(redirect_uri) {
            return Err(show("invalid_request", "redirect_uri is not registered for this client_id"));
        }

        // From here on the service is proved and gets its own errors back.
        let state = if params.is_repeated("state") { None } else { params.value("state").map(str::to_owned) };
        let mode = match params.value("response_mode") {
            None | Some("query") => Some(ResponseMode::Query),
            Some("fragment") => Some(ResponseMode::Fragment),
            Some("form_post") => Some(ResponseMode::FormPost),
            Some(_) => None,
        };
        let reply_to = ReplyTo {
            redirect_uri: redirect_uri.to_owned(),
            mode: mode.unwrap_or(ResponseMode::Query),
            state: state.clone().filter(|state| state.len() <= MAX_CARRIED),
        };
        let back = |error: &'static str, description: &str| RefuseRequest::SendBack {
            to: reply_to.clone(),
            error,
            description: description.to_owned(),
        };
        if let Some(text) = wrong_object {
            return Err(back("invalid_request_object", &text));
        }
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
        for (name, error) in
            [("request_uri", "request_uri_not_supported"), ("registration", "registration_not_supported")]
        {
            if params.value(name).is_some() {
                return Err(back(error, &format!("{name} is not offered by the sandbox")));
            }
        }
        match params.value("response_type") {
            Some("code") => {}
            Some(_) => return Err(back("unsupported_response_type", "only response_type=code is offered")),
            None => return Err(back("invalid_request", "response_type is missing")),
        }
        if mode.is_none() {
            return Err(back("invalid_request", "response_mode must be query, fragment or form_post"));
        }
        let scope = params.value("scope").unwrap_or_default();
        let scopes: Vec<&str> = scope.split(' ').filter(|name| !name.is_empty()).collect();
        if let Some(missing) = ["openid", "scope_all"].into_iter().find(|name| !scopes.contains(name)) {
            return Err(back("invalid_scope", &format!("scope must contain {missing}")));
        }
        if scopes.iter().any(|name| !SCOPES.contains(name)) {
            return Err(back("invalid_scope", "scope names something that the provider does not know"));
        }
        let level =
            level_asked(params.value("acr_values"), rules.levels).map_err(|text| back("invalid_request", text))?;
        let nonce = params.value("nonce").map(str::to_owned);
        for (name, value) in [("state", &state), ("nonce", &nonce)] {
            if value.as_ref().is_some_and(|value| value.len() > MAX_CARRIED) {
                return Err(back("invalid_request", &format!("{name} is longer than {MAX_CARRIED} characters")));
            }
        }
        let challenge = challenge(params.value("code_challenge"), params.value("code_challenge_method"))
            .map_err(|text| back("invalid_request", text))?;
        let prompt = prompt(params.value("prompt")).map_err(|text| back("invalid_request", text))?;
        let consent = match params.value("prompt").unwrap_or_default().split(' ').any(|word| word == "consent") {
            true => Consent::Asked,
            false => Consent::NotAsked,
        };
        let max_age = match params.value("max_age").map(str::parse::<u64>) {
            None => None,
            Some(Ok(seconds)) => Some(seconds),
            Some(Err(_)) => return Err(back("invalid_request", "max_age is not a number of seconds")),
        };
        let request = Self {
            client_id: client_id.to_owned(),
            scope: scopes.join(" "),
            nonce,
            challenge,
            prompt,
            consent,
            max_age,
            level,
            login_hint: params.value("login_hint").filter(|hint| hint.len() <= MAX_HINT).map(str::to_owned),
            id_token_hint: params.value("id_token_hint").map(str::to_owned),
            delegated: params.value("kc_idp_hint").is_some(),
            reply_to,
        };
        Ok((request, client))
    }
}

/// The lowest level of `acr_values`: a person who reaches it may come in.
pub(crate) fn level_asked(values: Option<&str>, taken: LevelsAsked) -> Result<&'static str, &'static str> {
    let asked: Vec<&str> = values.unwrap_or_default().split(' ').filter(|level| !level.is_empty()).collect();
    if asked.is_empty() {
        return Err("acr_values is missing; ask for acr_values=eidas1");
    }
    if taken == LevelsAsked::Eidas1 && asked != ["eidas1"] {
        return Err("acr_values must be eidas1, whatever level the service wants to see in the token");
    }
    if asked.iter().any(|level| !LEVELS.contains(level)) {
        return Err("acr_values must be eidas1, eidas2 or eidas3");
    }
    LEVELS.into_iter().find(|level| asked.contains(level)).ok_or("acr_values must be eidas1")
}

fn challenge(challenge: Option<&str>, method: Option<&str>) -> Result<Option<Challenge>, &'static str> {
    match (challenge, method) {
        (None, None) => Ok(None),
        // RFC 7636 §4.2: base64url of a SHA-256 digest, 43 characters.
        (Some(challenge), Some("S256")) if from_base64url(challenge).is_some_and(|digest| digest.len() == 32) => {
            Ok(Some(Challenge::S256(challenge.to_owned())))
        }
        (Some(_), Some("S256")) => Err("code_challenge is not a SHA-256 digest in base64url"),
        // RFC 7636 §4.3: plain when no method is given. §4.1: 43 to 128 characters of a small alphabet.
        (Some(challenge), Some("plain") | None) if is_verifier(challenge) => {
            Ok(Some(Challenge::Plain(challenge.to_owned())))
        }
        (Some(_), Some("plain") | None) => Err("code_challenge is not a code verifier of 43 to 128 characters"),
        (Some(_), Some(_)) => Err("code_challenge_method must be S256 or plain"),
        (None, Some(_)) => Err("code_challenge is missing"),
    }
}

fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

fn prompt(values: Option<&str>) -> Result<Prompt, &'static str> {
    let asked: Vec<&str> = values.unwrap_or_default().split(' ').filter(|prompt| !prompt.is_empty()).collect();
    if asked.iter().any(|prompt| !["none", "login", "consent", "select_account"].contains(prompt)) {
        return Err("prompt has an unknown value");
    }
    // There is no page of consent: the person consents on the phone, where the service is named.
    match (asked.contains(&"none"), asked.len()) {
        (true, 1) => Ok(Prompt::None),
        (true, _) => Err("prompt=none stands alone"),
        (false, _) if asked.contains(&"login") || asked.contains(&"select_account") => Ok(Prompt::Login),
        (false, _) => Ok(Prompt::AsNeeded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::RedirectRule;

    const BASE: &str = "client_id=c&redirect_uri=http://127.0.0.1/cb&response_type=code&scope=openid+scope_all&acr_values=eidas1&state=s";

    fn parse(query: &str, levels: LevelsAsked) -> Result<AuthorizationRequest, RefuseRequest> {
        let clients =
            Clients::new(vec![Client::new("c", "x", "C", RedirectRule::AnyLoopback, RedirectRule::AnyLoopback)]);
        let params = Params::parse(query.as_bytes()).unwrap();
        let rules = Rules { issuer: "https://issuer.example", now_s: 1_000, levels };
        AuthorizationRequest::parse(&params, &clients, rules).map(|(request, _)| request)
    }

    /// `expected` is `show:<error>`, `back:<error>` or `ok`.
    fn check(query: &str, expected: &str) {
        check_with(query, LevelsAsked::Eidas1, expected);
    }

    fn check_with(query: &str, levels: LevelsAsked, expected: &str) {
        let found = match parse(query, levels) {
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
        check(&format!("{BASE}&request=x"), "back:invalid_request_object");
        check(&format!("{BASE}&request=x&request=y"), "show:invalid_request");
        check("client_id=c&request=x", "show:invalid_request");
        check(&format!("{BASE}&request_uri=x"), "back:request_uri_not_supported");
        check(&format!("{BASE}&response_mode=form_post"), "ok");
        check(&format!("{BASE}&response_mode=jwt"), "back:invalid_request");
        check(&BASE.replace("=code", "=token"), "back:unsupported_response_type");
        check(&BASE.replace("response_type=code&", ""), "back:invalid_request");
        check(&BASE.replace("+scope_all", ""), "back:invalid_scope");
        check(&BASE.replace("openid+", ""), "back:invalid_scope");
        check(&BASE.replace("scope_all", "scope_all+other"), "back:invalid_scope");
        check(&BASE.replace("eidas1", "eidas9"), "back:invalid_request");
        check(&BASE.replace("eidas1", ""), "back:invalid_request");
        check(&BASE.replace("eidas1", "eidas2"), "back:invalid_request");
        check(&BASE.replace("eidas1", "eidas1+eidas2"), "back:invalid_request");
        check_with(&BASE.replace("eidas1", "eidas2"), LevelsAsked::Any, "ok");
        check_with(&BASE.replace("eidas1", "eidas9"), LevelsAsked::Any, "back:invalid_request");
        check(&format!("{BASE}&code_challenge=abc&code_challenge_method=S256"), "back:invalid_request");
        check(&format!("{BASE}&code_challenge=abc&code_challenge_method=plain"), "back:invalid_request");
        check(&format!("{BASE}&code_challenge={}&code_challenge_method=plain", "v".repeat(43)), "ok");
        check(&format!("{BASE}&code_challenge={}", "v".repeat(43)), "ok");
        check(&format!("{BASE}&code_challenge={}&code_challenge_method=S512", "v".repeat(43)), "back:invalid_request");
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
    fn the_lowest_level_asked_for_will_do() {
        assert_eq!(level_asked(Some("eidas3 eidas2"), LevelsAsked::Any), Ok("eidas2"));
        assert_eq!(level_asked(Some("eidas1"), LevelsAsked::Eidas1), Ok("eidas1"));
    }

    #[test]
    fn challenges_are_met_by_their_verifier_only() {
        let s256 = Challenge::S256("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into());
        // RFC 7636, appendix B.
        assert!(s256.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!s256.is_met_by("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        assert!(Challenge::Plain("a".into()).is_met_by("a") && !Challenge::Plain("a".into()).is_met_by("b"));
    }

    #[test]
    fn a_long_state_is_not_sent_back() {
        match parse(&BASE.replace("state=s", &format!("state={}", "s".repeat(1025))), LevelsAsked::Eidas1) {
            Err(RefuseRequest::SendBack { to: ReplyTo { state: None, .. }, .. }) => {}
            _ => panic!("a long state came back"),
        }
    }
}
