//! The queues that events wait in: declared by us, or somebody else's.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ExchangeKind, Queue};

use super::Origin;
use crate::broker::Error;

/// How often a message may come back before the broker puts it aside. Our own restarts bring back what was under way, so
/// the broker's own limit (20 since version 4) would put good events aside.
const DELIVERY_LIMIT: i32 = 1_000;
/// Each queue gets an equal share of customers.
const WEIGHT: &str = "1";

/// Makes sure that the queues are there; returns their names.
pub(super) async fn declare(
    connection: &Connection,
    origin: &Origin,
) -> Result<Vec<String>, Error> {
    match origin {
        Origin::Queue(name) => {
            let channel = connection.create_channel().await?;
            passive(&channel, name)
                .await
                .map_err(|source| Error::Refused {
                    what: format!("the queue `{name}` can't be used; declare it, or name an `exchange` for queues of Kurant's own"),
                    source,
                })?;
            Ok(vec![name.clone()])
        }
        Origin::Exchange { name, shards } => {
            let next = queue(name, *shards);
            let probe = connection.create_channel().await?;
            // A refusal closes the channel, so it gets one of its own.
            if passive(&probe, &next).await.is_ok() {
                return Err(Error::MoreShards {
                    queue: next,
                    shards: *shards,
                });
            }
            let channel = connection.create_channel().await?;
            own(&channel, name, *shards)
                .await
                .map_err(|source| Error::Refused {
                    what: format!(
                        "the exchange `{name}` and its queues can't be declared; RabbitMQ needs its plugin rabbitmq_consistent_hash_exchange, \
                         the user the right to configure, and what is there must be as Kurant declares it"
                    ),
                    source,
                })?;
            Ok((0..*shards).map(|shard| queue(name, shard)).collect())
        }
    }
}

/// The name of one of an exchange's queues.
pub(super) fn queue(exchange: &str, shard: u16) -> String {
    format!("{exchange}.{shard}")
}

/// A queue as it stands; one that is not there is refused, which closes the channel.
pub(super) async fn passive(channel: &Channel, name: &str) -> lapin::Result<Queue> {
    let options = QueueDeclareOptions {
        passive: true,
        ..QueueDeclareOptions::default()
    };
    channel
        .queue_declare(name.into(), options, FieldTable::default())
        .await
}

/// An exchange that spreads customers over quorum queues, each with one active consumer; and a queue for what the broker
/// puts aside.
pub(super) async fn own(channel: &Channel, exchange: &str, shards: u16) -> lapin::Result<()> {
    let durable = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    let dead = format!("{exchange}.dead");
    let by_customer = ExchangeKind::Custom("x-consistent-hash".into());
    for (name, kind) in [(exchange, by_customer), (&dead, ExchangeKind::Fanout)] {
        channel
            .exchange_declare(name.into(), kind, durable, FieldTable::default())
            .await?;
    }
    let options = QueueDeclareOptions::durable();
    let mut quorum = FieldTable::default();
    quorum.insert("x-queue-type".into(), text("quorum"));
    channel
        .queue_declare(dead.as_str().into(), options, quorum.clone())
        .await?;
    bind(channel, &dead, &dead, "").await?;
    let mut arguments = quorum;
    arguments.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
    arguments.insert(
        "x-delivery-limit".into(),
        AMQPValue::LongInt(DELIVERY_LIMIT),
    );
    arguments.insert("x-dead-letter-exchange".into(), text(&dead));
    arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
    arguments.insert("x-overflow".into(), text("reject-publish"));
    for shard in 0..shards {
        let name = queue(exchange, shard);
        channel
            .queue_declare(name.as_str().into(), options, arguments.clone())
            .await?;
        bind(channel, &name, exchange, WEIGHT).await?;
    }
    Ok(())
}

async fn bind(channel: &Channel, queue: &str, exchange: &str, key: &str) -> lapin::Result<()> {
    let (options, arguments) = (QueueBindOptions::default(), FieldTable::default());
    channel
        .queue_bind(
            queue.into(),
            exchange.into(),
            key.into(),
            options,
            arguments,
        )
        .await
}

fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}
