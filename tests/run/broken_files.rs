//! Files that came broken: each is told as what it is, what is whole of it is taken, and the same file mended takes the rest.

use super::sample::Shop;

/// A kind of file, its name, what stands in it, how the import ends, what is said, and what of it is known afterwards.
struct Broken {
    kind: &'static str,
    name: &'static str,
    bytes: &'static [u8],
    code: i32,
    words: &'static [&'static str],
    known: &'static [&'static str],
}

const fn of(
    (kind, name): (&'static str, &'static str),
    bytes: &'static [u8],
    code: i32,
    words: &'static [&'static str],
    known: &'static [&'static str],
) -> Broken {
    Broken {
        kind,
        name,
        bytes,
        code,
        words,
        known,
    }
}

const UTF_16: &[u8] = b"\xff\xfei\0d\0\n\0a\0n\0n\0a\0\n\0";
const GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03";
const PAID: &str = r#"{"specversion":"1.0","id":"1","source":"s","type":"order.paid","subject":"anna","time":"2026-01-01T10:00:00Z","data":{"total":5}}"#;

const BROKEN: &[Broken] = &[
    // Half a line: the transfer broke off.
    of(
        ("customers", "a.jsonl"),
        b"{\"id\":\"anna\"}\n{\"id\":\"boh",
        1,
        &["1 customers read", "line 2: it is not JSON"],
        &["anna"],
    ),
    of(
        ("customers", "a.csv"),
        b"id,email\nanna,a@example.com\nbohdan,\"b@exa",
        1,
        &["1 customers read", "line 3: a quote opens here"],
        &["anna"],
    ),
    // What Windows and Excel write.
    of(
        ("customers", "b.jsonl"),
        b"\xef\xbb\xbf{\"id\":\"anna\"}\r\n\r\n{\"id\":\"bohdan\"}\r\n",
        0,
        &["2 customers read"],
        &["anna", "bohdan"],
    ),
    of(
        ("customers", "b.csv"),
        b"\xef\xbb\xbfid;email\r\nanna;a@example.com\r\n",
        0,
        &["parted by `;`", "1 customers read"],
        &["anna"],
    ),
    of(
        ("customers", "b.tsv"),
        b"id\temail\nanna\ta@example.com\n",
        0,
        &["parted by tabs", "1 customers read"],
        &["anna"],
    ),
    // Another encoding.
    of(
        ("customers", "c.jsonl"),
        b"{\"id\":\"anna\"}\n{\"id\":\"\xc0\xed\xed\xe0\"}\n",
        1,
        &["line 2: it is not text in UTF-8", "iconv"],
        &["anna"],
    ),
    of(
        ("customers", "c.csv"),
        b"id,email\nanna,\n\xc0\xed\xed\xe0,\n",
        1,
        &["line 3: it is not text in UTF-8", "iconv"],
        &["anna"],
    ),
    of(("customers", "d.csv"), UTF_16, 1, &["UTF-16"], &[]),
    of(("events", "d.jsonl"), UTF_16, 1, &["UTF-16"], &[]),
    // Packed, or another kind of file.
    of(
        ("customers", "e.jsonl.gz"),
        GZIP,
        1,
        &["is packed", "gunzip -k e.jsonl.gz"],
        &[],
    ),
    of(("customers", "e.csv"), GZIP, 1, &["is packed"], &[]),
    of(("events", "e.jsonl"), GZIP, 1, &["is packed"], &[]),
    of(
        ("customers", "f.json"),
        b"[\n{\"id\":\"anna\"}\n]\n",
        1,
        &["one list in JSON", "jq -c"],
        &[],
    ),
    of(
        ("customers", "g.csv"),
        b"PK\x03\x04",
        1,
        &["is a workbook"],
        &[],
    ),
    // Wrong columns.
    of(
        ("customers", "h.csv"),
        b"client,email\nanna,a@example.com\n",
        1,
        &["no column `id`", "columns: { \"client\": id }"],
        &[],
    ),
    of(
        ("customers", "i.csv"),
        b"id,email\nanna,a@example.com,x\nbohdan\n",
        1,
        &[
            "line 2: it has 3 columns, and the header 2",
            "1 customers read",
        ],
        &["bohdan"],
    ),
    of(("customers", "j.csv"), b"", 1, &["j.csv is empty"], &[]),
    of(
        ("events", "h.csv"),
        b"id,type,subject,time\n1,order.paid,anna,2026-01-01T10:00:00Z\n",
        1,
        &["no column `source`", "values: { source: VALUE }"],
        &[],
    ),
    // Wrong types.
    of(
        ("customers", "k.jsonl"),
        b"{\"id\":\"anna\",\"orders_count\":\"many\"}\n{\"id\":\"bohdan\"}\n",
        1,
        &["line 1:", "`orders_count`"],
        &["bohdan"],
    ),
    of(
        ("customers", "k.csv"),
        b"id,orders_count\nanna,many\nbohdan,2\n",
        1,
        &["line 2:", "`orders_count`"],
        &["bohdan"],
    ),
    of(
        ("customers", "l.jsonl"),
        b"\"anna\"\n{\"id\":7}\n{\"id\":\"\"}\n{\"email\":\"x\"}\n",
        1,
        &[
            "line 1: it is not a JSON object",
            "line 2:",
            "line 3:",
            "line 4:",
        ],
        &[],
    ),
    // Bytes that nobody meant.
    of(
        ("customers", "m.jsonl"),
        b"{\"id\":\"anna\"}\n\0\0\0\0\n{\"id\":\"bohdan\"}\n",
        1,
        &["line 2: it is not JSON", "2 customers read"],
        &["anna", "bohdan"],
    ),
];

#[test]
fn each_is_told_as_what_it_is_and_what_is_whole_of_it_is_taken() {
    for own in BROKEN {
        let shop = Shop::new();
        std::fs::write(shop.path(own.name), own.bytes).expect("the file");
        let output = shop.run(&["import", own.kind, own.name]);
        let told = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        let place = format!("{} {}: {told}", own.kind, own.name);
        assert_eq!(output.status.code(), Some(own.code), "{place}");
        for words in own.words {
            assert!(told.contains(words), "{words}: {place}");
        }
        let known = ["anna", "bohdan"].into_iter().filter(|id| {
            let found = shop.run(&["customer", id]);
            found.status.success()
        });
        assert_eq!(known.collect::<Vec<_>>(), own.known, "{place}");
    }
}

#[test]
fn what_cannot_be_read_on_ends_the_import_in_words() {
    let shop = Shop::new();
    std::fs::create_dir(shop.path("folder.jsonl")).expect("a folder");
    // It opens, and fails as soon as it is read.
    for (name, why) in [
        ("folder.jsonl", "it is a folder"),
        ("nowhere.csv", "No such file"),
        ("/proc/self/mem", "error"),
    ] {
        for kind in ["customers", "events", "sends"] {
            let output = shop.run(&["import", kind, name]);
            let told = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(3), "{kind} {name}: {told}");
            assert!(told.contains(why) && told.contains(name), "{kind}: {told}");
            assert!(!told.contains("line 1:"), "{kind}: {told}");
        }
    }
}

#[test]
fn a_file_that_is_mended_takes_the_rest_and_the_same_file_again_nothing() {
    let shop = Shop::new();
    shop.write("e.jsonl", &format!("{PAID}\n{}", &PAID[..60]));
    let told = |code: i32| {
        let output = shop.run(&["import", "events", "e.jsonl"]);
        assert_eq!(output.status.code(), Some(code));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(told(1), "1 events taken in, 0 had been before\n");
    let other = PAID.replace("\"id\":\"1\"", "\"id\":\"2\"");
    shop.write("e.jsonl", &format!("{PAID}\n{other}\n"));
    assert_eq!(told(0), "1 events taken in, 1 had been before\n");
    assert_eq!(told(0), "0 events taken in, 2 had been before\n");
}

#[test]
fn a_run_counts_what_it_refused_of_a_file_too() {
    let shop = Shop::new();
    let unknown_time = PAID
        .replace("2026", "2999")
        .replace("\"id\":\"1\"", "\"id\":\"3\"");
    shop.drop_events(
        "day.jsonl",
        &[PAID.to_owned(), "{".to_owned(), unknown_time],
    );
    let output = shop.kurant(&["run", "--until-idle"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("1 events taken in (0 repeated, 2 refused)"),
        "{told}"
    );
}
