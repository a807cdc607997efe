//! A running sandbox, a browser that keeps cookies and follows nothing by itself, and a phone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use serde_json::{Value, json};
use url::Url;
use vigie_sandbox::{Clock, HostNames, Options, Ready, Sandbox};

pub(crate) const DOCTOR: &str = "899700218896";
pub(crate) const CALLBACK: &str = "http://127.0.0.1:9/cb";
pub(crate) const VERIFIER: &str = "a-verifier-of-at-least-43-characters-for-the-tests";

/// A clock that only the test moves.
#[derive(Default)]
pub(crate) struct ManualClock(AtomicU64);

impl ManualClock {
    pub(crate) fn advance_s(&self, seconds: u64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

pub(crate) struct World {
    pub(crate) ready: Ready,
    pub(crate) clock: Arc<ManualClock>,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(false, HostNames::Loopback, None).await
    }

    pub(crate) async fn start_with(tls: bool, host_names: HostNames, decision_point: Option<PathBuf>) -> Self {
        Self::start_as(Options { tls, host_names, decision_point, ..Self::options() }).await
    }

    pub(crate) async fn start_with_people(file: &Path) -> Self {
        Self::start_as(Options { people: Some(file.to_owned()), ..Self::options() }).await
    }

    /// Everything as usual.
    pub(crate) fn options() -> Options {
        Options {
            listen: "127.0.0.1:0".parse().unwrap(),
            tls: false,
            host_names: HostNames::Loopback,
            decision_point: None,
            pushes_per_minute: 10,
            people: None,
            templates: vigie_sandbox::Templates::default(),
            cards: None,
        }
    }

    pub(crate) async fn start_as(options: Options) -> Self {
        let clock = Arc::new(ManualClock(AtomicU64::new(1_800_000_000_000)));
        let sandbox = Sandbox::bind(options, clock.clone()).await.unwrap();
        let ready = sandbox.ready();
        tokio::spawn(sandbox.serve(std::future::pending()));
        Self { ready, clock }
    }

    pub(crate) fn browser(&self) -> Browser {
        self.browser_of(reqwest::Client::builder())
    }

    /// A client that presents the certificate in this file.
    pub(crate) fn browser_with(&self, certificate: &Path) -> Browser {
        let identity = reqwest::Identity::from_pem(&std::fs::read(certificate).unwrap()).unwrap();
        self.browser_of(reqwest::Client::builder().identity(identity))
    }

    fn browser_of(&self, builder: reqwest::ClientBuilder) -> Browser {
        let mut builder = builder.redirect(reqwest::redirect::Policy::none()).no_proxy();
        for host in &self.ready.hosts {
            builder = builder.resolve(host, self.ready.listen);
        }
        let trusted =
            self.ready.ca.iter().map(|path| reqwest::Certificate::from_pem(&std::fs::read(path).unwrap()).unwrap());
        Browser { http: builder.tls_certs_only(trusted).build().unwrap(), cookies: BTreeMap::new() }
    }

    /// A valid authorization request of the demo client; `changes` replace or (with an empty value) remove parameters.
    pub(crate) fn authorize_url(&self, changes: &[(&str, &str)]) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
        let mut params = BTreeMap::from([
            ("client_id", "demo-client"),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid scope_all"),
            ("acr_values", "eidas1"),
            ("state", "the state"),
            ("nonce", "the-nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        params.extend(changes.iter().copied());
        let mut url = Url::parse(&format!("{}/auth", self.ready.wallet)).unwrap();
        url.query_pairs_mut().extend_pairs(params.into_iter().filter(|(_, value)| !value.is_empty()));
        url.into()
    }

    /// A page or an interface of the sandbox's own, over HTTP or HTTPS.
    pub(crate) fn script(&self, path: &str) -> String {
        format!("{}{path}", self.ready.phone_api.trim_end_matches("/api/phone"))
    }

    pub(crate) fn endpoint(&self, path: &str) -> String {
        format!("{}/protocol/openid-connect/{path}", self.ready.issuer)
    }

    /// `POST token` as the demo client, secret in the header.
    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> (u16, Value) {
        self.post_as("demo-client", "demo-secret", "token", form).await
    }

    pub(crate) async fn post_as(&self, id: &str, secret: &str, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let answer = self
            .browser()
            .http
            .post(self.endpoint(path))
            .basic_auth(id, Some(secret))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(encode(form))
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    pub(crate) async fn redeem(&self, code: &str) -> (u16, Value) {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    pub(crate) async fn user_info(&self, token: &str) -> (u16, Value) {
        let answer = self.browser().http.get(self.endpoint("userinfo")).bearer_auth(token).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    /// The requests waiting on a phone.
    pub(crate) async fn requests(&self, person: &str) -> Vec<Value> {
        let url = format!("{}/{person}/requests", self.ready.phone_api);
        self.browser().http.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// Answers the only waiting request.
    pub(crate) async fn answer(&self, person: &str, body: Value) -> (u16, Value) {
        let requests = self.requests(person).await;
        assert_eq!(requests.len(), 1, "{requests:?}");
        self.answer_request(person, requests[0]["id"].as_str().unwrap(), body).await
    }

    pub(crate) async fn answer_request(&self, person: &str, id: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/{person}/requests/{id}", self.ready.phone_api);
        let answer = self.browser().http.post(url).json(&body).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap())
    }

    /// Opens a login page, submits the identifier and stops at the number.
    pub(crate) async fn reach_number(&self, browser: &mut Browser, person: &str) -> Waiting {
        let url = self.authorize_url(&[]);
        self.reach_number_from(browser, &url, person).await
    }

    pub(crate) async fn reach_number_from(&self, browser: &mut Browser, url: &str, person: &str) -> Waiting {
        let page = browser.get(url).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let sent = browser.submit(&page, &[("saisie", person)]).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        let page = browser.get(&sent.location()).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let number = page.between("data-test=\"number\">", "<");
        let base = sent.location().trim_end_matches("/attente").to_owned();
        Waiting { page, number, base }
    }

    /// A whole login up to the address that carries the code.
    pub(crate) async fn log_in(&self, browser: &mut Browser, url: &str, person: &str) -> Url {
        let waiting = self.reach_number_from(browser, url, person).await;
        let (status, answer) = self.answer(person, json!({"pin": "1234", "number": waiting.number})).await;
        assert_eq!((status, answer["state"].as_str()), (200, Some("approved")), "{answer}");
        let done = browser.get(&format!("{}/suite", waiting.base)).await;
        assert_eq!(done.status, 302, "{}", done.body);
        Url::parse(&done.location()).unwrap()
    }

    /// A whole login of the demo client up to the token answer.
    pub(crate) async fn tokens(&self, person: &str) -> Value {
        let answer = self.log_in(&mut self.browser(), &self.authorize_url(&[]), person).await;
        let (status, tokens) = self.redeem(&param(&answer, "code").unwrap()).await;
        assert_eq!(status, 200, "{tokens}");
        tokens
    }
}

/// The key of a phone, as its page makes one.
pub(crate) struct PhoneKey(EcdsaKeyPair);

impl PhoneKey {
    pub(crate) fn make() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.public_key())
    }

    pub(crate) fn sign(&self, request: &str, number: &str, nonce: &str) -> String {
        let message = format!("vigie-approve:v1\n{request}\n{number}\n{nonce}");
        URL_SAFE_NO_PAD.encode(self.0.sign(&SystemRandom::new(), message.as_bytes()).unwrap())
    }

    /// Approves on the page with the three numbers, as its script does.
    pub(crate) async fn approve(&self, phone: &mut Browser, numbers: &Page, number: &str) -> Page {
        let request = numbers.between("data-demande=\"", "\"");
        let nonce = numbers.between("data-alea=\"", "\"");
        let signature = self.sign(&request, number, &nonce);
        phone.submit(numbers, &[("choisi", number), ("signature", &signature)]).await
    }
}

/// A waiting page.
pub(crate) struct Waiting {
    pub(crate) page: Page,
    pub(crate) number: String,
    /// Address of the login without its last step.
    pub(crate) base: String,
}

impl Waiting {
    /// A number that is offered on the phone and does not stand on the page.
    pub(crate) fn other_number(&self, request: &Value) -> String {
        let candidates = request["candidates"].as_array().unwrap();
        candidates
            .iter()
            .map(|number| number.as_str().unwrap())
            .find(|number| *number != self.number)
            .unwrap()
            .to_owned()
    }
}

pub(crate) struct Browser {
    pub(crate) http: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) async fn get(&mut self, url: &str) -> Page {
        let request = self.http.get(url);
        self.send(url, request).await
    }

    pub(crate) async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Page {
        let request = self.http.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(encode(form));
        self.send(url, request).await
    }

    /// Submits the first form of a page with its hidden fields and these.
    pub(crate) async fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        self.submit_form(page, 0, fields).await
    }

    pub(crate) async fn submit_form(&mut self, page: &Page, at: usize, fields: &[(&str, &str)]) -> Page {
        let form = page.body.split("<form").nth(at + 1).expect("a form").split("</form>").next().unwrap().to_owned();
        let form = Page { body: form, ..page.clone() };
        let action = page.url.join(&form.between("action=\"", "\"")).unwrap();
        let mut all: Vec<(String, String)> = form
            .body
            .split("<input type=\"hidden\" name=\"")
            .skip(1)
            .map(|input| {
                let name = input.split('"').next().unwrap();
                (name.to_owned(), unescaped(input.split("value=\"").nth(1).unwrap().split('"').next().unwrap()))
            })
            .collect();
        all.retain(|(name, _)| fields.iter().all(|(field, _)| field != name));
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let all: Vec<(&str, &str)> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(action.as_str(), &all).await
    }

    async fn send(&mut self, url: &str, mut request: reqwest::RequestBuilder) -> Page {
        if !self.cookies.is_empty() {
            let all: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, all.join("; "));
        }
        let answer = request.send().await.unwrap();
        for header in answer.headers().get_all(SET_COOKIE) {
            let text = header.to_str().unwrap();
            assert!(text.contains("HttpOnly") || text.contains("Max-Age=0"), "{text}");
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let url = Url::parse(url).unwrap();
        let location =
            answer.headers().get(LOCATION).map(|value| url.join(value.to_str().unwrap()).unwrap().to_string());
        let policy = answer.headers().get("content-security-policy").map(|value| value.to_str().unwrap().to_owned());
        let status = answer.status().as_u16();
        let ours = answer.headers().get("server").is_none();
        let body = answer.text().await.unwrap();
        assert!(policy.is_some() || !ours || !body.contains("<html"), "a page without a policy: {url}");
        Page { url, status, location, policy: policy.unwrap_or_default(), body }
    }
}

#[derive(Clone)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) status: u16,
    location: Option<String>,
    /// Content security policy.
    pub(crate) policy: String,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn location(&self) -> String {
        self.location.clone().unwrap_or_else(|| panic!("no redirect but {}: {}", self.status, self.body))
    }

    /// The text between two marks, unescaped.
    pub(crate) fn between(&self, before: &str, after: &str) -> String {
        let rest = self.body.split(before).nth(1).unwrap_or_else(|| panic!("no {before} in {}", self.body));
        unescaped(rest.split(after).next().unwrap())
    }

    pub(crate) fn has_code(&self, code: &str) {
        assert!(self.body.contains(&format!("data-code=\"{code}\"")), "no {code} in {}", self.body);
    }
}

fn unescaped(raw: &str) -> String {
    let marks = [("&#x2f;", "/"), ("&#x27;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    marks.into_iter().fold(raw.to_owned(), |text, (mark, letter)| text.replace(mark, letter))
}

pub(crate) fn encode(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

pub(crate) fn param(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Header and claims of a JWT, unverified.
pub(crate) fn decode(token: &str) -> (Value, Value) {
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3);
    let read = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    (read(parts[0]), read(parts[1]))
}
