//! The one environment that templates are checked in and rendered in: Jinja, some filters by the names that other products have
//! for them, and limits. By the end of a template's name it is known what its values must not become a part of.

use std::fmt::Write as _;

use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, escape_formatter};
use rust_decimal::Decimal;

use crate::calendar::{Date, Instant, Zone, parse_date};
use crate::markdown::shielded;

/// How many steps a template may take.
const FUEL: u64 = 100_000;
/// How long a text is that `truncate` cuts, unless told.
const TRUNCATED: usize = 50;
/// The end of the names of templates whose values are [`shielded`].
const MARKDOWN: &str = "md";
/// How `date` writes a day, unless told.
const DAY: &str = "%d.%m.%Y";

/// An environment without templates; `zone` is the clock of customers without one of their own.
pub fn environment(zone: Zone) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|name| {
        if name.ends_with(".html") || name.ends_with(".mjml") {
            AutoEscape::Html
        } else if name.ends_with(".md") {
            AutoEscape::Custom(MARKDOWN.into())
        } else {
            AutoEscape::None
        }
    });
    // What is not known is left out, however it came to be unknown.
    environment.set_formatter(|out, state, value| {
        let number = plain(value).map(Value::from);
        let value = number.as_ref().unwrap_or(value);
        if is_markdown(state) {
            return out.write_str(&in_markdown(value)).map_err(Error::from);
        }
        if value.is_none() {
            return Ok(());
        }
        escape_formatter(out, state, value)
    });
    for name in ["escape", "e"] {
        environment.add_filter(
            name,
            |state: &mut State<'_, '_>, value: Value| match is_markdown(state) {
                true => Ok(Value::from_safe_string(in_markdown(&value))),
                false => minijinja::filters::escape(state, &value),
            },
        );
    }
    for name in ["upcase", "upper"] {
        environment.add_filter(name, |value: Value| text(&value).to_uppercase());
    }
    for name in ["downcase", "lower"] {
        environment.add_filter(name, |value: Value| text(&value).to_lowercase());
    }
    environment.add_filter("capitalize", capitalize);
    environment.add_filter("truncate", truncate);
    environment.add_filter(
        "date",
        move |state: &State<'_, '_>, value: Value, format: Option<String>| {
            date(&value, format.as_deref().unwrap_or(DAY), clock(state, zone))
        },
    );
    environment
}

/// Whether what is rendered is Markdown.
fn is_markdown(state: &State<'_, '_>) -> bool {
    matches!(state.auto_escape(), AutoEscape::Custom(own) if own == MARKDOWN)
}

/// A value as it stands in Markdown: what a template made itself, or vouches for, has its marks.
fn in_markdown(value: &Value) -> String {
    match value.is_safe() {
        true => value.to_string(),
        false => shielded(&text(value)),
    }
}

/// A number with a fraction as people write it. Jinja reckons in binary: 0.1 + 0.2 would print as 0.30000000000000004, and a
/// price that was rounded as 90.0.
fn plain(value: &Value) -> Option<String> {
    if value.kind() != ValueKind::Number || value.is_integer() {
        return None;
    }
    let number = f64::try_from(value.clone()).ok()?;
    Some(Decimal::try_from(number).ok()?.normalize().to_string())
}

/// A value as text; nothing for what is not known.
fn text(value: &Value) -> String {
    if value.is_none() || value.is_undefined() {
        return String::new();
    }
    value.to_string()
}

/// The first letter large, the others small.
fn capitalize(value: Value) -> String {
    let text = text(&value).to_lowercase();
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

/// At most so many characters, what stands for the rest among them.
fn truncate(value: Value, length: Option<usize>, end: Option<String>) -> String {
    let (text, length) = (text(&value), length.unwrap_or(TRUNCATED));
    if text.chars().count() <= length {
        return text;
    }
    let end = end.unwrap_or_else(|| "...".to_owned());
    let kept = length.saturating_sub(end.chars().count());
    text.chars().take(kept).chain(end.chars()).collect()
}

/// A day, or a moment on a clock, as a format like `%d.%m.%Y` says.
fn date(value: &Value, format: &str, zone: Zone) -> Result<String, Error> {
    let text = text(value);
    if text.is_empty() {
        return Ok(text);
    }
    let wrong = |what: &str| Error::new(ErrorKind::InvalidOperation, what.to_owned());
    let day: Result<Date, _> = parse_date(&text);
    let mut out = String::new();
    let written = match (day, Instant::parse(&text)) {
        (Ok(day), _) => write!(out, "{}", day.format(format)),
        (_, Ok(instant)) => write!(out, "{}", instant.local(zone).format(format)),
        _ => return Err(wrong("`date` takes a day or a moment, and this is neither")),
    };
    match written {
        Ok(()) => Ok(out),
        Err(_) => Err(wrong(
            "`date` takes a format like \"%d.%m.%Y\" or \"%H:%M\"",
        )),
    }
}

/// The clock of the customer that a template is rendered for.
fn clock(state: &State<'_, '_>, otherwise: Zone) -> Zone {
    let own = state.lookup("customer");
    let own = own.and_then(|customer| customer.get_attr("timezone").ok());
    let own = own.and_then(|zone| zone.as_str()?.parse().ok());
    own.unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::unshielded;
    use minijinja::context;

    fn rendered(text: &str) -> Result<String, Error> {
        let kyiv = "Europe/Kyiv".parse().expect("a zone");
        environment(kyiv).render_str(
            text,
            context! {
                name => "олена КОВАЛЬ", none => (), birthday => "1990-03-31", at => "2026-06-30T21:30:00Z",
                customer => context! { id => "c1" }, tokyo => context! { timezone => "Asia/Tokyo" },
            },
        )
    }

    #[test]
    fn filters_do_what_their_names_say() {
        for (template, text) in [
            ("{{ name | upcase }}", "ОЛЕНА КОВАЛЬ"),
            ("{{ name | downcase }}", "олена коваль"),
            ("{{ name | capitalize }}", "Олена коваль"),
            ("{{ name | truncate(8) }}", "олена..."),
            ("{{ name | truncate(6, '…') }}", "олена…"),
            ("{{ name | truncate }}", "олена КОВАЛЬ"),
            ("{{ 0.1 + 0.2 }}", "0.3"),
            ("{{ 99.0 * 0.9 }}", "89.1"),
            ("{{ 90.4 | round }}", "90"),
            ("{{ birthday | date }}", "31.03.1990"),
            ("{{ birthday | date('%d/%m') }}", "31/03"),
            ("{{ at | date('%d.%m.%Y %H:%M') }}", "01.07.2026 00:30"),
            (
                "{% set customer = tokyo %}{{ at | date('%H:%M') }}",
                "06:30",
            ),
        ] {
            assert_eq!(rendered(template).ok().as_deref(), Some(text), "{template}");
        }
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        for template in [
            "{{ none }}",
            "{{ nothing }}",
            "{{ none | upcase }}",
            "{{ nothing | upper }}",
            "{{ none | date }}",
            "{{ nothing | truncate(3) }}",
            "{{ none | capitalize }}",
        ] {
            assert_eq!(rendered(template).ok().as_deref(), Some(""), "{template}");
        }
    }

    #[test]
    fn in_markdown_a_value_has_no_marks_also_where_it_is_escaped_by_hand() {
        let rendered = |text: &str| {
            let context = context! { name => "**a** <b>", none => () };
            environment(Zone::UTC).render_named_str("letter.md", text, context)
        };
        let shielded = shielded("**a** <b>");
        for template in [
            "{{ name }}",
            "{{ name | e }}",
            "{{ name | escape | e }}",
            "{% set x %}{{ name }}{% endset %}{{ x }}",
        ] {
            assert_eq!(
                rendered(template).ok().as_deref(),
                Some(&*shielded),
                "{template}"
            );
        }
        for template in ["{{ none }}", "{{ nothing }}", "{{ none | e }}"] {
            let text = rendered(template).expect("rendered");
            assert_eq!(unshielded(&text), "", "{template}");
        }
        assert_eq!(
            rendered("{{ name | safe }}").ok().as_deref(),
            Some("**a** <b>")
        );
        let html = environment(Zone::UTC).render_named_str("a.html", "{{ '<b>' | e }}", ());
        assert_eq!(html.ok().as_deref(), Some("&lt;b&gt;"));
    }

    #[test]
    fn what_is_no_date_is_an_error_and_no_panic() {
        assert!(rendered("{{ name | date }}").is_err());
        assert!(rendered("{{ birthday | date('%') }}").is_err());
        assert!(rendered("{{ birthday | date('%H') }}").is_err());
    }
}
