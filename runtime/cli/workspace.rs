//! The workspace on disk: the only place of the command line that reads it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kurant_authoring::diagnostic::Severity;
use kurant_authoring::render::{self, Colours};
use kurant_authoring::suggest::nearest;
use kurant_authoring::{
    Compiled, SourceFile, compile, environment_of, is_read, right_folder, right_name,
};
use kurant_engine::definition::Definitions;

use crate::error::Error;
use crate::folder::Folder;

/// The folders of a workspace whose files are read, at any depth.
pub(crate) const FOLDERS: &[&str] = &["channels", "journeys", "rhai-lib", "schemas", "templates"];
/// How deep folders may be nested; a link that leads in circles ends there.
const DEEPEST: usize = 16;
/// How many files a workspace may have.
const MOST_FILES: usize = 20_000;
/// The largest file that is read, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Reads and compiles the workspace, whatever is wrong with it.
pub(crate) fn compiled(folder: &Folder) -> Result<Compiled, Error> {
    Ok(compile(&read(folder)?))
}

/// The definitions of a workspace without mistakes. Mistakes are shown on standard error.
pub(crate) fn definitions(folder: &Folder) -> Result<(Definitions, Compiled), Error> {
    let mut compiled = compiled(folder)?;
    match compiled.definitions.take() {
        Some(definitions) => Ok((definitions, compiled)),
        None => {
            eprint!(
                "{}",
                render::text(
                    &compiled.diagnostics,
                    &compiled.sources,
                    colours(&io::stderr())
                )
            );
            Err(Error::findings(
                "the workspace has mistakes; nothing was run",
            ))
        }
    }
}

/// The definitions of a workspace, or of the journeys in it that are whole: what one journey asks for need not wait until
/// another one is mended. Mistakes are shown on standard error.
pub(crate) fn whole(folder: &Folder) -> Result<(Definitions, Compiled), Error> {
    let mut compiled = compiled(folder)?;
    if let Some(definitions) = compiled.definitions.take() {
        return Ok((definitions, compiled));
    }
    let (found, sources) = (&compiled.diagnostics, &compiled.sources);
    eprint!("{}", render::text(found, sources, colours(&io::stderr())));
    match compiled.whole.take() {
        Some(definitions) => {
            eprintln!("the workspace has mistakes; the journeys that have none are taken");
            Ok((definitions, compiled))
        }
        None => Err(Error::findings(
            "the workspace has mistakes; nothing was run",
        )),
    }
}

/// A workspace as it was found.
pub(crate) enum Found {
    /// It has no mistakes.
    Sound(Box<Definitions>),
    /// It has these.
    Mistaken(String),
}

/// Reads and compiles the workspace; its mistakes are text for standard error.
pub(crate) fn found(folder: &Folder) -> Result<Found, Error> {
    Ok(match definitions_of(&read(folder)?) {
        Ok(definitions) => Found::Sound(Box::new(definitions)),
        Err(mistakes) => Found::Mistaken(mistakes),
    })
}

/// Holds a condition about a customer, given with an option, against the workspace. Mistakes are shown on standard error.
pub(crate) fn condition(folder: &Folder, option: &str, text: &str) -> Result<(), Error> {
    let (found, sources) = kurant_authoring::condition(&read(folder)?, option, text);
    eprint!("{}", render::text(&found, &sources, colours(&io::stderr())));
    if found.iter().all(|found| found.severity != Severity::Error) {
        return Ok(());
    }
    let message = format!("the condition of {option} has mistakes; nothing was done");
    Err(Error::usage(message))
}

/// A workspace that is read again while it runs.
pub(crate) struct Fresh {
    folder: Folder,
    /// What its files held when they were read last.
    seen: Option<Vec<SourceFile>>,
}

impl Fresh {
    /// As it stands now.
    pub(crate) fn of(folder: &Folder) -> Self {
        Self {
            folder: folder.clone(),
            seen: read(folder).ok(),
        }
    }

    /// The definitions if a file that is read holds something else than before, or its mistakes as text.
    pub(crate) fn reread(&mut self) -> Result<Option<Definitions>, String> {
        let files = read(&self.folder).map_err(|error| error.to_string())?;
        if self.seen.as_ref() == Some(&files) {
            return Ok(None);
        }
        let definitions = definitions_of(&files);
        self.seen = Some(files);
        definitions.map(Some)
    }
}

/// The definitions of a workspace as it stands now, or its mistakes as text.
pub(crate) fn reread(folder: &Folder) -> Result<Definitions, String> {
    definitions_of(&read(folder).map_err(|error| error.to_string())?)
}

/// The definitions of these files, or their mistakes as text.
fn definitions_of(files: &[SourceFile]) -> Result<Definitions, String> {
    let mut compiled = compile(files);
    let definitions = compiled.definitions.take();
    definitions.ok_or_else(|| {
        render::text(
            &compiled.diagnostics,
            &compiled.sources,
            colours(&io::stderr()),
        )
    })
}

/// What to say of a name that isn't there: the one that was probably meant, and those that there are.
pub(crate) fn likely(name: &str, known: &[&str]) -> String {
    let all = format!("there are: {}", known.join(", "));
    match nearest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean {meant}? {all}"),
        None => all,
    }
}

/// Colours for a terminal, none for a pipe.
pub(crate) fn colours(stream: &impl io::IsTerminal) -> Colours {
    if stream.is_terminal() {
        Colours::On
    } else {
        Colours::Off
    }
}

/// The environments that a workspace has settings for, by name.
pub(crate) fn environments(folder: &Path) -> Result<Vec<String>, Error> {
    let paths = files_of(folder).map_err(|error| unreadable(folder, &error))?;
    let names = paths.iter().filter_map(|path| {
        let within = within(folder, path);
        environment_of(&within).map(str::to_owned)
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    Ok(names)
}

/// Nobody should work with other settings than they think.
fn known_environment(folder: &Folder) -> Result<(), Error> {
    let Some(name) = folder.environment() else {
        return Ok(());
    };
    let known = environments(folder)?;
    if known.iter().any(|own| own == name) {
        return Ok(());
    }
    let error = Error::usage(format!(
        "there is no environment {name}: no kurant.{name}.yaml"
    ));
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    Err(error.hint(match known.is_empty() {
        true => {
            format!("write kurant.{name}.yaml with what is different there, or leave `--env` out")
        }
        false => likely(name, &known),
    }))
}

/// Every file that belongs to the workspace in its environment, by path.
fn read(folder: &Folder) -> Result<Vec<SourceFile>, Error> {
    if !folder.join("kurant.yaml").is_file() {
        let message = format!(
            "{} is not a workspace: it holds no kurant.yaml",
            folder.display()
        );
        return Err(Error::usage(message).hint(match nearly(folder) {
            Some(name) => format!("{name} is not read: name it kurant.yaml"),
            None => "name the folder with `--workspace DIR`".to_owned(),
        }));
    }
    known_environment(folder)?;
    let mut paths = files_of(folder).map_err(|error| unreadable(folder, &error))?;
    for name in FOLDERS {
        walk(&folder.join(name), 0, &mut paths)?;
    }
    for misnamed in misnamed(folder).map_err(|error| unreadable(folder, &error))? {
        walk(&misnamed, 0, &mut paths)?;
    }
    let mut files = Vec::new();
    for path in paths {
        let within = within(folder, &path);
        let environment = environment_of(&within);
        if is_read(&within) && (environment.is_none() || environment == folder.environment()) {
            files.push(SourceFile::from_bytes(within, bytes(&path)?));
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

/// The file in a folder that was meant to be its `kurant.yaml`.
fn nearly(folder: &Path) -> Option<String> {
    let names = files_of(folder).ok()?.into_iter();
    let mut names = names.map(|path| within(folder, &path));
    names.find(|name| right_name(name).as_deref() == Some("kurant.yaml"))
}

/// The folders that were probably meant to be read. Where case makes no difference to the system, `Journeys` is read as `journeys`.
fn misnamed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    let is_listed = |name: &str| entries.iter().any(|entry| entry.file_name() == *name);
    let is_meant = |path: &PathBuf| {
        let right = right_folder(&within(folder, path));
        let is_apart = |right: &str| is_listed(right) || !folder.join(right).is_dir();
        right.is_some_and(is_apart) && path.is_dir()
    };
    let paths = entries.iter().map(fs::DirEntry::path);
    Ok(paths.filter(is_meant).collect())
}

fn files_of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn walk(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> Result<(), Error> {
    if !folder.is_dir() || depth > DEEPEST {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.is_dir() {
            walk(&path, depth + 1, paths)?;
        } else {
            paths.push(path);
        }
        if paths.len() > MOST_FILES {
            return Err(Error::failure(format!(
                "the workspace has more than {MOST_FILES} files"
            )));
        }
    }
    Ok(())
}

/// The path within the workspace, with `/` on every system.
fn within(folder: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(folder).unwrap_or(path);
    let parts: Vec<_> = relative
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let length = fs::metadata(path)
        .map_err(|error| unreadable(path, &error))?
        .len();
    if length > LARGEST {
        return Err(Error::failure(format!(
            "{} is {length} bytes long; {LARGEST} are allowed",
            path.display()
        )));
    }
    fs::read(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::failure(format!("can't read {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_read_and_holds_something_else_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("kurant.yaml", "timezone: UTC\n");
        let mut fresh = Fresh::of(&Folder::new(folder.path(), None));
        write("app.log", "a line\n");
        write("kurant.yaml", "timezone: UTC\n");
        assert_eq!(fresh.reread(), Ok(None));
        write("kurant.yaml", "timezone: Europe/Kyiv\n");
        assert!(matches!(fresh.reread(), Ok(Some(_))));
        write("kurant.yaml", "timezone: [\n");
        assert!(fresh.reread().is_err());
        assert_eq!(fresh.reread(), Ok(None), "told once");
    }
}
