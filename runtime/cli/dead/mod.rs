//! `kurant dead`: what was given up. Commands that nobody took, those in doubt, and events that could not be taken in:
//! looked at, tried again or dropped, also beside a running `run`.

mod fate;
mod show;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use kurant_engine::definition::Definitions;
use kurant_runner::{Clock, HELD};
use kurant_store::{Batch, GivenUp, Letter, Store};

pub(crate) use self::fate::Fate;
use crate::embedded::{self, Source, unreadable};
use crate::error::Error;
use crate::folder::Folder;
use crate::in_force;
use crate::reason;

/// How many are read at once.
const PAGE: usize = 500;
/// Ids of events that could not be taken in begin so.
const LETTER: &str = "letter-";

/// Arguments of `kurant dead`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant dead list                                 what was given up, where, why and after how many tries\n  \
    kurant dead list --route crm --json              the same for a program\n  \
    kurant dead show 4a9f4bd2c1e07f1e8c5d3a2b1c0d9e8f\n  \
    kurant dead retry --all --route crm              once the cause is mended\n  \
    kurant dead drop letter-17 letter-18\n\n\
    Commands keep their key when they are tried again. Whatever is asked for twice happens once.")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List what was given up, oldest first
    List {
        #[command(flatten)]
        which: Which,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show all of one: it may hold what is known of a customer
    Show {
        /// Its id, as `list` shows it
        id: String,
    },
    /// Try again: commands leave once more, events of files come back into the inbox
    Retry(Chosen),
    /// Let go for good: commands count as skipped
    Drop(Chosen),
}

/// Which of them.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Which {
    /// Only by this way out, or `events` for what could not be taken in
    #[arg(long, value_name = "NAME")]
    route: Option<String>,
    /// Only of this journey
    #[arg(long, value_name = "ID")]
    journey: Option<String>,
    /// Only of this customer
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
}

/// One, many, or all that fit.
#[derive(Debug, clap::Args)]
pub(crate) struct Chosen {
    /// Their ids, as `list` shows them
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    id: Vec<String>,
    /// All of them, or all that fit the other options
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    which: Which,
}

/// One that was given up.
enum Dead {
    Command(Box<GivenUp>),
    Event(Letter),
}

impl Dead {
    fn id(&self) -> String {
        match self {
            Self::Command(own) => own.outgoing.command.key.to_string(),
            Self::Event(own) => format!("{LETTER}{}", own.n),
        }
    }
}

impl Which {
    fn holds(&self, dead: &Dead) -> bool {
        match dead {
            Dead::Command(own) => self.holds_command(own),
            Dead::Event(_) => {
                is(&self.route, "events") && self.journey.is_none() && self.customer.is_none()
            }
        }
    }

    /// Whether it is one of those that were asked for.
    pub(crate) fn holds_command(&self, own: &GivenUp) -> bool {
        let command = &own.outgoing.command;
        is(&self.route, &own.outgoing.route)
            && is(&self.journey, &command.journey)
            && is(&self.customer, &command.customer)
    }
}

/// Whether a name is the one that was asked for, if one was.
fn is(asked: &Option<String>, own: &str) -> bool {
    asked.as_ref().is_none_or(|asked| asked == own)
}

impl Chosen {
    fn holds(&self, dead: &Dead) -> bool {
        match self.all {
            true => self.which.holds(dead),
            false => self.id.contains(&dead.id()),
        }
    }

    /// Whether it is one of those that were chosen.
    pub(crate) fn holds_command(&self, own: &GivenUp) -> bool {
        match self.all {
            true => self.which.holds_command(own),
            false => self.id.contains(&own.outgoing.command.key.to_string()),
        }
    }

    /// The ids that nothing was found for, if ids were given and nothing was.
    pub(crate) fn in_vain(&self, found: usize) -> Option<String> {
        (found == 0 && !self.all).then(|| self.id.join(", "))
    }
}

/// Does what was asked.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    embedded::runtime()?.block_on(work(folder, &args.what))?;
    Ok(ExitCode::SUCCESS)
}

async fn work(folder: &Folder, what: &What) -> Result<(), Error> {
    let (store, definitions) = in_force::to_look(folder).await?;
    let zone = definitions.workspace.timezone;
    match what {
        What::List { which, json } => {
            let mut out = std::io::stdout();
            let mut held = 0;
            each_command(&*store, async |page| {
                let own = page
                    .iter()
                    .filter(|own| is_held(own) && which.holds_command(own));
                held += own.count();
                Ok(())
            })
            .await?;
            let listed = each(&*store, async |page: Vec<Dead>| {
                for dead in page.iter().filter(|dead| which.holds(dead)) {
                    let line = if *json {
                        show::object(dead).to_string()
                    } else {
                        show::text(dead, zone)
                    };
                    writeln!(out, "{line}")?;
                }
                Ok(())
            })
            .await;
            if held > 0 {
                eprintln!(
                    "{held} more may have left before the store was restored, and are held: `kurant held list`"
                );
            }
            listed.or_else(Error::unless_nobody_reads)
        }
        What::Show { id } => {
            let mut found = None;
            each(&*store, async |page: Vec<Dead>| {
                found = found
                    .take()
                    .or_else(|| page.into_iter().find(|dead| dead.id() == *id));
                Ok(())
            })
            .await?;
            let dead = found.ok_or_else(|| {
                Error::usage(format!("nothing that was given up has the id {id}"))
                    .hint("`kurant dead list` shows what there is")
            })?;
            println!("{:#}", show::whole(&dead));
            Ok(())
        }
        What::Retry(chosen) => settle(folder, &definitions, chosen, true).await,
        What::Drop(chosen) => settle(folder, &definitions, chosen, false).await,
    }
}

/// Reads everything that was given up, page by page.
async fn each(
    store: &dyn Store,
    mut look: impl AsyncFnMut(Vec<Dead>) -> Result<(), Error>,
) -> Result<(), Error> {
    each_command(store, async |page| {
        let own = page.into_iter().filter(|own| !is_held(own));
        look(own.map(|own| Dead::Command(Box::new(own))).collect()).await
    })
    .await?;
    let mut after = 0;
    loop {
        let page = store.letters_after(after, PAGE).await.map_err(unreadable)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.n;
        look(page.into_iter().map(Dead::Event).collect()).await?;
    }
}

/// Reads the commands that were given up, are in doubt or are held, page by page.
pub(crate) async fn each_command(
    store: &dyn Store,
    mut look: impl AsyncFnMut(Vec<GivenUp>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut after = 0;
    loop {
        let page = store.given_up(after, PAGE).await.map_err(unreadable)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.n;
        look(page).await?;
    }
}

/// Whether it is held since the store was restored: that is not for `kurant dead` to decide about.
pub(crate) fn is_held(own: &GivenUp) -> bool {
    own.reason.as_deref() == Some(HELD)
}

/// Tries those that were chosen again, or lets them go.
async fn settle(
    folder: &Folder,
    definitions: &Definitions,
    chosen: &Chosen,
    again: bool,
) -> Result<(), Error> {
    let store = embedded::store_beside(folder).await?;
    let inbox = match embedded::source(folder, definitions)? {
        Source::Inbox(inbox) => Some(inbox),
        Source::Rabbit { .. } => None,
    };
    let (mut settled, mut withdrawn, mut left) = (0, 0, Left::default());
    each(&*store, async |page: Vec<Dead>| {
        let mut batch = Batch {
            clock: Clock::real().now(),
            ..Batch::default()
        };
        let mut lines = Vec::new();
        for dead in page.iter().filter(|dead| chosen.holds(dead)) {
            match dead {
                Dead::Command(own) => {
                    let fate = Fate::of(own, again);
                    withdrawn += usize::from(fate == Fate::Withdrawn);
                    fate.settle(own, &mut batch);
                }
                Dead::Event(own) if again && own.rejected.is_mail() => left.mails += 1,
                Dead::Event(_) if again && inbox.is_none() => left.events += 1,
                Dead::Event(own) => {
                    if again {
                        lines.push(own.rejected.body.as_str());
                    }
                    batch.letters_gone.push(own.n);
                }
            }
        }
        settled += batch.settled.len() + batch.letters_gone.len();
        if let Some(inbox) = inbox.as_ref().filter(|_| !lines.is_empty()) {
            bring_back(inbox, &batch.letters_gone, &lines)?;
        }
        store.commit(batch).await.map_err(unreadable)
    })
    .await?;
    if let Some(ids) = chosen.in_vain(settled + left.events + left.mails) {
        // Asked for twice it is no mistake; asked for by a wrong id it may be one.
        eprintln!(
            "nothing that was given up has the id {ids}; `kurant dead list` shows what there is"
        );
    }
    println!("{}", done(settled - withdrawn, again));
    if withdrawn > 0 {
        println!(
            "{withdrawn} must not leave any more: withdrawn, since {}",
            reason::words("withdrawn").unwrap_or_default()
        );
    }
    left.told()
}

/// What can't be tried again from here.
#[derive(Default)]
struct Left {
    /// Events of a broker.
    events: usize,
    /// Mails that came back: their dead letters hold their files' names alone.
    mails: usize,
}

impl Left {
    /// Says what stays, and what to do about it.
    fn told(&self) -> Result<(), Error> {
        let mut stays = Vec::new();
        let mut hints = Vec::new();
        if self.events > 0 {
            let left = self.events;
            stays.push(format!(
                "{left} events stay: they came from a broker, or could not be read there"
            ));
            hints
                .push("publish them again once they are mended; `kurant dead show` has their text");
        }
        if self.mails > 0 {
            let left = self.mails;
            stays.push(format!(
                "{left} mails stay: what came back as mail is read from its folder alone"
            ));
            hints.push(
                "move them from `cur` to `new` of the folder once they can be read, and drop these with `kurant dead drop`; `kurant dead show` has their names",
            );
        }
        if stays.is_empty() {
            return Ok(());
        }
        Err(Error::failure(stays.join("; ")).hint(hints.join("; ")))
    }
}

/// What became of so many.
fn done(count: usize, again: bool) -> String {
    match (again, count) {
        (true, 1) => "1 is tried again".to_owned(),
        (true, _) => format!("{count} are tried again"),
        (false, _) => format!("{count} dropped"),
    }
}

/// Writes lines back into the inbox, whole. Should they come twice, events take effect once.
fn bring_back(inbox: &Path, numbers: &[i64], lines: &[&str]) -> Result<(), Error> {
    let first = numbers.first().copied().unwrap_or_default();
    let name = format!("retry-{first}.jsonl");
    let hidden = inbox.join(format!(".{name}"));
    std::fs::create_dir_all(inbox)?;
    std::fs::write(&hidden, lines.join("\n") + "\n")?;
    std::fs::rename(&hidden, inbox.join(name))?;
    Ok(())
}
