//! What natives look at while a script runs: the person and the frame, lent to this thread for one evaluation.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::error::{Error, ErrorKind};
use super::frame::Frame;
use super::segments::{Memo, Segments};
use super::view::View;
use crate::calendar::{Instant, Zone};
use crate::customer::Customer;
use crate::person::Person;

/// One evaluation under way.
struct Scene {
    person: Person,
    frame: Frame,
    segments: Option<Arc<Segments>>,
    memo: RefCell<Memo>,
    busy: bool,
}

/// How many elements of lists and maps one evaluation may compare. Rhai does not count them as operations.
const MOST_COMPARED: u32 = 1_000_000;

thread_local! {
    static COMPARED: Cell<u32> = const { Cell::new(0) };
    static SCENE: RefCell<Scene> = RefCell::new(Scene {
        person: Person::new(Customer::new("".into())),
        frame: Frame::new(Instant::MIN, Zone::UTC),
        segments: None,
        memo: RefCell::default(),
        busy: false,
    });
}

/// Lends the person to the thread while `run` runs. A panic inside becomes an error; the person comes back in any case.
pub(super) fn play<R>(
    person: &mut Person,
    frame: &Frame,
    segments: &Arc<Segments>,
    run: impl FnOnce() -> Result<R, Error>,
) -> Result<R, Error> {
    let free = SCENE.with_borrow_mut(|scene| {
        if scene.busy {
            return false;
        }
        std::mem::swap(&mut scene.person, person);
        scene.frame = frame.clone();
        scene.segments = Some(Arc::clone(segments));
        scene.memo.get_mut().clear();
        scene.busy = true;
        COMPARED.set(0);
        true
    });
    if !free {
        return Err(Error::new(
            ErrorKind::Internal,
            "a script was evaluated while another one ran",
        ));
    }
    let result = catch_unwind(AssertUnwindSafe(run));
    SCENE.with_borrow_mut(|scene| {
        std::mem::swap(&mut scene.person, person);
        scene.frame = Frame::new(Instant::MIN, Zone::UTC);
        scene.segments = None;
        scene.busy = false;
    });
    result.unwrap_or_else(|_| {
        Err(Error::new(
            ErrorKind::Internal,
            "the script could not be evaluated",
        ))
    })
}

/// What is evaluated now.
pub(super) fn with_view<R>(look: impl FnOnce(&View<'_>) -> Result<R, Error>) -> Result<R, Error> {
    SCENE.with_borrow(|scene| {
        if !scene.busy {
            return Err(
                Error::new(ErrorKind::Forbidden, "there is no customer here")
                    .help("outside of functions a file in `rhai-lib` may hold constants only"),
            );
        }
        look(&View {
            person: &scene.person,
            frame: &scene.frame,
            segments: scene.segments.as_deref(),
            memo: &scene.memo,
        })
    })
}

/// Counts one element that is compared.
pub(super) fn count_compared() -> Result<(), Error> {
    COMPARED.set(COMPARED.get().saturating_add(1));
    if COMPARED.get() > MOST_COMPARED {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("the script compares more than {MOST_COMPARED} elements of lists and maps"),
        ));
    }
    Ok(())
}

/// The clock of the customer at hand.
pub(super) fn zone() -> Zone {
    SCENE.with_borrow(|scene| scene.frame.zone)
}

/// Runs `run` in the frame that a segment sees, and puts the script's own frame back.
pub(super) fn aside<R>(run: impl FnOnce(&Segments) -> Result<R, Error>) -> Result<R, Error> {
    let (own, segments) = SCENE.with_borrow_mut(|scene| {
        let plain = Frame::new(scene.frame.now, scene.frame.zone);
        (
            std::mem::replace(&mut scene.frame, plain),
            scene.segments.clone(),
        )
    });
    let result = match segments {
        Some(segments) => run(&segments),
        None => Err(Error::new(
            ErrorKind::Internal,
            "the segments are not at hand",
        )),
    };
    SCENE.with_borrow_mut(|scene| scene.frame = own);
    result
}
