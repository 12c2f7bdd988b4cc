//! A journey as compiled from its file.

use serde::{Deserialize, Serialize};

use super::{Computed, Library, Script, Split, Step, Trigger, Verb};
use crate::calendar::Duration;
use crate::id::{Key, bucket};

/// A journey at one version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// The hash of the compiled journey and of the library functions that it reaches; titles and comments make no version.
    pub hash: Key,
    /// The journey.
    pub journey: Journey,
    /// The library functions that it reaches, as they were.
    pub library: Vec<Library>,
}

/// What a marketer wrote in one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Journey {
    /// Its id, kebab-case, unique in the workspace: `journey:`.
    pub id: String,
    /// For people.
    pub title: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Whether anybody may enter.
    pub status: Status,
    /// Which rules stand between its sends and the customer.
    pub category: Category,
    /// What starts it; at least one.
    pub triggers: Vec<Trigger>,
    /// Who may enter.
    pub audience: Option<Script>,
    /// How often, and under which key.
    pub entry: Entry,
    /// What ends it early.
    pub exits: Vec<Exit>,
    /// What counts as success.
    pub goal: Option<Goal>,
    /// The subject that a customer may opt out of.
    pub topic: Option<String>,
    /// The longest life of an enrollment.
    pub expires: Option<Duration>,
    /// 0 to 100; who goes first when a cap lets only one through.
    pub priority: u8,
    /// The share of customers for whom every action is skipped, in hundredths of a percent.
    pub holdout: u32,
    /// While it stands, only those customers enter.
    pub pilot: Option<Script>,
    /// Constants, seen as `vars.NAME`.
    pub vars: Vec<(String, Computed)>,
    /// What happens.
    pub steps: Vec<Step>,
}

impl Journey {
    /// Who goes first when a cap lets only one through, unless told.
    pub const PRIORITY: u8 = 50;

    /// A journey as its file says it with no more than is needed: all else is as if left out.
    pub fn new(id: impl Into<String>, triggers: Vec<Trigger>, steps: Vec<Step>) -> Self {
        Self {
            id: id.into(),
            title: None,
            owner: None,
            status: Status::default(),
            category: Category::default(),
            triggers,
            audience: None,
            entry: Entry::default(),
            exits: Vec::new(),
            goal: None,
            topic: None,
            expires: None,
            priority: Self::PRIORITY,
            holdout: 0,
            pilot: None,
            vars: Vec::new(),
            steps,
        }
    }

    /// Whether a customer belongs to the share that is held out: the same answer in every run.
    pub fn holds_out(&self, customer: &str) -> bool {
        self.holdout > 0
            && bucket(&[customer, &self.id, "holdout"], 10_000) < u64::from(self.holdout)
    }

    /// The splits that have a name, with it, in the order of the file.
    pub fn splits(&self) -> Vec<(&str, &Split)> {
        fn of<'s>(steps: &'s [Step], found: &mut Vec<(&'s str, &'s Split)>) {
            for step in steps {
                if let (Some(id), Verb::Split(split)) = (&step.id, &step.verb) {
                    found.push((id, split));
                }
                for block in step.verb.blocks() {
                    of(block, found);
                }
            }
        }
        let mut found = Vec::new();
        of(&self.steps, &mut found);
        found
    }
}

/// Whether anybody may enter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Acts only in `test` and `simulate`.
    #[default]
    Draft,
    /// Runs.
    Live,
    /// Nobody enters, those inside go on.
    Retired,
}

/// Which rules stand between a send and the customer.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Consent, topics, quiet hours and caps.
    #[default]
    Marketing,
    /// Quiet hours.
    Service,
    /// None of these.
    Transactional,
}

impl Category {
    /// The word that stands in YAML.
    pub fn word(self) -> &'static str {
        match self {
            Self::Marketing => "marketing",
            Self::Service => "service",
            Self::Transactional => "transactional",
        }
    }
}

/// Entry rules; all hold per key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What makes an enrollment its own; the customer unless told. `()` = not entered.
    pub key: Option<Script>,
    /// Whether one may come again.
    pub again: Again,
    /// What a firing does while the customer is inside.
    pub while_active: WhileActive,
}

/// Whether a customer may enter again; judged only when none is active.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    /// Whenever a trigger fires.
    #[default]
    Always,
    /// Once in a lifetime.
    Never,
    /// So long after the last entry.
    After(Duration),
}

/// What a firing does while the customer is inside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhileActive {
    /// Nothing.
    #[default]
    Ignore,
    /// The old enrollment exits with `restarted`, a new one begins.
    Restart,
    /// It waits until the active one has ended.
    Queue,
    /// Both go on.
    Parallel,
}

/// What ends an enrollment early.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// An event of the customer.
    Event {
        /// Its type.
        event: String,
        /// Which of them: `where`.
        filter: Option<Script>,
        /// The reason that is logged; the event's type unless told.
        reason: String,
    },
    /// A condition, judged at entry, at each wake and at each event of the customer.
    When {
        /// The condition.
        when: Script,
        /// The reason that is logged; `condition` unless told.
        reason: String,
    },
}

/// Success that is counted, once per enrollment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// The event's type.
    pub event: String,
    /// Which of them: `where`.
    pub filter: Option<Script>,
    /// How long after the last send it still counts, also when the enrollment has ended.
    pub within: Option<Duration>,
    /// What it is worth.
    pub value: Option<Script>,
}
