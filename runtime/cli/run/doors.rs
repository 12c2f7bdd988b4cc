//! What a run listens at: events and whoever watches over it come in by one door, customers by another.

use std::io::ErrorKind;
use std::path::Path;

use kurant_engine::definition::Definitions;
use kurant_runner::{Door, Error as RunnerError, Outside, PublicDoor, Standing};

use super::Args;
use crate::embedded::{self, failure};
use crate::error::Error;
use crate::public;
use crate::secret;

/// The doors that are open.
pub(super) struct Doors {
    /// For events, and for whoever watches over the process.
    pub(super) events: Option<Door>,
    /// For customers.
    pub(super) public: Option<PublicDoor>,
}

impl Doors {
    /// Ends them.
    pub(super) async fn close(self) {
        if let Some(public) = self.public {
            public.close().await;
        }
        if let Some(events) = self.events {
            events.close().await;
        }
    }
}

/// Opens the doors. An address that nobody asked for and that is taken is no reason not to run.
pub(super) async fn open_doors(
    folder: &Path,
    args: &Args,
    definitions: &Definitions,
    standing: Standing,
) -> Result<Doors, Error> {
    if args.until_idle {
        return Ok(Doors {
            events: None,
            public: None,
        });
    }
    Ok(Doors {
        events: for_events(folder, args, definitions, standing).await?,
        public: for_customers(folder, args, definitions).await?,
    })
}

async fn for_events(
    folder: &Path,
    args: &Args,
    definitions: &Definitions,
    standing: Standing,
) -> Result<Option<Door>, Error> {
    let settings = &definitions.workspace.settings;
    let named = Some(settings.listen.clone()).filter(|address| !address.is_empty());
    let Some(address) = args.listen.clone().or(named) else {
        return Ok(None);
    };
    let token = settings.token.as_deref();
    let token = token.map(|token| secret::open(folder, token)).transpose()?;
    match Door::open(&address, token.as_deref(), standing).await {
        Ok(door) => {
            if door.is_wide_open() {
                tracing::warn!(
                    "anybody who reaches {} may send events; add `token: \"${{env:KURANT_TOKEN}}\"` to `console` in kurant.yaml",
                    door.address()
                );
            }
            Ok(Some(door))
        }
        Err(error) if args.listen.is_some() => Err(failure(error)),
        Err(error) => {
            args.talk.tell(&format!(
                "no events over HTTP, and no metrics: {error}; choose another address with --listen"
            ));
            Ok(None)
        }
    }
}

/// Letters lead there: without it nobody could unsubscribe. Of several workers on one machine the first serves the pages.
async fn for_customers(
    folder: &Path,
    args: &Args,
    definitions: &Definitions,
) -> Result<Option<PublicDoor>, Error> {
    let Some(pages) = &definitions.workspace.settings.public else {
        return Ok(None);
    };
    let ways = embedded::ways(folder, definitions)?;
    let providers = ways.http_providers();
    let outside = Outside {
        links: public::links(folder, pages)?,
        providers: providers
            .map(|(channel, provider)| (channel.to_owned(), provider.clone()))
            .collect(),
        trusted_proxies: pages.trusted_proxies.clone(),
    };
    match PublicDoor::open(&pages.listen, outside).await {
        Ok(door) => Ok(Some(door)),
        Err(RunnerError::Listen { source, .. }) if source.kind() == ErrorKind::AddrInUse => {
            args.talk.tell(&format!(
                "somebody listens at {} already: if it is no other worker of this workspace, choose another `listen` under `public` in kurant.yaml",
                pages.listen
            ));
            Ok(None)
        }
        Err(RunnerError::Callback(why)) => {
            Err(Error::failure(why).hint("mend what it takes from the environment"))
        }
        Err(error) => Err(
            Error::failure(format!("customers can't reach Kurant: {error}"))
                .hint("choose another `listen` under `public` in kurant.yaml"),
        ),
    }
}
