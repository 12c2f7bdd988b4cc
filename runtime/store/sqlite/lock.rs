//! The lock beside a store's file: one process writes, and the next one is told which.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::{Error, Worker};

/// Where the lock of a store is.
fn lock_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// The process that holds the lock of a store.
pub(super) fn holder(path: &Path) -> Option<Worker> {
    let mut file = File::open(lock_of(path)).ok()?;
    // Should nobody hold it, it is let go of again at once.
    if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return None;
    }
    let mut id = String::new();
    file.read_to_string(&mut id).ok()?;
    Some(Worker {
        name: format!("process {}", id.trim()),
        word: None,
    })
}

/// Takes the lock of a store, and leaves the process's number in it for the message to the next one.
pub(super) fn take(path: &Path) -> Result<File, Error> {
    let name = lock_of(path);
    let failed = |source| Error::File {
        path: name.display().to_string(),
        source,
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|source| Error::File {
            path: folder.display().to_string(),
            source,
        })?;
    }
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&name)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            let holder = holder
                .trim()
                .parse::<u32>()
                .map_or_else(|_| String::new(), |id| format!(" (process {id})"));
            return Err(Error::Locked {
                path: path.display().to_string(),
                holder,
            });
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    file.set_len(0).map_err(failed)?;
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    file.write_all(std::process::id().to_string().as_bytes())
        .map_err(failed)?;
    Ok(file)
}
