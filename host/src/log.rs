//! The decision log: one JSON object a line, written before the answer leaves.
//!
//! It says which core and which policies decided what and why, and not about whom: no identifier, no token, no handle, no
//! number. Only an operator who writes `log.input = "full"` makes it hold the questions themselves, personal data included, so that
//! they can be replayed; tokens and handles are not in it even then. Names are those of OPA's decision log where it has one. A
//! line that cannot be written turns the answer into a refusal, so there is no decision without its record.
//!
//! Each line names the digest of the line before it: see [`chain`]. Operational messages are not here; they go through `tracing` to
//! standard error.

pub mod chain;

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Mutex;

use serde::Serialize;

use crate::config::LogInput;
use crate::engine::json::Request;
use crate::engine::limits::GuestLog;
use chain::Link;

/// Where decisions are written.
pub struct DecisionLog {
    writer: Mutex<Writer>,
    input: LogInput,
}

struct Writer {
    target: Target,
    link: Link,
}

enum Target {
    File(File),
    StandardError,
}

/// The line could not be written; the caller must be refused.
#[derive(Debug, thiserror::Error)]
#[error("the decision log cannot be written")]
pub struct WriteLogError;

/// What happened.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event<'a> {
    /// A login was verified and has a handle, or was refused.
    Login(LoginLine<'a>),
    /// A question was answered.
    Decision(DecisionLine<'a>),
    /// A handle was revoked.
    Revocation(RevocationLine<'a>),
}

/// A login, accepted or refused.
#[derive(Serialize)]
pub struct LoginLine<'a> {
    /// Unix seconds.
    pub timestamp: u64,
    /// Relying party.
    pub audience: &'a str,
    /// Digest of the verifier.
    pub core_digest: &'a str,
    /// True when a handle was given.
    pub accepted: bool,
    /// Why not.
    pub code: Option<&'a str>,
    /// PSC `acr`, when it is one of the table.
    pub level: Option<&'a str>,
    /// PSC `authMode`.
    pub auth_mode: Option<&'a str>,
    /// The checks that were made.
    pub evidence: &'a [crate::http::Evidence],
}

/// An answer.
#[derive(Serialize)]
pub struct DecisionLine<'a> {
    /// Unix seconds.
    pub timestamp: u64,
    /// As in the answer.
    pub decision_id: &'a str,
    /// Relying party.
    pub audience: &'a str,
    /// Digest of the verifier.
    pub core_digest: &'a str,
    /// As in the answer.
    pub result: bool,
    /// As in the answer.
    pub reason_code: &'a str,
    /// What the policies were told: with `log.input = "full"` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Box<Request>>,
    /// Each policy that was asked.
    pub policies: Vec<PolicyLine<'a>>,
}

/// One policy's part.
#[derive(Serialize)]
pub struct PolicyLine<'a> {
    /// As configured.
    pub id: &'a str,
    /// required, advisory or shadow.
    pub role: &'a str,
    /// Of a shadow: whether it would have decided the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agrees: Option<bool>,
    /// Digest of the component.
    pub digest: &'a str,
    /// Digest of its settings.
    pub settings_digest: &'a str,
    /// Digest of its whole answer, beside `input` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome_digest: Option<String>,
    /// permit, deny, abstain or failed.
    pub effect: &'a str,
    /// The policy's own, or how it failed.
    pub reason_code: &'a str,
    /// The policy's remark for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_admin: Option<&'a str>,
    /// Microseconds from instantiation to answer.
    pub duration_us: u64,
    /// What the policy logged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<&'a str>,
    /// How many more lines it wanted to log.
    #[serde(skip_serializing_if = "is_zero")]
    pub log_dropped: u32,
}

impl PolicyLine<'_> {
    /// The line of a shadow, with what the comparison said.
    #[must_use]
    pub fn compared(self, agrees: bool) -> Self {
        Self { agrees: Some(agrees), ..self }
    }
}

/// The end of a handle.
#[derive(Serialize)]
pub struct RevocationLine<'a> {
    /// Unix seconds.
    pub timestamp: u64,
    /// Relying party.
    pub audience: &'a str,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl DecisionLog {
    /// Opens a file for appending, or takes standard error. A file that is to hold questions is readable by its owner only.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: Option<&Path>, input: LogInput) -> io::Result<Self> {
        let writer = match path {
            Some(path) => {
                let mut options = OpenOptions::new();
                options.create(true).append(true).read(true);
                if input == LogInput::Full {
                    options.mode(0o600);
                }
                let mut file = options.open(path)?;
                if input == LogInput::Full {
                    file.set_permissions(Permissions::from_mode(0o600))?;
                }
                let link = Link::after(&mut file)?;
                Writer { target: Target::File(file), link }
            }
            None => Writer { target: Target::StandardError, link: Link::default() },
        };
        Ok(Self { writer: Mutex::new(writer), input })
    }

    /// Whether decisions are written with their questions.
    pub fn keeps_input(&self) -> bool {
        self.input == LogInput::Full
    }

    /// Appends one line in one write.
    ///
    /// # Errors
    /// The disk is full, or the file is gone.
    pub fn write(&self, event: &Event<'_>) -> Result<(), WriteLogError> {
        let line = serde_json::to_vec(event).map_err(|_| WriteLogError)?;
        let mut writer = self.writer.lock().map_err(|_| WriteLogError)?;
        let Writer { target, link } = &mut *writer;
        let written = link.append(line, |bytes| match target {
            Target::File(file) => file.write_all(bytes),
            Target::StandardError => io::stderr().lock().write_all(bytes),
        });
        written.map_err(|error| {
            tracing::error!(code = "HTTP-LOG", kind = %error.kind(), "the decision log cannot be written");
            WriteLogError
        })
    }
}

/// A guest's lines as they stand in the log.
pub fn texts(log: &GuestLog) -> Vec<&str> {
    log.lines.iter().map(|(_, text)| text.as_str()).collect()
}
