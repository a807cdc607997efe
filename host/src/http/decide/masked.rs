//! Whatever names the person is taken out of what a policy says for operators, before it is written down.
//!
//! Policies are told who is asking, and a remark or a line of theirs could carry that into a log that promises to name nobody. So each of the
//! person's identifiers is replaced where it stands as it is. What a policy spells otherwise, with spaces or in pieces, is not recognised;
//! that a policy writes nothing about persons remains its author's duty.

use std::borrow::Cow;

use crate::engine::policy::types;

/// What stands in the place of an identifier.
pub(crate) const WORD: &str = "[masked]";
/// What is shorter names nobody, and would be found within other words.
const SHORTEST: usize = 6;
/// The subject of an audience that vouches for it may be called `bob`.
const SHORTEST_SUBJECT: usize = 3;

/// The identifiers of the person whom a question is about.
pub(super) struct Identifiers<'a>(Vec<&'a str>);

impl<'a> Identifiers<'a> {
    /// Those of a login and of the subject that the question names.
    pub(super) fn of(login: Option<&'a types::Login>, subject: &'a str) -> Self {
        let identity = login.map(|login| &login.identity);
        let of_login = identity.into_iter().flat_map(|identity| {
            let numbers = [identity.national_id.as_deref(), identity.rpps.as_deref()].into_iter().flatten();
            let others = identity.identifiers.iter().map(|one| one.value.as_str());
            numbers.chain(others).chain([identity.subject.as_str()])
        });
        let mut all: Vec<&str> = of_login.filter(|one| one.len() >= SHORTEST).collect();
        all.extend(Some(subject).filter(|one| one.len() >= SHORTEST_SUBJECT));
        // The longest first: a `sub` may end in the national identifier.
        all.sort_unstable_by_key(|one| (std::cmp::Reverse(one.len()), *one));
        all.dedup();
        Self(all)
    }

    /// The text without them; borrowed when there was none in it.
    pub(super) fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.0.iter().fold(Cow::Borrowed(text), |text, one| {
            let text = if text.contains(one) { Cow::Owned(text.replace(one, WORD)) } else { text };
            match begun(&text, one) {
                Some(before) => Cow::Owned(format!("{before}{WORD}")),
                None => text,
            }
        })
    }
}

/// What stands before the beginning of an identifier that the text ends with: a line that is too long is cut anywhere.
fn begun<'t>(text: &'t str, identifier: &str) -> Option<&'t str> {
    (SHORTEST..identifier.len()).rev().find_map(|length| text.strip_suffix(identifier.get(..length)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_replaced_the_longest_first() {
        let identifiers = Identifiers(vec!["f:1:899700218896", "899700218896", "bob"]);
        assert_eq!(identifiers.mask("f:1:899700218896 is 899700218896."), "[masked] is [masked].");
        assert_eq!(identifiers.mask("bob's bobbin"), "[masked]'s [masked]bin");
        assert!(matches!(identifiers.mask("a stranger"), Cow::Borrowed(_)));
        for cut in ["who: f:1:899700218", "who: 8997002188", "who: 899700"] {
            assert_eq!(identifiers.mask(cut), "who: [masked]");
        }
        assert_eq!(identifiers.mask("89970"), "89970");
    }

    #[test]
    fn what_is_too_short_to_name_anybody_stays() {
        let one = Identifiers::of(None, "al");
        assert_eq!(one.mask("also"), "also");
        assert_eq!(Identifiers::of(None, "").mask("text"), "text");
        assert_eq!(Identifiers::of(None, "ali").mask("ali"), WORD);
    }
}
