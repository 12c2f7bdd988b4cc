//! How far a zone's clock is ahead of UTC, found in a table.
//!
//! Every event and every wait asks for it several times, so the changes of clocks of a zone are laid out once, on first use, for the years
//! in which customers act. Outside of these years chrono-tz is asked. The table changes no answer, only how long it takes.

use std::sync::OnceLock;

use chrono::{DateTime, MappedLocalTime, Offset as _, TimeZone};
use chrono_tz::{GapInfo, TZ_VARIANTS};

use super::{Local, Zone};

/// Seconds in twenty-four hours.
const DAY: i64 = 86_400;
/// The table begins with 1970 and ends with 2069.
const END: i64 = 36_524 * DAY;
/// A stretch of the table is 2^20 seconds, twelve days.
const STRETCH: u32 = 20;
/// Clocks differ by at most this from UTC, and jump by at most this.
const FARTHEST: i64 = 26 * 3_600;

/// Where a wall-clock time stands on the time line. Offsets are seconds ahead of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It exists once.
    Once(i64),
    /// It exists twice: the earlier and the later.
    Twice(i64, i64),
    /// It is passed over: the offset before the gap, and the instant at which the gap ends, in seconds since the epoch.
    Nowhere(i64, i64),
}

/// The seconds that the zone's clock is ahead of UTC at an instant, given in seconds since the epoch.
pub(super) fn offset_at(seconds: i64, zone: Zone) -> i64 {
    match table_of(zone).filter(|_| (0..END).contains(&seconds)) {
        Some(table) => table.changes[table.last_change(seconds)].1,
        None => asked(seconds, zone),
    }
}

/// Where a wall-clock time, read as if it were UTC, stands on the zone's time line.
pub(super) fn place_of(local: Local, zone: Zone) -> Place {
    let seconds = local.and_utc().timestamp();
    match table_of(zone).filter(|_| (2 * FARTHEST..END - 2 * FARTHEST).contains(&seconds)) {
        Some(table) => table.place_of(seconds),
        None => place_asked(local, zone),
    }
}

/// The changes of clocks in one zone.
struct Table {
    /// From which second on the clock is how many seconds ahead of UTC; the first from the epoch on.
    changes: Vec<(i64, i64)>,
    /// Which change was the last at the beginning of each stretch.
    stretches: Vec<u16>,
}

impl Table {
    fn new(zone: Zone) -> Self {
        let mut changes = vec![(0, asked(0, zone))];
        // No zone changed its clocks twice in a day since 1970.
        for day in (0..END).step_by(86_400) {
            let (before, after) = (asked(day, zone), asked(day + DAY, zone));
            if before != after {
                let (mut low, mut high) = (day, day + DAY);
                while low + 1 < high {
                    let middle = i64::midpoint(low, high);
                    if asked(middle, zone) == before {
                        low = middle
                    } else {
                        high = middle
                    }
                }
                changes.push((high, after));
            }
        }
        let stretches = (0..=END >> STRETCH).map(|stretch| {
            let passed = changes.partition_point(|(from, _)| *from <= stretch << STRETCH);
            u16::try_from(passed - 1).unwrap_or_default()
        });
        let stretches = stretches.collect();
        Self { changes, stretches }
    }

    /// The last change at or before the second.
    fn last_change(&self, seconds: i64) -> usize {
        let mut last =
            usize::from(self.stretches[usize::try_from(seconds >> STRETCH).unwrap_or_default()]);
        while self
            .changes
            .get(last + 1)
            .is_some_and(|(from, _)| *from <= seconds)
        {
            last += 1;
        }
        last
    }

    fn place_of(&self, seconds: i64) -> Place {
        let mut index = self.last_change(seconds - FARTHEST);
        let mut before = self.changes[index].1;
        loop {
            let (from, offset) = self.changes[index];
            if seconds < from + offset {
                return Place::Nowhere(before, from);
            }
            match self.changes.get(index + 1) {
                Some((until, _)) if seconds >= until + offset => {
                    (index, before) = (index + 1, offset)
                }
                Some((until, next)) if seconds >= until + next => {
                    return Place::Twice(offset, *next);
                }
                _ => return Place::Once(offset),
            }
        }
    }
}

/// The table of a zone, laid out on first use.
fn table_of(zone: Zone) -> Option<&'static Table> {
    static TABLES: [OnceLock<Table>; TZ_VARIANTS.len()] =
        [const { OnceLock::new() }; TZ_VARIANTS.len()];
    TABLES
        .get(zone as usize)
        .map(|table| table.get_or_init(|| Table::new(zone)))
}

/// What chrono-tz says to [`offset_at`].
fn asked(seconds: i64, zone: Zone) -> i64 {
    let utc = DateTime::from_timestamp(seconds, 0)
        .unwrap_or_default()
        .naive_utc();
    i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
}

/// What chrono-tz says to [`place_of`].
fn place_asked(local: Local, zone: Zone) -> Place {
    let ahead = |offset: chrono_tz::TzOffset| i64::from(offset.fix().local_minus_utc());
    match zone.offset_from_local_datetime(&local) {
        MappedLocalTime::Single(offset) => Place::Once(ahead(offset)),
        MappedLocalTime::Ambiguous(earlier, later) => Place::Twice(ahead(earlier), ahead(later)),
        MappedLocalTime::None => {
            let gap = GapInfo::new(&local, &zone);
            let before = gap
                .as_ref()
                .and_then(|gap| gap.begin.as_ref())
                .map_or(0, |(_, offset)| ahead(*offset));
            let end = gap
                .and_then(|gap| gap.end)
                .map_or(local.and_utc().timestamp() - before, |end| end.timestamp());
            Place::Nowhere(before, end)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::testing::ZONES;

    fn wall(seconds: i64) -> Local {
        DateTime::from_timestamp(seconds, 0).unwrap().naive_utc()
    }

    #[test]
    fn about_every_change_of_clocks_the_table_says_what_chrono_tz_says() {
        for zone in ZONES {
            for &(from, _) in &table_of(zone).unwrap().changes {
                for hours in -30..=30 {
                    for seconds in [-1, 0, 1, 900] {
                        let seconds = from + hours * 1_800 + seconds;
                        assert_eq!(
                            offset_at(seconds, zone),
                            asked(seconds, zone),
                            "{zone} {seconds}"
                        );
                        let local = wall(seconds + asked(from, zone));
                        assert_eq!(
                            place_of(local, zone),
                            place_asked(local, zone),
                            "{zone} {local}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn every_zone_has_its_own_table() {
        for (index, zone) in TZ_VARIANTS.into_iter().enumerate() {
            assert_eq!(zone as usize, index);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn at_any_time_the_table_says_what_chrono_tz_says(
            seconds in -3_000_000_000_i64..5_000_000_000,
            zone in prop::sample::select(ZONES.to_vec()),
        ) {
            prop_assert_eq!(offset_at(seconds, zone), asked(seconds, zone));
            prop_assert_eq!(place_of(wall(seconds), zone), place_asked(wall(seconds), zone));
        }
    }
}
