//! A relying party as configured: which tokens are for it, who may ask in its name, which policies answer.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use url::Url;

use super::wire::{self, CnfEncoding, Level, UserinfoMode};
use super::{ConfigError, Secret, value};
use crate::digest::Digest;

/// One relying party.
#[derive(Debug)]
pub struct Audience {
    /// Name in logs, answers and metrics.
    pub id: String,
    /// Exact `iss`.
    pub issuer: String,
    /// Exact `aud` of the ID token.
    pub client_id: String,
    /// What the relying party's server presents as bearer.
    pub caller_secret: Secret,
    /// Lowest accepted `acr`.
    pub min_acr: Level,
    /// Seconds, at most 30.
    pub clock_skew_s: u32,
    /// Longest time since `auth_time`, in seconds.
    pub max_auth_age_s: Option<u64>,
    /// How `cnf` must be encoded.
    pub cnf_encoding: CnfEncoding,
    /// A token that is not bound to a client certificate is refused.
    pub require_cnf: bool,
    /// Where UserInfo comes from.
    pub userinfo: UserinfoMode,
    /// In the order of the file; at least one is required.
    pub policies: Vec<Policy>,
}

/// One policy of one relying party.
#[derive(Debug)]
pub struct Policy {
    /// Name in logs and answers, unique within the audience.
    pub id: String,
    /// File to read.
    pub component: PathBuf,
    /// SHA-256 the file must have.
    pub digest: Digest,
    /// What its word counts for.
    pub role: PolicyRole,
    /// JSON text handed to the policy as it stands.
    pub settings: String,
}

/// What a policy's word counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyRole {
    /// It must permit.
    Required,
    /// It may only deny.
    Advisory,
    /// It is asked, and its answer is compared with the decision but never counted.
    Shadow,
}

impl PolicyRole {
    /// The word of configuration, answers and log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Advisory => "advisory",
            Self::Shadow => "shadow",
        }
    }
}

pub(super) fn check(wire: wire::Audience, base: &Path, production: bool) -> Result<Audience, ConfigError> {
    let place = |key: &str| format!("audience {:?}, {key}", wire.id);
    if wire.id.is_empty() || !wire.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err(value(&place("id"), "an id is made of a-z, 0-9 and -"));
    }
    check_issuer(&wire.issuer, production).map_err(|problem| value(&place("issuer"), &problem))?;
    if wire.client_id.is_empty() {
        return Err(value(&place("client_id"), "it is empty"));
    }
    if wire.clock_skew_s > MAX_CLOCK_SKEW_S {
        let problem = format!("{} is more than {MAX_CLOCK_SKEW_S} seconds", wire.clock_skew_s);
        return Err(value(&place("clock_skew_s"), &problem));
    }
    if !wire.policy.iter().any(|policy| policy.required == Some(true)) {
        return Err(ConfigError::NoRequiredPolicy(wire.id));
    }
    let mut policies = Vec::with_capacity(wire.policy.len());
    let mut ids = BTreeSet::new();
    for policy in &wire.policy {
        if !ids.insert(policy.id.clone()) {
            return Err(value(&place("policy.id"), &format!("{:?} is there twice", policy.id)));
        }
        policies.push(Policy {
            id: policy.id.clone(),
            component: base.join(&policy.component),
            digest: policy.digest,
            role: role(policy).map_err(|problem| value(&place(&format!("policy {:?}", policy.id)), problem))?,
            settings: serde_json::Value::Object(policy.settings.clone()).to_string(),
        });
    }
    let secret_file = base.join(&wire.caller_secret_file);
    let caller_secret = Secret::read(&secret_file).map_err(|error| ConfigError::Secret {
        audience: wire.id.clone(),
        path: secret_file,
        problem: error.to_string(),
    })?;
    Ok(Audience {
        id: wire.id,
        issuer: wire.issuer,
        client_id: wire.client_id,
        caller_secret,
        min_acr: wire.min_acr,
        clock_skew_s: wire.clock_skew_s,
        max_auth_age_s: wire.max_auth_age_s,
        cnf_encoding: wire.cnf_encoding.unwrap_or(CnfEncoding::Rfc8705),
        require_cnf: wire.require_cnf,
        userinfo: wire.userinfo,
        policies,
    })
}

/// A shadow is neither required nor advisory, and everything else says which of the two it is.
fn role(policy: &wire::Policy) -> Result<PolicyRole, &'static str> {
    match (policy.shadow, policy.required) {
        (false, Some(true)) => Ok(PolicyRole::Required),
        (false, Some(false)) => Ok(PolicyRole::Advisory),
        (true, None) => Ok(PolicyRole::Shadow),
        (true, Some(_)) => Err("a shadow is never counted, so it is neither required nor advisory"),
        (false, None) => Err("it says neither required = true or false nor shadow = true"),
    }
}

/// The verifier's contract allows no more (`plugins/wit/verifier`, `clock-skew`): a token lives 120 s.
const MAX_CLOCK_SKEW_S: u32 = 30;

/// An issuer is an https URL without query or fragment (OIDC Discovery 1.0, section 3); in development a provider on
/// this machine may speak http.
fn check_issuer(issuer: &str, production: bool) -> Result<(), String> {
    let url = Url::parse(issuer).map_err(|error| format!("it is not a URL ({error})"))?;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err("an issuer has no query, fragment or user part".into());
    }
    if issuer.ends_with('/') {
        return Err(
            "it ends with a slash; an issuer is compared character by character, so write it as the token does".into(),
        );
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if !production && is_loopback(&url) => Ok(()),
        "http" => Err("http is for a provider on this machine in development; write https".into()),
        other => Err(format!("its scheme is {other}, not https")),
    }
}

/// True when the URL names this machine, by address or as `localhost` and names below it (RFC 6761, section 6.3).
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// A bearer selects its audience, so two audiences cannot share one.
pub(super) fn same_secret_twice(audiences: &[Audience]) -> Result<(), ConfigError> {
    for (index, one) in audiences.iter().enumerate() {
        for other in audiences.iter().skip(index + 1) {
            if one.caller_secret.same_as(&other.caller_secret) {
                let problem = format!("the same secret as audience {:?}; a secret names its caller", one.id);
                return Err(value(&format!("audience {:?}, caller_secret_file", other.id), &problem));
            }
        }
    }
    Ok(())
}
