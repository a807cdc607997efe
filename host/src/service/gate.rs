//! How many components run at once, and how many requests may wait for one.
//!
//! As many run as the pool has places; four times as many may wait, for no longer than one time limit; everybody else is told at
//! once that the host is busy. A queue without bounds would answer everyone too late.

use std::time::Duration;

use tokio::sync::Semaphore;

use crate::config::Limits;

/// Bounds the work.
pub struct Gate {
    running: std::sync::Arc<Semaphore>,
    admitted: Semaphore,
    places: usize,
    patience: Duration,
}

/// Every place is taken, or the work did not come back.
#[derive(Debug, thiserror::Error)]
#[error("all instances are in use")]
pub struct Busy;

/// Requests that may wait, per instance.
const WAITING_PER_INSTANCE: usize = 4;

impl Gate {
    /// A gate as wide as the pool.
    pub fn new(limits: &Limits) -> Self {
        let places = limits.instances as usize;
        Self {
            running: std::sync::Arc::new(Semaphore::new(places)),
            admitted: Semaphore::new(places.saturating_mul(1 + WAITING_PER_INSTANCE)),
            places,
            patience: Duration::from_millis(limits.timeout_ms),
        }
    }

    /// True when one more request would be admitted.
    pub fn is_open(&self) -> bool {
        self.admitted.available_permits() > 0
    }

    /// How many places are taken and how many are free.
    pub fn places(&self) -> (usize, usize) {
        let free = self.running.available_permits();
        (self.places.saturating_sub(free), free)
    }

    /// Runs blocking work off the async runtime when there is a place.
    ///
    /// # Errors
    /// There is none, now or within one time limit.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let _admitted = self.admitted.try_acquire().map_err(|_| Busy)?;
        let running = std::sync::Arc::clone(&self.running);
        let place =
            tokio::time::timeout(self.patience, running.acquire_owned()).await.map_err(|_| Busy)?.map_err(|_| Busy)?;
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

    fn gate(instances: u32) -> Gate {
        Gate {
            running: std::sync::Arc::new(Semaphore::new(instances as usize)),
            admitted: Semaphore::new(instances as usize),
            places: instances as usize,
            patience: Duration::from_millis(20),
        }
    }

    #[tokio::test]
    async fn one_too_many_is_told_so() {
        let gate = gate(1);
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let (begin, begun) = tokio::sync::oneshot::channel::<()>();
        let first = gate.run(move || {
            begin.send(()).unwrap();
            finished.recv().unwrap();
        });
        let second = async {
            begun.await.unwrap();
            let refused = gate.run(|| ()).await.is_err();
            finish.send(()).unwrap();
            refused
        };
        let (first, refused) = tokio::join!(first, second);
        assert!(first.is_ok());
        assert!(refused);
        assert!(gate.run(|| ()).await.is_ok());
    }
}
