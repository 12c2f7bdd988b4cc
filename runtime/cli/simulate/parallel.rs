//! Work on all cores.

use std::num::NonZero;
use std::ops::Range;
use std::sync::Mutex;
use std::thread;

/// Below this many items one thread is faster.
const WORTH_A_THREAD: usize = 256;

/// How many threads there are.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Calls `work` with consecutive ranges that cover `0..length`, side by side; the results stand in the order of the ranges.
pub(super) fn ranges<T: Send>(length: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let parts = if length < WORTH_A_THREAD {
        1
    } else {
        threads()
    };
    let mut results: Vec<Option<T>> = (0..parts).map(|_| None).collect();
    let work = &work;
    let tasks = results
        .iter_mut()
        .zip(split(length, parts))
        .map(|(result, range)| -> Task<'_> { Box::new(move || *result = Some(work(range))) });
    all(tasks.collect());
    results.into_iter().flatten().collect()
}

/// Cuts `0..length` into as many consecutive ranges.
pub(super) fn split(length: usize, parts: usize) -> impl Iterator<Item = Range<usize>> {
    let step = length.div_ceil(parts.max(1));
    (0..parts).map(move |part| (part * step).min(length)..((part + 1) * step).min(length))
}

/// Something to do, beside others.
pub(super) type Task<'t> = Box<dyn FnOnce() + Send + 't>;

/// Does all of these, on as many threads as there are cores; the first ones begin first.
pub(super) fn all(tasks: Vec<Task<'_>>) {
    let queue = Mutex::new(tasks.into_iter());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    let run = || {
        while let Some(task) = next() {
            task();
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads() {
            scope.spawn(run);
        }
        run();
    });
}
