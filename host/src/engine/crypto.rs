//! Signature checks for the verifier component, answered with aws-lc-rs.
//!
//! The component chooses algorithm and key by its own rules; here the bytes are only checked. Every failure is `false`: the
//! component does not learn why, and neither does an attacker. RS256 and PS256 take 2048 to 8192 bit keys, ES256 the 64 byte
//! form of RFC 7518 section 3.4.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::verifier::bindings::vigie::verifier::crypto::{Algorithm, PublicKey};

/// Checks one signature.
pub(super) fn verify(algorithm: Algorithm, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    match (algorithm, key) {
        (Algorithm::Rs256, PublicKey::Rsa(key)) => rsa(&RSA_PKCS1_2048_8192_SHA256, &key.n, &key.e, message, signature),
        (Algorithm::Ps256, PublicKey::Rsa(key)) => rsa(&RSA_PSS_2048_8192_SHA256, &key.n, &key.e, message, signature),
        (Algorithm::Es256, PublicKey::P256(key)) => p256(&key.x, &key.y, message, signature),
        (Algorithm::Rs256 | Algorithm::Ps256, PublicKey::P256(_)) | (Algorithm::Es256, PublicKey::Rsa(_)) => false,
    }
}

fn rsa(parameters: &'static RsaParameters, n: &[u8], e: &[u8], message: &[u8], signature: &[u8]) -> bool {
    RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
}

/// SEC 1, section 2.3.3: an uncompressed point is 04, x, y.
const UNCOMPRESSED: u8 = 4;

fn p256(x: &[u8], y: &[u8], message: &[u8], signature: &[u8]) -> bool {
    if x.len() != 32 || y.len() != 32 || signature.len() != 64 {
        return false;
    }
    let mut point = Vec::with_capacity(65);
    point.push(UNCOMPRESSED);
    point.extend_from_slice(x);
    point.extend_from_slice(y);
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
}
