//! What `cargo xtask build` leaves behind, found under its fixed names.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// Who plays in a story, and so what must have been built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cast {
    /// The sandbox alone, in a browser without the extension.
    Sandbox,
    /// The sandbox, and a browser with the extension.
    Extension,
    /// Sandbox, extension, host and components.
    Everyone,
}

/// The built things that a story needs.
#[derive(Debug, Clone)]
pub struct Artefacts {
    /// The program `vigie`.
    pub host: PathBuf,
    /// The program `vigie-sandbox`.
    pub sandbox: PathBuf,
    /// Folder of the components.
    pub components: PathBuf,
    /// The unpacked extension, flavour `dev`.
    pub extension: PathBuf,
    /// Where screenshots and logs of a run go.
    pub output: PathBuf,
}

impl Artefacts {
    /// Finds everything, or names the first thing that is missing.
    ///
    /// # Errors
    /// Something was not built yet.
    pub fn find() -> Result<Self> {
        Self::find_for(Cast::Everyone, "demo")
    }

    /// Finds what these players need, or names the first thing that is missing. Pictures and logs go to `target/<output>`.
    ///
    /// # Errors
    /// Something was not built yet.
    pub fn find_for(cast: Cast, output: &str) -> Result<Self> {
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the checkout has no root")?.canonicalize()?;
        let programs = programs()?;
        let found = Self {
            host: programs.join("vigie"),
            sandbox: programs.join("vigie-sandbox"),
            components: root.join("target/components"),
            extension: root.join("target/package/vigie-chromium-dev"),
            output: root.join("target").join(output),
        };
        let component = found.component("vigie-verifier");
        let manifest = found.extension.join("manifest.json");
        let needed: &[&PathBuf] = match cast {
            Cast::Sandbox => &[&found.sandbox],
            Cast::Extension => &[&found.sandbox, &manifest],
            Cast::Everyone => &[&found.host, &found.sandbox, &component, &manifest],
        };
        for needed in needed {
            if !needed.is_file() {
                bail!("{} is not built yet: run `cargo xtask build`", needed.display());
            }
        }
        std::fs::create_dir_all(&found.output)?;
        Ok(found)
    }

    /// The file of a component.
    #[must_use]
    pub fn component(&self, name: &str) -> PathBuf {
        self.components.join(format!("{name}.wasm"))
    }

    /// A package of the extension: an unpacked folder or an archive.
    ///
    /// # Errors
    /// It was not built.
    pub fn package(&self, name: &str) -> Result<PathBuf> {
        let path = self.extension.with_file_name(name);
        path.exists().then(|| path.clone()).with_context(|| format!("{} is not built yet", path.display()))
    }

    /// The id that Chromium gives to an unpacked extension: the SHA-256 of its path, in the letters a to p.
    #[must_use]
    pub fn extension_id(&self) -> String {
        let digest = Sha256::digest(self.extension.as_os_str().as_encoded_bytes());
        let letter = |half: u8| char::from(b'a' + half);
        digest.iter().take(16).flat_map(|byte| [letter(byte >> 4), letter(byte & 15)]).collect()
    }
}

/// Cargo puts programs beside the one that runs, test programs one folder below.
fn programs() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().context("this program lies in no folder")?;
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    Ok(folder.to_path_buf())
}

/// The digest of a component as the host's configuration pins it.
///
/// # Errors
/// The component was not built.
pub fn digest(component: &Path) -> Result<String> {
    let bytes = std::fs::read(component).with_context(|| format!("{} is not built yet", component.display()))?;
    Ok(format!("sha256:{}", hex(&Sha256::digest(bytes))))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
