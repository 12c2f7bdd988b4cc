//! `rhai-lib/*.rhai`: functions that every condition may call.

use kurant_engine::definition::Library;

use super::InFile;
use super::context::is_variable;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Span};

/// Largest library file, in bytes.
const MAX_BYTES: usize = 256 << 10;

/// Reads one file of functions. Whether it is right Rhai is for the checks to say.
pub(super) fn read(
    file: FileId,
    path: &str,
    text: &str,
    diagnostics: &Diagnostics,
) -> Option<InFile<Library>> {
    let report = |code, message: String, help: String| {
        diagnostics.push(Diagnostic::error(code, Span::file_start(file), message).help(help));
    };
    let name = path
        .strip_prefix("rhai-lib/")
        .and_then(|rest| rest.strip_suffix(".rhai"))
        .unwrap_or(path);
    if name.contains('/') {
        report(
            "file-name",
            "a folder inside `rhai-lib` is not read".to_owned(),
            "move the file into `rhai-lib` itself".to_owned(),
        );
        return None;
    }
    if !is_variable(name) {
        let right = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let message = format!("`{name}` cannot be written before `::` in a condition");
        report(
            "file-name",
            message,
            format!("name the file `{right}.rhai`"),
        );
        return None;
    }
    if text.len() > MAX_BYTES {
        report(
            "file-too-large",
            "the file is larger than 256 KiB".to_owned(),
            "split it into several files".to_owned(),
        );
        return None;
    }
    let item = Library {
        name: name.to_owned(),
        source: text.to_owned(),
    };
    Some(InFile {
        file,
        item,
        damaged: false,
    })
}
