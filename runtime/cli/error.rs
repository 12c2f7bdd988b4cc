//! What a user sees when a command can't do its work: what is wrong, a hint, and an exit code.

use std::fmt;
use std::process::ExitCode;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) struct Error {
    kind: Kind,
    message: String,
    hint: Option<String>,
}

/// What kind of trouble it is; each has its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Mistakes in the workspace.
    Findings,
    /// It was called wrongly.
    Usage,
    /// It could not be done: a file that can't be read, a full disk.
    Failure,
    /// What it needs is away, and may come back by itself: a database.
    Outage,
    /// Whoever reads the output has gone.
    Unread,
    /// There is nothing yet to work with.
    Absence,
}

impl Error {
    /// Mistakes in the workspace: exit code 1.
    pub(crate) fn findings(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Findings,
            message: message.into(),
            hint: None,
        }
    }

    /// It was called wrongly: exit code 2.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Usage,
            message: message.into(),
            hint: None,
        }
    }

    /// It could not be done: exit code 3.
    pub(crate) fn failure(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Failure,
            message: message.into(),
            hint: None,
        }
    }

    /// What it needs is away, and may come back by itself: exit code 3, unless somebody waits for it.
    pub(crate) fn outage(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Outage,
            message: message.into(),
            hint: None,
        }
    }

    /// There is nothing yet to work with: exit code 3.
    pub(crate) fn absence(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Absence,
            message: message.into(),
            hint: None,
        }
    }

    /// Whether there is nothing yet to work with.
    pub(crate) fn is_absence(&self) -> bool {
        self.kind == Kind::Absence
    }

    /// Whether to wait and try again can help.
    pub(crate) fn is_outage(&self) -> bool {
        self.kind == Kind::Outage
    }

    /// What went wrong, without what to do about it.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Nothing is wrong when whoever reads the output has seen enough.
    pub(crate) fn unless_nobody_reads(self) -> Result<(), Self> {
        match self.kind {
            Kind::Unread => Ok(()),
            _ => Err(self),
        }
    }

    /// What to do about it.
    pub(crate) fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Adds what to do about it.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Several that were found together, as one; none where there are none.
    pub(crate) fn together(mut all: Vec<Self>) -> Option<Self> {
        if all.len() < 2 {
            return all.pop();
        }
        let told = all.iter().map(|own| match &own.hint {
            Some(hint) => format!("{} ({hint})", own.message),
            None => own.message.clone(),
        });
        let message = told.collect::<Vec<_>>().join("; ");
        all.truncate(1);
        let first = all.pop()?;
        Some(Self {
            message,
            hint: None,
            ..first
        })
    }

    /// What the process ends with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.kind {
            Kind::Findings => 1,
            Kind::Usage => 2,
            Kind::Failure | Kind::Outage | Kind::Absence | Kind::Unread => 3,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::failure(format!("{error:#}"))
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::BrokenPipe => Kind::Unread,
            _ => Kind::Failure,
        };
        Self {
            kind,
            ..Self::failure(error.to_string())
        }
    }
}
