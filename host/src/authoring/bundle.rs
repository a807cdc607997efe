//! A signed bundle: one policy as it was tested, from the author's desk to the host that runs it.
//!
//! A bundle is a directory: `policy.wasm`, `settings.json`, `vectors/*.json`, and `manifest.jws`, a compact JWS (RFC 7515) with ES256 whose
//! payload lists every other file with its SHA-256 and carries a revision. What a verified bundle proves: whoever holds the key put
//! exactly these files together under this name and revision, and the policy answers its own vectors with them. What it does
//! not: that the rules are good, that the key is the right one (its thumbprint has to reach the operator another way), or when it
//! was made. A revision that may only grow keeps an older signed bundle from coming back: the last one seen is kept in a state file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Class;
use super::document::{self, ReadDocumentError};
use super::project::ProjectError;
use crate::digest::Digest;
use crate::problem::Explain;

pub mod key;

use key::{PublicKey, SigningKey};

/// Why a bundle is not made, or not accepted.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// One of the author's files.
    #[error(transparent)]
    Document(#[from] ReadDocumentError),
    /// The project.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The file of a key.
    #[error("{file} is not {expected}")]
    Key {
        /// As named.
        file: String,
        /// What should be there.
        expected: &'static str,
    },
    /// No randomness.
    #[error("the system gives no randomness")]
    Randomness,
    /// A file or the directory cannot be read or written.
    #[error("{} cannot be {what} ({kind})", .path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// read or written.
        what: &'static str,
        /// What the system said.
        kind: std::io::ErrorKind,
    },
    /// Something is there already.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The signature is not of this key, or of none.
    #[error("the manifest of {} is not signed with the key {thumbprint}", .bundle.display())]
    Signature {
        /// The bundle.
        bundle: PathBuf,
        /// Of the key that was expected.
        thumbprint: String,
    },
    /// The manifest is signed and still none.
    #[error("the manifest of {} does not hold: {problem}", .bundle.display())]
    Manifest {
        /// The bundle.
        bundle: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A file is another one, is missing, or is not in the manifest.
    #[error("{file} in {} {problem}", .bundle.display())]
    File {
        /// The bundle.
        bundle: PathBuf,
        /// Its file.
        file: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// An older bundle came back.
    #[error("{name} has revision {found}, and at least {least} is wanted")]
    Revision {
        /// The policy.
        name: String,
        /// In the bundle.
        found: u64,
        /// From the command line or the state file.
        least: u64,
    },
    /// Two bundles with one revision.
    #[error("revision {revision} of {name} was seen before with other files")]
    SameRevision {
        /// The policy.
        name: String,
        /// The revision of both.
        revision: u64,
    },
    /// The policy does not answer its own vectors.
    #[error("{failed} of {all} vectors do not hold")]
    Vectors {
        /// How many.
        failed: usize,
        /// Of how many.
        all: usize,
    },
}

impl Explain for BundleError {
    fn code(&self) -> &'static str {
        match self {
            Self::Document(error) => error.code(),
            Self::Project(error) => error.code(),
            Self::Key { .. } | Self::Randomness => "POL-KEY",
            Self::Io { .. } => "POL-WRITE",
            Self::Exists(_) => "POL-EXISTS",
            Self::Signature { .. } => "POL-SIGNATURE",
            Self::Manifest { .. } | Self::File { .. } => "POL-BUNDLE",
            Self::Revision { .. } | Self::SameRevision { .. } => "POL-REVISION",
            Self::Vectors { .. } => "POL-VECTORS",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Document(error) => error.help(),
            Self::Project(error) => error.help(),
            Self::Key { .. } => "Make one with `vigie policy keygen`, or name the right file.".into(),
            Self::Randomness => "Try again when the system has started completely.".into(),
            Self::Io { .. } => "Check the path, its rights and the room on the disk.".into(),
            Self::Exists(_) => "Choose another place, or remove it if you do not need it any more.".into(),
            Self::Signature { .. } => {
                "Do not use it; ask its author which key signs, and compare the thumbprint.".into()
            }
            Self::Manifest { .. } | Self::File { .. } => "Do not use it; fetch it again from its author.".into(),
            Self::Revision { .. } => {
                "Do not go back by accident: an older policy is signed again with a higher revision.".into()
            }
            Self::SameRevision { .. } => {
                "Ask its author which one is meant, and to sign it with a higher revision.".into()
            }
            Self::Vectors { .. } => "Run `vigie policy test` to see which.".into(),
        }
    }
}

/// What a bundle says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name of the policy: what the revision belongs to.
    pub name: String,
    /// Version, in the words of the policy.
    pub version: String,
    /// May only grow.
    pub revision: u64,
    /// The limits that its vectors were asked within. Left out where it is small, as before there was another.
    #[serde(default, skip_serializing_if = "Class::is_small")]
    pub class: Class,
    /// Every file but the manifest.
    files: BTreeMap<String, Digest>,
    /// Thumbprint of the key that signed it. Not of the manifest's own saying.
    #[serde(skip)]
    author: String,
}

impl Manifest {
    /// The digest that a file was signed with.
    ///
    /// # Errors
    /// The manifest does not list it.
    pub fn digest(&self, file: &str) -> Result<Digest, BundleError> {
        self.files.get(file).copied().ok_or_else(|| BundleError::Manifest {
            bundle: PathBuf::from(&self.name),
            problem: format!("it lists no {file}"),
        })
    }

    /// The text of a file, if it is still the one that was signed: between [`open`] and now somebody may have changed it.
    ///
    /// # Errors
    /// It cannot be read, or is another one.
    pub fn read(&self, bundle: &Path, file: &str) -> Result<String, BundleError> {
        let text = document::read(&bundle.join(file))?;
        if Digest::of(text.as_bytes()) == self.digest(file)? {
            Ok(text)
        } else {
            let problem = "is not the file that was signed";
            Err(BundleError::File { bundle: bundle.to_owned(), file: file.to_owned(), problem })
        }
    }
}

/// The protected header. One algorithm, one type: what is not exactly this is no bundle.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

const ALGORITHM: &str = "ES256";
const TYPE: &str = "vigie-bundle";
const SIGNED: &str = "manifest.jws";

/// The component of a bundle.
pub const COMPONENT: &str = "policy.wasm";
/// Its settings.
pub const SETTINGS: &str = "settings.json";

/// What goes into a bundle: paths in it and their bytes.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What the author says of a bundle.
pub struct About<'a> {
    /// Name of the policy.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Higher than every one before.
    pub revision: u64,
    /// The limits that it was tried within.
    pub class: Class,
}

/// Writes a bundle into a new directory.
///
/// # Errors
/// Something is there already, or cannot be written.
pub fn write(place: &Path, about: &About<'_>, files: &Files, key: &SigningKey) -> Result<Manifest, BundleError> {
    if place.symlink_metadata().is_ok() {
        return Err(BundleError::Exists(place.to_owned()));
    }
    let digests = files.iter().map(|(path, bytes)| (path.clone(), Digest::of(bytes))).collect();
    let About { name, version, revision, class } = *about;
    let author = key.public().thumbprint();
    let header = Header { alg: ALGORITHM.into(), kid: author.clone(), typ: TYPE.into() };
    let manifest =
        Manifest { name: name.to_owned(), version: version.to_owned(), revision, class, files: digests, author };
    let part = |json: Result<Vec<u8>, serde_json::Error>| URL_SAFE_NO_PAD.encode(json.unwrap_or_default());
    let input = format!("{}.{}", part(serde_json::to_vec(&header)), part(serde_json::to_vec(&manifest)));
    let jws = format!("{input}.{}", URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes())?));
    for (path, bytes) in
        files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).chain([(SIGNED, jws.as_bytes())])
    {
        let file = place.join(path);
        let refused =
            |error: std::io::Error| BundleError::Io { path: file.clone(), what: "written", kind: error.kind() };
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(refused)?;
        }
        std::fs::write(&file, bytes).map_err(refused)?;
    }
    Ok(manifest)
}

/// Checks signature and files of a bundle, in this order: nothing of it is read as anything before its signature holds.
///
/// # Errors
/// It is not what the holder of the key put together.
pub fn open(place: &Path, key: &PublicKey) -> Result<Manifest, BundleError> {
    let jws = document::read(&place.join(SIGNED))?;
    let unsigned = || BundleError::Signature { bundle: place.to_owned(), thumbprint: key.thumbprint() };
    let (input, signature) = jws.trim_end().rsplit_once('.').ok_or_else(unsigned)?;
    let (header, payload) = input.split_once('.').ok_or_else(unsigned)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| unsigned());
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| unsigned())?;
    let expected = Header { alg: ALGORITHM.into(), kid: key.thumbprint(), typ: TYPE.into() };
    if header != expected || !key.verifies(input.as_bytes(), &decode(signature)?) {
        return Err(unsigned());
    }
    let manifest: Manifest = serde_json::from_slice(&decode(payload)?)
        .map_err(|error| BundleError::Manifest { bundle: place.to_owned(), problem: error.to_string() })?;
    let manifest = Manifest { author: expected.kid, ..manifest };
    for wanted in [COMPONENT, SETTINGS] {
        if !manifest.files.contains_key(wanted) {
            let problem = format!("it lists no {wanted}");
            return Err(BundleError::Manifest { bundle: place.to_owned(), problem });
        }
    }
    let wrong = |file: &str, problem| BundleError::File { bundle: place.to_owned(), file: file.to_owned(), problem };
    let mut present = BTreeSet::new();
    list(place, "", &mut present)?;
    for file in &present {
        if file != SIGNED && !manifest.files.contains_key(file) {
            return Err(wrong(file, "is not in the signed manifest"));
        }
    }
    for (file, digest) in &manifest.files {
        // A path that was not met while listing would lead out of the bundle.
        if !present.contains(file) {
            return Err(wrong(file, "is missing"));
        }
        let path = place.join(file);
        let bytes = std::fs::read(&path).map_err(|error| BundleError::Io {
            path: path.clone(),
            what: "read",
            kind: error.kind(),
        })?;
        if Digest::of(&bytes) != *digest {
            return Err(wrong(file, "is not the file that was signed"));
        }
    }
    Ok(manifest)
}

/// Names of all files below a directory, with `/` between. A link is no file of a bundle.
fn list(directory: &Path, prefix: &str, found: &mut BTreeSet<String>) -> Result<(), BundleError> {
    let refused =
        |error: std::io::Error| BundleError::Io { path: directory.to_owned(), what: "read", kind: error.kind() };
    for entry in std::fs::read_dir(directory).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(refused)?.is_dir() {
            list(&entry.path(), &format!("{name}/"), found)?;
        } else {
            found.insert(name);
        }
    }
    Ok(())
}

/// Where a bundle is in service: two that take different revisions of one bundle keep a memory each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// The relying party.
    pub audience: String,
    /// Its policy.
    pub policy: String,
}

/// The highest revisions that were accepted.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    accepted: Vec<Accepted>,
}

/// One of them: of an author's bundle, since a name is anybody's to write into a manifest.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    /// Thumbprint of the author's key. Absent in what was written before authors were told apart; that holds for every author until
    /// one of the author's own stands beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<Placement>,
    revision: u64,
    manifest: Digest,
}

/// The file as it was before authors were told apart.
#[derive(Deserialize)]
#[serde(transparent)]
struct SeenByName(BTreeMap<String, AcceptedByName>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptedByName {
    revision: u64,
    manifest: Digest,
}

impl From<SeenByName> for Seen {
    fn from(before: SeenByName) -> Self {
        let taken = |(name, AcceptedByName { revision, manifest })| Accepted {
            author: None,
            name,
            service: None,
            revision,
            manifest,
        };
        Self { accepted: before.0.into_iter().map(taken).collect() }
    }
}

impl Seen {
    fn read(file: &Path) -> Result<Self, BundleError> {
        let text = match document::read(file) {
            Ok(text) => text,
            Err(ReadDocumentError::Unreadable { kind: std::io::ErrorKind::NotFound, .. }) => return Ok(Self::default()),
            Err(error) => return Err(error.into()),
        };
        let name = file.display().to_string();
        // The older form first: what is wrong is said of the form that is written now.
        let seen = document::parse::<SeenByName>(&name, &text).map(Self::from);
        Ok(seen.or_else(|_| document::parse(&name, &text))?)
    }

    fn of(&self, manifest: &Manifest, service: Option<&Placement>) -> Option<&Accepted> {
        let same_name = || self.accepted.iter().filter(|one| one.name == manifest.name);
        let own = |one: &&Accepted| one.author.as_ref() == Some(&manifest.author) && one.service.as_ref() == service;
        same_name().find(own).or_else(|| same_name().find(|one| one.author.is_none()))
    }

    fn note(&mut self, accepted: Accepted) {
        self.accepted.retain(|one| {
            one.author != accepted.author || one.name != accepted.name || one.service != accepted.service
        });
        self.accepted.push(accepted);
    }

    /// In one step, and on the disk before it counts: a revision that is forgotten may come back.
    fn write(&self, file: &Path) -> Result<(), BundleError> {
        let beside = file.with_extension("new");
        let replace = || {
            let mut new = std::fs::File::create(&beside)?;
            new.write_all(&serde_json::to_vec_pretty(self).unwrap_or_default())?;
            new.sync_all()?;
            std::fs::rename(&beside, file)
        };
        replace().map_err(|error: std::io::Error| BundleError::Io {
            path: file.to_owned(),
            what: "written",
            kind: error.kind(),
        })
    }
}

/// Holds a revision to the least that is wanted and to the last that was accepted of its author, and notes it in a state file.
///
/// # Errors
/// It is lower, or the same with other files; or the state file cannot be read or written.
pub fn accept(manifest: &Manifest, least: u64, state: Option<&Path>) -> Result<(), BundleError> {
    hold(manifest, least, state, None)
}

/// The same, with a memory of its own for each place where a bundle is in service.
///
/// # Errors
/// As there.
pub fn accept_for(
    service: Placement,
    manifest: &Manifest,
    least: u64,
    state: Option<&Path>,
) -> Result<(), BundleError> {
    hold(manifest, least, state, Some(service))
}

fn hold(manifest: &Manifest, least: u64, state: Option<&Path>, service: Option<Placement>) -> Result<(), BundleError> {
    let Manifest { name, revision, .. } = manifest;
    let too_low = |least| BundleError::Revision { name: name.clone(), found: *revision, least };
    if *revision < least {
        return Err(too_low(least));
    }
    let Some(file) = state else { return Ok(()) };
    let mut seen = Seen::read(file)?;
    let digest = Digest::of(&serde_json::to_vec(manifest).unwrap_or_default());
    if let Some(last) = seen.of(manifest, service.as_ref()) {
        if *revision < last.revision {
            return Err(too_low(last.revision));
        }
        if *revision == last.revision && digest != last.manifest {
            return Err(BundleError::SameRevision { name: name.clone(), revision: *revision });
        }
        if *revision == last.revision && last.author.is_some() {
            return Ok(());
        }
    }
    let author = Some(manifest.author.clone());
    seen.note(Accepted { author, name: name.clone(), service, revision: *revision, manifest: digest });
    seen.write(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(author: &str, revision: u64, file: &[u8]) -> Manifest {
        let files = [(COMPONENT.to_owned(), Digest::of(file))].into();
        Manifest {
            name: "ward".into(),
            version: "1".into(),
            revision,
            class: Class::Small,
            files,
            author: author.into(),
        }
    }

    fn at(audience: &str) -> Placement {
        Placement { audience: audience.into(), policy: "rules".into() }
    }

    #[track_caller]
    fn too_low(taken: Result<(), BundleError>, expected: u64) {
        assert!(matches!(taken, Err(BundleError::Revision { least, .. }) if least == expected), "{taken:?}");
    }

    #[test]
    fn nobody_is_locked_out_by_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bundles.json");
        let state = Some(file.as_path());
        accept_for(at("a"), &manifest("one", 9, b"x"), 0, state).unwrap();
        accept_for(at("a"), &manifest("other", 1, b"y"), 0, state).unwrap();
        accept_for(at("b"), &manifest("one", 2, b"z"), 0, state).unwrap();
        accept(&manifest("one", 1, b"x"), 0, state).unwrap();
        too_low(accept_for(at("a"), &manifest("one", 8, b"x"), 0, state), 9);
        too_low(accept_for(at("b"), &manifest("one", 1, b"z"), 0, state), 2);
        let same = accept_for(at("a"), &manifest("one", 9, b"changed"), 0, state);
        assert!(matches!(same, Err(BundleError::SameRevision { revision: 9, .. })), "{same:?}");
        accept_for(at("a"), &manifest("one", 10, b"x"), 0, state).unwrap();
        too_low(accept_for(at("a"), &manifest("one", 10, b"x"), 11, state), 11);
    }

    #[test]
    fn what_was_seen_before_authors_were_told_apart_still_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bundles.json");
        let digest = Digest::of(b"older");
        std::fs::write(&file, format!("{{\"ward\":{{\"revision\":5,\"manifest\":\"{digest}\"}}}}")).unwrap();
        too_low(accept_for(at("a"), &manifest("one", 4, b"x"), 0, Some(&file)), 5);
        accept_for(at("a"), &manifest("one", 6, b"x"), 0, Some(&file)).unwrap();
        too_low(accept_for(at("b"), &manifest("one", 4, b"x"), 0, Some(&file)), 5);
        too_low(accept_for(at("a"), &manifest("one", 5, b"x"), 0, Some(&file)), 6);
        std::fs::write(&file, "neither").unwrap();
        let refused = accept(&manifest("one", 9, b"x"), 0, Some(&file));
        assert!(matches!(refused, Err(BundleError::Document(_))), "{refused:?}");
    }
}
