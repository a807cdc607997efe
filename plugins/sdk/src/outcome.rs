//! What a policy answers: an effect, the reason for it, and what the relying party must do.
//!
//! An [`Outcome`] is only made from a [`Reason`], so that no answer comes without a stable code and a sentence for the person in
//! French and in English. It deliberately has no error variant: a policy that cannot decide abstains, which is not a permission.

use crate::request::Level;

/// A stable code and the sentence that the person at the desktop reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    code: &'static str,
    french: &'static str,
    english: &'static str,
}

impl Reason {
    /// Declares a reason, as a `const` so that a malformed code does not compile.
    ///
    /// The code is upper-case ASCII letters, digits and hyphens, at most 64 of them, and starts with a letter: it is searched for
    /// in logs and printed in manuals. The sentences are shown as they stand; they say what the person can do next.
    ///
    /// ```compile_fail
    /// const BAD: vigie_policy::Reason = vigie_policy::Reason::new("not listed", "…", "…");
    /// # BAD.code();
    /// ```
    #[must_use]
    pub const fn new(code: &'static str, french: &'static str, english: &'static str) -> Self {
        assert!(
            is_code(code.as_bytes()),
            "a reason code is made of A-Z, 0-9 and '-', starts with a letter and has at most 64"
        );
        assert!(!french.is_empty() && !english.is_empty(), "a reason has a sentence in French and one in English");
        Self { code, french, english }
    }

    /// A reason that is only known at run time, for a policy whose rules are settings; `None` when the code is malformed or a
    /// sentence empty. Its text is kept for as long as the program runs, which in a component is one call.
    #[must_use]
    pub fn parse(code: &str, french: &str, english: &str) -> Option<Self> {
        let keep = |text: &str| -> &'static str { String::from(text).leak() };
        (is_code(code.as_bytes()) && !french.is_empty() && !english.is_empty()).then(|| Self {
            code: keep(code),
            french: keep(french),
            english: keep(english),
        })
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The sentence in French.
    #[must_use]
    pub const fn french(&self) -> &'static str {
        self.french
    }

    /// The sentence in English.
    #[must_use]
    pub const fn english(&self) -> &'static str {
        self.english
    }
}

const fn is_code(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        if !(first.is_ascii_uppercase() || first.is_ascii_digit() || *first == b'-') {
            return false;
        }
        rest = tail;
    }
    matches!(bytes, [b'A'..=b'Z', ..]) && bytes.len() <= 64
}

/// The three answers. Only `Permit` permits; the host treats the other two as a refusal and names the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// This policy has no objection.
    Permit,
    /// This policy refuses, whatever the others say.
    Deny,
    /// This policy cannot decide.
    Abstain,
}

/// Something that the relying party must do, in the words of the AuthZEN obligations draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// Distinguishes several obligations of one outcome.
    pub id: String,
    /// For example `step-up`.
    pub kind: String,
    /// A JSON object as text.
    pub properties: String,
}

impl Obligation {
    /// Log in again at `level` or above, then ask again.
    #[must_use]
    pub fn step_up(level: Level) -> Self {
        let mut properties = String::from("{\"acr_value\":\"");
        properties.push_str(level.acr());
        properties.push_str("\"}");
        Self { id: String::from("step-up"), kind: String::from("step-up"), properties }
    }
}

/// The answer of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Permit, deny or abstain.
    pub effect: Effect,
    /// Why.
    pub reason: Reason,
    /// A remark for the decision log. No personal data: codes and comparisons, not identifiers.
    pub remark: Option<String>,
    /// What the relying party must do.
    pub obligations: Vec<Obligation>,
}

impl Outcome {
    /// This policy has no objection.
    #[must_use]
    pub const fn permit(reason: Reason) -> Self {
        Self::new(Effect::Permit, reason)
    }

    /// This policy refuses.
    #[must_use]
    pub const fn deny(reason: Reason) -> Self {
        Self::new(Effect::Deny, reason)
    }

    /// This policy cannot decide.
    #[must_use]
    pub const fn abstain(reason: Reason) -> Self {
        Self::new(Effect::Abstain, reason)
    }

    /// This policy refuses this login, and would look again at one of `level` or above.
    #[must_use]
    pub fn step_up(reason: Reason, level: Level) -> Self {
        Self::deny(reason).with_obligation(Obligation::step_up(level))
    }

    /// An answer whose effect is only known at run time.
    #[must_use]
    pub const fn new(effect: Effect, reason: Reason) -> Self {
        Self { effect, reason, remark: None, obligations: Vec::new() }
    }

    /// Adds a remark for the decision log. No personal data.
    #[must_use]
    pub fn with_remark(mut self, remark: impl Into<String>) -> Self {
        self.remark = Some(remark.into());
        self
    }

    /// Adds an obligation.
    #[must_use]
    pub fn with_obligation(mut self, obligation: Obligation) -> Self {
        self.obligations.push(obligation);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHY: Reason = Reason::new("T-1", "Parce que.", "Because.");

    #[test]
    fn codes_have_one_form() {
        let check = |code: &str, expected: bool| assert_eq!(is_code(code.as_bytes()), expected, "{code}");
        check("SIDEP-PROFESSION-NOT-LISTED", true);
        check("A", true);
        check(&"A".repeat(64), true);
        check(&"A".repeat(65), false);
        check("", false);
        check("-A", false);
        check("1A", false);
        check("a", false);
        check("A_B", false);
        check("A B", false);
        check("É", false);
    }

    #[test]
    fn step_up_is_a_refusal_with_its_obligation() {
        let outcome = Outcome::step_up(WHY, Level::Eidas3).with_remark("found eidas1");
        assert_eq!(outcome.effect, Effect::Deny);
        assert_eq!(outcome.remark.as_deref(), Some("found eidas1"));
        let [obligation] = outcome.obligations.as_slice() else { panic!("one obligation") };
        assert_eq!(obligation.kind, "step-up");
        assert_eq!(obligation.properties, r#"{"acr_value":"eidas3"}"#);
    }
}
