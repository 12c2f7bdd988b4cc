//! Diagnostics as people and tools read them. Every form takes what [`crate::diagnostic::Diagnostics::into_sorted`] gives.

mod json;
mod sarif;
mod text;

pub use json::json;
pub use sarif::sarif;
pub use text::{Colours, text};

#[cfg(test)]
pub(crate) mod sample {
    use crate::diagnostic::Diagnostic;
    use crate::source::{Sources, Span};

    /// Two files, an error with a second place and a warning without help.
    pub(crate) fn sample() -> (Sources, Vec<Diagnostic>) {
        let mut sources = Sources::new();
        let journey = sources.add(
            "journeys/день народження.yaml",
            "journey: a\ntitle: Знижка: 10\njourney: b\n",
        );
        let profile = sources.add("profile.yaml", "updates:\n  - event: x\n");
        let found = vec![
            Diagnostic::error(
                "quote-needed",
                Span::new(journey, 18, 34),
                "a colon inside of the value",
            )
            .help("write `title: 'Знижка: 10'`"),
            Diagnostic::error(
                "duplicate-key",
                Span::new(journey, 35, 42),
                "`journey` stands here a second time",
            )
            .help("keep one of the two")
            .label(Span::new(journey, 0, 7), "the first one")
            .label(Span::new(profile, 0, 7), "and another file"),
            Diagnostic::warning("unused", Span::new(profile, 13, 18), "nothing uses this"),
        ];
        (sources, found)
    }
}
