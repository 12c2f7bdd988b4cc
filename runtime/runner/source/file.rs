//! Files of events in a watched folder: each is taken whole, then moved to `done/`; what can't be taken in is written to
//! `rejected/`, line by line, with the reason.
//!
//! How far a file has been read is committed together with its events, so that after a stop it goes on there. Whoever writes
//! a file does so under another name or elsewhere and then renames it to `NAME.jsonl` in the folder.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fail::fail_point;
use kurant_engine::calendar::Instant;
use kurant_engine::decode::LARGEST;
use kurant_store::{Rejected, Store};
use tokio::sync::{mpsc, oneshot, watch};

use super::{Reader, Schemas, Undeclared};
use crate::clock::Clock;
use crate::error::Error;
use crate::intake::{Behind, Delivered, Delivery, Receipt, Via};
use crate::keeper::Keeper;
use crate::planted::planted;
use crate::runner::BATCH;

/// How often the folder is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Marks under this name hold how far a file has been read.
const FILE: &str = "file/";
/// How many files that are none of events are told.
const MOST_TOLD: usize = 1_000;
/// How many dead letters of one file are written to `rejected/`; all of them are in the store.
const MOST_REJECTED: usize = 100_000;

/// A watched folder.
pub struct Inbox {
    folder: PathBuf,
    store: Arc<dyn Store>,
    clock: Arc<Clock>,
    schemas: Schemas,
    out: mpsc::Sender<Delivery>,
    until_empty: bool,
    behind: Option<Behind>,
    undeclared: Undeclared,
}

/// How far a file has been read.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    offset: u64,
    line: u64,
}

impl Inbox {
    /// A watched folder whose events go to `out`.
    pub fn new(
        folder: PathBuf,
        store: Arc<dyn Store>,
        clock: Arc<Clock>,
        schemas: Schemas,
        out: mpsc::Sender<Delivery>,
    ) -> Self {
        Self {
            folder,
            store,
            clock,
            schemas,
            out,
            until_empty: false,
            behind: None,
            undeclared: Undeclared::default(),
        }
    }

    /// Counts the types of events that no schema declares.
    #[must_use]
    pub fn counting(mut self, undeclared: Undeclared) -> Self {
        self.undeclared = undeclared;
        self
    }

    /// Says whether files that were there at the start are still to be read.
    #[must_use]
    pub fn telling(mut self, behind: Behind) -> Self {
        self.behind = Some(behind);
        self
    }

    /// Ends once the folder is empty, instead of watching it.
    #[must_use]
    pub fn until_empty(mut self, until_empty: bool) -> Self {
        self.until_empty = until_empty;
        self
    }

    /// Takes files in until `stop` says so. A file that is being read is left where it is, and gone on with at the next start.
    ///
    /// # Errors
    /// When the folder can't be read or written.
    pub async fn watch(self, mut stop: watch::Receiver<bool>) -> Result<(), Error> {
        for folder in [
            self.folder.clone(),
            self.folder.join("done"),
            self.folder.join("rejected"),
        ] {
            std::fs::create_dir_all(&folder).map_err(|error| Error::file(&folder, error))?;
        }
        let folder = self.folder.canonicalize();
        let folder = folder.map_err(|error| Error::file(&self.folder, error))?;
        let keeper = Keeper::of("inbox", &folder, &self.store, &self.clock);
        let mut told = HashSet::new();
        loop {
            if !keeper.keeps().await? {
                // Another worker reads it.
                self.caught_up();
                tokio::select! {
                    changed = stop.changed() => if changed.is_err() || *stop.borrow() { return Ok(()) },
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
                continue;
            }
            let (files, others) =
                found(&self.folder).map_err(|error| Error::file(&self.folder, error))?;
            for path in others {
                if told.len() < MOST_TOLD && told.insert(path.clone()) {
                    tracing::warn!(
                        file = %path.display(),
                        "it stays where it is: only files named *.jsonl are taken in, one CloudEvent a line"
                    );
                }
            }
            for path in files {
                if *stop.borrow() {
                    return Ok(());
                }
                match self.take(&path, &stop).await {
                    Ok(true) => {}
                    Ok(false) => return Ok(()),
                    // Somebody has taken it away again.
                    Err(Error::File { .. }) if !path.exists() => {}
                    Err(error @ Error::File { .. }) => {
                        if told.len() < MOST_TOLD && told.insert(path) {
                            tracing::error!(%error, "the file is left where it is, and tried again");
                        }
                    }
                    Err(error) => return Err(error),
                }
            }
            self.caught_up();
            if self.until_empty {
                return Ok(());
            }
            tokio::select! {
                changed = stop.changed() => if changed.is_err() || *stop.borrow() { return Ok(()) },
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    fn caught_up(&self) {
        if let Some(behind) = &self.behind {
            behind.is(false);
        }
    }

    /// Takes one file in. Returns whether it came to its end.
    async fn take(&self, path: &Path, stop: &watch::Receiver<bool>) -> Result<bool, Error> {
        let failed = |error| Error::file(path, error);
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let tag = tag(path).map_err(failed)?;
        let origin = format!("{name} {tag}");
        let mark = format!("{FILE}{origin}");
        let place = self
            .store
            .marks(&mark)
            .await?
            .first()
            .and_then(|(_, text)| Place::parse(text))
            .unwrap_or_default();
        let reading = Reading {
            path: path.to_owned(),
            origin: origin.as_str().into(),
            mark: mark.clone(),
            place,
            reader: Reader::new(self.schemas.clone(), self.clock.clone())
                .counting(self.undeclared.clone()),
            clock: self.clock.clone(),
            out: self.out.clone(),
            stop: stop.clone(),
        };
        let read = tokio::task::spawn_blocking(move || reading.read())
            .await?
            .map_err(failed)?;
        let Some((durable, lines)) = read else {
            return Ok(false);
        };
        if !planted!("planted.done_too_early") && durable.await.is_err() {
            return Ok(false);
        }
        fail_point!("inbox.durable");
        self.put_away(path, &name, &origin).await?;
        let lines = if lines == 1 {
            "1 line".to_owned()
        } else {
            format!("{lines} lines")
        };
        tracing::info!("{name} is taken in: {lines}");
        fail_point!("inbox.moved");
        let forgotten = Delivery {
            marks: vec![(mark, None)],
            ..Delivery::default()
        };
        Ok(self.out.send(forgotten).await.is_ok())
    }

    async fn put_away(&self, path: &Path, name: &str, origin: &str) -> Result<(), Error> {
        let rejected = self.store.rejected(Some(origin), MOST_REJECTED).await?;
        if !rejected.is_empty() {
            let target = free(&self.folder.join("rejected"), name);
            let line = |row: &Rejected| {
                serde_json::json!({ "line": row.line, "reason": row.reason, "text": row.body })
                    .to_string()
                    + "\n"
            };
            let text: String = rejected.iter().map(line).collect();
            std::fs::write(&target, text).map_err(|error| Error::file(&target, error))?;
            tracing::warn!(
                file = name,
                lines = rejected.len(),
                "lines were rejected; see {}",
                target.display()
            );
        }
        fail_point!("inbox.put_away");
        let target = free(&self.folder.join("done"), name);
        match std::fs::rename(path, &target) {
            // Another worker that took it in too was quicker.
            Err(error)
                if error.kind() == std::io::ErrorKind::NotFound && self.store.is_shared() =>
            {
                Ok(())
            }
            moved => moved.map_err(|error| Error::file(path, error)),
        }
    }
}

/// A file being read, on a thread of its own.
struct Reading {
    path: PathBuf,
    origin: Arc<str>,
    mark: String,
    place: Place,
    reader: Reader,
    clock: Arc<Clock>,
    out: mpsc::Sender<Delivery>,
    stop: watch::Receiver<bool>,
}

impl Reading {
    /// Reads to the end; returns what becomes ready once all of it is durable, with the number of lines, or nothing when told to
    /// stop.
    fn read(mut self) -> std::io::Result<Option<(oneshot::Receiver<Receipt>, u64)>> {
        let mut file = BufReader::with_capacity(1 << 20, File::open(&self.path)?);
        file.seek(SeekFrom::Start(self.place.offset))?;
        let mut line = Vec::new();
        loop {
            self.reader.refresh();
            let mut delivery = Delivery {
                via: Via::Files,
                ..Delivery::default()
            };
            let mut ended = false;
            while delivery.events.len() + delivery.rejected.len() < BATCH {
                let length = read_line(&mut file, &mut line)?;
                if length == 0 {
                    ended = true;
                    break;
                }
                self.place.offset += length;
                self.place.line += 1;
                self.take(&line, &mut delivery);
            }
            delivery
                .marks
                .push((self.mark.clone(), Some(self.place.to_string())));
            fail_point!("inbox.read");
            let receipt = ended.then(|| {
                let (sender, receipt) = oneshot::channel();
                delivery.receipt = Some(sender);
                receipt
            });
            if self.out.blocking_send(delivery).is_err() || (!ended && *self.stop.borrow()) {
                return Ok(None);
            }
            if let Some(receipt) = receipt {
                return Ok(Some((receipt, self.place.line)));
            }
        }
    }

    fn take(&mut self, line: &[u8], delivery: &mut Delivery) {
        let text = line.trim_ascii();
        if text.is_empty() {
            return;
        }
        match self.reader.event(text) {
            Ok(event) => delivery.events.push(Delivered {
                place: Some((self.origin.clone(), self.place.line)),
                ..event
            }),
            Err(reason) => delivery.rejected.push(Rejected {
                at: self.clock.now(),
                origin: self.origin.to_string(),
                line: self.place.line,
                reason,
                body: String::from_utf8_lossy(&text[..text.len().min(LARGEST)]).into_owned(),
            }),
        }
    }
}

/// Reads a line, of which no more is kept than what shows that it is too long; returns how long it was.
fn read_line(file: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<u64> {
    line.clear();
    let most = LARGEST as u64 + 2;
    let mut length = file.take(most).read_until(b'\n', line)? as u64;
    let mut is_cut = length == most && !line.ends_with(b"\n");
    while is_cut {
        let more = file.fill_buf()?;
        let end = more.iter().position(|byte| *byte == b'\n');
        let read = end.map_or(more.len(), |end| end + 1);
        is_cut = end.is_none() && read > 0;
        file.consume(read);
        length += read as u64;
    }
    Ok(length)
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let (offset, line) = text.split_once(' ')?;
        Some(Self {
            offset: offset.parse().ok()?,
            line: line.parse().ok()?,
        })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.offset, self.line)
    }
}

/// The folder's files of events that wait, by name.
///
/// # Errors
/// When the folder can't be read.
pub fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    Ok(found(folder)?.0)
}

/// The folder's files of events, by name; and those that are none.
fn found(folder: &Path) -> std::io::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let (mut files, mut others) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden || !path.is_file() {
            continue;
        }
        if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            files.push(path);
        } else {
            others.push(path);
        }
    }
    files.sort();
    Ok((files, others))
}

/// What tells a file from a later one of the same name: when it was written, and how long it is.
fn tag(path: &Path) -> std::io::Result<String> {
    let about = path.metadata()?;
    let since: Duration = about
        .modified()
        .unwrap_or(SystemTime::UNIX_EPOCH)
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let written = Instant::from_millis(i64::try_from(since.as_millis()).unwrap_or(0));
    Ok(format!("{written} {}", about.len()))
}

/// A name in a folder that nothing has yet: `events.jsonl`, `events.2.jsonl` and so on.
fn free(folder: &Path, name: &str) -> PathBuf {
    let stem = name.strip_suffix(".jsonl").unwrap_or(name);
    let numbered = (2..).map(|number| folder.join(format!("{stem}.{number}.jsonl")));
    let mut names = std::iter::once(folder.join(name)).chain(numbered);
    names
        .find(|path| !path.exists())
        .unwrap_or_else(|| folder.join(name))
}
