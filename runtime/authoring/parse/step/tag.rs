//! `tag: vip`, `untag: [vip, gold]`.

use kurant_engine::definition::Computed;
use kurant_engine::value::Value;

use super::At;
use crate::diagnostic::Problem;
use crate::parse::computed::computed;

pub(super) fn read(at: At<'_, '_>) -> Option<Computed> {
    let node = at.value("tag: vip")?;
    let wrong = |what: &str| {
        Problem::wrong_type(format!("expected a tag or a list of tags, found {what}"))
            .help("write `tag: vip` or `tag: [vip, gold]`")
    };
    if node.as_map().is_some() {
        at.context.report(node.head(), wrong("a mapping"));
        return None;
    }
    let items = node.one_or_many();
    if items.is_empty() || items.iter().any(|item| item.as_scalar().is_none()) {
        at.context.report(
            node.head(),
            wrong(if items.is_empty() {
                "an empty list"
            } else {
                "something else in the list"
            }),
        );
        return None;
    }
    // A tag is text, whatever it looks like: `2026` and `true` too.
    let tags = items.iter().filter_map(|item| {
        let text = at.keep(item, item.text())?;
        match text.starts_with('=') {
            true => at.keep(item, computed(at.context, item)),
            false => Some(Computed::Literal(Value::text(text))),
        }
    });
    let mut tags: Vec<Computed> = tags.collect();
    match (node.as_list(), tags.len()) {
        (None, 1) => tags.pop(),
        (None, _) => None,
        (Some(_), _) => Some(as_list(tags)),
    }
}

fn as_list(tags: Vec<Computed>) -> Computed {
    let literals = tags.iter().map(|tag| match tag {
        Computed::Literal(value) => Some(value.clone()),
        _ => None,
    });
    match literals.collect() {
        Some(values) => Computed::Literal(Value::List(values)),
        None => Computed::List(tags),
    }
}
