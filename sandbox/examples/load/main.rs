//! Many logins at once against the program as it ships: how many were lost, how long they took, how much memory it wanted.
//!
//! `cargo xtask bench sandbox` builds both for release and runs this. Nothing is asserted on time; a lost login is a failure.

mod driver;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use driver::Target;
use serde_json::Value;

/// Logins at the same time.
const PARALLEL: usize = 200;
/// How often, each time with the same persons.
const ROUNDS: usize = 5;

/// The program does not outlive the measurement.
struct Guarded(Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() -> ExitCode {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let run = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string());
    match run.and_then(|runtime| runtime.block_on(measure())) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure() -> Result<usize, String> {
    let text = |error: std::io::Error| error.to_string();
    // Beside this program, one folder up: target/<profile>/examples/load and target/<profile>/vigie-sandbox.
    let own = std::env::current_exe().map_err(text)?;
    let program = own.ancestors().nth(2).unwrap_or(Path::new(".")).join("vigie-sandbox");
    let people = own.with_file_name("load-people.toml");
    std::fs::write(&people, driver::people(PARALLEL)).map_err(text)?;
    let mut command = Command::new(&program);
    command.args(["--listen", "127.0.0.1:0", "--format", "json", "--people"]).arg(&people);
    command.env("VIGIE_LOG", "error").stdout(Stdio::piped()).stderr(Stdio::null());
    let child = command.spawn().map_err(|error| format!("{}: {error}; build it first", program.display()))?;
    let mut sandbox = Guarded(child);
    let mut line = String::new();
    let output = sandbox.0.stdout.take().ok_or("the sandbox has no output")?;
    BufReader::new(output).read_line(&mut line).map_err(text)?;
    let ready: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
    let member = |name: &str| ready.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let target = Target { wallet: member("wallet"), issuer: member("issuer"), phone_api: member("phone_api") };

    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    println!("{PARALLEL} logins at once, {ROUNDS} times, sandbox and load on {processors} processors");
    println!("  round   lost        p50        p99       slowest   logins/s   memory now      most");
    let mut lost = 0;
    for round in 1..=ROUNDS {
        let started = Instant::now();
        let (mut times, failures) = together(&target).await?;
        let took = started.elapsed();
        for failure in failures.iter().take(3) {
            eprintln!("    {failure}");
        }
        lost += failures.len();
        times.sort_unstable();
        let at = |hundredths: usize| times.get((times.len() * hundredths / 100).min(times.len().saturating_sub(1)));
        let shown =
            |time: Option<&Duration>| time.map_or_else(|| "-".to_owned(), |time| format!("{} ms", time.as_millis()));
        let (now, most) = memory(sandbox.0.id());
        let rate = times.len() as f64 / took.as_secs_f64();
        println!(
            "  {round:>5}  {:>5}  {:>9}  {:>9}  {:>12}  {rate:>9.0}  {now:>11}  {most:>9}",
            failures.len(),
            shown(at(50)),
            shown(at(99)),
            shown(times.last()),
        );
    }
    println!("lost in all: {lost}");
    Ok(lost)
}

/// All persons at once.
async fn together(target: &Target) -> Result<(Vec<Duration>, Vec<String>), String> {
    let http = driver::client()?;
    let mut logins = tokio::task::JoinSet::new();
    for number in 0..PARALLEL {
        let (http, target) = (http.clone(), target.clone());
        logins.spawn(async move { driver::log_in(&http, &target, &driver::person(number)).await });
    }
    let (mut times, mut failures) = (Vec::new(), Vec::new());
    while let Some(ended) = logins.join_next().await {
        match ended.map_err(|error| error.to_string()).and_then(|login| login) {
            Ok(took) => times.push(took),
            Err(failure) => failures.push(failure),
        }
    }
    Ok((times, failures))
}

/// Resident memory now and at most, as proc(5) tells it; nothing where there is no such file.
fn memory(process: u32) -> (String, String) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let kilobytes: u64 = line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default();
        format!("{} MB", kilobytes / 1024)
    };
    (line("VmRSS:"), line("VmHWM:"))
}
