//! The host's own folder: machine code, last good policies, and the key that tells them from anybody else's files.
//!
//! It belongs to the account that runs the host and to nobody else (0700), and so does the key in it (0600), which is made at the
//! first use and never leaves the machine. Every file is replaced in one step, so a reader finds the old one or the new one.
//! What a file holds, and whether it is believed, is its reader's business.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::hmac;

use crate::problem::Explain;

/// An open folder.
pub struct Folder {
    path: PathBuf,
    key: hmac::Key,
    written: AtomicU64,
}

/// Why the folder is not used.
#[derive(Debug, thiserror::Error)]
pub enum OpenFolderError {
    /// It cannot be made, read or written.
    #[error("the folder of policies {} cannot be used ({kind})", .path.display())]
    Io {
        /// As configured.
        path: PathBuf,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// Others could write to it.
    #[error("the folder of policies {} is open to other accounts", .0.display())]
    Open(PathBuf),
    /// No randomness for a key.
    #[error("the system gives no randomness")]
    Randomness,
}

impl Explain for OpenFolderError {
    fn code(&self) -> &'static str {
        "POL-FOLDER"
    }

    fn help(&self) -> String {
        match self {
            Self::Io { .. } => {
                "Choose a folder that the account of the host may make and write to (policies.folder).".into()
            }
            Self::Open(_) => {
                "Give it to the account of the host with mode 0700, or name another one (policies.folder).".into()
            }
            Self::Randomness => "Start again when the system has started completely.".into(),
        }
    }
}

const KEY: &str = "host.key";
/// As long as the output of the hash (RFC 2104, section 3).
const KEY_BYTES: usize = 32;
/// Bits of a mode that let other accounts in.
const OTHERS: u32 = 0o077;

impl Folder {
    /// Opens a folder and its key; makes what is not there.
    ///
    /// # Errors
    /// It cannot be had, or is not ours alone.
    pub fn open(path: &Path) -> Result<Self, OpenFolderError> {
        let refused = |error: io::Error| OpenFolderError::Io { path: path.to_owned(), kind: error.kind() };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(refused)?;
        let about = fs::symlink_metadata(path).map_err(refused)?;
        if !about.is_dir() || about.mode() & OTHERS != 0 {
            return Err(OpenFolderError::Open(path.to_owned()));
        }
        let mut key = [0; KEY_BYTES];
        let kept = read_key(&path.join(KEY), about.uid()).map_err(refused)?;
        let folder = |key: &[u8]| Self {
            path: path.to_owned(),
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
            written: AtomicU64::new(0),
        };
        if let Some(kept) = kept {
            return Ok(folder(&kept));
        }
        // A key that is cut, or that others could read, is as good as none: whatever it sealed is made again.
        aws_lc_rs::rand::fill(&mut key).map_err(|_| OpenFolderError::Randomness)?;
        let folder = folder(&key);
        folder.write(KEY, &key).map_err(|kind| OpenFolderError::Io { path: path.to_owned(), kind })?;
        Ok(folder)
    }

    /// What seals the files in it.
    pub(crate) fn key(&self) -> &hmac::Key {
        &self.key
    }

    /// A file, when it is there. A link is not followed.
    pub(crate) fn read(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>, io::ErrorKind> {
        read(&self.path.join(name), most).map_err(|error| error.kind())
    }

    /// Puts a file into the place of the one before.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), io::ErrorKind> {
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let beside = self.path.join(format!(".{name}.{}.{number}.new", std::process::id()));
        let replace = || {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&beside, self.path.join(name))
        };
        replace().map_err(|error| {
            // Half a file under a name that nobody asks for; the next start may find it, and then it is only litter.
            let _gone = fs::remove_file(&beside);
            error.kind()
        })
    }

    /// Where a file is, for those who read it by its path.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Removes the files of these names. One that stays only takes room.
    pub(crate) fn remove(&self, unwanted: impl Fn(&str) -> bool) {
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            if entry.file_name().to_str().is_some_and(&unwanted) {
                let _stays = fs::remove_file(entry.path());
            }
        }
    }
}

/// Linux, `O_NOFOLLOW` (open(2)).
const NO_FOLLOW: i32 = 0o400_000;

fn open(path: &Path) -> io::Result<Option<File>> {
    match OpenOptions::new().read(true).custom_flags(NO_FOLLOW).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = open(path)? else { return Ok(None) };
    if file.metadata()?.len() > most {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// The key, when it is whole and only its owner, who is also the folder's, can read it.
fn read_key(path: &Path, owner: u32) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = open(path)? else { return Ok(None) };
    let about = file.metadata()?;
    let mut key = Vec::new();
    file.take(KEY_BYTES as u64 + 1).read_to_end(&mut key)?;
    let is_ours = about.is_file() && about.mode() & OTHERS == 0 && about.uid() == owner;
    Ok((is_ours && key.len() == KEY_BYTES).then_some(key))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn seal(folder: &Folder) -> Vec<u8> {
        hmac::sign(folder.key(), b"something").as_ref().to_vec()
    }

    #[test]
    fn the_key_is_made_once_and_is_nobody_elses() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("policies");
        let first = seal(&Folder::open(&path).unwrap());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(path.join(KEY)).unwrap().mode() & 0o777, 0o600);
        assert_eq!(seal(&Folder::open(&path).unwrap()), first);

        fs::set_permissions(path.join(KEY), fs::Permissions::from_mode(0o644)).unwrap();
        let second = seal(&Folder::open(&path).unwrap());
        assert_ne!(second, first, "a key that others could read seals nothing any more");
        fs::write(path.join(KEY), b"cut").unwrap();
        assert_ne!(seal(&Folder::open(&path).unwrap()), second);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(Folder::open(&path), Err(OpenFolderError::Open(_))));
    }

    #[test]
    fn a_link_is_no_file_of_the_folder() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::open(&parent.path().join("policies")).unwrap();
        folder.write("kept", b"ours").unwrap();
        assert_eq!(folder.read("kept", 100).unwrap().unwrap(), b"ours");
        assert_eq!(folder.read("nothing", 100).unwrap(), None);
        assert_eq!(folder.read("kept", 3), Err(io::ErrorKind::FileTooLarge));
        std::os::unix::fs::symlink(folder.place("kept"), folder.place("link")).unwrap();
        assert!(folder.read("link", 100).is_err());
        folder.remove(|name| name == "kept");
        assert_eq!(folder.read("kept", 100).unwrap(), None);
    }
}
