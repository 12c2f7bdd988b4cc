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
        let is_mailed = world.is_mailed(&item.channel);
        let is_email = is_mailed || item.channel == "email";
        if !is_email || item.front.contains_key("subject") || template.damaged {
            continue;
        }
        let mut report = Diagnostic::warning(
            "no-subject",
            Span::file_start(template.file),
            "this email has no subject",
        );
        if is_mailed {
            report.severity = Severity::Error;
        }
        world.push(
            report.help("write it above the text, between two lines `---`: `subject: We miss you`"),
        );
    }
}
