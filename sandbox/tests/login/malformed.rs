//! Requests that are wrong in every way that a table and a random source can think of: each endpoint answers in the words of
//! its standard, and goes on answering.

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use serde_json::Value;
use url::Url;

use crate::world::{CALLBACK, DOCTOR, VERIFIER, World, encode};

const FORM: &str = "application/x-www-form-urlencoded";

/// An endpoint for servers, a form that it takes, and the errors that its standard names.
struct Endpoint {
    path: &'static str,
    form: &'static [(&'static str, &'static str)],
    errors: &'static [&'static str],
}

/// RFC 6749 §5.2, RFC 7662 §2.3, RFC 7009 §2.2.1, CIBA Core §13, RFC 9126 §2.3.
const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "token",
        form: &[
            ("grant_type", "authorization_code"),
            ("code", "x"),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ],
        errors: &["invalid_request", "invalid_client", "invalid_grant", "unsupported_grant_type", "invalid_scope"],
    },
    Endpoint {
        path: "token",
        form: &[("grant_type", "refresh_token"), ("refresh_token", "x"), ("scope", "openid")],
        errors: &["invalid_request", "invalid_client", "invalid_grant", "unsupported_grant_type", "invalid_scope"],
    },
    Endpoint {
        path: "token",
        form: &[("grant_type", "urn:openid:params:grant-type:ciba"), ("auth_req_id", "x")],
        errors: &["invalid_request", "invalid_client", "invalid_grant", "unsupported_grant_type"],
    },
    Endpoint {
        path: "token/introspect",
        form: &[("token", "x"), ("token_type_hint", "access_token")],
        errors: &["invalid_request", "invalid_client"],
    },
    Endpoint {
        path: "revoke",
        form: &[("token", "x"), ("token_type_hint", "refresh_token")],
        errors: &["invalid_request", "invalid_client"],
    },
    Endpoint {
        path: "ext/ciba/auth",
        form: &[
            ("scope", "openid scope_all"),
            ("acr_values", "eidas1"),
            ("binding_message", "07"),
            ("login_hint", "899700000000"),
            ("channel", "MOBILE"),
        ],
        errors: &["invalid_request", "invalid_client", "invalid_scope", "invalid_binding_message"],
    },
    Endpoint {
        path: "ext/par/request",
        form: &[
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid scope_all"),
            ("acr_values", "eidas1"),
            ("state", "s"),
            ("nonce", "n"),
            ("prompt", "login"),
            ("max_age", "60"),
            ("response_mode", "query"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ],
        errors: &[
            "invalid_request",
            "invalid_client",
            "invalid_scope",
            "unsupported_response_type",
            "unauthorized_client",
        ],
    },
];

/// A form as bytes that are sent as they are.
fn raw(pairs: &[(&str, &str)]) -> Vec<u8> {
    encode(pairs).into_bytes()
}

/// Every way in which one parameter of a form can be wrong.
fn mutations(form: &[(&str, &str)]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (at, (name, _)) in form.iter().enumerate() {
        let with = |value: &str| {
            let mut pairs = form.to_vec();
            pairs[at].1 = value;
            raw(&pairs)
        };
        let mut left_out = form.to_vec();
        left_out.remove(at);
        all.push(raw(&left_out));
        let mut twice = form.to_vec();
        twice.push(form[at]);
        all.push(raw(&twice));
        let long = "a".repeat(20_000);
        for value in
            ["", " ", "\0", "\r\nSet-Cookie: a=b", "é", "<script>", "..", "-1", "9999999999999999999999", &long]
        {
            all.push(with(value));
        }
        for bytes in [&b"%FF"[..], b"%C3", b"\xff\xfe", b"%ED%A0%80"] {
            let mut body = raw(&left_out);
            body.extend_from_slice(format!("&{name}=").as_bytes());
            body.extend_from_slice(bytes);
            all.push(body);
        }
    }
    all
}

/// The answer is one that a service can read: an error of the list, never kept, never a failure of the server.
async fn check(endpoint: &Endpoint, answer: reqwest::Response, what: &str) {
    let status = answer.status().as_u16();
    if status < 300 {
        return;
    }
    assert!((400..500).contains(&status), "{} {what}: {status}", endpoint.path);
    assert_eq!(answer.headers()[CACHE_CONTROL], "no-store", "{} {what}", endpoint.path);
    let body: Value = answer.json().await.unwrap_or_else(|error| panic!("{} {what}: {error}", endpoint.path));
    let error = body["error"].as_str().unwrap_or_else(|| panic!("{} {what}: {body}", endpoint.path));
    assert!(endpoint.errors.contains(&error), "{} {what}: {body}", endpoint.path);
    let description = body["error_description"].as_str().unwrap();
    // RFC 6749 §5.2: no character beyond this set.
    assert!(description.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\'), "{body}");
}

#[tokio::test]
async fn every_parameter_of_every_endpoint_may_be_wrong() {
    let world = World::start().await;
    let http = world.browser().http;
    for endpoint in ENDPOINTS {
        for body in mutations(endpoint.form) {
            let what = String::from_utf8_lossy(&body).chars().take(120).collect::<String>();
            let request = http.post(world.endpoint(endpoint.path)).basic_auth("demo-client", Some("demo-secret"));
            check(endpoint, request.header(CONTENT_TYPE, FORM).body(body).send().await.unwrap(), &what).await;
        }
    }
}

#[tokio::test]
async fn kinds_methods_sizes_and_secrets_may_be_wrong() {
    let world = World::start().await;
    let http = world.browser().http;
    for endpoint in ENDPOINTS {
        let url = world.endpoint(endpoint.path);
        let body = raw(endpoint.form);
        for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x", "", "\u{1}x"] {
            let Ok(kind) = reqwest::header::HeaderValue::from_str(kind) else { continue };
            let request =
                http.post(&url).basic_auth("demo-client", Some("demo-secret")).header(CONTENT_TYPE, kind.clone());
            let answer = request.body(body.clone()).send().await.unwrap();
            assert_eq!(answer.status(), 400, "{} {kind:?}", endpoint.path);
            check(endpoint, answer, "kind").await;
        }
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            let answer = http.request(method.clone(), &url).send().await.unwrap();
            assert_eq!(answer.status(), 405, "{} {method}", endpoint.path);
            assert_eq!(answer.headers()["allow"], "POST");
            check(endpoint, answer, method.as_str()).await;
        }
        let large = http.post(&url).header(CONTENT_TYPE, FORM).body("a".repeat(100_000)).send().await.unwrap();
        assert_eq!(large.status(), 413, "{}", endpoint.path);
        check(endpoint, large, "size").await;
        for secret in
            ["Basic", "Basic %%%", "Basic AAAA", "Basic /w==", "Bearer x", "basic ZGVtby1jbGllbnQ6d3Jvbmc=", "\u{e9}"]
        {
            let request = http.post(&url).header(AUTHORIZATION, secret.as_bytes()).header(CONTENT_TYPE, FORM);
            let answer = request.body(body.clone()).send().await.unwrap();
            assert_eq!(answer.status(), 401, "{} {secret}", endpoint.path);
            assert!(answer.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic "));
            check(endpoint, answer, secret).await;
        }
    }
}

#[tokio::test]
async fn every_parameter_of_an_authorization_request_may_be_wrong() {
    let world = World::start().await;
    let mut browser = world.browser();
    let usual: Vec<(String, String)> =
        Url::parse(&world.authorize_url(&[])).unwrap().query_pairs().into_owned().collect();
    let usual: Vec<(&str, &str)> = usual.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let more = [("prompt", "login"), ("max_age", "60"), ("login_hint", DOCTOR), ("response_mode", "query")];
    let usual: Vec<(&str, &str)> = usual.into_iter().chain(more).collect();
    let errors =
        ["invalid_request", "invalid_scope", "unsupported_response_type", "login_required", "invalid_request_object"];
    for query in mutations(&usual).into_iter().filter(|query| query.is_ascii()) {
        let query = String::from_utf8(query).unwrap();
        let page = browser.get(&format!("{}/auth?{query}", world.ready.wallet)).await;
        match page.status {
            200 => assert!(page.body.contains("Connectez-vous"), "{query}"),
            302 => {
                let back = Url::parse(&page.location()).unwrap();
                assert!(back.as_str().starts_with(CALLBACK), "{query}: {back}");
                let error = crate::world::param(&back, "error").unwrap();
                assert!(errors.contains(&error.as_str()), "{query}: {error}");
            }
            400 => assert!(
                page.body.contains("data-code=\"invalid_request\"")
                    || page.body.contains("data-code=\"unauthorized_client\""),
                "{query}"
            ),
            // The address alone is too long.
            414 | 431 => {}
            other => panic!("{query}: {other} {}", page.body),
        }
        assert!(!page.body.contains("<script>alert") && !page.body.contains("Set-Cookie: a=b\r"), "{query}");
    }
    assert!(world.requests(DOCTOR).await.is_empty());
}

/// A source of bytes that is the same at every run (xorshift64).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self) -> Vec<u8> {
        let letters = b"abgrant_type=&%+;\0\xff\xc3\xa9{}[]\":,01. \r\n";
        let length = usize::try_from(self.next() % 200).unwrap();
        (0..length).map(|_| letters[usize::try_from(self.next()).unwrap() % letters.len()]).collect()
    }
}

#[tokio::test]
async fn noise_is_refused_by_every_address() {
    let world = World::start().await;
    let http = world.browser().http;
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let realm = ["token", "token/introspect", "revoke", "ext/ciba/auth", "ext/par/request", "userinfo", "logout"];
    let mut addresses: Vec<String> = realm.iter().map(|path| world.endpoint(path)).collect();
    let others = [
        "/auth",
        "/api/faults",
        "/faults",
        "/ordre",
        "/rp/smurtab/logout",
        "/rp/sidep/callback",
        "/phone/activation/scanner",
        "/api/phone/899700218896/requests/x",
        "/api/activation/899700218896",
        "/auth/mire/x/ecps",
    ];
    addresses.extend(others.iter().map(|path| format!("{}{path}", world.ready.wallet)));
    for round in 0..20 {
        for address in &addresses {
            let body = noise.bytes();
            let kind = [FORM, "application/json", "text/plain"][round % 3];
            let mut request = http.post(address).header(CONTENT_TYPE, kind).body(body.clone());
            if round % 2 == 0 {
                request = request.basic_auth("demo-client", Some("demo-secret"));
            }
            let status = request.send().await.unwrap().status().as_u16();
            assert!(status < 500, "{address} {kind} {body:?}: {status}");
        }
    }
    // A flood of headers ends the connection or the request, not the server.
    let flood = http.get(world.endpoint("certs")).header("x-long", "a".repeat(1_000_000)).send().await;
    assert!(flood.is_err() || flood.is_ok_and(|answer| answer.status() == 431));
    assert_eq!(http.get(world.endpoint("certs")).send().await.unwrap().status(), 200);
}
