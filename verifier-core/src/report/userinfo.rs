//! `userinfo`: one UserInfo answer, as an object or as JSON text.

use serde::Serialize;

use super::token::{IdentityReport, rpps};
use super::{Explained, Fields, LineError};
use crate::token::nomenclature::{self, Label, Profession};
use crate::token::{Practice, Refusal, Structure, UnverifiedUserInfo};
use crate::wire::json::Json;

#[derive(Serialize)]
pub(super) struct UserInfoReport {
    ok: bool,
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<IdentityReport>,
    practices: Vec<PracticeReport>,
    #[serde(flatten)]
    explained: Option<Explained>,
}

#[derive(Serialize)]
pub(super) struct PracticeReport {
    profession: Option<String>,
    category: Option<String>,
    speciality: Option<String>,
    role: Option<String>,
    sector: Option<String>,
    mode: Option<String>,
    structure: Option<StructureReport>,
    /// What the codes mean, for people: never compare with it.
    meaning: MeaningReport,
}

#[derive(Serialize)]
struct MeaningReport {
    profession: &'static str,
    label: Option<LabelReport>,
    category: &'static str,
    sector: Option<LabelReport>,
}

#[derive(Serialize)]
struct LabelReport {
    fr: &'static str,
    en: &'static str,
}

impl From<Label> for LabelReport {
    fn from(Label { fr, en }: Label) -> Self {
        Self { fr, en }
    }
}

impl From<&Practice> for MeaningReport {
    fn from(practice: &Practice) -> Self {
        let (profession, label) = match practice.known_profession() {
            Profession::Known(register, label) => (register.name(), label),
            Profession::Unknown => ("unknown", None),
            Profession::NotStated => ("not-stated", None),
        };
        let sector = practice.sector.as_deref().and_then(nomenclature::sector);
        Self {
            profession,
            label: label.map(LabelReport::from),
            category: practice.known_category().name(),
            sector: sector.map(LabelReport::from),
        }
    }
}

#[derive(Serialize)]
struct StructureReport {
    id: Option<String>,
    name: Option<String>,
    finess: Option<String>,
    siret: Option<String>,
}

impl From<&Practice> for PracticeReport {
    fn from(practice: &Practice) -> Self {
        let meaning = MeaningReport::from(practice);
        let Practice { profession, category, speciality, role, sector, mode, structure } = practice.clone();
        Self {
            profession,
            category,
            speciality,
            role,
            sector,
            mode,
            structure: structure.map(StructureReport::from),
            meaning,
        }
    }
}

impl From<Structure> for StructureReport {
    fn from(structure: Structure) -> Self {
        let Structure { id, name, finess, siret } = structure;
        Self { id, name, finess, siret }
    }
}

pub(super) fn answer(line: &str) -> Result<UserInfoReport, LineError> {
    let fields = Fields::parse(line, &["value", "sub"])?;
    let subject = fields.optional_text("sub")?;
    let answer = match fields.value("value")? {
        Json::String(text) => UnverifiedUserInfo::parse(text),
        value @ Json::Object(_) => UnverifiedUserInfo::from_json(value),
        _ => return Err(LineError::Type("value")),
    };
    // The same comparison as at a login (OIDC Core 5.3.2), when the caller knows the subject.
    let answer = answer.map_err(Refusal::UserInfo).and_then(|answer| match subject {
        Some(subject) if subject != answer.subject() => Err(Refusal::UserInfoSubject),
        _ => Ok(answer),
    });
    Ok(match answer {
        Ok(answer) => UserInfoReport {
            ok: true,
            code: None,
            identity: Some(IdentityReport {
                national_id: answer.national_id().map(|id| id.canonical().to_owned()),
                rpps: rpps(&answer.rpps()),
            }),
            practices: answer.practices().iter().map(PracticeReport::from).collect(),
            explained: None,
        },
        Err(refusal) => UserInfoReport {
            ok: false,
            code: Some(refusal.code()),
            identity: None,
            practices: Vec::new(),
            explained: Some(Explained { message: refusal.to_string(), help: refusal.help() }),
        },
    })
}
