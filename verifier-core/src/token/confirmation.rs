//! `cnf`: the token is bound to the caller's TLS certificate (RFC 8705 3.1).
//!
//! The standard form of `x5t#S256` is base64url of the 32 bytes of SHA-256 over the certificate. The sample that the national
//! agency publishes is standard base64 of the 64-character *hexadecimal text* of that digest. The two are told apart by
//! their decoded length; the second is named as what it is and refused, unless the audience says that its provider does so.

use super::base64url;
use crate::wire::json::{Json, Object};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The confirmation method of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Confirmation {
    /// `x5t#S256`, as its text stands in the token.
    CertificateThumbprint(String),
    /// A method that is not known here, for example `jkt` (RFC 9449).
    OtherMethod,
}

/// How `cnf.x5t#S256` may be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CnfEncoding {
    /// Only base64url of the 32 bytes.
    Rfc8705,
    /// The published hexadecimal form as well.
    AnsHex,
}

/// Which of the two encodings a thumbprint uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thumbprint {
    /// RFC 8705.
    Standard([u8; 32]),
    /// base64 of the hexadecimal text.
    AnsHex([u8; 32]),
}

impl Confirmation {
    /// Reads the claim: absent, an object, or wrong.
    pub(super) fn read(claim: Option<&Json<'_>>) -> Result<Option<Self>, ()> {
        match claim {
            None => Ok(None),
            Some(Json::Object(members)) => Self::from_members(members).map(Some),
            Some(_) => Err(()),
        }
    }

    fn from_members(members: &Object<'_>) -> Result<Self, ()> {
        match members.get("x5t#S256") {
            None => Ok(Confirmation::OtherMethod),
            Some(Json::String(text)) => Ok(Confirmation::CertificateThumbprint(text.clone().into_owned())),
            Some(_) => Err(()),
        }
    }
}

impl Thumbprint {
    /// Decodes either form; `None` when it is neither.
    pub(super) fn decode(text: &str) -> Option<Self> {
        if let Some(bytes) = base64url::decode(text).ok().and_then(|bytes| bytes.try_into().ok()) {
            return Some(Thumbprint::Standard(bytes));
        }
        let hex: [u8; 64] = STANDARD.decode(text).or_else(|_| base64url::decode(text)).ok()?.try_into().ok()?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_chunks::<2>().0) {
            let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
            *byte = u8::try_from(high? * 16 + low?).ok()?;
        }
        Some(Thumbprint::AnsHex(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value printed in the agency's guide (`psc-facts` 1.11) and the digest that it spells.
    const PUBLISHED: &str = "MmJjZmI3ZWNkM2Q5YTk5Zjc4OTBmNjVlODNmMDMzOGUwYWVjNDMzYThlOTBkYjU1M2MxNjU3YjMzMDE2YzUzMw==";

    #[test]
    fn both_forms_are_told_apart() {
        let Some(Thumbprint::AnsHex(bytes)) = Thumbprint::decode(PUBLISHED) else {
            panic!("the published form is recognised")
        };
        assert_eq!((bytes[0], bytes[31]), (0x2b, 0x33));
        assert_eq!(Thumbprint::decode(&base64url::encode(&bytes)), Some(Thumbprint::Standard(bytes)));
        assert_eq!(Thumbprint::decode(PUBLISHED.trim_end_matches('=')), Some(Thumbprint::AnsHex(bytes)));
        for neither in ["", "AA", "not base64!", &base64url::encode(&[0; 31]), &base64url::encode(&[b'g'; 64])] {
            assert_eq!(Thumbprint::decode(neither), None, "{neither}");
        }
    }
}
