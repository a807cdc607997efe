//! The digests that a verification needs: `at_hash`, the one-shot key.

use sha2::{Digest as _, Sha256};

use super::base64url;
use super::signature::SignatureVerifier;

/// SHA-256 by the core itself.
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// `at_hash` of an access token (OIDC Core 3.1.3.6): the left half of SHA-256, since every accepted algorithm ends in 256.
pub(super) fn access_token_hash(access_token: &str, hasher: &impl SignatureVerifier) -> String {
    base64url::encode(hasher.sha256(access_token.as_bytes()).split_at(16).0)
}

/// What a one-shot is derived from.
#[derive(Clone, Copy)]
pub(super) enum OneShotOf<'a> {
    /// `iss` and `jti`: the issuer promises that the pair never repeats (RFC 7519 4.1.7).
    TokenId { issuer: &'a str, token_id: &'a str },
    /// Without `jti`: the signed bytes. The signature is left out since an ECDSA signature can be rewritten into a second
    /// valid one by anybody, which would turn one token into two.
    SigningInput(&'a [u8]),
}

/// A key for the store of used tokens. Purpose and lengths are part of the input, so that no two sources collide.
pub(super) fn one_shot_key(of: OneShotOf<'_>, hasher: &impl SignatureVerifier) -> [u8; 32] {
    let mut input = Vec::with_capacity(256);
    let mut part = |bytes: &[u8]| {
        input.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        input.extend_from_slice(bytes);
    };
    match of {
        OneShotOf::TokenId { issuer, token_id } => {
            part(b"vigie id token: iss, jti");
            part(issuer.as_bytes());
            part(token_id.as_bytes());
        }
        OneShotOf::SigningInput(bytes) => {
            part(b"vigie id token: signing input");
            part(bytes);
        }
    }
    hasher.sha256(&input)
}

#[cfg(test)]
mod tests {
    use super::super::key::PublicKey;
    use super::super::signature::{Algorithm, BadSignature};
    use super::*;

    /// Believes nothing; only its hash is asked for.
    struct OwnHash;

    impl SignatureVerifier for OwnHash {
        fn verify(&self, _: Algorithm, _: &PublicKey, _: &[u8], _: &[u8]) -> Result<(), BadSignature> {
            Err(BadSignature)
        }
    }

    #[test]
    fn at_hash_of_the_openid_example() {
        // OIDC Core 1.0, appendix A.3 and A.4 (example of response_type "id_token token").
        let hash = access_token_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", &OwnHash);
        assert_eq!(hash, "77QmUPtjPfzWtF2AnpK9RQ");
    }

    #[test]
    fn one_shots_do_not_collide() {
        let key = |of| one_shot_key(of, &OwnHash);
        let id = |issuer, token_id| key(OneShotOf::TokenId { issuer, token_id });
        assert_eq!(id("a", "b"), id("a", "b"));
        assert_ne!(id("a", "b"), id("ab", ""));
        assert_ne!(id("a", "b"), id("a", "c"));
        assert_ne!(key(OneShotOf::SigningInput(b"a")), key(OneShotOf::SigningInput(b"b")));
    }
}
