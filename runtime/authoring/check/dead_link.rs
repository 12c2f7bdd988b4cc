//! # `dead-link` (a warning)
//!
//! **What it does.** Reports a link or a picture of a letter in Markdown whose address begins with none of `https:`, `http:`, `mailto:` and
//! `tel:`.
//!
//! **Why it matters.** A mail program leads nowhere from there: the letter leaves with the words alone, and a button is none.
//!
//! **Example.** `[Come in](shop.example)` in `templates/welcome/email.md`
//!
//! **Write instead.** `[Come in](https://shop.example)`

use kurant_engine::markdown::dead_links;

use super::world::World;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// All letters in Markdown.
pub(super) fn check(world: &World<'_>) {
    for template in &world.parsed.templates {
        let item = &template.item;
        if item.extension != "md" || !world.takes_letters(&item.channel) {
            continue;
        }
        let begin = world.body_of(template);
        for place in dead_links(&item.body) {
            let written = &item.body[place.clone()];
            let report = Diagnostic::warning(
                "dead-link",
                Span::new(template.file, begin + place.start, begin + place.end),
                format!("`{written}` leads nowhere from a letter: it leaves as its words alone"),
            );
            world.push(report.help(
                "write the whole address, like `https://shop.example/sale`; `http:`, `mailto:` and `tel:` are known too",
            ));
        }
    }
}
