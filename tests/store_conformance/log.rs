//! The log, read from one end to the other.

use kurant_engine::calendar::Instant;
use kurant_engine::input::Trace;
use kurant_engine::map::Map;
use kurant_store::{Batch, Happened, LogLine, LogPlace, Store, Stored};

use super::sample::{action, at, id, person};

/// How many batches are written, a second apart.
const BATCHES: i64 = 40;

fn trace(clock: i64) -> Trace {
    Trace {
        clock: at(clock),
        at: at(clock),
        journey: Some("welcome".into()),
        enrollment: None,
        place: Some("steps[1]".into()),
        what: "waits".into(),
        reason: None,
        values: Map::new(),
        after: 0,
    }
}

/// What happened once something was done.
fn after_it(clock: i64) -> Trace {
    Trace {
        after: 1,
        ..trace(clock)
    }
}

/// The batch of a second: of two customers each does something, and one of them is traced.
fn batch(second: i64) -> Batch {
    let clock = second * 1_000;
    let lines = vec![trace(clock), after_it(clock + 1)];
    let mut traces = vec![(id("anna"), lines)];
    if second % 2 == 0 {
        traces.clear();
    }
    let persons = ["anna", "bohdan"].into_iter().map(|name| {
        let revision = second.cast_unsigned();
        let stored = Stored {
            revision,
            ..person(name)
        };
        stored.into()
    });
    Batch {
        clock: at(clock),
        persons: persons.collect(),
        actions: vec![action("anna", clock), action("bohdan", clock)],
        traces,
        ..Batch::default()
    }
}

async fn fill(store: &dyn Store) {
    for second in 1..=BATCHES {
        store.commit(batch(second)).await.unwrap();
    }
}

/// Reads from a place to the end, a few lines at a time.
async fn all(store: &dyn Store, customer: Option<&str>, from: LogPlace) -> Vec<LogLine> {
    let (mut place, mut lines) = (from, Vec::new());
    loop {
        let page = store.log(customer, place, Instant::MAX, 3).await.unwrap();
        if page.lines.is_empty() {
            assert_eq!(page.next, place, "the end is where it was");
            return lines;
        }
        place = page.next;
        lines.extend(page.lines);
    }
}

fn counts(lines: &[LogLine]) -> (usize, usize) {
    let done = lines
        .iter()
        .filter(|line| matches!(line.what, Happened::Did(_)));
    let done = done.count();
    (done, lines.len() - done)
}

pub(super) async fn the_log_is_read_in_pages_in_the_order_of_commits(store: &dyn Store) {
    let nothing = all(store, None, LogPlace::default()).await;
    assert_eq!(nothing, []);
    fill(store).await;
    let lines = all(store, None, LogPlace::default()).await;
    assert_eq!(counts(&lines), (80, 40));
    assert!(lines.is_sorted_by_key(|line| line.clock));
    let in_order = [
        Happened::Passed(trace(1_000)),
        Happened::Did(action("anna", 1_000)),
        Happened::Passed(after_it(1_001)),
    ];
    let of_anna = |what: Happened| LogLine {
        clock: at(1_000),
        customer: id("anna"),
        what,
    };
    assert_eq!(lines[..3], in_order.map(of_anna), "cause first");
    let traced = |line: &LogLine| line.what == Happened::Passed(after_it(39_001));
    let last = lines
        .iter()
        .find(|line| traced(line))
        .expect("the last trace");
    assert_eq!((last.clock, &*last.customer), (at(39_000), "anna"));
}

pub(super) async fn one_customers_log_is_read_alone(store: &dyn Store) {
    fill(store).await;
    let lines = all(store, Some("bohdan"), LogPlace::default()).await;
    assert_eq!(counts(&lines), (40, 0));
    let lines = all(store, Some("anna"), LogPlace::default()).await;
    assert_eq!(counts(&lines), (40, 40));
    assert!(lines.iter().all(|line| &*line.customer == "anna"));
    assert_eq!(all(store, Some("nobody"), LogPlace::default()).await, []);
}

pub(super) async fn a_time_has_its_place_in_the_log(store: &dyn Store) {
    assert_eq!(store.log_place(at(5)).await.unwrap(), LogPlace::default());
    fill(store).await;
    for second in [0, 1, 2, 17, 39, 40, 41] {
        let place = store.log_place(at(second * 1_000)).await.unwrap();
        let lines = all(store, None, place).await;
        let left = (BATCHES + 1 - second.max(1)) as usize;
        let first = lines.first().map(|line| line.clock);
        let expected = (left > 0).then(|| at(second.max(1) * 1_000));
        assert_eq!((counts(&lines).0, first), (left * 2, expected), "{second}");
    }
    // Numbers tell how much was done in between.
    let place = |second: i64| store.log_place(at(second * 1_000));
    let done = async |from: i64| store.done(place(from).await.unwrap()).await.unwrap();
    assert_eq!(done(10).await - done(20).await, 20);
}
