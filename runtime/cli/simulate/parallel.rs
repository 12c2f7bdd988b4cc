//! Work on all cores.

use std::collections::VecDeque;
use std::num::NonZero;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

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

/// Threads that stay from one round of work to the next: new ones would begin without memory of their own each time, and leave
/// what they had to others.
pub(super) struct Crew {
    line: Arc<Line>,
    helpers: Vec<JoinHandle<()>>,
}

/// Something to do, with what comes of it.
pub(super) type Work<T> = Box<dyn FnOnce() -> T + Send>;

impl Crew {
    /// As many threads as there are cores, with the caller's.
    pub(super) fn new() -> Self {
        let line = Arc::<Line>::default();
        let help = |line: Arc<Line>| {
            thread::spawn(move || {
                while let Some(job) = line.wait() {
                    job();
                }
            })
        };
        let helpers = (1..threads()).map(|_| help(line.clone())).collect();
        Self { line, helpers }
    }

    /// Does all of these side by side, the first ones first, and gives what came of them, in their order; none when one of
    /// them panicked.
    pub(super) fn all<T: Send + 'static>(&self, work: Vec<Work<T>>) -> Option<Vec<T>> {
        let count = work.len();
        let (sender, results) = mpsc::channel();
        let jobs = work.into_iter().enumerate().map(|(place, work)| -> Job {
            let sender = sender.clone();
            // The receiver is gone only when the caller is.
            Box::new(move || drop(sender.send((place, work()))))
        });
        self.line.put(jobs);
        drop(sender);
        while let Some(job) = self.line.next() {
            job();
        }
        let mut results: Vec<(usize, T)> = results.iter().collect();
        results.sort_by_key(|(place, _)| *place);
        let results = results.into_iter().map(|(_, result)| result);
        Some(results.collect()).filter(|all: &Vec<T>| all.len() == count)
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.line.close();
        for helper in self.helpers.drain(..) {
            // One that panicked has said so itself.
            let _ = helper.join();
        }
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// What waits to be done.
#[derive(Default)]
struct Line {
    waiting: Mutex<Waiting>,
    called: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Line {
    fn put(&self, jobs: impl Iterator<Item = Job>) {
        lock(&self.waiting).jobs.extend(jobs);
        self.called.notify_all();
    }

    fn close(&self) {
        lock(&self.waiting).closed = true;
        self.called.notify_all();
    }

    fn next(&self) -> Option<Job> {
        lock(&self.waiting).jobs.pop_front()
    }

    /// The next one, when there is one; none at the end.
    fn wait(&self) -> Option<Job> {
        let waiting = lock(&self.waiting);
        let idle = |waiting: &mut Waiting| waiting.jobs.is_empty() && !waiting.closed;
        let mut waiting = self
            .called
            .wait_while(waiting, idle)
            .unwrap_or_else(PoisonError::into_inner);
        waiting.jobs.pop_front()
    }
}

/// What a mutex holds, also after somebody panicked with it in hand: that is told elsewhere.
pub(super) fn lock<T>(own: &Mutex<T>) -> MutexGuard<'_, T> {
    own.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crew_gives_back_in_order_what_it_was_given_round_after_round() {
        let crew = Crew::new();
        for round in 0..50 {
            let work = (0..20).map(|place| -> Work<u32> { Box::new(move || round * 100 + place) });
            let expected: Vec<u32> = (0..20).map(|place| round * 100 + place).collect();
            assert_eq!(crew.all(work.collect()), Some(expected));
        }
        assert_eq!(crew.all(Vec::<Work<u32>>::new()), Some(Vec::new()));
    }
}
