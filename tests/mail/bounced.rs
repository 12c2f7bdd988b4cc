//! An address that nobody has, as the mail server says: an event, another channel, and nothing more to that address.

use std::time::Duration;

use super::script::At::To;
use super::script::Does::Says;
use super::script::{At, Does, Scripted};
use super::{outbox, paid, shop};
use crate::run::sample::Shop;

/// How often, and after how long each time, it is looked whether the second try has come.
const TRIES: u32 = 60;
const SOON: Duration = Duration::from_millis(250);

/// A shop whose mail server does these, and then wrote to Anna twice.
fn written(plan: &[(At, Does)]) -> (Shop, Scripted, String) {
    let server = Scripted::doing(plan);
    let shop = shop(&format!(
        "host: 127.0.0.1, port: {}, tls: none",
        server.port
    ));
    shop.add_settings("  sms: { kind: file }\n");
    shop.write("templates/thanks/sms.txt", "Thanks\n");
    let journey = std::fs::read_to_string(shop.path("journeys/thanks.yaml")).expect("a journey");
    let journey = journey.replace("template: thanks }", "template: thanks, fallback: [sms] }");
    shop.write("journeys/thanks.yaml", &journey);
    for id in ["1", "2"] {
        let order = paid(id, "anna", "Anna", "anna@example.com");
        let order = order.replace("\"email\":", "\"phone\":\"+380501112233\",\"email\":");
        shop.drop_events(&format!("{id}.jsonl"), &[order]);
        shop.kurant(&["run", "--until-idle", "--quiet"]);
    }
    let log = shop.kurant(&["log", "--json", "--customer", "anna"]);
    let log = String::from_utf8(log.stdout).expect("text");
    (shop, server, log)
}

#[tokio::test]
async fn an_address_that_nobody_has_is_written_to_no_more() {
    for says in [
        "550 5.1.1 <anna@example.com>: nobody",
        "550 anna@example.com is nobody",
    ] {
        let (shop, server, log) = written(&[(To, Says(says))]);
        assert_eq!(server.seen().messages.len(), 0, "{says}");
        let (open, _) = outbox(&shop).await;
        assert_eq!(open.len(), 1, "{open:?}");
        assert!(open[0].0 == "dead" && open[0].1.starts_with("bounced: the mail server says 550"));
        assert_eq!(shop.lines(".kurant/outbox/sms.jsonl").len(), 2, "{log}");
        assert_eq!(log.matches("\"suppressed\"").count(), 1, "{log}");
        assert!(
            log.contains("\"bounced\"") && !log.contains("anna@example.com"),
            "{log}"
        );
    }
}

#[tokio::test]
async fn what_speaks_of_the_moment_the_sender_or_the_message_leaves_the_address() {
    for says in [
        "450 4.2.1 later",
        "552 5.2.2 full",
        "550 5.7.1 policy",
        "553 5.1.8 sender",
    ] {
        let (shop, server, log) = written(&[(To, Says(says))]);
        let is_over = !says.starts_with('4');
        let mut open = outbox(&shop).await.0;
        for _ in 0..TRIES {
            // What may be tried again is, once its time has come.
            if is_over || open.is_empty() {
                break;
            }
            tokio::time::sleep(SOON).await;
            shop.kurant(&["run", "--until-idle", "--quiet"]);
            open = outbox(&shop).await.0;
        }
        let messages = if is_over { 1 } else { 2 };
        assert_eq!(server.seen().messages.len(), messages, "{says}: {open:?}");
        assert!(!log.contains("\"suppressed\""), "{says}: {log}");
        assert_eq!(open.len(), usize::from(is_over), "{says}");
    }
}
