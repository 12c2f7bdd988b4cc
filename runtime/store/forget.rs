//! What is of no use any more once it is old.

/// What may be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Old {
    /// Which events were taken in. Their customers' histories tell it still.
    Repeats,
    /// Entries of the execution log.
    Log,
    /// Dead letters, and commands that were given up or are in doubt.
    Letters,
    /// Counts that are one once they are added up; how old they are is no matter.
    Counts,
}

impl Old {
    /// All of it.
    pub const ALL: [Self; 4] = [Self::Repeats, Self::Log, Self::Letters, Self::Counts];
}
