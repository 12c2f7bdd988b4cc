//! # `buttons`
//!
//! **What it does.** Reports buttons in a template of a channel that has none, more of them than the channel shows, and an address that
//! is none.
//!
//! **Why it matters.** What a channel can't show is refused by the provider, or left out in silence, and the message is nothing without it.
//!
//! **Example.** two `buttons` in `templates/winback/viber.txt`
//!
//! **Write instead.** one; or write the second link into the text

use kurant_engine::definition::Template;

use super::world::World;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// Channels by their names, and how many buttons each shows. Of others nobody here knows it.
const SHOWN: [(&str, usize); 4] = [("viber", 1), ("telegram", 20), ("sms", 0), ("email", 0)];
/// How the address of a button may begin.
const ADDRESSES: [&str; 5] = ["https://", "http://", "tg://", "viber://", "{"];

/// All templates.
pub(super) fn check(world: &World<'_>) {
    for template in &world.parsed.templates {
        let item = &template.item;
        let count = item.buttons();
        if count == 0 || template.damaged {
            continue;
        }
        let place = |number: usize| {
            let text = world
                .sources
                .get(template.file)
                .map_or("", |own| own.text());
            let value = |part| item.front.get(&Template::button(number, part));
            let value = value("url").or_else(|| value("text"));
            let found = value.and_then(|own| Some((text.find(own.as_str())?, own.len())));
            found.map_or(Span::file_start(template.file), |(start, length)| {
                Span::new(template.file, start, start + length)
            })
        };
        for number in 0..count {
            let Some(url) = item.front.get(&Template::button(number, "url")) else {
                continue;
            };
            if !ADDRESSES.iter().any(|own| url.starts_with(own)) {
                let message = format!("`{url}` is no address that a button could lead to");
                let report = Diagnostic::error("buttons", place(number), message);
                world.push(report.help("begin it with `https://`"));
            }
        }
        let channel = item.channel.as_str();
        let shown = match world.is_mailed(channel) {
            true => Some(0),
            false => SHOWN
                .iter()
                .find(|(own, _)| *own == channel)
                .map(|own| own.1),
        };
        let Some(shown) = shown.filter(|shown| *shown < count) else {
            continue;
        };
        let (message, help) = match shown {
            0 => (
                format!("`{channel}` has no buttons"),
                "write the link into the text".to_owned(),
            ),
            1 => (
                format!("`{channel}` shows one button, and here are {count}"),
                "keep one, and write the other links into the text".to_owned(),
            ),
            _ => (
                format!("`{channel}` shows {shown} buttons at the most, and here are {count}"),
                "keep the first few".to_owned(),
            ),
        };
        world.push(Diagnostic::error("buttons", place(shown), message).help(help));
    }
}
