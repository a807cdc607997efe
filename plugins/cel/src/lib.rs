//! Policies written as text: rules in the Common Expression Language (<https://cel.dev>) that stand in the settings.
//!
//! One component runs them all. Its settings are an ordered list of rules; the first whose `when` is true answers. Where none is,
//! the answer is a refusal: `default` says it in the relying party's words, otherwise [`NO_RULE`]. A rule that cannot be evaluated, because
//! a member is not there or types do not fit, refuses with [`RULE_FAILED`] and names its place for the decision log; it never lets
//! the next rule answer instead.
//!
//! What can be checked is checked when the policy is loaded: grammar, names, members, functions and whether parts fit, each with line
//! and column (`check.rs`); codes, sentences in French and English, obligations. What a rule sees is in `variables.rs`; the page in
//! `plugins/README.md` teaches it.
//!
//! It deliberately has no regular expressions, no clock besides `request.now` and no functions of its own. Depth and size of an
//! expression are bounded here, time and memory by the host, as for every policy.

mod check;
mod rule;
mod variables;

use vigie_policy::{Description, Login, Outcome, Policy, Reason, Request, SettingError, export_policy};

use rule::{Refusal, Rule};

/// The interpreter.
#[derive(Debug)]
pub struct Cel;

export_policy!(Cel);

vigie_policy::settings! {
    /// The policy.
    #[derive(Debug)]
    pub struct Settings {
        /// In the order in which they are asked.
        pub rules: Vec<Rule>,
        /// The refusal where no rule applies.
        pub default: Option<Refusal>,
    }
}

/// No rule applies and the settings do not say what to answer then.
pub const NO_RULE: Reason = Reason::new(
    "CEL-NO-RULE",
    "Aucune règle ne vous donne accès à ce service.",
    "No rule gives you access to this service.",
);

/// A rule could not be evaluated.
pub const RULE_FAILED: Reason = Reason::new(
    "CEL-RULE-FAILED",
    "Le service n'a pas pu évaluer vos droits ; prévenez son support.",
    "The service could not evaluate your rights; tell its support.",
);

impl Policy for Cel {
    const DESCRIPTION: Description = Description {
        name: "cel",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Runs policies written as CEL rules in the settings; refuses where no rule permits.",
        settings_schema: include_str!("settings.schema.json"),
        reasons: &[NO_RULE, RULE_FAILED],
        needs_login: true,
    };

    const REASONS_IN_SETTINGS: bool = true;

    type Settings = Settings;

    fn check_settings(settings: &Settings) -> Result<(), Vec<SettingError>> {
        if settings.rules.is_empty() || settings.rules.len() > rule::MOST_RULES {
            return Err(vec![SettingError::at("/rules", "expected 1 to 64 rules")]);
        }
        Ok(())
    }

    fn decide(settings: &Settings, login: &Login, request: &Request) -> Outcome {
        let context = variables::context(login, request);
        for (index, rule) in settings.rules.iter().enumerate() {
            match rule.applies(&context) {
                Ok(true) => return rule.outcome(),
                Ok(false) => {}
                Err(problem) => {
                    let place = SettingError::item("/rules", index, &problem);
                    return Outcome::deny(RULE_FAILED).with_remark(place.path + "/when: " + &place.message);
                }
            }
        }
        settings.default.as_ref().map_or(Outcome::deny(NO_RULE), Refusal::outcome)
    }
}

#[cfg(test)]
mod tests;
