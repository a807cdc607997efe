//! Time as the sandbox sees it: a clock that the caller hands in, which tests and the fault page may stop, plus an advance that
//! they may add.
//!
//! No other module reads a clock. Everything is in milliseconds since the Unix epoch, in UTC. Nothing here sleeps.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;

/// Where "now" comes from.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> u64;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|since| u64::try_from(since.as_millis()).ok())
            .unwrap_or(0)
    }
}

/// Whether time passes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Pace {
    /// With the machine's clock.
    Running,
    /// Only by [`SandboxClock::advance`]: the last second of a life can be looked at however slow the machine is.
    Stopped,
}

/// A clock that can be moved forward on demand, so that an expiry can be shown without waiting for it.
#[derive(Clone)]
pub(crate) struct SandboxClock {
    base: Arc<dyn Clock>,
    stopped_ms: Arc<Mutex<Option<u64>>>,
    advance_ms: Arc<AtomicU64>,
}

impl std::fmt::Debug for SandboxClock {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SandboxClock(+{} ms)", self.advance_ms.load(Ordering::Relaxed))
    }
}

impl SandboxClock {
    /// Starts on the time of `base`, with no advance.
    pub(crate) fn new(base: Arc<dyn Clock>) -> Self {
        Self { base, stopped_ms: Arc::default(), advance_ms: Arc::new(AtomicU64::new(0)) }
    }

    /// Milliseconds since the Unix epoch, advance included.
    #[must_use]
    pub(crate) fn now_ms(&self) -> u64 {
        let stopped = *self.stopped_ms.lock().unwrap_or_else(PoisonError::into_inner);
        let base_ms = stopped.unwrap_or_else(|| self.base.now_ms());
        base_ms.saturating_add(self.advance_ms.load(Ordering::Relaxed))
    }

    /// Moves the clock forward. It never goes back, because tokens already issued would become tokens of the future.
    pub(crate) fn advance(&self, seconds: u64) {
        let _ = self.advance_ms.fetch_add(seconds.saturating_mul(1000), Ordering::Relaxed);
    }

    /// Stops the clock, or lets it run again; it then catches up with the machine's, so that it never lags behind other programs.
    pub(crate) fn pace(&self, pace: Pace) {
        let mut stopped = self.stopped_ms.lock().unwrap_or_else(PoisonError::into_inner);
        *stopped = match pace {
            Pace::Running => None,
            Pace::Stopped => Some(stopped.unwrap_or_else(|| self.base.now_ms())),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::{Clock, Pace, SandboxClock};

    struct Machine(AtomicU64);

    impl Clock for Machine {
        fn now_ms(&self) -> u64 {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn a_stopped_clock_moves_only_when_it_is_moved_and_catches_up_when_it_runs() {
        let machine = Arc::new(Machine(AtomicU64::new(1_000_000)));
        let clock = SandboxClock::new(machine.clone());
        let pass = |ms: u64| machine.0.fetch_add(ms, Ordering::Relaxed);
        pass(500);
        assert_eq!(clock.now_ms(), 1_000_500);
        clock.pace(Pace::Stopped);
        pass(90_000);
        assert_eq!(clock.now_ms(), 1_000_500);
        clock.advance(89);
        // Stopping twice changes nothing.
        clock.pace(Pace::Stopped);
        pass(10_000);
        assert_eq!(clock.now_ms(), 1_089_500);
        clock.pace(Pace::Running);
        assert_eq!(clock.now_ms(), 1_189_500);
        pass(1);
        assert_eq!(clock.now_ms(), 1_189_501);
    }
}
