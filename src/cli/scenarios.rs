//! `cutover scenarios` and `cutover init`: scenarios to start from.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::args::{InitArgs, ScenariosArgs};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::plain;
use crate::scenario::code;
use crate::scenario::gallery::{self, GALLERY, Shipped};

/// The starter scenario.
const STARTER: &str = include_str!("starter.yaml");

/// Lists the shipped scenarios, shows one, or writes one to disk.
///
/// # Errors
/// If there is no such scenario, or it cannot be written.
pub fn scenarios(args: &ScenariosArgs, console: &Console) -> Result<Exit, Failure> {
    let Some(name) = &args.name else {
        let row = |shipped: &Shipped| vec![shipped.name.to_owned(), shipped.question().to_owned()];
        let rows: Vec<Vec<String>> = GALLERY.iter().map(row).collect();
        console.answer(&plain::table(&["scenario", "question"], &rows))?;
        return Ok(Exit::Done);
    };
    let Some(shipped) = gallery::find(name) else {
        let what = format!("there is no shipped scenario {name}");
        let names = GALLERY.iter().map(|shipped| shipped.name);
        return Err(Failure::bad_input(code::NO_SCENARIO, &what).allowed(names));
    };
    if args.write {
        let folder = args.out.as_deref().unwrap_or(Path::new(name));
        write(shipped, folder)?;
        console.note(&format!("wrote {}", folder.join("scenario.yaml").display()));
    } else {
        let (readme, text) = (shipped.text("README.md"), shipped.text("scenario.yaml"));
        console.answer(&format!("{}\n\n{}", readme.trim_end(), text))?;
    }
    Ok(Exit::Done)
}

fn write(shipped: &Shipped, folder: &Path) -> Result<(), Failure> {
    let occupied = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if occupied || folder.is_file() {
        let what = format!("{} is there already", folder.display());
        let failure = Failure::bad_input(code::IN_THE_WAY, &what);
        return Err(failure.help("choose another place with --out"));
    }
    for (path, bytes) in shipped.files {
        let file = folder.join(path);
        let parent = file.parent().unwrap_or(folder);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&file, bytes))
            .map_err(|error| Failure::write("cannot write", &file, &error))?;
    }
    Ok(())
}

/// Writes a commented starter scenario.
///
/// # Errors
/// If the file is there already, or cannot be written.
pub fn init(args: &InitArgs, console: &Console) -> Result<Exit, Failure> {
    if args.file == Path::new("-") {
        console.answer(STARTER)?;
        return Ok(Exit::Done);
    }
    let created = fs::OpenOptions::new().write(true).create_new(true).open(&args.file);
    created.and_then(|mut file| file.write_all(STARTER.as_bytes())).map_err(|error| {
        if error.kind() == ErrorKind::AlreadyExists {
            let what = format!("{} is there already", args.file.display());
            Failure::bad_input(code::IN_THE_WAY, &what)
        } else {
            Failure::write("cannot write", &args.file, &error)
        }
    })?;
    let file = args.file.display();
    console.note(&format!("wrote {file}; next: cutover validate {file}, cutover compare {file}"));
    Ok(Exit::Done)
}
