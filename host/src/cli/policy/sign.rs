//! `vigie policy keygen`, `sign` and `verify`: a policy as it was tested, from a desk to a host.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::super::Format;
use super::{Desk, DeskError, Found, say};
use crate::authoring::bundle::key::{PublicKey, SigningKey};
use crate::authoring::bundle::{self, About, BundleError, Files, Manifest};
use crate::authoring::document;
use crate::authoring::project::Project;
use crate::authoring::settings::Settings;
use crate::authoring::{Candidate, trial, vectors};

#[derive(clap::Args)]
pub(super) struct Keygen {
    /// Where the private key goes; the public one goes beside it, with .pub.json at the end.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(clap::Args)]
pub(super) struct Sign {
    /// The directory of a project, built and tested.
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// The private key, PKCS#8 PEM.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Higher than every revision of this policy before.
    #[arg(long, value_name = "NUMBER")]
    revision: u64,
    /// The settings that it is deployed with; without it those of the project, or an empty object.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The bundle: a directory that is not there yet.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    desk: Desk,
}

#[derive(clap::Args)]
pub(super) struct Verify {
    /// The bundle.
    #[arg(value_name = "DIR")]
    bundle: PathBuf,
    /// The public key of its author, JWK or PEM.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The lowest revision to accept.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    min_revision: u64,
    /// Where the highest accepted revisions are kept; made when it is not there.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    desk: Desk,
}

pub(super) fn keygen(arguments: &Keygen) -> ExitCode {
    let made = || -> Result<(PathBuf, PublicKey), BundleError> {
        let (pem, public) = SigningKey::generate()?;
        let refused = |path: &Path, error: std::io::Error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => BundleError::Exists(path.to_owned()),
            kind => BundleError::Io { path: path.to_owned(), what: "written", kind },
        };
        let mut beside = arguments.file.clone().into_os_string();
        beside.push(".pub.json");
        let beside = PathBuf::from(beside);
        // Neither takes the place of anything: an overwritten key is a policy that nobody can sign any more. Both are looked for first,
        // so that no half of a pair is left behind.
        if let Some(taken) = [&arguments.file, &beside].into_iter().find(|path| path.symlink_metadata().is_ok()) {
            return Err(BundleError::Exists(taken.clone()));
        }
        for (path, text, mode) in [(&arguments.file, pem, 0o600), (&beside, format!("{}\n", public.jwk()), 0o644)] {
            let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
            opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| refused(path, error))?;
        }
        Ok((beside, public))
    };
    match made() {
        Ok((public_file, public)) => {
            say(&format!(
                "{} is the private key: keep it where nobody else reads it\n{} is the public key, thumbprint {}\n",
                arguments.file.display(),
                public_file.display(),
                public.thumbprint()
            ));
            ExitCode::SUCCESS
        }
        Err(error) => DeskError::Bundle(error).exit(),
    }
}

pub(super) fn sign(arguments: &Sign) -> ExitCode {
    match signed(arguments) {
        Ok((manifest, key)) => {
            say(&format!(
                "{} holds {} {}, revision {}\nsigned with the key {key}\n",
                arguments.out.display(),
                manifest.name,
                manifest.version,
                manifest.revision
            ));
            ExitCode::SUCCESS
        }
        Err(error) => error.exit(),
    }
}

fn signed(arguments: &Sign) -> Result<(Manifest, String), DeskError> {
    let key = SigningKey::read(&arguments.key).map_err(DeskError::Bundle)?;
    let project = Project::open(&arguments.directory)?;
    let settings = match &arguments.settings {
        None => project.settings().clone(),
        Some(file) => super::settings(file)?,
    };
    let Found { file: component, kind, .. } = arguments.desk.found(&project)?;
    let mut files = Files::new();
    for file in vectors::files(&project.directory.join("vectors"))? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.insert(format!("vectors/{name}"), document::read(&file)?.into_bytes());
    }
    let class = arguments.desk.class(kind.into());
    let candidate = arguments.desk.open(&component, class)?;
    // As whoever checks the bundle will ask them: with the settings that are signed, not with those of the project.
    self_test(&candidate, &settings, &project.vectors_with(&settings)?)?;
    let read = |error: std::io::Error| BundleError::Io { path: component.clone(), what: "read", kind: error.kind() };
    files.insert(bundle::COMPONENT.into(), std::fs::read(&component).map_err(read).map_err(DeskError::Bundle)?);
    files.insert(bundle::SETTINGS.into(), settings.text.into_bytes());
    let described = candidate.policy.description();
    let revision = arguments.revision;
    let about = About { name: &described.name, version: &described.version, revision, class };
    let manifest = bundle::write(&arguments.out, &about, &files, &key).map_err(DeskError::Bundle)?;
    Ok((manifest, key.public().thumbprint()))
}

/// The settings are accepted and every vector holds: nothing is signed, and no bundle accepted, that fails its own tests.
fn self_test(candidate: &Candidate, settings: &Settings, vectors: &[vectors::Vector]) -> Result<usize, DeskError> {
    super::with(candidate, settings)?;
    let report = trial::run(candidate, vectors);
    if report.holds() {
        Ok(vectors.len())
    } else {
        Err(DeskError::Bundle(BundleError::Vectors { failed: report.failed, all: vectors.len() }))
    }
}

pub(super) fn verify(arguments: &Verify) -> ExitCode {
    match verified(arguments) {
        Ok((manifest, key, vectors, digest)) => {
            let Manifest { name, version, revision, class, .. } = &manifest;
            let limits = if class.is_small() { "" } else { "\n  wants the large class of limits" };
            say(&match arguments.format {
                Format::Json => format!(
                    "{}\n",
                    json!({
                        "name": name, "version": version, "revision": revision, "class": class, "digest": digest, "key": key,
                        "vectors": vectors,
                    })
                ),
                Format::Human => format!(
                    "{name} {version}, revision {revision}\n  component {digest}{limits}\n  signed with the key {key}; {vectors} vectors hold\n  \
                     proves who put these files together, not that the rules are good\n"
                ),
            });
            ExitCode::SUCCESS
        }
        Err(error) => error.exit(),
    }
}

fn verified(arguments: &Verify) -> Result<(Manifest, String, usize, String), DeskError> {
    let place = &arguments.bundle;
    let key = PublicKey::read(&arguments.key).map_err(DeskError::Bundle)?;
    let manifest = bundle::open(place, &key).map_err(DeskError::Bundle)?;
    let settings = super::settings(&place.join(bundle::SETTINGS))?;
    let mut all = Vec::new();
    for file in vectors::files(&place.join("vectors"))? {
        all.extend(vectors::read(&file, settings.clone())?);
    }
    // The signature holds by now, so this is the author's word and nobody else's.
    let candidate = arguments.desk.open(&place.join(bundle::COMPONENT), arguments.desk.class(manifest.class))?;
    let vectors = self_test(&candidate, &settings, &all)?;
    // Last: a revision is only noted of a bundle that holds in everything else.
    bundle::accept(&manifest, arguments.min_revision, arguments.state.as_deref()).map_err(DeskError::Bundle)?;
    Ok((manifest, key.thumbprint(), vectors, candidate.inspected.digest.to_string()))
}
