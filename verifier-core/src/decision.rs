//! From what the policies said to one answer. Total: every input has an answer, and whatever is not a clear yes is a no.
//!
//! The rules, in order:
//! 1. no policy configured: deny;
//! 2. any deny wins, and so does any failure (trap, timeout, bad output, missing, quarantined), required or not: a policy
//!    that could have said no and could not speak is not a yes;
//! 3. every required policy must permit: an abstaining one denies;
//! 4. at least one policy must permit.
//!
//! It deliberately knows nothing of components, digests or time: the host runs the policies and names them.

/// What became of one policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PolicyVerdict {
    /// It said yes.
    Permit,
    /// It said no.
    Deny,
    /// It had no opinion.
    Abstain,
    /// It could not be asked or did not answer properly.
    Failed(PolicyFailure),
}

/// Why a policy has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PolicyFailure {
    /// The guest trapped: panic, unreachable, memory or table limit.
    Trap,
    /// The guest ran past its deadline.
    Timeout,
    /// The guest answered something outside the contract.
    BadOutput,
    /// The policy is configured but not loaded.
    Missing,
    /// The policy failed too often in a row and is not asked any more.
    Quarantined,
}

/// One policy's verdict, as the host hands it in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyOpinion {
    /// The policy's configured id.
    pub id: String,
    /// True when the audience cannot do without this policy's permit.
    pub required: Required,
    /// What became of it.
    pub verdict: PolicyVerdict,
}

/// Whether an audience can do without a policy's permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Required {
    /// It must permit.
    Yes,
    /// It may abstain.
    No,
}

/// The answer, and which policy decided it when one did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Every rule above is met.
    Permit,
    /// Some rule is not met.
    Deny(DenyReason),
}

/// The rule that was not met, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DenyReason {
    /// No policy is configured.
    NoneConfigured,
    /// This policy said no.
    Denied {
        /// Id of the policy.
        policy: String,
    },
    /// This policy failed.
    Failed {
        /// Id of the policy.
        policy: String,
        /// In which way.
        failure: PolicyFailure,
    },
    /// This required policy had no opinion.
    Abstained {
        /// Id of the policy.
        policy: String,
    },
    /// Policies are configured, none is required and none permitted.
    NobodyPermits,
}

impl Decision {
    /// True only for [`Decision::Permit`].
    #[must_use]
    pub fn permits(&self) -> bool {
        matches!(self, Decision::Permit)
    }
}

impl DenyReason {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            DenyReason::NoneConfigured => "POL-NONE-CONFIGURED",
            DenyReason::Denied { .. } => "POL-DENIED",
            DenyReason::Failed { failure, .. } => match failure {
                PolicyFailure::Trap => "POL-TRAP",
                PolicyFailure::Timeout => "POL-TIMEOUT",
                PolicyFailure::BadOutput => "POL-BAD-OUTPUT",
                PolicyFailure::Missing => "POL-MISSING",
                PolicyFailure::Quarantined => "POL-QUARANTINED",
            },
            DenyReason::Abstained { .. } => "POL-ABSTAINED",
            DenyReason::NobodyPermits => "POL-NOBODY-PERMITS",
        }
    }

    /// The policy that decided, when one did.
    #[must_use]
    pub fn policy(&self) -> Option<&str> {
        match self {
            DenyReason::Denied { policy } | DenyReason::Failed { policy, .. } | DenyReason::Abstained { policy } => {
                Some(policy)
            }
            DenyReason::NoneConfigured | DenyReason::NobodyPermits => None,
        }
    }
}

/// Combines the opinions by the rules of this module. The first policy in the given order that breaks a rule is named;
/// a deny is named before a failure, since it is the more useful thing to read.
#[must_use]
pub fn combine(opinions: &[PolicyOpinion]) -> Decision {
    if opinions.is_empty() {
        return Decision::Deny(DenyReason::NoneConfigured);
    }
    if let Some(denying) = opinions.iter().find(|o| o.verdict == PolicyVerdict::Deny) {
        return Decision::Deny(DenyReason::Denied { policy: denying.id.clone() });
    }
    for opinion in opinions {
        if let PolicyVerdict::Failed(failure) = opinion.verdict {
            return Decision::Deny(DenyReason::Failed { policy: opinion.id.clone(), failure });
        }
    }
    let abstaining = opinions.iter().find(|o| o.required == Required::Yes && o.verdict == PolicyVerdict::Abstain);
    if let Some(abstaining) = abstaining {
        return Decision::Deny(DenyReason::Abstained { policy: abstaining.id.clone() });
    }
    if opinions.iter().any(|o| o.verdict == PolicyVerdict::Permit) {
        Decision::Permit
    } else {
        Decision::Deny(DenyReason::NobodyPermits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PolicyVerdict::{Abstain, Deny, Failed, Permit};
    use Required::{No, Yes};

    fn check(opinions: &[(Required, PolicyVerdict)], code: Option<&str>, policy: Option<&str>) {
        let opinions: Vec<_> = opinions
            .iter()
            .enumerate()
            .map(|(i, (required, verdict))| PolicyOpinion {
                id: format!("p{i}"),
                required: *required,
                verdict: *verdict,
            })
            .collect();
        match combine(&opinions) {
            Decision::Permit => assert_eq!((None, None), (code, policy), "{opinions:?}"),
            Decision::Deny(reason) => {
                assert_eq!((Some(reason.code()), reason.policy()), (code, policy), "{opinions:?}")
            }
        }
    }

    #[test]
    fn fails_closed() {
        check(&[], Some("POL-NONE-CONFIGURED"), None);
        check(&[(Yes, Permit)], None, None);
        check(&[(Yes, Permit), (Yes, Permit)], None, None);
        check(&[(Yes, Permit), (No, Abstain)], None, None);
        check(&[(No, Permit)], None, None);
        check(&[(Yes, Abstain)], Some("POL-ABSTAINED"), Some("p0"));
        check(&[(No, Abstain)], Some("POL-NOBODY-PERMITS"), None);
        check(&[(Yes, Permit), (No, Deny)], Some("POL-DENIED"), Some("p1"));
        check(&[(Yes, Permit), (Yes, Abstain)], Some("POL-ABSTAINED"), Some("p1"));
        for (failure, code) in [
            (PolicyFailure::Trap, "POL-TRAP"),
            (PolicyFailure::Timeout, "POL-TIMEOUT"),
            (PolicyFailure::BadOutput, "POL-BAD-OUTPUT"),
            (PolicyFailure::Missing, "POL-MISSING"),
            (PolicyFailure::Quarantined, "POL-QUARANTINED"),
        ] {
            check(&[(Yes, Permit), (No, Failed(failure))], Some(code), Some("p1"));
            check(&[(Yes, Failed(failure)), (Yes, Permit)], Some(code), Some("p0"));
            check(&[(Yes, Failed(failure)), (Yes, Deny)], Some("POL-DENIED"), Some("p1"));
        }
    }

    #[test]
    fn permit_needs_every_required_permit_and_no_no() {
        // Exhaustive over three policies: the rule restated independently.
        let verdicts = [Permit, Deny, Abstain, Failed(PolicyFailure::Trap)];
        for a in verdicts {
            for b in verdicts {
                for c in verdicts {
                    for mask in 0..8_u8 {
                        let given = [a, b, c];
                        let opinions: Vec<_> = given
                            .iter()
                            .enumerate()
                            .map(|(i, v)| PolicyOpinion {
                                id: String::new(),
                                required: if mask & (1 << i) == 0 { No } else { Yes },
                                verdict: *v,
                            })
                            .collect();
                        let expected = given.contains(&Permit)
                            && opinions
                                .iter()
                                .all(|o| o.verdict == Permit || (o.required == No && o.verdict == Abstain));
                        assert_eq!(combine(&opinions).permits(), expected, "{opinions:?}");
                    }
                }
            }
        }
    }
}
