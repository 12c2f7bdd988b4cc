//! Mistakes that people make in a script's grammar, with what to write instead.

use rhai::{LexError, ParseError, ParseErrorType};

use super::error::{Error, ErrorKind};
use super::limits::DISABLED;
use super::syntax::Form;

/// Words of other languages, and what they are here.
const OTHER_WORDS: [(&str, &str); 8] = [
    ("and", "write `&&`"),
    ("or", "write `||`"),
    ("not", "write `!` before it"),
    ("is", "write `==`"),
    ("null", "write `()`; or ask with `is_set(...)`"),
    ("nil", "write `()`; or ask with `is_set(...)`"),
    ("none", "write `()`; or ask with `is_set(...)`"),
    (
        "else",
        "write `if ... { ... } else { ... }` in a `run` step; in a condition combine with `&&` and `||`",
    ),
];

/// What is wrong with the grammar of a text, and what to write instead.
pub(super) fn explain(source: &str, form: Form, error: &ParseError) -> Error {
    let (line, column) = (error.1.line().unwrap_or(0), error.1.position().unwrap_or(0));
    if let Some((word, start, advice)) = word_before(source, line, column) {
        return Error::new(ErrorKind::Syntax, format!("`{word}` is not a word of Rhai"))
            .at(line, start)
            .help(advice);
    }
    let rest = rest_of_line(source, line, column);
    let before = line
        .checked_sub(1)
        .and_then(|index| source.lines().nth(index))
        .and_then(|text| text.chars().nth(column.checked_sub(2)?));
    if let Some((message, help)) = two_in_one(before, &rest) {
        return Error::new(ErrorKind::Syntax, message)
            .at(line, column - 1)
            .help(help);
    }
    let (message, help) = words(source, form, &error.0, &rest);
    let error = Error::new(ErrorKind::Syntax, message).at(line, column);
    match help {
        Some(help) => error.help(help),
        None => error,
    }
}

/// What Rhai has read as two things, the first of which is right: `1e3`, `<>`.
fn two_in_one(before: Option<char>, rest: &str) -> Option<(&'static str, &'static str)> {
    let mut letters = rest.chars();
    match (before?, letters.next()?) {
        (digit, letter) if digit.is_ascii_digit() && letter.is_alphabetic() => Some((
            "this is not a number",
            "write `1000` or `99.5`; in a condition numbers have no exponents, no spaces and no units",
        )),
        ('<', '>') => Some(("`<>` means nothing here", "write `!=`")),
        ('=', '<') => Some(("`=<` means nothing here", "write `<=`")),
        _ => None,
    }
}

/// The text from a position to the end of its line.
fn rest_of_line(source: &str, line: usize, column: usize) -> String {
    let text = line
        .checked_sub(1)
        .and_then(|index| source.lines().nth(index))
        .unwrap_or_default();
    text.chars().skip(column.saturating_sub(1)).collect()
}

/// `not x`: Rhai takes `not` for a name and stumbles over what follows.
fn word_before(
    source: &str,
    line: usize,
    column: usize,
) -> Option<(&'static str, usize, &'static str)> {
    let text: String = source
        .lines()
        .nth(line.checked_sub(1)?)?
        .chars()
        .take(column.checked_sub(1)?)
        .collect();
    let text = text.trim_end();
    let start = text
        .rfind(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .map_or(0, |index| index + 1);
    let (word, advice) = foreign_word(text.get(start..)?)?;
    Some((word, text.get(..start)?.chars().count() + 1, advice))
}

fn words(source: &str, form: Form, kind: &ParseErrorType, rest: &str) -> (String, Option<String>) {
    let help = |text: &str| Some(text.to_owned());
    match kind {
        ParseErrorType::UnexpectedEOF if source.trim().is_empty() => (
            "the script is empty".to_owned(),
            help("write an expression, like `customer.orders_count > 0`"),
        ),
        ParseErrorType::UnexpectedEOF => (
            "the script ends too early".to_owned(),
            help(&unbalanced(source)),
        ),
        ParseErrorType::BadInput(error) => bad_input(error, form, rest),
        ParseErrorType::Reserved(word) => reserved(word),
        ParseErrorType::PropertyExpected => match word_of(rest) {
            word if word.is_empty() => ("a field's name is missing after the dot".to_owned(), None),
            word => reserved(&word),
        },
        ParseErrorType::MissingToken(token, _) if matches!(token.as_str(), ")" | "]" | "}") => {
            (format!("a `{token}` is missing"), help(&unbalanced(source)))
        }
        ParseErrorType::ExprTooDeep => (
            "the expression is nested too deep".to_owned(),
            help("split it into functions in `rhai-lib`"),
        ),
        ParseErrorType::VariableUndefined(name) => (
            format!("nothing is called `{name}` here"),
            help(
                "a function sees its parameters only: hand over what it needs, like `money::is_big(event.total)`",
            ),
        ),
        ParseErrorType::MismatchedType(..) => (
            "`&&`, `||`, `!` and `if` take what is `true` or `false`".to_owned(),
            help("compare it with something: `... == 5`, `... > 0`, `is_set(...)`"),
        ),
        ParseErrorType::ModuleUndefined(name) => {
            (format!("there is no file `{name}` in `rhai-lib`"), None)
        }
        ParseErrorType::LiteralTooLarge(..) => {
            ("a text, a list or a map is too long".to_owned(), None)
        }
        ParseErrorType::AssignmentToInvalidLHS(_) | ParseErrorType::AssignmentToConstant(_) => (
            "`=` sets a value, and nothing can be set here".to_owned(),
            help("write `==` to compare"),
        ),
        other => {
            let text = other.to_string();
            match foreign_word(rest) {
                Some((word, advice)) => (format!("`{word}` is not a word of Rhai"), help(advice)),
                None if rest.starts_with('=') && !rest.starts_with("==") => assignment(),
                None => (lower(&text), expected(form, rest)),
            }
        }
    }
}

fn assignment() -> (String, Option<String>) {
    (
        "`=` sets a value, and a condition only asks".to_owned(),
        Some("write `==` to compare".to_owned()),
    )
}

fn bad_input(error: &LexError, form: Form, rest: &str) -> (String, Option<String>) {
    let help = |text: &str| Some(text.to_owned());
    match error {
        LexError::UnterminatedString => (
            "a text has no end".to_owned(),
            help("close it with the quote that it began with: `\"...\"`"),
        ),
        LexError::MalformedChar(_) => (
            "text stands in double quotes".to_owned(),
            help(
                "write `\"...\"`; in YAML put the whole condition into single quotes: '!has_tag(\"staff\")'",
            ),
        ),
        LexError::MalformedNumber(_) => (
            "this is not a number".to_owned(),
            help(
                "write `1000` or `99.5`; in a condition numbers have no exponents, no spaces and no units",
            ),
        ),
        LexError::StringTooLong(_) => ("a text is too long".to_owned(), None),
        LexError::MalformedEscapeSequence(_) => (
            "this `\\` sequence is not known".to_owned(),
            help("write `\\\\` for a backslash, `\\\"` for a quote, `\\n` for a new line"),
        ),
        LexError::UnexpectedInput(_)
        | LexError::ImproperSymbol(..)
        | LexError::MalformedIdentifier(_)
        | LexError::Runtime(_) => {
            if let Some((word, advice)) = foreign_word(rest) {
                return (format!("`{word}` is not a word of Rhai"), help(advice));
            }
            if rest.starts_with('=') && !rest.starts_with("==") {
                return assignment();
            }
            if let Some(symbol) = ["===", "!==", "<>", "=>", "=<", "?"]
                .into_iter()
                .find(|symbol| rest.starts_with(symbol))
            {
                return (
                    format!("`{symbol}` means nothing here"),
                    help(symbol_help(symbol)),
                );
            }
            if DISABLED.contains(&word_of(rest).as_str()) {
                return reserved(&word_of(rest));
            }
            let shown: String = rest
                .chars()
                .take_while(|letter| !letter.is_whitespace())
                .take(20)
                .collect();
            let message = if shown.is_empty() {
                "this cannot stand here".to_owned()
            } else {
                format!("`{shown}` cannot stand here")
            };
            (message, expected(form, rest))
        }
        _ => ("this cannot be read".to_owned(), None),
    }
}

fn symbol_help(symbol: &str) -> &'static str {
    match symbol {
        "===" => "write `==`",
        "!==" | "<>" => "write `!=`",
        "=>" => "write `>=`",
        "=<" => "write `<=`",
        _ => "write `x ?? y` for a value that may be missing",
    }
}

/// What can stand where something else was found.
fn expected(form: Form, rest: &str) -> Option<String> {
    let first = rest.chars().next()?;
    Some(match (first, form) {
        ('“' | '”' | '„' | '«' | '»' | '‘' | '’', _) => "text stands in straight double quotes: `\"...\"`".to_owned(),
        ('\'', _) => "text stands in double quotes: `\"...\"`".to_owned(),
        (letter, _) if letter.is_alphanumeric() || letter == '"' => {
            "between two conditions stands `&&` or `||`; between two values `==`, `<`, `+` and so on".to_owned()
        }
        (';' | '{', Form::Expression) => "a condition is one expression; whole scripts stand in a `run` step".to_owned(),
        (')' | ']' | '}', _) => "a bracket is closed that was not opened".to_owned(),
        _ => return None,
    })
}

fn word_of(rest: &str) -> String {
    rest.chars()
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect()
}

fn foreign_word(rest: &str) -> Option<(&'static str, &'static str)> {
    let word = word_of(rest);
    let found = OTHER_WORDS
        .iter()
        .find(|(own, _)| own.eq_ignore_ascii_case(&word))?;
    Some(*found)
}

fn reserved(word: &str) -> (String, Option<String>) {
    if let Some((own, advice)) = OTHER_WORDS.iter().find(|(own, _)| *own == word) {
        return (
            format!("`{own}` is not a word of Rhai"),
            Some((*advice).to_owned()),
        );
    }
    if DISABLED.contains(&word) {
        return (format!("`{word}` cannot be used in a script"), None);
    }
    if word.starts_with(char::is_alphabetic) {
        return (
            format!("`{word}` is a word that Rhai reserves"),
            Some(format!("read a field of that name as `event[\"{word}\"]`")),
        );
    }
    let symbols = ["===", "!==", "?"];
    let help = symbols
        .into_iter()
        .find(|symbol| *symbol == word)
        .map(|symbol| symbol_help(symbol).to_owned());
    (format!("`{word}` means nothing here"), help)
}

/// Which bracket is open at the end, as far as a glance tells.
fn unbalanced(source: &str) -> String {
    let count = |letter: char| source.chars().filter(|own| *own == letter).count();
    for (open, close) in [('(', ')'), ('[', ']'), ('{', '}')] {
        if count(open) > count(close) {
            return format!("a `{open}` is not closed: write `{close}`");
        }
    }
    "something must follow at the end".to_owned()
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}
