//! The conversion loses nothing: every shared login vector, asked through the typed contract, answers what its line answers.

use serde_json::{Value, json};
use verifier_core::token::RustCrypto;

use crate::bindings::exports::vigie::verifier::verify;
use crate::bindings::vigie::policy::types;
use crate::bindings::vigie::verifier::keys::{Material, P256Key, PublicKey, RsaKey};
use crate::{check_login, keys};

fn text(line: &Value, member: &str) -> String {
    line[member].as_str().unwrap_or_default().to_owned()
}

fn optional(line: &Value, member: &str) -> Option<String> {
    line[member].as_str().map(str::to_owned)
}

/// Both steps of the contract: the keys are read, then a login is checked with them.
fn check_line(line: &Value) -> Result<verify::Verified, verify::Failure> {
    let jwks = line["jwks"].as_str().map_or_else(|| line["jwks"].to_string(), str::to_owned);
    check_login(keys::read(&jwks)?, input(line), &RustCrypto)
}

fn input(line: &Value) -> verify::Input {
    verify::Input {
        now: line["now"].as_u64().unwrap(),
        audience: verify::Audience {
            issuer: text(line, "issuer"),
            client_id: text(line, "audience"),
            min_level: match line["min_acr"].as_str().unwrap() {
                "eidas1" => verify::Level::Eidas1,
                "eidas2" => verify::Level::Eidas2,
                _ => verify::Level::Eidas3,
            },
            max_auth_age: line["max_auth_age"].as_u64(),
            clock_skew: line["clock_skew"].as_u64().unwrap().try_into().unwrap(),
            cnf_encoding: match line["cnf_encoding"].as_str().unwrap() {
                "ans-hex" => verify::CnfEncoding::AnsHex,
                _ => verify::CnfEncoding::Rfc8705,
            },
            require_cnf: line["require_cnf"].as_bool().unwrap(),
        },
        nonce: optional(line, "nonce").map_or(verify::ExpectedNonce::NotSent, verify::ExpectedNonce::Exactly),
        id_token: text(line, "id_token"),
        access_token: optional(line, "access_token"),
        userinfo: optional(line, "userinfo").map(|json| verify::Userinfo {
            source: match line["userinfo_source"].as_str().unwrap() {
                "fetched" => verify::UserinfoSource::Fetched,
                _ => verify::UserinfoSource::Relayed,
            },
            json,
        }),
        certificate_thumbprint: optional(line, "certificate").map(|hex| {
            hex.as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect()
        }),
        acting_as: line["acting_as"].as_u64().map(|index| index.try_into().unwrap()),
    }
}

/// The typed answer in the words of the line report.
fn report(answer: &Result<verify::Verified, verify::Failure>) -> Value {
    match answer {
        Ok(verified) => json!({
            "verified": true,
            "code": null,
            "login": login(verified),
            "evidence": evidence(&verified.evidence),
        }),
        Err(failure) => json!({
            "verified": false,
            "code": failure.code,
            "evidence": evidence(&failure.evidence),
            "message": failure.message,
            "help": failure.help,
        }),
    }
}

/// In the spelling of the contract: `DuplicateMembers` is `duplicate-members`.
fn check_name(check: verify::Check) -> String {
    let variant = format!("{check:?}");
    let mut name = String::new();
    for letter in variant.trim_start_matches("Check::").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

fn evidence(evidence: &[verify::Checked]) -> Value {
    let outcome = |outcome| match outcome {
        types::CheckOutcome::Passed => "passed",
        types::CheckOutcome::Absent => "absent",
        types::CheckOutcome::Noted => "noted",
    };
    let entry = |one: &verify::Checked| json!({"check": check_name(one.check), "outcome": outcome(one.outcome), "detail": one.detail});
    evidence.iter().map(entry).collect()
}

fn login(login: &verify::Verified) -> Value {
    let identity = &login.identity;
    let identifiers = identity.identifiers.iter().map(|id| json!({"origin": id.origin, "value": id.value}));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    json!({
        "issuer": identity.issuer,
        "subject": identity.subject,
        "national_id": identity.national_id,
        "rpps": identity.rpps,
        "identifiers": identifiers.collect::<Value>(),
        "practices": identity.practices.iter().map(practice).collect::<Value>(),
        "acting_as": identity.acting_as,
        "level": match login.level {
            types::Level::Eidas1 => "eidas1",
            types::Level::Eidas2 => "eidas2",
            types::Level::Eidas3 => "eidas3",
        },
        "auth_mode": match login.auth_mode {
            types::AuthMode::Mobile => "mobile",
            types::AuthMode::Card => "card",
            types::AuthMode::IdentityBroker => "identity-broker",
            types::AuthMode::Webauthn => "webauthn",
            types::AuthMode::Unknown => "unknown",
        },
        "auth_time": login.auth_time,
        "verified_at": login.verified_at,
        "userinfo": match login.userinfo {
            types::UserinfoSource::None => "none",
            types::UserinfoSource::Fetched => "fetched",
            types::UserinfoSource::Relayed => "relayed",
        },
        "one_shots": login.one_shots.iter().map(|one| json!({"key": hex(&one.key), "expires": one.expires})).collect::<Value>(),
    })
}

fn practice(practice: &types::Practice) -> Value {
    let place = |place: &types::Structure| json!({"id": place.id, "name": place.name, "finess": place.finess, "siret": place.siret});
    json!({
        "profession": practice.profession,
        "category": practice.category,
        "speciality": practice.speciality,
        "role": practice.role,
        "sector": practice.sector,
        "mode": practice.mode,
        "structure": practice.structure.as_ref().map(place),
    })
}

fn vectors() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../../../tests/vectors/login.json")).unwrap();
    file["vectors"].as_array().unwrap().clone()
}

/// Every typed member is in the line's report, which may explain it further.
#[track_caller]
fn check_same(typed: &Value, said: &Value, name: &Value) {
    match (typed, said) {
        (Value::Object(typed), Value::Object(said)) => {
            typed.iter().for_each(|(member, value)| check_same(value, &said[member], name));
        }
        (Value::Array(typed), Value::Array(said)) if typed.len() == said.len() => {
            typed.iter().zip(said).for_each(|(typed, said)| check_same(typed, said, name));
        }
        _ => assert_eq!(typed, said, "{name}"),
    }
}

#[test]
fn the_typed_contract_says_what_the_line_says() {
    let mut compared = 0;
    for vector in vectors() {
        let line = &vector["line"];
        let said = verifier_core::report::answer("login", &line.to_string(), &RustCrypto);
        let said: Value = serde_json::from_str(&said).unwrap();
        // What only a line can get wrong has no typed counterpart.
        if said["code"].as_str().is_some_and(|code| code.starts_with("IN-")) {
            continue;
        }
        check_same(&report(&check_line(line)), &said, &vector["name"]);
        compared += 1;
    }
    assert!(compared > 30, "only {compared} vectors were compared");
}

fn published(line: &Value) -> Vec<crate::PublishedKey> {
    keys::read(&line["jwks"].to_string()).unwrap()
}

#[test]
fn a_set_of_keys_is_read_by_the_core() {
    let code = |jwks: &str| keys::read(jwks).unwrap_err().code;
    assert_eq!(code("{}"), "TOK-JWKS-FORM");
    assert_eq!(code(r#"{"keys":[{"kty":"oct","k":"AQAB"}]}"#), "TOK-JWKS-PRIVATE-KEY");
}

/// A caller that hands over weaker keys than were read gets no login from them.
#[test]
fn keys_are_held_to_their_sizes_again() {
    let first = vectors().swap_remove(0);
    let line = &first["line"];
    let code = |keys| check_login(keys, input(line), &RustCrypto).unwrap_err().code;
    assert!(check_login(published(line), input(line), &RustCrypto).is_ok());
    let weak = PublicKey::Rsa(RsaKey { n: vec![0xff; 64], e: vec![1, 0, 1] });
    let short = PublicKey::P256(P256Key { x: vec![1; 31], y: vec![1; 32] });
    for changed in [weak, short] {
        let mut keys = published(line);
        keys.iter_mut().for_each(|key| key.material = Material::Usable(changed.clone()));
        assert_eq!(code(keys), "TOK-KEY-UNUSABLE");
    }
    let too_many = vec![published(line).swap_remove(0); verifier_core::limits::JWKS_KEYS + 1];
    assert_eq!(code(too_many), "TOK-JWKS-TOO-LARGE");
}

#[test]
fn what_only_a_caller_can_get_wrong() {
    let check = |change: fn(&mut verify::Input), code: &str| {
        let first = vectors().swap_remove(0);
        let mut input = input(&first["line"]);
        change(&mut input);
        let failure = check_login(published(&first["line"]), input, &RustCrypto).unwrap_err();
        assert_eq!(failure.code, code);
        assert!(!failure.message.is_empty() && !failure.help.is_empty() && failure.evidence.is_empty(), "{code}");
    };
    check(|input| input.audience.clock_skew = 31, "TOK-CLOCK-SKEW");
    check(|input| input.audience.client_id.clear(), "TOK-AUDIENCE-EMPTY");
    check(|input| input.audience.issuer.clear(), "TOK-AUDIENCE-EMPTY");
    check(|input| input.certificate_thumbprint = Some(vec![0; 31]), "TOK-CNF-NO-CERTIFICATE");
    check(|input| input.certificate_thumbprint = Some(Vec::new()), "TOK-CNF-NO-CERTIFICATE");
}

#[test]
fn a_body_without_a_source_is_not_read() {
    let line = &vectors()[0]["line"];
    let mut input = input(line);
    input.userinfo = Some(verify::Userinfo { source: verify::UserinfoSource::None, json: "not JSON".into() });
    let verified = check_login(published(line), input, &RustCrypto).unwrap();
    assert!(matches!(verified.userinfo, verify::UserinfoSource::None));
    assert!(verified.identity.practices.is_empty());
}
