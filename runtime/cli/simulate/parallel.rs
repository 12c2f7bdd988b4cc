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
    let mut unused = vec![(); threads()];
    ranges_with(length, &mut unused, |(), range| work(range))
}

/// As [`ranges`], with something for each thread to work with.
pub(super) fn ranges_with<C: Send, T: Send>(
    length: usize,
    companions: &mut [C],
    work: impl Fn(&mut C, Range<usize>) -> T + Sync,
) -> Vec<T> {
    let Some((first, others)) = companions.split_first_mut() else {
        return Vec::new();
    };
    if length < WORTH_A_THREAD {
        return vec![work(first, 0..length)];
    }
    let step = length.div_ceil(others.len() + 1);
    let range = |index: usize| (index * step).min(length)..((index + 1) * step).min(length);
    let work = &work;
    thread::scope(|scope| {
        let handles: Vec<_> = others
            .iter_mut()
            .enumerate()
            .map(|(index, companion)| scope.spawn(move || work(companion, range(index + 1))))
            .collect();
        let mut results = vec![work(first, range(0))];
        // A thread that panicked has told why.
        results.extend(handles.into_iter().filter_map(|handle| handle.join().ok()));
        results
    })
}

/// Calls `work` with each item, on as many threads as there are cores.
pub(super) fn each<C: Send>(items: &mut [C], work: impl Fn(&mut C) + Sync) {
    let queue = Mutex::new(items.iter_mut());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    let run = || {
        while let Some(item) = next() {
            work(item);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads() {
            scope.spawn(run);
        }
        run();
    });
}
