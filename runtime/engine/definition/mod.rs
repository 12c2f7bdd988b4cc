//! What a team has written, checked and compiled to plain data: the journeys and everything they refer to.
//!
//! Definitions can be serialised; scripts are kept as text. [`crate::catalog::Catalog`] makes them ready to run.

mod computed;
mod deliver_only;
mod journey;
mod schema;
mod script;
mod step;
mod trigger;
mod undeclared;
mod visit;
mod workspace;

pub use computed::Computed;
pub use deliver_only::DeliverOnly;
pub use journey::{Again, Category, Entry, Exit, Goal, Journey, Status, Version, WhileActive};
pub use schema::{Fields, Schema, Type};
pub use script::Script;
pub(crate) use script::Slot;
pub use step::{
    Arm, Assign, AssignBy, Awaited, Branch, Channel, Choose, Coupon, Emit, If, OnError, OnStop,
    Repeat, Run, Score, Send, Split, Start, Step, Task, TaskFor, Verb, Wait, WaitFor, Webhook,
};
pub use trigger::{Trigger, TriggerKind};
pub use undeclared::{Undeclared, has_no_zone};
pub use workspace::{
    Cap, ChannelSettings, CouponPool, Definitions, EventsFrom, Guard, LETTERS, Library, Links,
    Pool, ProfileUpdate, PublicPages, Rate, Retention, Segment, Settings, Template, Tracking,
    UnknownCustomers, Whose, Workspace,
};
