//! What the reader of one file knows: the file, the path of each value in it, and where to report.

use std::collections::HashMap;

use kurant_engine::definition::Script;

use crate::check::slips;
use crate::diagnostic::{Diagnostics, Problem};
use crate::places::child;
use crate::source::{FileId, Span};
use crate::yaml::{Kind, MapReader, Node};

/// One file being read.
pub(crate) struct Context<'a> {
    /// The file.
    pub(crate) file: FileId,
    /// Where to report.
    pub(crate) diagnostics: &'a Diagnostics,
    /// Paths by the address of the node: nodes neither move nor die while a file is read.
    paths: HashMap<*const Node, String>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(root: &Node, file: FileId, diagnostics: &'a Diagnostics) -> Self {
        let mut paths = HashMap::new();
        note(root, String::new(), &mut paths);
        Self {
            file,
            diagnostics,
            paths,
        }
    }

    /// Where a value stands in its file: `steps[2].when`.
    pub(crate) fn place(&self, node: &Node) -> &str {
        self.paths
            .get(&std::ptr::from_ref(node))
            .map_or("", String::as_str)
    }

    /// Begins to read a mapping.
    pub(crate) fn open<'n>(&self, node: &'n Node, what: &'static str) -> Option<MapReader<'n>>
    where
        'a: 'n,
    {
        MapReader::open(node, what, self.diagnostics)
    }

    /// The items of a list, `what` it is a list of; what is no list is reported, and has none.
    pub(crate) fn items<'n>(&self, node: &'n Node, what: &'static str) -> &'n [Node] {
        let items = self.diagnostics.keep(node.span, node.list(what));
        items.unwrap_or(&[])
    }

    /// Reports what is wrong at a place.
    pub(crate) fn report(&self, span: Span, problem: Problem) {
        self.diagnostics.report(span, problem);
    }

    /// An expression by nature: `when`, `audience` and their like.
    pub(crate) fn script(&self, node: &Node) -> Result<Script, Problem> {
        if let Some(value) = node
            .as_scalar()
            .and_then(|scalar| scalar.text.strip_prefix('='))
        {
            return Err(Problem::new(
                "needless-equals",
                "this is an expression by nature, without a leading `=`",
            )
            .help(format!("write `{}`", value.trim_start())));
        }
        let text = node.text()?;
        if text.trim().is_empty() {
            return Err(Problem::new("missing-value", "the expression is empty")
                .help("write an expression, or take the line away"));
        }
        Ok(Script::new(text, self.place(node)))
    }
}

fn note(node: &Node, path: String, paths: &mut HashMap<*const Node, String>) {
    match &node.kind {
        Kind::Map(entries) => entries
            .iter()
            .for_each(|entry| note(&entry.value, child(&path, &entry.key.text), paths)),
        Kind::List(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| note(item, format!("{path}[{index}]"), paths));
        }
        _ => {}
    }
    paths.insert(std::ptr::from_ref(node), path);
}

/// Text as written. A leading `=` is refused: this is no place for a computed value.
pub(crate) fn text(node: &Node) -> Result<String, Problem> {
    let text = node.text()?;
    if let Some(expression) = text.strip_prefix('=') {
        return Err(Problem::new(
            "no-expression-here",
            "a value that begins with `=` cannot stand here: this one is not computed",
        )
        .help(without_equals(expression.trim())));
    }
    if text.trim().is_empty() {
        return Err(Problem::new("missing-value", "the text is empty")
            .help("write the value, or take the line away"));
    }
    Ok(text.to_owned())
}

/// What to write where nothing is computed: `3d` is the value itself, `customer.city` only stands for it.
fn without_equals(expression: &str) -> String {
    let computes = |c: char| "()[]+*/?!&|<>=\"".contains(c);
    let path = ["customer.", "event.", "trigger.", "vars."]
        .iter()
        .any(|root| expression.starts_with(root));
    match path || expression.contains(computes) {
        true => format!("write the value itself instead of `{expression}`"),
        false => format!("write `{expression}`, without the `=`"),
    }
}

/// A name that other places refer to: letters, digits, `_`, `-` and `.`.
pub(crate) fn name(node: &Node) -> Result<String, Problem> {
    let text = text(node)?;
    if is_name(&text) {
        return Ok(text);
    }
    let problem = Problem::bad_value(format!("`{text}` is not a name"));
    Err(problem.help(format!(
        "use letters, digits, `-` and `_` only: `{}`",
        kebab(&text)
    )))
}

/// Whether other places can refer to it.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// An id in kebab-case: small Latin letters and digits, parted by `-`.
pub(crate) fn kebab_id(node: &Node) -> Result<String, Problem> {
    let text = text(node)?;
    let fits = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    if text.split('-').all(fits) {
        return Ok(text);
    }
    let meant = kebab(&text);
    let problem = Problem::new("bad-id", format!("`{text}` is not in kebab-case"));
    Err(match meant.is_ascii() && !meant.is_empty() {
        true => problem.help(format!("write `{meant}`")),
        false => problem.help("use small Latin letters, digits and `-`, like `welcome-series`"),
    })
}

/// A name that an expression can read: `vars.NAME`.
pub(crate) fn variable(node: &Node) -> Result<String, Problem> {
    let text = text(node)?;
    if is_variable(&text) {
        return Ok(text);
    }
    let problem = Problem::bad_value(format!("`{text}` is not a name that `vars.NAME` can read"));
    Err(problem.help(format!("write `{}`", kebab(&text).replace(['-', '.'], "_"))))
}

/// Whether Rhai reads it as one name.
pub(crate) fn is_variable(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// One attribute of the customer, `customer.X`; gives `X`.
pub(crate) fn attribute(node: &Node) -> Result<String, Problem> {
    let text = text(node)?;
    if let Some(name) = text
        .strip_prefix("customer.")
        .filter(|name| is_variable(name))
    {
        return Ok(name.to_owned());
    }
    if let Some(latin) = slips::latin(&text) {
        return Err(slips::other_alphabet(&text, &latin));
    }
    let problem = Problem::bad_value(format!(
        "expected one attribute of the customer, found `{text}`"
    ));
    Err(if is_variable(&text) {
        problem.help(format!("write `customer.{text}`"))
    } else {
        problem.help("write `customer.NAME`; to reckon from anything else, keep it in an attribute with `profile.yaml`")
    })
}

/// The type of an event: `order.paid`.
pub(crate) fn event_type(node: &Node) -> Result<String, Problem> {
    let text = text(node)?;
    if text
        .chars()
        .all(|c| !c.is_whitespace() && !matches!(c, ',' | '"' | '\'' | '/'))
    {
        return Ok(text);
    }
    let problem = Problem::bad_value(format!("`{text}` is not the type of an event"));
    Err(if text.contains(',') {
        problem
            .help("name one event here; several are a list of triggers, or `any:` in a `wait_for`")
    } else {
        problem.help("write the type as the source sends it, like `order.paid`")
    })
}

/// The kebab-case of what was written, as advice.
fn kebab(text: &str) -> String {
    let mut id = String::new();
    let mut after_lower = false;
    for c in text.chars() {
        if c.is_alphanumeric() || c == '.' {
            if c.is_uppercase() && after_lower {
                id.push('-');
            }
            after_lower = c.is_lowercase() || c.is_numeric();
            id.extend(if c == '.' { '-' } else { c }.to_lowercase());
        } else if !id.is_empty() && !id.ends_with('-') {
            id.push('-');
            after_lower = false;
        }
    }
    id.trim_end_matches('-').to_owned()
}
