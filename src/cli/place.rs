//! The results folder: whose it is, and putting a new one in its place whole.
//!
//! A folder is ours to replace if it holds the `study.json` of the same scenario; an empty or
//! missing one is free. Anything else is refused before a single run. The new folder is built
//! beside its place and renamed, so a reader sees the old one or the new one, never half.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::scenario::code;

/// Where the results of a study go.
#[derive(Clone, Debug)]
pub struct Place {
    folder: PathBuf,
}

impl Place {
    /// The folder asked for, or `results/<scenario>/<command>`, if it may be written.
    ///
    /// # Errors
    /// If something else is there.
    pub fn claim(asked: Option<&Path>, scenario: &str, command: &str) -> Result<Self, Failure> {
        let usual = || Path::new("results").join(scenario).join(command);
        let folder = asked.map_or_else(usual, Path::to_owned);
        // A link is followed: what it points at is replaced, not the link.
        let folder = fs::canonicalize(&folder).unwrap_or(folder);
        if folder.file_name().is_none() {
            return Err(refused(&folder, "is not the name of a folder"));
        }
        match fs::symlink_metadata(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self { folder }),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                Err(refused(&folder, "lies inside of something that is not a folder"))
            }
            Err(error) => Err(Failure::read("cannot look at", &folder, &error)),
            Ok(kind) if !kind.is_dir() => Err(refused(&folder, "is not a folder")),
            Ok(_) => Self::claim_folder(folder, scenario),
        }
    }

    fn claim_folder(folder: PathBuf, scenario: &str) -> Result<Self, Failure> {
        let mut entries =
            fs::read_dir(&folder).map_err(|error| Failure::read("cannot read", &folder, &error))?;
        if entries.next().is_none() {
            return Ok(Self { folder });
        }
        match scenario_of(&folder) {
            Some(found) if found == scenario => Ok(Self { folder }),
            Some(found) => {
                let what = format!("holds the results of another scenario ({found})");
                Err(refused(&folder, &what))
            }
            None => Err(refused(&folder, "holds something else than results of cutover")),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file beside the folder in which unfinished work is kept.
    #[must_use]
    pub fn checkpoint(&self) -> PathBuf {
        self.beside("checkpoint")
    }

    fn beside(&self, what: &str) -> PathBuf {
        let name = self.folder.file_name().unwrap_or_default().to_string_lossy();
        self.folder.with_file_name(format!(".{name}.{what}"))
    }

    /// Creates the folders above.
    fn prepare(&self) -> Result<(), Failure> {
        match self.folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            None => Ok(()),
            Some(parent) => fs::create_dir_all(parent)
                .map_err(|error| Failure::write("cannot create", parent, &error)),
        }
    }

    /// Puts a new folder in place, as `write` fills it.
    ///
    /// # Errors
    /// If the operating system does not let us; what was there before is then still there.
    pub fn replace(&self, write: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), Failure> {
        self.prepare()?;
        let (building, replaced) = (self.beside("building"), self.beside("replaced"));
        let failed = |error: io::Error| Failure::write("cannot write", &self.folder, &error);
        remove(&building).map_err(failed)?;
        let built = fs::create_dir(&building).and_then(|()| write(&building));
        let moved = built.and_then(|()| {
            remove(&replaced)?;
            if self.folder.exists() {
                fs::rename(&self.folder, &replaced)?;
            }
            fs::rename(&building, &self.folder).inspect_err(|_| {
                let _ = fs::rename(&replaced, &self.folder);
            })
        });
        moved.map_err(|error| {
            let _ = remove(&building);
            failed(error)
        })?;
        remove(&replaced).map_err(failed)
    }

    /// Writes the checkpoint, whole or not at all.
    ///
    /// # Errors
    /// If the operating system does not let us.
    pub fn keep(&self, text: &str) -> Result<(), Failure> {
        self.prepare()?;
        let (file, building) = (self.checkpoint(), self.beside("checkpoint.building"));
        fs::write(&building, text)
            .and_then(|()| fs::rename(&building, &file))
            .map_err(|error| Failure::write("cannot write", &file, &error))
    }

    /// The checkpoint's text, if there is one.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn kept(&self) -> Result<Option<String>, Failure> {
        let file = self.checkpoint();
        match fs::read(&file) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::read("cannot read", &file, &error)),
        }
    }

    /// Removes the checkpoint.
    ///
    /// # Errors
    /// If it is there and cannot be removed.
    pub fn forget(&self) -> Result<(), Failure> {
        let file = self.checkpoint();
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Failure::write("cannot remove", &file, &error))
            }
            _ => Ok(()),
        }
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn refused(folder: &Path, what: &str) -> Failure {
    let what = format!("the output folder {} {what}", folder.display());
    Failure::bad_input(code::OUT_FOLDER, &what)
        .help("choose another with --out, or remove it; nothing was run, nothing was written")
}

/// The scenario whose results a folder holds.
fn scenario_of(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join("study.json")).ok()?;
    let study: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(study.get("scenario")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;
    use tempfile::tempdir;

    fn claim(folder: &Path) -> Result<Place, Failure> {
        Place::claim(Some(folder), "shop", "compare")
    }

    fn put(folder: &Path, name: &str, text: &str) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(name), text).unwrap();
    }

    #[test]
    fn missing_empty_and_own_folders_may_be_written() {
        let root = tempdir().unwrap();
        let own = root.path().join("own");
        put(&own, "study.json", r#"{"scenario": "shop"}"#);
        put(&own, "more.txt", "");
        let empty = root.path().join("empty");
        fs::create_dir(&empty).unwrap();
        for folder in [own, empty, root.path().join("a/b/c")] {
            claim(&folder).unwrap();
        }
        assert!(!root.path().join("a").exists(), "claiming writes nothing");
    }

    #[test]
    fn anything_else_is_refused() {
        let root = tempdir().unwrap();
        put(&root.path().join("other"), "study.json", r#"{"scenario": "bakery"}"#);
        put(&root.path().join("foreign"), "thesis.tex", "years of work");
        put(&root.path().join("broken"), "study.json", "{");
        put(root.path(), "file", "");
        for name in ["other", "foreign", "broken", "file", "file/below", ".."] {
            let failure = claim(&root.path().join(name)).map(|_| name).unwrap_err();
            assert_eq!(failure.exit, Exit::BadInput, "{name}: {}", failure.message);
        }
    }

    #[test]
    fn a_folder_is_replaced_whole() {
        let root = tempdir().unwrap();
        let folder = root.path().join("results");
        put(&folder, "study.json", r#"{"scenario": "shop"}"#);
        put(&folder, "old.csv", "");
        let place = claim(&folder).unwrap();
        place.replace(|building| fs::write(building.join("new.csv"), "1")).unwrap();
        let names: Vec<_> =
            fs::read_dir(root.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["results"]);
        assert!(folder.join("new.csv").exists() && !folder.join("old.csv").exists());
    }

    #[test]
    fn a_failure_to_write_leaves_the_old_folder() {
        let root = tempdir().unwrap();
        let folder = root.path().join("results");
        put(&folder, "study.json", r#"{"scenario": "shop"}"#);
        let place = claim(&folder).unwrap();
        let full = || Err(io::Error::from(io::ErrorKind::StorageFull));
        let failure = place.replace(|_| full()).unwrap_err();
        assert_eq!(failure.exit, Exit::ReadWrite);
        assert!(folder.join("study.json").exists());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_checkpoint_lies_beside_the_folder_until_it_is_forgotten() {
        let root = tempdir().unwrap();
        let place = claim(&root.path().join("new/results")).unwrap();
        assert_eq!(place.kept().unwrap(), None);
        place.keep("half a study").unwrap();
        assert_eq!(place.checkpoint(), root.path().join("new/.results.checkpoint"));
        assert_eq!(place.kept().unwrap().as_deref(), Some("half a study"));
        place.forget().unwrap();
        place.forget().unwrap();
        assert_eq!(place.kept().unwrap(), None);
    }
}
