//! A script made ready to run.

use rhai::AST;

use super::term::Term;

/// One compiled script.
#[derive(Debug)]
pub(super) struct Compiled {
    /// Which engine knows its library functions; 0 is the one with the current library.
    pub(super) engine: usize,
    pub(super) ast: AST,
    /// The fast path, where there is one.
    pub(super) term: Option<Term>,
}
