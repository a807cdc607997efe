//! Work that costs the same for one as for many, done together: whoever comes while the disk is busy shares the next wait for it.
//!
//! The first to come leads: it takes everything that waits, does it as one, and hands out the results. A lone caller therefore pays no
//! hand-over to another thread, and a crowd pays for one durable write instead of one each. Callers block, so they run off the async
//! runtime. The line is bounded: one too many is told so at once.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A line of callers with jobs `J`, each of whom gets an `R`.
pub(crate) struct Group<J, R> {
    state: Mutex<State<J, R>>,
    changed: Condvar,
    most: usize,
}

struct State<J, R> {
    waiting: Vec<(u64, J)>,
    /// `None` for a job whose leader did not come back with a result.
    done: BTreeMap<u64, Option<R>>,
    next: u64,
    is_led: bool,
}

impl<J, R> State<J, R> {
    fn take_ticket(&mut self, job: J) -> u64 {
        let ticket = self.next;
        self.next += 1;
        self.waiting.push((ticket, job));
        ticket
    }
}

/// Why a job has no result.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GroupError {
    /// As many wait as may.
    #[error("too many wait")]
    Full,
    /// The work ended without a result for this job.
    #[error("the work was not done")]
    Lost,
}

impl<J, R> Group<J, R> {
    pub(crate) fn new(most: usize) -> Self {
        let state = State { waiting: Vec::new(), done: BTreeMap::new(), next: 0, is_led: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), most }
    }

    fn lock(&self) -> MutexGuard<'_, State<J, R>> {
        // The state is whole between any two statements, so a panic elsewhere spoils nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the job done, by this caller or by another. `work` gets at least one job and answers one result for each, in order.
    pub(crate) fn run(&self, job: J, work: impl FnOnce(Vec<J>) -> Vec<R>) -> Result<R, GroupError> {
        let mut state = self.lock();
        if state.waiting.len() >= self.most {
            return Err(GroupError::Full);
        }
        let ticket = state.take_ticket(job);
        while state.is_led {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            if let Some(result) = state.done.remove(&ticket) {
                return result.ok_or(GroupError::Lost);
            }
        }
        self.lead(state, ticket, work)
    }

    /// As [`Group::run`] for a caller that may not wait for others: the job comes back when somebody leads or waits.
    pub(crate) fn run_at_once(&self, job: J, work: impl FnOnce(Vec<J>) -> Vec<R>) -> Result<Result<R, GroupError>, J> {
        let mut state = self.lock();
        if state.is_led || !state.waiting.is_empty() {
            return Err(job);
        }
        let ticket = state.take_ticket(job);
        Ok(self.lead(state, ticket, work))
    }

    /// Does whatever waits as one.
    fn lead(
        &self,
        mut state: MutexGuard<'_, State<J, R>>,
        ticket: u64,
        work: impl FnOnce(Vec<J>) -> Vec<R>,
    ) -> Result<R, GroupError> {
        state.is_led = true;
        let (tickets, jobs) = std::mem::take(&mut state.waiting).into_iter().unzip();
        drop(state);
        let mut lead = Lead { group: self, tickets, results: Vec::new() };
        lead.results = work(jobs);
        drop(lead);
        self.lock().done.remove(&ticket).flatten().ok_or(GroupError::Lost)
    }
}

/// Gives the results out at its end, whatever the end is.
struct Lead<'g, J, R> {
    group: &'g Group<J, R>,
    tickets: Vec<u64>,
    results: Vec<R>,
}

impl<J, R> Drop for Lead<'_, J, R> {
    fn drop(&mut self) {
        let mut state = self.group.lock();
        let mut results = std::mem::take(&mut self.results).into_iter();
        state.done.extend(self.tickets.drain(..).map(|ticket| (ticket, results.next())));
        state.is_led = false;
        drop(state);
        self.group.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn those_who_wait_are_served_together() {
        let group: Group<u32, u32> = Group::new(8);
        let rounds = AtomicUsize::new(0);
        let double = |jobs: Vec<u32>| {
            rounds.fetch_add(1, Ordering::SeqCst);
            jobs.into_iter().map(|job| job * 2).collect()
        };
        let (entered, has_entered) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let results: Vec<u32> = std::thread::scope(|scope| {
            let (group, double) = (&group, &double);
            let first = scope.spawn(move || {
                group.run(1, |jobs| {
                    entered.send(()).unwrap();
                    released.recv().unwrap();
                    double(jobs)
                })
            });
            has_entered.recv().unwrap();
            let others: Vec<_> = (2..8).map(|job| scope.spawn(move || group.run(job, double))).collect();
            while group.lock().waiting.len() < 6 {
                std::thread::yield_now();
            }
            release.send(()).unwrap();
            std::iter::once(first).chain(others).map(|one| one.join().unwrap().unwrap()).collect()
        });
        assert_eq!(results, [2, 4, 6, 8, 10, 12, 14]);
        assert_eq!(rounds.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn who_may_not_wait_leads_alone_or_gets_the_job_back() {
        let group: Group<u32, u32> = Group::new(8);
        assert_eq!(group.run_at_once(1, |jobs| jobs), Ok(Ok(1)));
        let back = group.run(2, |jobs| {
            assert_eq!(group.run_at_once(3, |jobs| jobs), Err(3));
            jobs
        });
        assert_eq!(back, Ok(2));
        assert_eq!(group.run_at_once(4, |jobs| jobs), Ok(Ok(4)));
    }

    #[test]
    fn one_too_many_is_told_so_and_a_lost_job_too() {
        let group: Group<u32, u32> = Group::new(0);
        assert_eq!(group.run(1, |_| vec![1]), Err(GroupError::Full));
        let group: Group<u32, u32> = Group::new(1);
        assert_eq!(group.run(1, |_| Vec::new()), Err(GroupError::Lost));
        let broke = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| group.run(1, |_| panic!("as a test"))));
        assert!(broke.is_err());
        assert_eq!(group.run(1, |jobs| jobs), Ok(1), "the line goes on");
    }
}
