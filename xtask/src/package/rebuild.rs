//! Makes the packages a second time, from a clone of the current commit in another folder, and compares the hashes: the proof
//! that the bytes depend on the sources alone. About two minutes, so only on request.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::HASHES;
use crate::artefacts;
use crate::process::{first_line, succeed};
use crate::progress::Progress;

/// The clone; removed at the end, whatever happened.
struct Clone(PathBuf);

impl Drop for Clone {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Builds elsewhere and compares with what lies in `target/package/`.
pub(crate) fn run(progress: &Progress) -> Result<()> {
    let root = artefacts::root();
    let changed = first_line(Command::new("git").current_dir(&root).args(["status", "--porcelain"]));
    ensure!(changed.as_deref() == Some(""), "the checkout differs from its commit: commit first, then rebuild");
    progress.step("the same commit, built in another folder", |running| {
        let clone = Clone(std::env::temp_dir().join(format!("vigie-rebuild-{}", std::process::id())));
        let mut git = Command::new("git");
        git.args(["clone", "--quiet", "--shared"]).arg(&root).arg(&clone.0);
        succeed(running, &mut git)?;
        std::fs::create_dir(clone.0.join("target"))?;
        // The tools are pinned and at hand; what they make is what is compared.
        for shared in ["node_modules", "target/tools"] {
            if root.join(shared).is_dir() {
                std::os::unix::fs::symlink(root.join(shared), clone.0.join(shared))?;
            }
        }
        let mut again = Command::new("cargo");
        again.current_dir(&clone.0).args(["xtask", "package"]).env("CARGO_TARGET_DIR", clone.0.join("target"));
        succeed(running, &mut again)?;
        let (first, second) = (hashes(&root)?, hashes(&clone.0)?);
        let differing: Vec<&str> = first.lines().filter(|line| !second.lines().any(|other| other == *line)).collect();
        if !differing.is_empty() || first.lines().count() != second.lines().count() {
            bail!("not reproduced:\n  {}", differing.join("\n  "));
        }
        Ok(())
    })
}

fn hashes(checkout: &Path) -> Result<String> {
    let path = checkout.join("target/package").join(HASHES);
    std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))
}
