//! Which signatures are accepted, and who checks them.
//!
//! The list is closed: RS256 because every published PSC token uses it, PS256 and ES256 because a national provider may
//! move to them. `none` and the HMAC family are refused by name: one connector in use takes HS256 with the client secret
//! when the token's own header says so, which lets whoever knows the secret, or confuses a public key with it, sign.
//!
//! The check itself is a trait, so that a browser, a native host and a component with imported cryptography share all else.

use std::fmt;

use super::key::PublicKey;

/// An accepted `alg` (RFC 7518 3.1). The digest is SHA-256 in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes.
    Ps256,
    /// ECDSA on P-256 with SHA-256; the signature is the 64 bytes r || s.
    Es256,
}

impl Algorithm {
    /// The registered name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Rs256 => "RS256",
            Algorithm::Ps256 => "PS256",
            Algorithm::Es256 => "ES256",
        }
    }

    /// The accepted algorithm of that exact, case-sensitive name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256].into_iter().find(|a| a.name() == name)
    }
}

/// The signature does not hold. Why is not said: nothing useful follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature;

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature does not hold for the published key")
    }
}

impl std::error::Error for BadSignature {}

/// Checks one signature.
///
/// The caller has made sure that the key's type fits the algorithm, that an RSA modulus has 2048 to 4096 bits and an odd
/// exponent of 17 to 32 bits, and that the signature has the length that algorithm and key demand with r and s in range.
/// An implementation answers [`BadSignature`] for everything else, an EC point off the curve included.
pub trait SignatureVerifier {
    /// # Errors
    /// [`BadSignature`] unless `signature` over `message` holds under `key`.
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature>;

    /// SHA-256 (FIPS 180-4) of the bytes: for `at_hash` and the keys of one-shots. The core's own, unless the one who checks signatures has
    /// a quicker one.
    fn sha256(&self, bytes: &[u8]) -> [u8; 32] {
        super::hash::sha256(bytes)
    }
}

impl<V: SignatureVerifier + ?Sized> SignatureVerifier for &V {
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        (**self).verify(algorithm, key, message, signature)
    }

    fn sha256(&self, bytes: &[u8]) -> [u8; 32] {
        (**self).sha256(bytes)
    }
}

/// Order of P-256, big-endian (FIPS 186-5, SP 800-186 3.2.1.3).
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// Whether the signature has the one form that algorithm and key allow. Checked here so that every engine agrees.
pub(super) fn well_formed(algorithm: Algorithm, key: &PublicKey, signature: &[u8]) -> bool {
    match (algorithm, key) {
        // RFC 8017 8.1.2 and 8.2.2, step 1: exactly as many octets as the modulus.
        (Algorithm::Rs256 | Algorithm::Ps256, PublicKey::Rsa(key)) => signature.len() == key.modulus().len(),
        // RFC 7518 3.4: 64 octets; FIPS 186-5 6.4.2, step 1: both integers in [1, n-1].
        (Algorithm::Es256, PublicKey::P256(_)) => {
            let (Some(r), Some(s)) = (signature.get(..32), signature.get(32..64)) else { return false };
            signature.len() == 64 && in_range(r) && in_range(s)
        }
        _ => false,
    }
}

/// Big-endian byte strings of one length compare like the integers that they spell.
fn in_range(scalar: &[u8]) -> bool {
    scalar.iter().any(|byte| *byte != 0) && scalar < P256_ORDER.as_slice()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact() {
        for name in ["rs256", "RS384", "HS256", "none", "ES256K", "", "RS256 "] {
            assert_eq!(Algorithm::from_name(name), None, "{name}");
        }
        for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256] {
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(algorithm));
        }
    }

    #[test]
    fn scalars_are_in_range() {
        let mut below = P256_ORDER;
        below[31] -= 1;
        let mut one = [0; 32];
        one[31] = 1;
        assert!(in_range(&below) && in_range(&one));
        assert!(!in_range(&P256_ORDER) && !in_range(&[0; 32]) && !in_range(&[0xff; 32]));
    }
}
