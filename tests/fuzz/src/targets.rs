//! What each target does with its bytes. A normal test includes this file and replays the kept corpus, so that nothing that was once found
//! is lost where no fuzzer runs.
//!
//! A target fails by panicking: on a panic of the core, and where two readings of one input disagree.

use verifier_core::limits;
use verifier_core::report;
use verifier_core::token::{
    Acr, Algorithm, Audience, AudienceSettings, BadSignature, CertificateBinding, ClockSkew, CnfEncoding,
    ExpectedNonce, IntrospectionInput, Jwks, LoginInput, PublicKey, RustCrypto, SignatureVerifier, UnverifiedJws,
    UnverifiedUserInfo, UserInfoInput, verify_introspection, verify_login,
};
use verifier_core::wire::json::{self as strict, Duplicates, Json};

/// The strict reader accepts nothing that `serde_json` refuses, and reads what it accepts the same way.
pub(crate) fn json(input: &[u8]) {
    let parsed = strict::parse(input, limits::USERINFO_BYTES, Duplicates::Refuse);
    let tolerant = strict::parse(input, limits::USERINFO_BYTES, Duplicates::DropEqual(&["acr"]));
    if let Ok(parsed) = parsed {
        let reference: serde_json::Value = serde_json::from_slice(input).expect("accepted by the strict reader only");
        assert!(same(&parsed.value, &reference), "read differently");
        assert_eq!(tolerant.map(|parsed| parsed.value), Ok(parsed.value), "tolerance changed a clean text");
    }
}

fn same(ours: &Json<'_>, reference: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (ours, reference) {
        (Json::Null, Value::Null) => true,
        (Json::Bool(ours), Value::Bool(reference)) => ours == reference,
        (Json::Integer(ours), Value::Number(reference)) => reference.as_u64() == Some(*ours),
        (Json::OtherNumber(ours), Value::Number(reference)) => reference.as_f64() == Some(*ours),
        (Json::String(ours), Value::String(reference)) => ours == reference,
        (Json::Array(ours), Value::Array(reference)) => {
            ours.len() == reference.len() && ours.iter().zip(reference).all(|(ours, reference)| same(ours, reference))
        }
        (Json::Object(ours), Value::Object(reference)) => {
            ours.names().count() == reference.len()
                && reference.iter().all(|(name, value)| ours.get(name).is_some_and(|ours| same(ours, value)))
        }
        _ => false,
    }
}

/// Compact JWS and JOSE header.
pub(crate) fn jws(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match UnverifiedJws::parse(text) {
        Ok(token) => assert!(text.as_bytes().starts_with(token.signing_input())),
        Err(error) => assert!(!error.code().is_empty() && !error.help().is_empty() && !error.to_string().is_empty()),
    }
}

/// Key sets, and the choice from each for every algorithm with and without `kid`.
pub(crate) fn jwks(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(set) = Jwks::parse(text) else { return };
    for header in [
        "eyJhbGciOiJFUzI1NiJ9",
        "eyJhbGciOiJSUzI1NiJ9",
        "eyJhbGciOiJQUzI1NiIsImtpZCI6InJzIn0",
        "eyJhbGciOiJFUzI1NiIsImtpZCI6ImVzIn0",
    ] {
        let text = format!("{header}.e30.AA");
        let token = UnverifiedJws::parse(&text).expect("a fixed header");
        if let Ok(key) = set.choose(token.header()) {
            assert!(key.serves(token.header().algorithm));
            // Whatever key is chosen can be handed to a checker.
            let _ = RustCrypto.verify(token.header().algorithm, key, b"message", &[1; 64]);
        }
    }
}

/// A checker that believes everything: it opens the way to the rules behind the signature.
struct Believing;

impl SignatureVerifier for Believing {
    fn verify(&self, _: Algorithm, _: &PublicKey, _: &[u8], _: &[u8]) -> Result<(), BadSignature> {
        Ok(())
    }
}

fn audience() -> Audience {
    Audience::new(AudienceSettings {
        issuer: verifier_core::token::issuer::SANDBOX.to_owned(),
        client_id: "vigie-test".to_owned(),
        min_level: Acr::Eidas1,
        max_auth_age: None,
        clock_skew: ClockSkew::from_seconds(10).expect("within the limit"),
        cnf_encoding: CnfEncoding::AnsHex,
        certificate_binding: CertificateBinding::IfPresent,
    })
    .expect("complete settings")
}

/// One P-256 key named `es`; its point is on no curve, which [`Believing`] does not mind.
fn believed_keys() -> Jwks {
    let coordinate = "A".repeat(42) + "E";
    let set = format!(r#"{{"keys":[{{"kty":"EC","crv":"P-256","kid":"es","x":"{coordinate}","y":"{coordinate}"}}]}}"#);
    Jwks::parse(&set).expect("a fixed key set")
}

/// A token with these bytes as claims, under a fixed header and signature of the right form.
fn believed_token(claims: &[u8]) -> String {
    let signature = "A".repeat(42) + "E" + &"A".repeat(42) + "Q";
    format!("eyJhbGciOiJFUzI1NiIsImtpZCI6ImVzIn0.{}.{signature}", base64url(claims))
}

fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for index in 0..=chunk.len() {
            text.push(char::from(ALPHABET[(bits >> (18 - 6 * index)) as usize & 63]));
        }
    }
    text
}

/// The claims rules: the bytes are the claims of an ID token whose signature is believed.
pub(crate) fn claims(input: &[u8]) {
    let (audience, jwks, token) = (audience(), believed_keys(), believed_token(input));
    for nonce in [ExpectedNonce::NotSent, ExpectedNonce::Exactly("n".to_owned())] {
        let login = LoginInput {
            now: 1_700_000_005,
            audience: &audience,
            nonce: &nonce,
            id_token: &token,
            access_token: None,
            jwks: &jwks,
            userinfo: None,
            certificate_thumbprint: Some(&[0; 32]),
            acting_as: None,
        };
        if let Ok(login) = verify_login(&login, &Believing) {
            // What must hold of every accepted login, whatever its claims were.
            assert_eq!(login.identity().issuer(), audience.issuer());
            assert!(login.level() >= Acr::Eidas1 && !login.identity().subject().is_empty());
            assert!(login.one_shots().iter().all(|shot| shot.expires() > 1_700_000_005));
            assert_eq!(login.one_shots().len(), 1);
        }
    }
}

/// UserInfo, alone and bound to a login.
pub(crate) fn userinfo(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(answer) = UnverifiedUserInfo::parse(text) {
        assert!(answer.practices().len() <= limits::PRACTICES && answer.other_ids().len() <= limits::OTHER_IDS);
        assert!(!answer.subject().is_empty());
    }
    let claims = br#"{"iss":"https://auth.bas.psc.esante.gouv.fr/auth/realms/esante-wallet","sub":"s","aud":"vigie-test","exp":1700000120,"iat":1700000000,"acr":"eidas1","SubjectNameID":"899700218896"}"#;
    let (audience, jwks, token) = (audience(), believed_keys(), believed_token(claims));
    let login = LoginInput {
        now: 1_700_000_005,
        audience: &audience,
        nonce: &ExpectedNonce::NotSent,
        id_token: &token,
        access_token: None,
        jwks: &jwks,
        userinfo: Some(UserInfoInput::Relayed(text)),
        certificate_thumbprint: None,
        acting_as: Some(0),
    };
    if let Ok(login) = verify_login(&login, &Believing) {
        assert!(!login.identity().practices().is_empty(), "acting as a practice that is not there");
    }
}

/// Introspection answers.
pub(crate) fn introspection(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let audience = audience();
    let _ = verify_introspection(&IntrospectionInput {
        now: 1_700_000_005,
        audience: &audience,
        subject: "s",
        answer: text,
    });
}

/// The whole path with real cryptography: the bytes are a line of the operation `login`. Nothing that a fuzzer writes is ever accepted unless
/// it was in the corpus already, since it cannot sign.
pub(crate) fn verify(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let report = report::answer("login", text, &RustCrypto);
    assert!(report.starts_with('{') && report.ends_with('}'));
}

/// Every operation: the first line of the input names it, the rest is the line.
pub(crate) fn report(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (operation, line) = text.split_once('\n').unwrap_or(("id", text));
    let report = report::answer(operation, line, &Believing);
    assert!(serde_json::from_str::<serde_json::Value>(&report).is_ok_and(|report| report.is_object()));
}
