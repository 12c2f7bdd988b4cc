//! Files, one object a line.
//!
//! A line is written and made durable before the store is told. After a crash in between, what the store still holds as
//! claimed is looked for at the end of the file: what is there was handed over, what is not is handed over now.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fail::fail_point;
use kurant_store::Outgoing;

use super::{HandedOver, Line, accepted};
use crate::dispatch::key;
use crate::error::Error;
use crate::planted::planted;

/// Marks under this name hold how long the file of a route was when its last lines were settled.
pub(crate) const HANDED: &str = "handed/";

/// A folder with a file for each route.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    folder: PathBuf,
}

impl Files {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Writes these lines, makes them durable, and says that they are handed over.
    pub(crate) fn hand_over(&self, lines: &[Line]) -> Result<HandedOver, Error> {
        let mut done = HandedOver::default();
        let mut texts: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
        for line in lines {
            done.settle(&line.row, accepted(&line.row));
            let text = texts.entry(&line.row.route).or_default();
            text.extend_from_slice(line.text.as_bytes());
            text.push(b'\n');
        }
        for (route, text) in texts {
            let path = self.path(route);
            let length = append(&path, &text).map_err(|error| Error::file(&path, error))?;
            done.marks
                .push((format!("{HANDED}{route}"), Some(length.to_string())));
        }
        Ok(done)
    }

    /// After a stop: which of the commands that were claimed stand in the files behind `marks`, and which are missing there.
    /// Without marks others may be writing: they are looked for everywhere, and nothing is mended.
    pub(crate) fn look_for(
        &self,
        claimed: Vec<Outgoing>,
        marks: Option<&[(String, String)]>,
    ) -> Result<(Vec<Outgoing>, Vec<Outgoing>), Error> {
        let mut routes: BTreeMap<String, HashSet<String>> = BTreeMap::new();
        for row in &claimed {
            if !routes.contains_key(&row.route) {
                let mark = marks
                    .into_iter()
                    .flatten()
                    .find(|(name, _)| name.strip_prefix(HANDED) == Some(&row.route));
                let from = mark.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
                let path = self.path(&row.route);
                let keys = tail(&path, from, marks.is_some())
                    .map_err(|error| Error::file(&path, error))?;
                routes.insert(row.route.clone(), keys);
            }
        }
        let is_there = |row: &Outgoing| {
            routes
                .get(&row.route)
                .is_some_and(|keys| keys.contains(&row.command.key.to_string()))
        };
        Ok(claimed.into_iter().partition(is_there))
    }

    fn path(&self, route: &str) -> PathBuf {
        self.folder.join(format!("{route}.jsonl"))
    }
}

/// Appends and makes durable; returns the file's length then.
fn append(path: &Path, text: &[u8]) -> std::io::Result<u64> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .open(path)?;
    let text = after_a_torn_line(&mut file, text)?;
    fail_point!("file.opened");
    fail_point!("file.torn", |_| {
        file.write_all(&text[..text.len() / 2])?;
        std::process::abort()
    });
    if planted!("planted.never_leaves") {
        return Ok(file.metadata()?.len());
    }
    if planted!("planted.leaves_twice") {
        file.write_all(&text)?;
    }
    file.write_all(&text)?;
    fail_point!("file.written");
    file.sync_data()?;
    fail_point!("file.durable");
    Ok(file.metadata()?.len())
}

/// What is to be written: on a line of its own, if the last one was torn off.
fn after_a_torn_line<'t>(file: &mut File, text: &'t [u8]) -> std::io::Result<Cow<'t, [u8]>> {
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    Ok(match last {
        [b'\n'] => Cow::Borrowed(text),
        _ => Cow::Owned([b"\n", text].concat()),
    })
}

/// The keys of the lines behind a place; a last line that was torn off is cut away where nobody else writes.
fn tail(path: &Path, from: u64, alone: bool) -> std::io::Result<HashSet<String>> {
    let mut keys = HashSet::new();
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(keys),
        Err(error) => return Err(error),
    };
    // A shorter file is another one, begun since.
    let mut place = if file.metadata()?.len() < from {
        0
    } else {
        from
    };
    file.seek(SeekFrom::Start(place))?;
    let mut reader = BufReader::new(&file);
    // Bytes: a line may be torn off within a letter.
    let mut text = Vec::new();
    while reader.read_until(b'\n', &mut text)? > 0 {
        if !text.ends_with(b"\n") {
            if alone {
                cut(&file, place)?;
            }
            break;
        }
        place += text.len() as u64;
        keys.extend(std::str::from_utf8(&text).ok().and_then(key));
        text.clear();
    }
    Ok(keys)
}

fn cut(file: &File, length: u64) -> std::io::Result<()> {
    file.set_len(length)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_torn_off_within_a_letter_is_cut_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sms.jsonl");
        let mut text = b"{\"key\":\"a\"}\n{\"key\":\"b\",\"text\":\"".to_vec();
        let whole = text.len() - "{\"key\":\"b\",\"text\":\"".len();
        text.push("Д".as_bytes()[0]);
        std::fs::write(&path, &text).expect("a file");
        let keys = tail(&path, 0, false).expect("it is read");
        assert_eq!(keys, HashSet::from(["a".to_owned()]));
        assert_eq!(
            std::fs::metadata(&path).expect("a file").len(),
            text.len() as u64
        );
        tail(&path, 0, true).expect("it is read");
        assert_eq!(
            std::fs::metadata(&path).expect("a file").len(),
            whole as u64
        );
    }

    #[test]
    fn a_line_that_was_torn_off_spoils_none_after_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("crm.jsonl");
        std::fs::write(&path, "{\"key\":\"a\"}\n{\"key").expect("a file");
        append(&path, b"{\"key\":\"b\"}\n").expect("it is written");
        append(&path, b"{\"key\":\"c\"}\n").expect("it is written");
        let text = std::fs::read_to_string(&path).expect("a file");
        assert_eq!(
            text,
            "{\"key\":\"a\"}\n{\"key\n{\"key\":\"b\"}\n{\"key\":\"c\"}\n"
        );
    }
}
