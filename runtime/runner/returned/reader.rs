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
use kurant_engine::calendar::Instant;
use kurant_engine::event::Event;
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
use crate::intake::{Behind, Delivered, Delivery, Proven, Via};
use crate::keeper::Keeper;
use crate::meter;

/// How often the folder is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
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
}

/// A channel whose mail comes back there.
struct Channel {
    name: String,
    names: ReturnedMail,
}

/// Mails that are left where they are.
#[derive(Default)]
struct Left {
    /// They were read and can't be moved away.
    stuck: HashSet<String>,
    /// They can't be opened at this look.
    shut: HashSet<String>,
    /// They could not be at the one before it, and that was told.
    told: HashSet<String>,
}

impl Left {
    fn holds(&self, name: &str) -> bool {
        self.stuck.contains(name) || self.shut.contains(name)
    }

    /// All were looked at: those that can't be opened are tried again at the next look.
    fn looked(&mut self) {
        self.told = std::mem::take(&mut self.shut);
    }
}

/// What was found at a look.
struct Lot {
    mails: Vec<Read>,
    /// Those that can't be opened, and why.
    shut: Vec<(String, io::Error)>,
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

impl Outcome {
    /// Nothing follows where no event was made: the message is not known, or whoever got it was erased meanwhile.
    fn settle(&mut self, missing: &[String], made: &[Event]) {
        let Some(name) = self.fact.as_ref().and_then(|fact| fact.name.as_ref()) else {
            return;
        };
        let mut keys = made.iter().filter_map(|own| own.data.get("key")?.as_text());
        if missing.contains(name) {
            (self.word, self.fact) = ("unknown_message", None);
        } else if !keys.any(|key| key == name) {
            (self.word, self.fact) = ("erased", None);
        }
    }
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
        // Once it is there it has one name, whatever leads to it: read by two, mail of the one would be strange to the other.
        let place = |folder: &Path| {
            // Whoever can't make it is told so at the first look.
            let _ = Maildir::at(folder).make();
            folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
        };
        for (name, server) in servers {
            let Some(names) = server.returned_mail() else {
                continue;
            };
            let (channels, ours) = folders.entry(place(names.folder())).or_default();
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
        let keeper = Keeper::of("returned", self.folder(), &self.store, &self.clock);
        let (mut left, mut is_told) = (Left::default(), false);
        while !*stop.borrow() {
            let mut more = false;
            if keeper.keeps().await? {
                match self.look(&left).await {
                    Ok((found, lot)) => {
                        is_told = false;
                        self.leave(lot.shut, &mut left);
                        let is_full = [&left.stuck, &left.shut]
                            .iter()
                            .any(|own| own.len() >= MOST_STUCK);
                        more = found == AT_ONCE && !is_full;
                        if !(lot.mails.is_empty() || self.take(&lot.mails, &mut left).await?) {
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
            left.looked();
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

    /// Reads mails that wait, and says how many do: not more than are read together.
    async fn look(&self, left: &Left) -> io::Result<(usize, Lot)> {
        let waiting = || self.maildir.waiting(AT_ONCE, |name| left.holds(name));
        let names = waiting().or_else(|_| {
            self.maildir.make()?;
            waiting()
        })?;
        let found = names.len();
        if found == 0 {
            let (mails, shut) = (Vec::new(), Vec::new());
            return Ok((found, Lot { mails, shut }));
        }
        let lot = read_all(self.maildir.clone(), names, self.ours.clone()).await?;
        Ok((found, lot))
    }

    /// Leaves mails that can't be opened for the next look, and tells of each once.
    fn leave(&self, shut: Vec<(String, io::Error)>, left: &mut Left) {
        for (mail, error) in shut {
            if !left.told.contains(&mail) {
                tracing::error!(
                    mail, folder = %self.folder().display(), %error,
                    "a mail can't be opened; it stays in `new` and is tried again"
                );
            }
            left.shut.insert(mail);
        }
    }

    /// Takes these mails. Returns whether somebody still listens to what they say.
    async fn take(&self, mails: &[Read], left: &mut Left) -> Result<bool, Error> {
        let mut outcomes: Vec<Outcome> = mails.iter().map(|mail| self.outcome(mail)).collect();
        let now = self.clock.now();
        let mut delivery = Delivery {
            via: Via::Feedback,
            ..Delivery::default()
        };
        for (at, channel) in self.channels.iter().enumerate() {
            let own = outcomes.iter_mut().filter(|own| own.channel == Some(at));
            let (made, proven) = self.follows(channel, own.collect(), now).await?;
            delivery
                .events
                .extend(made.into_iter().map(Delivered::made_here));
            delivery.proven.extend(proven);
        }
        delivery.rejected = self.unreadable(mails, now);
        if !self.tell(delivery).await {
            return Ok(false);
        }
        fail_point!("returned.durable");
        for (mail, outcome) in mails.iter().zip(&outcomes) {
            meter::returned(outcome.word);
            let put = self.maildir.put_away(&mail.name, outcome.fact.is_some());
            let Err(error) = put else { continue };
            if error.kind() != io::ErrorKind::NotFound && left.stuck.len() < MOST_STUCK {
                left.stuck.insert(mail.name.clone());
                tracing::error!(
                    mail = mail.name, folder = %self.folder().display(), %error,
                    "a mail was read and can't be moved from `new` to `cur`; it stays where it is"
                );
            }
        }
        Ok(true)
    }

    /// What follows from mails of a channel. From some of them nothing does, and they are told so.
    async fn follows(
        &self,
        channel: &Channel,
        mut own: Vec<&mut Outcome>,
        now: Instant,
    ) -> Result<(Vec<Event>, Vec<Proven>), Error> {
        let facts = own.iter().filter_map(|own| own.fact.clone());
        let facts: Vec<Fact> = facts.collect();
        let names = facts.iter().filter_map(|fact| fact.name.clone());
        let names: Vec<String> = names.collect();
        let found = Found::look(&*self.store, &channel.name, NamedBy::Key, &names).await?;
        let missing = found.missing(&names);
        let (made, proven) = events(&found, &facts, now);
        for own in &mut own {
            own.settle(&missing, &made);
        }
        Ok((made, proven))
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
                origin: format!("{}{channel}", Rejected::OF_MAIL),
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
async fn read_all(maildir: Maildir, names: Vec<String>, ours: Arc<[String]>) -> io::Result<Lot> {
    let (sender, done) = oneshot::channel();
    let reading = move || {
        let (mut mails, mut shut) = (Vec::new(), Vec::new());
        for name in names {
            match maildir.read(&name) {
                Ok(lying) => {
                    let reading = AssertUnwindSafe(|| read(&lying.bytes, &ours));
                    let letter = catch_unwind(reading);
                    mails.push(Read {
                        name,
                        brought: lying.brought,
                        letter: letter.unwrap_or(Err("the reader failed at it")),
                    });
                }
                // Somebody has taken it away again.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => shut.push((name, error)),
            }
        }
        // Nobody waits any more when the run has ended.
        let _ = sender.send(Lot { mails, shut });
    };
    let thread = std::thread::Builder::new().name("returned mail".to_owned());
    thread.stack_size(STACK).spawn(reading)?;
    done.await
        .map_err(|_| io::Error::other("the thread that read it has fallen"))
}

#[cfg(test)]
mod tests {
    use kurant_engine::map::Map;
    use kurant_engine::value::Value;

    use super::*;

    #[test]
    fn a_mail_that_no_event_was_made_of_is_told_as_nothing() {
        let name = Key::of(&["message"]).to_string();
        let outcome = || Outcome {
            word: "told",
            channel: Some(0),
            fact: Some(Fact {
                name: Some(name.clone()),
                fate: Some(Fate::Bounced),
                said: None,
                time: None,
                event: None,
                url: None,
                text: None,
            }),
        };
        let event = |key: &str| Event {
            id: "1".into(),
            source: "kurant/feedback".into(),
            kind: "message.bounced".into(),
            customer: "anna".into(),
            time: Instant::from_millis(0),
            data: Map::from_iter([("key", Value::text(key))]),
            attributes: Map::new(),
        };
        for (missing, made, word) in [
            (vec![], vec![event(&name)], "told"),
            (vec![], vec![event("another")], "erased"),
            (vec![name.clone()], vec![], "unknown_message"),
        ] {
            let mut outcome = outcome();
            outcome.settle(&missing, &made);
            assert_eq!(
                (outcome.word, outcome.fact.is_some()),
                (word, word == "told")
            );
        }
    }
}
