//! The component with the host's cryptography, the one with its own, and the native core answer with the same bytes.

use serde_json::{Value, json};
use vigie_host::engine::policy::types;
use vigie_host::engine::verifier::{Verifier, verify};

use super::support::components::verifier;
use super::support::host::{NONCE, NOW, claims, userinfo};
use super::support::keys::{Key, encode};
use super::support::provider::{ACCESS_TOKEN, ISSUER};

#[path = "../../../tests/vectors/runner.rs"]
#[allow(dead_code, reason = "the digest is the native run's to check")]
mod runner;

fn native(operation: &str, line: &str) -> String {
    verifier_core::report::answer(operation, line, &verifier_core::token::RustCrypto)
}

fn skins() -> [(&'static str, std::sync::Arc<Verifier>); 2] {
    ["vigie-verifier", "vigie-verifier-pure"].map(|name| (name, verifier(name)))
}

#[test]
fn the_shared_vectors() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");
    let mut files = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        files += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        let (expected, _) = runner::run(&text, native);
        for (name, verifier) in skins() {
            let (answers, failures) = runner::run(&text, |operation, line| verifier.answer(operation, line).unwrap());
            assert_eq!(failures, Vec::<String>::new(), "{} in {name}", path.display());
            assert_eq!(runner::transcript(&answers), runner::transcript(&expected), "{} in {name}", path.display());
            // One instance for all of them, as `vigie inspect` does it: nothing of a line is left for the next.
            let inspector = std::cell::RefCell::new(verifier.inspector());
            let (answers, _) =
                runner::run(&text, |operation, line| inspector.borrow_mut().answer(operation, line).unwrap());
            assert_eq!(runner::transcript(&answers), runner::transcript(&expected), "{} warm", path.display());
        }
    }
    assert_ne!(files, 0, "there are no vector files");
}

fn check(operation: &str, line: &str) -> Value {
    let expected = native(operation, line);
    for (name, verifier) in skins() {
        assert_eq!(verifier.answer(operation, line).unwrap(), expected, "{name}: {operation} {line}");
    }
    serde_json::from_str(&expected).unwrap()
}

#[test]
fn lines_of_every_kind() {
    for line in ["", "{", "[]", "{}", r#"{"value":1}"#, r#"{"value":"x","value":"y"}"#, r#"{"value":"é\u0000"}"#] {
        for operation in ["id", "url", "page", "token", "userinfo", "nothing"] {
            check(operation, line);
        }
    }
    for value in [
        "899700218896",
        "899700218897",
        "99700218896",
        "3 0 B 0185195/CPET00001",
        "ANS20231122132732",
        "８99700218896",
        "",
    ] {
        check("id", &json!({ "value": value }).to_string());
    }
    for value in [
        "https://wallet.esw.esante.gouv.fr/auth",
        "https://wallet.esw.esante.gouv.fr.vigie-lookalike.test/",
        "https://xn--wallet-9ya.esw.esante.gouv.fr/",
        "https://wallet.esw.esante.gouv.fr@evil.example/",
        "http://[::1]:80/",
        "javascript:alert(1)",
    ] {
        check("url", &json!({ "value": value }).to_string());
    }
    check("userinfo", &json!({ "value": userinfo("10") }).to_string());
}

/// The same token, good and damaged in every way that concerns the signature, with each algorithm.
#[test]
fn signatures_good_and_damaged() {
    for key in [Key::rs256("k"), Key::ps256("k"), Key::es256("k")] {
        let token = key.sign(&claims("smurtab"));
        let (message, signature) = token.rsplit_once('.').unwrap();
        let bytes = {
            use base64::Engine as _;
            base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(signature).unwrap()
        };
        let ask = |token: String, jwk: Value| {
            let line = json!({
                "value": token, "kind": "id", "issuer": ISSUER, "audience": "smurtab", "nonce": NONCE, "now": NOW, "jwks": { "keys": [jwk] },
            });
            check("token", &line.to_string())["verified"].clone()
        };
        assert_eq!(ask(token.clone(), key.jwk()), true);
        let with = |bytes: &[u8]| format!("{message}.{}", encode(bytes));
        let mut flipped = bytes.clone();
        flipped[0] ^= 1;
        let mut last = bytes.clone();
        *last.last_mut().unwrap() ^= 0x80;
        let half = bytes.len() / 2;
        for damaged in [
            with(&[]),
            with(&bytes[1..]),
            with(&bytes[..bytes.len() - 1]),
            with(&[&[0], &bytes[..]].concat()),
            with(&[&bytes[..], &[0]].concat()),
            with(&vec![0; bytes.len()]),
            with(&vec![0xff; bytes.len()]),
            with(&[&vec![0; half], &bytes[half..]].concat()),
            with(&[&bytes[..half], &vec![0; half]].concat()),
            with(&[&bytes[half..], &bytes[..half]].concat()),
            with(&flipped),
            with(&last),
            format!("{token}="),
            token.replacen('.', ".A", 1),
        ] {
            assert_eq!(ask(damaged, key.jwk()), false);
        }
        let other = Key::es256("k").jwk();
        assert_eq!(ask(token.clone(), other), false);
        assert_eq!(ask(token.clone(), Key::rs256("k").jwk()), false);
        for member in ["n", "e", "x", "y"] {
            let mut jwk = key.jwk();
            if jwk.get(member).is_some() {
                for value in [
                    json!(""),
                    json!("AA"),
                    json!("AQAB"),
                    json!(encode([0xff; 32])),
                    json!(encode([0; 32])),
                    json!(encode([0xff; 256])),
                    json!(1),
                ] {
                    jwk[member] = value;
                    if jwk != key.jwk() {
                        assert_eq!(ask(token.clone(), jwk.clone()), false, "{member}");
                    }
                }
            }
        }
    }
}

/// Salts of other lengths than the hash's are refused by JOSE (RFC 7518, section 3.5), in every skin alike.
#[test]
fn an_rsa_key_serves_only_the_algorithm_it_names() {
    let key = Key::rs256("k");
    let token = key.sign(&claims("smurtab"));
    let mut jwk = key.jwk();
    jwk["alg"] = "PS256".into();
    let line = json!({ "value": token, "kind": "id", "issuer": ISSUER, "audience": "smurtab", "nonce": NONCE, "now": NOW, "jwks": { "keys": [jwk] } });
    assert_eq!(check("token", &line.to_string())["verified"], false);
}

fn login(verifier: &Verifier, jwks: &Value, token: &str) -> Result<Vec<u8>, String> {
    let input = verify::Input {
        now: NOW,
        audience: verify::Audience {
            issuer: ISSUER.into(),
            client_id: "smurtab".into(),
            min_level: types::Level::Eidas1,
            max_auth_age: None,
            clock_skew: 5,
            cnf_encoding: verify::CnfEncoding::Rfc8705,
            require_cnf: false,
        },
        nonce: verify::ExpectedNonce::Exactly(NONCE.into()),
        id_token: token.into(),
        access_token: Some(ACCESS_TOKEN.into()),
        userinfo: None,
        certificate_thumbprint: None,
        acting_as: None,
    };
    match verifier.login(&jwks.to_string(), &input).unwrap() {
        Ok(verified) => Ok(verified.one_shots[0].key.clone()),
        Err(refused) => Err(refused.code),
    }
}

/// A set of keys is read once and kept; what is kept is never the answer to another set.
#[test]
fn each_login_is_held_against_the_keys_of_its_own_set() {
    let (key, stranger) = (Key::es256("k"), Key::es256("k"));
    let token = key.sign(&claims("smurtab"));
    // More than are kept, each with another key beside the one that counts.
    let sets: Vec<Value> = (0..40).map(|number| json!({ "keys": [key.jwk()], "number": number })).collect();
    for (name, verifier) in skins() {
        let expected = login(&verifier, &sets[0], &token).unwrap();
        for set in sets.iter().chain(&sets) {
            assert_eq!(login(&verifier, set, &token).as_ref(), Ok(&expected), "{name}");
            let refused = |set: Value| login(&verifier, &set, &token).unwrap_err();
            assert_eq!(refused(json!({ "keys": [stranger.jwk()] })), "TOK-SIGNATURE", "{name}");
            assert_eq!(refused(json!({ "keys": [] })), "TOK-KEY-UNKNOWN", "{name}");
            assert_eq!(refused(json!({ "keys": 1 })), "TOK-JWKS-FORM", "{name}");
        }
    }
    // The digest by the host is the digest by the component, at_hash and one-shot both.
    let [host, own] = skins().map(|(_, verifier)| login(&verifier, &sets[0], &token).unwrap());
    assert_eq!(host, own);
}
