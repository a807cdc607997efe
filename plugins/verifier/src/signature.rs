//! Who checks signatures: the host, or this component itself (feature `pure`).

#[cfg(feature = "pure")]
pub(crate) const VERIFIER: verifier_core::token::RustCrypto = verifier_core::token::RustCrypto;

#[cfg(not(feature = "pure"))]
pub(crate) const VERIFIER: imported::HostCrypto = imported::HostCrypto;

#[cfg(not(feature = "pure"))]
mod imported {
    use verifier_core::token::{Algorithm, BadSignature, PublicKey, SignatureVerifier};

    use crate::bindings::vigie::verifier::crypto;
    use crate::keys::{algorithm, public_key};

    /// Asks the host. It is told algorithm, key, message and signature and nothing of what they are for.
    pub(crate) struct HostCrypto;

    impl SignatureVerifier for HostCrypto {
        fn verify(
            &self,
            named: Algorithm,
            key: &PublicKey,
            message: &[u8],
            signature: &[u8],
        ) -> Result<(), BadSignature> {
            let holds = crypto::verify(algorithm(named), &public_key(key), message, signature);
            if holds { Ok(()) } else { Err(BadSignature) }
        }

        fn sha256(&self, bytes: &[u8]) -> [u8; 32] {
            let (first, second, third, fourth) = crypto::sha256(bytes);
            let mut digest = [0; 32];
            let parts = [first, second, third, fourth].map(u64::to_be_bytes);
            digest.as_chunks_mut::<8>().0.copy_from_slice(&parts);
            digest
        }
    }
}
