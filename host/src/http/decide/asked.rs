//! A policy and what became of one question to it.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use verifier_core::decision::{PolicyFailure, PolicyOpinion, PolicyVerdict, Required};

use super::PolicyAnswer;
use super::masked::Identifiers;
use crate::config::PolicyRole;
use crate::engine::limits::{Failure, GuestLog};
use crate::engine::policy::{Evaluation, types};
use crate::engine::{Patience, json};
use crate::log::PolicyLine;
use crate::policies::table::LoadedPolicy;
use crate::service::{Audience, Service};

pub(super) struct Asked<'a> {
    pub(super) policy: &'a LoadedPolicy,
    evaluation: Evaluation,
    took: Duration,
}

impl<'a> Asked<'a> {
    /// Asks one policy after the other. Nothing, when one of them wants more time than there is patience.
    pub(super) fn ask_all(
        policies: &'a [LoadedPolicy],
        request: &types::Request,
        patience: Patience,
    ) -> Option<Vec<Self>> {
        policies.iter().map(|policy| Self::ask(policy, request, patience)).collect()
    }

    fn ask(policy: &'a LoadedPolicy, request: &types::Request, patience: Patience) -> Option<Self> {
        let begun = Instant::now();
        let evaluation = policy.evaluate(patience, request)?;
        Some(Self { policy, evaluation, took: begun.elapsed() })
    }

    /// Counts what came of it, for and against the policy too.
    pub(super) fn count(&self, service: &Service, audience: &Audience) {
        self.policy.settle(&self.evaluation.answer);
        let audience = &audience.config.id;
        service.metrics.policy_asked(audience, &self.policy.id, self.effect(), self.took);
        if let Err(failure) = &self.evaluation.answer {
            service.metrics.policy_failed(audience, &self.policy.id, failure.code());
        }
    }

    /// True when the pool had no place for it, which says nothing about the policy.
    pub(super) fn found_no_place(&self) -> bool {
        matches!(self.evaluation.answer, Err(Failure::Busy))
    }

    pub(super) fn opinion(&self) -> PolicyOpinion {
        let verdict = match &self.evaluation.answer {
            Ok(outcome) => match outcome.effect {
                types::Effect::Permit => PolicyVerdict::Permit,
                types::Effect::Deny => PolicyVerdict::Deny,
                types::Effect::Abstain => PolicyVerdict::Abstain,
            },
            Err(Failure::Timeout) => PolicyVerdict::Failed(PolicyFailure::Timeout),
            Err(Failure::BadOutput | Failure::Reason | Failure::OutcomeSize) => {
                PolicyVerdict::Failed(PolicyFailure::BadOutput)
            }
            Err(
                Failure::Memory | Failure::Table | Failure::Stack | Failure::Hostcall | Failure::Trap | Failure::Busy,
            ) => PolicyVerdict::Failed(PolicyFailure::Trap),
            Err(Failure::Missing) => PolicyVerdict::Failed(PolicyFailure::Missing),
            Err(Failure::Quarantined) => PolicyVerdict::Failed(PolicyFailure::Quarantined),
        };
        let required = if self.policy.role == PolicyRole::Required { Required::Yes } else { Required::No };
        PolicyOpinion { id: self.policy.id.clone(), required, verdict }
    }

    /// The policy's word, if it gave one.
    pub(super) fn outcome(&self) -> Option<&types::Outcome> {
        self.evaluation.answer.as_ref().ok()
    }

    fn effect(&self) -> &'static str {
        match self.outcome().map(|outcome| outcome.effect) {
            Some(types::Effect::Permit) => "permit",
            Some(types::Effect::Deny) => "deny",
            Some(types::Effect::Abstain) => "abstain",
            None => "failed",
        }
    }

    pub(super) fn permits(&self) -> bool {
        self.outcome().is_some_and(|outcome| outcome.effect == types::Effect::Permit)
    }

    pub(super) fn reason_code(&self) -> &str {
        match &self.evaluation.answer {
            Ok(outcome) => &outcome.reason_code,
            Err(failure) => failure.code(),
        }
    }

    pub(super) fn obligations(&self) -> &[types::Obligation] {
        self.outcome().map_or(&[], |outcome| outcome.obligations.as_slice())
    }

    pub(super) fn answer(&self) -> PolicyAnswer {
        PolicyAnswer {
            id: self.policy.id.clone(),
            digest: self.policy.digest.clone(),
            effect: self.effect(),
            reason_code: self.reason_code().to_owned(),
        }
    }

    /// Its part of the line. Where the question is not beside it, what the policy says for operators is written without the person, and
    /// what only a replay compares is not written.
    pub(super) fn line(&self, hidden: Option<&Identifiers<'_>>) -> PolicyLine<'_> {
        let log: &GuestLog = &self.evaluation.log;
        let outcome = self.outcome().filter(|_| hidden.is_none());
        let mut masked = Vec::new();
        let mut mask = |text, pointer: &dyn Fn() -> String| {
            let text = hidden.map_or(Cow::Borrowed(text), |person| person.mask(text));
            if let Cow::Owned(_) = text {
                masked.push(pointer());
            }
            text
        };
        let remark = self.outcome().and_then(|outcome| outcome.reason_admin.as_deref());
        let reason_admin = remark.map(|remark| mask(remark, &|| "/reason_admin".into()));
        let lines = log.lines.iter().enumerate().map(|(at, (_, text))| mask(text, &|| format!("/log/{at}"))).collect();
        PolicyLine {
            id: &self.policy.id,
            role: self.policy.role.name(),
            agrees: None,
            digest: &self.policy.digest,
            settings_digest: &self.policy.settings_digest,
            outcome_digest: outcome.map(|outcome| json::digest(outcome).to_string()),
            effect: self.effect(),
            reason_code: self.reason_code(),
            reason_admin,
            duration_us: self.took.as_micros().try_into().unwrap_or(u64::MAX),
            log: lines,
            log_dropped: log.dropped,
            masked,
        }
    }
}
