//! What is old is forgotten, and what comes again still changes nothing.

use std::sync::Arc;

use kurant_engine::calendar::{DAY, Instant};
use kurant_engine::decode::Decoder;
use kurant_runner::{Clock, Delivery, Purpose, Runner, Ways};
use kurant_store::{Memory, Store};

use super::settled::{Nobody, arrived, definitions};

/// A run that begins at an instant, forgets what is old then, and takes in an order. Returns how many it had been taken in.
async fn run(store: &Arc<Memory>, now: Instant, time: &str) -> u64 {
    let folder = tempfile::tempdir().expect("a folder");
    let definitions = definitions();
    let mut decoder = Decoder::new(Arc::new(definitions.schema.clone()));
    let mut runner = Runner::begin(
        store.clone(),
        // A clock that hardly goes on.
        Arc::new(Clock::lapse(now, 1)),
        definitions,
        Ways::files(folder.path().into()),
        Box::new(Nobody),
        Purpose::Run,
    )
    .await
    .expect("a runner");
    for _ in 0..10 {
        runner.tidy().await.expect("a store");
    }
    let delivery = Delivery {
        events: vec![arrived(&mut decoder, 1, time, now)],
        ..Delivery::default()
    };
    runner
        .take_in(vec![delivery], now)
        .await
        .expect("an intake");
    runner.flush().await.expect("an end");
    runner.counts().repeated
}

fn after(from: Instant, tenths: i64) -> Instant {
    from.plus_millis(tenths * DAY / 10)
}

#[tokio::test]
async fn what_comes_again_after_two_weeks_changes_nothing_as_long_as_it_tells_its_time() {
    let first = Instant::parse("2026-03-02T10:00:00Z").expect("an instant");
    let time = format!(r#""time":"{first}","#);
    for (tenths, forgotten) in [(139, 0), (141, 1)] {
        let store = Arc::new(Memory::new());
        assert_eq!(run(&store, first, &time).await, 0);
        let identity = arrived(&mut Decoder::new(Arc::default()), 1, &time, first);
        let identity = identity.event.identity();
        assert_eq!(
            run(&store, after(first, tenths), &time).await,
            1,
            "{tenths}"
        );
        let known = store.seen(&[identity]).await.expect("a store").len();
        assert_eq!(known, 1 - forgotten, "{tenths}");
        assert_eq!(store.totals().await.expect("a store").events, 1);
    }
}

#[tokio::test]
async fn what_tells_no_time_takes_effect_again_after_two_weeks() {
    let first = Instant::parse("2026-03-02T10:00:00Z").expect("an instant");
    let store = Arc::new(Memory::new());
    assert_eq!(run(&store, first, "").await, 0);
    assert_eq!(run(&store, after(first, 139), "").await, 1);
    assert_eq!(run(&store, after(first, 141), "").await, 0);
    assert_eq!(store.totals().await.expect("a store").events, 2);
}
