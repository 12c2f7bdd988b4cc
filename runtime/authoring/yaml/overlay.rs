//! One mapping laid over another: what it says takes the place of what stood there, and the rest stays.

use super::node::{Entry, Kind, Node};

/// What tells one sort of thing from another: of two, nothing of the first one fits the second.
const KIND: &str = "kind";

/// Lays one value over another. Mappings are joined key by key; nothing after a key takes it out; everything else, lists too, takes
/// the place of what stood there, and so does a mapping that names its `kind` anew.
pub(crate) fn laid_over(base: Node, over: Node) -> Node {
    let is_new = over.get(KIND).is_some() && base.get(KIND).is_some();
    let (mut entries, own) = match (base.kind, over.kind) {
        (Kind::Map(entries), Kind::Map(own)) if !is_new => (entries, own),
        (_, kind) => return Node { kind, ..over },
    };
    for entry in own {
        lay(&mut entries, entry);
    }
    Node {
        kind: Kind::Map(entries),
        damaged: base.damaged || over.damaged,
        ..base
    }
}

fn lay(entries: &mut Vec<Entry>, own: Entry) {
    let mut known = entries.iter();
    let place = known.position(|entry| entry.key.text == own.key.text);
    match place {
        Some(place) if is_taken_out(&own.value) => {
            entries.remove(place);
        }
        None if is_taken_out(&own.value) => {}
        Some(place) => {
            let base = entries.remove(place);
            let value = laid_over(base.value, own.value);
            entries.insert(
                place,
                Entry {
                    key: own.key,
                    value,
                },
            );
        }
        None => entries.push(own),
    }
}

/// `~` is written there; a value that was forgotten is a mistake, and told.
fn is_taken_out(value: &Node) -> bool {
    value.is_null() && value.span.start < value.span.end
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Diagnostics;
    use crate::source::Sources;
    use crate::yaml::{self, Node};

    use super::laid_over;

    fn read(sources: &mut Sources, text: &str) -> Node {
        let file = sources.add("kurant.yaml", text);
        yaml::read(sources, file, &Diagnostics::new()).expect("a tree")
    }

    /// A value in short.
    fn shown(node: &Node) -> String {
        if let Some(entries) = node.as_map() {
            let entries = entries
                .iter()
                .map(|entry| format!("{}: {}", entry.key.text, shown(&entry.value)));
            return format!("{{{}}}", entries.collect::<Vec<_>>().join(", "));
        }
        if let Some(items) = node.as_list() {
            return format!("{:?}", items.iter().map(shown).collect::<Vec<_>>());
        }
        node.as_scalar()
            .map_or("~".to_owned(), |one| one.text.clone())
    }

    #[test]
    fn what_it_says_takes_the_place_of_what_stood_there() {
        for (base, over, joined) in [
            ("{a: 1, b: 2}", "{b: 3, c: 4}", "{a: 1, b: 3, c: 4}"),
            ("{a: {b: 1, c: 2}}", "{a: {c: 3}}", "{a: {b: 1, c: 3}}"),
            ("{a: [1, 2]}", "{a: [3]}", "{a: [\"3\"]}"),
            ("{a: 1, b: 2}", "{a: ~}", "{b: 2}"),
            ("{a: 1}", "{b: ~}", "{a: 1}"),
            ("{a: 1}", "{b: , c: 2}", "{a: 1, b: ~, c: 2}"),
            ("{a: {b: 1}}", "{a: 2}", "{a: 2}"),
            (
                "{email: {kind: smtp, host: h}}",
                "{email: {kind: file}}",
                "{email: {kind: file}}",
            ),
            (
                "{email: {kind: smtp, host: h}}",
                "{email: {host: i}}",
                "{email: {kind: smtp, host: i}}",
            ),
        ] {
            let mut sources = Sources::new();
            let (base, over) = (read(&mut sources, base), read(&mut sources, over));
            let both = laid_over(base, over);
            assert_eq!(shown(&both), joined);
        }
    }

    #[test]
    fn a_mistake_is_told_where_it_stands() {
        let mut sources = Sources::new();
        let base = read(&mut sources, "{a: 1, b: {c: 1}}");
        let over = read(&mut sources, "{b: {c: 2}}");
        let (first, second) = (base.span.file, over.span.file);
        let both = laid_over(base, over);
        let file = |node: Option<&Node>| node.map(|node| node.span.file);
        assert_eq!(file(both.get("a")), Some(first));
        assert_eq!(file(both.get("b").and_then(|b| b.get("c"))), Some(second));
    }
}
