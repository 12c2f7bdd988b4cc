//! Events of the past that can't be taken: each is told with its line, and costs no other.

use super::sample::Shop;

/// Loads a file of events; the exit code and all that was said.
fn import(shop: &Shop, name: &str) -> (i32, String) {
    let output = shop.run(&["import", "events", name]);
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told).into_owned();
    (output.status.code().unwrap_or(-1), told)
}

fn order(id: &str, time: &str, total: u32) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"shop","type":"order.paid","subject":"anna","time":"{time}","data":{{"total":{total}}}}}"#
    )
}

fn read(shop: &Shop, name: &str) -> String {
    std::fs::read_to_string(shop.path(name)).unwrap_or_default()
}

fn refused(shop: &Shop) -> Vec<(u64, String)> {
    let rows = shop.lines(".kurant/rejected/events.jsonl");
    rows.iter()
        .map(|row| {
            let reason = row["reason"].as_str().unwrap_or("-").to_owned();
            (row["line"].as_u64().unwrap_or(0), reason)
        })
        .collect()
}

#[test]
fn a_quote_that_is_never_closed_costs_its_own_line_alone() {
    let shop = Shop::new();
    let rows = [
        "id,source,type,subject,time,total",
        "e1,shop,order.paid,anna,2024-03-01T10:00:00Z,1",
        "e2,shop,order.paid,\"anna,2024-03-02T10:00:00Z,2",
        "e3,shop,order.paid,anna,2024-03-03T10:00:00Z,3",
        "e4,shop,order.paid,\"5\"\" anna,2024-03-04T10:00:00Z,4",
        "e5,shop,order.paid,\"anna\",2024-03-05T10:00:00Z,5",
    ];
    shop.write("events.csv", &rows.join("\n"));
    let (code, told) = import(&shop, "events.csv");
    assert_eq!(code, 1, "{told}");
    for says in [
        "3 events taken in",
        "line 3: a quote opens here",
        "line 5: a quote opens here",
    ] {
        assert!(told.contains(says), "{says}: {told}");
    }
    let again = read(&shop, ".kurant/rejected/events.again.csv");
    assert_eq!(
        again.lines().collect::<Vec<_>>(),
        [rows[0], rows[2], rows[4]]
    );
}

#[test]
fn an_id_that_says_something_else_is_told_with_its_line() {
    let shop = Shop::new();
    let time = "2024-03-01T10:00:00Z";
    shop.write("events.jsonl", &order("e1", time, 5));
    assert_eq!(import(&shop, "events.jsonl").0, 0);
    // One of a file before, one of the same file, and one that says the same.
    let lines = [
        order("e1", time, 6),
        order("e2", time, 5),
        order("e2", time, 7),
        order("e1", time, 5),
    ];
    for taken in [1, 0] {
        shop.write("events.jsonl", &lines.join("\n"));
        let (code, told) = import(&shop, "events.jsonl");
        assert_eq!(code, 1, "{told}");
        let says = format!("{taken} events taken in, {} had been before", 2 - taken);
        assert!(told.contains(&says), "{told}");
        assert!(told.contains("line 1: another event from `shop`"), "{told}");
        let reused = [1, 3].map(|line| (line, "id_reused".to_owned()));
        assert_eq!(refused(&shop), reused);
        let again = read(&shop, ".kurant/rejected/events.again.jsonl");
        assert_eq!(again.lines().collect::<Vec<_>>(), [&*lines[0], &*lines[2]]);
    }
}

#[test]
fn an_event_that_lies_ahead_is_refused_by_the_clock_of_the_machine() {
    let shop = Shop::new();
    let lines = [
        order("e1", "2099-01-01T10:00:00Z", 5),
        order("e2", "2024-03-01T10:00:00Z", 5),
    ];
    shop.write("events.jsonl", &lines.join("\n"));
    let (code, told) = import(&shop, "events.jsonl");
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("1 events taken in"), "{told}");
    assert_eq!(refused(&shop), [(1, "ahead_of_time".to_owned())]);
}
