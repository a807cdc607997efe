//! Where components become machine code: in a process of its own that can be stopped.
//!
//! A component of a few kilobytes can keep a compiler busy for minutes or have it want all memory; wasmtime says plainly that this is
//! no fault of its own (<https://docs.wasmtime.dev/security-what-is-considered-a-security-vulnerability.html>). So `vigie serve` hands
//! the component to a child, the same program with another command ([`worker`](super::worker)), which limits itself before it
//! reads the first byte, and is killed when its time is over. Only code comes back, by a pipe, and it is loaded by whoever asked.

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::cache::{Cache, Name};
use super::precompiled::Precompiled;
use super::{CompileLimit, LoadComponentError, limits, worker};
use crate::digest::Digest;

/// How components become machine code. Cloning shares the cache.
#[derive(Clone, Default)]
pub struct Workshop {
    compiler: Compiler,
    cache: Option<Cache>,
}

/// Who compiles.
#[derive(Clone, Default)]
pub enum Compiler {
    /// This process, without limits: for people who try out a component of their own.
    #[default]
    Here,
    /// A child.
    Worker(Worker),
}

/// How the child is started and held.
#[derive(Clone)]
pub struct Worker {
    program: PathBuf,
    timeout_ms: u64,
    memory_bytes: u64,
}

/// The most code that is taken from a child. What fits `LARGEST_COMPONENT` stays far below.
const MOST_CODE: u64 = 512 << 20;
/// Threads of the child; each has a stack and an arena within its limit of memory, so a large machine must not give it forty.
const THREADS: &str = "4";

impl Workshop {
    /// Compiles like this, and keeps what was made when there is a place for it.
    pub fn new(compiler: Compiler, cache: Option<Cache>) -> Self {
        Self { compiler, cache }
    }

    /// The machine code of a component, kept or made.
    pub(super) fn make(
        &self,
        engine: &wasmtime::Engine,
        file: &str,
        digest: Digest,
        bytes: &[u8],
    ) -> Result<Precompiled, LoadComponentError> {
        let Some(cache) = &self.cache else { return self.compiler.compile(engine, file, bytes) };
        let name = Name::new(digest, engine);
        if let Some(kept) = cache.read(&name) {
            return Ok(kept);
        }
        let made = self.compiler.compile(engine, file, bytes)?;
        cache.write(&name, &made);
        Ok(made)
    }
}

impl Compiler {
    fn compile(&self, engine: &wasmtime::Engine, file: &str, bytes: &[u8]) -> Result<Precompiled, LoadComponentError> {
        match self {
            Self::Here => engine.precompile_component(bytes).map(Precompiled::made).map_err(|error| {
                LoadComponentError::Compile { file: file.to_owned(), reason: limits::first_line(&error) }
            }),
            Self::Worker(worker) => worker.compile(file, bytes),
        }
    }
}

impl Worker {
    /// A child of this program (`vigie`, wherever it lies), with these limits.
    pub fn new(program: PathBuf, timeout_ms: u64, memory_bytes: u64) -> Self {
        Self { program, timeout_ms, memory_bytes }
    }

    fn compile(&self, file: &str, bytes: &[u8]) -> Result<Precompiled, LoadComponentError> {
        let limit = |limit| LoadComponentError::CompileLimit { file: file.to_owned(), limit };
        let broken = |error: io::Error| LoadComponentError::Worker { file: file.to_owned(), kind: error.kind() };
        let mut child = self.start().map_err(broken)?;
        let (made, status) = match self.hand_over(&mut child, bytes) {
            Ok(made) => (made, child.wait().map_err(broken)?),
            Err(TimeIsOver) => {
                // Whatever the child still holds is the system's to take back; it has nothing that must be written.
                let _gone = child.kill();
                let _reaped = child.wait();
                return Err(limit(CompileLimit::Time(self.timeout_ms)));
            }
        };
        match Ended::of(status) {
            Ended::Made => Ok(Precompiled::made(made)),
            Ended::Refused => {
                let reason = String::from_utf8_lossy(&made).lines().next().unwrap_or("unknown reason").to_owned();
                Err(LoadComponentError::Compile { file: file.to_owned(), reason })
            }
            Ended::OutOfTime => Err(limit(CompileLimit::Time(self.timeout_ms))),
            Ended::Broken => Err(limit(CompileLimit::Memory(self.memory_bytes))),
        }
    }

    fn start(&self) -> io::Result<Child> {
        Command::new(&self.program)
            .arg(worker::COMMAND)
            .args(["--memory-bytes", &self.memory_bytes.to_string()])
            .args(["--seconds", &self.timeout_ms.div_ceil(1_000).to_string()])
            // Neither a secret nor a setting of this process is any business of the child.
            .env_clear()
            .env("RAYON_NUM_THREADS", THREADS)
            .env("MALLOC_ARENA_MAX", THREADS)
            // Address space that the allocator only sets aside counts as memory here: it is to take what it needs, when it does.
            .env("MIMALLOC_ARENA_RESERVE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
    }

    /// Gives the child the component and takes what it says, for as long as it has time.
    fn hand_over(&self, child: &mut Child, bytes: &[u8]) -> Result<Vec<u8>, TimeIsOver> {
        let (input, output) = (child.stdin.take(), child.stdout.take());
        std::thread::scope(|scope| {
            let (say, said) = mpsc::channel();
            scope.spawn(move || {
                // A child that does not read on has ended, and its end says why.
                let _closed = input.map(|mut input| input.write_all(bytes));
            });
            scope.spawn(move || {
                let mut made = Vec::new();
                let _cut = output.map(|output| output.take(MOST_CODE).read_to_end(&mut made));
                let _nobody_waits = say.send(made);
            });
            said.recv_timeout(Duration::from_millis(self.timeout_ms)).map_err(|_| {
                // The two threads above end with the child, and this scope with them.
                let _gone = child.kill();
                TimeIsOver
            })
        })
    }
}

struct TimeIsOver;

/// How a child ended.
enum Ended {
    Made,
    Refused,
    OutOfTime,
    Broken,
}

impl Ended {
    fn of(status: ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt as _;
        match (status.code(), status.signal()) {
            (Some(0), _) => Self::Made,
            (Some(worker::REFUSED), _) => Self::Refused,
            (_, Some(signal)) if worker::is_out_of_time(signal) => Self::OutOfTime,
            _ => Self::Broken,
        }
    }
}
