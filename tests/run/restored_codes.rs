//! A store is restored from a copy: codes of coupon pools that were free in it are given to nobody until somebody decides, and what
//! patterns make is not made again.

use std::collections::BTreeSet;
use std::fs;

use kurant_engine::calendar::DAY;
use kurant_runner::Clock;
use serde_json::json;

use super::restore::{Databases, copy, restore, said, work_off};
use super::sample::{PAID_ORDERS, Shop};

const WORKSPACE: &str = "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels: { email: { kind: file } }\n\
     crm: { kind: file }\ncoupon_pools: [spring]\nconsole: { listen: \"127.0.0.1:0\" }\n";
const JOURNEY: &str = "journey: j\nstatus: live\ncategory: transactional\ntrigger: { event: order.paid, max_age: 100y }\nsteps:\n  \
     - coupon: { codes: spring, as: code }\n  - id: letter\n    send: email\n    template: hello\n    data: { code: =vars.code }\n";
const PATTERNED: &str = "journey: j\nstatus: live\ncategory: transactional\ntrigger: { event: order.paid, max_age: 100y }\nsteps:\n  \
     - coupon: { codes: 'X-##', as: code }\n  - id: letter\n    send: email\n    template: hello\n    data: { code: =vars.code }\n";

fn shop(journey: &str) -> Shop {
    Shop::with(&[
        ("kurant.yaml", WORKSPACE),
        ("journeys/j.yaml", journey),
        (
            "templates/hello/email.txt",
            "---\nsubject: Hello\n---\n{{ code }}\n",
        ),
        PAID_ORDERS,
    ])
}

/// Customers of these numbers paid the day before, or pay now.
fn pay(shop: &Shop, file: &str, numbers: std::ops::Range<usize>, now: bool) {
    let order = |number: usize| {
        let customer = json!({ "email": format!("c{number}@example.com") });
        let mut event = json!({
            "specversion": "1.0", "id": format!("e{number}"), "source": "test", "type": "order.paid",
            "subject": format!("c{number:02}"), "data": { "total": 5, "customer": customer },
        });
        if !now {
            let time = Clock::real().now().plus_millis(-DAY);
            event["time"] = time.to_string().into();
        }
        event.to_string()
    };
    shop.drop_events(file, &numbers.map(order).collect::<Vec<_>>());
}

/// The codes in letters that have left.
fn letters(shop: &Shop) -> Vec<String> {
    let lines = shop.lines(".kurant/outbox/email.jsonl");
    let code = |line: &serde_json::Value| Some(line["text"].as_str()?.trim().to_owned());
    lines.iter().filter_map(code).collect()
}

fn import(shop: &Shop, codes: &[&str]) {
    shop.write("codes.txt", &codes.join("\n"));
    shop.kurant(&["coupons", "import", "spring", "codes.txt"]);
}

/// What a run on the restored store says.
fn run_on_copy(shop: &Shop, arguments: &[&str]) -> String {
    let output = shop.kurant(&[&["run", "--until-idle", "--quiet"], arguments].concat());
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// From the moment that the copy stands in its place: c01 has A by it, and c02 and c03 had B and C by what was lost.
fn decide(shop: &Shop, arguments: &[&str]) {
    // The shop brings again what it knows, and goes on.
    pay(shop, "again.jsonl", 2..4, false);
    let told = run_on_copy(shop, arguments);
    assert!(
        told.contains("4 codes are put aside of coupon pool spring")
            && told.contains("`kurant coupons release spring`"),
        "{told}"
    );
    assert_eq!(letters(shop), ["A", "B", "C"], "nobody gets one of them");
    let list = said(shop, &["coupons", "list", "--json"]);
    assert!(
        list.contains(r#""left":0"#) && list.contains(r#""put_aside":4"#),
        "{list}"
    );
    let show = said(shop, &["coupons", "show", "spring"]);
    assert!(
        show.contains("4 codes of spring are put aside since the store was restored"),
        "{show}"
    );
    let found = said(shop, &["coupons", "find", "B"]);
    assert!(
        found.contains("given to nobody so far") && found.contains("put aside at"),
        "{found}"
    );
    let output = shop.run(&["doctor"]);
    let doctor = String::from_utf8_lossy(&output.stdout);
    assert!(
        doctor.contains("4 are put aside since the store was restored")
            && doctor.contains("`kurant coupons release spring --except FILE`"),
        "{doctor}"
    );
    // What is imported now is given at once, and the same file again brings back nothing that is put aside.
    import(shop, &["A", "B", "C", "D", "E", "NEW"]);
    pay(shop, "later.jsonl", 4..5, true);
    work_off(shop);
    assert_eq!(letters(shop), ["A", "B", "C", "NEW"]);
    release(shop);
}

/// The shop knows which were used; who found none goes on, and what may have left before is held.
fn release(shop: &Shop) {
    shop.write("used.txt", "B\nC\n");
    let release = ["coupons", "release", "spring", "--except", "used.txt"];
    let told = said(shop, &[&release[..], &["--dry-run"]].concat());
    assert_eq!(
        told,
        "2 codes of spring would be given again; 2 stay put aside\n"
    );
    let told = said(shop, &release);
    assert_eq!(
        told,
        "2 codes of spring can be given again; 2 stay put aside\n"
    );
    // c02 and c03 had theirs before all was lost: what follows for them now may have left then.
    shop.kurant(&["coupons", "again", "spring"]);
    work_off(shop);
    assert_eq!(letters(shop), ["A", "B", "C", "NEW"]);
    let held = said(shop, &["held", "list", "--each"]);
    assert!(held.contains("c02") && held.contains("c03"), "{held}");
    assert_eq!(said(shop, &["held", "release", "--all"]), "2 leave now\n");
    // Where several workers may write it, a file knows the keys that left before.
    work_off(shop);
    assert_eq!(said(shop, &["held", "list"]), "nothing is held\n");
    let codes = letters(shop);
    let different: BTreeSet<&String> = codes.iter().collect();
    assert_eq!(codes.len(), different.len(), "each once: {codes:?}");
    let mut given = Vec::new();
    for code in ["A", "B", "C", "D", "E", "NEW"] {
        let found = said(shop, &["coupons", "find", code]);
        let holder = found.split("given to ").nth(1).unwrap_or_default();
        given.push(holder.split(' ').next().unwrap_or_default().to_owned());
    }
    assert_eq!(given, ["c01", "nobody", "nobody", "c02", "c03", "c04"]);
    let told = said(shop, &["coupons", "release", "spring"]);
    assert_eq!(told, "2 codes of spring can be given again\n");
    let told = said(shop, &["coupons", "release", "spring"]);
    assert_eq!(told, "no code of spring is put aside\n");
}

#[test]
fn codes_that_were_free_in_the_copy_of_a_file_wait_until_somebody_decides() {
    let shop = shop(JOURNEY);
    import(&shop, &["A", "B", "C", "D", "E"]);
    pay(&shop, "1.jsonl", 1..2, false);
    work_off(&shop);
    copy(&shop);
    pay(&shop, "2.jsonl", 2..4, false);
    work_off(&shop);
    assert_eq!(letters(&shop), ["A", "B", "C"]);
    restore(&shop);
    let first = ["run", "--until-idle", "--quiet", "--after-restore"];
    // Whoever is killed on the way does the rest when they begin anew, also if they don't say what for.
    for (arguments, point) in [
        (&first[..], "restore.codes"),
        (&first[..3], "restore.aside"),
    ] {
        let killed = ("FAILPOINTS", &*format!("{point}=panic"));
        let running = shop.start_in(arguments, &[killed]);
        assert!(!running.ended().success(), "{point}: it was killed");
    }
    decide(&shop, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_were_free_in_the_copy_of_a_database_wait_until_somebody_decides() {
    let shop = shop(JOURNEY);
    let databases = Databases::begin(&shop, "restored-codes").await;
    import(&shop, &["A", "B", "C", "D", "E"]);
    pay(&shop, "1.jsonl", 1..2, false);
    work_off(&shop);
    databases.copy().await;
    pay(&shop, "2.jsonl", 2..4, false);
    work_off(&shop);
    assert_eq!(letters(&shop), ["A", "B", "C"]);
    databases.restore().await;
    // It finds out by itself.
    decide(&shop, &[]);
}

#[test]
fn a_pattern_makes_no_code_again_that_it_made_after_the_copy() {
    let shop = shop(PATTERNED);
    pay(&shop, "1.jsonl", 0..2, false);
    work_off(&shop);
    copy(&shop);
    pay(&shop, "2.jsonl", 2..20, false);
    work_off(&shop);
    restore(&shop);
    let killed = ("FAILPOINTS", "restore.aside=panic");
    let arguments = ["run", "--until-idle", "--quiet", "--after-restore"];
    let running = shop.start_in(&arguments, &[killed]);
    assert!(!running.ended().success(), "it was killed");
    work_off(&shop);
    pay(&shop, "3.jsonl", 20..50, true);
    work_off(&shop);
    let codes = letters(&shop);
    let different: BTreeSet<&String> = codes.iter().collect();
    assert_eq!((codes.len(), different.len()), (50, 50), "{codes:?}");
}

#[test]
fn a_file_of_used_codes_that_cannot_be_read_whole_gives_nothing_back() {
    let shop = shop(JOURNEY);
    import(&shop, &["A", "B"]);
    work_off(&shop);
    run_on_copy(&shop, &["--after-restore"]);
    shop.write("used.csv", "code\nA\nB x\n");
    let release = ["coupons", "release", "spring", "--except", "used.csv"];
    let output = shop.run(&release);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("line 3") && told.contains("nothing was given back"),
        "{told}"
    );
    let list = said(&shop, &["coupons", "list", "--json"]);
    assert!(list.contains(r#""put_aside":2"#), "{list}");
    fs::write(shop.path("used.csv"), "code\nA\n").expect("mended");
    let told = said(&shop, &release);
    assert_eq!(
        told,
        "1 code of spring can be given again; 1 stays put aside\n"
    );
}

#[test]
fn a_file_of_used_codes_without_one_or_with_those_of_another_pool_gives_nothing_back() {
    let shop = shop(JOURNEY);
    import(&shop, &["A", "B"]);
    work_off(&shop);
    run_on_copy(&shop, &["--after-restore"]);
    for (file, text, why) in [
        ("used.txt", "", "used.txt holds no code"),
        ("used.csv", "", "used.csv holds no code"),
        ("used.csv", "code\n", "used.csv holds no code"),
        ("used.txt", "Codes\n\n", "used.txt holds no code"),
        (
            "used.txt",
            "A\nelsewhere\n",
            "1 code of used.txt is not in spring, so nothing was given back: line 2",
        ),
        (
            "used.csv",
            "code\na\nb\nX1\nX2\nX3\nX4\n",
            "6 codes of used.csv are not in spring, so nothing was given back: lines 2, 3, 4, 5, 6, ...",
        ),
    ] {
        shop.write(file, text);
        for arguments in [&["--dry-run"][..], &[]] {
            let release = ["coupons", "release", "spring", "--except", file];
            let output = shop.run(&[&release, arguments].concat());
            let told = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{text:?}: {told}");
            assert!(told.contains(why), "{text:?}: {told}");
        }
    }
    let list = said(&shop, &["coupons", "list", "--json"]);
    assert!(list.contains(r#""put_aside":2"#), "{list}");
    // What stands in the pool in another state is known.
    import(&shop, &["NEW"]);
    shop.write("used.txt", "A\nNEW\n");
    let told = said(
        &shop,
        &["coupons", "release", "spring", "--except", "used.txt"],
    );
    assert_eq!(
        told,
        "1 code of spring can be given again; 1 stays put aside\n"
    );
}
