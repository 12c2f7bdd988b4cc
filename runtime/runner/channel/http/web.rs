//! The one client of HTTP: what may be called, what is read of an answer, and how far a call has come when it fails.

use std::error::Error as _;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Body, Client, Method, Request, Response, redirect, retry};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use url::Url;

use super::marked::{Mark, Marked};
use super::reach::{Forbidden, Reach, Side};

/// How long a connection may take to be made.
const TO_CONNECT: Duration = Duration::from_secs(8);
/// How long the body of an answer may take. With the longest timeout it stays below the time for which a claim holds.
const TO_READ: Duration = Duration::from_secs(5);
/// Nothing more of an answer is read, in bytes.
const LARGEST_ANSWER: usize = 64 * 1024;
/// A connection that nobody used for so long is closed: servers hang up on those, and what was just sent would be in doubt.
const IDLE: Duration = Duration::from_secs(4);

/// Looks a name up.
pub(super) type LookUp =
    fn(String) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;

/// The way to the web.
#[derive(Clone)]
pub struct Web {
    reach: Reach,
    outside: Client,
    inside: Client,
}

/// A call.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    /// How long it may take until the answer begins.
    pub(super) patience: Duration,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Came {
    pub(super) status: u16,
    pub(super) retry_after: Option<String>,
    /// None when it is too large, or did not come whole or in time.
    pub(super) body: Option<Vec<u8>>,
}

/// Why nothing came back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// It must not be called.
    Forbidden(String),
    /// Nobody was there to be called.
    NotThere(String),
    /// The connection was lost before anything of the request was given.
    Before(String),
    /// The request was given, and then nothing was heard.
    After(String),
}

impl Web {
    /// With these hosts inside that may be called: a name or an address each, and a port if only that one is meant.
    ///
    /// # Errors
    /// When TLS can't be used on this machine.
    pub fn open(internal_hosts: &[String]) -> Result<Self, String> {
        Self::looking_up(internal_hosts, |name| {
            Box::pin(async move {
                let found = tokio::net::lookup_host((name, 0)).await?;
                Ok(found.map(|address| address.ip()).collect())
            })
        })
    }

    pub(super) fn looking_up(internal_hosts: &[String], look_up: LookUp) -> Result<Self, String> {
        let client = |side| client(Resolver { side, look_up });
        Ok(Self {
            reach: Reach::new(internal_hosts),
            outside: client(Side::Outside)?,
            inside: client(Side::Inside)?,
        })
    }

    /// Whether an address may be called, as far as it can be told before its name is looked up; its host and port.
    pub(super) fn look_at(&self, url: &str) -> Result<String, String> {
        let (url, _) = self.reach.look_at(url).map_err(|why| why.0)?;
        Ok(place(&url))
    }

    /// Whether somebody is there. Nothing is asked.
    pub(super) async fn knock(&self, url: &str) -> Result<(), String> {
        let (url, side) = self.reach.look_at(url).map_err(|why| why.0)?;
        let port = url.port_or_known_default().unwrap_or_default();
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let trying = async {
            let found = tokio::net::lookup_host((host, port)).await;
            let found: Vec<SocketAddr> = found.map_err(|error| error.to_string())?.collect();
            let addresses: Vec<IpAddr> = found.iter().map(SocketAddr::ip).collect();
            Reach::vet(side, &addresses).map_err(|why| why.0)?;
            let connected = tokio::net::TcpStream::connect(&found[..]).await;
            connected.map(drop).map_err(|error| error.to_string())
        };
        let silent = || format!("it did not answer within {} seconds", TO_CONNECT.as_secs());
        timeout(TO_CONNECT, trying).await.map_err(|_| silent())?
    }

    /// Makes a call.
    pub(super) async fn call(&self, call: Call) -> Result<Came, Failed> {
        let (mut url, side) = self
            .reach
            .look_at(&call.url)
            .map_err(|why| Failed::Forbidden(why.0))?;
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let client = match side {
            Side::Outside => &self.outside,
            Side::Inside => &self.inside,
        };
        let (mark, has_body) = (Mark::default(), call.body.is_some());
        let mut request = Request::new(call.method, url);
        *request.headers_mut() = call.headers;
        if let Some(bytes) = call.body {
            *request.body_mut() = Some(Body::wrap(Marked::new(bytes, mark.clone())));
        }
        let answered = timeout(call.patience, client.execute(request)).await;
        match answered {
            Ok(Ok(response)) => Ok(read(response).await),
            Ok(Err(error)) => Err(failed(error, has_body && !mark.is_set())),
            Err(_) => {
                let silent = format!("it said nothing for {:?}", call.patience);
                match has_body && !mark.is_set() {
                    true => Err(Failed::NotThere(silent)),
                    false => Err(Failed::After(silent)),
                }
            }
        }
    }
}

/// A host and its port, as people write them.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// A client that follows nobody elsewhere and sends nothing twice.
fn client(resolver: Resolver) -> Result<Client, String> {
    let unusable = |error: &dyn std::fmt::Display| format!("TLS can't be used: {error}");
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(resolver)
        .no_proxy()
        .http1_only()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .connect_timeout(TO_CONNECT)
        .pool_idle_timeout(IDLE)
        .user_agent(concat!("Kurant/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| unusable(&error.without_url()))
}

/// What is there of an answer: never more than is wanted, and never for longer.
async fn read(mut response: Response) -> Came {
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|own| own.to_str().ok())
        .map(str::to_owned);
    let reading = async {
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.ok()? {
            if body.len() + piece.len() > LARGEST_ANSWER {
                return None;
            }
            body.extend_from_slice(&piece);
        }
        Some(body)
    };
    Came {
        status,
        retry_after,
        body: timeout(TO_READ, reading).await.ok().flatten(),
    }
}

/// What an error means; `untouched` when nothing of the request had been asked for.
fn failed(error: reqwest::Error, untouched: bool) -> Failed {
    let error = error.without_url();
    let is_unmade = error.is_connect();
    let is_late = error.is_timeout();
    let mut deepest = String::new();
    let mut source = error.source();
    while let Some(own) = source {
        if let Some(Forbidden(why)) = own.downcast_ref::<Forbidden>() {
            return Failed::Forbidden(why.clone());
        }
        deepest = own.to_string();
        source = own.source();
    }
    if is_unmade {
        return Failed::NotThere(match is_late {
            true => format!("it did not answer within {} seconds", TO_CONNECT.as_secs()),
            false => deepest,
        });
    }
    let lost = "the connection was lost".to_owned();
    match untouched {
        true => Failed::Before(lost),
        false => Failed::After(lost),
    }
}

/// Looks names up, and lets none through that leads where it must not.
struct Resolver {
    side: Side,
    look_up: LookUp,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (side, looking) = (self.side, (self.look_up)(name.as_str().to_owned()));
        Box::pin(async move {
            let found = looking.await?;
            Reach::vet(side, &found)?;
            let addresses = found.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}
