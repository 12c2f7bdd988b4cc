//! `kurant customer ID`: where one customer stands, and what an operator does about one: beside a running `run`, or before one.

mod erase;
mod export;
mod messages;
mod show;
mod steer;

use std::process::ExitCode;

use kurant_authoring::suggest::nearest;
use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::catalog::{Acting, Catalog};
use kurant_engine::definition::Definitions;
use kurant_runner::Steering;
use kurant_store::{Kept, Store, Stored};

use crate::embedded::{self, failure, unreadable};
use crate::error::Error;
use crate::folder::Folder;

/// How many customers are looked through for an id that was meant.
const LOOKED_THROUGH: usize = 10_000;

/// Arguments of `kurant customer`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant customer c42                                  where it stands, what leaves\n  \
    kurant customer c42 end welcome --why \"she asked\"    out of the journey\n  \
    kurant customer c42 skip welcome                     past the step where it stands\n  \
    kurant customer c42 postpone welcome --by 2d         its wait ends later\n  \
    kurant customer c42 move welcome --to fifteen        on with another step\n  \
    kurant customer c42 skip welcome --dry-run           what would happen\n  \
    kurant customer c42 export --out c42.json            all that is held about the person\n  \
    kurant customer c42 erase --why \"asked for it\"      forgets the person, for good\n\n\
    All of it works beside a running `run`, which takes it up at once, or before one. A customer\n\
    whose id is one of these words: `kurant customer -- end`.")]
pub(crate) struct Args {
    /// The customer's id, as the CRM writes it
    id: String,
    /// Who reads it
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    format: Format,
    #[command(subcommand)]
    what: Option<What>,
}

/// Who reads the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// People
    Text,
    /// Programs
    Json,
}

/// What is done about one customer.
#[derive(Debug, clap::Subcommand)]
enum What {
    #[command(flatten)]
    Steer(steer::Wish),
    /// Write down all that is held about the person
    Export(export::Export),
    /// Forget the person: profile, history, journeys, messages, addresses; for good
    Erase(erase::Erase),
}

/// What is known of one customer, and what decides about it.
pub(crate) struct Known {
    pub(crate) catalog: Catalog,
    pub(crate) stored: Stored,
    pub(crate) now: Instant,
}

impl Known {
    /// The customer's clock.
    pub(crate) fn zone(&self) -> Zone {
        self.catalog.zone(&self.stored.person)
    }
}

/// Does what was asked.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    embedded::runtime()?.block_on(async {
        match &args.what {
            None => {
                let store = embedded::store_to_read_beside(folder).await?;
                let known = known(&*store, &args.id).await?;
                show::show(&*store, &known, args.format).await?;
            }
            Some(What::Export(own)) => {
                let store = embedded::store_to_read_beside(folder).await?;
                export::export(&*store, &args.id, own).await?;
            }
            Some(What::Erase(own)) => {
                let store = embedded::store_beside(folder).await?;
                erase::erase(&*store, &args.id, own, args.format).await?;
            }
            Some(What::Steer(wish)) => {
                let store = embedded::store_beside(folder).await?;
                let known = known(&*store, &args.id).await?;
                steer::steer(&*store, &known, wish, args.format).await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// A customer, by what is in force: that is what a run goes by.
async fn known(store: &dyn Store, id: &str) -> Result<Known, Error> {
    let definitions = in_force(store).await?;
    let pinned = store.pinned().await.map_err(unreadable)?;
    let mut catalog = Catalog::load(&definitions, &pinned, Acting::Live)
        .map_err(|error| Error::failure(error.to_string()))?;
    let paused = Steering::on(store).paused().await.map_err(failure)?;
    catalog.set_paused(paused);
    let now = embedded::present(store).await?;
    let kept = Kept::of(catalog.needs(), now);
    let found = store.load(&[id.into()], &kept).await.map_err(unreadable)?;
    match found.into_iter().next() {
        Some(stored) => Ok(Known {
            catalog,
            stored,
            now,
        }),
        None => Err(nobody(store, id).await?),
    }
}

async fn in_force(store: &dyn Store) -> Result<Definitions, Error> {
    let definitions = store.definitions().await.map_err(unreadable)?;
    definitions.ok_or_else(|| {
        Error::absence("nothing has been in force yet")
            .hint("start `kurant run`, or load what was before with `kurant import`")
    })
}

/// That there is no such customer, and who was probably meant.
async fn nobody(store: &dyn Store, id: &str) -> Result<Error, Error> {
    let known = store
        .customers(None, LOOKED_THROUGH)
        .await
        .map_err(unreadable)?;
    let hint = match nearest(id, known.iter().map(|own| &**own)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "ids are as the CRM writes them: the `subject` of events, the `id` of an import"
            .to_owned(),
    };
    Ok(Error::usage(format!("nobody is known as customer `{id}`")).hint(hint))
}
