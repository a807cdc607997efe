//! The decision log: one JSON object a line, written before the answer leaves.
//!
//! It says which core and which policies decided what and why, and about whom only under a keyed word ([`pseudonym`]): no identifier, no
//! token, no handle, no number. Only an operator who writes `log.input = "full"` makes it hold the questions themselves, personal data
//! included, so that they can be replayed; tokens and handles are not in it even then. What a line says is in [`line`].
//!
//! With `on_full = "deny"` a line that cannot be written, or that too many others wait before, turns the answer into a refusal, so there is
//! no decision without its record. With `"drop"` the answer leaves, the loss is counted, and the next line that can be written says how
//! many are missing. Lines that come together are written together, and with `sync = "group"` share one wait for the disk.
//!
//! Each line names the digest of the line before it, across files that were set aside: see [`chain`] and [`file`]. Operational messages are
//! not here; they go through `tracing` to standard error.

pub mod chain;
pub mod file;
pub mod line;
pub mod pseudonym;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::config::{self, LogInput, OnFull};
use crate::group::{Group, GroupError};
use crate::metrics::Metrics;
use crate::problem::Explain;
use chain::{Link, RECOVERY};
use file::LogFile;
pub use line::{DecisionLine, Event, LoginLine, PolicyLine, RevocationLine};
use line::{DroppedLine, Line, RecoveryLine};
pub use pseudonym::{Pseudonym, PseudonymKey, PseudonymKeyError};

/// Where decisions are written.
pub struct DecisionLog {
    waiting: Group<Vec<u8>, io::Result<()>>,
    sink: Mutex<Sink>,
    input: LogInput,
    on_full: OnFull,
    labels: BTreeMap<String, String>,
    pseudonyms: PseudonymKey,
    requests: AtomicU64,
    /// Lines that are lost and of which no line speaks yet.
    unsaid: AtomicU64,
    metrics: Arc<Metrics>,
}

enum Sink {
    File(LogFile),
    StandardError(Link),
}

/// A line on its way.
pub struct Encoded(Vec<u8>);

/// The line could not be written; the caller must be refused.
#[derive(Debug, thiserror::Error)]
#[error("the decision log cannot be written")]
pub struct WriteLogError;

/// The log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenLogError {
    /// The file.
    #[error("the decision log {file} cannot be opened ({kind})")]
    File {
        /// As configured.
        file: String,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// The key of pseudonyms.
    #[error(transparent)]
    Key(#[from] PseudonymKeyError),
}

impl Explain for OpenLogError {
    fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "CFG-LOG",
            Self::Key(error) => error.code(),
        }
    }

    fn help(&self) -> String {
        match self {
            Self::File { .. } => "Check the directory and its rights, and that the disk has room.".into(),
            Self::Key(error) => error.help(),
        }
    }
}

impl DecisionLog {
    /// Opens the log and the key of pseudonyms, which lies beside the state file. A line that was cut short is said, here and in the log.
    ///
    /// # Errors
    /// One of them cannot be had.
    pub fn open(settings: &config::Log, state: &Path, metrics: &Arc<Metrics>) -> Result<Self, OpenLogError> {
        let pseudonyms = PseudonymKey::open(&PseudonymKey::path(state))?;
        let refused = |error: &io::Error| OpenLogError::File {
            file: settings.file.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
            kind: error.kind(),
        };
        let sink = match &settings.file {
            Some(path) => Sink::File(LogFile::open(path, settings).map_err(|error| refused(&error))?),
            None => Sink::StandardError(Link::default()),
        };
        let torn_bytes = if let Sink::File(file) = &sink { file.torn_bytes() } else { 0 };
        let mut labels = settings.labels.clone();
        labels.insert("id".into(), make_start_id().map_err(|error| refused(&error))?);
        labels.insert("version".into(), env!("CARGO_PKG_VERSION").into());
        let log = Self {
            waiting: Group::new(settings.queue),
            sink: Mutex::new(sink),
            input: settings.input,
            on_full: settings.on_full,
            labels,
            pseudonyms,
            requests: AtomicU64::new(0),
            unsaid: AtomicU64::new(0),
            metrics: Arc::clone(metrics),
        };
        if torn_bytes > 0 {
            tracing::warn!(
                code = "CFG-LOG-TORN",
                torn_bytes,
                "the decision log ended within a line; no answer left for it, and the chain goes on behind it"
            );
            // A full disk is met again by the first decision, which is where it counts.
            let _written = log.append(Vec::new());
        }
        Ok(log)
    }

    /// Whether decisions are written with their questions.
    pub fn keeps_input(&self) -> bool {
        self.input == LogInput::Full
    }

    /// The word under which a person stands in this log.
    pub fn pseudonym(&self, realm: &str, person: &str) -> Pseudonym {
        self.pseudonyms.of(realm, person)
    }

    /// Keeps an event, or says that the answer must not leave. Blocks until the line is as safe as `log.sync` says.
    ///
    /// # Errors
    /// With `on_full = "deny"`: the disk is full, the file is gone, or too many lines wait.
    pub fn write(&self, event: &Event<'_>) -> Result<(), WriteLogError> {
        self.keep(self.encode(event)?)
    }

    /// The line of an event, for callers that may not block and hand it to a thread that may.
    ///
    /// # Errors
    /// The event has no JSON form.
    pub fn encode(&self, event: &Event<'_>) -> Result<Encoded, WriteLogError> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        serde_json::to_vec(&Line::new(event, &self.labels, number)).map(Encoded).map_err(|_| WriteLogError)
    }

    /// The second half of [`DecisionLog::write`].
    ///
    /// # Errors
    /// As there.
    pub fn keep(&self, line: Encoded) -> Result<(), WriteLogError> {
        self.outcome(self.waiting.run(line.0, |lines| self.append_all(lines)))
    }

    /// The same for a thread that may not wait: the line comes back when the disk, or somebody else's line, would have to be waited for.
    ///
    /// # Errors
    /// Outside: the line. Inside: as there.
    pub fn keep_at_once(&self, line: Encoded) -> Result<Result<(), WriteLogError>, Encoded> {
        let is_prompt = self.sink.try_lock().is_ok_and(|sink| match &*sink {
            Sink::File(file) => file.takes_at_once(line.0.len()),
            // Whoever reads standard error may be slow.
            Sink::StandardError(_) => false,
        });
        if !is_prompt {
            return Err(line);
        }
        let kept = self.waiting.run_at_once(line.0, |lines| self.append_all(lines)).map_err(Encoded)?;
        Ok(self.outcome(kept))
    }

    fn outcome(&self, kept: Result<io::Result<()>, GroupError>) -> Result<(), WriteLogError> {
        let reason = match kept {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        match self.on_full {
            OnFull::Deny => {
                tracing::error!(code = "HTTP-LOG", reason, "the decision log cannot be written");
                Err(WriteLogError)
            }
            OnFull::Drop => {
                self.metrics.log_dropped();
                self.unsaid.fetch_add(1, Ordering::Relaxed);
                tracing::error!(code = "HTTP-LOG", reason, "a line of the decision log is lost");
                Ok(())
            }
        }
    }

    /// What the leader of a group does: one write, one wait, one answer for everybody.
    fn append_all(&self, mut lines: Vec<Vec<u8>>) -> Vec<io::Result<()>> {
        let count = lines.len();
        let unsaid = self.unsaid.swap(0, Ordering::Relaxed);
        if unsaid > 0 {
            let timestamp = (crate::service::system_clock())();
            let line = DroppedLine { event: "dropped", timestamp, labels: &self.labels, dropped: unsaid };
            lines.extend(serde_json::to_vec(&line).ok());
        }
        let written = self.append(lines).map_err(|error| error.kind());
        if written.is_err() {
            self.unsaid.fetch_add(unsaid, Ordering::Relaxed);
        }
        std::iter::repeat_with(|| written.map_err(io::Error::from)).take(count).collect()
    }

    fn append(&self, mut lines: Vec<Vec<u8>>) -> io::Result<()> {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *sink {
            Sink::File(file) => {
                // First of all, and until it is written: a cut line of which the next one does not speak is taken for somebody's.
                if file.torn_bytes() > 0 {
                    let (event, timestamp) = (RECOVERY, (crate::service::system_clock())());
                    let line = RecoveryLine { event, timestamp, labels: &self.labels, torn_bytes: file.torn_bytes() };
                    lines.insert(0, serde_json::to_vec(&line)?);
                }
                file.append(&lines)?;
            }
            Sink::StandardError(link) => {
                let mut next = *link;
                let bytes = next.join_all(&lines)?;
                io::stderr().lock().write_all(&bytes)?;
                *link = next;
            }
        }
        Ok(())
    }

    /// Sets the file aside and begins another, which goes on with the chain. Nothing to do for standard error.
    ///
    /// # Errors
    /// The system refuses; lines go on into the file that is open.
    pub fn rotate(&self) -> io::Result<()> {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *sink {
            Sink::File(file) => file.rotate(),
            Sink::StandardError(_) => Ok(()),
        }
    }

    /// Has the disk take what the system still holds, at the end of the process.
    pub fn flush(&self) {
        let sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        if let Sink::File(file) = &*sink
            && let Err(error) = file.sync()
        {
            tracing::error!(code = "HTTP-LOG", kind = %error.kind(), "the end of the decision log may not be on the disk");
        }
    }
}

/// Names one start of one host.
fn make_start_id() -> io::Result<String> {
    let mut bytes = [0; 12];
    rand::fill(&mut bytes).map_err(|_| io::ErrorKind::Other)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
