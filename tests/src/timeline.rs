//! What a person reads after a story: the steps with their durations, then the facts that the steps brought to light.

use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Whether steps are printed while they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// Each step as it ends: the demo.
    Aloud,
    /// Nothing: a test prints only what failed.
    Silent,
}

/// A story as it unfolds.
#[derive(Debug)]
pub struct Timeline {
    voice: Voice,
    started: Instant,
    steps: Vec<(String, Duration)>,
    current: Option<String>,
    /// Facts worth showing at the end: a title and its lines.
    facts: Vec<(String, Vec<String>)>,
    /// Pictures taken, in order.
    pub screenshots: Vec<PathBuf>,
}

impl Timeline {
    /// Starts the clock.
    #[must_use]
    pub fn new(voice: Voice) -> Self {
        Self {
            voice,
            started: Instant::now(),
            steps: Vec::new(),
            current: None,
            facts: Vec::new(),
            screenshots: Vec::new(),
        }
    }

    /// Runs one step. When it fails, the error starts with the step's name.
    ///
    /// # Errors
    /// Whatever the step reports.
    pub async fn step<T>(&mut self, name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        let begun = Instant::now();
        self.current = Some(name.to_owned());
        let result = work.await.with_context(|| format!("step failed: {name}"));
        let took = begun.elapsed();
        if self.voice == Voice::Aloud {
            let mark = if result.is_ok() { "ok    " } else { "FAILED" };
            println!("  {mark} {:6.1} s  {name}", took.as_secs_f64());
        }
        self.steps.push((name.to_owned(), took));
        result
    }

    /// The step under way or the last one, as a file name for its picture.
    #[must_use]
    pub fn current_slug(&self) -> String {
        let name = self.current.as_deref().unwrap_or("start");
        let plain =
            name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' });
        plain.take(48).collect()
    }

    /// A chapter of the story.
    pub fn chapter(&self, title: &str) {
        if self.voice == Voice::Aloud {
            println!("\n{title}");
        }
    }

    /// Keeps facts for the end.
    pub fn fact(&mut self, title: &str, lines: Vec<String>) {
        self.facts.push((title.to_owned(), lines));
    }

    /// Prints the facts, the pictures and the total.
    pub fn close(&self) {
        for (title, lines) in &self.facts {
            println!("\n{title}");
            for line in lines {
                println!("  {line}");
            }
        }
        println!("\nPictures");
        let here = std::env::current_dir().unwrap_or_default();
        for path in &self.screenshots {
            println!("  {}", path.strip_prefix(&here).unwrap_or(path).display());
        }
        println!("\n{} steps in {:.1} s", self.steps.len(), self.started.elapsed().as_secs_f64());
    }
}
