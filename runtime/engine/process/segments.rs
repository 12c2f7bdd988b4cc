//! Segments that a trigger watches: entered and left.

use super::{Entrance, Work};
use crate::catalog::Watched;
use crate::enrollment::Started;
use crate::person::Membership;

impl Work<'_> {
    /// Judges watched segments of which nothing is known yet for this person: editing a segment triggers nothing.
    pub(crate) fn first_baseline(&mut self) {
        let known = |person: &crate::person::Person, watched: &Watched| {
            person
                .memberships
                .iter()
                .any(|own| own.segment == watched.name && own.condition == watched.key)
        };
        let catalog = self.catalog;
        if catalog
            .watched()
            .iter()
            .all(|watched| known(self.person, watched))
        {
            return;
        }
        for watched in catalog.watched() {
            if !known(self.person, watched) {
                let inside = self.is_inside(watched).unwrap_or(false);
                self.set_membership(watched, inside);
            }
        }
        self.set_segments_due();
    }

    /// Judges all watched segments without firing anything.
    pub(crate) fn baseline(&mut self) {
        self.set_now(self.clock);
        self.first_baseline();
        self.silent = true;
        self.stirred = true;
    }

    /// Judges watched segments again after a change, and fires what waits for entering or leaving.
    pub(crate) fn follow_segments(&mut self) {
        let catalog = self.catalog;
        if !std::mem::take(&mut self.stirred) || catalog.watched().is_empty() {
            return;
        }
        let mut moved = Vec::new();
        for watched in catalog.watched() {
            let Some(inside) = self.is_inside(watched) else {
                continue;
            };
            if self.set_membership(watched, inside) {
                moved.push((watched.name.as_str(), inside));
            }
        }
        self.set_segments_due();
        if self.silent {
            return;
        }
        for (segment, inside) in moved {
            for (name, entering, at) in &catalog.index().segments {
                let loaded = catalog.loaded(at.journey);
                if name == segment && *entering == inside && catalog.is_open(loaded.journey()) {
                    let kind = if inside { "enters" } else { "leaves" };
                    let started = Started {
                        kind: kind.to_owned(),
                        time: self.now,
                        event: None,
                        date: None,
                        since: None,
                    };
                    let occasion = format!("{kind} {segment} {}", self.now);
                    self.enter(
                        loaded,
                        Entrance {
                            started,
                            occasion,
                            once: false,
                            vars: None,
                        },
                    );
                }
            }
        }
    }

    /// Whether the customer is in a segment; none when its condition fails, which leaves the membership as it was.
    fn is_inside(&mut self, watched: &Watched) -> Option<bool> {
        let frame = self.frame(None);
        match self
            .catalog
            .scripts()
            .holds(&watched.condition, self.person, &frame)
        {
            Ok(inside) => Some(inside),
            Err(error) => {
                self.trace_profile_error(&watched.name, &error);
                None
            }
        }
    }

    /// Notes a membership; whether it is another one than before.
    fn set_membership(&mut self, watched: &Watched, inside: bool) -> bool {
        let memberships = &mut self.person.memberships;
        match memberships
            .iter_mut()
            .find(|own| own.segment == watched.name)
        {
            Some(own) => {
                let moved = own.condition == watched.key && own.inside != inside;
                own.condition = watched.key;
                own.inside = inside;
                moved
            }
            None => {
                memberships.push(Membership {
                    segment: watched.name.clone(),
                    condition: watched.key,
                    inside,
                });
                false
            }
        }
    }

    /// When a time in a watched condition comes next for this person.
    fn set_segments_due(&mut self) {
        let frame = self.frame(None);
        let watched = self.catalog.watched().iter();
        let changes = watched.filter_map(|watched| {
            watched
                .times
                .next_change(self.person, frame.now, frame.zone)
        });
        self.person.segments_due = changes.min();
    }
}
