//! `templates/NAME/CHANNEL[.LOCALE].EXT`: message templates with their front matter.

use std::collections::BTreeMap;

use kurant_engine::definition::Template;

use super::InFile;
use super::buttons::{At, Buttons, Wrong};
use super::context::is_name;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Span};
use crate::suggest::nearest_or_synonym;

/// What a template may be written in.
const EXTENSIONS: [&str; 4] = ["txt", "html", "mjml", "md"];
/// What front matter may hold.
const FRONT: [&str; 3] = ["subject", "preheader", BUTTONS];
/// What may be pressed below a message: a list.
const BUTTONS: &str = "buttons";
/// What people write for it.
const FRONT_SYNONYMS: [(&str, &str); 6] = [
    ("button", BUTTONS),
    ("keyboard", BUTTONS),
    ("title", "subject"),
    ("topic", "subject"),
    ("preview", "preheader"),
    ("preview_text", "preheader"),
];

/// Reads one template; none, after a report, when its path says nothing.
pub(super) fn read(
    file: FileId,
    path: &str,
    text: &str,
    diagnostics: &Diagnostics,
) -> Option<InFile<Template>> {
    let before = diagnostics.len();
    let (name, channel, locale, extension) = match from_path(path) {
        Ok(parts) => parts,
        Err((message, help)) => {
            diagnostics
                .push(Diagnostic::error("file-name", Span::file_start(file), message).help(help));
            return None;
        }
    };
    let (front, body) = front_matter(file, text, diagnostics);
    let item = Template {
        name,
        channel,
        locale,
        extension,
        front,
        body: body.to_owned(),
    };
    Some(InFile {
        file,
        item,
        damaged: diagnostics.len() > before,
    })
}

type PathParts = (String, String, Option<String>, String);

fn from_path(path: &str) -> Result<PathParts, (String, String)> {
    let rest = path.strip_prefix("templates/").unwrap_or(path);
    let shape =
        "templates stand as `templates/NAME/CHANNEL.EXT` or `templates/NAME/CHANNEL.LOCALE.EXT`";
    let wrong = |message: String| (message, shape.to_owned());
    let (name, file_name) = rest
        .split_once('/')
        .ok_or_else(|| wrong("a template stands in a folder that bears its name".to_owned()))?;
    if file_name.contains('/') {
        return Err(wrong(
            "a template's folder has no folders inside".to_owned(),
        ));
    }
    if !is_name(name) {
        return Err((
            format!("`{name}` is not a name for a template"),
            "use letters, digits, `-` and `_` only".to_owned(),
        ));
    }
    let parts: Vec<&str> = file_name.split('.').collect();
    let (channel, locale, extension) = match parts.as_slice() {
        [channel, extension] => (*channel, None, *extension),
        [channel, locale, extension] => (*channel, Some(*locale), *extension),
        _ => {
            return Err(wrong(format!(
                "`{file_name}` does not say for which channel it is"
            )));
        }
    };
    if !EXTENSIONS.contains(&extension) {
        return Err((
            format!("a template is not written in `.{extension}`"),
            "end its name in `.txt`, `.html`, `.mjml` or `.md`".to_owned(),
        ));
    }
    if let Some(locale) = locale.filter(|locale| !is_locale(locale)) {
        let help = "write a language, like `email.uk.html`, or a language and a country, like `email.uk-UA.html`";
        return Err((format!("`{locale}` is not a locale"), help.to_owned()));
    }
    Ok((
        name.to_owned(),
        channel.to_owned(),
        locale.map(str::to_owned),
        extension.to_owned(),
    ))
}

/// Whether it is a language (`uk`), or a language and a country (`uk-UA`).
pub(super) fn is_locale(text: &str) -> bool {
    let (language, country) = text
        .split_once('-')
        .map_or((text, None), |(language, country)| {
            (language, Some(country))
        });
    let small =
        (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase());
    small
        && country.is_none_or(|country| {
            (2..=4).contains(&country.len()) && country.bytes().all(|b| b.is_ascii_alphanumeric())
        })
}

/// The lines between two `---` lines at the beginning, and what stands below them. Front matter is not read as YAML, since
/// `subject: {{ customer.first_name }}` is no YAML: a value is the rest of its line, without quotes round it.
fn front_matter<'t>(
    file: FileId,
    text: &'t str,
    diagnostics: &Diagnostics,
) -> (BTreeMap<String, String>, &'t str) {
    let mut front = BTreeMap::new();
    let mut lines = text.split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| line.trim_end() == "---") else {
        return (front, text);
    };
    let (mut at, mut wrong) = (first.len(), Vec::new());
    let mut buttons = Buttons::default();
    for line in lines {
        let (start, end) = (at, at + line.trim_end().len());
        at += line.len();
        let report = |(start, end): At, (message, help): Wrong| {
            let span = Span::new(file, start, end);
            Diagnostic::error("front-matter", span, message).help(help)
        };
        if line.trim_end() == "---" {
            let missing = buttons.close(&mut front).into_iter();
            wrong.extend(missing.map(|(at, wrong)| report(at, wrong)));
            wrong
                .into_iter()
                .for_each(|report| diagnostics.push(report));
            return (front, &text[at..]);
        }
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let place = (start, end);
        let read = buttons
            .line(line, place)
            .unwrap_or_else(|| front_line(line, &mut front, &mut buttons, place));
        wrong.extend(read.err().map(|wrong| report(place, wrong)));
    }
    // Without an end nobody knows which of the lines were meant to be front matter.
    let report = Diagnostic::error(
        "front-matter",
        Span::new(file, 0, 3),
        "the front matter has no end",
    );
    diagnostics
        .push(report.help("close it with a line `---`; the text of the message stands below"));
    (front, "")
}

fn front_line(
    line: &str,
    front: &mut BTreeMap<String, String>,
    buttons: &mut Buttons,
    at: At,
) -> Result<(), Wrong> {
    let line = line.trim_end();
    let (key, value) = line.split_once(':').ok_or_else(|| {
        (
            "front matter holds `subject`, `preheader` and `buttons` only".to_owned(),
            "write `subject: TEXT`".to_owned(),
        )
    })?;
    let (key, value) = (key.trim(), unquoted(value.trim()));
    if !FRONT.contains(&key) {
        let help = match nearest_or_synonym(key, FRONT, &FRONT_SYNONYMS) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "known here: `subject`, `preheader` and `buttons`; the sender stands under the channel in `kurant.yaml`".to_owned(),
        };
        return Err((format!("front matter has no `{key}`"), help));
    }
    if key == BUTTONS {
        return buttons.begin(value, at);
    }
    if value.is_empty() {
        return Err((
            format!("`{key}` has no value"),
            format!("write `{key}: TEXT`, or take the line away"),
        ));
    }
    if front.insert(key.to_owned(), value.to_owned()).is_some() {
        return Err((
            format!("`{key}` stands here twice"),
            "keep one of them".to_owned(),
        ));
    }
    Ok(())
}

pub(super) fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        let inner = value
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner.filter(|inner| !inner.contains(quote)) {
            return inner;
        }
    }
    value
}
