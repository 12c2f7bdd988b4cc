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
    /// By which names messages are known that were handed over.
    Taken,
    /// Counts that are one once they are added up; how old they are is no matter.
    Counts,
}

impl Old {
    /// All of it.
    pub const ALL: [Self; 5] = [
        Self::Repeats,
        Self::Log,
        Self::Letters,
        Self::Taken,
        Self::Counts,
    ];
}
