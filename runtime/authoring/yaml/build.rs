//! Parser events to a tree: one pass over a text that is as good as the mending so far has made it.

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, Span as Mark, StructureStyle};

use super::edits::Edits;
use super::node::{Entry, Key, Kind, Node, Scalar, Style};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};

/// Deepest nesting of lists and mappings.
pub(super) const MAX_DEPTH: usize = 32;
/// Most keys and values of one file.
pub(super) const MAX_NODES: usize = 20_000;

/// Why a pass ended early. Places are bytes of the parsed text.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) kind: FaultKind,
    /// Where the outermost `[` or `{` that is still open stands.
    pub(super) flow: Option<usize>,
    /// The end of the last key or value that was read.
    pub(super) last_end: usize,
}

#[derive(Debug)]
pub(super) enum FaultKind {
    /// The parser could not go on.
    Scan(ErrorKind),
    /// A tag before a value: the place is the tag's; what follows is read too.
    Tag,
    /// In `{ }`, a word without a colon follows the value that begins at the place: a comma cut it in two.
    CutByComma,
    /// The key at the place holds a colon that no space follows: in `{ }`, or before a bracket or quote.
    NoSpaceAfterColon,
    /// A plain value goes on, on the line of the place, with what looks like a list item.
    ItemSwallowed,
    /// In `{ }` or `[ ]`, the value at the place opens a bracket or quote that it doesn't close.
    CutInside,
    TooDeep,
    TooManyNodes,
}

/// A tree, with what is wrong in it that did not stop the reading.
pub(super) struct Built {
    pub(super) root: Option<Node>,
    pub(super) found: Vec<Diagnostic>,
}

pub(super) fn build(parsed: &str, edits: &Edits<'_>, file: FileId) -> Result<Built, Fault> {
    let options = granit_parser::options! {
        emit_comments: false,
        disallow_directives: true,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut builder = Builder {
        parsed,
        edits,
        file,
        stack: Vec::new(),
        root: None,
        found: Vec::new(),
        nodes: 0,
        last_end: 0,
        documents: 0,
    };
    for next in Parser::new_from_str_with_options(parsed, options) {
        match next {
            Ok((event, mark)) => {
                if builder.take(event, mark)? == Go::Stop {
                    break;
                }
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(builder.last_end);
                return Err(builder.fault(at, FaultKind::Scan(error.kind().clone())));
            }
        }
    }
    Ok(Built {
        root: builder.root,
        found: builder.found,
    })
}

#[derive(PartialEq, Eq)]
enum Go {
    On,
    Stop,
}

struct Builder<'p> {
    parsed: &'p str,
    edits: &'p Edits<'p>,
    file: FileId,
    stack: Vec<Frame>,
    root: Option<Node>,
    found: Vec<Diagnostic>,
    nodes: usize,
    last_end: usize,
    documents: usize,
}

/// A list or mapping that is still open.
struct Frame {
    start: usize,
    flow: bool,
    inside: Inside,
}

enum Inside {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        key: Option<PendingKey>,
        last_value: Option<usize>,
    },
}

/// A key whose value has not come yet.
enum PendingKey {
    Good(Key, usize),
    /// Reported; its value is passed over.
    Refused,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, mark: Mark) -> Result<Go, Fault> {
        let range = mark.byte_range().unwrap_or(self.last_end..self.last_end);
        if let Some(tag) = mark.tag_span().and_then(|tag| tag.byte_range()) {
            return Err(self.fault(tag.start, FaultKind::Tag));
        }
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.refuse_second_document(range.start);
                    return Ok(Go::Stop);
                }
            }
            Event::Scalar(text, style, ..) => {
                self.count(range.start)?;
                self.scalar(&text, style, range)?;
            }
            Event::SequenceStart(style, ..) => {
                self.open(
                    range.start,
                    style == StructureStyle::Flow,
                    Inside::List(Vec::new()),
                )?;
            }
            Event::MappingStart(style, ..) => {
                let inside = Inside::Map {
                    entries: Vec::new(),
                    key: None,
                    last_value: None,
                };
                self.open(range.start, style == StructureStyle::Flow, inside)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end)?,
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.count(range.start)?;
                let span = self.span(range.start, range.end);
                self.found
                    .push(super::trap::alias(span, &self.parsed[range.clone()]));
                self.last_end = range.end;
                self.value(Node::new(span, Kind::Broken), range.start)?;
            }
            Event::Anchor(..) => {
                let span = self.span(range.start, range.end);
                self.found
                    .push(super::trap::anchor(span, &self.parsed[range]));
            }
            _ => {}
        }
        Ok(Go::On)
    }

    fn count(&mut self, at: usize) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.fault(at, FaultKind::TooManyNodes));
        }
        Ok(())
    }

    fn open(&mut self, start: usize, flow: bool, inside: Inside) -> Result<(), Fault> {
        self.count(start)?;
        if self.stack.len() >= MAX_DEPTH {
            return Err(self.fault(start, FaultKind::TooDeep));
        }
        self.stack.push(Frame {
            start,
            flow,
            inside,
        });
        Ok(())
    }

    fn close(&mut self, mark_end: usize) -> Result<(), Fault> {
        let Some(frame) = self.stack.pop() else {
            return Ok(());
        };
        // A block ends with its last value; the parser's own mark stands where the next thing begins.
        let end = if frame.flow {
            mark_end
        } else {
            self.last_end.max(frame.start)
        };
        self.last_end = end;
        let span = self.span(frame.start, end);
        let kind = match frame.inside {
            Inside::List(items) => Kind::List(items),
            Inside::Map { entries, .. } => Kind::Map(entries),
        };
        self.value(Node::new(span, kind), frame.start)
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        range: std::ops::Range<usize>,
    ) -> Result<(), Fault> {
        let span = self.span(range.start, range.end);
        let plain = style == ScalarStyle::Plain;
        let absent = plain && range.is_empty();
        if !absent {
            if plain && self.in_flow() && !super::trap::is_closed(text) {
                return Err(self.fault(range.start, FaultKind::CutInside));
            }
            if plain && !self.in_flow() && self.expects_key() && super::trap::opens_in_key(text) {
                return Err(self.fault(range.start, FaultKind::NoSpaceAfterColon));
            }
            if let Some(at) = swallowed_item(&self.parsed[range.clone()]).filter(|_| plain) {
                return Err(self.fault(range.start + at, FaultKind::ItemSwallowed));
            }
            self.last_end = range.end;
        }
        let edit = self.edits.at(range.start);
        let kind = if edit.is_some_and(|edit| edit.broken) {
            Kind::Broken
        } else if absent
            || (plain && matches!(text, "~" | "null" | "Null" | "NULL") && !self.expects_key())
        {
            Kind::Null
        } else {
            let style = match style {
                // What was put in quotes in the author's stead was plain.
                _ if edit.is_some() => Style::Plain,
                ScalarStyle::Plain => Style::Plain,
                ScalarStyle::SingleQuoted => Style::Single,
                ScalarStyle::DoubleQuoted => Style::Double,
                ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
            };
            Kind::Scalar(Scalar {
                text: text.to_owned(),
                style,
            })
        };
        self.value(Node::new(span, kind), range.start)
    }

    /// A whole value has been read: it goes where the innermost open list or mapping wants it.
    fn value(&mut self, node: Node, start: usize) -> Result<(), Fault> {
        let end = self.last_end;
        let (parsed, file) = (self.parsed, self.file);
        let Some(frame) = self.stack.last_mut() else {
            self.root.get_or_insert(node);
            return Ok(());
        };
        let flow = frame.flow;
        // `{{ customer.name }}`: to YAML a mapping as the key of a mapping, to its author a placeholder.
        let braces =
            flow && node.as_map().is_some() && parsed[..start.min(parsed.len())].ends_with('{');
        match &mut frame.inside {
            Inside::Map { key: None, .. } if braces => {
                return Err(self.fault(start - 1, FaultKind::CutInside));
            }
            Inside::List(items) => items.push(node),
            Inside::Map {
                entries,
                key,
                last_value,
            } => match key.take() {
                None => {
                    let (pending, report) = pending_key(node, parsed, start, end, entries, file);
                    *key = Some(pending);
                    self.found.extend(report);
                }
                Some(pending) => {
                    let cut_off = flow && node.is_null() && !colon_follows(parsed, &pending);
                    if cut_off {
                        return self.word_without_colon(pending, node);
                    }
                    let plain = node
                        .as_scalar()
                        .is_some_and(|scalar| scalar.style == Style::Plain);
                    *last_value = plain.then_some(start);
                    if let PendingKey::Good(key, _) = pending {
                        entries.push(Entry { key, value: node });
                    }
                }
            },
        }
        Ok(())
    }

    /// `{ title: Hello, world }`: the comma has cut the title in two. `{ a:1 }`: a space is missing.
    fn word_without_colon(&mut self, pending: PendingKey, node: Node) -> Result<(), Fault> {
        let PendingKey::Good(key, end) = pending else {
            return Ok(());
        };
        let start = end.saturating_sub(key.text.len());
        if self.parsed.get(start..end) == Some(&key.text) && super::trap::lacks_space(&key.text) {
            return Err(self.fault(start, FaultKind::NoSpaceAfterColon));
        }
        let Some(Frame {
            inside:
                Inside::Map {
                    entries,
                    last_value,
                    ..
                },
            ..
        }) = self.stack.last_mut()
        else {
            return Ok(());
        };
        if let Some(start) = *last_value {
            return Err(self.fault(start, FaultKind::CutByComma));
        }
        let report = super::trap::word_in_mapping(&key);
        entries.push(Entry {
            key,
            value: Node {
                kind: Kind::Broken,
                ..node
            },
        });
        self.found.push(report);
        Ok(())
    }

    fn expects_key(&self) -> bool {
        matches!(
            self.stack.last(),
            Some(Frame {
                inside: Inside::Map { key: None, .. },
                ..
            })
        )
    }

    fn in_flow(&self) -> bool {
        self.stack.last().is_some_and(|frame| frame.flow)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let from = self.edits.start_of(start);
        Span::new(self.file, from, self.edits.end_of(end).max(from))
    }

    fn refuse_second_document(&mut self, start: usize) {
        let span = self.span(start, start + 3);
        let report = Diagnostic::error(
            "several-documents",
            span,
            "a second document begins here, and a file holds only one",
        );
        self.found
            .push(report.help("take the `---` away, or put what follows into a file of its own"));
    }

    fn fault(&self, at: usize, kind: FaultKind) -> Fault {
        let flow = self
            .stack
            .iter()
            .find(|frame| frame.flow)
            .map(|frame| frame.start);
        Fault {
            at,
            kind,
            flow,
            last_end: self.last_end,
        }
    }
}

fn pending_key(
    node: Node,
    parsed: &str,
    start: usize,
    end: usize,
    entries: &[Entry],
    file: FileId,
) -> (PendingKey, Option<Diagnostic>) {
    let span = Span { file, ..node.span };
    let explicit = parsed[..start.min(parsed.len())]
        .trim_end_matches(' ')
        .ends_with('?');
    let Kind::Scalar(scalar) = node.kind else {
        let report = match node.kind {
            Kind::Null => {
                Diagnostic::error("yaml-syntax", span, "a key is missing before this colon")
                    .help("write `key: value`, or put the value in single quotes")
            }
            Kind::Broken => return (PendingKey::Refused, None),
            _ => super::trap::key_of_many(span),
        };
        return (PendingKey::Refused, Some(report));
    };
    if explicit || scalar.style == Style::Block {
        let report = Diagnostic::error(
            "complex-key",
            span,
            "a key is written in one line, without `?`",
        )
        .help(format!("write `{}: ...`", scalar.text.trim()));
        return (PendingKey::Refused, Some(report));
    }
    if scalar.text == "<<" && scalar.style == Style::Plain {
        let report = Diagnostic::error(
            "yaml-merge-key",
            span,
            "merge keys (`<<`) are no part of the language",
        )
        .help("write the keys out here");
        return (PendingKey::Refused, Some(report));
    }
    if let Some(first) = entries.iter().find(|entry| entry.key.text == scalar.text) {
        let report = Diagnostic::error(
            "duplicate-key",
            span,
            format!("`{}` stands here a second time", scalar.text),
        )
        .help("keep one of the two; if the next item of a list begins here, write `- ` before it")
        .label(first.key.span, "the first one");
        return (PendingKey::Refused, Some(report));
    }
    (
        PendingKey::Good(
            Key {
                span: node.span,
                text: scalar.text,
            },
            end,
        ),
        None,
    )
}

/// Where in a plain value of several lines one begins like a list item.
fn swallowed_item(value: &str) -> Option<usize> {
    let mut lines = value.split_inclusive('\n');
    let mut at = lines.next()?.len();
    for line in lines {
        let content = line.trim_start();
        if content.starts_with("- ") {
            return Some(at + line.len() - content.len());
        }
        at += line.len();
    }
    None
}

fn colon_follows(parsed: &str, key: &PendingKey) -> bool {
    match key {
        PendingKey::Good(_, end) => parsed
            .get(*end..)
            .is_some_and(|rest| rest.trim_start().starts_with(':')),
        PendingKey::Refused => true,
    }
}
