//! Keys made for one run, and an ID token of a published test identity signed with them.

use anyhow::{Context, Result};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The relying party of all measurements.
pub(crate) const CLIENT: &str = "bench";
/// Of the authorization request.
pub(crate) const NONCE: &str = "nonce-of-the-benchmark";
/// A published test identity.
pub(crate) const NATIONAL_ID: &str = "899700218896";
const SUBJECT: &str = "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:899700218896";
const KID: &str = "bench";

/// A key pair.
pub(crate) enum Key {
    /// RS256, 2048 bits as PSC has.
    Rsa(RsaKeyPair),
    /// ES256.
    P256(EcdsaKeyPair),
}

/// The parts of a token that a bare signature check wants.
pub(crate) struct Signed {
    /// In compact form.
    pub(crate) token: String,
    /// What is signed.
    pub(crate) message: Vec<u8>,
    /// Over it.
    pub(crate) signature: Vec<u8>,
}

/// The bare check that a token costs at least, by the library that the host uses.
pub(crate) struct RawCheck {
    key: RawKey,
    message: Vec<u8>,
    signature: Vec<u8>,
}

enum RawKey {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
}

impl RawCheck {
    /// One RS256 check, as text for another program.
    pub(crate) fn to_json(&self) -> Result<String> {
        let RawKey::Rsa { n, e } = &self.key else { anyhow::bail!("only RS256 checks travel") };
        let [n, e, message, signature] = [n, e, &self.message, &self.signature].map(encode);
        Ok(json!({ "n": n, "e": e, "message": message, "signature": signature }).to_string())
    }

    /// Reads what [`RawCheck::to_json`] wrote.
    pub(crate) fn from_json(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text)?;
        let part = |name: &str| -> Result<Vec<u8>> {
            let text = value.get(name).and_then(Value::as_str).with_context(|| format!("no {name}"))?;
            Ok(URL_SAFE_NO_PAD.decode(text)?)
        };
        Ok(Self {
            key: RawKey::Rsa { n: part("n")?, e: part("e")? },
            message: part("message")?,
            signature: part("signature")?,
        })
    }

    /// The same check with everything done before that can be done with the key alone.
    pub(crate) fn with_key_parsed(&self) -> Result<impl Fn() -> bool> {
        let RawKey::Rsa { n, e } = &self.key else { anyhow::bail!("only for RS256") };
        let key = RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)?;
        Ok(move || key.verify_sig(&self.message, &self.signature).is_ok())
    }

    /// True when the signature is good.
    pub(crate) fn passes(&self) -> bool {
        match &self.key {
            RawKey::Rsa { n, e } => RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, &self.message, &self.signature)
                .is_ok(),
            RawKey::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(&self.message, &self.signature).is_ok()
            }
        }
    }
}

/// base64url without padding.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Key {
    /// For RS256.
    pub(crate) fn rs256() -> Result<Self> {
        Ok(Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).context("no RSA key")?))
    }

    /// For ES256.
    pub(crate) fn es256() -> Result<Self> {
        Ok(Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).context("no P-256 key")?))
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::P256(_) => "ES256",
        }
    }

    /// The public key as a JWK.
    pub(crate) fn jwk(&self) -> Value {
        match self {
            Self::Rsa(pair) => json!({
                "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KID,
                "n": encode(pair.public_key().modulus().big_endian_without_leading_zero()),
                "e": encode(pair.public_key().exponent().big_endian_without_leading_zero()),
            }),
            Self::P256(pair) => {
                // 04, x, y: SEC 1, section 2.3.3.
                let point = pair.public_key().as_ref();
                let (x, y) = (point.get(1..33).unwrap_or_default(), point.get(33..65).unwrap_or_default());
                json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": KID, "x": encode(x), "y": encode(y) })
            }
        }
    }

    /// A key set of this key alone.
    pub(crate) fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk()] })
    }

    /// Signs claims.
    pub(crate) fn sign(&self, claims: &Value) -> Result<Signed> {
        let header = json!({ "alg": self.algorithm(), "typ": "JWT", "kid": KID });
        let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let random = SystemRandom::new();
        let signature = match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature)
                    .context("RSA does not sign")?;
                signature
            }
            Self::P256(pair) => {
                pair.sign(&random, message.as_bytes()).context("P-256 does not sign")?.as_ref().to_vec()
            }
        };
        Ok(Signed { token: format!("{message}.{}", encode(&signature)), message: message.into_bytes(), signature })
    }

    /// The bare check of what this key signed.
    pub(crate) fn raw_check(&self, signed: &Signed) -> RawCheck {
        let key = match self {
            Self::Rsa(pair) => RawKey::Rsa {
                n: pair.public_key().modulus().big_endian_without_leading_zero().to_vec(),
                e: pair.public_key().exponent().big_endian_without_leading_zero().to_vec(),
            },
            Self::P256(pair) => RawKey::P256(pair.public_key().as_ref().to_vec()),
        };
        RawCheck { key, message: signed.message.clone(), signature: signed.signature.clone() }
    }
}

/// Claims in the shape of a PSC ID token. Each number makes another token.
pub(crate) fn claims(issuer: &str, now: u64, number: u64) -> Value {
    json!({
        "exp": now + 110, "iat": now - 10, "auth_time": now - 12, "jti": format!("4c7ff1b6-7f4e-4c0a-a2ab-{number:012}"),
        "iss": issuer, "aud": CLIENT, "sub": SUBJECT, "typ": "ID", "azp": CLIENT, "nonce": NONCE,
        "session_state": "2f0c5a1e-6a35-4b0f-9a5e-14a5d2a7b8c1", "sid": "2f0c5a1e-6a35-4b0f-9a5e-14a5d2a7b8c1",
        "authMode": "MOBILE", "acr": "eidas2", "SubjectNameID": NATIONAL_ID, "preferred_username": NATIONAL_ID,
    })
}

/// UserInfo of a doctor with one practice.
pub(crate) fn userinfo() -> Value {
    json!({
        "sub": SUBJECT, "SubjectNameID": NATIONAL_ID, "preferred_username": NATIONAL_ID,
        "otherIds": [{ "identifiant": "99700218896", "origine": "RPPS", "qualite": 1 }],
        "SubjectRefPro": { "exercices": [{
            "codeProfession": "10", "codeCategorieProfessionnelle": "C", "codeTypeSavoirFaire": "S", "codeSavoirFaire": "SM26",
            "activities": [{
                "codeModeExercice": "S", "codeSecteurDactivite": "SA01", "codeRole": "",
                "identifiantTechniqueDeLaStructure": "R81311", "raisonSocialeSite": "HOPITAL DE TEST",
            }],
        }] },
    })
}

/// Unix seconds.
pub(crate) fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
