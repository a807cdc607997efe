//! The address that a person pastes, judged here and by the `url` crate. Only one thing must never differ: what is called
//! genuine.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test may panic"
)]

use proptest::prelude::*;
use verifier_core::page::{Flavour, UrlFacts, assess};
use verifier_core::report;

/// Genuine according to the `url` crate and the host table.
fn is_genuine(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text) else { return false };
    let facts = UrlFacts {
        scheme: url.scheme(),
        host: url.host_str().unwrap_or_default(),
        port: url.port(),
        has_userinfo: !url.username().is_empty() || url.password().is_some(),
    };
    assess(&facts, Flavour::Dev).verdict.environment().is_some()
}

fn is_called_genuine(text: &str) -> bool {
    let line = serde_json::json!({ "value": text }).to_string();
    report::answer_without_tokens("url", &line).starts_with(r#"{"verdict":"exact""#)
}

#[test]
fn tricks_with_addresses_fool_neither() {
    for text in [
        "https://wallet.esw.esante.gouv.fr/auth?client_id=x",
        "https://wallet.esw.esante.gouv.fr:443/",
        "https://wallet.esw.esante.gouv.fr:0443/",
        "https://wallet.esw.esante.gouv.fr:8443/",
        "https://user@wallet.esw.esante.gouv.fr/",
        "https://@wallet.esw.esante.gouv.fr/",
        "https://wallet.esw.esante.gouv.fr@evil.example/",
        "https://evil.example\\@wallet.esw.esante.gouv.fr/",
        "https://evil.example#@wallet.esw.esante.gouv.fr/",
        "https://evil.example?@wallet.esw.esante.gouv.fr/",
        "https://wallet.esw.esante.gouv.fr\\.evil.example/",
        "https://wallet.esw.esante.gouv.fr%2eevil.example/",
        "https://wallet%2eesw.esante.gouv.fr/",
        "https://wallet.esw.esante.gouv.fr./",
        "https://WALLET.ESW.ESANTE.GOUV.FR/",
        "https://wallet。esw。esante。gouv。fr/",
        "https://ｗallet.esw.esante.gouv.fr/",
        "https://wal\nlet.esw.esante.gouv.fr/",
        "https:wallet.esw.esante.gouv.fr",
        "https:////wallet.esw.esante.gouv.fr",
        "http://wallet.esw.esante.gouv.fr/",
        "//wallet.esw.esante.gouv.fr/",
        "wallet.esw.esante.gouv.fr",
        "javascript:wallet.esw.esante.gouv.fr",
        "blob:https://wallet.esw.esante.gouv.fr/1",
    ] {
        assert_eq!(is_called_genuine(text), is_genuine(text), "{text:?}");
    }
}

proptest! {
    #[test]
    fn nothing_is_called_genuine_that_a_url_parser_sees_otherwise(
        scheme in "(https|http|HTTPS|ftp)?:?/{0,3}\\\\?",
        before in "([a-z.%@:\\\\]{0,6})?",
        host in "(wallet|auth)[.。]esw[.]esante[.]gouv[.]fr",
        after in "[a-z0-9.%@:/\\\\?#\t-]{0,8}",
    ) {
        let text = format!("{scheme}{before}{host}{after}");
        // The inspection splitter may refuse what a browser forgives; it may not accept what a browser sees otherwise.
        prop_assert!(!is_called_genuine(&text) || is_genuine(&text), "{:?}", text);
    }

    #[test]
    fn any_host_has_a_verdict(host in "\\PC{0,80}") {
        let facts = UrlFacts { scheme: "https", host: &host, port: None, has_userinfo: false };
        prop_assert!(assess(&facts, Flavour::Store).code.starts_with("URL-"));
    }
}
