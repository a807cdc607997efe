//! The e-CPS of every person: whether there is one, on which phone, and the activation that leads to it.
//!
//! The rules (who may, tickets, codes, order of steps) are the core's, `verifier_core::activation`. This module keeps their
//! state, delivers their effects to the outbox and adds what a directory and an operator add: registered contacts, the
//! Order that corrects them after about 72 hours, a mail operator that blocks, a bound on PINs.
//!
//! It does not: draw codes (randomness comes from the caller), speak HTTP, ask for a card (`card` does).

mod by_card;

use std::collections::{BTreeMap, HashSet};

use verifier_core::activation::draw::DrawError;
use verifier_core::activation::{
    Activation, Device, Effect, Eligibility, Event, Mail, NotEligible, ParseCodeError, ParseContactError, Phone,
    PhoneCode, Pin, Record, RedeemError, Refusal, Route, SmsCode, TicketToken, Tickets,
};

use super::outbox::{Channel, Content, Message};
use super::{MAX_ENTRIES, PushLimit, State};
pub(crate) use by_card::Desktop;

use crate::device_key::{Approval, DeviceKey};
use crate::persons::{Person, Persons};
use crate::push::Ending;

/// Wrong PINs in a row, over all requests, before the e-CPS is blocked. Not published; ours. One request alone bears three.
pub(crate) const PIN_TRIES_IN_A_ROW: u8 = 10;

/// Time that the Order needs to correct contacts (SI-DEP guide: about 72 hours).
pub(crate) const ORDER_MS: u64 = 72 * 60 * 60 * 1000;

/// An active e-CPS.
struct Ecps {
    /// The phone it lives on. `None`: the phone that the person had when the sandbox started, which any browser plays.
    device: Option<Device>,
    pin: Pin,
    tries_left: u8,
    /// The key of that phone, if it made one.
    key: Option<DeviceKey>,
}

/// Contacts that the Order has received and not yet recorded.
struct Correction {
    mail: Option<Mail>,
    phone: Option<Phone>,
    recorded_ms: u64,
}

/// Everything about one person's e-CPS.
pub(super) struct Enrolment {
    record: Record,
    correction: Option<Correction>,
    tickets: Tickets,
    activation: Activation,
    /// The phone that scanned the ticket.
    scanned_by: Option<Device>,
    /// The ticket that led to the e-CPS, for the desktop that waits to hear of it.
    completed: Option<TicketToken>,
    /// The key that it brings.
    new_key: Option<DeviceKey>,
    ecps: Option<Ecps>,
}

/// The enrolments, by national identifier, and the phones whose holder accepted the terms.
#[derive(Default)]
pub(crate) struct Enrolments {
    by_person: BTreeMap<String, Enrolment>,
    accepted_terms: HashSet<Device>,
}

impl Enrolments {
    /// As the directory stands when the sandbox starts.
    #[must_use]
    pub(crate) fn of(persons: &Persons) -> Self {
        let enrolment = |person: &Person| {
            let ecps =
                person.first_pin().map(|pin| Ecps { device: None, pin, tries_left: PIN_TRIES_IN_A_ROW, key: None });
            let tickets = Tickets::new(person.national_id()?);
            let (record, activation) = (person.record(), Activation::Ended);
            Some(Enrolment {
                record,
                correction: None,
                tickets,
                activation,
                scanned_by: None,
                completed: None,
                new_key: None,
                ecps,
            })
        };
        let by_person =
            persons.iter().filter_map(|person| Some((person.id().to_owned(), enrolment(person)?))).collect();
        Self { by_person, accepted_terms: HashSet::new() }
    }
}

/// Whether a person can log in by e-CPS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Never activated, or deleted.
    None,
    /// Active.
    Active,
    /// Too many wrong PINs in a row.
    Blocked,
}

/// The contacts as a stranger may see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Masked {
    /// Mail address.
    pub mail: String,
    /// Mobile number.
    pub phone: String,
}

/// What a phone in the middle of an activation shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Progress {
    /// No activation runs on this phone.
    Nothing,
    /// The QR code was scanned; the SMS waits for a tap.
    Scanned {
        /// Where the SMS will go.
        masked_phone: String,
    },
    /// The SMS is out.
    AwaitingSms {
        /// Where it went.
        masked_phone: String,
    },
    /// By card: the phone shows this code, which is typed on the desktop.
    ShowingCode {
        /// Six digits.
        code: String,
    },
    /// The PIN is chosen.
    ChoosingPin,
    /// The PIN is typed a second time.
    ConfirmingPin,
}

/// Why a step of an activation was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ActivationError {
    /// Not in the directory.
    #[error("no person of the sandbox has this national identifier")]
    UnknownPerson,
    /// Contacts are missing.
    #[error("{0}")]
    NotEligible(NotEligible),
    /// The QR code is not good.
    #[error("{0}")]
    Ticket(RedeemError),
    /// The step is refused.
    #[error("{0}")]
    Refused(Refusal),
    /// Not the form of a code.
    #[error("{0}")]
    Form(ParseCodeError),
    /// Not a contact.
    #[error("{0}")]
    Contact(ParseContactError),
    /// Too many mails within a minute.
    #[error("too many activation mails were asked for within a minute")]
    TooOften,
    /// The phone brought no key, or not one.
    #[error("the phone brought no key; an uncompressed point of P-256 in base64url is expected")]
    Key,
    /// There is no e-CPS to delete.
    #[error("this person has no e-CPS")]
    NoEcps,
    /// The e-CPS lives on another phone.
    #[error("the e-CPS is active on another phone")]
    OtherPhone,
    /// No code could be drawn.
    #[error("{0}")]
    Draw(DrawError),
    /// Not one of the steps.
    #[error("the body is not a step of an activation")]
    Body,
}

impl ActivationError {
    /// Stable code.
    #[must_use]
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::UnknownPerson => "SBX-PHONE-UNKNOWN",
            Self::NotEligible(error) => error.code(),
            Self::Ticket(error) => error.code(),
            Self::Refused(error) => error.code(),
            Self::Form(error) => error.code(),
            Self::Contact(error) => error.code(),
            Self::TooOften => "SBX-MAIL-LIMIT",
            Self::Key => "SBX-PHONE-KEY",
            Self::NoEcps => "SBX-NO-ECPS",
            Self::OtherPhone => "SBX-PHONE-OTHER",
            Self::Draw(error) => error.code(),
            Self::Body => "SBX-ACTIVATION-BODY",
        }
    }

    /// What to do next.
    #[must_use]
    pub(crate) fn help(self) -> &'static str {
        match self {
            Self::UnknownPerson => "open /phone to see the persons of the sandbox",
            Self::NotEligible(error) => error.help(),
            Self::Ticket(error) => error.help(),
            Self::Refused(error) => error.help(),
            Self::Form(error) => error.help(),
            Self::Contact(error) => error.help(),
            Self::TooOften => "wait a minute; the newest mail is the one that counts",
            Self::Key => {
                "open the phone's page over https or on 127.0.0.1, with scripts on; a script may leave `key` out"
            }
            Self::NoEcps => "activate one first",
            Self::OtherPhone => "use the phone that was activated, or activate again on this one",
            Self::Draw(error) => error.help(),
            Self::Body => "the README chapter of the sandbox lists the steps",
        }
    }
}

impl State {
    fn enrolment(&mut self, person: &str, now_ms: u64) -> Result<&mut Enrolment, ActivationError> {
        let enrolment = self.enrolments.by_person.get_mut(person).ok_or(ActivationError::UnknownPerson)?;
        if let Some(correction) = enrolment.correction.take_if(|correction| now_ms >= correction.recorded_ms) {
            enrolment.record.mail = correction.mail.or(enrolment.record.mail.take());
            enrolment.record.phone = correction.phone.or(enrolment.record.phone.take());
        }
        Ok(enrolment)
    }

    /// Whether this person can log in by e-CPS.
    #[must_use]
    pub(crate) fn standing(&self, person: &str) -> Standing {
        match self.enrolments.by_person.get(person).and_then(|enrolment| enrolment.ecps.as_ref()) {
            None => Standing::None,
            Some(ecps) if ecps.tries_left == 0 => Standing::Blocked,
            Some(_) => Standing::Active,
        }
    }

    /// Whether the e-CPS of this person, if there is one, lives on this phone.
    #[must_use]
    pub(crate) fn lives_on(&self, person: &str, device: Option<Device>) -> bool {
        match self.enrolments.by_person.get(person).and_then(|enrolment| enrolment.ecps.as_ref()) {
            Some(Ecps { device: Some(home), .. }) => device == Some(*home),
            Some(Ecps { device: None, .. }) | None => true,
        }
    }

    /// The key of the phone that this person's e-CPS lives on.
    #[must_use]
    pub(crate) fn device_key(&self, person: &str) -> Option<&DeviceKey> {
        self.enrolments.by_person.get(person)?.ecps.as_ref()?.key.as_ref()
    }

    /// Whether the phone may approve this: it signed, or it has no key to sign with.
    #[must_use]
    pub(crate) fn may_approve(&self, person: &str, approval: Approval<'_>, signature: Option<&str>) -> bool {
        match (self.device_key(person), signature) {
            (None, _) => true,
            (Some(key), Some(signature)) => key.signed(approval, signature),
            (Some(_), None) => false,
        }
    }

    /// Compares a typed PIN. Wrong ones are counted over all requests; a right one starts the count again.
    pub(crate) fn try_pin(&mut self, person: &str, typed: &str) -> bool {
        let ecps = self.enrolments.by_person.get_mut(person).and_then(|enrolment| enrolment.ecps.as_mut());
        let Some(ecps) = ecps.filter(|ecps| ecps.tries_left > 0) else {
            return false;
        };
        if Pin::parse(typed).is_ok_and(|pin| pin == ecps.pin) {
            ecps.tries_left = PIN_TRIES_IN_A_ROW;
            return true;
        }
        ecps.tries_left = ecps.tries_left.saturating_sub(1);
        false
    }

    /// Notes that the holder of a phone accepted the terms.
    pub(crate) fn accept_terms(&mut self, device: Device) {
        if self.enrolments.accepted_terms.len() < MAX_ENTRIES {
            self.enrolments.accepted_terms.insert(device);
        }
    }

    /// Whether the holder of a phone accepted the terms.
    #[must_use]
    pub(crate) fn has_accepted_terms(&self, device: Device) -> bool {
        self.enrolments.accepted_terms.contains(&device)
    }

    /// The registered contacts, masked, of a person who may activate by them.
    pub(crate) fn masked_contacts(&mut self, person: &str, now_ms: u64) -> Result<Masked, ActivationError> {
        let record = &self.enrolment(person, now_ms)?.record;
        Eligibility::of(record).permits(Route::Contacts).map_err(ActivationError::NotEligible)?;
        Ok(Masked {
            mail: record.mail.as_ref().map(Mail::masked).unwrap_or_default(),
            phone: record.phone.as_ref().map(Phone::masked).unwrap_or_default(),
        })
    }

    /// Sends the mail with QR code and link. Every earlier QR code of this person is dead from now on.
    pub(crate) fn request_activation(
        &mut self,
        person: &str,
        token: TicketToken,
        mail_blocked: MailOperator,
        per_minute: usize,
        now_ms: u64,
    ) -> Result<Masked, ActivationError> {
        let masked = self.masked_contacts(person, now_ms)?;
        // Counted beside the pushes, under a key that no identifier can be.
        self.count_push(&format!("mail to {person}"), per_minute, now_ms)
            .map_err(|_: PushLimit| ActivationError::TooOften)?;
        let text = token.to_text();
        let enrolment = self.enrolment(person, now_ms)?;
        enrolment.tickets = enrolment.tickets.clone().issue(Route::Contacts, token, now_ms);
        enrolment.activation = Activation::Requested;
        enrolment.scanned_by = None;
        let message = "Ouvrez ce courriel sur votre téléphone et touchez « Démarrer l'activation », ou scannez le QR code \
                       depuis l'application e-CPS. Il est valable 2 jours. Ne transmettez ce courriel à personne.";
        let content = match mail_blocked {
            MailOperator::Delivers => Content::Ticket(text),
            MailOperator::Blocks => Content::Blocked,
        };
        self.mail(person, "Activation de votre e-CPS", message, content, now_ms);
        Ok(masked)
    }

    fn mail(&mut self, person: &str, subject: &str, text: &str, content: Content, now_ms: u64) {
        let to = self.enrolments.by_person.get(person).and_then(|enrolment| enrolment.record.mail.as_ref());
        let Some(to) = to.map(|mail| mail.address().to_owned()) else {
            return;
        };
        let text = if matches!(content, Content::Blocked) { "" } else { text };
        self.send(Message {
            id: 0,
            channel: Channel::Mail,
            person: person.to_owned(),
            to,
            subject: subject.to_owned(),
            text: text.to_owned(),
            content,
            sent_ms: now_ms,
        });
    }

    /// A phone scanned a QR code, or opened the link of the mail. From here on only this phone can go on. A QR code of the
    /// portal makes it show `code`, which is drawn by the caller in any case.
    pub(crate) fn scan(
        &mut self,
        device: Device,
        text: &str,
        code: PhoneCode,
        now_ms: u64,
    ) -> Result<(), ActivationError> {
        // The link of the mail ends in the ticket, so both can be pasted.
        let last = text.trim().rsplit('/').next().unwrap_or_default();
        let token = TicketToken::parse(last).ok_or(ActivationError::Ticket(RedeemError::Unknown))?;
        // A ticket does not name its person: whoever reads the QR code over a shoulder learns no identifier.
        let mut scanned = None;
        for (person, enrolment) in &mut self.enrolments.by_person {
            let (tickets, outcome) = enrolment.tickets.clone().redeem(&token, now_ms);
            match outcome {
                Err(RedeemError::Unknown) => {}
                Err(error) => return Err(ActivationError::Ticket(error)),
                Ok(route) => {
                    enrolment.tickets = tickets;
                    enrolment.scanned_by = Some(device);
                    scanned = Some((person.clone(), route));
                }
            }
        }
        let (scanned, route) = scanned.ok_or(ActivationError::Ticket(RedeemError::Unknown))?;
        // One phone runs one activation: the newest.
        for (person, enrolment) in &mut self.enrolments.by_person {
            if *person != scanned && enrolment.scanned_by == Some(device) {
                enrolment.scanned_by = None;
            }
        }
        match route {
            Route::Contacts => Ok(()),
            Route::Card => self.advance(&scanned, Event::ScannedPortal { device, code }, now_ms),
        }
    }

    /// The activation that runs on a phone, and whose it is.
    #[must_use]
    pub(crate) fn progress(&self, device: Device) -> Progress {
        let Some((_, enrolment)) = self.running_on(device) else {
            return Progress::Nothing;
        };
        let masked_phone = enrolment.record.phone.as_ref().map(Phone::masked).unwrap_or_default();
        match enrolment.activation {
            Activation::Requested => Progress::Scanned { masked_phone },
            Activation::AwaitingSms { .. } => Progress::AwaitingSms { masked_phone },
            Activation::AwaitingDesktop { ref code, .. } => Progress::ShowingCode { code: code.digits().to_owned() },
            Activation::ChoosingPin { .. } => Progress::ChoosingPin,
            Activation::ConfirmingPin { .. } => Progress::ConfirmingPin,
            Activation::Active { .. } | Activation::Ended => Progress::Nothing,
        }
    }

    fn running_on(&self, device: Device) -> Option<(&str, &Enrolment)> {
        self.enrolments
            .by_person
            .iter()
            .find(|(_, enrolment)| enrolment.scanned_by == Some(device))
            .map(|(person, enrolment)| (person.as_str(), enrolment))
    }

    /// The newest code that came by SMS to the person whose activation runs on this phone: what the app reads by itself.
    #[must_use]
    pub(crate) fn read_sms(&self, device: Device) -> Option<&str> {
        let (person, _) = self.running_on(device)?;
        self.messages().filter(|message| message.person == person).find_map(|message| match &message.content {
            Content::Code(code) => Some(code.as_str()),
            Content::Ticket(_) | Content::Notice | Content::Blocked => None,
        })
    }

    /// A step of the activation that runs on a phone; returns whose it is.
    fn step(&mut self, device: Device, event: Event, now_ms: u64) -> Result<String, ActivationError> {
        let person = self.running_on(device).map(|(person, _)| person.to_owned());
        let person = person.ok_or(ActivationError::Refused(Refusal::OutOfOrder))?;
        self.advance(&person, event, now_ms).map(|()| person)
    }

    fn advance(&mut self, person: &str, event: Event, now_ms: u64) -> Result<(), ActivationError> {
        let enrolment = self.enrolment(person, now_ms)?;
        let before = std::mem::replace(&mut enrolment.activation, Activation::Ended);
        let (after, outcome) = before.step(event, now_ms);
        match after {
            Activation::Active { device, pin } => {
                // On this phone and on no other: an e-CPS that was active elsewhere is replaced.
                let key = enrolment.new_key.take();
                enrolment.ecps = Some(Ecps { device: Some(device), pin, tries_left: PIN_TRIES_IN_A_ROW, key });
                enrolment.completed = enrolment.tickets.latest().map(|ticket| ticket.token().clone());
                enrolment.scanned_by = None;
            }
            Activation::Ended => enrolment.scanned_by = None,
            other => enrolment.activation = other,
        }
        let phone = enrolment.record.phone.as_ref().map(|phone| phone.number().to_owned()).unwrap_or_default();
        for effect in outcome.map_err(ActivationError::Refused)? {
            match effect {
                Effect::SendSms(code) => self.send(Message {
                    id: 0,
                    channel: Channel::Sms,
                    person: person.to_owned(),
                    to: phone.clone(),
                    subject: "Code d'activation e-CPS".to_owned(),
                    text: format!("Votre code d'activation e-CPS : {}. Ne le donnez à personne.", code.digits()),
                    content: Content::Code(code.digits().to_owned()),
                    sent_ms: now_ms,
                }),
                Effect::TellActivated => {
                    let text = "Votre e-CPS vient d'être activée sur un téléphone. Si ce n'est pas vous, appelez le support e-CPS.";
                    self.mail(person, "Votre e-CPS est active", text, Content::Notice, now_ms);
                }
                // The phone's page shows these by itself.
                Effect::AskPin | Effect::AskPinAgain | Effect::ShowOnPhone(_) => {}
            }
        }
        Ok(())
    }

    /// The tap that asks for the SMS.
    pub(crate) fn ask_sms(&mut self, device: Device, code: SmsCode, now_ms: u64) -> Result<(), ActivationError> {
        self.step(device, Event::ScannedMail { device, code }, now_ms).map(|_| ())
    }

    /// The code was typed, or read by the app.
    pub(crate) fn type_sms(&mut self, device: Device, typed: &str, now_ms: u64) -> Result<(), ActivationError> {
        let code = SmsCode::parse(typed).map_err(ActivationError::Form)?;
        self.step(device, Event::SmsTyped { device, code }, now_ms).map(|_| ())
    }

    /// A PIN was typed: the first time, or the second, which brings the key that the phone made, if it did. With the second the e-CPS is active; its person is returned.
    pub(crate) fn type_pin(
        &mut self,
        device: Device,
        typed: &str,
        key: Option<DeviceKey>,
        now_ms: u64,
    ) -> Result<Option<String>, ActivationError> {
        let pin = Pin::parse(typed).map_err(ActivationError::Form)?;
        if self.progress(device) == Progress::ConfirmingPin {
            let running = self.enrolments.by_person.values_mut().find(|one| one.scanned_by == Some(device));
            if let Some(enrolment) = running {
                enrolment.new_key = key;
            }
            return self.step(device, Event::PinConfirmed { device, pin }, now_ms).map(Some);
        }
        self.step(device, Event::PinChosen { device, pin }, now_ms).map(|_| None)
    }

    /// The person leaves the activation.
    pub(crate) fn abandon(&mut self, device: Device, now_ms: u64) {
        // Nothing to leave is no mistake.
        let _ = self.step(device, Event::Abandoned, now_ms);
    }

    /// Deletes an e-CPS from its phone. `None` stands for the phone that holds it, which scripts play.
    pub(crate) fn delete_ecps(&mut self, person: &str, now_ms: u64) -> Result<(), ActivationError> {
        let enrolment = self.enrolment(person, now_ms)?;
        enrolment.ecps.take().ok_or(ActivationError::NoEcps)?;
        self.end_waiting(person, Ending::Deleted, now_ms);
        self.mail(person, "Votre e-CPS a été supprimée", "Elle peut être activée à nouveau.", Content::Notice, now_ms);
        Ok(())
    }

    /// The Order receives corrected contacts. They are recorded 72 hours later; returns that moment, in milliseconds.
    pub(crate) fn correct_contacts(
        &mut self,
        person: &str,
        mail: Option<&str>,
        phone: Option<&str>,
        now_ms: u64,
    ) -> Result<u64, ActivationError> {
        let mail = mail.map(Mail::parse).transpose().map_err(ActivationError::Contact)?;
        let phone = phone.map(Phone::parse).transpose().map_err(ActivationError::Contact)?;
        if mail.is_none() && phone.is_none() {
            return Err(ActivationError::Contact(ParseContactError::Mail));
        }
        let recorded_ms = now_ms.saturating_add(ORDER_MS);
        self.enrolment(person, now_ms)?.correction = Some(Correction { mail, phone, recorded_ms });
        Ok(recorded_ms)
    }
}

/// What the operator of the person's mailbox does with our mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailOperator {
    /// It arrives.
    Delivers,
    /// The sender is blocked; support must have it unblocked (ANS question page).
    Blocks,
}
