//! # `syntax`, and the slips that have a name: `equals-sign`, `single-quotes`, `and-or-not`, `reserved-word`
//!
//! **What it does.** Reports a condition, a computed value or a script that is not Rhai, at the very character where the text stops
//! making sense, with what to write instead.
//!
//! **Why it matters.** Habits of other languages do not carry over: `=` sets, `==` compares; text stands in double quotes; "and" is
//! `&&`; a field named by a reserved word, like `until`, is read in brackets.
//!
//! **Example.** `audience: customer.city = 'Kyiv' and customer.orders_count > 3`
//!
//! **Write instead.** `audience: customer.city == "Kyiv" && customer.orders_count > 3`

use rhai::{LexError, ParseError, ParseErrorType, Position};

use crate::diagnostic::Problem;

/// Words of other languages, and ours.
const WORDS: [(&str, &str); 4] = [("and", "&&"), ("or", "||"), ("not", "!"), ("is", "==")];

/// Signs of other languages, and ours.
const SIGNS: [(&str, &str); 8] = [
    ("===", "=="),
    ("!==", "!="),
    ("<>", "!="),
    ("=>", ">="),
    ("=<", "<="),
    (":=", "=="),
    ("≠", "!="),
    ("≥", ">="),
];

/// What keeps a text from being Rhai: where, and what to write instead.
pub(super) fn problem(error: &ParseError, source: &str) -> (Position, Problem) {
    let position = error.1;
    let before = before(source, position);
    let after = source.get(before.len()..).unwrap_or("");
    let problem = word_of_others(before, after)
        .or_else(|| sign(after))
        .or_else(|| quotes(error, after))
        .or_else(|| reserved(error, before, after))
        .or_else(|| unknown(error));
    (position, problem.unwrap_or_else(|| other(error, after)))
}

/// The script with the slip at an error put right, every other character at its old place; none for what cannot be guessed.
pub(super) fn mended(error: &ParseError, source: &str) -> Option<String> {
    /// Each as long as what it stands for. A comparison of another kind is as good, to see what is compared.
    const SLIPS: [(&str, &str); 6] = [
        ("===", "== "),
        ("!==", "!= "),
        ("<>", "!="),
        ("=>", ">="),
        ("=<", "<="),
        ("=", "<"),
    ];
    let at = before(source, error.1).len();
    let after = source.get(at..)?;
    let replaced = |at: usize, length: usize, with: &str| {
        Some(format!(
            "{}{with}{}",
            source.get(..at)?,
            source.get(at + length..)?
        ))
    };
    match word(after).to_ascii_lowercase().as_str() {
        "and" => return replaced(at, 3, "&& "),
        "or" => return replaced(at, 2, "||"),
        "is" => return replaced(at, 2, "=="),
        _ => {}
    }
    let earlier = source.get(..at)?.trim_end();
    if last_word(earlier).eq_ignore_ascii_case("not") {
        return replaced(earlier.len() - 3, 3, "!  ");
    }
    if let Some(rest) = after.strip_prefix('\'') {
        let inner = rest
            .split('\'')
            .next()
            .filter(|inner| !inner.contains('"') && inner.len() < rest.len())?;
        return replaced(at, inner.len() + 2, &format!("\"{inner}\""));
    }
    let (theirs, ours) = SLIPS.iter().find(|(theirs, _)| after.starts_with(theirs))?;
    replaced(at, theirs.len(), ours)
}

/// A single character, or a text, in single quotes.
pub(super) fn single_quotes(text: &str) -> Problem {
    Problem::new("single-quotes", "text stands in double quotes")
        .help(format!("write `\"{text}\"`"))
}

/// The position of a byte.
pub(super) fn position(source: &str, at: usize) -> Position {
    let before = source.get(..at).unwrap_or(source);
    let line = before.matches('\n').count() + 1;
    let column = before
        .chars()
        .rev()
        .take_while(|letter| *letter != '\n')
        .count()
        + 1;
    match (u16::try_from(line), u16::try_from(column)) {
        (Ok(line), Ok(column)) => Position::new(line, column),
        _ => Position::NONE,
    }
}

/// The text before a position.
pub(super) fn before(source: &str, position: Position) -> &str {
    let (Some(line), column) = (position.line(), position.position().unwrap_or(1)) else {
        return source;
    };
    let start: usize = source
        .split_inclusive('\n')
        .take(line - 1)
        .map(str::len)
        .sum();
    let rest = source.get(start..).unwrap_or("");
    let at = rest
        .char_indices()
        .nth(column.saturating_sub(1))
        .map_or(rest.len(), |(at, _)| at);
    source.get(..start + at).unwrap_or(source)
}

fn word(text: &str) -> &str {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .next()
        .unwrap_or("")
}

fn last_word(text: &str) -> &str {
    text.trim_end()
        .rsplit(|c: char| !(c.is_alphanumeric() || c == '_'))
        .next()
        .unwrap_or("")
}

fn word_of_others(before: &str, after: &str) -> Option<Problem> {
    let here = word(after).to_ascii_lowercase();
    // `not x` stops making sense only after the `not`.
    let earlier = last_word(before).to_ascii_lowercase();
    let find = |word: &str| WORDS.iter().find(|(other, _)| *other == word);
    let (theirs, ours) =
        find(&here).or_else(|| find(&earlier).filter(|(other, _)| *other == "not"))?;
    let help = match *theirs {
        "not" => "write `!` before what must not hold: `!has_tag(\"staff\")`".to_owned(),
        _ => format!("write `{ours}`"),
    };
    Some(
        Problem::new(
            "and-or-not",
            format!("`{theirs}` is no word of a condition"),
        )
        .help(help),
    )
}

fn sign(after: &str) -> Option<Problem> {
    if let Some((theirs, ours)) = SIGNS.iter().find(|(theirs, _)| after.starts_with(theirs)) {
        return Some(
            Problem::new("syntax", format!("there is no sign `{theirs}`"))
                .help(format!("write `{ours}`")),
        );
    }
    if after.starts_with('=') && !after.starts_with("==") {
        return Some(Problem::new("equals-sign", "`=` does not compare").help("write `==`"));
    }
    match after.chars().next()? {
        '“' | '”' | '„' | '«' | '»' | '‘' | '’' => Some(
            Problem::new("single-quotes", "text stands in straight double quotes")
                .help("write `\"...\"`"),
        ),
        '?' => Some(
            Problem::new("syntax", "there is no `? :` here")
                .help("write `if CONDITION { A } else { B }`"),
        ),
        ';' => Some(
            Problem::new("syntax", "an expression has no `;`")
                .help("take it away; several statements stand in a `run` step"),
        ),
        '%' => Some(
            Problem::new(
                "syntax",
                "`%` takes the remainder of a division; it is no percent sign",
            )
            .help("write the share as a number: `0.1`"),
        ),
        _ => None,
    }
}

fn quotes(error: &ParseError, after: &str) -> Option<Problem> {
    match &*error.0 {
        ParseErrorType::BadInput(LexError::MalformedChar(text)) => {
            Some(single_quotes(text.trim_matches('\'')))
        }
        ParseErrorType::BadInput(LexError::UnterminatedString) if after.starts_with('\'') => {
            Some(single_quotes("..."))
        }
        ParseErrorType::BadInput(LexError::UnterminatedString) => {
            Some(Problem::new("syntax", "this text has no end").help("close it with `\"`"))
        }
        ParseErrorType::BadInput(LexError::MalformedNumber(text)) => Some(
            Problem::new("syntax", format!("`{text}` is not a number"))
                .help("a length of time is `days(3)`, `hours(2)`, `months(9)`"),
        ),
        _ => None,
    }
}

fn reserved(error: &ParseError, before: &str, after: &str) -> Option<Problem> {
    let found = word(after);
    let is_name = !found.is_empty() && found.starts_with(|c: char| c.is_alphabetic());
    if before.trim_end().ends_with('.') && is_name {
        let root = last_word(before.trim_end().trim_end_matches(['.', '?']));
        let problem = Problem::new(
            "reserved-word",
            format!("`{found}` is a word that Rhai reserves"),
        );
        return Some(problem.help(format!("write `{root}[\"{found}\"]`")));
    }
    let word = match &*error.0 {
        ParseErrorType::Reserved(word) => word.as_str(),
        ParseErrorType::BadInput(LexError::ImproperSymbol(word, _)) if word == found => found,
        _ => return None,
    };
    let problem = Problem::new("reserved-word", format!("`{word}` has no meaning here"));
    Some(match word {
        "null" | "nil" | "None" => problem.help("nothing is written `()`: `customer.email == ()`, or `!is_set(customer.email)`"),
        _ => problem.help("it is a word that Rhai reserves: choose another name, or read a field as `event[\"NAME\"]`"),
    })
}

fn unknown(error: &ParseError) -> Option<Problem> {
    match &*error.0 {
        ParseErrorType::VariableUndefined(name) => Some(
            Problem::new("unknown-name", format!("nothing is called `{name}` in this function"))
                .help("a function sees its parameters only: pass the value to it, like `vip::is_gold(customer.total_spent)`"),
        ),
        ParseErrorType::ModuleUndefined(name) => Some(
            Problem::new("unknown-function", format!("there is no file `rhai-lib/{name}.rhai`"))
                .help("functions of other files are called as `FILE::FUNCTION(...)`"),
        ),
        _ => None,
    }
}

fn other(error: &ParseError, after: &str) -> Problem {
    let found = word(after);
    let problem = |message: String| Problem::new("syntax", message);
    match &*error.0 {
        ParseErrorType::UnexpectedEOF => problem("the expression ends too early".to_owned())
            .help("write what is compared after the last sign"),
        ParseErrorType::MissingToken(token, _) if token == ";" && !found.is_empty() => problem(
            format!("`{found}` does not follow from what stands before it"),
        )
        .help("statements are parted by `;`, and every bracket that is opened is closed again"),
        ParseErrorType::MissingToken(token, _) => problem(format!("`{token}` is missing here"))
            .help(format!(
                "add `{token}`; every bracket that is opened is closed again"
            )),
        ParseErrorType::BadInput(LexError::UnexpectedInput(input)) if !found.is_empty() => problem(
            format!("`{input}` does not follow from what stands before it"),
        )
        .help("between two conditions stands `&&` or `||`; text stands in double quotes"),
        ParseErrorType::BadInput(LexError::UnexpectedInput(input)) => {
            // What is no sign of the language at all comes with a word of the parser's own.
            let sign = input.trim_start_matches("Unexpected ").trim_matches('\'');
            problem(format!("`{sign}` makes no sense here"))
                .help("an expression is like `customer.orders_count > 3`")
        }
        ParseErrorType::ExprExpected(_) => problem("a value is missing here".to_owned())
            .help("an expression is like `customer.orders_count > 3`"),
        ParseErrorType::AssignmentToConstant(_) | ParseErrorType::AssignmentToInvalidLHS(_) => {
            Problem::new("equals-sign", "`=` does not compare").help("write `==`")
        }
        ParseErrorType::ExprTooDeep => problem("this is nested too deeply".to_owned())
            .help("move a part into a function of `rhai-lib`"),
        other => problem(lower(&other.to_string()))
            .help("an expression is like `customer.orders_count > 3 && has_tag(\"vip\")`"),
    }
}

/// Rhai's message as a part of a sentence.
fn lower(message: &str) -> String {
    let mut chars = message.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}
