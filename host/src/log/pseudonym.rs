//! A word for a person in the decision log: the same person has the same word for as long as this host keeps its key.
//!
//! HMAC-SHA-256 with a key that never leaves the machine. An unkeyed digest would be no mask: there are fewer than a million RPPS
//! numbers to try. Whoever holds the key and a number can find that person's lines, which is what an access request needs; whoever
//! removes the key makes every older line anonymous, which is what erasure needs.
//!
//! The key is made at the first start, readable by its owner only, and never replaced by itself.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, Serializer};

use crate::problem::Explain;

/// A person, masked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pseudonym([u8; 16]);

impl Pseudonym {
    /// The 16 bytes, for the state file.
    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// As it was kept.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "person_{}", URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Pseudonym {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The key of one host.
pub struct PseudonymKey(hmac::Key);

/// The key cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the key of pseudonyms, file {}, {problem}", .file.display())]
pub struct PseudonymKeyError {
    file: PathBuf,
    problem: String,
}

impl Explain for PseudonymKeyError {
    fn code(&self) -> &'static str {
        "CFG-PSEUDONYM-KEY"
    }

    fn help(&self) -> String {
        "Give the account that runs vigie that file alone (chmod 600); where it is lost or damaged, remove it: a new one is made, and older lines can no longer be tied to anyone.".into()
    }
}

/// In characters of base64url: 32 bytes.
const ENCODED: usize = 43;

impl PseudonymKey {
    /// Where the key of a host lies: beside its state.
    pub fn path(state: &Path) -> PathBuf {
        let mut name = state.as_os_str().to_owned();
        name.push(".pseudonym-key");
        name.into()
    }

    /// Reads the key, or makes one where there is none.
    ///
    /// # Errors
    /// The file is no key, somebody else may read it, or it cannot be made.
    pub fn open(file: &Path) -> Result<Self, PseudonymKeyError> {
        match Self::read(file) {
            Err(ReadKeyError::Absent) => {
                Self::make(file).map_err(|error| refuse(file, format!("cannot be made ({})", error.kind())))
            }
            other => other.map_err(|error| refuse(file, error.to_string())),
        }
    }

    /// Reads the key of a host that has been started before.
    ///
    /// # Errors
    /// There is none, or as [`PseudonymKey::open`].
    pub fn open_existing(file: &Path) -> Result<Self, PseudonymKeyError> {
        Self::read(file).map_err(|error| refuse(file, error.to_string()))
    }

    fn read(file: &Path) -> Result<Self, ReadKeyError> {
        let opened = File::open(file)?;
        let metadata = opened.metadata()?;
        if !metadata.is_file() || metadata.mode() & 0o077 != 0 {
            return Err(ReadKeyError::Shared);
        }
        let mut text = String::new();
        // One byte more than a key and its end of line would show that it is none.
        Read::take(&opened, ENCODED as u64 + 2).read_to_string(&mut text)?;
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end()).map_err(|_| ReadKeyError::NoKey)?;
        if bytes.len() == 32 { Ok(Self::new(&bytes)) } else { Err(ReadKeyError::NoKey) }
    }

    fn make(file: &Path) -> io::Result<Self> {
        let mut bytes = [0; 32];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| io::ErrorKind::Other)?;
        let mut made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        made.write_all(format!("{}\n", URL_SAFE_NO_PAD.encode(bytes)).as_bytes())?;
        made.sync_all()?;
        Ok(Self::new(&bytes))
    }

    fn new(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The word for a person. `realm` is who calls them by that name: an issuer, or an audience that vouches itself.
    pub fn of(&self, realm: &str, person: &str) -> Pseudonym {
        let tag = hmac::sign(&self.0, &[b"vigie person 1\0", realm.as_bytes(), b"\0", person.as_bytes()].concat());
        let mut short = [0; 16];
        for (to, from) in short.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        Pseudonym(short)
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(..)")
    }
}

/// The realm of people whom an audience vouches for itself.
pub fn asserted_realm(audience: &str) -> String {
    format!("audience:{audience}")
}

fn refuse(file: &Path, problem: String) -> PseudonymKeyError {
    PseudonymKeyError { file: file.to_owned(), problem }
}

#[derive(Debug, thiserror::Error)]
enum ReadKeyError {
    #[error("is not there")]
    Absent,
    #[error("may be read by others than its owner")]
    Shared,
    #[error("does not hold a key")]
    NoKey,
    #[error("cannot be read ({0})")]
    Unreadable(io::ErrorKind),
}

impl From<io::Error> for ReadKeyError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Absent,
            io::ErrorKind::InvalidData => Self::NoKey,
            kind => Self::Unreadable(kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_person_keeps_the_word_for_as_long_as_the_key() {
        let directory = tempfile::tempdir().unwrap();
        let file = PseudonymKey::path(&directory.path().join("state.redb"));
        assert!(PseudonymKey::open_existing(&file).is_err());
        let word = PseudonymKey::open(&file).unwrap().of("issuer", "899700218896");
        let key = PseudonymKey::open(&file).unwrap();
        assert_eq!(key.of("issuer", "899700218896"), word);
        assert_ne!(key.of("issuer", "899700218897"), word);
        assert_ne!(key.of("issuer2", "899700218896"), word);
        assert_ne!(key.of("issue", "r899700218896"), word);
        assert_eq!((word.to_string().len(), format!("{key:?}").as_str()), (7 + 22, "PseudonymKey(..)"));
        std::fs::remove_file(&file).unwrap();
        assert_ne!(PseudonymKey::open(&file).unwrap().of("issuer", "899700218896"), word);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_no_key_is_never_replaced_by_itself() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("key");
        let write = |text: &str, mode: u32| {
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            PseudonymKey::open(&file).map(|_| ()).unwrap_err().to_string()
        };
        let good = URL_SAFE_NO_PAD.encode([7; 32]);
        assert!(write(&good, 0o640).contains("others"));
        for text in ["", "x", good.trim_start_matches('B'), &format!("{good}A")] {
            assert!(write(text, 0o600).contains("does not hold"), "{text}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
    }
}
