//! Debian's nginx and Caddy ask the host before they let anybody through to an application, configured as the files of
//! `host/examples/proxies` say.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::support::host::{Host, NATIONAL_ID, SMURTAB_SECRET, SUBJECT, claims, eager, userinfo};
use super::support::keys::Key;
use super::support::provider::Provider;

/// An application that says what reached it, and counts.
struct Application {
    address: SocketAddr,
    reached: Arc<AtomicUsize>,
}

impl Application {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let reached = Arc::new(AtomicUsize::new(0));
        let router = Router::new().fallback(echo).with_state(Arc::clone(&reached));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, reached }
    }

    fn reached(&self) -> usize {
        self.reached.load(Ordering::SeqCst)
    }
}

async fn echo(State(reached): State<Arc<AtomicUsize>>, method: Method, uri: Uri, headers: HeaderMap) -> Json<Value> {
    reached.fetch_add(1, Ordering::SeqCst);
    let mut all: Map<String, Value> = Map::new();
    for name in headers.keys() {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let values: Vec<String> = headers.get_all(name).iter().map(text).collect();
        all.insert(name.to_string(), json!(values.join(" | ")));
    }
    Json(json!({ "method": method.as_str(), "uri": uri.to_string(), "headers": all }))
}

/// Longer than any machine takes to start it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A proxy that runs.
struct Proxy {
    child: Child,
    url: String,
    _directory: tempfile::TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Nginx,
    Caddy,
}

impl Kind {
    /// A host whose audiences stand behind this proxy.
    async fn host(self, provider: &Provider) -> Host {
        let word = match self {
            Self::Nginx => "nginx",
            Self::Caddy => "caddy",
        };
        let proxy = |text: String| text.replace("proxy = \"nginx\"", &format!("proxy = {word:?}"));
        Host::start_edited(provider, &eager(), proxy).await
    }

    /// The example, with the addresses of this test and everything that nginx writes in a directory of its own.
    fn nginx(directory: &Path, address: SocketAddr, vigie: &str, application: SocketAddr, caller: &str) -> Command {
        let secret = directory.join("vigie-caller.conf");
        std::fs::write(&secret, format!("proxy_set_header Authorization \"Bearer {caller}\";\n")).unwrap();
        let server = include_str!("../../examples/proxies/nginx.conf")
            .replace("127.0.0.1:8080", &address.to_string())
            .replace("127.0.0.1:3000", &application.to_string())
            .replace("http://127.0.0.1:8181", vigie)
            .replace("/etc/nginx/vigie-caller.conf", &secret.display().to_string());
        let writes = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {what};"))
            .join(" ");
        let config = format!(
            "daemon off; master_process off; pid nginx.pid; error_log stderr; events {{}}\nhttp {{ access_log off; {writes}\n{server}\n}}\n"
        );
        std::fs::write(directory.join("nginx.conf"), config).unwrap();
        // Debian keeps it where only root's search path leads.
        let known = Path::new("/usr/sbin/nginx");
        let mut command = Command::new(if known.exists() { known } else { Path::new("nginx") });
        command.arg("-p").arg(directory).args(["-e", "stderr", "-c", "nginx.conf"]);
        command
    }

    /// The example, served without TLS at the address of this test.
    fn caddy(directory: &Path, address: SocketAddr, vigie: &str, application: SocketAddr, caller: &str) -> Command {
        let site = include_str!("../../examples/proxies/Caddyfile")
            .replace("application.example", &format!("http://{address}"))
            .replace("127.0.0.1:3000", &application.to_string())
            .replace("127.0.0.1:8181", vigie.trim_start_matches("http://"));
        let config = format!("{{\n\tadmin off\n\tauto_https off\n}}\n{site}");
        std::fs::write(directory.join("Caddyfile"), config).unwrap();
        let mut command = Command::new("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config", "Caddyfile"]).env("VIGIE_CALLER_SECRET", caller);
        command.env("HOME", directory).env("XDG_DATA_HOME", directory).env("XDG_CONFIG_HOME", directory);
        command
    }
}

impl Proxy {
    async fn start(kind: Kind, vigie: &str, application: SocketAddr, caller: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let command = match kind {
            Kind::Nginx => Kind::nginx,
            Kind::Caddy => Kind::caddy,
        };
        let child = command(directory.path(), address, vigie, application, caller)
            .current_dir(directory.path())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(directory.path().join("messages")).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("{kind:?} is not installed ({error}): `cargo xtask setup`"));
        let mut proxy = Self { child, url: format!("http://{address}"), _directory: directory };
        // It listens a moment after it was started, or ends at once.
        let deadline = Instant::now() + PATIENCE;
        while tokio::net::TcpStream::connect(address).await.is_err() {
            let messages = std::fs::read_to_string(proxy._directory.path().join("messages")).unwrap();
            assert_eq!(proxy.child.try_wait().unwrap(), None, "{kind:?} ended: {messages}");
            assert!(Instant::now() < deadline, "{kind:?} does not listen: {messages}");
            tokio::task::yield_now().await;
        }
        proxy
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let mut request = client.request(method, format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }
}

/// Claims of another token for the same person.
fn again(jti: &str) -> Value {
    let mut claims = claims("smurtab");
    claims["jti"] = jti.into();
    claims
}

#[tokio::test]
async fn behind_nginx_only_who_may_gets_through_and_the_application_knows_who() {
    check_who_gets_through(Kind::Nginx).await;
}

#[tokio::test]
async fn behind_caddy_only_who_may_gets_through_and_the_application_knows_who() {
    check_who_gets_through(Kind::Caddy).await;
}

async fn check_who_gets_through(kind: Kind) {
    let provider = Provider::start(Key::es256("first"), &userinfo("10")).await;
    let host = kind.host(&provider).await;
    let application = Application::start().await;
    let proxy = Proxy::start(kind, &host.url, application.address, SMURTAB_SECRET).await;
    let doctor = format!("theme=dark; login={}", host.log_in(SMURTAB_SECRET, &provider.key.sign(&again("a"))).await);

    // Nobody yet: the browser is told what login is wanted, the application hears nothing.
    let answer = proxy.ask(Method::GET, "/dossiers/42", &[]).await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()["www-authenticate"], "Bearer realm=\"vigie\", acr_values=\"eidas1\"");
    let answer = proxy.ask(Method::GET, "/dossiers/42", &[("cookie", "login=vigie_x")]).await;
    assert_eq!(answer.status(), 401);
    let challenge = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert!(challenge.contains("error=\"insufficient_user_authentication\""), "{challenge}");
    assert_eq!(application.reached(), 0);

    // A doctor.
    let answer = proxy.ask(Method::GET, "/dossiers/42?tab=1", &[("cookie", &doctor)]).await;
    assert_eq!(answer.status(), 200);
    let seen: Value = answer.json().await.unwrap();
    let headers = &seen["headers"];
    assert_eq!((&seen["method"], &seen["uri"]), (&json!("GET"), &json!("/dossiers/42?tab=1")));
    assert_eq!(headers["remote-user"], NATIONAL_ID);
    assert_eq!(headers["x-psc-subject"], SUBJECT);
    assert_eq!(headers["x-psc-acr"], "eidas1");
    assert_eq!((&headers["remote-groups"], &headers["x-psc-profession"]), (&json!("10"), &json!("10")));
    let line = host.log_lines().pop().unwrap();
    assert_eq!((&line["decision_id"], &line["result"]), (&headers["x-vigie-decision-id"], &json!(true)));
    assert_eq!(headers.get("authorization"), None, "the caller's secret stays between proxy and the host");

    // A browser of old writes letters into a path as they are, and another application its own cookie likewise. Caddy refuses such a
    // path itself.
    let path = if kind == Kind::Nginx { "/dossiers/é" } else { "/dossiers" };
    let address = proxy.url.trim_start_matches("http://");
    let mut raw = tokio::net::TcpStream::connect(address).await.unwrap();
    let call =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: name=Zoé; {doctor}\r\nConnection: close\r\n\r\n");
    raw.write_all(call.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    raw.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    // What a client writes under these names, or about what it asks, is nobody's word.
    let forged = [
        ("cookie", doctor.as_str()),
        ("remote-user", "root"),
        ("remote-groups", "admin"),
        ("x-psc-subject", "f:0:0"),
        ("x-psc-acr", "eidas3"),
        ("x-psc-profession", "60"),
        ("x-vigie-decision-id", "chosen"),
        ("x-vigie-reason", "chosen"),
        // Names with an underscore are the same to CGI, WSGI and PHP.
        ("remote_user", "root"),
        ("x_psc_acr", "eidas3"),
        ("x-original-method", "GET"),
        ("x-original-uri", "/public"),
    ];
    let seen: Value = proxy.ask(Method::POST, "/dossiers", &forged).await.json().await.unwrap();
    let headers = &seen["headers"];
    assert_eq!(headers["remote-user"], NATIONAL_ID);
    assert_eq!((&headers["remote-groups"], &headers["x-psc-profession"]), (&json!("10"), &json!("10")));
    assert_eq!((&headers["x-psc-subject"], &headers["x-psc-acr"]), (&json!(SUBJECT), &json!("eidas1")));
    assert_ne!(headers["x-vigie-decision-id"], "chosen");
    for absent in ["x-vigie-reason", "remote_user", "x_psc_acr"] {
        assert_eq!(headers.get(absent), None, "{absent}");
    }
    let reached = application.reached();
    for headers in
        [&forged[1..], &[("authorization", "Bearer secret-of-smurtab-for-tests"), ("remote-user", NATIONAL_ID)]]
    {
        assert_eq!(proxy.ask(Method::GET, "/", headers).await.status(), 401, "{headers:?}");
    }

    // Somebody whose profession the policy does not list.
    provider.change(|answers| answers.userinfo = userinfo("80").to_string().replace("\"C\"", "\"E\""));
    let student = format!("login={}", host.log_in(SMURTAB_SECRET, &provider.key.sign(&again("b"))).await);
    assert_eq!(proxy.ask(Method::GET, "/dossiers/42", &[("cookie", &student)]).await.status(), 403);
    // Two logins at once are none.
    let both = format!("{student}; {doctor}");
    assert_eq!(proxy.ask(Method::GET, "/dossiers/42", &[("cookie", &both)]).await.status(), 401);

    // The end of a login is the end of its way in.
    let handle = doctor.rsplit('=').next().unwrap();
    host.post("/v1/logins/revoke", SMURTAB_SECRET, &json!({ "login": handle })).await;
    assert_eq!(proxy.ask(Method::GET, "/", &[("cookie", &doctor)]).await.status(), 401);
    assert_eq!(application.reached(), reached);
}

#[tokio::test]
async fn nginx_that_is_set_up_wrongly_lets_nobody_through() {
    check_wrong_set_up(Kind::Nginx, 500).await;
}

#[tokio::test]
async fn caddy_that_is_set_up_wrongly_lets_nobody_through() {
    check_wrong_set_up(Kind::Caddy, 502).await;
}

async fn check_wrong_set_up(kind: Kind, without_host: u16) {
    let provider = Provider::start(Key::es256("first"), &userinfo("10")).await;
    let host = kind.host(&provider).await;
    let application = Application::start().await;
    let doctor = format!("login={}", host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await);
    // A wrong secret is 403, not 401: no login of a person would mend it.
    let proxy = Proxy::start(kind, &host.url, application.address, "another-secret-for-tests").await;
    assert_eq!(proxy.ask(Method::GET, "/", &[("cookie", &doctor)]).await.status(), 403);
    // A host that is not there is an error to the proxy.
    let proxy = Proxy::start(kind, "http://127.0.0.1:1", application.address, SMURTAB_SECRET).await;
    assert_eq!(proxy.ask(Method::GET, "/", &[("cookie", &doctor)]).await.status(), without_host);
    assert_eq!(application.reached(), 0);
}
