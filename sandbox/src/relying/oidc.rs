//! The OpenID Connect client of the demo services, on the `openidconnect` library.
//!
//! Discovery under PSC's own name, then code with `state`, `nonce` and PKCE S256; the library verifies the ID token
//! (signature, issuer, audience, nonce, times) and the subject of UserInfo. The one thing it leaves to its caller, `at_hash`,
//! is checked here. The library's own HTTP client is left out: requests go through the client that knows where the
//! sandbox's host names live.

use std::pin::Pin;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreErrorResponseType, CoreJsonWebKeySet,
    CoreProviderMetadata, CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AsyncHttpClient, AuthenticationContextClass, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RefreshToken, RequestTokenError, Scope, TokenResponse,
};

use super::Service;
use crate::app::App;
use crate::encoding::same;
use crate::params::Params;

/// The one level that may be asked for (psc-facts §1.5). What the service wants beyond it, it looks for in the token.
const LEVEL: &str = "eidas1";

/// What the service keeps while the person is at the provider.
pub(crate) struct Pending {
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// Whether the person is asked although a session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// `prompt=login`.
    Always,
    /// Nothing asked.
    AsNeeded,
}

/// A verified login, with what the decision point needs to verify it again.
pub(crate) struct VerifiedLogin {
    pub(crate) id_token: String,
    pub(crate) access_token: String,
    pub(crate) nonce: String,
    pub(crate) refresh_token: Option<String>,
    /// When the person proved who they are: earlier than now if a session of the provider answered.
    pub(crate) authenticated_ms: Option<u64>,
    pub(crate) sub: String,
    pub(crate) display_name: String,
}

/// What a refresh brings.
pub(crate) struct Newer {
    pub(crate) refresh_token: String,
    pub(crate) id_token: Option<String>,
}

/// Why a refresh brought nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefreshError {
    /// The provider says no: the session is over.
    Refused,
    /// The provider says nothing.
    Unreachable,
}

/// Why nobody was logged in. Messages never repeat what the provider or the browser sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LoginError {
    /// The browser brought back no login that this service started.
    #[error("no login was started in this browser, or it was started too long ago")]
    NotStarted,
    /// `state` differs.
    #[error("the answer does not belong to the login that was started")]
    State,
    /// `iss` differs (RFC 9207).
    #[error("the answer comes from another provider")]
    Issuer,
    /// The person or the phone said no.
    #[error("the login was refused, abandoned or not validated in time")]
    AccessDenied,
    /// The provider answered with another error.
    #[error("the provider refused the login request")]
    Provider,
    /// The provider cannot be reached or answers strangely.
    #[error("the provider cannot be reached")]
    Unreachable,
    /// The code was not redeemed.
    #[error("the provider did not give tokens")]
    Token,
    /// The ID token does not verify.
    #[error("the ID token does not verify")]
    IdToken,
    /// UserInfo is missing or names somebody else.
    #[error("the identity of the person could not be fetched")]
    UserInfo,
}

impl LoginError {
    /// Stable code.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NotStarted => "SBX-RP-NOT-STARTED",
            Self::State => "SBX-RP-STATE",
            Self::Issuer => "SBX-RP-ISSUER",
            Self::AccessDenied => "access_denied",
            Self::Provider => "SBX-RP-PROVIDER",
            Self::Unreachable => "SBX-RP-UNREACHABLE",
            Self::Token => "SBX-RP-TOKEN",
            Self::IdToken => "SBX-RP-ID-TOKEN",
            Self::UserInfo => "SBX-RP-USERINFO",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("the request could not be sent")]
    Send(#[from] reqwest::Error),
    #[error("the answer is longer than {MAX_ANSWER} bytes")]
    TooLong,
}

/// Largest answer that is read from the provider.
const MAX_ANSWER: usize = 256 * 1024;

/// The HTTP client that the library is handed: reqwest, with a bound on what it reads.
pub(crate) struct BoundedHttp(pub(crate) reqwest::Client);

impl<'c> AsyncHttpClient<'c> for BoundedHttp {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let mut answer = self.0.execute(reqwest::Request::try_from(request)?).await?;
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await? {
                body.extend_from_slice(&chunk);
                if body.len() > MAX_ANSWER {
                    return Err(HttpError::TooLong);
                }
            }
            let mut response = HttpResponse::new(body);
            *response.status_mut() = answer.status();
            *response.headers_mut() = answer.headers().clone();
            Ok(response)
        })
    }
}

async fn discover(app: &App) -> Result<CoreProviderMetadata, LoginError> {
    let http = &app.relying.http;
    let url = app.sites.realm(".well-known/wallet-openid-configuration");
    let mut request = HttpRequest::new(Vec::new());
    *request.uri_mut() = url.parse().map_err(|_| LoginError::Unreachable)?;
    let answer = http.call(request).await.map_err(|_| LoginError::Unreachable)?;
    let metadata: CoreProviderMetadata = serde_json::from_slice(answer.body()).map_err(|_| LoginError::Unreachable)?;
    let issuer = IssuerUrl::new(app.sites.issuer()).map_err(|_| LoginError::Unreachable)?;
    // OpenID Connect Discovery 4.3: the document must name the issuer that it was fetched for.
    if metadata.issuer() != &issuer {
        return Err(LoginError::Unreachable);
    }
    let keys = CoreJsonWebKeySet::fetch_async(metadata.jwks_uri(), http).await.map_err(|_| LoginError::Unreachable)?;
    Ok(metadata.set_jwks(keys))
}

/// Prepares the address of the login page.
pub(crate) async fn start(app: &App, service: Service, again: Again) -> Result<(String, Pending), LoginError> {
    let metadata = discover(app).await?;
    let redirect = RedirectUrl::new(service.callback(&app.sites)).map_err(|_| LoginError::Provider)?;
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(service.client_id().to_owned()), None)
        .set_redirect_uri(redirect);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("scope_all".to_owned()))
        .add_auth_context_value(AuthenticationContextClass::new(LEVEL.to_owned()))
        .set_display(CoreAuthDisplay::Page)
        .set_pkce_challenge(challenge);
    if again == Again::Always {
        request = request.add_prompt(CoreAuthPrompt::Login);
    }
    let (location, state, nonce) = request.url();
    Ok((location.into(), Pending { state, nonce, verifier }))
}

/// Takes the answer of the provider to a verified login.
pub(crate) async fn finish(
    app: &App,
    service: Service,
    pending: Option<Pending>,
    query: &[u8],
) -> Result<VerifiedLogin, LoginError> {
    let pending = pending.ok_or(LoginError::NotStarted)?;
    let params = Params::parse(query).map_err(|_| LoginError::Provider)?;
    if params.repeated().is_some() || !params.value("state").is_some_and(|state| same(pending.state.secret(), state)) {
        return Err(LoginError::State);
    }
    // RFC 9207 §2.4: the provider announces `iss`, so its absence is as wrong as another value.
    if params.value("iss") != Some(app.sites.issuer().as_str()) {
        return Err(LoginError::Issuer);
    }
    match params.value("error") {
        None => {}
        Some("access_denied") => return Err(LoginError::AccessDenied),
        Some(_) => return Err(LoginError::Provider),
    }
    let code = params.value("code").ok_or(LoginError::Provider)?;

    let metadata = discover(app).await?;
    let http = &app.relying.http;
    let secret = ClientSecret::new(app.relying.secret(service).to_owned());
    let redirect = RedirectUrl::new(service.callback(&app.sites)).map_err(|_| LoginError::Provider)?;
    let client =
        CoreClient::from_provider_metadata(metadata, ClientId::new(service.client_id().to_owned()), Some(secret))
            .set_redirect_uri(redirect);
    let tokens = client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .map_err(|_| LoginError::Token)?
        .set_pkce_verifier(pending.verifier)
        .request_async(http)
        .await
        .map_err(|_| LoginError::Token)?;

    let id_token = tokens.id_token().ok_or(LoginError::IdToken)?;
    let clock = app.store.clock().clone();
    let verifier = client.id_token_verifier().set_time_fn(move || {
        let now_ms = i64::try_from(clock.now_ms()).unwrap_or(i64::MAX);
        chrono::DateTime::from_timestamp_millis(now_ms).unwrap_or_default()
    });
    let claims = id_token.claims(&verifier, &pending.nonce).map_err(|_| LoginError::IdToken)?;
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = id_token.signing_alg().map_err(|_| LoginError::IdToken)?;
        let key = id_token.signing_key(&verifier).map_err(|_| LoginError::IdToken)?;
        let actual =
            AccessTokenHash::from_token(tokens.access_token(), algorithm, key).map_err(|_| LoginError::IdToken)?;
        if actual != *expected {
            return Err(LoginError::IdToken);
        }
    }
    let info: CoreUserInfoClaims = client
        .user_info(tokens.access_token().to_owned(), Some(claims.subject().to_owned()))
        .map_err(|_| LoginError::UserInfo)?
        .request_async(http)
        .await
        .map_err(|_| LoginError::UserInfo)?;
    let name = |claim: Option<String>| claim.unwrap_or_default();
    let given = name(info.given_name().and_then(|names| names.get(None)).map(|name| name.to_string()));
    let family = name(info.family_name().and_then(|names| names.get(None)).map(|name| name.to_string()));
    Ok(VerifiedLogin {
        id_token: id_token.to_string(),
        access_token: tokens.access_token().secret().clone(),
        nonce: pending.nonce.secret().clone(),
        refresh_token: tokens.refresh_token().map(|token| token.secret().clone()),
        authenticated_ms: claims.auth_time().and_then(|time| u64::try_from(time.timestamp_millis()).ok()),
        sub: claims.subject().to_string(),
        display_name: format!("{given} {family}").trim().to_owned(),
    })
}

/// Asks the provider for newer tokens, and so whether the session lives.
pub(crate) async fn refresh(app: &App, service: Service, token: String) -> Result<Newer, RefreshError> {
    let metadata = discover(app).await.map_err(|_| RefreshError::Unreachable)?;
    let secret = ClientSecret::new(app.relying.secret(service).to_owned());
    let id = ClientId::new(service.client_id().to_owned());
    let client = CoreClient::from_provider_metadata(metadata, id, Some(secret));
    let token = RefreshToken::new(token);
    let asked = client.exchange_refresh_token(&token).map_err(|_| RefreshError::Unreachable)?;
    let answer = asked.request_async(&app.relying.http).await.map_err(|error| match error {
        RequestTokenError::ServerResponse(said) if *said.error() == CoreErrorResponseType::InvalidGrant => {
            RefreshError::Refused
        }
        _ => RefreshError::Unreachable,
    })?;
    let refresh_token = answer.refresh_token().unwrap_or(&token).secret().clone();
    Ok(Newer { refresh_token, id_token: answer.id_token().map(ToString::to_string) })
}

/// Closes the session at the provider. A provider that does not answer changes nothing for the person.
pub(crate) async fn end_session(app: &App, id_token: &str) {
    let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("id_token_hint", id_token).finish();
    let sent = app
        .relying
        .http
        .0
        .post(app.sites.realm("protocol/openid-connect/logout"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await;
    if sent.is_err() {
        tracing::warn!("the provider could not be told about a logout");
    }
}
