//! # The functions of `rhai-lib/`
//!
//! **What it does.** Reads every file of `rhai-lib/`, reports what is not Rhai in it, and holds every call `file::function(...)`, in
//! conditions and in the library itself, against what the files have.
//!
//! **Why it matters.** A call that leads nowhere is missed only when a customer comes to it.
//!
//! **Example.** `audience: vip::is_golden(customer.total_spent)`
//!
//! **Write instead.** `audience: vip::is_gold(customer.total_spent)`

use std::collections::BTreeMap;

use kurant_engine::definition::Library;
use kurant_engine::script::functions;
use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::site::Site;
use super::world::World;
use super::{syntax, unknown_function, wrong_arguments};
use crate::parse::InFile;

/// Reads all files; those that are Rhai are kept for the calls.
pub(super) fn read<'a>(world: &mut World<'a>) {
    let files: &'a [InFile<Library>] = &world.parsed.library;
    for file in files {
        let read = world.reader.library(&file.item);
        match read {
            Ok(tree) => {
                world.library.insert(&file.item.name, tree);
            }
            Err(error) => {
                let (position, problem) = syntax::problem(&error, &file.item.source);
                world
                    .diagnostics
                    .report(world.site(file.file, None).span(position), problem);
            }
        }
    }
}

/// Holds the calls inside the library against what there is.
pub(super) fn check(world: &World<'_>) {
    for file in &world.parsed.library {
        let Some(tree) = world.library.get(file.item.name.as_str()) else {
            continue;
        };
        let site = world.site(file.file, None);
        calls(world, site, tree);
        let own = arities(tree);
        each_call(tree, &mut |call, position| {
            if !call.is_qualified() && !call.is_operator_call() {
                inside(world, &site, &own, call, position);
            }
        });
    }
}

/// A call without a file's name, inside a library file.
fn inside(
    world: &World<'_>,
    site: &Site<'_>,
    own: &BTreeMap<String, Vec<usize>>,
    call: &FnCallExpr,
    position: Position,
) {
    let (name, arity) = (call.name.as_str(), call.args.len());
    let known = world.reader.functions();
    let problem = if let Some(arities) = own.get(name) {
        (!arities.contains(&arity)).then(|| unknown_function::other_arity(name, arities, 0))
    } else if let Some(built_in) = functions().iter().find(|own| own.name == name) {
        (built_in.parameters.len() != arity).then(|| wrong_arguments::number(built_in, arity))
    } else if KEYWORDS.contains(&name) {
        None
    } else {
        match known.get(name) {
            Some(arities) if arities.contains(&arity) => None,
            Some(arities) => Some(unknown_function::other_arity(name, arities, 0)),
            None => {
                let names = own.keys().chain(known.keys()).map(String::as_str);
                Some(unknown_function::problem(
                    name,
                    names,
                    file_with(world, name),
                ))
            }
        }
    };
    if let Some(problem) = problem {
        world.diagnostics.report(site.span(position), problem);
    }
}

/// What Rhai knows without registering it.
pub(super) const KEYWORDS: [&str; 6] = [
    "type_of",
    "call",
    "curry",
    "is_shared",
    "is_def_var",
    "is_def_fn",
];

/// Holds the calls `file::function(...)` of a script against what there is.
pub(super) fn calls(world: &World<'_>, site: Site<'_>, tree: &AST) {
    each_call(tree, &mut |call, position| {
        if !call.is_qualified() {
            return;
        }
        let file = call.namespace.root();
        let Some(functions) = world.library.get(file).map(arities) else {
            exists(world, &site, file, call.namespace.position());
            return;
        };
        let problem = match functions.get(call.name.as_str()) {
            Some(arities) if arities.contains(&call.args.len()) => return,
            Some(arities) => unknown_function::other_arity(&call.name, arities, 0),
            None => {
                unknown_function::in_file(file, &call.name, functions.keys().map(String::as_str))
            }
        };
        world.diagnostics.report(site.span(position), problem);
    });
}

/// A file's name before `::`; reported when there is no such file. Whether there is one.
fn exists(world: &World<'_>, site: &Site<'_>, file: &str, position: Position) -> bool {
    let files = &world.parsed.library;
    let mut known = files.iter().map(|library| library.item.name.as_str());
    // A file that could not be read has been reported.
    let exists =
        known.clone().any(|name| name == file) || world.has_file(&format!("rhai-lib/{file}.rhai"));
    if !exists {
        let problem = unknown_function::no_file(file, &mut known);
        world.diagnostics.report(site.span(position), problem);
    }
    exists
}

/// `file::NAME` that is not called: nothing but functions can be reached in a library file.
pub(super) fn constant(
    world: &World<'_>,
    site: &Site<'_>,
    (file, name): (&str, &str),
    position: Position,
) {
    if exists(world, site, file, position) {
        let problem = unknown_function::no_call(file, name);
        world.diagnostics.report(site.span(position), problem);
    }
}

/// The library file that has a function of this name.
pub(super) fn file_with<'w>(world: &'w World<'_>, name: &str) -> Option<&'w str> {
    let has = |tree: &AST| tree.iter_functions().any(|function| function.name == name);
    world
        .library
        .iter()
        .find(|(_, tree)| has(tree))
        .map(|(file, _)| *file)
}

/// The functions of a file with the numbers of values they take.
fn arities(tree: &AST) -> BTreeMap<String, Vec<usize>> {
    let mut found: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for function in tree.iter_functions() {
        found
            .entry(function.name.to_owned())
            .or_default()
            .push(function.params.len());
    }
    found
}

fn each_call(tree: &AST, visit: &mut dyn FnMut(&FnCallExpr, Position)) {
    tree.walk(&mut |path: &[ASTNode<'_>]| {
        match path.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, position)))
            | Some(ASTNode::Stmt(Stmt::FnCall(call, position))) => {
                visit(call, *position);
            }
            _ => {}
        }
        true
    });
}
