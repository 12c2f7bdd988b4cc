//! What `run` and `import` share: the store, the outbox and the inbox that the workspace names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::definition::Definitions;
use kurant_engine::id::CustomerId;
use kurant_runner::{
    Address, Asking, Audience, Clock, Error as RunnerError, HttpProvider, MailServer, Purpose,
    Runner, Ways, Web,
};
use kurant_store::{Durability, Kept, Memory, Postgres, Sqlite, Store, Stored, shown};
use serde::Deserialize;

use crate::environment;
use crate::error::Error;
use crate::folder::Folder;
use crate::migrate;
use crate::public;
use crate::secret;
use crate::way::Way;
use crate::way_by_http;

/// Where state lives unless `store.url` says otherwise.
const STORE: &str = "sqlite://.kurant/state.db";
/// Where event files are dropped unless `events.url` says otherwise.
const INBOX: &str = "file://.kurant/inbox";
/// Where the files of the outbox are.
const OUTBOX: &str = ".kurant/outbox";

/// The mark under which the runner keeps how far it has come.
pub(crate) const PLACE: &str = "fired";
/// The longest name of an exchange, in bytes.
const LONGEST_EXCHANGE: usize = 200;

/// Who works on a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Company {
    /// One process.
    Alone,
    /// Any number of them, where the store takes that.
    Others,
}

/// The store that the workspace names, open to write.
pub(crate) async fn store(
    folder: &Path,
    definitions: &Definitions,
    company: Company,
) -> Result<Arc<dyn Store>, Error> {
    let url = named_store(folder, definitions)?;
    let url = url.as_str();
    if url == "memory:" {
        return Ok(Arc::new(Memory::new()));
    }
    if is_postgres(url) {
        let store = match company {
            Company::Alone => Postgres::open_alone(url, Durability::Required).await,
            Company::Others => Postgres::open_among_others(url, Durability::Required).await,
        };
        return Ok(Arc::new(store.map_err(unopened)?));
    }
    let Some(path) = url.strip_prefix("sqlite://") else {
        return Err(no_store(url));
    };
    let store = Sqlite::open(&folder.join(path)).await;
    let store = store.map_err(unopened)?;
    if let Some(own) = store.brought_up() {
        eprintln!("{}", migrate::brought_up(own));
    }
    Ok(Arc::new(store))
}

/// Where a store is.
pub(crate) enum Place {
    /// A database, by its URL.
    Postgres(String),
    /// A file.
    Sqlite(PathBuf),
    /// Nowhere.
    Memory,
}

/// Where the store is that the workspace names. Nothing else of the workspace is read.
pub(crate) fn place_of_store(folder: &Folder) -> Result<Place, Error> {
    let url = store_alone(folder)?;
    if is_postgres(&url) {
        return Ok(Place::Postgres(url));
    }
    match url.strip_prefix("sqlite://") {
        Some(path) => Ok(Place::Sqlite(folder.join(path))),
        None if url == "memory:" => Ok(Place::Memory),
        None => Err(no_store(&url)),
    }
}

/// The file that the store is, if it is one.
pub(crate) fn store_file(
    folder: &Path,
    definitions: &Definitions,
) -> Result<Option<PathBuf>, Error> {
    let url = named_store(folder, definitions)?;
    let path = url.strip_prefix("sqlite://");
    Ok(path.map(|path| folder.join(path)))
}

fn unopened(error: kurant_store::Error) -> Error {
    if matches!(error, kurant_store::Error::Locked { .. }) {
        return Error::outage(error.to_string()).hint("end that one first, or let it do the work");
    }
    unreadable(error)
}

/// The store that the workspace names, to read only; a running `run` may go on beside it.
pub(crate) async fn store_to_read(
    folder: &Path,
    definitions: &Definitions,
) -> Result<Arc<dyn Store>, Error> {
    opened_to_read(folder, &named_store(folder, definitions)?).await
}

/// The same while a file of the workspace has mistakes: only the store's place is read.
pub(crate) async fn store_to_read_beside(folder: &Folder) -> Result<Arc<dyn Store>, Error> {
    opened_to_read(folder, &store_alone(folder)?).await
}

async fn opened_to_read(folder: &Path, url: &str) -> Result<Arc<dyn Store>, Error> {
    if is_postgres(url) {
        let store = Postgres::open_to_read(url).await;
        return Ok(Arc::new(store.map_err(|error| match error {
            kurant_store::Error::Missing { .. } => nothing_yet(&shown(url)),
            other => unreadable(other),
        })?));
    }
    let path = there(folder, url)?;
    let store = Sqlite::open_to_read(&path).await;
    Ok(Arc::new(store.map_err(unreadable)?))
}

/// The store that the workspace names, to leave marks in, or to settle what was given up, beside a running `run`. Of the workspace only the store's place is
/// read: whoever has to stop something can do so while a file has mistakes.
pub(crate) async fn store_beside(folder: &Folder) -> Result<Arc<dyn Store>, Error> {
    let store = opened_beside(folder).await?;
    environment::look(&*store, folder).await?;
    Ok(store)
}

async fn opened_beside(folder: &Folder) -> Result<Arc<dyn Store>, Error> {
    let url = store_alone(folder)?;
    if is_postgres(&url) {
        // There has to be something to steer.
        let there = Postgres::open_to_read(&url).await;
        there.map_err(|error| match error {
            kurant_store::Error::Missing { .. } => nothing_yet(&shown(&url)),
            other => unreadable(other),
        })?;
        let store = Postgres::open(&url, Durability::Required).await;
        return Ok(Arc::new(store.map_err(unreadable)?));
    }
    let path = there(folder, &url)?;
    let store = Sqlite::open_beside(&path).await;
    Ok(Arc::new(store.map_err(unreadable)?))
}

/// The file that a store is, if it is there.
fn there(folder: &Path, url: &str) -> Result<PathBuf, Error> {
    match url.strip_prefix("sqlite://").map(|path| folder.join(path)) {
        Some(path) if path.is_file() => Ok(path),
        None if url != "memory:" => Err(no_store(url)),
        _ => Err(nothing_yet(&shown(url))),
    }
}

/// The address is none of a store.
fn no_store(url: &str) -> Error {
    let url = shown(url);
    Error::failure(kurant_store::Error::Url { url }.to_string())
}

/// The URL of the store, from `kurant.yaml` and nothing else.
fn store_alone(folder: &Folder) -> Result<String, Error> {
    #[derive(Default, Deserialize)]
    struct Named {
        /// `~` takes out what stood there before: that is another thing than to say nothing.
        #[serde(default, deserialize_with = "said")]
        store: Option<Option<Url>>,
    }
    fn said<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<Url>>, D::Error> {
        Option::deserialize(from).map(Some)
    }
    #[derive(Deserialize)]
    struct Url {
        url: String,
    }
    let named = |name: String| {
        let path = folder.join(name);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Error::usage(format!("can't read {}: {error}", path.display())).hint(
                "name the workspace with `--workspace DIR`, the environment with `--env NAME`",
            )
        })?;
        let named: Named = serde_yaml::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| Error::findings(format!("{}: {error}", path.display())))?;
        Ok::<_, Error>(named.store)
    };
    let own = match folder.environment() {
        Some(name) => named(format!("kurant.{name}.yaml"))?,
        None => None,
    };
    let own = match own {
        Some(own) => Some(own),
        None => named("kurant.yaml".to_owned())?,
    };
    match own {
        Some(Some(store)) => secret::open(folder, &store.url),
        Some(None) | None => Ok(STORE.to_owned()),
    }
}

/// A customer, with these events.
pub(crate) async fn customer(store: &dyn Store, id: &str, kept: &[Kept]) -> Result<Stored, Error> {
    let found = store.load(&[CustomerId::from(id)], kept).await;
    let found = found.map_err(unreadable)?.into_iter().next();
    found.ok_or_else(|| {
        Error::usage(format!("nobody is known as customer `{id}`"))
            .hint("ids are as the CRM writes them: the `subject` of events, the `id` of an import")
    })
}

/// Nothing is there yet; a place is told as it may be shown.
pub(crate) fn nothing_yet(place: &str) -> Error {
    let message = format!("nothing has run here yet: {place} is not there");
    Error::absence(message).hint("start `kurant run`, or load what was before with `kurant import`")
}

/// The URL of the store that the workspace names, with its secrets filled in.
pub(crate) fn named_store(folder: &Path, definitions: &Definitions) -> Result<String, Error> {
    match definitions.workspace.settings.store.as_str() {
        "" => Ok(STORE.to_owned()),
        named => secret::open(folder, named),
    }
}

/// Whether a URL names a PostgreSQL database.
fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// Whether a URL names a RabbitMQ broker.
fn is_broker(url: &str) -> bool {
    url.starts_with("amqp://") || url.starts_with("amqps://")
}

/// What time it is for whoever reads a store: the machine's, unless time has been played ahead there.
pub(crate) async fn present(store: &dyn Store) -> Result<Instant, Error> {
    let now = Clock::real().now();
    let place = triggers_place(store).await?;
    Ok(place.map_or(now, |place| now.max(place)))
}

/// Up to where date and inactivity triggers are worked off.
pub(crate) async fn triggers_place(store: &dyn Store) -> Result<Option<Instant>, Error> {
    let marks = store.marks(PLACE).await.map_err(unreadable)?;
    let place = marks.into_iter().find(|(name, _)| name == PLACE);
    Ok(place.and_then(|(_, text)| text.parse().ok()))
}

/// What the store says when it can't be read.
pub(crate) fn unreadable(error: kurant_store::Error) -> Error {
    failure(error.into())
}

/// Where events come from.
pub(crate) enum Source {
    /// A folder that event files are dropped into.
    Inbox(PathBuf),
    /// A broker: its address, and the exchange of our own with its shards.
    Rabbit {
        url: String,
        exchange: Option<(String, u16)>,
    },
}

/// Where events come from besides HTTP.
pub(crate) fn source(folder: &Path, definitions: &Definitions) -> Result<Source, Error> {
    let events = &definitions.workspace.settings.events;
    let url = if events.url.is_empty() {
        INBOX.to_owned()
    } else {
        secret::open(folder, &events.url)?
    };
    if let Some(path) = url.strip_prefix("file://") {
        return Ok(Source::Inbox(folder.join(path)));
    }
    if is_broker(&url) {
        let exchange = events.exchange.clone().map(|name| (name, events.shards));
        return Ok(Source::Rabbit { url, exchange });
    }
    // It may be a secret that came from the environment, so it is not shown.
    Err(
        Error::failure("`events.url` is no source of events that this Kurant knows")
            .hint("write `file://FOLDER` or `amqp://HOST/QUEUE`"),
    )
}

/// Says where the broker is that events come from, as that is now.
pub(crate) fn asking_for_events(folder: &Folder, definitions: &Arc<Definitions>) -> Asking {
    let (folder, definitions) = (folder.clone(), definitions.clone());
    Arc::new(move || match source(&folder, &definitions).ok()? {
        Source::Rabbit {
            url,
            exchange: Some(_),
        } => Address::parse(&url).ok(),
        Source::Rabbit { url, .. } => Some(Address::with_queue(&url).ok()?.0),
        Source::Inbox(_) => None,
    })
}

/// A provider that is told where to call back, if it can and anything is reached from outside.
fn called_back(provider: HttpProvider, ways: &Ways, channel: &str) -> HttpProvider {
    let links = ways.public_links();
    let url = links
        .zip(provider.callback())
        .map(|(links, callback)| links.callback(channel, callback));
    match url {
        Some(url) => provider.called_back_at(url),
        None => provider,
    }
}

/// The ways out that the workspace names: files, mail servers, providers, and exchanges of a broker. All that are wrong are told at
/// once.
pub(crate) fn ways(folder: &Path, definitions: &Definitions) -> Result<Ways, Error> {
    let settings = &definitions.workspace.settings;
    let mut wrong = Vec::new();
    let mut ways = Ways::files(folder.join(OUTBOX));
    if let Some(pages) = &settings.public {
        match public::links(folder, pages) {
            Ok(links) => ways = ways.public(links),
            Err(error) => wrong.push(error),
        }
    }
    let channels = definitions.workspace.channels.iter();
    let channels = channels.map(|channel| (channel.name.as_str(), &channel.settings));
    // What a journey emits goes where the other commands go.
    let routes = [("crm", &settings.crm), ("events", &settings.crm)];
    let web = way_by_http::Lazy::new(&settings.internal_hosts);
    let web = || web.open();
    let hooks = Way {
        folder,
        route: "webhooks",
        settings: &settings.webhooks,
    };
    if hooks.text("kind") == Some("http") {
        match web().and_then(|web| way_by_http::webhooks(&hooks, &web)) {
            Ok(hooks) => ways = ways.webhooks(hooks),
            Err(error) => wrong.push(error),
        }
    }
    for (route, own) in routes.into_iter().chain(channels) {
        let way = Way {
            folder,
            route,
            settings: own,
        };
        match opened(&way, definitions, &web) {
            Ok(Opened::File) => {}
            Ok(Opened::Mail(server)) => ways = ways.mail(route, *server),
            Ok(Opened::Provider(provider)) => {
                let provider = called_back(*provider, &ways, route);
                ways = ways.http(route, provider);
            }
            Ok(Opened::Exchange(address, exchange, valid_for)) => {
                ways = ways.publish(route, address, &exchange, valid_for);
            }
            // Both of these routes are one setting.
            Err(_) if route == "events" => {}
            Err(error) => wrong.push(error),
        }
    }
    match Error::together(wrong) {
        Some(error) => Err(error),
        None => Ok(ways),
    }
}

/// What is on the other end of a way.
enum Opened {
    File,
    Mail(Box<MailServer>),
    Provider(Box<HttpProvider>),
    /// A broker's exchange, and how long a command is tried.
    Exchange(Address, String, i64),
}

fn opened(
    way: &Way<'_>,
    definitions: &Definitions,
    web: &dyn Fn() -> Result<Web, Error>,
) -> Result<Opened, Error> {
    let (folder, route) = (way.folder, way.route);
    match way.text("kind") {
        Some("amqp") => {}
        Some("smtp") => return Ok(Opened::Mail(Box::new(way.mail_server()?))),
        Some("http") if route != "crm" && route != "events" => {
            let provider = way_by_http::provider(way, definitions, &web()?)?;
            return Ok(Opened::Provider(Box::new(provider)));
        }
        _ => return Ok(Opened::File),
    }
    let exchange = way
        .text("exchange")
        .filter(|name| (1..=LONGEST_EXCHANGE).contains(&name.len()));
    let Some(exchange) = exchange else {
        let lacking =
            format!("`{route}` is published to RabbitMQ, and names no exchange that it could have");
        return Err(Error::failure(lacking).hint("add `exchange: crm.commands`"));
    };
    let address = broker(folder, definitions, route, way.text("url"))?;
    let (own, asked, of) = (folder.to_owned(), definitions.clone(), route.to_owned());
    let url = way.text("url").map(str::to_owned);
    let address = address.asking(Arc::new(move || {
        broker(&own, &asked, &of, url.as_deref()).ok()
    }));
    Ok(Opened::Exchange(
        address,
        exchange.to_owned(),
        way.valid_for()?,
    ))
}

/// The broker of a route: its own, or the one that events come from.
fn broker(
    folder: &Path,
    definitions: &Definitions,
    route: &str,
    own: Option<&str>,
) -> Result<Address, Error> {
    let events = &definitions.workspace.settings.events;
    let url = secret::open(folder, own.unwrap_or(&events.url))?;
    if !is_broker(&url) {
        return Err(Error::failure(format!(
            "`{route}` is published to RabbitMQ, and nothing says where that is"
        ))
        .hint("add `url: \"${env:RABBITMQ_URL}\"` beside `exchange`"));
    }
    let address = if own.is_none() && events.exchange.is_none() {
        Address::with_queue(&url).map(|(address, _)| address)
    } else {
        Address::parse(&url)
    };
    address.map_err(|error| Error::failure(format!("the broker of `{route}`: {error}")))
}

/// A runner on a store, with the workspace's ways out.
pub(crate) async fn runner(
    definitions: Definitions,
    store: Arc<dyn Store>,
    clock: Arc<Clock>,
    ways: Ways,
    audience: Box<dyn Audience>,
    purpose: Purpose,
) -> Result<Runner, Error> {
    Runner::begin(store, clock, definitions, ways, audience, purpose)
        .await
        .map_err(failure)
}

/// What the runner says when it can't go on.
pub(crate) fn failure(error: RunnerError) -> Error {
    if error.is_passing() {
        return Error::outage(error.to_string());
    }
    Error::failure(error.to_string())
}

/// The runtime that everything waits on.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
}
