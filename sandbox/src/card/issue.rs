//! Software cards: a test authority, and for every person with a card a key and a certificate in a form that browsers and
//! scripts take.
//!
//! The subject of a certificate carries the national identifier as its common name, with name, given name, title and country
//! beside it. Cards are written to a folder: `<identifier>.p12` for browsers, `<identifier>.pem` for scripts. In a folder of the run
//! they disappear with it; in one that the person names (`--cards`) they stay and are used again.
//!
//! One more card, `other-environment`, comes from an authority that the login pages do not know, as a real card does at the
//! national sandbox. Nobody else trusts any of these: the keys lie in a file, which is the opposite of a card.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use chrono::Datelike as _;
use p12_keystore::{Certificate as StoredCertificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::clients::Clients;
use crate::encoding::sha256;
use crate::persons::Persons;

/// What opens every `.p12` file. Published, because some systems import no file without a password.
pub const PASSWORD: &str = "carte";

/// The password is published, so stretching it protects nothing; readers only insist on a count.
const ITERATIONS: u32 = 1000;

/// Life of a card (psc-facts §6: three years).
const LIFE_DAYS: i64 = 3 * 365;

const CARD_AUTHORITY: &str = "vigie-sandbox card authority, never trust it";
const OTHER_AUTHORITY: &str = "vigie-sandbox authority of another environment, never trust it";
const SERVICE_AUTHORITY: &str = "vigie-sandbox service authority, never trust it";

/// Name of the card that the login pages do not know.
const OTHER_CARD: &str = "other-environment";

/// Object identifiers of the attributes that a card adds to its common name (X.520).
const SURNAME: [u64; 4] = [2, 5, 4, 4];
const TITLE: [u64; 4] = [2, 5, 4, 12];
const GIVEN_NAME: [u64; 4] = [2, 5, 4, 42];

/// Cards could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// No key or certificate could be made.
    #[error("no card could be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A PKCS#12 file could not be made.
    #[error("no PKCS#12 file could be made: {0}")]
    KeyStore(#[from] p12_keystore::error::Error),
    /// The folder cannot be used.
    #[error("{path:?} cannot be used: {cause}")]
    Folder {
        /// File or folder.
        path: PathBuf,
        /// Answer of the system.
        cause: std::io::Error,
    },
    /// A file of the folder is not what an earlier run left there.
    #[error("{path:?} is not a certificate with its key")]
    Content {
        /// The file.
        path: PathBuf,
    },
}

/// Whose certificate it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Issued<'a> {
    /// A card of this environment: the national identifier, and when the card runs out, in milliseconds since the epoch.
    Card {
        /// National identifier.
        person: &'a str,
        /// First moment at which it is no longer good.
        expires_ms: u64,
    },
    /// A card of another environment.
    OtherEnvironment,
    /// A service.
    Service {
        /// `client_id`.
        client: &'a str,
    },
}

enum Owner {
    Card { person: String, expires_ms: u64 },
    OtherEnvironment,
    Service { client: String },
}

/// The certificates of this run, by their digest: only what was issued here is known, byte for byte.
pub(crate) struct Certified {
    folder: PathBuf,
    owners: HashMap<Vec<u8>, Owner>,
    authority: Authority,
    other: Authority,
}

impl std::fmt::Debug for Certified {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Certified(redacted)")
    }
}

/// A key and its certificate.
struct Pair {
    key_pem: String,
    key_der: Vec<u8>,
    certificate: CertificateDer<'static>,
    certificate_pem: String,
}

/// Whom an authority signs, and with what.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Certified {
    /// Takes the authority that an earlier run left in `folder`, or makes one.
    pub(crate) fn open(folder: &Path) -> Result<Self, IssueError> {
        make_folder(folder)?;
        let authority = Authority::keep(folder, "card-authority", CARD_AUTHORITY)?;
        // Nobody checks its signature; what browsers are told is its name, which never changes.
        let other = Authority::make(OTHER_AUTHORITY)?.0;
        Ok(Self { folder: folder.to_owned(), owners: HashMap::new(), authority, other })
    }

    /// Issues a card to everyone who has one, or takes those that an earlier run left.
    pub(crate) fn issue_to_persons(&mut self, persons: &Persons, now_ms: u64) -> Result<(), IssueError> {
        for person in persons.iter() {
            let Some(card) = person.record().card else {
                continue;
            };
            let (given, family) = person.names();
            let mut subject = DistinguishedName::new();
            subject.push(DnType::CountryName, "FR");
            subject.push(DnType::CustomDnType(TITLE.to_vec()), utf8(card.as_str()));
            subject.push(DnType::CustomDnType(SURNAME.to_vec()), utf8(family));
            subject.push(DnType::CustomDnType(GIVEN_NAME.to_vec()), utf8(given));
            subject.push(DnType::CommonName, person.id());
            let certificate = keep(&self.folder, person.id(), &self.authority, subject, now_ms)?;
            let expires_ms = expiry(&certificate).unwrap_or(0);
            self.own(&certificate, Owner::Card { person: person.id().to_owned(), expires_ms });
        }
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CountryName, "FR");
        subject.push(DnType::CommonName, OTHER_CARD);
        let certificate = keep(&self.folder, OTHER_CARD, &self.other, subject, now_ms)?;
        self.own(&certificate, Owner::OtherEnvironment);
        Ok(())
    }

    /// Issues a certificate to every service, for `tls_client_auth` (RFC 8705 §2.1). They lie in a folder of this run.
    pub(crate) fn issue_to_services(
        &mut self,
        folder: &Path,
        clients: &Clients,
        now_ms: u64,
    ) -> Result<(), IssueError> {
        make_folder(folder)?;
        let (authority, ..) = Authority::make(SERVICE_AUTHORITY)?;
        for client in clients.iter() {
            let mut subject = DistinguishedName::new();
            subject.push(DnType::CountryName, "FR");
            subject.push(DnType::OrganizationName, "vigie-sandbox");
            subject.push(DnType::CommonName, client.id());
            let certificate = keep(folder, &file_name(client.id()), &authority, subject, now_ms)?;
            self.own(&certificate, Owner::Service { client: client.id().to_owned() });
        }
        Ok(())
    }

    fn own(&mut self, certificate: &CertificateDer<'_>, owner: Owner) {
        self.owners.insert(sha256(certificate), owner);
    }

    /// Where the cards are.
    #[must_use]
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The names of the authorities whose cards a browser may offer. The unknown one is among them, so that its holder is told
    /// what is wrong instead of finding no card at all.
    #[must_use]
    pub(crate) fn issuers(&self) -> Vec<rustls::DistinguishedName> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates([&self.authority, &self.other].map(|one| one.certificate.clone()));
        roots.subjects()
    }

    /// Whose certificate this is; `None` when it was not issued here.
    #[must_use]
    pub(crate) fn owner(&self, certificate: &CertificateDer<'_>) -> Option<Issued<'_>> {
        Some(match self.owners.get(&sha256(certificate))? {
            Owner::Card { person, expires_ms } => Issued::Card { person, expires_ms: *expires_ms },
            Owner::OtherEnvironment => Issued::OtherEnvironment,
            Owner::Service { client } => Issued::Service { client },
        })
    }
}

/// What an authority is, but for its key.
fn authority_of(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

impl Authority {
    fn make(name: &str) -> Result<(Self, String, String), IssueError> {
        let params = authority_of(name);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let (certificate_pem, key_pem) = (certificate.pem(), key.serialize_pem());
        let made = Self { certificate: certificate.der().clone(), issuer: Issuer::new(params, key) };
        Ok((made, certificate_pem, key_pem))
    }

    /// The authority that an earlier run left in the folder, or a new one.
    fn keep(folder: &Path, file: &str, name: &str) -> Result<Self, IssueError> {
        let path = folder.join(format!("{file}.pem"));
        if let Some(text) = read_if_there(&path)? {
            let content = || IssueError::Content { path: path.clone() };
            let key = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).map_err(|_| content())?;
            let key = KeyPair::try_from(&key).map_err(|_| content())?;
            let certificate = CertificateDer::from_pem_slice(text.as_bytes()).map_err(|_| content())?;
            return Ok(Self { issuer: Issuer::new(authority_of(name), key), certificate });
        }
        let (made, certificate_pem, key_pem) = Self::make(name)?;
        write_secret(&path, format!("{certificate_pem}{key_pem}").as_bytes())?;
        Ok(made)
    }
}

/// The certificate that an earlier run left under this name, or a new one with its files.
fn keep(
    folder: &Path,
    name: &str,
    authority: &Authority,
    subject: DistinguishedName,
    now_ms: u64,
) -> Result<CertificateDer<'static>, IssueError> {
    let path = folder.join(format!("{name}.pem"));
    if let Some(text) = read_if_there(&path)? {
        return CertificateDer::from_pem_slice(text.as_bytes()).map_err(|_| IssueError::Content { path });
    }
    let pair = sign(authority, subject, now_ms)?;
    write_secret(&folder.join(format!("{name}.p12")), &pair.to_pkcs12(name)?)?;
    write_secret(&path, format!("{}{}", pair.certificate_pem, pair.key_pem).as_bytes())?;
    Ok(pair.certificate)
}

fn sign(authority: &Authority, subject: DistinguishedName, now_ms: u64) -> Result<Pair, IssueError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    if let Some(now) = i64::try_from(now_ms / 1000).ok().and_then(|now| chrono::DateTime::from_timestamp(now, 0)) {
        let small = |number: u32| u8::try_from(number).unwrap_or(1);
        let day = |moment: chrono::DateTime<chrono::Utc>| {
            rcgen::date_time_ymd(moment.year(), small(moment.month()), small(moment.day()))
        };
        // From the day before, for clocks that differ.
        params.not_before = day(now - chrono::TimeDelta::days(1));
        params.not_after = day(now + chrono::TimeDelta::days(LIFE_DAYS));
    }
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &authority.issuer)?;
    Ok(Pair {
        key_pem: key.serialize_pem(),
        key_der: key.serialize_der(),
        certificate_pem: certificate.pem(),
        certificate: certificate.der().clone(),
    })
}

impl Pair {
    fn to_pkcs12(&self, name: &str) -> Result<Vec<u8>, IssueError> {
        let key = PrivateKey::from_der(&self.key_der)?;
        let certificate = StoredCertificate::from_der(&self.certificate)?;
        let mut store = KeyStore::new();
        store.add_entry(
            name,
            KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(sha256(&self.certificate), key, [certificate])),
        );
        Ok(store.writer(PASSWORD).encryption_iterations(ITERATIONS).mac_iterations(ITERATIONS).write()?)
    }
}

/// When a certificate runs out, in milliseconds since the epoch.
fn expiry(certificate: &CertificateDer<'_>) -> Option<u64> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    // The last second is still good (RFC 5280 §4.1.2.5).
    u64::try_from(parsed.validity().not_after.timestamp().checked_add(1)?.checked_mul(1000)?).ok()
}

fn utf8(text: &str) -> DnValue {
    DnValue::Utf8String(text.to_owned())
}

/// The name of a file for a service, whose identifier may be any text.
fn file_name(client: &str) -> String {
    let plain =
        |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' || letter == '_' { letter } else { '_' };
    client.chars().map(plain).collect()
}

fn read_if_there(path: &Path) -> Result<Option<String>, IssueError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(IssueError::Folder { path: path.to_owned(), cause }),
    }
}

/// Makes a folder that only its owner reads.
fn make_folder(path: &Path) -> Result<(), IssueError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|cause| IssueError::Folder { path: path.to_owned(), cause })
}

/// Writes a file that only its owner reads, and that was not there before.
fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), IssueError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|cause| IssueError::Folder { path: path.to_owned(), cause })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_800_000_000_000;

    #[test]
    fn cards_are_kept_in_a_folder_and_known_again() {
        let folder = std::env::temp_dir().join(crate::random::make_handle().unwrap());
        let persons = Persons::built_in().unwrap();
        let issued = |now_ms| {
            let mut certified = Certified::open(&folder)?;
            certified.issue_to_persons(&persons, now_ms).map(|()| certified)
        };
        let (first, again) = (issued(NOW_MS).unwrap(), issued(NOW_MS + 1).unwrap());
        assert_eq!(first.issuers().len(), 2);
        let read = |name: &str| CertificateDer::from_pem_slice(&fs::read(folder.join(name)).unwrap()).unwrap();
        let card = read("899700218896.pem");
        let expires_ms = expiry(&card).unwrap();
        assert!(expires_ms.abs_diff(NOW_MS + 3 * 365 * 86_400_000) <= 86_400_000 + 1000, "{expires_ms}");
        for certified in [&first, &again] {
            assert_eq!(certified.owner(&card), Some(Issued::Card { person: "899700218896", expires_ms }));
            assert_eq!(certified.owner(&read("other-environment.pem")), Some(Issued::OtherEnvironment));
            assert_eq!(certified.owner(&read("card-authority.pem")), None);
        }
        let (_, parsed) = X509Certificate::from_der(&card).unwrap();
        let subject = parsed.subject().to_string();
        for part in ["C=FR", "CN=899700218896", "CPS"] {
            assert!(subject.contains(part), "{subject}");
        }
        let store = fs::read(folder.join("899700218896.p12")).unwrap();
        let store = KeyStore::from_pkcs12(&store, PASSWORD, p12_keystore::Pkcs12ImportPolicy::Strict).unwrap();
        assert_eq!(store.private_key_chain().unwrap().1.certs()[0].as_der(), card.as_ref());

        fs::write(folder.join("899700218896.pem"), "not a card").unwrap();
        let refused = issued(NOW_MS).unwrap_err();
        assert!(refused.to_string().contains("is not a certificate"), "{refused}");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn any_client_identifier_gives_a_plain_file_name() {
        assert_eq!(file_name("../my service"), "___my_service");
    }
}
