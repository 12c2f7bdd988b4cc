//! Brings a file's tables to the shape that is known, after a copy: whoever has to go back to the Kurant of before starts with that.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sqlx::{SqliteConnection, SqlitePool};

use crate::{Error, Tables, TablesAt};

/// The folder of copies, beside the store.
const FOLDER: &str = "backups";
/// So many are kept.
const KEPT: usize = 3;

/// What was done to the tables of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroughtUp {
    /// How far they were, and what was missing.
    pub at: TablesAt,
    /// The copy from before.
    pub copy: PathBuf,
}

/// How far the tables are.
pub(super) async fn at(
    connection: &mut SqliteConnection,
    tables: &Tables,
) -> Result<TablesAt, Error> {
    let there = "SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
    let there: i64 = sqlx::query_scalar(there)
        .fetch_one(&mut *connection)
        .await?;
    crate::tables::at(connection, tables, there > 0).await
}

/// Whether the tables of a store that others may work on are such that this one may look at them too.
pub(super) async fn look_at(
    pool: &SqlitePool,
    tables: &Tables,
    to_write: bool,
) -> Result<(), Error> {
    let mut connection = pool.acquire().await?;
    match at(&mut connection, tables).await {
        Ok(at) => tables.fit(&at),
        // A newer one has only added to what is read here.
        Err(Error::Newer { .. }) if !to_write => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the changes that the tables lack, after a copy of those that there are.
pub(super) async fn bring_up(
    connection: &mut SqliteConnection,
    path: &Path,
    tables: &Tables,
) -> Result<Option<BroughtUp>, Error> {
    let at = self::at(connection, tables).await?;
    let Some((change, _)) = at.missing.first() else {
        return Ok(None);
    };
    let copy = match at.is_empty() {
        true => None,
        false => Some(copy(connection, path, *change).await?),
    };
    crate::tables::bring_up(connection, tables).await?;
    Ok(copy.map(|copy| BroughtUp { at, copy }))
}

/// Makes a copy from before a change, and lets the oldest ones go. The copy is whole, or it isn't there.
async fn copy(
    connection: &mut SqliteConnection,
    path: &Path,
    change: i64,
) -> Result<PathBuf, Error> {
    let folder = path.with_file_name(FOLDER);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let stem = format!("{stem}-before-");
    std::fs::create_dir_all(&folder).map_err(failed(&folder))?;
    let copy = free(&folder, &format!("{stem}{change:04}"));
    let part = copy.with_extension("part");
    // Left by a copy that was cut off.
    let _ = std::fs::remove_file(&part);
    let made = sqlx::query("VACUUM INTO $1")
        .bind(part.display().to_string())
        .execute(connection)
        .await;
    if let Err(source) = made {
        let _ = std::fs::remove_file(&part);
        return Err(Error::NoCopy {
            path: copy.display().to_string(),
            source,
        });
    }
    let whole = std::fs::File::open(&part).and_then(|file| file.sync_all());
    whole.map_err(failed(&part))?;
    std::fs::rename(&part, &copy).map_err(failed(&copy))?;
    let synced = std::fs::File::open(&folder).and_then(|folder| folder.sync_all());
    synced.map_err(failed(&folder))?;
    forget_old_ones(&folder, &stem);
    Ok(copy)
}

/// A name that no copy has: the change may have been tried before.
fn free(folder: &Path, name: &str) -> PathBuf {
    let first = folder.join(format!("{name}.db"));
    let others = (2..).map(|number: u32| folder.join(format!("{name}-{number}.db")));
    let mut names = std::iter::once(first).chain(others);
    names.find(|path| !path.exists()).unwrap_or_default()
}

/// One that can't be let go of is no reason to stop.
fn forget_old_ones(folder: &Path, stem: &str) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut copies: Vec<(SystemTime, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with(stem) && name.ends_with(".db")
        })
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    copies.sort();
    let old = copies.len().saturating_sub(KEPT);
    for (_, path) in copies.into_iter().take(old) {
        if let Err(error) = std::fs::remove_file(&path) {
            tracing::warn!(%error, path = %path.display(), "an old copy can't be removed");
        }
    }
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.display().to_string();
    move |source| Error::File { path, source }
}
