//! Identifiers through the public API: what is accepted, what is refused and why, and that nothing discloses itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test may panic"
)]

use verifier_core::ids::infer::{Identifier, Kind};
use verifier_core::ids::ins::{Agreement, Ins, TraitTexts, Traits};
use verifier_core::ids::{KeyCheck, NationalId, NationalIdKind, Nir, NirStatus, Rpps};

/// Published test identities of the operator.
const PUBLISHED: &[&str] = &[
    "899700427869",
    "899700427885",
    "899700218896",
    "899700366240",
    "899700245667",
    "899700367909",
    "899700367917",
    "899700075064",
];

#[test]
fn published_identities_are_valid() {
    for text in PUBLISHED {
        let id = NationalId::parse(text).unwrap();
        assert_eq!((id.kind(), id.key(), id.canonical()), (NationalIdKind::Rpps, KeyCheck::Valid, *text));
        assert_eq!(id.rpps().unwrap().national_id(), id);
    }
    assert_eq!(NationalId::parse("ANS20231122132732").unwrap().kind(), NationalIdKind::Edit);
}

#[test]
fn a_number_printed_in_a_guide_keeps_its_wrong_key() {
    for text in ["8 10003111463", "810000929190"] {
        assert_eq!(NationalId::parse(text).unwrap().key(), KeyCheck::Mismatch, "{text}");
    }
}

#[test]
fn pasted_text_is_normalised_by_the_documented_rules() {
    let check = |text: &str| {
        assert_eq!(
            NationalId::parse(text).map(|id| id.canonical().to_owned()).as_deref(),
            Ok("899700218896"),
            "{text:?}"
        )
    };
    check("  899700218896\r\n");
    check("8 9970 0218 896");
    check("8\u{A0}99700218896");
    check("8\u{202F}997\u{2009}002\u{2007}188\u{3000}96");
    check("8.99.70.02.18.89.6");
    check("8-99700218896");
    check("8\u{2011}99700218896");
    check("\u{FEFF}89970021\u{200B}8896");
    check("８９９７００２１８８９６");
}

#[test]
fn refusals_name_their_reason() {
    let check = |text: &str, code: &str| {
        assert_eq!(NationalId::parse(text).map_err(|error| error.code()), Err(code), "{text:?}")
    };
    check("", "ID-EMPTY");
    check(" \u{A0} ", "ID-EMPTY");
    check("...", "ID-EMPTY");
    check("99700218896", "ID-PREFIX");
    check("10003111463", "ID-PREFIX");
    check("799700218896", "ID-TYPE");
    check("299700218896", "ID-TYPE");
    check("8997002188961", "ID-LENGTH");
    check("89970021889", "ID-LENGTH");
    check("8", "ID-LENGTH");
    check("8997002I8896", "ID-CHARACTER");
    check("89970021889O", "ID-CHARACTER");
    check("８٩٩٧٠٠٢١٨٨٩٦", "ID-FOREIGN-DIGIT");
    check("\u{202E}899700218896", "ID-DIRECTION");
    check("800000000000", "ID-ZERO");
    check("30B0185195", "ID-LOCAL-MISSING");
    check("899700218896/1", "ID-LOCAL-UNEXPECTED");
    check("30B0185195/", "ID-LOCAL-FORM");
    check("30B0185195/A B/C", "ID-LOCAL-FORM");
    check("30B0185195/é", "ID-LOCAL-FORM");
    check("ANS2023112213273", "ID-LENGTH");
    check("ANS2023112213273X", "ID-CHARACTER");
    check("00000000-0000-0000-0000-000000000000", "ID-ZERO");
    check("RPPS 99700218896", "ID-CHARACTER");
    check(&"8".repeat(65), "ID-TOO-LONG");
    check("-/", "ID-EMPTY");
}

#[test]
fn every_type_digit_has_its_form() {
    let check = |text: &str, kind: NationalIdKind, key: KeyCheck, canonical: &str| {
        let id = NationalId::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((id.kind(), id.key(), id.canonical()), (kind, key, canonical));
    };
    check("0 75 1 23456 8", NationalIdKind::Adeli, KeyCheck::Valid, "0751234568");
    check("0751234569", NationalIdKind::Adeli, KeyCheck::Mismatch, "0751234569");
    check("1751234567/12", NationalIdKind::CabAdeli, KeyCheck::None, "1751234567/12");
    check("30B0185195/CPET00001", NationalIdKind::Finess, KeyCheck::Valid, "30B0185195/CPET00001");
    check("30b0185195/CPET00001", NationalIdKind::Finess, KeyCheck::Valid, "30B0185195/CPET00001");
    check(
        "4732829320/ABCDEFGHIJKLMNOPQRSTUVW",
        NationalIdKind::Siren,
        KeyCheck::Valid,
        "4732829320/ABCDEFGHIJKLMNOPQRSTUVW",
    );
    check("500000001815646/CPAT00045", NationalIdKind::Siret, KeyCheck::Valid, "500000001815646/CPAT00045");
    check("500000001815647/CPAT00045", NationalIdKind::Siret, KeyCheck::Mismatch, "500000001815647/CPAT00045");
    check("699700237045007/1", NationalIdKind::CabRpps, KeyCheck::Valid, "699700237045007/1");
    check("ans20231122132732", NationalIdKind::Edit, KeyCheck::None, "ANS20231122132732");
    check(
        "7C9E6679-7425-40DE-944B-E07FC1F90AE7",
        NationalIdKind::Psi,
        KeyCheck::None,
        "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    );
}

#[test]
fn register_numbers_know_their_keys() {
    let check = |kind: &str, text: &str, expected: Result<KeyCheck, &str>| {
        let read = Identifier::parse_as(Kind::from_name(kind).unwrap(), text);
        assert_eq!(read.map(|id| id.key()).map_err(|error| error.code()), expected, "{kind} {text}");
    };
    check("rpps", "99700218896", Ok(KeyCheck::Valid));
    check("rpps", "10003111463", Ok(KeyCheck::Mismatch));
    check("rpps", "899700218896", Err("ID-LENGTH"));
    check("adeli", "2A1234563", Ok(KeyCheck::Mismatch));
    check("adeli", "9D1234567", Ok(KeyCheck::Mismatch));
    check("adeli", "9F1234567", Err("ID-CHARACTER"));
    check("finess", "0B0185195", Ok(KeyCheck::Valid));
    check("finess", "9C0185195", Err("ID-CHARACTER"));
    check("siren", "732829320", Ok(KeyCheck::Valid));
    check("siren", "732829321", Ok(KeyCheck::Mismatch));
    check("siret", "73282932000074", Ok(KeyCheck::Valid));
    // La Poste: the head office follows Luhn, the other sites add up to a multiple of five.
    check("siret", "35600000000048", Ok(KeyCheck::Valid));
    check("siret", "35600000049837", Ok(KeyCheck::Valid));
    check("siret", "35600000049838", Ok(KeyCheck::Mismatch));
    check("siret", "73282932000073", Ok(KeyCheck::Mismatch));
    check("edit", "899700218896", Err("ID-KIND"));
    check("psi", "ANS20231122132732", Err("ID-KIND"));
}

#[test]
fn a_kind_is_inferred_from_the_form_or_refused_as_ambiguous() {
    let check = |text: &str, expected: Result<Kind, &str>| {
        assert_eq!(Identifier::infer(text).map(|id| id.kind()).map_err(|error| error.code()), expected, "{text}");
    };
    check("899700218896", Ok(Kind::NationalId));
    check("99700218896", Ok(Kind::Rpps));
    check("500000001815646/CPAT00045", Ok(Kind::NationalId));
    check("ANS20231122132732", Ok(Kind::Edit));
    check("7c9e6679-7425-40de-944b-e07fc1f90ae7", Ok(Kind::Psi));
    check("732829320", Err("ID-AMBIGUOUS"));
    check("2A0185195", Err("ID-AMBIGUOUS"));
    check("9D1234567", Ok(Kind::Adeli));
    check("73282932000074", Ok(Kind::Siret));
    check("255081416802538", Ok(Kind::Nir));
    check("2550814168025", Ok(Kind::Nir));
    check("12345", Err("ID-FORM"));
    check("hello", Err("ID-FORM"));
    check("89970021889", Err("ID-LENGTH"));
    check("199700218896", Err("ID-LOCAL-MISSING"));
}

#[test]
fn the_number_of_a_person_is_read_part_by_part() {
    let check = |text: &str, expected: Result<(NirStatus, KeyCheck), &str>| {
        assert_eq!(
            Nir::parse(text).map(|nir| (nir.status(), nir.key())).map_err(|error| error.code()),
            expected,
            "{text}"
        );
    };
    use KeyCheck::{Mismatch, None, Valid};
    use NirStatus::{Attributed, Provisional};
    // The sample that INSEE's and the health insurance's pages print.
    check("2 55 08 14 168 025 38", Ok((Attributed, Valid)));
    check("255081416802539", Ok((Attributed, Mismatch)));
    check("2550814168025", Ok((Attributed, None)));
    check("255082A16802574", Ok((Attributed, key_of("2550819168025", 74))));
    check("255082B16802504", Ok((Attributed, key_of("2550818168025", 4))));
    check("755081416802501", Ok((Provisional, key_of("7550814168025", 1))));
    check("555081416802538", Err("ID-NIR-FIELD"));
    check("255131416802538", Err("ID-NIR-FIELD"));
    check("255001416802538", Err("ID-NIR-FIELD"));
    check("255200016802538", Err("ID-NIR-FIELD"));
    check("255081416800038", Err("ID-NIR-FIELD"));
    check("255081416802500", Err("ID-NIR-FIELD"));
    check("255081416802598", Err("ID-NIR-FIELD"));
    check("25508141680253", Err("ID-LENGTH"));
    check("2550814I6802538", Err("ID-CHARACTER"));
    check("255081A16802538", Err("ID-NIR-FIELD"));
}

/// The key computed in 64-bit arithmetic, as an oracle for the digit-by-digit remainder.
fn key_of(body: &str, key: u64) -> KeyCheck {
    if 97 - body.parse::<u64>().unwrap() % 97 == key { KeyCheck::Valid } else { KeyCheck::Mismatch }
}

#[test]
fn an_ins_is_compared_trait_by_trait() {
    let texts = TraitTexts {
        birth_name: "d’artagnan",
        given_names: "Jeanne  Marie",
        birth_date: "1955-08-31",
        sex: "F",
        birth_place: "14168",
    };
    let traits = Traits::parse(&texts).unwrap();
    assert_eq!((traits.birth_name(), traits.given_names().len()), ("D'ARTAGNAN", 2));
    let ins = Ins::new(Nir::parse("255081416802538").unwrap(), traits);
    let all = ins.compare();
    assert_eq!((all.sex, all.birth_date, all.birth_place), (Agreement::Agrees, Agreement::Agrees, Agreement::Agrees));

    let other = TraitTexts { birth_date: "1955-00-00", sex: "M", birth_place: "99999", ..texts };
    let ins = Ins::new(ins.nir().clone(), Traits::parse(&other).unwrap());
    let some = ins.compare();
    assert_eq!(
        (some.sex, some.birth_date, some.birth_place),
        (Agreement::Differs, Agreement::Silent, Agreement::Silent)
    );

    let check = |texts: TraitTexts<'_>, code: &str| {
        assert_eq!(Traits::parse(&texts).map_err(|error| error.code()).err(), Some(code))
    };
    check(TraitTexts { birth_name: "R2D2", ..texts }, "ID-INS-BIRTH-NAME");
    check(TraitTexts { given_names: " ", ..texts }, "ID-INS-GIVEN-NAMES");
    check(TraitTexts { birth_date: "1955-02-29", ..texts }, "ID-INS-BIRTH-DATE");
    check(TraitTexts { birth_date: "31/08/1955", ..texts }, "ID-INS-BIRTH-DATE");
    check(TraitTexts { sex: "2", ..texts }, "ID-INS-SEX");
    check(TraitTexts { birth_place: "Caen", ..texts }, "ID-INS-BIRTH-PLACE");
}

#[test]
fn debug_and_errors_disclose_nothing() {
    let shown = [
        format!("{:?}", NationalId::parse("899700218896").unwrap()),
        format!("{:?}", Rpps::parse("99700218896").unwrap()),
        format!("{:?}", Nir::parse("255081416802538").unwrap()),
        format!("{:?}", Identifier::infer("899700218896").unwrap()),
        format!("{:?}", NationalId::parse("8997002188961").unwrap_err()),
        NationalId::parse("8997002188961").unwrap_err().to_string(),
    ];
    assert_eq!(shown[0], "NationalId(redacted, rpps, key valid)");
    assert_eq!(shown[1], "Rpps(redacted, key valid)");
    for text in shown {
        assert!(text.bytes().filter(u8::is_ascii_digit).count() < 6 && !text.contains("997"), "{text}");
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            let _ = Identifier::infer(&text);
            for kind in Kind::ALL {
                let _ = Identifier::parse_as(kind, &text);
            }
        }

        #[test]
        fn nearly_right_text_is_read_or_refused(text in "[0-9ABans/ .\u{A0}\u{200B}\u{202E}٣-]{0,66}") {
            let _ = Identifier::infer(&text);
            let _ = Nir::parse(&text);
        }

        #[test]
        fn a_canonical_identifier_reads_as_itself(text in "[03458][0-9A-E]{8,14}(/[A-Za-z0-9]{1,24})?") {
            if let Ok(id) = NationalId::parse(&text) {
                prop_assert_eq!(&NationalId::parse(id.canonical()).unwrap(), &id);
            }
        }

        #[test]
        fn one_wrong_digit_breaks_the_key(digits in "[0-9]{11}", at in 0usize..11, step in 1u8..10) {
            let mut other = digits.clone().into_bytes();
            other[at] = b'0' + (other[at] - b'0' + step) % 10;
            let other = String::from_utf8(other).unwrap();
            if let (Ok(one), Ok(two)) = (Rpps::parse(&digits), Rpps::parse(&other)) {
                prop_assert!(one.key() != KeyCheck::Valid || two.key() == KeyCheck::Mismatch);
            }
        }

        #[test]
        fn separators_change_nothing(digits in "[1-9][0-9]{10}", at in 0usize..11, separator in "[ .\u{A0}\u{202F}-]") {
            let mut spaced = digits.clone();
            spaced.insert_str(at, &separator);
            prop_assert_eq!(Rpps::parse(&spaced), Rpps::parse(&digits));
        }

        #[test]
        fn the_remainder_is_that_of_arithmetic(body in "[12][0-9]{2}(0[1-9]|1[0-2])(1[0-9]|[3-8][0-9])[0-9]{3}[1-9][0-9]{2}", key in 1u64..98) {
            let nir = Nir::parse(&format!("{body}{key:02}")).unwrap();
            prop_assert_eq!(nir.key(), key_of(&body, key));
        }
    }
}
