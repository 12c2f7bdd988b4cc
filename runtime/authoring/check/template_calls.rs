//! # `template-function`
//!
//! **What it does.** Reports filters, tests, functions and methods in a template that do not exist, a letter asked of a text by its
//! number, and another template that is included.
//!
//! **Why it matters.** Jinja finds out only while the message is rendered, and then every message is given up.
//!
//! **Example.** `{{ customer.first_name.upper() }}`, `{{ total | money }}`
//!
//! **Write instead.** `{{ customer.first_name | upper }}`

use std::collections::BTreeSet;

use minijinja::Environment;
use minijinja::machinery::ast::{CallArg, Expr, Stmt};
use minijinja::machinery::{Span as Place, parse};

use crate::suggest::nearest_or_synonym;

/// Functions that are there only in some places; whether they fit there is for the renderer.
const IN_PLACES: [&str; 2] = ["super", "caller"];
/// What has functions of its own.
const WITH_METHODS: [&str; 2] = ["loop", "self"];
/// What people write for filters, and what it is here.
const SYNONYMS: [(&str, &str); 18] = [
    ("uppercase", "upcase"),
    ("toUpperCase", "upcase"),
    ("to_upper", "upcase"),
    ("lowercase", "downcase"),
    ("toLowerCase", "downcase"),
    ("to_lower", "downcase"),
    ("capitalise", "capitalize"),
    ("ucfirst", "capitalize"),
    ("titlecase", "title"),
    ("strip", "trim"),
    ("size", "length"),
    ("len", "length"),
    ("count", "length"),
    ("strftime", "date"),
    ("format_date", "date"),
    ("date_format", "date"),
    ("substr", "truncate"),
    ("default_if_none", "default"),
];

/// One finding: which bytes of the text, what is wrong, what to write instead.
pub(crate) struct Finding {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// All that a template asks for and Jinja does not have here.
pub(crate) fn findings(
    environment: &Environment<'_>,
    text: &str,
    is_text: &dyn Fn(&str) -> bool,
) -> Vec<Finding> {
    let Ok(tree) = parse(text, "", Default::default()) else {
        return Vec::new();
    };
    let mut walk = Walk {
        environment,
        text,
        is_text,
        own: BTreeSet::new(),
        found: Vec::new(),
    };
    walk.declared(std::slice::from_ref(&tree));
    walk.statement(&tree);
    walk.found
}

struct Walk<'w> {
    environment: &'w Environment<'w>,
    text: &'w str,
    is_text: &'w dyn Fn(&str) -> bool,
    /// Names that the template itself gives to macros and values.
    own: BTreeSet<String>,
    found: Vec<Finding>,
}

impl Walk<'_> {
    /// Whether the environment has a filter or a test of that name: it says so itself.
    fn knows(&self, kind: &str, name: &str) -> bool {
        let asked = format!("name is {kind}");
        let answer = self.environment.compile_expression(&asked);
        let answer = answer.and_then(|asked| asked.eval(minijinja::context! { name }));
        answer.is_ok_and(|answer| answer.is_true())
    }

    /// The filters that are there.
    fn filters(&self) -> Vec<&'static str> {
        const NAMES: [&str; 32] = [
            "digits",
            "upcase",
            "upper",
            "downcase",
            "lower",
            "capitalize",
            "title",
            "truncate",
            "date",
            "default",
            "replace",
            "trim",
            "join",
            "split",
            "length",
            "first",
            "last",
            "round",
            "abs",
            "int",
            "float",
            "string",
            "sort",
            "reverse",
            "unique",
            "sum",
            "min",
            "max",
            "map",
            "escape",
            "safe",
            "lines",
        ];
        NAMES
            .into_iter()
            .filter(|name| self.knows("filter", name))
            .collect()
    }

    fn declared(&mut self, statements: &[Stmt<'_>]) {
        for statement in statements {
            match statement {
                Stmt::Macro(own) => {
                    self.own.insert(own.name.to_owned());
                }
                Stmt::Set(own) => self.target(&own.target),
                Stmt::SetBlock(own) => self.target(&own.target),
                Stmt::ForLoop(own) => self.target(&own.target),
                Stmt::WithBlock(own) => own
                    .assignments
                    .iter()
                    .for_each(|(name, _)| self.target(name)),
                _ => {}
            }
            for block in blocks(statement) {
                self.declared(block);
            }
        }
    }

    fn target(&mut self, target: &Expr<'_>) {
        match target {
            Expr::Var(name) => {
                self.own.insert(name.id.to_owned());
            }
            Expr::List(list) => list.items.iter().for_each(|own| self.target(own)),
            Expr::Tuple(list) => list.items.iter().for_each(|own| self.target(own)),
            _ => {}
        }
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::EmitExpr(own) => self.expression(&own.expr),
            Stmt::ForLoop(own) => {
                self.expression(&own.iter);
                own.filter_expr.iter().for_each(|own| self.expression(own));
            }
            Stmt::IfCond(own) => self.expression(&own.expr),
            Stmt::WithBlock(own) => own
                .assignments
                .iter()
                .for_each(|(_, own)| self.expression(own)),
            Stmt::Set(own) => self.expression(&own.expr),
            Stmt::SetBlock(own) => own.filter.iter().for_each(|own| self.expression(own)),
            Stmt::FilterBlock(own) => self.expression(&own.filter),
            Stmt::Do(own) => self.call(&own.call.expr, &own.call.args, own.call.span()),
            Stmt::Include(own) => self.other_template(own.span(), "include"),
            Stmt::Import(own) => self.other_template(own.span(), "import"),
            Stmt::FromImport(own) => self.other_template(own.span(), "import"),
            Stmt::Extends(own) => self.other_template(own.span(), "extends"),
            _ => {}
        }
        for block in blocks(statement) {
            block.iter().for_each(|own| self.statement(own));
        }
    }

    fn other_template(&mut self, place: Place, word: &str) {
        let (start, end) = (place.start_offset as usize, place.end_offset as usize);
        let at = self
            .text
            .get(start..end)
            .and_then(|text| text.find(word))
            .unwrap_or(0);
        self.found.push(Finding {
            start: start + at,
            end: start + at + word.len(),
            message: "a template stands alone: it can't take another one in".to_owned(),
            help: "copy the text in, or pass what differs in the `data` of the `send`".to_owned(),
        });
    }

    fn expression(&mut self, expression: &Expr<'_>) {
        match expression {
            Expr::Var(_) | Expr::Const(_) => {}
            Expr::Slice(own) => {
                self.expression(&own.expr);
                for part in [&own.start, &own.stop, &own.step].into_iter().flatten() {
                    self.expression(part);
                }
            }
            Expr::UnaryOp(own) => self.expression(&own.expr),
            Expr::BinOp(own) => [&own.left, &own.right]
                .into_iter()
                .for_each(|own| self.expression(own)),
            Expr::Compare(own) => {
                self.expression(&own.expr);
                own.ops.iter().for_each(|own| self.expression(&own.expr));
            }
            Expr::IfExpr(own) => {
                self.expression(&own.test_expr);
                self.expression(&own.true_expr);
                own.false_expr.iter().for_each(|own| self.expression(own));
            }
            Expr::Filter(own) => {
                own.expr.iter().for_each(|own| self.expression(own));
                self.arguments(&own.args);
                let after = own.expr.as_ref().map(|own| own.span().end_offset);
                self.named("filter", own.name, after.unwrap_or(own.span().start_offset));
            }
            Expr::Test(own) => {
                self.expression(&own.expr);
                self.arguments(&own.args);
                self.named("test", own.name, own.expr.span().end_offset);
            }
            Expr::GetAttr(own) => self.expression(&own.expr),
            Expr::GetItem(own) => {
                self.expression(&own.expr);
                self.expression(&own.subscript_expr);
                self.letter(&own.expr, &own.subscript_expr, own.span());
            }
            Expr::Call(own) => self.call(&own.expr, &own.args, own.span()),
            Expr::List(own) => own.items.iter().for_each(|own| self.expression(own)),
            Expr::Tuple(own) => own.items.iter().for_each(|own| self.expression(own)),
            Expr::Map(own) => own
                .keys
                .iter()
                .chain(&own.values)
                .for_each(|own| self.expression(own)),
        }
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) {
        for argument in arguments {
            match argument {
                CallArg::Pos(own)
                | CallArg::Kwarg(_, own)
                | CallArg::PosSplat(own)
                | CallArg::KwargSplat(own) => self.expression(own),
            }
        }
    }

    /// A filter or a test, whose name stands somewhere after a place.
    fn named(&mut self, kind: &'static str, name: &str, after: u32) {
        if self.knows(kind, name) {
            return;
        }
        let after = after as usize;
        let at = self.text.get(after..).and_then(|text| text.find(name));
        let start = after + at.unwrap_or(0);
        let help = if kind == "test" {
            "tests are `defined`, `none`, `odd`, `even`, `in`; else compare: `{% if x == 5 %}`"
                .to_owned()
        } else {
            let known = self.filters();
            match nearest_or_synonym(name, known.iter().copied(), &SYNONYMS) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("known here: {}", known.join(", ")),
            }
        };
        self.found.push(Finding {
            start,
            end: start + name.len(),
            message: format!("there is no {kind} `{name}`"),
            help,
        });
    }

    fn call(&mut self, callee: &Expr<'_>, arguments: &[CallArg<'_>], place: Place) {
        self.arguments(arguments);
        match callee {
            Expr::Var(name) => {
                let is_known = self.own.contains(name.id)
                    || IN_PLACES.contains(&name.id)
                    || WITH_METHODS.contains(&name.id)
                    || self.environment.globals().any(|(own, _)| own == name.id);
                if !is_known {
                    self.function(name.id, callee.span(), arguments.is_empty());
                }
            }
            Expr::GetAttr(own) => {
                self.expression(&own.expr);
                let has_methods = matches!(&own.expr, Expr::Var(root) if WITH_METHODS.contains(&root.id) || self.own.contains(root.id));
                if !has_methods {
                    self.method(own.name, &own.expr, place);
                }
            }
            other => self.expression(other),
        }
    }

    fn function(&mut self, name: &str, place: Place, alone: bool) {
        let help = if self.knows("filter", name) {
            format!("`{name}` is a filter: write `{{{{ customer.first_name | {name} }}}}`")
        } else if alone && matches!(name, "now" | "today") {
            "write `{{ now }}`, or `{{ now | date('%d.%m.%Y') }}`".to_owned()
        } else {
            "work it out in the journey, in the `data` of the `send`: `data: { bonus: =... }`"
                .to_owned()
        };
        self.found.push(Finding {
            start: place.start_offset as usize,
            end: place.end_offset as usize,
            message: format!("there is no function `{name}` in templates"),
            help,
        });
    }

    fn method(&mut self, name: &str, of: &Expr<'_>, place: Place) {
        let after = of.span().end_offset as usize;
        let within = self.text.get(after..place.end_offset as usize);
        let start = after + within.and_then(|text| text.find(name)).unwrap_or(0);
        let known = self.filters();
        let filter = nearest_or_synonym(name, known.iter().copied(), &SYNONYMS);
        let value = self
            .text
            .get(of.span().start_offset as usize..after)
            .unwrap_or("x");
        let help = match filter {
            Some(filter) => format!("write it as a filter: `{{{{ {value} | {filter} }}}}`"),
            None => format!(
                "values have no methods here; filters are {}",
                known.join(", ")
            ),
        };
        self.found.push(Finding {
            start,
            end: start + name.len(),
            message: format!("there is no method `{name}` in templates"),
            help,
        });
    }

    /// A letter of a text by its number.
    fn letter(&mut self, of: &Expr<'_>, number: &Expr<'_>, place: Place) {
        let Expr::Const(number) = number else { return };
        let (start, end) = (
            of.span().start_offset as usize,
            of.span().end_offset as usize,
        );
        let path = self.text.get(start..end).unwrap_or("").trim();
        if number.value.as_i64().is_none() || !(self.is_text)(path) {
            return;
        }
        self.found.push(Finding {
            start,
            end: place.end_offset as usize,
            message: "a text has no parts that a number could name".to_owned(),
            help: format!(
                "write `{{{{ {path} | first }}}}`, or a part like `{{{{ {path}[:1] }}}}`"
            ),
        });
    }
}

/// The statements inside a statement.
fn blocks<'s, 't>(statement: &'s Stmt<'t>) -> Vec<&'s [Stmt<'t>]> {
    match statement {
        Stmt::Template(own) => vec![&own.children],
        Stmt::ForLoop(own) => vec![&own.body, &own.else_body],
        Stmt::IfCond(own) => vec![&own.true_body, &own.false_body],
        Stmt::WithBlock(own) => vec![&own.body],
        Stmt::SetBlock(own) => vec![&own.body],
        Stmt::AutoEscape(own) => vec![&own.body],
        Stmt::FilterBlock(own) => vec![&own.body],
        Stmt::Block(own) => vec![&own.body],
        Stmt::Macro(own) => vec![&own.body],
        Stmt::CallBlock(own) => vec![&own.macro_decl.body],
        _ => Vec::new(),
    }
}
