//! What a reverse proxy is answered: who may pass, who needs a better login and how good a one, and which proxy is none of the audience's.

use serde_json::Value;

use super::support::components;
use super::support::host::{Host, SIDEP_SECRET, SMURTAB_SECRET, claims, userinfo, write_config};
use super::support::keys::Key;
use super::support::provider::Provider;

/// Status, header and body of one question about `/board`.
async fn ask(
    host: &Host,
    path: &str,
    secret: &str,
    method: &str,
    handle: &str,
) -> (u16, reqwest::header::HeaderMap, Value) {
    let call =
        host.client.get(format!("{}{path}", host.url)).bearer_auth(secret).header("cookie", format!("login={handle}"));
    let call = call.header("x-original-method", method).header("x-original-uri", "/board?tab=1");
    let answer = call.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_login_that_reads_needs_a_better_one_to_write() {
    let provider = Provider::start(Key::es256("first"), &userinfo("10")).await;
    let directory = tempfile::tempdir().unwrap();
    let path = write_config(directory.path(), &provider);
    let mut config: toml::Table = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let policy = &mut config["audience"].as_array_mut().unwrap()[0]["policy"][0];
    policy["component"] = components::path("step-up-for-write").to_str().unwrap().into();
    policy["digest"] = components::digest("step-up-for-write").to_string().into();
    std::fs::write(&path, toml::to_string(&config).unwrap()).unwrap();
    let host = Host::serve(&path).await.unwrap();
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;

    for (method, expected) in
        [("GET", 204), ("HEAD", 204), ("OPTIONS", 204), ("POST", 401), ("DELETE", 401), ("get", 401)]
    {
        let (status, headers, body) = ask(&host, "/forward-auth/smurtab", SMURTAB_SECRET, method, &handle).await;
        assert_eq!(status, expected, "{method}: {body}");
        assert_eq!(headers["cache-control"], "no-store");
        if expected == 401 {
            let challenge = headers["www-authenticate"].to_str().unwrap();
            assert!(challenge.contains("error=\"insufficient_user_authentication\""), "{challenge}");
            assert!(challenge.contains("acr_values=\"eidas2\""), "{challenge}");
            assert_eq!(body["reason_code"], "WRITE-LEVEL-TOO-LOW");
            assert_eq!(headers.get("remote-user"), None, "who does not pass is not named");
        }
    }
    assert_eq!(ask(&host, "/forward-auth", SMURTAB_SECRET, "GET", &handle).await.0, 204);
    // A proxy of another audience, or of none, is told so without sending a person to log in.
    for (path, secret) in [
        ("/forward-auth/smurtab", SIDEP_SECRET),
        ("/forward-auth/nobody", SMURTAB_SECRET),
        ("/forward-auth", "secret-that-nobody-has"),
    ] {
        let (status, headers, body) = ask(&host, path, secret, "GET", &handle).await;
        assert_eq!((status, body["code"].as_str()), (403, Some("HTTP-PROXY-CALLER")), "{path}");
        assert_eq!(headers.get("www-authenticate"), None);
    }
    let (status, _, body) = ask(&host, "/forward-auth", SMURTAB_SECRET, "NOT A METHOD", &handle).await;
    assert_eq!((status, body["code"].as_str()), (400, Some("HTTP-PROXY-HEADER")));
    // The line in the log names what was asked through, and no one.
    let line = host.log_lines().pop().unwrap();
    assert_eq!(line["path"], "forward-auth");
}
