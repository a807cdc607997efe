//! The two routers side by side: who is heard at all, and that what one router reads the other refuses.
//!
//! The routers themselves run in a browser (`browser.rs`, and against a real renderer `tests/stories/hostile/forged.rs`); this is
//! what they are made of, for every combination.

use verifier_core::page::Flavour;
use vigie_extension::browser::runtime::Own;
use vigie_extension::messages::{FieldRefusal, PageAnswer};
use vigie_extension::messages::{FromPage, FromPopup, MESSAGE_BYTES, read, read_page_answer};
use vigie_extension::sender::{RefuseSender, Sender, Speaker, admit};

const GENUINE: &str = "https://wallet.esw.esante.gouv.fr";

/// What a page may say.
const FACTS: &[&str] =
    &[r#"{"v":1,"m":"gone"}"#, r#"{"v":1,"m":{"page":{"v":1}}}"#, r#"{"v":1,"m":{"page":{"v":1,"title":"x"}}}"#];

/// What a page of the extension may order.
const ORDERS: &[&str] = &[
    r#"{"v":1,"m":{"forget":{}}}"#,
    r#"{"v":1,"m":{"forget":{"identifier":"x"}}}"#,
    r#"{"v":1,"m":{"fill":{"tab":7,"identifier":"x","mismatch":"ask","keep":"session"}}}"#,
    r#"{"v":1,"m":{"fill":{"tab":7,"identifier":"x","mismatch":"accepted","keep":"device"}}}"#,
    r#"{"v":1,"m":{"hand-over":7}}"#,
    r#"{"v":1,"m":{"hand-over":null}}"#,
    r#"{"v":1,"m":"shared"}"#,
    r#"{"v":1,"m":"personal"}"#,
];

/// What the extension itself says to pages and to the popup, sent back to it.
const ECHOES: &[&str] = &[
    r#"{"v":1,"m":"ready"}"#,
    r#"{"v":1,"m":"written"}"#,
    r#"{"v":1,"m":{"refused":"gone"}}"#,
    r#"{"v":1,"m":"filled"}"#,
    r#"{"v":1,"m":"confirm"}"#,
    r#"{"v":1,"m":"done"}"#,
    r#"{"v":1,"m":"failed"}"#,
    r#"{"v":1,"t":"probe","token":"T","field":0}"#,
    r#"{"v":1,"t":"write","token":"T","value":"x"}"#,
];

/// Small changes after which a message is none: another version, one member more, one less, another order of things.
fn spoiled(message: &str) -> Vec<String> {
    let inner = message.trim_start_matches(r#"{"v":1,"m":"#).trim_end_matches('}').to_owned();
    vec![
        message.replacen(r#""v":1"#, r#""v":2"#, 1),
        message.replacen(r#""v":1"#, r#""v":0"#, 1),
        message.replacen(r#""v":1"#, r#""v":"1""#, 1),
        message.replacen(r#""v":1"#, r#""v":1.5"#, 1),
        message.replacen(r#""v":1,"#, "", 1),
        message.replacen(r#""v":1,"#, r#""v":1,"v":1,"#, 1),
        message.replacen(r#""v":1,"#, r#""v":1,"tab":8,"#, 1),
        message.replacen(r#""v":1,"#, r#""v":1,"__proto__":{},"#, 1),
        message.replacen('{', "[{", 1) + "]",
        format!("{message}{message}"),
        format!("{message} x"),
        format!(r#"{{"v":1,"m":[{inner}]}}"#),
        format!("\u{feff}{message}"),
        format!("{message}{}", " ".repeat(MESSAGE_BYTES)),
    ]
}

#[test]
fn each_router_reads_its_own_messages_and_no_other() {
    for message in FACTS {
        assert!(read::<FromPage>(message).is_ok(), "{message}");
        assert!(read::<FromPopup>(message).is_err(), "an order: {message}");
    }
    for message in ORDERS {
        assert!(read::<FromPopup>(message).is_ok(), "{message}");
        assert!(read::<FromPage>(message).is_err(), "a fact: {message}");
    }
    for message in ECHOES {
        assert!(read::<FromPage>(message).is_err() && read::<FromPopup>(message).is_err(), "{message}");
    }
}

#[test]
fn a_spoiled_message_is_read_by_nobody() {
    for message in FACTS.iter().chain(ORDERS).chain(ECHOES).flat_map(|message| spoiled(message)) {
        let shown: String = message.chars().take(90).collect();
        assert!(read::<FromPage>(&message).is_err(), "a fact: {shown}");
        assert!(read::<FromPopup>(&message).is_err(), "an order: {shown}");
        assert_eq!(read_page_answer(&message), PageAnswer::Refused(FieldRefusal::Gone), "an answer: {shown}");
    }
}

fn page(origin: &str) -> Sender {
    Sender {
        id: Some("vigie".into()),
        origin: Some(origin.into()),
        frame_id: Some(0),
        document_id: Some("D".into()),
        context_id: None,
        document_lifecycle: Some("active".into()),
        tab: Some(7),
    }
}

#[track_caller]
fn check(sender: &Sender, expect: Result<&str, RefuseSender>) {
    let own = Own { id: "vigie".into(), origin: "chrome-extension://vigie".into() };
    let speaker = admit(sender, &own, Flavour::Store);
    let word = match &speaker {
        Ok(Speaker::OwnPage) => Ok("an order"),
        Ok(Speaker::Page(_)) => Ok("a fact"),
        Ok(Speaker::Leaver { .. }) => Ok("a farewell"),
        Err(error) => Err(*error),
    };
    assert_eq!(word, expect, "{sender:?}");
}

#[test]
fn only_a_page_of_our_own_can_order() {
    check(&page("chrome-extension://vigie"), Ok("an order"));
    check(&page(GENUINE), Ok("a fact"));
    for (origin, expect) in [
        ("chrome-extension://other", RefuseSender::Unrelated),
        ("moz-extension://vigie", RefuseSender::Unrelated),
        ("chrome-extension://vigie.example", RefuseSender::Unrelated),
        ("https://vigie", RefuseSender::Unrelated),
        ("null", RefuseSender::Origin),
        ("", RefuseSender::Origin),
        ("chrome-extension://vigie/", RefuseSender::Origin),
        ("https://wallet.esw.esante.gouv.fr/auth", RefuseSender::Origin),
        ("https://user@wallet.esw.esante.gouv.fr", RefuseSender::Origin),
        ("https://wallet.esw.esante.gouv.fr:99999", RefuseSender::Origin),
        ("file://", RefuseSender::Origin),
    ] {
        check(&page(origin), Err(expect));
    }
}

#[test]
fn whoever_is_not_named_by_the_browser_is_not_heard() {
    for origin in [GENUINE, "chrome-extension://vigie"] {
        for id in [None, Some(""), Some("Vigie"), Some("vigie "), Some("other")] {
            let sender = Sender { id: id.map(str::to_owned), ..page(origin) };
            check(&sender, Err(RefuseSender::Foreign));
        }
        check(&Sender { origin: None, ..page(origin) }, Err(RefuseSender::Origin));
        for frame in [1, 2, 77, -1, i32::MAX] {
            check(&Sender { frame_id: Some(frame), ..page(origin) }, Err(RefuseSender::Frame));
        }
    }
    check(&Sender { frame_id: None, ..page(GENUINE) }, Err(RefuseSender::Frame));
    check(&Sender { tab: None, ..page(GENUINE) }, Err(RefuseSender::NoTab));
    check(&Sender::default(), Err(RefuseSender::Foreign));
}
