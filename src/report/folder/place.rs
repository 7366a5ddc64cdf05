//! Putting a folder in its place: built beside it, flushed to the disk, renamed. A folder of
//! the same scenario is replaced whole; one that holds anything else is refused.
//!
//! Two names beside the place belong to this: `.NAME.cutover-new`, in the making, and
//! `.NAME.cutover-old`, on its way out. A crash leaves at most these, and the next writer
//! cleans them up.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::report::manifest::{FILE, Found};
use crate::report::text::visible;

/// Why a place cannot take a results folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Something else stands there.
    #[error("{0} is not a folder")]
    NotAFolder(PathBuf),
    /// It has files but is no results folder.
    #[error("{0} holds files and is not a results folder of cutover; nothing was written")]
    NotResults(PathBuf),
    /// Another scenario's results.
    #[error("{folder} holds the results of another scenario, `{scenario}`; nothing was written")]
    OtherScenario {
        /// The place.
        folder: PathBuf,
        /// Whose results they are.
        scenario: String,
    },
    /// Something besides the results.
    #[error(
        "{folder} also holds {file}, which replacing the results would delete; nothing was written"
    )]
    Mixed {
        /// The place.
        folder: PathBuf,
        /// What does not belong there.
        file: PathBuf,
    },
    /// It cannot be looked at.
    #[error("{folder} cannot be read: {source}")]
    Unreadable {
        /// The place.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Checks, before a study runs, that its folder may be written: nothing is there, an empty
/// folder, or the same scenario's results and nothing else.
///
/// # Errors
/// If something else is there. [`TargetError::Unreadable`] is the disk's fault, the others the
/// user's.
pub fn check_target(out: &Path, scenario: &str) -> Result<(), TargetError> {
    let unreadable = |source| TargetError::Unreadable { folder: out.to_owned(), source };
    match fs::metadata(out) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(error)),
        Ok(found) if !found.is_dir() => return Err(TargetError::NotAFolder(out.to_owned())),
        Ok(_) => {}
    }
    let mut files = Vec::new();
    list(out, Path::new(""), &mut files).map_err(unreadable)?;
    if files.is_empty() {
        return Ok(());
    }
    let Some(found) = fs::read_to_string(out.join(FILE)).ok().and_then(|text| Found::read(&text))
    else {
        return Err(TargetError::NotResults(out.to_owned()));
    };
    if found.scenario != scenario {
        let scenario = visible(&found.scenario);
        return Err(TargetError::OtherScenario { folder: out.to_owned(), scenario });
    }
    let known: BTreeSet<PathBuf> =
        found.files.iter().map(|file| PathBuf::from(&file.path)).collect();
    match files.into_iter().find(|file| !known.contains(file) && file != Path::new(FILE)) {
        Some(file) => Err(TargetError::Mixed { folder: out.to_owned(), file }),
        None => Ok(()),
    }
}

/// Files below a folder, in the order of their names; links count as files.
fn list(root: &Path, below: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(root.join(below))?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            list(root, &path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Puts files in place of whatever is there.
pub fn replace(out: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()> {
    // A link to a folder stays a link: what it points to is replaced.
    let out = fs::canonicalize(out).unwrap_or_else(|_| out.to_owned());
    let parent = match out.parent() {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_owned(),
        None => return Err(io::Error::other("the root cannot be a results folder")),
    };
    fs::create_dir_all(&parent)?;
    let (new, old) = (beside(&out, "new"), beside(&out, "old"));
    recover(&out, &new, &old)?;
    build(&new, files)?;
    if out.exists() {
        fs::rename(&out, &old)?;
    }
    if let Err(error) = fs::rename(&new, &out) {
        if old.exists() {
            fs::rename(&old, &out)?;
        }
        return Err(error);
    }
    flush(&parent)?;
    if old.exists() {
        fs::remove_dir_all(&old)?;
    }
    Ok(())
}

fn beside(out: &Path, what: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(out.file_name().unwrap_or_default());
    name.push(format!(".cutover-{what}"));
    out.with_file_name(name)
}

/// Cleans up after a writer that died: the old folder goes back if nothing took its place.
fn recover(out: &Path, new: &Path, old: &Path) -> io::Result<()> {
    if new.exists() {
        fs::remove_dir_all(new)?;
    }
    if old.exists() {
        if out.exists() {
            fs::remove_dir_all(old)?;
        } else {
            fs::rename(old, out)?;
        }
    }
    Ok(())
}

/// Writes all files and makes sure that they are on the disk.
fn build(new: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()> {
    let mut folders = BTreeSet::from([new.to_owned()]);
    fs::create_dir(new)?;
    for (path, bytes) in files {
        let path = new.join(path);
        if let Some(folder) = path.parent().filter(|folder| folders.insert((*folder).to_owned())) {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::create_new(&path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
    }
    folders.iter().rev().try_for_each(|folder| flush(folder))
}

/// Makes a folder's entries durable. Only Unix can open a folder for that.
fn flush(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::manifest::{FileDigest, digest, text};

    fn study(names: &[&str]) -> Vec<(String, Vec<u8>)> {
        let digests = names
            .iter()
            .map(|name| FileDigest { path: (*name).to_owned(), sha256: digest(b"x") })
            .collect();
        let mut files: Vec<(String, Vec<u8>)> =
            names.iter().map(|name| ((*name).to_owned(), b"x".to_vec())).collect();
        files.push((FILE.to_owned(), text(&fixture::result(), digests).into_bytes()));
        files
    }

    #[test]
    fn a_folder_of_the_same_scenario_is_replaced_whole() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        replace(&out, &study(&["a.csv", "latency/b.hlog"])).unwrap();
        check_target(&out, "checkout-friday").unwrap();
        replace(&out, &study(&["c.csv"])).unwrap();
        assert!(out.join("c.csv").exists() && !out.join("latency").exists());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_holds_anything_else_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        check_target(&out, "checkout-friday").unwrap();
        fs::create_dir(&out).unwrap();
        check_target(&out, "checkout-friday").unwrap();
        fs::write(out.join("notes.txt"), "mine").unwrap();
        let check = || check_target(&out, "checkout-friday").unwrap_err();
        assert!(matches!(check(), TargetError::NotResults(_)));
        fs::remove_file(out.join("notes.txt")).unwrap();
        replace(&out, &study(&["a.csv"])).unwrap();
        fs::create_dir(out.join("mine")).unwrap();
        fs::write(out.join("mine/notes.txt"), "mine").unwrap();
        assert!(matches!(check(), TargetError::Mixed { file, .. } if file.ends_with("notes.txt")));
        let other = check_target(&out, "another").unwrap_err();
        assert!(matches!(other, TargetError::OtherScenario { .. }), "{other}");
        fs::remove_dir_all(&out).unwrap();
        fs::write(&out, "a file").unwrap();
        assert!(matches!(check(), TargetError::NotAFolder(_)));
    }

    #[test]
    fn what_a_crash_left_is_cleaned_up() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        replace(&out, &study(&["a.csv"])).unwrap();
        // Died while building, and between the two renames.
        fs::create_dir(parent.path().join(".out.cutover-new")).unwrap();
        fs::write(parent.path().join(".out.cutover-new/half"), "").unwrap();
        fs::rename(&out, parent.path().join(".out.cutover-old")).unwrap();
        replace(&out, &study(&["b.csv"])).unwrap();
        assert!(out.join("b.csv").exists() && !out.join("a.csv").exists());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_leaves_the_old_folder_as_it_was() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("out");
        replace(&out, &study(&["a.csv"])).unwrap();
        let mut twice = study(&["b.csv"]);
        twice.push(twice[0].clone());
        assert!(replace(&out, &twice).is_err());
        assert!(out.join("a.csv").exists() && !out.join("b.csv").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_folder_stays_a_link() {
        let parent = tempfile::tempdir().unwrap();
        let (out, link) = (parent.path().join("out"), parent.path().join("link"));
        replace(&out, &study(&["a.csv"])).unwrap();
        std::os::unix::fs::symlink(&out, &link).unwrap();
        replace(&link, &study(&["b.csv"])).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(out.join("b.csv").exists());
    }
}
