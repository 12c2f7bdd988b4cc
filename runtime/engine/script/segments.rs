//! Segments inside conditions: `in_segment("vip")`.

use std::collections::BTreeMap;

use rhai::{Dynamic, Engine, Scope};

use super::compiled::Compiled;
use super::error::{Error, ErrorKind};
use super::{report, scene};

/// How deep segments may ask for one another.
pub(super) const DEEPEST: usize = 16;

/// Which segments were judged in this evaluation; nothing = being judged.
pub(super) type Memo = Vec<(usize, Option<bool>)>;

/// The compiled segments, and the engine that runs them.
#[derive(Debug, Default)]
pub(super) struct Segments {
    pub(super) engine: Engine,
    pub(super) names: BTreeMap<String, usize>,
    pub(super) compiled: Vec<Compiled>,
}

/// Whether the customer at hand is in the segment. Each segment is judged at most once in an evaluation.
pub(super) fn judge(name: &str) -> Result<bool, Error> {
    let index = match scene::with_view(|view| look_up(view, name))? {
        Known::Judged(inside) => return Ok(inside),
        Known::Unjudged(index) => index,
    };
    let result =
        scene::aside(|segments| run(segments, index)).map_err(|error| error.in_segment(name));
    scene::with_view(|view| {
        let mut memo = view.memo.borrow_mut();
        if let Some(entry) = memo.iter_mut().find(|(known, _)| *known == index) {
            entry.1 = result.as_ref().ok().copied();
        }
        Ok(())
    })?;
    result
}

enum Known {
    Judged(bool),
    Unjudged(usize),
}

fn look_up(view: &super::view::View<'_>, name: &str) -> Result<Known, Error> {
    let index = view
        .segments
        .and_then(|segments| segments.names.get(name).copied());
    let index = index.ok_or_else(|| {
        Error::new(ErrorKind::UnknownName, "there is no such segment")
            .help("segments stand in `segments.yaml`")
    })?;
    let mut memo = view.memo.borrow_mut();
    match memo.iter().find(|(known, _)| *known == index) {
        Some((_, Some(inside))) => return Ok(Known::Judged(*inside)),
        Some((_, None)) => {
            return Err(Error::new(
                ErrorKind::Cycle,
                format!("the segment `{name}` asks for itself"),
            ));
        }
        None => {}
    }
    if memo.iter().filter(|(_, inside)| inside.is_none()).count() >= DEEPEST {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("segments ask for one another more than {DEEPEST} deep"),
        ));
    }
    memo.push((index, None));
    Ok(Known::Unjudged(index))
}

fn run(segments: &Segments, index: usize) -> Result<bool, Error> {
    let Some(compiled) = segments.compiled.get(index) else {
        return Err(Error::new(
            ErrorKind::Internal,
            "the segment is not compiled",
        ));
    };
    if let Some(term) = &compiled.term
        && let Some(inside) = scene::with_view(|view| Ok(term.holds(view)))?
    {
        return Ok(inside);
    }
    let result = segments
        .engine
        .eval_ast_with_scope::<Dynamic>(&mut Scope::new(), &compiled.ast);
    let result = result.map_err(|error| report::runtime(*error))?;
    result
        .as_bool()
        .map_err(|kind| report::not_a_bool(super::convert::words(kind)))
}

impl Error {
    /// The position is that of the call; the segment's own is lost, its name is not.
    fn in_segment(mut self, name: &str) -> Self {
        self.message = format!("in the segment `{name}`: {}", self.message);
        self.at(0, 0)
    }
}
