//! The compiled scripts of one thread.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rhai::{AST, ASTNode, Dynamic, Engine, Expr, Module, Scope};

use super::compiled::Compiled;
use super::error::{Error, ErrorKind};
use super::frame::Frame;
use super::operand::{Operand, event_to_map};
use super::segments::Segments;
use super::syntax::{self, Form, Syntax};
use super::term::Term;
use super::view::View;
use super::{convert, limits, natives, report, scene, segments};
use crate::definition::{Library, Script, Segment, Slot};
use crate::person::Person;
use crate::value::Value;

/// Every script of a catalog, ready to run. One per thread: the Rhai engines inside are not shared.
#[derive(Debug)]
pub struct Scripts {
    segments: Arc<Segments>,
    /// The engines of older libraries; the current one stands with the segments.
    others: Vec<Engine>,
    libraries: Vec<Vec<Library>>,
    compiled: Vec<Compiled>,
    known: HashMap<(usize, bool, String), Slot>,
    /// Names of fields for which every engine has a getter.
    fields: BTreeSet<String>,
}

impl Scripts {
    /// Compiles scripts, the library's functions and the segments, and tells each script its number.
    ///
    /// # Errors
    /// Every mistake in every script, with its place.
    pub fn compile(
        scripts: Vec<&mut Script>,
        library: &[Library],
        segments: &[Segment],
    ) -> Result<Self, Vec<Error>> {
        let mut own = Self {
            segments: Arc::default(),
            others: Vec::new(),
            libraries: vec![library.to_vec()],
            compiled: Vec::new(),
            known: HashMap::new(),
            fields: BTreeSet::new(),
        };
        let mut errors = Vec::new();
        let mut engine = limits::engine();
        let mut used = load(&mut engine, library, &mut errors);
        let mut compiled = Segments::default();
        for (index, segment) in segments.iter().enumerate() {
            compiled.names.insert(segment.name.clone(), index);
            match compile(&engine, &segment.condition) {
                Ok((ast, term)) => {
                    fields(&ast, &mut used);
                    compiled.compiled.push(Compiled {
                        engine: 0,
                        ast,
                        term,
                    });
                }
                Err(error) => errors.push(error),
            }
        }
        compiled.engine = engine;
        own.segments = Arc::new(compiled);
        own.take_in(scripts, 0, used, &mut errors);
        if errors.is_empty() {
            Ok(own)
        } else {
            Err(errors)
        }
    }

    /// Compiles the scripts of an older version with the library functions as they were then.
    ///
    /// # Errors
    /// Every mistake in every script, with its place.
    pub fn add(
        &mut self,
        scripts: Vec<&mut Script>,
        library: &[Library],
    ) -> Result<(), Vec<Error>> {
        let mut errors = Vec::new();
        let mut used = BTreeSet::new();
        let engine = self
            .libraries
            .iter()
            .position(|known| library.iter().all(|file| known.contains(file)))
            .unwrap_or_else(|| {
                let mut engine = limits::engine();
                used = load(&mut engine, library, &mut errors);
                self.fields
                    .iter()
                    .for_each(|name| natives::register_field(&mut engine, name));
                self.others.push(engine);
                self.libraries.push(library.to_vec());
                self.others.len()
            });
        self.take_in(scripts, engine, used, &mut errors);
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }

    /// Compiles scripts on an engine, and gives every engine the getters of the fields that they use.
    fn take_in(
        &mut self,
        scripts: Vec<&mut Script>,
        engine: usize,
        mut used: BTreeSet<String>,
        errors: &mut Vec<Error>,
    ) {
        for script in scripts {
            let key = (engine, is_whole_script(script), script.source.clone());
            if let Some(slot) = self.known.get(&key) {
                script.slot = *slot;
                continue;
            }
            match compile(self.engine(engine), script) {
                Ok((ast, term)) => {
                    fields(&ast, &mut used);
                    self.compiled.push(Compiled { engine, ast, term });
                    // 0 is a script that was never compiled.
                    script.slot = Slot(u32::try_from(self.compiled.len()).unwrap_or_default());
                    self.known.insert(key, script.slot);
                }
                Err(error) => errors.push(error),
            }
        }
        for name in used.difference(&self.fields) {
            if let Some(segments) = Arc::get_mut(&mut self.segments) {
                natives::register_field(&mut segments.engine, name);
            }
            self.others
                .iter_mut()
                .for_each(|engine| natives::register_field(engine, name));
        }
        self.fields.append(&mut used);
    }

    fn engine(&self, index: usize) -> &Engine {
        let other = index
            .checked_sub(1)
            .and_then(|other| self.others.get(other));
        other.unwrap_or(&self.segments.engine)
    }

    /// The script's value for this person in this frame. The person is only looked at, and comes back as it was.
    ///
    /// # Errors
    /// What the script did wrong, with its place and position, without the customer's data.
    pub fn evaluate(
        &self,
        script: &Script,
        person: &mut Person,
        frame: &Frame,
    ) -> Result<Value, Error> {
        let compiled = self.compiled(script)?;
        if let Some(value) = self.fast(compiled, person, frame, |term, view| {
            finished(term.eval(view)?)
        }) {
            return Ok(value);
        }
        self.by_rhai(compiled, script, person, frame, |value| {
            convert::to_value(&value)
        })
    }

    /// Whether the condition holds for this person in this frame.
    ///
    /// # Errors
    /// As [`Scripts::evaluate`]; also when the value is anything but `true` or `false`.
    pub fn holds(
        &self,
        script: &Script,
        person: &mut Person,
        frame: &Frame,
    ) -> Result<bool, Error> {
        let compiled = self.compiled(script)?;
        if let Some(holds) = self.fast(compiled, person, frame, |term, view| term.holds(view)) {
            return Ok(holds);
        }
        self.by_rhai(compiled, script, person, frame, |value| {
            value
                .as_bool()
                .map_err(|kind| report::not_a_bool(convert::words(kind)).at(1, 1))
        })
    }

    /// Whether the person is in the segment.
    ///
    /// # Errors
    /// As [`Scripts::holds`]; also when there is no such segment.
    pub fn is_in_segment(
        &self,
        segment: &str,
        person: &mut Person,
        frame: &Frame,
    ) -> Result<bool, Error> {
        let result = scene::play(person, frame, &self.segments, || segments::judge(segment));
        result.map_err(|error| error.in_place(&format!("segments.{segment}")))
    }

    fn compiled(&self, script: &Script) -> Result<&Compiled, Error> {
        let slot = usize::try_from(script.slot.0).unwrap_or_default();
        let compiled = slot
            .checked_sub(1)
            .and_then(|index| self.compiled.get(index));
        compiled.ok_or_else(|| {
            Error::new(ErrorKind::Internal, "the script was not compiled").in_place(&script.place)
        })
    }

    /// Without Rhai, if that is possible.
    fn fast<R>(
        &self,
        compiled: &Compiled,
        person: &Person,
        frame: &Frame,
        eval: impl FnOnce(&Term, &View<'_>) -> Option<R>,
    ) -> Option<R> {
        let term = compiled.term.as_ref()?;
        let memo = RefCell::default();
        let view = View {
            person,
            frame,
            segments: Some(&*self.segments),
            memo: &memo,
        };
        catch_unwind(AssertUnwindSafe(|| eval(term, &view)))
            .ok()
            .flatten()
    }

    fn by_rhai<R>(
        &self,
        compiled: &Compiled,
        script: &Script,
        person: &mut Person,
        frame: &Frame,
        finish: impl FnOnce(Dynamic) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let engine = self.engine(compiled.engine);
        let result = scene::play(person, frame, &self.segments, || {
            let value = engine.eval_ast_with_scope::<Dynamic>(&mut Scope::new(), &compiled.ast);
            finish(value.map_err(|error| report::runtime(*error))?)
        });
        result.map_err(|error| error.in_place(&script.place))
    }
}

/// The value of a term, if it can leave the script.
fn finished(operand: Operand<'_>) -> Option<Value> {
    match operand {
        Operand::Value(value) => Some(value.into_owned()),
        Operand::Event(event) => Some(Value::Map(event_to_map(&event))),
        Operand::Span(_) => None,
    }
}

#[cfg(test)]
impl Scripts {
    pub(super) fn segments_for_tests(&self) -> Arc<Segments> {
        Arc::clone(&self.segments)
    }

    /// What Rhai says, and what the fast path says if it says anything.
    pub(super) fn both_ways(
        &self,
        script: &Script,
        person: &mut Person,
        frame: &Frame,
    ) -> (Result<Value, Error>, Option<Value>) {
        let compiled = self.compiled(script).unwrap();
        let fast = self.fast(compiled, person, frame, |term, view| {
            finished(term.eval(view)?)
        });
        let slow = self.by_rhai(compiled, script, person, frame, |value| {
            convert::to_value(&value)
        });
        (slow, fast)
    }
}

/// A `run` step holds a whole script; everything else is one expression.
pub(super) fn is_whole_script(script: &Script) -> bool {
    script.place.ends_with(".run")
}

fn compile(engine: &Engine, script: &Script) -> Result<(AST, Option<Term>), Error> {
    let form = if is_whole_script(script) {
        Form::Script
    } else {
        Form::Expression
    };
    let ast = syntax::compile(engine, &script.source, form);
    let compiled = ast.and_then(|ast| {
        let syntax = syntax::syntax(&ast);
        unchanging(&syntax)?;
        let term = match (form, syntax.expressions.as_slice()) {
            (Form::Expression, [only]) => Term::of(only),
            _ => None,
        };
        Ok((ast, term))
    });
    compiled.map_err(|error| error.in_place(&script.place))
}

/// A script gives values back and changes nothing: Rhai would change a copy in silence.
fn unchanging(syntax: &Syntax) -> Result<(), Error> {
    const OURS: [&str; 6] = ["customer", "event", "trigger", "vars", "now", "round"];
    let wrong = syntax
        .assigned
        .iter()
        .find(|path| !path.local && OURS.contains(&path.root.as_str()));
    wrong.map_or(Ok(()), |path| {
        Err(Error::new(
            ErrorKind::Forbidden,
            format!("`{}` cannot be changed by a script", path.text()),
        )
        .help("give the value back in the script's map; attributes are changed by a `set` step")
        .at(path.position.line, path.position.column))
    })
}

/// Makes each file of the library a module; a function in it sees its parameters, the built-in functions and the library.
fn load(engine: &mut Engine, library: &[Library], errors: &mut Vec<Error>) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for file in library {
        // Files may call each other in any order, so all names are known before the first is compiled.
        engine.register_static_module(file.name.as_str(), Module::new().into());
    }
    for file in library {
        let place = format!("rhai-lib/{}.rhai", file.name);
        engine.set_strict_variables(true);
        let ast = syntax::compile(engine, &file.source, Form::Library);
        engine.set_strict_variables(false);
        let module = ast.and_then(|ast| {
            fields(&ast, &mut used);
            Module::eval_ast_as_new(Scope::new(), &ast, engine)
                .map_err(|error| report::runtime(*error))
        });
        match module {
            Ok(module) => {
                engine.register_static_module(file.name.as_str(), module.into());
            }
            Err(error) => errors.push(error.in_place(&place)),
        }
    }
    used
}

/// The names of the fields that a script asks for.
fn fields(ast: &AST, names: &mut BTreeSet<String>) {
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(Expr::Property(property, _))) = path.last() {
            names.insert(property.2.to_string());
        }
        true
    });
}
