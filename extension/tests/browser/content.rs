//! The content script against pages: what it reports, and when it writes.

use super::*;

const CONTENT: &str = include_str!("../../web/content.js");

async fn page(body: &str) -> Page {
    open_page(&format!("<!doctype html><title>t</title>{body}"), CONTENT).await.unwrap().unchecked_into()
}

fn facts(page: &Page) -> Value {
    serde_json::from_str::<Value>(&last_report(page)).unwrap()["m"]["page"].clone()
}

fn answer(page: &Page, message: Value) -> Value {
    serde_json::from_str::<Value>(&ask_page(page, &message.to_string()).unwrap()).unwrap()["m"].clone()
}

fn probe(page: &Page) -> Value {
    answer(page, json!({ "v": 1, "t": "probe", "field": facts(page)["fields"][0]["ref"], "token": "T" }))
}

fn write(page: &Page, token: &str) -> Value {
    answer(page, json!({ "v": 1, "t": "write", "token": token, "value": IDENTIFIER }))
}

#[wasm_bindgen_test]
async fn the_content_script_reports_facts_and_no_values() {
    let page = page(
        "<h1>Connectez-vous</h1><p>Bonjour 899700427869</p><a role=tab aria-selected=true href=#>Application e-CPS</a>
         <form><label>Identifiant <input name=saisie value='899700427869'></label><input type=password value=secret>
         <button>Se connecter avec e-CPS</button></form><div><b>4</b><b>7</b></div><p hidden>99</p><i>1</i><i>2</i><i>3</i><i>4</i>",
    )
    .await;
    let facts = facts(&page);
    assert_eq!(facts["headings"], json!(["Connectez-vous"]));
    assert_eq!(facts["tabs"], json!([{ "text": "Application e-CPS", "selected": true }]));
    assert_eq!(facts["buttons"], json!([{ "text": "Se connecter avec e-CPS" }]));
    assert_eq!(facts["fields"][0]["label"], json!("Identifiant"));
    assert_eq!(facts["fields"][0]["filled"], json!("other"));
    let numbers: Vec<_> =
        facts["numbers"].as_array().unwrap().iter().map(|n| (n["text"].clone(), n["visible"].clone())).collect();
    assert_eq!(numbers, [(json!("47"), json!(true)), (json!("99"), json!(false))]);
    let text = last_report(&page);
    assert!(!text.contains("8997") && !text.contains("secret"), "{text}");
    close_page(&page);
}

/// The browser may stop the background while a report is under way, and a page that floods it may leave no room for another.
/// Nothing in the page changes, and still the facts are sent again.
#[wasm_bindgen_test]
async fn what_nobody_heard_is_sent_again() {
    let opened = open_unheard_page("<h1>Connectez-vous</h1>", CONTENT).await.unwrap();
    let page: Page = opened.unchecked_into();
    assert_eq!(first_report(&page).await, JsValue::from(1));
    assert_eq!(facts(&page)["headings"], json!(["Connectez-vous"]));
    close_page(&page);
}

/// Back from the browser's cache the page is as it was, so that nothing but the event itself tells that it is there again.
#[wasm_bindgen_test]
async fn a_page_that_comes_back_reports_again() {
    let page = page("<h1>Connectez-vous</h1>").await;
    let before = reports(&page);
    in_page(&page, "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }))");
    assert_eq!(reports(&page), before, "a page that was loaded has reported already");
    in_page(&page, "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
    assert_eq!(reports(&page), before + 1);
    assert_eq!(facts(&page)["headings"], json!(["Connectez-vous"]));
    close_page(&page);
}

/// A control named like a property of its form stands in its place.
#[wasm_bindgen_test]
async fn a_form_that_hides_its_own_properties_is_read_through() {
    let names =
        ["children", "childNodes", "matches", "textContent", "getBoundingClientRect", "checkVisibility", "tagName"];
    for name in names {
        let page = page(&format!(
            "<h1>Connectez-vous</h1><form><input aria-label=Identifiant><button name={name}>Se connecter avec e-CPS</button></form>"
        ))
        .await;
        let facts = facts(&page);
        assert_eq!(facts["fields"][0]["label"], json!("Identifiant"), "{name}");
        assert_eq!(facts["buttons"], json!([{ "text": "Se connecter avec e-CPS" }]), "{name}");
        assert_eq!(probe(&page), json!("ready"), "{name}");
        close_page(&page);
    }
}

#[wasm_bindgen_test]
async fn open_shadow_roots_are_read() {
    let page = page(
        "<div id=host><template shadowrootmode=open><h1>Connectez-vous</h1><input aria-label=Identifiant></template></div>
         <script>const r=host.shadowRoot??host.attachShadow({mode:'open'});
         if(!r.firstChild)r.innerHTML='<h1>Connectez-vous</h1><input aria-label=Identifiant>'</script>",
    )
    .await;
    let facts = facts(&page);
    assert_eq!(facts["headings"], json!(["Connectez-vous"]));
    assert_eq!(facts["fields"][0]["label"], json!("Identifiant"));
    assert_eq!(probe(&page), json!("ready"));
    close_page(&page);
}

#[wasm_bindgen_test]
async fn a_field_is_written_once_under_its_token() {
    let page = page(
        "<form onsubmit='window.sent=true'><input id=f></form>
         <script>window.seen=[];for(const t of ['input','change','keydown','click','submit'])addEventListener(t,(e)=>seen.push(e.type),true)</script>",
    )
    .await;
    assert_eq!(write(&page, "T"), json!({ "refused": "gone" }));
    assert_eq!(probe(&page), json!("ready"));
    assert_eq!(write(&page, "U"), json!({ "refused": "gone" }));
    assert_eq!(write(&page, "T"), json!({ "refused": "gone" }), "a wrong token ends the promise");
    assert_eq!(probe(&page), json!("ready"));
    assert_eq!(write(&page, "T"), json!("written"));
    assert_eq!(write(&page, "T"), json!({ "refused": "gone" }));
    assert_eq!(in_page(&page, "return f.value").as_string().as_deref(), Some(IDENTIFIER));
    assert_eq!(in_page(&page, "return seen.join()").as_string().as_deref(), Some("input,change"));
    assert_eq!(ask_page_as(&page, r#"{"v":1,"t":"probe"}"#, r#"{"id":"other"}"#), None);
    assert_eq!(ask_page_as(&page, r#"{"v":1,"t":"probe"}"#, r#"{"id":"vigie","tab":{"id":1}}"#), None);
    assert_eq!(ask_page_as(&page, r#"{"v":2,"t":"probe"}"#, r#"{"id":"vigie"}"#), None);
    close_page(&page);
}

#[wasm_bindgen_test]
async fn a_field_that_a_person_does_not_see_is_refused() {
    async fn check(body: &str, expect: &str) {
        let page = page(body).await;
        assert_eq!(probe(&page), json!({ "refused": expect }), "{body}");
        close_page(&page);
    }
    check("<input style='opacity:.01'>", "hidden").await;
    check("<div style='opacity:.8'><div style='opacity:.8'><input></div></div>", "hidden").await;
    check("<body style='opacity:.5'><input>", "hidden").await;
    check("<input style='visibility:hidden'>", "hidden").await;
    check("<input style='display:none'>", "hidden").await;
    check("<input style='width:4px;height:4px;padding:0;border:0'>", "hidden").await;
    check("<input style='position:absolute;left:-9999px'>", "hidden").await;
    check("<input><div style='position:fixed;inset:0'></div>", "covered").await;
    check("<input style='pointer-events:none'>", "covered").await;
    check("<input disabled>", "not-editable").await;
    check("<input readonly>", "not-editable").await;
    check("<input type=password>", "not-editable").await;
}

#[wasm_bindgen_test]
async fn what_changes_between_probe_and_write_is_noticed() {
    async fn check(change: &str, expect: Value) {
        let page = page("<input id=f><div id=over></div>").await;
        assert_eq!(probe(&page), json!("ready"));
        in_page(&page, change);
        assert_eq!(write(&page, "T"), expect, "{change}");
        close_page(&page);
    }
    let refused = |reason: &str| json!({ "refused": reason });
    check("f.remove()", refused("gone")).await;
    check("document.documentElement.style.opacity='.1'", refused("hidden")).await;
    check("over.style.cssText='position:fixed;inset:0'", refused("covered")).await;
    check("f.value='other'", refused("not-empty")).await;
    check("f.readOnly=true", refused("not-editable")).await;
    check("f.oninput=()=>{f.value='x'}", refused("altered")).await;
}
