//! Walks a script's tree, finds out what each part of it is, and asks the rules.

mod bare;
mod call;
mod member;
mod operator;

use kurant_engine::definition::Script;
use rhai::{AST, Expr, FlowControl, Position, Stmt};

use super::scope::{NAMES, Scope};
use super::shape::{Owner, Shape};
use super::site::Site;
use super::world::World;
use super::{no_event, no_round, not_a_condition, slips, syntax, unknown_name, wrong_result};
use crate::diagnostic::Problem;
use crate::source::FileId;

/// What a script's value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// `true` or `false`.
    Condition,
    /// Anything.
    Value,
    /// An instant or a date.
    Moment,
    /// A number.
    Number,
    /// A map, as `run` gives it.
    Map,
}

/// Checks a script of a YAML file; gives what its value is.
pub(super) fn check(
    world: &World<'_>,
    file: FileId,
    script: &Script,
    scope: &Scope,
    wanted: Wanted,
) -> Shape {
    check_at(
        world,
        world.site(file, Some(&script.place)),
        script,
        scope,
        wanted,
    )
}

/// Checks a script, wherever it stands.
pub(super) fn check_at(
    world: &World<'_>,
    site: Site<'_>,
    script: &Script,
    scope: &Scope,
    wanted: Wanted,
) -> Shape {
    let Some(tree) = tree(world, site, script) else {
        return Shape::Any;
    };
    let mut checker = Checker {
        world,
        scope,
        site,
        locals: Vec::new(),
        quiet: false,
    };
    let shape = checker.statements(tree.statements());
    let last = tree.statements().last().map_or(Position::NONE, start_of);
    checker.result(&shape, wanted, last);
    super::library::calls(world, site, &tree);
    shape
}

/// How many slips of the pen in one script are put right, to see what else is wrong with it.
const MOST_SLIPS: usize = 8;

/// The tree of a script. A slip is reported and put right in place, so that it hides no other mistake.
fn tree(world: &World<'_>, site: Site<'_>, script: &Script) -> Option<AST> {
    let mut script = script.clone();
    for _ in 0..=MOST_SLIPS {
        if let Some(slip) = slips::bare_date(&script.source) {
            let position = syntax::position(&script.source, slip.start);
            world.diagnostics.report(site.span(position), slip.problem);
            script.source = slip.mended?;
            continue;
        }
        let error = match world.reader.script(&script) {
            Ok(tree) => return Some(tree),
            Err(error) => error,
        };
        let at = syntax::before(&script.source, error.1).len();
        if let Some(slip) = slips::find(&script.source, at) {
            let position = syntax::position(&script.source, slip.start);
            world.diagnostics.report(site.span(position), slip.problem);
            script.source = slip.mended?;
            continue;
        }
        let (position, problem) = syntax::problem(&error, &script.source);
        world.diagnostics.report(site.span(position), problem);
        script.source = syntax::mended(&error, &script.source)?;
    }
    None
}

/// What a script's value is, without reporting anything.
pub(super) fn shape_of(world: &World<'_>, file: FileId, script: &Script, scope: &Scope) -> Shape {
    let Ok(tree) = world.reader.script(script) else {
        return Shape::Any;
    };
    let site = world.site(file, Some(&script.place));
    Checker {
        world,
        scope,
        site,
        locals: Vec::new(),
        quiet: true,
    }
    .statements(tree.statements())
}

struct Checker<'c> {
    world: &'c World<'c>,
    scope: &'c Scope,
    site: Site<'c>,
    /// Names that the script has made itself.
    locals: Vec<String>,
    quiet: bool,
}

impl Checker<'_> {
    fn report(&self, position: Position, problem: Problem) {
        if !self.quiet {
            self.world
                .diagnostics
                .report(self.site.span(position), problem);
        }
    }

    fn result(&self, shape: &Shape, wanted: Wanted, position: Position) {
        let problem = match wanted {
            Wanted::Value => None,
            Wanted::Condition => not_a_condition::problem(shape),
            Wanted::Moment => wrong_result::moment(shape),
            Wanted::Number => wrong_result::number(shape),
            Wanted::Map => wrong_result::map(shape),
        };
        if let Some(problem) = problem {
            self.report(position, problem);
        }
    }

    /// A block: names made inside end with it.
    fn block(&mut self, statements: &[Stmt]) -> Shape {
        let known = self.locals.len();
        let shape = self.statements(statements);
        self.locals.truncate(known);
        shape
    }

    fn statements(&mut self, statements: &[Stmt]) -> Shape {
        let mut last = Shape::Nothing;
        for statement in statements {
            last = self.statement(statement);
        }
        last
    }

    fn statement(&mut self, statement: &Stmt) -> Shape {
        match statement {
            Stmt::Expr(expr) => self.expr(expr),
            Stmt::FnCall(call, position) => self.call(call, *position),
            Stmt::Block(block) => self.block(block.statements()),
            Stmt::If(flow, _) => {
                self.condition(&flow.expr);
                let then = self.block(flow.body.statements());
                then.or(self.block(flow.branch.statements()))
            }
            Stmt::Switch(cases, _) => {
                self.expr(&cases.0);
                let mut shape = Shape::Nothing;
                for case in &cases.1.expressions {
                    self.expr(&case.lhs);
                    shape = shape.or(self.expr(&case.rhs));
                }
                shape
            }
            Stmt::Var(parts, _, _) => {
                self.expr(&parts.1);
                self.locals.push(parts.0.name.to_string());
                Shape::Nothing
            }
            Stmt::Assignment(parts) => {
                self.assignment(&parts.1.lhs);
                self.expr(&parts.1.rhs);
                Shape::Nothing
            }
            Stmt::Return(Some(expr), _, _) => self.expr(expr),
            other => {
                self.flow(other);
                Shape::Any
            }
        }
    }

    fn flow(&mut self, statement: &Stmt) {
        let known = self.locals.len();
        let body = |own: &mut Self, flow: &FlowControl| {
            own.expr(&flow.expr);
            own.block(flow.body.statements());
            own.block(flow.branch.statements());
        };
        match statement {
            Stmt::While(flow, _) | Stmt::Do(flow, _, _) => body(self, flow),
            Stmt::TryCatch(flow, _) => {
                self.block(flow.body.statements());
                if let Expr::Variable(name, _, _) = &flow.expr {
                    self.locals.push(name.1.to_string());
                }
                self.block(flow.branch.statements());
            }
            Stmt::For(parts, _) => {
                self.expr(&parts.2.expr);
                self.locals.push(parts.0.name.to_string());
                self.locals
                    .extend(parts.1.iter().map(|counter| counter.name.to_string()));
                self.block(parts.2.body.statements());
            }
            _ => {}
        }
        self.locals.truncate(known);
    }

    /// What is assigned to: a name of the script's own, or something that cannot be changed.
    fn assignment(&mut self, target: &Expr) {
        let mut root = target;
        while let Expr::Dot(pair, _, _) | Expr::Index(pair, _, _) = root {
            root = &pair.lhs;
        }
        if let Expr::Variable(name, _, position) = root
            && !self.is_local(&name.1)
            && NAMES.contains(&name.1.as_str())
        {
            self.report(*position, wrong_result::cannot_change(&name.1));
        } else {
            self.expr(target);
        }
    }

    /// A part whose value decides: it must be `true` or `false`.
    fn condition(&mut self, expr: &Expr) {
        let shape = self.expr(expr);
        if let Some(problem) = not_a_condition::problem(&shape) {
            self.report(start(expr), problem);
        }
    }

    fn expr(&mut self, expr: &Expr) -> Shape {
        match expr {
            Expr::BoolConstant(..) => Shape::Bool,
            Expr::IntegerConstant(..) => Shape::Integer,
            Expr::StringConstant(..) => Shape::text(),
            Expr::CharConstant(letter, position) => {
                self.report(*position, syntax::single_quotes(&letter.to_string()));
                Shape::text()
            }
            Expr::DynamicConstant(value, _) if value.is_decimal() => Shape::Number,
            Expr::Unit(_) => Shape::Nothing,
            Expr::InterpolatedString(parts, _) => {
                parts.iter().for_each(|part| drop(self.expr(part)));
                Shape::text()
            }
            Expr::Array(items, _) => {
                let shapes: Vec<Shape> = items.iter().map(|item| self.expr(item)).collect();
                let item = shapes.into_iter().reduce(Shape::or).unwrap_or(Shape::Any);
                Shape::List(item.into())
            }
            Expr::Map(entries, _) => {
                let fields = entries
                    .0
                    .iter()
                    .map(|(name, value)| (name.name.to_string(), self.expr(value)))
                    .collect();
                Shape::record(Owner::Nested("the map".to_owned()), fields)
            }
            Expr::Variable(name, _, position) if name.2.is_empty() => {
                self.variable(&name.1, *position)
            }
            Expr::Variable(name, _, _) => {
                if !self.quiet {
                    let (file, own) = (name.2.root(), name.1.as_str());
                    let position = name.2.position();
                    super::library::constant(self.world, &self.site, (file, own), position);
                }
                Shape::Any
            }
            Expr::Stmt(block) => self.block(block.statements()),
            Expr::FnCall(call, position) => self.call(call, *position),
            Expr::Dot(pair, flags, _) => {
                let base = self.expr(&pair.lhs);
                self.chain(&base, false, &pair.rhs, *flags)
            }
            Expr::Index(pair, flags, _) => {
                let base = self.expr(&pair.lhs);
                self.chain(&base, true, &pair.rhs, *flags)
            }
            Expr::And(parts, _) | Expr::Or(parts, _) => {
                parts.iter().for_each(|part| self.condition(part));
                Shape::Bool
            }
            Expr::Coalesce(parts, _) => {
                let shapes: Vec<Shape> = parts.iter().map(|part| self.expr(part)).collect();
                shapes.into_iter().reduce(Shape::or).unwrap_or(Shape::Any)
            }
            _ => Shape::Any,
        }
    }

    fn is_local(&self, name: &str) -> bool {
        self.locals.iter().any(|local| local == name)
    }

    fn variable(&mut self, name: &str, position: Position) -> Shape {
        if self.is_local(name) {
            return Shape::Any;
        }
        let here =
            |shape: &Option<Shape>| shape.clone().ok_or_else(|| unknown_name::not_here(name));
        let found = match name {
            "customer" => Ok(self.scope.customer.clone()),
            "event" => self
                .scope
                .event
                .clone()
                .map_err(|why| no_event::problem(&why)),
            "trigger" => here(&self.scope.trigger),
            "vars" => here(&self.scope.vars),
            "now" => Ok(Shape::Instant),
            "round" if self.scope.round => Ok(Shape::Integer),
            "round" => Err(no_round::problem()),
            _ => Err(unknown_name::problem(name, self.scope)),
        };
        found.unwrap_or_else(|problem| {
            self.report(position, problem);
            Shape::Any
        })
    }
}

fn start_of(statement: &Stmt) -> Position {
    match statement {
        Stmt::Expr(expr) => start(expr),
        other => other.position(),
    }
}

/// Where an expression begins; Rhai places an operator's at its sign.
fn start(expr: &Expr) -> Position {
    match expr {
        Expr::FnCall(call, _) if call.is_operator_call() && call.args.len() > 1 => {
            call.args.first().map_or(Position::NONE, start)
        }
        Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => {
            parts.first().map_or(Position::NONE, start)
        }
        Expr::Dot(pair, _, _) | Expr::Index(pair, _, _) => start(&pair.lhs),
        other => other.start_position(),
    }
}
