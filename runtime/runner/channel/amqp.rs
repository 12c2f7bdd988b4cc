//! RabbitMQ: commands are published persistent and mandatory, with their key as the message's id, and are handed over once
//! the broker confirms them.
//!
//! The broker confirms also what no queue gets, so a message that comes back is not handed over. When the connection is lost
//! before a confirm, nobody knows: the command is published again under the same key.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use fail::fail_point;
use futures_util::StreamExt;
use kurant_engine::calendar::Instant;
use kurant_engine::input::Effect;
use kurant_store::{Outgoing, Settled};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::protocol::basic::AMQPProperties;
use lapin::types::FieldTable;
use lapin::{Channel, Confirmation, Connection, Event, ExchangeKind, PublisherConfirm};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::Sleep;

use super::backoff::{after_refusal, is_over, while_away};
use super::{HandedOver, Line, accepted, again, dead, in_doubt, tried};
use crate::broker::{Address, Error, PATIENCE, Pauses};
use crate::standing::Standing;

/// A message that outlives the broker.
const PERSISTENT: u8 = 2;

/// An exchange that commands are published to.
pub(crate) struct Amqp {
    exchange: String,
    /// How long a command is tried after its moment, in milliseconds.
    valid_for: i64,
    line: watch::Receiver<State>,
    lost: Arc<Notify>,
    supervisor: JoinHandle<()>,
    /// Routing keys that nobody listens to, each told of once.
    unheard: Mutex<HashSet<String>>,
}

/// Whether there is a connection.
#[derive(Clone)]
enum State {
    /// It is being made, and nobody knows whether it will be.
    Opening,
    /// There is one.
    Open(Channel),
    /// There is none.
    Gone,
}

/// What became of one message.
enum Answer {
    Taken,
    /// No queue gets it.
    Unheard,
    Refused,
    /// Nobody knows.
    Lost(String),
}

impl Amqp {
    /// An exchange at an address; a connection is made and kept from now on.
    pub(crate) fn open(
        address: Address,
        exchange: String,
        valid_for: i64,
        standing: Standing,
    ) -> Self {
        let (state, line) = watch::channel(State::Opening);
        let lost = Arc::new(Notify::new());
        let link = Link {
            address,
            exchange: exchange.clone(),
            standing,
        };
        let supervisor = tokio::spawn(link.keep(state, lost.clone()));
        Self {
            exchange,
            valid_for,
            line,
            lost,
            supervisor,
            unheard: Mutex::default(),
        }
    }

    /// Whether it is known that there is no connection.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(&*self.line.borrow(), State::Gone)
    }

    /// Publishes all of these, then waits for the answers, and says how each went.
    pub(crate) async fn hand_over(&self, lines: &[Line], now: Instant) -> HandedOver {
        let channel = match self.channel().await {
            Some(channel) => channel,
            None => return away(lines, now),
        };
        let mut patience = Box::pin(tokio::time::sleep(PATIENCE));
        let mut published = Vec::with_capacity(lines.len());
        for line in lines {
            published.push(self.publish(&channel, line, patience.as_mut()).await);
            fail_point!("amqp.sent");
        }
        fail_point!("amqp.all_sent");
        let mut done = HandedOver::default();
        let mut is_lost = false;
        for (line, published) in lines.iter().zip(published) {
            let answer = match published {
                Ok(confirm) => answer(confirm, patience.as_mut()).await,
                Err(why) => Answer::Lost(why),
            };
            is_lost |= matches!(answer, Answer::Lost(_));
            done.note(&line.row, self.settle(&line.row, answer, now), now);
        }
        fail_point!("amqp.confirmed");
        if is_lost {
            self.lost.notify_one();
        }
        done
    }

    /// The channel, once it is known whether there is one.
    async fn channel(&self) -> Option<Channel> {
        let mut line = self.line.clone();
        let known = line
            .wait_for(|state| !matches!(state, State::Opening))
            .await
            .ok()?;
        match &*known {
            State::Open(channel) if channel.status().connected() => Some(channel.clone()),
            _ => None,
        }
    }

    async fn publish(
        &self,
        channel: &Channel,
        line: &Line,
        patience: Pin<&mut Sleep>,
    ) -> Result<PublisherConfirm, String> {
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        let published = channel.basic_publish(
            self.exchange.as_str().into(),
            verb(&line.row).into(),
            options,
            line.text.as_bytes(),
            properties(&line.row),
        );
        tokio::select! {
            biased;
            published = published => published.map_err(|error| error.to_string()),
            // What was half sent ends with the connection.
            () = patience => Err(Error::Slow.to_string()),
        }
    }

    fn settle(&self, row: &Outgoing, answer: Answer, now: Instant) -> Settled {
        let verb = verb(row);
        let mut unheard = self.unheard.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Answer::Taken => {
                if unheard.remove(verb) {
                    tracing::info!(exchange = self.exchange, verb, "somebody listens again");
                }
                accepted(row)
            }
            Answer::Unheard => {
                if unheard.insert(verb.to_owned()) {
                    tracing::warn!(
                        exchange = self.exchange,
                        verb,
                        "no queue is bound for these commands; they wait, and are tried again"
                    );
                }
                let reason = format!(
                    "unroutable: no queue is bound to `{}` for `{verb}`",
                    self.exchange
                );
                self.refused(row, now, reason)
            }
            Answer::Refused => {
                let reason = "refused: the broker could not keep it".to_owned();
                self.refused(row, now, reason)
            }
            Answer::Lost(why) if is_over(row, now, self.valid_for) => {
                tried(in_doubt(row, now, format!("unconfirmed: {why}")))
            }
            Answer::Lost(why) => {
                let reason = format!("unconfirmed: {why}");
                tried(again(row, while_away(row, now), reason))
            }
        }
    }
}

impl Amqp {
    /// It was surely not taken: it is tried again, unless it has been for long enough.
    fn refused(&self, row: &Outgoing, now: Instant, reason: String) -> Settled {
        if is_over(row, now, self.valid_for) {
            return tried(dead(row, now, reason));
        }
        tried(again(row, after_refusal(row, now), reason))
    }
}

impl Drop for Amqp {
    fn drop(&mut self) {
        // It holds nothing but the connection.
        self.supervisor.abort();
    }
}

/// Nothing was sent.
fn away(lines: &[Line], now: Instant) -> HandedOver {
    let reason = "away: there is no connection to the broker";
    let mut done = HandedOver::default();
    for line in lines {
        // It says nothing about the command, which is kept for as long as it takes.
        let settled = again(&line.row, while_away(&line.row, now), reason.to_owned());
        done.note(&line.row, settled, now);
    }
    done
}

async fn answer(confirm: PublisherConfirm, patience: Pin<&mut Sleep>) -> Answer {
    let confirmed = tokio::select! {
        biased;
        confirmed = confirm => confirmed,
        () = patience => return Answer::Lost(Error::Slow.to_string()),
    };
    match confirmed {
        Ok(Confirmation::Ack(None)) => Answer::Taken,
        Ok(Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_))) => Answer::Unheard,
        Ok(Confirmation::Nack(None)) => Answer::Refused,
        Ok(Confirmation::NotRequested) => Answer::Lost("no confirm was asked for".into()),
        Err(error) => Answer::Lost(error.to_string()),
    }
}

/// The routing key: what is to be done.
fn verb(row: &Outgoing) -> &str {
    match &row.command.what {
        Effect::Send { .. } => "send",
        Effect::Crm { command, .. } => command,
        Effect::Emit { .. } => "emit",
        Effect::Webhook { .. } => "webhook",
    }
}

fn properties(row: &Outgoing) -> AMQPProperties {
    let kind = match &row.command.what {
        Effect::Emit { .. } => "application/cloudevents+json",
        _ => "application/json",
    };
    let properties = AMQPProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type(kind.into())
        .with_message_id(row.command.key.to_string().as_str().into())
        .with_app_id("kurant".into())
        .with_type(verb(row).into());
    match u64::try_from(row.command.at.millis() / 1_000) {
        Ok(seconds) => properties.with_timestamp(seconds),
        Err(_) => properties,
    }
}

/// The connection to an exchange, which is kept.
struct Link {
    address: Address,
    exchange: String,
    standing: Standing,
}

impl Link {
    /// Keeps a connection for as long as it runs; says once that it is gone and once that it is back.
    async fn keep(self, state: watch::Sender<State>, lost: Arc<Notify>) {
        let (mut pauses, mut is_told) = (Pauses::default(), false);
        self.is(Some("it is being connected to".to_owned()));
        loop {
            let (address, exchange) = (&self.address, &self.exchange);
            let opened = tokio::time::timeout(PATIENCE, connect(address, exchange)).await;
            let why = match opened.unwrap_or(Err(Error::Slow)) {
                Ok((connection, channel)) => {
                    tracing::info!(
                        "commands are published to RabbitMQ at {address}, exchange {exchange}"
                    );
                    (is_told, pauses) = (false, Pauses::default());
                    state.send_replace(State::Open(channel));
                    self.is(None);
                    let why = ended(&connection, &lost).await;
                    state.send_replace(State::Gone);
                    why
                }
                Err(why) => {
                    state.send_replace(State::Gone);
                    why.to_string()
                }
            };
            self.is(Some(why.clone()));
            if !is_told {
                tracing::warn!(
                    "commands can't be published to RabbitMQ at {address}: {why}; they wait until it is there"
                );
                is_told = true;
            }
            tokio::time::sleep(pauses.next()).await;
        }
    }

    /// Notes whether the connection is there, or why not.
    fn is(&self, lacking: Option<String>) {
        let why = lacking.map(|why| format!("RabbitMQ at {}: {why}", self.address));
        self.standing.note(Standing::COMMANDS, &self.exchange, why);
    }
}

/// Waits until the connection is no longer of use, and says why.
async fn ended(connection: &Connection, lost: &Notify) -> String {
    let mut events = connection.events_listener();
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(Event::Error(error)) => return error.to_string(),
                Some(_) => {}
                None => return "the connection ended".to_owned(),
            },
            () = lost.notified() => return "messages were not confirmed".to_owned(),
        }
    }
}

/// A connection with a channel that confirms, and the exchange, declared unless it is there already.
async fn connect(address: &Address, exchange: &str) -> Result<(Connection, Channel), Error> {
    let connection = address.connect("kurant commands").await?;
    let probe = connection.create_channel().await?;
    let passive = ExchangeDeclareOptions {
        passive: true,
        ..ExchangeDeclareOptions::default()
    };
    if declare(&probe, exchange, passive).await.is_err() {
        let durable = ExchangeDeclareOptions {
            durable: true,
            ..ExchangeDeclareOptions::default()
        };
        let channel = connection.create_channel().await?;
        declare(&channel, exchange, durable)
            .await
            .map_err(|source| Error::Refused {
                what: format!("the exchange `{exchange}` is not there and can't be declared"),
                source,
            })?;
    }
    let channel = connection.create_channel().await?;
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    Ok((connection, channel))
}

async fn declare(
    channel: &Channel,
    exchange: &str,
    options: ExchangeDeclareOptions,
) -> lapin::Result<()> {
    channel
        .exchange_declare(
            exchange.into(),
            ExchangeKind::Topic,
            options,
            FieldTable::default(),
        )
        .await
}
