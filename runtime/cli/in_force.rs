//! The definitions that count: what is deployed on the store, else the folder's; and, for those who only look while a file has
//! mistakes, those that `kurant run` took up last, so that nothing looks gone that isn't.

use std::sync::Arc;

use kurant_engine::definition::Definitions;
use kurant_runner::Deployments;
use kurant_store::Store;

use crate::embedded::{self, unreadable};
use crate::error::Error;
use crate::folder::Folder;
use crate::workspace::{self, Found};

/// What a run goes by on a store, and which deployment that is, if it is one.
pub(crate) async fn on(
    store: &dyn Store,
    own: Definitions,
) -> Result<(Definitions, Option<u64>), Error> {
    let deployed = deployed(store).await?;
    Ok(deployed.map_or((own, None), |(definitions, number)| {
        (definitions, Some(number))
    }))
}

/// The definitions that a run begins with: the folder's, or, where that has mistakes, what is deployed on its store.
pub(crate) fn to_begin_with(folder: &Folder) -> Result<Definitions, Error> {
    let mistakes = match workspace::found(folder)? {
        Found::Sound(definitions) => return Ok(*definitions),
        Found::Mistaken(mistakes) => mistakes,
    };
    eprint!("{mistakes}");
    let deployed = embedded::runtime()?.block_on(async {
        let store = embedded::store_to_read_beside(folder).await?;
        deployed(&*store).await
    });
    match deployed {
        Ok(Some((definitions, _))) => {
            eprintln!("the workspace has mistakes; what is deployed is in force all the same");
            Ok(definitions)
        }
        // A store that is away for a moment may hold them: whoever keeps services running tries again.
        Err(error) if error.is_outage() => Err(error),
        _ => Err(Error::findings(
            "the workspace has mistakes; nothing was run",
        )),
    }
}

/// The definitions for those who only look, and the store, open to read.
pub(crate) async fn to_look(folder: &Folder) -> Result<(Arc<dyn Store>, Definitions), Error> {
    let found = workspace::found(folder)?;
    let store = match &found {
        Found::Sound(definitions) => embedded::store_to_read(folder, definitions).await?,
        Found::Mistaken(mistakes) => {
            eprint!("{mistakes}");
            embedded::store_to_read_beside(folder).await?
        }
    };
    if let Some((definitions, _)) = deployed(&*store).await? {
        return Ok((store, definitions));
    }
    if let Found::Sound(definitions) = found {
        return Ok((store, *definitions));
    }
    match store.definitions().await.map_err(unreadable)? {
        Some(definitions) => {
            eprintln!(
                "the workspace has mistakes; this is by what is in force, as `kurant run` took it up last"
            );
            Ok((store, definitions))
        }
        None => Err(Error::findings(
            "the workspace has mistakes, and nothing has been in force yet",
        )),
    }
}

/// What is deployed on a store, with its number, if anything is.
pub(crate) async fn deployed(store: &dyn Store) -> Result<Option<(Definitions, u64)>, Error> {
    let deployments = Deployments::on(store);
    let Some(current) = deployments.current().await.map_err(unreadable)? else {
        return Ok(None);
    };
    let kept = deployments.definitions(current.number).await;
    let kept = kept.map_err(unreadable)?;
    Ok(kept.map(|definitions| (definitions, current.number)))
}

/// The definitions for whoever examines what they name, also where nothing has run yet.
pub(crate) fn to_examine(folder: &Folder) -> Result<Definitions, Error> {
    match workspace::found(folder)? {
        Found::Sound(definitions) => Ok(*definitions),
        Found::Mistaken(_) => {
            let looking = embedded::runtime()?.block_on(to_look(folder));
            looking.map(|(_, definitions)| definitions)
        }
    }
}
