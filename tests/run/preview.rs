//! A message as a customer would get it, before anything is sent.

use super::sample::{NAMED_CUSTOMERS, PAID_ORDERS, Shop};

fn shop() -> Shop {
    let shop = Shop::with(&[
        NAMED_CUSTOMERS,
        PAID_ORDERS,
        (
            "journeys/thanks.yaml",
            "journey: thanks\nstatus: live\ncategory: transactional\ntrigger: { event: order.paid }\n\
             entry: { while_active: parallel, again: always }\nsteps:\n  - { id: now, send: email, template: thanks }\n  - { id: text, send: sms, template: thanks, data: { code: none, sum: =event.total } }\n",
        ),
    ]);
    shop.write(
        "kurant.yaml",
        "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels: { email: { kind: file }, sms: { kind: file } }\n",
    );
    shop.write(
        "templates/thanks/email.html",
        "---\nsubject: \"Thanks, {{ customer.name }}\"\n---\n<h1>Paid: {{ event.total }}</h1><p>{{ customer.name }}</p>\n",
    );
    shop.write(
        "templates/thanks/sms.en.txt",
        "Thanks {{ customer.name }} {{ code }} {{ sum }}\n",
    );
    shop.write(
        "templates/thanks/sms.uk.txt",
        "Дякуємо, {{ customer.name }}\n",
    );
    shop.write(
        "customers.jsonl",
        r#"{"id":"anna","email":"a@example.com","name":"Anna <3","locale":"en"}"#,
    );
    shop.kurant(&["import", "customers", "customers.jsonl"]);
    shop
}

fn paid(id: &str, time: &str, total: u32) -> String {
    serde_json::json!({
        "specversion": "1.0", "id": id, "source": "test", "type": "order.paid", "subject": "anna", "time": time,
        "data": { "total": total },
    })
    .to_string()
}

/// What is shown, and what is said beside it.
fn shown(shop: &Shop, rest: &[&str]) -> (String, String) {
    let arguments = [&["preview", "thanks", "--customer", "anna"], rest].concat();
    let output = shop.run(&arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_message_is_shown_by_each_channel_with_what_is_known_of_the_customer() {
    let shop = shop();
    let (text, told) = shown(&shop, &[]);
    for part in [
        "email (templates/thanks/email.html)",
        "  subject: Thanks, Anna <3",
        "sms (templates/thanks/sms.en.txt)",
        "  Thanks Anna <3 none",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        told.contains("the customer has no order.paid yet"),
        "{told}"
    );
    // With the last of the events that start a journey with it.
    let events = [
        paid("1", "2026-01-05T10:00:00Z", 900),
        paid("2", "2026-02-05T10:00:00Z", 700),
    ];
    shop.write("history.jsonl", &events.join("\n"));
    shop.kurant(&["import", "events", "history.jsonl"]);
    let (text, told) = shown(&shop, &[]);
    assert!(text.contains("Paid: 700"), "{text}");
    assert!(text.contains("Thanks Anna <3 none 700"), "{text}");
    assert!(told.contains("the step text of thanks gives it"), "{told}");
    assert!(
        told.contains("last order.paid of 2026-02-05 12:00"),
        "{told}"
    );
    let page = std::fs::read_to_string(shop.path(".kurant/preview/thanks.email.html"));
    let page = page.expect("a page to look at");
    assert!(page.contains("<p>Anna &lt;3</p>"), "{page}");
    assert!(
        !shop.path(".kurant/outbox/email.jsonl").exists(),
        "nothing is sent"
    );
}

#[test]
fn what_is_asked_for_takes_the_place_of_what_is_known() {
    let shop = shop();
    let (text, _) = shown(&shop, &["--channel", "sms", "--locale", "uk-UA"]);
    assert!(
        text.contains("Дякуємо, Anna <3") && !text.contains("email"),
        "{text}"
    );
    assert!(
        text.contains("16 letters in UCS-2, since it holds `Д`: 1 part"),
        "{text}"
    );
    let (text, _) = shown(
        &shop,
        &["--channel", "sms", "--data", r#"{"code":"SPRING"}"#],
    );
    assert!(text.contains("Thanks Anna <3 SPRING"), "{text}");
    shop.write("order.json", &paid("3", "2026-03-05T10:00:00Z", 55));
    let (text, _) = shown(&shop, &["--channel", "email", "--event", "order.json"]);
    assert!(text.contains("Paid: 55"), "{text}");
    shop.write("data.json", r#"{"total":44}"#);
    let (text, _) = shown(&shop, &["--channel", "email", "--event", "data.json"]);
    assert!(text.contains("Paid: 44"), "{text}");
}

#[test]
fn what_cannot_be_shown_says_why() {
    let shop = shop();
    for (rest, why) in [
        (
            &["--channel", "viber"][..],
            "the template `thanks` has none for `viber`",
        ),
        (&["--data", "code"], "--data is no JSON object"),
        (&["--event", "none.json"], "none.json can't be read"),
    ] {
        let (_, told) = shown(&shop, rest);
        assert!(told.contains(why), "{rest:?}: {told}");
    }
    let output = shop.run(&["preview", "thnks", "--customer", "anna"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("did you mean thanks?"), "{told}");
    let output = shop.run(&["preview", "thanks", "--customer", "ann"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("nobody is known as customer `ann`"), "{told}");
    shop.write("templates/thanks/sms.en.txt", "{{ customer.name | int }}\n");
    let output = shop.run(&[
        "preview",
        "thanks",
        "--customer",
        "anna",
        "--channel",
        "sms",
    ]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text.contains("it can't be made, and would be given up"),
        "{text}"
    );
}

#[test]
fn a_customer_that_somebody_made_up_needs_no_store() {
    let shop = shop();
    std::fs::remove_dir_all(shop.path(".kurant")).expect("a store");
    let (_, told) = shown(&shop, &[]);
    assert!(told.contains("`--sample FILE` shows a message"), "{told}");
    shop.write("olha.json", r#"{"id":"olha","name":"Olha","locale":"en"}"#);
    shop.write(
        "journeys/thanks.test.yaml",
        "test: whoever paid is thanked\njourney: thanks\n\
         customers: [ { id: c1, name: Ira, email: i@example.com }, { id: c2, name: Taras, locale: en } ]\n\
         at: 2026-01-31T12:00:00+02:00\nuntil: 2026-02-01T12:00:00+02:00\n\
         events: [ { at: 2026-01-31T13:00:00+02:00, type: order.paid, customer: c2, data: { total: 300 } } ]\nexpect: []\n",
    );
    let sample = |rest: &[&str]| {
        let output = shop.run(&[&["preview", "thanks"], rest].concat());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        text(&output.stdout) + &text(&output.stderr)
    };
    let text = sample(&["--sample", "olha.json"]);
    assert!(text.contains("Thanks Olha none"), "{text}");
    let test = "journeys/thanks.test.yaml";
    let text = sample(&["--sample", test]);
    assert!(text.contains("Дякуємо, Ira"), "{text}");
    let text = sample(&["--sample", test, "--customer", "c2"]);
    assert!(text.contains("Thanks Taras none 300"), "{text}");
    for (rest, why) in [
        (
            &["--sample", test, "--customer", "c3"][..],
            "the test has no customer `c3`",
        ),
        (&["--sample", "none.json"], "none.json can't be read"),
        (
            &["--sample", "kurant.yaml"],
            "kurant.yaml holds no customer",
        ),
        (&[], "`--customer ID` shows"),
        (&[], "`--sample FILE` to a"),
    ] {
        let text = sample(rest);
        assert!(text.contains(why), "{rest:?}: {text}");
    }
    assert!(!shop.path(".kurant/state.db").exists());
}
