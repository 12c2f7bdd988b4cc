//! Conditions, computed values and `run` scripts: Rhai, bounded and without any way out.
//!
//! A script sees one customer, one moment and what its journey gives it ([`Frame`]). It has no clock, no randomness, no input and
//! output, and ends after [`MOST_OPERATIONS`] at the latest. A script that fails, even by a panic inside, gives an [`Error`] and
//! leaves everybody else alone.

mod builtin;
mod compare;
mod compiled;
mod convert;
mod error;
mod frame;
mod history;
mod limits;
mod lists;
mod mistakes;
mod moments;
mod natives;
mod operand;
mod reader;
mod report;
mod scene;
mod scripts;
mod segments;
mod signature;
mod span;
pub mod syntax;
mod term;
mod timing;
mod view;

pub use error::{Error, ErrorKind};
pub use frame::Frame;
pub use limits::MOST_OPERATIONS;
pub use reader::Reader;
pub use scripts::Scripts;
pub use signature::{Kind, Parameter, Signature, functions};
pub use timing::{Times, Timing};

#[cfg(test)]
mod tests;
