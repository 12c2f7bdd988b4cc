//! The files beside the journeys.

use kurant_engine::calendar::{Duration, Weekdays, parse_time};
use kurant_engine::definition::{Category, Type};

use super::language::read;

const KURANT: &str = r#"
workspace: retail
timezone: Europe/Kyiv
locale: uk
quiet_hours: { from: "21:00", to: "09:00" }
frequency_caps:
  - { category: marketing, channel: any, max: 3, per: 7d }
channels:
  sms: { kind: http, preset: turbosms, token: "${env:SMS_TOKEN}", rate: 50/s }
  email: { kind: smtp, url: "${env:SMTP_URL}", from: "Shop <hello@shop.example>" }
crm: { kind: amqp, exchange: crm.commands }
pools:
  sales: [olena, taras]
  support: { people: [ira, max], timezone: Europe/Kyiv, hours: { from: "09:00", to: "18:00", weekdays: workdays } }
store: { url: "sqlite://.kurant/state.db" }
events: { url: "file://.kurant/inbox" }
console: { listen: "127.0.0.1:8080" }
guard: { enter: 20000/h, send: 50000/h }
unknown_customers: reject
"#;

#[test]
fn the_languages_own_workspace_becomes_what_it_says() {
    let found = read(&[("kurant.yaml", KURANT)]);
    assert_eq!(found.findings, Vec::<String>::new());
    let workspace = found.parsed.workspace.expect("a workspace").item;
    let quiet = workspace.quiet_hours.expect("quiet hours");
    assert_eq!(
        (Some(quiet.from), Some(quiet.to)),
        (parse_time("21:00").ok(), parse_time("09:00").ok())
    );
    let cap = &workspace.frequency_caps[0];
    assert_eq!(
        (cap.category, cap.channel.as_deref(), cap.max, cap.per),
        (Category::Marketing, None, 3, Duration::from_days(7))
    );
    let names: Vec<_> = workspace
        .channels
        .iter()
        .map(|channel| channel.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["sms", "email"],
        "the order of preference is the order written"
    );
    assert_eq!(
        workspace.channels[0]
            .settings
            .get("token")
            .and_then(|token| token.as_text()),
        Some("${env:SMS_TOKEN}")
    );
    assert_eq!(
        workspace.pools[1].hours.map(|hours| hours.weekdays),
        Some(Weekdays::WORKDAYS)
    );
    assert_eq!(
        workspace
            .settings
            .crm
            .get("exchange")
            .and_then(|name| name.as_text()),
        Some("crm.commands")
    );
}

#[test]
fn schemas_add_to_what_is_known_unasked() {
    let customer = r##"{ "type": "object", "properties": {
        "birthday": { "type": "string", "format": "date" },
        "last_purchase_at": { "type": ["string", "null"], "format": "date-time" },
        "plan": { "enum": ["free", "pro"] },
        "home": { "$ref": "#/$defs/address" },
        "email": { "type": "integer" }
      }, "$defs": { "address": { "type": "object", "properties": { "city": { "type": "string" } } } } }"##;
    let lines = r#"{ "properties": { "total": { "type": "number" }, "items": { "type": "array", "items": { "type": "object",
        "properties": { "sku": { "type": "string" }, "quantity": { "type": "integer" } } } } } }"#;
    let delivered = r#"{ "properties": { "cost": { "type": "number" } } }"#;
    let found = read(&[
        ("schemas/customer.json", customer),
        ("schemas/events/order.paid.json", lines),
        ("schemas/events/message.delivered.json", delivered),
    ]);
    assert_eq!(found.findings, [""; 0]);
    let schema = found.parsed.schema;
    let text = || Type::Text(Vec::new());
    assert_eq!(schema.customer["birthday"], Type::Date);
    assert_eq!(schema.customer["last_purchase_at"], Type::Instant);
    assert_eq!(
        schema.customer["plan"],
        Type::Text(vec!["free".to_owned(), "pro".to_owned()])
    );
    assert_eq!(
        schema.customer["home"],
        Type::Map([("city".to_owned(), text())].into())
    );
    assert_eq!(
        schema.customer["email"],
        text(),
        "what is known unasked stays what it is"
    );
    let item = Type::Map(
        [
            ("sku".to_owned(), text()),
            ("quantity".to_owned(), Type::Integer),
        ]
        .into(),
    );
    assert_eq!(
        schema.events["order.paid"]["items"],
        Type::List(Box::new(item))
    );
    assert_eq!(schema.events["message.delivered"]["cost"], Type::Number);
    assert_eq!(schema.events["message.delivered"]["channel"], text());
    assert_eq!(schema.events["customer.updated"]["birthday"], Type::Date);
}

#[test]
fn templates_are_known_by_their_paths_and_keep_their_front_matter() {
    let text = "---\nsubject: {{ customer.first_name }}, hello\npreheader: \"Soon: more\"\n---\n# Hello\n---\nBye\n";
    let found = read(&[
        ("templates/winback/email.uk-UA.md", text),
        ("templates/winback/sms.txt", "Hello"),
        ("templates/README.md", "x"),
    ]);
    assert_eq!(found.findings, [""; 0]);
    let templates = found.parsed.templates;
    assert_eq!(templates.len(), 2);
    let email = &templates[0].item;
    assert_eq!(
        (
            email.name.as_str(),
            email.channel.as_str(),
            email.locale.as_deref()
        ),
        ("winback", "email", Some("uk-UA"))
    );
    assert_eq!(email.front["subject"], "{{ customer.first_name }}, hello");
    assert_eq!(email.front["preheader"], "Soon: more");
    assert_eq!(email.body, "# Hello\n---\nBye\n");
    assert_eq!(
        (
            templates[1].item.locale.as_deref(),
            templates[1].item.body.as_str()
        ),
        (None, "Hello")
    );
}

#[test]
fn buttons_stand_in_the_front_matter_in_lines_or_in_short() {
    let lines = "---\nbuttons:\n  - text: Look, here\n    url: https://shop.example/{{ vars.code }}?a=1,2\n\n  \
                 - { text: \"One, two\", url: {{ data.url }} }\n---\nHello\n";
    let short =
        "---\nbuttons: [ { text: Look, url: 'https://shop.example' } ]\nsubject: x\n---\nHello\n";
    let found = read(&[
        ("templates/a/telegram.txt", lines),
        ("templates/a/viber.txt", short),
    ]);
    assert_eq!(found.findings, [""; 0]);
    let front = |place: usize| -> Vec<(String, String)> {
        let own = found.parsed.templates[place].item.front.iter();
        own.map(|(name, text)| (name.clone(), text.clone()))
            .collect()
    };
    let owned = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
    assert_eq!(
        front(0),
        [
            ("button 00 text", "Look, here"),
            (
                "button 00 url",
                "https://shop.example/{{ vars.code }}?a=1,2"
            ),
            ("button 01 text", "One, two"),
            ("button 01 url", "{{ data.url }}"),
        ]
        .map(owned)
    );
    assert_eq!(found.parsed.templates[0].item.buttons(), 2);
    assert_eq!(
        front(1),
        [
            ("button 00 text", "Look"),
            ("button 00 url", "https://shop.example"),
            ("subject", "x"),
        ]
        .map(owned)
    );
}

#[test]
fn a_place_leads_from_a_scripts_text_back_to_its_line() {
    let journey = "journey: a\ntrigger: { manual: true }\naudience: |\n  customer.score > 1 &&\n    customer.score < 5\nvars: { x: \"= days(1)\" }\nsteps: [ { exit: done } ]\n";
    let found = read(&[("journeys/a.yaml", journey)]);
    let file = found
        .sources
        .iter()
        .find(|(_, source)| source.path() == "journeys/a.yaml")
        .expect("the file")
        .0;
    let at = |place: &str, line, column| {
        let span = found
            .places
            .inside(&found.sources, file, place, line, column)
            .expect("a place");
        let place = found.sources.place(span);
        (
            place.line,
            place.column,
            found.sources.slice(span).to_owned(),
        )
    };
    assert_eq!(at("audience", 1, 1), (4, 3, "c".to_owned()));
    assert_eq!(at("audience", 2, 18), (5, 20, "<".to_owned()));
    assert_eq!(at("vars.x", 1, 2), (6, 15, "d".to_owned()));
    let key = found
        .places
        .key(file, "steps")
        .map(|span| found.sources.slice(span));
    assert_eq!(key, Some("steps"));
    assert!(found.places.span(file, "steps[0].exit").is_some());
    assert!(found.places.span(file, "steps[9]").is_none());
}
