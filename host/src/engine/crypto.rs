//! Signature checks and digests for the verifier component, answered with aws-lc-rs.
//!
//! The component chooses algorithm and key by its own rules; here the bytes are only checked. Every failure is `false`: the
//! component does not learn why, and neither does an attacker. RS256 and PS256 take 2048 to 8192 bit keys, ES256 the 64 byte
//! form of RFC 7518 section 3.4.
//!
//! What is computed from a key alone is kept ([`Keys`]): a provider has a handful of keys for months, and each of its tokens names one.

use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters,
    RsaPublicKeyComponents,
};

use super::recent::Recent;
use super::verifier::bindings::vigie::verifier::keys::{Algorithm, PublicKey};
use crate::digest::Digest;

/// Public keys that have signed something, ready to check with. Which one a token may name is not decided here.
pub(super) struct Keys(Recent<Known>);

#[derive(Clone)]
struct Known {
    algorithm: Algorithm,
    /// As the component gave it: `n` and `e`, or `x` and `y`.
    parts: [Vec<u8>; 2],
    parsed: Arc<ParsedPublicKey>,
}

/// More than the providers of one host publish.
const MOST_KEYS: usize = 32;

impl Default for Keys {
    fn default() -> Self {
        Self(Recent::new(MOST_KEYS))
    }
}

impl Keys {
    /// Checks one signature.
    pub(super) fn verify(&self, algorithm: Algorithm, key: PublicKey, message: &[u8], signature: &[u8]) -> bool {
        let parts = match (algorithm, key) {
            (Algorithm::Rs256 | Algorithm::Ps256, PublicKey::Rsa(key)) => [key.n, key.e],
            (Algorithm::Es256, PublicKey::P256(key)) if signature.len() == 64 => [key.x, key.y],
            (Algorithm::Rs256 | Algorithm::Ps256, PublicKey::P256(_)) | (Algorithm::Es256, _) => return false,
        };
        let is_it = |known: &Known| known.algorithm == algorithm && known.parts == parts;
        let known = self.0.find(|known| is_it(known).then(|| Arc::clone(&known.parsed)));
        if let Some(parsed) = known {
            return parsed.verify_sig(message, signature).is_ok();
        }
        let Some(parsed) = parse(algorithm, &parts) else { return false };
        let verified = parsed.verify_sig(message, signature).is_ok();
        // One that never signed anything has no claim to a place.
        if verified {
            self.0.keep(Known { algorithm, parts, parsed: Arc::new(parsed) });
        }
        verified
    }
}

/// SHA-256 as four big-endian integers.
pub(super) fn sha256(message: &[u8]) -> (u64, u64, u64, u64) {
    let digest = Digest::of(message);
    let mut parts = digest.bytes().as_chunks::<8>().0.iter().copied().map(u64::from_be_bytes);
    let mut part = || parts.next().unwrap_or_default();
    (part(), part(), part(), part())
}

fn parse(algorithm: Algorithm, [first, second]: &[Vec<u8>; 2]) -> Option<ParsedPublicKey> {
    let rsa = |parameters: &'static RsaParameters| {
        RsaPublicKeyComponents { n: first, e: second }.to_parsed_public_key(parameters).ok()
    };
    match algorithm {
        Algorithm::Rs256 => rsa(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Ps256 => rsa(&RSA_PSS_2048_8192_SHA256),
        Algorithm::Es256 if first.len() == 32 && second.len() == 32 => {
            let point = [&[UNCOMPRESSED], first.as_slice(), second.as_slice()].concat();
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok()
        }
        Algorithm::Es256 => None,
    }
}

/// SEC 1, section 2.3.3: an uncompressed point is 04, x, y.
const UNCOMPRESSED: u8 = 4;

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

    use super::super::verifier::bindings::vigie::verifier::keys::{P256Key, RsaKey};
    use super::*;

    struct Signer(EcdsaKeyPair);

    impl Signer {
        fn make() -> Self {
            Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
        }

        fn parts(&self) -> (Vec<u8>, Vec<u8>) {
            let (x, y) = self.0.public_key().as_ref().split_at(1).1.split_at(32);
            (x.to_vec(), y.to_vec())
        }

        fn signs(&self, keys: &Keys, message: &[u8], signed: &[u8]) -> bool {
            let signature = self.0.sign(&SystemRandom::new(), signed).unwrap();
            let (x, y) = self.parts();
            keys.verify(Algorithm::Es256, PublicKey::P256(P256Key { x, y }), message, signature.as_ref())
        }
    }

    #[test]
    fn a_key_that_is_kept_answers_as_one_that_is_met() {
        let (keys, one, other) = (Keys::default(), Signer::make(), Signer::make());
        for _ in 0..3 {
            assert!(one.signs(&keys, b"message", b"message") && other.signs(&keys, b"message", b"message"));
            assert!(!one.signs(&keys, b"message", b"another"));
        }
        assert_eq!(keys.0.len(), 2);
        // The same bytes under another algorithm are another key, and none.
        let (x, y) = one.parts();
        for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256] {
            let key = PublicKey::Rsa(RsaKey { n: x.clone(), e: y.clone() });
            assert!(!keys.verify(algorithm, key, b"message", &[0; 64]));
        }
        assert_eq!(keys.0.len(), 2);
    }

    #[test]
    fn the_digest_of_the_standard() {
        // FIPS 180-4, example of one block: "abc".
        let expected = (0xba7816bf_8f01cfea, 0x414140de_5dae2223, 0xb00361a3_96177a9c, 0xb410ff61_f20015ad);
        assert_eq!(sha256(b"abc"), expected);
    }

    #[test]
    fn no_more_are_kept_than_one_host_needs() {
        let keys = Keys::default();
        let first = Signer::make();
        assert!(first.signs(&keys, b"message", b"message"));
        for _ in 0..MOST_KEYS {
            assert!(Signer::make().signs(&keys, b"message", b"message"));
        }
        assert_eq!(keys.0.len(), MOST_KEYS);
        let first_is_kept = keys.0.find(|known| (known.parts[0] == first.parts().0).then_some(()));
        assert!(first_is_kept.is_none(), "the first one made room");
        assert!(first.signs(&keys, b"message", b"message"));
    }
}
