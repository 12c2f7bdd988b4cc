//! Steps that change the profile and tell the CRM: `set`, `tag`, `untag`, `score`, `task`.

use super::Flow;
use crate::calendar::Instant;
use crate::catalog::Loaded;
use crate::catalog::program::Node;
use crate::customer::Points;
use crate::definition::{Computed, Score, Task, TaskFor};
use crate::enrollment::Made;
use crate::id::Key;
use crate::input::Effect;
use crate::map::Map;
use crate::process::Work;
use crate::script;
use crate::value::Value;

impl Work<'_> {
    /// Changes attributes. It may fire date, inactivity and segment triggers.
    pub(super) fn set(
        &mut self,
        loaded: &Loaded,
        index: usize,
        number: u32,
        node: &Node,
        fields: &[(String, Computed)],
    ) -> Result<Flow, script::Error> {
        let frame = self.frame_of_node(loaded, index, number);
        let values = self.compute_attributes(loaded.scripts(), fields, &frame)?;
        self.merge_attributes(&values, self.now);
        self.tell_crm(index, number, node, "set", values);
        Ok(Flow::Next(node.next))
    }

    /// Adds tags, or takes them away.
    pub(super) fn tag(
        &mut self,
        loaded: &Loaded,
        index: usize,
        number: u32,
        node: &Node,
        tags: &Computed,
        add: bool,
    ) -> Result<Flow, script::Error> {
        let frame = self.frame_of_node(loaded, index, number);
        let given = match self.compute(loaded.scripts(), tags, &frame)? {
            Value::List(tags) => tags,
            Value::Null => Vec::new(),
            one => vec![one],
        };
        let mut own = match self.person.customer.attributes.get("tags") {
            Some(Value::List(own)) => own.clone(),
            _ => Vec::new(),
        };
        own.retain(|tag| !given.contains(tag));
        if add {
            own.extend(given.iter().cloned());
        }
        self.set_attribute("tags", Value::List(own));
        let mut data = Map::new();
        data.insert("tags", Value::List(given));
        self.tell_crm(index, number, node, if add { "tag" } else { "untag" }, data);
        Ok(Flow::Next(node.next))
    }

    /// Adds points with their reason.
    pub(super) fn score(
        &mut self,
        loaded: &Loaded,
        index: usize,
        number: u32,
        node: &Node,
        score: &Score,
    ) -> Result<Flow, script::Error> {
        let frame = self.frame_of_node(loaded, index, number);
        let because = self
            .compute(loaded.scripts(), &score.because, &frame)?
            .to_string();
        let until = score
            .lasts
            .as_ref()
            .map(|lasts| lasts.after(self.now, self.zone));
        self.person.customer.points.push(Points {
            add: score.add,
            because: because.clone(),
            until,
        });
        self.note_changed("score");
        let mut data = Map::new();
        data.insert("add", Value::Integer(score.add));
        data.insert("because", Value::text(because));
        if let Some(until) = until {
            data.insert("until", Value::Instant(until));
        }
        self.tell_crm(index, number, node, "score", data);
        Ok(Flow::Next(node.next))
    }

    /// Makes a task in the CRM; the journey goes on at once.
    pub(super) fn task(
        &mut self,
        loaded: &Loaded,
        index: usize,
        number: u32,
        node: &Node,
        task: &Task,
    ) -> Result<Flow, script::Error> {
        let frame = self.frame_of_node(loaded, index, number);
        let mut data = Map::new();
        data.insert(
            "title",
            Value::text(
                self.compute(loaded.scripts(), &task.title, &frame)?
                    .to_string(),
            ),
        );
        let assignee = match &task.assignee {
            TaskFor::Owner => self.person.customer.text("owner").map(ToOwned::to_owned),
            TaskFor::Person(name) | TaskFor::Pool(name) => Some(name.clone()),
        };
        if let Some(assignee) = assignee {
            data.insert("for", Value::text(assignee));
        }
        if let Some(due) = self.task_due(task) {
            data.insert("due", Value::Instant(due));
        }
        if let Some(priority) = &task.priority {
            data.insert("priority", Value::text(priority.as_str()));
        }
        let key = self.tell_crm(index, number, node, "task", data);
        let made = Made {
            key,
            channel: None,
            node: None,
        };
        self.person.enrollments[index].made.push(made);
        Ok(Flow::Next(node.next))
    }

    /// When a task is due; for a pool only its working hours count.
    fn task_due(&self, task: &Task) -> Option<Instant> {
        let due = task.due.as_ref()?;
        let workspace = self.catalog.workspace();
        let pool = match &task.assignee {
            TaskFor::Pool(name) => workspace.pools.iter().find(|pool| pool.name == *name),
            TaskFor::Owner | TaskFor::Person(_) => None,
        };
        let hours = pool.and_then(|pool| Some((pool, pool.hours.as_ref()?)));
        Some(match hours {
            Some((pool, hours)) => {
                hours.due(self.now, due, pool.timezone.unwrap_or(workspace.timezone))
            }
            None => due.after(self.now, self.zone),
        })
    }

    /// The line in the log and the command, which say the same.
    pub(super) fn tell_crm(
        &mut self,
        index: usize,
        number: u32,
        node: &Node,
        verb: &str,
        data: Map,
    ) -> Key {
        let key = self.action_key(index, number, 0);
        self.command(index, node, key, |_| Effect::Crm {
            command: verb.to_owned(),
            data: data.clone(),
        });
        let action = self.action(index, node, key, verb, data);
        self.changes.actions.push(action);
        key
    }
}
