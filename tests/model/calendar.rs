//! Calendar arithmetic written a second time, in the plainest way: day by day and minute by minute.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Offset as _, TimeDelta, TimeZone};
use kurant_engine::calendar::{
    DateRule, DayWindow, Duration, Every, Feb29, InactiveRule, Instant, Offset, SendWindow,
    WaitRule, WorkHours, Zone,
};

const MINUTE: i64 = 60_000;

/// What a wait or a trigger is counted from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Anchor {
    /// A day; its 00:00.
    Day(NaiveDate),
    /// A moment.
    Moment(Instant),
}

pub(super) fn local(instant: Instant, zone: Zone) -> NaiveDateTime {
    let utc = chrono::DateTime::from_timestamp_millis(instant.millis()).expect("a time");
    utc.with_timezone(&zone).naive_local()
}

pub(super) fn date(instant: Instant, zone: Zone) -> NaiveDate {
    local(instant, zone).date()
}

/// A time that doesn't exist moves forward by the gap's length; one that exists twice is the earlier.
pub(super) fn resolve(wall: NaiveDateTime, zone: Zone) -> Instant {
    let mut before = wall;
    let offset = loop {
        match zone.offset_from_local_datetime(&before).earliest() {
            Some(offset) => break offset.fix().local_minus_utc(),
            None => before -= TimeDelta::minutes(1),
        }
    };
    Instant::from_millis(wall.and_utc().timestamp_millis() - i64::from(offset) * 1_000)
}

/// A time that doesn't exist becomes the gap's end.
pub(super) fn resolve_to_gap_end(wall: NaiveDateTime, zone: Zone) -> Instant {
    let mut after = wall;
    while zone.offset_from_local_datetime(&after).earliest().is_none() {
        after += TimeDelta::minutes(1);
    }
    resolve(after, zone)
}

/// When a day begins.
pub(super) fn day_begins(day: NaiveDate, zone: Zone) -> Instant {
    resolve_to_gap_end(day.and_time(NaiveTime::MIN), zone)
}

pub(super) fn start_of(anchor: Anchor, zone: Zone) -> Instant {
    match anchor {
        Anchor::Day(day) => resolve(day.and_time(NaiveTime::MIN), zone),
        Anchor::Moment(moment) => moment,
    }
}

fn wall_of(anchor: Anchor, zone: Zone) -> NaiveDateTime {
    match anchor {
        Anchor::Day(day) => day.and_time(NaiveTime::MIN),
        Anchor::Moment(moment) => local(moment, zone),
    }
}

/// Months on, or back; a day that the month lacks becomes its last.
pub(super) fn add_months(day: NaiveDate, months: i64) -> NaiveDate {
    let count = i64::from(day.year()) * 12 + i64::from(day.month0()) + months;
    let (year, month) = (count.div_euclid(12) as i32, count.rem_euclid(12) as u32 + 1);
    (1..=day.day())
        .rev()
        .find_map(|day| NaiveDate::from_ymd_opt(year, month, day))
        .expect("every month has a first day")
}

fn add_days(day: NaiveDate, days: i64) -> NaiveDate {
    day + TimeDelta::days(days)
}

/// The calendar part of a duration, on or back.
fn move_day(day: NaiveDate, duration: &Duration, sign: i64) -> NaiveDate {
    let mut day = add_months(day, sign * i64::from(duration.months));
    day = add_days(day, sign * i64::from(duration.days));
    for _ in 0..duration.workdays {
        day = add_days(day, sign);
        while day.weekday().number_from_monday() > 5 {
            day = add_days(day, sign);
        }
    }
    day
}

fn has_calendar_part(duration: &Duration) -> bool {
    duration.months + duration.days + duration.workdays > 0
}

/// The anchor moved by a duration; then, perhaps, at that time of that day.
fn reckon(
    anchor: Anchor,
    duration: &Duration,
    sign: i64,
    at: Option<NaiveTime>,
    zone: Zone,
) -> Instant {
    let mut moment = start_of(anchor, zone);
    if has_calendar_part(duration) {
        let wall = wall_of(anchor, zone);
        moment = resolve(
            move_day(wall.date(), duration, sign).and_time(wall.time()),
            zone,
        );
    }
    moment = moment.plus_millis(sign * duration.millis);
    match at {
        Some(at) => resolve(date(moment, zone).and_time(at), zone),
        None => moment,
    }
}

/// So long after an instant.
pub(super) fn after(duration: &Duration, from: Instant, zone: Zone) -> Instant {
    reckon(Anchor::Moment(from), duration, 1, None, zone)
}

/// When a wait is over.
pub(super) fn wait_due(
    rule: &WaitRule,
    anchor: Option<Anchor>,
    now: Instant,
    zone: Zone,
) -> Instant {
    let allowed = |day: NaiveDate| {
        rule.weekdays
            .is_none_or(|days| days.contains(day.weekday()))
    };
    if let (None, None, Some(at)) = (anchor, rule.for_, rule.at) {
        let mut day = date(now, zone);
        while !allowed(day) || resolve(day.and_time(at), zone) <= now {
            day = add_days(day, 1);
        }
        return resolve(day.and_time(at), zone);
    }
    let anchor = anchor.unwrap_or(Anchor::Moment(now));
    let mut moment = reckon(anchor, &rule.for_.unwrap_or_default(), 1, rule.at, zone);
    let wall = local(moment, zone);
    let mut day = wall.date();
    while !allowed(day) {
        day = add_days(day, 1);
        moment = resolve(day.and_time(rule.at.unwrap_or(wall.time())), zone);
    }
    moment
}

/// When an inactivity trigger fires for this anchor.
pub(super) fn inactive_at(rule: &InactiveRule, anchor: Anchor, zone: Zone) -> Instant {
    reckon(anchor, &rule.for_, 1, rule.at, zone)
}

/// All firings of a date trigger with occasions in the years about these instants.
pub(super) fn date_firings(
    rule: &DateRule,
    anchor: Anchor,
    from: Instant,
    to: Instant,
    zone: Zone,
) -> Vec<(NaiveDate, Instant)> {
    let own = wall_of(anchor, zone).date();
    let mut occasions = Vec::new();
    if rule.every == Every::Once {
        occasions.push(own);
    }
    for year in date(from, zone).year() - 1..=date(to, zone).year() + 1 {
        match rule.every {
            Every::Once => {}
            Every::Year => occasions.extend(
                NaiveDate::from_ymd_opt(year, own.month(), own.day()).or(match rule.feb29 {
                    Feb29::Feb28 => NaiveDate::from_ymd_opt(year, 2, 28),
                    Feb29::Mar1 => NaiveDate::from_ymd_opt(year, 3, 1),
                    Feb29::Skip => None,
                }),
            ),
            Every::Month => occasions.extend((1..=12).filter_map(|month| {
                (1..=own.day())
                    .rev()
                    .find_map(|day| NaiveDate::from_ymd_opt(year, month, day))
            })),
        }
    }
    occasions.retain(|occasion| *occasion >= own);
    let Offset { duration, negative } = rule.offset;
    let firing = |occasion: NaiveDate| {
        let anchor = match anchor {
            Anchor::Day(_) => Anchor::Day(occasion),
            Anchor::Moment(_) => Anchor::Moment(resolve(
                occasion.and_time(wall_of(anchor, zone).time()),
                zone,
            )),
        };
        (
            occasion,
            reckon(
                anchor,
                &duration,
                if negative { -1 } else { 1 },
                rule.at,
                zone,
            ),
        )
    };
    occasions.into_iter().map(firing).collect()
}

/// Whether the clock shows a time inside.
pub(super) fn inside_hours(window: &DayWindow, time: NaiveTime) -> bool {
    if window.from < window.to {
        window.from <= time && time < window.to
    } else {
        window.from <= time || time < window.to
    }
}

/// The first whole minute from now on at which a predicate of the wall clock holds.
fn first_minute(now: Instant, zone: Zone, holds: impl Fn(NaiveDateTime) -> bool) -> Instant {
    let mut at = now.plus_millis(-now.millis().rem_euclid(MINUTE));
    while at <= now || !holds(local(at, zone)) {
        at = at.plus_millis(MINUTE);
    }
    at
}

/// When quiet hours that have begun end.
pub(super) fn quiet_until(window: &DayWindow, now: Instant, zone: Zone) -> Instant {
    first_minute(now, zone, |wall| !inside_hours(window, wall.time()))
}

/// Whether a message may leave in this window.
pub(super) fn window_open(window: &SendWindow, wall: NaiveDateTime) -> bool {
    let hours = DayWindow {
        from: window.from,
        to: window.to,
    };
    let over_midnight = window.from >= window.to && wall.time() < window.to;
    let began = if over_midnight {
        wall.date() - TimeDelta::days(1)
    } else {
        wall.date()
    };
    inside_hours(&hours, wall.time()) && window.weekdays.contains(began.weekday())
}

/// When a closed window opens.
pub(super) fn window_opens(window: &SendWindow, now: Instant, zone: Zone) -> Instant {
    first_minute(now, zone, |wall| window_open(window, wall))
}

/// When so much working time has passed.
pub(super) fn working_time(hours: &WorkHours, now: Instant, millis: i64, zone: Zone) -> Instant {
    let window = SendWindow {
        from: hours.from,
        to: hours.to,
        weekdays: hours.weekdays,
    };
    if millis == 0 && !window_open(&window, local(now, zone)) {
        return window_opens(&window, now, zone);
    }
    let (mut at, mut left) = (now, millis);
    while left > 0 {
        let next = at.plus_millis(MINUTE - at.millis().rem_euclid(MINUTE));
        let step = next.millis_since(at);
        if window_open(&window, local(at, zone)) {
            if left <= step {
                return at.plus_millis(left);
            }
            left -= step;
        }
        at = next;
    }
    at
}

/// All times at which a schedule of plain fields fires, strictly after one instant and up to another.
pub(super) fn schedule_times(
    text: &str,
    after: Instant,
    upto: Instant,
    zone: Zone,
) -> Vec<Instant> {
    let text = match text {
        "@hourly" => "0 * * * *",
        "@daily" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        other => other,
    };
    let fields: Vec<&str> = text.split(' ').collect();
    let fits = |field: &str, value: u32| {
        field == "*" || field.split(',').any(|one| one.parse() == Ok(value))
    };
    let day_fits = |day: NaiveDate| {
        let weekday = fits(fields[4], day.weekday().num_days_from_sunday());
        let (monthday, month) = (fits(fields[2], day.day()), fits(fields[3], day.month()));
        let either = fields[2] != "*" && fields[4] != "*";
        month
            && if either {
                weekday || monthday
            } else {
                weekday && monthday
            }
    };
    let mut times = Vec::new();
    let mut day = add_days(date(after, zone), -1);
    while day <= add_days(date(upto, zone), 1) {
        for hour in (0..24).filter(|hour| day_fits(day) && fits(fields[1], *hour)) {
            for minute in (0..60).filter(|minute| fits(fields[0], *minute)) {
                let wall = day.and_hms_opt(hour, minute, 0).expect("a time of day");
                times.push(resolve_to_gap_end(wall, zone));
            }
        }
        day = add_days(day, 1);
    }
    times.retain(|time| *time > after && *time <= upto);
    times.sort();
    times.dedup();
    times
}

/// How many whole days or months lie between, by dates on the zone's clock.
pub(super) fn whole_units(unit: &str, then: Anchor, now: Instant, zone: Zone) -> i64 {
    let (from, to) = (wall_of(then, zone).date(), date(now, zone));
    if unit == "days_since" {
        return (to - from).num_days();
    }
    let (early, late, sign) = if from <= to {
        (from, to, 1)
    } else {
        (to, from, -1)
    };
    let months = (0..)
        .take_while(|months| add_months(early, *months) <= late)
        .count() as i64
        - 1;
    sign * if unit == "years_since" {
        months / 12
    } else {
        months
    }
}

/// A moment moved by days, hours or months; a date stays one unless hours move it.
pub(super) fn shift(anchor: Anchor, unit: &str, count: i64, zone: Zone) -> Anchor {
    let size = u32::try_from(count.abs()).expect("a small number");
    let duration = match unit {
        "months" => Duration::from_months(size),
        "days" => Duration::from_days(size),
        _ => Duration::from_millis(i64::from(size) * 60 * MINUTE),
    };
    match anchor {
        Anchor::Day(day) if unit != "hours" => {
            Anchor::Day(move_day(day, &duration, count.signum()))
        }
        anchor => Anchor::Moment(reckon(anchor, &duration, count.signum(), None, zone)),
    }
}
