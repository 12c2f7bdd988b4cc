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
    let mark = mark(store).await?;
    if mark.as_deref() == Some(own(folder)) {
        return Ok(());
    }
    if !adopted {
        refuse_anothers(store, mark, folder).await?;
    }
    let batch = Batch {
        marks: vec![(MARK.to_owned(), Some(own(folder).to_owned()))],
        ..Batch::default()
    };
    store.commit(batch).await.map_err(unreadable)
}

/// Refuses a store that is another environment's.
pub(crate) async fn look(store: &dyn Store, folder: &Folder) -> Result<(), Error> {
    let mark = mark(store).await?;
    refuse_anothers(store, mark, folder).await
}

/// What stands for a folder's environment.
fn own(folder: &Folder) -> &str {
    folder.environment().unwrap_or(NONE)
}

/// What a store says of whose it is.
async fn mark(store: &dyn Store) -> Result<Option<String>, Error> {
    let marks = store.marks(MARK).await.map_err(unreadable)?;
    let mut marks = marks.into_iter();
    Ok(marks.find(|(name, _)| name == MARK).map(|(_, own)| own))
}

async fn refuse_anothers(
    store: &dyn Store,
    mark: Option<String>,
    folder: &Folder,
) -> Result<(), Error> {
    let owner = match mark {
        Some(owner) => owner,
        // One that was there before environments were belongs to none.
        None if store.definitions().await.map_err(unreadable)?.is_some() => NONE.to_owned(),
        None => return Ok(()),
    };
    match owner == own(folder) {
        true => Ok(()),
        false => Err(anothers(&owner, own(folder))),
    }
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
