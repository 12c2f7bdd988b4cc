//! When date and inactivity triggers fire.

use chrono::{Datelike, Months};
use serde::{Deserialize, Serialize};

use super::{Anchor, Date, Duration, Instant, Offset, Time, Zone, resolve};

/// More periods than may pass without an occasion: 29 February is left out for eight years about 1900 and 2100, and one to each side is looked at.
const PERIODS: i32 = 12;

/// How often a date comes round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Each year on its month and day.
    #[default]
    Year,
    /// Each month on its day; a 31st is the month's last day.
    Month,
    /// Only on the date itself.
    Once,
}

/// What becomes of 29 February in years that lack it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feb29 {
    /// The day before.
    #[default]
    Feb28,
    /// The day after.
    Mar1,
    /// No occasion in such a year.
    Skip,
}

/// One firing of a date trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Firing {
    /// The occasion itself (the birthday), not the day of the firing.
    pub occasion: Date,
    /// When it fires.
    pub at: Instant,
}

/// A `date` trigger without its attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateRule {
    /// How often.
    #[serde(default)]
    pub every: Every,
    /// How far from the occasion it fires.
    #[serde(default)]
    pub offset: Offset,
    /// At what time of that day; by default at the time of the occasion itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// What becomes of 29 February; settled before the offset is applied.
    #[serde(default)]
    pub feb29: Feb29,
}

/// An `inactive` trigger without its attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InactiveRule {
    /// How old the anchor is then.
    #[serde(rename = "for")]
    pub for_: Duration,
    /// At what time of that day, earlier or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
}

impl InactiveRule {
    /// When this anchor fires; there is one firing for each value of the anchor.
    #[must_use]
    pub fn firing(&self, anchor: Anchor, zone: Zone) -> Instant {
        anchor.reckon(&self.for_.forward(), self.at, zone)
    }
}

impl DateRule {
    /// The firing of the year (and month, for `every: month`); `None` if there is no such occasion. `once` has but one, whatever the year.
    #[must_use]
    pub fn firing(&self, anchor: Anchor, year: i32, month: u32, zone: Zone) -> Option<Firing> {
        let own = anchor.date(zone);
        let occasion = match self.every {
            Every::Once => {
                return Some(Firing {
                    occasion: own,
                    at: anchor.reckon(&self.offset, self.at, zone),
                });
            }
            Every::Year => self.day_in_year(own, year)?,
            Every::Month => day_in_month(own.day(), year, month)?,
        };
        Some(Firing {
            occasion,
            at: self.reckon(anchor, occasion, zone),
        })
    }

    /// The first firing strictly after `after`. No occasion lies before the anchor: a contract that ends next year has no
    /// anniversary this year.
    #[must_use]
    pub fn next_after(&self, anchor: Anchor, after: Instant, zone: Zone) -> Option<Firing> {
        let own = anchor.date(zone);
        let first = self.firing(anchor, own.year(), own.month(), zone);
        first.filter(|firing| firing.at > after).or_else(|| {
            self.near(anchor, after, zone, 1)
                .find(|firing| firing.at > after && firing.occasion >= own)
        })
    }

    /// The last firing at or before `upto`.
    #[must_use]
    pub fn latest_at_or_before(&self, anchor: Anchor, upto: Instant, zone: Zone) -> Option<Firing> {
        let own = anchor.date(zone);
        self.near(anchor, upto, zone, -1)
            .find(|firing| firing.at <= upto)
            .filter(|firing| firing.occasion >= own)
    }

    /// The firings about `instant`, going forwards or backwards, from one that surely lies on the other side of it.
    fn near(
        &self,
        anchor: Anchor,
        instant: Instant,
        zone: Zone,
        step: i32,
    ) -> impl Iterator<Item = Firing> {
        let rule = *self;
        let back = Offset {
            duration: self.offset.duration,
            negative: !self.offset.negative,
        };
        let about = back.from(instant, zone).date(zone);
        let count = if rule.every == Every::Once {
            1
        } else {
            PERIODS
        };
        (-2..count).filter_map(move |turn| {
            let turn = turn * step;
            let (year, month) = match rule.every {
                Every::Once if turn == 0 => (0, 0),
                Every::Once => return None,
                Every::Year => (about.year().saturating_add(turn), 0),
                Every::Month => {
                    let months = about.year() * 12 + about.month0().cast_signed() + turn;
                    (
                        months.div_euclid(12),
                        months.rem_euclid(12).cast_unsigned() + 1,
                    )
                }
            };
            rule.firing(anchor, year, month, zone)
        })
    }

    /// The anchor's month and day in a year.
    fn day_in_year(&self, own: Date, year: i32) -> Option<Date> {
        Date::from_ymd_opt(year, own.month(), own.day()).or_else(|| match self.feb29 {
            Feb29::Feb28 => Date::from_ymd_opt(year, 2, 28),
            Feb29::Mar1 => Date::from_ymd_opt(year, 3, 1),
            Feb29::Skip => None,
        })
    }

    /// The firing that belongs to an occasion, at the anchor's own time of day unless the rule names one.
    fn reckon(&self, anchor: Anchor, occasion: Date, zone: Zone) -> Instant {
        let local = occasion.and_time(anchor.local(zone).time());
        match self.at {
            Some(at) if self.offset.millis() == 0 => {
                resolve(self.offset.from_date(occasion).and_time(at), zone)
            }
            at => {
                let moved =
                    resolve(self.offset.shift(local), zone).plus_millis(self.offset.millis());
                at.map_or(moved, |at| resolve(moved.date(zone).and_time(at), zone))
            }
        }
    }
}

/// The day of a month, or its last.
fn day_in_month(day: u32, year: i32, month: u32) -> Option<Date> {
    Date::from_ymd_opt(year, month, day).or_else(|| {
        Date::from_ymd_opt(year, month, 1)?
            .checked_add_months(Months::new(1))?
            .pred_opt()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::testing::{KYIV, ZONES, date, instant, time};

    fn rule(every: Every, offset: &str, at: &str, feb29: Feb29) -> DateRule {
        let at = (!at.is_empty()).then(|| time(at));
        DateRule {
            every,
            offset: Offset::parse(offset).unwrap(),
            at,
            feb29,
        }
    }

    fn birthday(day: &str) -> Anchor {
        Anchor::Date(date(day))
    }

    #[test]
    fn a_birthday_offer_goes_out_a_week_before() {
        let rule = rule(Every::Year, "-7d", "10:00", Feb29::Feb28);
        let firing = rule.firing(birthday("1990-04-02"), 2026, 0, KYIV).unwrap();
        assert_eq!(
            firing,
            Firing {
                occasion: date("2026-04-02"),
                at: instant("2026-03-26T10:00:00+02:00")
            }
        );
        // A birthday in the first days of January fires in the old year.
        let next = rule
            .next_after(
                birthday("1990-01-03"),
                instant("2026-12-01T00:00:00Z"),
                KYIV,
            )
            .unwrap();
        assert_eq!(
            next,
            Firing {
                occasion: date("2027-01-03"),
                at: instant("2026-12-27T10:00:00+02:00")
            }
        );
        let latest = rule
            .latest_at_or_before(
                birthday("1990-01-03"),
                instant("2026-12-01T00:00:00Z"),
                KYIV,
            )
            .unwrap();
        assert_eq!(latest.occasion, date("2026-01-03"));
    }

    #[test]
    fn next_is_strictly_after_and_latest_at_or_before() {
        let rule = rule(Every::Year, "0d", "10:00", Feb29::Feb28);
        let at = instant("2026-04-02T10:00:00+03:00");
        let just_before = at.plus_millis(-1);
        let anchor = birthday("1990-04-02");
        assert_eq!(rule.next_after(anchor, just_before, KYIV).unwrap().at, at);
        assert_eq!(
            rule.next_after(anchor, at, KYIV).unwrap().occasion,
            date("2027-04-02")
        );
        assert_eq!(rule.latest_at_or_before(anchor, at, KYIV).unwrap().at, at);
        assert_eq!(
            rule.latest_at_or_before(anchor, just_before, KYIV)
                .unwrap()
                .occasion,
            date("2025-04-02")
        );
    }

    #[test]
    fn the_29th_of_february_is_settled_before_the_offset() {
        let anchor = birthday("2004-02-29");
        for (feb29, year, offset, fires) in [
            (Feb29::Feb28, 2026, "0d", Some("2026-02-28T10:00:00+02:00")),
            (Feb29::Mar1, 2026, "0d", Some("2026-03-01T10:00:00+02:00")),
            (Feb29::Mar1, 2026, "-1d", Some("2026-02-28T10:00:00+02:00")),
            (Feb29::Feb28, 2026, "-1d", Some("2026-02-27T10:00:00+02:00")),
            (Feb29::Skip, 2026, "0d", None),
            (Feb29::Skip, 2028, "0d", Some("2028-02-29T10:00:00+02:00")),
        ] {
            let firing = rule(Every::Year, offset, "10:00", feb29).firing(anchor, year, 0, KYIV);
            assert_eq!(
                firing.map(|firing| firing.at),
                fires.map(instant),
                "{feb29:?} {year}"
            );
        }
        let skip = rule(Every::Year, "0d", "10:00", Feb29::Skip);
        let next = skip
            .next_after(anchor, instant("2096-03-01T00:00:00Z"), KYIV)
            .unwrap();
        assert_eq!(next.occasion, date("2104-02-29"));
        let latest = skip
            .latest_at_or_before(anchor, instant("2104-01-01T00:00:00Z"), KYIV)
            .unwrap();
        assert_eq!(latest.occasion, date("2096-02-29"));
    }

    #[test]
    fn every_month_has_its_31st() {
        let rule = rule(Every::Month, "0d", "10:00", Feb29::Feb28);
        let mut after = instant("2027-12-31T12:00:00+02:00");
        let mut days = Vec::new();
        for _ in 0..4 {
            let firing = rule
                .next_after(birthday("2020-01-31"), after, KYIV)
                .unwrap();
            days.push(firing.occasion.to_string());
            after = firing.at;
        }
        assert_eq!(
            days,
            ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]
        );
    }

    #[test]
    fn once_is_once() {
        let rule = rule(Every::Once, "-2h", "", Feb29::Feb28);
        let visit = Anchor::Instant(instant("2026-11-22T15:00:00+02:00"));
        let fires = instant("2026-11-22T13:00:00+02:00");
        assert_eq!(
            rule.next_after(visit, fires.plus_millis(-1), KYIV)
                .map(|firing| firing.at),
            Some(fires)
        );
        assert_eq!(rule.next_after(visit, fires, KYIV), None);
        assert_eq!(
            rule.latest_at_or_before(visit, fires, KYIV)
                .map(|firing| firing.at),
            Some(fires)
        );
        assert_eq!(
            rule.latest_at_or_before(visit, fires.plus_millis(-1), KYIV),
            None
        );
    }

    #[test]
    fn inactivity_is_reckoned_like_a_wait() {
        let rule = InactiveRule {
            for_: Duration::parse("9 months").unwrap(),
            at: Some(time("10:00")),
        };
        let anchor = Anchor::Instant(instant("2026-05-31T12:00:00+03:00"));
        assert_eq!(
            rule.firing(anchor, KYIV),
            instant("2027-02-28T10:00:00+02:00")
        );
    }

    #[test]
    fn no_occasion_lies_before_the_anchor() {
        let rule = rule(Every::Year, "-7d", "10:00", Feb29::Feb28);
        let ends = Anchor::Date(date("2030-05-10"));
        let now = instant("2026-01-01T00:00:00Z");
        assert_eq!(rule.latest_at_or_before(ends, now, KYIV), None);
        let first = rule.next_after(ends, now, KYIV).unwrap();
        assert_eq!(first.occasion, date("2030-05-10"));
    }

    #[test]
    fn a_rule_is_read_and_written_as_in_a_journey() {
        let written = r#"{"every":"year","offset":"-7d","at":"10:00:00","feb29":"mar1"}"#;
        let read: DateRule = serde_json::from_str(written).unwrap();
        assert_eq!(read, rule(Every::Year, "-7d", "10:00", Feb29::Mar1));
        assert_eq!(serde_json::to_string(&read).unwrap(), written);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn nothing_fires_between_the_latest_and_the_next(
            rule in super::super::source::strategies::any_rule(),
            anchor in super::super::source::strategies::any_anchor(),
            zone in prop::sample::select(ZONES.to_vec()),
            seconds in 0_i64..4_000_000_000,
        ) {
            let now = Instant::from_millis(seconds * 1_000);
            let latest = rule.latest_at_or_before(anchor, now, zone);
            let next = rule.next_after(anchor, now, zone);
            prop_assert!(latest.is_none_or(|firing| firing.at <= now));
            prop_assert!(next.is_none_or(|firing| firing.at > now));
            prop_assert!(rule.every == Every::Once || next.is_some());
            // Every firing of the years around is one of the two, or farther away.
            let year = now.date(zone).year();
            for year in year - 9..=year + 9 {
                for month in 1..=12 {
                    let Some(firing) = rule.firing(anchor, year, month, zone) else { continue };
                    if firing.occasion < anchor.date(zone) {
                        continue;
                    }
                    if firing.at <= now {
                        prop_assert!(latest.is_some_and(|latest| latest.at >= firing.at));
                    } else {
                        prop_assert!(next.is_some_and(|next| next.at <= firing.at));
                    }
                }
            }
        }
    }
}
