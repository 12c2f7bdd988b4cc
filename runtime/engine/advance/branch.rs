//! `choose`, `if` and `split`.

use super::Flow;
use crate::catalog::Loaded;
use crate::catalog::program::Node;
use crate::definition::Script;
use crate::map::Map;
use crate::process::{Work, drawn_arm};
use crate::script;
use crate::value::Value;

impl Work<'_> {
    /// The first branch that holds; none = go on.
    pub(super) fn choose(
        &mut self,
        loaded: &Loaded,
        index: usize,
        number: u32,
        node: &Node,
        branches: &[(Option<Script>, u32)],
    ) -> Result<Flow, script::Error> {
        let frame = self.frame_of_node(loaded, index, number);
        for (position, (when, first)) in branches.iter().enumerate() {
            let holds = match when {
                Some(when) => self.holds(loaded, when, &frame)?,
                None => true,
            };
            if holds {
                let mut values = Map::new();
                values.insert("branch", Value::Integer(position as i64 + 1));
                let says = when.as_ref().map_or("else", |when| &*when.source);
                values.insert("when", Value::text(says));
                self.trace_at(loaded, index, Some(number), "chose", None, values);
                return Ok(Flow::Next(*first));
            }
        }
        Ok(Flow::Next(node.next))
    }

    /// The arm is a stable hash of customer, journey and step id; weights are shares of their sum.
    pub(super) fn split(
        &mut self,
        loaded: &Loaded,
        index: usize,
        number: u32,
        node: &Node,
        arms: &[(String, u32, u32)],
    ) -> Flow {
        let drawn = drawn_arm(&self.person.customer.id, &loaded.id, &node.name, arms);
        let Some((name, _, first)) = drawn else {
            return Flow::Next(node.next);
        };
        let mut values = Map::new();
        values.insert("arm", Value::text(name.as_str()));
        self.trace_at(loaded, index, Some(number), "split", None, values);
        Flow::Next(*first)
    }
}
