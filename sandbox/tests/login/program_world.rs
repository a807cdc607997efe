//! The program itself as a child process, seen through the same browser and phone as the sandbox in a test's own process.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::Value;
use vigie_sandbox::{Ready, RelyingPartyLinks};

use crate::world::{ManualClock, World};

/// A child that does not outlive its test.
pub(crate) struct Guarded(pub(crate) Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder that everybody may read and that goes with its test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn make(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("vigie-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Starts the program; its clock is the one of the machine.
pub(crate) fn start(arguments: &[&str]) -> (Guarded, World) {
    // A sandbox in this process would have done so; the browser needs it as well.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigie-sandbox"));
    command.args(["--listen", "127.0.0.1:0", "--format", "json"]).args(arguments).env("VIGIE_LOG", "warn");
    let mut child = Guarded(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    let text = |name: &str| said[name].as_str().unwrap().to_owned();
    let perhaps = |name: &str| said[name].as_str().map(str::to_owned);
    let party = |name: &str| said["relying_parties"][name].as_str().unwrap().to_owned();
    let ready = Ready {
        issuer: text("issuer"),
        wallet: text("wallet"),
        phone_api: text("phone_api"),
        outbox_api: text("outbox_api"),
        card_api: text("card_api"),
        desk: text("desk"),
        cards: perhaps("cards").map(PathBuf::from),
        client_certificates: perhaps("client_certificates").map(PathBuf::from),
        card: perhaps("card"),
        ssl_test: perhaps("ssl_test"),
        mtls: perhaps("mtls"),
        ca: perhaps("ca").map(PathBuf::from),
        spki_sha256: perhaps("spki_sha256"),
        listen: text("listen").parse().unwrap(),
        relying_parties: RelyingPartyLinks { smurtab: party("smurtab"), sidep: party("sidep") },
        phone: text("phone"),
        lookalike: text("lookalike"),
        hosts: Vec::new(),
    };
    (child, World { ready, clock: Arc::new(ManualClock::default()) })
}
