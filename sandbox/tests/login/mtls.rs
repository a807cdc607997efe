//! Services that show a certificate instead of a secret (RFC 8705).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use vigie_sandbox::Options;

use crate::world::{CALLBACK, DOCTOR, VERIFIER, World, decode, encode, param};

impl World {
    fn certificate(&self, client: &str) -> std::path::PathBuf {
        self.ready.client_certificates.as_ref().unwrap().join(format!("{client}.pem"))
    }

    async fn discovery(&self) -> Value {
        let url = format!("{}/.well-known/wallet-openid-configuration", self.ready.issuer);
        self.browser().http.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// Posts to an alias with the certificate of this service, naming that client.
    async fn call(&self, certificate: &str, alias: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let discovery = self.discovery().await;
        let url = discovery["mtls_endpoint_aliases"][alias].as_str().unwrap().to_owned();
        let request = self.browser_with(&self.certificate(certificate)).http.post(url);
        let answer =
            request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(encode(form)).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    async fn code(&self) -> String {
        let answer = self.log_in(&mut self.browser(), &self.authorize_url(&[]), DOCTOR).await;
        param(&answer, "code").unwrap()
    }

    async fn redeem_with(&self, certificate: &str, client: &str, code: &str) -> (u16, Value) {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.call(certificate, "token_endpoint", &form).await
    }

    async fn set_cnf(&self, form: &str) {
        let url = format!("https://{}/api/faults", self.ready.listen);
        let answer = self.browser().http.post(url).json(&json!({"cnf": form})).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}

#[tokio::test]
async fn a_certificate_stands_for_the_secret_and_binds_the_token() {
    let world = World::with_cards().await;
    let discovery = world.discovery().await;
    assert!(discovery["token_endpoint_auth_methods_supported"].as_array().unwrap().contains(&json!("tls_client_auth")));
    assert_eq!(discovery["tls_client_certificate_bound_access_tokens"], true);

    let (status, tokens) = world.redeem_with("demo-client", "demo-client", &world.code().await).await;
    assert_eq!(status, 200, "{tokens}");
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    let confirmation = |access: &str| decode(access).1["cnf"]["x5t#S256"].as_str().map(str::to_owned);
    let bound = URL_SAFE_NO_PAD.decode(confirmation(&access).unwrap()).unwrap();
    assert_eq!(bound.len(), 32);
    // The published form: base64 of hexadecimal digits.
    world.set_cnf("ans_hex").await;
    let (_, tokens) = world.redeem_with("demo-client", "demo-client", &world.code().await).await;
    let published = confirmation(tokens["access_token"].as_str().unwrap()).unwrap();
    let hex: String = bound.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(STANDARD.decode(published).unwrap(), hex.as_bytes());
    world.set_cnf("none").await;
    let (_, tokens) = world.redeem_with("demo-client", "demo-client", &world.code().await).await;
    assert_eq!(confirmation(tokens["access_token"].as_str().unwrap()), None);
    world.set_cnf("rfc8705").await;

    // The token is good in the hands of its holder only.
    assert_eq!(world.user_info(&access).await.1["error"], "invalid_token");
    let holder = world.browser_with(&world.certificate("demo-client"));
    let url = discovery["mtls_endpoint_aliases"]["userinfo_endpoint"].as_str().unwrap();
    assert_eq!(holder.http.get(url).bearer_auth(&access).send().await.unwrap().status(), 200);
    let other = world.browser_with(&world.certificate("vigie-demo-sidep"));
    assert_eq!(other.http.get(url).bearer_auth(&access).send().await.unwrap().status(), 401);
    let form = [("client_id", "demo-client"), ("token", access.as_str())];
    let (_, told) = world.call("demo-client", "introspection_endpoint", &form).await;
    assert_eq!(told["cnf"]["x5t#S256"], URL_SAFE_NO_PAD.encode(&bound), "{told}");
    // With a secret nothing is bound.
    let tokens = world.tokens(DOCTOR).await;
    assert_eq!(confirmation(tokens["access_token"].as_str().unwrap()), None);
}

#[tokio::test]
async fn other_certificates_are_refused() {
    let world = World::with_cards().await;
    let code = world.code().await;
    for (certificate, client) in [("vigie-demo-sidep", "demo-client"), ("demo-client", "nobody")] {
        let (status, answer) = world.redeem_with(certificate, client, &code).await;
        assert_eq!((status, &answer["error"]), (401, &json!("invalid_client")), "{answer}");
    }
    // A card is no service, and a header is no certificate.
    let alias = world.discovery().await["mtls_endpoint_aliases"]["token_endpoint"].as_str().unwrap().to_owned();
    let body = encode(&[("grant_type", "authorization_code"), ("client_id", "demo-client"), ("code", &code)]);
    let pem = std::fs::read_to_string(world.certificate("demo-client")).unwrap();
    let der: String = pem.lines().skip(1).take_while(|line| !line.starts_with('-')).collect();
    for browser in [world.browser_with_card(DOCTOR), world.browser()] {
        for url in [alias.clone(), world.endpoint("token")] {
            let request = browser.http.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            let answer = request.header("Client-Cert", format!(":{der}:")).body(body.clone()).send().await.unwrap();
            assert_eq!(answer.status(), 401);
        }
    }
    assert_eq!(world.redeem_with("demo-client", "demo-client", &code).await.0, 200);
}

#[tokio::test]
async fn an_own_certificate_is_registered_by_its_digest() {
    let donor = World::with_cards().await;
    let pem = std::fs::read_to_string(donor.certificate("demo-client")).unwrap();
    let der: String = pem.lines().skip(1).take_while(|line| !line.starts_with('-')).collect();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &STANDARD.decode(der).unwrap());
    let hex: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-mtls.toml", std::process::id()));
    let client = format!(
        "[[client]]\nid = \"mine\"\nsecret = \"s\"\nname = \"Mien\"\nciba = true\ncertificate_sha256 = \"{}\"\n",
        hex.join(":")
    );
    std::fs::write(&file, client).unwrap();
    let world = World::start_as(Options { tls: true, people: Some(file.clone()), ..World::options() }).await;
    std::fs::remove_file(&file).unwrap();
    let alias = world.discovery().await["mtls_endpoint_aliases"]["backchannel_authentication_endpoint"].clone();
    let form = [
        ("client_id", "mine"),
        ("scope", "openid scope_all"),
        ("acr_values", "eidas1"),
        ("channel", "MOBILE"),
        ("login_hint", DOCTOR),
        ("binding_message", "07"),
    ];
    let ask = async |certificate: &std::path::Path| {
        let request = world.browser_with(certificate).http.post(alias.as_str().unwrap());
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(encode(&form));
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask(&donor.certificate("demo-client")).await, 200, "its own");
    assert_eq!(ask(&world.certificate("mine")).await, 200, "the one that the sandbox issued to it");
    assert_eq!(ask(&world.certificate("demo-client")).await, 401, "that of another service");
}
