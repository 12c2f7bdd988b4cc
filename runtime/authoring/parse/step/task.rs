//! `task: { title, for, due, priority }`.

use kurant_engine::definition::{Computed, Task, TaskFor};
use kurant_engine::value::Value;

use super::At;
use crate::parse::calendar::some_duration;
use crate::parse::computed::text_or_computed;
use crate::parse::context::text;

pub(super) fn read(at: At<'_, '_>) -> Option<Task> {
    let mut map = at.inside_not_text(
        "a task",
        "task: { title: Call back, for: owner, due: 4h }",
        |text| format!("task: {{ title: {text}, for: owner }}"),
    )?;
    map.synonyms(&[
        ("name", "title"),
        ("text", "title"),
        ("assignee", "for"),
        ("to", "for"),
        ("who", "for"),
        ("pool", "for"),
        ("owner", "for"),
        ("deadline", "due"),
        ("sla", "due"),
        ("in", "due"),
    ]);
    let title = map.need("title", |node| text_or_computed(at.context, node));
    // Whether a name is a person or a pool is known when the workspace is.
    let assignee = map.read("for", |node| {
        Ok(match text(node)?.as_str() {
            "owner" => TaskFor::Owner,
            name => TaskFor::Person(name.to_owned()),
        })
    });
    let due = map.read("due", some_duration);
    let priority = map.read("priority", text);
    map.finish();
    Some(Task {
        title: title.unwrap_or(Computed::Literal(Value::Null)),
        assignee: assignee.unwrap_or(TaskFor::Owner),
        due,
        priority,
    })
}
