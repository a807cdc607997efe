//! How many components run at once, how many requests may wait for one, and how much of both an audience may take.
//!
//! As many run as the pool has places; four times as many may wait, for no longer than one time limit; everybody else is told at
//! once that the host is busy. A queue without bounds would answer everyone too late. Where there are several audiences, each may have
//! half of it: one that asks too much, or whose policies are slow, finds the host busy while the others still find places.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Limits;

/// Bounds the work.
pub struct Gate {
    all: Share,
    places: usize,
    patience: Duration,
}

/// What of the gate an audience may take.
pub struct Share {
    running: Arc<Semaphore>,
    admitted: Semaphore,
}

/// The right to run.
pub struct Place(#[expect(dead_code, reason = "held, never looked at")] [OwnedSemaphorePermit; 2]);

/// Every place is taken, or the work did not come back.
#[derive(Debug, thiserror::Error)]
#[error("all instances are in use")]
pub struct Busy;

/// Requests that may wait, per instance.
const WAITING_PER_INSTANCE: usize = 4;

impl Share {
    fn of(places: usize) -> Self {
        let admitted = places.saturating_mul(1 + WAITING_PER_INSTANCE);
        Self { running: Arc::new(Semaphore::new(places)), admitted: Semaphore::new(admitted) }
    }
}

impl Gate {
    /// A gate as wide as the pool.
    pub fn new(limits: &Limits) -> Self {
        let places = limits.instances as usize;
        Self { all: Share::of(places), places, patience: Duration::from_millis(limits.timeout_ms) }
    }

    /// The share of one audience of so many.
    pub fn share(&self, audiences: usize) -> Share {
        Share::of(if audiences > 1 { self.places.div_ceil(2) } else { self.places })
    }

    /// True when one more request would be admitted.
    pub fn is_open(&self) -> bool {
        self.all.admitted.available_permits() > 0
    }

    /// How many places are taken and how many are free.
    pub fn places(&self) -> (usize, usize) {
        let free = self.all.running.available_permits();
        (self.places.saturating_sub(free), free)
    }

    /// A place for work that does not block, when one is free this moment.
    pub fn place_at_once(&self, share: &Share) -> Option<Place> {
        let own = Arc::clone(&share.running).try_acquire_owned().ok()?;
        Some(Place([own, Arc::clone(&self.all.running).try_acquire_owned().ok()?]))
    }

    /// Runs blocking work off the async runtime when there is a place.
    ///
    /// # Errors
    /// There is none, now or within one time limit.
    pub async fn run<T: Send + 'static>(
        &self,
        share: &Share,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let _own = share.admitted.try_acquire().map_err(|_| Busy)?;
        let _admitted = self.all.admitted.try_acquire().map_err(|_| Busy)?;
        // One's own place first: who waits for that takes none from others meanwhile.
        let waiting = async {
            let own = Arc::clone(&share.running).acquire_owned().await?;
            Ok::<_, tokio::sync::AcquireError>(Place([own, Arc::clone(&self.all.running).acquire_owned().await?]))
        };
        let place = tokio::time::timeout(self.patience, waiting).await.map_err(|_| Busy)?.map_err(|_| Busy)?;
        // The place belongs to the work, not to the request: a caller who hangs up does not free an instance that still runs.
        tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        })
        .await
        .map_err(|_| Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(places: usize) -> Gate {
        Gate { all: Share::of(places), places, patience: Duration::from_millis(20) }
    }

    /// Work that says that it has begun, and ends when it is told to.
    fn held() -> (impl FnOnce() + Send + 'static, tokio::sync::oneshot::Receiver<()>, std::sync::mpsc::Sender<()>) {
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let (begin, begun) = tokio::sync::oneshot::channel::<()>();
        let work = move || {
            begin.send(()).unwrap();
            finished.recv().unwrap();
        };
        (work, begun, finish)
    }

    #[tokio::test]
    async fn one_too_many_is_told_so() {
        let gate = gate(1);
        let share = gate.share(1);
        let (work, begun, finish) = held();
        let second = async {
            begun.await.unwrap();
            assert!(gate.place_at_once(&share).is_none());
            let refused = gate.run(&share, || ()).await.is_err();
            finish.send(()).unwrap();
            refused
        };
        let (first, refused) = tokio::join!(gate.run(&share, work), second);
        assert!(first.is_ok());
        assert!(refused);
        assert!(gate.run(&share, || ()).await.is_ok());
        assert!(gate.place_at_once(&share).is_some());
    }

    #[tokio::test]
    async fn who_takes_a_whole_share_leaves_the_other_one() {
        let gate = gate(2);
        let (greedy, other) = (gate.share(2), gate.share(2));
        let (work, begun, finish) = held();
        let meanwhile = async {
            begun.await.unwrap();
            let (again, others) = (gate.run(&greedy, || ()).await.is_ok(), gate.run(&other, || ()).await.is_ok());
            finish.send(()).unwrap();
            (again, others)
        };
        let (first, (again, others)) = tokio::join!(gate.run(&greedy, work), meanwhile);
        assert_eq!((first.is_ok(), again, others), (true, false, true));
    }
}
