//! Pages as the guides print them, recognised through the public API. No browser: the observation is what a content script
//! would report.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test may panic"
)]

use verifier_core::page::{PageObservation, Recognition, RecognizedPage, recognise};

/// The e-CPS tab as the SMURT@B guide prints it.
const IDENTIFIER: &str = r#"{"v":1,"title":"Pro Santé Connect","headings":["Connectez-vous"],
 "texts":["Authentifiez-vous en utilisant l’application mobile e-CPS."],
 "tabs":[{"text":"Application e-CPS","selected":true},{"text":"Carte CPS","selected":false},{"text":"Délégation","selected":false},{"text":"Clé de sécurité","selected":false}],
 "buttons":[{"text":"SE CONNECTER AVEC E-CPS"}],"links":[{"text":"En savoir plus sur la gestion de vos données et vos droits"}],
 "fields":[{"ref":7,"label":"Identifiant","placeholder":"","kind":"text","autocomplete":"","name":"x1","id":"y2","visible":true,"editable":true,"filled":"empty"},
           {"ref":8,"label":"Mémoriser mon identifiant","placeholder":"","kind":"checkbox","autocomplete":"","name":"","id":"","visible":true,"editable":true,"filled":"unknown"}],
 "numbers":[],"alerts":[],"has_qr":false}"#;

/// The waiting page as the same guide prints it.
const NUMBER: &str = r#"{"v":1,"title":"Authentification","headings":["Authentification","Vérification de votre identité en 2 étapes"],
 "texts":["Une fois que vous avez accepté la notification ou ouvert l'application e-CPS, validez la demande d'authentification sur votre téléphone portable, en réalisant les actions suivantes :",
  "Saisie de votre mot de passe","Sélection du code affiché ci-dessous parmi les trois codes proposés",
  "Il vous reste 94 secondes pour valider votre demande d’authentification"],
 "buttons":[{"text":"Quitter l’authentification"}],
 "numbers":[{"text":"45","height_px":64,"visible":true}]}"#;

fn observe(json: &str) -> PageObservation {
    serde_json::from_str(json).expect("an observation")
}

#[test]
fn the_identifier_page_of_the_guide_names_its_field() {
    assert_eq!(recognise(&observe(IDENTIFIER)), Recognition::Recognized(RecognizedPage::Identifier { field: 7 }));
}

#[test]
fn the_waiting_page_of_the_guide_gives_number_and_countdown() {
    let Recognition::Recognized(RecognizedPage::Number { digits, remaining_s }) = recognise(&observe(NUMBER)) else {
        panic!("not read")
    };
    assert_eq!((digits.digits(), remaining_s), ("45", Some(94)));
}
