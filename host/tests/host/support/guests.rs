//! Hostile policies, from their text.

use std::path::{Path, PathBuf};

use vigie_host::digest::Digest;

use super::components::wat;

/// The text of a guest.
pub fn guest(name: &str) -> String {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/guests")).join(format!("{name}.wat"));
    std::fs::read_to_string(&path).unwrap()
}

/// A hostile `evaluate` in the honest shell.
pub fn in_shell(name: &str) -> Vec<u8> {
    wat(&guest("shell").replace("@hostile", &guest(name)))
}

/// The honest shell beside this many functions of this many steps: harmless to run, and as much work to compile as one likes.
pub fn bomb(functions: usize, steps: usize) -> Vec<u8> {
    let step = "(local.set 0 (i64.mul (i64.add (local.get 0) (i64.const 3)) (i64.rotl (local.get 0) (i64.const 5))))";
    let many = format!("(func (param i64) {})", step.repeat(steps)).repeat(functions);
    wat(&guest("shell").replace("@hostile", &format!("(core module $bomb {many}) {}", guest("honest"))))
}

/// Writes a component; returns where it is, and its digest.
pub fn write(directory: &Path, name: &str, bytes: &[u8]) -> (PathBuf, Digest) {
    let path = directory.join(format!("{name}.wasm"));
    std::fs::write(&path, bytes).unwrap();
    (path, Digest::of(bytes))
}
