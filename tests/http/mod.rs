//! Messages and web hooks by HTTP: what providers are sent, and what becomes of it whatever a receiver does.

mod callback;
mod encrypted;
mod faults;
mod hooks;
mod injection;
mod outage;
mod presets;
mod receiver;
mod renewed;
mod trial;

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};

use self::receiver::Receiver;
use crate::run::sample::{NAMED_CUSTOMERS, PAID_ORDERS, Shop};

/// A provider that says in a field what it thinks; it doesn't know messages that come again.
const DESCRIBED: &str = "needs: [token]\n\
     url: https://api.example.com/send\n\
     headers: { Authorization: \"Bearer {{ token }}\" }\n\
     body: { json: { to: \"{{ to }}\", text: \"{{ text }}\", ref: \"{{ key }}\" } }\n\
     message_id: id\n\
     answers:\n\
     \x20 - { status: 2xx, field: code, is: 0, means: accepted }\n\
     \x20 - { status: 2xx, field: code, is: 203, means: away }\n\
     \x20 - { status: 2xx, field: code, is: 503, means: later }\n\
     \x20 - { status: 2xx, field: code, means: refused }\n";
/// What makes it know them.
const KNOWS_KEYS: &str = "idempotency: { header: Idempotency-Key, for: 24h }\n";

/// A shop that sends an SMS to whoever pays, as `channel` says beside its kind; `more` stands in `kurant.yaml` too.
fn shop(channel: &str, more: &str) -> Shop {
    let shop = Shop::with(&[
        NAMED_CUSTOMERS,
        PAID_ORDERS,
        (
            "journeys/thanks.yaml",
            "journey: thanks\nstatus: live\ncategory: transactional\ntrigger: { event: order.paid }\n\
             entry: { while_active: parallel, again: always }\nsteps:\n  - { id: now, send: sms, template: thanks }\n",
        ),
        (
            "templates/thanks/sms.txt",
            "Дякуємо, {{ customer.name }}! {{ event.total }} грн.\n",
        ),
        ("channels/own.yaml", DESCRIBED),
    ]);
    shop.write(
        "kurant.yaml",
        &format!(
            "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels:\n  sms: {{ kind: http, {channel} }}\n\
             internal_hosts: [127.0.0.1, localhost]\n{more}"
        ),
    );
    shop
}

/// A shop whose provider of its own is this receiver.
fn own(receiver: &Receiver) -> Shop {
    let secret = "${file:token}";
    let channel = format!(
        "provider: own, token: \"{secret}\", timeout: 1s, url: \"http://127.0.0.1:{}/send\"",
        receiver.port
    );
    let shop = shop(&channel, "");
    shop.write("token", "t0k3n");
    shop
}

fn paid(id: &str, customer: &str, name: &str, phone: &str) -> String {
    serde_json::json!({
        "specversion": "1.0", "id": id, "source": "test", "type": "order.paid", "subject": customer,
        "data": { "total": 900, "customer": { "phone": phone, "name": name } },
    })
    .to_string()
}

/// What the store holds of a route: commands that have not left, each with its state and reason, and how many have by how they
/// ended.
async fn outbox(shop: &Shop, route: &str) -> (Vec<(String, String)>, Vec<(String, i64)>) {
    let path = shop.path(".kurant/state.db").display().to_string();
    let mut file = SqliteConnection::connect(&path).await.expect("the store");
    let open =
        sqlx::query("SELECT state, coalesce(reason, '') FROM outbox WHERE route = $1 ORDER BY n");
    let open = open.bind(route).fetch_all(&mut file).await;
    let open = open.expect("commands");
    let open = open.iter().map(|row| (row.get(0), row.get(1))).collect();
    let left = sqlx::query("SELECT state, count FROM outbox_left WHERE route = $1 ORDER BY state");
    let left = left.bind(route).fetch_all(&mut file).await;
    let left = left.expect("counts");
    let left = left.iter().map(|row| (row.get(0), row.get(1))).collect();
    (open, left)
}
