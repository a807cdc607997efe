//! The extension's edges in a real browser engine: both routers, fed with what an attacker may send, and the content script
//! against pages.
//!
//! The extension API is a fake in memory (`fake_browser.js`); the document, its layout and `elementFromPoint` are the
//! browser's. Run by `wasm-pack test --mode no-install --headless --chrome extension`.

#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test stops at the first surprise"
)]

use serde_json::{Value, json};
use vigie_extension::background::{on_command, on_committed, on_message, on_request, on_start, on_tab_removed};
use vigie_extension::browser::bindings::{MessageSender, RequestObject, TabObject};
use vigie_extension::popup::{close_popup, open_popup, refresh_popup};
use vigie_extension::settings::{open_settings, refresh_settings};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[path = "browser/content.rs"]
mod content;
#[path = "browser/managed.rs"]
mod managed;
#[path = "browser/outlived.rs"]
mod outlived;

#[wasm_bindgen(module = "/tests/fake_browser.js")]
extern "C" {
    fn install(hosts: Vec<String>);
    fn set_tab_url(tab: i32, url: &str);
    fn answer_next(text: &str);
    fn badge(tab: i32) -> String;
    fn set_policy(text: &str);
    fn installed_by_policy();
    fn tabs_opened() -> Vec<String>;
    fn popups_opened() -> i32;
    fn all_sent() -> Vec<String>;
    fn kept() -> String;

    #[derive(Clone)]
    type Page;
    #[wasm_bindgen(catch)]
    async fn open_page(html: &str, script: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn open_unheard_page(html: &str, script: &str) -> Result<JsValue, JsValue>;
    async fn first_report(page: &Page) -> JsValue;
    fn last_report(page: &Page) -> String;
    fn reports(page: &Page) -> u32;
    fn ask_page(page: &Page, message: &str) -> Option<String>;
    fn ask_page_as(page: &Page, message: &str, sender: &str) -> Option<String>;
    fn in_page(page: &Page, code: &str) -> JsValue;
    fn close_page(page: &Page);
}

const WALLET: &str = "wallet.esw.esante.gouv.fr";
const AUTH: &str = "auth.esw.esante.gouv.fr";
const LOOKALIKE: &str = "wallet.esw.esante.gouv.fr.vigie-lookalike.test";
const IDENTIFIER: &str = "899700427869";
const COLLEAGUE: &str = "899700367909";

fn store() {
    install([WALLET, AUTH].map(str::to_owned).to_vec());
}

fn dev() {
    install([WALLET, AUTH, "wallet.psc.localhost", LOOKALIKE].map(str::to_owned).to_vec());
}

fn js(value: &Value) -> JsValue {
    js_sys::JSON::parse(&value.to_string()).unwrap()
}

fn page_sender(host: &str) -> Value {
    json!({
        "id": "vigie", "origin": format!("https://{host}"), "url": format!("https://{host}/auth"), "frameId": 0,
        "documentId": "D1", "documentLifecycle": "active", "tab": { "id": 7 },
    })
}

fn popup_sender() -> Value {
    json!({ "id": "vigie", "origin": "chrome-extension://vigie", "url": "chrome-extension://vigie/popup.html" })
}

async fn send(sender: &Value, message: impl Into<JsValue>) -> Option<Value> {
    let answer = on_message(message.into(), js(sender).unchecked_into::<MessageSender>()).await;
    answer.as_string().map(|text| serde_json::from_str(&text).unwrap())
}

fn envelope(message: Value) -> String {
    json!({ "v": 1, "m": message }).to_string()
}

fn identifier_page() -> String {
    envelope(json!({ "page": {
        "v": 1, "title": "Connexion", "headings": ["Connectez-vous"],
        "tabs": [{ "text": "Application e-CPS", "selected": true }], "buttons": [{ "text": "Se connecter avec e-CPS" }],
        "fields": [{ "ref": 3, "label": "Identifiant national", "kind": "text", "visible": true, "editable": true, "filled": "empty" }],
    }}))
}

fn number_page(number: &str) -> String {
    envelope(json!({ "page": {
        "v": 1, "headings": ["Vérification de votre identité en 2 étapes"],
        "texts": ["Sélection du code affiché ci-dessous parmi les trois codes proposés",
                  "Il vous reste 94 secondes pour valider votre demande d'authentification"],
        "numbers": [{ "text": number, "height_px": 60, "visible": true }],
    }}))
}

fn fill_order(identifier: &str, mismatch: &str) -> String {
    envelope(json!({ "fill": { "tab": 7, "identifier": identifier, "mismatch": mismatch, "keep": "session" } }))
}

fn forget(identifier: Option<&str>) -> String {
    envelope(json!({ "forget": { "identifier": identifier } }))
}

#[wasm_bindgen_test]
async fn a_genuine_number_reaches_the_badge() {
    store();
    assert_eq!(send(&page_sender(WALLET), number_page("07")).await, None);
    assert_eq!(badge(7), "07");
    assert_eq!(send(&page_sender(WALLET), number_page("58")).await, None);
    assert_eq!(badge(7), "58");
    let mut leaving = page_sender(WALLET);
    leaving["documentLifecycle"] = json!("cached");
    leaving["frameId"] = json!(3);
    assert_eq!(send(&leaving, envelope(json!("gone"))).await, None);
    assert_eq!(badge(7), "");
    on_tab_removed(7).await;
    assert_eq!(kept(), r#"{"session":{},"local":{}}"#);
}

#[wasm_bindgen_test]
async fn what_is_no_number_is_not_shown() {
    store();
    for text in ["4", "479", "4a", "４７", "٤٧", ""] {
        send(&page_sender(WALLET), number_page(text)).await;
        assert_eq!(badge(7), "", "{text}");
    }
}

#[wasm_bindgen_test]
async fn senders_that_are_not_heard_change_nothing() {
    store();
    let hostile = [
        json!({}),
        json!(null),
        json!({ "id": "other", "origin": "https://wallet.esw.esante.gouv.fr", "frameId": 0, "tab": { "id": 7 } }),
        json!({ "id": "vigie", "frameId": 0, "tab": { "id": 7 } }),
        json!({ "id": "vigie", "origin": "null", "frameId": 0, "tab": { "id": 7 } }),
        json!({ "id": "vigie", "origin": "https://wallet.esw.esante.gouv.fr", "frameId": 2, "tab": { "id": 7 } }),
        json!({ "id": "vigie", "origin": "https://wallet.esw.esante.gouv.fr", "frameId": 0 }),
        json!({ "id": "vigie", "origin": "http://example.org", "frameId": 0, "tab": { "id": 7 } }),
        json!({ "id": "vigie", "origin": "https://wallet.psc.localhost", "frameId": 0, "tab": { "id": 7 } }),
        json!({ "id": "vigie", "origin": "chrome-extension://other", "frameId": 0 }),
    ];
    for sender in hostile.iter().skip(2) {
        for message in [number_page("47"), fill_order(IDENTIFIER, "accepted"), forget(None)] {
            assert_eq!(send(sender, message).await, None, "{sender}");
        }
    }
    assert_eq!(send(&hostile[0], number_page("47")).await, None);
    assert_eq!((badge(7), all_sent(), kept().as_str()), (String::new(), vec![], r#"{"session":{},"local":{}}"#));
}

#[wasm_bindgen_test]
async fn a_page_obtains_nothing_by_any_message() {
    store();
    send(&popup_sender(), forget(None)).await;
    let before = kept();
    let hostile = [
        JsValue::NULL,
        JsValue::from_f64(1.0),
        js(&json!({ "v": 1, "m": { "page": { "v": 1 } } })),
        "".into(),
        "{".into(),
        "[[[[[[[[".repeat(5_000).into(),
        forget(None).into(),
        fill_order(IDENTIFIER, "accepted").into(),
        envelope(json!({ "page": { "v": 1, "__proto__": { "x": 1 } } })).into(),
        envelope(json!({ "page": { "v": 1, "fields": [{ "ref": -1 }] } })).into(),
        envelope(json!({ "page": { "v": 1, "fields": [{ "ref": 0, "value": "secret" }] } })).into(),
        envelope(json!({ "page": { "v": 1, "title": "x".repeat(70_000) } })).into(),
        json!({ "v": 2, "m": "gone" }).to_string().into(),
        json!({ "v": 1, "m": "gone", "tab": 8 }).to_string().into(),
    ];
    for message in hostile {
        let shown = format!("{message:?}").chars().take(80).collect::<String>();
        assert_eq!(send(&page_sender(WALLET), message).await, None, "{shown}");
    }
    assert_eq!((badge(7), all_sent(), kept()), (String::new(), vec![], before));
}

#[wasm_bindgen_test]
async fn our_page_cannot_report_facts() {
    store();
    let answer = send(&popup_sender(), number_page("47")).await.unwrap();
    assert_eq!(answer, json!({ "v": 1, "m": { "refused": "EXT-MESSAGE-SHAPE" } }));
    assert_eq!(badge(7), "");
}

#[wasm_bindgen_test]
async fn a_look_alike_is_warned_of_and_gets_nothing() {
    dev();
    set_tab_url(7, &format!("https://{LOOKALIKE}/"));
    for message in [number_page("47"), identifier_page()] {
        send(&page_sender(LOOKALIKE), message).await;
        assert_eq!(badge(7), "!");
    }
    let answer = send(&popup_sender(), fill_order(IDENTIFIER, "accepted")).await.unwrap();
    assert_eq!(answer["m"], json!({ "refused": "EXT-FILL-NOT-GENUINE" }));
    // The host is right, the port is not: no place of the operator.
    send(&page_sender("wallet.esw.esante.gouv.fr:8443"), number_page("47")).await;
    assert_eq!(badge(7), "!");
    assert_eq!(all_sent(), Vec::<String>::new());
    assert!(!kept().contains("shown"), "digits of a look-alike were kept: {}", kept());
}

#[wasm_bindgen_test]
async fn a_fill_takes_two_steps_to_one_document() {
    store();
    set_tab_url(7, &format!("https://{WALLET}/auth?client_id=x"));
    send(&page_sender(WALLET), identifier_page()).await;
    answer_next(&envelope(json!("ready")));
    answer_next(&envelope(json!("written")));
    let answer = send(&popup_sender(), fill_order("99700427869", "ask")).await.unwrap();
    assert_eq!(answer["m"], json!("filled"));

    let sent: Vec<Value> = all_sent().iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    assert_eq!(sent.len(), 2);
    let (probe, write) = (&sent[0], &sent[1]);
    assert!(sent.iter().all(|one| one["tab"] == json!(7) && one["options"] == json!({ "documentId": "D1" })));
    assert_eq!((&probe["message"]["t"], &probe["message"]["field"]), (&json!("probe"), &json!(3)));
    assert!(!probe.to_string().contains(IDENTIFIER), "the probe carries the identifier");
    assert_eq!((&write["message"]["t"], &write["message"]["value"]), (&json!("write"), &json!(IDENTIFIER)));
    assert_eq!(probe["message"]["token"], write["message"]["token"]);
    assert_eq!(probe["message"]["token"].as_str().unwrap().len(), 32);

    // Kept in memory only; the keyboard command fills it again, under another token.
    let kept: Value = serde_json::from_str(&kept()).unwrap();
    assert!(kept["session"]["desk"].as_str().unwrap().contains(IDENTIFIER) && kept["local"] == json!({}));
    answer_next(&envelope(json!("ready")));
    answer_next(&envelope(json!("written")));
    on_command("fill".into(), Some(js(&json!({ "id": 7 })).unchecked_into::<TabObject>())).await;
    assert_eq!((all_sent().len(), popups_opened()), (4, 0));
    assert!(!all_sent()[2].contains(probe["message"]["token"].as_str().unwrap()));
}

#[wasm_bindgen_test]
async fn a_fill_that_must_not_happen() {
    async fn check(setup: impl AsyncFnOnce(), order: String, expect: Value, messages: usize) {
        store();
        set_tab_url(7, &format!("https://{WALLET}/auth"));
        setup().await;
        let answer = send(&popup_sender(), order).await.unwrap();
        assert_eq!(answer["m"], expect);
        assert_eq!(all_sent().len(), messages, "{expect}");
        assert!(all_sent().iter().all(|text| !text.contains(IDENTIFIER)));
    }
    let seen = async || drop(send(&page_sender(WALLET), identifier_page()).await);
    let refused = |code: &str| json!({ "refused": code });
    check(async || (), fill_order(IDENTIFIER, "ask"), refused("EXT-FILL-NO-PAGE"), 0).await;
    check(seen, fill_order("899700427860", "ask"), json!("confirm"), 0).await;
    check(seen, fill_order("8997", "ask"), refused("ID-LENGTH"), 0).await;
    check(seen, fill_order("", "ask"), refused("ID-EMPTY"), 0).await;
    let moved = async || {
        seen().await;
        set_tab_url(7, "https://example.org/");
    };
    check(moved, fill_order(IDENTIFIER, "ask"), refused("EXT-FILL-NOT-GENUINE"), 0).await;
    // A browser that does not name documents cannot say which of a tab's pages would get the identifier.
    let nameless = async || {
        let mut sender = page_sender(WALLET);
        sender.as_object_mut().unwrap().remove("documentId");
        send(&sender, identifier_page()).await;
    };
    check(nameless, fill_order(IDENTIFIER, "ask"), refused("EXT-FIELD-GONE"), 0).await;
    let other_page = async || drop(send(&page_sender(WALLET), number_page("47")).await);
    check(other_page, fill_order(IDENTIFIER, "ask"), refused("EXT-FILL-NO-FIELD"), 0).await;
    let covered = async || {
        seen().await;
        answer_next(&envelope(json!({ "refused": "covered" })));
    };
    check(covered, fill_order(IDENTIFIER, "ask"), refused("EXT-FIELD-COVERED"), 1).await;
    let lying = async || {
        seen().await;
        answer_next(&envelope(json!("written")));
    };
    check(lying, fill_order(IDENTIFIER, "ask"), refused("EXT-FIELD-GONE"), 1).await;
    check(seen, fill_order(IDENTIFIER, "ask"), refused("EXT-FIELD-GONE"), 1).await;
}

#[wasm_bindgen_test]
async fn a_key_that_cannot_fill_opens_the_popup() {
    store();
    let press =
        async |name: &str| on_command(name.into(), Some(js(&json!({ "id": 7 })).unchecked_into::<TabObject>())).await;
    press("fill").await;
    assert_eq!((popups_opened(), all_sent().len()), (1, 0));
    press("something else").await;
    on_command("fill".into(), None).await;
    assert_eq!((popups_opened(), all_sent().len()), (1, 0));
}

/// The popup's own document, without its loader and style sheet.
fn show_popup() {
    let html = include_str!("../web/popup.html");
    let body = html.split_once("<body>").unwrap().1.split_once("</body>").unwrap().0;
    let holder = gloo::utils::document().create_element("div").unwrap();
    holder.set_id("popup");
    holder.set_inner_html(body);
    gloo::utils::body().append_child(&holder).unwrap();
    open_popup(js(&serde_json::from_str(include_str!("../../verifier-core/texts/fr.json")).unwrap()));
}

/// Lets everything run that waits for nothing but promises.
async fn settled() {
    for _ in 0..200 {
        wasm_bindgen_futures::JsFuture::from(js_sys::Promise::resolve(&JsValue::NULL)).await.unwrap();
    }
}

fn text(id: &str) -> String {
    gloo::utils::document().get_element_by_id(id).unwrap().text_content().unwrap()
}

fn is_shown(id: &str) -> bool {
    !gloo::utils::document().get_element_by_id(id).unwrap().has_attribute("hidden")
}

fn popup_state() -> String {
    gloo::utils::document().get_element_by_id("page-state").unwrap().get_attribute("data-state").unwrap()
}

async fn type_identifier(value: &str) {
    let input: web_sys::HtmlInputElement =
        gloo::utils::document().get_element_by_id("identifier").unwrap().unchecked_into();
    input.set_value(value);
    input.dispatch_event(&web_sys::Event::new("input").unwrap()).unwrap();
    settled().await;
}

#[wasm_bindgen_test]
async fn the_popup_tells_one_login() {
    store();
    set_tab_url(7, &format!("https://{WALLET}/auth"));
    send(&page_sender(WALLET), identifier_page()).await;
    show_popup();
    settled().await;
    assert_eq!((popup_state().as_str(), is_shown("fill-panel"), is_shown("number-panel")), ("identifier", true, false));

    type_identifier("99700 4278").await;
    assert_eq!((text("preview"), is_shown("preview-box")), (String::new(), false));
    type_identifier("99700427869").await;
    assert_eq!((text("preview").as_str(), text("identifier-problem").as_str()), (IDENTIFIER, ""));
    type_identifier("99700427860").await;
    assert_eq!((text("preview").as_str(), text("identifier-problem").as_str()), ("899700427860", "mismatchHint"));

    send(&page_sender(WALLET), number_page("07")).await;
    refresh_popup();
    settled().await;
    assert_eq!((popup_state().as_str(), text("digits").as_str(), is_shown("fill-panel")), ("number", "07", false));
    assert!(is_shown("time") && text("countdown").starts_with("countdown"));

    send(&page_sender(WALLET), number_page("479")).await;
    refresh_popup();
    settled().await;
    assert_eq!((popup_state().as_str(), text("digits").as_str()), ("number-unread", ""));
    assert!(!is_shown("number-panel") && !is_shown("time"));

    set_tab_url(7, "https://wallet-esw-esante-gouv.fr.example/");
    refresh_popup();
    settled().await;
    assert_eq!((popup_state().as_str(), is_shown("fill-panel"), badge(7).as_str()), ("lookalike", false, "!"));
    hide_popup();
}

/// Fills an identifier from the popup; the page takes it.
async fn fills(identifier: &str) {
    answer_next(&envelope(json!("ready")));
    answer_next(&envelope(json!("written")));
    assert_eq!(send(&popup_sender(), fill_order(identifier, "ask")).await.unwrap()["m"], json!("filled"));
}

async fn press_fill() {
    on_command("fill".into(), Some(js(&json!({ "id": 7 })).unchecked_into::<TabObject>())).await;
}

#[wasm_bindgen_test]
async fn several_people_at_one_desk() {
    store();
    set_tab_url(7, &format!("https://{WALLET}/auth"));
    send(&page_sender(WALLET), identifier_page()).await;
    fills(IDENTIFIER).await;
    fills(COLLEAGUE).await;
    assert!(
        kept().contains(IDENTIFIER) && kept().contains(COLLEAGUE) && kept().ends_with(r#""local":{}}"#),
        "{}",
        kept()
    );

    // Of two people nobody knows who pressed the key: nothing is written, the popup opens.
    let sent = all_sent().len();
    press_fill().await;
    assert_eq!((all_sent().len(), popups_opened()), (sent, 1));
    send(&popup_sender(), forget(Some(COLLEAGUE))).await;
    assert!(kept().contains(IDENTIFIER) && !kept().contains(COLLEAGUE), "{}", kept());
    answer_next(&envelope(json!("ready")));
    answer_next(&envelope(json!("written")));
    press_fill().await;
    assert_eq!((all_sent().len(), popups_opened()), (sent + 2, 1));
    send(&popup_sender(), forget(None)).await;
    assert!(!kept().contains(IDENTIFIER), "{}", kept());
}

#[wasm_bindgen_test]
async fn a_key_that_does_not_agree_is_pointed_out_once() {
    store();
    set_tab_url(7, &format!("https://{WALLET}/auth"));
    send(&page_sender(WALLET), identifier_page()).await;
    let odd = "899700427860";
    assert_eq!(send(&popup_sender(), fill_order(odd, "ask")).await.unwrap()["m"], json!("confirm"));
    answer_next(&envelope(json!("ready")));
    answer_next(&envelope(json!("written")));
    assert_eq!(send(&popup_sender(), fill_order(odd, "accepted")).await.unwrap()["m"], json!("filled"));
    fills(odd).await;
}

#[wasm_bindgen_test]
async fn a_key_that_is_refused_says_why_in_the_popup() {
    store();
    set_tab_url(7, &format!("https://{WALLET}/auth"));
    send(&page_sender(WALLET), identifier_page()).await;
    fills(IDENTIFIER).await;
    answer_next(&envelope(json!({ "refused": "covered" })));
    press_fill().await;
    assert_eq!(popups_opened(), 1);
    show_popup();
    settled().await;
    assert_eq!(text("identifier-problem"), "code_EXT_FIELD_COVERED");
    hide_popup();
}

fn event(details: Value) -> RequestObject {
    js(&details).unchecked_into::<RequestObject>()
}

#[wasm_bindgen_test]
async fn the_watch_warns_and_keeps_nothing_of_other_pages() {
    store();
    let opened = async |url: &str| on_committed(event(json!({ "tabId": 9, "frameId": 0, "url": url }))).await;
    for calm in
        ["https://example.org/x", "about:blank", "https://www.esante.gouv.fr/", &format!("https://{WALLET}/auth")]
    {
        opened(calm).await;
        assert_eq!((badge(9), kept().as_str()), (String::new(), r#"{"session":{},"local":{}}"#), "{calm}");
    }
    opened("https://wallet-esw-esante-gouv.fr.example/login?secret=1").await;
    assert_eq!(badge(9), "!");
    assert!(kept().contains("spoof") && !kept().contains("secret"), "{}", kept());
    on_committed(event(json!({ "tabId": 9, "frameId": 4, "url": "https://example.org/" }))).await;
    assert_eq!(badge(9), "!");
    opened("https://example.org/").await;
    assert_eq!(badge(9), "");
}

#[wasm_bindgen_test]
async fn a_service_that_is_out_of_order_is_told_apart() {
    async fn check(ending: Value, expect: &str, node: &str) {
        store();
        let url = format!("https://{WALLET}/auth");
        set_tab_url(7, &url);
        let step = |more: &Value| {
            let mut details = json!({ "tabId": 7, "frameId": 0, "url": url });
            details.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            event(details)
        };
        on_request(step(&json!({}))).await;
        on_request(step(&ending)).await;
        show_popup();
        settled().await;
        let open = gloo::utils::document().get_element_by_id("guide").unwrap();
        assert_eq!(
            (popup_state().as_str(), open.get_attribute("data-node").as_deref()),
            (expect, Some(node)),
            "{ending}"
        );
        assert!(open.has_attribute("open") && text("guide-steps").len() > 40, "{ending}");
        // The next try begins afresh.
        on_request(step(&json!({}))).await;
        refresh_popup();
        settled().await;
        assert_ne!(popup_state(), expect, "{ending}");
        hide_popup();
    }
    check(json!({ "statusCode": 503 }), "outage", "GUIDE-OUTAGE").await;
    check(json!({ "error": "net::ERR_CONNECTION_REFUSED" }), "unreachable", "GUIDE-NETWORK").await;
    check(json!({ "error": "net::ERR_BAD_SSL_CLIENT_AUTH_CERT" }), "card-unread", "GUIDE-READER").await;
}

/// The store package is not for the test environment, and its pages do not report to it: the address says what is wrong.
#[wasm_bindgen_test]
async fn a_page_of_the_other_environment_is_named() {
    store();
    // The popup that stands in a tab speaks of the tab that was heard of last.
    on_request(event(json!({ "tabId": 7, "frameId": 0, "url": format!("https://{WALLET}/auth") }))).await;
    set_tab_url(7, "https://wallet.bas.psc.esante.gouv.fr/auth");
    show_popup();
    settled().await;
    let guide = gloo::utils::document().get_element_by_id("guide").unwrap();
    assert_eq!((popup_state().as_str(), text("verdict").as_str()), ("elsewhere", "verdict_family"));
    assert_eq!(guide.get_attribute("data-node").as_deref(), Some("GUIDE-WRONG-APP"));
    assert!(guide.has_attribute("open") && text("guide-steps").contains("BAS"), "{}", text("guide-steps"));

    // Of any other page nothing is said.
    set_tab_url(7, "https://example.org/");
    refresh_popup();
    settled().await;
    assert_eq!(guide.get_attribute("data-node").as_deref(), Some("GUIDE-START"));
    assert!(!guide.has_attribute("open"));
    hide_popup();
}

#[wasm_bindgen_test]
async fn a_request_that_is_not_ours_is_answered_with_what_this_browser_knows() {
    store();
    set_tab_url(7, &format!("https://{WALLET}/auth"));
    send(&page_sender(WALLET), number_page("07")).await;
    show_popup();
    settled().await;
    assert!(is_shown("unseen-panel"), "nobody was seen to ask for this login");
    press("#unseen-panel [data-act=unasked]").await;
    assert!(is_shown("unasked-panel") && text("unasked-desk").starts_with("unaskedRunningUnseen"));
    let guide = gloo::utils::document().get_element_by_id("guide").unwrap();
    assert_eq!(guide.get_attribute("data-node").as_deref(), Some("GUIDE-UNASKED-PUSH"));
    let logout = gloo::utils::document().get_element_by_id("logout").unwrap().get_attribute("href").unwrap();
    assert_eq!(logout, "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet/protocol/openid-connect/logout");
    press("[data-act=guide][data-node=GUIDE-PULL-MODE]").await;
    assert!(text("guide-steps").contains("notifications") && is_shown("guide-back"));
    press("#guide-back").await;
    assert_eq!(guide.get_attribute("data-node").as_deref(), Some("GUIDE-UNASKED-PUSH"));
    press("[data-act=asked]").await;
    assert!(!is_shown("unasked-panel") && is_shown("unseen-panel"));

    // With the request seen, the service is named; with no login, so is that.
    let back = "https%3A%2F%2Fsmurtab.example%2Fback";
    let url = format!("https://{WALLET}/auth?client_id=smurtab&redirect_uri={back}");
    on_request(event(json!({ "tabId": 7, "frameId": 0, "url": url }))).await;
    send(&page_sender(WALLET), number_page("07")).await;
    refresh_popup();
    settled().await;
    assert!(!is_shown("unseen-panel") && text("service") == "smurtab.example");
    press("#unasked").await;
    assert!(text("unasked-desk").starts_with("unaskedRunning smurtab.example"), "{}", text("unasked-desk"));
    on_tab_removed(7).await;
    refresh_popup();
    settled().await;
    assert_eq!(text("unasked-desk"), "unaskedNone");
    press("[data-act=asked]").await;
    hide_popup();
}

#[wasm_bindgen_test]
async fn the_watch_is_asked_for_by_a_click_and_given_back() {
    store();
    show_popup();
    settled().await;
    let state = || gloo::utils::document().get_element_by_id("watch").unwrap().get_attribute("data-watch").unwrap();
    assert_eq!((state().as_str(), text("watch-toggle").as_str()), ("off", "watchStart"));
    press("#watch-toggle").await;
    assert_eq!((state().as_str(), text("watch-toggle").as_str()), ("on", "watchStop"));
    press("#watch-toggle").await;
    assert_eq!(state(), "off");
    hide_popup();
}

async fn press(css: &str) {
    let element = gloo::utils::document().query_selector(&format!("#popup {css}")).unwrap().expect(css);
    element.unchecked_into::<web_sys::HtmlElement>().click();
    settled().await;
}

fn hide_popup() {
    gloo::utils::document().get_element_by_id("popup").unwrap().remove();
    close_popup();
}
