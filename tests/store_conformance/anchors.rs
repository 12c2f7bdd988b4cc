//! Anchors of date and inactivity triggers.

use chrono::NaiveDate;
use kurant_engine::calendar::{Anchor, MonthDay, Source, Times, Zone};
use kurant_store::{AnchorRange, AnchorRow, Batch, By, Store};

use super::sample::{at, id};

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a day")
}

fn birthday(customer: &str, zone: Zone, date: NaiveDate) -> AnchorRow {
    AnchorRow::new(
        "birthday",
        By::MonthDay,
        Anchor::Date(date),
        zone,
        id(customer),
        at(5),
    )
}

fn days(zone: Zone, from: (u32, u32), to: (u32, u32)) -> AnchorRange {
    let month_day = |(month, day)| MonthDay { month, day };
    AnchorRange::new(
        &Source::MonthDays {
            from: month_day(from),
            to: month_day(to),
            times: Times::ALL,
        },
        zone.name(),
    )
}

async fn found(store: &dyn Store, ranges: &[AnchorRange]) -> Vec<String> {
    let rows = store
        .anchored("birthday", By::MonthDay, ranges, None, 100)
        .await
        .unwrap();
    assert!(rows.iter().all(|(_, since)| *since == at(5)));
    rows.into_iter()
        .map(|(customer, _)| customer.to_string())
        .collect()
}

pub(super) async fn a_firing_is_a_range_read(store: &dyn Store) {
    let anchors = vec![
        birthday("anna", Zone::Europe__Kyiv, day(1990, 3, 8)),
        birthday("bohdan", Zone::Europe__Kyiv, day(1961, 3, 8)),
        birthday("chris", Zone::Asia__Tokyo, day(1990, 3, 8)),
        birthday("dana", Zone::Europe__Kyiv, day(1990, 3, 9)),
    ];
    store
        .commit(Batch {
            anchors,
            ..Batch::default()
        })
        .await
        .unwrap();
    assert_eq!(
        found(store, &[days(Zone::Europe__Kyiv, (3, 8), (3, 8))]).await,
        ["anna", "bohdan"]
    );
    let both = [
        days(Zone::Europe__Kyiv, (3, 8), (3, 9)),
        days(Zone::Asia__Tokyo, (1, 1), (12, 31)),
    ];
    assert_eq!(
        found(store, &both).await,
        ["anna", "bohdan", "chris", "dana"]
    );
    assert_eq!(found(store, &[]).await, Vec::<String>::new());
}

pub(super) async fn anchors_move_with_their_attribute(store: &dyn Store) {
    let purchase = |millis| {
        AnchorRow::new(
            "bought",
            By::Moment,
            Anchor::Instant(at(millis)),
            Zone::UTC,
            id("anna"),
            at(0),
        )
    };
    let range = |from: i64, until: i64| {
        let local = |millis| at(millis).local(Zone::UTC);
        AnchorRange::new(
            &Source::Moments {
                from: local(from),
                until: local(until),
            },
            "UTC",
        )
    };
    store
        .commit(Batch {
            anchors: vec![purchase(1_000)],
            ..Batch::default()
        })
        .await
        .unwrap();
    let batch = Batch {
        anchors_gone: vec![purchase(1_000)],
        anchors: vec![purchase(5_000)],
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    let moved = |from, until| async move {
        store
            .anchored("bought", By::Moment, &[range(from, until)], None, 9)
            .await
            .unwrap()
    };
    assert_eq!(moved(0, 5_000).await, []);
    assert_eq!(moved(5_000, 5_001).await, [(id("anna"), at(0))]);
}

pub(super) async fn pages_of_anchors_end(store: &dyn Store) {
    let anchors = ["e", "b", "a", "d", "c"]
        .map(|name| birthday(name, Zone::UTC, day(1990, 5, 1)))
        .to_vec();
    store
        .commit(Batch {
            anchors,
            ..Batch::default()
        })
        .await
        .unwrap();
    let ranges = [days(Zone::UTC, (5, 1), (5, 1))];
    let mut after: Option<String> = None;
    let mut pages = Vec::new();
    loop {
        let page = store
            .anchored("birthday", By::MonthDay, &ranges, after.as_deref(), 2)
            .await
            .unwrap();
        let Some((last, _)) = page.last() else { break };
        after = Some(last.to_string());
        pages.push(
            page.iter()
                .map(|(customer, _)| customer.to_string())
                .collect::<String>(),
        );
    }
    assert_eq!(pages, ["ab", "cd", "e"]);
}

pub(super) async fn zones_are_listed(store: &dyn Store) {
    assert_eq!(
        store.zones("birthday", By::MonthDay).await.unwrap(),
        Vec::<String>::new()
    );
    let zones = [Zone::UTC, Zone::Europe__Kyiv, Zone::UTC, Zone::Asia__Tokyo];
    let anchors = zones
        .iter()
        .zip(["a", "b", "c", "d"])
        .map(|(zone, name)| birthday(name, *zone, day(1990, 5, 1)))
        .collect();
    store
        .commit(Batch {
            anchors,
            ..Batch::default()
        })
        .await
        .unwrap();
    assert_eq!(
        store.zones("birthday", By::MonthDay).await.unwrap(),
        ["Asia/Tokyo", "Europe/Kyiv", "UTC"]
    );
    assert_eq!(
        store.zones("birthday", By::Moment).await.unwrap(),
        Vec::<String>::new()
    );
}
