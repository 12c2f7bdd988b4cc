//! A network that is cut around COMMIT, and callers that give up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use kurant_store::{Batch, Durability, Error, Postgres, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::super::sample::{action, again, event, id, outgoing, person, seen};
use super::database::Schema;

/// How often each cut is made.
const CUTS: u32 = 10;

/// Nothing is cut.
const OPEN: u8 = 0;
/// COMMIT does not reach the server.
const BEFORE: u8 = 1;
/// COMMIT reaches the server, its answer reaches nobody.
const AFTER: u8 = 2;

/// Stands between a store and its server, and cuts once when it is told to.
struct Proxy {
    cut: Arc<AtomicU8>,
    url: String,
}

impl Proxy {
    async fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("its address").to_string();
        let (scheme, rest) = url.split_once("://").expect("a URL");
        let from = rest.rfind('@').map_or(0, |at| at + 1);
        let until = rest[from..]
            .find('/')
            .map_or(rest.len(), |length| from + length);
        let server = rest[from..until].to_owned();
        let cut = Arc::new(AtomicU8::new(OPEN));
        let own_cut = cut.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server)
                    .await
                    .expect("the server answers");
                tokio::spawn(pass(client, server, own_cut.clone()));
            }
        });
        let url = format!("{scheme}://{}{own}{}", &rest[..from], &rest[until..]);
        Self { cut, url }
    }
}

async fn pass(mut client: TcpStream, mut server: TcpStream, cut: Arc<AtomicU8>) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            length = client.read(&mut asked) => {
                let Some(length) = length.ok().filter(|length| *length > 0) else { return };
                let asked = &asked[..length];
                let is_commit = asked.ends_with(b"COMMIT\0");
                let now = if is_commit { cut.swap(OPEN, Ordering::SeqCst) } else { OPEN };
                if now == BEFORE || server.write_all(asked).await.is_err() {
                    return;
                }
                if now == AFTER {
                    let _ = server.read(&mut answered).await;
                    return;
                }
            }
            length = server.read(&mut answered) => {
                let Some(length) = length.ok().filter(|length| *length > 0) else { return };
                if client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Something of everything that must stand exactly once.
fn batch(number: u32) -> Batch {
    let name = format!("c{number}");
    let event = event(&name, "order.paid", number, 100);
    Batch {
        persons: vec![person(&name).into()],
        seen: vec![seen(&event)],
        events: vec![event],
        actions: vec![action(&name, 1)],
        outbox: vec![outgoing(&name, 1, kurant_store::OutboxState::Pending)],
        ..Batch::default()
    }
}

async fn cut(how: u8, second: fn(&Result<(), Error>) -> bool) {
    let schema = Schema::new().await;
    let proxy = Proxy::before(&schema.url()).await;
    let store = Postgres::open(&proxy.url, Durability::Required)
        .await
        .expect("a store");
    for number in 0..CUTS {
        proxy.cut.store(how, Ordering::SeqCst);
        let first = store.commit(batch(number)).await;
        let lost = first
            .as_ref()
            .is_err_and(|error| error.is_passing() && !error.is_about_rows());
        assert!(lost, "cut {number}: {first:?}");
        // Nobody knows what became of it. The same batch again tells.
        let again = store.commit(batch(number)).await;
        assert!(second(&again), "cut {number}: {again:?}");
        let third = store.commit(batch(number)).await;
        assert!(
            matches!(third, Err(Error::Conflict)),
            "cut {number}: {third:?}"
        );
    }
    for table in ["customer", "seen", "event", "log", "outbox"] {
        let rows = schema
            .number(&format!("SELECT count(*) FROM {table}"))
            .await;
        assert_eq!(rows, i64::from(CUTS), "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_never_reached_the_server_is_made_by_the_same_batch_again() {
    cut(BEFORE, |again| again.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_was_lost_is_refused_as_the_same_batch_again() {
    cut(AFTER, |again| matches!(again, Err(Error::Conflict))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_gives_up_leaves_no_session_inside_a_transaction() {
    const MANY: u32 = 300;
    let schema = Schema::new().await;
    let store = Arc::new(schema.open().await);
    store
        .commit(Batch {
            persons: vec![person("anna").into()],
            ..Batch::default()
        })
        .await
        .unwrap();
    for number in 0..MANY {
        let own = store.clone();
        let asking = tokio::spawn(async move { own.commit(batch(number)).await });
        for _ in 0..number % 40 {
            tokio::task::yield_now().await;
        }
        asking.abort();
        let _ = asking.await;
    }
    // All that was begun is made or not; nothing of it hangs, and what comes after is durable.
    store
        .commit(Batch {
            persons: vec![again(&person("anna")).into()],
            ..Batch::default()
        })
        .await
        .unwrap();
    let other = schema.open().await;
    assert_eq!(other.load(&[id("anna")], &[]).await.unwrap()[0].revision, 2);
    Arc::into_inner(store)
        .expect("nobody else has it")
        .close()
        .await;
    let whole = "SELECT count(*) FROM customer c FULL JOIN event e ON e.customer = c.id \
                 WHERE (c.id IS NULL OR e.id IS NULL) AND c.id <> 'anna'";
    assert_eq!(schema.number(whole).await, 0);
}
