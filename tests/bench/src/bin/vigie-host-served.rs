//! `vigie` as it ships, all of which is in the library, linked once more with the versions and features of this crate: so wasmtime is
//! compiled for release once and not twice.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: vigie_host::Allocator = vigie_host::Allocator;

fn main() -> ExitCode {
    vigie_host::cli::run()
}
