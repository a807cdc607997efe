//! SHA-256 of a component, written `sha256:` and 64 hexadecimal digits: how a policy is pinned and named in every log line.
//!
//! One spelling only, lower-case, so that two logs can be compared as text. Not a general hash type.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

const PREFIX: &str = "sha256:";
/// Bytes of SHA-256.
const LENGTH: usize = 32;

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Digest([u8; LENGTH]);

/// The text is not `sha256:` followed by 64 lower-case hexadecimal digits.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is written \"sha256:\" and 64 lower-case hexadecimal digits")]
pub struct ParseDigestError;

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).into()
    }

    /// The 64 digits alone, as they stand in the name of a file.
    pub fn hex(&self) -> String {
        self.to_string().split_off(PREFIX.len())
    }

    /// The 32 bytes.
    pub fn bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }
}

impl From<aws_lc_rs::digest::Digest> for Digest {
    fn from(hash: aws_lc_rs::digest::Digest) -> Self {
        let mut out = [0; LENGTH];
        for (to, from) in out.iter_mut().zip(hash.as_ref()) {
            *to = *from;
        }
        Self(out)
    }
}

impl FromStr for Digest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = text.strip_prefix(PREFIX).ok_or(ParseDigestError)?;
        let mut out = [0; LENGTH];
        // It refuses upper case, and fills all of `out` or less.
        match base16ct::lower::decode(hex, &mut out) {
            Ok(digest) if digest.len() == LENGTH => Ok(Self(out)),
            _ => Err(ParseDigestError),
        }
    }
}

impl TryFrom<String> for Digest {
    type Error = ParseDigestError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 2 * LENGTH];
        f.write_str(PREFIX)?;
        f.write_str(base16ct::lower::encode_str(&self.0, &mut digits).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_written_as_it_is_read() {
        // FIPS 180-4 example for the empty message.
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").to_string(), empty);
        assert_eq!(empty.parse(), Ok(Digest::of(b"")));
        for wrong in [
            "",
            "sha256:",
            &empty.to_uppercase(),
            empty.trim_end_matches("5"),
            &format!("{empty}0"),
            &empty.replace('e', "g"),
        ] {
            assert_eq!(wrong.parse::<Digest>(), Err(ParseDigestError), "{wrong}");
        }
    }
}
