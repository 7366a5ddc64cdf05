//! Where the results of a study go, and what is kept beside them if it is interrupted.
//!
//! What may be written, and how, is the report's business (`report::folder`); here are the
//! place a command uses if none is named, and the checkpoint: a file beside the folder.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::args::OutputArgs;
use super::console::Console;
use super::failure::Failure;
use crate::experiment::{StudyResult, Summary};
use crate::plan::Study;
use crate::report::folder::{self, FolderOptions, TargetError, check_target};
use crate::scenario::code;

/// The results folder of a command.
#[derive(Clone, Debug)]
pub struct Place {
    folder: PathBuf,
}

impl Place {
    /// The folder asked for, or `results/<scenario>/<command>`, if it may be written. Nothing
    /// is written yet.
    ///
    /// # Errors
    /// If something else is there.
    pub fn claim(output: &OutputArgs, study: &Study, command: &str) -> Result<Self, Failure> {
        let usual = || Path::new("results").join(&study.name).join(command);
        Self::claim_folder(output.out.clone().unwrap_or_else(usual), &study.name)
    }

    fn claim_folder(folder: PathBuf, scenario: &str) -> Result<Self, Failure> {
        // A link is followed, so that the checkpoint lies beside what is replaced.
        let folder = fs::canonicalize(&folder).unwrap_or(folder);
        let refused = |what: &str| {
            Failure::bad_input(code::OUT_FOLDER, what)
                .help("choose another folder with --out; nothing was run")
        };
        if folder.file_name().is_none() {
            return Err(refused(&format!("{} is not the name of a folder", folder.display())));
        }
        match check_target(&folder, scenario) {
            Ok(()) => Ok(Self { folder }),
            Err(TargetError::Unreadable { folder, source })
                if source.kind() != ErrorKind::NotADirectory =>
            {
                Err(Failure::read("cannot look at", &folder, &source))
            }
            Err(error) => Err(refused(&error.to_string())),
        }
    }

    /// Puts the results in place, forgets the checkpoint, and says where they are.
    ///
    /// # Errors
    /// If the operating system does not let us; what was there before is then still there.
    pub fn fill(
        &self,
        result: &StudyResult,
        summary: &Summary,
        options: FolderOptions<'_>,
        console: &Console,
    ) -> Result<(), Failure> {
        self.put(&folder::contents(result, summary, options), console)
    }

    /// The same of files that are ready.
    ///
    /// # Errors
    /// If the operating system does not let us; what was there before is then still there.
    pub fn put(&self, files: &[folder::File], console: &Console) -> Result<(), Failure> {
        folder::put(files, &self.folder)
            .map_err(|error| Failure::write("cannot write", &self.folder, &error))?;
        self.forget()?;
        console.note(&format!("results in {}", self.folder.display()));
        Ok(())
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

    /// Writes the checkpoint, whole or not at all.
    ///
    /// # Errors
    /// If the operating system does not let us.
    pub fn keep(&self, text: &str) -> Result<(), Failure> {
        let (file, building) = (self.checkpoint(), self.beside("checkpoint-new"));
        let parent = self.folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&building, text))
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
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::read("cannot read", &file, &error)),
        }
    }

    /// Removes the checkpoint.
    fn forget(&self) -> Result<(), Failure> {
        let file = self.checkpoint();
        match fs::remove_file(&file) {
            Err(error) if !is_missing(&error) => {
                Err(Failure::write("cannot remove", &file, &error))
            }
            _ => Ok(()),
        }
    }
}

fn is_missing(error: &io::Error) -> bool {
    error.kind() == ErrorKind::NotFound
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;
    use tempfile::tempdir;

    fn claim(folder: &Path) -> Result<Place, Failure> {
        Place::claim_folder(folder.to_owned(), "shop")
    }

    #[test]
    fn a_folder_is_claimed_without_a_trace() {
        let root = tempdir().unwrap();
        claim(&root.path().join("a/b/c")).unwrap();
        claim(root.path()).unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_no_folder_of_ours_is_refused() {
        let outer = tempdir().unwrap();
        // Not the folder of all temporary files, which others change.
        let root = outer.path().join("home");
        fs::create_dir_all(root.join("thesis")).unwrap();
        fs::write(root.join("file"), "").unwrap();
        fs::write(root.join("thesis/chapter.tex"), "years of work").unwrap();
        for name in ["file", "file/below", "thesis", "..", "/"] {
            let failure = claim(&root.join(name)).map(|_| name).unwrap_err();
            assert_eq!(failure.exit, Exit::BadInput, "{name}: {}", failure.message);
            assert!(failure.message.starts_with("error[CUT0064]: "), "{}", failure.message);
        }
    }

    #[test]
    fn a_checkpoint_lies_beside_the_folder_until_it_is_forgotten() {
        let root = tempdir().unwrap();
        let place = claim(&root.path().join("new/results")).unwrap();
        assert_eq!(place.kept().unwrap(), None);
        place.keep("half a study").unwrap();
        assert_eq!(place.checkpoint(), root.path().join("new/.results.checkpoint"));
        assert_eq!(fs::read_dir(root.path().join("new")).unwrap().count(), 1);
        assert_eq!(place.kept().unwrap().as_deref(), Some("half a study"));
        place.forget().unwrap();
        place.forget().unwrap();
        assert_eq!(place.kept().unwrap(), None);
    }
}
