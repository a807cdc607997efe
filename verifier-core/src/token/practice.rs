//! Practices: what the person is registered to do, and where (`SubjectRefPro.exercices[].activities[]`).
//!
//! PSC sends every exercise with every activity and chooses none. A practice here is ONE activity together with the exercise it
//! belongs to. Profession, speciality, role, sector and structure of different activities are never mixed: being a doctor
//! somewhere and an employee of a hospital elsewhere does not make a hospital doctor.
//!
//! Codes are kept as PSC states them; an empty text means that nothing is stated. An exercise without activities is a practice
//! with its profession and nothing about a place.

use std::fmt;

use crate::limits;
use crate::wire::json::{Json, Object};

/// One activity with the exercise it belongs to. Codes refer to the tables of `psc-facts` 2.6.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Practice {
    /// `codeProfession`, for example `10` for a doctor.
    pub profession: Option<String>,
    /// `codeCategorieProfessionnelle`: `C` civil, `M` military, `E` student.
    pub category: Option<String>,
    /// `codeSavoirFaire`, for example `SM54`.
    pub speciality: Option<String>,
    /// `codeRole`.
    pub role: Option<String>,
    /// `codeSecteurDactivite`, for example `SA07`.
    pub sector: Option<String>,
    /// `codeModeExercice`: `L` self-employed, `S` employed.
    pub mode: Option<String>,
    /// Where it takes place.
    pub structure: Option<Structure>,
}

/// Where a practice takes place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Structure {
    /// `identifiantTechniqueDeLaStructure`.
    pub id: Option<String>,
    /// `raisonSocialeSite`, else `enseigneCommercialeSite`.
    pub name: Option<String>,
    /// `numeroFinessSite`.
    pub finess: Option<String>,
    /// `numeroSiretSite`.
    pub siret: Option<String>,
}

/// Why the practices cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadPracticesError {
    /// A member has the wrong type or is longer than allowed.
    Type {
        /// Name of the member.
        member: &'static str,
    },
    /// More activities than allowed.
    TooMany,
}

impl fmt::Display for ReadPracticesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadPracticesError::Type { member } => write!(f, "`{member}` has the wrong type or length"),
            ReadPracticesError::TooMany => write!(f, "there are more than {} activities", limits::PRACTICES),
        }
    }
}

/// A stated text: absent, `null` and empty mean that nothing is stated.
pub(super) fn stated(members: &Object<'_>, member: &'static str) -> Result<Option<String>, ReadPracticesError> {
    match members.get(member) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) if text.len() <= limits::TEXT_BYTES => {
            Ok(Some(text).filter(|text| !text.is_empty()).map(|text| text.clone().into_owned()))
        }
        Some(_) => Err(ReadPracticesError::Type { member }),
    }
}

fn objects<'j>(members: &'j Object<'j>, member: &'static str) -> Result<Vec<&'j Object<'j>>, ReadPracticesError> {
    let wrong = ReadPracticesError::Type { member };
    match members.get(member) {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::Array(elements)) => elements.iter().map(|element| element.as_object().ok_or(wrong)).collect(),
        Some(_) => Err(wrong),
    }
}

/// Reads every practice in the order of the document, which is what an "acting as" index refers to.
pub(super) fn read(reference: &Object<'_>) -> Result<Vec<Practice>, ReadPracticesError> {
    let mut practices = Vec::new();
    for exercise in objects(reference, "exercices")? {
        let of_exercise = Practice {
            profession: stated(exercise, "codeProfession")?,
            category: stated(exercise, "codeCategorieProfessionnelle")?,
            speciality: stated(exercise, "codeSavoirFaire")?,
            ..Practice::default()
        };
        let activities = objects(exercise, "activities")?;
        if practices.len() + activities.len().max(1) > limits::PRACTICES {
            return Err(ReadPracticesError::TooMany);
        }
        if activities.is_empty() {
            practices.push(of_exercise);
            continue;
        }
        for activity in activities {
            practices.push(Practice {
                role: stated(activity, "codeRole")?,
                sector: stated(activity, "codeSecteurDactivite")?,
                mode: stated(activity, "codeModeExercice")?,
                structure: structure(activity)?,
                ..of_exercise.clone()
            });
        }
    }
    Ok(practices)
}

fn structure(activity: &Object<'_>) -> Result<Option<Structure>, ReadPracticesError> {
    let name = stated(activity, "raisonSocialeSite")?;
    let brand = stated(activity, "enseigneCommercialeSite")?;
    let structure = Structure {
        id: stated(activity, "identifiantTechniqueDeLaStructure")?,
        name: name.or(brand),
        finess: stated(activity, "numeroFinessSite")?,
        siret: stated(activity, "numeroSiretSite")?,
    };
    Ok(Some(structure).filter(|structure| *structure != Structure::default()))
}
