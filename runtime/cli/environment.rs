//! Whose a store is: one environment's, so that nobody tries things out on the customers of another one.

use kurant_store::{Batch, Store};

use crate::embedded::unreadable;
use crate::error::Error;
use crate::folder::Folder;

/// The mark under which a store keeps the environment that works on it.
const MARK: &str = "environment";
/// What stands there where none is named.
const NONE: &str = "-";

/// Makes a store that is new this environment's; refuses one that is another's, unless it is to be `adopted`.
pub(crate) async fn claim(store: &dyn Store, folder: &Folder, adopted: bool) -> Result<(), Error> {
    let own = folder.environment().unwrap_or(NONE);
    let known = known(store).await?;
    match known.owner() {
        Some(owner) if owner != own && !adopted => return Err(anothers(owner, own)),
        _ if known.mark.as_deref() == Some(own) => return Ok(()),
        _ => {}
    }
    let batch = Batch {
        marks: vec![(MARK.to_owned(), Some(own.to_owned()))],
        ..Batch::default()
    };
    store.commit(batch).await.map_err(unreadable)
}

/// Refuses a store that is another environment's.
pub(crate) async fn look(store: &dyn Store, folder: &Folder) -> Result<(), Error> {
    let own = folder.environment().unwrap_or(NONE);
    match known(store).await?.owner() {
        Some(owner) if owner != own => Err(anothers(owner, own)),
        _ => Ok(()),
    }
}

/// What a store tells of whose it is.
struct Known {
    mark: Option<String>,
    has_run: bool,
}

impl Known {
    /// Whose it is; none = nobody's yet. One that was there before environments were belongs to none.
    fn owner(&self) -> Option<&str> {
        let unnamed = self.has_run.then_some(NONE);
        self.mark.as_deref().or(unnamed)
    }
}

async fn known(store: &dyn Store) -> Result<Known, Error> {
    let marks = store.marks(MARK).await.map_err(unreadable)?;
    let mut marks = marks.into_iter();
    let mark = marks.find(|(name, _)| name == MARK).map(|(_, own)| own);
    let definitions = store.definitions().await.map_err(unreadable)?;
    Ok(Known {
        mark,
        has_run: definitions.is_some(),
    })
}

fn anothers(known: &str, own: &str) -> Error {
    let called = |name: &str| match name {
        NONE => "no environment (`--env` was left out)".to_owned(),
        name => format!("the environment {name}"),
    };
    let (theirs, ours) = (called(known), called(own));
    let error = Error::usage(format!(
        "this store belongs to {theirs}, and this is {ours}"
    ));
    let settings = match own {
        NONE => "kurant.yaml".to_owned(),
        own => format!("kurant.{own}.yaml"),
    };
    let right = match known {
        NONE => "leave `--env` out".to_owned(),
        known => format!("run it with `--env {known}`"),
    };
    error.hint(format!(
        "{right}, or give {settings} a `store` of its own; if the store is meant, `kurant run --adopt` makes it this one's"
    ))
}
