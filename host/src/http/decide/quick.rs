//! Where a question is answered: as a rule on the thread that read it, else on one that may block.
//!
//! Handing a question to another thread, and its answer back, takes longer than a policy does. So the thread that reads requests asks
//! the policies itself, with [`Patience::Brief`], for as long as nothing has to be waited for. As soon as something would, be it a place
//! in the pool, the state file, or a policy that wants more time, the question is answered from its beginning on a thread that may
//! block. Of the first attempt nothing is left: its instances are gone, and nothing was counted or written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use super::super::auth::Caller;
use super::super::behind_gate;
use super::super::refusal::Refusal;
use super::standing::{Behind, Standing};
use super::{Answer, Decided, Endpoint, Question, decide};
use crate::engine::Patience;
use crate::metrics::Stage;
use crate::service::{Audience, Service};

/// A question, who asks it and about whom.
pub(in crate::http) struct Case {
    pub(in crate::http) caller: Caller,
    pub(in crate::http) endpoint: Endpoint,
    pub(in crate::http) behind: Behind,
    pub(in crate::http) question: Question,
}

/// Why there is no decision.
pub(super) enum Stop {
    /// The call is refused.
    Refused(Refusal),
    /// Something is to be waited for, which the thread may not.
    Elsewhere,
}

impl<E: Into<Refusal>> From<E> for Stop {
    fn from(refusal: E) -> Self {
        Self::Refused(refusal.into())
    }
}

/// Questions of an audience that go to another thread at once, because one before them was cut.
#[derive(Debug, Default)]
pub(crate) struct Detours(AtomicU32);

/// A policy that is slow for one question mostly is for the next ones. One that was cut because the processor was taken away is soon back.
const AFTER_A_CUT: u32 = 16;

impl Detours {
    /// True when the next question is to be asked elsewhere, which counts it.
    fn take(&self) -> bool {
        let one_less = |left: u32| left.checked_sub(1);
        // Almost always none are left, and then nothing is written.
        self.0.load(Ordering::Relaxed) > 0
            && self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok()
    }

    pub(super) fn cut(&self) {
        self.0.store(AFTER_A_CUT, Ordering::Relaxed);
    }
}

/// Answers a question through whichever interface it came. Its line is in the log when this returns.
pub(in crate::http) async fn ask(service: &Arc<Service>, case: Case) -> Result<(Answer, Standing), Refusal> {
    let (caller, endpoint) = (case.caller, case.endpoint);
    let audience = caller.audience(service)?;
    if !audience.detours.take()
        && let Some(_place) = service.gate.place_at_once(&audience.share)
    {
        match decide(service, audience, &case, Patience::Brief) {
            Ok(decided) => return keep(service, audience, endpoint, decided).await,
            Err(Stop::Refused(refusal)) => return Err(refusal),
            Err(Stop::Elsewhere) => {}
        }
    }
    let worker = Arc::clone(service);
    behind_gate(service, audience, move || {
        let audience = caller.audience(&worker)?;
        match decide(&worker, audience, &case, Patience::Full) {
            Ok(Decided { answer, standing, line }) => {
                let begun = Instant::now();
                worker.log.keep(line)?;
                count(&worker, audience, endpoint, &answer, begun);
                Ok((answer, standing))
            }
            Err(Stop::Refused(refusal)) => Err(refusal),
            // With all patience there is nowhere else to go.
            Err(Stop::Elsewhere) => Err(Refusal::Busy),
        }
    })
    .await?
}

/// Writes the line of a decision down, here if nothing has to be waited for.
async fn keep(
    service: &Arc<Service>,
    audience: &Audience,
    endpoint: Endpoint,
    decided: Decided,
) -> Result<(Answer, Standing), Refusal> {
    let Decided { answer, standing, line } = decided;
    let begun = Instant::now();
    let line = match service.log.keep_at_once(line) {
        Ok(kept) => {
            kept?;
            count(service, audience, endpoint, &answer, begun);
            return Ok((answer, standing));
        }
        Err(line) => line,
    };
    let (worker, place) = (Arc::clone(service), audience.place);
    // Not tied to the caller: the decision was made, and its line is written though nobody may wait for the answer any more.
    let kept = tokio::task::spawn_blocking(move || {
        worker.log.keep(line)?;
        if let Some(audience) = worker.audiences.get(place) {
            count(&worker, audience, endpoint, &answer, begun);
        }
        Ok::<_, Refusal>(answer)
    });
    Ok((kept.await.map_err(|_| Refusal::Records)??, standing))
}

fn count(service: &Service, audience: &Audience, endpoint: Endpoint, answer: &Answer, begun: Instant) {
    service.metrics.stage(Stage::Log, begun.elapsed());
    let decision = if answer.decision { "permit" } else { "deny" };
    service.metrics.decided(endpoint.word(), &audience.config.id, decision, &answer.context.reason_code);
}
