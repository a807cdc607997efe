//! From the core's answer to the contract's: the second half of the conversion.

use verifier_core::evidence::{Check, Entry, Evidence, Outcome};
use verifier_core::token::{
    Acr, AuthMode, Identity, OneShot, OtherId, Practice, Structure, UserInfoSource, VerifiedLogin, VerifyLoginError,
};

use crate::bindings::exports::vigie::verifier::verify;
use crate::bindings::vigie::policy::types;

pub(crate) fn verified(login: &VerifiedLogin) -> verify::Verified {
    verify::Verified {
        identity: identity(login.identity()),
        level: level(login.level()),
        auth_mode: auth_mode(login.auth_mode()),
        auth_time: login.auth_time(),
        verified_at: login.verified_at(),
        userinfo: userinfo_source(login.userinfo()),
        evidence: evidence(login.evidence()),
        one_shots: login.one_shots().iter().map(one_shot).collect(),
    }
}

pub(crate) fn failure(error: &VerifyLoginError) -> verify::Failure {
    verify::Failure { evidence: evidence(error.evidence()), ..refused(error.code(), &error.to_string(), error.help()) }
}

/// A refusal before any check was made.
pub(crate) fn refused(code: &str, message: &str, help: &str) -> verify::Failure {
    verify::Failure { code: code.to_owned(), message: message.to_owned(), help: help.to_owned(), evidence: Vec::new() }
}

fn identity(identity: &Identity) -> types::Identity {
    types::Identity {
        issuer: identity.issuer().to_owned(),
        subject: identity.subject().to_owned(),
        national_id: identity.national_id().map(|id| id.canonical().to_owned()),
        rpps: identity.rpps().one().map(|rpps| rpps.canonical().to_owned()),
        identifiers: identity.identifiers().iter().map(identifier).collect(),
        practices: identity.practices().iter().map(practice).collect(),
        acting_as: identity.acting_as(),
    }
}

fn identifier(id: &OtherId) -> types::Identifier {
    types::Identifier { origin: id.origin().to_owned(), value: id.value().to_owned() }
}

fn practice(practice: &Practice) -> types::Practice {
    // Taken apart by name, so that a member added to the core cannot be forgotten here.
    let Practice { profession, category, speciality, role, sector, mode, structure: place } = practice.clone();
    types::Practice { profession, category, speciality, role, sector, mode, structure: place.map(structure) }
}

fn structure(structure: Structure) -> types::Structure {
    let Structure { id, name, finess, siret } = structure;
    types::Structure { id, name, finess, siret }
}

fn level(level: Acr) -> types::Level {
    match level {
        Acr::Eidas1 => types::Level::Eidas1,
        Acr::Eidas2 => types::Level::Eidas2,
        Acr::Eidas3 => types::Level::Eidas3,
    }
}

fn auth_mode(mode: AuthMode) -> types::AuthMode {
    match mode {
        AuthMode::Mobile => types::AuthMode::Mobile,
        AuthMode::Card => types::AuthMode::Card,
        AuthMode::IdentityBroker => types::AuthMode::IdentityBroker,
        AuthMode::Webauthn => types::AuthMode::Webauthn,
        AuthMode::Unknown => types::AuthMode::Unknown,
    }
}

fn userinfo_source(source: UserInfoSource) -> types::UserinfoSource {
    match source {
        UserInfoSource::None => types::UserinfoSource::None,
        UserInfoSource::Fetched => types::UserinfoSource::Fetched,
        UserInfoSource::Relayed => types::UserinfoSource::Relayed,
    }
}

fn evidence(evidence: &Evidence) -> Vec<verify::Checked> {
    evidence.entries().iter().map(entry).collect()
}

fn entry(entry: &Entry) -> verify::Checked {
    verify::Checked {
        check: check(entry.check()),
        outcome: match entry.outcome() {
            Outcome::Passed => types::CheckOutcome::Passed,
            Outcome::Absent => types::CheckOutcome::Absent,
            Outcome::Noted => types::CheckOutcome::Noted,
        },
        detail: entry.detail().map(str::to_owned),
    }
}

fn check(check: Check) -> verify::Check {
    match check {
        Check::Form => verify::Check::Form,
        Check::Header => verify::Check::Header,
        Check::DuplicateMembers => verify::Check::DuplicateMembers,
        Check::Algorithm => verify::Check::Algorithm,
        Check::Key => verify::Check::Key,
        Check::Signature => verify::Check::Signature,
        Check::TokenType => verify::Check::TokenType,
        Check::Issuer => verify::Check::Issuer,
        Check::Audience => verify::Check::Audience,
        Check::AuthorizedParty => verify::Check::AuthorizedParty,
        Check::Expiry => verify::Check::Expiry,
        Check::NotBefore => verify::Check::NotBefore,
        Check::IssuedAt => verify::Check::IssuedAt,
        Check::Nonce => verify::Check::Nonce,
        Check::Level => verify::Check::Level,
        Check::AuthMode => verify::Check::AuthMode,
        Check::AuthTime => verify::Check::AuthTime,
        Check::AccessTokenHash => verify::Check::AccessTokenHash,
        Check::AccessToken => verify::Check::AccessToken,
        Check::Confirmation => verify::Check::Confirmation,
        Check::UserInfo => verify::Check::Userinfo,
        Check::NationalId => verify::Check::NationalId,
        Check::Rpps => verify::Check::Rpps,
        Check::Practices => verify::Check::Practices,
        Check::ActingAs => verify::Check::ActingAs,
        Check::Introspection => verify::Check::Introspection,
    }
}

fn one_shot(one_shot: &OneShot) -> verify::OneShot {
    verify::OneShot { key: one_shot.key().to_vec(), expires: one_shot.expires() }
}
