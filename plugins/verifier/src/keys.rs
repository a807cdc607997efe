//! Keys, from the core's form to the contract's and back.

use verifier_core::token::{
    Algorithm, DeclaredAlgorithm, Jwks, KeyMaterial, KeyPurpose, P256Key, ParseJwksError, PublicKey, PublishedKey,
    RsaKey, UnusableKey, VerifyLoginError,
};

use crate::answer;
use crate::bindings::exports::vigie::verifier::verify;
use crate::bindings::vigie::verifier::keys;

/// Reads a JWK Set.
pub(crate) fn read(jwks: &str) -> Result<Vec<keys::PublishedKey>, verify::Failure> {
    let set = Jwks::parse(jwks).map_err(refused)?;
    Ok(set.keys().iter().map(published).collect())
}

/// The set of keys that were read before.
pub(crate) fn set(keys: Vec<keys::PublishedKey>) -> Result<Jwks, verify::Failure> {
    Jwks::of(keys.into_iter().map(understood).collect()).map_err(refused)
}

fn refused(error: ParseJwksError) -> verify::Failure {
    answer::failure(&VerifyLoginError::from(error))
}

fn published(key: &PublishedKey) -> keys::PublishedKey {
    keys::PublishedKey {
        kid: key.key_id.clone(),
        purpose: match key.purpose {
            KeyPurpose::Signing => keys::Purpose::Signing,
            KeyPurpose::Other => keys::Purpose::Other,
        },
        algorithm: match key.algorithm {
            DeclaredAlgorithm::Undeclared => keys::DeclaredAlgorithm::Undeclared,
            DeclaredAlgorithm::Accepted(accepted) => keys::DeclaredAlgorithm::Accepted(algorithm(accepted)),
            DeclaredAlgorithm::Other => keys::DeclaredAlgorithm::Other,
        },
        material: match &key.material {
            KeyMaterial::Usable(key) => keys::Material::Usable(public_key(key)),
            KeyMaterial::Unusable(reason) => keys::Material::Unusable(unusable(*reason)),
            KeyMaterial::OtherType => keys::Material::OtherType,
        },
    }
}

fn understood(key: keys::PublishedKey) -> PublishedKey {
    PublishedKey {
        key_id: key.kid,
        purpose: match key.purpose {
            keys::Purpose::Signing => KeyPurpose::Signing,
            keys::Purpose::Other => KeyPurpose::Other,
        },
        algorithm: match key.algorithm {
            keys::DeclaredAlgorithm::Undeclared => DeclaredAlgorithm::Undeclared,
            keys::DeclaredAlgorithm::Accepted(accepted) => DeclaredAlgorithm::Accepted(match accepted {
                keys::Algorithm::Rs256 => Algorithm::Rs256,
                keys::Algorithm::Ps256 => Algorithm::Ps256,
                keys::Algorithm::Es256 => Algorithm::Es256,
            }),
            keys::DeclaredAlgorithm::Other => DeclaredAlgorithm::Other,
        },
        // Held to the same sizes once more: a caller's mistake must not make a weak key of a strong one.
        material: match key.material {
            keys::Material::Usable(keys::PublicKey::Rsa(keys::RsaKey { n, e })) => {
                material(RsaKey::new(n, e).map(PublicKey::Rsa))
            }
            keys::Material::Usable(keys::PublicKey::P256(keys::P256Key { x, y })) => {
                material(P256Key::new(&x, &y).map(PublicKey::P256))
            }
            keys::Material::Unusable(reason) => KeyMaterial::Unusable(match reason {
                keys::UnusableKey::Form => UnusableKey::Form,
                keys::UnusableKey::Modulus => UnusableKey::Modulus,
                keys::UnusableKey::Exponent => UnusableKey::Exponent,
                keys::UnusableKey::LeadingZeros => UnusableKey::LeadingZeros,
                keys::UnusableKey::Coordinates => UnusableKey::Coordinates,
            }),
            keys::Material::OtherType => KeyMaterial::OtherType,
        },
    }
}

fn material(key: Result<PublicKey, UnusableKey>) -> KeyMaterial {
    key.map_or_else(KeyMaterial::Unusable, KeyMaterial::Usable)
}

pub(crate) fn algorithm(algorithm: Algorithm) -> keys::Algorithm {
    match algorithm {
        Algorithm::Rs256 => keys::Algorithm::Rs256,
        Algorithm::Ps256 => keys::Algorithm::Ps256,
        Algorithm::Es256 => keys::Algorithm::Es256,
    }
}

pub(crate) fn public_key(key: &PublicKey) -> keys::PublicKey {
    match key {
        PublicKey::Rsa(key) => {
            keys::PublicKey::Rsa(keys::RsaKey { n: key.modulus().to_vec(), e: key.exponent().to_vec() })
        }
        PublicKey::P256(key) => keys::PublicKey::P256(keys::P256Key { x: key.x().to_vec(), y: key.y().to_vec() }),
    }
}

fn unusable(reason: UnusableKey) -> keys::UnusableKey {
    match reason {
        UnusableKey::Form => keys::UnusableKey::Form,
        UnusableKey::Modulus => keys::UnusableKey::Modulus,
        UnusableKey::Exponent => keys::UnusableKey::Exponent,
        UnusableKey::LeadingZeros => keys::UnusableKey::LeadingZeros,
        UnusableKey::Coordinates => keys::UnusableKey::Coordinates,
    }
}
