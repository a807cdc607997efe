//! Activation through the public API: who may, which ticket is good, how a code is drawn and typed, and the order of steps.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a failed test may panic"
)]

use verifier_core::activation::draw::{DrawError, below, digits};
use verifier_core::activation::{
    Activation, Attempts, CODE_LIFE_MS, Effect, Eligibility, Event, Mail, Missing, NamedCard, Phone, PhoneCode, Pin,
    Record, RedeemError, Refusal, Route, SmsCode, TicketToken, Tickets,
};
use verifier_core::ids::NationalId;

const NOW: u64 = 1_800_000_000_000;
const DAY: u64 = 24 * 60 * 60 * 1000;

fn record(card: Option<NamedCard>, mail: bool, phone: bool) -> Record {
    Record {
        card,
        mail: mail.then(|| Mail::parse("someone@example.org").unwrap()),
        phone: phone.then(|| Phone::parse("06 12 34 56 78").unwrap()),
    }
}

#[test]
fn a_card_or_both_contacts_make_eligible() {
    let check = |card, mail, phone, expected, by_card: Option<&str>, by_contacts: Option<&str>| {
        let found = Eligibility::of(&record(card, mail, phone));
        assert_eq!(found, expected);
        assert_eq!(found.permits(Route::Card).err().map(|error| error.code()), by_card, "{found:?} by card");
        assert_eq!(
            found.permits(Route::Contacts).err().map(|error| error.code()),
            by_contacts,
            "{found:?} by contacts"
        );
    };
    for card in NamedCard::ALL {
        assert_eq!(NamedCard::from_letters(&card.as_str().to_lowercase()), Some(card));
        check(Some(card), true, true, Eligibility::Both, None, None);
        check(Some(card), false, false, Eligibility::CardOnly(Missing::MailAndPhone), None, Some("ACT-NO-CONTACTS"));
        check(Some(card), true, false, Eligibility::CardOnly(Missing::Phone), None, Some("ACT-NO-PHONE"));
        check(Some(card), false, true, Eligibility::CardOnly(Missing::Mail), None, Some("ACT-NO-MAIL"));
    }
    check(None, true, true, Eligibility::ContactsOnly, Some("ACT-NO-CARD"), None);
    check(None, true, false, Eligibility::Neither(Missing::Phone), Some("ACT-NO-CARD"), Some("ACT-NO-PHONE"));
    check(None, false, true, Eligibility::Neither(Missing::Mail), Some("ACT-NO-CARD"), Some("ACT-NO-MAIL"));
    check(
        None,
        false,
        false,
        Eligibility::Neither(Missing::MailAndPhone),
        Some("ACT-NO-CARD"),
        Some("ACT-NO-CONTACTS"),
    );
    assert_eq!(NamedCard::from_letters("CPX"), None);
}

#[test]
fn contacts_are_shown_masked_only() {
    let mail = Mail::parse(" dr.someone@hopital.example.org ").unwrap();
    let phone = Phone::parse("+33 6 12 34 56 78").unwrap();
    assert_eq!((mail.masked().as_str(), phone.masked().as_str()), ("d•••@h•••.org", "•• •• •• •• 78"));
    assert_eq!(phone.number(), "0612345678");
    assert_eq!(format!("{mail:?} {phone:?}"), "Mail(redacted) Phone(redacted)");
    for text in [
        "",
        "someone",
        "@example.org",
        "someone@",
        "someone@example",
        "a@b@example.org",
        "a b@example.org",
        "a@example..org",
        "a@b.org\r\nBcc: c@d.org",
        "a\0@b.org",
    ] {
        assert!(Mail::parse(text).is_err(), "{text:?}");
    }
    for text in ["", "0512345678", "061234567", "06123456789", "+4412345678", "06 12 34 56 7é"] {
        assert!(Phone::parse(text).is_err(), "{text:?}");
    }
}

fn token(byte: u8) -> TicketToken {
    TicketToken::from_random([byte; 16])
}

fn tickets() -> Tickets {
    Tickets::new(NationalId::parse("899700218896").unwrap())
}

#[test]
fn a_ticket_lives_as_long_as_its_route_says() {
    let check = |route, later, expected: Result<Route, RedeemError>| {
        let (_, outcome) = tickets().issue(route, token(1), NOW).redeem(&token(1), NOW + later);
        assert_eq!(outcome, expected, "{route:?} after {later} ms");
    };
    check(Route::Card, 89_999, Ok(Route::Card));
    check(Route::Card, 90_000, Err(RedeemError::Expired { route: Route::Card }));
    check(Route::Contacts, 2 * DAY - 1, Ok(Route::Contacts));
    check(Route::Contacts, 2 * DAY, Err(RedeemError::Expired { route: Route::Contacts }));
}

#[test]
fn a_ticket_is_used_once_and_superseded_by_a_newer_one() {
    let (tickets_once, first) = tickets().issue(Route::Contacts, token(1), NOW).redeem(&token(1), NOW);
    let (_, second) = tickets_once.redeem(&token(1), NOW);
    assert_eq!((first, second), (Ok(Route::Contacts), Err(RedeemError::Used)));

    let newer = tickets().issue(Route::Contacts, token(1), NOW).issue(Route::Card, token(2), NOW + 1);
    assert_eq!(newer.clone().redeem(&token(1), NOW + 2).1, Err(RedeemError::Superseded));
    assert_eq!(newer.clone().redeem(&token(2), NOW + 2).1, Ok(Route::Card));
    assert_eq!(newer.redeem(&token(3), NOW + 2).1, Err(RedeemError::Unknown));
    assert_eq!(tickets().redeem(&token(1), NOW).1, Err(RedeemError::Unknown));
}

#[test]
fn a_superseded_ticket_never_comes_back() {
    let mut many = tickets();
    for byte in 0..40 {
        many = many.issue(Route::Contacts, token(byte), NOW);
    }
    for byte in 0..39 {
        // The last eight are told from those that were never issued.
        let expected = if byte < 31 { RedeemError::Unknown } else { RedeemError::Superseded };
        assert_eq!(many.clone().redeem(&token(byte), NOW).1, Err(expected), "{byte}");
    }
    assert_eq!(many.redeem(&token(39), NOW).1, Ok(Route::Contacts));
}

#[test]
fn a_token_reads_its_own_text_only() {
    let text = TicketToken::from_random(*b"0123456789abcdef").to_text();
    assert_eq!(text.len(), 32);
    assert_eq!(TicketToken::parse(&text), Some(TicketToken::from_random(*b"0123456789abcdef")));
    for wrong in ["", "00", &text[1..], &format!("{text}0"), &text.replace('3', "g"), "é"] {
        assert_eq!(TicketToken::parse(wrong), None, "{wrong}");
    }
    assert_eq!(format!("{:?}", token(1)), "TicketToken(redacted)");
}

#[test]
fn typed_codes_have_their_length() {
    let check = |text: &str, expected: Option<&str>| {
        assert_eq!(SmsCode::parse(text).err().map(|error| error.code()), expected, "{text}")
    };
    check("012345", None);
    check("012 345", None);
    check("01234", Some("ACT-CODE-LENGTH"));
    check("0123456", Some("ACT-CODE-LENGTH"));
    check("01234O", Some("ACT-CODE-DIGITS"));
    check("٠١٢٣٤٥", Some("ACT-CODE-DIGITS"));
    assert!(Pin::parse("0000").is_ok() && Pin::parse("00000").is_err() && Pin::parse("").is_err());
    assert_eq!(SmsCode::parse("012 345").unwrap().digits(), "012345");
    assert_eq!(
        format!("{:?} {:?}", SmsCode::parse("012345").unwrap(), Pin::parse("0000").unwrap()),
        "SmsCode(redacted) Pin(redacted)"
    );
}

#[test]
fn draws_refuse_an_uneven_rest_and_a_broken_source() {
    let draw = |bound, bytes: &[u8]| below(bound, &mut bytes.iter().copied());
    assert_eq!(draw(10, &[0, 0, 0, 7]), Ok(7));
    assert_eq!(draw(1_000_000, &[0, 15, 66, 64]), Ok(0));
    // 2³² = 429 496 729 × 10 + 6: the last six words are thrown away.
    assert_eq!(draw(10, &[0xFF, 0xFF, 0xFF, 0xFA, 0, 0, 0, 3]), Ok(3));
    assert_eq!(draw(10, &[0xFF, 0xFF, 0xFF, 0xF9]), Ok(9));
    assert_eq!(draw(1 << 31, &[0xFF; 4]), Ok((1 << 31) - 1));
    assert_eq!(draw(1, &[9; 4]), Ok(0));
    assert_eq!(draw(0, &[9; 4]), Err(DrawError::EmptyRange));
    assert_eq!(draw(10, &[1, 2, 3]), Err(DrawError::Exhausted));
    assert_eq!(below(10, &mut std::iter::repeat(0xFF)), Err(DrawError::Stuck));
    assert_eq!(digits(6, &mut [0_u8, 0, 0, 42].into_iter()).as_deref(), Ok("000042"));
    assert_eq!(digits(10, &mut std::iter::repeat(0)), Err(DrawError::EmptyRange));
}

#[test]
fn drawn_codes_are_spread_evenly() {
    // A counter through a multiplicative hash is an even source; 20 000 codes over ten last digits give 2 000 each.
    let mut state = 1_u32;
    let mut source = std::iter::repeat_with(move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    let mut counts = [0_u32; 10];
    for _ in 0..20_000 {
        let code = SmsCode::make(&mut source).unwrap();
        counts[usize::from(code.digits().as_bytes()[5] - b'0')] += 1;
    }
    assert!(counts.iter().all(|count| (1_800..2_200).contains(count)), "{counts:?}");
}

fn sms(text: &str) -> SmsCode {
    SmsCode::parse(text).unwrap()
}

fn pin(text: &str) -> Pin {
    Pin::parse(text).unwrap()
}

fn run(start: Activation, events: &[Event], at: u64) -> (Activation, Result<Vec<Effect>, Refusal>) {
    events.iter().fold((start, Ok(Vec::new())), |(state, _), event| state.step(event.clone(), at))
}

#[test]
fn by_contacts_the_sms_code_then_the_pin_twice() {
    let scanned = Event::ScannedMail { device: 1, code: sms("123456") };
    let (state, outcome) = Activation::Requested.step(scanned, NOW);
    assert_eq!(outcome, Ok(vec![Effect::SendSms(sms("123456"))]));
    let typed = Event::SmsTyped { device: 1, code: sms("123456") };
    let (state, outcome) = run(state, &[typed, Event::PinChosen { device: 1, pin: pin("4711") }], NOW + 1);
    assert_eq!(outcome, Ok(vec![Effect::AskPinAgain]));
    let (state, outcome) = state.step(Event::PinConfirmed { device: 1, pin: pin("4711") }, NOW + 2);
    assert_eq!((state, outcome), (Activation::Active { device: 1, pin: pin("4711") }, Ok(vec![Effect::TellActivated])));
}

#[test]
fn by_card_the_code_of_the_phone_is_typed_on_the_desktop() {
    let code = PhoneCode::parse("654321").unwrap();
    let (state, outcome) = Activation::Requested.step(Event::ScannedPortal { device: 9, code: code.clone() }, NOW);
    assert_eq!(outcome, Ok(vec![Effect::ShowOnPhone(code.clone())]));
    let (state, outcome) = state.step(Event::DesktopTyped { code }, NOW);
    assert_eq!((state, outcome), (Activation::ChoosingPin { device: 9 }, Ok(vec![Effect::AskPin])));
    let code = || PhoneCode::parse("654321").unwrap();
    let awaiting = Activation::Requested.step(Event::ScannedPortal { device: 9, code: code() }, NOW).0;
    let expired = awaiting.step(Event::DesktopTyped { code: code() }, NOW + CODE_LIFE_MS);
    assert_eq!(expired, (Activation::Ended, Err(Refusal::CodeExpired { route: Route::Card })));
}

#[test]
fn wrong_codes_are_counted_and_old_ones_refused() {
    let awaiting = || Activation::Requested.step(Event::ScannedMail { device: 1, code: sms("123456") }, NOW).0;
    let wrong = Event::SmsTyped { device: 1, code: sms("123457") };
    let right = Event::SmsTyped { device: 1, code: sms("123456") };
    assert_eq!(awaiting().step(wrong.clone(), NOW).1, Err(Refusal::WrongCode { left: 2 }));
    assert_eq!(run(awaiting(), &[wrong.clone(), wrong.clone()], NOW).1, Err(Refusal::WrongCode { left: 1 }));
    assert_eq!(
        run(awaiting(), &[wrong.clone(), wrong.clone(), wrong.clone()], NOW),
        (Activation::Ended, Err(Refusal::WrongCode { left: 0 }))
    );
    assert_eq!(
        run(awaiting(), &[wrong.clone(), wrong.clone(), wrong.clone(), right.clone()], NOW).1,
        Err(Refusal::OutOfOrder)
    );
    assert_eq!(run(awaiting(), &[wrong.clone(), wrong, right.clone()], NOW).0, Activation::ChoosingPin { device: 1 });
    let expired = awaiting().step(right, NOW + CODE_LIFE_MS);
    assert_eq!(expired, (Activation::Ended, Err(Refusal::CodeExpired { route: Route::Contacts })));
    assert_eq!(Attempts::PIN.spend().and_then(Attempts::spend).map(Attempts::left), Some(1));
    assert_eq!((Attempts::CODE.left(), Attempts::new(1).spend(), Attempts::new(0).spend()), (3, None, None));
}

#[test]
fn another_phone_is_refused_at_every_step_and_costs_no_try() {
    let awaiting = Activation::Requested.step(Event::ScannedMail { device: 1, code: sms("123456") }, NOW).0;
    let (same, outcome) = awaiting.clone().step(Event::SmsTyped { device: 2, code: sms("123456") }, NOW);
    assert_eq!((same, outcome), (awaiting, Err(Refusal::OtherDevice)));
    let choosing = Activation::ChoosingPin { device: 1 };
    assert_eq!(
        choosing.clone().step(Event::PinChosen { device: 2, pin: pin("0000") }, NOW),
        (choosing, Err(Refusal::OtherDevice))
    );
    let confirming = Activation::ConfirmingPin { device: 1, chosen: pin("0000") };
    assert_eq!(
        confirming.clone().step(Event::PinConfirmed { device: 2, pin: pin("0000") }, NOW),
        (confirming, Err(Refusal::OtherDevice))
    );
}

#[test]
fn two_different_pins_are_chosen_again_and_an_active_ecps_stays() {
    let confirming = Activation::ConfirmingPin { device: 1, chosen: pin("0000") };
    let (state, outcome) = confirming.step(Event::PinConfirmed { device: 1, pin: pin("0001") }, NOW);
    assert_eq!((state, outcome), (Activation::ChoosingPin { device: 1 }, Err(Refusal::PinsDiffer)));
    let active = Activation::Active { device: 1, pin: pin("0000") };
    for event in [
        Event::Abandoned,
        Event::ScannedMail { device: 2, code: sms("123456") },
        Event::PinChosen { device: 1, pin: pin("1111") },
    ] {
        assert_eq!(active.clone().step(event, NOW), (active.clone(), Err(Refusal::OutOfOrder)));
    }
    assert_eq!(Activation::Requested.step(Event::Abandoned, NOW).0, Activation::Ended);
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use super::*;
    use proptest::prelude::*;

    fn any_event() -> impl Strategy<Value = Event> {
        let device = 1_u64..3;
        prop_oneof![
            device.clone().prop_map(|device| Event::ScannedMail { device, code: sms("123456") }),
            device
                .clone()
                .prop_map(|device| Event::ScannedPortal { device, code: PhoneCode::parse("123456").unwrap() }),
            (device.clone(), "12345[67]").prop_map(|(device, code)| Event::SmsTyped { device, code: sms(&code) }),
            "12345[67]".prop_map(|code| Event::DesktopTyped { code: PhoneCode::parse(&code).unwrap() }),
            (device.clone(), "000[01]").prop_map(|(device, text)| Event::PinChosen { device, pin: pin(&text) }),
            (device, "000[01]").prop_map(|(device, text)| Event::PinConfirmed { device, pin: pin(&text) }),
        ]
    }

    proptest! {
        #[test]
        fn nothing_becomes_active_without_the_right_code(events in proptest::collection::vec(any_event(), 0..14)) {
            let mut state = Activation::Requested;
            let (mut right_code, mut told) = (false, 0);
            for event in events {
                let before = state.clone();
                let (next, outcome) = state.step(event, NOW);
                right_code |= matches!(next, Activation::ChoosingPin { .. }) && matches!(before, Activation::AwaitingSms { .. } | Activation::AwaitingDesktop { .. });
                told += usize::from(outcome.as_ref().is_ok_and(|effects| effects.contains(&Effect::TellActivated)));
                state = next;
            }
            let active = matches!(state, Activation::Active { .. });
            prop_assert!(!active || (right_code && told == 1), "active after an unfit sequence");
        }

        #[test]
        fn any_draw_is_below_its_bound(bound in 1_u32.., bytes in proptest::collection::vec(any::<u8>(), 4..300)) {
            if let Ok(drawn) = below(bound, &mut bytes.into_iter()) {
                prop_assert!(drawn < bound);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = (SmsCode::parse(&text), Pin::parse(&text), Mail::parse(&text).map(|mail| mail.masked()), Phone::parse(&text), TicketToken::parse(&text));
        }
    }
}
