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

/// Read from the end of a file at first: lines are some kilobytes mostly. Where no whole line lies in it, more is read.
const TAIL: u64 = 1 << 20;

impl LogFile {
    pub(super) fn open(path: &Path, settings: &config::Log) -> io::Result<Self> {
        // Even without questions a line is about a person, if under another word.
        let mode = if settings.input == LogInput::Full { 0o600 } else { 0o640 };
        let mut file = open(path, mode)?;
        if settings.input == LogInput::Full {
            file.set_permissions(Permissions::from_mode(mode))?;
        }
        let (mut link, mut torn_bytes) = tail(&mut file)?;
        if !link.has_last()
            && let Some((_, newest)) = set_aside(path)?.pop()
        {
            let (before, torn_before) = tail(&mut File::open(newest)?)?;
            link = link.joined_to(before);
            // It was set aside with a cut line, and nothing was written since that says so.
            torn_bytes = if torn_bytes > 0 { torn_bytes } else { torn_before };
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

    /// Bytes of a cut line at the end, of which no line speaks yet. The next one must.
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
                self.torn_bytes = 0;
            }
            // What stands there now is taken back. If even that fails, what stands there is what the next line follows.
            Err(_) if self.file.set_len(self.size).is_ok() => {}
            Err(_) => {
                if let Ok((link, torn_bytes)) = tail(&mut self.file) {
                    self.torn_bytes = torn_bytes;
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
        let (link, torn_bytes) = tail(&mut file)?;
        if torn_bytes > 0 {
            self.torn_bytes = torn_bytes;
        }
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
    let mut wanted = TAIL;
    loop {
        let begin = metadata.len().saturating_sub(wanted);
        file.seek(SeekFrom::Start(begin))?;
        let mut tail = Vec::new();
        Read::by_ref(file).take(wanted).read_to_end(&mut tail)?;
        if begin == 0 {
            return Ok(Link::behind(&tail));
        }
        // It begins anywhere within a line, and the rest of that is none.
        if let Some(end) = tail.iter().position(|byte| *byte == b'\n') {
            let found = Link::behind(tail.get(end + 1..).unwrap_or_default());
            if found.0.has_last() {
                return Ok(found);
            }
        }
        wanted = wanted.saturating_mul(4);
    }
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

#[cfg(test)]
mod tests {
    use super::super::chain::Verified;
    use super::*;

    fn line(pad: usize) -> Vec<u8> {
        let pad = "x".repeat(pad);
        format!(r#"{{"event":"decision","timestamp":"2026-05-28T20:26:40Z","pad":"{pad}"}}"#).into_bytes()
    }

    fn open(path: &Path) -> LogFile {
        let settings = config::Log {
            file: Some(path.to_owned()),
            on_full: config::OnFull::Deny,
            queue: 1,
            sync: Sync::System,
            rotate_bytes: None,
            keep_files: None,
            labels: std::collections::BTreeMap::new(),
            input: LogInput::None,
        };
        LogFile::open(path, &settings).unwrap()
    }

    #[test]
    fn the_next_line_follows_however_long_the_last_ones_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let long = usize::try_from(TAIL).unwrap();
        for pad in [10, long - 80, long, 5 * long, 20] {
            open(&path).append(&[line(pad)]).unwrap();
        }
        let cut = &line(2 * long)[..long + 7];
        OpenOptions::new().append(true).open(&path).unwrap().write_all(cut).unwrap();
        let file = open(&path);
        assert_eq!(file.torn_bytes(), cut.len() as u64, "a cut line may be as long");
        assert!(file.link.has_last());
        let log = fs::read(&path).unwrap();
        let verified = Verified::default().follow("log", log.as_slice()).unwrap().end().unwrap();
        assert_eq!((verified.lines, verified.torn), (5, 1));
    }

    #[test]
    fn a_cut_line_that_was_set_aside_is_still_to_be_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        open(&path).append(&[line(10)]).unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"ev").unwrap();
        let mut file = open(&path);
        file.rotate().unwrap();
        assert_eq!((file.torn_bytes(), open(&path).torn_bytes()), (4, 4));
        file.append(&[line(1)]).unwrap();
        assert_eq!((file.torn_bytes(), open(&path).torn_bytes()), (0, 0));
    }
}
