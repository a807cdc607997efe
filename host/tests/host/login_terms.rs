//! What an audience may ask of a login beyond a good signature: freshness, a bound token, the practice that the person acts as.

use serde_json::{Value, json};

use super::support::host::{Host, NOW, SMURTAB_SECRET, claims, eager, login_body, userinfo};
use super::support::keys::{Key, encode};
use super::support::provider::Provider;

async fn host_with(line: &str) -> (std::sync::Arc<Provider>, Host) {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let more = format!("min_acr = \"eidas1\"\n{line}\n");
    let host = Host::start_edited(&provider, &eager(), |text| text.replace("min_acr = \"eidas1\"\n", &more)).await;
    (provider, host)
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["code"].as_str().unwrap_or(""))
}

#[tokio::test]
async fn a_login_may_be_too_long_ago() {
    let (provider, host) = host_with("max_auth_age_s = 60").await;
    let mut old = claims("smurtab");
    old["auth_time"] = (NOW - 600).into();
    let answer = host.post("/v1/logins", SMURTAB_SECRET, &login_body(&provider.key.sign(&old))).await;
    assert_eq!(code(&answer), (422, "TOK-AUTH-TOO-OLD"), "{answer:?}");
    host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
}

#[tokio::test]
async fn a_level_below_the_lowest_is_refused() {
    let (provider, host) = host_with("").await;
    let mut none = claims("smurtab");
    none.as_object_mut().unwrap().remove("acr");
    let answer = host.post("/v1/logins", SMURTAB_SECRET, &login_body(&provider.key.sign(&none))).await;
    assert_eq!(answer.0, 422, "{answer:?}");
    let mut high = claims("smurtab");
    high["acr"] = "eidas3".into();
    host.log_in(SMURTAB_SECRET, &provider.key.sign(&high)).await;
}

#[tokio::test]
async fn a_token_may_have_to_be_bound_to_a_certificate() {
    let (provider, host) = host_with("require_cnf = true").await;
    let thumbprint = encode([7; 32]);
    let token = provider.key.sign(&claims("smurtab"));
    let answer = host.post("/v1/logins", SMURTAB_SECRET, &login_body(&token)).await;
    assert_eq!(answer.0, 422, "{answer:?}");
    assert!(answer.1["code"].as_str().unwrap().starts_with("TOK-CNF"), "{answer:?}");

    // PSC binds the access token, so that is where the binding stands (RFC 8705, section 3.1).
    let bound = |thumbprint: &str| {
        let mut access = json!({
            "iss": claims("smurtab")["iss"], "sub": claims("smurtab")["sub"], "azp": "smurtab", "typ": "Bearer",
            "exp": NOW + 110, "iat": NOW - 10, "jti": "a", "acr": "eidas1", "scope": "openid scope_all",
        });
        access["cnf"] = json!({ "x5t#S256": thumbprint });
        provider.key.sign(&access)
    };
    let ask = async |access: String, shown: &str, jti: &str| {
        use aws_lc_rs::digest::{SHA256, digest};
        let mut id = claims("smurtab");
        id["at_hash"] = encode(&digest(&SHA256, access.as_bytes()).as_ref()[..16]).into();
        id["jti"] = jti.into();
        provider.change(|answers| answers.access_token = access.clone());
        let mut body = login_body(&provider.key.sign(&id));
        body["access_token"] = access.into();
        body["certificate_thumbprint"] = shown.into();
        host.post("/v1/logins", SMURTAB_SECRET, &body).await
    };
    let answer = ask(bound(&thumbprint), &thumbprint, "one").await;
    assert_eq!(answer.0, 201, "{answer:?}");
    assert!(answer.1["evidence"].to_string().contains("confirmation"), "{answer:?}");
    let answer = ask(bound(&thumbprint), &encode([8; 32]), "two").await;
    assert_eq!(answer.0, 422, "{answer:?}");
    assert!(answer.1["code"].as_str().unwrap().starts_with("TOK-CNF"), "{answer:?}");
}

#[tokio::test]
async fn the_practice_that_a_person_acts_as_is_theirs() {
    let (provider, host) = host_with("").await;
    let ask = async |index: u32| {
        let mut id = claims("smurtab");
        id["jti"] = index.to_string().into();
        let mut body = login_body(&provider.key.sign(&id));
        body["acting_as"] = index.into();
        host.post("/v1/logins", SMURTAB_SECRET, &body).await
    };
    let answer = ask(0).await;
    assert_eq!(answer.0, 201, "{answer:?}");
    let answer = ask(1).await;
    assert_eq!(answer.0, 422, "there is one practice: {answer:?}");
}
