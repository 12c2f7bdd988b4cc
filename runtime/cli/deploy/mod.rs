//! `kurant deploy` and `rollback`: puts a workspace in force for all workers, all or nothing, and takes it back.

mod plan;

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use kurant_engine::calendar::Zone;
use kurant_engine::definition::Definitions;
use kurant_runner::{Clock, Deployment, Deployments, Steering, Word};
use kurant_store::Store;

use self::plan::Plan;
use crate::embedded::{self, Company, failure, unreadable};
use crate::environment;
use crate::error::Error;
use crate::folder::Folder;
use crate::in_force;
use crate::moment::on_clock;
use crate::steer::waited_at_most;
use crate::workspace;

/// How long a run is waited for.
const PATIENCE: Duration = Duration::from_secs(8);

/// Arguments of `kurant deploy`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant deploy --dry-run                      what would change, and for how many people\n  \
    kurant deploy --why \"the spring offers\"      shows it, asks, and puts it in force for all workers\n  \
    kurant --env staging deploy --yes            without a question, in CI\n  \
    kurant deploy --history                      who deployed what\n  \
    kurant deploy --end                          each run goes by its own folder again\n\n\
    From the first `deploy` on the store says what is in force, and files that change in a worker's folder do nothing. People who are\n\
    inside a journey go on with the version that they began with; templates, segments and `profile.yaml` count for everybody at once.\n\
    `kurant rollback` goes back.")]
pub(crate) struct Args {
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// Show who deployed what, latest first
    #[arg(long, conflicts_with = "dry_run")]
    history: bool,
    /// Let each run go by its own folder again
    #[arg(long, conflicts_with_all = ["dry_run", "history"])]
    end: bool,
    /// One JSON object instead of words
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    who: Who,
}

/// Arguments of `kurant rollback`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant rollback --why \"a wrong price\"     to what was in force before\n  \
    kurant rollback --to 7                    to deployment 7; `kurant deploy --history` has them\n\n\
    Going back is a deployment too: it is shown, asked about, and can be gone back from.")]
pub(crate) struct RollbackArgs {
    /// The number of the deployment to go back to; the one before unless told
    #[arg(long, value_name = "NUMBER")]
    to: Option<u64>,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    who: Who,
}

/// Who deploys, and why.
#[derive(Debug, clap::Args)]
struct Who {
    /// Ask nothing
    #[arg(long)]
    yes: bool,
    /// Why, for those who ask later
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
    /// Who; the name you are logged in with unless told
    #[arg(long, value_name = "NAME", env = "USER", default_value = "somebody")]
    by: String,
}

/// Deploys a workspace.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    if args.history || args.end {
        return embedded::runtime()?.block_on(async {
            let store = embedded::store_beside(folder).await?;
            match args.end {
                true => end(&*store).await,
                false => history(&*store, Zone::UTC, args.json).await,
            }
        });
    }
    if args.json && !args.dry_run {
        return Err(Error::usage(
            "`--json` goes with `--dry-run` or `--history`",
        ));
    }
    let (definitions, _) = workspace::definitions(folder)?;
    embedded::runtime()?.block_on(async {
        let store = store(folder, &definitions).await?;
        let current = Deployments::on(&*store).current().await;
        let current = current.map_err(unreadable)?;
        let plan = plan(&*store, &definitions).await?;
        if args.json {
            println!("{}", plan.object());
        } else {
            print!("{}", plan.text());
        }
        if args.dry_run {
            return Ok(ExitCode::SUCCESS);
        }
        if plan.is_empty() && current.is_some() {
            println!("nothing changes; nothing is deployed");
            return Ok(ExitCode::SUCCESS);
        }
        put(&*store, &definitions, current.as_ref(), &args.who, None).await
    })
}

/// Goes back to an earlier deployment.
pub(crate) fn rollback(folder: &Folder, args: &RollbackArgs) -> Result<ExitCode, Error> {
    embedded::runtime()?.block_on(async {
        let store = embedded::store_beside(folder).await?;
        let deployments = Deployments::on(&*store);
        let all = deployments.all().await.map_err(unreadable)?;
        let current = deployments.current().await.map_err(unreadable)?;
        let number = match (args.to, &current) {
            (Some(number), _) => number,
            (None, Some(current)) => before(current, &all)?,
            (None, None) => {
                return Err(Error::usage("nothing is deployed here").hint(
                    "`kurant deploy --history` shows what was; `--to NUMBER` goes back to one",
                ));
            }
        };
        let kept = deployments.definitions(number).await.map_err(unreadable)?;
        let Some(definitions) = kept else {
            let known: Vec<String> = all.iter().map(|own| own.number.to_string()).collect();
            return Err(
                Error::usage(format!("there is no deployment {number} to go back to"))
                    .hint(format!("there are: {}", known.join(", "))),
            );
        };
        print!("{}", plan(&*store, &definitions).await?.text());
        if args.dry_run {
            return Ok(ExitCode::SUCCESS);
        }
        put(
            &*store,
            &definitions,
            current.as_ref(),
            &args.who,
            Some(number),
        )
        .await
    })
}

/// The deployment whose definitions were in force before those that are. Going back twice goes back further.
fn before(current: &Deployment, all: &[Deployment]) -> Result<u64, Error> {
    let own = current.back_to.unwrap_or(current.number);
    let mut earlier = all.iter();
    let found = earlier.find(|other| other.number + 1 == own);
    found.map(|other| other.back_to.unwrap_or(other.number)).ok_or_else(|| {
        Error::usage(format!("nothing is kept of what was in force before deployment {own}"))
            .hint("`kurant deploy --history` lists what can be gone back to with `--to`; `kurant deploy --end` lets each run go by its own folder again")
    })
}

/// The store, also one that nobody has run on.
async fn store(folder: &Folder, definitions: &Definitions) -> Result<Arc<dyn Store>, Error> {
    match embedded::store_beside(folder).await {
        Err(error) if error.is_absence() => {
            let store = embedded::store(folder, definitions, Company::Others).await?;
            environment::claim(&*store, folder, false).await?;
            Ok(store)
        }
        known => known,
    }
}

async fn plan(store: &dyn Store, next: &Definitions) -> Result<Plan, Error> {
    // What is deployed may not have been taken up yet.
    let current = match in_force::deployed(store).await? {
        Some((definitions, _)) => Some(definitions),
        None => store.definitions().await.map_err(unreadable)?,
    };
    let inside = store.inside().await.map_err(unreadable)?;
    Ok(Plan::of(current.as_ref(), next, &inside))
}

async fn put(
    store: &dyn Store,
    definitions: &Definitions,
    current: Option<&Deployment>,
    who: &Who,
    back_to: Option<u64>,
) -> Result<ExitCode, Error> {
    if !who.yes && !is_confirmed()? {
        println!("nothing is deployed");
        return Ok(ExitCode::SUCCESS);
    }
    let now = store.now().await.map_err(unreadable)?;
    let word = Word {
        at: now.unwrap_or_else(|| Clock::real().now()),
        by: who.by.clone(),
        why: who.why.clone(),
    };
    let deployments = Deployments::on(store);
    let put = deployments.put(definitions, current, word, back_to).await;
    let own = put.map_err(|error| match error {
        kurant_store::Error::Conflict => {
            Error::failure("somebody else has deployed meanwhile; nothing was changed")
                .hint("look at what is in force now: `kurant deploy --history`, then deploy again")
        }
        other => unreadable(other),
    })?;
    let workers = store.workers().await.map_err(unreadable)?;
    let heeded = match workers.is_empty() {
        true => "; no `kurant run` works on this store now: it holds as soon as one does",
        false => heeded(store, &own).await?,
    };
    println!("deployment {} is in force{heeded}", own.number);
    Ok(ExitCode::SUCCESS)
}

/// Asks whoever sits there.
fn is_confirmed() -> Result<bool, Error> {
    if !io::stdin().is_terminal() {
        return Err(
            Error::usage("nobody is there to be asked whether to deploy this")
                .hint("`--yes` deploys without a question, `--dry-run` only shows it"),
        );
    }
    print!("Deploy this? [y/N] ");
    io::stdout().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Waits for all that run to take up what was said.
async fn heeded(store: &dyn Store, own: &Deployment) -> Result<&'static str, Error> {
    let (deployments, steering) = (Deployments::on(store), Steering::on(store));
    let is_refused = async || Ok(deployments.refused().await? == Some(own.number));
    let is_heeded = waited_at_most(PATIENCE, async || {
        let is_taken = deployments.taken_up().await? == Some(own.number);
        Ok(is_refused().await? || is_taken && steering.all_have_heeded(own.at).await?)
    });
    let is_heeded = is_heeded.await?;
    if is_refused().await.map_err(failure)? {
        return Err(Error::failure(format!(
            "deployment {} can't be taken up by what runs here, and what was in force stays",
            own.number
        ))
        .hint("its log says why; `kurant rollback` takes the deployment back"));
    }
    Ok(match is_heeded {
        true => "",
        false => "; not all that run have taken it up yet: it holds as soon as they do",
    })
}

async fn end(store: &dyn Store) -> Result<ExitCode, Error> {
    let deployments = Deployments::on(store);
    let Some(current) = deployments.current().await.map_err(unreadable)? else {
        println!("nothing is deployed");
        return Ok(ExitCode::SUCCESS);
    };
    deployments.end(&current).await.map_err(unreadable)?;
    println!(
        "deployment {} stays in force until a file changes where a run looks, or it is started again: each run goes by its own folder then",
        current.number
    );
    Ok(ExitCode::SUCCESS)
}

async fn history(store: &dyn Store, zone: Zone, json: bool) -> Result<ExitCode, Error> {
    let deployments = Deployments::on(store);
    let current = deployments.current().await.map_err(unreadable)?;
    let zone = match store.definitions().await.map_err(unreadable)? {
        Some(own) => own.workspace.timezone,
        None => zone,
    };
    let all = deployments.all().await.map_err(unreadable)?;
    if all.is_empty() && !json {
        println!("nothing was deployed here: each run goes by its own folder");
    }
    for own in all {
        let is_current = current.as_ref().map(|current| current.number) == Some(own.number);
        if json {
            let mut object = serde_json::to_value(&own).unwrap_or_default();
            object["current"] = is_current.into();
            println!("{object}");
            continue;
        }
        let mark = if is_current { "*" } else { " " };
        let back = own
            .back_to
            .map_or(String::new(), |to| format!("back to {to}  "));
        let line = format!(
            "{mark} {:>4}  {}  {:<12} {back}{}",
            own.number,
            on_clock(own.at, zone),
            own.by,
            own.why
        );
        println!("{}", line.trim_end());
    }
    Ok(ExitCode::SUCCESS)
}
