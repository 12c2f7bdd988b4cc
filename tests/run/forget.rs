//! What is old is forgotten, and what comes again still changes nothing.

use std::sync::Arc;

use kurant_authoring::{SourceFile, compile};
use kurant_engine::calendar::{DAY, Instant};
use kurant_engine::decode::{Arrival, Decoder};
use kurant_engine::definition::Definitions;
use kurant_runner::{Clock, Counts, Delivered, Delivery, KeptSince, Purpose, Runner, Ways};
use kurant_store::{Kept, Memory, Store};

use super::settled::{Nobody, arrived, definitions};

/// A run that begins at an instant, forgets what is old then, and takes in an order. Returns how many it had been taken in.
async fn run(store: &Arc<Memory>, now: Instant, time: &str) -> u64 {
    run_by(store, definitions(), now, time).await.repeated
}

/// The same by these definitions. Returns what it did.
async fn run_by(store: &Arc<Memory>, definitions: Definitions, now: Instant, time: &str) -> Counts {
    take(store, definitions, now, time, false).await
}

/// The same with an order that came by itself, or that is imported.
async fn take(
    store: &Arc<Memory>,
    definitions: Definitions,
    now: Instant,
    time: &str,
    imported: bool,
) -> Counts {
    let text = |decoder: &mut Decoder| arrived(decoder, 1, time, now);
    deliver(store, definitions, now, text, imported).await
}

/// The same with any event.
async fn deliver(
    store: &Arc<Memory>,
    definitions: Definitions,
    now: Instant,
    event: impl FnOnce(&mut Decoder) -> Delivered,
    imported: bool,
) -> Counts {
    let folder = tempfile::tempdir().expect("a folder");
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
        events: vec![event(&mut decoder)],
        imported,
        ..Delivery::default()
    };
    runner
        .take_in(vec![delivery], now)
        .await
        .expect("an intake");
    runner.flush().await.expect("an end");
    runner.counts()
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

/// A shop whose letters hold something, and that keeps histories for two months and what was in letters for 90 days.
fn forgetful() -> Definitions {
    let files = [
        (
            "kurant.yaml",
            "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels: { email: { kind: file } }\n\
             retention: { history: 60d }\n",
        ),
        (
            "profile.yaml",
            "updates:\n  - event: order.paid\n    set: { orders: =(customer.orders ?? 0) + 1 }\n",
        ),
        (
            "journeys/thanks.yaml",
            "journey: thanks\nstatus: live\ncategory: transactional\ntrigger: { event: order.paid, max_age: 100y }\n\
             entry: { while_active: parallel }\nsteps:\n  - { id: now, send: email, template: hello, data: { offer: ten } }\n",
        ),
        (
            "schemas/customer.json",
            r#"{"type":"object","properties":{"orders":{"type":"integer"}}}"#,
        ),
        (
            "schemas/events/order.paid.json",
            r#"{"type":"object","properties":{}}"#,
        ),
        (
            "templates/hello/email.txt",
            "---\nsubject: Hello\n---\nHello {{ offer }}\n",
        ),
    ];
    let files = files.map(|(path, text)| SourceFile::new(path.to_owned(), text.to_owned()));
    let compiled = compile(&files);
    let told = format!("{:?}", compiled.diagnostics);
    compiled.definitions.unwrap_or_else(|| panic!("{told}"))
}

/// Whether the latest letter of the customer of the first order still says what was in it.
async fn has_body(store: &Memory) -> bool {
    let entries = store.latest("c1", 9).await.expect("the log");
    let mut actions = entries.iter().flat_map(|entry| &entry.actions);
    let sent = actions.find(|action| action.action == "send");
    let sent = sent.expect("its line stays");
    assert_eq!(sent.template.as_deref(), Some("hello"));
    !sent.data.is_empty()
}

#[tokio::test]
async fn what_was_in_a_letter_is_gone_after_its_time_and_its_line_stays() {
    let first = Instant::parse("2026-03-02T10:00:00Z").expect("an instant");
    let time = format!(r#""time":"{first}","#);
    for (days, stays) in [(89, true), (91, false)] {
        let store = Arc::new(Memory::new());
        run_by(&store, forgetful(), first, &time).await;
        assert!(has_body(&store).await);
        run_by(&store, forgetful(), after(first, days * 10), &time).await;
        assert_eq!(has_body(&store).await, stays, "{days}");
    }
}

#[tokio::test]
async fn what_happened_before_the_history_that_is_kept_is_refused_and_counts_once() {
    let first = Instant::parse("2026-03-02T10:00:00Z").expect("an instant");
    let time = format!(r#""time":"{first}","#);
    let store = Arc::new(Memory::new());
    assert_eq!(run_by(&store, forgetful(), first, &time).await.taken, 1);
    let later = after(first, 610);
    let counts = run_by(&store, forgetful(), later, &time).await;
    assert_eq!((counts.taken, counts.repeated, counts.too_old), (0, 0, 1));
    let kept = Kept {
        kind: "order.paid".into(),
        since: Some(Instant::MIN),
        latest: true,
        enrolled: false,
    };
    let people = store.load(&["c1".into()], &[kept]).await.expect("a store");
    assert_eq!(people[0].person.history, []);
    let orders = people[0].person.attribute("orders").expect("a count");
    assert_eq!(orders.to_json().to_string(), "1", "it counted once");
    let letters = store.rejected(None, 9).await.expect("a store");
    assert!(
        letters[0].reason.starts_with("before_history"),
        "{letters:?}"
    );
    // A file that is imported is there still: it is only counted.
    let counts = take(&store, forgetful(), later, &time, true).await;
    assert_eq!((counts.taken, counts.too_old), (0, 1));
    assert_eq!(store.letters().await.expect("a store"), 1);
    let sums = store.sums(true).await.expect("a store");
    assert_eq!(sums.seen, sums.history);
    let (retention, zone) = (
        forgetful().workspace.settings.retention,
        kurant_engine::calendar::Zone::UTC,
    );
    let told = KeptSince::all(&*store, retention, zone, later).await;
    let told = told.expect("a store");
    let since = |what: &str| {
        let mut told = told.iter();
        told.find(|own| own.what == what).and_then(|own| own.since)
    };
    let about = later.plus_millis(-60 * DAY);
    assert!(since("history").is_some_and(|own| own.millis_since(about).abs() < DAY));
    assert!(since("bodies").is_some() && since("log").is_none());
}

#[tokio::test]
async fn a_consent_and_an_erasure_are_taken_however_old_they_are_and_once() {
    let first = Instant::parse("2026-03-02T10:00:00Z").expect("an instant");
    let later = after(first, 610);
    for (kind, data) in [
        ("consent.changed", r#"{"channel":"email","granted":false}"#),
        ("customer.created", r#"{"consents":{"email":true}}"#),
        ("customer.erased", "{}"),
    ] {
        let store = Arc::new(Memory::new());
        for (round, imported) in [(0, true), (1, true), (1, false)] {
            let event = |decoder: &mut Decoder| {
                let text = format!(
                    r#"{{"specversion":"1.0","id":"w1","source":"crm","type":"{kind}","subject":"c1","time":"{first}","data":{data}}}"#
                );
                let event = decoder.event(text.as_bytes(), Arrival::At(later));
                Delivered {
                    event: Arc::new(event.expect("an event")),
                    body: 1,
                    place: None,
                }
            };
            let counts = deliver(&store, forgetful(), later, event, imported).await;
            let told = (counts.taken, counts.repeated, counts.too_old);
            assert_eq!(told, (1 - round, round, 0), "{kind}");
        }
    }
}
