//! # `no-subject` (a warning; an error where the channel is `kind: smtp`)
//!
//! **What it does.** Reports a template of an email without a `subject` in its front matter.
//!
//! **Why it matters.** A letter without a subject is not opened, and is taken for spam.
//!
//! **Example.** `templates/winback/email.md` that begins with its text
//!
//! **Write instead.** `---`, `subject: We miss you`, `---` above it.

use kurant_engine::value::Value;

use super::world::World;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Span;

/// All templates of emails.
pub(super) fn check(world: &World<'_>) {
    let channels = world
        .parsed
        .workspace
        .iter()
        .flat_map(|file| &file.item.channels);
    let is_sent = channels
        .filter(|channel| channel.name == "email")
        .any(|channel| channel.settings.get("kind").and_then(Value::as_text) == Some("smtp"));
    for template in &world.parsed.templates {
        let item = &template.item;
        if item.channel != "email" || item.front.contains_key("subject") || template.damaged {
            continue;
        }
        let mut report = Diagnostic::warning(
            "no-subject",
            Span::file_start(template.file),
            "this email has no subject",
        );
        if is_sent {
            report.severity = Severity::Error;
        }
        world.push(
            report.help("write it above the text, between two lines `---`: `subject: We miss you`"),
        );
    }
}
