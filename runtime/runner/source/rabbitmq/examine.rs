//! Looks at the place that events come from, and changes nothing there.

use lapin::{Connection, Queue};

use super::{Origin, topology};
use crate::broker::{Address, Error, PATIENCE};

/// How a thing that was looked at stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Good,
    /// It works, and somebody should know.
    Doubtful,
    /// It doesn't work, or events can be lost.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How it stands.
    pub state: State,
    /// What was seen.
    pub what: String,
    /// What to do about it.
    pub advice: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn good(what: String) -> Self {
        Self {
            state: State::Good,
            what,
            advice: None,
        }
    }

    /// How it stands, and what to do about it.
    pub fn new(state: State, what: String, advice: &str) -> Self {
        Self {
            state,
            what,
            advice: Some(advice.to_owned()),
        }
    }
}

/// Looks at the queues of an exchange, or else at the queue that the address ends with.
pub async fn examine(url: &str, exchange: Option<(String, u16)>) -> Vec<Finding> {
    let origin = match Origin::of(url, exchange) {
        Ok(origin) => origin,
        Err(error) => {
            return vec![Finding::new(
                State::Bad,
                format!("the broker's address: {error}"),
                "mend `events.url`",
            )];
        }
    };
    let (address, origin) = origin;
    let looking = look(&address, &origin);
    let looked = tokio::time::timeout(PATIENCE, looking).await;
    looked.unwrap_or(Err(Error::Slow)).unwrap_or_else(|error| {
        vec![Finding::new(
            State::Bad,
            format!("RabbitMQ at {address}: {error}"),
            "start it, or mend `events.url`",
        )]
    })
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
    let mut findings = vec![Finding::good(format!("RabbitMQ at {address} answers"))];
    match origin {
        Origin::Queue(name) => {
            findings.push(match passive(&connection, name).await {
                Ok(queue) => read(&queue),
                Err(error) => missing(name, &error, "declare it, or name an `exchange`"),
            });
            findings.push(Finding::new(
                State::Doubtful,
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
        findings.push(Finding::new(
            State::Bad,
            error.to_string(),
            "set `shards` as it was",
        ));
    }
    if is_complete {
        // What is there already is declared once more, which changes nothing and shows whether it is the same.
        let channel = connection.create_channel().await?;
        findings.push(match topology::own(&channel, exchange, shards).await {
            Ok(()) => Finding::good(format!("the exchange `{exchange}` and its queues are as Kurant declares them")),
            Err(error) => Finding::new(
                State::Bad,
                format!("the exchange `{exchange}` or one of its queues is not as Kurant declares it: {error}"),
                "delete it once it is empty; `kurant run` declares it anew",
            ),
        });
    }
    let dead = format!("{exchange}.dead");
    if let Ok(queue) = passive(connection, &dead).await
        && queue.message_count() > 0
    {
        findings.push(Finding::new(
            State::Doubtful,
            format!(
                "the broker has put {} events aside in `{dead}`",
                queue.message_count()
            ),
            "they came back too often: look at them there, mend the cause, and publish them again",
        ));
    }
    Ok(())
}

fn read(queue: &Queue) -> Finding {
    let (name, waiting) = (queue.name().as_str().to_owned(), queue.message_count());
    match queue.consumer_count() {
        0 => Finding::new(
            State::Doubtful,
            format!("nobody reads the queue `{name}`, where {waiting} messages wait"),
            "start `kurant run`",
        ),
        readers => Finding::good(format!(
            "the queue `{name}`: {waiting} messages wait, {readers} readers"
        )),
    }
}

fn missing(name: &str, error: &lapin::Error, advice: &str) -> Finding {
    Finding::new(
        State::Bad,
        format!("the queue `{name}` can't be used: {error}"),
        advice,
    )
}

/// A queue as it stands. A refusal closes the channel, so each question has one of its own.
async fn passive(connection: &Connection, name: &str) -> lapin::Result<Queue> {
    topology::passive(&connection.create_channel().await?, name).await
}
