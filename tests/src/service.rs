//! A program of ours as a child process: started, waited for until it says that it is ready, ended when dropped.
//!
//! Everything it prints goes to a file; the first line of standard output is its announcement, one line of JSON.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

/// Starting includes compiling components, on a machine that may be busy; only what fails takes so long.
const READY_WITHIN: Duration = Duration::from_secs(180);

/// A running child.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    log: PathBuf,
}

impl Service {
    /// Starts the program and returns it with the first line that it prints and that `announces` accepts.
    pub(crate) fn start<T: Send + 'static>(
        name: &str,
        command: &mut Command,
        logs: &Path,
        announces: fn(&str) -> Option<T>,
    ) -> Result<(Self, T)> {
        let log = logs.join(format!("{name}.log"));
        let mut file = File::create(&log)?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file.try_clone()?)
            .env("RUST_BACKTRACE", "0")
            .spawn()
            .with_context(|| format!("{name} could not be started"))?;
        let output = child.stdout.take().context("a child without standard output")?;
        let (sender, announcement) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(std::io::Result::ok) {
                // A log that cannot be written must not block the child.
                let _ = writeln!(file, "{line}");
                if let Some(value) = announces(&line) {
                    let _ = sender.send(value);
                }
            }
        });
        let service = Self { child, log };
        match announcement.recv_timeout(READY_WITHIN) {
            Ok(value) => Ok((service, value)),
            Err(_) => {
                let said = service.tail(20);
                Err(anyhow!("{name} did not say that it is ready; it said:\n{said}"))
            }
        }
    }

    /// The last lines of what the child printed.
    pub(crate) fn tail(&self, count: usize) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines.iter().skip(lines.len().saturating_sub(count)).map(|line| format!("    {line}\n")).collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing of it is left.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The line of JSON with which our programs say that they are ready.
pub(crate) fn announcement<T: serde::de::DeserializeOwned>(line: &str) -> Option<T> {
    serde_json::from_str(line).ok()
}
