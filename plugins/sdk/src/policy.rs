//! The trait that an author implements, and how a question runs through it.
//!
//! [`evaluate`] and [`validate_settings`] are exactly what the component exports; the component adds the conversion from and to WIT
//! and nothing else, so a native test of a policy tests the policy that ships.

use crate::json::{self, FromJson};
use crate::outcome::{Outcome, Reason};
use crate::request::{Login, Request};
use crate::settings::SettingError;

/// What a policy says about itself when it is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// Short name, for example `sidep`.
    pub name: &'static str,
    /// Version of the policy, usually `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// JSON Schema of the settings.
    pub settings_schema: &'static str,
    /// Every reason that the policy may answer.
    pub reasons: &'static [Reason],
    /// False only for a policy that implements [`Policy::decide_without_login`].
    pub needs_login: bool,
}

/// A relying party's rules.
pub trait Policy {
    /// What the policy says about itself.
    const DESCRIPTION: Description;

    /// True for an interpreter: its reason codes stand in its settings, and the host takes those as declared.
    const REASONS_IN_SETTINGS: bool = false;

    /// What the relying party may set, declared with [`settings!`](crate::settings).
    type Settings: FromJson;

    /// Checks what the type of the settings cannot say, for example that a list is not empty.
    ///
    /// # Errors
    ///
    /// One error for each setting that does not make sense, by its JSON Pointer.
    fn check_settings(_settings: &Self::Settings) -> Result<(), Vec<SettingError>> {
        Ok(())
    }

    /// Decides about a verified login. The function sees its arguments and nothing else: no clock, no network, no memory of
    /// earlier questions, so that the same question always gets the same answer.
    fn decide(settings: &Self::Settings, login: &Login, request: &Request) -> Outcome;

    /// Decides when the relying party vouches for its subjects itself and no login was verified. Refuses unless implemented.
    fn decide_without_login(_settings: &Self::Settings, _request: &Request) -> Outcome {
        Outcome::deny(LOGIN_REQUIRED)
    }
}

/// The question came without a login and the policy needs one.
pub const LOGIN_REQUIRED: Reason = Reason::new(
    "LOGIN-REQUIRED",
    "Connectez-vous avec Pro Santé Connect pour continuer.",
    "Log in with Pro Santé Connect to continue.",
);

/// The policy was asked with settings that it had refused when it was loaded.
pub const SETTINGS_REFUSED: Reason = Reason::new(
    "SETTINGS-REFUSED",
    "Le service est mal configuré ; prévenez son support.",
    "The service is misconfigured; tell its support.",
);

/// The reasons that any policy may answer because the SDK answers them.
pub const COMMON_REASONS: [Reason; 2] = [LOGIN_REQUIRED, SETTINGS_REFUSED];

/// Reads and checks settings given as JSON text; empty text reads like `{}`.
///
/// # Errors
///
/// What does not fit, by JSON Pointer.
pub fn validate_settings<P: Policy>(settings: &str) -> Result<P::Settings, Vec<SettingError>> {
    let settings = json::read(settings).map_err(|error| vec![error])?;
    P::check_settings(&settings)?;
    Ok(settings)
}

/// Asks a policy. Settings that do not read are a refusal with [`SETTINGS_REFUSED`]: the host has validated them before, so this
/// is a fault of the deployment and must not become a permission.
pub fn evaluate<P: Policy>(settings: &str, request: &Request) -> Outcome {
    match (validate_settings::<P>(settings), &request.login) {
        (Ok(settings), Some(login)) => P::decide(&settings, login, request),
        (Ok(settings), None) => P::decide_without_login(&settings, request),
        (Err(errors), _) => {
            let refusal = Outcome::deny(SETTINGS_REFUSED);
            match errors.into_iter().next() {
                Some(error) => refusal.with_remark(error.path),
                None => refusal,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Case, Effect};

    const YES: Reason = Reason::new("T-YES", "Oui.", "Yes.");

    struct Nonempty;

    crate::settings! {
        struct Settings {
            names: Vec<String>,
        }
    }

    impl Policy for Nonempty {
        const DESCRIPTION: Description = Description {
            name: "nonempty",
            version: "0",
            summary: "Permits whoever asks.",
            settings_schema: "{}",
            reasons: &[YES],
            needs_login: true,
        };
        type Settings = Settings;

        fn check_settings(settings: &Settings) -> Result<(), Vec<SettingError>> {
            if settings.names.is_empty() { Err(vec![SettingError::at("/names", "is empty")]) } else { Ok(()) }
        }

        fn decide(_settings: &Settings, _login: &Login, _request: &Request) -> Outcome {
            Outcome::permit(YES)
        }
    }

    #[track_caller]
    fn check(case: &Case, effect: Effect, code: &str, remark: Option<&str>) {
        let outcome = case.ask::<Nonempty>();
        assert_eq!((outcome.effect, outcome.reason.code(), outcome.remark.as_deref()), (effect, code, remark));
    }

    #[test]
    fn fails_closed() {
        let case = Case::new().settings(r#"{"names":["x"]}"#);
        check(&case, Effect::Permit, "T-YES", None);
        check(&case.clone().without_login(), Effect::Deny, "LOGIN-REQUIRED", None);
        check(&case.clone().settings(r#"{"names":[]}"#), Effect::Deny, "SETTINGS-REFUSED", Some("/names"));
        check(&case.clone().settings(r#"{"names":["x",1]}"#), Effect::Deny, "SETTINGS-REFUSED", Some("/names/1"));
        check(&case.settings("not json"), Effect::Deny, "SETTINGS-REFUSED", Some(""));
    }
}
