//! The digests that a verification needs: `at_hash`, the one-shot key.

use sha2::{Digest as _, Sha256};

use super::base64url;

/// `at_hash` of an access token (OIDC Core 3.1.3.6): the left half of SHA-256, since every accepted algorithm ends in 256.
pub(super) fn access_token_hash(access_token: &str) -> String {
    let digest = Sha256::digest(access_token.as_bytes());
    base64url::encode(digest.as_slice().split_at(16).0)
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
pub(super) fn one_shot_key(of: OneShotOf<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
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
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_hash_of_the_openid_example() {
        // OIDC Core 1.0, appendix A.3 and A.4 (example of response_type "id_token token").
        assert_eq!(access_token_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
    }

    #[test]
    fn one_shots_do_not_collide() {
        let id = |issuer, token_id| one_shot_key(OneShotOf::TokenId { issuer, token_id });
        assert_eq!(id("a", "b"), id("a", "b"));
        assert_ne!(id("a", "b"), id("ab", ""));
        assert_ne!(id("a", "b"), id("a", "c"));
        assert_ne!(one_shot_key(OneShotOf::SigningInput(b"a")), one_shot_key(OneShotOf::SigningInput(b"b")));
    }
}
