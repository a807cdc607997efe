//! Names and values that would like to be markup stay text on every page that shows them.

use serde_json::json;
use url::Url;

use crate::program_world::Folder;
use crate::world::{CALLBACK, DOCTOR, Page, World, encode};

/// Closes an attribute and a tag, opens a script, and carries every letter that needs escaping.
const HOSTILE: &str = "\"'><script>alert(1)</script>&amp;{{ 1234567*7 }}";

fn check(page: &Page, shows: bool) {
    assert!(!page.body.contains("<script>alert"), "{}: {}", page.url, page.body);
    assert!(!page.body.contains("\"'>"), "{}: {}", page.url, page.body);
    // Long enough that no random number on the page is taken for it.
    assert!(!page.body.contains("8641969"), "nothing of it is calculated: {}", page.body);
    if shows {
        assert!(page.body.contains("&lt;script&gt;alert(1)"), "{}: {}", page.url, page.body);
    }
}

async fn hostile_world(folder: &Folder) -> World {
    let name = HOSTILE.replace('"', "\\\"");
    let file = folder.path().join("people.toml");
    let text = format!(
        "[[person]]\nid = \"899700075064\"\ngiven_name = \"{name}\"\nfamily_name = \"{name}\"\ncivility = \"M\"\norigin = \"RPPS\"\n\
         note = \"{name}\"\nmail = \"a@b.example\"\nphone = \"06 39 98 00 10\"\n\
         [[client]]\nid = \"hostile\"\nsecret = \"s\"\nname = \"{name}\"\nciba = true\n"
    );
    std::fs::write(&file, text).unwrap();
    World::start_with_people(&file).await
}

#[tokio::test]
async fn names_of_services_and_persons_stay_text() {
    let folder = Folder::make("escaping");
    let world = hostile_world(&folder).await;
    let person = "899700075064";
    let mut browser = world.browser();
    let url = world.authorize_url(&[("client_id", "hostile"), ("state", HOSTILE), ("login_hint", HOSTILE)]);
    let page = browser.get(&url).await;
    // Longer than any identifier: not put into the field at all.
    check(&page, false);
    let refused = browser.submit(&page, &[("saisie", "<script>alert(1)</script>")]).await;
    check(&refused, true);
    let sent = browser.submit(&page, &[("saisie", person)]).await;
    let number = browser.get(&sent.location()).await;
    check(&number, true);

    let mut phone = world.browser();
    for path in ["/phone", "/outbox", "/faults", "/"] {
        check(&phone.get(&format!("{}{path}", world.ready.wallet)).await, path == "/phone");
    }
    let notification = phone.get(&format!("{}/phone/{person}", world.ready.wallet)).await;
    check(&phone.get(&notification.location()).await, true);
    let requests = world.requests(person).await;
    assert_eq!(requests[0]["service"], HOSTILE, "JSON needs no markup escaping");
    world.answer(person, json!({"refuse": true})).await;
    let base = sent.location().replace("/attente", "");
    let ended = browser.get(&format!("{base}/suite")).await;
    check(&ended, true);
    let back = Url::parse(&browser.get(&format!("{base}/retour")).await.location()).unwrap();
    assert!(back.as_str().starts_with(CALLBACK));
    assert_eq!(crate::world::param(&back, "state").as_deref(), Some(HOSTILE), "and comes back unchanged");

    // A request on the phone from a service without a browser.
    let ciba = [
        ("scope", "openid scope_all"),
        ("acr_values", "eidas1"),
        ("binding_message", HOSTILE),
        ("login_hint", person),
        ("channel", "MOBILE"),
    ];
    let (status, answer) = world.post_as("hostile", "s", "ext/ciba/auth", &ciba).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_binding_message")));
    assert!(!answer.to_string().contains("alert"));
}

#[tokio::test]
async fn what_an_address_carries_stays_text() {
    let world = World::start().await;
    let mut browser = world.browser();
    for query in [
        encode(&[("client_id", HOSTILE)]),
        encode(&[("client_id", "demo-client"), ("redirect_uri", HOSTILE)]),
        encode(&[
            ("client_id", "demo-client"),
            ("request_uri", &format!("urn:ietf:params:oauth:request_uri:{HOSTILE}")),
        ]),
    ] {
        check(&browser.get(&format!("{}/auth?{query}", world.ready.wallet)).await, false);
    }
    for (name, value) in [("prompt", HOSTILE), ("acr_values", HOSTILE), ("scope", HOSTILE), ("response_type", HOSTILE)]
    {
        let page = browser.get(&world.authorize_url(&[(name, value)])).await;
        assert!(!page.location().contains("alert"), "{name}: what was sent is not repeated");
    }
    let pairs = [("client_id", "demo-client"), ("post_logout_redirect_uri", CALLBACK), ("state", HOSTILE)];
    world.log_in(&mut browser, &world.authorize_url(&[]), DOCTOR).await;
    check(&browser.get(&format!("{}?{}", world.endpoint("logout"), encode(&pairs))).await, true);
    check(
        &browser.get(&format!("{}?id_token_hint={}", world.endpoint("logout"), encode(&[("x", HOSTILE)]))).await,
        false,
    );
    check(
        &browser.get(&format!("{}/rp/smurtab/callback?error={}", world.ready.wallet, encode(&[("x", HOSTILE)]))).await,
        false,
    );
    check(
        &browser
            .get(&format!("{}/auth/mire/{}", world.ready.wallet, "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E"))
            .await,
        false,
    );
}
