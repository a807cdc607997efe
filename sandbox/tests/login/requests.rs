//! Authorization requests in all their published forms: pushed, in a request object, with hints, with other ways back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::Url;

use crate::world::{CALLBACK, DOCTOR, VERIFIER, World, decode, param};

impl World {
    async fn push(&self, form: &[(&str, &str)]) -> (u16, Value) {
        self.post_as("demo-client", "demo-secret", "ext/par/request", form).await
    }

    fn refer(&self, client: &str, request_uri: &str) -> String {
        let query = crate::world::encode(&[("client_id", client), ("request_uri", request_uri)]);
        format!("{}/auth?{query}", self.ready.wallet)
    }
}

/// The usual request as a form; `changes` replace or (with an empty value) remove parameters.
fn form(world: &World, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let url = Url::parse(&world.authorize_url(changes)).unwrap();
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn borrowed(form: &[(String, String)]) -> Vec<(&str, &str)> {
    form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn hs256(claims: &Value, secret: &str) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(&json!({"alg": "HS256"})), encode(claims));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(aws_lc_rs::hmac::sign(&key, message.as_bytes())))
}

#[tokio::test]
async fn a_pushed_request_is_used_once_by_its_own_client() {
    let world = World::start().await;
    let whole = form(&world, &[]);
    let (status, pushed) = world.push(&borrowed(&whole)).await;
    assert_eq!((status, &pushed["expires_in"]), (201, &json!(60)), "{pushed}");
    let reference = pushed["request_uri"].as_str().unwrap();
    assert!(reference.starts_with("urn:ietf:params:oauth:request_uri:"));

    let stranger = world.browser().get(&world.refer("vigie-demo-smurtab", reference)).await;
    stranger.has_code("invalid_request_uri");
    let answer = world.log_in(&mut world.browser(), &world.refer("demo-client", reference), DOCTOR).await;
    assert_eq!(param(&answer, "state").as_deref(), Some("the state"));
    assert_eq!(world.redeem(&param(&answer, "code").unwrap()).await.0, 200);
    world.browser().get(&world.refer("demo-client", reference)).await.has_code("invalid_request_uri");

    let (_, late) = world.push(&borrowed(&whole)).await;
    world.clock.advance_s(60);
    let late = world.browser().get(&world.refer("demo-client", late["request_uri"].as_str().unwrap())).await;
    assert_eq!(late.status, 400);
    late.has_code("invalid_request_uri");
}

#[tokio::test]
async fn a_pushed_request_is_refused_where_it_is_pushed() {
    let world = World::start().await;
    for (changes, error) in [
        (&[("redirect_uri", "https://example.org/cb")][..], "invalid_request"),
        (&[("acr_values", "eidas2")][..], "invalid_request"),
        (&[("scope", "openid")][..], "invalid_scope"),
        (&[("request_uri", "urn:ietf:params:oauth:request_uri:x")][..], "invalid_request"),
        (&[("client_id", "vigie-demo-smurtab")][..], "invalid_request"),
    ] {
        let (status, answer) = world.push(&borrowed(&form(&world, changes))).await;
        assert_eq!((status, &answer["error"]), (400, &json!(error)), "{changes:?}");
    }
    let (status, answer) = world.post_as("demo-client", "wrong", "ext/par/request", &[]).await;
    assert_eq!((status, &answer["error"]), (401, &json!("invalid_client")));
    // A reference to anywhere else is not fetched.
    let fetched = world.browser().get(&world.authorize_url(&[("request_uri", "https://example.org/r")])).await;
    let back = Url::parse(&fetched.location()).unwrap();
    assert_eq!(param(&back, "error").as_deref(), Some("request_uri_not_supported"));
}

#[tokio::test]
async fn a_request_object_takes_the_place_of_parameters() {
    let world = World::start().await;
    let claims = json!({"iss": "demo-client", "aud": world.ready.issuer, "client_id": "demo-client",
        "state": "from the object", "redirect_uri": "http://127.0.0.1:9/from-the-object"});
    let url = world.authorize_url(&[("request", &hs256(&claims, "demo-secret"))]);
    let answer = world.log_in(&mut world.browser(), &url, DOCTOR).await;
    assert!(answer.as_str().starts_with("http://127.0.0.1:9/from-the-object?"));
    assert_eq!(param(&answer, "state").as_deref(), Some("from the object"));
    for wrong in [hs256(&claims, "another-secret"), "not-a-jwt".to_owned()] {
        let page = world.browser().get(&world.authorize_url(&[("request", &wrong)])).await;
        let back = Url::parse(&page.location()).unwrap();
        assert_eq!(param(&back, "error").as_deref(), Some("invalid_request_object"));
        assert_eq!(param(&back, "state").as_deref(), Some("the state"), "the open parameters say where to");
    }
}

#[tokio::test]
async fn the_answer_comes_back_as_the_service_wants_it() {
    let world = World::start().await;
    let in_fragment =
        world.log_in(&mut world.browser(), &world.authorize_url(&[("response_mode", "fragment")]), DOCTOR).await;
    assert_eq!(in_fragment.query(), None);
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(in_fragment.fragment().unwrap().as_bytes()).into_owned().collect();
    let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["state", "session_state", "code", "iss"]);
    assert_eq!(world.redeem(&pairs[2].1).await.0, 200);

    let mut browser = world.browser();
    let url = world.authorize_url(&[("response_mode", "form_post"), ("state", "\"><script>alert(1)</script>")]);
    let waiting = world.reach_number_from(&mut browser, &url, DOCTOR).await;
    world.answer(DOCTOR, json!({"pin": "1234", "number": waiting.number})).await;
    let page = browser.get(&format!("{}/suite", waiting.base)).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.between("<form method=\"post\" action=\"", "\""), CALLBACK);
    assert_eq!(page.between("name=\"state\" value=\"", "\""), "\"><script>alert(1)</script>");
    assert!(!page.body.contains("<script>alert"));
    assert!(page.policy.contains("form-action http://127.0.0.1:9;"), "{}", page.policy);
    assert_eq!(world.redeem(&page.between("name=\"code\" value=\"", "\"")).await.0, 200);

    // An error takes the same way.
    let refused =
        world.browser().get(&world.authorize_url(&[("response_mode", "form_post"), ("prompt", "none")])).await;
    assert_eq!(refused.between("name=\"error\" value=\"", "\""), "login_required");
}

#[tokio::test]
async fn pkce_may_be_plain_and_may_be_left_out() {
    let world = World::start().await;
    let code = async |changes: &[(&str, &str)]| {
        let answer = world.log_in(&mut world.browser(), &world.authorize_url(changes), DOCTOR).await;
        param(&answer, "code").unwrap()
    };
    let plain = code(&[("code_challenge", VERIFIER), ("code_challenge_method", "plain")]).await;
    assert_eq!(world.redeem(&plain).await.0, 200);
    let none = code(&[("code_challenge", ""), ("code_challenge_method", "")]).await;
    let redeemed =
        world.token(&[("grant_type", "authorization_code"), ("code", &none), ("redirect_uri", CALLBACK)]).await;
    assert_eq!(redeemed.0, 200);
    // RFC 9700 §2.1.1: a verifier without a challenge is a sign of a downgrade.
    let none = code(&[("code_challenge", ""), ("code_challenge_method", "")]).await;
    assert_eq!(world.redeem(&none).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn hints_fill_the_field_and_choose_the_tab() {
    let world = World::start().await;
    let open = async |changes: &[(&str, &str)]| world.browser().get(&world.authorize_url(changes)).await;
    let active = |page: &crate::world::Page| {
        let tab = page.body.split("<a role=\"tab\"").find(|tab| tab.contains("aria-selected=\"true\"")).unwrap();
        tab.split('>').nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    let hinted = open(&[("login_hint", DOCTOR)]).await;
    assert_eq!(hinted.between("name=\"saisie\" value=\"", "\""), DOCTOR);
    assert!(world.requests(DOCTOR).await.is_empty(), "a hint sends nothing");
    let long = open(&[("login_hint", &"8".repeat(41))]).await;
    assert_eq!(long.between("name=\"saisie\" value=\"", "\""), "");
    assert_eq!(active(&hinted), "Application e-CPS");

    let delegated = open(&[("kc_idp_hint", "OKTA_etablissement")]).await;
    assert_eq!(active(&delegated), "Délégation");
    assert!(delegated.body.contains("ne joue pas"), "{}", delegated.body);
    world.switch(json!({"acr_values": "any"})).await;
    assert_eq!(active(&open(&[("acr_values", "eidas2")]).await), "Carte CPS");
    world.switch(json!({"acr": "eidas2"})).await;
    assert_eq!(active(&open(&[("acr_values", "eidas2")]).await), "Application e-CPS");
}

#[tokio::test]
async fn a_session_answers_only_for_its_person_level_and_age() {
    let world = World::start().await;
    world.switch(json!({"acr_values": "any"})).await;
    let mut browser = world.browser();
    let answer = world.log_in(&mut browser, &world.authorize_url(&[]), DOCTOR).await;
    let (_, tokens) = world.redeem(&param(&answer, "code").unwrap()).await;
    let mine = tokens["id_token"].as_str().unwrap().to_owned();
    let theirs = world.tokens("899700427869").await["id_token"].as_str().unwrap().to_owned();
    let mut silent = async |changes: &[(&str, &str)]| {
        let all: Vec<(&str, &str)> = changes.iter().copied().chain([("prompt", "none")]).collect();
        let back = Url::parse(&browser.get(&world.authorize_url(&all)).await.location()).unwrap();
        param(&back, "error").unwrap_or_else(|| "code".to_owned())
    };
    assert_eq!(silent(&[]).await, "code");
    assert_eq!(silent(&[("id_token_hint", &mine)]).await, "code");
    assert_eq!(silent(&[("id_token_hint", &theirs)]).await, "login_required");
    assert_eq!(silent(&[("id_token_hint", "unknown")]).await, "login_required");
    assert_eq!(silent(&[("acr_values", "eidas2")]).await, "login_required");
    assert_eq!(silent(&[("acr_values", "eidas2 eidas1")]).await, "code");
    assert_eq!(silent(&[("max_age", "0")]).await, "login_required");
    assert_eq!(silent(&[("max_age", "10")]).await, "code");
    world.clock.advance_s(11);
    assert_eq!(silent(&[("max_age", "10")]).await, "login_required");
    assert_eq!(silent(&[]).await, "code");
    // Whoever has a session is asked to agree all the same.
    let consent = browser.get(&world.authorize_url(&[("prompt", "consent")])).await;
    assert!(consent.location().ends_with("/confirmation"));
    assert_eq!(browser.get(&world.authorize_url(&[("prompt", "login consent")])).await.status, 200);
    assert_eq!(browser.get(&world.authorize_url(&[("prompt", "select_account")])).await.status, 200);
}

#[tokio::test]
async fn less_scope_may_be_asked_for_at_a_refresh_and_never_more() {
    let world = World::start().await;
    let url = world.authorize_url(&[("scope", "openid scope_all identity")]);
    let answer = world.log_in(&mut world.browser(), &url, DOCTOR).await;
    let (_, tokens) = world.redeem(&param(&answer, "code").unwrap()).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let ask = async |scope: &str| {
        world.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", scope)]).await
    };
    let (status, less) = ask("openid scope_all").await;
    assert_eq!((status, &less["scope"]), (200, &json!("openid scope_all")));
    assert_eq!(decode(less["access_token"].as_str().unwrap()).1["scope"], "openid scope_all");
    assert_eq!(ask("openid scope_all identity phone").await.1["error"], "invalid_scope");
    assert_eq!(ask("scope_all").await.1["error"], "invalid_scope");
    assert_eq!(ask("").await.1["scope"], "openid scope_all identity");
}

#[tokio::test]
async fn user_info_takes_the_token_in_one_place() {
    let world = World::start().await;
    let tokens = world.tokens(DOCTOR).await;
    let access = tokens["access_token"].as_str().unwrap();
    let http = world.browser().http;
    let form = |pairs: &[(&str, &str)]| {
        let request = http.post(world.endpoint("userinfo"));
        request.header("content-type", "application/x-www-form-urlencoded").body(crate::world::encode(pairs))
    };
    assert_eq!(form(&[("access_token", access)]).send().await.unwrap().status(), 200);
    let twice = form(&[("access_token", access)]).bearer_auth(access).send().await.unwrap();
    assert_eq!(twice.status(), 400);
    let none = http.get(world.endpoint("userinfo")).send().await.unwrap();
    assert_eq!(none.status(), 401);
    let challenge = none.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert_eq!(challenge, "Bearer realm=\"esante-wallet\"", "no error for who did not try");
    let wrong = http.get(world.endpoint("userinfo")).bearer_auth("x").send().await.unwrap();
    assert!(wrong.headers()["www-authenticate"].to_str().unwrap().contains("error=\"invalid_token\""));
}
