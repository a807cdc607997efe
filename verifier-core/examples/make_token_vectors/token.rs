//! One token at a time: published shapes, then every rule of header, key choice and claims.

use serde_json::{Value, json};

use crate::keys::{Keys, Signer, b64, p256_jwk, rsa_jwk, with};
use crate::write::{Case, case};

pub(crate) const BAS: &str = "https://auth.bas.psc.esante.gouv.fr/auth/realms/esante-wallet";
pub(crate) const PRODUCTION: &str = "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet";
pub(crate) const CLIENT: &str = "vigie-test";
pub(crate) const NONCE: &str = "c0ffee00c0ffee00c0ffee00c0ffee00";
pub(crate) const IAT: u64 = 1_700_000_000;
pub(crate) const NOW: u64 = IAT + 5;
pub(crate) const RS: &str = r#"{"alg":"RS256","typ" : "JWT","kid" : "rs"}"#;
pub(crate) const ES: &str = r#"{"alg":"ES256","typ":"JWT","kid":"es"}"#;

/// Shape of a published e-CPS ID token (psc-facts 2.1), for a published test identity.
pub(crate) fn id_claims() -> Value {
    json!({
        "exp": IAT + 120, "iat": IAT, "auth_time": IAT - 2, "jti": "5c2a1d2e-6b0e-4d6c-9a55-0c9a3b1f7e10",
        "iss": BAS, "aud": CLIENT, "sub": "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:899700218896", "typ": "ID", "azp": CLIENT,
        "nonce": NONCE, "session_state": "f75fe973-d88c-4487-a9f9-609973734400", "sid": "f75fe973-d88c-4487-a9f9-609973734400",
        "authMode": "MOBILE", "acr": "eidas1", "SubjectNameID": "899700218896", "preferred_username": "899700218896",
        "given_name": "ROBERT", "family_name": "SPECIALISTE0021889",
    })
}

/// Shape of a published card access token (psc-facts 2.2): no `aud`, no `SubjectNameID`, an empty nonce.
pub(crate) fn access_claims() -> Value {
    json!({
        "exp": IAT + 120, "iat": IAT, "auth_time": IAT - 478, "jti": "0d9cf6a2-30d6-4f53-8d0a-6d0b5a3f5a11",
        "iss": BAS, "sub": "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:899700218896", "typ": "Bearer", "azp": CLIENT, "nonce": "",
        "session_state": "f75fe973-d88c-4487-a9f9-609973734400", "acr": "eidas3", "scope": "openid profile scope_all identity",
        "sid": "f75fe973-d88c-4487-a9f9-609973734400", "authMode": "CARD",
        "otherIds": [{ "identifiant": "899700218896", "origine": "RPPS", "qualite": 1 }],
        "preferred_username": "899700218896",
    })
}

/// The object without one member.
pub(crate) fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

struct Cases<'k> {
    keys: &'k Keys,
    cases: Vec<Case>,
}

impl Cases<'_> {
    fn line(&self, token: &str) -> Value {
        json!({
            "value": token, "kind": "id", "issuer": BAS, "audience": CLIENT, "nonce": NONCE, "now": NOW, "min_acr": "eidas1",
            "jwks": self.keys.small_jwks(),
        })
    }

    fn add(&mut self, name: &str, source: &str, line: Value, code: Option<&'static str>) {
        self.cases.push(case(name, source, "token", line, code));
    }

    /// A correctly signed token with these claims and the usual line.
    fn claims(&mut self, name: &str, source: &str, claims: &str, code: Option<&'static str>) {
        let token = Signer::Es256(&self.keys.p256).token(ES, claims);
        self.add(name, source, self.line(&token), code);
    }

    /// The usual claims with these on top.
    fn changed(&mut self, name: &str, source: &str, claims: Value, code: Option<&'static str>) {
        self.claims(name, source, &with(id_claims(), claims).to_string(), code);
    }

    /// The usual claims under this header.
    fn header(&mut self, name: &str, source: &str, header: &str, code: Option<&'static str>) {
        let token = Signer::Es256(&self.keys.p256).token(header, &id_claims().to_string());
        self.add(name, source, self.line(&token), code);
    }
}

pub(crate) fn cases(keys: &Keys) -> Vec<Case> {
    let mut cases = Cases { keys, cases: Vec::new() };
    published_shapes(&mut cases);
    forms_and_headers(&mut cases);
    key_choice(&mut cases);
    members(&mut cases);
    expectations(&mut cases);
    times(&mut cases);
    levels(&mut cases);
    identities(&mut cases);
    access_tokens(&mut cases);
    cases.cases
}

fn published_shapes(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    let full = |token: &str, cases: &Cases<'_>| with(cases.line(token), json!({ "jwks": keys.jwks() }));
    let rs = |claims: &Value| Signer::Rs256(&keys.rsa).token(RS, &claims.to_string());
    let line = full(&rs(&id_claims()), cases);
    cases.add(
        "e-CPS ID token, national sandbox, RS256",
        "psc-facts 2.1: published token of October 2022",
        line.clone(),
        None,
    );
    cases.add(
        "the key set as JSON text",
        "line contract",
        with(line, json!({ "jwks": keys.jwks().to_string() })),
        None,
    );
    let edit = with(
        id_claims(),
        json!({ "sub": "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:ANS20231122132732", "SubjectNameID": "ANS20231122132732",
                "preferred_username": "ANS20231122132732", "given_name": "Fistinien", "family_name": "Grominoch" }),
    );
    let line = full(&rs(&edit), cases);
    cases.add("EDIT test identity", "psc-facts 2.1 and 2.5", line, None);
    let card = with(id_claims(), json!({ "iss": PRODUCTION, "acr": "eidas2", "authMode": "CARD", "auth_level": "1" }));
    let line = with(full(&rs(&card), cases), json!({ "issuer": PRODUCTION, "min_acr": "eidas2" }));
    cases.add("card in production since 2026: eidas2", "psc-facts 2.3, connector issue 43", line, None);
    let card = with(id_claims(), json!({ "acr": "eidas3", "authMode": "CARD" }));
    let line = full(&rs(&card), cases);
    cases.add("card in the national sandbox: eidas3", "psc-facts 2.3", line, None);
    let uuid = with(id_claims(), json!({ "sub": "0f8fad5b-d9cb-469f-a165-70867728950e" }));
    let line = full(&rs(&uuid), cases);
    cases.add("sub as a bare UUID", "psc-facts 2.4: said of tokens after March 2026", line, None);
    let psi = with(
        uuid,
        json!({ "SubjectNameID": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
                "otherIds": [{ "identifiant": "899700218896", "origine": "RPPS", "qualite": 1 },
                             { "identifiant": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "origine": "PSI", "qualite": 2 }] }),
    );
    let line = full(&rs(&psi), cases);
    cases.add("PSI as national id, RPPS in otherIds", "psc-facts 2.7: merged accounts", line, None);
    let token = Signer::Ps256(&keys.rsa, 32).token(r#"{"alg":"PS256","kid":"ps"}"#, &id_claims().to_string());
    let jwks = json!({ "keys": [with(rsa_jwk(&keys.rsa), json!({ "kid": "ps", "use": "sig" }))] });
    let line = with(cases.line(&token), json!({ "jwks": jwks }));
    cases.add("PS256, key without alg", "RFC 7518 3.5", line, None);
    cases.changed("ES256", "RFC 7518 3.4", json!({}), None);
    for (name, mode) in
        [("delegated login", "IDENTITY_BROKER"), ("security key", "WEBAUTHN"), ("unknown means", "PIGEON")]
    {
        cases.changed(name, "psc-facts 2.3: authMode", json!({ "authMode": mode }), None);
    }
    let claims = without(id_claims(), "authMode").to_string();
    cases.claims("no authMode", "psc-facts 2.3", &claims, None);
    let claims = id_claims().to_string().replacen("{", r#"{"acr":"eidas1","#, 1);
    cases.claims("acr twice with one value", "published genuine tokens; rule of token::claims", &claims, None);
}

fn forms_and_headers(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    let good = Signer::Es256(&keys.p256).token(ES, &id_claims().to_string());
    let [header, claims, signature] = good.split('.').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
    let form = "RFC 7515 5.2 and 7.1: three parts of base64url";
    for (name, token, code) in [
        ("empty", String::new(), "TOK-FORM"),
        ("two parts", format!("{header}.{claims}"), "TOK-FORM"),
        ("four parts", format!("{good}."), "TOK-FORM"),
        ("five parts", format!("{good}.."), "TOK-ENCRYPTED"),
        ("Bearer in front", format!("Bearer {good}"), "TOK-BASE64URL"),
        ("line break at the end", format!("{good}\n"), "TOK-BASE64URL"),
        ("padding", format!("{header}.{claims}.{signature}=="), "TOK-BASE64URL"),
        ("standard alphabet", format!("{header}.{claims}.{}", "+/".repeat(43)), "TOK-BASE64URL"),
        ("trailing bits", format!("{header}.{claims}.{}B", "A".repeat(85)), "TOK-BASE64URL"),
        ("not ASCII", format!("{header}.{claims}é.{signature}"), "TOK-BASE64URL"),
        ("larger than 16 kB", format!("{header}.{}.{signature}", "A".repeat(16 * 1024)), "TOK-TOO-LARGE"),
        (
            "tampered claims",
            format!("{header}.{}.{signature}", b64(with(id_claims(), json!({"acr": "eidas3"})).to_string().as_bytes())),
            "TOK-SIGNATURE",
        ),
        ("tampered header", format!("{}.{claims}.{signature}", b64(br#"{"alg":"ES256","kid":"es"}"#)), "TOK-SIGNATURE"),
        ("claims of another token", format!("{header}.{}.{signature}", b64(b"{}")), "TOK-SIGNATURE"),
    ] {
        let line = cases.line(&token);
        cases.add(name, form, line, Some(code));
    }
    let strict = "RFC 8725 3.1 to 3.3";
    for (name, header, code) in [
        ("alg none", r#"{"alg":"none"}"#, "TOK-ALG-NONE"),
        ("alg nOnE", r#"{"alg":"nOnE"}"#, "TOK-ALG-NONE"),
        ("alg HS256", r#"{"alg":"HS256","kid":"es"}"#, "TOK-ALG-HMAC"),
        ("alg RS512", r#"{"alg":"RS512","kid":"es"}"#, "TOK-ALG-UNSUPPORTED"),
        ("alg EdDSA", r#"{"alg":"EdDSA","kid":"es"}"#, "TOK-ALG-UNSUPPORTED"),
        ("alg in lower case", r#"{"alg":"es256","kid":"es"}"#, "TOK-ALG-UNSUPPORTED"),
        ("no alg", r#"{"kid":"es"}"#, "TOK-ALG-MISSING"),
        ("alg as array", r#"{"alg":["ES256"],"kid":"es"}"#, "TOK-ALG-MISSING"),
        ("alg twice", r#"{"alg":"none","alg":"ES256","kid":"es"}"#, "TOK-DUPLICATE-MEMBER"),
        ("crit", r#"{"alg":"ES256","kid":"es","crit":["exp"],"exp":1}"#, "TOK-CRIT"),
        ("crit empty", r#"{"alg":"ES256","kid":"es","crit":[]}"#, "TOK-CRIT"),
        ("jku", r#"{"alg":"ES256","kid":"es","jku":"https://keys.example/jwks"}"#, "TOK-EMBEDDED-KEY"),
        ("x5u", r#"{"alg":"ES256","kid":"es","x5u":"https://keys.example/x5u"}"#, "TOK-EMBEDDED-KEY"),
        ("x5c", r#"{"alg":"ES256","kid":"es","x5c":[]}"#, "TOK-EMBEDDED-KEY"),
        ("b64 false", r#"{"alg":"ES256","kid":"es","b64":false}"#, "TOK-PAYLOAD-ENCODING"),
        ("zip", r#"{"alg":"ES256","kid":"es","zip":"DEF"}"#, "TOK-PAYLOAD-ENCODING"),
        ("header is no object", "[]", "TOK-HEADER-JSON"),
        ("header is no JSON", "{", "TOK-HEADER-JSON"),
        ("kid as number", r#"{"alg":"ES256","kid":1}"#, "TOK-HEADER-FORM"),
        ("type of a logout token", r#"{"alg":"ES256","kid":"es","typ":"logout+jwt"}"#, "TOK-HEADER-TYPE"),
        ("type of an access token", r#"{"alg":"ES256","kid":"es","typ":"at+jwt"}"#, "TOK-HEADER-TYPE"),
    ] {
        cases.header(name, strict, header, Some(code));
    }
    for (name, header) in [
        ("no typ", r#"{"alg":"ES256","kid":"es"}"#),
        ("typ in lower case", r#"{"alg":"ES256","kid":"es","typ":"jwt"}"#),
        ("typ with its prefix", r#"{"alg":"ES256","kid":"es","typ":"application/jwt"}"#),
        ("unknown header member", r#"{"alg":"ES256","kid":"es","x5t":"AA","ping":{"a":1}}"#),
    ] {
        cases.header(name, "RFC 7515 4 and 4.1.9", header, None);
    }
    let jwk = with(p256_jwk(&keys.stranger), json!({ "kid": "es" }));
    let header = json!({ "alg": "ES256", "kid": "es", "jwk": jwk }).to_string();
    let token = Signer::Es256(&keys.stranger).token(&header, &id_claims().to_string());
    let line = cases.line(&token);
    cases.add("signed with the key in its own header", "CVE-2018-0114, RFC 8725 3.10", line, Some("TOK-EMBEDDED-KEY"));
    let deep = format!(r#"{{"alg":"ES256","kid":"es","x":{}{}}}"#, "[".repeat(2000), "]".repeat(2000));
    cases.header("depth bomb in the header", "limits::JSON_DEPTH", &deep, Some("TOK-HEADER-JSON"));
}

fn key_choice(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    let claims = id_claims().to_string();
    let rs = |header: &str| Signer::Rs256(&keys.rsa).token(header, &claims);
    let es = |header: &str| Signer::Es256(&keys.p256).token(header, &claims);
    let sig = with(rsa_jwk(&keys.rsa), json!({ "kid": "rs", "use": "sig", "alg": "RS256" }));
    let enc = with(rsa_jwk(&keys.rsa_encryption), json!({ "kid": "enc", "use": "enc", "alg": "RSA-OAEP" }));
    let ec = with(p256_jwk(&keys.p256), json!({ "kid": "es", "use": "sig", "alg": "ES256" }));
    let no_kid = r#"{"alg":"ES256"}"#;
    let source = "RFC 7517 4, OIDC Core 10.1";
    let rows: Vec<(&str, String, Value, Option<&'static str>)> = vec![
        ("no kid, one key fits", es(no_kid), json!([sig, enc, ec]), None),
        (
            "no kid, two keys fit",
            es(no_kid),
            json!([ec, with(p256_jwk(&keys.stranger), json!({ "kid": "x" }))]),
            Some("TOK-KEY-AMBIGUOUS"),
        ),
        ("no kid, only an encryption key", rs(r#"{"alg":"RS256"}"#), json!([enc]), Some("TOK-KEY-UNKNOWN")),
        ("kid unknown", es(r#"{"alg":"ES256","kid":"old"}"#), json!([ec]), Some("TOK-KEY-UNKNOWN")),
        ("kid in other capitals", es(r#"{"alg":"ES256","kid":"ES"}"#), json!([ec]), Some("TOK-KEY-UNKNOWN")),
        ("kid as a path", es(r#"{"alg":"ES256","kid":"../../dev/null"}"#), json!([ec]), Some("TOK-KEY-UNKNOWN")),
        (
            "kid twice in the set",
            es(ES),
            json!([ec, with(p256_jwk(&keys.stranger), json!({ "kid": "es" }))]),
            Some("TOK-KEY-AMBIGUOUS"),
        ),
        (
            "one kid for two key types",
            es(r#"{"alg":"ES256","kid":"rs"}"#),
            json!([sig, with(p256_jwk(&keys.p256), json!({ "kid": "rs" }))]),
            None,
        ),
        (
            "signed with the encryption key",
            Signer::Rs256(&keys.rsa_encryption).token(r#"{"alg":"RS256","kid":"enc"}"#, &claims),
            json!([sig, enc]),
            Some("TOK-KEY-NOT-FOR-SIGNING"),
        ),
        (
            "key_ops without verify",
            es(ES),
            json!([with(ec.clone(), json!({ "key_ops": ["sign"] }))]),
            Some("TOK-KEY-NOT-FOR-SIGNING"),
        ),
        ("RS256 key, token says ES256", es(r#"{"alg":"ES256","kid":"rs"}"#), json!([sig]), Some("TOK-KEY-ALG")),
        (
            "key without alg of another type",
            es(r#"{"alg":"ES256","kid":"rs"}"#),
            json!([with(rsa_jwk(&keys.rsa), json!({ "kid": "rs" }))]),
            Some("TOK-KEY-TYPE"),
        ),
        (
            "RS256 token, key declared PS256",
            rs(RS),
            json!([with(sig.clone(), json!({ "alg": "PS256" }))]),
            Some("TOK-KEY-ALG"),
        ),
        (
            "P-384 key",
            es(ES),
            json!([{ "kty": "EC", "crv": "P-384", "kid": "es", "x": "AA", "y": "AA" }]),
            Some("TOK-KEY-TYPE"),
        ),
        (
            "RSA key of 1024 bits",
            Signer::Rs256(&keys.rsa_1024).token(RS, &claims),
            json!([with(rsa_jwk(&keys.rsa_1024), json!({ "kid": "rs" }))]),
            Some("TOK-KEY-UNUSABLE"),
        ),
        (
            "RSA exponent 3",
            Signer::Rs256(&keys.rsa_e3).token(RS, &claims),
            json!([with(rsa_jwk(&keys.rsa_e3), json!({ "kid": "rs" }))]),
            Some("TOK-KEY-UNUSABLE"),
        ),
        (
            "padding in the modulus",
            rs(RS),
            json!([with(sig.clone(), json!({ "n": format!("{}==", sig["n"].as_str().unwrap()) }))]),
            Some("TOK-KEY-UNUSABLE"),
        ),
        (
            "coordinate of 31 bytes",
            es(ES),
            json!([with(ec.clone(), json!({ "x": b64(&[1; 31]) }))]),
            Some("TOK-KEY-UNUSABLE"),
        ),
        (
            "point at (0, 0)",
            es(ES),
            json!([with(ec.clone(), json!({ "x": b64(&[0; 32]), "y": b64(&[0; 32]) }))]),
            Some("TOK-KEY-UNUSABLE"),
        ),
        (
            "another bad key spoils nothing",
            es(ES),
            json!([{ "kty": "RSA", "kid": "bad" }, { "kty": "OKP", "kid": "ed" }, ec]),
            None,
        ),
        (
            "private key published",
            es(ES),
            json!([with(ec.clone(), json!({ "d": "AA" }))]),
            Some("TOK-JWKS-PRIVATE-KEY"),
        ),
        ("shared key published", es(ES), json!([ec, { "kty": "oct", "k": "AA" }]), Some("TOK-JWKS-PRIVATE-KEY")),
        ("empty set", es(ES), json!([]), Some("TOK-KEY-UNKNOWN")),
        ("33 keys", es(ES), Value::from(vec![json!({ "kty": "RSA" }); 33]), Some("TOK-JWKS-TOO-LARGE")),
        ("a key is no object", es(ES), json!([1]), Some("TOK-JWKS-FORM")),
    ];
    for (name, token, set, code) in rows {
        let line = with(cases.line(&token), json!({ "jwks": { "keys": set } }));
        cases.add(name, source, line, code);
    }
    let line = with(cases.line(&es(ES)), json!({ "jwks": "not json" }));
    cases.add("key set is no JSON", source, line, Some("TOK-JWKS-FORM"));
}

fn members(cases: &mut Cases<'_>) {
    let source = "RFC 7519 4, RFC 8259 4";
    let text = id_claims().to_string();
    let front = |member: &str| text.replacen('{', &format!("{{{member},"), 1);
    for (name, claims, code) in [
        ("acr twice with two values", front(r#""acr":"eidas3""#), "TOK-DUPLICATE-MEMBER"),
        ("acr twice, one name escaped", front(r#""\u0061cr":"eidas3""#), "TOK-DUPLICATE-MEMBER"),
        ("sub twice with one value", front(&format!(r#""sub":{}"#, id_claims()["sub"])), "TOK-DUPLICATE-MEMBER"),
        ("aud twice", front(r#""aud":"other""#), "TOK-DUPLICATE-MEMBER"),
        ("duplicate inside a claim", front(r#""x":{"acr":"a","acr":"a"}"#), "TOK-DUPLICATE-MEMBER"),
        ("claims are an array", "[]".to_owned(), "TOK-CLAIMS-JSON"),
        ("claims are no JSON", "{".to_owned(), "TOK-CLAIMS-JSON"),
        ("claims with a byte order mark", format!("\u{feff}{text}"), "TOK-CLAIMS-JSON"),
        ("two objects", format!("{text}{text}"), "TOK-CLAIMS-JSON"),
        (
            "depth bomb in the claims",
            front(&format!(r#""x":{}{}"#, "[".repeat(900), "]".repeat(900))),
            "TOK-CLAIMS-JSON",
        ),
    ] {
        cases.claims(name, source, &claims, Some(code));
    }
    for claim in ["iss", "sub", "exp", "iat"] {
        let claims = without(id_claims(), claim).to_string();
        cases.claims(&format!("no {claim}"), "OIDC Core 2: REQUIRED", &claims, Some("TOK-CLAIM-MISSING"));
    }
    for (name, change) in [("empty sub", json!({ "sub": "" })), ("empty iss", json!({ "iss": "" }))] {
        cases.changed(name, "OIDC Core 2", change, Some("TOK-CLAIM-MISSING"));
    }
    for (name, change) in [
        ("exp as text", json!({ "exp": "1700000120" })),
        ("exp with a fraction", json!({ "exp": 1_700_000_120.5 })),
        ("exp negative", json!({ "exp": -1 })),
        ("iat beyond 64 bits", json!({ "iat": 1e30 })),
        ("iss as array", json!({ "iss": [BAS] })),
        ("sub as number", json!({ "sub": 8 })),
        ("aud as object", json!({ "aud": { "vigie-test": 1 } })),
        ("aud with a number", json!({ "aud": [CLIENT, 1] })),
        ("acr as number", json!({ "acr": 1 })),
        ("acr as array", json!({ "acr": ["eidas3"] })),
        ("nonce null", json!({ "nonce": null })),
        ("SubjectNameID as number", json!({ "SubjectNameID": 899_700_218_896_u64 })),
        ("otherIds as object", json!({ "otherIds": {} })),
        ("otherIds in both spellings", json!({ "otherIds": [], "otherIDs": [] })),
        ("cnf as text", json!({ "cnf": "x" })),
        ("nonce of 2 kB", json!({ "nonce": "n".repeat(2048) })),
    ] {
        cases.changed(name, source, change, Some("TOK-CLAIM-TYPE"));
    }
}

fn expectations(cases: &mut Cases<'_>) {
    let issuer = "OIDC Core 3.1.3.7, step 2: exact issuer";
    for (name, iss) in [
        ("issuer of production", PRODUCTION.to_owned()),
        ("issuer with a final slash", format!("{BAS}/")),
        ("issuer in capitals", BAS.to_uppercase()),
        ("issuer is the browser-facing host", "https://wallet.bas.psc.esante.gouv.fr/auth".to_owned()),
        ("issuer of the retired sandbox", "https://auth.bas.esw.esante.gouv.fr/auth/realms/esante-wallet".to_owned()),
        ("issuer that only starts right", format!("{BAS}.example")),
    ] {
        cases.changed(name, issuer, json!({ "iss": iss }), Some("TOK-ISSUER"));
    }
    let aud = "OIDC Core 3.1.3.7, steps 3 to 5";
    for (name, change, code) in [
        ("aud as array", json!({ "aud": [CLIENT] }), None),
        ("aud of another client", json!({ "aud": "other" }), Some("TOK-AUDIENCE")),
        ("aud in capitals", json!({ "aud": "VIGIE-TEST" }), Some("TOK-AUDIENCE")),
        ("aud empty", json!({ "aud": [] }), Some("TOK-AUDIENCE")),
        ("aud names somebody else too", json!({ "aud": [CLIENT, "account"] }), Some("TOK-AUDIENCE-EXTRA")),
        ("azp of another client", json!({ "azp": "other" }), Some("TOK-AZP")),
    ] {
        cases.changed(name, aud, change, code);
    }
    cases.claims("no aud", aud, &without(id_claims(), "aud").to_string(), Some("TOK-AUDIENCE"));
    cases.claims("no azp, one aud", aud, &without(id_claims(), "azp").to_string(), None);
    let kind = "Keycloak states the kind of token in `typ`";
    cases.changed("an access token as ID token", kind, json!({ "typ": "Bearer" }), Some("TOK-TYPE"));
    cases.changed("a refresh token as ID token", kind, json!({ "typ": "Refresh" }), Some("TOK-TYPE"));
    cases.claims("no typ in the claims", kind, &without(id_claims(), "typ").to_string(), None);
    let nonce = "OIDC Core 3.1.3.7, step 11";
    cases.changed("another nonce", nonce, json!({ "nonce": "c0ffee" }), Some("TOK-NONCE-MISMATCH"));
    cases.changed("empty nonce", nonce, json!({ "nonce": "" }), Some("TOK-NONCE-MISSING"));
    cases.claims("no nonce", nonce, &without(id_claims(), "nonce").to_string(), Some("TOK-NONCE-MISSING"));
    let token = Signer::Es256(&cases.keys.p256).token(ES, &id_claims().to_string());
    let line = cases.line(&token);
    cases.add(
        "nonce although none was sent",
        nonce,
        with(line.clone(), json!({ "nonce": null })),
        Some("TOK-NONCE-UNEXPECTED"),
    );
    cases.add(
        "expected nonce is empty",
        nonce,
        with(line.clone(), json!({ "nonce": "" })),
        Some("TOK-NONCE-EXPECTED-EMPTY"),
    );
    cases.add(
        "what was sent is not known",
        "line contract: not compared, and said so",
        without(line.clone(), "nonce"),
        None,
    );
    cases.add("minimum not known", "line contract: reported", without(line.clone(), "min_acr"), None);
    let silent = Signer::Es256(&cases.keys.p256).token(ES, &without(id_claims(), "nonce").to_string());
    let silent = with(cases.line(&silent), json!({ "nonce": null }));
    cases.add("no nonce sent, none came", nonce, silent, None);
    for (name, change, code) in [
        ("kind unknown", json!({ "kind": "refresh" }), "IN-MEMBER-VALUE"),
        ("minimum unknown", json!({ "min_acr": "high" }), "IN-MEMBER-VALUE"),
        ("misspelt member", json!({ "min_arc": "eidas3" }), "IN-MEMBER-UNKNOWN"),
        ("now as text", json!({ "now": "1700000005" }), "IN-MEMBER-TYPE"),
        ("empty audience", json!({ "audience": "" }), "IN-MEMBER-VALUE"),
    ] {
        cases.add(name, "line contract", with(line.clone(), change), Some(code));
    }
    for member in ["value", "kind", "issuer", "audience", "now", "jwks"] {
        let name = format!("line without {member}");
        cases.add(&name, "line contract", without(line.clone(), member), Some("IN-MEMBER-MISSING"));
    }
}

fn times(cases: &mut Cases<'_>) {
    let source = "OIDC Core 3.1.3.7, steps 9, 10 and 13; 10 s of skew";
    let token = Signer::Es256(&cases.keys.p256).token(ES, &id_claims().to_string());
    for (name, now, code) in [
        ("at iat", IAT, None),
        ("skew before iat", IAT - 10, None),
        ("more than the skew before iat", IAT - 11, Some("TOK-ISSUED-IN-FUTURE")),
        ("last second of the skew after exp", IAT + 129, None),
        ("the skew after exp", IAT + 130, Some("TOK-EXPIRED")),
        ("a year later", IAT + 31_536_000, Some("TOK-EXPIRED")),
        ("at zero", 0, Some("TOK-ISSUED-IN-FUTURE")),
        ("at the end of time", u64::MAX, Some("TOK-EXPIRED")),
    ] {
        let line = with(cases.line(&token), json!({ "now": now }));
        cases.add(name, source, line, code);
    }
    for (name, change, code) in [
        ("nbf now", json!({ "nbf": NOW }), None),
        ("nbf at the end of the skew", json!({ "nbf": NOW + 10 }), None),
        ("auth_time at the end of the skew", json!({ "auth_time": NOW + 10 }), None),
        ("nbf beyond the skew", json!({ "nbf": NOW + 11 }), Some("TOK-NOT-YET-VALID")),
        ("exp before iat", json!({ "iat": NOW, "exp": NOW - 1 }), Some("TOK-LIFETIME")),
        ("lives ten minutes", json!({ "exp": IAT + 600 }), None),
        ("lives longer", json!({ "exp": IAT + 601 }), Some("TOK-LIFETIME")),
        ("lives for ever", json!({ "exp": u64::MAX }), Some("TOK-LIFETIME")),
        ("iat and exp at the end of time", json!({ "iat": u64::MAX, "exp": u64::MAX }), Some("TOK-ISSUED-IN-FUTURE")),
        ("auth_time an hour ago", json!({ "auth_time": IAT - 3600 }), None),
        ("auth_time in the future", json!({ "auth_time": NOW + 11 }), Some("TOK-AUTH-TIME-IN-FUTURE")),
    ] {
        cases.changed(name, source, change, code);
    }
    cases.claims("no auth_time", source, &without(id_claims(), "auth_time").to_string(), None);
}

fn levels(cases: &mut Cases<'_>) {
    let source = "psc-facts 2.3: levels are ordered; missing is not lowest";
    for (required, stated, code) in [
        ("eidas1", "eidas3", None),
        ("eidas2", "eidas2", None),
        ("eidas2", "eidas1", Some("TOK-ACR-TOO-LOW")),
        ("eidas3", "eidas2", Some("TOK-ACR-TOO-LOW")),
        ("eidas3", "eidas3", None),
        ("eidas1", "eidas0", Some("TOK-ACR-UNKNOWN")),
        ("eidas1", "eidas4", Some("TOK-ACR-UNKNOWN")),
        ("eidas1", "EIDAS3", Some("TOK-ACR-UNKNOWN")),
        ("eidas1", "1", Some("TOK-ACR-UNKNOWN")),
        ("eidas1", "", Some("TOK-ACR-UNKNOWN")),
    ] {
        let token = Signer::Es256(&cases.keys.p256).token(ES, &with(id_claims(), json!({ "acr": stated })).to_string());
        let line = with(cases.line(&token), json!({ "min_acr": required }));
        cases.add(&format!("acr {stated:?}, required {required}"), source, line, code);
    }
    let claims = without(id_claims(), "acr").to_string();
    cases.claims("no acr", source, &claims, Some("TOK-ACR-MISSING"));
    let token = Signer::Es256(&cases.keys.p256).token(ES, &claims);
    let line = without(cases.line(&token), "min_acr");
    cases.add("no acr, none required", source, line, None);
}

fn identities(cases: &mut Cases<'_>) {
    let source = "psc-facts 2.4, 2.7 and 3.1";
    let other = |origin: &str, value: &str| json!({ "identifiant": value, "origine": origin, "qualite": 1 });
    for (name, change) in [
        ("staff of a structure", json!({ "SubjectNameID": "500000001815646/CPAT00045" })),
        ("ADELI", json!({ "SubjectNameID": "0759326485" })),
        ("RPPS with a wrong key", json!({ "SubjectNameID": "899700218897" })),
        ("national id of no known form", json!({ "SubjectNameID": "x-42" })),
        ("national id with spaces is not normalised", json!({ "SubjectNameID": "8 99700218896" })),
        ("empty national id", json!({ "SubjectNameID": "" })),
        ("otherIds agree", json!({ "otherIds": [other("RPPS", "899700218896"), other("EDIT", "ANS20231122132732")] })),
        ("otherIds name another RPPS", json!({ "otherIds": [other("RPPS", "899700427869")] })),
        ("otherIDs in the other spelling", json!({ "otherIDs": [other("RPPS", "899700218896")] })),
        ("otherIds null", json!({ "otherIds": null })),
    ] {
        cases.changed(name, source, change, None);
    }
    let bare = without(id_claims(), "SubjectNameID");
    cases.claims("no national id", source, &bare.to_string(), None);
    let one = with(bare.clone(), json!({ "otherIds": [other("RPPS", "899700218896")] }));
    cases.claims("RPPS only in otherIds", source, &one.to_string(), None);
    let two = with(bare, json!({ "otherIds": [other("RPPS", "899700218896"), other("RPPS", "899700427869")] }));
    cases.claims("two RPPS in otherIds", source, &two.to_string(), None);
}

fn access_tokens(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    let source = "psc-facts 2.2";
    let line = |cases: &Cases<'_>, header: &str, claims: &Value| {
        let token = Signer::Es256(&keys.p256).token(header, &claims.to_string());
        without(with(cases.line(&token), json!({ "kind": "access" })), "nonce")
    };
    let rs = Signer::Rs256(&keys.rsa).token(RS, &access_claims().to_string());
    let published = without(with(cases.line(&rs), json!({ "kind": "access", "jwks": keys.jwks() })), "nonce");
    cases.add(
        "access token of a card login, no aud",
        "psc-facts 2.2: published token of February 2023",
        published,
        None,
    );
    let app = with(
        access_claims(),
        json!({ "acr": "eidas1", "authMode": "MOBILE", "SubjectNameID": "ANS20231122132732",
        "otherIds": [{ "identifiant": "ANS20231122132732", "origine": "EDIT", "qualite": 1 }] }),
    );
    let row = line(cases, ES, &app);
    cases.add("access token of an app login", "psc-facts 2.2: published token of July 2023", row, None);
    let bound = json!({ "cnf": { "x5t#S256": b64(&[7; 32]) } });
    let published = json!({ "cnf": { "x5t#S256":
        "MmJjZmI3ZWNkM2Q5YTk5Zjc4OTBmNjVlODNmMDMzOGUwYWVjNDMzYThlOTBkYjU1M2MxNjU3YjMzMDE2YzUzMw==" } });
    for (name, header, claims, code) in [
        ("access token bound to a certificate", ES, with(access_claims(), bound), None),
        ("access token with the published cnf", ES, with(access_claims(), published), Some("TOK-CNF-ANS-HEX")),
        ("access token with aud", ES, with(access_claims(), json!({ "aud": CLIENT })), None),
        (
            "access token for account too",
            ES,
            with(access_claims(), json!({ "aud": [CLIENT, "account"] })),
            Some("TOK-AUDIENCE-EXTRA"),
        ),
        (
            "access token for somebody else",
            ES,
            with(access_claims(), json!({ "aud": "account" })),
            Some("TOK-AUDIENCE"),
        ),
        ("access token of another client", ES, with(access_claims(), json!({ "azp": "other" })), Some("TOK-AZP")),
        ("access token without azp and aud", ES, without(access_claims(), "azp"), Some("TOK-AZP")),
        ("access token of type at+jwt", r#"{"alg":"ES256","kid":"es","typ":"at+jwt"}"#, access_claims(), None),
        ("an ID token as access token", ES, id_claims(), Some("TOK-TYPE")),
        (
            "access token expired",
            ES,
            with(access_claims(), json!({ "iat": IAT - 300, "exp": IAT - 180 })),
            Some("TOK-EXPIRED"),
        ),
        (
            "access token below the minimum",
            ES,
            with(access_claims(), json!({ "acr": "eidas0" })),
            Some("TOK-ACR-UNKNOWN"),
        ),
    ] {
        let row = line(cases, header, &claims);
        cases.add(name, source, row, code);
    }
}
