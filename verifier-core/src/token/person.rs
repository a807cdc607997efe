//! Who the person is, from `SubjectNameID` and `otherIds`.
//!
//! - `sub` links accounts and is never parsed: its form has changed and will again.
//! - `SubjectNameID` is the national id with its type digit. A value of no known form is kept out: the national id is then
//!   *unknown*, which is not an error and satisfies no rule.
//! - `otherIds` lists the person's other identifiers with the register they come from. It supplies the RPPS when the national
//!   id is not one (EDIT, PSI after a merge of accounts).
//! - When the sources name more than one RPPS the answer is *unknown* too: picking one would be a guess.
//! - `preferred_username` is ignored: OIDC Core 5.7 says that it identifies nobody.

use std::fmt;

use crate::evidence::{Check, Evidence, Outcome};
use crate::ids::{KeyCheck, NationalId, Rpps};
use crate::limits;
use crate::wire::json::{Json, Object};

/// One entry of `otherIds`.
#[derive(Clone, PartialEq, Eq)]
pub struct OtherId {
    origin: String,
    value: String,
}

impl OtherId {
    /// `origine`: the register, for example `RPPS`, `ADELI`, `EDIT`, `PSI`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// `identifiant`. Discloses an identifier on purpose.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Reads `otherIds`, or `otherIDs` as one published program spells it. The error names the claim.
    pub(super) fn list(members: &Object<'_>) -> Result<Vec<Self>, &'static str> {
        const CLAIM: &str = "otherIds";
        let entries = match (members.get(CLAIM), members.get("otherIDs")) {
            (None | Some(Json::Null), None | Some(Json::Null)) => return Ok(Vec::new()),
            (Some(claim), None | Some(Json::Null)) | (None | Some(Json::Null), Some(claim)) => {
                claim.as_array().ok_or(CLAIM)?
            }
            // Both spellings at once is one claim twice.
            (Some(_), Some(_)) => return Err(CLAIM),
        };
        if entries.len() > limits::OTHER_IDS {
            return Err(CLAIM);
        }
        entries.iter().map(|entry| Self::read(entry).ok_or(CLAIM)).collect()
    }

    fn read(entry: &Json<'_>) -> Option<Self> {
        let entry = entry.as_object()?;
        let text = |name: &str| entry.get(name)?.as_str().filter(|text| text.len() <= limits::TEXT_BYTES);
        Some(Self { origin: text("origine")?.to_owned(), value: text("identifiant")?.to_owned() })
    }

    /// The RPPS, written with or without the type digit.
    fn rpps(&self) -> Option<Rpps> {
        if self.origin != "RPPS" {
            return None;
        }
        exact_national_id(&self.value)
            .and_then(|id| id.rpps().cloned())
            .or_else(|| Rpps::parse(&self.value).ok().filter(|rpps| rpps.canonical() == self.value))
    }
}

/// Identifiers stay out of logs.
impl fmt::Debug for OtherId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OtherId(redacted)")
    }
}

/// What is known about the RPPS of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownRpps {
    /// Every source that names one names this one.
    One(Rpps),
    /// No source names one: staff without an entry in the register, students, test identities.
    None,
    /// The sources contradict each other.
    Ambiguous,
}

impl KnownRpps {
    /// The one RPPS, when there is exactly one.
    #[must_use]
    pub fn one(&self) -> Option<&Rpps> {
        match self {
            KnownRpps::One(rpps) => Some(rpps),
            KnownRpps::None | KnownRpps::Ambiguous => None,
        }
    }
}

/// A claim is not typed by a person: only the exact canonical form counts, nothing is normalised.
pub(super) fn exact_national_id(claim: &str) -> Option<NationalId> {
    NationalId::parse(claim).ok().filter(|id| id.canonical() == claim)
}

/// Weighs the national id against `otherIds`.
pub(super) fn known_rpps(national_id: Option<&NationalId>, other_ids: &[OtherId]) -> KnownRpps {
    let stated = national_id.and_then(NationalId::rpps).cloned();
    let mut named = stated.into_iter().chain(other_ids.iter().filter_map(OtherId::rpps));
    match named.next() {
        None => KnownRpps::None,
        Some(first) if named.all(|other| other == first) => KnownRpps::One(first),
        Some(_) => KnownRpps::Ambiguous,
    }
}

/// National id and RPPS from the stated `SubjectNameID` and every `otherIds`, with their lines of evidence.
pub(super) fn identify(
    stated: Option<&str>,
    other_ids: &[OtherId],
    evidence: &mut Evidence,
) -> (Option<NationalId>, KnownRpps) {
    let national_id = stated.and_then(exact_national_id);
    let rpps = known_rpps(national_id.as_ref(), other_ids);
    let national_id = match (stated, national_id, &rpps) {
        // A card login has been seen without `SubjectNameID`: the one RPPS of `otherIds` stands in for it.
        (None, _, KnownRpps::One(rpps)) => {
            evidence.push_with(Check::NationalId, Outcome::Noted, "from otherIds");
            Some(rpps.national_id())
        }
        (None, ..) => {
            evidence.push(Check::NationalId, Outcome::Absent);
            None
        }
        (Some(_), None, _) => {
            evidence.push_with(Check::NationalId, Outcome::Noted, "unknown form");
            None
        }
        (Some(_), Some(id), _) => {
            let outcome = if id.key() == KeyCheck::Mismatch { Outcome::Noted } else { Outcome::Passed };
            evidence.push_with(
                Check::NationalId,
                outcome,
                format!("{}, key {}", id.kind().as_str(), id.key().as_str()),
            );
            Some(id)
        }
    };
    match &rpps {
        KnownRpps::One(rpps) if rpps.key() == KeyCheck::Mismatch => {
            evidence.push_with(Check::Rpps, Outcome::Noted, "key mismatch")
        }
        KnownRpps::One(_) => evidence.push(Check::Rpps, Outcome::Passed),
        KnownRpps::None => evidence.push(Check::Rpps, Outcome::Absent),
        KnownRpps::Ambiguous => evidence.push_with(Check::Rpps, Outcome::Noted, "ambiguous"),
    }
    (national_id, rpps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other(origin: &str, value: &str) -> OtherId {
        OtherId { origin: origin.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn one_rpps_or_none() {
        let check = |national: Option<&str>, others: &[OtherId], expected: &str| {
            let national = national.and_then(exact_national_id);
            let got = known_rpps(national.as_ref(), others);
            let got = match &got {
                KnownRpps::One(rpps) => rpps.canonical(),
                KnownRpps::None => "none",
                KnownRpps::Ambiguous => "ambiguous",
            };
            assert_eq!(got, expected);
        };
        check(Some("899700427885"), &[], "99700427885");
        check(Some("899700427885"), &[other("RPPS", "899700427885")], "99700427885");
        check(Some("899700427885"), &[other("RPPS", "99700427885"), other("EDIT", "x")], "99700427885");
        check(Some("ANS20231122132732"), &[other("EDIT", "ANS20231122132732")], "none");
        check(Some("0f8fad5b-d9cb-469f-a165-70867728950e"), &[other("RPPS", "899700427885")], "99700427885");
        check(None, &[other("RPPS", "899700427885")], "99700427885");
        check(Some("899700427869"), &[other("RPPS", "899700427885")], "ambiguous");
        check(None, &[other("RPPS", "899700427885"), other("RPPS", "899700427869")], "ambiguous");
        // The register named is what counts, not the look of the number.
        check(None, &[other("ADELI", "899700427885")], "none");
        check(Some("8 99700427885"), &[], "none");
        check(None, &[], "none");
    }
}
