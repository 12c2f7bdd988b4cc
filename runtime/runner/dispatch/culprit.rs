//! Which line of a template can't be rendered, and what on it is not known.

use minijinja::{Error, ErrorKind, Value};

/// The most characters of a line that are shown.
const LONGEST: usize = 120;

/// The line as the author wrote it, and what is not known there; nothing where the error names no line. No value is told.
pub(super) fn line(error: &Error, source: &str, context: &Value) -> String {
    let number = error.line().and_then(|line| line.checked_sub(1));
    let Some(line) = number.and_then(|number| source.lines().nth(number)) else {
        return String::new();
    };
    let unknown = match error.kind() {
        ErrorKind::UndefinedError => unknown(line, source, context),
        _ => None,
    };
    let unknown = unknown.map_or(String::new(), |name| format!("; `{name}` is not known"));
    let line = line.trim();
    let shown: String = line.chars().take(LONGEST).collect();
    let rest = if shown.len() < line.len() { "..." } else { "" };
    format!(", in `{shown}{rest}`{unknown}")
}

/// The first name on the line that something is asked of, and that is not known: `customer.address` in `customer.address.city`.
fn unknown(line: &str, source: &str, context: &Value) -> Option<String> {
    let is_of_name = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.';
    let names = line.split(|letter: char| !is_of_name(letter));
    names
        .filter_map(|name| within(name, source, context))
        .next()
}

fn within(name: &str, source: &str, context: &Value) -> Option<String> {
    let mut parts = name.split('.');
    let root = parts.next().filter(|root| !root.is_empty())?;
    let mut value = context.get_attr(root).ok()?;
    // What the template itself gives a value is not among what it is given.
    let is_its_own = |word: &str| source.contains(&format!("{word} {root} "));
    if value.is_undefined() && (is_its_own("for") || is_its_own("set")) {
        return None;
    }
    let mut known = root.to_owned();
    for part in parts {
        if value.is_undefined() {
            return Some(known);
        }
        value = value.get_attr(part).ok()?;
        known = format!("{known}.{part}");
    }
    None
}

#[cfg(test)]
mod tests {
    use kurant_engine::calendar::Zone;
    use kurant_engine::template::environment;
    use minijinja::context;

    use super::*;

    #[test]
    fn what_is_not_known_is_named_where_it_is_asked_for_something() {
        let own = context! { customer => context! { id => "c1", name => () }, n => 3 };
        for (source, told) in [
            (
                "Dear\n  {{ customer.address.city }}\n",
                ", in `{{ customer.address.city }}`; `customer.address` is not known",
            ),
            (
                "{{ customer.name.first }} {{ customer.home.city.name }}",
                ", in `{{ customer.name.first }} {{ customer.home.city.name }}`; `customer.home` is not known",
            ),
            (
                "{{ gift.name }}",
                ", in `{{ gift.name }}`; `gift` is not known",
            ),
            (
                "{% for one in [1] %}{{ one.a.b }}{% endfor %}",
                ", in `{% for one in [1] %}{{ one.a.b }}{% endfor %}`",
            ),
            ("{{ customer.id | int }}", ", in `{{ customer.id | int }}`"),
        ] {
            let mut templates = environment(Zone::UTC);
            templates.add_template("own", source).unwrap();
            let rendered = templates.get_template("own").unwrap().render(&own);
            let error = rendered.unwrap_err();
            assert_eq!(line(&error, source, &own), told, "{source}");
        }
    }

    #[test]
    fn a_long_line_is_cut() {
        let source = format!("{}{{{{ a.b.c }}}}", "х".repeat(200));
        let mut templates = environment(Zone::UTC);
        templates.add_template("own", &source).unwrap();
        let rendered = templates.get_template("own").unwrap().render(context! {});
        let told = line(&rendered.unwrap_err(), &source, &context! {});
        assert_eq!(
            told,
            format!(", in `{}...`; `a` is not known", "х".repeat(120))
        );
    }
}
