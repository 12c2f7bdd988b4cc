//! A provider that fails every other time and then is away: nothing is lost, nothing comes twice, no other channel waits for it, and it is told
//! in a few lines.

use std::collections::BTreeSet;

use super::KNOWS_KEYS;
use super::receiver::Does::{HangsUp, Says};
use super::receiver::Receiver;
use super::{outbox, own, paid};
use crate::run::sample::until;

const TAKEN: super::receiver::Does = Says(200, "", "{\"code\":0,\"id\":\"m1\"}");
const ORDERS: usize = 60;
/// So many calls fail while it fails every other time.
const FAILURES: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_in_trouble_costs_nothing_but_time_and_only_its_own() {
    let failing = [Says(500, "", ""), TAKEN].repeat(FAILURES);
    let troubled = Receiver::doing(&failing, HangsUp);
    let sound = Receiver::that(TAKEN);
    let shop = own(&troubled);
    shop.write(
        "channels/own.yaml",
        &(super::DESCRIBED.to_owned() + KNOWS_KEYS),
    );
    let settings = std::fs::read_to_string(shop.path("kurant.yaml")).expect("settings");
    let port = sound.port;
    let viber = format!(
        "channels:\n  viber: {{ kind: http, provider: own, token: \"${{file:token}}\", timeout: 1s, url: \"http://127.0.0.1:{port}/send\" }}\n"
    );
    let settings = settings.replace("timeout: 1s", "timeout: 1s, connections: 4");
    shop.write("kurant.yaml", &settings.replace("channels:\n", &viber));
    shop.write("templates/thanks/viber.txt", "Thank you!\n");
    shop.write(
        "journeys/thanks.yaml",
        "journey: thanks\nstatus: live\ncategory: transactional\ntrigger: { event: order.paid }\n\
         entry: { while_active: parallel, again: always }\nsteps:\n  - { id: now, send: sms, template: thanks }\n\
         \x20 - { id: too, send: viber, template: thanks }\n",
    );
    let events: Vec<String> = (0..ORDERS)
        .map(|n| paid(&n.to_string(), &format!("c{n}"), "x", "+380501112233"))
        .collect();
    shop.drop_events("1.jsonl", &events);
    let running = shop.start(&["run", "--quiet"]);
    until("all leave by the channel that is sound", || {
        sound.came().len() == ORDERS
    });
    let (waiting, _) = outbox(&shop, "sms").await;
    assert!(!waiting.is_empty(), "the other one is in trouble still");
    running.wait_for("messages can't be handed to own");
    troubled.turns(TAKEN);
    running.wait_for("messages are handed to own");
    until("all leave once it is back", || {
        let keys = troubled.came();
        let keys: BTreeSet<_> = keys
            .iter()
            .map(|own| own.header("idempotency-key"))
            .collect();
        keys.len() == ORDERS
    });
    running.end_silently("handed to own");
    let all = ("accepted".to_owned(), i64::try_from(ORDERS).expect("few"));
    for route in ["sms", "viber"] {
        assert_eq!(outbox(&shop, route).await, (vec![], vec![all.clone()]));
    }
}
