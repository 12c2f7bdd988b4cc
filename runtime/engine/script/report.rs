//! Rhai's errors in people's words, without customers' data.

use rhai::{EvalAltResult, Position};

use super::convert::words;
use super::error::{Error, ErrorKind};
use super::limits::MOST_OPERATIONS;
use super::signature::functions;

/// A condition whose value is something else.
pub(super) fn not_a_bool(found: &str) -> Error {
    Error::new(
        ErrorKind::WrongResult,
        format!("a condition must be `true` or `false`, but this is {found}"),
    )
    .help("compare it with something: `... == 5`, `... > 0`, `is_set(...)`")
}

fn placed(error: Error, position: Position) -> Error {
    if error.line > 0 {
        return error;
    }
    error.at(
        position.line().unwrap_or(0),
        position.position().unwrap_or(0),
    )
}

/// An error at run time.
pub(super) fn runtime(error: EvalAltResult) -> Error {
    use EvalAltResult as Rhai;
    let position = error.position();
    let error = match error {
        Rhai::ErrorRuntime(payload, _) => match payload.try_cast::<Error>() {
            Some(own) => own,
            None => Error::new(ErrorKind::Thrown, "the script gave up with `throw`"),
        },
        Rhai::ErrorInFunctionCall(name, _, inner, _) => in_function(&name, runtime(*inner)),
                Rhai::ErrorVariableNotFound(name, _) => Error::new(ErrorKind::UnknownName, format!("nothing is called `{name}`"))
            .help("names begin with `customer.`, `event.`, `trigger.` or `vars.`; text stands in double quotes"),
        Rhai::ErrorFunctionNotFound(signature, _) => unknown_function(&signature),
        Rhai::ErrorModuleNotFound(name, _) => {
            Error::new(ErrorKind::UnknownName, format!("there is no file `{name}` in `rhai-lib`"))
        }
        Rhai::ErrorDotExpr(..) | Rhai::ErrorPropertyNotFound(..) => {
            Error::new(ErrorKind::WrongType, "this value has no such field, or the field cannot be set here")
        }
        Rhai::ErrorIndexingType(..) => Error::new(ErrorKind::WrongType, "this value has no parts that `[...]` could name"),
        Rhai::ErrorIndexNotFound(..) | Rhai::ErrorArrayBounds(..) | Rhai::ErrorStringBounds(..) => {
            Error::new(ErrorKind::WrongType, "there is nothing at this index").help("ask for the length first: `list.len() > 0`")
        }
        Rhai::ErrorMismatchDataType(wanted, found, _) | Rhai::ErrorMismatchOutputType(wanted, found, _) => {
            let message = format!("{} is needed here, not {}", words(&wanted), words(&found));
            Error::new(ErrorKind::WrongType, message)
        }
        Rhai::ErrorArithmetic(text, _) => arithmetic(&text),
        Rhai::ErrorTooManyOperations(_) => limit(&format!("the script takes more than {MOST_OPERATIONS} operations")),
        Rhai::ErrorStackOverflow(_) => limit("functions call one another too deep"),
        Rhai::ErrorDataTooLarge(..) => limit("a text, a list or a map grows too large"),
        Rhai::ErrorTooManyVariables(_) => limit("there are too many variables"),
        Rhai::ErrorTooManyModules(_) => Error::new(ErrorKind::Forbidden, "a script cannot import anything")
            .help("functions of `rhai-lib/money.rhai` are called as `money::function(...)`"),
        Rhai::ErrorAssignmentToConstant(..) | Rhai::ErrorNonPureMethodCallOnConstant(..) => {
            Error::new(ErrorKind::Forbidden, "this value cannot be changed here")
                .help("a script gives values back; attributes are changed by a `set` step")
        }
        _ => Error::new(ErrorKind::Internal, "the script could not be evaluated"),
    };
    placed(error, position)
}

fn limit(message: &str) -> Error {
    Error::new(ErrorKind::Limit, message)
}

/// The position inside a library function says nothing about the script's own text.
fn in_function(name: &str, inner: Error) -> Error {
    if name.is_empty() || name.starts_with("anon$") {
        return inner;
    }
    let message = format!("in `{name}`: {}", inner.message);
    Error { message, ..inner }.at(0, 0)
}

fn arithmetic(text: &str) -> Error {
    // Rhai's text holds the numbers themselves.
    let message = if text.contains("zero") {
        "a division by zero"
    } else {
        "a number grows too large"
    };
    let error = Error::new(ErrorKind::Arithmetic, message);
    if text.contains("zero") {
        error.help("ask first: `x != 0 && total / x > 5`")
    } else {
        error
    }
}

/// `name (type, type)`: an operator, a built-in function with other arguments, or nothing that is known.
fn unknown_function(signature: &str) -> Error {
    let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ""));
    let arguments: Vec<&str> = arguments
        .trim_end_matches(')')
        .split(", ")
        .filter(|kind| !kind.is_empty())
        .map(words)
        .collect();
    let is_word = name.starts_with(|first: char| first.is_alphabetic() || first == '_');
    if !is_word {
        let message = match arguments.as_slice() {
            [left, right] => format!("`{name}` does not work between {left} and {right}"),
            [only] => format!("`{name}` does not work on {only}"),
            _ => format!("`{name}` does not work here"),
        };
        return Error::new(ErrorKind::WrongType, message)
            .help("say what stands for a missing value: `(customer.x ?? 0)`");
    }
    if let Some(known) = functions().iter().find(|own| own.name == name) {
        let takes = match known.parameters.len() {
            0 => "nothing".to_owned(),
            1 => "1 value".to_owned(),
            n => format!("{n} values"),
        };
        return Error::new(
            ErrorKind::UnknownFunction,
            format!("`{name}` takes {takes}"),
        )
        .help(format!("write it like `{}`", known.example));
    }
    let message = if arguments.is_empty() {
        format!("there is no function `{name}` without arguments")
    } else {
        format!(
            "there is no function `{name}` for {}",
            arguments.join(" and ")
        )
    };
    Error::new(ErrorKind::UnknownFunction, message)
}
