//! Which providers have taken a message from here: a description is only as good as what its provider does with it.

use std::path::{Path, PathBuf};

use kurant_engine::id::Key;
use kurant_runner::{Finding, HttpProvider};

/// Where proofs are kept, in the workspace's folder.
const FOLDER: &str = ".kurant/proven";

/// Notes that a provider has taken a message.
pub(crate) fn note(folder: &Path, channel: &str, provider: &HttpProvider) -> std::io::Result<()> {
    std::fs::create_dir_all(folder.join(FOLDER))?;
    std::fs::write(path(folder, channel), mark(provider))
}

/// What is to be said of a provider that has taken none yet, as it is described now.
pub(crate) fn lacking(folder: &Path, channel: &str, provider: &HttpProvider) -> Option<Finding> {
    let noted = std::fs::read_to_string(path(folder, channel));
    if noted.is_ok_and(|noted| noted == mark(provider)) {
        return None;
    }
    Some(Finding::doubtful(
        "provider",
        format!(
            "{} is described, and has taken no message of {channel} from here yet",
            provider.name()
        ),
        "send one: `kurant channel try CHANNEL --to ADDRESS`",
    ))
}

fn path(folder: &Path, channel: &str) -> PathBuf {
    folder.join(FOLDER).join(channel)
}

/// Another description is another provider.
fn mark(provider: &HttpProvider) -> String {
    Key::of(&[&provider.description()]).to_string()
}
