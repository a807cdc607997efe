//! The compact JWS form (RFC 7515 3.1 and 7.1) and its header, before anything in it is believed.
//!
//! Header members that would let a token choose its own key or change how it is read are refused, not ignored: `jwk`,
//! `jku`, `x5u`, `x5c`, `crit`, `b64`, `zip`. `x5t`, `x5t#S256`, `cty` and unknown members change nothing here and are skipped.
//! Five parts mean an encrypted token, which PSC does not issue and nobody here could read.

use std::fmt;

use super::base64url;
use super::signature::Algorithm;
use crate::limits;
use crate::wire::json::{self, Duplicates, Json, Object, ParseJsonError};

/// A token taken apart. Its parts are well formed and nothing more.
pub struct UnverifiedJws<'t> {
    header: Header,
    signing_input: &'t str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// What the JOSE header says, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// `alg`, from the closed list.
    pub algorithm: Algorithm,
    /// `kid`, when present.
    pub key_id: Option<String>,
    /// `typ`, lower case and without the `application/` prefix (RFC 7515 4.1.9), when present.
    pub media_type: Option<String>,
}

/// Why a text is not an acceptable compact JWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseJwsError {
    /// More bytes than allowed.
    TooLarge,
    /// Not three parts separated by dots.
    Parts,
    /// Five parts: a JWE.
    Encrypted,
    /// A part is not strict base64url without padding.
    Base64Url,
    /// The header is not an acceptable JSON object.
    HeaderJson(ParseJsonError),
    /// `alg` is missing or not a string.
    AlgorithmMissing,
    /// `alg` is `none`, in whatever case.
    AlgorithmNone,
    /// `alg` is a symmetric one.
    AlgorithmHmac,
    /// `alg` is any other that is not on the list.
    AlgorithmUnsupported,
    /// `crit` is present.
    Critical,
    /// The header brings its own key or says where to fetch one.
    EmbeddedKey,
    /// `b64` or `zip` would change how the payload is read.
    PayloadEncoding,
    /// `kid` is not a string of reasonable length.
    KeyIdForm,
    /// `typ` is not a string.
    TypeForm,
}

impl ParseJwsError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ParseJwsError::TooLarge => "TOK-TOO-LARGE",
            ParseJwsError::Parts => "TOK-FORM",
            ParseJwsError::Encrypted => "TOK-ENCRYPTED",
            ParseJwsError::Base64Url => "TOK-BASE64URL",
            ParseJwsError::HeaderJson(ParseJsonError::Duplicate) => "TOK-DUPLICATE-MEMBER",
            ParseJwsError::HeaderJson(_) => "TOK-HEADER-JSON",
            ParseJwsError::AlgorithmMissing => "TOK-ALG-MISSING",
            ParseJwsError::AlgorithmNone => "TOK-ALG-NONE",
            ParseJwsError::AlgorithmHmac => "TOK-ALG-HMAC",
            ParseJwsError::AlgorithmUnsupported => "TOK-ALG-UNSUPPORTED",
            ParseJwsError::Critical => "TOK-CRIT",
            ParseJwsError::EmbeddedKey => "TOK-EMBEDDED-KEY",
            ParseJwsError::PayloadEncoding => "TOK-PAYLOAD-ENCODING",
            ParseJwsError::KeyIdForm | ParseJwsError::TypeForm => "TOK-HEADER-FORM",
        }
    }

    /// What the reader can do next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            ParseJwsError::TooLarge | ParseJwsError::Parts | ParseJwsError::Base64Url => {
                "hand over the token exactly as the token endpoint returned it, without quotes, spaces or line breaks"
            }
            ParseJwsError::Encrypted => {
                "ask for a signed token: switch off ID-token encryption in the client's registration"
            }
            ParseJwsError::AlgorithmNone | ParseJwsError::AlgorithmHmac => {
                "treat this token as forged: PSC signs with an asymmetric key, and a client secret is no proof of origin"
            }
            ParseJwsError::AlgorithmMissing | ParseJwsError::AlgorithmUnsupported => {
                "check which provider issued the token: only RS256, PS256 and ES256 are accepted"
            }
            ParseJwsError::HeaderJson(_)
            | ParseJwsError::Critical
            | ParseJwsError::EmbeddedKey
            | ParseJwsError::PayloadEncoding
            | ParseJwsError::KeyIdForm
            | ParseJwsError::TypeForm => {
                "treat this token as forged unless its issuer confirms the header: PSC sends alg, typ and kid only"
            }
        }
    }
}

impl fmt::Display for ParseJwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseJwsError::TooLarge => write!(f, "the token is longer than {} bytes", limits::TOKEN_BYTES),
            ParseJwsError::Parts => f.write_str("the token does not have three parts separated by dots"),
            ParseJwsError::Encrypted => f.write_str("the token has five parts: it is encrypted"),
            ParseJwsError::Base64Url => f.write_str("a part of the token is not base64url without padding"),
            ParseJwsError::HeaderJson(error) => write!(f, "the token header is refused: {error}"),
            ParseJwsError::AlgorithmMissing => f.write_str("the token header names no algorithm"),
            ParseJwsError::AlgorithmNone => f.write_str("the token says that it is not signed"),
            ParseJwsError::AlgorithmHmac => f.write_str("the token says that it is signed with a shared secret"),
            ParseJwsError::AlgorithmUnsupported => f.write_str("the token's algorithm is not RS256, PS256 or ES256"),
            ParseJwsError::Critical => f.write_str("the token header demands an extension that is not understood"),
            ParseJwsError::EmbeddedKey => f.write_str("the token header brings its own key"),
            ParseJwsError::PayloadEncoding => f.write_str("the token header changes how the payload is encoded"),
            ParseJwsError::KeyIdForm => f.write_str("the token's key id is not a short string"),
            ParseJwsError::TypeForm => f.write_str("the token's header type is not a string"),
        }
    }
}

impl std::error::Error for ParseJwsError {}

impl<'t> UnverifiedJws<'t> {
    /// Takes a compact JWS apart.
    ///
    /// # Errors
    /// When the text is not three strict parts or the header asks for something that is refused.
    pub fn parse(text: &'t str) -> Result<Self, ParseJwsError> {
        if text.len() > limits::TOKEN_BYTES {
            return Err(ParseJwsError::TooLarge);
        }
        let mut parts = text.split('.');
        let (header, payload, signature) = match (parts.next(), parts.next(), parts.next(), parts.count()) {
            (Some(header), Some(payload), Some(signature), 0) => (header, payload, signature),
            (_, _, Some(_), 2) => return Err(ParseJwsError::Encrypted),
            _ => return Err(ParseJwsError::Parts),
        };
        let signing_input = text.get(..header.len() + 1 + payload.len()).ok_or(ParseJwsError::Parts)?;
        let part = |text: &str| base64url::decode(text).map_err(|_| ParseJwsError::Base64Url);
        // The header comes first, so that an unsigned token is named as such rather than as one without a signature part.
        let header = Header::parse(&part(header)?)?;
        Ok(Self { header, signing_input, payload: part(payload)?, signature: part(signature)? })
    }

    /// What the header says.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The bytes that the signature covers (RFC 7515 5.2, step 8).
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        self.signing_input.as_bytes()
    }

    /// The decoded payload. Nothing vouches for it until the signature has been checked.
    #[must_use]
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// The decoded signature.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

/// Tokens stay out of logs.
impl fmt::Debug for UnverifiedJws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnverifiedJws({})", self.header.algorithm.name())
    }
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, ParseJwsError> {
        let parsed = json::parse(bytes, limits::TOKEN_BYTES, Duplicates::Refuse).map_err(ParseJwsError::HeaderJson)?;
        let members = parsed.value.as_object().ok_or(ParseJwsError::HeaderJson(ParseJsonError::Syntax))?;
        let algorithm = Self::algorithm(members)?;
        // RFC 7515 4.1.11: an extension that is not understood must stop the reader, and none is understood here.
        if members.get("crit").is_some() {
            return Err(ParseJwsError::Critical);
        }
        // RFC 8725 3.1 and 3.10: the key comes from the issuer's key set, never from the token.
        if ["jwk", "jku", "x5u", "x5c"].iter().any(|name| members.get(name).is_some()) {
            return Err(ParseJwsError::EmbeddedKey);
        }
        // RFC 7797 (`b64`) and RFC 7516 (`zip`) change what the payload bytes mean.
        if ["b64", "zip"].iter().any(|name| members.get(name).is_some()) {
            return Err(ParseJwsError::PayloadEncoding);
        }
        let key_id = match members.get("kid") {
            None => None,
            Some(Json::String(kid)) if kid.len() <= limits::KID_BYTES => Some(kid.clone().into_owned()),
            Some(_) => return Err(ParseJwsError::KeyIdForm),
        };
        let media_type = match members.get("typ") {
            None => None,
            Some(Json::String(typ)) => {
                let typ = typ.to_ascii_lowercase();
                Some(typ.strip_prefix("application/").map_or(typ.clone(), str::to_owned))
            }
            Some(_) => return Err(ParseJwsError::TypeForm),
        };
        Ok(Self { algorithm, key_id, media_type })
    }

    fn algorithm(members: &Object<'_>) -> Result<Algorithm, ParseJwsError> {
        let name = members.get("alg").and_then(Json::as_str).ok_or(ParseJwsError::AlgorithmMissing)?;
        if let Some(algorithm) = Algorithm::from_name(name) {
            return Ok(algorithm);
        }
        // Libraries have been fooled by "nOnE" (RFC 8725 2.1), so the name is recognised in every spelling.
        let upper = name.to_ascii_uppercase();
        Err(if upper == "NONE" {
            ParseJwsError::AlgorithmNone
        } else if upper.starts_with("HS") {
            ParseJwsError::AlgorithmHmac
        } else {
            ParseJwsError::AlgorithmUnsupported
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, expected: Result<(&str, Option<&str>, Option<&str>), &str>) {
        let text = format!("{}.e30.AA", base64url::encode(header.as_bytes()));
        match UnverifiedJws::parse(&text) {
            Ok(jws) => {
                let header = jws.header();
                let got = (header.algorithm.name(), header.key_id.as_deref(), header.media_type.as_deref());
                assert_eq!(Ok(got), expected, "{text}");
            }
            Err(error) => assert_eq!(Err(error.code()), expected, "{header}"),
        }
    }

    #[test]
    fn headers() {
        check(r#"{"alg":"RS256","typ" : "JWT","kid" : "k"}"#, Ok(("RS256", Some("k"), Some("jwt"))));
        check(
            r#"{"alg":"ES256","typ":"application/AT+JWT","x5t":"a","other":[1]}"#,
            Ok(("ES256", None, Some("at+jwt"))),
        );
        for name in ["none", "None", "nOnE"] {
            check(&format!(r#"{{"alg":"{name}"}}"#), Err("TOK-ALG-NONE"));
        }
        for name in ["HS256", "hs512"] {
            check(&format!(r#"{{"alg":"{name}"}}"#), Err("TOK-ALG-HMAC"));
        }
        for name in ["RS384", "EdDSA", "ES256K", "rs256", "RSA1_5", ""] {
            check(&format!(r#"{{"alg":"{name}"}}"#), Err("TOK-ALG-UNSUPPORTED"));
        }
        check("{}", Err("TOK-ALG-MISSING"));
        check(r#"{"alg":["RS256"]}"#, Err("TOK-ALG-MISSING"));
        check(r#"{"alg":"RS256","alg":"RS256"}"#, Err("TOK-DUPLICATE-MEMBER"));
        check(r#"{"alg":"RS256","crit":[]}"#, Err("TOK-CRIT"));
        for name in ["jwk", "jku", "x5u", "x5c"] {
            check(&format!(r#"{{"alg":"RS256","{name}":null}}"#), Err("TOK-EMBEDDED-KEY"));
        }
        for name in ["b64", "zip"] {
            check(&format!(r#"{{"alg":"RS256","{name}":false}}"#), Err("TOK-PAYLOAD-ENCODING"));
        }
        check(r#"{"alg":"RS256","kid":1}"#, Err("TOK-HEADER-FORM"));
        check(&format!(r#"{{"alg":"RS256","kid":"{}"}}"#, "k".repeat(257)), Err("TOK-HEADER-FORM"));
        check(r#"{"alg":"RS256","typ":1}"#, Err("TOK-HEADER-FORM"));
        check("[]", Err("TOK-HEADER-JSON"));
        check("{", Err("TOK-HEADER-JSON"));
    }

    #[test]
    fn parts() {
        let header = base64url::encode(br#"{"alg":"RS256"}"#);
        let code = |text: &str| UnverifiedJws::parse(text).err().map(|e| e.code());
        assert_eq!(code(&format!("{header}.e30.AA")), None);
        assert_eq!(
            code(&format!("{header}.e30.")),
            None,
            "an empty signature is well formed here and fails as a signature"
        );
        assert_eq!(code(""), Some("TOK-FORM"));
        assert_eq!(code(&format!("{header}.e30")), Some("TOK-FORM"));
        assert_eq!(code(&format!("{header}.e30.AA.")), Some("TOK-FORM"));
        assert_eq!(code("a.b.c.d.e"), Some("TOK-ENCRYPTED"));
        assert_eq!(code(&format!("{header}.e30=.AA")), Some("TOK-BASE64URL"));
        assert_eq!(code(&format!(" {header}.e30.AA")), Some("TOK-BASE64URL"));
        assert_eq!(code(&format!("{header}.e30.AB")), Some("TOK-BASE64URL"));
        assert_eq!(code(&format!("{header}.e30.AA\n")), Some("TOK-BASE64URL"));
        assert_eq!(code(&"a".repeat(limits::TOKEN_BYTES + 1)), Some("TOK-TOO-LARGE"));
    }
}
