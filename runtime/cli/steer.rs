//! `kurant pause`, `resume` and `stop`: holds back what goes out, beside a running `run` or before one.

use std::process::ExitCode;
use std::time::Duration;

use kurant_authoring::suggest::nearest;
use kurant_engine::definition::Definitions;
use kurant_engine::paused::{Pause, Paused, Target};
use kurant_runner::{Clock, Order, Steering, Verb};
use kurant_store::Store;

use crate::embedded::{self, failure};
use crate::error::Error;
use crate::folder::Folder;

/// How long a run is waited for.
const PATIENCE: Duration = Duration::from_secs(4);
/// How often it is asked after.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What is said of a word that nobody has taken up.
pub(crate) const UNHEARD: &str =
    "; no `kurant run` has taken it up yet: it holds as soon as one does";

/// Arguments of `kurant pause` and `kurant resume`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant pause welcome --why \"a wrong price in the template\"\n  \
    kurant pause channel:sms --why \"the provider is down\"\n  \
    kurant pause all\n  \
    kurant pause                 what is paused, by whom and why\n  \
    kurant resume welcome\n\n\
    While a journey is paused nothing of it is handed over: timers come due and wait, people enter and wait at the first\n\
    step, exits and goals still count. Resumed, each message is judged again before it leaves.")]
pub(crate) struct Args {
    /// A journey's id, channel:NAME, or all; none says what is paused
    target: Option<String>,
    /// Why, for those who ask later
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
    /// Who; the name you are logged in with unless told
    #[arg(long, value_name = "NAME", env = "USER", default_value = "somebody")]
    by: String,
}

/// Arguments of `kurant stop`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant stop welcome --why \"the offer was withdrawn\"\n  \
    kurant stop all\n\n\
    Everybody inside exits with the reason `stopped`; what was not handed over is cancelled. A live journey goes on to take\n\
    people in: set `status: retired`, or pause it.")]
pub(crate) struct StopArgs {
    /// A journey's id, or all
    target: String,
    /// Why, for those who ask later
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
    /// Who; the name you are logged in with unless told
    #[arg(long, value_name = "NAME", env = "USER", default_value = "somebody")]
    by: String,
}

/// Holds a target back.
pub(crate) fn pause(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    embedded::runtime()?.block_on(async {
        let store = embedded::store_beside(folder).await?;
        let steering = Steering::on(&*store);
        let paused = steering.paused().await.map_err(failure)?;
        let Some(text) = &args.target else {
            tell(&paused);
            return Ok(ExitCode::SUCCESS);
        };
        let target = known(&*store, text).await?;
        let pause = Pause {
            at: Clock::real().now(),
            by: args.by.clone(),
            why: args.why.clone(),
        };
        steering.pause(&target, &pause).await.map_err(failure)?;
        let inside = inside(&*store, &target).await?;
        println!("{target} is paused{inside}{}", heeded(&steering).await?);
        Ok(ExitCode::SUCCESS)
    })
}

/// Lets a target go on.
pub(crate) fn resume(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    embedded::runtime()?.block_on(async {
        let store = embedded::store_beside(folder).await?;
        let steering = Steering::on(&*store);
        let paused = steering.paused().await.map_err(failure)?;
        let Some(text) = &args.target else {
            tell(&paused);
            return Ok(ExitCode::SUCCESS);
        };
        let target = Target::parse(text);
        if !paused.contains(&target) {
            let names: Vec<String> = paused.iter().map(|(own, _)| own.to_string()).collect();
            let hint = if names.is_empty() {
                "nothing is".to_owned()
            } else {
                format!("paused are {}", names.join(", "))
            };
            return Err(Error::usage(format!("{target} is not paused")).hint(hint));
        }
        let by = Pause {
            at: Clock::real().now(),
            by: args.by.clone(),
            why: args.why.clone(),
        };
        steering.resume(&target, &by).await.map_err(failure)?;
        println!("{target} is resumed{}", heeded(&steering).await?);
        let rest: Paused = paused
            .iter()
            .filter(|(own, _)| **own != target)
            .map(|(own, pause)| (own.clone(), pause.clone()))
            .collect();
        if rest != Paused::default() {
            println!("still held back:");
            tell(&rest);
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Ends everybody's enrollments in a journey.
pub(crate) fn stop(folder: &Folder, args: &StopArgs) -> Result<ExitCode, Error> {
    embedded::runtime()?.block_on(async {
        let store = embedded::store_beside(folder).await?;
        let steering = Steering::on(&*store);
        let target = known(&*store, &args.target).await?;
        let journey = match &target {
            Target::All => None,
            Target::Journey(journey) => Some(journey.clone()),
            Target::Channel(_) => {
                return Err(Error::usage("a channel can't be stopped, only paused")
                    .hint(format!("`kurant pause {target}`")));
            }
        };
        let inside = inside(&*store, &target).await?;
        let order = Order {
            by: args.by.clone(),
            why: args.why.clone(),
            verb: Verb::Stop { journey },
        };
        let now = Clock::real().now();
        steering.order(now, &order).await.map_err(failure)?;
        println!("{target} is stopped{inside}{}", heeded(&steering).await?);
        println!("{}", those_to_come(&target));
        Ok(ExitCode::SUCCESS)
    })
}

/// That a stop is about those inside, and what keeps others from entering.
fn those_to_come(target: &Target) -> String {
    let which = match target {
        Target::All => "a journey's file",
        _ => "its file",
    };
    format!(
        "whoever comes from now on enters all the same: `status: retired` in {which} lets nobody in any more, `kurant pause {target}` holds back all that would leave"
    )
}

fn tell(paused: &Paused) {
    for (target, pause) in paused.iter() {
        println!("{target} is {pause}");
    }
    if *paused == Paused::default() {
        println!("nothing is paused");
    }
}

/// How many are inside, for the answer.
async fn inside(store: &dyn Store, target: &Target) -> Result<String, Error> {
    let journey = match target {
        Target::Channel(_) => return Ok(String::new()),
        Target::All => None,
        Target::Journey(journey) => Some(journey),
    };
    let rows = store.inside().await.map_err(embedded::unreadable)?;
    let own = rows
        .iter()
        .filter(|row| journey.is_none_or(|journey| row.journey == *journey));
    let count: u64 = own.map(|row| row.count).sum();
    Ok(format!(", {count} inside"))
}

/// Waits for a run to take up what was said.
async fn heeded(steering: &Steering<'_>) -> Result<&'static str, Error> {
    match waited_for(async || steering.is_heeded().await).await? {
        true => Ok(""),
        false => Ok(UNHEARD),
    }
}

/// Waits until something holds, as long as a run may need; whether it did.
pub(crate) async fn waited_for(
    holds: impl AsyncFn() -> Result<bool, kurant_runner::Error>,
) -> Result<bool, Error> {
    waited_at_most(PATIENCE, holds).await
}

/// Waits until something holds, but no longer than so; whether it did.
pub(crate) async fn waited_at_most(
    patience: Duration,
    holds: impl AsyncFn() -> Result<bool, kurant_runner::Error>,
) -> Result<bool, Error> {
    let waited = tokio::time::timeout(patience, async {
        while !holds().await.map_err(failure)? {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok::<(), Error>(())
    });
    match waited.await {
        Ok(done) => done.map(|()| true),
        Err(_) => Ok(false),
    }
}

/// A target that there is.
async fn known(store: &dyn Store, text: &str) -> Result<Target, Error> {
    let definitions = store.definitions().await.map_err(embedded::unreadable)?;
    let target = Target::parse(text);
    let names = match &target {
        Target::All => return Ok(target),
        Target::Channel(_) => channels(definitions.as_ref()),
        Target::Journey(_) => journeys(store, definitions.as_ref()).await?,
    };
    if names.iter().any(|name| name == text) {
        return Ok(target);
    }
    let what = match &target {
        Target::Channel(_) => "channel",
        _ => "journey",
    };
    let hint = match nearest(text, names.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write `all`, or one of {}", names.join(", ")),
    };
    Err(Error::usage(format!("there is no {what} `{text}` in what runs here")).hint(hint))
}

fn channels(definitions: Option<&Definitions>) -> Vec<String> {
    let channels = definitions
        .into_iter()
        .flat_map(|own| &own.workspace.channels);
    channels
        .map(|channel| format!("channel:{}", channel.name))
        .collect()
}

/// Those of the workspace, and those that somebody is inside of still.
async fn journeys(
    store: &dyn Store,
    definitions: Option<&Definitions>,
) -> Result<Vec<String>, Error> {
    let current = definitions.into_iter().flat_map(|own| &own.journeys);
    let mut names: Vec<String> = current.map(|version| version.journey.id.clone()).collect();
    let pinned = store.pinned().await.map_err(embedded::unreadable)?;
    names.extend(pinned.into_iter().map(|version| version.journey.id));
    names.sort();
    names.dedup();
    Ok(names)
}
