//! Notices when somebody changes the workspace.

use std::path::Path;
use std::time::Duration;

use kurant_authoring::is_read;
use notify_debouncer_full::notify::{RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, Debouncer, RecommendedCache, new_debouncer};
use tokio::sync::mpsc;

use crate::error::Error;
use crate::workspace::FOLDERS;

/// How long it has to be quiet before a change is taken up: editors write in several steps.
const QUIET: Duration = Duration::from_millis(300);
/// What keeps watching; it ends when dropped.
pub(super) type Watcher = Debouncer<RecommendedWatcher, RecommendedCache>;

/// Says so whenever a file of the workspace has changed.
pub(super) fn changes(folder: &Path) -> Result<(Watcher, mpsc::Receiver<()>), Error> {
    let (sender, receiver) = mpsc::channel(1);
    let failed = |error: notify_debouncer_full::notify::Error| {
        Error::failure(format!("can't watch {}: {error}", folder.display()))
    };
    let own = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let folder = own.clone();
    let folder = folder.as_path();
    let mut watcher = new_debouncer(QUIET, None, move |events: DebounceEventResult| {
        // Somebody's log beside kurant.yaml is no file of the workspace.
        let is_ours = |path: &Path| {
            let beside = path.parent() == Some(own.as_path());
            let named = path.file_name().unwrap_or_default().to_string_lossy();
            !path.components().any(|part| part.as_os_str() == ".kurant")
                && (!beside || is_read(&named) || FOLDERS.contains(&&*named))
        };
        let changed = events.is_ok_and(|events| {
            events.iter().any(|event| {
                !event.kind.is_access() && event.paths.iter().any(|path| is_ours(path))
            })
        });
        if changed {
            // One that waits already stands for this change too.
            let _ = sender.try_send(());
        }
    })
    .map_err(failed)?;
    watcher
        .watch(folder, RecursiveMode::NonRecursive)
        .map_err(failed)?;
    for name in FOLDERS {
        let path = folder.join(name);
        if path.is_dir() {
            watcher
                .watch(&path, RecursiveMode::Recursive)
                .map_err(failed)?;
        }
    }
    Ok((watcher, receiver))
}
