//! The shipped program as a child process, and waiting for what it does.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub struct Served {
    child: Child,
    pub ready: Value,
}

impl Served {
    pub fn start(config: &Path) -> Self {
        Self::start_with(config, "", &[])
    }

    /// The same, with more in its environment, after a shell has run `before` in its place.
    pub fn start_with(config: &Path, before: &str, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", &format!("{before}\nexec \"$@\""), "sh", env!("CARGO_BIN_EXE_vigie")])
            .args(["serve", "--format", "json", "--config"])
            .arg(config)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, ready: serde_json::from_str(&line).expect("the first line is JSON") }
    }

    pub fn url(&self) -> &str {
        self.ready["listening"].as_str().unwrap()
    }

    pub fn id(&self) -> String {
        self.child.id().to_string()
    }

    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([&format!("-{name}"), &self.id()]).status().unwrap().success());
    }

    pub fn end(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    pub fn terminate(self) -> Option<i32> {
        self.signal("TERM");
        self.end()
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Looks again and again, and gives way in between; far beyond what any machine needs it is a failure.
pub async fn until(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !look().await {
        assert!(begun.elapsed() < Duration::from_secs(120), "this never happened: {what}");
        tokio::task::yield_now().await;
    }
}
