//! Files beside a scenario: opened by the path it names, inside its folder alone.
//!
//! A path may not lead out of the folder, neither by `..`, nor as an absolute path, nor through
//! a link; folders, devices, pipes and sockets are refused without being opened. Nothing of a
//! refused file is ever read.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::code::{self, Code};

/// Where a scenario's files come from: a folder, or the program itself.
pub trait Files {
    /// Opens a file by the path that the scenario names.
    ///
    /// # Errors
    /// Why it cannot be opened.
    fn open(&self, path: &str) -> Result<Box<dyn Read>, FileError>;
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// Which kind of error.
    pub code: Code,
    /// What is wrong; never anything of the file's content.
    pub what: String,
}

impl FileError {
    fn new(code: Code, what: impl Into<String>) -> Self {
        Self { code, what: what.into() }
    }
}

/// A scenario that has no files.
pub struct NoFiles;

impl Files for NoFiles {
    fn open(&self, _: &str) -> Result<Box<dyn Read>, FileError> {
        Err(FileError::new(code::MISSING_FILE, "there is no such file"))
    }
}

/// Files built into the program.
pub struct Embedded(pub &'static [(&'static str, &'static [u8])]);

impl Files for Embedded {
    fn open(&self, path: &str) -> Result<Box<dyn Read>, FileError> {
        inside(path)?;
        let wanted = normal(path);
        match self.0.iter().find(|(name, _)| Path::new(name) == wanted) {
            Some((_, bytes)) => Ok(Box::new(*bytes)),
            None => Err(FileError::new(code::MISSING_FILE, "there is no such file")),
        }
    }
}

/// Files of a folder.
pub struct Folder {
    /// The folder of the scenario.
    pub root: PathBuf,
    /// Whether paths may lead out of it.
    pub allow_outside: bool,
}

impl Files for Folder {
    fn open(&self, path: &str) -> Result<Box<dyn Read>, FileError> {
        if !self.allow_outside {
            inside(path)?;
        }
        let full = self.root.join(path);
        if !self.allow_outside {
            let root = self.root.canonicalize().map_err(|error| unreadable(&error))?;
            let real = full.canonicalize().map_err(|error| unreadable(&error))?;
            if !real.starts_with(&root) {
                return Err(FileError::new(
                    code::OUTSIDE_FOLDER,
                    "this link leads out of the scenario's folder",
                ));
            }
        }
        Ok(Box::new(open_regular(&full)?))
    }
}

/// Opens a regular file, and nothing else.
pub(super) fn open_regular(path: &Path) -> Result<File, FileError> {
    let real = path.canonicalize().map_err(|error| unreadable(&error))?;
    let data = real.metadata().map_err(|error| unreadable(&error))?;
    // Files of the kernel's own trees call themselves regular.
    let special = ["/proc", "/sys", "/dev"].iter().any(|tree| real.starts_with(tree));
    if special || !data.is_file() {
        let what = if data.is_dir() { "this is a folder" } else { "this is not a regular file" };
        return Err(FileError::new(code::NOT_A_FILE, what));
    }
    File::open(&real).map_err(|error| unreadable(&error))
}

fn unreadable(error: &io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::NotFound => FileError::new(code::MISSING_FILE, "there is no such file"),
        io::ErrorKind::PermissionDenied => {
            FileError::new(code::MISSING_FILE, "this file may not be read: permission denied")
        }
        kind => FileError::new(code::MISSING_FILE, format!("this file cannot be opened: {kind}")),
    }
}

/// Refuses a path that leads out of its folder as written.
fn inside(path: &str) -> Result<(), FileError> {
    let outside =
        FileError::new(code::OUTSIDE_FOLDER, "this path leads out of the scenario's folder");
    if path.contains(['\0', '\\']) {
        return Err(FileError::new(
            code::OUTSIDE_FOLDER,
            "paths are written with forward slashes alone",
        ));
    }
    let mut depth = 0i32;
    for component in Path::new(path).components() {
        match component {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir => depth -= 1,
            Component::RootDir | Component::Prefix(_) => return Err(outside),
        }
        if depth < 0 {
            return Err(outside);
        }
    }
    Ok(())
}

fn normal(path: &str) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::Normal(part) => normal.push(part),
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(files: &dyn Files, path: &str) -> u16 {
        files.open(path).err().expect(path).code.number
    }

    #[test]
    fn paths_stay_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("scenario");
        std::fs::create_dir_all(root.join("k8s")).unwrap();
        std::fs::write(root.join("k8s/a.yaml"), "a").unwrap();
        std::fs::write(folder.path().join("secret"), "s").unwrap();
        let files = Folder { root, allow_outside: false };
        for path in ["k8s/a.yaml", "./k8s/a.yaml", "k8s/../k8s/a.yaml"] {
            assert!(files.open(path).is_ok(), "{path}");
        }
        for path in
            ["../secret", "/etc/passwd", "k8s/../../secret", "/dev/zero", "/proc/self/environ"]
        {
            assert_eq!(refused(&files, path), code::OUTSIDE_FOLDER.number, "{path}");
        }
        assert_eq!(refused(&files, "."), code::NOT_A_FILE.number);
        assert_eq!(refused(&files, "nope"), code::MISSING_FILE.number);
        assert_eq!(refused(&files, "k8s"), code::NOT_A_FILE.number);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_devices_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        std::os::unix::fs::symlink("/etc/hostname", root.join("link")).unwrap();
        std::os::unix::fs::symlink("/nowhere", root.join("dangling")).unwrap();
        std::os::unix::fs::symlink("inner", root.join("good")).unwrap();
        std::fs::write(root.join("inner"), "x").unwrap();
        let files = Folder { root: root.clone(), allow_outside: false };
        assert_eq!(refused(&files, "link"), code::OUTSIDE_FOLDER.number);
        assert_eq!(refused(&files, "dangling"), code::MISSING_FILE.number);
        assert!(files.open("good").is_ok());
        let anywhere = Folder { root, allow_outside: true };
        for path in ["/dev/zero", "/proc/self/environ"] {
            assert_eq!(refused(&anywhere, path), code::NOT_A_FILE.number, "{path}");
        }
    }

    #[test]
    fn embedded_files_are_found_by_their_path() {
        let files = Embedded(&[("k8s/a.yaml", b"a")]);
        assert!(files.open("./k8s/a.yaml").is_ok());
        assert_eq!(refused(&files, "b"), code::MISSING_FILE.number);
        assert_eq!(refused(&files, "../k8s/a.yaml"), code::OUTSIDE_FOLDER.number);
    }
}
