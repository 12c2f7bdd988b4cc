//! Rhai cut into words, just enough to leave out comments and to see names.

/// One word of a script: a name, a number, a text with its quotes, or a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    /// As written.
    pub(super) text: &'t str,
    /// Whether blanks or a comment stand before it.
    pub(super) apart: bool,
}

impl Token<'_> {
    /// Whether it is a name.
    pub(super) fn is_name(&self) -> bool {
        self.text.starts_with(is_name_start)
    }
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// Cuts a script into its tokens; comments are left out.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut at, mut apart) = (0, false);
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let gap = gap(rest);
        if gap > 0 {
            at += gap;
            apart = true;
            continue;
        }
        let length = match first {
            '"' | '`' | '\'' => quoted(rest, first),
            _ if rest.starts_with("::") => 2,
            _ if first.is_alphanumeric() || first == '_' => rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        tokens.push(Token {
            text: &rest[..length],
            apart,
        });
        at += length;
        apart = false;
    }
    tokens
}

/// The length of the blanks or the comment that the text begins with.
fn gap(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return comment(text);
    }
    text.len() - text.trim_start().len()
}

/// Comments in Rhai may hold comments.
fn comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of a text in quotes. In back quotes `${ }` may hold quotes of its own.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            '{' if quote == '`' && (depth > 0 || before == '$') => depth += 1,
            '}' if depth > 0 => depth -= 1,
            c if c == quote && depth == 0 => return at + c.len_utf8(),
            _ => {}
        }
        before = c;
    }
    text.len()
}
