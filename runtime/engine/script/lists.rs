//! Comparing lists and maps, element by element and counted.
//!
//! Rhai's own functions for it call back into the engine for each element, and none of that counts as operations: one `a == b` in
//! a loop could hold a thread for minutes.

use std::any::TypeId;

use rhai::{Array, Dynamic, Engine, Map};

use super::compare::{self, Comparison};
use super::convert::to_operand;
use super::error::Error;
use super::natives::{Native, raise};
use super::scene;

pub(super) fn register(engine: &mut Engine) {
    for both in [
        [TypeId::of::<Array>(), TypeId::of::<Array>()],
        [TypeId::of::<Map>(), TypeId::of::<Map>()],
    ] {
        engine.register_raw_fn("==", both, |_, args| whether(args, |found| found));
        engine.register_raw_fn("!=", both, |_, args| whether(args, |found| !found));
    }
    let search = [TypeId::of::<Array>(), TypeId::of::<Dynamic>()];
    engine.register_raw_fn("contains", search, |_, args| {
        position(args).map(|found| found.is_some())
    });
    engine.register_raw_fn("index_of", search, |_, args| {
        position(args)
            .map(|found| found.map_or(-1, |index| i64::try_from(index).unwrap_or(i64::MAX)))
    });
}

/// The answer about two lists or two maps.
fn whether(args: &mut [&mut Dynamic], answer: fn(bool) -> bool) -> Native<bool> {
    match args {
        [a, b] => same(a, b).map(answer).map_err(raise),
        _ => Ok(answer(false)),
    }
}

/// Where in a list a value stands first.
fn position(args: &mut [&mut Dynamic]) -> Native<Option<usize>> {
    let [list, wanted] = args else {
        return Ok(None);
    };
    let Some(list) = list.read_lock::<Array>() else {
        return Ok(None);
    };
    for (index, value) in list.iter().enumerate() {
        if same(value, wanted).map_err(raise)? {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// Whether two values are equal; numbers of both kinds may be, other kinds never are.
fn same(a: &Dynamic, b: &Dynamic) -> Result<bool, Error> {
    scene::count_compared()?;
    if a.is_array() && b.is_array() {
        let (Some(a), Some(b)) = (a.read_lock::<Array>(), b.read_lock::<Array>()) else {
            return Ok(false);
        };
        if a.len() != b.len() {
            return Ok(false);
        }
        for (a, b) in a.iter().zip(b.iter()) {
            if !same(a, b)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if a.is_map() && b.is_map() {
        let (Some(a), Some(b)) = (a.read_lock::<Map>(), b.read_lock::<Map>()) else {
            return Ok(false);
        };
        if a.len() != b.len() {
            return Ok(false);
        }
        for (name, a) in a.iter() {
            match b.get(name) {
                Some(b) if same(a, b)? => {}
                _ => return Ok(false),
            }
        }
        return Ok(true);
    }
    if a.is_array() || a.is_map() || b.is_array() || b.is_map() {
        return Ok(false);
    }
    let (Ok(a), Ok(b)) = (to_operand(a), to_operand(b)) else {
        return Ok(false);
    };
    Ok(compare::holds(Comparison::Equal, &a, &b, scene::zone()).unwrap_or(false))
}
