//! For people: the line itself, what is wrong under it, and what to write instead.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{FileId, Source, Sources, Span};

/// Whether the text may hold colours: only for a terminal that shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// For a terminal.
    On,
    /// For a pipe or a file.
    Off,
}

/// Every diagnostic with its lines, then how many there are. Nothing found gives nothing.
pub fn text(found: &[Diagnostic], sources: &Sources, colours: Colours) -> String {
    let renderer = match colours {
        Colours::On => Renderer::styled(),
        Colours::Off => Renderer::plain(),
    };
    let mut text = String::new();
    for diagnostic in found {
        text.push_str(&one(diagnostic, sources, &renderer));
        text.push_str("\n\n");
    }
    if !found.is_empty() {
        text.push_str(&summary(found));
        text.push('\n');
    }
    text
}

fn one(diagnostic: &Diagnostic, sources: &Sources, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(shown(&diagnostic.message))
        .id(diagnostic.code);
    let mut group = Group::with_title(title);
    for (file, source) in files(diagnostic, sources) {
        let mut snippet = Snippet::source(source.text()).path(source.path());
        if file == diagnostic.span.file {
            snippet = snippet
                .annotation(AnnotationKind::Primary.span(first_line(diagnostic.span, source)));
        }
        for label in diagnostic
            .labels
            .iter()
            .filter(|label| label.span.file == file)
        {
            let range = first_line(label.span, source);
            snippet = snippet.annotation(
                AnnotationKind::Context
                    .span(range)
                    .label(shown(&label.text)),
            );
        }
        group = group.element(snippet);
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(shown(help)));
    }
    renderer.render(&[group])
}

/// The files that a diagnostic shows, its own first, each once.
fn files<'s>(diagnostic: &Diagnostic, sources: &'s Sources) -> Vec<(FileId, &'s Source)> {
    let mut ids = vec![diagnostic.span.file];
    for label in &diagnostic.labels {
        if !ids.contains(&label.span.file) {
            ids.push(label.span.file);
        }
    }
    ids.into_iter()
        .filter_map(|id| Some((id, sources.get(id)?)))
        .collect()
}

/// The part of a span on its first line: a whole mapping underlined hides more than it shows.
fn first_line(span: Span, source: &Source) -> std::ops::Range<usize> {
    let text = source.text();
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let end = text
        .floor_char_boundary(span.end.min(text.len()))
        .max(start);
    let line = text[start..end].find('\n').map_or(end, |at| start + at);
    start..start + text[start..line].trim_end().len()
}

/// Without control characters: what stands in a file must not steer a terminal.
fn shown(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\n' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

fn summary(found: &[Diagnostic]) -> String {
    let count = |severity: Severity| {
        found
            .iter()
            .filter(|diagnostic| diagnostic.severity == severity)
            .count()
    };
    let words = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        count => Some(format!("{count} {word}s")),
    };
    let parts = [
        words(count(Severity::Error), "error"),
        words(count(Severity::Warning), "warning"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample::sample;

    #[test]
    fn a_finding_shows_its_line_and_what_to_write() {
        let (sources, found) = sample();
        let shown = text(&found, &sources, Colours::Off);
        let wanted = "\
error[quote-needed]: a colon inside of the value
 --> journeys/день народження.yaml:2:8
  |
2 | title: Знижка: 10
  |        ^^^^^^^^^^
  |
  = help: write `title: 'Знижка: 10'`
";
        assert!(shown.starts_with(wanted), "{shown}");
        assert!(
            shown.contains("the first one") && shown.contains("profile.yaml"),
            "{shown}"
        );
        assert!(shown.ends_with("2 errors, 1 warning\n"), "{shown}");
        assert!(!shown.contains('\u{1b}'));
    }

    #[test]
    fn colours_come_only_when_asked_for_and_a_file_cannot_add_any() {
        let (mut sources, mut found) = sample();
        let hostile = sources.add("a.yaml", "a: \u{1b}[31mred\n");
        found.push(Diagnostic::error(
            "x",
            Span::new(hostile, 3, 9),
            "`\u{1b}[31m` is no value",
        ));
        assert!(!text(&found, &sources, Colours::Off).contains('\u{1b}'));
        assert!(text(&found, &sources, Colours::On).contains('\u{1b}'));
    }

    #[test]
    fn places_outside_of_the_text_are_no_panic() {
        let (mut sources, _) = sample();
        let empty = sources.add("empty.yaml", "");
        let found = [
            Diagnostic::error("x", Span::new(empty, 0, 0), "empty"),
            Diagnostic::error("x", Span::new(empty, 7, 9), "past the end"),
        ];
        assert!(text(&found, &sources, Colours::Off).contains("empty.yaml"));
        assert_eq!(text(&[], &sources, Colours::Off), "");
    }
}
