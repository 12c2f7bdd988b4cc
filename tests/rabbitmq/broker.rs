//! A broker to test against, and somebody who publishes to it and reads from it.

use std::hash::{BuildHasher, Hasher, RandomState};

use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, ExchangeDeleteOptions,
    QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::protocol::basic::AMQPProperties;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ConnectionProperties, ExchangeKind, PublisherConfirm};

use crate::servers::RABBITMQ;

/// The address of the broker that tests share.
pub(crate) fn shared() -> String {
    RABBITMQ.shared(|servers| {
        let folder = servers.join("rabbitmq-test");
        let ports = std::fs::read_to_string(folder.join("ports")).ok()?;
        let port = ports.lines().find_map(|line| line.strip_prefix("AMQP="))?;
        folder
            .join("pid")
            .exists()
            .then(|| format!("amqp://guest:guest@127.0.0.1:{port}"))
    })
}

/// A name that no other test and no earlier run has used.
pub(crate) fn unique(name: &str) -> String {
    format!("{name}-{:x}", RandomState::new().build_hasher().finish())
}

/// Somebody who publishes and reads.
pub(crate) struct Peer {
    connection: Connection,
    pub(crate) channel: Channel,
}

impl Peer {
    pub(crate) async fn connect(url: &str) -> Self {
        let connection = Connection::connect(url, ConnectionProperties::default())
            .await
            .unwrap_or_else(|error| panic!("no broker at {url}: {error}"));
        let channel = connection.create_channel().await.expect("a channel");
        let confirms = ConfirmSelectOptions::default();
        channel.confirm_select(confirms).await.expect("confirms");
        Self {
            connection,
            channel,
        }
    }

    /// A durable quorum queue.
    pub(crate) async fn queue(&self, name: &str) {
        let mut arguments = FieldTable::default();
        let quorum = AMQPValue::LongString("quorum".into());
        arguments.insert("x-queue-type".into(), quorum);
        let options = QueueDeclareOptions::durable();
        let declared = self.channel.queue_declare(name.into(), options, arguments);
        declared.await.expect("a queue");
    }

    /// A durable topic exchange with one queue that gets everything, both of this name.
    pub(crate) async fn exchange(&self, name: &str) {
        let options = ExchangeDeclareOptions {
            durable: true,
            ..ExchangeDeclareOptions::default()
        };
        let table = FieldTable::default;
        let declared =
            self.channel
                .exchange_declare(name.into(), ExchangeKind::Topic, options, table());
        declared.await.expect("an exchange");
        self.queue(name).await;
        self.bind(name, name).await;
    }

    pub(crate) async fn bind(&self, queue: &str, exchange: &str) {
        let options = QueueBindOptions::default();
        let bound = self.channel.queue_bind(
            queue.into(),
            exchange.into(),
            "#".into(),
            options,
            FieldTable::default(),
        );
        bound.await.expect("a binding");
    }

    /// Publishes, and waits until the broker has it.
    pub(crate) async fn publish(&self, exchange: &str, key: &str, message: Message) {
        self.publish_all(exchange, vec![(key.to_owned(), message)])
            .await;
    }

    /// Publishes one after the other, each with its key, and waits until the broker has them all.
    pub(crate) async fn publish_all(&self, exchange: &str, messages: Vec<(String, Message)>) {
        let mut sent = Vec::with_capacity(messages.len());
        for (key, message) in messages {
            sent.push(self.send(exchange, &key, message).await);
        }
        for published in sent {
            let confirmed = published.await.expect("an answer");
            assert!(
                confirmed.is_ack() && confirmed.take_message().is_none(),
                "nobody would get it"
            );
        }
    }

    async fn send(&self, exchange: &str, key: &str, message: Message) -> PublisherConfirm {
        let properties = message.properties.with_delivery_mode(2);
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        let published = self
            .channel
            .basic_publish(
                exchange.into(),
                key.into(),
                options,
                &message.body,
                properties,
            )
            .await;
        published.expect("it is sent")
    }

    /// How many messages wait in a queue, none of them delivered.
    pub(crate) async fn waiting(&self, queue: &str) -> u32 {
        let options = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        let queue = self
            .channel
            .queue_declare(queue.into(), options, FieldTable::default());
        queue.await.expect("the queue is there").message_count()
    }

    /// Takes an exchange and the queue of its name away again.
    pub(crate) async fn forget(&self, name: &str) {
        let gone = self
            .channel
            .queue_delete(name.into(), QueueDeleteOptions::default());
        gone.await.expect("the queue goes");
        let gone = self
            .channel
            .exchange_delete(name.into(), ExchangeDeleteOptions::default());
        gone.await.expect("the exchange goes");
    }

    /// Takes an exchange with its shards, and what the broker put aside, away again.
    pub(crate) async fn remove(self, exchange: &str, shards: u16) {
        let mut queues: Vec<String> = (0..shards)
            .map(|shard| format!("{exchange}.{shard}"))
            .collect();
        queues.extend([format!("{exchange}.dead"), exchange.to_owned()]);
        for queue in queues {
            let gone = self
                .channel
                .queue_delete(queue.as_str().into(), QueueDeleteOptions::default());
            gone.await.expect("the queue goes");
        }
        for name in [format!("{exchange}.dead"), exchange.to_owned()] {
            let gone = self
                .channel
                .exchange_delete(name.as_str().into(), ExchangeDeleteOptions::default());
            gone.await.expect("the exchange goes");
        }
        let _ = self.connection.close(200, "done".into()).await;
    }
}

/// A message to publish.
pub(crate) struct Message {
    properties: AMQPProperties,
    body: Vec<u8>,
}

impl Message {
    pub(crate) fn structured(event: &str) -> Self {
        Self::of("application/cloudevents+json", event)
    }

    pub(crate) fn batch(events: &[String]) -> Self {
        Self::of(
            "application/cloudevents-batch+json; charset=utf-8",
            &format!("[{}]", events.join(",")),
        )
    }

    pub(crate) fn plain(body: &str) -> Self {
        Self {
            properties: AMQPProperties::default(),
            body: body.as_bytes().to_vec(),
        }
    }

    /// Binary mode: the envelope in headers under a prefix.
    pub(crate) fn binary(prefix: &str, headers: &[(&str, AMQPValue)], data: &str) -> Self {
        let mut table = FieldTable::default();
        for (name, value) in headers {
            table.insert(format!("{prefix}{name}").as_str().into(), value.clone());
        }
        let mut message = Self::of("application/json", data);
        message.properties = message.properties.with_headers(table);
        message
    }

    fn of(kind: &str, body: &str) -> Self {
        Self {
            properties: AMQPProperties::default().with_content_type(kind.into()),
            body: body.as_bytes().to_vec(),
        }
    }
}
