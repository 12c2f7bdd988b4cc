//! The checks of meaning: names that nothing sets up, conditions that do not fit the schemas, and so on.

use crate::diagnostic::Diagnostics;
use crate::parse::Parsed;
use crate::places::Places;
use crate::source::Sources;

/// Reports everything that is well written and yet means nothing.
pub(crate) fn run(parsed: &Parsed, places: &Places, sources: &Sources, diagnostics: &Diagnostics) {
    let _ = (parsed, places, sources, diagnostics);
}
