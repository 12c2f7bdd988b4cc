//! Looks at the place that events come from, and changes nothing there.

use lapin::options::ExchangeDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Connection, ExchangeKind, Queue};

use super::{Origin, topology};
use crate::broker::{Address, Error, PATIENCE};
use crate::finding::Finding;

/// The version that the tests run on.
const RUN_ON: &str = "3.10";
/// What is looked at, by names that stay.
const BROKER: &str = "broker";
const VERSION: &str = "broker.version";
const QUEUES: &str = "broker.queues";
const TOPOLOGY: &str = "broker.topology";
const DEAD: &str = "broker.dead_letters";
const COMMANDS: &str = "commands";

/// Looks at the queues of an exchange, or else at the queue that the address ends with.
pub async fn examine(url: &str, exchange: Option<(String, u16)>) -> Vec<Finding> {
    let origin = match Origin::of(url, exchange) {
        Ok(origin) => origin,
        Err(error) => {
            let what = format!("the broker's address: {error}");
            return vec![Finding::bad(BROKER, what, "mend `events.url`")];
        }
    };
    let (address, origin) = origin;
    let looking = look(&address, &origin);
    let looked = tokio::time::timeout(PATIENCE, looking).await;
    looked.unwrap_or(Err(Error::Slow)).unwrap_or_else(|error| {
        let what = format!("RabbitMQ at {address}: {error}");
        vec![Finding::bad(BROKER, what, "start it, or mend `events.url`")]
    })
}

/// Looks at an exchange that commands are published to.
pub async fn examine_exchange(address: &Address, exchange: &str) -> Finding {
    let looking = async {
        let connection = address.connect("kurant doctor").await?;
        let channel = connection.create_channel().await?;
        let passive = ExchangeDeclareOptions {
            passive: true,
            ..ExchangeDeclareOptions::default()
        };
        let kind = ExchangeKind::Topic;
        let there = channel.exchange_declare(exchange.into(), kind, passive, FieldTable::default());
        let is_there = there.await;
        let _ = connection.close(200, "done".into()).await;
        Ok::<_, Error>(is_there)
    };
    let looked = tokio::time::timeout(PATIENCE, looking).await;
    match looked.unwrap_or(Err(Error::Slow)) {
        Ok(Ok(())) => Finding::good(
            COMMANDS,
            format!("commands can be published to `{exchange}` at {address}"),
        ),
        Ok(Err(error)) => Finding::doubtful(
            COMMANDS,
            format!("the exchange `{exchange}` at {address} can't be used: {error}"),
            "`kurant run` declares it when it starts; bind a queue to it then",
        ),
        Err(error) => Finding::bad(
            COMMANDS,
            format!("RabbitMQ at {address}, for commands: {error}"),
            "start it, or mend the `url` beside `exchange`; commands wait until it is there",
        ),
    }
}

/// How many messages wait in the queues of an exchange, or else in the queue that the address ends with.
///
/// # Errors
/// When the broker or a queue can't be reached.
pub async fn waiting(url: &str, exchange: Option<(String, u16)>) -> Result<u64, Error> {
    let (address, origin) = Origin::of(url, exchange)?;
    let asking = async {
        let connection = address.connect("kurant status").await?;
        let queues = match origin {
            Origin::Queue(name) => vec![name],
            Origin::Exchange { name, shards } => {
                let queues = 0..shards;
                queues.map(|shard| topology::queue(&name, shard)).collect()
            }
        };
        let mut waiting = 0;
        for queue in queues {
            let queue = passive(&connection, &queue).await?;
            waiting += u64::from(queue.message_count());
        }
        let _ = connection.close(200, "done".into()).await;
        Ok(waiting)
    };
    let asked = tokio::time::timeout(PATIENCE, asking).await;
    asked.unwrap_or(Err(Error::Slow))
}

async fn look(address: &Address, origin: &Origin) -> Result<Vec<Finding>, Error> {
    let connection = address.connect("kurant doctor").await?;
    let mut findings = vec![Finding::good(
        BROKER,
        format!("RabbitMQ at {address} answers"),
    )];
    findings.extend(address.version().await.map(|version| told(&version)));
    match origin {
        Origin::Queue(name) => {
            findings.push(match passive(&connection, name).await {
                Ok(queue) => read(&queue),
                Err(error) => missing(name, &error, "declare it, or name an `exchange`"),
            });
            findings.push(Finding::doubtful(
                TOPOLOGY,
                format!("the queue `{name}` is somebody else's, and its settings can't be seen from here"),
                "see that it is a quorum queue with a single active consumer, a dead-letter exchange and a delivery limit: \
                 without a dead-letter exchange the broker can throw events away",
            ));
        }
        Origin::Exchange { name, shards } => own(&connection, name, *shards, &mut findings).await?,
    }
    let _ = connection.close(200, "done".into()).await;
    Ok(findings)
}

/// Queues of our own.
async fn own(
    connection: &Connection,
    exchange: &str,
    shards: u16,
    findings: &mut Vec<Finding>,
) -> Result<(), Error> {
    let mut is_complete = true;
    for shard in 0..shards {
        let name = topology::queue(exchange, shard);
        findings.push(match passive(connection, &name).await {
            Ok(queue) => read(&queue),
            Err(error) => {
                is_complete = false;
                missing(&name, &error, "`kurant run` declares it when it starts")
            }
        });
    }
    let more = topology::queue(exchange, shards);
    if passive(connection, &more).await.is_ok() {
        let error = Error::MoreShards {
            queue: more,
            shards,
        };
        let advice = "set `shards` as it was";
        findings.push(Finding::bad(TOPOLOGY, error.to_string(), advice));
    }
    if is_complete {
        // What is there already is declared once more, which changes nothing and shows whether it is the same.
        let channel = connection.create_channel().await?;
        findings.push(match topology::own(&channel, exchange, shards).await {
            Ok(()) => Finding::good(
                TOPOLOGY,
                format!("the exchange `{exchange}` and its queues are as Kurant declares them"),
            ),
            Err(error) => Finding::bad(
                TOPOLOGY,
                format!("the exchange `{exchange}` or one of its queues is not as Kurant declares it: {error}"),
                "delete it once it is empty; `kurant run` declares it anew",
            ),
        });
    }
    let dead = format!("{exchange}.dead");
    if let Ok(queue) = passive(connection, &dead).await {
        findings.push(match queue.message_count() {
            0 => Finding::good(DEAD, format!("the broker has put nothing aside in `{dead}`")),
            count => Finding::bad(
                DEAD,
                format!("the broker has put {count} messages aside in `{dead}`: they took no effect"),
                "they came back too often: look at them there, mend the cause, and publish them again",
            ),
        });
    }
    Ok(())
}

/// The version of the broker.
fn told(version: &str) -> Finding {
    let what = format!("RabbitMQ {version}; the tests run on {RUN_ON}");
    if version.split('.').next() == RUN_ON.split('.').next() {
        return Finding::good(VERSION, what);
    }
    let advice = "it should work; try it beside your real load first, and tell us how it went";
    Finding::doubtful(VERSION, what, advice)
}

fn read(queue: &Queue) -> Finding {
    let (name, waiting) = (queue.name().as_str().to_owned(), queue.message_count());
    match queue.consumer_count() {
        0 => Finding::doubtful(
            QUEUES,
            format!("nobody reads the queue `{name}`, where {waiting} messages wait"),
            "start `kurant run`",
        ),
        readers => Finding::good(
            QUEUES,
            format!("the queue `{name}`: {waiting} messages wait, {readers} readers"),
        ),
    }
}

fn missing(name: &str, error: &lapin::Error, advice: &str) -> Finding {
    let what = format!("the queue `{name}` can't be used: {error}");
    Finding::bad(QUEUES, what, advice)
}

/// A queue as it stands. A refusal closes the channel, so each question has one of its own.
async fn passive(connection: &Connection, name: &str) -> lapin::Result<Queue> {
    topology::passive(&connection.create_channel().await?, name).await
}
