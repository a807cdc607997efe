//! A program that sees other folders in `/etc` than the rest of the machine: how a story gives a browser a policy that only an
//! administrator could, without leaving a trace.
//!
//! The program is started in a mount namespace of its own (`unshare`, from util-linux), in which `/etc` holds links to everything
//! that the real one holds, and our folders in the place of theirs. Nothing is mounted or written outside it, and it ends with
//! the program. Whoever is not root gets a user namespace with it, in which the program keeps the person's own number.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use serde_json::Value;
use tempfile::TempDir;

/// Runs inside the namespace; its first argument is our folder, the others are the program.
const ENTER: &str = r#"
    set -eu
    there=$1
    shift
    mkdir "$there/etc"
    mount --rbind /etc "$there/etc"
    mount -t tmpfs none /etc
    for entry in "$there/etc/"* "$there/etc/".[!.]*; do ln -s "$entry" /etc/; done
    for entry in "$there/instead/"*; do ln -sfn "$entry" /etc/; done
    exec "$@"
"#;

/// The folders that stand in the place of the machine's.
#[derive(Debug)]
pub(crate) struct Etc(TempDir);

impl Etc {
    /// None yet.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(tempfile::Builder::new().prefix("vigie-etc-").tempdir()?))
    }

    /// Writes a file that the program finds at `/etc/<place>`; what it finds changes when it is written again.
    pub(crate) fn write(&self, place: &str, content: &Value) -> Result<()> {
        let file = self.0.path().join("instead").join(place);
        std::fs::create_dir_all(file.parent().unwrap_or(Path::new("/")))?;
        // In one step: a browser that watches the folder must not read half a file.
        let half: PathBuf = file.with_extension("half");
        std::fs::write(&half, content.to_string())?;
        Ok(std::fs::rename(half, file)?)
    }

    /// The command that starts a program there.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("unshare");
        if std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) != 0) {
            command.args(["--user", "--map-current-user", "--keep-caps"]);
        }
        command.args(["--mount", "sh", "-c", ENTER, "sh"]).arg(self.0.path()).arg(program);
        command
    }
}
