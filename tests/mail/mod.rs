//! Email by SMTP: what a mail server that isn't ours reads of it, and what becomes of it when a server fails at any word.

mod bounced;
mod faults;
mod leave;
pub(crate) mod read;
mod renewed;
mod returned;
mod script;
mod slow;
mod told;
mod tracked;
mod trial;

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};

use crate::run::sample::{NAMED_CUSTOMERS, PAID_ORDERS, Shop};

/// A shop that writes to whoever pays, by the mail server at a port.
fn shop(settings: &str) -> Shop {
    let shop = Shop::with(&[
        NAMED_CUSTOMERS,
        PAID_ORDERS,
        (
            "journeys/thanks.yaml",
            "journey: thanks\nstatus: live\ncategory: transactional\ntrigger: { event: order.paid }\n\
             entry: { while_active: parallel, again: always }\nsteps:\n  - { id: now, send: email, template: thanks }\n",
        ),
    ]);
    shop.write(
        "kurant.yaml",
        &format!(
            "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels:\n  email: {{ kind: smtp, from: \"Крамниця <hello@shop.example>\", {settings} }}\n"
        ),
    );
    shop.write(
        "templates/thanks/email.md",
        "---\nsubject: Дякуємо, {{ customer.name }}\n---\nЗамовлення на {{ event.total }} грн.\n.\nA line after a dot.\n",
    );
    shop
}

fn paid(id: &str, customer: &str, name: &str, email: &str) -> String {
    serde_json::json!({
        "specversion": "1.0", "id": id, "source": "test", "type": "order.paid", "subject": customer,
        "data": { "total": 900, "customer": { "email": email, "name": name } },
    })
    .to_string()
}

/// What the store holds: messages that have not left, each with its state and reason, and how many have by how they ended.
async fn outbox(shop: &Shop) -> (Vec<(String, String)>, Vec<(String, i64)>) {
    let path = shop.path(".kurant/state.db").display().to_string();
    let mut file = SqliteConnection::connect(&path).await.expect("the store");
    let open = sqlx::query("SELECT state, coalesce(reason, '') FROM outbox ORDER BY n");
    let open = open.fetch_all(&mut file).await.expect("messages");
    let open = open.iter().map(|row| (row.get(0), row.get(1))).collect();
    let left =
        sqlx::query("SELECT state, count FROM outbox_left WHERE route = 'email' ORDER BY state");
    let left = left.fetch_all(&mut file).await.expect("counts");
    let left = left.iter().map(|row| (row.get(0), row.get(1))).collect();
    (open, left)
}
