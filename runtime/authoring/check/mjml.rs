//! # `mjml`
//!
//! **What it does.** Reports a template in MJML that is none: an element that MJML doesn't have, one that is not closed or stands where it
//! can't, and `mj-include`.
//!
//! **Why it matters.** A letter that can't be made is given up.
//!
//! **Example.** `<mj-txt>Hello</mj-txt>`
//!
//! **Write instead.** `<mj-text>Hello</mj-text>`
//!
//! The letter is made without its values: as it stands with its Jinja blanked out, where places are those of the file, and filled in with
//! nothing. Markup that only one of them finds fault with may be sound, since `{% if %}` and `{% for %}` may take parts of it away.

use kurant_engine::calendar::Zone;
use kurant_engine::mjml::{ELEMENTS, What, Wrong, to_html};
use kurant_engine::template::environment;
use minijinja::UndefinedBehavior;

use super::world::{World, close};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// All templates in MJML.
pub(super) fn check(world: &World<'_>) {
    for template in &world.parsed.templates {
        let item = &template.item;
        if item.extension != "mjml" || template.damaged {
            continue;
        }
        let Some(wrong) = wrong(&item.body) else {
            continue;
        };
        let whole = world.sources.get(template.file);
        let begin = whole.map_or(0, |own| own.text().len() - item.body.len());
        let span = Span::new(
            template.file,
            begin + wrong.place.start,
            begin + wrong.place.end,
        );
        let report = Diagnostic::error("mjml", span, format!("this is no MJML: {}", wrong.what));
        world.push(report.help(help(&wrong.what)));
    }
}

/// What is wrong with a letter, if anything.
fn wrong(body: &str) -> Option<Wrong> {
    let blank = to_html(&without_jinja(body)).err()?;
    if !body.contains("{%") {
        return Some(blank);
    }
    // What is no Jinja is reported as such.
    let mut environment = environment(Zone::UTC);
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    let filled = environment.render_named_str("letter.mjml", body, ()).ok()?;
    to_html(&filled).err().map(|_| blank)
}

/// The letter with blanks where its Jinja stands, as long as it was.
fn without_jinja(body: &str) -> String {
    let mut bytes = body.as_bytes().to_vec();
    let mut from = 0;
    while let Some(at) = body[from..].find('{').map(|at| from + at) {
        let end = match body[at..].chars().nth(1) {
            Some('{') => "}}",
            Some('%') => "%}",
            Some('#') => "#}",
            _ => {
                from = at + 1;
                continue;
            }
        };
        from = body[at..]
            .find(end)
            .map_or(body.len(), |length| at + length + end.len());
        bytes[at..from].fill(b' ');
    }
    String::from_utf8(bytes).unwrap_or_default()
}

fn help(what: &What) -> String {
    const OUTLINE: &str = "a letter is `<mjml><mj-body><mj-section><mj-column><mj-text>...</mj-text></mj-column></mj-section></mj-body></mjml>`";
    match what {
        What::NoRoot | What::Unreadable => OUTLINE.to_owned(),
        What::Unknown(name) => match close(name, ELEMENTS) {
            Some(meant) => format!("did you mean `<{meant}>`?"),
            None => "HTML stands inside `<mj-text>` or `<mj-raw>`".to_owned(),
        },
        What::Unclosed(name) => format!("close it with `</{name}>`"),
        What::Crossed(_, Some(open)) => format!("close `</{open}>` first"),
        What::Crossed(name, None) => format!("open it with `<{name}>`, or take it away"),
        What::Include => "write what it takes in here: a letter is one file".to_owned(),
        What::Deep => "close what is open, or lay the letter out with fewer elements".to_owned(),
        What::Misplaced(_) => format!("{OUTLINE}, with `<mj-head>` before `<mj-body>`"),
        What::Lacks(attribute) => format!("add `{attribute}=\"...\"`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(inside: &str) -> String {
        format!(
            "<mjml><mj-body><mj-section><mj-column>{inside}</mj-column></mj-section></mj-body></mjml>"
        )
    }

    #[test]
    fn jinja_is_no_markup_and_places_are_those_of_the_file() {
        for sound in [
            "<mj-text>{{ '<b>' if a < b else '</p>' }}</mj-text>",
            "{% if a %}<mj-text>a</mj-text>{% else %}<mj-text>b</mj-text>{% endif %}",
            "{% if a %}<mj-text css-class=\"a\">{% else %}<mj-text>{% endif %}b</mj-text>",
            "{% for one in order.lines %}<mj-text>{{ one.name.first }}</mj-text>{% endfor %}",
            "{# <mj-nothing> #}<mj-text>{{ customer.name",
        ] {
            let whole = letter(sound);
            let body = if sound.ends_with("name") {
                sound
            } else {
                &whole
            };
            if sound.ends_with("name") {
                assert!(without_jinja(body).trim_end().ends_with("<mj-text>"));
            } else {
                assert_eq!(wrong(body), None, "{sound}");
            }
        }
        for unsound in [
            "<mj-text>{{ customer.name }}<mj-txt></mj-text>",
            "{% if a %}<mj-text>Так</mj-text>{% endif %}<mj-txt>b</mj-text>",
        ] {
            let body = letter(unsound);
            let wrong = wrong(&body).expect("it is none");
            assert_eq!(&body[wrong.place], "<mj-txt>", "{unsound}");
        }
    }
}
