//! A script as a tree, for those who judge it before it runs: the checker, the analysis of segments, the fast path.

mod read;

use std::collections::BTreeSet;

use rhai::{AST, Engine};

use super::error::Error;
use super::limits;
use super::mistakes;
use crate::value::Value;

/// How a text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// One expression: conditions and computed values.
    Expression,
    /// A whole script: `run`.
    Script,
    /// A file of functions: `rhai-lib`.
    Library,
}

/// A place in a script's own text, both from 1; the column counts characters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// A script, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Syntax {
    /// The expressions of the script, outermost ones only, in the order of the text; then those inside closures and functions.
    /// An [`Form::Expression`] is the first.
    pub expressions: Vec<Node>,
    /// What is assigned to: paths that begin with a name of ours cannot be.
    pub assigned: Vec<Path>,
    /// The functions that the text defines: name and number of parameters.
    pub defined: Vec<(String, usize)>,
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A constant.
    Literal(Value, Position),
    /// A single character in single quotes; usually text was meant.
    Char(char, Position),
    /// A name with the fields asked for.
    Path(Path),
    /// A field or an element of something that is not a name: `last("order.paid").meta.time`.
    Part(Box<Node>, Vec<Field>),
    /// `!x` or `-x`.
    Unary(&'static str, Box<Node>, Position),
    /// An operator between two: `==`, `<`, `+` and so on, and `in`.
    Binary(&'static str, Box<Node>, Box<Node>, Position),
    /// `a && b && ...`.
    And(Vec<Node>, Position),
    /// `a || b || ...`.
    Or(Vec<Node>, Position),
    /// `a ?? b ?? ...`.
    Coalesce(Vec<Node>, Position),
    /// A function.
    Call(Call),
    /// `[a, b]`.
    List(Vec<Node>, Position),
    /// `#{ name: a }`.
    Map(Vec<(String, Node)>, Position),
    /// A text in backticks with expressions inside.
    Interpolated(Vec<Node>, Position),
    /// A closure, a block or another thing without a tree; what stands in it is listed on its own.
    Other(Position),
}

/// A name with the fields asked for: `customer.address.city`, `event.items[0].sku`.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The name that it begins with.
    pub root: String,
    /// Whether the script has made that name itself: `let`, a parameter.
    pub local: bool,
    /// The fields, outermost first.
    pub fields: Vec<Field>,
    /// Where it begins.
    pub position: Position,
}

/// One step down a path.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The field's name; none = an element of a list, or a name that is worked out.
    pub name: Option<String>,
    /// Whether `()` before it gives `()`: `?.`.
    pub optional: bool,
    /// Where its name stands.
    pub position: Position,
}

/// A call of a function, or of a method: then the first argument is what stands before the dot.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The file in `rhai-lib`, as in `file::function(...)`.
    pub module: Option<String>,
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub arguments: Vec<Node>,
    /// Whether it was written after a dot.
    pub method: bool,
    /// Where it begins.
    pub position: Position,
}

impl Path {
    /// The path as it would be written: `customer.address.city`, `event.items[].sku`.
    pub fn text(&self) -> String {
        let mut text = self.root.clone();
        for field in &self.fields {
            match &field.name {
                Some(name) => {
                    text.push('.');
                    text.push_str(name);
                }
                None => text.push_str("[]"),
            }
        }
        text
    }
}

impl Node {
    /// Where it begins; for an operator, where the operator stands.
    pub fn position(&self) -> Position {
        match self {
            Self::Path(path) => path.position,
            Self::Part(node, _) => node.position(),
            Self::Call(call) => call.position,
            Self::Literal(_, position)
            | Self::Char(_, position)
            | Self::Unary(_, _, position)
            | Self::Binary(_, _, _, position)
            | Self::And(_, position)
            | Self::Or(_, position)
            | Self::Coalesce(_, position)
            | Self::List(_, position)
            | Self::Map(_, position)
            | Self::Interpolated(_, position)
            | Self::Other(position) => *position,
        }
    }

    /// What stands directly inside.
    pub fn children(&self) -> Vec<&Node> {
        match self {
            Self::Literal(..) | Self::Char(..) | Self::Path(_) | Self::Other(_) => Vec::new(),
            Self::Part(node, _) | Self::Unary(_, node, _) => vec![node],
            Self::Binary(_, left, right, _) => vec![left, right],
            Self::And(nodes, _)
            | Self::Or(nodes, _)
            | Self::Coalesce(nodes, _)
            | Self::List(nodes, _)
            | Self::Interpolated(nodes, _) => nodes.iter().collect(),
            Self::Call(call) => call.arguments.iter().collect(),
            Self::Map(fields, _) => fields.iter().map(|(_, node)| node).collect(),
        }
    }

    /// Calls `visit` with this node and everything inside, outermost first.
    pub fn walk<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }
}

impl Syntax {
    /// Calls `visit` with every node.
    pub fn walk<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        self.expressions.iter().for_each(|node| node.walk(visit));
    }

    /// Every path that is read, in the order of the text.
    pub fn paths(&self) -> Vec<&Path> {
        let mut paths = Vec::new();
        self.walk(&mut |node| {
            if let Node::Path(path) = node {
                paths.push(path);
            }
        });
        paths
    }

    /// Every call of a function, operators aside, in the order of the text.
    pub fn calls(&self) -> Vec<&Call> {
        let mut calls = Vec::new();
        self.walk(&mut |node| {
            if let Node::Call(call) = node {
                calls.push(call);
            }
        });
        calls
    }

    /// Every comparison: operator, left and right side, and where the operator stands.
    pub fn comparisons(&self) -> Vec<(&'static str, &Node, &Node, Position)> {
        let mut comparisons = Vec::new();
        self.walk(&mut |node| {
            if let Node::Binary(
                op @ ("==" | "!=" | "<" | "<=" | ">" | ">="),
                left,
                right,
                position,
            ) = node
            {
                comparisons.push((*op, &**left, &**right, *position));
            }
        });
        comparisons
    }
}

/// Reads scripts without running them.
#[derive(Debug)]
pub struct Parser {
    engine: Engine,
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser {
    /// A parser that knows the built-in functions.
    pub fn new() -> Self {
        Self {
            engine: limits::engine(),
        }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// The first mistake in its grammar, with its position in the text and what to write instead; the place is left empty.
    pub fn parse(&self, source: &str, form: Form) -> Result<Syntax, Error> {
        compile(&self.engine, source, form).map(|ast| read::syntax(&ast))
    }

    /// The names of Rhai's own functions and how many arguments they take, those after a dot counting what stands before it.
    pub fn rhai_functions(&self) -> BTreeSet<(String, usize)> {
        let metadata = self
            .engine
            .gen_fn_metadata_to_json(true)
            .unwrap_or_default();
        let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap_or_default();
        let functions = metadata
            .get("functions")
            .and_then(|list| list.as_array().cloned())
            .unwrap_or_default();
        let arity = |function: &serde_json::Value| {
            usize::try_from(function.get("numParams")?.as_u64()?).ok()
        };
        let named = |function: &serde_json::Value| {
            Some((function.get("name")?.as_str()?.to_owned(), arity(function)?))
        };
        functions
            .iter()
            .filter_map(named)
            .filter(|(name, _)| !limits::DISABLED.contains(&name.as_str()))
            .collect()
    }
}

/// A text as Rhai's own tree.
pub(super) fn compile(engine: &Engine, source: &str, form: Form) -> Result<AST, Error> {
    let ast = match form {
        Form::Expression => engine.compile_expression(source),
        Form::Script | Form::Library => engine.compile(source),
    };
    ast.map_err(|error| mistakes::explain(source, form, &error))
}

/// Rhai's own tree as ours.
pub(super) fn syntax(ast: &AST) -> Syntax {
    read::syntax(ast)
}
