//! What was before is loaded as it is, and what can't be taken is told: line, field, reason, and an exit code.

use std::process::Output;

use super::sample::Shop;

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Loads a file; the exit code and all that was said.
fn import(shop: &Shop, arguments: &[&str]) -> (i32, String) {
    let output = shop.run(&[&["import"], arguments].concat());
    (output.status.code().unwrap_or(-1), told(&output))
}

fn explained(shop: &Shop, customer: &str, journey: &str) -> String {
    let output = shop.kurant(&["explain", "--customer", customer, "--journey", journey]);
    told(&output)
}

fn order(id: &str, customer: &str, time: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"shop","type":"order.paid","subject":"{customer}","time":"{time}","data":{{"total":5}}}}"#
    )
}

#[test]
fn events_are_no_customers() {
    let shop = Shop::new();
    let time = "2024-03-01T10:00:00Z";
    let lines = [order("e1", "anna", time), order("e2", "bohdan", time)];
    shop.write("events.jsonl", &lines.join("\n"));
    let (code, told) = import(&shop, &["customers", "events.jsonl"]);
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("0 customers read") && told.contains("it is an event, not a customer"),
        "{told}"
    );
    assert!(told.contains("kurant import events events.jsonl"), "{told}");
    let nobody = shop.run(&["explain", "--customer", "e1", "--journey", "thanks"]);
    assert_eq!(nobody.status.code(), Some(2));
}

#[test]
fn customers_are_no_events() {
    let shop = Shop::new();
    shop.write("customers.jsonl", "{\"id\":\"anna\"}\n");
    let (code, told) = import(&shop, &["events", "customers.jsonl"]);
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("kurant import customers customers.jsonl"),
        "{told}"
    );
}

#[test]
fn names_that_nothing_declares_are_told_and_kept() {
    let shop = Shop::new();
    shop.write(
        "customers.jsonl",
        "{\"id\":\"anna\",\"birthdy\":\"1990-01-01\",\"consents\":{\"emial\":true}}\n{\"id\":\"bohdan\",\"birthdy\":\"x\",\"timezone\":\"Kyiv\"}\n",
    );
    let (code, told) = import(&shop, &["customers", "customers.jsonl"]);
    assert_eq!(code, 0, "{told}");
    let zone = "a `timezone` that is no time zone: the workspace's clock holds for them; write an IANA name";
    assert!(
        told.contains(zone) && told.contains("the first is 2"),
        "{told}"
    );
    assert!(
        told.contains("`birthdy`") && told.contains("2 lines") && told.contains("`birthday`?"),
        "{told}"
    );
    assert!(
        told.contains("`emial`") && told.contains("did you mean `email`?"),
        "{told}"
    );
}

#[test]
fn the_good_lines_are_taken_and_the_others_named_with_line_field_and_reason() {
    let shop = Shop::new();
    shop.write(
        "customers.jsonl",
        "{\"id\":\"anna\",\"birthday\":\"1990-01-01\"}\n{\"id\":\"bohdan\",\"birthday\":\"soon\"}\n{\n",
    );
    let (code, told) = import(&shop, &["customers", "customers.jsonl"]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("1 customers read"), "{told}");
    let rows = shop.lines(".kurant/rejected/customers.jsonl");
    let rows: Vec<(u64, &str, &str)> = rows
        .iter()
        .map(|row| {
            (
                row["line"].as_u64().unwrap_or(0),
                row["field"].as_str().unwrap_or("-"),
                row["reason"].as_str().unwrap_or("-"),
            )
        })
        .collect();
    assert_eq!(rows, [(2, "birthday", "wrong_type"), (3, "-", "not_json")]);
    // A call that never comes to a line leaves it as it is.
    shop.write("other/customers.csv", "name\nanna\n");
    assert_ne!(import(&shop, &["customers", "other/customers.csv"]).0, 0);
    assert_eq!(shop.lines(".kurant/rejected/customers.jsonl").len(), 2);
    // Mended, nothing is left of the report.
    shop.write("customers.jsonl", "{\"id\":\"anna\"}\n");
    assert_eq!(import(&shop, &["customers", "customers.jsonl"]).0, 0);
    assert!(!shop.path(".kurant/rejected/customers.jsonl").exists());
}

#[test]
fn a_bad_line_of_a_history_stops_nobody() {
    let shop = Shop::new();
    let bad = order("e2", "anna", "2024-03-02T10:00:00Z").replace("5}", "\"much\"}");
    let lines = [
        order("e1", "anna", "2024-03-01T10:00:00Z"),
        bad,
        "no JSON".to_owned(),
        order("e3", "anna", "2024-03-03T10:00:00Z"),
    ];
    shop.write("events.jsonl", &lines.join("\n"));
    let (code, told) = import(&shop, &["events", "events.jsonl"]);
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("2 events taken in") && told.contains("line 2: `total` should be a number"),
        "{told}"
    );
    assert_eq!(shop.lines(".kurant/rejected/events.jsonl").len(), 2);
    let other = Shop::new();
    other.write("events.jsonl", &lines.join("\n"));
    let played = other.run(&["run", "--quiet", "--feed", "events.jsonl"]);
    let told = self::told(&played);
    assert_eq!(played.status.code(), Some(1), "{told}");
    assert!(
        told.contains("2 events taken in") && told.contains("line 3: it is not JSON"),
        "{told}"
    );
}

#[test]
fn csv_comes_with_any_separator_and_any_names() {
    let shop = Shop::new();
    shop.write(
        "base.csv",
        "\u{feff}Client;E-mail;Birthday;SMS;Note\nanna;anna@example.com;1990-01-01;true;x\nbohdan;;;false;\n",
    );
    let (code, told) = import(&shop, &["customers", "base.csv"]);
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("no column `id`") && told.contains("Client, E-mail"),
        "{told}"
    );
    shop.write(
        "columns.yaml",
        "columns: { Client: id, E-mail: email, Birthday: birthday, SMS: consents.sms, Note: }\nvalues: { locale: uk }\n",
    );
    let (code, told) = import(
        &shop,
        &["customers", "base.csv", "--columns", "columns.yaml"],
    );
    assert_eq!(code, 0, "{told}");
    assert!(
        told.contains("parted by `;`") && told.contains("2 customers read, 2 new"),
        "{told}"
    );
    let anna = explained(&shop, "anna", "birthday");
    assert!(
        anna.contains("customer.birthday = \"1990-01-01\""),
        "{anna}"
    );
}

#[test]
fn events_and_sends_come_as_csv_too() {
    let shop = Shop::new();
    shop.write(
        "orders.csv",
        "Order;Client;Paid;Sum\n1;anna;2024-03-01T10:00:00Z;12.50\n2;anna;2024-03-02T10:00:00Z;7\n3;anna;yesterday;7\n",
    );
    shop.write(
        "orders.yaml",
        "columns: { Order: id, Client: subject, Paid: time, Sum: total }\nvalues: { source: shop, type: order.paid }\n",
    );
    let load = ["events", "orders.csv", "--columns", "orders.yaml"];
    let (code, told) = import(&shop, &load);
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("2 events taken in") && told.contains("line 4: `time` is not"),
        "{told}"
    );
    let (_, told) = import(&shop, &load);
    assert!(
        told.contains("0 events taken in, 2 had been before"),
        "{told}"
    );
    let anna = explained(&shop, "anna", "dormant");
    assert!(
        anna.contains("customer.last_purchase_at = 2024-03-02 12:00:00"),
        "{anna}"
    );
    shop.write(
        "sent.csv",
        "customer,at,channel,journey,occasion\nanna,2024-01-01T10:00:00Z,email,birthday,2024\nanna,2999-01-01T10:00:00Z,email,,\n",
    );
    let (code, told) = import(&shop, &["sends", "sent.csv"]);
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("1 sends read") && told.contains("line 3: `at` lies ahead"),
        "{told}"
    );
}

#[test]
fn attributes_as_of_a_moment_hold_every_event_up_to_it() {
    let shop = Shop::new();
    shop.write(
        "customers.jsonl",
        "{\"id\":\"anna\",\"orders_count\":2,\"total_spent\":10,\"email\":\"anna@example.com\"}\n",
    );
    let events = [
        order("e1", "anna", "2024-03-01T10:00:00Z"),
        order("e2", "anna", "2024-03-02T10:00:00Z"),
        order("e3", "anna", "2024-03-10T10:00:00Z"),
    ];
    shop.write("events.jsonl", &events.join("\n"));
    shop.write(
        "segments.yaml",
        "segments:\n  loyal: customer.orders_count >= 3\n  often: count(\"order.paid\", days(10000)) == 3\n",
    );
    shop.write(
        "journeys/often.yaml",
        "journey: often\nstatus: live\ntrigger: { manual: true }\n\
         audience: in_segment(\"often\") && customer.orders_count == 3 && customer.total_spent == 15\nsteps:\n  - tag: often\n",
    );
    let as_of = ["customers", "customers.jsonl", "--as-of", "2024-03-05"];
    let (code, told) = import(&shop, &as_of);
    assert_eq!(code, 0, "{told}");
    assert_eq!(import(&shop, &["events", "events.jsonl"]).0, 0);
    let anna = explained(&shop, "anna", "often");
    assert!(anna.contains("yes  audience: holds"), "{anna}");
    // The same files again change nothing.
    let (_, told) = import(&shop, &["events", "events.jsonl"]);
    assert!(
        told.contains("0 events taken in, 3 had been before"),
        "{told}"
    );
    let (code, told) = import(
        &shop,
        &["customers", "customers.jsonl", "--as-of", "2999-01-01"],
    );
    assert_eq!(code, 2, "{told}");
}

#[test]
fn what_is_absent_or_empty_stays_and_a_withdrawn_consent_does_not_come_back() {
    let shop = Shop::new();
    let first = "{\"id\":\"anna\",\"email\":\"anna@example.com\",\"phone\":\"1\",\"consents\":{\"email\":false,\"sms\":true}}\n";
    let second = "{\"id\":\"anna\",\"email\":\"\",\"phone\":null,\"consents\":{\"email\":true}}\n";
    for text in [first, second] {
        shop.write("customers.jsonl", text);
        assert_eq!(import(&shop, &["customers", "customers.jsonl"]).0, 0);
    }
    // An older word than the import's.
    let given = r#"{"specversion":"1.0","id":"g","source":"test","type":"consent.changed","subject":"anna","time":"2024-03-01T10:00:00Z","data":{"channel":"email","granted":true}}"#;
    shop.write("consents.jsonl", given);
    assert_eq!(import(&shop, &["events", "consents.jsonl"]).0, 0);
    shop.write(
        "journeys/look.yaml",
        "journey: look\nstatus: live\ntrigger: { manual: true }\n\
         audience: customer.email == \"anna@example.com\" && customer.phone == () && consented(\"sms\") && !consented(\"email\")\n\
         steps:\n  - tag: seen\n",
    );
    let anna = explained(&shop, "anna", "look");
    assert!(anna.contains("yes  audience: holds"), "{anna}");
}

#[test]
fn an_import_starts_nothing() {
    let shop = Shop::new();
    shop.write(
        "customers.jsonl",
        "{\"id\":\"anna\",\"email\":\"anna@example.com\",\"consents\":{\"email\":true},\"orders_count\":5}\n",
    );
    shop.write("events.jsonl", &order("e1", "anna", "2024-03-01T10:00:00Z"));
    for what in [["customers", "customers.jsonl"], ["events", "events.jsonl"]] {
        assert_eq!(import(&shop, &what).0, 0);
    }
    shop.kurant(&["run", "--until-idle", "--actions", "actions.jsonl"]);
    assert!(shop.lines("actions.jsonl").is_empty());
}

/// A shop whose customers have a day and a moment of their own, and a list as people keep it.
fn listed(columns: &str, rows: &str) -> Shop {
    let shop = Shop::new();
    let header = "Client;Born;Bought;Mail;Mail since;SMS since;News\n";
    shop.write("base.csv", &format!("{header}{rows}"));
    let names = "columns: { Client: id, Born: birthday, Bought: last_purchase_at, Mail: consents.email, \
                 Mail since: consents.email.at, SMS since: consents.sms.at, News: topics.news }\n";
    shop.write("columns.yaml", &format!("{names}{columns}"));
    shop
}

const BASE: [&str; 4] = ["customers", "base.csv", "--columns", "columns.yaml"];

#[test]
fn days_are_refused_with_what_to_write_or_read_as_the_mapping_says() {
    let rows = "anna;31.12.1990;31.12.2025;;;;\n";
    let shop = listed("", rows);
    let (code, told) = import(&shop, &BASE);
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("line 2: `birthday` should be a date like 2026-11-22, found a day written like 31.12.2025"),
        "{told}"
    );
    assert!(told.contains("`dates: DD.MM.YYYY`"), "{told}");
    let shop = listed("dates: DD.MM.YYYY\n", rows);
    let (code, told) = import(&shop, &BASE);
    assert_eq!(code, 0, "{told}");
    let anna = explained(&shop, "anna", "birthday");
    assert!(
        anna.contains("customer.birthday = \"1990-12-31\""),
        "{anna}"
    );
    let anna = explained(&shop, "anna", "dormant");
    assert!(
        anna.contains("customer.last_purchase_at = 2025-12-31 00:00:00"),
        "on the workspace's clock: {anna}"
    );
    // A bare day where a moment is wanted is one only if the mapping says so.
    let shop = listed("", "anna;1990-12-31;2025-12-31;;;;\n");
    let (code, told) = import(&shop, &BASE);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("found a day without a time"), "{told}");
}

#[test]
fn consents_come_by_channel_with_their_dates_and_the_words_of_the_file() {
    let ways = "dates: DD.MM.YYYY\nyes: [yes, 1]\nno: \"no\"\n";
    let rows = "anna;;;yes;01.03.2024;02.03.2024;no\nbohdan;;;no;05.03.2024;;yes\niryna;;;;05.03.2024;;\nolha;;;yes;01.01.2999;;\n\
                petro;;;maybe;;;\n";
    let shop = listed(ways, rows);
    let (code, told) = import(&shop, &BASE);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("2 customers read, 2 new"), "{told}");
    for refused in [
        "line 4: `consents.email` is empty, and it has a date",
        "line 5: `consents.email.at` lies ahead",
        "line 6: `consents.email` should be true or false",
    ] {
        assert!(told.contains(refused), "{told}");
    }
    // Words from before the date are older, words from after it are later.
    let change = |id: &str, customer: &str, day: &str, granted: bool| {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"site","type":"consent.changed","subject":"{customer}","time":"{day}T10:00:00Z","data":{{"channel":"email","granted":{granted}}}}}"#
        )
    };
    let lines = [
        change("1", "anna", "2024-02-20", false),
        change("2", "bohdan", "2024-03-20", true),
    ];
    shop.write("consents.jsonl", &lines.join("\n"));
    assert_eq!(import(&shop, &["events", "consents.jsonl"]).0, 0);
    shop.write(
        "journeys/look.yaml",
        "journey: look\nstatus: live\ntopic: news\ntrigger: { manual: true }\naudience: consented(\"email\")\n\
         steps:\n  - tag: seen\n",
    );
    for customer in ["anna", "bohdan"] {
        let told = explained(&shop, customer, "look");
        assert!(told.contains("yes  audience: holds"), "{customer}: {told}");
    }
    // The same list again gives nothing that was withdrawn since.
    let gone = change("3", "anna", "2024-04-01", false);
    shop.write("consents.jsonl", &gone);
    assert_eq!(import(&shop, &["events", "consents.jsonl"]).0, 0);
    assert_eq!(import(&shop, &BASE).0, 1);
    let told = explained(&shop, "anna", "look");
    assert!(told.contains("NO   audience"), "{told}");
}

#[test]
fn events_and_sends_have_days_of_their_own_too() {
    let shop = Shop::new();
    shop.write(
        "orders.csv",
        "Order;Client;Paid;Sum\n1;anna;01.03.2024 12:00;12.50\n2;anna;99.03.2024;7\n",
    );
    shop.write(
        "orders.yaml",
        "columns: { Order: id, Client: subject, Paid: time, Sum: total }\nvalues: { source: shop, type: order.paid }\n\
         dates: DD.MM.YYYY\n",
    );
    let (code, told) = import(&shop, &["events", "orders.csv", "--columns", "orders.yaml"]);
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("1 events taken in") && told.contains("line 3: `time` is not"),
        "{told}"
    );
    let anna = explained(&shop, "anna", "dormant");
    assert!(
        anna.contains("customer.last_purchase_at = 2024-03-01 12:00:00"),
        "{anna}"
    );
    shop.write("sent.csv", "customer,at,channel\nanna,01/31/2024,email\n");
    shop.write("sent.yaml", "dates: MM/DD/YYYY\n");
    let (code, told) = import(&shop, &["sends", "sent.csv", "--columns", "sent.yaml"]);
    assert_eq!(code, 0, "{told}");
}

#[test]
fn nobody_comes_in_without_what_the_schema_requires() {
    let shop = Shop::new();
    shop.write(
        "schemas/customer.json",
        r#"{"type":"object","required":["id","email"],"properties":{"last_purchase_at":{"type":"string","format":"date-time"},
           "birthday":{"type":"string","format":"date"},"orders_count":{"type":"integer"},"total_spent":{"type":"number"}}}"#,
    );
    shop.write(
        "customers.jsonl",
        "{\"id\":\"anna\",\"email\":\"a@example.com\"}\n{\"id\":\"bohdan\",\"orders_count\":2}\n{\"id\":\"anna\",\"orders_count\":2}\n\
         {\"id\":\"anna\",\"email\":null}\n",
    );
    let (code, told) = import(&shop, &["customers", "customers.jsonl"]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("2 customers read"), "{told}");
    let missing = "`email` is missing, and `required` of schemas/customer.json asks for it";
    for line in [2, 4] {
        assert!(told.contains(&format!("line {line}: {missing}")), "{told}");
    }
    // What was told before need not be told again.
    shop.write("customers.jsonl", "{\"id\":\"anna\",\"orders_count\":3}\n");
    let (code, told) = import(&shop, &["customers", "customers.jsonl"]);
    assert_eq!(code, 0, "{told}");
}

/// The lines that an import refused, alone.
fn refused_alone(shop: &Shop, name: &str) -> String {
    std::fs::read_to_string(shop.path(&format!(".kurant/rejected/{name}"))).expect("the lines")
}

#[test]
fn refused_lines_keep_their_quotes_and_can_be_mended_and_given_again() {
    let shop = Shop::new();
    let rows = "id,email,birthday\nanna,a@example.com,1990-01-01\n\"b,1\",\"said \"\"b\"\"@example.com\",1990-13-01\n";
    shop.write("base.csv", rows);
    let (code, told) = import(&shop, &["customers", "base.csv"]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains(".kurant/rejected/base.again.csv"), "{told}");
    let alone = refused_alone(&shop, "base.again.csv");
    assert_eq!(
        alone,
        "id,email,birthday\n\"b,1\",\"said \"\"b\"\"@example.com\",1990-13-01\n"
    );
    shop.write("mended.csv", &alone.replace("1990-13", "1990-12"));
    let (code, told) = import(&shop, &["customers", "mended.csv"]);
    assert_eq!(code, 0, "{told}");
    assert!(explained(&shop, "b,1", "birthday").contains("1990-12-01"));
    // Lines of JSON too.
    shop.write("more.jsonl", "{\"id\":\"c\",\"birthday\":\"soon\"}\n");
    assert_eq!(import(&shop, &["customers", "more.jsonl"]).0, 1);
    assert_eq!(
        refused_alone(&shop, "more.again.jsonl"),
        "{\"id\":\"c\",\"birthday\":\"soon\"}\n"
    );
}

#[test]
fn a_decimal_comma_is_read_and_what_has_two_readings_is_refused_with_what_to_say() {
    let shop = Shop::new();
    shop.write(
        "base.csv",
        "id;total_spent\nanna;12,50\nboris;1 234,5\nvira;1,234\n",
    );
    let (code, told) = import(&shop, &["customers", "base.csv"]);
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("line 4: `total_spent` should be a number")
            && told.contains("`decimal: \",\"`"),
        "{told}"
    );
    shop.write("columns.yaml", "decimal: \",\"\n");
    let (code, told) = import(
        &shop,
        &["customers", "base.csv", "--columns", "columns.yaml"],
    );
    assert_eq!(code, 0, "{told}");
}

#[test]
fn a_day_that_the_calendar_lacks_is_not_blamed_on_how_days_are_written() {
    let shop = Shop::new();
    shop.write("base.csv", "id,birthday\nanna,31.02.1990\n");
    shop.write("columns.yaml", "dates: DD.MM.YYYY\n");
    let (code, told) = import(
        &shop,
        &["customers", "base.csv", "--columns", "columns.yaml"],
    );
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("`birthday` is no day written DD.MM.YYYY: the calendar has no such day"),
        "{told}"
    );
    assert!(!told.contains("how days are written, like"), "{told}");
}

#[test]
fn every_mistake_in_a_file_of_columns_is_told_at_once() {
    let shop = Shop::new();
    shop.write("base.csv", "Client\nanna\n");
    shop.write(
        "columns.yaml",
        "columns: { Client: id }\ndates: D.M.Y\ncolunms: {}\n",
    );
    let (code, told) = import(
        &shop,
        &["customers", "base.csv", "--columns", "columns.yaml"],
    );
    assert_ne!(code, 0);
    for says in [
        "columns.yaml:2:8",
        "columns.yaml:3:1",
        "did you mean `columns`?",
    ] {
        assert!(told.contains(says), "{says}: {told}");
    }
}

#[test]
fn a_workbook_is_no_text() {
    let shop = Shop::new();
    shop.write("base.xlsx", "PK\u{3}\u{4}");
    let (code, told) = import(&shop, &["customers", "base.xlsx"]);
    assert_ne!(code, 0);
    assert!(
        told.contains("is a workbook") && told.contains("CSV UTF-8"),
        "{told}"
    );
}

#[test]
fn simulate_reads_sheets_as_import_does() {
    let shop = Shop::new();
    shop.write(
        "base.csv",
        "Client;Mail;Born\nanna;a@example.com;08.01.1990\n",
    );
    shop.write(
        "people.yaml",
        "columns: { Client: id, Mail: email, Born: birthday }\ndates: DD.MM.YYYY\n",
    );
    shop.write(
        "orders.csv",
        "Nr,Who,When,Sum\n1,anna,05.01.2026 10:00,\"12,50\"\n",
    );
    shop.write(
        "orders.yaml",
        "columns: { Nr: id, Who: subject, When: time, Sum: total }\nvalues: { source: shop, type: order.paid }\ndates: DD.MM.YYYY\n",
    );
    let asked = |columns: &[&str]| {
        let mut arguments = vec![
            "simulate",
            "--customers",
            "base.csv",
            "--events",
            "orders.csv",
            "--from",
            "2026-01-01",
            "--until",
            "2026-02-01",
            "--actions",
            "actions.jsonl",
        ];
        for own in columns {
            arguments.extend(["--columns", own]);
        }
        shop.run(&arguments)
    };
    let output = asked(&["people.yaml", "orders.yaml"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    let entered: Vec<String> = shop
        .lines("actions.jsonl")
        .iter()
        .filter(|line| line["action"] == "enter")
        .map(|line| line["journey"].to_string())
        .collect();
    assert_eq!(entered, ["\"birthday\"", "\"thanks\""], "{told}");
    let output = asked(&["people.yaml", "orders.yaml", "orders.yaml"]);
    assert_eq!(output.status.code(), Some(2));
}
