//! One whole login, as fast as the sandbox answers: authorization request, identifier, push, phone, code, tokens, UserInfo.
//!
//! It is the browser, the phone and the service in one, over real sockets, and reads no more of a page than it needs. The load
//! run and an ordinary test share it.

use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use serde_json::{Value, json};

/// Where the sandbox listens.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) wallet: String,
    pub(crate) issuer: String,
    pub(crate) phone_api: String,
}

/// The redirect URI; nobody listens there, the driver reads the address only.
const CALLBACK: &str = "http://127.0.0.1:9/cb";

/// A person of the load run: in the range of test identities, and nobody.
pub(crate) fn person(number: usize) -> String {
    format!("8997009{number:05}")
}

/// As many persons, as a file for `--people`.
pub(crate) fn people(count: usize) -> String {
    let one = |number: usize| {
        let id = person(number);
        format!(
            "[[person]]\nid = \"{id}\"\ngiven_name = \"Charge\"\nfamily_name = \"N{number}\"\ncivility = \"M\"\norigin = \"RPPS\"\n"
        )
    };
    (0..count).map(one).collect()
}

/// An HTTP client that follows nothing by itself.
pub(crate) fn client() -> Result<reqwest::Client, String> {
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    builder.tls_certs_only([]).timeout(Duration::from_secs(60)).build().map_err(|error| error.to_string())
}

/// Logs a person in and says how long it took, or which step failed and how.
pub(crate) async fn log_in(http: &reqwest::Client, target: &Target, person: &str) -> Result<Duration, String> {
    let started = Instant::now();
    let query = form(&[
        ("client_id", "demo-client"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid scope_all"),
        ("acr_values", "eidas1"),
        ("state", person),
        ("nonce", person),
    ]);
    let mut browser = Browser { http, cookies: Vec::new() };
    let page = browser.send("login page", http.get(format!("{}/auth?{query}", target.wallet)), 200).await?;
    let action = between(&page.body, "<form method=\"post\" action=\"", "\"")?;
    let token = between(&page.body, "name=\"jeton\" value=\"", "\"")?;
    let fields = form(&[("jeton", &token), ("saisie", person)]);
    let submit = http.post(format!("{}{action}", target.wallet)).header(CONTENT_TYPE, FORM).body(fields);
    let waiting = browser.send("identifier", submit, 303).await?.location;
    let waiting = format!("{}{waiting}", target.wallet);
    let page = browser.send("number", http.get(&waiting), 200).await?;
    let number = between(&page.body, "data-test=\"number\">", "<")?;

    let requests = format!("{}/{person}/requests", target.phone_api);
    let list = answer("requests on the phone", http.get(&requests)).await?;
    let id = list.pointer("/0/id").and_then(Value::as_str).ok_or("no request reached the phone")?;
    let chosen = json!({"pin": "1234", "number": number});
    let approved = answer("phone", http.post(format!("{requests}/{id}")).json(&chosen)).await?;
    if approved != json!({"state": "approved"}) {
        return Err(format!("phone: {approved}"));
    }

    let done = waiting.replace("/attente", "/suite");
    let back = browser.send("answer", http.get(done), 302).await?.location;
    let code = between(&back, "code=", "&")?;
    let fields = form(&[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)]);
    let endpoint = |path: &str| format!("{}/protocol/openid-connect/{path}", target.issuer);
    let redeem = http.post(endpoint("token")).basic_auth("demo-client", Some("demo-secret"));
    let tokens = answer("tokens", redeem.header(CONTENT_TYPE, FORM).body(fields)).await?;
    let access = tokens.get("access_token").and_then(Value::as_str).ok_or("no access token")?;
    let info = answer("UserInfo", http.get(endpoint("userinfo")).bearer_auth(access)).await?;
    if info.get("SubjectNameID").and_then(Value::as_str) != Some(person) {
        return Err("UserInfo names somebody else".to_owned());
    }
    Ok(started.elapsed())
}

const FORM: &str = "application/x-www-form-urlencoded";

struct Browser<'a> {
    http: &'a reqwest::Client,
    cookies: Vec<String>,
}

struct Page {
    body: String,
    location: String,
}

impl Browser<'_> {
    async fn send(&mut self, step: &str, request: reqwest::RequestBuilder, status: u16) -> Result<Page, String> {
        let failed = |error: reqwest::Error| format!("{step}: {error:?}");
        let request = request.header(COOKIE, self.cookies.join("; ")).build().map_err(failed)?;
        let answer = self.http.execute(request).await.map_err(failed)?;
        let found = answer.status().as_u16();
        let cookies = answer.headers().get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        self.cookies.extend(cookies.filter_map(|cookie| cookie.split(';').next()).map(str::to_owned));
        let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let location = location.to_owned();
        let body = answer.text().await.map_err(failed)?;
        if found == status { Ok(Page { body, location }) } else { Err(format!("{step}: {found} {body}")) }
    }
}

async fn answer(step: &str, request: reqwest::RequestBuilder) -> Result<Value, String> {
    let failed = |error: reqwest::Error| format!("{step}: {error:?}");
    let answer = request.send().await.map_err(failed)?;
    let status = answer.status();
    let body: Value = answer.json().await.map_err(failed)?;
    if status.is_success() { Ok(body) } else { Err(format!("{step}: {status} {body}")) }
}

fn between(text: &str, before: &str, after: &str) -> Result<String, String> {
    let rest = text.split_once(before).ok_or_else(|| format!("no {before} in {text}"))?.1;
    Ok(rest.split(after).next().unwrap_or_default().replace("&#x2f;", "/"))
}

fn form(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
