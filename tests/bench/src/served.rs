//! Programs that serve while the benchmark runs: `vigie` with a configuration written for one row, and the floor.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use vigie_host::digest::Digest;

use crate::load::{get, once, post};
use crate::provider::Provider;
use crate::token::{self, CLIENT, NATIONAL_ID, NONCE};

/// Where things are.
pub(crate) struct Place {
    root: PathBuf,
    components: PathBuf,
    vigie: PathBuf,
}

impl Place {
    pub(crate) fn new(root: &str, components: &str) -> Result<Self> {
        // Built together with this program, and beside it.
        let vigie = std::env::current_exe()?.with_file_name("vigie-host-served");
        Ok(Self { root: root.into(), components: components.into(), vigie })
    }

    /// The root of the checkout.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A built component.
    pub(crate) fn component(&self, name: &str) -> PathBuf {
        self.components.join(format!("{name}.wasm"))
    }

    /// What a run writes lies here.
    fn runs(&self) -> PathBuf {
        self.root.join("target/bench/host")
    }

    /// Removes what an earlier run left.
    pub(crate) fn clear(&self) -> Result<()> {
        let folder = self.runs();
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        Ok(std::fs::create_dir_all(folder)?)
    }
}

/// Which processors a server may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Processors {
    /// The second one alone; what loads it has the others. On a machine with one processor there is nothing to choose.
    One,
    /// All.
    All,
}

/// A policy in a configuration.
#[derive(Clone)]
pub(crate) struct Policy {
    file: PathBuf,
    digest: Digest,
}

/// A relying party in a configuration.
pub(crate) struct Audience {
    /// Its name.
    pub(crate) id: String,
    /// All required.
    pub(crate) policies: Vec<Policy>,
}

/// What an answer waits for: `log.sync` of the configuration.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sync {
    /// The system has the line.
    System,
    /// The disk has it.
    Group,
}

/// A configuration's folder.
pub(crate) struct Setup {
    folder: PathBuf,
    sync: Sync,
    config: PathBuf,
    vigie: PathBuf,
}

/// Limits as in the sample configuration.
fn limits() -> Value {
    json!({
        "timeout_ms": 100, "memory_bytes": 16 << 20, "table_elements": 10_000, "stack_bytes": 512 << 10, "hostcall_bytes": 1 << 20,
        "instances": 64, "request_bytes": 64 << 10, "log_lines": 20, "log_line_bytes": 1024, "outcome_bytes": 16 << 10,
        "compile_timeout_ms": 120_000, "compile_memory_bytes": 4_u64 << 30,
    })
}

impl Audience {
    pub(crate) fn new(id: impl Into<String>, policies: Vec<Policy>) -> Self {
        Self { id: id.into(), policies }
    }

    /// Its secret.
    pub(crate) fn secret(&self) -> String {
        secret(&self.id)
    }
}

fn secret(audience: &str) -> String {
    format!("secret-of-the-benchmark-{audience}")
}

impl Sync {
    fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Group => "group",
        }
    }
}

impl Setup {
    /// Writes a configuration, its secrets beside it.
    pub(crate) fn write(place: &Place, name: &str, provider: &Provider, audiences: &[Audience]) -> Result<Self> {
        Self::write_with(Sync::System, place, name, provider, audiences)
    }

    /// The same with another `log.sync`.
    pub(crate) fn write_with(
        sync: Sync,
        place: &Place,
        name: &str,
        provider: &Provider,
        audiences: &[Audience],
    ) -> Result<Self> {
        let folder = place.runs().join(name);
        // The log in a folder of its own, as the systemd unit has it: the host watches the folder of its configuration, and each line
        // would wake it.
        std::fs::create_dir_all(folder.join("log"))?;
        let setup = Self { config: folder.join("vigie.toml"), folder, sync, vigie: place.vigie.clone() };
        for audience in audiences {
            std::fs::write(setup.folder.join(format!("{}.secret", audience.id)), audience.secret())?;
        }
        setup.rewrite(place, provider, audiences)?;
        Ok(setup)
    }

    /// The same file with other policies; whoever reads it meets the old one or the new one.
    pub(crate) fn rewrite(&self, place: &Place, provider: &Provider, audiences: &[Audience]) -> Result<()> {
        let list: Vec<Value> = audiences.iter().map(|one| one.to_config(&provider.issuer)).collect();
        let config = json!({
            "mode": "development",
            "server": { "listen": "127.0.0.1:0" },
            "state": { "path": "state.redb", "entries": 200_000 },
            "log": { "decisions": "log/decisions.jsonl", "on_full": "deny", "queue": 1024, "sync": self.sync.word() },
            "verifier": { "component": place.component("vigie-verifier") },
            "limits": limits(),
            "audience": list,
        });
        let next = self.folder.join("vigie.toml.next");
        std::fs::write(&next, toml::to_string(&config)?)?;
        Ok(std::fs::rename(next, &self.config)?)
    }

    /// Starts `vigie serve` and waits until it listens. Returns how long that took, too.
    pub(crate) fn serve(&self, processors: Processors) -> Result<(Served, Duration)> {
        let mut command = on(processors, &self.vigie);
        command.args(["serve", "--format", "json", "--config"]).arg(&self.config).current_dir(&self.folder);
        let messages = std::fs::File::options().create(true).append(true).open(self.folder.join("messages"))?;
        command.stderr(messages);
        Served::start(command).with_context(|| format!("see {}", self.folder.join("messages").display()))
    }
}

impl Audience {
    fn to_config(&self, issuer: &str) -> Value {
        let named = self.policies.iter().enumerate();
        let policies: Vec<Value> = named
            .map(|(index, policy)| {
                json!({ "id": format!("policy-{index}"), "component": policy.file, "digest": policy.digest.to_string(), "required": true })
            })
            .collect();
        json!({
            "id": self.id, "issuer": issuer, "client_id": CLIENT, "caller_secret_file": format!("{}.secret", self.id),
            "min_acr": "eidas1", "clock_skew_s": 5, "userinfo": "relay", "policy": policies,
        })
    }
}

/// A program on these processors.
pub(crate) fn on(processors: Processors, program: &Path) -> Command {
    let several = std::thread::available_parallelism().is_ok_and(|count| count.get() > 1);
    if processors == Processors::One && several {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", "1"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

/// A running server. Dropping it ends it.
pub(crate) struct Served {
    child: Child,
    /// Kept open, so that what it prints later goes somewhere.
    _output: BufReader<ChildStdout>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Served {
    /// Starts a program whose first line of output is JSON and says where it listens.
    pub(crate) fn start(mut command: Command) -> Result<(Self, Duration)> {
        let begun = Instant::now();
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("`{program}` does not start"))?;
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().context("no output")?);
        output.read_line(&mut line)?;
        let took = begun.elapsed();
        let ready: Value = match serde_json::from_str(&line) {
            Ok(ready) => ready,
            Err(_) => bail!("`{program}` ended with {} instead of listening", child.wait()?),
        };
        let address = ready.get("listening").and_then(Value::as_str).and_then(|url| url.strip_prefix("http://"));
        let address = address.context("no address in the ready line")?.parse()?;
        Ok((Self { child, _output: output, address }, took))
    }

    /// Processor time so far: `utime` and `stime` of proc(5), in hundredths of a second.
    pub(crate) fn busy(&self) -> Result<Duration> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // Counted after the name in parentheses, which may hold anything: fields 14 and 15 of the line.
        let after_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
        let fields = after_name.split_whitespace().skip(11).take(2);
        let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Resident memory in bytes: `VmRSS` of proc(5).
    pub(crate) fn resident(&self) -> Result<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib << 10)
    }

    /// Sends SIGHUP, by which the host looks at its configuration again.
    pub(crate) fn hang_up(&self) -> Result<()> {
        let sent = Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status()?;
        ensure!(sent.success(), "the signal could not be sent");
        Ok(())
    }

    /// True while it runs.
    pub(crate) fn runs(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Fails unless the host says that it is ready, which it does not while a policy is not loaded.
    pub(crate) fn must_be_ready(&self) -> Result<()> {
        let answer = once(self.address, get(self.address, "/readyz?verbose"))?;
        ensure!(answer.status == 200, "the host is not ready: {}", String::from_utf8_lossy(&answer.body));
        Ok(())
    }

    /// Logs the test identity in at an audience and returns the bytes of a question about it. Each number makes another token.
    pub(crate) fn question(&self, provider: &Provider, audience: &Audience, number: u64) -> Result<Vec<u8>> {
        let signed = provider.key.sign(&token::claims(&provider.issuer, token::now(), number))?;
        let body = json!({ "id_token": signed.token, "nonce": NONCE, "userinfo": token::userinfo() });
        let answer = once(self.address, post(self.address, "/v1/logins", &audience.secret(), &body))?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        ensure!(answer.status == 201, "the login is refused: {text}");
        let created: Value = serde_json::from_str(&text)?;
        let login = created.get("login").and_then(Value::as_str).context("no handle")?;
        Ok(evaluation(self.address, &audience.secret(), login))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It keeps nothing that matters, and one that has ended by itself is no trouble here.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// One question as a relying party asks it.
pub(crate) fn evaluation(address: SocketAddr, secret: &str, login: &str) -> Vec<u8> {
    let body = json!({
        "subject": { "type": "user", "id": NATIONAL_ID },
        "action": { "name": "open" },
        "resource": { "type": "board", "id": "b-1" },
        "context": { "login": login },
    });
    post(address, "/access/v1/evaluation", secret, &body)
}

impl Policy {
    /// The component as it was built.
    pub(crate) fn built(place: &Place, name: &str) -> Result<Self> {
        Self::variant(place, name, None)
    }

    /// The component as another file: with a custom section more, which changes its digest and nothing else, so that the host compiles
    /// and keeps it as one of its own.
    pub(crate) fn numbered(place: &Place, name: &str, number: u32) -> Result<Self> {
        Self::variant(place, name, Some(number))
    }

    fn variant(place: &Place, name: &str, number: Option<u32>) -> Result<Self> {
        let mut bytes = std::fs::read(place.component(name)).with_context(|| format!("{name} is not built"))?;
        let Some(number) = number else { return Ok(Self { file: place.component(name), digest: Digest::of(&bytes) }) };
        // Section 0 (custom), 10 bytes: a name of 5 and five digits.
        bytes.extend([0, 11, 5]);
        bytes.extend(format!("bench{number:05}").bytes());
        Self::kept(place, &format!("{name}-{number}"), &bytes)
    }

    /// A component from bytes.
    pub(crate) fn kept(place: &Place, name: &str, bytes: &[u8]) -> Result<Self> {
        let folder = place.runs().join("components");
        std::fs::create_dir_all(&folder)?;
        let file = folder.join(format!("{name}.wasm"));
        std::fs::write(&file, bytes)?;
        Ok(Self { file, digest: Digest::of(bytes) })
    }

    /// As answers and logs name it.
    pub(crate) fn digest(&self) -> String {
        self.digest.to_string()
    }
}
