//! base64url without padding (RFC 7515 2), one encoding per byte string.
//!
//! Two texts that decode to the same bytes would be two tokens with one meaning: padding, the `+/` alphabet, white space
//! and non-zero trailing bits are all refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The text is not strict base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotBase64Url;

/// Decodes strictly.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, NotBase64Url> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64Url)
}

/// Encodes; used where a hash is compared in its encoded form.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_for_one_byte_string() {
        let check = |text: &str, expected: Option<&[u8]>| assert_eq!(decode(text).ok().as_deref(), expected, "{text}");
        check("", Some(b""));
        check("_-8", Some(&[0xff, 0xef]));
        check("AA", Some(&[0]));
        check("AB", None); // trailing bits
        check("AA==", None);
        check("AA=", None);
        check("A", None);
        check("+/8", None);
        check(" AA", None);
        check("AA\n", None);
        check("é", None);
    }
}
