//! What is known about one tab: a value, and how it changes with what the background hears.
//!
//! This file is pure: no browser, no clock. The number's own life is the core's [`NumberMatch`]; this adds which page reported it, where
//! its identifier field is, and which service asked. A page that is not genuine leaves a warning here and nothing else.
//! [`shown`] says what a person sees of it, [`kept`] puts it into the browser's storage, [`view`] holds it against what the tab
//! shows now.

pub(crate) mod kept;
mod record;
pub mod shown;
pub(crate) mod view;
pub mod words;

use verifier_core::login::{Effect, Event, NumberMatch};
use verifier_core::page::observation::Filled;
use verifier_core::page::{Assessment, PageObservation, Recognition, RecognizedPage, recognise};

use crate::sender::PageSpeaker;
use words::{FieldView, PageWord, Trouble, VerdictWord};

/// What is known about one tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TabState {
    /// When it was last heard of, ms since 1970.
    pub seen_at_ms: u64,
    /// The page it shows, as far as that page said.
    pub page: Option<PageState>,
    /// The authorization request that was seen in it.
    pub request: Option<Request>,
    /// The login under way.
    pub login: NumberMatch,
    /// Why the last page of a genuine host did not come as it should.
    pub trouble: Option<Trouble>,
    /// Why the last fill by key wrote nothing: the stable code, to be told when the popup opens.
    pub refusal: Option<String>,
}

/// The page that a tab shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageState {
    /// The document that reported it.
    pub document: Option<String>,
    /// The content script's world in it, where the browser names that one.
    pub context: Option<u64>,
    /// Its host.
    pub host: String,
    /// The verdict on its origin.
    pub verdict: VerdictWord,
    /// The rule that gave the verdict.
    pub code: String,
    /// What it is.
    pub word: PageWord,
    /// Why it, or its number, was not recognised.
    pub reason: Option<String>,
    /// The field that takes the identifier.
    pub field: Option<Field>,
}

/// A field that takes the identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The content script's reference to it.
    pub reference: u32,
    /// What it holds.
    pub view: FieldView,
}

/// The authorization request that was seen leaving for Pro Santé Connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The host to which Pro Santé Connect will send the person back.
    pub service: String,
    /// The name under which the service is registered.
    pub client_id: String,
    /// When the request left, ms since 1970.
    pub since_ms: u64,
}

/// Which document is being left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell<'a> {
    /// The one of this name.
    Document(Option<&'a str>),
    /// The one in which the content script has this world.
    Context(u64),
}

impl PageState {
    /// A page of which only the address is known; until something else is recognised it is no page of the operator.
    fn new(host: &str, assessment: Assessment, document: Option<String>) -> Self {
        Self {
            document,
            context: None,
            host: host.to_owned(),
            verdict: VerdictWord::from(assessment.verdict),
            code: assessment.code.to_owned(),
            word: PageWord::Lookalike,
            reason: None,
            field: None,
        }
    }
}

impl TabState {
    /// A tab of which nothing is known.
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        Self { seen_at_ms: now_ms, page: None, request: None, login: NumberMatch::Idle, trouble: None, refusal: None }
    }

    /// A page reported what it shows.
    #[must_use]
    pub fn observe(self, speaker: &PageSpeaker, observation: &PageObservation, now_ms: u64) -> (Self, Vec<Effect>) {
        if !VerdictWord::from(speaker.assessment.verdict).is_genuine() {
            // What a look-alike shows is not even read: its digits may be real ones, relayed.
            return self.warn(&speaker.host, speaker.assessment, speaker.document.clone(), now_ms);
        }
        let mut page = PageState::new(&speaker.host, speaker.assessment, speaker.document.clone());
        page.context = speaker.context;
        let event = describe(recognise(observation), observation, &mut page);
        let (login, effects) = self.login.step(event, now_ms);
        // For one second the countdown reads like the number: what was read before still stands.
        if matches!(event, Event::NumberUnclear) && login.shown(now_ms).is_some() {
            page.word = PageWord::Number;
            page.reason = None;
        }
        // The account portal and the farewell page belong to no service: an earlier request is over.
        let over = matches!(page.word, PageWord::Portal | PageWord::SignedOut);
        let request = if over { None } else { self.request };
        (Self { seen_at_ms: now_ms, page: Some(page), request, login, ..self }, effects)
    }

    /// The tab shows an address of which a person is warned.
    #[must_use]
    pub fn warn(
        self,
        host: &str,
        assessment: Assessment,
        document: Option<String>,
        now_ms: u64,
    ) -> (Self, Vec<Effect>) {
        let (login, effects) = self.login.step(Event::Left, now_ms);
        let page = Some(PageState::new(host, assessment, document));
        (Self { page, login, ..Self::new(now_ms) }, effects)
    }

    /// A navigation to a genuine host has begun.
    #[must_use]
    pub fn navigate(self) -> Self {
        Self { trouble: None, ..self }
    }

    /// A navigation to a genuine host ended, well or not.
    #[must_use]
    pub fn arrive(self, trouble: Option<Trouble>) -> Self {
        Self { trouble, ..self }
    }

    /// A fill by key wrote nothing.
    #[must_use]
    pub fn refuse(self, code: &str) -> Self {
        Self { refusal: Some(code.to_owned()), ..self }
    }

    /// The document that reported is being left. Where to will be seen when somebody asks.
    #[must_use]
    pub fn leave(self, farewell: Farewell<'_>, now_ms: u64) -> Self {
        let is_of = |page: &PageState| match farewell {
            Farewell::Document(document) => page.document.as_deref() == document,
            Farewell::Context(context) => page.context == Some(context),
        };
        match &self.page {
            // The next document of the tab was quicker than the farewell of the last.
            Some(page) if !is_of(page) => self,
            page => {
                let card = page.as_ref().is_some_and(|page| matches!(page.word, PageWord::Card | PageWord::CardUnread));
                let trouble = if card { Some(Trouble::CardAway) } else { self.trouble };
                // Digits are kept no longer than they are on a screen: whoever stops this worker now leaves none behind.
                let (login, _) = self.login.step(Event::PageGone, now_ms);
                Self { seen_at_ms: now_ms, page: None, refusal: None, trouble, login, ..self }
            }
        }
    }

    /// An authorization request left for a genuine host; whose it is was seen or not. What was known of another is over.
    #[must_use]
    pub fn request(self, request: Option<Request>, now_ms: u64) -> (Self, Vec<Effect>) {
        let (login, effects) = self.login.step(Event::Started, now_ms);
        (Self { request, login, ..Self::new(now_ms) }, effects)
    }

    /// The tab turned out to show something else than Pro Santé Connect.
    #[must_use]
    pub fn away(self, now_ms: u64) -> Self {
        let (login, _) = self.login.step(Event::Returned, now_ms);
        Self { page: None, login, ..self }
    }

    /// Time has passed.
    #[must_use]
    pub fn tick(self, now_ms: u64) -> Self {
        let (login, _) = self.login.step(Event::Tick, now_ms);
        Self { login, ..self }
    }

    /// A genuine page asks for the code that a phone shows: an activation by card is one step before its end.
    #[must_use]
    pub fn asks_activation_code(&self) -> bool {
        self.page.as_ref().is_some_and(|page| page.verdict.is_genuine() && page.word == PageWord::ActivationCode)
    }

    /// The identifier was written into the field.
    #[must_use]
    pub fn filled(mut self) -> Self {
        if let Some(field) = self.page.as_mut().and_then(|page| page.field.as_mut()) {
            field.view = FieldView::Filled;
        }
        self.refusal = None;
        self
    }
}

/// Writes down what was recognised and says what it means for the login.
fn describe(recognition: Recognition, observation: &PageObservation, page: &mut PageState) -> Event {
    let (word, event) = match recognition {
        Recognition::Unrecognized { code } => {
            page.reason = Some(code.to_owned());
            (PageWord::Unrecognised, Event::NumberLost)
        }
        Recognition::Recognized(recognized) => match recognized {
            RecognizedPage::Identifier { field } => {
                page.field = Some(Field { reference: field, view: field_view(observation, field) });
                (PageWord::Identifier, Event::NumberLost)
            }
            RecognizedPage::Number { digits, remaining_s } => {
                (PageWord::Number, Event::NumberSeen { number: digits, remaining_s })
            }
            RecognizedPage::NumberUnread { code } => {
                page.reason = Some(code.to_owned());
                let unclear = code == "PAGE-NUMBER-COUNTDOWN";
                (PageWord::NumberUnread, if unclear { Event::NumberUnclear } else { Event::NumberLost })
            }
            RecognizedPage::Expired => (PageWord::Expired, Event::ExpiredSeen),
            RecognizedPage::Refused => (PageWord::Refused, Event::RefusedSeen),
            RecognizedPage::Quit => (PageWord::Quit, Event::Left),
            RecognizedPage::UnknownIdentifier => (PageWord::UnknownIdentifier, Event::NumberLost),
            RecognizedPage::Portal => (PageWord::Portal, Event::NumberLost),
            RecognizedPage::Card => (PageWord::Card, Event::NumberLost),
            RecognizedPage::Delegation => (PageWord::Delegation, Event::NumberLost),
            RecognizedPage::SecurityKey => (PageWord::SecurityKey, Event::NumberLost),
            RecognizedPage::Confirmation => (PageWord::Confirmation, Event::NumberLost),
            RecognizedPage::ActivationQr => (PageWord::ActivationQr, Event::NumberLost),
            RecognizedPage::ActivationCode => (PageWord::ActivationCode, Event::NumberLost),
            RecognizedPage::SignedOut => (PageWord::SignedOut, Event::NumberLost),
            RecognizedPage::CardUnread => (PageWord::CardUnread, Event::NumberLost),
            RecognizedPage::CardRefused => (PageWord::CardRefused, Event::NumberLost),
            RecognizedPage::Outage => (PageWord::Outage, Event::NumberLost),
        },
    };
    page.word = word;
    event
}

fn field_view(observation: &PageObservation, reference: u32) -> FieldView {
    match observation.fields.iter().find(|field| field.reference == reference).map(|field| field.filled) {
        Some(Filled::Empty) => FieldView::Empty,
        Some(Filled::Same) => FieldView::Filled,
        Some(Filled::Other | Filled::Unknown) | None => FieldView::Other,
    }
}

#[cfg(test)]
mod tests {
    use verifier_core::page::{Assessment, Environment, Verdict};

    use super::shown::Badge;
    use super::*;
    use crate::sender::Presence;
    use verifier_core::login::MatchNumber;

    const NOW: u64 = 1_700_000_000_000;

    fn speaker(verdict: Verdict) -> PageSpeaker {
        PageSpeaker {
            tab: 7,
            document: Some("D1".into()),
            context: Some(5),
            host: "wallet.esw.esante.gouv.fr".into(),
            assessment: Assessment { verdict, code: "URL-TEST" },
            presence: Presence::Active,
        }
    }

    const GENUINE: Verdict = Verdict::Exact(Environment::Production);

    fn waiting(number: &str) -> PageObservation {
        waiting_for(94, number)
    }

    fn waiting_for(seconds: u32, number: &str) -> PageObservation {
        serde_json::from_str(&format!(
            r#"{{"v":1,"title":"Authentification","headings":["Vérification de votre identité en 2 étapes"],
            "texts":["Sélection du code affiché ci-dessous parmi les trois codes proposés",
                     "Il vous reste {seconds} secondes pour valider votre demande d'authentification"],
            "numbers":[{{"text":"{number}","height_px":60,"visible":true}}],"buttons":[{{"text":"Quitter l'authentification"}}]}}"#
        ))
        .unwrap()
    }

    fn identifier() -> PageObservation {
        serde_json::from_str(
            r#"{"v":1,"title":"Connectez-vous","headings":["Connectez-vous"],"texts":["application mobile e-CPS"],
            "buttons":[{"text":"SE CONNECTER AVEC E-CPS"}],
            "fields":[{"ref":3,"label":"Identifiant national","kind":"text","visible":true,"editable":true,"filled":"empty"}]}"#,
        )
        .unwrap()
    }

    fn digits(text: &str) -> Badge {
        Badge::Digits(MatchNumber::parse(text).unwrap())
    }

    fn request() -> Request {
        Request { service: "smurtab.example".into(), client_id: "smurtab".into(), since_ms: NOW }
    }

    #[test]
    fn a_login_from_request_to_return() {
        let (tab, _) = TabState::new(NOW).request(Some(request()), NOW);
        let (tab, _) = tab.observe(&speaker(GENUINE), &identifier(), NOW + 500);
        let view = tab.view(7, NOW + 500);
        assert_eq!((view.page, view.field), (PageWord::Identifier, FieldView::Empty));
        assert_eq!(tab.clone().filled().view(7, NOW).field, FieldView::Filled);

        let (tab, effects) = tab.observe(&speaker(GENUINE), &waiting("47"), NOW + 1_000);
        assert!(matches!(effects.first(), Some(Effect::Show { .. })));
        assert_eq!(tab.badge(NOW + 1_000), digits("47"));
        let number = tab.view(7, NOW + 1_000).number.unwrap();
        assert_eq!((number.number.digits(), number.deadline_ms), ("47", Some(NOW + 95_000)));
        assert_eq!(tab.view(7, NOW + 1_000).request, Some(request()));

        let tab = tab.leave(Farewell::Document(Some("D1")), NOW + 9_000);
        assert_eq!(tab.badge(NOW + 9_000), Badge::None);
        assert_eq!(tab.view(7, NOW + 9_000).number, None);
        // No digits are left, and the login is still under way.
        assert_eq!(tab.login, NumberMatch::Away { shown_at_ms: NOW + 1_000, ends_at_ms: NOW + 95_000 });
        assert_eq!(tab.running(NOW + 9_000).and_then(|one| one.service).as_deref(), Some("smurtab.example"));
        assert_eq!(tab.running(NOW + 95_000), None);
        assert_eq!(tab.away(NOW + 9_000).view(7, NOW + 9_000).page, PageWord::Returned);
    }

    #[test]
    fn a_request_whose_sender_is_not_seen_is_not_the_last_services() {
        let (tab, _) = TabState::new(NOW).request(Some(request()), NOW);
        let (tab, _) = tab.observe(&speaker(GENUINE), &waiting("47"), NOW + 1_000);
        let (tab, _) = tab.leave(Farewell::Document(Some("D1")), NOW + 2_000).request(None, NOW + 3_000);
        let (tab, _) = tab.observe(&speaker(GENUINE), &waiting("58"), NOW + 4_000);
        let view = tab.view(7, NOW + 4_000);
        assert_eq!((view.page, view.request), (PageWord::Number, None));
        assert_eq!(tab.running(NOW + 4_000).map(|one| one.service), Some(None));
    }

    #[test]
    fn a_number_ends_by_itself() {
        let (tab, _) = TabState::new(NOW).observe(&speaker(GENUINE), &waiting("47"), NOW);
        let late = NOW + 94_000;
        assert_eq!(tab.badge(late), Badge::None);
        let view = tab.view(7, late);
        assert_eq!((view.page, view.number), (PageWord::Expired, None));
        assert!(matches!(tab.tick(late).login, NumberMatch::Expired { .. }));
    }

    #[test]
    fn a_look_alike_shows_no_number_and_takes_no_identifier() {
        for verdict in [Verdict::Spoof, Verdict::Suspect] {
            for observation in [waiting("47"), identifier()] {
                let (tab, _) = TabState::new(NOW).observe(&speaker(verdict), &observation, NOW);
                let view = tab.view(7, NOW);
                assert_eq!(tab.badge(NOW), Badge::Warning);
                assert_eq!((view.page, view.number, view.field), (PageWord::Lookalike, None, FieldView::None));
                assert_eq!(tab.page.unwrap().field, None);
            }
        }
    }

    #[test]
    fn a_late_farewell_of_another_document_changes_nothing() {
        let (tab, _) = TabState::new(NOW).observe(&speaker(GENUINE), &waiting("47"), NOW);
        for other in [Farewell::Document(Some("D0")), Farewell::Document(None), Farewell::Context(4)] {
            assert_eq!(tab.clone().leave(other, NOW + 1).badge(NOW + 1), digits("47"), "{other:?}");
        }
        for own in [Farewell::Document(Some("D1")), Farewell::Context(5)] {
            assert_eq!(tab.clone().leave(own, NOW + 1).badge(NOW + 1), Badge::None, "{own:?}");
        }
    }

    #[test]
    fn digits_outlive_the_second_in_which_the_countdown_equals_them() {
        let (tab, _) = TabState::new(NOW).observe(&speaker(GENUINE), &waiting_for(48, "47"), NOW);
        let (tab, _) = tab.observe(&speaker(GENUINE), &waiting_for(47, "47"), NOW + 1_000);
        assert_eq!(tab.badge(NOW + 1_000), digits("47"));
        assert_eq!(tab.view(7, NOW + 1_000).page, PageWord::Number);
        let (fresh, _) = TabState::new(NOW).observe(&speaker(GENUINE), &waiting_for(47, "47"), NOW);
        assert_eq!((fresh.badge(NOW), fresh.view(7, NOW).page), (Badge::None, PageWord::NumberUnread));
    }

    #[test]
    fn what_is_no_number_is_not_shown() {
        for text in ["4", "4a", "479", "４７", "٤٧"] {
            let (tab, _) = TabState::new(NOW).observe(&speaker(GENUINE), &waiting(text), NOW);
            assert_eq!(tab.badge(NOW), Badge::None, "{text}");
            assert_eq!(tab.view(7, NOW).page, PageWord::NumberUnread, "{text}");
        }
    }
}
