//! `code^OID` values: `SubjectRole`, `Secteur_Activite`, `Palier_Authentification` (psc-facts 2.4).
//!
//! The part after the caret names the nomenclature. A value with another nomenclature than the claim's own is kept as
//! [`CodeSystem::Other`]: the same number means different things in different tables.

/// A code and the nomenclature that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodedValue {
    code: String,
    system: CodeSystem,
}

/// A nomenclature, by its object identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeSystem {
    /// `1.2.250.1.213.1.1.5.5`: roles, that is professions.
    Role,
    /// `1.2.250.1.71.1.2.7`: health professions (TRE_G15).
    Profession,
    /// `1.2.250.1.71.4.2.4`: sectors of activity (TRE_R02).
    Sector,
    /// `1.2.250.1.71.4.2.5`: specialities (TRE_R38 and its siblings).
    Speciality,
    /// `1.2.250.1.213.1.5.1.1.1`: tiers of authentication.
    AuthenticationTier,
    /// Any other.
    Other,
}

impl CodedValue {
    /// Reads `code^OID`: a code, one caret, an object identifier. `None` for any other form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (code, oid) = text.split_once('^')?;
        let is_code = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let is_oid = oid.split('.').all(|arc| !arc.is_empty() && arc.bytes().all(|byte| byte.is_ascii_digit()));
        if !is_code || !is_oid || !oid.contains('.') {
            return None;
        }
        let system = match oid {
            "1.2.250.1.213.1.1.5.5" => CodeSystem::Role,
            "1.2.250.1.71.1.2.7" => CodeSystem::Profession,
            "1.2.250.1.71.4.2.4" => CodeSystem::Sector,
            "1.2.250.1.71.4.2.5" => CodeSystem::Speciality,
            "1.2.250.1.213.1.5.1.1.1" => CodeSystem::AuthenticationTier,
            _ => CodeSystem::Other,
        };
        Some(Self { code: code.to_owned(), system })
    }

    /// The part before the caret.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The nomenclature.
    #[must_use]
    pub fn system(&self) -> CodeSystem {
        self.system
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let check = |text: &str, expected: Option<(&str, CodeSystem)>| {
            let got = CodedValue::parse(text);
            assert_eq!(got.as_ref().map(|value| (value.code(), value.system())), expected, "{text}");
        };
        // Published values (psc-facts 2.4 and 2.5).
        check("80^1.2.250.1.213.1.1.5.5", Some(("80", CodeSystem::Role)));
        check("SA07^1.2.250.1.71.4.2.4", Some(("SA07", CodeSystem::Sector)));
        check("APPPRIP3^1.2.250.1.213.1.5.1.1.1", Some(("APPPRIP3", CodeSystem::AuthenticationTier)));
        check("10^1.2.3", Some(("10", CodeSystem::Other)));
        for neither in ["", "80", "^1.2", "80^", "80^1", "80^1..2", "80^1.2^3", "80^1.2.x", "8 0^1.2", "80^.1.2"] {
            check(neither, None);
        }
    }
}
