//! The socket over TLS: callers known by certificate, by both, by neither; and a certificate that is renewed under way.

use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use serde_json::{Value, json};
use vigie_host::config::{Config, Overrides};
use vigie_host::digest::Digest;
use vigie_host::http::server::{Socket, serve_on};
use vigie_host::http::tls::{AskCallers, Tls};
use vigie_host::service::{Components, Service, system_clock};

use super::support::host::{
    RELAY_SECRET, SIDEP_SECRET, SMURTAB_SECRET, compiler, eager, question, userinfo, write_config,
};
use super::support::keys::Key;
use super::support::program::{Served, until};
use super::support::provider::Provider;

/// An authority and what it signs for 127.0.0.1.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn make() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut about = CertificateParams::new(Vec::new()).unwrap();
        about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        about.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let pem = about.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(about, key), pem }
    }

    /// Writes certificate and key of a server.
    fn serve(&self, directory: &Path) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        std::fs::write(directory.join("vigie.pem"), certificate.pem()).unwrap();
        std::fs::write(directory.join("vigie.key"), key.serialize_pem()).unwrap();
        certificate
    }
}

/// A caller's self-signed certificate with its key, as a client takes them, and its digest.
fn caller() -> (reqwest::Identity, Digest) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["caller.example".to_owned()]).unwrap().self_signed(&key).unwrap();
    let pem = format!("{}{}", certificate.pem(), key.serialize_pem());
    (reqwest::Identity::from_pem(pem.as_bytes()).unwrap(), Digest::of(certificate.der()))
}

fn client(authority: &Authority, identity: Option<reqwest::Identity>) -> reqwest::Client {
    let root = reqwest::Certificate::from_pem(authority.pem.as_bytes()).unwrap();
    let mut builder = reqwest::Client::builder().no_proxy().tls_certs_only([root]).pool_max_idle_per_host(0);
    if let Some(identity) = identity {
        builder = builder.identity(identity);
    }
    builder.build().unwrap()
}

/// smurtab is known by a certificate, sidep by a certificate and its secret, relay by its secret.
fn configuration(directory: &Path, provider: &Provider, smurtab: Digest, sidep: Digest) -> Config {
    let path = write_config(directory, provider);
    let mut document: toml::Table = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let tls: toml::Table = toml::from_str("certificate = \"vigie.pem\"\nkey = \"vigie.key\"").unwrap();
    document["server"].as_table_mut().unwrap().insert("tls".into(), tls.into());
    for audience in document["audience"].as_array_mut().unwrap() {
        let audience = audience.as_table_mut().unwrap();
        let id = audience["id"].as_str().unwrap().to_owned();
        let pin = |digest: Digest| toml::Value::Array(vec![digest.to_string().into()]);
        match id.as_str() {
            "smurtab" => {
                audience.remove("caller_secret_file");
                audience.insert("caller_certificates".into(), pin(smurtab));
            }
            "sidep" => {
                audience.insert("caller_certificates".into(), pin(sidep));
            }
            _ => {}
        }
    }
    let text = toml::to_string(&document).unwrap();
    std::fs::write(&path, &text).unwrap();
    Config::parse(&text, &path, &Overrides::default()).unwrap()
}

#[tokio::test]
async fn callers_are_known_by_what_their_audience_lists() {
    let provider = Provider::start(Key::es256("first"), &userinfo("10")).await;
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::make();
    authority.serve(directory.path());
    let ((smurtab, smurtab_digest), (sidep, sidep_digest), (stranger, _)) = (caller(), caller(), caller());
    let config = configuration(directory.path(), &provider, smurtab_digest, sidep_digest);
    let tls = Arc::new(Tls::load(config.server.tls.as_ref().unwrap(), AskCallers::ForCertificate).unwrap());
    let components = Components::load(&config, &compiler(), &system_clock()).unwrap();
    let service = Arc::new(Service::assemble(config, components, &eager(), system_clock()).unwrap());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let socket = Socket { tls: Some(Arc::clone(&tls)), ..Socket::default() };
    tokio::spawn(serve_on(listener, socket, vigie_host::http::router(service), std::future::pending()));

    let ask = async |client: &reqwest::Client, secret: Option<&str>| {
        let mut call = client.post(format!("{url}/access/v1/evaluation")).json(&question("vigie_x"));
        if let Some(secret) = secret {
            call = call.bearer_auth(secret);
        }
        let answer = call.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let known = (200, json!("HTTP-LOGIN-UNKNOWN"));
    let unknown = (401, json!("HTTP-CALLER"));
    let nobody = client(&authority, None);
    let (smurtab, sidep, stranger) =
        (client(&authority, Some(smurtab)), client(&authority, Some(sidep)), client(&authority, Some(stranger)));
    for (what, client, secret, expected) in [
        ("its certificate", &smurtab, None, &known),
        ("its certificate, and the secret of somebody's user", &smurtab, Some("token-of-somebody-else"), &known),
        ("another certificate", &stranger, None, &unknown),
        ("no certificate", &nobody, None, &unknown),
        ("no certificate, but the secret that it had before", &nobody, Some(SMURTAB_SECRET), &unknown),
        ("certificate and secret", &sidep, Some(SIDEP_SECRET), &known),
        ("the secret of two that are wanted", &nobody, Some(SIDEP_SECRET), &unknown),
        ("the secret with a certificate of nobody", &stranger, Some(SIDEP_SECRET), &unknown),
        ("the certificate of two that are wanted", &sidep, None, &unknown),
        ("a secret where no certificate is wanted", &nobody, Some(RELAY_SECRET), &known),
    ] {
        let (status, answer) = ask(client, secret).await;
        let code = if status == 200 { &answer["context"]["reason_code"] } else { &answer["code"] };
        assert_eq!((status, code), (expected.0, &expected.1), "{what}: {answer}");
    }
    let metadata = nobody.get(format!("{url}/.well-known/authzen-configuration")).send().await.unwrap();
    assert_eq!(metadata.json::<Value>().await.unwrap()["policy_decision_point"], url);

    // Renewed: who trusts only the authority of the new certificate gets in from now on, and others do not.
    let next = Authority::make();
    next.serve(directory.path());
    tls.reload().unwrap();
    assert_eq!(ask(&client(&next, None), Some(RELAY_SECRET)).await.0, 200);
    assert!(nobody.get(format!("{url}/livez")).send().await.is_err());
    // Files that cannot be used change nothing.
    std::fs::write(directory.path().join("vigie.key"), "no key").unwrap();
    assert!(tls.reload().is_err());
    assert_eq!(ask(&client(&next, None), Some(RELAY_SECRET)).await.0, 200);
    // Neither does somebody who speaks no TLS at all.
    assert!(nobody.get(format!("{}/livez", url.replace("https", "http"))).send().await.is_err());
    assert_eq!(ask(&client(&next, None), Some(RELAY_SECRET)).await.0, 200);
}

#[tokio::test]
async fn the_program_speaks_tls_and_takes_a_renewed_certificate_at_the_signal() {
    let provider = Provider::start(Key::es256("first"), &userinfo("10")).await;
    let directory = tempfile::tempdir().unwrap();
    let (first, next) = (Authority::make(), Authority::make());
    first.serve(directory.path());
    let ((smurtab, smurtab_digest), (_, sidep_digest)) = (caller(), caller());
    configuration(directory.path(), &provider, smurtab_digest, sidep_digest);
    let served = Served::start(&directory.path().join("vigie.toml"));
    assert!(served.url().starts_with("https://127.0.0.1:"), "{}", served.url());
    let ask = async |client: &reqwest::Client| {
        let call = client.post(format!("{}/access/v1/evaluation", served.url())).json(&question("vigie_x"));
        call.send().await.map(|answer| answer.status().as_u16())
    };
    assert_eq!(ask(&client(&first, Some(smurtab.clone()))).await.unwrap(), 200);
    assert_eq!(ask(&client(&first, None)).await.unwrap(), 401);
    next.serve(directory.path());
    assert!(ask(&client(&next, Some(smurtab.clone()))).await.is_err(), "nothing was renewed yet");
    served.signal("HUP");
    until("the certificate is renewed", async || ask(&client(&next, Some(smurtab.clone()))).await.is_ok()).await;
    // A pair that does not belong together is left out; the one in service stays.
    let other = KeyPair::generate().unwrap();
    std::fs::write(directory.path().join("vigie.key"), other.serialize_pem()).unwrap();
    served.signal("HUP");
    assert_eq!(ask(&client(&next, Some(smurtab))).await.unwrap(), 200);
    assert_eq!(served.terminate(), Some(0));
}
