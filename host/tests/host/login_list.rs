//! Logins of a relying party: listed under ids that open nothing, and ended one by one, by person, or all at once.

use serde_json::{Value, json};

use super::support::host::{
    Host, LONGEST, NATIONAL_ID, NOW, SIDEP_SECRET, SMURTAB_SECRET, SUBJECT, claims, eager, login_body, question,
    userinfo,
};
use super::support::keys::Key;
use super::support::provider::Provider;

const OTHER: &str = "899700366240";

/// A login of this person at this audience.
async fn log_in(provider: &Provider, host: &Host, secret: &str, client: &str, person: &str, jti: &str) -> Value {
    let mut id = claims(client);
    id["jti"] = jti.into();
    for claim in ["SubjectNameID", "preferred_username"] {
        id[claim] = person.into();
    }
    id["sub"] = SUBJECT.replace(NATIONAL_ID, person).into();
    let userinfo = userinfo("10").to_string().replace(NATIONAL_ID, person).replace(&NATIONAL_ID[1..], &person[1..]);
    provider.change(|answers| answers.userinfo = userinfo);
    let (status, answer) = host.post("/v1/logins", secret, &login_body(&provider.key.sign(&id))).await;
    assert_eq!(status, 201, "{answer}");
    answer
}

#[tokio::test]
async fn what_is_listed_helps_and_harms_nobody() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let host = Host::start(&provider, &eager()).await;
    let one = log_in(&provider, &host, SMURTAB_SECRET, "smurtab", NATIONAL_ID, "one").await;
    host.set_clock(NOW + 60);
    let two = log_in(&provider, &host, SMURTAB_SECRET, "smurtab", OTHER, "two").await;
    log_in(&provider, &host, SIDEP_SECRET, "sidep", NATIONAL_ID, "three").await;

    let (status, list) = host.get("/v1/logins", SMURTAB_SECRET).await;
    assert_eq!(status, 200, "{list}");
    let logins = list["logins"].as_array().unwrap();
    assert_eq!((logins.len(), &list["not_shown"]), (2, &json!(0)));
    assert_eq!((&logins[0]["id"], &logins[1]["id"]), (&two["id"], &one["id"]), "the newest first");
    let person = logins[1]["person"].clone();
    assert_eq!(
        logins[1],
        json!({
            "id": one["id"], "person": person, "created_at": NOW, "expires_at": NOW + LONGEST, "last_used_at": NOW,
            "level": "eidas1",
        })
    );
    assert_ne!(logins[0]["person"], person);
    let text = list.to_string();
    for private in
        [NATIONAL_ID, OTHER, &OTHER[1..], SUBJECT, one["login"].as_str().unwrap(), two["login"].as_str().unwrap()]
    {
        assert!(!text.contains(private), "{text}");
    }
    // The id is no handle, and no handle is an id.
    let mut asked = question(one["id"].as_str().unwrap());
    assert_eq!(host.post("/access/v1/evaluation", SMURTAB_SECRET, &asked).await.1["decision"], false);
    asked["context"]["login"] = one["login"].clone();
    host.set_clock(NOW + 120);
    assert_eq!(host.post("/access/v1/evaluation", SMURTAB_SECRET, &asked).await.1["decision"], true);
    let (_, list) = host.get("/v1/logins", SMURTAB_SECRET).await;
    assert_eq!(list["logins"][1]["last_used_at"], NOW + 120);
    host.set_clock(NOW + 120 + 30 * 60);
    assert_eq!(host.get("/v1/logins", SMURTAB_SECRET).await.1["logins"], json!([]), "what is over is not listed");
    assert_eq!(host.get("/v1/logins", "nobody-has-this-secret").await.0, 401);
}

#[tokio::test]
async fn logins_end_by_id_by_person_and_all_at_once() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let host = Host::start(&provider, &eager()).await;
    let mut made = Vec::new();
    for (number, person) in [NATIONAL_ID, NATIONAL_ID, OTHER, NATIONAL_ID].into_iter().enumerate() {
        made.push(log_in(&provider, &host, SMURTAB_SECRET, "smurtab", person, &number.to_string()).await);
    }
    let elsewhere = log_in(&provider, &host, SIDEP_SECRET, "sidep", NATIONAL_ID, "elsewhere").await;
    let revoke = async |secret, body: Value| host.post("/v1/logins/revoke", secret, &body).await;
    let count = async |secret| host.get("/v1/logins", secret).await.1["logins"].as_array().unwrap().len();

    let ended = revoke(SMURTAB_SECRET, json!({ "id": made[0]["id"] })).await;
    assert_eq!(ended, (200, json!({ "revoked": true, "count": 1 })));
    let (_, answer) =
        host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(made[0]["login"].as_str().unwrap())).await;
    assert_eq!(answer["context"]["reason_code"], "HTTP-LOGIN-UNKNOWN");
    assert_eq!(revoke(SIDEP_SECRET, json!({ "id": made[1]["id"] })).await.1["count"], 0, "another's login");
    assert_eq!(revoke(SIDEP_SECRET, json!({ "id": made[1]["id"], "scope": "person" })).await.1["count"], 0);
    let ended = revoke(SMURTAB_SECRET, json!({ "login": made[1]["login"], "scope": "person" })).await;
    assert_eq!(ended.1, json!({ "revoked": true, "count": 2 }));
    assert_eq!((count(SMURTAB_SECRET).await, count(SIDEP_SECRET).await), (1, 1), "a person's logins elsewhere stay");
    assert_eq!(revoke(SMURTAB_SECRET, json!({ "scope": "audience" })).await.1["count"], 1);
    assert_eq!((count(SMURTAB_SECRET).await, count(SIDEP_SECRET).await), (0, 1));

    for body in [
        json!({}),
        json!({ "scope": "person" }),
        json!({ "id": elsewhere["id"], "login": elsewhere["login"] }),
        json!({ "id": elsewhere["id"], "scope": "audience" }),
        json!({ "id": elsewhere["id"], "scope": "everybody" }),
    ] {
        let answer = revoke(SIDEP_SECRET, body).await;
        assert_eq!((answer.0, &answer.1["code"]), (400, &json!("HTTP-BODY")), "{answer:?}");
    }
    let answer = revoke(SIDEP_SECRET, json!({ "id": elsewhere["login"] })).await;
    assert_eq!((answer.0, &answer.1["code"]), (400, &json!("HTTP-LOGIN-ID")), "{answer:?}");
    assert_eq!(count(SIDEP_SECRET).await, 1);

    let ends: Vec<Value> = host.log_lines().into_iter().filter(|line| line["event"] == "revocation").collect();
    let said: Vec<_> =
        ends.iter().map(|line| (line["scope"].as_str().unwrap(), line["count"].as_u64().unwrap())).collect();
    assert_eq!(said, [("login", 1), ("person", 2), ("audience", 1)]);
    assert_eq!(ends[0]["login_id"], made[0]["id"]);
}
