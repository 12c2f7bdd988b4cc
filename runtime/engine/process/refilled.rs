//! A coupon pool has codes again: whoever left because there was none goes on at the very step.

use super::Work;
use crate::action::{Action, ActionStatus};
use crate::calendar::{DAY, Instant};
use crate::catalog::program::Op;
use crate::catalog::{Catalog, Loaded};
use crate::codes;
use crate::enrollment::{Enrollment, TurnedAway};
use crate::input::NO_COUPON;
use crate::map::Map;

/// For so long it is kept where somebody stood who left for want of a code.
const KEPT: i64 = 90 * DAY;

/// The coupon pool that had no code for an enrollment, which ended for that and may go on at this moment; none for all others.
pub fn turned_away<'c>(
    catalog: &'c Catalog,
    enrollment: &Enrollment,
    clock: Instant,
) -> Option<&'c str> {
    let place = enrollment
        .turned_away
        .filter(|_| is_kept(enrollment, clock))?;
    let loaded = catalog.version(enrollment.version)?;
    pool_of(&loaded.program.node(place.node)?.op)
}

/// The coupon pool that a step gives codes of.
pub(crate) fn pool_of(op: &Op) -> Option<&str> {
    match op {
        Op::Coupon(coupon) if codes::is_name(&coupon.codes) => Some(&coupon.codes),
        _ => None,
    }
}

/// Whether it may still go on.
pub(crate) fn is_kept(enrollment: &Enrollment, clock: Instant) -> bool {
    let ended = enrollment.ended.as_ref();
    enrollment.turned_away.is_some() && ended.is_some_and(|own| clock < own.at.plus_millis(KEPT))
}

impl Work<'_> {
    /// Takes back whoever a pool had no code for.
    pub(crate) fn take_back(&mut self, pool: &str) {
        for index in 0..self.person.enrollments.len() {
            let own = &self.person.enrollments[index];
            let Some(TurnedAway { node, was_due }) = own.turned_away else {
                continue;
            };
            if turned_away(self.catalog, own, self.clock) != Some(pool) {
                continue;
            }
            let Some(loaded) = self.loaded_of(index) else {
                continue;
            };
            self.set_now(self.clock);
            self.person.enrollments[index].turned_away = None;
            if let Some(why) = self.stays_outside(&loaded, index) {
                let place = Some(node);
                self.trace_at(
                    &loaded,
                    index,
                    place,
                    "not_taken_back",
                    Some(why),
                    Map::new(),
                );
                continue;
            }
            // Before a restore, a code and its letter may have left already.
            self.was_due = was_due;
            self.come_back(index);
            if !self.exit_when(&loaded, index) {
                self.go_on(&loaded, index, node);
            }
            self.follow_up();
        }
    }

    /// Why somebody is not taken back; none if nothing is in the way.
    fn stays_outside(&self, loaded: &Loaded, index: usize) -> Option<&'static str> {
        let own = &self.person.enrollments[index];
        let is_beside = |other: &Enrollment| {
            other.is_active() && other.journey == own.journey && other.key == own.key
        };
        let current = self.catalog.journey(&loaded.id);
        if !current.is_some_and(|now| self.catalog.is_open(now.journey())) {
            Some("not_open")
        } else if !own.parallel && self.person.enrollments.iter().any(is_beside) {
            Some("already_active")
        } else if own.expires.is_some_and(|at| at <= self.now) {
            Some("expired")
        } else {
            None
        }
    }

    fn come_back(&mut self, index: usize) {
        let enrollment = &mut self.person.enrollments[index];
        enrollment.ended = None;
        enrollment.returned += 1;
        self.changes.actions.push(Action {
            at: self.now,
            journey: enrollment.journey.clone(),
            step: None,
            customer: self.person.customer.id.clone(),
            enrollment: enrollment.id,
            action: "enter".into(),
            channel: None,
            template: None,
            data: Map::new(),
            key: enrollment.id.within("enter", &[enrollment.returned]),
            status: ActionStatus::Sent,
            reason: Some(NO_COUPON.into()),
        });
    }
}
