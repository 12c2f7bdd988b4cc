//! Date and inactivity triggers whose attribute came or changed when they were already due.

use compact_str::CompactString;

use super::Work;
use crate::calendar::Date;
use crate::catalog::TriggerAt;
use crate::input::Occasion;

impl Work<'_> {
    /// Fires the triggers that a changed attribute makes due by now, if that isn't too long ago. Those due later fire when
    /// their time comes; who looks for them passes over what was due before the attribute was set.
    pub(crate) fn follow_anchors(&mut self) {
        let changed = std::mem::take(&mut self.changed);
        if self.silent || changed.is_empty() {
            return;
        }
        let is_among = |name: &str| changed.iter().any(|own| own == name);
        let catalog = self.catalog;
        let anchors = catalog.index().anchors.iter();
        let mut triggers: Vec<(&str, TriggerAt)> = anchors
            .filter(|(attribute, _)| is_among(attribute) || is_among("timezone"))
            .flat_map(|(attribute, triggers)| triggers.iter().map(|at| (attribute.as_str(), *at)))
            .collect();
        // In the order of journeys and their triggers, as with everything that fires at one instant.
        triggers.sort_by_key(|(_, at)| (at.journey.0, at.trigger));
        for (attribute, at) in triggers {
            self.fire_if_due(at, &changed, attribute);
        }
    }

    fn fire_if_due(&mut self, at: TriggerAt, changed: &[CompactString], attribute: &str) {
        let Some(firing) = self.catalog.latest_firing(at, self.person, self.clock) else {
            return;
        };
        let trigger = self.catalog.trigger(at);
        let in_time = trigger.catch_up.after(firing.at, self.zone) >= self.clock;
        let still_ahead = match &firing.occasion {
            Occasion::Date(date) => *date >= self.today(),
            _ => changed.iter().any(|own| own == attribute),
        };
        // A birthday long past was not missed: it was never to be noticed. One that is still to come was.
        if in_time || still_ahead {
            self.fire(&firing);
        }
    }

    fn today(&self) -> Date {
        self.clock.date(self.zone)
    }
}
