//! A way to a server that can be cut: at certain bytes, on one of its two sides.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Who says what is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Whoever connects.
    Client,
    /// The server.
    Server,
}

/// Where it is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// Before what holds these bytes is passed on.
    Bytes(&'static [u8]),
    /// After so many bytes more.
    After(usize),
}

/// A cut that is to be made, and whom to tell that it was.
struct Order {
    side: Side,
    at: At,
    made: oneshot::Sender<()>,
}

type Orders = Arc<Mutex<Option<Order>>>;

/// A way to a server.
pub(super) struct Proxy {
    listener: Mutex<Option<TcpListener>>,
    own: String,
    orders: Orders,
}

impl Proxy {
    pub(super) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("an address").to_string();
        Self {
            listener: Mutex::new(Some(listener)),
            own,
            orders: Orders::default(),
        }
    }

    /// From now on it leads to the server of this URL. Returns the URL that leads through it.
    pub(super) fn lead_to(&self, url: &str) -> String {
        let (before, rest) = url.split_once('@').expect("a user");
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (server, after) = rest.split_at(end);
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        let listener = listener.take().expect("it leads nowhere yet");
        tokio::spawn(serve(listener, server.to_owned(), self.orders.clone()));
        format!("{before}@{}{after}", self.own)
    }

    /// Cuts one connection; what is returned is ready once that has happened.
    pub(super) fn cut(&self, side: Side, at: At) -> oneshot::Receiver<()> {
        let (made, receiver) = oneshot::channel();
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        *orders = Some(Order { side, at, made });
        receiver
    }
}

async fn serve(listener: TcpListener, server: String, orders: Orders) {
    while let Ok((client, _)) = listener.accept().await {
        let (server, orders) = (server.clone(), orders.clone());
        tokio::spawn(async move {
            // A server that is away is away for whoever comes through here too.
            if let Ok(server) = TcpStream::connect(server).await {
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                // When one side ends, both do.
                tokio::select! {
                    () = pass(from_client, to_server, Side::Client, &orders) => {}
                    () = pass(from_server, to_client, Side::Server, &orders) => {}
                }
            }
        });
    }
}

/// Passes on what one side says, until it has said all or is cut off.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    side: Side,
    orders: &Orders,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length) = from.read(&mut buffer).await {
        if length == 0 {
            return;
        }
        let said = &buffer[..length];
        let cut = cut(said, side, orders);
        let passed_on = cut.as_ref().map_or(said, |(upto, _)| &said[..*upto]);
        if to.write_all(passed_on).await.is_err() {
            return;
        }
        if let Some((_, made)) = cut {
            // Whoever waits for it may have gone.
            let _ = made.send(());
            return;
        }
    }
}

/// How much of this is still passed on, if it is to be cut here.
fn cut(said: &[u8], side: Side, orders: &Orders) -> Option<(usize, oneshot::Sender<()>)> {
    let mut orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
    let order = orders.as_mut().filter(|order| order.side == side)?;
    let upto = match &mut order.at {
        At::Bytes(bytes) => said
            .windows(bytes.len())
            .any(|window| window == *bytes)
            .then_some(0),
        At::After(left) if *left <= said.len() => Some(*left),
        At::After(left) => {
            *left -= said.len();
            None
        }
    }?;
    orders.take().map(|order| (upto, order.made))
}
