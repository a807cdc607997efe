//! Sample policy: reading with any login, everything else with a strong and recent one.
//!
//! The actions that only read are listed; an action that nobody thought of is therefore held to the stricter rule. Whoever does not
//! meet it is refused with the obligation `step-up` and may go on reading.

use vigie_policy::{Description, Level, Login, Outcome, Policy, Reason, Request, export_policy};

/// The rule.
#[derive(Debug)]
pub struct StepUpForWrite;

export_policy!(StepUpForWrite);

vigie_policy::settings! {
    /// What a deployment may set.
    #[derive(Debug)]
    pub struct Settings {
        /// Actions that only read.
        pub reading: Vec<String> = vigie_policy::list(&["read"]),
        /// The least level for all others.
        pub level: Level = Level::Eidas2,
        /// For all others, the most seconds since the person authenticated.
        pub oldest_s: u64 = 900,
    }
}

const READING: Reason = Reason::new("WRITE-NOT-ASKED", "Consultation autorisée.", "Reading is allowed.");
const STRONG: Reason = Reason::new("WRITE-ALLOWED", "Modification autorisée.", "Changing is allowed.");
const WEAK: Reason = Reason::new(
    "WRITE-LEVEL-TOO-LOW",
    "Pour modifier, reconnectez-vous avec votre carte. Vous pouvez continuer à consulter.",
    "To make changes, log in again with your card. You can go on reading.",
);
const OLD: Reason = Reason::new(
    "WRITE-LOGIN-TOO-OLD",
    "Votre connexion est trop ancienne pour modifier. Reconnectez-vous ; vous pouvez continuer à consulter.",
    "Your login is too old to make changes. Log in again; you can go on reading.",
);

impl Policy for StepUpForWrite {
    const DESCRIPTION: Description = Description {
        name: "step-up-for-write",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Lets any login read; every other action asks for a strong and recent login.",
        settings_schema: r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"properties":{"reading":{"description":"Actions that only read.","type":"array","items":{"type":"string"},"default":["read"]},"level":{"description":"The least level for all other actions.","enum":["eidas1","eidas2","eidas3"],"default":"eidas2"},"oldest_s":{"description":"For all other actions, the most seconds since the person authenticated.","type":"integer","minimum":0,"default":900}}}"#,
        reasons: &[READING, STRONG, WEAK, OLD],
        needs_login: true,
    };

    type Settings = Settings;

    fn decide(settings: &Settings, login: &Login, request: &Request) -> Outcome {
        if settings.reading.contains(&request.action) {
            return Outcome::permit(READING);
        }
        if !login.reaches(settings.level) {
            return Outcome::step_up(WEAK, settings.level);
        }
        // A login that does not say when it was made is not recent.
        let recent = |time: u64| request.now.saturating_sub(time) <= settings.oldest_s;
        if login.auth_time.is_some_and(recent) {
            Outcome::permit(STRONG)
        } else {
            Outcome::step_up(OLD, settings.level)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors() {
        vigie_policy::vectors::check::<StepUpForWrite>(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
    }

    #[test]
    fn the_schema_is_that_of_the_settings() {
        vigie_policy::schema::check::<StepUpForWrite>();
    }
}
