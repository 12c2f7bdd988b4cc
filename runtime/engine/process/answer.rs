//! A web hook has answered, or failed for good: whoever waits for it goes on.

use std::sync::Arc;

use super::Work;
use crate::advance::Flow;
use crate::calendar::{DAY, Duration, Instant};
use crate::catalog::program::Op;
use crate::catalog::{Catalog, Loaded, Reply};
use crate::definition::{OnError, Webhook};
use crate::enrollment::Place;
use crate::id::Key;
use crate::map::Map;

/// Whether a journey waits for what comes back: only calls that leave by HTTP are answered, and only where the answer is of use.
pub(crate) fn is_awaited(catalog: &Catalog, hook: &Webhook) -> bool {
    let kind = catalog.workspace().settings.webhooks.get("kind");
    let is_called = kind.and_then(crate::value::Value::as_text) == Some("http");
    let is_of_use = hook.save.is_some() || hook.on_error != OnError::Continue;
    !catalog.rehearses() && is_called && is_of_use
}

/// When a call that is made now is answered no more: after all that it is tried for, and a day in which somebody may decide about one that
/// is held, or a run that was stopped goes on. What an operator dropped, or nobody keeps any more, ends there too.
pub(crate) fn unanswered_at(catalog: &Catalog, now: Instant) -> Instant {
    let valid_for = catalog.workspace().settings.webhooks.get("valid_for");
    let valid_for = valid_for.and_then(crate::value::Value::as_text);
    let valid_for = valid_for.and_then(|text| Duration::parse(text).ok());
    let tried = valid_for.map_or(DAY, |own| own.at_most_millis());
    now.plus_millis(tried).plus_millis(DAY)
}

impl Work<'_> {
    /// Lets the one go on that made this call. Who has left meanwhile, or was moved on by an operator, hears nothing of it.
    pub(crate) fn hear(&mut self, call: Key, reply: Reply) {
        let mut enrollments = self.person.enrollments.iter();
        let is_it = |place: &Place| matches!(place, Place::Calling { key, .. } if *key == call);
        let Some(index) = enrollments.position(|own| own.is_active() && is_it(&own.place)) else {
            return;
        };
        let Some(loaded) = self.loaded_of(index) else {
            return;
        };
        self.set_now(self.clock);
        self.answered(&loaded, index, reply);
        self.follow_up();
    }

    /// One that waits for an answer goes on with this one.
    pub(super) fn answered(&mut self, loaded: &Arc<Loaded>, index: usize, reply: Reply) {
        let Some(number) = self.person.enrollments[index].node() else {
            return;
        };
        let Some(node) = loaded.program.node(number) else {
            return;
        };
        let Op::Webhook { hook, failed } = &node.op else {
            return;
        };
        let what = match reply {
            Reply::Value(_) => "hook_answered",
            Reply::Failure => "hook_failed",
        };
        self.trace_at(loaded, index, Some(number), what, None, Map::new());
        match self.replied(index, node, (hook, *failed), reply) {
            Flow::Next(next) if !self.exit_when(loaded, index) => {
                self.go_on(loaded, index, next);
            }
            Flow::End(reason) => self.leave(index, &reason),
            Flow::Next(_) | Flow::Stay(_) => {}
        }
    }
}
