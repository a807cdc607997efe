//! What was typed into the identifier field, and whom it names.
//!
//! The three mistakes that support hears about (psc-facts §5.4) get their own sentence: the missing 8, a number of the wrong
//! length, a person who is not in the directory. Spaces are ignored, because people copy numbers in groups.

use verifier_core::ids::{NationalId, Rpps};

use crate::persons::{Person, Persons};
use crate::store::Standing;

/// Why an identifier leads nowhere. Nothing is sent to any phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing was typed.
    Empty,
    /// Eleven digits: an RPPS without its type digit.
    MissingEight,
    /// Not the form of a national identifier.
    Form,
    /// Not in the directory.
    Unknown,
    /// In the directory, without an active e-CPS.
    NotActivated,
    /// In the directory, with an e-CPS that too many wrong PINs have blocked.
    Blocked,
}

impl Refusal {
    /// Stable code.
    #[must_use]
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Empty => "SBX-ID-EMPTY",
            Self::MissingEight => "SBX-ID-EIGHT",
            Self::Form => "SBX-ID-FORM",
            Self::Unknown => "SBX-ID-UNKNOWN",
            Self::NotActivated => "SBX-ID-NOT-ACTIVATED",
            Self::Blocked => "SBX-ID-BLOCKED",
        }
    }

    /// Headline of the alert.
    #[must_use]
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Empty => "Identifiant manquant",
            Self::MissingEight | Self::Form => "Identifiant incorrect",
            Self::Unknown => "Identifiant inconnu",
            Self::NotActivated => "e-CPS non activée",
            Self::Blocked => "e-CPS bloquée",
        }
    }

    /// What is wrong and what to do.
    #[must_use]
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Empty => "Saisissez votre identifiant national : le chiffre 8 suivi de votre numéro RPPS.",
            Self::MissingEight => {
                "Il manque le « 8 » devant votre numéro RPPS. L'identifiant national compte 12 chiffres : le 8, puis les 11 chiffres du RPPS."
            }
            Self::Form => "Un identifiant national RPPS compte 12 chiffres et commence par 8. Vérifiez votre saisie.",
            Self::Unknown => {
                "Aucune personne n'a cet identifiant dans l'annuaire de ce bac à sable. Vérifiez les 12 chiffres ; seules des identités de test publiées y figurent."
            }
            Self::NotActivated => "Cette personne n'a pas encore activé de e-CPS. Activez-la avant de vous connecter.",
            Self::Blocked => {
                "Trop de codes PIN erronés ont bloqué cette e-CPS. Supprimez-la dans l'application, puis activez-la à nouveau."
            }
        }
    }
}

/// Looks a typed identifier up, for a login: there must be an e-CPS to ask.
pub(crate) fn find<'p>(
    persons: &'p Persons,
    typed: &str,
    standing: impl Fn(&str) -> Standing,
) -> Result<&'p Person, Refusal> {
    let person = read(persons, typed)?;
    match standing(person.id()) {
        Standing::Active => Ok(person),
        Standing::None => Err(Refusal::NotActivated),
        Standing::Blocked => Err(Refusal::Blocked),
    }
}

/// Looks a typed identifier up in the directory.
pub(crate) fn read<'p>(persons: &'p Persons, typed: &str) -> Result<&'p Person, Refusal> {
    let id: String = typed.chars().filter(|character| !character.is_whitespace()).collect();
    if id.is_empty() {
        return Err(Refusal::Empty);
    }
    if let Some(person) = persons.find(&id) {
        return Ok(person);
    }
    // What an identifier looks like is the core's knowledge; the key digit is not held against anybody here.
    if Rpps::parse(&id).is_ok() {
        return Err(Refusal::MissingEight);
    }
    match NationalId::parse(&id) {
        Ok(_) => Err(Refusal::Unknown),
        Err(_) => Err(Refusal::Form),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_has_its_own_sentence() {
        let persons = Persons::built_in().unwrap();
        let check = |typed: &str, expected: Option<Refusal>| {
            let standing = |id: &str| match id {
                "899700075064" => Standing::None,
                "899700427885" => Standing::Blocked,
                _ => Standing::Active,
            };
            assert_eq!(find(&persons, typed, standing).err(), expected, "{typed}");
        };
        check("899700218896", None);
        check(" 8 99700 218896 ", None);
        check("ANS20231122132732", None);
        check("", Some(Refusal::Empty));
        check("99700218896", Some(Refusal::MissingEight));
        check("899700000000", Some(Refusal::Unknown));
        check("999700218896", Some(Refusal::Form));
        check("8997", Some(Refusal::Form));
        check("<script>", Some(Refusal::Form));
        check("899700075064", Some(Refusal::NotActivated));
        check("899700427885", Some(Refusal::Blocked));
    }
}
