//! The decision log as configured.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::wire::{self, LogInput, OnFull, Sync};
use super::{ConfigError, value};

/// Where decisions are written, and what happens when they cannot be.
#[derive(Debug, Clone)]
pub struct Log {
    /// Absent means standard error.
    pub file: Option<PathBuf>,
    /// Whether the questions themselves are kept.
    pub input: LogInput,
    /// What becomes of an answer whose line cannot be kept.
    pub on_full: OnFull,
    /// Lines that may wait.
    pub queue: usize,
    /// What is waited for before an answer leaves.
    pub sync: Sync,
    /// The file is set aside before it grows beyond this.
    pub rotate_bytes: Option<u64>,
    /// Files set aside that are kept.
    pub keep_files: Option<u64>,
    /// In every line.
    pub labels: BTreeMap<String, String>,
}

/// Without a table [log]: to whoever reads standard error, and nothing leaves unwritten.
const STANDARD_ERROR: Log = Log {
    file: None,
    input: LogInput::None,
    on_full: OnFull::Deny,
    queue: 1024,
    sync: Sync::System,
    rotate_bytes: None,
    keep_files: None,
    labels: BTreeMap::new(),
};

/// A line without a question is about a kilobyte; a file smaller than some hundred lines is all seams.
const SMALLEST_FILE: u64 = 64 << 10;
/// As many as connections are served at one time would never be reached.
const LONGEST_QUEUE: u64 = 65_536;

pub(super) fn check(wire: Option<wire::Log>, base: &Path) -> Result<Log, ConfigError> {
    let Some(wire) = wire else { return Ok(STANDARD_ERROR) };
    if !(1..=LONGEST_QUEUE).contains(&wire.queue) {
        return Err(value("log.queue", &format!("{} is not between 1 and {LONGEST_QUEUE}", wire.queue)));
    }
    if let Some(bytes) = wire.rotate_bytes.filter(|bytes| *bytes < SMALLEST_FILE) {
        return Err(value("log.rotate_bytes", &format!("{bytes} is less than {SMALLEST_FILE}")));
    }
    if wire.keep_files == Some(0) {
        return Err(value("log.keep_files", "0 would remove each file as soon as it is set aside"));
    }
    // A label is a constant of this host, so it must not look like something that was received.
    let plain = |text: &str| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if let Some((name, _)) = wire.labels.iter().find(|(name, text)| !plain(name) || !plain(text)) {
        return Err(value("log.labels", &format!("{name:?} or its value is not 1 to 64 visible ASCII characters")));
    }
    if let Some(name) = ["id", "version"].into_iter().find(|name| wire.labels.contains_key(*name)) {
        return Err(value("log.labels", &format!("{name:?} is a label of the host's own")));
    }
    Ok(Log {
        file: Some(base.join(wire.decisions)),
        input: wire.input,
        on_full: wire.on_full,
        queue: usize::try_from(wire.queue).unwrap_or(usize::MAX),
        sync: wire.sync,
        rotate_bytes: wire.rotate_bytes,
        keep_files: wire.keep_files,
        labels: wire.labels,
    })
}
