//! MJML: letters that look the same in every mail program, made into HTML.
//!
//! Values have been filled in before and escaped; nothing is filled in here, and nothing is loaded from anywhere. The same text gives
//! the same HTML, byte by byte.

mod tags;

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use mrml::mj_head::MjHeadChild;
use mrml::prelude::parser::{Error, ParserOptions, Span};
use mrml::prelude::render::RenderOptions;

/// The elements of MJML.
pub const ELEMENTS: [&str; 33] = [
    "mjml",
    "mj-accordion",
    "mj-accordion-element",
    "mj-accordion-text",
    "mj-accordion-title",
    "mj-all",
    "mj-attributes",
    "mj-body",
    "mj-breakpoint",
    "mj-button",
    "mj-carousel",
    "mj-carousel-image",
    "mj-class",
    "mj-column",
    "mj-divider",
    "mj-font",
    "mj-group",
    "mj-head",
    "mj-hero",
    "mj-image",
    "mj-navbar",
    "mj-navbar-link",
    "mj-preview",
    "mj-raw",
    "mj-section",
    "mj-social",
    "mj-social-element",
    "mj-spacer",
    "mj-style",
    "mj-table",
    "mj-text",
    "mj-title",
    "mj-wrapper",
];

/// A letter as HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Html {
    /// All of it, but for what stands beside the subject.
    pub text: String,
    /// What `mj-preview` says, as HTML; empty where there is none.
    pub preview: String,
}

/// What is wrong with a text that is no MJML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Where.
    pub place: Range<usize>,
    /// What.
    pub what: What,
}

/// What can be wrong. Names of elements come from the template: values are escaped, and make none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// No `<mjml>` is around it.
    NoRoot,
    /// An element that MJML doesn't have.
    Unknown(String),
    /// An element is never closed.
    Unclosed(String),
    /// One is closed that isn't open: it, and the one that is.
    Crossed(String, Option<String>),
    /// A file would have to be taken in.
    Include,
    /// Elements stand inside each other, deeper than any letter needs.
    Deep,
    /// An element that can't stand there, or text beside it.
    Misplaced(String),
    /// An element lacks an attribute.
    Lacks(&'static str),
    /// It can't be read.
    Unreadable,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoot => f.write_str("there is no `<mjml>` around it"),
            Self::Unknown(name) => write!(f, "MJML has no `<{name}>`"),
            Self::Unclosed(name) => write!(f, "`<{name}>` is never closed"),
            Self::Crossed(name, Some(open)) => {
                write!(f, "`</{name}>` stands where `<{open}>` is still open")
            }
            Self::Crossed(name, None) => write!(f, "`</{name}>` closes nothing"),
            Self::Include => f.write_str("`<mj-include>` would take in another file"),
            Self::Deep => write!(f, "more than {DEEPEST} elements stand inside each other"),
            Self::Misplaced(name) if name.is_empty() => {
                f.write_str("something stands where MJML has no place for it")
            }
            Self::Misplaced(name) => write!(f, "`<{name}>` can't stand here"),
            Self::Lacks(attribute) => write!(f, "this element lacks `{attribute}`"),
            Self::Unreadable => f.write_str("this can't be read"),
        }
    }
}

/// How deep elements may stand inside each other.
const DEEPEST: usize = 100;

/// Makes HTML of a letter whose values are filled in.
///
/// # Errors
/// What is wrong with it, the first thing that is.
pub fn to_html(letter: &str) -> Result<Html, Wrong> {
    tags::check(letter)?;
    let parsed = mrml::parse_with_options(letter, &ParserOptions::default());
    let mut parsed = parsed.map_err(|error| wrong(letter, &error))?.element;
    let preview = parsed.get_preview().unwrap_or_default();
    if let Some(head) = &mut parsed.children.head {
        let is_kept = |child: &MjHeadChild| !matches!(child, MjHeadChild::MjPreview(_));
        head.children.retain(is_kept);
    }
    let options = RenderOptions {
        // A letter asks nobody for what its author did not name: with its own list MJML would have fonts come from elsewhere.
        fonts: HashMap::new(),
        disable_comments: false,
        social_icon_origin: None,
    };
    let text = parsed.render(&options).map_err(|_| Wrong {
        place: 0..0,
        what: What::Unreadable,
    })?;
    Ok(Html {
        text,
        preview: preview.split_whitespace().collect::<Vec<_>>().join(" "),
    })
}

/// What the parser says, by its place.
fn wrong(letter: &str, error: &Error) -> Wrong {
    let at = |span: &Span| span.start.min(letter.len())..span.end.min(letter.len());
    let (place, what) = match error {
        Error::UnexpectedElement { position, .. } | Error::UnexpectedToken { position, .. } => {
            let place = at(position);
            let written = letter.get(place.clone()).unwrap_or_default();
            let name = written.trim_start_matches(['<', '/']);
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
            let end = name.find(|c| !is_part(c)).unwrap_or(name.len());
            let is_name = written.starts_with('<') || ELEMENTS.contains(&&name[..end]);
            let name = if is_name { &name[..end] } else { "" };
            (place, What::Misplaced(name.to_owned()))
        }
        Error::MissingAttribute { name, position, .. } => (at(position), What::Lacks(name)),
        Error::InvalidAttribute { position, .. } | Error::InvalidFormat { position, .. } => {
            (at(position), What::Unreadable)
        }
        Error::IncludeLoaderError { position, .. } => (at(position), What::Include),
        Error::NoRootNode => (0..0, What::NoRoot),
        Error::EndOfStream { .. } | Error::SizeLimit { .. } | Error::ParserError { .. } => {
            (0..0, What::Unreadable)
        }
    };
    Wrong { place, what }
}

#[cfg(test)]
mod tests;
