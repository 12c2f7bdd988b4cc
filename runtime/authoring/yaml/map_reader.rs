//! Reads a mapping key by key and reports what is missing, unknown or in the wrong place: one line of code per key.
//!
//! ```ignore
//! let mut map = MapReader::open(node, "a coupon step", diagnostics)?;
//! let codes = map.need("codes", Node::text);
//! let valid = map.read("valid", duration);
//! map.finish();
//! Some(Coupon { codes: codes?.to_owned(), valid })
//! ```
//! Every key is read before the first `?`, so that each mistake is reported and not only the first.

use super::node::{Entry, Key, Node};
use crate::diagnostic::{Diagnostic, Diagnostics, Problem};
use crate::suggest::{either, nearest, nearest_or_synonym};

/// See the module's text.
pub struct MapReader<'a> {
    node: &'a Node,
    entries: &'a [Entry],
    taken: Vec<bool>,
    what: &'static str,
    known: Vec<&'static str>,
    synonyms: Vec<(&'static str, &'static str)>,
    misplaced: Vec<(&'static str, &'static str)>,
    missing: Vec<&'static str>,
    examples: Vec<(&'static str, &'static str)>,
    none_of: Option<&'static [&'static str]>,
    /// The key inside of which names of the author's own stand.
    others: Option<&'static str>,
    /// Two kinds of thing stand in one mapping: which of them an unknown key belongs to cannot be said.
    mixed: bool,
    diagnostics: &'a Diagnostics,
}

impl<'a> MapReader<'a> {
    /// Begins to read `node`, which `what` names for people ("a step", "the trigger"). `None`, after a report, when it is no mapping.
    pub fn open(node: &'a Node, what: &'static str, diagnostics: &'a Diagnostics) -> Option<Self> {
        let entries = diagnostics.keep(node.head(), node.map(what))?;
        Some(Self {
            node,
            entries,
            taken: vec![false; entries.len()],
            what,
            known: Vec::new(),
            synonyms: Vec::new(),
            misplaced: Vec::new(),
            missing: Vec::new(),
            examples: Vec::new(),
            none_of: None,
            others: None,
            mixed: false,
            diagnostics,
        })
    }

    /// Words that people write for a key: `("delay", "wait")`. The advice then names the right one.
    pub fn synonyms(&mut self, synonyms: &[(&'static str, &'static str)]) -> &mut Self {
        self.synonyms.extend_from_slice(synonyms);
        self
    }

    /// Keys that exist, but not here, each with where it belongs: `("at", "write it inside: `wait: { at: \"10:00\" }`")`.
    pub fn misplaced(&mut self, hints: &[(&'static str, &'static str)]) -> &mut Self {
        self.misplaced.extend_from_slice(hints);
        self
    }

    /// What a needed key looks like when it is there: `("every", "every: year")`. It stands in the advice when the key is absent.
    pub fn examples(&mut self, examples: &[(&'static str, &'static str)]) -> &mut Self {
        self.examples.extend_from_slice(examples);
        self
    }

    /// Where names of the author's own stand: the advice for keys that are like no known one.
    pub fn others_inside(&mut self, key: &'static str) -> &mut Self {
        self.others = Some(key);
        self
    }

    /// Makes keys known without reading them now, so that they are listed and not reported as unknown.
    pub fn know(&mut self, keys: &[&'static str]) -> &mut Self {
        self.known.extend_from_slice(keys);
        self
    }

    /// Whether the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// The mapping itself.
    pub fn node(&self) -> &'a Node {
        self.node
    }

    /// The key and its value, if it is there, also when the value is nothing.
    pub fn entry(&mut self, key: &'static str) -> Option<&'a Entry> {
        self.known.push(key);
        let index = self.find(key)?;
        self.taken[index] = true;
        self.entries.get(index)
    }

    /// The value, if the key is there; a key without a value is reported.
    pub fn optional(&mut self, key: &'static str) -> Option<&'a Node> {
        let entry = self.entry(key)?;
        if entry.value.is_null() {
            self.report_nothing(&entry.key, &entry.value);
            return None;
        }
        Some(&entry.value)
    }

    /// The value; a missing key is reported.
    pub fn required(&mut self, key: &'static str) -> Option<&'a Node> {
        if !self.has(key) {
            self.known.push(key);
            self.missing.push(key);
            return None;
        }
        self.optional(key)
    }

    /// The value as `parse` reads it, if the key is there; what `parse` finds wrong is reported.
    pub fn read<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&'a Node) -> Result<T, Problem>,
    ) -> Option<T> {
        let node = self.optional(key)?;
        self.diagnostics.keep(node.span, parse(node))
    }

    /// The value as `parse` reads it; a missing key and what `parse` finds wrong are reported.
    pub fn need<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&'a Node) -> Result<T, Problem>,
    ) -> Option<T> {
        let node = self.required(key)?;
        self.diagnostics.keep(node.span, parse(node))
    }

    /// Each item of a list, or a single value as the only item; items that `parse` refuses are reported and left out.
    pub fn read_each<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&'a Node) -> Result<T, Problem>,
    ) -> Option<Vec<T>> {
        let node = self.optional(key)?;
        let keep = |item: &'a Node| self.diagnostics.keep(item.span, parse(item));
        Some(node.one_or_many().iter().filter_map(keep).collect())
    }

    /// The one key of `keys` that is there. None of them, or two, is reported; of two the first counts. A misspelt one is reported
    /// and taken for the key that was meant, so that it hides nothing else.
    pub fn exactly_one(
        &mut self,
        keys: &'static [&'static str],
    ) -> Option<(&'static str, &'a Entry)> {
        let mut found: Vec<(&'static str, &'a Entry)> = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            if let Some(key) = keys.iter().find(|key| **key == entry.key.text) {
                self.taken[index] = true;
                found.push((key, entry));
            }
        }
        match found.as_slice() {
            [] => {
                self.none_of = Some(keys);
                self.misspelt(keys)
            }
            [one] => {
                self.known.push(one.0);
                Some(*one)
            }
            [first, others @ ..] => {
                self.mixed = true;
                self.known.push(first.0);
                for (other, entry) in others {
                    let message = format!(
                        "{} has `{}` and also `{other}`, but only one of them may be there",
                        self.what, first.0
                    );
                    let report = Diagnostic::error("two-in-one", entry.key.span, message)
                        .help(format!(
                            "make two of it: one with `{}`, one with `{other}`",
                            first.0
                        ))
                        .label(first.1.key.span, format!("`{}` stands here", first.0));
                    self.diagnostics.push(report);
                }
                Some(*first)
            }
        }
    }

    /// The only key that is a slip of the finger for one of `keys`.
    fn misspelt(&mut self, keys: &'static [&'static str]) -> Option<(&'static str, &'a Entry)> {
        let mut slips = self
            .entries
            .iter()
            .enumerate()
            .filter_map(|(index, entry)| {
                let word = entry.key.text.as_str();
                let elsewhere = self.misplaced.iter().any(|(other, _)| *other == word);
                let other = self.synonyms.iter().any(|(other, _)| *other == word);
                let free = !self.taken[index] && !self.known.contains(&word);
                let meant = nearest(word, keys.iter().copied())?;
                (free && !elsewhere && !other).then_some((index, meant))
            });
        let (index, meant) = slips.next()?;
        if slips.next().is_some() {
            return None;
        }
        self.taken[index] = true;
        self.none_of = None;
        let key = *keys.iter().find(|key| **key == meant)?;
        self.known.push(key);
        let entry = &self.entries[index];
        let message = format!("{} has no `{}`", self.what, entry.key.text);
        let problem = Problem::new("unknown-key", message).help(format!("did you mean `{meant}`?"));
        self.diagnostics.report(entry.key.span, problem);
        Some((key, entry))
    }

    /// Ends the reading: reports every key that nobody asked for, with the key it was likely meant to be.
    pub fn finish(mut self) {
        let missing = std::mem::take(&mut self.missing);
        let none_of = self.none_of.take();
        let wanted: Vec<&'static str> = missing
            .iter()
            .copied()
            .chain(none_of.into_iter().flatten().copied())
            .collect();
        let mut found: Vec<&'static str> = Vec::new();
        for entry in self.unknown() {
            found.extend(self.report_unknown(&entry.key, &wanted));
        }
        self.report_absent(&missing, none_of, &found);
    }

    fn unknown(&self) -> impl Iterator<Item = &'a Entry> {
        let untaken = self
            .entries
            .iter()
            .zip(&self.taken)
            .filter(|(_, taken)| !**taken);
        untaken
            .map(|(entry, _)| entry)
            .filter(|entry| !self.mixed && !self.known.contains(&entry.key.text.as_str()))
    }

    fn find(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.key.text == key)
    }

    /// Reports the needed keys that are absent, but for those that `found` names: they are there under a misspelt name.
    fn report_absent(
        &self,
        missing: &[&'static str],
        none_of: Option<&[&'static str]>,
        found: &[&'static str],
    ) {
        // A line that could not be read may have held the key.
        if self.node.damaged {
            return;
        }
        for key in missing.iter().filter(|key| !found.contains(key)) {
            let problem = Problem::new("missing-key", format!("{} lacks `{key}`", self.what));
            let example = self.examples.iter().find(|(word, _)| *word == *key);
            let example =
                example.map_or_else(|| format!("{key}: ..."), |(_, text)| (*text).to_owned());
            self.diagnostics
                .report(self.node.head(), problem.help(format!("add `{example}`")));
        }
        if let Some(keys) = none_of.filter(|keys| !keys.iter().any(|key| found.contains(key))) {
            let message = format!(
                "{} needs one of {}",
                self.what,
                either(keys.iter().copied())
            );
            let problem = Problem::new("missing-key", message)
                .help("add the one that says what is to happen");
            self.diagnostics.report(self.node.head(), problem);
        }
    }

    fn report_nothing(&self, key: &Key, value: &Node) {
        // What could not be read may have been the value.
        if value.damaged {
            return;
        }
        let problem = Problem::new("missing-value", format!("`{}` has no value", key.text));
        let problem = match value.followed_by_comment() {
            Some(_) => problem.help("what stands after the `#` is a comment; if it is the value, put it in single quotes"),
            None => problem.help(format!("write `{}: ...`, or take the line away", key.text)),
        };
        self.diagnostics.report(key.span, problem);
    }

    /// Reports a key that nobody asked for; gives the one of `wanted` that it was likely meant to be.
    fn report_unknown(&self, key: &Key, wanted: &[&'static str]) -> Option<&'static str> {
        let mut known: Vec<&'static str> = Vec::new();
        for word in self.known.iter().copied() {
            if !known.contains(&word) {
                known.push(word);
            }
        }
        let likely = wanted.iter().chain(&known).copied();
        let meant = nearest_or_synonym(&key.text, likely, &self.synonyms);
        let problem = Problem::new(
            "unknown-key",
            format!("{} has no `{}`", self.what, key.text),
        );
        // What was taught last is about the verb at hand.
        let mut hints = self.misplaced.iter().rev();
        let hint = hints.find(|(word, _)| *word == key.text);
        let problem = match (hint, meant) {
            (Some((_, hint)), _) => problem.help(*hint),
            (None, Some(meant)) => problem.help(format!("did you mean `{meant}`?")),
            (None, None) => {
                let known = format!("known here: {}", either(known));
                problem.help(match self.others {
                    Some(inside) => format!(
                        "{known}; names of your own stand inside: `{inside}: {{ {}: ... }}`",
                        key.text
                    ),
                    None => known,
                })
            }
        };
        self.diagnostics.report(key.span, problem);
        meant.filter(|meant| wanted.contains(meant))
    }
}

/// Left early, without [`MapReader::finish`]: what was asked for and is absent is reported all the same.
impl Drop for MapReader<'_> {
    fn drop(&mut self) {
        let wanted: Vec<&'static str> = self
            .missing
            .iter()
            .copied()
            .chain(self.none_of.into_iter().flatten().copied())
            .collect();
        if wanted.is_empty() {
            return;
        }
        let found: Vec<&'static str> = self
            .unknown()
            .filter(|entry| {
                nearest_or_synonym(&entry.key.text, wanted.iter().copied(), &self.synonyms)
                    .is_some()
            })
            .filter_map(|entry| self.report_unknown(&entry.key, &wanted))
            .collect();
        self.report_absent(&self.missing, self.none_of, &found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::read;

    const VERBS: &[&str] = &["send", "wait"];

    /// Reads one step, as the journey's parser would, and gives what was said.
    fn step(text: &str) -> (Option<&'static str>, Vec<String>) {
        let mut sources = Sources::new();
        let file = sources.add("a.yaml", text);
        let diagnostics = Diagnostics::new();
        let root = read(&sources, file, &diagnostics).expect("readable");
        let verb = MapReader::open(&root, "a step", &diagnostics).and_then(|mut map| {
            map.synonyms(&[("delay", "wait")])
                .misplaced(&[("at", "write it inside: `wait: { at: \"10:00\" }`")]);
            let id = map.read("id", Node::text);
            let (verb, _) = map.exactly_one(VERBS)?;
            if verb == "send" {
                map.need("template", Node::text);
                map.read_each("fallback", Node::text);
            }
            map.finish();
            id.map(|_| verb)
        });
        let found = diagnostics.into_sorted(&sources);
        let line = |d: Diagnostic| {
            format!(
                "{} {}: {}",
                sources.place(d.span).column,
                d.message,
                d.help.unwrap_or_default()
            )
        };
        (verb, found.into_iter().map(line).collect())
    }

    #[test]
    fn a_good_step_is_read_in_silence() {
        assert_eq!(
            step("{ id: a, send: email, template: x, fallback: sms }"),
            (Some("send"), Vec::new())
        );
    }

    #[test]
    fn a_misspelt_key_is_reported_once_and_not_as_missing_too() {
        let (_, said) = step("{ id: a, send: email, templte: x }");
        assert_eq!(
            said,
            ["23 a step has no `templte`: did you mean `template`?"]
        );
        let (_, said) = step("{ id: a, sned: email }");
        assert_eq!(
            said,
            [
                "3 a step lacks `template`: add `template: ...`",
                "10 a step has no `sned`: did you mean `send`?",
            ],
            "a misspelt verb hides nothing else"
        );
        let (_, said) = step("{ id: a, delay: 3d }");
        assert_eq!(said, ["10 a step has no `delay`: did you mean `wait`?"]);
    }

    #[test]
    fn missing_unknown_misplaced_and_doubled_keys_are_all_reported() {
        let (_, said) = step("{ id: a, send: email, at: x, colour: red }");
        assert_eq!(
            said,
            [
                "3 a step lacks `template`: add `template: ...`",
                "23 a step has no `at`: write it inside: `wait: { at: \"10:00\" }`",
                "30 a step has no `colour`: known here: `id`, `send`, `template` or `fallback`",
            ]
        );
        let (_, said) = step("{ id: a, wait: 3d, send: email, template: }");
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0].starts_with("20 a step has `wait` and also `send`"),
            "{said:?}"
        );
        let (_, said) = step("{ id: a }");
        assert_eq!(
            said,
            ["3 a step needs one of `send` or `wait`: add the one that says what is to happen"]
        );
        let (_, said) = step("send email");
        assert!(
            said[0].starts_with("1 expected a step, found the text `send email`"),
            "{said:?}"
        );
    }
}
