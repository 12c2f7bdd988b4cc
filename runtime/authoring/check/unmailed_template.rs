//! # `template-format`
//!
//! **What it does.** Reports a template in MJML of a channel that is `kind: smtp`.
//!
//! **Why it matters.** An email is sent as text, Markdown or HTML: every message of this template would be given up.
//!
//! **Example.** `templates/welcome/email.mjml`, where `email` is `{ kind: smtp, ... }`
//!
//! **Write instead.** `templates/welcome/email.html`, with what MJML makes of it.

use super::world::World;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Span;

/// All templates of emails.
pub(super) fn check(world: &World<'_>) {
    for template in &world.parsed.templates {
        let item = &template.item;
        if item.extension != "mjml" || !world.is_mailed(&item.channel) {
            continue;
        }
        let mut report = Diagnostic::warning(
            "template-format",
            Span::file_start(template.file),
            "an email is sent as text, Markdown or HTML, and this is MJML",
        );
        report.severity = Severity::Error;
        let name = format!("templates/{}/{}.html", item.name, item.channel);
        world.push(report.help(format!("write what MJML makes of it into `{name}`")));
    }
}
