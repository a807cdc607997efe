//! The handle, and what it opens.
//!
//! 256 random bits that only the relying party's server keeps. From them come, one way, the database key (so that the file holds
//! no usable handle) and the AES-256-GCM key of the record (so that the file holds no readable login). The audience and the
//! last moment are authenticated with it.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::ListId;
use crate::digest::Digest;

/// An opaque login handle. Its text form is the secret; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Handle([u8; 32]);

/// The text is not a handle that this host could have given.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a login handle")]
pub struct ParseHandleError;

/// So that secret scanners and people recognise one.
const PREFIX: &str = "vigie_";

impl Handle {
    /// Draws a new one.
    pub(super) fn make() -> Result<Self, Unspecified> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads one as a caller presents it.
    ///
    /// # Errors
    /// Wrong prefix, length or alphabet.
    pub fn parse(text: &str) -> Result<Self, ParseHandleError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(ParseHandleError)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| ParseHandleError)?;
        Ok(Self(bytes.try_into().map_err(|_| ParseHandleError)?))
    }

    /// The text for the caller; discloses on purpose.
    pub fn disclose(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    fn derive(&self, purpose: &[u8]) -> Digest {
        Digest::of(&[purpose, &self.0].concat())
    }

    /// What the database is keyed by and lists show; it opens nothing.
    pub fn id(&self) -> ListId {
        ListId::from_bytes(*self.derive(b"vigie login id 1\0").bytes())
    }

    fn key(&self) -> Result<LessSafeKey, Unspecified> {
        Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, self.derive(b"vigie login key 1\0").bytes())?))
    }

    pub(super) fn seal(&self, audience: &str, expires: u64, login: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce)?;
        let mut sealed = login.to_vec();
        let aad = Aad::from(bound_to(audience, expires));
        self.key()?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)?;
        sealed.extend_from_slice(&nonce);
        Ok(sealed)
    }

    pub(super) fn open(&self, audience: &str, expires: u64, mut sealed: Vec<u8>) -> Result<Vec<u8>, Unspecified> {
        let split = sealed.len().checked_sub(NONCE_LEN).ok_or(Unspecified)?;
        let nonce = Nonce::try_assume_unique_for_key(sealed.get(split..).ok_or(Unspecified)?)?;
        sealed.truncate(split);
        let opened = self.key()?.open_in_place(nonce, Aad::from(bound_to(audience, expires)), &mut sealed)?.len();
        sealed.truncate(opened);
        Ok(sealed)
    }
}

fn bound_to(audience: &str, expires: u64) -> Vec<u8> {
    [&expires.to_be_bytes(), audience.as_bytes()].concat()
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_opens_only_what_it_sealed() {
        let (one, other) = (Handle::make().unwrap(), Handle::make().unwrap());
        let sealed = one.seal("smurtab", 9, b"text").unwrap();
        assert_eq!(one.open("smurtab", 9, sealed.clone()).unwrap(), b"text");
        assert!(other.open("smurtab", 9, sealed.clone()).is_err());
        assert!(one.open("sidep", 9, sealed.clone()).is_err());
        assert!(one.open("smurtab", 10, sealed.clone()).is_err());
        assert!(one.open("smurtab", 9, sealed.split_last().unwrap().1.to_vec()).is_err());
        assert!(one.open("smurtab", 9, Vec::new()).is_err());
    }

    #[test]
    fn text_and_back() {
        let handle = Handle::make().unwrap();
        let text = handle.disclose();
        assert_eq!(Handle::parse(&text), Ok(handle.clone()));
        assert_eq!(format!("{handle:?}"), "Handle(..)");
        let bare = text.replace(PREFIX, "");
        for wrong in ["", PREFIX, &bare, &format!("{text}A"), &format!("{PREFIX}AAAA"), "vigie_é"] {
            assert_eq!(Handle::parse(wrong), Err(ParseHandleError));
        }
    }
}
