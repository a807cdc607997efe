//! Bytes to text and to digests: base64url (RFC 4648 §5, no padding), base64, SHA-256, and comparison in constant time.

use aws_lc_rs::{constant_time, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// base64url without padding.
#[must_use]
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// base64 with padding, as Chromium reads a key digest.
#[must_use]
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Decodes base64 with padding (HTTP Basic); anything else is `None`.
#[must_use]
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Decodes base64url without padding; anything else is `None`.
#[must_use]
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// SHA-256.
#[must_use]
pub(crate) fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

/// The key under which a secret is kept: its digest, so that the store never holds the secret itself.
#[must_use]
pub(crate) fn fingerprint(secret: &str) -> String {
    base64url(&sha256(secret.as_bytes()))
}

/// Equality that takes the same time wherever the difference stands.
#[must_use]
pub(crate) fn same(left: &str, right: &str) -> bool {
    constant_time::verify_slices_are_equal(left.as_bytes(), right.as_bytes()).is_ok()
}
