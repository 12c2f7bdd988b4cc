use chrono::{MappedLocalTime, TimeDelta, TimeZone, Timelike, Utc};
use croner::Cron;

use super::*;
use crate::calendar::testing::{KYIV, ZONES, instant, local};
use crate::calendar::{DAY, MINUTE as MINUTE_MILLIS};

fn schedule(text: &str) -> Schedule {
    Schedule::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// The first `count` firings after an instant.
fn firings(text: &str, zone: Zone, after: &str, count: usize) -> Vec<String> {
    let schedule = schedule(text);
    let mut now = instant(after);
    let mut all = Vec::new();
    while all.len() < count {
        now = schedule.next_after(now, zone).unwrap();
        all.push(now.local(zone).format("%a %d %b %H:%M").to_string());
    }
    all
}

#[test]
fn weekdays_are_those_of_unix() {
    let week = "2026-11-22T12:00:00Z"; // a Sunday
    assert_eq!(
        firings("0 9 * * 1-5", KYIV, week, 2),
        ["Mon 23 Nov 09:00", "Tue 24 Nov 09:00"]
    );
    for sunday in ["0 9 * * 0", "0 9 * * 7", "0 9 * * sun", "0 9 * * SUN"] {
        assert_eq!(firings(sunday, KYIV, week, 1), ["Sun 29 Nov 09:00"]);
    }
    let long_weekend = [
        "Mon 23 Nov 09:00",
        "Fri 27 Nov 09:00",
        "Sat 28 Nov 09:00",
        "Sun 29 Nov 09:00",
        "Mon 30 Nov 09:00",
    ];
    for text in ["0 9 * * fri-mon", "0 9 * * 5-1", "0 9 * * 5-7,1"] {
        assert_eq!(firings(text, KYIV, week, 5), long_weekend);
    }
    assert_eq!(
        firings("0 9 * * 0-7", KYIV, week, 2),
        ["Mon 23 Nov 09:00", "Tue 24 Nov 09:00"]
    );
}

#[test]
fn either_day_field_is_enough_unless_one_begins_with_a_star() {
    let from = "2026-11-25T12:00:00Z";
    assert_eq!(
        firings("0 9 1,15 * mon", KYIV, from, 4),
        [
            "Mon 30 Nov 09:00",
            "Tue 01 Dec 09:00",
            "Mon 07 Dec 09:00",
            "Mon 14 Dec 09:00"
        ]
    );
    // The odd days that are Mondays.
    assert_eq!(
        firings("0 9 */2 * mon", KYIV, from, 2),
        ["Mon 07 Dec 09:00", "Mon 21 Dec 09:00"]
    );
    assert_eq!(firings("0 9 1 * */3", KYIV, from, 1), ["Sat 01 May 09:00"]);
}

#[test]
fn nicknames_are_all_known() {
    let from = "2026-11-22T12:30:00Z";
    for (text, fires) in [
        ("@hourly", "Sun 22 Nov 15:00"),
        ("@daily", "Mon 23 Nov 00:00"),
        ("@midnight", "Mon 23 Nov 00:00"),
        ("@weekly", "Sun 29 Nov 00:00"),
        ("@monthly", "Tue 01 Dec 00:00"),
        ("@yearly", "Fri 01 Jan 00:00"),
        ("@annually", "Fri 01 Jan 00:00"),
    ] {
        assert_eq!(firings(text, KYIV, from, 1), [fires], "{text}");
    }
}

#[test]
fn a_time_in_the_gap_fires_at_its_end_and_one_instant_once() {
    let eve = "2026-03-28T12:00:00Z";
    assert_eq!(
        firings("30 3 * * *", KYIV, eve, 2),
        ["Sun 29 Mar 04:00", "Mon 30 Mar 03:30"]
    );
    assert_eq!(
        firings("0,15,30 3,4 29 3 *", KYIV, eve, 3),
        ["Sun 29 Mar 04:00", "Sun 29 Mar 04:15", "Sun 29 Mar 04:30"]
    );
    // Midnight is in the gap.
    assert_eq!(
        firings("@daily", Zone::Africa__Cairo, "2026-04-22T22:30:00Z", 2),
        ["Fri 24 Apr 01:00", "Sat 25 Apr 00:00"]
    );
    // Half an hour.
    assert_eq!(
        firings(
            "10 2 * * *",
            Zone::Australia__Lord_Howe,
            "2026-10-03T00:00:00Z",
            2
        ),
        ["Sun 04 Oct 02:30", "Mon 05 Oct 02:10"]
    );
    // A day that the zone passed over.
    assert_eq!(
        firings("0 9 * * *", Zone::Pacific__Apia, "2011-12-29T15:00:00Z", 3),
        ["Thu 29 Dec 09:00", "Sat 31 Dec 00:00", "Sat 31 Dec 09:00"]
    );
}

#[test]
fn a_time_that_comes_twice_fires_the_first_time() {
    let schedule = schedule("*/30 3 * * *");
    let mut now = instant("2026-10-24T12:00:00Z");
    let mut fired = Vec::new();
    for _ in 0..3 {
        now = schedule.next_after(now, KYIV).unwrap();
        fired.push(now.to_string());
    }
    assert_eq!(
        fired,
        [
            "2026-10-25T00:00:00Z",
            "2026-10-25T00:30:00Z",
            "2026-10-26T01:00:00Z"
        ]
    );
    // Asked afresh in the second of the two hours it gives the same.
    let second_hour = instant("2026-10-25T01:10:00Z");
    assert_eq!(schedule.next_after(second_hour, KYIV), Some(now));
}

#[test]
fn what_is_not_a_schedule_says_which_field_and_what_to_write() {
    for (text, advice) in [
        ("", "write five fields"),
        ("9:00", "write five fields"),
        ("0 9 * *", "write five fields"),
        ("0 0 9 * * mon", "write `0 9 * * mon`"),
        ("0 9 * * mon 2026", "write `0 9 * * mon`"),
        ("0 0 9 * * mon 2026", "write `0 9 * * mon`"),
        (
            "60 9 * * *",
            "`60` in the minute field of the schedule: minutes go from 0 to 59",
        ),
        ("0 24 * * *", "midnight is `0`"),
        ("0 9 0 * *", "days go from 1 to 31"),
        ("0 9 * 13 *", "the month field"),
        ("0 9 * * 8", "days of the week go from 0 to 7"),
        ("0 9 * * monday", "write `mon`"),
        ("0 9 * January *", "write `jan`"),
        ("0 9 ? * mon", "write `*`"),
        ("0 9 L * *", "not Unix cron"),
        ("0 9 * * mon#2", "not Unix cron"),
        ("0 9 15W * *", "not Unix cron"),
        ("*/90 * * * *", "a step of 90"),
        ("*/0 * * * *", "at least 1"),
        ("5/15 * * * *", "write `5-59/15`"),
        ("0 22-2 * * *", "write `22-23,0-2`"),
        ("0,,5 * * * *", "missing at a comma"),
        ("1- * * * *", "write a range"),
        ("-5 * * * *", "write a range"),
        ("0 9 * * workdays", "write `mon-fri`"),
        ("0 9 30 2 *", "never fires"),
        ("0 9 31 4,6,9,11 *", "never fires"),
        ("@every 5m", "*/15"),
        ("@Daily", "write `@daily`"),
        ("@fortnightly", "write `@hourly`"),
        ("@reboot", "write a time"),
        ("٣ 9 * * *", "minute field"),
        ("99999999999 9 * * *", "0 to 59"),
    ] {
        let error = Schedule::parse(text).unwrap_err().to_string();
        assert!(error.contains(advice), "{text}: {error}");
    }
}

#[test]
fn a_schedule_is_its_text() {
    let written = serde_json::to_string(&schedule("0 9 * * mon")).unwrap();
    assert_eq!(written, r#""0 9 * * mon""#);
    assert_eq!(
        serde_json::from_str::<Schedule>(&written).unwrap(),
        schedule(" 0 9 * * mon ")
    );
    assert_eq!(schedule("0 9 29 2 *").next_after(Instant::MAX, KYIV), None);
    assert!(
        schedule("0 9 29 2 *")
            .next_after(Instant::MIN, KYIV)
            .is_some()
    );
}

/// At most a few firings a day, for ten years.
const SELDOM: [&str; 24] = [
    "0 9 * * *",
    "30 3 * * *",
    "0 0 * * *",
    "15 2 * * *",
    "59 23 * * *",
    "30 1 * * 0",
    "0 9 * * 1-5",
    "0 9 * * mon",
    "30 2 * * sat,sun",
    "0 9 * * 5-7",
    "0 9 1 * *",
    "0 0 29 2 *",
    "0 0 31 * *",
    "0 12 28-31 * *",
    "0 9 1,15 * mon",
    "0 9 13 * 5",
    "10 0 1-7 * 2",
    "0 6,18 * jan-mar *",
    "0 9 * 3,10 sun",
    "5 4 * 2-11/3 *",
    "0 0 1 1 *",
    "0 9 1-31/10 * *",
    "45 2 25-31 3,10 *",
    "@weekly",
];

/// Many firings a day, about the days on which clocks change.
const OFTEN: [&str; 8] = [
    "* * * * *",
    "*/15 * * * *",
    "0 * * * *",
    "7-59/20 * * * *",
    "*/30 1-4 * * *",
    "0 */2 * * *",
    "0,1,59 0-3,23 * * *",
    "10 0-23/3 * * 0,6",
];

/// Every wall-clock time that a second implementation finds from `from` until `until`.
fn on_croners_wall(text: &str, from: Local, until: Local) -> Vec<Local> {
    let cron: Cron = text.parse().unwrap();
    let times = cron.iter_from(from.and_utc(), croner::Direction::Forward);
    times
        .map(|time| time.naive_utc())
        .take_while(|time| *time < until)
        .collect()
}

/// Where the law puts a wall-clock time on the time line: the first that exists from it on, minute by minute.
fn by_the_law(mut wall: Local, zone: Zone) -> Instant {
    loop {
        match zone.from_local_datetime(&wall) {
            MappedLocalTime::Single(time) | MappedLocalTime::Ambiguous(time, _) => {
                return Instant::from_millis(time.timestamp_millis());
            }
            MappedLocalTime::None => wall += TimeDelta::minutes(1),
        }
    }
}

fn agrees(text: &str, zone: Zone, walls: &[Local], from: Local) {
    let mut expected: Vec<Instant> = walls.iter().map(|wall| by_the_law(*wall, zone)).collect();
    assert!(expected.is_sorted(), "{text} in {zone}");
    expected.dedup();
    let schedule = schedule(text);
    let mut now = by_the_law(from, zone).plus_millis(-1);
    for expected in expected {
        now = schedule.next_after(now, zone).unwrap();
        assert_eq!(now, expected, "{text} in {zone}: {}", now.local(zone));
    }
}

#[test]
fn ten_years_in_a_dozen_zones_agree_with_a_second_implementation() {
    let (from, until) = (local("2020-01-01"), local("2030-01-01"));
    for text in SELDOM {
        let walls = on_croners_wall(text, from, until);
        assert!(!walls.is_empty());
        for zone in ZONES {
            agrees(text, zone, &walls, from);
        }
    }
}

/// The instants in 2026 at which the zone's clock changes, to the hour.
fn changes(zone: Zone) -> Vec<Instant> {
    let hours = (0..365 * 24)
        .map(|hour| instant("2026-01-01T00:00:00Z").plus_millis(hour * 60 * MINUTE_MILLIS));
    hours
        .filter(|now| {
            now.offset_millis(zone) != now.plus_millis(60 * MINUTE_MILLIS).offset_millis(zone)
        })
        .collect()
}

#[test]
fn frequent_schedules_agree_about_every_change_of_clocks() {
    let mut seen = 0;
    for zone in ZONES {
        for change in changes(zone) {
            seen += 1;
            let day = change.date(zone).and_time(NaiveTime::MIN);
            let (from, until) = (day - TimeDelta::days(1), day + TimeDelta::days(2));
            for text in OFTEN {
                agrees(text, zone, &on_croners_wall(text, from, until), from);
            }
        }
    }
    assert!(seen >= 14, "only {seen} changes of clocks");
}

/// A daemon that looks at the clock every minute: it fires when the clock shows a time of the schedule that it hasn't shown before, and
/// when the clock has jumped over one.
fn by_looking_every_minute(text: &str, zone: Zone, from: Instant, until: Instant) -> Vec<Instant> {
    let cron: Cron = text.parse().unwrap();
    let matches = |wall: Local| {
        cron.is_time_matching(&Utc.from_utc_datetime(&wall))
            .unwrap()
    };
    let mut fired = Vec::new();
    let mut shown = from.plus_millis(-MINUTE_MILLIS).local(zone);
    let mut now = from;
    while now < until {
        let wall = now.local(zone);
        let mut fires = false;
        while shown < wall {
            shown += TimeDelta::minutes(1);
            fires |= matches(shown);
        }
        if fires {
            fired.push(now);
        }
        now = now.plus_millis(MINUTE_MILLIS);
    }
    fired
}

#[test]
fn a_daemon_that_looks_every_minute_fires_at_the_same_instants() {
    for zone in [
        KYIV,
        Zone::Africa__Cairo,
        Zone::Australia__Lord_Howe,
        Zone::Africa__Casablanca,
    ] {
        for change in changes(zone) {
            let from = change.plus_millis(-DAY);
            let until = change.plus_millis(DAY);
            for text in ["30 3 * * *", "*/7 * * * *", "0 0 * * *", "*/20 2 * * *"] {
                let schedule = schedule(text);
                let mut now = from.plus_millis(-1);
                for expected in by_looking_every_minute(text, zone, from, until) {
                    assert!(expected.local(zone).second() == 0);
                    now = schedule.next_after(now, zone).unwrap();
                    assert_eq!(now, expected, "{text} in {zone}");
                }
            }
        }
    }
}
