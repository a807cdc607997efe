//! The secret by which a relying party's server is known. Only its digest is kept.
//!
//! Comparison is by digest and in constant time, so that neither the length nor a common prefix shows. Nothing here prints it.

use std::fmt;
use std::path::Path;

use aws_lc_rs::constant_time::verify_slices_are_equal;

use crate::digest::Digest;

/// A caller's secret, as its SHA-256.
#[derive(Clone)]
pub struct Secret(Digest);

/// What is wrong with a secret file.
#[derive(Debug, thiserror::Error)]
pub enum ReadSecretError {
    /// Not there, or not readable.
    #[error("cannot be read ({0})")]
    Unreadable(std::io::ErrorKind),
    /// Fewer than 16 characters.
    #[error("holds {0} characters, fewer than {SHORTEST}")]
    Short(usize),
    /// Something that cannot stand in an HTTP header.
    #[error("holds something else than visible ASCII characters")]
    NotVisibleAscii,
}

/// 16 characters of base64 are 96 bits: out of reach for guessing over a network.
const SHORTEST: usize = 16;

impl Secret {
    /// Reads a secret from a file; surrounding white space is not part of it.
    ///
    /// # Errors
    /// The file is unreadable, or what it holds is too short or not visible ASCII.
    pub fn read(path: &Path) -> Result<Self, ReadSecretError> {
        let text = std::fs::read_to_string(path).map_err(|error| ReadSecretError::Unreadable(error.kind()))?;
        Self::parse(text.trim())
    }

    /// Takes a secret as a caller presents it.
    ///
    /// # Errors
    /// It is too short or not visible ASCII.
    pub fn parse(text: &str) -> Result<Self, ReadSecretError> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ReadSecretError::NotVisibleAscii);
        }
        if text.len() < SHORTEST {
            return Err(ReadSecretError::Short(text.len()));
        }
        Ok(Self(Digest::of(text.as_bytes())))
    }

    /// What it is found by. Nobody can choose the digest of a guess, so the time that finding takes tells nothing.
    pub(super) fn digest(&self) -> Digest {
        self.0
    }

    /// Constant-time comparison.
    pub fn same_as(&self, other: &Self) -> bool {
        verify_slices_are_equal(self.0.bytes(), other.0.bytes()).is_ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
