//! What is shared between customers: whose turn it is, who is away, which codes were given.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::codes::Codes;

/// The people that tasks and customers are given to, and the codes that are left, as they stand now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desk {
    /// Per pool: whose turn it is next.
    pub turns: BTreeMap<String, usize>,
    /// Per person: how many customers they were given.
    pub given: BTreeMap<String, u64>,
    /// Who is away: `person.away` without `person.back`.
    pub away: BTreeSet<String>,
    /// The coupon codes that were given.
    #[serde(default)]
    pub codes: Codes,
}

impl Desk {
    /// Goes back to what there was before a decision. Which codes were wanted and were not at hand is not forgotten.
    pub fn go_back(&mut self, mut before: Self) {
        let stocks = std::mem::take(self.codes.stocks());
        std::mem::swap(self, &mut before);
        let own = std::mem::replace(self.codes.stocks(), stocks);
        self.codes.stocks().go_back(own);
    }
}
