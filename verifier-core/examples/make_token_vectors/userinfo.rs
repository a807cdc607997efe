//! UserInfo answers: the published shapes, then what must be refused.

use serde_json::{Value, json};

use crate::keys::with;
use crate::token::without;
use crate::write::{Case, case};

/// The one-activity shape published in November 2023 (psc-facts 2.5), a test person of the national sandbox.
pub(crate) fn rich() -> Value {
    json!({
        "Secteur_Activite": "SA07^1.2.250.1.71.4.2.4", "sub": "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:ANS20231122132732",
        "codeGenreActivite": "GENR01", "SubjectOrganization": "CABINET INDIVIDUEL PEDI PODO0023704", "Mode_Acces_Raison": "",
        "preferred_username": "ANS20231122132732", "codeCivilite": "M", "given_name": "Fistinien",
        "Acces_Regulation_Medicale": "FAUX", "UITVersion": "1.0", "Palier_Authentification": "APPPRIP3^1.2.250.1.213.1.5.1.1.1",
        "SubjectRefPro": { "exercices": [{
            "codeProfession": "80", "codeCategorieProfessionnelle": "C", "codeCiviliteDexercice": "",
            "nomDexercice": "Grominoch", "prenomDexercice": "Fistinien", "codeTypeSavoirFaire": "", "codeSavoirFaire": "",
            "activities": [{
                "codeModeExercice": "L", "codeSecteurDactivite": "SA07", "codeSectionPharmacien": "", "codeRole": "",
                "codeGenreActivite": "GENR01", "numeroSiretSite": "", "numeroSirenSite": "", "numeroFinessSite": "",
                "numeroFinessetablissementJuridique": "", "identifiantTechniqueDeLaStructure": "R81311",
                "raisonSocialeSite": "CABINET INDIVIDUEL PEDI PODO0023704", "enseigneCommercialeSite": "",
                "complementDestinataire": "CABINET INDIVIDUEL PEDI PODO", "complementPointGeographique": "", "numeroVoie": "2",
                "indiceRepetitionVoie": "", "codeTypeDeVoie": "R", "libelleVoie": "DE LA CHAUSSURE", "mentionDistribution": "",
                "bureauCedex": "75015 PARIS", "codePostal": "75015", "codeCommune": "", "codePays": "99000", "telephone": "",
                "telephone2": "", "telecopie": "", "adresseEMail": "", "codeDepartement": "",
                "ancienIdentifiantDeLaStructure": "499700237045007", "autoriteDenregistrement": "CNOPP/CNOPP/CNOPP",
            }],
        }] },
        "SubjectOrganizationID": "R81311", "SubjectRole": ["80^1.2.250.1.213.1.1.5.5"], "PSI_Locale": "1.2.250.1.213.1.3.1.1",
        "otherIds": [{ "identifiant": "ANS20231122132732", "origine": "EDIT", "qualite": 1 }],
        "SubjectNameID": "ANS20231122132732", "family_name": "Grominoch",
    })
}

/// The 2021 shape: civility inside `SubjectRefPro`, one doctor, three activities in two sectors.
pub(crate) fn doctor() -> Value {
    let activity = |mode: &str, sector: &str, id: &str| {
        json!({ "codeModeExercice": mode, "codeSecteurDactivite": sector, "codeRole": "", "raisonSocialeSite": format!("STRUCTURE {id}"),
                "identifiantTechniqueDeLaStructure": id, "numeroFinessSite": "", "numeroSiretSite": "" })
    };
    json!({
        "sub": "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:899700218896", "email_verified": false, "SubjectNameID": "899700218896",
        "preferred_username": "899700218896", "given_name": "ROBERT", "family_name": "SPECIALISTE0021889",
        "otherIds": [{ "identifiant": "899700218896", "origine": "RPPS", "qualite": 1 }],
        "SubjectRefPro": { "codeCivilite": "M", "exercices": [{
            "codeProfession": "10", "codeCategorieProfessionnelle": "C", "codeTypeSavoirFaire": "S", "codeSavoirFaire": "SM54",
            "activities": [activity("L", "SA07", "R10001"), activity("L", "SA07", "R10002"), activity("S", "SA01", "F750000001")],
        }] },
    })
}

/// Name and identifier only (psc-facts 2.4).
pub(crate) fn minimal() -> Value {
    json!({ "sub": "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:899700427869", "preferred_username": "899700427869",
            "codeCivilite": "M", "given_name": "KIT", "SubjectNameID": "899700427869", "family_name": "DOC0042786" })
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: &str, source: &str, line: Value, code: Option<&'static str>| {
        cases.push(case(name, source, "userinfo", line, code));
    };
    let published = "psc-facts 2.5: published by an integrator, November 2023";
    add("rich, one activity", published, json!({ "value": rich() }), None);
    add("the same as JSON text", published, json!({ "value": rich().to_string() }), None);
    add("bound by sub", "OIDC Core 5.3.2", json!({ "value": rich(), "sub": rich()["sub"] }), None);
    add(
        "another sub",
        "OIDC Core 5.3.2",
        json!({ "value": rich(), "sub": "f:550dc1c8:ANS20231122132733" }),
        Some("UI-SUB-MISMATCH"),
    );
    add(
        "2021 shape, three activities",
        "psc-facts 2.5: civility inside SubjectRefPro",
        json!({ "value": doctor() }),
        None,
    );
    add("minimal", "psc-facts 2.4: minimal UserInfo", json!({ "value": minimal() }), None);
    shapes(&mut add);
    refusals(&mut add);
    cases
}

fn shapes(add: &mut impl FnMut(&str, &str, Value, Option<&'static str>)) {
    let reference =
        |exercices: Value| json!({ "value": with(minimal(), json!({ "SubjectRefPro": { "exercices": exercices } })) });
    let source = "psc-facts 2.5 and 2.6";
    add(
        "exercise without activities",
        source,
        reference(json!([{ "codeProfession": "60", "codeCategorieProfessionnelle": "C" }])),
        None,
    );
    add(
        "student",
        source,
        reference(
            json!([{ "codeProfession": "10", "codeCategorieProfessionnelle": "E", "activities": [{ "codeRole": "" }] }]),
        ),
        None,
    );
    add(
        "military",
        source,
        reference(json!([{ "codeProfession": "10", "codeCategorieProfessionnelle": "M", "activities": [] }])),
        None,
    );
    add(
        "staff without a profession",
        source,
        reference(
            json!([{ "codeProfession": "", "activities": [{ "codeRole": "205", "codeSecteurDactivite": "SA01" }] }]),
        ),
        None,
    );
    add(
        "unknown codes",
        source,
        reference(
            json!([{ "codeProfession": "999", "codeCategorieProfessionnelle": "X", "codeSavoirFaire": "SM9999" }]),
        ),
        None,
    );
    add(
        "two professions stay apart",
        source,
        reference(json!([
            { "codeProfession": "10", "activities": [{ "codeSecteurDactivite": "SA07" }] },
            { "codeProfession": "60", "activities": [{ "codeSecteurDactivite": "SA01" }] },
        ])),
        None,
    );
    add(
        "structure with FINESS and SIRET",
        source,
        reference(json!([{ "codeProfession": "21", "activities": [
        { "numeroFinessSite": "750000001", "numeroSiretSite": "50000000181564", "enseigneCommercialeSite": "PHARMACIE" }] }])),
        None,
    );
    add("no exercices", source, json!({ "value": with(minimal(), json!({ "SubjectRefPro": {} })) }), None);
    add("SubjectRefPro null", source, json!({ "value": with(minimal(), json!({ "SubjectRefPro": null })) }), None);
    add("no national id", source, json!({ "value": without(minimal(), "SubjectNameID") }), None);
    add(
        "SubjectRole of another form",
        source,
        json!({ "value": with(minimal(), json!({ "SubjectRole": ["80", 1, "^"] })) }),
        None,
    );
    add("unknown members", source, json!({ "value": with(minimal(), json!({ "later": [{ "a": 1.5 }] })) }), None);
}

fn refusals(add: &mut impl FnMut(&str, &str, Value, Option<&'static str>)) {
    let source = "OIDC Core 5.3.2, RFC 8259";
    add("no sub", source, json!({ "value": without(minimal(), "sub") }), Some("UI-SUB-MISSING"));
    add("empty sub", source, json!({ "value": with(minimal(), json!({ "sub": "" })) }), Some("UI-SUB-MISSING"));
    add("sub as number", source, json!({ "value": with(minimal(), json!({ "sub": 1 })) }), Some("UI-CLAIM-TYPE"));
    add(
        "signed form",
        "psc-facts 1.7: never seen",
        json!({ "value": "eyJhbGciOiJSUzI1NiJ9.e30.AA" }),
        Some("UI-SIGNED"),
    );
    add("no JSON", source, json!({ "value": "<html>" }), Some("UI-JSON"));
    add("an array", source, json!({ "value": "[]" }), Some("UI-JSON"));
    add("sub twice", source, json!({ "value": r#"{"sub":"a","sub":"b"}"# }), Some("UI-DUPLICATE-MEMBER"));
    add(
        "sub twice in the line's object",
        source,
        Value::from(r#"{"value":{"sub":"a","sub":"a"}}"#),
        Some("IN-DUPLICATE-MEMBER"),
    );
    add(
        "larger than 128 kB",
        "limits::USERINFO_BYTES",
        json!({ "value": " ".repeat(128 * 1024 + 1) }),
        Some("UI-TOO-LARGE"),
    );
    add("value is a number", "line contract", json!({ "value": 1 }), Some("IN-MEMBER-TYPE"));
    for (name, change) in [
        ("SubjectRefPro as array", json!({ "SubjectRefPro": [] })),
        ("exercices as object", json!({ "SubjectRefPro": { "exercices": {} } })),
        ("exercise as text", json!({ "SubjectRefPro": { "exercices": ["x"] } })),
        ("activities as text", json!({ "SubjectRefPro": { "exercices": [{ "activities": "x" }] } })),
        ("profession as number", json!({ "SubjectRefPro": { "exercices": [{ "codeProfession": 10 }] } })),
        ("SubjectRole as text", json!({ "SubjectRole": "80^1.2.250.1.213.1.1.5.5" })),
        ("civility as number", json!({ "codeCivilite": 1 })),
        ("SubjectNameID as array", json!({ "SubjectNameID": ["899700427869"] })),
        ("otherIds without origin", json!({ "otherIds": [{ "identifiant": "899700427869" }] })),
        ("17 otherIds", json!({ "otherIds": vec![json!({ "identifiant": "x", "origine": "EDIT" }); 17] })),
    ] {
        add(
            name,
            "psc-facts 2.5: shapes are not guessed",
            json!({ "value": with(minimal(), change) }),
            Some("UI-CLAIM-TYPE"),
        );
    }
    let many = json!({ "SubjectRefPro": { "exercices": vec![json!({ "codeProfession": "10" }); 129] } });
    add("129 practices", "limits::PRACTICES", json!({ "value": with(minimal(), many) }), Some("UI-PRACTICES-TOO-MANY"));
}
