//! A package folder as one `.zip`, whose bytes depend on the names and contents of the files and on nothing else.
//!
//! Entries are sorted and stored without compression, all with one date (the first that the format knows) and one mode. No
//! clock, no `SOURCE_DATE_EPOCH`, no umask and no version of a compressor can change an archive, and whoever rebuilds one needs
//! no setting to get the same hash. A package has a quarter of a megabyte, so compression would save nobody anything.

use std::io::{Cursor, Write as _};
use std::path::Path;

use anyhow::{Context, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The bytes of the archive of `folder`.
pub(super) fn pack(folder: &Path) -> Result<Vec<u8>> {
    let mut names = Vec::new();
    list(folder, "", &mut names)?;
    // By bytes and over whole names: the same on every file system and in every language.
    names.sort();
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for name in names {
        let bytes = std::fs::read(folder.join(&name)).with_context(|| format!("{name} cannot be read"))?;
        archive.start_file(name, options)?;
        archive.write_all(&bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// The names of all files below `folder`, with `/` between their parts. Folders have no entry of their own.
fn list(folder: &Path, prefix: &str, names: &mut Vec<String>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().with_context(|| format!("{} is not UTF-8", name.display()))?;
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{prefix}{name}/"), names)?;
        } else {
            names.push(format!("{prefix}{name}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::{Path, PathBuf};
    use std::time::{Duration, SystemTime};

    use super::pack;

    const FILES: [(&str, &str); 4] =
        [("manifest.json", "{}"), ("a/b.txt", "b"), ("a.txt", "a"), ("_locales/fr/messages.json", "{}")];

    /// A folder whose files were written in another order, at another time and with other rights each time.
    fn folder(name: &str, reversed: bool, age: u64, mode: u32) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("vigie-archive-{}-{name}", std::process::id()));
        let mut files = FILES;
        if reversed {
            files.reverse();
        }
        for (name, text) in files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        folder
    }

    fn packed_and_removed(folder: &Path) -> Vec<u8> {
        let bytes = pack(folder).unwrap();
        fs::remove_dir_all(folder).unwrap();
        bytes
    }

    #[test]
    fn neither_place_nor_order_nor_time_nor_rights_change_an_archive() {
        let one = packed_and_removed(&folder("one", false, 0, 0o644));
        let two = packed_and_removed(&folder("two", true, 400_000_000, 0o600));
        assert!(one == two, "two archives of the same files differ");
        let changed = folder("three", false, 0, 0o644);
        fs::write(changed.join("a.txt"), "A").unwrap();
        assert!(one != packed_and_removed(&changed), "another content gives the same archive");
    }

    #[test]
    fn entries_are_sorted_by_their_whole_names() {
        let bytes = packed_and_removed(&folder("sorted", true, 0, 0o755));
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let names: Vec<String> =
            (0..archive.len()).map(|at| archive.by_index(at).unwrap().name().unwrap().into_owned()).collect();
        assert_eq!(names, ["_locales/fr/messages.json", "a.txt", "a/b.txt", "manifest.json"]);
    }
}
