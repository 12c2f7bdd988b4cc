//! The values that a condition names: what `explain` and a failing test show beside it.

use super::Work;
use crate::event::Event;
use crate::map::Map;
use crate::value::Value;

impl Work<'_> {
    /// The attributes that a condition names, and the fields of the event at hand, with their values.
    pub(super) fn seen_in(&self, source: &str, event: Option<&Event>) -> Map {
        let mut values = Map::new();
        for name in names(source, "customer.") {
            let value = match name {
                "score" => Some(Value::Integer(self.person.customer.score(self.now))),
                other => self.person.attribute(other),
            };
            values.insert(format!("customer.{name}"), value.unwrap_or_default());
        }
        if let Some(event) = event {
            for name in names(source, "event.").filter(|name| *name != "meta") {
                let value = event.data.get(name).cloned().unwrap_or_default();
                values.insert(format!("event.{name}"), value);
            }
        }
        values
    }
}

/// The names behind `customer.` or `event.`, wherever a path begins with it.
fn names<'s>(source: &'s str, owner: &'s str) -> impl Iterator<Item = &'s str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    source.match_indices(owner).filter_map(move |(at, _)| {
        let begins = !source[..at].ends_with(|c| is_part(c) || c == '.');
        let rest = &source[at + owner.len()..];
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        (begins && end > 0).then(|| &rest[..end])
    })
}
