//! A software card in a browser's own certificate store, presented without asking.
//!
//! Chromium on Linux reads certificates from the NSS database of the home folder, so the browser gets a home of its own that
//! disappears with it. Which certificate to present is asked in a window that nobody sees in a headless browser; the profile
//! answers beforehand, with the content setting that the policy `AutoSelectCertificateForUrls` sets for a whole machine.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::stage::SandboxReady;

/// What opens the `.p12` files of the sandbox.
const PASSWORD: &str = "carte";

/// Hosts that ask for a card.
const HOSTS: [&str; 2] = ["card.psc.localhost", "testssl.asipsante.fr"];

/// A home folder whose certificate store holds one card.
#[derive(Debug)]
pub struct CardHome(TempDir);

impl CardHome {
    /// Imports the card of this name: a national identifier, or `other-environment`.
    ///
    /// # Errors
    /// The sandbox has no such card, or the tools of NSS are missing.
    pub fn with(sandbox: &SandboxReady, card: &str) -> Result<Self> {
        let file = Path::new(sandbox.cards.as_deref().context("the sandbox has no cards")?).join(format!("{card}.p12"));
        let home = tempfile::Builder::new().prefix("vigie-home-").tempdir()?;
        let store = home.path().join(".pki/nssdb");
        std::fs::create_dir_all(&store)?;
        let database = format!("sql:{}", store.display());
        let run = |program: &str, arguments: &[&str]| -> Result<()> {
            let output = Command::new(program)
                .args(arguments)
                .output()
                .with_context(|| format!("{program} (Debian: `apt-get install libnss3-tools`)"))?;
            ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
            Ok(())
        };
        run("certutil", &["-N", "-d", &database, "--empty-password"])?;
        let file = file.to_str().context("the path of the cards is not text")?;
        run("pk12util", &["-i", file, "-d", &database, "-W", PASSWORD])?;
        Ok(Self(home))
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Preferences of a profile that presents whatever card fits.
#[must_use]
pub fn preferences() -> Value {
    let any = json!({ "setting": { "filters": [{}] } });
    let patterns: serde_json::Map<String, Value> =
        HOSTS.iter().map(|host| (format!("https://{host}:443,*"), any.clone())).collect();
    json!({ "profile": { "content_settings": { "exceptions": { "auto_select_certificate": patterns } } } })
}
