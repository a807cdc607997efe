//! Reading the matching number and the countdown off a waiting page.
//!
//! A wrong number is worse than none: the person would refuse a genuine request, or be trained to accept any. So the digits
//! are taken only when exactly one visible candidate is two ASCII digits; every doubt is a code and "read the page".

use super::observation::{NumberCandidate, PageObservation};
use crate::login::MatchNumber;

/// A countdown above this is not one of a login: the longest published life of a request is 120 s, the guides show 94.
const COUNTDOWN_MAX_S: u32 = 600;

/// The digits, or why they were not taken.
pub(super) fn read(observation: &PageObservation, remaining_s: Option<u32>) -> Result<MatchNumber, &'static str> {
    let mut candidates: Vec<(&NumberCandidate, MatchNumber)> = Vec::new();
    for candidate in observation.numbers.iter().filter(|candidate| candidate.visible) {
        let text = candidate.text.trim_matches([' ', '\n', '\t', '\r']);
        if text.chars().any(|c| !c.is_ascii() && c.is_numeric()) {
            return Err("PAGE-NUMBER-FOREIGN-DIGIT");
        }
        if let Ok(number) = MatchNumber::parse(text) {
            candidates.push((candidate, number));
        }
    }
    let counts_down = |number: &MatchNumber| remaining_s.is_some() && number.digits().parse().ok() == remaining_s;
    match candidates.as_slice() {
        [] => Err("PAGE-NUMBER-NONE"),
        // While the countdown passes the number itself (one second) the only candidate could be the countdown's own
        // element, with the number out of sight.
        [(_, only)] if counts_down(only) => Err("PAGE-NUMBER-COUNTDOWN"),
        [(_, only)] => Ok(*only),
        // Two candidates are understood in one case: the countdown's seconds stand in an element of their own.
        [(first, a), (second, b)] => match (counts_down(a), counts_down(b)) {
            (true, true) => Ok(*a),
            (true, false) if second.height_px >= first.height_px => Ok(*b),
            (false, true) if first.height_px >= second.height_px => Ok(*a),
            _ => Err("PAGE-NUMBER-SEVERAL"),
        },
        _ => Err("PAGE-NUMBER-SEVERAL"),
    }
}

/// Seconds left, from the page's own sentence ("il vous reste 94 secondes", also with minutes). `None` when the page says
/// nothing readable, or two different things.
pub(super) fn remaining_s(folded_text: &str) -> Option<u32> {
    const LEAD: &str = "il vous reste";
    let mut found: Option<u32> = None;
    let mut rest = folded_text;
    while let Some((_, after)) = rest.split_once(LEAD) {
        rest = after;
        let Some(seconds) = duration_s(after) else {
            continue;
        };
        match found {
            Some(other) if other != seconds => return None,
            _ => found = Some(seconds),
        }
    }
    found
}

/// `94 secondes …`, `1 minute 34 secondes …`, `1 minute et 34 secondes …`.
fn duration_s(text: &str) -> Option<u32> {
    let mut seconds: Option<u32> = None;
    let mut words = text.split(' ').filter(|word| !word.is_empty() && *word != "et");
    for _ in 0..2 {
        let (Some(amount), Some(unit)) = (words.next(), words.next()) else {
            break;
        };
        if amount.len() > 4 || !amount.bytes().all(|byte| byte.is_ascii_digit()) {
            break;
        }
        let Ok(amount) = amount.parse::<u32>() else {
            break;
        };
        let unit = unit.trim_matches(|c: char| !c.is_alphanumeric());
        match unit {
            "seconde" | "secondes" | "s" | "sec" => {
                seconds = Some(seconds.unwrap_or(0) + amount);
                break;
            }
            "minute" | "minutes" | "min" => seconds = Some(seconds.unwrap_or(0) + amount * 60),
            _ => break,
        }
    }
    seconds.filter(|seconds| *seconds <= COUNTDOWN_MAX_S)
}
