//! The component around a policy: WIT in, [`evaluate`](crate::evaluate), WIT out. Compiled for WebAssembly only.
//!
//! Every conversion is by hand and by move, so that a change of the contract is a compile error here and nowhere else.

use core::marker::PhantomData;

use crate::log::Severity;
use crate::outcome::{self, Outcome};
use crate::policy::{COMMON_REASONS, Policy};
use crate::{request, settings};

#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::restriction
)]
#[doc(hidden)]
pub mod bindings {
    wit_bindgen::generate!({
        path: ["../wit/policy"],
        world: "vigie:policy/policy",
        generate_all,
        pub_export_macro: true,
        default_bindings_module: "vigie_policy::component::bindings",
        runtime_path: "vigie_policy::component::runtime",
        disable_run_ctors_once_workaround: true,
    });
}

#[doc(hidden)]
pub use wit_bindgen::rt as runtime;

use bindings::exports::vigie::policy::{decide, lifecycle};
use bindings::vigie::policy::{log, types};

pub(crate) fn emit(severity: Severity, message: &str) {
    let severity = match severity {
        Severity::Debug => log::Severity::Debug,
        Severity::Info => log::Severity::Info,
        Severity::Warn => log::Severity::Warn,
    };
    log::emit(severity, message);
}

/// Carries a policy into the exports; named by [`export_policy!`](crate::export_policy) only.
#[doc(hidden)]
#[derive(Debug)]
pub struct Exported<P>(PhantomData<P>);

impl<P: Policy> lifecycle::Guest for Exported<P> {
    fn describe() -> lifecycle::Description {
        let about = P::DESCRIPTION;
        lifecycle::Description {
            name: String::from(about.name),
            version: String::from(about.version),
            summary: String::from(about.summary),
            needs_login: about.needs_login,
            settings_schema: String::from(about.settings_schema),
            reason_codes: about
                .reasons
                .iter()
                .chain(&COMMON_REASONS)
                .map(|reason| String::from(reason.code()))
                .collect(),
        }
    }

    fn validate_settings(settings: String) -> Result<(), Vec<lifecycle::SettingError>> {
        crate::policy::validate_settings::<P>(&settings)
            .map(|_| ())
            .map_err(|errors| {
                errors
                    .into_iter()
                    .map(
                        |settings::SettingError { path, message }| lifecycle::SettingError {
                            path,
                            message,
                        },
                    )
                    .collect()
            })
    }
}

impl<P: Policy> decide::Guest for Exported<P> {
    fn evaluate(settings: String, request: types::Request) -> types::Outcome {
        let (login, request) = request_from_wit(request);
        outcome_to_wit(crate::policy::evaluate::<P>(
            &settings,
            login.as_ref(),
            &request,
        ))
    }
}

fn request_from_wit(request: types::Request) -> (Option<request::Login>, request::Request) {
    let types::Request {
        now,
        audience,
        login,
        subject,
        action,
        action_properties,
        target,
        context,
    } = request;
    let question = request::Request {
        now,
        audience,
        subject: entity_from_wit(subject),
        action,
        action_properties_json: action_properties,
        target: entity_from_wit(target),
        context_json: context,
    };
    (login.map(login_from_wit), question)
}

fn entity_from_wit(entity: types::Entity) -> request::Entity {
    let types::Entity {
        kind,
        id,
        properties,
    } = entity;
    request::Entity {
        kind,
        id,
        properties_json: properties,
    }
}

fn login_from_wit(login: types::Login) -> request::Login {
    let types::Login {
        identity,
        level,
        auth_mode,
        auth_time,
        verified_at,
        userinfo,
        evidence,
    } = login;
    request::Login {
        identity: identity_from_wit(identity),
        level: level.map(|level| match level {
            types::Level::Eidas1 => request::Level::Eidas1,
            types::Level::Eidas2 => request::Level::Eidas2,
            types::Level::Eidas3 => request::Level::Eidas3,
        }),
        auth_mode: match auth_mode {
            types::AuthMode::Mobile => request::AuthMode::Mobile,
            types::AuthMode::Card => request::AuthMode::Card,
            types::AuthMode::IdentityBroker => request::AuthMode::IdentityBroker,
            types::AuthMode::Webauthn => request::AuthMode::Webauthn,
            types::AuthMode::Unknown => request::AuthMode::Unknown,
        },
        auth_time,
        verified_at,
        userinfo: match userinfo {
            types::UserinfoSource::None => request::UserinfoSource::None,
            types::UserinfoSource::Fetched => request::UserinfoSource::Fetched,
            types::UserinfoSource::Relayed => request::UserinfoSource::Relayed,
        },
        evidence: evidence.into_iter().map(evidence_from_wit).collect(),
    }
}

fn identity_from_wit(identity: types::Identity) -> request::Identity {
    let types::Identity {
        issuer,
        subject,
        national_id,
        rpps,
        identifiers,
        practices,
        acting_as,
    } = identity;
    request::Identity {
        issuer,
        subject,
        national_id,
        rpps,
        identifiers: identifiers
            .into_iter()
            .map(|types::Identifier { origin, value }| request::Identifier { origin, value })
            .collect(),
        practices: practices.into_iter().map(practice_from_wit).collect(),
        acting_as,
    }
}

fn practice_from_wit(practice: types::Practice) -> request::Practice {
    let types::Practice {
        profession,
        category,
        speciality,
        role,
        sector,
        mode,
        structure,
    } = practice;
    request::Practice {
        profession,
        category,
        speciality,
        role,
        sector,
        mode,
        structure: structure.map(
            |types::Structure {
                 id,
                 name,
                 finess,
                 siret,
             }| request::Structure {
                id,
                name,
                finess,
                siret,
            },
        ),
    }
}

fn evidence_from_wit(evidence: types::Evidence) -> request::Evidence {
    let types::Evidence {
        check,
        outcome,
        detail,
    } = evidence;
    let outcome = match outcome {
        types::CheckOutcome::Passed => request::CheckOutcome::Passed,
        types::CheckOutcome::Absent => request::CheckOutcome::Absent,
        types::CheckOutcome::Noted => request::CheckOutcome::Noted,
    };
    request::Evidence {
        check,
        outcome,
        detail,
    }
}

fn outcome_to_wit(outcome: Outcome) -> types::Outcome {
    let Outcome {
        effect,
        reason,
        remark,
        obligations,
    } = outcome;
    types::Outcome {
        effect: match effect {
            outcome::Effect::Permit => types::Effect::Permit,
            outcome::Effect::Deny => types::Effect::Deny,
            outcome::Effect::Abstain => types::Effect::Abstain,
        },
        reason_code: String::from(reason.code()),
        reason_admin: remark,
        reason_user: vec![
            text_to_wit("fr", reason.french()),
            text_to_wit("en", reason.english()),
        ],
        obligations: obligations
            .into_iter()
            .map(
                |outcome::Obligation {
                     id,
                     kind,
                     properties_json,
                 }| types::Obligation {
                    id,
                    kind,
                    properties: properties_json,
                },
            )
            .collect(),
    }
}

fn text_to_wit(language: &str, message: &str) -> types::Text {
    types::Text {
        language: String::from(language),
        message: String::from(message),
    }
}
