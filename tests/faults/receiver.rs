//! Who gets the commands that are published.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use lapin::Consumer;
use lapin::options::{BasicAckOptions, BasicConsumeOptions};
use tokio::task::JoinHandle;

use super::history::Received;
use crate::rabbitmq::broker::Peer;

/// Notes down what comes through a queue, for as long as it is there.
pub(super) struct Receiver {
    all: Arc<Mutex<Vec<Received>>>,
    listening: JoinHandle<()>,
}

impl Receiver {
    pub(super) async fn begin(url: &str, queue: &str) -> Self {
        let peer = Peer::connect(url).await;
        let options = BasicConsumeOptions::default();
        let consumer =
            peer.channel
                .basic_consume(queue.into(), "".into(), options, Default::default());
        let consumer = consumer.await.expect("the queue is read");
        let all = Arc::new(Mutex::default());
        let listening = tokio::spawn(listen(peer, consumer, all.clone()));
        Self { all, listening }
    }

    /// What has come.
    pub(super) fn so_far(&self) -> Vec<Received> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }

    pub(super) fn end(self) {
        self.listening.abort();
    }
}

async fn listen(_peer: Peer, mut consumer: Consumer, all: Arc<Mutex<Vec<Received>>>) {
    while let Some(Ok(message)) = consumer.next().await {
        let route = match message.routing_key.as_str() {
            "emit" => "events",
            _ => "crm",
        };
        let body = String::from_utf8_lossy(&message.data);
        let received = Received::of(route, &body);
        let id = message.properties.message_id().as_ref();
        assert_eq!(id.map(|id| id.as_str()), Some(received.key.as_str()));
        all.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(received);
        let acknowledged = message.ack(BasicAckOptions::default()).await;
        acknowledged.expect("it is acknowledged");
    }
}

impl Received {
    /// Something of which only the body came.
    pub(super) fn of(route: &str, body: &str) -> Self {
        let object: serde_json::Value = serde_json::from_str(body).expect("a JSON object");
        let text = |names: [&str; 2]| {
            let mut values = names.iter().filter_map(|name| object[name].as_str());
            values.next().expect("a text").to_owned()
        };
        Self {
            route: route.to_owned(),
            key: text(["kurantkey", "key"]),
            customer: text(["customer", "subject"]),
            body: body.to_owned(),
        }
    }
}
