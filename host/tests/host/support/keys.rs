//! Keys made for one test run, and tokens signed with them.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub enum Key {
    Rsa { kid: &'static str, pair: RsaKeyPair, alg: &'static str },
    P256 { kid: &'static str, pair: EcdsaKeyPair },
}

pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Key {
    pub fn rs256(kid: &'static str) -> Self {
        Self::Rsa { kid, pair: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(), alg: "RS256" }
    }

    pub fn ps256(kid: &'static str) -> Self {
        Self::Rsa { kid, pair: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(), alg: "PS256" }
    }

    pub fn es256(kid: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self::P256 { kid, pair }
    }

    pub fn jwk(&self) -> Value {
        match self {
            Self::Rsa { kid, pair, alg } => {
                let public = pair.public_key();
                let strip = |bytes: &[u8]| encode(&bytes[bytes.iter().position(|b| *b != 0).unwrap()..]);
                json!({
                    "kty": "RSA", "use": "sig", "alg": alg, "kid": kid,
                    "n": strip(public.modulus().big_endian_without_leading_zero()),
                    "e": strip(public.exponent().big_endian_without_leading_zero()),
                })
            }
            Self::P256 { kid, pair } => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": encode(&point[1..33]), "y": encode(&point[33..65]) })
            }
        }
    }

    pub fn sign(&self, claims: &Value) -> String {
        let (alg, kid) = match self {
            Self::Rsa { kid, alg, .. } => (*alg, *kid),
            Self::P256 { kid, .. } => ("ES256", *kid),
        };
        let header = json!({ "alg": alg, "typ": "JWT", "kid": kid });
        let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let random = SystemRandom::new();
        let signature = match self {
            Self::Rsa { pair, alg, .. } => {
                let padding = if *alg == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    padding as &'static dyn aws_lc_rs::signature::RsaEncoding,
                    &random,
                    message.as_bytes(),
                    &mut signature,
                )
                .unwrap();
                signature
            }
            Self::P256 { pair, .. } => pair.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
        };
        format!("{message}.{}", encode(signature))
    }
}
