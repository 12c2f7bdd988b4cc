//! Events per second through `run` on SQLite: a file of events in the inbox becomes actions, next to a program that only writes
//! events, states and actions down.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::figures::Figures;
use crate::{Options, floor, folder, process};

/// As many events as the floor program takes in.
const EVENTS: usize = 150_000;
/// As many customers as the floor program's events are about.
const CUSTOMERS: usize = 100_000;

const WORKSPACE: &str = "\
workspace: bench
timezone: Europe/Kyiv
locale: en
channels: { email: { kind: file } }
guard: { enter: 1000000000/h, send: 1000000000/h }
";
const PROFILE: &str = "\
updates:
  - event: order.paid
    set:
      last_purchase_at: =latest(customer.last_purchase_at, event.meta.time)
      orders_count: =(customer.orders_count ?? 0) + 1
      total_spent: =(customer.total_spent ?? 0) + event.total
";
const JOURNEY: &str = "\
journey: thanks
status: live
category: transactional
trigger: { event: order.paid }
audience: customer.total_spent > 10 && days_since(customer.last_purchase_at) < 270 && !has_tag(\"staff\")
entry: { while_active: parallel }
steps:
  - { id: tell, send: email, template: thanks, data: { order: =event.order_id } }
";
const CUSTOMER: &str = r#"{"type":"object","properties":{
  "last_purchase_at":{"type":"string","format":"date-time"},
  "orders_count":{"type":"integer"},"total_spent":{"type":"number"}}}"#;
const ORDER: &str = r#"{"type":"object","properties":{
  "order_id":{"type":"string"},"items":{"type":"integer"},"total":{"type":"number"}}}"#;

/// Events per second from the inbox to the outbox.
pub(crate) fn measure(options: &Options, figures: &mut Figures) -> Result<(), String> {
    let (mut rates, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..options.runs {
        // In turn, so that both meet the same moments of the machine.
        rates.push(rate()?);
        if let Some(program) = &options.floor {
            let arguments = ["sqlite", "--sync", "FULL"];
            floors.push(floor::ask(
                program,
                &arguments,
                "synchronous=FULL",
                "events/s",
            )?);
        }
    }
    let name = format!("run on SQLite, {EVENTS} events, an action each");
    figures.add(name, "events/s", rates, floor::median(floors));
    Ok(())
}

fn rate() -> Result<f64, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    write_workspace(folder.path()).map_err(|error| error.to_string())?;
    let needed = process::kurant(folder.path(), &["run", "--quiet", "--until-idle"])?;
    let left = fs::read_to_string(folder.path().join(".kurant/outbox/email.jsonl"))
        .map_err(|error| error.to_string())?;
    let sent = left.lines().count();
    if sent != EVENTS {
        return Err(format!("{sent} messages left instead of {EVENTS}"));
    }
    Ok(EVENTS as f64 / needed.seconds)
}

#[expect(
    clippy::disallowed_methods,
    reason = "events that are to start journeys happen now"
)]
fn write_workspace(folder: &Path) -> std::io::Result<()> {
    let files = [
        ("kurant.yaml", WORKSPACE),
        ("profile.yaml", PROFILE),
        ("journeys/thanks.yaml", JOURNEY),
        ("schemas/customer.json", CUSTOMER),
        ("schemas/events/order.paid.json", ORDER),
        (
            "templates/thanks/email.txt",
            "---\nsubject: Thank you\n---\nYour order {{ order }} is paid.\n",
        ),
    ];
    folder::write(folder, &files)?;
    let now = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now());
    let now = now.format("%Y-%m-%dT%H:%M:%SZ");
    let mut events = String::new();
    for number in 0..EVENTS {
        // Spread over the customers without an order that the store could make use of.
        let customer = number.wrapping_mul(2_654_435_761) % CUSTOMERS;
        let _ = writeln!(
            events,
            r#"{{"specversion":"1.0","id":"evt-{number}","source":"shop/checkout","type":"order.paid","subject":"c{customer}","time":"{now}","data":{{"order_id":"o{number}","items":2,"total":49.9,"customer":{{"email":"c{customer}@example.com"}}}}}}"#
        );
    }
    folder::write(folder, &[(".kurant/inbox/events.jsonl", &events)])
}
