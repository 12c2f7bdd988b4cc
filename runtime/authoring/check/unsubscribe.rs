//! # `no-unsubscribe` (a warning)
//!
//! **What it does.** Reports a template of an email that a marketing journey sends and that holds no `unsubscribe_url`.
//!
//! **Why it matters.** Who cannot unsubscribe marks the letter as spam, and the law of most countries asks for the link.
//!
//! **Example.** `templates/winback/email.md` without a link
//!
//! **Write instead.** `[Unsubscribe]({{ unsubscribe_url }})` at its end.

use std::collections::BTreeSet;

use kurant_engine::definition::{Category, Verb};

use super::walk::Walk;
use super::world::World;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// All templates of emails.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    let marketing = walks
        .iter()
        .filter(|walk| walk.journey.category == Category::Marketing)
        .flat_map(|walk| &walk.steps);
    let sent: BTreeSet<&str> = marketing
        .filter_map(|at| match &at.step.verb {
            Verb::Send(send) => Some(send.template.as_str()),
            _ => None,
        })
        .collect();
    for template in &world.parsed.templates {
        let item = &template.item;
        let lacks =
            !item.body.contains("unsubscribe_url") && !item.body.contains("preferences_url");
        if item.channel == "email"
            && sent.contains(item.name.as_str())
            && lacks
            && !item.body.is_empty()
        {
            let report = Diagnostic::warning(
                "no-unsubscribe",
                Span::file_start(template.file),
                "this marketing email has no link to unsubscribe",
            );
            world.push(report.help("add `{{ unsubscribe_url }}`, or `category: service` to the journey if it is no marketing"));
        }
    }
}
