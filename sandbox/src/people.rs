//! Own persons and own services, from one TOML file (`--people FILE`), read once at the start.
//!
//! `[[person]]` has the form of `data/persons.toml`; a person with the identifier of a built-in one takes their place. `[[client]]`
//! registers a service. Unknown keys are refused with their line and column, because a mistyped key that is ignored costs an
//! afternoon.
//!
//! The file is for test identities. Real persons do not belong into a simulation.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use crate::clients::{Client, Decoupled, RedirectRule, Told};
use crate::persons::{Person, Persons, ReadPersonsError, located};

/// Largest file. A hundred persons with three practices each take a tenth of it.
const MAX_BYTES: u64 = 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    person: Vec<Person>,
    #[serde(default)]
    client: Vec<ClientEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientEntry {
    id: String,
    secret: String,
    name: String,
    /// Left out: any URI on the loopback interface.
    redirect_uris: Option<Vec<String>>,
    /// Left out: the same.
    post_logout_redirect_uris: Option<Vec<String>>,
    #[serde(default)]
    ciba: bool,
    backchannel_logout_uri: Option<String>,
    frontchannel_logout_uri: Option<String>,
    /// SHA-256 of an own certificate, in hexadecimal digits; colons are dropped.
    certificate_sha256: Option<String>,
}

/// Why the file was refused.
#[derive(Debug, thiserror::Error)]
pub enum ReadPeopleError {
    /// Not readable.
    #[error("{path:?} cannot be read: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Answer of the system.
        cause: std::io::Error,
    },
    /// Too large.
    #[error("{path:?} is larger than one mebibyte")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Not the expected content.
    #[error("{path:?}: {cause}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: ReadPersonsError,
    },
    /// A service that cannot be registered.
    #[error("{path:?}: client {position} of the list: {reason}")]
    Client {
        /// The file.
        path: PathBuf,
        /// Place in the list, from one.
        position: usize,
        /// What is wrong.
        reason: &'static str,
    },
}

/// What the file adds.
#[derive(Debug)]
pub(crate) struct People {
    /// The directory: own persons first, then the built-in ones.
    pub persons: Persons,
    /// Own services.
    pub clients: Vec<Client>,
}

/// Reads the file; without one there are only the built-in persons. `taken` are the identifiers of services that exist already.
pub(crate) fn read(path: Option<&Path>, built_in: Persons, taken: &[&str]) -> Result<People, ReadPeopleError> {
    let Some(path) = path else {
        return Ok(People { persons: built_in, clients: Vec::new() });
    };
    let read = |cause| ReadPeopleError::Read { path: path.to_owned(), cause };
    if std::fs::metadata(path).map_err(read)?.len() > MAX_BYTES {
        return Err(ReadPeopleError::TooLarge { path: path.to_owned() });
    }
    let text = std::fs::read_to_string(path).map_err(read)?;
    parse(&text, path, built_in, taken)
}

fn parse(text: &str, path: &Path, built_in: Persons, taken: &[&str]) -> Result<People, ReadPeopleError> {
    let content = |cause| ReadPeopleError::Content { path: path.to_owned(), cause };
    let file: File = toml::from_str(text).map_err(|error| content(located(text, &error)))?;
    let persons = Persons::checked(file.person).map_err(content)?.or(built_in);
    let mut clients: Vec<Client> = Vec::new();
    for (position, entry) in (1..).zip(file.client) {
        let wrong = |reason| ReadPeopleError::Client { path: path.to_owned(), position, reason };
        if entry.id.is_empty() || entry.secret.is_empty() {
            return Err(wrong("`id` and `secret` must not be empty"));
        }
        if taken.contains(&entry.id.as_str()) || clients.iter().any(|known| known.id() == entry.id) {
            return Err(wrong("its `id` is taken"));
        }
        let rule = |uris: Option<Vec<String>>| match uris {
            None => Ok(RedirectRule::AnyLoopback),
            Some(uris) if uris.iter().all(|uri| is_redirect(uri)) => Ok(RedirectRule::Exact(uris)),
            Some(_) => Err(wrong("a redirect URI is not an absolute http or https URI without fragment")),
        };
        for uri in [&entry.backchannel_logout_uri, &entry.frontchannel_logout_uri].into_iter().flatten() {
            if !is_redirect(uri) {
                return Err(wrong("a logout URI is not an absolute http or https URI without fragment"));
            }
        }
        let told = Told { back_channel: entry.backchannel_logout_uri, front_channel: entry.frontchannel_logout_uri };
        let (redirects, post_logout) = (rule(entry.redirect_uris)?, rule(entry.post_logout_redirect_uris)?);
        let digest = match entry.certificate_sha256.as_deref().map(read_digest) {
            Some(None) => return Err(wrong("`certificate_sha256` is not 64 hexadecimal digits")),
            Some(digest) => digest,
            None => None,
        };
        let client = Client::new(&entry.id, &entry.secret, &entry.name, redirects, post_logout)
            .told(told)
            .with_certificate(digest);
        clients.push(client.decoupled(if entry.ciba { Decoupled::Allowed } else { Decoupled::Refused }));
    }
    Ok(People { persons, clients })
}

/// A SHA-256 as `openssl x509 -fingerprint -sha256` prints it, or without the colons.
fn read_digest(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|letter| *letter != ':')
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| pair.iter().fold(0_u8, |byte, digit| byte << 4 | digit));
    (digits.len() == 64).then(|| pairs.collect())
}

fn is_redirect(uri: &str) -> bool {
    Url::parse(uri)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.fragment().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSON: &str = "[[person]]\nid = \"899700218896\"\ngiven_name = \"A\"\nfamily_name = \"B\"\ncivility = \"M\"\norigin = \"RPPS\"\n";

    fn read(text: &str) -> Result<People, String> {
        let built_in = Persons::built_in().unwrap();
        parse(text, Path::new("people.toml"), built_in, &["demo-client"]).map_err(|error| error.to_string())
    }

    fn refused(text: &str, says: &[&str]) {
        let message = read(text).unwrap_err();
        assert_eq!(message.lines().count(), 1, "{message}");
        for part in says.iter().chain(&["\"people.toml\": "]) {
            assert!(message.contains(part), "{part:?} in {message}");
        }
        assert!(!message.contains("899700218896"), "{message}");
    }

    #[test]
    fn own_persons_take_the_place_of_built_in_ones() {
        let people = read(PERSON).unwrap();
        assert_eq!(people.persons.find("899700218896").unwrap().display_name(), "A B");
        assert!(people.persons.find("899700427869").is_some());
        assert_eq!(people.persons.iter().filter(|person| person.id() == "899700218896").count(), 1);
    }

    #[test]
    fn own_services() {
        let people = read(
            "[[client]]\nid = \"a\"\nsecret = \"s\"\nname = \"A\"\nciba = true\n\
             [[client]]\nid = \"b\"\nsecret = \"s\"\nname = \"B\"\nredirect_uris = [\"https://b.example/cb\"]\n",
        )
        .unwrap();
        let [a, b] = people.clients.as_slice() else { panic!("two services") };
        assert!(a.may_redirect_to("http://127.0.0.1/x") && a.has_secret("s"));
        assert_eq!((a.may_decouple(), b.may_decouple()), (Decoupled::Allowed, Decoupled::Refused));
        assert!(b.may_redirect_to("https://b.example/cb") && !b.may_redirect_to("http://127.0.0.1/x"));
    }

    #[test]
    fn mistakes_are_named_where_they_stand() {
        refused(&format!("{PERSON}colour = \"red\"\n"), &["line 7, column 1", "colour"]);
        refused(&format!("{PERSON}activated = \"yes\"\n"), &["line 7, column 13"]);
        refused(
            &format!(
                "{PERSON}[[person.practice]]\nprofession = \"10\"\n[[person.practice.activity]]\ncodeRolle = \"\"\n"
            ),
            &["line 10", "codeRolle"],
        );
        refused("[[client]]\nid = 899700218896\n", &["line 2, column 6: expected a string"]);
        refused("[[persn]]\n", &["line 1, column 3", "persn"]);
        refused("[[person]]\nid = \n", &["line 2"]);
        refused(&PERSON.replace("899700218896", "123"), &["person 1", "`id`"]);
        refused(&format!("{PERSON}{PERSON}"), &["person 2", "earlier"]);
        refused(&format!("{PERSON}pin = \"12\"\n"), &["person 1", "`pin`"]);
        refused(&format!("{PERSON}card = \"VISA\"\n"), &["person 1", "`card`"]);
        refused(&format!("{PERSON}phone = \"01 02\"\n"), &["person 1", "mobile"]);
        refused(&PERSON.replace("\"RPPS\"", "\"EDIT\""), &["person 1", "`origin` must be RPPS"]);
        refused(&format!("{PERSON}rpps = \"899700000125\"\n"), &["person 1", "beside a PSI only"]);
        let psi = PERSON.replace("899700218896", "00000000-0000-4000-8000-00000000c0df").replace("RPPS", "PSI");
        refused(&format!("{psi}rpps = \"99700218896\"\n"), &["person 1", "`rpps`"]);
        refused(&format!("{PERSON}{psi}rpps = \"899700218896\"\n"), &["person 2", "earlier"]);
        let client = |id: &str, uri: &str| {
            format!("[[client]]\nid = \"{id}\"\nsecret = \"s\"\nname = \"A\"\nredirect_uris = [\"{uri}\"]\n")
        };
        refused(&client("demo-client", "https://a.example/"), &["client 1", "taken"]);
        refused(&client("a", "a.example"), &["client 1", "redirect URI"]);
        refused(&client("a", "https://a.example/#x"), &["client 1", "redirect URI"]);
        let told = "[[client]]\nid = \"a\"\nsecret = \"s\"\nname = \"A\"\nbackchannel_logout_uri = \"a.example\"\n";
        refused(told, &["client 1", "logout URI"]);
        let certified = |digest: &str| {
            format!("[[client]]\nid = \"a\"\nsecret = \"s\"\nname = \"A\"\ncertificate_sha256 = \"{digest}\"\n")
        };
        for wrong in ["", "ab", &"0g".repeat(32), &"00".repeat(33)] {
            refused(&certified(wrong), &["client 1", "certificate_sha256"]);
        }
        let digest: Vec<String> = (0..32).map(|byte| format!("{byte:02X}")).collect();
        let read = read(&certified(&digest.join(":"))).unwrap();
        assert!(read.clients[0].has_certificate(&(0..32).collect::<Vec<u8>>()));
    }
}
