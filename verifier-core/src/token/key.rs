//! Public keys that are worth checking a signature with.
//!
//! A key that exists as a value here has sane sizes: RSA of 2048 to 4096 bits with an odd exponent of at least 65537, or P-256 with
//! two full-size coordinates. That a P-256 point lies on the curve is the signature checker's to say.

use std::fmt;

use super::base64url;
use super::signature::Algorithm;
use crate::limits;

/// A public key for one of the accepted algorithms.
#[derive(Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// For RS256 and PS256.
    Rsa(RsaKey),
    /// For ES256.
    P256(P256Key),
}

impl PublicKey {
    /// Whether keys of this type can serve that algorithm.
    #[must_use]
    pub fn serves(&self, algorithm: Algorithm) -> bool {
        match self {
            PublicKey::Rsa(_) => matches!(algorithm, Algorithm::Rs256 | Algorithm::Ps256),
            PublicKey::P256(_) => matches!(algorithm, Algorithm::Es256),
        }
    }
}

/// A public key is no secret, but a log full of them helps nobody.
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PublicKey::Rsa(key) => write!(f, "Rsa({} bits)", key.modulus.len() * 8),
            PublicKey::P256(_) => write!(f, "P256"),
        }
    }
}

/// Why key material is not usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusableKey {
    /// A member is missing, of the wrong type or not strict base64url.
    Form,
    /// The modulus is not between 2048 and 4096 bits, or even.
    Modulus,
    /// The exponent is even, below 65537 or above 32 bits.
    Exponent,
    /// An integer starts with zero octets, which RFC 7518 2 forbids.
    LeadingZeros,
    /// A coordinate is not exactly 32 octets (RFC 7518 6.2.1.2), or the point is (0, 0).
    Coordinates,
}

impl fmt::Display for UnusableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UnusableKey::Form => "a member is missing or not strict base64url",
            UnusableKey::Modulus => "the RSA modulus is even or not between 2048 and 4096 bits",
            UnusableKey::Exponent => "the RSA exponent is even, below 65537 or above 32 bits",
            UnusableKey::LeadingZeros => "an RSA integer starts with zero octets",
            UnusableKey::Coordinates => "the coordinates are not 32 octets each",
        })
    }
}

/// An RSA public key.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl RsaKey {
    /// From `n` and `e` of a JWK.
    pub(super) fn parse(n: &str, e: &str) -> Result<Self, UnusableKey> {
        let part = |text| base64url::decode(text).map_err(|_| UnusableKey::Form);
        Self::new(part(n)?, part(e)?)
    }

    /// From big-endian modulus and exponent without leading zeros.
    ///
    /// # Errors
    /// When the key is damaged or too weak.
    pub fn new(modulus: Vec<u8>, exponent: Vec<u8>) -> Result<Self, UnusableKey> {
        let (Some(first), Some(last)) = (modulus.first(), modulus.last()) else { return Err(UnusableKey::Form) };
        if *first == 0 || exponent.first().is_none_or(|byte| *byte == 0) {
            return Err(UnusableKey::LeadingZeros);
        }
        let bits = modulus.len() * 8 - first.leading_zeros() as usize;
        if !(limits::RSA_MODULUS_MIN_BITS..=limits::RSA_MODULUS_MAX_BITS).contains(&bits) || last % 2 == 0 {
            return Err(UnusableKey::Modulus);
        }
        if exponent.len() > 8 {
            return Err(UnusableKey::Exponent);
        }
        let value = exponent.iter().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
        if !(limits::RSA_EXPONENT_MIN..=limits::RSA_EXPONENT_MAX).contains(&value) || value % 2 == 0 {
            return Err(UnusableKey::Exponent);
        }
        Ok(Self { modulus, exponent })
    }

    /// Big-endian, without leading zeros.
    #[must_use]
    pub fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    /// Big-endian, without leading zeros.
    #[must_use]
    pub fn exponent(&self) -> &[u8] {
        &self.exponent
    }
}

/// A public key on P-256.
#[derive(Clone, PartialEq, Eq)]
pub struct P256Key {
    x: [u8; 32],
    y: [u8; 32],
}

impl P256Key {
    /// From `x` and `y` of a JWK.
    pub(super) fn parse(x: &str, y: &str) -> Result<Self, UnusableKey> {
        let x = base64url::decode(x).map_err(|_| UnusableKey::Form)?;
        let y = base64url::decode(y).map_err(|_| UnusableKey::Form)?;
        Self::new(&x, &y)
    }

    /// From affine coordinates, big-endian, 32 octets each.
    ///
    /// # Errors
    /// When a coordinate has another length, or the point is (0, 0).
    pub fn new(x: &[u8], y: &[u8]) -> Result<Self, UnusableKey> {
        let (Ok(x), Ok(y)) = (x.try_into(), y.try_into()) else { return Err(UnusableKey::Coordinates) };
        if x == [0; 32] && y == [0; 32] {
            return Err(UnusableKey::Coordinates);
        }
        Ok(Self { x, y })
    }

    /// Affine x, big-endian.
    #[must_use]
    pub fn x(&self) -> &[u8; 32] {
        &self.x
    }

    /// Affine y, big-endian.
    #[must_use]
    pub fn y(&self) -> &[u8; 32] {
        &self.y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<UnusableKey> {
        RsaKey::parse(&base64url::encode(modulus), &base64url::encode(exponent)).err()
    }

    #[test]
    fn rsa_sizes() {
        let modulus = |bytes: usize| vec![0xff_u8; bytes];
        let e = [1, 0, 1];
        assert_eq!(rsa(&modulus(256), &e), None);
        assert_eq!(rsa(&modulus(512), &e), None);
        assert_eq!(rsa(&modulus(255), &e), Some(UnusableKey::Modulus));
        assert_eq!(rsa(&modulus(513), &e), Some(UnusableKey::Modulus));
        let mut bits_2047 = modulus(256);
        bits_2047[0] = 0x7f;
        assert_eq!(rsa(&bits_2047, &e), Some(UnusableKey::Modulus));
        let mut even = modulus(256);
        even[255] = 0xfe;
        assert_eq!(rsa(&even, &e), Some(UnusableKey::Modulus));
        let mut padded = vec![0];
        padded.extend(modulus(256));
        assert_eq!(rsa(&padded, &e), Some(UnusableKey::LeadingZeros));
        assert_eq!(rsa(&modulus(256), &[0, 1, 0, 1]), Some(UnusableKey::LeadingZeros));
        for weak in [&[1_u8][..], &[3], &[1, 0, 0], &[1, 0, 2], &[1, 0, 0, 0, 1], &[1; 9]] {
            assert_eq!(rsa(&modulus(256), weak), Some(UnusableKey::Exponent), "{weak:?}");
        }
        assert_eq!(rsa(&[], &e), Some(UnusableKey::Form));
    }

    #[test]
    fn p256_sizes() {
        let parse = |x: &[u8], y: &[u8]| P256Key::parse(&base64url::encode(x), &base64url::encode(y)).err();
        assert_eq!(parse(&[1; 32], &[2; 32]), None);
        assert_eq!(parse(&[1; 31], &[2; 32]), Some(UnusableKey::Coordinates));
        assert_eq!(parse(&[1; 32], &[2; 33]), Some(UnusableKey::Coordinates));
        assert_eq!(parse(&[0; 32], &[0; 32]), Some(UnusableKey::Coordinates));
        assert_eq!(P256Key::parse("A=", "AA").err(), Some(UnusableKey::Form));
    }
}
