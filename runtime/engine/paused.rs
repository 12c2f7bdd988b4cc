//! What an operator, or the guard, holds back for now.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::calendar::Instant;

/// What can be held back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// Everything.
    All,
    /// What leaves by a channel.
    Channel(String),
    /// A journey, in all its versions.
    Journey(String),
}

impl Target {
    /// What people write: `all`, `channel:NAME`, or a journey's id.
    pub fn parse(text: &str) -> Self {
        match (text, text.strip_prefix("channel:")) {
            ("all", _) => Self::All,
            (_, Some(channel)) => Self::Channel(channel.to_owned()),
            (journey, None) => Self::Journey(journey.to_owned()),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Channel(channel) => write!(f, "channel:{channel}"),
            Self::Journey(journey) => f.write_str(journey),
        }
    }
}

/// Who holds something back, since when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    pub at: Instant,
    /// Who: a name, or `guard`.
    pub by: String,
    /// Why; empty if nobody said.
    #[serde(default)]
    pub why: String,
}

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "paused by {} since {}", self.by, self.at)?;
        if self.why.is_empty() {
            return Ok(());
        }
        write!(f, ": {}", self.why)
    }
}

/// All that is held back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paused {
    targets: BTreeMap<Target, Pause>,
}

impl Paused {
    /// Why a journey is held back, if it is.
    pub fn journey(&self, id: &str) -> Option<&Pause> {
        if self.targets.is_empty() {
            return None;
        }
        self.targets
            .get(&Target::All)
            .or_else(|| self.targets.get(&Target::Journey(id.to_owned())))
    }

    /// Why a channel is held back, if it is.
    pub fn channel(&self, name: &str) -> Option<&Pause> {
        if self.targets.is_empty() {
            return None;
        }
        self.targets.get(&Target::Channel(name.to_owned()))
    }

    /// Each target with who, since when and why.
    pub fn iter(&self) -> impl Iterator<Item = (&Target, &Pause)> {
        self.targets.iter()
    }

    /// Whether this very target is held back.
    pub fn contains(&self, target: &Target) -> bool {
        self.targets.contains_key(target)
    }
}

impl FromIterator<(Target, Pause)> for Paused {
    fn from_iter<I: IntoIterator<Item = (Target, Pause)>>(targets: I) -> Self {
        Self {
            targets: targets.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_as_it_is_written() {
        for text in ["all", "channel:email", "dormant-cascade"] {
            assert_eq!(Target::parse(text).to_string(), text);
        }
        assert_eq!(Target::parse("all"), Target::All);
        assert_eq!(Target::parse("channel:sms"), Target::Channel("sms".into()));
    }
}
