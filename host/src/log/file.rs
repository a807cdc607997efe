//! The file of the decision log: appended to in groups, set aside by size or at a signal, mended after a crash.
//!
//! Set aside, `decisions.jsonl` becomes `decisions.jsonl.000001` and so on; the next file begins with the digest of the last line of the one
//! before, so the chain runs through all of them. Where another program has moved the file already, it is only opened anew. A write that
//! fails half-way is taken back, so that whatever stands in the file is whole lines, but for the one that a crash may cut.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::chain::{LINK_LENGTH, Link};
use crate::config::{self, LogInput, Sync};

/// An open decision log.
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
    link: Link,
    torn_bytes: u64,
    /// Pipes and devices have no disk to wait for.
    is_on_disk: bool,
    sync: Sync,
    rotate_bytes: Option<u64>,
    keep_files: Option<u64>,
    mode: u32,
}

/// Lines are some kilobytes at most; a cut one and the whole one before it lie within this much.
const TAIL: u64 = 1 << 20;

impl LogFile {
    pub(super) fn open(path: &Path, settings: &config::Log) -> io::Result<Self> {
        // Even without questions a line is about a person, if under another word.
        let mode = if settings.input == LogInput::Full { 0o600 } else { 0o640 };
        let mut file = open(path, mode)?;
        if settings.input == LogInput::Full {
            file.set_permissions(Permissions::from_mode(mode))?;
        }
        let (mut link, torn_bytes) = tail(&mut file)?;
        if !link.has_last()
            && let Some((_, newest)) = set_aside(path)?.pop()
        {
            let before = tail(&mut File::open(newest)?)?.0;
            link = link.joined_to(before);
        }
        Ok(Self {
            path: path.to_owned(),
            size: file.metadata()?.len(),
            is_on_disk: file.metadata()?.is_file(),
            file,
            link,
            torn_bytes,
            sync: settings.sync,
            rotate_bytes: settings.rotate_bytes,
            keep_files: settings.keep_files,
            mode,
        })
    }

    /// Bytes behind the last whole line when the file was opened.
    pub(super) fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    /// True when a line of so many bytes is only handed to the system: nothing waits for the disk.
    pub(super) fn takes_at_once(&self, bytes: usize) -> bool {
        self.is_on_disk && self.sync == Sync::System && !self.is_full_with(bytes.saturating_add(LINK_LENGTH))
    }

    fn is_full_with(&self, bytes: usize) -> bool {
        self.size > 0 && self.rotate_bytes.is_some_and(|most| self.size.saturating_add(bytes as u64) > most)
    }

    /// All of these lines, or none.
    pub(super) fn append(&mut self, lines: &[Vec<u8>]) -> io::Result<()> {
        let mut next = self.link;
        let bytes = next.join_all(lines)?;
        if self.is_full_with(bytes.len()) {
            // Where the file cannot be set aside it grows on: a line that is kept matters more than its place.
            if let Err(error) = self.rotate() {
                tracing::error!(code = "HTTP-LOG", kind = %error.kind(), "the decision log cannot be set aside");
            }
            next = self.link;
            let bytes = next.join_all(lines)?;
            return self.put(&bytes, next);
        }
        self.put(&bytes, next)
    }

    fn put(&mut self, bytes: &[u8], next: Link) -> io::Result<()> {
        let written = self.file.write_all(bytes).and_then(|()| match self.sync {
            Sync::Group => self.sync(),
            Sync::System => Ok(()),
        });
        match written {
            Ok(()) => {
                self.link = next;
                self.size = self.size.saturating_add(bytes.len() as u64);
            }
            // What stands there now is taken back. If even that fails, what stands there is what the next line follows.
            Err(_) if self.file.set_len(self.size).is_ok() => {}
            Err(_) => {
                if let Ok((link, _)) = tail(&mut self.file) {
                    self.link = if link.has_last() { link } else { link.joined_to(self.link) };
                    self.size = self.file.metadata().map_or(self.size, |metadata| metadata.len());
                }
            }
        }
        written
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        if self.is_on_disk { self.file.sync_data() } else { Ok(()) }
    }

    pub(super) fn rotate(&mut self) -> io::Result<()> {
        let ours = self.file.metadata()?;
        if !ours.is_file() {
            return Ok(());
        }
        self.file.sync_data()?;
        let is_in_place =
            fs::metadata(&self.path).is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino()));
        let earlier = set_aside(&self.path)?;
        if is_in_place {
            let number = earlier.last().map_or(0, |(number, _)| *number).saturating_add(1);
            fs::rename(&self.path, numbered(&self.path, number))?;
        }
        let mut file = open(&self.path, self.mode)?;
        // A program that moved the file may have put another in its place.
        let (link, _) = tail(&mut file)?;
        self.link = if link.has_last() { link } else { link.joined_to(self.link) };
        self.size = file.metadata()?.len();
        self.file = file;
        if let Some(directory) = self.path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            File::open(directory)?.sync_all()?;
        }
        self.remove_oldest()
    }

    fn remove_oldest(&self) -> io::Result<()> {
        let Some(keep) = self.keep_files else { return Ok(()) };
        let files = set_aside(&self.path)?;
        let surplus = files.len().saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX));
        files.into_iter().take(surplus).try_for_each(|(_, file)| fs::remove_file(file))
    }
}

fn open(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).read(true).mode(mode).open(path)
}

/// Where the chain of a file ends, and how many bytes of a cut line follow. Pipes and devices have no past.
fn tail(file: &mut File) -> io::Result<(Link, u64)> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok((Link::default(), 0));
    }
    file.seek(SeekFrom::Start(metadata.len().saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    Ok(Link::behind(&tail))
}

fn numbered(path: &Path, number: u64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number:06}"));
    name.into()
}

/// The files of a log that were set aside, oldest first, with their numbers.
///
/// # Errors
/// The directory cannot be read.
pub fn set_aside(path: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let Some(own) = path.file_name().and_then(|name| name.to_str()) else { return Ok(Vec::new()) };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(own)?.strip_prefix('.'));
        if let Some(number) = number.filter(|digits| digits.len() >= 6 && digits.bytes().all(|b| b.is_ascii_digit()))
            && let Ok(number) = number.parse()
        {
            found.push((number, directory.join(&name)));
        }
    }
    found.sort();
    Ok(found)
}
