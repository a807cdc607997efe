//! The last keys of a provider on the disk, so that a restart while the provider is down does not keep everybody out.
//!
//! The copy lies beside the state file and is believed no more than the network is: it must be a file that only this account may
//! write, for the same issuer, not older than a day and not from the future, with endpoints that could have been fetched. Anything else
//! is as if there were none. Keys are public; whoever could plant others would let in whom they like, hence the rights.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::LARGEST_JWKS;
use crate::digest::Digest;

/// Where copies lie.
#[derive(Debug, Clone)]
pub(super) struct Copies {
    state: PathBuf,
}

/// What is kept of one fetch.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Copy {
    pub(super) issuer: String,
    /// Unix seconds.
    pub(super) fetched_at: u64,
    pub(super) userinfo_endpoint: Option<String>,
    pub(super) jwks: String,
}

impl Copies {
    pub(super) fn beside(state: &Path) -> Self {
        Self { state: state.to_owned() }
    }

    /// One file for each issuer, named so that no character of an issuer can lead elsewhere.
    pub(super) fn path(&self, issuer: &str) -> PathBuf {
        let digest = Digest::of(issuer.as_bytes()).to_string();
        let short = digest.trim_start_matches("sha256:").get(..16).unwrap_or_default().to_owned();
        let mut name = self.state.as_os_str().to_owned();
        name.push(format!(".keys-{short}.json"));
        name.into()
    }

    /// The copy of this issuer, when there is one that may be believed.
    pub(super) fn read(&self, issuer: &str) -> Option<Copy> {
        let path = self.path(issuer);
        let refuse = |problem: &str| tracing::warn!(code = "CFG-KEYS-COPY", file = %path.display(), problem, "the copy of the keys is not used");
        match read(&path) {
            Ok(copy) if copy.issuer == issuer => Some(copy),
            Ok(_) => {
                refuse("it is another issuer's");
                None
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                refuse(&error.to_string());
                None
            }
        }
    }

    /// Keeps a copy in the place of the one before. A disk that takes none is said and harms nobody now.
    pub(super) fn write(&self, copy: &Copy) {
        let path = self.path(&copy.issuer);
        if let Err(error) = write(&path, copy) {
            tracing::warn!(code = "CFG-KEYS-COPY", file = %path.display(), kind = %error.kind(), "no copy of the keys is kept");
        }
    }
}

fn read(path: &Path) -> io::Result<Copy> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.mode() & 0o022 != 0 {
        return Err(io::Error::other("others may write it"));
    }
    // The text of a key set grows by its escapes.
    let most = 2 * LARGEST_JWKS as u64 + 4096;
    if metadata.len() > most {
        return Err(io::Error::other("it is too large"));
    }
    let mut text = String::new();
    Read::take(&file, most).read_to_string(&mut text)?;
    serde_json::from_str(&text).map_err(|_| io::Error::other("it is damaged"))
}

fn write(path: &Path, copy: &Copy) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(&serde_json::to_vec(copy)?)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_copy_is_believed_only_as_it_was_written() {
        let directory = tempfile::tempdir().unwrap();
        let copies = Copies::beside(&directory.path().join("state.redb"));
        let issuer = "https://issuer.example/../x";
        let copy = Copy { issuer: issuer.into(), fetched_at: 7, userinfo_endpoint: None, jwks: "{\"keys\":[]}".into() };
        assert_eq!(copies.read(issuer), None);
        copies.write(&copy);
        copies.write(&copy);
        assert_eq!(copies.read(issuer), Some(copy));
        let path = copies.path(issuer);
        assert_eq!(path.parent(), Some(directory.path()));

        let text = fs::read_to_string(&path).unwrap();
        let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        for spoiled in ["", "{}", text.trim_end_matches('}'), &text.replace("/x", "/y"), &text.replace("jwks", "keys")]
        {
            fs::write(&path, spoiled).unwrap();
            assert_eq!(copies.read(issuer), None, "{spoiled}");
        }
        fs::write(&path, &text).unwrap();
        assert!(copies.read(issuer).is_some());
        mode(0o620);
        assert_eq!(copies.read(issuer), None);
        mode(0o600);
        fs::write(&path, " ".repeat(1 << 20)).unwrap();
        assert_eq!(copies.read(issuer), None);
    }
}
