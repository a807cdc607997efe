//! The key of one phone: P-256, made when an e-CPS is activated on that phone, which keeps the private half to itself.
//!
//! In a browser it is a WebCrypto key that cannot be exported (W3C Web Cryptography, `extractable: false`). Each approval is
//! signed (ECDSA with SHA-256, `r || s`, FIPS 186-5) over the request, the chosen number and a nonce of that request, so an
//! approval cannot be made by whoever merely knows the PIN, nor moved to another request or number.
//!
//! A phone without a key is the one that a person has when the sandbox starts, or one that a script activated without
//! giving a key. How the real e-CPS binds a phone is not published.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey, UnparsedPublicKey};

use crate::encoding::{base64url, from_base64url, sha256};

/// The public half: an uncompressed point (SEC 1, 2.3.3).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DeviceKey(Vec<u8>);

/// Not a point of the curve in base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key is not an uncompressed point of P-256 in base64url")]
pub(crate) struct ParseDeviceKeyError;

/// What a phone signs when its holder approves.
#[derive(Clone, Copy)]
pub(crate) struct Approval<'a> {
    /// Identifier of the request.
    pub request: &'a str,
    /// The two digits that were chosen.
    pub number: &'a str,
    /// Nonce of the request.
    pub nonce: &'a str,
}

impl Approval<'_> {
    /// The signed bytes. No part can contain a line end, so none can pass for another.
    #[must_use]
    pub(crate) fn message(&self) -> String {
        format!("vigie-approve:v1\n{}\n{}\n{}", self.request, self.number, self.nonce)
    }
}

impl DeviceKey {
    /// Reads a key as the phone's page or a script sends it.
    pub(crate) fn parse(text: &str) -> Result<Self, ParseDeviceKeyError> {
        let point = from_base64url(text).filter(|point| point.len() == 65).ok_or(ParseDeviceKeyError)?;
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point.clone()).map_err(|_| ParseDeviceKeyError)?;
        Ok(Self(point))
    }

    /// Under this name the phone finds its private half.
    #[must_use]
    pub(crate) fn name(&self) -> String {
        base64url(&sha256(&self.0))
    }

    /// Whether this phone signed this approval.
    #[must_use]
    pub(crate) fn signed(&self, approval: Approval<'_>, signature: &str) -> bool {
        from_base64url(signature).is_some_and(|signature| {
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.0);
            key.verify(approval.message().as_bytes(), &signature).is_ok()
        })
    }
}

impl std::fmt::Debug for DeviceKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("DeviceKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

    use super::*;

    const APPROVAL: Approval<'_> = Approval { request: "r", number: "07", nonce: "n" };

    fn pair() -> (EcdsaKeyPair, DeviceKey) {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let key = DeviceKey::parse(&base64url(pair.public_key().as_ref())).unwrap();
        (pair, key)
    }

    fn sign(pair: &EcdsaKeyPair, approval: Approval<'_>) -> String {
        base64url(pair.sign(&SystemRandom::new(), approval.message().as_bytes()).unwrap().as_ref())
    }

    #[test]
    fn only_this_phone_this_request_and_this_number() {
        let ((mine, key), (other, _)) = (pair(), pair());
        let signature = sign(&mine, APPROVAL);
        assert!(key.signed(APPROVAL, &signature));
        assert!(!key.signed(APPROVAL, &sign(&other, APPROVAL)));
        for moved in [
            Approval { request: "s", ..APPROVAL },
            Approval { number: "08", ..APPROVAL },
            Approval { nonce: "m", ..APPROVAL },
        ] {
            assert!(!key.signed(moved, &signature), "{}", moved.message());
        }
        let cut: String = signature.chars().skip(1).collect();
        for wrong in ["", "AAAA", "not base64url", cut.as_str()] {
            assert!(!key.signed(APPROVAL, wrong));
        }
    }

    #[test]
    fn a_key_is_a_point_of_the_curve() {
        let (pair, key) = pair();
        let mut moved = pair.public_key().as_ref().to_vec();
        moved[64] ^= 1;
        for wrong in [base64url(&moved), base64url(&moved[..33]), base64url(&[4; 65]), String::new(), "?".into()] {
            assert_eq!(DeviceKey::parse(&wrong), Err(ParseDeviceKeyError));
        }
        assert_eq!(format!("{key:?}"), "DeviceKey(redacted)");
        assert_eq!(key.name().len(), 43);
    }
}
