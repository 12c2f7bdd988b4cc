//! When people shop: more before holidays, more on Saturdays, and in the daytime.

use chrono::{Datelike, NaiveDate, Weekday};

use super::chance::Chance;

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// By month: the eighth of March, Black Friday and the days before New Year sell perfume.
const MONTHS: [f64; 12] = [
    0.75, 1.15, 1.25, 0.85, 0.85, 0.85, 0.75, 0.8, 0.95, 0.95, 1.25, 1.6,
];
/// By weekday, from Monday.
const WEEKDAYS: [f64; 7] = [0.85, 0.85, 0.9, 0.95, 1.15, 1.25, 1.05];
/// By hour of the customer's own day.
const HOURS: [f64; 24] = [
    0.3, 0.1, 0.1, 0.0, 0.0, 0.1, 0.2, 0.5, 1.0, 1.8, 2.5, 3.0, 3.4, 3.2, 3.0, 3.0, 3.2, 3.8, 4.2,
    4.0, 3.4, 2.6, 1.6, 0.8,
];

/// How busy each day is, against an ordinary one.
#[derive(Debug, Clone)]
pub(super) struct Season {
    first: i64,
    weights: Vec<f64>,
    highest: f64,
    hours: Vec<u8>,
}

impl Season {
    /// The days from one to the other.
    pub(super) fn new(from: NaiveDate, until: NaiveDate) -> Self {
        let weights: Vec<f64> = from
            .iter_days()
            .take_while(|day| *day <= until)
            .map(weight)
            .collect();
        let highest = weights
            .iter()
            .fold(1.0, |highest: f64, own| highest.max(*own));
        let hours = HOURS.iter().enumerate();
        Self {
            first: day_number(from),
            weights,
            highest,
            hours: hours
                .flat_map(|(hour, share)| vec![hour as u8; (share * 10.0) as usize])
                .collect(),
        }
    }

    /// The next day on which somebody with this rhythm (days between purchases, on average) comes, after a moment in days.
    pub(super) fn next(
        &self,
        chance: &mut Chance,
        after: f64,
        rhythm: f64,
        until: f64,
    ) -> Option<f64> {
        let mut moment = after;
        loop {
            moment += chance.gap(rhythm / self.highest);
            if moment >= until {
                return None;
            }
            let weight = self
                .weights
                .get((moment as i64 - self.first) as usize)
                .copied()
                .unwrap_or(1.0);
            if chance.happens(weight / self.highest) {
                return Some(moment);
            }
        }
    }

    /// A second of that day, when people in a zone so many hours east of Greenwich are up.
    pub(super) fn moment(&self, chance: &mut Chance, day: f64, east: i64) -> i64 {
        let hour = i64::from(self.hours[chance.below(self.hours.len())]);
        day as i64 * DAY + (hour - east) * 3600 + chance.below(3600) as i64
    }
}

fn weight(day: NaiveDate) -> f64 {
    let rush = match (day.month(), day.day()) {
        (3, 4..=8) => 1.8,
        (2, 11..=14) => 1.4,
        (11, 24..=30) => 1.5,
        (12, 15..=24) | (12, 26..=31) => 1.5,
        (1, 1) | (12, 25) => 0.3,
        _ => 1.0,
    };
    MONTHS[day.month0() as usize]
        * WEEKDAYS[Weekday::num_days_from_monday(&day.weekday()) as usize]
        * rush
}

/// Days since the beginning of 1970.
pub(super) fn day_number(day: NaiveDate) -> i64 {
    (day - NaiveDate::default()).num_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn december_is_busier_than_july() {
        let season = Season::new(day(2024, 1, 1), day(2024, 12, 31));
        let mut chance = Chance::of(1, 1);
        let mut months = [0; 12];
        let mut moment = day_number(day(2024, 1, 1)) as f64;
        while let Some(next) = season.next(
            &mut chance,
            moment,
            0.05,
            day_number(day(2025, 1, 1)) as f64,
        ) {
            months[(NaiveDate::default() + chrono::Days::new(next as u64)).month0() as usize] += 1;
            moment = next;
        }
        assert!(months[11] > 2 * months[6], "{months:?}");
    }

    #[test]
    fn nobody_shops_at_four_in_the_morning_of_the_own_clock() {
        let season = Season::new(day(2024, 1, 1), day(2024, 12, 31));
        let mut chance = Chance::of(1, 1);
        let start = day_number(day(2024, 5, 5));
        let hours = (0..2000).map(|_| {
            (season.moment(&mut chance, start as f64, -5) - start * DAY - 5 * 3600).div_euclid(3600)
        });
        assert!(
            hours
                .into_iter()
                .all(|hour| (0..24).contains(&hour) && hour != 4)
        );
    }
}
