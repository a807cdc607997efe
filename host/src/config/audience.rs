//! A relying party as configured: who vouches for its subjects, who may ask in its name, which policies answer.
//!
//! Its subjects are either persons of verified logins, or whoever the authenticated caller says; an audience is of one kind, and keys of
//! the other are refused in it. A caller that need not say who it is, is for test tools on one machine: its audience stands alone in its file,
//! in development, and its subjects are asserted.

use std::path::Path;

use url::Url;

use super::callers::Callers;
use super::forward_auth::{self, ForwardAuth};
use super::policy::{self, Policy};
use super::wire::{self, CnfEncoding, Level, UserinfoMode};
use super::{ConfigError, Limits, Mode, Secret, value};

/// One relying party.
#[derive(Debug)]
pub struct Audience {
    /// Name in logs, answers and metrics.
    pub id: String,
    /// What a login must be like; absent where the caller vouches for its subjects.
    pub login: Option<LoginRules>,
    /// Who may ask.
    pub callers: Callers,
    /// What a reverse proxy may ask.
    pub forward_auth: Option<ForwardAuth>,
    /// In the order of the file; at least one is required.
    pub policies: Vec<Policy>,
}

impl Audience {
    /// Whose word its subjects are: `verified` or `asserted`.
    pub fn subject(&self) -> &'static str {
        if self.login.is_some() { "verified" } else { "asserted" }
    }
}

/// Which logins are for an audience.
#[derive(Debug)]
pub struct LoginRules {
    /// Exact `iss`.
    pub issuer: String,
    /// Exact `aud` of the ID token.
    pub client_id: String,
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
}

pub(super) fn check(
    mut wire: wire::Audience,
    base: &Path,
    mode: Mode,
    large: Option<&Limits>,
) -> Result<Audience, ConfigError> {
    let id = wire.id.clone();
    let place = |key: &str| format!("audience {id:?}, {key}");
    if wire.id.is_empty() || !wire.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err(value(&place("id"), "an id is made of a-z, 0-9 and -"));
    }
    let login = match wire.subject {
        wire::Subject::Verified => Some(login_rules(&mut wire, mode)?),
        wire::Subject::Asserted => {
            no_login_rules(&wire)?;
            None
        }
    };
    let forward_auth = wire
        .forward_auth
        .take()
        .map(forward_auth::check)
        .transpose()
        .map_err(|problem| value(&place("forward_auth"), &problem))?;
    let secret_file = wire.caller_secret_file.take().map(|file| base.join(file));
    let callers = Callers::read(&wire.id, secret_file, std::mem::take(&mut wire.caller_certificates))?;
    if callers.are_open() && (login.is_some() || mode == Mode::Production) {
        return Err(ConfigError::NoCaller(wire.id));
    }
    let policies = policy::policies(&wire.id, std::mem::take(&mut wire.policy), base, large)?;
    Ok(Audience { id: wire.id, login, callers, forward_auth, policies })
}

/// The keys that say what a login must be like: none of them has a default that lets more in.
fn login_rules(wire: &mut wire::Audience, mode: Mode) -> Result<LoginRules, ConfigError> {
    let id = wire.id.clone();
    let place = |key: &str| format!("audience {id:?}, {key}");
    let missing = |key: &str| value(&place(key), "it is missing, and says what a login must be like");
    let issuer = wire.issuer.take().ok_or_else(|| missing("issuer"))?;
    check_issuer(&issuer, mode == Mode::Production).map_err(|problem| value(&place("issuer"), &problem))?;
    let client_id = wire.client_id.take().ok_or_else(|| missing("client_id"))?;
    if client_id.is_empty() {
        return Err(value(&place("client_id"), "it is empty"));
    }
    let clock_skew_s = wire.clock_skew_s.ok_or_else(|| missing("clock_skew_s"))?;
    if clock_skew_s > MAX_CLOCK_SKEW_S {
        let problem = format!("{clock_skew_s} is more than {MAX_CLOCK_SKEW_S} seconds");
        return Err(value(&place("clock_skew_s"), &problem));
    }
    Ok(LoginRules {
        issuer,
        client_id,
        min_acr: wire.min_acr.ok_or_else(|| missing("min_acr"))?,
        clock_skew_s,
        max_auth_age_s: wire.max_auth_age_s,
        cnf_encoding: wire.cnf_encoding.unwrap_or(CnfEncoding::Rfc8705),
        require_cnf: wire.require_cnf,
        userinfo: wire.userinfo.ok_or_else(|| missing("userinfo"))?,
    })
}

/// A key about logins in an audience without any would look like a check that happens.
fn no_login_rules(wire: &wire::Audience) -> Result<(), ConfigError> {
    let there = [
        ("issuer", wire.issuer.is_some()),
        ("client_id", wire.client_id.is_some()),
        ("min_acr", wire.min_acr.is_some()),
        ("clock_skew_s", wire.clock_skew_s.is_some()),
        ("max_auth_age_s", wire.max_auth_age_s.is_some()),
        ("cnf_encoding", wire.cnf_encoding.is_some()),
        ("require_cnf", wire.require_cnf),
        ("userinfo", wire.userinfo.is_some()),
        ("forward_auth", wire.forward_auth.is_some()),
    ];
    match there.into_iter().find(|(_, there)| *there) {
        Some((key, _)) => Err(value(
            &format!("audience {:?}, {key}", wire.id),
            "subjects are asserted here, so no login is ever looked at",
        )),
        None => Ok(()),
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

/// A secret or a certificate selects its audience, so two audiences cannot share one; and where nothing is asked for, any mistake
/// in a secret would select that audience, so it stands alone.
pub(super) fn check_callers(audiences: &[Audience], tls: Option<&super::Tls>) -> Result<(), ConfigError> {
    for (index, one) in audiences.iter().enumerate() {
        let place = |key: &str| format!("audience {:?}, {key}", one.id);
        if one.callers.are_open() && audiences.len() > 1 {
            return Err(value(
                &place("caller_secret_file"),
                "it is missing, and an audience that anybody may ask stands alone in its file",
            ));
        }
        if one.callers.need_certificate() && tls.is_none() {
            return Err(value(
                &place("caller_certificates"),
                "certificates are shown in TLS only, and there is no [server.tls]",
            ));
        }
        for other in audiences.iter().skip(index + 1) {
            if let Some(key) = one.callers.shared_with(&other.callers) {
                let problem = format!("the same as audience {:?} has; it names the caller", one.id);
                return Err(value(&format!("audience {:?}, {key}", other.id), &problem));
            }
        }
    }
    Ok(())
}

/// Who administers is nobody's caller: its secret is its own.
pub(super) fn check_admin(wire: &wire::Admin, base: &Path, audiences: &[Audience]) -> Result<Secret, ConfigError> {
    let path = base.join(&wire.secret_file);
    let secret = Secret::read(&path)
        .map_err(|error| value("admin.secret_file", &format!("the secret in {} {error}", path.display())))?;
    // The secret by itself: that an audience demands a certificate as well makes its secret nobody else's.
    if let Some(audience) = audiences.iter().find(|audience| audience.callers.have_secret(&secret)) {
        let problem = format!("the same secret as audience {:?} has; it names the caller", audience.id);
        return Err(value("admin.secret_file", &problem));
    }
    Ok(secret)
}
