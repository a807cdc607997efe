//! The matching number through one login: what is shown, until when, and what takes it away.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test may panic"
)]

use verifier_core::login::{Effect, Event, MatchNumber, NumberMatch};

const NOW: u64 = 1_800_000_000_000;

fn number(text: &str) -> MatchNumber {
    MatchNumber::parse(text).unwrap()
}

fn seen(text: &str, remaining_s: Option<u32>) -> Event {
    Event::NumberSeen { number: number(text), remaining_s }
}

fn shown(text: &str, shown_at_ms: u64, deadline_ms: Option<u64>) -> NumberMatch {
    NumberMatch::Shown { number: number(text), shown_at_ms, deadline_ms }
}

#[test]
fn a_number_is_two_ascii_digits_and_nothing_else() {
    let check = |text: &str, expected: Option<&str>| {
        assert_eq!(MatchNumber::parse(text).err().map(|error| error.code()), expected, "{text:?}");
    };
    check("45", None);
    check("00", None);
    check("07", None);
    check("7", Some("LOG-LENGTH"));
    check("457", Some("LOG-LENGTH"));
    check(" 45", Some("LOG-LENGTH"));
    check("4 5", Some("LOG-LENGTH"));
    check("", Some("LOG-LENGTH"));
    check("4O", Some("LOG-DIGITS"));
    check("+4", Some("LOG-DIGITS"));
    check("é", Some("LOG-DIGITS"));
    check("٤٥", Some("LOG-FOREIGN-DIGIT"));
    check("４５", Some("LOG-FOREIGN-DIGIT"));
    assert_eq!((number("07").digits(), format!("{:?}", number("07")).as_str()), ("07", "MatchNumber(redacted)"));
}

#[test]
fn a_login_from_request_to_return() {
    let (state, effects) = NumberMatch::Idle.step(Event::Started, NOW);
    assert_eq!((state, effects), (NumberMatch::Issued { since_ms: NOW }, vec![Effect::Clear]));
    let (state, effects) = state.step(seen("45", Some(94)), NOW + 1_000);
    let deadline_ms = Some(NOW + 95_000);
    assert_eq!(state, shown("45", NOW + 1_000, deadline_ms));
    assert_eq!(
        effects,
        vec![Effect::Show { number: number("45"), deadline_ms }, Effect::WakeAt { at_ms: NOW + 95_000 }]
    );
    assert_eq!(state.shown(NOW + 94_999).map(|number| number.digits().to_owned()).as_deref(), Some("45"));
    assert_eq!(
        state.step(Event::Returned, NOW + 20_000),
        (NumberMatch::Matched { at_ms: NOW + 20_000 }, vec![Effect::Clear])
    );
}

#[test]
fn the_deadline_is_absolute_and_only_moves_earlier() {
    let start = shown("45", NOW, Some(NOW + 94_000));
    let check = |at: u64, remaining, expected: NumberMatch, effects: usize| {
        let (state, told) = start.step(seen("45", remaining), at);
        assert_eq!((state, told.len()), (expected, effects), "after {} ms, {remaining:?}", at - NOW);
    };
    // Read a second later: the same deadline, nothing to do.
    check(NOW + 1_000, Some(93), start, 0);
    // Rounded up by the page: the earlier reading holds.
    check(NOW + 1_000, Some(94), start, 0);
    check(NOW + 1_000, Some(92), shown("45", NOW, Some(NOW + 93_000)), 2);
    // The countdown is unreadable for a moment: the known deadline stays.
    check(NOW + 1_000, None, start, 0);
    // A countdown that starts again is a new request, by chance with the same digits.
    check(NOW + 10_000, Some(120), shown("45", NOW + 10_000, Some(NOW + 130_000)), 2);
}

#[test]
fn other_digits_replace_the_old_ones_at_once() {
    let (state, effects) = shown("45", NOW, Some(NOW + 94_000)).step(seen("46", None), NOW + 5_000);
    assert_eq!(state, shown("46", NOW + 5_000, None));
    assert_eq!(effects[0], Effect::Show { number: number("46"), deadline_ms: None });
}

#[test]
fn what_takes_the_number_away() {
    let start = shown("45", NOW, Some(NOW + 94_000));
    let check = |event, at: u64, expected: NumberMatch| {
        let (state, effects) = start.step(event, at);
        assert_eq!((state, effects), (expected, vec![Effect::Clear]), "{event:?}");
        assert_eq!(state.shown(at), None);
    };
    check(Event::Tick, NOW + 94_000, NumberMatch::Expired { at_ms: NOW + 94_000 });
    check(Event::Returned, NOW + 94_000, NumberMatch::Expired { at_ms: NOW + 94_000 });
    check(Event::ExpiredSeen, NOW + 1, NumberMatch::Expired { at_ms: NOW + 1 });
    check(Event::RefusedSeen, NOW + 1, NumberMatch::Refused { at_ms: NOW + 1 });
    check(Event::NumberLost, NOW + 1, NumberMatch::Issued { since_ms: NOW + 1 });
    check(Event::Left, NOW + 1, NumberMatch::Idle);
    check(Event::Started, NOW + 1, NumberMatch::Issued { since_ms: NOW + 1 });
    assert_eq!(start.step(Event::Tick, NOW + 93_999), (start, vec![]));
    // The countdown passes the number itself: nothing flickers.
    assert_eq!(start.step(Event::NumberUnclear, NOW + 49_000), (start, vec![]));
    assert_eq!(start.step(Event::NumberUnclear, NOW + 94_000).0, NumberMatch::Expired { at_ms: NOW + 94_000 });
    assert_eq!(start.shown(NOW + 94_000), None);
}

#[test]
fn without_a_countdown_none_is_invented_and_the_digits_still_go() {
    let (state, effects) = NumberMatch::Idle.step(seen("07", None), NOW);
    assert_eq!(effects[0], Effect::Show { number: number("07"), deadline_ms: None });
    let end = state.ends_at_ms().unwrap();
    assert_eq!(end, NOW + 120_000);
    assert_eq!(state.step(Event::Tick, end).0, NumberMatch::Expired { at_ms: end });
}

#[test]
fn a_page_that_is_left_takes_its_digits_along() {
    for (deadline_ms, ends_at_ms) in [(Some(NOW + 94_000), NOW + 94_000), (None, NOW + 120_000)] {
        let (state, effects) = shown("45", NOW, deadline_ms).step(Event::PageGone, NOW + 10_000);
        assert_eq!((state, effects), (NumberMatch::Away { shown_at_ms: NOW, ends_at_ms }, vec![Effect::Clear]));
        assert_eq!((state.shown(NOW + 10_000), state.ends_at_ms()), (None, Some(ends_at_ms)));
    }
    let start = NumberMatch::Away { shown_at_ms: NOW, ends_at_ms: NOW + 94_000 };
    let check = |event, at: u64, expected: NumberMatch| assert_eq!(start.step(event, at).0, expected, "{event:?}");
    // It was left for the service, or the rest of the login is told by its next page.
    check(Event::Returned, NOW + 20_000, NumberMatch::Matched { at_ms: NOW + 20_000 });
    check(Event::RefusedSeen, NOW + 1, NumberMatch::Refused { at_ms: NOW + 1 });
    check(Event::ExpiredSeen, NOW + 1, NumberMatch::Expired { at_ms: NOW + 1 });
    check(Event::NumberLost, NOW + 1, NumberMatch::Issued { since_ms: NOW + 1 });
    check(Event::NumberUnclear, NOW + 1, start);
    check(Event::PageGone, NOW + 1, start);
    check(Event::Left, NOW + 1, NumberMatch::Idle);
    check(Event::Started, NOW + 1, NumberMatch::Issued { since_ms: NOW + 1 });
    // It came back: the same request, or one that began meanwhile.
    check(seen("45", Some(74)), NOW + 20_000, shown("45", NOW, Some(NOW + 94_000)));
    check(seen("46", Some(120)), NOW + 20_000, shown("46", NOW + 20_000, Some(NOW + 140_000)));
    check(seen("45", None), NOW + 20_000, shown("45", NOW + 20_000, None));
    // Its time ends without it.
    check(Event::Tick, NOW + 93_999, start);
    check(Event::Tick, NOW + 94_000, NumberMatch::Expired { at_ms: NOW + 94_000 });
    check(Event::Returned, NOW + 94_000, NumberMatch::Expired { at_ms: NOW + 94_000 });
    check(Event::Started, NOW + 94_000, NumberMatch::Issued { since_ms: NOW + 94_000 });
}

#[test]
fn a_live_session_matches_nothing() {
    assert_eq!(NumberMatch::Issued { since_ms: NOW }.step(Event::Returned, NOW + 1).0, NumberMatch::Idle);
    assert_eq!(NumberMatch::Idle.step(Event::Returned, NOW).0, NumberMatch::Idle);
}

#[test]
fn a_finished_login_stays_finished_until_a_new_one_begins() {
    for state in
        [NumberMatch::Matched { at_ms: NOW }, NumberMatch::Expired { at_ms: NOW }, NumberMatch::Refused { at_ms: NOW }]
    {
        for event in [Event::Tick, Event::Returned, Event::RefusedSeen, Event::ExpiredSeen, Event::NumberLost] {
            assert_eq!(state.step(event, NOW + 1), (state, vec![]), "{event:?}");
        }
        assert_eq!(state.step(Event::Started, NOW + 1).0, NumberMatch::Issued { since_ms: NOW + 1 });
        assert_eq!(state.step(seen("11", Some(60)), NOW + 1).0, shown("11", NOW + 1, Some(NOW + 60_001)));
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use super::*;
    use proptest::prelude::*;

    fn any_event() -> impl Strategy<Value = Event> {
        prop_oneof![
            Just(Event::Started),
            ("[0-9]{2}", proptest::option::of(0_u32..130)).prop_map(|(text, remaining)| seen(&text, remaining)),
            Just(Event::NumberLost),
            Just(Event::NumberUnclear),
            Just(Event::PageGone),
            Just(Event::Returned),
            Just(Event::RefusedSeen),
            Just(Event::ExpiredSeen),
            Just(Event::Left),
            Just(Event::Tick),
        ]
    }

    proptest! {
        /// The digits that the surfaces show, kept as an edge would keep them, are always those of the state.
        #[test]
        fn effects_and_state_agree(events in proptest::collection::vec((any_event(), 0_u64..40_000), 0..40)) {
            let (mut state, mut now, mut surface) = (NumberMatch::Idle, NOW, None);
            for (event, later) in events {
                now += later;
                let (next, effects) = state.step(event, now);
                for effect in effects {
                    match effect {
                        Effect::Show { number, deadline_ms } => {
                            prop_assert!(deadline_ms.is_none_or(|deadline| deadline > now));
                            surface = Some(number);
                        }
                        Effect::Clear => surface = None,
                        Effect::WakeAt { at_ms } => prop_assert!(at_ms > now),
                    }
                }
                state = next;
                if let Some(visible) = state.shown(now) {
                    prop_assert_eq!(surface, Some(visible));
                }
                if !matches!(state, NumberMatch::Shown { .. }) {
                    prop_assert_eq!(surface, None);
                }
            }
        }

        #[test]
        fn any_text_is_a_number_or_refused(text in "\\PC{0,6}") {
            if let Ok(number) = MatchNumber::parse(&text) {
                prop_assert_eq!(number.digits(), text.as_str());
            }
        }
    }
}
