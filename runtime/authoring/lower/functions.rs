//! The functions of `rhai-lib/`, and which of them a journey reaches.

use std::collections::{BTreeMap, BTreeSet};

use kurant_engine::definition::Library;

use super::tokens::{Token, tokens};

/// The functions of every library file.
pub(super) struct Functions<'a> {
    files: BTreeMap<&'a str, File>,
}

/// One library file, cut into its functions.
struct File {
    /// By name; several when they differ in the number of their parameters.
    functions: BTreeMap<String, Vec<Function>>,
    /// What stands outside of functions; it belongs to each of them.
    outside: Vec<String>,
}

struct Function {
    /// Its tokens, one space between each: comments and layout make no version.
    text: String,
    /// Where it stands among the file's functions.
    order: usize,
    /// What it may call.
    calls: Calls,
}

/// Names that a text mentions, as functions of another file and as functions of its own file.
#[derive(Default)]
struct Calls {
    qualified: BTreeSet<(String, String)>,
    own: BTreeSet<String>,
}

impl<'a> Functions<'a> {
    pub(super) fn of(library: &'a [Library]) -> Self {
        Self {
            files: library
                .iter()
                .map(|file| (file.name.as_str(), File::read(&file.source)))
                .collect(),
        }
    }

    /// The functions that these scripts reach, directly or through each other: per file, in its own order, as they matter.
    pub(super) fn reached<'s>(&self, scripts: impl Iterator<Item = &'s str>) -> Vec<Library> {
        let mut reached: BTreeSet<(String, String)> = BTreeSet::new();
        let mut open: Vec<(String, String)> = scripts
            .flat_map(|script| Calls::in_text(script).qualified)
            .collect();
        while let Some((file, name)) = open.pop() {
            let Some(functions) = self
                .files
                .get(file.as_str())
                .and_then(|found| found.functions.get(&name))
            else {
                continue;
            };
            if !reached.insert((file.clone(), name)) {
                continue;
            }
            for function in functions {
                open.extend(function.calls.qualified.iter().cloned());
                open.extend(
                    function
                        .calls
                        .own
                        .iter()
                        .map(|name| (file.clone(), name.clone())),
                );
            }
        }
        self.texts(&reached)
    }

    fn texts(&self, reached: &BTreeSet<(String, String)>) -> Vec<Library> {
        let names = |wanted: &str| {
            reached
                .iter()
                .filter(move |(file, _)| file == wanted)
                .map(|(_, name)| name.clone())
                .collect::<Vec<_>>()
        };
        let one = |(name, file): (&&str, &File)| {
            let mut functions: Vec<&Function> = names(name)
                .iter()
                .filter_map(|name| file.functions.get(name))
                .flatten()
                .collect();
            functions.sort_by_key(|function| function.order);
            let texts: Vec<&str> = file
                .outside
                .iter()
                .map(String::as_str)
                .chain(functions.iter().map(|function| function.text.as_str()))
                .collect();
            let some = !functions.is_empty();
            some.then(|| Library {
                name: (*name).to_owned(),
                source: texts.join("\n"),
            })
        };
        self.files.iter().filter_map(one).collect()
    }
}

impl File {
    fn read(source: &str) -> Self {
        let tokens = tokens(source);
        let mut file = Self {
            functions: BTreeMap::new(),
            outside: Vec::new(),
        };
        let (mut at, mut order, mut loose) = (0, 0, 0);
        while at < tokens.len() {
            let start = if tokens[at].text == "private" {
                at + 1
            } else {
                at
            };
            let name = tokens
                .get(start)
                .filter(|token| token.text == "fn")
                .and_then(|_| tokens.get(start + 1));
            let Some(name) = name else {
                at += 1;
                continue;
            };
            file.add_outside(&tokens[loose..at]);
            let end = end_of_body(&tokens, start + 2);
            let text = joined(&tokens[at..end]);
            let calls = Calls::in_tokens(&tokens[start + 2..end]);
            file.functions
                .entry(name.text.to_owned())
                .or_default()
                .push(Function { text, order, calls });
            (at, loose, order) = (end, end, order + 1);
        }
        file.add_outside(&tokens[loose..]);
        file
    }

    fn add_outside(&mut self, tokens: &[Token<'_>]) {
        if !tokens.is_empty() {
            self.outside.push(joined(tokens));
        }
    }
}

/// The token behind the `}` that closes the first `{` from `at` on.
fn end_of_body(tokens: &[Token<'_>], at: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match token.text {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return index + 1;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

/// The tokens as Rhai reads them again: a space only where there was a gap.
fn joined(tokens: &[Token<'_>]) -> String {
    let mut text = String::new();
    for token in tokens {
        if token.apart && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(token.text);
    }
    text
}

impl Calls {
    fn in_text(text: &str) -> Self {
        Self::in_tokens(&tokens(text))
    }

    /// Every name that may be a function's: too many do no harm, since only those that exist are reached. Texts in back quotes
    /// may hold expressions, so they are looked into.
    fn in_tokens(tokens: &[Token<'_>]) -> Self {
        let mut calls = Self::default();
        for (index, token) in tokens.iter().enumerate() {
            if let Some(inner) = token.text.strip_prefix('`') {
                let inner = Self::in_text(inner.trim_end_matches('`'));
                calls.qualified.extend(inner.qualified);
                calls.own.extend(inner.own);
            } else if token.is_name() {
                let before = |back: usize| index.checked_sub(back).map_or("", |at| tokens[at].text);
                if before(1) == "::" {
                    calls
                        .qualified
                        .insert((before(2).to_owned(), token.text.to_owned()));
                } else {
                    calls.own.insert(token.text.to_owned());
                }
            }
        }
        calls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(script: &str, source: &str) -> String {
        let library = [Library {
            name: "vip".to_owned(),
            source: source.to_owned(),
        }];
        let found = Functions::of(&library).reached([script].into_iter());
        found.into_iter().map(|file| file.source).collect()
    }

    const VIP: &str = r#"
// Gold and better.
fn is_gold(c) {
    let floor = limit(); /* a comment with fn x() { } */
    c.total >= floor && note(`${tier("}")}`)
}
fn limit() { 5000 }
fn tier(x) { "fn limit() {" + x }
fn unused() { 1 }
fn note(x) { true }
"#;

    #[test]
    fn a_function_brings_those_that_it_calls_and_no_others() {
        let text = reached("vip::is_gold(customer)", VIP);
        for name in ["is_gold", "fn limit() { 5000 }", "tier", "note"] {
            assert!(text.contains(name), "{name} in {text}");
        }
        assert!(!text.contains("unused"));
        assert_eq!(reached("customer.total > 5", VIP), "");
    }

    #[test]
    fn comments_and_layout_make_no_version_but_a_changed_text_does() {
        let tidy = VIP
            .replace("// Gold and better.", "")
            .replace("    ", "\t")
            .replace("/* a comment with fn x() { } */", "");
        assert_eq!(
            reached("vip::is_gold(customer)", VIP),
            reached("vip::is_gold(customer)", &tidy)
        );
        let dearer = VIP.replace("5000", "6000");
        assert_ne!(
            reached("vip::is_gold(customer)", VIP),
            reached("vip::is_gold(customer)", &dearer)
        );
    }

    #[test]
    fn what_is_kept_is_rhai_that_compiles() {
        let text = reached("vip::is_gold(customer)", VIP);
        rhai::Engine::new_raw()
            .compile(&text)
            .expect("the kept functions compile");
    }
}
