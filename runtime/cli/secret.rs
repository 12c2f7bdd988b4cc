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

/// A setting with its secrets filled in. Files are looked for in the workspace's folder; one line break at their end is none of theirs.
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

/// What a file holds; of one that is gone, or holds no secret, what it held last.
fn file(path: &Path) -> Result<String, Error> {
    // First, so that what is written meanwhile is seen later.
    let stamp = stamp(path);
    let text = std::fs::read_to_string(path);
    let mut files = read();
    let known = files.get_mut(path);
    let is_begun = known.as_ref().is_some_and(|own| !own.value.is_empty());
    let text = match text {
        Ok(text) if is_begun && text.trim().is_empty() => Err("it is empty".to_owned()),
        Ok(text) => secret(&text),
        Err(error) => Err(error.to_string()),
    };
    let value = match (text, known) {
        (Ok(value), _) => value,
        (Err(why), Some(known)) => return Ok(known.keep(path, stamp, &why)),
        (Err(why), None) => {
            return Err(Error::failure(format!(
                "the workspace asks for the file {}: {why}",
                path.display()
            )));
        }
    };
    let own = Read {
        value: value.clone(),
        stamp,
        is_told: false,
    };
    files.insert(path.to_owned(), own);
    Ok(value)
}

/// The secret that a text is, without the one line break at its end; or what is wrong with it.
fn secret(text: &str) -> Result<String, String> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.contains(['\n', '\r']) {
        return Err("it holds more than one line, and a secret is one".to_owned());
    }
    match line.contains(char::is_control) {
        true => Err("it holds a control character, and no secret does".to_owned()),
        false => Ok(line.to_owned()),
    }
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

    #[test]
    fn what_holds_more_than_a_line_is_no_secret_and_what_was_one_holds_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let opened = |text: &str| {
            std::fs::write(&path, text).unwrap();
            open(folder.path(), "${file:token}")
        };
        for (wrong, why) in [
            ("tok4\nb", "more than one line"),
            ("tok4\n\n", "more than one line"),
            ("\ntok4", "more than one line"),
            ("tok\u{7}4", "a control character"),
        ] {
            let error = opened(wrong).unwrap_err().to_string();
            assert!(error.contains(&path.display().to_string()), "{error}");
            assert!(error.contains(why) && !error.contains("tok4"), "{error}");
        }
        assert_eq!(opened("tok4\r\n").unwrap(), "tok4");
        assert_eq!(opened("tok5\nb").unwrap(), "tok4");
        assert!(read()[&path].is_told);
        assert_eq!(opened("tok\t6").unwrap(), "tok4");
        assert_eq!(opened("tok6").unwrap(), "tok6");
        assert!(
            !read()[&path].is_told,
            "it is told again when it happens again"
        );
    }
}
