//! What can be wrong with a script, in people's words.

use std::fmt;

/// What kind of mistake it is; stable words that tests, logs and `check` know it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The text is not Rhai, or not an expression.
    Syntax,
    /// A name that nothing stands behind.
    UnknownName,
    /// A function that does not exist with these arguments.
    UnknownFunction,
    /// A value of a kind that the operation does not take.
    WrongType,
    /// A condition whose value is not `true` or `false`, a `run` whose value is not a map.
    WrongResult,
    /// A number out of range, a division by zero.
    Arithmetic,
    /// A limit: operations, depth of calls, sizes of texts, lists and maps.
    Limit,
    /// The script gave up by `throw`.
    Thrown,
    /// The script cannot do what it tries: changing a customer, say.
    Forbidden,
    /// A segment that asks for itself.
    Cycle,
    /// A use of time that segments with an `enters` or `leaves` trigger cannot have.
    Untraceable,
    /// A fault of the runtime itself, caught.
    Internal,
}

impl ErrorKind {
    /// The word that stands in logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::UnknownName => "unknown_name",
            Self::UnknownFunction => "unknown_function",
            Self::WrongType => "wrong_type",
            Self::WrongResult => "wrong_result",
            Self::Arithmetic => "arithmetic",
            Self::Limit => "limit",
            Self::Thrown => "thrown",
            Self::Forbidden => "forbidden",
            Self::Cycle => "cycle",
            Self::Untraceable => "untraceable",
            Self::Internal => "internal",
        }
    }
}

/// A mistake in a script: where, what, and what to write instead. It never holds a customer's data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// What kind of mistake it is.
    pub kind: ErrorKind,
    /// The script's place in its file: `steps[2].when`, `segments.vip`, `rhai-lib/money.rhai`.
    pub place: String,
    /// The line in the script's own text, from 1; 0 = the script as a whole.
    pub line: usize,
    /// The column in that line, in characters, from 1; 0 = the line as a whole.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            place: String::new(),
            line: 0,
            column: 0,
            message: message.into(),
            help: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn at(mut self, line: usize, column: usize) -> Self {
        (self.line, self.column) = (line, column);
        self
    }

    pub(crate) fn in_place(mut self, place: &str) -> Self {
        if self.place.is_empty() {
            place.clone_into(&mut self.place);
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)?;
        if self.line > 0 {
            write!(f, " (line {}", self.line)?;
            if self.column > 0 {
                write!(f, ", column {}", self.column)?;
            }
            f.write_str(")")?;
        }
        write!(f, ": {}", self.message)?;
        self.help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}
