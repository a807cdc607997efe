//! Test keys, made anew for each run and never written anywhere, and tokens signed with them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use p256::ecdsa::signature::hazmat::{PrehashSigner as _, RandomizedPrehashSigner as _};
use rsa::signature::SignatureEncoding as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, RsaPrivateKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub(crate) fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) enum Signer<'k> {
    Rs256(&'k RsaPrivateKey),
    Ps256(&'k RsaPrivateKey, usize),
    Es256(&'k p256::ecdsa::SigningKey),
}

impl Signer<'_> {
    /// The bytes of a JWS signature.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let digest = Sha256::digest(message);
        match self {
            Signer::Rs256(key) => {
                let key = rsa::pkcs1v15::SigningKey::<Sha256>::new((*key).clone());
                key.sign_prehash(&digest).unwrap().to_vec()
            }
            Signer::Ps256(key, salt) => {
                let key = rsa::pss::SigningKey::<Sha256>::new_with_salt_len((*key).clone(), *salt);
                key.sign_prehash_with_rng(&mut UnwrapErr(SysRng), &digest).unwrap().to_vec()
            }
            Signer::Es256(key) => {
                let signature: p256::ecdsa::Signature = key.sign_prehash(&digest).unwrap();
                signature.to_bytes().to_vec()
            }
        }
    }

    /// A compact JWS over exactly these texts.
    pub(crate) fn token(&self, header: &str, claims: &str) -> String {
        let input = format!("{}.{}", b64(header.as_bytes()), b64(claims.as_bytes()));
        let signature = self.sign(input.as_bytes());
        format!("{input}.{}", b64(&signature))
    }
}

pub(crate) struct Keys {
    pub(crate) rsa: RsaPrivateKey,
    pub(crate) rsa_encryption: RsaPrivateKey,
    pub(crate) rsa_1024: RsaPrivateKey,
    pub(crate) rsa_e3: RsaPrivateKey,
    pub(crate) p256: p256::ecdsa::SigningKey,
    pub(crate) stranger: p256::ecdsa::SigningKey,
    pub(crate) stranger_rsa: RsaPrivateKey,
}

impl Keys {
    pub(crate) fn make() -> Self {
        let rng = || UnwrapErr(SysRng);
        let rsa = |bits| RsaPrivateKey::new(&mut rng(), bits).unwrap();
        let p256 = || <p256::ecdsa::SigningKey as p256::elliptic_curve::Generate>::generate_from_rng(&mut rng());
        Self {
            rsa: rsa(2048),
            rsa_encryption: rsa(2048),
            rsa_1024: rsa(1024),
            rsa_e3: RsaPrivateKey::new_with_exp(&mut rng(), 2048, BoxedUint::from(3_u64)).unwrap(),
            p256: p256(),
            stranger: p256(),
            stranger_rsa: rsa(2048),
        }
    }

    /// What PSC publishes, as far as known: one signing and one encryption key of RSA, and a P-256 key for the day it comes.
    pub(crate) fn jwks(&self) -> Value {
        json!({ "keys": [
            with(rsa_jwk(&self.rsa), json!({ "kid": "rs", "use": "sig", "alg": "RS256" })),
            with(rsa_jwk(&self.rsa_encryption), json!({ "kid": "enc", "use": "enc", "alg": "RSA-OAEP" })),
            with(p256_jwk(&self.p256), json!({ "kid": "es", "use": "sig", "alg": "ES256" })),
        ] })
    }

    /// The P-256 key alone, for the many vectors that are not about keys.
    pub(crate) fn small_jwks(&self) -> Value {
        json!({ "keys": [with(p256_jwk(&self.p256), json!({ "kid": "es", "use": "sig", "alg": "ES256" }))] })
    }
}

pub(crate) fn rsa_jwk(key: &RsaPrivateKey) -> Value {
    let (n, e) = (key.n().to_be_bytes_trimmed_vartime(), key.e().to_be_bytes_trimmed_vartime());
    json!({ "kty": "RSA", "n": b64(&n), "e": b64(&e) })
}

pub(crate) fn p256_jwk(key: &p256::ecdsa::SigningKey) -> Value {
    let point = key.verifying_key().to_sec1_point(false);
    json!({ "kty": "EC", "crv": "P-256", "x": b64(point.x().unwrap()), "y": b64(point.y().unwrap()) })
}

/// The first object with the members of the second on top.
pub(crate) fn with(mut object: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}
