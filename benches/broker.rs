//! A broker that benchmarks fill and read.

use kurant_engine::id::bucket;
use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::protocol::basic::AMQPProperties;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ConnectionProperties};

/// How many messages are on their way until the broker has to confirm them.
const WINDOW: usize = 1_000;

/// A connection with a channel.
pub(crate) struct Broker {
    pub(crate) channel: Channel,
    _connection: Connection,
}

/// An event to publish: the customer's id and the body.
pub(crate) type Published = (String, String);

impl Broker {
    /// A connection whose channel confirms what is published.
    pub(crate) async fn connect(url: &str) -> Result<Self, String> {
        let own = Self::unconfirmed(url).await?;
        let confirms = own.channel.confirm_select(ConfirmSelectOptions::default());
        confirms.await.map_err(text)?;
        Ok(own)
    }

    /// A connection that hears nothing of what it publishes.
    pub(crate) async fn unconfirmed(url: &str) -> Result<Self, String> {
        let connection = Connection::connect(url, ConnectionProperties::default())
            .await
            .map_err(text)?;
        let channel = connection.create_channel().await.map_err(text)?;
        Ok(Self {
            channel,
            _connection: connection,
        })
    }

    /// A quorum queue that gets all of a topic exchange.
    pub(crate) async fn listen(&self, queue: &str, exchange: &str) -> Result<(), String> {
        let mut arguments = FieldTable::default();
        arguments.insert(
            "x-queue-type".into(),
            AMQPValue::LongString("quorum".into()),
        );
        let durable = QueueDeclareOptions {
            durable: true,
            ..QueueDeclareOptions::default()
        };
        self.channel
            .queue_declare(queue.into(), durable, arguments)
            .await
            .map_err(text)?;
        let (options, table) = (QueueBindOptions::default(), FieldTable::default());
        self.channel
            .queue_bind(queue.into(), exchange.into(), "#".into(), options, table)
            .await
            .map_err(text)
    }

    /// Publishes events, and waits until the broker has all of them.
    pub(crate) async fn fill(&self, exchange: &str, events: &[Published]) -> Result<(), String> {
        for window in events.chunks(WINDOW) {
            let mut confirms = Vec::with_capacity(window.len());
            for (customer, body) in window {
                let properties = AMQPProperties::default()
                    .with_delivery_mode(2)
                    .with_content_type("application/cloudevents+json".into());
                let published = self.channel.basic_publish(
                    exchange.into(),
                    customer.as_str().into(),
                    BasicPublishOptions::default(),
                    body.as_bytes(),
                    properties,
                );
                confirms.push(published.await.map_err(text)?);
            }
            for confirm in confirms {
                if !confirm.await.map_err(text)?.is_ack() {
                    return Err("the broker refused an event".into());
                }
            }
        }
        Ok(())
    }

    /// How many messages a queue holds that nobody has been given.
    pub(crate) async fn waiting(&self, queue: &str) -> Result<u64, String> {
        let passive = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        let queue = self
            .channel
            .queue_declare(queue.into(), passive, FieldTable::default())
            .await
            .map_err(text)?;
        Ok(queue.message_count().into())
    }

    /// Takes queues and exchanges away.
    pub(crate) async fn remove(&self, queues: &[String], exchanges: &[&str]) -> Result<(), String> {
        for queue in queues {
            let gone = self
                .channel
                .queue_delete(queue.as_str().into(), Default::default());
            gone.await.map_err(text)?;
        }
        for exchange in exchanges {
            let gone = self
                .channel
                .exchange_delete((*exchange).into(), Default::default());
            gone.await.map_err(text)?;
        }
        Ok(())
    }
}

/// Orders of about 300 bytes, of so many customers; `total` runs evenly from 0 to 999.
pub(crate) fn orders(count: u64, customers: u64, time: &str) -> Vec<Published> {
    let customer = |number: u64| bucket(&["customer", &number.to_string()], customers);
    let orders = (0..count).map(|number| order(number, customer(number), time));
    orders.collect()
}

/// One of them.
pub(crate) fn order(number: u64, customer: u64, time: &str) -> Published {
    let customer = format!("cust-{customer:08}");
    let total = bucket(&["total", &number.to_string()], 1_000);
    let body = format!(
        r#"{{"specversion":"1.0","id":"evt-{number:010}","source":"shop/checkout","type":"order.paid","subject":"{customer}","time":"{time}","data":{{"order_id":"ord-{number:010}","total":{total},"currency":"UAH","channel":"web","items":2,"coupon":"WELCOME10","note":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}}}}"#
    );
    (customer, body)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
