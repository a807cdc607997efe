//! What a policy costs: fresh instance, call, and whole decision as the host makes it, beside one signature check.
//!
//! All are measured in turn in every round, so that a busy machine slows them alike, and given as the median and the 99th percentile.
//! The floor is one ES256 verification by the library that the host verifies logins with: a login costs at least one. Absolute figures
//! are this machine's; the ratio is what travels.

use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use serde::Serialize;

use crate::engine::limits::Failure;
use crate::engine::policy::{Evaluation, Policy, types};

/// Two percentiles in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// Median.
    pub p50_ns: u64,
    /// 99th percentile.
    pub p99_ns: u64,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// Rounds, each with every step once.
    pub rounds: usize,
    /// Making an instance.
    pub instance: Spread,
    /// The call on that instance.
    pub call: Spread,
    /// Instance, call and check of the answer: what a question costs.
    pub decision: Spread,
    /// One ES256 verification.
    pub floor: Spread,
    /// True when this program was built without optimisation, which slows the decision more than the floor.
    pub debug_build: bool,
}

impl Measured {
    /// The median decision in hundredths of the median floor.
    pub fn ratio_percent(&self) -> u64 {
        (self.decision.p50_ns * 100).checked_div(self.floor.p50_ns).unwrap_or(0)
    }
}

/// Rounds that are thrown away: caches and branch predictors settle.
const WARM_UP: usize = 50;

/// A question that the policy did not answer.
#[derive(Debug)]
pub struct Unanswered {
    /// Which one, from 0.
    pub question: usize,
    /// How it failed.
    pub failure: Failure,
    /// The reason that it gave without having declared it.
    pub undeclared: Option<String>,
}

/// Asks these questions in turn, as many times as there are rounds.
///
/// # Errors
/// The policy fails on one of them.
pub fn measure(policy: &Policy, questions: &[types::Request], rounds: usize) -> Result<Measured, Unanswered> {
    let floor = Floor::new().ok_or(Unanswered { question: 0, failure: Failure::Busy, undeclared: None })?;
    let [mut instances, mut calls, mut decisions, mut floors] = [(); 4].map(|()| Vec::with_capacity(rounds));
    for (round, (place, question)) in questions.iter().enumerate().cycle().take(WARM_UP + rounds).enumerate() {
        let unanswered = |failure, undeclared| Unanswered { question: place, failure, undeclared };
        let verified = timed(|| floor.verify());
        let steps = policy.time_steps(question).map_err(|failure| unanswered(failure, None))?;
        let mut answered = None;
        let decision = timed(|| answered = Some(policy.evaluate(question)));
        if let Some(Evaluation { answer: Err(failure), undeclared, .. }) = answered {
            return Err(unanswered(failure, undeclared));
        }
        if round >= WARM_UP {
            floors.push(verified);
            instances.push(steps.instance);
            calls.push(steps.call);
            decisions.push(decision);
        }
    }
    Ok(Measured {
        rounds: decisions.len(),
        instance: Spread::of(instances),
        call: Spread::of(calls),
        decision: Spread::of(decisions),
        floor: Spread::of(floors),
        debug_build: cfg!(debug_assertions),
    })
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

impl Spread {
    /// Of times in any order; of none, zero.
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |percent: usize| {
            let time = times.get((times.len() * percent / 100).min(times.len().saturating_sub(1)));
            time.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
        };
        Self { p50_ns: at(50), p99_ns: at(99) }
    }
}

/// A signature of a message as long as an ID token.
struct Floor {
    key: Vec<u8>,
    message: [u8; 1024],
    signature: Vec<u8>,
}

impl Floor {
    fn new() -> Option<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
        let message = [b'x'; 1024];
        let signature = pair.sign(&SystemRandom::new(), &message).ok()?.as_ref().to_vec();
        Some(Self { key: pair.public_key().as_ref().to_vec(), message, signature })
    }

    fn verify(&self) {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.key);
        // The result is used, so that the work cannot be left out.
        std::hint::black_box(key.verify(&self.message, &self.signature).is_ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_times() {
        let times = (1..=100).rev().map(Duration::from_nanos).collect();
        assert_eq!(Spread::of(times), Spread { p50_ns: 51, p99_ns: 100 });
        assert_eq!(Spread::of(vec![Duration::from_nanos(7)]), Spread { p50_ns: 7, p99_ns: 7 });
        assert_eq!(Spread::of(Vec::new()), Spread { p50_ns: 0, p99_ns: 0 });
    }
}
