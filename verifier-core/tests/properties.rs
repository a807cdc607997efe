//! Properties of the token side: what must hold of every input, not only of the vectors.
//!
//! Two checkers are used. [`RustCrypto`] where the signature matters; [`Believing`] where the rules behind it do, so that a
//! property can vary claims freely without signing each of them.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a failing property panics"
)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};
use verifier_core::evidence::Outcome;
use verifier_core::report;
use verifier_core::token::{
    Acr, Algorithm, Audience, AudienceSettings, BadSignature, CertificateBinding, ClockSkew, CnfEncoding, CodedValue,
    ExpectedNonce, Jwks, LoginInput, PublicKey, RustCrypto, SignatureVerifier, UnverifiedJws, UnverifiedUserInfo,
    UserInfoInput, VerifiedLogin, VerifyLoginError, issuer, verify_login,
};
use verifier_core::wire::json::{self as strict, Duplicates};

struct Believing;

impl SignatureVerifier for Believing {
    fn verify(&self, _: Algorithm, _: &PublicKey, _: &[u8], _: &[u8]) -> Result<(), BadSignature> {
        Ok(())
    }
}

const IAT: u64 = 1_700_000_000;

fn claims() -> Value {
    json!({ "iss": issuer::SANDBOX, "sub": "s", "aud": "client", "exp": IAT + 120, "iat": IAT, "acr": "eidas1", "nonce": "n" })
}

fn audience(skew: u32, min_level: Acr) -> Audience {
    Audience::new(AudienceSettings {
        issuer: issuer::SANDBOX.to_owned(),
        client_id: "client".to_owned(),
        min_level,
        max_auth_age: None,
        clock_skew: ClockSkew::from_seconds(skew).unwrap(),
        cnf_encoding: CnfEncoding::Rfc8705,
        certificate_binding: CertificateBinding::IfPresent,
    })
    .unwrap()
}

/// A login whose signature is believed.
fn believed(
    claims: &Value,
    now: u64,
    audience: &Audience,
    userinfo: Option<&str>,
) -> Result<VerifiedLogin, VerifyLoginError> {
    let coordinate = URL_SAFE_NO_PAD.encode([1; 32]);
    let jwks = format!(r#"{{"keys":[{{"kty":"EC","crv":"P-256","x":"{coordinate}","y":"{coordinate}"}}]}}"#);
    let jwks = Jwks::parse(&jwks).unwrap();
    let token = format!(
        "{}.{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#),
        URL_SAFE_NO_PAD.encode(claims.to_string()),
        URL_SAFE_NO_PAD.encode([1; 64])
    );
    let nonce = ExpectedNonce::Exactly("n".to_owned());
    let input = LoginInput {
        now,
        audience,
        nonce: &nonce,
        id_token: &token,
        access_token: None,
        jwks: &jwks,
        userinfo: userinfo.map(UserInfoInput::Fetched),
        certificate_thumbprint: None,
        acting_as: None,
    };
    verify_login(&input, &Believing)
}

/// JSON of any shape, a few levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z_]{0,8}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Names of members that the code looks at.
fn known_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "iss",
        "sub",
        "aud",
        "azp",
        "exp",
        "iat",
        "nbf",
        "auth_time",
        "nonce",
        "jti",
        "typ",
        "acr",
        "authMode",
        "at_hash",
        "SubjectNameID",
        "otherIds",
        "cnf",
        "SubjectRefPro",
        "SubjectRole",
        "keys",
        "kty",
        "kid",
        "alg",
        "value",
        "jwks",
    ])
}

proptest! {
    #[test]
    fn strict_json_reads_what_serde_json_reads(value in any_json()) {
        let text = value.to_string();
        prop_assert!(strict::parse(text.as_bytes(), text.len(), Duplicates::Refuse).is_ok());
        prop_assert!(strict::parse(text.as_bytes(), text.len() - 1, Duplicates::Refuse).is_err());
    }

    #[test]
    fn strict_json_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = strict::parse(&bytes, 200, Duplicates::DropEqual(&["acr"]));
    }

    #[test]
    fn a_repeated_member_is_refused(name in "[a-z]{1,6}", first in any_json(), second in any_json()) {
        let text = format!("{{{name:?}:{first},{name:?}:{second}}}");
        prop_assert!(strict::parse(text.as_bytes(), 1 << 20, Duplicates::Refuse).is_err());
    }

    #[test]
    fn parsers_never_panic(text in ".{0,300}") {
        let _ = UnverifiedJws::parse(&text);
        let _ = Jwks::parse(&text);
        let _ = UnverifiedUserInfo::parse(&text);
        let _ = CodedValue::parse(&text);
    }

    #[test]
    fn token_like_text_never_panics(header in any_json(), payload in any_json(), signature in prop::collection::vec(any::<u8>(), 0..80)) {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}.{}", part(&header), part(&payload), URL_SAFE_NO_PAD.encode(signature));
        if let Ok(token) = UnverifiedJws::parse(&text) {
            let expected = payload.to_string();
            prop_assert_eq!(token.unverified_payload(), expected.as_bytes());
        }
    }

    #[test]
    fn every_line_is_answered_with_an_object(
        operation in prop::sample::select(vec!["id", "url", "page", "token", "userinfo", "login", "other"]),
        line in prop_oneof![".{0,200}", any_json().prop_map(|value| value.to_string())],
    ) {
        let report: Value = serde_json::from_str(&report::answer(operation, &line, &Believing)).unwrap();
        prop_assert!(report.is_object());
        prop_assert_eq!(report::answer(operation, &line, &Believing), report::answer(operation, &line, &Believing));
    }

    #[test]
    fn any_value_in_any_claim_is_judged(name in known_name(), value in any_json()) {
        let mut claims = claims();
        claims[name] = value;
        if let Ok(login) = believed(&claims, IAT, &audience(10, Acr::Eidas1), None) {
            prop_assert_eq!(login.identity().issuer(), issuer::SANDBOX);
            prop_assert!(login.level() >= Acr::Eidas1);
        }
    }

    #[test]
    fn accepted_exactly_within_its_time(now in IAT - 300..IAT + 300, lifetime in 1_u64..=600, skew in 0_u32..=30) {
        let mut claims = claims();
        claims["exp"] = json!(IAT + lifetime);
        let accepted = believed(&claims, now, &audience(skew, Acr::Eidas1), None).is_ok();
        let skew = u64::from(skew);
        prop_assert_eq!(accepted, now + skew >= IAT && now < IAT + lifetime + skew);
    }

    #[test]
    fn times_never_overflow(exp in any::<u64>(), iat in any::<u64>(), nbf in any::<u64>(), auth_time in any::<u64>(), now in any::<u64>()) {
        let mut claims = claims();
        for (name, value) in [("exp", exp), ("iat", iat), ("nbf", nbf), ("auth_time", auth_time)] {
            claims[name] = json!(value);
        }
        let _ = believed(&claims, now, &audience(30, Acr::Eidas1), None);
    }

    #[test]
    fn levels_are_at_least(required in 0_usize..3, stated in 0_usize..3) {
        let levels = [Acr::Eidas1, Acr::Eidas2, Acr::Eidas3];
        let mut claims = claims();
        claims["acr"] = json!(levels[stated].name());
        prop_assert_eq!(believed(&claims, IAT, &audience(0, levels[required]), None).is_ok(), stated >= required);
    }

    #[test]
    fn only_the_exact_issuer_audience_and_nonce(other in ".{0,40}") {
        for (name, right) in [("iss", issuer::SANDBOX), ("aud", "client"), ("azp", "client"), ("nonce", "n")] {
            let mut claims = claims();
            claims[name] = json!(other);
            prop_assert_eq!(believed(&claims, IAT, &audience(0, Acr::Eidas1), None).is_ok(), other == right, "{}", name);
        }
    }

    /// Every text of an activity carries the number of its exercise and its own, so a mixture would show.
    #[test]
    fn practices_are_never_mixed(shape in prop::collection::vec(0_usize..4, 0..6)) {
        let exercices: Vec<Value> = shape.iter().enumerate().map(|(e, count)| json!({
            "codeProfession": format!("p{e}"), "codeCategorieProfessionnelle": format!("c{e}"), "codeSavoirFaire": format!("s{e}"),
            "activities": (0..*count).map(|a| json!({
                "codeRole": format!("r{e}.{a}"), "codeSecteurDactivite": format!("x{e}.{a}"), "codeModeExercice": format!("m{e}.{a}"),
                "identifiantTechniqueDeLaStructure": format!("i{e}.{a}"), "raisonSocialeSite": format!("n{e}.{a}"),
                "numeroFinessSite": format!("f{e}.{a}"), "numeroSiretSite": format!("t{e}.{a}"),
            })).collect::<Vec<_>>(),
        })).collect();
        let userinfo = json!({ "sub": "s", "SubjectRefPro": { "exercices": exercices } }).to_string();
        let login = believed(&claims(), IAT, &audience(0, Acr::Eidas1), Some(&userinfo)).unwrap();
        let practices = login.identity().practices();
        prop_assert_eq!(practices.len(), shape.iter().map(|count| (*count).max(1)).sum::<usize>());
        for practice in practices {
            let exercise = practice.profession.clone().unwrap().split_off(1);
            for of_exercise in [&practice.category, &practice.speciality] {
                prop_assert_eq!(&of_exercise.clone().unwrap()[1..], &exercise);
            }
            let Some(role) = &practice.role else { continue };
            let place = &role[1..];
            let prefix = format!("{exercise}.");
            prop_assert!(place.starts_with(&prefix));
            let structure = practice.structure.clone().unwrap();
            for of_activity in [&practice.sector, &practice.mode, &structure.id, &structure.name, &structure.finess, &structure.siret] {
                prop_assert_eq!(&of_activity.clone().unwrap()[1..], place);
            }
        }
    }

    #[test]
    fn coded_values_round_trip(code in "[A-Za-z0-9_]{1,8}", oid in "[0-9]{1,3}(\\.[0-9]{1,3}){1,8}") {
        let value = CodedValue::parse(&format!("{code}^{oid}")).unwrap();
        prop_assert_eq!(value.code(), code);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Real signatures: whatever single character of a genuine token is changed, it is refused, and by no panic.
    #[test]
    fn one_changed_character_refuses_a_token(position in any::<prop::sample::Index>(), replacement in "[A-Za-z0-9_.=+/ -]") {
        let file: Value = serde_json::from_str(include_str!("../../tests/vectors/token-signatures.json")).unwrap();
        let vector = &file["vectors"][0];
        prop_assert_eq!(&vector["expect"]["verified"], &json!(true));
        let mut line = vector["line"].clone();
        let token = line["value"].as_str().unwrap().to_owned();
        let at = position.index(token.len());
        let changed = format!("{}{replacement}{}", &token[..at], &token[at + 1..]);
        line["value"] = json!(changed);
        let report: Value = serde_json::from_str(&report::answer("token", &line.to_string(), &RustCrypto)).unwrap();
        prop_assert_eq!(&report["verified"], &json!(changed == token));
    }
}

#[test]
fn evidence_is_the_same_each_time_and_never_says_who() {
    let mut claims = claims();
    claims["SubjectNameID"] = json!("899700218896");
    claims["sub"] = json!("f:550dc1c8:899700218896");
    let userinfo = json!({ "sub": "f:550dc1c8:899700218896", "SubjectNameID": "899700218896", "family_name": "SPECIALISTE0021889" });
    let once = believed(&claims, IAT, &audience(0, Acr::Eidas1), Some(&userinfo.to_string())).unwrap();
    let again = believed(&claims, IAT, &audience(0, Acr::Eidas1), Some(&userinfo.to_string())).unwrap();
    assert_eq!(once.evidence(), again.evidence());
    for entry in once.evidence().entries() {
        let detail = entry.detail().unwrap_or_default();
        assert!(!detail.contains("9970021889") && !detail.contains("SPECIALISTE"), "{detail}");
        assert!(matches!(entry.outcome(), Outcome::Passed | Outcome::Absent | Outcome::Noted));
    }
    let shown = format!("{once:?}");
    assert!(!shown.contains("9970021889") && !shown.contains("550dc1c8"), "{shown}");
}
