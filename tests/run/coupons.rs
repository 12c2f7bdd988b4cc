//! Coupon pools as operators have them: imported, given each once, also over kills and by several workers, and refilled.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kurant_engine::action::Action;
use kurant_store::{Postgres, Sought, Sqlite, Store};
use serde_json::json;

use super::sample::{PAID_ORDERS, Shop};
use crate::acted::acted;
use crate::store_conformance::postgres::database::Schema;

const WORKSPACE: &str = "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels: { email: { kind: file } }\n\
     crm: { kind: file }\ncoupon_pools: [spring]\nconsole: { listen: \"127.0.0.1:0\" }\n";
/// How long it may take until all is done.
const PATIENCE: Duration = Duration::from_secs(120);

fn shop(steps: &str, workspace: &str) -> Shop {
    let journey = format!(
        "journey: j\nstatus: live\ncategory: transactional\ntrigger: {{ event: order.paid, max_age: 100y }}\n\
         entry: {{ while_active: parallel }}\nsteps:\n{steps}"
    );
    Shop::with(&[
        ("kurant.yaml", workspace),
        ("journeys/j.yaml", &journey),
        PAID_ORDERS,
    ])
}

const GIVE: &str = "  - coupon: { codes: spring, as: code }\n  - tag: =vars.code\n";

fn orders(numbers: std::ops::Range<usize>, customers: usize) -> Vec<String> {
    let order = |number: usize| {
        json!({
            "specversion": "1.0", "id": format!("e{number}"), "source": "test", "type": "order.paid",
            "subject": format!("c{:03}", number % customers), "data": { "total": 5 },
        })
        .to_string()
    };
    numbers.map(order).collect()
}

fn codes(numbers: std::ops::Range<usize>) -> String {
    numbers
        .map(|number| format!("CODE-{number:05}\n"))
        .collect()
}

fn out(shop: &Shop, arguments: &[&str]) -> String {
    let output = shop.run(arguments);
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The codes that were given, by the log, and how many left without one.
fn given(actions: &[Action]) -> (Vec<String>, usize) {
    let codes = actions.iter().filter(|own| own.action == "coupon");
    let codes = codes.filter_map(|own| own.data.get("code")?.as_text().map(str::to_owned));
    let dry = |own: &&Action| own.reason.as_deref() == Some("no_coupon") && own.action == "exit";
    (codes.collect(), actions.iter().filter(dry).count())
}

/// What the log says was given is what the table of codes says, and each of it once.
async fn check(store: &dyn Store, imported: usize) -> (usize, usize) {
    let actions = acted(store).await;
    let (given, dry) = given(&actions);
    let different: BTreeSet<&String> = given.iter().collect();
    assert_eq!(different.len(), given.len(), "a code was given twice");
    let rows = store.codes_found(Sought::Given("spring"), usize::MAX).await;
    let rows = rows.expect("codes");
    let holders: BTreeMap<&str, &str> = rows
        .iter()
        .map(|own| (&*own.code, &*own.given.as_ref().expect("a holder").customer))
        .collect();
    let told: BTreeMap<&str, &str> = actions
        .iter()
        .filter(|own| own.action == "coupon")
        .map(|own| {
            (
                own.data
                    .get("code")
                    .and_then(|own| own.as_text())
                    .unwrap_or_default(),
                &*own.customer,
            )
        })
        .collect();
    assert_eq!(holders, told, "who has which");
    let sums = store.pool_sums(
        kurant_engine::calendar::Instant::MIN,
        kurant_engine::calendar::Instant::MIN,
    );
    let sums = sums.await.expect("sums");
    let (left, all) = (sums[0].left as usize, imported);
    assert_eq!(left + given.len(), all, "none is lost");
    (given.len(), dry)
}

#[test]
fn the_same_file_twice_changes_nothing_and_what_cannot_be_taken_is_told_with_its_line() {
    let shop = shop(GIVE, WORKSPACE);
    shop.write("a.csv", "code,expires\nA,2027-05-01\nB,\nB,\nC,soon\n");
    let told = out(&shop, &["coupons", "import", "spring", "a.csv"]);
    for part in [
        "2 codes added to spring",
        "1 stood in the file more than once",
        "line 5",
        "`expires`",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let told = out(&shop, &["coupons", "import", "spring", "a.csv"]);
    assert!(
        told.contains("0 codes added to spring, 2 were there already"),
        "{told}"
    );
    let told = out(&shop, &["coupons", "import", "sprnig", "a.csv"]);
    assert!(told.contains("did you mean spring?"), "{told}");
    let told = out(&shop, &["coupons", "import", "SPRING-##", "a.csv"]);
    assert!(told.contains("pattern"), "{told}");
    let told = out(&shop, &["coupons", "list", "--json"]);
    assert!(
        told.contains(r#""left":2"#) && told.contains(r#""journeys":["j"]"#),
        "{told}"
    );
}

#[test]
fn what_is_no_code_is_refused_and_stands_as_it_stood_to_be_mended() {
    let shop = shop(GIVE, WORKSPACE);
    shop.write("a.csv", "Coupon code\nHL-1\n");
    let told = out(&shop, &["coupons", "import", "spring", "a.csv"]);
    assert!(
        told.contains("has no column `code`")
            && told.contains("`columns: { \"Coupon code\": code }`"),
        "{told}"
    );
    shop.write("c.yaml", "columns: { Kod: code, Do: expires }\n");
    let sheet = "Kod;Do;valid_until\nHL-1;2099-01-01;x\nHL 2;2099-01-02;y\nHL-3;soon;\n";
    shop.write("b.csv", sheet);
    let columns = [
        "coupons",
        "import",
        "spring",
        "b.csv",
        "--columns",
        "c.yaml",
    ];
    let told = out(&shop, &columns);
    for part in [
        "1 code added to spring",
        "`valid_until` not read",
        "line 3: it holds a blank",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(
        std::fs::read_to_string(shop.path(".kurant/rejected/b.again.csv")).expect("refused lines"),
        "Kod;Do;valid_until\nHL 2;2099-01-02;y\nHL-3;soon;\n"
    );
    // A list has no heading that would stand above what is refused.
    shop.write("l.csv", "HL-7\nHL-8,2099-01-01\n");
    out(&shop, &["coupons", "import", "spring", "l.csv"]);
    assert_eq!(
        std::fs::read_to_string(shop.path(".kurant/rejected/l.again.csv")).expect("refused lines"),
        "HL-8,2099-01-01\n"
    );
}

#[test]
fn a_code_that_stands_with_another_end_is_told_and_keeps_it() {
    let shop = shop(GIVE, WORKSPACE);
    shop.write("a.csv", "code,expires\nA,2099-05-01\nB,2099-05-01\n");
    let import = ["coupons", "import", "spring", "a.csv"];
    shop.kurant(&import);
    let told = out(&shop, &import);
    assert!(!told.contains("another end"), "{told}");
    shop.write("a.csv", "code,expires\nA,2099-05-01\nB,2099-06-01\n");
    let told = out(&shop, &import);
    assert!(
        told.contains("1 of those that were there already stands with another end")
            && told.contains("`kurant coupons withdraw spring`"),
        "{told}"
    );
    shop.kurant(&["coupons", "withdraw", "spring"]);
    shop.kurant(&import);
    let told = out(&shop, &["coupons", "find", "B"]);
    assert!(told.contains("expires at 2099-06-0"), "{told}");
}

#[test]
fn doctor_judges_a_pool_as_a_run_does_also_one_that_no_journey_uses() {
    let pools = "coupon_pools: { spring: { warn_below: 5 }, autumn: { warn_below: 5 } }";
    let workspace = WORKSPACE.replace("coupon_pools: [spring]", pools);
    let shop = shop(GIVE, &workspace);
    shop.write("a.txt", "A\nB\n");
    shop.kurant(&["coupons", "import", "autumn", "a.txt"]);
    shop.write("b.txt", "C\n");
    shop.kurant(&["coupons", "import", "spring", "b.txt"]);
    shop.drop_events("1.jsonl", &orders(0..2, 2));
    let said = out(&shop, &["run", "--until-idle", "--quiet"]);
    assert!(said.contains("`kurant coupons again spring`"), "{said}");
    // Once more: it is looked at as it begins.
    let said = out(&shop, &["run", "--until-idle", "--quiet"]);
    for part in [
        "ALERT: coupon pool autumn: 2 codes are left",
        "ALERT: coupon pool spring: no code is left",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let told = out(&shop, &["doctor"]);
    for part in [
        "coupon pool autumn: 2 codes are left, 0 were given within 7 days; `warn_below` is 5",
        "broken   coupon pool spring: 0 codes are left, 1 was given",
        "`kurant coupons import autumn FILE`",
        "`kurant coupons again spring`",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    shop.kurant(&["coupons", "withdraw", "autumn"]);
    let told = out(&shop, &["doctor"]);
    assert!(
        told.contains("broken   coupon pool autumn: 0 codes are left"),
        "{told}"
    );
    shop.write("c.txt", "D\n");
    shop.kurant(&["coupons", "import", "spring", "c.txt"]);
    let told = out(&shop, &["coupons", "again", "spring", "--dry-run"]);
    assert!(told.contains("1 code is left now"), "{told}");
}

#[test]
fn a_code_of_another_pool_or_of_a_pattern_is_refused() {
    let steps = "  - coupon: { codes: 'X-##', valid: 3d, as: other }\n  - coupon: { codes: spring, as: code }\n  \
                 - tag: =vars.code + vars.other\n";
    let shop = shop(steps, &WORKSPACE.replace("[spring]", "[spring, autumn]"));
    shop.write("a.txt", "A\nX-22\nX-0O\n");
    let told = out(&shop, &["coupons", "import", "spring", "a.txt"]);
    assert!(
        told.contains("2 codes added") && told.contains("line 2") && told.contains("`X-##`"),
        "{told}"
    );
    let told = out(&shop, &["coupons", "import", "autumn", "a.txt"]);
    assert!(told.contains("0 codes added to autumn"), "{told}");
    assert!(
        told.contains("line 1: `A` stands in the coupon pool `spring` already"),
        "{told}"
    );
    let sheet = "code,expires\nA,2099-05-01\nX-33,2099-05-02\n";
    shop.write("b.csv", sheet);
    out(&shop, &["coupons", "import", "autumn", "b.csv"]);
    let again = std::fs::read_to_string(shop.path(".kurant/rejected/b.again.csv"));
    let mut lines: Vec<String> = again.expect("lines").lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["A,2099-05-01", "X-33,2099-05-02", "code,expires"]);
}

#[test]
fn a_pool_that_is_dry_says_so_and_whoever_found_none_goes_on_once_there_are_some() {
    let shop = shop(GIVE, WORKSPACE);
    shop.write("a.txt", "A\nB\n");
    shop.kurant(&["coupons", "import", "spring", "a.txt"]);
    shop.drop_events("1.jsonl", &orders(0..5, 5));
    let said = out(&shop, &["run", "--until-idle", "--quiet"]);
    assert!(
        said.contains("3 people left with `no_coupon`: coupon pool spring"),
        "{said}"
    );
    let said = out(&shop, &["run", "--until-idle", "--quiet"]);
    assert!(
        said.contains("ALERT: coupon pool spring: no code is left"),
        "{said}"
    );
    let told = out(&shop, &["doctor"]);
    assert!(
        told.contains("broken   coupon pool spring: 0 codes are left"),
        "{told}"
    );
    shop.write("b.txt", "C\nD\nE\nF\n");
    shop.kurant(&["coupons", "import", "spring", "b.txt"]);
    let told = out(&shop, &["coupons", "again", "spring", "--by", "olena"]);
    assert!(
        told.contains("3 left because spring had no code; 4 codes are left now"),
        "{told}"
    );
    let said = out(&shop, &["run", "--until-idle", "--quiet"]);
    assert!(said.contains("are taken back, by olena"), "{said}");
    let told = out(&shop, &["coupons", "list", "--json"]);
    assert!(
        told.contains(r#""left":1"#) && told.contains(r#""given":5"#),
        "{told}"
    );
    let told = out(&shop, &["coupons", "again", "spring"]);
    assert!(told.contains("nobody waits"), "{told}");
    let told = out(&shop, &["coupons", "find", "A", "Z"]);
    assert!(
        told.contains("A  spring  given to c") && told.contains("Z stands in no coupon pool"),
        "{told}"
    );
    let told = out(&shop, &["doctor", "--deep"]);
    assert!(!told.contains("broken"), "{told}");
    let told = out(&shop, &["coupons", "withdraw", "spring"]);
    assert!(
        told.contains("1 code of spring is taken out; 5 that were given stay"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_code_is_lost_or_given_twice_by_kills_imports_and_withdrawals_beside_a_run() {
    const FILES: usize = 8;
    const EACH: usize = 400;
    let shop = shop(GIVE, WORKSPACE);
    let (mut imported, mut came) = (0, 0);
    for file in 0..FILES {
        // The first run finds nothing, and all of them too little.
        let running = shop.start(&["run", "--quiet"]);
        running.wait_for("running");
        shop.drop_events(&format!("{file}.jsonl"), &orders(came..came + EACH, 60));
        came += EACH;
        shop.write("codes.txt", &codes(imported..imported + EACH / 2));
        shop.kurant(&["coupons", "import", "spring", "codes.txt"]);
        imported += EACH / 2;
        if file == FILES / 2 {
            // What goes comes back.
            shop.kurant(&["coupons", "withdraw", "spring"]);
            shop.write("codes.txt", &codes(0..imported));
            shop.kurant(&["coupons", "import", "spring", "codes.txt"]);
        }
        // At another moment each time, while it takes codes and orders in.
        let moment = Duration::from_millis(37 * file as u64);
        let _ = running.lines.recv_timeout(moment);
        running.kill();
    }
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    shop.write("codes.txt", &codes(imported..imported + 5 * EACH));
    shop.kurant(&["coupons", "import", "spring", "codes.txt"]);
    imported += 5 * EACH;
    shop.kurant(&["coupons", "again", "spring"]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let store = Sqlite::open_to_read(&shop.path(".kurant/state.db")).await;
    let store = store.expect("a store");
    let (given, _) = check(&store, imported).await;
    assert_eq!(given, FILES * EACH, "everybody has one in the end");
    assert!(store.rejected(None, 9).await.expect("letters").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn four_workers_give_each_code_once_and_the_last_before_anybody_leaves_without() {
    const WORKERS: usize = 4;
    const PEOPLE: usize = 1_200;
    const CODES: usize = 700;
    let schema = Schema::new().await;
    let workspace = WORKSPACE.to_owned() + "store: { url: \"${file:store-address}\" }\n";
    let steps = format!("  - id: pause\n    wait: 8s\n{GIVE}");
    let shops: Vec<Shop> = (0..WORKERS).map(|_| shop(&steps, &workspace)).collect();
    for shop in &shops {
        shop.write("store-address", &schema.url());
    }
    shops[0].write("codes.txt", &codes(0..CODES));
    shops[0].kurant(&["coupons", "import", "spring", "codes.txt"]);
    let running: Vec<_> = shops
        .iter()
        .map(|shop| shop.start(&["run", "--quiet"]))
        .collect();
    running.iter().for_each(|own| drop(own.wait_for("running")));
    shops[0].drop_events("all.jsonl", &orders(0..PEOPLE, PEOPLE));
    let store = Postgres::open_to_read(&schema.url())
        .await
        .expect("a store");
    let all_through = async {
        loop {
            let (given, dry) = given(&acted(&store).await);
            if given.len() + dry >= PEOPLE {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(PATIENCE, all_through)
        .await
        .expect("all come through");
    running.into_iter().for_each(|own| own.end());
    let (given, dry) = check(&store, CODES).await;
    assert_eq!((given, dry), (CODES, PEOPLE - CODES), "the end is exact");
    store.close().await;
}
