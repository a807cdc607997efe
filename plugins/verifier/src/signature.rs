//! Who checks signatures: the host, or this component itself (feature `pure`).

#[cfg(feature = "pure")]
pub(crate) const VERIFIER: verifier_core::token::RustCrypto = verifier_core::token::RustCrypto;

#[cfg(not(feature = "pure"))]
pub(crate) const VERIFIER: imported::HostCrypto = imported::HostCrypto;

#[cfg(not(feature = "pure"))]
mod imported {
    use verifier_core::token::{Algorithm, BadSignature, PublicKey, SignatureVerifier};

    use crate::bindings::vigie::verifier::crypto;

    /// Asks the host. It is told algorithm, key, message and signature and nothing of what they are for.
    pub(crate) struct HostCrypto;

    impl SignatureVerifier for HostCrypto {
        fn verify(
            &self,
            algorithm: Algorithm,
            key: &PublicKey,
            message: &[u8],
            signature: &[u8],
        ) -> Result<(), BadSignature> {
            let algorithm = match algorithm {
                Algorithm::Rs256 => crypto::Algorithm::Rs256,
                Algorithm::Ps256 => crypto::Algorithm::Ps256,
                Algorithm::Es256 => crypto::Algorithm::Es256,
            };
            let key = match key {
                PublicKey::Rsa(key) => {
                    crypto::PublicKey::Rsa(crypto::RsaKey { n: key.modulus().to_vec(), e: key.exponent().to_vec() })
                }
                PublicKey::P256(key) => {
                    crypto::PublicKey::P256(crypto::P256Key { x: key.x().to_vec(), y: key.y().to_vec() })
                }
            };
            if crypto::verify(algorithm, &key, message, signature) { Ok(()) } else { Err(BadSignature) }
        }
    }
}
