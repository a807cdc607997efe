//! Whole logins: ID token, access token, UserInfo, certificate and the practice that the person acts as.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::keys::{Keys, Signer, b64, with};
use crate::token::{BAS, CLIENT, ES, IAT, NONCE, NOW, RS, access_claims, id_claims, without};
use crate::userinfo::{doctor, minimal};
use crate::write::{Case, case};

const CERTIFICATE: &str = "2bcfb7ecd3d9a99f7890f65e83f0338e0aec433a8e90db553c1657b33016c533";

/// The access token of the same login: its `auth_time` is the ID token's.
fn same_login() -> Value {
    with(access_claims(), json!({ "auth_time": IAT - 2 }))
}

struct Cases<'k> {
    keys: &'k Keys,
    cases: Vec<Case>,
}

impl Cases<'_> {
    fn sign(&self, claims: &Value) -> String {
        Signer::Es256(&self.keys.p256).token(ES, &claims.to_string())
    }

    /// A login with everything: both tokens bound by `at_hash`, UserInfo fetched.
    fn whole(&self) -> Value {
        let access = self.sign(&same_login());
        let id = self.sign(&with(id_claims(), json!({ "at_hash": at_hash(&access) })));
        json!({
            "issuer": BAS, "audience": CLIENT, "min_acr": "eidas1", "clock_skew": 10, "cnf_encoding": "rfc8705",
            "require_cnf": false, "nonce": NONCE, "now": NOW, "id_token": id, "access_token": access,
            "jwks": self.keys.small_jwks(), "userinfo_source": "fetched", "userinfo": doctor().to_string(),
        })
    }

    fn add(&mut self, name: &str, source: &str, line: Value, code: Option<&'static str>) {
        self.cases.push(case(name, source, "login", line, code));
    }

    fn changed(&mut self, name: &str, source: &str, change: Value, code: Option<&'static str>) {
        let line = with(self.whole(), change);
        self.add(name, source, line, code);
    }

    /// Both tokens with these claims on top, bound to each other.
    fn tokens(&self, id: &Value, access: &Value) -> Value {
        let access = self.sign(&with(same_login(), access.clone()));
        let id = self.sign(&with(with(id_claims(), json!({ "at_hash": at_hash(&access) })), id.clone()));
        json!({ "id_token": id, "access_token": access })
    }
}

fn at_hash(access_token: &str) -> String {
    b64(&Sha256::digest(access_token.as_bytes())[..16])
}

pub(crate) fn cases(keys: &Keys) -> Vec<Case> {
    let mut cases = Cases { keys, cases: Vec::new() };
    wholes(&mut cases);
    access_tokens(&mut cases);
    userinfo(&mut cases);
    confirmation(&mut cases);
    audiences(&mut cases);
    cases.cases
}

fn wholes(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    let source = "OIDC Core 3.1.3.7 and 5.3.2";
    cases.changed("ID token, access token and fetched UserInfo", source, json!({}), None);
    let access = Signer::Rs256(&keys.rsa).token(RS, &same_login().to_string());
    let id = with(id_claims(), json!({ "at_hash": at_hash(&access) })).to_string();
    let id = Signer::Rs256(&keys.rsa).token(RS, &id);
    cases.changed(
        "the same with RS256",
        source,
        json!({ "id_token": id, "access_token": access, "jwks": keys.jwks() }),
        None,
    );
    let line = without(without(without(cases.whole(), "access_token"), "userinfo"), "userinfo_source");
    cases.add("ID token alone", source, line, None);
    cases.changed("relayed UserInfo", "DESIGN: evidence says relayed", json!({ "userinfo_source": "relayed" }), None);
    let shot = "one-shot: SHA-256 of iss and jti, or of the signed bytes";
    let id = cases.sign(&without(id_claims(), "jti"));
    let line = without(with(cases.whole(), json!({ "id_token": id })), "access_token");
    cases.add("no jti", shot, line, None);
    let id = cases.sign(&with(id_claims(), json!({ "jti": "" })));
    let line = without(with(cases.whole(), json!({ "id_token": id })), "access_token");
    cases.add("empty jti", shot, line, None);
    let practice = "psc-facts 2.5: PSC chooses no practice";
    cases.changed("acting as the hospital practice", practice, json!({ "acting_as": 2 }), None);
    cases.changed("acting as a practice that is not there", practice, json!({ "acting_as": 3 }), Some("TOK-ACTING-AS"));
    let line = without(without(with(cases.whole(), json!({ "acting_as": 0 })), "userinfo"), "userinfo_source");
    cases.add("acting as without UserInfo", practice, line, Some("TOK-ACTING-AS"));
}

fn access_tokens(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    let source = "OIDC Core 3.1.3.8";
    let other = cases.sign(&with(same_login(), json!({ "jti": "another" })));
    cases.changed("access token of another answer", source, json!({ "access_token": other }), Some("TOK-AT-HASH"));
    cases.changed(
        "access token larger than 16 kB",
        "limits::TOKEN_BYTES",
        json!({ "access_token": "a".repeat(16 * 1024 + 1) }),
        Some("TOK-TOO-LARGE"),
    );
    let opaque = "2YotnFZFEjr1zCsicMWpAA";
    let id = cases.sign(&with(id_claims(), json!({ "at_hash": at_hash(opaque) })));
    cases.changed(
        "opaque access token, bound",
        "RFC 6749 1.4",
        json!({ "id_token": id, "access_token": opaque }),
        None,
    );
    let unbound = cases.sign(&id_claims());
    cases.changed(
        "opaque access token, not bound",
        source,
        json!({ "id_token": unbound, "access_token": opaque }),
        Some("TOK-FORM"),
    );
    cases.changed("no at_hash: the access token's own signature counts", source, json!({ "id_token": unbound }), None);
    let forged = Signer::Es256(&keys.stranger).token(ES, &same_login().to_string());
    cases.changed(
        "no at_hash, forged access token",
        source,
        json!({ "id_token": unbound, "access_token": forged }),
        Some("TOK-SIGNATURE"),
    );
    for (name, claims, code) in [
        ("access token of another subject", json!({ "sub": "f:550dc1c8:1" }), "TOK-AT-SUBJECT"),
        ("access token with another national id", json!({ "SubjectNameID": "899700427869" }), "TOK-AT-SUBJECT"),
        ("access token of another client", json!({ "azp": "other" }), "TOK-AZP"),
        ("access token of another issuer", json!({ "iss": "https://auth.example" }), "TOK-ISSUER"),
        ("access token expired", json!({ "iat": IAT - 300, "exp": IAT - 180 }), "TOK-EXPIRED"),
        ("an ID token as access token", json!({ "typ": "ID" }), "TOK-TYPE"),
        ("access token with two acr", json!({ "x": 1 }), ""),
    ] {
        if code.is_empty() {
            let claims = same_login().to_string().replacen('{', r#"{"acr":"eidas3","#, 1);
            let access = Signer::Es256(&keys.p256).token(ES, &claims);
            let id = cases.sign(&with(id_claims(), json!({ "at_hash": at_hash(&access) })));
            cases.changed(name, "published genuine tokens", json!({ "id_token": id, "access_token": access }), None);
            continue;
        }
        let tokens = cases.tokens(&json!({}), &claims);
        cases.changed(name, source, tokens, Some(code));
    }
    let id = cases
        .sign(&with(without(id_claims(), "SubjectNameID"), json!({ "at_hash": at_hash(&cases.sign(&same_login())) })));
    let line = without(without(with(cases.whole(), json!({ "id_token": id })), "userinfo"), "userinfo_source");
    cases.add("RPPS from the access token's otherIds", "psc-facts 2.2: card token without SubjectNameID", line, None);
}

fn userinfo(cases: &mut Cases<'_>) {
    let source = "OIDC Core 5.3.2: sub of UserInfo and ID token are compared exactly";
    cases.changed(
        "UserInfo of another person",
        source,
        json!({ "userinfo": minimal().to_string() }),
        Some("UI-SUB-MISMATCH"),
    );
    let contradicting = with(doctor(), json!({ "SubjectNameID": "899700427869" })).to_string();
    cases.changed(
        "UserInfo states another national id",
        source,
        json!({ "userinfo": contradicting }),
        Some("UI-IDENTITY-MISMATCH"),
    );
    let id = cases.sign(&with(without(id_claims(), "SubjectNameID"), json!({ "at_hash": "x" })));
    let tokens = json!({ "id_token": id });
    cases.changed("at_hash of another form", "OIDC Core 3.1.3.8", tokens, Some("TOK-AT-HASH"));
    let access = cases.sign(&with(same_login(), json!({ "SubjectNameID": "899700427869" })));
    let id = cases.sign(&with(without(id_claims(), "SubjectNameID"), json!({ "at_hash": at_hash(&access) })));
    let tokens = json!({ "id_token": id, "access_token": access });
    cases.changed("UserInfo and access token state two national ids", source, tokens, Some("UI-IDENTITY-MISMATCH"));
    let role = with(doctor(), json!({ "SubjectRole": ["60^1.2.250.1.213.1.1.5.5"] })).to_string();
    cases.changed("SubjectRole that no practice explains", "psc-facts 2.4", json!({ "userinfo": role }), None);
    cases.changed("UserInfo is no JSON", source, json!({ "userinfo": "<html>" }), Some("UI-JSON"));
    let bare = json!({ "sub": doctor()["sub"] }).to_string();
    cases.changed("UserInfo with nothing but sub", source, json!({ "userinfo": bare }), None);
    let other =
        with(doctor(), json!({ "otherIds": [{ "identifiant": "899700427869", "origine": "RPPS", "qualite": 1 }] }))
            .to_string();
    cases.changed(
        "UserInfo's otherIds contradict: no RPPS",
        "ambiguous ends in unknown",
        json!({ "userinfo": other }),
        None,
    );
    let line = without(cases.whole(), "userinfo_source");
    cases.add("UserInfo without its source", "line contract", line, Some("IN-MEMBER-VALUE"));
}

fn confirmation(cases: &mut Cases<'_>) {
    let bytes: Vec<u8> = CERTIFICATE
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let standard = json!({ "cnf": { "x5t#S256": b64(&bytes) } });
    let hex = json!({ "cnf": { "x5t#S256": STANDARD.encode(CERTIFICATE) } });
    let other = json!({ "cnf": { "jkt": "AA" } });
    let damaged = json!({ "cnf": { "x5t#S256": "AA" } });
    let none = json!({});
    let (rfc, ans) = ("rfc8705", "ans-hex");
    let wrong = "00".repeat(32);
    for (name, cnf, certificate, encoding, required, code) in [
        ("cnf fits", &standard, Some(CERTIFICATE), rfc, true, None),
        ("cnf fits, not required", &standard, Some(CERTIFICATE), rfc, false, None),
        ("cnf of another certificate", &standard, Some(wrong.as_str()), rfc, false, Some("TOK-CNF-MISMATCH")),
        ("cnf and no certificate", &standard, None, rfc, false, None),
        ("cnf required and no certificate", &standard, None, rfc, true, Some("TOK-CNF-NO-CERTIFICATE")),
        ("no cnf", &none, Some(CERTIFICATE), rfc, false, None),
        ("no cnf although required", &none, Some(CERTIFICATE), rfc, true, Some("TOK-CNF-MISSING")),
        ("published hexadecimal form", &hex, Some(CERTIFICATE), rfc, false, Some("TOK-CNF-ANS-HEX")),
        ("published hexadecimal form, accepted", &hex, Some(CERTIFICATE), ans, true, None),
        (
            "published hexadecimal form, another certificate",
            &hex,
            Some(wrong.as_str()),
            ans,
            true,
            Some("TOK-CNF-MISMATCH"),
        ),
        ("standard form where both are accepted", &standard, Some(CERTIFICATE), ans, true, None),
        ("cnf by another method", &other, Some(CERTIFICATE), rfc, false, None),
        ("cnf by another method, required", &other, Some(CERTIFICATE), rfc, true, Some("TOK-CNF-METHOD")),
        ("damaged thumbprint", &damaged, Some(CERTIFICATE), ans, false, Some("TOK-CNF-FORM")),
    ] {
        let tokens = cases.tokens(&json!({}), cnf);
        let setting = json!({ "cnf_encoding": encoding, "require_cnf": required, "certificate": certificate });
        cases.changed(name, "RFC 8705 3.1; psc-facts 1.11", with(tokens, setting), code);
    }
    // Without an access token the binding of the ID token is what there is to compare.
    for (name, certificate, code) in [
        ("cnf of the ID token fits", CERTIFICATE, None),
        ("cnf of the ID token, another certificate", wrong.as_str(), Some("TOK-CNF-MISMATCH")),
    ] {
        let id = cases.sign(&with(id_claims(), standard.clone()));
        let line = without(with(cases.whole(), json!({ "id_token": id, "certificate": certificate })), "access_token");
        cases.add(name, "RFC 8705 3.1; psc-facts 1.11", line, code);
    }
}

fn audiences(cases: &mut Cases<'_>) {
    let age = "OIDC Core 3.1.3.7, step 13";
    cases.changed("recent enough", age, json!({ "max_auth_age": 7 }), None);
    let old = cases.tokens(&json!({ "auth_time": NOW - 100 }), &json!({ "auth_time": NOW - 100 }));
    cases.changed("at the last second of age and skew", age, with(old.clone(), json!({ "max_auth_age": 90 })), None);
    cases.changed("logged in too long ago", age, with(old, json!({ "max_auth_age": 89 })), Some("TOK-AUTH-TOO-OLD"));
    let id = cases.sign(&without(id_claims(), "auth_time"));
    cases.changed(
        "no auth_time where it counts",
        age,
        json!({ "id_token": id, "max_auth_age": 7 }),
        Some("TOK-AUTH-TIME-MISSING"),
    );
    let nonce = "OIDC Core 3.1.3.7, step 11";
    cases.changed("nonce although none was sent", nonce, json!({ "nonce": null }), Some("TOK-NONCE-UNEXPECTED"));
    cases.changed("another nonce", nonce, json!({ "nonce": "x" }), Some("TOK-NONCE-MISMATCH"));
    cases.changed("level too low", "psc-facts 2.3", json!({ "min_acr": "eidas2" }), Some("TOK-ACR-TOO-LOW"));
    cases.changed(
        "level of the access token does not count",
        "psc-facts 2.3",
        json!({ "min_acr": "eidas3" }),
        Some("TOK-ACR-TOO-LOW"),
    );
    let contract = "line contract";
    cases.changed(
        "skew above the limit",
        "limits::CLOCK_SKEW_MAX_S",
        json!({ "clock_skew": 31 }),
        Some("IN-MEMBER-VALUE"),
    );
    cases.changed("skew at the limit", "limits::CLOCK_SKEW_MAX_S", json!({ "clock_skew": 30 }), None);
    cases.changed("certificate too short", contract, json!({ "certificate": "00" }), Some("IN-MEMBER-VALUE"));
    cases.changed("acting as a negative index", contract, json!({ "acting_as": -1 }), Some("IN-MEMBER-TYPE"));
    cases.changed("acting as a huge index", contract, json!({ "acting_as": u64::MAX }), Some("IN-MEMBER-VALUE"));
    let line = without(cases.whole(), "nonce");
    cases.add("nonce not stated", contract, line, Some("IN-MEMBER-MISSING"));
}
