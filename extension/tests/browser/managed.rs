//! Whose desk it is, and what an organisation decided: through the real routers and pages, against a fake of `storage.managed`.

use super::*;

/// A page of the settings, without its loader and style sheet.
fn show_settings(html: &str) {
    let body = html.split_once("<body>").unwrap().1.split_once("</body>").unwrap().0;
    let holder = gloo::utils::document().create_element("div").unwrap();
    holder.set_id("popup");
    holder.set_inner_html(body);
    gloo::utils::body().append_child(&holder).unwrap();
    open_settings();
}

async fn order(message: Value) {
    assert_eq!(send(&popup_sender(), envelope(message)).await.unwrap()["m"], json!("done"));
}

/// Fills an identifier that its owner wants kept on this device.
async fn fills_for_the_device(identifier: &str) {
    set_tab_url(7, &format!("https://{WALLET}/auth"));
    send(&page_sender(WALLET), identifier_page()).await;
    answer_next(&envelope(json!("ready")));
    answer_next(&envelope(json!("written")));
    let order = json!({ "fill": { "tab": 7, "identifier": identifier, "mismatch": "ask", "keep": "device" } });
    assert_eq!(send(&popup_sender(), envelope(order)).await.unwrap()["m"], json!("filled"));
}

fn disk() -> Value {
    serde_json::from_str::<Value>(&kept()).unwrap()["local"].clone()
}

#[wasm_bindgen_test]
async fn nothing_lies_on_disk_until_the_desk_is_personal_and_after_it_is_not() {
    store();
    fills_for_the_device(IDENTIFIER).await;
    assert_eq!(disk(), json!({}));
    order(json!("personal")).await;
    fills_for_the_device(IDENTIFIER).await;
    assert!(disk()["desk"].as_str().unwrap().contains(IDENTIFIER));
    order(json!("shared")).await;
    assert_eq!(disk(), json!({}));
    assert!(!kept().contains(IDENTIFIER));
}

#[wasm_bindgen_test]
async fn a_policy_that_comes_later_clears_the_disk() {
    for policy in ["{\"sharedDesk\":true}", "{\"sharedDesk\":\"no\"}", "{\"unheardOf\":1}", "the store is broken"] {
        store();
        order(json!("personal")).await;
        fills_for_the_device(IDENTIFIER).await;
        set_policy(policy);
        on_start(None).await;
        assert_eq!(disk(), json!({ "mode": "personal" }), "{policy}");
        fills_for_the_device(COLLEAGUE).await;
        assert_eq!(disk(), json!({ "mode": "personal" }), "{policy}");
    }
}

#[wasm_bindgen_test]
async fn the_welcome_page_opens_once_unless_an_organisation_decides() {
    let welcome = ["chrome-extension://vigie/welcome.html"];
    let check = async |setup: &dyn Fn(), reason: Option<&str>, expect: &[&str]| {
        store();
        setup();
        on_start(reason.map(str::to_owned)).await;
        assert_eq!(tabs_opened(), expect, "{reason:?}");
    };
    check(&|| {}, Some("install"), &welcome).await;
    check(&|| {}, Some("update"), &[]).await;
    check(&|| {}, None, &[]).await;
    // Firefox says so when there is no policy; that is no fault of one.
    check(&|| set_policy("Managed storage manifest not found"), Some("install"), &welcome).await;
    check(&installed_by_policy, Some("install"), &[]).await;
    check(&|| set_policy("{\"sharedDesk\":false}"), Some("install"), &[]).await;
    check(&|| set_policy("{\"welcomePage\":true}"), Some("install"), &welcome).await;
    check(&|| set_policy("{\"welcomePage\":true,\"x\":0}"), Some("install"), &[]).await;
}

#[wasm_bindgen_test]
async fn handing_over_leaves_nothing_and_opens_the_end_of_the_session() {
    store();
    fills_for_the_device(IDENTIFIER).await;
    send(&page_sender(WALLET), number_page("47")).await;
    assert_eq!(badge(7), "47");
    order(json!({ "hand-over": 7 })).await;
    assert_eq!((kept().as_str(), badge(7).as_str()), (r#"{"session":{},"local":{}}"#, ""));
    let [opened] = tabs_opened().try_into().unwrap();
    assert_eq!(opened, format!("https://{AUTH}/auth/realms/esante-wallet/protocol/openid-connect/logout"));
}

#[wasm_bindgen_test]
async fn a_watch_that_is_not_allowed_is_not_used() {
    let imitation = json!({ "tabId": 3, "frameId": 0, "url": "https://wallet-esw-esante-gouv.fr.example/" });
    for (policy, expect) in [("{}", "!"), ("{\"sharedDesk\":true}", ""), ("{\"automaticWarning\":true}", "!")] {
        store();
        set_policy(policy);
        on_committed(event(imitation.clone())).await;
        assert_eq!(badge(3), expect, "{policy}");
    }
}

#[wasm_bindgen_test]
async fn the_options_name_the_key_that_is_wrong() {
    store();
    show_settings(include_str!("../../web/options.html"));
    settled().await;
    assert!(is_shown("mode-choice") && !is_shown("mode-set") && !is_shown("organisation"));

    set_policy("{\"sharedDesk\":false,\"sessionMinutes\":20,\"supportContact\":\"Poste 4242\"}");
    refresh_settings();
    settled().await;
    assert!(is_shown("mode-choice") && is_shown("organisation") && !is_shown("policy-wrong"));
    let rows = text("policy-rows");
    assert!(rows.contains("policyMinutes 20") && rows.contains("Poste 4242"), "{rows}");
    // Named by the policy or not, and whose the decision is.
    assert_eq!((rows.matches("setByOrganisation").count(), rows.matches("policyAbsent").count()), (3, 2));

    for (policy, expect) in [
        ("{\"sessionMinutes\":300,\"sharedDesk\":false}", "code_EXT_POLICY_RANGE sessionMinutes"),
        ("{\"sharedDesk\":0}", "code_EXT_POLICY_TYPE sharedDesk"),
        ("{\"extraHosts\":[\"wallet.example\"]}", "code_EXT_POLICY_KEY extraHosts"),
        ("the store is broken", "code_EXT_POLICY_UNREADABLE "),
    ] {
        set_policy(policy);
        refresh_settings();
        settled().await;
        assert_eq!((text("policy-errors").as_str(), is_shown("policy-wrong")), (expect, true));
        assert!(is_shown("mode-set") && !is_shown("mode-choice"), "{policy}");
        assert!(text("policy-rows").contains("policyMinutes 5"), "{policy}");
    }
    gloo::utils::document().get_element_by_id("popup").unwrap().remove();
}
