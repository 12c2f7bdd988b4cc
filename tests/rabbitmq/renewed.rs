//! The broker's password changes while it runs.

use super::broker::Peer;
use super::commands::{Heard, Sale, publish};
use crate::servers::{Own, RABBITMQ};

/// A broker with a user of its own for the shop.
struct Guarded(Own);

impl Guarded {
    fn begin(name: &str, password: &str) -> Self {
        let guarded = Self(RABBITMQ.start(name));
        guarded.ctl(&["add_user", "shop", password]);
        guarded.ctl(&["set_permissions", "shop", ".*", ".*", ".*"]);
        guarded
    }

    fn ctl(&self, words: &[&str]) {
        self.0.told("ctl", words);
    }

    /// The broker's address as the shop speaks to it.
    fn url(&self, password: &str) -> String {
        self.0.url_of(&format!("shop:{password}"))
    }

    /// From now on it is this password, also for those who are there already.
    fn change(&self, password: &str) {
        self.ctl(&["change_password", "shop", password]);
        self.ctl(&["close_all_user_connections", "shop", "another password"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_is_spoken_to_by_the_password_of_now_and_nothing_is_lost_meanwhile() {
    let guarded = Guarded::begin("renewed", "f1rst");
    let sale = Sale::new(&guarded.url("f1rst"));
    let peer = Peer::connect(&guarded.0.url).await;
    peer.exchange(&sale.commands).await;
    let running = sale.run();
    let mut heard = Heard::begin(&peer, &sale.commands).await;
    publish(&peer, &sale.events, 0..100).await;
    heard.listen(100).await;
    // The broker first: until the file says so too, events wait there.
    guarded.change("s3cond");
    let mut told = running.wait_for("no events from RabbitMQ");
    publish(&peer, &sale.events, 100..200).await;
    sale.shop.keep("broker-address", &guarded.url("s3cond"));
    told.extend(running.wait_for("events are taken in from RabbitMQ"));
    heard.listen(200).await;
    // The file first, and whoever changed it says so: it is asked for at the next connection.
    sale.shop.keep("broker-address", &guarded.url("th1rd"));
    running.signal("HUP");
    guarded.change("th1rd");
    publish(&peer, &sale.events, 200..300).await;
    heard.listen(300).await;
    sale.is_settled().await;
    running.end_silently("th1rd");
    let told = told.join("\n");
    assert!(
        !told.contains("f1rst") && !told.contains("s3cond"),
        "{told}"
    );
    sale.check(&peer, 300).await;
}
