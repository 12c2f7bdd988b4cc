//! A value as its reader wants it: text, bool, integer, decimal, one of some words.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use rust_decimal::Decimal;

use super::node::{Entry, Kind, Node, Scalar, Style};
use crate::diagnostic::Problem;
use crate::suggest::{either, nearest};

/// What a value is when nobody wants a certain kind, as in the maps that hold an author's own names.
#[derive(Debug, Clone, PartialEq)]
pub enum Plain<'a> {
    /// `true` or `false`, unquoted.
    Bool(bool),
    /// A whole number, unquoted.
    Integer(i64),
    /// A number with a fraction or an exponent, or too large for an integer.
    Decimal(Decimal),
    /// All else.
    Text(&'a str),
}

impl Scalar {
    /// `true` or `false` without quotes; no other word is a bool.
    pub fn as_bool(&self) -> Option<bool> {
        match (self.style, self.text.as_str()) {
            (Style::Plain, "true") => Some(true),
            (Style::Plain, "false") => Some(false),
            _ => None,
        }
    }

    /// A whole number without quotes, with or without a sign; `None` also beyond 64 bits.
    pub fn as_integer(&self) -> Option<i64> {
        let digits = self.text.strip_prefix(['+', '-']).unwrap_or(&self.text);
        let whole = self.style == Style::Plain
            && !digits.is_empty()
            && digits.bytes().all(|b| b.is_ascii_digit());
        whole.then(|| self.text.parse().ok()).flatten()
    }

    /// A number without quotes, exactly as written: never a binary float.
    pub fn as_decimal(&self) -> Option<Decimal> {
        (self.style == Style::Plain && is_number(&self.text))
            .then(|| decimal(&self.text))
            .flatten()
    }

    /// The kind that the value has by itself. A plain value is a number only if JSON would read it as one: `007`, `+380501112233`
    /// and `10:00` are text, since they are phone numbers, codes and times.
    pub fn plain(&self) -> Plain<'_> {
        if let Some(value) = self.as_bool() {
            return Plain::Bool(value);
        }
        if self.style == Style::Plain && is_json_number(&self.text) {
            if let Some(value) = self.as_integer() {
                return Plain::Integer(value);
            }
            if let Some(value) = decimal(&self.text) {
                return Plain::Decimal(value);
            }
        }
        Plain::Text(&self.text)
    }
}

impl Node {
    /// What it is, as a message says it: "a list", "the number 5", "nothing".
    pub fn what(&self) -> String {
        match &self.kind {
            Kind::Null => "nothing".to_owned(),
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) => "a mapping".to_owned(),
            Kind::Broken => "something unreadable".to_owned(),
            Kind::Scalar(scalar) => match scalar.plain() {
                Plain::Bool(value) => format!("`{value}`"),
                Plain::Integer(_) | Plain::Decimal(_) => format!("the number {}", scalar.text),
                Plain::Text(text) => format!("the text {}", shown(text)),
            },
        }
    }

    /// The single value, or why there is none.
    fn scalar(&self, wanted: &str) -> Result<&Scalar, Problem> {
        match &self.kind {
            Kind::Scalar(scalar) => Ok(scalar),
            Kind::Broken => Err(Problem::told()),
            Kind::Null => Err(self.nothing(wanted)),
            Kind::List(_) => Err(Problem::wrong_type(format!("expected {wanted}, found a list"))
                .help("YAML reads `[` and `-` as a list; if this is text, put it in single quotes")),
            Kind::Map(_) => Err(Problem::wrong_type(format!("expected {wanted}, found a mapping"))
                .help("YAML reads `{` and `key:` as a mapping; if this is text, put it in single quotes")),
        }
    }

    fn nothing(&self, wanted: &str) -> Problem {
        let problem = Problem::new("missing-value", format!("expected {wanted}, found nothing"));
        if self.comment.is_some() {
            return problem.help("what stands after the `#` is a comment; if it is the value, put it in single quotes");
        }
        problem.help("write the value after the colon")
    }

    /// The text, whatever it looks like: `007`, `no`, `10:00` and `true` are text where text is wanted.
    ///
    /// # Errors
    /// When it is nothing, a list or a mapping.
    pub fn text(&self) -> Result<&str, Problem> {
        self.scalar("text").map(|scalar| scalar.text.as_str())
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// For anything else, with what to write instead for `yes`, `on`, `True` and the like.
    pub fn boolean(&self) -> Result<bool, Problem> {
        let scalar = self.scalar("`true` or `false`")?;
        if let Some(value) = scalar.as_bool() {
            return Ok(value);
        }
        let problem =
            Problem::wrong_type(format!("expected `true` or `false`, found {}", self.what()));
        Err(match scalar.text.to_ascii_lowercase().as_str() {
            "yes" | "y" | "on" | "true" | "1" => problem.help("write `true`"),
            "no" | "n" | "off" | "false" | "0" => problem.help("write `false`"),
            _ => problem.help("write `true` or `false`, without quotes"),
        })
    }

    /// A whole number within the range.
    ///
    /// # Errors
    /// For anything else, with the range.
    pub fn integer(&self, range: RangeInclusive<i64>) -> Result<i64, Problem> {
        let (low, high) = (*range.start(), *range.end());
        let wanted = match (low, high) {
            (i64::MIN, i64::MAX) => "a whole number".to_owned(),
            (low, i64::MAX) => format!("a whole number of {low} or more"),
            (low, high) => format!("a whole number from {low} to {high}"),
        };
        let scalar = self.scalar(&wanted)?;
        match scalar.as_integer() {
            Some(value) if range.contains(&value) => Ok(value),
            Some(_) => Err(
                Problem::bad_value(format!("{} is not {wanted}", scalar.text))
                    .help(format!("write {wanted}")),
            ),
            None => Err(self.not_a_number(scalar, &wanted)),
        }
    }

    /// A number, exactly as written.
    ///
    /// # Errors
    /// For anything else.
    pub fn decimal(&self) -> Result<Decimal, Problem> {
        let scalar = self.scalar("a number")?;
        scalar
            .as_decimal()
            .ok_or_else(|| self.not_a_number(scalar, "a number"))
    }

    fn not_a_number(&self, scalar: &Scalar, wanted: &str) -> Problem {
        let problem = Problem::wrong_type(format!("expected {wanted}, found {}", self.what()));
        let bare: String = scalar
            .text
            .chars()
            .filter(|c| !matches!(c, '_' | ' ' | ',' | '\u{a0}'))
            .collect();
        if scalar.style != Style::Plain && is_number(&scalar.text) {
            problem.help(format!("take the quotes away: {}", scalar.text))
        } else if let Some((whole, part)) = decimal_comma(&scalar.text) {
            match wanted.starts_with("a whole") {
                true => problem.help(format!("write {wanted}, without a fraction")),
                false => problem.help(format!("a decimal point is written `.`: {whole}.{part}")),
            }
        } else if is_number(&bare) && bare != scalar.text {
            problem.help(format!("write digits only: {bare}"))
        } else {
            problem.help(format!("write {wanted}"))
        }
    }

    /// One of some words, each with what it stands for.
    ///
    /// # Errors
    /// For any other word, with the nearest of them.
    pub fn choice<T: Clone>(&self, words: &[(&str, T)]) -> Result<T, Problem> {
        let all = either(words.iter().map(|(word, _)| *word));
        let scalar = self.scalar(&all)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == scalar.text) {
            return Ok(value.clone());
        }
        let problem = Problem::new(
            "unknown-word",
            format!("expected {all}, found {}", self.what()),
        );
        Err(
            match nearest(&scalar.text, words.iter().map(|(word, _)| *word)) {
                Some(word) => problem.help(format!("did you mean `{word}`?")),
                None => problem.help(format!("write {all}")),
            },
        )
    }

    /// A value by the type's own `FromStr`, with the error it gives.
    ///
    /// # Errors
    /// When it is no text, or the type refuses it.
    pub fn parsed<T: FromStr<Err: Display>>(&self, wanted: &str) -> Result<T, Problem> {
        let text = &self.scalar(wanted)?.text;
        text.parse()
            .map_err(|error| Problem::bad_value(format!("expected {wanted}: {error}")))
    }

    /// The items of a list.
    ///
    /// # Errors
    /// When it is no list.
    pub fn list(&self, wanted: &str) -> Result<&[Node], Problem> {
        match &self.kind {
            Kind::List(items) => Ok(items),
            Kind::Broken => Err(Problem::told()),
            Kind::Null => Err(self.nothing(wanted)),
            _ => Err(
                Problem::wrong_type(format!("expected {wanted}, found {}", self.what()))
                    .help("begin each item on its own line with `- `, or write `[first, second]`"),
            ),
        }
    }

    /// The entries of a mapping whose names are the author's own.
    ///
    /// # Errors
    /// When it is no mapping.
    pub fn map(&self, wanted: &str) -> Result<&[Entry], Problem> {
        match &self.kind {
            Kind::Map(entries) => Ok(entries),
            Kind::Broken => Err(Problem::told()),
            Kind::Null => Err(self.nothing(wanted)),
            Kind::Scalar(scalar) => Err(not_a_map(scalar, wanted, &self.what())),
            Kind::List(_) => Err(
                Problem::wrong_type(format!("expected {wanted}, found a list"))
                    .help("write `key: value` lines without the `- ` before them"),
            ),
        }
    }
}

fn not_a_map(scalar: &Scalar, wanted: &str, what: &str) -> Problem {
    let problem = Problem::wrong_type(format!("expected {wanted}, found {what}"));
    match scalar.text.split_once(':') {
        Some((key, value))
            if scalar.style == Style::Plain && is_word(key) && !value.starts_with([' ', '/']) =>
        {
            Problem::new(
                "missing-space",
                format!("a space is missing after `{key}:`"),
            )
            .help(format!("write `{key}: {}`", value.trim()))
        }
        _ => problem.help("write `key: value` lines, or `{ key: value }`"),
    }
}

/// Whether it looks like the key of a setting.
/// A number with a comma for its decimal point; three digits behind it may be thousands.
pub(super) fn decimal_comma(text: &str) -> Option<(&str, &str)> {
    let (whole, part) = text.split_once(',')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    (digits(unsigned) && digits(part) && part.len() != 3).then_some((whole, part))
}

pub(super) fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().count() <= LONGEST && !text.contains('\n') {
        return format!("`{text}`");
    }
    let start: String = text
        .chars()
        .take_while(|c| *c != '\n')
        .take(LONGEST)
        .collect();
    format!("`{start}...`")
}

fn decimal(text: &str) -> Option<Decimal> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if text.contains(['e', 'E']) {
        return Decimal::from_scientific(text).ok();
    }
    Decimal::from_str_exact(text).ok()
}

/// Digits with an optional sign, fraction and exponent.
fn is_number(text: &str) -> bool {
    is_json_number_body(text.strip_prefix(['+', '-']).unwrap_or(text), false)
}

fn is_json_number(text: &str) -> bool {
    is_json_number_body(text.strip_prefix('-').unwrap_or(text), true)
}

fn is_json_number_body(text: &str, strict: bool) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && !(strict && whole.len() > 1 && whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent
            .is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn node(text: &str, style: Style) -> Node {
        Node::new(
            Span::default(),
            Kind::Scalar(Scalar {
                text: text.to_owned(),
                style,
            }),
        )
    }

    fn plain(text: &str) -> Node {
        node(text, Style::Plain)
    }

    #[test]
    fn where_text_is_wanted_a_plain_value_is_the_text_as_written() {
        for text in [
            "+380501112233",
            "007",
            "no",
            "on",
            "10:00",
            "1.10",
            "true",
            "1e3",
        ] {
            assert_eq!(plain(text).text(), Ok(text));
        }
    }

    #[test]
    fn a_value_nobody_types_is_a_number_only_if_json_says_so() {
        let kind = |text: &str| match plain(text).as_scalar().expect("scalar").plain() {
            Plain::Bool(_) => "bool",
            Plain::Integer(_) => "integer",
            Plain::Decimal(_) => "decimal",
            Plain::Text(_) => "text",
        };
        for (text, wanted) in [
            ("10", "integer"),
            ("-3", "integer"),
            ("1.10", "decimal"),
            ("1e3", "decimal"),
            ("99999999999999999999", "decimal"),
            ("true", "bool"),
            ("True", "text"),
            ("no", "text"),
            ("007", "text"),
            ("+380501112233", "text"),
            ("10:00", "text"),
            (".5", "text"),
            ("5.", "text"),
            ("1_000", "text"),
            (".inf", "text"),
        ] {
            assert_eq!(kind(text), wanted, "{text}");
        }
        assert_eq!(
            node("10", Style::Single)
                .as_scalar()
                .expect("scalar")
                .plain(),
            Plain::Text("10")
        );
    }

    #[test]
    fn a_decimal_keeps_what_was_written() {
        assert_eq!(
            plain("1.10").decimal().map(|value| value.to_string()),
            Ok("1.10".to_owned())
        );
        assert_eq!(plain("0.1").decimal(), Ok(Decimal::new(1, 1)));
        assert!(node("1.10", Style::Double).decimal().is_err());
    }

    #[test]
    fn a_wrong_value_says_what_to_write() {
        let help = |problem: Problem| format!("{problem:?}");
        assert!(help(plain("yes").boolean().expect_err("no bool")).contains("write `true`"));
        assert!(
            help(plain("900").integer(0..=100).expect_err("too large")).contains("from 0 to 100")
        );
        assert!(
            help(node("5", Style::Double).integer(0..=100).expect_err("text"))
                .contains("take the quotes away")
        );
        assert!(
            help(plain("1 000").integer(0..=10_000).expect_err("text"))
                .contains("digits only: 1000")
        );
        let words = [("skip", 1), ("defer", 2)];
        assert_eq!(plain("defer").choice(&words), Ok(2));
        assert!(
            help(plain("skipp").choice(&words).expect_err("typo")).contains("did you mean `skip`")
        );
        assert!(
            help(plain("send:email").map("a step").expect_err("text"))
                .contains("write `send: email`")
        );
    }
}
