//! The text as it is mended while it is read: what the author wrote, with the mistakes found so far put right, and the way back to what was written.

use std::ops::Range;

/// One place put right, in bytes of the text as written.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    /// What is replaced.
    pub(super) range: Range<usize>,
    /// What is read instead.
    pub(super) with: String,
    /// The value is not what the author meant, only something that can be read in its place.
    pub(super) broken: bool,
    /// The line is gone, and with it perhaps a key that its mapping needs.
    pub(super) lost: bool,
}

impl Edit {
    /// Reads `with` instead of what stands in `range`.
    pub(super) fn put(range: Range<usize>, with: impl Into<String>) -> Self {
        Self {
            range,
            with: with.into(),
            broken: false,
            lost: false,
        }
    }

    /// Passes over the value in `range`: its node becomes `Kind::Broken`.
    pub(super) fn broken(range: Range<usize>) -> Self {
        Self {
            broken: true,
            ..Self::put(range, "''")
        }
    }

    /// Passes over the lines in `range`.
    pub(super) fn lost(range: Range<usize>) -> Self {
        Self {
            lost: true,
            ..Self::put(range, "")
        }
    }
}

/// The text as written and every edit so far, in order and without overlap.
#[derive(Debug, Clone)]
pub(super) struct Edits<'t> {
    written: &'t str,
    list: Vec<Edit>,
    /// For each edit, where its replacement begins in the parsed text.
    begins: Vec<usize>,
}

impl<'t> Edits<'t> {
    pub(super) fn new(written: &'t str) -> Self {
        Self {
            written,
            list: Vec::new(),
            begins: Vec::new(),
        }
    }

    pub(super) fn written(&self) -> &'t str {
        self.written
    }

    /// The text to parse.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.written.len() + 16);
        let mut from = 0;
        for edit in &self.list {
            text.push_str(self.written.get(from..edit.range.start).unwrap_or(""));
            text.push_str(&edit.with);
            from = edit.range.end;
        }
        text.push_str(self.written.get(from..).unwrap_or(""));
        text
    }

    /// Adds edits, if none of them touches an earlier one.
    pub(super) fn add(&mut self, edits: Vec<Edit>) -> bool {
        let inside = |edit: &Edit| {
            edit.range.end <= self.written.len() && edit.range.start <= edit.range.end
        };
        if edits.is_empty()
            || edits
                .iter()
                .any(|edit| !inside(edit) || self.touched(&edit.range))
        {
            return false;
        }
        self.list.extend(edits);
        self.settle();
        true
    }

    /// Whether an edit touches the stretch.
    fn touched(&self, range: &Range<usize>) -> bool {
        // Edits don't overlap, so only those around the place of the stretch can touch it.
        let after = self
            .list
            .partition_point(|edit| edit.range.start < range.start);
        let near = self
            .list
            .get(after.saturating_sub(1)..(after + 1).min(self.list.len()));
        near.into_iter()
            .flatten()
            .any(|edit| touch(&edit.range, range))
    }

    fn settle(&mut self) {
        self.list.sort_by_key(|edit| edit.range.start);
        let mut shift = Shift::default();
        self.begins.clear();
        for edit in &self.list {
            self.begins.push(shift.apply(edit.range.start));
            shift.add(edit);
        }
    }

    /// Adds an edit and takes away all earlier ones that it touches.
    pub(super) fn overrule(&mut self, edit: Edit) -> bool {
        let already = self
            .list
            .iter()
            .any(|other| other.range == edit.range && other.with == edit.with);
        if already {
            return false;
        }
        self.list.retain(|other| !touch(&edit.range, &other.range));
        self.list.push(edit);
        self.settle();
        true
    }

    /// The byte as written that stands at a byte of the parsed text.
    pub(super) fn start_of(&self, parsed: usize) -> usize {
        match self.find(parsed) {
            Found::In(edit) => edit.range.start,
            Found::Shifted(byte) => byte,
        }
    }

    /// As [`Self::start_of`] for the end of a stretch: the end of what was replaced.
    pub(super) fn end_of(&self, parsed: usize) -> usize {
        match parsed.checked_sub(1).map(|last| self.find(last)) {
            None => 0,
            Some(Found::In(edit)) => edit.range.end,
            Some(Found::Shifted(byte)) => byte + 1,
        }
    }

    /// The edit whose replacement holds this byte of the parsed text.
    pub(super) fn at(&self, parsed: usize) -> Option<&Edit> {
        match self.find(parsed) {
            Found::In(edit) => Some(edit),
            Found::Shifted(_) => None,
        }
    }

    /// By how many columns the mending has moved the text at `to` in the line that begins at `line`; `None` when the line is gone.
    pub(super) fn moved(&self, line: usize, to: usize) -> Option<isize> {
        let from = self.list.partition_point(|edit| edit.range.start < line);
        let gone = |edit: &Edit| edit.lost && edit.range.contains(&line);
        if self.list[from.saturating_sub(1)..].iter().take(2).any(gone) {
            return None;
        }
        let before = self.list[from..]
            .iter()
            .take_while(|edit| edit.range.end <= to);
        let moved = before.fold(0_isize, |moved, edit| {
            moved
                .saturating_add_unsigned(edit.with.len())
                .saturating_sub_unsigned(edit.range.len())
        });
        Some(moved)
    }

    /// Whether the text that begins here has been mended already.
    pub(super) fn moves(&self, start: usize) -> bool {
        self.list
            .binary_search_by_key(&start, |edit| edit.range.start)
            .is_ok()
    }

    /// Where lines were passed over, in bytes as written.
    pub(super) fn lost(&self) -> impl Iterator<Item = usize> {
        self.list
            .iter()
            .filter(|edit| edit.lost)
            .map(|edit| edit.range.start)
    }

    fn find(&self, parsed: usize) -> Found<'_> {
        let passed = self.begins.partition_point(|begin| *begin <= parsed);
        let Some(last) = passed.checked_sub(1) else {
            return Found::Shifted(parsed);
        };
        let (edit, begin) = (&self.list[last], self.begins[last]);
        match parsed - begin {
            offset if offset < edit.with.len() => Found::In(edit),
            offset => Found::Shifted(edit.range.end + offset - edit.with.len()),
        }
    }
}

/// How far the parsed text is ahead of the written one, or behind it.
#[derive(Default)]
struct Shift {
    added: usize,
    removed: usize,
}

impl Shift {
    fn add(&mut self, edit: &Edit) {
        self.added += edit.with.len();
        self.removed += edit.range.len();
    }

    fn apply(&self, written: usize) -> usize {
        (written + self.added).saturating_sub(self.removed)
    }
}

enum Found<'e> {
    In(&'e Edit),
    Shifted(usize),
}

fn touch(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start == b.start || (a.start < b.end && b.start < a.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_back_to_what_was_written() {
        let written = "a: !x\nb:1\nc: 2\n";
        let mut edits = Edits::new(written);
        assert!(edits.add(vec![Edit::put(8..8, " ")]));
        assert!(edits.add(vec![Edit::put(3..5, "'!x'")]));
        assert!(
            !edits.add(vec![Edit::put(4..5, "y")]),
            "touches an earlier edit"
        );
        let parsed = edits.text();
        assert_eq!(parsed, "a: '!x'\nb: 1\nc: 2\n");
        let back = |needle: &str| edits.start_of(parsed.find(needle).expect("in the text"));
        assert_eq!(back("'!x'"), 3);
        assert_eq!(back("b:"), 6);
        assert_eq!(back("1"), 8);
        assert_eq!(back("c:"), 10);
        assert_eq!(edits.end_of(parsed.find("\nb").expect("in the text")), 5);
        assert!(edits.overrule(Edit::lost(6..10)));
        assert_eq!(edits.text(), "a: '!x'\nc: 2\n");
    }
}
