//! What a folder of a workspace was meant to be called, where it is called nearly so: `Journeys`, `template`, `schemas/event`.

use super::{Reading, kind_of};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{FileId, Span};

/// The folders whose files are read.
const FOLDERS: [&str; 5] = ["channels", "journeys", "rhai-lib", "schemas", "templates"];

/// What a folder beside `kurant.yaml` was meant to be called; none where it is called so, or not nearly so.
pub(crate) fn right_folder(name: &str) -> Option<&'static str> {
    meant(name, &FOLDERS)
}

/// The one of several names that another case, a sign between words or one `s` more or less make of a name.
fn meant(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let plain = |name: &str| {
        let letters = name.chars().filter(|c| c.is_alphanumeric());
        let letters: String = letters.flat_map(char::to_lowercase).collect();
        letters.trim_end_matches('s').to_owned()
    };
    let wanted = plain(name);
    let found = known.iter().find(|own| plain(own) == wanted);
    found.copied().filter(|own| *own != name)
}

/// The folder of a path that is not read because of its name, and what it is to be called.
fn wrong_folder(path: &str) -> Option<(&str, String)> {
    let (folder, rest) = path.split_once('/')?;
    if let Some(right) = right_folder(folder) {
        return Some((folder, right.to_owned()));
    }
    let inner = rest.split_once('/').filter(|_| folder == "schemas")?.0;
    let right = meant(inner, &["events"])?;
    let wrong = path.get(..folder.len() + 1 + inner.len())?;
    Some((wrong, format!("{folder}/{right}")))
}

/// Whether a file would be read if its folder were called as it is meant.
pub(super) fn is_in_wrong_folder(path: &str) -> bool {
    wrong_folder(path).is_some_and(|(wrong, right)| {
        let rest = path.strip_prefix(wrong).unwrap_or(path);
        kind_of(&format!("{right}{rest}")).is_some()
    })
}

impl Reading<'_> {
    /// Says what the folder of a file should be called, once for all of its files. Beside one that is called so, it may be
    /// somebody else's.
    pub(super) fn misplaced(&self, file: FileId, path: &str) {
        let Some((wrong, right)) = wrong_folder(path) else {
            return;
        };
        let first_in = |folder: &str| {
            let inside = format!("{folder}/");
            let mut files = self.sources.iter();
            files.find(|(_, source)| source.path().starts_with(&inside))
        };
        if first_in(wrong).is_none_or(|(first, _)| first != file) {
            return;
        }
        let message = format!("the folder `{wrong}` is not read");
        let mut report = Diagnostic::error("file-name", Span::file_start(file), message);
        if first_in(&right).is_some() {
            report.severity = Severity::Warning;
        }
        self.diagnostics
            .push(report.help(format!("call it `{right}`")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_called_nearly_right_is_told_by_its_right_name() {
        for (path, wrong, right) in [
            ("Journeys/a.yaml", "Journeys", "journeys"),
            ("journey/retail/a.yaml", "journey", "journeys"),
            ("TEMPLATES/welcome/email.md", "TEMPLATES", "templates"),
            ("rhai_lib/vip.rhai", "rhai_lib", "rhai-lib"),
            ("schema/customer.json", "schema", "schemas"),
            (
                "schemas/event/order.paid.json",
                "schemas/event",
                "schemas/events",
            ),
        ] {
            assert!(is_in_wrong_folder(path), "{path}");
            assert_eq!(wrong_folder(path), Some((wrong, right.to_owned())));
        }
        for path in [
            "journeys/a.yaml",
            "Journeys/notes.txt",
            "schemas/old/order.paid.json",
            "src/journey.rs",
        ] {
            assert!(!is_in_wrong_folder(path), "{path}");
        }
    }
}
