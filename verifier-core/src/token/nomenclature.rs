//! What the codes of a practice mean: registers, categories and labels in French and English.
//!
//! The tables are data with a version, taken from `psc-facts` 2.6 (TRE_G15, TRE_R94, TRE_R95 and two samples of TRE_R02 and
//! TRE_R38). They serve reports and texts; no verification rule reads them, so a code that is missing here changes no
//! decision: it is *unknown*, which is a value of its own and never taken for something near it.

use super::practice::Practice;

/// Which edition of the tables this is: year and month of compilation.
pub const VERSION: &str = "2026-11";

/// A text in the two languages of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// French, as the nomenclature has it.
    pub fr: &'static str,
    /// English.
    pub en: &'static str,
}

/// Which table a profession stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// TRE_G15: health professions.
    Health,
    /// TRE_R94: social professions.
    Social,
    /// TRE_R95: protected titles.
    Title,
}

impl Register {
    /// Stable name, as it stands in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Register::Health => "health",
            Register::Social => "social",
            Register::Title => "title",
        }
    }
}

/// What a profession code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profession {
    /// The code stands in a table. The social professions are known by number only.
    Known(Register, Option<Label>),
    /// The code stands in no table of this edition.
    Unknown,
    /// PSC states no profession: staff with a role only.
    NotStated,
}

/// What `codeCategorieProfessionnelle` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// `C`
    Civil,
    /// `M`
    Military,
    /// `E`
    Student,
    /// A code outside the table.
    Unknown,
    /// PSC states no category.
    NotStated,
}

impl Category {
    /// Stable name, as it stands in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Category::Civil => "civil",
            Category::Military => "military",
            Category::Student => "student",
            Category::Unknown => "unknown",
            Category::NotStated => "not-stated",
        }
    }
}

impl Practice {
    /// The profession, typed.
    #[must_use]
    pub fn known_profession(&self) -> Profession {
        self.profession.as_deref().map_or(Profession::NotStated, profession)
    }

    /// The category, typed. A student is not a professional of the profession that is stated beside it.
    #[must_use]
    pub fn known_category(&self) -> Category {
        match self.category.as_deref() {
            None => Category::NotStated,
            Some("C") => Category::Civil,
            Some("M") => Category::Military,
            Some("E") => Category::Student,
            Some(_) => Category::Unknown,
        }
    }
}

/// Looks a profession code up.
#[must_use]
pub fn profession(code: &str) -> Profession {
    if let Some((_, register, label)) = PROFESSIONS.iter().find(|(known, ..)| *known == code) {
        return Profession::Known(*register, Some(*label));
    }
    if SOCIAL.contains(&code) { Profession::Known(Register::Social, None) } else { Profession::Unknown }
}

/// Label of a sector code (TRE_R02). Only the two that published samples explain.
#[must_use]
pub fn sector(code: &str) -> Option<Label> {
    match code {
        "SA01" => Some(Label { fr: "Établissement public de santé", en: "Public hospital" }),
        "SA07" => Some(Label { fr: "Cabinet individuel", en: "Individual practice" }),
        _ => None,
    }
}

const fn health(code: &'static str, fr: &'static str, en: &'static str) -> (&'static str, Register, Label) {
    (code, Register::Health, Label { fr, en })
}

const fn title(code: &'static str, fr: &'static str, en: &'static str) -> (&'static str, Register, Label) {
    (code, Register::Title, Label { fr, en })
}

/// TRE_G15 and TRE_R95.
const PROFESSIONS: &[(&str, Register, Label)] = &[
    health("10", "Médecin", "Doctor"),
    health("21", "Pharmacien", "Pharmacist"),
    health("26", "Audioprothésiste", "Hearing-aid specialist"),
    health("28", "Opticien-lunetier", "Optician"),
    health("31", "Assistant dentaire", "Dental assistant"),
    health("32", "Physicien médical", "Medical physicist"),
    health("35", "Aide-soignant", "Care assistant"),
    health("36", "Ambulancier", "Ambulance attendant"),
    health("37", "Auxiliaire de puériculture", "Childcare assistant"),
    health("38", "Préparateur en pharmacie hospitalière", "Hospital pharmacy technician"),
    health("39", "Préparateur en pharmacie (officine)", "Pharmacy technician"),
    health("40", "Chirurgien-dentiste", "Dentist"),
    health("50", "Sage-femme", "Midwife"),
    health("60", "Infirmier", "Nurse"),
    health("69", "Infirmier psychiatrique", "Psychiatric nurse"),
    health("70", "Masseur-kinésithérapeute", "Physiotherapist"),
    health("80", "Pédicure-podologue", "Podiatrist"),
    health("81", "Orthoprothésiste", "Orthotist-prosthetist"),
    health("82", "Podo-orthésiste", "Orthopaedic shoemaker"),
    health("83", "Orthopédiste-orthésiste", "Orthopaedic fitter"),
    health("84", "Oculariste", "Ocularist"),
    health("85", "Épithésiste", "Anaplastologist"),
    health("86", "Technicien de laboratoire", "Laboratory technician"),
    health("91", "Orthophoniste", "Speech therapist"),
    health("92", "Orthoptiste", "Orthoptist"),
    health("94", "Ergothérapeute", "Occupational therapist"),
    health("95", "Diététicien", "Dietitian"),
    health("96", "Psychomotricien", "Psychomotor therapist"),
    health("98", "Manipulateur ERM", "Radiographer"),
    title("71", "Ostéopathe", "Osteopath"),
    title("72", "Psychothérapeute", "Psychotherapist"),
    title("73", "Chiropracteur", "Chiropractor"),
    title("93", "Psychologue", "Psychologist"),
    title("97", "Conseiller en génétique", "Genetic counsellor"),
    title("171", "Ostéopathe", "Osteopath"),
    title("172", "Psychothérapeute", "Psychotherapist"),
    title("173", "Chiropracteur", "Chiropractor"),
    title("193", "Psychologue", "Psychologist"),
    title("194", "Conseiller en génétique", "Genetic counsellor"),
];

/// TRE_R94, of which the sources give the numbers only.
const SOCIAL: &[&str] = &[
    "41", "42", "43", "44", "45", "46", "47", "48", "49", "51", "52", "53", "200", "201", "202", "203", "204", "205",
    "206", "207", "208", "209", "210", "211", "212", "213",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_exact_and_unique() {
        let check = |code: &str, expected: Option<&str>| {
            let got = match profession(code) {
                Profession::Known(register, label) => Some(label.map_or(register.name(), |label| label.fr)),
                Profession::Unknown | Profession::NotStated => None,
            };
            assert_eq!(got, expected, "{code}");
        };
        check("10", Some("Médecin"));
        check("80", Some("Pédicure-podologue"));
        check("205", Some("social"));
        check("93", Some("Psychologue"));
        for unknown in ["", "1", "010", "10 ", "54", "999"] {
            check(unknown, None);
        }
        for (index, (code, ..)) in PROFESSIONS.iter().enumerate() {
            assert!(PROFESSIONS.iter().skip(index + 1).all(|(other, ..)| other != code), "{code}");
            assert!(!SOCIAL.contains(code), "{code}");
        }
    }

    #[test]
    fn categories_are_typed() {
        let check = |code: Option<&str>, name: &str| {
            let practice = Practice { category: code.map(str::to_owned), ..Practice::default() };
            assert_eq!(practice.known_category().name(), name);
        };
        check(Some("C"), "civil");
        check(Some("M"), "military");
        check(Some("E"), "student");
        check(Some("c"), "unknown");
        check(None, "not-stated");
        assert_eq!(Practice::default().known_profession(), Profession::NotStated);
    }
}
