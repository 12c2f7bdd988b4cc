//! # `unknown-function`
//!
//! **What it does.** Reports a function that neither Kurant, nor Rhai, nor a file of `rhai-lib/` has, or not with so many values.
//!
//! **Why it matters.** It would be missed only when a customer comes to it: the condition would fail for every one of them.
//!
//! **Example.** `audience: hasTag("vip") && is_gold(customer)`
//!
//! **Write instead.** `audience: has_tag("vip") && vip::is_gold(customer)`

use kurant_engine::script::{Signature, functions};

use super::world::advice;
use crate::diagnostic::Problem;
use crate::suggest::nearest_or_synonym;

/// What people call our functions.
const SYNONYMS: [(&str, &str); 16] = [
    ("len", ".len()"),
    ("length", ".len()"),
    ("now", "now"),
    ("exists", "is_set"),
    ("defined", "is_set"),
    ("is_null", "!is_set"),
    ("is_empty", ".is_empty()"),
    ("days_ago", "days_since"),
    ("age", "years_since"),
    ("datetime", "instant"),
    ("timestamp", "instant"),
    ("tagged", "has_tag"),
    ("segment", "in_segment"),
    ("has_consent", "consented"),
    ("day_of_week", "weekday"),
    ("dayofweek", "weekday"),
];

/// What people call Rhai's methods.
const METHODS: [(&str, &str); 10] = [
    ("includes", "contains"),
    ("has", "contains"),
    ("length", "len"),
    ("size", "len"),
    ("count", "len"),
    ("startswith", "starts_with"),
    ("endswith", "ends_with"),
    ("lower", "to_lower"),
    ("tolowercase", "to_lower"),
    ("upper", "to_upper"),
];

/// Nothing is called so; `file` is a library file that has such a function.
pub(super) fn problem<'n>(
    name: &str,
    known: impl IntoIterator<Item = &'n str>,
    file: Option<&str>,
) -> Problem {
    let problem = Problem::new("unknown-function", format!("there is no function `{name}`"));
    if let Some(file) = file {
        return problem.help(format!(
            "it stands in `rhai-lib/{file}.rhai`: write `{file}::{name}(...)`"
        ));
    }
    if let Some((_, ours)) = SYNONYMS
        .iter()
        .find(|(theirs, _)| theirs.eq_ignore_ascii_case(name))
    {
        return problem.help(format!("write `{ours}`"));
    }
    let own: Vec<&str> = functions().iter().map(|own| own.name).collect();
    let known: Vec<&str> = known
        .into_iter()
        .filter(|name| name.starts_with(|c: char| c.is_alphabetic()) && !name.contains('$'))
        .collect();
    let near = crate::suggest::nearest(name, own).or_else(|| crate::suggest::nearest(name, known));
    match near {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem.help("a function of your own stands in `rhai-lib/FILE.rhai` and is called as `FILE::NAME(...)`"),
    }
}

/// No value has such a method.
pub(super) fn method(name: &str) -> Problem {
    let problem = Problem::new("unknown-function", format!("there is no method `{name}`"));
    let known = [
        "contains",
        "starts_with",
        "ends_with",
        "len",
        "is_empty",
        "to_lower",
        "to_upper",
        "trim",
        "sub_string",
        "index_of",
    ];
    let misspelt = || {
        let theirs = METHODS.iter().map(|(theirs, _)| *theirs);
        let meant = crate::suggest::nearest(name, theirs)?;
        METHODS
            .iter()
            .find(|(theirs, _)| *theirs == meant)
            .map(|(_, ours)| *ours)
    };
    match nearest_or_synonym(name, known, &METHODS).or_else(misspelt) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem.help("a function of your own stands in `rhai-lib/FILE.rhai` and is called as `FILE::NAME(...)`"),
    }
}

/// A built-in function is called behind a dot.
pub(super) fn not_a_method(own: &Signature) -> Problem {
    Problem::new(
        "unknown-function",
        format!("`{}` stands by itself, not behind a dot", own.name),
    )
    .help(format!("write it like `{}`", own.example))
}

/// It takes another number of values; `own` of them stand before the dot.
pub(super) fn other_arity(name: &str, arities: &[usize], own: usize) -> Problem {
    let mut counts: Vec<usize> = arities
        .iter()
        .map(|arity| arity.saturating_sub(own))
        .collect();
    counts.sort_unstable();
    counts.dedup();
    let counts = counts
        .iter()
        .map(usize::to_string)
        .collect::<Vec<_>>()
        .join(" or ");
    Problem::new(
        "unknown-function",
        format!("`{name}` does not take so many values"),
    )
    .help(format!("it takes {counts}"))
}

/// A file of the library has no such function.
pub(super) fn in_file<'n>(
    file: &str,
    name: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Problem {
    let help = advice(name, known, "write it there");
    Problem::new(
        "unknown-function",
        format!("`rhai-lib/{file}.rhai` has no function `{name}`"),
    )
    .help(help)
}

/// Something else than a function of a library file.
pub(super) fn no_call(file: &str, name: &str) -> Problem {
    let function = name.to_lowercase();
    Problem::new(
        "unknown-function",
        format!("`{file}::{name}` is not called: only the functions of `rhai-lib/{file}.rhai` can be used outside it"),
    )
    .help(format!(
        "write `fn {function}() {{ ... }}` there, and `{file}::{function}()` here"
    ))
}

/// There is no such file.
pub(super) fn no_file<'n>(file: &str, known: impl IntoIterator<Item = &'n str>) -> Problem {
    let help = advice(
        file,
        known,
        "what stands before `::` is the name of a file in `rhai-lib/`",
    );
    Problem::new(
        "unknown-function",
        format!("there is no file `rhai-lib/{file}.rhai`"),
    )
    .help(help)
}
