//! Scripts as syntax trees, for those who check them before anything runs.

use std::collections::BTreeMap;

use rhai::{AST, Engine, Module, OptimizationLevel, ParseError};

use super::limits;
use crate::definition::{Library, Script};

/// Reads scripts under the same rules as they are compiled later, but leaves the tree as it was written.
#[derive(Debug)]
pub struct Reader {
    engine: Engine,
    functions: BTreeMap<String, Vec<usize>>,
}

impl Reader {
    /// A reader that knows the files of `rhai-lib/` by name. Making one takes about as long as reading some hundred scripts.
    pub fn new<'l>(files: impl IntoIterator<Item = &'l str>) -> Self {
        let mut engine = limits::engine();
        for name in files {
            engine.register_static_module(name, Module::new().into());
        }
        // Folded constants would hide what the author wrote.
        engine.set_optimization_level(OptimizationLevel::None);
        let named = |info: rhai::FuncInfo<'_>| {
            Some((info.metadata.name.to_string(), info.metadata.num_params))
        };
        let mut functions: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (name, arity) in engine.collect_fn_metadata(None, named, true) {
            let arities = functions.entry(name).or_default();
            if !arities.contains(&arity) {
                arities.push(arity);
            }
        }
        Self { engine, functions }
    }

    /// Every function that a script may call without a file's name before it, with the numbers of values it takes (a method's
    /// own value counts). A field's getter is called `get$NAME`.
    pub fn functions(&self) -> &BTreeMap<String, Vec<usize>> {
        &self.functions
    }

    /// The tree of a script.
    ///
    /// # Errors
    /// The first mistake that keeps the text from being Rhai.
    pub fn script(&self, script: &Script) -> Result<AST, ParseError> {
        if super::scripts::is_whole_script(script) {
            self.engine.compile(&script.source)
        } else {
            self.engine.compile_expression(&script.source)
        }
    }

    /// The tree of a file of `rhai-lib/`, whose functions see nothing but their parameters.
    ///
    /// # Errors
    /// The first mistake that keeps the text from being Rhai.
    pub fn library(&mut self, library: &Library) -> Result<AST, ParseError> {
        self.engine.set_strict_variables(true);
        let read = self.engine.compile(&library.source);
        self.engine.set_strict_variables(false);
        read
    }
}
