//! Loading: from a path or a text to a study, or to all that is wrong with it.

use std::io::Read;
use std::path::Path;

use super::check::Checker;
use super::checked::Checked;
use super::code;
use super::diagnostic::{Diagnostic, Problem, shorten};
use super::edit::{self, Edit};
use super::files::{self, Files, Folder};
use super::gallery;
use super::resolve::Context;
use super::source::Span;
use super::yaml::{self, Node};
use super::{arms, study};
use crate::plan::Study;

/// What the command line changes about a scenario.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--set path=value`, in order.
    pub set: Vec<(String, String)>,
    /// `--seeds`.
    pub seeds: Option<u64>,
    /// `--seed`.
    pub first_seed: Option<u64>,
    /// `--strategy`: only these.
    pub strategies: Vec<String>,
    /// `--no-control`.
    pub no_control: bool,
    /// `--allow-outside`.
    pub allow_outside: bool,
    /// `--allow-huge`.
    pub allow_huge: bool,
}

/// Loads a scenario from its file, the folder that holds its `scenario.yaml`, or by the name of
/// a shipped one.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(path: &Path, overrides: &Overrides) -> Result<Study, Problem> {
    let shown = path.to_string_lossy().into_owned();
    let file = if path.is_dir() { path.join("scenario.yaml") } else { path.to_owned() };
    if !file.exists()
        && !file.is_symlink()
        && let Some(shipped) = path.to_str().and_then(gallery::find)
    {
        return shipped.load(overrides);
    }
    let whole = |code, what: String| {
        let message = format!("{what}: {}", shorten(&shown, 150));
        Problem::bare(Diagnostic::new(code, Span::default(), message))
    };
    let reader = files::open_regular(&file).map_err(|fault| {
        let missing = fault.code == code::MISSING_FILE && !file.exists();
        let what = match missing && path.is_dir() {
            true => "this folder holds no scenario.yaml".to_owned(),
            false => fault.what,
        };
        whole(if missing { code::NO_SCENARIO } else { fault.code }, what)
    })?;
    let mut bytes = Vec::new();
    reader
        .take(yaml::MOST_BYTES as u64 + 16)
        .read_to_end(&mut bytes)
        .map_err(|fault| whole(code::IO, format!("reading failed ({})", fault.kind())))?;
    let root =
        file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = Folder { root: root.to_owned(), allow_outside: overrides.allow_outside };
    load_bytes(&file.to_string_lossy(), &bytes, &folder, overrides)
}

/// Loads a scenario from its text.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load_text(
    name: &str,
    text: &str,
    files: &dyn Files,
    overrides: &Overrides,
) -> Result<Study, Problem> {
    load_bytes(name, text.as_bytes(), files, overrides)
}

/// Loads a scenario from its bytes, whatever they are.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load_bytes(
    name: &str,
    bytes: &[u8],
    files: &dyn Files,
    overrides: &Overrides,
) -> Result<Study, Problem> {
    let mut context = Context::new(files);
    match build(&mut context, name, bytes, overrides) {
        Some(study) if context.errors.is_empty() => Ok(study),
        _ => Err(Problem::new(std::mem::take(&mut context.errors), &context.sources)),
    }
}

/// All steps; `None` where a step has left errors that the next cannot do without.
fn build(
    context: &mut Context<'_>,
    name: &str,
    bytes: &[u8],
    overrides: &Overrides,
) -> Option<Study> {
    let mut tree = parse(context, name, bytes)?;
    study::in_range(context, overrides);
    for (path, value) in &overrides.set {
        set(context, &mut tree, path, value);
    }
    let notes = arms::fill_from_base(context, &mut tree);
    let mut checker = Checker::default();
    let root = checker.scenario(&tree);
    context.errors.append(&mut checker.errors);
    let root = root?;
    let checked = context.errors.len();
    let study = study::assemble(context, &tree, &root, checker.defaults, notes, overrides);
    if checked > 0 {
        // Defaults stand in for what was wrong, so only errors that do not rest on them are told.
        let later = context.errors.split_off(checked);
        context.errors.extend(later.into_iter().filter(independent));
    }
    study
}

/// Whether an error is one whatever the values are that could not be read.
fn independent(error: &Diagnostic) -> bool {
    [
        code::DANGLING,
        code::DUPLICATE_NAME,
        code::CONTRADICTION,
        code::LAW,
        code::LIST,
        code::OUTSIDE_FOLDER,
        code::NOT_A_FILE,
        code::MISSING_FILE,
        code::BAD_ROWS,
        code::BAD_PATH,
        code::MANIFEST_KIND,
        code::MANIFEST_FIELD,
    ]
    .contains(&error.code)
}

/// The one document of a scenario.
fn parse(context: &mut Context<'_>, name: &str, bytes: &[u8]) -> Option<Node> {
    let (id, mut documents) = context.parse(name, bytes)?;
    if documents.len() == 1 {
        return documents.pop();
    }
    context.errors.push(match documents.get(1) {
        None => {
            let message = format!("no scenario in {}", shorten(name, 150));
            Diagnostic::new(code::EMPTY, Span::whole(id), message)
                .help(Some("`cutover init` writes a starter scenario".to_owned()))
        }
        Some(second) => {
            Diagnostic::new(code::DOCUMENTS, second.span, "a second document begins here")
                .allowed("one document in a scenario file")
        }
    });
    None
}

/// Applies one `--set`.
fn set(context: &mut Context<'_>, tree: &mut Node, path: &str, value: &str) {
    let name = format!("--set {}", shorten(path, 100));
    let line = format!("{path}={value}");
    let Some((id, mut documents)) = context.parse(&name, value.as_bytes()) else { return };
    if documents.len() != 1 {
        let error = Diagnostic::new(code::BAD_OVERRIDE, Span::whole(id), "`--set` needs one value");
        return context.errors.push(error.value(&line).allowed("--set path.to.field=VALUE"));
    }
    let value = documents.pop().expect("one document");
    let edit = Edit { path: path.to_owned(), path_span: Span::whole(id), value, keep: false };
    if let Err(error) = edit::apply(tree, &edit) {
        context.errors.push(error);
    }
}

/// The strategies that are to be kept, by place; all if none are named.
pub(super) fn kept(context: &mut Context<'_>, root: &Checked, wanted: &[String]) -> Vec<usize> {
    let names: Vec<&str> =
        root.at("strategies").items().iter().map(|item| item.at("name").text()).collect();
    for name in wanted {
        if !names.contains(&name.as_str()) {
            let near = super::names::nearest(name, names.iter().copied());
            let error = Diagnostic::new(
                code::NO_STRATEGY,
                Span::whole(0),
                "the scenario has no such strategy",
            )
            .value(name)
            .allowed(names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
            .help(near.map(|name| format!("did you mean `{name}`?")));
            context.errors.push(error);
        }
    }
    (0..names.len())
        .filter(|index| wanted.is_empty() || wanted.iter().any(|name| name == names[*index]))
        .collect()
}
