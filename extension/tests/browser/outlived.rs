//! What is kept of a login, and when it ends: who asked for it, and its digits.

use super::*;

#[wasm_bindgen_test]
async fn a_request_names_the_service_and_keeps_nothing_else() {
    store();
    let request = |url: &str| js(&json!({ "tabId": 7, "frameId": 0, "url": url })).unchecked_into::<RequestObject>();
    let back = "https%3A%2F%2Fsmurtab.example%2Fback";
    on_request(request(&format!(
        "https://{WALLET}/auth?client_id=smurtab&redirect_uri={back}&state=STATE&nonce=NONCE"
    )))
    .await;
    assert!(kept().contains("smurtab.example") && !kept().contains("STATE") && !kept().contains("NONCE"), "{}", kept());

    store();
    for url in [
        format!("https://{WALLET}/login-page?client_id=smurtab&redirect_uri={back}"),
        format!("https://{LOOKALIKE}/auth?client_id=smurtab&redirect_uri={back}"),
        "not an address".to_owned(),
    ] {
        on_request(request(&url)).await;
        assert_eq!(kept(), r#"{"session":{},"local":{}}"#, "{url}");
    }

    // By POST, pushed, as an object, unreadable: somebody else asks in the same tab, and the last service does not stand for them.
    for query in
        ["", "?client_id=x&request_uri=urn%3Ax", "?client_id=x&request=JWT", "?client_id=x&redirect_uri=nothing"]
    {
        store();
        on_request(request(&format!("https://{WALLET}/auth?client_id=smurtab&redirect_uri={back}"))).await;
        // Passed on inside the provider: the service that asked asks still.
        let inside = "auth/realms/esante-wallet/protocol/openid-connect/auth";
        on_request(request(&format!("https://{AUTH}/{inside}?client_id=w&redirect_uri=https%3A%2F%2F{WALLET}"))).await;
        assert!(kept().contains("smurtab.example"), "{}", kept());
        on_request(request(&format!("https://{WALLET}/auth{query}"))).await;
        assert!(kept().contains("issued") && !kept().contains("smurtab"), "{query}: {}", kept());
    }
}

#[wasm_bindgen_test]
async fn digits_are_kept_no_longer_than_their_page() {
    store();
    send(&page_sender(WALLET), number_page("07")).await;
    assert!(kept().contains(r"\n07\n"), "{}", kept());
    send(&page_sender(WALLET), envelope(json!("gone"))).await;
    assert!(kept().contains("away") && !kept().contains(r"\n07\n"), "{}", kept());
}

/// Of a document that was replaced Firefox tells neither origin nor name, but which of our scripts speaks.
#[wasm_bindgen_test]
async fn a_farewell_without_an_origin_is_one_and_nothing_else() {
    store();
    let mut sender = page_sender(WALLET);
    sender["contextId"] = json!(1_511_828_488_193_u64);
    send(&sender, number_page("07")).await;
    sender["origin"] = json!("null");
    sender["documentId"] = json!("D2");
    let before = kept();
    for message in [number_page("58"), identifier_page(), fill_order(IDENTIFIER, "accepted"), forget(None)] {
        assert_eq!(send(&sender, message).await, None);
        assert_eq!((kept(), badge(7).as_str()), (before.clone(), "07"));
    }
    let mut other = sender.clone();
    other["contextId"] = json!(5);
    send(&other, envelope(json!("gone"))).await;
    assert_eq!((kept(), badge(7).as_str()), (before, "07"));
    send(&sender, envelope(json!("gone"))).await;
    assert!(kept().contains("away") && !kept().contains(r"\n07\n"), "{}", kept());
    assert_eq!(badge(7), "");
}
