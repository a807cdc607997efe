//! The child that compiles one component: `vigie compile-component`, started by [`compiler`](super::compiler) and by nobody else.
//!
//! It limits itself before it reads the first byte that somebody else wrote: memory, processor time, no files, no core dump. A
//! component comes on standard input, its machine code leaves on standard output, or the one line that says why there is none.

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use rlimit::{Resource, setrlimit};

use super::inspect::LARGEST_COMPONENT;
use super::limits::first_line;

/// The command that makes this program a child.
pub(super) const COMMAND: &str = "compile-component";
/// Exit code of a child that says why a component does not compile.
pub(super) const REFUSED: i32 = 3;
/// Exit code of one that could not do its work.
const BROKEN: u8 = 4;

/// What the child holds itself to.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Bounds {
    /// Address space.
    #[arg(long)]
    memory_bytes: u64,
    /// Processor time. The parent counts the time that passes.
    #[arg(long)]
    seconds: u64,
}

impl Bounds {
    fn hold(self) -> io::Result<()> {
        let bound = |resource, most| setrlimit(resource, most, most);
        bound(Resource::AS, self.memory_bytes)?;
        bound(Resource::CORE, 0)?;
        bound(Resource::FSIZE, 0)?;
        // Threads work at the same time, so their seconds add up.
        bound(Resource::CPU, self.seconds.saturating_mul(8))
    }
}

/// Compiles what comes on standard input.
pub fn run(bounds: Bounds) -> ExitCode {
    match work(bounds) {
        Ok(code) => code,
        // Nobody reads a sentence here; the parent sees the end.
        Err(_) => ExitCode::from(BROKEN),
    }
}

fn work(bounds: Bounds) -> io::Result<ExitCode> {
    bounds.hold()?;
    let mut component = Vec::new();
    io::stdin().lock().take(LARGEST_COMPONENT).read_to_end(&mut component)?;
    let made = wasmtime::Engine::new(&super::code()).and_then(|engine| engine.precompile_component(&component));
    let mut output = io::stdout().lock();
    match made {
        Ok(code) => {
            output.write_all(&code)?;
            output.flush()?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            output.write_all(first_line(&error).as_bytes())?;
            output.flush()?;
            Ok(ExitCode::from(REFUSED.unsigned_abs().try_into().unwrap_or(BROKEN)))
        }
    }
}

/// `SIGKILL` and `SIGXCPU` (signal(7)): how the system ends a process that used up its processor time.
const OUT_OF_TIME: [i32; 2] = [9, 24];

/// True for the signals that end a child which worked too long.
pub(super) fn is_out_of_time(signal: i32) -> bool {
    OUT_OF_TIME.contains(&signal)
}
