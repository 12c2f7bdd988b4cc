//! A disk that is full: nothing is lost, and it goes on once there is room.

use std::fs::File;
use std::process::{Command, Stdio};

use serde_json::json;

use super::sample::Shop;
use crate::store_conformance::postgres::database::Schema;

const ORDERS: usize = 3_000;

/// A run on a small disk of its own, in a namespace that goes with it. The disk fills up, an order file comes, the run says that
/// it waits, and room is made.
const PLAY: &str = r#"
set -eu
workspace=$1 disk=$2 kurant=$3 said=$4
patiently() { for _ in $(seq 600); do if "$@"; then return; fi; sleep 0.1; done; echo "never: $*"; cat "$said"; exit 1; }
mount -t tmpfs -o size=16m none "$disk"
cp -r "$workspace"/. "$disk"
cd "$disk"
mkdir -p .kurant/inbox
"$kurant" run --quiet --listen 127.0.0.1:0 >/dev/null 2>"$said" &
run=$!
patiently grep -q running "$said"
cp "$workspace/orders.jsonl" .kurant/inbox/.orders
head -c 100m /dev/zero >ballast 2>/dev/null || true
mv .kurant/inbox/.orders .kurant/inbox/orders.jsonl
patiently grep -q "disk is full" "$said"
kill -0 $run
rm ballast
patiently test -e .kurant/inbox/done/orders.jsonl
kill -TERM $run
wait $run
"$kurant" doctor || true
"#;

/// Whether namespaces may be had here.
fn may_mount() -> bool {
    let tried = Command::new("unshare").args(["-rm", "true"]).output();
    tried.is_ok_and(|output| output.status.success())
}

fn orders() -> Vec<String> {
    let order = |number: usize| {
        let subject = format!("c{number}");
        json!({ "specversion": "1.0", "id": format!("o{number}"), "source": "test", "type": "order.paid",
                "subject": subject, "data": { "total": 5, "customer": { "email": "c@example.com" } } })
    };
    (0..ORDERS)
        .map(|number| order(number).to_string())
        .collect()
}

/// The same as an import wants them, with their times.
fn dated() -> Vec<String> {
    let time = "\"time\":\"2026-01-05T10:00:00Z\",\"type\"";
    let all = orders().into_iter();
    all.map(|line| line.replacen("\"type\"", time, 1)).collect()
}

/// Plays a script on a disk of its own, with these lines as `orders.jsonl`: what it told, and what Kurant said meanwhile.
fn play(script: &str, lines: &[String]) -> (String, String) {
    let shop = Shop::new();
    shop.write("orders.jsonl", &(lines.join("\n") + "\n"));
    let beside = tempfile::tempdir().expect("a folder");
    let disk = beside.path().join("disk");
    std::fs::create_dir(&disk).expect("a folder");
    let said = beside.path().join("said.txt");
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", script, "sh"])
        .args([&shop.path(""), &disk])
        .arg(env!("CARGO_BIN_EXE_kurant"))
        .arg(&said)
        .output()
        .expect("a shell");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = std::fs::read_to_string(said).expect("what it said");
    assert!(output.status.success(), "{told}\n{said}");
    (told, said)
}

#[test]
fn a_full_disk_is_told_of_waited_for_and_nothing_is_lost() {
    if !may_mount() {
        println!("left out: this machine gives nobody a disk of their own (unshare -rm)");
        return;
    }
    let (told, said) = play(PLAY, &orders());
    let all = format!("{ORDERS} events took effect, {ORDERS} stand in the histories");
    assert!(told.contains(&all), "{told}");
    // Once, and once more should little things have gone in between.
    let waits = said.matches("waiting until it is there again").count();
    assert!((1..=2).contains(&waits), "{said}");
}

#[test]
fn a_log_that_nobody_can_write_stops_nothing() {
    let shop = Shop::new();
    shop.drop_events("orders.jsonl", &orders()[..10]);
    for format in ["text", "json"] {
        let full = File::options()
            .write(true)
            .open("/dev/full")
            .expect("a device");
        let status = Command::new(env!("CARGO_BIN_EXE_kurant"))
            .current_dir(shop.path(""))
            .args(["run", "--until-idle", "--log-format", format])
            .stdout(Stdio::null())
            .stderr(full)
            .status();
        assert!(status.is_ok_and(|status| status.success()), "{format}");
    }
    assert_eq!(shop.lines(".kurant/outbox/email.jsonl").len(), 10);
}

/// An import on a small disk: it stops in words, and goes on where it was once there is room.
const IMPORT: &str = r#"
set -eu
workspace=$1 disk=$2 kurant=$3 said=$4
mount -t tmpfs -o size=16m none "$disk"
cp -r "$workspace"/. "$disk"
cd "$disk"
"$kurant" run --until-idle --quiet
# Room for a part of it.
head -c 100m /dev/zero >ballast 2>/dev/null || true
truncate -s -900K ballast
if "$kurant" import events orders.jsonl >"$said" 2>&1; then echo "it fitted"; exit 1; else code=$?; fi
echo "exit $code"
rm ballast
"$kurant" import events orders.jsonl
"$kurant" import events orders.jsonl
"$kurant" doctor || true
"#;

#[test]
fn an_import_on_a_full_disk_stops_in_words_and_goes_on_later() {
    if !may_mount() {
        println!("left out: this machine gives nobody a disk of their own (unshare -rm)");
        return;
    }
    let (told, said) = play(IMPORT, &dated());
    assert!(told.contains("exit 3"), "{told}\n{said}");
    assert!(said.contains("full"), "{said}");
    assert!(said.contains("run the same import again"), "{said}");
    let all = format!("{ORDERS} events took effect, {ORDERS} stand in the histories");
    assert!(told.contains(&all), "{told}\n{said}");
}

/// What a database says whose disk is full, in the words that it has for it.
const FULL: &str = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
     RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$; \
     CREATE TRIGGER full_disk BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION full_disk()";
const ROOM: &str = "DROP TRIGGER full_disk ON event";

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_room_is_waited_for_and_an_import_says_so() {
    let schema = Schema::new().await;
    let shop = Shop::new();
    shop.write("store.secret", &schema.url());
    let store = "store: { url: \"${file:store.secret}\" }\n";
    shop.add_settings(store);
    shop.kurant(&["run", "--until-idle"]);
    schema.execute(FULL).await;
    shop.write("orders.jsonl", &(dated()[..1_500].join("\n") + "\n"));
    let import = shop.run(&["import", "events", "orders.jsonl"]);
    let said = String::from_utf8_lossy(&import.stderr);
    assert_eq!(import.status.code(), Some(3), "{said}");
    assert!(said.contains("No space left on device"), "{said}");
    assert!(said.contains("run the same import again"), "{said}");
    let running = shop.start(&["run", "--quiet", "--listen", "127.0.0.1:0"]);
    running.wait_for("running");
    shop.drop_events("orders.jsonl", &orders()[1_500..1_600]);
    running.wait_for_all(&["No space left on device", "waiting until it is there again"]);
    schema.execute(ROOM).await;
    let done = shop.path(".kurant/inbox/done/orders.jsonl");
    while !done.exists() {
        tokio::task::yield_now().await;
    }
    running.end();
    shop.kurant(&["import", "events", "orders.jsonl"]);
    let doctor = shop.run(&["doctor"]);
    let told = String::from_utf8_lossy(&doctor.stdout);
    let all = "1600 events took effect, 1600 stand in the histories";
    assert!(told.contains(all), "{told}");
}
