//! Opens `${env:NAME}` and `${file:PATH}`: the one place that reads the environment.
//!
//! What a file held last is remembered, so that a secret that is changed while it runs is taken up, and one that goes away for a moment
//! stops nothing.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Error;

/// The files that were read so far.
static READ: Mutex<BTreeMap<PathBuf, Read>> = Mutex::new(BTreeMap::new());

/// A file that was read.
struct Read {
    value: String,
    stamp: Option<Stamp>,
    /// It was told that nothing can be read of it any more.
    is_told: bool,
}

/// By what a file is seen to be another one: its number, its length, and when it was written.
type Stamp = (u64, u64, i64, i64);

fn read() -> MutexGuard<'static, BTreeMap<PathBuf, Read>> {
    READ.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stamp(path: &Path) -> Option<Stamp> {
    let own = std::fs::metadata(path).ok()?;
    Some((own.ino(), own.len(), own.mtime(), own.mtime_nsec()))
}

/// Whether a file that was read is another one by now.
pub(crate) fn has_changed() -> bool {
    let files = read();
    files.iter().any(|(path, own)| stamp(path) != own.stamp)
}

/// A setting with its secrets filled in. Files are looked for in the workspace's folder; one newline at their end is none of theirs.
pub(crate) fn open(folder: &Path, setting: &str) -> Result<String, Error> {
    let mut opened = String::new();
    let mut rest = setting;
    while let Some(begin) = rest.find("${") {
        let Some(length) = rest[begin..].find('}') else {
            break;
        };
        let name = &rest[begin + 2..begin + length];
        let value = match name.split_once(':') {
            Some(("env", name)) => variable(name)?,
            Some(("file", path)) => file(&folder.join(path))?,
            _ => rest[begin..=begin + length].to_owned(),
        };
        opened.push_str(&rest[..begin]);
        opened.push_str(&value);
        rest = &rest[begin + length + 1..];
    }
    opened.push_str(rest);
    Ok(opened)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
fn variable(name: &str) -> Result<String, Error> {
    std::env::var(name).map_err(|_| {
        Error::failure(format!(
            "the workspace asks for the environment variable {name}, which is not set"
        ))
        .hint(format!("set it, then start again: `export {name}=...`"))
    })
}

/// What a file holds; of one that is gone, or empty, what it held last.
fn file(path: &Path) -> Result<String, Error> {
    // First, so that what is written meanwhile is seen later.
    let stamp = stamp(path);
    let text = std::fs::read_to_string(path);
    let mut files = read();
    let known = files.get_mut(path);
    let why = match (&text, known) {
        (Ok(text), Some(known)) if text.trim().is_empty() && !known.value.is_empty() => {
            return Ok(known.keep(path, stamp, "it is empty"));
        }
        (Err(error), Some(known)) => return Ok(known.keep(path, stamp, &error.to_string())),
        (Err(error), None) => Some(error),
        (Ok(_), _) => None,
    };
    if let Some(error) = why {
        return Err(Error::failure(format!(
            "the workspace asks for the file {}: {error}",
            path.display()
        )));
    }
    let text = text.unwrap_or_default();
    let value = text.strip_suffix('\n').unwrap_or(&text).to_owned();
    let own = Read {
        value: value.clone(),
        stamp,
        is_told: false,
    };
    files.insert(path.to_owned(), own);
    Ok(value)
}

impl Read {
    /// What it held last, since nothing is to be read of it now.
    fn keep(&mut self, path: &Path, stamp: Option<Stamp>, why: &str) -> String {
        self.stamp = stamp;
        if !std::mem::replace(&mut self.is_told, true) {
            tracing::warn!(
                "the secret in {} can't be read any more: {why}; what it held before goes on holding",
                path.display()
            );
        }
        self.value.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_secret_stays_as_it_is() {
        let folder = Path::new(".");
        for text in ["amqp://rabbit", "a ${other:x} b", "${env:UNCLOSED", ""] {
            assert_eq!(open(folder, text).unwrap(), text);
        }
    }

    #[test]
    fn secrets_are_filled_in_wherever_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), "s3cret\n").unwrap();
        let opened = open(folder.path(), "amqp://shop:${file:password}@rabbit").unwrap();
        assert_eq!(opened, "amqp://shop:s3cret@rabbit");
        let missing = open(folder.path(), "${env:KURANT_NOBODY_SETS_THIS}").unwrap_err();
        assert!(missing.to_string().contains("KURANT_NOBODY_SETS_THIS"));
    }

    #[test]
    fn a_secret_that_changes_is_read_again_and_one_that_goes_holds_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let write = |text: &str| {
            std::fs::write(folder.path().join("next"), text).unwrap();
            std::fs::rename(folder.path().join("next"), &path).unwrap();
        };
        let is_another = || {
            let files = read();
            files
                .get(&path)
                .is_some_and(|own| stamp(&path) != own.stamp)
        };
        let opened = || open(folder.path(), "${file:token}").unwrap();
        assert!(open(folder.path(), "${file:token}").is_err(), "never there");
        write("first\n");
        assert_eq!(opened(), "first");
        assert!(!is_another());
        write("second\n");
        assert!(is_another() && has_changed());
        assert_eq!(opened(), "second");
        std::fs::remove_file(&path).unwrap();
        assert!(is_another());
        assert_eq!(opened(), "second");
        assert!(!is_another(), "it is told once");
        write("");
        assert_eq!(opened(), "second");
        write("third");
        assert_eq!(opened(), "third");
    }
}
