//! Keys of bundles: ECDSA on P-256 with SHA-256, ES256 of RFC 7518, section 3.4.
//!
//! A private key is a PKCS#8 file in PEM, as `vigie policy keygen` or `openssl genpkey` makes it; a public key is a JWK or a PEM file. The
//! private part is never printed, logged or formatted, and this module keeps no copy beyond the signing key itself.

use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use serde::{Deserialize, Serialize};

use super::BundleError;
use crate::authoring::document;
use crate::digest::Digest;

/// The key that signs.
pub struct SigningKey(EcdsaKeyPair);

/// The key that a bundle must be signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// Uncompressed point (SEC 1, section 2.3.3).
    point: Vec<u8>,
}

/// RFC 7517, the members that a P-256 key must have, in the order of RFC 7638.
#[derive(Serialize, Deserialize)]
struct Jwk {
    crv: String,
    kty: String,
    x: String,
    y: String,
}

/// What stands before the point in the SubjectPublicKeyInfo of every P-256 key (RFC 5480, section 2).
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Marks an uncompressed point, and its length with two coordinates of 32 bytes.
const UNCOMPRESSED: u8 = 4;
const POINT: usize = 65;

impl SigningKey {
    /// Makes a key. Returns it as the PEM text of a file, and its public half.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn generate() -> Result<(String, PublicKey), BundleError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| BundleError::Randomness)?;
        let der = pair.to_pkcs8v1().map_err(|_| BundleError::Randomness)?;
        // RFC 7468, section 10.
        let label = "PRIVATE KEY";
        let mut pem = format!("-----BEGIN {label}-----\n");
        for line in STANDARD.encode(der.as_ref()).as_bytes().chunks(64) {
            pem.extend(line.iter().map(|byte| char::from(*byte)));
            pem.push('\n');
        }
        pem.push_str(&format!("-----END {label}-----\n"));
        Ok((pem, PublicKey { point: pair.public_key().as_ref().to_vec() }))
    }

    /// Reads a key.
    ///
    /// # Errors
    /// The file is not there or is no P-256 key in PKCS#8.
    pub fn read(path: &Path) -> Result<Self, BundleError> {
        let text = document::read(path)?;
        let wrong =
            || BundleError::Key { file: path.display().to_string(), expected: "a P-256 private key in PKCS#8 PEM" };
        let der = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).map_err(|_| wrong())?;
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der())
            .map(Self)
            .map_err(|_| wrong())
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, BundleError> {
        let signature = self.0.sign(&SystemRandom::new(), message).map_err(|_| BundleError::Randomness)?;
        Ok(signature.as_ref().to_vec())
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        PublicKey { point: self.0.public_key().as_ref().to_vec() }
    }
}

impl PublicKey {
    /// Reads a JWK or a PEM file.
    ///
    /// # Errors
    /// The file is not there or is no public P-256 key.
    pub fn read(path: &Path) -> Result<Self, BundleError> {
        let text = document::read(path)?;
        Self::parse(&text).ok_or_else(|| BundleError::Key {
            file: path.display().to_string(),
            expected: "a public P-256 key, JWK or PEM",
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let point = if text.trim_start().starts_with('{') {
            let jwk: Jwk = serde_json::from_str(text).ok()?;
            let coordinate = |text: &str| URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 32);
            if (jwk.kty.as_str(), jwk.crv.as_str()) != ("EC", "P-256") {
                return None;
            }
            [vec![UNCOMPRESSED], coordinate(&jwk.x)?, coordinate(&jwk.y)?].concat()
        } else {
            let der = SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes()).ok()?;
            der.as_ref().strip_prefix(&SPKI_PREFIX[..])?.to_vec()
        };
        (point.len() == POINT && point.first() == Some(&UNCOMPRESSED)).then_some(Self { point })
    }

    /// The key as a JWK of RFC 7638's form.
    pub fn jwk(&self) -> String {
        let coordinates = self.point.get(1..).unwrap_or_default();
        let (x, y) = coordinates.split_at_checked(32).unwrap_or_default();
        let jwk =
            Jwk { crv: "P-256".into(), kty: "EC".into(), x: URL_SAFE_NO_PAD.encode(x), y: URL_SAFE_NO_PAD.encode(y) };
        serde_json::to_string(&jwk).unwrap_or_default()
    }

    /// The name of the key: its thumbprint (RFC 7638).
    pub fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(Digest::of(self.jwk().as_bytes()).bytes())
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.point).verify(message, signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let directory = tempfile::tempdir().unwrap();
        let (pem, public) = SigningKey::generate().unwrap();
        let file = directory.path().join("key");
        std::fs::write(&file, &pem).unwrap();
        let key = SigningKey::read(&file).unwrap();
        assert_eq!(key.public(), public);
        assert_eq!(PublicKey::parse(&public.jwk()), Some(public.clone()));
        assert!(public.verifies(b"m", &key.sign(b"m").unwrap()) && !public.verifies(b"n", &key.sign(b"m").unwrap()));
        let spki = [&SPKI_PREFIX[..], &public.point].concat();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(spki));
        assert_eq!(PublicKey::parse(&pem), Some(public));
        for wrong in [
            "",
            "{}",
            r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#,
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        ] {
            assert_eq!(PublicKey::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_7638() {
        // Members in lexical order without spaces (section 3.2), here for the key of RFC 7515, appendix A.3.
        let jwk = r#"{"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
        assert_eq!(PublicKey::parse(jwk).unwrap().jwk(), jwk);
    }
}
