//! A RabbitMQ broker: its address, a connection to it, and how long to wait between tries.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use kurant_store::is_misread;
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{Connection, ConnectionProperties};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

/// How often both sides say that they are there, in seconds, unless the address tells: a peer that is cut off is missed
/// after twice that.
const HEARTBEAT: u16 = 10;
/// How long a connection may take to come about, with all that is asked for at its beginning.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// What a client says first in AMQP 0-9-1, how long an answer may take and how long it may be.
const GREETING: &[u8] = b"AMQP\x00\x00\x09\x01";
const HELLO: Duration = Duration::from_secs(5);
const LONGEST_HELLO: u64 = 64 * 1024;
/// The longest name in the protocol, in bytes.
const LONGEST_NAME: usize = 255;
/// The shortest and the longest pause between two tries to connect.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Why a broker can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address can't be read. Nothing of it is told: it may be a password that stands where an address should.
    #[error(
        "what is given is not an address of RabbitMQ: {0}; write `amqp://USER:PASSWORD@HOST:PORT/VHOST`, and `%40`, `%2F`, `%3F`, \
         `%23` and `%25` for `@`, `/`, `?`, `#` and `%` in a name or a password"
    )]
    Address(&'static str),
    /// The address names no queue.
    #[error("the address names no queue: write it at the end, `amqp://HOST/QUEUE`")]
    NoQueue,
    /// The broker said no, or was not reached.
    #[error("{0}")]
    Broker(#[from] lapin::Error),
    /// The broker said no to something that can be named.
    #[error("{what}: {source}")]
    Refused {
        /// What was asked for, and what to do about it.
        what: String,
        /// What the broker said.
        source: lapin::Error,
    },
    /// It took too long.
    #[error("there was no answer for {} seconds", PATIENCE.as_secs())]
    Slow,
    /// More queues are bound than are read.
    #[error(
        "the broker has a queue `{queue}`, and `shards` says that there are only {shards}: what it holds would wait for ever. \
         Set `shards` as it was, or delete the queue once it is empty"
    )]
    MoreShards {
        /// A queue that nobody would read.
        queue: String,
        /// How many are read.
        shards: u16,
    },
    /// A consumer ended though the connection stands.
    #[error("the broker ended the delivery: a queue was deleted or moved")]
    Ended,
}

impl Error {
    /// Whether trying again helps only once somebody has done something.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Broker(error) => error.is_amqp_error(),
            Self::Refused { .. } | Self::MoreShards { .. } => true,
            _ => false,
        }
    }
}

/// Says where a broker is, and as whom to speak to it, as that is now; none = as before.
pub type Asking = Arc<dyn Fn() -> Option<Address> + Send + Sync>;

/// Where a broker is, and as whom to speak to it.
#[derive(Clone)]
pub struct Address {
    uri: AMQPUri,
    /// Asked before each connection.
    asking: Option<Asking>,
}

/// How it is asked for is no part of where it is.
impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.uri == other.uri
    }
}

impl Address {
    /// Reads `amqp://USER:PASSWORD@HOST:PORT/VHOST`; without a virtual host it is `/`.
    ///
    /// # Errors
    /// [`Error::Address`].
    pub fn parse(url: &str) -> Result<Self, Error> {
        let parsed = Url::parse(url).map_err(|_| Error::Address("host or port can't be read"))?;
        if !["amqp", "amqps"].contains(&parsed.scheme()) {
            return Err(Error::Address("it doesn't begin with `amqp://`"));
        }
        if is_misread(&parsed) {
            return Err(Error::Address("an `@` stands behind the host"));
        }
        // What the parser says holds what it was given.
        let mut uri: AMQPUri = url
            .parse()
            .map_err(|_| Error::Address("a name, or a number behind its `?`, can't be read"))?;
        if uri.vhost.is_empty() {
            uri.vhost = "/".into();
        }
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        Ok(Self { uri, asking: None })
    }

    /// The password may change: it is asked for before each connection.
    #[must_use]
    pub fn asking(mut self, asking: Asking) -> Self {
        self.asking = Some(asking);
        self
    }

    /// Reads an address with a queue at its end: `amqp://HOST/QUEUE` or `amqp://HOST/VHOST/QUEUE`.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::NoQueue`].
    pub fn with_queue(url: &str) -> Result<(Self, String), Error> {
        Self::parse(url)?;
        let (place, query) = match url.split_once('?') {
            Some((place, query)) => (place, format!("?{query}")),
            None => (url, String::new()),
        };
        let begin = place.find("://").map_or(0, |at| at + 3);
        let cut = place[begin..].rfind('/').ok_or(Error::NoQueue)? + begin;
        // A name in an address is written as a virtual host is.
        let queue = Self::parse(&format!("amqp://x{}", &place[cut..]))?
            .uri
            .vhost;
        if place[cut..].len() < 2 {
            return Err(Error::NoQueue);
        }
        if queue.len() > LONGEST_NAME {
            return Err(Error::Address("the queue's name has more than 255 bytes"));
        }
        Ok((Self::parse(&format!("{}{query}", &place[..cut]))?, queue))
    }

    /// Connects, under a name that the broker's operators see.
    pub(crate) async fn connect(&self, name: &str) -> Result<Connection, Error> {
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let fresh = self.asking.as_ref().and_then(|asking| asking());
        let uri = fresh.map_or_else(|| self.uri.clone(), |own| own.uri);
        Ok(Connection::connect_uri(uri, properties).await?)
    }

    /// The version that the broker says it has, before anybody has said who he is. None over an encrypted connection, or if it
    /// says nothing of that kind.
    pub(crate) async fn version(&self) -> Option<String> {
        if self.uri.scheme != AMQPScheme::AMQP {
            return None;
        }
        let place = (self.uri.authority.host.as_str(), self.uri.authority.port);
        let asking = async {
            let mut stream = TcpStream::connect(place).await.ok()?;
            stream.write_all(GREETING).await.ok()?;
            let mut said = Vec::new();
            let mut hello = stream.take(LONGEST_HELLO);
            while version_in(&said).is_none() {
                if hello.read_buf(&mut said).await.ok()? == 0 {
                    return None;
                }
            }
            version_in(&said)
        };
        tokio::time::timeout(HELLO, asking).await.ok()?
    }
}

/// The text of the property `version` in what a broker says first: its name, the sign of a text, the length, the text.
fn version_in(said: &[u8]) -> Option<String> {
    const PROPERTY: &[u8] = b"\x07versionS";
    let mut places = said.windows(PROPERTY.len());
    let (_, rest) = said.split_at(places.position(|own| own == PROPERTY)? + PROPERTY.len());
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let text = rest.get(..u32::from_be_bytes(*length) as usize)?;
    let text = std::str::from_utf8(text).ok()?;
    (text.len() <= LONGEST_NAME).then(|| text.to_owned())
}

/// Host, port and virtual host; never the password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = &self.uri.authority;
        write!(f, "{}:{}", authority.host, authority.port)?;
        match self.uri.vhost.as_str() {
            "/" => Ok(()),
            vhost => write!(f, "/{vhost}"),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// Pauses between tries: at least a second, and up to half a minute after many in vain, never the same for two processes.
#[derive(Debug, Default)]
pub(crate) struct Pauses {
    tries: u32,
}

impl Pauses {
    /// The pause before the next try.
    pub(crate) fn next(&mut self) -> Duration {
        let more = PAUSE
            .saturating_mul(1 << self.tries.min(5))
            .min(LONGEST_PAUSE - PAUSE);
        self.tries += 1;
        let share = RandomState::new().build_hasher().finish() % 1_000;
        PAUSE + more.mul_f64(share as f64 / 1_000.0)
    }

    /// It worked.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let address = Address::parse("amqp://shop:secret@rabbit:5673/%2f").unwrap();
        assert_eq!(address.to_string(), "rabbit:5673");
        assert_eq!(format!("{address:?}"), "Address(rabbit:5673)");
        let other = Address::parse("amqp://rabbit/retail").unwrap();
        assert_eq!(other.to_string(), "rabbit:5672/retail");
    }

    #[test]
    fn nothing_is_told_of_an_address_that_is_none() {
        for url in [
            "s3cret",
            "amqp:s3cret",
            "http://shop:s3cret@rabbit/q",
            "amqp://shop:s3cret@rabbit:s3cret/q",
            "amqp://shop:12/s3cret@rabbit/q",
            "amqp://shop:12?s3cret@rabbit/q",
            "amqp://shop:12#s3cret@rabbit/q",
            "amqp://shop:x@rabbit/q?auth_mechanism=s3cret",
            "amqp://shop:x@rabbit/q?heartbeat=s3cret",
        ] {
            for error in [
                Address::parse(url).unwrap_err(),
                Address::with_queue(url).unwrap_err(),
            ] {
                let told = format!("{error} {error:?}");
                assert!(
                    told.contains("not an address") && !told.contains("s3cret"),
                    "{told}"
                );
            }
        }
    }

    #[test]
    fn a_broker_says_its_version_first() {
        let said = b"\x01..\x07productS\x00\x00\x00\x08RabbitMQ\x07versionS\x00\x00\x00\x063.10.8\x0bother";
        assert_eq!(version_in(said).as_deref(), Some("3.10.8"));
        for torn in 0..40 {
            assert_eq!(version_in(&said[..torn]), None);
        }
        assert_eq!(version_in(b"\x07versionS\xff\xff\xff\xffx"), None);
    }

    #[test]
    fn a_queue_stands_at_the_end_of_an_address() {
        let split = |url: &str| {
            let (address, queue) = Address::with_queue(url).unwrap();
            (address.to_string(), queue)
        };
        assert_eq!(
            split("amqp://rabbit/orders"),
            ("rabbit:5672".into(), "orders".into())
        );
        assert_eq!(
            split("amqp://rabbit/shop/orders?heartbeat=5"),
            ("rabbit:5672/shop".into(), "orders".into())
        );
        assert_eq!(
            split("amqp://rabbit/a%2fb/c%2fd"),
            ("rabbit:5672/a/b".into(), "c/d".into())
        );
        for url in ["amqp://rabbit", "amqp://rabbit/"] {
            assert!(
                matches!(Address::with_queue(url), Err(Error::NoQueue)),
                "{url}"
            );
        }
    }

    #[test]
    fn pauses_grow_up_to_half_a_minute_and_are_never_under_a_second() {
        let mut pauses = Pauses::default();
        for _ in 0..100 {
            let pause = pauses.next();
            assert!((PAUSE..=LONGEST_PAUSE).contains(&pause), "{pause:?}");
        }
        pauses.reset();
        assert!(pauses.next() <= PAUSE * 2);
    }
}
