//! # `no-subject` (a warning; an error where the channel is `kind: smtp`)
//!
//! **What it does.** Reports a template of an email without a `subject` in its front matter.
//!
//! **Why it matters.** A letter without a subject is not opened, and is taken for spam.
//!
//! **Example.** `templates/winback/email.md` that begins with its text
//!
//! **Write instead.** `---`, `subject: We miss you`, `---` above it.

use super::world::World;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Span;

/// All templates of emails.
pub(super) fn check(world: &World<'_>) {
    for template in &world.parsed.templates {
        let item = &template.item;
        if !world.takes_letters(&item.channel)
            || item.front.contains_key("subject")
            || template.damaged
        {
            continue;
        }
        let mut report = Diagnostic::warning(
            "no-subject",
            Span::file_start(template.file),
            "this email has no subject",
        );
        if world.is_mailed(&item.channel) {
            report.severity = Severity::Error;
        }
        world.push(
            report.help("write it above the text, between two lines `---`: `subject: We miss you`"),
        );
    }
}
