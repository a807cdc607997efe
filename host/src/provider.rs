//! The way out to the provider: discovery, keys and UserInfo, and nothing else.
//!
//! One client for the process, no redirects, a time limit and a size cap on every answer. Keys are renewed in the background, so that no
//! login waits for them; only the first one after a start without a copy does. An unknown key id leads to at most one fetch in thirty
//! seconds, so that a flood of forged tokens does not become a flood at the provider. A provider that is down is bridged with the
//! last keys for a day, across restarts (`provider/copy.rs`), then logins are refused.
//!
//! What the answers mean is the verifier's business: keys and UserInfo leave here as text.
//!
//! Specification: OpenID Connect Discovery 1.0; PSC publishes its document under a name of its own (`psc-facts` 1.2).

mod copy;
mod fetch;

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use url::Url;
use verifier_core::token::{Jwks, ParseJwksError};

use crate::config::{Config, is_loopback};
use crate::metrics::Metrics;
use crate::problem::Explain;
use crate::service::Clock;
use copy::{Copies, Copy};
pub use fetch::BuildClientError;

/// PSC's name for its discovery document; the plain name leads to another authorization endpoint.
const DISCOVERY: &str = "/.well-known/wallet-openid-configuration";
/// A discovery document of PSC is about 7 kB, a key set with certificates about 6 kB, a full UserInfo about 4 kB.
const LARGEST_DISCOVERY: usize = 64 << 10;
const LARGEST_JWKS: usize = 128 << 10;
const LARGEST_USERINFO: usize = 64 << 10;

/// How often keys are fetched, and how long they serve.
#[derive(Debug, Clone)]
pub struct Pace {
    /// Keys are renewed in the background when they are this old.
    pub fresh: Duration,
    /// Two fetches are at least this far apart, whatever tokens come in.
    pub between: Duration,
    /// After a failure without any keys the next attempt may come sooner: nobody can log in meanwhile.
    pub retry: Duration,
    /// Keys older than this are not used any more.
    pub stale: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            fresh: Duration::from_secs(600),
            between: Duration::from_secs(30),
            retry: Duration::from_secs(1),
            stale: Duration::from_secs(24 * 3600),
        }
    }
}

/// Why the provider's word is missing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ProviderError {
    /// No connection, no answer in time, TLS refused.
    #[error("the provider {host} cannot be reached for its {what} ({reason})")]
    Unreachable {
        /// Host only, never a whole URL.
        host: String,
        /// "discovery document", "keys", "UserInfo".
        what: &'static str,
        /// "connection", "time limit", …
        reason: &'static str,
    },
    /// It answered, but not with what was asked.
    #[error("the provider {host} answered the request for its {what} with {reason}")]
    Answer {
        /// Host only.
        host: String,
        /// As above.
        what: &'static str,
        /// "status 500", "more than 65536 bytes", …
        reason: String,
    },
    /// The document speaks for somebody else.
    #[error("the discovery document names issuer {found:?}, but {expected:?} is configured")]
    Issuer {
        /// From the configuration.
        expected: String,
        /// From the document, cut.
        found: String,
    },
    /// The access token was refused at the UserInfo endpoint.
    #[error("the provider refused the access token at its UserInfo endpoint")]
    AccessTokenRefused,
}

impl Explain for ProviderError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "HTTP-PROVIDER-UNREACHABLE",
            Self::Answer { .. } => "HTTP-PROVIDER-ANSWER",
            Self::Issuer { .. } => "HTTP-PROVIDER-ISSUER",
            Self::AccessTokenRefused => "HTTP-ACCESS-TOKEN-REFUSED",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Unreachable { .. } => {
                "Check the network and proxy of this machine, and the state of the provider, then log in again.".into()
            }
            Self::Answer { .. } => "Try again in a minute; if it stays, tell the operator of this host.".into(),
            Self::Issuer { .. } => "Write the issuer exactly as the provider does, character by character.".into(),
            Self::AccessTokenRefused => {
                "An access token lives 120 s: send it as soon as it is received, and log in again.".into()
            }
        }
    }
}

/// All providers of a configuration, one per issuer.
pub struct Providers(BTreeMap<String, Arc<Provider>>);

/// One issuer.
pub struct Provider {
    issuer: String,
    /// Http endpoints on this machine are taken in development.
    development: bool,
    client: fetch::Client,
    pace: Pace,
    clock: Clock,
    copies: Copies,
    current: RwLock<Option<Arc<Keys>>>,
    metrics: Arc<Metrics>,
    /// Held while fetching, so that one fetch serves all who wait; holds the moment before which there is no other.
    not_before: Mutex<Option<Instant>>,
}

/// The provider's published keys and the endpoint that goes with them.
#[derive(Debug)]
pub struct Keys {
    /// JWK Set as JSON text.
    pub jwks: String,
    userinfo_endpoint: Option<Url>,
    fetched: Instant,
    /// Unix seconds. Two clocks, because one stands still while a machine sleeps and the other may be set.
    fetched_at: u64,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
}

impl Providers {
    /// One provider for each issuer in the configuration. Nothing is fetched yet; a copy of an earlier start is taken.
    ///
    /// # Errors
    /// The extra certificate authority cannot be used, or a redirection cannot work.
    pub fn new(config: &Config, pace: &Pace, clock: &Clock, metrics: &Arc<Metrics>) -> Result<Self, BuildClientError> {
        let rules = config.audiences.iter().filter_map(|audience| audience.login.as_ref());
        let issuers: Vec<&str> = rules.map(|rules| rules.issuer.as_str()).collect();
        let client = fetch::Client::new(config.development.as_ref(), config.proxy.as_ref(), &issuers)?;
        let copies = Copies::beside(&config.state);
        let mut all = BTreeMap::new();
        for issuer in issuers {
            all.entry(issuer.to_owned()).or_insert_with(|| {
                let provider = Provider {
                    issuer: issuer.to_owned(),
                    development: config.mode == crate::config::Mode::Development,
                    client: client.clone(),
                    pace: pace.clone(),
                    clock: Arc::clone(clock),
                    copies: copies.clone(),
                    current: RwLock::new(None),
                    metrics: Arc::clone(metrics),
                    not_before: Mutex::new(None),
                };
                let copy = provider.take_copy().map(Arc::new);
                Arc::new(Provider { current: RwLock::new(copy), ..provider })
            });
        }
        Ok(Self(all))
    }

    /// The provider of a configured issuer.
    pub fn of(&self, issuer: &str) -> Option<&Arc<Provider>> {
        self.0.get(issuer)
    }

    /// Writes down how old each issuer's keys are; nothing for an issuer whose keys were never fetched.
    pub fn observe(&self) {
        for (issuer, provider) in &self.0 {
            if let Some(keys) = provider.cached() {
                provider.metrics.keys_age(issuer, provider.age(&keys));
            }
        }
    }

    /// Renews the keys of every issuer from now on, until the set is dropped.
    pub fn renew_in_background(&self) -> JoinSet<()> {
        self.0.values().cloned().map(Provider::renew_forever).collect()
    }
}

impl Provider {
    fn cached(&self) -> Option<Arc<Keys>> {
        self.current.read().ok().and_then(|keys| keys.clone())
    }

    /// How old keys are, by whichever clock has seen more time pass.
    fn age(&self, keys: &Keys) -> Duration {
        keys.fetched.elapsed().max(Duration::from_secs((self.clock)().saturating_sub(keys.fetched_at)))
    }

    fn usable(&self) -> Option<Arc<Keys>> {
        self.cached().filter(|keys| self.age(keys) < self.pace.stale)
    }

    async fn renew_forever(self: Arc<Self>) {
        loop {
            let cached = self.cached();
            let age = cached.as_ref().map(|keys| self.age(keys));
            if let Some(rest) = age.and_then(|age| self.pace.fresh.checked_sub(age)).filter(|rest| !rest.is_zero()) {
                tokio::time::sleep(rest).await;
                continue;
            }
            match self.renew(cached.as_ref()).await {
                Ok(keys) if self.age(&keys) < self.pace.fresh => {}
                // Long enough not to trouble a provider in trouble, short enough that its return is noticed.
                _ => tokio::time::sleep(self.pace.between.max(self.pace.retry)).await,
            }
        }
    }

    /// The keys to verify with. Fetched here only when there are none that may still be used.
    ///
    /// # Errors
    /// There are none that may still be used.
    pub async fn keys(&self) -> Result<Arc<Keys>, ProviderError> {
        if let Some(keys) = self.usable() {
            return Ok(keys);
        }
        self.renew(self.cached().as_ref()).await
    }

    /// Other keys than those a token's key id was not among; `None` when it is too early to ask again or nothing changed.
    pub async fn keys_other_than(&self, seen: &Arc<Keys>) -> Option<Arc<Keys>> {
        let renewed = self.renew(Some(seen)).await.ok()?;
        (renewed.jwks != seen.jwks).then_some(renewed)
    }

    /// Fetches unless somebody else just did or it is too early.
    async fn renew(&self, seen: Option<&Arc<Keys>>) -> Result<Arc<Keys>, ProviderError> {
        let mut not_before = self.not_before.lock().await;
        let cached = self.cached();
        if let Some(newer) = cached.as_ref().filter(|cached| seen.is_none_or(|seen| !Arc::ptr_eq(seen, cached))) {
            return Ok(Arc::clone(newer));
        }
        if not_before.is_some_and(|moment| Instant::now() < moment) {
            return self.usable().ok_or_else(|| self.client.too_early(&self.issuer));
        }
        let fetched = self.fetch().await;
        self.metrics.keys_fetched(&self.issuer, fetched.as_ref().map_or_else(Explain::code, |_| "ok"));
        // With keys at hand there is no hurry: those who come with an unknown one are mostly forgers.
        let pause = if fetched.is_ok() || self.usable().is_some() { self.pace.between } else { self.pace.retry };
        *not_before = Instant::now().checked_add(pause);
        let keys = Arc::new(fetched.inspect_err(|error| {
            tracing::warn!(code = error.code(), %error, "keys could not be renewed");
        })?);
        if let Ok(mut current) = self.current.write() {
            *current = Some(Arc::clone(&keys));
        }
        self.keep_copy(&keys).await;
        Ok(keys)
    }

    async fn keep_copy(&self, keys: &Keys) {
        let copies = self.copies.clone();
        let copy = Copy {
            issuer: self.issuer.clone(),
            fetched_at: keys.fetched_at,
            userinfo_endpoint: keys.userinfo_endpoint.as_ref().map(Url::to_string),
            jwks: keys.jwks.clone(),
        };
        // It is said there when it cannot be kept.
        let _kept = tokio::task::spawn_blocking(move || copies.write(&copy)).await;
    }

    /// The keys of an earlier start, held to what a fetch is held to.
    fn take_copy(&self) -> Option<Keys> {
        let copy = self.copies.read(&self.issuer)?;
        // A copy from the future was made under another clock, so its age is not known.
        let age = Duration::from_secs((self.clock)().checked_sub(copy.fetched_at)?);
        let userinfo_endpoint = copy.userinfo_endpoint.map(|text| self.endpoint(&text, "UserInfo")).transpose().ok()?;
        let is_usable = age < self.pace.stale && is_key_set(&copy.jwks);
        // A machine that has not run for that long has no such moment; then only the other clock counts.
        let fetched = Instant::now().checked_sub(age).unwrap_or_else(Instant::now);
        is_usable.then_some(Keys { jwks: copy.jwks, userinfo_endpoint, fetched, fetched_at: copy.fetched_at })
    }

    async fn fetch(&self) -> Result<Keys, ProviderError> {
        let what = "discovery document";
        let url = self.endpoint(&format!("{}{DISCOVERY}", self.issuer), what)?;
        let text = self.client.get(&url, what, LARGEST_DISCOVERY, None).await?;
        let document: Document = serde_json::from_str(&text)
            .map_err(|_| answer(&url, what, "something that is not a discovery document"))?;
        if document.issuer != self.issuer {
            let found = document.issuer.chars().filter(|c| !c.is_control()).take(200).collect();
            return Err(ProviderError::Issuer { expected: self.issuer.clone(), found });
        }
        let what = "keys";
        let url = self.endpoint(&document.jwks_uri, what)?;
        let jwks = self.client.get(&url, what, LARGEST_JWKS, None).await?;
        if !is_key_set(&jwks) {
            return Err(answer(&url, what, "something that is not a JWK Set"));
        }
        let userinfo_endpoint = match document.userinfo_endpoint {
            Some(text) => Some(self.endpoint(&text, "UserInfo")?),
            None => None,
        };
        Ok(Keys { jwks, userinfo_endpoint, fetched: Instant::now(), fetched_at: (self.clock)() })
    }

    /// The person's attributes, as JSON text.
    ///
    /// # Errors
    /// The token is refused, or the endpoint does not answer with JSON.
    pub async fn userinfo(&self, keys: &Keys, access_token: &str) -> Result<String, ProviderError> {
        let what = "UserInfo";
        let Some(url) = &keys.userinfo_endpoint else {
            let issuer = self.endpoint(&self.issuer, what)?;
            return Err(answer(&issuer, what, "a discovery document that names no such endpoint"));
        };
        self.client.get(url, what, LARGEST_USERINFO, Some(access_token)).await
    }

    /// An endpoint is https; in development it may be http on this machine.
    fn endpoint(&self, text: &str, what: &'static str) -> Result<Url, ProviderError> {
        let refuse =
            |host: &str, reason: &str| ProviderError::Answer { host: host.to_owned(), what, reason: reason.to_owned() };
        let url = Url::parse(text).map_err(|_| refuse(&self.issuer, "an endpoint that is not a URL"))?;
        let allowed = url.scheme() == "https" || (self.development && url.scheme() == "http" && is_loopback(&url));
        if allowed { Ok(url) } else { Err(refuse(url.host_str().unwrap_or(""), "an endpoint that is not https")) }
    }
}

/// Only that the verifier could read it; which keys are good is its decision. Garbage does not take the place of keys that were good, but
/// a set that discloses a private key does: whoever read it can sign, so nobody may get in with what was there before either.
fn is_key_set(jwks: &str) -> bool {
    matches!(Jwks::parse(jwks), Ok(_) | Err(ParseJwksError::PrivateKey))
}

fn answer(url: &Url, what: &'static str, reason: &str) -> ProviderError {
    ProviderError::Answer { host: url.host_str().unwrap_or("").to_owned(), what, reason: reason.to_owned() }
}
