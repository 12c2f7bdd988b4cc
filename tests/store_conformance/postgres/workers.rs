//! Several workers on one database.

use std::collections::BTreeSet;
use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::id::bucket;
use kurant_store::{Batch, Crew, Error, OutboxState, Postgres, Share, Store, Stored, Word};

use super::super::sample::{again, at, id, outgoing, person};
use super::database::Schema;

const SEED: u64 = 3;
const CUSTOMERS: u64 = 100;
/// How many commits succeed with so many writers side by side.
const ROUNDS: [(u64, u64); 3] = [(1, 500), (2, 1_500), (4, 3_000)];

/// Commits until so many have succeeded. Gives what was added to each customer, and how many conflicts there were.
async fn writer(store: Arc<Postgres>, seed: u64, commits: u64) -> (Vec<i64>, Vec<u64>, u64) {
    let mut thrown = 0;
    let mut below = |bound| {
        thrown += 1;
        bucket(&[&seed.to_string(), &u64::to_string(&thrown)], bound)
    };
    let (mut added, mut written) = (vec![0; CUSTOMERS as usize], vec![0; CUSTOMERS as usize]);
    let mut conflicts = 0;
    for _ in 0..commits {
        let chosen: BTreeSet<u64> = (0..=below(4)).map(|_| below(CUSTOMERS)).collect();
        let amount = 1 + below(9) as i64;
        // In any order: the store sorts.
        let ids: Vec<_> = chosen
            .iter()
            .rev()
            .map(|number| id(&format!("c{number}")))
            .collect();
        loop {
            let loaded = store.load(&ids, &[]).await.expect("customers");
            let next = |stored: &Stored| Stored {
                fired: stored.fired.plus_millis(amount),
                ..again(stored)
            };
            let batch = Batch {
                persons: loaded
                    .iter()
                    .rev()
                    .map(|stored| next(stored).into())
                    .collect(),
                ..Batch::default()
            };
            match store.commit(batch).await {
                Ok(()) => break,
                Err(Error::Conflict) => conflicts += 1,
                Err(error) => panic!("seed {seed}: {error}"),
            }
        }
        for number in chosen {
            added[number as usize] += amount;
            written[number as usize] += 1;
        }
    }
    (added, written, conflicts)
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_writers_lose_no_write_and_never_lock_each_other_out() {
    let schema = Schema::new().await;
    let store = Arc::new(schema.open_carelessly().await);
    let persons = (0..CUSTOMERS).map(|number| person(&format!("c{number}")).into());
    let batch = Batch {
        persons: persons.collect(),
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    let mut sums = vec![person("any").fired.millis(); CUSTOMERS as usize];
    let mut revisions = vec![1; CUSTOMERS as usize];
    let mut conflicts = 0;
    for (writers, commits) in ROUNDS {
        let seeds = (0..writers).map(|number| SEED + 100 * writers + number);
        let tasks: Vec<_> = seeds
            .map(|seed| tokio::spawn(writer(store.clone(), seed, commits / writers)))
            .collect();
        for task in tasks {
            let (added, written, own) = task.await.expect("a writer");
            sums.iter_mut()
                .zip(added)
                .for_each(|(sum, added)| *sum += added);
            revisions
                .iter_mut()
                .zip(written)
                .for_each(|(revision, written)| *revision += written);
            conflicts += own;
        }
    }
    for number in 0..CUSTOMERS as usize {
        let stored = &store.load(&[id(&format!("c{number}"))], &[]).await.unwrap()[0];
        let expected = (revisions[number], at(sums[number]));
        assert_eq!(
            (stored.revision, stored.fired),
            expected,
            "seed {SEED}, customer {number}"
        );
    }
    assert!(conflicts > 0, "the writers never met");
}

#[tokio::test]
async fn living_workers_share_the_customers_and_the_silent_are_forgotten() {
    let schema = Schema::new().await;
    let store = schema.open().await;
    let beat = |worker: &'static str, now: i64, behind: Option<i64>| {
        let store = &store;
        async move {
            let behind = behind.map(at);
            let word = Word {
                at: at(now),
                behind,
                heeded: at(now),
            };
            let crew = store.beat(worker, word, at(now - 10)).await;
            let Crew { share, behind } = crew.unwrap();
            (share.index, share.of, behind.map(Instant::millis))
        }
    };
    assert_eq!(beat("b", 100, None).await, (0, 1, None));
    assert_eq!(beat("c", 101, Some(7)).await, (1, 2, Some(7)));
    assert_eq!(beat("a", 102, Some(9)).await, (0, 3, Some(7)));
    assert_eq!(beat("b", 105, None).await, (1, 3, Some(7)));
    // c was last heard of at 101.
    assert_eq!(beat("b", 112, None).await, (1, 2, Some(9)));
    assert_eq!(beat("a", 113, None).await, (0, 2, None));
    store.depart("b").await.unwrap();
    assert_eq!(beat("a", 114, None).await, (0, 1, None));
    assert_eq!(schema.number("SELECT count(*) FROM worker").await, 1);
    assert_eq!(Share { index: 0, of: 1 }, Share::ALL);
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_made_at_the_same_time_never_hold_the_same_row() {
    const ROWS: i64 = 400;
    let schema = Schema::new().await;
    let store = Arc::new(schema.open().await);
    let outbox =
        (0..ROWS).map(|number| outgoing(&format!("c{number}"), number, OutboxState::Pending));
    let batch = Batch {
        outbox: outbox.collect(),
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    let claim = |store: Arc<Postgres>| async move {
        let mut own = Vec::new();
        loop {
            let rows = store
                .reclaim("email", at(ROWS), at(9_999), 7)
                .await
                .expect("claims");
            if rows.is_empty() {
                return own;
            }
            own.extend(rows);
        }
    };
    let workers: Vec<_> = (0..4).map(|_| tokio::spawn(claim(store.clone()))).collect();
    let mut keys = Vec::new();
    for worker in workers {
        let rows = worker.await.expect("a worker");
        assert!(
            rows.iter()
                .all(|row| row.attempt == 1 && row.lease == Some(at(9_999)))
        );
        keys.extend(rows.iter().map(|row| row.command.key));
    }
    let distinct: BTreeSet<_> = keys.iter().collect();
    assert_eq!((keys.len(), distinct.len()), (ROWS as usize, ROWS as usize));
}
