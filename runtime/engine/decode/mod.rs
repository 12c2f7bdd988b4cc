//! What comes from outside becomes events and customers: limits, CloudEvents 1.0, the types of the schemas, the rules for time.
//!
//! Everything that is refused has a [`Error::reason`], a word that is counted and stands beside the dead letter. Messages
//! name fields and kinds, never values: they may end up in a log.

mod error;
mod event;
mod json;
mod record;
mod typed;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use event::{Arrival, Decoder, Parts, customer_of, time_of};
pub use record::{Columns, Record};
pub(crate) use typed::fit;
pub use typed::{attributes, data};

/// The longest event, customer or data object, in bytes.
pub const LARGEST: usize = 256 * 1024;
/// How deep lists and maps may be nested.
pub const DEEPEST: usize = 32;
/// How many names all maps of one object may hold together.
pub const MOST_NAMES: usize = 512;
/// How many values all lists of one object may hold together.
pub const MOST_VALUES: usize = 10_000;
/// The longest id, source or type of an event and the longest id of a customer, in bytes.
pub const LONGEST_NAME: usize = 512;
/// How far ahead of its arrival an event may be dated, in milliseconds: a day.
pub const FURTHEST_AHEAD: i64 = crate::calendar::DAY;
