//! What a host name looks like: its labels decoded, and each character replaced by the letter it is taken for.
//!
//! The skeleton is for comparing only. It is not a normal form: it merges names that differ, on purpose (`i`, `1` and `l`
//! are one letter, `vv` is `w`).

use super::confusables::TAKEN_FOR;
use super::punycode;

/// Characters that Unicode's own list does not pair with a letter but that pass for one at a glance in lower case.
const AT_A_GLANCE: &[(char, char)] = &[
    ('т', 't'),
    ('τ', 't'),
    ('н', 'h'),
    ('в', 'b'),
    ('п', 'n'),
    ('и', 'u'),
    ('г', 'r'),
    ('ω', 'w'),
    ('ш', 'w'),
    ('ł', 'l'),
    ('ш', 'w'),
    ('ø', 'o'),
    ('ħ', 'h'),
    ('ŧ', 't'),
    ('ƞ', 'n'),
    ('ε', 'e'),
    ('є', 'e'),
    ('э', 'e'),
    ('ѕ', 's'),
    ('ρ', 'p'),
    ('υ', 'u'),
];

/// A host name as it is seen.
#[derive(Debug)]
pub(super) struct Seen {
    /// The labels, left to right.
    pub(super) labels: Vec<SeenLabel>,
}

/// One label as it is seen.
#[derive(Debug)]
pub(super) struct SeenLabel {
    /// Letters, digits and hyphens that a reader takes it for.
    pub(super) skeleton: String,
    /// What was done to get there.
    pub(super) disguise: Disguise,
}

/// How far the seen label is from the written one, in rising order of suspicion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Disguise {
    /// Plain ASCII letters.
    None,
    /// Accented Latin letters: French, not a disguise by itself.
    Accents,
    /// A digit or a pair of letters that stands for a letter.
    Digits,
    /// `xn--` followed by something that is not Punycode.
    Undecodable,
    /// Letters of another script.
    Script,
}

impl Seen {
    /// Looks at a host name in lower case, in ASCII or Unicode form.
    pub(super) fn new(host: &str) -> Self {
        Self { labels: host.split('.').map(SeenLabel::new).collect() }
    }

    /// The labels without dots and hyphens.
    pub(super) fn squeezed(&self) -> String {
        self.labels.iter().flat_map(|label| label.skeleton.chars()).filter(|c| *c != '-').collect()
    }

    /// The labels joined by dots.
    pub(super) fn dotted(&self) -> String {
        let labels: Vec<&str> = self.labels.iter().map(|label| label.skeleton.as_str()).collect();
        labels.join(".")
    }

    /// The words between dots and hyphens.
    pub(super) fn words(&self) -> Vec<&str> {
        self.labels.iter().flat_map(|label| label.skeleton.split('-')).filter(|word| !word.is_empty()).collect()
    }

    /// The worst disguise of any label.
    pub(super) fn disguise(&self) -> Disguise {
        self.labels.iter().map(|label| label.disguise).max().unwrap_or(Disguise::None)
    }
}

impl SeenLabel {
    fn new(label: &str) -> Self {
        let Some(encoded) = label.strip_prefix("xn--") else { return Self::of(label) };
        match punycode::decode(encoded) {
            Some(decoded) => Self::of(&decoded),
            None => Self { disguise: Disguise::Undecodable, ..Self::of(encoded) },
        }
    }

    fn of(text: &str) -> Self {
        let mut skeleton = String::with_capacity(text.len());
        let mut disguise = Disguise::None;
        for character in text.chars() {
            let (seen, how) = look(character);
            if let Some(letter) = seen {
                skeleton.push(letter);
            }
            disguise = disguise.max(how);
        }
        if skeleton.contains("vv") {
            skeleton = skeleton.replace("vv", "w");
            disguise = disguise.max(Disguise::Digits);
        }
        Self { skeleton, disguise }
    }
}

/// The letter that a character is taken for; `None` for a mark that is not seen as a letter of its own.
fn look(character: char) -> (Option<char>, Disguise) {
    match character {
        'i' => (Some('l'), Disguise::None),
        'a'..='z' | '-' => (Some(character), Disguise::None),
        '_' => (Some('-'), Disguise::None),
        '0' => (Some('o'), Disguise::Digits),
        '1' => (Some('l'), Disguise::Digits),
        '3' => (Some('e'), Disguise::Digits),
        '4' => (Some('a'), Disguise::Digits),
        '5' => (Some('s'), Disguise::Digits),
        '6' | '9' => (Some('g'), Disguise::Digits),
        '7' => (Some('t'), Disguise::Digits),
        '8' => (Some('b'), Disguise::Digits),
        '2' => (Some('2'), Disguise::None),
        '\u{300}'..='\u{36F}' => (None, Disguise::Accents),
        '\u{B7}' | '\u{2010}'..='\u{2015}' | '\u{30FB}' => (Some('-'), Disguise::Script),
        // The printable ASCII characters in their full width.
        '\u{FF01}'..='\u{FF5E}' => {
            let narrow = char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character).to_ascii_lowercase();
            if narrow.is_ascii_alphanumeric() {
                (look(narrow).0, Disguise::Script)
            } else {
                (Some(narrow), Disguise::Script)
            }
        }
        other => {
            let how = if is_latin(other) { Disguise::Accents } else { Disguise::Script };
            let listed = TAKEN_FOR.iter().find(|(_, characters)| characters.contains(other)).map(|(letter, _)| *letter);
            let seen = listed.or_else(|| AT_A_GLANCE.iter().find(|(from, _)| *from == other).map(|(_, to)| *to));
            (seen.or(Some(other)), how)
        }
    }
}

/// Latin-1 letters, Latin Extended-A and Latin Extended Additional: letters that European languages write.
fn is_latin(character: char) -> bool {
    matches!(character, '\u{C0}'..='\u{17F}' | '\u{218}'..='\u{21B}' | '\u{1E00}'..='\u{1EFF}')
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::page::origin::GENUINE;

    #[test]
    fn a_name_is_seen_as_a_reader_sees_it() {
        let check = |host: &str, dotted: &str, disguise: Disguise| {
            let seen = Seen::new(host);
            assert_eq!((seen.dotted().as_str(), seen.disguise()), (dotted, disguise), "{host}");
        };
        check("esante.gouv.fr", "esante.gouv.fr", Disguise::None);
        check("esanté.gouv.fr", "esante.gouv.fr", Disguise::Accents);
        check("xn--esant-fsa.gouv.fr", "esante.gouv.fr", Disguise::Accents);
        check("e5ante.g0uv.fr", "esante.gouv.fr", Disguise::Digits);
        check("vvallet.example", "wallet.example", Disguise::Digits);
        check("еѕаntе.gouv.fr", "esante.gouv.fr", Disguise::Script);
        check("xn--99999999999.fr", "gggggggggggg.fr".get(1..).unwrap(), Disguise::Undecodable);
        check("connexion.fr", "connexlon.fr", Disguise::None);
    }

    #[test]
    fn genuine_names_are_their_own_skeletons() {
        for row in GENUINE {
            assert_eq!(Seen::new(row.host).dotted(), row.host);
        }
    }

    /// What Unicode Technical Standard 39 takes a character for, when that is one letter or digit.
    fn taken_for(character: char) -> Option<char> {
        let unmarked = |text: &str| {
            unicode_security::skeleton(text).filter(|c| !matches!(c, '\u{300}'..='\u{36F}')).collect::<String>()
        };
        let seen = unmarked(&unmarked(&character.to_string())).to_lowercase();
        let mut letters = seen.chars();
        match (letters.next(), letters.next()) {
            (Some(one), None) if one.is_ascii_alphanumeric() => look(one).0,
            _ => None,
        }
    }

    /// IDNA keeps it as it is, and does not refuse it for its writing direction.
    fn stands_between_latin_letters(character: char) -> bool {
        let label = format!("a{character}a");
        let kept = idna::domain_to_ascii(&label).is_ok_and(|ascii| ascii.starts_with("xn--"));
        kept && matches!(idna::domain_to_unicode(&label), (text, Ok(())) if text == label)
    }

    #[test]
    fn every_confusable_of_a_protected_letter_is_in_the_table() {
        let missing: Vec<char> = ('\u{80}'..='\u{2FFFF}')
            .filter(|character| stands_between_latin_letters(*character))
            .filter(|character| taken_for(*character).is_some_and(|letter| "abcefghlnoprstuvw".contains(letter)))
            .filter(|character| look(*character).0 != taken_for(*character))
            .collect();
        assert!(missing.is_empty(), "{} not in the table: {missing:?}", missing.len());
    }
}
