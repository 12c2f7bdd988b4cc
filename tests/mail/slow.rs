//! A mail server that takes its time holds up nothing else.

use std::time::Duration;

use super::script::At::Message;
use super::script::Does::Waits;
use super::script::Scripted;
use super::{outbox, paid, shop};
use crate::run::sample::{PATIENCE, Shop};

/// A shop that also texts whoever leaves a cart.
fn with_texts(server: &Scripted) -> Shop {
    let shop = shop("host: 127.0.0.1");
    shop.write(
        "templates/thanks/email.txt",
        "---\nsubject: \"{{ customer.name }}\"\n---\nThank you\n",
    );
    std::fs::remove_file(shop.path("templates/thanks/email.md")).expect("a template");
    shop.write(
        "kurant.yaml",
        &format!(
            "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels:\n  \
             email: {{ kind: smtp, from: hello@shop.example, host: 127.0.0.1, port: {}, tls: none }}\n  sms: {{ kind: file }}\n",
            server.port
        ),
    );
    shop.write("templates/cart/sms.txt", "Your cart waits\n");
    shop.write(
        "schemas/events/cart.left.json",
        r#"{"type":"object","properties":{}}"#,
    );
    shop.write(
        "journeys/cart.yaml",
        "journey: cart\nstatus: live\ncategory: transactional\ntrigger: { event: cart.left }\n\
         steps:\n  - { id: now, send: sms, template: cart }\n",
    );
    shop
}

fn left(customer: &str) -> String {
    serde_json::json!({
        "specversion": "1.0", "id": customer, "source": "test", "type": "cart.left", "subject": customer,
        "data": { "customer": { "phone": "+380671234567" } },
    })
    .to_string()
}

/// Waits until something is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    waited.unwrap_or_else(|_| panic!("in vain: {what}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_channels_and_intake_go_on_while_a_mail_server_says_nothing() {
    let server = Scripted::doing(&[(Message, Waits)]);
    let shop = with_texts(&server);
    let running = shop.start(&["run", "--quiet"]);
    let mail = "anna@example.com";
    shop.drop_events("1.jsonl", &[paid("1", "anna", "1", mail)]);
    until("the message has come", async || {
        server.seen().messages.len() == 1
    })
    .await;
    // Anna's next one waits for it; those of others go back to wait for their turn.
    shop.drop_events(
        "2.jsonl",
        &[paid("2", "anna", "2", mail), paid("3", "olha", "3", mail)],
    );
    until("Olha's waits", async || {
        let waits = (
            "pending".to_owned(),
            "queued: others leave before it".to_owned(),
        );
        outbox(&shop).await.0.contains(&waits)
    })
    .await;
    shop.drop_events("3.jsonl", &[left("bohdan")]);
    until("Bohdan is texted", async || {
        shop.path(".kurant/outbox/sms.jsonl").exists()
    })
    .await;
    // The file is there a moment before the store is told.
    until("Bohdan's text is settled", async || {
        outbox(&shop).await.0.len() == 3
    })
    .await;
    assert_eq!(server.seen().messages.len(), 1);
    let open = outbox(&shop).await.0;
    let states: Vec<&str> = open.iter().map(|(state, _)| state.as_str()).collect();
    assert_eq!(states, ["claimed", "claimed", "pending"], "{open:?}");
    server.let_go();
    let all = vec![("accepted".to_owned(), 3)];
    until("all have left", async || outbox(&shop).await.1 == all).await;
    running.end();
    let messages = server.seen().messages;
    let at = |name: &str| {
        let subject = format!("Subject: {name}\r\n");
        messages.iter().position(|text| text.contains(&subject))
    };
    assert!(at("1") < at("2"), "{messages:?}");
}
