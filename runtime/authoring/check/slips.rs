//! Slips of the pen in a condition that have one right reading: letters of another alphabet, signs, numbers and words of other
//! languages. Each says what to write, and what the condition is with it put right.

use crate::diagnostic::Problem;

/// Letters that look like Latin ones and are of another alphabet.
const LOOK_ALIKE: [(char, char); 23] = [
    ('а', 'a'),
    ('е', 'e'),
    ('о', 'o'),
    ('р', 'p'),
    ('с', 'c'),
    ('х', 'x'),
    ('у', 'y'),
    ('і', 'i'),
    ('ј', 'j'),
    ('ѕ', 's'),
    ('А', 'A'),
    ('В', 'B'),
    ('Е', 'E'),
    ('К', 'K'),
    ('М', 'M'),
    ('Н', 'H'),
    ('О', 'O'),
    ('Р', 'P'),
    ('С', 'C'),
    ('Т', 'T'),
    ('Х', 'X'),
    ('І', 'I'),
    ('ο', 'o'),
];
/// Units of time after a number, and the function that says so, with how many of its units one is.
const UNITS: [(&str, &str, u64); 18] = [
    ("m", "minutes", 1),
    ("min", "minutes", 1),
    ("minute", "minutes", 1),
    ("minutes", "minutes", 1),
    ("h", "hours", 1),
    ("hour", "hours", 1),
    ("hours", "hours", 1),
    ("d", "days", 1),
    ("day", "days", 1),
    ("days", "days", 1),
    ("w", "days", 7),
    ("week", "days", 7),
    ("weeks", "days", 7),
    ("mo", "months", 1),
    ("month", "months", 1),
    ("months", "months", 1),
    ("y", "months", 12),
    ("years", "months", 12),
];
/// What stands for nothing in other languages.
const NOTHING: [&str; 6] = ["null", "nil", "none", "empty", "undefined", "set"];

/// A slip.
pub(super) struct Slip {
    /// Where it begins.
    pub(super) start: usize,
    pub(super) problem: Problem,
    /// The text with it put right; none where nobody can say.
    pub(super) mended: Option<String>,
}

/// The slip that keeps a text from being Rhai, the fault being noticed at `at`.
pub(super) fn find(source: &str, at: usize) -> Option<Slip> {
    foreign_letters(source)
        .or_else(|| curly_quotes(source, at))
        .or_else(|| is_null(source, at))
        .or_else(|| word_between(source, at))
        .or_else(|| less_greater(source, at))
        .or_else(|| colon_at_the_end(source, at))
        .or_else(|| number(source, at))
}

/// `1990-12-31`, outside of quotes: Rhai reckons 1990 minus 12 minus 31, and nobody means that.
pub(super) fn bare_date(source: &str) -> Option<Slip> {
    let mut quoted = false;
    for (at, letter) in source.char_indices() {
        quoted ^= letter == '"';
        let begins = !quoted && letter.is_ascii_digit();
        let alone =
            !source[..at].ends_with(|before: char| is_part(before) || matches!(before, '.' | '-'));
        if !begins || !alone {
            continue;
        }
        let rest = &source[at..];
        let end = rest
            .find(|sign: char| !sign.is_ascii_digit() && sign != '-')
            .unwrap_or(rest.len());
        let written = &rest[..end];
        let parts: Vec<&str> = written.split('-').collect();
        let [year, month, day] = parts.as_slice() else {
            continue;
        };
        let goes_on = rest[end..].starts_with(|next: char| is_part(next) || next == '.');
        let fits = |part: &str, most: u32| {
            part.len() <= 2 && part.parse().is_ok_and(|own: u32| (1..=most).contains(&own))
        };
        if year.len() != 4 || goes_on || !fits(month, 12) || !fits(day, 31) {
            continue;
        }
        let right = format!("date(\"{year}-{month:0>2}-{day:0>2}\")");
        let message = format!("`{written}` is reckoned: {year} minus {month} minus {day}");
        return Some(Slip {
            start: at,
            problem: Problem::new("bare-date", message).help(format!("write `{right}`")),
            mended: replaced(source, at, at + end, &right),
        });
    }
    None
}

/// A text of the same alphabet as the others; none if it is already, or has letters that no Latin one looks like.
pub(crate) fn latin(word: &str) -> Option<String> {
    if word.is_ascii() {
        return None;
    }
    let one = |letter: char| {
        let alike = LOOK_ALIKE.iter().find(|(own, _)| *own == letter);
        let alike = alike.map(|(_, latin)| *latin);
        alike.or_else(|| letter.is_ascii().then_some(letter))
    };
    word.chars().map(one).collect()
}

/// What is wrong with a word that has letters of another alphabet.
pub(crate) fn other_alphabet(word: &str, latin: &str) -> Problem {
    let letter = word
        .chars()
        .find(|letter| !letter.is_ascii())
        .unwrap_or(' ');
    let message = format!(
        "the `{letter}` in `{word}` is of another alphabet and only looks like a Latin letter"
    );
    Problem::new("other-alphabet", message).help(format!("write `{latin}`, in Latin letters"))
}

fn is_part(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn replaced(source: &str, start: usize, end: usize, with: &str) -> Option<String> {
    Some(format!(
        "{}{with}{}",
        source.get(..start)?,
        source.get(end..)?
    ))
}

fn foreign_letters(source: &str) -> Option<Slip> {
    let (mut quoted, mut start) = (false, None);
    for (at, letter) in source.char_indices().chain([(source.len(), ' ')]) {
        quoted ^= letter == '"';
        if is_part(letter) && !quoted {
            start.get_or_insert(at);
            continue;
        }
        let Some(begin) = start.take() else { continue };
        let word = &source[begin..at];
        if let Some(latin) = latin(word) {
            return Some(Slip {
                start: begin,
                problem: other_alphabet(word, &latin),
                mended: replaced(source, begin, at, &latin),
            });
        }
    }
    None
}

fn curly_quotes(source: &str, at: usize) -> Option<Slip> {
    const OPENING: [char; 6] = ['“', '”', '„', '«', '‘', '’'];
    const CLOSING: [char; 5] = ['”', '“', '»', '’', '‘'];
    let rest = source.get(at..)?;
    let open = rest
        .chars()
        .next()
        .filter(|letter| OPENING.contains(letter))?;
    let inside = &rest[open.len_utf8()..];
    let end = inside.find(CLOSING)?;
    let (text, close) = (&inside[..end], inside[end..].chars().next()?);
    let right = format!("\"{text}\"");
    let length = open.len_utf8() + end + close.len_utf8();
    Some(Slip {
        start: at,
        problem: Problem::new("single-quotes", "text stands in straight double quotes")
            .help(format!("write `{right}`")),
        mended: replaced(source, at, at + length, &right).filter(|_| !text.contains('"')),
    })
}

/// `x is not null`, `x is null`.
fn is_null(source: &str, at: usize) -> Option<Slip> {
    let rest = source.get(at..)?;
    let mut words = rest.split_whitespace();
    if !words.next()?.eq_ignore_ascii_case("is") {
        return None;
    }
    let second = words.next()?.to_ascii_lowercase();
    let (not, last) = match second.as_str() {
        "not" => (true, words.next()?.to_ascii_lowercase()),
        _ => (false, second.clone()),
    };
    let last = last.trim_end_matches(|letter: char| !letter.is_alphanumeric());
    if !NOTHING.contains(&last) {
        return None;
    }
    let value = value_before(source, at);
    let is_there = not != (last == "set");
    let right = if is_there {
        format!("is_set({value})")
    } else {
        format!("!is_set({value})")
    };
    let length = rest.to_ascii_lowercase().find(last)? + last.len();
    let sign = if is_there { "!= ()" } else { "== ()" };
    Some(Slip {
        start: at,
        problem: Problem::new("and-or-not", "`is` is no word of a condition")
            .help(format!("write `{right}`")),
        mended: replaced(source, at, at + length, &format!("{sign:<length$}")),
    })
}

/// The name that ends before a place: `customer.tags`.
fn value_before(source: &str, at: usize) -> &str {
    let before = source.get(..at).unwrap_or("").trim_end();
    let begin = before
        .char_indices()
        .rfind(|(_, letter)| !(is_part(*letter) || *letter == '.'));
    &before[begin.map_or(0, |(begin, letter)| begin + letter.len_utf8())..]
}

/// `customer.tags contains "vip"`, `customer.age between 18 and 30`, `customer.city like 'Ky%'`.
fn word_between(source: &str, at: usize) -> Option<Slip> {
    let rest = source.get(at..)?;
    let word = rest.split(|letter: char| !is_part(letter)).next()?;
    let value = value_before(source, at);
    let mut quoted = rest[word.len()..].trim_start().split(['"', '\'']);
    let text = match (quoted.next(), quoted.next()) {
        (Some(""), Some(text)) => text.trim_matches('%'),
        _ => "...",
    };
    let right = match word.to_ascii_lowercase().as_str() {
        "contains" | "has" | "includes" if value == "customer.tags" => {
            format!("has_tag(\"{text}\")")
        }
        "contains" | "includes" | "like" => format!("{value}.contains(\"{text}\")"),
        "startswith" | "starts_with" => format!("{value}.starts_with(\"{text}\")"),
        "between" => format!("{value} >= 18 && {value} <= 30"),
        _ => return None,
    };
    let message = format!("`{word}` stands between no two values");
    let problem = Problem::new("syntax", message).help(format!("write `{right}`"));
    (!value.is_empty()).then_some(Slip {
        start: at,
        problem,
        mended: None,
    })
}

/// `<>`: the `<` alone makes sense, so the fault is noticed one sign later.
fn less_greater(source: &str, at: usize) -> Option<Slip> {
    let start = match source.get(at..)?.starts_with("<>") {
        true => at,
        false => at.checked_sub(1).filter(|start| {
            source
                .get(*start..)
                .is_some_and(|rest| rest.starts_with("<>"))
        })?,
    };
    Some(Slip {
        start,
        problem: Problem::new("syntax", "there is no sign `<>`").help("write `!=`"),
        mended: replaced(source, start, start + 2, "!="),
    })
}

fn colon_at_the_end(source: &str, at: usize) -> Option<Slip> {
    let condition = source.trim_end().strip_suffix(':')?;
    if at != condition.len() {
        return None;
    }
    Some(Slip {
        start: at,
        problem: Problem::new("syntax", "no colon stands at the end of a condition")
            .help(format!("take the colon away: `{}`", condition.trim_end())),
        mended: replaced(source, at, at + 1, " "),
    })
}

/// `1,5`, `1 000` and `5d`: a number that goes on in a way of its own.
fn number(source: &str, at: usize) -> Option<Slip> {
    let before = source.get(..at)?;
    let digits = |text: &str| -> usize { text.bytes().take_while(u8::is_ascii_digit).count() };
    let trimmed = before.trim_end();
    let begin = trimmed
        .rfind(|letter: char| !letter.is_ascii_digit())
        .map_or(0, |own| {
            own + trimmed[own..].chars().next().map_or(1, char::len_utf8)
        });
    let first = &trimmed[begin..];
    let stands_alone = !trimmed[..begin].ends_with(|letter: char| is_part(letter) || letter == '.');
    if first.is_empty() || !stands_alone {
        return None;
    }
    let rest = &source[at..];
    let slip = |message: &str, right: String, end: usize| Slip {
        start: begin,
        problem: Problem::new("syntax", message).help(format!("write `{right}`")),
        mended: replaced(source, begin, end, &right),
    };
    if let Some(fraction) = rest.strip_prefix(',') {
        let count = digits(fraction);
        let right = format!("{first}.{}", &fraction[..count]);
        return (count > 0).then(|| slip("a decimal point is written `.`", right, at + 1 + count));
    }
    let (count, apart) = (digits(rest), before.len() > trimmed.len());
    if apart && count == 3 {
        let mut right = first.to_owned();
        let mut end = at;
        while digits(source.get(end..)?) == 3 {
            right.push_str(&source[end..end + 3]);
            let more = source[end + 3..].strip_prefix([' ', '\u{a0}']);
            end += 3;
            match more {
                Some(more) if digits(more) == 3 => end = source.len() - more.len(),
                _ => break,
            }
        }
        return Some(slip("a number has no spaces inside", right, end));
    }
    let word: String = rest.chars().take_while(|letter| is_part(*letter)).collect();
    let (_, function, times) = UNITS.iter().find(|(unit, _, _)| *unit == word)?;
    let count = first.parse::<u64>().ok()?.checked_mul(*times)?;
    let right = format!("{function}({count})");
    Some(slip(
        "a length of time is given by a function",
        right,
        at + word.len(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slip_is_put_right() {
        for (wrong, at, right) in [
            ("сustomer.age > 1", 0, "customer.age > 1"),
            (
                "customer.birthday is not null",
                18,
                "customer.birthday != ()      ",
            ),
            (
                "customer.birthday is null && true",
                18,
                "customer.birthday == ()   && true",
            ),
            ("x == “Kyiv”", 5, "x == \"Kyiv\""),
            ("x <> 0", 3, "x != 0"),
            ("x > 0:", 5, "x > 0 "),
            ("x > 1,5", 5, "x > 1.5"),
            ("x > 1 000", 6, "x > 1000"),
            ("x > 1 000 000 && y", 6, "x > 1000000 && y"),
            ("trigger.date + 5d", 16, "trigger.date + days(5)"),
            ("trigger.date + 2 weeks", 17, "trigger.date + days(14)"),
        ] {
            let found = find(wrong, at).and_then(|slip| slip.mended);
            assert_eq!(found.as_deref(), Some(right), "{wrong}");
        }
    }

    #[test]
    fn a_date_without_its_function_is_no_reckoning() {
        for (wrong, right) in [
            ("x > 1990-12-31", "x > date(\"1990-12-31\")"),
            ("(2026-1-5 < x)", "(date(\"2026-01-05\") < x)"),
        ] {
            let found = bare_date(wrong).and_then(|slip| slip.mended);
            assert_eq!(found.as_deref(), Some(right), "{wrong}");
        }
        for text in [
            "x == \"1990-12-31\"",
            "x > 1990 - 12 - 31",
            "x - 2026-12",
            "a1990-12-31",
            "1990-13-31",
            "1990-12-31.5",
            "1990-12-31-5",
        ] {
            assert!(bare_date(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_is_no_slip_is_left_alone() {
        for (text, at) in [
            ("customer.city == \"Київ\"", 3),
            ("привіт > 1", 0),
            ("x is 5", 2),
            ("a2 b", 3),
            ("", 0),
            ("5 zzz", 2),
        ] {
            assert!(find(text, at).is_none(), "{text}");
        }
    }
}
