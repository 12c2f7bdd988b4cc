//! One connection: its deliveries become batches, and are acknowledged on it once what they did is durable.

use std::pin::pin;
use std::time::Duration;

use fail::fail_point;
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, SelectAll};
use kurant_store::Share;
use lapin::message::Delivery as Message;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::message::{self, Contents};
use super::tags::Tags;
use super::{Origin, Reader, topology};
use crate::broker::{Address, Error};
use crate::intake::{Behind, Delivery, Receipt, Via};
use crate::runner::BATCH;

/// How long a batch waits for more.
const GATHER: Duration = Duration::from_millis(10);
/// How many batches may be on their way: one is gathered while the one before is committed.
const BATCHES: usize = 2;
/// The least that each queue hands out at once.
const LEAST_PREFETCH: usize = 50;
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(5);

/// When nothing has come for so long, the broker has handed out what it held.
const QUIET: Duration = Duration::from_millis(500);
/// How long others have to take up the queues of their shares before this worker stands by for them too. Longer than it takes
/// to hear of each other.
const STAND_BY: Duration = Duration::from_secs(6);

/// A connection whose deliveries are read.
pub(super) struct Session {
    connection: Connection,
    channel: Channel,
    deliveries: SelectAll<BoxStream<'static, Result<Read, Error>>>,
    /// What was read and does not belong to the batch any more.
    next: Option<Result<Read, Error>>,
    /// Queues of others, to be read while nobody else does.
    others: Vec<String>,
    share: Option<watch::Receiver<Share>>,
    behind: Option<Behind>,
}

/// A message and the queue that it came from.
struct Read {
    queue: String,
    message: Message,
}

/// Why a session ended.
pub(super) enum Ended {
    /// It was told to, or nobody takes events any more.
    Told,
    /// Another share of the queues falls to this worker.
    Moved,
    /// The connection was lost.
    Lost {
        /// Why.
        why: Error,
        /// Whether anything came over it.
        worked: bool,
    },
}

/// A batch that is on its way, by the tags of its messages.
struct Sent {
    tags: Vec<u64>,
    receipt: oneshot::Receiver<Receipt>,
}

/// How acknowledging ended.
enum Acknowledged {
    /// Everything that was durable.
    All,
    /// The connection was lost, or nobody takes events any more.
    Broken(Option<lapin::Error>),
}

impl Session {
    /// Connects, makes sure that the queues are there and begins to read those that fall to this worker.
    pub(super) async fn open(
        address: &Address,
        origin: &Origin,
        behind: Option<Behind>,
        mut share: Option<watch::Receiver<Share>>,
    ) -> Result<Self, Error> {
        let connection = address.connect("kurant events").await?;
        let queues = topology::declare(&connection, origin).await?;
        // One channel for all queues: one acknowledgement covers what came from any of them.
        let channel = connection.create_channel().await?;
        let own = share.as_mut().map(|share| *share.borrow_and_update());
        let own = own.unwrap_or(Share::ALL);
        let (own, others): (Vec<_>, Vec<_>) = (0_u32..)
            .zip(queues)
            .partition(|(number, _)| number % own.of.max(1) == own.index);
        let mut session = Self {
            connection,
            channel,
            deliveries: SelectAll::new(),
            next: None,
            others: others.into_iter().map(|(_, queue)| queue).collect(),
            share,
            behind,
        };
        session.prefetch(own.len()).await?;
        for (_, queue) in own {
            session.read(queue).await?;
        }
        Ok(session)
    }

    /// From now on so many queues together hand out as many messages as batches on their way hold.
    async fn prefetch(&mut self, queues: usize) -> Result<(), Error> {
        let each = (BATCHES * BATCH / queues.max(1)).max(LEAST_PREFETCH);
        let each = u16::try_from(each).unwrap_or(u16::MAX);
        let options = BasicQosOptions::default();
        Ok(self.channel.basic_qos(each, options).await?)
    }

    /// Begins to read a queue.
    async fn read(&mut self, queue: String) -> Result<(), Error> {
        let consumer = self
            .channel
            .basic_consume(
                queue.as_str().into(),
                "".into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await?;
        let messages = consumer.map(move |message| {
            let queue = queue.clone();
            message
                .map(|message| Read { queue, message })
                .map_err(Error::from)
        });
        // The end of one queue is the end of all: a part of the customers would go unheard.
        let end = futures_util::stream::iter([Err(Error::Ended)]);
        self.deliveries.push(messages.chain(end).boxed());
        Ok(())
    }

    /// Hands batches to the runner until told to stop or until the connection is lost.
    pub(super) async fn run(
        mut self,
        reader: &mut Reader,
        out: &mpsc::Sender<Delivery>,
        stop: &mut watch::Receiver<bool>,
    ) -> Ended {
        let (sent, batches) = mpsc::unbounded_channel();
        let mut acknowledging = tokio::spawn(acknowledge(self.channel.clone(), batches));
        let mut standing_by = pin!(tokio::time::sleep(STAND_BY));
        let mut worked = false;
        let ended = loop {
            if *stop.borrow() {
                break Ended::Told;
            }
            let has_others = !self.others.is_empty();
            // Each of these holds its own state elsewhere: none loses anything when another is first.
            let first = tokio::select! {
                first = next(&mut self.next, &mut self.deliveries) => first,
                _ = stop.changed() => continue,
                ended = &mut acknowledging => return ended.map_or(Ended::Told, |ended| ended.into_end(worked)),
                () = moved(&mut self.share) => break Ended::Moved,
                () = &mut standing_by, if has_others => match self.stand_by().await {
                    Ok(()) => continue,
                    Err(why) => return Ended::Lost { why, worked },
                },
                () = tokio::time::sleep(QUIET), if self.behind.is_some() => {
                    if let Some(behind) = self.behind.take() {
                        behind.is(false);
                    }
                    continue;
                }
            };
            let first = match first {
                Ok(first) => first,
                Err(why) => return Ended::Lost { why, worked },
            };
            worked = true;
            let (delivery, batch) = self.gather(first, reader).await;
            fail_point!("rabbitmq.gathered");
            if out.send(delivery).await.is_err() {
                break Ended::Told;
            }
            // Whoever acknowledges has ended only if the connection has, which is seen above.
            let _ = sent.send(batch);
        };
        drop(sent);
        self.leave(acknowledging).await;
        ended
    }

    /// Reads the queues of others too, should nobody else read them.
    async fn stand_by(&mut self) -> Result<(), Error> {
        let count = self.others.len();
        self.prefetch(count).await?;
        for queue in std::mem::take(&mut self.others) {
            self.read(queue).await?;
        }
        Ok(())
    }

    /// A batch: what comes within a moment, as long as it fits.
    async fn gather(&mut self, first: Read, reader: &mut Reader) -> (Delivery, Sent) {
        reader.refresh();
        let (sender, receipt) = oneshot::channel();
        let mut delivery = Delivery {
            via: Via::RabbitMq,
            receipt: Some(sender),
            ..Delivery::default()
        };
        let mut tags = vec![first.message.delivery_tag];
        add(&mut delivery, contents(reader, &first));
        let mut moment = pin!(tokio::time::sleep(GATHER));
        while delivery.events.len() + delivery.rejected.len() < BATCH {
            let read = tokio::select! {
                read = self.deliveries.next() => read,
                () = &mut moment => break,
            };
            let read = match read {
                Some(Ok(read)) => read,
                lost => {
                    self.next = lost;
                    break;
                }
            };
            let contents = contents(reader, &read);
            let size = contents.events.len() + contents.rejected.len();
            if delivery.events.len() + delivery.rejected.len() + size > BATCH {
                self.next = Some(Ok(read));
                break;
            }
            tags.push(read.message.delivery_tag);
            add(&mut delivery, contents);
        }
        (delivery, Sent { tags, receipt })
    }

    /// Acknowledges what is durable, then says goodbye. Whoever reads the queues next begins after what was acknowledged: a
    /// consumer that was cancelled first would let others go on while its events are still on their way.
    async fn leave(self, acknowledging: JoinHandle<Acknowledged>) {
        let _ = acknowledging.await;
        let goodbye = async {
            self.channel.close(200, "done".into()).await?;
            self.connection.close(200, "done".into()).await
        };
        // A broker that doesn't answer now loses nothing.
        let _ = tokio::time::timeout(GOODBYE, goodbye).await;
    }
}

/// Waits until another share falls to this worker.
async fn moved(share: &mut Option<watch::Receiver<Share>>) {
    if let Some(share) = share
        && share.changed().await.is_ok()
    {
        return;
    }
    // Nobody shares anything any more.
    std::future::pending().await
}

impl Acknowledged {
    fn into_end(self, worked: bool) -> Ended {
        match self {
            Self::Broken(Some(error)) => Ended::Lost {
                why: error.into(),
                worked,
            },
            Self::Broken(None) | Self::All => Ended::Told,
        }
    }
}

/// What was read before and waits, else what comes next.
async fn next(
    waiting: &mut Option<Result<Read, Error>>,
    deliveries: &mut SelectAll<BoxStream<'static, Result<Read, Error>>>,
) -> Result<Read, Error> {
    match waiting.take() {
        Some(read) => read,
        None => deliveries.next().await.unwrap_or(Err(Error::Ended)),
    }
}

fn contents(reader: &mut Reader, read: &Read) -> Contents {
    let message = &read.message;
    message::read(reader, &read.queue, &message.properties, &message.data)
}

fn add(delivery: &mut Delivery, contents: Contents) {
    delivery.events.extend(contents.events);
    delivery.rejected.extend(contents.rejected);
}

/// Acknowledges batches in their order, each once it is durable. Nothing else is acknowledged: a batch whose receipt never
/// comes stays with the broker.
async fn acknowledge(channel: Channel, mut batches: mpsc::UnboundedReceiver<Sent>) -> Acknowledged {
    let mut tags = Tags::default();
    while let Some(batch) = batches.recv().await {
        if batch.receipt.await.is_err() {
            return Acknowledged::Broken(None);
        }
        let Some(upto) = tags.settle(&batch.tags) else {
            continue;
        };
        fail_point!("rabbitmq.durable");
        let all = BasicAckOptions { multiple: true };
        if let Err(error) = channel.basic_ack(upto, all).await {
            return Acknowledged::Broken(Some(error));
        }
        fail_point!("rabbitmq.acknowledged");
    }
    Acknowledged::All
}
