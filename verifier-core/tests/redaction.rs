//! What `Debug` shows of values that hold tokens, nonces, identifiers or persons: shapes and nothing else.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test panics")]

use serde_json::Value;
use verifier_core::token::{
    Acr, Audience, AudienceSettings, CertificateBinding, ClockSkew, CnfEncoding, ExpectedNonce, Jwks, LoginInput,
    RustCrypto, UnverifiedJws, UnverifiedUserInfo, UserInfoInput, verify_login,
};

/// The first login vector: ID token, access token and UserInfo of a published test identity.
fn line() -> Value {
    let file: Value = serde_json::from_str(include_str!("../../tests/vectors/login.json")).unwrap();
    file["vectors"][0]["line"].clone()
}

#[test]
fn debug_shows_shapes() {
    let line = line();
    let text = |member: &str| line[member].as_str().unwrap();
    let audience = Audience::new(AudienceSettings {
        issuer: text("issuer").to_owned(),
        client_id: text("audience").to_owned(),
        min_level: Acr::Eidas1,
        max_auth_age: None,
        clock_skew: ClockSkew::from_seconds(10).unwrap(),
        cnf_encoding: CnfEncoding::Rfc8705,
        certificate_binding: CertificateBinding::IfPresent,
    })
    .unwrap();
    let nonce = ExpectedNonce::Exactly(text("nonce").to_owned());
    let jwks = Jwks::parse(&line["jwks"].to_string()).unwrap();
    let input = LoginInput {
        now: line["now"].as_u64().unwrap(),
        audience: &audience,
        nonce: &nonce,
        id_token: text("id_token"),
        access_token: Some(text("access_token")),
        jwks: &jwks,
        userinfo: Some(UserInfoInput::Fetched(text("userinfo"))),
        certificate_thumbprint: None,
        acting_as: Some(2),
    };
    let login = verify_login(&input, &RustCrypto).unwrap();
    let wrong = ExpectedNonce::Exactly("other".to_owned());
    let refused = verify_login(&LoginInput { nonce: &wrong, ..input }, &RustCrypto).unwrap_err();

    let check = |shown: String, expected: &str| assert_eq!(shown, expected);
    check(format!("{nonce:?}"), "Exactly(redacted)");
    check(format!("{input:?}"), "LoginInput(redacted)");
    check(format!("{:?}", UnverifiedJws::parse(text("id_token")).unwrap()), "UnverifiedJws(ES256)");
    check(format!("{:?}", UnverifiedUserInfo::parse(text("userinfo")).unwrap()), "UnverifiedUserInfo(3 practices)");
    check(format!("{jwks:?}"), "Jwks([Usable(P256)])");
    check(format!("{:?}", login.identity()), "Identity(1 identifiers, 3 practices)");
    check(format!("{:?}", login.identity().identifiers()), "[OtherId(redacted)]");

    for shown in [format!("{login:?}"), format!("{refused:?}"), refused.to_string()] {
        for secret in ["99700218896", "550dc1c8", "SPECIALISTE", "eyJ", text("nonce"), "STRUCTURE R1"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}
