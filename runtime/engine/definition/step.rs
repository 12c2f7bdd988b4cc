//! The steps of a journey.

use serde::{Deserialize, Serialize};

use super::{Computed, Script};
use crate::calendar::{Duration, SendWindow, WaitRule};
use crate::id::drawn;

/// One step: a verb and what stands beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in the journey.
    pub id: Option<String>,
    /// For people.
    pub title: Option<String>,
    /// False = the step is passed over.
    pub when: Option<Script>,
    /// What it does.
    pub verb: Verb,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// One message.
    Send(Send),
    /// Let time pass.
    Wait(Wait),
    /// Until an event, or a timeout.
    WaitFor(WaitFor),
    /// The first branch that holds.
    Choose(Choose),
    /// One of two.
    If(If),
    /// A/B/n.
    Split(Split),
    /// Changes the profile and tells the CRM.
    Set(Vec<(String, Computed)>),
    /// Adds tags.
    Tag(Computed),
    /// Takes tags away.
    Untag(Computed),
    /// Points.
    Score(Score),
    /// A task in the CRM.
    Task(Task),
    /// Gives the customer an owner.
    Assign(Assign),
    /// A code of the customer's own.
    Coupon(Coupon),
    /// An event to the broker.
    Emit(Emit),
    /// An HTTP call.
    Webhook(Webhook),
    /// Rhai whose map is merged into `vars`.
    Run(Run),
    /// Enrolls the customer in another journey.
    Start(Start),
    /// A bounded loop.
    Repeat(Repeat),
    /// Ends the enrollment.
    Exit(String),
}

impl Verb {
    /// The word that stands in YAML and in an action's `action`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Send(_) => "send",
            Self::Wait(_) => "wait",
            Self::WaitFor(_) => "wait_for",
            Self::Choose(_) => "choose",
            Self::If(_) => "if",
            Self::Split(_) => "split",
            Self::Set(_) => "set",
            Self::Tag(_) => "tag",
            Self::Untag(_) => "untag",
            Self::Score(_) => "score",
            Self::Task(_) => "task",
            Self::Assign(_) => "assign",
            Self::Coupon(_) => "coupon",
            Self::Emit(_) => "emit",
            Self::Webhook(_) => "webhook",
            Self::Run(_) => "run",
            Self::Start(_) => "start",
            Self::Repeat(_) => "repeat",
            Self::Exit(_) => "exit",
        }
    }

    /// The lists of steps inside, in the order of reading.
    pub fn blocks(&self) -> Vec<&[Step]> {
        match self {
            Self::Send(send) => [&send.on_late, &send.on_cap]
                .into_iter()
                .filter_map(|rule| match rule {
                    OnStop::Steps(steps) => Some(steps.as_slice()),
                    OnStop::Skip | OnStop::Defer => None,
                })
                .collect(),
            Self::WaitFor(wait) => vec![&wait.then, &wait.otherwise],
            Self::Choose(choose) => choose
                .branches
                .iter()
                .map(|branch| branch.steps.as_slice())
                .collect(),
            Self::If(step) => vec![&step.then, &step.otherwise],
            Self::Split(split) => split.arms.iter().map(|arm| arm.steps.as_slice()).collect(),
            Self::Repeat(repeat) => vec![&repeat.steps],
            Self::Webhook(Webhook {
                on_error: OnError::Steps(steps),
                ..
            }) => vec![steps],
            _ => Vec::new(),
        }
    }
}

/// Which channel a message takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The customer's preferred channel, else the first, among the reachable ones that the template has.
    Best,
    /// This one.
    Named(String),
}

/// `send`: one message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Send {
    /// Where it goes.
    pub channel: Channel,
    /// The template's name.
    pub template: String,
    /// What the template sees by name.
    pub data: Vec<(String, Computed)>,
    /// Another address than the customer's own.
    pub to: Option<Computed>,
    /// Channels to try when this one is unreachable, gives up or is not confirmed in time.
    pub fallback: Vec<String>,
    /// How long a delivery may stay unconfirmed.
    pub fallback_after: Option<Duration>,
    /// Hours and weekdays in which it may leave.
    pub window: Option<SendWindow>,
    /// How long after it was due it still makes sense.
    pub valid_for: Option<Duration>,
    /// What happens when it no longer does.
    pub on_late: OnStop,
    /// What happens when a frequency cap stands in the way.
    pub on_cap: OnStop,
}

/// What happens when something stops a send.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnStop {
    /// It is skipped, the journey goes on.
    #[default]
    Skip,
    /// It waits (`on_cap` only).
    Defer,
    /// It is skipped and these steps follow.
    Steps(Vec<Step>),
}

/// `wait`: let time pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// `for`, `at` and `weekdays`.
    pub rule: WaitRule,
    /// What `for` is counted from; now unless told.
    pub since: Option<Script>,
    /// The moment itself.
    pub until: Option<Script>,
}

/// One event that is waited for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Awaited {
    /// Its type.
    pub event: String,
    /// Which of them: `where`.
    pub filter: Option<Script>,
}

/// `wait_for`: until such an event of this customer, or the timeout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaitFor {
    /// Any of these.
    pub any: Vec<Awaited>,
    /// How long; counted from the moment the step was reached.
    pub timeout: Option<Duration>,
    /// Until when, instead of a timeout.
    pub until: Option<Script>,
    /// Only events dated at or after it count; the moment the step was reached unless told.
    pub since: Option<Script>,
    /// After the event.
    pub then: Vec<Step>,
    /// After the timeout.
    pub otherwise: Vec<Step>,
}

/// One branch of `choose`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// Its condition; none for `otherwise`.
    pub when: Option<Script>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// `choose`: the first branch that holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choose {
    /// In the author's order.
    pub branches: Vec<Branch>,
}

/// `if`: one of two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct If {
    /// The condition.
    pub condition: Script,
    /// When it holds.
    pub then: Vec<Step>,
    /// When it doesn't: `else`.
    pub otherwise: Vec<Step>,
}

/// One arm of `split`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Its name.
    pub name: String,
    /// Its share of the sum of all weights.
    pub weight: u32,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// `split`: A/B/n; the arm is a stable hash of customer, journey and step id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// In the author's order.
    pub arms: Vec<Arm>,
}

impl Split {
    /// The place of the arm that a customer goes through, whether or not they ever get there.
    pub fn arm_of(&self, customer: &str, journey: &str, step: &str) -> Option<usize> {
        let weights = self.arms.iter().map(|arm| arm.weight);
        drawn(&[customer, journey, step], weights)
    }
}

/// `score`: points with their reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// How many; may be negative.
    pub add: i64,
    /// Why.
    pub because: Computed,
    /// Until when they count in `customer.score`; for ever unless told.
    pub lasts: Option<Duration>,
}

/// `task`: a task in the CRM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// What is to be done.
    pub title: Computed,
    /// Who does it: `for`.
    pub assignee: TaskFor,
    /// In how much time; a pool's hours count.
    pub due: Option<Duration>,
    /// As the CRM calls it.
    pub priority: Option<String>,
}

/// Who a task is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskFor {
    /// The customer's owner; none = unassigned.
    Owner,
    /// A person.
    Person(String),
    /// A pool of people.
    Pool(String),
}

/// `assign`: gives the customer an owner from a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assign {
    /// The pool's name.
    pub pool: String,
    /// Who of them.
    pub by: AssignBy,
}

/// How a person is chosen from a pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignBy {
    /// In turn.
    #[default]
    RoundRobin,
    /// Who has the fewest customers.
    LeastLoaded,
}

/// `coupon`: a code of the customer's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coupon {
    /// The pool of codes, or a pattern in which each `#` becomes a character.
    pub codes: String,
    /// How long it is valid.
    pub valid: Option<Duration>,
    /// Until when it is valid.
    pub until: Option<Script>,
    /// The variable that holds it: `as`.
    pub variable: String,
}

/// `emit`: an event to the broker, taken in here too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Emit {
    /// Its type: `type`.
    pub event: String,
    /// Its data.
    pub data: Vec<(String, Computed)>,
}

/// `webhook`: an HTTP call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Webhook {
    /// Where to.
    pub url: String,
    /// GET, POST and so on; POST unless told.
    pub method: String,
    /// Its headers.
    pub headers: Vec<(String, Computed)>,
    /// Its body.
    pub body: Option<Computed>,
    /// The variable that takes the answer's JSON.
    pub save: Option<String>,
    /// What happens when it fails for good.
    pub on_error: OnError,
}

/// What happens when a web hook fails for good.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The journey goes on.
    #[default]
    Continue,
    /// The enrollment ends.
    Exit,
    /// These steps follow.
    Steps(Vec<Step>),
}

/// `run`: Rhai whose map is merged into `vars`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The script.
    pub script: Script,
}

/// `start`: enrolls the customer in another journey.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Its id.
    pub journey: String,
    /// Variables that the new enrollment begins with.
    pub vars: Vec<(String, Computed)>,
}

/// `repeat`: a bounded loop; `round` is 1, 2, ... inside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repeat {
    /// As long as it holds: `while`.
    pub condition: Option<Script>,
    /// So often at the most: `times`, or `at_most` of a `while`.
    pub at_most: u32,
    /// What is repeated.
    pub steps: Vec<Step>,
}
