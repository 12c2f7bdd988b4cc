//! A Maildir: whoever brings mail writes it elsewhere and moves it into `new`; what was read is moved into `cur`.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fail::fail_point;

/// So much of a mail is read. Reports and the words of people stand at its beginning; pictures come behind.
pub(super) const LARGEST: u64 = 256 * 1024;

/// A folder of mail.
#[derive(Clone)]
pub(super) struct Maildir(PathBuf);

/// A mail as it lies there.
pub(super) struct Lying {
    pub(super) bytes: Vec<u8>,
    /// When the mail server of ours brought it, in milliseconds since 1970.
    pub(super) brought: i64,
}

impl Maildir {
    pub(super) fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    /// Makes the folder where there is none. One that a mail server has made is left as it is.
    pub(super) fn make(&self) -> io::Result<()> {
        for part in ["tmp", "new", "cur"] {
            std::fs::create_dir_all(self.0.join(part))?;
        }
        Ok(())
    }

    /// Mail that waits, by name; at most so many of them, and none that is left where it is.
    pub(super) fn waiting(
        &self,
        most: usize,
        is_left: impl Fn(&str) -> bool,
    ) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.0.join("new"))? {
            let entry = entry?;
            let name = entry.file_name().into_string();
            // A link, a pipe or a folder is no mail, and nobody knows where it leads.
            let is_mail = entry.file_type()?.is_file();
            if let Ok(name) = name
                && is_mail
                && !name.starts_with('.')
                && !is_left(&name)
            {
                names.push(name);
            }
            if names.len() >= most {
                break;
            }
        }
        names.sort();
        Ok(names)
    }

    /// The beginning of a mail.
    pub(super) fn read(&self, name: &str) -> io::Result<Lying> {
        fail_point!("returned.opens", |_| Err(
            io::ErrorKind::PermissionDenied.into()
        ));
        let file = File::open(self.0.join("new").join(name))?;
        let brought = file
            .metadata()?
            .modified()
            .unwrap_or(SystemTime::UNIX_EPOCH);
        let since: Duration = brought.duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut bytes = Vec::new();
        file.take(LARGEST).read_to_end(&mut bytes)?;
        Ok(Lying {
            bytes,
            brought: i64::try_from(since.as_millis()).unwrap_or_default(),
        })
    }

    /// Moves a mail into `cur`; what was taken is marked as seen there, so that a mail program shows the rest as unread.
    pub(super) fn put_away(&self, name: &str, is_taken: bool) -> io::Result<()> {
        let stem = name.split(':').next().unwrap_or(name);
        let flags = if is_taken { "S" } else { "" };
        let cur = self.0.join("cur");
        std::fs::create_dir_all(&cur)?;
        let numbered = (2..).map(|number| format!("{stem}.{number}:2,{flags}"));
        let mut targets = std::iter::once(format!("{stem}:2,{flags}"))
            .chain(numbered)
            .map(|own| cur.join(own));
        let target = targets.find(|own| !own.exists());
        let target = target.ok_or_else(|| io::Error::from(io::ErrorKind::AlreadyExists))?;
        std::fs::rename(self.0.join("new").join(name), target)
    }
}

/// How many mails wait in a folder.
///
/// # Errors
/// When it can't be read, or one of them can't be opened.
pub fn waiting_mails(folder: &Path) -> io::Result<usize> {
    let maildir = Maildir::at(folder);
    let waiting = maildir.waiting(usize::MAX, |_| false)?;
    let opened = waiting.first().map(|name| maildir.read(name));
    match opened {
        // Somebody has taken it away meanwhile.
        Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(waiting.len()),
    }
}
