//! What goes wrong inside of `{ }` and `[ ]`.

use std::ops::Range;

use super::{Mend, Scene, block, quote};
use crate::yaml::edits::Edit;
use crate::yaml::line::Line;
use crate::yaml::trap;
use crate::yaml::value::{decimal_comma, is_word};

/// A fault after the `[` or `{` at `scene.flow`: it is never closed, or a value in it needs quotes.
pub(super) fn fault(scene: &Scene<'_>) -> Option<Mend> {
    let open = scene.flow.unwrap_or(scene.at);
    let line = Line::at(scene.text, open);
    let Some(close) = closing(scene.text, open, &line) else {
        // A condition such as `[1, 2].contains(x` is no list at all.
        return unclosed(scene, open, &line);
    };
    // `[1, 2].contains(x)`: what follows the closing bracket belongs to the value.
    if close < line.value.end && open == line.value.start {
        return quote::whole_value(scene, &line);
    }
    extra_comma(scene, open..close)
        .or_else(|| missing_comma(scene, open))
        .or_else(|| in_quotes(scene, element(scene.text, open, scene.at)?))
        .or_else(|| Some(unreadable(scene, open..close)))
}

/// A value in `{ }` that a comma inside of brackets or quotes has cut: `{ where: count("a", 3) > 1 }`; or `{{ ... }}`; or a tag.
pub(super) fn cut_inside(scene: &Scene<'_>) -> Option<Mend> {
    let line = &scene.line;
    if line.value.start == scene.at {
        return quote::whole_value(scene, line);
    }
    in_quotes(
        scene,
        scene.at..extent(scene.text, scene.at, line.range.end, false),
    )
}

/// `{ title: Hello, world }`: a word without a colon follows the value.
pub(super) fn cut_by_comma(scene: &Scene<'_>) -> Option<Mend> {
    let range = scene.at..extent(scene.text, scene.at, scene.line.range.end, true);
    let value = scene.text.get(range.clone())?;
    if let Some((whole, part)) = decimal_comma(value) {
        let number = format!("{whole}.{part}");
        let report = scene
            .error(
                "decimal-comma",
                range.clone(),
                "a decimal point is written `.`",
            )
            .help(format!("write `{}`", named(scene, &range, &number)));
        return Some(Mend {
            report,
            edits: vec![Edit::put(range, number)],
        });
    }
    let report = scene
        .error(
            "quote-needed",
            range.clone(),
            "inside `{ }` a comma ends the value",
        )
        .help(format!(
            "write `{}`",
            named(scene, &range, &trap::quoted(trap::meant(value)))
        ));
    Some(Mend {
        report,
        edits: vec![Edit::put(range, trap::quoted(trap::meant(value)))],
    })
}

/// `{ max:3 }`, `trigger:{ manual: true }`.
pub(super) fn no_space(scene: &Scene<'_>) -> Option<Mend> {
    let rest = &scene.text[scene.at..];
    let colon = scene.at + rest.find(':')?;
    let opens = scene.text[colon + 1..].starts_with(['{', '[', '"', '\'']);
    let ends: &[char] = if opens { &['\n'] } else { &[',', '}', '\n'] };
    let end = scene.at + rest.find(ends).unwrap_or(rest.len());
    let (key, value) = (
        &scene.text[scene.at..colon],
        scene.text.get(colon + 1..end)?.trim(),
    );
    let report = scene
        .error(
            "missing-space",
            scene.at..colon + 1,
            format!("a space is missing after `{key}:`"),
        )
        .help(format!("write `{key}: {value}`"));
    Some(Mend {
        report,
        edits: vec![Edit::put(colon..colon + 1, ": ")],
    })
}

/// `{ a: 1,, b: 2 }` or `{ , a: 1 }`.
fn extra_comma(scene: &Scene<'_>, flow: Range<usize>) -> Option<Mend> {
    let mut walk = Walk::default();
    let mut before = ' ';
    for (offset, c) in scene.text[flow.clone()].char_indices() {
        let Some(c) = walk.step(c).filter(|c| !c.is_whitespace()) else {
            // A text in quotes stands before the next comma, whatever it holds.
            before = if walk.quote.is_some() { '"' } else { before };
            continue;
        };
        let at = flow.start + offset;
        if c == ',' && matches!(before, ',' | '[' | '{') && !scene.edits.moves(at) {
            let report = scene
                .error(
                    "extra-comma",
                    at..at + 1,
                    "nothing stands before this comma",
                )
                .help("take the comma away; if it belongs to a value, put that in single quotes");
            return Some(Mend {
                report,
                edits: vec![Edit::put(at..at + 1, "")],
            });
        }
        before = c;
    }
    None
}

/// `{ a: 1 b: 2 }`, or the same on two lines.
fn missing_comma(scene: &Scene<'_>, open: usize) -> Option<Mend> {
    let value = element(scene.text, open, scene.at)?;
    let written = scene.text.get(value.clone())?;
    let inside = written.find(": ").and_then(|colon| {
        let (first, second) = written[..colon].rsplit_once(char::is_whitespace)?;
        let single = !first.trim_end().contains(char::is_whitespace) && is_word(second);
        single.then_some((value.start + first.trim_end().len(), second))
    });
    let behind = || {
        let rest = &scene.text[value.end..];
        let (key, after) = rest.trim_start().split_once(':')?;
        let found = is_word(key) && after.starts_with([' ', '\n', '\r']) && scene.at > value.end;
        (found && trap::reason(written).is_none()).then_some((value.end, key))
    };
    let (at, key) = inside.or_else(behind)?;
    let before = scene.text[..at]
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or("");
    let report = scene
        .error(
            "missing-comma",
            at..at,
            format!("a comma is missing before `{key}:`"),
        )
        .help(format!(
            "write `{before}, {key}: ...`; if all of it is text, put it in single quotes"
        ));
    Some(Mend {
        report,
        edits: vec![Edit::put(at..at, ",")],
    })
}

/// Nothing better is known: the whole `{ }` or `[ ]` is passed over.
fn unreadable(scene: &Scene<'_>, flow: Range<usize>) -> Mend {
    let sign = &scene.text[flow.start..flow.start + 1];
    let report = scene
        .error("yaml-syntax", scene.at..scene.at + 1, format!("YAML cannot read what stands in this `{sign}`"))
        .help("check its commas, colons and brackets; a value that holds one of them needs single quotes");
    Mend {
        report,
        edits: vec![Edit::broken(flow)],
    }
}

fn in_quotes(scene: &Scene<'_>, range: Range<usize>) -> Option<Mend> {
    let value = scene
        .text
        .get(range.clone())
        .filter(|value| !value.is_empty())?;
    if let Some(mend) = open_quote(scene, Line::at(scene.text, range.start).range) {
        return Some(mend);
    }
    let reason = trap::reason(value).unwrap_or_else(|| {
        "inside `{ }` and `[ ]` a value with a comma, bracket or brace needs quotes".to_owned()
    });
    let quoted = trap::quoted(trap::meant(value));
    let report = scene
        .error("quote-needed", range.clone(), reason)
        .help(format!("write `{}`", named(scene, &range, &quoted)));
    Some(Mend {
        report,
        edits: vec![Edit::put(range, quoted)],
    })
}

/// `key: value` as it should be, with the key that stands before the value.
fn named(scene: &Scene<'_>, value: &Range<usize>, quoted: &str) -> String {
    let before = scene.text[..value.start].trim_end();
    match before.strip_suffix(':') {
        Some(before) => {
            let key = before
                .rsplit(['{', ',', '[', '\n', ' '])
                .next()
                .unwrap_or("");
            format!("{key}: {quoted}")
        }
        None => quoted.to_owned(),
    }
}

fn unclosed(scene: &Scene<'_>, open: usize, line: &Line) -> Option<Mend> {
    let sign = scene.text[open..]
        .chars()
        .next()
        .filter(|c| matches!(c, '[' | '{'))?;
    let whole_line =
        line.key.is_none() && open == line.content && open == line.range.start + line.indent;
    if let Some(mend) = block::stray_sign(scene).filter(|_| whole_line && scene.line == *line) {
        return Some(mend);
    }
    let end = block::last_of(scene.text, line);
    if let Some(mend) = open_quote(scene, open..end) {
        return Some(mend);
    }
    if let Some(hash) = comment_in(&scene.text[open..end]) {
        let report = scene
            .error("unclosed-bracket", open..open + 1, format!("`{sign}` is never closed: a `#` after a space begins a comment"))
            .help("close it before the comment; if the `#` belongs to a value, put that in single quotes")
            .label(scene.span(open + hash, open + hash + 1), "the comment");
        return Some(Mend {
            report,
            edits: vec![Edit::broken(open..end)],
        });
    }
    let closers = missing_closers(&scene.text[open..end]);
    let report = scene.error(
        "unclosed-bracket",
        open..open + 1,
        format!("`{sign}` is never closed"),
    );
    let Some(closers) = closers.filter(|closers| !closers.is_empty()) else {
        let wrong = report.help(
            "close every bracket with its own kind; if this is text, put it in single quotes",
        );
        return Some(Mend {
            report: wrong,
            edits: vec![Edit::broken(open..end)],
        });
    };
    let one_line = end <= line.range.end;
    let report = match one_line && open == line.value.start {
        true => report.help(format!(
            "write `{}`; if this is text, put it in single quotes",
            scene.rewritten(line, &format!("{}{closers}", &scene.text[open..end]))
        )),
        false => report.help(format!(
            "add `{}` at its end; if this is text, put it in single quotes",
            closers.trim()
        )),
    };
    Some(Mend {
        report,
        edits: vec![Edit::put(end..end, closers)],
    })
}

/// A `"` inside of a value that no other one closes on its line: it hides the bracket that does close.
fn open_quote(scene: &Scene<'_>, flow: Range<usize>) -> Option<Mend> {
    let mut from = flow.start;
    for line in scene.text[flow].split_inclusive('\n') {
        if let Some(range) = unpaired(line) {
            let range = from + range.start..from + range.end;
            let right = format!("{}\"", &scene.text[range.clone()]);
            let report = scene
                .error(
                    "unclosed-quote",
                    range.clone(),
                    "the quote \" that opens here is not closed on its line",
                )
                .help(format!("close it where the text ends: `{right}`"));
            return Some(Mend {
                report,
                edits: vec![Edit::put(range, right)],
            });
        }
        from += line.len();
    }
    None
}

/// The text behind the quote of a line that has no other one, up to where it was probably meant to end.
fn unpaired(line: &str) -> Option<Range<usize>> {
    /// What no text of a condition holds, mostly, and what follows one.
    const ENDS: [&str; 7] = [" && ", " || ", ")", "]", "}", ", ", " ?? "];
    let quotes: Vec<usize> = line.match_indices('"').map(|(at, _)| at).collect();
    if quotes.len().is_multiple_of(2) || line.contains('\'') {
        return None;
    }
    let inside = |pair: &[usize]| line.get(pair[0] + 1..pair[1]).unwrap_or("");
    let runs_on = |pair: &&[usize]| ENDS.iter().any(|end| inside(pair).contains(end));
    let start = match quotes.chunks_exact(2).find(runs_on) {
        Some(pair) => pair[0],
        None => *quotes.last()?,
    };
    let rest = line[start + 1..].trim_end();
    let end = ENDS
        .iter()
        .filter_map(|end| rest.find(end))
        .min()
        .unwrap_or(rest.len());
    let text = rest[..end].trim_end();
    (!text.is_empty()).then_some(start..start + 1 + text.len())
}

/// The brackets that a text leaves open, in the order to close them; `None` when one is closed by another's sign.
fn missing_closers(text: &str) -> Option<String> {
    let mut open = Vec::new();
    let mut walk = Walk::default();
    for c in text.chars() {
        match walk.step(c) {
            Some('[') => open.push(']'),
            Some('{') => open.push('}'),
            Some('(') => open.push(')'),
            Some(sign @ (']' | '}' | ')')) if open.pop() != Some(sign) => return None,
            _ => {}
        }
    }
    let spaced = text.starts_with("{ ") && open.first() == Some(&'}');
    let closers: String = open.into_iter().rev().collect();
    Some(if spaced {
        format!(" {closers}")
    } else {
        closers
    })
}

/// Where the bracket at `open` is closed: on its line, or on lines that belong to it by their indentation.
fn closing(text: &str, open: usize, line: &Line) -> Option<usize> {
    let mut depth = 0_usize;
    let mut walk = Walk::default();
    let end = block::last_of(text, line).max(line.range.end);
    // The closing bracket may stand below its key, at the same indentation.
    let end = Line::at(text, end)
        .next(text)
        .filter(|next| text[next.content..].starts_with([']', '}']))
        .map_or(end, |next| next.range.end);
    for (at, c) in text[open..end].char_indices() {
        match walk.step(c) {
            Some('[' | '{') => depth += 1,
            Some(']' | '}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(open + at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The value around `at` in the collection that opens at `open`.
fn element(text: &str, open: usize, at: usize) -> Option<Range<usize>> {
    let mut starts: Vec<(usize, bool)> = Vec::new();
    let mut walk = Walk::default();
    let mut before = ' ';
    for (offset, c) in text[open..].char_indices() {
        let here = open + offset;
        // What was just closed may be the begin of the value: `[1, 2].contains(x)`.
        if here >= at && here > open {
            break;
        }
        match walk.step(c) {
            Some('[' | '{') => starts.push((here + 1, false)),
            Some(']' | '}') => {
                starts.pop();
            }
            Some(',') => {
                if let Some(last) = starts.last_mut() {
                    *last = (here + 1, false);
                }
            }
            Some(' ' | '\n') if before == ':' => {
                if let Some(last) = starts.last_mut().filter(|(_, has_colon)| !has_colon) {
                    *last = (here + 1, true);
                }
            }
            _ => {}
        }
        before = c;
    }
    let (start, _) = starts.last()?;
    let start = start + text[*start..].len() - text[*start..].trim_start().len();
    let end = Line::at(text, start).range.end;
    Some(start..extent(text, start, end, false))
}

/// Where a value in `{ }` or `[ ]` ends as its author sees it: at the comma or bracket that no bracket or quote of its own holds. With
/// `past_words`, a comma ends it only if a `key:` follows.
fn extent(text: &str, start: usize, end: usize, past_words: bool) -> usize {
    let mut depth = 0_usize;
    let mut walk = Walk::default();
    for (offset, c) in text[start..end].char_indices() {
        let here = start + offset;
        match walk.step(c) {
            Some('(' | '[' | '{') => depth += 1,
            Some(')' | ']' | '}') if depth > 0 => depth -= 1,
            Some(']' | '}') => return trimmed(text, start, here),
            Some(',') if depth == 0 && (!past_words || key_follows(&text[here + 1..end])) => {
                return trimmed(text, start, here);
            }
            _ => {}
        }
    }
    trimmed(text, start, end)
}

/// Where the text ends whose quote opens at `start` and is not closed: before the bracket that closes what it stands in, or before the comma
/// that the next key or item follows.
pub(super) fn text_end(text: &str, start: usize, end: usize) -> usize {
    let is_value = text[..start].trim_end().ends_with(':');
    let end = extent(text, start + 1, end, is_value);
    trimmed(text, start, end - usize::from(text[..end].ends_with(',')))
}

fn trimmed(text: &str, start: usize, end: usize) -> usize {
    start + text[start..end].trim_end().len()
}

fn key_follows(rest: &str) -> bool {
    let word = rest.split([',', '}', ']']).next().unwrap_or("");
    word.contains(": ") || word.trim_end().ends_with(':')
}

/// Where a comment begins in it.
fn comment_in(text: &str) -> Option<usize> {
    let mut walk = Walk::default();
    text.char_indices().find_map(|(at, c)| {
        walk.step(c);
        walk.comment.then_some(at)
    })
}

/// Passes over what stands in quotes and comments.
#[derive(Default)]
struct Walk {
    quote: Option<char>,
    comment: bool,
    before: Option<char>,
}

impl Walk {
    /// The character, unless it belongs to a quoted text or a comment.
    fn step(&mut self, c: char) -> Option<char> {
        let before = self.before.replace(c);
        if self.comment {
            self.comment = c != '\n';
            return None;
        }
        if let Some(quote) = self.quote {
            if c == quote {
                self.quote = None;
            }
            return None;
        }
        // An apostrophe is no quote; a `#` begins a comment only after a blank.
        let opens = c == '"' || (c == '\'' && !before.is_some_and(char::is_alphanumeric));
        self.quote = opens.then_some(c);
        self.comment = c == '#' && before.is_some_and(char::is_whitespace);
        (!opens && !self.comment).then_some(c)
    }
}
