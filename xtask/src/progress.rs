//! One line per step: what, how it went, how long. On a terminal the running step shows its seconds and what the called
//! tool is doing; elsewhere a line now and then says that it is alive. Colour only on terminals, and not with `NO_COLOR`.

use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often a silent log hears of a long step.
const HEARTBEAT: Duration = Duration::from_secs(20);

pub(crate) struct Progress {
    pub(crate) verbose: bool,
    terminal: bool,
    colour: bool,
}

/// The mark in front of a finished step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Ok,
    Failed,
}

impl Progress {
    pub(crate) fn new(verbose: bool) -> Self {
        let terminal = std::io::stdout().is_terminal();
        Self { verbose, terminal, colour: terminal && std::env::var_os("NO_COLOR").is_none() }
    }

    pub(crate) fn heading(&self, text: &str) {
        println!("\n{}", self.paint("1", text));
    }

    pub(crate) fn line(&self, mark: Mark, took: Option<Duration>, text: &str) {
        let seconds = took.map_or_else(|| " ".repeat(8), |took| format!("{:6.1} s", took.as_secs_f64()));
        let word = match mark {
            Mark::Ok => self.paint("32", "ok    "),
            Mark::Failed => self.paint("31;1", "FAILED"),
        };
        self.clear();
        println!("  {word} {seconds}  {text}");
    }

    /// Runs `work` as one step.
    pub(crate) fn step<T>(
        &self,
        name: &str,
        work: impl FnOnce(&Running<'_>) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let running = Running { progress: self, name, started: Instant::now(), beat: Cell::new(HEARTBEAT) };
        let result = work(&running);
        let mark = if result.is_ok() { Mark::Ok } else { Mark::Failed };
        self.line(mark, Some(running.started.elapsed()), name);
        result
    }

    pub(crate) fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn clear(&self) {
        if self.terminal {
            print!("\r\x1b[2K");
        }
    }
}

/// A step under way.
pub(crate) struct Running<'a> {
    pub(crate) progress: &'a Progress,
    name: &'a str,
    started: Instant,
    beat: Cell<Duration>,
}

impl Running<'_> {
    /// Called about once a second with the latest line of the tool.
    pub(crate) fn tick(&self, latest: &str) {
        let elapsed = self.started.elapsed();
        let activity: String = latest.trim().chars().take(60).collect();
        if self.progress.terminal {
            self.progress.clear();
            print!("  ...    {:6.0} s  {}: {activity}", elapsed.as_secs_f64(), self.name);
            // A terminal that cannot be flushed is no reason to stop a build.
            let _ = std::io::stdout().flush();
        } else if elapsed >= self.beat.get() {
            self.beat.set(elapsed + HEARTBEAT);
            println!("  ...    {:6.0} s  {}: {activity}", elapsed.as_secs_f64(), self.name);
        }
    }
}
