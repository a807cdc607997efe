//! The issuer's key set (RFC 7517) and the choice of exactly one key from it.
//!
//! A key that cannot be used (unknown type, weak, damaged) does not spoil the set: it stays as a named obstacle, so that a
//! token signed with it is refused for that reason while the others go on. A set that publishes private members is
//! refused whole: whoever can read it can sign.
//!
//! Fetching, caching and the one reload on an unknown `kid` belong to the host.

use std::fmt;

use super::jws::Header;
use super::key::{P256Key, PublicKey, RsaKey, UnusableKey};
use super::signature::Algorithm;
use crate::limits;
use crate::wire::json::{self, Duplicates, Json, Object, ParseJsonError};

/// A parsed key set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwks(Vec<PublishedKey>);

/// What a set says of one key, as far as it matters.
#[derive(Clone, PartialEq, Eq)]
pub struct PublishedKey {
    /// `kid`, when it has one.
    pub key_id: Option<String>,
    /// What it is published for.
    pub purpose: KeyPurpose,
    /// Which algorithm it is declared for.
    pub algorithm: DeclaredAlgorithm,
    /// The key itself, or why there is none.
    pub material: KeyMaterial,
}

impl fmt::Debug for PublishedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.material)
    }
}

/// `use` and `key_ops` (RFC 7517 4.2, 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPurpose {
    /// Checking signatures, or nothing is said.
    Signing,
    /// Anything else.
    Other,
}

/// `alg` (RFC 7517 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclaredAlgorithm {
    /// Nothing is said.
    Undeclared,
    /// One of the closed list.
    Accepted(Algorithm),
    /// One outside the list.
    Other,
}

/// Key material (RFC 7518 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyMaterial {
    /// Worth checking a signature with.
    Usable(PublicKey),
    /// Of an accepted type, and damaged or too weak.
    Unusable(UnusableKey),
    /// A key type or curve that serves none of the accepted algorithms.
    OtherType,
}

/// Why a text is not an acceptable key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseJwksError {
    /// Not acceptable JSON.
    Json(ParseJsonError),
    /// Not an object with an array `keys` of objects, or a member of a key has the wrong type.
    Form,
    /// More keys than allowed.
    TooManyKeys,
    /// A key comes with its private members.
    PrivateKey,
}

impl ParseJwksError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ParseJwksError::Json(ParseJsonError::TooLarge { .. }) | ParseJwksError::TooManyKeys => "TOK-JWKS-TOO-LARGE",
            ParseJwksError::Json(_) | ParseJwksError::Form => "TOK-JWKS-FORM",
            ParseJwksError::PrivateKey => "TOK-JWKS-PRIVATE-KEY",
        }
    }

    /// What the reader can do next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            ParseJwksError::PrivateKey => {
                "stop trusting this key set and tell its publisher: it contains a private key"
            }
            _ => "fetch the key set again from the `jwks_uri` of the issuer's discovery document",
        }
    }
}

impl fmt::Display for ParseJwksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseJwksError::Json(error) => write!(f, "the key set is refused: {error}"),
            ParseJwksError::Form => f.write_str("the key set is not an object with an array of keys"),
            ParseJwksError::TooManyKeys => write!(f, "the key set has more than {} keys", limits::JWKS_KEYS),
            ParseJwksError::PrivateKey => f.write_str("the key set contains a private or shared key"),
        }
    }
}

impl std::error::Error for ParseJwksError {}

/// Why no key was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChooseKeyError {
    /// No key has this `kid`, or none fits a token that names none. The host may reload the set once.
    Unknown,
    /// More than one key fits.
    Ambiguous,
    /// The key is published for something else than signatures.
    NotForSigning,
    /// The key is declared for another algorithm than the token's.
    OtherAlgorithm {
        /// What the token says.
        token: Algorithm,
    },
    /// The key's type does not serve the token's algorithm.
    OtherType {
        /// What the token says.
        token: Algorithm,
    },
    /// The key is damaged or too weak.
    Unusable(UnusableKey),
}

impl ChooseKeyError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ChooseKeyError::Unknown => "TOK-KEY-UNKNOWN",
            ChooseKeyError::Ambiguous => "TOK-KEY-AMBIGUOUS",
            ChooseKeyError::NotForSigning => "TOK-KEY-NOT-FOR-SIGNING",
            ChooseKeyError::OtherAlgorithm { .. } => "TOK-KEY-ALG",
            ChooseKeyError::OtherType { .. } => "TOK-KEY-TYPE",
            ChooseKeyError::Unusable(_) => "TOK-KEY-UNUSABLE",
        }
    }

    /// What the reader can do next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            ChooseKeyError::Unknown => {
                "reload the key set once; if the key stays unknown, check that token and keys are of one environment"
            }
            ChooseKeyError::Ambiguous => "have the issuer give every key its own `kid` and name it in the token header",
            ChooseKeyError::NotForSigning
            | ChooseKeyError::OtherAlgorithm { .. }
            | ChooseKeyError::OtherType { .. } => {
                "treat this token as forged unless its issuer confirms that it signs with this key"
            }
            ChooseKeyError::Unusable(_) => "have the issuer replace the key; no token signed with it can be accepted",
        }
    }
}

impl fmt::Display for ChooseKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChooseKeyError::Unknown => f.write_str("the key set has no key for this token"),
            ChooseKeyError::Ambiguous => f.write_str("more than one key of the set fits this token"),
            ChooseKeyError::NotForSigning => f.write_str("the token's key is not published for signatures"),
            ChooseKeyError::OtherAlgorithm { token } => {
                write!(f, "the token says {} and its key is declared for another algorithm", token.name())
            }
            ChooseKeyError::OtherType { token } => {
                write!(f, "the token says {} and its key is of another type", token.name())
            }
            ChooseKeyError::Unusable(reason) => write!(f, "the token's key cannot be used: {reason}"),
        }
    }
}

impl std::error::Error for ChooseKeyError {}

impl Jwks {
    /// Reads a JWK Set.
    ///
    /// # Errors
    /// When the text is no key set, too large, or publishes a private or shared key.
    pub fn parse(text: &str) -> Result<Self, ParseJwksError> {
        let parsed =
            json::parse(text.as_bytes(), limits::JWKS_BYTES, Duplicates::Refuse).map_err(ParseJwksError::Json)?;
        Self::from_json(&parsed.value)
    }

    /// Reads a JWK Set that is already parsed, for callers whose input line holds it as a member.
    ///
    /// # Errors
    /// As for [`Jwks::parse`].
    pub fn from_json(set: &Json<'_>) -> Result<Self, ParseJwksError> {
        let keys =
            set.as_object().and_then(|set| set.get("keys")).and_then(Json::as_array).ok_or(ParseJwksError::Form)?;
        if keys.len() > limits::JWKS_KEYS {
            return Err(ParseJwksError::TooManyKeys);
        }
        keys.iter()
            .map(|key| PublishedKey::from_json(key.as_object().ok_or(ParseJwksError::Form)?))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// A set of keys that were read before.
    ///
    /// # Errors
    /// When there are more than [`Jwks::parse`] reads.
    pub fn of(keys: Vec<PublishedKey>) -> Result<Self, ParseJwksError> {
        if keys.len() > limits::JWKS_KEYS {
            return Err(ParseJwksError::TooManyKeys);
        }
        Ok(Self(keys))
    }

    /// The keys, in the order of the set.
    #[must_use]
    pub fn keys(&self) -> &[PublishedKey] {
        &self.0
    }

    /// The one key that fits the header by `kid`, `use`, `alg` and `kty`.
    ///
    /// A token without `kid` is served only when exactly one key of the set fits (OIDC Core 10.1).
    ///
    /// # Errors
    /// When no key fits, or more than one does.
    pub fn choose(&self, header: &Header) -> Result<&PublicKey, ChooseKeyError> {
        let algorithm = header.algorithm;
        let mut chosen = None;
        let mut obstacle = None;
        for entry in &self.0 {
            if header.key_id.is_some() && entry.key_id != header.key_id {
                continue;
            }
            match entry.fits(algorithm) {
                Ok(_) if chosen.is_some() => return Err(ChooseKeyError::Ambiguous),
                Ok(key) => chosen = Some(key),
                Err(why) => obstacle = obstacle.or(Some(why)),
            }
        }
        // Without a `kid` an obstacle says nothing: those keys were never meant for this token.
        chosen.ok_or(obstacle.filter(|_| header.key_id.is_some()).unwrap_or(ChooseKeyError::Unknown))
    }
}

impl PublishedKey {
    fn from_json(key: &Object<'_>) -> Result<Self, ParseJwksError> {
        // RFC 7518 6.3.2, 6.2.2 and 6.4: private members, and `k` of a shared key.
        if ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().any(|name| key.get(name).is_some()) {
            return Err(ParseJwksError::PrivateKey);
        }
        let text = |name: &str| match key.get(name) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(&**text)),
            Some(_) => Err(ParseJwksError::Form),
        };
        let kty = text("kty")?.ok_or(ParseJwksError::Form)?;
        let purpose = match (text("use")?, key.get("key_ops")) {
            (Some("sig") | None, None) => KeyPurpose::Signing,
            (Some("sig") | None, Some(Json::Array(operations)))
                if operations.iter().any(|operation| operation.as_str() == Some("verify")) =>
            {
                KeyPurpose::Signing
            }
            _ => KeyPurpose::Other,
        };
        let algorithm = match text("alg")? {
            None => DeclaredAlgorithm::Undeclared,
            Some(name) => Algorithm::from_name(name).map_or(DeclaredAlgorithm::Other, DeclaredAlgorithm::Accepted),
        };
        let material = match (kty, key.get("crv").and_then(Json::as_str)) {
            ("RSA", _) => {
                Self::material(text("n")?.zip(text("e")?).map(|(n, e)| RsaKey::parse(n, e).map(PublicKey::Rsa)))
            }
            ("EC", Some("P-256")) => {
                Self::material(text("x")?.zip(text("y")?).map(|(x, y)| P256Key::parse(x, y).map(PublicKey::P256)))
            }
            _ => KeyMaterial::OtherType,
        };
        Ok(Self { key_id: text("kid")?.map(str::to_owned), purpose, algorithm, material })
    }

    fn material(parsed: Option<Result<PublicKey, UnusableKey>>) -> KeyMaterial {
        parsed.unwrap_or(Err(UnusableKey::Form)).map_or_else(KeyMaterial::Unusable, KeyMaterial::Usable)
    }

    fn fits(&self, algorithm: Algorithm) -> Result<&PublicKey, ChooseKeyError> {
        if self.purpose != KeyPurpose::Signing {
            return Err(ChooseKeyError::NotForSigning);
        }
        match self.algorithm {
            DeclaredAlgorithm::Undeclared => {}
            DeclaredAlgorithm::Accepted(declared) if declared == algorithm => {}
            _ => return Err(ChooseKeyError::OtherAlgorithm { token: algorithm }),
        }
        match &self.material {
            KeyMaterial::Usable(key) if key.serves(algorithm) => Ok(key),
            KeyMaterial::Usable(_) | KeyMaterial::OtherType => Err(ChooseKeyError::OtherType { token: algorithm }),
            KeyMaterial::Unusable(reason) => Err(ChooseKeyError::Unusable(*reason)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::base64url;

    fn rsa(members: &str) -> String {
        format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB"{members}}}"#, base64url::encode(&[0xff; 256]))
    }

    fn ec(members: &str) -> String {
        let coordinate = base64url::encode(&[1; 32]);
        format!(r#"{{"kty":"EC","crv":"P-256","x":"{coordinate}","y":"{coordinate}"{members}}}"#)
    }

    fn check(keys: &[String], algorithm: Algorithm, kid: Option<&str>, expected: Option<&str>) {
        let set = Jwks::parse(&format!(r#"{{"keys":[{}]}}"#, keys.join(","))).unwrap();
        let header = Header { algorithm, key_id: kid.map(str::to_owned), media_type: None };
        assert_eq!(set.choose(&header).err().map(|e| e.code()), expected, "{keys:?} {algorithm:?} {kid:?}");
    }

    #[test]
    fn exactly_one_key_is_chosen() {
        use Algorithm::{Es256, Ps256, Rs256};
        let sig = rsa(r#","kid":"a","use":"sig","alg":"RS256""#);
        let enc = rsa(r#","kid":"e","use":"enc","alg":"RSA-OAEP""#);
        check(&[sig.clone(), enc.clone()], Rs256, Some("a"), None);
        check(&[sig.clone(), enc.clone()], Rs256, None, None);
        check(&[sig.clone(), enc.clone()], Rs256, Some("e"), Some("TOK-KEY-NOT-FOR-SIGNING"));
        check(&[sig.clone(), enc.clone()], Rs256, Some("A"), Some("TOK-KEY-UNKNOWN"));
        check(&[sig.clone(), enc.clone()], Ps256, Some("a"), Some("TOK-KEY-ALG"));
        check(&[sig.clone(), enc], Es256, None, Some("TOK-KEY-UNKNOWN"));
        check(&[], Rs256, Some("a"), Some("TOK-KEY-UNKNOWN"));
        // A key that has no name is not the key that a token names.
        check(&[rsa(r#","use":"sig""#)], Rs256, Some("a"), Some("TOK-KEY-UNKNOWN"));
        check(&[sig.clone(), sig.clone()], Rs256, Some("a"), Some("TOK-KEY-AMBIGUOUS"));
        check(&[sig.clone(), rsa(r#","kid":"b""#)], Rs256, None, Some("TOK-KEY-AMBIGUOUS"));
        // One `kid`, two key types: each token finds its own (RFC 7517 4.5).
        check(&[sig.clone(), ec(r#","kid":"a""#)], Es256, Some("a"), None);
        check(&[ec(r#","kid":"a""#)], Rs256, Some("a"), Some("TOK-KEY-TYPE"));
        check(&[sig], Es256, Some("a"), Some("TOK-KEY-ALG"));
        check(&[rsa(r#","kid":"a","key_ops":["verify"]"#)], Rs256, Some("a"), None);
        check(&[rsa(r#","kid":"a","key_ops":["encrypt"]"#)], Rs256, Some("a"), Some("TOK-KEY-NOT-FOR-SIGNING"));
        check(
            &[r#"{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}"#.to_owned()],
            Rs256,
            Some("a"),
            Some("TOK-KEY-UNUSABLE"),
        );
        check(&[r#"{"kty":"RSA","kid":"a"}"#.to_owned()], Rs256, Some("a"), Some("TOK-KEY-UNUSABLE"));
        check(&[r#"{"kty":"OKP","kid":"a","crv":"Ed25519"}"#.to_owned()], Es256, Some("a"), Some("TOK-KEY-TYPE"));
        check(&[r#"{"kty":"EC","kid":"a","crv":"P-384"}"#.to_owned()], Es256, Some("a"), Some("TOK-KEY-TYPE"));
    }

    #[test]
    fn bad_sets() {
        let code = |text: &str| Jwks::parse(text).err().map(|e| e.code());
        assert_eq!(code(r#"{"keys":[]}"#), None);
        for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[1]}"#, r#"{"keys":[{}]}"#, r#"{"keys":[{"kty":1}]}"#]
        {
            assert_eq!(code(text), Some("TOK-JWKS-FORM"), "{text}");
        }
        assert_eq!(code(&format!(r#"{{"keys":[{}]}}"#, rsa(r#","kid":1"#))), Some("TOK-JWKS-FORM"));
        assert_eq!(code(&format!(r#"{{"keys":[{}]}}"#, rsa(r#","d":"AQAB""#))), Some("TOK-JWKS-PRIVATE-KEY"));
        assert_eq!(code(r#"{"keys":[{"kty":"oct","k":"AQAB"}]}"#), Some("TOK-JWKS-PRIVATE-KEY"));
        let many = vec![r#"{"kty":"RSA"}"#; limits::JWKS_KEYS + 1].join(",");
        assert_eq!(code(&format!(r#"{{"keys":[{many}]}}"#)), Some("TOK-JWKS-TOO-LARGE"));
        assert_eq!(code(&" ".repeat(limits::JWKS_BYTES + 1)), Some("TOK-JWKS-TOO-LARGE"));
    }
}
