//! Whoever is inside a journey that is held back stays where they are, and goes on once it isn't.

use super::Work;
use crate::calendar::Instant;
use crate::catalog::Loaded;
use crate::enrollment::Place;
use crate::map::Map;

/// Why a message that is held back is deferred.
pub(crate) const PAUSED: &str = "paused";

/// Until when: until somebody resumes it.
pub(crate) const UNTIL_RESUMED: Instant = Instant::MAX;

impl Work<'_> {
    /// Whether an enrollment has to stay where it is.
    pub(crate) fn is_paused(&self, index: usize) -> bool {
        let journey = &self.person.enrollments[index].journey;
        self.catalog.paused().journey(journey).is_some()
    }

    /// Keeps an enrollment where it is; its timers wake nobody until it is resumed.
    pub(crate) fn hold(&mut self, loaded: &Loaded, index: usize, node: Option<u32>) {
        let first = !std::mem::replace(&mut self.person.enrollments[index].held, true);
        if first {
            self.trace_at(loaded, index, node, "held", Some(PAUSED), Map::new());
        }
    }

    /// Lets go whoever was held and isn't any more: what came due meanwhile is due now, and is judged again.
    pub(crate) fn resume(&mut self) {
        for index in 0..self.person.enrollments.len() {
            if self.is_paused(index) {
                continue;
            }
            self.release_messages(index);
            if !std::mem::take(&mut self.person.enrollments[index].held) {
                continue;
            }
            let Some(loaded) = self.loaded_of(index) else {
                continue;
            };
            self.trace_at(&loaded, index, None, "resumed", None, Map::new());
            let Place::At { node } = self.person.enrollments[index].place else {
                // Its timer is due in its own time.
                continue;
            };
            self.set_now(self.clock);
            if !self.exit_when(&loaded, index) {
                self.go_on(&loaded, index, node);
            }
            self.follow_up();
        }
    }

    fn release_messages(&mut self, index: usize) {
        let enrollment = &mut self.person.enrollments[index];
        if let Place::Sending { planned, due, .. } = &mut enrollment.place
            && *due == UNTIL_RESUMED
        {
            *due = *planned;
        }
        for fallback in &mut enrollment.fallbacks {
            if fallback.due == UNTIL_RESUMED {
                fallback.due = fallback.planned;
            }
        }
    }
}
