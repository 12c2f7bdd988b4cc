//! Reads the folder that mail comes back into, and makes events of what it says.
//!
//! Only once they are durable is a mail moved away, so that a stop in between reads it again; its events are the same then.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fail::fail_point;
use kurant_engine::calendar::{Instant, MINUTE};
use kurant_engine::id::Key;
use kurant_engine::provider::{Fact, Fate, NamedBy};
use kurant_store::{Rejected, Store};
use tokio::sync::{mpsc, oneshot, watch};

use super::ReturnedMail;
use super::letter::{Letter, Says, read};
use super::maildir::Maildir;
use crate::channel::MailServer;
use crate::clock::Clock;
use crate::error::Error;
use crate::feedback::{Found, events};
use crate::intake::{Behind, Delivered, Delivery, Via};
use crate::meter;
use crate::runner::{host, worker_name};

/// How often the folder is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// For how long one worker keeps a folder that several may read, in milliseconds.
const KEPT: i64 = MINUTE;
/// So many mails are read together.
const AT_ONCE: usize = 100;
/// So many that can't be moved away are left where they are.
const MOST_STUCK: usize = 10_000;
/// The stack of the thread that reads mail: a message within a message within a message takes some of it for each.
pub(super) const STACK: usize = 64 << 20;

/// Reads what comes back into one folder.
pub struct ReturnedReader {
    maildir: Maildir,
    channels: Vec<Channel>,
    /// Addresses of ours, as answers quote them.
    ours: Arc<[String]>,
    store: Arc<dyn Store>,
    clock: Arc<Clock>,
    out: mpsc::Sender<Delivery>,
    until_empty: bool,
    behind: Option<Behind>,
    /// By what name it takes the folder, where several workers may read it.
    name: String,
}

/// A channel whose mail comes back there.
struct Channel {
    name: String,
    names: ReturnedMail,
}

/// A mail that was read.
struct Read {
    name: String,
    brought: i64,
    letter: Result<Letter, &'static str>,
}

/// What becomes of a mail, and of what it says.
struct Outcome {
    word: &'static str,
    channel: Option<usize>,
    fact: Option<Fact>,
}

impl ReturnedReader {
    /// Readers of all folders that mail of these channels comes back into: one for each folder.
    pub fn all<'m>(
        servers: impl Iterator<Item = (&'m str, &'m MailServer)>,
        store: &Arc<dyn Store>,
        clock: &Arc<Clock>,
        out: &mpsc::Sender<Delivery>,
    ) -> Vec<Self> {
        let mut folders: BTreeMap<PathBuf, (Vec<Channel>, Vec<String>)> = BTreeMap::new();
        for (name, server) in servers {
            let Some(names) = server.returned_mail() else {
                continue;
            };
            let (channels, ours) = folders.entry(names.folder().to_owned()).or_default();
            ours.extend(server.addresses());
            channels.push(Channel {
                name: name.to_owned(),
                names: names.clone(),
            });
        }
        let reader = |(folder, (channels, ours)): (PathBuf, (Vec<Channel>, Vec<String>))| Self {
            maildir: Maildir::at(&folder),
            channels,
            ours: ours.into(),
            store: store.clone(),
            clock: clock.clone(),
            out: out.clone(),
            until_empty: false,
            behind: None,
            name: worker_name(clock.real_millis()),
        };
        folders.into_iter().map(reader).collect()
    }

    /// Ends once the folder is empty, instead of watching it.
    #[must_use]
    pub fn until_empty(mut self, until_empty: bool) -> Self {
        self.until_empty = until_empty;
        self
    }

    /// Says whether mail that was there at the start is still to be read.
    #[must_use]
    pub fn telling(mut self, behind: Behind) -> Self {
        self.behind = Some(behind);
        self
    }

    /// Where it reads.
    pub fn folder(&self) -> &Path {
        self.maildir.folder()
    }

    /// Reads until `stop` says so. A folder that can't be read is told once and tried again: journeys go on meanwhile.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn watch(self, mut stop: watch::Receiver<bool>) -> Result<(), Error> {
        let lease = format!("returned/{}{}", host(), self.folder().display());
        let (mut stuck, mut is_told) = (HashSet::new(), false);
        while !*stop.borrow() {
            let mut more = false;
            if self.is_its_keeper(&lease).await? {
                let waiting = self.maildir.waiting(AT_ONCE, &stuck);
                let waiting = waiting.or_else(|_| {
                    self.maildir.make()?;
                    self.maildir.waiting(AT_ONCE, &stuck)
                });
                match waiting {
                    Ok(names) => {
                        is_told = false;
                        more = names.len() == AT_ONCE && stuck.len() < MOST_STUCK;
                        if !(names.is_empty() || self.take(names, &mut stuck).await?) {
                            return Ok(());
                        }
                    }
                    Err(error) if !is_told => {
                        is_told = true;
                        tracing::error!(
                            folder = %self.folder().display(), %error,
                            "what comes back as mail can't be read; it is tried again"
                        );
                    }
                    Err(_) => {}
                }
            }
            if more {
                continue;
            }
            if let Some(behind) = &self.behind {
                behind.is(false);
            }
            if self.until_empty {
                return Ok(());
            }
            tokio::select! {
                changed = stop.changed() => if changed.is_err() { return Ok(()) },
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        Ok(())
    }

    /// Whether it is the one that reads the folder: of several workers one does.
    async fn is_its_keeper(&self, lease: &str) -> Result<bool, Error> {
        if !self.store.is_shared() {
            return Ok(true);
        }
        let now = self.clock.now();
        let until = now.plus_millis(KEPT);
        Ok(self.store.lease(lease, &self.name, now, until).await?)
    }

    /// Takes these mails. Returns whether somebody still listens to what they say.
    async fn take(&self, names: Vec<String>, stuck: &mut HashSet<String>) -> Result<bool, Error> {
        let mails = read_all(self.maildir.clone(), names, self.ours.clone()).await?;
        let mut outcomes: Vec<Outcome> = mails.iter().map(|mail| self.outcome(mail)).collect();
        let now = self.clock.now();
        let mut delivery = Delivery {
            via: Via::Feedback,
            ..Delivery::default()
        };
        for (at, channel) in self.channels.iter().enumerate() {
            let own = outcomes.iter_mut().filter(|own| own.channel == Some(at));
            let mut own: Vec<&mut Outcome> = own.collect();
            let facts = own.iter().filter_map(|own| own.fact.clone());
            let facts: Vec<Fact> = facts.collect();
            let names = facts
                .iter()
                .filter_map(|fact| fact.name.clone())
                .collect::<Vec<_>>();
            let found = Found::look(&*self.store, &channel.name, NamedBy::Key, &names).await?;
            let missing = found.missing(&names);
            for own in &mut own {
                let name = own.fact.as_ref().and_then(|fact| fact.name.as_ref());
                if name.is_some_and(|name| missing.contains(name)) {
                    (own.word, own.fact) = ("unknown_message", None);
                }
            }
            let (made, proven) = events(&found, &facts, now);
            delivery
                .events
                .extend(made.into_iter().map(Delivered::made_here));
            delivery.proven.extend(proven);
        }
        delivery.rejected = self.unreadable(&mails, now);
        if !self.tell(delivery).await {
            return Ok(false);
        }
        fail_point!("returned.durable");
        for (mail, outcome) in mails.iter().zip(&outcomes) {
            meter::returned(outcome.word);
            let put = self.maildir.put_away(&mail.name, outcome.fact.is_some());
            let Err(error) = put else { continue };
            if error.kind() != io::ErrorKind::NotFound && stuck.len() < MOST_STUCK {
                stuck.insert(mail.name.clone());
                tracing::error!(
                    mail = mail.name, folder = %self.folder().display(), %error,
                    "a mail was read and can't be moved from `new` to `cur`; it stays where it is"
                );
            }
        }
        Ok(true)
    }

    /// Hands on, and waits until it is durable.
    async fn tell(&self, delivery: Delivery) -> bool {
        let is_empty = delivery.events.is_empty()
            && delivery.proven.is_empty()
            && delivery.rejected.is_empty();
        if is_empty {
            return true;
        }
        let (sender, receipt) = oneshot::channel();
        let delivery = Delivery {
            receipt: Some(sender),
            ..delivery
        };
        self.out.send(delivery).await.is_ok() && receipt.await.is_ok()
    }

    fn outcome(&self, mail: &Read) -> Outcome {
        let nothing = |word| Outcome {
            word,
            channel: None,
            fact: None,
        };
        let Ok(letter) = &mail.letter else {
            return nothing("unreadable");
        };
        let (fate, event, text) = match &letter.says {
            Says::Fate(fate) => (*fate, None, None),
            Says::Reply { id, text } => (Fate::Replied, Some(id.clone()), Some(text.clone())),
            Says::Nothing(why) => return nothing(why),
        };
        let Some((channel, key)) = self.named(letter) else {
            return nothing("no_name");
        };
        Outcome {
            word: "told",
            channel: Some(channel),
            fact: Some(Fact {
                name: Some(key.to_string()),
                fate: Some(fate),
                said: None,
                time: Some(Instant::from_millis(mail.brought)),
                event,
                url: None,
                text: text.filter(|own| !own.is_empty()),
            }),
        }
    }

    /// The message that a mail names, and the channel that it left by.
    fn named(&self, letter: &Letter) -> Option<(usize, Key)> {
        letter.places.iter().find_map(|place| {
            let mut channels = self.channels.iter().enumerate();
            channels.find_map(|(at, own)| Some((at, own.names.first_in(place)?)))
        })
    }

    /// Dead letters of those that can't be read. What stands in them may be personal, and lies in the folder.
    fn unreadable(&self, mails: &[Read], now: Instant) -> Vec<Rejected> {
        let channel = self.channels.first().map_or("", |own| own.name.as_str());
        let unread = mails
            .iter()
            .filter_map(|mail| Some((mail, mail.letter.as_ref().err()?)));
        let letter = |(mail, why): (&Read, &&str)| {
            tracing::warn!(mail = mail.name, folder = %self.folder().display(), "a mail can't be read: {why}");
            Rejected {
                at: now,
                origin: format!("returned/{channel}"),
                line: Key::of(&[&mail.name]).short(),
                reason: format!(
                    "unreadable: {why}; it lies in `cur` of {}",
                    self.folder().display()
                ),
                body: mail.name.clone(),
            }
        };
        unread.map(letter).collect()
    }
}

/// Reads mails on a thread of their own. What none should be able to do, to make the reader fall, makes it unreadable.
async fn read_all(
    maildir: Maildir,
    names: Vec<String>,
    ours: Arc<[String]>,
) -> Result<Vec<Read>, Error> {
    let (sender, done) = oneshot::channel();
    let reading = move || {
        let own = |name: String| {
            let (brought, letter) = match maildir.read(&name) {
                Ok(lying) => {
                    let reading = AssertUnwindSafe(|| read(&lying.bytes, &ours));
                    let letter = catch_unwind(reading);
                    (
                        lying.brought,
                        letter.unwrap_or(Err("the reader failed at it")),
                    )
                }
                // Somebody has taken it away again.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
                Err(_) => (0, Err("it can't be opened")),
            };
            Some(Read {
                name,
                brought,
                letter,
            })
        };
        // Nobody waits any more when the run has ended.
        let _ = sender.send(names.into_iter().filter_map(own).collect());
    };
    let thread = std::thread::Builder::new().name("returned mail".to_owned());
    let begun = thread.stack_size(STACK).spawn(reading);
    begun.map_err(|error| Error::Task(error.to_string()))?;
    done.await.map_err(|error| Error::Task(error.to_string()))
}
