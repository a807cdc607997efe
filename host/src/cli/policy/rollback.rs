//! `vigie policy rollback`: the way back, on a host that serves.
//!
//! It asks the host as any operator's program would (`POST /v1/policies/rollback`), so that there is one way in, with one secret. The secret
//! is read from its file and is in no argument, where every account of the machine could read it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{Format, refuse};
use super::say;
use crate::authoring::document::{self, ReadDocumentError};
use crate::digest::Digest;
use crate::problem::Explain;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The relying party, as configured.
    audience: String,
    /// Its policy, as configured.
    policy: String,
    /// The component to go back to; without it the newest that is older than the one in service.
    #[arg(long, value_name = "sha256:…")]
    digest: Option<Digest>,
    /// Where the host listens.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8181")]
    url: String,
    /// The file of admin.secret_file.
    #[arg(long, value_name = "FILE")]
    secret_file: PathBuf,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// Why nothing was rolled back, as far as this side knows.
#[derive(Debug, thiserror::Error)]
enum AskHostError {
    #[error(transparent)]
    Secret(#[from] ReadDocumentError),
    #[error("no host answers at {0}")]
    Unreachable(String),
    #[error("what answers at {0} is no host that takes operators")]
    Stranger(String),
    #[error("{message}")]
    Refused { code: &'static str, message: String, help: String },
}

impl Explain for AskHostError {
    fn code(&self) -> &'static str {
        match self {
            Self::Secret(error) => error.code(),
            Self::Unreachable(_) => "POL-HOST",
            Self::Stranger(_) => "POL-HOST-ANSWER",
            Self::Refused { code, .. } => code,
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Secret(_) => "Name the file that admin.secret_file of the configuration names.".into(),
            Self::Unreachable(_) => "Start it, or name the URL that its ready line says with --url.".into(),
            Self::Stranger(_) => "Give its configuration a table [admin], start it again, and look at --url.".into(),
            Self::Refused { help, .. } => help.clone(),
        }
    }
}

/// Another revision may have to be loaded; compiling is never part of it, unless its machine code is gone.
const PATIENCE: Duration = Duration::from_secs(180);

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match ask(arguments) {
        Ok(report) => {
            say(&match arguments.format {
                Format::Json => format!("{report}\n"),
                Format::Human => human(arguments, &report),
            });
            ExitCode::SUCCESS
        }
        Err(error) => refuse(&error),
    }
}

/// What of the host's report is shown.
#[derive(Deserialize)]
struct Report {
    audiences: Vec<AudienceReport>,
}

#[derive(Deserialize)]
struct AudienceReport {
    id: String,
    policies: Vec<PolicyReport>,
}

#[derive(Deserialize)]
struct PolicyReport {
    id: String,
    digest: String,
    state: String,
}

fn human(arguments: &Arguments, report: &Value) -> String {
    let audiences = Report::deserialize(report).map(|report| report.audiences).unwrap_or_default();
    let mut policies = audiences.into_iter().filter(|one| one.id == arguments.audience).flat_map(|one| one.policies);
    let now = policies.find(|one| one.id == arguments.policy);
    let now = now.map_or_else(String::new, |one| format!(" {} ({})", one.digest, one.state));
    format!("{} asks {}{now}\n", arguments.audience, arguments.policy)
}

fn ask(arguments: &Arguments) -> Result<Value, AskHostError> {
    let secret = document::read(&arguments.secret_file)?;
    let unreachable = || AskHostError::Unreachable(arguments.url.clone());
    // One TLS implementation in the process, as everywhere.
    let _already_installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut builder = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
    if arguments.url.starts_with("http:") {
        // Nobody to trust, so a machine without certificate authorities will do.
        builder = builder.tls_certs_only([]);
    }
    let client = builder.build().map_err(|_| unreachable())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|_| unreachable())?;
    let wanted = json!({ "audience": arguments.audience, "policy": arguments.policy, "digest": arguments.digest });
    let url = format!("{}/v1/policies/rollback", arguments.url.trim_end_matches('/'));
    runtime.block_on(async {
        let call = client.post(url).bearer_auth(secret.trim()).json(&wanted);
        let answer = call.send().await.map_err(|_| unreachable())?;
        let is_done = answer.status().is_success();
        let body: Value = answer.json().await.map_err(|_| AskHostError::Stranger(arguments.url.clone()))?;
        if is_done { Ok(body) } else { Err(refusal(body, &arguments.url)) }
    })
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
    message: String,
    help: String,
}

/// The host's own words, where its code is one that this program knows.
fn refusal(body: Value, url: &str) -> AskHostError {
    let stranger = || AskHostError::Stranger(url.to_owned());
    let Ok(Refusal { code, message, help }) = serde_json::from_value(body) else { return stranger() };
    let known = crate::code::TABLE.iter().find(|one| one.name == code);
    match known {
        Some(known) if known.name != "HTTP-NOT-FOUND" => AskHostError::Refused { code: known.name, message, help },
        _ => stranger(),
    }
}
