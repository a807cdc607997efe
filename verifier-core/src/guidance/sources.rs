//! Where the advice of each situation comes from: the three guides, and numbered sections of the facts and of the study of
//! users.
//!
//! Apart from the situations, because whoever shows them does not show this: a build that never asks carries none of it.

/// Where the advice of a situation comes from; `None` for an unknown code.
#[must_use]
pub fn source(code: &str) -> Option<&'static str> {
    SOURCES.iter().find(|(node, _)| *node == code).map(|(_, source)| *source)
}

const SOURCES: &[(&str, &str)] = &[
    ("GUIDE-START", "structure of this guide"),
    ("GUIDE-ACTIVATION", "structure of this guide"),
    ("GUIDE-BY-CONTACTS", "structure of this guide"),
    ("GUIDE-BY-CARD", "structure of this guide"),
    ("GUIDE-LOGIN", "structure of this guide"),
    ("GUIDE-CARD", "structure of this guide"),
    ("GUIDE-SUSPICIOUS", "structure of this guide"),
    ("GUIDE-RIGHTS", "structure of this guide"),
    ("GUIDE-WORDS", "structure of this guide"),
    ("GUIDE-CONTACTS-OUTDATED", "SI-DEP guide 2.1"),
    ("GUIDE-MAIL-MISSING", "ANS question page"),
    ("GUIDE-QR-ON-PHONE", "ANS question page; SMURT@B guide"),
    ("GUIDE-QR-MAIL-EXPIRED", "ANS question page"),
    ("GUIDE-QR-SUPERSEDED", "ANS question page"),
    ("GUIDE-SMS-CODE", "SMURT@B guide; SI-DEP guide 2.1"),
    ("GUIDE-ATSAM-NOT-NEEDED", "ANS question page"),
    ("GUIDE-WHO-MAY-ACTIVATE", "ANS question page"),
    ("GUIDE-ONE-PHONE", "SMURT@B guide"),
    ("GUIDE-ECPS-EXPIRED", "psc-facts 6"),
    ("GUIDE-CARD-ACTIVATION-FAILED", "SI-DEP guide 2.1"),
    ("GUIDE-QR-CARD-EXPIRED", "ANS question page"),
    ("GUIDE-CODE-ON-DESKTOP", "SI-DEP guide 2.1"),
    ("GUIDE-ATSAM", "SI-DEP guide 2.1"),
    ("GUIDE-SSL-TEST", "SI-DEP guide 2.1"),
    ("GUIDE-READER", "SI-DEP guide 2.1"),
    ("GUIDE-CARD-REFUSED", "SI-DEP guide 2.1; users-and-peers A2"),
    ("GUIDE-CARD-LOCKED", "psc-facts 6; users-and-peers A2"),
    ("GUIDE-CARD-CONFLICT", "users-and-peers A2"),
    ("GUIDE-CARD-FIREFOX", "psc-facts 5.2"),
    ("GUIDE-IDENTIFIER", "SMURT@B guide; psc-facts 5.4"),
    ("GUIDE-UNKNOWN-IDENTIFIER", "psc-facts 5.4"),
    ("GUIDE-WRONG-APP", "psc-facts 5.4; users-and-peers A6"),
    ("GUIDE-NO-PUSH", "users-and-peers A; SMURT@B guide"),
    ("GUIDE-NUMBER", "SMURT@B guide"),
    ("GUIDE-TIME-UP", "psc-facts 10; SMURT@B guide"),
    ("GUIDE-PULL-MODE", "users-and-peers A, remedy (a), and E none-has 4; psc-facts 7"),
    ("GUIDE-NETWORK", "users-and-peers A8 and its risks"),
    ("GUIDE-BATTERY", "psc-facts 5.4"),
    ("GUIDE-APP", "psc-facts 5.4; users-and-peers A7"),
    ("GUIDE-OUTAGE", "users-and-peers A8"),
    ("GUIDE-TEST-ECPS", "psc-facts 1.1, 5.4; users-and-peers A5"),
    ("GUIDE-UNASKED-PUSH", "psc-facts 6, 7; users-and-peers A3"),
    ("GUIDE-ACCEPTED", "psc-facts 6"),
    ("GUIDE-SCAM-CALL", "psc-facts 7; users-and-peers 0.3"),
    ("GUIDE-SCAM-MAIL", "psc-facts 7"),
    ("GUIDE-LOOKALIKE", "users-and-peers C"),
    ("GUIDE-NO-RIGHTS", "users-and-peers A5"),
    ("GUIDE-OTHER-PERSON", "users-and-peers A4; psc-facts 1.6"),
    ("GUIDE-SECRETS", "SI-DEP guide 2.1; SMURT@B guide; psc-facts 7"),
    ("GUIDE-INS", "ANS question page"),
    ("GUIDE-EXCHANGE", "ANS question page"),
    ("GUIDE-CERTIFICATION", "ANS question page"),
];
