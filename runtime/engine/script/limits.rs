//! The Rhai engine that scripts run on: what it can do, and how much of it.

use rhai::module_resolvers::DummyModuleResolver;
use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{Engine, OptimizationLevel, def_package};

use super::natives;
use crate::decode;

/// How many operations one evaluation may take.
pub const MOST_OPERATIONS: u64 = 100_000;
/// How deep functions may call one another.
const MOST_CALLS: usize = 16;
/// How deep an expression may be nested.
const DEEPEST_EXPRESSION: usize = 48;
/// How deep an expression inside a function may be nested.
const DEEPEST_FUNCTION: usize = 32;
/// How many bytes a text may have. This limit and the next two leave room for whatever is taken in: what is too large is refused
/// at the door, and does not fail in somebody's condition.
const LONGEST_TEXT: usize = decode::LARGEST;
/// How many values a list may hold, those in lists inside it included.
const LONGEST_LIST: usize = decode::MOST_VALUES;
/// How many names a map may hold, those in maps inside it included: a customer may be known from several events.
const LARGEST_MAP: usize = 4 * decode::MOST_NAMES;
/// How many variables there may be at a time.
const MOST_VARIABLES: usize = 200;
/// How many functions one file may define.
const MOST_FUNCTIONS: usize = 500;

/// Words of Rhai that no script may use.
pub(super) const DISABLED: [&str; 7] = ["eval", "import", "export", "print", "debug", "Fn", "exit"];

def_package! {
    /// Arithmetic, logic, texts, lists and maps; no clock, no sleep, no output, no files, no evaluation of texts.
    ConditionPackage(_library):
        ArithmeticPackage, LogicPackage, BasicStringPackage, MoreStringPackage, BasicIteratorPackage, BasicMathPackage,
        BasicArrayPackage, BasicMapPackage, BasicFnPackage {}
}

/// An engine for one thread.
#[allow(
    deprecated,
    reason = "`on_var` is not deprecated but volatile; the version of rhai is pinned"
)]
pub(super) fn engine() -> Engine {
    let mut engine = Engine::new_raw();
    ConditionPackage::new().register_into_engine(&mut engine);
    engine.set_module_resolver(DummyModuleResolver);
    engine
        .set_optimization_level(OptimizationLevel::None)
        .set_max_operations(MOST_OPERATIONS)
        .set_max_call_levels(MOST_CALLS)
        .set_max_expr_depths(DEEPEST_EXPRESSION, DEEPEST_FUNCTION)
        .set_max_string_size(LONGEST_TEXT)
        .set_max_array_size(LONGEST_LIST)
        .set_max_map_size(LARGEST_MAP)
        .set_max_variables(MOST_VARIABLES)
        .set_max_functions(MOST_FUNCTIONS)
        .set_max_modules(0);
    for symbol in DISABLED {
        engine.disable_symbol(symbol);
    }
    // A local name or a parameter has an index; it goes before ours.
    engine.on_var(|name, index, _| {
        if index == 0 {
            natives::variable(name)
        } else {
            Ok(None)
        }
    });
    natives::register(&mut engine);
    engine
}
