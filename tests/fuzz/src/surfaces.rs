//! Targets for what a desktop and a phone show and what people type: identifiers, addresses, pages, codes and the two state machines. As in
//! `targets.rs`, a target fails by panicking, and a normal test replays the kept corpus.

use verifier_core::activation::{self, Activation, Mail, Phone, PhoneCode, Pin, SmsCode, TicketToken};
use verifier_core::ids::Nir;
use verifier_core::ids::infer::{Identifier, Kind};
use verifier_core::ids::ins::{Ins, TraitTexts, Traits};
use verifier_core::login::{self, MatchNumber, NumberMatch};
use verifier_core::page::{
    Flavour, PageObservation, Recognition, RecognizedPage, UrlFacts, Verdict, assess, recognise,
};
use verifier_core::report;

/// Identifiers: every kind by name and the inference. What is read canonically reads back as itself.
pub(crate) fn ids(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    for kind in Kind::ALL {
        match Identifier::parse_as(kind, text) {
            Ok(id) => reads_back(kind, &id),
            Err(error) => explained(error.code(), error.help(), &error),
        }
    }
    match Identifier::infer(text) {
        // The inferred reading is one of the named ones.
        Ok(id) => assert_eq!(Identifier::parse_as(id.kind(), text).as_ref(), Ok(&id)),
        Err(error) => explained(error.code(), error.help(), &error),
    }
    let field = |index: usize| text.split('|').nth(index).unwrap_or_default();
    let traits = TraitTexts {
        birth_name: field(0),
        given_names: field(1),
        birth_date: field(2),
        sex: field(3),
        birth_place: field(4),
    };
    if let (Ok(nir), Ok(traits)) = (Nir::parse(field(5)), Traits::parse(&traits)) {
        let _ = Ins::new(nir, traits).compare();
    }
}

fn reads_back(kind: Kind, id: &Identifier) {
    let again = Identifier::parse_as(kind, id.canonical());
    assert!(again.as_ref().is_ok_and(|again| again.key() == id.key() && again.canonical() == id.canonical()));
}

fn explained(code: &str, help: &str, error: &impl std::fmt::Display) {
    let sentence = error.to_string();
    assert!(!code.is_empty() && !help.is_empty() && !sentence.is_empty());
}

/// Addresses, twice: the bytes as a line's URL, split by our own splitter, and as the facts that an edge hands in, whatever they hold. Only
/// hosts of the table are ever genuine, and a look-alike verdict never depends on chance.
pub(crate) fn addresses(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let line = serde_json::json!({ "value": text }).to_string();
    let report: serde_json::Value =
        serde_json::from_str(&report::answer_without_tokens("url", &line)).expect("a report is JSON");
    assert!(report.get("verdict").is_some() || report.get("ok") == Some(&serde_json::Value::Bool(false)));
    let (host, rest) = text.split_once('\n').unwrap_or((text, ""));
    for flavour in [Flavour::Store, Flavour::Dev] {
        let facts = UrlFacts {
            scheme: if rest.starts_with('h') { "http" } else { "https" },
            host,
            port: rest.get(1..).and_then(|port| port.parse().ok()),
            has_userinfo: rest.ends_with('@'),
        };
        let assessment = assess(&facts, flavour);
        assert_eq!(assess(&facts, flavour), assessment);
        if matches!(assessment.verdict, Verdict::Exact(_)) {
            assert!(GENUINE.contains(&host.to_ascii_lowercase().as_str()), "another host is called genuine");
        }
    }
}

/// Every host that the Dev flavour calls exact, written down a second time.
const GENUINE: &[&str] = &[
    "wallet.esw.esante.gouv.fr",
    "auth.esw.esante.gouv.fr",
    "wallet.bas.psc.esante.gouv.fr",
    "auth.bas.psc.esante.gouv.fr",
    "wallet.psc.localhost",
    "auth.psc.localhost",
];

/// What the content script sends, and the rules over it. A number that is read consists of two digits that stand in the observation.
pub(crate) fn page(input: &[u8]) {
    let Ok(observation) = serde_json::from_slice::<PageObservation>(input) else { return };
    let Recognition::Recognized(page) = recognise(&observation) else { return };
    match page {
        RecognizedPage::Number { digits, .. } => {
            let text = std::str::from_utf8(input).unwrap_or_default();
            assert!(digits.digits().len() == 2 && digits.digits().bytes().all(|byte| byte.is_ascii_digit()));
            // Escapes can hide the digits in the bytes; then there is nothing to compare with.
            assert!(text.contains('\\') || text.contains(digits.digits()), "digits that are not in the page");
        }
        RecognizedPage::Identifier { field } => {
            let bytes = serde_json::from_slice::<serde_json::Value>(input).expect("an observation is JSON");
            let fields = bytes.get("fields").and_then(serde_json::Value::as_array);
            let named = |one: &serde_json::Value| one.get("ref").and_then(serde_json::Value::as_u64);
            assert!(fields.is_some_and(|all| all.iter().any(|one| named(one) == Some(u64::from(field)))));
        }
        _ => {}
    }
}

/// Activation and login: the parsers of what people type, and both state machines under any sequence of events. Two bytes are one event: what
/// happens and how much time has passed.
pub(crate) fn states(input: &[u8]) {
    typed(input);
    activation_steps(input);
    login_steps(input);
}

fn typed(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(mail) = Mail::parse(text) {
        // Only its marks and the top-level domain are fixed; a mailbox never shows more than its first letter.
        assert!(mail.masked().split('@').next().is_some_and(|local| local.chars().count() <= 4));
    }
    if let Ok(phone) = Phone::parse(text) {
        assert!(phone.masked() != phone.number());
    }
    if let Ok(number) = MatchNumber::parse(text) {
        assert_eq!(number.digits().len(), 2);
    }
    if let Ok(code) = SmsCode::parse(text) {
        assert_eq!(SmsCode::parse(code.digits()), Ok(code));
    }
    if let Ok(code) = PhoneCode::parse(text) {
        assert_eq!(PhoneCode::parse(code.digits()), Ok(code));
    }
    if let Ok(pin) = Pin::parse(text) {
        assert_eq!(Pin::parse(pin.digits()), Ok(pin));
    }
    if let Some(token) = TicketToken::parse(text) {
        assert_eq!(TicketToken::parse(&token.to_text()), Some(token));
    }
}

fn activation_steps(input: &[u8]) {
    let sms = || SmsCode::parse("482913").expect("six digits");
    let wrong = || SmsCode::parse("000000").expect("six digits");
    let shown = || PhoneCode::parse(&"7".repeat(PhoneCode::LENGTH)).expect("digits");
    let pin = |digit: u8| Pin::parse(&char::from(b'0' + digit % 10).to_string().repeat(Pin::LENGTH)).expect("digits");
    let mut state = Activation::Requested;
    let mut now_ms = 0_u64;
    let (mut wrong_codes, mut scanned_on) = (0, None);
    for pair in input.chunks_exact(2).take(64) {
        now_ms = now_ms.saturating_add(u64::from(pair[1]).pow(3));
        let device = u64::from(pair[0] >> 6);
        let event = match pair[0] % 8 {
            0 => activation::Event::ScannedMail { device, code: sms() },
            1 => activation::Event::ScannedPortal { device, code: shown() },
            2 => activation::Event::SmsTyped { device, code: sms() },
            3 => activation::Event::SmsTyped { device, code: wrong() },
            4 => activation::Event::DesktopTyped { code: shown() },
            5 => activation::Event::PinChosen { device, pin: pin(pair[0] >> 3) },
            6 => activation::Event::PinConfirmed { device, pin: pin(pair[0] >> 3) },
            _ => activation::Event::Abandoned,
        };
        let was = state.clone();
        let (next, outcome) = state.step(event, now_ms);
        if matches!(was, Activation::Requested) && !matches!(next, Activation::Requested | Activation::Ended) {
            scanned_on = Some(device);
        }
        match &outcome {
            Err(activation::Refusal::WrongCode { .. }) => wrong_codes += 1,
            Err(refusal) => explained(refusal.code(), refusal.help(), refusal),
            Ok(_) => {}
        }
        if matches!(next, Activation::Ended) {
            // Nothing leads out of the end.
            assert!(!matches!(was, Activation::Active { .. }), "an active e-CPS was ended by an event");
        }
        if matches!(was, Activation::Ended) {
            assert!(matches!(next, Activation::Ended));
        }
        if let Activation::Active { device, .. } = &next {
            assert_eq!(Some(*device), scanned_on, "another phone became active");
        }
        assert!(wrong_codes <= 3, "more wrong codes were taken than there are tries");
        state = next;
    }
}

fn login_steps(input: &[u8]) {
    let mut state = NumberMatch::Idle;
    let mut now_ms = 0_u64;
    for pair in input.chunks_exact(2).take(64) {
        now_ms = now_ms.saturating_add(u64::from(pair[1]).pow(2));
        let number = MatchNumber::parse(["47", "08"][usize::from(pair[0] >> 7)]).expect("two digits");
        let remaining_s = (pair[0] & 0x40 != 0).then_some(u32::from(pair[1]));
        let event = match pair[0] % 10 {
            0 => login::Event::Started,
            1 => login::Event::NumberSeen { number, remaining_s },
            2 => login::Event::NumberLost,
            3 => login::Event::NumberUnclear,
            4 => login::Event::Returned,
            5 => login::Event::RefusedSeen,
            6 => login::Event::ExpiredSeen,
            7 => login::Event::Left,
            8 => login::Event::Tick,
            _ => login::Event::PageGone,
        };
        let (next, effects) = state.step(event, now_ms);
        // What is shown was seen just now or before, and nothing is shown after its deadline.
        if let Some(shown) = next.shown(now_ms) {
            assert!(next.ends_at_ms().is_some_and(|end| now_ms < end));
            assert!(
                state.shown(now_ms) == Some(shown)
                    || effects.contains(&login::Effect::Show {
                        number: shown,
                        deadline_ms: next
                            .ends_at_ms()
                            .filter(|_| matches!(next, NumberMatch::Shown { deadline_ms: Some(_), .. })),
                    })
            );
        }
        if matches!(next, NumberMatch::Matched { .. }) && next != state {
            assert!(state.ends_at_ms().is_some_and(|end| now_ms < end), "matched without a number that still holds");
        }
        state = next;
    }
}
