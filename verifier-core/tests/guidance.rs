//! The tree holds together: every node can be reached, every name exists, every text is there in both languages, and every
//! contact that the guides print has a row.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test may panic"
)]

use std::collections::{BTreeMap, BTreeSet};

use verifier_core::code;
use verifier_core::guidance::{
    Body, Channel, Confirmed, ContactId, START, SecretId, TypedOn, contact, contacts, for_code, for_page, node, nodes,
    secrets, source, text_keys,
};
use verifier_core::page::RecognizedPage;

const FRENCH: &str = include_str!("../texts/fr.json");
const ENGLISH: &str = include_str!("../texts/en.json");

fn texts(json: &str) -> BTreeMap<String, String> {
    serde_json::from_str(json).expect("a flat object of texts")
}

#[test]
fn no_text_is_missing_and_none_is_left_over() {
    let expected: BTreeSet<String> = text_keys().into_iter().collect();
    for (language, json) in [("fr", FRENCH), ("en", ENGLISH)] {
        let found: BTreeSet<String> = texts(json).into_keys().collect();
        let missing: Vec<_> = expected.difference(&found).collect();
        let unused: Vec<_> = found.difference(&expected).collect();
        assert!(missing.is_empty() && unused.is_empty(), "{language}: missing {missing:?}, unused {unused:?}");
    }
}

#[test]
fn texts_are_whole_sentences_of_bearable_length() {
    for (language, json) in [("fr", FRENCH), ("en", ENGLISH)] {
        for (key, text) in texts(json) {
            let whole = key.contains(".step.") || key.ends_with(".cause") || key.starts_with("code.");
            assert!(!whole || text.ends_with(['.', '!', '?']), "{language} {key} is not a sentence");
            assert!(!text.trim().is_empty() && text.trim() == text && text.chars().count() <= 260, "{language} {key}");
            assert!(!text.contains("phishing-resistant"), "{language} {key}");
        }
    }
}

#[test]
fn every_situation_is_reached_from_the_first_question() {
    let mut reached = BTreeSet::from([START]);
    let mut open = vec![START];
    while let Some(code) = open.pop() {
        for next in node(code).unwrap_or_else(|| panic!("{code} is no node")).next() {
            if reached.insert(next) {
                open.push(next);
            }
        }
    }
    let lost: Vec<_> = nodes().iter().map(|node| node.code).filter(|code| !reached.contains(code)).collect();
    assert!(lost.is_empty(), "not reachable: {lost:?}");
    assert_eq!(reached.len(), nodes().len());
}

#[test]
fn every_error_that_is_answered_exists_and_is_answered_once() {
    let mut answered = BTreeSet::new();
    for node in nodes() {
        assert!(code::meaning(node.code).is_some(), "{} is not in the table", node.code);
        assert!(source(node.code).is_some_and(|source| !source.is_empty()), "{} has no source", node.code);
        for code in node.answers_to {
            assert!(code::meaning(code).is_some(), "{code} is no code");
            assert!(answered.insert(code), "{code} is answered twice");
            assert_eq!(for_code(code).map(|found| found.code), Some(node.code));
        }
        if let Body::Question { answers } = node.body {
            assert!((2..=10).contains(&answers.len()), "{} offers {} answers", node.code, answers.len());
        }
    }
    assert_eq!(for_code("TOK-EXPIRED"), None);
}

#[test]
fn contacts_by_the_guides_are_rows_and_unconfirmed_ones_are_marked() {
    let check = |printed: &str, confirmed: Confirmed, replaced_by: Option<ContactId>| {
        let row = contacts()
            .iter()
            .find(|row| matches!(row.channel, Channel::Phone(text) | Channel::Mail(text) | Channel::Web(text) if text == printed))
            .unwrap_or_else(|| panic!("{printed} has no row"));
        assert_eq!((row.confirmed, row.replaced_by), (confirmed, replaced_by), "{printed}");
    };
    check("0 800 08 32 04", Confirmed::GuideOnly, None);
    check("0 825 852 000", Confirmed::GuideOnly, Some(ContactId::EcpsSupportPhone));
    check("monserviceclient.cartes@asipsante.fr", Confirmed::GuideOnly, Some(ContactId::EcpsSupportMail));
    check("https://monespace.medecin.fr/user/login?destination=cas/login", Confirmed::GuideOnly, None);
    check("https://portail-sidep.aphp.fr/", Confirmed::GuideOnly, None);
    check("https://espacepro.ameli.fr/inscription/#/aide", Confirmed::GuideOnly, None);
    check("https://testssl.asipsante.fr", Confirmed::GuideOnly, None);
    check("https://wallet.esw.esante.gouv.fr", Confirmed::Yes, None);
    check("0 806 800 213", Confirmed::Yes, None);
    let sidep = contact(ContactId::SidepSupport).unwrap();
    assert_eq!(
        (sidep.tariff, sidep.hours, sidep.date),
        (Some("tariff.free"), Some("hours.mon-sat-9-20"), "2020-11-27")
    );
    for row in contacts() {
        assert!(contact(row.id) == Some(row) && row.date.len() >= 7 && !row.source.is_empty());
        if let Some(replacement) = row.replaced_by {
            assert_eq!(contact(replacement).unwrap().replaced_by, None, "a replacement is current");
        }
    }
}

#[test]
fn the_advice_of_the_guides_is_there() {
    let french = texts(FRENCH);
    let check = |key: &str, words: &[&str]| {
        let text = &french[key];
        assert!(words.iter().all(|word| text.contains(word)), "{key}: {text}");
    };
    check("GUIDE-CONTACTS-OUTDATED.step.1", &["Ordre", "72 heures"]);
    check("GUIDE-MAIL-MISSING.step.3", &["identifiant national", "adresse de contact"]);
    check("GUIDE-ATSAM-NOT-NEEDED.cause", &["jamais ATSAM"]);
    check("GUIDE-ATSAM.step.2", &["tous les composants"]);
    check("GUIDE-ATSAM.step.4", &["Lancer l'outil de diagnostic"]);
    check("GUIDE-QR-MAIL-EXPIRED.cause", &["2 jours"]);
    check("GUIDE-QR-CARD-EXPIRED.cause", &["90 secondes"]);
    check("GUIDE-INS.cause", &["NIR", "cinq traits", "INS-C"]);
    check("GUIDE-CERTIFICATION.cause", &["3 ans", "31 mars 2018"]);
}

#[test]
fn each_secret_has_one_place() {
    let place = |id: SecretId| secrets().iter().find(|row| row.id == id).map(|row| (row.digits, row.typed_on));
    assert_eq!(secrets().len(), 5);
    assert_eq!(place(SecretId::EcpsPin), Some((Some(4), TypedOn::PhoneApp)));
    assert_eq!(place(SecretId::SmsCode), Some((Some(6), TypedOn::PhoneApp)));
    assert_eq!(place(SecretId::PhoneCode), Some((None, TypedOn::PortalPage)));
    assert_eq!(place(SecretId::MatchNumber), Some((Some(2), TypedOn::PhoneApp)));
    assert_eq!(place(SecretId::CardCode), Some((None, TypedOn::CardWindow)));
}

#[test]
fn pages_lead_to_their_help() {
    assert_eq!(for_page(&RecognizedPage::Expired).map(|node| node.code), Some("GUIDE-TIME-UP"));
    assert_eq!(for_page(&RecognizedPage::UnknownIdentifier).map(|node| node.code), Some("GUIDE-UNKNOWN-IDENTIFIER"));
    assert_eq!(for_page(&RecognizedPage::SignedOut), None);
}
