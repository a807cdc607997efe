//! Callers that are too slow, too large, or send what is no text: each is answered or cut off, and the host serves others meanwhile.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vigie_host::config::Config;
use vigie_host::http::server::{Socket, Times, serve_on};
use vigie_host::service::{Components, Service, system_clock};

use super::support::host::{Host, SMURTAB_SECRET, claims, compiler, eager, question, userinfo, write_config};
use super::support::keys::Key;
use super::support::provider::Provider;

const PATHS: [&str; 5] =
    ["/v1/logins", "/v1/logins/revoke", "/access/v1/evaluation", "/access/v1/evaluations", "/introspect"];

async fn host() -> (Arc<Provider>, Host) {
    let provider = Provider::start(Key::es256("first"), &userinfo("10")).await;
    let host = Host::start(&provider, &eager()).await;
    (provider, host)
}

/// A host whose patience ends at once, so that no test waits for it.
async fn impatient(times: Times) -> (Arc<Provider>, SocketAddr, tempfile::TempDir) {
    let provider = Provider::start(Key::es256("first"), &userinfo("10")).await;
    let directory = tempfile::tempdir().unwrap();
    let config = Config::read(&write_config(directory.path(), &provider)).unwrap();
    let components = Components::load(&config, &compiler(), &system_clock()).unwrap();
    let service = Arc::new(Service::assemble(config, components, &eager(), system_clock()).unwrap());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = vigie_host::http::router(service);
    tokio::spawn(serve_on(listener, Socket { tls: None, times }, router, std::future::pending()));
    (provider, address, directory)
}

/// The call with these fields.
fn form(call: reqwest::RequestBuilder, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    call.header("content-type", "application/x-www-form-urlencoded").body(body)
}

/// Everything that comes back until the host hangs up.
async fn exchange(address: SocketAddr, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent).await.unwrap();
    let mut received = Vec::new();
    // A host that has had enough may reset the connection after its answer.
    let _reset = stream.read_to_end(&mut received).await;
    String::from_utf8(received).unwrap()
}

#[tokio::test]
async fn a_caller_that_does_not_finish_is_cut_off() {
    let brief = Duration::from_millis(1);
    let (_provider, address, _directory) = impatient(Times { headers: brief, ..Times::default() }).await;
    // Headers that never end: nothing to answer, so the connection ends.
    assert_eq!(exchange(address, b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ").await, "");
    let (_provider, address, _directory) = impatient(Times { body: brief, ..Times::default() }).await;
    for path in PATHS {
        let kind = if path == "/introspect" { "application/x-www-form-urlencoded" } else { "application/json" };
        let call = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nAuthorization: Bearer {SMURTAB_SECRET}\r\nContent-Length: 100\r\n\r\n{{"
        );
        let answer = exchange(address, call.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{path}: {answer}");
        assert!(answer.contains("HTTP-SLOW"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_caller_that_takes_no_answer_gives_its_place_back() {
    let brief = Duration::from_millis(50);
    let (_provider, address, _directory) = impatient(Times { answer: brief, ..Times::default() }).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let questions = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100);
    // It asks on and reads nothing. That ends when the host hangs up, and never by itself.
    let asking = async { while stream.write_all(questions.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(30), asking).await.expect("the connection was kept");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_whether_it_says_so_or_not() {
    let (_provider, host) = host().await;
    let large = json!({ "subject": { "type": "user", "id": "x".repeat(70_000) } }).to_string();
    for path in PATHS {
        let kind = if path == "/introspect" { "application/x-www-form-urlencoded" } else { "application/json" };
        let call = |body: reqwest::Body| {
            let call = host.client.post(format!("{}{path}", host.url)).bearer_auth(SMURTAB_SECRET);
            call.header("content-type", kind).body(body).send()
        };
        assert_eq!(call(large.clone().into()).await.unwrap().status(), 413, "{path}");
    }
    // In pieces, without a length.
    let address: SocketAddr = host.url.trim_start_matches("http://").parse().unwrap();
    let piece = format!("{:x}\r\n{}\r\n", 60_000, "x".repeat(60_000));
    let call = format!(
        "POST /access/v1/evaluation HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nAuthorization: Bearer {SMURTAB_SECRET}\r\nTransfer-Encoding: chunked\r\n\r\n{piece}{piece}0\r\n\r\n"
    );
    let answer = exchange(address, call.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // Headers without an end.
    let call = format!("GET /livez HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n", "x".repeat(100_000));
    let answer = exchange(address, call.as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert_eq!(host.client.get(format!("{}/livez", host.url)).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn bodies_of_every_kind_are_never_an_error_of_the_host() {
    let (provider, host) = host().await;
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let good = question(&handle).to_string();
    let deep = format!("{}{}", "{\"context\":".repeat(5_000), "}".repeat(5_000));
    let bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        vec![0],
        vec![0xff, 0xfe, b'{', 0],
        b"\xef\xbb\xbf{}".to_vec(),
        b"{\"subject\":\"\xc3\x28\"}".to_vec(),
        b"nul".to_vec(),
        b"true".to_vec(),
        b"1e999".to_vec(),
        b"\"\\ud800\"".to_vec(),
        deep.into_bytes(),
        good.as_bytes()[..good.len() - 1].to_vec(),
        format!("{good}{good}").into_bytes(),
        good.replace("\"open\"", "1e999").into_bytes(),
        good.replace("\"open\"", "[[[[[[]]]]]]").into_bytes(),
        b"token".to_vec(),
        b"token=%ff&token=%00".to_vec(),
        b"&&&===".to_vec(),
        b"{\"evaluations\":[[],{},1]}".to_vec(),
        b"{\"login\":null}".to_vec(),
        b"{\"id_token\":\"a.b.c\",\"nonce\":1}".to_vec(),
    ];
    for path in PATHS {
        for kind in ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
            for body in &bodies {
                let call = host.client.post(format!("{}{path}", host.url)).bearer_auth(SMURTAB_SECRET);
                let answer = call.header("content-type", kind).body(body.clone()).send().await.unwrap();
                let status = answer.status().as_u16();
                let batch = path == "/access/v1/evaluations" && body.starts_with(b"{\"evaluations\"");
                let form = path == "/introspect" && kind.ends_with("urlencoded") && body.starts_with(b"token");
                let allowed = if (batch && kind == "application/json") || form { &[200, 400][..] } else { &[400] };
                assert!(allowed.contains(&status), "{path} {kind:?} {:?}: {status}", String::from_utf8_lossy(body));
                assert_eq!(answer.headers()["content-type"], "application/json");
            }
        }
    }
}

#[tokio::test]
async fn a_request_id_that_is_no_plain_word_does_not_come_back() {
    let (_provider, host) = host().await;
    let address: SocketAddr = host.url.trim_start_matches("http://").parse().unwrap();
    let long = "x".repeat(129);
    for (id, back) in [
        ("bfe9eb29", true),
        ("2f0c5a1e-6a35-4b0f-9a5e-14a5d2a7b8c1", true),
        ("a b", false),
        ("a\tb", false),
        ("\u{e9}", false),
        (&long, false),
        ("a\r\nX-Request-ID: b", false),
    ] {
        let call = format!("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-ID: {id}\r\n\r\n");
        let answer = exchange(address, call.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{id:?}: {answer}");
        assert_eq!(answer.contains("x-request-id: "), back, "{id:?}: {answer}");
    }
    // Lines that are no headers are no request.
    let answer = exchange(address, b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Request-ID: a\0b\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn values_of_claims_cannot_become_headers() {
    let (provider, host) = host().await;
    let mut claims = claims("smurtab");
    let hostile = "f:0:1\r\nRemote-User: root\r\n\r\n<script>";
    claims["sub"] = hostile.into();
    provider.change(|answers| {
        let mut person = userinfo("10");
        person["sub"] = hostile.into();
        let mut second = person["SubjectRefPro"]["exercices"][0].clone();
        second["codeProfession"] = "10\r\nX-Psc-Acr: eidas3".into();
        person["SubjectRefPro"]["exercices"].as_array_mut().unwrap().push(second);
        answers.userinfo = person.to_string();
    });
    let body = super::support::host::login_body(&provider.key.sign(&claims));
    let (status, login) = host.post("/v1/logins", SMURTAB_SECRET, &body).await;
    assert_eq!(status, 201, "the provider signed it, so it is a name: {login}");
    let handle = login["login"].as_str().unwrap();
    let call = host.client.get(format!("{}/forward-auth/smurtab", host.url)).bearer_auth(SMURTAB_SECRET);
    let call = call.header("cookie", format!("login={handle}"));
    let answer = call.header("x-original-method", "GET").header("x-original-uri", "/").send().await.unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.headers()["x-psc-subject"], "f:0:1%0D%0ARemote-User:%20root%0D%0A%0D%0A<script>");
    assert_eq!(answer.headers()["remote-groups"], "10,10%0D%0AX-Psc-Acr:%20eidas3");
    assert_eq!(answer.headers()["remote-user"], super::support::host::NATIONAL_ID);
    for (name, value) in answer.headers() {
        assert!(value.as_bytes().iter().all(|byte| (0x20..0x7f).contains(byte)), "{name}");
    }
    assert_eq!(answer.headers().get_all("x-psc-acr").iter().count(), 1);
    assert_eq!(answer.headers()["x-psc-acr"], "eidas1");
}

#[tokio::test]
async fn operators_pages_name_nobody_and_introspection_says_no_more_than_no() {
    let (provider, host) = host().await;
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(&handle)).await;
    let get =
        async |path: &str| host.client.get(format!("{}{path}", host.url)).send().await.unwrap().text().await.unwrap();
    let ready: Value = serde_json::from_str(&get("/readyz?verbose").await).unwrap();
    let parts: Vec<&str> = ready["parts"].as_array().unwrap().iter().map(|one| one["part"].as_str().unwrap()).collect();
    for part in ["store", "pool", "keys", "policy"] {
        assert!(parts.contains(&part), "{ready}");
    }
    let version: Value = serde_json::from_str(&get("/version").await).unwrap();
    assert!(version["core_digest"].as_str().unwrap().starts_with("sha256:") && version["wasmtime"].is_string());
    let metrics = get("/metrics").await;
    assert!(
        metrics.contains(r#"vigie_decisions_total{endpoint="evaluation",audience="smurtab",decision="permit""#),
        "{metrics}"
    );
    assert!(metrics.contains(r#"vigie_logins_total{audience="smurtab",code="ok"} 1"#), "{metrics}");
    for private in [&handle, super::support::host::NATIONAL_ID, super::support::host::SUBJECT, SMURTAB_SECRET] {
        assert!(!metrics.contains(private) && !ready.to_string().contains(private));
    }

    let introspect = async |secret: &str, fields: &[(&str, &str)]| {
        let call = host.client.post(format!("{}/introspect", host.url)).bearer_auth(secret);
        let answer = form(call, fields).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, answer) = introspect(SMURTAB_SECRET, &[("token", &handle), ("token_type_hint", "access_token")]).await;
    assert_eq!((status, &answer["active"], &answer["acr"]), (200, &json!(true), &json!("eidas1")), "{answer}");
    assert_eq!((&answer["aud"], &answer["sub"]), (&json!("smurtab"), &json!(super::support::host::SUBJECT)));
    assert_eq!(answer["exp"].as_u64().unwrap() - answer["iat"].as_u64().unwrap(), super::support::host::LONGEST);
    for (secret, token) in
        [(super::support::host::SIDEP_SECRET, handle.as_str()), (SMURTAB_SECRET, "vigie_x"), (SMURTAB_SECRET, "")]
    {
        assert_eq!(introspect(secret, &[("token", token)]).await, (200, json!({ "active": false })), "{token:?}");
    }
    assert_eq!(introspect("secret-that-nobody-has", &[("token", &handle)]).await.0, 401);
    assert_eq!(introspect(SMURTAB_SECRET, &[("tokens", &handle)]).await.0, 400);
    assert_eq!(introspect(SMURTAB_SECRET, &[("token", &handle), ("token", &handle)]).await.0, 400);
    // Basic credentials, as resource servers of RFC 7662 often send them; the name must be the audience's.
    for (name, expected) in [("smurtab", 200), ("sidep", 401)] {
        let call = host.client.post(format!("{}/introspect", host.url)).basic_auth(name, Some(SMURTAB_SECRET));
        assert_eq!(form(call, &[("token", &handle)]).send().await.unwrap().status(), expected, "{name}");
    }
    host.post("/v1/logins/revoke", SMURTAB_SECRET, &json!({ "login": handle })).await;
    assert_eq!(introspect(SMURTAB_SECRET, &[("token", &handle)]).await, (200, json!({ "active": false })));
}

#[tokio::test]
async fn paths_that_there_are_not_share_one_label() {
    let (_provider, host) = host().await;
    for path in ["/nothing", "/v1/logins/vigie_secret", "/v1/policies", "/forward-auth/a/b", "/%2e%2e/etc/passwd"] {
        assert_eq!(host.client.get(format!("{}{path}", host.url)).send().await.unwrap().status(), 404, "{path}");
    }
    let metrics = host.metrics().await;
    let routes: Vec<&str> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("vigie_http_request_duration_seconds_count{")?.split("} ").next())
        .collect();
    assert_eq!(routes, [r#"route="other",status="404""#], "{metrics}");
    assert!(
        metrics.contains(r#"vigie_http_request_duration_seconds_count{route="other",status="404"} 5"#),
        "{metrics}"
    );
}
