//! `vigie inspect`: what the core says about an identifier, a URL, a token or a UserInfo answer.
//!
//! One question per value, or with `--jsonl` one JSON object a line on standard input and one answer a line on standard output,
//! in order; a line that cannot be read has its own answer and stops nothing. The core runs as the component, as the component
//! with its own cryptography, or natively: the answers are the same bytes. Values given as arguments stay in this process, but a
//! shell keeps a history, so tokens are better sent by `--jsonl`.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::{Map, Value};
use verifier_core::{report, token::RustCrypto};

use super::{Format, refuse};
use crate::components;
use crate::config::Limits;
use crate::engine::inspect::Role;
use crate::engine::verifier::{Inspector, Verifier};
use crate::engine::{Engine, LoadComponentError, StartEngineError};
use crate::problem::Explain;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// What is to be inspected.
    #[arg(value_enum)]
    operation: Operation,
    /// The values; a UserInfo or a token question may be a whole JSON object as in --jsonl.
    #[arg(value_name = "VALUE", required_unless_present = "jsonl", conflicts_with = "jsonl")]
    values: Vec<String>,
    /// One JSON object a line on standard input, one answer a line on standard output.
    #[arg(long)]
    jsonl: bool,
    /// Where the core runs.
    #[arg(long, value_enum, default_value_t = EngineName::Component)]
    engine: EngineName,
    /// For people or for programs; --jsonl is always JSON.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Where the components are.
    #[arg(long, value_name = "DIR", env = components::VARIABLE)]
    components: Option<PathBuf>,
    #[command(flatten)]
    expectations: Expectations,
}

/// What a token given as a bare argument must match. Lines and JSON objects carry their own.
#[derive(clap::Args)]
#[command(next_help_heading = "For a token that is no JSON object")]
struct Expectations {
    /// Which token it is: id or access.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// The exact `iss`.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The client id of the relying party.
    #[arg(long, value_name = "CLIENT")]
    audience: Option<String>,
    /// The provider's key set, as published.
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// The nonce that was sent; without it the nonce is not compared.
    #[arg(long)]
    nonce: Option<String>,
    /// The lowest level to accept; without it the level is reported only.
    #[arg(long, value_name = "ACR")]
    min_acr: Option<String>,
    /// Unix seconds to judge at, instead of the machine's clock.
    #[arg(long, value_name = "SECONDS")]
    now: Option<u64>,
}

impl Expectations {
    /// The members that a token's line needs beside its value.
    fn members(&self) -> Result<Map<String, Value>, InspectError> {
        let (Some(kind), Some(issuer), Some(audience), Some(file)) =
            (&self.kind, &self.issuer, &self.audience, &self.jwks)
        else {
            return Err(InspectError::Expectations);
        };
        let jwks = std::fs::read_to_string(file)
            .ok()
            .and_then(|text| serde_json::from_str::<Value>(&text).ok())
            .ok_or_else(|| InspectError::Jwks(file.display().to_string()))?;
        let now = self.now.unwrap_or_else(|| (crate::service::system_clock())());
        let mut members = Map::from_iter([
            ("kind".to_owned(), kind.clone().into()),
            ("issuer".to_owned(), issuer.clone().into()),
            ("audience".to_owned(), audience.clone().into()),
            ("now".to_owned(), now.into()),
            ("jwks".to_owned(), jwks),
        ]);
        let optional = [("nonce", &self.nonce), ("min_acr", &self.min_acr)];
        members.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?.into()))));
        Ok(members)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Operation {
    /// A national id, RPPS, ADELI, FINESS, …
    Id,
    /// An address.
    Url,
    /// An ID token or access token, with what it must match.
    Token,
    /// A UserInfo answer.
    Userinfo,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EngineName {
    /// In wasmtime, signatures checked by aws-lc-rs.
    Component,
    /// In this process, signatures checked by RustCrypto.
    Native,
    /// In wasmtime, signatures checked by RustCrypto inside.
    Pure,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Url => "url",
            Self::Token => "token",
            Self::Userinfo => "userinfo",
        }
    }

    /// Whether an answer counts as accepted for the exit code. A wrong check digit does; of URLs only genuine ones do.
    fn accepts(self, answer: &Value) -> bool {
        let is_true = |member: &str| answer.get(member).and_then(Value::as_bool) == Some(true);
        match self {
            Self::Id | Self::Userinfo => is_true("ok"),
            Self::Token => is_true("verified"),
            Self::Url => matches!(answer.get("verdict").and_then(Value::as_str), Some("exact" | "family")),
        }
    }

    /// The line for a value given as an argument.
    fn line(self, value: &str, expectations: &Expectations) -> Result<String, InspectError> {
        if matches!(self, Self::Token | Self::Userinfo)
            && let Ok(Value::Object(object)) = serde_json::from_str(value)
            && object.contains_key("value")
        {
            return Ok(value.to_owned());
        }
        let mut line = if self == Self::Token { expectations.members()? } else { Map::new() };
        line.insert("value".to_owned(), value.into());
        Ok(Value::Object(line).to_string())
    }
}

/// Limits of a command-line run: generous, since what runs is our own core, and bounded all the same.
fn limits() -> Limits {
    Limits {
        timeout_ms: 10_000,
        memory_bytes: 64 << 20,
        table_elements: 10_000,
        stack_bytes: 512 << 10,
        hostcall_bytes: 16 << 20,
        instances: 8,
        request_bytes: LONGEST_LINE,
        log_lines: 0,
        log_line_bytes: 16,
        outcome_bytes: 256,
    }
}

/// A line holds a token and a key set at most, each a few kilobytes.
const LONGEST_LINE: usize = 1 << 20;

enum Core {
    Native,
    Component(Box<Verifier>),
}

/// The core cannot be run as asked, or standard input or output broke.
#[derive(Debug, thiserror::Error)]
enum InspectError {
    #[error(transparent)]
    NotFound(#[from] components::NotFound),
    #[error(transparent)]
    Engine(#[from] StartEngineError),
    #[error(transparent)]
    Load(#[from] LoadComponentError),
    #[error("standard input or output broke ({0})")]
    Io(io::ErrorKind),
    #[error("a token is inspected against what it must match, and some of that is not given")]
    Expectations,
    #[error("the key set {0} cannot be read as JSON")]
    Jwks(String),
}

impl Explain for InspectError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(error) => error.code(),
            Self::Engine(error) => error.code(),
            Self::Load(error) => error.code(),
            Self::Io(_) => "CFG-IO",
            Self::Expectations => "IN-EXPECTATIONS",
            Self::Jwks(_) => "IN-JWKS-FILE",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::NotFound(error) => format!("{} Or use --engine native.", error.help()),
            Self::Engine(error) => error.help(),
            Self::Load(error) => error.help(),
            Self::Io(_) => "Check the pipe or file on the other side.".into(),
            Self::Expectations => {
                "Add --kind, --issuer, --audience and --jwks, or give a JSON object as in --jsonl.".into()
            }
            Self::Jwks(_) => "Save what the provider's jwks_uri answers to a file, and name it with --jwks.".into(),
        }
    }
}

impl Core {
    fn open(arguments: &Arguments) -> Result<Self, InspectError> {
        let file = match arguments.engine {
            EngineName::Native => return Ok(Self::Native),
            EngineName::Component => components::VERIFIER,
            EngineName::Pure => components::VERIFIER_PURE,
        };
        let path = components::find(arguments.components.as_deref(), file)?;
        let engine = Engine::start(&limits())?;
        let verifier =
            engine.load(&path, None, Role::Verifier).and_then(|inspected| Verifier::prepare(&engine, &inspected))?;
        Ok(Self::Component(Box::new(verifier)))
    }

    fn desk(&self) -> Desk<'_> {
        match self {
            Self::Native => Desk::Native,
            Self::Component(verifier) => Desk::Component(Box::new(verifier.inspector())),
        }
    }
}

/// Where one thread's lines are answered.
enum Desk<'c> {
    Native,
    Component(Box<Inspector<'c>>),
}

impl Desk<'_> {
    fn answer(&mut self, operation: Operation, line: &str) -> String {
        match self {
            Self::Native => report::answer(operation.name(), line, &RustCrypto),
            Self::Component(inspector) => inspector.answer(operation.name(), line).unwrap_or_else(|failure| {
                // Our own core does not trap; should it, the line still gets an answer and the others go on.
                serde_json::json!({ "ok": false, "code": failure.code() }).to_string()
            }),
        }
    }

    fn answered(&mut self, operation: Operation, line: &str) -> Answered {
        let text = self.answer(operation, line);
        let accepted = serde_json::from_str(&text).is_ok_and(|answer| operation.accepts(&answer));
        Answered { text, accepted }
    }
}

/// One line's answer, and whether it counts as accepted.
struct Answered {
    text: String,
    accepted: bool,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let inspected = Core::open(arguments)
        .and_then(|core| if arguments.jsonl { lines(arguments.operation, &core) } else { values(arguments, &core) });
    match inspected {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error @ (InspectError::Expectations | InspectError::Jwks(_))) => {
            refuse(&error);
            ExitCode::from(2)
        }
        Err(error) => refuse(&error),
    }
}

fn values(arguments: &Arguments, core: &Core) -> Result<bool, InspectError> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut desk = core.desk();
    let mut all = true;
    for value in &arguments.values {
        let operation = arguments.operation;
        let text = desk.answer(operation, &operation.line(value, &arguments.expectations)?);
        let answer: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        let accepted = operation.accepts(&answer);
        all &= accepted;
        match arguments.format {
            Format::Json => writeln!(out, "{text}"),
            Format::Human => human(&mut out, accepted, &answer),
        }
        .map_err(broken)?;
    }
    out.flush().map_err(broken)?;
    Ok(all)
}

/// Members as `name: value` lines under a verdict. Nested values stay JSON.
fn human(out: &mut impl Write, accepted: bool, answer: &Value) -> io::Result<()> {
    writeln!(out, "{}", if accepted { "accepted" } else { "refused" })?;
    for (name, value) in answer.as_object().into_iter().flatten() {
        match value {
            Value::Null => {}
            Value::String(text) => writeln!(out, "  {name}: {text}")?,
            other => writeln!(out, "  {name}: {other}")?,
        }
    }
    Ok(())
}

/// A reader that shows what it holds, which the lock on standard input does not.
type Input = BufReader<io::StdinLock<'static>>;

/// How many lines are answered together: enough to keep all processors busy, few enough to stay interactive.
const BATCH: usize = 2048;

/// How much is read at once: some dozens of tokens with their key sets.
const BUFFER: usize = 256 << 10;

/// Fewer lines than this per thread are answered where they are, which is sooner than starting the threads.
const WORTH_A_THREAD: usize = 4;

fn lines(operation: Operation, core: &Core) -> Result<bool, InspectError> {
    let mut input: Input = BufReader::with_capacity(BUFFER, io::stdin().lock());
    let mut out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    let threads =
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(limits().instances as usize);
    let mut desks: Vec<Desk<'_>> = (0..threads).map(|_| core.desk()).collect();
    let mut all = true;
    loop {
        let batch = read_batch(&mut input)?;
        if batch.is_empty() {
            return Ok(all);
        }
        for answered in answer_batch(operation, &mut desks, &batch) {
            all &= answered.accepted;
            writeln!(out, "{}", answered.text).map_err(broken)?;
        }
        out.flush().map_err(broken)?;
    }
}

/// Answers in the order of the lines, whichever thread was first.
fn answer_batch(operation: Operation, desks: &mut [Desk<'_>], batch: &[String]) -> Vec<Answered> {
    let share = batch.len().div_ceil(desks.len().max(1)).max(WORTH_A_THREAD);
    let part_of = |desk: &mut Desk<'_>, part: &[String]| -> Vec<Answered> {
        part.iter().map(|line| desk.answered(operation, line)).collect()
    };
    std::thread::scope(|scope| {
        let mut parts = batch.chunks(share).zip(desks);
        // The first part is answered by this thread, which would only wait.
        let mine = parts.next();
        let others: Vec<_> = parts.map(|(part, desk)| (part, scope.spawn(move || part_of(desk, part)))).collect();
        let mut answers = mine.map(|(part, desk)| part_of(desk, part)).unwrap_or_default();
        for (part, thread) in others {
            let broken = || Answered { text: r#"{"ok":false,"code":"POL-TRAP"}"#.to_owned(), accepted: false };
            answers.extend(thread.join().unwrap_or_else(|_| part.iter().map(|_| broken()).collect()));
        }
        answers
    })
}

/// Takes at least one line, and as many more as are there without waiting.
fn read_batch(input: &mut Input) -> Result<Vec<String>, InspectError> {
    let mut batch = Vec::new();
    while batch.len() < BATCH {
        match read_line(input)? {
            Some(line) => batch.push(line),
            None => break,
        }
        // What is buffered already can be read without blocking; an incomplete last line waits for the next batch.
        if !input.buffer().contains(&b'\n') {
            break;
        }
    }
    Ok(batch)
}

/// One line, at most [`LONGEST_LINE`] bytes of it; the rest of a longer one is skipped, and the core refuses what is left. A line
/// that is not UTF-8 is not JSON (RFC 8259 section 8.1): the core gets nothing in its place, and refuses that.
fn read_line(input: &mut Input) -> Result<Option<String>, InspectError> {
    let mut bytes = Vec::new();
    let most = LONGEST_LINE as u64;
    if input.by_ref().take(most).read_until(b'\n', &mut bytes).map_err(broken)? == 0 {
        return Ok(None);
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    } else if bytes.len() as u64 == most {
        skip_line(input)?;
        // Cut, perhaps inside a character; it is refused for its length in any case.
        return Ok(Some(String::from_utf8_lossy(&bytes).into_owned()));
    }
    Ok(Some(String::from_utf8(bytes).unwrap_or_default()))
}

fn skip_line(input: &mut Input) -> Result<(), InspectError> {
    loop {
        let buffer = input.fill_buf().map_err(broken)?;
        if buffer.is_empty() {
            return Ok(());
        }
        let (used, done) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => (end + 1, true),
            None => (buffer.len(), false),
        };
        input.consume(used);
        if done {
            return Ok(());
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
fn broken(error: io::Error) -> InspectError {
    InspectError::Io(error.kind())
}
