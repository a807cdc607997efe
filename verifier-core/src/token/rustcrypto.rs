//! Signature checks in pure Rust: the `p256` and `rsa` crates.
//!
//! Used natively, in browsers and in the self-contained component. Only public-key operations are made, so the known timing
//! weakness of RSA private-key operations in that crate does not concern us.

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use rsa::BoxedUint;
use sha2::{Digest as _, Sha256};

use super::key::{P256Key, PublicKey, RsaKey};
use super::signature::{Algorithm, BadSignature, SignatureVerifier};
use crate::limits;

/// Checks signatures with RustCrypto.
#[derive(Clone, Copy, Debug, Default)]
pub struct RustCrypto;

impl SignatureVerifier for RustCrypto {
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let digest = Sha256::digest(message);
        match (algorithm, key) {
            (Algorithm::Rs256, PublicKey::Rsa(key)) => {
                let signature = rsa::pkcs1v15::Signature::try_from(signature).map_err(|_| BadSignature)?;
                rsa::pkcs1v15::VerifyingKey::<Sha256>::new(rsa_key(key)?).verify_prehash(&digest, &signature)
            }
            (Algorithm::Ps256, PublicKey::Rsa(key)) => {
                let signature = rsa::pss::Signature::try_from(signature).map_err(|_| BadSignature)?;
                // RFC 7518 3.5: the salt is as long as the digest, neither more nor less.
                rsa::pss::VerifyingKey::<Sha256>::new_with_salt_len(rsa_key(key)?, 32)
                    .verify_prehash(&digest, &signature)
            }
            (Algorithm::Es256, PublicKey::P256(key)) => {
                let signature = p256::ecdsa::Signature::from_slice(signature).map_err(|_| BadSignature)?;
                p256_key(key)?.verify_prehash(&digest, &signature)
            }
            _ => return Err(BadSignature),
        }
        .map_err(|_| BadSignature)
    }
}

fn rsa_key(key: &RsaKey) -> Result<rsa::RsaPublicKey, BadSignature> {
    let n = BoxedUint::from_be_slice_vartime(key.modulus());
    let e = BoxedUint::from_be_slice_vartime(key.exponent());
    rsa::RsaPublicKey::new_with_size_limits(n, e, limits::RSA_MODULUS_MIN_BITS..=limits::RSA_MODULUS_MAX_BITS)
        .map_err(|_| BadSignature)
}

fn p256_key(key: &P256Key) -> Result<p256::ecdsa::VerifyingKey, BadSignature> {
    // SEC 1 2.3.4: an uncompressed point; the crate refuses one that is not on the curve.
    let mut point = Vec::with_capacity(65);
    point.push(4);
    point.extend_from_slice(key.x());
    point.extend_from_slice(key.y());
    p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).map_err(|_| BadSignature)
}
