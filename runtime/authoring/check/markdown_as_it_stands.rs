//! # `markdown-as-it-stands` (a warning)
//!
//! **What it does.** Reports a letter with marks of Markdown (`**bold**`, `# heading`, `[text](http...)`) that is sent as plain text: a
//! `.txt` of an email.
//!
//! **Why it matters.** A mail server gets the text as it stands: the customer reads the asterisks and the brackets.
//!
//! **Example.** `**Ten percent** off: [come in](https://shop.example)` in `templates/welcome/email.txt`
//!
//! **Write instead.** The same in `templates/welcome/email.md`; or the text without marks, with the address written out.

use super::world::World;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// All templates of emails.
pub(super) fn check(world: &World<'_>) {
    for template in &world.parsed.templates {
        let item = &template.item;
        let is_plain = item.extension == "txt" && world.takes_letters(&item.channel);
        let Some((at, mark)) = first_mark(&item.body).filter(|_| is_plain) else {
            continue;
        };
        let begin = world.body_of(template) + at;
        let report = Diagnostic::warning(
            "markdown-as-it-stands",
            Span::new(template.file, begin, begin + mark.len()),
            format!("`{mark}` is sent as it stands: this letter leaves as plain text"),
        );
        let locale = item
            .locale
            .as_ref()
            .map_or(String::new(), |locale| format!(".{locale}"));
        let markdown = format!("templates/{}/{}{locale}.md", item.name, item.channel);
        world.push(report.help(format!(
            "call the file `{markdown}`, which is read as Markdown and sent with a plain part too; or take the marks away and write addresses out"
        )));
    }
}

/// The first mark of Markdown, and where it stands.
fn first_mark(body: &str) -> Option<(usize, &'static str)> {
    let found = [
        bold(body).map(|at| (at, "**")),
        link(body).map(|at| (at, "](")),
        heading(body).map(|at| (at, "# ")),
    ];
    found.into_iter().flatten().min()
}

/// `**text**`, on one line.
fn bold(body: &str) -> Option<usize> {
    let opens = |at: &usize| {
        let rest = &body[at + 2..];
        let line = rest.lines().next().unwrap_or("");
        let closes = line
            .find("**")
            .is_some_and(|end| end > 0 && !line[..end].ends_with(' '));
        closes && !line.starts_with([' ', '*'])
    };
    body.match_indices("**").map(|(at, _)| at).find(opens)
}

/// `[text](http...)`, or to a link that a template fills in.
fn link(body: &str) -> Option<usize> {
    let leads = |at: &usize| {
        let target = &body[at + 2..];
        let begins = ["http", "mailto:", "{{"]
            .iter()
            .any(|own| target.starts_with(own));
        let line = body[..*at].rsplit('\n').next().unwrap_or("");
        begins && line.contains('[')
    };
    body.match_indices("](").map(|(at, _)| at).find(leads)
}

/// `# text` at the beginning of a line.
fn heading(body: &str) -> Option<usize> {
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        let signs = line.bytes().take_while(|byte| *byte == b'#').count();
        if (1..=6).contains(&signs) && line[signs..].starts_with(' ') {
            return Some(at + signs - 1);
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_where_they_stand_and_arithmetic_is_none() {
        for (body, found) in [
            ("Hello **you**", Some((6, "**"))),
            ("a\n## Offers\n", Some((3, "# "))),
            ("see [us](https://shop.example)", Some((7, "]("))),
            ("[out]({{ unsubscribe_url }})", Some((4, "]("))),
            ("2 ** 3 ** 4", None),
            ("a * b, #1, [1] (see below)", None),
            ("{# a note #}\nHello", None),
            ("**", None),
        ] {
            assert_eq!(first_mark(body), found, "{body}");
        }
    }
}
