//! A newer Kurant on the store of an older one.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

use super::sample::{Running, Shop, of_anna};
use crate::store_conformance::postgres::database::Schema;

/// The release that comes: it knows one change of the tables more.
const NEXT: &[(&str, &str)] = &[("FAILPOINTS", "tables.next=return")];

fn next(shop: &Shop, arguments: &[&str]) -> Running {
    shop.start_in(arguments, NEXT)
}

/// How a command ends that the release before is asked for.
fn refused(shop: &Shop, arguments: &[&str]) -> (Option<i32>, String) {
    let output = shop.run(arguments);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), told)
}

#[test]
fn a_file_is_changed_by_itself_after_a_copy() {
    let shop = Shop::new();
    let (code, told) = refused(&shop, &["migrate"]);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("nothing has run here yet"), "{told}");
    shop.kurant(&["run", "--until-idle"]);
    let same = shop.kurant(&["migrate"]);
    let same = String::from_utf8_lossy(&same.stdout);
    assert!(same.contains("nothing was to be done"), "{same}");
    let dry = next(&shop, &["migrate", "--dry-run"]);
    dry.wait_for("are at change 1; to come to 2");
    dry.wait_for("   2  next");
    assert!(dry.ended().success());
    // Whoever looks before the change is told about it.
    let looked = next(&shop, &["status"]);
    looked.wait_for("run `kurant migrate` first");
    assert_eq!(looked.ended().code(), Some(3));
    let run = next(&shop, &["run", "--until-idle"]);
    run.wait_for_all(&[
        "brought from change 1 to 2; a copy from before is",
        "backups/state-before-0002.db",
    ]);
    assert!(run.ended().success());
    assert!(shop.path(".kurant/backups/state-before-0002.db").is_file());
    let (code, told) = refused(&shop, &["run", "--until-idle"]);
    assert_eq!(code, Some(3), "{told}");
    assert!(
        told.contains("a newer Kurant has worked on this store"),
        "{told}"
    );
    // The way back: the copy in the place of the store.
    std::fs::remove_file(shop.path(".kurant/state.db-wal")).ok();
    std::fs::remove_file(shop.path(".kurant/state.db-shm")).ok();
    std::fs::copy(
        shop.path(".kurant/backups/state-before-0002.db"),
        shop.path(".kurant/state.db"),
    )
    .expect("a copy");
    shop.kurant(&["run", "--until-idle"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_changed_when_somebody_says_so() {
    let schema = Schema::new().await;
    let shop = Shop::new();
    shop.write("store.secret", &schema.url());
    let store = "store: { url: \"${file:store.secret}\" }\n";
    shop.add_settings(store);
    shop.kurant(&["run", "--until-idle"]);
    for arguments in [&["run", "--until-idle"][..], &["pause", "all"], &["status"]] {
        let early = next(&shop, arguments);
        early.wait_for("run `kurant migrate` first");
        assert_eq!(early.ended().code(), Some(3), "{arguments:?}");
    }
    let dry = next(&shop, &["migrate", "--dry-run"]);
    dry.wait_for("are at change 1; to come to 2");
    assert!(dry.ended().success());
    // While one of the release before works.
    let old = shop.start(&["run"]);
    old.wait_for("running");
    let change = next(&shop, &["migrate"]);
    change.wait_for("were brought from change 1 to 2");
    assert!(change.ended().success());
    shop.drop_events(
        "one.jsonl",
        &[super::sample::of_anna("1", "order.paid", r#"{"total":5}"#)],
    );
    old.wait_for_all(&["thanks", "send"]);
    old.end();
    let fresh = next(&shop, &["run", "--until-idle"]);
    assert!(fresh.ended().success());
    let (code, told) = refused(&shop, &["run", "--until-idle"]);
    assert_eq!(code, Some(3), "{told}");
    assert!(
        told.contains("a newer Kurant has worked on this store"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_that_a_newer_kurant_has_compiled_is_refused_and_named() {
    let shop = Shop::with_one_journey(
        "hold",
        "journey: hold\nstatus: live\ntrigger: { event: cart.left }\nsteps:\n  - { id: rest, wait: 30d }\n",
    );
    shop.drop_events(
        "1.jsonl",
        &[of_anna("1", "cart.left", "{\"cart_id\":\"a\"}")],
    );
    shop.kurant(&["run", "--until-idle"]);
    // What comes after this release: an option of the wait that nobody here knows.
    let newer =
        "UPDATE version SET body = replace(body, '\"since\":', '\"tide\":\"high\",\"since\":')";
    let options = SqliteConnectOptions::new().filename(shop.path(".kurant/state.db"));
    let mut store = SqliteConnection::connect_with(&options)
        .await
        .expect("the store");
    sqlx::query(newer)
        .execute(&mut store)
        .await
        .expect("a change");
    store.close().await.expect("it is closed");
    for command in [&["run", "--until-idle"][..], &["status"]] {
        let (code, told) = refused(&shop, command);
        assert_eq!(code, Some(3), "{told}");
        assert!(
            told.contains("hold: it says `journey.steps.verb.wait.tide`")
                && told.contains("a newer Kurant"),
            "{told}"
        );
    }
}
