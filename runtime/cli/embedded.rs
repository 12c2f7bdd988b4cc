//! What `run` and `import` share: the store, the outbox and the inbox that the workspace names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kurant_engine::definition::Definitions;
use kurant_runner::{Audience, Clock, Error as RunnerError, Purpose, Runner};
use kurant_store::{Durability, Memory, Postgres, Sqlite, Store, redacted};

use crate::error::Error;
use crate::secret;

/// Where state lives unless `store.url` says otherwise.
const STORE: &str = "sqlite://.kurant/state.db";
/// Where event files are dropped unless `events.url` says otherwise.
const INBOX: &str = "file://.kurant/inbox";
/// Where the files of the outbox are.
const OUTBOX: &str = ".kurant/outbox";

/// The store that the workspace names, open to write.
pub(crate) async fn store(
    folder: &Path,
    definitions: &Definitions,
) -> Result<Arc<dyn Store>, Error> {
    let url = named_store(folder, definitions)?;
    let url = url.as_str();
    if url == "memory:" {
        return Ok(Arc::new(Memory::new()));
    }
    if is_postgres(url) {
        let store = Postgres::open_alone(url, Durability::Required).await;
        return Ok(Arc::new(store.map_err(unopened)?));
    }
    let Some(path) = url.strip_prefix("sqlite://") else {
        let url = redacted(url);
        return Err(Error::failure(kurant_store::Error::Url { url }.to_string()));
    };
    let store = Sqlite::open(&folder.join(path)).await;
    Ok(Arc::new(store.map_err(unopened)?))
}

fn unopened(error: kurant_store::Error) -> Error {
    if matches!(error, kurant_store::Error::Locked { .. }) {
        return Error::failure(error.to_string()).hint("end that one first, or let it do the work");
    }
    unreadable(error)
}

/// The store that the workspace names, to read only; a running `run` may go on beside it.
pub(crate) async fn store_to_read(
    folder: &Path,
    definitions: &Definitions,
) -> Result<Arc<dyn Store>, Error> {
    let url = named_store(folder, definitions)?;
    let url = url.as_str();
    if is_postgres(url) {
        let store = Postgres::open_to_read(url).await;
        return Ok(Arc::new(store.map_err(unreadable)?));
    }
    let path = url.strip_prefix("sqlite://").map(|path| folder.join(path));
    match path.filter(|path| path.is_file()) {
        Some(path) => Ok(Arc::new(
            Sqlite::open_to_read(&path).await.map_err(unreadable)?,
        )),
        None => Err(Error::failure(format!(
            "nothing has run here yet: {} is not there",
            redacted(url)
        ))
        .hint("start `kurant run`, or load what was before with `kurant import`")),
    }
}

/// The URL of the store that the workspace names, with its secrets filled in.
fn named_store(folder: &Path, definitions: &Definitions) -> Result<String, Error> {
    match definitions.workspace.settings.store.as_str() {
        "" => Ok(STORE.to_owned()),
        named => secret::open(folder, named),
    }
}

/// Whether a URL names a PostgreSQL database.
fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// What the store says when it can't be read.
pub(crate) fn unreadable(error: kurant_store::Error) -> Error {
    Error::failure(error.to_string())
}

/// The folder that event files are dropped into.
pub(crate) fn inbox(folder: &Path, definitions: &Definitions) -> Result<PathBuf, Error> {
    let named = definitions.workspace.settings.events.as_str();
    let url = if named.is_empty() { INBOX } else { named };
    match url.strip_prefix("file://") {
        Some(path) => Ok(folder.join(path)),
        None => Err(Error::failure(format!(
            "`{url}` is no source of events that this Kurant knows"
        ))
        .hint("write `file://FOLDER`")),
    }
}

/// A runner on a store, with the workspace's outbox.
pub(crate) async fn runner(
    folder: &Path,
    definitions: Definitions,
    store: Arc<dyn Store>,
    clock: Arc<Clock>,
    audience: Box<dyn Audience>,
    purpose: Purpose,
) -> Result<Runner, Error> {
    let outbox = folder.join(OUTBOX);
    Runner::begin(store, clock, definitions, outbox, audience, purpose)
        .await
        .map_err(failure)
}

/// What the runner says when it can't go on.
pub(crate) fn failure(error: RunnerError) -> Error {
    Error::failure(error.to_string())
}

/// The runtime that everything waits on.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
}
