//! What is wrong, where, and what to write instead; and the collector that every check reports to.

use std::cell::RefCell;

use serde::Serialize;

use crate::source::{FileId, Sources, Span};

/// How bad it is: an error stops the workspace from being taken up, a warning doesn't.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing runs until it is mended.
    Error,
    /// Worth a look.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// A second place that belongs to a diagnostic, such as the first of two equal keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is to be seen there.
    pub text: String,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The place that has to change.
    pub span: Span,
    /// Error or warning.
    pub severity: Severity,
    /// The rule's name in kebab-case; it does not change between versions.
    pub code: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Other places that explain it.
    pub labels: Vec<Label>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            span,
            severity: Severity::Error,
            code,
            message: message.into(),
            help: None,
            labels: Vec::new(),
        }
    }

    /// A warning at a place.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, span, message)
        }
    }

    /// The text that it stands in is called by another number from now on.
    pub fn moves(&mut self, from: FileId, to: FileId) {
        let labels = self.labels.iter_mut().map(|label| &mut label.span);
        for span in labels.chain([&mut self.span]) {
            if span.file == from {
                span.file = to;
            }
        }
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }
}

/// What a reader of one value found wrong with it. The caller, who knows the value's place, turns it into a [`Diagnostic`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: &'static str,
    message: String,
    help: Option<String>,
    span: Option<Span>,
    told: bool,
}

impl Problem {
    /// A wrong value, by the rule's code.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            help: None,
            span: None,
            told: false,
        }
    }

    /// The value is of another kind than what is wanted here (code `wrong-type`).
    pub fn wrong_type(message: impl Into<String>) -> Self {
        Self::new("wrong-type", message)
    }

    /// The value is of the right kind and still no good (code `bad-value`).
    pub fn bad_value(message: impl Into<String>) -> Self {
        Self::new("bad-value", message)
    }

    /// Stands for what has been reported already: it gives no second diagnostic.
    pub fn told() -> Self {
        Self {
            told: true,
            ..Self::new("told", "")
        }
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Places it more exactly than the whole value.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// The message, for those who wrap it.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl From<(String, String)> for Problem {
    fn from((message, help): (String, String)) -> Self {
        Self::bad_value(message).help(help)
    }
}

/// Collects what every check finds. Shared by reference, so that nested readers need no `&mut`.
#[derive(Debug, Default)]
pub struct Diagnostics {
    list: RefCell<Vec<Diagnostic>>,
}

impl Diagnostics {
    /// An empty collector.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one finding; one that is equal in place, code and message to an earlier one is dropped at the end.
    pub fn push(&self, diagnostic: Diagnostic) {
        self.list.borrow_mut().push(diagnostic);
    }

    /// Reports a value's problem at the value's place, unless it was reported before.
    pub fn report(&self, span: Span, problem: Problem) {
        if problem.told {
            return;
        }
        let mut diagnostic =
            Diagnostic::error(problem.code, problem.span.unwrap_or(span), problem.message);
        diagnostic.help = problem.help;
        self.push(diagnostic);
    }

    /// The value, or `None` after reporting what is wrong with it.
    pub fn keep<T>(&self, span: Span, result: Result<T, Problem>) -> Option<T> {
        result.map_err(|problem| self.report(span, problem)).ok()
    }

    /// Whether any error was found.
    pub fn has_errors(&self) -> bool {
        self.list
            .borrow()
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether anything was found wrong in a file so far.
    pub fn touches(&self, file: FileId) -> bool {
        self.list
            .borrow()
            .iter()
            .any(|found| found.span.file == file)
    }

    /// Whether anything was found wrong at a place, or inside it, so far.
    pub fn touches_within(&self, place: Span) -> bool {
        let list = self.list.borrow();
        let mut own = list.iter().filter(|found| found.span.file == place.file);
        own.any(|found| found.span.start >= place.start && found.span.start < place.end)
    }

    /// How many findings there are so far, so that a caller can see whether a part was clean.
    pub fn len(&self) -> usize {
        self.list.borrow().len()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.borrow().is_empty()
    }

    /// Takes over what another collector found.
    pub fn extend(&self, other: Diagnostics) {
        self.list.borrow_mut().extend(other.list.into_inner());
    }

    /// Everything found, by path, line and column, each finding once.
    pub fn into_sorted(self, sources: &Sources) -> Vec<Diagnostic> {
        let mut list = self.list.into_inner();
        // What can't be read at all stands first: until it can, the others may be about nothing.
        let rank = |d: &Diagnostic| d.code != "json-syntax";
        list.sort_by(|a, b| {
            let key = |d: &Diagnostic| (d.span.start, d.severity, d.code);
            rank(a)
                .cmp(&rank(b))
                .then_with(|| sources.path(a.span.file).cmp(sources.path(b.span.file)))
                .then_with(|| key(a).cmp(&key(b)))
                .then_with(|| a.message.cmp(&b.message))
        });
        list.dedup_by(|a, b| {
            (a.span.file, a.span.start, a.code) == (b.span.file, b.span.start, b.code)
                && a.message == b.message
        });
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_come_by_path_and_place_and_only_once() {
        let mut sources = Sources::new();
        let z = sources.add("z.yaml", "one\ntwo\n");
        let a = sources.add("a.yaml", "one\n");
        let found = Diagnostics::new();
        found.push(Diagnostic::error("x", Span::new(z, 4, 5), "second line"));
        found.push(Diagnostic::error("x", Span::new(z, 0, 1), "first line"));
        found.push(Diagnostic::error("x", Span::new(z, 4, 7), "second line"));
        found.push(Diagnostic::warning("x", Span::new(a, 0, 1), "other file"));
        found.report(Span::new(a, 0, 1), Problem::told());
        assert!(found.has_errors());
        let messages: Vec<_> = found
            .into_sorted(&sources)
            .into_iter()
            .map(|d| d.message)
            .collect();
        assert_eq!(messages, ["other file", "first line", "second line"]);
    }
}
