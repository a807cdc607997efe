//! Whom to call. Each row says where it was read and when, because numbers of support lines change: a row that only a dated
//! guide prints is marked, and a row that a newer one replaces says by which.
//!
//! Rows are never deleted while a guide that prints them circulates: a person who holds the guide must find the old number
//! here, with the new one beside it.

/// A contact's stable name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContactId {
    /// Online space of the Order of physicians, to update contact data.
    OrderOfPhysicians,
    /// e-CPS support by phone.
    EcpsSupportPhone,
    /// e-CPS support by mail.
    EcpsSupportMail,
    /// Card support by phone, as the SI-DEP guide prints it.
    AnsSupportPhone,
    /// Card support by mail, as the SI-DEP guide prints it.
    AnsSupportMail,
    /// SI-DEP support.
    SidepSupport,
    /// SI-DEP portal.
    SidepPortal,
    /// The operator's account portal.
    WalletPortal,
    /// Where ATSAM is downloaded.
    AtsamDownload,
    /// SSL test of the card.
    SslTest,
    /// "Try your e-CPS".
    EcpsTest,
    /// For makers of services.
    Editors,
}

/// How a contact is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// A French number as printed.
    Phone(&'static str),
    /// A mail address.
    Mail(&'static str),
    /// A page.
    Web(&'static str),
}

/// How well a row is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// Read on pages of the operator or by two independent sources.
    Yes,
    /// Printed in a guide of that date and nowhere else that was read: show the date.
    GuideOnly,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contact {
    /// Its stable name.
    pub id: ContactId,
    /// How it is reached.
    pub channel: Channel,
    /// Where it was read.
    pub source: &'static str,
    /// When it was printed or read, `YYYY-MM-DD` or a part of it.
    pub date: &'static str,
    /// How well it is known.
    pub confirmed: Confirmed,
    /// Text key of the price of a call.
    pub tariff: Option<&'static str>,
    /// Text key of the opening hours.
    pub hours: Option<&'static str>,
    /// The row that took its place.
    pub replaced_by: Option<ContactId>,
}

impl ContactId {
    /// A stable lower-case name, used in text keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderOfPhysicians => "order-of-physicians",
            Self::EcpsSupportPhone => "ecps-support-phone",
            Self::EcpsSupportMail => "ecps-support-mail",
            Self::AnsSupportPhone => "ans-support-phone",
            Self::AnsSupportMail => "ans-support-mail",
            Self::SidepSupport => "sidep-support",
            Self::SidepPortal => "sidep-portal",
            Self::WalletPortal => "wallet-portal",
            Self::AtsamDownload => "atsam-download",
            Self::SslTest => "ssl-test",
            Self::EcpsTest => "ecps-test",
            Self::Editors => "editors",
        }
    }
}

impl Contact {
    /// The key of its name.
    #[must_use]
    pub fn name_key(&self) -> String {
        format!("contact.{}.name", self.id.as_str())
    }
}

/// Every row.
#[must_use]
pub fn contacts() -> &'static [Contact] {
    ROWS
}

/// The row of a name.
#[must_use]
pub fn contact(id: ContactId) -> Option<&'static Contact> {
    ROWS.iter().find(|row| row.id == id)
}

const SIDEP_GUIDE: &str = "SI-DEP guide 2.1";
/// The date on the guide's screenshot of the activation; the guide itself bears none.
const SIDEP_GUIDE_DATE: &str = "2020-11-27";
const ANS_PAGES: &str = "esante.gouv.fr pages and a public how-to";

const ROWS: &[Contact] = &[
    Contact {
        id: ContactId::OrderOfPhysicians,
        channel: Channel::Web("https://monespace.medecin.fr/user/login?destination=cas/login"),
        source: SIDEP_GUIDE,
        date: SIDEP_GUIDE_DATE,
        confirmed: Confirmed::GuideOnly,
        tariff: None,
        hours: None,
        replaced_by: None,
    },
    Contact {
        id: ContactId::EcpsSupportPhone,
        channel: Channel::Phone("0 806 800 213"),
        source: ANS_PAGES,
        date: "2025-11",
        confirmed: Confirmed::Yes,
        tariff: Some("tariff.standard"),
        hours: None,
        replaced_by: None,
    },
    Contact {
        id: ContactId::EcpsSupportMail,
        channel: Channel::Mail("monserviceclient.e-cps@esante.gouv.fr"),
        source: ANS_PAGES,
        date: "2025-11",
        confirmed: Confirmed::Yes,
        tariff: None,
        hours: None,
        replaced_by: None,
    },
    // The operator has left the name asipsante.fr since the guide; its e-CPS pages print the two rows above.
    Contact {
        id: ContactId::AnsSupportPhone,
        channel: Channel::Phone("0 825 852 000"),
        source: SIDEP_GUIDE,
        date: SIDEP_GUIDE_DATE,
        confirmed: Confirmed::GuideOnly,
        tariff: Some("tariff.six-cents"),
        hours: None,
        replaced_by: Some(ContactId::EcpsSupportPhone),
    },
    Contact {
        id: ContactId::AnsSupportMail,
        channel: Channel::Mail("monserviceclient.cartes@asipsante.fr"),
        source: SIDEP_GUIDE,
        date: SIDEP_GUIDE_DATE,
        confirmed: Confirmed::GuideOnly,
        tariff: None,
        hours: None,
        replaced_by: Some(ContactId::EcpsSupportMail),
    },
    Contact {
        id: ContactId::SidepSupport,
        channel: Channel::Phone("0 800 08 32 04"),
        source: SIDEP_GUIDE,
        date: SIDEP_GUIDE_DATE,
        confirmed: Confirmed::GuideOnly,
        tariff: Some("tariff.free"),
        hours: Some("hours.mon-sat-9-20"),
        replaced_by: None,
    },
    Contact {
        id: ContactId::SidepPortal,
        channel: Channel::Web("https://portail-sidep.aphp.fr/"),
        source: SIDEP_GUIDE,
        date: SIDEP_GUIDE_DATE,
        confirmed: Confirmed::GuideOnly,
        tariff: None,
        hours: None,
        replaced_by: None,
    },
    Contact {
        id: ContactId::WalletPortal,
        channel: Channel::Web("https://wallet.esw.esante.gouv.fr"),
        source: "SI-DEP guide 2.1; esante.gouv.fr pages",
        date: "2026-09-27",
        confirmed: Confirmed::Yes,
        tariff: None,
        hours: None,
        replaced_by: None,
    },
    Contact {
        id: ContactId::AtsamDownload,
        channel: Channel::Web("https://espacepro.ameli.fr/inscription/#/aide"),
        source: SIDEP_GUIDE,
        date: SIDEP_GUIDE_DATE,
        confirmed: Confirmed::GuideOnly,
        tariff: None,
        hours: None,
        replaced_by: None,
    },
    Contact {
        id: ContactId::SslTest,
        channel: Channel::Web("https://testssl.asipsante.fr"),
        source: SIDEP_GUIDE,
        date: SIDEP_GUIDE_DATE,
        confirmed: Confirmed::GuideOnly,
        tariff: None,
        hours: None,
        replaced_by: None,
    },
    Contact {
        id: ContactId::EcpsTest,
        channel: Channel::Web("https://essaietaecps.eservices.esante.gouv.fr"),
        source: "psc-facts 1.1",
        date: "2026-11",
        confirmed: Confirmed::Yes,
        tariff: None,
        hours: None,
        replaced_by: None,
    },
    Contact {
        id: ContactId::Editors,
        channel: Channel::Mail("prosanteconnect.editeurs@esante.gouv.fr"),
        source: "psc-facts 4",
        date: "2026-11",
        confirmed: Confirmed::Yes,
        tariff: None,
        hours: None,
        replaced_by: None,
    },
];
