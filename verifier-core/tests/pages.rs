//! Page recognition: the rules as data, and what no page may bring about. Single pages are in the shared vectors.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test may panic"
)]

use serde_json::{Value, json};
use verifier_core::page::rules::{PageKind, Place, RULES, VERSION};
use verifier_core::page::{PageObservation, rules_version};

/// The rules in the form of `rules/page-rules.schema.json`.
fn rules_as_json() -> Value {
    let rules: Vec<Value> = RULES
        .iter()
        .map(|rule| {
            let groups: Vec<Vec<Value>> = rule
                .groups
                .iter()
                .map(|group| {
                    group.iter().map(|clue| json!({ "place": clue.place.as_str(), "phrase": clue.phrase })).collect()
                })
                .collect();
            json!({ "page": rule.kind.as_str(), "tabs": rule.tabs, "groups": groups })
        })
        .collect();
    json!({ "version": VERSION, "rules": rules })
}

#[test]
fn the_published_rules_are_those_of_the_code() {
    let published: Value = serde_json::from_str(include_str!("../rules/page-rules.json")).unwrap();
    assert_eq!(published["version"], json!(rules_version()));
    assert_eq!(published, rules_as_json(), "a rule changed: raise VERSION and write rules/page-rules.json again");
}

#[test]
fn the_schema_knows_every_page_and_place() {
    let schema: Value = serde_json::from_str(include_str!("../rules/page-rules.schema.json")).unwrap();
    let rule = &schema["properties"]["rules"]["items"]["properties"];
    let pages: Vec<&str> = PageKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(rule["page"]["enum"], json!(pages));
    let places = [Place::Text, Place::Button, Place::Tab, Place::Label, Place::Qr].map(Place::as_str);
    assert_eq!(rule["groups"]["items"]["items"]["properties"]["place"]["enum"], json!(places));
}

#[test]
fn every_page_has_a_rule_and_every_phrase_is_folded() {
    for kind in PageKind::ALL {
        assert!(RULES.iter().any(|rule| rule.kind == kind), "{kind:?}");
    }
    for clue in RULES.iter().flat_map(|rule| rule.groups.iter().flat_map(|group| group.iter())) {
        assert!(clue.phrase.is_ascii() && clue.phrase == clue.phrase.trim().to_lowercase(), "{}", clue.phrase);
        assert_eq!(clue.place == Place::Qr, clue.phrase.is_empty());
    }
}

#[test]
fn debug_tells_how_much_and_never_what() {
    let mut page = PageObservation::empty();
    page.texts.push("Bonjour Someone".to_owned());
    page.title = "Someone".to_owned();
    assert!(!format!("{page:?}").contains("Someone"));
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use super::*;
    use proptest::prelude::*;
    use verifier_core::page::observation::{Field, Filled, Labelled, NumberCandidate, Tab};
    use verifier_core::page::{Recognition, RecognizedPage, recognise};

    /// Texts that rules look for, whole or broken, and texts that they do not.
    fn any_text() -> impl Strategy<Value = String> {
        let phrases: Vec<String> = RULES
            .iter()
            .flat_map(|rule| {
                rule.groups
                    .iter()
                    .flat_map(|group| group.iter())
                    .map(|clue| clue.phrase)
                    .chain(rule.tabs.iter().copied())
            })
            .map(str::to_owned)
            .collect();
        prop_oneof![
            proptest::sample::select(phrases),
            "il vous reste [0-9]{1,6} (secondes|minutes|minute et [0-9]{1,3} secondes)",
            "\\PC{0,30}",
        ]
    }

    fn any_page() -> impl Strategy<Value = PageObservation> {
        let texts = || proptest::collection::vec(any_text(), 0..6);
        let number = ("[0-9٤４A ]{1,3}", any::<bool>(), 0_u32..100)
            .prop_map(|(text, visible, height_px)| NumberCandidate { text, visible, height_px });
        let field = (any_text(), "(text|password|checkbox|)", any::<bool>(), any::<bool>(), 0_u32..9).prop_map(
            |(label, kind, visible, editable, reference)| Field {
                reference,
                label,
                placeholder: String::new(),
                kind,
                autocomplete: String::new(),
                name: String::new(),
                id: String::new(),
                visible,
                editable,
                filled: Filled::Unknown,
            },
        );
        let tab = (any_text(), any::<bool>()).prop_map(|(text, selected)| Tab { text, selected });
        (
            texts(),
            texts(),
            proptest::collection::vec(number, 0..4),
            proptest::collection::vec(field, 0..4),
            proptest::collection::vec(tab, 0..3),
            any::<bool>(),
        )
            .prop_map(|(texts, buttons, numbers, fields, tabs, has_qr)| PageObservation {
                texts,
                buttons: buttons.into_iter().map(|text| Labelled { text }).collect(),
                numbers,
                fields,
                tabs,
                has_qr,
                ..PageObservation::empty()
            })
    }

    proptest! {
        #[test]
        fn only_a_visible_editable_text_field_is_ever_named(page in any_page()) {
            if let Recognition::Recognized(RecognizedPage::Identifier { field }) = recognise(&page) {
                let named = page.fields.iter().any(|other| {
                    other.reference == field && other.visible && other.editable && matches!(other.kind.as_str(), "text" | "")
                });
                prop_assert!(named);
                let password = page.fields.iter().any(|other| other.visible && other.kind == "password");
                prop_assert!(!password);
            }
        }

        #[test]
        fn only_digits_that_a_person_sees_are_ever_read(page in any_page()) {
            if let Recognition::Recognized(RecognizedPage::Number { digits, remaining_s }) = recognise(&page) {
                let seen = page.numbers.iter().any(|other| other.visible && other.text.trim() == digits.digits());
                prop_assert!(seen);
                prop_assert!(remaining_s.is_none_or(|seconds| (1..=600).contains(&seconds)));
            }
        }

        #[test]
        fn any_text_may_stand_anywhere(text in "\\PC{0,400}") {
            let mut page = PageObservation::empty();
            page.title.clone_from(&text);
            page.texts = vec![format!("il vous reste {text}"), text.clone()];
            page.alerts = vec![text];
            let _ = recognise(&page);
        }

        #[test]
        fn any_json_is_an_observation_or_refused(text in "\\PC{0,200}") {
            let _ = serde_json::from_str::<PageObservation>(&text);
        }
    }
}
