//! The provider's keys: one RSA key that signs (RS256), one RSA key that is published for encryption only.
//!
//! Both are made when the program starts and never leave memory. The second one signs nothing: it is there to catch
//! verifiers that take the first key of the set without looking at `use` (psc-facts §9).
//!
//! Formats: JWS compact serialisation (RFC 7515), JWK (RFC 7517), thumbprint as key identifier (RFC 7638).

use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use serde_json::{Value, json};

use crate::encoding::{base64url, sha256};

/// Making or using a key failed inside the cryptographic library.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No key could be made.
    #[error("no RSA key could be made")]
    Make,
    /// No signature could be made.
    #[error("no signature could be made")]
    Sign,
}

struct RsaKey {
    pair: KeyPair,
    modulus: String,
    exponent: String,
    kid: String,
}

impl RsaKey {
    fn make() -> Result<Self, KeyError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Make)?;
        let modulus = base64url(pair.public_key().modulus().big_endian_without_leading_zero());
        let exponent = base64url(pair.public_key().exponent().big_endian_without_leading_zero());
        // RFC 7638 §3.2: required members only, in lexical order, without white space.
        let kid = base64url(&sha256(format!(r#"{{"e":"{exponent}","kty":"RSA","n":"{modulus}"}}"#).as_bytes()));
        Ok(Self { pair, modulus, exponent, kid })
    }
}

/// The key set of one run.
pub(crate) struct Keys {
    signing: RsaKey,
    encryption: RsaKey,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keys(redacted)")
    }
}

impl Keys {
    /// Makes both keys. Takes a fraction of a second.
    pub(crate) fn make() -> Result<Self, KeyError> {
        Ok(Self { signing: RsaKey::make()?, encryption: RsaKey::make()? })
    }

    /// The public key set, as `protocol/openid-connect/certs` answers it. The encryption key stands first on purpose.
    #[must_use]
    pub(crate) fn jwks(&self) -> Value {
        let jwk = |key: &RsaKey, usage: &str, algorithm: &str| json!({"kid": key.kid, "kty": "RSA", "alg": algorithm, "use": usage, "n": key.modulus, "e": key.exponent});
        json!({"keys": [jwk(&self.encryption, "enc", "RSA-OAEP"), jwk(&self.signing, "sig", "RS256")]})
    }

    /// Signs claims into a compact JWS with the header that real PSC tokens have.
    pub(crate) fn sign(&self, claims: &Value) -> Result<String, KeyError> {
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.signing.kid});
        let message =
            format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
        let mut signature = vec![0; self.signing.pair.public_modulus_len()];
        self.signing
            .pair
            .sign(&RSA_PKCS1_SHA256, &aws_lc_rs::rand::SystemRandom::new(), message.as_bytes(), &mut signature)
            .map_err(|_| KeyError::Sign)?;
        Ok(format!("{message}.{}", base64url(&signature)))
    }
}

/// `at_hash` of an access token for RS256: the left half of its SHA-256 (OpenID Connect Core 3.1.3.6).
#[must_use]
pub(crate) fn at_hash(access_token: &str) -> String {
    let digest = sha256(access_token.as_bytes());
    base64url(digest.get(..16).unwrap_or_default())
}
