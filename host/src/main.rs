//! vigie: verification policies for Pro Santé Connect logins, in a sandbox. All of it is in the library.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: vigie_host::Allocator = vigie_host::Allocator;

fn main() -> ExitCode {
    vigie_host::cli::run()
}
