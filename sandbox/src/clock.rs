//! Time as the sandbox sees it: a clock that the caller hands in, plus an advance that tests and the fault page may add.
//!
//! No other module reads a clock. Everything is in milliseconds since the Unix epoch, in UTC. Nothing here sleeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

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

/// A clock that can be moved forward on demand, so that an expiry can be shown without waiting for it.
#[derive(Clone)]
pub(crate) struct SandboxClock {
    base: Arc<dyn Clock>,
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
        Self { base, advance_ms: Arc::new(AtomicU64::new(0)) }
    }

    /// Milliseconds since the Unix epoch, advance included.
    #[must_use]
    pub(crate) fn now_ms(&self) -> u64 {
        self.base.now_ms().saturating_add(self.advance_ms.load(Ordering::Relaxed))
    }

    /// Moves the clock forward. It never goes back, because tokens already issued would become tokens of the future.
    pub(crate) fn advance(&self, seconds: u64) {
        let _ = self.advance_ms.fetch_add(seconds.saturating_mul(1000), Ordering::Relaxed);
    }
}
