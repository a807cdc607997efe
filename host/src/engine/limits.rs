//! What one component call may use, and how a call that fails is named.
//!
//! The meter refuses growth with an error of its own, so that the cause of a trap is a type and not a text. Wasmtime's
//! `StoreLimits` count per memory, not per instance; the pool therefore allows one memory per component.

use std::sync::Arc;

use wasmtime::{ResourceLimiter, Trap};

use super::crypto::Keys;
use crate::config::Limits;

/// What belongs to one call: its meter and the lines it logged, and what it may have checked.
pub struct Guest {
    pub(super) meter: Meter,
    pub(super) log: GuestLog,
    pub(super) keys: Arc<Keys>,
}

impl Guest {
    pub(super) fn new(limits: &Limits, keys: Arc<Keys>) -> Self {
        Self {
            keys,
            meter: Meter { memory_bytes: limits.memory_bytes, table_elements: limits.table_elements },
            log: GuestLog { lines: Vec::new(), dropped: 0, most: limits.log_lines, longest: limits.log_line_bytes },
        }
    }
}

/// Lines that a policy logged during one call.
#[derive(Debug, Default, Clone)]
pub struct GuestLog {
    /// In order: severity and text, cut to the limit, control characters replaced.
    pub lines: Vec<(&'static str, String)>,
    /// Lines beyond the limit.
    pub dropped: u32,
    most: u32,
    longest: usize,
}

impl GuestLog {
    pub(super) fn push(&mut self, severity: &'static str, message: &str) {
        if self.lines.len() >= self.most as usize {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        let end = (0..=self.longest.min(message.len())).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
        let kept = message.get(..end).unwrap_or("");
        self.lines.push((severity, kept.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()));
    }
}

/// Refuses growth beyond the limits.
pub struct Meter {
    memory_bytes: usize,
    table_elements: usize,
}

/// A growth that was refused, as the error inside the trap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("memory limit")]
    Memory,
    #[error("table limit")]
    Table,
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.memory_bytes { Err(Refused::Memory.into()) } else { Ok(true) }
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.table_elements { Err(Refused::Table.into()) } else { Ok(true) }
    }

    // Allowed by the limiter, refused by the pool: a failure all the same, never a silent -1 to the guest.
    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(Refused::Memory.into())
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(Refused::Table.into())
    }

    fn memories(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        super::TABLES_PER_COMPONENT as usize
    }
}

/// How a call ended when it did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It ran longer than `limits.timeout_ms`.
    #[error("it exceeded its time limit")]
    Timeout,
    /// It wanted more memory than `limits.memory_bytes`.
    #[error("it exceeded its memory limit")]
    Memory,
    /// It wanted a larger table than `limits.table_elements`.
    #[error("it exceeded its table limit")]
    Table,
    /// It recursed deeper than `limits.stack_bytes`.
    #[error("it exceeded its stack limit")]
    Stack,
    /// It handed over more than `limits.hostcall_bytes` in one call.
    #[error("it exceeded its limit of data handed to the host")]
    Hostcall,
    /// Its answer is larger than `limits.outcome_bytes`.
    #[error("its answer exceeded the size limit")]
    OutcomeSize,
    /// Its answer is not what the contract says.
    #[error("its answer does not have the shape of the contract")]
    BadOutput,
    /// Its answer gives a reason that its description does not list.
    #[error("it answered with a reason that it does not declare")]
    Reason,
    /// It trapped.
    #[error("it trapped")]
    Trap,
    /// All instances are in use.
    #[error("no instance was free")]
    Busy,
    /// It is configured and could not be loaded, and no copy that could was kept.
    #[error("it is not loaded")]
    Missing,
    /// It failed too often in a row and is not asked any more.
    #[error("it is in quarantine")]
    Quarantined,
}

impl Failure {
    /// Stable code, as in the decision log and answers.
    pub fn code(self) -> &'static str {
        match self {
            Self::Timeout => "POL-TIMEOUT",
            Self::Memory => "POL-MEMORY",
            Self::Table => "POL-TABLE",
            Self::Stack => "POL-STACK",
            Self::Hostcall => "POL-HOSTCALL",
            Self::OutcomeSize => "POL-OUTCOME-SIZE",
            Self::BadOutput => "POL-BAD-OUTPUT",
            Self::Reason => "POL-REASON",
            Self::Trap => "POL-TRAP",
            Self::Busy => "POL-BUSY",
            Self::Missing => "POL-MISSING",
            Self::Quarantined => "POL-QUARANTINED",
        }
    }

    /// Names the cause of an error that wasmtime returned from a call or an instantiation.
    pub(super) fn of(error: &wasmtime::Error) -> Self {
        if let Some(refused) = error.downcast_ref::<Refused>() {
            return match refused {
                Refused::Memory => Self::Memory,
                Refused::Table => Self::Table,
            };
        }
        if error.downcast_ref::<wasmtime::PoolConcurrencyLimitError>().is_some() {
            return Self::Busy;
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => return Self::Timeout,
            Some(Trap::StackOverflow) => return Self::Stack,
            Some(
                Trap::InvalidChar
                | Trap::StringOutOfBounds
                | Trap::ListOutOfBounds
                | Trap::InvalidDiscriminant
                | Trap::UnalignedPointer,
            ) => return Self::BadOutput,
            Some(_) => return Self::Trap,
            None => {}
        }
        // Wasmtime keeps this error's type to itself; a test notices should its text change.
        let text = error.root_cause().to_string();
        if text.contains("hostcalls has been exhausted") {
            Self::Hostcall
        } else {
            // No trap and none of ours: an answer that could not be lifted, such as text that is not UTF-8.
            Self::BadOutput
        }
    }
}

/// The first line of an error, for messages that must stay one sentence.
pub(super) fn first_line(error: &wasmtime::Error) -> String {
    error.root_cause().to_string().lines().next().unwrap_or("unknown reason").trim().to_owned()
}
