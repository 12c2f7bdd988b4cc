//! What an examiner finds.

/// How a thing that was looked at stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Good,
    /// It works, and somebody should know.
    Doubtful,
    /// It doesn't work, or events can be lost.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, by a name that stays.
    pub check: &'static str,
    /// How it stands.
    pub state: State,
    /// What was seen.
    pub what: String,
    /// What to do about it.
    pub advice: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn good(check: &'static str, what: impl Into<String>) -> Self {
        Self {
            check,
            state: State::Good,
            what: what.into(),
            advice: None,
        }
    }

    /// It works, and somebody should know; and what to do about it.
    pub fn doubtful(check: &'static str, what: impl Into<String>, advice: &str) -> Self {
        Self::new(check, State::Doubtful, what, advice)
    }

    /// It doesn't work; and what to do about it.
    pub fn bad(check: &'static str, what: impl Into<String>, advice: &str) -> Self {
        Self::new(check, State::Bad, what, advice)
    }

    fn new(check: &'static str, state: State, what: impl Into<String>, advice: &str) -> Self {
        Self {
            check,
            state,
            what: what.into(),
            advice: Some(advice.to_owned()),
        }
    }
}
