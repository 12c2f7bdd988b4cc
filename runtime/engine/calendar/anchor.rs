//! What waits and occasions are counted from, and the one way of counting.

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use super::{Date, Instant, Local, Offset, Time, Zone, resolve};

/// What a wait or a trigger is counted from: a date (its 00:00 on the customer's clock) or an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// A calendar date.
    Date(Date),
    /// An instant.
    Instant(Instant),
}

impl Anchor {
    /// The instant: a date begins at its 00:00.
    #[must_use]
    pub fn instant(self, zone: Zone) -> Instant {
        match self {
            Self::Date(_) => resolve(self.local(zone), zone),
            Self::Instant(instant) => instant,
        }
    }

    /// What the customer's clock shows at the anchor. A store keeps anchors by this.
    #[must_use]
    pub fn local(self, zone: Zone) -> Local {
        match self {
            Self::Date(date) => date.and_time(NaiveTime::MIN),
            Self::Instant(instant) => instant.local(zone),
        }
    }

    /// The date on the customer's clock.
    #[must_use]
    pub fn date(self, zone: Zone) -> Date {
        self.local(zone).date()
    }

    /// The moment that lies `offset` from the anchor; then, if `at` is given, that time on that day, earlier or later.
    #[must_use]
    pub fn reckon(self, offset: &Offset, at: Option<Time>, zone: Zone) -> Instant {
        if offset.duration.is_elapsed_only() {
            return on_day(self.instant(zone).plus_millis(offset.millis()), at, zone);
        }
        let moved = offset.shift(self.local(zone));
        match at {
            // A day that the zone skipped is still the day that was meant.
            Some(at) if offset.millis() == 0 => resolve(moved.date().and_time(at), zone),
            _ => on_day(resolve(moved, zone).plus_millis(offset.millis()), at, zone),
        }
    }
}

impl From<Instant> for Anchor {
    fn from(instant: Instant) -> Self {
        Self::Instant(instant)
    }
}

impl From<Date> for Anchor {
    fn from(date: Date) -> Self {
        Self::Date(date)
    }
}

fn on_day(moment: Instant, at: Option<Time>, zone: Zone) -> Instant {
    at.map_or(moment, |at| resolve(moment.date(zone).and_time(at), zone))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::testing::{KYIV, date, instant, time};

    #[test]
    fn the_day_is_found_first_and_the_time_on_it_may_be_earlier() {
        let anchor = Anchor::from(instant("2026-01-31T12:00:00+02:00"));
        let nine_months = Offset::parse("9 months").unwrap();
        assert_eq!(
            anchor.reckon(&nine_months, Some(time("10:00")), KYIV),
            instant("2026-10-31T10:00:00+02:00")
        );
        assert_eq!(
            anchor.reckon(&nine_months, Some(time("15:00")), KYIV),
            instant("2026-10-31T15:00:00+02:00")
        );
        assert_eq!(
            anchor.reckon(&nine_months, None, KYIV),
            instant("2026-10-31T12:00:00+02:00")
        );
    }

    #[test]
    fn elapsed_parts_may_carry_it_to_another_day() {
        let anchor = Anchor::from(date("2026-11-22"));
        let two_hours_before = Offset::parse("-2h").unwrap();
        assert_eq!(
            anchor.reckon(&two_hours_before, None, KYIV),
            instant("2026-11-21T22:00:00+02:00")
        );
        assert_eq!(
            anchor.reckon(&two_hours_before, Some(time("10:00")), KYIV),
            instant("2026-11-21T10:00:00+02:00")
        );
        let day_and_hours = Offset::parse("1d 30h").unwrap();
        assert_eq!(
            anchor.reckon(&day_and_hours, Some(time("10:00")), KYIV),
            instant("2026-11-24T10:00:00+02:00")
        );
    }
}
