//! The provider's keys: one RSA key that signs (RS256), one RSA key that is published for encryption only.
//!
//! Both are made when the program starts and never leave memory; the signing key can be rotated. The second one signs nothing: it is there to catch
//! verifiers that take the first key of the set without looking at `use` (psc-facts §9).
//!
//! Formats: JWS compact serialisation (RFC 7515), JWK (RFC 7517), thumbprint as key identifier (RFC 7638).

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::hmac;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use serde_json::{Value, json};

use crate::encoding::{base64url, sha256};
use crate::faults::{Rotation, Signing};

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

/// The signing keys: the current one, and those of before that are still published.
struct Signers {
    current: RsaKey,
    published: Vec<RsaKey>,
}

/// The key set of one run.
pub(crate) struct Keys {
    signers: Mutex<Signers>,
    encryption: RsaKey,
}

/// Old keys that stay published. A rotation every few weeks never needs more.
const MAX_PUBLISHED: usize = 3;

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keys(redacted)")
    }
}

impl Keys {
    /// Makes both keys. Takes a fraction of a second.
    pub(crate) fn make() -> Result<Self, KeyError> {
        let signers = Mutex::new(Signers { current: RsaKey::make()?, published: Vec::new() });
        Ok(Self { signers, encryption: RsaKey::make()? })
    }

    fn signers(&self) -> std::sync::MutexGuard<'_, Signers> {
        self.signers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Signs with a new key from now on.
    pub(crate) fn rotate(&self, rotation: Rotation) -> Result<(), KeyError> {
        let new = RsaKey::make()?;
        let mut signers = self.signers();
        let old = std::mem::replace(&mut signers.current, new);
        match rotation {
            Rotation::DropOld => signers.published.clear(),
            Rotation::KeepOld => {
                signers.published.insert(0, old);
                signers.published.truncate(MAX_PUBLISHED);
            }
        }
        Ok(())
    }

    /// The public key set, as `protocol/openid-connect/certs` answers it. The encryption key stands first on purpose.
    #[must_use]
    pub(crate) fn jwks(&self) -> Value {
        let jwk = |key: &RsaKey, usage: &str, algorithm: &str| json!({"kid": key.kid, "kty": "RSA", "alg": algorithm, "use": usage, "n": key.modulus, "e": key.exponent});
        let signers = self.signers();
        let mut keys = vec![jwk(&self.encryption, "enc", "RSA-OAEP"), jwk(&signers.current, "sig", "RS256")];
        keys.extend(signers.published.iter().map(|key| jwk(key, "sig", "RS256")));
        json!({"keys": keys})
    }

    /// Signs claims, given as JSON text, into a compact JWS with the header that real PSC tokens have, or in one of the wrong ways.
    pub(crate) fn sign(&self, claims: &str, signing: Signing, client_secret: &str) -> Result<String, KeyError> {
        let signers = self.signers();
        let key = &signers.current;
        let header = match signing {
            Signing::Normal => json!({"alg": "RS256", "typ": "JWT", "kid": key.kid}),
            // A thumbprint like any other, of a key that nobody has.
            Signing::UnknownKid => {
                json!({"alg": "RS256", "typ": "JWT", "kid": base64url(&sha256(key.kid.as_bytes()))})
            }
            Signing::Hs256 => json!({"alg": "HS256", "typ": "JWT", "kid": key.kid}),
        };
        let message = format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.as_bytes()));
        let signature = match signing {
            Signing::Hs256 => {
                let secret = hmac::Key::new(hmac::HMAC_SHA256, client_secret.as_bytes());
                hmac::sign(&secret, message.as_bytes()).as_ref().to_vec()
            }
            Signing::Normal | Signing::UnknownKid => {
                let mut signature = vec![0; key.pair.public_modulus_len()];
                let random = aws_lc_rs::rand::SystemRandom::new();
                key.pair
                    .sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature)
                    .map_err(|_| KeyError::Sign)?;
                signature
            }
        };
        Ok(format!("{message}.{}", base64url(&signature)))
    }
}

/// `at_hash` of an access token for RS256: the left half of its SHA-256 (OpenID Connect Core 3.1.3.6).
#[must_use]
pub(crate) fn at_hash(access_token: &str) -> String {
    let digest = sha256(access_token.as_bytes());
    base64url(digest.get(..16).unwrap_or_default())
}
