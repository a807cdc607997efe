//! The persons that the sandbox knows, and the claims that the provider makes about them.
//!
//! Only published test identities, and two that cannot exist, described in `data/persons.toml`. The shapes are those of real UserInfo answers
//! (psc-facts §2.4 and §2.5): every field of an activity is a string and may be empty, a person without a registered
//! practice has no `SubjectRefPro` at all.
//!
//! Sources of the code systems: TRE_G15 for professions, TRE_R02 for sectors (mos.esante.gouv.fr).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::encoding::sha256;
use crate::faults::{SubForm, UserInfoParts};
use verifier_core::activation::{Mail, NamedCard, ParseContactError, Phone, Pin, Record};
use verifier_core::ids::{NationalId, NationalIdKind};

/// The storage provider identifier seen in published `sub` values (psc-facts §2.1).
const STORAGE_PROVIDER: &str = "550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd";

/// Every field of an activity, in the order of the published sample.
const ACTIVITY_FIELDS: [&str; 30] = [
    "codeModeExercice",
    "codeSecteurDactivite",
    "codeSectionPharmacien",
    "codeRole",
    "codeGenreActivite",
    "numeroSiretSite",
    "numeroSirenSite",
    "numeroFinessSite",
    "numeroFinessetablissementJuridique",
    "identifiantTechniqueDeLaStructure",
    "raisonSocialeSite",
    "enseigneCommercialeSite",
    "complementDestinataire",
    "complementPointGeographique",
    "numeroVoie",
    "indiceRepetitionVoie",
    "codeTypeDeVoie",
    "libelleVoie",
    "mentionDistribution",
    "bureauCedex",
    "codePostal",
    "codeCommune",
    "codePays",
    "telephone",
    "telephone2",
    "telecopie",
    "adresseEMail",
    "codeDepartement",
    "ancienIdentifiantDeLaStructure",
    "autoriteDenregistrement",
];

/// Why a list of persons was refused.
#[derive(Debug, thiserror::Error)]
pub enum ReadPersonsError {
    /// Not the expected TOML.
    #[error("line {line}, column {column}: {message}")]
    Form {
        /// From one.
        line: usize,
        /// From one.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// A person who could not be typed at a login.
    #[error("person {position} of the list: `id` is not a national identifier")]
    Identifier {
        /// Place in the list, from one. The identifier itself is not repeated.
        position: usize,
    },
    /// Two persons with one identifier.
    #[error("person {position} of the list has the `id` of an earlier one")]
    Twice {
        /// Place in the list, from one.
        position: usize,
    },
    /// A PIN that no phone accepts.
    #[error("person {position} of the list: `pin` is not four digits")]
    Pin {
        /// Place in the list, from one.
        position: usize,
    },
    /// A card that is not a named one.
    #[error("person {position} of the list: `card` must be CPS, CPF, CPE, CPA or CDE")]
    Card {
        /// Place in the list, from one.
        position: usize,
    },
    /// A code that no card takes.
    #[error("person {position} of the list: `card_code` is not four digits")]
    CardCode {
        /// Place in the list, from one.
        position: usize,
    },
    /// A register that does not fit the identifier.
    #[error("person {position} of the list: `origin` must be {expected}, as its `id` says")]
    Origin {
        /// Place in the list, from one.
        position: usize,
        /// The register of such identifiers.
        expected: &'static str,
    },
    /// A second identifier that is no RPPS, or that a person with an RPPS as `id` does not need.
    #[error("person {position} of the list: `rpps` is 8 and eleven digits, and stands beside a PSI only")]
    Rpps {
        /// Place in the list, from one.
        position: usize,
    },
    /// A contact that nothing can be sent to.
    #[error("person {position} of the list: {cause}")]
    Contact {
        /// Place in the list, from one.
        position: usize,
        /// What is wrong with it.
        cause: ParseContactError,
    },
}

/// One test person.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    id: String,
    given_name: String,
    family_name: String,
    civility: String,
    /// The register that the identifier comes from: `RPPS`, `EDIT` or `PSI`.
    origin: String,
    /// Of a person whose identifier is a PSI: the RPPS with its type digit, by which they are found as well (psc-facts §2.7).
    rpps: Option<String>,
    #[serde(default = "default_pin")]
    pin: String,
    #[serde(default = "default_activated")]
    activated: bool,
    /// Named card in the person's hands.
    card: Option<String>,
    /// Its code, which is not the PIN of the e-CPS.
    #[serde(default = "default_pin")]
    card_code: String,
    /// Registered mail address.
    mail: Option<String>,
    /// Registered mobile number.
    phone: Option<String>,
    #[serde(default)]
    note: String,
    #[serde(default)]
    practice: Vec<Practice>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Practice {
    profession: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    civility: String,
    #[serde(default)]
    skill_type: String,
    #[serde(default)]
    skill: String,
    #[serde(default)]
    activity: Vec<BTreeMap<ActivityField, String>>,
}

/// The name of a field of an activity. Read as such, so that an unknown one is refused where it stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
struct ActivityField(String);

impl TryFrom<String> for ActivityField {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if ACTIVITY_FIELDS.contains(&name.as_str()) {
            Ok(Self(name))
        } else {
            Err(format!("an activity of UserInfo has no field {name:?}"))
        }
    }
}

impl std::borrow::Borrow<str> for ActivityField {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonsFile {
    person: Vec<Person>,
}

fn default_pin() -> String {
    "1234".to_owned()
}

fn default_activated() -> bool {
    true
}

impl std::fmt::Debug for Person {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Person(redacted)")
    }
}

impl Person {
    /// The national identifier, type digit included.
    #[must_use]
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Given and family name, as they stand on a page.
    #[must_use]
    pub(crate) fn display_name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }

    /// Given and family name.
    #[must_use]
    pub(crate) fn names(&self) -> (&str, &str) {
        (&self.given_name, &self.family_name)
    }

    /// The code of the card, for those who have one.
    #[must_use]
    pub(crate) fn card_code(&self) -> Option<Pin> {
        self.record().card.and_then(|_| Pin::parse(&self.card_code).ok())
    }

    /// What makes this person useful in a test, in a few words.
    #[must_use]
    pub(crate) fn note(&self) -> &str {
        &self.note
    }

    /// The PIN of the e-CPS that this person has when the sandbox starts, if there is one.
    #[must_use]
    pub(crate) fn first_pin(&self) -> Option<Pin> {
        if self.activated { Pin::parse(&self.pin).ok() } else { None }
    }

    /// The identifier as the core reads it.
    #[must_use]
    pub(crate) fn national_id(&self) -> Option<NationalId> {
        NationalId::parse(&self.id).ok()
    }

    /// What the directory holds about this person when the sandbox starts.
    #[must_use]
    pub(crate) fn record(&self) -> Record {
        Record {
            card: self.card.as_deref().and_then(NamedCard::from_letters),
            mail: self.mail.as_deref().and_then(|mail| Mail::parse(mail).ok()),
            phone: self.phone.as_deref().and_then(|phone| Phone::parse(phone).ok()),
        }
    }

    fn check(&self, position: usize) -> Result<(), ReadPersonsError> {
        let id = self.national_id().ok_or(ReadPersonsError::Identifier { position })?;
        let expected = match id.kind() {
            NationalIdKind::Psi => Some("PSI"),
            NationalIdKind::Edit => Some("EDIT"),
            NationalIdKind::Adeli => Some("ADELI"),
            NationalIdKind::Rpps => Some("RPPS"),
            // What PSC calls the origin of an identifier given by a structure is not published.
            _ => None,
        };
        if let Some(expected) = expected.filter(|expected| self.origin != *expected) {
            return Err(ReadPersonsError::Origin { position, expected });
        }
        let rpps = self.rpps.as_deref().map(NationalId::parse);
        let fits = |rpps: &NationalId| rpps.kind() == NationalIdKind::Rpps && expected == Some("PSI");
        if rpps.is_some_and(|rpps| !rpps.as_ref().is_ok_and(fits)) {
            return Err(ReadPersonsError::Rpps { position });
        }
        Pin::parse(&self.pin).map_err(|_| ReadPersonsError::Pin { position })?;
        if self.card.as_deref().is_some_and(|card| NamedCard::from_letters(card).is_none()) {
            return Err(ReadPersonsError::Card { position });
        }
        Pin::parse(&self.card_code).map_err(|_| ReadPersonsError::CardCode { position })?;
        let contact = |cause| ReadPersonsError::Contact { position, cause };
        self.mail.as_deref().map(Mail::parse).transpose().map_err(contact)?;
        self.phone.as_deref().map(Phone::parse).transpose().map_err(contact)?;
        Ok(())
    }

    /// The technical subject: `f:<uuid>:<identifier>`, or a UUID that is the same at every start and says nothing.
    #[must_use]
    pub(crate) fn sub(&self, form: SubForm) -> String {
        match form {
            SubForm::Historic => format!("f:{STORAGE_PROVIDER}:{}", self.id),
            SubForm::Uuid => {
                let digest = sha256(format!("{STORAGE_PROVIDER}:{}", self.id).as_bytes());
                let bytes: Vec<u8> = digest.into_iter().take(16).collect();
                uuid::Builder::from_random_bytes(bytes.try_into().unwrap_or_default()).into_uuid().to_string()
            }
        }
    }

    /// The claims that both tokens carry about the person.
    #[must_use]
    pub(crate) fn token_claims(&self, form: SubForm) -> Map<String, Value> {
        let mut claims = Map::new();
        claims.insert("sub".into(), self.sub(form).into());
        claims.insert("SubjectNameID".into(), self.id.clone().into());
        claims.insert("preferred_username".into(), self.id.clone().into());
        claims
    }

    /// Civil names, in the ID token only.
    #[must_use]
    pub(crate) fn name_claims(&self) -> [(&'static str, Value); 2] {
        [("given_name", self.given_name.clone().into()), ("family_name", self.family_name.clone().into())]
    }

    /// Every identifier of the person, as the access token and UserInfo carry it.
    #[must_use]
    pub(crate) fn other_ids(&self) -> Value {
        match &self.rpps {
            None => json!([{"identifiant": self.id, "origine": self.origin, "qualite": 1}]),
            Some(rpps) => json!([
                {"identifiant": self.id, "origine": self.origin, "qualite": 2},
                {"identifiant": rpps, "origine": "RPPS", "qualite": 1},
            ]),
        }
    }

    /// The UserInfo answer, with parts left out if that is asked for.
    #[must_use]
    pub(crate) fn user_info(&self, form: SubForm, parts: UserInfoParts) -> Value {
        let mut info = self.whole_user_info(form);
        let Value::Object(members) = &mut info else {
            return info;
        };
        match parts {
            UserInfoParts::Full => {}
            UserInfoParts::NoPractices => {
                members.remove("SubjectRefPro");
            }
            UserInfoParts::NoActivities => {
                let exercises = members.get_mut("SubjectRefPro").and_then(|practices| practices.get_mut("exercices"));
                for exercise in exercises.and_then(Value::as_array_mut).into_iter().flatten() {
                    if let Value::Object(exercise) = exercise {
                        exercise.insert("activities".into(), json!([]));
                    }
                }
            }
            UserInfoParts::NoIdentifiers => {
                members.retain(|name, _| !["SubjectNameID", "otherIds", "preferred_username"].contains(&name.as_str()));
            }
            UserInfoParts::OnlySub => members.retain(|name, _| name == "sub"),
        }
        info
    }

    /// Without a practice it shrinks to the minimal form that was observed.
    fn whole_user_info(&self, form: SubForm) -> Value {
        let minimal = json!({
            "sub": self.sub(form),
            "preferred_username": self.id,
            "codeCivilite": self.civility,
            "given_name": self.given_name,
            "SubjectNameID": self.id,
            "family_name": self.family_name,
        });
        let Some(practice) = self.practice.first() else {
            return minimal;
        };
        let field =
            |name: &str| practice.activity.first().and_then(|activity| activity.get(name)).cloned().unwrap_or_default();
        let mut info = match minimal {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        let rich = json!({
            "codeGenreActivite": field("codeGenreActivite"),
            "otherIds": self.other_ids(),
            "SubjectRole": self.practice.iter()
                .map(|practice| format!("{}^1.2.250.1.213.1.1.5.5", practice.profession)).collect::<Vec<_>>(),
            "SubjectOrganization": field("raisonSocialeSite"),
            "SubjectOrganizationID": field("identifiantTechniqueDeLaStructure"),
            "Secteur_Activite": format!("{}^1.2.250.1.71.4.2.4", field("codeSecteurDactivite")),
            "Mode_Acces_Raison": "",
            "Acces_Regulation_Medicale": "FAUX",
            "PSI_Locale": "1.2.250.1.213.1.3.1.1",
            "UITVersion": "1.0",
            "Palier_Authentification": "APPPRIP3^1.2.250.1.213.1.5.1.1.1",
            "SubjectRefPro": {"exercices": self.practice.iter().map(|practice| self.exercice(practice)).collect::<Vec<_>>()},
        });
        if let Value::Object(members) = rich {
            info.extend(members);
        }
        Value::Object(info)
    }

    fn exercice(&self, practice: &Practice) -> Value {
        let activities: Vec<Value> = practice
            .activity
            .iter()
            .map(|activity| {
                ACTIVITY_FIELDS
                    .iter()
                    .map(|name| ((*name).to_owned(), activity.get(*name).cloned().unwrap_or_default().into()))
                    .collect::<Map<String, Value>>()
                    .into()
            })
            .collect();
        json!({
            "codeProfession": practice.profession,
            "codeCategorieProfessionnelle": practice.category,
            "codeCiviliteDexercice": practice.civility,
            "nomDexercice": self.family_name,
            "prenomDexercice": self.given_name,
            "codeTypeSavoirFaire": practice.skill_type,
            "codeSavoirFaire": practice.skill,
            "activities": activities,
        })
    }
}

/// Where in the text a mistake stands, in one sentence that names keys and types but repeats no value: it may be a secret.
pub(crate) fn located(text: &str, error: &toml::de::Error) -> ReadPersonsError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let message = error.message().lines().collect::<Vec<_>>().join("; ");
    let message = match message.rsplit_once(", expected ") {
        Some((found, expected)) if found.starts_with("invalid ") => format!("expected {expected}"),
        _ => message,
    };
    ReadPersonsError::Form { line, column, message }
}

/// The directory of the sandbox.
#[derive(Debug, Clone)]
pub(crate) struct Persons(Vec<Person>);

impl Persons {
    /// The persons that come with the program.
    pub(crate) fn built_in() -> Result<Self, ReadPersonsError> {
        Self::parse(include_str!("../data/persons.toml"))
    }

    /// Reads a list in the form of `data/persons.toml`.
    pub(crate) fn parse(text: &str) -> Result<Self, ReadPersonsError> {
        let file: PersonsFile = toml::from_str(text).map_err(|error| located(text, &error))?;
        Self::checked(file.person)
    }

    /// These persons, if each of them could be typed at a login.
    pub(crate) fn checked(persons: Vec<Person>) -> Result<Self, ReadPersonsError> {
        let mut ids = BTreeSet::new();
        for (position, person) in (1..).zip(&persons) {
            person.check(position)?;
            for id in [Some(person.id()), person.rpps.as_deref()].into_iter().flatten() {
                if !ids.insert(id) {
                    return Err(ReadPersonsError::Twice { position });
                }
            }
        }
        Ok(Self(persons))
    }

    /// These persons and the others of `earlier`: whoever stands in both is described here.
    #[must_use]
    pub(crate) fn or(self, earlier: Self) -> Self {
        let others: Vec<Person> = earlier.0.into_iter().filter(|person| self.find(person.id()).is_none()).collect();
        Self(self.0.into_iter().chain(others).collect())
    }

    /// The person with this national identifier, the one that services are told or an earlier one.
    #[must_use]
    pub(crate) fn find(&self, id: &str) -> Option<&Person> {
        self.0.iter().find(|person| person.id == id || person.rpps.as_deref() == Some(id))
    }

    /// All of them, in the order of the file.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Person> {
        self.0.iter()
    }
}
