//! Runs one tool, keeps what it prints, shows that only when asked or when the tool fails, and ends it at a deadline.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::progress::Running;

/// How long a build tool may take: a cold build on one slow core.
pub(crate) const BUILD: Duration = Duration::from_secs(40 * 60);

/// What a tool left behind.
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    /// Both streams in the order in which they were written.
    pub(crate) lines: Vec<String>,
    /// The deadline passed and the tool was ended.
    pub(crate) overdue: bool,
}

impl Finished {
    pub(crate) fn success(&self) -> bool {
        self.status.success() && !self.overdue
    }

    pub(crate) fn print(&self) {
        println!();
        for line in self.lines.iter().filter(|line| is_for_people(line)) {
            println!("    {line}");
        }
    }
}

/// Runs to the end or to the deadline, whatever the exit code.
pub(crate) fn observe(running: &Running<'_>, command: &mut Command, at_most: Duration) -> Result<Finished> {
    let (reader, writer) = std::io::pipe()?;
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .env("CARGO_TERM_COLOR", "never")
        .env("CARGO_TERM_PROGRESS_WHEN", "never")
        .env("RUST_BACKTRACE", "0")
        .spawn()
        .with_context(|| format!("`{program}` could not be started"))?;
    // The command keeps its copies of the pipe; without this the reader would never see the end.
    command.stdout(Stdio::null()).stderr(Stdio::null());

    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(reader);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            bytes.clear();
            if sender.send(line).is_err() {
                break;
            }
        }
    });

    let deadline = Instant::now() + at_most;
    let mut kept: Vec<String> = Vec::new();
    let mut overdue = false;
    let mut ended = None;
    loop {
        match lines.recv_timeout(Duration::from_secs(1)) {
            Ok(line) => {
                if running.progress.verbose {
                    println!("    {line}");
                }
                kept.push(line);
            }
            // A grandchild may hold the pipe open; the tool's own end is what counts.
            Err(RecvTimeoutError::Timeout) if ended.is_some() => break,
            Err(RecvTimeoutError::Timeout) => ended = child.try_wait()?,
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if !running.progress.verbose {
            running.tick(kept.iter().rev().find(|line| is_for_people(line)).map_or("", String::as_str));
        }
        if Instant::now() > deadline {
            overdue = true;
            kept.push(format!("`{program}` was ended after {} s without an answer", at_most.as_secs()));
            child.kill()?;
            break;
        }
    }
    Ok(Finished { status: child.wait()?, lines: kept, overdue })
}

/// Runs a tool that must succeed; its output is shown when it does not.
pub(crate) fn succeed(running: &Running<'_>, command: &mut Command) -> Result<Finished> {
    let finished = observe(running, command, BUILD)?;
    if !finished.success() {
        if !running.progress.verbose {
            finished.print();
        }
        bail!("`{}` ended with {}", display(command), finished.status);
    }
    Ok(finished)
}

/// The first line that a tool prints, if it is there and runs: how versions are looked up.
pub(crate) fn first_line(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Cargo's messages for machines tell a person nothing.
fn is_for_people(line: &str) -> bool {
    !line.starts_with("{\"reason\":")
}

/// The command as a person would type it.
fn display(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
