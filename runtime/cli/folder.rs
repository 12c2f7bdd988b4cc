//! The workspace's folder, and the environment that it is used in.

use std::ops::Deref;
use std::path::{Path, PathBuf};

/// A workspace's folder, in an environment: `kurant.NAME.yaml` is laid over its `kurant.yaml` then.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    path: PathBuf,
    environment: Option<String>,
}

impl Folder {
    /// A folder, in an environment or in none.
    pub(crate) fn new(path: &Path, environment: Option<&str>) -> Self {
        Self {
            path: path.to_owned(),
            environment: environment.map(str::to_owned),
        }
    }

    /// The environment, if it is one.
    pub(crate) fn environment(&self) -> Option<&str> {
        self.environment.as_deref()
    }
}

impl Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}
