//! What may become of a message: the one list of its words.

use serde::{Deserialize, Serialize};

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It arrived.
    Delivered,
    /// It was opened.
    Opened,
    /// A link in it was followed.
    Clicked,
    /// It was answered.
    Replied,
    /// It did not arrive, and none will at this address.
    Bounced,
    /// It did not arrive.
    Failed,
    /// Whoever got it called it unwanted.
    Complained,
    /// Whoever got it wants no more.
    Unsubscribed,
    /// Nothing that anybody waits for.
    Ignored,
}

impl Fate {
    /// All of them with their words, which stand in descriptions of providers and in the log. What nobody waits for is the last.
    pub const ALL: [(&'static str, Self); 9] = [
        ("delivered", Self::Delivered),
        ("opened", Self::Opened),
        ("clicked", Self::Clicked),
        ("replied", Self::Replied),
        ("bounced", Self::Bounced),
        ("failed", Self::Failed),
        ("complained", Self::Complained),
        ("unsubscribed", Self::Unsubscribed),
        ("ignored", Self::Ignored),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        let own = Self::ALL.iter().find(|(_, fate)| *fate == self);
        own.map_or("", |(word, _)| word)
    }

    /// The words alone.
    pub const WORDS: [&'static str; Self::ALL.len()] = first_words();
}

/// The words of the first so many.
pub(crate) const fn first_words<const N: usize>() -> [&'static str; N] {
    let mut words = [""; N];
    let mut at = 0;
    while at < N {
        words[at] = Fate::ALL[at].0;
        at += 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::FATES;

    #[test]
    fn each_has_the_word_by_which_it_is_stored() {
        for (word, fate) in Fate::ALL {
            assert_eq!(serde_json::to_value(fate).unwrap(), word);
        }
        assert!(!FATES.contains(&"ignored") && FATES.contains(&"unsubscribed"));
    }
}
